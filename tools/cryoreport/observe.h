/*
 * observe.h - one pass over the readings of a point: what a report says about it. Exact, from the readings
 * themselves; memory does not grow with their number, only with what is found.
 *
 * A reading stands from its slot until the next slot of the same UTC hour, at most for SUMMARY_HOLD usual
 * intervals (the usual interval is the median of the distances in that hour); the last one of an hour for one
 * interval. A bad reading stands for nothing: that time is not known.
 *
 * An excursion begins with a value beyond the limit, and ends with a good value that is back by the deadband:
 * as an alarm without delays would. Neither silence nor an uncertain value ends it.
 *
 * A gap is a time without a value that is longer than SUMMARY_HOLD usual intervals.
 */
#ifndef CRYOMON_OBSERVE_H
#define CRYOMON_OBSERVE_H

#include "summary.h"
#include "value.h"

#define OBSERVE_COLUMNS   1200
#define OBSERVE_FOUND_MAX 200000 /* excursions, and gaps: more are counted only */

/* What counts as an excursion from a moment on. Periods ascend. */
struct observe_limits {
    int64_t from_us;
    bool has_high, has_low;
    micro_t high, high_back; /* above high; over at high_back or below */
    micro_t low, low_back;
};

struct observe_reading {
    int64_t slot_us;
    micro_t value;
    enum quality quality;
    enum reason reason;
};

struct observe_excursion {
    bool high;       /* else below a low limit */
    bool open_start; /* it was under way when the range began (or the record did) */
    bool open_end;   /* and when the range ended: end_us is then the range's */
    micro_t limit, peak;
    int64_t start_us, end_us, peak_us;
    int64_t unknown_us;                       /* of its duration: no value */
    int64_t above_us[SUMMARY_THRESHOLDS_MAX]; /* above each threshold */
    int64_t area[SUMMARY_THRESHOLDS_MAX];     /* value - threshold, x 1000, times milliseconds */
};

struct observe_gap {
    int64_t from_us, to_us;
    uint64_t rows;      /* bad readings in it */
    enum reason reason; /* the commonest of theirs; REASON_NONE without rows */
    bool before, after; /* it reaches to the start, to the end of the range */
};

struct observe_column { /* of the chart */
    micro_t minimum, maximum;
    int64_t sum; /* x 1000 */
    uint32_t n;
};

struct observe {
    /* Set by the caller; the rest is zero at first. */
    int64_t from_us, to_us;
    int64_t default_interval_us; /* until readings show theirs */
    unsigned n_thresholds;
    micro_t thresholds[SUMMARY_THRESHOLDS_MAX];
    const struct observe_limits *limits; /* borrowed */
    size_t n_limits;

    /* Found. */
    uint64_t stored, good, uncertain, bad, reasons[REASON_COUNT];
    double expected;
    int64_t interval_us; /* the usual one, of the last hour */
    micro_t minimum, maximum;
    int64_t minimum_us, maximum_us;
    int64_t sum; /* x 1000, of good and uncertain */
    int64_t first_us, last_us;
    int64_t known_us, above_us[SUMMARY_THRESHOLDS_MAX], area[SUMMARY_THRESHOLDS_MAX];
    struct observe_excursion *excursions;
    struct observe_gap *gaps;
    size_t n_excursions, n_gaps, cap_excursions, cap_gaps;
    uint64_t left_out; /* found beyond OBSERVE_FOUND_MAX */
    struct observe_column columns[OBSERVE_COLUMNS];
    bool failed; /* memory ran out */

    /* On the way. */
    struct observe_reading *block; /* readings of one hour */
    int64_t *distances;
    size_t n_block, cap_block, limit;
    int64_t expected_until_us, valued_us;
    bool valued, within;
    struct observe_excursion now;
    int64_t now_known_us;
    uint64_t rows, row_reasons[REASON_COUNT]; /* bad ones since the last value */
};

/* False: memory ran out. */
bool observe_feed(struct observe *o, const struct observe_reading *reading);
bool observe_finish(struct observe *o);
void observe_free(struct observe *o);

#endif
