/* fold_remove.c - days that need not be kept become a tombstone. See fold.h. */
#include "fold_internal.h"

#include <string.h>

#define SEGMENTS_MAX 32 /* in one transaction */

struct removal {
    struct fold *fold;
    struct seal *seal;
    int64_t cutoff_utc_us;
    int64_t newest; /* the newest seal that may go: enough days are behind it */
    size_t n;
    int64_t ids[SEGMENTS_MAX];
    unsigned char hashes[SEGMENTS_MAX][CHAIN_HASH_SIZE];
};

/* One integer: SQLITE_ROW or SQLITE_DONE. */
static int read_id(sqlite3_stmt *stmt, int64_t *ret)
{
    int result = sqlite3_step(stmt);
    if (result == SQLITE_ROW)
        *ret = sqlite3_column_int64(stmt, 0);
    sqlite3_reset(stmt);
    return result;
}

/* Where to begin: SQLITE_ROW when there is something to be removed. */
static int find_first(struct removal *removal, int64_t *ret)
{
    struct fold *fold = removal->fold;
    sqlite3_stmt *after = fold_stmt(fold, FOLD_STMT_DAYS_AFTER), *old = fold_stmt(fold, FOLD_STMT_OLD);
    if (!after || !old)
        return sqlite3_errcode(fold->db);
    sqlite3_bind_int64(after, 1, fold->keep_days);
    int result = read_id(after, &removal->newest);
    if (result != SQLITE_ROW)
        return result;
    sqlite3_bind_int64(old, 1, removal->cutoff_utc_us);
    sqlite3_bind_int64(old, 2, removal->newest);
    return read_id(old, ret);
}

/* The segments from the first one on, as long as all are old enough: a tombstone covers all between its ends.
 */
static int find_segments(struct removal *removal, int64_t first)
{
    struct seal *seal = removal->seal;
    sqlite3_stmt *stmt = fold_stmt(removal->fold, FOLD_STMT_LIVE);
    if (!stmt)
        return sqlite3_errcode(removal->fold->db);
    sqlite3_bind_int64(stmt, 1, first);
    sqlite3_bind_int64(stmt, 2, removal->newest);
    seal->first_utc_us = INT64_MAX;
    seal->last_utc_us = INT64_MIN;
    int result = SQLITE_DONE;
    while (removal->n < SEGMENTS_MAX && (result = sqlite3_step(stmt)) == SQLITE_ROW) {
        const void *hash = sqlite3_column_blob(stmt, 1);
        int64_t from = sqlite3_column_int64(stmt, 2), to = sqlite3_column_int64(stmt, 3);
        if (to >= removal->cutoff_utc_us || from >= removal->cutoff_utc_us)
            break;
        if (hash && sqlite3_column_bytes(stmt, 1) == CHAIN_HASH_SIZE)
            memcpy(removal->hashes[removal->n], hash, CHAIN_HASH_SIZE);
        removal->ids[removal->n++] = sqlite3_column_int64(stmt, 0);
        seal->first_utc_us = from < seal->first_utc_us ? from : seal->first_utc_us;
        seal->last_utc_us = to > seal->last_utc_us ? to : seal->last_utc_us;
        seal->count += sqlite3_column_int64(stmt, 4);
    }
    sqlite3_reset(stmt);
    return result == SQLITE_ROW || result == SQLITE_DONE ? SQLITE_OK : result;
}

static int remove_segments(struct removal *removal, const struct fold_head *head)
{
    struct fold *fold = removal->fold;
    struct seal *seal = removal->seal;
    int result = sqlite3_exec(fold->db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
    if (result == SQLITE_OK)
        result = fold_next_seal(fold, seal);
    for (size_t i = 0; i < removal->n && result == SQLITE_OK; i++) {
        result = fold_drop_entries(fold, removal->ids[i]);
        if (result == SQLITE_OK)
            result = fold_yield(fold);
    }
    if (result != SQLITE_OK)
        return result;
    seal->from_id = removal->ids[0];
    seal->to_id = removal->ids[removal->n - 1];
    seal_content_of(SEAL_TOMBSTONE, removal->hashes, removal->n, seal->content);
    result = fold_put_seal(fold, seal, head, NULL);
    return result == SQLITE_OK ? sqlite3_exec(fold->db, "COMMIT", NULL, NULL, NULL) : result;
}

int fold_remove(struct fold *fold, int64_t now_utc_us, const struct fold_head *head, struct fold_done *done)
{
    struct removal removal = {.fold = fold, .seal = &done->seal};
    int64_t first = 0;
    /* Only days become old enough: so looking once an hour will do. */
    bool was_just_now =
        now_utc_us >= fold->removal_utc_us && now_utc_us - fold->removal_utc_us < FOLD_HOUR_US;
    if (fold->keep_days == 0 || (was_just_now && !fold->removal_may_be))
        return SQLITE_OK;
    fold->removal_utc_us = now_utc_us;
    fold->removal_may_be = false;
    removal.cutoff_utc_us = now_utc_us - (int64_t)fold->keep_days * FOLD_DAY_US;
    done->seal = (struct seal){.kind = SEAL_TOMBSTONE, .utc_us = now_utc_us};
    int result = find_first(&removal, &first);
    if (result != SQLITE_ROW)
        return result == SQLITE_DONE ? SQLITE_OK : result;
    result = find_segments(&removal, first);
    if (result != SQLITE_OK || removal.n == 0)
        return result;
    result = remove_segments(&removal, head);
    if (result == SQLITE_OK) {
        done->kind = FOLD_REMOVED;
        fold->removal_may_be = true;
    }
    return result;
}
