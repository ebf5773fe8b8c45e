/* store_calibrations.c - calibrations as rows of history.db, and word to the core of those that no event
 * tells of. See store_internal.h. */
#include "store_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NEAR_US (3600 * SECOND_US) /* the event follows its row within a moment */

static const char find_sql[] = "SELECT id FROM calibration WHERE asset = ?1 AND point = ?2 AND unit = ?3 AND "
                               "from_utc_us = ?4 AND text = ?5"
                               " AND certificate = ?6 AND date = ?7 AND due = ?8 AND reference = ?9";
static const char add_sql[] = "INSERT INTO calibration(asset, point, unit, from_utc_us, text, certificate, "
                              "date, due, reference, utc_us)"
                              " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) RETURNING id";
static const char rows_sql[] =
    "SELECT id, utc_us, from_utc_us, asset, point, unit, text, certificate, date, due, reference"
    " FROM calibration WHERE id > ?1 ORDER BY id";
static const char event_sql[] = "SELECT 1 FROM event WHERE utc_us BETWEEN ?1 AND ?2 AND kind = 'calibration'"
                                " AND instr(body, ?3) > 0 LIMIT 1";

/* ---------------------------------------------------------------- ids */

/* SQLITE_ROW with the id, SQLITE_DONE, or an error. */
static int run(sqlite3 *db, const char *sql, const struct config *config, uint32_t index, int64_t *ret_id)
{
    const struct calibration_config *c = &config->calibrations[index];
    const struct point_config *point = &config->points[c->point];
    char text[CALIBRATION_TEXT_MAX];
    sqlite3_stmt *stmt = NULL;
    int result = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);
    if (result != SQLITE_OK)
        return result;
    (void)calibration_print(text, sizeof text, &c->calibration);
    const char *const texts[] = {config->assets[point->asset].id,
                                 point->id,
                                 point->unit,
                                 NULL,
                                 text,
                                 c->certificate,
                                 c->date,
                                 c->due,
                                 c->reference};
    for (int i = 0; i < (int)(sizeof texts / sizeof *texts); i++)
        if (texts[i])
            sqlite3_bind_text(stmt, i + 1, texts[i], -1, SQLITE_STATIC);
    sqlite3_bind_int64(stmt, 4, c->from_utc_us);
    if (sqlite3_bind_parameter_count(stmt) >= 10)
        sqlite3_bind_int64(stmt, 10, clock_now().utc_us);
    result = sqlite3_step(stmt);
    if (result == SQLITE_ROW) {
        *ret_id = sqlite3_column_int64(stmt, 0);
        result = sqlite3_step(stmt); /* to the end, so that an INSERT is complete */
        result = result == SQLITE_DONE ? SQLITE_ROW : result;
    }
    sqlite3_finalize(stmt);
    return result;
}

int store_calibrations_id(struct store_history *history, struct store_series *series, uint32_t *calibration)
{
    if (*calibration == 0)
        return SQLITE_OK;
    uint32_t *known = &series->calibration_ids[*calibration - 1];
    if (*known == 0) {
        int64_t id = 0;
        int result = run(history->db.db, find_sql, series->config, *calibration - 1, &id);
        if (result == SQLITE_DONE) {
            result = run(history->db.db, add_sql, series->config, *calibration - 1, &id);
            history->calibrations_due = true;
        }
        if (result != SQLITE_ROW)
            return result == SQLITE_DONE ? SQLITE_ERROR : result;
        if (id <= 0 || id > UINT32_MAX)
            return SQLITE_CORRUPT;
        *known = (uint32_t)id;
    }
    *calibration = *known;
    return SQLITE_OK;
}

/* ---------------------------------------------------------------- telling */

static void take_text(sqlite3_stmt *stmt, int column, char *ret, size_t cap)
{
    const char *text = (const char *)sqlite3_column_text(stmt, column);
    snprintf(ret, cap, "%s", text ? text : "");
}

static struct calibration_row *take_row(sqlite3_stmt *stmt)
{
    struct calibration_row *row = calloc(1, sizeof *row);
    if (!row)
        return NULL;
    row->id = sqlite3_column_int64(stmt, 0);
    row->utc_us = sqlite3_column_int64(stmt, 1);
    row->from_utc_us = sqlite3_column_int64(stmt, 2);
    take_text(stmt, 3, row->asset, sizeof row->asset);
    take_text(stmt, 4, row->point, sizeof row->point);
    take_text(stmt, 5, row->unit, sizeof row->unit);
    take_text(stmt, 6, row->text, sizeof row->text);
    take_text(stmt, 7, row->certificate, sizeof row->certificate);
    take_text(stmt, 8, row->date, sizeof row->date);
    take_text(stmt, 9, row->due, sizeof row->due);
    take_text(stmt, 10, row->reference, sizeof row->reference);
    return row;
}

/* Is there an event that tells of it? When in doubt, no: to tell of it twice does no harm. */
static bool is_told(sqlite3 *state, const struct calibration_row *row)
{
    char member[48];
    sqlite3_stmt *stmt = NULL;
    if (sqlite3_prepare_v2(state, event_sql, -1, &stmt, NULL) != SQLITE_OK)
        return false;
    snprintf(member, sizeof member, "\"calibration\":%lld,", (long long)row->id);
    sqlite3_bind_int64(stmt, 1, row->utc_us - NEAR_US);
    sqlite3_bind_int64(stmt, 2, row->utc_us + NEAR_US);
    sqlite3_bind_text(stmt, 3, member, -1, SQLITE_STATIC);
    bool told = sqlite3_step(stmt) == SQLITE_ROW;
    sqlite3_finalize(stmt);
    return told;
}

/* Tells of one row, if that is needed. False: not now. */
static bool tell(struct store *store, sqlite3_stmt *stmt)
{
    struct core_message message = {.kind = CORE_CALIBRATION, .generation = store->config->generation};
    message.calibration = take_row(stmt);
    if (!message.calibration)
        return false;
    if (is_told(store->state.db.db, message.calibration)) {
        free(message.calibration);
        return true;
    }
    if (mailbox_try(store->core, MAILBOX_RESERVED, &message) < 0) {
        free(message.calibration);
        return false;
    }
    return true;
}

void store_calibrations_tell(struct store *store)
{
    struct store_history *history = &store->history;
    sqlite3_stmt *stmt = NULL;
    if (!history->calibrations_due || !history->db.db || !store->state.db.db || !store->state.opened_once)
        return;
    if (sqlite3_prepare_v2(history->db.db, rows_sql, -1, &stmt, NULL) != SQLITE_OK)
        return;
    sqlite3_bind_int64(stmt, 1, history->calibration_told);
    int result = sqlite3_step(stmt);
    while (result == SQLITE_ROW && tell(store, stmt)) {
        history->calibration_told = sqlite3_column_int64(stmt, 0);
        result = sqlite3_step(stmt);
    }
    history->calibrations_due = result != SQLITE_DONE;
    sqlite3_finalize(stmt);
}
