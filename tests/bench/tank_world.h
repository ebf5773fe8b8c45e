/*
 * tank_world.h - halls of tanks in which random things go wrong, for tank_study.c.
 *
 * Made of cryosim's physics alone. It includes none of the daemon's headers, and the study none of cryosim's:
 * the estimator and what it is measured against meet only in the plain numbers below.
 */
#ifndef CRYOMON_BENCH_TANK_WORLD_H
#define CRYOMON_BENCH_TANK_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#define WORLD_TANKS     4
#define WORLD_DAYS      120
#define WORLD_STEP_S    120.0
#define WORLD_SHAPE     24
#define WORLD_LEARN_D   21 /* nothing goes wrong before */
#define WORLD_HORIZON_H 3000.0

/* What the configuration would say. */
struct world_vessel {
    double cm[WORLD_SHAPE], litres[WORLD_SHAPE];
    double low_cm, high_cm, start_cm, stop_cm, resolution_cm;
    double heat_capacity_j_k; /* as somebody measured it; 0: nobody did */
    bool automatic;           /* filled by its own valve, which reports */
    const char *kind;
};

enum world_fault {
    WORLD_NONE,
    WORLD_SLOW, /* the vacuum fails over days to weeks */
    WORLD_FAST, /* at once: air between the walls, or a crack through which the liquid runs */
};

struct world_reading {
    bool gap; /* nothing is measured: no bus, no power at the monitor */
    double level_cm, top_c, middle_c, bottom_c, lid_c; /* NAN: broken */
    double room_c, supply_l, supply_bar;
    bool valve, lid;
};

struct world_truth {
    double warmest_c, litres, level_cm, wall_factor, boil_l_day, ice;
    bool vacuum_bad, lid_open, probe_bad, filling;
};

/* Hours, if nobody does anything; INFINITY: not within WORLD_HORIZON_H. */
struct world_left {
    double low_h, empty_h, h150, h135;
};

struct world;

/* The same number makes the same world. NULL: no memory. */
struct world *world_new(uint64_t number);
void world_free(struct world *world);
void world_vessel(const struct world *world, unsigned tank, struct world_vessel *ret);
/* What will happen to this tank's vacuum, and when (seconds). */
enum world_fault world_fault(const struct world *world, unsigned tank, double *ret_at_s);
void world_step(struct world *world);
double world_time_s(const struct world *world);
void world_read(const struct world *world, unsigned tank, struct world_reading *ret);
void world_truth(const struct world *world, unsigned tank, struct world_truth *ret);
/* From now on each of the two has the other's level probe, which its controller sees too. */
void world_swap_levels(struct world *world, unsigned one, unsigned other);
void world_left(const struct world *world, unsigned tank, struct world_left *ret);

#endif
