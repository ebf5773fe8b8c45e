/* Chunks: sections come back byte by byte, small, and no bytes make chunk_unpack do harm. */
#include "chunk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "section_fixture.h"
#include "test.h"

#define HOUR  360
#define HOURS 24

static struct frame_entry readings[HOURS * HOUR], out[HOURS * HOUR];

struct day {
    struct bytes heads[HOURS], values[HOURS], body;
    struct section sections[HOURS];
    size_t n;
};

/* One section per hour; hours without readings where the bit of empty is set. */
static void pack(struct day *day, size_t n, size_t hour, uint32_t empty)
{
    *day = (struct day){.n = n};
    for (size_t i = 0; i < n; i++) {
        if (empty >> i & 1)
            continue;
        assert_int_equal(section_encode(readings + i * hour, hour, &day->heads[i], &day->values[i]), 0);
        day->sections[i] =
            (struct section){day->heads[i].data, day->values[i].data, day->heads[i].len, day->values[i].len};
    }
    assert_int_equal(chunk_pack(day->sections, n, &day->body), 0);
}

static void free_day(struct day *day)
{
    for (size_t i = 0; i < HOURS; i++) {
        bytes_free(&day->heads[i]);
        bytes_free(&day->values[i]);
    }
    bytes_free(&day->body);
}

static void assert_comes_back(const struct day *day, struct chunk *chunk)
{
    assert_int_equal(chunk_unpack(day->body.data, day->body.len, chunk), 0);
    assert_int_equal(chunk->n, day->n);
    for (size_t i = 0; i < day->n; i++) {
        assert_int_equal(chunk->sections[i].head_len, day->heads[i].len);
        assert_int_equal(chunk->sections[i].values_len, day->values[i].len);
        if (day->heads[i].len > 0)
            assert_memory_equal(chunk->sections[i].head, day->heads[i].data, day->heads[i].len);
        if (day->values[i].len > 0)
            assert_memory_equal(chunk->sections[i].values, day->values[i].data, day->values[i].len);
    }
}

static void test_hours_and_days(void **unused)
{
    (void)unused;
    struct chunk chunk = {0};
    struct day day;
    uint64_t state = 1;
    fixture_walk(readings, HOURS * HOUR, FIXTURE_START_MS, &state);
    for (size_t n = 1; n <= HOURS; n += 23) {
        pack(&day, n, HOUR, 0);
        assert_comes_back(&day, &chunk); /* the same chunk again and again */
        for (size_t i = 0; i < n; i++) {
            assert_int_equal(section_decode(&chunk.sections[i], out, HOUR), HOUR);
            assert_int_equal(out[7].number, readings[i * HOUR + 7].number);
        }
        free_day(&day);
    }
    pack(&day, HOURS, HOUR, 0x00f00f);
    assert_comes_back(&day, &chunk);
    assert_int_equal(chunk.sections[0].head_len, 0);
    free_day(&day);
    chunk_free(&chunk);
    chunk_free(NULL);
}

/* What the store promises of realistic data, with its rows and hashes, is twice this. */
static void test_is_small(void **unused)
{
    (void)unused;
    struct day day;
    uint64_t state = 2;
    fixture_walk(readings, HOURS * HOUR, FIXTURE_START_MS, &state);
    pack(&day, HOURS, HOUR, 0);
    assert_in_range(day.body.len, 1000, HOURS * HOUR * 245 / 1000);
    free_day(&day);
    for (size_t i = 0; i < HOURS * HOUR; i++) {
        readings[i].number = -1958;
        readings[i].raw = (uint16_t)-1958;
    }
    pack(&day, HOURS, HOUR, 0);
    assert_in_range(day.body.len, 1, 60);
    free_day(&day);
}

static void test_wild_readings(void **unused)
{
    (void)unused;
    struct chunk chunk = {0};
    uint64_t state = 3;
    for (unsigned round = 0; round < 100; round++) {
        struct day day;
        size_t n = 1 + fixture_one_of(&state, 6), hour = 1 + fixture_one_of(&state, 50);
        fixture_wild(readings, n * hour, round, &state);
        pack(&day, n, hour, round % 3 ? 0 : (uint32_t)fixture_random(&state));
        assert_comes_back(&day, &chunk);
        free_day(&day);
    }
    chunk_free(&chunk);
}

