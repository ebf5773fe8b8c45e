/* The schedule of a bus, simulated: what the dead may cost the living. Times are microseconds of the
 * simulation. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "schedule.h"

#define MS     INT64_C(1000)
#define SECOND INT64_C(1000000)
#define MAX    64

struct world {
    struct schedule schedule;
    struct schedule_device devices[MAX];
    int64_t cost_us[MAX]; /* of one poll */
    bool dead[MAX];
    int polls[MAX], skips[MAX], late_skips[MAX];
    int64_t last_us[MAX], widest_us[MAX];      /* between two polls that were answered */
    int64_t last_slot_us[MAX], latest_us[MAX]; /* the latest start of a poll behind its slot */
    bool moody[MAX];                           /* answers every other poll */
    int64_t now_us;
};

static void start(struct world *w, size_t n, int64_t interval_us)
{
    *w = (struct world){.now_us = 100 * SECOND};
    for (size_t i = 0; i < n; i++) {
        w->devices[i].interval_us = interval_us;
        w->devices[i].cost_us = 500 * MS;
        w->cost_us[i] = 20 * MS;
        w->last_us[i] = w->now_us;
    }
    schedule_init(&w->schedule, w->devices, n, w->now_us, 42);
}

static void poll(struct world *w, const struct schedule_step *step)
{
    size_t d = step->device;
    int64_t late_us = w->now_us - step->slot_us;
    w->latest_us[d] = late_us > w->latest_us[d] ? late_us : w->latest_us[d];
    w->polls[d]++;
    if (w->moody[d])
        w->dead[d] = w->polls[d] % 2 == 0;
    w->now_us += w->moody[d] && !w->dead[d] ? 20 * MS : w->cost_us[d];
    if (!w->dead[d]) {
        int64_t gap = w->now_us - w->last_us[d];
        w->widest_us[d] = gap > w->widest_us[d] ? gap : w->widest_us[d];
        w->last_us[d] = w->now_us;
    }
    schedule_done(&w->schedule, d, w->now_us, w->cost_us[d],
                  w->dead[d] ? SCHEDULE_SILENT : SCHEDULE_ANSWERED);
}

static void run(struct world *w, int64_t until_us)
{
    for (int turns = 0; w->now_us < until_us; turns++) {
        assert_true(turns < 1000000); /* it never spins */
        struct schedule_step step = schedule_next(&w->schedule, w->now_us);
        if (step.action == SCHEDULE_WAIT) {
            assert_true(step.until_us > w->now_us);
            w->now_us = step.until_us < until_us ? step.until_us : until_us;
            continue;
        }
        assert_true(step.slot_us <= w->now_us && step.slot_us >= w->last_slot_us[step.device]);
        w->last_slot_us[step.device] = step.slot_us;
        if (step.action == SCHEDULE_POLL) {
            poll(w, &step);
        } else {
            w->skips[step.device]++;
            w->late_skips[step.device] += step.late;
        }
    }
}

static void forget(struct world *w)
{
    for (size_t i = 0; i < MAX; i++)
        w->polls[i] = w->skips[i] = w->late_skips[i] = 0, w->widest_us[i] = 0, w->latest_us[i] = 0;
}

static void test_all_well_keeps_the_grid(void **state)
{
    (void)state;
    struct world w;
    start(&w, 10, SECOND);
    run(&w, w.now_us + 100 * SECOND);
    for (size_t i = 0; i < 10; i++) {
        assert_int_equal(w.polls[i], 100);
        assert_int_equal(w.skips[i], 0);
        assert_true(w.widest_us[i] < 1200 * MS);
    }
}

