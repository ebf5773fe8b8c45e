/* fold_internal.h - what the parts of the fold share. Not for others. */
#ifndef CRYOMON_FOLD_INTERNAL_H
#define CRYOMON_FOLD_INTERNAL_H

#include "calibration.h"
#include "chunk.h"
#include "fold.h"

#define FOLD_HOUR_US INT64_C(3600000000)
#define FOLD_DAY_US  (24 * FOLD_HOUR_US)
#define FOLD_BAD_MAX 64

enum fold_stmt {
    FOLD_STMT_POINTS,
    FOLD_STMT_CALIBRATION,
    FOLD_STMT_FRAME_TIMES,
    FOLD_STMT_FRAMES,
    FOLD_STMT_KEEP_DAMAGED,
    FOLD_STMT_DELETE_FRAMES,
    FOLD_STMT_ADD_CHUNK,
    FOLD_STMT_CHUNK,
    FOLD_STMT_DELETE_CHUNKS,
    FOLD_STMT_LAST_SEAL,
    FOLD_STMT_LAST_HOUR,
    FOLD_STMT_LAST_DAY,
    FOLD_STMT_HOURS,
    FOLD_STMT_HOUR_BYTES,
    FOLD_STMT_ADD_SIGNER,
    FOLD_STMT_ADD_SEAL,
    FOLD_STMT_DROP_ENTRIES,
    FOLD_STMT_OLD,
    FOLD_STMT_LIVE,
    FOLD_STMT_DAYS_AFTER,
    FOLD_STATEMENTS
};

struct fold_point {
    uint32_t id;
    char *text; /* one allocation: seal's texts */
    struct seal_point seal;
};

/* What is made of one point's readings, and then written as a row. The memory is kept from point to point. */
struct fold_chunk {
    struct seal_chunk row;
    struct bytes head, values, body, hours;
    struct chunk check; /* the body unpacked again */
    struct frame_entry *decoded;
    size_t cap_decoded;
    int64_t *numbers;
    size_t cap_numbers;
};

struct fold {
    sqlite3 *db;
    const struct signer *signer;
    fold_thresholds_fn *thresholds;
    void *thresholds_context;
    uint32_t keep_days;
    fold_yield_fn *yield;
    void *yield_context;
    sqlite3_stmt *stmts[FOLD_STATEMENTS];
    struct fold_point *points; /* in order of id */
    size_t n_points, cap_points;
    struct calibration **calibrations; /* by id; NULL: not looked for yet */
    size_t n_calibrations;
    struct frame_entry *entries; /* of a group of points, at most FOLD_POINT_MAX, while an hour is folded */
    struct fold_chunk chunk;
    /* Frames up to this one are known to be of one hour: looked at again only when there is another hour. */
    int64_t seen_id, seen_hour;
    int64_t seen_frames, seen_count;
    bool day_may_be; /* an hour was folded since days were looked for */
    bool removal_may_be;
    int64_t removal_utc_us; /* when days to be removed were looked for */
    /* Seals of hours whose chunks fit their hashes and yet can't be unpacked. */
    int64_t bad_hours[FOLD_BAD_MAX];
    size_t n_bad;
    char error[200];
};

/* All functions return an SQLite result, unless they say otherwise. */

/* fold.c */
int64_t fold_floor(int64_t value, int64_t by); /* by > 0 */
/* A statement ready to be bound and stepped; NULL: can't be prepared (sqlite3_errcode). */
sqlite3_stmt *fold_stmt(struct fold *fold, enum fold_stmt stmt);
/* Steps one that gives no rows, and resets it. */
int fold_run(sqlite3_stmt *stmt);
/* SQLITE_INTERRUPT when the caller wants the step given up. */
int fold_yield(struct fold *fold);
/* With the seal's id, previous, frames_head (unless it is an hour) and the signature still to be filled in:
 * does so and writes it. entries NULL: none, as for a tombstone. */
int fold_put_seal(struct fold *fold, struct seal *seal, const struct fold_head *head,
                  const struct bytes *entries);
int fold_next_seal(struct fold *fold, struct seal *seal); /* fills in id and previous */
int fold_drop_entries(struct fold *fold, int64_t seal);   /* and the chunks */
int fold_last_day(struct fold *fold, int64_t *ret_to_id); /* the last hour covered by a day; 0: none */

/* fold_point.c: points, calibrations, and the chunk of a point */
int fold_load_points(struct fold *fold);
const struct fold_point *fold_find_point(const struct fold *fold, uint32_t id);
void fold_free_points(struct fold *fold);
/* The calibrated value of each entry, in steps. numbers is the fold's. */
int fold_numbers(struct fold *fold, const struct fold_point *point, const struct frame_entry *entries,
                 size_t n, const int64_t **ret);
/* Fills in fold->chunk from entries of one point. */
int fold_make_chunk(struct fold *fold, const struct fold_point *point, const struct frame_entry *entries,
                    size_t n);
/* The numbers of the row from summaries. */
void fold_fill_row(struct seal_chunk *row, const struct summary *total);
/* Writes fold->chunk's row and appends it to the entries. */
int fold_put_chunk(struct fold *fold, const struct fold_point *point, struct bytes *entries,
                   uint32_t *last_point);
void fold_free_chunk(struct fold_chunk *chunk);

/* fold_scan.c: which frames are an hour */
struct fold_run {
    int64_t hour; /* hours since 1970 */
    size_t n;
    int64_t ids[FOLD_FRAMES_MAX];
    bool whole[FOLD_FRAMES_MAX];
    uint32_t *counts; /* of each of fold->points */
    uint32_t most;    /* the greatest of them */
    uint64_t n_damaged;
    int64_t damaged_utc_us;
    unsigned char frames_head[CHAIN_HASH_SIZE];
};
/* *ret: malloc'd, for fold_free_run, or NULL when no hour is complete. */
int fold_find_hour(struct fold *fold, struct fold_run **ret);
void fold_free_run(struct fold_run *run);

/* One piece of work each, if there is any; in a transaction that they begin, and end when all went well. */
int fold_hour(struct fold *fold, int64_t now_utc_us, const struct fold_head *head, struct fold_done *done);
int fold_day(struct fold *fold, int64_t now_utc_us, const struct fold_head *head, struct fold_done *done);
int fold_remove(struct fold *fold, int64_t now_utc_us, const struct fold_head *head, struct fold_done *done);

#endif
