/* facts_run_program.c - the program of a run, its steps and limits, and what is to be thought of both. */

#include "facts_run.h"
#include "run_words.h"

/* ---------------------------------------------------------------- program and steps */

static json_t *program_facts(struct gather *g, const struct program *p)
{
    json_t *ret = json_object();
    facts_set(g, ret, "id", json_string(p->id));
    facts_set(g, ret, "name", facts_bilingual(&p->name, p->id));
    facts_set(g, ret, "sha256", json_string(p->hash));
    facts_set(g, ret, "status", json_string(program_status_name(p->status)));
    facts_set(g, ret, "validated", p->validated[0] != '\0' ? json_string(p->validated) : NULL);
    facts_set(g, ret, "source", p->source[0] != '\0' ? json_string(p->source) : NULL);
    facts_set(g, ret, "settle_seconds", json_real((double)p->steps.settle_ms / 1000));
    facts_set(g, ret, "cord_blood", json_boolean(p->steps.cord_blood));
    return ret;
}

static void add_planned(struct gather *g, json_t *ret, const struct freezer_program *p, unsigned i)
{
    const struct freezer_step *s = &p->steps[i];
    micro_t from = freezer_program_from(p, i);
    int64_t takes_us;
    facts_set(g, ret, "kind", json_string(freezer_program_kind_name(s->kind)));
    facts_set(g, ret, "from", facts_run_degrees(from));
    facts_set(g, ret, "target", facts_run_degrees(s->target));
    facts_set(g, ret, "of_sample", json_boolean(s->of_sample));
    if (s->kind == FREEZER_STEP_RAMP) {
        facts_set(g, ret, "per_minute",
                  facts_run_degrees((s->target < from ? -s->per_hour : s->per_hour) / 60));
        facts_set(g, ret, "rate_tolerance",
                  s->rate_tolerance != FREEZER_NONE ? facts_run_degrees(s->rate_tolerance / 60) : NULL);
    }
    facts_set(g, ret, "planned_seconds",
              freezer_program_takes(p, i, &takes_us) ? facts_seconds(takes_us) : NULL);
    facts_set(g, ret, "tolerance", facts_run_degrees(s->tolerance));
}

/* Of a step about the sample, the further probes. */
static void add_other_samples(struct gather *g, json_t *ret, const struct freezer_record *r, unsigned i)
{
    json_t *list = json_array();
    micro_t value;
    for (unsigned k = 1; k < r->n_samples && r->of_sample[i]; k++) {
        const struct freezer_conduct *c = freezer_record_conduct(r, i, k);
        json_t *one = json_object();
        facts_set(g, one, "sample", json_integer(k + 1));
        facts_set(g, one, "covered_seconds", facts_seconds(c->covered_us));
        facts_set(g, one, "outside_seconds", facts_seconds(c->outside_us));
        facts_set(g, one, "warmer", facts_run_degrees(c->warm));
        facts_set(g, one, "colder", facts_run_degrees(c->cold));
        facts_set(g, one, "overshoot", facts_run_degrees(c->overshoot));
        facts_set(g, one, "rms",
                  freezer_record_rms_of(r, (int)i, k, &value) ? facts_run_degrees(value) : NULL);
        facts_set(g, one, "rate",
                  freezer_record_rate_of(r, i, k, &value) ? facts_run_degrees(value / 60) : NULL);
        facts_append(g, list, one);
    }
    facts_set(g, ret, "samples", json_array_size(list) > 0 ? json_incref(list) : NULL);
    json_decref(list);
}

