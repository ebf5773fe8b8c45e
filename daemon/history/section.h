/*
 * section.h - the readings of one point in one stretch of time, by columns: what is compressed into a chunk.
 *
 * PURE but for the memory of struct bytes. A section has two parts, because they compress differently: the
 * head (counts, times, qualities, calibrations, exceptions: the same from hour to hour) and the values (small
 * numbers, nearly noise). Its canonical form, which is what the chain's content hash covers, is
 *
 *     varint length of head, head, values
 *
 * Nothing is lost: section_decode gives the entries that section_encode got, field by field (but .point).
 * What the head holds, byte by byte, is at the top of section.c.
 */
#ifndef CRYOMON_SECTION_H
#define CRYOMON_SECTION_H

#include "bytes.h"
#include "frame.h"

#define SECTION_ENTRIES_MAX (1U << 22) /* more is refused: damaged data, not readings */

/* Appends the section of n entries (1..SECTION_ENTRIES_MAX, of one point, in the order in which they were
 * stored) to head and values. Returns 0, -EINVAL (a field out of range, as frame_encode) or -ENOMEM. */
int section_encode(const struct frame_entry *entries, size_t n, struct bytes *head, struct bytes *values);

struct section {
    const unsigned char *head, *values; /* in the caller's memory */
    size_t head_len, values_len;
};

/* How many entries it says it has; -EBADMSG. */
int64_t section_count(const struct section *section);

/* Decodes all entries into out (cap of them; .point is left as it is). Returns how many, or -EBADMSG
 * (damaged), -EPROTONOSUPPORT (a newer version), -ENOSPC (cap is less than section_count). */
int64_t section_decode(const struct section *section, struct frame_entry *out, size_t cap);

#endif
