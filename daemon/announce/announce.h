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
    char body[BODY_MAX];             /* as last announced or told anew; "" while normal */
    int64_t refreshed_us;            /* when that was; 0: in an earlier run */
    uint64_t seq;                    /* of its last event; 0: of an earlier run */
    struct hold_note shelf, service; /* who holds it, while it is held */
};

#define ANNOUNCE_MEMBERS_MAX 40 /* of a group that are listed */

/* Everything an alarm announcement is made of. */
struct alarm_news {
    const struct config *config;
    const char *run_id;
    uint64_t seq; /* 0: not an event (a state restored from an earlier run) */
    struct stamp at;
    uint16_t alarm;
    const char *transition; /* "raised", "shelved" ... (transition_name), "restored", "removed" */
    const char *why;        /* transition_why_name; NULL or "": none */
    const struct alarm_record *record;
    const struct reading *reading; /* of the alarm's point, calibrated; NULL: unknown */
    bool over;                     /* the condition is over */
    const char *detail[LANGUAGES]; /* of a system fault; NULL or "": none */
    const char *who, *note;        /* of a command; NULL: none */
    const char *via;               /* the agent that has passed it on; NULL or "": none */
    bool active, latched;          /* the condition holds; it is over, and waits to be reset */
    struct alarm_view view;        /* what holds it */
    bool has_measure;              /* RATE, DEVIATION, DISAGREE */
    micro_t measure;
    bool has_trend;
    struct trend_view trend;
    char words[LANGUAGES][NOTE_MAX]; /* of FED: what was read by eye, what was derived; "": not known */
    int64_t time_left_s;             /* until the consequence; -1: not known */
    bool has_vessel;                 /* of an asset with a vessel: that it is not known is said */
    bool is_left_of_vessel;          /* from the vessel's estimates; else from the trend of the value */
    bool is_left_at_least;           /* so long at least */
    int group;                       /* the group alarm that is active and has it as a member; -1: none */
    unsigned n_listed;               /* of a group: its active members, as alarms */
    uint32_t n_members;
    uint16_t members[ANNOUNCE_MEMBERS_MAX];
};

/* "tank-1/warm@1795510919521": the occurrence; without a time while it is not raised. */
void announce_occurrence(char text[OCCURRENCE_MAX], const struct config *config, uint16_t alarm,
                         int64_t raised_utc_us);

/* Seconds until the value comes to where the consequence is, at the present rate; -1: not known, or it does
 * not go there. */
int64_t announce_time_left_s(const struct config *config, uint16_t alarm, const struct reading *reading,
                             const struct trend_view *trend);

/* Writes the JSON body; shortens texts rather than failing. */
void announce_alarm(const struct alarm_news *news, char body[BODY_MAX]);

/* The body of an alarm's state as it is now. old: the body of its last event, or what this gave before.
 * Of now are point, value, quality, limit, trend, time left, group, members and the sentence; all else stays
 * byte for byte. Of news, transition and why do not matter. value_utc_us: when its reading was taken
 * ("value_time"), 0: not at all. False when it does not fit or old is not such a body; ret is "" then. */
bool announce_refresh(const struct alarm_news *news, int64_t value_utc_us, const char *old,
                      char ret[BODY_MAX]);

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

/* What a person has read by eye. */
struct manual_reading {
    uint16_t point;
    micro_t value;
    int64_t measured_utc_us;
    const char *who, *via, *second, *note;
    bool is_late;
    const char *beyond; /* the alarms whose limits it is beyond, "a b"; "": none */
};
/* Of such a value, for an alarm about it: "LN2 level 3.0 cm, read by eye at 2026-11-24 12:00 UTC (limit of
 * level-low)". */
void announce_beyond(const struct config *config, const struct manual_reading *reading,
                     enum language language, char *text, size_t cap);

/* Of points that nobody has read in time, one after the other: adds "LN2 level, due since 2026-11-24 12:00
 * UTC" to what is in text. False: there was no room, and text is as it was. */
bool announce_overdue(const struct config *config, uint16_t point, int64_t due_utc_us, enum language language,
                      char *text, size_t cap);

void announce_reading(const struct config *config, const char *run_id, uint64_t seq, struct stamp at,
                      const struct manual_reading *reading, char body[BODY_MAX]);

/* A fill of a tank that has ended. */
struct announce_fill {
    uint16_t asset;
    int64_t begin_utc_us, end_utc_us;
    micro_t from_cm, to_cm;
    bool knows_litres;
    micro_t litres;
};
void announce_fill(const struct config *config, const char *run_id, uint64_t seq, struct stamp at,
                   const struct announce_fill *fill, char body[BODY_MAX]);

/* The body of any other event. asset may be "". Each text may be NULL. Extra members: */
struct announce_member {
    const char *key;
    const char *text; /* or */
    int64_t number;   /* or */
    const char *raw;  /* JSON text, short enough */
};
void announce_event(const struct config *config, const char *run_id, uint64_t seq, struct stamp at,
                    const char *kind, const struct announce_member *members, size_t n, char body[BODY_MAX]);

/* The same of members that are JSON text already (at most RECORD_MEMBERS_MAX, not empty). */
void announce_members(const struct config *config, const char *run_id, uint64_t seq, struct stamp at,
                      const char *kind, const char *members, char body[BODY_MAX]);

/* Cuts a text to len bytes, not inside a character. */
void announce_cut(char *text, size_t len);

#endif
