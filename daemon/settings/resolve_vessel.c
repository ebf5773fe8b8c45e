/* What a vessel and a supply refer to: points, other assets, and numbers in their units. */
#include <string.h>

#include "draft.h"
#include "format.h"
#include "quantity.h"
#include "scalar.h"
#include "tank_hall.h"

#define CM_MAX        (INT64_C(10000) * MICRO_PER_UNIT)
#define LITRES_MAX    (INT64_C(1000000) * MICRO_PER_UNIT)
#define SETTLE_MAX_MS (12 * HOUR_MS)

static bool read_height(struct draft *d, const struct yaml_node *node, micro_t *ret)
{
    return node == NULL || quantity_read(d->problems, node, quantity_heights, 0, CM_MAX, ret);
}

/* ---------------------------------------------------------------- level and its limits */

/* The smallest step of the level reading: that of its register, or of its rounding. */
static micro_t resolution_of(const struct draft_point *point, const struct role *role)
{
    const struct reg_format *f = &point->config.format;
    micro_t step = MICRO_PER_UNIT;

    for (unsigned i = 0; i < f->decimals; i++)
        step /= 10;
    if (f->type != REG_F32) {
        const int64_t num = f->scale_num < 0 ? -f->scale_num : f->scale_num;
        const role_wide_t raw = (role_wide_t)num * MICRO_PER_UNIT / f->scale_den;
        if (raw > step && raw < CM_MAX)
            step = (micro_t)raw;
    }
    step = role_convert(role, step);
    return step > 0 ? step : 1;
}

static void resolve_level(struct draft *d, struct draft_vessel *v)
{
    micro_t full = TANK_UNKNOWN;
    const struct role_scale scale = {quantity_heights, TANK_UNKNOWN, "full_height"};
    struct role_scale with = scale;
    struct role *level = &v->config.level;

    if (v->full_height != NULL &&
        !quantity_read(d->problems, v->full_height, quantity_heights, MICRO_PER_UNIT, CM_MAX, &full))
        full = 100 * MICRO_PER_UNIT; /* reported; the level is looked at all the same */
    with.full = full;
    if (v->level == NULL || !role_number(d, v->config.asset, v->level, &with, level))
        return;
    const struct draft_point *point = &d->points[level->point];
    if (v->full_height != NULL && strcmp(point->config.unit, "%") != 0)
        problems_at_key(d->problems, v->full_height, "'full_height' has no meaning here: '%.64s' is in %s",
                        v->level->text, point->config.unit);
    v->config.model.resolution_cm = resolution_of(point, level);
}

/* The level's own values must come there. */
static void check_height(struct draft *d, const struct draft_vessel *v, const struct yaml_node *node,
                         micro_t cm)
{
    const struct role *level = &v->config.level;
    char text[FORMAT_TEXT_MAX];

    if (node == NULL || cm == TANK_UNKNOWN || level->point < 0)
        return;
    const micro_t high = role_convert(level, d->points[level->point].high);
    const micro_t low = role_convert(level, d->points[level->point].low);
    if (cm > high || cm < low)
        problems_at(d->problems, node, "the level can't come there: its values end at %s",
                    format_print(text, cm > high ? high : low, "cm"));
}

/* None of them lies below the one before, as far as they are there; a fill that stops where it starts is
 * none. */
static void check_order(struct draft *d, const struct draft_vessel *v)
{
    const struct tank_vessel *m = &v->config.model;
    const struct {
        const struct yaml_node *node;
        micro_t cm;
    } order[] = {
        {v->low, m->low_cm}, {v->start, m->fill_start_cm}, {v->stop, m->fill_stop_cm}, {v->high, m->high_cm}};
    size_t before = COUNT_OF(order);

    for (size_t i = 0; i < COUNT_OF(order); i++) {
        if (order[i].node == NULL || order[i].cm == TANK_UNKNOWN)
            continue;
        const bool same = before < i && order[i].cm == order[before].cm;
        if ((before < i && order[i].cm < order[before].cm) ||
            (same && order[before].node == v->start && order[i].node == v->stop))
            problems_at(d->problems, order[i].node, "'%s' (%.40s) must lie above '%s' (%.40s)",
                        order[i].node->key, order[i].node->text, order[before].node->key,
                        order[before].node->text);
        before = i;
    }
}

