/* readings.c - the table "readings". See tables.h. */
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "pieces.h"
#include "source.h"
#include "tables.h"

enum column {
    COLUMN_POINT,
    COLUMN_TIME,
    COLUMN_VALUE,
    COLUMN_UNIT,
    COLUMN_QUALITY,
    COLUMN_REASON,
    COLUMN_RAW,
    COLUMN_DIR, /* hidden, and so an argument: readings('/copy') */
    COLUMN_ASSET,
    COLUMN_TIME_MS,
    COLUMN_SLOT,
    COLUMN_EXACT,
    COLUMN_AS_READ,
    COLUMN_CALIBRATION,
};
static const char declaration[] =
    "CREATE TABLE readings(point TEXT, time TEXT, value REAL, unit TEXT, quality TEXT, reason TEXT, raw "
    "INTEGER,"
    " dir TEXT HIDDEN, asset TEXT HIDDEN, time_ms INTEGER HIDDEN, slot TEXT HIDDEN, exact TEXT HIDDEN,"
    " as_read REAL HIDDEN, calibration INTEGER HIDDEN)";
static const struct query_columns columns = {.point = COLUMN_POINT,
                                             .time = COLUMN_TIME,
                                             .time_ms = COLUMN_TIME_MS,
                                             .asset = COLUMN_ASSET,
                                             .dir = COLUMN_DIR};

#define ROWS_MANY (1 << 18)

struct row {
    struct reading reading;
    int64_t slot_us, taken_us, calibration;
    micro_t calibrated;
    const char *unit;
    unsigned decimals;
};

struct cursor {
    sqlite3_vtab_cursor base;
    struct source source;
    struct query query;
    struct pieces pieces;
    size_t point; /* of source.points: whose rows these are */
    struct row *rows;
    size_t n, cap, at;
    bool full, no_memory;
    bool may_stop; /* too many rows: stop, and read a shorter piece */
    sqlite3_int64 rowid;
};

static struct cursor *from(sqlite3_vtab_cursor *base)
{
    return (struct cursor *)base;
}

/* ---------------------------------------------------------------- a piece */

static bool grow(struct cursor *cursor)
{
    size_t cap = cursor->cap > 0 ? 2 * cursor->cap : 1024;
    struct row *rows = realloc(cursor->rows, cap * sizeof *rows);
    if (rows == NULL)
        return false;
    cursor->rows = rows;
    cursor->cap = cap;
    return true;
}

static bool add_row(void *context, const struct history_row *row)
{
    struct cursor *cursor = context;
    if (cursor->n >= ROWS_MANY && !cursor->full)
        cursor->full = true;
    if (cursor->full && cursor->may_stop)
        return false;
    if (cursor->n == cursor->cap && !grow(cursor)) {
        cursor->no_memory = true;
        return false;
    }
    cursor->rows[cursor->n++] = (struct row){.reading = row->reading,
                                             .slot_us = row->slot_utc_us,
                                             .taken_us = row->taken_utc_us,
                                             .calibration = row->calibration,
                                             .calibrated = row->calibrated,
                                             .unit = row->unit,
                                             .decimals = row->decimals};
    return true;
}

static int read_piece(struct cursor *cursor, const struct piece *piece, char **ret_error)
{
    const struct source_point *point = &cursor->source.points[piece->point];
    cursor->n = cursor->at = 0;
    cursor->full = cursor->no_memory = false;
    cursor->point = piece->point;
    int64_t n = history_each(cursor->source.reader, point->asset, point->point, piece->from_us, piece->to_us,
                             add_row, cursor);
    if (cursor->no_memory)
        return SQLITE_NOMEM;
    return n < 0 ? source_failed(n, ret_error) : SQLITE_OK;
}

/* Reads the next piece that has rows. At the end there are none. */
static int read_on(struct cursor *cursor, struct source_settings *settings, char **ret_error)
{
    struct piece piece;
    int result = SQLITE_OK;
    cursor->n = cursor->at = 0;
    cursor->may_stop = true;
    while (result == SQLITE_OK && cursor->n == 0 && pieces_next(&cursor->pieces, &piece)) {
        result = read_piece(cursor, &piece, ret_error);
        if (result == SQLITE_OK)
            result = source_check_damage(&cursor->source, settings, ret_error);
        if (cursor->full && cursor->may_stop) {
            cursor->may_stop = pieces_shorten(&cursor->pieces, &piece);
            cursor->n = 0;
        } else {
            pieces_had(&cursor->pieces, cursor->n);
        }
    }
    return result;
}

/* ---------------------------------------------------------------- the cursor */

static int open_cursor(sqlite3_vtab *table, sqlite3_vtab_cursor **ret)
{
    (void)table;
    struct cursor *cursor = calloc(1, sizeof *cursor);
    if (cursor == NULL)
        return SQLITE_NOMEM;
    *ret = &cursor->base;
    return SQLITE_OK;
}

static int close_cursor(sqlite3_vtab_cursor *base)
{
    struct cursor *cursor = from(base);
    query_free(&cursor->query);
    source_close(&cursor->source);
    free(cursor->rows);
    free(cursor);
    return SQLITE_OK;
}

