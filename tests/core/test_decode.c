/* test_decode.c - registers to readings: types, word orders, scaling, sentinels, ranges and states. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "decode.h"
#include "test.h"

__extension__ typedef __int128 wide_t;

static struct reg_format format_of(enum reg_type type, unsigned decimals)
{
    return (struct reg_format){.type = type, .scale_num = 1, .scale_den = 1, .decimals = (uint8_t)decimals};
}

static struct reading decode1(const struct reg_format *format, uint16_t word)
{
    return decode_words(format, &word);
}

static struct reading decode2(const struct reg_format *format, uint16_t first, uint16_t second)
{
    return decode_words(format, (const uint16_t[]){first, second});
}

static void expect_good(struct reading reading, micro_t value)
{
    assert_int_equal(reading.quality, QUALITY_GOOD);
    assert_int_equal(reading.reason, REASON_NONE);
    assert_int_equal(reading.value, value);
}

static void expect_bad(struct reading reading, enum reason reason)
{
    assert_int_equal(reading.quality, QUALITY_BAD);
    assert_int_equal(reading.reason, reason);
    assert_int_equal(reading.value, 0);
}

static void sixteen_bits_signed_and_not(void **state)
{
    const struct reg_format u16 = format_of(REG_U16, 0), s16 = format_of(REG_S16, 0);

    (void)state;
    expect_good(decode1(&u16, 0xffff), INT64_C(65535000000));
    expect_good(decode1(&s16, 0xffff), -1000000);
    expect_good(decode1(&s16, 0x8000), INT64_C(-32768000000));
    expect_good(decode1(&s16, 0x7fff), INT64_C(32767000000));
    assert_int_equal(decode_width(&u16), 1);
    assert_int_equal(decode_width(&s16), 1);
}

static void thirty_two_bits_in_all_word_orders(void **state)
{
    struct reg_format format = format_of(REG_U32, 0);
    const micro_t value = INT64_C(0x0a0b0c0d) * MICRO_PER_UNIT;

    (void)state;
    assert_int_equal(decode_width(&format), 2);
    format.order = ORDER_ABCD;
    expect_good(decode2(&format, 0x0a0b, 0x0c0d), value);
    format.order = ORDER_CDAB;
    expect_good(decode2(&format, 0x0c0d, 0x0a0b), value);
    format.order = ORDER_BADC;
    expect_good(decode2(&format, 0x0b0a, 0x0d0c), value);
    format.order = ORDER_DCBA;
    expect_good(decode2(&format, 0x0d0c, 0x0b0a), value);
    /* raw is what came, whatever the order. */
    assert_int_equal(decode2(&format, 0x0d0c, 0x0b0a).raw, 0x0d0c0b0a);
    format.type = REG_S32;
    format.order = ORDER_CDAB;
    expect_good(decode2(&format, 0xfffe, 0xffff), -2000000);
    expect_good(decode2(&format, 0x0000, 0x8000), INT64_C(-2147483648) * MICRO_PER_UNIT);
}

static void floats_in_all_word_orders(void **state)
{
    struct reg_format format = format_of(REG_F32, 2);

    (void)state;
    /* -195.8 is C343CCCD */
    expect_good(decode2(&format, 0xc343, 0xcccd), -195800000);
    format.order = ORDER_CDAB;
    expect_good(decode2(&format, 0xcccd, 0xc343), -195800000);
    format.order = ORDER_BADC;
    expect_good(decode2(&format, 0x43c3, 0xcdcc), -195800000);
    format.order = ORDER_DCBA;
    expect_good(decode2(&format, 0xcdcc, 0x43c3), -195800000);
    format.order = ORDER_ABCD;
    expect_good(decode2(&format, 0x8000, 0x0000), 0); /* -0 */
    expect_good(decode2(&format, 0x0000, 0x0001), 0); /* the smallest denormal */
    expect_good(decode2(&format, 0x3f00, 0x0000), 500000);
    format.decimals = 0;
    expect_good(decode2(&format, 0x3f00, 0x0000), 1000000);
    expect_good(decode2(&format, 0xbf00, 0x0000), -1000000);
    expect_good(decode2(&format, 0x3eff, 0xffff), 0);
}

static void floats_are_scaled_and_offset(void **state)
{
    struct reg_format format = format_of(REG_F32, 2);

    (void)state;
    format.offset = -273150000;                                /* kelvin */
    expect_good(decode2(&format, 0x429a, 0xb333), -195800000); /* 77.35 */
    format.scale_num = 5;
    format.scale_den = 9;
    format.offset = -17777778;
    expect_good(decode2(&format, 0x4254, 0x0000), 11670000); /* 53 F */
}

