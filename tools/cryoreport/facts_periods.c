/* facts_periods.c - the configurations that were in force, from their texts in the record. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "facts_internal.h"
#include "in_force.h"

bool facts_add_period(struct gather *g, int64_t from_us, uint64_t seq, const char *sha256)
{
    if (g->n_periods == g->cap_periods) {
        size_t cap = g->cap_periods > 0 ? 2 * g->cap_periods : 16;
        struct facts_period *grown = realloc(g->periods, cap * sizeof *grown);
        if (grown == NULL) {
            g->failed = true;
            return false;
        }
        g->periods = grown;
        g->cap_periods = cap;
    }
    struct facts_period *p = &g->periods[g->n_periods++];
    *p = (struct facts_period){.from_us = from_us, .seq = seq};
    snprintf(p->sha256, sizeof p->sha256, "%s", sha256);
    return true;
}

int facts_find_periods(struct gather *g)
{
    struct in_force last;
    int result = in_force_before(g->reader, g->request->from_us, &last);
    if (result > 0)
        facts_add_period(g, last.since_us, last.seq, last.sha256);
    return result < 0 ? result : 0;
}

/* ---------------------------------------------------------------- from text to configuration */

void facts_load_periods(struct gather *g)
{
    for (size_t i = 0; i < g->n_periods; i++) {
        struct facts_period *p = &g->periods[i];
        for (size_t k = 0; k < i && p->config == NULL; k++)
            if (strcmp(g->periods[k].sha256, p->sha256) == 0 && g->periods[k].config != NULL)
                p->config = config_ref(g->periods[k].config);
        if (p->config == NULL)
            p->config = in_force_load(g->reader, p->sha256);
    }
}

void facts_free_periods(struct gather *g)
{
    for (size_t i = 0; i < g->n_periods; i++)
        config_unref(g->periods[i].config);
    free(g->periods);
}

const struct config *facts_config_of(const struct gather *g, int *ret_asset)
{
    for (size_t i = g->n_periods; i-- > 0;) {
        const struct config *config = g->periods[i].config;
        int asset = config != NULL ? config_find_asset(config, g->request->asset) : -1;
        if (asset >= 0) {
            *ret_asset = asset;
            return config;
        }
    }
    return NULL;
}

/* ---------------------------------------------------------------- what is said of them */

/* Who brought it: the event that made it the one in force. */
struct origin {
    struct gather *g;
    uint64_t seq;
    json_t *ret;
};

static bool take_origin(void *context, const struct history_event *event)
{
    struct origin *o = context;
    if (event->seq != o->seq)
        return true;
    json_t *body = json_loads(event->body, 0, NULL);
    facts_set(o->g, o->ret, "event", json_string(event->kind));
    facts_set(o->g, o->ret, "by", json_incref(json_object_get(body, "by")));
    json_decref(body);
    return false;
}

json_t *facts_configuration(struct gather *g)
{
    json_t *ret = json_object();
    facts_set(g, ret, "changes", json_incref(g->changes));
    facts_set(g, ret, "known", json_boolean(g->n_periods > 0));
    if (g->n_periods == 0)
        return ret;
    const struct facts_period *first = &g->periods[0], *last = &g->periods[g->n_periods - 1];
    struct origin origin = {.g = g, .seq = last->seq, .ret = ret};
    facts_set(g, ret, "sha256", json_string(last->sha256));
    facts_set(g, ret, "sha256_at_start",
              first->from_us <= g->request->from_us ? json_string(first->sha256) : NULL);
    facts_set(g, ret, "since", facts_time(last->from_us));
    facts_set(g, ret, "readable", json_boolean(last->config != NULL));
    (void)history_events(g->reader, last->seq - 1, last->from_us, last->from_us + 1, take_origin, &origin);
    return ret;
}
