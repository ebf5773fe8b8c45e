#include "axis.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define SECOND_US INT64_C(1000000)

unsigned axis_numbers(double low, double high, unsigned wanted, double ret[AXIS_MARKS_MAX],
                      unsigned *ret_decimals)
{
    double span = high - low > 0 ? high - low : 1, step = pow(10, floor(log10(span / wanted)));
    static const double factors[] = {1, 2, 5, 10};
    unsigned n = 0;
    for (unsigned i = 0; i < 4; i++) {
        if (span / (step * factors[i]) <= wanted || i == 3) {
            step *= factors[i];
            break;
        }
    }
    double places = -floor(log10(step) + 1e-9);
    *ret_decimals = places > 0 ? (unsigned)places : 0;
    for (double k = ceil(low / step - 1e-9); k * step <= high + step * 1e-9 && n < AXIS_MARKS_MAX; k++)
        ret[n++] = k * step;
    return n;
}

/* ---------------------------------------------------------------- times */

static const struct step {
    enum axis_step kind;
    int n; /* seconds, days, months or years */
    double seconds;
} steps[] = {
    {AXIS_SECONDS, 1, 1},       {AXIS_SECONDS, 5, 5},       {AXIS_SECONDS, 15, 15},
    {AXIS_SECONDS, 30, 30},     {AXIS_MINUTES, 1, 60},      {AXIS_MINUTES, 5, 300},
    {AXIS_MINUTES, 15, 900},    {AXIS_MINUTES, 30, 1800},   {AXIS_MINUTES, 60, 3600},
    {AXIS_MINUTES, 120, 7200},  {AXIS_MINUTES, 180, 10800}, {AXIS_MINUTES, 360, 21600},
    {AXIS_MINUTES, 720, 43200}, {AXIS_DAYS, 1, 86400},      {AXIS_DAYS, 2, 172800},
    {AXIS_DAYS, 7, 604800},     {AXIS_MONTHS, 1, 2629800},  {AXIS_MONTHS, 2, 5259600},
    {AXIS_MONTHS, 3, 7889400},  {AXIS_MONTHS, 6, 15778800}, {AXIS_YEARS, 1, 31557600},
    {AXIS_YEARS, 2, 63115200},  {AXIS_YEARS, 5, 157788000}, {AXIS_YEARS, 10, 315576000},
};

static int64_t to_utc_us(const struct tm *wanted, bool utc)
{
    struct tm tm = *wanted;
    tm.tm_isdst = -1;
    return (int64_t)(utc ? timegm(&tm) : mktime(&tm)) * SECOND_US;
}

/* The last round moment before from. */
static struct tm round_down(int64_t from_us, const struct step *step, bool utc)
{
    time_t t = (time_t)(from_us / SECOND_US);
    struct tm tm = {0};
    if (utc)
        gmtime_r(&t, &tm);
    else
        localtime_r(&t, &tm);
    int of_day = tm.tm_hour * 3600 + tm.tm_min * 60 + tm.tm_sec;
    int seconds = step->kind == AXIS_MINUTES ? step->n * 60 : step->kind == AXIS_SECONDS ? step->n : 86400;
    of_day -= of_day % seconds;
    tm.tm_hour = of_day / 3600;
    tm.tm_min = of_day / 60 % 60;
    tm.tm_sec = of_day % 60;
    if (step->kind == AXIS_DAYS && step->n == 7)
        tm.tm_mday -= (tm.tm_wday + 6) % 7; /* Mondays */
    if (step->kind == AXIS_MONTHS || step->kind == AXIS_YEARS)
        tm.tm_mday = 1;
    if (step->kind == AXIS_MONTHS)
        tm.tm_mon -= tm.tm_mon % step->n;
    if (step->kind == AXIS_YEARS) {
        tm.tm_mon = 0;
        tm.tm_year -= tm.tm_year % step->n;
    }
    return tm;
}

static void move_on(struct tm *tm, const struct step *step)
{
    switch (step->kind) {
    case AXIS_SECONDS:
        tm->tm_sec += step->n;
        break;
    case AXIS_MINUTES:
        tm->tm_min += step->n;
        break;
    case AXIS_DAYS:
        tm->tm_mday += step->n;
        break;
    case AXIS_MONTHS:
        tm->tm_mon += step->n;
        break;
    case AXIS_YEARS:
        tm->tm_year += step->n;
        break;
    }
}

static void label(struct axis_time *mark, const struct step *step, bool utc, struct tm *last)
{
    static const char *const forms[] = {"%H:%M:%S", "%H:%M", "%m-%d", "%Y-%m", "%Y"};
    time_t t = (time_t)(mark->utc_us / SECOND_US);
    struct tm tm = {0};
    if (utc)
        gmtime_r(&t, &tm);
    else
        localtime_r(&t, &tm);
    (void)strftime(mark->label, sizeof mark->label, forms[step->kind], &tm);
    bool new_year = tm.tm_year != last->tm_year, new_day = new_year || tm.tm_yday != last->tm_yday;
    mark->date[0] = '\0';
    if (step->kind <= AXIS_MINUTES && new_day)
        (void)strftime(mark->date, sizeof mark->date, "%Y-%m-%d", &tm);
    if (step->kind == AXIS_DAYS && new_year)
        (void)strftime(mark->date, sizeof mark->date, "%Y", &tm);
    /* An hour may come twice, or not at all: here the clocks were set. */
    if (step->kind <= AXIS_MINUTES && !new_day && tm.tm_gmtoff != last->tm_gmtoff)
        (void)strftime(mark->date, sizeof mark->date, "UTC%z", &tm);
    *last = tm;
}

/* Up to an hour a step is as long in UTC as here, also where the clocks are set: there, local times could not
 * tell which of two is meant. 0: longer. */
static int64_t short_step_us(const struct step *step)
{
    int64_t seconds = step->kind == AXIS_MINUTES ? 60 * (int64_t)step->n : step->n;
    return step->kind <= AXIS_MINUTES && seconds <= 3600 ? seconds * SECOND_US : 0;
}

/* A round moment at or before from, for short steps. */
static int64_t round_short(int64_t from_us, int64_t step_us, bool utc)
{
    time_t t = (time_t)(from_us / SECOND_US);
    struct tm tm = {0};
    if (!utc)
        localtime_r(&t, &tm);
    int64_t local_us = from_us + (int64_t)tm.tm_gmtoff * SECOND_US;
    return from_us - local_us % step_us;
}

unsigned axis_times(int64_t from_us, int64_t to_us, unsigned wanted, bool utc,
                    struct axis_time ret[AXIS_MARKS_MAX])
{
    size_t nth = 0, all = sizeof steps / sizeof steps[0];
    while (nth + 1 < all && (double)(to_us - from_us) / 1e6 / steps[nth].seconds > wanted)
        nth++;
    const struct step *step = &steps[nth];
    struct tm at = round_down(from_us, step, utc), last = {.tm_year = -1};
    int64_t short_us = short_step_us(step);
    int64_t first_us = short_us > 0 ? round_short(from_us, short_us, utc) : 0;
    unsigned n = 0;
    for (unsigned guard = 0; guard < 10000 && n < AXIS_MARKS_MAX; guard++) {
        int64_t us = short_us > 0 ? first_us + guard * short_us : to_utc_us(&at, utc);
        if (us > to_us)
            break;
        if (us >= from_us && (n == 0 || us > ret[n - 1].utc_us)) {
            ret[n].utc_us = us;
            label(&ret[n++], step, utc, &last);
        }
        move_on(&at, step);
    }
    return n;
}
