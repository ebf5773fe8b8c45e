/* internal.h - the publisher's state, for the files that make up its thread. Only that thread touches it, but
 * for the mailboxes and what publisher_create sets before the thread starts. */
#ifndef CRYOMON_PUBLISHER_INTERNAL_H
#define CRYOMON_PUBLISHER_INTERNAL_H

#include <pthread.h>

#include "backlog.h"
#include "clock.h"
#include "commands.h"
#include "leftovers.h"
#include "mirror.h"
#include "outbox.h"
#include "publisher.h"
#include "session.h"

#define RUN_MAX 64

/* What the thread is about: all is well, or it sends what is left (stop), or it says goodbye to
 * this broker. */
enum phase { PHASE_RUN, PHASE_FLUSH, PHASE_FAREWELL, PHASE_END };

enum fault_state { FAULT_UNKNOWN, FAULT_WELL, FAULT_FAILED };

struct publisher {
    struct mailbox *inbox, *notes, *core, *store;
    struct mailbox *goodbye; /* to publisher_stop: the broker knows, or was given up */
    struct heartbeats *heartbeats;
    int slot; /* in heartbeats */
    pthread_t thread;
    bool started;
    char run[RUN_MAX];

    struct mirror *mirror;
    struct outbox *outbox;
    struct session *session;
    struct backlog_reader *backlog;
    struct commands commands;
    struct leftovers leftovers;
    char *buffer; /* payloads are built here */
    size_t buffer_size;

    enum phase phase;
    bool stopping;          /* the farewell is the last one */
    int64_t stop_us;        /* publisher_stop's end of patience */
    int64_t phase_until_us; /* FLUSH, FAREWELL */
    const char *farewell;   /* the reason */
    bool inbox_empty;

    unsigned attempts;     /* to connect, in a row */
    int64_t retry_us;      /* the next one */
    int64_t connecting_us; /* since when there is no connection */
    int64_t connected_us;  /* 0: not */
    bool short_lived;      /* the last connection broke at once: this one must prove that it holds */
    int64_t closing_us;    /* since when the peer has been seen gone; 0: it has not */
    char status_topic[TOPIC_MAX];
    char head[HEAD_BODY_MAX]; /* of the record; "": not known */
    bool head_due;
    char *disabled; /* what is disabled, as JSON text; NULL: not known */
    bool disabled_due;
    struct notifier_word notifier;
    bool notifier_known; /* the core has said it */
    bool settled;        /* no head comes any more */
    bool status_due, confirmed;
    int64_t status_retry_us;
    int64_t heartbeat_us, learn_until_us, sweep_us, carried_until_us, refused_retry_us;
    uint64_t heartbeat_sequence, readings_sequence;

    int64_t refused_us; /* when the broker last refused a message; 0: never on this connection */
    char refused[SESSION_TROUBLE];
    enum fault_state fault; /* as told to the core */
    char logged[SESSION_TROUBLE];
    int64_t quiet_until_us; /* no more lines about bad commands, lost messages and refused clearing */
};

/* --- connection.c: connects, keeps and gives up the connection, and tells the core about it */
void connection_step(struct publisher *p, int64_t now_us);
void connection_note(struct publisher *p, const struct note *note, int64_t now_us);
void connection_refused(struct publisher *p, const char *what, const char *why, int64_t now_us);
/* The broker's settings have changed: leave this one and turn to the other. */
void connection_change(struct publisher *p, int64_t now_us);
int64_t connection_deadline(const struct publisher *p);

/* --- inbox.c: the messages of core and store */
void inbox_take(struct publisher *p, int64_t now_us);

/* --- sender.c: what goes out next, and what comes back */
void sender_run(struct publisher *p, int64_t now_us);
void sender_acked(struct publisher *p, const struct session_ack *ack, int64_t now_us);

#endif