static void resolve_heights(struct draft *d, struct draft_vessel *v)
{
    struct tank_vessel *m = &v->config.model;

    (void)read_height(d, v->low, &m->low_cm);
    (void)read_height(d, v->high, &m->high_cm);
    (void)read_height(d, v->start, &m->fill_start_cm);
    (void)read_height(d, v->stop, &m->fill_stop_cm);
    check_height(d, v, v->low, m->low_cm);
    check_height(d, v, v->high, m->high_cm);
    check_height(d, v, v->start, m->fill_start_cm);
    check_height(d, v, v->stop, m->fill_stop_cm);
    check_order(d, v);
}

/* One pair; false after reporting. */
static bool read_shape_pair(struct draft *d, const struct yaml_node *node, struct tank_vessel *m)
{
    struct tank_height *at = &m->shape[m->n_shape];

    if (node->kind != YAML_SEQUENCE || node->n_children != 2) {
        problems_at(d->problems, node, "a pair of height and volume is wanted here: [60 cm, 160 L]");
        return false;
    }
    const bool ok = quantity_read(d->problems, node->first, quantity_heights, 0, CM_MAX, &at->cm);
    if (!quantity_read(d->problems, node->first->next, quantity_volumes, 0, LITRES_MAX, &at->litres) || !ok)
        return false;
    if (m->n_shape > 0 && at->cm <= at[-1].cm) {
        problems_at(d->problems, node->first, "the heights must rise from pair to pair");
        return false;
    }
    if (m->n_shape > 0 && at->litres <= at[-1].litres) {
        problems_at(d->problems, node->first->next, "the volumes must rise with the heights");
        return false;
    }
    m->n_shape++;
    return true;
}

static void resolve_shape(struct draft *d, struct draft_vessel *v)
{
    const struct yaml_node *node = v->shape;

    if (node == NULL) {
        problems_at_key(d->warnings, v->node,
                        "no 'shape': litres are not known, nor what is boiled off and used in litres");
        return;
    }
    if (node->kind != YAML_SEQUENCE || node->n_children < 2 || node->n_children > TANK_SHAPE_MAX) {
        problems_at(d->problems, node, "a shape has 2 to %d pairs: [[0 cm, 0 L], [60 cm, 160 L]]",
                    TANK_SHAPE_MAX);
        return;
    }
    for (const struct yaml_node *pair = node->first; pair != NULL; pair = pair->next) {
        if (!read_shape_pair(d, pair, &v->config.model))
            return;
    }
}

/* More than so much above what is full a level is taken for no level (derive_tank.c). */
static void check_beyond(struct draft *d, const struct draft_vessel *v)
{
    const struct tank_vessel *m = &v->config.model;
    const struct {
        const struct yaml_node *node;
        micro_t cm;
    } heights[] = {
        {v->low, m->low_cm}, {v->start, m->fill_start_cm}, {v->stop, m->fill_stop_cm}, {v->high, m->high_cm}};
    const micro_t end_cm = m->n_shape > 0 ? m->shape[m->n_shape - 1].cm : CM_MAX;
    char text[FORMAT_TEXT_MAX];

    for (size_t i = 0; i < COUNT_OF(heights); i++) {
        if (heights[i].node != NULL && heights[i].cm != TANK_UNKNOWN &&
            heights[i].cm > end_cm / 100 * TANK_FULL_PERCENT)
            problems_at(d->problems, heights[i].node,
                        "the level is not believed so far above the shape, which ends at %s: no alarm could "
                        "come there",
                        format_print(text, end_cm, "cm"));
    }
}

/* ---------------------------------------------------------------- temperatures */

static int probe_of(struct draft *d, const struct draft_vessel *v, const struct yaml_node *node,
                    const char *name)
{
    int i = 0;

    for (const struct yaml_node *t = v->temperatures != NULL ? v->temperatures->first : NULL;
         t != NULL && i < TANK_TEMPS; t = t->next, i++) {
        if (t->kind == YAML_SCALAR && strcmp(t->text, name) == 0)
            return i;
    }
    problems_at_key(d->problems, node, "'%.64s' is not one of 'temperatures'", name);
    return -1;
}

static void resolve_temperatures(struct draft *d, struct draft_vessel *v)
{
    static const struct role_scale scale = {quantity_temperatures, TANK_UNKNOWN, NULL};
    const struct yaml_node *node = v->temperatures;
    unsigned n = 0;

    if (node == NULL)
        return;
    if (node->kind != YAML_SEQUENCE || node->n_children == 0 || node->n_children > TANK_TEMPS) {
        problems_at(d->problems, node, "a list of 1 to %d points is wanted here: [temperature]", TANK_TEMPS);
        v->temperatures = NULL;
        return;
    }
    for (const struct yaml_node *child = node->first; child != NULL; child = child->next, n++) {
        struct role *role = &v->config.temps[n];
        if (!role_number(d, v->config.asset, child, &scale, role))
            continue;
        for (unsigned i = 0; i < n; i++) {
            if (v->config.temps[i].point == role->point)
                problems_at(d->problems, child, "the point '%.64s' stands twice in the list", child->text);
        }
    }
}

