/*
 * store.h - the store thread: the only writer of state.db and history.db.
 *
 * state.db (WAL, synchronous FULL) gets each event at once: the event in its hash chain, the alarm's state
 * and the outbox row in one transaction. history.db gets one frame row per commit interval with all samples
 * since. Both open when the disk is there: a missing, full or failing disk is reported as FAULT_STATE_DB or
 * FAULT_HISTORY_DB to the core, what was to be written waits in memory within a bound, and opening and
 * writing are tried again for ever. What had to be given up is counted and told to the core (CORE_GAP), which
 * makes an event of it.
 *
 * Directory: made (0750) when its parent is there, files 0640. The file "lock" keeps a second daemon out;
 * "ballast" is 8 MiB held back for events on a full disk. Readings stop while less than 16 MiB are free: the
 * last room belongs to the events. A file that is damaged, of another program or of a newer version is
 * reported, never touched. The directory of the first configuration is used; another one takes effect at the
 * next start.
 *
 * Events: seq must grow. One that is stored already, byte for byte, is ignored; another with a number that is
 * not above the last one stored is not stored, but told as CORE_GAP. Up to 4096 wait in memory. The outbox
 * gets a row per event while the configuration has MQTT. Readings: up to 64 MiB (1.6 million) wait in memory.
 *
 * Thread contract. Everything to core is posted MAILBOX_RESERVED and tried again until there is room:
 *   CORE_RESTORED    at the first successful opening, each alarm that is not normal (but those of which a
 * newer event waits in memory), and then CORE_STORE_OPEN, ok true; until then state.db is not open, and
 * CORE_FAULT says why. Both come again (again true) when another state.db has taken the place of ours while
 * we ran: the core then tells its alarm states anew. A state.db that is missing at the first opening although
 * there is a history.db is told as CORE_FAULT, and numbers go on from the clock's microseconds: a number must
 * not come twice. CORE_DURABLE after each transaction: which events are on disk. CORE_FAULT FAULT_STATE_DB,
 * FAULT_HISTORY_DB, FAULT_RECORD, with the path and the reason; again when the reason changes CORE_GAP when
 * writing works again; also for posts to the store's mailbox that were refused and PUBLISHER_DURABLE to the
 * publisher. Both mailboxes outlive the store. SQLite's file locks are per process: nobody else in the
 * process may open() and close() these files but through SQLite.
 *
 * Schema and reader: history/schema.h, history/reader.h.
 */
#ifndef CRYOMON_STORE_H
#define CRYOMON_STORE_H

#include "heartbeat.h"
#include "mailbox.h"
#include "messages.h"

struct store;

/* Creates the store and its mailbox, and starts the thread. config: a reference is taken. core and publisher
 * are mailboxes that outlive the store. Returns 0 or -errno (memory, thread): never because of the disk. */
int store_create(struct config *config, struct mailbox *core, struct mailbox *publisher,
                 struct heartbeats *heartbeats, struct store **ret);

struct mailbox *store_mailbox(struct store *store); /* of struct store_message */

/* Writes what waits, marks a clean stop, closes, joins. Waits at most timeout_ms for the disk; when it hangs
 * the thread is left behind (-ETIMEDOUT) and the store must not be freed. store_stop(NULL) is a no-op. */
int store_stop(struct store *store, unsigned timeout_ms);
void store_free(struct store *store);

#endif
