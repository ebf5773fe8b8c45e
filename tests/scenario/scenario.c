/* scenario.c - runs scenario files against the alarm engine: scenario FILE... */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scenario.h"

/* A wall clock that has nothing to do with the boot time, as in life. */
#define UTC_OFFSET_US INT64_C(1700000000000000)

struct run {
    const char *path;
    const struct scenario *scenario;
    struct engine *engine;
    struct outcome got[SCENARIO_EXPECTS_MAX];
    unsigned n_got;
    unsigned mistakes;
    int64_t offset_us;                            /* of the wall clock from the boot time */
    enum alarm_state states[SCENARIO_ALARMS_MAX]; /* as the transitions tell them */
};

static struct stamp stamp_at(const struct run *run, int64_t boot_us)
{
    return (struct stamp){boot_us, boot_us + run->offset_us};
}

static struct engine *create(const struct run *run, int64_t at_us)
{
    const struct scenario *s = run->scenario;
    const struct engine_tables tables = {.points = s->points,
                                         .n_points = (uint16_t)s->n_points,
                                         .alarms = s->alarms,
                                         .n_alarms = (uint16_t)s->n_alarms,
                                         .members = s->members,
                                         .n_members = s->n_members};
    struct engine *engine = engine_create(&tables, stamp_at(run, at_us));

    if (engine == NULL) {
        fprintf(stderr, "%s: no such engine can be\n", run->path);
        exit(EXIT_FAILURE);
    }
    return engine;
}

static void mistake(struct run *run, unsigned line, const char *text)
{
    fprintf(stderr, "%s:%u: %s\n", run->path, line, text);
    run->mistakes++;
}

static void note(struct run *run, struct outcome outcome)
{
    if (run->n_got < SCENARIO_EXPECTS_MAX)
        run->got[run->n_got++] = outcome;
}

static void collect(struct run *run, int64_t at_us)
{
    struct transition t;
    uint16_t point;

    while (engine_take_stale(run->engine, &point))
        note(run, (struct outcome){.at_us = at_us, .is_stale = true, .index = point});
    while (engine_take(run->engine, &t)) {
        note(run, (struct outcome){.at_us = t.at.boot_us,
                                   .kind = t.kind,
                                   .index = t.alarm,
                                   .has_why = true,
                                   .why = t.why,
                                   .has_state = true,
                                   .to = t.to});
        if (t.at.boot_us != at_us || t.at.utc_us != at_us + run->offset_us ||
            t.from != run->states[t.alarm] || t.to != engine_alarm_state(run->engine, t.alarm))
            mistake(run, 0, "a transition with a wrong time or state");
        run->states[t.alarm] = t.to;
    }
}

static int feed(struct run *run, int64_t at_us, const struct event *event)
{
    const int rc = engine_feed(run->engine, stamp_at(run, at_us), event);

    collect(run, at_us);
    return rc;
}

static void pass_time(struct run *run, int64_t until_us)
{
    const struct event tick = {.kind = EVENT_TICK};
    int64_t at_us;

    while ((at_us = engine_next_deadline(run->engine)) <= until_us)
        feed(run, at_us, &tick);
}

static void carry_over(const struct run *run, struct engine *next, uint16_t alarm)
{
    engine_restore_pending(next, alarm, engine_pending_since(run->engine, alarm));
    engine_inherit_alarm(next, alarm, run->engine, alarm);
}

/* What state.db keeps, or what the core thread carries over a reload. */
static void renew(struct run *run, const struct action *action)
{
    const struct scenario *s = run->scenario;
    struct engine *next = create(run, action->at_us);

    for (unsigned i = 0; i < s->n_alarms; i++) {
        struct alarm_memory memory = engine_memory(run->engine, (uint16_t)i);

        for (unsigned hold = 0; hold < HOLD_COUNT && action->kind == ACTION_RESTART; hold++)
            memory.until_boot_us[hold] = INT64_MAX;
        if (action->kind == ACTION_RESTART)
            memory.acked_boot_us = INT64_MAX;
        engine_restore(next, (uint16_t)i, &memory);
        run->states[i] = engine_alarm_state(next, (uint16_t)i);
    }
    if (action->kind == ACTION_RELOAD) {
        for (unsigned i = 0; i < s->n_alarms; i++)
            carry_over(run, next, (uint16_t)i);
        for (unsigned i = 0; i < s->n_points; i++) {
            const struct point_view view = engine_point(run->engine, (uint16_t)i);

            engine_restore_point(next, (uint16_t)i, &view.reading, view.at, view.last_data_boot_us);
            engine_inherit_point(next, (uint16_t)i, run->engine, (uint16_t)i);
        }
    }
    engine_free(run->engine);
    run->engine = next;
}

