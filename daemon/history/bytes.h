/*
 * bytes.h - a growing array of bytes, and the integers in it: what the codecs of this folder write into.
 *
 * A failure of memory is kept in the array (bytes.failed) and makes all later appending do nothing, so a
 * writer checks once, at its end. bytes_free is NULL-safe and leaves an empty, usable array.
 */
#ifndef CRYOMON_BYTES_H
#define CRYOMON_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bytes {
    unsigned char *data;
    size_t len, cap;
    bool failed; /* out of memory: what it holds is not whole */
};

void bytes_free(struct bytes *bytes);
void bytes_clear(struct bytes *bytes); /* empty again; keeps its memory */
void bytes_append(struct bytes *bytes, const void *data, size_t len);
unsigned char *bytes_extend(struct bytes *bytes,
                            size_t len); /* len more, not set: where they begin, or NULL */
void bytes_byte(struct bytes *bytes, unsigned char value);
void bytes_varint(struct bytes *bytes, uint64_t value); /* LEB128, low bits first */
void bytes_zigzag(struct bytes *bytes, int64_t value);

/* Reads back. at moves on. False: the bytes end first, or it is no (shortest) varint of 64 bits. */
bool bytes_get_varint(const unsigned char **at, const unsigned char *end, uint64_t *ret);
bool bytes_get_zigzag(const unsigned char **at, const unsigned char *end, int64_t *ret);

#endif
