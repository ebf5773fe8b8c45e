/*
 * control_client.h - one connection: whole messages in, replies out, and what its present call waits for.
 *
 * A client has one call in hand at a time. Until the reply to it has been taken by the peer, nothing more is
 * read from the socket than fits the input buffer: who does not read its answers can't ask more.
 */
#ifndef CRYOMON_CONTROL_CLIENT_H
#define CRYOMON_CONTROL_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control_peer.h"
#include "control_reply.h"
#include "messages.h"

#define CONTROL_CALL_MAX ((size_t)64 * 1024) /* a call's JSON text with its NUL */

enum control_wait {
    CONTROL_WAIT_NOTHING,
    CONTROL_WAIT_STATUS,  /* to be in an assembly, or in one (joined) */
    CONTROL_WAIT_COMMAND, /* for CONTROL_ANSWER */
    CONTROL_WAIT_VERIFY,
    CONTROL_WAIT_RECORD,
    CONTROL_WAIT_RELOAD,
};

/* What is put together of pages from the core thread. */
enum control_view { VIEW_STATUS, VIEW_STATUS_ALL, VIEW_DEVICES };

struct control_client {
    int fd; /* -1: free place */
    struct control_peer peer;
    char *in; /* CONTROL_CALL_MAX bytes */
    size_t in_len;
    int64_t in_since_us; /* since when in[] holds a message's beginning */
    bool eof;            /* the peer sends no more, but may still read */
    bool closing;        /* close when out is sent */
    struct control_reply *out;
    size_t out_sent;
    int64_t out_since_us;
    int64_t active_us; /* the last byte in or out */

    enum control_wait wait;
    bool oneway;
    uint32_t ticket; /* of the answer waited for */
    int64_t asked_us, deadline_us;
    enum control_view view;            /* CONTROL_WAIT_STATUS: what is wanted */
    bool joined;                       /* and: it waits for the one being put together */
    enum command_verb verb;            /* CONTROL_WAIT_COMMAND */
    char asset[ID_MAX], alarm[ID_MAX]; /* that it is about: asset and alarm or point; or the device */
};

/* Takes the fd, also on failure. Returns 0 or -ENOMEM. */
int control_client_open(struct control_client *c, int fd, const struct control_peer *peer, int64_t now_us);
void control_client_close(struct control_client *c); /* a free place is a no-op */

/* Reads what is there. False: the connection is of no more use. */
bool control_client_read(struct control_client *c, int64_t now_us);

/* The next whole message, without its NUL, or NULL. control_client_consume removes it. */
const char *control_client_message(const struct control_client *c, size_t *ret_len);
void control_client_consume(struct control_client *c, int64_t now_us);

/* True when the buffer is full and still holds no whole message. */
bool control_client_too_long(const struct control_client *c);

/* Takes the reference. A NULL reply (no memory) ends the connection, for its caller would wait for ever. */
void control_client_reply(struct control_client *c, struct control_reply *reply, int64_t now_us);
/* Sends what the peer takes now; closes when that fails, or when all is sent and it was to be closed. */
void control_client_flush(struct control_client *c, int64_t now_us);

/* True when nothing is in hand: no call, no reply, no half message. */
bool control_client_idle(const struct control_client *c);

#endif
