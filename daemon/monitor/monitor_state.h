/*
 * monitor_state.h - what the core thread knows: struct monitor, and what it is made of. Nobody but the
 * monitor includes it.
 */
#ifndef CRYOMON_MONITOR_STATE_H
#define CRYOMON_MONITOR_STATE_H

#include <pthread.h>

#include "announce.h"
#include "bus.h"
#include "derive.h"
#include "engine.h"
#include "monitor.h"
#include "rounds.h"

/* Who says that a part of the system has failed: its owner, or the monitor that watches it. */
enum fault_source { FROM_OWNER = 1, FROM_MONITOR = 2, FROM_FALLBACK = 4 };

struct fault_record {
    unsigned sources; /* of enum fault_source */
    char detail[LANGUAGES][NOTE_MAX];
};

enum reload_phase { RELOAD_NONE, RELOAD_LOADING, RELOAD_STOPPING_BUSES };

struct reload {
    enum reload_phase phase;
    bool again; /* asked for once more meanwhile, by: */
    char again_who[WHO_MAX], again_reason[NOTE_MAX];
    pthread_t loader;
    bool loader_running;
    struct config *next; /* waits for the buses to end */
    char *difference;
    int64_t deadline_us;
    uint32_t ticket; /* of the control client that waits, 0: none */
    uint64_t first_seq;
    char who[WHO_MAX], reason[NOTE_MAX];
    struct limit_report *limits; /* that differ from the baseline; NULL: not compared */
};

/* An alarm that an earlier run left in force, and that the configuration does not have. */
#define UNKNOWN_ALARMS_MAX 1024
struct unknown_alarm {
    char asset[ID_MAX], alarm[ID_MAX];
    enum alarm_state state;
    int64_t raised_utc_us;
};

/* A device that is bypassed, by its name: it may go and come with the configuration. */
#define BYPASSES_MAX 256
struct bypass_record {
    char device[ID_MAX];
    struct bypass bypass;
    int64_t until_boot_us; /* INT64_MAX: not known (an earlier boot) */
};

/* What is known of cryonotify. */
#define NOTIFY_IDS 256
struct notify_watch {
    struct notify_report *report;    /* its last status; NULL: none in this run */
    struct notify_report *restored;  /* what was off in an earlier run; NULL: not known, or not needed */
    bool failed_seen;                /* which ones have failed was said in this run */
    bool failed_grew, off_grew;      /* since they were last told: something that was not known before */
    char configuration[NOTIFY_HASH]; /* of its configuration, as the chain has it; "": not known */
    bool calling_known;              /* and who is called when */
    int64_t refused_utc_us;          /* the last one that was refused, as the chain has it; 0: none */
    bool refused_grew;               /* another one was refused since it was last told */
    char run[WHO_MAX];               /* of the last heartbeat */
    int64_t beat_us;                 /* when that was; 0: none yet */
    bool nobody;                     /* the last heartbeat said that nobody would be told */
    int64_t offline_us;              /* when it said so, while it does */
    int64_t since_us;                /* when we began to listen: the first one has its time from here */
    struct notifier_word word;       /* what the heartbeat says of it; */
    int64_t word_us;                 /* when the publisher was told last; 0: not yet */
    uint64_t told[NOTIFY_IDS];       /* hashes of the calls that are in the chain, a ring */
    unsigned next_told;
    int64_t calls_window_us; /* calls are recorded at a bounded rate: */
    unsigned calls_in_window, calls_left_out;
};

struct drill_watch {
    int64_t began_utc_us; /* 0: never */
    int64_t first_utc_us; /* of the chain; 0: it begins now */
};

struct fallback_watch {
    bool running;            /* a command is under way */
    int64_t due_us;          /* the next call, not before; 0: at once */
    int64_t started_us;      /* of that which runs */
    int64_t broker_since_us; /* since when the broker fails; 0: it does not */
    bool command_failed, relay_failed, command_told, relay_told;
    char command_detail[LANGUAGES][NOTE_MAX], relay_detail[LANGUAGES][NOTE_MAX];
    bool on; /* what the relay is to be */
};

