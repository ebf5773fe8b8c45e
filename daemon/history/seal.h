/*
 * seal.h - what binds an hour, a day, or a removal into the chain: rows of history.db's table "seal".
 *
 *   hour       the frames from_id..to_id were folded into chunks, one per point, in one transaction
 *   day        the hours' seals from_id..to_id (those of kind hour between them) were folded into chunks of
 *              a day
 *   tombstone  the chunks of the seals from_id..to_id (those of kind day between them, and hours that no day
 *              covers) were removed, as retention or a person asked
 *
 * An hour with a damaged chunk is covered by no day: it stays as it is, with its entries, between two days
 * (fold.h).
 *
 * A seal is a segment of the history: a run of frames, in the order in which they were stored, whose first
 * readings fall into one UTC hour. So a clock that is set back, two boots in an hour, or a day that comes
 * twice need no special case: there is another segment, and order is by id. The chunk of point p in seal s
 * has id (s << 20) | p.
 *
 * The bytes that are hashed, exactly (integers, texts as in chain.h; "blob" is its length and its bytes):
 *
 *   chunk     "cryomon chunk 1", seal id, text asset, text point, text unit, decimals, count, values,
 *             minimum, maximum, sum, first, last, worst, blob hours, blob body (NULL columns count as 0)
 *   content   of an hour: "cryomon content 1", then for each point with readings, in order of its id:
 *             text asset, text point, text unit, decimals, blob canonical section (section.h)
 *             of a day: "cryomon content 2", then the contents of its hours, in order
 *             of a tombstone: "cryomon content 3", then the hashes of the seals removed, in order
 *   entries   "cryomon entries 1", blob entries. Entries are, for each chunk in order of its point:
 *             zigzag varint of the point id minus that before it, then the chunk's hash. Dropped (NULL)
 *             when the day is folded or removed
 *   link      "cryomon link 1", a seal's hash (32), its signature (64)
 *   seal      "cryomon seal 1", previous: the link of the seal before (32; zeros for the first), id, kind,
 *             utc_us, first_utc_us, last_utc_us, count, from_id, to_id, frames head (32), content (32),
 *             entries hash (32), event seq, event hash (32), public key (32)
 *
 * The signature is Ed25519 over the seal's hash. event seq and hash are the head of state.db's chain that was
 * known then: so neither file can be rolled back without the other.
 */
#ifndef CRYOMON_SEAL_H
#define CRYOMON_SEAL_H

#include <sqlite3.h>

#include "bytes.h"
#include "chain.h"
#include "signer.h"

#define SEAL_POINT_BITS 20
#define SEAL_POINT_MAX  ((1U << SEAL_POINT_BITS) - 1)

static inline int64_t seal_chunk_id(int64_t seal, uint32_t point)
{
    return (int64_t)((uint64_t)seal << SEAL_POINT_BITS | point);
}

enum seal_kind { SEAL_HOUR = 1, SEAL_DAY = 2, SEAL_TOMBSTONE = 3 };
const char *seal_kind_name(enum seal_kind kind);

struct seal {
    int64_t id;
    enum seal_kind kind;
    int64_t utc_us;                    /* when it was made */
    int64_t first_utc_us, last_utc_us; /* the least and the greatest slot in it */
    int64_t count;                     /* readings */
    int64_t from_id, to_id;
    unsigned char frames_head[CHAIN_HASH_SIZE]; /* hash of the last frame folded so far */
    unsigned char content[CHAIN_HASH_SIZE];
    unsigned char entries_hash[CHAIN_HASH_SIZE];
    int64_t event_seq;
    unsigned char event_hash[CHAIN_HASH_SIZE];
    unsigned char previous[CHAIN_HASH_SIZE], hash[CHAIN_HASH_SIZE];
    unsigned char public_key[SIGNER_KEY_SIZE];
    unsigned char signature[SIGNER_SIGNATURE_SIZE];
};

/* What identifies a point in hashes. */
struct seal_point {
    const char *asset, *point, *unit;
    unsigned decimals;
};

struct seal_chunk { /* a row of "chunk" */
    int64_t seal;
    uint32_t point;
    int64_t count, values, minimum, maximum, sum, first, last, worst;
    const void *hours, *body;
    size_t hours_len, body_len;
};
void seal_chunk_hash(const struct seal_point *point, const struct seal_chunk *chunk,
                     unsigned char ret[CHAIN_HASH_SIZE]);

/* The content hash of an hour, point by point (in order of id). */
struct seal_content {
    _Alignas(16) unsigned char state[512]; /* a struct hash (hash.h) */
};
void seal_content_begin(struct seal_content *content);
void seal_content_add(struct seal_content *content, const struct seal_point *point, const void *head,
                      size_t head_len, const void *values, size_t values_len);
void seal_content_end(struct seal_content *content, unsigned char ret[CHAIN_HASH_SIZE]);

/* kind SEAL_DAY or SEAL_TOMBSTONE: over n hashes, one behind the other. */
void seal_content_of(enum seal_kind kind, const void *hashes, size_t n, unsigned char ret[CHAIN_HASH_SIZE]);

void seal_entries_add(struct bytes *entries, uint32_t *last_point, uint32_t point,
                      const unsigned char hash[CHAIN_HASH_SIZE]);
/* at: moves on; *point: the one before (0 at first). 1, 0 at the end, -EBADMSG (also when the points do not
 * ascend). */
int seal_entries_next(const unsigned char **at, const unsigned char *end, uint32_t *point,
                      unsigned char ret_hash[CHAIN_HASH_SIZE]);
void seal_entries_hash(const void *entries, size_t len, unsigned char ret[CHAIN_HASH_SIZE]);

/* What the next seal is bound to: so the last signature vouches for all before it, the bytes of their
 * signatures included, and ten years need not be ninety thousand verifications. */
void seal_link(const unsigned char hash[CHAIN_HASH_SIZE],
               const unsigned char signature[SIGNER_SIGNATURE_SIZE], unsigned char ret[CHAIN_HASH_SIZE]);

/* Fills hash, public_key and signature from the other members. */
void seal_sign(struct seal *seal, const struct signer *signer);
void seal_hash(const struct seal *seal, unsigned char ret[CHAIN_HASH_SIZE]);

/* Reads the columns id.. of "SELECT " SEAL_COLUMNS " FROM " SEAL_FROM. 0 or -EBADMSG (then what could not be
 * read is zero: a kind that is none is SEAL_HOUR). Whether hash and signature fit is not looked at. */
#define SEAL_COLUMNS                                                                                         \
    "seal.id, seal.kind, seal.utc_us, seal.first_utc_us, seal.last_utc_us, seal.count, seal.from_id,"        \
    " seal.to_id, seal.frames_head, seal.content, seal.entries_hash, seal.event_seq, seal.event_hash,"       \
    " seal.previous, seal.hash, seal.signature, signer.public_key"
#define SEAL_FROM "seal JOIN signer ON signer.id = seal.signer"
int seal_read(sqlite3_stmt *stmt, struct seal *ret);

#endif
