#include "run_json.h"

#include "clock.h"
#include "run_words.h"

/* ---------------------------------------------------------------- values */

static json_t *number(int64_t value, unsigned decimals)
{
    return value == FREEZER_NONE ? json_null()
                                 : json_real((double)micro_round(value, decimals) / (double)MICRO_PER_UNIT);
}

static json_t *time_of(int64_t utc_us)
{
    char text[RFC3339_MAX];

    if (utc_us == FREEZER_NONE)
        return json_null();
    clock_print_utc(text, utc_us);
    return json_string(text);
}

static json_t *text_or_null(const char *text)
{
    return text[0] != '\0' ? json_string(text) : json_null();
}

static void set(json_t *object, const char *key, json_t *value)
{
    (void)json_object_set_new(object, key, value);
}

/* ---------------------------------------------------------------- what was measured */

static json_t *ice_of(const struct freezer_record *r, const struct freezer_probe *probe)
{
    const struct freezer_ice *ice = &probe->ice;
    const bool seen = ice->state != ICE_NOT_SEEN;
    json_t *o = json_object();

    set(o, "seen", json_boolean(seen));
    set(o, "uncertain", json_boolean(ice->uncertain || ice->gap));
    set(o, "may_be_hidden", json_boolean(!seen && (!probe->is_read || probe->ice_hidden || ice->flat)));
    if (seen)
        set(o, "onset_time", time_of(ice->onset_us + r->begin.utc_us - r->begin.boot_us));
    set(o, "onset", number(ice->onset, 2));
    set(o, "supercooling", number(freezer_ice_supercooling(ice), 2));
    set(o, "peak", number(seen ? ice->peak : FREEZER_NONE, 2));
    set(o, "plateau_seconds", number(ice->plateau_us, 1));
    return o;
}

static json_t *planned_of(const struct freezer_step *s)
{
    json_t *o = json_object();

    set(o, "target", number(s->target, 2));
    set(o, "of", json_string(s->of_sample ? "sample" : "chamber"));
    set(o, "tolerance", number(s->tolerance, 3));
    if (s->kind == FREEZER_STEP_RAMP)
        set(o, "per_minute", number(s->per_hour / 60, 3));
    if (s->rate_tolerance != FREEZER_NONE)
        set(o, "rate_tolerance", number(s->rate_tolerance / 60, 3));
    if (s->for_ms > 0)
        set(o, "seconds", json_real((double)s->for_ms / 1000));
    return o;
}

static json_t *step_of(const struct freezer_record *r, const struct freezer_program *p, unsigned i)
{
    const struct freezer_conduct *c = &r->steps[i];
    json_t *o = json_object();
    micro_t value;

    set(o, "kind", json_string(freezer_program_kind_name(p->steps[i].kind)));
    set(o, "planned", planned_of(&p->steps[i]));
    const enum freezer_seen seen = freezer_record_seen(r, i);
    set(o, "reached", seen == FREEZER_NOT_SEEN ? json_null() : json_boolean(c->entered));
    if (seen == FREEZER_PARTLY_SEEN)
        set(o, "partly_seen", json_true());
    if (c->entered)
        set(o, "begin", time_of(c->begin_us + r->begin.utc_us - r->begin.boot_us));
    const int64_t took_us = c->entered ? c->end_us - c->begin_us : 0;
    set(o, "seconds", number(seen == FREEZER_NOT_SEEN ? FREEZER_NONE : took_us, 1));
    set(o, "covered_seconds", number(c->covered_us, 1));
    set(o, "outside_seconds", number(c->outside_us, 1));
    set(o, "warmer", number(c->warm, 2));
    set(o, "colder", number(c->cold, 2));
    set(o, "rms", number(freezer_record_rms_of(r, (int)i, 0, &value) ? value : FREEZER_NONE, 3));
    set(o, "per_minute", number(freezer_record_rate(r, i, &value) ? value / 60 : FREEZER_NONE, 3));
    set(o, "overshoot", number(c->overshoot, 2));
    return o;
}

