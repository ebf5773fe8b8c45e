/* derive_news.c - the news that wait to be fetched.
 *
 * A ring with a place for each derived point and room for each alarm twice, for fills and runs. A point's
 * reading that waits is replaced, so readings never take more than their places. An event that finds no room
 * is not dropped: who tells it keeps it as not yet told. */
#include "derive_internal.h"

#include <errno.h>
#include <stdlib.h>

#define FILLS_WAIT 4 /* per vessel */
#define RUNS_WAIT  8 /* per freezer */
#define SPARE      16

__extension__ typedef __int128 wide_t;

static uint32_t count_points(const struct config *config)
{
    uint32_t n = 0;
    for (unsigned i = 0; i < config->n_points; i++)
        n += config_is_derived(config, (uint16_t)i);
    return n;
}

int derive_news_create(struct derive *d)
{
    const struct config *config = d->config;
    uint32_t alarms = config->n_vessels * (uint32_t)TANK_ALARM_COUNT +
                      config->n_supplies * (uint32_t)SUPPLY_ALARM_COUNT +
                      config->n_freezers * (uint32_t)FREEZER_ALARM_COUNT;
    d->n_points = count_points(config);
    d->cap = d->n_points + 2 * alarms + FILLS_WAIT * (uint32_t)config->n_vessels +
             RUNS_WAIT * (uint32_t)config->n_freezers + SPARE;
    d->news = calloc(d->cap, sizeof *d->news);
    d->queued = calloc(config->n_points + 1u, sizeof *d->queued);
    return d->news != NULL && d->queued != NULL ? 0 : -ENOMEM;
}

void derive_news_free(struct derive *d)
{
    free(d->news);
    free(d->queued);
}

static struct derived_news *append(struct derive *d, uint32_t *ret_place)
{
    *ret_place = (d->first + d->n) % d->cap;
    d->n++;
    return &d->news[*ret_place];
}

static void reading(struct derive *d, uint16_t point, const struct reading *value)
{
    struct derived_news *news;
    if (!d->ready)
        return;
    if (d->queued[point] != 0) {
        news = &d->news[d->queued[point] - 1];
    } else {
        uint32_t place;
        news = append(d, &place);
        d->queued[point] = place + 1;
        d->n_readings++;
    }
    *news = (struct derived_news){
        .kind = DERIVED_READING, .at = d->now, .reading = {.point = point, .reading = *value}};
}

static int64_t unit_of(unsigned decimals)
{
    int64_t unit = MICRO_PER_UNIT;
    for (unsigned i = 0; i < decimals && i < DECIMALS_MAX; i++)
        unit /= 10;
    return unit;
}

void derive_news_number(struct derive *d, int point, micro_t value)
{
    if (point < 0)
        return;
    unsigned decimals = d->config->points[point].format.decimals;
    micro_t rounded = micro_round(value, decimals);
    int64_t raw = rounded / unit_of(decimals);
    if (raw > INT32_MAX || raw < INT32_MIN) {
        derive_news_bad(d, point, REASON_OVER_RANGE);
        return;
    }
    struct reading r = {.value = rounded, .raw = (uint32_t)(int32_t)raw, .quality = QUALITY_GOOD};
    reading(d, (uint16_t)point, &r);
}

void derive_news_state(struct derive *d, int point, unsigned state)
{
    if (point < 0)
        return;
    struct reading r = {.value = (micro_t)state * MICRO_PER_UNIT, .raw = state, .quality = QUALITY_GOOD};
    reading(d, (uint16_t)point, &r);
}

void derive_news_bad(struct derive *d, int point, enum reason reason)
{
    if (point < 0)
        return;
    struct reading r = {.quality = QUALITY_BAD, .reason = reason};
    reading(d, (uint16_t)point, &r);
}

bool derive_news_event(struct derive *d, struct derived_news *news)
{
    uint32_t place;
    if (!d->ready)
        return true;
    if (d->n - d->n_readings >= d->cap - d->n_points)
        return false;
    news->at = d->now;
    *append(d, &place) = *news;
    return true;
}

void derive_news_condition(struct derive *d, int alarm, enum derive_known known, uint8_t *told)
{
    if (alarm < 0 || known == DERIVE_UNKNOWN || known == *told || !d->ready)
        return;
    struct derived_news news = {.kind = DERIVED_CONDITION,
                                .condition = {.alarm = (uint16_t)alarm, .holds = known == DERIVE_HOLDS}};
    if (derive_news_event(d, &news))
        *told = (uint8_t)known;
}

bool derive_next(struct derive *d, struct derived_news *ret)
{
    if (d->n == 0)
        return false;
    *ret = d->news[d->first];
    d->first = (d->first + 1) % d->cap;
    d->n--;
    if (ret->kind == DERIVED_READING) {
        d->queued[ret->reading.point] = 0;
        d->n_readings--;
    }
    return true;
}
