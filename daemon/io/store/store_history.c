/* store_history.c - history.db: a frame of readings per commit. See store_internal.h. */
#include "store_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"

#define FRAMES_PER_COMMIT 32 /* then a turn for the events */
#define MANY_READINGS     ((uint64_t)16 * FRAME_ENTRIES_MAX)

/* The last room on a disk belongs to the events: readings stop below the first and go on above the second. */
#define ROOM_STOP  (16LL << 20)
#define ROOM_AGAIN (24LL << 20)

enum { STMT_LAST, STMT_FOLDED, STMT_FIND_POINT, STMT_ADD_POINT, STMT_FRAME };

static const char *const sql[HISTORY_STATEMENTS] = {
    [STMT_LAST] = "SELECT id, hash FROM frame ORDER BY id DESC LIMIT 1",
    [STMT_FOLDED] = "SELECT to_id, frames_head FROM seal WHERE kind = 1 ORDER BY id DESC LIMIT 1",
    [STMT_FIND_POINT] =
        "SELECT id FROM point WHERE asset = ?1 AND point = ?2 AND unit = ?3 AND decimals = ?4",
    [STMT_ADD_POINT] = "INSERT INTO point(asset, point, unit, decimals) VALUES(?1, ?2, ?3, ?4) RETURNING id",
    [STMT_FRAME] = "INSERT INTO frame VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
};

int store_history_init(struct store *store)
{
    struct store_history *history = &store->history;
    store_db_init(&history->db, SCHEMA_HISTORY, FAULT_HISTORY_DB, store->files.dir);
    history->due_boot_us = STORE_NEVER;
    history->scratch = calloc(FRAME_ENTRIES_MAX, sizeof *history->scratch);
    history->body = malloc(FRAME_BYTES_MAX);
    return history->scratch && history->body ? 0 : -ENOMEM;
}

void store_history_close(struct store *store)
{
    store_fold_close(store);
    store_db_finalize(store->history.stmts, HISTORY_STATEMENTS);
    store_db_close(&store->history.db);
    store_readings_forget_ids(&store->history.readings);
}

void store_history_free(struct store *store)
{
    store_readings_free(&store->history.readings);
    free(store->history.scratch);
    free(store->history.body);
    store->history.scratch = NULL;
    store->history.body = NULL;
}

/* ---------------------------------------------------------------- writing: each returns an SQLite result */

/* The last frame, as far as the statement knows: a row, or the result. */
static int read_frame(sqlite3_stmt *stmt, struct store_link *ret)
{
    int result = sqlite3_step(stmt);
    if (result == SQLITE_ROW) {
        const void *hash = sqlite3_column_blob(stmt, 1);
        *ret = (struct store_link){.id = sqlite3_column_int64(stmt, 0)};
        if (hash && sqlite3_column_bytes(stmt, 1) == CHAIN_HASH_SIZE)
            memcpy(ret->hash, hash, CHAIN_HASH_SIZE);
    }
    sqlite3_reset(stmt);
    return result;
}

static int read_last(struct store_history *history, struct store_link *ret)
{
    *ret = (struct store_link){.id = 0};
    int result = read_frame(history->stmts[STMT_LAST], ret);
    if (result == SQLITE_DONE)
        result = read_frame(history->stmts[STMT_FOLDED], ret);
    return result == SQLITE_ROW || result == SQLITE_DONE ? SQLITE_OK : result;
}

/* Finds or adds the point: a row, or the result. */
static int point_row(sqlite3_stmt *stmt, const struct config *config, unsigned index, int64_t *ret)
{
    const struct point_config *point = &config->points[index];
    sqlite3_bind_text(stmt, 1, config->assets[point->asset].id, -1, SQLITE_STATIC);
    sqlite3_bind_text(stmt, 2, point->id, -1, SQLITE_STATIC);
    sqlite3_bind_text(stmt, 3, point->unit, -1, SQLITE_STATIC);
    sqlite3_bind_int(stmt, 4, point->format.decimals);
    int result = sqlite3_step(stmt);
    if (result == SQLITE_ROW) {
        *ret = sqlite3_column_int64(stmt, 0);
        /* To the end, so that an INSERT is complete. */
        result = sqlite3_step(stmt);
        result = result == SQLITE_DONE ? SQLITE_ROW : result;
    }
    sqlite3_reset(stmt);
    return result;
}

