/* reader.c - the readings. See reader.h. */
#include "reader_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "chain.h"
#include "frame.h"

#define PAGE       64
#define PAGE_BYTES ((size_t)4 << 20)

struct frame_row {
    struct chain_frame frame; /* body is malloc'd */
    unsigned char previous[CHAIN_HASH_SIZE], hash[CHAIN_HASH_SIZE];
    size_t hash_len;
};

struct search {
    struct reader_wanted wanted;
    int64_t from, to;
    int64_t after, last; /* ids of frames: those in (after, last] */
    history_row_fn *row;
    void *context;
    int64_t total;
    bool stopped;
    struct chain_frames frames;
};

uint64_t history_damaged(const struct history_reader *reader)
{
    return reader->damaged;
}

/* ---------------------------------------------------------------- frames */

static int find_range(struct history_reader *reader, struct search *search)
{
    sqlite3_stmt *stmt = NULL;
    int result = sqlite3_prepare_v2(reader->history,
                                    "SELECT min(id) - 1, max(id) FROM frame"
                                    " WHERE last_utc_us >= ?1 AND first_utc_us < ?2",
                                    -1, &stmt, NULL);
    if (result == SQLITE_OK) {
        sqlite3_bind_int64(stmt, 1, search->from);
        sqlite3_bind_int64(stmt, 2, search->to);
        result = sqlite3_step(stmt);
    }
    if (result == SQLITE_ROW && sqlite3_column_type(stmt, 1) != SQLITE_NULL) {
        search->after = sqlite3_column_int64(stmt, 0);
        search->last = sqlite3_column_int64(stmt, 1);
    }
    int error = reader_errno(reader->history, result);
    sqlite3_finalize(stmt);
    return error;
}

static int copy_frame(sqlite3_stmt *stmt, struct frame_row *row)
{
    const void *body = sqlite3_column_blob(stmt, 4);
    size_t len = (size_t)sqlite3_column_bytes(stmt, 4);
    void *copy = malloc(len ? len : 1);
    if (!copy || (!body && len > 0)) {
        free(copy);
        return -ENOMEM;
    }
    if (len > 0)
        memcpy(copy, body, len);
    *row = (struct frame_row){.frame = {.id = sqlite3_column_int64(stmt, 0),
                                        .first_utc_us = sqlite3_column_int64(stmt, 1),
                                        .last_utc_us = sqlite3_column_int64(stmt, 2),
                                        .count = sqlite3_column_int64(stmt, 3),
                                        .body = copy,
                                        .len = len}};
    const void *hash = sqlite3_column_blob(stmt, 5);
    row->hash_len = hash ? (size_t)sqlite3_column_bytes(stmt, 5) : 0;
    if (row->hash_len == CHAIN_HASH_SIZE)
        memcpy(row->hash, hash, CHAIN_HASH_SIZE);
    const void *previous = sqlite3_column_blob(stmt, 6);
    if (previous && sqlite3_column_bytes(stmt, 6) == CHAIN_HASH_SIZE)
        memcpy(row->previous, previous, CHAIN_HASH_SIZE);
    return 0;
}

static void free_page(struct frame_row *page, int n)
{
    for (int i = 0; i < n; i++)
        free((void *)page[i].frame.body);
}

/* Copies a page of frames and ends the read transaction. Returns how many, or -errno. */
static int read_page(struct history_reader *reader, sqlite3_stmt *stmt, const struct search *search,
                     struct frame_row page[PAGE])
{
    int n = 0, error = 0, result = SQLITE_DONE;
    size_t bytes = 0;
    sqlite3_bind_int64(stmt, 1, search->after);
    sqlite3_bind_int64(stmt, 2, search->last);
    sqlite3_bind_int64(stmt, 3, search->from);
    sqlite3_bind_int64(stmt, 4, search->to);
    while (error == 0 && n < PAGE && bytes < PAGE_BYTES && (result = sqlite3_step(stmt)) == SQLITE_ROW) {
        error = copy_frame(stmt, &page[n]);
        if (error == 0)
            bytes += page[n++].frame.len;
    }
    if (error == 0)
        error = reader_errno(reader->history, result);
    sqlite3_reset(stmt);
    if (error == 0)
        return n;
    free_page(page, n);
    return error;
}

