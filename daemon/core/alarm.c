/* alarm.c - see alarm.h. */
#include "alarm.h"

#include <errno.h>

#define STATE_COUNT      (ALARM_RETURNED_UNACKNOWLEDGED + 1)
#define TRANSITION_COUNT (TRANSITION_RETURNED + 1)

static const struct next {
    bool valid;
    enum alarm_state to;
} NEXT[STATE_COUNT][TRANSITION_COUNT] = {
    [ALARM_NORMAL] = {[TRANSITION_RAISED] = {true, ALARM_UNACKNOWLEDGED}},
    [ALARM_UNACKNOWLEDGED] = {[TRANSITION_ACKNOWLEDGED] = {true, ALARM_ACKNOWLEDGED},
                              [TRANSITION_RETURNED] = {true, ALARM_RETURNED_UNACKNOWLEDGED}},
    [ALARM_ACKNOWLEDGED] = {[TRANSITION_RETURNED] = {true, ALARM_NORMAL}},
    [ALARM_RETURNED_UNACKNOWLEDGED] = {[TRANSITION_RAISED] = {true, ALARM_UNACKNOWLEDGED},
                                       [TRANSITION_ACKNOWLEDGED] = {true, ALARM_NORMAL}},
};

int alarm_next(enum alarm_state from, enum transition_kind kind, enum alarm_state *ret_to)
{
    if (!NEXT[from][kind].valid)
        return -EALREADY;
    *ret_to = NEXT[from][kind].to;
    return 0;
}

bool alarm_state_is_valid(enum alarm_state state)
{
    return (unsigned)state < STATE_COUNT;
}

bool alarm_state_is_active(enum alarm_state state)
{
    return state == ALARM_UNACKNOWLEDGED || state == ALARM_ACKNOWLEDGED;
}

const char *alarm_state_name(enum alarm_state state)
{
    static const char *const NAMES[STATE_COUNT] = {
        [ALARM_NORMAL] = "normal",
        [ALARM_UNACKNOWLEDGED] = "unacknowledged",
        [ALARM_ACKNOWLEDGED] = "acknowledged",
        [ALARM_RETURNED_UNACKNOWLEDGED] = "returned-unacknowledged",
    };

    return alarm_state_is_valid(state) ? NAMES[state] : "?";
}

const char *transition_name(enum transition_kind kind)
{
    static const char *const NAMES[TRANSITION_COUNT] = {
        [TRANSITION_RAISED] = "raised",
        [TRANSITION_ACKNOWLEDGED] = "acknowledged",
        [TRANSITION_RETURNED] = "returned",
    };

    return (unsigned)kind < TRANSITION_COUNT ? NAMES[kind] : "?";
}

const char *priority_name(enum priority priority)
{
    static const char *const NAMES[] = {
        [PRIORITY_LOW] = "low",
        [PRIORITY_MEDIUM] = "medium",
        [PRIORITY_HIGH] = "high",
        [PRIORITY_CRITICAL] = "critical",
    };

    return (unsigned)priority <= PRIORITY_CRITICAL ? NAMES[priority] : "?";
}
