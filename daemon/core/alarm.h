/*
 * alarm.h - the states of one alarm, after ISA-18.2 / IEC 62682.
 *
 * PURE. Which state follows which, and nothing else: when a condition begins and ends is condition.h, when a
 * hold ends engine_hold.c, and engine.h puts all together.
 *
 * Below any hold, an alarm goes on being what it is (the base):
 *
 *     base                      raised            acknowledged   returned                   realarmed
 *     normal                    unacknowledged    -              -                          -
 *     unacknowledged            -                 acknowledged   returned, unacknowledged   -
 *     acknowledged              -                 -              normal                     unacknowledged
 *     returned, unacknowledged  unacknowledged    normal         -                          -
 *     of a latching alarm:
 *     unacknowledged            -                 acknowledged   unacknowledged, latched    -
 *     acknowledged              -                 -              acknowledged, latched      unacknowledged
 *     unacknowledged, latched   unacknowledged    acknowledged,  -                          -
 *                                                 latched
 *     acknowledged, latched     unacknowledged    -              -                          -   (reset:
 * normal)
 *
 * Three holds can lie over it, each begun and ended for itself. The state that is shown is that of the
 * strongest: out of service, then suppressed, then shelved; without one, the base.
 *
 *     begins: shelved, suppressed, out of service: refused when it is there already. A protected alarm is
 *             never shelved or suppressed, and out of service does not cover it: it is only a mark.
 *     ends:   while a hold covers the alarm nobody can acknowledge or reset it. When one ends and the
 *             condition holds (or it is latched), the base becomes unacknowledged; acknowledged if it was a
 *             shelf and a person ended it, for that person has seen it. When the condition is over, the base
 *             becomes normal; but it stays returned, unacknowledged, if nobody had acknowledged the alarm
 *             before the first hold began (`unseen`) and this one ended by time or by the plant: what waited
 *             for somebody does not go away by itself. (Who shelves an alarm until its condition is over, or
 *             ends a hold, has seen it. The end of a mark changes nothing.)
 *
 * The names (alarm_state_name, transition_name, priority_name) are declared in engine.h.
 */
#ifndef CRYOMON_ALARM_H
#define CRYOMON_ALARM_H

#include "engine.h"

/* A struct of zeros is a normal alarm. */
struct alarm_status {
    enum alarm_state base; /* one of the first four */
    bool latched;          /* only when unacknowledged or acknowledged */
    bool unseen;           /* covered, not acknowledged, and it was not before it was covered */
    bool is_held[HOLD_COUNT];
};

/* The state that is shown. */
enum alarm_state alarm_shown(const struct alarm_model *model, const struct alarm_status *status);

/* Does the condition hold, as far as the alarm was told? */
bool alarm_is_active(const struct alarm_status *status);

/* A hold lies over the base (not only a mark). */
bool alarm_is_covered(const struct alarm_model *model, const struct alarm_status *status);

/* Takes a step. Returns 0, or -EALREADY where the tables above have a dash or the hold is there already or
 * not there, or -EPERM for a hold that a protected alarm can't have. Nothing has changed then. why: of
 * UNSHELVED. */
int alarm_step(const struct alarm_model *model, struct alarm_status *status, enum transition_kind kind,
               enum transition_why why);

/* True for a number that is a state: what comes from a file may be anything. */
bool alarm_state_is_valid(enum alarm_state state);

#endif
