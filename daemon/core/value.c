/* value.c - see value.h. */
#include "value.h"

#include <inttypes.h>
#include <stdio.h>

static const char *const QUALITY_NAMES[] = {
    [QUALITY_GOOD] = "good",
    [QUALITY_UNCERTAIN] = "uncertain",
    [QUALITY_BAD] = "bad",
};

static const char *const REASON_NAMES[REASON_COUNT] = {
    [REASON_NONE] = "none",
    [REASON_NEVER_READ] = "never-read",
    [REASON_TIMEOUT] = "timeout",
    [REASON_BAD_REPLY] = "bad-reply",
    [REASON_REFUSED] = "refused",
    [REASON_LINK_DOWN] = "link-down",
    [REASON_STALE] = "stale",
    [REASON_UNPROVEN] = "unproven",
    [REASON_DROPPED] = "dropped",
    [REASON_SENTINEL] = "sentinel",
    [REASON_NOT_FINITE] = "not-finite",
    [REASON_IMPLAUSIBLE] = "implausible",
    [REASON_UNKNOWN_STATE] = "unknown-state",
    [REASON_SENSOR_FAULT] = "sensor-fault",
    [REASON_OVER_RANGE] = "over-range",
    [REASON_UNDER_RANGE] = "under-range",
    [REASON_WARM_UP] = "warm-up",
    [REASON_INHIBITED] = "inhibited",
    [REASON_SIMULATION] = "simulation",
    [REASON_CALIBRATION] = "calibration",
    [REASON_MAINTENANCE] = "maintenance",
    [REASON_DEVICE_FAULT] = "device-fault",
    [REASON_DEVICE_STALE] = "device-stale",
    [REASON_CHANNEL_OFF] = "channel-off",
    [REASON_WRONG_DEVICE] = "wrong-device",
    [REASON_WRONG_SETTING] = "wrong-setting",
    [REASON_FROZEN] = "frozen",
    [REASON_STATUS_UNKNOWN] = "status-unknown",
    [REASON_NOT_MEASURED] = "not-measured",
    [REASON_INPUT_BAD] = "input-bad",
    [REASON_LEARNING] = "learning",
    [REASON_INPUT_GAP] = "input-gap",
    [REASON_BUSY] = "busy",
    [REASON_NO_SHAPE] = "no-shape",
    [REASON_NO_LIMIT] = "no-limit",
    [REASON_NO_CAPACITY] = "no-capacity",
    [REASON_NOT_FALLING] = "not-falling",
    [REASON_NO_RUN] = "no-run",
};

/* 10^(6 - decimals): one step of a point with so many decimals, in micro units. */
static int64_t step_of(unsigned decimals)
{
    int64_t step = MICRO_PER_UNIT;

    for (unsigned i = 0; i < decimals && i < DECIMALS_MAX; i++)
        step /= 10;
    return step;
}

bool reason_is_no_data(enum reason reason)
{
    return reason > REASON_NONE && reason < REASON_SENTINEL;
}

enum quality reason_quality(enum reason reason)
{
    switch (reason) {
    case REASON_NONE:
        return QUALITY_GOOD;
    case REASON_INHIBITED:
    case REASON_MAINTENANCE:
    case REASON_STATUS_UNKNOWN:
        return QUALITY_UNCERTAIN;
    default:
        return QUALITY_BAD;
    }
}

const char *quality_name(enum quality quality)
{
    return (unsigned)quality <= QUALITY_BAD ? QUALITY_NAMES[quality] : "?";
}

const char *reason_name(enum reason reason)
{
    const char *name = (unsigned)reason < REASON_COUNT ? REASON_NAMES[reason] : NULL;

    return name != NULL ? name : "?";
}

micro_t micro_round(micro_t value, unsigned decimals)
{
    const int64_t step = step_of(decimals);
    const int64_t rest = value % step;

    /* No measurement: leave it alone rather than overflow. */
    if (value > MICRO_MAX || value < -MICRO_MAX)
        return value;
    value -= rest;
    if (2 * rest >= step)
        value += step;
    else if (2 * rest <= -step)
        value -= step;
    return value;
}

bool micro_parse(const char *text, micro_t *ret)
{
    const char *p = text[0] == '-' ? text + 1 : text;
    micro_t value = 0;

    if (*p < '0' || *p > '9')
        return false;
    for (; *p >= '0' && *p <= '9'; p++) {
        value = value * 10 + (*p - '0') * MICRO_PER_UNIT;
        if (value > MICRO_MAX)
            return false;
    }
    if (*p == '.') {
        micro_t step = MICRO_PER_UNIT;
        if (p[1] == '\0')
            return false;
        for (p++; *p >= '0' && *p <= '9' && step > 1; p++)
            value += (*p - '0') * (step /= 10);
    }
    if (*p != '\0' || value > MICRO_MAX)
        return false;
    *ret = text[0] == '-' ? -value : value;
    return true;
}

int micro_print(char *text, size_t cap, micro_t value, unsigned decimals)
{
    const micro_t rounded = micro_round(value, decimals);
    /* Unsigned, because -INT64_MIN has no signed form. The sign is of the rounded value: no "-0.0". */
    const uint64_t size = rounded < 0 ? 0 - (uint64_t)rounded : (uint64_t)rounded;
    const char *sign = rounded < 0 ? "-" : "";
    const uint64_t whole = size / (uint64_t)MICRO_PER_UNIT;
    const uint64_t part = size % (uint64_t)MICRO_PER_UNIT / (uint64_t)step_of(decimals);
    const int digits = decimals < DECIMALS_MAX ? (int)decimals : DECIMALS_MAX;

    if (digits == 0)
        return snprintf(text, cap, "%s%" PRIu64, sign, whole);
    return snprintf(text, cap, "%s%" PRIu64 ".%0*" PRIu64, sign, whole, digits, part);
}