static void resolve_probe_heights(struct draft *d, struct draft_vessel *v)
{
    if (v->probe_heights != NULL && fields_is_mapping(d->problems, v->probe_heights, "'probe_heights'")) {
        for (const struct yaml_node *child = v->probe_heights->first; child != NULL; child = child->next) {
            micro_t cm;
            const int probe = probe_of(d, v, child, child->key);
            if (quantity_read(d->problems, child, quantity_heights, 0, CM_MAX, &cm) && probe >= 0)
                v->config.model.probe_cm[probe] = cm;
        }
    }
    if (v->config.temps[0].point >= 0 && v->config.model.probe_cm[0] == TANK_UNKNOWN)
        problems_at(
            d->warnings, v->temperatures->first,
            "the height of this probe is not known ('probe_heights'): whether it stands in the liquid "
            "is not checked");
}

/* The probes of one list are chained: each to the next. */
static void read_twins(struct draft *d, struct draft_vessel *v, const struct yaml_node *node)
{
    int before = -1;

    if (node->kind != YAML_SEQUENCE || node->n_children < 2 || node->n_children > TANK_TEMPS) {
        problems_at(d->problems, node, "a list of 2 to %d of 'temperatures' is wanted here: [a, b]",
                    TANK_TEMPS);
        return;
    }
    for (const struct yaml_node *child = node->first; child != NULL; child = child->next) {
        if (!scalar_is_value(d->problems, child, "the id of a point"))
            return;
        const int probe = probe_of(d, v, child, child->text);
        if (probe < 0)
            return;
        if (probe == before || (before >= 0 && v->config.model.twin[before] != 0)) {
            problems_at(d->problems, child, "a probe is held against one other: it stands twice");
            return;
        }
        if (before >= 0)
            v->config.model.twin[before] = (int8_t)(probe + 1);
        before = probe;
    }
}

static void resolve_redundant(struct draft *d, struct draft_vessel *v)
{
    struct tank_vessel *m = &v->config.model;

    if (v->redundant != NULL && (v->redundant->kind != YAML_SEQUENCE || v->redundant->first == NULL)) {
        problems_at(d->problems, v->redundant, "a list of pairs is wanted here: [[a, b]]");
    } else if (v->redundant != NULL) {
        for (const struct yaml_node *child = v->redundant->first; child != NULL; child = child->next)
            read_twins(d, v, child);
        if (v->differ == NULL)
            problems_at_key(d->problems, v->redundant,
                            "'differ_at_most' is missing: how far apart these probes may be");
    }
    if (v->differ == NULL)
        return;
    if (v->redundant == NULL)
        problems_at_key(d->problems, v->differ, "'differ_at_most' belongs to 'redundant', which is missing");
    (void)quantity_read(d->problems, v->differ, quantity_differences, MICRO_PER_UNIT / 10,
                        100 * MICRO_PER_UNIT, &m->twin_k);
}

/* ---------------------------------------------------------------- times */

static void read_seconds(struct draft *d, const struct yaml_node *node, uint32_t max_ms, uint32_t *ret_s)
{
    uint32_t ms;

    if (node != NULL && quantity_time(d->problems, node, MINUTE_MS, max_ms, &ms))
        *ret_s = ms / 1000;
}

struct rungs {
    const struct yaml_node *medium, *high, *critical;
};

static const struct field rung_fields[] = {
    {"medium", FIELD_NODE, NODE_OF(struct rungs, medium)},
    {"high", FIELD_NODE, NODE_OF(struct rungs, high)},
    {"critical", FIELD_NODE, NODE_OF(struct rungs, critical)},
};

