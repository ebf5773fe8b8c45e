/*
 * chunk.h - sections of one point, compressed: the column "body" of a row of history.db's table "chunk".
 *
 * An hour's chunk holds one section; a day's holds those of its hours, bytes unchanged, so that a day proves
 * what its hours were. Compression is raw deflate (zlib), heads and values apart, each with the strategy that
 * does best.
 *
 *     byte      version, 1
 *     varint    number of sections
 *     varint    length of the first part, unpacked, and compressed
 *     varint    length of the second part, unpacked
 *     bytes     the first part: of each section the lengths of its head and of its values, as varints (0 0:
 * the point has no reading in that hour); then the heads, each but the first as differences of bytes from the
 * one before, if both are as long bytes     the second part, to the end: the values
 */
#ifndef CRYOMON_CHUNK_H
#define CRYOMON_CHUNK_H

#include "section.h"

#define CHUNK_SECTIONS_MAX 4096
#define CHUNK_BYTES_MAX    ((size_t)256 << 20) /* unpacked: more is refused */

/* Appends the body of n sections. Returns 0, -EINVAL or -ENOMEM. */
int chunk_pack(const struct section *sections, size_t n, struct bytes *body);

/* An unpacked chunk; sections point into bytes. Zero it before the first use; may be used again and again,
 * and keeps its memory until chunk_free. */
struct chunk {
    struct bytes bytes;
    struct section *sections;
    size_t n, cap;
};
/* Returns 0, -EBADMSG, -EPROTONOSUPPORT or -ENOMEM. Any bytes may be given. */
int chunk_unpack(const void *body, size_t len, struct chunk *chunk);
void chunk_free(struct chunk *chunk);

#endif
