/* tamper_rows.c - bits and rows. See tamper.h. */
#include "tamper.h"

#include <stdio.h>
#include <string.h>

#include "seal.h"
#include "test.h"

/* ---------------------------------------------------------------- tables and columns of the record */

const struct tamper_table tamper_tables[TAMPER_TABLES] = {
    {SCHEMA_STATE,
     "event",
     "seq",
     {"seq", "utc_us", "boot_us", "boot_id", "kind", "asset", "alarm", "body", "previous", "hash"}},
    {SCHEMA_STATE,
     "alarm",
     "seq",
     {"asset", "alarm", "state", "raised_utc_us", "who", "acked_utc_us", "seq"}},
    {SCHEMA_STATE, "configuration", "rowid", {"sha256", "source"}},
    {SCHEMA_STATE, "head", "id", {"text"}},
    {SCHEMA_HISTORY, "point", "id", {"id", "asset", "point", "unit", "decimals"}},
    {SCHEMA_HISTORY,
     "calibration",
     "id",
     {"id", "asset", "point", "unit", "utc_us", "from_utc_us", "text", "certificate", "date", "due",
      "reference"}},
    {SCHEMA_HISTORY, "frame", "id", {"id", "first_utc_us", "last_utc_us", "count", "body", "hash"}},
    {SCHEMA_HISTORY,
     "chunk",
     "id",
     {"id", "count", "\"values\"", "minimum", "maximum", "sum", "first", "last", "worst", "hours", "body"}},
    {SCHEMA_HISTORY, "chunk", "id", {"body", "hours"}},
    {SCHEMA_HISTORY,
     "seal",
     "id",
     {"id", "kind", "utc_us", "first_utc_us", "last_utc_us", "count", "from_id", "to_id", "frames_head",
      "content", "entries", "entries_hash", "event_seq", "event_hash", "previous", "hash", "signer",
      "signature"}},
    {SCHEMA_HISTORY, "signer", "id", {"id", "utc_us", "public_key"}},
};

static int64_t pick_row(sqlite3 *db, const struct tamper_table *table)
{
    int64_t n = tamper_number(db, "SELECT count(*) FROM %s", table->name);
    return n == 0 ? 0
                  : tamper_number(db, "SELECT %s FROM %s ORDER BY %s LIMIT 1 OFFSET %u", table->key,
                                  table->name, table->key, tamper_below((uint64_t)n));
}

static void expect_row(sqlite3 *db, const struct tamper_table *table, int64_t row, struct expectation *e)
{
    e->table = table->name;
    e->number = row;
    if (strcmp(table->name, "point") == 0 || strcmp(table->name, "signer") == 0 ||
        strcmp(table->name, "configuration") == 0 || strcmp(table->name, "head") == 0) {
        /* Seen at what refers to them, or without a number of their own. */
        e->number = 0;
        if (table->name[0] != 'c' && table->name[0] != 'h')
            e->table = NULL;
    }
    if (strcmp(table->name, "chunk") != 0)
        return;
    e->number = row >> SEAL_POINT_BITS;
    sqlite3_stmt *stmt = NULL;
    assert_int_equal(sqlite3_prepare_v2(db, "SELECT asset, point FROM point WHERE id = ?1", -1, &stmt, NULL),
                     SQLITE_OK);
    sqlite3_bind_int64(stmt, 1, row & SEAL_POINT_MAX);
    if (sqlite3_step(stmt) == SQLITE_ROW) {
        snprintf(e->asset, sizeof e->asset, "%s", sqlite3_column_text(stmt, 0));
        snprintf(e->point, sizeof e->point, "%s", sqlite3_column_text(stmt, 1));
    }
    sqlite3_finalize(stmt);
}

/* ---------------------------------------------------------------- the ways: each false when it changed
 * nothing */

