/* inbox_internal.h - what the inbox's thread and paho's callbacks share. */
#ifndef CRYONOTIFY_INBOX_INTERNAL_H
#define CRYONOTIFY_INBOX_INTERNAL_H

#include <MQTTAsync.h>
#include <pthread.h>
#include <stdatomic.h>

#include "inbox.h"
#include "note.h"

#define INBOX_WINDOW 16

enum paho_kind {
    PAHO_UP,
    PAHO_REFUSED,
    PAHO_TLS,
    PAHO_LOST,
    PAHO_TOLD_TO_GO,
    PAHO_ACK,
    PAHO_SUBSCRIBED,
    PAHO_ECHO,
    PAHO_LATE, /* the book is */
    PAHO_STOP
};

struct paho_note {
    enum paho_kind kind;
    uint32_t epoch;
    int token, code;
    bool known;
    char text[NOTE_TEXT];
};

/* The context of one connection's callbacks. */
struct inbox_link {
    MQTTAsync handle;
    struct inbox *inbox;
    uint32_t epoch;
    bool forgetful; /* nothing goes into the book */
};

struct inbox_request {
    char *topic, *payload; /* one allocation, at topic */
    char *response;
    bool retain;
    unsigned tag;
    int64_t key;
};

struct inbox_flight {
    int token; /* 0: free */
    unsigned tag;
    int64_t key, sent_us;
};

enum inbox_state { STATE_IDLE, STATE_CONNECTING, STATE_UP };

struct inbox {
    const struct inbox_config *config;
    struct book *book;
    struct mailbox *news, *notes, *requests;
    pthread_t thread;
    atomic_bool resync, left, synced;
    atomic_uint lost;
    atomic_int book_error;
    /* the thread's */
    struct inbox_link *link;
    enum inbox_state state;
    uint32_t epoch;
    unsigned attempts;
    int64_t retry_us, connecting_us, synced_by_us;
    int64_t late_us; /* when the book was last late; 0: never */
    bool forgetful;
    struct inbox_flight flights[INBOX_WINDOW];
    unsigned n_flights, n_subscribing;
    uint64_t echo;        /* the number that was sent last */
    atomic_ullong wanted; /* the echo that means synced */
    bool stopping;
    int64_t stop_us;
    char tls[NOTE_TEXT], trouble[INBOX_TROUBLE];
};

/* inbox_paho.c */
void inbox_paho_set(struct inbox_link *link);
void inbox_paho_connect(struct inbox_link *link, MQTTAsync_connectOptions *options);
void inbox_paho_send(struct inbox_link *link, MQTTAsync_responseOptions *options);
void inbox_paho_subscribe(struct inbox_link *link, MQTTAsync_responseOptions *options);
int inbox_paho_tls(const char *text, size_t length, void *context);

#endif