static int filter(sqlite3_vtab_cursor *base, int number, const char *wishes, int n, sqlite3_value **values)
{
    (void)number;
    struct cursor *cursor = from(base);
    struct source_settings *settings = tables_settings(base->pVtab);
    char *error = NULL;
    query_free(&cursor->query);
    cursor->n = cursor->at = 0;
    cursor->rowid = 0;
    int result = query_read(wishes, n, values, &cursor->query, &error);
    if (result == SQLITE_OK)
        result = source_open(&cursor->source, settings, &cursor->query, &error);
    if (result == SQLITE_OK) {
        pieces_begin(&cursor->pieces, &cursor->source, &cursor->query);
        result = read_on(cursor, settings, &error);
    }
    tables_set_error(base->pVtab, error);
    return result;
}

static int next(sqlite3_vtab_cursor *base)
{
    struct cursor *cursor = from(base);
    char *error = NULL;
    cursor->rowid++;
    if (++cursor->at < cursor->n)
        return SQLITE_OK;
    int result = read_on(cursor, tables_settings(base->pVtab), &error);
    tables_set_error(base->pVtab, error);
    return result;
}

static int at_end(sqlite3_vtab_cursor *base)
{
    const struct cursor *cursor = from(base);
    return cursor->at >= cursor->n;
}

static int get_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *ret)
{
    *ret = from(base)->rowid;
    return SQLITE_OK;
}

/* ---------------------------------------------------------------- columns */

static void give_exact(sqlite3_context *context, const struct row *row)
{
    char text[MICRO_TEXT_MAX];
    micro_t step = 1;
    for (unsigned i = row->decimals; i < 6; i++)
        step *= 10;
    /* All digits, also where the value is finer than the point's resolution. */
    micro_print(text, sizeof text, row->calibrated, row->calibrated % step == 0 ? row->decimals : 6);
    sqlite3_result_text(context, text, -1, SQLITE_TRANSIENT);
}

static void give_number(sqlite3_context *context, const struct row *row, enum column column)
{
    if (row->reading.quality == QUALITY_BAD)
        return; /* NULL */
    if (column == COLUMN_EXACT)
        give_exact(context, row);
    else
        sqlite3_result_double(context,
                              tables_real(column == COLUMN_VALUE ? row->calibrated : row->reading.value));
}

static void give_word(sqlite3_context *context, const struct row *row, enum column column)
{
    if (column == COLUMN_UNIT)
        sqlite3_result_text(context, row->unit, -1, SQLITE_TRANSIENT);
    else if (column == COLUMN_QUALITY)
        sqlite3_result_text(context, quality_name(row->reading.quality), -1, SQLITE_STATIC);
    else if (row->reading.reason != REASON_NONE)
        sqlite3_result_text(context, reason_name(row->reading.reason), -1, SQLITE_STATIC);
}

static int get_column(sqlite3_vtab_cursor *base, sqlite3_context *context, int column)
{
    const struct cursor *cursor = from(base);
    const struct row *row = &cursor->rows[cursor->at];
    const struct source_point *point = &cursor->source.points[cursor->point];
    switch ((enum column)column) {
    case COLUMN_POINT:
        tables_give_point(context, point->asset, point->point);
        break;
    case COLUMN_ASSET:
        sqlite3_result_text(context, point->asset, -1, SQLITE_TRANSIENT);
        break;
    case COLUMN_TIME:
        tables_give_time(context, row->taken_us);
        break;
    case COLUMN_SLOT:
        tables_give_time(context, row->slot_us);
        break;
    case COLUMN_TIME_MS:
        sqlite3_result_int64(context, row->taken_us / MS_US);
        break;
    case COLUMN_VALUE:
    case COLUMN_EXACT:
    case COLUMN_AS_READ:
        give_number(context, row, (enum column)column);
        break;
    case COLUMN_UNIT:
    case COLUMN_QUALITY:
    case COLUMN_REASON:
        give_word(context, row, (enum column)column);
        break;
    case COLUMN_RAW:
        if (!reason_is_no_data(row->reading.reason))
            sqlite3_result_int64(context, row->reading.raw);
        break;
    case COLUMN_CALIBRATION:
        if (row->calibration != 0)
            sqlite3_result_int64(context, row->calibration);
        break;
    case COLUMN_DIR:
        sqlite3_result_text(context, cursor->source.dir, -1, SQLITE_TRANSIENT);
        break;
    }
    return SQLITE_OK;
}

static int best_index(sqlite3_vtab *table, sqlite3_index_info *info)
{
    (void)table;
    return query_choose(&columns, info);
}

static int connect(sqlite3 *db, void *settings, int argc, const char *const *argv, sqlite3_vtab **ret,
                   char **error)
{
    (void)argc;
    (void)argv;
    (void)error;
    return tables_connect(db, settings, declaration, ret);
}

const sqlite3_module readings_module = {
    .xConnect = connect, /* no xCreate: the table is always there, and can't be made */
    .xBestIndex = best_index,
    .xDisconnect = tables_disconnect,
    .xOpen = open_cursor,
    .xClose = close_cursor,
    .xFilter = filter,
    .xNext = next,
    .xEof = at_end,
    .xColumn = get_column,
    .xRowid = get_rowid,
};
