/* book.c - the file, transactions, the inbox, facts and events. */
#include "book.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "book_internal.h"

#define APPLICATION_ID 0x43724e31 /* "CrN1" */

static const char schema[] =
    "CREATE TABLE inbox(id INTEGER PRIMARY KEY AUTOINCREMENT, utc_us INTEGER NOT NULL, topic TEXT NOT NULL,"
    " body TEXT NOT NULL, retained INTEGER NOT NULL) STRICT;"
    "CREATE TABLE alarm(key TEXT PRIMARY KEY, occurrence TEXT NOT NULL, grp TEXT NOT NULL, priority INTEGER "
    "NOT NULL,"
    " state INTEGER NOT NULL, active INTEGER NOT NULL, life_safety INTEGER NOT NULL, drill INTEGER NOT NULL,"
    " local INTEGER NOT NULL, acked_by INTEGER NOT NULL, phase INTEGER NOT NULL, level INTEGER NOT NULL,"
    " rounds INTEGER NOT NULL, folded INTEGER NOT NULL, summarised INTEGER NOT NULL, pending INTEGER NOT "
    "NULL,"
    " told INTEGER NOT NULL, repeat_utc_us INTEGER NOT NULL, level_utc_us INTEGER NOT NULL, run TEXT NOT "
    "NULL,"
    " seq INTEGER NOT NULL, body TEXT NOT NULL, calls TEXT NOT NULL DEFAULT '') STRICT;"
    "CREATE TABLE attempt(id INTEGER PRIMARY KEY, utc_us INTEGER NOT NULL, ended_utc_us INTEGER NOT NULL,"
    " occurrence TEXT NOT NULL, person TEXT NOT NULL, channel TEXT NOT NULL, purpose TEXT NOT NULL,"
    " level INTEGER NOT NULL, round INTEGER NOT NULL, outcome TEXT, error TEXT, detail TEXT,"
    " published INTEGER NOT NULL) STRICT;"
    "CREATE INDEX attempt_open ON attempt(published) WHERE published = 0;"
    "CREATE TABLE off(id INTEGER PRIMARY KEY, what TEXT NOT NULL, by TEXT NOT NULL, why TEXT NOT NULL,"
    " from_utc_us INTEGER NOT NULL, until_utc_us INTEGER NOT NULL, ended_utc_us INTEGER, ended_by TEXT) "
    "STRICT;"
    "CREATE TABLE ack(id INTEGER PRIMARY KEY AUTOINCREMENT, utc_us INTEGER NOT NULL, occurrence TEXT NOT "
    "NULL,"
    " person TEXT NOT NULL, note TEXT NOT NULL) STRICT;"
    "CREATE TABLE link(token TEXT PRIMARY KEY, utc_us INTEGER NOT NULL, occurrence TEXT NOT NULL,"
    " person TEXT NOT NULL, peer TEXT NOT NULL) STRICT;"
    "CREATE TABLE fact(name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;"
    "CREATE TABLE event(id INTEGER PRIMARY KEY, utc_us INTEGER NOT NULL, run TEXT NOT NULL, seq INTEGER NOT "
    "NULL,"
    " late INTEGER NOT NULL, body TEXT NOT NULL) STRICT;";

/* From schema 1: how often each person was called. */
static const char upgrade[] = "BEGIN IMMEDIATE; ALTER TABLE alarm ADD COLUMN calls TEXT NOT NULL DEFAULT '';"
                              "PRAGMA user_version=2; COMMIT";

int book_errno(int rc)
{
    switch (rc & 0xff) {
    case SQLITE_OK:
    case SQLITE_DONE:
    case SQLITE_ROW:
        return 0;
    case SQLITE_FULL:
        return -ENOSPC;
    case SQLITE_NOMEM:
        return -ENOMEM;
    case SQLITE_READONLY:
    case SQLITE_PERM:
        return -EROFS;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return -EBADMSG;
    case SQLITE_CONSTRAINT:
        return -EALREADY;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return -EBUSY;
    default:
        return -EIO;
    }
}

