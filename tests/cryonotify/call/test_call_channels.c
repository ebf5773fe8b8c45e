/* test_call_channels.c - channels that fail or hang: which other way a call goes, and how fast. */
#include "call_fixture.h"

#define WARM "tank-1/warm"

static struct world w;

static void failed_channel_falls_at_once(void **state)
{
    (void)state;
    w.broken[0][0] = true;
    world_alarm(&w, WARM, CALL_CRITICAL, CALL_STATE_UNACKNOWLEDGED);
    world_pass(&w, 11 * SECOND);
    const struct made *first = world_expect(&w, CALL_FIRST, 0, WARM);
    const struct made *second = world_expect(&w, CALL_FIRST, 0, WARM);
    assert_int_equal(first->order.channel, 0);
    assert_int_equal(second->order.kind, CALL_AGAIN_BY);
    assert_int_equal(second->order.of, first->order.attempt);
    assert_int_equal(second->order.channel, 1);
    assert_int_equal(second->at_us, first->at_us);
    assert_int_equal(call_channel_state(w.call, 0, 0), CALL_FAILED);
    world_quiet(&w);
    world_pass(&w, 5 * MINUTE); /* the channel that works goes first now */
    assert_int_equal(w.made[w.seen].order.channel, w.made[w.seen].order.person == 0 ? 1 : 0);
}

static void all_channels_failed_goes_up_at_once(void **state)
{
    (void)state;
    w.broken[0][0] = w.broken[0][1] = w.broken[1][0] = w.broken[1][1] = true;
    world_alarm(&w, WARM, CALL_HIGH, CALL_STATE_UNACKNOWLEDGED);
    world_pass(&w, 11 * SECOND);
    world_expect(&w, CALL_FIRST, 0, WARM);
    world_expect(&w, CALL_FIRST, 0, WARM);
    world_expect(&w, CALL_ESCALATED, 1, WARM);
    world_expect(&w, CALL_ESCALATED, 1, WARM);
    const struct made *m = world_expect(&w, CALL_ESCALATED, 2, WARM);
    assert_true(m->at_us < w.now.boot_us + SECOND);
    assert_true(m->ok);
}

static void nobody_reached_is_tried_again_and_said(void **state)
{
    struct call_health health;
    (void)state;
    for (unsigned i = 0; i < PEOPLE; i++)
        w.broken[i][0] = w.broken[i][1] = true;
    world_alarm(&w, WARM, CALL_CRITICAL, CALL_STATE_UNACKNOWLEDGED);
    world_pass(&w, 11 * SECOND);
    call_health(w.call, w.now, &health);
    assert_false(health.would_be_told);
    assert_int_equal(health.reachable, 0);
    unsigned before = w.n_made;
    world_pass(&w, 2 * MINUTE);
    assert_true(w.n_made > before); /* each half minute */
    w.broken[2][1] = false;
    world_pass(&w, MINUTE);
    call_health(w.call, w.now, &health);
    assert_true(health.would_be_told);
}

static void a_channel_that_hangs_has_failed(void **state)
{
    (void)state;
    w.silent[0][0] = true;
    world_alarm(&w, WARM, CALL_HIGH, CALL_STATE_UNACKNOWLEDGED);
    world_pass(&w, 11 * SECOND);
    const struct made *first = world_expect(&w, CALL_FIRST, 0, WARM);
    world_pass(&w, 61 * SECOND);
    const struct made *second = world_expect(&w, CALL_FIRST, 0, WARM);
    assert_int_equal(second->order.of, first->order.attempt);
    assert_int_equal(second->order.channel, 1);
}

/* What is critical does not wait for the failure: it goes the next way as well, and when both have an answer
 * that is all. */
