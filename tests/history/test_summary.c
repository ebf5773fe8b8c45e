/* Summaries: what an hour was, in whole numbers, checked against hand-made hours and a plain reckoning. */
#include "summary.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "section_fixture.h"
#include "test.h"

#define HOUR_MS INT64_C(3600000)
#define MANY    2000

static const struct summary_thresholds thresholds = {3, {-1500, -1350, -1200}};
static struct frame_entry many[MANY];
static int64_t numbers[MANY];

static int64_t make(size_t n, struct summary **ret)
{
    for (size_t i = 0; i < n; i++)
        numbers[i] = many[i].number;
    return summary_make(many, numbers, n, &thresholds, ret);
}

/* n readings, 10 s apart, all of one number. */
static void flat(size_t n, int64_t start_ms, int64_t number)
{
    for (size_t i = 0; i < n; i++)
        many[i] = (struct frame_entry){.slot_ms = start_ms + 10000 * (int64_t)i, .number = number};
}

static void test_one_hour(void **unused)
{
    (void)unused;
    struct summary *s;
    flat(360, FIXTURE_START_MS, -1958);
    many[10].number = -1400; /* above the first only */
    many[20].number = -1200; /* not above the third: it is at it */
    many[359].number = -1900;
    assert_int_equal(make(360, &s), 1);
    assert_int_equal(s->hour_ms, FIXTURE_START_MS);
    assert_int_equal(s->count, 360);
    assert_int_equal(s->values, 360);
    assert_int_equal(s->minimum, -1958);
    assert_int_equal(s->maximum, -1200);
    assert_int_equal(s->first, -1958);
    assert_int_equal(s->last, -1900);
    assert_int_equal(s->sum, -1958 * 357 - 1400 - 1200 - 1900);
    assert_int_equal(s->worst, QUALITY_GOOD);
    assert_int_equal(s->known_ms, HOUR_MS);
    assert_int_equal(s->above_ms[0], 20000);
    assert_int_equal(s->above_ms[1], 10000);
    assert_int_equal(s->above_ms[2], 0);
    free(s);
}

/* A bad reading and a gap are neither above nor below. */
static void test_what_is_not_known(void **unused)
{
    (void)unused;
    struct summary *s;
    flat(360, FIXTURE_START_MS, -1000);
    many[5].quality = QUALITY_BAD;
    many[5].number = 0;
    many[6].quality = QUALITY_UNCERTAIN;
    for (size_t i = 100; i < 360; i++)
        many[i].slot_ms +=
            600000; /* 10 min without readings: 30 s of them are believed, 20 s more than usual */
    assert_int_equal(make(300, &s), 1);
    assert_int_equal(s->count, 300);
    assert_int_equal(s->values, 299);
    assert_int_equal(s->maximum, -1000);
    assert_int_equal(s->worst, QUALITY_BAD);
    assert_int_equal(s->known_ms, 299 * 10000 + 20000);
    assert_int_equal(s->above_ms[2], s->known_ms);
    free(s);
}

static void test_time_crosses_the_hour(void **unused)
{
    (void)unused;
    struct summary *s;
    flat(4, FIXTURE_START_MS + HOUR_MS - 15000, -1000); /* 45, 55, 05, 15 */
    assert_int_equal(make(4, &s), 2);
    assert_int_equal(s[0].hour_ms, FIXTURE_START_MS);
    assert_int_equal(s[1].hour_ms, FIXTURE_START_MS + HOUR_MS);
    assert_int_equal(s[0].count, 2);
    assert_int_equal(s[0].known_ms, 15000);
    assert_int_equal(s[1].known_ms, 25000);
    assert_int_equal(s[1].above_ms[0], 25000);
    free(s);
    assert_int_equal(make(2, &s), 1); /* no bucket after it: the time is not lost */
    assert_int_equal(s[0].known_ms, 20000);
    free(s);
}

static void test_clock_set_back(void **unused)
{
    (void)unused;
    struct summary *s;
    flat(720, FIXTURE_START_MS, -1958);
    for (size_t i = 540; i < 720; i++)
        many[i].slot_ms -= HOUR_MS; /* half of the first hour comes again */
    many[600].number = -1000;
    many[719].number = -7;
    assert_int_equal(make(720, &s), 2);
    assert_int_equal(s[0].count, 540);
    assert_int_equal(s[1].count, 180);
    assert_int_equal(s[0].last, -7);
    assert_int_equal(s[0].known_ms, 540 * 10000);
    assert_int_equal(s[1].known_ms, 180 * 10000);
    assert_int_equal(s[0].above_ms[0], 20000);
    free(s);
}

static void test_few_readings(void **unused)
{
    (void)unused;
    struct summary *s;
    flat(2, FIXTURE_START_MS, 5);
    assert_int_equal(make(1, &s), 1); /* how long it stands is not known */
    assert_int_equal(s->count, 1);
    assert_int_equal(s->known_ms, 0);
    free(s);
    many[1].slot_ms = many[0].slot_ms;
    assert_int_equal(make(2, &s), 1);
    assert_int_equal(s->known_ms, 0);
    free(s);
    assert_int_equal(make(0, &s), 0);
    free(s);
    many[0].quality = many[1].quality = QUALITY_BAD;
    assert_int_equal(make(2, &s), 1);
    assert_int_equal(s->values, 0);
    free(s);
}

