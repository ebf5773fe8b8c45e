/* test_call_restart.c - what was written down comes back, at any moment: nobody is forgotten. */
#include "call_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WARM "tank-1/warm"

static struct world w;

/* Killed now, and started again `later`, with what had been written down by then. */
static void restart(int64_t later_us)
{
    static struct call_saved kept[64];
    struct call_saved saved;
    static bool there[64];
    uint32_t slot;
    bool is_free;
    memset(there, 0, sizeof there);
    for (uint32_t i = 0; i < 64; i++)
        call_touch(w.call, i);
    while (call_take_dirty(w.call, w.now, &slot, &is_free, &saved)) {
        there[slot] = !is_free;
        kept[slot] = saved;
    }
    call_free(w.call);
    w.now.utc_us += later_us;
    w.now.boot_us = 5 * SECOND; /* another boot */
    assert_int_equal(call_create(&w.rules, &w.call), 0);
    world_duty(&w);
    for (uint32_t i = 0; i < 64; i++)
        if (there[i])
            assert_int_equal(call_restore(w.call, w.now, &kept[i]), 0);
    w.seen = w.n_made;
}

static void in_the_window(void **state)
{
    (void)state;
    world_alarm(&w, WARM, CALL_CRITICAL, CALL_STATE_UNACKNOWLEDGED);
    restart(SECOND);
    world_step(&w);
    world_expect(&w, CALL_FIRST, 0, WARM);
}

static void while_a_call_is_under_way(void **state)
{
    (void)state;
    w.silent[0][0] = true;
    world_alarm(&w, WARM, CALL_CRITICAL, CALL_STATE_UNACKNOWLEDGED);
    world_pass(&w, 11 * SECOND);
    world_expect(&w, CALL_FIRST, 0, WARM);
    restart(SECOND);
    w.silent[0][0] = false;
    world_step(&w);
    world_expect(&w, CALL_FIRST, 0, WARM); /* nobody knows whether it went: again */
}

static void between_repeats(void **state)
{
    (void)state;
    world_alarm(&w, WARM, CALL_CRITICAL, CALL_STATE_UNACKNOWLEDGED);
    world_pass(&w, 2 * MINUTE);
    restart(MINUTE);
    world_step(&w);
    world_quiet(&w); /* told already: at its time */
    world_pass(&w, 3 * MINUTE);
    assert_int_equal(world_count(&w, CALL_ESCALATED, 1, WARM), 1);
}

static void after_a_long_time(void **state)
{
    (void)state;
    world_alarm(&w, WARM, CALL_CRITICAL, CALL_STATE_UNACKNOWLEDGED);
    world_pass(&w, 2 * MINUTE);
    restart(24 * 60 * MINUTE);
    world_step(&w);
    assert_true(w.n_made > w.seen); /* overdue: at once */
}

static void with_a_clock_that_was_set_back(void **state)
{
    (void)state;
    world_alarm(&w, WARM, CALL_CRITICAL, CALL_STATE_UNACKNOWLEDGED);
    world_pass(&w, 2 * MINUTE);
    restart(-365 * 24 * 60 * MINUTE);
    world_pass(&w, 6 * MINUTE); /* never later than a whole delay */
    assert_true(w.n_made > w.seen);
}

static void acknowledged_stays_acknowledged(void **state)
{
    (void)state;
    world_alarm(&w, WARM, CALL_CRITICAL, CALL_STATE_UNACKNOWLEDGED);
    world_pass(&w, 11 * SECOND);
    world_alarm(&w, WARM, CALL_CRITICAL, CALL_STATE_ACKNOWLEDGED);
    restart(MINUTE);
    world_pass(&w, 20 * MINUTE);
    world_quiet(&w);
    world_pass(&w, 11 * MINUTE);
    world_expect(&w, CALL_UNRESOLVED, 0, WARM);
    world_alarm(&w, WARM, CALL_CRITICAL, CALL_STATE_NORMAL);
    world_expect(&w, CALL_RETURNED, 0, WARM);
}

static unsigned messages_to(unsigned person)
{
    unsigned n = 0;
    for (unsigned i = w.seen; i < w.n_made; i++)
        n += w.made[i].order.person == person;
    return n;
}

/* Many at once that nobody was told of yet: they are a flood afterwards as well, and not a message each. */
static void a_flood_stays_a_flood(void **state)
{
    char key[32];
    (void)state;
    for (unsigned i = 0; i < 40; i++) {
        snprintf(key, sizeof key, "tank-%u/level", i);
        world_alarm(&w, key, CALL_HIGH, CALL_STATE_UNACKNOWLEDGED);
    }
    world_alarm(&w, WARM, CALL_CRITICAL, CALL_STATE_UNACKNOWLEDGED);
    restart(SECOND);
    world_pass(&w, MINUTE);
    assert_int_equal(world_count(&w, CALL_FIRST, 0, WARM), 1); /* by itself, as ever */
    assert_int_equal(messages_to(0), 2);
    assert_int_equal(world_count(&w, CALL_SUMMARY, 0, NULL), 1);
    for (unsigned i = 0; i < 40; i++) {
        struct call_view view;
        snprintf(key, sizeof key, "tank-%u/level", i);
        assert_true(call_view(w.call, call_find(w.call, key), &view));
        assert_int_equal(view.told & 1, 1); /* nothing is hidden */
    }
}

