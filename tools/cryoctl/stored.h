/*
 * stored.h - opens the history for a verb, and says in words why it can't be read.
 */
#ifndef CRYOMON_CRYOCTL_STORED_H
#define CRYOMON_CRYOCTL_STORED_H

#include "cryoctl.h"
#include "json_text.h"
#include "reader.h"

/* CTL_OK with *ret, or the exit status after a complaint. */
int stored_open(const struct ctl *ctl, struct history_reader **ret);
int stored_complain(const struct ctl *ctl, int error); /* of a reading that failed half way */

/* Complains that the history has no such point (point NULL: no such asset; both NULL: no point at all). */
int stored_no_point(const struct ctl *ctl, struct history_reader *reader, const char *asset,
                    const char *point);
/* May there be alarms of this asset? True also where the history can't be read. */
bool stored_has_alarms_of(struct history_reader *reader, const char *asset);
/* Says on stderr when something damaged was left out. */
void stored_tell_damage(const struct ctl *ctl, const struct history_reader *reader);

#endif
