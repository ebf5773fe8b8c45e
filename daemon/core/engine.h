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
 *   at least once an hour. No reading and no lost data touch it.
 * - Deadlines that have passed are worked off, earliest first, before the event that is fed: a late tick
 *   changes when the engine decides (transition.at), never what it decides.
 * - Nothing that keeps an alarm quiet lasts for ever. A shelf, a suppression, an out-of-service each has an
 *   end: that of the wall clock, or as long after its begin by BOOTTIME, whichever comes first. Below it the
 *   condition is judged as ever. What ends by itself comes back unacknowledged if the condition holds; if it
 *   is over, but nobody had acknowledged the alarm before it was held, it comes back as returned,
 *   unacknowledged.
 * - Data that are not good and fresh suppress nothing.
 * - A protected alarm can't be kept quiet: out of service is only a mark on it.
 * How a condition, its deadband and its delays work together is drawn in condition.h, the states and holds in
 * alarm.h.
 *
 * A contradictory reading counts as the worse of what it says: see reason_quality().
 */
#ifndef CRYOMON_ENGINE_H
#define CRYOMON_ENGINE_H

#include "value.h"

enum priority { PRIORITY_LOW, PRIORITY_MEDIUM, PRIORITY_HIGH, PRIORITY_CRITICAL };

enum condition_kind {
    CONDITION_HIGH,      /* value > limit; over when value <= limit - deadband */
    CONDITION_LOW,       /* value < limit; over when value >= limit + deadband */
    CONDITION_STATE,     /* value equals one of the states (lid open, mains lost) */
    CONDITION_NO_DATA,   /* no value measured for the point's stale_after_ms */
    CONDITION_BAD,       /* a reply comes, but its value can't be used (sensor break, out of range...) */
    CONDITION_FLATLINE,  /* good values, and for the on-delay bit for bit the same one */
    CONDITION_FAULT,     /* a part of the system itself has failed (enum system_fault) */
    CONDITION_DATE,      /* the wall clock is in one of the spans of time */
    CONDITION_RATE,      /* the value rises (falls) by more than limit per hour, over window_ms */
    CONDITION_DEVIATION, /* |value - setpoint| > limit: of a number, or of another point */
    CONDITION_DISAGREE,  /* the greatest and the least of 2 to 4 points are more than limit apart */
    CONDITION_CHATTER,   /* one of the members was raised at_least times within window_ms */
    CONDITION_GROUP,     /* the conditions of at_least members hold at the same time */
    CONDITION_FED,       /* what somebody outside says (EVENT_CONDITION): a manual round is late */
};
#define CONDITION_KINDS (CONDITION_FED + 1)
bool engine_kind_has_reading(enum condition_kind kind); /* it is judged from readings of alarm_model.point */

/* Parts of the system whose failure is an alarm of its own. Append only; names in engine_fault_name. */
enum system_fault {
    FAULT_STATE_DB,   /* state.db can't be written: events and alarm states are not durable */
    FAULT_HISTORY_DB, /* history.db can't be written: readings wait in memory */
    FAULT_BROKER,     /* the MQTT broker does not take our messages */
    FAULT_CONFIG,     /* a reload was refused, the old configuration is still in force; or limits are in force
                         that nobody has explained */
    FAULT_CLOCK,      /* the wall clock stepped, or is not synchronised */
    FAULT_QUEUE,      /* samples were dropped: a queue inside the daemon was full */
    FAULT_RESTART,    /* the previous run did not stop cleanly */
    FAULT_REVIEW,     /* nobody has reviewed the record for longer than the site wants */
    FAULT_RECORD,     /* readings are stored, but not sealed and signed, or by another key; or were damaged */
    FAULT_NOTIFIER,   /* what calls people is away, or says that nobody would be told */
    FAULT_NOTIFY_CHANNEL, /* a way to people (mail, webhook, SMS...) has failed */
    FAULT_NOTIFY_PEOPLE,  /* fewer people can be reached than the site wants */
    FAULT_DRILL,          /* a drill: not a fault, but it takes the whole way of one to a person */
    FAULT_DRILL_OVERDUE,  /* nobody has confirmed a drill, or none was held for longer than the site wants */
    FAULT_NOTIFY_OFF,     /* somebody, or a way to somebody, is switched off: not called for a while */
    FAULT_NOTIFY_CONFIG,  /* a changed notify.yaml was refused: people are called as the one before says */
    FAULT_COUNT
};
const char *engine_fault_name(enum system_fault fault); /* "state-database", ... */

