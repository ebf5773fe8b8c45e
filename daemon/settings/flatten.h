/*
 * flatten.h - the parts of flatten_draft: alarms (flatten_alarm.c) and who is a member of whom
 * (flatten_members.c).
 */
#ifndef CRYOMON_FLATTEN_H
#define CRYOMON_FLATTEN_H

#include "draft.h"

/* flatten_derived.c: vessels, supplies and freezers, but for their alarms. Returns 0 or -ENOMEM. */
int flatten_derived(const struct draft *d, struct config *config);

/* assets[0]: the system itself, with an alarm for each part that can fail, and the groups that belong to it.
 */
void flatten_system(const struct draft *d, struct config *config, uint16_t *n_alarms);

/* All alarms of an asset of the draft, also those that cryomon makes; its points are there already. */
void flatten_asset_alarms(const struct draft *d, struct config *config, size_t index, uint16_t *n_alarms);

/* When all alarms are there: the members of groups and of chattering. Returns 0 or -ENOMEM. */
int flatten_members(const struct draft *d, struct config *config);

#endif
