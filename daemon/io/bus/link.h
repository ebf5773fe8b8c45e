/*
 * link.h - one connection: a TCP socket or a serial line, and one transaction at a time on it.
 *
 * libmodbus frames, times and checks the CRC; the connection is ours (IPv4 and IPv6, bounded, with
 * keepalive), and every reply is validated by core/modbus_reply before anybody sees it. Owned by one bus
 * thread.
 */
#ifndef CRYOMON_LINK_H
#define CRYOMON_LINK_H

#include "config.h"
#include "heartbeat.h"
#include "modbus_reply.h"

struct link;

/* stop_fd: readable means "end now"; every wait of a link gives up then. Returns 0 or -ENOMEM. */
int link_create(const struct bus_config *config, int stop_fd, struct link **ret);
void link_free(struct link *link);

/* Opens the connection: at most connect_timeout_ms for TCP (a name look-up may take longer: it says so to the
 * heartbeat). Returns 0 or -errno; -ENOENT with the resolver's words in link_error. */
int link_open(struct link *link, struct heartbeats *heartbeats, int slot);
void link_close(struct link *link);
bool link_is_open(const struct link *link);

/* One request and its reply. ret->outcome is set, and for BUS_BAD_REPLY ret->fault. A TCP connection is
 * closed on NO_REPLY, BAD_REPLY and LINK_DOWN. A serial line stays open, but must be drained before the next
 * request. */
void link_transact(struct link *link, struct modbus_request *request, uint32_t timeout_ms,
                   struct modbus_reply *ret);

/* Serial: reads and throws away until the line was silent for quiet_ms, for at most 4 x quiet_ms. Returns
 * true when it fell silent. Nothing to do on TCP (true). ret_bytes: how many came. */
bool link_drain(struct link *link, uint32_t quiet_ms, size_t *ret_bytes);

/* Serial: true when bytes wait that nobody asked for. TCP: the same, or the end of the stream (then it is
 * closed). */
bool link_has_unasked(struct link *link);

/* Words for the last failed link_open. */
const char *link_error(const struct link *link);

#endif
