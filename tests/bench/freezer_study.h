/*
 * freezer_study.h - simulated runs of a freezer with faults: what is true of them, and what the probes said.
 *
 * The simulation is cryosim's physics; nothing here or there shares code with daemon/core/freezer_*.
 */
#ifndef CRYOMON_FREEZER_STUDY_H
#define CRYOMON_FREEZER_STUDY_H

#include "freezer.h"
#include "program.h"

enum study_fault {
    STUDY_NONE,
    STUDY_DRY,     /* no LN2 for some minutes */
    STUDY_DOOR,    /* open for a minute or more */
    STUDY_DARK,    /* no mains for some minutes; the program goes on */
    STUDY_BLIND,   /* the sample probe is broken from the start */
    STUDY_GAP,     /* nothing can be read for a while */
    STUDY_NO_ICE,  /* the sample freezes only at -40 degC */
    STUDY_WRONG,   /* the controller's program has another rate */
    STUDY_STOPPED, /* reset on the way */
};
#define STUDY_FAULTS 9
extern const char *const study_fault_names[STUDY_FAULTS];

struct study_case {
    uint64_t seed;
    enum study_fault fault;
    double fault_s, fault_for_s;   /* after the start */
    double interval_s, resolution; /* of the polling; of the registers */
    struct random_source random;
    struct freezer *freezer;
};

/* The truth by which the verdict is held, gathered second by second from the model's true state. */
struct study_truth {
    double outside_s, worst_k;
    double n[FREEZER_STEPS_MAX], t[FREEZER_STEPS_MAX], v[FREEZER_STEPS_MAX], tt[FREEZER_STEPS_MAX],
        tv[FREEZER_STEPS_MAX];
    double end_c, gap_s;
    bool complete, sample_seen;
    unsigned segment; /* the last one about the sample, and when it began */
    double segment_s;
};

/* A case by its number: everything about it follows from that. The freezer is freed with free(). */
struct study_case study_make(unsigned number, const struct freezer_program *program);
void study_start(struct study_case *c);
/* One step of time, with the faults that are due. Since when the program began; negative: not yet. */
void study_step(struct study_case *c, double dt_s, double since_s);
bool study_is_read(const struct study_case *c, double since_s);

void study_watch(struct study_truth *truth, const struct freezer *freezer,
                 const struct freezer_program *program, double dt_s);
/* 0 within, 1 outside, 2 not known. near: some value lies so near to its limit that the noise decides. */
int study_verdict(const struct study_truth *truth, const struct freezer *freezer,
                  const struct freezer_program *program, bool *near);

#endif
