/* test_trend.c - slopes of lines, noise and gaps. */
#include <stdlib.h>

#include "test.h"
#include "trend.h"

#define SECOND    INT64_C(1000000)
#define WINDOW_MS 1600000 /* slots of 100 s */

static struct trend make(void)
{
    struct trend trend;

    trend_init(&trend, WINDOW_MS);
    return trend;
}

/* A value each 10 s from one time to another: `per_hour` units per hour, with noise of so many units. */
static void run(struct trend *trend, int64_t from_s, int64_t to_s, micro_t per_hour, micro_t noise)
{
    unsigned seed = 4;

    for (int64_t s = from_s; s < to_s; s += 10) {
        const micro_t wobble = noise > 0 ? rand_r(&seed) % (2 * noise + 1) - noise : 0;

        trend_add(trend, s * SECOND, s * per_hour / 3600 + wobble, false);
    }
}

static void a_line_has_its_slope(void **state)
{
    static const micro_t slopes[] = {0, 3600000, -3600000, 36000000000, -7200};
    struct trend_line slope;

    (void)state;
    for (unsigned i = 0; i < sizeof slopes / sizeof *slopes; i++) {
        struct trend trend = make();

        run(&trend, -3000, 3000, slopes[i], 0); /* over the boot, too */
        assert_true(trend_slope(&trend, 2990 * SECOND, &slope));
        assert_in_range(slope.per_hour - slopes[i] + 100, 0, 200);
        assert_in_range(slope.over_us, 1400 * SECOND, 1600 * SECOND);
        assert_false(slope.uncertain);
    }
}

static void noise_weighs_little(void **state)
{
    struct trend trend = make();
    struct trend_line slope;

    (void)state;
    run(&trend, 0, 3000, 10000000, 500000); /* 10 per hour, +-0.5 */
    assert_true(trend_slope(&trend, 2990 * SECOND, &slope));
    assert_in_range(slope.per_hour, 9000000, 11000000);
}

static void what_the_data_do_not_carry_is_not_known(void **state)
{
    struct trend trend = make();
    struct trend_line slope = {.per_hour = 77};

    (void)state;
    assert_false(trend_slope(&trend, 0, &slope));
    run(&trend, 0, 600, 3600000, 0); /* too short */
    assert_false(trend_slope(&trend, 590 * SECOND, &slope));
    run(&trend, 600, 900, 3600000, 0);
    assert_true(trend_slope(&trend, 890 * SECOND, &slope));
    assert_true(trend_slope(&trend, 1200 * SECOND, &slope));  /* a little silence */
    assert_false(trend_slope(&trend, 1500 * SECOND, &slope)); /* too old */
    assert_false(trend_slope(&trend, 900000 * SECOND, &slope));
    slope.per_hour = 77;
    trend_add(&trend, 900000 * SECOND, 5, false); /* what was before is forgotten */
    assert_false(trend_slope(&trend, 900000 * SECOND, &slope));
    assert_int_equal(slope.per_hour, 77);
    /* Two values far apart are no line. */
    trend = make();
    trend_add(&trend, 0, 0, false);
    trend_add(&trend, 1550 * SECOND, 1000000, false);
    assert_false(trend_slope(&trend, 1550 * SECOND, &slope));
    /* No window, no trend. */
    trend_init(&trend, 0);
    run(&trend, 0, 3000, 3600000, 0);
    assert_false(trend_slope(&trend, 2990 * SECOND, &slope));
}

static void one_uncertain_value_makes_the_line_uncertain(void **state)
{
    struct trend trend = make();
    struct trend_line slope;

    (void)state;
    run(&trend, 0, 1500, 3600000, 0);
    trend_add(&trend, 1500 * SECOND, 1500000, true);
    run(&trend, 1510, 3000, 3600000, 0);
    assert_true(trend_slope(&trend, 2990 * SECOND, &slope));
    assert_true(slope.uncertain);
    run(&trend, 3000, 3200, 3600000, 0); /* until it has left the window */
    assert_true(trend_slope(&trend, 3190 * SECOND, &slope));
    assert_false(slope.uncertain);
}

static void numbers_that_no_sensor_gives_break_nothing(void **state)
{
    static const micro_t values[] = {INT64_MAX, INT64_MIN, 0, MICRO_MAX, -MICRO_MAX};
    unsigned seed = 9;
    struct trend_line slope;

    (void)state;
    for (int i = 0; i < 3000; i++) {
        struct trend trend;

        trend_init(&trend, (uint32_t)(rand_r(&seed) % 5000));
        for (int k = 0; k < 40; k++) {
            trend_add(&trend, k * SECOND / 10, values[rand_r(&seed) % 5], false);
            (void)trend_slope(&trend, k * SECOND / 10, &slope);
        }
        trend_add(&trend, INT64_MAX, 1, false);
        (void)trend_slope(&trend, INT64_MAX, &slope);
    }
}

static void time_left(void **state)
{
    int64_t left = 77;

    (void)state;
    assert_true(
        trend_time_left(12000000, -160000000, -130000000, true, &left)); /* 30 degrees at 12 per hour */
    assert_int_equal(left, 9000);
    assert_true(trend_time_left(-2000000, 10000000, 5000000, false, &left));
    assert_int_equal(left, 9000);
    assert_true(trend_time_left(-5, -120000000, -130000000, true, &left)); /* it is there */
    assert_int_equal(left, 0);
    left = 77;
    assert_false(trend_time_left(0, -160000000, -130000000, true, &left));
    assert_false(trend_time_left(-1, -160000000, -130000000, true, &left));
    assert_false(trend_time_left(1, -160000000, -130000000, true, &left)); /* in years */
    assert_false(trend_time_left(INT64_MIN, INT64_MAX, INT64_MIN, true, &left) && left != 0);
    assert_true(trend_time_left(INT64_MIN, INT64_MIN, INT64_MIN, true, &left));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_has_its_slope),
        cmocka_unit_test(noise_weighs_little),
        cmocka_unit_test(what_the_data_do_not_carry_is_not_known),
        cmocka_unit_test(one_uncertain_value_makes_the_line_uncertain),
        cmocka_unit_test(numbers_that_no_sensor_gives_break_nothing),
        cmocka_unit_test(time_left),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
