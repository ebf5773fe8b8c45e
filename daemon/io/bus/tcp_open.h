/*
 * tcp_open.h - connecting to a host: its name, each of its addresses, and a bounded time.
 */
#ifndef CRYOMON_TCP_OPEN_H
#define CRYOMON_TCP_OPEN_H

#include <stddef.h>

#include "config.h"
#include "lookup.h"

/* Connects to config's host and port, IPv4 or IPv6 (fe80::1%eth0 as well). Takes at most connect_timeout_ms
 * for the name and as long again for the connection, of which each address has an equal part: one that
 * swallows everything leaves time for the next. *lookup: NULL, or a look-up that an earlier call did not see
 * the end of; a slow resolver is not asked twice. Returns the socket, or -errno with words in error;
 * -ECANCELED when stop_fd became readable. The socket is below FD_SETSIZE, because libmodbus selects. */
int tcp_open(const struct bus_config *config, int stop_fd, struct lookup **lookup, char *error, size_t cap);

#endif
