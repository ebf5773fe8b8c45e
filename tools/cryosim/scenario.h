/*
 * scenario.h - the YAML file that says what is simulated. Its format is in cryosim(8).
 */
#ifndef CRYOSIM_SCENARIO_H
#define CRYOSIM_SCENARIO_H

#include "world.h"

/* Fills the world (fresh from world_init). directory: where relative symlinks of pty lines go; NULL: here.
 * simulate: nothing will be served, so devices need no listener and no unit.
 * All mistakes are printed, "path:line:column: what", in one run. Returns 0 or -EINVAL. */
int scenario_load(struct world *world, const char *path, const char *directory, bool simulate,
                  FILE *mistakes);

#endif
