/* When a run is expected: by the clock on the wall, also when summer time begins and ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
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
    const struct expected_past run = {.begin_utc_us = served != NULL ? utc(served) : 0};
    const int64_t next_us =
        monitor_expected_next(f, &run, served != NULL ? 1 : 0, excused != NULL ? utc(excused) : 0);
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
    expect(&twice, "2026-10-26T10:10:00Z", NULL, "2026-10-26T11:00:00.000Z");
}

/* ---------------------------------------------------------------- several a day */

/* Each day at 09:00 and 14:00; winter time: UTC is an hour less. */
static const struct freezer_config daily = {.n_expected = 14,
                                            .expected = {{0, 540},
                                                         {1, 540},
                                                         {2, 540},
                                                         {3, 540},
                                                         {4, 540},
                                                         {5, 540},
                                                         {6, 540},
                                                         {0, 840},
                                                         {1, 840},
                                                         {2, 840},
                                                         {3, 840},
                                                         {4, 840},
                                                         {5, 840},
                                                         {6, 840}},
                                            .late_after_ms = 1800000};

/* Of Tuesday 2026-12-01; times are local, "10:05-11:20 13:50-". Excused: all until Monday's end. */
static void of_a_day(const char *runs, const char *wanted)
{
    struct expected_past past[8];
    char text[32], local[RFC3339_MAX];
    unsigned n = 0;
    for (int used = 0; *runs != '\0'; runs += used, n++) {
        int begin[2], end[2] = {0, 0}, with_end = 0;
        assert_int_equal(sscanf(runs, " %d:%d-%n", &begin[0], &begin[1], &used), 2);
        if (sscanf(runs + used, "%d:%d%n", &end[0], &end[1], &with_end) == 2)
            used += with_end;
        snprintf(text, sizeof text, "2026-12-01T%02d:%02d:00Z", begin[0], begin[1]);
        past[n] = (struct expected_past){.begin_utc_us = utc(text) - 3600 * SECOND_US};
        if (with_end == 0)
            continue;
        snprintf(text, sizeof text, "2026-12-01T%02d:%02d:00Z", end[0], end[1]);
        past[n].end_utc_us = utc(text) - 3600 * SECOND_US;
    }
    clock_print_utc(local,
                    3600 * SECOND_US + monitor_expected_next(&daily, past, n, utc("2026-11-30T23:00:00Z")));
    local[16] = '\0';
    assert_string_equal(local + 8, wanted);
}

static void test_each_run_counts_once(void **state)
{
    (void)state;
    of_a_day("", "01T09:00");
    of_a_day("09:05-10:15", "01T14:00");
    of_a_day("09:05-10:15 14:10-", "02T09:00");
    /* One missed: a run that comes late is the missed one, and the other is still expected. */
    of_a_day("11:40-12:50", "01T14:00");
    of_a_day("11:40-12:50 14:20-", "02T09:00");
    /* Nearer to the next: that one; what was missed was told at 09:30. */
    of_a_day("13:30-", "02T09:00");
    of_a_day("14:05-", "02T09:00");
    /* A third run between, that is nobody's: done long before 14:00. */
    of_a_day("09:00-10:10 11:35-12:45", "01T14:00");
    /* The same while it goes on may be the early one; one that has just ended is. */
    of_a_day("09:00-10:10 11:35-", "02T09:00");
    of_a_day("09:00-10:10 12:00-13:10", "02T09:00");
    of_a_day("09:00-10:10 11:00-13:10", "01T14:00"); /* more than half the way early */
    of_a_day("04:50-10:00", "01T09:00");             /* 4 h at most */
    of_a_day("05:10-07:30", "01T09:00");
    of_a_day("05:10-08:10", "01T14:00");
}

/* What was missed, and is not told yet when the next one begins, is told after that. */
static void test_a_missed_one_is_not_forgotten_before_it_is_told(void **state)
{
    (void)state;
    static const struct freezer_config near = {
        .n_expected = 2, .expected = {{2, 540}, {2, 570}}, .late_after_ms = 3600000};
    const struct expected_past runs[] = {{.begin_utc_us = utc("2026-12-01T08:32:00Z")},
                                         {.begin_utc_us = utc("2026-12-01T10:30:00Z")}};
    const int64_t excused_us = utc("2026-11-30T23:00:00Z");
    assert_int_equal(monitor_expected_next(&near, runs, 1, excused_us), utc("2026-12-01T08:00:00Z"));
    assert_int_equal(monitor_expected_next(&near, runs, 2, excused_us), utc("2026-12-08T08:00:00Z"));
}

static void test_a_time_that_the_clock_skips(void **state)
{
    (void)state;
    static const struct freezer_config night = {.n_expected = 1, .expected = {{0, 150}}}; /* Sunday 02:30 */
    const int64_t next_us = monitor_expected_next(&night, NULL, 0, utc("2026-03-28T12:00:00Z"));
    assert_in_range(next_us, utc("2026-03-29T00:30:00Z"), utc("2026-03-29T01:30:00Z"));
    expect(&night, "2026-03-29T01:00:00Z", NULL, "2026-04-05T00:30:00.000Z");
}

static void test_nothing_is_expected(void **state)
{
    (void)state;
    static const struct freezer_config none = {.n_expected = 0};
    assert_int_equal(monitor_expected_next(&none, NULL, 0, utc("2026-03-28T12:00:00Z")), 0);
}

int main(void)
{
    setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
    tzset();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_clock_on_the_wall),
        cmocka_unit_test(test_a_run_that_came_early_or_late_counts),
        cmocka_unit_test(test_a_word_counts_for_what_was_due),
        cmocka_unit_test(test_each_run_counts_once),
        cmocka_unit_test(test_a_missed_one_is_not_forgotten_before_it_is_told),
        cmocka_unit_test(test_a_time_that_the_clock_skips),
        cmocka_unit_test(test_nothing_is_expected),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
