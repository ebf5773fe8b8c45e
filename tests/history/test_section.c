/* The section codec: every field of every entry comes back, and usual ones take next to nothing. */
#include "section.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "section_fixture.h"
#include "test.h"

#define MANY 4000

static struct frame_entry many[MANY];

static void test_usual_readings(void **unused)
{
    (void)unused;
    uint64_t state = 1;
    fixture_walk(many, 360, FIXTURE_START_MS, &state);
    assert_in_range(fixture_round_trip(many, 360), 180, 230); /* half a byte a reading, before compression */
    fixture_walk(many, 1, FIXTURE_START_MS, &state);
    fixture_round_trip(many, 1);
    fixture_walk(many, 2, FIXTURE_START_MS, &state);
    fixture_round_trip(many, 2);
}

static void test_constant_takes_nothing(void **unused)
{
    (void)unused;
    uint64_t state = 1;
    fixture_walk(many, MANY, FIXTURE_START_MS, &state);
    for (size_t i = 0; i < MANY; i++) {
        many[i].number = -1958;
        many[i].raw = (uint16_t)-1958;
    }
    assert_in_range(fixture_round_trip(many, MANY), 1, 40);
}

static void test_wild_readings(void **unused)
{
    (void)unused;
    uint64_t state = 42;
    for (unsigned round = 0; round < 840; round++) {
        size_t n = 1 + fixture_one_of(&state, 700);
        fixture_wild(many, n, round, &state);
        fixture_round_trip(many, n);
    }
}

static void test_extremes(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < MANY; i++)
        many[i] = (struct frame_entry){
            .slot_ms = i % 2 ? FRAME_TIME_MAX_MS : -FRAME_TIME_MAX_MS,
            .taken_ms = i % 2 ? -FRAME_TIME_MAX_MS : FRAME_TIME_MAX_MS,
            .number = i % 2 ? INT64_MAX : INT64_MIN,
            .raw = i % 3 ? UINT32_MAX : 0,
            .calibration = i % 5 ? UINT32_MAX : 0,
            .quality = QUALITY_UNCERTAIN,
            .reason = 255,
            .micro = i % 7 < 3,
        };
    fixture_round_trip(many, MANY);
    fixture_round_trip(many, 1);
    for (size_t i = 0; i < MANY; i++)
        many[i].quality = QUALITY_BAD; /* with a number, which no reading has */
    fixture_round_trip(many, MANY);
}

static void test_clock_set_back(void **unused)
{
    (void)unused;
    uint64_t state = 3;
    fixture_walk(many, 700, FIXTURE_START_MS, &state);
    for (size_t i = 300; i < 700; i++)
        many[i].slot_ms -= 3600000;
    many[500] = many[499]; /* and one twice */
    fixture_round_trip(many, 700);
}

static void test_a_hundred_thousand(void **unused)
{
    (void)unused;
    const size_t n = 100000;
    uint64_t state = 9;
    struct frame_entry *entries = malloc(n * sizeof *entries);
    assert_non_null(entries);
    fixture_walk(entries, n, FIXTURE_START_MS, &state);
    fixture_round_trip(entries, n);
    fixture_wild(entries, n, 3, &state);
    fixture_round_trip(entries, n);
    free(entries);
}

/* Bytes of a walk's section beyond the same section without raw words. */
static size_t raw_cost(uint32_t (*words)(int64_t number))
{
    uint64_t state = 5;
    fixture_walk(many, 360, FIXTURE_START_MS, &state);
    for (size_t i = 0; i < 360; i++)
        many[i].raw = 0;
    size_t without = fixture_round_trip(many, 360);
    for (size_t i = 0; i < 360; i++)
        many[i].raw = words(many[i].number);
    size_t with = fixture_round_trip(many, 360);
    return with > without ? with - without : 0;
}

static uint32_t float_bits(double value)
{
    float nearest = (float)value;
    uint32_t bits;
    memcpy(&bits, &nearest, sizeof bits);
    return bits;
}

static uint32_t signed_16(int64_t number)
{
    return (uint16_t)number;
}
static uint32_t with_offset(int64_t number)
{
    return (uint32_t)(number + 2731);
}
static uint32_t halves(int64_t number) /* a register in steps of 2 numbers: read as the number rounded */
{
    return (uint16_t)((number + 5000) / 2);
}
static uint32_t signed_32(int64_t number)
{
    return (uint32_t)number;
}
static uint32_t signed_32_swapped(int64_t number)
{
    return (uint32_t)number << 16 | ((uint32_t)number >> 16);
}
static uint32_t little_endian(int64_t number)
{
    return __builtin_bswap32((uint32_t)number);
}
static uint32_t float_tenths(int64_t number)
{
    return float_bits((double)number / 10);
}
static uint32_t float_tenths_swapped(int64_t number)
{
    return float_tenths(number) << 16 | float_tenths(number) >> 16;
}
static uint32_t float_kelvin(int64_t number)
{
    return float_bits(((double)number * 10 + 27315) / 100);
}