static int point_id(struct store_history *history, struct store_series *series, unsigned index, uint32_t *ret)
{
    if (series->ids[index] == 0) {
        int64_t id = 0;
        int result = point_row(history->stmts[STMT_FIND_POINT], series->config, index, &id);
        if (result == SQLITE_DONE)
            result = point_row(history->stmts[STMT_ADD_POINT], series->config, index, &id);
        if (result != SQLITE_ROW)
            return result == SQLITE_DONE ? SQLITE_ERROR : result;
        if (id <= 0 || id > SEAL_POINT_MAX)
            return SQLITE_CORRUPT;
        series->ids[index] = (uint32_t)id;
    }
    *ret = series->ids[index];
    return SQLITE_OK;
}

/* Where the next reading to be encoded is. */
struct position {
    struct store_block *block;
    unsigned i;
};

/* Copies up to FRAME_ENTRIES_MAX readings from the position, with the ids of history.db. */
static int gather(struct store_history *history, struct position *at, size_t *ret_n)
{
    size_t n = 0;
    while (at->block && n < FRAME_ENTRIES_MAX) {
        if (at->i == at->block->n) {
            at->block = at->block->next;
            at->i = at->block ? at->block->first : 0;
            continue;
        }
        struct frame_entry *entry = &history->scratch[n];
        *entry = at->block->entries[at->i];
        int result = point_id(history, at->block->series, entry->point, &entry->point);
        if (result == SQLITE_OK)
            result = store_calibrations_id(history, at->block->series, &entry->calibration);
        if (result != SQLITE_OK)
            return result;
        at->i++;
        n++;
    }
    *ret_n = n;
    return SQLITE_OK;
}

/* The frame behind last, which then is this one. */
static int put_frame(struct store_history *history, struct store_link *last, size_t n)
{
    const struct frame_entry *entries = history->scratch;
    sqlite3_stmt *stmt = history->stmts[STMT_FRAME];
    unsigned char hash[CHAIN_HASH_SIZE];
    size_t len = 0;
    int64_t first_ms = INT64_MAX, last_ms = INT64_MIN;
    if (frame_encode(entries, n, history->body, FRAME_BYTES_MAX, &len) < 0)
        return SQLITE_INTERNAL;
    for (size_t i = 0; i < n; i++) {
        first_ms = entries[i].taken_ms < first_ms ? entries[i].taken_ms : first_ms;
        last_ms = entries[i].taken_ms > last_ms ? entries[i].taken_ms : last_ms;
    }
    struct chain_frame frame = {last->id + 1, first_ms * MS_US, last_ms * MS_US,
                                (int64_t)n,   history->body,    len};
    chain_frame_hash(last->hash, &frame, hash);
    sqlite3_bind_int64(stmt, 1, frame.id);
    sqlite3_bind_int64(stmt, 2, frame.first_utc_us);
    sqlite3_bind_int64(stmt, 3, frame.last_utc_us);
    sqlite3_bind_int64(stmt, 4, frame.count);
    sqlite3_bind_blob64(stmt, 5, frame.body, frame.len, SQLITE_STATIC);
    sqlite3_bind_blob(stmt, 6, hash, sizeof hash, SQLITE_STATIC);
    int result = store_db_run(stmt);
    if (result == SQLITE_OK) {
        last->id = frame.id;
        memcpy(last->hash, hash, sizeof hash);
    }
    return result;
}

static int put_frames(struct store_history *history, struct store_link *last, uint64_t *ret_n)
{
    struct position at = {history->readings.head, history->readings.head ? history->readings.head->first : 0};
    uint64_t total = 0;
    for (int i = 0; i < FRAMES_PER_COMMIT; i++) {
        size_t n = 0;
        int result = gather(history, &at, &n);
        if (result == SQLITE_OK && n > 0)
            result = put_frame(history, last, n);
        if (result != SQLITE_OK)
            return result;
        total += n;
        if (n < FRAME_ENTRIES_MAX)
            break;
    }
    *ret_n = total;
    return SQLITE_OK;
}

