#include "supply.h"

#include <math.h>

#define ROOM_BAR 1.01325
#define DAY_S    86400.0
#define ULLAGE   0.08 /* of the capacity: gas above the liquid when it is full */

void supply_defaults(struct supply *supply)
{
    *supply = (struct supply){
        .p = {.capacity_l = 3000,
              .pressure_bar = SUPPLY_NOMINAL_BAR,
              .build_tau_s = 600,
              .relief_bar = 2.5,
              .rise_bar_day = 0.3,
              .line_resistance = 0.002,
              .low_l = 600,
              .builder = 1,
              .valve = 1,
              .level = {.noise = 5},
              .pressure = {.noise = 0.01}},
        .s = {.litres = -1, .pressure_bar = -1},
    };
}

void supply_start(struct supply *supply, struct random_source *random)
{
    struct supply_state *s = &supply->s;
    if (s->litres < 0)
        s->litres = supply->p.capacity_l;
    s->litres = fmin(s->litres, supply->p.capacity_l);
    if (s->pressure_bar < 0)
        s->pressure_bar = supply->p.pressure_bar;
    probe_start(&supply->p.level, s->litres, random);
    probe_start(&supply->p.pressure, s->pressure_bar, random);
}

double supply_line_bar(const struct supply *supply)
{
    if (!supply->p.valve || supply->s.litres <= 0)
        return 0;
    /* q = open * sqrt(line) in all, line = pressure - resistance * q^2. */
    double open = supply->s.open;
    return fmax(0, supply->s.pressure_bar) / (1 + supply->p.line_resistance * open * open);
}

double supply_take(struct supply *supply, double litres)
{
    double taken = fmin(litres, fmax(0, supply->s.litres));
    supply->s.litres -= taken;
    supply->s.taken_l += taken;
    supply->s.delivered_l += taken;
    return taken;
}

void supply_deliver(struct supply *supply, double litres)
{
    supply->s.litres = fmin(supply->p.capacity_l, supply->s.litres + litres);
}

bool supply_low(const struct supply *supply)
{
    return supply->p.level.mode != SENSOR_BROKEN && supply->p.level.reading < supply->p.low_l;
}

void supply_step(struct supply *supply, double dt_s, struct random_source *random)
{
    const struct supply_params *p = &supply->p;
    struct supply_state *s = &supply->s;
    double gas_l = fmax(0, p->capacity_l - s->litres - s->taken_l) + ULLAGE * p->capacity_l;
    double bar = (s->pressure_bar + ROOM_BAR) * gas_l / (gas_l + s->taken_l) - ROOM_BAR;
    s->taken_l = 0;
    if (s->litres > 0) {
        bar += p->rise_bar_day * dt_s / DAY_S;
        if (p->builder && bar < p->pressure_bar)
            bar += (p->pressure_bar - bar) * dt_s / (dt_s + p->build_tau_s);
    } else { /* the gas leaves through whatever is open */
        bar -= bar * dt_s / (dt_s + p->build_tau_s);
    }
    s->pressure_bar = fmin(p->relief_bar, fmax(0, bar));
    probe_step(&supply->p.level, s->litres, dt_s, 1, random);
    probe_step(&supply->p.pressure, s->pressure_bar, dt_s, 1, random);
}
