/* verify_internal.h - what the parts of the verification share. Not for others. */
#ifndef CRYOMON_VERIFY_INTERNAL_H
#define CRYOMON_VERIFY_INTERNAL_H

#include <sqlite3.h>

#include "seal.h"
#include "verify.h"

#define HOUR_US (INT64_C(3600) * 1000000)

struct verify_point {
    int64_t id;
    char *asset, *point, *unit; /* one allocation, asset's */
    unsigned decimals;
};

struct verify_seal { /* what later steps need of a seal */
    int64_t id, from_id, to_id, first_utc_us, last_utc_us, count, entries_len;
    enum seal_kind kind;
    bool live;    /* has entries */
    bool covered; /* by a day, or removed by a tombstone */
    bool removed;
    bool sound; /* hash and signature fit */
    unsigned char content[CHAIN_HASH_SIZE], hash[CHAIN_HASH_SIZE], frames_head[CHAIN_HASH_SIZE];
};

struct verify {
    const struct verify_options *options;
    struct verify_result *result;
    const char *dir;
    sqlite3 *state, *history; /* of the reader; NULL: can't be read */
    sqlite3 *notes;           /* in memory: what events say of other tables */
    sqlite3_stmt *event_hash; /* of verify_has_event */
    bool stopped;
    struct verify_point *points; /* in order of id */
    size_t n_points;
    struct verify_seal *seals; /* in order of id */
    size_t n_seals;
    char *head_text;                        /* the row of "head", read before all else; NULL: none */
    unsigned char (*keys)[SIGNER_KEY_SIZE]; /* believed */
    size_t n_keys;
};

/* Tells a finding; its note, asset, point, file, table and detail may be left out. */
void verify_tell(struct verify *verify, struct verify_finding finding);
bool verify_progress(struct verify *verify, double done, int64_t utc_us); /* false: stopped */

/* The columns of a row, with a check that each has the type that it was written with: a value of another type
 * would pass for the right one. */
struct verify_row {
    sqlite3_stmt *stmt;
    bool sound;
};
int64_t verify_integer(struct verify_row *row, int column);
const char *verify_text(struct verify_row *row, int column); /* never NULL; sound only without NUL in it */
const void *verify_blob(struct verify_row *row, int column, size_t *ret_len);
/* Exactly size bytes, else zeros and not sound. */
void verify_bytes(struct verify_row *row, int column, void *ret, size_t size);

/* Calls row() for each row of a table in order of its first column, an integer; sql has "> ?1". A part of the
 * table that can't be read is told as a finding and passed over. Returns 0 or -errno. */
typedef void verify_row_fn(struct verify *verify, sqlite3_stmt *stmt, void *context);
int verify_each(struct verify *verify, sqlite3 *db, const char *file, const char *table, const char *sql,
                verify_row_fn *row, void *context);

/* One integer of a query with up to two numbers bound; false when there is no row. */
bool verify_query(sqlite3 *db, const char *sql, int64_t a, int64_t b, int64_t *ret);
int verify_exec(sqlite3 *db, const char *sql);

const struct verify_point *verify_find_point(const struct verify *verify, int64_t id);
const struct verify_seal *verify_find_seal(const struct verify *verify, int64_t id);
size_t verify_first_seal(const struct verify *verify,
                         int64_t id); /* index of the first with this id or more */
/* Is (seq, hash) in the chain of events? */
bool verify_has_event(struct verify *verify, int64_t seq, const unsigned char hash[CHAIN_HASH_SIZE]);
bool verify_key_is_believed(const struct verify *verify, const unsigned char key[SIGNER_KEY_SIZE]);
/* Does an event of the chain tell of this key? */
bool verify_key_is_announced(const struct verify *verify, const unsigned char key[SIGNER_KEY_SIZE]);

/* The steps, each over its part. */
int verify_structure(struct verify *verify);    /* verify_structure.c */
int verify_events(struct verify *verify);       /* verify_events.c */
int verify_beside(struct verify *verify);       /* verify_beside.c: alarms, configurations, ... */
int verify_points(struct verify *verify);       /* verify_seals.c */
int verify_seals(struct verify *verify);        /* verify_seals.c */
int verify_chunks(struct verify *verify);       /* verify_chunks.c */
int verify_frames(struct verify *verify);       /* verify_frames.c */
int verify_heads(struct verify *verify);        /* verify_heads.c */
void verify_choose_keys(struct verify *verify); /* verify_heads.c, before the seals */

/* (verify_holds.c) Is what holds an alarm what its last event (json_t) says? NULL, or what is not. */
struct json_t;
const char *verify_holds(struct verify *verify, const char *asset, const char *alarm,
                         const struct json_t *body);

#endif
