/*
 * messages.h - what the threads say to each other. Copied values with indices, never pointers (but for the
 * immutable, counted configuration).
 *
 *   bus threads, control, store, publisher,
 *   fallback, loader                                --core_message-->       core thread (monitor.c)
 *   core thread, publisher                          --store_message-->      store thread
 *   core thread, store                              --publisher_message-->  publisher thread
 *   core thread                                     --control_message-->    control thread
 *
 * Indices (point, alarm, asset) belong to a generation of the configuration: a receiver drops what carries
 * another generation than its own. A *_CONFIG message carries one reference, which the receiver then owns.
 */
#ifndef CRYOMON_MESSAGES_H
#define CRYOMON_MESSAGES_H

#include "config.h"
#include "diagnostics.h"
#include "value.h"

#define BODY_MAX  4096 /* an event's JSON text, with NUL */
#define WHO_MAX   64   /* a person's login name, with NUL */
#define NOTE_MAX  256  /* a person's comment, with NUL */
#define ORDER_MAX 64   /* a work order's number, with NUL */
#define LOTS_MAX                                                                                             \
    512 /* the lots in a freezer: their names, each but the last ended by a line feed; with NUL */

#define OCCURRENCE_MAX (2 * ID_MAX + 24) /* "tank-1/warm@1795510919521", with NUL */
#define WHY_MAX        192               /* why a command was refused, with NUL */
#define RUN_ID_MAX     (ID_MAX + 24)     /* "freezer-1@1795510919521": asset and begin in ms; with NUL */

#define EVENT_KIND_MAX     24
#define RECORD_MEMBERS_MAX 2200 /* with what every event has it fits into BODY_MAX */

/* What a tool did or a person signed, for the audit chain. */
struct record_request {
    char kind[EVENT_KIND_MAX]; /* of the event */
    char asset[ID_MAX];        /* "": of none */
    char who[WHO_MAX];
    char members[RECORD_MEMBERS_MAX]; /* of the event's body, as JSON text without the braces */
    int64_t reviewed_until_utc_us;    /* of a review: there is no hole in what was reviewed before that */
};

#define LIMITS_JSON_MAX 1536

/* Which limits differ from those that are explained. */
struct limit_report {
    size_t n;
    char *lines;                /* one for each, for people; malloc'd */
    char json[LIMITS_JSON_MAX]; /* an array of {"what","before","after"}, as many as fit */
};
void limit_report_free(struct limit_report *report); /* the monitor's; NULL is a no-op */

/* Who has disabled something, why and since when. */
struct hold_note {
    int64_t since_utc_us;
    char by[WHO_MAX], note[NOTE_MAX], order[ORDER_MAX]; /* order: the work order's number */
};

/* A device that is bypassed: its points are read and stored, its alarms are out of service. */
struct bypass {
    struct hold_note note;
    int64_t until_utc_us; /* 0: not bypassed */
    uint32_t count;       /* how often so far */
};

/* What a person may tell us. The names are the last level of the MQTT topic: request.h. */
enum command_verb {
    COMMAND_ACKNOWLEDGE,
    COMMAND_SHELVE,
    COMMAND_UNSHELVE,
    COMMAND_OUT_OF_SERVICE,
    COMMAND_IN_SERVICE,
    COMMAND_RESET,
    COMMAND_BYPASS,
    COMMAND_UNBYPASS,
    COMMAND_READING,
    COMMAND_DRILL,
    COMMAND_RUN_PREPARE,
    COMMAND_RUN_NOTE,
    COMMAND_RUN_ACCEPT,
    COMMAND_RUN_REJECT,
    COMMAND_VESSEL_RELEARN,
    COMMAND_VERBS
};

/* A command with all that any verb may say; "" and 0: not said. */
struct command_request {
    enum command_verb verb;
    uint32_t ticket; /* where the answer belongs; origin tells whose */
    enum command_origin { ORIGIN_CONTROL, ORIGIN_MQTT } origin;
    char who[WHO_MAX], via[WHO_MAX]; /* via: the agent (an MQTT user) that has passed it on */
    char asset[ID_MAX], alarm[ID_MAX], device[ID_MAX], point[ID_MAX];
    char occurrence[OCCURRENCE_MAX]; /* the alarm must still be this one */
    char note[NOTE_MAX], order[ORDER_MAX], second[WHO_MAX];
    uint32_t for_ms;      /* or */
    int64_t until_utc_us; /* the end of a hold */
    bool one_shot;
    char value[STATE_NAME_MAX]; /* of a reading: a decimal, or the name of a state */
    int64_t measured_utc_us;
    char run[RUN_ID_MAX], program[ID_MAX], operator[WHO_MAX], lots[LOTS_MAX]; /* of a freezer's run */
};

