#include "exposure.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"

#define KELVIN            273.15
#define ACTIVATION_OVER_R (83.144 / 8.3144e-3)
#define MINUTE_MS         60000

struct mkt {
    double largest, sum, weight; /* of exp(-E/RT), the largest exponent taken out */
    micro_t last;                /* and its exponent: values repeat */
    double exponent, factor;
    bool any, impossible;
};

struct run {
    struct exposures *out;
    struct mkt *mkts;
    size_t *index; /* of a walk's point in out->items; SIZE_MAX: left out */
    int64_t from_us, to_us;
    walk_progress_fn *progress;
    void *context;
};

/* ---------------------------------------------------------------- levels */

struct exposure_levels exposure_levels(const struct exposure_levels *asked, const struct config *config,
                                       const char *asset)
{
    static const struct exposure_levels usual = {3, {-150000000, -135000000, -120000000}, EXPOSURE_UNIT};
    if (asked != NULL && asked->n > 0)
        return *asked;
    int i = config != NULL ? config_find_asset(config, asset) : -1;
    if (i < 0 || config->assets[i].n_exposures == 0)
        return usual;
    struct exposure_levels levels = {.n = config->assets[i].n_exposures};
    memcpy(levels.levels, config->assets[i].exposures, sizeof levels.levels);
    snprintf(levels.unit, sizeof levels.unit, "%s", config->assets[i].exposure_unit);
    return levels;
}

static bool insert(struct exposure_levels *levels, micro_t level)
{
    if (levels->n == EXPOSURES_MAX)
        return false;
    unsigned i = levels->n++;
    for (; i > 0 && levels->levels[i - 1] > level; i--)
        levels->levels[i] = levels->levels[i - 1];
    levels->levels[i] = level;
    return i == 0 || levels->levels[i - 1] != level;
}

bool exposure_parse(const char *text, struct exposure_levels *ret)
{
    struct exposure_levels levels = {.unit = EXPOSURE_UNIT};
    for (const char *at = text;; at++) {
        char number[MICRO_TEXT_MAX];
        size_t len = strcspn(at, ",");
        micro_t level;
        if (len >= sizeof number)
            return false;
        memcpy(number, at, len);
        number[len] = '\0';
        if (!micro_parse(number, &level) || !insert(&levels, level))
            return false;
        at += len;
        if (*at == '\0')
            break;
    }
    *ret = levels;
    return true;
}

/* ---------------------------------------------------------------- mean kinetic temperature */

static void mkt_add(struct mkt *m, micro_t value, int64_t us)
{
    double kelvin = (double)value / 1e6 + KELVIN, weight = (double)us;
    if (kelvin <= 0) {
        m->impossible = true;
        return;
    }
    if (!m->any || value != m->last) {
        m->last = value;
        m->exponent = -ACTIVATION_OVER_R / kelvin;
        if (!m->any || m->exponent > m->largest) {
            m->sum *= m->any ? exp(m->largest - m->exponent) : 0;
            m->largest = m->exponent;
        }
        m->factor = exp(m->exponent - m->largest);
        m->any = true;
    }
    m->sum += weight * m->factor;
    m->weight += weight;
}

static double mkt_value(const struct mkt *m)
{
    if (!m->any || m->impossible || m->weight <= 0)
        return NAN;
    return -ACTIVATION_OVER_R / (m->largest + log(m->sum / m->weight)) - KELVIN;
}

/* ---------------------------------------------------------------- readings */

static void end_stay(struct exposure_level *l)
{
    if (l->stay_us > l->longest_us) {
        l->longest_us = l->stay_us;
        l->longest_from_us = l->stay_from_us;
    }
    l->stay_us = 0;
}

/* The value stands in [begin, end). */
static void stand_level(struct exposure_level *l, micro_t value, int64_t begin_us, int64_t end_us)
{
    if (l->stay_us > 0 && (value <= l->level || begin_us != l->stay_end_us))
        end_stay(l);
    if (value <= l->level)
        return;
    if (l->stay_us == 0)
        l->stay_from_us = begin_us;
    l->stay_us += end_us - begin_us;
    l->stay_end_us = end_us;
    l->above_us += end_us - begin_us;
    /* What is not a whole minute times 10^-6 degrees is carried over: nothing is lost to rounding. */
    __extension__ typedef __int128 wide;
    wide sum = (wide)(value - l->level) * ((end_us - begin_us) / MS_US) + l->rest;
    l->micro_degree_minutes += (int64_t)(sum / MINUTE_MS);
    l->rest = (int64_t)(sum % MINUTE_MS);
}

static int64_t end_of(const struct walk_reading *r)
{
    int64_t hold_us = r->slot_us + EXPOSURE_HOLD * r->usual_us;
    if (r->next_us == INT64_MAX || r->next_us < r->slot_us) /* the last, or the clock was set back */
        return r->slot_us + r->usual_us;
    return r->next_us < hold_us ? r->next_us : hold_us;
}

