/* fold_scan.c - which frames are an hour, and which of them are damaged. See fold_internal.h. */
#include "fold_internal.h"

#include <stdlib.h>
#include <string.h>

#define FRAMES_PER_YIELD 16
#define COUNT_PER_LOOK   (8 * FOLD_POINT_MAX) /* a point may have too many readings for an hour: rare */

/* Is there a sign that an hour is complete? Looks only at the times of frames that came since the last look:
 * they need not be true. */
static int look(struct fold *fold, bool *ret)
{
    sqlite3_stmt *stmt = fold_stmt(fold, FOLD_STMT_FRAME_TIMES);
    if (!stmt)
        return sqlite3_errcode(fold->db);
    int result;
    *ret = false;
    sqlite3_bind_int64(stmt, 1, fold->seen_id);
    while ((result = sqlite3_step(stmt)) == SQLITE_ROW) {
        int64_t hour = fold_floor(sqlite3_column_int64(stmt, 1), FOLD_HOUR_US);
        int64_t count = sqlite3_column_int64(stmt, 2), before = fold->seen_count;
        if (fold->seen_frames++ == 0)
            fold->seen_hour = hour;
        fold->seen_id = sqlite3_column_int64(stmt, 0);
        fold->seen_count += count > 0 && count <= FRAME_ENTRIES_MAX ? count : 0;
        *ret = *ret || hour != fold->seen_hour || fold->seen_frames > FOLD_FRAMES_MAX ||
               before / COUNT_PER_LOOK != fold->seen_count / COUNT_PER_LOOK;
    }
    sqlite3_reset(stmt);
    return result == SQLITE_DONE ? SQLITE_OK : result;
}

static uint32_t *count_of(const struct fold *fold, struct fold_run *run, const struct frame_entry *entry)
{
    struct reading reading;
    const struct fold_point *point = fold_find_point(fold, entry->point);
    bool sound = point && frame_entry_reading(entry, point->seal.decimals, &reading) == 0;
    return sound ? &run->counts[point - fold->points] : NULL;
}

/* Do all entries make sense? Counts them per point then. */
static bool count_entries(const struct fold *fold, struct fold_run *run, const struct chain_frame *frame)
{
    struct frame_cursor cursor;
    struct frame_entry entry;
    int64_t n = 0;
    int more = frame_begin(&cursor, frame->body, frame->len);
    if (more < 0)
        return false;
    while ((more = frame_next(&cursor, &entry)) > 0) {
        uint32_t *count = count_of(fold, run, &entry);
        if (!count)
            break;
        run->most = ++*count > run->most ? *count : run->most;
        n++;
    }
    if (more == 0 && n == frame->count)
        return true;
    (void)frame_begin(&cursor, frame->body, frame->len);
    for (; n > 0 && frame_next(&cursor, &entry) > 0; n--)
        --*count_of(fold, run, &entry);
    return false;
}

static void add_frame(struct fold_run *run, const struct chain_frame *frame, bool whole)
{
    if (!whole && run->n_damaged++ == 0)
        run->damaged_utc_us = frame->first_utc_us;
    run->whole[run->n] = whole;
    run->ids[run->n++] = frame->id;
}

