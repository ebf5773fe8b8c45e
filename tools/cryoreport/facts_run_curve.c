/* facts_run_curve.c - a run's curves, thinned for paper: of each slot its first, least and greatest value, in
 * the order of time. Where a reading is missing there is a break, in whatever thinness. */
#include <stdlib.h>
#include <string.h>

#include "facts_run.h"

#define SLOTS     600                /* of a curve; each leaves up to three rows */
#define AROUND_US INT64_C(240000000) /* before and behind the ice */

/* Of a time: seconds after the run's begin. */
static json_t *seconds_after_begin(const struct run_file *run, int64_t utc_us)
{
    return facts_seconds(utc_us - run->record.begin.utc_us);
}

json_t *facts_run_degrees(int64_t value)
{
    return value == FREEZER_NONE ? NULL : facts_number(micro_round(value, 3));
}

/* ---------------------------------------------------------------- rows */

struct row {
    int64_t us;
    micro_t value, other; /* other FREEZER_NONE: there is one value only */
};

/* Rows come in; what is left of them goes to the array. */
struct thin {
    struct gather *g;
    const struct run_file *run;
    json_t *to;
    int64_t from_us, slot_us, slot;
    unsigned n; /* rows of the slot */
    struct row first, least, greatest;
    bool broken; /* a break was the last that was put there */
};

static void put(struct thin *t, const struct row *row)
{
    json_t *one = json_array();
    facts_append(t->g, one, seconds_after_begin(t->run, row->us));
    facts_append(t->g, one, facts_run_degrees(row->value));
    if (row->other != FREEZER_NONE)
        facts_append(t->g, one, facts_run_degrees(row->other));
    facts_append(t->g, t->to, one);
    t->broken = false;
}

static void flush(struct thin *t)
{
    const struct row *a = t->least.us < t->greatest.us ? &t->least : &t->greatest;
    const struct row *b = a == &t->least ? &t->greatest : &t->least;
    if (t->n > 0)
        put(t, &t->first);
    if (t->n > 1 && a->us > t->first.us)
        put(t, a);
    if (t->n > 1 && b->us > a->us && b->us > t->first.us)
        put(t, b);
    t->n = 0;
}

static void thin_begin(struct thin *t, struct gather *g, const struct run_file *run, int64_t from_us,
                       int64_t to_us)
{
    int64_t slot_us = (to_us - from_us) / SLOTS;
    *t = (struct thin){.g = g,
                       .run = run,
                       .to = json_array(),
                       .from_us = from_us,
                       .slot_us = slot_us > 0 ? slot_us : 1,
                       .broken = true};
    if (t->to == NULL)
        g->failed = true;
}

static void thin_take(struct thin *t, const struct row *row)
{
    int64_t slot = (row->us - t->from_us) / t->slot_us;
    if (t->n > 0 && slot != t->slot)
        flush(t);
    t->slot = slot;
    if (t->n++ == 0) {
        t->first = t->least = t->greatest = *row;
        return;
    }
    if (row->value < t->least.value)
        t->least = *row;
    if (row->value > t->greatest.value)
        t->greatest = *row;
}

static void thin_break(struct thin *t, int64_t us)
{
    flush(t);
    if (t->broken)
        return;
    facts_append(t->g, t->to, json_pack("[o, n]", seconds_after_begin(t->run, us)));
    t->broken = true;
}

/* ---------------------------------------------------------------- gaps of one input */

struct gap_span {
    int64_t from_us, to_us;
};
struct gap_list {
    struct gap_span *spans;
    size_t n, next;
};

static bool names(const json_t *points, const char *id)
{
    size_t i;
    const json_t *point;
    json_array_foreach(points, i, point)
    {
        if (json_is_string(point) && strcmp(json_string_value(point), id) == 0)
            return true;
    }
    return false;
}

