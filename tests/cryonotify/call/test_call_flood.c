/* test_call_flood.c - many at once: groups, floods, and the bounds. */
#include "call_fixture.h"

#include <stdio.h>

static struct world w;

static void member(const char *key, enum call_priority priority, enum call_state state)
{
    struct call_fact fact = world_fact(key, priority, state);
    snprintf(fact.group, sizeof fact.group, "hall/bus-down");
    world_feed(&w, &fact);
}

static unsigned batch_size(const struct made *m)
{
    uint32_t cursor = 0, slot;
    unsigned n = 0;
    while (call_batch_next(w.call, &m->order, &cursor, &slot))
        n++;
    return n;
}

static void group_speaks_for_its_members(void **state)
{
    (void)state;
    member("tank-1/no-data", CALL_HIGH, CALL_STATE_UNACKNOWLEDGED);
    member("tank-2/no-data", CALL_HIGH, CALL_STATE_UNACKNOWLEDGED);
    world_pass(&w, 3 * SECOND);
    world_alarm(&w, "hall/bus-down", CALL_HIGH, CALL_STATE_UNACKNOWLEDGED);
    member("tank-3/warm", CALL_CRITICAL, CALL_STATE_UNACKNOWLEDGED); /* worse than the group: by itself */
    world_pass(&w, 20 * SECOND);
    const struct made *m = world_expect(&w, CALL_FIRST, 0, "hall/bus-down");
    assert_int_equal(m->order.n_alarms, 3);
    assert_int_equal(batch_size(m), 3);
    world_expect(&w, CALL_FIRST, 0, "tank-3/warm");
    world_quiet(&w);
    member("tank-4/no-data", CALL_HIGH,
           CALL_STATE_UNACKNOWLEDGED); /* comes later: listed from the next message on */
    world_pass(&w, 11 * SECOND);
    world_quiet(&w);
    world_alarm(&w, "tank-3/warm", CALL_CRITICAL, CALL_STATE_NORMAL);
    w.seen = w.n_made;
    world_pass(&w, 10 * MINUTE);
    m = world_expect(&w, CALL_ESCALATED, 1, "hall/bus-down");
    assert_int_equal(batch_size(m), 4);
}

/* The first members are raised before the group is: they do not say that they belong to it, the
 * group does. */
static void group_names_those_that_came_before_it(void **state)
{
    (void)state;
    world_alarm(&w, "tank-1/no-data", CALL_HIGH, CALL_STATE_UNACKNOWLEDGED);
    world_alarm(&w, "tank-2/no-data", CALL_HIGH, CALL_STATE_UNACKNOWLEDGED);
    world_alarm(&w, "tank-3/warm", CALL_CRITICAL, CALL_STATE_UNACKNOWLEDGED);
    world_alarm(&w, "hall/bus-down", CALL_HIGH, CALL_STATE_UNACKNOWLEDGED);
    call_join(w.call, "tank-1/no-data", "hall/bus-down");
    call_join(w.call, "tank-2/no-data", "hall/bus-down");
    call_join(w.call, "tank-3/warm", "hall/bus-down");
    call_join(w.call, "tank-9/none", "hall/bus-down");
    world_alarm(&w, "tank-2/no-data", CALL_HIGH,
                CALL_STATE_UNACKNOWLEDGED); /* the state that it had before */
    world_pass(&w, 11 * SECOND);
    world_expect(&w, CALL_FIRST, 0, "tank-3/warm"); /* worse than the group */
    const struct made *m = world_expect(&w, CALL_FIRST, 0, "hall/bus-down");
    assert_int_equal(batch_size(m), 3);
    world_quiet(&w);
}

