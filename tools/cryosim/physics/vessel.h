/*
 * vessel.h - a liquid-nitrogen storage vessel in some detail: shape, heat, vacuum, lid, ice, probes, and its
 * fill controller.
 *
 * PURE: no I/O, no clock, no allocation, and nothing of cryomond, whose estimators are to be measured against
 * this. A vessel is plain data: copying the struct copies the vessel (but for swapped probes, which stay with
 * the vessel that they point to, and for its place among those that draw on a supply). The same parameters,
 * steps and random stream give the same readings, bit for bit. Any step from 0.1 s to 600 s is stable; a fill
 * is done in parts of at most 10 s.
 *
 *   struct vessel v;
 *   vessel_defaults(&v, VESSEL_STANDARD);
 *   v.p.wall_w = 14;                             parameters: at any time
 *   vessel_start(&v, 21, &random);
 *   for (...) {
 *       vessel_step(&v, 60, 21, &supply, &random);
 *       vessel_sensors(&v, &readings);           what a monitor gets to see
 *       vessel_truth(&v, &truth);                what is so
 *   }
 *
 * Heat comes in through the insulated wall (its share grows as the vacuum is lost), through supports and
 * pipes (constant), and through lid and neck (more with ice, much more when open). What reaches the liquid
 * boils it: 1 W is 0.54 L a day. What reaches the dry part warms racks and vapour, which are a column of
 * slices: cooled from below by conduction and from inside by the boiled-off gas on its way out. So the
 * profile follows from level, leak and lid, and once the liquid is gone the column warms by its heat
 * capacity.
 */
#ifndef CRYOSIM_VESSEL_H
#define CRYOSIM_VESSEL_H

#include "probe.h"
#include "shape.h"
#include "supply.h"

#include <stdbool.h>
#include <stdint.h>

#define VESSEL_LN2_C  (-195.8) /* boils at 1 atm */
#define VESSEL_SLICES 8

enum vessel_preset {
    VESSEL_STANDARD, /* 90 cm wide, 80 cm deep, automatic filling */
    VESSEL_SMALL,    /* a 38 L dewar with a neck, filled by hand */
    VESSEL_LARGE,    /* 135 cm wide, heavy racks, vapour phase above a shallow pool */
    VESSEL_N_PRESETS
};

enum vessel_probe {
    VESSEL_TOP, /* vapour at the top of the racks */
    VESSEL_MIDDLE,
    VESSEL_BOTTOM,
    VESSEL_LID,  /* under the lid */
    VESSEL_ROOM, /* outside */
    VESSEL_LEVEL,
    VESSEL_N_PROBES
};

enum vessel_valve {
    VESSEL_VALVE_OK,
    VESSEL_VALVE_STUCK_CLOSED,
    VESSEL_VALVE_STUCK_OPEN,
    VESSEL_VALVE_LEAKING
};

struct vessel_params {
    struct shape_form form; /* unless the shape comes from a table: see vessel_shape */
    double level_zero_cm;   /* height of the level probe's zero above the bottom; it sees nothing below */
    double place_cm[3];     /* heights of the probes TOP, MIDDLE, BOTTOM; negative: 85, 50, 10 % */
    double rack_top_cm;     /* the highest samples; negative: at TOP */
    /* heat; watts are for the whole vessel at LN2 temperature in a room of 21 degrees C */
    double wall_w;            /* through the insulation, good vacuum, whole wall */
    double base_w;            /* supports and pipes, into the liquid */
    double lid_w;             /* lid and neck, closed, into the top of the column */
    double open_w;            /* more while the lid is open */
    double heat_capacity_j_k; /* of the column: racks, samples, inner wall */
    double link_w_k;          /* conductance of the column from end to end */
    /* vacuum: the wall's heat is times 1 (good) ... wall_worst (lost) by the pressure between the walls */
    double wall_worst;
    double vacuum_good_pa, vacuum_half_pa; /* half_pa: where half of the worst is reached */
    double vacuum_leak_pa_day;             /* outgassing or a leak; 0: none */
    double crack_l_min; /* liquid runs out between the walls, and the vacuum is lost at once */
    /* lid */
    int lid;             /* 0 closed, 1 open */
    double ice_per_hour; /* how much ice grows per hour of open lid; 1 ice doubles lid_w */
    /* filling */
    int autofill, mains, supply; /* 0 off, 1 on; supply: this vessel's own hand valve */
    int valve;                   /* enum vessel_valve */
    int lid_blocks;              /* no fill while the lid is open */
    int timeout_stops; /* a fill over its limit is ended, until `reset_fill`; otherwise only an alarm */
    double fill_start_cm, fill_stop_cm; /* of the level reading */
    double low_cm, high_cm;             /* level alarms of the controller */
    double join_cm;                     /* all_fill: joins a fill when this far below fill_stop */
    double fill_rate_l_min;             /* with SUPPLY_NOMINAL_BAR at the valve */
    double fill_limit_s, confirm_s;     /* confirm: how long the reading must say so before a fill starts */
    double line_cool_s;                 /* a warm line gives gas for this long */
    double settle_cm, settle_tau_s; /* a fill froths: the level reads that much higher, and then settles */
    struct probe probes[VESSEL_N_PROBES];
};