static void list_gaps(struct gather *g, const char *point, struct gap_list *ret)
{
    const json_t *gaps = json_object_get(g->facts, "gaps"), *gap;
    size_t i;
    *ret = (struct gap_list){.spans = calloc(json_array_size(gaps) + 1, sizeof *ret->spans)};
    if (ret->spans == NULL) {
        g->failed = true;
        return;
    }
    json_array_foreach(gaps, i, gap)
    {
        if (names(json_object_get(gap, "points"), point))
            ret->spans[ret->n++] = (struct gap_span){facts_time_of(gap, "from"), facts_time_of(gap, "to")};
    }
}

/* Does a gap end since it was last asked, up to that time? Times ascend. */
static bool gap_before(struct gap_list *gaps, int64_t us)
{
    bool ret = false;
    while (gaps->next < gaps->n && gaps->spans[gaps->next].to_us <= us) {
        gaps->next++;
        ret = true;
    }
    return ret;
}

static json_t *trace_facts(struct gather *g, const struct run_file *run, enum freezer_input input,
                           int64_t from_us, int64_t to_us)
{
    const struct run_trace *trace = &run->traces[input];
    struct gap_list gaps;
    struct thin t;
    if (trace->n == 0)
        return NULL;
    list_gaps(g, trace->point, &gaps);
    thin_begin(&t, g, run, from_us, to_us);
    for (size_t i = 0; i < trace->n && !g->failed; i++) {
        const struct run_sample *s = &trace->samples[i];
        bool gap = gap_before(&gaps, s->utc_us);
        if (s->utc_us < from_us || s->utc_us > to_us)
            continue;
        if (s->value == FREEZER_NONE || s->after_gap || gap)
            thin_break(&t, s->utc_us);
        if (s->value != FREEZER_NONE)
            thin_take(&t, &(struct row){s->utc_us, s->value, FREEZER_NONE});
    }
    flush(&t);
    free(gaps.spans);
    return t.to;
}

/* ---------------------------------------------------------------- what should have been */

/* Goes along the run: the step, how far in it, the setpoint. */
struct along {
    const struct run_file *run;
    int step;                /* -1: none is known */
    size_t setpoint, status; /* the first not passed */
    int64_t last_us, held_us;
    bool held;
};

static const struct run_sample *passed(const struct run_trace *trace, size_t *next, int64_t us)
{
    while (*next < trace->n && trace->samples[*next].utc_us <= us)
        (*next)++;
    return *next > 0 ? &trace->samples[*next - 1] : NULL;
}

static void go_to(struct along *a, int64_t us)
{
    const struct freezer_record *r = &a->run->record;
    int step = -1;
    for (unsigned i = 0; i < r->n_steps; i++)
        if (r->steps[i].entered && us >= r->steps[i].begin_us)
            step = (int)i;
    if (step != a->step)
        a->held_us = 0;
    else if (a->held)
        a->held_us += us - a->last_us;
    a->step = step;
    a->last_us = us;
    const struct run_sample *status = passed(&a->run->traces[FREEZER_INPUT_STATUS], &a->status, us);
    a->held = status != NULL && status->value == FREEZER_STATUS_HELD;
}

static const struct freezer_step *step_of(const struct along *a)
{
    return a->run->program != NULL && a->step >= 0 ? &a->run->program->steps.steps[a->step] : NULL;
}

static bool planned(const struct along *a, micro_t *ret)
{
    const struct freezer_step *s = step_of(a);
    if (s == NULL || s->kind == FREEZER_STEP_PLUNGE)
        return false;
    *ret = freezer_program_planned(&a->run->program->steps, (unsigned)a->step,
                                   a->last_us - a->run->record.steps[a->step].begin_us - a->held_us);
    return true;
}

/* As freezer_run_deviation has it: the setpoint where there is one, else the program. */
static bool wanted(struct along *a, micro_t *ret)
{
    const struct run_trace *setpoints = &a->run->traces[FREEZER_INPUT_SETPOINT];
    const struct freezer_step *s = step_of(a);
    const struct run_sample *setpoint = passed(setpoints, &a->setpoint, a->last_us);
    if (s != NULL && s->kind == FREEZER_STEP_PLUNGE)
        return false;
    if (s != NULL && (s->of_sample || setpoints->n == 0))
        return planned(a, ret);
    if (setpoint == NULL || setpoint->value == FREEZER_NONE || a->last_us - setpoint->utc_us > a->run->gap_us)
        return false;
    *ret = setpoint->value;
    return true;
}

