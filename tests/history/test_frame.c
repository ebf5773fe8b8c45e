/* The frame codec gives back what it was given, and believes no bytes that it would not have written. */
#include "frame.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "test.h"

static unsigned char body[FRAME_BYTES_MAX];
static struct frame_entry many[FRAME_ENTRIES_MAX];

static uint64_t random_bits(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static void assert_entry(const struct frame_entry *a, const struct frame_entry *b)
{
    assert_int_equal(a->slot_ms, b->slot_ms);
    assert_int_equal(a->taken_ms, b->taken_ms);
    assert_true(a->number == b->number);
    assert_int_equal(a->point, b->point);
    assert_int_equal(a->raw, b->raw);
    assert_int_equal(a->calibration, b->calibration);
    assert_int_equal(a->quality, b->quality);
    assert_int_equal(a->reason, b->reason);
    assert_int_equal(a->micro, b->micro);
}

static size_t assert_round_trip(const struct frame_entry *entries, size_t n)
{
    struct frame_cursor cursor;
    struct frame_entry entry;
    size_t len = 0;
    assert_int_equal(frame_encode(entries, n, body, sizeof body, &len), 0);
    assert_int_equal(frame_begin(&cursor, body, len), 0);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(frame_next(&cursor, &entry), 1);
        assert_entry(&entry, &entries[i]);
    }
    assert_int_equal(frame_next(&cursor, &entry), 0);
    return len;
}

static void test_readings_come_back(void **unused)
{
    (void)unused;
    static const struct {
        struct reading reading;
        unsigned decimals;
    } cases[] = {
        {{-195800000, 0xf85a, QUALITY_GOOD, REASON_NONE}, 1},
        {{-195800000, 0xf85a, QUALITY_GOOD, REASON_NONE}, 6},
        {{0, 0, QUALITY_GOOD, REASON_NONE}, 0},
        {{123456, 0, QUALITY_GOOD, REASON_NONE}, 1}, /* not on the point's grid */
        {{MICRO_MAX, 0xffffffff, QUALITY_UNCERTAIN, REASON_UNPROVEN}, 0},
        {{-MICRO_MAX, 1, QUALITY_GOOD, REASON_NONE}, 6},
        {{INT64_MAX, 1, QUALITY_GOOD, REASON_NONE}, 0},
        {{INT64_MIN, 1, QUALITY_GOOD, REASON_NONE}, 3},
        {{0, 0, QUALITY_BAD, REASON_TIMEOUT}, 1},
        {{0, 0x8000, QUALITY_BAD, REASON_SENTINEL}, 1},
        {{0, 0x7fc00000, QUALITY_BAD, REASON_NOT_FINITE}, 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct reading *in = &cases[i].reading;
        struct frame_entry entry =
            frame_entry_make(7, cases[i].decimals, 1700000000000000, 1700000000123999, in);
        struct reading out;
        assert_round_trip(&entry, 1);
        assert_int_equal(frame_entry_reading(&entry, cases[i].decimals, &out), 0);
        assert_true(out.value == in->value);
        assert_int_equal(out.raw, in->raw);
        assert_int_equal(out.quality, in->quality);
        assert_int_equal(out.reason, in->reason);
        assert_int_equal(entry.taken_ms, 1700000000123); /* cut off, not rounded up */
    }
}

static void test_bad_reading_has_no_value_but_its_raw(void **unused)
{
    (void)unused;
    struct reading in = {999, 0x1234, QUALITY_BAD, REASON_IMPLAUSIBLE}, out;
    struct frame_entry entry = frame_entry_make(1, 1, 0, 0, &in);
    assert_round_trip(&entry, 1);
    assert_int_equal(frame_entry_reading(&entry, 1, &out), 0);
    assert_int_equal(out.value, 0);
    assert_int_equal(out.raw, 0x1234);
}

static void test_times_before_1970_keep_their_order(void **unused)
{
    (void)unused;
    struct reading reading = {0};
    assert_int_equal(frame_entry_make(1, 0, -1, -1000, &reading).slot_ms, -1);
    assert_int_equal(frame_entry_make(1, 0, -1, -1000, &reading).taken_ms, -1);
    assert_int_equal(frame_entry_make(1, 0, -1001, 999, &reading).slot_ms, -2);
    assert_int_equal(frame_entry_make(1, 0, -1001, 999, &reading).taken_ms, 0);
    assert_int_equal(frame_entry_make(1, 0, INT64_MAX, INT64_MIN, &reading).slot_ms, FRAME_TIME_MAX_MS);
    assert_int_equal(frame_entry_make(1, 0, INT64_MAX, INT64_MIN, &reading).taken_ms, -FRAME_TIME_MAX_MS);
}

static void test_extremes(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < FRAME_ENTRIES_MAX; i++)
        many[i] = (struct frame_entry){
            .slot_ms = i % 2 ? FRAME_TIME_MAX_MS : -FRAME_TIME_MAX_MS,
            .taken_ms = i % 2 ? -FRAME_TIME_MAX_MS : FRAME_TIME_MAX_MS,
            .number = i % 2 ? INT64_MAX : INT64_MIN,
            .point = i % 2 ? UINT32_MAX : 0,
            .raw = UINT32_MAX,
            .calibration = UINT32_MAX,
            .quality = QUALITY_UNCERTAIN,
            .reason = 255,
            .micro = true,
        };
    assert_round_trip(many, FRAME_ENTRIES_MAX); /* and it fits into FRAME_BYTES_MAX */
}

