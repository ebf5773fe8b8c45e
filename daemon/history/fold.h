/*
 * fold.h - turns frames into hours, hours into days, and days that need not be kept into tombstones.
 *
 * For the one writer of history.db (the store thread; also the program that makes data for tests). Each step
 * is one transaction: after a crash at any moment, or a failed write, either all of it happened or nothing,
 * and the next step goes on. What is folded is decided from the rows alone, never from the clock, but for
 * retention.
 *
 *   an hour  is folded as soon as a frame of another UTC hour follows its frames
 *   a day    is folded as soon as an hour of another UTC day follows its hours
 *   a day    is removed when all of it is older than keep_days, with a signed tombstone
 */
#ifndef CRYOMON_FOLD_H
#define CRYOMON_FOLD_H

#include <sqlite3.h>

#include "seal.h"
#include "summary.h"

struct fold;

struct fold_done {
    enum { FOLD_NOTHING, FOLD_HOUR, FOLD_DAY, FOLD_REMOVED } kind;
    struct seal seal; /* the new one */
    uint64_t damaged; /* frames or chunks left out because they don't fit their hash; the rest was folded */
};

/* The event chain's head, for the seals. */
struct fold_head {
    int64_t event_seq;
    unsigned char event_hash[CHAIN_HASH_SIZE];
};

/* Thresholds of a point; called once per point of a fold. */
typedef void fold_thresholds_fn(void *context, const struct seal_point *point,
                                struct summary_thresholds *ret);
/* The default: -150, -135 and -120 for the unit "°C", none for others. */
fold_thresholds_fn fold_default_thresholds;

/* db: open, migrated, and the caller's; nobody else writes. signer stays the caller's. keep_days 0: for ever.
 * Returns 0 or -errno. */
int fold_create(sqlite3 *db, const struct signer *signer, struct fold **ret);
void fold_free(struct fold *fold); /* before the connection is closed */
void fold_configure(struct fold *fold, fold_thresholds_fn *thresholds, void *context, uint32_t keep_days);

/* Does at most one piece of work. Returns an SQLite result (SQLITE_OK also when there was nothing to do); on
 * failure the transaction is rolled back and nothing has changed. A damaged frame or chunk is no failure: it
 * is left where it is (frames: kept in the table "damaged"), counted, and the rest goes on. */
int fold_step(struct fold *fold, int64_t now_utc_us, const struct fold_head *head, struct fold_done *ret);

#endif
