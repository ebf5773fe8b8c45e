/* record_clock.c - see record_clock.h. */
#include "record_clock.h"

#include <string.h>

#include <jansson.h>

#define SLACK_US INT64_C(60000000) /* the daemon sees a step a little later than it was */

static bool take(void *context, const struct history_event *event)
{
    struct record_clock *clock = context;
    json_t *body = json_loads(event->body, 0, NULL);
    const int64_t step_us = json_integer_value(json_object_get(body, "step_us"));

    json_decref(body);
    if (step_us == 0 || step_us > RECORD_CLOCK_MOST_US || step_us < -RECORD_CLOCK_MOST_US)
        return true;
    if (clock->n == RECORD_CLOCK_STEPS)
        memmove(clock->steps, clock->steps + 1, --clock->n * sizeof *clock->steps);
    clock->steps[clock->n++] = (struct record_clock_step){event->seq, event->utc_us, step_us};
    return true;
}

int record_clock_read(struct history_reader *reader, int64_t from_us, int64_t to_us, struct record_clock *ret)
{
    const struct history_filter filter = {.kind = "clock"};

    *ret = (struct record_clock){.n = 0};
    if (from_us > INT64_MIN + RECORD_CLOCK_MOST_US)
        from_us -= RECORD_CLOCK_MOST_US;
    if (to_us < INT64_MAX - RECORD_CLOCK_MOST_US)
        to_us += RECORD_CLOCK_MOST_US;
    const int64_t n = history_events_where(reader, &filter, from_us, to_us, take, ret);
    return n < 0 ? (int)n : 0;
}

/* The wall clock of a step: passed twice, or not at all. */
static void stretch(const struct record_clock_step *step, int64_t *from_us, int64_t *to_us)
{
    const int64_t before_us = step->utc_us - step->step_us;

    *from_us = (before_us < step->utc_us ? before_us : step->utc_us) - SLACK_US;
    *to_us = (before_us < step->utc_us ? step->utc_us : before_us) + SLACK_US;
}

void record_clock_widen(const struct record_clock *clock, int64_t *from_us, int64_t *to_us)
{
    bool wider = true;

    while (wider) { /* each turn but the last takes in one step more */
        wider = false;
        for (unsigned i = 0; i < clock->n; i++) {
            int64_t begin_us, end_us;
            stretch(&clock->steps[i], &begin_us, &end_us);
            if (begin_us >= *to_us || end_us <= *from_us || (begin_us >= *from_us && end_us <= *to_us))
                continue;
            wider = true;
            *from_us = begin_us < *from_us ? begin_us : *from_us;
            *to_us = end_us > *to_us ? end_us : *to_us;
        }
    }
}

static void pass(struct record_clock_walk *walk)
{
    walk->shift_us += walk->clock->steps[walk->next++].step_us;
}

void record_clock_begin(struct record_clock_walk *walk, const struct record_clock *clock, int64_t from_us)
{
    unsigned passed = 0;

    *walk = (struct record_clock_walk){.clock = clock, .last_us = INT64_MIN};
    for (unsigned i = 0; i < clock->n; i++) {
        int64_t begin_us, end_us;
        stretch(&clock->steps[i], &begin_us, &end_us);
        if (end_us <= from_us)
            passed = i + 1;
    }
    while (walk->next < passed)
        pass(walk);
}

/* Has the next step come, when this is read after that? */
static bool has_come(const struct record_clock_walk *walk, int64_t utc_us)
{
    const struct record_clock_step *step = &walk->clock->steps[walk->next];
    const int64_t before_us = step->utc_us - step->step_us;

    if (step->step_us > 0)
        return utc_us > before_us + step->step_us / 2;
    return (walk->last_us != INT64_MIN && utc_us < walk->last_us + step->step_us / 2) ||
           utc_us > before_us + SLACK_US;
}

int64_t record_clock_place(struct record_clock_walk *walk, int64_t utc_us)
{
    while (walk->next < walk->clock->n && has_come(walk, utc_us)) {
        pass(walk);
        walk->last_us = INT64_MIN;
    }
    walk->last_us = utc_us;
    return utc_us - walk->shift_us;
}

int64_t record_clock_place_event(const struct record_clock *clock, uint64_t seq, int64_t utc_us)
{
    for (unsigned i = 0; i < clock->n && clock->steps[i].seq <= seq; i++)
        utc_us -= clock->steps[i].step_us;
    return utc_us;
}
