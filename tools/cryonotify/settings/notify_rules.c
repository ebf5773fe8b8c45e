/* notify_rules.c - how urgently what is told. */
#include <string.h>

#include "notify_internal.h"
#include "scalar.h"

#define FROM_MS   100
#define FLOOD_MAX (CALL_FLOOD - 1)

void notify_default_rules(struct call_rules *rules)
{
    rules->pace[CALL_CRITICAL] = (struct call_pace){.level_ms = {5 * MINUTE_MS, 10 * MINUTE_MS},
                                                    .repeat_ms = 5 * MINUTE_MS,
                                                    .unresolved_ms = 30 * MINUTE_MS};
    rules->pace[CALL_HIGH] = (struct call_pace){.level_ms = {10 * MINUTE_MS, 20 * MINUTE_MS},
                                                .repeat_ms = 10 * MINUTE_MS,
                                                .unresolved_ms = 2 * HOUR_MS};
    rules->pace[CALL_MEDIUM] = (struct call_pace){
        .level_ms = {HOUR_MS, 4 * HOUR_MS}, .repeat_ms = 30 * MINUTE_MS, .unresolved_ms = 8 * HOUR_MS};
    rules->pace[CALL_LOW] = (struct call_pace){.level_ms = {DAY_MS, 0}, .repeat_ms = 8 * HOUR_MS};
    rules->drill = (struct call_pace){.level_ms = {30 * MINUTE_MS, HOUR_MS}, .repeat_ms = 10 * MINUTE_MS};
    rules->drill_turns = true;
    rules->flood_count = 10;
    rules->flood_window_ms = 10 * MINUTE_MS;
    rules->flood_every_ms = 2 * MINUTE_MS;
    rules->probe_max_ms = 30 * MINUTE_MS;
    rules->n_alarms = 4096;
}

/* A duration, or "never", which is 0. */
static bool read_delay(struct reader *r, const struct yaml_node *node, uint32_t *ret_ms)
{
    if (node->kind == YAML_SCALAR && strcmp(node->text, "never") == 0) {
        *ret_ms = 0;
        return true;
    }
    return scalar_duration(r->problems, node, FROM_MS, 7U * DAY_MS, ret_ms);
}

struct pace_section {
    const struct yaml_node *levels, *repeat, *unresolved;
    bool every_channel, turns;
};

static const struct field pace_fields[] = {
    {"levels", FIELD_NODE, NODE_OF(struct pace_section, levels)},
    {"repeat", FIELD_NODE, NODE_OF(struct pace_section, repeat)},
    {"unresolved", FIELD_NODE, NODE_OF(struct pace_section, unresolved)},
    {"every_channel", FIELD_BOOL, FIELD_OF(struct pace_section, every_channel)},
    {"turns", FIELD_BOOL, FIELD_OF(struct pace_section, turns)}, /* drill only: the last */
};

static void read_levels(struct reader *r, const struct yaml_node *node, struct call_pace *pace)
{
    size_t n = 0;
    if (node->kind != YAML_SEQUENCE || node->n_children > CALL_LEVELS - 1) {
        problems_at(r->problems, node, "the delays between the levels are wanted here: [5 min, 10 min]");
        return;
    }
    pace->level_ms[0] = pace->level_ms[1] = 0;
    for (const struct yaml_node *child = node->first; child != NULL; child = child->next)
        (void)read_delay(r, child, &pace->level_ms[n++]);
}

static void read_pace(struct reader *r, const struct yaml_node *node, const char *what, size_t n_fields,
                      struct call_pace *pace, bool *turns)
{
    struct pace_section s = {.every_channel = pace->every_channel, .turns = turns != NULL && *turns};
    if (!fields_walk(r->problems, node, what, pace_fields, n_fields, &s))
        return;
    pace->every_channel = s.every_channel;
    if (turns != NULL)
        *turns = s.turns;
    if (s.levels != NULL)
        read_levels(r, s.levels, pace);
    if (s.repeat != NULL && read_delay(r, s.repeat, &pace->repeat_ms) && pace->repeat_ms == 0)
        problems_at(r->problems, s.repeat,
                    "an alarm is repeated until it is acknowledged; 'never' is not possible");
    if (s.unresolved != NULL)
        (void)read_delay(r, s.unresolved, &pace->unresolved_ms);
}

void notify_read_priorities(struct reader *r, const struct yaml_node *node)
{
    static const struct choice names[] = {{"low", CALL_LOW},
                                          {"medium", CALL_MEDIUM},
                                          {"high", CALL_HIGH},
                                          {"critical", CALL_CRITICAL},
                                          {NULL, 0}};
    if (!fields_is_mapping(r->problems, node, "'priorities'"))
        return;
    for (const struct yaml_node *n = node->first; n != NULL; n = n->next) {
        const struct choice *c = names;
        while (c->name != NULL && strcmp(c->name, n->key) != 0)
            c++;
        if (c->name == NULL)
            problems_at_key(r->problems, n, "'%.64s' is not one of low, medium, high or critical", n->key);
        else
            read_pace(r, n, "a priority", COUNT_OF(pace_fields) - 1, &r->config->rules.pace[c->value], NULL);
    }
}

void notify_read_drill(struct reader *r, const struct yaml_node *node)
{
    read_pace(r, node, "'drill'", COUNT_OF(pace_fields), &r->config->rules.drill,
              &r->config->rules.drill_turns);
}

static const struct field flood_fields[] = {
    {"more_than", FIELD_UINT, FIELD_OF(struct call_rules, flood_count), .min = 1, .max = FLOOD_MAX},
    {"within", FIELD_DURATION, FIELD_OF(struct call_rules, flood_window_ms), .min = 1000, .max = DAY_MS},
    {"every", FIELD_DURATION, FIELD_OF(struct call_rules, flood_every_ms), .min = 1000, .max = HOUR_MS},
};

void notify_read_flood(struct reader *r, const struct yaml_node *node)
{
    (void)fields_walk(r->problems, node, "'flood'", flood_fields, COUNT_OF(flood_fields), &r->config->rules);
}
