#include "vessel_parts.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#define LID_TAU_S    240.0
#define LID_MIX      0.06 /* share of the way to room temperature that stirring brings the top */
#define FILL_NOISE   5.0  /* boiling at a fill: the level is that much noisier */
#define ICE_MAX      10.0
#define LID_C_CLOSED 0.25 /* where the lid's underside is between vapour and room */
#define FILL_PART_S  10.0
#define LID_C_OPEN   0.8

static const struct vessel_params standard = {
    .form = {.diameter_cm = 90, .depth_cm = 80},
    .place_cm = {-1, -1, -1},
    .rack_top_cm = -1,
    .wall_w = 10,
    .base_w = 2,
    .lid_w = 10,
    .open_w = 60,
    .heat_capacity_j_k = 120e3,
    .link_w_k = 1.2,
    .wall_worst = 40,
    .vacuum_good_pa = 0.005,
    .vacuum_half_pa = 10,
    .ice_per_hour = 0.02,
    .autofill = 1,
    .mains = 1,
    .supply = 1,
    .lid_blocks = 1,
    .fill_start_cm = 15,
    .fill_stop_cm = 20,
    .low_cm = 13,
    .high_cm = 22,
    .join_cm = 1,
    .fill_rate_l_min = 6,
    .fill_limit_s = 1800,
    .confirm_s = 30,
    .line_cool_s = 90,
    .settle_cm = 0.3,
    .settle_tau_s = 600,
    .probes = {[VESSEL_TOP] = {.noise = 0.05, .lag_s = 30},
               [VESSEL_MIDDLE] = {.noise = 0.05, .lag_s = 30},
               [VESSEL_BOTTOM] = {.noise = 0.05, .lag_s = 30},
               [VESSEL_LID] = {.noise = 0.1, .lag_s = 30},
               [VESSEL_ROOM] = {.noise = 0.1, .lag_s = 300},
               [VESSEL_LEVEL] = {.noise = 0.03, .lag_s = 5}},
};

/* Intact: a tenth in 4 to 5 days, empty after some 37. Vacuum lost: a tenth within the hour. */
static void make_small(struct vessel_params *p)
{
    p->form = (struct shape_form){.diameter_cm = 36,
                                  .depth_cm = 62,
                                  .dish_cm = 5,
                                  .neck_diameter_cm = 12,
                                  .neck_length_cm = 14,
                                  .shoulder_cm = 8};
    p->rack_top_cm = 33;             /* canisters stand on the floor */
    p->place_cm[VESSEL_TOP] = 50;    /* under the plug */
    p->place_cm[VESSEL_MIDDLE] = 27; /* in the canisters */
    p->wall_w = 0.85;
    p->base_w = 0.84;
    p->lid_w = 0.3;
    p->open_w = 4;
    p->heat_capacity_j_k = 22e3;
    p->link_w_k = 0.05;
    p->wall_worst = 380;
    p->autofill = 0;
    p->fill_start_cm = 20;
    p->fill_stop_cm = 44;
    p->low_cm = 15;
    p->high_cm = 48;
}

/* A working day's use without a fill: about four days from the low setpoint. */
static void make_large(struct vessel_params *p)
{
    p->form = (struct shape_form){.diameter_cm = 135, .depth_cm = 95};
    p->wall_w = 18;
    p->base_w = 6;
    p->lid_w = 14;
    p->open_w = 75;
    p->heat_capacity_j_k = 800e3;
    p->link_w_k = 1.5;
    p->wall_worst = 30;
    p->fill_start_cm = 5.1;
    p->fill_stop_cm = 12.7;
    p->low_cm = 4;
    p->high_cm = 15;
    p->fill_rate_l_min = 10;
}

void vessel_defaults(struct vessel *v, enum vessel_preset preset)
{
    memset(v, 0, sizeof *v);
    v->p = standard;
    if (preset == VESSEL_SMALL)
        make_small(&v->p);
    else if (preset == VESSEL_LARGE)
        make_large(&v->p);
    v->s.litres = -1;
    v->s.vacuum_pa = -1;
    for (int i = 0; i < VESSEL_SLICES; i++)
        v->s.column_c[i] = NAN;
}

int vessel_shape(struct vessel *v, const double *cm, const double *litres, size_t n)
{
    int r = shape_table(&v->shape, cm, litres, n);
    if (r == 0)
        v->p.form = (struct shape_form){.depth_cm = v->shape.depth_cm}; /* no diameter: keep the table */
    return r;
}

/* Vapour at a height: the column, and room air that came in by the lid. */
static double vapour_c(const struct vessel *v, double cm)
{
    double up = cm / v->shape.depth_cm;
    return vessel_heat_column_c(v, cm) + v->s.mixed_k * up * up * up;
}

double vessel_place_c(const struct vessel *v, enum vessel_probe probe)
{
    switch (probe) {
    case VESSEL_LID:
        return v->s.lid_c;
    case VESSEL_ROOM:
        return v->s.ambient_c;
    case VESSEL_LEVEL:
        return fmax(0, shape_cm(&v->shape, v->s.litres) - v->p.level_zero_cm + v->s.froth_cm);
    default:
        return vapour_c(v, v->p.place_cm[probe]);
    }
}

static const struct vessel *place_of(const struct vessel *v, int probe)
{
    return v->wired[probe] != NULL ? v->wired[probe] : v;
}

static double lid_target_c(const struct vessel *v)
{
    double top_c = v->s.column_c[VESSEL_SLICES - 1] + v->s.mixed_k;
    return top_c + (v->p.lid ? LID_C_OPEN : LID_C_CLOSED) * (v->s.ambient_c - top_c);
}