static void test_random_frames(void **unused)
{
    (void)unused;
    uint64_t state = 42;
    for (int round = 0; round < 500; round++) {
        size_t n = 1 + random_bits(&state) % 300;
        for (size_t i = 0; i < n; i++) {
            struct reading reading = {
                .value = (int64_t)random_bits(&state) >> (random_bits(&state) % 64),
                .raw = (uint32_t)random_bits(&state) >> (random_bits(&state) % 32),
                .quality = (enum quality)(random_bits(&state) % 3),
                .reason = (enum reason)(random_bits(&state) % REASON_COUNT),
            };
            if (reading.quality == QUALITY_BAD)
                reading.value = 0;
            int64_t slot = 1700000000000000 + (int64_t)(random_bits(&state) % 10) * 1000000;
            many[i] = frame_entry_make((uint32_t)random_bits(&state) >> (random_bits(&state) % 32),
                                       (unsigned)(random_bits(&state) % 7), slot,
                                       slot + (int64_t)(random_bits(&state) % 10000000), &reading);
            if (random_bits(&state) % 2)
                many[i].calibration = (uint32_t)random_bits(&state) >> (random_bits(&state) % 32);
        }
        assert_round_trip(many, n);
    }
}

/* 250 points read in one slot: what a commit looks like. */
static void test_is_small(void **unused)
{
    (void)unused;
    for (unsigned i = 0; i < 250; i++) {
        struct reading reading = {-195800000 + 100000 * (int)(i % 7), 0xf85a, QUALITY_GOOD, REASON_NONE};
        many[i] = frame_entry_make(i + 1, 1, 1700000000000000, 1700000000000000 + i * 700, &reading);
    }
    size_t len = assert_round_trip(many, 250);
    assert_in_range(len, 250, 250 * 9);
}

static void test_refuses_what_it_can_not_hold(void **unused)
{
    (void)unused;
    struct frame_entry entry = {.quality = QUALITY_GOOD};
    size_t len = 77;
    assert_int_equal(frame_encode(&entry, 0, body, sizeof body, &len), -EINVAL);
    assert_int_equal(frame_encode(many, FRAME_ENTRIES_MAX + 1, body, sizeof body, &len), -EINVAL);
    assert_int_equal(frame_encode(&entry, 1, body, 20, &len), -ENOSPC);
    entry.quality = 3;
    assert_int_equal(frame_encode(&entry, 1, body, sizeof body, &len), -EINVAL);
    entry = (struct frame_entry){.slot_ms = FRAME_TIME_MAX_MS + 1};
    assert_int_equal(frame_encode(&entry, 1, body, sizeof body, &len), -EINVAL);
    assert_int_equal(len, 77);
}

/* Decodes all; returns the last result. */
static int decode(const unsigned char *bytes, size_t len, size_t *ret_n)
{
    struct frame_cursor cursor;
    int result = frame_begin(&cursor, bytes, len);
    *ret_n = 0;
    if (result < 0)
        return result;
    while ((result = frame_next(&cursor, &many[*ret_n])) > 0)
        ++*ret_n;
    return result;
}

static void test_damage_is_noticed_or_harmless(void **unused)
{
    (void)unused;
    static unsigned char damaged[4096];
    struct frame_entry entries[20];
    uint64_t state = 7;
    size_t len = 0, n;
    for (unsigned i = 0; i < 20; i++) {
        struct reading reading = {-1000000 * (int)i, i, i % 5 ? QUALITY_GOOD : QUALITY_BAD, i % 5 ? 0 : 2};
        entries[i] = frame_entry_make(i + 1, 1, 1700000000000000, 1700000000300000, &reading);
    }
    assert_int_equal(frame_encode(entries, 20, body, sizeof body, &len), 0);
    for (size_t cut = 0; cut < len; cut++)
        assert_int_equal(decode(body, cut, &n), -EBADMSG);
    for (int round = 0; round < 20000; round++) {
        memcpy(damaged, body, len);
        for (unsigned k = 0; k <= random_bits(&state) % 3; k++)
            damaged[random_bits(&state) % len] = (unsigned char)random_bits(&state);
        int result = decode(damaged, len, &n);
        if (result != 0)
            assert_true(result == -EBADMSG || result == -EPROTONOSUPPORT);
        else
            assert_round_trip(many, n); /* what was believed can be written again */
        assert_int_equal(frame_encode(entries, 20, body, sizeof body, &len), 0);
    }
    memcpy(damaged, body, len);
    damaged[len] = 0;
    assert_int_equal(decode(damaged, len + 1, &n), -EBADMSG); /* trailing byte */
    damaged[0] = 3;
    assert_int_equal(decode(damaged, len, &n), -EPROTONOSUPPORT);
    damaged[0] = 0;
    assert_int_equal(decode(damaged, len, &n), -EBADMSG);
}

