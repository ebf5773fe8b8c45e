/* reader_config.c - configurations as they were stored. See reader_config.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "reader_config.h"
#include "reader_internal.h"

int reader_config_text(struct history_reader *reader, const unsigned char sha256[32], char **ret_text,
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