static void test_raw_words_that_follow_cost_nothing(void **unused)
{
    (void)unused;
    assert_in_range(raw_cost(signed_16), 0, 12);
    assert_in_range(raw_cost(with_offset), 0, 12);
    assert_in_range(raw_cost(halves), 0, 12);
    assert_in_range(raw_cost(signed_32), 0, 12);
    assert_in_range(raw_cost(signed_32_swapped), 0, 12);
    assert_in_range(raw_cost(little_endian), 0, 12);
    assert_in_range(raw_cost(float_tenths), 0, 12);
    assert_in_range(raw_cost(float_tenths_swapped), 0, 12);
    assert_in_range(raw_cost(float_kelvin), 0, 12);
}

/* A probe that fails now and then: its words are a sentinel, and cost only what they are. */
static void test_exceptions_do_not_spoil_the_rest(void **unused)
{
    (void)unused;
    uint64_t state = 5;
    fixture_walk(many, 360, FIXTURE_START_MS, &state);
    for (size_t i = 50; i < 360; i += 100)
        many[i] = (struct frame_entry){.slot_ms = many[i].slot_ms,
                                       .taken_ms = many[i].taken_ms,
                                       .raw = 0x8000,
                                       .quality = QUALITY_BAD,
                                       .reason = REASON_SENTINEL};
    many[123].raw = 77;
    assert_in_range(fixture_round_trip(many, 360), 180, 300);
}

static void test_refuses_what_it_can_not_hold(void **unused)
{
    (void)unused;
    struct bytes head = {0}, values = {0};
    struct frame_entry entry = {.quality = 3};
    assert_int_equal(section_encode(&entry, 0, &head, &values), -EINVAL);
    assert_int_equal(section_encode(many, SECTION_ENTRIES_MAX + 1, &head, &values), -EINVAL);
    assert_int_equal(section_encode(&entry, 1, &head, &values), -EINVAL);
    entry = (struct frame_entry){.slot_ms = FRAME_TIME_MAX_MS + 1};
    assert_int_equal(section_encode(&entry, 1, &head, &values), -EINVAL);
    entry = (struct frame_entry){.taken_ms = -FRAME_TIME_MAX_MS - 1};
    assert_int_equal(section_encode(&entry, 1, &head, &values), -EINVAL);
    assert_int_equal(head.len + values.len, 0);
}

/* Damage is noticed, or gives entries that can be written again. */
static void believe(const struct section *section)
{
    static struct frame_entry out[MANY];
    int64_t n = section_decode(section, out, MANY);
    if (n > 0)
        fixture_round_trip(out, (size_t)n);
    else
        assert_true(n == -EBADMSG || n == -EPROTONOSUPPORT || n == -ENOSPC);
}

static void test_damage(void **unused)
{
    (void)unused;
    uint64_t state = 11;
    for (unsigned kind = 0; kind < 8; kind++) {
        struct bytes head = {0}, values = {0};
        fixture_wild(many, 60, kind, &state);
        if (kind == 7)
            fixture_walk(many, 60, FIXTURE_START_MS, &state);
        assert_int_equal(section_encode(many, 60, &head, &values), 0);
        struct section section = {head.data, values.data, 0, values.len};
        for (; section.head_len < head.len; section.head_len++)
            assert_int_equal(section_decode(&section, many, MANY), -EBADMSG);
        for (section.values_len = 0; section.values_len < values.len; section.values_len++)
            assert_int_equal(section_decode(&section, many, MANY), -EBADMSG);
        for (unsigned round = 0; round < 3000; round++) {
            struct bytes *part = values.len > 0 && round % 2 ? &values : &head;
            unsigned char *byte = &part->data[fixture_one_of(&state, (unsigned)part->len)], was = *byte;
            *byte = (unsigned char)fixture_random(&state);
            believe(&section);
            *byte = was;
        }
        bytes_free(&head);
        bytes_free(&values);
    }
}

static void test_newer_version(void **unused)
{
    (void)unused;
    static const unsigned char newer[] = {2, 1, 0, 0}, zero[] = {0, 1};
    struct frame_entry entry;
    struct section section = {.head = newer, .head_len = sizeof newer};
    assert_int_equal(section_count(&section), -EPROTONOSUPPORT);
    assert_int_equal(section_decode(&section, &entry, 1), -EPROTONOSUPPORT);
    section = (struct section){.head = zero, .head_len = sizeof zero};
    assert_int_equal(section_count(&section), -EBADMSG);
    section = (struct section){.head = zero, .head_len = 0};
    assert_int_equal(section_count(&section), -EBADMSG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_usual_readings),
        cmocka_unit_test(test_constant_takes_nothing),
        cmocka_unit_test(test_wild_readings),
        cmocka_unit_test(test_extremes),
        cmocka_unit_test(test_clock_set_back),
        cmocka_unit_test(test_a_hundred_thousand),
        cmocka_unit_test(test_raw_words_that_follow_cost_nothing),
        cmocka_unit_test(test_exceptions_do_not_spoil_the_rest),
        cmocka_unit_test(test_refuses_what_it_can_not_hold),
        cmocka_unit_test(test_damage),
        cmocka_unit_test(test_newer_version),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
