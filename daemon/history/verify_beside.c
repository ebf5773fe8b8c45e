/* verify_beside.c - what is kept beside the events: is it what the events say? */
#include "verify_internal.h"

#include <errno.h>
#include <jansson.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "alarm.h"
#include "clock.h"

/* Calls row() for each row of a small table whose key is no number. */
static void each_plain(struct verify *verify, sqlite3 *db, const char *file, const char *table,
                       const char *sql, verify_row_fn *row)
{
    sqlite3_stmt *stmt = NULL;
    int result = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);
    while (result == SQLITE_OK || result == SQLITE_ROW) {
        result = sqlite3_step(stmt);
        if (result == SQLITE_ROW)
            row(verify, stmt, NULL);
    }
    if (result != SQLITE_DONE)
        verify_tell(verify, (struct verify_finding){.kind = VERIFY_UNREADABLE,
                                                    .file = file,
                                                    .table = table,
                                                    .detail = sqlite3_errmsg(db)});
    sqlite3_finalize(stmt);
}

/* The body of an event, malloc'd; NULL: none. */
static json_t *body_of(struct verify *verify, int64_t seq)
{
    sqlite3_stmt *stmt = NULL;
    json_t *body = NULL;
    if (sqlite3_prepare_v2(verify->state, "SELECT body FROM event WHERE seq = ?1", -1, &stmt, NULL) ==
        SQLITE_OK) {
        sqlite3_bind_int64(stmt, 1, seq);
        if (sqlite3_step(stmt) == SQLITE_ROW && sqlite3_column_text(stmt, 0))
            body = json_loads((const char *)sqlite3_column_text(stmt, 0), 0, NULL);
    }
    sqlite3_finalize(stmt);
    return body;
}

static const char *string_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

/* ---------------------------------------------------------------- alarms */

/* A body tells times to the millisecond; the event of that moment has them exactly. */
static bool is_moment(struct verify *verify, int64_t utc_us, const char *text)
{
    int64_t ms_us = 0, seq;
    if (text[0] == '\0')
        return utc_us == 0;
    if (clock_parse_utc(text, &ms_us) < 0 || utc_us < ms_us || utc_us >= ms_us + MS_US)
        return false;
    return verify_query(verify->state, "SELECT seq FROM event WHERE utc_us = ?1 LIMIT 1", utc_us, 0, &seq) ||
           !verify_query(verify->state, "SELECT seq FROM event WHERE utc_us >= ?1 AND utc_us < ?2 LIMIT 1",
                         ms_us, ms_us + MS_US, &seq);
}

static const char *compare_alarm(struct verify *verify, const json_t *body, int64_t state, int64_t raised,
                                 const char *who, int64_t acked)
{
    bool removed = strcmp(string_of(body, "transition"), "removed") == 0;
    if (state < 0 || state > INT32_MAX ||
        strcmp(alarm_state_name((enum alarm_state)state), string_of(body, "state")) != 0)
        return "state";
    if (removed)
        return raised == 0 && acked == 0 && who[0] == '\0' ? NULL : "times of an alarm that was removed";
    if (!is_moment(verify, raised, string_of(body, "raised")))
        return "raised";
    if (!is_moment(verify, acked, string_of(body, "acknowledged")))
        return "acknowledged";
    /* "by" is who has done what the event tells. Older records name who has acknowledged only there when it
     * was the same one. */
    const char *by = string_of(body, "acknowledged_by");
    if (by[0] == '\0' && string_of(body, "acknowledged")[0] != '\0')
        by = string_of(body, "by");
    return strcmp(who, by) == 0 ? NULL : "who";
}

static int64_t take_alarm_note(struct verify *verify, const char *asset, const char *alarm)
{
    sqlite3_stmt *stmt = NULL;
    int64_t seq = 0;
    if (sqlite3_prepare_v2(verify->notes, "DELETE FROM alarm WHERE asset = ?1 AND alarm = ?2 RETURNING seq",
                           -1, &stmt, NULL) == SQLITE_OK) {
        sqlite3_bind_text(stmt, 1, asset, -1, SQLITE_STATIC);
        sqlite3_bind_text(stmt, 2, alarm, -1, SQLITE_STATIC);
        if (sqlite3_step(stmt) == SQLITE_ROW)
            seq = sqlite3_column_int64(stmt, 0);
        while (sqlite3_step(stmt) == SQLITE_ROW)
            continue;
    }
    sqlite3_finalize(stmt);
    return seq;
}

