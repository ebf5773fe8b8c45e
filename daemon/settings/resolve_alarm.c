/* What an alarm refers to: points, states, and limits in the point's unit. */
#include <string.h>

#include "draft.h"
#include "format.h"
#include "scalar.h"

/* ---------------------------------------------------------------- states */

/* One state's name: true with *ret set. */
bool resolve_state(struct draft *d, const struct draft_point *point, const struct yaml_node *node,
                   micro_t *ret)
{
    const struct reg_format *format = &point->config.format;
    struct suggest s;
    char hint[SUGGEST_TEXT_MAX];

    if (!scalar_is_value(d->problems, node, "the name of a state"))
        return false;
    suggest_begin(&s, node->text);
    for (unsigned i = 0; i < format->n_states; i++) {
        if (strcmp(format->states[i].name, node->text) == 0) {
            *ret = format->states[i].value * MICRO_PER_UNIT;
            return true;
        }
        suggest_try(&s, format->states[i].name);
    }
    problems_at(d->problems, node, "%s '%s' has no state '%.40s'%s", point->derived ? "point" : "register",
                point->derived ? point->config.id : point->config.register_name, node->text,
                suggest_text(&s, hint));
    return false;
}

static bool add_state(struct draft *d, const struct draft_point *point, const struct yaml_node *node,
                      micro_t states[ALARM_STATES_MAX], uint8_t *n_states)
{
    micro_t state;

    if (!resolve_state(d, point, node, &state))
        return false;
    for (unsigned i = 0; i < *n_states; i++) {
        if (states[i] == state) {
            problems_at(d->problems, node, "the state '%.40s' stands twice in the list", node->text);
            return false;
        }
    }
    states[(*n_states)++] = state;
    return true;
}

/* A name or a list of names; never is what can't be when all states are named. */
static bool read_states(struct draft *d, const struct draft_point *point, const struct yaml_node *node,
                        const char *never, micro_t states[ALARM_STATES_MAX], uint8_t *n_states)
{
    bool ok = true;

    if (node->kind != YAML_SEQUENCE) {
        ok = add_state(d, point, node, states, n_states);
    } else if (node->n_children == 0 || node->n_children > ALARM_STATES_MAX) {
        problems_at(d->problems, node, "the name of a state, or a list of 1 to %d, is wanted here",
                    ALARM_STATES_MAX);
        return false;
    } else {
        for (const struct yaml_node *child = node->first; child != NULL; child = child->next)
            ok = add_state(d, point, child, states, n_states) && ok;
    }
    if (ok && *n_states == point->config.format.n_states) {
        problems_at(d->problems, node, "%s: these are all states of %s '%s'", never,
                    point->derived ? "point" : "register",
                    point->derived ? point->config.id : point->config.register_name);
        ok = false;
    }
    return ok;
}

static void resolve_states(struct draft *d, struct draft_alarm *alarm, const struct draft_point *point)
{
    if (point->config.format.n_states == 0) {
        problems_at_key(d->problems, alarm->state, "point '%s' is a number; write 'high' or 'low'",
                        point->node->key);
        alarm->broken = true;
    } else if (!read_states(d, point, alarm->state, "the alarm can never be over", alarm->model.states,
                            &alarm->model.n_states)) {
        alarm->broken = true;
    }
}

/* ---------------------------------------------------------------- numbers */

/* A limit or a deadband, in the point's unit and not finer than its resolution. point NULL: not known. */
static bool read_value(struct draft *d, const struct yaml_node *node, const struct draft_point *point,
                       micro_t *ret)
{
    char step[FORMAT_TEXT_MAX];
    micro_t value;
    micro_t resolution = MICRO_PER_UNIT;

    if (!scalar_number(d->problems, node, point != NULL ? point->config.unit : NULL, &value))
        return false;
    if (point != NULL && !format_fits(value, point->config.format.decimals)) {
        for (unsigned i = 0; i < point->config.format.decimals; i++)
            resolution /= 10;
        problems_at(d->problems, node, "'%.40s' is finer than the point's resolution of %s", node->text,
                    format_print(step, resolution, point->config.unit));
        return false;
    }
    *ret = value;
    return true;
}

/* What the alarm's limit is measured in: per hour for a rate. */
static bool read_measure(struct draft *d, const struct draft_alarm *alarm, const struct yaml_node *node,
                         const struct draft_point *point, micro_t *ret)
{
    if (alarm->model.kind == CONDITION_RATE)
        return scalar_rate(d->problems, node, point != NULL ? point->config.unit : NULL, ret);
    return read_value(d, node, point, ret);
}

