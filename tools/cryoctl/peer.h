/*
 * peer.h - a Modbus line that cryoctl asks by itself, for commissioning: scan and probe.
 *
 * Reading only (functions 1 to 4), one request at a time, a pause before each, and every reply is proven as
 * the daemon proves it. On a serial line that the daemon or another program holds, opening fails: two masters
 * would take each other's replies.
 */
#ifndef CRYOMON_CRYOCTL_PEER_H
#define CRYOMON_CRYOCTL_PEER_H

#include "cryoctl.h"
#include "modbus_reply.h"

struct peer_target {
    struct bus_config bus;
    uint16_t first_port, last_port; /* TCP */
};

/* "HOST", "HOST:PORT", "HOST:FIRST-LAST", "[v6]:PORT" or "/dev/...": with --baud, --parity and --stop-bits
 * for the line. False: complained. */
bool peer_parse(const struct ctl *ctl, const char *text, struct peer_target *ret);

struct peer;

/* Opens the line of the target; port: TCP. quiet: don't complain. Returns NULL when it can't be opened. */
struct peer *peer_open(const struct ctl *ctl, const struct peer_target *target, uint16_t port,
                       uint32_t timeout_ms, bool quiet);
void peer_close(struct peer *peer);

/* Asks; a line lost by the last fault is opened again. */
void peer_ask(struct peer *peer, struct modbus_request *request, struct modbus_reply *ret);

/* "300ms", "2s". */
bool peer_parse_timeout(const char *text, uint32_t *ret_ms);

#endif