static void no_float_oddity_is_a_number(void **state)
{
    struct reg_format format = format_of(REG_F32, 1);

    (void)state;
    expect_bad(decode2(&format, 0x7fc0, 0x0000), REASON_NOT_FINITE); /* quiet NaN */
    expect_bad(decode2(&format, 0x7f80, 0x0001), REASON_NOT_FINITE); /* signalling NaN */
    expect_bad(decode2(&format, 0xffff, 0xffff), REASON_NOT_FINITE);
    expect_bad(decode2(&format, 0x7f80, 0x0000), REASON_NOT_FINITE);  /* inf */
    expect_bad(decode2(&format, 0xff80, 0x0000), REASON_NOT_FINITE);  /* -inf */
    expect_bad(decode2(&format, 0x7f7f, 0xffff), REASON_IMPLAUSIBLE); /* FLT_MAX */
    expect_bad(decode2(&format, 0x5006, 0x1c47), REASON_IMPLAUSIBLE); /* just over 9e9 */
    expect_good(decode2(&format, 0x5006, 0x1c46), INT64_C(8999999488) * MICRO_PER_UNIT);
    format.scale_num = INT64_MAX;
    expect_bad(decode2(&format, 0x3f80, 0x0000), REASON_IMPLAUSIBLE);
    expect_bad(decode2(&format, 0x7f7f, 0xffff), REASON_IMPLAUSIBLE);
}

/* The manufacturers' own words for "no value". */
static void sentinels_are_compared_raw(void **state)
{
    struct reg_format s16 = format_of(REG_S16, 1), u32 = format_of(REG_U32, 0), f32 = format_of(REG_F32, 1);

    (void)state;
    s16.scale_den = 10;
    s16.n_sentinels = 3;
    s16.sentinels[0].raw = 0x8000;
    s16.sentinels[1].raw = 0x7fff;
    s16.sentinels[2].raw = 0x8001;
    expect_bad(decode1(&s16, 0x8000), REASON_SENTINEL); /* not -3276.8 degrees */
    expect_bad(decode1(&s16, 0x7fff), REASON_SENTINEL);
    expect_bad(decode1(&s16, 0x8001), REASON_SENTINEL);
    assert_int_equal(decode1(&s16, 0x8001).raw, 0x8001);
    expect_good(decode1(&s16, 0x8002), INT64_C(-3276600000));
    expect_good(decode1(&s16, 0), 0);
    s16.sentinels[2].raw = 0xffff8001; /* a negative number as 32 bits */
    expect_bad(decode1(&s16, 0x8001), REASON_SENTINEL);

    u32.order = ORDER_CDAB;
    u32.n_sentinels = 1;
    u32.sentinels[0].raw = 0x80000000;
    expect_bad(decode2(&u32, 0x0000, 0x8000), REASON_SENTINEL);
    expect_good(decode2(&u32, 0x8000, 0x0000), INT64_C(0x8000) * MICRO_PER_UNIT);

    f32.order = ORDER_CDAB;
    f32.n_sentinels = 2;
    f32.sentinels[0].raw = 0x7fc00000;
    f32.sentinels[1].raw = 0x7db48e52; /* 3.0e37 */
    expect_bad(decode2(&f32, 0x0000, 0x7fc0), REASON_SENTINEL);
    expect_bad(decode2(&f32, 0x8e52, 0x7db4), REASON_SENTINEL);
    f32.n_sentinels = 0;
    expect_bad(decode2(&f32, 0x8e52, 0x7db4), REASON_IMPLAUSIBLE);
}

static void masks_and_signs(void **state)
{
    struct reg_format format = format_of(REG_U16, 0);

    (void)state;
    format.mask = 0x0ff0;
    expect_good(decode1(&format, 0xf12f), 0x12 * MICRO_PER_UNIT);
    format.type = REG_S16;
    expect_good(decode1(&format, 0xf7ff), 0x7f * MICRO_PER_UNIT);
    expect_good(decode1(&format, 0x0fff), -1 * MICRO_PER_UNIT);
    expect_good(decode1(&format, 0xf80f), -128 * MICRO_PER_UNIT);
    format.mask = 0x0001;
    expect_good(decode1(&format, 0x0001), -1 * MICRO_PER_UNIT);
    format.mask = 0xffff0000; /* nothing of a 16-bit register: all of it */
    expect_good(decode1(&format, 0x0005), 5 * MICRO_PER_UNIT);
    format.type = REG_U32;
    expect_good(decode2(&format, 0x1234, 0x5678), 0x1234 * MICRO_PER_UNIT);
    format.type = REG_S32;
    format.mask = 0x00ffffff;
    expect_good(decode2(&format, 0x55ff, 0xffff), -1 * MICRO_PER_UNIT);
}

