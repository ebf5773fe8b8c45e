/* schema.c - see schema.h. */
#include "schema.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Never change a step that was released: add one. */
static const char *const state_steps[] = {
    /* 1 */
    "CREATE TABLE event(seq INTEGER PRIMARY KEY, utc_us INTEGER NOT NULL, boot_us INTEGER NOT NULL,"
    " boot_id TEXT NOT NULL, kind TEXT NOT NULL, asset TEXT NOT NULL, alarm TEXT NOT NULL, body TEXT NOT "
    "NULL,"
    " previous BLOB NOT NULL, hash BLOB NOT NULL) STRICT;"
    "CREATE INDEX event_utc ON event(utc_us);"
    /* INSERT OR REPLACE would delete without firing a delete trigger; so order is guarded too. */
    "CREATE TRIGGER event_insert BEFORE INSERT ON event WHEN NEW.seq <= (SELECT max(seq) FROM event)"
    " BEGIN SELECT RAISE(ABORT, 'events are only ever appended'); END;"
    "CREATE TRIGGER event_update BEFORE UPDATE ON event"
    " BEGIN SELECT RAISE(ABORT, 'events are never changed'); END;"
    "CREATE TRIGGER event_delete BEFORE DELETE ON event"
    " BEGIN SELECT RAISE(ABORT, 'events are never deleted'); END;"
    "CREATE TABLE alarm(asset TEXT NOT NULL, alarm TEXT NOT NULL, state INTEGER NOT NULL,"
    " raised_utc_us INTEGER NOT NULL, who TEXT NOT NULL, acked_utc_us INTEGER NOT NULL, seq INTEGER NOT NULL,"
    " PRIMARY KEY(asset, alarm)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE outbox(seq INTEGER PRIMARY KEY) STRICT;"
    "CREATE TABLE run(id INTEGER PRIMARY KEY, boot_id TEXT NOT NULL, started_utc_us INTEGER NOT NULL,"
    " stopped_utc_us INTEGER) STRICT;"
    "CREATE TABLE configuration(sha256 BLOB PRIMARY KEY, utc_us INTEGER NOT NULL, source TEXT NOT NULL) "
    "STRICT;"
    "CREATE TRIGGER configuration_update BEFORE UPDATE ON configuration"
    " BEGIN SELECT RAISE(ABORT, 'configurations are never changed'); END;"
    "CREATE TRIGGER configuration_delete BEFORE DELETE ON configuration"
    " BEGIN SELECT RAISE(ABORT, 'configurations are never deleted'); END;",
    /* 2 */
    "CREATE TABLE head(id INTEGER PRIMARY KEY CHECK(id = 1), text TEXT NOT NULL) STRICT;"
    /* Few among very many; the last one is wanted at each start. */
    "CREATE INDEX event_review ON event(seq) WHERE kind = 'review';",
    /* 3 */
    /* base: the alarm's state as if nothing held it; -1: written by version 2, it is what the state says. */
    "ALTER TABLE alarm ADD COLUMN base INTEGER NOT NULL DEFAULT -1;"
    "ALTER TABLE alarm ADD COLUMN latched INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE alarm ADD COLUMN acked_boot_us INTEGER;"
    "ALTER TABLE alarm ADD COLUMN acked_measure INTEGER;"
    /* What has ever held an alarm; kind: enum hold. until_utc_us 0: it does not now. */
    "CREATE TABLE hold(asset TEXT NOT NULL, alarm TEXT NOT NULL, kind INTEGER NOT NULL, held INTEGER NOT "
    "NULL,"
    " until_utc_us INTEGER NOT NULL, until_boot_us INTEGER, one_shot INTEGER NOT NULL, count INTEGER NOT "
    "NULL,"
    " since_utc_us INTEGER NOT NULL, who TEXT NOT NULL, note TEXT NOT NULL, work_order TEXT NOT NULL,"
    " PRIMARY KEY(asset, alarm, kind)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE bypass(device TEXT PRIMARY KEY, until_utc_us INTEGER NOT NULL, count INTEGER NOT NULL,"
    " since_utc_us INTEGER NOT NULL, who TEXT NOT NULL, note TEXT NOT NULL, work_order TEXT NOT NULL,"
    " seq INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    /* The configuration whose limits are explained: changes are compared with it. */
    "CREATE TABLE baseline(id INTEGER PRIMARY KEY CHECK(id = 1), sha256 BLOB NOT NULL) STRICT;"
    /* Few among very many; the last ones are wanted at each start. */
    "CREATE INDEX event_reading ON event(seq) WHERE kind = 'reading';"
    "CREATE INDEX event_notify ON event(seq) WHERE kind IN ('notify-off', 'notify-on');"
    "CREATE INDEX event_drill ON event(seq) WHERE kind = 'alarm' AND asset = 'system' AND alarm = 'drill';",
    /* 4 */
    /* As these: the last runs of freezers, and what was said of vessels. */
    "CREATE INDEX event_run ON event(seq) WHERE kind IN ('run', 'vessel');",
};

