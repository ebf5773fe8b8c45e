/* test_tamper [COUNT [SEED]]: changes a record in every way that we could think of, COUNT times (1,000), and
 * each time the verification finds it and says where; and it finds nothing where nothing was changed. */
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tamper.h"
#include "test.h"
#include "verify.h"

#define HOURS      12
#define MORE_HOURS 2

struct tamper tamper;
static unsigned long count = 1000;
static uint64_t seed = 20260922;

/* ---------------------------------------------------------------- what a finding must say */

struct seen {
    const struct expectation *expectation;
    uint64_t problems;
    bool named;
    char first[256];
};

static bool see(void *context, const struct verify_finding *finding)
{
    struct seen *seen = context;
    const struct expectation *e = seen->expectation;
    if (finding->note)
        return true;
    if (seen->problems++ < 3) {
        size_t n = strlen(seen->first);
        snprintf(seen->first + n, sizeof seen->first - n, "[%s %s %lld/%lld %s %s %s]",
                 verify_kind_name(finding->kind), finding->table, (long long)finding->number,
                 (long long)finding->previous, finding->asset, finding->point, finding->detail);
    }
    bool names = !e->table || strcmp(finding->table, e->table) == 0;
    names = names && (e->number == 0 || finding->number == e->number || finding->previous == e->number ||
                      (finding->previous < e->number && e->number < finding->number)); /* missing between */
    names = names && (e->asset[0] == '\0' || strcmp(finding->asset, e->asset) == 0);
    names = names && (e->point[0] == '\0' || strcmp(finding->point, e->point) == 0);
    seen->named = seen->named || names;
    return true;
}

static int verify_work(const char *dir, const struct expectation *expectation, struct seen *seen)
{
    char message[200] = "";
    struct verify_result result;
    unsigned char key[1][SIGNER_KEY_SIZE];
    memcpy(key[0], tamper.witnessed.public_key, SIGNER_KEY_SIZE);
    *seen = (struct seen){.expectation = expectation};
    const struct verify_options options = {
        .from_utc_us = INT64_MIN,
        .to_utc_us = INT64_MAX,
        .keys = (const unsigned char(*)[SIGNER_KEY_SIZE])(const void *)key,
        .n_keys = tamper.witnessed.site[0] != '\0' ? 1 : 0, /* not known in the other process */
        .heads = &tamper.witnessed,
        .n_heads = expectation->witness ? 1 : 0,
        .found = see,
        .context = seen};
    int error = verify_record(dir, &options, &result, message, sizeof message);
    if (error < 0)
        snprintf(seen->first, sizeof seen->first, "can't be read: %s", message);
    return error;
}

static bool (*const ways[])(struct expectation *) = {
    tamper_flip_column,  tamper_flip_column,  tamper_flip_column,    tamper_flip_in_file, tamper_flip_in_file,
    tamper_remove_row,   tamper_swap_rows,    tamper_insert_row,     tamper_cut_off,      tamper_roll_back,
    tamper_replace_text, tamper_forge_events, tamper_forge_readings,
};
static const char *const way_names[] = {
    "bit of a column", "the same",       "the same",        "bit of a file", "the same",
    "row removed",     "rows exchanged", "row put in",      "end cut off",   "older file",
    "text replaced",   "events forged",  "readings forged",
};

/* ---------------------------------------------------------------- the tests */

static int setup(void **state)
{
    (void)state;
    tamper.random_state = seed;
    record_make(&tamper.record, HOURS);
    fixture_sql(tamper.record.fixture.state, "PRAGMA wal_checkpoint(TRUNCATE)");
    fixture_sql(tamper.record.fixture.history, "PRAGMA wal_checkpoint(TRUNCATE)");
    tamper_load(&tamper.older);
    record_add(&tamper.record, MORE_HOURS);
    fixture_sql(tamper.record.fixture.state, "PRAGMA wal_checkpoint(TRUNCATE)");
    fixture_sql(tamper.record.fixture.history, "PRAGMA wal_checkpoint(TRUNCATE)");
    tamper_load(&tamper.newer);
    tamper.witnessed = tamper.record.head;
    strcpy(tamper.work, "/dev/shm/cryomon-tamper-XXXXXX"); /* thousands of files: in memory if that can be */
    if (!mkdtemp(tamper.work)) {
        strcpy(tamper.work, "/tmp/cryomon-tamper-XXXXXX");
        assert_non_null(mkdtemp(tamper.work));
    }
    tamper_store(&tamper.newer, 0);
    tamper_store(&tamper.newer, 1);
    tamper_dump(tamper.work, tamper.clean_dump);
    return 0;
}

