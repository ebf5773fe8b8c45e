/* rota.c - see rota.h. */
#include "rota.h"

#include <time.h>

#include "clock.h"

/* The moment at which it is so many minutes after midnight of this day here. */
static int64_t local_us(int32_t day, unsigned minute)
{
    time_t noon_utc = (time_t)day * 86400 + 43200;
    struct tm t;
    (void)gmtime_r(&noon_utc, &t); /* the date's year, month and day */
    t.tm_hour = (int)(minute / 60);
    t.tm_min = (int)(minute % 60);
    t.tm_sec = 0;
    t.tm_isdst = -1;
    return (int64_t)mktime(&t) * SECOND_US;
}

static int32_t local_day(int64_t utc_us)
{
    time_t seconds = (time_t)(utc_us / SECOND_US);
    struct tm t;
    (void)localtime_r(&seconds, &t);
    t.tm_hour = 12;
    t.tm_min = t.tm_sec = 0;
    return (int32_t)(timegm(&t) / 86400);
}

static unsigned weekday(int32_t day)
{
    return (unsigned)((day % 7 + 10) % 7); /* 1970-01-01 was a Thursday: 3 */
}

static bool is_holiday(const struct notify_config *config, int32_t day)
{
    for (unsigned i = 0; i < config->n_holidays; i++)
        if (config->holidays[i] == day)
            return true;
    return false;
}

static void span_of(int32_t day, unsigned from_min, unsigned to_min, int64_t *ret_from, int64_t *ret_to)
{
    *ret_from = local_us(day, from_min);
    *ret_to = to_min > from_min ? local_us(day, to_min) : local_us(day + 1, to_min);
}

static void add(struct call_span *spans, size_t *n, struct call_span span)
{
    if (*n < CALL_SPANS && span.people != 0 && span.to_utc_us > span.from_utc_us)
        spans[(*n)++] = span;
}

/* Which bits of a shift's days hold on this day: on a holiday those for holidays, and where a level has none,
 * those of a Sunday. */
static uint8_t days_of(const struct notify_config *config, const struct notify_level *level, int32_t day)
{
    uint8_t all = 0;
    for (unsigned i = 0; i < level->n_shifts; i++)
        all |= level->shifts[i].days;
    if (!is_holiday(config, day))
        return (uint8_t)(1U << weekday(day));
    return (all & NOTIFY_HOLIDAY) != 0 ? NOTIFY_HOLIDAY : 1U << 6;
}

static void add_day(const struct notify_config *config, unsigned index, int32_t day, struct call_span *spans,
                    size_t *n)
{
    const struct notify_level *level = &config->levels[index];
    uint8_t days = days_of(config, level, day);
    bool replaced = false;
    struct call_span span = {.level = (uint8_t)index};
    for (unsigned i = 0; i < level->n_dates; i++) {
        const struct notify_dates *d = &level->dates[i];
        if (day < d->first || day > d->last)
            continue;
        replaced = true;
        span.people = d->people;
        span_of(day, d->from_min, d->to_min, &span.from_utc_us, &span.to_utc_us);
        add(spans, n, span);
    }
    for (unsigned i = 0; i < level->n_shifts && !replaced; i++) {
        const struct notify_shift *s = &level->shifts[i];
        if ((s->days & days) == 0)
            continue;
        span.people = s->people;
        span_of(day, s->from_min, s->to_min, &span.from_utc_us, &span.to_utc_us);
        add(spans, n, span);
    }
}

size_t rota_spans(const struct notify_config *config, int64_t now_utc_us, struct call_span *ret)
{
    int32_t today = local_day(now_utc_us);
    size_t n = 0;
    for (unsigned level = 0; level < CALL_LEVELS; level++)
        add(ret, &n,
            (struct call_span){.from_utc_us = local_us(today - 1, 0),
                               .to_utc_us = local_us(today + ROTA_DAYS, 0),
                               .level = (uint8_t)level,
                               .people = config->levels[level].people});
    for (int32_t day = today - 1; day < today + ROTA_DAYS; day++)
        for (unsigned level = 0; level < CALL_LEVELS; level++)
            add_day(config, level, day, ret, &n);
    return n;
}

size_t rota_quiet(const struct notify_config *config, int64_t now_utc_us, struct call_quiet *ret)
{
    int32_t today = local_day(now_utc_us);
    size_t n = 0;
    for (unsigned person = 0; person < config->n_people; person++)
        for (unsigned i = 0; i < config->people[person].n_quiet; i++)
            for (int32_t day = today - 1; day <= today + 1; day++) {
                const struct notify_quiet *q = &config->people[person].quiet[i];
                unsigned bits = is_holiday(config, day) ? NOTIFY_HOLIDAY | 1U << 6 : 1U << weekday(day);
                if ((q->days & bits) == 0 || n >= CALL_SPANS)
                    continue;
                ret[n] = (struct call_quiet){.person = (uint16_t)person, .priorities = q->priorities};
                span_of(day, q->from_min, q->to_min, &ret[n].from_utc_us, &ret[n].to_utc_us);
                n++;
            }
    return n;
}
