/*
 * program.h - tells by running a program: a modem, a siren, a relay.
 *
 * No shell: the arguments are what the configuration says, with values in the place of ${placeholders}; a
 * value never becomes more than one argument. The message stands on standard input. The environment is small,
 * no descriptor but 0, 1 and 2 is open, and the program has a process group of its own. Exit status 0 means
 * that it has told; 75 (EX_TEMPFAIL) that it may be tried again; anything else that it failed. The last line
 * that it printed becomes the detail.
 */
#ifndef CRYOMON_PROGRAM_H
#define CRYOMON_PROGRAM_H

#include "channel.h"

/* stop_fd: when it becomes readable, the program is ended. */
void program_send(int stop_fd, const struct channel_config *config, const struct notice *notice,
                  struct channel_result *result);

#endif
