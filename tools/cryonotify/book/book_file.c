/* book_file.c - the file and its tables. Runs on the writer's thread only. */
#include <errno.h>
#include <stdio.h>

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
    " person TEXT NOT NULL, note TEXT NOT NULL, token TEXT NOT NULL DEFAULT '',"
    " peer TEXT NOT NULL DEFAULT '') STRICT;"
    "CREATE TABLE link(token TEXT PRIMARY KEY, utc_us INTEGER NOT NULL, occurrence TEXT NOT NULL,"
    " person TEXT NOT NULL, peer TEXT NOT NULL) STRICT;"
    "CREATE TABLE fact(name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;"
    "CREATE TABLE event(id INTEGER PRIMARY KEY, utc_us INTEGER NOT NULL, run TEXT NOT NULL, seq INTEGER NOT "
    "NULL,"
    " late INTEGER NOT NULL, body TEXT NOT NULL, again INTEGER NOT NULL DEFAULT 0) STRICT;"
    "CREATE UNIQUE INDEX event_once ON event(run, seq) WHERE seq > 0 AND again = 0;";

/* From schema 1: how often each person was called. From 2: the link that asked for an acknowledgement. From
 * 3: an event stands once; those that stand twice stay, and are marked (again). */
static const char upgrade_1[] = "ALTER TABLE alarm ADD COLUMN calls TEXT NOT NULL DEFAULT ''";
static const char upgrade_2[] = "ALTER TABLE ack ADD COLUMN token TEXT NOT NULL DEFAULT '';"
                                "ALTER TABLE ack ADD COLUMN peer TEXT NOT NULL DEFAULT '';"
                                "PRAGMA user_version=3";
static const char upgrade_3[] =
    "ALTER TABLE event ADD COLUMN again INTEGER NOT NULL DEFAULT 0;"
    "UPDATE event SET again = 1 WHERE seq > 0 AND id NOT IN (SELECT min(id) FROM event GROUP BY run, seq);"
    "CREATE UNIQUE INDEX event_once ON event(run, seq) WHERE seq > 0 AND again = 0;"
    "PRAGMA user_version=4";

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

static int exec(struct book *book, const char *sql)
{
    return book_errno(sqlite3_exec(book->db, sql, NULL, NULL, NULL));
}

static int read_integer(struct book *book, const char *sql, int64_t *ret)
{
    sqlite3_stmt *stmt = NULL;
    int rc = sqlite3_prepare_v2(book->db, sql, -1, &stmt, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW)
        *ret = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    return book_errno(rc);
}

/* All of it, or nothing. */
static int exec_whole(struct book *book, const char *const *steps, size_t n)
{
    int result = exec(book, "BEGIN IMMEDIATE");
    for (size_t i = 0; i < n && result == 0; i++)
        result = exec(book, steps[i]);
    if (result == 0)
        result = exec(book, "COMMIT");
    if (result < 0)
        (void)exec(book, "ROLLBACK");
    return result;
}

static int prepare_file(struct book *book)
{
    static const char *const upgrades[] = {upgrade_1, upgrade_2, upgrade_3};
    int64_t version = 0, tables = 0;
    char sql[96];
    int result = exec(book, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA busy_timeout=3000;"
                            "PRAGMA trusted_schema=OFF");
    if (result == 0)
        result = read_integer(book, "PRAGMA user_version", &version);
    if (result == 0)
        result = read_integer(book, "SELECT count(*) FROM sqlite_schema", &tables);
    if (result < 0 || (version == BOOK_SCHEMA && tables > 0))
        return result;
    if (version >= 1 && version < BOOK_SCHEMA)
        return exec_whole(book, upgrades + version - 1, (size_t)(BOOK_SCHEMA - version));
    if (version != 0 || tables != 0)
        return -EPROTO;
    snprintf(sql, sizeof sql, "PRAGMA application_id=%d; PRAGMA user_version=%d", APPLICATION_ID,
             BOOK_SCHEMA);
    return exec_whole(book, (const char *const[]){schema, sql}, 2);
}

int book_file_open(struct book *book)
{
    int result = book_errno(sqlite3_open_v2(
        book->path, &book->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, book->vfs));
    if (result == 0)
        result = prepare_file(book);
    if (result == 0)
        result = read_integer(book, "SELECT max(seq) FROM sqlite_sequence WHERE name = 'inbox'",
                              &book->last_letter);
    if (result == 0)
        result =
            read_integer(book, "SELECT max(seq) FROM sqlite_sequence WHERE name = 'ack'", &book->last_ack);
    if (result < 0)
        snprintf(book->error, sizeof book->error, "%.180s: %s", book->path,
                 result == -EPROTO ? "was made by another version of cryonotify"
                                   : (book->db != NULL ? sqlite3_errmsg(book->db) : "no memory"));
    return result;
}
