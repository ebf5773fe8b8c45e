/* Buses that share the few connections of their host. */
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "turns.h"

#define BUSES 6

struct world {
    struct config config;
    struct bus_config buses[BUSES];
    struct turns *turns;
};

/* 0 to 3 share a host that takes two (in three spellings), 4 has one of its own that takes one, 5 no limit.
 */
static int open_world(void **state)
{
    static const char *const hosts[BUSES] = {"::ffff:10.0.0.1", "10.0.0.1", "10.0.0.1",
                                             "10.0.0.1",        "gateway",  "10.0.0.1"};
    struct world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    for (size_t i = 0; i < BUSES; i++) {
        snprintf(w->buses[i].host, sizeof w->buses[i].host, "%s", hosts[i]);
        w->buses[i].max_connections = i < 4 ? 2 : i == 4 ? 1 : 0;
    }
    w->config.n_buses = BUSES;
    w->config.buses = w->buses;
    assert_int_equal(turns_create(&w->config, &w->turns), 0);
    *state = w;
    return 0;
}

static int close_world(void **state)
{
    struct world *w = *state;
    turns_unref(w->turns);
    free(w);
    return 0;
}

static bool told(struct world *w, uint16_t bus)
{
    struct pollfd fd = {.fd = turns_fd(w->turns, bus), .events = POLLIN};
    bool is = poll(&fd, 1, 0) > 0;
    turns_heard(w->turns, bus);
    return is;
}

static void test_no_more_than_the_host_takes(void **state)
{
    struct world *w = *state;
    assert_true(turns_take(w->turns, 0));
    assert_true(turns_take(w->turns, 1));
    assert_true(turns_take(w->turns, 1)); /* has it already */
    assert_false(turns_take(w->turns, 2));
    assert_true(turns_take(w->turns, 4)); /* another host */
    assert_true(turns_take(w->turns, 5)); /* no limit */
    assert_int_equal(turns_fd(w->turns, 5), -1);
    assert_true(turns_take(NULL, 7));
}

static void test_holders_are_told_and_the_first_is_next(void **state)
{
    struct world *w = *state;
    (void)turns_take(w->turns, 0);
    (void)turns_take(w->turns, 1);
    assert_false(turns_wanted(w->turns, 0));
    assert_false(turns_take(w->turns, 3));
    assert_true(told(w, 0) && told(w, 1));
    assert_false(turns_take(w->turns, 2));
    assert_true(turns_wanted(w->turns, 0) && turns_wanted(w->turns, 1));
    turns_release(w->turns, 0);
    assert_true(told(w, 3)); /* it came before 2 */
    assert_false(told(w, 2));
    assert_true(turns_take(w->turns, 3));
    assert_false(turns_take(w->turns, 0)); /* no newcomer overtakes the queue */
    turns_release(w->turns, 1);
    assert_true(turns_take(w->turns, 2));
}

static void test_who_leaves_the_queue_gets_nothing(void **state)
{
    struct world *w = *state;
    (void)turns_take(w->turns, 0);
    (void)turns_take(w->turns, 1);
    (void)turns_take(w->turns, 2);
    turns_release(w->turns, 2);
    assert_false(turns_wanted(w->turns, 0));
    turns_release(w->turns, 0);
    assert_true(turns_take(w->turns, 3));
}

/* Each takes its turn as soon as it can, until it has had a hundred: none is left out, and never more than
 * two hold one. */
struct taker {
    struct turns *turns;
    uint16_t bus;
    atomic_int *held, *most;
    int polls;
};

static void *take_turns(void *argument)
{
    struct taker *t = argument;
    while (t->polls < 100) {
        struct pollfd fd = {.fd = turns_fd(t->turns, t->bus), .events = POLLIN};
        while (!turns_take(t->turns, t->bus)) {
            (void)poll(&fd, 1, 1000);
            turns_heard(t->turns, t->bus);
        }
        int held = atomic_fetch_add(t->held, 1) + 1;
        if (held > atomic_load(t->most))
            atomic_store(t->most, held);
        t->polls++;
        (void)poll(NULL, 0, 1); /* the poll */
        atomic_fetch_sub(t->held, 1);
        turns_release(t->turns, t->bus);
    }
    return NULL;
}

static void test_four_threads_share_two(void **state)
{
    struct world *w = *state;
    atomic_int held = 0, most = 0;
    struct taker takers[4];
    pthread_t threads[4];
    for (uint16_t i = 0; i < 4; i++) {
        takers[i] = (struct taker){.turns = turns_ref(w->turns), .bus = i, .held = &held, .most = &most};
        assert_int_equal(pthread_create(&threads[i], NULL, take_turns, &takers[i]), 0);
    }
    for (size_t i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        turns_unref(w->turns);
    }
    assert_int_equal(atomic_load(&most), 2);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(takers[i].polls, 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_no_more_than_the_host_takes, open_world, close_world),
        cmocka_unit_test_setup_teardown(test_holders_are_told_and_the_first_is_next, open_world, close_world),
        cmocka_unit_test_setup_teardown(test_who_leaves_the_queue_gets_nothing, open_world, close_world),
        cmocka_unit_test_setup_teardown(test_four_threads_share_two, open_world, close_world),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
