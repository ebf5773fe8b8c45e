/* facts_run.c - one run of a freezer, with what happened during it and the proof of its readings. */
#include "facts_run.h"

#include <errno.h>
#include <string.h>

#include "places.h"
#include "run_words.h"
#include "stored.h"
#include "words.h"

static const char *const inputs[FREEZER_INPUTS] = {"chamber",  "sample",   "setpoint", "segment",
                                                   "status",   "lid",      "power",    "ln2",
                                                   "sample-2", "sample-3", "sample-4"};

/* ---------------------------------------------------------------- the run in numbers */

static void add_ice(struct gather *g, json_t *ret, const struct freezer_probe *probe)
{
    const struct freezer_ice *ice = &probe->ice;
    bool seen = ice->state != ICE_NOT_SEEN;
    json_t *one = json_object();
    facts_set(g, one, "seen", json_boolean(seen));
    facts_set(g, one, "uncertain", json_boolean(ice->uncertain || ice->gap));
    facts_set(g, one, "may_be_hidden",
              json_boolean(!seen && (!probe->is_read || probe->ice_hidden || ice->flat)));
    facts_set(g, one, "onset", facts_run_degrees(ice->onset));
    facts_set(g, one, "onset_time", ice->onset_us != FREEZER_NONE ? facts_time(ice->onset_us) : NULL);
    facts_set(g, one, "supercooling", facts_run_degrees(freezer_ice_supercooling(ice)));
    facts_set(g, one, "peak", seen ? facts_run_degrees(ice->peak) : NULL);
    facts_set(g, one, "peak_time", seen && ice->peak_us != FREEZER_NONE ? facts_time(ice->peak_us) : NULL);
    facts_set(g, one, "plateau_seconds",
              ice->plateau_us != FREEZER_NONE ? facts_seconds(ice->plateau_us) : NULL);
    facts_set(g, ret, "ice", one);
}

static json_t *switch_facts(struct gather *g, bool known, uint32_t n, int64_t us)
{
    json_t *ret = json_object();
    facts_set(g, ret, "known", json_boolean(known));
    facts_set(g, ret, "times", json_integer(n));
    facts_set(g, ret, "seconds", facts_seconds(us));
    return ret;
}

static void add_measured(struct gather *g, json_t *ret, const struct freezer_record *r)
{
    micro_t rms, overshoot = FREEZER_NONE;
    int64_t way_us, within_us;
    for (unsigned i = 0; i < r->n_steps; i++)
        if (r->steps[i].entered && r->steps[i].overshoot > overshoot)
            overshoot = r->steps[i].overshoot;
    facts_set(g, ret, "has_sample", json_boolean(freezer_record_has_sample(r)));
    facts_set(g, ret, "last_sample", facts_run_degrees(freezer_record_last_sample(r)));
    facts_set(g, ret, "last_chamber", facts_run_degrees(r->last_chamber));
    facts_set(g, ret, "overshoot", facts_run_degrees(overshoot));
    facts_set(g, ret, "rms", freezer_record_rms(r, -1, &rms) ? facts_run_degrees(rms) : NULL);
    if (freezer_record_zero_to_40(r, &way_us, &within_us)) {
        facts_set(g, ret, "zero_to_minus_40_seconds", facts_seconds(way_us));
        facts_set(g, ret, "zero_to_minus_40_within_seconds", facts_seconds(within_us));
    }
    facts_set(g, ret, "gaps", json_integer(r->n_gaps));
    facts_set(g, ret, "gap_seconds", facts_seconds(r->gaps_us));
    facts_set(g, ret, "longest_gap_seconds", facts_seconds(r->longest_gap_us));
    facts_set(g, ret, "uncertain_seconds", facts_seconds(r->uncertain_us));
    facts_set(g, ret, "lid", switch_facts(g, r->lid_known, r->n_lid, r->lid_us));
    facts_set(g, ret, "power", switch_facts(g, r->power_known, r->n_power, r->power_us));
}

/* Each of several probes. */
static void add_samples(struct gather *g, json_t *ret, const struct run_file *run)
{
    const struct freezer_record *r = &run->record;
    json_t *list = json_array();
    for (unsigned k = 0; k < r->n_samples && r->n_samples > 1; k++) {
        const struct freezer_probe *p = &r->samples[k];
        const struct run_trace *trace = &run->traces[freezer_run_sample_input(k)];
        int index = run->config != NULL ? config_find_point(run->config, trace->asset, trace->point) : -1;
        static const struct bilingual nothing;
        json_t *one = json_object();
        facts_set(g, one, "number", json_integer(k + 1));
        facts_set(g, one, "asset", json_string(trace->asset));
        facts_set(g, one, "point", json_string(trace->point));
        facts_set(g, one, "name",
                  facts_bilingual(index >= 0 ? &run->config->points[index].name : &nothing, trace->point));
        facts_set(g, one, "read", json_boolean(p->is_read));
        facts_set(g, one, "last", facts_run_degrees(p->last));
        add_ice(g, one, p);
        if (p->zero_us != FREEZER_NONE && p->minus40_us != FREEZER_NONE)
            facts_set(g, one, "zero_to_minus_40_seconds", facts_seconds(p->minus40_us - p->zero_us));
        facts_append(g, list, one);
    }
    facts_set(g, ret, "samples", json_array_size(list) > 0 ? json_incref(list) : NULL);
    json_decref(list);
}