static json_t *step_facts(struct gather *g, const struct run_file *run, unsigned i)
{
    const struct freezer_conduct *c = &run->record.steps[i];
    json_t *ret = json_object();
    micro_t value;
    add_planned(g, ret, &run->program->steps, i);
    const enum freezer_seen seen = freezer_record_seen(&run->record, i);
    facts_set(g, ret, "reached", json_boolean(c->entered));
    facts_set(g, ret, "not_seen", seen == FREEZER_NOT_SEEN ? json_true() : NULL);
    facts_set(g, ret, "partly_seen", seen == FREEZER_PARTLY_SEEN ? json_true() : NULL);
    if (!c->entered)
        return ret;
    facts_set(g, ret, "left", json_boolean(c->left));
    facts_set(g, ret, "begin", facts_time(c->begin_us));
    facts_set(g, ret, "end", facts_time(c->end_us));
    facts_set(g, ret, "seconds", facts_seconds(c->end_us - c->begin_us));
    facts_set(g, ret, "covered_seconds", facts_seconds(c->covered_us));
    facts_set(g, ret, "outside_seconds", facts_seconds(c->outside_us));
    facts_set(g, ret, "warmer", facts_run_degrees(c->warm));
    facts_set(g, ret, "colder", facts_run_degrees(c->cold));
    facts_set(g, ret, "overshoot", facts_run_degrees(c->overshoot));
    facts_set(g, ret, "setpoint", facts_run_degrees(c->setpoint));
    facts_set(g, ret, "rms",
              freezer_record_rms_of(&run->record, (int)i, 0, &value) ? facts_run_degrees(value) : NULL);
    facts_set(g, ret, "rate",
              freezer_record_rate(&run->record, i, &value) ? facts_run_degrees(value / 60) : NULL);
    add_other_samples(g, ret, &run->record, i);
    return ret;
}

/* ---------------------------------------------------------------- limits */

struct limit {
    enum freezer_why why;
    bool time;                /* else degC or K */
    int64_t low, high, value; /* FREEZER_NONE: open; not known */
    int sample;               /* of several probes, from 0; -1: not of one */
};

static json_t *limit_number(const struct limit *l, int64_t value)
{
    return value == FREEZER_NONE ? NULL : l->time ? facts_seconds(value) : facts_run_degrees(value);
}

/* Of all of the run: what was not seen of it may be more. */
static bool is_of_all(enum freezer_why why)
{
    return why == FREEZER_WHY_DEVIATION || why == FREEZER_WHY_RMS || why == FREEZER_WHY_OVERSHOOT ||
           why == FREEZER_WHY_OUTSIDE || why == FREEZER_WHY_GAP || why == FREEZER_WHY_LID ||
           why == FREEZER_WHY_POWER;
}

/* As the verdict has it. A run that goes on may have exceeded a limit; that it keeps one is
 * told at its end. */
static const char *judged(const struct run_file *run, const struct limit *limit)
{
    const struct freezer_verdict *v = &run->verdict;
    const enum freezer_why why = limit->why;
    const bool goes_on = run->record.how == FREEZER_END_NONE;
    const bool known = limit->value != FREEZER_NONE && (run->record.begin_known || !is_of_all(why));
    const char *ret = goes_on ? "not-yet" : known ? "within" : "unknown";
    for (unsigned i = 0; i < v->n && i < FREEZER_REASONS_MAX; i++) {
        if (v->reasons[i].sample != limit->sample && limit->sample >= 0)
            continue;
        if (v->reasons[i].why == why)
            return "outside";
        if (v->reasons[i].why == FREEZER_WHY_NOT_MEASURED && v->reasons[i].about == why && !goes_on)
            ret = "unknown";
    }
    return v->n > FREEZER_REASONS_MAX && !goes_on ? "unknown" : ret;
}

static int64_t most_of_probe(const struct freezer_record *r, enum freezer_why why, unsigned probe)
{
    int64_t ret = FREEZER_NONE;
    for (unsigned i = 0; i < r->n_steps; i++) {
        const struct freezer_conduct *c = freezer_record_conduct(r, i, probe);
        int64_t off = c->warm == FREEZER_NONE ? FREEZER_NONE : c->warm > -c->cold ? c->warm : -c->cold;
        int64_t here = why == FREEZER_WHY_OVERSHOOT ? c->overshoot : off;
        if (!r->steps[i].entered)
            continue;
        if (why == FREEZER_WHY_OUTSIDE)
            ret = (ret == FREEZER_NONE ? 0 : ret) + c->outside_us;
        else if (here != FREEZER_NONE && here > ret)
            ret = here;
    }
    return ret;
}

