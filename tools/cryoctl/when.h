/*
 * when.h - times as people read and write them: local with their offset, or UTC with --utc.
 */
#ifndef CRYOMON_CRYOCTL_WHEN_H
#define CRYOMON_CRYOCTL_WHEN_H

#include "clock.h"
#include "cryoctl.h"

#define WHEN_MAX 48

/* "2026-11-22 11:02:03+08:00", "2026-11-22 03:02:03Z"; with milliseconds if wanted. */
const char *when_print(const struct ctl *ctl, char text[WHEN_MAX], int64_t utc_us, bool milliseconds);
/* The same of an RFC 3339 text; "" when it is none. */
const char *when_print_text(const struct ctl *ctl, char text[WHEN_MAX], const char *rfc3339);

/* How long, in the unit that says most: "42 s", "5 min", "3 h", "12 d". */
const char *when_print_age(const struct ctl *ctl, char text[WHEN_MAX], int64_t ms);

/* A duration in two units: "42.5 s", "5 min 20 s", "3 h 05 min", "12 d 04 h". */
const char *when_print_duration(const struct ctl *ctl, char text[WHEN_MAX], int64_t us);

/* A time that a person wrote: what clock_parse_utc takes, but local where it names no zone (unless --utc).
 * A local time that the clock shows twice, or never, is refused: ret_utc_us is then one that may be meant. A
 * date alone is when that day begins. */
enum when_error {
    WHEN_OK,
    WHEN_NO_TIME,
    WHEN_TWICE,    /* the clocks are set back: ret_utc_us is the first of the two */
    WHEN_LEFT_OUT, /* the clocks are set forward over it */
};
enum when_error when_parse(const struct ctl *ctl, const char *text, int64_t *ret_utc_us);
/* The same of the option --from or --to. False: complained. */
bool when_option(const struct ctl *ctl, const char *option, const char *text, int64_t *ret_utc_us);
/* "90s", "30min", "2h", "7d", "2w". */
bool when_parse_span(const char *text, int64_t *ret_us);

/* The range of --from, --to and --last, which reaches back default_us when neither from nor last is given.
 * False: complained. */
bool when_range(const struct ctl *ctl, int64_t default_us, int64_t *ret_from_us, int64_t *ret_to_us);

#endif
