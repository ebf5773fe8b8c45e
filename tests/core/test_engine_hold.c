/* test_engine_hold.c - what keeps an alarm quiet, for how long, and what makes it call again. */
#include <errno.h>

#include "hold_site.h"

static void a_shelf_ends_by_itself_and_calls_again(void **state)
{
    struct fixture f = begin();
    const struct transition *t;

    (void)state;
    fixture_good(&f, TEMPERATURE, DEGREES(-140));
    fixture_expect(&f, WARM, TRANSITION_RAISED, WHY_NONE, ALARM_UNACKNOWLEDGED);
    assert_int_equal(fixture_hold(&f, EVENT_SHELVE, WARM, 30 * FIXTURE_MIN, false), 0);
    t = fixture_expect(&f, WARM, TRANSITION_SHELVED, WHY_NONE, ALARM_SHELVED);
    assert_int_equal(t->until_utc_us, fixture_now(&f).utc_us + 30 * FIXTURE_MIN);
    assert_int_equal(t->command, 7);
    assert_true(t->active);
    assert_int_equal(fixture_order(&f, EVENT_ACKNOWLEDGE, WARM), -EALREADY);
    assert_int_equal(fixture_hold(&f, EVENT_SHELVE, WARM, FIXTURE_H, false), -EALREADY); /* no extending */
    go_on(&f, 30 * FIXTURE_MIN - 1, DEGREES(-140), 0);
    fixture_expect_nothing(&f);
    fixture_pass(&f, 1);
    t = fixture_expect(&f, WARM, TRANSITION_UNSHELVED, WHY_TIME, ALARM_UNACKNOWLEDGED);
    assert_int_equal(t->from, ALARM_SHELVED);
    assert_int_equal(engine_hold(f.engine, WARM).n_holds[HOLD_SHELVED], 1);
    engine_free(f.engine);
}

static void a_person_ends_a_shelf_and_has_seen_it(void **state)
{
    struct fixture f = begin();

    (void)state;
    fixture_hold(&f, EVENT_SHELVE, WARM, 30 * FIXTURE_MIN, false);
    fixture_expect(&f, WARM, TRANSITION_SHELVED, WHY_NONE, ALARM_SHELVED);
    fixture_good(&f, TEMPERATURE, DEGREES(-140)); /* below the shelf it is recorded */
    fixture_expect(&f, WARM, TRANSITION_RAISED, WHY_NONE, ALARM_SHELVED);
    assert_true(engine_hold(f.engine, WARM).active);
    fixture_good(&f, TEMPERATURE, DEGREES(-190));
    fixture_expect(&f, WARM, TRANSITION_RETURNED, WHY_NONE, ALARM_SHELVED);
    fixture_good(&f, TEMPERATURE, DEGREES(-140));
    fixture_expect(&f, WARM, TRANSITION_RAISED, WHY_NONE, ALARM_SHELVED);
    assert_int_equal(fixture_order(&f, EVENT_UNSHELVE, WARM), 0);
    fixture_expect(&f, WARM, TRANSITION_UNSHELVED, WHY_PERSON, ALARM_ACKNOWLEDGED);
    assert_int_equal(fixture_order(&f, EVENT_UNSHELVE, WARM), -EALREADY);
    /* As if acknowledged now, with what it shows now. */
    go_on(&f, 30 * FIXTURE_MIN - 1, DEGREES(-137), 0);
    fixture_expect_nothing(&f);
    fixture_pass(&f, 1);
    fixture_expect(&f, WARM, TRANSITION_REALARMED, WHY_UNRESOLVED, ALARM_UNACKNOWLEDGED);
    engine_free(f.engine);
}

