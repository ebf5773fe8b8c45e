/*
 * notifier.h - what cryonotify says by MQTT, for the core: its status (retained, and last will), its
 * heartbeat, and each call that it has tried.
 *
 * A retained status alone proves nothing: the core waits for the heartbeat.
 */
#ifndef CRYOMON_NOTIFIER_H
#define CRYOMON_NOTIFIER_H

#include "mailbox.h"
#include "messages.h"
#include "note.h"
#include "payload.h"

/* The topic filter to subscribe to. */
char *notifier_filter(char *topic, const struct config *config);

/* Is the arrival cryonotify's? Then it is read and posted to the core (or thrown away when it can't be used).
 */
bool notifier_take(struct mailbox *core, const struct config *config, const struct arrival *arrival);

#endif
