/* Whatever write fails, and wherever the process dies: each reading is there once, and the next steps go on.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "failing_vfs.h"
#include "fold.h"
#include "fold_fixture.h"
#include "history_build.h"
#include "schema.h"
#include "test.h"

#define HOUR_MS INT64_C(3600000)
#define DAY_MS  (24 * HOUR_MS)
#define START   HISTORY_BUILD_START_MS
#define FRAMES  6
#define POINTS  2

/* Times that make hours, days and a removal: few of each, so that each write can be failed in turn. */
static const int minutes[FRAMES] = {0, 70, 1440, 2880, 4320, 5760};

struct run {
    char path[80];
    char template[1 << 18]; /* the bytes of an empty database */
    size_t template_len;
    struct signer *signer;
    sqlite3 *db;
    struct fold *fold;
};

static struct run run;

static struct frame_entry entry_of(int frame, uint32_t point)
{
    int64_t at = START + minutes[frame] * 60000;
    return (struct frame_entry){.slot_ms = at,
                                .taken_ms = at,
                                .point = point,
                                .number = -1900 + frame,
                                .raw = (uint16_t)(-1900 + frame)};
}

/* ---------------------------------------------------------------- the writer */

static bool open_run(void)
{
    if (sqlite3_open_v2(run.path, &run.db, SQLITE_OPEN_READWRITE, FAILING_VFS) != SQLITE_OK)
        return false;
    /* A small log, so that checkpoints are among the writes. */
    if (sqlite3_exec(run.db, "PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=16", NULL, NULL, NULL) !=
            SQLITE_OK ||
        fold_create(run.db, run.signer, &run.fold) < 0)
        return false;
    fold_configure(run.fold, NULL, NULL, 1);
    return true;
}

static void close_run(void)
{
    fold_free(run.fold);
    sqlite3_close(run.db);
    run.fold = NULL;
    run.db = NULL;
}

static int64_t last_frame(void)
{
    return fold_fixture_number(
        run.db,
        "SELECT max((SELECT coalesce(max(id), 0) FROM frame), (SELECT coalesce(max(to_id), 0) FROM seal"
        " WHERE kind = 1))");
}