/* The newest value of a point that a person has read. */
struct by_eye {
    bool is_known, is_restored; /* restored: by an earlier run; what it raised may be over since */
    unsigned beyond;            /* priorities of alarms whose limits it is beyond: bits */
    micro_t value;
    int64_t measured_utc_us, entered_boot_us;
};

/* How a device has answered so far, and when the broker was last told. */
struct device_record {
    struct diagnostics counts;
    struct stamp at;
    int64_t told_us; /* 0: never */
    enum reason told;
};

/* What is derived from readings (derive.h), and what came while the past was being recalled. */
struct recall;
struct kept_reading {
    uint16_t point;
    struct reading reading; /* as it was fed */
    struct stamp at;
};
struct derive_watch {
    struct derive *derive;     /* NULL: nothing is configured that needs it */
    struct recall *recall;     /* the loader's that is waited for; NULL: none is */
    struct kept_reading *kept; /* a ring; NULL when nothing is recalled any more */
    uint32_t kept_cap, kept_first, kept_n;
};

/* Runs of freezers (monitor_run_book.c). By names: a freezer may go and come with the configuration. */
#define RUNS_KEPT    128
#define RELEARN_KEPT 64
enum run_decision { RUN_UNDECIDED, RUN_ACCEPTED, RUN_REJECTED };
struct run_known {
    char asset[ID_MAX], id[RUN_ID_MAX], program[ID_MAX], how[16], verdict[24];
    char operator[WHO_MAX], lots[LOTS_MAX];
    int64_t begin_utc_us, end_utc_us; /* end 0: it goes on, as far as was told */
    int64_t gap_us;                   /* as it was configured at its begin; 0: not told */
    char program_hash[2 * 32 + 1];    /* of the program that it follows: a file that was edited is another */
    bool is_attended;                 /* somebody has said something of it after its end */
    enum run_decision decision;
    char decided_by[WHO_MAX];
};
struct run_freezer {
    char asset[ID_MAX]; /* "": free */
    bool is_prepared;   /* the next run: */
    char program[ID_MAX], operator[WHO_MAX], lots[LOTS_MAX];
    int64_t served_utc_us;               /* the last run's begin; 0: not known */
    int64_t excused_utc_us;              /* what was expected until then is done with */
    int64_t expected_utc_us, due_utc_us; /* the next run's time, and its latest; 0: not known */
    int64_t due_boot_us;                 /* that derive was told; 0: nothing */
    int64_t computed_us;                 /* when that was */
};
struct run_book {
    unsigned n;
    struct run_known runs[RUNS_KEPT]; /* by the time at which they became known */
    struct run_freezer freezers[FREEZERS_MAX];
    unsigned n_relearned; /* so far; a ring */
    struct {
        char asset[ID_MAX];
        int64_t utc_us;
    } relearned[RELEARN_KEPT];
};

/* Fills that were told: a recall finds the last ones again. */
#define FILLS_TOLD 256
struct fills_told {
    unsigned n; /* so far; a ring */
    struct {
        char asset[ID_MAX];
        int64_t end_boot_us;
    } fills[FILLS_TOLD];
};

/* An answer to a person. */
struct answer {
    enum command_origin origin;
    uint32_t ticket; /* 0: nobody waits */
    uint32_t generation;
    char caller[WHO_MAX]; /* by MQTT: the answers of each go in the order of what he asked; "": no order */
    uint64_t first_seq;   /* the number that the first event was to have */
    uint64_t seq;         /* of the event that is told */
    struct command_result result;
    struct verification verification;
    const char *detail; /* of a refused reload; NULL: none */
};

/* Answers that wait for the disk, in the order in which they came. Those by MQTT leave room for the others
 * (CONTROL_COMMANDS_MAX at most). */
