/* frame.c - see frame.h. */
#include "frame.h"

#include <errno.h>

#define VERSION      2
#define V1_BYTES_MIN 3 /* of an entry */

#define FLAG_QUALITY    0x03U
#define FLAG_REASON     0x04U
#define FLAG_VALUE      0x08U /* version 1 only */
#define FLAG_FOLLOWS    0x08U /* from version 2 on */
#define FLAG_MICRO      0x10U
#define FLAG_RAW        0x20U
#define FLAG_SAME_SLOT  0x40U
#define FLAG_CALIBRATED 0x80U /* from version 2 on */

/* ---------------------------------------------------------------- entries and readings */

static int64_t power_of_ten(unsigned exponent)
{
    int64_t power = 1;
    for (unsigned i = 0; i < exponent; i++)
        power *= 10;
    return power;
}

static int64_t scale_of(unsigned decimals)
{
    return power_of_ten(decimals < DECIMALS_MAX ? DECIMALS_MAX - decimals : 0);
}

/* Towards the past, also before 1970, so that order is kept. */
static int64_t milliseconds(int64_t us)
{
    int64_t ms = us / 1000 - (us % 1000 < 0);
    if (ms > FRAME_TIME_MAX_MS)
        return FRAME_TIME_MAX_MS;
    return ms < -FRAME_TIME_MAX_MS ? -FRAME_TIME_MAX_MS : ms;
}

struct frame_entry frame_entry_make(uint32_t point, unsigned decimals, int64_t slot_utc_us,
                                    int64_t taken_utc_us, const struct reading *reading)
{
    struct frame_entry entry = {
        .slot_ms = milliseconds(slot_utc_us),
        .taken_ms = milliseconds(taken_utc_us),
        .point = point,
        .raw = reading->raw,
        .quality = (uint8_t)reading->quality,
        .reason = (uint8_t)reading->reason,
    };
    if (reading->quality == QUALITY_BAD)
        return entry;
    entry.micro = reading->value % scale_of(decimals) != 0;
    entry.number = entry.micro ? reading->value : reading->value / scale_of(decimals);
    return entry;
}

int frame_entry_reading(const struct frame_entry *entry, unsigned decimals, struct reading *ret)
{
    micro_t value = entry->number;
    if (!entry->micro && __builtin_mul_overflow(entry->number, scale_of(decimals), &value))
        return -EBADMSG;
    *ret = (struct reading){
        .value = value,
        .raw = entry->raw,
        .quality = (enum quality)entry->quality,
        .reason = (enum reason)entry->reason,
    };
    return 0;
}

/* ---------------------------------------------------------------- encoding */

static unsigned char *put_varint(unsigned char *at, uint64_t value)
{
    while (value >= 0x80) {
        *at++ = (unsigned char)(value | 0x80);
        value >>= 7;
    }
    *at++ = (unsigned char)value;
    return at;
}

static unsigned char *put_zigzag(unsigned char *at, int64_t value)
{
    return put_varint(at, ((uint64_t)value << 1) ^ (value < 0 ? UINT64_MAX : 0));
}

static bool time_is_valid(int64_t ms)
{
    return ms >= -FRAME_TIME_MAX_MS && ms <= FRAME_TIME_MAX_MS;
}

static bool raw_follows(const struct frame_entry *entry)
{
    return entry->quality != QUALITY_BAD && entry->raw == ((uint64_t)entry->number & 0xffff);
}

/* What the entries of a run have in common. */
static struct frame_shape shape_of(const struct frame_entry *entry, const struct frame_entry *last)
{
    unsigned flags = entry->quality;
    flags |= entry->reason ? FLAG_REASON : 0;
    flags |= entry->quality != QUALITY_BAD && entry->micro ? FLAG_MICRO : 0;
    flags |= raw_follows(entry) ? FLAG_FOLLOWS : entry->raw ? FLAG_RAW : 0;
    flags |= entry->calibration ? FLAG_CALIBRATED : 0;
    return (struct frame_shape){
        .flags = flags,
        .step = (int64_t)entry->point - (int64_t)last->point,
        .late_ms = entry->taken_ms - entry->slot_ms,
        .reason = entry->reason,
        .calibration = entry->calibration,
    };
}

static bool is_same_shape(const struct frame_shape *a, const struct frame_shape *b)
{
    return a->flags == b->flags && a->step == b->step && a->late_ms == b->late_ms && a->reason == b->reason &&
           a->calibration == b->calibration;
}

/* How many of the entries, from the first on, make a run. */
static size_t run_length(const struct frame_entry *entries, size_t n, const struct frame_shape *shape)
{
    size_t k = 1;
    while (k < n && entries[k].slot_ms == entries[0].slot_ms) {
        struct frame_shape next = shape_of(&entries[k], &entries[k - 1]);
        if (!is_same_shape(&next, shape))
            break;
        k++;
    }
    return k;
}