/* Ten units behind one gateway, one of them dead and costing a second each time it is asked. */
static void test_one_dead_unit_behind_a_gateway(void **state)
{
    (void)state;
    struct world w;
    start(&w, 10, SECOND);
    w.dead[3] = true;
    w.cost_us[3] = 1000 * MS;
    w.devices[3].cost_us = 1500 * MS; /* longer than the gateway waits for its unit */
    run(&w, w.now_us + 20 * SECOND);  /* its death becomes known */
    forget(&w);
    run(&w, w.now_us + 200 * SECOND);
    for (size_t i = 0; i < 10; i++) {
        if (i == 3)
            continue;
        assert_in_range(w.polls[i], 199, 201);
        assert_int_equal(w.skips[i], 0);
        assert_true(w.widest_us[i] <= 2 * SECOND);
    }
    assert_in_range(w.polls[3], 200 / 10, 200 / 4); /* asked again at least each ten seconds */
    /* Each slot left a trace, but for two that may wait for a retry at the end. */
    assert_in_range(w.polls[3] + w.skips[3], 198, 200 + w.polls[3]);
}

static void test_returning_unit_is_seen_within_ten_seconds(void **state)
{
    (void)state;
    struct world w;
    start(&w, 10, SECOND);
    w.dead[3] = true;
    w.cost_us[3] = 400 * MS;
    run(&w, w.now_us + 120 * SECOND);
    w.dead[3] = false;
    w.cost_us[3] = 20 * MS;
    w.last_us[3] = w.now_us;
    forget(&w);
    run(&w, w.now_us + 30 * SECOND);
    assert_true(w.widest_us[3] <= 10 * SECOND);
    assert_true(w.polls[3] >= 20);
}

/* Twenty dead of forty on one slow line: together they get no more than half of the bus. */
static void test_many_dead_share_the_pauses(void **state)
{
    (void)state;
    struct world w;
    start(&w, 40, 2 * SECOND);
    for (size_t i = 0; i < 20; i++) {
        w.dead[i] = true;
        w.cost_us[i] = 500 * MS;
    }
    run(&w, w.now_us + 60 * SECOND);
    forget(&w);
    run(&w, w.now_us + 200 * SECOND);
    int64_t spent = 0;
    for (size_t i = 0; i < 40; i++) {
        if (i < 20) {
            spent += w.polls[i] * w.cost_us[i];
            assert_true(w.polls[i] >= 8); /* nobody is forgotten */
        } else {
            assert_in_range(w.polls[i], 99, 101);
            /* no slot is lost, and none is later than one retry takes */
            assert_true(w.late_skips[i] == 0 && w.latest_us[i] <= 600 * MS);
        }
    }
    assert_true(spent <= 200 * SECOND / 2 + 2 * SECOND);
}

/* The dead are asked in the pauses of the living, who do not notice. */
static void test_retries_take_the_pauses(void **state)
{
    (void)state;
    struct world w;
    start(&w, 14, 5 * SECOND);
    for (size_t i = 3; i < 7; i++) {
        w.dead[i] = true;
        w.cost_us[i] = 500 * MS;
    }
    run(&w, w.now_us + 30 * SECOND);
    forget(&w);
    run(&w, w.now_us + 500 * SECOND);
    for (size_t i = 0; i < 14; i++) {
        if (w.dead[i])
            assert_in_range(w.polls[i], 500 / 10, 500 / 4);
        else
            assert_true(w.polls[i] >= 99 && w.latest_us[i] <= 20 * MS);
    }
}

/* Some devices answer every other time: they get the pauses, too. */
static void test_moody_devices_share_the_pauses(void **state)
{
    (void)state;
    struct world w;
    start(&w, 14, SECOND);
    for (size_t i = 10; i < 14; i++) {
        w.moody[i] = true;
        w.cost_us[i] = 500 * MS;
    }
    run(&w, w.now_us + 30 * SECOND);
    forget(&w);
    run(&w, w.now_us + 200 * SECOND);
    int64_t spent = 0;
    for (size_t i = 10; i < 14; i++)
        spent += w.polls[i] / 2 * w.cost_us[i];
    assert_true(spent <= 200 * SECOND / 2 + 2 * SECOND);
    for (size_t i = 0; i < 10; i++)
        assert_true(w.late_skips[i] == 0 && w.latest_us[i] <= 100 * MS);
}

