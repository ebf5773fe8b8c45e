/*
 * monitor_internal.h - what the files of the monitor share. Nobody else includes it.
 *
 *   monitor.c         the loop: messages, time, housekeeping
 *   monitor_events.c  events and alarm records: from a transition to store, publisher and journal
 *   monitor_clock.c   the wall clock was set, the machine was suspended
 *   monitor_answers.c answers to people, which wait until what they tell of is on disk
 *   monitor_restore.c what an earlier run left
 *   monitor_baseline.c  limits that were changed without a reason
 *   monitor_derive.c  what readings of tanks and freezers mean: in and out
 *   monitor_recall.c  what the last weeks have taught, read by a thread of its own
 *   monitor_command.c what a person wants done with an alarm
 *   monitor_bypass.c  devices that are not to be believed
 *   monitor_disabled.c  all that is kept quiet, in one list
 *   monitor_notify.c  is there somebody who calls people? and whom has he called
 *   monitor_troubles.c  what of it has failed or is switched off: is that more than before?
 *   monitor_drill.c   the way to a person, tried out on schedule
 *   monitor_fallback.c  the daemon's own last resort
 *   monitor_rounds.c  manual readings
 *   monitor_beyond.c  values that a person has read, beyond a limit
 *   monitor_clock.c   the wall clock was set, the machine was suspended
 *   monitor_record.c  what tools did and people signed; overdue reviews
 *   monitor_verify.c  a person compares a point with the device's display
 *   monitor_pages.c   what the control thread asks for; diagnostics of devices
 *   monitor_refresh.c the value of now in the states of alarms
 *   monitor_retry.c   what found no room in a mailbox, and what the disk has lost: told again
 *   monitor_tempo.c   a freezer's devices are asked faster during its run
 *   monitor_runs.c    runs of freezers: which goes on, which have begun and ended, which are late
 *   monitor_expected.c  when the next one is expected
 *   monitor_run_book.c  what is known of the last ones
 *   monitor_run_event.c  what is told of one
 *   monitor_run_command.c  what a person says of one, and of a tank
 *   monitor_reload.c  a new configuration: load, stop buses, carry the state over, start buses
 */
#ifndef CRYOMON_MONITOR_INTERNAL_H
#define CRYOMON_MONITOR_INTERNAL_H

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

/* ---- monitor_events.c */

/* An event in two steps: begin gives it its number, the caller writes its body, send hands it to store and
 * publisher. */
struct event_record *monitor_begin_event(struct monitor *m, struct store_message *message, const char *kind,
                                         struct stamp at);
void monitor_send_event(struct monitor *m, const struct store_message *message);
/* One event into chain, outbox and journal. */
void monitor_event(struct monitor *m, struct stamp at, const char *kind,
                   const struct announce_member *members, size_t n);
/* Feeds the engine and turns what comes out into events. command: who wants it, or NULL; the event's command
 * is then not 0. */
struct command {
    const char *who, *note, *order, *via; /* may be NULL, but for who */
    int64_t since_utc_us;                 /* of a hold: when it began, if not now */
};
int monitor_feed(struct monitor *m, const struct event *event, const struct command *command);
/* detail: in words for people; where it is a name, a number or what a library says, one for all languages. */
void monitor_fault(struct monitor *m, enum system_fault fault, enum fault_source source, bool failed,
                   const char *detail);
void monitor_fault_words(struct monitor *m, enum system_fault fault, enum fault_source source, bool failed,
                         const char *en, const char *zh);
/* The detail alone; what is too long is cut between two characters. */
void monitor_fault_detail(struct fault_record *record, const char *en, const char *zh);
/* An alarm that is in force from earlier (a restart, a reload): no event, but it is shown. */
void monitor_restore_alarm(struct monitor *m, uint16_t alarm, const struct alarm_record *record,
                           const struct alarm_memory *memory);
/* An alarm in force whose configuration goes away: its end is an event, not a silence. */
void monitor_remove_alarm(struct monitor *m, const char *asset, const char *alarm, enum alarm_state state,
                          int64_t raised_utc_us);
