#include "reports.h"

#include "modbus_reply.h"

#define FRAME_EXTRA 5 /* unit, function, byte count, CRC */

static bool same(struct reply_frame a, struct reply_frame b)
{
    return a.unit == b.unit && a.function == b.function && a.bytes == b.bytes;
}

/* The length of the correct frame that stands at the beginning, or 0. */
static size_t frame_at(const uint8_t *bytes, size_t len, struct reply_frame *ret)
{
    if (len < FRAME_EXTRA || bytes[1] < 1 || bytes[1] > 4 || bytes[2] == 0)
        return 0;
    size_t size = FRAME_EXTRA + (size_t)bytes[2];
    if (size > len || modbus_crc16(bytes, size - 2) != (bytes[size - 2] | bytes[size - 1] << 8))
        return 0;
    *ret = (struct reply_frame){.unit = bytes[0], .function = bytes[1], .bytes = bytes[2]};
    return size;
}

bool reports_find(const uint8_t *bytes, size_t len, size_t *at, struct reply_frame *ret)
{
    for (; *at < len; ++*at) {
        size_t size = frame_at(bytes + *at, len - *at, ret);
        if (size > 0) {
            *at += size;
            return true;
        }
    }
    return false;
}

static bool fresh(const struct reports *reports, unsigned i, int64_t now_us)
{
    return now_us - reports->items[i].seen_us <=
           (reports->items[i].sightings > 2 ? REPORTS_KEPT_US : REPORTS_ONCE_US);
}

/* The frame's place; a new one takes the place of the one that was not seen for the longest time. */
static unsigned place_of(struct reports *reports, struct reply_frame frame, int64_t now_us)
{
    unsigned oldest = 0;
    for (unsigned i = 0; i < reports->n; i++) {
        if (same(reports->items[i].frame, frame) && fresh(reports, i, now_us))
            return i;
        if (reports->items[i].seen_us < reports->items[oldest].seen_us)
            oldest = i;
    }
    unsigned i = reports->n < REPORTS_MAX ? reports->n++ : oldest;
    reports->items[i].frame = frame;
    reports->items[i].sightings = 0;
    return i;
}

bool reports_note(struct reports *reports, struct reply_frame frame, bool idle, int64_t now_us)
{
    bool known = reports_has(reports, frame, now_us);
    unsigned i = place_of(reports, frame, now_us);
    reports->items[i].seen_us = now_us;
    uint8_t *sightings = &reports->items[i].sightings;
    if (idle && *sightings < 2)
        *sightings = 2;
    else if (*sightings < 3)
        ++*sightings;
    return !known && *sightings >= 2;
}

bool reports_has(const struct reports *reports, struct reply_frame frame, int64_t now_us)
{
    for (unsigned i = 0; i < reports->n; i++)
        if (reports->items[i].sightings >= 2 && same(reports->items[i].frame, frame) &&
            fresh(reports, i, now_us))
            return true;
    return false;
}

bool reports_only(const struct reports *reports, const uint8_t *bytes, size_t len, int64_t now_us)
{
    struct reply_frame frame;
    size_t at = 0;
    while (at < len) {
        size_t size = frame_at(bytes + at, len - at, &frame);
        if (size == 0 || !reports_has(reports, frame, now_us))
            return false;
        at += size;
    }
    return len > 0;
}
