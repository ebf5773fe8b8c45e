/*
 * leftovers.h - topics that the broker still retains for assets and alarms that are no more: found by a
 * subscription after each connection, or by comparing two configurations, and cleared.
 */
#ifndef CRYOMON_LEFTOVERS_H
#define CRYOMON_LEFTOVERS_H

#include "note.h"
#include "payload.h"

#define LEFTOVERS_FILTERS 4

/* The filters under which our retained topics are; n < LEFTOVERS_FILTERS. */
char *leftovers_filter(char *topic, const struct config *config, unsigned n);

/* Is a retained message ours and of something that the configuration does not have? */
bool leftovers_is(const struct config *config, const struct arrival *arrival);

/* Does the configuration publish on this topic? A topic that waits to be cleared may have come back with a
 * reload: then clearing it would wipe out an alarm that is in force. */
bool leftovers_is_in_use(const struct config *config, const char *topic);

/* A bounded queue of topics to clear. What does not fit is found again at the next connection. */
#define LEFTOVERS_MAX 8192
struct leftovers {
    char *topics[LEFTOVERS_MAX];
    unsigned head, used;
};
void leftovers_add(struct leftovers *leftovers, const char *topic);
/* The oldest topic, or NULL; leftovers_pop forgets it. */
const char *leftovers_peek(const struct leftovers *leftovers);
void leftovers_pop(struct leftovers *leftovers);
void leftovers_clear(struct leftovers *leftovers);

/* What the old configuration had published and the new one will not. */
void leftovers_compare(struct leftovers *leftovers, const struct config *old_config,
                       const struct config *new_config);

#endif
