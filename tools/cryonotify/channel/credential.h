/* credential.h - a secret from a file or a systemd credential, read anew for each message. */
#ifndef CRYOMON_CREDENTIAL_H
#define CRYOMON_CREDENTIAL_H

#include "channel.h"

#define CREDENTIAL_MAX 1024

/* Is there a place at all? */
bool credential_is_set(const struct secret_place *place);

/* Reads the first line, without its end. "" when no place is set. what names it in error ("the password").
 * Returns 0 or -errno with the words in error. The caller wipes secret (explicit_bzero). */
int credential_read(const struct secret_place *place, const char *what, char secret[CREDENTIAL_MAX],
                    char *error, size_t cap);

#endif