void monitor_publish_point(struct monitor *m, uint16_t point, const struct point_view *view);
void monitor_publish_dirty(struct monitor *m);
void monitor_sample(struct monitor *m, const struct core_message *message);
void monitor_stale_points(struct monitor *m);

/* The alarm's state to the publisher; false: no room, it is tried again. */
bool monitor_show_alarm(struct monitor *m, uint16_t alarm);
/* The sentence about an alarm as it is now. */
void monitor_sentence(const struct monitor *m, uint16_t alarm, enum language language, char *text,
                      size_t cap);
/* An event that says what state an alarm is in, for a state.db that does not know. */
void monitor_restate_alarm(struct monitor *m, uint16_t alarm);

/* What a state of an earlier time says now. view: where the reading is kept; untouched without one. */
struct alarm_news monitor_news_now(const struct monitor *m, uint16_t alarm, struct point_view *view);

/* ---- monitor_refresh.c */

/* The alarm's body with the reading of now; "" while it is normal. */
void monitor_body_now(const struct monitor *m, uint16_t alarm, char ret[BODY_MAX]);
/* A group has changed: its members say with the next turn that they belong to it. */
void monitor_refresh_members(struct monitor *m, const struct alarm_news *news);
/* Once a second: states that were not told for a minute are told anew. */
void monitor_watch_refresh(struct monitor *m, int64_t now_us);

/* ---- monitor_answers.c */

/* For what begins now. */
struct answer monitor_answer_begin(const struct monitor *m, enum command_origin origin, uint32_t ticket);
/* The one way in which people get answers. What has caused events goes when they are on disk, or after
 * ANSWER_HOLD_MS; what has caused none, was refused, finds the list full or the disk failing, goes at once:
 * but by MQTT never before an earlier one of the same caller that is held. */
void monitor_answer(struct monitor *m, const struct answer *answer);
/* Is the event on disk? What is not known of one of an earlier run (0) counts as it. */
bool monitor_is_recorded(const struct monitor *m, uint64_t seq);
/* What an answer says of an event that is not on disk. en, zh: "done", or what else it is. */
void monitor_say_unrecorded(const struct monitor *m, struct record_note *record, const char *en,
                            const char *zh);
void monitor_answers_durable(struct monitor *m, const struct core_message *message);
void monitor_answers_lost(struct monitor *m, uint64_t from_seq, uint64_t to_seq);
void monitor_answers_tick(struct monitor *m, int64_t now_us);
int64_t monitor_answers_deadline(const struct monitor *m); /* INT64_MAX: none is held */
void monitor_answers_finish(struct monitor *m);            /* the end: all go */

/* ---- monitor_restore.c */

void monitor_restored(struct monitor *m, struct core_message *message); /* frees what it carries */
void monitor_store_open(struct monitor *m, const struct core_message *message);
void monitor_lost_records(struct monitor *m, const struct core_message *message);
/* Faults of the last run are over unless this one has found them again. */
void monitor_settle_faults(struct monitor *m);
/* Alarms that were in force, and that the configuration no longer has: their end is an event. */
void monitor_remove_unknown(struct monitor *m);

/* ---- monitor_verify.c */

void monitor_verify(struct monitor *m, const struct core_message *message);

/* ---- monitor_record.c */

void monitor_record(struct monitor *m, const struct core_message *message); /* frees its request */
/* At the start, when it is known what was reviewed: sets the fault that is then told with the others. */
void monitor_settle_review(struct monitor *m);
/* Raises or ends the alarm about an overdue review. */
void monitor_watch_review(struct monitor *m);

/* ---- monitor_clock.c */

/* Once a second: an event when the wall clock was set, or the machine was suspended. */
void monitor_watch_clock(struct monitor *m);

/* ---- monitor_custody.c */

/* Makes an event of what happened to the record: a key, damage, removal. */
void monitor_custody(struct monitor *m, const struct core_message *message);

/* ---- monitor_calibration.c */

/* A calibration that history.db has learnt becomes an event: so it enters the chain. Frees the row. */

void monitor_calibration(struct monitor *m, struct calibration_row *row);

/* ---- monitor_pages.c */

void monitor_send_page(struct monitor *m, const struct core_message *request);
void monitor_diagnostics(struct monitor *m, const struct core_message *message);

/* ---- monitor_retry.c */

