/* fold_hour.c - the frames of an hour become a chunk per point. See fold_internal.h.
 *
 * Memory is bounded: points are taken in groups of as many readings as fit into fold->entries, and the frames
 * are decoded once for each group.
 */
#include "fold_internal.h"

#include <stdlib.h>
#include <string.h>

#define FRAMES_PER_YIELD 16

struct hour {
    struct fold *fold;
    struct fold_run *run;
    struct seal *seal;
    struct seal_content content;
    struct bytes entries;
    uint32_t last_point;
    size_t room;      /* of fold->entries */
    uint32_t *places; /* of each point: where its next reading goes, while a group is gathered */
    int64_t first_ms, last_ms;
};

/* ---------------------------------------------------------------- gathering */

/* Puts the readings of points [low, high) of a frame in their places. */
static void place(struct hour *hour, size_t low, size_t high, const void *body, size_t len)
{
    struct frame_cursor cursor;
    struct frame_entry entry;
    struct fold *fold = hour->fold;
    if (frame_begin(&cursor, body, len) < 0)
        return;
    uint32_t from = fold->points[low].id, to = fold->points[high - 1].id;
    while (frame_next(&cursor, &entry) > 0) {
        if (entry.point < from || entry.point > to)
            continue;
        const struct fold_point *point = fold_find_point(fold, entry.point);
        size_t i = point ? (size_t)(point - fold->points) : 0;
        if (!point || hour->places[i] >= hour->room)
            return; /* not what was scanned: the places tell */
        fold->entries[hour->places[i]++] = entry;
    }
}

static int gather(struct hour *hour, size_t low, size_t high)
{
    struct fold_run *run = hour->run;
    sqlite3_stmt *stmt = fold_stmt(hour->fold, FOLD_STMT_FRAMES);
    if (!stmt)
        return sqlite3_errcode(hour->fold->db);
    sqlite3_bind_int64(stmt, 1, run->ids[0]);
    sqlite3_bind_int64(stmt, 2, run->ids[run->n - 1]);
    int result = SQLITE_ROW;
    for (size_t i = 0; i < run->n && result == SQLITE_ROW; i++) {
        result = sqlite3_step(stmt);
        if (result != SQLITE_ROW || sqlite3_column_int64(stmt, 0) != run->ids[i])
            result = result == SQLITE_ROW || result == SQLITE_DONE ? SQLITE_INTERNAL : result;
        else if (run->whole[i])
            place(hour, low, high, sqlite3_column_blob(stmt, 4), (size_t)sqlite3_column_bytes(stmt, 4));
        if (result == SQLITE_ROW && i % FRAMES_PER_YIELD == 0 && fold_yield(hour->fold) != SQLITE_OK)
            result = SQLITE_INTERRUPT;
    }
    sqlite3_reset(stmt);
    return result == SQLITE_ROW ? SQLITE_OK : result;
}

/* ---------------------------------------------------------------- folding */

static int fold_one(struct hour *hour, const struct fold_point *point, const struct frame_entry *entries,
                    size_t n)
{
    struct fold *fold = hour->fold;
    int result = fold_make_chunk(fold, point, entries, n);
    if (result != SQLITE_OK)
        return result;
    struct fold_chunk *chunk = &fold->chunk;
    chunk->row.seal = hour->seal->id;
    seal_content_add(&hour->content, &point->seal, chunk->head.data, chunk->head.len, chunk->values.data,
                     chunk->values.len);
    for (size_t i = 0; i < n; i++) {
        hour->first_ms = entries[i].slot_ms < hour->first_ms ? entries[i].slot_ms : hour->first_ms;
        hour->last_ms = entries[i].slot_ms > hour->last_ms ? entries[i].slot_ms : hour->last_ms;
    }
    hour->seal->count += (int64_t)n;
    return fold_put_chunk(fold, point, &hour->entries, &hour->last_point);
}

static int fold_group(struct hour *hour, size_t low, size_t high)
{
    const uint32_t *counts = hour->run->counts;
    size_t at = 0;
    for (size_t i = low; i < high; i++) {
        hour->places[i] = (uint32_t)at;
        at += counts[i];
    }
    int result = at > 0 ? gather(hour, low, high) : SQLITE_OK;
    at = 0;
    for (size_t i = low; i < high && result == SQLITE_OK; i++) {
        if (counts[i] == 0)
            continue;
        if (hour->places[i] != at + counts[i])
            return SQLITE_INTERNAL; /* not what was counted */
        result = fold_one(hour, &hour->fold->points[i], &hour->fold->entries[at], counts[i]);
        at += counts[i];
        if (result == SQLITE_OK)
            result = fold_yield(hour->fold);
    }
    return result;
}

