/*
 * performance.h - how well the alarm system itself performs: rates, floods, chattering, stale alarms, times
 * to acknowledge and to resolve, what was disabled, calls and drills; each beside the targets of ISA-18.2,
 * IEC 62682 and EEMUA 191, and beside stricter ones that suit a cell bank.
 *
 * Read from the events in one pass. Memory does not grow with the events beyond the bounds below; what is
 * left out is counted. An alarm counts each time that it is raised; while it is shelved, suppressed or out of
 * service it is counted apart (nobody was called). Times without a running daemon are neither quiet nor loud:
 * rates are those of the observed time, as far as starts, stops, the last readings before a crash, and
 * suspends tell it.
 *
 * A flood begins with the first of more than 10 alarms within 10 minutes and is over when fewer than 5 came
 * in 10 minutes. An alarm chatters when it is raised 3 times within a minute. It is stale when it is active
 * for more than 24 h. Days and 10-minute periods are counted from the beginning of the range. Quantiles are
 * exact (nearest rank). Drills (system/drill) count as drills only.
 */
#ifndef CRYOMON_CRYOCTL_PERFORMANCE_H
#define CRYOMON_CRYOCTL_PERFORMANCE_H

#include <jansson.h>

#include "cryoctl.h"
#include "reader.h"
#include "walk.h"

#define PERFORMANCE_ALARMS_MAX      100000 /* different ones */
#define PERFORMANCE_OCCURRENCES_MAX 500000
#define PERFORMANCE_DISABLED_MAX    20000
#define PERFORMANCE_ASSETS          200 /* those with the most alarms */
#define PERFORMANCE_LIST            20  /* of worst ones, in each list of the facts */

/* The facts, in no language ("cryomon": "alarm-report 1", see cryoctl(1)): a new reference in *ret. asset: of
 * this asset only (NULL: all). to_us is not in the future. progress may be NULL. Returns 0 or -errno. */
int performance_gather(struct history_reader *reader, const char *asset, int64_t from_us, int64_t to_us,
                       walk_progress_fn *progress, void *context, json_t **ret);

/* ---------------------------------------------------------------- for those who show them */

/* A target by its place in facts.targets: what is measured, in the user's language; and a value or a limit
 * with its unit. "not known" when it is null. */
const char *performance_target_name(const struct ctl *ctl, const char *id);
void performance_target_value(const struct ctl *ctl, const char *id, const json_t *value, char *text,
                              size_t cap);
/* What the standard, or we, ask for: "<= 150 a day". "" when there is none. */
void performance_target_limit(const struct ctl *ctl, const char *id, const json_t *side, char *text,
                              size_t cap);
/* "met", "not met", "not known" for the machine names of the same meaning. */
const char *performance_result(const struct ctl *ctl, const char *result);
/* Why it is not known: "" when it is. */
const char *performance_why(const struct ctl *ctl, const json_t *target);
/* "shelved", "suppressed", "out of service" ... */
const char *performance_disabled_kind(const struct ctl *ctl, const char *kind);
/* Seconds as people read them, "-" for null. */
const char *performance_seconds(const struct ctl *ctl, const json_t *seconds, char *text, size_t cap);

#endif
