/* raw_fit.c - see raw_fit.h. */
#include "raw_fit.h"

#include <stdlib.h>
#include <string.h>

#define SAMPLES        64
#define REFINED        1024               /* samples of the last step, which fixes the constant term */
#define NUMBER_MAX     (INT64_C(1) << 38) /* beyond it no profile gets, and products would not fit */
#define EXCEPTION_BITS 24                 /* about what one that does not fit costs */
#define ULPS           1                  /* a float that is so near to a decimal number is meant to be it */
#define MODEL_BITS     16                 /* a model must save as much */

/* Numbers, and the integers that they should lead to. */
struct pairs {
    size_t n;
    int64_t number[REFINED], x[REFINED];
};

/* x = number * mul / div, in the order in which they are tried: what profiles say most first. */
static const struct {
    int32_t mul, div;
} slopes[] = {
    {1, 1},      {10, 1},   {1, 10},    {1, 5},   {1, 2},   {100, 1},     {1, 100},  {-1, 1},
    {5, 1},      {2, 1},    {1, 4},     {1, 20},  {1, 25},  {1, 50},      {1, 1000}, {1, 10000},
    {1, 100000}, {1000, 1}, {10000, 1}, {20, 1},  {50, 1},  {4, 1},       {1, 8},    {1, 16},
    {1, 32},     {1, 64},   {1, 128},   {1, 256}, {8, 1},   {16, 1},      {-10, 1},  {-1, 10},
    {2, 5},      {5, 2},    {1, 200},   {1, 250}, {1, 500}, {1, 1000000},
};

static uint64_t bits_of(uint64_t value)
{
    return value == 0 ? 0 : 64U - (unsigned)__builtin_clzll(value);
}

static uint64_t magnitude(int64_t value)
{
    return value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
}

