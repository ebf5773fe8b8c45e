/*
 * supply.h - the vessel that all tanks of a hall are filled from, and the line between.
 *
 * PURE. Its pressure drives every fill. Liquid that is taken leaves room that the gas above must fill, so the
 * pressure falls, until the pressure builder brings it back; the line has a resistance, so tanks that fill
 * together fill more slowly. When it is empty, gas comes, and no liquid.
 *
 * Order within a step: each tank asks supply_line_bar and takes, then supply_step.
 */
#ifndef CRYOSIM_SUPPLY_H
#define CRYOSIM_SUPPLY_H

#include "probe.h"

#include <stdbool.h>

#define SUPPLY_NOMINAL_BAR 1.5 /* a tank's fill_rate is what it gets at this pressure at its valve */

struct supply_params {
    double capacity_l;
    double pressure_bar;          /* that the builder keeps, above the room's */
    double build_tau_s;           /* how fast it does */
    double relief_bar;            /* where the relief valve opens */
    double rise_bar_day;          /* the liquid warms while nobody draws */
    double line_resistance;       /* bar per (L/min) squared */
    double low_l;                 /* below this it says so */
    int builder;                  /* 0 off, 1 on */
    int valve;                    /* the main valve: 0 closed (by hand, or by an oxygen alarm), 1 open */
    int all_fill;                 /* one fill, all fill */
    struct probe level, pressure; /* litres, bar */
};

struct supply_state {
    double litres, pressure_bar;
    double open;    /* sum of the conductances of all open fill valves, (L/min) per sqrt(bar) */
    unsigned calls; /* tanks that fill because they need to, not because others do */
    double taken_l; /* since the last step */
    double delivered_l;
    double added_l; /* `delivery` */
};

struct supply {
    struct supply_params p;
    struct supply_state s;
};

void supply_defaults(struct supply *supply);
/* After the parameters: full unless litres was set, at its pressure. */
void supply_start(struct supply *supply, struct random_source *random);
void supply_step(struct supply *supply, double dt_s, struct random_source *random);

/* The pressure that open fill valves see; 0 when the main valve is closed or no liquid is left. */
double supply_line_bar(const struct supply *supply);
/* Takes up to litres; returns what there was. */
double supply_take(struct supply *supply, double litres);
/* The lorry came: adds litres, up to the capacity. */
void supply_deliver(struct supply *supply, double litres);
bool supply_low(const struct supply *supply);

#endif