static bool take_reading(void *context, size_t i, const struct walk_reading *r)
{
    struct run *run = context;
    if (run->index[i] == SIZE_MAX || r->quality == QUALITY_BAD)
        return true;
    struct exposure *e = &run->out->items[run->index[i]];
    int64_t begin_us = r->slot_us > run->from_us ? r->slot_us : run->from_us, end_us = end_of(r);
    if (end_us > run->to_us)
        end_us = run->to_us;
    if (end_us <= begin_us || strcmp(r->unit, e->point.unit) != 0)
        return true;
    if (e->known_us == 0 || r->value < e->minimum) {
        e->minimum = r->value;
        e->minimum_us = r->slot_us;
    }
    if (e->known_us == 0 || r->value > e->maximum) {
        e->maximum = r->value;
        e->maximum_us = r->slot_us;
    }
    e->readings++;
    e->known_us += end_us - begin_us;
    if (r->quality == QUALITY_UNCERTAIN)
        e->uncertain_us += end_us - begin_us;
    for (unsigned k = 0; k < e->n_levels; k++)
        stand_level(&e->levels[k], r->value, begin_us, end_us);
    if (strcmp(e->point.unit, EXPOSURE_UNIT) == 0)
        mkt_add(&run->mkts[run->index[i]], r->value, end_us - begin_us);
    return true;
}

static void tell(void *context, int64_t utc_us)
{
    struct run *run = context;
    if (run->progress != NULL)
        run->progress(run->context, utc_us);
}

/* ---------------------------------------------------------------- all of it */

/* Nobody keeps cells in a room: unless it is asked for by name, or has levels of its own. */
static bool holds_nothing(const struct config *config, const char *asset)
{
    int i = config != NULL ? config_find_asset(config, asset) : -1;
    return i >= 0 && config->assets[i].n_exposures == 0 &&
           (config->assets[i].kind == ASSET_ROOM || config->assets[i].kind == ASSET_UTILITY);
}

static int choose_points(struct run *run, const struct walk *walk, const struct exposure_levels *asked,
                         const struct config *config, bool all)
{
    size_t n = walk_count(walk);
    run->out->items = calloc(n + 1, sizeof *run->out->items);
    run->mkts = calloc(n + 1, sizeof *run->mkts);
    run->index = calloc(n + 1, sizeof *run->index);
    if (run->out->items == NULL || run->mkts == NULL || run->index == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++) {
        const struct walk_point *p = walk_point(walk, i);
        struct exposure_levels levels = exposure_levels(asked, config, p->asset);
        run->index[i] = SIZE_MAX;
        if (strcmp(levels.unit, p->unit) != 0 || (all && holds_nothing(config, p->asset)))
            continue;
        run->index[i] = run->out->n;
        struct exposure *e = &run->out->items[run->out->n++];
        e->point = *p;
        e->n_levels = levels.n;
        for (unsigned k = 0; k < levels.n; k++)
            e->levels[k].level = levels.levels[k];
    }
    return 0;
}

static void conclude(struct run *run)
{
    for (size_t i = 0; i < run->out->n; i++) {
        struct exposure *e = &run->out->items[i];
        for (unsigned k = 0; k < e->n_levels; k++)
            end_stay(&e->levels[k]);
        e->mkt = mkt_value(&run->mkts[i]);
        e->unknown_us = run->to_us - run->from_us - e->known_us;
        if (e->unknown_us < 0) /* an hour that came twice */
            e->unknown_us = 0;
    }
}

int exposure_compute(struct history_reader *reader, const char *asset, const char *point, int64_t from_us,
                     int64_t to_us, const struct exposure_levels *asked, const struct config *config,
                     walk_progress_fn *progress, void *context, struct exposures *ret)
{
    int64_t now_us = clock_now().utc_us;
    struct exposures out = {.from_us = from_us, .to_us = to_us > now_us && from_us < now_us ? now_us : to_us};
    struct run run = {
        .out = &out, .from_us = from_us, .to_us = out.to_us, .progress = progress, .context = context};
    struct walk *walk = NULL;
    int error = walk_create(reader, asset, point, &walk);
    if (error == 0)
        error = choose_points(&run, walk, asked, config, asset == NULL);
    if (error == 0 && out.n > 0)
        error = walk_run(walk, from_us, out.to_us, take_reading, tell, &run);
    if (error == 0) {
        conclude(&run);
        *ret = out;
    } else {
        exposure_free(&out);
    }
    walk_free(walk);
    free(run.mkts);
    free(run.index);
    return error;
}

void exposure_free(struct exposures *exposures)
{
    free(exposures->items);
    *exposures = (struct exposures){0};
}
