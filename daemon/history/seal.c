/* seal.c - see seal.h. */
#include "seal.h"

#include <errno.h>
#include <string.h>

#include "hash.h"

_Static_assert(sizeof(struct hash) <= sizeof(struct seal_content), "the state fits");

static struct hash *state_of(struct seal_content *content)
{
    return (struct hash *)(void *)content->state;
}

const char *seal_kind_name(enum seal_kind kind)
{
    switch (kind) {
    case SEAL_HOUR:
        return "hour";
    case SEAL_DAY:
        return "day";
    case SEAL_TOMBSTONE:
        return "tombstone";
    }
    return "?";
}

static void add_point(struct hash *state, const struct seal_point *point)
{
    hash_text(state, point->asset);
    hash_text(state, point->point);
    hash_text(state, point->unit);
    hash_integer(state, point->decimals);
}

void seal_chunk_hash(const struct seal_point *point, const struct seal_chunk *chunk,
                     unsigned char ret[CHAIN_HASH_SIZE])
{
    struct hash state;
    const int64_t numbers[] = {chunk->count, chunk->values, chunk->minimum, chunk->maximum,
                               chunk->sum,   chunk->first,  chunk->last,    chunk->worst};
    hash_begin(&state, "cryomon chunk 1");
    hash_integer(&state, chunk->seal);
    add_point(&state, point);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        hash_integer(&state, numbers[i]);
    hash_blob(&state, chunk->hours, chunk->hours_len);
    hash_blob(&state, chunk->body, chunk->body_len);
    hash_end(&state, ret);
}

/* ---------------------------------------------------------------- content */

void seal_content_begin(struct seal_content *content)
{
    hash_begin(state_of(content), "cryomon content 1");
}

void seal_content_add(struct seal_content *content, const struct seal_point *point, const void *head,
                      size_t head_len, const void *values, size_t values_len)
{
    unsigned char varint[10];
    size_t n = 0;
    for (size_t rest = head_len;; rest >>= 7) {
        varint[n++] = (unsigned char)(rest >= 0x80 ? rest | 0x80 : rest);
        if (rest < 0x80)
            break;
    }
    struct hash *state = state_of(content);
    add_point(state, point);
    hash_integer(state, (int64_t)(n + head_len + values_len));
    hash_bytes(state, varint, n);
    hash_bytes(state, head, head_len);
    hash_bytes(state, values, values_len);
}

void seal_content_end(struct seal_content *content, unsigned char ret[CHAIN_HASH_SIZE])
{
    hash_end(state_of(content), ret);
}

void seal_content_of(enum seal_kind kind, const void *hashes, size_t n, unsigned char ret[CHAIN_HASH_SIZE])
{
    struct hash state;
    hash_begin(&state, kind == SEAL_DAY ? "cryomon content 2" : "cryomon content 3");
    hash_bytes(&state, hashes, n * CHAIN_HASH_SIZE);
    hash_end(&state, ret);
}

/* ---------------------------------------------------------------- entries */

void seal_entries_add(struct bytes *entries, uint32_t *last_point, uint32_t point,
                      const unsigned char hash[CHAIN_HASH_SIZE])
{
    bytes_zigzag(entries, (int64_t)point - (int64_t)*last_point);
    bytes_append(entries, hash, CHAIN_HASH_SIZE);
    *last_point = point;
}

int seal_entries_next(const unsigned char **at, const unsigned char *end, uint32_t *point,
                      unsigned char ret_hash[CHAIN_HASH_SIZE])
{
    int64_t step;
    if (*at == end)
        return 0;
    if (!bytes_get_zigzag(at, end, &step) || step <= 0 || step > (int64_t)SEAL_POINT_MAX - (int64_t)*point ||
        end - *at < CHAIN_HASH_SIZE)
        return -EBADMSG;
    *point += (uint32_t)step;
    memcpy(ret_hash, *at, CHAIN_HASH_SIZE);
    *at += CHAIN_HASH_SIZE;
    return 1;
}

void seal_entries_hash(const void *entries, size_t len, unsigned char ret[CHAIN_HASH_SIZE])
{
    struct hash state;
    hash_begin(&state, "cryomon entries 1");
    hash_blob(&state, entries, len);
    hash_end(&state, ret);
}

