/* test_engine_dates.c - alarms by the wall clock: calibrations that are due. */
#include <stdlib.h>

#include "engine_fixture.h"
#include "test.h"

#define SECOND INT64_C(1000000)
#define HOUR   (3600 * SECOND)
#define DAY    (24 * HOUR)
#define DUE    (INT64_C(1800000000) * SECOND)
#define NEWER  (DUE + 10 * DAY)  /* then another calibration is in force, */
#define AGAIN  (DUE + 375 * DAY) /* which is due in turn */

static const struct point_model POINT = {.stale_after_ms = 15000};
static const struct alarm_model OVERDUE = {
    .kind = CONDITION_DATE, .n_dates = 2, .dates = {{DUE, NEWER}, {AGAIN, INT64_MAX}}};

static struct engine *create(struct stamp now)
{
    struct engine *engine = fixture_create(&POINT, 1, &OVERDUE, 1, now);

    assert_non_null(engine);
    return engine;
}

static void tick(struct engine *engine, struct stamp now)
{
    const struct event event = {.kind = EVENT_TICK};

    assert_int_equal(engine_feed(engine, now, &event), 0);
}

/* The one transition that there must be. */
static struct transition take(struct engine *engine, enum transition_kind kind)
{
    struct transition t = {.alarm = 99};

    assert_true(engine_take(engine, &t));
    assert_int_equal(t.kind, kind);
    assert_int_equal(t.alarm, 0);
    assert_int_equal(t.reading.reason, REASON_NEVER_READ);
    return t;
}

static void expect_silence(struct engine *engine)
{
    struct transition t;

    assert_false(engine_take(engine, &t));
}

/* Ticks at its deadlines alone, while the wall clock runs evenly. */
static int64_t run_until(struct engine *engine, int64_t boot_us, int64_t offset_us, int64_t end_us)
{
    unsigned ticks = 0;

    while (engine_next_deadline(engine) <= end_us) {
        struct transition t;

        boot_us = engine_next_deadline(engine);
        tick(engine, (struct stamp){boot_us, boot_us + offset_us});
        assert_true(engine_next_deadline(engine) > boot_us);
        assert_true(engine_next_deadline(engine) <= boot_us + HOUR);
        assert_true(++ticks < 100000);
        if (engine_take(engine, &t))
            return boot_us;
    }
    return INT64_MAX;
}

static void it_fires_at_its_date_and_is_over_with_the_next_calibration(void **state)
{
    struct engine *engine = create((struct stamp){5 * SECOND, DUE - 2 * DAY});
    const int64_t offset = DUE - 2 * DAY - 5 * SECOND;

    (void)state;
    assert_int_equal(run_until(engine, 0, offset, INT64_MAX / 2), DUE - offset);
    assert_int_equal(engine_alarm_state(engine, 0), ALARM_UNACKNOWLEDGED);
    assert_int_equal(run_until(engine, 0, offset, INT64_MAX / 2), NEWER - offset);
    assert_int_equal(engine_alarm_state(engine, 0), ALARM_RETURNED_UNACKNOWLEDGED);
    assert_int_equal(run_until(engine, 0, offset, INT64_MAX / 2), AGAIN - offset);
    assert_int_equal(engine_alarm_state(engine, 0), ALARM_UNACKNOWLEDGED);
    engine_free(engine);
}

static void what_is_overdue_at_the_start_is_told_at_once(void **state)
{
    struct engine *engine = create((struct stamp){7, DUE});

    (void)state;
    assert_int_equal(engine_next_deadline(engine), 7);
    tick(engine, (struct stamp){8, DUE + 1});
    assert_int_equal(take(engine, TRANSITION_RAISED).since_boot_us, 7);
    expect_silence(engine);
    engine_free(engine);
}

/* A clock that was wrong and is set: noticed within the hour. */
static void a_clock_that_is_set_is_noticed_within_an_hour(void **state)
{
    struct engine *engine = create((struct stamp){0, DUE - 100 * DAY});

    (void)state;
    tick(engine, (struct stamp){0, DUE - 100 * DAY});
    tick(engine, (struct stamp){HOUR - 1, DUE + DAY});
    expect_silence(engine);
    tick(engine, (struct stamp){HOUR, DUE + DAY});
    (void)take(engine, TRANSITION_RAISED);
    assert_true(engine_next_deadline(engine) <= 2 * HOUR);
    tick(engine, (struct stamp){2 * HOUR, DUE - 100 * DAY});
    (void)take(engine, TRANSITION_RETURNED);
    engine_free(engine);
}

