/* test_calibration.c - what a calibrated reading is, as a certificate says it, and its text. */
#include <stdlib.h>
#include <string.h>

#include "calibration.h"
#include "test.h"

#define ONE INT64_C(1000000000)

static void gain_and_offset_are_applied_and_rounded_once(void **state)
{
    const struct calibration c = {.gain_ppb = 1000500000, .offset = -300000};

    (void)state;
    /* -195.8 x 1.0005 - 0.3 = -196.1979 */
    assert_int_equal(calibration_apply(&c, -195800000, 1), -196200000);
    assert_int_equal(calibration_apply(&c, -195800000, 4), -196197900);
    assert_int_equal(calibration_apply(&c, 0, 1), -300000);
}

static void a_half_goes_away_from_zero(void **state)
{
    const struct calibration up = {.gain_ppb = ONE, .offset = 50000};
    const struct calibration down = {.gain_ppb = ONE, .offset = -50000};

    (void)state;
    assert_int_equal(calibration_apply(&up, 1000000, 1), 1100000);
    assert_int_equal(calibration_apply(&down, -1000000, 1), -1100000);
    assert_int_equal(calibration_apply(&down, 1000000, 1), 1000000); /* 0.95 -> 1.0 */
    /* Rounded once: 1.0 x 0.949999999 is 0.9, and would be 1.0 by way of 0.95. */
    const struct calibration gain = {.gain_ppb = 949999999};
    assert_int_equal(calibration_apply(&gain, 1000000, 1), 900000);
}

static void none_changes_nothing(void **state)
{
    const struct calibration c = {.gain_ppb = ONE};

    (void)state;
    for (micro_t read = -200000000; read < 50000000; read += 100000)
        assert_int_equal(calibration_apply(&c, read, 1), read);
    assert_int_equal(calibration_apply(&c, MICRO_MAX, 6), MICRO_MAX);
    assert_int_equal(calibration_apply(&c, -MICRO_MAX, 6), -MICRO_MAX);
}

static void what_goes_beyond_all_measurements_stays_at_their_end(void **state)
{
    const struct calibration c = {.gain_ppb = 9 * ONE, .offset = MICRO_MAX};

    (void)state;
    assert_int_equal(calibration_apply(&c, MICRO_MAX, 0), MICRO_MAX);
    assert_int_equal(calibration_apply(&c, -MICRO_MAX, 0), -MICRO_MAX);
    assert_int_equal(calibration_apply(&c, INT64_MAX, 0), INT64_MAX); /* no measurement */
    assert_int_equal(calibration_apply(&c, INT64_MIN, 0), INT64_MIN);
}

static void a_table_is_lines_between_its_points_and_keeps_its_correction_beyond(void **state)
{
    const struct calibration c = {.n = 3,
                                  .table = {{-196000000, -195800000}, {-80000000, -80100000}, {0, 0}}};

    (void)state;
    assert_int_equal(calibration_apply(&c, -196000000, 1), -195800000);
    assert_int_equal(calibration_apply(&c, -80000000, 1), -80100000);
    assert_int_equal(calibration_apply(&c, 0, 1), 0);
    assert_int_equal(calibration_apply(&c, -40000000, 2), -40050000);
    /* Half the way from -196 to -80: a correction between +0.2 and -0.1. */
    assert_int_equal(calibration_apply(&c, -138000000, 2), -137950000);
    assert_int_equal(calibration_apply(&c, -198000000, 1), -197800000);
    assert_int_equal(calibration_apply(&c, 20000000, 1), 20000000);
    const struct calibration wide = {.n = 2, .table = {{-MICRO_MAX, -MICRO_MAX}, {MICRO_MAX, MICRO_MAX}}};
    assert_int_equal(calibration_apply(&wide, MICRO_MAX - 1, 6), MICRO_MAX - 1);
    assert_int_equal(calibration_apply(&wide, 7, 6), 7);
}

