/* fold_day.h - what fold_day.c and fold_day_hours.c share: a day in the making. Not for others. */
#ifndef CRYOMON_FOLD_DAY_H
#define CRYOMON_FOLD_DAY_H

#include "fold_internal.h"

#define FOLD_BUCKETS_MAX 4096 /* of one chunk: hours in which its slots lie */

struct fold_day_hour {
    int64_t id, first_utc_us, last_utc_us, count;
    unsigned char content[CHAIN_HASH_SIZE];
    unsigned char *entries;
    size_t entries_len;
    /* Walking along its entries: the next point, 0 at the end. */
    const unsigned char *at;
    uint32_t point;
    unsigned char hash[CHAIN_HASH_SIZE];
    struct chunk chunk; /* of the point that is being folded */
};

struct fold_day {
    struct fold *fold;
    struct seal *seal;
    struct fold_damage damage;
    int64_t number;    /* days since 1970 */
    int64_t row_bytes; /* of its hours' chunks, on average over the points */
    size_t n;
    struct fold_day_hour hours[FOLD_HOURS_MAX];
    struct section sections[FOLD_HOURS_MAX];
    struct summary *buckets, *hour_buckets; /* FOLD_BUCKETS_MAX */
    size_t n_buckets;
    struct bytes entries;
    uint32_t last_point;
};

/* Integers are SQLite results. */

/* Is there an hour of another day behind the seal "after", or another reason to look closer? */
int fold_day_look(struct fold *fold, int64_t after, bool *ret);
/* The hours of the next day. *ret_complete: it is over. Needs a transaction. */
int fold_day_find(struct fold_day *day, int64_t after, bool *ret_complete);
void fold_day_free_hour(struct fold_day_hour *hour);

/* To the first, or the next, point of the hour. False: the entries make no sense. */
bool fold_day_rewind(struct fold_day_hour *hour);
bool fold_day_advance(struct fold_day_hour *hour);
/* The row of the hour's point, if it is there and fits its hash: *ret_stmt must be reset then. Else it is
 * NULL. */
int fold_day_read_chunk(struct fold *fold, const struct fold_day_hour *hour, struct seal_chunk *ret,
                        sqlite3_stmt **ret_stmt);

#endif
