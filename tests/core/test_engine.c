/*
 * test_engine.c - the engine's interface: what is in a transition, what is refused, what is known, and what
 * happens when memory is short. How alarms behave is told in the scenarios.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine_fixture.h"
#include "test.h"

/* Linked with --wrap=calloc: the allocation that fails, counted from 1; 0: none. */
static unsigned fail_at, allocations;
void *__real_calloc(size_t n, size_t size); // NOLINT
void *__wrap_calloc(size_t n, size_t size); // NOLINT

void *__wrap_calloc(size_t n, size_t size) // NOLINT
{
    return ++allocations == fail_at ? NULL : __real_calloc(n, size);
}

enum { WARM, GONE, BROKER, N_ALARMS };

static const struct point_model POINT = {.stale_after_ms = 15000};
static const struct alarm_model MODELS[N_ALARMS] = {
    [WARM] = {.kind = CONDITION_HIGH,
              .limit = -150000000,
              .deadband = 2000000,
              .on_delay_ms = 30000,
              .off_delay_ms = 60000},
    [GONE] = {.kind = CONDITION_NO_DATA},
    [BROKER] = {.kind = CONDITION_FAULT, .fault = FAULT_BROKER, .point = 999 /* not used */},
};
#define SECOND INT64_C(1000000)

static struct stamp at(int64_t seconds)
{
    return (struct stamp){seconds * SECOND, 1700000000 * SECOND + seconds};
}

static int setup(void **state)
{
    *state = fixture_create(&POINT, 1, MODELS, N_ALARMS, at(0));
    return *state == NULL;
}

static int teardown(void **state)
{
    engine_free(*state);
    return 0;
}

static int sample(struct engine *engine, int64_t seconds, struct reading reading)
{
    const struct event event = {.kind = EVENT_SAMPLE, .sample = {.reading = reading}};

    return engine_feed(engine, at(seconds), &event);
}

static struct reading good(micro_t degrees)
{
    return (struct reading){.value = degrees * MICRO_PER_UNIT, .raw = 7};
}

static struct reading bad(enum reason reason)
{
    return (struct reading){.value = 123, .quality = QUALITY_BAD, .reason = reason};
}

static int tick(struct engine *engine, int64_t seconds)
{
    const struct event event = {.kind = EVENT_TICK};

    return engine_feed(engine, at(seconds), &event);
}

static struct transition take_one(struct engine *engine)
{
    struct transition transition, none;

    assert_true(engine_take(engine, &transition));
    assert_false(engine_take(engine, &none));
    return transition;
}

static void take_none(struct engine *engine)
{
    struct transition transition;

    assert_false(engine_take(engine, &transition));
}

static void a_transition_tells_all(void **state)
{
    struct engine *engine = *state;
    const struct event acknowledge = {.kind = EVENT_ACKNOWLEDGE, .order = {WARM, 4711}};
    struct transition t;

    for (int i = 10; i < 40; i += 10)
        assert_int_equal(sample(engine, i, good(-140)), 0);
    take_none(engine);
    assert_int_equal(engine_next_deadline(engine), 40 * SECOND);
    assert_int_equal(sample(engine, 42, good(-130)), 0); /* the tick at 40 s was late */
    t = take_one(engine);
    assert_int_equal(t.alarm, WARM);
    assert_int_equal(t.kind, TRANSITION_RAISED);
    assert_int_equal(t.from, ALARM_NORMAL);
    assert_int_equal(t.to, ALARM_UNACKNOWLEDGED);
    assert_int_equal(t.at.boot_us, 42 * SECOND);
    assert_int_equal(t.at.utc_us, at(42).utc_us);
    assert_int_equal(t.since_boot_us, 10 * SECOND);
    assert_int_equal(t.reading.value, -140 * MICRO_PER_UNIT);
    assert_int_equal(t.reading.raw, 7);
    assert_int_equal(t.command, 0);
    assert_int_equal(engine_feed(engine, at(43), &acknowledge), 0);
    t = take_one(engine);
    assert_int_equal(t.kind, TRANSITION_ACKNOWLEDGED);
    assert_int_equal(t.from, ALARM_UNACKNOWLEDGED);
    assert_int_equal(t.to, ALARM_ACKNOWLEDGED);
    assert_int_equal(t.command, 4711);
    assert_int_equal(t.reading.value, -130 * MICRO_PER_UNIT);
    assert_int_equal(engine_alarm_state(engine, WARM), ALARM_ACKNOWLEDGED);
}

