/* monitor_derive.c - derive.h on the core thread: readings in; derived readings, conditions and fills out.
 *
 * Until the past has been recalled (monitor_recall.c) nothing derived is told. Readings that come meanwhile
 * are kept in a ring, because what the loader reads ends with the last commit. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "log.h"
#include "monitor_internal.h"

/* So many readings per input: at one a second the ring reaches back further than the loader's last pass and
 * a commit take together. What it does not reach is a gap for the estimators, as any other. */
#define KEPT_PER_POINT 64
#define KEPT_SPARE     1024
#define KEPT_MAX       ((uint32_t)1 << 18)

static bool has_any(const struct config *config)
{
    return config->n_vessels > 0 || config->n_supplies > 0 || config->n_freezers > 0;
}

int monitor_derive_make(struct config *config, struct derive_watch *ret)
{
    struct derive_watch d = {.derive = NULL};
    uint32_t wanted = 0;
    if (!has_any(config)) {
        *ret = d;
        return 0;
    }
    int result = derive_create(config, clock_now(), &d.derive);
    if (result < 0)
        return result;
    derive_news_from(d.derive, clock_boot_us());
    for (uint16_t i = 0; i < config->n_points; i++)
        wanted += derive_wants(d.derive, i);
    d.kept_cap =
        wanted < (KEPT_MAX - KEPT_SPARE) / KEPT_PER_POINT ? wanted * KEPT_PER_POINT + KEPT_SPARE : KEPT_MAX;
    d.kept = calloc(d.kept_cap, sizeof *d.kept);
    if (d.kept == NULL) {
        derive_free(d.derive);
        return -ENOMEM;
    }
    *ret = d;
    return 0;
}

void monitor_derive_drop(struct derive_watch *d)
{
    derive_free(d->derive);
    free(d->kept);
    *d = (struct derive_watch){.derive = NULL};
}

/* ---------------------------------------------------------------- out */

/* It goes the way of a sample: judged, stored, published. */
static void tell_reading(struct monitor *m, const struct derived_news *news)
{
    struct core_message message = {.kind = CORE_SAMPLE, .generation = m->config->generation};
    message.sample.point = news->reading.point;
    message.sample.reading = news->reading.reading;
    message.sample.slot = message.sample.taken = news->at;
    monitor_sample(m, &message);
}

static void tell_condition(struct monitor *m, const struct derived_news *news)
{
    struct event event = {.kind = EVENT_CONDITION};
    event.condition.alarm = news->condition.alarm;
    event.condition.holds = news->condition.holds;
    (void)monitor_feed(m, &event, NULL);
}

/* Of a tank whose last fill was told, one that began before that fill's end is the same. */
static bool is_told(struct monitor *m, const char *asset, const struct derived_news *news)
{
    struct fills_told *told = &m->fills_told;
    for (unsigned i = 0; i < told->n && i < FILLS_TOLD; i++)
        if (strcmp(told->fills[i].asset, asset) == 0 &&
            news->filled.begin.boot_us < told->fills[i].end_boot_us)
            return true;
    const unsigned at = told->n++ % FILLS_TOLD;
    snprintf(told->fills[at].asset, sizeof told->fills[at].asset, "%s", asset);
    told->fills[at].end_boot_us = news->filled.end.boot_us;
    return false;
}

static void tell_fill(struct monitor *m, const struct derived_news *news)
{
    const struct vessel_config *vessel = &m->config->vessels[news->filled.vessel];
    if (is_told(m, m->config->assets[vessel->asset].id, news))
        return;
    const struct announce_fill fill = {.asset = vessel->asset,
                                       .begin_utc_us = news->filled.begin.utc_us,
                                       .end_utc_us = news->filled.end.utc_us,
                                       .from_cm = news->filled.from_cm,
                                       .to_cm = news->filled.to_cm,
                                       .knows_litres = news->filled.knows_litres,
                                       .litres = news->filled.litres};
    struct store_message message;
    struct event_record *event = monitor_begin_event(m, &message, "fill", news->at);
    snprintf(event->asset, sizeof event->asset, "%s", m->config->assets[vessel->asset].id);
    announce_fill(m->config, m->parts.run_id, event->seq, news->at, &fill, event->body);
    monitor_send_event(m, &message);
}

static void tell(struct monitor *m)
{
    struct derived_news news;
    while (derive_next(m->derive.derive, &news)) {
        switch (news.kind) {
        case DERIVED_READING:
            tell_reading(m, &news);
            break;
        case DERIVED_CONDITION:
            tell_condition(m, &news);
            break;
        case DERIVED_FILLED:
            tell_fill(m, &news);
            break;
        case DERIVED_RUN_BEGAN:
        case DERIVED_RUN_ENDED:
            monitor_tempo(m, news.freezer, news.kind == DERIVED_RUN_BEGAN);
            monitor_run_news(m, &news);
            break;
        }
    }
}

/* ---------------------------------------------------------------- in */

