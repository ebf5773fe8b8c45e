/* test_call.c - one alarm: levels, delays, repeats, quiet hours, what is off or held. */
#include "call_fixture.h"

#include <stdio.h>

#define WARM "tank-1/warm"

static struct world w;

static void climbs_and_repeats_until_acknowledged(void **state)
{
    (void)state;
    world_alarm(&w, WARM, CALL_CRITICAL, CALL_STATE_UNACKNOWLEDGED);
    world_pass(&w, 9 * SECOND);
    world_quiet(&w); /* the collect window */
    world_pass(&w, 2 * SECOND);
    const struct made *m = world_expect(&w, CALL_FIRST, 0, WARM);
    assert_int_equal(m->order.level, 0);
    assert_int_equal(m->order.round, 1);
    world_quiet(&w);
    world_pass(&w, 5 * MINUTE);
    m = world_expect(&w, CALL_ESCALATED, 1, WARM);
    assert_int_equal(m->order.level, 1);
    world_pass(&w, 10 * MINUTE);
    assert_true(world_count(&w, CALL_AGAIN, 0, WARM) >= 1); /* those of the level before go on being told */
    assert_true(world_count(&w, CALL_AGAIN, 1, WARM) >= 1);
    assert_int_equal(world_count(&w, CALL_ESCALATED, 2, WARM), 1);
    unsigned before = world_count(&w, CALL_AGAIN, 2, WARM);
    world_pass(&w, 3 * 60 * MINUTE);
    assert_true(world_count(&w, CALL_AGAIN, 2, WARM) >= before + 35); /* and on, each five minutes */
    struct call_fact fact = world_fact(WARM, CALL_CRITICAL, CALL_STATE_ACKNOWLEDGED);
    fact.by = 1;
    w.seen = w.n_made;
    world_feed(&w, &fact);
    world_expect(&w, CALL_ACKNOWLEDGED, 0, WARM);
    world_expect(&w, CALL_ACKNOWLEDGED, 1, WARM);
    world_expect(&w, CALL_ACKNOWLEDGED, 2, WARM);
    world_pass(&w, 29 * MINUTE);
    world_quiet(&w);
    world_pass(&w, 2 * MINUTE);
    world_expect(&w, CALL_UNRESOLVED, 0, WARM); /* who is on duty, and who has taken it on */
    world_expect(&w, CALL_UNRESOLVED, 1, WARM);
    world_quiet(&w);
    world_alarm(&w, WARM, CALL_CRITICAL, CALL_STATE_NORMAL);
    world_expect(&w, CALL_RETURNED, 0, WARM);
    world_expect(&w, CALL_RETURNED, 1, WARM);
    world_expect(&w, CALL_RETURNED, 2, WARM);
    world_pass(&w, 60 * MINUTE);
    world_quiet(&w);
    assert_int_equal(call_find(w.call, WARM), UINT32_MAX);
}

static void life_safety_waits_for_nothing(void **state)
{
    (void)state;
    struct call_fact fact = world_fact("room/o2", CALL_HIGH, CALL_STATE_UNACKNOWLEDGED);
    fact.life_safety = true;
    world_feed(&w, &fact);
    world_expect(&w, CALL_FIRST, 0, "room/o2");
}

static void realarmed_begins_anew(void **state)
{
    (void)state;
    world_alarm(&w, WARM, CALL_CRITICAL, CALL_STATE_UNACKNOWLEDGED);
    world_pass(&w, 6 * MINUTE);
    world_alarm(&w, WARM, CALL_CRITICAL, CALL_STATE_ACKNOWLEDGED);
    w.seen = w.n_made;
    struct call_fact fact = world_fact(WARM, CALL_CRITICAL, CALL_STATE_UNACKNOWLEDGED);
    fact.realarmed = true;
    world_feed(&w, &fact);
    world_pass(&w, 11 * SECOND);
    const struct made *m = world_expect(&w, CALL_WORSE, 0, WARM);
    assert_int_equal(m->order.level, 0);
    world_quiet(&w);
}

