#include "clock.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

static int64_t read_clock(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * SECOND_US + t.tv_nsec / 1000;
}

int64_t clock_boot_us(void)
{
    return read_clock(CLOCK_BOOTTIME);
}

struct stamp clock_now(void)
{
    return (struct stamp){.boot_us = read_clock(CLOCK_BOOTTIME), .utc_us = read_clock(CLOCK_REALTIME)};
}

/* How far one clock is ahead of another: it is read between two readings of the other, because a preemption
 * in the middle must not look like a step. */
static int64_t ahead_us(clockid_t clock, clockid_t of)
{
    int64_t best_span = INT64_MAX, ahead = 0;
    for (int i = 0; i < 3; i++) {
        int64_t before = read_clock(of);
        int64_t there = read_clock(clock);
        int64_t after = read_clock(of);
        if (after - before < best_span) {
            best_span = after - before;
            ahead = there - (before + (after - before) / 2);
        }
    }
    return ahead;
}

int64_t clock_offset_us(void)
{
    return ahead_us(CLOCK_REALTIME, CLOCK_BOOTTIME);
}

int64_t clock_asleep_us(void)
{
    return ahead_us(CLOCK_BOOTTIME, CLOCK_MONOTONIC);
}

int64_t clock_running_us(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

int64_t clock_keep_offset(int64_t kept_us, int64_t true_us)
{
    int64_t off_us;
    if (__builtin_sub_overflow(true_us, kept_us, &off_us) || off_us > CLOCK_SLOT_TOLERANCE_US ||
        off_us < -CLOCK_SLOT_TOLERANCE_US)
        return true_us;
    return kept_us;
}

bool clock_synchronised(void)
{
    struct timex t = {.modes = 0};
    int state = adjtimex(&t);
    return state >= 0 && state != TIME_ERROR && (t.status & STA_UNSYNC) == 0;
}

void clock_print_utc(char text[RFC3339_MAX], int64_t utc_us)
{
    int64_t ms = utc_us / 1000 - (utc_us % 1000 < 0 ? 1 : 0);
    int64_t seconds = ms / 1000 - (ms % 1000 < 0 ? 1 : 0);
    time_t t = (time_t)seconds;
    struct tm tm;
    if (gmtime_r(&t, &tm) == NULL || tm.tm_year < -1900 || tm.tm_year > 8099) {
        snprintf(text, RFC3339_MAX, "0000-00-00T00:00:00.000Z");
        return;
    }
    char date[20]; /* "YYYY-MM-DDTHH:MM:SS" */
    strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(text, RFC3339_MAX, "%s.%03uZ", date, (unsigned)(ms - seconds * 1000) % 1000U);
}

/* Reads exactly n digits within [min, max]; NULL if they are not there. */
static const char *digits(const char *text, int n, int min, int max, int *ret)
{
    int value = 0;
    for (int i = 0; i < n; i++) {
        if (!isdigit((unsigned char)text[i]))
            return NULL;
        value = value * 10 + (text[i] - '0');
    }
    if (value < min || value > max)
        return NULL;
    *ret = value;
    return text + n;
}

/* "Z", "+08:00" or nothing (UTC); NULL when it is something else. */
static const char *zone(const char *p, int *ret_offset_s)
{
    *ret_offset_s = 0;
    if (*p == 'Z' || *p == 'z')
        return p + 1;
    if (*p != '+' && *p != '-')
        return p;
    int sign = *p == '-' ? -1 : 1, hours, minutes;
    if ((p = digits(p + 1, 2, 0, 23, &hours)) == NULL || *p++ != ':' ||
        (p = digits(p, 2, 0, 59, &minutes)) == NULL)
        return NULL;
    *ret_offset_s = sign * (hours * 3600 + minutes * 60);
    return p;
}

/* "HH:MM[:SS[.ffffff]]" */
static const char *time_of_day(const char *p, struct tm *tm, int64_t *ret_fraction_us)
{
    if ((p = digits(p, 2, 0, 23, &tm->tm_hour)) == NULL || *p++ != ':' ||
        (p = digits(p, 2, 0, 59, &tm->tm_min)) == NULL)
        return NULL;
    if (*p != ':')
        return p;
    if ((p = digits(p + 1, 2, 0, 59, &tm->tm_sec)) == NULL)
        return NULL;
    if (*p != '.')
        return p;
    int64_t unit = SECOND_US / 10;
    if (!isdigit((unsigned char)*++p))
        return NULL;
    for (; isdigit((unsigned char)*p); p++, unit /= 10)
        *ret_fraction_us += (*p - '0') * unit;
    return p;
}

int clock_parse_utc(const char *text, int64_t *ret_utc_us)
{
    struct tm tm = {0};
    int year, month, offset_s;
    int64_t fraction_us = 0;
    const char *p = digits(text, 4, 1970, 9999, &year);
    if (p == NULL || *p++ != '-' || (p = digits(p, 2, 1, 12, &month)) == NULL || *p++ != '-' ||
        (p = digits(p, 2, 1, 31, &tm.tm_mday)) == NULL)
        return -EINVAL;
    tm.tm_year = year - 1900;
    tm.tm_mon = month - 1;
    int day = tm.tm_mday;
    if (*p == 'T' || *p == 't' || *p == ' ') {
        if ((p = time_of_day(p + 1, &tm, &fraction_us)) == NULL)
            return -EINVAL;
    }
    if ((p = zone(p, &offset_s)) == NULL || *p != '\0')
        return -EINVAL;
    time_t t = timegm(&tm);
    if (tm.tm_mday != day) /* 31 April became 1 May */
        return -EINVAL;
    *ret_utc_us = ((int64_t)t - offset_s) * SECOND_US + fraction_us;
    return 0;
}

void clock_boot_id(char text[BOOT_ID_MAX])
{
    char raw[64] = {0};
    size_t n = 0;
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        ssize_t got = read(fd, raw, sizeof raw - 1);
        raw[got > 0 ? got : 0] = '\0';
        close(fd);
    }
    for (const char *p = raw; *p != '\0' && n < BOOT_ID_MAX - 1; p++)
        if (isxdigit((unsigned char)*p))
            text[n++] = *p;
    while (n < BOOT_ID_MAX - 1)
        text[n++] = '0';
    text[n] = '\0';
}
