/* tank_world.c - see tank_world.h. */
#include "tank_world.h"

#include "hall.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DAY_S   86400.0
#define EVENTS  24  /* per tank */
#define DEFROST 1.2 /* ice at which somebody defrosts */

enum event_kind {
    EVENT_LID,      /* forgotten */
    EVENT_ICE,      /* it grows: value is how much in all */
    EVENT_NO_VALVE, /* the fill valve does not open, or does not close */
    EVENT_NO_FILL,  /* this tank's hand valve is closed, or the controller off */
    EVENT_SUPPLY,   /* the main valve is closed */
    EVENT_ROOM,     /* no cooling in the room: value in K */
    EVENT_OFFSET,   /* of the level probe, cm */
    EVENT_DRIFT,
    EVENT_STUCK,
    EVENT_BROKEN,
    EVENT_NOISE,
    EVENT_TOP, /* offset of the top's probe */
    EVENT_GAP,
};

struct event {
    enum event_kind kind;
    double from_s, to_s, value;
};

struct life {
    double capacity_j_k, quantum;
    struct event events[EVENTS];
    unsigned n_events;
    enum world_fault fault;
    double fault_s, leak_pa_day, jump_pa, crack_l_min;
    double openings_day, minutes; /* lid use */
    double lid_until_s, next_lid_s;
    double noise;
    bool automatic, gap;
};

struct world {
    struct hall hall;
    struct supply supply;
    struct vessel vessels[WORLD_TANKS];
    struct life lives[WORLD_TANKS];
    struct random_source random, dice;
    double room_mean_c;
};

static double between(struct world *w, double low, double high)
{
    return low + (high - low) * random_uniform(&w->dice);
}

static bool chance(struct world *w, double share)
{
    return random_uniform(&w->dice) < share;
}

/* Low and high equally far in ratio. */
static double scale(struct world *w, double low, double high)
{
    return low * pow(high / low, random_uniform(&w->dice));
}

static void add(struct world *w, struct life *life, double share, enum event_kind kind, double low_h,
                double high_h, double value)
{
    if (!chance(w, share) || life->n_events == EVENTS)
        return;
    double from = between(w, WORLD_LEARN_D, WORLD_DAYS - 5) * DAY_S;
    life->events[life->n_events++] = (struct event){kind, from, from + scale(w, low_h, high_h) * 3600, value};
}

static void plan(struct world *w, struct life *life)
{
    add(w, life, 0.30, EVENT_LID, 0.7, 14, 0);
    add(w, life, 0.15, EVENT_ICE, 100, 700, between(w, 0.7, 2.5));
    add(w, life, 0.05, EVENT_NO_VALVE, 2, 48, between(w, 0, 3));
    add(w, life, 0.10, EVENT_NO_FILL, 6, 96, 0);
    add(w, life, 0.08, EVENT_OFFSET, 24, 1000, between(w, -2.5, 2.5));
    add(w, life, 0.05, EVENT_DRIFT, 100, 1000, between(w, -0.15, 0.15));
    add(w, life, 0.05, EVENT_STUCK, 4, 72, 0);
    add(w, life, 0.08, EVENT_BROKEN, 0.5, 72, 0);
    add(w, life, 0.06, EVENT_NOISE, 12, 500, between(w, 3, 8));
    add(w, life, 0.06, EVENT_TOP, 24, 500, between(w, -8, 8));
    add(w, life, 0.30, EVENT_GAP, 0.3, 72, 0);
}

static void plan_vacuum(struct world *w, struct life *life, const struct vessel *v)
{
    double twice_pa = v->p.vacuum_half_pa / v->p.wall_worst; /* at it the wall leaks about twice as much */
    double draw = random_uniform(&w->dice);
    life->fault_s = between(w, WORLD_LEARN_D, WORLD_DAYS - 50) * DAY_S;
    if (draw < 0.15) {
        life->fault = WORLD_SLOW;
        life->leak_pa_day = twice_pa / scale(w, 0.3, 6);
    } else if (draw < 0.25) {
        life->fault = WORLD_FAST;
        life->jump_pa = v->p.vacuum_half_pa * scale(w, 0.3, 1e4);
        if (chance(w, 0.3))
            life->crack_l_min = scale(w, 0.02, 0.5);
    }
}

