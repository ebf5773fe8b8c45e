/*
 * log.h - one line to the journal (with MESSAGE_ID and fields) or, without a journal, to stderr.
 *
 * From log_open to log_close a thread of its own writes, because a journal or a terminal that does not read
 * would otherwise hold up whoever logs: an alarm never waits for its own log line. Lines that find no room
 * are counted, and the count is logged. Outside of that time, and in tools and tests, lines are written at
 * once.
 *
 * A function logs or returns an error, never both. The journal is no proof of anything: what must be kept
 * goes into the event chain.
 */
#ifndef CRYOMON_LOG_H
#define CRYOMON_LOG_H

#include <stdbool.h>
#include <syslog.h> /* LOG_ERR ... */

/* Message ids, one per kind of event, so that `journalctl MESSAGE_ID=...` finds all of a kind. They are
 * listed in cryomond(8); never change one. */
#define MID_START        "5e1b6c5d0e9c4c8f9a5d1f0c6c1f7a01"
#define MID_STOP         "5e1b6c5d0e9c4c8f9a5d1f0c6c1f7a02"
#define MID_ALARM        "5e1b6c5d0e9c4c8f9a5d1f0c6c1f7a03"
#define MID_CONFIG       "5e1b6c5d0e9c4c8f9a5d1f0c6c1f7a04"
#define MID_CONFIG_ERROR "5e1b6c5d0e9c4c8f9a5d1f0c6c1f7a05"
#define MID_BUS          "5e1b6c5d0e9c4c8f9a5d1f0c6c1f7a06"
#define MID_STORE        "5e1b6c5d0e9c4c8f9a5d1f0c6c1f7a07"
#define MID_BROKER       "5e1b6c5d0e9c4c8f9a5d1f0c6c1f7a08"
#define MID_CLOCK        "5e1b6c5d0e9c4c8f9a5d1f0c6c1f7a09"
#define MID_WATCHDOG     "5e1b6c5d0e9c4c8f9a5d1f0c6c1f7a0a"
#define MID_CONTROL      "5e1b6c5d0e9c4c8f9a5d1f0c6c1f7a0b"
#define MID_SUSPEND      "5e1b6c5d0e9c4c8f9a5d1f0c6c1f7a0c"

/* Opens the log and starts its thread. level: the least important priority that is written (LOG_INFO by
 * habit). Call once, before any other thread. Returns 0 or -errno: lines are then written at once. */
int log_open(int level);

/* Writes what waits, for at most timeout_ms, and ends the thread; one that hangs is left behind. */
void log_close(unsigned timeout_ms);

/* Logs a line. mid: a MID_... or NULL. */
void log_line(int priority, const char *mid, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The same with one structured field more ("CRYOMON_ASSET=tank-1"). */
void log_field(int priority, const char *mid, const char *field, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