#define ALARM_STATES_MAX    8
#define ALARM_DATES_MAX     4
#define ALARM_OTHERS_MAX    3  /* points beside the alarm's own */
#define ALARM_RAISINGS_MAX  16 /* that CHATTER can count */
#define ALARM_WINDOW_MAX_MS (UINT32_C(7) * 24 * 3600 * 1000)

struct point_model {
    uint32_t stale_after_ms;  /* without a measured value for so long, the point has no data */
    uint32_t trend_window_ms; /* engine_trend looks back so far; 0: no trend is kept */
};

enum direction { DIRECTION_RISING, DIRECTION_FALLING };

/* Suppression by design: while the plant is so, the alarm means nothing. */
enum suppress_when { SUPPRESS_NEVER, SUPPRESS_STATES, SUPPRESS_ABOVE, SUPPRESS_BELOW };
struct suppression {
    enum suppress_when when;
    uint16_t point;
    uint8_t n_states;    /* STATES */
    uint32_t at_most_ms; /* from when the plant became so; then it must first be otherwise. Not 0 */
    micro_t limit;       /* ABOVE: value > limit, until value <= limit - deadband; BELOW the other way */
    micro_t deadband;
    micro_t states[ALARM_STATES_MAX];
};

struct alarm_model {
    enum condition_kind kind;
    enum priority priority;
    enum system_fault fault;           /* CONDITION_FAULT only */
    enum direction direction;          /* RATE */
    micro_t limit, deadband;           /* HIGH, LOW; per hour for RATE; how far for DEVIATION and DISAGREE */
    micro_t setpoint;                  /* DEVIATION without other point */
    uint16_t point;                    /* index; unused for FAULT, CHATTER, GROUP and FED */
    uint16_t others[ALARM_OTHERS_MAX]; /* points, all different */
    uint16_t at_least;                 /* CHATTER: 1 to ALARM_RAISINGS_MAX; GROUP: 1 to n_members */
    uint8_t n_others;                  /* DISAGREE: 1 to 3; DEVIATION: 1, or 0 for the number `setpoint` */
    uint8_t n_states;                  /* STATE */
    uint8_t n_dates;                   /* DATE */
    bool protected;                    /* can't be shelved or suppressed; out of service is only a mark */
    bool latching;                     /* when its condition is over it stays, until somebody resets it */
    uint32_t window_ms;                /* RATE, CHATTER: not 0, at most ALARM_WINDOW_MAX_MS */
    uint32_t first_member, n_members;  /* CHATTER, GROUP: in engine_tables.members */
    uint32_t on_delay_ms;              /* the condition must hold for so long before it is an alarm */
    uint32_t off_delay_ms;             /* good data must be back to normal for so long before it is over */
    uint32_t shelve_max_ms;            /* the longest shelf; 0: never */
    uint32_t oos_max_ms;               /* the longest out of service; 0: never */
    uint32_t realarm_after_ms; /* acknowledged, and still holding after so long: it calls again; 0: never */
    micro_t realarm_step; /* or so much worse than at the acknowledgement; 0: never. Kinds with a limit */
    union {
        micro_t states[ALARM_STATES_MAX];
        struct alarm_date {
            int64_t from_utc_us, to_utc_us; /* from <= now < to; ascending, apart from each other */
        } dates[ALARM_DATES_MAX];
    };
    struct suppression suppression;
};

