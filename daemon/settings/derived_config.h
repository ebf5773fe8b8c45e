/*
 * derived_config.h - what is told of tanks, supplies and freezers beyond their points, and the quantities
 * and alarms that cryomon derives from it. Part of struct config; keys and defaults: cryomon.yaml(5).
 *
 * A derived point is a point like any other (points[], point_models[]), but no device has it: its device is
 * POINT_DERIVED, and its format that of a 32-bit integer, so that what is stored is raw = value x 10^decimals
 * and is decoded again years later like a register. It has no automatic alarms of its own; a file may give it
 * alarms like any point.
 */
#ifndef CRYOMON_DERIVED_CONFIG_H
#define CRYOMON_DERIVED_CONFIG_H

#include "engine.h"
#include "freezer_run.h"
#include "tank_vessel.h"

#define POINT_DERIVED     UINT16_MAX /* point_config.device */
#define VESSELS_MAX       1024
#define SUPPLIES_MAX      64
#define FREEZERS_MAX      256
#define PROGRAMS_MAX      256
#define ROLE_STATES_MAX   8
#define EXPECTED_RUNS_MAX 14 /* times of a week at which a run is to have begun */
#define PHASES_MAX        32 /* as many as a point can have states */
#define ROLE_NONE         (-1)

/* A point in a role: which one, and how its value is to be understood. */
struct role {
    int point;        /* index in points[]; ROLE_NONE: there is none */
    int64_t num, den; /* a number: value x num / den is in the role's unit (cm, L, bar, degC); 1/1. Both
                         are at most 10^6, den > 0 */
    /* A state: "on" (open, low, lost ...) in one of these, "off" in one of those; any other is neither, and
     * not known. n_off 0: any other is off. Values as in reg_state.value. n_states 0: on is what is not 0. */
    uint8_t n_states, n_off;
    int64_t states[ROLE_STATES_MAX], off[PHASES_MAX];
};

/* What the value of its point is in a role with states: 1 on, 0 off, -1 not known. role.c. */
int role_state(const struct role *role, micro_t value);

/* What is derived for a tank with `vessel`. Each is a point; those marked 3 have two more, ID-least and
 * ID-most, the ends of the interval at 90 %. Append only. */
enum tank_point {
    TANK_POINT_PHASE,          /* state: unknown, static, filling, settling, lid-open (enum tank_phase) */
    TANK_POINT_VOLUME,         /* L */
    TANK_POINT_BOIL_OFF_LEVEL, /* 3: cm/d */
    TANK_POINT_BOIL_OFF,       /* 3: L/d */
    TANK_POINT_TIME_TO_LOW,    /* 3: h */
    TANK_POINT_TIME_TO_EMPTY,  /* 3: h */
    TANK_POINT_TIME_TO_150,    /* 3: h, until the samples' probe is at -150 degC if nobody does anything */
    TANK_POINT_TIME_TO_135,    /* 3: h */
    TANK_POINT_VACUUM_INDEX,   /* 3: boil-off against the vessel's own baseline: 1 is as ever */
    TANK_POINT_VACUUM,         /* state: unknown, good, watch, failing (enum tank_vacuum) */
    TANK_POINT_CAUSE,          /* state: none, vacuum, lid, ice, room (enum tank_cause) */
    TANK_POINT_SINCE_FILL,     /* h */
    TANK_POINT_FILL_INTERVAL,  /* h, usual */
    TANK_POINT_FILL_TIME,      /* min, usual */
    TANK_POINT_USED_DAY,       /* L/d, filled in: the mean of the last full days, up to 7 */
    TANK_POINT_USED_MONTH,     /* L in the last 30 days */
    TANK_POINT_LID_OPEN,       /* min, now */
    TANK_POINT_LID_OPEN_DAY,   /* min in the last 24 h */
    TANK_POINT_LID_WARMED,     /* K, by the last opening */
    TANK_POINT_COUNT
};
enum supply_point {
    SUPPLY_POINT_DRAWN,          /* L/d */
    SUPPLY_POINT_DAYS_LEFT,      /* 3: d, until the reserve */
    SUPPLY_POINT_SINCE_ANY_FILL, /* h, since any of its tanks was filled */
    SUPPLY_POINT_COUNT
};
enum freezer_point {
    FREEZER_POINT_RUN,  /* state: idle, running, complete, stopped, lost (of the last run, until the next) */
    FREEZER_POINT_STEP, /* number, from 1; 0: not in a step */
    FREEZER_POINT_RUN_TIME,  /* min since the run began */
    FREEZER_POINT_DEVIATION, /* K: what freezer_run_deviation says */
    FREEZER_POINT_COUNT
};

/* An interval's points: value, least, most. */
enum { BOUND_VALUE, BOUND_LEAST, BOUND_MOST, BOUNDS };

