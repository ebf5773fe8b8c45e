/*
 * freezer.h - a controlled-rate freezer: a chamber that follows a programme, and a sample that lags behind
 * it.
 *
 * The sample supercools, nucleates at a temperature of its own (by chance, when there is a spread) or when it
 * is seeded, jumps up to its freezing point (the exotherm), and stays near it until its latent heat is gone.
 * The sample probe lags behind the sample. What truly happened is in `batch`.
 *
 * PURE. As a library: model_freezer's init, settings, start, step; then read the state.
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

/* What truly happened to the batch since it was loaded or the program began. Times are seconds since the
 * program's start. */
struct freezer_batch {
    bool nucleated, seeded;   /* seeded: by hand or by the program */
    double onset_s, onset_c;  /* of ice, and the sample's temperature then */
    double supercooling_k;    /* freezing point less onset_c */
    double peak_s, peak_c;    /* the warmest afterwards, until the plateau ends */
    double plateau_s;         /* from onset until it is as cold again; 0: not yet */
    double zero_s, minus40_s; /* when it came below 0 and -40 degrees C; 0: not yet */
    double worst_k;           /* the chamber off its setpoint, later than FREEZER_SETTLE_S after the start */
    double open_s, dry_s, dark_s; /* with the door open; wanting LN2 that did not come; without mains */
};
#define FREEZER_SETTLE_S 120.0

struct freezer {
    /* settings */
    struct freezer_segment segments[FREEZER_SEGMENTS_MAX];
    unsigned n_segments;
    double ambient_c;
    double start_c;                   /* chamber and sample when switched on */
    double chamber_tau_s;             /* how fast the chamber follows its setpoint */
    double max_rate_c_min;            /* what valve and heater can do at most */
    double idle_tau_s;                /* chamber to room when nothing is controlled */
    double sample_tau_s;              /* sample behind chamber */
    double nucleation_c;              /* where ice appears */
    double freezing_c;                /* where it begins to melt */
    double depression_k;              /* how far the freezing point has fallen when all is frozen */
    double latent_k;                  /* latent heat over heat capacity */
    double holdback_k;                /* the programme waits while the chamber is further off; 0: never */
    int supply, door;                 /* LN2 off, on; door closed, open */
    bool seeds[FREEZER_SEGMENTS_MAX]; /* a hold in whose middle the batch is seeded */
    double spread_k;    /* standard deviation of the nucleation temperature from batch to batch */
    double probe_lag_s; /* of the sample probe */
    double load;        /* how much the batch holds the chamber back, 0 ... 1 */
    int mains;          /* off, on */
    int restart;        /* when the mains come back: resume, hold, reset */
    struct sensor chamber_sensor, sample_sensor;
    /* state */
    int status;       /* enum freezer_status */
    unsigned segment; /* index of the one that runs */
    double segment_s; /* time held in it */
    double setpoint_c, chamber_c, sample_c;
    bool freezing; /* nucleated and not thawed since */
    double frozen; /* share, 0 ... 1 */
    bool valve;
    bool dark;          /* the mains were off */
    bool undrawn;       /* nucleates_c is to be drawn for a new batch */
    double nucleates_c; /* of this batch */
    double probe_c;     /* what the sample probe has */
    double run_s;       /* since the program's start */
    struct freezer_batch batch;
};

/* Simulated seconds until the programme completes; 0 when none runs. */
double freezer_remaining_s(const struct freezer *freezer);
/* Segment number from 1; 0 when no programme runs. */
unsigned freezer_segment_number(const struct freezer *freezer);
bool freezer_running(const struct freezer *freezer);

#endif