static int compare(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* Which entries are sampled: those with a number, evenly spread. Returns how many. */
static size_t sample(const struct frame_entry *entries, size_t n, size_t most, size_t *ret)
{
    size_t usable = 0, found = 0, seen = 0;
    for (size_t i = 0; i < n; i++)
        usable += raw_model_has_number(&entries[i]);
    size_t wanted = usable < most ? usable : most;
    for (size_t i = 0; i < n && found < wanted; i++)
        if (raw_model_has_number(&entries[i]) && seen++ >= found * usable / wanted)
            ret[found++] = i;
    return found;
}

/* ---------------------------------------------------------------- a straight line */

/* x * div - number * mul lies within [add - div + 1, add] where the line gives x exactly. Sorts these, and
 * returns how many lie in the best such window, whose end is the constant term. */
static size_t best_window(const struct pairs *pairs, int64_t mul, int64_t div, int64_t *sorted,
                          int64_t *ret_add)
{
    size_t best = 0, from = 0;
    for (size_t i = 0; i < pairs->n; i++)
        sorted[i] = pairs->x[i] * div - pairs->number[i] * mul;
    qsort(sorted, pairs->n, sizeof *sorted, compare);
    for (size_t i = 0; i < pairs->n; i++) {
        while (sorted[i] - sorted[from] >= div)
            from++;
        if (i + 1 - from > best) {
            best = i + 1 - from;
            *ret_add = sorted[i];
        }
    }
    return best;
}

/* About how many bits the differences take. Sets the constant term. */
static uint64_t line_cost(const struct pairs *pairs, int64_t mul, int64_t div, int64_t *ret_add)
{
    int64_t sorted[REFINED];
    uint64_t cost = 0;
    size_t fit = best_window(pairs, mul, div, sorted, ret_add);
    if (fit == pairs->n)
        return 0;
    int64_t middle = sorted[pairs->n / 2];
    for (size_t i = 0; i < pairs->n; i++)
        cost += 1 + bits_of(2 * magnitude(sorted[i] - middle) / (uint64_t)div);
    if ((pairs->n - fit) * EXCEPTION_BITS < cost)
        return (pairs->n - fit) * EXCEPTION_BITS;
    *ret_add = middle + div / 2;
    return cost;
}

static int64_t divisor(int64_t a, int64_t b)
{
    while (b != 0) {
        int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a > 0 ? a : 1;
}

/* The slope from the least to the greatest number. False: there is none. */
static bool slope_of(const struct pairs *pairs, int64_t *ret_mul, int64_t *ret_div)
{
    size_t low = 0, high = 0;
    for (size_t i = 1; i < pairs->n; i++) {
        low = pairs->number[i] < pairs->number[low] ? i : low;
        high = pairs->number[i] > pairs->number[high] ? i : high;
    }
    int64_t div = pairs->number[high] - pairs->number[low], mul = pairs->x[high] - pairs->x[low];
    if (div <= 0 || div > INT64_C(1) << 22 || mul > INT64_C(1) << 22 || mul < -(INT64_C(1) << 22))
        return false;
    int64_t common = divisor(mul < 0 ? -mul : mul, div);
    *ret_mul = mul / common;
    *ret_div = div / common;
    return true;
}

/* Makes the model the best line, if it costs less than *cost. */
static void try_line(const struct pairs *pairs, struct raw_model candidate, uint64_t extra, uint64_t *cost,
                     struct raw_model *model)
{
    int64_t mul, div;
    candidate.linear = true;
    for (size_t i = 0; i <= sizeof slopes / sizeof *slopes && *cost > extra; i++) {
        if (i < sizeof slopes / sizeof *slopes) {
            mul = slopes[i].mul;
            div = slopes[i].div;
        } else if (!slope_of(pairs, &mul, &div))
            break;
        uint64_t this_cost = line_cost(pairs, mul, div, &candidate.add) + extra;
        if (this_cost >= *cost)
            continue;
        candidate.mul = mul;
        candidate.div = div;
        *cost = this_cost;
        *model = candidate;
    }
}

/* ---------------------------------------------------------------- integers */

static int64_t integer_of(uint32_t pattern, bool wide, bool is_signed)
{
    if (!is_signed)
        return pattern;
    return wide ? (int32_t)pattern : (int16_t)(uint16_t)pattern;
}

static bool fill_integers(const struct frame_entry *entries, const size_t *at, size_t n, bool wide,
                          unsigned order, bool is_signed, struct pairs *pairs)
{
    pairs->n = n;
    for (size_t i = 0; i < n; i++) {
        const struct frame_entry *entry = &entries[at[i]];
        if (magnitude(entry->number) > (uint64_t)NUMBER_MAX)
            return false;
        pairs->number[i] = entry->number;
        pairs->x[i] = integer_of(raw_model_ordered(order, entry->raw), wide, is_signed);
    }
    return true;
}

static void try_integers(const struct frame_entry *entries, const size_t *at, size_t n, bool wide,
                         struct pairs *pairs, uint64_t *cost, struct raw_model *model)
{
    for (unsigned order = 0; order < (wide ? 4U : 1U); order++)
        for (int is_signed = 1; is_signed >= 0; is_signed--) {
            struct raw_model candidate = {.width = wide ? RAW_32 : RAW_16, .order = (uint8_t)order};
            if (*cost > 0 && fill_integers(entries, at, n, wide, order, is_signed, pairs))
                try_line(pairs, candidate, 0, cost, model);
        }
}

/* ---------------------------------------------------------------- floats */

static bool decimal_of(uint32_t pattern, unsigned decimals, int64_t *ret)
{
    float number;
    double scaled;
    memcpy(&number, &pattern, sizeof number);
    scaled = (double)number;
    for (unsigned i = 0; i < decimals; i++)
        scaled *= 10;
    if (!(scaled > -(double)NUMBER_MAX && scaled < (double)NUMBER_MAX))
        return false;
    *ret = (int64_t)(scaled + (scaled < 0 ? -0.5 : 0.5));
    return true;
}

/* The patterns as decimal numbers. Returns how many bits it takes to say what they are beside that, or
 * UINT64_MAX: they are no numbers. */
static uint64_t fill_floats(const struct frame_entry *entries, const size_t *at, size_t n, unsigned order,
                            unsigned decimals, struct pairs *pairs)
{
    uint64_t cost = 0;
    size_t wrong = 0;
    pairs->n = 0;
    for (size_t i = 0; i < n; i++) {
        const struct frame_entry *entry = &entries[at[i]];
        uint32_t pattern = raw_model_ordered(order, entry->raw);
        int64_t x;
        if (magnitude(entry->number) > (uint64_t)NUMBER_MAX || !decimal_of(pattern, decimals, &x)) {
            wrong++;
            continue;
        }
        uint64_t away = magnitude((int32_t)(pattern - raw_model_float(x, decimals)));
        cost += away > ULPS ? 1 + bits_of(away) : away;
        pairs->number[pairs->n] = entry->number;
        pairs->x[pairs->n++] = x;
    }
    return wrong > n / 8 || pairs->n == 0 ? UINT64_MAX : cost + wrong * EXCEPTION_BITS;
}

static void try_floats(const struct frame_entry *entries, const size_t *at, size_t n, struct pairs *pairs,
                       uint64_t *cost, struct raw_model *model)
{
    for (unsigned order = 0; order < 4; order++)
        for (unsigned decimals = 0; decimals <= DECIMALS_MAX && *cost > 0; decimals++) {
            struct raw_model candidate = {
                .width = RAW_FLOAT, .order = (uint8_t)order, .decimals = (uint8_t)decimals};
            uint64_t extra = fill_floats(entries, at, n, order, decimals, pairs);
            if (extra < *cost)
                try_line(pairs, candidate, extra, cost, model);
        }
}

/* ---------------------------------------------------------------- all */

/* About how many bits the words take as they are: as differences of neighbours. */
static uint64_t plain_cost(const struct frame_entry *entries, const size_t *at, size_t n)
{
    uint64_t cost = 0;
    for (size_t i = 0; i < n; i++)
        if (at[i] > 0 && entries[at[i]].raw != entries[at[i] - 1].raw)
            cost += 1 + bits_of(magnitude((int32_t)(entries[at[i]].raw - entries[at[i] - 1].raw)));
    return cost;
}

/* The constant term again, from more samples. */
static void refine(const struct frame_entry *entries, size_t n, struct pairs *pairs, struct raw_model *model)
{
    size_t at[REFINED], m = sample(entries, n, REFINED, at);
    if (!model->linear)
        return;
    if (model->width == RAW_FLOAT) {
        (void)fill_floats(entries, at, m, model->order, model->decimals, pairs);
    } else {
        /* Signed or not: what the constant term of before is nearer to. */
        int64_t add[2] = {0, 0};
        uint64_t cost[2] = {UINT64_MAX, UINT64_MAX};
        for (int i = 0; i < 2; i++)
            if (fill_integers(entries, at, m, model->width == RAW_32, model->order, i == 0, pairs))
                cost[i] = line_cost(pairs, model->mul, model->div, &add[i]);
        if (cost[0] != UINT64_MAX || cost[1] != UINT64_MAX)
            model->add = add[cost[1] < cost[0]];
        return;
    }
    if (pairs->n > 0)
        (void)line_cost(pairs, model->mul, model->div, &model->add);
}

struct raw_model raw_fit(const struct frame_entry *entries, size_t n)
{
    struct raw_model model = {.width = RAW_16};
    struct pairs pairs;
    size_t at[SAMPLES], m = sample(entries, n, SAMPLES, at);
    bool wide = false;
    for (size_t i = 0; i < n && !wide; i++)
        wide = entries[i].raw > UINT16_MAX;
    if (wide)
        model.width = RAW_32;
    uint64_t cost = plain_cost(entries, at, m);
    if (m == 0 || cost < MODEL_BITS)
        return model;
    struct raw_model best = model;
    try_integers(entries, at, m, wide, &pairs, &cost, &best);
    if (wide && cost > 0)
        try_floats(entries, at, m, &pairs, &cost, &best);
    refine(entries, n, &pairs, &best);
    return best;
}
