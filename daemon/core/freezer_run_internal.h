/* freezer_run_internal.h - what the parts of freezer_run share. */
#ifndef CRYOMON_FREEZER_RUN_INTERNAL_H
#define CRYOMON_FREEZER_RUN_INTERNAL_H

#include "freezer_run.h"

/* freezer_run_step.c: which step runs. */
void freezer_run_enter(struct freezer_run *run, int step, int64_t now_us, int64_t elapsed_us);
void freezer_run_leave(struct freezer_run *run, int64_t now_us);
void freezer_run_advance(struct freezer_run *run, int64_t now_us);
bool freezer_run_is_last(const struct freezer_run *run);

/* freezer_run_conduct.c: a usable reading of the chamber (sample -1) or of a sample's probe in a run.
 * since_us: since the one before it; it is a gap when that is longer than gap_us. */
void freezer_run_conduct(struct freezer_run *run, int sample, int64_t now_us, micro_t value,
                         int64_t since_us);
void freezer_run_find(struct freezer_run *run, int64_t now_us);
void freezer_run_inside(struct freezer_run *run); /* nothing is outside its tolerance now */

/* freezer_run_recognise.c: whether a run begins or ends. */
void freezer_run_by_status(struct freezer_run *run, int64_t now_us, enum freezer_phase status,
                           bool after_gap);
void freezer_run_by_chamber(struct freezer_run *run, int64_t now_us, micro_t value);
void freezer_run_end(struct freezer_run *run, int64_t now_us, enum freezer_end how);

#endif
