/* run_lanes.h - what happened during a run, on the axis of its curve: a lane for each kind that there is
 * (held, lid, power, nitrogen, alarms, notes). Not for others than run_chart. */
#ifndef CRYOMON_RUN_LANES_H
#define CRYOMON_RUN_LANES_H

#include "run_panel.h"

#define RUN_LANE 9.0 /* the height of one */

unsigned run_lanes_count(const struct run_panel *p);
/* From y downwards, over the panel's width. */
void run_lanes_draw(const struct run_panel *p, double y);

#endif
