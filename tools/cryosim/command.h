/*
 * command.h - the line commands, the same from the control socket and from the scenario's script.
 */
#ifndef CRYOSIM_COMMAND_H
#define CRYOSIM_COMMAND_H

#include "world.h"

#define COMMAND_MAX 512 /* a line is shorter than this */

enum command_mode {
    COMMAND_CHECK,  /* only see whether a script may say it */
    COMMAND_SCRIPT, /* `step` is not for scripts: time moves them */
    COMMAND_CONTROL,
};

/* Runs a line. What it has to say is written to out, without a line's end: the answer (may be nothing), or on
 * failure the reason. Returns 0 or -EINVAL. */
int command_run(struct world *world, const char *line, enum command_mode mode, FILE *out);

#endif
