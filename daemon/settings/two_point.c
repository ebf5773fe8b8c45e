/* two_point: a line through two points, laid over what the profile says of a register. */
#include <string.h>

#include "draft.h"
#include "format.h"
#include "scalar.h"

__extension__ typedef __int128 wide_t;

struct line_parts {
    const struct yaml_node *from, *to, *pascal_per_cm;
    char unit[UNIT_MAX];
};

static const struct field line_fields[] = {
    {"from", FIELD_NODE, NODE_OF(struct line_parts, from), .flags = FIELD_REQUIRED},
    {"to", FIELD_NODE, NODE_OF(struct line_parts, to), .flags = FIELD_REQUIRED},
    {"unit", FIELD_UNIT, FIELD_OF(struct line_parts, unit)},
    {"pascal_per_cm", FIELD_NODE, NODE_OF(struct line_parts, pascal_per_cm)},
};

/* y = to[0] + (x - from[0]) * num / den, x and y in micro units. */
struct line {
    micro_t from, to;
    wide_t num, den; /* den > 0, num not 0 */
};

static bool read_pair(struct draft *d, const struct yaml_node *node, const char *unit, micro_t pair[2])
{
    if (node->kind != YAML_SEQUENCE || node->n_children != 2) {
        problems_at(d->problems, node, "a list of two numbers is wanted here: [4, 20]");
        return false;
    }
    bool ok = scalar_number(d->problems, node->first, unit, &pair[0]);
    if (!scalar_number(d->problems, node->first->next, unit, &pair[1]) || !ok)
        return false;
    if (pair[0] == pair[1]) {
        problems_at(d->problems, node, "the two numbers must differ");
        return false;
    }
    return true;
}

static wide_t gcd(wide_t a, wide_t b)
{
    a = a < 0 ? -a : a;
    while (b != 0) {
        wide_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

static micro_t divide(wide_t num, wide_t den) /* den > 0; half away from zero */
{
    wide_t half = den / 2;
    return (micro_t)((num < 0 ? num - half : num + half) / den);
}

/* What lies beyond all measurements is at their end. */
static micro_t line_at(const struct line *line, micro_t x)
{
    wide_t num = (wide_t)(x - line->from) * line->num;
    wide_t most = 2 * (wide_t)MICRO_MAX * line->den;
    num = num > most ? most : num < -most ? -most : num;
    micro_t y = line->to + divide(num, line->den);
    return y > MICRO_MAX ? MICRO_MAX : y < -MICRO_MAX ? -MICRO_MAX : y;
}

static bool within_bounds(wide_t value)
{
    return value <= MICRO_MAX && value >= -MICRO_MAX;
}

/* The register's own scale and offset, followed by the line. */
static bool compose(struct reg_format *format, const struct line *line)
{
    wide_t num = (wide_t)format->scale_num * line->num;
    wide_t den = (wide_t)format->scale_den * line->den;
    wide_t divisor = gcd(num, den);
    wide_t offset = line->to + (wide_t)(format->offset - line->from) * line->num / line->den;

    num /= divisor;
    den /= divisor;
    if (!within_bounds(num) || !within_bounds(den) || !within_bounds(offset))
        return false;
    format->offset = line_at(line, format->offset);
    format->scale_num = (int64_t)num;
    format->scale_den = (int64_t)den;
    if (format->has_range) {
        micro_t a = line_at(line, format->plausible_min);
        micro_t b = line_at(line, format->plausible_max);
        format->plausible_min = a < b ? a : b;
        format->plausible_max = a < b ? b : a;
    }
    return true;
}

static bool read_line(struct draft *d, const struct draft_point *point, struct line_parts *parts,
                      struct line *ret)
{
    micro_t from[2];
    micro_t to[2];
    micro_t divisor = MICRO_PER_UNIT;
    bool pressure = parts->pascal_per_cm != NULL;

    bool ok = read_pair(d, parts->from, point->config.unit, from);
    ok = read_pair(d, parts->to, pressure ? "Pa" : parts->unit, to) && ok;
    if (pressure && scalar_number(d->problems, parts->pascal_per_cm, "", &divisor) && divisor <= 0) {
        problems_at(d->problems, parts->pascal_per_cm, "a column of liquid weighs more than nothing");
        ok = false;
    }
    if (!ok)
        return false;
    wide_t num = (wide_t)(to[1] - to[0]) * (pressure ? MICRO_PER_UNIT : 1);
    wide_t den = (wide_t)(from[1] - from[0]) * (pressure ? divisor : 1);
    wide_t common = gcd(num, den < 0 ? -den : den);
    *ret = (struct line){.from = from[0], .num = num / common, .den = den / common};
    if (ret->den < 0) {
        ret->num = -ret->num;
        ret->den = -ret->den;
    }
    ret->to = pressure ? divide((wide_t)to[0] * MICRO_PER_UNIT, divisor) : to[0];
    return within_bounds(ret->num) && within_bounds(ret->den);
}

bool two_point_apply(struct draft *d, const struct yaml_node *node, struct draft_point *point)
{
    struct line_parts parts = {.from = NULL};
    struct line line;
    size_t before = d->problems->n;

    if (!fields_walk(d->problems, node, "'two_point'", line_fields, COUNT_OF(line_fields), &parts))
        return false;
    if (parts.unit[0] == '\0')
        (void)snprintf(parts.unit, sizeof parts.unit, "%s",
                       parts.pascal_per_cm != NULL ? "cm" : point->config.unit);
    if (parts.pascal_per_cm != NULL && strcmp(parts.unit, "cm") != 0)
        problems_at(d->problems, yaml_get(node, "unit"), "with 'pascal_per_cm' the unit is cm");
    bool ok = read_line(d, point, &parts, &line) && compose(&point->config.format, &line);
    if (!ok && d->problems->n == before)
        problems_at(d->problems, node, "the numbers are too large or too fine to be kept exactly");
    if (d->problems->n > before)
        return false;
    memcpy(point->config.unit, parts.unit, sizeof point->config.unit);
    point->config.format.decimals = 1; /* 'resolution' says otherwise */
    return true;
}
