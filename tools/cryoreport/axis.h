/*
 * axis.h - where the marks of an axis lie: round numbers, and round times in the reader's zone.
 */
#ifndef CRYOMON_AXIS_H
#define CRYOMON_AXIS_H

#include <stdbool.h>
#include <stdint.h>

#define AXIS_MARKS_MAX 64

/* Marks at multiples of 1, 2 or 5 x 10^k within [low, high], about wanted of them. Returns how many; decimals
 * that tell them apart go to ret_decimals. */
unsigned axis_numbers(double low, double high, unsigned wanted, double ret[AXIS_MARKS_MAX],
                      unsigned *ret_decimals);

/* What a mark of time says. */
enum axis_step { AXIS_SECONDS, AXIS_MINUTES, AXIS_DAYS, AXIS_MONTHS, AXIS_YEARS };

struct axis_time {
    int64_t utc_us;
    char label[16]; /* "14:05", "11-24", "2026-11" */
    char date[16];  /* below the first label of a day or a year: "2026-11-24"; else "" */
};
/* Marks within [from, to], at most wanted, local or UTC. */
unsigned axis_times(int64_t from_us, int64_t to_us, unsigned wanted, bool utc,
                    struct axis_time ret[AXIS_MARKS_MAX]);

#endif
