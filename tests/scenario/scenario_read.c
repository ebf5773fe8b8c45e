/* scenario_read.c - the text of a scenario: see scenario.h. */
#include <stdio.h>
#include <string.h>

#include "scenario_line.h"

static void read_point(struct scenario *s, struct line *line)
{
    if (s->n_points == SCENARIO_POINTS_MAX) {
        line_fail(line, "too many points");
        return;
    }
    line_name(line, s->point_names[s->n_points]);
    if (!line_next_is(line, "stale"))
        line_fail(line, "stale is expected");
    s->points[s->n_points].stale_after_ms = line_milliseconds(line);
    s->n_points++;
}

static void read_reading(struct line *line, struct reading *reading)
{
    const char *text = line_word(line);
    const char *name = line_word(line);

    if (strcmp(text, "bad") != 0) {
        reading->value = line_number(line, text);
        reading->raw = (uint32_t)(uint64_t)(reading->value /
                                            1000); /* what a device would send: finer than any value here */
        reading->quality = strcmp(name, "uncertain") == 0 ? QUALITY_UNCERTAIN : QUALITY_GOOD;
        if (strcmp(name, quality_name(reading->quality)) != 0)
            line_fail(line, "good or uncertain is expected");
        return;
    }
    reading->quality = QUALITY_BAD;
    for (unsigned i = 1; i < REASON_COUNT; i++)
        if (strcmp(reason_name((enum reason)i), name) == 0)
            reading->reason = (enum reason)i;
    if (reading->reason == REASON_NONE)
        line_fail(line, "no such reason");
}

static const char *const IS_NAMES[] = {[IS_ACTIVE] = "active", [IS_OVER] = "over", [IS_LATCHED] = "latched"};

/* What a person does to an alarm. */
static bool read_order(const struct scenario *s, struct line *line, struct action *action)
{
    static const struct {
        const char *name;
        enum event_kind event;
        bool has_end;
    } orders[] = {{"acknowledge", EVENT_ACKNOWLEDGE, false}, {"shelve", EVENT_SHELVE, true},
                  {"unshelve", EVENT_UNSHELVE, false},       {"out-of-service", EVENT_OUT_OF_SERVICE, true},
                  {"in-service", EVENT_IN_SERVICE, false},   {"reset", EVENT_RESET, false}};

    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
        if (!line_next_is(line, orders[i].name))
            continue;
        action->kind = ACTION_ORDER;
        action->order = orders[i].event;
        action->index = line_alarm(s, line);
        if (orders[i].has_end && !line_next_is(line, "for"))
            line_fail(line, "for is expected");
        if (orders[i].has_end)
            action->for_us = line_duration(line);
        action->one_shot = line_next_is(line, "one-shot");
        action->flag = line_next_is(line, "refused");
        return true;
    }
    return false;
}

static struct action read_action(const struct scenario *s, struct line *line)
{
    struct action action = {.line = line->number};

    if (line_next_is(line, "sample")) {
        action.kind = ACTION_SAMPLE;
        action.index = line_point(s, line);
        read_reading(line, &action.reading);
    } else if (line_next_is(line, "fault")) {
        action.kind = ACTION_FAULT;
        action.fault = line_fault(line);
        action.flag = line_next_is(line, "failed");
        if (!action.flag && !line_next_is(line, "well"))
            line_fail(line, "failed or well is expected");
    } else if (read_order(s, line, &action)) {
        return action;
    } else if (line_next_is(line, "feed")) {
        action.kind = ACTION_FEED;
        action.index = line_alarm(s, line);
        action.flag = line_next_is(line, "holds");
        if (!action.flag && !line_next_is(line, "over"))
            line_fail(line, "holds or over is expected");
    } else if (line_next_is(line, "clock")) {
        action.kind = ACTION_CLOCK;
        action.flag = line_next_is(line, "forward");
        if (!action.flag && !line_next_is(line, "back"))
            line_fail(line, "forward or back is expected");
        action.for_us = line_duration(line);
    } else if (line_next_is(line, "restore") || line_next_is(line, "check")) {
        action.kind = strcmp(line->words[line->next - 1], "check") == 0 ? ACTION_CHECK : ACTION_RESTORE;
        action.index = line_alarm(s, line);
        action.state = line_state(line);
        for (enum is is = IS_ACTIVE; is <= IS_LATCHED; is++)
            if (line_next_is(line, IS_NAMES[is]))
                action.is = is;
    } else if (line_next_is(line, "restart")) {
        action.kind = ACTION_RESTART;
    } else if (line_next_is(line, "reload")) {
        action.kind = ACTION_RELOAD;
    } else {
        line_fail(line, "no such action");
    }
    return action;
}