static void read_limit(struct draft *d, struct draft_alarm *alarm, const struct draft_point *point)
{
    const bool distance = alarm->model.kind != CONDITION_HIGH && alarm->model.kind != CONDITION_LOW;

    if (!read_measure(d, alarm, alarm->limit, point, &alarm->model.limit)) {
        alarm->broken = true;
    } else if (distance && alarm->model.limit <= 0) {
        problems_at(d->problems, alarm->limit, "'%s' must be above 0%s", alarm->limit->key,
                    alarm->falling != NULL ? ": it says how fast, and 'falling' says which way" : "");
        alarm->broken = true;
    }
    if (alarm->deadband == NULL)
        return;
    if (!read_measure(d, alarm, alarm->deadband, point, &alarm->model.deadband)) {
        alarm->broken = true;
    } else if (alarm->model.deadband < 0) {
        problems_at(d->problems, alarm->deadband, "a deadband is not negative");
        alarm->broken = true;
    } else if (distance && !alarm->broken && alarm->model.deadband >= alarm->model.limit) {
        problems_at(d->problems, alarm->deadband,
                    "the alarm can never be over: the deadband is as wide as '%s'", alarm->limit->key);
        alarm->broken = true;
    }
}

/* The step by which it must get worse; twice the deadband if none is written. */
static void read_step(struct draft *d, struct draft_alarm *alarm, const struct draft_point *point)
{
    const struct yaml_node *step = alarm->realarm != NULL ? yaml_get(alarm->realarm, "step") : NULL;

    alarm->model.realarm_step =
        alarm->model.deadband <= MICRO_MAX / 2 ? 2 * alarm->model.deadband : MICRO_MAX;
    if (step != NULL && read_measure(d, alarm, step, point, &alarm->model.realarm_step) &&
        alarm->model.realarm_step <= 0)
        problems_at(d->problems, step, "'step' must be above 0");
}

/* Where the consequence comes about must lie further on than where the alarm fires. */
static void read_time_to(struct draft *d, struct draft_alarm *alarm, const struct draft_point *point)
{
    char text[FORMAT_TEXT_MAX];
    micro_t *at = &alarm->config.consequence_at;

    if (!read_value(d, alarm->time_to, point, at) || point == NULL || alarm->broken)
        return;
    alarm->config.has_consequence_at = true;
    const bool high = alarm->model.kind == CONDITION_HIGH;
    if ((high && *at <= alarm->model.limit) ||
        (alarm->model.kind == CONDITION_LOW && *at >= alarm->model.limit))
        problems_at(d->problems, alarm->time_to,
                    "no time would be left: 'time_to' is what happens after the alarm, %s %s",
                    high ? "above" : "below", format_print(text, alarm->model.limit, point->config.unit));
    else if (*at < point->low || *at > point->high)
        problems_at(d->problems, alarm->time_to, "the point can't come there: its values end at %s",
                    format_print(text, *at < point->low ? point->low : point->high, point->config.unit));
}

/* ---------------------------------------------------------------- other points */

/* A point of the asset that is held against the alarm's own: another one, in the same unit. */
static void add_other(struct draft *d, struct draft_alarm *alarm, size_t asset, const struct yaml_node *node)
{
    struct alarm_model *model = &alarm->model;
    const int index =
        d->assets[asset].no_points ? -1 : draft_find(d, NAMES_POINT, asset, node, "point of this asset");

    if (index < 0) {
        alarm->broken = true;
        return;
    }
    struct draft_point *other = &d->points[index];
    const struct draft_point *own = alarm->point >= 0 ? &d->points[alarm->point] : NULL;
    bool twice = index == alarm->point;
    for (unsigned i = 0; i < model->n_others; i++)
        twice = twice || model->others[i] == index;
    other->is_compared = true;
    if (model->priority > other->priority)
        other->priority = model->priority;
    if (model->n_others < ALARM_OTHERS_MAX)
        model->others[model->n_others++] = (uint16_t)index;
    if (twice)
        problems_at(d->problems, node, "the point '%.64s' is held against itself", node->text);
    else if (other->broken || own == NULL || own->broken)
        return;
    else if (other->config.format.n_states > 0)
        problems_at(d->problems, node, "point '%.64s' has states, not numbers", node->text);
    else if (strcmp(other->config.unit, own->config.unit) != 0)
        problems_at(d->problems, node, "point '%.64s' is in '%s', and point '%.64s' in '%s'", node->text,
                    other->config.unit, own->node->key, own->config.unit);
    else
        return;
    alarm->broken = true;
}

