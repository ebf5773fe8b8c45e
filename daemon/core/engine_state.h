/*
 * engine_state.h - what the engine's files share: the inside of an engine. Nobody else includes it.
 *
 *     engine.c          points, samples, events, time
 *     engine_alarm.c    one alarm: verdicts, delays, transitions
 *     engine_hold.c     what keeps an alarm quiet, and what makes an acknowledged one call again
 *     engine_group.c    alarms about other alarms: GROUP and CHATTER
 *     engine_restore.c  what outlives an engine
 *     engine_create.c   memory
 *
 * A sample reaches only the alarms that look at its point, a fault only its own, a condition that changes
 * only the groups that it belongs to, and time only what is due: the cost of an event does not grow with the
 * site.
 */
#ifndef CRYOMON_ENGINE_STATE_H
#define CRYOMON_ENGINE_STATE_H

#include "alarm.h"
#include "condition.h"
#include "deadlines.h"
#include "engine.h"
#include "trend.h"

/*
 * The most transitions that one feed can cause. To each alarm:
 * - 2 raised or returned. Catching up can return an alarm and raise it again (NO_DATA: its off-delay ends,
 * then its point's data do), but not return it once more, because only a sample begins a return. A sample, a
 * fault or a condition that is fed adds no third: it returns at once only what has no off-delay, and such an
 * alarm was not leaving when catching up began. A DATE is looked at twice at most.
 * - 1 end of its shelf, 1 end of its out-of-service: only an order begins one.
 * - 2 of its suppression: time or lost data end it, and the sample that is fed may begin it again; or the
 * sample ends it. Neither time nor lost data begin one.
 * - 1 of calling again: then it is not acknowledged any more, and only an order makes it so.
 * A GROUP or CHATTER is raised or returned by a change of one of its members, each at most once per change,
 * or by a time that was running before: 2 changes for each member, and one more. (2 and 2 per member hold
 * that.)
 * - and 1 by the order that is fed.
 */
#define ENGINE_PER_ALARM 7
#define ENGINE_QUEUE_SIZE(n_alarms, n_members)                                                               \
    (ENGINE_PER_ALARM * (size_t)(n_alarms) + 2 * (size_t)(n_members) + 1)

#define ENGINE_LOOK_US INT64_C(3600000000) /* at least so often at the wall clock: it may have been set */
#define ENGINE_NONE    UINT32_MAX

struct point {
    struct point_view view;
    int64_t seen_us; /* the last sample of any kind, or the creation */
    int64_t data_us; /* the last measured one, or the creation */
    bool is_stale;   /* nothing seen for stale_after_ms */
    bool no_data;    /* nothing measured for stale_after_ms */
    bool in_stale_list;
    bool has_flat;     /* flat_raw is there */
    uint32_t flat_raw; /* of the last good value: FLATLINE compares with it */
    uint32_t trend;    /* in trends, or ENGINE_NONE */
};

struct alarm {
    struct condition condition;
    struct alarm_status status; /* active exactly when the condition's phase is ACTIVE or LEAVING */

    /* Holds. HOLD_SUPPRESSED: the end of what the plant may suppress, also while it does not. */
    int64_t until_utc_us[HOLD_COUNT], until_boot_us[HOLD_COUNT];
    uint32_t n_holds[HOLD_COUNT];
    bool one_shot;
    bool is_plant_so; /* since good data said so; lost data don't end that */

    /* The acknowledgement, while the base is acknowledged. */
    struct stamp acked;
    bool has_acked_measure;
    micro_t acked_measure;

    /* The latest usable value or measure of a kind with a limit. */
    bool has_measure;
    bool is_measure_lost; /* it is not that of the latest reading */
    micro_t measure;

    uint32_t rate;         /* RATE: in trends */
    uint32_t n_active;     /* GROUP: members whose conditions hold */
    int64_t chattering_us; /* CHATTER: until when it holds; INT64_MAX: it does not */

    /* The latest raisings, for the one CHATTER that has this alarm as a member: a ring of its at_least. */
    uint32_t chatter; /* that alarm, or ENGINE_NONE */
    uint32_t raisings;
    uint16_t n_raisings, next_raising;
};

/* Lists of alarms: those of i are items[first[i]] to items[first[i + 1] - 1], ascending. */
struct lists {
    uint32_t *first;
    uint16_t *items;
};

