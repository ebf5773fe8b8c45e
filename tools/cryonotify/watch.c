/* watch.c - see watch.h. */
#include "watch.h"

#include <stdio.h>
#include <string.h>

#include "clock.h"

void watch_begin(struct watch *w, struct stamp now, uint32_t silent_ms, uint32_t broker_ms)
{
    *w = (struct watch){
        .silent_ms = silent_ms, .broker_ms = broker_ms, .down_us = now.boot_us, .down_utc_us = now.utc_us};
}

bool watch_add(struct watch *w, struct stamp now, const char *site)
{
    if (w->n_sites >= WATCH_SITES)
        return false;
    struct watch_site *s = &w->sites[w->n_sites++];
    *s = (struct watch_site){.heard_us = now.boot_us};
    snprintf(s->id, sizeof s->id, "%s", site);
    return true;
}

/* Each site has its time anew: nobody could hear it. */
void watch_up(struct watch *w, struct stamp now)
{
    w->connected = true;
    for (unsigned i = 0; i < w->n_sites; i++)
        w->sites[i].heard_us = now.boot_us;
}

void watch_down(struct watch *w, struct stamp now, const char *why)
{
    if (w->connected) {
        w->down_us = now.boot_us;
        w->down_utc_us = now.utc_us;
    }
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
    s->heard_us = now.boot_us;
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

int watch_step(struct watch *w, struct stamp now)
{
    bool lost = !w->connected && now.boot_us - w->down_us >= w->broker_ms * MS_US;
    if (lost != w->broker_lost && (lost || w->connected)) {
        w->broker_lost = lost;
        return WATCH_BROKER;
    }
    for (unsigned i = 0; i < w->n_sites && w->connected; i++) {
        struct watch_site *s = &w->sites[i];
        /* It ends with a sign of life, not with the new patience after a reconnection. */
        if (s->silent ? !s->alive : now.boot_us - s->heard_us < w->silent_ms * MS_US)
            continue;
        s->silent = !s->silent;
        s->alive = false;
        return (int)i;
    }
    return -1;
}