/* Of one of several probes: what is its own of a step that is about the sample. */
static json_t *sample_step_of(const struct freezer_record *r, unsigned i, unsigned k)
{
    const struct freezer_conduct *c = freezer_record_conduct(r, i, k);
    json_t *o = json_object();
    micro_t value;

    set(o, "step", json_integer(i + 1));
    set(o, "covered_seconds", number(c->covered_us, 1));
    set(o, "outside_seconds", number(c->outside_us, 1));
    set(o, "warmer", number(c->warm, 2));
    set(o, "colder", number(c->cold, 2));
    set(o, "rms", number(freezer_record_rms_of(r, (int)i, k, &value) ? value : FREEZER_NONE, 3));
    set(o, "per_minute", number(freezer_record_rate_of(r, i, k, &value) ? value / 60 : FREEZER_NONE, 3));
    set(o, "overshoot", number(c->overshoot, 2));
    return o;
}

/* Each of several probes, in the order of the configuration. */
static json_t *samples_of(const struct freezer_record *r)
{
    json_t *list = json_array();

    for (unsigned k = 0; k < r->n_samples; k++) {
        const struct freezer_probe *p = &r->samples[k];
        const bool way = p->zero_us != FREEZER_NONE && p->minus40_us != FREEZER_NONE;
        json_t *o = json_object(), *steps = json_array();
        set(o, "number", json_integer(k + 1));
        set(o, "last", number(p->last, 2));
        set(o, "coldest", number(p->low, 2));
        set(o, "zero_to_minus_40_seconds", number(way ? p->minus40_us - p->zero_us : FREEZER_NONE, 1));
        set(o, "ice", ice_of(r, p));
        for (unsigned i = 0; i < r->n_steps; i++)
            if (r->of_sample[i] && r->steps[i].entered)
                json_array_append_new(steps, sample_step_of(r, i, k));
        set(o, "steps", steps);
        json_array_append_new(list, o);
    }
    return list;
}

static void add_measured(json_t *o, const struct freezer_record *r, const struct freezer_program *p)
{
    int64_t way_us, within_us;
    json_t *steps = json_array();

    set(o, "begin", time_of(r->begin.utc_us));
    set(o, "end", time_of(r->end.utc_us));
    set(o, "how", json_string(freezer_record_end_name(r->how)));
    set(o, "recognised_by", json_string(r->by_status ? "status" : "temperature"));
    set(o, "begin_known", json_boolean(r->begin_known));
    if (!r->begin_known)
        set(o, "not_known_before", time_of(r->begin.utc_us));
    set(o, "last_sample", number(freezer_record_last_sample(r), 2));
    set(o, "last_chamber", number(r->last_chamber, 2));
    if (r->clock_us != 0)
        set(o, "clock_set_seconds", number(r->clock_us, 1));
    set(o, "gaps", json_integer(r->n_gaps));
    set(o, "gap_seconds", number(r->gaps_us, 1));
    set(o, "longest_gap_seconds", number(r->longest_gap_us, 1));
    set(o, "uncertain_seconds", number(r->uncertain_us, 1));
    set(o, "lid_open_seconds", number(r->lid_known ? r->lid_us : FREEZER_NONE, 1));
    set(o, "power_off_seconds", number(r->power_known ? r->power_us : FREEZER_NONE, 1));
    const bool way = freezer_record_zero_to_40(r, &way_us, &within_us);
    set(o, "zero_to_minus_40_seconds", number(way ? way_us : FREEZER_NONE, 1));
    set(o, "zero_to_minus_40_within_seconds", number(way ? within_us : FREEZER_NONE, 1));
    set(o, "ice", ice_of(r, &r->samples[0]));
    if (r->n_samples > 1)
        set(o, "samples", samples_of(r));
    for (unsigned i = 0; p != NULL && i < r->n_steps; i++)
        json_array_append_new(steps, step_of(r, p, i));
    set(o, "steps", steps);
}

/* ---------------------------------------------------------------- what it means */

