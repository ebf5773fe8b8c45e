/* One alarm of an asset, as it is written. What it refers to is sought in resolve_alarm.c. */
#include <string.h>

#include "draft.h"
#include "scalar.h"

static const struct field alarm_fields[] = {
    {"point", FIELD_NODE, NODE_OF(struct draft_alarm, point_node), .flags = FIELD_REQUIRED},
    {"high", FIELD_NODE, NODE_OF(struct draft_alarm, high)},
    {"low", FIELD_NODE, NODE_OF(struct draft_alarm, low)},
    {"state", FIELD_NODE, NODE_OF(struct draft_alarm, state)},
    {"flatline", FIELD_NODE, NODE_OF(struct draft_alarm, flatline)},
    {"rising", FIELD_NODE, NODE_OF(struct draft_alarm, rising)},
    {"falling", FIELD_NODE, NODE_OF(struct draft_alarm, falling)},
    {"over", FIELD_DURATION, FIELD_OF(struct draft_alarm, model.window_ms), .min = MINUTE_MS,
     .max = ALARM_WINDOW_MAX_MS},
    {"deviation", FIELD_NODE, NODE_OF(struct draft_alarm, deviation)},
    {"from", FIELD_NODE, NODE_OF(struct draft_alarm, from)},
    {"disagrees_with", FIELD_NODE, NODE_OF(struct draft_alarm, disagrees_with)},
    {"by", FIELD_NODE, NODE_OF(struct draft_alarm, by)},
    {"deadband", FIELD_NODE, NODE_OF(struct draft_alarm, deadband)},
    {"on_delay", FIELD_DURATION, FIELD_OF(struct draft_alarm, model.on_delay_ms), .min = 0, .max = DAY_MS},
    {"off_delay", FIELD_DURATION, FIELD_OF(struct draft_alarm, model.off_delay_ms), .min = 0, .max = DAY_MS},
    {"priority", FIELD_CHOICE, FIELD_OF(struct draft_alarm, model.priority), .flags = FIELD_REQUIRED,
     .choices = draft_priorities},
    {"life_safety", FIELD_BOOL, FIELD_OF(struct draft_alarm, config.life_safety)},
    {"latching", FIELD_BOOL, FIELD_OF(struct draft_alarm, model.latching)},
    {"realarm", FIELD_NODE, NODE_OF(struct draft_alarm, realarm)},
    {"suppress_when", FIELD_NODE, NODE_OF(struct draft_alarm, suppress_when)},
    {"time_to", FIELD_NODE, NODE_OF(struct draft_alarm, time_to)},
    {"text", FIELD_BILINGUAL, FIELD_OF(struct draft_alarm, config.text), .max = TEXT_MAX},
    {"consequence", FIELD_BILINGUAL, FIELD_OF(struct draft_alarm, config.consequence), .max = TEXT_MAX},
    {"response", FIELD_BILINGUAL, FIELD_OF(struct draft_alarm, config.response), .max = TEXT_MAX},
};

/* How long the value may stand still: that is the alarm's on-delay. */
static void read_flatline(struct draft *d, struct draft_alarm *alarm)
{
    static const char *const delays[] = {"on_delay", "off_delay"};

    for (size_t i = 0; i < COUNT_OF(delays); i++) {
        const struct yaml_node *delay = yaml_get(alarm->node, delays[i]);
        if (delay != NULL) {
            problems_at_key(d->problems, delay, "'%s' has no meaning beside 'flatline'", delays[i]);
            alarm->broken = true;
        }
    }
    if (!scalar_duration(d->problems, alarm->flatline, MINUTE_MS, 7U * DAY_MS, &alarm->model.on_delay_ms))
        alarm->broken = true;
}

/* Keys that belong to some conditions only. */
#define KIND(kind) (1U << (kind))
#define NUMBERS                                                                                              \
    (KIND(CONDITION_HIGH) | KIND(CONDITION_LOW) | KIND(CONDITION_RATE) | KIND(CONDITION_DEVIATION) |         \
     KIND(CONDITION_DISAGREE))

static void check_companions(struct draft *d, struct draft_alarm *alarm, const char *condition)
{
    static const struct {
        const char *key;
        unsigned kinds;
        bool required;
        const char *owners;
    } companions[] = {
        {"over", KIND(CONDITION_RATE), true, "'rising' and 'falling'"},
        {"from", KIND(CONDITION_DEVIATION), true, "'deviation'"},
        {"by", KIND(CONDITION_DISAGREE), true, "'disagrees_with'"},
        {"deadband", NUMBERS, false, "conditions with a limit"},
        {"time_to", NUMBERS, false, "conditions with a limit"},
    };

    for (size_t i = 0; i < COUNT_OF(companions); i++) {
        const struct yaml_node *node = yaml_get(alarm->node, companions[i].key);
        const bool belongs = (companions[i].kinds & KIND(alarm->model.kind)) != 0;
        if (node != NULL && !belongs)
            problems_at_key(d->problems, node, "'%s' belongs to %s, not to '%s'", companions[i].key,
                            companions[i].owners, condition);
        else if (node == NULL && belongs && companions[i].required)
            problems_at_key(d->problems, alarm->node, "'%s' is missing beside '%s'", companions[i].key,
                            condition);
        else
            continue;
        alarm->broken = true;
    }
}

