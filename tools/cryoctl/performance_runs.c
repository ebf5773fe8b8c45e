/* performance_runs.c - when the daemon was running, and so something could be seen. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "performance_internal.h"

#define POINTS_ASKED 8 /* for the last reading before a crash: each poll of each point leaves a trace */

static void add_run(struct performance *p, int64_t from_us, int64_t to_us)
{
    from_us = from_us > p->from_us ? from_us : p->from_us;
    to_us = to_us < p->to_us ? to_us : p->to_us;
    if (to_us > from_us)
        p->observed_us += to_us - from_us;
}

/* It ended without a word: how long it went on is asked of the readings, afterwards. */
static void add_end(struct performance *p, int64_t next_us)
{
    if (p->n_ends >= ENDS_MAX) {
        add_run(p, p->run_from_us, p->last_us);
        p->left_out++;
        return;
    }
    if (p->ends == NULL)
        p->ends = calloc(ENDS_MAX, sizeof *p->ends);
    if (p->ends == NULL) {
        p->failed = true;
        return;
    }
    p->ends[p->n_ends++] =
        (struct end){.begin_us = p->run_from_us, .last_us = p->last_us, .next_us = next_us};
}

void performance_run(struct performance *p, const struct history_event *event, const json_t *body)
{
    if (strcmp(event->kind, "start") == 0) {
        if (p->running)
            add_end(p, event->utc_us);
        p->crashes += p->running;
        p->starts++;
        p->running = true;
        p->run_from_us = event->utc_us;
    } else if (strcmp(event->kind, "stop") == 0) {
        if (p->running)
            add_run(p, p->run_from_us, event->utc_us);
        p->stops++;
        p->running = false;
    } else if (strcmp(event->kind, "suspend") == 0) {
        json_int_t us = json_integer_value(json_object_get(body, "suspended_us"));
        p->suspended_us += us > 0 && us < p->to_us - p->from_us ? us : 0;
    } else if (!p->running && p->starts == 0 && p->stops == 0) { /* its start is not in the record */
        p->running = true;
        p->run_from_us = event->utc_us;
    }
    p->clock_steps += strcmp(event->kind, "clock") == 0;
    p->last_us = event->utc_us;
}

struct last {
    uint64_t seq;
    int64_t utc_us;
};

static bool take_last(void *context, const struct history_event *event)
{
    *(struct last *)context = (struct last){.seq = event->seq, .utc_us = event->utc_us};
    return false;
}

int performance_runs_begin(struct performance *p)
{
    struct last start = {0}, stop = {0};
    int result = history_event_before(p->reader, "start", p->from_us, take_last, &start);
    if (result >= 0)
        result = history_event_before(p->reader, "stop", p->from_us, take_last, &stop);
    if (result < 0)
        return result;
    p->known_before = start.seq > 0;
    p->running = start.seq > stop.seq;
    p->run_from_us = p->last_us = start.utc_us;
    return 0;
}

/* The last reading before a moment, of a few points: 0 when there is none. */
static int64_t last_reading(struct walk *walk, int64_t before_us)
{
    int64_t last_us = 0;
    size_t n = walk != NULL ? walk_count(walk) : 0;
    for (size_t i = 0; i < n && i < POINTS_ASKED; i++) {
        int64_t slot_us;
        if (walk_last_before(walk, i, before_us, &slot_us) > 0 && slot_us > last_us)
            last_us = slot_us;
    }
    return last_us;
}

/* How long the run that was on at the end of the range went on, at least. */
static int64_t last_sign(const struct performance *p, struct walk *walk)
{
    struct last start = {0}, stop = {0};
    int64_t soon_us = p->to_us + WALK_LEAD_US;
    (void)history_event_after(p->reader, "start", p->to_us, take_last, &start);
    (void)history_event_after(p->reader, "stop", p->to_us, take_last, &stop);
    if (stop.seq > 0 && (start.seq == 0 || stop.seq < start.seq))
        return stop.utc_us;
    int64_t last_us = last_reading(walk, start.seq > 0 && start.utc_us < soon_us ? start.utc_us : soon_us);
    return last_us > p->last_us ? last_us : p->last_us;
}

int performance_runs_end(struct performance *p)
{
    struct walk *walk = NULL;
    int result = p->n_ends > 0 || p->running ? walk_create(p->reader, NULL, NULL, &walk) : 0;
    for (size_t i = 0; i < p->n_ends; i++) {
        const struct end *e = &p->ends[i];
        /* Readings have whole milliseconds: the first of the next run may seem to be before its start. */
        int64_t last_us = last_reading(walk, e->next_us - e->next_us % MS_US);
        add_run(p, e->begin_us, last_us > e->last_us ? last_us : e->last_us);
    }
    if (p->running) {
        int64_t last_us = last_sign(p, walk);
        add_run(p, p->run_from_us, p->to_us - last_us <= ALIVE_US ? p->to_us : last_us);
    }
    walk_free(walk);
    p->observed_us -= p->suspended_us < p->observed_us ? p->suspended_us : p->observed_us;
    return result == -ENOMEM ? result : 0; /* without a history only events tell */
}