/* Is on disk what a person has caused? An answer waits for that, but for no longer than ANSWER_HOLD_MS. */
#define ANSWER_HOLD_MS 2000
struct record_note {
    enum record_state { RECORD_NONE, RECORD_STORED, RECORD_NOT_YET } state; /* NONE: there is no event */
    char why[LANGUAGES][WHY_MAX]; /* NOT_YET: a sentence for people that says so, and why */
};

/* What became of it. */
struct command_result {
    int error; /* 0, or -errno: -ENOENT no such alarm (point, device), -EALREADY nothing to do, else see why
                */
    char why[LANGUAGES][WHY_MAX]; /* for people; "": the error says it all */
    uint16_t n;                   /* alarms that are held, or no longer held */
    uint16_t n_marked;            /* of these: protected ones, which go on as ever and only say so */
    int64_t until_utc_us;         /* when the hold ends; 0: none */
    uint64_t seq;                 /* of the event, of a reading or a run */
    char beyond[NOTE_MAX];        /* of a reading: the alarms whose limits it is beyond, "a b"; "": none */
    bool is_late;                 /* of a reading: entered late, or behind a newer one */
    struct record_note record;
};

/* A person's channel, or all of a person, that is switched off in cryonotify. */
#define NOTIFY_OFFS_MAX 32
struct notify_off {
    char what[2 * ID_MAX], by[WHO_MAX], why[NOTE_MAX];
    int64_t from_utc_us, until_utc_us, count; /* 0: not said */
};

/* A set of what is wrong with the ways to people: each with a name of its own, by which it is known again. */
#define NOTIFY_TROUBLES_MAX 64
#define NOTIFY_TROUBLE_TEXT 224
struct notify_trouble {
    char key[3 * ID_MAX];                      /* "li.na/mail": the same in every language */
    char text[LANGUAGES][NOTIFY_TROUBLE_TEXT]; /* all of it; the English one begins with the key */
};
struct notify_troubles {
    unsigned n, n_more; /* n_more: for which there was no room */
    struct notify_trouble list[NOTIFY_TROUBLES_MAX];
};

/* A notify.yaml that cryonotify has refused. */
#define NOTIFY_HASH 65
struct notify_refusal {
    int64_t utc_us;                 /* when; 0: not said, the rest neither */
    char by[WHO_MAX];               /* who wanted it read */
    char sha256[NOTIFY_HASH];       /* of the file; "": it could not be read */
    int64_t modified_utc_us;        /* when the file was last written; 0: not said */
    int64_t n;                      /* mistakes */
    char first[200];                /* the first of them, "notify.yaml:3:5: ..." */
    char text[LANGUAGES][NOTE_MAX]; /* in words, from one that says no more */
};

/* What cryonotify says of itself (its status), as far as it matters here. */
#define NOTIFY_CALLING_MAX 2816 /* with the rest of an event it fits into BODY_MAX */
struct notify_report {
    bool online, would_be_told, people; /* people: too few */
    bool unreadable;                    /* something came that is no status: nothing else is known */
    char run[WHO_MAX];
    char text[LANGUAGES][NOTE_MAX]; /* why nobody would be told, in words */
    char persons[LANGUAGES][NOTE_MAX];
    struct notify_troubles failed, off, unknown; /* unknown: may have failed, not tried so far */
    unsigned n_offs;
    struct notify_off offs[NOTIFY_OFFS_MAX];
    char configuration[NOTIFY_HASH];  /* SHA-256 of its notify.yaml, in hexadecimal; "": not said */
    int64_t loaded_utc_us;            /* when it was read; 0: not said */
    char by[WHO_MAX];                 /* who wanted it read: "start", "SIGHUP, uid 0" */
    int64_t modified_utc_us;          /* when the file was last written; 0: not said */
    char calling[NOTIFY_CALLING_MAX]; /* who is called when, as JSON text; "": not said */
    bool refused;                     /* another one has mistakes */
    struct notify_refusal refusal;
};

/* A call, as cryonotify tells of it. */
struct notify_call {
    char id[ID_MAX], alarm_id[OCCURRENCE_MAX], person[WHO_MAX], channel[ID_MAX], outcome[16], error[NOTE_MAX];
    int64_t utc_us; /* 0: not said */
    int64_t level, attempt;
};

/* A row of history.db's table "calibration". */
struct calibration_row {
    int64_t id, utc_us, from_utc_us;
    char asset[ID_MAX], point[ID_MAX], unit[UNIT_MAX], text[CALIBRATION_TEXT_MAX];
    char certificate[ID_MAX], date[16], due[16], reference[NAME_MAX_BYTES];
};

