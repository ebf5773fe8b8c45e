#include "performance.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "performance_internal.h"

/* ---------------------------------------------------------------- small things */

const char *performance_text(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text != NULL ? text : "";
}

int64_t performance_time(const json_t *object, const char *key)
{
    int64_t utc_us;
    return clock_parse_utc(performance_text(object, key), &utc_us) == 0 ? utc_us : 0;
}

bool performance_grow(struct performance *p, void **items, size_t *cap, size_t n, size_t size)
{
    if (n < *cap)
        return true;
    size_t more = *cap > 0 ? 2 * *cap : 64;
    void *grown = realloc(*items, more * size);
    if (grown == NULL) {
        p->failed = true;
        return false;
    }
    memset((char *)grown + *cap * size, 0, (more - *cap) * size);
    *items = grown;
    *cap = more;
    return true;
}

/* ---------------------------------------------------------------- the pass */

/* An alarm that has not been normal for longer is not looked for. */
#define LOOK_BACK_US   (400 * DAY_US)
#define PROGRESS_EVERY 256

static void tell_progress(struct performance *p, int64_t utc_us)
{
    if (p->progress != NULL && p->events++ % PROGRESS_EVERY == 0)
        p->progress(p->context, utc_us);
}

static void take_site(struct performance *p, const json_t *body)
{
    json_t *site = json_object_get(body, "site");
    if (p->site == NULL && json_is_string(site))
        p->site = json_incref(site);
}

/* What is open, and what is disabled, when the range begins. */
static bool take_before(void *context, const struct history_event *event)
{
    struct performance *p = context;
    json_t *body = json_loads(event->body, 0, NULL);
    if (body != NULL)
        performance_alarm(p, event, body);
    json_decref(body);
    tell_progress(p, p->from_us);
    return !p->failed;
}

static bool take_event(void *context, const struct history_event *event)
{
    struct performance *p = context;
    const char *kind = event->kind;
    bool alarm = strcmp(kind, "alarm") == 0, call = strcmp(kind, "call") == 0,
         suspend = strcmp(kind, "suspend") == 0;
    bool off =
        strcmp(kind, "notify-off") == 0 || strcmp(kind, "notify-on") == 0 || strcmp(kind, "device") == 0;
    json_t *body =
        alarm || call || suspend || off || p->site == NULL ? json_loads(event->body, 0, NULL) : NULL;
    performance_run(p, event, body);
    if (body != NULL) {
        take_site(p, body);
        if (alarm)
            performance_alarm(p, event, body);
        else if (call)
            performance_call(p, event, body);
        else if (off && p->asset == NULL)
            performance_off(p, event->utc_us, body, kind);
    }
    json_decref(body);
    tell_progress(p, event->utc_us);
    return !p->failed;
}

static void forget(struct performance *p)
{
    struct roster *const names[] = {&p->alarms, &p->assets, &p->people, &p->channels, &p->called};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        roster_free(names[i]);
    for (size_t i = 0; i < p->n_disabled; i++) {
        free(p->disabled[i].what);
        free(p->disabled[i].by);
        free(p->disabled[i].why);
        free(p->disabled[i].order);
        free(p->disabled[i].ended_by);
    }
    free(p->disabled);
    free(p->tracked);
    free(p->asset_raises);
    free(p->occurrences);
    free(p->stale);
    free(p->drill_times);
    free(p->ends);
    free(p->days.each);
    json_decref(p->site);
}

/* Devices that are bypassed when the range begins. */
static bool take_off_before(void *context, const struct history_event *event)
{
    struct performance *p = context;
    json_t *body = json_loads(event->body, 0, NULL);
    if (body != NULL)
        performance_off(p, event->utc_us, body, event->kind);
    json_decref(body);
    return !p->failed;
}

static int64_t read_before(struct performance *p)
{
    static const char *const kinds[] = {"device", "notify-off", "notify-on"};
    const struct history_filter alarms = {.kind = "alarm", .asset = p->asset};
    int64_t since_us = p->from_us - LOOK_BACK_US;
    p->before = true;
    int64_t n = history_events_where(p->reader, &alarms, since_us, p->from_us, take_before, p);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0] && n >= 0 && p->asset == NULL; i++) {
        const struct history_filter filter = {.kind = kinds[i]};
        n = history_events_where(p->reader, &filter, since_us, p->from_us, take_off_before, p);
    }
    p->before = false;
    return n;
}

static int read_events(struct performance *p)
{
    int64_t n = read_before(p);
    int result = n < 0 ? (int)n : performance_runs_begin(p);
    if (result < 0)
        return result;
    n = history_events(p->reader, 0, p->from_us, p->to_us, take_event, p);
    if (n >= 0) {
        performance_alarms_end(p);
        performance_count_end(p);
        result = performance_runs_end(p);
    }
    return n < 0 ? (int)n : result;
}

int performance_gather(struct history_reader *reader, const char *asset, int64_t from_us, int64_t to_us,
                       walk_progress_fn *progress, void *context, json_t **ret)
{
    struct performance *p = calloc(1, sizeof *p);
    if (p == NULL)
        return -ENOMEM;
    *p = (struct performance){.reader = reader,
                              .asset = asset,
                              .from_us = from_us,
                              .to_us = to_us,
                              .progress = progress,
                              .context = context,
                              .days = {.length_us = DAY_US, .each = calloc(DAYS_MAX, sizeof(uint32_t))},
                              .periods = {.length_us = PERIOD_US}};
    p->alarms.max = p->assets.max = p->people.max = PERFORMANCE_ALARMS_MAX;
    p->channels.max = p->called.max = CALL_NAMES_MAX;
    p->failed = p->days.each == NULL;
    int result = p->failed ? -ENOMEM : read_events(p);
    if (result == 0 && !p->failed) {
        *ret = performance_facts(p);
        p->failed = p->failed || *ret == NULL;
    }
    result = p->failed && result == 0 ? -ENOMEM : result;
    forget(p);
    free(p);
    return result;
}
