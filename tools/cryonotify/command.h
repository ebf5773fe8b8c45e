/* command.h - the commands that speak to the running service: status, calls, off, on, test, ack. */
#ifndef CRYONOTIFY_COMMAND_H
#define CRYONOTIFY_COMMAND_H

#include <stdbool.h>

#include "config.h"

struct command {
    const char *socket;
    const char *verb, *what;   /* what: PERSON, PERSON/CHANNEL, ASSET/ALARM; NULL: none */
    const char *why, *lasting; /* --why, --for */
    bool json;
    enum language language; /* what people read; JSON is the same in both */
};

/* By $LC_ALL, $LC_MESSAGES, $LANG, as cryoctl. */
enum language command_language(void);
bool command_is(const char *verb);
/* Returns the exit status: 0, 1 (refused), 2 (wrong use), 3 (the service can't be reached). */
int command_run(const struct command *command);

#endif