/* ISA-18.2 / IEC 62682 states of one alarm. Stored: append only. */
enum alarm_state {
    ALARM_NORMAL = 0,
    ALARM_UNACKNOWLEDGED = 1,
    ALARM_ACKNOWLEDGED = 2,
    ALARM_RETURNED_UNACKNOWLEDGED = 3, /* over, but nobody has seen it */
    ALARM_SHELVED = 4,                 /* somebody does not want to hear of it for a while */
    ALARM_SUPPRESSED = 5,              /* it means nothing while the plant is as it is */
    ALARM_OUT_OF_SERVICE = 6,          /* somebody works at it */
};
const char *alarm_state_name(enum alarm_state state); /* "normal", "unacknowledged", ... */
bool alarm_state_is_active(enum alarm_state state);   /* unacknowledged or acknowledged. A shelved, suppressed
                                                         or out-of-service one: see alarm_view.active */
bool alarm_state_is_held(enum alarm_state state);     /* shelved, suppressed or out of service */
const char *priority_name(enum priority priority);    /* "low" ... "critical" */

enum hold { HOLD_SHELVED, HOLD_SUPPRESSED, HOLD_OUT_OF_SERVICE };
#define HOLD_COUNT (HOLD_OUT_OF_SERVICE + 1)

enum transition_kind {
    TRANSITION_RAISED,       /* normal -> unacknowledged, or returned -> unacknowledged again */
    TRANSITION_ACKNOWLEDGED, /* by a person */
    TRANSITION_RETURNED,     /* the condition is over */
    TRANSITION_SHELVED,
    TRANSITION_UNSHELVED, /* why: a person, its time, or one-shot: the condition was over */
    TRANSITION_SUPPRESSED,
    TRANSITION_UNSUPPRESSED, /* why: the plant (or its data are not known), or its time */
    TRANSITION_OUT_OF_SERVICE,
    TRANSITION_IN_SERVICE, /* why: a person, or its time */
    TRANSITION_REALARMED,  /* acknowledged -> unacknowledged; why: worse, or unresolved */
    TRANSITION_RESET,      /* of a latched alarm, by a person */
};
#define TRANSITION_KINDS (TRANSITION_RESET + 1)
const char *transition_name(enum transition_kind kind); /* "raised", "out-of-service", ... */

enum transition_why {
    WHY_NONE,
    WHY_PERSON,
    WHY_TIME,
    WHY_ONE_SHOT,
    WHY_PLANT,
    WHY_WORSE,
    WHY_UNRESOLVED,
};
const char *transition_why_name(enum transition_why why); /* "person", "one-shot", ...; "" for WHY_NONE */

/* from = to where only what lies below changes: raised and returned while a hold covers them, returned of a
 * latching alarm, the begin and end of a hold below a stronger one, out of service of a protected alarm. */
struct transition {
    uint16_t alarm;
    enum transition_kind kind;
    enum transition_why why;
    enum alarm_state from, to;
    bool active;            /* after it: does the condition hold? */
    bool latched;           /* after it: over, but kept until somebody resets it */
    bool one_shot;          /* SHELVED */
    struct stamp at;        /* when the engine decided */
    int64_t since_boot_us;  /* when the condition began to hold (RAISED) or to be over (RETURNED), else 0 */
    int64_t until_utc_us;   /* SHELVED, SUPPRESSED, OUT_OF_SERVICE: its end at the latest */
    struct reading reading; /* the point's latest reading at that moment (bad, never-read where there is no
                               point, and for DATE) */
    bool has_measure;       /* RATE, DEVIATION, DISAGREE: measure is known */
    micro_t measure;        /* the rate per hour (falling: negative), the deviation, the spread */
    uint32_t command;       /* the id of the command that did it, or 0 */
};

