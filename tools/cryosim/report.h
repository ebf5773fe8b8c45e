/*
 * report.h - the state of the world as JSON.
 */
#ifndef CRYOSIM_REPORT_H
#define CRYOSIM_REPORT_H

#include "world.h"

/* Compact JSON in one line, for the caller to free; NULL when out of memory. */
char *report_list(const struct world *world);
/* The line that says where masters can connect. control may be NULL. */
char *report_ready(const struct world *world, const char *control);

#endif
