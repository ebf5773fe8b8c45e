/* decode.c - see decode.h. */
#include "decode.h"

#include <assert.h>
#include <string.h>

/* Wide enough for 32-bit raw x 63-bit scale x 10^6, so integers are exact up to the one rounding. */
__extension__ typedef __int128 wide_t;

static struct reading bad(uint32_t raw, enum reason reason)
{
    return (struct reading){.value = 0, .raw = raw, .quality = QUALITY_BAD, .reason = reason};
}

static uint16_t swapped(uint16_t word)
{
    return (uint16_t)(word << 8 | word >> 8);
}

/* The pattern A B C D of a 32-bit value as a number, from two words as received. */
static uint32_t in_order(enum word_order order, const uint16_t *words)
{
    uint16_t high = words[0], low = words[1];

    if (order == ORDER_CDAB || order == ORDER_DCBA) {
        high = words[1];
        low = words[0];
    }
    if (order == ORDER_BADC || order == ORDER_DCBA) {
        high = swapped(high);
        low = swapped(low);
    }
    return (uint32_t)high << 16 | low;
}

/* REASON_NONE: the pattern is none of the sentinels. */
static enum reason sentinel_reason(const struct reg_format *format, uint32_t pattern)
{
    const uint32_t width = decode_width(format) == 2 ? UINT32_MAX : UINT16_MAX;

    for (unsigned i = 0; i < format->n_sentinels && i < SENTINELS_MAX; i++) {
        const struct sentinel *sentinel = &format->sentinels[i];
        if ((sentinel->raw & width) == pattern)
            return sentinel->reason != REASON_NONE ? sentinel->reason : REASON_SENTINEL;
    }
    return REASON_NONE;
}

static uint32_t highest_bit(uint32_t mask)
{
    uint32_t bit = UINT32_C(1) << 31;

    while (bit > 1 && (mask & bit) == 0)
        bit >>= 1;
    return bit;
}

/* The integer that the pattern carries: masked, shifted down, and sign extended from the mask's highest bit.
 */
static int64_t integer_of(const struct reg_format *format, uint32_t pattern)
{
    const uint32_t full = decode_width(format) == 2 ? UINT32_MAX : UINT16_MAX;
    uint32_t mask = format->mask & full;

    if (format->type == REG_BIT)
        return (pattern >> (format->bit & 15U) & 1U) != (format->invert ? 1U : 0U);
    if (mask == 0)
        mask = full;
    pattern &= mask;
    for (; (mask & 1U) == 0; mask >>= 1)
        pattern >>= 1;
    if ((format->type == REG_S16 || format->type == REG_S32) && (pattern & highest_bit(mask)) != 0)
        return (int64_t)pattern - 2 * (int64_t)highest_bit(mask);
    return (int64_t)pattern;
}

/* 10^(6 - decimals): one step of the point's resolution in micro units. */
static int64_t step_of(const struct reg_format *format)
{
    int64_t step = MICRO_PER_UNIT;

    for (unsigned i = 0; i < format->decimals && i < DECIMALS_MAX; i++)
        step /= 10;
    return step;
}

/* Exact: one division, one rounding (half away from zero, to the point's resolution). False: beyond
 * MICRO_MAX. |raw| < 2^32, so the sum stays below 2^127. */
static bool scale_integer(const struct reg_format *format, int64_t raw, micro_t *ret)
{
    const int64_t step = step_of(format);
    const wide_t den = (wide_t)format->scale_den * step;
    const wide_t num =
        (wide_t)raw * format->scale_num * MICRO_PER_UNIT + (wide_t)format->offset * format->scale_den;
    wide_t steps = num / den;
    const wide_t rest = num % den;

    if (2 * rest >= den)
        steps++;
    else if (2 * rest <= -den)
        steps--;
    if (steps > MICRO_MAX / step || steps < -(MICRO_MAX / step))
        return false;
    *ret = (micro_t)steps * step;
    return true;
}

