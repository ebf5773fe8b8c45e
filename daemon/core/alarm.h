/*
 * alarm.h - the states of one alarm, after ISA-18.2 / IEC 62682.
 *
 * PURE. Which state follows which, and nothing else: when a condition begins and ends is condition.h, and
 * engine.h puts both together.
 *
 *     state                     raised            acknowledged   returned
 *     normal                    unacknowledged    -              -
 *     unacknowledged            -                 acknowledged   returned, unacknowledged
 *     acknowledged              -                 -              normal
 *     returned, unacknowledged  unacknowledged    normal         -
 *
 * The names (alarm_state_name, transition_name, priority_name) are declared in engine.h.
 */
#ifndef CRYOMON_ALARM_H
#define CRYOMON_ALARM_H

#include "engine.h"

/* The state after a transition. Returns 0, or -EALREADY where the table above has a dash. */
int alarm_next(enum alarm_state from, enum transition_kind kind, enum alarm_state *ret_to);

/* True for a number that is a state: what comes from a file may be anything. */
bool alarm_state_is_valid(enum alarm_state state);

#endif