/* It waited for somebody, was over below the hold, and nobody has acknowledged it since. */
static void what_waits_for_somebody_outlives_a_hold(void **state)
{
    (void)state;
    for (int how = 0; how < 4; how++) {
        struct fixture f = begin();

        fixture_good(&f, TEMPERATURE, DEGREES(-140));
        fixture_expect(&f, WARM, TRANSITION_RAISED, WHY_NONE, ALARM_UNACKNOWLEDGED);
        fixture_hold(&f, EVENT_OUT_OF_SERVICE, WARM, FIXTURE_H, false);
        fixture_expect(&f, WARM, TRANSITION_OUT_OF_SERVICE, WHY_NONE, ALARM_OUT_OF_SERVICE);
        fixture_good(&f, TEMPERATURE, DEGREES(-190));
        fixture_expect(&f, WARM, TRANSITION_RETURNED, WHY_NONE, ALARM_OUT_OF_SERVICE);
        if (how >= 2) /* a restart forgets nothing of it */
            fixture_renew(&f, &TABLES, how == 2);
        if (how == 0) {
            assert_int_equal(fixture_order(&f, EVENT_IN_SERVICE, WARM), 0);
            fixture_expect(&f, WARM, TRANSITION_IN_SERVICE, WHY_PERSON, ALARM_NORMAL);
        } else {
            go_on(&f, FIXTURE_H, DEGREES(-190), 0);
            fixture_expect(&f, WARM, TRANSITION_IN_SERVICE, WHY_TIME, ALARM_RETURNED_UNACKNOWLEDGED);
            assert_int_equal(fixture_order(&f, EVENT_ACKNOWLEDGE, WARM), 0);
            fixture_expect(&f, WARM, TRANSITION_ACKNOWLEDGED, WHY_NONE, ALARM_NORMAL);
        }
        engine_free(f.engine);
    }
}

static void feed_channel(struct fixture *f, enum event_kind kind, bool failed)
{
    assert_int_equal(fixture_feed(f, &(struct event){.kind = kind, .fault = {FAULT_NOTIFY_CHANNEL, failed}}),
                     0);
}

/* Acknowledged was that one thing has failed; another one calls again. */
static void a_fault_that_grows_calls_again(void **state)
{
    struct fixture f = begin();

    (void)state;
    feed_channel(&f, EVENT_WORSE, true); /* nothing has failed yet */
    fixture_expect_nothing(&f);
    feed_channel(&f, EVENT_FAULT, true);
    fixture_expect(&f, CHANNEL, TRANSITION_RAISED, WHY_NONE, ALARM_UNACKNOWLEDGED);
    feed_channel(&f, EVENT_WORSE, true); /* somebody is being called for it */
    fixture_expect_nothing(&f);
    fixture_order(&f, EVENT_ACKNOWLEDGE, CHANNEL);
    fixture_expect(&f, CHANNEL, TRANSITION_ACKNOWLEDGED, WHY_NONE, ALARM_ACKNOWLEDGED);
    feed_channel(&f, EVENT_FAULT, true); /* the same again is no news */
    fixture_expect_nothing(&f);
    feed_channel(&f, EVENT_WORSE, true);
    fixture_expect(&f, CHANNEL, TRANSITION_REALARMED, WHY_WORSE, ALARM_UNACKNOWLEDGED);
    fixture_hold(&f, EVENT_SHELVE, CHANNEL, FIXTURE_MIN, false);
    fixture_expect(&f, CHANNEL, TRANSITION_SHELVED, WHY_NONE, ALARM_SHELVED);
    feed_channel(&f, EVENT_WORSE, true); /* it comes back soon */
    fixture_expect_nothing(&f);
    assert_int_equal(fixture_feed(&f, &(struct event){.kind = EVENT_WORSE, .fault = {FAULT_COUNT, true}}),
                     -EINVAL);
    engine_free(f.engine);
}

static void a_shelf_for_once_ends_with_the_condition(void **state)
{
    struct fixture f = begin();

    (void)state;
    fixture_good(&f, TEMPERATURE, DEGREES(-140));
    fixture_expect(&f, WARM, TRANSITION_RAISED, WHY_NONE, ALARM_UNACKNOWLEDGED);
    fixture_hold(&f, EVENT_SHELVE, WARM, FIXTURE_H, true);
    assert_true(fixture_expect(&f, WARM, TRANSITION_SHELVED, WHY_NONE, ALARM_SHELVED)->one_shot);
    fixture_good(&f, TEMPERATURE, DEGREES(-190));
    fixture_expect(&f, WARM, TRANSITION_RETURNED, WHY_NONE, ALARM_SHELVED);
    fixture_expect(&f, WARM, TRANSITION_UNSHELVED, WHY_ONE_SHOT, ALARM_NORMAL);
    fixture_good(&f, TEMPERATURE, DEGREES(-140));
    fixture_expect(&f, WARM, TRANSITION_RAISED, WHY_NONE, ALARM_UNACKNOWLEDGED);
    engine_free(f.engine);
}

