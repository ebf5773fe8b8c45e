/*
 * engine_state.h - what engine.c and engine_create.c share: the inside of an engine. Nobody else includes it.
 *
 * What belongs together is a group: the alarms on one point, or on one fault. An event reaches only the
 * alarms of its group, and time reaches only what is due: the cost of an event does not grow with the site.
 */
#ifndef CRYOMON_ENGINE_STATE_H
#define CRYOMON_ENGINE_STATE_H

#include "alarm.h"
#include "condition.h"
#include "deadlines.h"
#include "engine.h"

/*
 * The most transitions that one feed can cause. Catching up can return an alarm and raise it again (NO_DATA:
 * its off-delay ends, then its point's data do), but not return it once more, because only a sample begins a
 * return. A sample adds no third: it returns at once only what has no off-delay, and such an alarm was not
 * leaving when catching up began. A DATE is looked at twice at most (settle_date). An acknowledge adds one,
 * to one alarm.
 */
#define ENGINE_QUEUE_SIZE(n_alarms) (2 * (size_t)(n_alarms) + 1)

struct point {
    struct point_view view;
    int64_t seen_us; /* the last sample of any kind, or the creation */
    int64_t data_us; /* the last measured one, or the creation */
    bool is_stale;   /* nothing seen for stale_after_ms */
    bool no_data;    /* nothing measured for stale_after_ms */
    bool in_stale_list;
    bool has_flat;     /* flat_raw is there */
    uint32_t flat_raw; /* of the last good value: FLATLINE compares with it */
};

struct alarm {
    struct condition condition;
    struct alarm_status status; /* active exactly when the condition's phase is ACTIVE or LEAVING */
};

struct engine {
    struct stamp now;
    uint16_t n_points, n_alarms;
    struct point_model *point_models;
    struct alarm_model *alarm_models;
    struct point *points;
    struct alarm *alarms;
    uint32_t *group_first;    /* [groups + 1]: where in members a group begins */
    uint16_t *members;        /* [n_alarms] alarms by group, ascending */
    struct deadlines pending; /* items: points, then alarms: at the same time lost data come first */
    struct transition *queue; /* [ENGINE_QUEUE_SIZE(n_alarms)]; empty before each feed */
    uint32_t queue_taken, queue_count;
    uint16_t *stale_list; /* [n_points], a ring */
    uint32_t stale_first, stale_count;
};

/* A point before its first sample. */
extern const struct point_view ENGINE_NEVER_READ;

/* Arms the point's next deadline: stale or without data, whichever comes first. */
void engine_set_point_deadline(struct engine *engine, uint16_t point);

#endif
