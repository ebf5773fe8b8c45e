#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "shape.h"

#include <errno.h>
#include <math.h>

#define PI 3.14159265358979323846

static void near(double value, double wanted, double within)
{
    if (!(fabs(value - wanted) <= within))
        fail_msg("%.9g is not within %g of %.9g", value, within, wanted);
}

static void cylinder_is_area_times_height(void **state)
{
    (void)state;
    struct shape s;
    assert_int_equal(shape_build(&s, &(struct shape_form){.diameter_cm = 60, .depth_cm = 80}), 0);
    double per_cm = PI / 4 * 60 * 60 / 1000;
    static const double heights[] = {0, 0.1, 5, 33.3, 79.9, 80};
    for (size_t i = 0; i < sizeof heights / sizeof heights[0]; i++)
        near(shape_litres(&s, heights[i]), per_cm * heights[i], 1e-9);
    near(shape_litres_per_cm(&s, 40), per_cm, 1e-9);
    near(shape_litres(&s, -3), 0, 0);
    near(shape_litres(&s, 500), shape_capacity(&s), 0);
}

/* An elliptical dish holds two thirds of the cylinder around it. */
static void dished_bottom_holds_two_thirds(void **state)
{
    (void)state;
    struct shape s;
    assert_int_equal(shape_build(&s, &(struct shape_form){.diameter_cm = 90, .depth_cm = 80, .dish_cm = 20}),
                     0);
    double area = PI / 4 * 90 * 90 / 1000;
    near(shape_litres(&s, 20), area * 20 * 2 / 3, area * 20 * 0.002);
    near(shape_capacity(&s), area * 20 * 2 / 3 + area * 60, 1);
    assert_true(shape_litres_per_cm(&s, 1) < 0.4 * area);
    near(shape_litres_per_cm(&s, 50), area, 1e-9);
}

static void neck_and_shoulder(void **state)
{
    (void)state;
    struct shape s;
    struct shape_form form = {
        .diameter_cm = 40, .depth_cm = 60, .neck_diameter_cm = 10, .neck_length_cm = 15, .shoulder_cm = 10};
    assert_int_equal(shape_build(&s, &form), 0);
    double body = PI / 4 * 40 * 40 / 1000 * 35, neck = PI / 4 * 10 * 10 / 1000 * 15;
    double cone = PI * 10 / 12 * (40 * 40 + 40 * 10 + 10 * 10) / 1000;
    near(shape_litres(&s, 35), body, 0.1);
    near(shape_capacity(&s), body + cone + neck, 0.1);
    near(shape_litres_per_cm(&s, 55), PI / 4 * 10 * 10 / 1000, 1e-9);
    form.shoulder_cm = 50;
    assert_int_equal(shape_build(&s, &form), -EINVAL);
    form.shoulder_cm = 10;
    form.neck_diameter_cm = 41;
    assert_int_equal(shape_build(&s, &form), -EINVAL);
}

static void there_and_back(void **state)
{
    (void)state;
    struct shape s;
    assert_int_equal(shape_build(&s, &(struct shape_form){.diameter_cm = 36,
                                                          .depth_cm = 62,
                                                          .dish_cm = 5,
                                                          .neck_diameter_cm = 12,
                                                          .neck_length_cm = 14,
                                                          .shoulder_cm = 8}),
                     0);
    for (double cm = 0; cm <= 62; cm += 0.37)
        near(shape_cm(&s, shape_litres(&s, cm)), cm, 1e-9);
    near(shape_cm(&s, -1), 0, 0);
    near(shape_cm(&s, 1e6), 62, 0);
}

static void a_makers_table(void **state)
{
    (void)state;
    struct shape s;
    static const double cm[] = {0, 10, 40, 64}, litres[] = {0, 40, 220, 300};
    assert_int_equal(shape_table(&s, cm, litres, 4), 0);
    near(s.depth_cm, 64, 0);
    near(shape_litres(&s, 5), 20, 1e-9);
    near(shape_litres(&s, 25), 130, 1e-9);
    near(shape_litres(&s, 52), 260, 1e-9);
    near(shape_capacity(&s), 300, 1e-9);
    assert_int_equal(shape_table(&s, cm, (const double[]){0, 40, 40, 50}, 4), -EINVAL);
    assert_int_equal(shape_table(&s, (const double[]){0, 10, 9, 50}, litres, 4), -EINVAL);
    assert_int_equal(shape_table(&s, (const double[]){1, 10, 19, 50}, litres, 4), -EINVAL);
    assert_int_equal(shape_table(&s, cm, litres, 1), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cylinder_is_area_times_height),
        cmocka_unit_test(dished_bottom_holds_two_thirds),
        cmocka_unit_test(neck_and_shoulder),
        cmocka_unit_test(there_and_back),
        cmocka_unit_test(a_makers_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