static void a_fault_has_no_reading(void **state)
{
    struct engine *engine = *state;
    const struct event failed = {.kind = EVENT_FAULT, .fault = {FAULT_BROKER, true}};
    struct transition t;

    sample(engine, 1, good(-190));
    assert_int_equal(engine_feed(engine, at(2), &failed), 0);
    t = take_one(engine);
    assert_int_equal(t.alarm, BROKER);
    assert_int_equal(t.reading.quality, QUALITY_BAD);
}

static void every_fault_reaches_its_alarms_only(void **state)
{
    struct alarm_model models[2 * FAULT_COUNT] = {0};
    struct engine *engine;
    struct transition t;

    (void)state;
    for (unsigned i = 0; i < 2 * FAULT_COUNT; i++)
        models[i] =
            (struct alarm_model){.kind = CONDITION_FAULT, .fault = (enum system_fault)(i % FAULT_COUNT)};
    engine = fixture_create(NULL, 0, models, 2 * FAULT_COUNT, at(0));
    assert_non_null(engine);
    for (unsigned i = 0; i < FAULT_COUNT; i++) {
        const struct event failed = {.kind = EVENT_FAULT, .fault = {(enum system_fault)i, true}};

        assert_int_equal(engine_feed(engine, at(1), &failed), 0);
        assert_true(engine_take(engine, &t));
        assert_int_equal(t.alarm, i);
        assert_int_equal(take_one(engine).alarm, FAULT_COUNT + i);
    }
    engine_free(engine);
}

static void what_makes_no_sense_is_refused(void **state)
{
    struct engine *engine = *state;
    struct event event = {.kind = EVENT_SAMPLE, .sample = {.point = 1}};

    assert_int_equal(engine_feed(engine, at(100), &event), -EINVAL);
    event = (struct event){.kind = EVENT_ACKNOWLEDGE, .order = {N_ALARMS, 1}};
    assert_int_equal(engine_feed(engine, at(100), &event), -EINVAL);
    event = (struct event){.kind = EVENT_FAULT, .fault = {FAULT_COUNT, true}};
    assert_int_equal(engine_feed(engine, at(100), &event), -EINVAL);
    event = (struct event){.kind = (enum event_kind)9};
    assert_int_equal(engine_feed(engine, at(100), &event), -EINVAL);
    /* Nothing has changed: not even the time. */
    take_none(engine);
    assert_int_equal(engine_next_deadline(engine), 15 * SECOND);
    event = (struct event){.kind = EVENT_ACKNOWLEDGE, .order = {WARM, 1}};
    assert_int_equal(engine_feed(engine, at(1), &event), -EALREADY);
    take_none(engine);
    assert_int_equal(engine_alarm_state(engine, N_ALARMS), ALARM_NORMAL);
    assert_int_equal(engine_point(engine, 1).reading.reason, REASON_NEVER_READ);
}

/* An acknowledge that comes with a deadline finds the alarm that the deadline raised. */
static void deadlines_come_before_the_event(void **state)
{
    struct engine *engine = *state;
    const struct event acknowledge = {.kind = EVENT_ACKNOWLEDGE, .order = {GONE, 5}};
    struct transition t;

    assert_int_equal(engine_feed(engine, at(15), &acknowledge), 0);
    assert_true(engine_take(engine, &t));
    assert_int_equal(t.kind, TRANSITION_RAISED);
    assert_true(engine_take(engine, &t));
    assert_int_equal(t.kind, TRANSITION_ACKNOWLEDGED);
    assert_int_equal(engine_feed(engine, at(16), &acknowledge), -EALREADY);
}

