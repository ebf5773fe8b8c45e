/* announce_stage.h - a site with an alarm of each kind, for tests of what alarms say. */
#ifndef CRYOMON_ANNOUNCE_STAGE_H
#define CRYOMON_ANNOUNCE_STAGE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "announce.h"

#define DEGREES(x) ((micro_t)((x)*1000000))

struct site {
    struct config config;
    struct asset_config assets[1];
    struct point_config points[2];
    struct alarm_config alarms[6];
    struct alarm_model models[6];
    struct calibration_config calibrations[2];
};

enum { HOT, LID, NO_DATA, BAD, DISK, DUE };

#define DAY INT64_C(86400000000)

/* Nothing in it is to be freed. */
void announce_stage_make(struct site *site);

#endif
