/* test_engine_measure.c - conditions made of several readings: rates, deviations, disagreement. */
#include "engine_fixture.h"
#include "test.h"

#define DEGREES(x) ((micro_t)(x)*MICRO_PER_UNIT)

enum { A, B, C, N_POINTS };
enum { RISING, FALLING, OFF_NUMBER, OFF_POINT, APART, N_ALARMS };

static const struct point_model POINTS[N_POINTS] = {{60000, 1600000}, {60000, 0}, {60000, 0}};
static const struct alarm_model MODELS[N_ALARMS] = {
    [RISING] = {.kind = CONDITION_RATE,
                .point = A,
                .limit = DEGREES(10),
                .deadband = DEGREES(2),
                .window_ms = 1600000,
                .off_delay_ms = 20000},
    [FALLING] = {.kind = CONDITION_RATE,
                 .point = A,
                 .direction = DIRECTION_FALLING,
                 .limit = DEGREES(10),
                 .window_ms = 1600000},
    [OFF_NUMBER] = {.kind = CONDITION_DEVIATION,
                    .point = B,
                    .setpoint = DEGREES(-80),
                    .limit = DEGREES(5),
                    .deadband = DEGREES(1),
                    .realarm_step = DEGREES(3)},
    [OFF_POINT] =
        {.kind = CONDITION_DEVIATION, .point = B, .n_others = 1, .others = {C}, .limit = DEGREES(50)},
    [APART] = {.kind = CONDITION_DISAGREE,
               .point = A,
               .n_others = 2,
               .others = {B, C},
               .limit = DEGREES(200),
               .deadband = DEGREES(20),
               .off_delay_ms = 5000},
};

static struct fixture begin(const struct alarm_model *model)
{
    const struct engine_tables tables = {
        .points = POINTS, .n_points = N_POINTS, .alarms = model, .n_alarms = 1};

    return fixture_make(&tables);
}

/* Reads A each 10 s for so many minutes while it changes by so many degrees per hour. */
static micro_t drift(struct fixture *f, micro_t value, int64_t minutes, micro_t per_hour,
                     enum quality quality)
{
    for (int64_t i = 0; i < minutes * 6; i++) {
        fixture_pass(f, 10 * FIXTURE_S);
        value += per_hour / 360;
        fixture_read(f, A, value, quality);
    }
    return value;
}

static void a_fast_rise_is_an_alarm_and_a_slow_one_is_not(void **state)
{
    struct fixture f = begin(&MODELS[RISING]);
    const struct transition *t;
    micro_t value;

    (void)state;
    value = drift(&f, DEGREES(-190), 60, DEGREES(9), QUALITY_GOOD);
    value = drift(&f, value, 60, DEGREES(-40), QUALITY_GOOD);
    fixture_expect_nothing(&f);
    value = drift(&f, value, 40, DEGREES(12), QUALITY_GOOD);
    t = fixture_expect(&f, 0, TRANSITION_RAISED, WHY_NONE, ALARM_UNACKNOWLEDGED);
    assert_true(t->has_measure);
    assert_true(t->measure > DEGREES(10));
    value = drift(&f, value, 60, DEGREES(9), QUALITY_GOOD); /* in the deadband */
    fixture_expect_nothing(&f);
    drift(&f, value, 60, 0, QUALITY_GOOD);
    fixture_expect(&f, 0, TRANSITION_RETURNED, WHY_NONE, ALARM_RETURNED_UNACKNOWLEDGED);
    engine_free(f.engine);
}

static void a_fall_has_its_own_direction(void **state)
{
    struct fixture f = begin(&MODELS[FALLING]);
    micro_t value;

    (void)state;
    value = drift(&f, DEGREES(20), 60, DEGREES(30), QUALITY_GOOD);
    fixture_expect_nothing(&f);
    drift(&f, value, 60, DEGREES(-11), QUALITY_GOOD);
    assert_true(fixture_expect(&f, 0, TRANSITION_RAISED, WHY_NONE, ALARM_UNACKNOWLEDGED)->measure <
                DEGREES(-10));
    engine_free(f.engine);
}

