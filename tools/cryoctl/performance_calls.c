/* performance_calls.c - who was called, and drills. */
#include <stdlib.h>
#include <string.h>

#include "performance_internal.h"

static void count(struct call_counts *counts, const char *outcome)
{
    bool sent = strcmp(outcome, "sent") == 0, failed = strcmp(outcome, "failed") == 0;
    counts->attempts += sent || failed;
    counts->sent += sent;
    counts->failed += failed;
    counts->confirmed += strcmp(outcome, "confirmed") == 0;
}

/* The alarm of "ASSET/ALARM@MS", while that occurrence is open. */
static struct tracked *occurrence_of(struct performance *p, const char *id)
{
    char key[512];
    const char *at = strrchr(id, '@');
    size_t len = at != NULL ? (size_t)(at - id) : strlen(id);
    if (len >= sizeof key)
        return NULL;
    memcpy(key, id, len);
    key[len] = '\0';
    const json_t *index = json_object_get(p->alarms.index, key);
    struct tracked *t = index != NULL ? &p->tracked[json_integer_value(index) - 1] : NULL;
    if (t == NULL || !t->open)
        return NULL;
    long long raised_ms = at != NULL ? strtoll(at + 1, NULL, 10) : 0;
    return raised_ms == 0 || raised_ms >= t->raised_us / MS_US ? t : NULL;
}

static bool is_of_asset(const struct performance *p, const char *id)
{
    size_t len = p->asset != NULL ? strlen(p->asset) : 0;
    return p->asset == NULL || (strncmp(id, p->asset, len) == 0 && id[len] == '/');
}

void performance_call(struct performance *p, const struct history_event *event, const json_t *body)
{
    const char *outcome = performance_text(body, "outcome"), *id = performance_text(body, "alarm_id");
    json_int_t left_out = json_integer_value(json_object_get(body, "left_out"));
    p->calls_left_out += left_out > 0 ? (uint64_t)left_out : 0;
    if (outcome[0] == '\0' || !is_of_asset(p, id))
        return;
    count(&p->calls, outcome);
    count(&p->by_channel[roster_index(&p->channels, performance_text(body, "channel"))], outcome);
    count(&p->by_person[roster_index(&p->called, performance_text(body, "person"))], outcome);
    struct tracked *t = occurrence_of(p, id);
    int64_t time_us = performance_time(body, "called"); /* of the attempt; else of its event */
    if (t != NULL && t->called_us == 0 && strcmp(outcome, "sent") == 0)
        t->called_us = time_us > 0 ? time_us : event->utc_us;
}

void performance_drill(struct performance *p, const char *alarm, const char *transition, int64_t utc_us)
{
    bool raised = strcmp(transition, "raised") == 0;
    if (strcmp(alarm, "drill-overdue") == 0) {
        p->drills_missed += raised;
    } else if (raised) {
        p->drills_held++;
        p->drill_us = utc_us;
    } else if (strcmp(transition, "acknowledged") == 0 && p->drill_us > 0) {
        p->drills_confirmed++;
        if (performance_grow(p, (void **)&p->drill_times, &p->cap_drill_times, p->n_drill_times,
                             sizeof(int64_t)) &&
            p->n_drill_times < PERFORMANCE_OCCURRENCES_MAX)
            p->drill_times[p->n_drill_times++] = utc_us > p->drill_us ? utc_us - p->drill_us : 0;
        p->drill_us = 0;
    }
}
