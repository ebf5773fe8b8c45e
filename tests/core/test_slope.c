/* The slope of what falls, with wild points, over any time, and its interval. */
#include "tank_stage.h"

#include "slope.h"

static void a_line_is_found_exactly(void **state)
{
    (void)state;
    struct slope slope;
    struct slope_fit fit;
    slope_clear(&slope);
    assert_false(slope_fit(&slope, 0, &fit));
    for (int i = 0; i < SLOPE_LEAST; i++) {
        assert_false(slope_fit(&slope, 0, &fit));
        slope_add(&slope, i * HOUR, 20 - i * 0.25);
    }
    assert_true(slope_fit(&slope, 0, &fit));
    assert_between(fit.per_day, -6.0001, -5.9999);
    assert_between(fit.low, -6.0001, -5.9999);
    assert_between(fit.high, -6.0001, -5.9999);
    assert_between(fit.end_value, 18.749, 18.751);
    /* steps of a quarter over five hours could be that much steeper or flatter */
    assert_true(slope_fit(&slope, 0.25, &fit));
    assert_between(fit.low, -7.21, -7.19);
    assert_between(fit.high, -4.81, -4.79);
}

static void a_quarter_of_wild_points_does_not_move_it(void **state)
{
    (void)state;
    struct slope slope;
    struct slope_fit fit;
    slope_clear(&slope);
    for (int i = 0; i < 28; i++)
        slope_add(&slope, i * HOUR, i % 4 == 2 ? 80 : 20 - i * 0.1);
    assert_true(slope_fit(&slope, 0, &fit));
    assert_between(fit.per_day, -2.41, -2.39);
}

static void a_month_fits_like_an_hour(void **state)
{
    (void)state;
    struct slope slope;
    struct slope_fit fit;
    slope_clear(&slope);
    for (int i = 0; i < 30 * 288; i++)
        slope_add(&slope, i * 5 * MINUTE, 1000 - i / 288.0);
    assert_true(slope_fit(&slope, 0, &fit));
    assert_between(fit.per_day, -1.0001, -0.9999);
    assert_between(fit.span_days, 25, 30);
    assert_true(fit.n >= SLOPE_POINTS / 2 && fit.n < SLOPE_POINTS);
}

static void the_interval_holds_nine_times_in_ten(void **state)
{
    (void)state;
    struct stage noise = {.random = 7};
    int inside = 0;
    for (int trial = 0; trial < 1000; trial++) {
        struct slope slope;
        struct slope_fit fit;
        slope_clear(&slope);
        for (int i = 0; i < 20; i++)
            slope_add(&slope, i * HOUR, 20 - i / 12.0 + 0.3 * stage_noise(&noise));
        assert_true(slope_fit(&slope, 0, &fit));
        inside += fit.low <= -2 && fit.high >= -2;
    }
    assert_between(inside, 870, 940);
}

static void time_does_not_run_back(void **state)
{
    (void)state;
    struct slope slope;
    slope_clear(&slope);
    slope_add(&slope, HOUR, 1);
    slope_add(&slope, HOUR, 2);
    slope_add(&slope, 0, 3);
    assert_int_equal(slope.n, 1);
}

static void order_and_roots(void **state)
{
    (void)state;
    double values[] = {5, 1, 4, 1, 3, 9, 2, 6};
    assert_true(slope_select(values, 8, 0) == 1 && slope_select(values, 8, 7) == 9);
    assert_true(slope_median(values, 8) == 3.5);
    double same[] = {2, 2, 2, 2, 2};
    assert_true(slope_median(same, 5) == 2);
    for (double x = 1e-12; x < 1e13; x *= 7)
        assert_between(slope_root(x) * slope_root(x) / x, 1 - 1e-9, 1 + 1e-9);
    assert_true(slope_root(0) == 0 && slope_root(-1) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_line_is_found_exactly),
                                       cmocka_unit_test(a_quarter_of_wild_points_does_not_move_it),
                                       cmocka_unit_test(a_month_fits_like_an_hour),
                                       cmocka_unit_test(the_interval_holds_nine_times_in_ten),
                                       cmocka_unit_test(time_does_not_run_back),
                                       cmocka_unit_test(order_and_roots)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
