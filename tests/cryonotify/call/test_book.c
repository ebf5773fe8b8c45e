/* test_book.c - what is committed is there, whatever the disk does. */
#include "test.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "book.h"
#include "failing_vfs.h"

static char dir[64];
static struct book *book;
static char error[256];

static int setup(void **state)
{
    char command[96];
    (void)state;
    snprintf(dir, sizeof dir, "/tmp/cryo-book-XXXXXX");
    assert_non_null(mkdtemp(dir));
    snprintf(command, sizeof command, "true %s", dir);
    failing_vfs_set(FAILING_NOT, 0);
    assert_int_equal(book_open(dir, FAILING_VFS, &book, error, sizeof error), 0);
    return 0;
}

static int teardown(void **state)
{
    static const char *const names[] = {"notify.db", "notify.db-wal", "notify.db-shm"};
    char path[96];
    (void)state;
    failing_vfs_set(FAILING_NOT, 0);
    book_close(book);
    book = NULL;
    for (unsigned i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s/%s", dir, names[i]);
        (void)unlink(path);
    }
    return rmdir(dir);
}

static void reopen(void)
{
    book_close(book);
    book = NULL;
    assert_int_equal(book_open(dir, FAILING_VFS, &book, error, sizeof error), 0);
}

static void count_letter(void *context, const struct book_letter *letter)
{
    unsigned *n = context;
    assert_string_equal(letter->topic, "cryomon/demo/events");
    ++*n;
}

static unsigned letters(void)
{
    unsigned n = 0;
    int given = book_inbox_load(book, 0, 1000, count_letter, &n);
    assert_int_equal(given, n);
    return n;
}

static int add_letter(int64_t *ret_id)
{
    static const char body[] = "{\"seq\":1,\"run\":\"r\"}";
    return book_inbox_add(book, "cryomon/demo/events", body, strlen(body), false, 1000, ret_id);
}

static void keep_alarm(void *context, const struct book_alarm *alarm)
{
    struct book_alarm *ret = context;
    ret->saved = alarm->saved;
    assert_string_equal(alarm->body, "{\"body\":1}");
    assert_string_equal(alarm->run, "run-1");
    ret->seq = alarm->seq;
}

static void comes_back_as_it_was(void **state)
{
    struct call_saved saved = {.fact = {.key = "tank-1/warm",
                                        .occurrence = "tank-1/warm@5",
                                        .group = "hall/bus",
                                        .priority = CALL_CRITICAL,
                                        .state = CALL_STATE_RETURNED,
                                        .active = true,
                                        .life_safety = true,
                                        .by = 3},
                               .phase = 2,
                               .level = 1,
                               .rounds = 9,
                               .folded = true,
                               .pending = true,
                               .told = UINT64_C(1) << 63 | 5,
                               .calls = {[0] = 3, [63] = 255},
                               .repeat_utc_us = 77,
                               .level_utc_us = 88};
    struct book_alarm got = {.seq = 0};
    char value[16];
    int64_t id;
    (void)state;
    assert_int_equal(book_begin(book), 0);
    assert_int_equal(book_alarm_put(book, &saved, "{\"body\":1}", 42, "run-1"), 0);
    assert_int_equal(book_fact_put(book, "last", "42 run-1"), 0);
    assert_int_equal(book_commit(book), 0);
    assert_int_equal(add_letter(&id), 0);
    reopen();
    assert_int_equal(book_alarm_load(book, keep_alarm, &got), 1);
    assert_int_equal(got.seq, 42);
    assert_string_equal(got.saved.fact.occurrence, saved.fact.occurrence);
    assert_string_equal(got.saved.fact.group, saved.fact.group);
    assert_int_equal(got.saved.fact.state, saved.fact.state);
    assert_true(got.saved.fact.life_safety && got.saved.folded && got.saved.pending);
    assert_int_equal(got.saved.told, saved.told);
    assert_memory_equal(got.saved.calls, saved.calls, sizeof saved.calls);
    assert_int_equal(got.saved.repeat_utc_us, 77);
    assert_int_equal(got.saved.level_utc_us, 88);
    assert_int_equal(book_fact_get(book, "last", value, sizeof value), 0);
    assert_string_equal(value, "42 run-1");
    assert_int_equal(book_fact_get(book, "none", value, sizeof value), -ENOENT);
    assert_int_equal(letters(), 1);
    assert_int_equal(book_inbox_file(book, id), 0);
    assert_int_equal(letters(), 0);
}