static const char *const history_steps[] = {
    /* 1 */
    "CREATE TABLE point(id INTEGER PRIMARY KEY, asset TEXT NOT NULL, point TEXT NOT NULL, unit TEXT NOT NULL,"
    " decimals INTEGER NOT NULL, UNIQUE(asset, point, unit, decimals)) STRICT;"
    "CREATE TABLE frame(id INTEGER PRIMARY KEY, first_utc_us INTEGER NOT NULL, last_utc_us INTEGER NOT NULL,"
    " count INTEGER NOT NULL, body BLOB NOT NULL, hash BLOB NOT NULL) STRICT;"
    "CREATE INDEX frame_time ON frame(last_utc_us, first_utc_us);",
    /* 2 */
    /* Frames are few now (an hour's), and an index would be half of what a commit writes. */
    "DROP INDEX frame_time;"
    "CREATE TABLE calibration(id INTEGER PRIMARY KEY, asset TEXT NOT NULL, point TEXT NOT NULL, unit TEXT "
    "NOT NULL,"
    " utc_us INTEGER NOT NULL, from_utc_us INTEGER NOT NULL, text TEXT NOT NULL, certificate TEXT NOT NULL,"
    " date TEXT NOT NULL, due TEXT NOT NULL, reference TEXT NOT NULL,"
    " UNIQUE(asset, point, unit, from_utc_us, text, certificate, date, due, reference)) STRICT;"
    "CREATE TRIGGER calibration_update BEFORE UPDATE ON calibration"
    " BEGIN SELECT RAISE(ABORT, 'calibrations are never changed'); END;"
    "CREATE TRIGGER calibration_delete BEFORE DELETE ON calibration"
    " BEGIN SELECT RAISE(ABORT, 'calibrations are never deleted'); END;"
    "CREATE TABLE signer(id INTEGER PRIMARY KEY, utc_us INTEGER NOT NULL, public_key BLOB NOT NULL UNIQUE) "
    "STRICT;"
    "CREATE TABLE seal(id INTEGER PRIMARY KEY, kind INTEGER NOT NULL, utc_us INTEGER NOT NULL,"
    " first_utc_us INTEGER NOT NULL, last_utc_us INTEGER NOT NULL, count INTEGER NOT NULL,"
    " from_id INTEGER NOT NULL, to_id INTEGER NOT NULL, frames_head BLOB NOT NULL, content BLOB NOT NULL,"
    " entries BLOB, entries_hash BLOB NOT NULL, event_seq INTEGER NOT NULL, event_hash BLOB NOT NULL,"
    " previous BLOB NOT NULL, hash BLOB NOT NULL, signer INTEGER NOT NULL, signature BLOB NOT NULL) STRICT;"
    /* The segments that have chunks: what a query by time looks through. */
    "CREATE INDEX seal_live ON seal(first_utc_us, last_utc_us) WHERE entries IS NOT NULL;"
    "CREATE TABLE chunk(id INTEGER PRIMARY KEY, count INTEGER NOT NULL, \"values\" INTEGER NOT NULL,"
    " minimum INTEGER, maximum INTEGER, sum INTEGER, first INTEGER, last INTEGER, worst INTEGER NOT NULL,"
    " hours BLOB NOT NULL, body BLOB NOT NULL) STRICT;"
    /* Frames that did not fit their hash when they were to be folded: kept as they are, for those who look.
     */
    "CREATE TABLE damaged(id INTEGER PRIMARY KEY, first_utc_us INTEGER NOT NULL, last_utc_us INTEGER NOT "
    "NULL,"
    " count INTEGER NOT NULL, body BLOB NOT NULL, hash BLOB NOT NULL) STRICT;",
};

static const struct {
    const char *name;
    int application_id; /* "cryS", "cryH" */
    const char *const *steps;
    int n_steps;
} files[] = {
    [SCHEMA_STATE] = {"state.db", 0x63727953, state_steps, sizeof state_steps / sizeof *state_steps},
    [SCHEMA_HISTORY] = {"history.db", 0x63727948, history_steps,
                        sizeof history_steps / sizeof *history_steps},
};

const char *schema_name(enum schema_file file)
{
    return files[file].name;
}

int schema_version(enum schema_file file)
{
    return files[file].n_steps;
}

/* The errno behind the last I/O error. SQLite notes it per connection when a statement fails, but not when a
 * commit does: then the file knows it, the log first. */