/* Uncertain values raise, and do not end; lost ones do neither; the trend shows neither as good. */
static void a_rate_of_doubtful_data(void **state)
{
    struct fixture f = begin(&MODELS[RISING]);
    struct trend_view trend;
    micro_t value;

    (void)state;
    value = drift(&f, DEGREES(-190), 40, 0, QUALITY_GOOD);
    assert_true(engine_trend(f.engine, A, &trend));
    assert_int_equal(trend.per_hour, 0);
    assert_in_range(trend.over_s, 1400, 1600);
    value = drift(&f, value, 40, DEGREES(30), QUALITY_UNCERTAIN);
    fixture_expect(&f, 0, TRANSITION_RAISED, WHY_NONE, ALARM_UNACKNOWLEDGED);
    assert_false(engine_trend(f.engine, A, &trend));
    value = drift(&f, value, 60, 0, QUALITY_UNCERTAIN);
    drift(&f, value, 60, 0, QUALITY_BAD);
    fixture_expect_nothing(&f);
    assert_int_equal(engine_alarm_state(f.engine, 0), ALARM_UNACKNOWLEDGED);
    assert_false(engine_hold(f.engine, 0).has_measure);
    assert_false(engine_trend(f.engine, A, &trend));
    assert_false(engine_trend(f.engine, B, &trend)); /* none is kept */
    assert_false(engine_trend(f.engine, N_POINTS, &trend));
    drift(&f, value, 30, 0, QUALITY_GOOD);
    fixture_expect(&f, 0, TRANSITION_RETURNED, WHY_NONE, ALARM_RETURNED_UNACKNOWLEDGED);
    assert_true(engine_trend(f.engine, A, &trend));
    engine_free(f.engine);
}

/* A reload in the middle of a rise: the new engine knows what the old one has seen. */
static void a_reload_forgets_no_rate(void **state)
{
    const struct engine_tables tables = {
        .points = POINTS, .n_points = N_POINTS, .alarms = &MODELS[RISING], .n_alarms = 1};
    struct point_model other_point = POINTS[A];
    struct engine_tables other = tables;
    struct fixture f = fixture_make(&tables);
    struct trend_view before, after;
    struct engine *next;

    (void)state;
    drift(&f, DEGREES(-190), 40, DEGREES(8), QUALITY_GOOD);
    assert_true(engine_trend(f.engine, A, &before));
    next = engine_create(&tables, fixture_now(&f));
    engine_inherit_point(next, A, f.engine, A);
    engine_inherit_alarm(next, 0, f.engine, 0);
    assert_true(engine_trend(next, A, &after));
    assert_int_equal(after.per_hour, before.per_hour);
    /* Another window is another trend. */
    other_point.trend_window_ms = 800000;
    other.points = &other_point;
    other.n_points = 1;
    struct engine *unlike = engine_create(&other, fixture_now(&f));
    engine_inherit_point(unlike, A, f.engine, A);
    assert_false(engine_trend(unlike, A, &after));
    engine_inherit_point(unlike, 7, f.engine, A);
    engine_inherit_alarm(unlike, 0, f.engine, 7);
    engine_free(unlike);
    engine_free(f.engine);
    f.engine = next;
    drift(&f, DEGREES(-180), 8, DEGREES(30), QUALITY_GOOD);
    fixture_expect(&f, 0, TRANSITION_RAISED, WHY_NONE, ALARM_UNACKNOWLEDGED);
    engine_free(f.engine);
}

static void a_deviation_from_a_number(void **state)
{
    struct fixture f = begin(&MODELS[OFF_NUMBER]);

    (void)state;
    fixture_good(&f, B, DEGREES(-85));
    fixture_expect_nothing(&f);
    fixture_good(&f, B, DEGREES(-86));
    assert_int_equal(fixture_expect(&f, 0, TRANSITION_RAISED, WHY_NONE, ALARM_UNACKNOWLEDGED)->measure,
                     DEGREES(-6));
    fixture_order(&f, EVENT_ACKNOWLEDGE, 0);
    fixture_expect(&f, 0, TRANSITION_ACKNOWLEDGED, WHY_NONE, ALARM_ACKNOWLEDGED);
    fixture_good(&f, B, DEGREES(-84) - 1); /* in the deadband */
    fixture_read(&f, B, DEGREES(-80), QUALITY_UNCERTAIN);
    fixture_read(&f, B, DEGREES(-80), QUALITY_BAD);
    fixture_good(&f, B, DEGREES(-73)); /* on the other side, and only one worse */
    fixture_expect_nothing(&f);
    fixture_good(&f, B, DEGREES(-71)); /* by 3 worse than at the acknowledgement */
    fixture_expect(&f, 0, TRANSITION_REALARMED, WHY_WORSE, ALARM_UNACKNOWLEDGED);
    fixture_good(&f, B, DEGREES(-84));
    fixture_expect(&f, 0, TRANSITION_RETURNED, WHY_NONE, ALARM_RETURNED_UNACKNOWLEDGED);
    engine_free(f.engine);
}