static void no_hold_is_without_an_end(void **state)
{
    struct fixture f = begin();

    (void)state;
    assert_int_equal(fixture_hold(&f, EVENT_SHELVE, WARM, 2 * FIXTURE_H + 1, false), -ERANGE);
    assert_int_equal(fixture_hold(&f, EVENT_SHELVE, WARM, 0, false), -ERANGE);
    assert_int_equal(fixture_hold(&f, EVENT_SHELVE, WARM, -1, false), -ERANGE);
    assert_int_equal(fixture_hold(&f, EVENT_OUT_OF_SERVICE, WARM, INT64_C(31) * 24 * FIXTURE_H, false),
                     -ERANGE);
    assert_int_equal(fixture_hold(&f, EVENT_SHELVE, WARM, INT64_MAX - fixture_now(&f).utc_us, false),
                     -ERANGE);
    assert_int_equal(fixture_hold(&f, EVENT_OUT_OF_SERVICE, LATCH, FIXTURE_H, false), -EPERM);
    fixture_expect_nothing(&f);
    assert_int_equal(state_of(&f, WARM), ALARM_NORMAL);
    assert_int_equal(fixture_hold(&f, EVENT_SHELVE, WARM, 2 * FIXTURE_H, false), 0);
    engine_free(f.engine);
}

/* The shelf was for 90 minutes. The wall clock is set back by a day: it ends after 90 minutes all the same.
 * It is set forward beyond the end: that is noticed within the hour. */
static void a_clock_that_is_set_makes_no_shelf_longer(void **state)
{
    (void)state;
    for (int forward = 0; forward <= 1; forward++) {
        struct fixture f = begin();
        const int64_t from_us = f.boot_us;

        fixture_good(&f, TEMPERATURE, DEGREES(-140));
        fixture_expect(&f, WARM, TRANSITION_RAISED, WHY_NONE, ALARM_UNACKNOWLEDGED);
        fixture_hold(&f, EVENT_SHELVE, WARM, 90 * FIXTURE_MIN, false);
        fixture_expect(&f, WARM, TRANSITION_SHELVED, WHY_NONE, ALARM_SHELVED);
        go_on(&f, 30 * FIXTURE_MIN, DEGREES(-140), 0);
        f.offset_us += forward ? 24 * FIXTURE_H : -24 * FIXTURE_H;
        fixture_good(&f, TEMPERATURE, DEGREES(-140));
        if (!forward) /* people are shown the end that it will have */
            assert_int_equal(engine_hold(f.engine, WARM).until_utc_us[HOLD_SHELVED],
                             fixture_now(&f).utc_us + 60 * FIXTURE_MIN);
        go_on(&f, (forward ? 30 : 60) * FIXTURE_MIN - 1, DEGREES(-140), 0);
        fixture_expect_nothing(&f);
        fixture_pass(&f, 1);
        fixture_expect(&f, WARM, TRANSITION_UNSHELVED, WHY_TIME, ALARM_UNACKNOWLEDGED);
        assert_int_equal(f.boot_us - from_us, (forward ? 60 : 90) * FIXTURE_MIN);
        engine_free(f.engine);
    }
}

/* A clock that was set forward is noticed at once with whatever else happens to the alarm. */
static void a_set_clock_is_noticed_with_the_next_transition(void **state)
{
    struct fixture f = begin();

    (void)state;
    fixture_hold(&f, EVENT_SHELVE, WARM, FIXTURE_H, false);
    fixture_expect(&f, WARM, TRANSITION_SHELVED, WHY_NONE, ALARM_SHELVED);
    f.offset_us += 2 * FIXTURE_H;
    fixture_good(&f, TEMPERATURE, DEGREES(-140));
    fixture_expect(&f, WARM, TRANSITION_RAISED, WHY_NONE, ALARM_SHELVED);
    fixture_expect(&f, WARM, TRANSITION_UNSHELVED, WHY_TIME, ALARM_UNACKNOWLEDGED);
    engine_free(f.engine);
}

