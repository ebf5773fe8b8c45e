/*
 * control_message.h - to the control thread. See messages.h.
 */
#ifndef CRYOMON_CONTROL_MESSAGE_H
#define CRYOMON_CONTROL_MESSAGE_H

#include "core_message.h"

#define SNAPSHOT_PAGE     32
#define RELOAD_DETAIL_MAX 16384

enum control_kind {
    CONTROL_ANSWER, /* to an acknowledge, verification, record or reload */
    CONTROL_PAGE,   /* to a snapshot request */
    CONTROL_CONFIG, /* the configuration in force from here on */
};

struct snapshot_alarm {
    enum alarm_state state;
    int64_t raised_utc_us; /* 0: not raised */
    char who[WHO_MAX];     /* acknowledged by, "" if not */
    int64_t acked_utc_us;
    char body[BODY_MAX]; /* as published; "" while normal */
};

struct control_message {
    enum control_kind kind;
    uint32_t generation;
    union {
        struct {
            uint32_t ticket;
            int error;    /* 0, or -errno */
            uint64_t seq; /* of the event, to a record */
            /* To a command; its error and seq stand above too. record: to any. */
            struct command_result result;
            char detail[RELOAD_DETAIL_MAX]; /* to a reload that was refused: the mistakes, line by line */
            struct verification {
                struct reading reading; /* of the point at that moment */
                uint16_t point;
                bool agrees;
                micro_t displayed, difference, tolerance; /* difference: register - display; 0 for states */
            } verification;
        } answer;
        struct {
            uint32_t ticket;
            enum snapshot_table table;
            uint16_t first, count; /* count 0: past the end */
            struct stamp now;
            bool broker_failed, disk_failed; /* at this moment: their alarms may still have to come */
            enum notifier_state notifier;
            union {
                struct {
                    struct point_view points[SNAPSHOT_PAGE]; /* calibrated */
                    struct calibrated calibrated[SNAPSHOT_PAGE];
                };
                struct snapshot_alarm alarms[SNAPSHOT_PAGE];
                char devices[SNAPSHOT_PAGE][DEVICE_BODY_MAX]; /* also what is disabled, and rounds */
            };
        } page;
        struct config *config; /* a reference */
    };
};

#endif
