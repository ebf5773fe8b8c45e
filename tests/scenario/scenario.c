/* scenario.c - runs scenario files against the alarm engine: scenario FILE... */
#include <errno.h>
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
};

static struct stamp stamp_at(int64_t boot_us)
{
    return (struct stamp){boot_us, boot_us + UTC_OFFSET_US};
}

static struct engine *create(const struct scenario *s, int64_t at_us)
{
    const struct engine_tables tables = {.points = s->points,
                                         .n_points = (uint16_t)s->n_points,
                                         .alarms = s->alarms,
                                         .n_alarms = (uint16_t)s->n_alarms};
    struct engine *engine = engine_create(&tables, stamp_at(at_us));

    if (engine == NULL) {
        fprintf(stderr, "out of memory\n");
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
        note(run, (struct outcome){.at_us = t.at.boot_us, .kind = t.kind, .index = t.alarm});
        if (t.at.boot_us != at_us || t.at.utc_us != at_us + UTC_OFFSET_US || t.to == t.from)
            mistake(run, 0, "a transition with a wrong time or state");
    }
}

static int feed(struct run *run, int64_t at_us, const struct event *event)
{
    const int rc = engine_feed(run->engine, stamp_at(at_us), event);

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

/* What state.db keeps, or what the core thread carries over a reload. */
static void renew(struct run *run, const struct action *action)
{
    const struct scenario *s = run->scenario;
    struct engine *next = create(s, action->at_us);

    for (unsigned i = 0; i < s->n_alarms; i++) {
        const struct alarm_memory memory = engine_memory(run->engine, (uint16_t)i);

        engine_restore(next, (uint16_t)i, &memory);
    }
    if (action->kind == ACTION_RELOAD) {
        for (unsigned i = 0; i < s->n_alarms; i++)
            engine_restore_pending(next, (uint16_t)i, engine_pending_since(run->engine, (uint16_t)i));
        for (unsigned i = 0; i < s->n_points; i++) {
            const struct point_view view = engine_point(run->engine, (uint16_t)i);

            engine_restore_point(next, (uint16_t)i, &view.reading, view.at, view.last_data_boot_us);
        }
    }
    engine_free(run->engine);
    run->engine = next;
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
    case ACTION_ACKNOWLEDGE:
        event.kind = EVENT_ACKNOWLEDGE;
        event.order.alarm = action->index;
        if ((feed(run, action->at_us, &event) == -EALREADY) != action->flag)
            mistake(run, action->line, action->flag ? "was acknowledged, not refused" : "was refused");
        break;
    case ACTION_RESTORE:
        memory = engine_memory_of_state(action->state);
        engine_restore(run->engine, action->index, &memory);
        break;
    case ACTION_CHECK:
        if (engine_alarm_state(run->engine, action->index) != action->state)
            mistake(run, action->line, alarm_state_name(engine_alarm_state(run->engine, action->index)));
        break;
    case ACTION_RESTART:
    case ACTION_RELOAD:
        renew(run, action);
        break;
    }
}

static bool is_same(const struct outcome *a, const struct outcome *b)
{
    return a->at_us == b->at_us && a->is_stale == b->is_stale && a->index == b->index &&
           (a->is_stale || a->kind == b->kind);
}

static void print(const struct scenario *s, const char *what, const struct outcome *o)
{
    fprintf(stderr, "    %-9s %" PRId64 "ms %s %s\n", what, o->at_us / 1000,
            o->is_stale ? "stale" : transition_name(o->kind),
            o->is_stale ? s->point_names[o->index] : s->alarm_names[o->index]);
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
    run->engine = create(scenario, 0);
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
