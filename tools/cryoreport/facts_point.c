/* facts_point.c - the readings of a point: one pass, and what was found as JSON. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "facts_internal.h"

#define DEFAULT_INTERVAL_US (10 * SECOND_US)
#define PROGRESS_ROWS       65536

struct pass {
    struct gather *g;
    const char *point;
    struct observe observe;
    struct facts_progress *progress;
    char unit[64];
    unsigned decimals;
    uint64_t rows;
    bool calibrated; /* the last row's id is known already */
    int64_t last_calibration;
};

/* ---------------------------------------------------------------- reading */

static void show_progress(struct pass *p, int64_t at_us)
{
    const struct facts_request *r = p->g->request;
    struct facts_progress *progress = p->progress;
    double part = (double)(at_us - r->from_us) / (double)(r->to_us - r->from_us);
    int percent = (int)(100.0 * ((double)progress->nth + (part < 0 ? 0 : part > 1 ? 1 : part)) / progress->n);
    if (r->quiet || percent == progress->percent)
        return;
    progress->percent = percent;
    fprintf(stderr, tr(p->g->ctl, "\rreading %d %% ", "\r正在读取 %d %% "), percent);
    fflush(stderr);
}

static void note_calibration(struct gather *g, int64_t id)
{
    for (size_t i = 0; i < g->n_calibrations; i++)
        if (g->calibrations[i] == (uint32_t)id)
            return;
    if (g->n_calibrations == g->cap_calibrations) {
        size_t cap = g->cap_calibrations > 0 ? 2 * g->cap_calibrations : 16;
        uint32_t *grown = realloc(g->calibrations, cap * sizeof *grown);
        if (grown == NULL) {
            g->failed = true;
            return;
        }
        g->calibrations = grown;
        g->cap_calibrations = cap;
    }
    g->calibrations[g->n_calibrations++] = (uint32_t)id;
}

static bool take_row(void *context, const struct history_row *row)
{
    struct pass *p = context;
    const struct observe_reading reading = {.slot_us = row->slot_utc_us,
                                            .value = row->calibrated,
                                            .quality = row->reading.quality,
                                            .reason = row->reading.reason};
    if (p->rows++ == 0 || strcmp(p->unit, row->unit) != 0) {
        snprintf(p->unit, sizeof p->unit, "%s", row->unit);
        p->decimals = row->decimals;
    }
    if (row->calibration != p->last_calibration) {
        p->last_calibration = row->calibration;
        if (row->calibration > 0)
            note_calibration(p->g, row->calibration);
    }
    if (p->rows % PROGRESS_ROWS == 0)
        show_progress(p, row->slot_utc_us);
    return observe_feed(&p->observe, &reading) && !p->g->failed;
}

/* ---------------------------------------------------------------- limits */

static struct observe_limits limits_of(const struct config *config, int asset, int point, const micro_t *lowest)
{
    struct observe_limits ret = {0};
    for (unsigned i = 0; asset >= 0 && point >= 0 && i < config->assets[asset].n_alarms; i++) {
        const struct alarm_model *m = &config->alarm_models[config->assets[asset].first_alarm + i];
        if (m->point != point)
            continue;
        if (m->kind == CONDITION_HIGH && (!ret.has_high || m->limit < ret.high)) {
            ret.has_high = true;
            ret.high = m->limit;
            ret.high_back = m->limit - m->deadband;
        }
        if (m->kind == CONDITION_LOW && (!ret.has_low || m->limit > ret.low)) {
            ret.has_low = true;
            ret.low = m->limit;
            ret.low_back = m->limit + m->deadband;
        }
    }
    if (lowest != NULL && (!ret.has_high || *lowest < ret.high)) {
        ret.has_high = true;
        ret.high = ret.high_back = *lowest;
    }
    return ret;
}

/* What a unit has lived through is told for these: the site's own thresholds; else those of glass, for tanks.
 */