/* Neither readings nor their absence, nor an operator, put off or hasten a date. */
static void readings_do_not_touch_it(void **state)
{
    struct engine *engine = create((struct stamp){0, DUE - 30 * SECOND});
    struct event sample = {.kind = EVENT_SAMPLE};

    (void)state;
    tick(engine, (struct stamp){0, DUE - 30 * SECOND});
    assert_int_equal(engine_feed(engine, (struct stamp){SECOND, DUE - 29 * SECOND}, &sample), 0);
    sample.sample.reading = (struct reading){.quality = QUALITY_BAD, .reason = REASON_SENTINEL};
    assert_int_equal(engine_feed(engine, (struct stamp){2 * SECOND, DUE - 28 * SECOND}, &sample), 0);
    expect_silence(engine);
    tick(engine, (struct stamp){30 * SECOND, DUE});
    assert_int_equal(take(engine, TRANSITION_RAISED).since_boot_us, 30 * SECOND);
    const struct event acknowledge = {.kind = EVENT_ACKNOWLEDGE};
    assert_int_equal(engine_feed(engine, (struct stamp){31 * SECOND, DUE + SECOND}, &acknowledge), 0);
    assert_int_equal(take(engine, TRANSITION_ACKNOWLEDGED).to, ALARM_ACKNOWLEDGED);
    sample.sample.reading = (struct reading){.quality = QUALITY_GOOD};
    assert_int_equal(engine_feed(engine, (struct stamp){32 * SECOND, DUE + 2 * SECOND}, &sample), 0);
    expect_silence(engine);
    assert_true(engine_next_deadline(engine) <= HOUR);
    engine_free(engine);
}

/* A machine that slept for years does not look at each hour of them; what was slept through is not told. */
static void only_the_last_change_of_a_long_sleep_counts(void **state)
{
    struct engine *engine = create((struct stamp){0, DUE - DAY});

    (void)state;
    tick(engine, (struct stamp){0, DUE - DAY});
    tick(engine, (struct stamp){380 * DAY, DUE + 379 * DAY});
    assert_int_equal(take(engine, TRANSITION_RAISED).since_boot_us, 376 * DAY);
    expect_silence(engine);
    engine_free(engine);
}

static void an_alarm_of_an_earlier_run_is_looked_at_again(void **state)
{
    struct engine *engine = create((struct stamp){0, DUE - DAY});

    (void)state;
    fixture_restore(engine, 0, ALARM_ACKNOWLEDGED);
    tick(engine, (struct stamp){1, DUE - DAY}); /* a newer calibration is in force since */
    assert_int_equal(take(engine, TRANSITION_RETURNED).to, ALARM_NORMAL);
    engine_free(engine);
    engine = create((struct stamp){0, DUE + DAY});
    fixture_restore(engine, 0, ALARM_ACKNOWLEDGED);
    tick(engine, (struct stamp){1, DUE + DAY}); /* still overdue: nothing new */
    expect_silence(engine);
    engine_free(engine);
}

static void unsound_dates_are_refused(void **state)
{
    const struct alarm_model bad[] = {
        {.kind = CONDITION_DATE, .n_dates = 1, .dates = {{5, 5}}},
        {.kind = CONDITION_DATE, .n_dates = 2, .dates = {{1, 5}, {5, 9}}},
        {.kind = CONDITION_DATE, .n_dates = ALARM_DATES_MAX + 1},
        {.kind = CONDITION_DATE, .on_delay_ms = 1},
        {.kind = CONDITION_DATE, .off_delay_ms = 1},
        {.kind = CONDITION_DATE, .point = 1},
    };
    const struct alarm_model never = {.kind = CONDITION_DATE};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_null(fixture_create(&POINT, 1, &bad[i], 1, (struct stamp){0, 0}));
    struct engine *engine = fixture_create(&POINT, 1, &never, 1, (struct stamp){INT64_MIN, INT64_MAX});
    assert_non_null(engine);
    tick(engine, (struct stamp){INT64_MAX, INT64_MIN});
    expect_silence(engine);
    engine_free(engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_fires_at_its_date_and_is_over_with_the_next_calibration),
        cmocka_unit_test(what_is_overdue_at_the_start_is_told_at_once),
        cmocka_unit_test(a_clock_that_is_set_is_noticed_within_an_hour),
        cmocka_unit_test(readings_do_not_touch_it),
        cmocka_unit_test(only_the_last_change_of_a_long_sleep_counts),
        cmocka_unit_test(an_alarm_of_an_earlier_run_is_looked_at_again),
        cmocka_unit_test(unsound_dates_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
