/*
 * automatic.h - the alarms that cryomon makes by itself: their names, and what staff read about them.
 *
 * Of the system: one for each enum system_fault, and one for each bus with two devices and more. Of a point:
 * no data, bad, and when its calibration is due. Of an asset: chattering, the manual reading that
 * is overdue, and the one that is beyond a limit. Of a vessel, a supply and a freezer's runs: those of
 * derived_alarm().
 */
#ifndef CRYOMON_AUTOMATIC_H
#define CRYOMON_AUTOMATIC_H

#include "draft.h"

#define AUTOMATIC_CHATTER "chattering"
#define AUTOMATIC_ROUNDS  "manual-reading-overdue"
#define AUTOMATIC_BEYOND  "manual-reading-beyond-" /* and the priority */

/* A bus's alarm is "bus-ID-silent": longer ids of buses have no room in it. */
#define BUS_ID_MAX (ID_MAX - (sizeof "bus--silent" - 1))

/* Tells all alarms of an asset (-1: the system) that a group may have as members: those in the files and
 * those that cryomon makes, without groups, chattering
 * and values read by eye. */
void automatic_each_alarm(const struct draft *d, int asset, void (*tell)(void *context, const char *id),
                          void *context);

/* How many it makes in all. */
size_t automatic_count(const struct draft *d);

/* Has the asset an alarm of this priority that can be judged by a value read by eye? */
bool automatic_beyond(const struct draft *d, const struct draft_asset *asset, enum priority priority,
                      bool *ret_life_safety);

/* Does the bus get its alarm? Then *ret_at_least members must be active: more than one device alone has. */
bool automatic_bus(const struct draft *d, size_t bus, uint16_t *ret_at_least);

enum automatic_kind {
    AUTOMATIC_IS_NO_DATA,
    AUTOMATIC_IS_BAD,
    AUTOMATIC_IS_DUE,
    AUTOMATIC_IS_OVERDUE,
    AUTOMATIC_IS_CHATTER,
    AUTOMATIC_IS_ROUNDS,
    AUTOMATIC_IS_BEYOND,
    AUTOMATIC_IS_BUS
};

/* Fill in text, response and consequence. */
void automatic_texts(struct alarm_config *alarm, enum automatic_kind kind, const char *name);
void automatic_derived_texts(struct alarm_config *alarm, const struct derived_alarm *from);
void automatic_fault_texts(struct alarm_config *alarm, enum system_fault fault);
enum priority automatic_fault_priority(enum system_fault fault);

#endif
