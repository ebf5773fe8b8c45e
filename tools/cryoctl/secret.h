/*
 * secret.h - a password from a person, or from a script.
 */
#ifndef CRYOMON_CRYOCTL_SECRET_H
#define CRYOMON_CRYOCTL_SECRET_H

#include <stdbool.h>
#include <stddef.h>

/* Asks on the terminal itself (whatever stdin and stdout are), without echo. False: there is no terminal, the
 * person has had enough (^C, ^D), or nothing was typed; the text is then wiped. */
bool secret_from_terminal(const char *prompt, char *text, size_t cap);

/* The first line of stdin. False: there is none, or it is too long. */
bool secret_from_stdin(char *text, size_t cap);

#endif