static json_t *run_facts(struct gather *g, const struct run_file *run)
{
    const struct freezer_record *r = &run->record;
    const struct run_entry *e = run->entry;
    json_t *ret = json_object();
    facts_set(g, ret, "id", json_string(run->id));
    facts_set(g, ret, "begin", facts_time(r->begin.utc_us));
    facts_set(g, ret, "end", facts_time(r->end.utc_us));
    facts_set(g, ret, "seconds", facts_seconds(r->end.utc_us - r->begin.utc_us));
    facts_set(g, ret, "clock_set_seconds", r->clock_us != 0 ? facts_seconds(r->clock_us) : NULL);
    facts_set(g, ret, "begin_known", json_boolean(r->begin_known));
    facts_set(g, ret, "recognised_by", json_string(r->by_status ? "status" : "temperature"));
    facts_set(g, ret, "how", json_string(freezer_record_end_name(r->how)));
    facts_set(g, ret, "broken_off", json_boolean(run->is_broken_off));
    facts_set(g, ret, "guidance", json_string(run_words_guidance_name(run->guidance)));
    if (e != NULL) {
        facts_set(g, ret, "operator", e->operator_name[0] != '\0' ? json_string(e->operator_name) : NULL);
        facts_set(g, ret, "lots", json_incref(e->lots));
        facts_set(g, ret, "program_sha256",
                  e->program_sha256[0] != '\0' ? json_string(e->program_sha256) : NULL);
        facts_set(g, ret, "verdict_then", e->verdict[0] != '\0' ? json_string(e->verdict) : NULL);
    }
    facts_set(g, ret, "readings_left_out",
              run->left_out > 0 ? json_integer((json_int_t)run->left_out) : NULL);
    add_ice(g, ret, &r->samples[0]);
    add_measured(g, ret, r);
    add_samples(g, ret, run);
    return ret;
}

/* ---------------------------------------------------------------- its points */

static bool note_calibration(void *context, const struct history_row *row)
{
    struct gather *g = context;
    if (row->calibration != 0)
        facts_note_calibration(g, row->calibration);
    return !g->failed;
}

static json_t *point_facts(struct gather *g, const struct run_file *run, const struct run_trace *trace,
                           const char *input)
{
    static const struct bilingual nothing;
    int index = run->config != NULL ? config_find_point(run->config, trace->asset, trace->point) : -1;
    const struct point_config *point = index >= 0 ? &run->config->points[index] : NULL;
    json_t *ret = json_object();
    facts_set(g, ret, "input", json_string(input));
    facts_set(g, ret, "asset", json_string(trace->asset));
    facts_set(g, ret, "point", json_string(trace->point));
    facts_set(g, ret, "name", facts_bilingual(point != NULL ? &point->name : &nothing, trace->point));
    return ret;
}

/* Its inputs, and the calibrations that they were read with. */
static int add_points(struct gather *g, const struct run_file *run)
{
    json_t *points = json_array();
    int64_t n = 0;
    for (unsigned i = 0; i < FREEZER_INPUTS && n >= 0; i++) {
        const struct run_trace *trace = &run->traces[i];
        if (trace->point[0] == '\0')
            continue;
        facts_append(g, points, point_facts(g, run, trace, inputs[i]));
        if (i <= FREEZER_INPUT_SETPOINT || freezer_run_sample_of((enum freezer_input)i) >= 0)
            n = history_each(g->reader, trace->asset, trace->point, g->request->from_us, g->request->to_us,
                             note_calibration, g);
    }
    facts_set(g, g->facts, "points", points);
    return n < 0 ? (int)n : 0;
}

/* Those of its inputs; the asset has other points. */
static void keep_gaps(struct gather *g)
{
    json_t *all = json_object_get(g->facts, "gaps"), *kept = json_array();
    size_t i, k;
    json_t *gap, *id;
    json_array_foreach(all, i, gap)
    {
        json_t *points = json_array();
        json_array_foreach(json_object_get(gap, "points"), k, id)
        {
            if (json_is_string(id) && facts_point(g, json_string_value(id)) != NULL)
                facts_append(g, points, json_incref(id));
        }
        if (json_array_size(points) > 0)
            facts_append(g, kept, json_incref(gap));
        facts_set(g, gap, "points", points);
    }
    facts_set(g, g->facts, "gaps", kept);
}