/* ---------------------------------------------------------------- seals */

void seal_link(const unsigned char hash[CHAIN_HASH_SIZE],
               const unsigned char signature[SIGNER_SIGNATURE_SIZE], unsigned char ret[CHAIN_HASH_SIZE])
{
    struct hash state;
    hash_begin(&state, "cryomon link 1");
    hash_bytes(&state, hash, CHAIN_HASH_SIZE);
    hash_bytes(&state, signature, SIGNER_SIGNATURE_SIZE);
    hash_end(&state, ret);
}

void seal_hash(const struct seal *seal, unsigned char ret[CHAIN_HASH_SIZE])
{
    struct hash state;
    const int64_t numbers[] = {seal->id,          (int64_t)seal->kind, seal->utc_us,  seal->first_utc_us,
                               seal->last_utc_us, seal->count,         seal->from_id, seal->to_id};
    hash_begin(&state, "cryomon seal 1");
    hash_bytes(&state, seal->previous, CHAIN_HASH_SIZE);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        hash_integer(&state, numbers[i]);
    hash_bytes(&state, seal->frames_head, CHAIN_HASH_SIZE);
    hash_bytes(&state, seal->content, CHAIN_HASH_SIZE);
    hash_bytes(&state, seal->entries_hash, CHAIN_HASH_SIZE);
    hash_integer(&state, seal->event_seq);
    hash_bytes(&state, seal->event_hash, CHAIN_HASH_SIZE);
    hash_bytes(&state, seal->public_key, SIGNER_KEY_SIZE);
    hash_end(&state, ret);
}

void seal_sign(struct seal *seal, const struct signer *signer)
{
    memcpy(seal->public_key, signer_public(signer), SIGNER_KEY_SIZE);
    seal_hash(seal, seal->hash);
    signer_sign(signer, seal->hash, sizeof seal->hash, seal->signature);
}

static bool copy_blob(sqlite3_stmt *stmt, int column, unsigned char *ret, int size)
{
    const void *blob = sqlite3_column_blob(stmt, column);
    memset(ret, 0, (size_t)size);
    if (!blob || sqlite3_column_bytes(stmt, column) != size)
        return false;
    memcpy(ret, blob, (size_t)size);
    return true;
}

int seal_read(sqlite3_stmt *stmt, struct seal *ret)
{
    int64_t kind = sqlite3_column_int64(stmt, 1);
    *ret = (struct seal){
        .id = sqlite3_column_int64(stmt, 0),
        .kind = kind >= SEAL_HOUR && kind <= SEAL_TOMBSTONE ? (enum seal_kind)kind : SEAL_HOUR,
        .utc_us = sqlite3_column_int64(stmt, 2),
        .first_utc_us = sqlite3_column_int64(stmt, 3),
        .last_utc_us = sqlite3_column_int64(stmt, 4),
        .count = sqlite3_column_int64(stmt, 5),
        .from_id = sqlite3_column_int64(stmt, 6),
        .to_id = sqlite3_column_int64(stmt, 7),
        .event_seq = sqlite3_column_int64(stmt, 11),
    };
    bool sound = kind >= SEAL_HOUR && kind <= SEAL_TOMBSTONE;
    sound = copy_blob(stmt, 8, ret->frames_head, CHAIN_HASH_SIZE) && sound;
    sound = copy_blob(stmt, 9, ret->content, CHAIN_HASH_SIZE) && sound;
    sound = copy_blob(stmt, 10, ret->entries_hash, CHAIN_HASH_SIZE) && sound;
    sound = copy_blob(stmt, 12, ret->event_hash, CHAIN_HASH_SIZE) && sound;
    sound = copy_blob(stmt, 13, ret->previous, CHAIN_HASH_SIZE) && sound;
    sound = copy_blob(stmt, 14, ret->hash, CHAIN_HASH_SIZE) && sound;
    sound = copy_blob(stmt, 15, ret->signature, SIGNER_SIGNATURE_SIZE) && sound;
    sound = copy_blob(stmt, 16, ret->public_key, SIGNER_KEY_SIZE) && sound;
    return sound ? 0 : -EBADMSG;
}