/* Gives the configuration to those in config_untold. */
void monitor_tell_config(struct monitor *m);
/* Once a second: what found no room. */
void monitor_retry(struct monitor *m);
/* state.db has lost events, or is another file: all alarms that are not normal are written into it anew. */
void monitor_restate(struct monitor *m);

/* ---- monitor_tempo.c */

/* A run of the freezer (index in config->freezers) goes on, or does not: the devices of its inputs are asked
 * each run_interval_ms meanwhile. Of freezers that share a device the fastest counts. To be called when a run
 * begins or ends, and when it has been found anew which ones go on (after a start or a reload). */
void monitor_tempo(struct monitor *m, uint16_t freezer, bool running);
/* For buses that have just been made. */
void monitor_resume_tempo(struct monitor *m);
/* After a reload: runs go on, by the names of their freezers. */
void monitor_carry_tempo(struct monitor *m, const struct config *old);

/* ---- monitor_reload.c */

int monitor_start_buses(struct monitor *m);
void monitor_stop_buses(struct monitor *m, int64_t deadline_us);
void monitor_reload_ask(struct monitor *m, uint32_t ticket, const char *who, const char *reason);
void monitor_reload_loaded(struct monitor *m, struct core_message *message); /* takes what it carries */
void monitor_reload_bus_exited(struct monitor *m);
/* When a reload waits for buses: the time at which it stops waiting. */
int64_t monitor_reload_deadline(const struct monitor *m);
void monitor_reload_tick(struct monitor *m, int64_t now_us);

/* ---- monitor_command.c */

/* What a person wants done; frees the request. */
void monitor_command(struct monitor *m, struct command_request *request);
/* Fills in a refusal. */
void monitor_refuse(struct command_result *result, int error, const char *en, const char *zh);
/* The end of a hold that a request wants, by the wall clock. False: refused. */
bool monitor_hold_end(const struct command_request *request, uint64_t max_ms, struct command_result *result,
                      int64_t *ret_until_utc_us);

/* ---- monitor_bypass.c */

void monitor_bypass(struct monitor *m, const struct command_request *request, struct command_result *result);
void monitor_unbypass(struct monitor *m, const struct command_request *request,
                      struct command_result *result);
void monitor_restore_bypass(struct monitor *m, const struct core_message *message);
/* Once a second, and when service_ended: those whose time is over end. */
void monitor_watch_bypasses(struct monitor *m);
/* After a reload or a restart: alarms of bypassed devices that are new are out of service too. */
void monitor_carry_bypasses(struct monitor *m);
bool monitor_is_bypassed(const struct monitor *m, const char *device);
int64_t monitor_bypassed_since(const struct monitor *m, const char *device); /* UTC; 0: it is not */

/* ---- monitor_notify.c */

void monitor_notify(struct monitor *m, struct core_message *message);       /* frees what it carries */
void monitor_called(struct monitor *m, struct notify_call *call);           /* the same */
void monitor_restore_offs(struct monitor *m, struct core_message *message); /* the same */
void monitor_watch_notify(struct monitor *m, int64_t now_us);
enum notifier_state monitor_notifier_state(const struct monitor *m);

/* ---- monitor_troubles.c */

/* Is there something in now that was not there before? before NULL: not known; then what the alarm about
 * this fault says. */
bool monitor_troubles_grew(const struct monitor *m, enum system_fault fault,
                           const struct notify_troubles *before, const struct notify_troubles *now);
/* Does the alarm about this fault, as it was told last, name one of these? */
bool monitor_troubles_named(const struct monitor *m, enum system_fault fault,
                            const struct notify_troubles *set);
/* What has failed and was not tried since is still failed. */
void monitor_troubles_keep(struct notify_troubles *now, const struct notify_troubles *before,
                           const struct notify_troubles *unknown);
/* "a: error; b: error; 2 more" */
void monitor_troubles_words(const struct notify_troubles *set, enum language language, char text[NOTE_MAX]);
/* All of what FAULT_NOTIFY_CHANNEL is about: cryonotify's, and the daemon's own last resort. */
void monitor_channel_words(const struct monitor *m, char text[LANGUAGES][NOTE_MAX]);
/* Feeds a fault whose detail may change while it lasts: the alarm's state is told anew; when it has grown, an
 * alarm that is acknowledged calls again. */
