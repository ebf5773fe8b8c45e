/* gaps_internal.h - what the parts of gaps share. Not for others. */
#ifndef CRYOMON_CRYOCTL_GAPS_INTERNAL_H
#define CRYOMON_CRYOCTL_GAPS_INTERNAL_H

#include "gaps.h"

/* Sorts the gaps and makes one of those of several points that begin and end together. 0 or -ENOMEM. */
int gaps_join(struct gaps *gaps);

/* Finds the events that explain missing slots. 0 or -errno; without state.db nothing is explained, and that
 * is no error. */
int gaps_explain(struct history_reader *reader, struct gaps *gaps);

#endif