static bool commit_frame(int frame)
{
    struct frame_entry entries[POINTS] = {entry_of(frame, 1), entry_of(frame, 2)};
    /* What fails is meant to: complaints would fill the log. */
    fflush(stderr);
    int errors = dup(STDERR_FILENO), nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    assert_true(errors >= 0 && nowhere >= 0 && dup2(nowhere, STDERR_FILENO) >= 0);
    bool done = sqlite3_exec(run.db, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK &&
                history_build_frame(run.db, entries, POINTS) == 0 &&
                sqlite3_exec(run.db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK;
    fflush(stderr);
    assert_true(dup2(errors, STDERR_FILENO) >= 0);
    close(errors);
    close(nowhere);
    if (!done && !sqlite3_get_autocommit(run.db))
        sqlite3_exec(run.db, "ROLLBACK", NULL, NULL, NULL);
    return done;
}

/* Writes the frames that are not there yet, and folds after each; false at the first failure. */
static bool go_on(void)
{
    struct fold_head head = {.event_seq = 1};
    if (!open_run())
        return false;
    for (int frame = (int)last_frame(); frame <= FRAMES; frame++) {
        struct fold_done done = {.kind = FOLD_HOUR};
        int64_t now_us = (START + minutes[frame < FRAMES ? frame : FRAMES - 1] * INT64_C(60000)) * 1000;
        while (done.kind != FOLD_NOTHING) {
            if (fold_step(run.fold, now_us, &head, &done) != SQLITE_OK)
                return false;
        }
        if (frame < FRAMES && !commit_frame(frame))
            return false;
    }
    return true;
}

/* ---------------------------------------------------------------- checks */

/* Readings of the first n frames, less those of removed days; each once and in order. */
static void check_file(void)
{
    assert_int_equal(sqlite3_exec(run.db, "BEGIN", NULL, NULL, NULL), SQLITE_OK); /* one lock for all */
    for (uint32_t point = 1; point <= POINTS; point++) {
        struct frame_entry expected[FRAMES];
        struct fold_readings readings;
        size_t n = 0;
        int64_t gone_us = fold_fixture_number(
                    run.db, "SELECT coalesce(max(last_utc_us), -1) FROM seal WHERE kind = 3"),
                frames = last_frame();
        for (int frame = 0; frame < frames; frame++) {
            struct frame_entry entry = entry_of(frame, point);
            if (entry.slot_ms * 1000 > gone_us)
                expected[n++] = entry;
        }
        fold_fixture_read(run.db, point, &readings);
        fold_fixture_same(&readings, expected, n);
        fold_fixture_free(&readings);
    }
    assert_int_equal(fold_fixture_number(run.db, "SELECT count(*) FROM damaged"), 0);
    assert_int_equal(sqlite3_exec(run.db, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
}

static void check_end(void)
{
    check_file();
    assert_int_equal(fold_fixture_number(run.db, "SELECT count(*) FROM seal WHERE kind = 2"), 3);
    assert_true(fold_fixture_number(run.db, "SELECT count(*) FROM seal WHERE kind = 3") >= 1);
    assert_int_equal(fold_fixture_number(run.db, "SELECT count(*) FROM frame"), 1);
}

static void remove_files(void)
{
    char path[96];
    static const char *const ends[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s%s", run.path, ends[i]);
        (void)unlink(path);
    }
}

/* An empty database, made once. */
static void make_template(void)
{
    char message[256];
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(run.path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "PRAGMA page_size=4096; PRAGMA journal_mode=WAL", NULL, NULL, NULL),
                     SQLITE_OK);
    assert_int_equal(schema_migrate(db, SCHEMA_HISTORY, message, sizeof message), 0);
    assert_int_equal(sqlite3_exec(db,
                                  "INSERT INTO point VALUES(1, 'tank-1', 'lid', '°C', 1);"
                                  "INSERT INTO point VALUES(2, 'tank-1', 'level', 'cm', 0)",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    FILE *f = fopen(run.path, "rb");
    assert_non_null(f);
    run.template_len = fread(run.template, 1, sizeof run.template, f);
    assert_in_range(run.template_len, 4096, sizeof run.template - 1);
    fclose(f);
}

static void begin_anew(void)
{
    remove_files();
    FILE *f = fopen(run.path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(run.template, 1, run.template_len, f), run.template_len);
    fclose(f);
}

/* After a failure: what is there is sound, and the rest follows. */
static void check_recovery(void)
{
    failing_vfs_set(FAILING_NOT, 0);
    close_run();
    assert_true(open_run());
    check_file();
    close_run();
    assert_true(go_on());
    check_end();
    close_run();
}

static unsigned writes_of_a_run(void)
{
    begin_anew();
    failing_vfs_set(FAILING_NOT, 0);
    assert_true(go_on());
    unsigned n = failing_vfs_count();
    check_end();
    close_run();
    print_message("%u writes\n", n);
    assert_in_range(n, 50, 400);
    return n;
}

/* ---------------------------------------------------------------- tests */

/* The same connection goes on when the disk has room again: nothing was closed in between. */
static void check_same_connection(void)
{
    struct fold_head head = {.event_seq = 1};
    struct fold_done done = {.kind = FOLD_HOUR};
    failing_vfs_set(FAILING_NOT, 0);
    while (run.fold && done.kind != FOLD_NOTHING)
        assert_int_equal(fold_step(run.fold, START * 1000, &head, &done), SQLITE_OK);
    if (run.fold)
        check_file();
}

static void each_write_fails(enum failing_how how, unsigned stride)
{
    unsigned n = writes_of_a_run();
    for (unsigned i = 1; i <= n; i += stride) {
        begin_anew();
        failing_vfs_set(how, i);
        (void)go_on(); /* that a checkpoint fails does no harm: it may even get to the end */
        assert_true(failing_vfs_count() >= i);
        if (how == FAILING_FULL)
            check_same_connection();
        check_recovery();
    }
}

static void test_each_write_fails(void **unused)
{
    (void)unused;
    each_write_fails(FAILING_IO, 1);
}

static void test_each_write_fails_once(void **unused)
{
    (void)unused;
    each_write_fails(FAILING_ONCE, 3);
}

static void test_disk_full_at_each_write(void **unused)
{
    (void)unused;
    each_write_fails(FAILING_FULL, 1);
}

static void test_killed_at_each_write(void **unused)
{
    (void)unused;
    unsigned n = writes_of_a_run();
    for (unsigned i = 1; i <= n; i++) {
        int status = 0;
        begin_anew();
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            failing_vfs_set(FAILING_KILLED, i);
            (void)go_on();
            _exit(0);
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 77);
        check_recovery();
    }
}

static int setup(void **state)
{
    (void)state;
    snprintf(run.path, sizeof run.path, "/tmp/cryomon-crash-%ld.db", (long)getpid());
    run.signer = history_build_signer();
    remove_files();
    make_template();
    return run.signer && failing_vfs_register() == SQLITE_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    close_run();
    remove_files();
    signer_free(run.signer);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_write_fails),
        cmocka_unit_test(test_each_write_fails_once),
        cmocka_unit_test(test_disk_full_at_each_write),
        cmocka_unit_test(test_killed_at_each_write),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
