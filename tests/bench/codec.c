/*
 * codec.c - how small and how fast the chunk codec is: bytes and nanoseconds per reading, for kinds of data.
 *
 * See README.md. Nothing here passes or fails, but that readings which do not come back end it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "chunk.h"

#define HOUR   360 /* readings at 10 s */
#define HOURS  24
#define DAYS   30
#define MONTH  (DAYS * HOURS * HOUR)
#define ROUNDS 20

static uint64_t random_bits(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state >> 16;
}

static double uniform(uint64_t *state)
{
    return (double)(random_bits(state) % 1000000) / 1000000.0;
}

/* Near enough to a normal distribution, sigma 1. */
static double noise(uint64_t *state)
{
    double sum = -6;
    for (int i = 0; i < 12; i++)
        sum += uniform(state);
    return sum;
}

static int64_t rounded(double value)
{
    return (int64_t)(value + (value < 0 ? -0.5 : 0.5));
}

static uint32_t float_bits(double value)
{
    float nearest = (float)value;
    uint32_t bits;
    memcpy(&bits, &nearest, sizeof bits);
    return bits;
}

enum shape { WALK, NOISE, RAMP, CONSTANT, NOISY };
enum words { NO_RAW, INT16, FLOAT_SAME, FLOAT_FINER };

static const struct kind {
    const char *name;
    enum shape shape;
    enum words words;
    unsigned jitter_ms; /* taken after the slot */
} kinds[] = {
    {"walk, 2/3 change by 0.1, no raw", WALK, NO_RAW, 0},
    {"walk, raw int16", WALK, INT16, 0},
    {"walk of 0.01, raw float, 2 decimals", WALK, FLOAT_SAME, 0},
    {"walk, raw float with a decimal more", WALK, FLOAT_FINER, 0},
    {"walk, raw int16, taken 0-40 ms late", WALK, INT16, 40},
    {"noise of 0.07 around a level, int16", NOISE, INT16, 0},
    {"ramps of a freezer, -1 and +5 K/min", RAMP, INT16, 0},
    {"constant, raw int16", CONSTANT, INT16, 0},
    {"noise of sigma 3 degrees, raw int16", NOISY, INT16, 0},
};

static double shape_value(enum shape shape, size_t i, double last, uint64_t *state)
{
    switch (shape) {
    case WALK:
        return last + (double)(random_bits(state) % 3) - 1;
    case NOISE:
        return -1958 + 0.7 * noise(state) + 5 * ((double)(i % 8640) / 8640);
    case RAMP:
        return i % 720 < 600 ? 200 - (double)(i % 720) * 10 / 6 : -800 + (double)(i % 720 - 600) * 50 / 6;
    case CONSTANT:
        return -1958;
    default:
        return -1000 + 30 * noise(state);
    }
}

static void make(const struct kind *kind, struct frame_entry *entries)
{
    uint64_t state = 88172645463325252;
    double value = -1958;
    for (size_t i = 0; i < MONTH; i++) {
        struct frame_entry *entry = &entries[i];
        value = shape_value(kind->shape, i, value, &state);
        *entry = (struct frame_entry){.slot_ms = INT64_C(1700006400000) + 10000 * (int64_t)i,
                                      .number = rounded(value)};
        entry->taken_ms = entry->slot_ms;
        if (kind->jitter_ms)
            entry->taken_ms += (int64_t)(random_bits(&state) % kind->jitter_ms);
        if (kind->words == INT16)
            entry->raw = (uint16_t)entry->number;
        if (kind->words == FLOAT_SAME)
            entry->raw = float_bits((double)entry->number / 100);
        if (kind->words == FLOAT_FINER)
            entry->raw =
                float_bits(((double)entry->number * 10 + (double)(random_bits(&state) % 9) - 4) / 100);
    }
}

static double now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static void must(bool condition, const char *what)
{
    if (condition)
        return;
    fprintf(stderr, "codec: %s\n", what);
    exit(1);
}