#define ANSWERS_HELD_MAX 40
#define ANSWERS_BY_MQTT  32
struct held_answer {
    struct answer answer;
    uint64_t last_seq; /* 0: it caused nothing, and is behind another one of its caller */
    int64_t until_us;
    bool is_lost; /* one of its events was given up */
};
struct answers {
    uint64_t durable_seq;        /* all events up to it are on disk, but for what was given up */
    uint64_t lost_from, lost_to; /* the last of these; 0: none */
    unsigned n;
    struct held_answer held[ANSWERS_HELD_MAX];
};

/* Who must hear of a new configuration. */
enum reader { READER_STORE = 1, READER_PUBLISHER = 2, READER_CONTROL = 4 };

struct monitor {
    struct monitor_parts parts;
    struct config *config;
    struct engine *engine;
    uint64_t next_seq;             /* 0: not known yet */
    struct alarm_record *alarms;   /* config->n_alarms */
    struct device_record *devices; /* config->n_devices */
    struct calibrated *calibrated; /* config->n_points: of the latest reading */
    bool *dirty_assets;            /* config->n_assets */
    bool any_dirty;
    bool *unshown; /* config->n_alarms: the publisher had no room for the alarm's state */
    bool any_unshown, points_missed;
    uint16_t refresh_next;  /* alarm whose state is looked at next: is it to be told anew? */
    unsigned config_untold; /* of enum reader: who had no room for the configuration */
    bool events_lost;       /* the store had no room for an event */
    struct fault_record faults[FAULT_COUNT];
    struct bus **buses;  /* config->n_buses; NULL where none runs */
    struct turns *turns; /* of these buses, or NULL */
    struct tempo *tempo; /* the same */
    bool in_run[FREEZERS_MAX];
    int stop_fd; /* of the buses of this configuration */
    unsigned buses_running;
    bool stragglers; /* bus threads that did not end were left behind: they still use what main made */
    struct reload reload;
    bool stop, started;
    bool store_known; /* CORE_STORE_OPEN has come */
    unsigned n_unknown;
    struct unknown_alarm unknown[UNKNOWN_ALARMS_MAX];
    unsigned n_bypasses;
    struct bypass_record bypasses[BYPASSES_MAX];
    bool service_ended; /* an alarm is in service again because its time was over: is it still bypassed? */
    struct notify_watch notify;
    struct drill_watch drill;
    struct fallback_watch fallback;
    struct derive_watch derive;
    struct run_book *runs;
    struct fills_told fills_told;
    struct answers answers;
    unsigned recalls_running; /* loaders that have not said yet that they end */
    struct rounds *rounds;    /* core/rounds.h; index: point */
    struct by_eye *by_eye;    /* config->n_points: the newest manual readings */
    bool beyond_settled;      /* what an earlier run left of them was looked at */
    int64_t *fallback_told;   /* config->n_alarms: the raised time that the command was told of, or 0 */
    bool disabled_changed;    /* the list of what is disabled is to be told anew */
    struct baseline {
        bool known;
        char *source; /* NULL: lost */
        size_t len;
        unsigned char sha256[32];
    } baseline; /* the configuration whose limits are explained */
    int64_t clock_offset_us;
    int64_t fed_us;            /* the latest time that the engine was told */
    int64_t asleep_us;         /* clock_asleep_us when it was last looked at */
    int64_t reviewed_until_us; /* UTC: the record before that was reviewed, without a hole; 0: not known */
    int64_t queue_lost_us;     /* when samples were last dropped */
    int64_t next_housekeeping_us, next_watchdog_us;
    uint64_t watchdog_us;
    bool watchdog_silent; /* a late thread was reported */
    char status[256];
};

static inline bool monitor_broker_failed(const struct monitor *m)
{
    return m->faults[FAULT_BROKER].sources != 0;
}

static inline bool monitor_disk_failed(const struct monitor *m)
{
    return (m->faults[FAULT_STATE_DB].sources | m->faults[FAULT_HISTORY_DB].sources) != 0;
}

/* The name of the device that has the point; "" of a derived one. */
static inline const char *monitor_device_id(const struct config *config, uint16_t point)
{
    return config_is_derived(config, point) ? "" : config->devices[config->points[point].device].id;
}

#endif