static void scales_exactly_with_one_rounding(void **state)
{
    struct reg_format format = format_of(REG_U16, 1);

    (void)state;
    format.scale_den = 512; /* a UPS's charge: 25600 is 50 % */
    expect_good(decode1(&format, 25600), 50000000);
    expect_good(decode1(&format, 51199), 100000000); /* 99.998 */
    format.type = REG_S16;
    format.scale_den = 10;
    format.offset = -273150000;
    format.decimals = 1;
    expect_good(decode1(&format, 773), -195900000); /* -195.85: away from zero */
    format.offset = 50000;
    format.scale_den = 1;
    expect_good(decode1(&format, 0), 100000);
    expect_good(decode1(&format, 0xffff), -1000000); /* -0.95 */
    format.offset = -50000;
    expect_good(decode1(&format, 0), -100000);
    format.offset = 0;
    format.scale_num = -1; /* a level measured from the top */
    expect_good(decode1(&format, 7), -7000000);
    /* Rounded once: 0.1499999 is 0.1, though 0.15 would be 0.2. */
    format.scale_num = 1499999;
    format.scale_den = 10000000;
    expect_good(decode1(&format, 1), 100000);
}

/* Against the definition: nobody is nearer, and a tie goes away from zero. */
static void every_integer_is_the_nearest(void **state)
{
    unsigned seed = 1;

    (void)state;
    for (int i = 0; i < 200000; i++) {
        struct reg_format format = format_of(i % 2 == 0 ? REG_S32 : REG_U32, (unsigned)(i % 7));
        const uint16_t words[] = {(uint16_t)(rand_r(&seed) >> (rand_r(&seed) % 16)), (uint16_t)rand_r(&seed)};
        const int64_t raw = format.type == REG_S32 ? (int64_t)(int32_t)((uint32_t)words[0] << 16 | words[1])
                                                   : (int64_t)((uint32_t)words[0] << 16 | words[1]);
        int64_t step = MICRO_PER_UNIT;
        struct reading reading;
        wide_t exact, error;

        format.scale_num = rand_r(&seed) % 2001 - 1000;
        format.scale_den = 1 + rand_r(&seed) % (i % 3 == 0 ? 10 : 2000);
        format.offset = rand_r(&seed) % 2000001 - 1000000;
        if (format.scale_num == 0)
            format.scale_num = 1;
        for (unsigned d = 0; d < format.decimals; d++)
            step /= 10;
        reading = decode_words(&format, words);
        if (reading.quality == QUALITY_BAD)
            continue;
        /* All times scale_den, so that there is no fraction. */
        exact = (wide_t)raw * format.scale_num * MICRO_PER_UNIT + (wide_t)format.offset * format.scale_den;
        error = (wide_t)reading.value * format.scale_den - exact;
        assert_true(reading.value % step == 0);
        assert_true(2 * error <= (wide_t)step * format.scale_den);
        assert_true(-2 * error <= (wide_t)step * format.scale_den);
        if (2 * error == (wide_t)step * format.scale_den)
            assert_true(exact >= 0);
        if (-2 * error == (wide_t)step * format.scale_den)
            assert_true(exact <= 0);
    }
}

static void too_large_is_no_measurement(void **state)
{
    struct reg_format format = format_of(REG_U32, 0);

    (void)state;
    format.scale_num = 3;
    expect_bad(decode2(&format, 0xffff, 0xffff), REASON_IMPLAUSIBLE);
    format.scale_num = INT64_MAX;
    format.scale_den = 1;
    format.offset = INT64_MAX;
    expect_bad(decode2(&format, 0xffff, 0xffff), REASON_IMPLAUSIBLE);
    format.scale_num = -INT64_MAX;
    format.scale_den = INT64_MAX;
    format.offset = INT64_MIN;
    expect_bad(decode2(&format, 0xffff, 0xffff), REASON_IMPLAUSIBLE);
    format.scale_num = 1;
    format.offset = 0;
    expect_good(decode2(&format, 0xffff, 0xffff), 0);
    format.scale_num = 9000000000; /* exactly the bound */
    format.scale_den = 1;
    expect_good(decode2(&format, 0, 1), MICRO_MAX);
    format.scale_num = 9000000001;
    expect_bad(decode2(&format, 0, 1), REASON_IMPLAUSIBLE);
}

static void implausible_is_bad_and_the_bounds_are_not(void **state)
{
    struct reg_format format = format_of(REG_S16, 1);

    (void)state;
    format.scale_den = 10;
    format.has_range = true;
    format.plausible_min = -210000000;
    format.plausible_max = 60000000;
    expect_good(decode1(&format, (uint16_t)-2100), -210000000);
    expect_bad(decode1(&format, (uint16_t)-2101), REASON_IMPLAUSIBLE);
    expect_good(decode1(&format, 600), 60000000);
    expect_bad(decode1(&format, 601), REASON_IMPLAUSIBLE);
}