struct vessel_state {
    double time_s;
    double litres; /* negative before vessel_start: full (fill_stop when there is autofill) */
    double column_c[VESSEL_SLICES]; /* from the bottom; NAN before vessel_start: in balance */
    double mixed_k;                 /* room air stirred into the top */
    double lid_c, ambient_c;
    double vacuum_pa, ice;
    double froth_cm, line_warmth; /* warmth: 1 warm ... 0 cold */
    double gas_kg_s;              /* leaving through the column */
    double open_share;            /* of the supply's `open` that is this vessel's */
    bool calling;                 /* counted in the supply's calls */
    bool filling, fill_manual, fill_alarm, fill_locked, fill_blocked, flowing;
    double fill_s, low_s, since_fill_s;
    double open_s; /* lid open for */
    unsigned fills, openings;
    /* sums since the start */
    double filled_l, spilled_l, cracked_l, withdrawn_l, boiled_l, flashed_l;
    double heat_in_j,
        heat_gas_j; /* from the room and with loads; carried off by the gas above its boiling point */
    /* of the last step */
    double liquid_w, room_w, flow_l_min;
};

struct vessel {
    struct vessel_params p;
    struct shape shape;
    double wall_share[VESSEL_SLICES]; /* of the wall's area, by girth */
    struct vessel_state s;
    /* The vessel at which each of this one's probes truly sits; NULL: here. For swapped probes. Readings are
     * one step old there or here, by the order of stepping. */
    const struct vessel *wired[VESSEL_N_PROBES];
};

/* What a monitor is told. NAN: the probe is broken. */
struct vessel_readings {
    double value[VESSEL_N_PROBES]; /* degrees C; LEVEL: cm */
    bool filling, lid_open, fill_alarm, mains, level_low, level_high;
    double filled_l, since_fill_s;
    unsigned fills;
};

/* Bits of vessel_truth.faults: what is wrong now. */
enum vessel_fault {
    VESSEL_FAULT_VACUUM = 1 << 0, /* the wall leaks over a quarter more than it should */
    VESSEL_FAULT_CRACK = 1 << 1,
    VESSEL_FAULT_LID_OPEN = 1 << 2,
    VESSEL_FAULT_ICE = 1 << 3, /* lid_w is over a half more */
    VESSEL_FAULT_VALVE = 1 << 4,
    VESSEL_FAULT_SUPPLY = 1 << 5,     /* nothing would come if the valve opened */
    VESSEL_FAULT_CONTROLLER = 1 << 6, /* autofill or mains off, or locked out */
    VESSEL_FAULT_PROBE = 1 << 7,      /* broken, stuck, or off by more than 1 K or 1 cm */
    VESSEL_FAULT_SWAPPED = 1 << 8,
    VESSEL_FAULT_OVERFILL = 1 << 9, /* liquid runs over the rim */
};

struct vessel_truth {
    double litres, level_cm, share; /* share of the capacity */
    double liquid_w, room_w;        /* into the liquid; from the room in all */
    double boil_l_day;
    double wall_factor, vacuum_pa, ice, ambient_c;
    double vapour_c[3]; /* at TOP, MIDDLE, BOTTOM */
    double lid_c;
    double warmest_c; /* of the samples */
    double flow_l_min;
    double line_bar;
    uint32_t faults;
    bool liquid, filling, lid_open, fill_blocked;
};

void vessel_defaults(struct vessel *vessel, enum vessel_preset preset);
/* The shape is this table and not the form; after vessel_defaults. As shape_table. */
int vessel_shape(struct vessel *vessel, const double *cm, const double *litres, size_t n);

/* After the parameters: the state begins, in balance. Returns 0, or -EINVAL when the form makes no vessel. */
int vessel_start(struct vessel *vessel, double ambient_c, struct random_source *random);

/* supply NULL: as much as is wanted, at the nominal pressure. random NULL: the probes stand still. */
void vessel_step(struct vessel *vessel, double dt_s, double ambient_c, struct supply *supply,
                 struct random_source *random);

void vessel_sensors(const struct vessel *vessel, struct vessel_readings *ret);
/* supply as in vessel_step. */
void vessel_truth(const struct vessel *vessel, const struct supply *supply, struct vessel_truth *ret);

/* Hours when nobody does anything: no more fills, everything else goes on as it is, in a room as it is now.
 * 0: it is so far; INFINITY: not within the horizon. */
struct vessel_left {
    double dry_h;  /* until no liquid is left */
    double warm_h; /* until the warmest samples reach the limit */
};
/* Costs a simulation, about 0.3 ms; right to some 2 %. */
struct vessel_left vessel_hours_left(const struct vessel *vessel, double limit_c, double horizon_h);

/* Vacuum good, nothing cracked, lid closed, no ice, valve right, supply, autofill and mains on, probes right.
 */
void vessel_repair(struct vessel *vessel);
/* A fill by hand, up to fill_stop. */
void vessel_fill(struct vessel *vessel);
/* Somebody takes liquid out. */
void vessel_withdraw(struct vessel *vessel, double litres);
/* Something warm is put in: racks and samples take up that much heat. */
void vessel_load(struct vessel *vessel, double joule);
/* Swaps where the two probes sit. */
void vessel_swap(struct vessel *one, struct vessel *other, enum vessel_probe probe);

#endif
