/*
 * record_bypass.h - when devices were bypassed (under maintenance), as the record's events of kind "device"
 * tell: what they said meanwhile is not to be believed.
 */
#ifndef CRYOMON_RECORD_BYPASS_H
#define CRYOMON_RECORD_BYPASS_H

#include "record_clock.h"

#define RECORD_BYPASS_DEVICE_MAX 64   /* with NUL */
#define RECORD_BYPASSES_MAX      4096 /* the latest ones */

struct record_bypass {
    char device[RECORD_BYPASS_DEVICE_MAX];
    int64_t from_us, to_us; /* from <= t < to, by the clock that runs on (record_clock.h). INT64_MIN: its
                               begin is not in the record; INT64_MAX: it goes on */
};

#define RECORD_BYPASS_LONGEST_US INT64_C(31622400000000) /* 366 days */

/* Reads those that touch the range of wall clock and began at most RECORD_BYPASS_LONGEST_US before it, sorted
 * by device, then time; of one device they don't overlap. *ret: malloc'd, also when there is none. 0 or
 * -errno. */
int record_bypass_read(struct history_reader *reader, const struct record_clock *clock, int64_t from_us,
                       int64_t to_us, struct record_bypass **ret, size_t *ret_n);

/* Was the device ("": not known) bypassed then, by the clock that runs on? */
bool record_bypass_covers(const struct record_bypass *bypasses, size_t n, const char *device, int64_t at_us);

#endif
