/*
 * spoil.h - sends a reply as a fault has it.
 */
#ifndef CRYOSIM_SPOIL_H
#define CRYOSIM_SPOIL_H

#include "fault.h"
#include "link.h"

struct spoil {
    struct link *link;
    const struct request *request;
    struct fault fault;
    struct frame reply;   /* the true one; for FAULT_EXCEPTION already that exception */
    struct frame foreign; /* FAULT_FOREIGN: what comes first */
    int64_t at_us;        /* when the reply may leave */
    int64_t *busy_us;     /* set to when its last byte leaves */
};

void spoil_send(struct spoil *spoil, struct random_source *random);

#endif