static void returned_goes_on_being_repeated_until_acknowledged(void **state)
{
    (void)state;
    world_alarm(&w, WARM, CALL_CRITICAL, CALL_STATE_UNACKNOWLEDGED);
    world_pass(&w, 11 * SECOND);
    world_alarm(&w, WARM, CALL_CRITICAL, CALL_STATE_RETURNED);
    assert_int_equal(world_count(&w, CALL_RETURNED, 0, WARM), 1);
    world_pass(&w, 30 * MINUTE);
    assert_true(world_count(&w, CALL_AGAIN, 0, WARM) >= 5);
    assert_int_equal(world_count(&w, CALL_ESCALATED, -1, WARM),
                     0); /* the danger is over, and somebody knows */
}

static void quiet_hours_hold_back_what_is_not_critical(void **state)
{
    struct call_quiet quiet = {.person = 0, .priorities = 1U << CALL_MEDIUM | 1U << CALL_LOW};
    (void)state;
    quiet.from_utc_us = w.now.utc_us;
    quiet.to_utc_us = w.now.utc_us + 60 * MINUTE;
    assert_int_equal(call_set_quiet(w.call, &quiet, 1), 0);
    world_alarm(&w, "tank-1/level", CALL_MEDIUM, CALL_STATE_UNACKNOWLEDGED);
    world_pass(&w, 59 * MINUTE);
    world_quiet(&w);
    world_alarm(&w, WARM, CALL_CRITICAL, CALL_STATE_UNACKNOWLEDGED);
    world_pass(&w, 11 * SECOND);
    world_expect(&w, CALL_FIRST, 0, WARM);
    world_pass(&w, 2 * MINUTE);
    world_expect(&w, CALL_FIRST, 0, "tank-1/level"); /* held back, not lost */
}

static void nobody_on_duty_goes_to_the_next_level(void **state)
{
    struct call_span spans[1] = {{.to_utc_us = INT64_MAX, .level = 1, .people = 2}};
    struct call_health health;
    (void)state;
    assert_int_equal(call_set_duty(w.call, spans, 1), 0);
    world_alarm(&w, WARM, CALL_CRITICAL, CALL_STATE_UNACKNOWLEDGED);
    world_pass(&w, 11 * SECOND);
    assert_int_equal(world_expect(&w, CALL_FIRST, 1, WARM)->order.level, 1);
    call_health(w.call, w.now, &health);
    assert_true(health.hole && health.would_be_told);
}

static void duty_changes_hands(void **state)
{
    struct call_span spans[2] = {{.level = 0, .people = 1},
                                 {.level = 0, .people = 8, .to_utc_us = INT64_MAX}};
    (void)state;
    spans[0].to_utc_us = spans[1].from_utc_us = w.now.utc_us + 3 * MINUTE;
    assert_int_equal(call_set_duty(w.call, spans, 2), 0);
    world_alarm(&w, WARM, CALL_CRITICAL, CALL_STATE_UNACKNOWLEDGED);
    world_pass(&w, 11 * SECOND);
    world_expect(&w, CALL_FIRST, 0, WARM);
    world_pass(&w, 6 * MINUTE);
    assert_true(world_count(&w, CALL_AGAIN, 3, WARM) >= 1); /* whoever came on duty hears of it */
    world_alarm(&w, WARM, CALL_CRITICAL, CALL_STATE_NORMAL);
    assert_int_equal(world_count(&w, CALL_RETURNED, 0, WARM), 1); /* and whoever went learns of the end */
    assert_int_equal(world_count(&w, CALL_RETURNED, 3, WARM), 1);
}

static void off_is_bounded(void **state)
{
    struct call_event off = {.kind = CALL_OFF, .person = 0, .channel = CALL_ALL_CHANNELS};
    struct call_health health;
    (void)state;
    off.until_utc_us = w.now.utc_us + INT64_C(365) * 24 * 60 * MINUTE; /* a year: cut to seven days */
    call_feed(w.call, w.now, &off);
    call_health(w.call, w.now, &health);
    assert_int_equal(health.reachable, 2);
    world_alarm(&w, WARM, CALL_CRITICAL, CALL_STATE_UNACKNOWLEDGED);
    world_pass(&w, 11 * SECOND);
    world_expect(&w, CALL_FIRST, 1, WARM); /* at once, not after the first level's delay */
    world_pass(&w, CALL_OFF_MAX_US);
    call_health(w.call, w.now, &health);
    assert_int_equal(health.reachable, 3);
}

