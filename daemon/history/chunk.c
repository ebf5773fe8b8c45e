/* chunk.c - see chunk.h. */
#include "chunk.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define VERSION     1
#define WINDOW_BITS (-15) /* raw deflate */
#define RATIO_MAX   1032  /* deflate does not expand more: what claims to is damaged */

/* ---------------------------------------------------------------- packing */

/* Appends the compressed bytes. */
static int deflate_with(int strategy, const struct bytes *from, struct bytes *to)
{
    z_stream z = {0};
    if (deflateInit2(&z, 9, Z_DEFLATED, WINDOW_BITS, 9, strategy) != Z_OK)
        return -ENOMEM;
    size_t cap = deflateBound(&z, from->len), before = to->len;
    unsigned char *out = bytes_extend(to, cap);
    int result = -ENOMEM;
    if (out) {
        z.next_in = from->data;
        z.avail_in = (uInt)from->len;
        z.next_out = out;
        z.avail_out = (uInt)cap;
        result = deflate(&z, Z_FINISH) == Z_STREAM_END ? 0 : -EINVAL;
        to->len = before + (size_t)z.total_out;
    }
    deflateEnd(&z);
    return result;
}

/* Compresses with each strategy; the smallest wins. */
static int compress_best(const struct bytes *from, struct bytes *ret)
{
    static const int strategies[] = {Z_DEFAULT_STRATEGY, Z_HUFFMAN_ONLY, Z_RLE};
    struct bytes candidate = {0};
    int result = 0;
    bytes_clear(ret);
    if (from->len == 0)
        return 0;
    for (size_t i = 0; i < sizeof strategies / sizeof *strategies; i++) {
        bytes_clear(&candidate);
        result = deflate_with(strategies[i], from, &candidate);
        if (result < 0)
            break;
        if (i == 0 || candidate.len < ret->len) {
            struct bytes swap = *ret;
            *ret = candidate;
            candidate = swap;
        }
    }
    bytes_free(&candidate);
    return result;
}

static void append_body(const struct section *sections, size_t n, const struct bytes *heads,
                        const struct bytes *values, struct bytes *body)
{
    bytes_byte(body, VERSION);
    bytes_varint(body, n);
    for (size_t i = 0; i < n; i++) {
        bytes_varint(body, sections[i].head_len);
        bytes_varint(body, sections[i].values_len);
    }
    bytes_varint(body, heads->len);
    bytes_append(body, heads->data, heads->len);
    bytes_append(body, values->data, values->len);
}

int chunk_pack(const struct section *sections, size_t n, struct bytes *body)
{
    struct bytes heads = {0}, values = {0}, small_heads = {0}, small_values = {0};
    int result = -EINVAL;
    if (n == 0 || n > CHUNK_SECTIONS_MAX)
        return -EINVAL;
    for (size_t i = 0; i < n; i++) {
        const struct section *s = &sections[i];
        if (s->head_len > CHUNK_BYTES_MAX || s->values_len > CHUNK_BYTES_MAX ||
            heads.len + values.len + s->head_len + s->values_len > CHUNK_BYTES_MAX ||
            (s->head_len == 0 && s->values_len > 0))
            goto out;
        bytes_append(&heads, s->head, s->head_len);
        bytes_append(&values, s->values, s->values_len);
    }
    result = -ENOMEM;
    if (heads.failed || values.failed)
        goto out;
    result = compress_best(&heads, &small_heads);
    if (result == 0)
        result = compress_best(&values, &small_values);
    if (result == 0)
        append_body(sections, n, &small_heads, &small_values, body);
    if (result == 0 && body->failed)
        result = -ENOMEM;
out:
    bytes_free(&heads);
    bytes_free(&values);
    bytes_free(&small_heads);
    bytes_free(&small_values);
    return result;
}

/* ---------------------------------------------------------------- unpacking */

/* Exactly to_len bytes must come out of exactly from_len. */
static int inflate_part(z_stream *z, const unsigned char *from, size_t from_len, unsigned char *to,
                        size_t to_len)
{
    if (to_len == 0)
        return from_len == 0 ? 0 : -EBADMSG;
    if (from_len > UINT_MAX || to_len / RATIO_MAX > from_len)
        return -EBADMSG;
    z->next_in = (Bytef *)(uintptr_t)from;
    z->avail_in = (uInt)from_len;
    z->next_out = to;
    z->avail_out = (uInt)to_len;
    int result = inflate(z, Z_FINISH);
    if (result == Z_MEM_ERROR)
        return -ENOMEM;
    if (result != Z_STREAM_END || z->avail_in != 0 || z->avail_out != 0)
        return -EBADMSG;
    return inflateReset(z) == Z_OK ? 0 : -ENOMEM;
}

