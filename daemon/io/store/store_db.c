/* store_db.c - the two SQLite connections that write. See store_internal.h. */
#include "store_internal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define BUSY_MS 2000 /* only somebody with the sqlite3 shell can make us wait */

void store_db_init(struct store_db *db, enum schema_file file, enum system_fault fault, const char *dir)
{
    *db = (struct store_db){.file = file, .fault = fault};
    snprintf(db->path, sizeof db->path, "%s/%s", dir, schema_name(file));
}

void store_db_close(struct store_db *db)
{
    sqlite3_close(db->db);
    db->db = NULL;
}

static int explain(const struct store_db *db, sqlite3 *handle, int result, char *detail, size_t cap)
{
    char text[160];
    schema_error_text(handle, text, sizeof text);
    snprintf(detail, cap, "%s: %s", db->path, text);
    return schema_errno(handle, result);
}

/* The settings that a connection needs, after the file has proven to be ours (switching to WAL writes). */
static int configure(struct store_db *db, sqlite3 *handle, char *detail, size_t cap)
{
    int persist = 1;
    sqlite3_stmt *stmt = NULL;
    if (db->file == SCHEMA_HISTORY) /* counts for a new file only */
        (void)sqlite3_exec(handle, SCHEMA_SET_PAGE, NULL, NULL, NULL);
    int result = sqlite3_prepare_v2(handle, "PRAGMA journal_mode=WAL", -1, &stmt, NULL);
    if (result == SQLITE_OK)
        result = sqlite3_step(stmt);
    const unsigned char *mode = result == SQLITE_ROW ? sqlite3_column_text(stmt, 0) : NULL;
    bool is_wal = mode && strcmp((const char *)mode, "wal") == 0;
    sqlite3_finalize(stmt);
    if (result == SQLITE_ROW && !is_wal) {
        snprintf(detail, cap, "%s: can't keep a write-ahead log here", db->path);
        return -EIO;
    }
    if (result == SQLITE_ROW)
        result = sqlite3_exec(handle,
                              "PRAGMA synchronous=FULL; PRAGMA journal_size_limit=4194304;"
                              " PRAGMA wal_autocheckpoint=256; PRAGMA cell_size_check=ON;"
                              " PRAGMA trusted_schema=OFF; PRAGMA secure_delete=OFF",
                              NULL, NULL, NULL);
    /* So that those who may only read can, also when no daemon runs. */
    if (result == SQLITE_OK)
        result = sqlite3_file_control(handle, "main", SQLITE_FCNTL_PERSIST_WAL, &persist);
    return result == SQLITE_OK ? 0 : explain(db, handle, result, detail, cap);
}

static int check(struct store_db *db, sqlite3 *handle, char *detail, size_t cap)
{
    char text[160];
    int error = schema_check(handle, db->file, text, sizeof text);
    if (error < 0 && error != -ENODATA) {
        snprintf(detail, cap, "%s: %s", db->path, text);
        return error;
    }
    if (sqlite3_db_readonly(handle, "main") == 1) {
        snprintf(detail, cap, "%s: can't be written, only read", db->path);
        return -EROFS;
    }
    error = configure(db, handle, detail, cap);
    if (error < 0)
        return error;
    error = schema_migrate(handle, db->file, text, sizeof text);
    if (error < 0)
        snprintf(detail, cap, "%s: %s", db->path, text);
    return error;
}

static int open_handle(struct store_db *db, sqlite3 **ret, char *detail, size_t cap)
{
    sqlite3 *handle = NULL;
    int result = sqlite3_open_v2(db->path, &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    if (!handle) {
        snprintf(detail, cap, "%s: no memory", db->path);
        return -ENOMEM;
    }
    sqlite3_extended_result_codes(handle, 1);
    sqlite3_busy_timeout(handle, BUSY_MS);
    /* Until the file has proven to be ours, closing must not write to it. */
    sqlite3_db_config(handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    int error = result == SQLITE_OK ? 0 : explain(db, handle, result, detail, cap);
    if (error == 0)
        error = check(db, handle, detail, cap);
    if (error < 0) {
        sqlite3_close(handle);
        return error;
    }
    sqlite3_db_config(handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
    *ret = handle;
    return 0;
}

int store_db_open(struct store *store, struct store_db *db, char *detail, size_t cap)
{
    heartbeat_busy(store->heartbeats, store->heartbeat, STORE_WRITE_MS);
    int error = store_files_prepare(&store->files, detail, cap);
    if (error == 0)
        error = store_files_create(&store->files, db->path, detail, cap);
    if (error == 0)
        error = open_handle(db, &db->db, detail, cap);
    if (error == -ENOSPC && store_files_release_ballast(&store->files))
        error = open_handle(db, &db->db, detail, cap);
    heartbeat_beat(store->heartbeats, store->heartbeat);
    if (error < 0)
        db->retry_boot_us = clock_boot_us() + STORE_REOPEN_US;
    return error;
}

int store_db_prepare(struct store_db *db, const char *const *sql, sqlite3_stmt **stmts, size_t n)
{
    for (size_t i = 0; i < n; i++)
        stmts[i] = NULL;
    for (size_t i = 0; i < n; i++) {
        int result = sqlite3_prepare_v3(db->db, sql[i], -1, SQLITE_PREPARE_PERSISTENT, &stmts[i], NULL);
        if (result != SQLITE_OK) {
            store_db_finalize(stmts, n);
            return result;
        }
    }
    return SQLITE_OK;
}

void store_db_finalize(sqlite3_stmt **stmts, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        sqlite3_finalize(stmts[i]);
        stmts[i] = NULL;
    }
}

int store_db_run(sqlite3_stmt *stmt)
{
    int result = sqlite3_step(stmt);
    sqlite3_reset(stmt);
    return result == SQLITE_DONE ? SQLITE_OK : result;
}

bool store_db_is_full(struct store_db *db, int result)
{
    int error = schema_errno(db->db, result);
    return error == -ENOSPC || error == -EDQUOT || error == -EFBIG;
}

bool store_db_failed(struct store_db *db, int result, char *detail, size_t cap)
{
    explain(db, db->db, result, detail, cap);
    int primary = result & 0xff;
    bool usable = primary == SQLITE_FULL || primary == SQLITE_BUSY || primary == SQLITE_LOCKED ||
                  primary == SQLITE_NOMEM || store_db_is_full(db, result);
    if (!sqlite3_get_autocommit(db->db))
        sqlite3_exec(db->db, "ROLLBACK", NULL, NULL, NULL);
    db->retry_boot_us = clock_boot_us() + STORE_RETRY_US;
    return usable;
}

bool store_db_has_moved(struct store_db *db)
{
    int moved = 0;
    return db->db && sqlite3_file_control(db->db, "main", SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK &&
           moved;
}