static void covered_is_told_once(void **state)
{
    static const enum call_state states[] = {CALL_STATE_SHELVED, CALL_STATE_SUPPRESSED,
                                             CALL_STATE_OUT_OF_SERVICE};
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        world_alarm(&w, WARM, CALL_HIGH, states[i]);
        world_pass(&w, 11 * SECOND);
        world_expect(&w, CALL_HELD, 0, WARM);
        world_alarm(&w, WARM, CALL_HIGH, states[i]);
        world_pass(&w, 3 * 60 * MINUTE);
        world_quiet(&w);
    }
    world_alarm(&w, WARM, CALL_HIGH, CALL_STATE_UNACKNOWLEDGED); /* its end, with the condition still there */
    world_pass(&w, 11 * SECOND);
    world_expect(&w, CALL_FIRST, 0, WARM);
}

static void the_end_of_a_hold_is_told(void **state)
{
    static const enum call_state ends[] = {CALL_STATE_ACKNOWLEDGED, CALL_STATE_NORMAL};
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        world_alarm(&w, WARM, CALL_HIGH, CALL_STATE_SHELVED);
        world_pass(&w, 11 * SECOND);
        world_expect(&w, CALL_HELD, 0, WARM);
        world_alarm(&w, WARM, CALL_HIGH, ends[i]);
        world_pass(&w, 11 * SECOND);
        world_expect(&w, CALL_HOLD_ENDED, 0, WARM);
        world_quiet(&w);
    }
}

static void hold_alarms(enum call_state to, uint64_t hold, unsigned from, unsigned n)
{
    for (unsigned i = from; i < from + n; i++) {
        char key[CALL_KEY];
        snprintf(key, sizeof key, "tank-3/alarm-%u", i);
        struct call_fact fact = world_fact(key, i == 5 ? CALL_HIGH : CALL_LOW, to);
        fact.hold = hold;
        world_feed(&w, &fact);
    }
}

static unsigned alarms_of(const struct made *m)
{
    uint32_t cursor = 0, slot;
    unsigned n = 0;
    while (call_batch_next(w.call, &m->order, &cursor, &slot))
        n++;
    return n;
}

static void what_one_order_holds_is_told_together(void **state)
{
    (void)state;
    hold_alarms(CALL_STATE_OUT_OF_SERVICE, 7, 0, 17);
    hold_alarms(CALL_STATE_OUT_OF_SERVICE, 8, 20, 2); /* another order */
    world_quiet(&w);
    world_pass(&w, 11 * SECOND);
    const struct made *m = world_expect(&w, CALL_HELD, 0, "tank-3/alarm-5"); /* the worst leads */
    assert_int_equal(m->order.n_alarms, 17);
    assert_int_equal(alarms_of(m), 17);
    assert_int_equal(world_expect(&w, CALL_HELD, 0, NULL)->order.n_alarms, 2);
    world_quiet(&w);
    hold_alarms(CALL_STATE_NORMAL, 9, 0, 17);
    world_pass(&w, 11 * SECOND);
    m = world_expect(&w, CALL_HOLD_ENDED, 0, "tank-3/alarm-5");
    assert_int_equal(m->order.n_alarms, 17);
    world_pass(&w, 24 * 60 * MINUTE);
    world_quiet(&w);
    assert_int_equal(call_find(w.call, "tank-3/alarm-5"), UINT32_MAX);
}

/* Whoever had one of them on the phone hears of the order, and an alarm is not held up by it. */
static void an_order_is_told_to_whoever_was_called(void **state)
{
    (void)state;
    world_alarm(&w, "tank-3/alarm-5", CALL_HIGH, CALL_STATE_UNACKNOWLEDGED);
    world_pass(&w, 11 * MINUTE);
    w.seen = w.n_made; /* the second level was called too */
    hold_alarms(CALL_STATE_SHELVED, 7, 4, 3);
    world_alarm(&w, WARM, CALL_CRITICAL, CALL_STATE_UNACKNOWLEDGED);
    world_pass(&w, 11 * SECOND);
    assert_int_equal(world_count(&w, CALL_HELD, 0, NULL), 1);
    assert_int_equal(world_count(&w, CALL_HELD, 1, NULL), 1);
    assert_int_equal(world_count(&w, CALL_FIRST, 0, WARM), 1);
}