/* The same in binary64, whose 53 bits leave a binary32's 24 room for the scale. */
static bool scale_float(const struct reg_format *format, float raw, micro_t *ret)
{
    const int64_t step = step_of(format);
    const double value = (double)raw * (double)format->scale_num / (double)format->scale_den;
    const double steps = value * (double)(MICRO_PER_UNIT / step) + (double)format->offset / (double)step;
    const double bound = (double)(MICRO_MAX / step);
    int64_t whole;

    if (!(steps <= bound && steps >= -bound))
        return false;
    whole = (int64_t)steps; /* exact: the bound is below 2^53 */
    if (steps - (double)whole >= 0.5)
        whole++;
    else if (steps - (double)whole <= -0.5)
        whole--;
    if (whole > MICRO_MAX / step || whole < -(MICRO_MAX / step))
        return false;
    *ret = whole * step;
    return true;
}

/* A binary32 whose exponent is all ones is an infinity or a NaN, whatever the rest. */
static bool pattern_is_finite(uint32_t pattern)
{
    return (pattern & UINT32_C(0x7f800000)) != UINT32_C(0x7f800000);
}

static bool scale(const struct reg_format *format, uint32_t pattern, micro_t *ret)
{
    float number;

    if (format->type == REG_F32) {
        memcpy(&number, &pattern, sizeof number);
        return scale_float(format, number, ret);
    }
    /* A bit or a state is a name for its number: no scale, no offset. */
    if (format->type == REG_BIT || format->n_states > 0) {
        *ret = integer_of(format, pattern) * MICRO_PER_UNIT;
        return true;
    }
    return scale_integer(format, integer_of(format, pattern), ret);
}

unsigned decode_width(const struct reg_format *format)
{
    return format->type == REG_U32 || format->type == REG_S32 || format->type == REG_F32 ? 2 : 1;
}

struct reading decode_words(const struct reg_format *format, const uint16_t *words)
{
    const bool wide = decode_width(format) == 2;
    const uint32_t raw = wide ? (uint32_t)words[0] << 16 | words[1] : words[0];
    const uint32_t pattern = wide ? in_order(format->order, words) : raw;
    micro_t value;

    assert(format->type == REG_BIT || (format->scale_den > 0 && format->scale_num != 0));
    if (sentinel_reason(format, pattern) != REASON_NONE)
        return bad(raw, sentinel_reason(format, pattern));
    if (format->type == REG_F32 && !pattern_is_finite(pattern))
        return bad(raw, REASON_NOT_FINITE);
    if (!scale(format, pattern, &value))
        return bad(raw, REASON_IMPLAUSIBLE);
    if (format->n_states > 0 && decode_state_name(format, value) == NULL)
        return bad(raw, REASON_UNKNOWN_STATE);
    if (format->has_range && (value < format->plausible_min || value > format->plausible_max))
        return bad(raw, REASON_IMPLAUSIBLE);
    return (struct reading){.value = value, .raw = raw, .quality = QUALITY_GOOD, .reason = REASON_NONE};
}

static const struct reg_state *find_state(const struct reg_format *format, micro_t value)
{
    if (value % MICRO_PER_UNIT != 0)
        return NULL;
    for (unsigned i = 0; i < format->n_states && i < STATES_MAX; i++)
        if (format->states[i].value == value / MICRO_PER_UNIT)
            return &format->states[i];
    return NULL;
}

const char *decode_state_name(const struct reg_format *format, micro_t value)
{
    const struct reg_state *state = find_state(format, value);
    return state != NULL ? state->name : NULL;
}

const char *decode_state_zh(const struct reg_format *format, micro_t value)
{
    const struct reg_state *state = find_state(format, value);
    return state == NULL ? NULL : state->zh[0] != '\0' ? state->zh : state->name;
}

bool decode_same(const struct reg_format *a, const struct reg_format *b)
{
    bool same = a->type == b->type && a->order == b->order && a->bit == b->bit && a->invert == b->invert &&
                a->mask == b->mask && a->scale_num == b->scale_num && a->scale_den == b->scale_den &&
                a->offset == b->offset && a->decimals == b->decimals && a->has_range == b->has_range &&
                a->plausible_min == b->plausible_min && a->plausible_max == b->plausible_max &&
                a->n_sentinels == b->n_sentinels && a->n_states == b->n_states;

    for (unsigned i = 0; same && i < a->n_sentinels; i++)
        same = a->sentinels[i].raw == b->sentinels[i].raw && a->sentinels[i].reason == b->sentinels[i].reason;
    for (unsigned i = 0; same && i < a->n_states; i++)
        same = a->states[i].value == b->states[i].value && strcmp(a->states[i].name, b->states[i].name) == 0;
    return same;
}
