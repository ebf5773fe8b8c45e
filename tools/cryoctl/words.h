/*
 * words.h - the daemon's stable machine names ("timeout", "unacknowledged") in words for people.
 */
#ifndef CRYOMON_CRYOCTL_WORDS_H
#define CRYOMON_CRYOCTL_WORDS_H

#include "cryoctl.h"

/* A name that is not known (a newer daemon's) stays as it is. */
const char *words_quality(const struct ctl *ctl, const char *name);
const char *words_reason(const struct ctl *ctl, const char *name);
const char *words_state(const struct ctl *ctl, const char *name);    /* of an alarm */
const char *words_priority(const struct ctl *ctl, const char *name); /* critical in capitals */
const char *words_transition(const struct ctl *ctl, const char *name);
const char *words_disabled(const struct ctl *ctl, const char *name); /* what is kept quiet, and how */
const char *words_why(const struct ctl *ctl, const char *name);      /* a hold ended, an alarm calls again */
const char *words_kind(const struct ctl *ctl, const char *name);     /* of an event */

/* Why records were lost, as the daemon tells it in English. */
const char *words_lost(const struct ctl *ctl, const char *detail);

/* What strerror says, in Chinese also where no Chinese locale is installed. */
const char *words_error(const struct ctl *ctl, int error);

/* 0 (low) to 3 (critical); -1 for a name that is not known. */
int words_priority_rank(const char *name);

#endif
