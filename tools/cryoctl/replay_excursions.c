/* replay_excursions.c - what truly went too far, whatever was alarmed. */
#include <string.h>

#include "exposure.h"
#include "replay_internal.h"

static bool is_high(unsigned detector)
{
    return detector != DETECT_LOW;
}

static void found(struct replay *r, struct detector *d, int64_t to_us, bool open)
{
    struct excursion *e = &d->now;
    d->within = false;
    if (to_us - e->from_us < d->least_us || to_us <= r->from_us || r->n_excursions >= REPLAY_ALARMS_MAX)
        return;
    e->to_us = open ? 0 : to_us;
    if (replay_grow(r, (void **)&r->excursions, &r->cap_excursions, r->n_excursions, sizeof *e))
        r->excursions[r->n_excursions++] = *e;
}

/* ---------------------------------------------------------------- limits */

static void take_threshold(const struct config *c, struct detector *d, uint16_t point)
{
    const struct asset_config *asset = &c->assets[c->points[point].asset];
    struct exposure_levels levels = exposure_levels(NULL, c, asset->id);
    /* A controlled-rate freezer at rest is warm, and means nothing: only if the site has set thresholds. */
    d->wanted = strcmp(levels.unit, c->points[point].unit) == 0 &&
                (asset->n_exposures > 0 || asset->kind == ASSET_TANK);
    d->limit = d->back = levels.levels[0];
    d->least_us = EXCURSION_LEAST_US;
    d->alarm = 0;
}

/* The critical limit that is reached first. */
static void take_critical(struct replay *r, struct detector *detectors, uint16_t alarm)
{
    const struct side *s = &r->sides[IN_FORCE];
    const struct alarm_model *m = &s->config->alarm_models[alarm];
    bool high = m->kind == CONDITION_HIGH;
    struct detector *d = &detectors[high ? DETECT_HIGH : DETECT_LOW];
    if (d->wanted && (high ? d->limit <= m->limit : d->limit >= m->limit))
        return;
    d->wanted = true;
    d->limit = m->limit;
    d->back = high ? m->limit - m->deadband : m->limit + m->deadband;
    d->least_us = m->on_delay_ms * MS_US;
    d->alarm = s->alarm_name[alarm];
}

void excursions_limits(struct replay *r)
{
    const struct side *s = &r->sides[IN_FORCE];
    for (uint32_t point = 1; point <= r->points.n; point++)
        for (unsigned k = 0; k < DETECTORS; k++)
            r->detectors[point][k].wanted = false;
    for (uint16_t i = 0; s->config != NULL && i < s->config->n_points; i++)
        if (s->point_name[i] > 0 && replay_is_of(r, s->point_name[i]))
            take_threshold(s->config, &r->detectors[s->point_name[i]][DETECT_THRESHOLD], i);
    for (uint16_t i = 0; s->config != NULL && i < s->config->n_alarms; i++) {
        const struct alarm_model *m = &s->config->alarm_models[i];
        bool limit = m->kind == CONDITION_HIGH || m->kind == CONDITION_LOW;
        if (limit && m->priority == PRIORITY_CRITICAL && s->point_name[m->point] > 0 &&
            replay_is_of(r, s->point_name[m->point]))
            take_critical(r, r->detectors[s->point_name[m->point]], i);
    }
    for (uint32_t point = 1; point <= r->points.n; point++)
        for (unsigned k = 0; k < DETECTORS; k++) /* a limit that is gone leaves nothing open */
            if (r->detectors[point][k].within && !r->detectors[point][k].wanted)
                found(r, &r->detectors[point][k], r->last_us, false);
}

/* ---------------------------------------------------------------- readings */

static void feed(struct replay *r, struct detector *d, unsigned kind, const struct replay_row *row,
                 const struct reading *reading)
{
    bool high = is_high(kind), beyond = high ? reading->value > d->limit : reading->value < d->limit;
    bool back = high ? reading->value <= d->back : reading->value >= d->back;
    if (!d->within && beyond) {
        d->within = true;
        d->now = (struct excursion){.point = row->point,
                                    .alarm = d->alarm,
                                    .high = high,
                                    .limit = d->limit,
                                    .from_us = row->taken_us,
                                    .peak = reading->value,
                                    .peak_us = row->taken_us};
    } else if (d->within && back && reading->quality == QUALITY_GOOD) {
        found(r, d, row->taken_us, false);
    } else if (d->within && (high ? reading->value > d->now.peak : reading->value < d->now.peak)) {
        d->now.peak = reading->value;
        d->now.peak_us = row->taken_us;
    }
}

void excursions_feed(struct replay *r, const struct replay_row *row)
{
    const struct side *s = &r->sides[IN_FORCE];
    uint16_t point = s->config != NULL ? s->point_of[row->point] : 0;
    struct reading reading = row->reading;
    if (point == 0 || reading.quality == QUALITY_BAD)
        return;
    (void)config_calibrate(s->config, (uint16_t)(point - 1), row->slot_us, &reading);
    for (unsigned k = 0; k < DETECTORS; k++)
        if (r->detectors[row->point][k].wanted)
            feed(r, &r->detectors[row->point][k], k, row, &reading);
}

void excursions_end(struct replay *r)
{
    for (uint32_t point = 1; point <= r->points.n; point++)
        for (unsigned k = 0; k < DETECTORS; k++)
            if (r->detectors[point][k].within)
                found(r, &r->detectors[point][k], r->last_us, true);
}
