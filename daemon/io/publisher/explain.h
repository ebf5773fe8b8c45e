/* explain.h - why there is no connection, in words that lead to the cause. */
#ifndef CRYOMON_EXPLAIN_H
#define CRYOMON_EXPLAIN_H

#include <stdbool.h>
#include <stddef.h>

#include "config.h"
#include "note.h"

/* The host and port of "mqtt://host:port" (an IPv6 address in brackets loses them). Returns 0 or -EINVAL. */
int explain_endpoint(const char *uri, char *host, size_t cap, char port[8]);

/* "wrong version number" out of "8047...:error:0A00010B:SSL routines:ssl3_get_record:wrong version
 * number:...". */
void explain_tls(const char *openssl, char *text, size_t cap);

/* A connection that could not be made. tls: what OpenSSL said (explain_tls), "" for nothing. May try to
 * connect itself, at most a second, to learn what paho does not tell. */
void explain_refusal(const struct mqtt_config *mqtt, const struct note *refused, const char *tls, char *text,
                     size_t cap);

#endif
