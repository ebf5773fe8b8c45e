/*
 * round_values.h - the readings of a poll under way: taken from replies, judged by the guards, told. Of
 * round.c; nobody else includes it.
 */
#ifndef CRYOMON_ROUND_VALUES_H
#define CRYOMON_ROUND_VALUES_H

#include "bus_internal.h"

/* A poll under way. */
struct round {
    struct bus *bus;
    struct bus_device *device;
    const struct config *config;
    struct stamp slot;
    bool believed;
    unsigned splits;
    uint16_t n_refused;    /* blocks that stand alone */
    uint16_t n_missing;    /* of these, those that were answered before */
    uint16_t n_answered;   /* blocks */
    uint16_t missing_item; /* one of the n_missing */
    bool refused;          /* something was not given */
    bool unproven;         /* something may be somebody else's */
    bool mute;             /* the poll ended at a register for which the device is never heard */
};

/* For the log: the device's id; what the register is called in the profile; its table. */
const char *round_values_device(const struct round *round);
const char *round_values_register(const struct round *round, const struct bus_entry *entry);
const char *round_values_table(const struct plan_item *item);

/* The registers of a block as its reply has them. While the device is not believed they are bad, but for its
 * identity. */
void round_values_take(const struct round *round, const struct plan_item *items,
                       const struct plan_block *block, const struct modbus_reply *reply);

/* No reply to the block, for this reason. */
void round_values_fail_block(const struct round *round, const struct plan_item *items,
                             const struct plan_block *block, enum reason reason);

/* All points that the poll has not told yet; with known_too also those that it has read. */
void round_values_fail(const struct round *round, enum reason reason, bool known_too);

bool round_values_is_identity(const struct bus_entry *entry);

/* What the guards of this poll say about its values. */
void round_values_judge(const struct round *round);

/* Posts what is known and was not told. */
void round_values_tell(const struct round *round);

#endif
