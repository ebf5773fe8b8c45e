/*
 * heartbeat.h - which threads are alive. Each thread owns one slot and beats it on every turn of its loop;
 * the core thread looks at all of them before it feeds the watchdog.
 *
 * A thread that is about to do something that may take long and can't be interrupted (a name look-up, a
 * write to a slow disk) says so first with the time it allows itself; it is late only after that.
 * Only time in which the machine ran counts: after a suspend nobody is late. The slots are atomics; no locks.
 */
#ifndef CRYOMON_HEARTBEAT_H
#define CRYOMON_HEARTBEAT_H

#include <stdbool.h>
#include <stdint.h>

#define HEARTBEAT_SLOTS   1100
#define HEARTBEAT_NAME    32
#define HEARTBEAT_LATE_MS 10000 /* the allowance of an ordinary turn */

struct heartbeats;

int heartbeats_create(struct heartbeats **ret); /* 0 or -ENOMEM */
void heartbeats_free(struct heartbeats *hb);

/* Takes a free slot for the calling thread (any thread may), and gives the thread this name for `ps -L` and
 * debuggers. Returns the slot, or -ENOSPC. */
int heartbeat_join(struct heartbeats *hb, const char *name);
void heartbeat_leave(struct heartbeats *hb, int slot);

/* I am alive, and will be back within HEARTBEAT_LATE_MS (beat) or allowance_ms (busy). */
void heartbeat_beat(struct heartbeats *hb, int slot);
void heartbeat_busy(struct heartbeats *hb, int slot, uint32_t allowance_ms);

/* Finds a late thread: true and its name (HEARTBEAT_NAME bytes), or false when all are in time. A thread that
 * the kernel holds in uninterruptible sleep (state D: a hung disk) is not reported: killing the process would
 * not free it, and alarms still work; ret_blocked says whether the
 * thread named disk_thread is in that state. */
bool heartbeat_find_late(struct heartbeats *hb, char *ret_name, const char *disk_thread, bool *ret_blocked);

#endif