static void bits_and_their_names(void **state)
{
    struct reg_format format = format_of(REG_BIT, 0);

    (void)state;
    format.scale_den = 0; /* a bit has no scale */
    format.n_states = 2;
    format.states[0] = (struct reg_state){0, "closed", "关闭"};
    format.states[1] = (struct reg_state){1, "open", ""};
    assert_int_equal(decode_width(&format), 1);
    expect_good(decode1(&format, 1), MICRO_PER_UNIT);
    expect_good(decode1(&format, 0), 0);
    format.bit = 3;
    expect_good(decode1(&format, 0x0008), MICRO_PER_UNIT);
    expect_good(decode1(&format, 0xfff7), 0);
    assert_int_equal(decode1(&format, 0xfff7).raw, 0xfff7);
    format.invert = true;
    expect_good(decode1(&format, 0x0008), 0);
    expect_good(decode1(&format, 0xfff7), MICRO_PER_UNIT);
    format.bit = 15;
    expect_good(decode1(&format, 0x7fff), MICRO_PER_UNIT);
    assert_string_equal(decode_state_name(&format, MICRO_PER_UNIT), "open");
    assert_string_equal(decode_state_name(&format, 0), "closed");
    assert_string_equal(decode_state_zh(&format, 0), "关闭");
    assert_string_equal(decode_state_zh(&format, MICRO_PER_UNIT), "open"); /* has no Chinese name */
    assert_null(decode_state_zh(&format, 2 * MICRO_PER_UNIT));
    assert_null(decode_state_name(&format, 500000));
    assert_null(decode_state_name(&format, 2 * MICRO_PER_UNIT));
}

static void enumerations_and_what_they_do_not_know(void **state)
{
    struct reg_format format = format_of(REG_U16, 0);
    static const char *const names[] = {"reset", "run", "hold", "holdback", "complete"};

    (void)state;
    format.mask = 0x001f;
    format.scale_den = 10; /* not for a name */
    format.offset = 5;
    format.n_states = 5;
    for (unsigned i = 0; i < 5; i++) {
        format.states[i].value = 1 << i;
        strcpy(format.states[i].name, names[i]);
    }
    for (unsigned i = 0; i < 5; i++) {
        const struct reading reading = decode1(&format, (uint16_t)(0xffe0 | 1U << i));

        expect_good(reading, (1 << i) * MICRO_PER_UNIT);
        assert_string_equal(decode_state_name(&format, reading.value), names[i]);
    }
    expect_bad(decode1(&format, 3), REASON_UNKNOWN_STATE);
    expect_bad(decode1(&format, 0), REASON_UNKNOWN_STATE);
}

/* Any difference that changes a reading is seen. */
static void test_same_format(void **state)
{
    const struct reg_format one = {.type = REG_S16,
                                   .scale_num = 1,
                                   .scale_den = 10,
                                   .decimals = 1,
                                   .n_sentinels = 1,
                                   .sentinels = {{.raw = 0x8000}},
                                   .n_states = 1,
                                   .states = {{1, "open", ""}}};
    struct reg_format other = one;

    (void)state;
    assert_true(decode_same(&one, &other));
    other.offset = 1;
    assert_false(decode_same(&one, &other));
    other = one;
    other.sentinels[0].raw = 0x7FFF;
    assert_false(decode_same(&one, &other));
    other = one;
    other.states[0].name[0] = 'O';
    assert_false(decode_same(&one, &other));
    other = one;
    other.order = ORDER_CDAB;
    assert_false(decode_same(&one, &other));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_format),
        cmocka_unit_test(sixteen_bits_signed_and_not),
        cmocka_unit_test(thirty_two_bits_in_all_word_orders),
        cmocka_unit_test(floats_in_all_word_orders),
        cmocka_unit_test(floats_are_scaled_and_offset),
        cmocka_unit_test(no_float_oddity_is_a_number),
        cmocka_unit_test(sentinels_are_compared_raw),
        cmocka_unit_test(masks_and_signs),
        cmocka_unit_test(scales_exactly_with_one_rounding),
        cmocka_unit_test(every_integer_is_the_nearest),
        cmocka_unit_test(too_large_is_no_measurement),
        cmocka_unit_test(implausible_is_bad_and_the_bounds_are_not),
        cmocka_unit_test(bits_and_their_names),
        cmocka_unit_test(enumerations_and_what_they_do_not_know),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
