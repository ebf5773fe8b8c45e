#include "when.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

const char *when_print(const struct ctl *ctl, char text[WHEN_MAX], int64_t utc_us, bool milliseconds)
{
    char date[24], fraction[8] = "", zone[8] = "Z";
    int64_t seconds = utc_us / SECOND_US - (utc_us % SECOND_US < 0 ? 1 : 0);
    time_t t = (time_t)seconds;
    struct tm tm;
    if ((ctl->utc ? gmtime_r(&t, &tm) : localtime_r(&t, &tm)) == NULL) {
        snprintf(text, WHEN_MAX, "?");
        return text;
    }
    strftime(date, sizeof date, "%Y-%m-%d %H:%M:%S", &tm);
    if (milliseconds)
        snprintf(fraction, sizeof fraction, ".%03u",
                 (unsigned)((utc_us - seconds * SECOND_US) / MS_US) % 1000U);
    if (!ctl->utc) {
        long minutes = labs(tm.tm_gmtoff) / 60;
        snprintf(zone, sizeof zone, "%c%02u:%02u", tm.tm_gmtoff < 0 ? '-' : '+',
                 (unsigned)(minutes / 60) % 100U, (unsigned)(minutes % 60));
    }
    snprintf(text, WHEN_MAX, "%s%s%s", date, fraction, zone);
    return text;
}

const char *when_print_text(const struct ctl *ctl, char text[WHEN_MAX], const char *rfc3339)
{
    int64_t utc_us;
    text[0] = '\0';
    return clock_parse_utc(rfc3339, &utc_us) == 0 ? when_print(ctl, text, utc_us, false) : text;
}

const char *when_print_age(const struct ctl *ctl, char text[WHEN_MAX], int64_t ms)
{
    int64_t s = ms < 0 ? 0 : (ms + 500) / 1000;
    if (s < 100)
        snprintf(text, WHEN_MAX, tr(ctl, "%" PRId64 " s", "%" PRId64 " 秒"), s);
    else if (s < INT64_C(6000))
        snprintf(text, WHEN_MAX, tr(ctl, "%" PRId64 " min", "%" PRId64 " 分"), s / 60);
    else if (s < INT64_C(48) * 3600)
        snprintf(text, WHEN_MAX, tr(ctl, "%" PRId64 " h", "%" PRId64 " 时"), s / 3600);
    else
        snprintf(text, WHEN_MAX, tr(ctl, "%" PRId64 " d", "%" PRId64 " 天"), s / 86400);
    return text;
}

const char *when_print_duration(const struct ctl *ctl, char text[WHEN_MAX], int64_t us)
{
    int64_t s = (us + SECOND_US / 2) / SECOND_US;
    if (us < 60 * SECOND_US)
        snprintf(text, WHEN_MAX, tr(ctl, "%.1f s", "%.1f 秒"), (double)us / 1e6);
    else if (s < 3600)
        snprintf(text, WHEN_MAX, tr(ctl, "%d min %02d s", "%d 分 %02d 秒"), (int)(s / 60), (int)(s % 60));
    else if (s < INT64_C(48) * 3600)
        snprintf(text, WHEN_MAX, tr(ctl, "%d h %02d min", "%d 时 %02d 分"), (int)(s / 3600),
                 (int)(s / 60 % 60));
    else
        snprintf(text, WHEN_MAX, tr(ctl, "%" PRId64 " d %02d h", "%" PRId64 " 天 %02d 时"), s / 86400,
                 (int)(s / 3600 % 24));
    return text;
}

/* Behind the date, is there a Z or an offset? */
static bool names_zone(const char *text)
{
    return strlen(text) > 10 && strpbrk(text + 10, "Zz+-") != NULL;
}

static int64_t offset_us(int64_t utc_us)
{
    time_t t = (time_t)(utc_us / SECOND_US);
    struct tm tm;
    return localtime_r(&t, &tm) != NULL ? (int64_t)tm.tm_gmtoff * SECOND_US : 0;
}

#define DAY_US (86400 * SECOND_US)