enum event_kind {
    EVENT_SAMPLE,
    EVENT_FAULT,
    EVENT_ACKNOWLEDGE,
    EVENT_TICK,
    EVENT_SHELVE,
    EVENT_UNSHELVE,
    EVENT_OUT_OF_SERVICE,
    EVENT_IN_SERVICE,
    EVENT_RESET,
    EVENT_CONDITION,
    EVENT_WORSE, /* of a fault (as in EVENT_FAULT; failed is not looked at) */
};

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
            uint32_t command;     /* given back in the transition */
            int64_t until_utc_us; /* SHELVE, OUT_OF_SERVICE */
            bool one_shot;        /* SHELVE: ends also when the condition is over */
        } order;                  /* of a person: all kinds that are not named here */
        struct {
            uint16_t alarm; /* a FED one */
            bool holds;
        } condition;
    };
};

struct engine_tables {
    const struct point_model *points;
    const struct alarm_model *alarms;
    const uint16_t *members; /* alarms, of all GROUP and CHATTER alarms one after the other */
    uint16_t n_points, n_alarms;
    uint32_t n_members;
};

struct engine;

/* Creates an engine over the tables (all are copied). All alarms are normal, all points never read; deadlines
 * count from now. Returns NULL when memory is short, or when a table is not sound: a point, fault or member
 * that does not exist, too many states, a flat line with an off-delay, dates out of order or with a delay,
 * a window or number out of the ranges above, a GROUP or CHATTER that has another such among its members or
 * one of them twice, an alarm in two CHATTERs, a suppression without an end. engine_free(NULL) is a no-op. */
struct engine *engine_create(const struct engine_tables *tables, struct stamp now);
void engine_free(struct engine *engine);

/* All that must outlive an engine, of one alarm: across a restart and across a reload. */
struct alarm_memory {
    enum alarm_state base;            /* its state as if nothing held it: one of the first four */
    bool latched;                     /* unacknowledged or acknowledged, and its condition is over */
    bool unseen;                      /* nobody had acknowledged it before it was held */
    bool one_shot;                    /* of the shelf */
    bool is_held[HOLD_COUNT];         /* HOLD_SUPPRESSED: by the plant */
    int64_t until_utc_us[HOLD_COUNT]; /* of those; SUPPRESSED: not 0 also while the plant would suppress, but
                                         may not any more */
    uint32_t n_holds[HOLD_COUNT];     /* how often each began, ever */
    int64_t acked_utc_us;             /* of the last acknowledgement while it is acknowledged, or 0 */
    bool has_acked_measure;
    micro_t acked_measure; /* the value then (RATE...: the measure); REALARMED counts from it */

    /* Of this boot only: INT64_MAX for "not known" after another one. */
    int64_t until_boot_us[HOLD_COUNT];
    int64_t acked_boot_us;
};

/* Of an alarm of which nothing is known but its state. A held state without more is a hold that has ended,
 * over a condition that holds. */
struct alarm_memory engine_memory_of_state(enum alarm_state state);

/* Restores an alarm from an earlier run or configuration: no transition results. Restoring never weakens: on
 * an alarm that is not normal it is ignored (but for n_holds), as is an alarm or base that does not exist. A
 * restored alarm that is active stays so until good data (or the fault's end, fed after this) say otherwise,
 * with the off-delay as usual; nothing that happens before is raised a second time. One that has returned
 * waits for its acknowledgement or is raised again. A hold goes on; one that should have ended (its time has
 * passed, or the model does not allow it any more) ends with the next feed, and one that is longer than the
 * model allows is shortened. A latched alarm whose model is not latching any more returns with the next feed.
 * Restore all alarms before the first feed: groups count their members then. */
void engine_restore(struct engine *engine, uint16_t alarm, const struct alarm_memory *memory);

/* What engine_restore takes, of an alarm as it is now. Out of range: of a normal one. */
struct alarm_memory engine_memory(const struct engine *engine, uint16_t alarm);

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