static void choose_thresholds(struct observe *o, const struct config *config, int asset, const char *unit)
{
    static const micro_t glass[] = {-150 * MICRO_PER_UNIT, -135 * MICRO_PER_UNIT, -120 * MICRO_PER_UNIT};
    const struct asset_config *a = config != NULL && asset >= 0 ? &config->assets[asset] : NULL;
    if (a != NULL && a->n_exposures > 0) {
        if (strcmp(unit, a->exposure_unit[0] != '\0' ? a->exposure_unit : "°C") != 0)
            return;
        for (unsigned i = 0; i < a->n_exposures && i < SUMMARY_THRESHOLDS_MAX; i++)
            o->thresholds[o->n_thresholds++] = a->exposures[i];
    } else if ((a == NULL || a->kind == ASSET_TANK) && strcmp(unit, "°C") == 0) {
        for (unsigned i = 0; i < 3; i++)
            o->thresholds[o->n_thresholds++] = glass[i];
    }
}

/* The limits of each configuration in force; malloc'd. */
static struct observe_limits *find_limits(struct gather *g, const char *point, const micro_t *lowest,
                                          size_t *ret_n)
{
    size_t n = g->n_periods > 0 ? g->n_periods : 1;
    struct observe_limits *limits = calloc(n, sizeof *limits);
    if (limits == NULL) {
        g->failed = true;
        return NULL;
    }
    for (size_t i = 0; i < n; i++) {
        const struct config *config = g->n_periods > 0 ? g->periods[i].config : NULL;
        int asset = config != NULL ? config_find_asset(config, g->request->asset) : -1;
        int index = config != NULL ? config_find_point(config, g->request->asset, point) : -1;
        limits[i] = limits_of(config, asset, index, lowest);
        limits[i].from_us = g->n_periods > 0 && i > 0 ? g->periods[i].from_us : INT64_MIN;
    }
    *ret_n = n;
    return limits;
}

/* The alarms with a limit on the point, for each time in which they were the same. */
static json_t *limits_facts(struct gather *g, const char *point)
{
    json_t *ret = json_array();
    for (size_t i = 0; i < g->n_periods; i++) {
        const struct config *config = g->periods[i].config;
        int asset = config != NULL ? config_find_asset(config, g->request->asset) : -1;
        int index = config != NULL ? config_find_point(config, g->request->asset, point) : -1;
        json_t *period = json_object(), *alarms = json_array();
        for (unsigned k = 0; asset >= 0 && index >= 0 && k < config->assets[asset].n_alarms; k++) {
            unsigned nth = config->assets[asset].first_alarm + k;
            const struct alarm_model *m = &config->alarm_models[nth];
            if (m->point != index || (m->kind != CONDITION_HIGH && m->kind != CONDITION_LOW))
                continue;
            json_t *alarm = json_object();
            facts_set(g, alarm, "alarm", json_string(config->alarms[nth].id));
            facts_set(g, alarm, "side", json_string(m->kind == CONDITION_HIGH ? "high" : "low"));
            facts_set(g, alarm, "limit", facts_number(m->limit));
            facts_set(g, alarm, "deadband", facts_number(m->deadband));
            facts_set(g, alarm, "on_delay_s", json_integer(m->on_delay_ms / 1000));
            facts_set(g, alarm, "priority", json_string(priority_name(m->priority)));
            facts_append(g, alarms, alarm);
        }
        int64_t from_us = g->periods[i].from_us;
        facts_set(g, period, "from",
                  facts_time(from_us > g->request->from_us ? from_us : g->request->from_us));
        facts_set(g, period, "known", json_boolean(config != NULL));
        facts_set(g, period, "alarms", alarms);
        size_t n = json_array_size(ret);
        const json_t *last = n > 0 ? json_array_get(ret, n - 1) : NULL;
        bool same = last != NULL && json_equal(json_object_get(last, "alarms"), alarms) &&
                    json_equal(json_object_get(last, "known"), json_object_get(period, "known"));
        if (same)
            json_decref(period);
        else
            facts_append(g, ret, period);
    }
    return ret;
}

/* ---------------------------------------------------------------- what was found, as JSON */

static json_t *seconds(int64_t us)
{
    return json_real((double)(us / MS_US) / 1000.0);
}

/* value - threshold in degrees times minutes. */
static json_t *degree_minutes(int64_t area)
{
    double minutes = (double)area / 1000.0 / 60000.0;
    return json_real((double)(int64_t)(minutes * 100.0 + 0.5) / 100.0);
}

