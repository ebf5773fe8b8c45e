/*
 * oxygen.h - an oxygen monitor in a ventilated room into which liquid nitrogen may be spilt.
 */
#ifndef CRYOSIM_OXYGEN_H
#define CRYOSIM_OXYGEN_H

#include "sensor.h"

#include <stdbool.h>

/* Values are those of the status register. */
enum oxygen_status { OXYGEN_WARM_UP, OXYGEN_MONITORING, OXYGEN_CALIBRATION, OXYGEN_FAULT };

struct oxygen {
    /* settings */
    double room_m3;
    double air_changes_h;
    double warm_up_s;
    double response_s;    /* of the cell */
    double evaporation_s; /* time constant of a puddle */
    double leak_l_min;    /* a lasting leak of LN2 */
    int calibration;      /* 0 off, 1 on */
    struct sensor cell;
    /* state */
    double spill_l; /* the last spill, still to be poured */
    double puddle_l;
    double room_percent, cell_percent;
    double on_s; /* since switched on */
};

enum oxygen_status oxygen_status(const struct oxygen *oxygen);
/* False while warming up and with a broken cell. */
bool oxygen_readable(const struct oxygen *oxygen);

#endif
