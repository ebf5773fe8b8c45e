/*
 * monitor.h - the core thread: messages in, engine, events out to store and publisher; reload, watchdog,
 * clock.
 *
 * It owns all state of alarms and points. It never waits on a disk, a broker or a device.
 */
#ifndef CRYOMON_MONITOR_H
#define CRYOMON_MONITOR_H

#include "control.h"
#include "fallback.h"
#include "heartbeat.h"
#include "mailbox.h"
#include "messages.h"
#include "publisher.h"
#include "store.h"

#define DAEMON_RUN_MAX 40 /* the id of a run of the daemon, with NUL */

struct monitor;

/* The parts that main made. All outlive the monitor. control may be NULL (no socket), and
 * fallback. signal_fd: a signalfd
 * for SIGTERM, SIGINT and SIGHUP. config: a reference is taken. */
struct monitor_parts {
    struct config *config;
    const char *config_dir;
    const char *run_id;
    struct mailbox *core;
    struct heartbeats *heartbeats;
    struct store *store;
    struct publisher *publisher;
    struct control *control;
    struct fallback *fallback;
    int signal_fd;
};

/* Allocates everything the core needs. Returns 0 or -errno. */
int monitor_create(const struct monitor_parts *parts, struct monitor **ret);
void monitor_free(struct monitor *monitor);

/* Takes up what an earlier run left, starts the buses, says READY, and runs until SIGTERM or SIGINT. Returns
 * false when a bus thread could not be ended (a name look-up that hangs): then nothing may be freed. */
bool monitor_run(struct monitor *monitor);

#endif
