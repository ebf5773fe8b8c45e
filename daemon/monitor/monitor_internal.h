/*
 * monitor_internal.h - what the files of the monitor share. Nobody else includes it.
 *
 *   monitor.c               the loop: messages, time, housekeeping
 *   monitor_state.h         what the core thread knows
 *   monitor_people.h        declares what has to do with people
 *   monitor_derived.h       the same of what is derived
 *   monitor_events.c        events and alarm records: from a transition to store, publisher and journal
 *   monitor_readings.c      readings: from a bus to engine, store and publisher
 *   monitor_buses.c         the bus threads: started and stopped together
 *   monitor_clock.c         the wall clock was set, the machine was suspended
 *   monitor_answers.c       answers to people, which wait until what they tell of is on disk
 *   monitor_restore.c       what an earlier run left
 *   monitor_baseline.c      limits that were changed without a reason
 *   monitor_derive.c        what readings of tanks and freezers mean: in and out
 *   monitor_recall.c        what the last weeks have taught, read by a thread of its own
 *   monitor_command.c       what a person wants done with an alarm
 *   monitor_bypass.c        devices that are not to be believed
 *   monitor_disabled.c      all that is kept quiet, in one list
 *   monitor_notify.c        is there somebody who calls people? and whom has he called
 *   monitor_troubles.c      what of it has failed or is switched off: is that more than before?
 *   monitor_drill.c         the way to a person, tried out on schedule
 *   monitor_fallback.c      the daemon's own last resort
 *   monitor_rounds.c        manual readings
 *   monitor_beyond.c        values that a person has read, beyond a limit
 *   monitor_custody.c       what happened to the record: keys, damage, removal
 *   monitor_calibration.c   calibrations that were used for the first time
 *   monitor_record.c        what tools did and people signed; overdue reviews
 *   monitor_verify.c        a person compares a point with the device's display
 *   monitor_pages.c         what the control thread asks for; diagnostics of devices
 *   monitor_refresh.c       the value of now in the states of alarms
 *   monitor_retry.c         what found no room in a mailbox, and what the disk has lost: told again
 *   monitor_tempo.c         a freezer's devices are asked faster during its run
 *   monitor_runs.c          runs of freezers: which go on, have begun, have ended, are late
 *   monitor_expected.c      when the next one is expected
 *   monitor_run_book.c      what is known of the last ones
 *   monitor_run_event.c     what is told of one
 *   monitor_run_command.c   what a person says of one, and of a tank
 *   monitor_reload.c        a new configuration: load, stop buses, carry the state over, start buses
 */
#ifndef CRYOMON_MONITOR_INTERNAL_H
#define CRYOMON_MONITOR_INTERNAL_H

#include "monitor_derived.h"
#include "monitor_people.h"
#include "monitor_state.h"

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
/* The same as of a time that has passed. */
int monitor_feed_at(struct monitor *m, struct stamp at, const struct event *event,
                    const struct command *command);
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

/* The alarm's state to the publisher; false: no room, it is tried again. */
bool monitor_show_alarm(struct monitor *m, uint16_t alarm);
/* The sentence about an alarm as it is now. */
void monitor_sentence(const struct monitor *m, uint16_t alarm, enum language language, char *text,
                      size_t cap);
/* An event that says what state an alarm is in, for a state.db that does not know. */
void monitor_restate_alarm(struct monitor *m, uint16_t alarm);

/* What a state of an earlier time says now. view: where the reading is kept; untouched without one. */
struct alarm_news monitor_news_now(const struct monitor *m, uint16_t alarm, struct point_view *view);

/* ---- monitor_readings.c */

/* A reading, as calibrated, to the publisher; the asset it belongs to is published with the next turn. */
void monitor_publish_point(struct monitor *m, uint16_t point, const struct point_view *view);
/* Assets of which a reading has come since. */
void monitor_publish_dirty(struct monitor *m);
/* CORE_SAMPLE: stored as it was read, judged and shown as calibrated. Another generation's is dropped. */
void monitor_sample(struct monitor *m, const struct core_message *message);
/* Points whose last reading has become too old: that, too, is a reading. */
void monitor_stale_points(struct monitor *m);

/* ---- monitor_refresh.c */

/* The alarm's body with the reading of now; "" while it is normal. */
void monitor_body_now(const struct monitor *m, uint16_t alarm, char ret[BODY_MAX]);
/* A group has changed: its members say with the next turn that they belong to it. */
void monitor_refresh_members(struct monitor *m, const struct alarm_news *news);
/* Once a second: states that were not told for a minute are told anew. */
void monitor_watch_refresh(struct monitor *m, int64_t now_us);

/* ---- monitor_restore.c */

void monitor_restored(struct monitor *m, struct core_message *message); /* frees what it carries */
void monitor_store_open(struct monitor *m, const struct core_message *message);
void monitor_lost_records(struct monitor *m, const struct core_message *message);
/* Faults of the last run are over unless this one has found them again. */
void monitor_settle_faults(struct monitor *m);
/* Alarms that were in force, and that the configuration no longer has: their end is an event. */
void monitor_remove_unknown(struct monitor *m);

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

/* ---- monitor_buses.c */

/* A thread for each bus of the configuration. One that cannot start is logged: its points go stale. 0 or
 * -errno: there is none. */
int monitor_start_buses(struct monitor *m);
/* Ends them, until the deadline (BOOTTIME); what they still post is taken. */
void monitor_stop_buses(struct monitor *m, int64_t deadline_us);
/* Joins the buses that have ended, and forgets those that have not: their threads end by themselves later,
 * and what they still post belongs to an old generation. */
void monitor_release_buses(struct monitor *m);

/* ---- monitor_reload.c */

void monitor_reload_ask(struct monitor *m, uint32_t ticket, const char *who, const char *reason);
void monitor_reload_loaded(struct monitor *m, struct core_message *message); /* takes what it carries */
void monitor_reload_bus_exited(struct monitor *m);
/* When a reload waits for buses: the time at which it stops waiting. */
int64_t monitor_reload_deadline(const struct monitor *m);
void monitor_reload_tick(struct monitor *m, int64_t now_us);

/* ---- monitor_baseline.c */

void monitor_baseline_restore(struct monitor *m, struct core_message *message);
/* Which limits of config differ from those in a source (NULL: lost). For loader threads. NULL: no memory. */
struct limit_report *monitor_baseline_compare(const char *source, size_t len, const struct config *config);
char *monitor_baseline_copy(const struct monitor *m); /* the source, malloc'd; NULL: lost */
void monitor_baseline_set(struct monitor *m, struct event_record *event);
/* After a start with another configuration: compares, on a thread of its own. */
void monitor_baseline_start(struct monitor *m);
void monitor_baseline_compared(struct monitor *m, uint32_t generation, struct limit_report *report);

/* ---- monitor.c */

int monitor_make_tables(struct monitor *m, struct config *config);
/* What a message carries, when nobody takes it any more. */
void monitor_free_message(struct core_message *message);

#endif