static int write_transaction(struct store *store)
{
    struct store_history *history = &store->history;
    struct store_link last;
    uint64_t n = 0;
    int result = sqlite3_exec(history->db.db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
    if (result == SQLITE_OK)
        result = read_last(history, &last);
    if (result != SQLITE_OK)
        return result;
    if (history->doubt_n > 0 && last.id >= history->doubt_id)
        store_readings_pop(&history->readings, history->doubt_n);
    history->doubt_n = 0;
    store_head_compare(store, &last);
    result = put_frames(history, &last, &n);
    if (result != SQLITE_OK)
        return result;
    history->doubt_id = last.id;
    history->doubt_n = n;
    result = sqlite3_exec(history->db.db, "COMMIT", NULL, NULL, NULL);
    if (result != SQLITE_OK)
        return result;
    history->doubt_n = 0;
    history->last = last;
    store_readings_pop(&history->readings, n);
    return SQLITE_OK;
}

static bool has_room(struct store *store)
{
    struct store_history *history = &store->history;
    char detail[STORE_DETAIL_MAX];
    int64_t room = store_files_room(&store->files);
    history->short_of_room = room < (history->short_of_room ? ROOM_AGAIN : ROOM_STOP);
    if (!history->short_of_room)
        return true;
    snprintf(detail, sizeof detail, "%.200s: disk full: the last %lld MiB are kept for events",
             store->files.dir, ROOM_STOP >> 20);
    history->failing = true;
    store_report_fault(store, FAULT_HISTORY_DB, detail);
    history->db.retry_boot_us = clock_boot_us() + STORE_RETRY_US;
    return false;
}

static void flush(struct store *store)
{
    struct store_history *history = &store->history;
    char detail[STORE_DETAIL_MAX];
    if (!has_room(store))
        return;
    heartbeat_busy(store->heartbeats, store->heartbeat, STORE_WRITE_MS);
    int result = write_transaction(store);
    if (result != SQLITE_OK) {
        bool usable = store_db_failed(&history->db, result, detail, sizeof detail);
        history->failing = true;
        store_report_fault(store, FAULT_HISTORY_DB, detail);
        store_readings_forget_ids(&history->readings);
        if (!usable)
            store_history_close(store);
    } else {
        history->failing = false;
        store_report_well(store, FAULT_HISTORY_DB);
        store_report_gap_over(store, GAP_READINGS);
        if (store->fold.due_boot_us == STORE_NEVER)
            store->fold.due_boot_us = 0;
    }
    heartbeat_beat(store->heartbeats, store->heartbeat);
}

static void open_history(struct store *store)
{
    struct store_history *history = &store->history;
    char detail[STORE_DETAIL_MAX];
    if (store_db_open(store, &history->db, detail, sizeof detail) < 0) {
        history->failing = true;
        store_report_fault(store, FAULT_HISTORY_DB, detail);
        return;
    }
    int result = store_db_prepare(&history->db, sql, history->stmts, HISTORY_STATEMENTS);
    if (result == SQLITE_OK)
        result = read_last(history, &history->last);
    if (result != SQLITE_OK) {
        history->failing = true;
        (void)store_db_failed(&history->db, result, detail, sizeof detail);
        store_report_fault(store, FAULT_HISTORY_DB, detail);
        store_history_close(store);
        history->db.retry_boot_us = clock_boot_us() + STORE_REOPEN_US;
        return;
    }
    history->calibrations_due = true; /* perhaps not all were told before the last end */
    history->calibration_told = 0;
    history->db.retry_boot_us = 0;
}

/* ---------------------------------------------------------------- turns */

void store_history_step(struct store *store, int64_t now_boot_us)
{
    struct store_history *history = &store->history;
    if (history->readings.n > 0 && history->due_boot_us == STORE_NEVER)
        history->due_boot_us = now_boot_us + (int64_t)store->config->storage.commit_interval_ms * MS_US;
    if (history->readings.n >= MANY_READINGS)
        history->due_boot_us = now_boot_us;
    if (now_boot_us < history->db.retry_boot_us)
        return;
    if (!history->db.db)
        open_history(store);
    if (!history->db.db || (!history->failing && now_boot_us < history->due_boot_us))
        return;
    flush(store);
    store_calibrations_tell(store);
    /* What is left after a full commit goes at once, on the next turn: events come in between. */
    history->due_boot_us = history->readings.n > 0 ? now_boot_us : STORE_NEVER;
}

int64_t store_history_deadline(const struct store *store)
{
    const struct store_history *history = &store->history;
    bool waits = !history->db.db || history->failing;
    int64_t due = waits ? 0 : history->due_boot_us;
    return due > history->db.retry_boot_us ? due : history->db.retry_boot_us;
}

void store_history_finish(struct store *store)
{
    struct store_history *history = &store->history;
    const uint64_t per_commit = (uint64_t)FRAMES_PER_COMMIT * FRAME_ENTRIES_MAX;
    history->db.retry_boot_us = 0;
    for (uint64_t i = history->readings.n / per_commit + 1;
         i > 0 && history->readings.n > 0 && history->db.retry_boot_us == 0; i--) {
        history->due_boot_us = 0;
        store_history_step(store, clock_boot_us());
    }
    if (history->readings.n > 0)
        log_line(LOG_ERR, MID_STORE, "%s: %llu readings could not be written and are lost", history->db.path,
                 (unsigned long long)history->readings.n);
}
