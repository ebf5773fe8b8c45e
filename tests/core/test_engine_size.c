/* test_engine_size.c - the largest site there can be: the cost of a sample must not grow with it. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "engine_fixture.h"
#include "test.h"

#define MOST    UINT16_MAX
#define SAMPLES 300000

struct site {
    struct point_model points[MOST];
    struct alarm_model alarms[MOST];
    uint16_t members[MOST];
};

static double seconds_of_cpu(void)
{
    return (double)clock() / CLOCKS_PER_SEC;
}

/* Three alarms on each point, as sites have, and one group of them all. */
static struct engine *create(struct site *site, uint16_t n_alarms)
{
    const struct engine_tables tables = {.points = site->points,
                                         .n_points = n_alarms,
                                         .alarms = site->alarms,
                                         .n_alarms = n_alarms,
                                         .members = site->members,
                                         .n_members = n_alarms - 1U};
    struct engine *engine;

    for (unsigned i = 0; i < n_alarms; i++) {
        site->members[i] = (uint16_t)i;
        site->points[i].stale_after_ms = 1000000;
        site->alarms[i] = (struct alarm_model){.kind = i % 3 == 0   ? CONDITION_HIGH
                                                       : i % 3 == 1 ? CONDITION_NO_DATA
                                                                    : CONDITION_BAD,
                                               .point = (uint16_t)(i / 3),
                                               .on_delay_ms = i % 50,
                                               .off_delay_ms = i % 70};
    }
    site->alarms[n_alarms - 1] = (struct alarm_model){
        .kind = CONDITION_GROUP, .n_members = n_alarms - 1U, .at_least = (uint16_t)(n_alarms / 3)};
    engine = engine_create(&tables, (struct stamp){0, 0});
    assert_non_null(engine);
    return engine;
}

/* A sample each millisecond at a point at random; returns the microseconds of CPU that one takes. */
static double cost_of_a_sample(struct engine *engine, uint16_t n_points)
{
    const double start = seconds_of_cpu();
    struct transition transition;
    unsigned seed = 1, taken = 0;

    for (int i = 0; i < SAMPLES; i++) {
        const struct event event = {
            .kind = EVENT_SAMPLE,
            .sample = {.point = (uint16_t)((unsigned)rand_r(&seed) % n_points),
                       .reading = {.value = rand_r(&seed) % 3 - 1,
                                   .quality = rand_r(&seed) % 10 == 0 ? QUALITY_BAD : QUALITY_GOOD}}};

        assert_int_equal(engine_feed(engine, (struct stamp){i * INT64_C(1000), 0}, &event), 0);
        while (engine_take(engine, &transition))
            taken++;
    }
    assert_true(taken > SAMPLES / 10);
    return (seconds_of_cpu() - start) / SAMPLES * 1e6;
}

static void a_sample_costs_the_same_at_any_size(void **state)
{
    struct site *site = calloc(1, sizeof *site);
    struct engine *engine;
    double small, large;

    (void)state;
    assert_non_null(site);
    engine = create(site, 300);
    small = cost_of_a_sample(engine, 100);
    engine_free(engine);
    engine = create(site, MOST);
    large = cost_of_a_sample(engine, MOST / 3);
    engine_free(engine);
    free(site);
    print_message("one sample: %.2f us with 300 alarms, %.2f us with %d\n", small, large, MOST);
    /* A scan of all alarms would be 200 times as slow; caches and the heap's depth are not. */
    assert_true(large < 30 * small + 20);
}

/* Everything at once: each alarm changes twice within one feed, one is acknowledged too, and nothing is lost.
 */
