/* spans.c - the tables "hours" and "days". See tables.h. */
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "pieces.h"
#include "source.h"
#include "tables.h"

enum column {
    COLUMN_POINT,
    COLUMN_TIME, /* "hour" or "day" */
    COLUMN_COUNT,
    COLUMN_MINIMUM,
    COLUMN_MEAN,
    COLUMN_MAXIMUM,
    COLUMN_UNIT,
    COLUMN_WORST,
    COLUMN_KNOWN,
    COLUMN_ABOVE,
    COLUMN_DIR, /* hidden */
    COLUMN_ASSET,
    COLUMN_TIME_MS,
    COLUMN_VALUES,
    COLUMN_FIRST,
    COLUMN_LAST,
};
#define DECLARATION(name, time)                                                                              \
    "CREATE TABLE " name "(point TEXT, " time " TEXT, count INTEGER, minimum REAL, mean REAL, maximum REAL," \
    " unit TEXT, worst TEXT, known REAL, above TEXT,"                                                        \
    " dir TEXT HIDDEN, asset TEXT HIDDEN, " time "_ms INTEGER HIDDEN, \"values\" INTEGER HIDDEN,"            \
    " first REAL HIDDEN, last REAL HIDDEN)"
static const struct query_columns columns = {.point = COLUMN_POINT,
                                             .time = COLUMN_TIME,
                                             .time_ms = COLUMN_TIME_MS,
                                             .asset = COLUMN_ASSET,
                                             .dir = COLUMN_DIR};

typedef int64_t read_fn(struct history_reader *reader, const char *asset, const char *point,
                        int64_t from_utc_us, int64_t to_utc_us, history_span_fn *span, void *context);

struct cursor {
    sqlite3_vtab_cursor base;
    read_fn *read;
    struct source source;
    struct query query;
    struct pieces pieces;
    size_t point;
    struct history_span *rows; /* their texts are the reader's */
    size_t n, cap, at;
    bool no_memory;
    sqlite3_int64 rowid;
};

static struct cursor *from(sqlite3_vtab_cursor *base)
{
    return (struct cursor *)base;
}

/* ---------------------------------------------------------------- a piece */

static bool add_row(void *context, const struct history_span *span)
{
    struct cursor *cursor = context;
    if (cursor->n == cursor->cap) {
        size_t cap = cursor->cap > 0 ? 2 * cursor->cap : 64;
        struct history_span *rows = realloc(cursor->rows, cap * sizeof *rows);
        if (rows == NULL) {
            cursor->no_memory = true;
            return false;
        }
        cursor->rows = rows;
        cursor->cap = cap;
    }
    cursor->rows[cursor->n++] = *span;
    return true;
}

/* Reads the next piece that has rows. A piece is at most a year, so there are not many. */
static int read_on(struct cursor *cursor, struct source_settings *settings, char **ret_error)
{
    struct piece piece;
    int result = SQLITE_OK;
    cursor->n = cursor->at = 0;
    while (result == SQLITE_OK && cursor->n == 0 && pieces_next(&cursor->pieces, &piece)) {
        const struct source_point *point = &cursor->source.points[piece.point];
        cursor->point = piece.point;
        int64_t n = cursor->read(cursor->source.reader, point->asset, point->point, piece.from_us,
                                 piece.to_us, add_row, cursor);
        if (cursor->no_memory)
            return SQLITE_NOMEM;
        result =
            n < 0 ? source_failed(n, ret_error) : source_check_damage(&cursor->source, settings, ret_error);
        pieces_had(&cursor->pieces, cursor->n);
    }
    return result;
}

/* ---------------------------------------------------------------- the cursor */

static int open_cursor(sqlite3_vtab_cursor **ret, read_fn *read)
{
    struct cursor *cursor = calloc(1, sizeof *cursor);
    if (cursor == NULL)
        return SQLITE_NOMEM;
    cursor->read = read;
    *ret = &cursor->base;
    return SQLITE_OK;
}

static int open_hours(sqlite3_vtab *table, sqlite3_vtab_cursor **ret)
{
    (void)table;
    return open_cursor(ret, history_hours);
}

