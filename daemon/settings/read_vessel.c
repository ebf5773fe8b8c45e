/* What stands at an asset of its vessel, and of a supply. See cryomon.yaml(5). */
#include <string.h>

#include "draft.h"

#define VESSEL(member) NODE_OF(struct draft_vessel, member)

static const struct field vessel_fields[] = {
    {"level", FIELD_NODE, VESSEL(level), .flags = FIELD_REQUIRED},
    {"full_height", FIELD_NODE, VESSEL(full_height)},
    {"temperatures", FIELD_NODE, VESSEL(temperatures)},
    {"probe_heights", FIELD_NODE, VESSEL(probe_heights)},
    {"redundant", FIELD_NODE, VESSEL(redundant)},
    {"differ_at_most", FIELD_NODE, VESSEL(differ)},
    {"lid", FIELD_NODE, VESSEL(lid)},
    {"valve", FIELD_NODE, VESSEL(valve)},
    {"room", FIELD_NODE, VESSEL(room)},
    {"supply", FIELD_NODE, VESSEL(supply)},
    {"shape", FIELD_NODE, VESSEL(shape)},
    {"low_level", FIELD_NODE, VESSEL(low)},
    {"high_level", FIELD_NODE, VESSEL(high)},
    {"fill_start", FIELD_NODE, VESSEL(start)},
    {"fill_stop", FIELD_NODE, VESSEL(stop)},
    {"fill_takes_at_most", FIELD_NODE, VESSEL(takes)},
    {"fill_every", FIELD_NODE, VESSEL(every)},
    {"settles_for", FIELD_NODE, VESSEL(settles)},
    {"heat_capacity", FIELD_NODE, VESSEL(heat_capacity)},
    {"travel_time", FIELD_NODE, VESSEL(travel)},
    {"time_left", FIELD_NODE, VESSEL(time_left)},
};

static const struct field supply_fields[] = {
    {"stock", FIELD_NODE, NODE_OF(struct draft_supply, stock)},
    {"capacity", FIELD_NODE, NODE_OF(struct draft_supply, capacity)},
    {"pressure", FIELD_NODE, NODE_OF(struct draft_supply, pressure)},
    {"reserve", FIELD_NODE, NODE_OF(struct draft_supply, reserve)},
    {"at_least", FIELD_DAYS, FIELD_OF(struct draft_supply, config.days_at_least), .min = 1, .max = 365},
};

static void set_no_alarms(int *alarms, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        alarms[i] = -1;
}

/* Derived of a kind of asset; another kind has nothing to derive it from. */
static bool fits_kind(struct draft *d, size_t asset, const struct yaml_node *node, bool fits,
                      const char *kinds)
{
    if (!fits && yaml_get(d->assets[asset].node, "kind") != NULL)
        problems_at_key(d->problems, node, "'%s' belongs to an asset of kind %s; this one is a %s", node->key,
                        kinds, asset_kind_name(d->assets[asset].config.kind));
    return fits;
}

void read_vessel(struct draft *d, size_t asset, const struct yaml_node *node)
{
    struct draft_vessel *grown;

    if (!fits_kind(d, asset, node, d->assets[asset].config.kind == ASSET_TANK, "tank"))
        return;
    if (d->n_vessels >= VESSELS_MAX) {
        problems_at_key(d->problems, node, "too many vessels: at most %d", VESSELS_MAX);
        return;
    }
    grown = draft_grow(d, d->vessels, d->n_vessels, sizeof *grown);
    if (grown == NULL)
        return;
    d->vessels = grown;
    struct draft_vessel *v = &grown[d->n_vessels];
    v->node = node;
    v->config.asset = (uint16_t)asset;
    v->config.supply = -1;
    tank_vessel_init(&v->config.model);
    set_no_alarms(v->config.alarms, TANK_ALARM_COUNT);
    role_none(&v->config.level);
    for (unsigned i = 0; i < TANK_TEMPS; i++)
        role_none(&v->config.temps[i]);
    role_none(&v->config.lid);
    role_none(&v->config.valve);
    role_none(&v->config.room);
    (void)fields_walk(d->problems, node, "a vessel", vessel_fields, COUNT_OF(vessel_fields), v);
    d->assets[asset].vessel = (int)d->n_vessels++;
    derived_add_points(d, asset, node, DERIVED_OF_TANK, v->config.points);
}

void read_supply(struct draft *d, size_t asset, const struct yaml_node *node)
{
    const enum asset_kind kind = d->assets[asset].config.kind;
    struct draft_supply *grown;

    if (!fits_kind(d, asset, node, kind == ASSET_UTILITY || kind == ASSET_TANK, "utility or tank"))
        return;
    if (d->n_supplies >= SUPPLIES_MAX) {
        problems_at_key(d->problems, node, "too many supplies: at most %d", SUPPLIES_MAX);
        return;
    }
    grown = draft_grow(d, d->supplies, d->n_supplies, sizeof *grown);
    if (grown == NULL)
        return;
    d->supplies = grown;
    struct draft_supply *s = &grown[d->n_supplies];
    s->node = node;
    s->config.asset = (uint16_t)asset;
    set_no_alarms(s->config.alarms, SUPPLY_ALARM_COUNT);
    role_none(&s->config.stock);
    role_none(&s->config.pressure);
    (void)fields_walk(d->problems, node, "a supply", supply_fields, COUNT_OF(supply_fields), s);
    d->assets[asset].supply = (int)d->n_supplies++;
    derived_add_points(d, asset, node, DERIVED_OF_SUPPLY, s->config.points);
}