/* Killed in the middle of it: what comes after is told in summaries from the first one on. */
static void a_flood_goes_on(void **state)
{
    char key[32];
    (void)state;
    for (unsigned i = 0; i < 26; i++) {
        if (i == 20) {
            world_pass(&w, MINUTE);
            restart(SECOND);
        }
        snprintf(key, sizeof key, "tank-%u/level", i);
        struct call_fact fact = world_fact(key, CALL_HIGH, CALL_STATE_UNACKNOWLEDGED);
        snprintf(fact.occurrence, sizeof fact.occurrence, "%s@%lld", key, (long long)(w.now.utc_us / 1000));
        world_feed(&w, &fact);
    }
    world_pass(&w, 3 * MINUTE);
    assert_int_equal(world_count(&w, CALL_FIRST, 0, NULL), 0);
    for (unsigned i = 0; i < 26; i++) {
        struct call_view view;
        snprintf(key, sizeof key, "tank-%u/level", i);
        assert_true(call_view(w.call, call_find(w.call, key), &view));
        assert_int_equal(view.told & 1, 1);
    }
}

/* What was told long before the restart is no part of a flood after it. */
static void told_alarms_are_no_flood(void **state)
{
    char key[32];
    (void)state;
    for (unsigned i = 0; i < 20; i++) {
        snprintf(key, sizeof key, "tank-%u/level", i);
        world_alarm(&w, key, CALL_HIGH, CALL_STATE_UNACKNOWLEDGED);
        world_pass(&w, 2 * MINUTE);
    }
    restart(SECOND);
    world_alarm(&w, "tank-30/level", CALL_HIGH, CALL_STATE_UNACKNOWLEDGED);
    world_pass(&w, 11 * SECOND);
    assert_int_equal(world_count(&w, CALL_FIRST, 0, "tank-30/level"), 1);
}

/* At a random moment of a random story: whoever was not told before is told after. */
static void at_any_moment(void **state)
{
    (void)state;
    srand(7);
    for (unsigned story = 0; story < 300; story++) {
        struct call_view view;
        world_end(&w);
        world_usual(&w);
        w.broken[0][0] = rand() % 2 == 0;
        w.silent[0][1] = rand() % 2 == 0;
        world_alarm(&w, WARM, CALL_CRITICAL, CALL_STATE_UNACKNOWLEDGED);
        for (unsigned n = 0; n < 3; n++) {
            world_pass(&w, (rand() % 600) * SECOND);
            restart((rand() % 600) * SECOND);
        }
        w.broken[0][0] = w.silent[0][1] = false;
        unsigned before = w.n_made;
        world_pass(&w, 6 * MINUTE);
        assert_true(w.n_made > before); /* it is not acknowledged: told again within a repeat */
        assert_true(call_view(w.call, call_find(w.call, WARM), &view));
        assert_true(view.told != 0);
    }
}

/* A group's state is not there any more, and its member's is. */
static void a_member_without_its_group(void **state)
{
    struct call_saved saved = {.fact = world_fact("tank-1/level", CALL_HIGH, CALL_STATE_UNACKNOWLEDGED),
                               .phase = 2,
                               .folded = true,
                               .told = 1};
    (void)state;
    strcpy(saved.fact.group, "hall/bus-down");
    assert_int_equal(call_restore(w.call, w.now, &saved), 0);
    world_pass(&w, 11 * SECOND);
    world_expect(&w, CALL_FIRST, 0, "tank-1/level");
}

static void nonsense_is_refused(void **state)
{
    struct call_saved saved = {.phase = 99};
    (void)state;
    assert_int_not_equal(call_restore(w.call, w.now, &saved), 0);
    saved = (struct call_saved){.phase = 1, .level = 7};
    assert_int_not_equal(call_restore(w.call, w.now, &saved), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(in_the_window, &w),
        WORLD_TEST(while_a_call_is_under_way, &w),
        WORLD_TEST(between_repeats, &w),
        WORLD_TEST(after_a_long_time, &w),
        WORLD_TEST(with_a_clock_that_was_set_back, &w),
        WORLD_TEST(acknowledged_stays_acknowledged, &w),
        WORLD_TEST(a_flood_stays_a_flood, &w),
        WORLD_TEST(a_flood_goes_on, &w),
        WORLD_TEST(told_alarms_are_no_flood, &w),
        WORLD_TEST(at_any_moment, &w),
        WORLD_TEST(a_member_without_its_group, &w),
        WORLD_TEST(nonsense_is_refused, &w),
    };
    return cmocka_run_group_tests_name("call_restart", tests, NULL, NULL);
}