/* One chunk of n hours. */
static void pack(const struct frame_entry *entries, size_t hours, struct bytes *body)
{
    struct bytes heads[HOURS] = {0}, values[HOURS] = {0};
    struct section sections[HOURS];
    for (size_t i = 0; i < hours; i++) {
        must(section_encode(entries + i * HOUR, HOUR, &heads[i], &values[i]) == 0, "section_encode");
        sections[i] = (struct section){heads[i].data, values[i].data, heads[i].len, values[i].len};
    }
    must(chunk_pack(sections, hours, body) == 0, "chunk_pack");
    for (size_t i = 0; i < hours; i++) {
        bytes_free(&heads[i]);
        bytes_free(&values[i]);
    }
}

static size_t pack_hours(const struct frame_entry *entries)
{
    size_t len = 0;
    for (size_t i = 0; i < HOURS; i++) {
        struct bytes body = {0};
        pack(entries + i * HOUR, 1, &body);
        len += body.len;
        bytes_free(&body);
    }
    return len;
}

static size_t decode(const struct chunk *chunk, struct frame_entry *out)
{
    size_t done = 0;
    for (size_t i = 0; i < chunk->n; i++) {
        int64_t n = section_decode(&chunk->sections[i], out + done, MONTH - done);
        must(n > 0, "section_decode");
        done += (size_t)n;
    }
    return done;
}

static void check(const struct frame_entry *a, const struct frame_entry *b)
{
    must(a->slot_ms == b->slot_ms && a->taken_ms == b->taken_ms && a->number == b->number &&
             a->raw == b->raw && a->quality == b->quality,
         "a reading did not come back");
}

/* The least time of some rounds: of unpacking alone, and with decoding. */
static void measure(const struct bytes *bodies, struct frame_entry *out, double *ret_unpack, double *ret_all)
{
    struct chunk chunk = {0};
    *ret_unpack = *ret_all = 1e18;
    for (int round = 0; round < ROUNDS; round++) {
        double begin = now_ns();
        for (size_t day = 0; day < DAYS; day++)
            must(chunk_unpack(bodies[day].data, bodies[day].len, &chunk) == 0, "chunk_unpack");
        double middle = now_ns();
        for (size_t day = 0, done = 0; day < DAYS; day++) {
            must(chunk_unpack(bodies[day].data, bodies[day].len, &chunk) == 0, "chunk_unpack");
            done += decode(&chunk, out + done);
        }
        double end = now_ns();
        *ret_unpack = middle - begin < *ret_unpack ? middle - begin : *ret_unpack;
        *ret_all = end - middle < *ret_all ? end - middle : *ret_all;
    }
    chunk_free(&chunk);
}

static void run(const struct kind *kind, struct frame_entry *entries, struct frame_entry *out)
{
    struct bytes bodies[DAYS] = {0};
    size_t len = 0;
    double unpack_ns, all_ns, begin;
    make(kind, entries);
    begin = now_ns();
    for (size_t day = 0; day < DAYS; day++) {
        pack(entries + day * HOURS * HOUR, HOURS, &bodies[day]);
        len += bodies[day].len;
    }
    double pack_ns = now_ns() - begin;
    measure(bodies, out, &unpack_ns, &all_ns);
    for (size_t i = 0; i < MONTH; i++)
        check(&entries[i], &out[i]);
    printf("%-38s %7.3f %7.3f %8.1f %8.2f %8.2f %9.2f\n", kind->name,
           (double)pack_hours(entries) / (HOURS * HOUR), (double)len / MONTH, pack_ns / MONTH,
           unpack_ns / MONTH, all_ns / MONTH, all_ns / 1e6);
    for (size_t day = 0; day < DAYS; day++)
        bytes_free(&bodies[day]);
}

int main(void)
{
    struct frame_entry *entries = calloc(MONTH, sizeof *entries), *out = calloc(MONTH, sizeof *out);
    must(entries && out, "out of memory");
    printf("one point, a month of readings every 10 s (%d)\n"
           "                                       bytes/reading         ns/reading             ms\n"
           "%-38s %7s %7s %8s %8s %8s %9s\n",
           MONTH, "kind", "hourly", "daily", "pack", "unpack", "+decode", "month");
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        run(&kinds[i], entries, out);
    free(entries);
    free(out);
    return 0;
}
