/*
 * tank_hall_map.h - on whose level probe a fill appears; for tank_hall.c only.
 *
 * The time is cut where a valve is moved, and every quarter of an hour. In each part every tank whose valve
 * is open must rise, and no other. When of the open ones exactly one does not, and of the others exactly one
 * does, which was not rising before that valve opened, and has risen ever since: that fill appears there.
 * Twice in a row is a suspicion of both tanks.
 */
#ifndef CRYOMON_TANK_HALL_MAP_H
#define CRYOMON_TANK_HALL_MAP_H

#include "tank_hall.h"

void hall_map_init(struct hall *hall);
/* The readings of tank i are in; its valve is open, or not. */
void hall_map_fed(struct hall *hall, unsigned i, bool open);

#endif
