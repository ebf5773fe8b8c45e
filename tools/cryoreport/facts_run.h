/* facts_run.h - what the parts of the gathering of one run share. Not for others. */
#ifndef CRYOMON_FACTS_RUN_H
#define CRYOMON_FACTS_RUN_H

#include "facts_internal.h"
#include "run_file.h"

/* A number in degC or K; NULL (left out) for FREEZER_NONE. */
json_t *facts_run_degrees(int64_t value);

/* curve, ice_curve and lapses, into facts; its gaps are there already. */
void facts_run_curves(struct gather *g, const struct run_file *run);
/* program, steps, limits and verdict. */
void facts_run_program(struct gather *g, const struct run_file *run);
/* notes, decision, decisions and earlier. */
void facts_run_book(struct gather *g, const struct run_file *run);

#endif
