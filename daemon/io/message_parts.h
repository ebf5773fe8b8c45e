/*
 * message_parts.h - what messages carry: what a person asks and is answered, what cryonotify says, what is
 * restored. See messages.h.
 */
#ifndef CRYOMON_MESSAGE_PARTS_H
#define CRYOMON_MESSAGE_PARTS_H

#include "config.h"
#include "diagnostics.h"
#include "value.h"

#define BODY_MAX  4096 /* an event's JSON text, with NUL */
#define WHO_MAX   64   /* a person's login name, with NUL */
#define NOTE_MAX  256  /* a person's comment, with NUL */
#define ORDER_MAX 64   /* a work order's number, with NUL */
/* The lots in a freezer: their names, each but the last ended by a line feed; with NUL. */
#define LOTS_MAX 512

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
    /* 0, or -errno: -ENOENT no such alarm (point, device), -EALREADY nothing to do, else see why. */
    int error;
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

/* All of an alarm that outlives the daemon, beside its state, times and names. */
struct alarm_kept {
    struct alarm_memory memory;
    struct hold_note shelf, service;
};

struct restored_alarm {
    char body[BODY_MAX]; /* of the event that made it so; "": none */
    struct alarm_kept kept;
};

/* Does cryonotify call people? WAITING: it was not heard yet since the start. */
enum notifier_state { NOTIFIER_NONE, NOTIFIER_WAITING, NOTIFIER_OK, NOTIFIER_FAILED };

/* The same, in words, for those who listen to the daemon's heartbeat. */
struct notifier_word {
    enum notifier_state state;
    int64_t since_utc_us;             /* FAILED: since when */
    char detail[LANGUAGES][NOTE_MAX]; /* FAILED: why */
};

#endif
