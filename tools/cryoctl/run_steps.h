/*
 * run_steps.h - a run step by step: what was planned, what was, and whether it conforms, as a table.
 */
#ifndef CRYOMON_CRYOCTL_RUN_STEPS_H
#define CRYOMON_CRYOCTL_RUN_STEPS_H

#include "cryoctl.h"
#include "run_file.h"

/* Nothing without a program. columns_wide: of the terminal; 0: no limit. */
void run_steps_print(const struct ctl *ctl, const struct run_file *run, int columns_wide);

#endif
