/* A failing vacuum is told from lid, ice, a warmer room, and a probe that lies. */
#include "tank_stage.h"

static void learned(struct stage *s)
{
    stage_open_usual(s);
    stage_run(s, 15 * DAY);
    struct tank_view v = stage_view(s);
    assert_int_equal(v.vacuum, TANK_VACUUM_GOOD);
    assert_true(v.vacuum_index.known);
    assert_between(AS_NUM(v.vacuum_index.value), 0.9, 1.1);
    assert_int_equal(v.vacuum_since_us, 0);
}

/* Hours until it is said to fail; fails the test after limit_h. */
static double hours_to_failing(struct stage *s, int limit_h)
{
    int64_t from_us = s->now_us;
    while (stage_view(s).vacuum != TANK_VACUUM_FAILING) {
        if (s->now_us - from_us > limit_h * HOUR)
            fail_msg("not within %d h", limit_h);
        stage_run(s, 10 * MINUTE);
    }
    return (double)(s->now_us - from_us) / HOUR;
}

/* It boils half more, and the top warms by less than half more. */
static void fails(struct stage *s)
{
    s->fall_cm_day = 3;
    s->top_c = -182;
}

static void failing(struct stage *s)
{
    learned(s);
    fails(s);
    hours_to_failing(s, 72);
}

static void slow(void **state)
{
    (void)state;
    struct stage s;
    learned(&s);
    fails(&s);
    assert_between(hours_to_failing(&s, 72), 24, 72);
    struct tank_view v = stage_view(&s);
    assert_int_equal(v.cause, TANK_CAUSE_VACUUM);
    assert_between(AS_NUM(v.vacuum_index.value), 1.4, 1.6);
    assert_between((double)(s.now_us - v.vacuum_since_us), 0, 10 * MINUTE);
    /* repaired: it says so when four windows are as ever */
    s.fall_cm_day = 2;
    s.top_c = -186;
    stage_run(&s, 3 * DAY);
    assert_int_equal(stage_view(&s).vacuum, TANK_VACUUM_GOOD);
}

static void fast(void **state)
{
    (void)state;
    struct stage s;
    learned(&s);
    while (s.level_cm < 18 || s.level_cm > 19 || stage_view(&s).phase != TANK_STATIC)
        stage_run(&s, MINUTE);
    s.fall_cm_day = 22;
    assert_between(hours_to_failing(&s, 2), 0.5, 1.5);
}

static void a_slow_leak_is_watched_before_it_fails(void **state)
{
    (void)state;
    struct stage s;
    bool watched = false;
    learned(&s);
    while (stage_view(&s).vacuum != TANK_VACUUM_FAILING) {
        s.fall_cm_day += 0.2 / 144; /* a tenth more each day */
        stage_run(&s, 10 * MINUTE);
        watched = watched || stage_view(&s).vacuum == TANK_VACUUM_WATCH;
        assert_true(s.fall_cm_day < 4);
    }
    assert_true(watched);
}

static void ice_is_not_the_vacuum(void **state)
{
    (void)state;
    struct stage s;
    learned(&s);
    s.fall_cm_day = 3; /* half more, and the top is twice as far above LN2 as before */
    s.top_c = -176;
    stage_run(&s, 6 * DAY);
    struct tank_view v = stage_view(&s);
    assert_int_not_equal(v.vacuum, TANK_VACUUM_FAILING);
    assert_int_equal(v.cause, TANK_CAUSE_ICE);
}

static void a_forgotten_lid_is_not_the_vacuum(void **state)
{
    (void)state;
    struct stage s;
    learned(&s);
    s.lid = true;
    s.fall_cm_day = 6;
    s.top_c = -160;
    stage_run(&s, 8 * HOUR);
    assert_int_equal(stage_view(&s).vacuum, TANK_VACUUM_GOOD);
    assert_int_equal(stage_view(&s).cause, TANK_CAUSE_LID);
    s.lid = false;
    for (int h = 0; h < 96; h++) { /* what it left in the racks boils off over two days */
        s.fall_cm_day = 2 + 2.0 / (1 + h / 12.0);
        s.top_c = -186 + 20.0 / (1 + h);
        stage_run(&s, HOUR);
        assert_int_not_equal(stage_view(&s).vacuum, TANK_VACUUM_FAILING);
    }
}

static void what_boils_after_a_long_opening_does_not_count(void **state)
{
    (void)state;
    struct stage s;
    learned(&s);
    s.lid = true;
    s.fall_cm_day = 6;
    stage_run(&s, 5 * HOUR);
    s.lid = false;
    s.fall_cm_day = 4;
    for (int h = 0; h < 22; h++) { /* six times the opening, at most a day */
        stage_run(&s, HOUR);
        assert_between(AS_NUM(stage_view(&s).vacuum_index.value), 0.85, 1.15);
        assert_int_equal(stage_view(&s).cause, TANK_CAUSE_LID);
    }
}