static void check_alarm(struct verify *verify, sqlite3_stmt *stmt, void *context)
{
    struct verify_row row = {stmt, true};
    (void)context;
    const char *asset = verify_text(&row, 0), *alarm = verify_text(&row, 1), *who = verify_text(&row, 4);
    int64_t state = verify_integer(&row, 2), raised = verify_integer(&row, 3),
            acked = verify_integer(&row, 5), seq = verify_integer(&row, 6);
    const char *detail = NULL;
    int64_t last = take_alarm_note(verify, asset, alarm);
    verify->result->alarms++;
    json_t *body = last > 0 ? body_of(verify, last) : NULL;
    if (!row.sound)
        detail = "a column of the wrong type";
    else if (last == 0)
        detail = "no event tells of this alarm";
    else if (last != seq)
        detail = "seq: not that of its last event";
    else if (body)
        detail = compare_alarm(verify, body, state, raised, who, acked);
    if (!detail && body)
        detail = verify_holds(verify, asset, alarm, body);
    json_decref(body);
    if (detail)
        verify_tell(verify, (struct verify_finding){.kind = VERIFY_ALARM,
                                                    .file = "state.db",
                                                    .table = "alarm",
                                                    .number = last > 0 ? last : seq,
                                                    .asset = asset,
                                                    .point = alarm,
                                                    .detail = detail});
}

static void tell_missing_alarm(struct verify *verify, sqlite3_stmt *stmt, void *context)
{
    (void)context;
    verify_tell(verify, (struct verify_finding){.kind = VERIFY_ALARM,
                                                .file = "state.db",
                                                .table = "alarm",
                                                .number = sqlite3_column_int64(stmt, 2),
                                                .asset = (const char *)sqlite3_column_text(stmt, 0),
                                                .point = (const char *)sqlite3_column_text(stmt, 1),
                                                .detail = "the alarm's row is missing"});
}

/* ---------------------------------------------------------------- configurations */

static void check_configuration(struct verify *verify, sqlite3_stmt *stmt, void *context)
{
    struct verify_row row = {stmt, true};
    unsigned char key[32], hash[32];
    char hex[65];
    (void)context;
    verify_bytes(&row, 1, key, sizeof key);
    int64_t utc_us = verify_integer(&row, 2);
    const void *source = sqlite3_column_blob(stmt, 3);
    int len = sqlite3_column_bytes(stmt, 3);
    row.sound = row.sound && sqlite3_column_type(stmt, 3) == SQLITE_TEXT;
    crypto_hash_sha256(hash, source ? source : (const void *)"", (unsigned long long)len);
    sodium_bin2hex(hex, sizeof hex, key, sizeof key);
    verify->result->configurations++;
    struct verify_finding finding = {
        .file = "state.db", .table = "configuration", .utc_us = utc_us, .detail = hex};
    if (!row.sound || memcmp(key, hash, sizeof key) != 0) {
        finding.kind = VERIFY_CONFIGURATION_ALTERED;
        verify_tell(verify, finding);
        return;
    }
    sqlite3_stmt *note = NULL;
    if (sqlite3_prepare_v2(verify->notes, "DELETE FROM configuration WHERE sha256 = ?1", -1, &note, NULL) ==
        SQLITE_OK) {
        sqlite3_bind_text(note, 1, hex, -1, SQLITE_STATIC);
        (void)sqlite3_step(note);
    }
    sqlite3_finalize(note);
    if (sqlite3_changes(verify->notes) > 0)
        return;
    finding.kind = VERIFY_CONFIGURATION_UNKNOWN;
    verify_tell(verify, finding);
}

static void tell_missing_configuration(struct verify *verify, sqlite3_stmt *stmt, void *context)
{
    (void)context;
    verify_tell(verify, (struct verify_finding){.kind = VERIFY_CONFIGURATION_MISSING,
                                                .file = "state.db",
                                                .table = "configuration",
                                                .number = sqlite3_column_int64(stmt, 1),
                                                .utc_us = sqlite3_column_int64(stmt, 2),
                                                .detail = (const char *)sqlite3_column_text(stmt, 0)});
}

/* ---------------------------------------------------------------- outbox, runs */

static void check_outbox(struct verify *verify, sqlite3_stmt *stmt, void *context)
{
    (void)context;
    verify_tell(verify, (struct verify_finding){.kind = VERIFY_OUTBOX,
                                                .file = "state.db",
                                                .table = "outbox",
                                                .number = sqlite3_column_int64(stmt, 0)});
}

static void check_run(struct verify *verify, sqlite3_stmt *stmt, void *context)
{
    struct verify_row row = {stmt, true};
    (void)context;
    int64_t id = verify_integer(&row, 0), started = verify_integer(&row, 2), found = 0;
    const char *boot_id = verify_text(&row, 1);
    sqlite3_stmt *note = NULL;
    if (sqlite3_prepare_v2(verify->notes, "SELECT 1 FROM boot WHERE boot_id = ?1", -1, &note, NULL) ==
        SQLITE_OK) {
        sqlite3_bind_text(note, 1, boot_id, -1, SQLITE_STATIC);
        found = sqlite3_step(note) == SQLITE_ROW;
    }
    sqlite3_finalize(note);
    if (!found || !row.sound)
        verify_tell(
            verify,
            (struct verify_finding){
                .kind = VERIFY_RUN, .file = "state.db", .table = "run", .number = id, .utc_us = started});
}

