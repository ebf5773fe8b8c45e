/*
 * note.h - what reaches the publisher thread besides its public mailbox: paho's callbacks (on paho's
 * threads), the backlog reader and publisher_stop leave notes in a private mailbox.
 */
#ifndef CRYOMON_NOTE_H
#define CRYOMON_NOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NOTE_TEXT 160

enum note_kind {
    NOTE_UP,         /* CONNACK: accepted */
    NOTE_REFUSED,    /* the connection could not be made */
    NOTE_TLS,        /* what OpenSSL says about it */
    NOTE_LOST,       /* the connection broke */
    NOTE_TOLD_TO_GO, /* the broker sent DISCONNECT with a reason code */
    NOTE_ACK,        /* PUBACK, success or failure */
    NOTE_SUBSCRIBED, /* SUBACK, success or failure */
    NOTE_ARRIVED,    /* a message on a subscription */
    NOTE_PAGE,       /* the backlog reader is done */
    NOTE_STOP,       /* publisher_stop */
};

/* One message from the broker, in one allocation; free() it. Texts are NUL-terminated. */
struct arrival {
    const char *topic;
    const char *payload;
    size_t length;
    bool too_long; /* to be read: length is 0 then */
    bool retained;
    const char *response_topic; /* NULL: none */
    const void *correlation;
    size_t correlation_length;
};

struct note {
    enum note_kind kind;
    uint32_t epoch; /* of the connection that it is about; older ones are ignored */
    int token;      /* ACK, SUBSCRIBED */
    int code;       /* an MQTT reason code, or REFUSED: paho's */
    unsigned receive_maximum;
    struct arrival *arrival; /* the receiver frees */
    int64_t until_us;        /* STOP */
    char text[NOTE_TEXT];
};

#endif