static void acknowledged_group_does_not_hide_what_comes_later(void **state)
{
    (void)state;
    member("tank-1/no-data", CALL_HIGH, CALL_STATE_UNACKNOWLEDGED);
    world_alarm(&w, "hall/bus-down", CALL_HIGH, CALL_STATE_UNACKNOWLEDGED);
    world_pass(&w, 11 * SECOND);
    world_expect(&w, CALL_FIRST, 0, "hall/bus-down");
    world_alarm(&w, "hall/bus-down", CALL_HIGH, CALL_STATE_ACKNOWLEDGED);
    world_expect(&w, CALL_ACKNOWLEDGED, 0, "hall/bus-down");
    world_pass(&w, 30 * MINUTE);
    world_quiet(&w); /* the member is told with its group */
    member("tank-2/no-data", CALL_HIGH, CALL_STATE_UNACKNOWLEDGED);
    world_pass(&w, 11 * SECOND);
    world_expect(&w, CALL_FIRST, 0, "tank-2/no-data");
}

static void members_are_called_when_the_group_ends_without_them(void **state)
{
    (void)state;
    member("tank-1/no-data", CALL_HIGH, CALL_STATE_UNACKNOWLEDGED);
    world_alarm(&w, "hall/bus-down", CALL_HIGH, CALL_STATE_UNACKNOWLEDGED);
    world_pass(&w, 11 * SECOND);
    world_expect(&w, CALL_FIRST, 0, "hall/bus-down");
    world_alarm(&w, "hall/bus-down", CALL_HIGH, CALL_STATE_NORMAL);
    world_expect(&w, CALL_RETURNED, 0, "hall/bus-down");
    world_pass(&w, 11 * SECOND);
    world_expect(&w, CALL_FIRST, 0, "tank-1/no-data");
}

/* A member that was over, and holds again after its group has ended, is called. */
static void member_that_comes_back_is_called(void **state)
{
    struct call_fact fact = world_fact("tank-8/level-low", CALL_HIGH, CALL_STATE_RETURNED);
    (void)state;
    member("tank-8/level-low", CALL_HIGH, CALL_STATE_UNACKNOWLEDGED);
    world_alarm(&w, "hall/bus-down", CALL_HIGH, CALL_STATE_UNACKNOWLEDGED);
    world_pass(&w, 11 * SECOND);
    world_expect(&w, CALL_FIRST, 0, "hall/bus-down");
    world_alarm(&w, "hall/bus-down", CALL_HIGH, CALL_STATE_RETURNED);
    world_feed(&w, &fact); /* and its event names no group any more */
    world_pass(&w, 11 * SECOND);
    world_alarm(&w, "hall/bus-down", CALL_HIGH, CALL_STATE_NORMAL);
    world_pass(&w, 11 * SECOND);
    w.seen = w.n_made;
    world_alarm(&w, "tank-8/level-low", CALL_HIGH, CALL_STATE_UNACKNOWLEDGED); /* the same occurrence */
    world_pass(&w, SECOND);
    world_expect(&w, CALL_AGAIN, 0, "tank-8/level-low"); /* at once, not at the next repeat */
    world_quiet(&w);
}

/* The same while the group is acknowledged and goes on: the acknowledgement was not of this. */
static void member_that_comes_back_in_an_acknowledged_group_is_called(void **state)
{
    struct call_fact fact = world_fact("tank-8/level-low", CALL_HIGH, CALL_STATE_RETURNED);
    (void)state;
    member("tank-8/level-low", CALL_HIGH, CALL_STATE_UNACKNOWLEDGED);
    world_alarm(&w, "hall/bus-down", CALL_HIGH, CALL_STATE_UNACKNOWLEDGED);
    world_pass(&w, 11 * SECOND);
    snprintf(fact.group, sizeof fact.group, "hall/bus-down");
    world_feed(&w, &fact);
    world_alarm(&w, "hall/bus-down", CALL_HIGH, CALL_STATE_ACKNOWLEDGED);
    world_pass(&w, 11 * SECOND);
    w.seen = w.n_made;
    member("tank-8/level-low", CALL_HIGH, CALL_STATE_UNACKNOWLEDGED);
    world_pass(&w, 11 * SECOND);
    world_expect(&w, CALL_FIRST, 0, "tank-8/level-low");
}

