/* test_engine_hold_restart.c - what keeps an alarm quiet, across a restart and a reload. */
#include <errno.h>

#include "hold_site.h"

static void holds_outlive_the_engine(void **state)
{
    (void)state;
    for (int same_boot = 0; same_boot <= 1; same_boot++) {
        struct fixture f = begin();
        struct alarm_view before, after;

        fixture_good(&f, TEMPERATURE, DEGREES(-140));
        fixture_hold(&f, EVENT_SHELVE, WARM, FIXTURE_H, false);
        fixture_hold(&f, EVENT_OUT_OF_SERVICE, WARM, 2 * FIXTURE_H, false);
        before = engine_hold(f.engine, WARM);
        f.n_seen = f.next = 0;
        if (!same_boot) { /* another boot: the boot time began anew, the wall clock went on */
            f.offset_us += f.boot_us;
            f.boot_us = 0;
        }
        fixture_renew(&f, &TABLES, same_boot);
        after = engine_hold(f.engine, WARM);
        assert_int_equal(after.state, ALARM_OUT_OF_SERVICE);
        assert_true(after.active);
        for (unsigned hold = 0; hold < HOLD_COUNT; hold++) {
            assert_int_equal(after.is_held[hold], before.is_held[hold]);
            assert_int_equal(after.until_utc_us[hold], before.until_utc_us[hold]);
            assert_int_equal(after.n_holds[hold], before.n_holds[hold]);
        }
        fixture_pass(&f, FIXTURE_H);
        fixture_expect(&f, WARM, TRANSITION_UNSHELVED, WHY_TIME, ALARM_OUT_OF_SERVICE);
        fixture_pass(&f, FIXTURE_H);
        fixture_expect(&f, WARM, TRANSITION_IN_SERVICE, WHY_TIME, ALARM_UNACKNOWLEDGED);
        engine_free(f.engine);
    }
}

/* What is restored comes too late: the alarm has been raised already, and is not put on the shelf again. */
static void a_hold_that_comes_too_late_quiets_nothing(void **state)
{
    struct fixture f = begin();
    struct alarm_memory memory = engine_memory_of_state(ALARM_SHELVED);

    (void)state;
    memory.until_utc_us[HOLD_SHELVED] = fixture_now(&f).utc_us + FIXTURE_H;
    memory.n_holds[HOLD_SHELVED] = 5;
    fixture_good(&f, TEMPERATURE, DEGREES(-140));
    fixture_expect(&f, WARM, TRANSITION_RAISED, WHY_NONE, ALARM_UNACKNOWLEDGED);
    engine_restore(f.engine, WARM, &memory);
    assert_int_equal(state_of(&f, WARM), ALARM_UNACKNOWLEDGED);
    assert_int_equal(engine_hold(f.engine, WARM).n_holds[HOLD_SHELVED], 5); /* but how often is known */
    engine_free(f.engine);
}

/* The wall clock came up in 1970, or the shelf's time has passed while the machine was off. */
static void a_hold_is_never_longer_after_a_restart(void **state)
{
    struct fixture f = begin();
    struct alarm_memory memory;

    (void)state;
    fixture_hold(&f, EVENT_SHELVE, WARM, FIXTURE_H, false);
    memory = engine_memory(f.engine, WARM);
    f.n_seen = f.next = 0;
    f.boot_us = f.offset_us = 0;
    fixture_renew(&f, &TABLES, false);
    assert_int_equal(engine_hold(f.engine, WARM).until_utc_us[HOLD_SHELVED], 2 * FIXTURE_H);
    go_on(&f, 2 * FIXTURE_H - 1, DEGREES(-190), 0);
    fixture_expect_nothing(&f);
    fixture_pass(&f, 1);
    fixture_expect(&f, WARM, TRANSITION_UNSHELVED, WHY_TIME, ALARM_NORMAL);
    engine_free(f.engine);

    memory.base = ALARM_UNACKNOWLEDGED;
    memory.until_boot_us[HOLD_SHELVED] = INT64_MAX;
    f = (struct fixture){.offset_us = memory.until_utc_us[HOLD_SHELVED] + FIXTURE_H};
    f.engine = engine_create(&TABLES, fixture_now(&f));
    engine_restore(f.engine, WARM, &memory);
    fixture_pass(&f, 0);
    fixture_expect(&f, WARM, TRANSITION_UNSHELVED, WHY_TIME, ALARM_UNACKNOWLEDGED);
    engine_free(f.engine);
}

/* The wall clock is set back, then the configuration is loaded anew: the end by BOOTTIME is not forgotten. */
static void a_reload_makes_no_hold_longer(void **state)
{
    struct fixture f = begin();

    (void)state;
    fixture_hold(&f, EVENT_SHELVE, WARM, FIXTURE_H, false);
    f.n_seen = f.next = 0;
    f.offset_us -= FIXTURE_H;
    fixture_renew(&f, &TABLES, true);
    go_on(&f, FIXTURE_H - 1, DEGREES(-190), 0);
    fixture_expect_nothing(&f);
    fixture_pass(&f, 1);
    fixture_expect(&f, WARM, TRANSITION_UNSHELVED, WHY_TIME, ALARM_NORMAL);
    engine_free(f.engine);
}

