/*
 * engine.h - the alarm engine: samples, faults, commands and time in; alarm transitions out.
 *
 * PURE and deterministic: no clock, no I/O, and no malloc after engine_create. The same events in the same
 * order give the same transitions, so incidents replay exactly and years simulate in minutes.
 *
 *     engine_feed(e, now, &event);
 *     while (engine_take(e, &transition)) ...
 *     wait until engine_next_deadline(e), then feed an EVENT_TICK
 *
 * Points and alarms are indices into the tables that engine_create was given; names live elsewhere.
 *
 * Law:
 * - Lost data never clears a process alarm. Only a good value back to normal begins a return, and any reading
 *   that is not good stops it: then the off-delay must begin anew.
 * - Lost data never stops an alarm that is pending: if nothing good says otherwise until the end of the
 *   on-delay, it is raised. An alarm is not lost because the sensor died.
 * - An uncertain value can raise, never clear.
 * - A poll that did not happen is noticed by the engine's own deadline, not by the thread that should have
 *   polled. A point that got no sample for stale_after_ms turns bad (REASON_STALE); one that got no measured
 *   sample (reason_is_no_data) for as long raises its NO_DATA alarms.
 * - A DATE goes by the wall clock, which may be set: it is looked at when its next span begins or ends, and
 * at least once an hour. No reading and no lost data touch it.
 * - Deadlines that have passed are worked off, earliest first, before the event that is fed: a late tick
 *   changes when the engine decides (transition.at), never what it decides.
 * How a condition, its deadband and its delays work together is drawn in condition.h, the states in alarm.h.
 *
 * A contradictory reading counts as the worse of what it says: see reason_quality().
 */
#ifndef CRYOMON_ENGINE_H
#define CRYOMON_ENGINE_H

#include "value.h"

enum priority { PRIORITY_LOW, PRIORITY_MEDIUM, PRIORITY_HIGH, PRIORITY_CRITICAL };

enum condition_kind {
    CONDITION_HIGH,     /* value > limit; over when value <= limit - deadband */
    CONDITION_LOW,      /* value < limit; over when value >= limit + deadband */
    CONDITION_STATE,    /* value equals one of the states (lid open, mains lost) */
    CONDITION_NO_DATA,  /* no value measured for the point's stale_after_ms */
    CONDITION_BAD,      /* a reply comes, but its value can't be used (sensor break, out of range...) */
    CONDITION_FLATLINE, /* good values, and for the on-delay bit for bit the same one */
    CONDITION_FAULT,    /* a part of the system itself has failed (enum system_fault) */
    CONDITION_DATE,     /* the wall clock is in one of the spans of time */
};

/* Parts of the system whose failure is an alarm of its own. Append only; names in engine_fault_name. */
enum system_fault {
    FAULT_STATE_DB,   /* state.db can't be written: events and alarm states are not durable */
    FAULT_HISTORY_DB, /* history.db can't be written: readings wait in memory */
    FAULT_BROKER,     /* the MQTT broker does not take our messages */
    FAULT_CONFIG,     /* a reload was refused: the old configuration is still in force */
    FAULT_CLOCK,      /* the wall clock stepped, or is not synchronised */
    FAULT_QUEUE,      /* samples were dropped: a queue inside the daemon was full */
    FAULT_RESTART,    /* the previous run did not stop cleanly */
    FAULT_REVIEW,     /* nobody has reviewed the record for longer than the site wants */
    FAULT_RECORD, /* readings are stored, but not sealed and signed; another key signs; or some were damaged
                   */
    FAULT_COUNT
};
const char *engine_fault_name(enum system_fault fault); /* "state-database", ... */

#define ALARM_STATES_MAX 8
#define ALARM_DATES_MAX  4

struct point_model {
    uint32_t stale_after_ms; /* without a measured value for so long, the point has no data */
};

struct alarm_model {
    enum condition_kind kind;
    enum priority priority;
    uint16_t point;          /* index; unused for CONDITION_FAULT */
    enum system_fault fault; /* CONDITION_FAULT only */
    micro_t limit, deadband; /* HIGH and LOW */
    uint8_t n_states;        /* STATE */
    uint8_t n_dates;         /* DATE */
    union {
        micro_t states[ALARM_STATES_MAX];
        struct alarm_date {
            int64_t from_utc_us, to_utc_us; /* from <= now < to; ascending, apart from each other */
        } dates[ALARM_DATES_MAX];
    };
    uint32_t on_delay_ms;  /* the condition must hold for so long before it is an alarm */
    uint32_t off_delay_ms; /* good data must be back to normal for so long before it is over */
};

/* ISA-18.2 / IEC 62682 states of one alarm. Stored: append only. */
enum alarm_state {
    ALARM_NORMAL = 0,
    ALARM_UNACKNOWLEDGED = 1,
    ALARM_ACKNOWLEDGED = 2,
    ALARM_RETURNED_UNACKNOWLEDGED = 3, /* over, but nobody has seen it */
};
const char *alarm_state_name(enum alarm_state state); /* "normal", "unacknowledged", ... */
bool alarm_state_is_active(enum alarm_state state);   /* raised and not returned, acknowledged or not */
const char *priority_name(enum priority priority);    /* "low" ... "critical" */

