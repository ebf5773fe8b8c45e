/* A register's role as a guard: identity, setting, status or heartbeat. See cryomon-device.yaml(5). */
#include <string.h>

#include "draft.h"
#include "format.h"
#include "scalar.h"

const struct choice draft_reasons[] = {{"good", REASON_NONE},
                                       {"sensor-fault", REASON_SENSOR_FAULT},
                                       {"over-range", REASON_OVER_RANGE},
                                       {"under-range", REASON_UNDER_RANGE},
                                       {"warm-up", REASON_WARM_UP},
                                       {"inhibited", REASON_INHIBITED},
                                       {"simulation", REASON_SIMULATION},
                                       {"calibration", REASON_CALIBRATION},
                                       {"maintenance", REASON_MAINTENANCE},
                                       {"device-fault", REASON_DEVICE_FAULT},
                                       {"device-stale", REASON_DEVICE_STALE},
                                       {"channel-off", REASON_CHANNEL_OFF},
                                       {NULL, 0}};

/* A value of the register as guards compare it: the number of a state's name, or a whole number. */
static bool parse_value(struct draft *d, const struct yaml_node *node, bool key,
                        const struct reg_format *format, micro_t *ret)
{
    int64_t min;
    int64_t max;
    int64_t value = 0;
    struct suggest s;
    char hint[SUGGEST_TEXT_MAX];
    const char *text = key ? node->key : node->text;

    if (!key && !scalar_is_value(d->problems, node, "a value of the register"))
        return false;
    if (format->n_states == 0) {
        format_raw_range(format, &min, &max);
        if (!(key ? scalar_key_integer(d->problems, node, min, max, &value)
                  : scalar_integer(d->problems, node, true, min, max, &value)))
            return false;
        *ret = value * MICRO_PER_UNIT;
        return true;
    }
    suggest_begin(&s, text);
    for (unsigned i = 0; i < format->n_states; i++) {
        if (strcmp(format->states[i].name, text) == 0) {
            *ret = format->states[i].value * MICRO_PER_UNIT;
            return true;
        }
        suggest_try(&s, format->states[i].name);
    }
    if (key)
        problems_at_key(d->problems, node, "the register has no state '%.40s'%s", text,
                        suggest_text(&s, hint));
    else
        problems_at(d->problems, node, "the register has no state '%.40s'%s", text, suggest_text(&s, hint));
    return false;
}

static void add_value(struct draft *d, const struct yaml_node *node, bool key, enum reason reason,
                      struct draft_register *reg)
{
    struct guard_rule *rule = &reg->rule;
    micro_t value;

    if (!parse_value(d, node, key, &reg->format, &value))
        return;
    for (unsigned i = 0; i < rule->n_values; i++) {
        if (rule->values[i].value == value) {
            problems_at(d->problems, node, "the value stands twice in the list");
            return;
        }
    }
    if (rule->n_values == GUARD_VALUES_MAX) {
        problems_at(d->problems, node, "too many values: at most %d", GUARD_VALUES_MAX);
        return;
    }
    rule->values[rule->n_values++] = (struct guard_value){.value = value, .reason = reason};
}

/* One value or a list of those that are right. */
static void read_right_values(struct draft *d, const struct yaml_node *node, struct draft_register *reg)
{
    if (node->kind != YAML_SEQUENCE) {
        add_value(d, node, false, REASON_NONE, reg);
        return;
    }
    if (node->first == NULL)
        problems_at(d->problems, node, "the value, or a list of the values, that is right is wanted here");
    for (const struct yaml_node *child = node->first; child != NULL; child = child->next)
        add_value(d, child, false, REASON_NONE, reg);
}

static void read_status(struct draft *d, const struct yaml_node *node, struct draft_register *reg)
{
    if (!fields_is_mapping(d->problems, node, "'status'"))
        return;
    if (node->first == NULL)
        problems_at(d->problems, node, "what the values say is wanted here: {break: sensor-fault}");
    for (const struct yaml_node *child = node->first; child != NULL; child = child->next) {
        int reason;
        if (!fields_choice(d->problems, child, draft_reasons, &reason))
            continue;
        if (strcmp(child->key, "other") == 0)
            reg->rule.other = (enum reason)reason;
        else
            add_value(d, child, true, (enum reason)reason, reg);
    }
}

/* Numbers are compared as they come: what is scaled or a float can't be written down exactly. */
static bool is_plain(const struct draft_register *reg)
{
    const struct reg_format *f = &reg->format;
    return f->type != REG_F32 && f->scale_num == 1 && f->scale_den == 1 && f->offset == 0;
}

void read_guard(struct draft *d, const struct guard_nodes *nodes, struct draft_register *reg)
{
    const struct yaml_node *roles[] = {nodes->identity, nodes->setting, nodes->status, nodes->heartbeat};
    const struct yaml_node *role = NULL;

    for (size_t i = 0; i < COUNT_OF(roles); i++) {
        if (roles[i] == NULL)
            continue;
        if (role != NULL)
            problems_at_key(d->problems, roles[i],
                            "a register has one of 'identity', 'setting', 'status' and 'heartbeat'; list it "
                            "twice, by two names, if it has two tasks");
        role = roles[i];
        reg->rule.kind = (enum guard_kind)i;
    }
    if (role == NULL) {
        if (nodes->judges != NULL)
            problems_at_key(d->problems, nodes->judges,
                            "'judges' belongs to 'identity', 'setting', 'status' or 'heartbeat'");
        return;
    }
    reg->is_guard = true;
    reg->judges = nodes->judges;
    if (nodes->identity != NULL && nodes->judges != NULL)
        problems_at_key(d->problems, nodes->judges, "the identity of a device judges all of its registers");
    if (nodes->heartbeat == NULL && !is_plain(reg)) {
        problems_at_key(d->problems, role,
                        "'%s' compares whole numbers: the register has a scale, an offset "
                        "or is a float32",
                        role->key);
        return;
    }
    if (nodes->heartbeat != NULL)
        (void)scalar_duration(d->problems, nodes->heartbeat, 1000, HOUR_MS, &reg->rule.within_ms);
    else if (nodes->status != NULL)
        read_status(d, nodes->status, reg);
    else
        read_right_values(d, role, reg);
}

void read_judges(struct draft *d, size_t profile, const struct draft_register *reg)
{
    if (reg->judges == NULL)
        return;
    if (reg->judges->kind != YAML_SEQUENCE || reg->judges->first == NULL) {
        problems_at(d->problems, reg->judges, "a list of registers of this profile is wanted here: [pv]");
        return;
    }
    for (const struct yaml_node *child = reg->judges->first; child != NULL; child = child->next) {
        if (draft_find(d, NAMES_REGISTER, profile, child, "register of this profile") >= 0 &&
            strcmp(child->text, reg->node->key) == 0)
            problems_at(d->problems, child, "a register can't judge itself");
    }
}

bool draft_judges(const struct draft_register *guard, const struct draft_register *reg)
{
    if (guard->rule.kind == GUARD_IDENTITY)
        return true;
    if (guard == reg)
        return false;
    if (guard->judges == NULL)
        return !reg->is_guard;
    for (const struct yaml_node *child = guard->judges->first; child != NULL; child = child->next) {
        if (strcmp(child->text, reg->node->key) == 0)
            return true;
    }
    return false;
}
