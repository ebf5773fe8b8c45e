/* reader_config.c - configurations as they were stored, and the events before a moment. See reader.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "reader_internal.h"

int history_configuration(struct history_reader *reader, const unsigned char sha256[32], char **ret_text,
                          size_t *ret_len, int64_t *ret_utc_us)
{
    sqlite3_stmt *stmt = NULL;
    char *text = NULL;
    if (!reader->state)
        return reader->state_error;
    int result = sqlite3_prepare_v2(
        reader->state, "SELECT source, utc_us FROM configuration WHERE sha256 = ?1", -1, &stmt, NULL);
    if (result == SQLITE_OK) {
        sqlite3_bind_blob(stmt, 1, sha256, 32, SQLITE_STATIC);
        result = sqlite3_step(stmt);
    }
    int error = reader_errno(reader->state, result);
    if (result == SQLITE_DONE)
        error = -ENOENT;
    if (result == SQLITE_ROW) {
        const unsigned char *source = sqlite3_column_text(stmt, 0);
        size_t len = source ? (size_t)sqlite3_column_bytes(stmt, 0) : 0;
        text = malloc(len + 1);
        if (text && source)
            memcpy(text, source, len);
        if (text) {
            text[len] = '\0';
            *ret_text = text;
            *ret_len = len;
            *ret_utc_us = sqlite3_column_int64(stmt, 1);
        } else {
            error = -ENOMEM;
        }
    }
    sqlite3_finalize(stmt);
    return error;
}

int64_t history_events_back(struct history_reader *reader, int64_t from_utc_us, int64_t to_utc_us,
                            const char *kind, const char *asset, history_event_fn *event, void *context)
{
    sqlite3_stmt *stmt = NULL;
    int64_t n = 0;
    if (!reader->state)
        return reader->state_error;
    int result = sqlite3_prepare_v2(reader->state,
                                    "SELECT seq, utc_us, kind, asset, alarm, body FROM event NOT INDEXED"
                                    " WHERE utc_us >= ?1 AND utc_us < ?2 AND (?3 IS NULL OR kind = ?3)"
                                    " AND (?4 IS NULL OR asset = ?4) AND seq >= coalesce((SELECT min(seq)"
                                    " FROM event INDEXED BY event_utc WHERE utc_us >= ?1), 0)"
                                    " ORDER BY seq DESC",
                                    -1, &stmt, NULL);
    if (result == SQLITE_OK) {
        sqlite3_bind_int64(stmt, 1, from_utc_us);
        sqlite3_bind_int64(stmt, 2, to_utc_us);
        sqlite3_bind_text(stmt, 3, kind, -1, SQLITE_STATIC);
        sqlite3_bind_text(stmt, 4, asset, -1, SQLITE_STATIC);
        while ((result = sqlite3_step(stmt)) == SQLITE_ROW) {
            const struct history_event row = {
                .seq = (uint64_t)sqlite3_column_int64(stmt, 0),
                .utc_us = sqlite3_column_int64(stmt, 1),
                .kind = (const char *)sqlite3_column_text(stmt, 2),
                .asset = (const char *)sqlite3_column_text(stmt, 3),
                .alarm = (const char *)sqlite3_column_text(stmt, 4),
                .body = (const char *)sqlite3_column_text(stmt, 5),
            };
            if (!row.kind || !row.asset || !row.alarm || !row.body) {
                result = SQLITE_NOMEM;
                break;
            }
            n++;
            if (!event(context, &row))
                break;
        }
    }
    int error = reader_errno(reader->state, result);
    sqlite3_finalize(stmt);
    return error < 0 ? error : n;
}