/* An alarm that latches no more counts as active until something good says that it is over. */
static void a_reload_that_does_not_latch_any_more(void **state)
{
    struct fixture f = begin();
    struct alarm_model models[N_ALARMS];
    struct engine_tables tables = TABLES;

    (void)state;
    for (unsigned i = 0; i < N_ALARMS; i++)
        models[i] = MODELS[i];
    models[LATCH].latching = false;
    tables.alarms = models;
    feed_condition(&f, true);
    feed_condition(&f, false);
    assert_true(engine_hold(f.engine, LATCH).latched);
    f.n_seen = f.next = 0;
    fixture_renew(&f, &tables, true);
    assert_int_equal(state_of(&f, LATCH), ALARM_UNACKNOWLEDGED);
    assert_true(engine_hold(f.engine, LATCH).active);
    feed_condition(&f, false);
    fixture_expect(&f, LATCH, TRANSITION_RETURNED, WHY_NONE, ALARM_RETURNED_UNACKNOWLEDGED);
    engine_free(f.engine);
}

/* Suppressed when the daemon stopped: so it stays until the plant has been read, or has not been for too
 * long. */
static void a_restart_calls_nobody_for_what_is_suppressed(void **state)
{
    (void)state;
    for (int silent = 0; silent <= 1; silent++) {
        struct fixture f = begin();

        fixture_good(&f, VALVE, DEGREES(1));
        fixture_good(&f, TEMPERATURE, DEGREES(-140));
        f.n_seen = f.next = 0;
        fixture_renew(&f, &TABLES, false);
        fixture_pass(&f, 59 * FIXTURE_S);
        if (!silent)
            fixture_good(&f, VALVE, DEGREES(1));
        assert_int_equal(state_of(&f, WARM), ALARM_SUPPRESSED);
        fixture_pass(&f, FIXTURE_S);
        if (silent)
            fixture_expect(&f, WARM, TRANSITION_UNSUPPRESSED, WHY_PLANT, ALARM_UNACKNOWLEDGED);
        fixture_expect_nothing(&f);
        engine_free(f.engine);
    }
}

/* A new configuration protects the alarm, or does not allow shelves any more. */
static void a_reload_that_forbids_a_hold_ends_it(void **state)
{
    (void)state;
    for (int protect = 0; protect <= 1; protect++) {
        struct fixture f = begin();
        struct alarm_model models[N_ALARMS];
        struct engine_tables tables = TABLES;

        for (unsigned i = 0; i < N_ALARMS; i++)
            models[i] = MODELS[i];
        models[WARM].protected = protect;
        models[WARM].shelve_max_ms = 0;
        tables.alarms = models;
        fixture_good(&f, TEMPERATURE, DEGREES(-140));
        fixture_hold(&f, EVENT_SHELVE, WARM, FIXTURE_H, false);
        f.n_seen = f.next = 0;
        fixture_renew(&f, &tables, true);
        assert_int_equal(state_of(&f, WARM), protect ? ALARM_UNACKNOWLEDGED : ALARM_SHELVED);
        fixture_pass(&f, 0);
        fixture_expect(&f, WARM, TRANSITION_UNSHELVED, WHY_TIME, ALARM_UNACKNOWLEDGED);
        fixture_expect_nothing(&f);
        engine_free(f.engine);
    }
}

static void an_acknowledgement_keeps_its_time_and_value(void **state)
{
    (void)state;
    for (int same_boot = 0; same_boot <= 1; same_boot++) {
        struct fixture f = begin();

        fixture_good(&f, TEMPERATURE, DEGREES(-140));
        fixture_order(&f, EVENT_ACKNOWLEDGE, WARM);
        go_on(&f, 20 * FIXTURE_MIN, DEGREES(-140), 0);
        f.n_seen = f.next = 0;
        if (!same_boot) {
            f.offset_us += f.boot_us;
            f.boot_us = 0;
        }
        fixture_renew(&f, &TABLES, same_boot);
        fixture_good(&f, TEMPERATURE, DEGREES(-137));
        fixture_expect_nothing(&f); /* not worse by 4 degrees than -140 */
        fixture_pass(&f, 10 * FIXTURE_MIN);
        fixture_expect(&f, WARM, TRANSITION_REALARMED, WHY_UNRESOLVED, ALARM_UNACKNOWLEDGED);
        engine_free(f.engine);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(holds_outlive_the_engine),
        cmocka_unit_test(a_hold_that_comes_too_late_quiets_nothing),
        cmocka_unit_test(a_hold_is_never_longer_after_a_restart),
        cmocka_unit_test(a_reload_makes_no_hold_longer),
        cmocka_unit_test(a_reload_that_does_not_latch_any_more),
        cmocka_unit_test(a_restart_calls_nobody_for_what_is_suppressed),
        cmocka_unit_test(a_reload_that_forbids_a_hold_ends_it),
        cmocka_unit_test(an_acknowledgement_keeps_its_time_and_value),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