static int fold_points(struct hour *hour)
{
    const uint32_t *counts = hour->run->counts;
    size_t n_points = hour->fold->n_points;
    int result = SQLITE_OK;
    for (size_t low = 0; low < n_points && result == SQLITE_OK;) {
        size_t high = low, n = 0;
        while (high < n_points && n + counts[high] <= FOLD_POINT_MAX)
            n += counts[high++];
        if (high == low)
            return SQLITE_INTERNAL; /* the scan ends an hour before */
        result = fold_group(hour, low, high);
        low = high;
    }
    return result;
}

static int finish_frames(struct fold *fold, const struct fold_run *run)
{
    sqlite3_stmt *keep = fold_stmt(fold, FOLD_STMT_KEEP_DAMAGED);
    sqlite3_stmt *remove = fold_stmt(fold, FOLD_STMT_DELETE_FRAMES);
    if (!keep || !remove)
        return sqlite3_errcode(fold->db);
    int result = SQLITE_OK;
    for (size_t i = 0; i < run->n && result == SQLITE_OK; i++) {
        if (run->whole[i])
            continue;
        sqlite3_bind_int64(keep, 1, run->ids[i]);
        result = fold_run(keep);
    }
    if (result != SQLITE_OK)
        return result;
    sqlite3_bind_int64(remove, 1, run->ids[0]);
    sqlite3_bind_int64(remove, 2, run->ids[run->n - 1]);
    return fold_run(remove);
}

static int write_hour(struct hour *hour, const struct fold_head *head)
{
    struct fold *fold = hour->fold;
    struct fold_run *run = hour->run;
    struct seal *seal = hour->seal;
    int result = sqlite3_exec(fold->db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
    if (result == SQLITE_OK)
        result = fold_next_seal(fold, seal);
    seal_content_begin(&hour->content);
    if (result == SQLITE_OK)
        result = fold_points(hour);
    if (result == SQLITE_OK)
        result = finish_frames(fold, run);
    if (result != SQLITE_OK)
        return result;
    bool is_empty = seal->count == 0; /* all of its frames were damaged: then their times are all there is */
    seal->from_id = run->ids[0];
    seal->to_id = run->ids[run->n - 1];
    seal->first_utc_us = is_empty ? run->damaged_utc_us : hour->first_ms * 1000;
    seal->last_utc_us = is_empty ? run->damaged_utc_us : hour->last_ms * 1000;
    memcpy(seal->frames_head, run->frames_head, CHAIN_HASH_SIZE);
    seal_content_end(&hour->content, seal->content);
    result = fold_put_seal(fold, seal, head, &hour->entries);
    return result == SQLITE_OK ? sqlite3_exec(fold->db, "COMMIT", NULL, NULL, NULL) : result;
}

/* For the readings of the greatest group. */
static size_t room_for(const struct fold *fold, const struct fold_run *run)
{
    size_t n = 1;
    for (size_t i = 0; i < fold->n_points && n < FOLD_POINT_MAX; i++)
        n += run->counts[i];
    return n < FOLD_POINT_MAX ? n : FOLD_POINT_MAX;
}

int fold_hour(struct fold *fold, int64_t now_utc_us, const struct fold_head *head, struct fold_done *done)
{
    struct fold_run *run = NULL;
    int result = fold_find_hour(fold, &run);
    if (result != SQLITE_OK || !run)
        return result;
    done->seal = (struct seal){.kind = SEAL_HOUR, .utc_us = now_utc_us};
    done->damage.frames = run->n_damaged;
    done->damage.utc_us = run->damaged_utc_us;
    struct hour hour = {
        .fold = fold, .run = run, .seal = &done->seal, .first_ms = INT64_MAX, .last_ms = INT64_MIN};
    hour.places = calloc(fold->n_points + 1, sizeof *hour.places);
    hour.room = room_for(fold, run);
    fold->entries = malloc(hour.room * sizeof *fold->entries);
    result = hour.places && fold->entries ? write_hour(&hour, head) : SQLITE_NOMEM;
    free(hour.places);
    bytes_free(&hour.entries);
    fold_free_run(run);
    if (result == SQLITE_OK) {
        done->kind = FOLD_HOUR;
        fold->day_may_be = true;
    }
    return result;
}
