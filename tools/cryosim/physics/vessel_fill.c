#include "vessel_parts.h"

#include <math.h>

#define DENSITY_KG_L 0.807
#define FLASH_LEAST  0.02 /* share of the inflow that comes as gas, and more of it by each bar */
#define FLASH_BAR    0.04
#define LEAK_SHARE   0.02 /* of a leaking valve, of its full flow */
#define WARM_TAU_S   3600.0
#define FROTH_TAU_S  30.0

double vessel_fill_line_bar(const struct vessel *v, const struct supply *supply)
{
    if (!v->p.supply)
        return 0;
    return supply != NULL ? supply_line_bar(supply) : SUPPLY_NOMINAL_BAR;
}

static void call_others(struct vessel *v, struct supply *supply, bool calling)
{
    if (supply != NULL && calling != v->s.calling) {
        if (calling)
            supply->s.calls++;
        else
            supply->s.calls--;
        v->s.calling = calling;
    }
}

static void end_fill(struct vessel *v)
{
    v->s.filling = v->s.fill_manual = false;
    v->s.since_fill_s = 0;
    v->s.fills++;
}

/* Whether a fill shall begin; it has been wanted for confirm_s. */
static bool wanted(struct vessel *v, double reading_cm, double dt_s, const struct supply *supply,
                   bool *ret_own)
{
    bool low = reading_cm <= v->p.fill_start_cm;
    v->s.low_s = low ? v->s.low_s + dt_s : 0;
    *ret_own = low && v->s.low_s >= v->p.confirm_s;
    bool join = supply != NULL && supply->p.all_fill && supply->s.calls > 0 &&
                reading_cm < v->p.fill_stop_cm - v->p.join_cm;
    return *ret_own || join;
}

static void control(struct vessel *v, double dt_s, struct supply *supply)
{
    const struct vessel_params *p = &v->p;
    struct vessel_state *s = &v->s;
    double reading_cm = probe_reading(&p->probes[VESSEL_LEVEL]);
    bool blocked = p->lid && p->lid_blocks, own = s->calling;
    bool able = p->mains && !blocked && !s->fill_locked && !isnan(reading_cm);
    s->since_fill_s += dt_s;
    bool start = p->autofill && !isnan(reading_cm) && wanted(v, reading_cm, dt_s, supply, &own);
    s->fill_blocked = start && blocked && !s->filling;
    if (!s->filling && able && (start || s->fill_manual)) {
        s->filling = true;
        s->fill_s = 0;
    } else if (s->filling && (!able || (!p->autofill && !s->fill_manual) || reading_cm >= p->fill_stop_cm)) {
        end_fill(v);
    }
    if (!s->filling) {
        s->fill_alarm = s->fill_locked; /* a locked-out alarm stands until it is reset */
    } else {
        s->fill_s += dt_s;
        s->fill_alarm = s->fill_s > p->fill_limit_s;
        if (s->fill_alarm && p->timeout_stops) {
            s->fill_locked = true;
            end_fill(v);
        }
    }
    call_others(v, supply, s->filling && (own || s->calling));
}

/* How far the valve is truly open, 0 ... 1. */
static double opening(const struct vessel *v)
{
    switch (v->p.valve) {
    case VESSEL_VALVE_STUCK_CLOSED:
        return 0;
    case VESSEL_VALVE_STUCK_OPEN:
        return 1;
    case VESSEL_VALVE_LEAKING:
        return v->s.filling ? 1 : LEAK_SHARE;
    default:
        return v->s.filling ? 1 : 0;
    }
}

static void flow(struct vessel *v, double dt_s, struct supply *supply)
{
    struct vessel_state *s = &v->s;
    double open = v->p.supply ? opening(v) * v->p.fill_rate_l_min / sqrt(SUPPLY_NOMINAL_BAR) : 0;
    if (supply != NULL)
        supply->s.open = fmax(0, supply->s.open + open - s->open_share);
    s->open_share = open;
    s->flow_l_min = 0;
    double bar = vessel_fill_line_bar(v, supply);
    s->flowing = open > 0 && bar > 0;
    if (!s->flowing) {
        s->line_warmth += (1 - s->line_warmth) * dt_s / (dt_s + WARM_TAU_S);
        return;
    }
    double taken_l = open * sqrt(bar) / 60 * dt_s;
    if (supply != NULL)
        taken_l = supply_take(supply, taken_l);
    double full_l = open * dt_s / 60; /* what cools the line is how much has come */
    double gas = fmin(1, s->line_warmth + FLASH_LEAST + FLASH_BAR * bar);
    if (v->p.line_cool_s > 0)
        s->line_warmth =
            fmax(0, s->line_warmth - taken_l / fmax(full_l, 1e-9) * dt_s / v->p.line_cool_s * fmin(1, open));
    else
        s->line_warmth = 0;
    double in_l = taken_l * (1 - gas);
    s->gas_kg_s += taken_l * gas * DENSITY_KG_L / dt_s;
    s->flashed_l += taken_l * gas;
    s->filled_l += in_l;
    s->flow_l_min = in_l / dt_s * 60;
    s->litres += in_l;
    double over_l = s->litres - shape_capacity(&v->shape);
    if (over_l > 0) {
        s->litres -= over_l;
        s->spilled_l += over_l;
    }
}

void vessel_fill_step(struct vessel *v, double dt_s, struct supply *supply)
{
    control(v, dt_s, supply);
    flow(v, dt_s, supply);
    bool froths = v->s.flow_l_min > 0.2 * v->p.fill_rate_l_min;
    double tau_s = froths ? FROTH_TAU_S : v->p.settle_tau_s;
    v->s.froth_cm += ((froths ? v->p.settle_cm : 0) - v->s.froth_cm) * dt_s / (dt_s + tau_s);
}