void monitor_troubles_tell(struct monitor *m, enum system_fault fault, enum fault_source source, bool failed,
                           bool grew, const char *en, const char *zh);

/* ---- monitor_baseline.c */

void monitor_baseline_restore(struct monitor *m, struct core_message *message);
/* Which limits of config differ from those in a source (NULL: lost). For loader threads. NULL: no memory. */
struct limit_report *monitor_baseline_compare(const char *source, size_t len, const struct config *config);
char *monitor_baseline_copy(const struct monitor *m); /* the source, malloc'd; NULL: lost */
bool monitor_baseline_differs(const struct monitor *m, const struct config *config);
void monitor_baseline_set(struct monitor *m, struct event_record *event);
/* After a start with another configuration: compares, on a thread of its own. */
void monitor_baseline_start(struct monitor *m);
void monitor_baseline_compared(struct monitor *m, uint32_t generation, struct limit_report *report);

/* ---- monitor_run_book.c */

/* Takes up what an event tells, of this run of the daemon or an earlier one. */
void monitor_run_apply(struct monitor *m, const struct run_row *row);
void monitor_run_restore(struct monitor *m, struct run_row *row); /* frees it */
/* NULL: not known. id: its id, or "last". */
struct run_known *monitor_run_find(const struct monitor *m, const char *asset, const char *id);
/* The run of the asset that begins about then: the nearest, and none that had ended before. */
#define RUN_NEAR_US   (120 * SECOND_US)
#define RUN_STORED_US (2 * MS_US) /* so much a time that was stored may be less than it was */
struct run_known *monitor_run_near(const struct monitor *m, const char *asset, int64_t begin_utc_us);
struct run_freezer *monitor_run_freezer(const struct monitor *m, const char *asset); /* NULL: no room */
int monitor_find_freezer(const struct config *config, const char *asset);            /* index, or -1 */
int monitor_find_program(const struct config *config, const char *id);
/* What a recall must know of the past: a copy for its thread (free), or NULL. */
struct run_past;
struct run_past *monitor_runs_past(const struct monitor *m);
void monitor_runs_plan(const struct run_past *past, struct derive *derive);
void monitor_runs_pass(struct run_past *past, struct derive *derive, int64_t utc_us);

/* ---- monitor_run_event.c */

/* An event of kind "run" (or "vessel"): row is told and taken up. program, record (of a run that began or
 * ended) and request (of a person) may be NULL. Returns its number. */
struct run_telling {
    const struct run_row *row;
    const struct freezer_record *record;
    int step; /* that it ended in, from 0; -1 */
    const struct program *program;
    const struct command_request *request;
    const struct run_known *before; /* of a decision: what was known; NULL: none */
    int64_t expected_utc_us;        /* of one that does not take place; 0 */
    int64_t age_us;                 /* see run_report_end */
};
uint64_t monitor_run_tell(struct monitor *m, const struct run_telling *telling);

/* ---- monitor_runs.c */

void monitor_run_news(struct monitor *m, const struct derived_news *news);
/* What is derived is ready: which of the runs that were told goes on, and what was not told of others? */
void monitor_runs_settle(struct monitor *m);
/* Once a second: which runs are expected. */
void monitor_watch_runs(struct monitor *m);

/* ---- monitor_expected.c */

/* The first expected time (UTC) that neither a run nor anybody's word (all until excused) has served; 0:
 * none. runs: the last ones, in order of their begin.
 *
 * Each run counts for one time, the nearest that no other one counts for: where a time was missed, it counts
 * for that one during the first two thirds of the way to the next. It may begin at most 4 h, or half the way
 * to the time before, earlier than its time, and must not have ended more than an hour earlier. A time that
 * was missed is done with when it was told, and a run counts for a later one. */
struct expected_past {
    int64_t begin_utc_us, end_utc_us; /* end 0: it goes on */
};
int64_t monitor_expected_next(const struct freezer_config *freezer, const struct expected_past *runs,
                              unsigned n, int64_t excused_utc_us);

/* ---- monitor_run_command.c */

