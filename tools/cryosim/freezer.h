/*
 * freezer.h - a controlled-rate freezer: a chamber that follows a programme, and a sample that lags behind
 * it.
 *
 * The sample supercools, nucleates at a temperature of its own, jumps up to its freezing point (the
 * exotherm), and stays near it until its latent heat is gone.
 */
#ifndef CRYOSIM_FREEZER_H
#define CRYOSIM_FREEZER_H

#include "sensor.h"

#include <stdbool.h>

#define FREEZER_SEGMENTS_MAX 32

/* Values are those of the status register. */
enum freezer_status {
    FREEZER_RESET = 1,
    FREEZER_RUN = 2,
    FREEZER_HOLD = 4,
    FREEZER_HOLDBACK = 8,
    FREEZER_COMPLETE = 16,
};

struct freezer_segment {
    double rate_c_min; /* size of the ramp's slope; 0: hold for hold_s */
    double target_c;
    double hold_s;
};

struct freezer {
    /* settings */
    struct freezer_segment segments[FREEZER_SEGMENTS_MAX];
    unsigned n_segments;
    double ambient_c;
    double start_c;        /* chamber and sample when switched on */
    double chamber_tau_s;  /* how fast the chamber follows its setpoint */
    double max_rate_c_min; /* what valve and heater can do at most */
    double idle_tau_s;     /* chamber to room when nothing is controlled */
    double sample_tau_s;   /* sample behind chamber */
    double nucleation_c;   /* where ice appears */
    double freezing_c;     /* where it begins to melt */
    double depression_k;   /* how far the freezing point has fallen when all is frozen */
    double latent_k;       /* latent heat over heat capacity */
    double holdback_k;     /* the programme waits while the chamber is further off; 0: never */
    int supply, door;      /* LN2 off, on; door closed, open */
    struct sensor chamber_sensor, sample_sensor;
    /* state */
    int status;       /* enum freezer_status */
    unsigned segment; /* index of the one that runs */
    double segment_s; /* time held in it */
    double setpoint_c, chamber_c, sample_c;
    bool freezing; /* nucleated and not thawed since */
    double frozen; /* share, 0 ... 1 */
    bool valve;
};

/* Simulated seconds until the programme completes; 0 when none runs. */
double freezer_remaining_s(const struct freezer *freezer);
/* Segment number from 1; 0 when no programme runs. */
unsigned freezer_segment_number(const struct freezer *freezer);
bool freezer_running(const struct freezer *freezer);

#endif
