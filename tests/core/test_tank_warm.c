/* A top that is too warm under a closed lid, where the boil-off is not known. */
#include "tank_stage.h"

static void learned(struct stage *s)
{
    stage_open_usual(s);
    stage_run(s, 15 * DAY);
    assert_int_equal(stage_view(s).vacuum, TANK_VACUUM_GOOD);
}

/* Hours until it is said to fail while the top warms by k_hour up to most_c; limit_h when it is not. */
static double warms_to(struct stage *s, double k_hour, double most_c, double limit_h, bool level)
{
    int64_t from_us = s->now_us;
    while ((double)(s->now_us - from_us) / HOUR < limit_h) {
        if (stage_view(s).vacuum == TANK_VACUUM_FAILING)
            return (double)(s->now_us - from_us) / HOUR;
        s->top_c += s->top_c < most_c ? k_hour / 60 : 0;
        stage_step(s);
        if (!level)
            s->input.level = BAD;
        tank_feed(&s->tank, s->now_us, &s->input);
    }
    return limit_h;
}

/* A new tank has no baseline; a plain limit of temperature has none, either. */
static void a_hot_top_counts_without_a_baseline(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, NULL);
    stage_run(&s, 2 * DAY);
    assert_between(warms_to(&s, 2, -155, 20, true), 13, 13.5); /* 13 h to -160 */
}

/* Not filled for days, it is low: that explains a warm top, and has alarms of its own. */
static void a_tank_that_is_low_is_none(void **state)
{
    (void)state;
    struct stage s;
    stage_open_usual(&s);
    s.start_cm = 0;
    s.level_cm = 19;
    stage_run(&s, 2 * DAY);
    assert_between(warms_to(&s, 2, -155, 20, true), 20, 20);
}

/* It goes on: the days after must not be learned as what is usual, and so end it. */
static void what_fails_is_not_learned(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, NULL);
    stage_run(&s, 2 * DAY);
    warms_to(&s, 2, -155, 20, true);
    s.fall_cm_day = 5;
    stage_run(&s, 20 * DAY);
    assert_int_equal(stage_view(&s).vacuum, TANK_VACUUM_FAILING);
    tank_relearn(&s.tank);
    assert_int_equal(stage_view(&s).vacuum, TANK_VACUUM_UNKNOWN);
}

static void what_ends_early_ends(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, NULL);
    stage_run(&s, 6 * DAY); /* the first, rough baseline */
    while (s.level_cm < 18 || s.filling)
        stage_run(&s, MINUTE);
    stage_run(&s, 2 * HOUR);
    s.fall_cm_day = 22;
    for (int m = 0; m < 180 && stage_view(&s).vacuum != TANK_VACUUM_FAILING; m++)
        stage_run(&s, MINUTE);
    assert_int_equal(stage_view(&s).vacuum, TANK_VACUUM_FAILING);
    s.fall_cm_day = 2;
    stage_run(&s, 4 * DAY);
    assert_int_equal(stage_view(&s).vacuum, TANK_VACUUM_GOOD);
    stage_run(&s, 8 * DAY);
    assert_true(s.tank.base_final);
}

static void a_vessel_that_was_always_so_warm_is_none(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, NULL);
    s.top_c = -155;
    assert_between(warms_to(&s, 0, 0, 60, true), 60, 60);
}

static void a_vessel_that_is_cooled_is_none(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, NULL);
    stage_run(&s, DAY);
    s.start_cm = s.level_cm = s.noise_cm = 0; /* dry and warm, and then filled */
    s.top_c = -100;
    stage_run(&s, 6 * HOUR);
    s.level_cm = 18;
    s.noise_cm = 0.05;
    for (int h = 0; h < 30; h++)
        assert_between(warms_to(&s, -2, 0, 1, true), 1, 1);
}

static void a_lid_that_stood_open_explains_it(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, NULL);
    stage_run(&s, 2 * DAY);
    s.lid = true;
    assert_between(warms_to(&s, 20, -150, 4, true), 4, 4);
    s.lid = false;
    assert_between(warms_to(&s, 0, 0, 20, true), 20, 20); /* its heat is in the racks */
    assert_between(warms_to(&s, 0, 0, 8, true), 0, 6);    /* and then no more */
}

/* It boils as ever: ice, and no vacuum. */
static void a_hot_top_that_boils_as_ever_is_none(void **state)
{
    (void)state;
    struct stage s;
    learned(&s);
    s.fall_cm_day = 2.4;
    assert_between(warms_to(&s, 0.5, -155, 96, true), 96, 96);
}

static void the_top_tells_when_the_level_is_lost(void **state)
{
    (void)state;
    struct stage s;
    learned(&s);
    while (s.level_cm < 18 || s.filling)
        stage_run(&s, MINUTE);
    warms_to(&s, 0, 0, 3, false);
    assert_between(warms_to(&s, 8, -150, 4, false), 0.5, 1.5);
}

static void a_level_lost_for_days_may_be_none(void **state)
{
    (void)state;
    struct stage s;
    learned(&s);
    warms_to(&s, 0, 0, 96, false);
    assert_between(warms_to(&s, 8, -150, 6, false), 6, 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_hot_top_counts_without_a_baseline),
                                       cmocka_unit_test(a_tank_that_is_low_is_none),
                                       cmocka_unit_test(what_fails_is_not_learned),
                                       cmocka_unit_test(what_ends_early_ends),
                                       cmocka_unit_test(a_vessel_that_was_always_so_warm_is_none),
                                       cmocka_unit_test(a_vessel_that_is_cooled_is_none),
                                       cmocka_unit_test(a_lid_that_stood_open_explains_it),
                                       cmocka_unit_test(a_hot_top_that_boils_as_ever_is_none),
                                       cmocka_unit_test(the_top_tells_when_the_level_is_lost),
                                       cmocka_unit_test(a_level_lost_for_days_may_be_none)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