static unsigned char *put_shape(unsigned char *at, const struct frame_shape *shape, int64_t slot_step_ms,
                                size_t n)
{
    *at++ = (unsigned char)(shape->flags | (slot_step_ms == 0 ? FLAG_SAME_SLOT : 0));
    at = put_zigzag(at, shape->step);
    if (slot_step_ms != 0)
        at = put_zigzag(at, slot_step_ms);
    at = put_zigzag(at, shape->late_ms);
    if (shape->reason)
        *at++ = shape->reason;
    if (shape->calibration)
        at = put_varint(at, shape->calibration);
    return put_varint(at, n - 1);
}

static unsigned char *put_entry(unsigned char *at, const struct frame_entry *entry, unsigned flags)
{
    if (entry->quality != QUALITY_BAD)
        at = put_zigzag(at, entry->number);
    return flags & FLAG_RAW ? put_varint(at, entry->raw) : at;
}

static bool is_valid(const struct frame_entry *entry)
{
    return time_is_valid(entry->slot_ms) && time_is_valid(entry->taken_ms) && entry->quality <= QUALITY_BAD;
}

int frame_encode(const struct frame_entry *entries, size_t n, unsigned char *body, size_t cap,
                 size_t *ret_len)
{
    if (n == 0 || n > FRAME_ENTRIES_MAX)
        return -EINVAL;
    for (size_t i = 0; i < n; i++) {
        if (!is_valid(&entries[i]))
            return -EINVAL;
    }
    if (cap < 16)
        return -ENOSPC;
    unsigned char *at = body;
    *at++ = VERSION;
    at = put_varint(at, n);
    struct frame_entry last = {0};
    for (size_t i = 0; i < n;) {
        struct frame_shape shape = shape_of(&entries[i], &last);
        size_t k = run_length(entries + i, n - i, &shape);
        if ((cap - (size_t)(at - body)) / FRAME_ENTRY_MAX < k)
            return -ENOSPC;
        at = put_shape(at, &shape, entries[i].slot_ms - last.slot_ms, k);
        for (size_t end = i + k; i < end; i++)
            at = put_entry(at, &entries[i], shape.flags);
        last = entries[i - 1];
    }
    *ret_len = (size_t)(at - body);
    return 0;
}

/* ---------------------------------------------------------------- decoding */

static bool get_byte(struct frame_cursor *cursor, unsigned *ret)
{
    if (cursor->at == cursor->end)
        return false;
    *ret = *cursor->at++;
    return true;
}

/* Refuses what the encoder never writes: more than 64 bits, and needless zero bytes at the end. */
static bool get_varint(struct frame_cursor *cursor, uint64_t *ret)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        unsigned byte;
        if (!get_byte(cursor, &byte) || (shift == 63 && byte > 1))
            return false;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80)) {
            *ret = value;
            return byte != 0 || shift == 0;
        }
    }
    return false;
}

static bool get_zigzag(struct frame_cursor *cursor, int64_t *ret)
{
    uint64_t value;
    if (!get_varint(cursor, &value))
        return false;
    *ret = (int64_t)(value >> 1) ^ -(int64_t)(value & 1);
    return true;
}

/* base + a zigzag delta, which must be a valid time. */
static bool get_time(struct frame_cursor *cursor, int64_t base, int64_t *ret)
{
    int64_t delta, sum;
    if (!get_zigzag(cursor, &delta) || __builtin_add_overflow(base, delta, &sum) || !time_is_valid(sum))
        return false;
    *ret = sum;
    return true;
}

static bool get_point(struct frame_cursor *cursor, uint32_t base, uint32_t *ret)
{
    int64_t delta, sum;
    if (!get_zigzag(cursor, &delta) || __builtin_add_overflow((int64_t)base, delta, &sum) || sum < 0 ||
        sum > UINT32_MAX)
        return false;
    *ret = (uint32_t)sum;
    return true;
}

/* A number of 32 bits that is not 0. */
static bool get_some(struct frame_cursor *cursor, uint32_t *ret)
{
    uint64_t value;
    if (!get_varint(cursor, &value) || value == 0 || value > UINT32_MAX)
        return false;
    *ret = (uint32_t)value;
    return true;
}

static bool get_reason(struct frame_cursor *cursor, uint8_t *ret)
{
    unsigned reason;
    if (!get_byte(cursor, &reason) || reason == 0)
        return false;
    *ret = (uint8_t)reason;
    return true;
}

/* The slot time, unless it is that of the entry before. */
static bool get_slot(struct frame_cursor *cursor, unsigned flags, int64_t *ret)
{
    *ret = cursor->last.slot_ms;
    return (flags & FLAG_SAME_SLOT) ||
           (get_time(cursor, cursor->last.slot_ms, ret) && *ret != cursor->last.slot_ms);
}

