/* facts_events.c - the events of the range: alarms from raised to over, and what else concerns the asset. */
#include <string.h>

#include "facts_internal.h"

/* An alarm that has not been normal for longer is not looked for. */
#define LOOK_BACK_US (INT64_C(400) * 86400 * SECOND_US)

static bool concerns(const struct gather *g, const struct history_event *event, const json_t *body)
{
    const char *asset = event->asset[0] != '\0' ? event->asset : facts_text_of(body, "asset");
    return strcmp(asset, g->request->asset) == 0;
}

static void copy_as(struct gather *g, json_t *to, const char *as, const json_t *body, const char *key)
{
    facts_set(g, to, as, json_incref(json_object_get(body, key)));
}

static void copy(struct gather *g, json_t *to, const json_t *body, const char *key)
{
    copy_as(g, to, key, body, key);
}

/* ---------------------------------------------------------------- alarms */

/* The entry of an alarm that is not over and seen yet. */
static json_t *find_entry(const struct gather *g, const char *alarm)
{
    for (size_t i = json_array_size(g->alarms); i-- > 0;) {
        json_t *entry = json_array_get(g->alarms, i);
        if (strcmp(facts_text_of(entry, "alarm"), alarm) != 0)
            continue;
        bool over = json_object_get(entry, "returned") != NULL || json_object_get(entry, "removed") != NULL;
        bool seen = json_object_get(entry, "acknowledged") != NULL;
        return over && seen ? NULL : entry;
    }
    return NULL;
}

static json_t *new_entry(struct gather *g, const char *alarm, const json_t *body)
{
    static const char *const keys[] = {"point", "priority", "text", "limit", "value", "unit", "raised"};
    json_t *entry = json_object();
    facts_set(g, entry, "alarm", json_string(alarm));
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        copy(g, entry, body, keys[i]);
    facts_append(g, g->alarms, entry);
    return entry;
}

/* Kept quiet, or not any more: that is no alarm, though it is told as one of its changes. */
static bool is_hold(const char *transition)
{
    static const char *const holds[] = {"shelved",        "unshelved",  "suppressed", "unsuppressed",
                                        "out-of-service", "in-service", NULL};
    for (size_t i = 0; holds[i] != NULL; i++)
        if (strcmp(transition, holds[i]) == 0)
            return true;
    return false;
}

static void take_alarm(struct gather *g, const struct history_event *event, const json_t *body)
{
    const char *transition = facts_text_of(body, "transition");
    bool raised = strcmp(transition, "raised") == 0;
    json_t *entry = find_entry(g, event->alarm);
    if (entry != NULL && raised && json_object_get(entry, "returned") != NULL)
        entry = NULL; /* once more, though nobody had seen the first */
    if (entry == NULL && is_hold(transition))
        return;
    if (entry == NULL)
        entry = new_entry(g, event->alarm, body);
    if (raised)
        facts_set(g, entry, "raised", facts_time(event->utc_us));
    if (strcmp(transition, "acknowledged") == 0) {
        facts_set(g, entry, "acknowledged", facts_time(event->utc_us));
        copy(g, entry, body, "by");
        copy(g, entry, body, "note");
    }
    if (strcmp(transition, "returned") == 0 || strcmp(transition, "removed") == 0)
        facts_set(g, entry, transition, facts_time(event->utc_us));
}

/* The state before the range: the last event of each alarm, which replaces those before it. */
static bool take_before(void *context, const struct history_event *event)
{
    struct gather *g = context;
    facts_set(g, g->before, event->alarm, json_loads(event->body, 0, NULL));
    return !g->failed;
}

static void take_state(struct gather *g, const char *alarm, const json_t *body)
{
    const char *state = facts_text_of(body, "state");
    if (state[0] == '\0' || strcmp(state, "normal") == 0 ||
        strcmp(facts_text_of(body, "transition"), "removed") == 0)
        return;
    if (is_hold(facts_text_of(body, "transition")) && json_object_get(body, "raised") == NULL)
        return; /* it was never raised, only kept quiet */
    json_t *entry = new_entry(g, alarm, body);
    facts_set(g, entry, "before_range", json_true());
    if (strcmp(state, "acknowledged") == 0) {
        copy(g, entry, body, "acknowledged");
        copy_as(g, entry, "by", body, json_object_get(body, "acknowledged_by") ? "acknowledged_by" : "by");
        copy(g, entry, body, "note");
    }
    if (strcmp(state, "returned-unacknowledged") == 0)
        copy_as(g, entry, "returned", body, "time");
}

/* ---------------------------------------------------------------- the rest */