/* A warmer sensor never gives a colder value: else an alarm could be over because it got worse. */
static void a_rising_table_never_falls(void **state)
{
    const struct calibration c = {
        .n = 4,
        .table = {{-196000000, -195812345}, {-150000000, -150234567}, {-80000000, -80000001}, {0, 1}}};
    micro_t last = INT64_MIN;

    (void)state;
    for (micro_t read = -210000000; read < 20000000; read += 12347) {
        const micro_t value = calibration_apply(&c, read, 2);
        assert_true(value >= last);
        last = value;
    }
}

static void expect_text(const struct calibration *c, const char *text)
{
    char buffer[CALIBRATION_TEXT_MAX];
    struct calibration back = {.offset = 1};

    assert_int_equal(calibration_print(buffer, sizeof buffer, c), strlen(text));
    assert_string_equal(buffer, text);
    assert_true(calibration_parse(text, &back));
    assert_int_equal(back.n, c->n);
    assert_int_equal(back.offset, c->offset);
    for (unsigned i = 0; i < c->n; i++) {
        assert_int_equal(back.table[i].read, c->table[i].read);
        assert_int_equal(back.table[i].real, c->table[i].real);
    }
    if (c->n == 0)
        assert_int_equal(back.gain_ppb, c->gain_ppb);
}

static void the_text_is_short_and_comes_back(void **state)
{
    struct calibration most = {.n = CALIBRATION_TABLE_MAX};
    char buffer[CALIBRATION_TEXT_MAX];

    (void)state;
    expect_text(&(struct calibration){.gain_ppb = ONE}, "gain 1 offset 0");
    expect_text(&(struct calibration){.gain_ppb = 1000500000, .offset = -300000}, "gain 1.0005 offset -0.3");
    expect_text(&(struct calibration){.gain_ppb = 1, .offset = 1}, "gain 0.000000001 offset 0.000001");
    expect_text(&(struct calibration){.n = 2, .table = {{-196000000, -195800000}, {-80000000, -80100000}}},
                "table -196:-195.8 -80:-80.1");
    for (int i = 0; i < CALIBRATION_TABLE_MAX; i++)
        most.table[i].read = most.table[i].real = -MICRO_MAX + i;
    assert_true(calibration_print(buffer, sizeof buffer, &most) < CALIBRATION_TEXT_MAX);
    expect_text(&most, buffer);
}

static void other_texts_are_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "gain",
        "gain 1",
        "gain 1 offset",
        "gain 1 offset ",
        "gain 1 offset 0 ",
        "gain 1 offset 0.10",
        "gain 01 offset 0",
        "gain 1.0 offset 0",
        "gain 0 offset 0",
        "gain -1 offset 0",
        "gain 1 offset -0",
        "gain 1.0000000001 offset 0",
        "gain 1000000000 offset 0",
        "gain 99999999999999999999 offset 0",
        "gain 1  offset 0",
        "gain 1 offset 9000000000.000001",
        "table",
        "table ",
        "table 1",
        "table 1:",
        "table 1:1 ",
        "table 2:1 1:2",
        "table 1:1 1:2",
        "table 1:1  2:2",
        "table a:b",
        "Gain 1 offset 0",
        "table 1:1 2:2 3:3 4:4 5:5 6:6 7:7 8:8 9:9 10:10 11:11 12:12 13:13 14:14 15:15 16:16 17:17",
        "gain 1111111111111111111111111111111111111111111111111111111111111111 offset 0"};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct calibration c = {.offset = 7};
        if (calibration_parse(bad[i], &c))
            fail_msg("'%s' was taken", bad[i]);
        assert_int_equal(c.offset, 7);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gain_and_offset_are_applied_and_rounded_once),
        cmocka_unit_test(a_half_goes_away_from_zero),
        cmocka_unit_test(none_changes_nothing),
        cmocka_unit_test(what_goes_beyond_all_measurements_stays_at_their_end),
        cmocka_unit_test(a_table_is_lines_between_its_points_and_keeps_its_correction_beyond),
        cmocka_unit_test(a_rising_table_never_falls),
        cmocka_unit_test(the_text_is_short_and_comes_back),
        cmocka_unit_test(other_texts_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
