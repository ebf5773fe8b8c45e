/*
 * slope.h - how fast something rises or falls: a robust slope with an interval, in little memory.
 *
 * PURE. Theil-Sen: the median of the slopes of all pairs of points, which a quarter of wild points does not
 * move. The interval is the one that Kendall's test does not reject at 90 %. Points are as many as fit: when
 * the memory is full, neighbours are averaged in twos, and what comes later is averaged in equal groups
 * first. So the same memory holds an hour or a month, and the fit costs the same.
 *
 * Doubles inside, without libm: see tank.h.
 */
#ifndef CRYOMON_SLOPE_H
#define CRYOMON_SLOPE_H

#include <stdbool.h>
#include <stdint.h>

#define SLOPE_POINTS 32
#define SLOPE_LEAST  6 /* with fewer points there is no interval at 90 % that is worth its name */

struct slope {
    int64_t first_us;        /* times below count from here */
    double at[SLOPE_POINTS]; /* days */
    double value[SLOPE_POINTS];
    unsigned n;
    unsigned stride; /* how many added points make one */
    unsigned open;   /* how many of the next one are there */
    double open_at, open_value;
};

struct slope_fit {
    double per_day, low, high; /* the slope, and its interval at 90 % */
    double span_days;
    double end_value; /* of the line, at the last point */
    unsigned n;
};

void slope_clear(struct slope *slope);
/* Times must rise: an earlier or equal one is ignored. */
void slope_add(struct slope *slope, int64_t at_us, double value);
/* resolution: the smallest step of the values, by which the interval is widened; 0: none. False: fewer than
 * SLOPE_LEAST points, and *ret is untouched. */
bool slope_fit(const struct slope *slope, double resolution, struct slope_fit *ret);

/* The k-th smallest (0 is the least) of n > 0 values, which are reordered. */
double slope_select(double *values, unsigned n, unsigned k);
/* The median; n > 0; the values are reordered. */
double slope_median(double *values, unsigned n);
/* The square root of value >= 0. */
double slope_root(double value);

#endif
