/*
 * vessel_stage.h - one vessel in a room, with a clock that the test moves.
 */
#ifndef CRYOSIM_TEST_VESSEL_STAGE_H
#define CRYOSIM_TEST_VESSEL_STAGE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "vessel.h"

#include <math.h>

#define HOUR_S 3600.0
#define DAY_S  86400.0
#define ROOM_C 21.0

/* A value, shown when it is not where it should be. */
#define assert_between(value, low, high)                                                                     \
    do {                                                                                                     \
        double between_ = (value);                                                                           \
        if (!(between_ >= (low) && between_ <= (high)))                                                      \
            fail_msg("%s is %.6g, not in %g ... %g", #value, between_, (double)(low), (double)(high));       \
    } while (0)

static inline void vessel_stage_run(struct vessel *v, double seconds, double dt_s,
                                    struct random_source *random)
{
    long steps = (long)(seconds / dt_s + 0.5);
    for (long i = 0; i < steps; i++)
        vessel_step(v, dt_s, ROOM_C, NULL, random);
}

static inline struct vessel_truth vessel_stage_truth(const struct vessel *v)
{
    struct vessel_truth truth;
    vessel_truth(v, NULL, &truth);
    return truth;
}

static inline double vessel_stage_reading(const struct vessel *v, enum vessel_probe probe)
{
    struct vessel_readings readings;
    vessel_sensors(v, &readings);
    return readings.value[probe];
}

/* Hours until fn(truth) is at least value; fails after limit_h. */
static inline double vessel_stage_until(struct vessel *v, double (*fn)(const struct vessel_truth *truth),
                                        double value, double dt_s, double limit_h,
                                        struct random_source *random)
{
    for (double s = 0; s <= limit_h * HOUR_S; s += dt_s) {
        struct vessel_truth truth = vessel_stage_truth(v);
        if (fn(&truth) >= value)
            return s / HOUR_S;
        vessel_step(v, dt_s, ROOM_C, NULL, random);
    }
    fail_msg("not within %g h", limit_h);
    return NAN;
}

#endif
