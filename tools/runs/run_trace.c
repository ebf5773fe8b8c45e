#include "run_trace.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"

/* Room for one more, in a list that doubles. */
static void *room(void *list, size_t n, size_t size)
{
    if (n > 0 && (n < 16 || (n & (n - 1)) != 0))
        return list;
    return reallocarray(list, n < 16 ? 16 : 2 * n, size);
}

/* ---------------------------------------------------------------- curves */

struct tracing {
    const struct runs_inputs *inputs;
    enum freezer_input input;
    struct run_trace *trace;
    int64_t begin_us, end_us, gap_us;
    struct record_clock_walk walk;
    const struct record_bypass *bypasses;
    size_t n_bypasses;
    int64_t utc_minus_us;
    int64_t last_us, good_us; /* FREEZER_NONE: none yet */
    bool no_memory;
};

static bool take(void *context, const struct history_row *row)
{
    struct tracing *t = context;
    enum quality quality;
    const int64_t at_us = record_clock_place(&t->walk, row->taken_utc_us);
    const int64_t us = at_us + t->utc_minus_us;

    if (us < t->begin_us || us > t->end_us || (t->last_us != FREEZER_NONE && us < t->last_us))
        return true;
    t->last_us = us;
    struct run_sample *grown = room(t->trace->samples, t->trace->n, sizeof *grown);
    if (grown == NULL) {
        t->no_memory = true;
        return false;
    }
    t->trace->samples = grown;
    struct run_sample *sample = &grown[t->trace->n++];
    const int64_t value = runs_value(t->inputs, t->input, row, &quality);
    *sample =
        (struct run_sample){.utc_us = us,
                            .value = value,
                            .uncertain = quality == QUALITY_UNCERTAIN ||
                                         record_bypass_covers(t->bypasses, t->n_bypasses,
                                                              t->inputs->inputs[t->input].device, at_us)};
    if (value != FREEZER_NONE) {
        sample->after_gap = t->good_us == FREEZER_NONE || us - t->good_us > t->gap_us;
        t->good_us = us;
    }
    return true;
}

/* The wall clock's range that holds all of the run, and what came before and after with it. */
static void stored_range(const struct run_file *run, int64_t *from_us, int64_t *to_us)
{
    *from_us = run->record.begin.utc_us - SECOND_US;
    *to_us = run->record.end.utc_us + SECOND_US;
    for (unsigned i = 0; i < run->clock.n; i++) {
        const struct record_clock_step *step = &run->clock.steps[i];
        const int64_t at_us =
            record_clock_place_event(&run->clock, step->seq, step->utc_us) + run->utc_minus_us;
        if (at_us >= run->record.begin.utc_us && at_us <= run->record.end.utc_us && step->step_us > 0)
            *to_us += step->step_us;
        else if (at_us >= run->record.begin.utc_us && at_us <= run->record.end.utc_us)
            *from_us += step->step_us;
    }
    record_clock_widen(&run->clock, from_us, to_us);
}

int run_trace_read(struct history_reader *reader, const struct runs_inputs *inputs, struct run_file *run)
{
    const struct freezer_record *record = &run->record;
    struct record_bypass *bypasses;
    size_t n_bypasses;
    int64_t from_us, to_us, n = 0;
    bool no_memory = false;

    stored_range(run, &from_us, &to_us);
    const int r = record_bypass_read(reader, &run->clock, from_us, to_us, &bypasses, &n_bypasses);
    if (r < 0)
        return r;
    for (int i = 0; i < FREEZER_INPUTS && n >= 0 && !no_memory; i++) {
        const struct runs_input *input = &inputs->inputs[i];
        struct tracing t = {.inputs = inputs,
                            .input = (enum freezer_input)i,
                            .trace = &run->traces[i],
                            .begin_us = record->begin.utc_us,
                            .end_us = record->end.utc_us,
                            .gap_us = run->gap_us,
                            .bypasses = bypasses,
                            .n_bypasses = n_bypasses,
                            .utc_minus_us = run->utc_minus_us,
                            .last_us = FREEZER_NONE,
                            .good_us = FREEZER_NONE};
        if (input->point[0] == '\0')
            continue;
        (void)snprintf(t.trace->asset, sizeof t.trace->asset, "%s", input->asset);
        (void)snprintf(t.trace->point, sizeof t.trace->point, "%s", input->point);
        record_clock_begin(&t.walk, &run->clock, from_us);
        n = history_each(reader, input->asset, input->point, from_us, to_us, take, &t);
        no_memory = t.no_memory;
    }
    free(bypasses);
    return n < 0 ? (int)n : no_memory ? -ENOMEM : 0;
}

/* ---------------------------------------------------------------- what held for a while */

static int add_lapse(struct run_file *run, enum run_lapse_kind kind, int64_t from_us, int64_t to_us,
                     bool has_ended)
{
    struct run_lapse *grown = room(run->lapses, run->n_lapses, sizeof *grown);

    if (grown == NULL)
        return -ENOMEM;
    run->lapses = grown;
    grown[run->n_lapses++] = (struct run_lapse){kind, from_us, to_us, has_ended};
    return 0;
}