static void resolve_time_left(struct draft *d, struct draft_vessel *v)
{
    struct rungs rungs = {NULL, NULL, NULL};
    uint32_t *left = v->config.time_left_ms;
    const size_t before = d->problems->n;

    left[0] = 3U * DAY_MS;
    left[1] = 12U * HOUR_MS;
    left[2] = 2U * HOUR_MS;
    if (v->time_left == NULL)
        return;
    (void)fields_walk(d->problems, v->time_left, "'time_left'", rung_fields, COUNT_OF(rung_fields), &rungs);
    const struct yaml_node *nodes[] = {rungs.medium, rungs.high, rungs.critical};
    for (size_t i = 0; i < COUNT_OF(nodes); i++) {
        if (nodes[i] != NULL)
            (void)quantity_time(d->problems, nodes[i], MINUTE_MS, 28U * DAY_MS, &left[i]);
    }
    for (size_t i = 1; i < COUNT_OF(nodes) && d->problems->n == before; i++) {
        char a[DURATION_TEXT_MAX], b[DURATION_TEXT_MAX];
        if (left[i] >= left[i - 1])
            problems_at_key(d->problems, nodes[i] != NULL ? nodes[i] : nodes[i - 1],
                            "the more urgent, the less time is left: '%s' (%s) must be less than '%s' (%s)",
                            rung_fields[i].key, scalar_print_duration(a, left[i]), rung_fields[i - 1].key,
                            scalar_print_duration(b, left[i - 1]));
    }
}

static void resolve_times(struct draft *d, struct draft_vessel *v)
{
    struct tank_vessel *m = &v->config.model;

    read_seconds(d, v->takes, DAY_MS, &m->fill_max_s);
    read_seconds(d, v->every, 49U * DAY_MS, &m->fill_every_s);
    read_seconds(d, v->settles, SETTLE_MAX_MS, &m->settle_s);
    v->config.travel_ms = d->travel_ms;
    if (v->travel != NULL)
        (void)quantity_time(d->problems, v->travel, MINUTE_MS, 7U * DAY_MS, &v->config.travel_ms);
    resolve_time_left(d, v);
}

/* ---------------------------------------------------------------- the whole */

static void resolve_supply_of(struct draft *d, struct draft_vessel *v)
{
    if (v->supply == NULL)
        return;
    const int asset = draft_find(d, NAMES_ASSET, 0, v->supply, "asset");
    if (asset < 0)
        return;
    v->config.supply = d->assets[asset].supply;
    if (v->config.supply < 0) {
        problems_at(d->problems, v->supply, "asset '%.64s' has no 'supply': write supply: {} there, or more",
                    v->supply->text);
        return;
    }
    struct draft_supply *s = &d->supplies[v->config.supply];
    if (asset == v->config.asset)
        problems_at(d->problems, v->supply, "a tank is not its own supply");
    const int other = d->assets[asset].vessel; /* those before this one are resolved */
    if (asset != v->config.asset && other >= 0 && d->vessels[other].config.supply >= 0 &&
        d->supplies[d->vessels[other].config.supply].config.asset == v->config.asset)
        problems_at(d->problems, v->supply,
                    "'%.64s' is itself filled from '%.64s': one of the two is not the other's supply",
                    v->supply->text, d->assets[v->config.asset].node->key);
    if (s->n_vessels++ == HALL_TANKS)
        problems_at(
            d->problems, v->supply,
            "too many tanks on '%.64s': at most %d are seen together; give the others a supply of their "
            "own (an asset with supply: {})",
            v->supply->text, HALL_TANKS);
}

static void resolve_vessel(struct draft *d, struct draft_vessel *v)
{
    static const struct role_scale room = {quantity_temperatures, TANK_UNKNOWN, NULL};
    const size_t before = d->problems->n;

    resolve_level(d, v);
    resolve_heights(d, v);
    resolve_shape(d, v);
    check_beyond(d, v);
    resolve_temperatures(d, v);
    resolve_probe_heights(d, v);
    resolve_redundant(d, v);
    resolve_times(d, v);
    if (v->heat_capacity != NULL)
        (void)quantity_read(d->problems, v->heat_capacity, quantity_capacities, MICRO_PER_UNIT,
                            INT64_C(100000000) * MICRO_PER_UNIT, &v->config.model.heat_capacity_j_k);
    if (v->lid != NULL)
        (void)role_states(d, v->config.asset, v->lid, "open", &v->config.lid);
    if (v->valve != NULL)
        (void)role_states(d, v->config.asset, v->valve, "open", &v->config.valve);
    if (v->room != NULL)
        (void)role_number(d, v->config.asset, v->room, &room, &v->config.room);
    if (d->problems->n == before && tank_vessel_check(&v->config.model) < 0)
        problems_at_key(d->problems, v->node, "the numbers of this vessel do not fit together");
}

