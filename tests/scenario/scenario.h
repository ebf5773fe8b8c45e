/*
 * scenario.h - a story told to the alarm engine, line by line, and what it must say to it.
 *
 *     point NAME stale DURATION
 *     alarm NAME high|low POINT LIMIT [deadband X] [on DURATION] [off DURATION]
 *     alarm NAME state POINT VALUE[,VALUE...] [on DURATION] [off DURATION]
 *     alarm NAME no-data|bad POINT [on DURATION] [off DURATION]
 *     alarm NAME fault FAULT [on DURATION] [off DURATION]
 *
 *     at TIME ACTION
 *     every DURATION from TIME to TIME ACTION      (the last TIME included)
 *     expect TIME raised|returned|acknowledged ALARM
 *     expect TIME stale POINT
 *     until TIME                                   (time goes on so far after the last action)
 *
 * ACTION is one of
 *     sample POINT VALUE good|uncertain
 *     sample POINT bad REASON
 *     fault FAULT failed|well
 *     acknowledge ALARM
 *     acknowledge ALARM refused                    (there is nothing to acknowledge)
 *     restore ALARM STATE                          (what an earlier run left, come late)
 *     check ALARM STATE
 *     restart                                      (a new process: only the alarms' states are kept)
 *     reload                                       (a new engine in the same process)
 *
 * The expect lines are all that may happen, in this order. FAULT, REASON and STATE are the names that the
 * system itself uses. A DURATION or TIME is a number with ms, s, min or h. Actions at the same time happen in
 * the order of their lines. Time passes from deadline to deadline, as in the daemon.
 */
#ifndef CRYOMON_SCENARIO_H
#define CRYOMON_SCENARIO_H

#include <stdbool.h>

#include "engine.h"

#define SCENARIO_POINTS_MAX  16
#define SCENARIO_ALARMS_MAX  32
#define SCENARIO_ACTIONS_MAX 4096
#define SCENARIO_EXPECTS_MAX 256
#define SCENARIO_NAME_MAX    32

enum action_kind {
    ACTION_SAMPLE,
    ACTION_FAULT,
    ACTION_ACKNOWLEDGE,
    ACTION_RESTORE,
    ACTION_CHECK,
    ACTION_RESTART,
    ACTION_RELOAD,
};

struct action {
    int64_t at_us;
    unsigned line;
    enum action_kind kind;
    uint16_t index; /* of the point or alarm */
    struct reading reading;
    enum system_fault fault;
    bool flag; /* failed, or refused */
    enum alarm_state state;
};

struct outcome {
    int64_t at_us;
    unsigned line; /* 0 for what happened */
    bool is_stale;
    enum transition_kind kind;
    uint16_t index; /* of the alarm, or point when is_stale */
};

struct scenario {
    unsigned n_points, n_alarms, n_actions, n_expects;
    char point_names[SCENARIO_POINTS_MAX][SCENARIO_NAME_MAX];
    char alarm_names[SCENARIO_ALARMS_MAX][SCENARIO_NAME_MAX];
    struct point_model points[SCENARIO_POINTS_MAX];
    struct alarm_model alarms[SCENARIO_ALARMS_MAX];
    struct action actions[SCENARIO_ACTIONS_MAX]; /* by time */
    struct outcome expects[SCENARIO_EXPECTS_MAX];
    int64_t until_us;
};

/* Reads a file into *ret, a struct of zeros. On a mistake prints file:line and why, and returns false. */
bool scenario_read(const char *path, struct scenario *ret);

#endif