/* ---------------------------------------------------------------- alarms */

/* Alarms of the freezer whose condition held in the run's time. One that was over before, and only waited to
 * be seen, is another run's; so is run-abandoned, which comes when a run has ended. */
static void keep_alarms(struct gather *g, const struct run_file *run)
{
    for (size_t i = json_array_size(g->alarms); i-- > 0;) {
        const json_t *entry = json_array_get(g->alarms, i);
        int64_t over_us;
        if (strcmp(facts_text_of(entry, "alarm"), "run-abandoned") == 0 ||
            (clock_parse_utc(facts_text_of(entry, "returned"), &over_us) == 0 &&
             over_us < run->record.begin.utc_us))
            (void)json_array_remove(g->alarms, i);
    }
}

/* ---------------------------------------------------------------- the whole */

/* 0 or -errno. */
static int gather(struct gather *g, const struct run_file *run, const char *dir)
{
    facts_head(g, "run-report 1", dir);
    facts_set(g, g->facts, "run", run_facts(g, run));
    int result = facts_find_periods(g);
    if (result == 0)
        result = facts_read_events(g);
    if (result == 0)
        result = facts_follow_alarms(g);
    if (result < 0)
        return result;
    facts_load_periods(g);
    facts_names(g);
    result = add_points(g, run);
    if (result == 0)
        result = facts_read_gaps(g);
    if (result < 0)
        return result;
    keep_gaps(g);
    keep_alarms(g, run);
    facts_run_program(g, run);
    facts_run_curves(g, run);
    facts_run_book(g, run);
    facts_set(g, g->facts, "damaged", json_integer((json_int_t)history_damaged(g->reader)));
    facts_set(g, g->facts, "alarms", json_incref(g->alarms));
    facts_set(g, g->facts, "clock_steps", json_incref(g->clocks));
    facts_set(g, g->facts, "corrections", json_incref(g->corrections));
    facts_set(g, g->facts, "calibrations", facts_calibrations(g));
    facts_set(g, g->facts, "verification", facts_verification(g, dir));
    return g->failed ? -ENOMEM : 0;
}

/* False: complained. */
static bool load_program(const char *file, struct program **ret)
{
    struct problems problems = {.n = 0}, warnings = {.n = 0};
    bool ok = file == NULL || program_load(file, file, &problems, &warnings, ret) == 0;
    if (!ok)
        problems_print(&problems, stderr);
    problems_free(&problems);
    problems_free(&warnings);
    return ok;
}

static int open_run(struct ctl *ctl, struct history_reader *reader, const struct facts_request *request,
                    const struct program *program, struct run_file **ret)
{
    const struct run_wish wish = {
        .asset = request->asset, .run = request->run, .program = program, .config = places_config(ctl)};
    int error = run_file_open(reader, &wish, ret);
    config_unref(wish.config);
    if (error == -ENOENT)
        ctl_complain(tr(ctl, "the record has no run \"%s\" of %s: see \"cryoctl runs %s\"",
                        "记录中没有运行“%s”（%s）：见“cryoctl runs %s”"),
                     request->run, request->asset, request->asset);
    else if (error == -ENODATA)
        return stored_no_point(ctl, reader, request->asset, "chamber");
    else if (error < 0)
        return stored_complain(ctl, error);
    return error < 0 ? CTL_NEGATIVE : CTL_OK;
}

int facts_gather_run(struct ctl *ctl, struct history_reader *reader, const char *dir,
                     const struct facts_request *request, json_t **ret)
{
    struct run_file *run = NULL;
    struct program *program = NULL;
    if (!load_program(request->program, &program))
        return CTL_NEGATIVE;
    int status = open_run(ctl, reader, request, program, &run);
    if (status != CTL_OK) {
        program_free(program);
        return status;
    }
    struct facts_request own = {.asset = request->asset,
                                .run = request->run,
                                .from_us = run->record.begin.utc_us,
                                .to_us = run->record.end.utc_us / MS_US * MS_US + MS_US};
    struct gather g = {.ctl = ctl, .reader = reader, .request = &own};
    facts_begin(&g);
    progress_begin(&g.progress, ctl, own.from_us, own.to_us, false);
    int result = gather(&g, run, dir);
    progress_end(&g.progress);
    if (result < 0)
        status = stored_complain(ctl, g.failed ? -ENOMEM : result);
    run_file_close(run);
    program_free(program);
    return facts_end(&g, status, ret);
}
