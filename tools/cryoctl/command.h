/*
 * command.h - commands to the daemon, in the caller's name: parameters, the call, and the answer as JSON.
 */
#ifndef CRYOMON_CRYOCTL_COMMAND_H
#define CRYOMON_CRYOCTL_COMMAND_H

#include "cryoctl.h"

/* Sets a text; NULL sets nothing. False: it is not UTF-8. */
bool command_set(json_t *parameters, const char *key, const char *value);
/* Frees the parameters, and complains that a text is not UTF-8. CTL_USAGE. */
int command_not_utf8(const struct ctl *ctl, json_t *parameters);

/* Calls io.cryomon.Monitor.METHOD; consumes the parameters. The answer (decref it), or NULL after a
 * complaint; *ret_status is the exit status. With --json the answer has been printed. */
json_t *command_call(const struct ctl *ctl, const char *method, json_t *parameters, int *ret_status);

#endif