static void flood_becomes_a_summary(void **state)
{
    char key[32];
    unsigned summarised = 0;
    (void)state;
    for (unsigned i = 0; i < 30; i++) {
        snprintf(key, sizeof key, "tank-%u/level", i);
        world_alarm(&w, key, CALL_MEDIUM, CALL_STATE_UNACKNOWLEDGED);
    }
    world_alarm(&w, "tank-1/warm", CALL_CRITICAL, CALL_STATE_UNACKNOWLEDGED);
    struct call_fact o2 = world_fact("room/o2", CALL_MEDIUM, CALL_STATE_UNACKNOWLEDGED);
    o2.life_safety = true;
    world_feed(&w, &o2);
    world_pass(&w, MINUTE);
    assert_int_equal(world_count(&w, CALL_FIRST, 0, "tank-1/warm"), 1);
    assert_int_equal(world_count(&w, CALL_FIRST, 0, "room/o2"), 1);
    assert_int_equal(w.n_made, 3);
    for (unsigned i = 0; i < w.n_made; i++)
        if (w.made[i].order.purpose == CALL_SUMMARY)
            summarised += batch_size(&w.made[i]);
    assert_int_equal(summarised, 30); /* nothing is hidden */
    struct call_view view;
    assert_true(call_view(w.call, call_find(w.call, "tank-29/level"), &view));
    assert_int_equal(view.told, 1);
    world_alarm(&w, "tank-77/level", CALL_MEDIUM, CALL_STATE_UNACKNOWLEDGED);
    world_alarm(&w, "tank-78/level", CALL_MEDIUM, CALL_STATE_UNACKNOWLEDGED);
    w.seen = w.n_made;
    world_pass(&w, 3 * MINUTE);
    assert_int_equal(batch_size(world_expect(&w, CALL_SUMMARY, 0, NULL)), 2); /* those that came since */
    world_quiet(&w);
    world_pass(&w, 60 * MINUTE); /* repeats are summaries too */
    assert_int_equal(world_count(&w, CALL_AGAIN, 0, "tank-3/level"), 0);
    assert_true(world_count(&w, CALL_SUMMARY, 0, NULL) >= 3);
    world_alarm(&w, "tank-90/level", CALL_MEDIUM, CALL_STATE_UNACKNOWLEDGED); /* the flood is over */
    world_pass(&w, 11 * SECOND);
    assert_int_equal(world_count(&w, CALL_FIRST, 0, "tank-90/level"), 1);
}

/* In a flood each that comes after the last summary would be alone in its moment. */
static void who_comes_one_by_one_is_summarised(void **state)
{
    char key[32];
    (void)state;
    for (unsigned i = 0; i < 30; i++) {
        snprintf(key, sizeof key, "tank-%u/level", i);
        world_alarm(&w, key, CALL_MEDIUM, CALL_STATE_UNACKNOWLEDGED);
    }
    world_pass(&w, 3 * MINUTE);
    w.seen = w.n_made;
    for (unsigned i = 40; i < 45; i++) {
        snprintf(key, sizeof key, "tank-%u/level", i);
        world_alarm(&w, key, CALL_MEDIUM, CALL_STATE_UNACKNOWLEDGED);
        world_pass(&w, 12 * SECOND);
    }
    world_expect(&w, CALL_FIRST, 0, "tank-40/level"); /* it reads better than a summary of one */
    world_quiet(&w);
    world_pass(&w, 2 * MINUTE);
    assert_int_equal(batch_size(world_expect(&w, CALL_SUMMARY, 0, NULL)), 4);
    world_quiet(&w);
}

static void as_many_as_the_flood_allows_are_called_singly(void **state)
{
    char key[32];
    (void)state;
    for (unsigned i = 0; i < 10; i++) {
        snprintf(key, sizeof key, "tank-%u/level", i);
        world_alarm(&w, key, CALL_MEDIUM, CALL_STATE_UNACKNOWLEDGED);
    }
    world_pass(&w, MINUTE);
    assert_int_equal(world_count(&w, CALL_FIRST, 0, NULL), 10);
}

