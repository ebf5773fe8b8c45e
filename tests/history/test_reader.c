/* The reader gives what is stored, in order, and says in words what it can't. */
#include "reader.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "history_fixture.h"
#include "test.h"

#define T0      INT64_C(1700000000000) /* ms */
#define FRAMES  200
#define FOREVER INT64_MIN, INT64_MAX

static char message[512];

struct rows {
    int64_t n, sum, first_us, last_us;
    char point[32], unit[16];
    int64_t stop_after;
    struct reading last;
    struct fixture *fixture; /* to write while reading */
};

static bool count(void *context, const struct history_row *row)
{
    struct rows *rows = context;
    if (rows->n++ == 0)
        rows->first_us = row->taken_utc_us;
    assert_true(row->taken_utc_us >= rows->last_us);
    rows->last_us = row->taken_utc_us;
    rows->sum += row->reading.value;
    rows->last = row->reading;
    snprintf(rows->point, sizeof rows->point, "%s", row->point);
    snprintf(rows->unit, sizeof rows->unit, "%s", row->unit);
    return rows->stop_after == 0 || rows->n < rows->stop_after;
}

/* 200 frames, one a second, of two points of tank-1 and one of tank-2. */
static int setup(void **state)
{
    static struct fixture fixture;
    fixture_make(&fixture);
    fixture_point(&fixture, 1, "tank-1", "temperature", "°C", 1);
    fixture_point(&fixture, 2, "tank-1", "level", "cm", 0);
    fixture_point(&fixture, 5, "tank-2", "level", "cm", 0);
    fixture_sql(fixture.history, "BEGIN");
    for (int i = 0; i < FRAMES; i++) {
        struct frame_entry entries[] = {
            {.slot_ms = T0 + 1000 * i,
             .taken_ms = T0 + 1000 * i + 100,
             .number = -1958,
             .point = 1,
             .raw = 7},
            {.slot_ms = T0 + 1000 * i, .taken_ms = T0 + 1000 * i + 101, .number = 40, .point = 2},
            {.slot_ms = T0 + 1000 * i,
             .taken_ms = T0 + 1000 * i + 500,
             .point = 5,
             .quality = QUALITY_BAD,
             .reason = REASON_TIMEOUT},
        };
        fixture_frame(&fixture, i + 1, entries, 3);
    }
    fixture_sql(fixture.history, "COMMIT");
    for (unsigned i = 1; i <= 150; i++) {
        char body[32];
        snprintf(body, sizeof body, "{\"seq\":%u}", i);
        fixture_event(&fixture, i, T0 * 1000 + i, "tank-1", body);
    }
    *state = &fixture;
    return 0;
}

static int teardown(void **state)
{
    fixture_free(*state);
    return 0;
}

static struct history_reader *open_reader(struct fixture *fixture)
{
    struct history_reader *reader = NULL;
    assert_int_equal(history_open(fixture->dir, &reader, message, sizeof message), 0);
    assert_string_equal(message, "");
    return reader;
}

static void test_all_and_one_point(void **state)
{
    struct history_reader *reader = open_reader(*state);
    struct rows rows = {0};
    assert_int_equal(history_each(reader, NULL, NULL, FOREVER, count, &rows), 3 * FRAMES);
    rows = (struct rows){0};
    assert_int_equal(history_each(reader, "tank-1", "temperature", FOREVER, count, &rows), FRAMES);
    assert_true(rows.sum == (int64_t)FRAMES * -195800000);
    assert_string_equal(rows.unit, "°C");
    assert_int_equal(rows.last.raw, 7);
    rows = (struct rows){0};
    assert_int_equal(history_each(reader, NULL, "level", FOREVER, count, &rows), 2 * FRAMES);
    assert_int_equal(rows.last.quality, QUALITY_BAD);
    assert_int_equal(rows.last.reason, REASON_TIMEOUT);
    assert_int_equal(history_each(reader, "tank-3", NULL, FOREVER, count, &rows), 0);
    history_close(reader);
}

