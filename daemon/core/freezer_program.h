/*
 * freezer_program.h - what a controlled-rate freezer is to do, step by step, and by which limits a run is
 * judged.
 *
 * PURE. Temperatures are micro_t in degC, differences in K x 10^6, rates in K per hour x 10^6. No limit has a
 * default: there is no consensus on tolerances, so what a program does not say is not judged.
 */
#ifndef CRYOMON_FREEZER_PROGRAM_H
#define CRYOMON_FREEZER_PROGRAM_H

#include "value.h"

#define FREEZER_STEPS_MAX 32
#define FREEZER_NONE      INT64_MIN /* no limit; not known */

enum freezer_step_kind {
    FREEZER_STEP_HOLD,
    FREEZER_STEP_RAMP,
    FREEZER_STEP_SEED,   /* a hold in which ice is started by hand */
    FREEZER_STEP_PLUNGE, /* the samples leave the freezer: the last step, and nothing is judged in it */
};
#define FREEZER_STEP_KINDS 4

struct freezer_step {
    enum freezer_step_kind kind;
    bool of_sample; /* target and rate are the sample's; else the chamber's */
    bool exotherm;  /* ice is expected before it ends */
    micro_t target;
    micro_t per_hour;       /* RAMP: the size of the rate, > 0 */
    uint32_t for_ms;        /* HOLD, SEED: how long; 0: until somebody goes on */
    micro_t tolerance;      /* of the temperature; FREEZER_NONE: not judged */
    micro_t rate_tolerance; /* per hour, of the whole step's rate; FREEZER_NONE: not judged */
    uint16_t segment;       /* the controller's number for it, > 0 */
};

struct freezer_range {
    int64_t low, high; /* inclusive; FREEZER_NONE: open on that side */
};

/* FREEZER_NONE: not judged. */
struct freezer_limits {
    micro_t deviation;                  /* from the program at any moment, either way */
    micro_t rms;                        /* the same, root of the mean square of the run */
    micro_t overshoot;                  /* beyond a ramp's target */
    int64_t outside_us;                 /* in all, outside the steps' tolerances */
    int64_t gap_us;                     /* the longest time without a usable reading */
    struct freezer_range onset;         /* where ice began */
    micro_t supercooling;               /* peak less onset, at most */
    struct freezer_range plateau_us;    /* from onset until the sample is as cold again */
    struct freezer_range zero_to_40_us; /* the sample from 0 to -40 degC */
    micro_t end;                        /* the sample (without one, the chamber) at the end, at most */
    int64_t lid_us, power_us;           /* with the lid open; without power */
};

struct freezer_program {
    unsigned n_steps;
    struct freezer_step steps[FREEZER_STEPS_MAX];
    struct freezer_limits limits;
    micro_t exotherm_by;        /* a sample colder than this must have shown ice; FREEZER_NONE */
    uint32_t settle_ms;         /* after the start nothing is judged for so long: the chamber was open */
    uint32_t stall_ms;          /* standing still for longer is told; 0: never */
    uint32_t collect_within_ms; /* after the end somebody must come; 0: not watched */
    bool cord_blood;            /* an interrupted run has the guidance that is known for cord blood */
};

/* No steps and no limits. */
void freezer_program_init(struct freezer_program *program);

/* Where a step begins: the target before it. The first begins at its own. */
micro_t freezer_program_from(const struct freezer_program *program, unsigned step);

/* How long the step takes as written. False: until somebody goes on, or a plunge. */
bool freezer_program_takes(const struct freezer_program *program, unsigned step, int64_t *ret_us);

/* What is to be had so long after the step's begin; its target from when it should be there. */
micro_t freezer_program_planned(const struct freezer_program *program, unsigned step, int64_t after_us);

/* The step that the controller calls so, or -1. */
int freezer_program_segment(const struct freezer_program *program, unsigned segment);

/* Stable names: "hold", "ramp", "seed", "plunge"; "?" out of range. */
const char *freezer_program_kind_name(enum freezer_step_kind kind);

#endif
