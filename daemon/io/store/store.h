/*
 * store.h - the store thread: the only writer of state.db and history.db.
 *
 * state.db (WAL, synchronous FULL) gets each event at once: the event in its hash chain, the alarm's state and
 * the outbox row in one transaction. history.db gets one frame row per commit interval with all samples since.
 * Both open when the disk is there: a missing, full or failing disk is reported as FAULT_STATE_DB or
 * FAULT_HISTORY_DB to the core, what was to be written waits in memory within a bound, and opening and writing
 * are tried again for ever. What had to be given up is counted and told to the core (CORE_GAP), which makes an
 * event of it.
 *
 * Thread contract: posts to core (CORE_STORE_OPEN, CORE_RESTORED, CORE_FAULT, CORE_GAP) and to the publisher
 * (PUBLISHER_DURABLE). Schema and reader: history/schema.h, history/reader.h.
 */
#ifndef CRYOMON_STORE_H
#define CRYOMON_STORE_H

#include "heartbeat.h"
#include "mailbox.h"
#include "messages.h"

struct store;

/* Creates the store and its mailbox, and starts the thread. config: a reference is taken. core and publisher are
 * mailboxes that outlive the store. Returns 0 or -errno (memory, thread): never because of the disk. */
int store_create(struct config *config, struct mailbox *core, struct mailbox *publisher,
                 struct heartbeats *heartbeats, struct store **ret);

struct mailbox *store_mailbox(struct store *store); /* of struct store_message */

/* Writes what waits, marks a clean stop, closes, joins. Waits at most timeout_ms for the disk; when it hangs
 * the thread is left behind (-ETIMEDOUT) and the store must not be freed. store_stop(NULL) is a no-op. */
int store_stop(struct store *store, unsigned timeout_ms);
void store_free(struct store *store);

#endif
