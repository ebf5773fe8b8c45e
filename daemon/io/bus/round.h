/*
 * round.h - one poll of a device, block by block: its identity when that is due, its registers, and what they
 * say about each other.
 *
 * A device with guards has its readings posted when the whole poll is judged; without guards, block by block.
 * A poll that breaks off posts what it has: values whose guards were not read are uncertain, the rest is
 * missing, with the reason.
 *
 * A block that the device refuses because a register is not there is read apart, at once and from then on, so
 * that one missing register hides no other. What stands alone and is refused is bad, and asked for again: in
 * each poll, or every five seconds when there are many.
 *
 * Some devices don't refuse what they don't know, but are silent. What was not answered is asked last in the
 * next poll; when it stays silent while the others are answered, it is asked for seldom, and the others are
 * polled as if it were not there.
 */
#ifndef CRYOMON_ROUND_H
#define CRYOMON_ROUND_H

#include "bus_internal.h"

/* Polls the device, which has proven its line, and posts a sample per point, unless the bus is stopping.
 * Returns what the poll came to: REASON_NONE; REASON_REFUSED when something was refused; REASON_WRONG_DEVICE;
 * or why the device did not answer. */
enum reason round_run(struct bus *bus, struct bus_device *device, struct stamp slot);

/* No point of the device has a value for the slot, and this is why. */
void round_missing(struct bus *bus, const struct bus_device *device, enum reason reason, struct stamp slot);

#endif
