/*
 * frame.h - the readings of one commit interval, as bytes: the body of a row of history.db's table "frame".
 *
 * PURE: no I/O, no malloc. Encoding and decoding work over the caller's buffers; decoding takes any bytes and
 * either gives entries that encode to the same bytes again (of version 1: to those of version 2), or says
 * -EBADMSG: there is one encoding only.
 *
 * Format, version 2. Integers are LEB128 varints (7 bits a byte, low bits first, at most 10 bytes); signed
 * ones are zigzag. Entries stand in the order in which the readings came, in runs: what neighbours have in
 * common is said once.
 *
 *     byte      version, 2
 *     varint    number of entries
 *     run...    as long as possible:
 *       byte      flags: bits 0-1 quality, 2 REASON, 3 FOLLOWS, 4 MICRO, 5 RAW, 6 SAME_SLOT, 7 CALIBRATED
 *       zigzag    point id minus that of the entry before (0 before the first), the same all through the run
 *       zigzag    unless SAME_SLOT: slot time minus that of the entry before (0 before the first), ms
 *       zigzag    taken time minus slot time, ms
 *       byte      if REASON: the reason (enum reason), not 0
 *       varint    if CALIBRATED: the id in the table "calibration", not 0; else none
 *       varint    number of entries in the run, minus 1
 *       entry...
 *         zigzag    unless the quality is bad: the number
 *         varint    if RAW: the register words (struct reading, raw), not 0. FOLLOWS: they are the low
 *                   16 bits of the number. Neither: 0
 *
 * Version 1, of earlier files, has no runs and no calibrations: each entry is flags (3 VALUE: the quality is
 * not bad; 7 zero), point, slot, taken, reason, number, raw.
 *
 * Exactness: values, qualities, reasons and raw words come back as they were (a bad reading has no value).
 * Times are kept to the millisecond, cut off towards the past: that is the only loss here.
 *
 * The store writes a reading whose reply came less than FRAME_PUNCTUAL_US after its slot with taken = slot:
 * how a reply jitters within that is no history, and would cost more than the value. Later ones keep their
 * ms.
 */
#ifndef CRYOMON_FRAME_H
#define CRYOMON_FRAME_H

#include "value.h"

#define FRAME_ENTRIES_MAX 4096
#define FRAME_ENTRY_MAX   52 /* bytes of the longest possible entry */
#define FRAME_PUNCTUAL_US 500000
#define FRAME_BYTES_MAX   (16 + FRAME_ENTRIES_MAX * FRAME_ENTRY_MAX)
#define FRAME_TIME_MAX_MS                                                                                    \
    INT64_C(4000000000000000) /* |time|: so that sums and microseconds can't overflow                        \
                               */

struct frame_entry {
    int64_t slot_ms, taken_ms; /* UTC */
    int64_t number;            /* value x 10^decimals of the point; with micro: the micro_t itself */
    uint32_t point;            /* id in the table "point" */
    uint32_t raw;
    uint32_t
        calibration; /* id in the table "calibration"; 0: none. The number is what was read, not calibrated */
    uint8_t quality, reason;
    bool micro; /* the value is no whole multiple of the point's resolution */
};

/* Makes an entry of a reading, and a reading of an entry. decimals are those of the point. The second returns
 * 0 or -EBADMSG (a number beyond what a micro_t holds: only damaged data have it). */
struct frame_entry frame_entry_make(uint32_t point, unsigned decimals, int64_t slot_utc_us,
                                    int64_t taken_utc_us, const struct reading *reading);
int frame_entry_reading(const struct frame_entry *entry, unsigned decimals, struct reading *ret);

/* Encodes n entries (1..FRAME_ENTRIES_MAX). Returns 0, -ENOSPC (cap bytes do not do; FRAME_BYTES_MAX always
 * does) or -EINVAL (n, a time, a quality out of range). */
int frame_encode(const struct frame_entry *entries, size_t n, unsigned char *body, size_t cap,
                 size_t *ret_len);

struct frame_shape { /* what the entries of a run have in common */
    unsigned flags;
    int64_t step, late_ms;
    uint32_t calibration;
    uint8_t reason;
};

struct frame_cursor {
    const unsigned char *at, *end;
    unsigned version;
    uint64_t left, run_left; /* entries still to come: of the frame, of the run */
    bool begun;              /* there was a run */
    struct frame_shape shape;
    struct frame_entry last;
};

/* Starts to decode; the body must stay. Returns 0, -EBADMSG, or -EPROTONOSUPPORT (a newer version). */
int frame_begin(struct frame_cursor *cursor, const void *body, size_t len);
/* Returns 1 and an entry, 0 at the end, -EBADMSG when the bytes make no sense. */
int frame_next(struct frame_cursor *cursor, struct frame_entry *ret);

#endif
