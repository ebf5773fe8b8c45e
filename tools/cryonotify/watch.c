/* watch.c - see watch.h. */
#include "watch.h"

#include <stdio.h>
#include <string.h>

#include "clock.h"

/* Adds what has passed since the last time: to the time without a connection, or to that in which each site
 * could have been heard. Both run on over a connection that breaks again and again, which would hide a dead
 * daemon else.
 */
static void count(struct watch *w, struct stamp now)
{
    int64_t passed_us = now.boot_us - w->counted_us;
    w->counted_us = now.boot_us;
    if (!w->connected) {
        w->lost_us += passed_us;
        return;
    }
    for (unsigned i = 0; i < w->n_sites; i++)
        w->sites[i].unheard_us += passed_us;
    if (now.boot_us - w->up_us >= w->broker_ms * MS_US) /* it is steady */
        w->lost_us = 0;
}

void watch_begin(struct watch *w, struct stamp now, uint32_t silent_ms, uint32_t broker_ms,
                 uint32_t nobody_ms)
{
    *w = (struct watch){.silent_ms = silent_ms,
                        .broker_ms = broker_ms,
                        .nobody_ms = nobody_ms,
                        .counted_us = now.boot_us,
                        .down_utc_us = now.utc_us};
}

bool watch_add(struct watch *w, struct stamp now, const char *site)
{
    if (w->n_sites >= WATCH_SITES)
        return false;
    struct watch_site *s = &w->sites[w->n_sites++];
    (void)now;
    *s = (struct watch_site){.unheard_us = 0};
    snprintf(s->id, sizeof s->id, "%s", site);
    return true;
}

void watch_up(struct watch *w, struct stamp now)
{
    count(w, now);
    w->up_us = now.boot_us;
    w->connected = true;
}

void watch_down(struct watch *w, struct stamp now, const char *why)
{
    count(w, now);
    if (w->connected && w->lost_us == 0)
        w->down_utc_us = now.utc_us;
    w->connected = false;
    snprintf(w->why, sizeof w->why, "%s", why);
}

static struct watch_site *find(struct watch *w, const char *site)
{
    for (unsigned i = 0; i < w->n_sites; i++)
        if (strcmp(w->sites[i].id, site) == 0)
            return &w->sites[i];
    return NULL;
}

void watch_heartbeat(struct watch *w, struct stamp now, const char *site)
{
    struct watch_site *s = find(w, site);
    if (s == NULL)
        return;
    count(w, now);
    s->unheard_us = 0;
    s->heard_utc_us = now.utc_us;
    s->online = s->alive = true;
}

void watch_status(struct watch *w, struct stamp now, const char *site, bool online, const char *reason)
{
    struct watch_site *s = find(w, site);
    (void)now;
    if (s == NULL)
        return;
    s->online = online;
    snprintf(s->reason, sizeof s->reason, "%s", online ? "" : reason);
}

void watch_calls(struct watch *w, struct stamp now, const char *site, enum watch_calls calls,
                 int64_t since_utc_us, const char *const why[LANGUAGES])
{
    struct watch_site *s = find(w, site);
    if (s == NULL || calls == WATCH_CALLS_NOT_SAID)
        return;
    s->calls = calls;
    if (calls != WATCH_CALLS_NOBODY) {
        s->nobody_us = s->nobody_for_us = 0;
        return;
    }
    if (s->nobody_us == 0)
        s->nobody_us = now.boot_us;
    s->nobody_for_us = now.boot_us - s->nobody_us;
    s->nobody_utc_us = since_utc_us;
    for (int i = 0; i < LANGUAGES; i++)
        snprintf(s->why[i], sizeof s->why[i], "%s", why[i]);
}

/* Only what a heartbeat has said counts: of the time behind the last one nothing is known. */
static bool nobody_changed(const struct watch *w, const struct watch_site *s)
{
    if (s->nobody)
        return s->calls == WATCH_CALLS_OK || s->calls == WATCH_CALLS_UNWANTED;
    return s->nobody_us != 0 && s->nobody_for_us >= w->nobody_ms * MS_US;
}

int watch_step(struct watch *w, struct stamp now)
{
    count(w, now);
    /* It begins with the time that is lost, and ends when the connection is steady. */
    bool lost = w->broker_lost ? w->lost_us > 0 || !w->connected
                               : !w->connected && w->lost_us >= w->broker_ms * MS_US;
    if (lost != w->broker_lost) {
        w->broker_lost = lost;
        return WATCH_BROKER;
    }
    for (unsigned i = 0; i < w->n_sites && w->connected; i++) {
        struct watch_site *s = &w->sites[i];
        /* It ends with a sign of life. */
        if (s->silent ? !s->alive : s->unheard_us < w->silent_ms * MS_US)
            continue;
        s->silent = !s->silent;
        s->alive = false;
        return (int)i;
    }
    for (unsigned i = 0; i < w->n_sites && w->connected; i++) {
        if (!nobody_changed(w, &w->sites[i]))
            continue;
        w->sites[i].nobody = !w->sites[i].nobody;
        return WATCH_NOBODY + (int)i;
    }
    return -1;
}
