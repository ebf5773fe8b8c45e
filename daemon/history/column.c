/* column.c - see column.h. */
#include "column.h"

#include <string.h>

/* What the next number is expected to be. */
enum predictor {
    DELTA,     /* the last one */
    RAMP,      /* the last one and the last step */
    REFERENCE, /* always the same */
    SMOOTH,    /* and the next three: a mean in which the last one weighs 1/2, 1/4, 1/8, 1/16 */
    PREDICTORS = SMOOTH + 4,
};

enum packing { PACKING_BYTES, PACKING_HALVES };

#define HALF_MORE     15U /* the half byte that says: see the varints */
#define FRACTION_BITS 8   /* of the smooth mean */
#define RUN_BITS      20  /* about what a run costs after compression */
#define HALVES_BITS   9   /* quarters of a bit per number: below it, two in a byte compress better */

static uint64_t zigzag(uint64_t value)
{
    return value << 1 ^ (value >> 63 ? UINT64_MAX : 0);
}

static uint64_t unzigzag(uint64_t value)
{
    return value >> 1 ^ (0 - (value & 1));
}

/* The compilers we build with shift signed numbers arithmetically. */
static uint64_t shifted(uint64_t value, unsigned bits)
{
    return (uint64_t)((int64_t)value >> bits);
}

static uint64_t smooth_expected(uint64_t mean)
{
    return shifted(mean + (1U << (FRACTION_BITS - 1)), FRACTION_BITS);
}

static uint64_t smooth_next(uint64_t mean, uint64_t value, unsigned shift)
{
    return mean + shifted((value << FRACTION_BITS) - mean, shift);
}

/* ---------------------------------------------------------------- writing */

/* The zigzag differences of numbers from what is expected. */
static void differences(unsigned predictor, int64_t start, const int64_t *numbers, size_t n, int64_t *ret)
{
    uint64_t last = (uint64_t)start, slope = 0, mean = (uint64_t)start << FRACTION_BITS;
    for (size_t i = 0; i < n; i++) {
        uint64_t value = (uint64_t)numbers[i], difference = value - last;
        if (predictor == RAMP) {
            difference -= slope;
            slope += difference;
        }
        if (predictor >= SMOOTH) {
            difference = value - smooth_expected(mean);
            mean = smooth_next(mean, value, predictor - SMOOTH + 1);
        } else if (predictor != REFERENCE)
            last = value;
        ret[i] = (int64_t)zigzag(difference);
    }
}

/* 16 x log2, near enough to compare with. */
static uint64_t log2_16(uint64_t value)
{
    unsigned whole = 63U - (unsigned)__builtin_clzll(value | 1);
    uint64_t fraction = whole >= 4 ? (value >> (whole - 4)) & 15U : (value << (4 - whole)) & 15U;
    return 16U * whole + fraction;
}

/* About how many sixteenths of a bit the differences take once they are compressed. */
static uint64_t cost_of(const int64_t *zigzags, size_t n)
{
    uint32_t count[256] = {0};
    uint64_t cost = 0;
    for (size_t i = 0; i < n; i++) {
        uint64_t value = (uint64_t)zigzags[i];
        if (value > 127) { /* a varint: its last bytes are noise */
            cost += log2_16(value >> 6);
            value = 128 + (value & 127);
        }
        count[value]++;
    }
    for (unsigned i = 0; i < 256; i++)
        if (count[i])
            cost += count[i] * (log2_16(n) - log2_16(count[i])) + 48; /* 48: the code's length */
    return cost;
}

static size_t run_length(const int64_t *numbers, size_t n)
{
    size_t length = 1;
    while (length < n && numbers[length] == numbers[0])
        length++;
    return length;
}

static size_t count_runs(const int64_t *numbers, size_t n)
{
    size_t runs = 1;
    for (size_t i = 1; i < n; i++)
        runs += numbers[i] != numbers[i - 1];
    return runs;
}

static void write_runs(const int64_t *numbers, size_t n, size_t runs, struct bytes *head)
{
    bytes_varint(head, runs);
    while (n > 0) {
        size_t length = run_length(numbers, n);
        bytes_zigzag(head, numbers[0]);
        if (length < n)
            bytes_varint(head, length);
        numbers += length;
        n -= length;
    }
}

static void write_halves(const int64_t *zigzags, size_t n, struct bytes *values)
{
    unsigned char *at = bytes_extend(values, (n + 1) / 2);
    if (!at)
        return;
    memset(at, 0, (n + 1) / 2);
    for (size_t i = 0; i < n; i++) {
        uint64_t value = (uint64_t)zigzags[i];
        unsigned half = value < HALF_MORE ? (unsigned)value : HALF_MORE;
        at[i / 2] = (unsigned char)(at[i / 2] | half << (i % 2 ? 4 : 0));
    }
    for (size_t i = 0; i < n; i++)
        if ((uint64_t)zigzags[i] >= HALF_MORE)
            bytes_varint(values, (uint64_t)zigzags[i] - HALF_MORE);
}

