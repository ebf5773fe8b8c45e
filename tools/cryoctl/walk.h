/*
 * walk.h - the readings of points one after the other, each with the slot that follows it and the usual
 * interval around it: what gaps and exposures are computed from.
 *
 * The usual interval is the median of the distances of the nearest slots (WALK_NEAR on either side), so it
 * follows a changed configuration at once, and single missing slots don't move it.
 */
#ifndef CRYOMON_CRYOCTL_WALK_H
#define CRYOMON_CRYOCTL_WALK_H

#include "reader.h"

#define WALK_NEAR    8
#define WALK_LEAD_US INT64_C(3600000000) /* what lies before and behind a range is read too: an hour */

/* A point by name: of units and decimals that changed in its life, the last. */
struct walk_point {
    const char *asset, *point, *unit; /* valid until history_close */
    unsigned decimals;
};

struct walk_reading {
    const char *unit;
    int64_t slot_us, next_us; /* next_us: the slot of the next reading; INT64_MAX: there is none */
    int64_t usual_us;         /* 0: not known, there is one reading only */
    int64_t calibration;      /* its id; 0: none */
    micro_t value;            /* calibrated; meaningful unless bad */
    enum quality quality;
    enum reason reason;
};

struct walk;

/* The points of the history that fit (NULL: all), sorted by asset and point. Returns 0 or -errno. */
int walk_create(struct history_reader *reader, const char *asset, const char *point, struct walk **ret);
void walk_free(struct walk *walk);

/* Leaves out the points that the function says are not wanted. Before walk_run; indices change. */
typedef bool walk_unwanted_fn(const void *context, const struct walk_point *point);
void walk_leave_out(struct walk *walk, walk_unwanted_fn *unwanted, const void *context);

size_t walk_count(const struct walk *walk);
const struct walk_point *walk_point(const struct walk *walk, size_t i);

/* Calls reading() for each stored reading of point i with from - WALK_LEAD_US <= taken < to + WALK_LEAD_US;
 * of one point in the order in which they were stored, of several mixed. It returns false to stop. progress
 * (may be NULL) is told now and then how far it is, in the time of the history. Returns 0 or -errno. */
typedef bool walk_fn(void *context, size_t i, const struct walk_reading *reading);
typedef void walk_progress_fn(void *context, int64_t utc_us);
int walk_run(struct walk *walk, int64_t from_us, int64_t to_us, walk_fn *reading, walk_progress_fn *progress,
             void *context);

/* The slot of the last reading before a moment, of the first at or after it. 1, 0 (there is none), -errno. */
int walk_last_before(struct walk *walk, size_t i, int64_t before_us, int64_t *ret_slot_us);
int walk_first_after(struct walk *walk, size_t i, int64_t from_us, int64_t *ret_slot_us);

#endif