enum when_error when_parse(const struct ctl *ctl, const char *text, int64_t *ret_utc_us)
{
    int64_t wall_us; /* what the clock on the wall shows */
    if (clock_parse_utc(text, &wall_us) < 0)
        return WHEN_NO_TIME;
    *ret_utc_us = wall_us;
    if (ctl->utc || names_zone(text))
        return WHEN_OK;
    int64_t before_us = wall_us - offset_us(wall_us - DAY_US),
            after_us = wall_us - offset_us(wall_us + DAY_US);
    bool is_before = before_us + offset_us(before_us) == wall_us;
    bool is_after = after_us + offset_us(after_us) == wall_us;
    bool whole_day = strlen(text) == 10;
    *ret_utc_us = is_after && !is_before ? after_us : before_us;
    /* A day begins where it first can: when its midnight is left out, or comes twice. */
    if (whole_day || is_before + is_after == 1 || before_us == after_us)
        return WHEN_OK;
    return is_before ? WHEN_TWICE : WHEN_LEFT_OUT;
}

bool when_parse_span(const char *text, int64_t *ret_us)
{
    static const struct {
        const char *name;
        int64_t seconds;
    } units[] = {{"s", 1}, {"m", 60}, {"min", 60}, {"h", 3600}, {"d", 86400}, {"w", INT64_C(7) * 86400}};
    char *end;
    if (text[0] < '0' || text[0] > '9')
        return false;
    long long n = strtoll(text, &end, 10);
    while (*end == ' ')
        end++;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (strcmp(end, units[i].name) == 0 && n > 0 && n <= INT64_C(1000000000) / units[i].seconds) {
            *ret_us = n * units[i].seconds * SECOND_US;
            return true;
        }
    }
    return false;
}

bool when_option(const struct ctl *ctl, const char *option, const char *text, int64_t *ret_utc_us)
{
    char first[WHEN_MAX], second[WHEN_MAX];
    enum when_error error = when_parse(ctl, text, ret_utc_us);
    if (error == WHEN_OK)
        return true;
    if (error == WHEN_NO_TIME) {
        ctl_complain(tr(ctl,
                        "--%s is a time such as \"2026-11-22 08:00\" or 2026-11-22T08:00:00Z, not \"%s\"",
                        "--%s 应为时间，如 \"2026-11-22 08:00\" 或 2026-11-22T08:00:00Z，而不是“%s”"),
                     option, text);
        return false;
    }
    int64_t wall_us = 0;
    (void)clock_parse_utc(text, &wall_us);
    when_print(ctl, first, *ret_utc_us, false);
    when_print(ctl, second, wall_us - offset_us(wall_us + DAY_US), false);
    if (error == WHEN_TWICE)
        ctl_complain(tr(ctl,
                        "--%s: \"%s\" comes twice, since the clocks are set back then: say \"%s\" or \"%s\"",
                        "--%s：“%s”出现两次（此时时钟回拨），请写明 \"%s\" 或 \"%s\""),
                     option, text, first, second);
    else
        ctl_complain(tr(ctl,
                        "--%s: there is no \"%s\", since the clocks are set forward then; near it are \"%s\" "
                        "and \"%s\"",
                        "--%s：“%s”不存在（此时时钟拨快），附近的时间为 \"%s\" 和 \"%s\""),
                     option, text, second, first);
    return false;
}

bool when_range(const struct ctl *ctl, int64_t default_us, int64_t *ret_from_us, int64_t *ret_to_us)
{
    int64_t span_us = default_us, from_us, to_us = clock_now().utc_us;
    if (ctl->from != NULL && ctl->last != NULL) {
        ctl_complain("%s", tr(ctl, "--from and --last exclude each other", "--from 和 --last 不能同时使用"));
        return false;
    }
    if (ctl->last != NULL && !when_parse_span(ctl->last, &span_us)) {
        ctl_complain(tr(ctl, "--last is a span such as 90s, 30min, 2h or 7d, not \"%s\"",
                        "--last 应为时段，如 90s、30min、2h、7d，而不是“%s”"),
                     ctl->last);
        return false;
    }
    if (ctl->to != NULL && !when_option(ctl, "to", ctl->to, &to_us))
        return false;
    from_us = to_us - span_us;
    if (ctl->from != NULL && !when_option(ctl, "from", ctl->from, &from_us))
        return false;
    if (from_us >= to_us) {
        ctl_complain("%s", tr(ctl, "the range ends before it begins", "结束时间早于起始时间"));
        return false;
    }
    *ret_from_us = from_us;
    *ret_to_us = to_us;
    return true;
}