static void write_stream(unsigned predictor, int64_t start, enum packing packing, const int64_t *zigzags,
                         size_t n, struct bytes *head, struct bytes *values)
{
    size_t before = values->len, least = packing == PACKING_HALVES ? (n + 1) / 2 : n;
    if (packing == PACKING_HALVES)
        write_halves(zigzags, n, values);
    for (size_t i = 0; packing == PACKING_BYTES && i < n; i++)
        bytes_varint(values, (uint64_t)zigzags[i]);
    if (values->failed)
        return;
    bytes_varint(head, 0);
    bytes_byte(head, (unsigned char)(predictor | (unsigned)packing << 4));
    bytes_zigzag(head, start);
    bytes_varint(head, values->len - before - least);
}

/* The middle of some of the numbers: what noise is compared with. */
static int64_t reference_of(const int64_t *numbers, size_t n)
{
    int64_t some[31];
    size_t m = n < 31 ? n : 31;
    for (size_t i = 0; i < m; i++) {
        int64_t number = numbers[i * n / m];
        size_t at = i;
        for (; at > 0 && some[at - 1] > number; at--)
            some[at] = some[at - 1];
        some[at] = number;
    }
    return some[m / 2];
}

void column_write(const int64_t *numbers, size_t n, enum column_kind kind, int64_t *scratch,
                  struct bytes *head, struct bytes *values)
{
    size_t runs = count_runs(numbers, n);
    uint64_t best_cost = UINT64_MAX;
    unsigned best = DELTA;
    int64_t reference = reference_of(numbers, n);
    if (kind == COLUMN_RUNS || runs == 1) {
        write_runs(numbers, n, runs, head);
        return;
    }
    for (unsigned predictor = 0; predictor < PREDICTORS; predictor++) {
        differences(predictor, predictor == REFERENCE ? reference : numbers[0], numbers, n, scratch);
        uint64_t cost = cost_of(scratch, n);
        /* 2 % better at least: hours that do the same compress better together. */
        if (best_cost == UINT64_MAX || cost + cost / 50 < best_cost) {
            best_cost = cost;
            best = predictor;
        }
    }
    /* No code is shorter than a bit, here half a bit a number. */
    if (16 * RUN_BITS * (uint64_t)runs < best_cost + 8 * (uint64_t)n) {
        write_runs(numbers, n, runs, head);
        return;
    }
    int64_t start = best == REFERENCE ? reference : numbers[0];
    differences(best, start, numbers, n, scratch);
    enum packing packing = best_cost < 4 * HALVES_BITS * (uint64_t)n ? PACKING_HALVES : PACKING_BYTES;
    write_stream(best, start, packing, scratch, n, head, values);
}

/* ---------------------------------------------------------------- opening */

static bool next_run(struct column *column)
{
    uint64_t length = column->left;
    if (!bytes_get_zigzag(&column->run, column->run_end, &column->value))
        return false;
    if (column->run < column->run_end && !bytes_get_varint(&column->run, column->run_end, &length))
        return false;
    column->run_left = (size_t)length;
    return length > 0 && length <= column->left;
}

/* Walks over the runs, so that head moves behind them. */
static bool open_runs(struct column *column, uint64_t runs, const unsigned char **head,
                      const unsigned char *head_end)
{
    const unsigned char *at = *head;
    size_t left = column->left;
    for (uint64_t i = 0; i < runs; i++) {
        int64_t value;
        uint64_t length;
        if (!bytes_get_zigzag(&at, head_end, &value))
            return false;
        if (i + 1 == runs)
            break;
        if (!bytes_get_varint(&at, head_end, &length) || length == 0 || length >= left)
            return false;
        left -= (size_t)length;
    }
    column->run = *head;
    column->run_end = *head = at;
    return next_run(column);
}

static bool open_stream(struct column *column, const unsigned char **head, const unsigned char *head_end,
                        const unsigned char **values, const unsigned char *values_end)
{
    uint64_t more;
    int64_t start;
    if (*head == head_end)
        return false;
    column->stream = true;
    column->predictor = **head & 15U;
    column->packing = **head >> 4;
    ++*head;
    if (column->predictor >= PREDICTORS || column->packing > PACKING_HALVES ||
        !bytes_get_zigzag(head, head_end, &start) || !bytes_get_varint(head, head_end, &more))
        return false;
    size_t least = column->packing == PACKING_HALVES ? (column->left + 1) / 2 : column->left;
    size_t there = (size_t)(values_end - *values);
    if (least > there || more > there - least)
        return false;
    column->at = *values;
    *values += least + (size_t)more;
    column->more = column->at + least;
    column->end = column->packing == PACKING_HALVES ? column->more : *values;
    column->more_end = *values;
    column->state = column->predictor >= SMOOTH ? (uint64_t)start << FRACTION_BITS : (uint64_t)start;
    return true;
}

