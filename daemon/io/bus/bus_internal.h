/*
 * bus_internal.h - what the parts of the bus thread offer each other: bus.c (the link, one transaction and
 * its consequences) and round.c (all registers of a device, and what they say about each other).
 */
#ifndef CRYOMON_BUS_INTERNAL_H
#define CRYOMON_BUS_INTERNAL_H

#include "bus.h"
#include "bus_device.h"

const struct config *bus_config(const struct bus *bus);

/* The bus must end: what is under way is broken off, and says nothing about the device. */
bool bus_stopping(const struct bus *bus);

/* Counted up by each connect. */
uint32_t bus_connection(const struct bus *bus);

/* One transaction with its consequences for link and trust; REASON_NONE when words are there. A device that
 * is busy is asked again, until device->busy_until_us. */
enum reason bus_ask(struct bus *bus, struct bus_device *device, struct modbus_request *request,
                    struct modbus_reply *reply);

void bus_post_sample(struct bus *bus, uint16_t point, const struct reading *reading, struct stamp slot,
                     struct stamp taken);

#endif