static int open_days(sqlite3_vtab *table, sqlite3_vtab_cursor **ret)
{
    (void)table;
    return open_cursor(ret, history_days);
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

static int64_t power_of_ten(unsigned n)
{
    int64_t power = 1;
    while (n-- > 0 && power < INT64_C(1000000000))
        power *= 10;
    return power;
}

static void give_steps(sqlite3_context *context, const struct history_span *span, int64_t steps)
{
    if (span->summary.values > 0) /* else NULL */
        sqlite3_result_double(context, (double)steps / (double)power_of_ten(span->decimals));
}

static void give_mean(sqlite3_context *context, const struct history_span *span)
{
    const struct summary *summary = &span->summary;
    if (summary->values > 0)
        sqlite3_result_double(
            context, (double)((long double)summary->sum /
                              ((long double)summary->values * (long double)power_of_ten(span->decimals))));
}

/* {"-150.0":12.5}: minutes above each threshold. */
static void give_above(sqlite3_context *context, const struct history_span *span)
{
    char *text = sqlite3_mprintf("{");
    for (unsigned i = 0; text != NULL && i < span->thresholds.n && i < SUMMARY_THRESHOLDS_MAX; i++) {
        char number[MICRO_TEXT_MAX];
        micro_print(number, sizeof number,
                    span->thresholds.numbers[i] * (1000000 / power_of_ten(span->decimals)), span->decimals);
        char *longer = sqlite3_mprintf("%s%s\"%s\":%.10g", text, i > 0 ? "," : "", number,
                                       (double)span->summary.above_ms[i] / 60000);
        sqlite3_free(text);
        text = longer;
    }
    char *whole = text != NULL ? sqlite3_mprintf("%s}", text) : NULL;
    sqlite3_free(text);
    if (whole == NULL)
        sqlite3_result_error_nomem(context);
    else
        sqlite3_result_text(context, whole, -1, sqlite3_free);
}

static void give_figure(sqlite3_context *context, const struct history_span *span, enum column column)
{
    const struct summary *summary = &span->summary;
    switch (column) {
    case COLUMN_COUNT:
        sqlite3_result_int64(context, (sqlite3_int64)summary->count);
        break;
    case COLUMN_VALUES:
        sqlite3_result_int64(context, (sqlite3_int64)summary->values);
        break;
    case COLUMN_MINIMUM:
        give_steps(context, span, summary->minimum);
        break;
    case COLUMN_MAXIMUM:
        give_steps(context, span, summary->maximum);
        break;
    case COLUMN_FIRST:
        give_steps(context, span, summary->first);
        break;
    case COLUMN_LAST:
        give_steps(context, span, summary->last);
        break;
    case COLUMN_MEAN:
        give_mean(context, span);
        break;
    case COLUMN_KNOWN:
        sqlite3_result_double(context, (double)summary->known_ms / 60000);
        break;
    default:
        give_above(context, span);
        break;
    }
}

static int get_column(sqlite3_vtab_cursor *base, sqlite3_context *context, int column)
{
    const struct cursor *cursor = from(base);
    const struct history_span *span = &cursor->rows[cursor->at];
    switch ((enum column)column) {
    case COLUMN_POINT:
        tables_give_point(context, span->asset, span->point);
        break;
    case COLUMN_ASSET:
        sqlite3_result_text(context, span->asset, -1, SQLITE_TRANSIENT);
        break;
    case COLUMN_UNIT:
        sqlite3_result_text(context, span->unit, -1, SQLITE_TRANSIENT);
        break;
    case COLUMN_WORST:
        sqlite3_result_text(context, quality_name(span->summary.worst), -1, SQLITE_STATIC);
        break;
    case COLUMN_TIME:
        tables_give_time(context, span->summary.hour_ms * MS_US);
        break;
    case COLUMN_TIME_MS:
        sqlite3_result_int64(context, span->summary.hour_ms);
        break;
    case COLUMN_DIR:
        sqlite3_result_text(context, cursor->source.dir, -1, SQLITE_TRANSIENT);
        break;
    default:
        give_figure(context, span, (enum column)column);
        break;
    }
    return SQLITE_OK;
}

static int best_index(sqlite3_vtab *table, sqlite3_index_info *info)
{
    (void)table;
    return query_choose(&columns, info);
}

static int connect_hours(sqlite3 *db, void *settings, int argc, const char *const *argv, sqlite3_vtab **ret,
                         char **error)
{
    (void)argc;
    (void)argv;
    (void)error;
    return tables_connect(db, settings, DECLARATION("hours", "hour"), ret);
}

static int connect_days(sqlite3 *db, void *settings, int argc, const char *const *argv, sqlite3_vtab **ret,
                        char **error)
{
    (void)argc;
    (void)argv;
    (void)error;
    return tables_connect(db, settings, DECLARATION("days", "day"), ret);
}

#define MODULE(connect, open)                                                                                \
    {                                                                                                        \
        .xConnect = (connect), .xBestIndex = best_index, .xDisconnect = tables_disconnect, .xOpen = (open),  \
        .xClose = close_cursor, .xFilter = filter, .xNext = next, .xEof = at_end, .xColumn = get_column,     \
        .xRowid = get_rowid,                                                                                 \
    }
const sqlite3_module hours_module = MODULE(connect_hours, open_hours);
const sqlite3_module days_module = MODULE(connect_days, open_days);