static void a_critical_call_does_not_wait_for_a_channel(void **state)
{
    (void)state;
    w.silent[0][0] = true;
    world_alarm(&w, WARM, CALL_CRITICAL, CALL_STATE_UNACKNOWLEDGED);
    world_pass(&w, 19 * SECOND);
    const struct made *first = world_expect(&w, CALL_FIRST, 0, WARM);
    world_quiet(&w);
    world_pass(&w, 2 * SECOND);
    const struct made *second = world_expect(&w, CALL_FIRST, 0, WARM);
    assert_int_equal(second->at_us - first->at_us, 10 * SECOND);
    assert_int_equal(second->order.kind, CALL_AGAIN_BY);
    assert_int_equal(second->order.of, first->order.attempt);
    assert_int_equal(second->order.channel, 1);
    assert_int_equal(second->order.nth, 1); /* the same call */
    assert_int_equal(call_channel_state(w.call, 0, 0), CALL_UNTRIED);
    world_alarm(&w, "tank-2/warm", CALL_CRITICAL, CALL_STATE_UNACKNOWLEDGED);
    world_pass(&w, 11 * SECOND); /* another one goes the way that works at once */
    assert_int_equal(world_expect(&w, CALL_FIRST, 0, "tank-2/warm")->order.channel, 1);
    world_pass(&w, MINUTE); /* by now it has failed */
    assert_int_equal(call_channel_state(w.call, 0, 0), CALL_FAILED);
    world_quiet(&w);
}

/* Not through the next channel what nobody needs to be told any more. */
static void what_is_acknowledged_goes_no_other_way(void **state)
{
    struct call_event late = {.kind = CALL_RESULT, .ok = true};
    (void)state;
    w.silent[0][0] = true;
    world_alarm(&w, WARM, CALL_CRITICAL, CALL_STATE_UNACKNOWLEDGED);
    world_pass(&w, 15 * SECOND);
    late.attempt = world_expect(&w, CALL_FIRST, 0, WARM)->order.attempt;
    world_alarm(&w, WARM, CALL_CRITICAL, CALL_STATE_ACKNOWLEDGED);
    world_pass(&w, 10 * SECOND);
    world_quiet(&w);
    call_feed(w.call, w.now, &late); /* it was only slow */
    assert_int_equal(call_channel_state(w.call, 0, 0), CALL_WORKS);
    world_pass(&w, MINUTE);
    world_quiet(&w);
}

/* All ways hang: each is tried in its turn, and the failures go up as ever. */
static void every_channel_hangs(void **state)
{
    (void)state;
    w.silent[0][0] = w.silent[0][1] = true;
    world_alarm(&w, WARM, CALL_CRITICAL, CALL_STATE_UNACKNOWLEDGED);
    world_pass(&w, 25 * SECOND);
    world_expect(&w, CALL_FIRST, 0, WARM);
    world_expect(&w, CALL_FIRST, 0, WARM);
    world_pass(&w, 54 * SECOND);
    world_quiet(&w);
    world_pass(&w, 5 * SECOND); /* ten seconds after the first: so has the second failed */
    world_expect(&w, CALL_ESCALATED, 1, WARM);
}

/* A repeat does not wait behind what it repeats; without another way it does. */
static void a_repeat_goes_another_way(void **state)
{
    struct call_rules rules;
    (void)state;
    world_end(&w);
    world_rules(&rules);
    rules.pace[CALL_HIGH].repeat_ms = 20000;
    world_begin(&w, &rules);
    w.silent[0][0] = true;
    world_alarm(&w, WARM, CALL_HIGH, CALL_STATE_UNACKNOWLEDGED);
    world_pass(&w, 11 * SECOND);
    assert_int_equal(world_expect(&w, CALL_FIRST, 0, WARM)->order.channel, 0);
    world_pass(&w, 20 * SECOND);
    const struct made *m = world_expect(&w, CALL_FIRST, 0, WARM); /* nobody has got the first */
    assert_int_equal(m->order.channel, 1);
    assert_int_equal(m->order.kind, CALL_SEND);
    assert_int_equal(m->order.nth, 2);
    world_alarm(&w, "tank-2/warm", CALL_HIGH,
                CALL_STATE_UNACKNOWLEDGED); /* of another one none is under way */
    world_pass(&w, 11 * SECOND);
    assert_int_equal(world_expect(&w, CALL_FIRST, 0, "tank-2/warm")->order.channel, 0);
    w.silent[0][1] = true;
    world_pass(&w, 9 * SECOND);
    assert_int_equal(world_expect(&w, CALL_AGAIN, 0, WARM)->order.channel, 1);
}

