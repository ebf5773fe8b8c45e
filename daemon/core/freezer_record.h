/*
 * freezer_record.h - what a freezer's run was: its steps, extremes, gaps and ice; and what that means by the
 * program's limits.
 *
 * PURE. A record is of fixed size and holds no pointer. Nothing in it was filled in: times without a usable
 * reading are gaps. What is not known is FREEZER_NONE, or said by a flag. The verdict is advice: a named
 * person accepts or rejects.
 */
#ifndef CRYOMON_FREEZER_RECORD_H
#define CRYOMON_FREEZER_RECORD_H

#include "freezer_ice.h"
#include "freezer_program.h"

__extension__ typedef __int128 freezer_wide_t;

enum freezer_end {
    FREEZER_END_NONE,     /* it goes on */
    FREEZER_END_COMPLETE, /* the program came to its end */
    FREEZER_END_STOPPED,  /* before that */
    FREEZER_END_LOST,     /* nothing was heard any more: how it ended is not known */
};
#define FREEZER_ENDS 4

/* What was wrong at some time of the run, and what matters now: bits. */
enum freezer_finding {
    FREEZER_FINDING_DEVIATION = 1 << 0,   /* off the program, for longer than the setup says */
    FREEZER_FINDING_STALL = 1 << 1,       /* the program stands still, or a step takes too long */
    FREEZER_FINDING_LN2 = 1 << 2,         /* the freezer's nitrogen is low */
    FREEZER_FINDING_NO_EXOTHERM = 1 << 3, /* the sample is colder than where it must have shown ice */
    FREEZER_FINDING_OVERSHOOT = 1 << 4,   /* beyond a ramp's target by more than the limit */
    FREEZER_FINDING_LID = 1 << 5,         /* open during the run */
    FREEZER_FINDING_POWER = 1 << 6,       /* off during the run */
    FREEZER_FINDING_NO_DATA = 1 << 7,     /* the run can't be followed at this moment */
    FREEZER_FINDING_LATE = 1 << 8,        /* a run that was expected has not begun */
    FREEZER_FINDING_ABANDONED = 1 << 9,   /* it has ended, and nobody came in time */
};

/* One step of the run, and with a program how it kept to it. */
struct freezer_conduct {
    bool entered, left;
    int64_t begin_us, end_us; /* boot time */
    uint32_t n;               /* usable readings of the temperature that it is about */
    int64_t covered_us;       /* between readings that are no gap apart */
    int64_t outside_us;       /* of that: outside the tolerance */
    micro_t warm, cold;       /* deviations at most to either side (cold is negative); FREEZER_NONE */
    micro_t overshoot;        /* beyond a ramp's target, also in the hold after it; FREEZER_NONE */
    micro_t setpoint;         /* the controller's last; FREEZER_NONE */
    int64_t setpoint_us;
    uint64_t squares; /* of deviations in mK, x ms; stops at its maximum */
    uint64_t square_ms;
    int64_t base_us; /* for the rate: sums over n readings from there on, in ms and micro_t */
    micro_t base;
    freezer_wide_t t, v, tt, tv;
};

/* What one of the samples' probes said of the run. */
#define FREEZER_SAMPLES 4
struct freezer_probe {
    bool is_read;    /* a usable reading came */
    bool ice_hidden; /* it could not be seen for a while before its ice was */
    struct freezer_ice ice;
    micro_t low, high, last; /* FREEZER_NONE: none */
    int64_t last_us;
    int64_t zero_us, minus40_us;               /* the first reading that is as cold; FREEZER_NONE */
    int64_t zero_within_us, minus40_within_us; /* since the reading before it: so far it may be off */
};

/* The run's curve, coarse: means of slots, which double when they don't suffice. */
#define FREEZER_TRACE_SLOTS     240
#define FREEZER_TRACE_FINEST_US INT64_C(10000000)
struct freezer_trace {
    int64_t slot_us;
    struct freezer_trace_slot {
        int64_t sample, chamber; /* sums */
        uint32_t n_sample, n_chamber;
    } slots[FREEZER_TRACE_SLOTS];
};