static void calls_are_counted_by_person(void **state)
{
    (void)state;
    w.broken[0][0] = true; /* what falls to the next channel is the same call */
    world_alarm(&w, WARM, CALL_CRITICAL, CALL_STATE_UNACKNOWLEDGED);
    world_pass(&w, 12 * MINUTE);
    assert_int_equal(world_expect(&w, CALL_FIRST, 0, WARM)->order.nth, 1);
    assert_int_equal(world_expect(&w, CALL_FIRST, 0, WARM)->order.nth, 1);
    unsigned first = 0, second = 0;
    for (unsigned i = w.seen; i < w.n_made; i++) {
        const struct call_order *o = &w.made[i].order;
        if (o->purpose == CALL_TESTED)
            continue;
        unsigned *last = o->person == 0 ? &first : &second;
        if (*last == 0)
            assert_int_equal(o->nth,
                             o->person == 0 ? 2 : 1); /* the head's first, in the alarm's second round */
        *last = o->nth;
    }
    assert_true(first >= 2 && second >= 1);
}

static void drill_goes_round_and_climbs(void **state)
{
    (void)state;
    static const unsigned order[] = {0, 1, 2, 0};
    for (unsigned i = 0; i < 4; i++) {
        struct call_fact fact = world_fact("system/drill", CALL_LOW, CALL_STATE_UNACKNOWLEDGED);
        fact.drill = true;
        w.seen = w.n_made;
        world_feed(&w, &fact);
        world_pass(&w, 11 * SECOND);
        world_expect(&w, CALL_DRILL, order[i], "system/drill");
        world_quiet(&w);
        if (i == 0) {
            world_pass(&w, 15 * MINUTE);
            world_expect(&w, CALL_DRILL, 1, "system/drill");
        }
        world_alarm(&w, "system/drill", CALL_LOW, CALL_STATE_NORMAL);
    }
}

static void late_news_call_nobody(void **state)
{
    struct call_fact fact = world_fact(WARM, CALL_CRITICAL, CALL_STATE_UNACKNOWLEDGED);
    (void)state;
    fact.late = true;
    world_feed(&w, &fact);
    world_pass(&w, 60 * MINUTE);
    world_quiet(&w);
    fact.late = false; /* the retained state: it is still so */
    world_feed(&w, &fact);
    world_pass(&w, 11 * SECOND);
    world_expect(&w, CALL_FIRST, 0, WARM);
}

static void local_alarm_is_acknowledged_here(void **state)
{
    struct call_event ack = {.kind = CALL_ACK, .fact = {.by = 0, .key = "cryonotify/silent"}};
    struct call_fact fact = world_fact("cryonotify/silent", CALL_CRITICAL, CALL_STATE_UNACKNOWLEDGED);
    (void)state;
    fact.local = true;
    world_feed(&w, &fact);
    world_pass(&w, 11 * SECOND);
    world_expect(&w, CALL_FIRST, 0, NULL);
    call_feed(w.call, w.now, &ack);
    world_step(&w);
    world_expect(&w, CALL_ACKNOWLEDGED, 0, NULL);
    world_pass(&w, 20 * MINUTE);
    world_quiet(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(climbs_and_repeats_until_acknowledged, &w),
        WORLD_TEST(life_safety_waits_for_nothing, &w),
        WORLD_TEST(realarmed_begins_anew, &w),
        WORLD_TEST(returned_goes_on_being_repeated_until_acknowledged, &w),
        WORLD_TEST(quiet_hours_hold_back_what_is_not_critical, &w),
        WORLD_TEST(nobody_on_duty_goes_to_the_next_level, &w),
        WORLD_TEST(duty_changes_hands, &w),
        WORLD_TEST(off_is_bounded, &w),
        WORLD_TEST(covered_is_told_once, &w),
        WORLD_TEST(the_end_of_a_hold_is_told, &w),
        WORLD_TEST(what_one_order_holds_is_told_together, &w),
        WORLD_TEST(an_order_is_told_to_whoever_was_called, &w),
        WORLD_TEST(calls_are_counted_by_person, &w),
        WORLD_TEST(drill_goes_round_and_climbs, &w),
        WORLD_TEST(late_news_call_nobody, &w),
        WORLD_TEST(local_alarm_is_acknowledged_here, &w),
    };
    return cmocka_run_group_tests_name("call", tests, NULL, NULL);
}
