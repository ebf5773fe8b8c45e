/*
 * freezer_match.h - is a run that events tell of the one that begins at a certain time? A begin that is found
 * anew, in a recall or from stored readings, may be a poll away from what was told.
 */
#ifndef CRYOMON_FREEZER_MATCH_H
#define CRYOMON_FREEZER_MATCH_H

#include <stdbool.h>
#include <stdint.h>

#define FREEZER_MATCH_NEAR_US   INT64_C(120000000)
#define FREEZER_MATCH_STORED_US INT64_C(2000) /* so much a time that was stored may be less than it was */

/* How far (in us) the begin of a run that was told is from this one: of several the nearest is meant. -1: it
 * is another run. All times are UTC; told_end_us is FREEZER_NONE when no end was told. */
int64_t freezer_match(int64_t told_begin_us, int64_t told_end_us, int64_t begin_us);

/* Had the run that was told ended before this one began? However soon that was: it was broken off, and
 * another one was started. (An end before the begin is the work of a clock that was set back, and says
 * nothing.) */
bool freezer_match_is_over(int64_t told_begin_us, int64_t told_end_us, int64_t begin_us);

#endif