/* Keeps the actions in order of time, and those of the same time in order of their lines. */
static void add_action(struct scenario *s, struct line *line, struct action action, int64_t at_us)
{
    unsigned place = s->n_actions;

    if (s->n_actions == SCENARIO_ACTIONS_MAX) {
        line_fail(line, "too many actions");
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
    const int64_t step = line_duration(line);
    int64_t from, to;
    struct action action;

    if (!line_next_is(line, "from"))
        line_fail(line, "from is expected");
    from = line_duration(line);
    if (!line_next_is(line, "to"))
        line_fail(line, "to is expected");
    to = line_duration(line);
    action = read_action(s, line);
    if (step == 0)
        line_fail(line, "the step is zero");
    for (int64_t at = from; at <= to && line->fault == NULL; at += step)
        add_action(s, line, action, at);
}

static enum transition_why read_why(struct line *line)
{
    const char *name = line_word(line);

    for (enum transition_why why = WHY_PERSON; why <= WHY_UNRESOLVED; why++)
        if (strcmp(transition_why_name(why), name) == 0)
            return why;
    line_fail(line, "no such reason");
    return WHY_NONE;
}

static void read_expect(struct scenario *s, struct line *line)
{
    struct outcome expect = {.line = line->number, .at_us = line_duration(line)};
    const char *what = line_word(line);

    if (s->n_expects == SCENARIO_EXPECTS_MAX) {
        line_fail(line, "too many expectations");
        return;
    }
    if (strcmp(what, "stale") == 0) {
        expect.is_stale = true;
        expect.index = line_point(s, line);
    } else {
        while (expect.kind < TRANSITION_KINDS && strcmp(transition_name(expect.kind), what) != 0)
            expect.kind++;
        if (expect.kind == TRANSITION_KINDS)
            line_fail(line, "raised, returned, acknowledged, shelved... or stale is expected");
        expect.index = line_alarm(s, line);
        expect.has_why = line_next_is(line, "by");
        if (expect.has_why)
            expect.why = read_why(line);
        expect.has_state = line_next_is(line, "to");
        if (expect.has_state)
            expect.to = line_state(line);
    }
    s->expects[s->n_expects++] = expect;
}

static void read_line(struct scenario *s, struct line *line)
{
    if (line_next_is(line, "point")) {
        read_point(s, line);
    } else if (line_next_is(line, "alarm")) {
        scenario_read_alarm(s, line);
    } else if (line_next_is(line, "every")) {
        read_every(s, line);
    } else if (line_next_is(line, "expect")) {
        read_expect(s, line);
    } else if (line_next_is(line, "at")) {
        const int64_t at = line_duration(line);
        add_action(s, line, read_action(s, line), at);
    } else if (line_next_is(line, "until")) {
        const int64_t until = line_duration(line);
        s->until_us = until > s->until_us ? until : s->until_us;
    } else {
        line_fail(line, "point, alarm, at, every, expect or until is expected");
    }
    if (line->next < line->n)
        line_fail(line, "something is left over at the end of the line");
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

        line_split(&line, text);
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