/* The machine slept for a day. The shelf ended in the meantime, and what was decided then is told now. */
static void a_shelf_ends_while_the_machine_sleeps(void **state)
{
    struct fixture f = begin();
    const struct event tick = {.kind = EVENT_TICK};

    (void)state;
    fixture_good(&f, TEMPERATURE, DEGREES(-140));
    fixture_hold(&f, EVENT_SHELVE, WARM, FIXTURE_H, false);
    f.n_seen = f.next = 0;
    f.boot_us += 24 * FIXTURE_H;
    fixture_feed(&f, &tick);
    fixture_expect(&f, WARM, TRANSITION_UNSHELVED, WHY_TIME, ALARM_UNACKNOWLEDGED);
    fixture_expect_nothing(&f);
    engine_free(f.engine);
}

static void a_protected_alarm_is_never_quiet(void **state)
{
    struct fixture f = begin();
    const struct transition *t;

    (void)state;
    assert_int_equal(fixture_hold(&f, EVENT_SHELVE, OXYGEN, FIXTURE_MIN, false), -EPERM);
    fixture_good(&f, VALVE, DEGREES(1)); /* would suppress */
    fixture_expect(&f, WARM, TRANSITION_SUPPRESSED, WHY_NONE, ALARM_SUPPRESSED);
    assert_int_equal(state_of(&f, OXYGEN), ALARM_NORMAL);
    assert_int_equal(fixture_hold(&f, EVENT_OUT_OF_SERVICE, OXYGEN, FIXTURE_H, false), 0);
    t = fixture_expect(&f, OXYGEN, TRANSITION_OUT_OF_SERVICE, WHY_NONE, ALARM_NORMAL);
    assert_int_equal(t->from, ALARM_NORMAL);
    fixture_good(&f, O2, DEGREES(17));
    fixture_expect(&f, OXYGEN, TRANSITION_RAISED, WHY_NONE, ALARM_UNACKNOWLEDGED);
    assert_true(engine_hold(f.engine, OXYGEN).is_held[HOLD_OUT_OF_SERVICE]);
    assert_int_equal(fixture_order(&f, EVENT_ACKNOWLEDGE, OXYGEN), 0);
    fixture_expect(&f, OXYGEN, TRANSITION_ACKNOWLEDGED, WHY_NONE, ALARM_ACKNOWLEDGED);
    fixture_pass(&f, FIXTURE_H);
    while (f.next < f.n_seen && f.seen[f.next].alarm != OXYGEN)
        f.next++;
    fixture_expect(&f, OXYGEN, TRANSITION_IN_SERVICE, WHY_TIME, ALARM_ACKNOWLEDGED);
    engine_free(f.engine);
}

static void out_of_service_ends_and_comes_back_unacknowledged(void **state)
{
    struct fixture f = begin();

    (void)state;
    fixture_hold(&f, EVENT_OUT_OF_SERVICE, WARM, 3 * FIXTURE_H, false);
    fixture_expect(&f, WARM, TRANSITION_OUT_OF_SERVICE, WHY_NONE, ALARM_OUT_OF_SERVICE);
    fixture_good(&f, TEMPERATURE, DEGREES(-100));
    fixture_expect(&f, WARM, TRANSITION_RAISED, WHY_NONE, ALARM_OUT_OF_SERVICE);
    assert_int_equal(fixture_hold(&f, EVENT_SHELVE, WARM, FIXTURE_H, false), 0);
    fixture_expect(&f, WARM, TRANSITION_SHELVED, WHY_NONE, ALARM_OUT_OF_SERVICE); /* below it */
    go_on(&f, FIXTURE_H, DEGREES(-100), 0);
    fixture_expect(&f, WARM, TRANSITION_UNSHELVED, WHY_TIME, ALARM_OUT_OF_SERVICE);
    go_on(&f, 2 * FIXTURE_H, DEGREES(-100), 0);
    fixture_expect(&f, WARM, TRANSITION_IN_SERVICE, WHY_TIME, ALARM_UNACKNOWLEDGED);
    fixture_expect_nothing(&f);
    engine_free(f.engine);
}

