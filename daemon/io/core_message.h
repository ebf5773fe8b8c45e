/*
 * core_message.h - to the core thread. See messages.h.
 */
#ifndef CRYOMON_CORE_MESSAGE_H
#define CRYOMON_CORE_MESSAGE_H

#include "message_parts.h"

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

#endif