/* Version 1: each entry says all of itself. */
static bool get_entry_1(struct frame_cursor *cursor, struct frame_entry *entry)
{
    unsigned flags;
    if (!get_byte(cursor, &flags) || (flags & FLAG_QUALITY) > QUALITY_BAD || (flags & FLAG_CALIBRATED))
        return false;
    entry->quality = (uint8_t)(flags & FLAG_QUALITY);
    entry->micro = flags & FLAG_MICRO;
    bool has_value = flags & FLAG_VALUE;
    if (has_value != (entry->quality != QUALITY_BAD) || (entry->micro && !has_value))
        return false;
    return get_point(cursor, cursor->last.point, &entry->point) && get_slot(cursor, flags, &entry->slot_ms) &&
           get_time(cursor, entry->slot_ms, &entry->taken_ms) &&
           (!(flags & FLAG_REASON) || get_reason(cursor, &entry->reason)) &&
           (!has_value || get_zigzag(cursor, &entry->number)) &&
           (!(flags & FLAG_RAW) || get_some(cursor, &entry->raw));
}

static bool flags_make_sense(unsigned flags)
{
    unsigned quality = flags & FLAG_QUALITY;
    if (quality > QUALITY_BAD || ((flags & FLAG_FOLLOWS) && (flags & FLAG_RAW)))
        return false;
    return quality != QUALITY_BAD || !(flags & (FLAG_FOLLOWS | FLAG_MICRO));
}

/* The head of a run. */
static bool get_shape(struct frame_cursor *cursor)
{
    unsigned flags;
    struct frame_shape shape = {0};
    uint64_t more;
    int64_t slot_ms, taken_ms;
    if (!get_byte(cursor, &flags) || !flags_make_sense(flags) || !get_zigzag(cursor, &shape.step) ||
        !get_slot(cursor, flags, &slot_ms) || !get_time(cursor, slot_ms, &taken_ms))
        return false;
    shape.flags = flags & ~FLAG_SAME_SLOT;
    shape.late_ms = taken_ms - slot_ms;
    if ((flags & FLAG_REASON) && !get_reason(cursor, &shape.reason))
        return false;
    if ((flags & FLAG_CALIBRATED) && !get_some(cursor, &shape.calibration))
        return false;
    if (!get_varint(cursor, &more) || more >= cursor->left)
        return false;
    /* One encoding only: a run ends where the next entry has another shape. */
    if ((flags & FLAG_SAME_SLOT) && cursor->begun && is_same_shape(&shape, &cursor->shape))
        return false;
    cursor->shape = shape;
    cursor->begun = true;
    cursor->run_left = more + 1;
    cursor->last.slot_ms = slot_ms;
    return true;
}

static bool get_entry(struct frame_cursor *cursor, struct frame_entry *entry)
{
    if (cursor->run_left == 0 && !get_shape(cursor))
        return false;
    const struct frame_shape *shape = &cursor->shape;
    int64_t point;
    if (__builtin_add_overflow((int64_t)cursor->last.point, shape->step, &point) || point < 0 ||
        point > UINT32_MAX)
        return false;
    cursor->run_left--;
    *entry = (struct frame_entry){.point = (uint32_t)point,
                                  .slot_ms = cursor->last.slot_ms,
                                  .taken_ms = cursor->last.slot_ms + shape->late_ms,
                                  .quality = (uint8_t)(shape->flags & FLAG_QUALITY),
                                  .reason = shape->reason,
                                  .micro = shape->flags & FLAG_MICRO,
                                  .calibration = shape->calibration};
    if (entry->quality != QUALITY_BAD && !get_zigzag(cursor, &entry->number))
        return false;
    if (shape->flags & FLAG_FOLLOWS)
        entry->raw = (uint32_t)((uint64_t)entry->number & 0xffff);
    else if (((shape->flags & FLAG_RAW) && !get_some(cursor, &entry->raw)) || raw_follows(entry))
        return false;
    return true;
}

int frame_begin(struct frame_cursor *cursor, const void *body, size_t len)
{
    struct frame_cursor c = {.at = body, .end = (const unsigned char *)body + len};
    unsigned version;
    if (len == 0 || !get_byte(&c, &version) || version == 0)
        return -EBADMSG;
    if (version > VERSION)
        return -EPROTONOSUPPORT;
    c.version = version;
    if (!get_varint(&c, &c.left) || c.left == 0 || c.left > FRAME_ENTRIES_MAX)
        return -EBADMSG;
    if (version == 1 && c.left * V1_BYTES_MIN > (size_t)(c.end - c.at))
        return -EBADMSG;
    *cursor = c;
    return 0;
}

int frame_next(struct frame_cursor *cursor, struct frame_entry *ret)
{
    if (cursor->left == 0)
        return cursor->at == cursor->end ? 0 : -EBADMSG;
    struct frame_entry entry = {0};
    if (!(cursor->version == 1 ? get_entry_1(cursor, &entry) : get_entry(cursor, &entry)))
        return -EBADMSG;
    cursor->left--;
    cursor->last = entry;
    *ret = entry;
    return 1;
}
