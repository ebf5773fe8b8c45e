/*
 * sheet.h - what is so and what the probes show, as lines of comma-separated values.
 *
 * A column is named DEVICE.WHAT; what ends in _reading_* is what a probe shows, and empty while it is broken.
 */
#ifndef CRYOSIM_SHEET_H
#define CRYOSIM_SHEET_H

#include "world.h"

void sheet_header(const struct world *world, FILE *out);
/* ahead: also compute the hours that are left, which costs a simulation; else those columns are empty. */
void sheet_row(const struct world *world, double time_s, bool ahead, FILE *out);

#endif