static int teardown(void **state)
{
    char command[160];
    (void)state;
    for (int i = 0; i < 2; i++) {
        tamper_store(&tamper.newer, i); /* removes what SQLite left beside them */
        tamper_path(tamper.work, (enum schema_file)i, command);
        unlink(command);
        free(tamper.newer.bytes[i]);
        free(tamper.older.bytes[i]);
    }
    rmdir(tamper.work);
    record_free(&tamper.record);
    return 0;
}

static void assert_clean(const char *dir, bool witness)
{
    struct expectation e = {.witness = witness};
    struct seen seen;
    assert_int_equal(verify_work(dir, &e, &seen), 0);
    if (seen.problems > 0)
        fail_msg("found where nothing was changed: %s", seen.first);
}

static void test_nothing_is_found_in_what_was_not_changed(void **state)
{
    (void)state;
    assert_clean(tamper.work, true);
    assert_clean(tamper.work, false);
    assert_clean(tamper.record.fixture.dir, true); /* open for writing, as by the daemon */
    assert_true(tamper_number(tamper.record.fixture.history, "SELECT count(*) FROM seal WHERE kind = 2") > 0);
    assert_true(tamper_number(tamper.record.fixture.history, "SELECT count(*) FROM seal WHERE kind = 3") > 0);
    assert_true(tamper_number(tamper.record.fixture.history,
                              "SELECT count(*) FROM seal WHERE kind = 1 AND entries NOT NULL") > 0);
    assert_true(tamper_number(tamper.record.fixture.history, "SELECT count(*) FROM frame") > 0);
}

static void test_every_change_is_found(void **state)
{
    (void)state;
    unsigned long caught = 0, named = 0, of_way[sizeof ways / sizeof *ways] = {0}, missed = 0;
    for (unsigned long i = 0; i < count;) {
        struct expectation e = {.table = NULL};
        struct seen seen;
        size_t way = tamper_below(sizeof ways / sizeof *ways);
        tamper_store(&tamper.newer, 0);
        tamper_store(&tamper.newer, 1);
        if (!ways[way](&e))
            continue;
        i++;
        of_way[way]++;
        int error = verify_work(tamper.work, &e, &seen);
        if (error < 0 || seen.problems > 0)
            caught++;
        else if (missed++ < 10)
            print_message("NOT FOUND: %s\n", e.what);
        if (error < 0 || seen.named)
            named++;
        else if (seen.problems > 0 && missed++ < 10)
            print_message("found elsewhere: %s: %s\n", e.what, seen.first);
    }
    print_message("seed %llu: %lu changes, %lu found, %lu named; %llu flips in free space changed nothing\n",
                  (unsigned long long)seed, count, caught, named, (unsigned long long)tamper.free_flips);
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
        print_message("  %5lu  %s\n", of_way[i], way_names[i]);
    assert_int_equal(caught, count);
    assert_int_equal(named, count);
}

/* In a process of its own, as cryoctl is: again and again until the pipe at its standard input is closed. */
static int verify_until_told(const char *dir)
{
    struct expectation e = {.witness = false};
    struct seen seen;
    struct pollfd closed = {.fd = STDIN_FILENO, .events = POLLIN};
    do {
        if (verify_work(dir, &e, &seen) < 0 || seen.problems > 0) {
            fprintf(stderr, "found while it was written to: %s\n", seen.first);
            return 1;
        }
    } while (poll(&closed, 1, 0) == 0);
    return 0;
}

static void test_nothing_is_found_while_it_is_written_to(void **state)
{
    int channel[2], status = -1;
    pid_t child;
    posix_spawn_file_actions_t actions;
    char program[] = "test_tamper", option[] = "--verify";
    char *const argv[] = {program, option, tamper.record.fixture.dir, NULL};
    (void)state;
    assert_int_equal(pipe2(channel, O_CLOEXEC), 0);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, channel[0], STDIN_FILENO);
    assert_int_equal(posix_spawn(&child, "/proc/self/exe", &actions, NULL, argv, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    close(channel[0]);
    for (int i = 0; i < 12; i++)
        record_add(&tamper.record, 1);
    close(channel[1]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_is_found_in_what_was_not_changed),
        cmocka_unit_test(test_nothing_is_found_while_it_is_written_to),
        cmocka_unit_test(test_every_change_is_found),
    };
    if (argc == 3 && strcmp(argv[1], "--verify") == 0)
        return verify_until_told(argv[2]);
    if (argc > 1)
        count = strtoul(argv[1], NULL, 10);
    if (argc > 2)
        seed = strtoull(argv[2], NULL, 10);
    return cmocka_run_group_tests(tests, setup, teardown);
}
