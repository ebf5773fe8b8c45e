/*
 * publisher.h - the publisher thread: owns paho, speaks MQTT 5, and is the only one that does.
 *
 * Events are delivered at least once: each waits until it is on disk (PUBLISHER_DURABLE) or PUBLISHER_HOLD_MS
 * have passed, goes out at QoS 1, and is forgotten (STORE_SENT) only on a success reason code in the PUBACK.
 * What is unconfirmed is sent again after each reconnect, oldest first: from a ring in memory, and what the
 * ring no longer holds from the outbox in state.db (opened read-only). At most min(Receive Maximum, 20) are
 * under way.
 *
 * Retained alarm states are state, not events: after each reconnect all of them are published again, and
 * those that are normal are cleared. Topics and payloads: cryomon-mqtt(7).
 *
 * Thread contract: posts CORE_FAULT (FAULT_BROKER), CORE_ACKNOWLEDGE (origin MQTT) to core, STORE_SENT to
 * store.
 */
#ifndef CRYOMON_PUBLISHER_H
#define CRYOMON_PUBLISHER_H

#include "heartbeat.h"
#include "mailbox.h"
#include "messages.h"

struct publisher;

/* run_id: a text unique to this run of the daemon; it is part of status messages and readings. The
 * publisher's mailbox exists from here on; the thread starts with publisher_start. Returns 0 or -errno. */
int publisher_create(struct config *config, const char *run_id, struct heartbeats *heartbeats,
                     struct publisher **ret);
struct mailbox *publisher_mailbox(struct publisher *publisher); /* of struct publisher_message */

/* core and store: mailboxes that outlive the thread. */
int publisher_start(struct publisher *publisher, struct mailbox *core, struct mailbox *store);

/* Sends what is left, waits for the last head of the record (PUBLISHER_SETTLED), publishes "offline" and
 * disconnects: at most timeout_ms. From then on nothing is posted. Returns 0, or -ETIMEDOUT when the thread
 * hangs (a name server, a disk): it is then left behind, the mailboxes given to publisher_start must stay,
 * and publisher_free must not be called. publisher_stop(NULL) is a no-op. */
int publisher_stop(struct publisher *publisher, unsigned timeout_ms);

/* After publisher_stop. Waits for the thread to end, which with paho takes up to a second: best called when
 * the other parts have been stopped too. publisher_free(NULL) is a no-op. */
void publisher_free(struct publisher *publisher);

#endif