/* Of the probe that was furthest off. */
static int64_t most_of(const struct freezer_record *r, enum freezer_why why)
{
    int64_t ret = FREEZER_NONE;
    for (unsigned k = 0; k < (r->n_samples > 1 ? r->n_samples : 1); k++) {
        int64_t here = most_of_probe(r, why, k);
        ret = here > ret ? here : ret; /* FREEZER_NONE is less than any */
    }
    return ret;
}

static int64_t rms_of(const struct freezer_record *r)
{
    micro_t rms;
    return freezer_record_rms(r, -1, &rms) ? rms : FREEZER_NONE;
}

static int64_t way_of(const struct freezer_record *r)
{
    int64_t us, within_us;
    return freezer_record_zero_to_40(r, &us, &within_us) ? us : FREEZER_NONE;
}

static void add_limit(struct gather *g, const struct run_file *run, json_t *ret, const struct limit *at)
{
    if (at->low == FREEZER_NONE && at->high == FREEZER_NONE)
        return;
    json_t *one = json_object();
    facts_set(g, one, "of", json_string(freezer_record_why_name(at->why)));
    facts_set(g, one, "sample", at->sample >= 0 ? json_integer(at->sample + 1) : NULL);
    facts_set(g, one, "unit",
              json_string(at->time                                                     ? "s"
                          : at->why == FREEZER_WHY_ONSET || at->why == FREEZER_WHY_END ? "°C"
                                                                                       : "K"));
    facts_set(g, one, "low", limit_number(at, at->low));
    facts_set(g, one, "high", limit_number(at, at->high));
    facts_set(g, one, "value", limit_number(at, at->value));
    facts_set(g, one, "judged", json_string(judged(run, at)));
    facts_append(g, ret, one);
}

/* Of each probe. */
static void add_ice_limits(struct gather *g, const struct run_file *run, json_t *ret)
{
    const struct freezer_record *r = &run->record;
    const struct freezer_limits *l = &run->program->steps.limits;
    for (unsigned k = 0; k < (r->n_samples > 1 ? r->n_samples : 1); k++) {
        const struct freezer_ice *ice = &r->samples[k].ice;
        const int sample = r->n_samples > 1 ? (int)k : -1;
        const struct limit limits[] = {
            {FREEZER_WHY_ONSET, false, l->onset.low, l->onset.high, ice->onset, sample},
            {FREEZER_WHY_SUPERCOOLING, false, FREEZER_NONE, l->supercooling, freezer_ice_supercooling(ice),
             sample},
            {FREEZER_WHY_PLATEAU, true, l->plateau_us.low, l->plateau_us.high, ice->plateau_us, sample}};
        for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++)
            add_limit(g, run, ret, &limits[i]);
    }
}

