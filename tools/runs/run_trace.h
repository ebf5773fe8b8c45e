/*
 * run_trace.h - a run's curves as they were read, what can be seen in them, and its alarms. See run_file.h.
 */
#ifndef CRYOMON_RUN_TRACE_H
#define CRYOMON_RUN_TRACE_H

#include "run_file.h"

/* Fills traces, of run->record's time. 0 or -errno. */
int run_trace_read(struct history_reader *reader, const struct runs_inputs *inputs, struct run_file *run);
/* Fills lapses from the traces. 0 or -ENOMEM. */
int run_trace_lapses(struct run_file *run);
/* Fills alarms. 0 or -errno. */
int run_trace_alarms(struct history_reader *reader, struct run_file *run);
void run_trace_free(struct run_file *run);

#endif
