/* reader_stats.c - what the files hold, counted. See reader.h. */
#include "reader_internal.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define RECENT_US (HISTORY_RECENT_DAYS * INT64_C(86400000000))

/* The columns of the query's one row, in order. NULL counts as 0. */
static int read_row(sqlite3 *db, const char *sql, int64_t parameter, int64_t *const *ret, int n)
{
    sqlite3_stmt *stmt = NULL;
    int result = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);
    if (result == SQLITE_OK) {
        if (sqlite3_bind_parameter_count(stmt) > 0)
            sqlite3_bind_int64(stmt, 1, parameter);
        result = sqlite3_step(stmt);
    }
    for (int i = 0; result == SQLITE_ROW && i < n; i++)
        *ret[i] = sqlite3_column_int64(stmt, i);
    int error = reader_errno(db, result);
    sqlite3_finalize(stmt);
    return error;
}

static int64_t size_with_log(sqlite3 *db)
{
    static const char *const ends[] = {"", "-wal", "-shm"};
    const char *path = sqlite3_db_filename(db, "main");
    int64_t size = 0;
    for (size_t i = 0; path && i < sizeof ends / sizeof *ends; i++) {
        char name[PATH_MAX];
        struct stat st;
        int n = snprintf(name, sizeof name, "%s%s", path, ends[i]);
        if (n > 0 && n < (int)sizeof name && stat(name, &st) == 0)
            size += st.st_size;
    }
    return size;
}

static int read_state(sqlite3 *db, struct history_stats *s)
{
    s->state_bytes = size_with_log(db);
    int error = read_row(db, "SELECT count(*), min(utc_us), max(utc_us) FROM event", 0,
                         (int64_t *const[]){&s->events, &s->first_event_us, &s->last_event_us}, 3);
    if (error == 0)
        error = read_row(db, "SELECT count(*) FROM event WHERE utc_us > ?1", s->last_event_us - RECENT_US,
                         (int64_t *const[]){&s->recent_events}, 1);
    if (error == 0)
        error =
            read_row(db, "SELECT count(*) FROM configuration", 0, (int64_t *const[]){&s->configurations}, 1);
    return error;
}

static int read_frames(sqlite3 *db, struct history_stats *s)
{
    struct history_part *f = &s->frames;
    int64_t page_bytes = 0, free_pages = 0;
    s->history_bytes = size_with_log(db);
    int error = read_row(
        db, "SELECT count(*), sum(count), sum(length(body)), min(first_utc_us), max(last_utc_us) FROM frame",
        0, (int64_t *const[]){&f->rows, &f->readings, &f->bytes, &f->first_us, &f->last_us}, 5);
    if (error == 0)
        error = read_row(db, "SELECT count(*) FROM point", 0, (int64_t *const[]){&s->points}, 1);
    if (error == 0)
        error = read_row(db, "PRAGMA page_size", 0, (int64_t *const[]){&page_bytes}, 1);
    if (error == 0)
        error = read_row(db, "PRAGMA freelist_count", 0, (int64_t *const[]){&free_pages}, 1);
    s->free_bytes = page_bytes * free_pages;
    return error;
}

static int read_part(sqlite3 *db, int64_t kind, struct history_part *part, int64_t *seals)
{
    int error =
        read_row(db,
                 "SELECT count(*), sum(count), min(first_utc_us), max(last_utc_us) FROM seal"
                 " WHERE entries IS NOT NULL AND kind = ?1",
                 kind, (int64_t *const[]){seals, &part->readings, &part->first_us, &part->last_us}, 4);
    if (error == 0)
        error = read_row(db,
                         "SELECT count(*), sum(length(chunk.hours) + length(chunk.body)) FROM seal CROSS "
                         "JOIN chunk" /* in this order: few seals, then their chunks */
                         " ON chunk.id >= seal.id << 20 AND chunk.id < (seal.id + 1) << 20"
                         " WHERE seal.entries IS NOT NULL AND seal.kind = ?1",
                         kind, (int64_t *const[]){&part->rows, &part->bytes}, 2);
    return error;
}

static int read_key(sqlite3 *db, struct history_stats *s)
{
    sqlite3_stmt *stmt = NULL;
    int result =
        sqlite3_prepare_v2(db,
                           "SELECT public_key FROM signer WHERE id = (SELECT signer FROM seal ORDER BY id"
                           " DESC LIMIT 1)",
                           -1, &stmt, NULL);
    if (result == SQLITE_OK)
        result = sqlite3_step(stmt);
    if (result == SQLITE_ROW && sqlite3_column_bytes(stmt, 0) == (int)sizeof s->public_key) {
        memcpy(s->public_key, sqlite3_column_blob(stmt, 0), sizeof s->public_key);
        s->has_key = true;
    }
    int error = reader_errno(db, result);
    sqlite3_finalize(stmt);
    return error;
}

static int read_sealed(sqlite3 *db, struct history_stats *s)
{
    int64_t newest_us = 0;
    int error = read_part(db, SEAL_HOUR, &s->hours, &s->hour_seals);
    if (error == 0)
        error = read_part(db, SEAL_DAY, &s->days, &s->day_seals);
    if (error == 0)
        error = read_row(
            db,
            "SELECT count(*), coalesce(sum(kind = 3), 0), coalesce(sum(count) FILTER (WHERE kind = 3), 0)"
            " FROM seal",
            0, (int64_t *const[]){&s->seals, &s->tombstones, &s->removed_readings}, 3);
    newest_us = s->hours.last_us > s->days.last_us ? s->hours.last_us : s->days.last_us;
    if (error == 0)
        error = read_row(db, "SELECT sum(count) FROM seal WHERE entries IS NOT NULL AND last_utc_us > ?1",
                         newest_us - RECENT_US, (int64_t *const[]){&s->recent_readings}, 1);
    if (error == 0)
        error = read_row(db, "SELECT count(*) FROM damaged", 0, (int64_t *const[]){&s->damaged_frames}, 1);
    if (error == 0)
        error = read_row(db, "SELECT count(*) FROM calibration", 0, (int64_t *const[]){&s->calibrations}, 1);
    return error == 0 ? read_key(db, s) : error;
}

int history_stats(struct history_reader *reader, struct history_stats *ret)
{
    struct history_stats stats = {0};
    int error = reader->state ? read_state(reader->state, &stats) : 0;
    if (error == 0 && reader->history)
        error = read_frames(reader->history, &stats);
    if (error == 0 && reader->history && reader->history_version >= 2)
        error = read_sealed(reader->history, &stats);
    stats.recent_readings += stats.frames.readings;
    if (error == 0)
        *ret = stats;
    return error;
}