static void test_damage(void **unused)
{
    (void)unused;
    struct chunk chunk = {0};
    struct day day;
    uint64_t state = 4;
    fixture_walk(readings, 5 * 40, FIXTURE_START_MS, &state);
    pack(&day, 5, 40, 0);
    unsigned char *data = day.body.data;
    for (size_t cut = 0; cut < day.body.len; cut++)
        assert_int_equal(chunk_unpack(data, cut, &chunk), -EBADMSG);
    for (unsigned round = 0; round < 20000; round++) {
        unsigned char *byte = &data[fixture_one_of(&state, (unsigned)day.body.len)], was = *byte;
        *byte = (unsigned char)fixture_random(&state);
        int result = chunk_unpack(data, day.body.len, &chunk);
        assert_true(result == 0 || result == -EBADMSG || result == -EPROTONOSUPPORT);
        assert_true(result == 0 || chunk.n == 0);
        for (size_t i = 0; i < chunk.n; i++)
            (void)section_decode(&chunk.sections[i], out, HOURS * HOUR);
        *byte = was;
    }
    assert_comes_back(&day, &chunk);
    data[0] = 2;
    assert_int_equal(chunk_unpack(data, day.body.len, &chunk), -EPROTONOSUPPORT);
    free_day(&day);
    chunk_free(&chunk);
}

/* Lengths that the bytes can't have: refused before there is memory for them. */
static void test_bombs(void **unused)
{
    (void)unused;
    struct chunk chunk = {0};
    struct bytes body = {0};
    static const uint64_t lengths[] = {CHUNK_BYTES_MAX / 2, CHUNK_BYTES_MAX, UINT64_MAX, 1000000};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        bytes_clear(&body);
        bytes_byte(&body, 1);
        bytes_varint(&body, 2);
        bytes_varint(&body, i % 2 ? lengths[i] : 4);
        bytes_varint(&body, 2);
        bytes_varint(&body, i % 2 ? 4 : lengths[i]);
        bytes_append(&body, "\x03\x00\x03\x00", 4);
        assert_int_equal(chunk_unpack(body.data, body.len, &chunk), -EBADMSG);
        assert_in_range(chunk.bytes.cap, 0, 10000000);
    }
    bytes_clear(&body);
    bytes_byte(&body, 1);
    bytes_varint(&body, CHUNK_SECTIONS_MAX + 1);
    assert_int_equal(chunk_unpack(body.data, body.len, &chunk), -EBADMSG);
    bytes_free(&body);
    chunk_free(&chunk);
}

static void test_refuses_what_it_can_not_hold(void **unused)
{
    (void)unused;
    static const struct section none[1],
        headless[1] = {{NULL, (const unsigned char *)"x", 0, 1}},
        large[1] = {{(const unsigned char *)"x", NULL, CHUNK_BYTES_MAX + 1, 0}};
    struct bytes body = {0};
    struct chunk chunk = {0};
    assert_int_equal(chunk_pack(none, 0, &body), -EINVAL);
    assert_int_equal(chunk_pack(none, CHUNK_SECTIONS_MAX + 1, &body), -EINVAL);
    assert_int_equal(chunk_pack(headless, 1, &body), -EINVAL);
    assert_int_equal(chunk_pack(large, 1, &body), -EINVAL);
    assert_int_equal(body.len, 0);
    assert_int_equal(chunk_pack(none, 1, &body), 0); /* an hour without a reading */
    assert_int_equal(chunk_unpack(body.data, body.len, &chunk), 0);
    assert_int_equal(chunk.n, 1);
    bytes_free(&body);
    chunk_free(&chunk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hours_and_days), cmocka_unit_test(test_is_small),
        cmocka_unit_test(test_wild_readings),  cmocka_unit_test(test_damage),
        cmocka_unit_test(test_bombs),          cmocka_unit_test(test_refuses_what_it_can_not_hold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