static int bind_all(sqlite3_stmt *stmt, const char *types, va_list values)
{
    int rc = SQLITE_OK, n = 0;
    for (; *types != '\0' && rc == SQLITE_OK; types++) {
        if (*types == 'i') {
            rc = sqlite3_bind_int64(stmt, ++n, va_arg(values, int64_t));
        } else if (*types == 't') {
            rc = sqlite3_bind_text(stmt, ++n, va_arg(values, const char *), -1, SQLITE_TRANSIENT);
        } else {
            const char *text = va_arg(values, const char *);
            size_t length = va_arg(values, size_t);
            rc = sqlite3_bind_text(stmt, ++n, text, (int)length, SQLITE_TRANSIENT);
        }
    }
    return rc;
}

static int prepare(struct book *book, sqlite3_stmt **ret, const char *sql, const char *types, va_list values)
{
    sqlite3_stmt *stmt = NULL;
    int rc = sqlite3_prepare_v2(book->db, sql, -1, &stmt, NULL);
    if (rc == SQLITE_OK)
        rc = bind_all(stmt, types, values);
    if (rc != SQLITE_OK) {
        sqlite3_finalize(stmt);
        return book_errno(rc);
    }
    *ret = stmt;
    return 0;
}

int book_prepare(struct book *book, sqlite3_stmt **ret, const char *sql, const char *types, ...)
{
    va_list values;
    va_start(values, types);
    int result = prepare(book, ret, sql, types, values);
    va_end(values);
    return result;
}

int book_run(struct book *book, const char *sql, const char *types, ...)
{
    sqlite3_stmt *stmt = NULL;
    va_list values;
    va_start(values, types);
    int result = prepare(book, &stmt, sql, types, values);
    va_end(values);
    if (result < 0)
        return result;
    int rc;
    while ((rc = sqlite3_step(stmt)) == SQLITE_ROW)
        ;
    sqlite3_finalize(stmt);
    return book_errno(rc);
}

const char *book_text(sqlite3_stmt *stmt, int column)
{
    const unsigned char *text = sqlite3_column_text(stmt, column);
    return text != NULL ? (const char *)text : "";
}

static int exec(struct book *book, const char *sql)
{
    return book_errno(sqlite3_exec(book->db, sql, NULL, NULL, NULL));
}

static int pragma_integer(struct book *book, const char *sql, int64_t *ret)
{
    sqlite3_stmt *stmt = NULL;
    int result = book_prepare(book, &stmt, sql, "");
    if (result < 0)
        return result;
    int rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW)
        *ret = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    return book_errno(rc);
}

static int prepare_file(struct book *book)
{
    int64_t version = 0, tables = 0;
    char sql[96];
    int result = exec(book, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA busy_timeout=3000;"
                            "PRAGMA trusted_schema=OFF");
    if (result == 0)
        result = pragma_integer(book, "PRAGMA user_version", &version);
    if (result == 0)
        result = pragma_integer(book, "SELECT count(*) FROM sqlite_schema", &tables);
    if (result < 0 || (version == BOOK_SCHEMA && tables > 0))
        return result;
    if (version == 1)
        return exec(book, upgrade);
    if (version != 0 || tables != 0)
        return -EPROTO;
    snprintf(sql, sizeof sql, "PRAGMA application_id=%d; PRAGMA user_version=%d", APPLICATION_ID,
             BOOK_SCHEMA);
    result = exec(book, "BEGIN IMMEDIATE");
    if (result == 0)
        result = exec(book, schema);
    if (result == 0)
        result = exec(book, sql);
    if (result == 0)
        result = exec(book, "COMMIT");
    if (result < 0)
        (void)exec(book, "ROLLBACK");
    return result;
}

int book_open(const char *directory, const char *vfs, struct book **ret, char *error, size_t cap)
{
    char path[512];
    struct book *book = calloc(1, sizeof *book);
    if (book == NULL)
        return -ENOMEM;
    (void)pthread_mutex_init(&book->lock, NULL);
    snprintf(path, sizeof path, "%s/notify.db", directory);
    int rc = sqlite3_open_v2(path, &book->db,
                             SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_FULLMUTEX, vfs);
    int result = book_errno(rc);
    if (result == 0)
        result = prepare_file(book);
    if (result == 0) {
        *ret = book;
        return 0;
    }
    snprintf(error, cap, "%s: %s", path,
             result == -EPROTO ? "was made by another version of cryonotify" : sqlite3_errmsg(book->db));
    book_close(book);
    return result;
}

void book_close(struct book *book)
{
    if (book == NULL)
        return;
    (void)sqlite3_close(book->db);
    (void)pthread_mutex_destroy(&book->lock);
    free(book);
}