static void a_warm_room_is_not_the_vacuum(void **state)
{
    (void)state;
    struct stage s;
    learned(&s);
    s.room_c = 31;
    s.fall_cm_day = 2 * (31 + 195.8) / (21 + 195.8);
    stage_run(&s, 4 * DAY);
    struct tank_view v = stage_view(&s);
    assert_int_equal(v.vacuum, TANK_VACUUM_GOOD);
    assert_between(AS_NUM(v.vacuum_index.value), 0.95, 1.05);
    assert_int_equal(v.cause, TANK_CAUSE_ROOM);
}

static void a_step_of_the_probe_is_not_the_vacuum(void **state)
{
    (void)state;
    struct stage s;
    learned(&s);
    static const double steps[] = {-2.5, -0.9, -0.5, 0.4, 2, 0};
    for (unsigned i = 0; i < sizeof steps / sizeof *steps; i++) {
        while (s.level_cm < 18)
            stage_run(&s, MINUTE);
        stage_run(&s, 2 * HOUR);
        double step = steps[i] - s.offset_cm;
        s.offset_cm = steps[i];
        stage_run(&s, 11 * MINUTE);
        bool jump = step > 1.2 || step < -1.2; /* upwards it looks like a fill without a valve */
        if (jump && step < 0)
            assert_true(stage_view(&s).flags & TANK_LEVEL_JUMP);
        for (int k = 0; k < 36; k++) {
            stage_run(&s, 10 * MINUTE);
            enum tank_vacuum vacuum = stage_view(&s).vacuum; /* above what was learned it is not judged */
            assert_true(vacuum == TANK_VACUUM_GOOD || (s.offset_cm > 1 && vacuum == TANK_VACUUM_UNKNOWN));
        }
    }
}

static void a_lost_level_says_nothing_of_the_vacuum(void **state)
{
    (void)state;
    struct stage s;
    failing(&s);
    s.silent = true;
    stage_run(&s, 5 * DAY);
    assert_int_equal(stage_view(&s).vacuum, TANK_VACUUM_FAILING); /* silence repairs nothing */
    tank_relearn(&s.tank);
    assert_int_equal(stage_view(&s).vacuum, TANK_VACUUM_UNKNOWN);
}

/* A stuck probe, or one that shows 1.5 cm of a dry vessel, with its noise: no boil-off of 0 that looks good.
 */
static void a_level_that_stands_still_is_no_boil_off(void **state)
{
    (void)state;
    struct stage s;
    learned(&s);
    while (s.level_cm < 17 || s.filling)
        stage_run(&s, MINUTE);
    stage_run(&s, 4 * HOUR);
    s.fall_cm_day = 0;
    stage_run(&s, 12 * HOUR);
    for (int i = 0; i < 72; i++) {
        stage_run(&s, HOUR);
        struct tank_view v = stage_view(&s);
        assert_true(v.flags & TANK_LEVEL_FLAT);
        assert_int_equal(v.vacuum, TANK_VACUUM_UNKNOWN);
        assert_false(v.vacuum_index.known || v.boil_cm_day.known || v.boil_l_day.known ||
                     v.left_empty_h.known);
        assert_int_equal(v.boil_cm_day.why, TANK_NOT_FALLING);
    }
    s.fall_cm_day = 2; /* it is seen to fall again */
    stage_run(&s, 12 * HOUR);
    struct tank_view v = stage_view(&s);
    assert_false(v.flags & TANK_LEVEL_FLAT);
    assert_int_equal(v.vacuum, TANK_VACUUM_GOOD);
    assert_between(AS_NUM(v.boil_cm_day.value), 1.8, 2.2);
    assert_between(AS_NUM(v.vacuum_index.value), 0.9, 1.1);
}

static void a_level_that_stands_still_repairs_nothing(void **state)
{
    (void)state;
    struct stage s;
    failing(&s);
    s.fall_cm_day = 0;
    for (int i = 0; i < 5 * 24; i++) {
        stage_run(&s, HOUR);
        assert_int_equal(stage_view(&s).vacuum, TANK_VACUUM_FAILING);
    }
}

/* A dewar without its exact shape that is filled by hand, up into its neck, where a centimetre is a quarter.
 */
static void a_neck_is_not_the_vacuum(void **state)
{
    (void)state;
    struct tank_vessel model;
    struct stage s;
    tank_vessel_init(&model);
    stage_open(&s, &model);
    s.start_cm = 0;
    s.level_cm = 45;
    stage_run(&s, 12 * DAY);
    for (int fill = 0; fill < 2; fill++) {
        while (s.level_cm < 50) { /* by hand: five minutes */
            s.level_cm += 6;
            stage_run(&s, MINUTE);
        }
        for (int h = 0; h < 12 * 24; h++) {
            s.fall_cm_day = s.level_cm > 46 ? 8 : 2;
            stage_run(&s, HOUR);
            struct tank_view v = stage_view(&s);
            assert_true(v.vacuum == TANK_VACUUM_GOOD || v.vacuum == TANK_VACUUM_UNKNOWN);
            if (s.level_cm > 47)
                assert_int_equal(v.vacuum, TANK_VACUUM_UNKNOWN);
        }
        assert_int_equal(stage_view(&s).vacuum, TANK_VACUUM_GOOD); /* and below it is judged */
    }
    s.fall_cm_day = 10;
    hours_to_failing(&s, 12);
}