static void every_channel_at_once(void **state)
{
    struct call_rules rules;
    (void)state;
    world_end(&w);
    world_rules(&rules);
    rules.pace[CALL_CRITICAL].every_channel = true;
    world_begin(&w, &rules);
    world_alarm(&w, WARM, CALL_CRITICAL, CALL_STATE_UNACKNOWLEDGED);
    world_pass(&w, 11 * SECOND);
    assert_int_equal(world_expect(&w, CALL_FIRST, 0, WARM)->order.channel, 0);
    assert_int_equal(world_expect(&w, CALL_FIRST, 0, WARM)->order.channel, 1);
    world_quiet(&w);
}

static void failed_channel_is_tried_again(void **state)
{
    struct call_rules rules;
    (void)state;
    world_end(&w);
    world_rules(&rules);
    rules.probe_ms = 60000;
    rules.probe_max_ms = 240000;
    world_begin(&w, &rules);
    w.broken[0][0] = true;
    world_alarm(&w, WARM, CALL_MEDIUM, CALL_STATE_UNACKNOWLEDGED);
    world_pass(&w, 11 * SECOND);
    w.seen = w.n_made;
    world_pass(&w, 20 * MINUTE);
    assert_in_range(world_count(&w, CALL_TESTED, 0, NULL), 5, 8); /* 1, 2, 4, 4 ... minutes */
    w.broken[0][0] = false;
    world_pass(&w, 5 * MINUTE);
    assert_int_equal(call_channel_state(w.call, 0, 0), CALL_WORKS);
    unsigned n = world_count(&w, CALL_TESTED, 0, NULL);
    world_pass(&w, 20 * MINUTE);
    assert_int_equal(world_count(&w, CALL_TESTED, 0, NULL), n);
}

/* A channel that nobody has used is not said to work. */
static void untried_is_not_proven(void **state)
{
    struct call_health health;
    struct call_event known = {.kind = CALL_KNOWN, .person = 1, .channel = 0, .ok = true};
    (void)state;
    call_health(w.call, w.now, &health);
    assert_int_equal(health.reachable, 3);
    assert_int_equal(health.proven, 0);
    assert_int_equal(call_channel_state(w.call, 0, 0), CALL_UNTRIED);
    call_feed(w.call, w.now, &known);
    call_health(w.call, w.now, &health);
    assert_int_equal(health.proven, 1);
    known.ok = false; /* as a run before has left it: it is tried again */
    call_feed(w.call, w.now, &known);
    assert_int_equal(call_channel_state(w.call, 1, 0), CALL_FAILED);
    known.ok = true; /* what failed for a message works only when a message has gone */
    call_feed(w.call, w.now, &known);
    assert_int_equal(call_channel_state(w.call, 1, 0), CALL_FAILED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(failed_channel_falls_at_once, &w),
        WORLD_TEST(all_channels_failed_goes_up_at_once, &w),
        WORLD_TEST(nobody_reached_is_tried_again_and_said, &w),
        WORLD_TEST(a_channel_that_hangs_has_failed, &w),
        WORLD_TEST(a_critical_call_does_not_wait_for_a_channel, &w),
        WORLD_TEST(what_is_acknowledged_goes_no_other_way, &w),
        WORLD_TEST(every_channel_hangs, &w),
        WORLD_TEST(a_repeat_goes_another_way, &w),
        WORLD_TEST(every_channel_at_once, &w),
        WORLD_TEST(failed_channel_is_tried_again, &w),
        WORLD_TEST(untried_is_not_proven, &w),
    };
    return cmocka_run_group_tests_name("call channels", tests, NULL, NULL);
}
