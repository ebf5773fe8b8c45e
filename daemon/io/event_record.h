/*
 * event_record.h - an event, as it is stored, published and hashed. See messages.h.
 */
#ifndef CRYOMON_EVENT_RECORD_H
#define CRYOMON_EVENT_RECORD_H

#include "message_parts.h"

/* One event: the unit of the audit chain, of the outbox and of the MQTT events topic. body is the JSON text
 * that is stored, hashed and published, byte for byte. */
struct event_record {
    uint64_t seq;
    struct stamp at;
    char kind[EVENT_KIND_MAX]; /* "alarm", "start", "stop", "configuration", "clock", "suspend", "gap" ... */
    char asset[ID_MAX], alarm[ID_MAX]; /* "" where they do not apply */
    char body[BODY_MAX];
    /* For kind "alarm": the state that state.db keeps for the alarm from now on. */
    bool has_alarm;
    enum alarm_state state;
    int64_t raised_utc_us;
    char who[WHO_MAX]; /* acknowledged by */
    int64_t acked_utc_us;
    struct alarm_kept kept;
    /* For kind "device": what state.db keeps of the device from now on. */
    bool has_bypass;
    char device[ID_MAX];
    struct bypass bypass;
    /* For kind "configuration": its limits are explained; changes are compared with it from now on. */
    bool has_baseline;
    unsigned char baseline[32];
};

#endif
