/*
 * scenario.h - a story told to the alarm engine, line by line, and what it must say to it.
 *
 *     point NAME stale DURATION
 *     alarm NAME high|low POINT LIMIT [OPTION...]
 *     alarm NAME state POINT VALUE[,VALUE...] [OPTION...]
 *     alarm NAME no-data|bad|flatline POINT [OPTION...]
 *     alarm NAME fault FAULT [OPTION...]
 *     alarm NAME rate POINT rising|falling LIMIT within DURATION [OPTION...]     (LIMIT per hour)
 *     alarm NAME deviation POINT of POINT|from NUMBER LIMIT [OPTION...]
 *     alarm NAME disagree POINT,POINT[,POINT[,POINT]] LIMIT [OPTION...]
 *     alarm NAME group ALARM[,ALARM...] at-least N [OPTION...]
 *     alarm NAME chatter ALARM[,ALARM...] at-least N within DURATION [OPTION...]
 *     alarm NAME fed [OPTION...]
 *
 * OPTION is one of
 *     deadband X   on DURATION   off DURATION   protected   latching
 *     shelve-max DURATION   service-max DURATION   realarm-after DURATION   realarm-step X
 *     suppressed-when POINT is VALUE[,VALUE...]|above X|below X for DURATION
 *
 *     at TIME ACTION
 *     every DURATION from TIME to TIME ACTION      (the last TIME included)
 *     expect TIME TRANSITION ALARM [by WHY] [to STATE]
 *     expect TIME stale POINT
 *     until TIME                                   (time goes on so far after the last action)
 *
 * ACTION is one of
 *     sample POINT VALUE good|uncertain
 *     sample POINT bad REASON
 *     fault FAULT failed|well
 *     feed ALARM holds|over
 *     acknowledge|unshelve|in-service|reset ALARM
 *     shelve ALARM for DURATION [one-shot]
 *     out-of-service ALARM for DURATION            (each of these, with "refused" behind it, must be refused)
 *     restore ALARM STATE                          (what an earlier run left, come late)
 *     check ALARM STATE [active|over|latched]
 *     clock forward|back DURATION                  (the wall clock is set)
 *     restart                                      (a new process: only what alarms remember is kept)
 *     reload                                       (a new engine in the same process)
 *
 * The expect lines are all that may happen, in this order. FAULT, REASON, STATE, TRANSITION and WHY are the
 * names that the system itself uses. A DURATION or TIME is a number with ms, s, min, h or d. Actions at the
 * same time happen in the order of their lines. Time passes from deadline to deadline, as in the daemon.
 */
#ifndef CRYOMON_SCENARIO_H
#define CRYOMON_SCENARIO_H

#include <stdbool.h>

#include "engine.h"

#define SCENARIO_POINTS_MAX  16
#define SCENARIO_ALARMS_MAX  32
#define SCENARIO_ACTIONS_MAX 4096
#define SCENARIO_EXPECTS_MAX 256
#define SCENARIO_MEMBERS_MAX 128
#define SCENARIO_NAME_MAX    32

enum action_kind {
    ACTION_SAMPLE,
    ACTION_FAULT,
    ACTION_FEED,
    ACTION_ORDER,
    ACTION_RESTORE,
    ACTION_CHECK,
    ACTION_CLOCK,
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
    bool flag; /* failed, holds, forward, or refused */
    enum alarm_state state;
    enum is { IS_WHATEVER, IS_ACTIVE, IS_OVER, IS_LATCHED } is; /* CHECK */
    enum event_kind order;
    int64_t for_us; /* of the hold, or how far the clock is set */
    bool one_shot;
};

struct outcome {
    int64_t at_us;
    unsigned line; /* 0 for what happened */
    bool is_stale;
    enum transition_kind kind;
    uint16_t index; /* of the alarm, or point when is_stale */
    bool has_why, has_state;
    enum transition_why why;
    enum alarm_state to;
};

struct scenario {
    unsigned n_points, n_alarms, n_actions, n_expects;
    uint32_t n_members;
    uint16_t members[SCENARIO_MEMBERS_MAX];
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