struct lines {
    struct thin deviation, band, planned;
    struct gap_list gaps;
};

static void take(struct lines *l, struct along *a, const struct run_sample *s, bool gap)
{
    const struct freezer_step *step = step_of(a);
    const struct run_file *run = a->run;
    int64_t settled_us =
        run->record.begin.utc_us + (run->program != NULL ? run->program->steps.settle_ms * INT64_C(1000) : 0);
    micro_t should;
    bool known = wanted(a, &should);
    if (gap || s->after_gap || s->value == FREEZER_NONE || !known)
        thin_break(&l->deviation, s->utc_us);
    if (s->value != FREEZER_NONE && known)
        thin_take(&l->deviation, &(struct row){s->utc_us, s->value - should, FREEZER_NONE});
    bool judged = known && step != NULL && step->tolerance != FREEZER_NONE && s->utc_us >= settled_us;
    if (judged)
        thin_take(&l->band, &(struct row){s->utc_us, should - step->tolerance, should + step->tolerance});
    else
        thin_break(&l->band, s->utc_us);
    if (planned(a, &should))
        thin_take(&l->planned, &(struct row){s->utc_us, should, FREEZER_NONE});
    else
        thin_break(&l->planned, s->utc_us);
}

/* The readings that the step is about: the chamber's, or the sample's. */
static void go_along(struct lines *l, const struct run_file *run)
{
    struct along a = {.run = run, .step = -1};
    size_t next[2] = {0, 0};
    const struct run_trace *traces[2] = {&run->traces[FREEZER_INPUT_CHAMBER],
                                         &run->traces[FREEZER_INPUT_SAMPLE]};
    while (next[0] < traces[0]->n || next[1] < traces[1]->n) {
        bool second = next[0] >= traces[0]->n ||
                      (next[1] < traces[1]->n &&
                       traces[1]->samples[next[1]].utc_us < traces[0]->samples[next[0]].utc_us);
        const struct run_sample *s = &traces[second]->samples[next[second]++];
        int before = a.step;
        go_to(&a, s->utc_us);
        if (a.step != before) { /* another tolerance, another tempo */
            flush(&l->band);
            flush(&l->planned);
            thin_break(&l->band, s->utc_us);
        }
        bool of_sample = step_of(&a) != NULL && step_of(&a)->of_sample;
        if (of_sample == second)
            take(l, &a, s, gap_before(&l->gaps, s->utc_us));
    }
}

static void add_wanted(struct gather *g, const struct run_file *run, json_t *curve)
{
    int64_t from_us = run->record.begin.utc_us, to_us = run->record.end.utc_us;
    struct lines l;
    thin_begin(&l.deviation, g, run, from_us, to_us);
    thin_begin(&l.band, g, run, from_us, to_us);
    thin_begin(&l.planned, g, run, from_us, to_us);
    list_gaps(g, run->traces[FREEZER_INPUT_CHAMBER].point, &l.gaps);
    if (!g->failed)
        go_along(&l, run);
    flush(&l.deviation);
    flush(&l.band);
    flush(&l.planned);
    free(l.gaps.spans);
    facts_set(g, curve, "deviation", l.deviation.to);
    facts_set(g, curve, "band", l.band.to);
    facts_set(g, curve, "planned", l.planned.to);
}

/* ---------------------------------------------------------------- the whole */

static void add_sample_traces(struct gather *g, const struct run_file *run, json_t *to, int64_t from_us,
                              int64_t to_us)
{
    static const char *const keys[FREEZER_SAMPLES] = {"sample", "sample-2", "sample-3", "sample-4"};
    for (unsigned k = 0; k < FREEZER_SAMPLES; k++)
        facts_set(g, to, keys[k], trace_facts(g, run, freezer_run_sample_input(k), from_us, to_us));
}

