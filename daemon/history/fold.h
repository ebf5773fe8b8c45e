/*
 * fold.h - turns frames into hours, hours into days, and days that need not be kept into tombstones.
 *
 * For the one writer of history.db (the store thread; also the program that makes data for tests). Each step
 * is one transaction: after a crash at any moment, or a failed write, either all of it happened or nothing,
 * and the next step goes on. What is folded is decided from the rows alone, never from the clock, but for
 * retention.
 *
 *   an hour  is folded as soon as a frame of another UTC hour follows its frames. It is a run of consecutive
 *            frames whose first_utc_us lie in one hour; a run ends early at FOLD_FRAMES_MAX frames, or when a
 *            point has about FOLD_POINT_MAX readings in it. A damaged frame belongs to the run before it
 *            (at the very beginning: to the one behind it): its time can't be believed
 *   a day    is folded as soon as an hour of another UTC day follows its hours. An hour's seal belongs to
 *            the day in which the middle between its first and its last slot lies: its ends may reach over
 *            midnight. A day ends early at FOLD_HOURS_MAX hours, or where the hours are so large (noise) that
 *            rows would fill a page badly: FOLD_ROW_BYTES; and before an hour with a damaged chunk:
 *            that one is left as it is, and the next day begins behind it
 *   a day    is removed, with a signed tombstone, when all of it is older than keep_days, and keep_days
 *            later days are there: so a clock that jumps ahead removes nothing
 *
 * Damage costs what is damaged: a frame that does not fit its hash, or that makes no sense, is moved to the
 * table "damaged"; a chunk that does not stays where it is. What was folded is unpacked again and compared
 * before the frames are deleted.
 */
#ifndef CRYOMON_FOLD_H
#define CRYOMON_FOLD_H

#include <sqlite3.h>

#include "seal.h"
#include "summary.h"

#define FOLD_FRAMES_MAX 16384
#define FOLD_POINT_MAX  (1U << 19)
#define FOLD_HOURS_MAX  64   /* a clock that stands between two hours makes many */
#define FOLD_ROW_BYTES  5000 /* of the hours of a point, on average, that become one row */

struct fold;

/* What was left out because it does not fit its hash. */
struct fold_damage {
    uint64_t frames, chunks;
    int64_t utc_us;            /* of the first of them: its hour or first reading, as far as it can be told */
    char asset[64], point[64]; /* of the first chunk; "" when there is none, or its point is not known */
};

struct fold_done {
    enum { FOLD_NOTHING, FOLD_HOUR, FOLD_DAY, FOLD_REMOVED } kind;
    struct seal seal; /* the new one */
    struct fold_damage damage;
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
/* thresholds NULL: fold_default_thresholds. May be called while fold_step runs, from its yield. */
void fold_configure(struct fold *fold, fold_thresholds_fn *thresholds, void *context, uint32_t keep_days);

/* Called many times during a fold_step that takes long (every few ms), so that the caller's thread can do
 * what is urgent; it must not touch db. False gives the step up: SQLITE_INTERRUPT, and nothing has changed.
 */
typedef bool fold_yield_fn(void *context);
void fold_set_yield(struct fold *fold, fold_yield_fn *yield, void *context);

/* Does at most one piece of work. Returns an SQLite result (SQLITE_OK also when there was nothing to do); on
 * failure the transaction is rolled back and nothing has changed. Damage is no failure (see above). db must
 * not be in a transaction. */
int fold_step(struct fold *fold, int64_t now_utc_us, const struct fold_head *head, struct fold_done *ret);
/* What went wrong in the last step that failed: sqlite3_errmsg is gone with the rollback. Valid until the
 * next. */
const char *fold_error(const struct fold *fold);

#endif