static bool flip_value(sqlite3 *db, const struct tamper_table *table, int64_t row, const char *column,
                       char *what)
{
    char *sql = sqlite3_mprintf("SELECT %s FROM %s WHERE %s = %lld", column, table->name, table->key, row);
    char *update =
        sqlite3_mprintf("UPDATE %s SET %s = ?1 WHERE %s = %lld", table->name, column, table->key, row);
    sqlite3_stmt *stmt = NULL, *put = NULL;
    unsigned char copy[65536];
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, update, -1, &put, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    int type = sqlite3_column_type(stmt, 0), len = sqlite3_column_bytes(stmt, 0);
    unsigned bit = tamper_below(type == SQLITE_INTEGER || len == 0 ? 63 : (uint64_t)len * 8);
    if (type == SQLITE_INTEGER) {
        sqlite3_bind_int64(put, 1, sqlite3_column_int64(stmt, 0) ^ INT64_C(1) << bit);
    } else if (type == SQLITE_NULL) {
        if (strcmp(column, "entries") == 0)
            sqlite3_bind_blob(put, 1, "", 0, SQLITE_STATIC);
        else
            sqlite3_bind_int64(put, 1, 0);
    } else {
        assert_true((size_t)len < sizeof copy);
        memcpy(copy, sqlite3_column_blob(stmt, 0) ? sqlite3_column_blob(stmt, 0) : (const void *)"",
               (size_t)len);
        copy[len] = 'x';
        if (len == 0)
            len = 1; /* an empty text becomes one that is not */
        else
            copy[bit / 8] ^= (unsigned char)(1U << bit % 8);
        if (type == SQLITE_TEXT)
            sqlite3_bind_text(put, 1, (const char *)copy, len, SQLITE_STATIC);
        else
            sqlite3_bind_blob(put, 1, copy, len, SQLITE_STATIC);
    }
    int result = sqlite3_step(put);
    snprintf(what, 160, "bit %u of %s.%s where %s = %lld", bit, table->name, column, table->key,
             (long long)row);
    sqlite3_finalize(stmt);
    sqlite3_finalize(put);
    sqlite3_free(sql);
    sqlite3_free(update);
    return result == SQLITE_DONE;
}

bool tamper_flip_column(struct expectation *e)
{
    const struct tamper_table *table = &tamper_tables[tamper_below(TAMPER_TABLES)];
    sqlite3 *db = tamper_open(table->file);
    int64_t row = pick_row(db, table);
    unsigned n = 0;
    while (n < 20 && table->columns[n])
        n++;
    bool done = row != 0;
    if (done) {
        expect_row(db, table, row, e);
        done = flip_value(db, table, row, table->columns[tamper_below(n)], e->what);
    }
    sqlite3_close(db);
    return done;
}

bool tamper_flip_in_file(struct expectation *e)
{
    unsigned char now[32];
    int i = (int)tamper_below(2);
    unsigned at = tamper_below(tamper.newer.len[i]), bit = tamper_below(8);
    tamper.newer.bytes[i][at] ^= (unsigned char)(1U << bit);
    tamper_store(&tamper.newer, i);
    tamper.newer.bytes[i][at] ^= (unsigned char)(1U << bit);
    snprintf(e->what, sizeof e->what, "bit %u of byte %u of %s", bit, at, schema_name((enum schema_file)i));
    tamper_dump(tamper.work, now);
    if (memcmp(now, tamper.clean_dump, sizeof now) != 0)
        return true;
    tamper.free_flips++;
    return false;
}

bool tamper_remove_row(struct expectation *e)
{
    const struct tamper_table *table = &tamper_tables[tamper_below(TAMPER_TABLES)];
    sqlite3 *db = tamper_open(table->file);
    int64_t row = pick_row(db, table);
    if (row != 0) {
        expect_row(db, table, row, e);
        snprintf(e->what, sizeof e->what, "row %lld of %s removed", (long long)row, table->name);
        fixture_sql(db, "DELETE FROM %s WHERE %s = %lld", table->name, table->key, (long long)row);
        /* The row behind it tells; the last one is missed by the head. */
        if (strcmp(table->name, "event") == 0 || strcmp(table->name, "frame") == 0 ||
            strcmp(table->name, "seal") == 0)
            e->number = 0;
    }
    sqlite3_close(db);
    return row != 0;
}