/* A device that loses every third reply, on an idle bus: it is asked in each slot all the same. */
static void test_often_lost_is_asked_in_each_slot(void **state)
{
    (void)state;
    struct world w;
    start(&w, 3, 5 * SECOND);
    for (int turns = 0; turns < 300; turns++) {
        w.dead[1] = turns % 3 == 0;
        w.cost_us[1] = w.dead[1] ? 500 * MS : 20 * MS;
        int polls = w.polls[1];
        while (w.polls[1] == polls)
            run(&w, w.now_us + 50 * MS);
    }
    assert_true(w.skips[1] <= 15); /* a third is lost, but not what was not asked */
    assert_true(w.polls[0] >= w.polls[1] - 15 && w.latest_us[0] <= 20 * MS);
}

/* A gateway that returns after an hour: nobody waits until his silence has been paid for. */
static void test_all_return_soon(void **state)
{
    (void)state;
    struct world w;
    start(&w, 14, SECOND);
    for (size_t i = 0; i < 14; i++)
        w.dead[i] = true, w.cost_us[i] = 500 * MS;
    run(&w, w.now_us + 100 * SECOND);
    for (size_t i = 0; i < 14; i++)
        w.dead[i] = false, w.cost_us[i] = 20 * MS, w.last_us[i] = w.now_us;
    forget(&w);
    run(&w, w.now_us + 30 * SECOND);
    for (size_t i = 0; i < 14; i++)
        assert_true(w.widest_us[i] <= 11 * SECOND);
}

static void test_overloaded_bus_tells_what_it_missed(void **state)
{
    (void)state;
    struct world w;
    start(&w, 10, SECOND);
    for (size_t i = 0; i < 10; i++)
        w.cost_us[i] = 200 * MS; /* 2 s of work each second */
    run(&w, w.now_us + 100 * SECOND);
    for (size_t i = 0; i < 10; i++) {
        assert_in_range(w.polls[i], 45, 55); /* fairly shared */
        assert_in_range(w.polls[i] + w.skips[i], 96, 101);
        assert_int_equal(w.skips[i], w.late_skips[i]);
    }
}

static void test_machine_that_slept_does_not_catch_up(void **state)
{
    (void)state;
    struct world w;
    start(&w, 2, SECOND);
    run(&w, w.now_us + 10 * SECOND);
    forget(&w);
    w.now_us += 3600 * SECOND;
    run(&w, w.now_us + 10 * SECOND);
    for (size_t i = 0; i < 2; i++) {
        assert_in_range(w.polls[i], 9, 13);
        assert_true(w.skips[i] <= SCHEDULE_SKIPS_MAX + 2);
    }
}

static void test_backoff_is_capped(void **state)
{
    (void)state;
    uint32_t random = 7;
    for (uint32_t failures = 1; failures < 100; failures++) {
        int64_t delay = schedule_backoff_us(&random, failures, SECOND, 8 * SECOND);
        assert_in_range(delay, 750 * MS, 8 * SECOND);
    }
    assert_in_range(schedule_backoff_us(&random, UINT32_MAX, SECOND, 8 * SECOND), 6 * SECOND, 8 * SECOND);
}

/* A bus that has to wait for a connection gives the slot back: it stays due, and stays on the grid. */
static void test_returned_slot_is_due_again(void **state)
{
    (void)state;
    struct world w;
    start(&w, 1, SECOND);
    struct schedule_step first = schedule_next(&w.schedule, w.now_us);
    assert_int_equal(first.action, SCHEDULE_POLL);
    schedule_return(&w.schedule, &first);
    struct schedule_step again = schedule_next(&w.schedule, w.now_us + 300 * MS);
    assert_int_equal(again.action, SCHEDULE_POLL);
    assert_int_equal(again.slot_us, first.slot_us);
    schedule_done(&w.schedule, 0, w.now_us + 320 * MS, 20 * MS, SCHEDULE_ANSWERED);
    struct schedule_step next = schedule_next(&w.schedule, w.now_us + 320 * MS);
    assert_int_equal(next.action, SCHEDULE_WAIT);
    assert_int_equal(next.until_us, first.slot_us + SECOND);
}

