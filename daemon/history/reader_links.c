/* reader_links.c - see reader_links.h. */
#include "reader_links.h"

#include <errno.h>
#include <string.h>

#include "reader_internal.h"

static const char *text_of(sqlite3_stmt *stmt, int column)
{
    const char *text = (const char *)sqlite3_column_text(stmt, column);
    return text ? text : "";
}

static const unsigned char *hash_of(sqlite3_stmt *stmt, int column)
{
    const void *hash = sqlite3_column_blob(stmt, column);
    return hash && sqlite3_column_bytes(stmt, column) == CHAIN_HASH_SIZE ? hash : NULL;
}

int64_t reader_links(struct history_reader *reader, uint64_t first, uint64_t last, reader_link_fn *link,
                     void *context)
{
    sqlite3_stmt *stmt = NULL;
    int64_t n = 0;
    if (!reader->state)
        return reader->state_error;
    int result =
        sqlite3_prepare_v2(reader->state,
                           "SELECT seq, utc_us, boot_us, boot_id, kind, asset, alarm, body, previous, hash"
                           " FROM event WHERE seq >= ?1 AND seq <= ?2 ORDER BY seq",
                           -1, &stmt, NULL);
    if (result != SQLITE_OK)
        return reader_errno(reader->state, result);
    sqlite3_bind_int64(stmt, 1, (int64_t)first);
    sqlite3_bind_int64(stmt, 2, (int64_t)last);
    bool more = true;
    int error = 0;
    while (more && error == 0 && (result = sqlite3_step(stmt)) == SQLITE_ROW) {
        struct reader_link row = {.event = {.seq = (uint64_t)sqlite3_column_int64(stmt, 0),
                                            .utc_us = sqlite3_column_int64(stmt, 1),
                                            .boot_us = sqlite3_column_int64(stmt, 2),
                                            .boot_id = text_of(stmt, 3),
                                            .kind = text_of(stmt, 4),
                                            .asset = text_of(stmt, 5),
                                            .alarm = text_of(stmt, 6),
                                            .body = text_of(stmt, 7)},
                                  .previous = hash_of(stmt, 8),
                                  .hash = hash_of(stmt, 9)};
        if (!row.previous || !row.hash)
            error = -EBADMSG;
        else
            more = link(context, &row);
        n++;
    }
    if (error == 0)
        error = reader_errno(reader->state, result);
    sqlite3_finalize(stmt);
    return error < 0 ? error : n;
}

static bool has_table(sqlite3 *db, const char *name)
{
    return sqlite3_table_column_metadata(db, NULL, name, NULL, NULL, NULL, NULL, NULL, NULL) == SQLITE_OK;
}

int reader_head(struct history_reader *reader, char *text, size_t cap)
{
    sqlite3_stmt *stmt = NULL;
    int len = 0;
    if (!reader->state)
        return reader->state_error;
    if (!has_table(reader->state, "head")) /* version 1 */
        return 0;
    int result = sqlite3_prepare_v2(reader->state, "SELECT text FROM head", -1, &stmt, NULL);
    if (result == SQLITE_OK && (result = sqlite3_step(stmt)) == SQLITE_ROW) {
        const char *head = text_of(stmt, 0);
        len = (int)strlen(head);
        if ((size_t)len < cap)
            memcpy(text, head, (size_t)len + 1);
        else
            len = -ENOSPC;
    }
    int error = reader_errno(reader->state, result);
    sqlite3_finalize(stmt);
    return error < 0 ? error : len;
}

int64_t reader_calibrations(struct history_reader *reader, reader_stored_calibration_fn *each, void *context)
{
    sqlite3_stmt *stmt = NULL;
    int64_t n = 0;
    if (!reader->history)
        return reader->history_error;
    if (!has_table(reader->history, "calibration"))
        return 0;
    int result =
        sqlite3_prepare_v2(reader->history,
                           "SELECT id, utc_us, from_utc_us, asset, point, unit, text, certificate, date,"
                           " due, reference FROM calibration ORDER BY id",
                           -1, &stmt, NULL);
    if (result != SQLITE_OK)
        return reader_errno(reader->history, result);
    bool more = true;
    while (more && (result = sqlite3_step(stmt)) == SQLITE_ROW) {
        const struct reader_stored_calibration row = {.id = sqlite3_column_int64(stmt, 0),
                                                      .utc_us = sqlite3_column_int64(stmt, 1),
                                                      .from_utc_us = sqlite3_column_int64(stmt, 2),
                                                      .asset = text_of(stmt, 3),
                                                      .point = text_of(stmt, 4),
                                                      .unit = text_of(stmt, 5),
                                                      .text = text_of(stmt, 6),
                                                      .certificate = text_of(stmt, 7),
                                                      .date = text_of(stmt, 8),
                                                      .due = text_of(stmt, 9),
                                                      .reference = text_of(stmt, 10)};
        more = each(context, &row);
        n++;
    }
    int error = reader_errno(reader->history, result);
    sqlite3_finalize(stmt);
    return error < 0 ? error : n;
}
