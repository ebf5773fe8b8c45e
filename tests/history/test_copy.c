/* The copy of a record that is being written is of one moment, and is made in one go. */
#include "copy.h"

#include "history_fixture.h"
#include "test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct writer {
    struct fixture *fixture;
    uint64_t seq;
    int steps;
};

/* Between two steps of the copy somebody commits to both files. */
static bool write_more(void *context, int64_t done, int64_t all)
{
    struct writer *writer = context;
    assert_true(done <= all);
    fixture_event(writer->fixture, ++writer->seq, 2000000, "tank-1", "{\"site\":\"lab\"}");
    fixture_point(writer->fixture, 100 + writer->steps, "tank-9", "x", "", writer->steps);
    return ++writer->steps < 50;
}

static void remove_copy(const char *dir)
{
    char path[128];
    static const char *const names[] = {"state.db", "history.db"};
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/%s", dir, names[i]);
        unlink(path);
    }
    rmdir(dir);
}

static void test_one_moment_in_one_go(void **state)
{
    struct fixture fixture;
    struct copy_counts counts, copied;
    char dir[] = "/tmp/test_copy.XXXXXX", message[256] = "";
    (void)state;
    fixture_make(&fixture);
    assert_non_null(mkdtemp(dir));
    fixture_event(&fixture, 1, 1000000, "tank-1", "{\"site\":\"lab\"}");
    fixture_sql(fixture.state, "INSERT INTO configuration VALUES(zeroblob(32), 1, hex(zeroblob(20000000)))");
    struct writer writer = {.fixture = &fixture, .seq = 1};
    assert_int_equal(copy_record(fixture.dir, dir, write_more, &writer, &counts, message, sizeof message), 0);
    assert_in_range(writer.steps, 5, 20); /* 40 MB, in steps of 4 */
    assert_int_equal(counts.events, 1);
    assert_string_equal(counts.site, "lab");
    assert_int_equal(copy_count(dir, &copied, message, sizeof message), 0);
    assert_int_equal(copied.events, 1);
    assert_int_equal(copied.last_event, 1);
    assert_int_equal(copy_check_pages(dir, message, sizeof message), 0);
    assert_int_equal(copy_count(fixture.dir, &copied, message, sizeof message), 0);
    assert_int_equal(copied.events, writer.steps + 1);
    remove_copy(dir);
    fixture_free(&fixture);
}

static bool stop(void *context, int64_t done, int64_t all)
{
    (void)context;
    (void)done;
    (void)all;
    return false;
}

static void test_interrupted_and_never_over_something(void **state)
{
    struct fixture fixture;
    struct copy_counts counts;
    char dir[] = "/tmp/test_copy.XXXXXX", message[256] = "";
    (void)state;
    fixture_make(&fixture);
    assert_non_null(mkdtemp(dir));
    fixture_sql(fixture.state, "INSERT INTO configuration VALUES(zeroblob(32), 1, hex(zeroblob(5000000)))");
    assert_int_equal(copy_record(fixture.dir, dir, stop, NULL, &counts, message, sizeof message), -ECANCELED);
    assert_int_equal(copy_record(fixture.dir, dir, NULL, NULL, &counts, message, sizeof message), -EEXIST);
    assert_int_equal(copy_record("/nowhere", dir, NULL, NULL, &counts, message, sizeof message), -ENOENT);
    assert_non_null(strstr(message, "/nowhere/state.db"));
    remove_copy(dir);
    fixture_free(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_one_moment_in_one_go),
                                       cmocka_unit_test(test_interrupted_and_never_over_something)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