static void transitions_must_be_taken_first(void **state)
{
    struct engine *engine = *state;

    assert_int_equal(tick(engine, 15), 0);
    assert_int_equal(tick(engine, 16), -EBUSY);
    assert_int_equal(sample(engine, 16, good(-190)), -EBUSY);
    assert_int_equal(engine_alarm_state(engine, GONE), ALARM_UNACKNOWLEDGED);
    assert_int_equal(take_one(engine).alarm, GONE);
    assert_int_equal(sample(engine, 16, good(-190)), 0);
    assert_int_equal(take_one(engine).kind, TRANSITION_RETURNED);
}

static void time_never_goes_backwards(void **state)
{
    struct engine *engine = *state;
    struct transition t;

    sample(engine, 10, good(-140));
    sample(engine, 5, good(-190)); /* late news: counts as of 10 s */
    assert_int_equal(engine_point(engine, 0).at.boot_us, 10 * SECOND);
    assert_int_equal(engine_next_deadline(engine), 25 * SECOND);
    tick(engine, 25);
    t = take_one(engine);
    assert_int_equal(t.alarm, GONE);
    tick(engine, 1);
    take_none(engine);
}

static void points_are_known_with_their_age(void **state)
{
    struct engine *engine = *state;
    struct point_view view = engine_point(engine, 0);
    uint16_t point = 77;

    assert_int_equal(view.reading.quality, QUALITY_BAD);
    assert_int_equal(view.reading.reason, REASON_NEVER_READ);
    assert_int_equal(view.at.boot_us, 0);
    assert_true(view.last_data_boot_us == INT64_MIN);

    sample(engine, 3, good(-190));
    sample(engine, 5, bad(REASON_TIMEOUT));
    view = engine_point(engine, 0);
    assert_int_equal(view.reading.reason, REASON_TIMEOUT);
    assert_int_equal(view.reading.value, 0); /* a bad reading has no number */
    assert_int_equal(view.at.utc_us, at(5).utc_us);
    assert_int_equal(view.last_data_boot_us, 3 * SECOND);
    sample(engine, 6, bad(REASON_SENTINEL)); /* measured, though of no use */
    assert_int_equal(engine_point(engine, 0).last_data_boot_us, 6 * SECOND);
    assert_false(engine_take_stale(engine, &point));

    tick(engine, 21);
    assert_int_equal(take_one(engine).reading.reason, REASON_STALE);
    view = engine_point(engine, 0);
    assert_int_equal(view.reading.quality, QUALITY_BAD);
    assert_int_equal(view.reading.reason, REASON_STALE);
    assert_int_equal(view.at.boot_us, 21 * SECOND);
    assert_int_equal(view.last_data_boot_us, 6 * SECOND);
    assert_true(engine_take_stale(engine, &point));
    assert_int_equal(point, 0);
    assert_false(engine_take_stale(engine, &point));
    assert_true(engine_next_deadline(engine) == INT64_MAX);
}

static void a_point_that_came_back_is_not_told_as_stale(void **state)
{
    struct engine *engine = *state;
    uint16_t point = 77;

    tick(engine, 20);
    take_one(engine);
    sample(engine, 21, good(-190));
    take_one(engine);
    assert_false(engine_take_stale(engine, &point));
    assert_int_equal(point, 77);
    tick(engine, 40);
    take_one(engine);
    assert_true(engine_take_stale(engine, &point));
}

static void contradictions_count_as_bad(void **state)
{
    struct engine *engine = *state;
    static const struct reading odd[] = {
        {.value = -140000000, .quality = QUALITY_GOOD, .reason = REASON_TIMEOUT},
        {.value = -140000000, .quality = QUALITY_UNCERTAIN, .reason = REASON_SENTINEL},
        {.value = -140000000, .quality = (enum quality)9},
    };

    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        sample(engine, (int64_t)i, odd[i]);
        assert_int_equal(engine_point(engine, 0).reading.quality, QUALITY_BAD);
        assert_int_equal(engine_point(engine, 0).reading.value, 0);
        assert_true(engine_pending_since(engine, WARM) == INT64_MAX);
    }
}

