/*
 * control_call.h - one Varlink call: the JSON text of a message, checked against the protocol.
 */
#ifndef CRYOMON_CONTROL_CALL_H
#define CRYOMON_CONTROL_CALL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#define CONTROL_ERROR_PARAMETER "org.varlink.service.InvalidParameter"

struct control_call {
    json_t *message; /* owns what follows */
    const char *method;
    json_t *parameters; /* an object, or NULL */
    bool oneway, more, upgrade;
};

/* Returns 0, or -EBADMSG when the text is no Varlink call at all; *ret_wrong then names the part that is not
 * as it should be (a static string). Free with control_call_free. */
int control_call_parse(const char *text, size_t len, struct control_call *ret, const char **ret_wrong);
void control_call_free(struct control_call *call);

/* The first parameter whose name is not in the NULL-terminated list, or NULL when all are known. */
const char *control_call_unknown(const struct control_call *call, const char *const *known);

#endif