static void make_vessel(struct world *w, unsigned i)
{
    static const enum vessel_preset presets[WORLD_TANKS] = {VESSEL_STANDARD, VESSEL_STANDARD, VESSEL_LARGE,
                                                            VESSEL_SMALL};
    struct vessel *v = &w->vessels[i];
    struct life *life = &w->lives[i];
    vessel_defaults(v, presets[i]);
    life->automatic = v->p.autofill != 0;
    v->p.wall_w *= scale(w, 0.7, 1.4);
    v->p.base_w *= scale(w, 0.7, 1.4);
    v->p.lid_w *= scale(w, 0.7, 1.4);
    v->p.open_w *= scale(w, 0.7, 1.4);
    v->p.heat_capacity_j_k *= scale(w, 0.75, 1.35);
    v->p.link_w_k *= scale(w, 0.7, 1.4);
    v->p.settle_cm *= between(w, 0.3, 2);
    double up = between(w, 0.9, 1.3);
    v->p.fill_start_cm *= up;
    v->p.fill_stop_cm *= up;
    v->p.low_cm *= up;
    v->p.high_cm *= up;
    life->noise = v->p.probes[VESSEL_LEVEL].noise = scale(w, 0.01, 0.08);
    life->quantum = v->p.probes[VESSEL_LEVEL].quantum = chance(w, 0.5) ? 0.1 : chance(w, 0.5) ? 0.25 : 0;
    life->capacity_j_k = chance(w, 0.6) ? v->p.heat_capacity_j_k * between(w, 0.8, 1.2) : 0;
    life->openings_day = between(w, 0, 4);
    life->minutes = scale(w, 2, 15);
    life->next_lid_s = 9 * 3600;
    v->s.litres = -1;
    plan(w, life);
    plan_vacuum(w, life, v);
}

struct world *world_new(uint64_t number)
{
    struct world *w = calloc(1, sizeof *w);
    if (w == NULL)
        return NULL;
    random_seed(&w->dice, number, "dice");
    random_seed(&w->random, number, "noise");
    w->room_mean_c = between(w, 19, 24);
    w->hall.room = (struct climate){.mean_c = w->room_mean_c,
                                    .daily_k = between(w, 0.3, 2.5),
                                    .yearly_k = between(w, 0, 2),
                                    .wander_k = between(w, 0.2, 1)};
    supply_defaults(&w->supply);
    w->supply.p.all_fill = chance(w, 0.3);
    for (unsigned i = 0; i < WORLD_TANKS; i++)
        make_vessel(w, i);
    /* of the room and the supply: kept with the first tank */
    add(w, &w->lives[0], 0.15, EVENT_ROOM, 12, 200, between(w, 3, 8));
    add(w, &w->lives[0], 0.15, EVENT_SUPPLY, 4, 96, 0);
    w->hall.supply = &w->supply;
    w->hall.vessels = w->vessels;
    w->hall.n_vessels = WORLD_TANKS;
    if (hall_start(&w->hall, &w->random) < 0) {
        free(w);
        return NULL;
    }
    return w;
}

void world_free(struct world *w)
{
    free(w);
}

void world_vessel(const struct world *w, unsigned i, struct world_vessel *ret)
{
    static const char *const kinds[WORLD_TANKS] = {"standard", "standard", "large", "small"};
    const struct vessel *v = &w->vessels[i];
    const struct vessel_params *p = &v->p;
    *ret = (struct world_vessel){.low_cm = p->low_cm,
                                 .high_cm = p->high_cm,
                                 .start_cm = p->fill_start_cm,
                                 .stop_cm = p->fill_stop_cm,
                                 .resolution_cm = w->lives[i].quantum,
                                 .heat_capacity_j_k = w->lives[i].capacity_j_k,
                                 .automatic = w->lives[i].automatic,
                                 .kind = kinds[i]};
    for (unsigned k = 0; k < WORLD_SHAPE; k++) {
        ret->cm[k] = v->shape.depth_cm * k / (WORLD_SHAPE - 1);
        ret->litres[k] = shape_litres(&v->shape, ret->cm[k]);
    }
}

