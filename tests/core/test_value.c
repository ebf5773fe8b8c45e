/* test_value.c - numbers and names, as a person reads them. */
#include <string.h>

#include "test.h"
#include "value.h"

static void expect_text(micro_t value, unsigned decimals, const char *text)
{
    char buffer[MICRO_TEXT_MAX];

    assert_int_equal(micro_print(buffer, sizeof buffer, value, decimals), strlen(text));
    assert_string_equal(buffer, text);
}

static void prints_with_exactly_the_decimals(void **state)
{
    (void)state;
    expect_text(-195800000, 2, "-195.80");
    expect_text(-195800000, 1, "-195.8");
    expect_text(-195800000, 0, "-196");
    expect_text(0, 0, "0");
    expect_text(0, 6, "0.000000");
    expect_text(1, 6, "0.000001");
    expect_text(-1, 6, "-0.000001");
    expect_text(20900000, 1, "20.9");
    expect_text(5000000, 3, "5.000");
    expect_text(50000, 2, "0.05");
    expect_text(MICRO_MAX, 6, "9000000000.000000");
    expect_text(-MICRO_MAX, 6, "-9000000000.000000");
    expect_text(1234567, 9, "1.234567"); /* more decimals than there are */
}

static void prints_no_negative_zero(void **state)
{
    (void)state;
    expect_text(-40000, 1, "0.0");
    expect_text(-1, 0, "0");
    expect_text(-50000, 1, "-0.1");
}

static void prints_anything_within_its_buffer(void **state)
{
    char small[4];
    char buffer[MICRO_TEXT_MAX];

    (void)state;
    assert_true(micro_print(buffer, sizeof buffer, INT64_MIN, 6) < MICRO_TEXT_MAX);
    assert_string_equal(buffer, "-9223372036854.775808");
    assert_true(micro_print(buffer, sizeof buffer, INT64_MAX, 0) < MICRO_TEXT_MAX);
    assert_int_equal(micro_print(small, sizeof small, -195800000, 1), 6);
    assert_string_equal(small, "-19");
}

static void rounds_half_away_from_zero(void **state)
{
    (void)state;
    assert_int_equal(micro_round(150000, 1), 200000);
    assert_int_equal(micro_round(-150000, 1), -200000);
    assert_int_equal(micro_round(149999, 1), 100000);
    assert_int_equal(micro_round(-149999, 1), -100000);
    assert_int_equal(micro_round(500000, 0), 1000000);
    assert_int_equal(micro_round(-500000, 0), -1000000);
    assert_int_equal(micro_round(123456, 6), 123456);
    assert_int_equal(micro_round(123456, 99), 123456);
    assert_int_equal(micro_round(MICRO_MAX, 0), MICRO_MAX);
    assert_int_equal(micro_round(INT64_MAX, 0), INT64_MAX);
    assert_int_equal(micro_round(INT64_MIN, 0), INT64_MIN);
}

static void every_reason_has_its_own_name(void **state)
{
    unsigned named = 0;

    (void)state;
    for (unsigned i = 0; i < REASON_COUNT; i++) {
        const char *name = reason_name((enum reason)i);

        assert_non_null(name);
        if (strcmp(name, "?") == 0)
            continue;
        named++;
        for (unsigned j = 0; j < i; j++)
            assert_string_not_equal(name, reason_name((enum reason)j));
    }
    assert_int_equal(named, 38);
    assert_string_equal(reason_name((enum reason)REASON_COUNT), "?");
    assert_string_equal(reason_name((enum reason) - 1), "?");
    assert_string_equal(reason_name(REASON_TIMEOUT), "timeout");
    assert_string_equal(quality_name(QUALITY_GOOD), "good");
    assert_string_equal(quality_name(QUALITY_UNCERTAIN), "uncertain");
    assert_string_equal(quality_name(QUALITY_BAD), "bad");
    assert_string_equal(quality_name((enum quality)3), "?");
}

static void no_data_is_not_the_same_as_unusable_data(void **state)
{
    (void)state;
    for (int i = REASON_NEVER_READ; i <= REASON_DROPPED; i++)
        assert_true(reason_is_no_data((enum reason)i));
    for (int i = REASON_SENTINEL; i < REASON_COUNT; i++)
        assert_false(reason_is_no_data((enum reason)i));
    assert_false(reason_is_no_data(REASON_NONE));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prints_with_exactly_the_decimals),
        cmocka_unit_test(prints_no_negative_zero),
        cmocka_unit_test(prints_anything_within_its_buffer),
        cmocka_unit_test(rounds_half_away_from_zero),
        cmocka_unit_test(every_reason_has_its_own_name),
        cmocka_unit_test(no_data_is_not_the_same_as_unusable_data),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
