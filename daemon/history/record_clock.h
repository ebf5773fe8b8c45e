/*
 * record_clock.h - how the wall clock was set while readings were stored. The record keeps UTC; what happened
 * one after the other is known from the order of storage and from the events of kind "clock". Both together
 * give a time that runs on while the clock is set: the wall clock as it was before the first of the steps.
 */
#ifndef CRYOMON_RECORD_CLOCK_H
#define CRYOMON_RECORD_CLOCK_H

#include "reader.h"

#define RECORD_CLOCK_STEPS 32 /* the latest ones of a range */
/* A larger step, of two days, is not followed: it hides what came then. */
#define RECORD_CLOCK_MOST_US INT64_C(172800000000)

struct record_clock {
    unsigned n;
    struct record_clock_step {
        uint64_t seq;
        int64_t utc_us;          /* by the new time */
        int64_t step_us;         /* negative: set back */
    } steps[RECORD_CLOCK_STEPS]; /* as they came */
};

/* Reads the steps of a range, and of two days before and behind it. 0 or -errno. */
int record_clock_read(struct history_reader *reader, int64_t from_us, int64_t to_us,
                      struct record_clock *ret);

/* Widens a range of the wall clock so that no stretch of it that was passed twice, or left out, is cut. */
void record_clock_widen(const struct record_clock *clock, int64_t *from_us, int64_t *to_us);

/* Goes through the readings of one point, in the order of storage, from a time that record_clock_widen has
 * given. */
struct record_clock_walk {
    const struct record_clock *clock;
    unsigned next;    /* the step that has not come yet */
    int64_t shift_us; /* of those that have */
    int64_t last_us;  /* the wall clock at the reading before */
};
void record_clock_begin(struct record_clock_walk *walk, const struct record_clock *clock, int64_t from_us);
/* The reading's time, by the clock that runs on. */
int64_t record_clock_place(struct record_clock_walk *walk, int64_t utc_us);

/* The same for an event. */
int64_t record_clock_place_event(const struct record_clock *clock, uint64_t seq, int64_t utc_us);

#endif