/* The vacuum is gone: each fill is boiled away before the level has settled, so there is no run to see it in.
 */
static void fills_that_boil_away(void **state)
{
    (void)state;
    struct stage s;
    learned(&s);
    s.fall_cm_day = 150;
    stage_run(&s, 6 * HOUR);
    assert_int_equal(stage_view(&s).vacuum, TANK_VACUUM_FAILING);
}

/* The top warms by so much per hour. Hours until it is said to fail; limit_h when it is not. */
static double top_warms(struct stage *s, double k_hour, double limit_h)
{
    int64_t from_us = s->now_us;
    while ((double)(s->now_us - from_us) / HOUR < limit_h) {
        if (stage_view(s).vacuum == TANK_VACUUM_FAILING)
            return (double)(s->now_us - from_us) / HOUR;
        s->top_c += k_hour / 60;
        stage_run(s, MINUTE);
    }
    return limit_h;
}

static void filled(struct stage *s)
{
    learned(s);
    while (stage_view(s).phase != TANK_SETTLING)
        stage_run(s, MINUTE);
}

/* The level settles for 45 minutes, and a slope needs as long again. */
static void what_warms_behind_a_fill(void **state)
{
    (void)state;
    struct stage s;
    filled(&s);
    s.fall_cm_day = 22;
    assert_between(top_warms(&s, 8, 3), 0.5, 1.2);
}

static void what_warms_while_it_is_filled_again_and_again(void **state)
{
    (void)state;
    struct stage s;
    filled(&s);
    s.level_cm = 16.5;
    s.fall_cm_day = 60;
    assert_between(top_warms(&s, 8, 3), 0.5, 1.2);
}

static void coarse(struct stage *s)
{
    struct tank_vessel model;
    stage_model(&model);
    model.resolution_cm = N(0.5);
    stage_open(s, &model);
    stage_run(s, 25 * DAY);
    while (stage_view(s).phase != TANK_STATIC || s->level_cm > 18)
        stage_run(s, MINUTE);
}

static void what_warms_slowly_where_the_level_moves_in_steps(void **state)
{
    (void)state;
    struct stage s;
    coarse(&s);
    s.fall_cm_day = 5;
    assert_between(top_warms(&s, 2, 6), 0.5, 2.5);
}

static void a_top_that_warms_is_not_the_vacuum_when_it_boils_as_ever(void **state)
{
    (void)state;
    struct stage s;
    learned(&s);
    while (stage_view(&s).phase != TANK_STATIC || s.level_cm > 19)
        stage_run(&s, MINUTE);
    s.noise_cm = 0.01;
    assert_between(top_warms(&s, 4, 10), 10, 10);
}

static void a_top_that_warms_under_an_open_lid_or_dry_is_not_the_vacuum(void **state)
{
    (void)state;
    struct stage s;
    filled(&s);
    s.lid = true;
    s.fall_cm_day = 12;
    assert_between(top_warms(&s, 8, 3), 3, 3);
    coarse(&s);
    s.start_cm = 0; /* nobody fills it */
    s.level_cm = 0;
    stage_run(&s, 2 * HOUR);
    assert_between(top_warms(&s, 8, 3), 3, 3);
}

static void a_step_of_the_top_is_not_the_vacuum(void **state)
{
    (void)state;
    struct stage s;
    filled(&s);
    stage_run(&s, 20 * MINUTE);
    s.top_c += 8;
    assert_between(top_warms(&s, 0, 6), 6, 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fills_that_boil_away),
        cmocka_unit_test(what_warms_behind_a_fill),
        cmocka_unit_test(what_warms_while_it_is_filled_again_and_again),
        cmocka_unit_test(what_warms_slowly_where_the_level_moves_in_steps),
        cmocka_unit_test(a_top_that_warms_is_not_the_vacuum_when_it_boils_as_ever),
        cmocka_unit_test(a_top_that_warms_under_an_open_lid_or_dry_is_not_the_vacuum),
        cmocka_unit_test(a_step_of_the_top_is_not_the_vacuum),
        cmocka_unit_test(slow),
        cmocka_unit_test(a_level_that_stands_still_is_no_boil_off),
        cmocka_unit_test(a_level_that_stands_still_repairs_nothing),
        cmocka_unit_test(a_neck_is_not_the_vacuum),
        cmocka_unit_test(fast),
        cmocka_unit_test(a_slow_leak_is_watched_before_it_fails),
        cmocka_unit_test(ice_is_not_the_vacuum),
        cmocka_unit_test(a_forgotten_lid_is_not_the_vacuum),
        cmocka_unit_test(what_boils_after_a_long_opening_does_not_count),
        cmocka_unit_test(a_warm_room_is_not_the_vacuum),
        cmocka_unit_test(a_step_of_the_probe_is_not_the_vacuum),
        cmocka_unit_test(a_lost_level_says_nothing_of_the_vacuum)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