enum world_fault world_fault(const struct world *w, unsigned i, double *ret_at_s)
{
    *ret_at_s = w->lives[i].fault_s;
    return w->lives[i].fault;
}

/* Lids are opened by day, five days a week, some more often than others. */
static void work(struct world *w, struct life *life, struct vessel *v)
{
    double now = w->hall.time_s, hour = fmod(now, DAY_S) / 3600;
    bool day = fmod(now, 7 * DAY_S) < 5 * DAY_S && hour >= 8 && hour < 18;
    if (day && now >= life->next_lid_s && life->openings_day > 0.05) {
        life->lid_until_s = now + life->minutes * 60 * -log(1 - 0.95 * random_uniform(&w->dice));
        life->next_lid_s = now + 36000 / life->openings_day * -log(1 - 0.99 * random_uniform(&w->dice));
    }
    v->p.lid = now < life->lid_until_s;
    bool low = v->s.litres < shape_litres(&v->shape, v->p.fill_start_cm + 4);
    if (!life->automatic && day && low && hour > 10 && !v->s.filling)
        vessel_fill(v);
    if (day && v->s.ice > DEFROST && hour > 17)
        v->s.ice = 0;
}

static void happen(struct world *w, const struct event *e, struct vessel *v, bool now, bool last)
{
    struct probe *level = &v->p.probes[VESSEL_LEVEL], *top = &v->p.probes[VESSEL_TOP];
    bool begins = now && w->hall.time_s < e->from_s + WORLD_STEP_S;
    switch (e->kind) {
    case EVENT_LID:
        v->p.lid |= now;
        break;
    case EVENT_ICE:
        v->s.ice += now ? e->value * WORLD_STEP_S / (e->to_s - e->from_s) : 0;
        break;
    case EVENT_NO_VALVE:
        if (now || last)
            v->p.valve = now ? 1 + (int)e->value : VESSEL_VALVE_OK;
        break;
    case EVENT_NO_FILL:
        if (now || last)
            v->p.supply = !now;
        break;
    case EVENT_SUPPLY:
        if (now || last)
            w->supply.p.valve = !now;
        break;
    case EVENT_ROOM:
        if (now || last)
            w->hall.room.mean_c = w->room_mean_c + (now ? e->value : 0);
        break;
    case EVENT_OFFSET:
        level->offset += begins ? e->value : last ? -e->value : 0;
        break;
    case EVENT_DRIFT:
        level->drift_per_day = now ? e->value : 0;
        if (last)
            level->drifted = 0;
        break;
    case EVENT_STUCK:
    case EVENT_BROKEN:
        if (now || last)
            level->mode = !now ? SENSOR_OK : e->kind == EVENT_STUCK ? SENSOR_STUCK : SENSOR_BROKEN;
        break;
    case EVENT_NOISE:
        if (begins || last)
            level->noise *= begins ? e->value : 1 / e->value;
        break;
    case EVENT_TOP:
        top->offset = now ? e->value : 0;
        break;
    case EVENT_GAP:
        break;
    }
}

static void live(struct world *w, unsigned i)
{
    struct life *life = &w->lives[i];
    struct vessel *v = &w->vessels[i];
    double now = w->hall.time_s;
    work(w, life, v);
    life->gap = false;
    for (unsigned k = 0; k < life->n_events; k++) {
        const struct event *e = &life->events[k];
        bool is = now >= e->from_s && now < e->to_s;
        bool last = now >= e->to_s && now < e->to_s + WORLD_STEP_S;
        life->gap = life->gap || (is && e->kind == EVENT_GAP);
        happen(w, e, v, is, last);
    }
    if (life->fault == WORLD_NONE || now < life->fault_s)
        return;
    v->p.vacuum_leak_pa_day = life->leak_pa_day;
    v->p.crack_l_min = life->crack_l_min;
    if (now < life->fault_s + WORLD_STEP_S)
        v->s.vacuum_pa += life->jump_pa;
}