static json_t *above_facts(struct gather *g, const struct observe *o, const int64_t *above_us,
                           const int64_t *area)
{
    json_t *ret = json_array();
    for (unsigned i = 0; i < o->n_thresholds; i++) {
        json_t *one = json_object();
        facts_set(g, one, "threshold", facts_number(o->thresholds[i]));
        facts_set(g, one, "seconds", seconds(above_us[i]));
        facts_set(g, one, "degree_minutes", degree_minutes(area[i]));
        facts_append(g, ret, one);
    }
    return ret;
}

/* Alarms of the point that were active during the excursion. */
static json_t *alarms_during(struct gather *g, const char *point, const struct observe_excursion *e)
{
    static const char *const keys[] = {"alarm", "priority", "raised", "acknowledged", "by", "note"};
    json_t *ret = json_array();
    size_t i;
    const json_t *alarm;
    json_array_foreach(g->alarms, i, alarm)
    {
        int64_t raised_us = facts_time_of(alarm, "raised"), returned_us = facts_time_of(alarm, "returned");
        json_t *limit = json_object_get(alarm, "limit");
        if (limit == NULL || strcmp(facts_text_of(alarm, "point"), point) != 0 || raised_us == 0)
            continue;
        if (raised_us > e->end_us || (returned_us != 0 && returned_us < e->start_us))
            continue;
        json_t *one = json_object();
        for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++)
            facts_set(g, one, keys[k], json_incref(json_object_get(alarm, keys[k])));
        facts_append(g, ret, one);
    }
    return ret;
}

static void add_excursions(struct gather *g, const struct pass *p, json_t *ret)
{
    const struct observe *o = &p->observe;
    for (size_t i = 0; i < o->n_excursions && !g->failed; i++) {
        const struct observe_excursion *e = &o->excursions[i];
        json_t *one = json_object();
        facts_set(g, one, "point", json_string(p->point));
        facts_set(g, one, "side", json_string(e->high ? "high" : "low"));
        facts_set(g, one, "limit", facts_number(e->limit));
        facts_set(g, one, "start", facts_time(e->start_us));
        facts_set(g, one, "end", facts_time(e->end_us));
        facts_set(g, one, "began_before", e->open_start ? json_true() : NULL);
        facts_set(g, one, "goes_on", e->open_end ? json_true() : NULL);
        facts_set(g, one, "seconds", seconds(e->end_us - e->start_us));
        facts_set(g, one, "unknown_seconds", seconds(e->unknown_us));
        facts_set(g, one, "peak", facts_number(e->peak));
        facts_set(g, one, "peak_time", facts_time(e->peak_us));
        facts_set(g, one, "above", above_facts(g, o, e->above_us, e->area));
        facts_set(g, one, "alarms", alarms_during(g, p->point, e));
        facts_append(g, ret, one);
    }
}

static bool overlaps(const json_t *event, int64_t from_us, int64_t to_us)
{
    int64_t a = facts_time_of(event, "from"), b = facts_time_of(event, "to");
    if (a == 0)
        a = b = facts_time_of(event, "time");
    return a <= to_us && b >= from_us;
}

/* Why nothing was stored: what the events say. */
static const char *absent_reason(struct gather *g, const struct observe_gap *gap, int64_t slack_us,
                                 json_t **ret_detail)
{
    size_t i;
    const json_t *event;
    for (size_t k = 0; k < g->n_starts; k++) {
        const struct facts_start *s = &g->starts[k];
        if (s->at_us >= gap->from_us - slack_us && s->at_us <= gap->to_us + slack_us)
            return s->stopped_us != 0 ? "stopped" : "ended-without-stop";
    }
    if (g->stopped_us != 0 && g->stopped_us <= gap->from_us + slack_us)
        return "stopped";
    json_array_foreach(g->losses, i, event)
    {
        if (overlaps(event, gap->from_us, gap->to_us + slack_us)) {
            *ret_detail = json_incref(json_object_get(event, "reason"));
            return "lost";
        }
    }
    json_array_foreach(g->clocks, i, event)
    {
        if (overlaps(event, gap->from_us - slack_us, gap->to_us + slack_us))
            return "clock";
    }
    return gap->before && gap->after ? "no-readings" : gap->before ? "before-first" : "unknown";
}

