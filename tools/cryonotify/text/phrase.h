/*
 * phrase.h - the small words that a notice's text is put together from, in one language. Each prints to out.
 */
#ifndef CRYOMON_PHRASE_H
#define CRYOMON_PHRASE_H

#include <stdio.h>

#include "notice.h"

const char *phrase_pick(enum language language, const char *en, const char *zh);
const char *phrase_priority(enum priority priority, enum language language); /* "CRITICAL", "紧急" */
/* A machine name in words; one that is not known stays as it is. */
const char *phrase_state(const char *name, enum language language);
const char *phrase_reason(const char *name, enum language language);
const char *phrase_quality(const char *name, enum language language); /* absent: "quality not known" */

/* "20 min", "3 h 5 min", "2 d 4 h": rounded down; negative counts as 0. */
void phrase_duration(FILE *out, int64_t seconds, enum language language);
/* "2026-11-24 03:12:05 +08:00" in the zone of the process. */
void phrase_time(FILE *out, int64_t utc_us);
/* "13:07"; with its date when that is half a day from now, or more. */
void phrase_clock(FILE *out, int64_t utc_us, int64_t now_utc_us);
/* "about 3 h left", "no time left", "time left not known" (negative). */
void phrase_time_left(FILE *out, int64_t seconds, enum language language);
/* "-149.2 °C" with the decimals that it has. */
void phrase_number(FILE *out, micro_t value, const char *unit);

#endif