/* Two points that are read from one register are one sensor. */
static bool is_same_sensor(const struct draft *d, int a, int b)
{
    const struct draft_point *p = &d->points[a], *q = &d->points[b];

    return a == b || (p->device >= 0 && p->device == q->device && p->reg >= 0 && p->reg == q->reg);
}

/* A level is one tank's: two would be filled by what one of them shows. */
static void check_shared_level(struct draft *d, size_t index)
{
    const struct draft_vessel *v = &d->vessels[index];

    for (size_t i = 0; i < index && v->config.level.point >= 0; i++) {
        const struct draft_vessel *other = &d->vessels[i];
        if (other->config.level.point < 0 ||
            !is_same_sensor(d, other->config.level.point, v->config.level.point))
            continue;
        problems_at(d->problems, v->level,
                    "this is the level of '%.64s' too (%s:%u)%s: each tank has its own",
                    d->assets[other->config.asset].node->key, other->level->file, other->level->line,
                    other->config.level.point != v->config.level.point ? ", the same register" : "");
        return;
    }
}

/* One point has one meaning: a lid that is taken for the valve, or the tank's own cold for the room's, would
 * explain away what is seen. */
static void check_shared_roles(struct draft *d, const struct draft_vessel *v)
{
    const struct vessel_config *c = &v->config;

    if (c->lid.point >= 0 && c->valve.point >= 0 && c->lid.point == c->valve.point)
        problems_at_key(d->problems, v->valve, "'lid' and 'valve' are the same point: each has its own");
    for (unsigned i = 0; i < TANK_TEMPS && c->room.point >= 0; i++) {
        if (c->temps[i].point == c->room.point)
            problems_at(d->problems, v->room, "this is one of 'temperatures': the room's is wanted here");
    }
}

void resolve_vessels(struct draft *d)
{
    size_t n_alone = 0;

    for (size_t i = 0; i < d->n_vessels; i++) {
        resolve_supply_of(d, &d->vessels[i]);
        resolve_vessel(d, &d->vessels[i]);
        check_shared_level(d, i);
        check_shared_roles(d, &d->vessels[i]);
        if (d->vessels[i].supply == NULL && n_alone++ == HALL_TANKS)
            problems_at_key(
                d->warnings, d->vessels[i].node,
                "more than %d tanks without a supply: they are seen together by %d in this order, and "
                "a probe that stands in a tank of another %d is not found (mapping-suspect); name "
                "their 'supply'",
                HALL_TANKS, HALL_TANKS, HALL_TANKS);
    }
}

static void resolve_supply(struct draft *d, struct draft_supply *s)
{
    static const struct role_scale pressure = {quantity_pressures, TANK_UNKNOWN, NULL};
    struct role_scale stock = {quantity_volumes, TANK_UNKNOWN, "capacity"};

    if (s->capacity != NULL &&
        !quantity_read(d->problems, s->capacity, quantity_volumes, MICRO_PER_UNIT, 10 * CM_MAX, &stock.full))
        stock.full = 100 * MICRO_PER_UNIT; /* reported */
    if (s->stock != NULL && role_number(d, s->config.asset, s->stock, &stock, &s->config.stock) &&
        s->capacity != NULL && strcmp(d->points[s->config.stock.point].config.unit, "%") != 0)
        problems_at_key(d->problems, s->capacity, "'capacity' has no meaning here: '%.64s' is in %s",
                        s->stock->text, d->points[s->config.stock.point].config.unit);
    if (s->pressure != NULL)
        (void)role_number(d, s->config.asset, s->pressure, &pressure, &s->config.pressure);
    if (s->reserve != NULL)
        (void)quantity_read(d->problems, s->reserve, quantity_volumes, 0, LITRES_MAX, &s->config.reserve_l);
    const struct yaml_node *at_least = yaml_get(s->node, "at_least");
    if (s->stock == NULL && s->reserve != NULL)
        problems_at_key(d->problems, s->reserve, "'reserve' belongs to 'stock', which is missing");
    if (s->stock == NULL && at_least != NULL)
        problems_at_key(d->problems, at_least, "'at_least' belongs to 'stock', which is missing");
    if (s->n_vessels == 0 && !d->incomplete)
        problems_at_key(d->warnings, s->node, "no tank names this supply ('vessel: {supply: %.64s}')",
                        d->assets[s->config.asset].node->key);
}

void resolve_supplies(struct draft *d)
{
    for (size_t i = 0; i < d->n_supplies; i++)
        resolve_supply(d, &d->supplies[i]);
}
