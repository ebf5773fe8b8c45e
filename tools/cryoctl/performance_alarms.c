/* performance_alarms.c - alarms from raised to normal: who acknowledged when, when it was over. */
#include <string.h>

#include "performance_internal.h"
#include "words.h"

static struct tracked *find_tracked(struct performance *p, const char *asset, const char *alarm,
                                    uint32_t *ret_index)
{
    char key[512];
    snprintf(key, sizeof key, "%s/%s", asset, alarm);
    uint32_t before = p->alarms.n, index = roster_index(&p->alarms, key),
             of = roster_index(&p->assets, asset);
    if (index == 0) {
        p->left_out++;
        return NULL;
    }
    if (!performance_grow(p, (void **)&p->tracked, &p->cap_tracked, index - 1U, sizeof *p->tracked) ||
        !performance_grow(p, (void **)&p->asset_raises, &p->cap_assets, of, sizeof *p->asset_raises))
        return NULL;
    struct tracked *t = &p->tracked[index - 1];
    if (p->alarms.n > before)
        *t = (struct tracked){
            .asset = of, .name = p->alarms.items[index - 1] + strlen(asset) + 1, .priority = -1};
    *ret_index = index - 1;
    return t;
}

/* ---------------------------------------------------------------- an occurrence */

static int64_t span(int64_t from_us, int64_t to_us)
{
    return to_us > from_us ? to_us - from_us : 0; /* the clock may have been set back */
}

static void open_one(struct tracked *t, int64_t raised_us, const json_t *body)
{
    json_int_t allowed_s = json_integer_value(json_object_get(body, "response_time_s"));
    t->open = t->active = true;
    t->acknowledged = t->came_again = false;
    t->raised_us = t->active_us = raised_us;
    t->acknowledged_us = t->returned_us = t->called_us = 0;
    t->person = 0;
    t->allowed_us = allowed_s > 0 && allowed_s < 10000000 ? allowed_s * SECOND_US : 0;
}

static void active_until(struct performance *p, struct tracked *t, uint32_t alarm, int64_t utc_us, bool still)
{
    if (!t->active || span(t->active_us, utc_us) <= STALE_US || p->before)
        return;
    if (p->n_stale >= PERFORMANCE_DISABLED_MAX) {
        p->left_out++;
        return;
    }
    if (performance_grow(p, (void **)&p->stale, &p->cap_stale, p->n_stale, sizeof *p->stale))
        p->stale[p->n_stale++] =
            (struct stale){.alarm = alarm, .from_us = t->active_us, .to_us = utc_us, .still = still};
}

/* At its end, or at that of the range. */
static void close_one(struct performance *p, struct tracked *t, uint32_t alarm, int flags)
{
    bool mine = t->acknowledged_us >= p->from_us && t->acknowledged;
    struct occurrence o = {
        .alarm = alarm,
        .person = mine ? t->person : 0,
        .flags = flags | (t->acknowledged ? 0 : OCCURRENCE_UNACKNOWLEDGED) |
                 (t->came_again ? OCCURRENCE_CAME_AGAIN : 0),
        .raised_us = t->raised_us,
        .acknowledge_us = mine ? span(t->raised_us, t->acknowledged_us) : -1,
        .resolve_us =
            t->returned_us >= p->from_us && t->returned_us > 0 ? span(t->raised_us, t->returned_us) : -1,
        .call_us = t->called_us > 0 ? span(t->raised_us, t->called_us) : -1,
        .answer_us = mine && t->called_us > 0 ? span(t->called_us, t->acknowledged_us) : -1,
        .allowed_us = t->allowed_us};
    t->open = t->active = false;
    if (p->before)
        return;
    if (p->n_occurrences >= PERFORMANCE_OCCURRENCES_MAX)
        p->left_out++;
    else if (performance_grow(p, (void **)&p->occurrences, &p->cap_occurrences, p->n_occurrences, sizeof o))
        p->occurrences[p->n_occurrences++] = o;
}

/* ---------------------------------------------------------------- transitions */

static bool is_held(const char *state)
{
    return strcmp(state, "shelved") == 0 || strcmp(state, "suppressed") == 0 ||
           strcmp(state, "out-of-service") == 0;
}