struct engine {
    struct stamp now;
    uint16_t n_points, n_alarms;
    uint32_t n_members;
    struct point_model *point_models;
    struct alarm_model *alarm_models;
    uint16_t *members; /* the caller's table */
    struct point *points;
    struct alarm *alarms;
    struct lists judges;     /* by point, then by fault: the alarms that look at it */
    struct lists suppresses; /* by point: the alarms that it can suppress */
    struct lists parents;    /* by alarm: the GROUP and CHATTER alarms that it is a member of */
    struct deadlines
        pending; /* items: points; alarms' conditions; alarms' holds: in this order at one time */
    struct transition *queue; /* [ENGINE_QUEUE_SIZE]; empty before each feed */
    size_t queue_taken, queue_count;
    uint16_t *stale_list; /* [n_points], a ring */
    uint32_t stale_first, stale_count;
    struct trend *trends;
    int64_t *raisings; /* boot_us */
};

/* A point before its first sample. */
extern const struct point_view ENGINE_NEVER_READ;

/* Arms the point's next deadline: stale or without data, whichever comes first. */
void engine_set_point_deadline(struct engine *engine, uint16_t point);

/* Of a contradiction, the worse: nothing that has a reason to be bad passes as a value. */
struct reading engine_sober(const struct reading *reading);

/* Items of the deadlines. */
static inline uint32_t engine_condition_item(const struct engine *e, uint16_t alarm)
{
    return (uint32_t)e->n_points + alarm;
}

static inline uint32_t engine_hold_item(const struct engine *e, uint16_t alarm)
{
    return (uint32_t)e->n_points + e->n_alarms + alarm;
}

/* What the wall clock would have shown at an earlier time. */
static inline int64_t engine_utc_at(const struct engine *e, int64_t boot_us)
{
    return condition_minus(e->now.utc_us, condition_minus(e->now.boot_us, boot_us));
}

/* ---------------------------------------------------------------- engine_alarm.c */

struct change {
    enum transition_kind kind;
    enum transition_why why;
    int64_t since_us;
    uint32_t command;
};

/* Takes a step, queues its transition, arms the times of the holds. Returns what alarm_step returns. */
int engine_alarm_change(struct engine *engine, uint16_t alarm, const struct change *change);

/* Tells a verdict that is true at t, ends a delay that is over at t, sets the timer; and tells the groups. */
void engine_alarm_tell(struct engine *engine, uint16_t alarm, enum verdict verdict, int64_t t);

/* The same of a GROUP or CHATTER, which has none above it. */
void engine_alarm_tell_alone(struct engine *engine, uint16_t alarm, enum verdict verdict, int64_t t);

/* Judges the latest readings of the point that got one; moved: its good value is another than before. */
void engine_alarm_judge(struct engine *engine, uint16_t alarm, bool moved);

/* The alarm's item is due at t. */
void engine_alarm_expire(struct engine *engine, uint16_t alarm, int64_t t);

/* RATE, DEVIATION, DISAGREE: what is judged is not a reading itself. */
bool engine_alarm_is_measured(const struct alarm_model *model);

/* Sets the timer of a condition that was restored. */
void engine_alarm_arm(struct engine *engine, uint16_t alarm);

/* ---------------------------------------------------------------- engine_group.c */

/* Tells the groups of an alarm what has become of its condition. */
void engine_group_spread(struct engine *engine, uint16_t alarm, bool was_active, int64_t t);

/* The item of a GROUP or CHATTER is due at t: it looks at itself. */
void engine_group_expire(struct engine *engine, uint16_t alarm, int64_t t);

/* An active member was restored: its groups look at themselves with the next feed. */
void engine_group_restored(struct engine *engine, uint16_t alarm);

/* ---------------------------------------------------------------- engine_hold.c */

/* An order of a person; the event's index is valid. */
int engine_hold_order(struct engine *engine, const struct event *event);

/* What the plant's point says: reading is its latest. */
void engine_hold_plant(struct engine *engine, uint16_t alarm, const struct reading *reading);

/* The condition has returned: ends a shelf that was for once. */
void engine_hold_returned(struct engine *engine, uint16_t alarm);

/* Does an acknowledged alarm call again, because it is worse? */
void engine_hold_worse(struct engine *engine, uint16_t alarm);

/* Its item is due at t. */
void engine_hold_expire(struct engine *engine, uint16_t alarm, int64_t t);

/* Sets the item of the holds. */
void engine_hold_arm(struct engine *engine, uint16_t alarm);

#endif
