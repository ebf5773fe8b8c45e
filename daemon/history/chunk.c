/* chunk.c - see chunk.h. */
#include "chunk.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define VERSION       1
#define WINDOW_BITS   (-15) /* raw deflate */
#define DIRECTORY_MAX ((size_t)CHUNK_SECTIONS_MAX * 20)
#define RATIO_MAX     1032 /* deflate does not expand more: what claims to is damaged */

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

/* The first part. An hour's head is nearly that of the hour before, but that the hour is one more: as
 * differences nearly nothing is left of it. */
static void append_heads(const struct section *sections, size_t n, struct bytes *part)
{
    for (size_t i = 0; i < n; i++) {
        bytes_varint(part, sections[i].head_len);
        bytes_varint(part, sections[i].values_len);
    }
    for (size_t i = 0; i < n; i++) {
        size_t len = sections[i].head_len;
        bool alike = i > 0 && sections[i - 1].head_len == len;
        unsigned char *to = bytes_extend(part, len);
        for (size_t k = 0; to && k < len; k++)
            to[k] = (unsigned char)(sections[i].head[k] - (alike ? sections[i - 1].head[k] : 0));
    }
}

static void append_body(size_t n, const struct bytes *heads, const struct bytes *small_heads,
                        const struct bytes *values, const struct bytes *small_values, struct bytes *body)
{
    bytes_byte(body, VERSION);
    bytes_varint(body, n);
    bytes_varint(body, heads->len);
    bytes_varint(body, small_heads->len);
    bytes_varint(body, values->len);
    bytes_append(body, small_heads->data, small_heads->len);
    bytes_append(body, small_values->data, small_values->len);
}

int chunk_pack(const struct section *sections, size_t n, struct bytes *body)
{
    struct bytes heads = {0}, values = {0}, small_heads = {0}, small_values = {0};
    size_t total = 0;
    if (n == 0 || n > CHUNK_SECTIONS_MAX)
        return -EINVAL;
    for (size_t i = 0; i < n; i++) {
        const struct section *s = &sections[i];
        if (s->head_len > CHUNK_BYTES_MAX || s->values_len > CHUNK_BYTES_MAX ||
            (s->head_len == 0 && s->values_len > 0))
            return -EINVAL;
        total += s->head_len + s->values_len;
        if (total > CHUNK_BYTES_MAX)
            return -EINVAL;
    }
    append_heads(sections, n, &heads);
    for (size_t i = 0; i < n; i++)
        bytes_append(&values, sections[i].values, sections[i].values_len);
    int result = -ENOMEM;
    if (heads.failed || values.failed)
        goto out;
    result = compress_best(&heads, &small_heads);
    if (result == 0)
        result = compress_best(&values, &small_values);
    if (result == 0)
        append_body(n, &heads, &small_heads, &values, &small_values, body);
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

struct part {
    const unsigned char *from;
    size_t from_len, len; /* compressed, unpacked */
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

/* Is it not longer than what so few bytes can give? So no more memory is taken than that. */
static bool is_possible(const struct part *part)
{
    return part->len / RATIO_MAX <= part->from_len;
}

static int read_front(const unsigned char *at, const unsigned char *end, size_t *ret_n, struct part *heads,
                      struct part *values)
{
    uint64_t n, heads_len, small, values_len;
    if (at == end || *at == 0)
        return -EBADMSG;
    if (*at++ > VERSION)
        return -EPROTONOSUPPORT;
    if (!bytes_get_varint(&at, end, &n) || n == 0 || n > CHUNK_SECTIONS_MAX ||
        !bytes_get_varint(&at, end, &heads_len) || !bytes_get_varint(&at, end, &small) ||
        !bytes_get_varint(&at, end, &values_len) || heads_len > CHUNK_BYTES_MAX + DIRECTORY_MAX ||
        values_len > CHUNK_BYTES_MAX || small > (size_t)(end - at))
        return -EBADMSG;
    *heads = (struct part){at, (size_t)small, (size_t)heads_len};
    *values = (struct part){at + small, (size_t)(end - at) - (size_t)small, (size_t)values_len};
    *ret_n = (size_t)n;
    return is_possible(heads) && is_possible(values) ? 0 : -EBADMSG;
}

static int inflate_parts(const struct part *heads, const struct part *values, unsigned char *to)
{
    z_stream z = {0};
    if (inflateInit2(&z, WINDOW_BITS) != Z_OK)
        return -ENOMEM;
    int error = inflate_part(&z, heads->from, heads->from_len, to, heads->len);
    if (error == 0)
        error = inflate_part(&z, values->from, values->from_len, to + heads->len, values->len);
    inflateEnd(&z);
    return error;
}

/* The lengths of n sections, which must be those of the parts. Returns where the heads begin, or NULL. */
static unsigned char *read_directory(unsigned char *part, const struct part *heads, const struct part *values,
                                     struct section *sections, size_t n)
{
    const unsigned char *at = part, *end = part + heads->len;
    uint64_t heads_sum = 0, values_sum = 0;
    for (size_t i = 0; i < n; i++) {
        uint64_t head_len, values_len;
        if (!bytes_get_varint(&at, end, &head_len) || !bytes_get_varint(&at, end, &values_len) ||
            head_len > CHUNK_BYTES_MAX || values_len > CHUNK_BYTES_MAX || (head_len == 0 && values_len > 0))
            return NULL;
        sections[i] = (struct section){.head_len = (size_t)head_len, .values_len = (size_t)values_len};
        heads_sum += head_len;
        values_sum += values_len;
    }
    if (heads_sum != (size_t)(end - at) || values_sum != values->len)
        return NULL;
    return part + (at - part);
}

static void place_sections(unsigned char *heads, const unsigned char *values, struct section *sections,
                           size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct section *s = &sections[i];
        if (i > 0 && sections[i - 1].head_len == s->head_len)
            for (size_t k = 0; k < s->head_len; k++)
                heads[k] = (unsigned char)(heads[k] + sections[i - 1].head[k]);
        s->head = heads;
        s->values = values;
        heads += s->head_len;
        values += s->values_len;
    }
}

int chunk_unpack(const void *body, size_t len, struct chunk *chunk)
{
    struct part heads, values;
    const unsigned char *at = body;
    size_t n = 0;
    bytes_clear(&chunk->bytes);
    chunk->n = 0;
    int error = len == 0 ? -EBADMSG : read_front(at, at + len, &n, &heads, &values);
    if (error == 0)
        error = make_room_for_sections(chunk, n);
    if (error < 0)
        return error;
    unsigned char *to = bytes_extend(&chunk->bytes, heads.len + values.len);
    if (!to)
        return -ENOMEM;
    error = inflate_parts(&heads, &values, to);
    if (error < 0)
        return error;
    unsigned char *first = read_directory(to, &heads, &values, chunk->sections, n);
    if (!first)
        return -EBADMSG;
    place_sections(first, to + heads.len, chunk->sections, n);
    chunk->n = n;
    return 0;
}

void chunk_free(struct chunk *chunk)
{
    if (!chunk)
        return;
    bytes_free(&chunk->bytes);
    free(chunk->sections);
    *chunk = (struct chunk){0};
}