static void test_time_range_is_half_open(void **state)
{
    struct history_reader *reader = open_reader(*state);
    struct rows rows = {0};
    int64_t at = (T0 + 10 * 1000 + 100) * 1000; /* taken of the 11th temperature */
    assert_int_equal(history_each(reader, "tank-1", "temperature", at, at + 2000000, count, &rows), 2);
    assert_int_equal(rows.first_us, at);
    assert_int_equal(history_each(reader, "tank-1", "temperature", at, at, count, &rows), 0);
    assert_int_equal(history_each(reader, "tank-1", "temperature", at + 1, at + 2, count, &rows), 0);
    rows = (struct rows){0};
    assert_int_equal(history_each(reader, "tank-1", "temperature", at, at + 1, count, &rows), 1);
    assert_int_equal(history_each(reader, NULL, NULL, INT64_MIN, T0 * 1000, count, &rows), 0);
    assert_int_equal(history_each(reader, NULL, NULL, (T0 + 1000000) * 1000, INT64_MAX, count, &rows), 0);
    history_close(reader);
}

static void test_stops_when_told(void **state)
{
    struct history_reader *reader = open_reader(*state);
    struct rows rows = {.stop_after = 77};
    assert_int_equal(history_each(reader, NULL, NULL, FOREVER, count, &rows), 77);
    history_close(reader);
}

static void test_tells_unknown_points(void **state)
{
    struct history_reader *reader = open_reader(*state);
    assert_int_equal(history_has_point(reader, "tank-1", "level"), 1);
    assert_int_equal(history_has_point(reader, "tank-2", "temperature"), 0);
    assert_int_equal(history_has_point(reader, NULL, "temperature"), 1);
    assert_int_equal(history_has_point(reader, "tank-2", NULL), 1);
    assert_int_equal(history_has_point(reader, "tank-9", NULL), 0);
    history_close(reader);
}

static void test_damaged_frame_costs_that_frame_only(void **state)
{
    struct fixture *fixture = *state;
    struct rows rows = {0};
    fixture_sql(fixture->history, "UPDATE frame SET body = zeroblob(length(body)) WHERE id = 7;"
                                  "UPDATE frame SET hash = x'00' WHERE id = 9;"
                                  "UPDATE frame SET body = x'' WHERE id = 11;"
                                  "UPDATE frame SET count = 2 WHERE id = 13");
    struct history_reader *reader = open_reader(fixture);
    assert_int_equal(history_each(reader, "tank-1", "level", FOREVER, count, &rows), FRAMES - 4);
    assert_int_equal(history_damaged(reader), 4);
    history_close(reader);
}

static void test_frame_of_unknown_point_is_damaged(void **state)
{
    struct fixture *fixture = *state;
    struct rows rows = {0};
    fixture_sql(fixture->history, "DELETE FROM point WHERE id = 5");
    struct history_reader *reader = open_reader(fixture);
    assert_int_equal(history_each(reader, NULL, NULL, FOREVER, count, &rows), 0);
    assert_int_equal(history_damaged(reader), FRAMES);
    history_close(reader);
}

/* The caller may take its time: the writer must be able to write, and to fold its log back, meanwhile. */
static bool write_meanwhile(void *context, const struct history_row *row)
{
    struct rows *rows = context;
    struct frame_entry entry = {.slot_ms = T0 + 900000, .taken_ms = T0 + 900000, .point = 9, .number = 3};
    (void)row;
    if (rows->n++ == 100) {
        fixture_point(rows->fixture, 9, "tank-9", "new", "", 0);
        fixture_frame(rows->fixture, 1000, &entry, 1);
        int in_log = -1, done = -1;
        assert_int_equal(sqlite3_wal_checkpoint_v2(rows->fixture->history, NULL, SQLITE_CHECKPOINT_TRUNCATE,
                                                   &in_log, &done),
                         SQLITE_OK);
        assert_int_equal(in_log, 0);
    }
    return true;
}

static void test_never_holds_up_the_writer(void **state)
{
    struct history_reader *reader = open_reader(*state);
    struct rows rows = {.fixture = *state};
    assert_int_equal(history_each(reader, NULL, NULL, FOREVER, write_meanwhile, &rows), 3 * FRAMES);
    struct rows again = {0};
    assert_int_equal(history_each(reader, "tank-9", NULL, FOREVER, count, &again),
                     1); /* seen by the same reader */
    history_close(reader);
}

struct events {
    uint64_t n, last_seq;
    char body[64];
};

static bool event(void *context, const struct history_event *row)
{
    struct events *events = context;
    assert_true(row->seq > events->last_seq);
    events->last_seq = row->seq;
    events->n++;
    snprintf(events->body, sizeof events->body, "%s", row->body);
    assert_string_equal(row->kind, "alarm");
    assert_string_equal(row->asset, "tank-1");
    return events->n < 140;
}

