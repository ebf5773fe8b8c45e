/* scenario_alarm.c - the line of an alarm: see scenario.h. */
#include <stdlib.h>
#include <string.h>

#include "scenario_line.h"

static uint16_t count(struct line *line)
{
    const micro_t value = line_number(line, line_word(line));

    if (value <= 0 || value > 1000 * MICRO_PER_UNIT)
        line_fail(line, "a number of things is expected");
    return (uint16_t)(value / MICRO_PER_UNIT);
}

static void read_members(struct scenario *s, struct line *line, struct alarm_model *model)
{
    model->first_member = s->n_members;
    model->n_members = line_alarms(s, line, &s->members[s->n_members], SCENARIO_MEMBERS_MAX - s->n_members);
    s->n_members += model->n_members;
    if (!line_next_is(line, "at-least"))
        line_fail(line, "at-least is expected");
    model->at_least = count(line);
}

static void read_window(struct line *line, struct alarm_model *model)
{
    if (!line_next_is(line, "within"))
        line_fail(line, "within is expected");
    model->window_ms = line_milliseconds(line);
}

static void read_rate(const struct scenario *s, struct line *line, struct alarm_model *model)
{
    model->point = line_point(s, line);
    model->direction = line_next_is(line, "falling") ? DIRECTION_FALLING : DIRECTION_RISING;
    if (model->direction == DIRECTION_RISING && !line_next_is(line, "rising"))
        line_fail(line, "rising or falling is expected");
    model->limit = line_number(line, line_word(line));
    read_window(line, model);
}

static void read_deviation(const struct scenario *s, struct line *line, struct alarm_model *model)
{
    model->point = line_point(s, line);
    if (line_next_is(line, "of")) {
        model->others[0] = line_point(s, line);
        model->n_others = 1;
    } else if (line_next_is(line, "from")) {
        model->setpoint = line_number(line, line_word(line));
    } else {
        line_fail(line, "of POINT or from NUMBER is expected");
    }
    model->limit = line_number(line, line_word(line));
}

static void read_disagree(const struct scenario *s, struct line *line, struct alarm_model *model)
{
    uint16_t points[1 + ALARM_OTHERS_MAX] = {0};
    const unsigned n = line_points(s, line, points, 1 + ALARM_OTHERS_MAX);

    model->point = points[0];
    model->n_others = n > 0 ? (uint8_t)(n - 1) : 0;
    memcpy(model->others, points + 1, sizeof model->others);
    model->limit = line_number(line, line_word(line));
}

/* What stands behind the kind. */
static void read_condition(struct scenario *s, struct line *line, struct alarm_model *model)
{
    switch (model->kind) {
    case CONDITION_FAULT:
        model->fault = line_fault(line);
        break;
    case CONDITION_GROUP:
        read_members(s, line, model);
        break;
    case CONDITION_CHATTER:
        read_members(s, line, model);
        read_window(line, model);
        break;
    case CONDITION_RATE:
        read_rate(s, line, model);
        break;
    case CONDITION_DEVIATION:
        read_deviation(s, line, model);
        break;
    case CONDITION_DISAGREE:
        read_disagree(s, line, model);
        break;
    case CONDITION_FED:
        break;
    default:
        model->point = line_point(s, line);
        if (model->kind == CONDITION_STATE)
            model->n_states = line_states(line, model->states);
        else if (model->kind == CONDITION_HIGH || model->kind == CONDITION_LOW)
            model->limit = line_number(line, line_word(line));
    }
}

static void read_suppression(const struct scenario *s, struct line *line, struct suppression *suppression)
{
    suppression->point = line_point(s, line);
    if (line_next_is(line, "is")) {
        suppression->when = SUPPRESS_STATES;
        suppression->n_states = line_states(line, suppression->states);
    } else {
        suppression->when = line_next_is(line, "above") ? SUPPRESS_ABOVE : SUPPRESS_BELOW;
        if (suppression->when == SUPPRESS_BELOW && !line_next_is(line, "below"))
            line_fail(line, "is, above or below is expected");
        suppression->limit = line_number(line, line_word(line));
    }
    if (!line_next_is(line, "for"))
        line_fail(line, "for is expected");
    suppression->at_most_ms = line_milliseconds(line);
}

static void read_option(const struct scenario *s, struct line *line, struct alarm_model *model)
{
    if (line_next_is(line, "deadband"))
        model->deadband = line_number(line, line_word(line));
    else if (line_next_is(line, "on"))
        model->on_delay_ms = line_milliseconds(line);
    else if (line_next_is(line, "off"))
        model->off_delay_ms = line_milliseconds(line);
    else if (line_next_is(line, "protected"))
        model->protected = true;
    else if (line_next_is(line, "latching"))
        model->latching = true;
    else if (line_next_is(line, "shelve-max"))
        model->shelve_max_ms = line_milliseconds(line);
    else if (line_next_is(line, "service-max"))
        model->oos_max_ms = line_milliseconds(line);
    else if (line_next_is(line, "realarm-after"))
        model->realarm_after_ms = line_milliseconds(line);
    else if (line_next_is(line, "realarm-step"))
        model->realarm_step = line_number(line, line_word(line));
    else if (line_next_is(line, "suppressed-when"))
        read_suppression(s, line, &model->suppression);
    else
        line_fail(line, "no such option");
}

void scenario_read_alarm(struct scenario *s, struct line *line)
{
    static const char *const kinds[CONDITION_KINDS] = {
        [CONDITION_HIGH] = "high",         [CONDITION_LOW] = "low",
        [CONDITION_STATE] = "state",       [CONDITION_NO_DATA] = "no-data",
        [CONDITION_BAD] = "bad",           [CONDITION_FLATLINE] = "flatline",
        [CONDITION_FAULT] = "fault",       [CONDITION_DATE] = "", /* test_engine_dates */
        [CONDITION_RATE] = "rate",         [CONDITION_DEVIATION] = "deviation",
        [CONDITION_DISAGREE] = "disagree", [CONDITION_CHATTER] = "chatter",
        [CONDITION_GROUP] = "group",       [CONDITION_FED] = "fed",
    };
    struct alarm_model *model = &s->alarms[s->n_alarms];
    unsigned kind = 0;

    if (s->n_alarms == SCENARIO_ALARMS_MAX) {
        line_fail(line, "too many alarms");
        return;
    }
    line_name(line, s->alarm_names[s->n_alarms]);
    while (kind < CONDITION_KINDS && !line_next_is(line, kinds[kind]))
        kind++;
    if (kind == CONDITION_KINDS) {
        line_fail(line, "high, low, state, no-data, bad, flatline, fault, rate... is expected");
        return;
    }
    model->kind = (enum condition_kind)kind;
    read_condition(s, line, model);
    while (line->next < line->n && line->fault == NULL)
        read_option(s, line, model);
    s->n_alarms++;
}
