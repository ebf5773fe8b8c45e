/*
 * runs.h - the runs of a controlled-rate freezer, recognised in its stored readings.
 *
 * Which points are its chamber, sample, setpoint ... says the configuration (runs:). Where it does not, they
 * are known by their names: chamber, sample, setpoint, segment, program (the controller's status), lid or
 * door, power or mains, ln2-low; and what their states mean follows from the states' names: run, running;
 * hold, held, holdback, pause; complete, completed, end, finished; reset, idle, ready, off; open; closed; on;
 * low. A state with another name counts as not known.
 *
 * What a device said while it was bypassed is uncertain, as the daemon takes it.
 *
 * The record keeps UTC. Where the clock was set, readings are taken in the order of storage, and the times of
 * a run go on as the clock went when it began (record_clock.h). What was set by more than that knows, or
 * while the daemon was away, hides what was read until the time was there again: that is left out.
 */
#ifndef CRYOMON_RUNS_H
#define CRYOMON_RUNS_H

#include "config.h"
#include "freezer_run.h"
#include "program.h"
#include "reader.h"
#include "record_bypass.h"

struct runs_from {
    uint32_t has; /* inputs that there are: 1 << FREEZER_INPUT_... */
    int64_t
        gap_us; /* as configured; else three times the chamber's usual interval, at least FREEZER_GAP_US */
    uint64_t left_out; /* readings from before what was already read */
    struct record_clock clock;
    int64_t utc_minus_us; /* the wall clock when the run that is given began, less the time by clock */
};

/* Which points are the freezer's inputs. */
struct runs_input {
    char asset[ID_MAX], point[ID_MAX]; /* "": there is none */
    char device[ID_MAX];               /* that has it now; "": not known */
    const struct point_config *config; /* for the states; NULL: not configured */
};
struct runs_inputs {
    const struct freezer_config *freezer; /* NULL: by names */
    struct runs_input inputs[FREEZER_INPUTS];
};

/* Finds them. config (may be NULL: then states can't be read) must outlive *ret. 0, -ENOENT (the asset has no
 * chamber), or -errno. */
int runs_find_inputs(struct history_reader *reader, const struct config *config, const char *asset,
                     struct runs_inputs *ret);

/* A stored reading as freezer_run_take wants it. */
int64_t runs_value(const struct runs_inputs *inputs, enum freezer_input input, const struct history_row *row,
                   enum quality *ret_quality);

/* Called for each run that has ended, and for one that has not by the end of the range; with the program that
 * it was followed with. False: enough. */
typedef bool runs_fn(void *context, const struct freezer_record *record, const struct program *program);

/* The program of a run that would begin at the time; NULL: not known. What it gives must stay. */
typedef const struct program *runs_program_fn(void *context, int64_t utc_us);

/* Goes through the freezer's readings with from <= taken < to. Returns 0 with *ret, or -errno. */
int runs_each(struct history_reader *reader, const struct runs_inputs *inputs, runs_program_fn *program,
              int64_t from_us, int64_t to_us, runs_fn *run, void *context, struct runs_from *ret);

#endif
