/* Files that are not there, not ours or not free: said plainly, never touched, and tried again. */
#include "store.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store_fixture.h"
#include "store_internal.h"
#include "test.h"

static int setup(void **state)
{
    static struct store_fixture fixture;
    store_fixture_make(&fixture);
    *state = &fixture;
    return 0;
}

static int teardown(void **state)
{
    store_fixture_free(*state);
    return 0;
}

static void assert_says(const struct core_message *message, const char *words)
{
    if (!strstr(message->fault.detail, words))
        fail_msg("\"%s\" does not say \"%s\"", message->fault.detail, words);
}

/* ---------------------------------------------------------------- not there */

static void test_missing_directory_appears(void **state)
{
    struct store_fixture *fixture = *state;
    snprintf(fixture->config->storage.directory, sizeof fixture->config->storage.directory, "%s/later/state",
             fixture->base);
    snprintf(fixture->dir, sizeof fixture->dir, "%s/later/state", fixture->base);
    store_fixture_start(fixture);
    /* Which of the two comes first is not said. */
    struct core_message fault = store_fixture_wait(fixture, CORE_FAULT);
    assert_true(fault.fault.failed);
    assert_says(&fault, "later/state: No such file or directory");
    for (uint64_t seq = 1; seq <= STORE_EVENTS_MAX + 500; seq++)
        store_fixture_post_event(fixture, seq, "high", ALARM_UNACKNOWLEDGED);
    for (int i = 0; i < 2000; i++)
        store_fixture_post_reading(fixture, (uint16_t)(i % 8), i, i);
    /* Whoever waits for one of them to be recorded hears that it never will be. */
    uint64_t next = 1;
    while (next <= 500) {
        const struct core_message given_up = store_fixture_wait(fixture, CORE_DURABLE);
        assert_int_equal(given_up.durable.seq, 0);
        assert_int_equal(given_up.durable.lost_from, next);
        next = given_up.durable.lost_to + 1;
    }
    assert_int_equal(next, 501);

    *strrchr(fixture->dir, '/') = 0;
    assert_int_equal(mkdir(fixture->dir, 0755), 0);
    fixture->dir[strlen(fixture->dir)] = '/';
    assert_int_equal(store_fixture_wait(fixture, CORE_STORE_OPEN).store_open.last_seq, 0);
    store_fixture_wait_durable(fixture, STORE_EVENTS_MAX + 500);
    struct core_message gap = store_fixture_wait(fixture, CORE_GAP);
    assert_int_equal(gap.gap.count, 500);
    assert_true(gap.gap.from_utc_us == 1700000000000001);
    assert_true(gap.gap.to_utc_us == 1700000000000500);
    store_fixture_wait_sql(fixture, "history.db", "SELECT sum(count) FROM frame", 2000);
    assert_int_equal(store_fixture_sql(fixture, "state.db", "SELECT min(seq) FROM event"), 501);
    assert_int_equal(store_fixture_sql(fixture, "state.db", "SELECT count(*) FROM event"), STORE_EVENTS_MAX);
    store_fixture_stop(fixture);
    assert_int_equal(store_fixture_count_readings(fixture), 2000);
    store_fixture_assert_sound(fixture);
}

static void test_fault_ends(void **state)
{
    struct store_fixture *fixture = *state;
    assert_int_equal(symlink("nowhere", fixture->dir), 0);
    store_fixture_start(fixture);
    store_fixture_wait_fault(fixture, FAULT_HISTORY_DB, true);
    assert_int_equal(unlink(fixture->dir), 0);
    store_fixture_wait_fault(fixture, FAULT_STATE_DB, false); /* though no event waits */
}

