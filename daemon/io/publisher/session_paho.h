/* session_paho.h - what session.c and session_callbacks.c share. */
#ifndef CRYOMON_SESSION_PAHO_H
#define CRYOMON_SESSION_PAHO_H

#include <MQTTAsync.h>

#include "mailbox.h"
#include "note.h"

/* The context of one connection's callbacks. Constant while paho may call; freed after MQTTAsync_destroy. */
struct session_link {
    MQTTAsync handle;
    struct mailbox *notes;
    uint32_t epoch;
};

void session_callbacks_set(struct session_link *link);
void session_callbacks_connect(struct session_link *link, MQTTAsync_connectOptions *options);
void session_callbacks_publish(struct session_link *link, MQTTAsync_responseOptions *options);
void session_callbacks_subscribe(struct session_link *link, MQTTAsync_responseOptions *options);
int session_callbacks_tls(const char *text, size_t length, void *context);

#endif
