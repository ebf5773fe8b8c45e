/*
 * climate.h - the room's temperature: a daily and a yearly cycle, and a slow wander.
 *
 * PURE. Time 0 is midnight of the first day.
 */
#ifndef CRYOSIM_CLIMATE_H
#define CRYOSIM_CLIMATE_H

#include "random.h"

struct climate {
    /* settings */
    double mean_c;
    double daily_k;  /* amplitude; warmest at 15:00 */
    double yearly_k; /* amplitude; warmest at mid-year when time 0 is the new year */
    double wander_k; /* standard deviation of what no cycle explains */
    /* state */
    double wandered_k;
};

/* The temperature at time_s, after the wander has moved by dt_s. random NULL: it stays. */
double climate_step(struct climate *climate, double time_s, double dt_s, struct random_source *random);

#endif