/* What waits in memory is newer than what the last run left: the old state must not come back. */
static void test_newer_state_in_memory(void **state)
{
    struct store_fixture *fixture = *state;
    char moved[160];
    store_fixture_start(fixture);
    store_fixture_post_event(fixture, 1, "high", ALARM_UNACKNOWLEDGED);
    store_fixture_post_event(fixture, 2, "low", ALARM_UNACKNOWLEDGED);
    store_fixture_stop(fixture);
    snprintf(moved, sizeof moved, "%s/unplugged", fixture->base);
    assert_int_equal(rename(fixture->dir, moved), 0);
    assert_int_equal(symlink("nowhere", fixture->dir), 0);
    store_fixture_start(fixture);
    store_fixture_wait_fault(fixture, FAULT_STATE_DB, true);
    store_fixture_post_event(fixture, 1000, "high", ALARM_NORMAL);
    store_fixture_post_event(fixture, 1001, "note", ALARM_NORMAL);
    assert_int_equal(unlink(fixture->dir), 0);
    assert_int_equal(rename(moved, fixture->dir), 0);
    struct core_message restored = store_fixture_wait(fixture, CORE_RESTORED);
    assert_string_equal(restored.restored.alarm, "low");
    free(restored.restored.more);
    struct core_message open;
    while (mailbox_take(fixture->core, &open) && open.kind != CORE_STORE_OPEN) {
        assert_int_not_equal(open.kind, CORE_RESTORED);
        store_fixture_drop(&open);
    }
    store_fixture_wait_durable(fixture, 1001);
}

/* ---------------------------------------------------------------- not ours */

static void write_file(const char *path, const char *bytes, size_t len)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

static char *read_file(const char *path, size_t *ret_len)
{
    static char bytes[1 << 20];
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    *ret_len = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    return bytes;
}

static void assert_refused_untouched(struct store_fixture *fixture, const char *words)
{
    static char before[1 << 20];
    char path[160];
    size_t len, len_after;
    store_fixture_path(fixture, "state.db", path, sizeof path);
    memcpy(before, read_file(path, &len), sizeof before);
    store_fixture_start(fixture);
    struct core_message fault = store_fixture_wait_fault(fixture, FAULT_STATE_DB, true);
    assert_says(&fault, "state.db: ");
    assert_says(&fault, words);
    store_fixture_post_event(fixture, 1000, "high", ALARM_UNACKNOWLEDGED);
    store_fixture_post_reading(fixture, 0, 0, 0);
    store_fixture_wait_sql(fixture, "history.db", "SELECT sum(count) FROM frame", 1); /* that one is well */
    store_fixture_stop(fixture);
    const char *after = read_file(path, &len_after);
    assert_int_equal(len_after, len);
    assert_memory_equal(after, before, len);
}

static void make_state(struct store_fixture *fixture, char *path, size_t cap)
{
    store_fixture_start(fixture);
    store_fixture_post_event(fixture, 1, "high", ALARM_UNACKNOWLEDGED);
    store_fixture_stop(fixture);
    store_fixture_path(fixture, "state.db", path, cap);
}

static void test_text_file(void **state)
{
    struct store_fixture *fixture = *state;
    char path[160];
    assert_int_equal(mkdir(fixture->dir, 0750), 0);
    store_fixture_path(fixture, "state.db", path, sizeof path);
    write_file(path, "hello", 5);
    assert_refused_untouched(fixture, "not a database");
}

static void test_damaged_header(void **state)
{
    struct store_fixture *fixture = *state;
    char path[160];
    size_t len;
    make_state(fixture, path, sizeof path);
    char *bytes = read_file(path, &len);
    memset(bytes, 0, 100);
    write_file(path, bytes, len);
    assert_refused_untouched(fixture, "not a database");
}

static void test_newer_version(void **state)
{
    struct store_fixture *fixture = *state;
    char path[160];
    sqlite3 *db = NULL;
    make_state(fixture, path, sizeof path);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "PRAGMA user_version=42", NULL, NULL, NULL), SQLITE_OK);
    /* Its last words are still in its log. */
    sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    sqlite3_exec(db, "CREATE TABLE later(x)", NULL, NULL, NULL);
    sqlite3_close(db);
    assert_refused_untouched(fixture, "newer cryomon");
}

