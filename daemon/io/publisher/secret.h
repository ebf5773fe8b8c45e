/* secret.h - the broker's password: from a file or a systemd credential, read anew for each connection. */
#ifndef CRYOMON_SECRET_H
#define CRYOMON_SECRET_H

#include <stddef.h>

#include "config.h"

#define SECRET_MAX 512

/* Reads the first line. *ret_length 0 and "" when no password is configured. Returns 0, or -errno with the
 * words in text. The caller wipes the buffer (explicit_bzero). */
int secret_read(const struct mqtt_config *mqtt, char secret[SECRET_MAX], size_t *ret_length, char *text,
                size_t cap);

/* Says in text which of the TLS files can't be read. Returns 0 or -errno. */
int secret_check_files(const struct mqtt_config *mqtt, char *text, size_t cap);

#endif
