/* gaps_internal.h - what the parts of gaps share. Not for others. */
#ifndef CRYOMON_CRYOCTL_GAPS_INTERNAL_H
#define CRYOMON_CRYOCTL_GAPS_INTERNAL_H

#include "gaps.h"

/* Stretches of wall time that never passed: the clock was set forward over them. Clocks set back don't count.
 */
struct gaps_skip {
    int64_t from_us, to_us;
};
struct gaps_skips {
    struct gaps_skip *items;
    size_t n, cap;
    bool no_memory;
};

/* Those that end after from_us. 0 or -ENOMEM; what can't be read is none. */
int gaps_skips_load(struct history_reader *reader, int64_t from_us, struct gaps_skips *ret);
void gaps_skips_free(struct gaps_skips *skips);

/* How much of the part of a stretch without a reading (slot to slot) was skipped. A skip that ends a moment
 * behind the stretch, since it was noticed only then, is taken to end with it. */
int64_t gaps_skips_within(const struct gaps_skips *skips, int64_t from_us, int64_t to_us,
                          int64_t part_from_us, int64_t part_to_us);

/* Sorts the gaps and makes one of those of several points that begin and end together. 0 or -ENOMEM. */
int gaps_join(struct gaps *gaps);

/* Finds the events that explain missing slots. 0 or -errno; without state.db nothing is explained, and that
 * is no error. */
int gaps_explain(struct history_reader *reader, struct gaps *gaps);

#endif