/* All columns but the key. */
bool tamper_swap_rows(struct expectation *e)
{
    const struct tamper_table *table = &tamper_tables[tamper_below(TAMPER_TABLES)];
    sqlite3 *db = tamper_open(table->file);
    int64_t a = pick_row(db, table), b = pick_row(db, table);
    bool done = a != 0 && b != 0 && a != b && strcmp(table->name, "alarm") != 0 &&
                strcmp(table->name, "configuration") != 0;
    if (done) {
        char columns[512] = "";
        for (int i = 0; i < 20 && table->columns[i]; i++)
            snprintf(columns + strlen(columns), sizeof columns - strlen(columns), "%s%s", i > 0 ? ", " : "",
                     table->columns[i]);
        expect_row(db, table, a, e);
        snprintf(e->what, sizeof e->what, "rows %lld and %lld of %s exchanged", (long long)a, (long long)b,
                 table->name);
        fixture_sql(db, "CREATE TEMP TABLE two AS SELECT %s AS k, %s FROM %s WHERE %s IN (%lld, %lld)",
                    table->key, columns, table->name, table->key, (long long)a, (long long)b);
        for (int side = 0; side < 2; side++) {
            int64_t to = side == 0 ? a : b, from = side == 0 ? b : a;
            for (int i = 0; i < 20 && table->columns[i]; i++)
                if (strcmp(table->columns[i], table->key) != 0) {
                    char *update = sqlite3_mprintf(
                        "UPDATE OR IGNORE %s SET %s = (SELECT %s FROM two WHERE k = %lld)"
                        " WHERE %s = %lld",
                        table->name, table->columns[i], table->columns[i], from, table->key, to);
                    sqlite3_exec(db, update, NULL, NULL, NULL);
                    sqlite3_free(update);
                }
        }
        unsigned char now[32];
        sqlite3_close(db);
        db = NULL;
        tamper_dump(tamper.work, now);
        done = memcmp(now, tamper.clean_dump, sizeof now) != 0;
    }
    sqlite3_close(db);
    return done;
}

/* A copy of a row under another key: behind the last one, or in a hole made for it. */
bool tamper_insert_row(struct expectation *e)
{
    const struct tamper_table *table = &tamper_tables[tamper_below(TAMPER_TABLES)];
    char columns[512] = "";
    sqlite3 *db = tamper_open(table->file);
    int64_t row = pick_row(db, table);
    bool has_key = false;
    for (int i = 0; i < 20 && table->columns[i]; i++) {
        bool is_key = strcmp(table->columns[i], table->key) == 0;
        has_key = has_key || is_key;
        if (!is_key)
            snprintf(columns + strlen(columns), sizeof columns - strlen(columns), "%s%s",
                     columns[0] != '\0' ? ", " : "", table->columns[i]);
    }
    bool done = row != 0 && has_key && table->columns[4] != NULL && strcmp(table->name, "alarm") != 0 &&
                strcmp(table->name, "point") != 0 && strcmp(table->name, "calibration") != 0;
    if (done) {
        int64_t last = tamper_number(db, "SELECT max(%s) FROM %s", table->key, table->name);
        int64_t key = last + 1 + (tamper_below(2) == 0 ? 0 : (int64_t)tamper_below(1000));
        e->table = table->name;
        snprintf(e->what, sizeof e->what, "row %lld of %s put in again as %lld", (long long)row, table->name,
                 (long long)key);
        fixture_sql(db, "INSERT INTO %s(%s, %s) SELECT %lld, %s FROM %s WHERE %s = %lld", table->name,
                    table->key, columns, (long long)key, columns, table->name, table->key, (long long)row);
    }
    sqlite3_close(db);
    return done;
}