/* What an event of kind "run" (or "vessel") says, as far as it matters later; "" and 0: not said. */
struct run_row {
    int64_t utc_us; /* of the event */
    char transition[16];
    char asset[ID_MAX], run[RUN_ID_MAX], program[ID_MAX], how[16], verdict[24];
    int64_t begin_utc_us, end_utc_us;
    char operator[WHO_MAX], lots[LOTS_MAX], who[WHO_MAX];
    int64_t gap_us;                /* of one that began: as it was configured; 0: not told */
    char program_hash[2 * 32 + 1]; /* of the program's file, as its event names it */
};

#define DIAGNOSTICS_INTERVAL_MS 10000
#define DEVICE_BODY_MAX         1024 /* a device's diagnostics as JSON text, with NUL */
#define HEAD_BODY_MAX           1024 /* the signed head as JSON text, with NUL */

/* ---------------------------------------------------------------- to the core thread */

enum core_kind {
    CORE_SAMPLE,      /* bus: a poll's outcome for one point */
    CORE_BATCH_END,   /* bus: the samples of one request are complete */
    CORE_BUS_EXITED,  /* bus: my thread is about to end */
    CORE_BUS_STATE,   /* bus: link up or down (for the log) */
    CORE_DIAGNOSTICS, /* bus: how a device has answered so far; every DIAGNOSTICS_INTERVAL_MS */
    CORE_COMMAND,     /* control or MQTT: a person wants something done */
    CORE_VERIFY,      /* control: a person has compared a point with the device's own display */
    CORE_RECORD,      /* control: a tool or a signature, to be made an event */
    CORE_SNAPSHOT,    /* control: send me a page of points or alarms */
    CORE_RELOAD,      /* control: same as SIGHUP */
    CORE_CONFIG,      /* loader: a configuration is ready (config), or refused (config NULL) */
    CORE_FAULT,       /* store, publisher: a part has failed or is well again */
    CORE_DURABLE,     /* store: which events are on disk, and which never will be */
    CORE_GAP,         /* store: records that had to be given up; the core makes an event of it */
    CORE_CUSTODY, /* store: a new signing key, damage, days that were removed: the core makes an event of it
                   */
    CORE_STORE_OPEN,  /* store: state.db is open; restored alarms were sent before this */
    CORE_RESTORED,    /* store: the state of one alarm in an earlier run */
    CORE_CALIBRATION, /* store: a calibration that history.db has, and no event tells of */
    CORE_REVIEWED,    /* store: until when the record was reviewed; before CORE_STORE_OPEN */
    CORE_BYPASSED,    /* store: a device that an earlier run has left bypassed; before CORE_STORE_OPEN */
    CORE_BASELINE,    /* store: the configuration whose limits are explained; before CORE_STORE_OPEN */
    CORE_LIMITS,      /* loader: the limits at the start were compared with those that are explained */
    CORE_DRILLED,     /* store: when a drill was last confirmed; before CORE_STORE_OPEN */
    CORE_ROUND,       /* store: when a person last read a point; before CORE_STORE_OPEN */
    CORE_NOTIFY,      /* publisher: cryonotify's status, or its heartbeat (report NULL) */
    CORE_NOTIFY_OFFS, /* store: what was switched off (notify.report->offs); before CORE_STORE_OPEN */
    CORE_CALLED,      /* publisher: cryonotify has tried to call somebody */
    CORE_FALLBACK,    /* fallback: what became of a command or a relay */
    CORE_RUN, /* store: an event about a freezer's run, of the last ones, in order; before CORE_STORE_OPEN */
    CORE_RECALLED, /* loader: what the record has taught, or why it could not */
};

/* All of an alarm that outlives the daemon, beside its state, times and names. */
struct alarm_kept {
    struct alarm_memory memory;
    struct hold_note shelf, service;
};

struct restored_alarm {
    char body[BODY_MAX]; /* of the event that made it so; "": none */
    struct alarm_kept kept;
};