static void the_end_of_time_is_survived(void **state)
{
    struct engine *engine = *state;
    const struct event event = {.kind = EVENT_SAMPLE, .sample = {.reading = good(-140)}};
    struct transition t;

    for (int i = 0; i < 3; i++) {
        assert_int_equal(engine_feed(engine, (struct stamp){INT64_MAX - 1 + (i > 0), INT64_MIN}, &event), 0);
        while (engine_take(engine, &t))
            ;
    }
    assert_true(engine_next_deadline(engine) == INT64_MAX);
}

static void limits_at_the_end_of_numbers(void **state)
{
    const struct alarm_model models[] = {
        {.kind = CONDITION_HIGH, .limit = INT64_MIN + 5, .deadband = 10},
        {.kind = CONDITION_LOW, .limit = INT64_MAX - 5, .deadband = 10},
    };
    struct engine *engine = fixture_create(&POINT, 1, models, 2, at(0));
    struct transition t;

    (void)state;
    assert_non_null(engine);
    sample(engine, 1, good(0));
    assert_true(engine_take(engine, &t));
    assert_true(engine_take(engine, &t));
    sample(engine, 2, (struct reading){.value = INT64_MIN + 1});
    take_none(engine);
    sample(engine, 3, (struct reading){.value = INT64_MAX - 1});
    take_none(engine);
    engine_free(engine);
}

static void empty_sites_and_unsound_tables(void **state)
{
    struct alarm_model model = {.kind = CONDITION_HIGH, .point = 1};
    struct engine *engine = fixture_create(NULL, 0, NULL, 0, at(0));
    uint16_t point;

    (void)state;
    assert_non_null(engine);
    assert_int_equal(tick(engine, 1), 0);
    take_none(engine);
    assert_false(engine_take_stale(engine, &point));
    assert_true(engine_next_deadline(engine) == INT64_MAX);
    engine_free(engine);
    engine_free(NULL);

    assert_null(fixture_create(&POINT, 1, &model, 1, at(0)));
    model.point = 0;
    model.n_states = ALARM_STATES_MAX + 1;
    assert_null(fixture_create(&POINT, 1, &model, 1, at(0)));
    model = (struct alarm_model){.kind = CONDITION_FAULT, .fault = FAULT_COUNT};
    assert_null(fixture_create(&POINT, 1, &model, 1, at(0)));
}

/* Each allocation fails in its turn; none is left behind (the sanitizer looks), and none comes later. */
static void short_memory_is_told_at_creation_only(void **state)
{
    struct engine *engine = NULL;
    unsigned needed;

    (void)state;
    for (fail_at = 1; engine == NULL; fail_at++) {
        allocations = 0;
        engine = fixture_create(&POINT, 1, MODELS, N_ALARMS, at(0));
        assert_true(fail_at < 50);
    }
    needed = allocations;
    fail_at = 0;
    assert_true(needed > 5);
    for (int i = 0; i < 1000; i++) {
        struct transition t;

        sample(engine, 20 * i, good(i % 2 == 0 ? -140 : -190));
        while (engine_take(engine, &t))
            ;
    }
    assert_int_equal(allocations, needed);
    engine_free(engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_transition_tells_all, setup, teardown),
        cmocka_unit_test_setup_teardown(a_fault_has_no_reading, setup, teardown),
        cmocka_unit_test(every_fault_reaches_its_alarms_only),
        cmocka_unit_test_setup_teardown(what_makes_no_sense_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(deadlines_come_before_the_event, setup, teardown),
        cmocka_unit_test_setup_teardown(transitions_must_be_taken_first, setup, teardown),
        cmocka_unit_test_setup_teardown(time_never_goes_backwards, setup, teardown),
        cmocka_unit_test_setup_teardown(points_are_known_with_their_age, setup, teardown),
        cmocka_unit_test_setup_teardown(a_point_that_came_back_is_not_told_as_stale, setup, teardown),
        cmocka_unit_test_setup_teardown(contradictions_count_as_bad, setup, teardown),
        cmocka_unit_test_setup_teardown(the_end_of_time_is_survived, setup, teardown),
        cmocka_unit_test(limits_at_the_end_of_numbers),
        cmocka_unit_test(empty_sites_and_unsound_tables),
        cmocka_unit_test(short_memory_is_told_at_creation_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