static void test_lost_main_file_with_a_log(void **state)
{
    struct store_fixture *fixture = *state;
    char path[160], wal[160];
    make_state(fixture, path, sizeof path);
    store_fixture_path(fixture, "state.db-wal", wal, sizeof wal);
    write_file(wal, "data that may be all that is left", 33);
    write_file(path, "", 0);
    assert_refused_untouched(fixture, "empty, but its log");
    size_t len;
    (void)read_file(wal, &len);
    assert_int_equal(len, 33);
}

/* ---------------------------------------------------------------- not free */

static void test_second_daemon(void **state)
{
    struct store_fixture *fixture = *state;
    char text[32];
    int ready[2];
    assert_int_equal(pipe(ready), 0);
    pid_t other = fork();
    assert_true(other >= 0);
    if (other == 0) {
        struct store_files files = {.lock_fd = -1};
        char detail[256];
        snprintf(files.dir, sizeof files.dir, "%s", fixture->dir);
        if (store_files_prepare(&files, detail, sizeof detail) < 0)
            _exit(1);
        (void)!write(ready[1], "x", 1);
        pause();
        _exit(0);
    }
    assert_int_equal(read(ready[0], text, 1), 1);
    store_fixture_start(fixture);
    struct core_message fault = store_fixture_wait_fault(fixture, FAULT_STATE_DB, true);
    snprintf(text, sizeof text, "(pid %d)", (int)other);
    assert_says(&fault, "another cryomond");
    assert_says(&fault, text);
    assert_int_equal(store_fixture_sql(fixture, "state.db", "SELECT 1"), INT64_MIN); /* not even made */
    kill(other, SIGKILL);
    waitpid(other, NULL, 0);
    store_fixture_wait(fixture, CORE_STORE_OPEN);
    store_fixture_wait_fault(fixture, FAULT_STATE_DB, false);
    close(ready[0]);
    close(ready[1]);
}

