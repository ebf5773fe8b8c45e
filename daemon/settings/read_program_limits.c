/* By what a freezer's run is judged. See cryomon-program.yaml(5). */
#include "read_program.h"

#include "fields.h"
#include "scalar.h"

#define DAY_MS 86400000

struct limit_parts {
    const struct yaml_node *deviation, *rms, *overshoot, *outside, *gap, *onset, *supercooling, *plateau,
        *zero_to_40, *end, *lid, *power;
};

static const struct field limit_fields[] = {
    {"deviation", FIELD_NODE, NODE_OF(struct limit_parts, deviation)},
    {"rms_deviation", FIELD_NODE, NODE_OF(struct limit_parts, rms)},
    {"overshoot", FIELD_NODE, NODE_OF(struct limit_parts, overshoot)},
    {"outside_tolerance", FIELD_NODE, NODE_OF(struct limit_parts, outside)},
    {"gap", FIELD_NODE, NODE_OF(struct limit_parts, gap)},
    {"onset", FIELD_NODE, NODE_OF(struct limit_parts, onset)},
    {"supercooling", FIELD_NODE, NODE_OF(struct limit_parts, supercooling)},
    {"plateau", FIELD_NODE, NODE_OF(struct limit_parts, plateau)},
    {"zero_to_minus_40", FIELD_NODE, NODE_OF(struct limit_parts, zero_to_40)},
    {"end", FIELD_NODE, NODE_OF(struct limit_parts, end)},
    {"lid_open", FIELD_NODE, NODE_OF(struct limit_parts, lid)},
    {"power_off", FIELD_NODE, NODE_OF(struct limit_parts, power)},
};

static void read_time(struct problems *problems, const struct yaml_node *node, int64_t *ret_us)
{
    uint32_t ms;

    if (node != NULL && scalar_duration(problems, node, 0, DAY_MS, &ms))
        *ret_us = (int64_t)ms * 1000;
}

static void read_size(struct problems *problems, const struct yaml_node *node, micro_t *ret)
{
    if (node != NULL)
        (void)read_program_degrees(problems, node, 0, 100, ret);
}

/* [low, high] of temperatures or of times. */
static void read_range(struct problems *problems, const struct yaml_node *node, bool times,
                       struct freezer_range *ret)
{
    struct freezer_range range = {FREEZER_NONE, FREEZER_NONE};

    if (node == NULL)
        return;
    if (node->kind != YAML_SEQUENCE || node->n_children != 2) {
        problems_at(problems, node, "the lowest and the highest are wanted here: %s",
                    times ? "[2 min, 10 min]" : "[-15 °C, -5 °C]");
        return;
    }
    if (times) {
        read_time(problems, node->first, &range.low);
        read_time(problems, node->first->next, &range.high);
    } else {
        (void)read_program_degrees(problems, node->first, -60, 0, &range.low);
        (void)read_program_degrees(problems, node->first->next, -60, 0, &range.high);
    }
    if (range.low != FREEZER_NONE && range.high != FREEZER_NONE && range.low > range.high) {
        problems_at(problems, node, "the lower stands first: %.20s is above %.20s", node->first->text,
                    node->first->next->text);
        return;
    }
    *ret = range;
}

/* What could never be kept, or says nothing. */
static void check(struct problems *problems, const struct limit_parts *parts, const struct freezer_program *p)
{
    micro_t coldest = FREEZER_NONE;
    bool has_tolerance = false;

    for (unsigned i = 0; i < p->n_steps; i++) {
        has_tolerance |= p->steps[i].tolerance != FREEZER_NONE;
        if (p->steps[i].kind != FREEZER_STEP_PLUNGE && p->steps[i].target != FREEZER_NONE)
            coldest = p->steps[i].target;
    }
    if (parts->outside != NULL && p->n_steps > 0 && !has_tolerance)
        problems_at_key(problems, parts->outside, "no step has a 'tolerance' to be outside of");
    if (p->limits.end != FREEZER_NONE && coldest != FREEZER_NONE && p->limits.end < coldest)
        problems_at(problems, parts->end, "colder than the program goes: no run could keep to it");
}

void read_program_limits(struct problems *problems, const struct yaml_node *node,
                         struct freezer_program *program)
{
    struct freezer_limits *l = &program->limits;
    struct limit_parts parts = {.deviation = NULL};

    (void)fields_walk(problems, node, "'limits'", limit_fields, COUNT_OF(limit_fields), &parts);
    read_size(problems, parts.deviation, &l->deviation);
    read_size(problems, parts.rms, &l->rms);
    read_size(problems, parts.overshoot, &l->overshoot);
    read_size(problems, parts.supercooling, &l->supercooling);
    read_time(problems, parts.outside, &l->outside_us);
    read_time(problems, parts.gap, &l->gap_us);
    read_time(problems, parts.lid, &l->lid_us);
    read_time(problems, parts.power, &l->power_us);
    read_range(problems, parts.onset, false, &l->onset);
    read_range(problems, parts.plateau, true, &l->plateau_us);
    read_range(problems, parts.zero_to_40, true, &l->zero_to_40_us);
    if (parts.end != NULL)
        (void)read_program_degrees(problems, parts.end, -200, 0, &l->end);
    check(problems, &parts, program);
}