static void the_plant_suppresses_only_while_good_data_say_so(void **state)
{
    struct fixture f = begin();

    (void)state;
    fixture_good(&f, VALVE, DEGREES(1));
    fixture_expect(&f, WARM, TRANSITION_SUPPRESSED, WHY_NONE, ALARM_SUPPRESSED);
    fixture_good(&f, TEMPERATURE, DEGREES(-140));
    fixture_expect(&f, WARM, TRANSITION_RAISED, WHY_NONE, ALARM_SUPPRESSED);
    fixture_read(&f, VALVE, DEGREES(1), QUALITY_UNCERTAIN);
    fixture_expect(&f, WARM, TRANSITION_UNSUPPRESSED, WHY_PLANT, ALARM_UNACKNOWLEDGED);
    fixture_good(&f, VALVE, DEGREES(1));
    fixture_expect(&f, WARM, TRANSITION_SUPPRESSED, WHY_NONE, ALARM_SUPPRESSED);
    fixture_read(&f, VALVE, 0, QUALITY_BAD);
    fixture_expect(&f, WARM, TRANSITION_UNSUPPRESSED, WHY_PLANT, ALARM_UNACKNOWLEDGED);
    fixture_good(&f, VALVE, DEGREES(1));
    fixture_expect(&f, WARM, TRANSITION_SUPPRESSED, WHY_NONE, ALARM_SUPPRESSED);
    fixture_pass(&f, 60 * FIXTURE_S); /* nobody reads the valve any more */
    fixture_expect(&f, WARM, TRANSITION_UNSUPPRESSED, WHY_PLANT, ALARM_UNACKNOWLEDGED);
    engine_free(f.engine);
}

/* The valve says "filling" for ever, now and then with a bad reading between: 20 minutes are 20 minutes. */
static void a_suppression_has_an_end_that_lost_data_do_not_move(void **state)
{
    struct fixture f = begin();
    const int64_t from_us = f.boot_us;

    (void)state;
    fixture_good(&f, TEMPERATURE, DEGREES(-140));
    fixture_expect(&f, WARM, TRANSITION_RAISED, WHY_NONE, ALARM_UNACKNOWLEDGED);
    fixture_good(&f, VALVE, DEGREES(1));
    fixture_expect(&f, WARM, TRANSITION_SUPPRESSED, WHY_NONE, ALARM_SUPPRESSED);
    go_on(&f, 10 * FIXTURE_MIN, DEGREES(-140), DEGREES(1));
    fixture_read(&f, VALVE, 0, QUALITY_BAD);
    fixture_expect(&f, WARM, TRANSITION_UNSUPPRESSED, WHY_PLANT, ALARM_UNACKNOWLEDGED);
    go_on(&f, 10 * FIXTURE_MIN - 1, DEGREES(-140), DEGREES(1));
    fixture_expect(&f, WARM, TRANSITION_SUPPRESSED, WHY_NONE, ALARM_SUPPRESSED);
    fixture_expect_nothing(&f);
    fixture_pass(&f, 1);
    fixture_expect(&f, WARM, TRANSITION_UNSUPPRESSED, WHY_TIME, ALARM_UNACKNOWLEDGED);
    assert_int_equal(f.boot_us - from_us, 20 * FIXTURE_MIN);
    /* Nor does it begin again: not by itself, not after lost data, not after a restart. */
    go_on(&f, FIXTURE_H, DEGREES(-140), DEGREES(1));
    fixture_read(&f, VALVE, 0, QUALITY_BAD);
    go_on(&f, FIXTURE_H, DEGREES(-140), DEGREES(1));
    fixture_renew(&f, &TABLES, false);
    go_on(&f, FIXTURE_MIN, DEGREES(-140), DEGREES(1));
    fixture_expect_nothing(&f);
    go_on(&f, FIXTURE_MIN, DEGREES(-140), 0);
    go_on(&f, 20 * FIXTURE_S, DEGREES(-140), DEGREES(1));
    fixture_expect(&f, WARM, TRANSITION_SUPPRESSED, WHY_NONE, ALARM_SUPPRESSED);
    assert_int_equal(engine_hold(f.engine, WARM).n_holds[HOLD_SUPPRESSED], 3);
    engine_free(f.engine);
}