static bool is_whole(const struct history_reader *reader, struct search *search, const struct frame_row *row)
{
    struct frame_cursor cursor;
    struct frame_entry entry;
    struct reading reading;
    if (row->frame.id != search->after + 1 || search->frames.version == 0)
        chain_frames_begin(&search->frames, row->previous);
    if (!chain_frames_next(&search->frames, &row->frame, row->hash, row->hash_len) ||
        frame_begin(&cursor, row->frame.body, row->frame.len) < 0)
        return false;
    int more;
    while ((more = frame_next(&cursor, &entry)) > 0) {
        const struct reader_point *point = reader_find_point(reader, entry.point);
        if (!point || frame_entry_reading(&entry, point->decimals, &reading) < 0)
            return false;
    }
    return more == 0;
}

static void give_rows(const struct history_reader *reader, const struct frame_row *row, struct search *search)
{
    struct frame_cursor cursor;
    struct frame_entry entry;
    if (frame_begin(&cursor, row->frame.body, row->frame.len) < 0)
        return;
    while (!search->stopped && frame_next(&cursor, &entry) > 0) {
        const struct reader_point *point = reader_find_point(reader, entry.point);
        if (!point || !point->wanted || entry.taken_ms * 1000 < search->from ||
            entry.taken_ms * 1000 >= search->to)
            continue;
        struct history_row out = {.asset = point->asset,
                                  .point = point->point,
                                  .unit = point->unit,

                                  .decimals = point->decimals,
                                  .id = entry.point,
                                  .slot_utc_us = entry.slot_ms * 1000,
                                  .taken_utc_us = entry.taken_ms * 1000};
        if (frame_entry_reading(&entry, point->decimals, &out.reading) < 0)
            continue;
        out.calibrated = out.reading.value;
        search->total++;
        search->stopped = !search->row(search->context, &out);
    }
}

static int each_page(struct history_reader *reader, sqlite3_stmt *stmt, struct search *search)
{
    struct frame_row page[PAGE] = {0};
    while (!search->stopped && search->after < search->last) {
        int n = read_page(reader, stmt, search, page);
        /* Points are written before the frames that use them, so look for new ones after. */
        int error = n > 0 ? reader_load_points(reader, &search->wanted) : n;
        for (int i = 0; i < n && error == 0 && !search->stopped; i++) {
            if (is_whole(reader, search, &page[i]))
                give_rows(reader, &page[i], search);
            else
                reader->damaged++;
            search->after = page[i].frame.id;
        }
        free_page(page, n > 0 ? n : 0);
        if (error < 0 || n == 0)
            return error;
    }
    return 0;
}

int64_t history_each(struct history_reader *reader, const char *asset, const char *point, int64_t from_utc_us,
                     int64_t to_utc_us, history_row_fn *row, void *context)
{
    if (!reader->history)
        return reader->history_error;
    struct search search = {
        .wanted = {asset, point}, .from = from_utc_us, .to = to_utc_us, .row = row, .context = context};
    for (size_t i = 0; i < reader->n_points; i++)
        reader->points[i].wanted = reader_is_wanted(&search.wanted, &reader->points[i]);
    int error = find_range(reader, &search);
    if (error < 0 || search.last == 0)
        return error;
    sqlite3_stmt *stmt = NULL;
    int result = sqlite3_prepare_v2(
        reader->history,
        "SELECT id, first_utc_us, last_utc_us, count, body, hash,"
        " coalesce((SELECT p.hash FROM frame p WHERE p.id < frame.id ORDER BY p.id DESC"
        " LIMIT 1), (SELECT frames_head FROM seal WHERE kind = 1 ORDER BY id DESC LIMIT 1))"
        " FROM frame NOT INDEXED"
        " WHERE id > ?1 AND id <= ?2 AND last_utc_us >= ?3 AND first_utc_us < ?4"
        " ORDER BY id",
        -1, &stmt, NULL);
    error = result == SQLITE_OK ? each_page(reader, stmt, &search) : reader_errno(reader->history, result);
    sqlite3_finalize(stmt);
    return error < 0 ? error : search.total;
}
