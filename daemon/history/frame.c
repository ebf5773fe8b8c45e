/* frame.c - see frame.h. */
#include "frame.h"

#include <errno.h>

#define VERSION         2
#define ENTRY_BYTES_MIN 3

#define FLAG_QUALITY    0x03U
#define FLAG_REASON     0x04U
#define FLAG_VALUE      0x08U
#define FLAG_MICRO      0x10U
#define FLAG_RAW        0x20U
#define FLAG_SAME_SLOT  0x40U
#define FLAG_CALIBRATED 0x80U /* not in version 1 */

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

static unsigned char *put_entry(unsigned char *at, const struct frame_entry *entry,
                                const struct frame_entry *last)
{
    bool has_value = entry->quality != QUALITY_BAD;
    bool same_slot = entry->slot_ms == last->slot_ms;
    unsigned flags = entry->quality;
    flags |= entry->reason ? FLAG_REASON : 0;
    flags |= has_value ? FLAG_VALUE : 0;
    flags |= has_value && entry->micro ? FLAG_MICRO : 0;
    flags |= entry->raw ? FLAG_RAW : 0;
    flags |= same_slot ? FLAG_SAME_SLOT : 0;
    flags |= entry->calibration ? FLAG_CALIBRATED : 0;
    *at++ = (unsigned char)flags;
    at = put_zigzag(at, (int64_t)entry->point - (int64_t)last->point);
    if (!same_slot)
        at = put_zigzag(at, entry->slot_ms - last->slot_ms);
    at = put_zigzag(at, entry->taken_ms - entry->slot_ms);
    if (entry->reason)
        *at++ = entry->reason;
    if (has_value)
        at = put_zigzag(at, entry->number);
    if (entry->raw)
        at = put_varint(at, entry->raw);
    if (entry->calibration)
        at = put_varint(at, entry->calibration);
    return at;
}

int frame_encode(const struct frame_entry *entries, size_t n, unsigned char *body, size_t cap,
                 size_t *ret_len)
{
    if (n == 0 || n > FRAME_ENTRIES_MAX)
        return -EINVAL;
    if (cap < 16)
        return -ENOSPC;
    unsigned char *at = body;
    *at++ = VERSION;
    at = put_varint(at, n);
    struct frame_entry last = {0};
    for (size_t i = 0; i < n; i++) {
        const struct frame_entry *entry = &entries[i];
        if (!time_is_valid(entry->slot_ms) || !time_is_valid(entry->taken_ms) || entry->quality > QUALITY_BAD)
            return -EINVAL;
        if (cap - (size_t)(at - body) < FRAME_ENTRY_MAX)
            return -ENOSPC;
        at = put_entry(at, entry, &last);
        last = *entry;
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

static bool get_details(struct frame_cursor *cursor, unsigned flags, struct frame_entry *entry)
{
    unsigned reason;
    if (flags & FLAG_REASON) {
        if (!get_byte(cursor, &reason) || reason == 0)
            return false;
        entry->reason = (uint8_t)reason;
    }
    if ((flags & FLAG_VALUE) && !get_zigzag(cursor, &entry->number))
        return false;
    if ((flags & FLAG_RAW) && !get_some(cursor, &entry->raw))
        return false;
    return !(flags & FLAG_CALIBRATED) || get_some(cursor, &entry->calibration);
}

static bool get_entry(struct frame_cursor *cursor, struct frame_entry *entry)
{
    unsigned flags;
    if (!get_byte(cursor, &flags) || (flags & FLAG_QUALITY) > QUALITY_BAD)
        return false;
    if ((flags & FLAG_CALIBRATED) && cursor->version < 2)
        return false;
    entry->quality = (uint8_t)(flags & FLAG_QUALITY);
    entry->micro = flags & FLAG_MICRO;
    bool has_value = flags & FLAG_VALUE;
    if (has_value != (entry->quality != QUALITY_BAD) || (entry->micro && !has_value))
        return false;
    if (!get_point(cursor, cursor->last.point, &entry->point))
        return false;
    entry->slot_ms = cursor->last.slot_ms;
    if (!(flags & FLAG_SAME_SLOT) &&
        (!get_time(cursor, cursor->last.slot_ms, &entry->slot_ms) || entry->slot_ms == cursor->last.slot_ms))
        return false;
    return get_time(cursor, entry->slot_ms, &entry->taken_ms) && get_details(cursor, flags, entry);
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
    if (c.left * ENTRY_BYTES_MIN > (size_t)(c.end - c.at))
        return -EBADMSG;
    *cursor = c;
    return 0;
}

int frame_next(struct frame_cursor *cursor, struct frame_entry *ret)
{
    if (cursor->left == 0)
        return cursor->at == cursor->end ? 0 : -EBADMSG;
    struct frame_entry entry = {0};
    if (!get_entry(cursor, &entry))
        return -EBADMSG;
    cursor->left--;
    cursor->last = entry;
    *ret = entry;
    return 1;
}