/* More alarms than there are slots. */
static void what_can_not_be_followed_is_said(void **state)
{
    char key[32];
    struct call_health health;
    (void)state;
    for (unsigned i = 0; i < 80; i++) {
        snprintf(key, sizeof key, "tank-%u/level", i);
        world_alarm(&w, key, CALL_MEDIUM, CALL_STATE_UNACKNOWLEDGED);
    }
    for (unsigned i = 0; i < 5; i++) { /* these take the place of less important ones */
        snprintf(key, sizeof key, "tank-%u/warm", i);
        world_alarm(&w, key, CALL_CRITICAL, CALL_STATE_UNACKNOWLEDGED);
    }
    world_pass(&w, MINUTE);
    for (unsigned i = 0; i < 5; i++) {
        snprintf(key, sizeof key, "tank-%u/warm", i);
        assert_int_equal(world_count(&w, CALL_FIRST, 0, key), 1);
    }
    assert_true(world_count(&w, CALL_FIRST, 0, CALL_TOO_MANY) >= 1);
    call_health(w.call, w.now, &health);
    assert_int_equal(health.uncounted, 80 + 5 - 63);
    assert_false(call_wants_resync(w.call));
    world_alarm(&w, "tank-0/warm", CALL_CRITICAL, CALL_STATE_NORMAL);
    world_pass(&w, SECOND);
    assert_true(call_wants_resync(w.call)); /* there is room: the states are to be read anew */
    world_step(&w);
    assert_int_equal(world_count(&w, CALL_RETURNED, 0, CALL_TOO_MANY), 1);
}

/* A channel that never answers, and more messages than can be under way: all go out in the end. */
static void attempts_are_bounded(void **state)
{
    struct call_rules rules;
    char key[32];
    (void)state;
    world_end(&w);
    world_rules(&rules);
    rules.n_alarms = 2048;
    rules.flood_count = 0;
    world_begin(&w, &rules);
    for (unsigned i = 0; i < PEOPLE; i++)
        w.silent[i][0] = w.silent[i][1] = true;
    for (unsigned i = 0; i < 1000; i++) {
        snprintf(key, sizeof key, "tank-%u/warm", i);
        world_alarm(&w, key, CALL_CRITICAL, CALL_STATE_UNACKNOWLEDGED);
    }
    world_pass(&w, 20 * SECOND);
    assert_true(w.n_made <= CALL_ATTEMPTS);
    assert_true(w.n_made > 0);
    for (unsigned i = 0; i < PEOPLE; i++)
        w.silent[i][0] = w.silent[i][1] = false;
    world_pass(&w, 2 * MINUTE);
    for (unsigned i = 0; i < 1000; i++) {
        struct call_view view;
        snprintf(key, sizeof key, "tank-%u/warm", i);
        assert_true(call_view(w.call, call_find(w.call, key), &view));
        assert_true(view.told != 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(group_speaks_for_its_members, &w),
        WORLD_TEST(group_names_those_that_came_before_it, &w),
        WORLD_TEST(acknowledged_group_does_not_hide_what_comes_later, &w),
        WORLD_TEST(members_are_called_when_the_group_ends_without_them, &w),
        WORLD_TEST(member_that_comes_back_is_called, &w),
        WORLD_TEST(member_that_comes_back_in_an_acknowledged_group_is_called, &w),
        WORLD_TEST(flood_becomes_a_summary, &w),
        WORLD_TEST(who_comes_one_by_one_is_summarised, &w),
        WORLD_TEST(as_many_as_the_flood_allows_are_called_singly, &w),
        WORLD_TEST(what_can_not_be_followed_is_said, &w),
        WORLD_TEST(attempts_are_bounded, &w),
    };
    return cmocka_run_group_tests_name("call_flood", tests, NULL, NULL);
}
