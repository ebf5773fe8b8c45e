#include "vessel_parts.h"

#include <math.h>

#define DAY_S       86400.0
#define AHEAD_MIN_S 30.0
#define AHEAD_MAX_S 900.0
#define AHEAD_PARTS 150
#define VACUUM_BAD  1.25
#define ICE_BAD     0.5
#define PROBE_BAD   1.0

void vessel_sensors(const struct vessel *v, struct vessel_readings *ret)
{
    for (int i = 0; i < VESSEL_N_PROBES; i++)
        ret->value[i] = probe_reading(&v->p.probes[i]);
    double *level_cm = &ret->value[VESSEL_LEVEL];
    if (*level_cm < 0)
        *level_cm = 0;
    ret->filling = v->s.filling;
    ret->lid_open = v->p.lid;
    ret->fill_alarm = v->s.fill_alarm;
    ret->mains = v->p.mains;
    ret->level_low = *level_cm < v->p.low_cm; /* false for NAN */
    ret->level_high = *level_cm > v->p.high_cm;
    ret->filled_l = v->s.filled_l;
    ret->since_fill_s = v->s.since_fill_s;
    ret->fills = v->s.fills;
}

static uint32_t probe_faults(const struct vessel *v)
{
    uint32_t faults = 0;
    for (int i = 0; i < VESSEL_N_PROBES; i++) {
        const struct probe *probe = &v->p.probes[i];
        if (probe->mode != SENSOR_OK || fabs(probe->offset + probe->drifted) > PROBE_BAD)
            faults |= VESSEL_FAULT_PROBE;
        if (v->wired[i] != NULL)
            faults |= VESSEL_FAULT_SWAPPED;
    }
    return faults;
}

static uint32_t faults_of(const struct vessel *v, double line_bar)
{
    uint32_t faults = probe_faults(v);
    if (vessel_heat_wall_factor(v) > VACUUM_BAD)
        faults |= VESSEL_FAULT_VACUUM;
    if (v->p.crack_l_min > 0)
        faults |= VESSEL_FAULT_CRACK;
    if (v->p.lid)
        faults |= VESSEL_FAULT_LID_OPEN;
    if (v->s.ice > ICE_BAD)
        faults |= VESSEL_FAULT_ICE;
    if (v->p.valve != VESSEL_VALVE_OK)
        faults |= VESSEL_FAULT_VALVE;
    if (line_bar <= 0)
        faults |= VESSEL_FAULT_SUPPLY;
    if (!v->p.autofill || !v->p.mains || v->s.fill_locked)
        faults |= VESSEL_FAULT_CONTROLLER;
    if (v->s.litres >= shape_capacity(&v->shape) && v->s.flowing)
        faults |= VESSEL_FAULT_OVERFILL;
    return faults;
}

static double warmest_c(const struct vessel *v)
{
    double warmest = v->s.column_c[0];
    for (int i = 1; i < VESSEL_SLICES; i++) {
        if ((i + 0.5) * v->shape.depth_cm / VESSEL_SLICES <= v->p.rack_top_cm)
            warmest = fmax(warmest, v->s.column_c[i]);
    }
    return fmax(warmest, vessel_heat_column_c(v, v->p.rack_top_cm));
}

void vessel_truth(const struct vessel *v, const struct supply *supply, struct vessel_truth *ret)
{
    const struct vessel_state *s = &v->s;
    double line_bar = vessel_fill_line_bar(v, supply);
    *ret = (struct vessel_truth){
        .litres = s->litres,
        .level_cm = shape_cm(&v->shape, s->litres),
        .share = s->litres / shape_capacity(&v->shape),
        .liquid_w = s->liquid_w,
        .room_w = s->room_w,
        .boil_l_day = s->litres > 0 ? s->liquid_w * DAY_S / VESSEL_LATENT_J_L : 0,
        .wall_factor = vessel_heat_wall_factor(v),
        .vacuum_pa = s->vacuum_pa,
        .ice = s->ice,
        .ambient_c = s->ambient_c,
        .lid_c = s->lid_c,
        .warmest_c = warmest_c(v),
        .flow_l_min = s->flow_l_min,
        .line_bar = line_bar,
        .faults = faults_of(v, line_bar),
        .liquid = s->litres > 0,
        .filling = s->filling,
        .lid_open = v->p.lid,
        .fill_blocked = s->fill_blocked,
    };
    for (int i = 0; i < 3; i++)
        ret->vapour_c[i] = vessel_place_c(v, (enum vessel_probe)i);
}

/* The look ahead goes in steps of this share of the way, fine at first, where all that is fast happens. */
static double ahead_step_s(double s)
{
    return fmin(AHEAD_MAX_S, fmax(AHEAD_MIN_S, s / AHEAD_PARTS));
}

struct vessel_left vessel_hours_left(const struct vessel *now, double limit_c, double horizon_h)
{
    struct vessel v = *now;
    struct vessel_left left = {INFINITY, INFINITY};
    double s = 0;
    v.p.autofill = v.p.supply = 0;
    v.s.fill_manual = v.s.filling = v.s.calling = false;
    while (s <= horizon_h * 3600) {
        if (isinf(left.dry_h) && v.s.litres <= 0)
            left.dry_h = s / 3600;
        if (isinf(left.warm_h) && warmest_c(&v) >= limit_c)
            left.warm_h = s / 3600;
        if (!isinf(left.dry_h) && !isinf(left.warm_h))
            break;
        double dt_s = ahead_step_s(s);
        vessel_step(&v, dt_s, v.s.ambient_c, NULL, NULL);
        s += dt_s;
    }
    return left;
}
