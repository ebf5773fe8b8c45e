/* facts_point.c - the readings of the asset's points in one pass, and what was seen as JSON. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "facts_internal.h"

/* A point, and what was seen of it. */
struct seen {
    const char *id, *unit; /* valid until the walk, and the history, are closed */
    unsigned decimals;
    const struct point_config *point; /* NULL: not in a configuration */
    struct observe_limits *limits;
    struct observe observe;
    int64_t calibration;        /* of the last reading */
    bool derived, tells_vacuum; /* computed by the daemon, not read */
    struct facts_vacuum vacuum;
};

struct pass {
    struct gather *g;
    struct seen *points;
    size_t n;
};

/* ---------------------------------------------------------------- what was found, as JSON */

static json_t *above_facts(struct gather *g, const struct observe *o, const struct observe_excursion *e)
{
    json_t *ret = json_array();
    for (unsigned i = 0; i < o->n_thresholds; i++) {
        json_t *one = json_object();
        facts_set(g, one, "threshold", facts_number(o->thresholds[i]));
        facts_set(g, one, "seconds", facts_seconds(e->above_us[i]));
        facts_set(g, one, "degree_minutes", facts_number(micro_round(e->degree_minutes[i], 3)));
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

static void add_excursions(struct gather *g, const struct seen *p, json_t *ret)
{
    const struct observe *o = &p->observe;
    for (size_t i = 0; i < o->n_excursions && !g->failed; i++) {
        const struct observe_excursion *e = &o->excursions[i];
        json_t *one = json_object();
        facts_set(g, one, "point", json_string(p->id));
        facts_set(g, one, "side", json_string(e->high ? "high" : "low"));
        facts_set(g, one, "limit", facts_number(e->limit));
        facts_set(g, one, "start", facts_time(e->start_us));
        facts_set(g, one, "end", facts_time(e->end_us));
        facts_set(g, one, "began_before", e->open_start ? json_true() : NULL);
        facts_set(g, one, "goes_on", e->open_end ? json_true() : NULL);
        facts_set(g, one, "seconds", facts_seconds(e->end_us - e->start_us));
        facts_set(g, one, "unknown_seconds", facts_seconds(e->unknown_us));
        facts_set(g, one, "peak", facts_number(e->peak));
        facts_set(g, one, "peak_time", facts_time(e->peak_us));
        facts_set(g, one, "above", above_facts(g, o, e));
        facts_set(g, one, "alarms", alarms_during(g, p->id, e));
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
    facts_set(g, ret, "step_s", facts_seconds(step_us));
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

static json_t *reasons_facts(struct gather *g, const struct observe *o)
{
    json_t *ret = json_object();
    for (unsigned i = 0; i < REASON_COUNT; i++)
        if (o->reasons[i] > 0)
            facts_set(g, ret, reason_name((enum reason)i), json_integer((json_int_t)o->reasons[i]));
    return ret;
}

/* How often it was known, and how often it was told that it is not. Nothing is expected of it as of a sensor.
 */
static json_t *told_facts(struct gather *g, const struct observe *o)
{
    json_t *ret = json_object();
    uint64_t unknown = 0;
    for (unsigned i = 0; i < REASON_COUNT; i++)
        unknown += o->reasons[i];
    facts_set(g, ret, "known", json_integer((json_int_t)o->n));
    facts_set(g, ret, "not_known", json_integer((json_int_t)unknown));
    facts_set(g, ret, "interval_seconds", facts_seconds(o->usual_us));
    return ret;
}

static json_t *point_facts(struct gather *g, const struct seen *p)
{
    static const struct bilingual nothing;
    const struct observe *o = &p->observe;
    json_t *ret = json_object();
    facts_set(g, ret, "point", json_string(p->id));
    facts_set(g, ret, "name", facts_bilingual(p->point != NULL ? &p->point->name : &nothing, p->id));
    facts_set(g, ret, "unit", json_string(p->unit));
    facts_set(g, ret, "decimals", json_integer(p->decimals));
    facts_set(g, ret, "states", states_facts(g, p->point));
    facts_set(g, ret, "bad_reasons", reasons_facts(g, o));
    if (p->derived) {
        facts_mark_derived(g, ret, p->id);
        facts_set(g, ret, "told", told_facts(g, o));
    }
    if (o->n > 0) {
        facts_set(g, ret, "minimum", extreme(g, o->minimum, o->minimum_us));
        facts_set(g, ret, "maximum", extreme(g, o->maximum, o->maximum_us));
        facts_set(g, ret, "mean", facts_number(micro_round(o->sum / (int64_t)o->n * 1000, p->decimals)));
    }
    facts_set(g, ret, "limits", facts_limits(g, p->id));
    facts_set(g, ret, "chart", chart_facts(g, o));
    facts_set(g, ret, "left_out", o->left_out > 0 ? json_integer((json_int_t)o->left_out) : NULL);
    return ret;
}

/* ---------------------------------------------------------------- the pass */

static bool take_reading(void *context, size_t i, const struct walk_reading *reading)
{
    struct pass *pass = context;
    struct seen *p = &pass->points[i];
    const struct observe *o = &p->observe;
    if (reading->calibration != p->calibration && reading->slot_us >= o->from_us &&
        reading->slot_us < o->to_us) {
        p->calibration = reading->calibration;
        if (p->calibration != 0)
            facts_note_calibration(pass->g, p->calibration);
    }
    if (p->tells_vacuum && reading->slot_us >= o->from_us && reading->slot_us < o->to_us)
        facts_vacuum_take(pass->g, &p->vacuum, reading);
    return observe_feed(&p->observe, reading) && !pass->g->failed;
}

static void on_the_way(void *context, int64_t utc_us)
{
    struct pass *pass = context;
    progress_at(&pass->g->progress, utc_us);
}

static void prepare(struct gather *g, struct seen *p, const struct walk_point *point)
{
    const struct facts_request *r = g->request;
    struct observe *o = &p->observe;
    int asset = -1;
    const struct config *config = facts_config_of(g, &asset);
    int index = config != NULL ? config_find_point(config, r->asset, point->point) : -1;
    p->id = point->point;
    p->unit = point->unit;
    p->decimals = point->decimals;
    p->point = index >= 0 ? &config->points[index] : NULL;
    p->derived = index >= 0 && config_is_derived(config, (uint16_t)index);
    p->tells_vacuum = p->derived && strcmp(p->id, "vacuum") == 0;
    o->from_us = r->from_us;
    o->to_us = r->to_us;
    struct exposure_levels levels = facts_levels(g, config);
    if (strcmp(levels.unit, p->unit) == 0)
        for (unsigned i = 0; i < levels.n; i++)
            o->thresholds[o->n_thresholds++] = levels.levels[i];
    p->limits = facts_find_limits(g, p->id, o->n_thresholds > 0 ? &o->thresholds[0] : NULL, &o->n_limits);
    o->limits = p->limits;
}

/* In the order of the configuration; those that it does not know come last. */
static int by_place(const void *a, const void *b)
{
    const struct seen *const *x = a, *const *y = b;
    const struct point_config *p = (*x)->point, *q = (*y)->point;
    if (p == NULL || q == NULL)
        return p != q ? (p == NULL ? 1 : -1) : strcmp((*x)->id, (*y)->id);
    return (p > q) - (p < q);
}

static int by_start(const void *a, const void *b)
{
    const json_t *const *x = a, *const *y = b;
    return strcmp(facts_text_of(*x, "start"), facts_text_of(*y, "start"));
}

/* The excursions of all points in one order. */
static json_t *by_time(struct gather *g, json_t *excursions)
{
    size_t n = json_array_size(excursions);
    json_t *ret = json_array(), **sorted = (json_t **)calloc(n + 1, sizeof(json_t *));
    if (sorted == NULL)
        g->failed = true;
    for (size_t i = 0; i < n && sorted != NULL; i++)
        sorted[i] = json_array_get(excursions, i);
    if (sorted != NULL)
        qsort((void *)sorted, n, sizeof(json_t *), by_start);
    for (size_t i = 0; i < n && sorted != NULL; i++)
        facts_append(g, ret, json_incref(sorted[i]));
    free((void *)sorted);
    json_decref(excursions);
    return ret;
}

static void tell(struct gather *g, struct seen *points, size_t n)
{
    json_t *objects = json_array(), *excursions = json_array();
    struct seen **order = n > 0 ? calloc(n, sizeof(struct seen *)) : NULL;
    if (order == NULL)
        g->failed = true;
    for (size_t i = 0; i < n && !g->failed; i++) {
        order[i] = &points[i];
        if (!observe_finish(&points[i].observe))
            g->failed = true;
        facts_vacuum_end(g, &points[i].vacuum);
    }
    if (!g->failed)
        qsort((void *)order, n, sizeof(struct seen *), by_place);
    for (size_t i = 0; i < n && !g->failed; i++) {
        facts_append(g, objects, point_facts(g, order[i]));
        add_excursions(g, order[i], excursions);
    }
    free((void *)order);
    facts_set(g, g->facts, "points", objects);
    facts_set(g, g->facts, "excursions", by_time(g, excursions));
}

int facts_read_points(struct gather *g)
{
    const struct facts_request *r = g->request;
    struct walk *walk = NULL;
    struct pass pass = {.g = g};
    int result = walk_create(g->reader, r->asset, r->point, &walk);
    if (result < 0)
        return result;
    pass.n = walk_count(walk);
    pass.points = pass.n > 0 ? calloc(pass.n, sizeof *pass.points) : NULL;
    if (pass.points == NULL)
        result = pass.n > 0 ? -ENOMEM : -ENOENT;
    for (size_t i = 0; i < pass.n && result == 0; i++)
        prepare(g, &pass.points[i], walk_point(walk, i));
    if (result == 0)
        result = walk_run(walk, r->from_us, r->to_us, take_reading, on_the_way, &pass);
    if (result == 0)
        tell(g, pass.points, pass.n);
    for (size_t i = 0; i < pass.n && pass.points != NULL; i++) {
        observe_free(&pass.points[i].observe);
        free(pass.points[i].limits);
    }
    free(pass.points);
    walk_free(walk);
    return result;
}