/* How a derived point is written: its id, unit, decimals, states and names in both languages, whether it has
 * an interval. derived_points.c; ids are stable, they are in topics and in the record. */
enum derived_of { DERIVED_OF_TANK, DERIVED_OF_SUPPLY, DERIVED_OF_FREEZER };
struct derived_point {
    const char *id, *unit;
    uint8_t decimals;
    bool has_interval;
    const char *name[2];            /* en, zh */
    const char *const (*states)[2]; /* n_states pairs of names, by value from 0; NULL: a number */
    uint8_t n_states;
    const char *ids[BOUNDS]; /* has_interval: "ID", "ID-least", "ID-most" */
};
/* NULL: there is no such point. */
const struct derived_point *derived_point(enum derived_of of, unsigned which);

/* The alarms that cryomon derives (CONDITION_FED). Those of a tank: one for each enum tank_flag in the order
 * of their bits, then these. Append only; ids in derived_alarm(). */
#define TANK_FLAGS 15
enum tank_alarm {
    TANK_ALARM_FLAGS = TANK_FLAGS, /* below: bit i of tank_view.flags */
    TANK_ALARM_VACUUM_FAILING = TANK_FLAGS,
    TANK_ALARM_VACUUM_WATCH,
    TANK_ALARM_TIME_MEDIUM, /* hours left against the staff's travel time: see time_left_ms */
    TANK_ALARM_TIME_HIGH,
    TANK_ALARM_TIME_CRITICAL,
    TANK_ALARM_MAPPING, /* a fill or the opened lid of this tank appeared on another tank's probe:
                           "mapping-suspect" */
    TANK_ALARM_COUNT
};
enum supply_alarm {
    SUPPLY_ALARM_NO_FILLS, /* no tank filled since ...; or two and more wait for a fill */
    SUPPLY_ALARM_SHORT,    /* the reserve is reached in less than days_at_least */
    SUPPLY_ALARM_COUNT
};
#define FREEZER_ALARM_COUNT 10 /* one for each enum freezer_finding in the order of their bits */

struct derived_alarm {
    const char *id;
    enum priority priority;
    const char *text[2], *consequence[2], *response[2]; /* en, zh */
};
const struct derived_alarm *derived_alarm(enum derived_of of, unsigned which); /* NULL: there is none */

struct vessel_config {
    uint16_t asset;
    struct tank_vessel model;
    struct role level; /* cm; the others may be ROLE_NONE */
    struct role temps[TANK_TEMPS];
    struct role lid, valve; /* on: open */
    struct role room;       /* degC */
    int supply;             /* index in supplies[]; -1: not said */
    uint32_t travel_ms;     /* the staff's way to it */
    uint32_t
        time_left_ms[3]; /* medium, high, critical: less time than this beyond the way, and it is raised */
    int points[TANK_POINT_COUNT][BOUNDS]; /* indices in points[]; -1: none */
    int alarms[TANK_ALARM_COUNT];         /* indices in alarms[]; -1: what it needs is not configured */
};

struct supply_config {
    uint16_t asset;
    struct role stock;    /* L */
    struct role pressure; /* bar */
    micro_t reserve_l;
    uint32_t days_at_least; /* 0: not watched */
    int points[SUPPLY_POINT_COUNT][BOUNDS];
    int alarms[SUPPLY_ALARM_COUNT];
};

/* A time of the week, local. */
struct expected_run {
    uint8_t day; /* 0 Sunday ... 6 Saturday */
    uint16_t minute;
};

struct freezer_config {
    uint16_t asset;
    /* By enum freezer_input. STATUS: only its point, see below. LID: on is open; LN2: on is low; POWER: on is
     * off, the power is lost. A sample's further probes: SAMPLE_2 to SAMPLE_4, without a hole. */
    struct role inputs[FREEZER_INPUTS];
    /* What the states of the status point mean: value -> enum freezer_phase. */
    uint8_t n_phases;
    struct {
        int64_t value;
        enum freezer_phase phase;
    } phases[PHASES_MAX];
    int program; /* index in programs[]: what it runs when nobody says otherwise; -1: not known */
    struct freezer_setup setup; /* program is NULL and due_us FREEZER_NONE */
    uint32_t run_interval_ms;   /* its device is asked so often during a run; 0: as usual */
    uint8_t n_expected;
    struct expected_run expected[EXPECTED_RUNS_MAX];
    uint32_t late_after_ms; /* after an expected time */
    int points[FREEZER_POINT_COUNT][BOUNDS];
    int alarms[FREEZER_ALARM_COUNT];
};

/* What nitrogen costs; per litre, in micro_t of the currency. 0: not known. */
struct nitrogen_config {
    micro_t price_per_l;
    char currency[8];
};

#endif
