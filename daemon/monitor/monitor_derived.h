/*
 * monitor_derived.h - what is derived of tanks and freezers: recalled, told, and what becomes of runs. Nobody
 * but the monitor includes it.
 */
#ifndef CRYOMON_MONITOR_DERIVED_H
#define CRYOMON_MONITOR_DERIVED_H

#include "monitor_state.h"

/* ---- monitor_derive.c */

int monitor_derive_make(struct config *config, struct derive_watch *ret); /* 0 or -errno */
/* Frees what it has; it may be one of an earlier configuration. */
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

/* Begins to read the record on a loader's thread; meanwhile readings are kept. */
void monitor_recall_start(struct monitor *m);
/* What it reads is not wanted any more. */
void monitor_recall_cancel(struct monitor *m);
void monitor_recalled(struct monitor *m, struct recall *recall); /* frees it */
/* Once a second: when it takes too long, what was learned since the start is told until it is there. */
void monitor_recall_watch(struct monitor *m);
/* At the end: false when a loader's thread hangs (on a disk). */
bool monitor_recall_stop(struct monitor *m);

/* ---- monitor_runs.c */

/* A run has begun or ended, as derive says: an event, unless it was told. */
void monitor_run_news(struct monitor *m, const struct derived_news *news);
/* What is derived is ready: which of the runs that were told goes on, and what was not told of others? */
void monitor_runs_settle(struct monitor *m);
/* Once a second: which runs are expected. */
void monitor_watch_runs(struct monitor *m);

/* ---- monitor_run_book.c */

/* Takes up what an event tells, of this run of the daemon or an earlier one. */
void monitor_run_apply(struct monitor *m, const struct run_row *row);
void monitor_run_restore(struct monitor *m, struct run_row *row); /* frees it */
/* NULL: not known. id: its id, or "last". */
struct run_known *monitor_run_find(const struct monitor *m, const char *asset, const char *id);
/* The run of the asset that begins about then: the nearest by freezer_match. NULL: none. */
struct run_known *monitor_run_near(const struct monitor *m, const char *asset, int64_t begin_utc_us);
struct run_freezer *monitor_run_freezer(const struct monitor *m, const char *asset); /* NULL: no room */
int monitor_find_freezer(const struct config *config, const char *asset);            /* index, or -1 */
/* What a recall must know of the past: a copy for its thread (free), or NULL. */
struct run_past;
struct run_past *monitor_runs_past(const struct monitor *m);
/* Tells derive which program each run of the past had, and which gap. past may be NULL. */
void monitor_runs_plan(const struct run_past *past, struct derive *derive);
/* The record was read until then: vessels that somebody let learn anew before that do so. */
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

/* ---- monitor_run_command.c */

/* What a person wants: done, or refused in result. */
void monitor_run_command(struct monitor *m, const struct command_request *request,
                         struct command_result *result);
void monitor_vessel_relearn(struct monitor *m, const struct command_request *request,
                            struct command_result *result);

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

/* ---- monitor_tempo.c */

/* A run of the freezer (index in config->freezers) goes on, or does not: the devices of its inputs are asked
 * each run_interval_ms meanwhile. Of freezers that share a device the fastest counts. To be called when a run
 * begins or ends, and when it has been found anew which ones go on (after a start or a reload). */
void monitor_tempo(struct monitor *m, uint16_t freezer, bool running);
/* For buses that have just been made. */
void monitor_resume_tempo(struct monitor *m);
/* After a reload: runs go on, by the names of their freezers. */
void monitor_carry_tempo(struct monitor *m, const struct config *old);

#endif
