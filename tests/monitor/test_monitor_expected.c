/* When a run is expected: by the clock on the wall, also when summer time begins and ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "clock.h"
#include "monitor_internal.h"

static int64_t utc(const char *text)
{
    int64_t us = 0;
    assert_int_equal(clock_parse_utc(text, &us), 0);
    return us;
}

static void expect(const struct freezer_config *f, const char *served, const char *excused,
                   const char *wanted)
{
    char text[RFC3339_MAX];
    const int64_t next_us =
        monitor_expected_next(f, served != NULL ? utc(served) : 0, excused != NULL ? utc(excused) : 0);
    clock_print_utc(text, next_us);
    assert_string_equal(text, wanted);
}

static const struct freezer_config week = {.n_expected = 2,
                                           .expected = {{1, 600}, {4, 600}}}; /* Mon, Thu 10:00 */

static void test_the_clock_on_the_wall(void **state)
{
    (void)state;
    expect(&week, NULL, "2026-10-20T12:00:00Z", "2026-10-22T08:00:00.000Z"); /* Thursday, summer time */
    expect(&week, "2026-10-22T08:05:00Z", NULL, "2026-10-26T09:00:00.000Z"); /* Monday, winter time */
    expect(&week, "2026-10-26T09:05:00Z", NULL, "2026-10-29T09:00:00.000Z");
}

static void test_a_run_that_came_early_or_late_counts(void **state)
{
    (void)state;
    expect(&week, "2026-10-26T07:00:00Z", NULL, "2026-10-29T09:00:00.000Z"); /* two hours early */
    expect(&week, "2026-10-26T04:00:00Z", NULL, "2026-10-26T09:00:00.000Z"); /* that was another one */
    expect(&week, "2026-10-26T12:00:00Z", NULL, "2026-10-29T09:00:00.000Z"); /* late */
    /* What was never begun stays due. */
    expect(&week, "2026-10-22T08:05:00Z", "2026-10-23T00:00:00Z", "2026-10-26T09:00:00.000Z");
}

static void test_a_word_counts_for_what_was_due(void **state)
{
    (void)state;
    expect(&week, "2026-10-22T08:05:00Z", "2026-10-26T10:00:00Z", "2026-10-29T09:00:00.000Z");
    static const struct freezer_config twice = {.n_expected = 2, .expected = {{1, 600}, {1, 720}}};
    /* Monday's first is excused at 11:30: the second, half an hour later, is expected all the same. */
    expect(&twice, NULL, "2026-10-26T10:30:00Z", "2026-10-26T11:00:00.000Z");
    /* Of two that are near, an early run counts for the nearer one only. */
    expect(&twice, "2026-10-26T09:50:00Z", NULL, "2026-10-26T11:00:00.000Z");
    expect(&twice, "2026-10-26T10:10:00Z", NULL, "2026-11-02T09:00:00.000Z");
}

static void test_a_time_that_the_clock_skips(void **state)
{
    (void)state;
    static const struct freezer_config night = {.n_expected = 1, .expected = {{0, 150}}}; /* Sunday 02:30 */
    const int64_t next_us = monitor_expected_next(&night, 0, utc("2026-03-28T12:00:00Z"));
    assert_in_range(next_us, utc("2026-03-29T00:30:00Z"), utc("2026-03-29T01:30:00Z"));
    expect(&night, "2026-03-29T01:00:00Z", NULL, "2026-04-05T00:30:00.000Z");
}

static void test_nothing_is_expected(void **state)
{
    (void)state;
    static const struct freezer_config none = {.n_expected = 0};
    assert_int_equal(monitor_expected_next(&none, 0, utc("2026-03-28T12:00:00Z")), 0);
}

int main(void)
{
    setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
    tzset();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_clock_on_the_wall),
        cmocka_unit_test(test_a_run_that_came_early_or_late_counts),
        cmocka_unit_test(test_a_word_counts_for_what_was_due),
        cmocka_unit_test(test_a_time_that_the_clock_skips),
        cmocka_unit_test(test_nothing_is_expected),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