/* Somebody is told: it was raised, or a hold ended while it was active. */
static void tell(struct performance *p, struct tracked *t, const char *transition, int64_t utc_us,
                 const json_t *body)
{
    bool raised = strcmp(transition, "raised") == 0;
    if (raised && !p->before)
        performance_count(p, t, utc_us);
    p->returned_from_hold += !raised && !p->before;
    if (!t->open) {
        open_one(t, utc_us, body);
    } else { /* once more, before anybody had acknowledged */
        t->came_again |= !t->active;
        t->active_us = t->active ? t->active_us : utc_us;
        t->active = true;
        t->returned_us = 0;
    }
}

/* What was open before the first event of it that we see: its body says since when. */
static void take_up(struct tracked *t, const char *transition, const char *state, const json_t *body)
{
    int64_t raised_us = performance_time(body, "raised");
    bool ends = strcmp(state, "normal") == 0; /* of an occurrence only by these, not of a hold */
    bool of_it = strcmp(transition, "returned") == 0 || strcmp(transition, "acknowledged") == 0 ||
                 strcmp(transition, "reset") == 0;
    if (t->open || raised_us == 0 || strcmp(transition, "raised") == 0 || (ends && !of_it))
        return;
    open_one(t, raised_us, body);
    t->acknowledged_us = performance_time(body, "acknowledged");
    t->acknowledged = t->acknowledged_us > 0;
}

static void acknowledged(struct performance *p, struct tracked *t, int64_t utc_us, const json_t *body)
{
    if (t->acknowledged)
        return;
    t->acknowledged = true;
    t->acknowledged_us = utc_us;
    const char *own = performance_text(body, "acknowledged_by"); /* beside the one who holds it */
    t->person = roster_index(&p->people, own[0] != '\0' ? own : performance_text(body, "by"));
}

static void follow(struct performance *p, struct tracked *t, uint32_t alarm, const char *transition,
                   const char *state, int64_t utc_us, const json_t *body)
{
    bool held = is_held(state), told = strcmp(state, "unacknowledged") == 0;
    bool unheld = strcmp(transition, "unshelved") == 0 || strcmp(transition, "unsuppressed") == 0 ||
                  strcmp(transition, "in-service") == 0;
    if (strcmp(transition, "raised") == 0 && held)
        p->hidden += !p->before;
    else if (strcmp(transition, "raised") == 0 || (unheld && told))
        tell(p, t, transition, utc_us, body);
    else if (!held)
        take_up(t, transition, state, body);
    if (strcmp(transition, "realarmed") == 0)
        p->realarmed += !p->before;
    if (strcmp(transition, "acknowledged") == 0 && t->open)
        acknowledged(p, t, utc_us, body);
    if (strcmp(transition, "returned") == 0 && t->open) {
        active_until(p, t, alarm, utc_us, false);
        t->active = false;
        t->returned_us = utc_us;
    }
    bool removed = strcmp(transition, "removed") == 0;
    if ((removed || strcmp(state, "normal") == 0) && t->open) {
        active_until(p, t, alarm, utc_us, false);
        close_one(p, t, alarm, removed ? OCCURRENCE_REMOVED : 0);
    }
}

void performance_alarm(struct performance *p, const struct history_event *event, const json_t *body)
{
    const char *transition = performance_text(body, "transition"), *state = performance_text(body, "state");
    uint32_t alarm;
    if (p->asset != NULL && strcmp(p->asset, event->asset) != 0)
        return;
    bool drill = strcmp(event->asset, "system") == 0 && strncmp(event->alarm, "drill", 5) == 0;
    if (drill && !p->before)
        performance_drill(p, event->alarm, transition, event->utc_us);
    if (drill && strcmp(event->alarm, "drill") == 0)
        return;
    struct tracked *t = find_tracked(p, event->asset, event->alarm, &alarm);
    if (t == NULL)
        return;
    int rank = words_priority_rank(performance_text(body, "priority"));
    t->priority = rank >= 0 ? rank : t->priority;
    performance_hold(p, t, alarm, transition, event->utc_us, body);
    follow(p, t, alarm, transition, state, event->utc_us, body);
}

void performance_alarms_end(struct performance *p)
{
    for (uint32_t i = 0; i < p->alarms.n; i++) {
        struct tracked *t = &p->tracked[i];
        if (!t->open)
            continue;
        active_until(p, t, i, p->to_us, true);
        close_one(p, t, i, t->acknowledged && t->active ? OCCURRENCE_UNRESOLVED : 0);
    }
}
