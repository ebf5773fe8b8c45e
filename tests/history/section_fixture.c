/* section_fixture.c - see section_fixture.h. */
#include "section_fixture.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "test.h"

uint64_t fixture_random(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *state >> 33 ^ *state << 20;
}

unsigned fixture_one_of(uint64_t *state, unsigned n)
{
    return (unsigned)(fixture_random(state) >> 7) % n;
}

void fixture_walk(struct frame_entry *entries, size_t n, int64_t start_ms, uint64_t *state)
{
    int64_t number = -1958;
    for (size_t i = 0; i < n; i++) {
        number += (int)fixture_one_of(state, 3) - 1;
        entries[i] = (struct frame_entry){
            .slot_ms = start_ms + 10000 * (int64_t)i,
            .taken_ms = start_ms + 10000 * (int64_t)i,
            .number = number,
            .raw = (uint16_t)number,
        };
    }
}

static int64_t any(uint64_t *state)
{
    return (int64_t)fixture_random(state) >> fixture_one_of(state, 64);
}

static uint32_t words_of(unsigned kind, int64_t number, uint64_t *state)
{
    float value = (float)((double)(number % 1000000) / 100);
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    switch (kind % 6) {
    case 0:
        return (uint32_t)number;
    case 1:
        return (uint16_t)((uint64_t)number * 3 + 7);
    case 2:
        return bits << 16 | bits >> 16;
    case 3:
        return bits;
    case 4:
        return (uint32_t)number << 16 | (uint32_t)number >> 16;
    default:
        return (uint32_t)any(state);
    }
}

void fixture_wild(struct frame_entry *entries, size_t n, unsigned kind, uint64_t *state)
{
    int64_t slot = FIXTURE_START_MS, number = 0;
    for (size_t i = 0; i < n; i++) {
        slot += fixture_one_of(state, 30) ? 1000 : any(state) % 100000000;
        if (kind % 5 == 4)
            slot = any(state) % FRAME_TIME_MAX_MS;
        number = kind % 3 ? number + any(state) % 100 : any(state);
        bool bad = fixture_one_of(state, 20) == 0, odd = fixture_one_of(state, 50) == 0;
        entries[i] = (struct frame_entry){
            .slot_ms = slot,
            .taken_ms = odd ? any(state) % FRAME_TIME_MAX_MS : slot + (kind % 2 ? any(state) % 100 : 0),
            .number = bad && !odd ? 0 : number,
            .raw = odd   ? (uint32_t)any(state)
                   : bad ? 0
                         : words_of(kind, number, state),
            .calibration = kind % 4                   ? 3
                           : fixture_one_of(state, 2) ? (uint32_t)any(state)
                                                      : 0,
            .quality = bad ? QUALITY_BAD : (uint8_t)(fixture_one_of(state, 20) == 0),
            .reason = bad || odd ? (uint8_t)any(state) : 0,
            .micro = kind % 7 == 6 && fixture_one_of(state, 3) == 0,
        };
    }
}

static void assert_same(const struct frame_entry *a, const struct frame_entry *b)
{
    assert_int_equal(a->slot_ms, b->slot_ms);
    assert_int_equal(a->taken_ms, b->taken_ms);
    assert_int_equal(a->number, b->number);
    assert_int_equal(a->raw, b->raw);
    assert_int_equal(a->calibration, b->calibration);
    assert_int_equal(a->quality, b->quality);
    assert_int_equal(a->reason, b->reason);
    assert_int_equal(a->micro, b->micro);
}

size_t fixture_round_trip(const struct frame_entry *entries, size_t n)
{
    struct bytes head = {0}, values = {0};
    struct frame_entry *out = malloc(n * sizeof *out);
    assert_non_null(out);
    memset(out, 0x5a, n * sizeof *out);
    assert_int_equal(section_encode(entries, n, &head, &values), 0);
    struct section section = {head.data, values.data, head.len, values.len};
    assert_int_equal(section_count(&section), n);
    assert_int_equal(section_decode(&section, out, n - 1), -ENOSPC);
    assert_int_equal(section_decode(&section, out, n), n);
    for (size_t i = 0; i < n; i++) {
        assert_same(&out[i], &entries[i]);
        assert_int_equal(out[i].point, 0x5a5a5a5a); /* is the caller's */
    }
    size_t len = head.len + values.len;
    free(out);
    bytes_free(&head);
    bytes_free(&values);
    return len;
}