int book_begin(struct book *book)
{
    pthread_mutex_lock(&book->lock);
    int result = exec(book, "BEGIN IMMEDIATE");
    if (result < 0)
        pthread_mutex_unlock(&book->lock);
    return result;
}

void book_rollback(struct book *book)
{
    if (!sqlite3_get_autocommit(book->db)) /* a full disk may have ended it already */
        (void)exec(book, "ROLLBACK");
    pthread_mutex_unlock(&book->lock);
}

int book_commit(struct book *book)
{
    /* A statement that failed for lack of room has rolled all back. */
    int result = sqlite3_get_autocommit(book->db) ? -EIO : exec(book, "COMMIT");
    if (result < 0) {
        book_rollback(book);
        return result;
    }
    pthread_mutex_unlock(&book->lock);
    return 0;
}

int book_inbox_add(struct book *book, const char *topic, const char *body, size_t length, bool retained,
                   int64_t utc_us, int64_t *ret_id)
{
    pthread_mutex_lock(&book->lock);
    int result = book_run(book, "INSERT INTO inbox(utc_us, topic, body, retained) VALUES(?, ?, ?, ?)", "itbi",
                          utc_us, topic, body, length, (int64_t)retained);
    if (result == 0)
        *ret_id = sqlite3_last_insert_rowid(book->db);
    pthread_mutex_unlock(&book->lock);
    return result;
}

int book_inbox_file(struct book *book, int64_t id)
{
    static const char sql[] = "INSERT INTO event(utc_us, run, seq, late, body) SELECT utc_us, "
                              "ifnull(json_extract(body, '$.run'), ''),"
                              " ifnull(json_extract(body, '$.seq'), 0), ifnull(json_extract(body, "
                              "'$.historical'), 0), body FROM inbox"
                              " WHERE id = ? AND topic LIKE '%/events' AND json_valid(body)";
    int result = book_run(book, sql, "i", id);
    return result == 0 ? book_run(book, "DELETE FROM inbox WHERE id = ?", "i", id) : result;
}

int book_inbox_load(struct book *book, int64_t after, unsigned limit,
                    void (*take)(void *context, const struct book_letter *letter), void *context)
{
    sqlite3_stmt *stmt = NULL;
    int rc, n = 0;
    int result = book_prepare(
        book, &stmt, "SELECT id, utc_us, topic, body, retained FROM inbox WHERE id > ? ORDER BY id LIMIT ?",
        "ii", after, (int64_t)limit);
    if (result < 0)
        return result;
    while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
        struct book_letter letter = {.id = sqlite3_column_int64(stmt, 0),
                                     .utc_us = sqlite3_column_int64(stmt, 1),
                                     .topic = book_text(stmt, 2),
                                     .body = book_text(stmt, 3),
                                     .length = (size_t)sqlite3_column_bytes(stmt, 3),
                                     .retained = sqlite3_column_int(stmt, 4) != 0};
        take(context, &letter);
        n++;
    }
    sqlite3_finalize(stmt);
    return rc == SQLITE_DONE ? n : book_errno(rc);
}

int book_fact_put(struct book *book, const char *name, const char *value)
{
    return book_run(book, "INSERT OR REPLACE INTO fact(name, value) VALUES(?, ?)", "tt", name, value);
}

int book_fact_get(struct book *book, const char *name, char *value, size_t cap)
{
    sqlite3_stmt *stmt = NULL;
    int result = book_prepare(book, &stmt, "SELECT value FROM fact WHERE name = ?", "t", name);
    if (result < 0)
        return result;
    int rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW)
        snprintf(value, cap, "%s", book_text(stmt, 0));
    sqlite3_finalize(stmt);
    return rc == SQLITE_DONE ? -ENOENT : book_errno(rc);
}

int book_tidy(struct book *book, int64_t now_utc_us)
{
    int64_t old_us = now_utc_us - BOOK_KEEP_DAYS * INT64_C(86400000000);
    int result = book_run(book, "DELETE FROM event WHERE id <= (SELECT max(id) FROM event) - ?", "i",
                          (int64_t)BOOK_EVENTS_KEPT);
    if (result == 0)
        result = book_run(book, "DELETE FROM attempt WHERE utc_us < ?", "i", old_us);
    if (result == 0)
        result = book_run(book, "DELETE FROM link WHERE utc_us < ?", "i", old_us);
    return result;
}
