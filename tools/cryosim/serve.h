/*
 * serve.h - answers one request: the true reply, or what a fault makes of it.
 */
#ifndef CRYOSIM_SERVE_H
#define CRYOSIM_SERVE_H

#include "link.h"

void serve_request(struct link *link, const struct request *request);

#endif