static void test_events(void **state)
{
    struct history_reader *reader = open_reader(*state);
    struct events events = {0};
    assert_int_equal(history_events(reader, 0, FOREVER, event, &events), 140);
    events = (struct events){0};
    assert_int_equal(history_events(reader, 100, FOREVER, event, &events), 50);
    assert_string_equal(events.body, "{\"seq\":150}");
    events = (struct events){0};
    assert_int_equal(history_events(reader, 0, T0 * 1000 + 20, T0 * 1000 + 30, event, &events), 10);
    assert_int_equal(events.last_seq, 29);
    events = (struct events){0};
    assert_int_equal(history_events(reader, 25, T0 * 1000 + 20, T0 * 1000 + 30, event, &events), 4);
    assert_int_equal(history_events(reader, UINT64_MAX, FOREVER, event, &events), 0);
    assert_int_equal(history_events(reader, 0, 0, 1, event, &events), 0);
    history_close(reader);
}

static void test_outbox(void **state)
{
    struct fixture *fixture = *state;
    struct events events = {0};
    fixture_sql(fixture->state, "INSERT INTO outbox SELECT seq FROM event WHERE seq %% 2 = 0");
    struct history_reader *reader = open_reader(fixture);
    assert_int_equal(history_outbox(reader, 0, 1000, event, &events), 75);
    events = (struct events){0};
    assert_int_equal(history_outbox(reader, 10, 3, event, &events), 3);
    assert_int_equal(events.last_seq, 16);
    assert_int_equal(history_outbox(reader, 0, 0, event, &events), 0);
    history_close(reader);
}

/* ---------------------------------------------------------------- opening */

static void assert_not_opened(const char *dir, int error, const char *words)
{
    struct history_reader *reader = NULL;
    assert_int_equal(history_open(dir, &reader, message, sizeof message), error);
    assert_null(reader);
    if (!strstr(message, words))
        fail_msg("\"%s\" does not say \"%s\"", message, words);
}