/* ---------------------------------------------------------------- calibrations */

static const char *compare_calibration(sqlite3_stmt *stmt, const json_t *body)
{
    static const char *const texts[] = {NULL,   "asset",       "point", "unit", NULL,       NULL,
                                        "text", "certificate", "date",  "due",  "reference"};
    struct verify_row row = {stmt, true};
    int64_t recorded = verify_integer(&row, 4), from = verify_integer(&row, 5);
    for (int i = 0; i < (int)(sizeof texts / sizeof *texts); i++)
        if (texts[i] && strcmp(verify_text(&row, i), string_of(body, texts[i])) != 0)
            return texts[i];
    if (!row.sound)
        return "a column of the wrong type";
    const json_t *utc_us = json_object_get(body, "utc_us"),
                 *from_utc_us = json_object_get(body, "from_utc_us");
    if (!json_is_integer(utc_us) || json_integer_value(utc_us) != recorded)
        return "utc_us";
    return json_is_integer(from_utc_us) && json_integer_value(from_utc_us) == from ? NULL : "from_utc_us";
}

static void check_calibration(struct verify *verify, sqlite3_stmt *stmt, void *context)
{
    (void)context;
    struct verify_finding finding = {.file = "history.db",
                                     .table = "calibration",
                                     .number = sqlite3_column_int64(stmt, 0),
                                     .utc_us = sqlite3_column_int64(stmt, 4),
                                     .asset = (const char *)sqlite3_column_text(stmt, 1),
                                     .point = (const char *)sqlite3_column_text(stmt, 2)};
    sqlite3_stmt *note = NULL;
    json_t *body = NULL;
    verify->result->calibrations++;
    if (sqlite3_prepare_v2(verify->notes, "UPDATE calibration SET seen = 1 WHERE id = ?1 RETURNING body", -1,
                           &note, NULL) == SQLITE_OK) {
        sqlite3_bind_int64(note, 1, finding.number);
        if (sqlite3_step(note) == SQLITE_ROW)
            body = json_loads((const char *)sqlite3_column_text(note, 0), 0, NULL);
    }
    finding.kind = body ? VERIFY_CALIBRATION_ALTERED : VERIFY_CALIBRATION_UNKNOWN;
    finding.detail = body ? compare_calibration(stmt, body) : NULL;
    if (!body || finding.detail)
        verify_tell(verify, finding);
    json_decref(body);
    if (note)
        while (sqlite3_step(note) == SQLITE_ROW)
            continue;
    sqlite3_finalize(note);
}

static void tell_missing_calibration(struct verify *verify, sqlite3_stmt *stmt, void *context)
{
    (void)context;
    verify_tell(verify, (struct verify_finding){.kind = VERIFY_CALIBRATION_MISSING,
                                                .file = "history.db",
                                                .table = "calibration",
                                                .number = sqlite3_column_int64(stmt, 0),
                                                .previous = sqlite3_column_int64(stmt, 1),
                                                .utc_us = sqlite3_column_int64(stmt, 2)});
}

/* ---------------------------------------------------------------- all of it */

int verify_beside(struct verify *verify)
{
    int error = 0;
    if (verify->state) {
        each_plain(verify, verify->state, "state.db", "alarm",
                   "SELECT asset, alarm, state, raised_utc_us, who, acked_utc_us, seq FROM alarm",
                   check_alarm);
        each_plain(verify, verify->notes, "", "", "SELECT asset, alarm, seq FROM alarm", tell_missing_alarm);
        error = verify_each(verify, verify->state, "state.db", "configuration",
                            "SELECT rowid, sha256, utc_us, source FROM configuration WHERE rowid > ?1"
                            " ORDER BY rowid",
                            check_configuration, NULL);
        each_plain(verify, verify->notes, "", "", "SELECT sha256, seq, utc_us FROM configuration",
                   tell_missing_configuration);
        each_plain(verify, verify->state, "state.db", "outbox",
                   "SELECT seq FROM outbox WHERE seq NOT IN (SELECT seq FROM event)", check_outbox);
        if (error == 0)
            error = verify_each(verify, verify->state, "state.db", "run",
                                "SELECT id, boot_id, started_utc_us FROM run WHERE id > ?1 ORDER BY id",
                                check_run, NULL);
    }
    if (error == 0 && verify->history && verify->state && verify->result->history_version >= 2) {
        error =
            verify_each(verify, verify->history, "history.db", "calibration",
                        "SELECT id, asset, point, unit, utc_us, from_utc_us, text, certificate, date, due,"
                        " reference FROM calibration WHERE id > ?1 ORDER BY id",
                        check_calibration, NULL);
        each_plain(verify, verify->notes, "", "", "SELECT id, seq, utc_us FROM calibration WHERE seen = 0",
                   tell_missing_calibration);
    }
    return error;
}
