/*
 * run_program.h - which run, and which program, the command line means.
 */
#ifndef CRYOMON_CRYOCTL_RUN_PROGRAM_H
#define CRYOMON_CRYOCTL_RUN_PROGRAM_H

#include "cryoctl.h"
#include "program.h"
#include "run_file.h"

/* The file of --program; NULL without that option. False: complained about each mistake in it. */
bool run_program_load(const struct ctl *ctl, struct program **ret);

/* Opens the run that a person names: its id (ASSET@..., or the part behind '@'), a time at which it went on
 * or after which it began, or "last". program as run_wish. CTL_OK with *ret, or the exit status after a
 * complaint.
 */
int run_program_open(struct ctl *ctl, struct history_reader *reader, const struct program *program,
                     const char *asset, const char *name, struct run_file **ret);

#endif
