#include "vessel_parts.h"

#include <math.h>

#define DENSITY_KG_L  0.807
#define GAS_CP_J_KG_K 1040.0
#define REFERENCE_C   21.0
#define DAY_S         86400.0
#define WET_TAU_S     120.0 /* how fast a rack that is covered by liquid comes to its temperature */
#define CRACK_TAU_S   60.0
#define AIR_PA        1.01325e5
#define OPEN_TOP      0.7 /* share of the open lid's heat that stays in the topmost slice */

static double vacuum_term(const struct vessel_params *p, double pa)
{
    return 1 + (p->wall_worst - 1) * pa / (pa + p->vacuum_half_pa);
}

double vessel_heat_wall_factor(const struct vessel *v)
{
    return vacuum_term(&v->p, v->s.vacuum_pa) / vacuum_term(&v->p, v->p.vacuum_good_pa);
}

double vessel_heat_column_c(const struct vessel *v, double cm)
{
    double place = cm / v->shape.depth_cm * VESSEL_SLICES - 0.5; /* in slices, from the lowest one's middle */
    if (place <= 0)
        return v->s.column_c[0];
    if (place >= VESSEL_SLICES - 1)
        return v->s.column_c[VESSEL_SLICES - 1];
    int i = (int)place;
    return v->s.column_c[i] + (place - i) * (v->s.column_c[i + 1] - v->s.column_c[i]);
}

/* Conductances of each slice, W/K: to the room, to the liquid, and for the gas that sweeps it. */
struct paths {
    double room[VESSEL_SLICES], liquid[VESSEL_SLICES], gas[VESSEL_SLICES];
    double direct; /* from the room into the liquid */
    double link;   /* between two slices */
    int surface;   /* the slice in which the liquid ends */
};

static void find_paths(const struct vessel *v, double level_cm, struct paths *ret)
{
    const struct vessel_params *p = &v->p;
    const double span = REFERENCE_C - VESSEL_LN2_C;
    double whole_wall = p->wall_w / span * vessel_heat_wall_factor(v);
    double base = p->base_w / span, lid = p->lid_w / span * (1 + v->s.ice);
    double open = p->lid ? p->open_w / span : 0;
    double level = level_cm / v->shape.depth_cm * VESSEL_SLICES;
    bool pool = v->s.litres > 0;
    double gas = pool || v->s.gas_kg_s > 0 ? v->s.gas_kg_s * GAS_CP_J_KG_K : 0;
    ret->direct = pool ? base : 0;
    ret->link = p->link_w_k * VESSEL_SLICES;
    ret->surface = (int)fmin(VESSEL_SLICES - 1, level);
    for (int i = 0; i < VESSEL_SLICES; i++) {
        double wet = pool ? fmin(1, fmax(0, level - i)) : 0, wall = whole_wall * v->wall_share[i];
        ret->direct += wall * wet;
        ret->room[i] = wall * (1 - wet);
        ret->liquid[i] = wet * p->heat_capacity_j_k / VESSEL_SLICES / WET_TAU_S;
        ret->gas[i] = i >= ret->surface ? gas : 0;
    }
    ret->room[0] += pool ? 0 : base;
    ret->room[VESSEL_SLICES - 1] += lid + OPEN_TOP * open;
    ret->room[VESSEL_SLICES - 2] += (1 - OPEN_TOP) * open;
}

/* One implicit step of the column: a tridiagonal system, solved by elimination. storage 0: the balance. */
static void solve(struct vessel *v, const struct paths *paths, double storage_w_k)
{
    double upper[VESSEL_SLICES], right[VESSEL_SLICES], *c = v->s.column_c;
    for (int i = 0; i < VESSEL_SLICES; i++) {
        double below = i > 0 ? paths->link : 0, above = i + 1 < VESSEL_SLICES ? paths->link : 0;
        bool from_liquid = i <= paths->surface; /* its gas is fresh */
        double diagonal = storage_w_k + paths->room[i] + paths->liquid[i] + paths->gas[i] + below + above;
        double b = storage_w_k * c[i] + paths->room[i] * v->s.ambient_c + paths->liquid[i] * VESSEL_LN2_C;
        if (from_liquid)
            b += paths->gas[i] * VESSEL_LN2_C;
        else
            below += paths->gas[i];
        if (i > 0) {
            diagonal -= below * upper[i - 1];
            b += below * right[i - 1];
        }
        upper[i] = above / diagonal;
        right[i] = b / diagonal;
    }
    c[VESSEL_SLICES - 1] = right[VESSEL_SLICES - 1];
    for (int i = VESSEL_SLICES - 2; i >= 0; i--)
        c[i] = right[i] + upper[i] * c[i + 1];
}

/* Watts into the liquid and from the room, with the column as it is. */
static void sum_up(struct vessel *v, const struct paths *paths)
{
    double span = v->s.ambient_c - VESSEL_LN2_C;
    v->s.liquid_w = v->s.room_w = paths->direct * span;
    for (int i = 0; i < VESSEL_SLICES; i++) {
        v->s.room_w += paths->room[i] * (v->s.ambient_c - v->s.column_c[i]);
        v->s.liquid_w += paths->liquid[i] * (v->s.column_c[i] - VESSEL_LN2_C);
    }
}

void vessel_heat_settle(struct vessel *v)
{
    struct paths paths;
    for (int i = 0; i < VESSEL_SLICES; i++)
        v->s.column_c[i] = VESSEL_LN2_C;
    for (int i = 0; i < 20; i++) { /* the gas cools the column, and the column makes the gas */
        find_paths(v, shape_cm(&v->shape, v->s.litres), &paths);
        solve(v, &paths, 0);
        sum_up(v, &paths);
        v->s.gas_kg_s = v->s.litres > 0 ? v->s.liquid_w / VESSEL_LATENT_J_L * DENSITY_KG_L : 0;
    }
}

static void step_vacuum(struct vessel *v, double dt_s)
{
    double *pa = &v->s.vacuum_pa;
    *pa += v->p.vacuum_leak_pa_day * dt_s / DAY_S;
    if (v->p.crack_l_min > 0) {
        double lost = fmin(v->s.litres, v->p.crack_l_min / 60 * dt_s);
        v->s.litres -= lost;
        v->s.cracked_l += lost;
        *pa += (AIR_PA - *pa) * dt_s / (dt_s + CRACK_TAU_S);
    }
    *pa = fmin(AIR_PA, *pa);
}

void vessel_heat_step(struct vessel *v, double dt_s)
{
    struct vessel_state *s = &v->s;
    struct paths paths;
    step_vacuum(v, dt_s);
    find_paths(v, shape_cm(&v->shape, s->litres), &paths);
    solve(v, &paths, v->p.heat_capacity_j_k / VESSEL_SLICES / dt_s);
    sum_up(v, &paths);
    double out_w = paths.gas[VESSEL_SLICES - 1] * (s->column_c[VESSEL_SLICES - 1] - VESSEL_LN2_C);
    s->heat_in_j += s->room_w * dt_s;
    s->heat_gas_j += out_w * dt_s;

    double wanted_l = fmax(0, s->liquid_w) * dt_s / VESSEL_LATENT_J_L;
    double boiled_l = fmin(wanted_l, s->litres);
    s->litres -= boiled_l;
    s->boiled_l += boiled_l;
    /* What the last of the liquid could not take stays in the lowest slice. */
    s->column_c[0] += (wanted_l - boiled_l) * VESSEL_LATENT_J_L / (v->p.heat_capacity_j_k / VESSEL_SLICES);
    s->gas_kg_s = boiled_l * DENSITY_KG_L / dt_s;
}