static void worse_than_acknowledged_calls_again(void **state)
{
    struct fixture f = begin();

    (void)state;
    fixture_good(&f, TEMPERATURE, DEGREES(-149));
    fixture_expect(&f, WARM, TRANSITION_RAISED, WHY_NONE, ALARM_UNACKNOWLEDGED);
    fixture_good(&f, TEMPERATURE, DEGREES(-140)); /* nobody has seen that yet */
    fixture_expect_nothing(&f);
    fixture_order(&f, EVENT_ACKNOWLEDGE, WARM);
    fixture_expect(&f, WARM, TRANSITION_ACKNOWLEDGED, WHY_NONE, ALARM_ACKNOWLEDGED);
    fixture_good(&f, TEMPERATURE, DEGREES(-136) - 1);
    fixture_read(&f, TEMPERATURE, 0, QUALITY_BAD);
    fixture_expect_nothing(&f);
    fixture_read(&f, TEMPERATURE, DEGREES(-136), QUALITY_UNCERTAIN); /* it can alarm us */
    fixture_expect(&f, WARM, TRANSITION_REALARMED, WHY_WORSE, ALARM_UNACKNOWLEDGED);
    /* Acknowledged below the limit, in the deadband: the step counts from the limit. */
    fixture_good(&f, TEMPERATURE, DEGREES(-151));
    fixture_order(&f, EVENT_ACKNOWLEDGE, WARM);
    fixture_expect(&f, WARM, TRANSITION_ACKNOWLEDGED, WHY_NONE, ALARM_ACKNOWLEDGED);
    fixture_good(&f, TEMPERATURE, DEGREES(-147));
    fixture_expect_nothing(&f);
    fixture_good(&f, TEMPERATURE, DEGREES(-146));
    fixture_expect(&f, WARM, TRANSITION_REALARMED, WHY_WORSE, ALARM_UNACKNOWLEDGED);
    engine_free(f.engine);
}

static void not_resolved_in_time_calls_again_and_again(void **state)
{
    struct fixture f = begin();

    (void)state;
    fixture_good(&f, TEMPERATURE, DEGREES(-140));
    fixture_expect(&f, WARM, TRANSITION_RAISED, WHY_NONE, ALARM_UNACKNOWLEDGED);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(fixture_order(&f, EVENT_ACKNOWLEDGE, WARM), 0);
        fixture_expect(&f, WARM, TRANSITION_ACKNOWLEDGED, WHY_NONE, ALARM_ACKNOWLEDGED);
        go_on(&f, 30 * FIXTURE_MIN - 1, DEGREES(-140), 0);
        fixture_expect_nothing(&f);
        fixture_pass(&f, 1);
        fixture_expect(&f, WARM, TRANSITION_REALARMED, WHY_UNRESOLVED, ALARM_UNACKNOWLEDGED);
    }
    /* Lost data resolve nothing. */
    fixture_order(&f, EVENT_ACKNOWLEDGE, WARM);
    fixture_expect(&f, WARM, TRANSITION_ACKNOWLEDGED, WHY_NONE, ALARM_ACKNOWLEDGED);
    fixture_pass(&f, 30 * FIXTURE_MIN);
    fixture_expect(&f, WARM, TRANSITION_REALARMED, WHY_UNRESOLVED, ALARM_UNACKNOWLEDGED);
    /* Resolved: quiet. */
    fixture_order(&f, EVENT_ACKNOWLEDGE, WARM);
    fixture_expect(&f, WARM, TRANSITION_ACKNOWLEDGED, WHY_NONE, ALARM_ACKNOWLEDGED);
    fixture_good(&f, TEMPERATURE, DEGREES(-190));
    fixture_expect(&f, WARM, TRANSITION_RETURNED, WHY_NONE, ALARM_NORMAL);
    go_on(&f, 2 * FIXTURE_H, DEGREES(-190), 0);
    fixture_expect_nothing(&f);
    engine_free(f.engine);
}

