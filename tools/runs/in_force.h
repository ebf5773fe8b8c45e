/*
 * in_force.h - the configurations that were in force, and when, from the events and the texts in the record.
 */
#ifndef CRYOMON_IN_FORCE_H
#define CRYOMON_IN_FORCE_H

#include "config.h"
#include "reader.h"

/* The configuration with this hash (64 hexadecimal digits). A new reference, or NULL: its text is not in the
 * record, or this program can't read it. */
struct config *in_force_load(struct history_reader *reader, const char *sha256);

/* The hash that an event of kind start or configuration names; "" if it is another. */
void in_force_hash(const struct history_event *event, char ret[65]);

/* The last one before a moment: since when, by which event. 1, 0 (the record does not tell) or -errno. */
struct in_force {
    int64_t since_us;
    uint64_t seq;
    char sha256[65];
};
int in_force_before(struct history_reader *reader, int64_t before_us, struct in_force *ret);

#endif