/* The wall of a slice is as large as its girth, which goes with the root of its volume. */
static void share_wall(struct vessel *v)
{
    double sum = 0;
    for (int i = 0; i < VESSEL_SLICES; i++) {
        double from = v->shape.depth_cm / VESSEL_SLICES * i, to = v->shape.depth_cm / VESSEL_SLICES * (i + 1);
        v->wall_share[i] = sqrt(shape_litres(&v->shape, to) - shape_litres(&v->shape, from));
        sum += v->wall_share[i];
    }
    for (int i = 0; i < VESSEL_SLICES; i++)
        v->wall_share[i] /= sum;
}

int vessel_start(struct vessel *v, double ambient_c, struct random_source *random)
{
    static const double places[3] = {0.85, 0.5, 0.1};
    int r = v->p.form.diameter_cm > 0 ? shape_build(&v->shape, &v->p.form) : 0;
    if (r < 0 || !(shape_capacity(&v->shape) > 0))
        return -EINVAL;
    share_wall(v);
    for (int i = 0; i < 3; i++) {
        if (v->p.place_cm[i] < 0)
            v->p.place_cm[i] = places[i] * v->shape.depth_cm;
    }
    if (v->p.rack_top_cm < 0)
        v->p.rack_top_cm = v->p.place_cm[VESSEL_TOP];
    v->s.ambient_c = ambient_c;
    if (v->s.litres < 0)
        v->s.litres = shape_litres(&v->shape, v->p.fill_stop_cm + v->p.level_zero_cm);
    v->s.litres = fmin(v->s.litres, shape_capacity(&v->shape));
    if (v->s.vacuum_pa < 0)
        v->s.vacuum_pa = v->p.vacuum_good_pa;
    v->s.line_warmth = 1;
    if (isnan(v->s.column_c[0]))
        vessel_heat_settle(v);
    v->s.lid_c = lid_target_c(v);
    for (int i = 0; i < VESSEL_N_PROBES; i++)
        probe_start(&v->p.probes[i], vessel_place_c(v, (enum vessel_probe)i), random);
    return 0;
}

static void step_lid(struct vessel *v, double dt_s)
{
    struct vessel_state *s = &v->s;
    double top_c = s->column_c[VESSEL_SLICES - 1];
    double mix_k = v->p.lid ? LID_MIX * (s->ambient_c - top_c) : 0;
    s->mixed_k += (mix_k - s->mixed_k) * dt_s / (dt_s + LID_TAU_S);
    s->lid_c += (lid_target_c(v) - s->lid_c) * dt_s / (dt_s + LID_TAU_S);
    if (v->p.lid) {
        s->openings += s->open_s <= 0;
        s->open_s += dt_s;
        s->ice = fmin(ICE_MAX, s->ice + v->p.ice_per_hour * dt_s / 3600);
    } else {
        s->open_s = 0;
    }
}

static void step_part(struct vessel *v, double dt_s, double ambient_c, struct supply *supply,
                      struct random_source *random)
{
    v->s.time_s += dt_s;
    v->s.ambient_c = ambient_c;
    vessel_heat_step(v, dt_s);
    step_lid(v, dt_s);
    vessel_fill_step(v, dt_s, supply);
    for (int i = 0; random != NULL && i < VESSEL_N_PROBES; i++) {
        double factor = i == VESSEL_LEVEL && v->s.flow_l_min > 0 ? FILL_NOISE : 1;
        probe_step(&v->p.probes[i], vessel_place_c(place_of(v, i), (enum vessel_probe)i), dt_s, factor,
                   random);
    }
}

void vessel_step(struct vessel *v, double dt_s, double ambient_c, struct supply *supply,
                 struct random_source *random)
{
    /* The controller must see a fill's end in time, whatever the step. */
    int parts = v->s.filling || v->s.flowing ? (int)ceil(dt_s / FILL_PART_S) : 1;
    for (int i = 0; i < parts; i++)
        step_part(v, dt_s / parts, ambient_c, supply, random);
}

void vessel_repair(struct vessel *v)
{
    v->p.vacuum_leak_pa_day = 0;
    v->p.crack_l_min = 0;
    v->s.vacuum_pa = v->p.vacuum_good_pa;
    v->s.ice = 0;
    v->p.lid = 0;
    v->p.valve = VESSEL_VALVE_OK;
    v->p.autofill = v->p.supply = v->p.mains = 1;
    v->s.fill_locked = false;
    for (int i = 0; i < VESSEL_N_PROBES; i++) {
        struct probe *probe = &v->p.probes[i];
        probe->mode = SENSOR_OK;
        probe->offset = probe->drifted = probe->drift_per_day = probe->wandered = probe->spikes_hour = 0;
    }
}

void vessel_fill(struct vessel *v)
{
    v->s.fill_manual = true;
}

void vessel_withdraw(struct vessel *v, double litres)
{
    double taken = fmin(v->s.litres, fmax(0, litres));
    v->s.litres -= taken;
    v->s.withdrawn_l += taken;
}

void vessel_load(struct vessel *v, double joule)
{
    for (int i = 0; i < VESSEL_SLICES; i++)
        v->s.column_c[i] += joule / v->p.heat_capacity_j_k;
    v->s.heat_in_j += joule;
}

void vessel_swap(struct vessel *one, struct vessel *other, enum vessel_probe probe)
{
    const struct vessel *at_one = place_of(one, probe), *at_other = place_of(other, probe);
    one->wired[probe] = at_other == one ? NULL : at_other;
    other->wired[probe] = at_one == other ? NULL : at_one;
}