static int system_error(sqlite3 *db)
{
    int error = sqlite3_system_errno(db);
    sqlite3_file *log = NULL;
    if (error == 0 && sqlite3_file_control(db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log) == SQLITE_OK &&
        log && log->pMethods)
        (void)log->pMethods->xFileControl(log, SQLITE_FCNTL_LAST_ERRNO, &error);
    if (error == 0)
        (void)sqlite3_file_control(db, "main", SQLITE_FCNTL_LAST_ERRNO, &error);
    return error;
}

int schema_errno(sqlite3 *db, int result)
{
    switch (result & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        return 0;
    case SQLITE_NOMEM:
        return -ENOMEM;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return -EBUSY;
    case SQLITE_FULL:
        return -ENOSPC;
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
        return -EUCLEAN;
    case SQLITE_READONLY:
        return -EROFS;
    case SQLITE_PERM:
        return -EACCES;
    case SQLITE_CANTOPEN:
    case SQLITE_IOERR: {
        int error = db ? system_error(db) : 0;
        return error > 0 ? -error : -EIO;
    }
    default:
        return -EIO;
    }
}

void schema_error_text(sqlite3 *db, char *text, size_t cap)
{
    int result = sqlite3_extended_errcode(db);
    bool from_system = (result & 0xff) == SQLITE_IOERR || (result & 0xff) == SQLITE_CANTOPEN;
    int error = from_system ? system_error(db) : 0;
    if (error > 0)
        snprintf(text, cap, "%s: %s", sqlite3_errmsg(db), strerrordesc_np(error));
    else
        snprintf(text, cap, "%s", sqlite3_errmsg(db));
}

/* Keeps the connection's error for the caller. */
static int failed(sqlite3 *db, int result, char *message, size_t cap)
{
    schema_error_text(db, message, cap);
    return schema_errno(db, result);
}

int schema_number(sqlite3 *db, const char *sql, int64_t *ret)
{
    sqlite3_stmt *stmt = NULL;
    int result = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);
    if (result == SQLITE_OK)
        result = sqlite3_step(stmt);
    if (result == SQLITE_ROW)
        *ret = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    return result == SQLITE_ROW ? SQLITE_OK : result;
}

static int check(sqlite3 *db, enum schema_file file, int newest, char *message, size_t cap)
{
    int64_t application_id = 0, version = 0, tables = 0;
    int result = schema_number(db, "PRAGMA application_id", &application_id);
    if (result == SQLITE_OK)
        result = schema_number(db, "PRAGMA user_version", &version);
    if (result == SQLITE_OK)
        result = schema_number(db, "SELECT count(*) FROM sqlite_schema", &tables);
    if (result != SQLITE_OK)
        return failed(db, result, message, cap);
    if (application_id == 0 && version == 0 && tables == 0) {
        snprintf(message, cap, "still empty");
        return -ENODATA;
    }
    if (application_id != files[file].application_id || version <= 0) {
        snprintf(message, cap, "an SQLite file, but not cryomon's %s: it was not touched", files[file].name);
        return -EUCLEAN;
    }
    if (version > newest) {
        snprintf(message, cap,
                 "written by a newer cryomon (file version %lld, this program knows %d): not touched",
                 (long long)version, newest);
        return -EPROTONOSUPPORT;
    }
    return (int)version;
}

int schema_check(sqlite3 *db, enum schema_file file, char *message, size_t cap)
{
    return check(db, file, files[file].n_steps, message, cap);
}

int schema_run_steps(sqlite3 *db, enum schema_file file, const char *const *steps, int n_steps, char *message,
                     size_t cap)
{
    int result = sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
    if (result != SQLITE_OK)
        return failed(db, result, message, cap);
    /* Checked inside the transaction: what is true here stays true. */
    int version = check(db, file, n_steps, message, cap);
    if (version < 0 && version != -ENODATA) {
        sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
        return version;
    }
    for (int i = version > 0 ? version : 0; i < n_steps && result == SQLITE_OK; i++)
        result = sqlite3_exec(db, steps[i], NULL, NULL, NULL);
    char sql[96];
    snprintf(sql, sizeof sql, "PRAGMA application_id=%d; PRAGMA user_version=%d", files[file].application_id,
             n_steps);
    if (result == SQLITE_OK && version != n_steps)
        result = sqlite3_exec(db, sql, NULL, NULL, NULL);
    if (result == SQLITE_OK)
        result = sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
    if (result == SQLITE_OK)
        return 0;
    int error = failed(db, result, message, cap);
    sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    return error;
}

int schema_migrate(sqlite3 *db, enum schema_file file, char *message, size_t cap)
{
    return schema_run_steps(db, file, files[file].steps, files[file].n_steps, message, cap);
}
