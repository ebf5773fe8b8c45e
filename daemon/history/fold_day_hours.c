/* fold_day_hours.c - which hours make the next day, and what of them fits their seals. See fold_day.h. */
#include "fold_day.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int64_t day_of(int64_t first_utc_us, int64_t last_utc_us)
{
    return fold_floor(first_utc_us + (last_utc_us - first_utc_us) / 2, FOLD_DAY_US);
}

/* ---------------------------------------------------------------- chunks as they are stored */

static int64_t column(sqlite3_stmt *stmt, int i)
{
    return sqlite3_column_int64(stmt, i);
}

/* The row of an hour's point, if it is there and fits its hash: *ret_stmt must be reset then. Else it is
 * NULL. */
int fold_day_read_chunk(struct fold *fold, const struct fold_day_hour *hour, struct seal_chunk *ret,
                        sqlite3_stmt **ret_stmt)
{
    sqlite3_stmt *stmt = fold_stmt(fold, FOLD_STMT_CHUNK);
    const struct fold_point *point = fold_find_point(fold, hour->point);
    unsigned char hash[CHAIN_HASH_SIZE];
    *ret_stmt = NULL;
    if (!stmt)
        return sqlite3_errcode(fold->db);
    sqlite3_bind_int64(stmt, 1, seal_chunk_id(hour->id, hour->point));
    int result = sqlite3_step(stmt);
    if (result == SQLITE_ROW && point) {
        *ret = (struct seal_chunk){hour->id,
                                   hour->point,
                                   column(stmt, 0),
                                   column(stmt, 1),
                                   column(stmt, 2),
                                   column(stmt, 3),
                                   column(stmt, 4),
                                   column(stmt, 5),
                                   column(stmt, 6),
                                   column(stmt, 7),
                                   NULL,
                                   NULL,
                                   0,
                                   0};
        ret->hours = sqlite3_column_blob(stmt, 8);
        ret->hours_len = (size_t)sqlite3_column_bytes(stmt, 8);
        ret->body = sqlite3_column_blob(stmt, 9);
        ret->body_len = (size_t)sqlite3_column_bytes(stmt, 9);
        seal_chunk_hash(&point->seal, ret, hash);
        if (memcmp(hash, hour->hash, sizeof hash) == 0) {
            *ret_stmt = stmt;
            return SQLITE_OK;
        }
    }
    sqlite3_reset(stmt);
    /* A page of the table that makes no sense is damage too, and no reason to stop. */
    int primary = result & 0xff;
    return primary == SQLITE_ROW || primary == SQLITE_DONE || primary == SQLITE_CORRUPT ? SQLITE_OK : result;
}

/* To the next point of the hour. False: the entries make no sense. */
bool fold_day_advance(struct fold_day_hour *hour)
{
    int more = seal_entries_next(&hour->at, hour->entries + hour->entries_len, &hour->point, hour->hash);
    if (more <= 0)
        hour->point = 0;
    return more >= 0;
}

bool fold_day_rewind(struct fold_day_hour *hour)
{
    hour->at = hour->entries;
    hour->point = 0;
    return fold_day_advance(hour);
}

static bool is_bad(const struct fold *fold, int64_t seal)
{
    for (size_t i = 0; i < fold->n_bad; i++) {
        if (fold->bad_hours[i] == seal)
            return true;
    }
    return false;
}

/* Do all chunks of the hour fit the hashes in its seal? */
static int check_hour(struct fold *fold, struct fold_day_hour *hour,
                      const unsigned char entries_hash[CHAIN_HASH_SIZE], struct fold_damage *damage)
{
    unsigned char hash[CHAIN_HASH_SIZE];
    struct fold_damage found = {.utc_us = hour->first_utc_us};
    seal_entries_hash(hour->entries, hour->entries_len, hash);
    bool sound = memcmp(hash, entries_hash, sizeof hash) == 0 && fold_day_rewind(hour);
    if (!sound || is_bad(fold, hour->id))
        found.chunks = 1;
    while (sound && hour->point) {
        struct seal_chunk row;
        sqlite3_stmt *stmt;
        int result = fold_day_read_chunk(fold, hour, &row, &stmt);
        if (result == SQLITE_OK)
            result = fold_yield(fold);
        sqlite3_reset(stmt);
        if (result != SQLITE_OK)
            return result;
        const struct fold_point *point = fold_find_point(fold, hour->point);
        if (!stmt && found.chunks++ == 0 && point) {
            snprintf(found.asset, sizeof found.asset, "%s", point->seal.asset);
            snprintf(found.point, sizeof found.point, "%s", point->seal.point);
        }
        if (!fold_day_advance(hour))
            found.chunks++, sound = false;
    }
    if (found.chunks > 0 && damage->chunks == 0)
        *damage = found;
    else
        damage->chunks += found.chunks;
    return SQLITE_OK;
}

/* ---------------------------------------------------------------- which hours */

