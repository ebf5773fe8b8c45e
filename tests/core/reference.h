/*
 * reference.h - the alarm rules once more, slow and plain, to hold the engine against.
 *
 * It keeps the whole log of every point and, each millisecond, looks through it for each alarm. No phases, no
 * heap, no deadlines: what the engine remembers, this reads off the past. Times are whole milliseconds.
 */
#ifndef CRYOMON_REFERENCE_H
#define CRYOMON_REFERENCE_H

#include "engine.h"

#define REFERENCE_POINTS_MAX 4
#define REFERENCE_ALARMS_MAX 12
#define REFERENCE_LOG_MAX    1024
#define REFERENCE_OUT_MAX    2048
/* DATE: the wall clock in these lives. */
#define REFERENCE_UTC_US(boot_us) ((boot_us) + INT64_C(1800000000000000))
#define REFERENCE_LOGS            (REFERENCE_POINTS_MAX + FAULT_COUNT)

struct entry {
    int64_t ms;
    struct reading reading;
    bool failed; /* a fault's log */
};

struct reference_log {
    unsigned n;
    struct entry entries[REFERENCE_LOG_MAX];
};

struct reference_alarm {
    enum alarm_state state;
    int64_t begin_ms; /* DATE: it has been restored */
    unsigned begin;   /* entries of the log before this belong to an earlier life */
};

struct reference {
    unsigned n_points, n_alarms, n_out;
    struct point_model points[REFERENCE_POINTS_MAX];
    struct alarm_model models[REFERENCE_ALARMS_MAX];
    struct reference_alarm alarms[REFERENCE_ALARMS_MAX];
    struct reference_log logs[REFERENCE_LOGS]; /* of points, then faults */
    int64_t created_ms, now_ms;
    struct transition out[REFERENCE_OUT_MAX];
};

/* Starts in a struct whose models are filled in. */
void reference_start(struct reference *r, int64_t ms);

/* Lets time pass, millisecond by millisecond, up to and with ms. */
void reference_pass(struct reference *r, int64_t ms);

/* One event, at the time up to which reference_pass() came. Returns what engine_feed returns. */
int reference_event(struct reference *r, const struct event *event);

void reference_restore(struct reference *r, unsigned alarm, enum alarm_state state);

#endif