static void test_sum_stays_at_the_limit(void **unused)
{
    (void)unused;
    struct summary *s, other = {0};
    flat(MANY, FIXTURE_START_MS, INT64_MAX / 2);
    assert_int_equal(make(300, &s), 1);
    assert_int_equal(s->sum, INT64_MAX);
    other = *s;
    summary_merge(&other, s);
    assert_int_equal(other.sum, INT64_MAX);
    free(s);
    flat(MANY, FIXTURE_START_MS, INT64_MIN);
    assert_int_equal(make(300, &s), 1);
    assert_int_equal(s->sum, INT64_MIN);
    free(s);
}

static void test_merge(void **unused)
{
    (void)unused;
    struct summary a = {.hour_ms = 7}, *s;
    flat(360, FIXTURE_START_MS, -1958);
    many[3].number = -1000;
    many[4].quality = QUALITY_BAD;
    assert_int_equal(make(360, &s), 1);
    summary_merge(&a, s);
    summary_merge(&a, s);
    assert_int_equal(a.hour_ms, 7);
    assert_int_equal(a.count, 720);
    assert_int_equal(a.values, 718);
    assert_int_equal(a.minimum, -1958);
    assert_int_equal(a.maximum, -1000);
    assert_int_equal(a.sum, 2 * s->sum);
    assert_int_equal(a.worst, QUALITY_BAD);
    assert_int_equal(a.known_ms, 2 * s->known_ms);
    assert_int_equal(a.above_ms[1], 20000);
    summary_merge(&a, &(struct summary){.count = 3, .minimum = -99999});
    assert_int_equal(a.count, 723);
    assert_int_equal(a.minimum, -1958);
    free(s);
}

static void assert_bytes_round_trip(const struct summary *s, size_t n, size_t *ret_len)
{
    static struct summary out[64];
    struct summary_thresholds back;
    struct bytes bytes = {0};
    assert_int_equal(summary_encode(s, n, &thresholds, &bytes), 0);
    assert_int_equal(summary_decode(bytes.data, bytes.len, &back, out, 64), n);
    assert_memory_equal(&back, &thresholds, sizeof back);
    for (size_t i = 0; i < n; i++)
        assert_memory_equal(&out[i], &s[i], sizeof *s);
    if (n > 0)
        assert_int_equal(summary_decode(bytes.data, bytes.len, &back, out, n - 1), -ENOSPC);
    for (size_t cut = 0; cut < bytes.len; cut++)
        assert_int_equal(summary_decode(bytes.data, cut, &back, out, 64), -EBADMSG);
    bytes_byte(&bytes, 0);
    assert_int_equal(summary_decode(bytes.data, bytes.len, &back, out, 64), -EBADMSG);
    *ret_len = bytes.len - 1;
    bytes_free(&bytes);
}

static void test_bytes(void **unused)
{
    (void)unused;
    struct summary *s, wild[3] = {{.hour_ms = -HOUR_MS,
                                   .count = UINT64_MAX,
                                   .values = 5,
                                   .minimum = INT64_MIN,
                                   .maximum = INT64_MAX,
                                   .sum = INT64_MIN,
                                   .first = INT64_MAX,
                                   .last = INT64_MIN,
                                   .worst = QUALITY_BAD,
                                   .known_ms = 1,
                                   .above_ms = {1, 0, 1}},
                                  {.hour_ms = 0},
                                  {.hour_ms = 10 * HOUR_MS, .count = 4, .worst = QUALITY_BAD}};
    uint64_t state = 6;
    size_t len;
    assert_bytes_round_trip(wild, 3, &len);
    assert_bytes_round_trip(wild, 0, &len);
    fixture_walk(many, MANY, FIXTURE_START_MS, &state);
    assert_int_equal(make(1800, &s), 5);
    assert_bytes_round_trip(s, 5, &len);
    assert_in_range(len, 1, 5 * 16 + 16); /* a few bytes an hour */
    free(s);
}

static void test_damaged_bytes(void **unused)
{
    (void)unused;
    static struct summary out[64];
    struct summary_thresholds back;
    struct summary *s;
    struct bytes bytes = {0};
    uint64_t state = 6;
    fixture_walk(many, MANY, FIXTURE_START_MS, &state);
    int64_t n = make(1800, &s);
    assert_int_equal(summary_encode(s, (size_t)n, &thresholds, &bytes), 0);
    for (unsigned round = 0; round < 20000; round++) {
        unsigned char *byte = &bytes.data[fixture_one_of(&state, (unsigned)bytes.len)], was = *byte;
        *byte = (unsigned char)fixture_random(&state);
        int64_t result = summary_decode(bytes.data, bytes.len, &back, out, 64);
        assert_true(result >= 0 || result == -EBADMSG || result == -ENOSPC);
        *byte = was;
    }
    bytes_free(&bytes);
    free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_hour),
        cmocka_unit_test(test_what_is_not_known),
        cmocka_unit_test(test_time_crosses_the_hour),
        cmocka_unit_test(test_clock_set_back),
        cmocka_unit_test(test_few_readings),
        cmocka_unit_test(test_sum_stays_at_the_limit),
        cmocka_unit_test(test_merge),
        cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_damaged_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