static void the_queue_holds_the_worst_case(void **state)
{
    enum { N = 5000 };
    static struct alarm_model alarms[N];
    const struct point_model point = {.stale_after_ms = 100};
    struct event event = {.kind = EVENT_SAMPLE};
    struct engine *engine;
    struct transition transition;
    unsigned n = 0;

    (void)state;
    for (unsigned i = 0; i < N; i++)
        alarms[i] = (struct alarm_model){.kind = CONDITION_NO_DATA, .off_delay_ms = 50};
    engine = fixture_create(&point, 1, alarms, N, (struct stamp){0, 0});
    assert_non_null(engine);
    for (unsigned i = 0; i < N; i++)
        fixture_restore(engine, (uint16_t)i, ALARM_ACKNOWLEDGED);
    assert_int_equal(engine_feed(engine, (struct stamp){1000, 0}, &event), 0);
    assert_false(engine_take(engine, &transition));
    /* Returned at 51 ms and raised at 101 ms, both found only now. */
    event = (struct event){.kind = EVENT_ACKNOWLEDGE, .order = {N - 1, 1}};
    assert_int_equal(engine_feed(engine, (struct stamp){1000000, 0}, &event), 0);
    while (engine_take(engine, &transition)) {
        assert_int_equal(transition.kind, n < N       ? TRANSITION_RETURNED
                                          : n < 2 * N ? TRANSITION_RAISED
                                                      : TRANSITION_ACKNOWLEDGED);
        n++;
    }
    assert_int_equal(n, 2 * N + 1);
    engine_free(engine);
}

/* And with everything that can hold an alarm: returned, raised, out of the shelf, in service, out of a
 * suppression and into it again, and a group over them all. */
static void the_queue_holds_all_holds(void **state)
{
    enum { N = 2000 };
    static struct alarm_model alarms[N + 1];
    static uint16_t members[N];
    const struct point_model points[] = {{.stale_after_ms = 100}, {.stale_after_ms = 300000}};
    const struct engine_tables tables = {.points = points,
                                         .n_points = 2,
                                         .alarms = alarms,
                                         .n_alarms = N + 1,
                                         .members = members,
                                         .n_members = N};
    struct event event = {.kind = EVENT_SAMPLE, .sample.point = 1};
    struct engine *engine;
    struct transition transition;
    unsigned n = 0;

    (void)state;
    for (unsigned i = 0; i < N; i++) {
        members[i] = (uint16_t)i;
        alarms[i] = (struct alarm_model){
            .kind = CONDITION_NO_DATA,
            .off_delay_ms = 50,
            .shelve_max_ms = 100000,
            .oos_max_ms = 100000,
            .suppression = {.when = SUPPRESS_STATES, .point = 1, .n_states = 1, .at_most_ms = 1000000}};
    }
    alarms[N] = (struct alarm_model){.kind = CONDITION_GROUP, .n_members = N, .at_least = N / 2};
    engine = engine_create(&tables, (struct stamp){0, 0});
    assert_non_null(engine);
    for (unsigned i = 0; i < N; i++) {
        const struct alarm_memory memory = {
            .base = ALARM_ACKNOWLEDGED,
            .is_held = {true, false, true},
            .until_utc_us = {50000000, 0, 50000000},
            .until_boot_us = {INT64_MAX, INT64_MAX, INT64_MAX},
            .acked_boot_us = INT64_MAX,
        };

        engine_restore(engine, (uint16_t)i, &memory);
    }
    assert_int_equal(engine_feed(engine, (struct stamp){0, 0}, &event),
                     0); /* suppresses, and the group is raised */
    while (engine_take(engine, &transition))
        n++;
    assert_int_equal(n, N + 1);
    event.sample.point = 0;
    assert_int_equal(engine_feed(engine, (struct stamp){1000, 1000}, &event), 0);
    assert_false(engine_take(engine, &transition));
    event.sample.point = 1;
    assert_int_equal(engine_feed(engine, (struct stamp){400000000, 400000000}, &event), 0);
    for (n = 0; engine_take(engine, &transition);)
        n++;
    assert_int_equal(n, 6 * N + 2);
    engine_free(engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_queue_holds_all_holds),
        cmocka_unit_test(a_sample_costs_the_same_at_any_size),
        cmocka_unit_test(the_queue_holds_the_worst_case),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
