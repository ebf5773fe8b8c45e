/*
 * link.h - one connection: a TCP socket or a serial line, and one transaction at a time on it.
 *
 * libmodbus sets the serial line up; TCP connections (tcp_open.h) and frames are ours, and every reply is
 * validated by core/modbus_reply before anybody sees it. Owned by one bus thread.
 *
 * On a serial line a frame identical to the request is never a reply: the adapter hears what it sends. With
 * echo: true the request's own bytes are awaited and taken off, and nothing else is. A report of a module
 * (reports.h) before or behind the reply is passed over once it is known.
 *
 * With ignore_transaction_id a reply may have any transaction id. Nothing ties it to its request then: it is
 * as doubtful as on a serial line, must stand alone, and the device has to prove itself (bus_device.h).
 */
#ifndef CRYOMON_LINK_H
#define CRYOMON_LINK_H

#include "config.h"
#include "heartbeat.h"
#include "modbus_reply.h"
#include "reports.h"

#define LINK_GAP_MS     20 /* over FTDI's latency timer of 16 ms: a second frame shows itself in it */
#define LINK_SILENCE_US INT64_C(1750) /* between frames above 19200 baud; else 3.5 characters */

struct link;

/* stop_fd: readable means "end now"; every wait of a link gives up then. Returns 0 or -ENOMEM. */
int link_create(const struct bus_config *config, int stop_fd, struct link **ret);
void link_free(struct link *link);

/* Opens the connection: for TCP at most connect_timeout_ms for the name, and as long for the connection.
 * Returns 0 or -errno with words in link_error. */
int link_open(struct link *link, struct heartbeats *heartbeats, int slot);
void link_close(struct link *link);
bool link_is_open(const struct link *link);

/* Waits until the connection has been silent for pause_ms since the end of the last frame; a serial line at
 * least as long as the specification says. False when bytes came on a serial line meanwhile: then it is not
 * silent. */
bool link_rest(struct link *link, uint32_t pause_ms);

/* One request and its reply. ret->outcome is set, and for BUS_BAD_REPLY ret->fault. A TCP connection is
 * closed on NO_REPLY, BAD_REPLY and LINK_DOWN. A serial line stays open, but must be drained before the next
 * request. A write (functions 5, 6; serial only; count is the value) is answered by the same frame: where the
 * adapter hears itself and that is not configured, BUS_OK of a write proves nothing. A reply that is read
 * more than a second after the timeout (the machine was suspended) is none. */
void link_transact(struct link *link, struct modbus_request *request, uint32_t timeout_ms,
                   struct modbus_reply *ret);

/* Serial: reads and throws away until the line was silent for quiet_ms, for at most 4 x quiet_ms. Returns
 * true when it fell silent. Nothing to do on TCP (true). ret_bytes: how many came. */
bool link_drain(struct link *link, uint32_t quiet_ms, size_t *ret_bytes);

/* Serial: what was drained since the last transaction began, and what came in it that was no reply (the first
 * bytes of much). Each byte is given once. Returns how many. */
size_t link_take_waste(struct link *link, const uint8_t **ret);

/* The reports that this line is known for; the caller notes them. */
struct reports *link_reports(struct link *link);

/* Serial: true when bytes wait that nobody asked for. TCP: the same, or the end of the stream (then it is
 * closed). */
bool link_has_unasked(struct link *link);

/* Words for the last failed link_open. */
const char *link_error(const struct link *link);

#endif
