/*
 * descriptors.h - file descriptors are few: libmodbus selects, and so can use none from FD_SETSIZE (1024) on,
 * and the service manager may allow fewer. Connections never take the last ones: store, publisher and control
 * need theirs for as long as the daemon runs, because alarms depend on them.
 */
#ifndef CRYOMON_DESCRIPTORS_H
#define CRYOMON_DESCRIPTORS_H

#include <stdbool.h>

#define DESCRIPTORS_WANTED 4096 /* as in cryomond.service */
#define DESCRIPTORS_OWN    48   /* what everything but the connections needs, with some to spare */

/* Raises the soft limit to DESCRIPTORS_WANTED, or to the hard limit if that is lower. Call it once, at the
 * start. */
void descriptors_raise(void);

/* How many connections fit at the same time. */
unsigned descriptors_room(void);

/* May a connection have this descriptor? */
bool descriptors_fit(int fd);

/* Moves a descriptor that is no connection out of their way, if the limit allows. Returns the descriptor to
 * use; fd itself when it could not be moved, or is negative. It is closed on exec. */
int descriptors_aside(int fd);

#endif
