/*
 * request.h - the one call on the connection, and its answer: JSON texts that end with a NUL, as Varlink has
 * them.
 */
#ifndef CRYOMON_CRYOSIGN_REQUEST_H
#define CRYOMON_CRYOSIGN_REQUEST_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#define REQUEST_MAX 8192

struct request {
    json_t *call;                                     /* owns what follows */
    const char *meaning, *comment, *asset, *password; /* comment, asset: "" when absent */
    int64_t from_utc_us, to_utc_us;
};

/* Reads a call from the connection, within timeout_ms. Returns 0, or -errno with the part that is wrong:
 * -EINVAL (a parameter), -EBADMSG (no call), -ETIMEDOUT, -EPIPE. */
int request_read(int fd, int timeout_ms, struct request *ret, const char **ret_wrong);
void request_free(struct request *request);

/* error NULL: a success. parameters is consumed, NULL: none. Best effort: the caller may be gone. */
void request_answer(int fd, const char *error, json_t *parameters);

#endif