/* The setpoint is read too: its samples are as good as those of the value, and its loss ends nothing. */
static void a_deviation_from_a_point(void **state)
{
    struct fixture f = begin(&MODELS[OFF_POINT]);

    (void)state;
    fixture_good(&f, B, DEGREES(0));
    fixture_good(&f, C, DEGREES(-50));
    fixture_expect_nothing(&f);
    fixture_good(&f, C, DEGREES(-51));
    assert_int_equal(fixture_expect(&f, 0, TRANSITION_RAISED, WHY_NONE, ALARM_UNACKNOWLEDGED)->measure,
                     DEGREES(51));
    assert_int_equal(engine_hold(f.engine, 0).measure, DEGREES(51));
    fixture_pass(&f, 60 * FIXTURE_S); /* nobody reads them any more */
    assert_false(engine_hold(f.engine, 0).has_measure);
    fixture_read(&f, C, 0, QUALITY_BAD);
    fixture_good(&f, B, DEGREES(-51));
    fixture_read(&f, C, DEGREES(-51), QUALITY_UNCERTAIN);
    fixture_pass(&f, FIXTURE_H);
    fixture_good(&f, B, DEGREES(-51));
    fixture_expect_nothing(&f);
    fixture_good(&f, C, DEGREES(-51));
    fixture_expect(&f, 0, TRANSITION_RETURNED, WHY_NONE, ALARM_RETURNED_UNACKNOWLEDGED);
    engine_free(f.engine);
}

static void sensors_disagree(void **state)
{
    struct fixture f = begin(&MODELS[APART]);

    (void)state;
    fixture_good(&f, A, DEGREES(20));
    fixture_expect_nothing(&f); /* one alone */
    fixture_good(&f, B, DEGREES(-181));
    fixture_expect(&f, 0, TRANSITION_RAISED, WHY_NONE, ALARM_UNACKNOWLEDGED); /* two are enough to begin */
    fixture_good(&f, A, DEGREES(-180));
    fixture_pass(&f, 6 * FIXTURE_S);
    fixture_expect_nothing(&f); /* but to end it all must be good */
    fixture_good(&f, C, DEGREES(-170));
    fixture_pass(&f, 3 * FIXTURE_S);
    fixture_read(&f, C, 0, QUALITY_BAD); /* the return must begin anew */
    fixture_good(&f, C, DEGREES(-170));
    fixture_pass(&f, 5 * FIXTURE_S - 1);
    fixture_expect_nothing(&f);
    fixture_pass(&f, 1);
    assert_int_equal(
        fixture_expect(&f, 0, TRANSITION_RETURNED, WHY_NONE, ALARM_RETURNED_UNACKNOWLEDGED)->measure,
        DEGREES(11));
    fixture_read(&f, C, DEGREES(30), QUALITY_UNCERTAIN);
    fixture_expect(&f, 0, TRANSITION_RAISED, WHY_NONE, ALARM_UNACKNOWLEDGED);
    engine_free(f.engine);
}

static void bad_models_are_refused(void **state)
{
    struct alarm_model model;
    const struct engine_tables tables = {
        .points = POINTS, .n_points = N_POINTS, .alarms = &model, .n_alarms = 1};

    (void)state;
#define REFUSED(from, change)                                                                                \
    model = MODELS[from];                                                                                    \
    change;                                                                                                  \
    assert_null(engine_create(&tables, (struct stamp){0, 0}))
    REFUSED(RISING, model.window_ms = 0);
    REFUSED(RISING, model.window_ms = ALARM_WINDOW_MAX_MS + 1);
    REFUSED(RISING, model.direction = (enum direction)2);
    REFUSED(RISING, model.point = N_POINTS);
    REFUSED(OFF_POINT, model.others[0] = N_POINTS);
    REFUSED(OFF_POINT, model.others[0] = model.point);
    REFUSED(OFF_POINT, model.n_others = 2);
    REFUSED(APART, model.n_others = 0);
    REFUSED(APART, model.n_others = 4);
    REFUSED(APART, model.others[1] = model.others[0]);
    REFUSED(RISING, model.kind = (enum condition_kind)CONDITION_KINDS);
    REFUSED(RISING, model.suppression = ((struct suppression){.when = SUPPRESS_ABOVE}));
    REFUSED(RISING,
            model.suppression = ((struct suppression){.when = SUPPRESS_ABOVE, .point = 9, .at_most_ms = 1}));
    REFUSED(RISING,
            model.suppression = ((struct suppression){.when = (enum suppress_when)4, .at_most_ms = 1}));
    REFUSED(RISING, model.suppression = ((struct suppression){
                        .when = SUPPRESS_STATES, .at_most_ms = 1, .n_states = ALARM_STATES_MAX + 1}));
#undef REFUSED
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fast_rise_is_an_alarm_and_a_slow_one_is_not),
        cmocka_unit_test(a_fall_has_its_own_direction),
        cmocka_unit_test(a_rate_of_doubtful_data),
        cmocka_unit_test(a_reload_forgets_no_rate),
        cmocka_unit_test(a_deviation_from_a_number),
        cmocka_unit_test(a_deviation_from_a_point),
        cmocka_unit_test(sensors_disagree),
        cmocka_unit_test(bad_models_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