struct parts {
    const unsigned char *heads, *values;
    size_t heads_len, values_len;                   /* compressed */
    size_t unpacked_heads_len, unpacked_values_len; /* sums */
};

static int make_room_for_sections(struct chunk *chunk, size_t n)
{
    if (chunk->cap >= n)
        return 0;
    struct section *sections = realloc(chunk->sections, n * sizeof *sections);
    if (!sections)
        return -ENOMEM;
    chunk->sections = sections;
    chunk->cap = n;
    return 0;
}

/* Reads the lengths into the sections, and finds the two parts. */
static int read_directory(const unsigned char *at, const unsigned char *end, struct chunk *chunk,
                          struct parts *parts)
{
    uint64_t n, head_len, values_len, heads_len;
    if (at == end || *at == 0)
        return -EBADMSG;
    if (*at++ > VERSION)
        return -EPROTONOSUPPORT;
    if (!bytes_get_varint(&at, end, &n) || n == 0 || n > CHUNK_SECTIONS_MAX)
        return -EBADMSG;
    int error = make_room_for_sections(chunk, (size_t)n);
    if (error < 0)
        return error;
    for (size_t i = 0; i < n; i++) {
        if (!bytes_get_varint(&at, end, &head_len) || !bytes_get_varint(&at, end, &values_len) ||
            head_len > CHUNK_BYTES_MAX || values_len > CHUNK_BYTES_MAX || (head_len == 0 && values_len > 0))
            return -EBADMSG;
        chunk->sections[i] = (struct section){.head_len = (size_t)head_len, .values_len = (size_t)values_len};
        parts->unpacked_heads_len += (size_t)head_len;
        parts->unpacked_values_len += (size_t)values_len;
        if (parts->unpacked_heads_len + parts->unpacked_values_len > CHUNK_BYTES_MAX)
            return -EBADMSG;
    }
    if (!bytes_get_varint(&at, end, &heads_len) || heads_len > (size_t)(end - at))
        return -EBADMSG;
    parts->heads = at;
    parts->heads_len = (size_t)heads_len;
    parts->values = at + heads_len;
    parts->values_len = (size_t)(end - parts->values);
    chunk->n = (size_t)n;
    return 0;
}

static int inflate_parts(const struct parts *parts, unsigned char *to)
{
    z_stream z = {0};
    if (inflateInit2(&z, WINDOW_BITS) != Z_OK)
        return -ENOMEM;
    int error = inflate_part(&z, parts->heads, parts->heads_len, to, parts->unpacked_heads_len);
    if (error == 0)
        error = inflate_part(&z, parts->values, parts->values_len, to + parts->unpacked_heads_len,
                             parts->unpacked_values_len);
    inflateEnd(&z);
    return error;
}

int chunk_unpack(const void *body, size_t len, struct chunk *chunk)
{
    struct parts parts = {0};
    const unsigned char *at = body;
    bytes_clear(&chunk->bytes);
    chunk->n = 0;
    int error = len == 0 ? -EBADMSG : read_directory(at, at + len, chunk, &parts);
    if (error < 0)
        goto fail;
    /* No more memory than such a body can fill. */
    error = -EBADMSG;
    if (parts.unpacked_heads_len / RATIO_MAX > parts.heads_len ||
        parts.unpacked_values_len / RATIO_MAX > parts.values_len)
        goto fail;
    error = -ENOMEM;
    size_t total = parts.unpacked_heads_len + parts.unpacked_values_len;
    unsigned char *to = bytes_extend(&chunk->bytes, total > 0 ? total : 1);
    if (!to)
        goto fail;
    error = inflate_parts(&parts, to);
    if (error < 0)
        goto fail;
    const unsigned char *values = to + parts.unpacked_heads_len;
    for (size_t i = 0; i < chunk->n; i++) {
        chunk->sections[i].head = to;
        chunk->sections[i].values = values;
        to += chunk->sections[i].head_len;
        values += chunk->sections[i].values_len;
    }
    return 0;
fail:
    chunk->n = 0;
    return error;
}

void chunk_free(struct chunk *chunk)
{
    if (!chunk)
        return;
    bytes_free(&chunk->bytes);
    free(chunk->sections);
    *chunk = (struct chunk){0};
}