static json_t *limits_facts(struct gather *g, const struct run_file *run)
{
    const struct freezer_record *r = &run->record;
    const struct freezer_limits *l = &run->program->steps.limits;
    const micro_t last = freezer_record_has_sample(r) ? freezer_record_last_sample(r) : r->last_chamber;
    const struct limit limits[] = {
        {FREEZER_WHY_DEVIATION, false, FREEZER_NONE, l->deviation, most_of(r, FREEZER_WHY_DEVIATION), -1},
        {FREEZER_WHY_RMS, false, FREEZER_NONE, l->rms, rms_of(r), -1},
        {FREEZER_WHY_OVERSHOOT, false, FREEZER_NONE, l->overshoot, most_of(r, FREEZER_WHY_OVERSHOOT), -1},
        {FREEZER_WHY_OUTSIDE, true, FREEZER_NONE, l->outside_us, most_of(r, FREEZER_WHY_OUTSIDE), -1},
        {FREEZER_WHY_GAP, true, FREEZER_NONE, l->gap_us, r->longest_gap_us, -1},
    };
    const struct limit more[] = {
        {FREEZER_WHY_ZERO_TO_40, true, l->zero_to_40_us.low, l->zero_to_40_us.high, way_of(r), -1},
        {FREEZER_WHY_END, false, FREEZER_NONE, l->end, last, -1},
        {FREEZER_WHY_LID, true, FREEZER_NONE, l->lid_us, r->lid_known ? r->lid_us : FREEZER_NONE, -1},
        {FREEZER_WHY_POWER, true, FREEZER_NONE, l->power_us, r->power_known ? r->power_us : FREEZER_NONE, -1},
    };
    json_t *ret = json_array();
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++)
        add_limit(g, run, ret, &limits[i]);
    add_ice_limits(g, run, ret);
    for (size_t i = 0; i < sizeof more / sizeof more[0]; i++)
        add_limit(g, run, ret, &more[i]);
    return ret;
}

/* ---------------------------------------------------------------- verdict */

static json_t *reason_facts(struct gather *g, const struct freezer_reason *reason)
{
    struct ctl english = *g->ctl, chinese = *g->ctl;
    char en[512], zh[512];
    json_t *ret = json_object();
    english.language = LANGUAGE_EN;
    chinese.language = LANGUAGE_ZH;
    facts_set(g, ret, "why", json_string(freezer_record_why_name(reason->why)));
    facts_set(g, ret, "about",
              reason->about != FREEZER_WHY_NONE ? json_string(freezer_record_why_name(reason->about)) : NULL);
    facts_set(g, ret, "step", reason->step >= 0 ? json_integer(reason->step + 1) : NULL);
    facts_set(g, ret, "sample", reason->sample >= 0 ? json_integer(reason->sample + 1) : NULL);
    facts_set(g, ret, "unknown", freezer_record_why_is_unknown(reason->why) ? json_true() : NULL);
    facts_set(g, ret, "text",
              json_pack("{s:s, s:s}", "en", run_words_reason(&english, reason, en, sizeof en), "zh",
                        run_words_reason(&chinese, reason, zh, sizeof zh)));
    return ret;
}

/* Of a run that goes on: no verdict, and of the reasons only what has been exceeded already. */
static json_t *verdict_facts(struct gather *g, const struct run_file *run)
{
    const struct freezer_verdict *v = &run->verdict;
    const bool goes_on = run->record.how == FREEZER_END_NONE;
    json_t *ret = json_object(), *reasons = json_array();
    facts_set(g, ret, "kind", json_string(goes_on ? "not-yet" : run_words_verdict_name(v->kind)));
    for (unsigned i = 0; i < v->n && i < FREEZER_REASONS_MAX; i++)
        if (!goes_on || !freezer_record_why_is_unknown(v->reasons[i].why))
            facts_append(g, reasons, reason_facts(g, &v->reasons[i]));
    facts_set(g, ret, "reasons", reasons);
    facts_set(g, ret, "left_out",
              v->n > FREEZER_REASONS_MAX ? json_integer(v->n - FREEZER_REASONS_MAX) : NULL);
    return ret;
}

void facts_run_program(struct gather *g, const struct run_file *run)
{
    json_t *steps = json_array();
    facts_set(g, g->facts, "program_from", json_string(run_words_program_from_name(run->program_from)));
    facts_set(g, g->facts, "verdict", verdict_facts(g, run));
    if (run->program != NULL) {
        facts_set(g, g->facts, "program", program_facts(g, run->program));
        facts_set(g, g->facts, "limits", limits_facts(g, run));
    }
    for (unsigned i = 0; run->program != NULL && i < run->record.n_steps; i++)
        facts_append(g, steps, step_facts(g, run, i));
    facts_set(g, g->facts, "steps", steps);
}