static int find_gaps(struct run_file *run)
{
    const struct run_trace *t = &run->traces[FREEZER_INPUT_CHAMBER];
    int64_t good_us = run->record.begin.utc_us;
    int r = 0;

    for (size_t i = 0; i < t->n && r == 0; i++) {
        if (t->samples[i].value == FREEZER_NONE)
            continue;
        if (t->samples[i].utc_us - good_us > run->gap_us)
            r = add_lapse(run, RUN_LAPSE_GAP, good_us, t->samples[i].utc_us, true);
        good_us = t->samples[i].utc_us;
    }
    if (r == 0 && run->record.end.utc_us - good_us > run->gap_us)
        r = add_lapse(run, RUN_LAPSE_GAP, good_us, run->record.end.utc_us, false);
    return r;
}

static int find_state(struct run_file *run, enum run_lapse_kind kind, enum freezer_input input, int64_t when)
{
    const struct run_trace *t = &run->traces[input];
    int64_t since_us = FREEZER_NONE;
    int r = 0;

    for (size_t i = 0; i < t->n && r == 0; i++) {
        const struct run_sample *s = &t->samples[i];
        if (s->value == when && since_us == FREEZER_NONE)
            since_us = s->utc_us;
        if (s->value == when || s->value == FREEZER_NONE || since_us == FREEZER_NONE)
            continue;
        r = add_lapse(run, kind, since_us, s->utc_us, true);
        since_us = FREEZER_NONE;
    }
    if (r == 0 && since_us != FREEZER_NONE)
        r = add_lapse(run, kind, since_us, run->record.end.utc_us, false);
    return r;
}

int run_trace_lapses(struct run_file *run)
{
    int r = find_gaps(run);

    if (r == 0)
        r = find_state(run, RUN_LAPSE_LID, FREEZER_INPUT_LID, 1);
    if (r == 0)
        r = find_state(run, RUN_LAPSE_POWER, FREEZER_INPUT_POWER, 0);
    if (r == 0)
        r = find_state(run, RUN_LAPSE_LN2, FREEZER_INPUT_LN2, 1);
    return r;
}

/* ---------------------------------------------------------------- alarms */

struct alarms {
    struct run_file *run;
    bool no_memory;
};

static const char *text_of(const json_t *body, const char *key)
{
    const char *text = json_string_value(json_object_get(body, key));

    return text != NULL ? text : "";
}

/* Seen only now, but over before the run: nothing of it was told in the run before. */
static bool is_of_before(const struct run_file *run, const char *alarm, const json_t *body)
{
    if (strcmp(text_of(body, "transition"), "acknowledged") != 0 ||
        strcmp(text_of(body, "state"), "normal") != 0)
        return false;
    for (size_t i = 0; i < run->n_alarms; i++)
        if (strcmp(run->alarms[i].alarm, alarm) == 0)
            return false;
    return true;
}

static bool take_alarm(void *context, const struct history_event *event)
{
    struct alarms *a = context;
    struct run_file *run = a->run;
    const int64_t at_us =
        record_clock_place_event(&run->clock, event->seq, event->utc_us) + run->utc_minus_us;
    const char *name = event->alarm != NULL ? event->alarm : "";

    if (at_us < run->record.begin.utc_us || at_us > run->record.end.utc_us)
        return true;
    json_t *body = json_loads(event->body, 0, NULL);
    /* run-abandoned comes when a run has ended: here it is that of the run before. */
    if (strcmp(name, "run-abandoned") == 0 || is_of_before(run, name, body)) {
        json_decref(body);
        return true;
    }
    struct run_alarm *grown = room(run->alarms, run->n_alarms, sizeof *grown);

    if (grown == NULL) {
        json_decref(body);
        a->no_memory = true;
        return false;
    }
    run->alarms = grown;
    struct run_alarm *alarm = &grown[run->n_alarms++];
    *alarm = (struct run_alarm){.seq = event->seq, .utc_us = event->utc_us};
    (void)snprintf(alarm->alarm, sizeof alarm->alarm, "%s", name);
    alarm->body = body;
    return true;
}

int run_trace_alarms(struct history_reader *reader, struct run_file *run)
{
    const struct history_filter filter = {.kind = "alarm", .asset = run->asset};
    struct alarms a = {run, false};
    int64_t from_us, to_us;

    stored_range(run, &from_us, &to_us);
    const int64_t n = history_events_where(reader, &filter, from_us, to_us, take_alarm, &a);

    return n < 0 ? (int)n : a.no_memory ? -ENOMEM : 0;
}

void run_trace_free(struct run_file *run)
{
    for (int i = 0; i < FREEZER_INPUTS; i++)
        free(run->traces[i].samples);
    free(run->lapses);
    for (size_t i = 0; i < run->n_alarms; i++)
        json_decref(run->alarms[i].body);
    free(run->alarms);
}
