/*
 * runs.h - the runs of a controlled-rate freezer, recognised in its stored readings.
 *
 * Points are known by their names in the configuration: chamber, sample, setpoint, segment, program (the
 * controller's status), lid or door, power or mains, ln2-low. What their states mean follows from the states'
 * names: run, running; hold, held, holdback, pause; complete, completed, end, finished; reset, idle, ready,
 * off; open; closed; on; low. A state with another name counts as not known.
 *
 * The record keeps UTC, so a clock that was set back hides what was read until it was there again: that is
 * left out.
 */
#ifndef CRYOMON_CRYOCTL_RUNS_H
#define CRYOMON_CRYOCTL_RUNS_H

#include "config.h"
#include "freezer_run.h"
#include "reader.h"

struct runs_from {
    uint32_t has; /* inputs that there are: 1 << FREEZER_INPUT_... */
    int64_t
        gap_us; /* that was taken: three times the usual interval of the chamber, at least FREEZER_GAP_US */
    uint64_t left_out; /* readings from before what was already read */
};

/* Called for each run that has ended, and for one that has not by the end of the range. */
typedef void runs_fn(void *context, const struct freezer_record *record);

/* Goes through the readings of the asset with from <= taken < to. config (may be NULL: then states can't be
 * read) and program (may be NULL) are borrowed. Returns 0 with *ret, -ENOENT (the asset has no point
 * "chamber"), or -errno. */
int runs_each(struct history_reader *reader, const struct config *config, const char *asset,
              const struct freezer_program *program, int64_t from_us, int64_t to_us, runs_fn *run,
              void *context, struct runs_from *ret);

#endif
