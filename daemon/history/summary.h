/*
 * summary.h - what an hour of one point was, in a few numbers: count, minimum, maximum, mean, first, last,
 * worst quality, and how long it was above each threshold. PURE but for struct bytes.
 *
 * All numbers are calibrated values, in steps of the point's resolution (value x 10^decimals); a value that
 * is no whole step counts as the nearest one, half away from zero. Mean is sum / values: exact, no floats.
 *
 * Time above a threshold: a reading stands from its slot until the next slot of the same chunk, but at most
 * for SUMMARY_HOLD usual intervals (the usual interval is the median of the distances of slots in the chunk);
 * the last one, and one after which the clock was set back, stands for one usual interval. Where there is no
 * distance (a single reading) nothing is known. Time is split where it crosses an hour, but an hour without a
 * bucket leaves its part to the reading's own, so known_ms can be a little over an hour. A bad reading stands
 * for nothing: that time is not known, and is neither above nor below (known_ms).
 *
 * A sum beyond 64 bits stays at the limit (only values near MICRO_MAX with 6 decimals get there).
 */
#ifndef CRYOMON_SUMMARY_H
#define CRYOMON_SUMMARY_H

#include "bytes.h"
#include "frame.h"

#define SUMMARY_HOLD           3
#define SUMMARY_THRESHOLDS_MAX 4

struct summary {
    int64_t hour_ms;                            /* UTC, start of the hour */
    uint64_t count, values;                     /* readings; those of them that have a value */
    int64_t minimum, maximum, sum, first, last; /* meaningful when values > 0 */
    uint8_t worst;                              /* enum quality */
    uint64_t known_ms;
    uint64_t above_ms[SUMMARY_THRESHOLDS_MAX]; /* strictly above threshold i */
};

struct summary_thresholds {
    unsigned n;
    int64_t numbers[SUMMARY_THRESHOLDS_MAX]; /* in steps of the point's resolution, ascending */
};

/* One bucket per UTC hour in which a slot lies, ascending; in the order of storing where the clock was set
 * back, hours that come again are added to their bucket. numbers[i]: the calibrated value of entries[i] in
 * steps, ignored where the entry has no value. Returns the number of buckets (in *ret, malloc'd, caller
 * frees), or -ENOMEM. */
int64_t summary_make(const struct frame_entry *entries, const int64_t *numbers, size_t n,
                     const struct summary_thresholds *thresholds, struct summary **ret);

/* Adds b to a: b comes after a in order of storing. hour_ms stays a's. */
void summary_merge(struct summary *a, const struct summary *b);

/* The column "hours" of a chunk: thresholds and buckets as bytes; n may be 0. Returns 0 / -ENOMEM; reading:
 * number of buckets, -EBADMSG or -ENOSPC. Hours are whole ones; of a bucket without values only the counts,
 * the worst quality and the times are kept. */
int summary_encode(const struct summary *buckets, size_t n, const struct summary_thresholds *thresholds,
                   struct bytes *ret);
int64_t summary_decode(const void *bytes, size_t len, struct summary_thresholds *ret_thresholds,
                       struct summary *ret, size_t cap);

#endif
