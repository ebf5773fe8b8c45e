/*
 * run_json.h - a freezer's run as JSON: for "cryoctl runs --json", "run show --json", and the report's facts.
 * Format: cryoctl(1).
 */
#ifndef CRYOMON_CRYOCTL_RUN_JSON_H
#define CRYOMON_CRYOCTL_RUN_JSON_H

#include "cryoctl.h"
#include "run_file.h"

/* A run as it was recognised in the readings, with what its events say (entry: NULL, there are none). ctl:
 * whose language the reasons' texts are in; NULL: without texts, in no language. A new reference. */
json_t *run_json(const struct ctl *ctl, const char *asset, const struct freezer_record *record,
                 const struct program *program, const struct run_entry *entry);

/* All of a run but its curves: the same, and when something held, alarms, earlier accepted runs. */
json_t *run_json_file(const struct ctl *ctl, const struct run_file *run);

#endif