/* Widens the range to where ice was seen; one that was not leaves it. */
static void around(const struct freezer_ice *ice, int64_t *from_us, int64_t *to_us)
{
    if (ice->state == ICE_NOT_SEEN || ice->onset_us == FREEZER_NONE)
        return;
    int64_t until_us = ice->plateau_us != FREEZER_NONE ? ice->onset_us + ice->plateau_us
                       : ice->peak_us != FREEZER_NONE  ? ice->peak_us
                                                       : ice->onset_us;
    *from_us = ice->onset_us - AROUND_US < *from_us ? ice->onset_us - AROUND_US : *from_us;
    *to_us = until_us + AROUND_US > *to_us ? until_us + AROUND_US : *to_us;
}

static void add_ice(struct gather *g, const struct run_file *run)
{
    int64_t begin_us = run->record.begin.utc_us, end_us = run->record.end.utc_us;
    int64_t from_us = INT64_MAX, to_us = INT64_MIN;
    for (unsigned k = 0; k < FREEZER_SAMPLES; k++)
        around(&run->record.samples[k].ice, &from_us, &to_us);
    if (from_us > to_us)
        return;
    from_us = from_us < begin_us ? begin_us : from_us;
    to_us = to_us > end_us ? end_us : to_us;
    json_t *near = json_object();
    facts_set(g, near, "from_s", seconds_after_begin(run, from_us));
    facts_set(g, near, "to_s", seconds_after_begin(run, to_us));
    add_sample_traces(g, run, near, from_us, to_us);
    facts_set(g, near, "chamber", trace_facts(g, run, FREEZER_INPUT_CHAMBER, from_us, to_us));
    facts_set(g, g->facts, "ice_curve", near);
}

static json_t *lapse(struct gather *g, const char *kind, int64_t from_us, int64_t to_us, bool open)
{
    json_t *ret = json_object();
    facts_set(g, ret, "lapse", json_string(kind));
    facts_set(g, ret, "from", facts_time(from_us));
    facts_set(g, ret, "to", facts_time(to_us));
    facts_set(g, ret, "open", open ? json_true() : NULL);
    return ret;
}

/* Times in which the controller said that it held. */
static void add_held(struct gather *g, const struct run_file *run, json_t *lapses)
{
    const struct run_trace *status = &run->traces[FREEZER_INPUT_STATUS];
    int64_t since_us = FREEZER_NONE;
    for (size_t i = 0; i < status->n; i++) {
        const struct run_sample *s = &status->samples[i];
        bool held = s->value == FREEZER_STATUS_HELD && !s->after_gap;
        if (since_us != FREEZER_NONE && !held) {
            facts_append(g, lapses, lapse(g, "held", since_us, s->utc_us, false));
            since_us = FREEZER_NONE;
        }
        if (s->value == FREEZER_STATUS_HELD && since_us == FREEZER_NONE)
            since_us = s->utc_us;
    }
    if (since_us != FREEZER_NONE)
        facts_append(g, lapses, lapse(g, "held", since_us, run->record.end.utc_us, true));
}

void facts_run_curves(struct gather *g, const struct run_file *run)
{
    int64_t from_us = run->record.begin.utc_us, to_us = run->record.end.utc_us;
    json_t *curve = json_object(), *lapses = json_array();
    facts_set(g, curve, "from_s", json_real(0));
    facts_set(g, curve, "to_s", seconds_after_begin(run, to_us));
    facts_set(g, curve, "chamber", trace_facts(g, run, FREEZER_INPUT_CHAMBER, from_us, to_us));
    add_sample_traces(g, run, curve, from_us, to_us);
    facts_set(g, curve, "setpoint", trace_facts(g, run, FREEZER_INPUT_SETPOINT, from_us, to_us));
    add_wanted(g, run, curve);
    facts_set(g, g->facts, "curve", curve);
    add_ice(g, run);
    for (size_t i = 0; i < run->n_lapses; i++) {
        const struct run_lapse *l = &run->lapses[i];
        if (l->kind != RUN_LAPSE_GAP) /* they stand among the gaps, with their reasons */
            facts_append(g, lapses,
                         lapse(g, run_file_lapse_name(l->kind), l->from_us, l->to_us, !l->has_ended));
    }
    add_held(g, run, lapses);
    facts_set(g, g->facts, "lapses", lapses);
}
