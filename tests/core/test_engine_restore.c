/* test_engine_restore.c - what an earlier run or configuration knew, in every combination. */
#include <stdlib.h>

#include "engine_fixture.h"
#include "test.h"

#define SECOND INT64_C(1000000)

static const struct point_model POINT = {.stale_after_ms = 100000};
static const struct alarm_model HIGH = {
    .kind = CONDITION_HIGH, .limit = 10, .deadband = 2, .on_delay_ms = 10000, .off_delay_ms = 20000};

static struct engine *create(int64_t seconds)
{
    struct engine *engine =
        fixture_create(&POINT, 1, &HIGH, 1, (struct stamp){seconds * SECOND, seconds * SECOND});

    assert_non_null(engine);
    return engine;
}

/* Feeds a good value; returns the number of transitions, and the last of them. */
static unsigned sample(struct engine *engine, int64_t seconds, micro_t value, struct transition *last)
{
    const struct event event = {.kind = EVENT_SAMPLE, .sample = {.reading = {.value = value}}};
    unsigned n = 0;

    assert_int_equal(engine_feed(engine, (struct stamp){seconds * SECOND, 0}, &event), 0);
    while (engine_take(engine, last))
        n++;
    return n;
}

/* Brings a new engine to a state by living through it. */
static struct engine *create_in(enum alarm_state state, struct transition *t)
{
    const struct event acknowledge = {.kind = EVENT_ACKNOWLEDGE};
    struct engine *engine = create(0);

    if (state == ALARM_NORMAL)
        return engine;
    sample(engine, 0, 11, t);
    assert_int_equal(sample(engine, 10, 11, t), 1);
    if (state == ALARM_ACKNOWLEDGED)
        assert_int_equal(engine_feed(engine, (struct stamp){10 * SECOND, 0}, &acknowledge), 0);
    while (engine_take(engine, t))
        ;
    if (state == ALARM_RETURNED_UNACKNOWLEDGED) {
        sample(engine, 11, 8, t);
        assert_int_equal(sample(engine, 31, 8, t), 1);
    }
    assert_int_equal(engine_alarm_state(engine, 0), state);
    return engine;
}

static void restoring_never_weakens(void **state)
{
    struct transition t;

    (void)state;
    for (int own = 0; own <= 3; own++)
        for (int old = 0; old <= 3; old++) {
            struct engine *engine = create_in((enum alarm_state)own, &t);

            fixture_restore(engine, 0, (enum alarm_state)old);
            assert_int_equal(engine_alarm_state(engine, 0), own == ALARM_NORMAL ? old : own);
            assert_false(engine_take(engine, &t));
            engine_free(engine);
        }
}

static void rubbish_is_ignored(void **state)
{
    struct engine *engine = create(0);

    (void)state;
    fixture_restore(engine, 0, (enum alarm_state)7);
    fixture_restore(engine, 0, (enum alarm_state) - 1);
    fixture_restore(engine, 1, ALARM_ACKNOWLEDGED);
    engine_restore_pending(engine, 1, 0);
    engine_restore_point(engine, 1, &(struct reading){0}, (struct stamp){0}, 0);
    assert_int_equal(engine_alarm_state(engine, 0), ALARM_NORMAL);
    assert_true(engine_pending_since(engine, 1) == INT64_MAX);
    engine_free(engine);
}

static void an_active_alarm_is_not_raised_again_and_ends_as_usual(void **state)
{
    static const enum alarm_state states[] = {ALARM_UNACKNOWLEDGED, ALARM_ACKNOWLEDGED};
    struct transition t;

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct engine *engine = create(0);

        fixture_restore(engine, 0, states[i]);
        assert_int_equal(sample(engine, 1, 50, &t), 0);
        assert_int_equal(sample(engine, 30, 50, &t), 0);
        assert_int_equal(sample(engine, 31, 9, &t), 0); /* in the deadband */
        assert_int_equal(sample(engine, 60, 8, &t), 0); /* the off-delay begins */
        assert_int_equal(sample(engine, 79, 8, &t), 0);
        assert_int_equal(sample(engine, 80, 8, &t), 1);
        assert_int_equal(t.kind, TRANSITION_RETURNED);
        assert_int_equal(t.from, states[i]);
        engine_free(engine);
    }
}