static void test_foreign_writer(void **state)
{
    struct store_fixture *fixture = *state;
    char path[160];
    sqlite3 *db = NULL;
    make_state(fixture, path, sizeof path);
    store_fixture_start(fixture);
    store_fixture_post_event(fixture, 2, "high", ALARM_UNACKNOWLEDGED);
    store_fixture_wait_durable(fixture, 2);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    sqlite3_busy_timeout(db, 5000); /* the daemon itself may be writing */
    assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    store_fixture_post_event(fixture, 3, "high", ALARM_NORMAL);
    struct core_message fault = store_fixture_wait_fault(fixture, FAULT_STATE_DB, true);
    assert_says(&fault, "locked");
    assert_int_equal(sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
    store_fixture_wait_fault(fixture, FAULT_STATE_DB, false);
    store_fixture_wait_durable(fixture, 3);
    sqlite3_close(db);
}

static void test_moved_away(void **state)
{
    struct store_fixture *fixture = *state;
    char path[160], moved[160];
    store_fixture_start(fixture);
    store_fixture_post_event(fixture, 1, "high", ALARM_UNACKNOWLEDGED);
    store_fixture_wait_durable(fixture, 1);
    store_fixture_path(fixture, "state.db", path, sizeof path);
    store_fixture_path(fixture, "old.db", moved, sizeof moved);
    assert_int_equal(rename(path, moved), 0);
    store_fixture_post_event(fixture, 2, "high", ALARM_NORMAL);
    struct core_message message;
    do { /* it is written, but where nobody finds it: that is not told as recorded */
        assert_true(mailbox_wait(fixture->core, -1, clock_boot_us() + STORE_WAIT_MS * MS_US));
        assert_true(mailbox_take(fixture->core, &message));
        store_fixture_drop(&message);
        assert_false(message.kind == CORE_DURABLE && message.durable.seq >= 2);
    } while (message.kind != CORE_FAULT || message.fault.fault != FAULT_STATE_DB || !message.fault.failed);
    assert_says(&message, "moved or deleted");
    assert_int_equal(rename(moved, path), 0);
    do
        message = store_fixture_wait(fixture, CORE_DURABLE);
    while (message.durable.seq < 2);
    assert_int_equal(message.durable.lost_to, 0);
    assert_int_equal(store_fixture_sql(fixture, "state.db", "SELECT max(seq) FROM event"), 2);
}

/* ---------------------------------------------------------------- memory */

/* Without a thread: only what waits. */
static void test_readings_wait_within_a_bound(void **state)
{
    struct store_fixture *fixture = *state;
    struct store *store = calloc(1, sizeof *store);
    const uint64_t bound = (uint64_t)BLOCKS_MAX * BLOCK_ENTRIES;
    assert_non_null(store);
    store->config = fixture->config;
    assert_int_equal(store_readings_configure(store, fixture->config), 0);
    struct store_message message = {.kind = STORE_SAMPLE, .generation = 1};
    for (uint64_t i = 0; i < bound + 100; i++) {
        message.sample.taken.utc_us = (int64_t)i * 1000;
        store_readings_add(store, &message);
    }
    assert_int_equal(store->history.readings.n, bound + 100 - BLOCK_ENTRIES);
    assert_int_equal(store->report.gaps[GAP_READINGS].count, BLOCK_ENTRIES);
    assert_int_equal(store->report.gaps[GAP_READINGS].from_utc_us, 0);
    assert_int_equal(store->report.gaps[GAP_READINGS].to_utc_us, (BLOCK_ENTRIES - 1) * 1000);
    assert_int_equal(store->history.readings.head->entries[0].taken_ms, BLOCK_ENTRIES);
    assert_false(store->report.gaps[GAP_READINGS].ready); /* told when writing works again */
    store_readings_pop(&store->history.readings, BLOCK_ENTRIES + 5);
    assert_int_equal(store->history.readings.head->entries[store->history.readings.head->first].taken_ms,
                     2 * BLOCK_ENTRIES + 5);
    store_readings_free(&store->history.readings);
    free(store);
}

/* Reloads while the disk is away do not pile up without end. */
static void test_configurations_wait_within_a_bound(void **state)
{
    struct store_fixture *fixture = *state;
    struct store *store = calloc(1, sizeof *store);
    assert_non_null(store);
    struct store_message message = {.kind = STORE_SAMPLE};
    for (uint32_t generation = 1; generation <= 100; generation++) {
        struct config *config = store_fixture_config(fixture, generation, 2);
        assert_int_equal(store_readings_configure(store, config), 0);
        config_unref(config);
        message.generation = generation;
        store_readings_add(store, &message);
        store_readings_add(store, &message);
    }
    assert_in_range(store->history.readings.n_series, 2, STORE_SERIES_MAX);
    assert_int_equal(store->history.readings.n + store->report.gaps[GAP_READINGS].count, 200);
    store_readings_free(&store->history.readings);
    free(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_missing_directory_appears, setup, teardown),
        cmocka_unit_test_setup_teardown(test_fault_ends, setup, teardown),
        cmocka_unit_test_setup_teardown(test_newer_state_in_memory, setup, teardown),
        cmocka_unit_test_setup_teardown(test_text_file, setup, teardown),
        cmocka_unit_test_setup_teardown(test_damaged_header, setup, teardown),
        cmocka_unit_test_setup_teardown(test_newer_version, setup, teardown),
        cmocka_unit_test_setup_teardown(test_lost_main_file_with_a_log, setup, teardown),
        cmocka_unit_test_setup_teardown(test_second_daemon, setup, teardown),
        cmocka_unit_test_setup_teardown(test_foreign_writer, setup, teardown),
        cmocka_unit_test_setup_teardown(test_moved_away, setup, teardown),
        cmocka_unit_test_setup_teardown(test_readings_wait_within_a_bound, setup, teardown),
        cmocka_unit_test_setup_teardown(test_configurations_wait_within_a_bound, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