/* A file of the first schema is taken over. */
static void first_schema_is_taken_over(void **state)
{
    struct call_saved saved = {.fact = {.key = "tank-1/warm"}, .phase = 2, .calls = {[1] = 2}};
    struct book_alarm got = {.seq = 0};
    char path[96];
    sqlite3 *db = NULL;
    (void)state;
    assert_int_equal(book_alarm_put(book, &saved, "{\"body\":1}", 42, "run-1"), 0);
    book_close(book);
    snprintf(path, sizeof path, "%s/notify.db", dir);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db,
                                  "ALTER TABLE alarm DROP COLUMN calls; ALTER TABLE ack DROP COLUMN token;"
                                  "ALTER TABLE ack DROP COLUMN peer; DROP INDEX event_once;"
                                  "ALTER TABLE event DROP COLUMN again; PRAGMA user_version=1",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    assert_int_equal(book_open(dir, FAILING_VFS, &book, error, sizeof error), 0);
    assert_int_equal(book_alarm_load(book, keep_alarm, &got), 1);
    assert_int_equal(got.saved.calls[1], 0);
    assert_int_equal(book_alarm_put(book, &saved, "{\"body\":1}", 42, "run-1"), 0);
    assert_int_equal(book_alarm_load(book, keep_alarm, &got), 1);
    assert_int_equal(got.saved.calls[1], 2);
}

/* Runs a question or a change on the file itself; the answer's first number. */
static int64_t on_file(const char *sql)
{
    char path[96];
    sqlite3 *db = NULL;
    sqlite3_stmt *stmt = NULL;
    int64_t number = 0;
    snprintf(path, sizeof path, "%s/notify.db", dir);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    const char *rest = sql;
    while (rest[0] != '\0') {
        assert_int_equal(sqlite3_prepare_v2(db, rest, -1, &stmt, &rest), SQLITE_OK);
        int rc = sqlite3_step(stmt);
        assert_true(rc == SQLITE_ROW || rc == SQLITE_DONE);
        if (rc == SQLITE_ROW)
            number = sqlite3_column_int64(stmt, 0);
        (void)sqlite3_finalize(stmt);
    }
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    return number;
}

static void file_letter(const char *body)
{
    int64_t id = 0;
    assert_int_equal(book_inbox_add(book, "cryomon/demo/events", body, strlen(body), false, 1000, &id), 0);
    assert_int_equal(book_inbox_file(book, id), 0);
}

/* The broker delivers again what it was not sure of: the record has each event once, and in order. */
static void an_event_stands_once(void **state)
{
    (void)state;
    file_letter("{\"seq\":1,\"run\":\"r\"}");
    file_letter("{\"seq\":2,\"run\":\"r\"}");
    file_letter("{\"seq\":1,\"run\":\"r\"}");
    file_letter("{\"seq\":2,\"run\":\"r\",\"historical\":true}");
    file_letter("{\"seq\":2,\"run\":\"s\"}"); /* of another run: another one */
    assert_int_equal(letters(), 0);
    assert_int_equal(on_file("SELECT count(*) FROM event"), 3);
    assert_int_equal(on_file("SELECT count(*) FROM event WHERE late"), 0);
}

/* Neither is what has no number, or an odd one, in anybody's way. */
static void an_odd_event_is_recorded(void **state)
{
    (void)state;
    file_letter("{\"seq\":\"first\",\"run\":7,\"historical\":\"yes\"}");
    file_letter("{\"seq\":1.5,\"run\":{\"a\":1}}");
    file_letter("{}");
    file_letter("{}");
    assert_int_equal(on_file("SELECT count(*) FROM event"), 4);
}

/* A file that has events twice keeps them, and takes none a third time. */
static void doubles_of_before_stay(void **state)
{
    (void)state;
    book_close(book);
    (void)on_file(
        "DROP INDEX event_once; ALTER TABLE event DROP COLUMN again; PRAGMA user_version=3;"
        "INSERT INTO event(utc_us, run, seq, late, body) VALUES(1, 'r', 1, 0, '{}'),"
        "(2, 'r', 2, 0, '{}'), (3, 'r', 1, 0, '{\"x\":1}'), (4, '', 0, 0, '{}'), (5, '', 0, 0, '{}')");
    assert_int_equal(book_open(dir, FAILING_VFS, &book, error, sizeof error), 0);
    file_letter("{\"seq\":1,\"run\":\"r\"}");
    file_letter("{\"seq\":3,\"run\":\"r\"}");
    assert_int_equal(on_file("SELECT count(*) FROM event"), 6);
    assert_int_equal(on_file("SELECT id FROM event WHERE again"), 3);
    assert_int_equal(on_file("SELECT count(*) FROM event WHERE again"), 1);
}

/* The disk fails at each change in turn: what was not said to be durable may be gone, what was is there, and
 * nothing is half there. */
static void any_write_fails(void **state)
{
    static const enum failing_how hows[] = {FAILING_IO, FAILING_FULL, FAILING_ONCE};
    struct call_saved saved = {.fact = {.key = "tank-1/warm", .occurrence = "tank-1/warm@5"}, .phase = 2};
    (void)state;
    for (unsigned how = 0; how < 3; how++)
        for (unsigned nth = 1; nth < 12; nth++) {
            int64_t id = 0;
            unsigned before = letters();
            failing_vfs_set(hows[how], nth);
            bool added = add_letter(&id) == 0;
            bool begun = book_begin(book) == 0, kept = false;
            if (begun) {
                int result = book_alarm_put(book, &saved, "{\"body\":1}", nth, "run-1");
                if (result == 0)
                    kept = book_commit(book) == 0;
                else
                    book_rollback(book);
            }
            failing_vfs_set(FAILING_NOT, 0);
            unsigned after = letters();
            assert_true(after == before + added || (!added && after == before + 1)); /* a sync that failed */
            struct book_alarm got = {.seq = -1};
            (void)book_alarm_load(book, keep_alarm, &got);
            if (kept)
                assert_int_equal(got.seq, nth);
            assert_int_equal(book_begin(book), 0); /* and it works again */
            assert_int_equal(book_alarm_put(book, &saved, "{\"body\":1}", 1000, "run-1"), 0);
            assert_int_equal(book_commit(book), 0);
        }
}