struct core_message {
    enum core_kind kind;
    uint32_t generation;
    union {
        struct {
            uint16_t point;
            struct reading reading;
            struct stamp slot;  /* when the poll was due */
            struct stamp taken; /* when the reply (or its absence) was known */
        } sample;
        struct {
            uint16_t bus;
            bool up;
            int error; /* errno, 0 when up */
        } bus;
        struct {
            uint16_t device;
            struct diagnostics counts;
        } diagnostics;
        struct limit_report *limits;     /* receiver frees; NULL: no memory */
        struct command_request *command; /* malloc'd, the receiver frees */
        struct {
            char asset[ID_MAX], point[ID_MAX];
            char displayed[STATE_NAME_MAX]; /* a decimal, or the name of a state */
            bool has_tolerance;             /* else one step of the point's resolution */
            micro_t tolerance;
            char who[WHO_MAX], note[NOTE_MAX];
            uint32_t ticket;
        } verify;
        struct {
            struct record_request *request; /* malloc'd, the receiver frees */
            uint32_t ticket;
        } record;
        struct {
            uint32_t ticket;
            enum snapshot_table {
                SNAPSHOT_POINTS,
                SNAPSHOT_ALARMS,
                SNAPSHOT_DEVICES,
                SNAPSHOT_DISABLED,
                SNAPSHOT_ROUNDS
            } table;
            uint16_t first; /* a page is up to SNAPSHOT_PAGE entries */
        } snapshot;
        struct {
            uint32_t ticket;
            char who[WHO_MAX];
            char reason[NOTE_MAX]; /* why; "": not said */
        } reload;
        struct {
            struct config *config; /* a reference, or NULL: refused */
            char *detail; /* malloc'd, receiver frees: the mistakes when refused, the difference when not */
            struct limit_report *limits; /* receiver frees; NULL: not compared */
        } config;
        struct {
            enum system_fault fault;
            bool failed;
            char detail[NOTE_MAX];
        } fault;
        struct {
            uint64_t seq;                /* all up to this one are on disk, but for: */
            uint64_t lost_from, lost_to; /* some of these were given up; 0: none */
        } durable;
        struct {
            uint64_t count;
            int64_t from_utc_us, to_utc_us;
            bool events; /* events are among them: alarm states in state.db may be old */
            char detail[NOTE_MAX];
        } gap;
        struct {
            enum custody_kind { CUSTODY_KEY, CUSTODY_DAMAGE, CUSTODY_REMOVED } kind;
            uint64_t count; /* frames or chunks that are damaged; readings that were removed; earlier keys */
            int64_t from_utc_us, to_utc_us;    /* of a key: from is the time of its row in "signer" */
            int64_t seal;                      /* its id; 0: none */
            char asset[ID_MAX], point[ID_MAX]; /* "": not known */
            char detail[NOTE_MAX];             /* the public key as its line of text, or the reason */
        } custody;
        struct {
            bool ok;
            uint64_t last_seq; /* of the last event in state.db, 0 if none */
            bool clean;        /* the previous run stopped cleanly (or there was none) */
            bool again;        /* another file has taken its place: it does not know our alarm states */
        } store_open;
        struct {
            char asset[ID_MAX], alarm[ID_MAX];
            enum alarm_state state;
            int64_t raised_utc_us;
            char who[WHO_MAX];
            int64_t acked_utc_us;
            struct restored_alarm *more; /* malloc'd, the receiver frees; NULL: nothing more is known */
        } restored;
        struct calibration_row *calibration; /* malloc'd, the receiver frees */
        struct {
            int64_t until_utc_us; /* the first event's time when nothing was reviewed; 0: no events either */
        } reviewed;
        struct {
            char device[ID_MAX];
            struct bypass bypass;
        } bypassed;
        struct {
            char *source; /* malloc'd, the receiver frees; NULL: none is known, or it is lost */
            size_t len;
            bool known; /* there was one */
            unsigned char sha256[32];
        } baseline;
        struct {
            int64_t began_utc_us; /* of the last drill; 0: there is none */
            int64_t first_utc_us; /* of the first event; 0: there is none */
        } drilled;
        struct {
            char asset[ID_MAX], point[ID_MAX], by[WHO_MAX];
            int64_t measured_utc_us;
            bool has_value;
            micro_t value;
        } round;
        struct {
            struct notify_report *report; /* malloc'd, the receiver frees; NULL: a heartbeat */
            char run[WHO_MAX];
            bool nobody; /* of a heartbeat: it says that nobody would be told */
        } notify;
        struct notify_call *called; /* malloc'd, the receiver frees */
        struct run_row *run;        /* malloc'd, the receiver frees */
        struct recall *recalled;    /* the monitor's */
        struct {
            enum fallback_part { FALLBACK_COMMAND, FALLBACK_RELAY } part;
            uint16_t relay; /* index in the configuration */
            int error;      /* 0, or -errno: it could not be started, timed out, did not answer */
            int status;     /* of a command that has ended: its exit status, or 128 + the signal */
            bool on;        /* of a relay: what it was set to */
            char occurrence[OCCURRENCE_MAX];
            char detail[NOTE_MAX];
        } fallback;
    };
};

/* ---------------------------------------------------------------- events, as stored, published and hashed */

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

/* ---------------------------------------------------------------- to the store */

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

/* ---------------------------------------------------------------- to the publisher */

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
        char *disabled;        /* malloc'd JSON text, the receiver frees */
        struct config *config; /* a reference */
    };
};

/* ---------------------------------------------------------------- to the control thread */

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
            struct command_result
                result; /* to a command; its error and seq stand above too. record: to any */
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
            enum notifier_state { NOTIFIER_NONE, NOTIFIER_WAITING, NOTIFIER_OK, NOTIFIER_FAILED } notifier;
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
