/*
 * reader_ordered.h - the readings of several points, merged by time: what an estimator must be fed in the
 * order in which it happened. The history has them point by point, an hour or a day at a time; a stretch of
 * time is held in memory, as long as fits, put in order and given.
 */
#ifndef CRYOMON_READER_ORDERED_H
#define CRYOMON_READER_ORDERED_H

#include <stdatomic.h>

#include "record_clock.h"

struct history_ordered_row {
    int64_t taken_utc_us;
    int64_t at_us;          /* by the clock that runs on (record_clock.h); without one: taken_utc_us */
    uint32_t tag;           /* of its point */
    struct reading reading; /* calibrated, with what was in effect when it was read */
};
/* Which points are wanted: a tag that is not 0, or 0. Asked once for each point (id). */
typedef uint32_t history_tag_fn(void *context, const struct history_point *point);
typedef bool history_ordered_fn(void *context, const struct history_ordered_row *row); /* false: enough */

struct history_ordered {
    int64_t from_utc_us, to_utc_us; /* from <= taken < to; widened by record_clock_widen */
    const struct record_clock
        *clock;      /* as record_clock_read gave it for the range; NULL: the clock was not set */
    size_t rows_max; /* so many are held at once; 0: as many as fit into 16 MiB (and as much to sort them) */
    const atomic_bool *stop; /* set by another thread: it is broken off soon; may be NULL */
    history_tag_fn *tag;
    history_ordered_fn *row; /* no other function of the reader may be called in it */
    void *context;
};

/* Gives the readings in the order in which they were taken; those of the same millisecond in the order in
 * which they were found. Time that the wall clock has shown twice is held in memory at once; where that does
 * not fit, it is given in order of the wall clock. Returns how many were given (also when it was stopped), or
 * -errno (-E2BIG: more than rows_max in a second). */
int64_t history_each_ordered(struct history_reader *reader, const struct history_ordered *ordered);

#endif
