/* bytes.c - see bytes.h. */
#include "bytes.h"

#include <stdlib.h>
#include <string.h>

#define VARINT_MAX 10

void bytes_free(struct bytes *bytes)
{
    if (!bytes)
        return;
    free(bytes->data);
    *bytes = (struct bytes){0};
}

void bytes_clear(struct bytes *bytes)
{
    bytes->len = 0;
    bytes->failed = false;
}

/* Room for len more; NULL when there is no memory for it. */
static unsigned char *make_room(struct bytes *bytes, size_t len)
{
    if (bytes->failed)
        return NULL;
    if (len > SIZE_MAX / 4 - bytes->len) {
        bytes->failed = true;
        return NULL;
    }
    if (bytes->cap - bytes->len < len) {
        size_t cap = 2 * (bytes->len + len) + 64;
        unsigned char *data = realloc(bytes->data, cap);
        if (!data) {
            bytes->failed = true;
            return NULL;
        }
        bytes->data = data;
        bytes->cap = cap;
    }
    return bytes->data + bytes->len;
}

void bytes_append(struct bytes *bytes, const void *data, size_t len)
{
    if (len == 0)
        return;
    unsigned char *to = make_room(bytes, len);
    if (!to)
        return;
    memcpy(to, data, len);
    bytes->len += len;
}

unsigned char *bytes_extend(struct bytes *bytes, size_t len)
{
    unsigned char *to = make_room(bytes, len);
    if (to)
        bytes->len += len;
    return to;
}

void bytes_byte(struct bytes *bytes, unsigned char value)
{
    bytes_append(bytes, &value, 1);
}

void bytes_varint(struct bytes *bytes, uint64_t value)
{
    unsigned char text[VARINT_MAX];
    size_t n = 0;
    while (value >= 0x80) {
        text[n++] = (unsigned char)(value | 0x80);
        value >>= 7;
    }
    text[n++] = (unsigned char)value;
    bytes_append(bytes, text, n);
}

void bytes_zigzag(struct bytes *bytes, int64_t value)
{
    bytes_varint(bytes, (uint64_t)value << 1 ^ (value < 0 ? UINT64_MAX : 0));
}

bool bytes_get_varint(const unsigned char **at, const unsigned char *end, uint64_t *ret)
{
    uint64_t value = 0;
    const unsigned char *p = *at;
    for (unsigned shift = 0; p < end && shift < 64; shift += 7) {
        unsigned char byte = *p++;
        /* The tenth byte has room for one bit; a last byte of zero would be a longer way to say the same. */
        if ((shift == 63 && byte > 1) || (shift > 0 && byte == 0))
            return false;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            *at = p;
            *ret = value;
            return true;
        }
    }
    return false;
}

bool bytes_get_zigzag(const unsigned char **at, const unsigned char *end, int64_t *ret)
{
    uint64_t value;
    if (!bytes_get_varint(at, end, &value))
        return false;
    *ret = (int64_t)(value >> 1 ^ (value & 1 ? UINT64_MAX : 0));
    return true;
}
