/* facts_limits.c - the limits of a point, in each configuration that was in force. */
#include <stdlib.h>
#include <string.h>

#include "facts_internal.h"

static struct observe_limits limits_of(const struct config *config, int asset, int point,
                                       const micro_t *lowest)
{
    struct observe_limits ret = {0};
    for (unsigned i = 0; asset >= 0 && point >= 0 && i < config->assets[asset].n_alarms; i++) {
        const struct alarm_model *m = &config->alarm_models[config->assets[asset].first_alarm + i];
        if (m->point != point)
            continue;
        if (m->kind == CONDITION_HIGH && (!ret.has_high || m->limit < ret.high)) {
            ret.has_high = true;
            ret.high = m->limit;
            ret.high_back = m->limit - m->deadband;
        }
        if (m->kind == CONDITION_LOW && (!ret.has_low || m->limit > ret.low)) {
            ret.has_low = true;
            ret.low = m->limit;
            ret.low_back = m->limit + m->deadband;
        }
    }
    if (lowest != NULL && (!ret.has_high || *lowest < ret.high)) {
        ret.has_high = true;
        ret.high = ret.high_back = *lowest;
    }
    return ret;
}

/* The limits of each configuration in force; malloc'd. */
struct observe_limits *facts_find_limits(struct gather *g, const char *point, const micro_t *lowest,
                                         size_t *ret_n)
{
    size_t n = g->n_periods > 0 ? g->n_periods : 1;
    struct observe_limits *limits = calloc(n, sizeof *limits);
    if (limits == NULL) {
        g->failed = true;
        return NULL;
    }
    for (size_t i = 0; i < n; i++) {
        const struct config *config = g->n_periods > 0 ? g->periods[i].config : NULL;
        int asset = config != NULL ? config_find_asset(config, g->request->asset) : -1;
        int index = config != NULL ? config_find_point(config, g->request->asset, point) : -1;
        limits[i] = limits_of(config, asset, index, lowest);
        limits[i].from_us = g->n_periods > 0 && i > 0 ? g->periods[i].from_us : INT64_MIN;
    }
    *ret_n = n;
    return limits;
}

/* The alarms with a limit on the point, for each time in which they were the same. */
json_t *facts_limits(struct gather *g, const char *point)
{
    json_t *ret = json_array();
    for (size_t i = 0; i < g->n_periods; i++) {
        const struct config *config = g->periods[i].config;
        int asset = config != NULL ? config_find_asset(config, g->request->asset) : -1;
        int index = config != NULL ? config_find_point(config, g->request->asset, point) : -1;
        json_t *period = json_object(), *alarms = json_array();
        for (unsigned k = 0; asset >= 0 && index >= 0 && k < config->assets[asset].n_alarms; k++) {
            unsigned nth = config->assets[asset].first_alarm + k;
            const struct alarm_model *m = &config->alarm_models[nth];
            if (m->point != index || (m->kind != CONDITION_HIGH && m->kind != CONDITION_LOW))
                continue;
            json_t *alarm = json_object();
            facts_set(g, alarm, "alarm", json_string(config->alarms[nth].id));
            facts_set(g, alarm, "side", json_string(m->kind == CONDITION_HIGH ? "high" : "low"));
            facts_set(g, alarm, "limit", facts_number(m->limit));
            facts_set(g, alarm, "deadband", facts_number(m->deadband));
            facts_set(g, alarm, "on_delay_s", json_integer(m->on_delay_ms / 1000));
            facts_set(g, alarm, "priority", json_string(priority_name(m->priority)));
            facts_append(g, alarms, alarm);
        }
        int64_t from_us = g->periods[i].from_us;
        facts_set(g, period, "from",
                  facts_time(from_us > g->request->from_us ? from_us : g->request->from_us));
        facts_set(g, period, "known", json_boolean(config != NULL));
        facts_set(g, period, "alarms", alarms);
        size_t n = json_array_size(ret);
        const json_t *last = n > 0 ? json_array_get(ret, n - 1) : NULL;
        bool same = last != NULL && json_equal(json_object_get(last, "alarms"), alarms) &&
                    json_equal(json_object_get(last, "known"), json_object_get(period, "known"));
        if (same)
            json_decref(period);
        else
            facts_append(g, ret, period);
    }
    return ret;
}
