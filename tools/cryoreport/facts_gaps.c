/* facts_gaps.c - gaps, completeness and exposure, as cryoctl's own verbs find them. */
#include <math.h>
#include <string.h>

#include "facts_internal.h"
#include "gaps.h"

static void on_the_way(void *context, int64_t utc_us)
{
    struct gather *g = context;
    progress_at(&g->progress, utc_us);
}

json_t *facts_point(const struct gather *g, const char *id)
{
    size_t i;
    json_t *point;
    json_array_foreach(json_object_get(g->facts, "points"), i, point)
    {
        if (strcmp(facts_text_of(point, "point"), id) == 0)
            return point;
    }
    return NULL;
}

/* ---------------------------------------------------------------- gaps */

static json_t *cause_facts(struct gather *g, const struct gap_cause *c)
{
    json_t *ret = json_object();
    facts_set(g, ret, "kind", json_string(gap_kind_name(c->kind)));
    if (c->kind == GAP_READING) {
        facts_set(g, ret, "quality", json_string(quality_name(c->quality)));
        facts_set(g, ret, "reason", json_string(reason_name(c->reason)));
    }
    facts_set(g, ret, "count", c->count > 0 ? json_integer((json_int_t)c->count) : NULL);
    facts_set(g, ret, "begin", c->begin_us != 0 ? facts_time(c->begin_us) : NULL);
    facts_set(g, ret, "end", c->end_us != 0 ? facts_time(c->end_us) : NULL);
    facts_set(g, ret, "event", c->seq != 0 ? json_integer((json_int_t)c->seq) : NULL);
    facts_set(g, ret, "detail", c->detail[0] != '\0' ? json_string(c->detail) : NULL);
    return ret;
}

static json_t *gap_facts(struct gather *g, const struct gaps *gaps, const struct gap *gap)
{
    json_t *ret = json_object(), *causes = json_array(), *points = json_array();
    facts_set(g, ret, "from", facts_time(gap->from_us));
    facts_set(g, ret, "to", facts_time(gap->to_us));
    facts_set(g, ret, "seconds", facts_seconds(gap->to_us - gap->from_us));
    facts_set(g, ret, "began_before", gap->began_before ? json_true() : NULL);
    facts_set(g, ret, "ends_after", gap->ends_after ? json_true() : NULL);
    facts_set(g, ret, "open", gap->open ? json_true() : NULL);
    for (unsigned i = 0; i < gap->n_causes; i++)
        facts_append(g, causes, cause_facts(g, &gap->causes[i]));
    facts_set(g, ret, "causes", causes);
    facts_set(g, ret, "more_causes", gap->more_causes ? json_true() : NULL);
    for (uint32_t i = 0; i < gap->n_points; i++)
        facts_append(g, points, json_string(gaps->points[gap->points[i]].point.point));
    facts_set(g, ret, "points", points);
    return ret;
}

static json_t *readings_facts(struct gather *g, const struct gaps_point *p)
{
    json_t *ret = json_object();
    facts_set(g, ret, "expected", json_integer((json_int_t)p->expected));
    facts_set(g, ret, "stored", json_integer((json_int_t)p->stored));
    facts_set(g, ret, "good", json_integer((json_int_t)p->good));
    facts_set(g, ret, "uncertain", json_integer((json_int_t)p->uncertain));
    facts_set(g, ret, "bad", json_integer((json_int_t)p->bad));
    facts_set(g, ret, "interval_seconds", facts_seconds(p->usual_us));
    facts_set(g, ret, "gap_seconds", facts_seconds(p->gaps_us));
    if (p->stored > 0) {
        facts_set(g, ret, "first", facts_time(p->first_us));
        facts_set(g, ret, "last", facts_time(p->last_us));
    }
    facts_set(g, ret, "removed", p->removed ? json_true() : NULL);
    return ret;
}

int facts_read_gaps(struct gather *g)
{
    const struct facts_request *r = g->request;
    struct gaps gaps = {0};
    int asset = -1;
    const struct config *config = facts_config_of(g, &asset);
    int result = gaps_find(g->reader, r->asset, r->point, r->from_us, r->to_us, config, on_the_way, g, &gaps);
    if (result < 0)
        return result;
    json_t *ret = json_array();
    for (size_t i = 0; i < gaps.n_points; i++) {
        json_t *point = facts_point(g, gaps.points[i].point.point);
        if (point != NULL)
            facts_set(g, point, "readings", readings_facts(g, &gaps.points[i]));
    }
    for (size_t i = 0; i < gaps.n_gaps && !g->failed; i++)
        facts_append(g, ret, gap_facts(g, &gaps, &gaps.gaps[i]));
    facts_set(g, g->facts, "gaps", ret);
    gaps_free(&gaps);
    return 0;
}

/* ---------------------------------------------------------------- exposure */

struct exposure_levels facts_levels(const struct gather *g, const struct config *config)
{
    struct exposure_levels ret = exposure_levels(NULL, config, g->request->asset);
    int asset = config != NULL ? config_find_asset(config, g->request->asset) : -1;
    const struct asset_config *a = asset >= 0 ? &config->assets[asset] : NULL;
    if (a != NULL && a->n_exposures == 0 && a->kind != ASSET_TANK)
        ret.n = 0;
    return ret;
}

static json_t *exposure_facts(struct gather *g, const struct exposure *e)
{
    json_t *ret = json_object(), *above = json_array();
    facts_set(g, ret, "known_seconds", facts_seconds(e->known_us));
    facts_set(g, ret, "uncertain_seconds", facts_seconds(e->uncertain_us));
    facts_set(g, ret, "unknown_seconds", facts_seconds(e->unknown_us));
    if (isfinite(e->mkt)) /* whole hundredths: no more is meant by it */
        facts_set(g, ret, "mean_kinetic_temperature", json_real(round(e->mkt * 100) / 100));
    for (unsigned i = 0; i < e->n_levels; i++) {
        const struct exposure_level *l = &e->levels[i];
        json_t *one = json_object();
        facts_set(g, one, "threshold", facts_number(l->level));
        facts_set(g, one, "seconds", facts_seconds(l->above_us));
        facts_set(g, one, "degree_minutes", facts_number(micro_round(l->micro_degree_minutes, 3)));
        facts_set(g, one, "longest_seconds", facts_seconds(l->longest_us));
        facts_set(g, one, "longest_from", l->above_us > 0 ? facts_time(l->longest_from_us) : NULL);
        facts_append(g, above, one);
    }
    facts_set(g, ret, "above", above);
    return ret;
}

int facts_read_exposures(struct gather *g)
{
    const struct facts_request *r = g->request;
    struct exposures exposures = {0};
    int asset = -1;
    const struct config *config = facts_config_of(g, &asset);
    struct exposure_levels levels = facts_levels(g, config);
    if (levels.n == 0)
        return 0;
    int result = exposure_compute(g->reader, r->asset, r->point, r->from_us, r->to_us, &levels, config,
                                  on_the_way, g, &exposures);
    if (result < 0)
        return result;
    for (size_t i = 0; i < exposures.n; i++) {
        json_t *point = facts_point(g, exposures.items[i].point.point);
        if (point != NULL)
            facts_set(g, point, "exposure", exposure_facts(g, &exposures.items[i]));
    }
    exposure_free(&exposures);
    return 0;
}