/* In the unit that its limit is written in: K, K/min or s. */
static json_t *reason_number(enum freezer_why why, int64_t value)
{
    return number(why == FREEZER_WHY_RATE && value != FREEZER_NONE ? value / 60 : value, 3);
}

static void add_verdict(const struct ctl *ctl, json_t *o, const struct freezer_record *r,
                        const struct freezer_program *p)
{
    struct freezer_verdict v;
    char text[256];
    json_t *reasons = json_array();
    const bool broken_off = r->how == FREEZER_END_STOPPED || r->how == FREEZER_END_LOST;

    if (r->how == FREEZER_END_NONE) { /* it goes on: there is nothing to judge yet */
        set(o, "verdict", json_null());
        set(o, "reasons", reasons);
        set(o, "guidance", json_string(run_words_guidance_name(FREEZER_GUIDANCE_NONE)));
        return;
    }
    freezer_record_judge(r, p, &v);
    for (unsigned i = 0; i < v.n && i < FREEZER_REASONS_MAX; i++) {
        const struct freezer_reason *reason = &v.reasons[i];
        json_t *item = json_object();
        set(item, "why", json_string(freezer_record_why_name(reason->why)));
        if (reason->about != FREEZER_WHY_NONE)
            set(item, "about", json_string(freezer_record_why_name(reason->about)));
        if (reason->step >= 0)
            set(item, "step", json_integer(reason->step + 1));
        if (reason->sample >= 0)
            set(item, "sample", json_integer(reason->sample + 1));
        if (reason->value != FREEZER_NONE)
            set(item, "value", reason_number(reason->why, reason->value));
        if (reason->limit != FREEZER_NONE)
            set(item, "limit", reason_number(reason->why, reason->limit));
        if (ctl != NULL)
            set(item, "text", json_string(run_words_reason(ctl, reason, text, sizeof text)));
        json_array_append_new(reasons, item);
    }
    set(o, "verdict", json_string(run_words_verdict_name(v.kind)));
    set(o, "reasons", reasons);
    set(o, "guidance",
        json_string(run_words_guidance_name(
            broken_off ? freezer_record_guidance(r, p, r->end.boot_us, r->samples[0].ice.gap_us)
                       : FREEZER_GUIDANCE_NONE)));
}

static void add_program(json_t *o, const struct program *program, const struct run_entry *entry)
{
    if (program != NULL) {
        set(o, "program", json_string(program->id));
        set(o, "program_status", json_string(program_status_name(program->status)));
        set(o, "program_sha256", json_string(program->hash));
        return;
    }
    set(o, "program", entry != NULL ? text_or_null(entry->program) : json_null());
    if (entry != NULL && entry->program_sha256[0] != '\0')
        set(o, "program_sha256", json_string(entry->program_sha256));
}

/* What its events say. */
static void add_entry(json_t *o, const struct run_entry *entry)
{
    set(o, "recorded", json_boolean(entry != NULL));
    if (entry == NULL)
        return;
    set(o, "operator", text_or_null(entry->operator_name));
    set(o, "lots", json_deep_copy(entry->lots));
    set(o, "notes", json_deep_copy(entry->notes));
    if (entry->verdict[0] != '\0')
        set(o, "verdict_then", json_string(entry->verdict));
    json_t *decision = json_pack("{s:s}", "decision", run_book_decision_name(entry->decision));
    if (entry->decision != RUN_UNDECIDED) {
        set(decision, "by", text_or_null(entry->decided_by));
        set(decision, "by_operator", json_boolean(entry->decided_by_operator));
        set(decision, "time", time_of(entry->decided_us));
        set(decision, "reason", text_or_null(entry->decided_why));
        set(decision, "event", json_integer((json_int_t)entry->decided_seq));
    }
    set(o, "decided", decision);
}

