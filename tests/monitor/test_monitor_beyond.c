/* What a person has read is beyond a limit: how long that calls, and what ends it. */
#include "monitor_stage.h"

#include <stdio.h>

#define STANDS     60 /* seconds: so long the device's own values do not count */
#define DEGREES(x) ((micro_t)((x)*MICRO_PER_UNIT))

static const char site[] = "site: {id: s}\n"
                           "notify: {expected: false}\n"
                           "buses: {b: {tcp: {host: h}}}\n"
                           "devices: {d: {bus: b, unit: 1, profile: p}}\n"
                           "assets:\n"
                           "  tank-1:\n"
                           "    name: Tank 1\n"
                           "    kind: tank\n"
                           "    points:\n"
                           "      t: {device: d, register: t}\n"
                           "    alarms:\n"
                           "      warm: {point: t, high: -165, deadband: 2, priority: high, text: Warm}\n";

static uint16_t point, alarm;

static void turn(struct stage *s)
{
    monitor_watch_beyond(s->m);
}

static void good(struct stage *s, micro_t value)
{
    stage_sample(s, point, value, QUALITY_GOOD, REASON_NONE);
}

/* A second, then a good value of the device, as each second. */
static void pass_with(struct stage *s, int64_t seconds, micro_t value)
{
    for (int64_t i = 0; i < seconds; i++) {
        stage_pass(s, 1, NULL);
        good(s, value);
        turn(s);
    }
}

static bool calls(const struct stage *s)
{
    return stage_state(s, alarm) == ALARM_UNACKNOWLEDGED;
}

/* A person has read -120 °C, while the device's display is broken and says -190. */
static void open_with_reading(struct stage *s)
{
    stage_open(s, site, stage_profile);
    point = stage_point(s, "tank-1", "t");
    alarm = stage_alarm(s, "tank-1", "manual-reading-beyond-high");
    good(s, DEGREES(-190));
    turn(s);
    assert_int_equal(stage_state(s, alarm), ALARM_NORMAL);
    stage_pass(s, 1, turn);
    monitor_beyond_read(s->m, point, DEGREES(-120), clock_now().utc_us);
    turn(s);
    assert_true(calls(s));
}

/* The people who were told come first; then the device's own good values count. */
static void test_good_data_end_it_after_a_minute(void **state)
{
    (void)state;
    struct stage s;
    open_with_reading(&s);
    pass_with(&s, STANDS - 1, DEGREES(-190));
    assert_true(calls(&s));
    pass_with(&s, 1, DEGREES(-190));
    assert_int_equal(stage_state(&s, alarm), ALARM_RETURNED_UNACKNOWLEDGED);
    stage_close(&s);
}

/* A value that was read before the minute was over says nothing about what comes after it. */
static void test_data_of_before_do_not_count(void **state)
{
    (void)state;
    struct stage s;
    open_with_reading(&s);
    pass_with(&s, STANDS - 1, DEGREES(-190));
    stage_pass(&s, 3, turn); /* the device is asked every five seconds: nothing new */
    assert_true(calls(&s));
    pass_with(&s, 1, DEGREES(-190));
    assert_false(calls(&s));
    stage_close(&s);
}

/* Bad and uncertain values end nothing, nor do good ones beyond the limit or within its deadband. */
static void test_what_does_not_end_it(void **state)
{
    (void)state;
    struct stage s;
    open_with_reading(&s);
    for (int i = 0; i < 2 * STANDS; i++) {
        stage_pass(&s, 1, NULL);
        stage_sample(&s, point, DEGREES(-190), QUALITY_UNCERTAIN, REASON_MAINTENANCE);
        turn(&s);
    }
    assert_true(calls(&s));
    stage_sample(&s, point, 0, QUALITY_BAD, REASON_TIMEOUT);
    stage_pass(&s, 1, turn);
    assert_true(calls(&s));
    pass_with(&s, 5, DEGREES(-164));
    assert_true(calls(&s));
    pass_with(&s, 5, DEGREES(-166)); /* the deadband */
    assert_true(calls(&s));
    pass_with(&s, 1, DEGREES(-168));
    assert_false(calls(&s));
    stage_close(&s);
}

/* A device that is bypassed is not to be believed. */
static void test_bypassed_device_does_not_end_it(void **state)
{
    (void)state;
    struct stage s;
    open_with_reading(&s);
    snprintf(s.m->bypasses[0].device, ID_MAX, "d");
    s.m->bypasses[0].bypass.until_utc_us = INT64_MAX;
    s.m->n_bypasses = 1;
    pass_with(&s, 2 * STANDS, DEGREES(-190));
    assert_true(calls(&s));
    s.m->bypasses[0].bypass.until_utc_us = 0;
    pass_with(&s, 1, DEGREES(-190));
    assert_false(calls(&s));
    stage_close(&s);
}

/* Another reading begins the minute anew; one within the limits ends it at once. */
static void test_another_reading(void **state)
{
    (void)state;
    struct stage s;
    open_with_reading(&s);
    pass_with(&s, STANDS - 1, DEGREES(-190));
    monitor_beyond_read(s.m, point, DEGREES(-110), clock_now().utc_us);
    pass_with(&s, STANDS - 1, DEGREES(-190));
    assert_true(calls(&s));
    monitor_beyond_read(s.m, point, DEGREES(-180), clock_now().utc_us);
    turn(&s);
    assert_false(calls(&s));
    stage_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good_data_end_it_after_a_minute),
        cmocka_unit_test(test_data_of_before_do_not_count),
        cmocka_unit_test(test_what_does_not_end_it),
        cmocka_unit_test(test_bypassed_device_does_not_end_it),
        cmocka_unit_test(test_another_reading),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