/* Across a reload: what was measured, of the same source, within the windows of a point (the trend) or an
 * alarm (RATE; CHATTER: when the alarm was raised), so that a reload does not make it unknown. Only where the
 * windows are the same and this engine has nothing of its own yet; ignored otherwise. After engine_restore.
 */
void engine_inherit_point(struct engine *engine, uint16_t point, const struct engine *from,
                          uint16_t from_point);
void engine_inherit_alarm(struct engine *engine, uint16_t alarm, const struct engine *from,
                          uint16_t from_alarm);

/* Feeds one event. now never goes backwards in boot_us (an earlier one counts as the latest seen).
 * EVENT_WORSE: more of a part of the system has failed than before. Alarms about it that are acknowledged
 * call again (REALARMED, worse): what was acknowledged is not all of it any more. Nothing else changes.
 * Returns 0, or
 * -EINVAL    an index out of range, or EVENT_CONDITION for an alarm that is not FED
 * -EBUSY     transitions have not been taken
 * -EALREADY  an order that changes nothing: nothing to acknowledge or to reset (a latched alarm must be
 *            acknowledged and its condition over), shelved or out of service already, or not at all
 * -EPERM     the alarm is protected, or its model does not allow this hold at all
 * -ERANGE    the end of the hold is not after now, or later than the model allows
 * After -EINVAL and -EBUSY nothing has changed; else the deadlines that had passed are worked off. */
int engine_feed(struct engine *engine, struct stamp now, const struct event *event);

/* Takes the next transition; false when there is none. Take all after each feed: there is room for the most
 * that one feed can cause (see engine_state.h), not for two feeds. */
bool engine_take(struct engine *engine, struct transition *ret);

/* BOOTTIME (us) at which the next EVENT_TICK is needed; INT64_MAX when no deadline is running. */
int64_t engine_next_deadline(const struct engine *engine);

/* What is known now. The reading of a point turns bad (REASON_STALE) by the engine's own deadline. An index
 * out of range gives a normal alarm and a point never read. */
enum alarm_state engine_alarm_state(const struct engine *engine, uint16_t alarm);

/* More of an alarm: what is below its state, and what holds it. */
struct alarm_view {
    enum alarm_state state;
    bool active;  /* the condition holds, whatever the state is */
    bool latched; /* the condition is over, but the alarm is kept until somebody resets it */
    bool one_shot;
    bool is_held[HOLD_COUNT]; /* each by itself: the strongest is the state (not of a protected one) */
    int64_t until_utc_us[HOLD_COUNT]; /* their ends by the wall clock, 0: not held */
    uint32_t n_holds[HOLD_COUNT];     /* how often each began, ever */
    bool has_measure;                 /* RATE, DEVIATION, DISAGREE */
    micro_t measure;
    uint32_t n_active_members; /* GROUP */
};
struct alarm_view engine_hold(const struct engine *engine, uint16_t alarm);

/* GROUP: its members whose conditions hold, as indices, ascending in the table; at most cap are written.
 * Returns how many there are. */
uint32_t engine_active_members(const struct engine *engine, uint16_t group, uint16_t *ret, uint32_t cap);

/* CHATTER: its members that chatter now, ascending in the table; at most cap are written. Returns how many
 * there are; after a restart, none is known until it is raised anew. */
uint32_t engine_chattering_members(const struct engine *engine, uint16_t chatter, uint16_t *ret,
                                   uint32_t cap);

/* The first GROUP that is active and has the alarm among its members; -1: none. */
int engine_active_group(const struct engine *engine, uint16_t alarm);

/* How fast a point changes, from good values alone over the model's trend_window_ms. False: not known,
 * because there are too few of them, too old ones, or not only good ones. */
struct trend_view {
    micro_t per_hour;
    uint32_t over_s; /* between the first and the last value that say so */
};
bool engine_trend(const struct engine *engine, uint16_t point, struct trend_view *ret);

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