/* Adds the frame, or ends the run before it: true. */
static bool take_frame(const struct fold *fold, struct fold_run *run, struct chain_frames *frames,
                       sqlite3_stmt *stmt, bool *is_first)
{
    struct chain_frame frame = {
        .id = sqlite3_column_int64(stmt, 0),
        .first_utc_us = sqlite3_column_int64(stmt, 1),
        .last_utc_us = sqlite3_column_int64(stmt, 2),
        .count = sqlite3_column_int64(stmt, 3),
        .body = sqlite3_column_blob(stmt, 4),
        .len = (size_t)sqlite3_column_bytes(stmt, 4),
    };
    const void *hash = sqlite3_column_blob(stmt, 5);
    unsigned char before[CHAIN_HASH_SIZE];
    memcpy(before, frames->stored, CHAIN_HASH_SIZE);
    bool whole = frame.body && chain_frames_next(frames, &frame, hash, (size_t)sqlite3_column_bytes(stmt, 5));
    int64_t hour = fold_floor(frame.first_utc_us, FOLD_HOUR_US);
    bool full = run->n == FOLD_FRAMES_MAX || run->most > FOLD_POINT_MAX - FRAME_ENTRIES_MAX;
    if (whole && !*is_first && (full || hour != run->hour)) {
        memcpy(run->frames_head, frames->head, CHAIN_HASH_SIZE);
        return true;
    }
    if (run->n == FOLD_FRAMES_MAX) { /* a damaged one, or all were: it will be the first of the next run */
        memcpy(run->frames_head, before, CHAIN_HASH_SIZE);
        return true;
    }
    whole = whole && count_entries(fold, run, &frame);
    add_frame(run, &frame, whole);
    if (whole && *is_first) {
        run->hour = hour;
        *is_first = false;
    }
    return false;
}

static int begin_chain(struct fold *fold, struct chain_frames *frames)
{
    sqlite3_stmt *stmt = fold_stmt(fold, FOLD_STMT_LAST_HOUR);
    if (!stmt)
        return sqlite3_errcode(fold->db);
    int result = sqlite3_step(stmt);
    const void *head = result == SQLITE_ROW ? sqlite3_column_blob(stmt, 0) : NULL;
    chain_frames_begin(frames, head && sqlite3_column_bytes(stmt, 0) == CHAIN_HASH_SIZE ? head : NULL);
    sqlite3_reset(stmt);
    return result == SQLITE_ROW || result == SQLITE_DONE ? SQLITE_OK : result;
}

static int scan(struct fold *fold, struct fold_run *run, bool *ret_complete)
{
    struct chain_frames frames;
    sqlite3_stmt *stmt = fold_stmt(fold, FOLD_STMT_FRAMES);
    if (!stmt)
        return sqlite3_errcode(fold->db);
    int result = begin_chain(fold, &frames);
    if (result != SQLITE_OK)
        return result;
    bool is_first = true;
    *ret_complete = false;
    sqlite3_bind_int64(stmt, 1, INT64_MIN);
    sqlite3_bind_int64(stmt, 2, INT64_MAX);
    result = SQLITE_ROW;
    for (size_t i = 0; result == SQLITE_ROW && !*ret_complete; i++) {
        result = sqlite3_step(stmt);
        if (result == SQLITE_ROW)
            *ret_complete = take_frame(fold, run, &frames, stmt, &is_first);
        if (result == SQLITE_ROW && i % FRAMES_PER_YIELD == 0 && fold_yield(fold) != SQLITE_OK)
            result = SQLITE_INTERRUPT;
    }
    sqlite3_reset(stmt);
    return result == SQLITE_ROW || result == SQLITE_DONE ? SQLITE_OK : result;
}

void fold_free_run(struct fold_run *run)
{
    if (run)
        free(run->counts);
    free(run);
}

int fold_find_hour(struct fold *fold, struct fold_run **ret)
{
    bool complete = false;
    *ret = NULL;
    int result = look(fold, &complete);
    if (result != SQLITE_OK || !complete)
        return result;
    result = fold_load_points(fold);
    if (result != SQLITE_OK)
        return result;
    struct fold_run *run = calloc(1, sizeof *run);
    if (!run || !(run->counts = calloc(fold->n_points + 1, sizeof *run->counts))) {
        fold_free_run(run);
        return SQLITE_NOMEM;
    }
    result = scan(fold, run, &complete);
    if (result == SQLITE_OK && complete) {
        *ret = run;
        /* What comes behind it is looked at from its beginning. */
        fold->seen_id = fold->seen_frames = fold->seen_count = 0;
        return SQLITE_OK;
    }
    /* It was a damaged time that looked like another hour. */
    fold->seen_hour = run->hour;
    fold_free_run(run);
    return result;
}
