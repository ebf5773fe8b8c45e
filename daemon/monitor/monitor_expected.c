/* monitor_expected.c - when the next run of a freezer is expected: times of the week, as the site's clock
 * shows them. Summer time begins and ends between two of them. */
#include <time.h>

#include "clock.h"
#include "monitor_internal.h"

#define WEEK_MIN  10080
#define EARLY_MAX 240 /* minutes: so much before its time a run may begin, and counts for it */
#define ENDS_MAX  60  /* minutes: so much before its time it may have ended */
#define MINUTE_US (60 * SECOND_US)
#define DAY_US    (1440 * MINUTE_US)
#define DAYS      10 /* that are looked at: a time of each week is among them */
#define TIMES_MAX (2 * EXPECTED_RUNS_MAX)
/* A run that is so much early is as far from its time as one that is twice as late. */
#define EARLY_WEIGHS 2

struct expected_time {
    int64_t utc_us, early_us;
    bool is_taken, is_done;
};

struct expected_times {
    unsigned n;
    struct expected_time times[TIMES_MAX]; /* in order */
};

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
    return (gap / 2 < EARLY_MAX ? gap / 2 : EARLY_MAX) * MINUTE_US;
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

static void add(struct expected_times *t, int64_t utc_us, int64_t early)
{
    unsigned at = t->n;

    if (t->n == TIMES_MAX)
        return;
    for (; at > 0 && t->times[at - 1].utc_us > utc_us; at--)
        t->times[at] = t->times[at - 1];
    t->times[at] = (struct expected_time){.utc_us = utc_us, .early_us = early};
    t->n++;
}

static void list(const struct freezer_config *freezer, int64_t from_utc_us, struct expected_times *ret)
{
    int64_t at_us;

    ret->n = 0;
    for (int days = 0; days <= DAYS; days++)
        for (unsigned i = 0; i < freezer->n_expected; i++)
            if (time_on(&freezer->expected[i], from_utc_us, days, &at_us) && at_us > from_utc_us)
                add(ret, at_us, early_us(freezer, i));
}

/* May the run be the one that was expected then? What somebody has excused before it began is done with. */
static bool may_be(const struct expected_time *time, const struct expected_past *run, int64_t excused_utc_us)
{
    const int64_t begin_us = run->begin_utc_us;

    return !time->is_taken && !time->is_done && time->utc_us - time->early_us <= begin_us &&
           (time->utc_us > excused_utc_us || begin_us <= excused_utc_us) &&
           (run->end_utc_us == 0 || run->end_utc_us >= time->utc_us - ENDS_MAX * MINUTE_US);
}

static int64_t distance(const struct expected_time *time, const struct expected_past *run)
{
    const int64_t late_us = run->begin_utc_us - time->utc_us;

    return late_us >= 0 ? late_us : -late_us * EARLY_WEIGHS;
}

/* It takes the nearest time. What was missed before that, and was told, is done with then. */
static void take(struct expected_times *t, const struct expected_past *run, int64_t excused_utc_us,
                 int64_t late_after_us)
{
    int nearest = -1;

    for (int i = 0; i < (int)t->n; i++)
        if (may_be(&t->times[i], run, excused_utc_us) &&
            (nearest < 0 || distance(&t->times[i], run) < distance(&t->times[nearest], run)))
            nearest = i;
    if (nearest < 0)
        return;
    t->times[nearest].is_taken = true;
    for (int i = 0; i < nearest; i++)
        t->times[i].is_done |= t->times[i].utc_us + late_after_us <= run->begin_utc_us;
}

int64_t monitor_expected_next(const struct freezer_config *freezer, const struct expected_past *runs,
                              unsigned n, int64_t excused_utc_us)
{
    struct expected_times times;
    const int64_t late_after_us = (int64_t)freezer->late_after_ms * MS_US;
    int64_t from_us = excused_utc_us;

    if (n > 0 && runs[n - 1].begin_utc_us - DAY_US > from_us)
        from_us = runs[n - 1].begin_utc_us - DAY_US;
    list(freezer, from_us - DAY_US, &times);
    for (unsigned i = 0; i < n; i++)
        take(&times, &runs[i], excused_utc_us, late_after_us);
    for (unsigned i = 0; i < times.n; i++)
        if (times.times[i].utc_us > excused_utc_us && !times.times[i].is_taken && !times.times[i].is_done)
            return times.times[i].utc_us;
    return 0;
}