void world_step(struct world *w)
{
    for (unsigned i = 0; i < WORLD_TANKS; i++)
        live(w, i);
    double hour = fmod(w->hall.time_s, DAY_S) / 3600;
    if (w->supply.s.litres < 0.5 * w->supply.p.capacity_l && hour > 7 && hour < 8)
        supply_deliver(&w->supply, w->supply.p.capacity_l);
    hall_step(&w->hall, WORLD_STEP_S, &w->random);
}

double world_time_s(const struct world *w)
{
    return w->hall.time_s;
}

void world_read(const struct world *w, unsigned i, struct world_reading *ret)
{
    struct vessel_readings readings;
    vessel_sensors(&w->vessels[i], &readings);
    *ret = (struct world_reading){.gap = w->lives[i].gap,
                                  .level_cm = readings.value[VESSEL_LEVEL],
                                  .top_c = readings.value[VESSEL_TOP],
                                  .middle_c = readings.value[VESSEL_MIDDLE],
                                  .bottom_c = readings.value[VESSEL_BOTTOM],
                                  .lid_c = readings.value[VESSEL_LID],
                                  .room_c = readings.value[VESSEL_ROOM],
                                  .supply_l = probe_reading(&w->supply.p.level),
                                  .supply_bar = probe_reading(&w->supply.p.pressure),
                                  .valve = readings.filling,
                                  .lid = readings.lid_open};
}

void world_truth(const struct world *w, unsigned i, struct world_truth *ret)
{
    struct vessel_truth truth;
    vessel_truth(&w->vessels[i], &w->supply, &truth);
    *ret = (struct world_truth){
        .warmest_c = truth.warmest_c,
        .litres = truth.litres,
        .level_cm = truth.level_cm,
        .wall_factor = truth.wall_factor,
        .boil_l_day = truth.boil_l_day,
        .ice = truth.ice,
        .vacuum_bad = truth.wall_factor > 1.1 || (truth.faults & VESSEL_FAULT_CRACK) != 0,
        .lid_open = truth.lid_open,
        .probe_bad = (truth.faults & (VESSEL_FAULT_PROBE | VESSEL_FAULT_SWAPPED)) != 0,
        .filling = truth.filling || truth.flow_l_min > 0};
}

void world_swap_levels(struct world *w, unsigned one, unsigned other)
{
    vessel_swap(&w->vessels[one], &w->vessels[other], VESSEL_LEVEL);
}

void world_left(const struct world *w, unsigned i, struct world_left *ret)
{
    struct vessel v = w->vessels[i];
    double low_l = shape_litres(&v.shape, v.p.low_cm + v.p.level_zero_cm), h = 0;
    *ret = (struct world_left){INFINITY, INFINITY, INFINITY, INFINITY};
    v.p.autofill = v.p.supply = 0;
    v.s.fill_manual = v.s.filling = v.s.calling = false;
    while (h <= WORLD_HORIZON_H && isinf(ret->h135)) {
        struct vessel_truth truth;
        vessel_truth(&v, NULL, &truth);
        if (isinf(ret->low_h) && v.s.litres <= low_l)
            ret->low_h = h;
        if (isinf(ret->empty_h) && v.s.litres <= 0)
            ret->empty_h = h;
        if (isinf(ret->h150) && truth.warmest_c >= -150)
            ret->h150 = h;
        if (isinf(ret->h135) && truth.warmest_c >= -135 && !isinf(ret->empty_h))
            ret->h135 = h;
        double dt_s = h < 2 ? 60 : 600;
        vessel_step(&v, dt_s, v.s.ambient_c, NULL, NULL);
        h += dt_s / 3600;
    }
}
