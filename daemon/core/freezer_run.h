/*
 * freezer_run.h - follows a controlled-rate freezer: recognises its runs, holds each against the program
 * while it goes on, says what matters now, and leaves a record.
 *
 * PURE: no clock, no memory of its own; the caller brings each reading with its time, in order, and the time
 * itself by freezer_run_look. One struct per freezer.
 *
 * A run is recognised from the controller's program status. Where there is none, or while it can't be read,
 * it is recognised from the chamber's temperature: it begins where the chamber leaves the first step's hold
 * downwards, and ends when the last step's target has been held for a minute, or the chamber is warm again.
 *
 * The step that runs is known from the controller's segment number. Where there is none, it follows from the
 * program's own times, which stand still while the controller holds.
 *
 * The chamber is compared with the controller's setpoint; without one, with what the program says. Steps that
 * are about the sample (of_sample) compare the sample with the program. Where there are several probes of
 * samples, each is held against it, and its ice is looked for in each; the warmest counts for what the
 * samples have reached. What the setpoint is at a step's end is kept, and the rates are measured, so that a
 * controller which follows another program is found by freezer_record_judge.
 */
#ifndef CRYOMON_FREEZER_RUN_H
#define CRYOMON_FREEZER_RUN_H

#include "freezer_record.h"

enum freezer_input {
    FREEZER_INPUT_CHAMBER,
    FREEZER_INPUT_SAMPLE,
    FREEZER_INPUT_SETPOINT,
    FREEZER_INPUT_SEGMENT, /* from 1; 0: none. Whole, not x 10^6 */
    FREEZER_INPUT_STATUS,  /* enum freezer_phase, not x 10^6 */
    FREEZER_INPUT_LID,     /* 1: open */
    FREEZER_INPUT_POWER,   /* 0: off */
    FREEZER_INPUT_LN2,     /* 1: low */
    /* Further probes of samples; there is none before the one before it is there. */
    FREEZER_INPUT_SAMPLE_2,
    FREEZER_INPUT_SAMPLE_3,
    FREEZER_INPUT_SAMPLE_4,
};
#define FREEZER_INPUTS (FREEZER_INPUT_SAMPLE_4 + 1)

/* The input of a sample's probe (from 0), and the other way; -1: it is none. */
enum freezer_input freezer_run_sample_input(unsigned sample);
int freezer_run_sample_of(enum freezer_input input);

/* The controller's own words in these terms. */
enum freezer_phase {
    FREEZER_STATUS_IDLE,
    FREEZER_STATUS_RUNNING,
    FREEZER_STATUS_HELD, /* a run that stands still: by hand, or until the chamber has caught up */
    FREEZER_STATUS_COMPLETE,
};

struct freezer_setup {
    const struct freezer_program *program; /* what it is to run; NULL: not known. Must outlive the run */
    uint32_t has;                          /* inputs that there are: 1 << FREEZER_INPUT_... */
    int64_t gap_us;             /* usable readings further apart have a gap between them; at least 3 polls */
    int64_t lost_us;            /* nothing for so long ends a run */
    int64_t deviation_after_us; /* off the program for so long is told */
    int64_t sample_lag_us;      /* of the sample probe; 0: not known */
    int64_t due_us; /* boot time by which a run is to have begun; FREEZER_NONE: none is expected */
};
#define FREEZER_GAP_US   INT64_C(30000000)   /* usual */
#define FREEZER_LOST_US  INT64_C(1800000000) /* usual */
#define FREEZER_AFTER_US INT64_C(30000000)   /* usual */

struct freezer_run {
    struct freezer_setup setup;
    bool is_running;
    uint32_t n_ended;             /* runs so far; when it grows, record holds the one that has ended */
    struct freezer_record record; /* of the run that goes on, or of the last one */
    uint32_t findings;            /* that hold now */
    int step;                     /* of the program, from 0; -1: not known */
    int64_t elapsed_us;           /* in it, without the time that the controller held */
    /* its own */
    struct freezer_now {
        bool known, uncertain;
        micro_t value;
        int64_t us; /* of the last usable reading */
    } inputs[FREEZER_INPUTS];
    struct freezer_now chamber_before; /* that of the chamber before its latest */
    int64_t seen_us;                   /* the last usable reading of chamber, sample or status */
    int64_t utc_minus_us;              /* UTC less boot time, latest */
    int64_t tick_us;
    int64_t
        outside_since_us[FREEZER_SAMPLES]; /* of each probe, or [0] of the chamber; FREEZER_NONE: inside */
    bool overshoots[FREEZER_SAMPLES];      /* the same: beyond a ramp's target */
    int64_t moved_us;                      /* when the setpoint last moved, or the step began */
    int64_t rest_us;                       /* the last time that the chamber was at rest; FREEZER_NONE */
    int64_t there_us, warm_us;             /* since when it is at the last target, or warm; FREEZER_NONE */
    bool was_idle;                         /* the status, when last read, was none of a run */
    bool waiting;                          /* ended, and nobody has come yet */
};

/* No run; nothing known. */
void freezer_run_init(struct freezer_run *run, const struct freezer_setup *setup);

/* Takes a reading; bad: that it could not be read. Times must not go backwards. */
void freezer_run_take(struct freezer_run *run, enum freezer_input input, struct stamp at, micro_t value,
                      enum quality quality);

/* Time has passed: data may be missing, somebody may not have come. At least every few seconds
 * during a run. */
void freezer_run_look(struct freezer_run *run, struct stamp now);

/* When a run is expected next; FREEZER_NONE: not. */
void freezer_run_expect(struct freezer_run *run, int64_t due_us);

/* The program that it is to follow from now on (NULL: not known), which must outlive the run. 0, or -EBUSY: a
 * run goes on, and was held against another one already. */
int freezer_run_follow(struct freezer_run *run, const struct freezer_program *program);

/* From now on readings further apart than this have a gap between them. */
void freezer_run_gap(struct freezer_run *run, int64_t gap_us);

/* Somebody has come for what the last run left. */
void freezer_run_attend(struct freezer_run *run);

/* A value that was read, and not too long ago. */
bool freezer_run_knows(const struct freezer_run *run, enum freezer_input input, int64_t now_us);

/* Of the chamber (the sample, where the step is about it; of several the one that is furthest off): now less
 * what it should be. False: not known now. */
bool freezer_run_deviation(const struct freezer_run *run, int64_t now_us, micro_t *ret);

/* Has the sample of a probe no ice where it must have shown it? */
bool freezer_run_lacks_ice(const struct freezer_run *run, unsigned sample, int64_t now_us);

/* The warmest sample now; FREEZER_NONE: none is known. False: not all are. */
bool freezer_run_warmest(const struct freezer_run *run, int64_t now_us, micro_t *ret);

/* Is it seen, by a reading after since_us, what the temperature is in a step that is known? And: that it is
 * within what the program allows? Off it for less than deviation_after is neither a finding nor this. */
bool freezer_run_sees(const struct freezer_run *run, int64_t since_us, int64_t now_us);
bool freezer_run_keeps(const struct freezer_run *run, int64_t since_us, int64_t now_us);

/* Was the step that runs seen from its begin? Else for how long it has stood still is not known. */
bool freezer_run_saw_step(const struct freezer_run *run);

#endif