static void keep(struct derive_watch *d, const struct kept_reading *reading)
{
    if (d->kept == NULL)
        return;
    d->kept[(d->kept_first + d->kept_n) % d->kept_cap] = *reading;
    if (d->kept_n < d->kept_cap)
        d->kept_n++;
    else
        d->kept_first = (d->kept_first + 1) % d->kept_cap;
}

/* What a bypassed device says is stored and shown, but nothing is concluded from it. */
static void doubt(const struct monitor *m, uint16_t point, struct reading *reading)
{
    if (m->n_bypasses == 0 || reading->quality != QUALITY_GOOD ||
        !monitor_is_bypassed(m, monitor_device_id(m->config, point)))
        return;
    reading->quality = QUALITY_UNCERTAIN;
    reading->reason = REASON_MAINTENANCE;
}

void monitor_derive_take(struct monitor *m, uint16_t point, const struct point_view *view)
{
    struct derive_watch *d = &m->derive;
    if (d->derive == NULL || config_is_derived(m->config, point) || !derive_wants(d->derive, point))
        return;
    struct kept_reading reading = {.point = point, .reading = view->reading, .at = view->at};
    doubt(m, point, &reading.reading);
    keep(d, &reading);
    derive_take(d->derive, reading.at, point, &reading.reading);
    tell(m);
}

void monitor_watch_derived(struct monitor *m)
{
    struct derive_watch *d = &m->derive;
    if (d->derive == NULL || !m->started)
        return;
    monitor_recall_watch(m);
    monitor_watch_runs(m);
    derive_look(d->derive, clock_now());
    tell(m);
}

/* ---------------------------------------------------------------- taking over */

static void catch_up(struct monitor *m, int64_t recalled_utc_us)
{
    const struct derive_watch *d = &m->derive;
    for (uint32_t i = 0; i < d->kept_n; i++) {
        const struct kept_reading *r = &d->kept[(d->kept_first + i) % d->kept_cap];
        if (r->at.utc_us / 1000 > recalled_utc_us / 1000) /* in the record times are milliseconds */
            derive_take(d->derive, r->at, r->point, &r->reading);
    }
}

static void feed_current(struct monitor *m, struct stamp now)
{
    for (uint32_t i = 0; i < m->config->n_points; i++) {
        struct point_view view = engine_point(m->engine, (uint16_t)i);
        if (config_is_derived(m->config, (uint16_t)i) || !derive_wants(m->derive.derive, (uint16_t)i) ||
            view.reading.reason == REASON_NEVER_READ)
            continue;
        doubt(m, (uint16_t)i, &view.reading);
        derive_take(m->derive.derive, now, (uint16_t)i, &view.reading);
    }
}

void monitor_derive_begin(struct monitor *m, struct derive *recalled, int64_t recalled_utc_us)
{
    struct derive_watch *d = &m->derive;
    const struct stamp now = clock_now();
    if (recalled != NULL) {
        derive_free(d->derive);
        d->derive = recalled;
        catch_up(m, recalled_utc_us);
        feed_current(m, now);
    }
    if (d->recall == NULL) {
        free(d->kept);
        d->kept = NULL;
        d->kept_n = d->kept_first = 0;
    }
    for (uint16_t f = 0; f < m->config->n_freezers; f++) {
        const struct freezer_run *run = derive_run(d->derive, f);
        monitor_tempo(m, f, run != NULL && run->is_running);
    }
    derive_ready(d->derive);
    monitor_runs_settle(m);
    derive_look(d->derive, now);
    tell(m);
}

/* ---------------------------------------------------------------- what alarms say */

void monitor_derived_words(const struct monitor *m, uint16_t alarm, char text[LANGUAGES][NOTE_MAX])
{
    for (int language = 0; language < LANGUAGES; language++) {
        text[language][0] = '\0';
        if (m->derive.derive != NULL && derive_is_ready(m->derive.derive))
            derive_words(m->derive.derive, alarm, (enum language)language, text[language], NOTE_MAX);
    }
}

static bool has_vessel(const struct config *config, uint16_t asset)
{
    for (uint16_t i = 0; i < config->n_vessels; i++)
        if (config->vessels[i].asset == asset)
            return true;
    return false;
}

void monitor_time_left(const struct monitor *m, struct alarm_news *news)
{
    struct tank_quantity left;
    int64_t seconds;
    const uint16_t asset = m->config->alarms[news->alarm].asset;
    if (m->derive.derive == NULL || !has_vessel(m->config, asset))
        return;
    news->has_vessel = true;
    if (!derive_is_ready(m->derive.derive) || !derive_time_left(m->derive.derive, asset, &left) ||
        (!left.known && !left.at_least) || left.low < 0 ||
        __builtin_mul_overflow(left.low, INT64_C(3600), &seconds))
        return;
    seconds /= MICRO_PER_UNIT;
    if (news->time_left_s >= 0 && news->time_left_s <= seconds)
        return; /* the value gets there sooner, as it changes now */
    news->time_left_s = seconds;
    news->is_left_of_vessel = true;
    news->is_left_at_least = !left.known;
}
