/* verify_structure.c - do the tables and indexes fit themselves, and are they as cryomon makes them? */
#include "verify_internal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "schema.h"

/* A file as a whole (its free pages too), then each index with its table. */
static const struct {
    enum schema_file file;
    const char *table, *pragma;
    int since;
    bool large;
} checks[] = {
    {SCHEMA_STATE, "", "PRAGMA quick_check", 1, true},
    {SCHEMA_STATE, "event", "PRAGMA integrity_check(event)", 1, false},
    {SCHEMA_STATE, "configuration", "PRAGMA integrity_check(configuration)", 1, false},
    {SCHEMA_HISTORY, "", "PRAGMA quick_check", 1, true},
    {SCHEMA_HISTORY, "point", "PRAGMA integrity_check(point)", 1, false},
    {SCHEMA_HISTORY, "calibration", "PRAGMA integrity_check(calibration)", 2, false},
    {SCHEMA_HISTORY, "signer", "PRAGMA integrity_check(signer)", 2, false},
    {SCHEMA_HISTORY, "seal", "PRAGMA integrity_check(seal)", 2, false},
};

static int check_table(struct verify *verify, sqlite3 *db, size_t i)
{
    sqlite3_stmt *stmt = NULL;
    int result = sqlite3_prepare_v2(db, checks[i].pragma, -1, &stmt, NULL);
    while (result == SQLITE_OK || result == SQLITE_ROW) {
        result = sqlite3_step(stmt);
        const char *text = result == SQLITE_ROW ? (const char *)sqlite3_column_text(stmt, 0) : NULL;
        if (text && strcmp(text, "ok") != 0)
            verify_tell(verify, (struct verify_finding){.kind = VERIFY_STRUCTURE,
                                                        .file = schema_name(checks[i].file),
                                                        .table = checks[i].table,
                                                        .detail = text});
    }
    if (result != SQLITE_DONE)
        verify_tell(verify, (struct verify_finding){.kind = VERIFY_STRUCTURE,
                                                    .file = schema_name(checks[i].file),
                                                    .table = checks[i].table,
                                                    .detail = sqlite3_errmsg(db)});
    sqlite3_finalize(stmt);
    return (result & 0xff) == SQLITE_NOMEM ? -ENOMEM : 0;
}

/* ---------------------------------------------------------------- definitions */

#define DEFINITIONS                                                                                          \
    "SELECT name, type || ' ' || coalesce(tbl_name, '') || ' ' || coalesce(sql, '') FROM sqlite_schema"      \
    " WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name"

/* Both lists are in order of name: walked side by side. */
static void compare(struct verify *verify, const char *file, sqlite3_stmt *is, sqlite3_stmt *should)
{
    int a = sqlite3_step(is), b = sqlite3_step(should);
    while (a == SQLITE_ROW || b == SQLITE_ROW) {
        const char *is_name = a == SQLITE_ROW ? (const char *)sqlite3_column_text(is, 0) : NULL;
        const char *should_name = b == SQLITE_ROW ? (const char *)sqlite3_column_text(should, 0) : NULL;
        int order = !is_name ? 1 : !should_name ? -1 : strcmp(is_name, should_name);
        const char *is_text = is_name ? (const char *)sqlite3_column_text(is, 1) : NULL;
        const char *should_text = should_name ? (const char *)sqlite3_column_text(should, 1) : NULL;
        if (order != 0 || !is_text || !should_text || strcmp(is_text, should_text) != 0)
            verify_tell(verify, (struct verify_finding){.kind = VERIFY_SCHEMA,
                                                        .file = file,
                                                        .table = order > 0 ? should_name : is_name,
                                                        .detail = order > 0   ? "missing"
                                                                  : order < 0 ? "not cryomon's"
                                                                              : "changed"});
        if (order <= 0)
            a = sqlite3_step(is);
        if (order >= 0)
            b = sqlite3_step(should);
    }
}

/* Only of files of this version: what older ones looked like is not known here. */
static int check_definitions(struct verify *verify, sqlite3 *db, enum schema_file file)
{
    char message[256];
    sqlite3 *fresh = NULL;
    sqlite3_stmt *is = NULL, *should = NULL;
    int error = -ENOMEM;
    if (sqlite3_open_v2(":memory:", &fresh, SQLITE_OPEN_READWRITE | SQLITE_OPEN_MEMORY, NULL) == SQLITE_OK &&
        schema_migrate(fresh, file, message, sizeof message) == 0 &&
        sqlite3_prepare_v2(fresh, DEFINITIONS, -1, &should, NULL) == SQLITE_OK) {
        error = 0;
        if (sqlite3_prepare_v2(db, DEFINITIONS, -1, &is, NULL) == SQLITE_OK)
            compare(verify, schema_name(file), is, should);
        else
            verify_tell(verify, (struct verify_finding){.kind = VERIFY_SCHEMA,
                                                        .file = schema_name(file),
                                                        .detail = sqlite3_errmsg(db)});
    }
    sqlite3_finalize(is);
    sqlite3_finalize(should);
    sqlite3_close(fresh);
    return error;
}

int verify_structure(struct verify *verify)
{
    int error = 0;
    if (verify->state && verify->result->state_version == schema_version(SCHEMA_STATE))
        error = check_definitions(verify, verify->state, SCHEMA_STATE);
    if (error == 0 && verify->history && verify->result->history_version == schema_version(SCHEMA_HISTORY))
        error = check_definitions(verify, verify->history, SCHEMA_HISTORY);
    for (size_t i = 0; i < sizeof checks / sizeof *checks && error == 0 && !verify->stopped; i++) {
        bool state = checks[i].file == SCHEMA_STATE;
        sqlite3 *db = state ? verify->state : verify->history;
        int version = state ? verify->result->state_version : verify->result->history_version;
        if (db && version >= checks[i].since && !(checks[i].large && verify->options->quick))
            error = check_table(verify, db, i);
        (void)verify_progress(verify, 0, 0);
    }
    return error;
}