static void test_needless_bytes_are_refused(void **unused)
{
    (void)unused;
    size_t n;
    /* One entry, point +1 (2), same slot, taken +0, good, value 0: 0x48 2 0 0 */
    static const unsigned char plain[] = {2, 1, 0x48, 2, 0, 0};
    static const unsigned char padded_varint[] = {2, 1, 0x48, 0x82, 0x00, 0, 0};
    static const unsigned char long_varint[] = {2,    1,    0x48, 2,    0,    0xff, 0xff, 0xff,
                                                0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2};
    static const unsigned char bad_with_value[] = {2, 1, 0x4a, 2, 0, 0};
    static const unsigned char good_without_value[] = {2, 1, 0x40, 2, 0};
    static const unsigned char negative_point[] = {2, 1, 0x48, 1, 0, 0};
    static const unsigned char explicit_same_slot[] = {2, 1, 0x08, 2, 0, 0, 0};
    static const unsigned char no_calibration[] = {2, 1, 0xc8, 2, 0, 0, 0};
    static const unsigned char long_calibration[] = {2, 1, 0xc8, 2, 0, 0, 0xff, 0xff, 0xff, 0xff, 0x1f};
    static const unsigned char many_entries[] = {2, 0x7f, 0x48, 2, 0, 0};
    assert_int_equal(decode(plain, sizeof plain, &n), 0);
    assert_int_equal(decode(padded_varint, sizeof padded_varint, &n), -EBADMSG);
    assert_int_equal(decode(long_varint, sizeof long_varint, &n), -EBADMSG);
    assert_int_equal(decode(bad_with_value, sizeof bad_with_value, &n), -EBADMSG);
    assert_int_equal(decode(good_without_value, sizeof good_without_value, &n), -EBADMSG);
    assert_int_equal(decode(negative_point, sizeof negative_point, &n), -EBADMSG);
    assert_int_equal(decode(explicit_same_slot, sizeof explicit_same_slot, &n), -EBADMSG);
    assert_int_equal(decode(no_calibration, sizeof no_calibration, &n), -EBADMSG);
    assert_int_equal(decode(long_calibration, sizeof long_calibration, &n), -EBADMSG);
    assert_int_equal(decode(many_entries, sizeof many_entries, &n), -EBADMSG);
}

/* Bodies of earlier files: the same without calibrations. */
static void test_version_1_still_decodes(void **unused)
{
    (void)unused;
    size_t n;
    static const unsigned char plain[] = {1, 2, 0x48, 2, 0, 9, 0x0c, 2, 2, 0, 3, 1};
    static const unsigned char calibrated[] = {1, 1, 0xc8, 2, 0, 0, 1};
    assert_int_equal(decode(plain, sizeof plain, &n), 0);
    assert_int_equal(n, 2);
    assert_true(many[0].number == -5 && many[0].point == 1 && many[0].calibration == 0);
    assert_true(many[1].number == -1 && many[1].point == 2 && many[1].slot_ms == 1 && many[1].reason == 3);
    assert_int_equal(decode(calibrated, sizeof calibrated, &n), -EBADMSG);
}

static void test_number_beyond_a_value_is_damage(void **unused)
{
    (void)unused;
    struct frame_entry entry = {.number = INT64_MAX};
    struct reading reading = {.raw = 5};
    assert_int_equal(frame_entry_reading(&entry, 5, &reading), -EBADMSG);
    assert_int_equal(reading.raw, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_readings_come_back),
        cmocka_unit_test(test_bad_reading_has_no_value_but_its_raw),
        cmocka_unit_test(test_times_before_1970_keep_their_order),
        cmocka_unit_test(test_extremes),
        cmocka_unit_test(test_random_frames),
        cmocka_unit_test(test_is_small),
        cmocka_unit_test(test_refuses_what_it_can_not_hold),
        cmocka_unit_test(test_damage_is_noticed_or_harmless),
        cmocka_unit_test(test_needless_bytes_are_refused),
        cmocka_unit_test(test_version_1_still_decodes),
        cmocka_unit_test(test_number_beyond_a_value_is_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
