/*
 * monitor_people.h - what people want and say, what they are answered, and whether they can be reached.
 * Nobody but the monitor includes it.
 */
#ifndef CRYOMON_MONITOR_PEOPLE_H
#define CRYOMON_MONITOR_PEOPLE_H

#include "monitor_state.h"

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
/* CORE_DURABLE: sends what has waited for it. */
void monitor_answers_durable(struct monitor *m, const struct core_message *message);
/* These events will never be on disk: whoever waits for one of them is told so. */
void monitor_answers_lost(struct monitor *m, uint64_t from_seq, uint64_t to_seq);
/* Sends what has waited for too long. Times here are BOOTTIME. */
void monitor_answers_tick(struct monitor *m, int64_t now_us);
int64_t monitor_answers_deadline(const struct monitor *m); /* INT64_MAX: none is held */
void monitor_answers_finish(struct monitor *m);            /* the end: all go */

/* ---- monitor_command.c */

/* What a person wants done; frees the request. */
void monitor_command(struct monitor *m, struct command_request *request);
/* Fills in a refusal. */
void monitor_refuse(struct command_result *result, int error, const char *en, const char *zh);
/* The end of a hold that a request wants, by the wall clock. False: refused. */
bool monitor_hold_end(const struct command_request *request, uint64_t max_ms, struct command_result *result,
                      int64_t *ret_until_utc_us);

/* ---- monitor_bypass.c */

/* What a person wants: done, or refused in result. */
void monitor_bypass(struct monitor *m, const struct command_request *request, struct command_result *result);
void monitor_unbypass(struct monitor *m, const struct command_request *request,
                      struct command_result *result);
/* CORE_BYPASSED: of an earlier run. */
void monitor_restore_bypass(struct monitor *m, const struct core_message *message);
/* Once a second, and when service_ended: those whose time is over end. */
void monitor_watch_bypasses(struct monitor *m);
/* After a reload or a restart: alarms of bypassed devices that are new are out of service too. */
void monitor_carry_bypasses(struct monitor *m);
bool monitor_is_bypassed(const struct monitor *m, const char *device);
int64_t monitor_bypassed_since(const struct monitor *m, const char *device); /* UTC; 0: it is not */

/* ---- monitor_disabled.c */

/* Tells the broker of all that is disabled, when that has changed. */
void monitor_tell_disabled(struct monitor *m);
/* Elements first to first + cap of that list, as JSON text; gives how many. */
uint16_t monitor_disabled_page(const struct monitor *m, uint16_t first, uint16_t cap,
                               char texts[][DEVICE_BODY_MAX]);

/* ---- monitor_notify.c */

void monitor_notify(struct monitor *m, struct core_message *message);       /* frees what it carries */
void monitor_called(struct monitor *m, struct notify_call *call);           /* the same */
void monitor_restore_offs(struct monitor *m, struct core_message *message); /* the same */
/* Once a second: is cryonotify alive, and would somebody be told? Raises and ends the alarms about it. */
void monitor_watch_notify(struct monitor *m, int64_t now_us);
/* For those who ask how we are. */
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

/* ---- monitor_drill.c */

/* CORE_DRILLED: when the last one began, of an earlier run. */
void monitor_drill_restore(struct monitor *m, const struct core_message *message);
/* A person wants one now: begun, or refused in result. */
void monitor_drill_start(struct monitor *m, const struct command_request *request,
                         struct command_result *result);
/* Once a second: begins one that is due, and tells of one that nobody has confirmed. */
void monitor_watch_drill(struct monitor *m);

/* ---- monitor_fallback.c */

/* Once a second: has an alarm waited long enough while nobody else tells? */
void monitor_watch_fallback(struct monitor *m, int64_t now_us);
/* CORE_FALLBACK: what an attempt has come to. */
void monitor_fallback_result(struct monitor *m, const struct core_message *message);

/* ---- monitor_rounds.c */

/* What a person has read: an event, or refused in result. */
void monitor_reading(struct monitor *m, const struct command_request *request, struct command_result *result);
/* CORE_ROUND: the last one of a point, of an earlier run. */
void monitor_restore_round(struct monitor *m, const struct core_message *message);
/* Once a second: raises and ends the alarms about readings that are due. */
void monitor_watch_rounds(struct monitor *m);
/* Elements first to first + cap of Status's rounds, as JSON text; gives how many. */
uint16_t monitor_rounds_page(const struct monitor *m, uint16_t first, uint16_t cap,
                             char texts[][DEVICE_BODY_MAX]);

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

/* Which points of its asset are overdue, and since when; "" of another alarm than ID/manual-reading-overdue.
 */
void monitor_rounds_words(const struct monitor *m, uint16_t alarm, char text[LANGUAGES][NOTE_MAX]);

/* ---- monitor_verify.c */

/* CORE_VERIFY: compares, makes an event of it and answers. */
void monitor_verify(struct monitor *m, const struct core_message *message);

/* ---- monitor_record.c */

void monitor_record(struct monitor *m, const struct core_message *message); /* frees its request */
/* At the start, when it is known what was reviewed: sets the fault that is then told with the others. */
void monitor_settle_review(struct monitor *m);
/* Raises or ends the alarm about an overdue review. */
void monitor_watch_review(struct monitor *m);

#endif