/* A retry between two slots consumed none: there is nothing to give back, and the next slot stays. */
static void test_returned_retry_moves_no_slot(void **state)
{
    (void)state;
    struct world w;
    start(&w, 1, 60 * SECOND);
    for (int i = 0; i < 2; i++) {
        struct schedule_step step = schedule_next(&w.schedule, w.now_us);
        assert_int_equal(step.action, SCHEDULE_POLL);
        schedule_done(&w.schedule, 0, w.now_us, 20 * MS, SCHEDULE_SILENT);
        w.now_us = i == 0 ? w.devices[0].slot_us : w.devices[0].retry_us;
    }
    int64_t slot_us = w.devices[0].slot_us;
    assert_true(slot_us > w.now_us);
    struct schedule_step retry = schedule_next(&w.schedule, w.now_us);
    assert_int_equal(retry.action, SCHEDULE_POLL);
    schedule_return(&w.schedule, &retry);
    assert_int_equal(w.devices[0].slot_us, slot_us);
}

/* ---------------------------------------------------------------- asked faster for a time */

/* The slots of the usual interval are among the faster ones, and are the same ones afterwards. */
static void test_faster_and_back_on_the_grid(void **state)
{
    (void)state;
    struct world w;
    start(&w, 2, 5 * SECOND);
    int64_t first_us = w.devices[1].slot_us;
    run(&w, first_us + 10 * SECOND + 2500 * MS);
    forget(&w);
    schedule_set_interval(&w.schedule, 1, SECOND, w.now_us);
    run(&w, w.now_us); /* a slot has passed since the last poll: at once */
    run(&w, first_us + 20 * SECOND + 500 * MS);
    assert_int_equal(w.polls[1], 9); /* 12 s to 20 s */
    assert_int_equal(w.polls[0], 2);
    assert_int_equal((w.last_slot_us[1] - first_us) % SECOND, 0);
    assert_true(w.widest_us[1] <= 2520 * MS);
    forget(&w);
    schedule_set_interval(&w.schedule, 1, 5 * SECOND, w.now_us);
    run(&w, first_us + 40 * SECOND + 500 * MS);
    assert_int_equal(w.polls[1], 4);
    assert_int_equal(w.last_slot_us[1], first_us + 40 * SECOND);
    assert_true(w.widest_us[1] <= 5 * SECOND + 20 * MS);
    assert_true(w.skips[0] == 0 && w.skips[1] == 0);
}

/* A slot that has come when the interval changes is polled or told, whatever the new one says. */
static void test_change_of_pace_loses_no_slot(void **state)
{
    (void)state;
    struct world w;
    start(&w, 1, 5 * SECOND);
    schedule_set_interval(&w.schedule, 0, 700 * MS, w.now_us);
    run(&w, w.now_us + 10 * SECOND);
    int64_t slot_us = w.devices[0].slot_us;
    w.now_us = slot_us + 100 * MS;
    schedule_set_interval(&w.schedule, 0, 5 * SECOND, w.now_us);
    struct schedule_step step = schedule_next(&w.schedule, w.now_us);
    assert_int_equal(step.action, SCHEDULE_POLL);
    assert_int_equal(step.slot_us, slot_us);
    schedule_return(&w.schedule, &step); /* and given back it is due again */
    assert_int_equal(schedule_next(&w.schedule, w.now_us).slot_us, slot_us);
    assert_int_equal(w.devices[0].slot_us, 100 * SECOND + 15 * SECOND); /* behind it, where it was at first */
    schedule_set_interval(&w.schedule, 0, 6 * SECOND, w.now_us); /* slower than usual is not asked for */
    assert_int_equal(w.devices[0].interval_us, 5 * SECOND);
    schedule_set_interval(&w.schedule, 0, 0, w.now_us);
    assert_int_equal(w.devices[0].interval_us, 5 * SECOND);
}

/* Just polled: nothing is due at once, and nothing twice. */
static void test_faster_asks_no_slot_twice(void **state)
{
    (void)state;
    struct world w;
    start(&w, 1, 60 * SECOND);
    run(&w, w.now_us + 10 * MS);
    assert_int_equal(w.polls[0], 1);
    schedule_set_interval(&w.schedule, 0, SECOND, w.now_us);
    assert_int_equal(schedule_next(&w.schedule, w.now_us).action, SCHEDULE_WAIT);
    run(&w, w.now_us + 10 * SECOND);
    assert_int_equal(w.polls[0], 11);
    assert_true(w.widest_us[0] <= 1020 * MS);
}