struct freezer_record {
    struct stamp begin, end; /* end.utc_us: by the wall clock as it went at the begin */
    int64_t clock_us;        /* so far the wall clock was set in the run, in all; negative: back */
    bool by_status;          /* recognised from the controller's status; else from the temperature */
    bool begin_known;        /* false: it ran already when it was first seen */
    enum freezer_end how;
    unsigned n_steps;                                /* of the program; 0: no program */
    struct freezer_conduct steps[FREEZER_STEPS_MAX]; /* where it is about the sample: of the first probe */
    bool of_sample[FREEZER_STEPS_MAX];               /* steps that are about it */
    unsigned n_samples;                              /* probes of samples that there are, or came */
    struct freezer_probe samples[FREEZER_SAMPLES];
    /* Of the other probes, in steps that are about the sample; entered, left and times are those of steps. */
    struct freezer_conduct others[FREEZER_SAMPLES - 1][FREEZER_STEPS_MAX];
    micro_t chamber_low, chamber_high; /* FREEZER_NONE: none */
    micro_t last_chamber;              /* latest usable; FREEZER_NONE */
    int64_t last_chamber_us;
    uint32_t n_gaps;
    int64_t gaps_us, longest_gap_us; /* of the chamber */
    int64_t uncertain_us;            /* the device itself doubted what it said */
    bool lid_known, power_known;     /* there was such an input, and it was read throughout */
    uint32_t n_lid, n_power;
    int64_t lid_us, power_us;
    uint32_t findings; /* ever in the run */
    struct freezer_trace trace;
};

enum freezer_verdict_kind { FREEZER_WITHIN_LIMITS, FREEZER_OUTSIDE_LIMITS, FREEZER_VERDICT_UNKNOWN };

/* Why. The second group says what is not known. Append only: stored. */
enum freezer_why {
    FREEZER_WHY_NONE = 0,
    FREEZER_WHY_NOT_COMPLETE = 1,
    FREEZER_WHY_DEVIATION = 2,
    FREEZER_WHY_RMS = 3,
    FREEZER_WHY_OUTSIDE = 4, /* too long outside the steps' tolerances */
    FREEZER_WHY_RATE = 5,
    FREEZER_WHY_OVERSHOOT = 6,
    FREEZER_WHY_SETPOINT = 7, /* the controller's program is another one */
    FREEZER_WHY_GAP = 8,
    FREEZER_WHY_NO_EXOTHERM = 9,
    FREEZER_WHY_ONSET = 10,
    FREEZER_WHY_SUPERCOOLING = 11,
    FREEZER_WHY_PLATEAU = 12,
    FREEZER_WHY_ZERO_TO_40 = 13,
    FREEZER_WHY_END = 14,
    FREEZER_WHY_LID = 15,
    FREEZER_WHY_POWER = 16,
    /* not known */
    FREEZER_WHY_NO_PROGRAM = 32,
    FREEZER_WHY_NO_LIMITS = 33,
    FREEZER_WHY_BEGIN_UNKNOWN = 34,
    FREEZER_WHY_END_UNKNOWN = 35,
    FREEZER_WHY_NOT_MEASURED = 36, /* what a limit is about was not measured, or not throughout */
    FREEZER_WHY_UNCERTAIN = 37,    /* the device itself doubted what it said */
    FREEZER_WHY_ICE_UNKNOWN = 38,
};
#define FREEZER_WHY_COUNT 39
bool freezer_record_why_is_unknown(enum freezer_why why);
const char *freezer_record_why_name(enum freezer_why why); /* "deviation"; "?" */
const char *freezer_record_end_name(enum freezer_end end); /* "complete", "stopped", "lost", "running" */

struct freezer_reason {
    enum freezer_why why;
    int step;               /* of the program, from 0; -1: of the whole run */
    int sample;             /* which probe, from 0; -1: none, or there is only one */
    enum freezer_why about; /* NOT_MEASURED: which limit could not be judged */
    int64_t value, limit;   /* in the limit's unit; FREEZER_NONE: there is none */
};

#define FREEZER_REASONS_MAX 48
struct freezer_verdict {
    enum freezer_verdict_kind kind;
    unsigned n; /* all of them, also beyond the maximum */
    struct freezer_reason reasons[FREEZER_REASONS_MAX];
};

/* Judges a run by the limits of the program that it was to follow (NULL: not known). One thing outside its
 * limit makes it OUTSIDE_LIMITS whatever else is unknown; without such, one that is not known makes it
 * UNKNOWN. */
