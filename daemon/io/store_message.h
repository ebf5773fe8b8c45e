/*
 * store_message.h - to the store. See messages.h.
 */
#ifndef CRYOMON_STORE_MESSAGE_H
#define CRYOMON_STORE_MESSAGE_H

#include "event_record.h"

enum store_kind {
    STORE_SAMPLE, /* a row of history */
    STORE_EVENT,  /* chain, alarm state and outbox, in one transaction, at once (MAILBOX_RESERVED) */
    STORE_SENT,   /* publisher: the broker has confirmed this event; forget it in the outbox */
    STORE_CONFIG, /* the configuration in force from here on */
};

struct store_message {
    enum store_kind kind;
    uint32_t generation;
    union {
        struct {
            uint16_t point;
            struct reading reading; /* as read */
            uint32_t calibration;   /* the one that was used: index in the configuration + 1; 0: none */
            struct stamp slot, taken;
        } sample;
        struct event_record event;
        uint64_t sent_seq;
        struct config *config; /* a reference */
    };
};

#endif
