#include "format.h"

#include <stdio.h>

#include "scalar.h"

/* One step of a resolution: 10^(6 - decimals). */
static micro_t step_of(unsigned decimals)
{
    micro_t step = MICRO_PER_UNIT;

    while (decimals-- > 0)
        step /= 10;
    return step;
}

bool format_fits(micro_t value, unsigned decimals)
{
    return value % step_of(decimals) == 0;
}

const char *format_print(char text[FORMAT_TEXT_MAX], micro_t value, const char *unit)
{
    unsigned decimals = 0;

    while (decimals < DECIMALS_MAX && !format_fits(value, decimals))
        decimals++;
    int n = micro_print(text, MICRO_TEXT_MAX, value, decimals);
    if (n > 0 && unit[0] != '\0')
        (void)snprintf(text + n, FORMAT_TEXT_MAX - (size_t)n, " %s", unit);
    return text;
}

bool format_resolution(struct problems *problems, const struct yaml_node *node, const char *unit,
                       uint8_t *ret_decimals)
{
    micro_t value;

    if (!scalar_number(problems, node, unit, &value))
        return false;
    for (unsigned decimals = 0; decimals <= DECIMALS_MAX; decimals++) {
        if (value == step_of(decimals)) {
            *ret_decimals = (uint8_t)decimals;
            return true;
        }
    }
    problems_at(problems, node, "'%.40s' is not a resolution: 1, 0.1, 0.01 ... 0.000001", node->text);
    return false;
}

bool format_plausible(struct problems *problems, const struct yaml_node *node, const char *unit,
                      micro_t *ret_min, micro_t *ret_max)
{
    micro_t min;
    micro_t max;

    if (node->kind != YAML_SEQUENCE || node->n_children != 2) {
        problems_at(problems, node, "a list of two numbers is wanted here: [lowest, highest]%s",
                    node->n_children > 2 ? "; a comma ends a number, write a decimal point" : "");
        return false;
    }
    bool ok = scalar_number(problems, node->first, unit, &min);
    if (!scalar_number(problems, node->first->next, unit, &max) || !ok)
        return false;
    if (min >= max) {
        problems_at(problems, node, "the plausible range is empty: write the lower number first");
        return false;
    }
    *ret_min = min;
    *ret_max = max;
    return true;
}

/* ---------------------------------------------------------------- what a register can hold */

static bool is_signed(const struct reg_format *format)
{
    return format->type == REG_S16 || format->type == REG_S32;
}

static uint32_t full_mask(const struct reg_format *format)
{
    return decode_width(format) == 2 ? UINT32_MAX : UINT16_MAX;
}

/* The mask shifted down: 2^n - 1. */
static uint32_t ones_of(const struct reg_format *format)
{
    uint32_t mask = format->mask != 0 ? format->mask : full_mask(format);

    while ((mask & 1U) == 0)
        mask >>= 1;
    return mask;
}

void format_raw_range(const struct reg_format *format, int64_t *ret_min, int64_t *ret_max)
{
    int64_t ones = format->type == REG_BIT ? 1 : ones_of(format);

    *ret_min = is_signed(format) ? -(ones / 2) - 1 : 0;
    *ret_max = is_signed(format) ? ones / 2 : ones;
}

/* The field's raw integer as it lies in the register. */
static uint32_t pattern_of(const struct reg_format *format, int64_t raw)
{
    uint32_t pattern = (uint32_t)raw & ones_of(format);

    for (uint32_t mask = format->mask; mask != 0 && (mask & 1U) == 0; mask >>= 1)
        pattern <<= 1;
    return pattern;
}

/* The value of the field's raw integer, be it plausible or not. Decoding itself says what it is. */
static micro_t value_of(const struct reg_format *format, int64_t raw)
{
    struct reg_format plain = *format;
    uint32_t pattern = pattern_of(format, raw);
    uint16_t words[2] = {(uint16_t)(pattern >> 16), (uint16_t)pattern};

    plain.order = ORDER_ABCD;
    plain.has_range = false;
    plain.n_sentinels = 0;
    if (decode_width(format) == 1)
        words[0] = words[1];
    struct reading reading = decode_words(&plain, words);
    if (reading.quality == QUALITY_BAD) /* out of all bounds */
        return (raw < 0) == (format->scale_num < 0) ? MICRO_MAX : -MICRO_MAX;
    return reading.value;
}

/* The least raw integer from low to high whose value has come to the bound (values rise or fall with it);
 * high + 1: none has. */
static int64_t first_at(const struct reg_format *format, int64_t low, int64_t high, micro_t bound)
{
    bool rising = format->scale_num > 0;

    while (low <= high) {
        int64_t middle = low + (high - low) / 2;
        micro_t value = value_of(format, middle);
        if (rising ? value >= bound : value <= bound)
            high = middle - 1;
        else
            low = middle + 1;
    }
    return low;
}

bool format_is_sentinel(const struct reg_format *format, int64_t raw)
{
    /* Beside a mask other bits are compared too, and they may be anything. */
    for (unsigned i = 0; i < format->n_sentinels && ones_of(format) == full_mask(format); i++) {
        if (format->sentinels[i].raw == pattern_of(format, raw))
            return true;
    }
    return false;
}

/* Of whole steps; integers come in steps of their scale as well. */
static void reach_of_float(const struct reg_format *format, micro_t *ret_min, micro_t *ret_max)
{
    micro_t step = step_of(format->decimals);

    *ret_min = -MICRO_MAX;
    *ret_max = MICRO_MAX;
    if (!format->has_range)
        return;
    micro_t above = format->plausible_min % step;
    micro_t below = format->plausible_max % step;
    *ret_min = format->plausible_min - above + (above > 0 ? step : 0);
    *ret_max = format->plausible_max - below - (below < 0 ? step : 0);
}

void format_reach(const struct reg_format *format, micro_t *ret_min, micro_t *ret_max)
{
    bool rising = format->scale_num > 0;
    int64_t low;
    int64_t high;

    if (format->type == REG_F32) {
        reach_of_float(format, ret_min, ret_max);
        return;
    }
    format_raw_range(format, &low, &high);
    if (format->has_range) {
        int64_t first = first_at(format, low, high, rising ? format->plausible_min : format->plausible_max);
        high =
            first_at(format, low, high, rising ? format->plausible_max + 1 : format->plausible_min - 1) - 1;
        low = first;
    }
    while (low <= high && format_is_sentinel(format, low))
        low++;
    while (low <= high && format_is_sentinel(format, high))
        high--;
    if (low > high) {
        *ret_min = MICRO_MAX;
        *ret_max = -MICRO_MAX;
        return;
    }
    *ret_min = value_of(format, rising ? low : high);
    *ret_max = value_of(format, rising ? high : low);
}
