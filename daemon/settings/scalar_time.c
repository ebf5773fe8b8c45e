#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "scalar.h"

/* ---------------------------------------------------------------- days */

/* "3650 d", "10 years": a whole number without zeros before it, one space or none, and the unit. */
static bool parse_days(const char *text, uint32_t max, uint32_t *ret)
{
    uint64_t n = 0;
    const char *p = text;

    if (*p < '1' || *p > '9')
        return false;
    for (; *p >= '0' && *p <= '9'; p++) {
        n = n * 10 + (uint64_t)(*p - '0');
        if (n > max)
            n = (uint64_t)max + 1;
    }
    while (*p == ' ')
        p++;
    if (strcmp(p, n == 1 ? "year" : "years") == 0)
        n = (n * 1461 + 3) / 4; /* never less than the calendar's */
    else if (strcmp(p, "d") != 0)
        return false;
    *ret = n > max ? max + 1 : (uint32_t)n;
    return true;
}

bool scalar_days(struct problems *problems, const struct yaml_node *node, bool forever, uint32_t min,
                 uint32_t max, uint32_t *ret)
{
    const char *or_forever = forever ? ", or forever" : "";
    uint32_t days;

    if (!scalar_is_value(problems, node, forever ? "a number of days or forever" : "a number of days"))
        return false;
    if (forever && strcmp(node->text, "forever") == 0) {
        *ret = 0;
        return true;
    }
    if (!parse_days(node->text, max, &days)) {
        problems_at(problems, node, "'%.40s': write whole days or years, such as 30 d, 1 year, 10 years%s",
                    node->text, or_forever);
        return false;
    }
    if (days < min || days > max) {
        problems_at(problems, node, "%.40s is out of range: %" PRIu32 " to %" PRIu32 " d%s", node->text, min,
                    max, or_forever);
        return false;
    }
    *ret = days;
    return true;
}

/* ---------------------------------------------------------------- dates */

/* The same length as YYYY-MM-DD, which clock_parse_utc then checks. */
static bool is_date(const char *text)
{
    return strlen(text) == sizeof "YYYY-MM-DD" - 1;
}

/* With its zone: a time that each reader takes for another is no time. */
static bool is_rfc3339(const char *text)
{
    const size_t len = strlen(text);

    if (len < sizeof "YYYY-MM-DDTHH:MM:SSZ" - 1 || len >= RFC3339_MAX || text[10] != 'T' || text[16] != ':')
        return false;
    return text[len - 1] == 'Z' || text[len - 6] == '+' || text[len - 6] == '-';
}

bool scalar_date(struct problems *problems, const struct yaml_node *node, char ret[SCALAR_DATE_MAX],
                 int64_t *ret_utc_us)
{
    int64_t utc_us;

    if (!scalar_is_value(problems, node, "a date"))
        return false;
    if (!is_date(node->text) || clock_parse_utc(node->text, &utc_us) < 0) {
        problems_at(problems, node, "'%.40s' is not a date such as 2026-01-15", node->text);
        return false;
    }
    memcpy(ret, node->text, strlen(node->text) + 1);
    *ret_utc_us = utc_us;
    return true;
}

bool scalar_moment(struct problems *problems, const struct yaml_node *node, int64_t *ret_utc_us)
{
    if (!scalar_is_value(problems, node, "a date or time"))
        return false;
    if ((is_date(node->text) || is_rfc3339(node->text)) && clock_parse_utc(node->text, ret_utc_us) == 0)
        return true;
    problems_at(problems, node,
                "'%.40s' is neither a date such as 2026-01-15 nor a time such as 2026-01-15T08:30:00+08:00",
                node->text);
    return false;
}
