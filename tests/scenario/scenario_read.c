/* scenario_read.c - the text of a scenario: see scenario.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scenario.h"

#define WORDS_MAX 16

struct line {
    unsigned number;
    unsigned n, next;
    char *words[WORDS_MAX];
    const char *fault; /* the first mistake */
};

static void fail(struct line *line, const char *fault)
{
    if (line->fault == NULL)
        line->fault = fault;
}

/* The next word, or "" after the last. */
static const char *word(struct line *line)
{
    return line->next < line->n ? line->words[line->next++] : "";
}

static bool next_is(struct line *line, const char *text)
{
    if (line->next >= line->n || strcmp(line->words[line->next], text) != 0)
        return false;
    line->next++;
    return true;
}

static micro_t number(struct line *line, const char *text)
{
    char *end;
    double value;

    errno = 0;
    value = strtod(text, &end);
    if (end == text || *end != '\0' || errno != 0 || !(value > -1e9 && value < 1e9))
        fail(line, "a number is expected");
    return line->fault != NULL ? 0 : (micro_t)(value * 1e6 + (value < 0 ? -0.5 : 0.5));
}

static int64_t duration(struct line *line)
{
    static const struct {
        const char *name;
        int64_t us;
    } units[] = {{"ms", 1000}, {"s", 1000000}, {"min", 60000000}, {"h", INT64_C(3600000000)}};
    const char *text = word(line);
    char *end;
    const long value = strtol(text, &end, 10);

    if (end != text && value >= 0 && value < 1000000)
        for (size_t i = 0; i < sizeof units / sizeof *units; i++)
            if (strcmp(end, units[i].name) == 0)
                return value * units[i].us;
    fail(line, "a time with ms, s, min or h is expected");
    return 0;
}

static uint32_t milliseconds(struct line *line)
{
    return (uint32_t)(duration(line) / 1000);
}

static uint16_t find(struct line *line, const char (*names)[SCENARIO_NAME_MAX], unsigned n, const char *fault)
{
    const char *name = word(line);

    for (unsigned i = 0; i < n; i++)
        if (strcmp(names[i], name) == 0)
            return (uint16_t)i;
    fail(line, fault);
    return 0;
}

static uint16_t find_point(const struct scenario *s, struct line *line)
{
    return find(line, s->point_names, s->n_points, "no such point");
}

static uint16_t find_alarm(const struct scenario *s, struct line *line)
{
    return find(line, s->alarm_names, s->n_alarms, "no such alarm");
}

static enum system_fault find_fault(struct line *line)
{
    const char *name = word(line);

    for (unsigned i = 0; i < FAULT_COUNT; i++)
        if (strcmp(engine_fault_name((enum system_fault)i), name) == 0)
            return (enum system_fault)i;
    fail(line, "no such fault");
    return FAULT_STATE_DB;
}

static enum alarm_state find_state(struct line *line)
{
    const char *name = word(line);

    for (unsigned i = 0; i <= ALARM_RETURNED_UNACKNOWLEDGED; i++)
        if (strcmp(alarm_state_name((enum alarm_state)i), name) == 0)
            return (enum alarm_state)i;
    fail(line, "no such state");
    return ALARM_NORMAL;
}

static void read_name(struct line *line, char name[SCENARIO_NAME_MAX])
{
    const char *text = word(line);

    if (strlen(text) == 0 || strlen(text) >= SCENARIO_NAME_MAX)
        fail(line, "a short name is expected");
    else
        strcpy(name, text);
}

static void read_point(struct scenario *s, struct line *line)
{
    if (s->n_points == SCENARIO_POINTS_MAX) {
        fail(line, "too many points");
        return;
    }
    read_name(line, s->point_names[s->n_points]);
    if (!next_is(line, "stale"))
        fail(line, "stale is expected");
    s->points[s->n_points].stale_after_ms = milliseconds(line);
    s->n_points++;
}

