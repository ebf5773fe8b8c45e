/* reader_frames.c - the readings that are not folded yet. See reader_internal.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "reader_internal.h"

#define PAGE       64
#define PAGE_BYTES ((size_t)4 << 20)

struct frame_row {
    struct chain_frame frame; /* body is malloc'd */
    unsigned char previous[CHAIN_HASH_SIZE], hash[CHAIN_HASH_SIZE];
    size_t hash_len;
};

int reader_find_frames(struct history_reader *reader, struct reader_search *search)
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
        search->first_frame = search->frame = sqlite3_column_int64(stmt, 0);
        search->last_frame = sqlite3_column_int64(stmt, 1);
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

/* Was an hour folded since the segments were listed? In the transaction in which the frames are read. */
static int newest_hour(struct history_reader *reader, struct reader_search *search, int64_t *ret)
{
    int result = SQLITE_OK;
    *ret = 0;
    if (reader->history_version < 2)
        return 0;
    if (!search->hour_stmt)
        result =
            sqlite3_prepare_v2(reader->history, "SELECT id FROM seal WHERE kind = 1 ORDER BY id DESC LIMIT 1",
                               -1, &search->hour_stmt, NULL);
    if (result == SQLITE_OK)
        result = sqlite3_step(search->hour_stmt);
    if (result == SQLITE_ROW)
        *ret = sqlite3_column_int64(search->hour_stmt, 0);
    int error = reader_errno(reader->history, result);
    sqlite3_reset(search->hour_stmt);
    return error;
}

/* Copies a page of frames. Returns how many, or -errno. */
static int copy_page(struct history_reader *reader, const struct reader_search *search,
                     struct frame_row page[PAGE])
{
    sqlite3_stmt *stmt = search->frame_stmt;
    int n = 0, error = 0, result = SQLITE_DONE;
    size_t bytes = 0;
    sqlite3_bind_int64(stmt, 1, search->frame);
    sqlite3_bind_int64(stmt, 2, search->last_frame);
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

/* One read transaction: the page is whole, or *ret_folded. */
static int read_page(struct history_reader *reader, struct reader_search *search, struct frame_row page[PAGE],
                     bool *ret_folded)
{
    int64_t newest = 0;
    int n = 0, result = sqlite3_exec(reader->history, "BEGIN", NULL, NULL, NULL);
    if (result != SQLITE_OK)
        return reader_errno(reader->history, result);
    int error = newest_hour(reader, search, &newest);
    *ret_folded = error == 0 && newest > search->hour;
    if (error == 0 && !*ret_folded)
        n = copy_page(reader, search, page);
    sqlite3_exec(reader->history, "COMMIT", NULL, NULL, NULL);
    return error < 0 ? error : n;
}

static bool is_whole(const struct history_reader *reader, struct reader_search *search,
                     const struct frame_row *row)
{
    struct frame_cursor cursor;
    struct frame_entry entry;
    struct reading reading;
    if (row->frame.id != search->frame + 1 || search->chain.version == 0)
        chain_frames_begin(&search->chain, row->previous);
    if (!chain_frames_next(&search->chain, &row->frame, row->hash, row->hash_len) ||
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

static void give_frame(struct history_reader *reader, struct reader_search *search,
                       const struct frame_row *row)
{
    struct frame_cursor cursor;
    struct frame_entry entry;
    if (frame_begin(&cursor, row->frame.body, row->frame.len) < 0)
        return;
    while (!search->stopped && frame_next(&cursor, &entry) > 0) {
        const struct reader_point *found = reader_find_point(reader, entry.point);
        if (!found || !found->wanted)
            continue;
        struct reader_point *point = &reader->points[found - reader->points];
        search->give(reader, search, point, &entry, 1);
        point->in_frame = true;
        point->last_slot_ms = entry.slot_ms;
        point->last_taken_ms = entry.taken_ms;
    }
}

static int prepare(struct history_reader *reader, struct reader_search *search)
{
    if (search->frame_stmt)
        return 0;
    /* Files of version 1 have no seals, and their frames no chain. */
    const char *sql =
        reader->history_version < 2
            ? "SELECT id, first_utc_us, last_utc_us, count, body, hash, NULL FROM frame NOT INDEXED"
              " WHERE id > ?1 AND id <= ?2 AND last_utc_us >= ?3 AND first_utc_us < ?4 ORDER BY id"
            : "SELECT id, first_utc_us, last_utc_us, count, body, hash,"
              " coalesce((SELECT p.hash FROM frame p WHERE p.id < frame.id ORDER BY p.id DESC"
              " LIMIT 1), (SELECT frames_head FROM seal WHERE kind = 1 ORDER BY id DESC LIMIT 1))"
              " FROM frame NOT INDEXED"
              " WHERE id > ?1 AND id <= ?2 AND last_utc_us >= ?3 AND first_utc_us < ?4"
              " ORDER BY id";
    return reader_errno(reader->history,
                        sqlite3_prepare_v2(reader->history, sql, -1, &search->frame_stmt, NULL));
}

int reader_each_frame(struct history_reader *reader, struct reader_search *search)
{
    struct frame_row page[PAGE] = {0};
    int error = search->frame < search->last_frame ? prepare(reader, search) : 0;
    while (error == 0 && !search->stopped && search->frame < search->last_frame) {
        bool folded = false;
        int n = read_page(reader, search, page, &folded);
        if (n == 0 || n < 0)
            return n < 0 ? n : folded;
        /* Points are written before the frames that use them, so look for new ones after. */
        error = reader_load_points(reader, &search->wanted);
        for (int i = 0; i < n && error == 0 && !search->stopped; i++) {
            if (is_whole(reader, search, &page[i]))
                give_frame(reader, search, &page[i]);
            else
                reader->damaged++;
            search->frame = page[i].frame.id;
        }
        free_page(page, n);
    }
    return error;
}