static void a_latching_alarm_stays_until_it_is_reset(void **state)
{
    struct fixture f = begin();
    const struct transition *t;

    (void)state;
    feed_condition(&f, true);
    fixture_expect(&f, LATCH, TRANSITION_RAISED, WHY_NONE, ALARM_UNACKNOWLEDGED);
    assert_int_equal(fixture_order(&f, EVENT_RESET, LATCH), -EALREADY);
    feed_condition(&f, false);
    t = fixture_expect(&f, LATCH, TRANSITION_RETURNED, WHY_NONE, ALARM_UNACKNOWLEDGED);
    assert_true(t->latched && !t->active);
    assert_int_equal(fixture_order(&f, EVENT_RESET, LATCH), -EALREADY); /* nobody has seen it */
    fixture_order(&f, EVENT_ACKNOWLEDGE, LATCH);
    fixture_expect(&f, LATCH, TRANSITION_ACKNOWLEDGED, WHY_NONE, ALARM_ACKNOWLEDGED);
    fixture_pass(&f, FIXTURE_H); /* it is over: it does not call again */
    while (f.next < f.n_seen)
        assert_int_not_equal(f.seen[f.next++].alarm, LATCH);
    fixture_renew(&f, &TABLES, false);
    assert_true(engine_hold(f.engine, LATCH).latched);
    feed_condition(&f, true);
    t = fixture_expect(&f, LATCH, TRANSITION_RAISED, WHY_NONE, ALARM_UNACKNOWLEDGED);
    assert_false(t->latched);
    feed_condition(&f, false);
    fixture_order(&f, EVENT_ACKNOWLEDGE, LATCH);
    f.next = f.n_seen;
    assert_int_equal(fixture_order(&f, EVENT_RESET, LATCH), 0);
    fixture_expect(&f, LATCH, TRANSITION_RESET, WHY_NONE, ALARM_NORMAL);
    engine_free(f.engine);
}

/* A shelf over a latched alarm must not lose that it is latched. */
static void no_hold_wipes_out_a_latched_alarm(void **state)
{
    struct fixture f = begin();

    (void)state;
    fixture_hold(&f, EVENT_SHELVE, LATCH, FIXTURE_H, true);
    fixture_expect(&f, LATCH, TRANSITION_SHELVED, WHY_NONE, ALARM_SHELVED);
    feed_condition(&f, true);
    fixture_expect(&f, LATCH, TRANSITION_RAISED, WHY_NONE, ALARM_SHELVED);
    feed_condition(&f, false);
    fixture_expect(&f, LATCH, TRANSITION_RETURNED, WHY_NONE, ALARM_SHELVED);
    assert_true(fixture_expect(&f, LATCH, TRANSITION_UNSHELVED, WHY_ONE_SHOT, ALARM_UNACKNOWLEDGED)->latched);
    engine_free(f.engine);
}

static void orders_for_nobody_are_refused(void **state)
{
    static const enum event_kind kinds[] = {EVENT_ACKNOWLEDGE,    EVENT_SHELVE,     EVENT_UNSHELVE,
                                            EVENT_OUT_OF_SERVICE, EVENT_IN_SERVICE, EVENT_RESET};
    struct fixture f = begin();

    (void)state;
    for (unsigned i = 0; i < sizeof kinds / sizeof *kinds; i++)
        assert_int_equal(fixture_hold(&f, kinds[i], N_ALARMS, FIXTURE_MIN, false), -EINVAL);
    assert_int_equal(fixture_feed(&f, &(struct event){.kind = EVENT_CONDITION, .condition = {WARM, true}}),
                     -EINVAL);
    assert_int_equal(fixture_feed(&f, &(struct event){.kind = (enum event_kind)99}), -EINVAL);
    assert_int_equal(fixture_order(&f, EVENT_IN_SERVICE, WARM), -EALREADY);
    engine_free(f.engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_shelf_ends_by_itself_and_calls_again),
        cmocka_unit_test(a_person_ends_a_shelf_and_has_seen_it),
        cmocka_unit_test(what_waits_for_somebody_outlives_a_hold),
        cmocka_unit_test(a_fault_that_grows_calls_again),
        cmocka_unit_test(a_shelf_for_once_ends_with_the_condition),
        cmocka_unit_test(no_hold_is_without_an_end),
        cmocka_unit_test(a_clock_that_is_set_makes_no_shelf_longer),
        cmocka_unit_test(a_set_clock_is_noticed_with_the_next_transition),
        cmocka_unit_test(a_shelf_ends_while_the_machine_sleeps),
        cmocka_unit_test(a_protected_alarm_is_never_quiet),
        cmocka_unit_test(out_of_service_ends_and_comes_back_unacknowledged),
        cmocka_unit_test(the_plant_suppresses_only_while_good_data_say_so),
        cmocka_unit_test(a_suppression_has_an_end_that_lost_data_do_not_move),
        cmocka_unit_test(worse_than_acknowledged_calls_again),
        cmocka_unit_test(not_resolved_in_time_calls_again_and_again),
        cmocka_unit_test(a_latching_alarm_stays_until_it_is_reset),
        cmocka_unit_test(no_hold_wipes_out_a_latched_alarm),
        cmocka_unit_test(orders_for_nobody_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