enum transition_kind {
    TRANSITION_RAISED,       /* normal -> unacknowledged, or returned -> unacknowledged again */
    TRANSITION_ACKNOWLEDGED, /* by a person */
    TRANSITION_RETURNED,     /* the condition is over */
};
const char *transition_name(enum transition_kind kind); /* "raised", "acknowledged", "returned" */

struct transition {
    uint16_t alarm;
    enum transition_kind kind;
    enum alarm_state from, to;
    struct stamp at;        /* when the engine decided */
    int64_t since_boot_us;  /* when the condition began to hold (RAISED) or to be over (RETURNED), else 0 */
    struct reading reading; /* the point's latest reading at that moment (not for FAULT and DATE) */
    uint32_t command;       /* ACKNOWLEDGED: the id of the command that did it */
};

enum event_kind { EVENT_SAMPLE, EVENT_FAULT, EVENT_ACKNOWLEDGE, EVENT_TICK };

struct event {
    enum event_kind kind;
    union {
        struct {
            uint16_t point;
            struct reading reading;
        } sample;
        struct {
            enum system_fault fault;
            bool failed;
        } fault;
        struct {
            uint16_t alarm;
            uint32_t command; /* given back in the transition */
        } acknowledge;
    };
};

struct engine;

/* Creates an engine over n_points and n_alarms (both tables are copied). All alarms are normal, all points
 * never read; deadlines count from now. Returns NULL when memory is short, or when a table is not sound (a
 * point or fault that does not exist, too many states, a flat line with an off-delay, dates out of order or
 * with a delay). engine_free(NULL) is a
 * no-op. */
struct engine *engine_create(const struct point_model *points, uint16_t n_points,
                             const struct alarm_model *alarms, uint16_t n_alarms, struct stamp now);
void engine_free(struct engine *engine);

/* Restores an alarm's state from an earlier run or configuration: no transition results. Restoring never
 * weakens: on an alarm that is not normal it is ignored, as is an alarm or state that does not exist. A
 * restored alarm that is active stays so until good data (or the fault's end, fed after this) say otherwise,
 * with the off-delay as usual; nothing that happens before is raised a second time. One that has returned
 * waits for its acknowledgement or is raised again. */
void engine_restore(struct engine *engine, uint16_t alarm, enum alarm_state state);

/* Across a reload: since when the condition of an alarm holds that is not raised yet (its on-delay is
 * running), INT64_MAX when none does; and the same given to the next engine, so that a reload does not
 * begin a running delay anew. Ignored unless the condition there is quiet. */
int64_t engine_pending_since(const struct engine *engine, uint16_t alarm);
void engine_restore_pending(struct engine *engine, uint16_t alarm, int64_t since_boot_us);

/* Restores a point's last reading and its time across a reload of the configuration (what engine_point gave).
 * The deadlines of the point count from there; its alarms judge from the next sample on. Ignored once this
 * engine has had a sample of the point, or missed one. */
void engine_restore_point(struct engine *engine, uint16_t point, const struct reading *reading,
                          struct stamp at, int64_t last_data_boot_us);

/* Feeds one event. now never goes backwards in boot_us (an earlier one counts as the latest seen).
 * Returns 0, or -EINVAL for an index out of range, or -EALREADY for an acknowledge that changes nothing (the
 * deadlines that had passed are worked off all the same), or -EBUSY when transitions have not been taken.
 * After -EINVAL and -EBUSY nothing has changed. */
int engine_feed(struct engine *engine, struct stamp now, const struct event *event);

/* Takes the next transition; false when there is none. Take all after each feed: there is room for the most
 * that one feed can cause (two for each alarm and one more), not for two feeds. */
bool engine_take(struct engine *engine, struct transition *ret);

/* BOOTTIME (us) at which the next EVENT_TICK is needed; INT64_MAX when no deadline is running. */
int64_t engine_next_deadline(const struct engine *engine);

/* What is known now. The reading of a point turns bad (REASON_STALE) by the engine's own deadline. An index
 * out of range gives a normal alarm and a point never read. */
enum alarm_state engine_alarm_state(const struct engine *engine, uint16_t alarm);
struct point_view {
    struct reading reading;
    struct stamp at;           /* of that reading; zeros before the first */
    int64_t last_data_boot_us; /* last time anything was measured; INT64_MIN: never */
};
struct point_view engine_point(const struct engine *engine, uint16_t point);

/* True once after each change of a point by the engine itself (a reading gone stale): the caller publishes
 * it. Gives the point's index. Call until false after each feed; a point that got a sample since is left
 * out. */
bool engine_take_stale(struct engine *engine, uint16_t *ret_point);

#endif
