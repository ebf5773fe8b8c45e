/*
 * vessel_parts.h - what the files of vessel.h share: heat, filling, and the vessel itself.
 */
#ifndef CRYOSIM_VESSEL_PARTS_H
#define CRYOSIM_VESSEL_PARTS_H

#include "vessel.h"

#define VESSEL_LATENT_J_L (199e3 * 0.807) /* LN2 at 1 atm: 199 kJ/kg, 0.807 kg/L */

/* How much more than with a good vacuum comes through the wall. */
double vessel_heat_wall_factor(const struct vessel *vessel);
/* The column in balance with level, room and leak. */
void vessel_heat_settle(struct vessel *vessel);
/* Vacuum, column, and what boils. */
void vessel_heat_step(struct vessel *vessel, double dt_s);
/* Racks (and samples) at this height. */
double vessel_heat_column_c(const struct vessel *vessel, double cm);

/* The controller, the valve, and what flows in. */
void vessel_fill_step(struct vessel *vessel, double dt_s, struct supply *supply);
/* What an open valve would see, bar. */
double vessel_fill_line_bar(const struct vessel *vessel, const struct supply *supply);

/* Where a probe reads: through the wiring. */
double vessel_place_c(const struct vessel *vessel, enum vessel_probe probe);

#endif
