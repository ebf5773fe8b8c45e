/* readings.c - the table "readings". See tables.h. */
#include <stdlib.h>
#include <string.h>

#include "clock.h"
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
    "CREATE TABLE readings(point TEXT, time TEXT, value REAL, unit TEXT, quality TEXT, reason TEXT, raw INTEGER,"
    " dir TEXT HIDDEN, asset TEXT HIDDEN, time_ms INTEGER HIDDEN, slot TEXT HIDDEN, exact TEXT HIDDEN,"
    " as_read REAL HIDDEN, calibration INTEGER HIDDEN)";
static const struct query_columns columns = {.point = COLUMN_POINT,
                                            .time = COLUMN_TIME,
                                            .time_ms = COLUMN_TIME_MS,
                                            .asset = COLUMN_ASSET,
                                            .dir = COLUMN_DIR};

/* A piece of a point's time is read at once and handed out row by row: as long as gives a fair number of rows,
 * so that neither memory nor the number of searches grows without bound. */
#define HOUR_US     (INT64_C(3600) * SECOND_US)
#define PIECE_MIN   (INT64_C(60) * SECOND_US)
#define PIECE_FIRST (24 * HOUR_US)
#define PIECE_MAX   (366 * 24 * HOUR_US)
#define ROWS_FEW    4096
#define ROWS_MANY   (1 << 18)

struct unit {
    struct unit *next;
    char text[];
};

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
    int64_t first_us, last_us; /* there is nothing outside */
    size_t point;              /* of source.points */
    int64_t next_us;           /* where the point's next piece begins */
    int64_t piece_us;
    struct row *rows;
    size_t n, cap, at;
    bool full, no_memory;
    struct unit *units;
    sqlite3_int64 rowid;
};

static struct cursor *from(sqlite3_vtab_cursor *base)
{
    return (struct cursor *)base;
}

/* ---------------------------------------------------------------- a piece */

static const char *keep_unit(struct cursor *cursor, const char *text)
{
    for (const struct unit *unit = cursor->units; unit != NULL; unit = unit->next)
        if (strcmp(unit->text, text) == 0)
            return unit->text;
    size_t size = strlen(text) + 1;
    struct unit *new = malloc(sizeof *new + size);
    if (new == NULL)
        return NULL;
    memcpy(new->text, text, size);
    new->next = cursor->units;
    cursor->units = new;
    return new->text;
}

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
    if (cursor->n >= ROWS_MANY && cursor->piece_us > PIECE_MIN) {
        cursor->full = true;
        return false;
    }
    const char *unit = keep_unit(cursor, row->unit);
    if (unit == NULL || (cursor->n == cursor->cap && !grow(cursor))) {
        cursor->no_memory = true;
        return false;
    }
    cursor->rows[cursor->n++] = (struct row){.reading = row->reading,
                                             .slot_us = row->slot_utc_us,
                                             .taken_us = row->taken_utc_us,
                                             .calibration = row->calibration,
                                             .calibrated = row->calibrated,
                                             .unit = unit,
                                             .decimals = row->decimals};
    return true;
}

/* Where the piece that begins at next_us ends: what lies before the first and behind the last reading of all
 * belongs to the pieces beside it. */
static int64_t piece_end(const struct cursor *cursor)
{
    int64_t begin = cursor->next_us > cursor->first_us ? cursor->next_us : cursor->first_us;
    if (begin > cursor->last_us)
        return cursor->query.to_us;
    int64_t end = begin + cursor->piece_us;
    return end > cursor->last_us || end > cursor->query.to_us ? cursor->query.to_us : end;
}

/* Reads the next piece that has rows. At the end there are none. */
static int read_on(struct cursor *cursor, struct source_settings *settings, char **ret_error)
{
    cursor->n = cursor->at = 0;
    while (cursor->n == 0 && cursor->point < cursor->source.n_points) {
        if (cursor->next_us >= cursor->query.to_us) {
            cursor->point++;
            cursor->next_us = cursor->query.from_us;
            continue;
        }
        const struct source_point *point = &cursor->source.points[cursor->point];
        int64_t end = piece_end(cursor);
        cursor->full = false;
        int64_t n = history_each(cursor->source.reader, point->asset, point->point, cursor->next_us, end,
                                 add_row, cursor);
        if (cursor->no_memory)
            return SQLITE_NOMEM;
        if (n < 0)
            return source_failed(n, ret_error);
        int result = source_check_damage(&cursor->source, settings, ret_error);
        if (result != SQLITE_OK)
            return result;
        if (cursor->full) { /* too long a piece: a shorter one */
            cursor->n = 0;
            cursor->piece_us /= 4;
            continue;
        }
        if (cursor->n < ROWS_FEW && cursor->piece_us < PIECE_MAX)
            cursor->piece_us *= 2;
        cursor->next_us = end;
    }
    return SQLITE_OK;
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
    for (struct unit *next, *unit = cursor->units; unit != NULL; unit = next) {
        next = unit->next;
        free(unit);
    }
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
    cursor->n = cursor->at = cursor->point = 0;
    cursor->rowid = 0;
    int result = query_read(wishes, n, values, &cursor->query, &error);
    if (result == SQLITE_OK)
        result = source_open(&cursor->source, settings, &cursor->query, &error);
    if (result == SQLITE_OK && cursor->query.nothing)
        cursor->point = cursor->source.n_points;
    if (result == SQLITE_OK) {
        int problem = history_extent(cursor->source.reader, &cursor->first_us, &cursor->last_us);
        cursor->next_us = cursor->query.from_us;
        cursor->piece_us = PIECE_FIRST;
        result = problem < 0 ? source_failed(problem, &error) : read_on(cursor, settings, &error);
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

static int connect(sqlite3 *db, void *settings, int argc, const char *const *argv, sqlite3_vtab **ret, char **error)
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
