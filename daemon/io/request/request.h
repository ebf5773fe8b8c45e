/*
 * request.h - what a person asks for, as a JSON object: read in one way for the control socket and for MQTT.
 *
 * PURE of I/O. Which members a verb takes, which it needs, and what they may hold. Who asks is not said here:
 * that is proven by the socket or by the broker.
 */
#ifndef CRYOMON_REQUEST_H
#define CRYOMON_REQUEST_H

#include <jansson.h>

#include "messages.h"

#define REQUEST_KEYS_MAX  12 /* members of a verb, and the NULL behind them */
#define REQUEST_ERROR_MAX 128

/* "acknowledge", "out-of-service": the last level of the MQTT topic. */
const char *request_verb_name(enum command_verb verb);
/* False: no such verb. */
bool request_find_verb(const char *name, enum command_verb *ret);

/* The members that a verb understands, NULL-terminated. */
const char *const *request_keys(enum command_verb verb);

/* "30 min", "2 h", "3 d", "90 s". Returns 0, or -EINVAL (also for 0, and for more than 400 days, which no
 * hold may last). */
int request_parse_duration(const char *text, uint32_t *ret_ms);

/* Reads the members of an object (NULL: none) into request, whose verb is set; other fields are left as they
 * are. Returns 0, or
 *   -EINVAL   a member is missing, unknown, of the wrong kind, or does not say what it should
 *   -E2BIG    a text is longer than *ret_limit bytes
 * with the member's name in ret_key (as long as the object is there), and what is wrong in words in ret_error
 * (REQUEST_ERROR_MAX bytes). */
int request_read(const json_t *object, struct command_request *request, const char **ret_key,
                 size_t *ret_limit, char *ret_error);

#endif