void freezer_record_judge(const struct freezer_record *record, const struct freezer_program *program,
                          struct freezer_verdict *ret);

/* How a step went: where it is about the sample, by that probe (from 0); else the chamber's. */
const struct freezer_conduct *freezer_record_conduct(const struct freezer_record *record, unsigned step,
                                                     unsigned sample);

/* Was a step of the program seen? Of a run that went on already when it was first seen, what came before is
 * not known. */
enum freezer_seen {
    FREEZER_NOT_REACHED,
    FREEZER_NOT_SEEN,    /* the run may have been in it before it was first seen */
    FREEZER_PARTLY_SEEN, /* what was measured of it is the least */
    FREEZER_SEEN,
};
enum freezer_seen freezer_record_seen(const struct freezer_record *record, unsigned step);

/* A step's rate per hour (negative: cooling), the line of least squares through its readings, by a probe as
 * above. False: not known: fewer than 5 readings, or less than half of the step seen. */
bool freezer_record_rate_of(const struct freezer_record *record, unsigned step, unsigned sample,
                            micro_t *ret_per_hour);
bool freezer_record_rate(const struct freezer_record *record, unsigned step,
                         micro_t *ret_per_hour); /* of the first */

/* Root of the mean square of the deviations of a step, or (step -1) of the run, by a probe. False: none was
 * measured. */
bool freezer_record_rms_of(const struct freezer_record *record, int step, unsigned sample, micro_t *ret);
bool freezer_record_rms(const struct freezer_record *record, int step, micro_t *ret); /* of the worst */

/* Did any probe of a sample give a usable reading? */
bool freezer_record_has_sample(const struct freezer_record *record);
/* The warmest of the probes' latest readings; FREEZER_NONE: none came. */
micro_t freezer_record_last_sample(const struct freezer_record *record);
/* The same of those that are not older than max_age_us at now_us. False: not all probes have one. */
bool freezer_record_sample_at(const struct freezer_record *record, int64_t now_us, int64_t max_age_us,
                              micro_t *ret);

/* From 0 to -40 degC, and by how much that may be off: of the warmest, which gets there last. False: not
 * known. */
bool freezer_record_zero_to_40(const struct freezer_record *record, int64_t *ret_us, int64_t *ret_within_us);

/* What may become of the samples of a run that was broken off. */
enum freezer_guidance {
    FREEZER_GUIDANCE_NONE,    /* nothing is known for this program: ask who is responsible */
    FREEZER_GUIDANCE_MINUS80, /* into a -80 degC freezer, not into LN2 vapour: warmer than -40 */
    FREEZER_GUIDANCE_UNKNOWN, /* the sample's temperature is not known: only what is right at any */
    FREEZER_GUIDANCE_EITHER,  /* -80 degC freezer or LN2 vapour */
};
/* Cord blood: to a -80 degC freezer at any point, to LN2 vapour only at -40 degC or colder. By the sample's
 * latest reading, which must not be older than max_age_us at now_us; of several by the warmest. */
enum freezer_guidance freezer_record_guidance(const struct freezer_record *record,
                                              const struct freezer_program *program, int64_t now_us,
                                              int64_t max_age_us);
/* The same by a temperature of the sample that is known to be true now; FREEZER_NONE: none is. */
enum freezer_guidance freezer_record_guidance_at(const struct freezer_program *program, micro_t sample);

struct freezer_distance {
    micro_t rms, most;  /* of the samples' curves; of the chambers' where one has no sample */
    int64_t most_at_us; /* after the begin */
    unsigned per_mille; /* of the longer run that both were seen in */
    bool of_sample;
};
/* How far a run's curve is from an earlier one's, both from their begin. False: they have
 * nothing in common. */
bool freezer_record_distance(const struct freezer_trace *a, const struct freezer_trace *b,
                             struct freezer_distance *ret);

/* Moves all times that are kept as boot time. */
void freezer_record_shift(struct freezer_record *record, int64_t by_us);

/* For freezer_run. */
void freezer_record_follow(struct freezer_record *record, const struct freezer_program *program);
void freezer_record_init(struct freezer_record *record, const struct freezer_program *program,
                         struct stamp begin);
/* sample: of the first probe. */
void freezer_record_trace(struct freezer_record *record, int64_t boot_us, bool sample, micro_t value);

#endif