static void add_gaps(struct gather *g, const struct pass *p, json_t *ret)
{
    const struct observe *o = &p->observe;
    for (size_t i = 0; i < o->n_gaps && !g->failed; i++) {
        const struct observe_gap *gap = &o->gaps[i];
        int64_t interval_us = o->interval_us > 0 ? o->interval_us : DEFAULT_INTERVAL_US;
        uint64_t expected = (uint64_t)((gap->to_us - gap->from_us + interval_us / 2) / interval_us);
        uint64_t missing = expected > gap->rows ? expected - gap->rows : 0;
        json_t *detail = NULL, *one = json_object();
        const char *reason = gap->rows >= missing && gap->rows > 0
                                 ? reason_name(gap->reason)
                                 : absent_reason(g, gap, SUMMARY_HOLD * interval_us, &detail);
        facts_set(g, one, "point", json_string(p->point));
        facts_set(g, one, "from", facts_time(gap->from_us));
        facts_set(g, one, "to", facts_time(gap->to_us));
        facts_set(g, one, "goes_on", gap->after ? json_true() : NULL);
        facts_set(g, one, "seconds", seconds(gap->to_us - gap->from_us));
        facts_set(g, one, "bad", json_integer((json_int_t)gap->rows));
        facts_set(g, one, "not_stored", json_integer((json_int_t)missing));
        facts_set(g, one, "reason", json_string(reason));
        facts_set(g, one, "detail", detail);
        facts_append(g, ret, one);
    }
}

static json_t *extreme(struct gather *g, micro_t value, int64_t at_us)
{
    json_t *ret = json_object();
    facts_set(g, ret, "value", facts_number(value));
    facts_set(g, ret, "time", facts_time(at_us));
    return ret;
}

static json_t *readings_facts(struct gather *g, const struct observe *o)
{
    json_t *ret = json_object(), *reasons = json_object();
    uint64_t expected = (uint64_t)(o->expected + 0.5);
    facts_set(g, ret, "expected", json_integer((json_int_t)expected));
    facts_set(g, ret, "stored", json_integer((json_int_t)o->stored));
    facts_set(g, ret, "good", json_integer((json_int_t)o->good));
    facts_set(g, ret, "uncertain", json_integer((json_int_t)o->uncertain));
    facts_set(g, ret, "bad", json_integer((json_int_t)o->bad));
    facts_set(g, ret, "interval_s", seconds(o->interval_us));
    for (unsigned i = 0; i < REASON_COUNT; i++)
        if (o->reasons[i] > 0)
            facts_set(g, reasons, reason_name((enum reason)i), json_integer((json_int_t)o->reasons[i]));
    facts_set(g, ret, "bad_reasons", reasons);
    if (o->stored > 0) {
        facts_set(g, ret, "first", facts_time(o->first_us));
        facts_set(g, ret, "last", facts_time(o->last_us));
    }
    return ret;
}

static json_t *chart_facts(struct gather *g, const struct observe *o)
{
    json_t *ret = json_object(), *columns = json_array();
    int64_t span_us = o->to_us - o->from_us, step_us = (span_us + OBSERVE_COLUMNS - 1) / OBSERVE_COLUMNS;
    for (unsigned i = 0; i < OBSERVE_COLUMNS; i++) {
        const struct observe_column *c = &o->columns[i];
        if (c->n == 0)
            continue;
        json_t *one = json_array();
        facts_append(g, one, json_integer(i));
        facts_append(g, one, facts_number(c->minimum));
        facts_append(g, one, facts_number(c->sum / (int64_t)c->n * 1000));
        facts_append(g, one, facts_number(c->maximum));
        facts_append(g, columns, one);
    }
    facts_set(g, ret, "step_s", seconds(step_us));
    facts_set(g, ret, "index_minimum_mean_maximum", columns);
    return ret;
}

/* Names of the values of a state ("open", "closed"), so that it can be drawn as such. */
static json_t *states_facts(struct gather *g, const struct point_config *point)
{
    if (point == NULL || point->format.n_states == 0)
        return NULL;
    json_t *ret = json_array();
    for (unsigned i = 0; i < point->format.n_states; i++) {
        const struct reg_state *s = &point->format.states[i];
        json_t *one = json_object();
        facts_set(g, one, "value", json_integer((json_int_t)s->value));
        facts_set(g, one, "en", json_string(s->name));
        facts_set(g, one, "zh", json_string(s->zh[0] != '\0' ? s->zh : s->name));
        facts_append(g, ret, one);
    }
    return ret;
}

