/* replay_derive_facts.c - what can be said of derived alarms, and what can't. Format: cryoctl(1). */
#include <stdlib.h>
#include <string.h>

#include "replay_internal.h"

static void add(json_t *ids, const struct config *c, int alarm)
{
    if (alarm >= 0)
        json_array_append_new(ids, json_string(c->alarms[alarm].id));
}

/* Nothing is known of a tank without its level; without a temperature, only what is about temperatures. */
static void of_vessel(json_t *ids, const struct config *c, const struct vessel_config *v, int point)
{
    bool temperature = false;
    for (unsigned k = 0; k < TANK_TEMPS; k++)
        temperature = temperature || v->temps[k].point == point;
    for (unsigned k = 0; k < TANK_ALARM_COUNT; k++)
        if (v->level.point == point || (temperature && k >= REPLAY_TOO_WARM && k <= REPLAY_TEMPS_DIFFER))
            add(ids, c, v->alarms[k]);
}

void replay_derived_of_point(json_t *ids, const struct config *c, uint16_t point)
{
    for (unsigned i = 0; i < c->n_vessels; i++)
        of_vessel(ids, c, &c->vessels[i], point);
    for (unsigned i = 0; i < c->n_supplies; i++)
        if (c->supplies[i].stock.point == point)
            add(ids, c, c->supplies[i].alarms[SUPPLY_ALARM_SHORT]);
    for (unsigned i = 0; i < c->n_freezers; i++)
        for (unsigned k = 0;
             c->freezers[i].inputs[FREEZER_INPUT_CHAMBER].point == point && k < FREEZER_ALARM_COUNT; k++)
            if (k != REPLAY_LATE)
                add(ids, c, c->freezers[i].alarms[k]);
}

static json_t *not_tried(const struct replay *r)
{
    const struct config *c = r->sides[CANDIDATE].config;
    bool *tried = side_derive_tries(c);
    json_t *list = json_array();
    for (uint16_t i = 0; tried != NULL && i < c->n_alarms; i++) {
        const char *asset = c->assets[c->alarms[i].asset].id;
        bool late = false;
        if (c->alarm_models[i].kind != CONDITION_FED || tried[i] ||
            (r->asset != NULL && strcmp(asset, r->asset) != 0))
            continue;
        for (unsigned k = 0; k < c->n_freezers; k++)
            late = late || c->freezers[k].alarms[REPLAY_LATE] == i;
        json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "asset", asset, "alarm", c->alarms[i].id,
                                              "why", late ? "expected-runs" : "manual-rounds"));
    }
    free(tried);
    return list;
}

void replay_derived_facts(const struct replay *r, json_t *facts)
{
    char text[RFC3339_MAX];
    json_t *derived = json_null();
    if (r->learnings > 0) {
        clock_print_utc(text, r->learned_from_us);
        derived = json_pack(
            "{s:o, s:i, s:i, s:b}", "learned_from", r->learned_from_us != 0 ? json_string(text) : json_null(),
            "learned_times", (int)r->learnings, "looked_every_seconds", (int)(REPLAY_LOOK_US / SECOND_US),
            "learned_less",
            r->learned_from_us == 0 || r->learned_from_us > r->learns_from_us + REPLAY_HARDLY_US);
    }
    json_object_set_new(facts, "derived", derived);
    json_object_set_new(facts, "not_tried", not_tried(r));
}
