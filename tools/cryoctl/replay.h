/*
 * replay.h - the daemon's own engine over stored history, with the configuration that was in force and with a
 * candidate: what would have been alarmed with each, and what the candidate gains and loses.
 *
 * Both sides get the same readings at the same times (when they were taken), as read, each calibrated by its
 * own configuration; between readings the engine's own deadlines run (on-delays, stale, no data). While the
 * daemon was not running nothing is judged, as it was. A start makes the engines anew, with the states that
 * they had. Nobody acknowledges, shelves or resets: an alarm lasts from its first call until its condition is
 * over, and what a suppression by design hides is not told. Alarms of the system itself (faults) are not
 * replayed, nor manual rounds, nor run-late (its timetable is the daemon's).
 *
 * What is derived of tanks, supplies and freezers (derive.h) is derived anew on each side, with its own
 * configuration; derived readings of the record are not used. Each side first learns, without telling, from
 * what the daemon recalls after a start: the 28 days before (2 for freezers), calibrated as it was then; the
 * side in force again at each change of its configuration. Time passes for it each REPLAY_LOOK_US. What
 * people said of runs and vessels (which program, that somebody came, relearn) is heard when it was said;
 * that a device was bypassed is not known.
 *
 * An excursion is a value above the lowest exposure threshold of its asset for at least a minute, or beyond a
 * critical limit in force for at least its on-delay. It begins and ends as observe.h says: neither silence
 * nor an uncertain value ends it. It is lost when no alarm of the candidate on a value of that point (a limit
 * on that side, a rate, a deviation; of a tank with a vessel temperature-too-warm, -too-cold,
 * time-left-critical and overfill; of a freezer run-deviation) is told during it.
 *
 * Deterministic: the same record and candidate give the same answer. Memory: some megabytes, and the alarms
 * found, up to REPLAY_ALARMS_MAX on either side.
 */
#ifndef CRYOMON_CRYOCTL_REPLAY_H
#define CRYOMON_CRYOCTL_REPLAY_H

#include <jansson.h>

#include "cryoctl.h"
#include "reader.h"
#include "walk.h"

#define REPLAY_ALARMS_MAX 200000
#define REPLAY_LIST       10000 /* in each list of the facts */

/* So much of the record before a range is read for it. */
int64_t replay_reach_us(const struct config *candidate);

/* The facts, in no language ("cryomon": "replay 1", see cryoctl(1)): a new reference in *ret. asset: NULL for
 * all. Returns 0 or -errno. */
int replay_run(struct history_reader *reader, struct config *candidate, const char *asset, int64_t from_us,
               int64_t to_us, walk_progress_fn *progress, void *context, json_t **ret);

#endif
