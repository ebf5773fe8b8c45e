/*
 * control.h - the Unix socket on which cryosim is told what to do: a line in, a line out.
 *
 * The answer is "ok", "ok TEXT" or "error: WHY". The socket is for its owner only (mode 0600).
 */
#ifndef CRYOSIM_CONTROL_H
#define CRYOSIM_CONTROL_H

#include "world.h"

struct control;

/* Replaces a socket that nobody listens on. Returns 0, -EADDRINUSE when another cryosim has it, or -errno. */
int control_open(struct world *world, const char *path, struct control **ret);
void control_close(struct control *control); /* removes the socket */
/* Frees clients that have gone. */
void control_tick(struct control *control);

#endif