bool column_open(struct column *column, size_t n, enum column_kind kind, const unsigned char **head,
                 const unsigned char *head_end, const unsigned char **values, const unsigned char *values_end)
{
    uint64_t runs;
    *column = (struct column){.left = n};
    if (n == 0)
        return true;
    if (!bytes_get_varint(head, head_end, &runs) || runs > n)
        return false;
    if (runs > 0)
        return open_runs(column, runs, head, head_end);
    return kind == COLUMN_ANY && open_stream(column, head, head_end, values, values_end);
}

/* ---------------------------------------------------------------- reading */

static bool read_bytes(struct column *column, uint64_t *out, size_t k)
{
    const unsigned char *at = column->at, *end = column->end;
    size_t i = 0;
    while (i < k) {
        uint64_t eight;
        if (k - i >= 8 && end - at >= 8) {
            memcpy(&eight, at, sizeof eight);
            if (!(eight & UINT64_C(0x8080808080808080))) {
                for (unsigned j = 0; j < 8; j++)
                    out[i + j] = at[j];
                i += 8;
                at += 8;
                continue;
            }
        }
        if (at < end && *at < 0x80)
            out[i++] = *at++;
        else if (!bytes_get_varint(&at, end, &out[i++]))
            return false;
    }
    column->at = at;
    return true;
}

static bool read_more(struct column *column, uint64_t *value)
{
    uint64_t more;
    if (!bytes_get_varint(&column->more, column->more_end, &more) || more > UINT64_MAX - HALF_MORE)
        return false;
    *value = more + HALF_MORE;
    return true;
}

static bool read_halves(struct column *column, uint64_t *out, size_t k)
{
    const unsigned char *at = column->at;
    size_t i = 0;
    uint64_t most = 0;
    if (column->half) {
        out[i++] = most = *at++ >> 4;
        column->half = false;
    }
    for (; i + 2 <= k; i += 2) {
        unsigned byte = *at++;
        out[i] = byte & 15U;
        out[i + 1] = byte >> 4;
    }
    if (i < k) {
        out[i] = *at & 15U;
        column->half = true;
    }
    column->at = at;
    if (column->more == column->more_end) { /* then none may say that there is more */
        for (i = 0; i < k; i++)
            most = out[i] > most ? out[i] : most;
        return most < HALF_MORE;
    }
    for (i = 0; i < k; i++)
        if (out[i] == HALF_MORE && !read_more(column, &out[i]))
            return false;
    return true;
}

static void undo_smooth(struct column *column, uint64_t *numbers, size_t k, unsigned shift)
{
    uint64_t mean = column->state;
    for (size_t i = 0; i < k; i++) {
        numbers[i] = smooth_expected(mean) + unzigzag(numbers[i]);
        mean = smooth_next(mean, numbers[i], shift);
    }
    column->state = mean;
}

static void undo(struct column *column, uint64_t *numbers, size_t k)
{
    uint64_t state = column->state;
    switch (column->predictor) {
    case DELTA:
        for (size_t i = 0; i < k; i++)
            numbers[i] = state += unzigzag(numbers[i]);
        break;
    case RAMP:
        for (size_t i = 0; i < k; i++) {
            column->slope += unzigzag(numbers[i]);
            numbers[i] = state += column->slope;
        }
        break;
    case REFERENCE:
        for (size_t i = 0; i < k; i++)
            numbers[i] = state + unzigzag(numbers[i]);
        break;
    default:
        undo_smooth(column, numbers, k, column->predictor - SMOOTH + 1);
        return;
    }
    column->state = state;
}

bool column_skip(struct column *column, size_t k)
{
    if (column->stream || k > column->run_left)
        return false;
    column->left -= k;
    column->run_left -= k;
    return column->run_left > 0 || column->left == 0 || next_run(column);
}

bool column_read(struct column *column, int64_t *out, size_t k)
{
    if (k > column->left)
        return false;
    if (!column->stream) {
        for (size_t i = 0; i < k; i++)
            out[i] = column->value;
        return column_skip(column, k);
    }
    uint64_t *numbers = (uint64_t *)out;
    bool good =
        column->packing == PACKING_HALVES ? read_halves(column, numbers, k) : read_bytes(column, numbers, k);
    if (!good)
        return false;
    undo(column, numbers, k);
    column->left -= k;
    return true;
}

bool column_is_done(const struct column *column)
{
    if (column->left > 0)
        return false;
    if (!column->stream)
        return true;
    if (column->packing == PACKING_BYTES)
        return column->at == column->end;
    return column->more == column->more_end && (!column->half || *column->at >> 4 == 0);
}
