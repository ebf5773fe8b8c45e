/*
 * run_stage.h - a freezer of cryosim whose program runs, its configuration made by hand, and what derive says
 * of it.
 */
#ifndef CRYOMON_TEST_RUN_STAGE_H
#define CRYOMON_TEST_RUN_STAGE_H

#include "test.h"

#include "derive.h"
#include "freezer.h"
#include "program.h"

#define K      MICRO_PER_UNIT
#define S      MICRO_PER_UNIT
#define UTC_US INT64_C(1795510000000000)
#define RUN_A  100 /* values of the status register; not those of cryosim */

enum { CHAMBER, SAMPLE, SETPOINT, SEGMENT, STATUS, DOOR, MAINS, LN2, N_INPUTS };
enum {
    ALARM_DEVIATION,
    ALARM_STALL,
    ALARM_NO_EXOTHERM = 3,
    ALARM_OVERSHOOT = 4,
    ALARM_LID = 5,
    ALARM_POWER = 6,
    ALARM_NO_DATA = 7,
    ALARM_LATE = 8,
    ALARM_LEFT = 9
};

struct stage {
    struct config config;
    struct asset_config asset;
    struct alarm_config alarms[FREEZER_ALARM_COUNT];
    struct point_config points[N_INPUTS + FREEZER_POINT_COUNT];
    struct freezer_config freezer;
    struct program programs[2];
    struct program *list[2];
    struct derive *derive;
    struct freezer model;
    struct random_source random;
    double now_s;
    double second_c; /* of a second sample; 0: there is none */
    bool silent, door_bad;
    double chamber_off; /* what the chamber's probe shows more */
    long polls;         /* of the model's steps; 0: 4 */
    /* what was told */
    unsigned n_began, n_ended;
    int holds[FREEZER_ALARM_COUNT]; /* -1: nothing was told */
    struct reading readings[FREEZER_POINT_COUNT];
    struct freezer_record ended;
};

/* For cmocka: *state is a struct stage, and is freed. */
int stage_open(void **state);
int stage_close(void **state);
/* The moment, as the daemon has it. */
struct stamp stage_at(const struct stage *s);
/* What somebody does with the freezer: an action of cryosim, such as "start" or "door". */
void stage_act(struct stage *s, const char *name, const char *value);
/* One reading of an input; none while silent. */
void stage_give(struct stage *s, int point, double value, bool bad);
/* Lets the freezer run, and gives its readings. */
void stage_go(struct stage *s, double for_s);
/* From here on it is told what is known; ten minutes later a run begins. */
void stage_start(struct stage *s);

#endif