static void read_states(struct line *line, struct alarm_model *model)
{
    char *save, *text = line->next < line->n ? line->words[line->next++] : NULL;

    for (text = text != NULL ? strtok_r(text, ",", &save) : NULL; text != NULL;
         text = strtok_r(NULL, ",", &save)) {
        if (model->n_states == ALARM_STATES_MAX) {
            fail(line, "too many states");
            return;
        }
        model->states[model->n_states++] = number(line, text);
    }
    if (model->n_states == 0)
        fail(line, "a state is expected");
}

static void read_alarm(struct scenario *s, struct line *line)
{
    static const char *const kinds[] = {"high", "low", "state", "no-data", "bad", "flatline", "fault"};
    struct alarm_model *model = &s->alarms[s->n_alarms];
    unsigned kind = 0;

    if (s->n_alarms == SCENARIO_ALARMS_MAX) {
        fail(line, "too many alarms");
        return;
    }
    read_name(line, s->alarm_names[s->n_alarms]);
    while (kind <= CONDITION_FAULT && !next_is(line, kinds[kind]))
        kind++;
    if (kind > CONDITION_FAULT) {
        fail(line, "high, low, state, no-data, bad, flatline or fault is expected");
        return;
    }
    model->kind = (enum condition_kind)kind;
    if (model->kind == CONDITION_FAULT)
        model->fault = find_fault(line);
    else
        model->point = find_point(s, line);
    if (model->kind == CONDITION_STATE)
        read_states(line, model);
    else if (model->kind == CONDITION_HIGH || model->kind == CONDITION_LOW)
        model->limit = number(line, word(line));
    if (next_is(line, "deadband"))
        model->deadband = number(line, word(line));
    if (next_is(line, "on"))
        model->on_delay_ms = milliseconds(line);
    if (next_is(line, "off"))
        model->off_delay_ms = milliseconds(line);
    s->n_alarms++;
}

static void read_reading(struct line *line, struct reading *reading)
{
    const char *text = word(line);
    const char *name = word(line);

    if (strcmp(text, "bad") != 0) {
        reading->value = number(line, text);
        reading->raw = (uint32_t)(uint64_t)(reading->value /
                                            1000); /* what a device would send: finer than any value here */
        reading->quality = strcmp(name, "uncertain") == 0 ? QUALITY_UNCERTAIN : QUALITY_GOOD;
        if (strcmp(name, quality_name(reading->quality)) != 0)
            fail(line, "good or uncertain is expected");
        return;
    }
    reading->quality = QUALITY_BAD;
    for (unsigned i = 1; i < REASON_COUNT; i++)
        if (strcmp(reason_name((enum reason)i), name) == 0)
            reading->reason = (enum reason)i;
    if (reading->reason == REASON_NONE)
        fail(line, "no such reason");
}

static struct action read_action(const struct scenario *s, struct line *line)
{
    struct action action = {.line = line->number};

    if (next_is(line, "sample")) {
        action.kind = ACTION_SAMPLE;
        action.index = find_point(s, line);
        read_reading(line, &action.reading);
    } else if (next_is(line, "fault")) {
        action.kind = ACTION_FAULT;
        action.fault = find_fault(line);
        action.flag = next_is(line, "failed");
        if (!action.flag && !next_is(line, "well"))
            fail(line, "failed or well is expected");
    } else if (next_is(line, "acknowledge")) {
        action.kind = ACTION_ACKNOWLEDGE;
        action.index = find_alarm(s, line);
        action.flag = next_is(line, "refused");
    } else if (next_is(line, "restore") || next_is(line, "check")) {
        action.kind = strcmp(line->words[line->next - 1], "check") == 0 ? ACTION_CHECK : ACTION_RESTORE;
        action.index = find_alarm(s, line);
        action.state = find_state(line);
    } else if (next_is(line, "restart")) {
        action.kind = ACTION_RESTART;
    } else if (next_is(line, "reload")) {
        action.kind = ACTION_RELOAD;
    } else {
        fail(line, "no such action");
    }
    return action;
}