static void a_returned_one_waits_or_is_raised_again(void **state)
{
    struct engine *engine = create(0);
    const struct event acknowledge = {.kind = EVENT_ACKNOWLEDGE};
    struct transition t;

    (void)state;
    fixture_restore(engine, 0, ALARM_RETURNED_UNACKNOWLEDGED);
    assert_int_equal(sample(engine, 1, 8, &t), 0);
    assert_int_equal(sample(engine, 50, 8, &t), 0);
    assert_int_equal(engine_alarm_state(engine, 0), ALARM_RETURNED_UNACKNOWLEDGED);
    assert_int_equal(sample(engine, 51, 11, &t), 0);
    assert_int_equal(sample(engine, 61, 11, &t), 1);
    assert_int_equal(t.kind, TRANSITION_RAISED);
    assert_int_equal(t.from, ALARM_RETURNED_UNACKNOWLEDGED);
    engine_free(engine);

    engine = create(0);
    fixture_restore(engine, 0, ALARM_RETURNED_UNACKNOWLEDGED);
    assert_int_equal(engine_feed(engine, (struct stamp){0}, &acknowledge), 0);
    assert_true(engine_take(engine, &t));
    assert_int_equal(t.to, ALARM_NORMAL);
    engine_free(engine);
}

/* Pending here, known from before: the pending one must neither raise it again nor be lost. */
static void late_news_meet_a_pending_alarm(void **state)
{
    struct engine *engine = create(0);
    struct transition t;

    (void)state;
    sample(engine, 0, 11, &t);
    fixture_restore(engine, 0, ALARM_ACKNOWLEDGED);
    assert_int_equal(engine_next_deadline(engine), 100 * SECOND); /* the on-delay is not waited for */
    assert_int_equal(sample(engine, 10, 11, &t), 0);
    assert_true(engine_pending_since(engine, 0) == INT64_MAX);
    engine_free(engine);

    engine = create(0);
    sample(engine, 0, 11, &t);
    fixture_restore(engine, 0, ALARM_RETURNED_UNACKNOWLEDGED);
    assert_int_equal(sample(engine, 10, 11, &t), 1);
    assert_int_equal(t.to, ALARM_UNACKNOWLEDGED);
    engine_free(engine);
}

static void a_reload_keeps_a_running_delay(void **state)
{
    struct engine *old = create(0), *engine = create(5);
    struct transition t;

    (void)state;
    assert_true(engine_pending_since(old, 0) == INT64_MAX);
    sample(old, 1, 11, &t);
    assert_int_equal(engine_pending_since(old, 0), 1 * SECOND);
    engine_restore_pending(engine, 0, INT64_MAX); /* "none": nothing to restore */
    assert_true(engine_pending_since(engine, 0) == INT64_MAX);
    engine_restore_pending(engine, 0, engine_pending_since(old, 0));
    engine_restore_pending(engine, 0, 3 * SECOND); /* the first one counts */
    assert_int_equal(engine_next_deadline(engine), 11 * SECOND);
    assert_int_equal(sample(engine, 6, 11, &t), 0);
    assert_int_equal(sample(engine, 11, 11, &t), 1);
    assert_int_equal(t.since_boot_us, 1 * SECOND);
    engine_free(engine);
    engine = create(5);
    engine_restore_pending(engine, 0, 7 * SECOND); /* not in the future */
    assert_int_equal(engine_pending_since(engine, 0), 5 * SECOND);
    engine_free(engine);
    engine_free(old);
}

static void a_reload_keeps_readings_and_their_age(void **state)
{
    struct engine *old = create(0), *engine = create(50);
    struct point_view before, after;
    struct transition t;

    (void)state;
    sample(old, 10, 5, &t);
    before = engine_point(old, 0);
    engine_restore_point(engine, 0, &before.reading, before.at, before.last_data_boot_us);
    after = engine_point(engine, 0);
    assert_int_equal(after.reading.value, 5);
    assert_int_equal(after.at.boot_us, 10 * SECOND);
    assert_int_equal(after.last_data_boot_us, 10 * SECOND);
    assert_int_equal(engine_next_deadline(engine), 110 * SECOND);
    /* What came since then is not undone. */
    sample(engine, 60, 6, &t);
    engine_restore_point(engine, 0, &before.reading, before.at, before.last_data_boot_us);
    assert_int_equal(engine_point(engine, 0).reading.value, 6);
    assert_int_equal(engine_next_deadline(engine), 160 * SECOND);
    engine_free(engine);
    /* Never read before the reload: never read after it. */
    engine = create(50);
    engine_free(old);
    old = create(0);
    before = engine_point(old, 0);
    engine_restore_point(engine, 0, &before.reading, before.at, before.last_data_boot_us);
    after = engine_point(engine, 0);
    assert_int_equal(after.reading.reason, REASON_NEVER_READ);
    assert_true(after.last_data_boot_us == INT64_MIN);
    assert_int_equal(engine_next_deadline(engine), 150 * SECOND);
    engine_free(engine);
    engine_free(old);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(restoring_never_weakens),
        cmocka_unit_test(rubbish_is_ignored),
        cmocka_unit_test(an_active_alarm_is_not_raised_again_and_ends_as_usual),
        cmocka_unit_test(a_returned_one_waits_or_is_raised_again),
        cmocka_unit_test(late_news_meet_a_pending_alarm),
        cmocka_unit_test(a_reload_keeps_a_running_delay),
        cmocka_unit_test(a_reload_keeps_readings_and_their_age),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
