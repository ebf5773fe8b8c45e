/*
 * announce.h - what an event says: the JSON body that is stored, hashed and published, and the line for
 * people.
 *
 * Called on the core thread only; allocates nothing. Format: cryomon-mqtt(7).
 */
#ifndef CRYOMON_ANNOUNCE_H
#define CRYOMON_ANNOUNCE_H

#include "messages.h"

/* What is known of an alarm beside the engine's state. */
struct alarm_record {
    enum alarm_state state;
    int64_t raised_utc_us; /* 0: not raised */
    char who[WHO_MAX];     /* acknowledged by; "" if not */
    int64_t acked_utc_us;
    char body[BODY_MAX]; /* as last announced; "" while normal */
};

/* Everything an alarm announcement is made of. */
struct alarm_news {
    const struct config *config;
    const char *run_id;
    uint64_t seq; /* 0: not an event (a state restored from an earlier run) */
    struct stamp at;
    uint16_t alarm;
    const char *transition; /* "raised", "acknowledged", "returned", "restored", "removed" */
    const struct alarm_record *record;
    const struct reading *reading; /* of the alarm's point, calibrated; NULL: unknown */
    bool over;                     /* the condition is over */
    const char *detail;            /* of a system fault; NULL or "": none */
    const char *who, *note;        /* of a command; NULL: none */
};

/* Writes the JSON body; shortens texts rather than failing. */
void announce_alarm(const struct alarm_news *news, char body[BODY_MAX]);

/* The sentence for people, in one language: "Tank 1: temperature -149.2 °C is above -150.0 °C". */
void announce_sentence(const struct alarm_news *news, enum language language, char *text, size_t cap);

/* Of an alarm about a calibration (CONDITION_DATE): its part of the sentence and of the body. */
struct json_text;
void announce_due_words(const struct alarm_news *news, enum language language, const char *name, char *text,
                        size_t cap);
void announce_due_members(struct json_text *j, const struct alarm_news *news);

/* A device's diagnostics: never too long. */
void announce_device(const struct config *config, const char *run_id, struct stamp at, uint16_t device,
                     const struct diagnostics *diagnostics, char body[DEVICE_BODY_MAX]);

/* A comparison of a point with what a person read on the device: commissioning evidence. */
void announce_verification(const struct config *config, const char *run_id, uint64_t seq, struct stamp at,
                           const struct verification *verification, const char *who, const char *note,
                           char body[BODY_MAX]);

/* The body of any other event. asset may be "". Each text may be NULL. Extra members: */
struct announce_member {
    const char *key;
    const char *text; /* or */
    int64_t number;
};
void announce_event(const struct config *config, const char *run_id, uint64_t seq, struct stamp at,
                    const char *kind, const struct announce_member *members, size_t n, char body[BODY_MAX]);

/* The same of members that are JSON text already (at most RECORD_MEMBERS_MAX, not empty). */
void announce_members(const struct config *config, const char *run_id, uint64_t seq, struct stamp at,
                      const char *kind, const char *members, char body[BODY_MAX]);

#endif