/* Keeps the actions in order of time, and those of the same time in order of their lines. */
static void add_action(struct scenario *s, struct line *line, struct action action, int64_t at_us)
{
    unsigned place = s->n_actions;

    if (s->n_actions == SCENARIO_ACTIONS_MAX) {
        fail(line, "too many actions");
        return;
    }
    action.at_us = at_us;
    for (; place > 0 && s->actions[place - 1].at_us > at_us; place--)
        s->actions[place] = s->actions[place - 1];
    s->actions[place] = action;
    s->n_actions++;
    if (s->until_us < at_us)
        s->until_us = at_us;
}

static void read_every(struct scenario *s, struct line *line)
{
    const int64_t step = duration(line);
    int64_t from, to;
    struct action action;

    if (!next_is(line, "from"))
        fail(line, "from is expected");
    from = duration(line);
    if (!next_is(line, "to"))
        fail(line, "to is expected");
    to = duration(line);
    action = read_action(s, line);
    if (step == 0)
        fail(line, "the step is zero");
    for (int64_t at = from; at <= to && line->fault == NULL; at += step)
        add_action(s, line, action, at);
}

static void read_expect(struct scenario *s, struct line *line)
{
    struct outcome expect = {.line = line->number, .at_us = duration(line)};
    const char *what = word(line);

    if (s->n_expects == SCENARIO_EXPECTS_MAX) {
        fail(line, "too many expectations");
        return;
    }
    if (strcmp(what, "stale") == 0) {
        expect.is_stale = true;
        expect.index = find_point(s, line);
    } else {
        while (expect.kind <= TRANSITION_RETURNED && strcmp(transition_name(expect.kind), what) != 0)
            expect.kind++;
        if (expect.kind > TRANSITION_RETURNED)
            fail(line, "raised, returned, acknowledged or stale is expected");
        expect.index = find_alarm(s, line);
    }
    s->expects[s->n_expects++] = expect;
}

static void read_line(struct scenario *s, struct line *line)
{
    if (next_is(line, "point")) {
        read_point(s, line);
    } else if (next_is(line, "alarm")) {
        read_alarm(s, line);
    } else if (next_is(line, "every")) {
        read_every(s, line);
    } else if (next_is(line, "expect")) {
        read_expect(s, line);
    } else if (next_is(line, "at")) {
        const int64_t at = duration(line);
        add_action(s, line, read_action(s, line), at);
    } else if (next_is(line, "until")) {
        const int64_t until = duration(line);
        s->until_us = until > s->until_us ? until : s->until_us;
    } else {
        fail(line, "point, alarm, at, every, expect or until is expected");
    }
    if (line->next < line->n)
        fail(line, "something is left over at the end of the line");
}

static void split(struct line *line, char *text)
{
    char *save;

    text[strcspn(text, "#\n")] = '\0';
    for (char *w = strtok_r(text, " \t", &save); w != NULL; w = strtok_r(NULL, " \t", &save)) {
        if (line->n == WORDS_MAX) {
            fail(line, "too many words");
            return;
        }
        line->words[line->n++] = w;
    }
}

bool scenario_read(const char *path, struct scenario *ret)
{
    char text[512];
    unsigned lines = 0;
    bool ok = true;
    FILE *file = fopen(path, "r");

    if (file == NULL) {
        perror(path);
        return false;
    }
    while (fgets(text, sizeof text, file) != NULL) {
        struct line line = {.number = ++lines};

        split(&line, text);
        if (line.n > 0 && line.fault == NULL)
            read_line(ret, &line);
        if (line.fault != NULL) {
            fprintf(stderr, "%s:%u: %s\n", path, lines, line.fault);
            ok = false;
        }
    }
    fclose(file);
    return ok;
}