static void write_file(struct fixture *fixture, const char *name, const char *text)
{
    char path[128];
    fixture_path(fixture, name, path, sizeof path);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void remove_file(struct fixture *fixture, const char *name)
{
    char path[128];
    fixture_path(fixture, name, path, sizeof path);
    (void)unlink(path);
}

static void test_says_what_is_wrong(void **state)
{
    struct fixture *fixture = *state;
    assert_not_opened("/nowhere/at/all", -ENOENT, "/nowhere/at/all/state.db: No such file");
    fixture_sql(fixture->state, "PRAGMA user_version=7");
    fixture_sql(fixture->history, "PRAGMA user_version=7");
    assert_not_opened(fixture->dir, -EPROTONOSUPPORT, "newer cryomon");
    fixture_sql(fixture->state, "PRAGMA application_id=1");
    assert_not_opened(fixture->dir, -EUCLEAN, "not cryomon's state.db");
    fixture_close(fixture);
    for (const char *const *name = (const char *const[]){"state.db-wal", "state.db-shm", "history.db", NULL};
         *name; name++)
        remove_file(fixture, *name);
    write_file(fixture, "state.db", "this is no database, but a text that somebody put here");
    assert_not_opened(fixture->dir, -EUCLEAN, "not a database");
    write_file(fixture, "state.db", "");
    assert_not_opened(fixture->dir, -ENOENT, "empty");
}

static void test_one_file_is_enough_for_its_part(void **state)
{
    struct fixture *fixture = *state;
    struct history_reader *reader = NULL;
    struct rows rows = {0};
    struct events events = {0};
    fixture_sql(fixture->state, "PRAGMA user_version=7");
    assert_int_equal(history_open(fixture->dir, &reader, message, sizeof message), 0);
    assert_non_null(strstr(message, "state.db: written by a newer"));
    assert_int_equal(history_each(reader, NULL, NULL, FOREVER, count, &rows), 3 * FRAMES);
    assert_int_equal(history_events(reader, 0, FOREVER, event, &events), -EPROTONOSUPPORT);
    assert_int_equal(history_outbox(reader, 0, 1, event, &events), -EPROTONOSUPPORT);
    history_close(reader);
}

/* A copy without its log, somewhere where nothing can be written. */
static void test_copy_of_the_bare_files(void **state)
{
    struct fixture *fixture = *state;
    fixture_close(fixture);
    for (const char *const *name =
             (const char *const[]){"state.db-wal", "state.db-shm", "history.db-wal", "history.db-shm", NULL};
         *name; name++)
        remove_file(fixture, *name);
    assert_int_equal(chmod(fixture->dir, 0555), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct history_reader *reader = NULL;
        struct rows rows = {0};
        if (geteuid() == 0 && (setgroups(0, NULL) < 0 || setgid(65534) < 0 || setuid(65534) < 0))
            _exit(2);
        if (history_open(fixture->dir, &reader, message, sizeof message) < 0) {
            (void)!write(2, message, strlen(message));
            _exit(3);
        }
        _exit(history_each(reader, NULL, NULL, FOREVER, count, &rows) == (int64_t)3 * FRAMES ? 0 : 4);
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(chmod(fixture->dir, 0755), 0);
    assert_int_equal(status, 0);
}

/* Runs as a user whose only right is membership in the group. Exit status: rows % 100 + 1, or 0 and the
 * message. */
static int as_group_member(struct fixture *fixture, gid_t gid, int *ret_error)
{
    int channel[2], status = -1;
    assert_int_equal(pipe(channel), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct history_reader *reader = NULL;
        struct rows rows = {0};
        if (setgroups(0, NULL) < 0 || setgid(gid) < 0 || setuid(65534) < 0)
            _exit(2);
        int error = history_open(fixture->dir, &reader, message, sizeof message);
        if (error == 0)
            error = (int)history_each(reader, NULL, NULL, FOREVER, count, &rows);
        (void)!write(channel[1], &error, sizeof error);
        (void)!write(channel[1], message, sizeof message);
        _exit(0);
    }
    close(channel[1]);
    assert_int_equal(read(channel[0], ret_error, sizeof *ret_error), sizeof *ret_error);
    (void)!read(channel[0], message, sizeof message);
    close(channel[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void test_group_member(void **state)
{
    struct fixture *fixture = *state;
    const gid_t group = 65432;
    int result = 0;
    if (geteuid() != 0)
        skip();
    for (const char *const *name =
             (const char *const[]){".", "state.db", "state.db-wal", "state.db-shm", "history.db",
                                   "history.db-wal", "history.db-shm", NULL};
         *name; name++) {
        char path[128];
        fixture_path(fixture, *name, path, sizeof path);
        assert_int_equal(chown(path, 0, group), 0);
        assert_int_equal(chmod(path, **name == '.' ? 0750 : 0640), 0);
    }
    /* While the daemon writes, and after it has stopped. */
    assert_int_equal(as_group_member(fixture, group, &result), 0);
    assert_int_equal(result, 3 * FRAMES);
    fixture_close(fixture);
    assert_int_equal(as_group_member(fixture, group, &result), 0);
    assert_int_equal(result, 3 * FRAMES);
    assert_int_equal(as_group_member(fixture, 65534, &result), 0);
    assert_int_equal(result, -EACCES);
    assert_non_null(strstr(message, "membership in the group"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_all_and_one_point, setup, teardown),
        cmocka_unit_test_setup_teardown(test_time_range_is_half_open, setup, teardown),
        cmocka_unit_test_setup_teardown(test_stops_when_told, setup, teardown),
        cmocka_unit_test_setup_teardown(test_tells_unknown_points, setup, teardown),
        cmocka_unit_test_setup_teardown(test_damaged_frame_costs_that_frame_only, setup, teardown),
        cmocka_unit_test_setup_teardown(test_frame_of_unknown_point_is_damaged, setup, teardown),
        cmocka_unit_test_setup_teardown(test_never_holds_up_the_writer, setup, teardown),
        cmocka_unit_test_setup_teardown(test_events, setup, teardown),
        cmocka_unit_test_setup_teardown(test_outbox, setup, teardown),
        cmocka_unit_test_setup_teardown(test_says_what_is_wrong, setup, teardown),
        cmocka_unit_test_setup_teardown(test_one_file_is_enough_for_its_part, setup, teardown),
        cmocka_unit_test_setup_teardown(test_copy_of_the_bare_files, setup, teardown),
        cmocka_unit_test_setup_teardown(test_group_member, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
