#include "quantity.h"

#include <stdio.h>
#include <string.h>

#include "format.h"
#include "scalar.h"

#define DAY_MS   UINT32_C(86400000)
#define DAYS_MAX 49 /* in milliseconds, 32 bits hold 49.7 */

const struct quantity_unit quantity_heights[] = {
    {"cm", 1, 1}, {"mm", 1, 10}, {"m", 100, 1}, {"in", 254, 100}, {NULL, 0, 0}};
/* 0.808 kg/L at its boiling point. */
const struct quantity_unit quantity_volumes[] = {
    {"L", 1, 1}, {"m³", 1000, 1}, {"m3", 1000, 1}, {"kg", 125, 101}, {NULL, 0, 0}};
const struct quantity_unit quantity_pressures[] = {{"bar", 1, 1},  {"mbar", 1, 1000},      {"kPa", 1, 100},
                                                   {"MPa", 10, 1}, {"psi", 17237, 250000}, {NULL, 0, 0}};
const struct quantity_unit quantity_temperatures[] = {{"°C", 1, 1}, {NULL, 0, 0}};
const struct quantity_unit quantity_differences[] = {{"K", 1, 1}, {"°C", 1, 1}, {NULL, 0, 0}};
const struct quantity_unit quantity_capacities[] = {{"J/K", 1, 1}, {"kJ/K", 1000, 1}, {NULL, 0, 0}};
const struct quantity_unit quantity_numbers[] = {{"", 1, 1}, {NULL, 0, 0}};

const struct quantity_unit *quantity_find(const struct quantity_unit *units, const char *name)
{
    const char *plain = scalar_plain_unit(name);

    for (; units->name != NULL; units++) {
        if (strcmp(units->name, plain) == 0)
            return units;
    }
    return NULL;
}

const char *quantity_list(char text[QUANTITY_LIST_MAX], const struct quantity_unit *units)
{
    size_t used = 0;

    text[0] = '\0';
    for (const struct quantity_unit *u = units; u->name != NULL && used < QUANTITY_LIST_MAX; u++) {
        const char *comma = u == units ? "" : u[1].name == NULL ? " or " : ", ";
        const int n = snprintf(text + used, QUANTITY_LIST_MAX - used, "%s%s", comma, u->name);
        used += n > 0 ? (size_t)n : 0;
    }
    return text;
}

/* What stands behind the number, whose form was checked. */
static const char *behind_number(const char *text)
{
    text += strspn(text, "-0123456789.");
    return text + strspn(text, " ");
}

/* |value| <= MICRO_MAX and num <= 1000: no overflow. */
static micro_t convert(micro_t value, const struct quantity_unit *unit)
{
    const micro_t product = value * unit->num;
    const micro_t half = product < 0 ? -unit->den / 2 : unit->den / 2;

    return (product + half) / unit->den;
}

bool quantity_read(struct problems *problems, const struct yaml_node *node, const struct quantity_unit *units,
                   micro_t min, micro_t max, micro_t *ret)
{
    char list[QUANTITY_LIST_MAX];
    char low[FORMAT_TEXT_MAX], high[FORMAT_TEXT_MAX];
    micro_t value;

    if (!scalar_number(problems, node, NULL, &value))
        return false;
    const char *rest = behind_number(node->text);
    const struct quantity_unit *unit = quantity_find(units, rest);
    if (unit == NULL && rest[0] == '\0') {
        problems_at(problems, node, "'%.40s' has no unit; write a unit: %s", node->text,
                    quantity_list(list, units));
        return false;
    }
    if (unit == NULL) {
        problems_at(problems, node, "'%.40s': the unit here is %s, not '%.20s'", node->text,
                    quantity_list(list, units), rest);
        return false;
    }
    if (value > MICRO_MAX / 1000 || value < -MICRO_MAX / 1000 || convert(value, unit) < min ||
        convert(value, unit) > max) {
        problems_at(problems, node, "%.40s is out of range: %s to %s", node->text,
                    format_print(low, min, units[0].name), format_print(high, max, units[0].name));
        return false;
    }
    *ret = convert(value, unit);
    return true;
}

bool quantity_time(struct problems *problems, const struct yaml_node *node, uint32_t min_ms, uint32_t max_ms,
                   uint32_t *ret_ms)
{
    static const struct quantity_unit smaller[] = {
        {"ms", 1, 1}, {"s", 1, 1}, {"min", 1, 1}, {"h", 1, 1}, {NULL, 0, 0}};
    char most[DURATION_TEXT_MAX];
    micro_t value;
    uint32_t days;

    if (!scalar_number(problems, node, NULL, &value))
        return false;
    const char *rest = behind_number(node->text);
    if (quantity_find(smaller, rest) != NULL)
        return scalar_duration(problems, node, min_ms, max_ms, ret_ms);
    if (strcmp(rest, "d") != 0) {
        problems_at(problems, node,
                    "'%.40s' is not a time such as 45 min or 7 d: write a unit: s, min, h or d", node->text);
        return false;
    }
    if (max_ms < DAY_MS) {
        problems_at(problems, node, "%.40s is out of range: at most %s", node->text,
                    scalar_print_duration(most, max_ms));
        return false;
    }
    if (!scalar_days(problems, node, false, min_ms < DAY_MS ? 1 : min_ms / DAY_MS,
                     max_ms / DAY_MS > DAYS_MAX ? DAYS_MAX : max_ms / DAY_MS, &days))
        return false;
    *ret_ms = days * DAY_MS;
    return true;
}

bool quantity_price(struct problems *problems, const struct yaml_node *node, micro_t *ret_per_l,
                    char *currency, size_t cap)
{
    micro_t value;

    if (!scalar_number(problems, node, NULL, &value))
        return false;
    const char *rest = behind_number(node->text);
    const char *slash = strchr(rest, '/');
    const struct quantity_unit *per = slash != NULL ? quantity_find(quantity_volumes, slash + 1) : NULL;
    const size_t len = slash != NULL ? (size_t)(slash - rest) : 0;
    if (per == NULL || len == 0 || len >= cap) {
        problems_at(problems, node, "'%.40s' is not a price such as 0.45 EUR/L (also /kg, /m³)", node->text);
        return false;
    }
    if (value < 0 || value > 1000000 * MICRO_PER_UNIT) {
        problems_at(problems, node, "%.40s is out of range: a price is 0 to 1000000", node->text);
        return false;
    }
    const struct quantity_unit inverse = {"L", per->den, per->num};
    *ret_per_l = convert(value, &inverse);
    memcpy(currency, rest, len);
    currency[len] = '\0';
    return true;
}