static void resolve_others(struct draft *d, struct draft_alarm *alarm, size_t asset)
{
    const struct yaml_node *node = alarm->disagrees_with;

    if (node->kind != YAML_SEQUENCE) {
        add_other(d, alarm, asset, node);
    } else if (node->n_children == 0 || node->n_children > ALARM_OTHERS_MAX) {
        problems_at(d->problems, node, "a point, or a list of 1 to %d, is wanted here", ALARM_OTHERS_MAX);
        alarm->broken = true;
    } else {
        for (const struct yaml_node *child = node->first; child != NULL; child = child->next)
            add_other(d, alarm, asset, child);
    }
}

/* "from" is a number if it begins as one; ids of points may do so too, but have no point or sign. */
static void resolve_from(struct draft *d, struct draft_alarm *alarm, size_t asset,
                         const struct draft_point *point)
{
    const struct yaml_node *node = alarm->from;
    const bool named =
        node->kind == YAML_SCALAR && names_find(&d->names, NAMES_POINT, asset, node->text) >= 0;
    const bool number = node->kind == YAML_SCALAR && !named &&
                        (node->text[0] == '-' || (node->text[0] >= '0' && node->text[0] <= '9'));
    char text[FORMAT_TEXT_MAX];

    if (!number) {
        add_other(d, alarm, asset, node);
    } else if (!read_value(d, node, point, &alarm->model.setpoint)) {
        alarm->broken = true;
    } else if (point != NULL && (alarm->model.setpoint < point->low || alarm->model.setpoint > point->high)) {
        const micro_t end = alarm->model.setpoint < point->low ? point->low : point->high;
        problems_at(d->problems, node, "the point can't come there: its values end at %s",
                    format_print(text, end, point->config.unit));
        alarm->broken = true;
    }
}

/* ---------------------------------------------------------------- suppression by design */

struct suppress_parts {
    const struct yaml_node *point, *state, *above, *below, *deadband;
    uint32_t at_most_ms;
};

static const struct field suppress_fields[] = {
    {"point", FIELD_NODE, NODE_OF(struct suppress_parts, point), .flags = FIELD_REQUIRED},
    {"state", FIELD_NODE, NODE_OF(struct suppress_parts, state)},
    {"above", FIELD_NODE, NODE_OF(struct suppress_parts, above)},
    {"below", FIELD_NODE, NODE_OF(struct suppress_parts, below)},
    {"deadband", FIELD_NODE, NODE_OF(struct suppress_parts, deadband)},
    {"for_at_most", FIELD_DURATION, FIELD_OF(struct suppress_parts, at_most_ms), .flags = FIELD_REQUIRED,
     .min = MINUTE_MS, .max = 30U * DAY_MS},
};

static void read_suppress_limit(struct draft *d, const struct suppress_parts *parts,
                                const struct draft_point *point, struct suppression *ret)
{
    const struct yaml_node *node = parts->above != NULL ? parts->above : parts->below;
    const bool above = parts->above != NULL;
    char text[FORMAT_TEXT_MAX];

    if (point->config.format.n_states > 0) {
        problems_at_key(d->problems, node, "point '%s' has states, not numbers; write 'state'",
                        point->node->key);
        return;
    }
    ret->when = above ? SUPPRESS_ABOVE : SUPPRESS_BELOW;
    bool ok = read_value(d, node, point, &ret->limit);
    if (parts->deadband != NULL && read_value(d, parts->deadband, point, &ret->deadband) && ret->deadband < 0)
        problems_at(d->problems, parts->deadband, "a deadband is not negative");
    if (ok && (above ? ret->limit >= point->high : ret->limit <= point->low))
        problems_at(d->problems, node, "it would never be suppressed: the values of '%s' end at %s",
                    point->node->key,
                    format_print(text, above ? point->high : point->low, point->config.unit));
    const micro_t over = above ? ret->limit - ret->deadband : ret->limit + ret->deadband;
    if (ok && (above ? over < point->low : over > point->high))
        problems_at(d->problems, node, "it would never end: the values of '%s' end at %s", point->node->key,
                    format_print(text, above ? point->low : point->high, point->config.unit));
}