static json_t *point_facts(struct gather *g, const struct pass *p, const struct point_config *point)
{
    static const struct bilingual nothing;
    const struct observe *o = &p->observe;
    json_t *ret = json_object(), *exposure = json_object();
    facts_set(g, ret, "point", json_string(p->point));
    facts_set(g, ret, "name", facts_bilingual(point != NULL ? &point->name : &nothing, p->point));
    facts_set(g, ret, "unit", json_string(p->unit));
    facts_set(g, ret, "decimals", json_integer(p->decimals));
    facts_set(g, ret, "states", states_facts(g, point));
    facts_set(g, ret, "readings", readings_facts(g, o));
    if (o->valued) {
        uint64_t n = o->good + o->uncertain;
        facts_set(g, ret, "minimum", extreme(g, o->minimum, o->minimum_us));
        facts_set(g, ret, "maximum", extreme(g, o->maximum, o->maximum_us));
        facts_set(g, ret, "mean", facts_number(micro_round(o->sum / (int64_t)n * 1000, p->decimals)));
    }
    facts_set(g, ret, "limits", limits_facts(g, p->point));
    facts_set(g, exposure, "known_seconds", seconds(o->known_us));
    int64_t unknown_us = o->to_us - o->from_us - o->known_us;
    facts_set(g, exposure, "unknown_seconds", seconds(unknown_us > 0 ? unknown_us : 0));
    facts_set(g, exposure, "above", above_facts(g, o, o->above_us, o->area));
    facts_set(g, ret, "exposure", exposure);
    facts_set(g, ret, "chart", chart_facts(g, o));
    facts_set(g, ret, "left_out", o->left_out > 0 ? json_integer((json_int_t)o->left_out) : NULL);
    return ret;
}

/* ---------------------------------------------------------------- the pass */

/* The unit of the first reading: without a configuration nothing else tells it. */
static bool take_unit(void *context, const struct history_row *row)
{
    struct pass *p = context;
    snprintf(p->unit, sizeof p->unit, "%s", row->unit);
    p->decimals = row->decimals;
    return false;
}

int facts_read_point(struct gather *g, const char *point_id, struct facts_progress *progress,
                     json_t *ret_points, json_t *ret_excursions, json_t *ret_gaps)
{
    const struct facts_request *r = g->request;
    int asset = -1;
    const struct config *config = facts_config_of(g, &asset);
    int index = config != NULL ? config_find_point(config, r->asset, point_id) : -1;
    const struct point_config *point = index >= 0 ? &config->points[index] : NULL;
    struct pass *p = calloc(1, sizeof *p);
    struct observe_limits *limits = NULL;
    int64_t n = -1;
    if (p == NULL) {
        g->failed = true;
        return 0;
    }
    *p = (struct pass){.g = g, .point = point_id, .progress = progress};
    struct observe *o = &p->observe;
    if (point != NULL) {
        snprintf(p->unit, sizeof p->unit, "%s", point->unit);
        p->decimals = point->format.decimals;
    }
    n = point != NULL ? 0 : history_each(g->reader, r->asset, point_id, r->from_us, r->to_us, take_unit, p);
    o->from_us = r->from_us;
    o->to_us = r->to_us;
    o->default_interval_us =
        point != NULL ? (int64_t)config->devices[point->device].interval_ms * MS_US : DEFAULT_INTERVAL_US;
    choose_thresholds(o, config, asset, p->unit);
    limits = find_limits(g, point_id, o->n_thresholds > 0 ? &o->thresholds[0] : NULL, &o->n_limits);
    o->limits = limits;
    if (limits != NULL && n >= 0)
        n = history_each(g->reader, r->asset, point_id, r->from_us, r->to_us, take_row, p);
    if (n >= 0 && (!observe_finish(o) || g->failed))
        g->failed = true;
    if (n >= 0 && !g->failed) {
        facts_append(g, ret_points, point_facts(g, p, point));
        add_excursions(g, p, ret_excursions);
        add_gaps(g, p, ret_gaps);
    }
    progress->nth++;
    observe_free(o);
    free(limits);
    free(p);
    return n < 0 && !g->failed ? (int)n : 0;
}
