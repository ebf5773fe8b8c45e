/*
 * bus.h - a bus thread: one Modbus endpoint (a TCP host:port or a serial line), all devices on it.
 *
 * The thread owns the only connection and the only modbus_t; one transaction at a time. It polls each device
 * at its interval (slots on a fixed grid; faster while tempo.h says so), reads adjacent registers in one
 * request, validates each reply (core/modbus_reply), decodes it (core/decode) and posts one CORE_SAMPLE per
 * point of the request: a value, or the reason why there is none. Nothing is ever written to a device, but
 * for the fallback's relay on a serial line, between two polls (errand.h). What the device's other registers
 * say about the points (core/guard) is applied before they are posted: round.h. Every
 * DIAGNOSTICS_INTERVAL_MS, and soon after a change, it posts CORE_DIAGNOSTICS for each device.
 *
 * The consequence of each outcome:
 *   BUS_OK         the samples are good, unless the device still has to prove itself
 *
 *   BUS_NO_REPLY   bad (timeout). TCP: the connection is closed. RTU: the line is drained until silent, and
 * the device is unproven until two clean reads behind a probe whose reply can't be a late one
 *
 *   BUS_BAD_REPLY  bad (bad-reply); then as BUS_NO_REPLY
 *
 *   BUS_REFUSED    bad (refused); the connection stays. "Busy" (exceptions 5, 6): asked again for a short
 * while first. A gateway's word for a silent unit (10, 11) is a timeout of that unit alone
 *
 *   BUS_LINK_DOWN  bad (link-down). It can't be opened: for every device, and the link backs off (capped,
 * jittered). A TCP connection broke: what was asked on one that had served is asked once more, else only this
 * device backs off, as if silent; for the others it is opened again
 *
 * A TCP connection that the device has closed between two polls is no fault: it is made again at once and
 * without a word, and only if that fails the points are bad. A bus that has to wait for another one's
 * connection (turns.h) polls when its turn comes; slots that have waited longer than the device's interval
 * are told as stale.
 */
#ifndef CRYOMON_BUS_H
#define CRYOMON_BUS_H

#include "errand.h"
#include "heartbeat.h"
#include "mailbox.h"
#include "messages.h"
#include "tempo.h"
#include "turns.h"

struct bus;

/* What the buses of a configuration share; each may be NULL (no bus has a limit, nobody is asked faster, no
 * relay is on a serial line). */
struct bus_shared {
    struct turns *turns;
    struct tempo *tempo;
    struct errand *errand; /* writes to the relay */
};

/* Starts the thread of config->buses[index]. config and what is in shared: references are
 * taken. core outlives the bus. stop_fd: an eventfd of the caller that becomes readable when all buses of
 * this configuration must end; each then posts CORE_BUS_EXITED (a transaction under way is broken off). One
 * fd serves all buses, because libmodbus can't use descriptors from 1024 on. Returns 0 or -errno. */
int bus_create(struct config *config, uint16_t index, struct mailbox *core, struct heartbeats *heartbeats,
               const struct bus_shared *shared, int stop_fd, struct bus **ret);

/* Joins and frees. Call it after CORE_BUS_EXITED, so that it does not wait. bus_free(NULL) is a no-op. */
void bus_free(struct bus *bus);

#endif
