/*
 * sensor.h - what a probe says, as against what is true.
 */
#ifndef CRYOSIM_SENSOR_H
#define CRYOSIM_SENSOR_H

#include "random.h"

enum sensor_mode { SENSOR_OK, SENSOR_BROKEN, SENSOR_STUCK };

struct sensor {
    int mode;       /* enum sensor_mode; int because parameters are stored as int */
    double offset;  /* added to the truth */
    double noise;   /* standard deviation */
    double reading; /* stays while stuck; meaningless while broken */
};

void sensor_measure(struct sensor *sensor, double truth, struct random_source *random);

#endif
