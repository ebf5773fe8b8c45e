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
        problems_at(problems, node, "a list of two numbers is wanted here: [lowest, highest]");
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

/* The reading of the field's raw integer. Decoding itself says what comes of it. */
static struct reading decode_raw(const struct reg_format *format, int64_t raw)
{
    struct reg_format plain = *format;
    uint32_t pattern = (uint32_t)raw & ones_of(format);

    plain.order = ORDER_ABCD;
    plain.has_range = false;
    for (uint32_t mask = format->mask; mask != 0 && (mask & 1U) == 0; mask >>= 1)
        pattern <<= 1;
    uint16_t words[2] = {(uint16_t)(pattern >> 16), (uint16_t)pattern};
    if (decode_width(format) == 1)
        words[0] = words[1];
    return decode_words(&plain, words);
}

static bool is_sentinel(enum reason reason)
{
    return reason == REASON_SENTINEL || reason >= REASON_SENSOR_FAULT;
}

/* The value at one end of the register, stepping inwards over sentinels. beyond: when it is out of all
 * bounds. */
static micro_t value_at_end(const struct reg_format *format, int64_t raw, int64_t inwards)
{
    struct reading reading = decode_raw(format, raw);

    for (unsigned i = 0; i < SENTINELS_MAX && is_sentinel(reading.reason); i++) {
        raw += inwards;
        reading = decode_raw(format, raw);
    }
    if (reading.quality == QUALITY_BAD)
        return (raw < 0) == (format->scale_num < 0) ? MICRO_MAX : -MICRO_MAX;
    return reading.value;
}

void format_reach(const struct reg_format *format, micro_t *ret_min, micro_t *ret_max)
{
    int64_t raw_min;
    int64_t raw_max;
    micro_t min = -MICRO_MAX;
    micro_t max = MICRO_MAX;

    if (format->type != REG_F32) {
        format_raw_range(format, &raw_min, &raw_max);
        micro_t a = value_at_end(format, raw_min, 1);
        micro_t b = value_at_end(format, raw_max, -1);
        min = a < b ? a : b;
        max = a < b ? b : a;
    }
    if (format->has_range && format->plausible_min > min)
        min = format->plausible_min;
    if (format->has_range && format->plausible_max < max)
        max = format->plausible_max;
    *ret_min = min;
    *ret_max = max;
}
