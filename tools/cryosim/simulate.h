/*
 * simulate.h - a scenario run through as fast as it goes, without Modbus and without a clock.
 */
#ifndef CRYOSIM_SIMULATE_H
#define CRYOSIM_SIMULATE_H

#include "world.h"

#define SIMULATE_MAX_S      3.2e9 /* a hundred years */
#define SIMULATE_STEP_MAX_S 600.0

struct simulate {
    double step_s;   /* 0: the scenario's */
    double until_s;  /* simulated time to go through */
    double every_s;  /* between two lines; 0: as step_s */
    double ahead_s;  /* between two lines that also say how many hours are left; 0: all of them */
    const char *csv; /* "-": standard output */
};

/* The world is fresh from scenario_load. The script's times are simulated ones; each device's own speed is
 * left aside. What depends on the machine is nothing: the same scenario, seed and steps give the same file.
 * Returns 0, -errno with error. */
int simulate_run(struct world *world, const struct simulate *simulate, char *error, size_t error_size);

#endif
