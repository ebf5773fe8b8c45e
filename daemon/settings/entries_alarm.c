#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "draft.h"
#include "entries.h"
#include "format.h"
#include "scalar.h"

#define STATES_TEXT_MAX (ALARM_STATES_MAX * (STATE_NAME_MAX + 2))

static const char *print_states(char text[STATES_TEXT_MAX], const struct point_config *point,
                                const micro_t *states, unsigned n)
{
    size_t len = 0;

    text[0] = '\0';
    for (unsigned i = 0; i < n && len < STATES_TEXT_MAX; i++) {
        const char *name = decode_state_name(&point->format, states[i]);
        int k =
            snprintf(text + len, STATES_TEXT_MAX - len, "%s%s", i > 0 ? ", " : "", name != NULL ? name : "?");
        len += k > 0 ? (size_t)k : 0;
    }
    return text;
}

/* In what the alarm's limit is measured. */
static void add_measure(struct entries *e, const char *key, const struct alarm_model *model, micro_t value,
                        const struct point_config *point)
{
    char text[FORMAT_TEXT_MAX];

    (void)format_print(text, value, point->unit);
    entries_add(e, key, "%s%s", text,
                model->kind != CONDITION_RATE ? ""
                : point->unit[0] != '\0'      ? "/h"
                                              : " /h");
}

static void add_others(struct entries *e, const char *key, const struct config *c,
                       const struct alarm_model *model)
{
    char text[ALARM_OTHERS_MAX * (ID_MAX + 2)] = "";
    size_t len = 0;

    for (unsigned i = 0; i < model->n_others && len < sizeof text; i++) {
        int n = snprintf(text + len, sizeof text - len, "%s%s", i > 0 ? ", " : "",
                         c->points[model->others[i]].id);
        len += n > 0 ? (size_t)n : 0;
    }
    entries_text(e, key, text);
}

static void add_limit(struct entries *e, const struct config *c, const struct alarm_model *model,
                      const struct point_config *point)
{
    const char *key = "high";

    if (model->kind == CONDITION_LOW)
        key = "low";
    else if (model->kind == CONDITION_RATE)
        key = model->direction == DIRECTION_RISING ? "rising" : "falling";
    else if (model->kind == CONDITION_DEVIATION)
        key = "deviation";
    else if (model->kind == CONDITION_DISAGREE)
        key = "by";
    add_measure(e, key, model, model->limit, point);
    add_measure(e, "deadband", model, model->deadband, point);
    if (model->kind == CONDITION_RATE)
        entries_duration(e, "over", model->window_ms);
    if (model->kind == CONDITION_DISAGREE)
        add_others(e, "disagrees_with", c, model);
    if (model->kind == CONDITION_DEVIATION && model->n_others > 0)
        add_others(e, "from", c, model);
    else if (model->kind == CONDITION_DEVIATION)
        entries_value(e, "from", model->setpoint, point->unit);
    if (model->realarm_step != 2 * model->deadband)
        add_measure(e, "realarm.step", model, model->realarm_step, point);
}

static void add_condition(struct entries *e, const struct config *c, const struct alarm_model *model)
{
    const struct point_config *point = &c->points[model->point];
    char states[STATES_TEXT_MAX];

    entries_text(e, "point", point->id);
    if (model->kind == CONDITION_STATE)
        entries_text(e, "state", print_states(states, point, model->states, model->n_states));
    else if (model->kind == CONDITION_FLATLINE)
        entries_duration(e, "flatline", model->on_delay_ms);
    else
        add_limit(e, c, model, point);
}

static void add_group(struct entries *e, const struct config *c, size_t index)
{
    entries_add(e, "at_least", "%u", c->alarm_models[index].at_least);
    for (uint32_t i = 0; i < c->n_groups; i++) {
        if (c->groups[i].alarm != index)
            continue;
        for (const char *p = c->groups[i].patterns; *p != '\0'; p += strlen(p) + 1) {
            char key[4 * ID_MAX + 16];
            (void)snprintf(key, sizeof key, "members.%s", p);
            entries_text(e, key, "yes");
        }
    }
}

static void add_suppression(struct entries *e, const struct config *c, const struct alarm_model *model)
{
    const struct suppression *s = &model->suppression;
    const struct point_config *point = &c->points[s->point];
    char states[STATES_TEXT_MAX];

    if (s->when == SUPPRESS_NEVER)
        return;
    entries_text(e, "suppress_when.point", point->id);
    if (s->when == SUPPRESS_STATES) {
        entries_text(e, "suppress_when.state", print_states(states, point, s->states, s->n_states));
    } else {
        const bool above = s->when == SUPPRESS_ABOVE;
        entries_value(e, above ? "suppress_when.above" : "suppress_when.below", s->limit, point->unit);
        entries_value(e, "suppress_when.deadband", s->deadband, point->unit);
    }
    entries_duration(e, "suppress_when.for_at_most", s->at_most_ms);
}

void entries_alarm(struct entries *e, const struct config *c, size_t index)
{
    const struct alarm_config *alarm = &c->alarms[index];
    const struct alarm_model *model = &c->alarm_models[index];

    entries_prefix(e, "assets.%s.alarms.%s.", c->assets[alarm->asset].id, alarm->id);
    if (model->kind == CONDITION_GROUP)
        add_group(e, c, index);
    else
        add_condition(e, c, model);
    if (model->kind != CONDITION_FLATLINE) {
        entries_duration(e, "on_delay", model->on_delay_ms);
        entries_duration(e, "off_delay", model->off_delay_ms);
    }
    entries_text(e, "priority", fields_choice_name(draft_priorities, (int)model->priority));
    if (alarm->life_safety)
        entries_bool(e, "life_safety", true);
    if (model->latching)
        entries_bool(e, "latching", true);
    const char *after = model->kind == CONDITION_GROUP ? "realarm_after" : "realarm.after";
    if (alarm->own_realarm && model->realarm_after_ms == 0)
        entries_text(e, after, "never");
    else if (alarm->own_realarm)
        entries_duration(e, after, model->realarm_after_ms);
    add_suppression(e, c, model);
    if (alarm->has_consequence_at)
        entries_value(e, "time_to", alarm->consequence_at, c->points[model->point].unit);
    entries_bilingual(e, "text", &alarm->text);
    entries_bilingual(e, "consequence", &alarm->consequence);
    entries_bilingual(e, "response", &alarm->response);
}