/* Is there an hour of another day, or another reason to look closer? */
int fold_day_look(struct fold *fold, int64_t after, bool *ret)
{
    sqlite3_stmt *stmt = fold_stmt(fold, FOLD_STMT_HOURS);
    if (!stmt)
        return sqlite3_errcode(fold->db);
    int result = SQLITE_DONE;
    int64_t first = 0;
    *ret = false;
    sqlite3_bind_int64(stmt, 1, after);
    for (int n = 0; !*ret && (result = sqlite3_step(stmt)) == SQLITE_ROW; n++) {
        int64_t number = day_of(column(stmt, 1), column(stmt, 2));
        first = n == 0 ? number : first;
        *ret = number != first || n >= FOLD_HOURS_MAX;
    }
    sqlite3_reset(stmt);
    return *ret || result == SQLITE_DONE ? SQLITE_OK : result;
}

static int copy_hour(sqlite3_stmt *stmt, struct fold_day_hour *hour,
                     unsigned char entries_hash[CHAIN_HASH_SIZE])
{
    const void *entries = sqlite3_column_blob(stmt, 6);
    const void *content = sqlite3_column_blob(stmt, 4), *hash = sqlite3_column_blob(stmt, 5);
    hour->id = column(stmt, 0);
    hour->first_utc_us = column(stmt, 1);
    hour->last_utc_us = column(stmt, 2);
    hour->count = column(stmt, 3);
    hour->entries_len = (size_t)sqlite3_column_bytes(stmt, 6);
    hour->entries = malloc(hour->entries_len + 1);
    if (!hour->entries)
        return SQLITE_NOMEM;
    if (entries)
        memcpy(hour->entries, entries, hour->entries_len);
    memset(hour->content, 0, CHAIN_HASH_SIZE);
    memset(entries_hash, 0, CHAIN_HASH_SIZE);
    if (content && sqlite3_column_bytes(stmt, 4) == CHAIN_HASH_SIZE)
        memcpy(hour->content, content, CHAIN_HASH_SIZE);
    if (hash && sqlite3_column_bytes(stmt, 5) == CHAIN_HASH_SIZE)
        memcpy(entries_hash, hash, CHAIN_HASH_SIZE);
    return SQLITE_OK;
}

void fold_day_free_hour(struct fold_day_hour *hour)
{
    free(hour->entries);
    chunk_free(&hour->chunk);
    *hour = (struct fold_day_hour){.id = 0};
}

/* How large a chunk of the hour is, on average. */
static int read_bytes(struct fold *fold, int64_t hour, int64_t *ret)
{
    sqlite3_stmt *stmt = fold_stmt(fold, FOLD_STMT_HOUR_BYTES);
    if (!stmt)
        return sqlite3_errcode(fold->db);
    sqlite3_bind_int64(stmt, 1, hour);
    int result = sqlite3_step(stmt);
    *ret = result == SQLITE_ROW ? column(stmt, 0) : 0;
    sqlite3_reset(stmt);
    return result == SQLITE_ROW ? SQLITE_OK : result;
}

/* Adds the hour, or finds that the day ends before it: *ret_complete. */
static int take_hour(struct fold_day *day, sqlite3_stmt *stmt, bool *ret_complete)
{
    unsigned char entries_hash[CHAIN_HASH_SIZE];
    int64_t number = day_of(column(stmt, 1), column(stmt, 2)), bytes = 0;
    int result = read_bytes(day->fold, column(stmt, 0), &bytes);
    if (result != SQLITE_OK)
        return result;
    bool full = day->n == FOLD_HOURS_MAX || day->row_bytes + bytes > FOLD_ROW_BYTES;
    if (day->n > 0 && (number != day->number || full)) {
        *ret_complete = true;
        return SQLITE_OK;
    }
    struct fold_day_hour *hour = &day->hours[day->n];
    struct fold_damage damage = {.chunks = 0};
    result = copy_hour(stmt, hour, entries_hash);
    if (result == SQLITE_OK)
        result = check_hour(day->fold, hour, entries_hash, &damage);
    if (result == SQLITE_OK && damage.chunks == 0) {
        day->number = number;
        day->row_bytes += bytes;
        day->n++;
        return SQLITE_OK;
    }
    fold_day_free_hour(hour);
    /* Left as it is. The day begins behind it, or ends before it; it is told with the day that begins behind.
     */
    if (result == SQLITE_OK && day->n > 0)
        *ret_complete = true;
    else if (day->damage.chunks == 0)
        day->damage = damage;
    else
        day->damage.chunks += damage.chunks;
    return result;
}

int fold_day_find(struct fold_day *day, int64_t after, bool *ret_complete)
{
    sqlite3_stmt *stmt = fold_stmt(day->fold, FOLD_STMT_HOURS);
    if (!stmt)
        return sqlite3_errcode(day->fold->db);
    *ret_complete = false;
    sqlite3_bind_int64(stmt, 1, after);
    int result = SQLITE_ROW;
    while (result == SQLITE_ROW && !*ret_complete) {
        result = sqlite3_step(stmt);
        if (result == SQLITE_ROW) {
            result = take_hour(day, stmt, ret_complete);
            result = result == SQLITE_OK ? SQLITE_ROW : result;
        }
    }
    sqlite3_reset(stmt);
    return result == SQLITE_ROW || result == SQLITE_DONE ? SQLITE_OK : result;
}