/* Killed at each change: every letter that was said to be durable is there. */
static void killed_at_any_write(void **state)
{
    (void)state;
    for (unsigned nth = 1; nth < 30; nth++) {
        int fds[2];
        unsigned char said = 0, byte;
        unsigned before = letters();
        assert_int_equal(pipe(fds), 0);
        book_close(book);
        book = NULL;
        pid_t child = fork();
        if (child == 0) {
            int64_t id;
            if (book_open(dir, FAILING_VFS, &book, error, sizeof error) < 0)
                _exit(1);
            failing_vfs_set(FAILING_KILLED, nth);
            for (unsigned i = 0; i < 8; i++)
                if (add_letter(&id) == 0 && write(fds[1], "x", 1) != 1)
                    _exit(1);
            _exit(0);
        }
        (void)close(fds[1]);
        while (read(fds[0], &byte, 1) == 1)
            said++;
        (void)close(fds[0]);
        assert_int_equal(waitpid(child, NULL, 0), child);
        assert_int_equal(book_open(dir, FAILING_VFS, &book, error, sizeof error), 0);
        unsigned after = letters();
        assert_in_range(after, before + said, before + said + 1);
    }
}

static void links_are_used_once(void **state)
{
    int64_t used_us = 0;
    (void)state;
    assert_int_equal(book_link_used(book, "t1", &used_us), -ENOENT);
    assert_int_equal(book_link_use(book, "t1", "tank-1/warm@5", "li.na", "::1", 1), 0);
    assert_int_equal(book_link_used(book, "t1", &used_us), 0);
    assert_int_equal(book_link_use(book, "t1", "tank-1/warm@5", "li.na", "::1", 2), 0);
    reopen();
    assert_int_equal(book_link_used(book, "t1", &used_us), 0);
    assert_int_equal(used_us, 1); /* the first time */
    assert_int_equal(book_link_used(book, "t2", &used_us), -ENOENT);
    assert_int_equal(book_link_use(book, "t2", "tank-1/warm@5", "li.na", "::1", 3), 0);
    assert_int_equal(book_link_used(book, "t2", &used_us), 0);
}

static void take_off(void *context, const struct book_off *off)
{
    *(struct book_off *)context = *off;
}

static void what_is_off_is_counted(void **state)
{
    struct book_off off = {.what = "li.na/mail", .by = "wang", .why = "new number", .until_utc_us = 9},
                    got = {.count = 0};
    unsigned count = 0;
    (void)state;
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(book_off_put(book, &off, &count), 0);
    assert_int_equal(count, 3);
    reopen();
    assert_int_equal(book_off_load(book, take_off, &got), 1);
    assert_string_equal(got.why, "new number");
    assert_int_equal(got.count, 3);
    assert_int_equal(book_off_end(book, "li.na/mail", "wang", 5), 0);
    assert_int_equal(book_off_load(book, take_off, &got), 0);
}

static void not_ours(void **state)
{
    char path[96];
    struct book *other = NULL;
    (void)state;
    book_close(book);
    book = NULL;
    snprintf(path, sizeof path, "%s/notify.db", dir);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    for (unsigned i = 0; i < 2000; i++)
        fputs("this is no database. ", file);
    assert_int_equal(fclose(file), 0);
    assert_true(book_open(dir, FAILING_VFS, &other, error, sizeof error) < 0);
    assert_non_null(strstr(error, path));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(comes_back_as_it_was, setup, teardown),
        cmocka_unit_test_setup_teardown(first_schema_is_taken_over, setup, teardown),
        cmocka_unit_test_setup_teardown(an_event_stands_once, setup, teardown),
        cmocka_unit_test_setup_teardown(an_odd_event_is_recorded, setup, teardown),
        cmocka_unit_test_setup_teardown(doubles_of_before_stay, setup, teardown),
        cmocka_unit_test_setup_teardown(any_write_fails, setup, teardown),
        cmocka_unit_test_setup_teardown(killed_at_any_write, setup, teardown),
        cmocka_unit_test_setup_teardown(links_are_used_once, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_off_is_counted, setup, teardown),
        cmocka_unit_test_setup_teardown(not_ours, setup, teardown),
    };
    if (failing_vfs_register() != 0)
        return 1;
    return cmocka_run_group_tests_name("book", tests, NULL, NULL);
}
