/* reader_extent.c - from when to when something is stored. See reader.h. */
#include "reader_internal.h"

static int widen(struct history_reader *reader, const char *sql, int64_t *first, int64_t *last)
{
    sqlite3_stmt *stmt = NULL;
    int result = sqlite3_prepare_v2(reader->history, sql, -1, &stmt, NULL);
    if (result == SQLITE_OK)
        result = sqlite3_step(stmt);
    if (result == SQLITE_ROW && sqlite3_column_type(stmt, 0) != SQLITE_NULL) {
        int64_t least = sqlite3_column_int64(stmt, 0), greatest = sqlite3_column_int64(stmt, 1);
        *first = least < *first ? least : *first;
        *last = greatest > *last ? greatest : *last;
    }
    int error = reader_errno(reader->history, result);
    sqlite3_finalize(stmt);
    return error;
}

static bool has_seals(struct history_reader *reader)
{
    return sqlite3_table_column_metadata(reader->history, NULL, "seal", "id", NULL, NULL, NULL, NULL, NULL) ==
           SQLITE_OK;
}

int history_extent(struct history_reader *reader, int64_t *ret_first_utc_us, int64_t *ret_last_utc_us)
{
    int64_t first = INT64_MAX, last = INT64_MIN;
    if (!reader->history)
        return reader->history_error;
    int error = widen(reader, "SELECT min(first_utc_us), max(last_utc_us) FROM frame", &first, &last);
    if (error == 0 && has_seals(reader)) /* not in files of version 1 */
        error =
            widen(reader, "SELECT min(first_utc_us), max(last_utc_us) FROM seal WHERE entries IS NOT NULL",
                  &first, &last);
    if (error < 0)
        return error;
    bool empty = first > last;
    *ret_first_utc_us = empty ? 0 : first;
    *ret_last_utc_us = empty ? 0 : last;
    return empty ? 0 : 1;
}