static void take_configuration(struct gather *g, const struct history_event *event, const json_t *body)
{
    bool start = strcmp(event->kind, "start") == 0;
    const char *sha256 = facts_text_of(body, start ? "configuration" : "sha256");
    if (strlen(sha256) != 64)
        return;
    bool same = g->n_periods > 0 && strcmp(g->periods[g->n_periods - 1].sha256, sha256) == 0;
    if (!same && (!start || g->n_periods > 0)) { /* also a start with other files than before */
        json_t *change = json_object();
        facts_set(g, change, "time", facts_time(event->utc_us));
        facts_set(g, change, "event", json_string(event->kind));
        facts_set(g, change, "sha256", json_string(sha256));
        copy(g, change, body, "by");
        copy(g, change, body, "difference");
        facts_append(g, g->changes, change);
    }
    if (!same)
        facts_add_period(g, event->utc_us, event->seq, sha256);
}

/* Whole, but for what all of them say. */
static void take_body(struct gather *g, json_t *array, const struct history_event *event, const json_t *body)
{
    static const char *const common[] = {"site", "run", "kind"};
    json_t *kept = json_copy((json_t *)body);
    for (size_t i = 0; i < sizeof common / sizeof common[0] && kept != NULL; i++)
        json_object_del(kept, common[i]);
    if (kept != NULL)
        facts_set(g, kept, "time", facts_time(event->utc_us));
    facts_append(g, array, kept);
}

static bool take_event(void *context, const struct history_event *event)
{
    struct gather *g = context;
    const char *kind = event->kind;
    json_t *body = json_loads(event->body, 0, NULL);
    if (body == NULL)
        return true; /* the chain says whether that is damage */
    if (strcmp(kind, "start") == 0 || strcmp(kind, "configuration") == 0)
        take_configuration(g, event, body);
    if (strcmp(kind, "alarm") == 0 && concerns(g, event, body) && is_hold(facts_text_of(body, "transition")))
        take_body(g, g->holds, event, body);
    if (strcmp(kind, "alarm") == 0 && concerns(g, event, body))
        take_alarm(g, event, body);
    else if (strcmp(kind, "reading") == 0 && concerns(g, event, body))
        take_body(g, g->by_eye, event, body);
    else if (strcmp(kind, "clock") == 0)
        take_body(g, g->clocks, event, body);
    else if (strcmp(kind, "correction") == 0 && concerns(g, event, body))
        take_body(g, g->corrections, event, body);
    else if (strcmp(kind, "fill") == 0 && concerns(g, event, body))
        take_body(g, g->fills, event, body);
    else if (strcmp(kind, "vessel") == 0 && concerns(g, event, body))
        take_body(g, g->relearned, event, body);
    else if (strcmp(kind, "review") == 0)
        take_body(g, g->reviews, event, body);
    json_decref(body);
    return !g->failed;
}

/* ---------------------------------------------------------------- behind the range */

/* An alarm that is raised once more is not the range's any more. */
static bool take_after(void *context, const struct history_event *event)
{
    struct gather *g = context;
    json_t *entry = find_entry(g, event->alarm), *body = json_loads(event->body, 0, NULL);
    const char *transition = facts_text_of(body, "transition");
    if (entry != NULL && json_object_get(g->before, event->alarm) == NULL) {
        if (strcmp(transition, "raised") == 0)
            facts_set(g, g->before, event->alarm, json_true());
        else
            take_alarm(g, event, body);
    }
    json_decref(body);
    return !g->failed;
}

int facts_follow_alarms(struct gather *g)
{
    const struct facts_request *r = g->request;
    const struct history_filter alarms = {.kind = "alarm", .asset = r->asset};
    g->before = json_object();
    int64_t n = history_events_where(g->reader, &alarms, r->to_us, INT64_MAX, take_after, g);
    json_decref(g->before);
    g->before = NULL;
    return n < 0 ? (int)n : 0;
}

int facts_read_events(struct gather *g)
{
    const struct facts_request *r = g->request;
    const struct history_filter alarms = {.kind = "alarm", .asset = r->asset};
    const char *alarm;
    json_t *body;
    g->before = json_object();
    int64_t n =
        history_events_where(g->reader, &alarms, r->from_us - LOOK_BACK_US, r->from_us, take_before, g);
    json_object_foreach(g->before, alarm, body)
    {
        take_state(g, alarm, body);
    }
    json_decref(g->before);
    g->before = NULL;
    if (n >= 0)
        n = history_events(g->reader, 0, r->from_us, r->to_us, take_event, g);
    return n < 0 ? (int)n : 0;
}