static void resolve_suppression(struct draft *d, struct draft_alarm *alarm, size_t asset)
{
    struct suppression *suppression = &alarm->model.suppression;
    struct suppress_parts parts = {.point = NULL};
    const struct yaml_node *node = alarm->suppress_when;

    bool ok =
        fields_walk(d->problems, node, "'suppress_when'", suppress_fields, COUNT_OF(suppress_fields), &parts);
    const int n = (parts.state != NULL) + (parts.above != NULL) + (parts.below != NULL);
    if ((ok || parts.point != NULL) && n != 1)
        problems_at_key(d->problems, node,
                        "'suppress_when' has exactly one of 'state', 'above' and 'below'%s",
                        n == 0 ? "; it is missing" : "");
    if (parts.deadband != NULL && parts.state != NULL)
        problems_at_key(d->problems, parts.deadband, "'deadband' belongs to 'above' and 'below'");
    if (parts.point == NULL || d->assets[asset].no_points)
        return;
    const int index = draft_find(d, NAMES_POINT, asset, parts.point, "point of this asset");
    if (index >= 0 && index == alarm->point)
        problems_at(d->problems, parts.point,
                    "an alarm is not suppressed by its own point: change its condition");
    if (index < 0 || n != 1)
        return;
    const struct draft_point *point = &d->points[index];
    suppression->point = (uint16_t)index;
    suppression->at_most_ms = parts.at_most_ms;
    if (point->broken)
        return;
    if (parts.state == NULL) {
        read_suppress_limit(d, &parts, point, suppression);
    } else if (point->config.format.n_states == 0) {
        problems_at_key(d->problems, parts.state, "point '%s' is a number; write 'above' or 'below'",
                        point->node->key);
    } else {
        suppression->when = SUPPRESS_STATES;
        (void)read_states(d, point, parts.state, "it would never end", suppression->states,
                          &suppression->n_states);
    }
}

/* ---------------------------------------------------------------- alarms */

/* The point is not known: what is no number anywhere is a mistake all the same. */
static void check_values(struct draft *d, struct draft_alarm *alarm)
{
    if (alarm->state != NULL && alarm->state->kind != YAML_SEQUENCE)
        (void)scalar_is_value(d->problems, alarm->state, "the name of a state");
    if (alarm->limit == NULL)
        return;
    read_limit(d, alarm, NULL);
    read_step(d, alarm, NULL);
    if (alarm->time_to != NULL)
        read_time_to(d, alarm, NULL);
}

static void resolve_number(struct draft *d, struct draft_alarm *alarm, const struct draft_point *point)
{
    if (point->config.format.n_states > 0) {
        problems_at_key(d->problems, alarm->limit, "point '%s' has states, not numbers; write 'state'",
                        point->node->key);
        alarm->broken = true;
        return;
    }
    read_limit(d, alarm, point);
    read_step(d, alarm, point);
    if (alarm->time_to != NULL)
        read_time_to(d, alarm, point);
}

static void resolve_alarm(struct draft *d, struct draft_alarm *alarm, size_t asset)
{
    const struct draft_point *known = NULL;

    if (alarm->point_node != NULL && !d->assets[asset].no_points)
        alarm->point = draft_find(d, NAMES_POINT, asset, alarm->point_node, "point of this asset");
    if (alarm->point >= 0) {
        struct draft_point *point = &d->points[alarm->point];
        alarm->model.point = (uint16_t)alarm->point;
        if (alarm->model.priority > point->priority)
            point->priority = alarm->model.priority;
        point->has_alarm = true;
        point->life_safety = point->life_safety || alarm->config.life_safety;
        known = point->broken ? NULL : point;
    }
    if (known != NULL && known->derived && alarm->flatline != NULL)
        problems_at_key(
            d->problems, alarm->flatline,
            "'flatline' has no meaning here: cryomon derives '%s' itself, it may well stand still",
            known->config.id);
    if (known == NULL)
        check_values(d, alarm);
    else if (alarm->model.kind == CONDITION_STATE && alarm->state != NULL)
        resolve_states(d, alarm, known);
    else if (alarm->limit != NULL)
        resolve_number(d, alarm, known);
    if (alarm->disagrees_with != NULL)
        resolve_others(d, alarm, asset);
    if (alarm->deviation != NULL && alarm->from != NULL)
        resolve_from(d, alarm, asset, known);
    if (alarm->suppress_when != NULL)
        resolve_suppression(d, alarm, asset);
}

void resolve_alarms(struct draft *d)
{
    for (size_t i = 0; i < d->n_assets; i++) {
        const struct draft_asset *asset = &d->assets[i];
        for (size_t k = 0; k < asset->n_alarms; k++) {
            struct draft_alarm *alarm = &d->alarms[asset->first_alarm + k];
            resolve_alarm(d, alarm, i);
            if (alarm->point < 0)
                alarm->broken = true;
        }
    }
}
