/*
 * probe.h - what a probe says, as against what is true: lag, offset, drift, wander, noise, spikes, steps, and
 * standing still.
 *
 * PURE. The settings are set by the caller at any time; the state is the probe's own.
 */
#ifndef CRYOSIM_PROBE_H
#define CRYOSIM_PROBE_H

#include "random.h"
#include "sensor.h"

struct probe {
    /* settings */
    int mode;             /* enum sensor_mode; int because parameters are stored as int */
    double offset;        /* added to the truth */
    double drift_per_day; /* the offset moves by this much a day, from when it is set */
    double noise;         /* standard deviation, of each reading for itself */
    double wander;        /* standard deviation of what comes and goes within hours */
    double spike;         /* single readings are off by this much, up or down */
    double spikes_hour;   /* that many an hour, on the average; 0: none */
    double quantum;       /* readings are multiples of it; 0: any */
    double lag_s;         /* first order; 0: none */
    /* state */
    double drifted, wandered;
    double followed; /* the truth, lagged */
    double reading;  /* stays while stuck; meaningless while broken */
};

/* The first reading: without lag. */
void probe_start(struct probe *probe, double truth, struct random_source *random);
/* noise_factor: how much noisier than usual it is now (boiling at a fill). */
void probe_step(struct probe *probe, double truth, double dt_s, double noise_factor,
                struct random_source *random);
/* The reading, NAN when broken. */
double probe_reading(const struct probe *probe);

#endif
