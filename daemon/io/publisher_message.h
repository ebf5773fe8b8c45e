/*
 * publisher_message.h - to the publisher. See messages.h.
 */
#ifndef CRYOMON_PUBLISHER_MESSAGE_H
#define CRYOMON_PUBLISHER_MESSAGE_H

#include "event_record.h"

enum publisher_kind {
    PUBLISHER_POINT,    /* the latest reading of a point */
    PUBLISHER_ASSET,    /* publish the asset's readings now */
    PUBLISHER_ALARM,    /* an alarm's retained state: body, or cleared when body is "" (MAILBOX_RESERVED) */
    PUBLISHER_EVENT,    /* an event; wait for PUBLISHER_DURABLE, but not longer than PUBLISHER_HOLD_MS */
    PUBLISHER_DURABLE,  /* store: all events up to seq are on disk */
    PUBLISHER_DEVICE,   /* a device's diagnostics, retained */
    PUBLISHER_ANSWER,   /* core: the answer to a command that came by MQTT */
    PUBLISHER_HEAD,     /* store: the signed head of the record, retained (MAILBOX_RESERVED) */
    PUBLISHER_SETTLED,  /* store: the event "stop" and what waited are written, the last head is told
                           (MAILBOX_RESERVED) */
    PUBLISHER_CONFIG,   /* the configuration in force from here on */
    PUBLISHER_DISABLED, /* core: all that is disabled, retained */
    PUBLISHER_NOTIFIER, /* core: whether people would be called, for the heartbeat */
};
#define PUBLISHER_HOLD_MS 500

struct publisher_message {
    enum publisher_kind kind;
    uint32_t generation;
    union {
        struct {
            uint16_t point;
            struct reading reading; /* calibrated */
            struct calibrated calibrated;
            struct stamp taken;
        } point;
        uint16_t asset;
        struct {
            uint16_t alarm;
            char body[BODY_MAX];
        } alarm;
        struct {
            uint16_t device;
            char body[DEVICE_BODY_MAX];
        } device;
        struct event_record event;
        uint64_t durable_seq;
        char head[HEAD_BODY_MAX];
        struct {
            uint32_t ticket;
            struct command_result result;
        } answer;
        struct notifier_word notifier;
        char *disabled;        /* malloc'd JSON text, the receiver frees */
        struct config *config; /* a reference */
    };
};

#endif
