/*
 * observe.h - the course of one point, reading by reading: its chart, its extremes and its excursions. Exact,
 * from the readings themselves; memory does not grow with their number, only with the excursions found.
 *
 * A reading stands from its slot until the next slot, but at most for EXPOSURE_HOLD usual intervals; the last
 * one for one usual interval; a bad one for nothing (exposure.h).
 *
 * An excursion begins with a value beyond the limit, and ends with a good value that is back by the deadband:
 * as an alarm without delays would. Neither silence nor an uncertain value ends it.
 */
#ifndef CRYOMON_OBSERVE_H
#define CRYOMON_OBSERVE_H

#include "exposure.h"
#include "walk.h"

#define OBSERVE_COLUMNS        1200
#define OBSERVE_EXCURSIONS_MAX 100000 /* more are counted only */

/* What counts as an excursion from a moment on. Periods ascend. */
struct observe_limits {
    int64_t from_us;
    bool has_high, has_low;
    micro_t high, high_back; /* above high; over at high_back or below */
    micro_t low, low_back;
};

struct observe_excursion {
    bool high;       /* else below a low limit */
    bool open_start; /* it was under way when the range, or the record, began */
    bool open_end;   /* and when the range ended: end_us is then the range's */
    micro_t limit, peak;
    int64_t start_us, end_us, peak_us;
    int64_t unknown_us;                    /* of its duration: no value */
    int64_t above_us[EXPOSURES_MAX];       /* above each threshold */
    int64_t degree_minutes[EXPOSURES_MAX]; /* in 10^-6 */
    int64_t rest[EXPOSURES_MAX];           /* while they are computed */
};

struct observe_column { /* of the chart */
    micro_t minimum, maximum;
    int64_t sum; /* x 1000 */
    uint32_t n;
};

struct observe {
    /* Set by the caller; the rest is zero at first. */
    int64_t from_us, to_us;
    unsigned n_thresholds;
    micro_t thresholds[EXPOSURES_MAX];   /* ascending */
    const struct observe_limits *limits; /* borrowed */
    size_t n_limits;

    /* Found. */
    uint64_t n;  /* readings with a value */
    int64_t sum; /* of their values, x 1000 */
    micro_t minimum, maximum;
    int64_t minimum_us, maximum_us;
    int64_t usual_us;
    uint64_t reasons[REASON_COUNT]; /* of bad readings */
    struct observe_excursion *excursions;
    size_t n_excursions, cap_excursions;
    uint64_t left_out; /* excursions beyond OBSERVE_EXCURSIONS_MAX */
    struct observe_column columns[OBSERVE_COLUMNS];
    bool failed; /* memory ran out */

    /* On the way. */
    size_t limit;
    bool within;
    struct observe_excursion now;
    int64_t now_known_us;
};

/* Readings outside of the range are passed over. False: memory ran out. */
bool observe_feed(struct observe *o, const struct walk_reading *reading);
bool observe_finish(struct observe *o);
void observe_free(struct observe *o); /* NULL is a no-op */

#endif
