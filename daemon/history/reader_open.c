/* reader_open.c - opening the two files for reading only. See reader.h. */
#include "reader_internal.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "chain.h"
#include "schema.h"

#define BUSY_MS 2000

int reader_errno(sqlite3 *db, int result)
{
    return schema_errno(db, result);
}

/* file:PATH?QUERY with the path's special bytes as %xx. */
static int make_uri(const char *path, const char *query, char *uri, size_t cap)
{
    size_t n = (size_t)snprintf(uri, cap, "file:");
    for (const char *at = path; *at; at++) {
        if (n + 4 > cap)
            return -ENAMETOOLONG;
        bool plain = *at != '?' && *at != '#' && *at != '%';
        n += (size_t)snprintf(uri + n, cap - n, plain ? "%c" : "%%%02x", (unsigned char)*at);
    }
    if (n + strlen(query) + 1 > cap)
        return -ENAMETOOLONG;
    snprintf(uri + n, cap - n, "%s", query);
    return 0;
}

static int try_open(const char *path, const char *query, enum schema_file file, sqlite3 **ret, char *text,
                    size_t cap)
{
    char uri[3 * PATH_MAX];
    sqlite3 *db = NULL;
    if (make_uri(path, query, uri, sizeof uri) < 0) {
        snprintf(text, cap, "the path is too long");
        return -ENAMETOOLONG;
    }
    int result =
        sqlite3_open_v2(uri, &db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, NULL);
    if (!db) {
        snprintf(text, cap, "no memory");
        return -ENOMEM;
    }
    int error = schema_errno(db, result);
    if (error < 0) {
        schema_error_text(db, text, cap);
    } else {
        sqlite3_extended_result_codes(db, 1);
        sqlite3_busy_timeout(db, BUSY_MS);
        error = schema_check(db, file, text, cap);
    }
    if (error < 0) {
        sqlite3_close(db);
        return error == -ENODATA ? -ENOENT : error;
    }
    *ret = db;
    return error;
}

/* True when there is no write-ahead log that belongs to the file: then nobody has it open for writing, and
 * all that was written is in the file itself. So it is with a copy of state.db alone. */
static bool has_no_wal(const char *path)
{
    char wal[PATH_MAX];
    struct stat st;
    if (snprintf(wal, sizeof wal, "%s-wal", path) >= (int)sizeof wal)
        return false;
    return stat(wal, &st) < 0 && errno == ENOENT;
}

/* SQLite keeps an index of the write-ahead log in a file -shm: it is not there, and can't be made. */
static bool lacks_shm(const char *path)
{
    char shm[PATH_MAX], dir[PATH_MAX];
    struct stat st;
    const char *slash = strrchr(path, '/');
    if (snprintf(shm, sizeof shm, "%s-shm", path) >= (int)sizeof shm || stat(shm, &st) == 0)
        return false;
    snprintf(dir, sizeof dir, "%.*s", slash ? (int)(slash - path) + 1 : 1, slash ? path : ".");
    return access(dir, W_OK) < 0;
}

/* The version of the file, or -errno. */
int reader_open_file(const char *dir, enum schema_file file, sqlite3 **ret, char *message, size_t cap)
{
    char path[PATH_MAX - 8], text[256] = "";
    struct stat st;
    if (snprintf(path, sizeof path, "%s/%s", dir, schema_name(file)) >= (int)sizeof path) {
        snprintf(message, cap, "%s: the path is too long", dir);
        return -ENAMETOOLONG;
    }
    if (stat(path, &st) < 0) {
        int error = errno;
        snprintf(message, cap, "%.200s: %s%s", path, strerrordesc_np(error),
                 error == EACCES ? " (reading the history needs membership in the group of the directory)"
                                 : "");
        return -error;
    }
    int error = try_open(path, "?mode=ro", file, ret, text, sizeof text);
    if (error < 0 && error != -EUCLEAN && error != -EPROTONOSUPPORT && error != -ENOENT && has_no_wal(path))
        error = try_open(path, "?mode=ro&immutable=1", file, ret, text, sizeof text);
    if (error < 0 && !has_no_wal(path) && lacks_shm(path)) {
        snprintf(
            message, cap,
            "%.200s: its write-ahead log (-wal) can only be read where a file can be made beside it: copy "
            "the files to a directory that you may write to",
            path);
        return -EROFS;
    }
    if (error < 0)
        snprintf(message, cap, "%.200s: %s", path, text);
    return error;
}

int history_open(const char *dir, struct history_reader **ret, char *ret_message, size_t cap)
{
    char state_text[512] = "", history_text[512] = "";
    struct history_reader *reader = calloc(1, sizeof *reader);
    if (!reader || chain_init() < 0) {
        snprintf(ret_message, cap, "no memory");
        free(reader);
        return -ENOMEM;
    }
    reader->state_error = reader_open_file(dir, SCHEMA_STATE, &reader->state, state_text, sizeof state_text);
    reader->history_error =
        reader_open_file(dir, SCHEMA_HISTORY, &reader->history, history_text, sizeof history_text);
    reader->history_version = reader->history_error > 0 ? reader->history_error : 0;
    snprintf(ret_message, cap, "%s", reader->state_error < 0 ? state_text : history_text);
    if (reader->state_error < 0 && reader->history_error < 0) {
        int error = reader->state_error;
        history_close(reader);
        return error;
    }
    *ret = reader;
    return 0;
}

void history_close(struct history_reader *reader)
{
    if (!reader)
        return;
    for (size_t i = 0; i < reader->n_points; i++)
        free(reader->points[i].asset);
    free(reader->points);
    for (size_t i = 0; i < reader->n_calibrations; i++)
        free((char *)(uintptr_t)reader->calibrations[i].row.asset);
    free(reader->calibrations);
    sqlite3_close(reader->state);
    sqlite3_close(reader->history);
    free(reader);
}