/* One lost reply in an interval of a minute: faster, the slot after it is not waited for. */
static void test_faster_after_a_lost_reply(void **state)
{
    (void)state;
    struct world w;
    start(&w, 1, 60 * SECOND);
    w.dead[0] = true;
    run(&w, w.now_us + SECOND);
    w.dead[0] = false;
    schedule_set_interval(&w.schedule, 0, SECOND, w.now_us);
    forget(&w);
    run(&w, w.now_us + 10 * SECOND);
    assert_true(w.polls[0] >= 10);
}

/* A serial line of ten devices that is busy to seven tenths; one is asked so fast that nothing would be left
 * for the others. They notice no more than that the line is taken when their slot comes. */
static void test_faster_leaves_the_others_their_slots(void **state)
{
    (void)state;
    struct world w;
    start(&w, 10, 5 * SECOND);
    for (size_t i = 0; i < 10; i++)
        w.cost_us[i] = 350 * MS;
    run(&w, w.now_us + 30 * SECOND);
    schedule_set_interval(&w.schedule, 4, 200 * MS, w.now_us);
    run(&w, w.now_us + 10 * SECOND);
    forget(&w);
    run(&w, w.now_us + 200 * SECOND);
    for (size_t i = 0; i < 10; i++) {
        if (i == 4)
            continue;
        assert_in_range(w.polls[i], 39, 41);
        assert_true(w.late_skips[i] == 0 && w.widest_us[i] <= 6 * SECOND);
    }
    assert_true(w.polls[4] >= 200); /* what is left: 37 of 100 parts */
    forget(&w);
    schedule_set_interval(&w.schedule, 4, 5 * SECOND, w.now_us);
    run(&w, w.now_us + 200 * SECOND);
    for (size_t i = 0; i < 10; i++)
        assert_in_range(w.polls[i], 39, 41);
}

/* Two dead on the same line cost the freezer in its run no more than a second now and then. */
static void test_faster_beside_the_dead(void **state)
{
    (void)state;
    struct world w;
    start(&w, 8, 5 * SECOND);
    w.dead[0] = w.dead[1] = true;
    w.cost_us[0] = w.cost_us[1] = 500 * MS;
    run(&w, w.now_us + 60 * SECOND);
    schedule_set_interval(&w.schedule, 4, SECOND, w.now_us);
    run(&w, w.now_us + 10 * SECOND);
    forget(&w);
    run(&w, w.now_us + 200 * SECOND);
    assert_in_range(w.polls[4], 199, 201);
    assert_true(w.widest_us[4] <= 2 * SECOND && w.late_skips[4] == 0);
    assert_true(w.polls[0] >= 20 && w.polls[1] >= 20); /* at least each ten seconds */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_well_keeps_the_grid),
        cmocka_unit_test(test_one_dead_unit_behind_a_gateway),
        cmocka_unit_test(test_returning_unit_is_seen_within_ten_seconds),
        cmocka_unit_test(test_many_dead_share_the_pauses),
        cmocka_unit_test(test_retries_take_the_pauses),
        cmocka_unit_test(test_moody_devices_share_the_pauses),
        cmocka_unit_test(test_often_lost_is_asked_in_each_slot),
        cmocka_unit_test(test_all_return_soon),
        cmocka_unit_test(test_overloaded_bus_tells_what_it_missed),
        cmocka_unit_test(test_machine_that_slept_does_not_catch_up),
        cmocka_unit_test(test_backoff_is_capped),
        cmocka_unit_test(test_returned_slot_is_due_again),
        cmocka_unit_test(test_returned_retry_moves_no_slot),
        cmocka_unit_test(test_faster_and_back_on_the_grid),
        cmocka_unit_test(test_change_of_pace_loses_no_slot),
        cmocka_unit_test(test_faster_asks_no_slot_twice),
        cmocka_unit_test(test_faster_after_a_lost_reply),
        cmocka_unit_test(test_faster_leaves_the_others_their_slots),
        cmocka_unit_test(test_faster_beside_the_dead),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
