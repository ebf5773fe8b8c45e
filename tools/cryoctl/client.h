/*
 * client.h - calls the daemon's control socket (Varlink).
 */
#ifndef CRYOMON_CRYOCTL_CLIENT_H
#define CRYOMON_CRYOCTL_CLIENT_H

#include "cryoctl.h"

#define CLIENT_TIMEOUT_MS        15000
#define CLIENT_RELOAD_TIMEOUT_MS 37000 /* longer than the daemon's */

struct client_failure {
    int status;      /* the exit status for it; CTL_OK: interrupted (ctl->interrupt_fd) */
    char error[96];  /* the Varlink error; "" when there was no answer */
    char text[4096]; /* what it means, in the user's language */
};

/* Calls a method. parameters is consumed (NULL: none). What was done and is not on disk yet is said on
 * standard error. Returns the answer's parameters (decref them), or NULL with *ret_failure. */
json_t *client_call(const struct ctl *ctl, const char *method, json_t *parameters, int timeout_ms,
                    struct client_failure *ret_failure);

/* The same at another socket. */
json_t *client_call_at(const struct ctl *ctl, const char *path, const char *method, json_t *parameters,
                       int timeout_ms, struct client_failure *ret_failure);

/* From now on what jansson has allocated is wiped before it is freed: a password goes through it. */
void client_wipe_memory(void);

/* Complains and gives the exit status. */
int client_complain(const struct client_failure *failure);

/* The text member of an object, "" when it is not there. */
const char *client_text(const json_t *object, const char *key);
/* A bilingual member in the user's language; fallback when it is not there or empty. */
const char *client_name(const struct ctl *ctl, const json_t *object, const char *key, const char *fallback);

#endif