void monitor_run_command(struct monitor *m, const struct command_request *request,
                         struct command_result *result);
void monitor_vessel_relearn(struct monitor *m, const struct command_request *request,
                            struct command_result *result);

/* ---- monitor_derive.c */

int monitor_derive_make(struct config *config, struct derive_watch *ret); /* 0 or -errno */
void monitor_derive_drop(struct derive_watch *derive);
/* A reading as the engine has it. */
void monitor_derive_take(struct monitor *m, uint16_t point, const struct point_view *view);
/* Once a second. */
void monitor_watch_derived(struct monitor *m);
/* From here on it is told. recalled (NULL: there is none) takes the place of the one that has learned since
 * the start; it knows what was stored until then. */
void monitor_derive_begin(struct monitor *m, struct derive *recalled, int64_t recalled_utc_us);
/* What an alarm of derived_alarm() says beside its text; "" of another one, or when nothing is known. */
void monitor_derived_words(const struct monitor *m, uint16_t alarm, char text[LANGUAGES][NOTE_MAX]);
/* Of an alarm of an asset with a vessel: the time that is left, when it is shorter than what is there. */
void monitor_time_left(const struct monitor *m, struct alarm_news *news);

/* ---- monitor_recall.c */

void monitor_recall_start(struct monitor *m);
/* What it reads is not wanted any more. */
void monitor_recall_cancel(struct monitor *m);
void monitor_recalled(struct monitor *m, struct recall *recall); /* frees it */
void monitor_recall_watch(struct monitor *m);
/* At the end: false when a loader's thread hangs (on a disk). */
bool monitor_recall_stop(struct monitor *m);
void monitor_recall_free(struct recall *recall);

/* ---- monitor_runs.c */

/* A freezer's run has begun or ended. */
void monitor_run_news(struct monitor *m, const struct derived_news *news);

/* ---- monitor_drill.c */

void monitor_drill_restore(struct monitor *m, const struct core_message *message);
void monitor_drill_start(struct monitor *m, const struct command_request *request,
                         struct command_result *result);
void monitor_watch_drill(struct monitor *m);

/* ---- monitor_fallback.c */

void monitor_watch_fallback(struct monitor *m, int64_t now_us);
void monitor_fallback_result(struct monitor *m, const struct core_message *message);

/* ---- monitor_beyond.c */

/* The alarms of the point whose limits a value is beyond: their names, "a b", and priorities as bits. */
unsigned monitor_beyond_of(const struct monitor *m, uint16_t point, micro_t value, char ids[NOTE_MAX]);
/* It is the newest value of the point that a person has read. */
void monitor_beyond_read(struct monitor *m, uint16_t point, micro_t value, int64_t measured_utc_us);
void monitor_beyond_restore(struct monitor *m, uint16_t point, const struct core_message *message);
/* Once a second, and after each reading: raises and ends manual-reading-beyond-PRIORITY. */
void monitor_watch_beyond(struct monitor *m);
/* What such an alarm is about; "" of another alarm. */
void monitor_beyond_words(const struct monitor *m, uint16_t alarm, char text[LANGUAGES][NOTE_MAX]);

/* ---- monitor_rounds.c */

void monitor_reading(struct monitor *m, const struct command_request *request, struct command_result *result);
void monitor_restore_round(struct monitor *m, const struct core_message *message);
void monitor_watch_rounds(struct monitor *m);
/* Elements first to first + cap of Status's rounds, as JSON text; gives how many. */
uint16_t monitor_rounds_page(const struct monitor *m, uint16_t first, uint16_t cap,
                             char texts[][DEVICE_BODY_MAX]);

/* ---- monitor_disabled.c */

/* Tells the broker of all that is disabled, when that has changed. */
void monitor_tell_disabled(struct monitor *m);
/* Elements first to first + cap of that list, as JSON text; gives how many. */
uint16_t monitor_disabled_page(const struct monitor *m, uint16_t first, uint16_t cap,
                               char texts[][DEVICE_BODY_MAX]);

/* ---- monitor.c */

int monitor_make_tables(struct monitor *m, struct config *config);
/* What a message carries, when nobody takes it any more. */
void monitor_free_message(struct core_message *message);

#endif
