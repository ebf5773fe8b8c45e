/* freezer_simulated.h - cryosim's freezer as the daemon's core sees it. */
#ifndef CRYOMON_TEST_FREEZER_SIMULATED_H
#define CRYOMON_TEST_FREEZER_SIMULATED_H

#include "freezer.h"
#include "freezer_program.h"

/* The program of a freezer with these four segments: hold, a ramp in which the sample freezes, a ramp, hold.
 * The caller sets its limits. */
void freezer_simulated_program(struct freezer_program *program, const struct freezer_segment segments[4]);

/* What its status register means: one of FREEZER_STATUS_*. */
int freezer_simulated_status(const struct freezer *freezer);

#endif