static void check(struct run *run, const struct action *action)
{
    const struct alarm_view view = engine_hold(run->engine, action->index);

    if (view.state != action->state || engine_alarm_state(run->engine, action->index) != action->state)
        mistake(run, action->line, alarm_state_name(view.state));
    if ((action->is == IS_ACTIVE && !view.active) || (action->is == IS_OVER && view.active) ||
        (action->is == IS_LATCHED && !view.latched))
        mistake(run, action->line,
                view.active    ? "it is active"
                : view.latched ? "it is latched"
                               : "it is over");
}

static void give_order(struct run *run, const struct action *action)
{
    const struct event event = {.kind = action->order,
                                .order = {.alarm = action->index,
                                          .until_utc_us = action->at_us + run->offset_us + action->for_us,
                                          .one_shot = action->one_shot}};

    if ((feed(run, action->at_us, &event) < 0) != action->flag)
        mistake(run, action->line, action->flag ? "was done, not refused" : "was refused");
}

static void act(struct run *run, const struct action *action)
{
    struct event event = {.kind = EVENT_TICK};
    struct alarm_memory memory;

    switch (action->kind) {
    case ACTION_SAMPLE:
        event.kind = EVENT_SAMPLE;
        event.sample.point = action->index;
        event.sample.reading = action->reading;
        feed(run, action->at_us, &event);
        break;
    case ACTION_FAULT:
        event.kind = EVENT_FAULT;
        event.fault.fault = action->fault;
        event.fault.failed = action->flag;
        feed(run, action->at_us, &event);
        break;
    case ACTION_FEED:
        event.kind = EVENT_CONDITION;
        event.condition.alarm = action->index;
        event.condition.holds = action->flag;
        feed(run, action->at_us, &event);
        break;
    case ACTION_ORDER:
        give_order(run, action);
        break;
    case ACTION_CLOCK:
        run->offset_us += action->flag ? action->for_us : -action->for_us;
        break;
    case ACTION_RESTORE:
        memory = engine_memory_of_state(action->state);
        engine_restore(run->engine, action->index, &memory);
        run->states[action->index] = engine_alarm_state(run->engine, action->index);
        break;
    case ACTION_CHECK:
        check(run, action);
        break;
    case ACTION_RESTART:
    case ACTION_RELOAD:
        renew(run, action);
        break;
    }
}

static bool is_same(const struct outcome *expected, const struct outcome *got)
{
    return expected->at_us == got->at_us && expected->is_stale == got->is_stale &&
           expected->index == got->index &&
           (got->is_stale ||
            (expected->kind == got->kind && (!expected->has_why || expected->why == got->why) &&
             (!expected->has_state || expected->to == got->to)));
}

static void print(const struct scenario *s, const char *what, const struct outcome *o)
{
    fprintf(stderr, "    %-9s %" PRId64 "ms %s %s", what, o->at_us / 1000,
            o->is_stale ? "stale" : transition_name(o->kind),
            o->is_stale ? s->point_names[o->index] : s->alarm_names[o->index]);
    if (o->has_why && o->why != WHY_NONE)
        fprintf(stderr, " by %s", transition_why_name(o->why));
    if (o->has_state)
        fprintf(stderr, " to %s", alarm_state_name(o->to));
    fputc('\n', stderr);
}

static void compare(struct run *run)
{
    const struct scenario *s = run->scenario;
    unsigned i = 0;

    while (i < s->n_expects && i < run->n_got && is_same(&s->expects[i], &run->got[i]))
        i++;
    if (i == s->n_expects && i == run->n_got)
        return;
    mistake(run, i < s->n_expects ? s->expects[i].line : 0, "from here on it happened otherwise");
    for (unsigned k = i; k < s->n_expects; k++)
        print(s, "expected", &s->expects[k]);
    for (unsigned k = i; k < run->n_got; k++)
        print(s, "happened", &run->got[k]);
}

static bool run_file(const char *path)
{
    struct scenario *scenario = calloc(1, sizeof *scenario);
    struct run *run = calloc(1, sizeof *run);
    bool ok = false;

    if (scenario == NULL || run == NULL || !scenario_read(path, scenario))
        goto fail;
    run->path = path;
    run->scenario = scenario;
    run->offset_us = UTC_OFFSET_US;
    run->engine = create(run, 0);
    for (unsigned i = 0; i < scenario->n_actions; i++) {
        pass_time(run, scenario->actions[i].at_us);
        act(run, &scenario->actions[i]);
    }
    pass_time(run, scenario->until_us);
    compare(run);
    ok = run->mistakes == 0;
    printf("%s %s: %u actions, %u outcomes\n", ok ? "ok" : "FAILED", path, scenario->n_actions, run->n_got);
fail:
    if (run != NULL)
        engine_free(run->engine);
    free(run);
    free(scenario);
    return ok;
}

int main(int argc, char **argv)
{
    bool ok = argc > 1;

    for (int i = 1; i < argc; i++)
        ok = run_file(argv[i]) && ok;
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
