/*
 * registers.h - the register maps of REGISTERS.md: a model's state as Modbus registers.
 */
#ifndef CRYOSIM_REGISTERS_H
#define CRYOSIM_REGISTERS_H

#include "model.h"

#include <modbus.h>
#include <stdint.h>

/* An empty map of the size that this kind of device has, or NULL when out of memory. */
modbus_mapping_t *registers_new(const struct model *model);

/* Writes the state into the map. seconds drives the heartbeat. */
void registers_publish(const struct model *model, const void *state, uint64_t seconds, modbus_mapping_t *map);

/* Two registers, high word first. */
void registers_put_u32(uint16_t *registers, uint32_t value);
void registers_put_float(uint16_t *registers, float value);

#endif