json_t *run_json(const struct ctl *ctl, const char *asset, const struct freezer_record *record,
                 const struct program *program, const struct run_entry *entry)
{
    const struct freezer_program *steps = program != NULL ? &program->steps : NULL;
    char id[RUN_ID_MAX];
    json_t *o = json_object();

    run_book_id(id, asset, record->begin.utc_us);
    set(o, "id", json_string(entry != NULL ? entry->id : id));
    set(o, "asset", json_string(asset));
    add_program(o, program, entry);
    add_measured(o, record, steps);
    add_verdict(ctl, o, record, steps);
    add_entry(o, entry);
    return o;
}

/* ---------------------------------------------------------------- all of it */

static json_t *lapses_of(const struct run_file *run)
{
    json_t *list = json_array();

    for (size_t i = 0; i < run->n_lapses; i++) {
        const struct run_lapse *l = &run->lapses[i];
        json_t *o = json_object();
        set(o, "what", json_string(run_file_lapse_name(l->kind)));
        set(o, "from", time_of(l->from_us));
        set(o, "to", l->has_ended ? time_of(l->to_us) : json_null());
        set(o, "seconds", number(l->to_us - l->from_us, 1));
        json_array_append_new(list, o);
    }
    return list;
}

static json_t *alarms_of(const struct run_file *run)
{
    json_t *list = json_array();

    for (size_t i = 0; i < run->n_alarms; i++) {
        static const char *const members[] = {"transition", "priority", "state", "text"};
        const struct run_alarm *a = &run->alarms[i];
        json_t *o = json_object();
        set(o, "event", json_integer((json_int_t)a->seq));
        set(o, "time", time_of(a->utc_us));
        set(o, "alarm", json_string(a->alarm));
        for (size_t k = 0; k < sizeof members / sizeof *members; k++) {
            json_t *value = json_object_get(a->body, members[k]);
            if (value != NULL)
                (void)json_object_set(o, members[k], value);
        }
        json_array_append_new(list, o);
    }
    return list;
}

static json_t *earlier_of(const struct run_file *run)
{
    json_t *list = json_array();

    for (size_t i = 0; i < run->n_earlier; i++) {
        const struct run_earlier *e = &run->earlier[i];
        json_t *o = json_object();
        set(o, "id", json_string(e->id));
        set(o, "begin", time_of(e->begin_us));
        if (e->is_known) {
            set(o, "of", json_string(e->distance.of_sample ? "sample" : "chamber"));
            set(o, "rms", number(e->distance.rms, 3));
            set(o, "most", number(e->distance.most, 3));
            set(o, "most_at_seconds", number(e->distance.most_at_us, 1));
            set(o, "compared", json_real(e->distance.per_mille / 1000.0));
        } else {
            set(o, "rms", json_null());
        }
        json_array_append_new(list, o);
    }
    return list;
}

static void name_samples(const struct ctl *ctl, json_t *o, const struct run_file *run)
{
    size_t k;
    json_t *sample;
    char name[RUN_WORDS_MAX];

    json_array_foreach(json_object_get(o, "samples"), k, sample)
    {
        const struct run_trace *trace = &run->traces[freezer_run_sample_input((unsigned)k)];
        set(sample, "asset", text_or_null(trace->asset));
        set(sample, "point", text_or_null(trace->point));
        if (ctl != NULL)
            set(sample, "name", json_string(run_words_sample(ctl, run, (unsigned)k, name, sizeof name)));
    }
}

json_t *run_json_file(const struct ctl *ctl, const struct run_file *run)
{
    json_t *o = run_json(ctl, run->asset, &run->record, run->program, run->entry);

    name_samples(ctl, o, run);
    set(o, "id", json_string(run->id));
    set(o, "program_from", json_string(run_words_program_from_name(run->program_from)));
    set(o, "configuration_in_force", json_boolean(run->config_in_force));
    set(o, "gap_is_longer_than_seconds", number(run->gap_us, 1));
    set(o, "readings_left_out", json_integer((json_int_t)run->left_out));
    set(o, "lapses", lapses_of(run));
    set(o, "alarms", alarms_of(run));
    set(o, "earlier", earlier_of(run));
    return o;
}
