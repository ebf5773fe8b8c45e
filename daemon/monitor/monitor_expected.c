/* monitor_expected.c - when the next run of a freezer is expected: times of the week, as the site's clock
 * shows them. Summer time begins and ends between two of them. */
#include <time.h>

#include "clock.h"
#include "monitor_internal.h"

#define WEEK_MIN  10080
#define EARLY_MAX 240 /* minutes: so much before its time a run may begin, and counts for it */

static int minute_of_week(const struct expected_run *e)
{
    return e->day * 1440 + e->minute;
}

/* So long before its time a run may begin and count for it: not nearer to the time before. */
static int64_t early_us(const struct freezer_config *freezer, unsigned which)
{
    int gap = WEEK_MIN;

    for (unsigned i = 0; i < freezer->n_expected; i++) {
        const int before =
            (minute_of_week(&freezer->expected[which]) - minute_of_week(&freezer->expected[i]) + WEEK_MIN) %
            WEEK_MIN;
        if (before > 0 && before < gap)
            gap = before;
    }
    return (gap / 2 < EARLY_MAX ? gap / 2 : EARLY_MAX) * 60 * SECOND_US;
}

/* The expected time on the day that is so many days after the moment; local time, as the site's clock shows
 * it on that day. False: it is another day of the week. */
static bool time_on(const struct expected_run *e, int64_t utc_us, int days, int64_t *ret_utc_us)
{
    const time_t seconds = (time_t)(utc_us / SECOND_US);
    struct tm day;

    if (localtime_r(&seconds, &day) == NULL || (day.tm_wday + days) % 7 != e->day)
        return false;
    day.tm_mday += days;
    day.tm_hour = e->minute / 60;
    day.tm_min = e->minute % 60;
    day.tm_sec = 0;
    day.tm_isdst = -1;
    const time_t at = mktime(&day);
    *ret_utc_us = (int64_t)at * SECOND_US;
    return at != (time_t)-1;
}

int64_t monitor_expected_next(const struct freezer_config *freezer, int64_t served_utc_us,
                              int64_t excused_utc_us)
{
    const int64_t from_us = served_utc_us > excused_utc_us ? served_utc_us : excused_utc_us;
    int64_t first_us = 0, at_us;

    for (int days = 0; days <= 8; days++)
        for (unsigned i = 0; i < freezer->n_expected; i++)
            if (time_on(&freezer->expected[i], from_us, days, &at_us) && at_us > excused_utc_us &&
                at_us - early_us(freezer, i) > served_utc_us && (first_us == 0 || at_us < first_us))
                first_us = at_us;
    return first_us;
}