static void check_kind(struct draft *d, struct draft_alarm *alarm)
{
    const struct {
        const struct yaml_node *node;
        enum condition_kind kind;
    } kinds[] = {
        {alarm->high, CONDITION_HIGH},           {alarm->low, CONDITION_LOW},
        {alarm->state, CONDITION_STATE},         {alarm->flatline, CONDITION_FLATLINE},
        {alarm->rising, CONDITION_RATE},         {alarm->falling, CONDITION_RATE},
        {alarm->deviation, CONDITION_DEVIATION}, {alarm->disagrees_with, CONDITION_DISAGREE},
    };
    const struct yaml_node *found = NULL;
    unsigned n = 0;

    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        if (kinds[i].node == NULL)
            continue;
        alarm->model.kind = kinds[i].kind;
        found = kinds[i].node;
        n++;
    }
    if (n != 1) {
        problems_at_key(d->problems, alarm->node,
                        "an alarm has exactly one of 'high', 'low', 'state', 'flatline', 'rising', "
                        "'falling', 'deviation' and 'disagrees_with'%s",
                        n == 0 ? "; it is missing" : "; write an alarm for each");
        alarm->broken = true;
        return;
    }
    check_companions(d, alarm, found->key);
    if (alarm->model.kind == CONDITION_DISAGREE)
        alarm->limit = alarm->by;
    else if (alarm->model.kind != CONDITION_STATE && alarm->model.kind != CONDITION_FLATLINE)
        alarm->limit = found;
    alarm->model.direction = alarm->falling != NULL ? DIRECTION_FALLING : DIRECTION_RISING;
    if (alarm->flatline != NULL)
        read_flatline(d, alarm);
}

/* ---------------------------------------------------------------- told again */

struct realarm_parts {
    uint32_t after_ms;
    const struct yaml_node *step;
};

static const struct field realarm_fields[] = {
    {"after", FIELD_REPEAT, FIELD_OF(struct realarm_parts, after_ms), .min = MINUTE_MS, .max = 7U * DAY_MS},
    {"step", FIELD_NODE, NODE_OF(struct realarm_parts, step)},
};

static bool is_protected(const struct draft_alarm *alarm)
{
    return alarm->config.life_safety || alarm->model.priority == PRIORITY_CRITICAL;
}

static void read_realarm(struct draft *d, struct draft_alarm *alarm)
{
    struct realarm_parts parts = {0, NULL};
    const struct yaml_node *after;

    if (!fields_walk(d->problems, alarm->realarm, "'realarm'", realarm_fields, COUNT_OF(realarm_fields),
                     &parts))
        alarm->broken = true;
    after = yaml_get(alarm->realarm, "after");
    alarm->config.own_realarm = after != NULL;
    alarm->model.realarm_after_ms = parts.after_ms;
    if (after != NULL && after->kind == YAML_SCALAR && strcmp(after->text, "never") == 0 &&
        is_protected(alarm))
        problems_at(
            d->problems, after,
            "an alarm that is critical or protects life is told again until it is over: write a time");
    if (parts.step != NULL && alarm->limit == NULL && !alarm->broken)
        problems_at_key(d->problems, parts.step, "'step' belongs to conditions with a limit");
}

static void check_protection(struct draft *d, const struct draft_alarm *alarm)
{
    const bool critical = alarm->model.priority == PRIORITY_CRITICAL;

    if (alarm->suppress_when != NULL && is_protected(alarm))
        problems_at_key(
            d->problems, alarm->suppress_when,
            "an alarm that %s is never suppressed: if it means nothing at times, its condition is "
            "wrong; if it does, somebody must hear of it",
            critical ? "is critical" : "protects life");
    if (alarm->config.life_safety && alarm->model.priority < PRIORITY_HIGH)
        problems_at(d->problems, yaml_get(alarm->node, "priority"),
                    "an alarm that protects life has priority high or critical");
}

void read_alarm(struct draft *d, size_t asset, const struct yaml_node *node)
{
    struct draft_alarm *grown = draft_grow(d, d->alarms, d->n_alarms, sizeof *grown);

    if (grown == NULL)
        return;
    d->alarms = grown;
    struct draft_alarm *alarm = &grown[d->n_alarms];
    if (!draft_name(d, NAMES_ALARM, asset, node, d->n_alarms, ALARMS_MAX, alarm->config.id))
        return;
    d->n_alarms++;
    d->assets[asset].n_alarms++;
    alarm->node = node;
    alarm->config.asset = (uint16_t)asset;
    alarm->point = -1;
    alarm->model.priority = (enum priority)PRIORITIES; /* not known */
    (void)fields_walk(d->problems, node, "an alarm", alarm_fields, COUNT_OF(alarm_fields), alarm);
    bool known = (int)alarm->model.priority < PRIORITIES;
    if (!known)
        alarm->model.priority = PRIORITY_LOW;
    if (node->kind != YAML_MAPPING)
        return;
    check_kind(d, alarm);
    if (alarm->realarm != NULL)
        read_realarm(d, alarm);
    if (known)
        check_protection(d, alarm);
}
