/* reader_events.c - the events and the outbox. See reader.h. */
#include "reader_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PAGE 64

struct event_row {
    struct history_event event;
    char *texts; /* kind, asset, alarm, body, each with NUL */
};

struct query {
    const char *sql; /* ?1 after, ?2 from, ?3 to, ?4 limit, ?5 kind, ?6 asset, ?7 alarm */
    uint64_t after;
    int64_t from, to;
    uint64_t limit;
    struct history_filter filter;
};

static const char *copy_text(char **at, sqlite3_stmt *stmt, int column)
{
    const unsigned char *text = sqlite3_column_text(stmt, column);
    size_t len = text ? strlen((const char *)text) : 0;
    char *copy = *at;
    if (len > 0)
        memcpy(copy, text, len);
    copy[len] = 0;
    *at += len + 1;
    return copy;
}

static bool copy_row(sqlite3_stmt *stmt, struct event_row *row)
{
    size_t size = 0;
    for (int column = 2; column <= 5; column++)
        size += (sqlite3_column_text(stmt, column) ? (size_t)sqlite3_column_bytes(stmt, column) : 0) + 1;
    char *at = row->texts = malloc(size);
    if (!at)
        return false;
    row->event.seq = (uint64_t)sqlite3_column_int64(stmt, 0);
    row->event.utc_us = sqlite3_column_int64(stmt, 1);
    row->event.kind = copy_text(&at, stmt, 2);
    row->event.asset = copy_text(&at, stmt, 3);
    row->event.alarm = copy_text(&at, stmt, 4);
    row->event.body = copy_text(&at, stmt, 5);
    return true;
}

static void bind_filter(sqlite3_stmt *stmt, int parameter, const char *text)
{
    if (text)
        sqlite3_bind_text(stmt, parameter, text, -1, SQLITE_STATIC);
    else
        sqlite3_bind_null(stmt, parameter);
}

/* Copies a page of rows and ends the read transaction. Returns how many, or -errno (then none are kept). */
static int read_page(sqlite3 *db, sqlite3_stmt *stmt, const struct query *query, struct event_row page[PAGE])
{
    int n = 0, error = 0, result = SQLITE_DONE;
    sqlite3_bind_int64(stmt, 1, (int64_t)query->after);
    sqlite3_bind_int64(stmt, 2, query->from);
    sqlite3_bind_int64(stmt, 3, query->to);
    sqlite3_bind_int64(stmt, 4, query->limit < PAGE ? (int64_t)query->limit : PAGE);
    if (sqlite3_bind_parameter_count(stmt) >= 7) {
        bind_filter(stmt, 5, query->filter.kind);
        bind_filter(stmt, 6, query->filter.asset);
        bind_filter(stmt, 7, query->filter.alarm);
    }
    while (n < PAGE && (result = sqlite3_step(stmt)) == SQLITE_ROW) {
        if (!copy_row(stmt, &page[n])) {
            error = -ENOMEM;
            break;
        }
        n++;
    }
    if (error == 0)
        error = reader_errno(db, result);
    sqlite3_reset(stmt);
    if (error == 0)
        return n;
    while (n > 0)
        free(page[--n].texts);
    return error;
}

static int64_t each(sqlite3 *db, struct query query, history_event_fn *event, void *context)
{
    struct event_row page[PAGE] = {0};
    sqlite3_stmt *stmt = NULL;
    int64_t total = 0;
    int n = 0;
    int result = sqlite3_prepare_v2(db, query.sql, -1, &stmt, NULL);
    if (result != SQLITE_OK)
        return reader_errno(db, result);
    bool more = true;
    while (more && query.limit > 0 && (n = read_page(db, stmt, &query, page)) > 0) {
        for (int i = 0; i < n; i++) {
            if (more) {
                query.after = page[i].event.seq;
                query.limit--;
                total++;
                more = event(context, &page[i].event);
            }
            free(page[i].texts);
        }
    }
    sqlite3_finalize(stmt);
    return n < 0 ? n : total;
}

/* The lowest seq in the time range, so that the scan by seq starts near it. 0 when there is none. */
static int first_in_range(sqlite3 *db, int64_t from, int64_t to, int64_t *ret)
{
    sqlite3_stmt *stmt = NULL;
    int result = sqlite3_prepare_v2(
        db, "SELECT min(seq) FROM event INDEXED BY event_utc WHERE utc_us >= ?1 AND utc_us < ?2", -1, &stmt,
        NULL);
    if (result == SQLITE_OK) {
        sqlite3_bind_int64(stmt, 1, from);
        sqlite3_bind_int64(stmt, 2, to);
        result = sqlite3_step(stmt);
    }
    if (result == SQLITE_ROW)
        *ret = sqlite3_column_int64(stmt, 0);
    int error = reader_errno(db, result);
    sqlite3_finalize(stmt);
    return error;
}

static int64_t each_where(struct history_reader *reader, uint64_t after_seq,
                          const struct history_filter *filter, int64_t from_utc_us, int64_t to_utc_us,
                          history_event_fn *event, void *context)
{
    if (!reader->state)
        return reader->state_error;
    if (after_seq > INT64_MAX)
        return 0;
    int64_t first = 0;
    int error = first_in_range(reader->state, from_utc_us, to_utc_us, &first);
    if (error < 0 || first == 0)
        return error;
    struct query query = {
        .sql = "SELECT seq, utc_us, kind, asset, alarm, body FROM event NOT INDEXED"
               " WHERE seq > ?1 AND utc_us >= ?2 AND utc_us < ?3 AND (?5 IS NULL OR kind = ?5)"
               " AND (?6 IS NULL OR asset = ?6) AND (?7 IS NULL OR alarm = ?7) ORDER BY seq LIMIT ?4",
        .filter = *filter,
        .after = (uint64_t)(first - 1) > after_seq ? (uint64_t)(first - 1) : after_seq,
        .from = from_utc_us,
        .to = to_utc_us,
        .limit = UINT64_MAX,
    };
    return each(reader->state, query, event, context);
}

int64_t history_events(struct history_reader *reader, uint64_t after_seq, int64_t from_utc_us,
                       int64_t to_utc_us, history_event_fn *event, void *context)
{
    return each_where(reader, after_seq, &(struct history_filter){0}, from_utc_us, to_utc_us, event, context);
}

int64_t history_events_where(struct history_reader *reader, const struct history_filter *filter,
                             int64_t from_utc_us, int64_t to_utc_us, history_event_fn *event, void *context)
{
    return each_where(reader, 0, filter, from_utc_us, to_utc_us, event, context);
}

/* One event of a kind, found from a moment on through the index by time. */
static int one_event(struct history_reader *reader, const char *sql, const char *kind, int64_t utc_us,
                     history_event_fn *event, void *context)
{
    if (!reader->state)
        return reader->state_error;
    struct query query = {.sql = sql, .from = utc_us, .limit = 1, .filter = {.kind = kind}};
    return (int)each(reader->state, query, event, context);
}

int history_event_before(struct history_reader *reader, const char *kind, int64_t before_utc_us,
                         history_event_fn *event, void *context)
{
    return one_event(
        reader,
        "SELECT seq, utc_us, kind, asset, alarm, body FROM event INDEXED BY event_utc"
        " WHERE utc_us < ?2 AND kind = ?5 AND ?7 IS NULL ORDER BY utc_us DESC, seq DESC LIMIT ?4",
        kind, before_utc_us, event, context);
}

int history_event_after(struct history_reader *reader, const char *kind, int64_t from_utc_us,
                        history_event_fn *event, void *context)
{
    return one_event(reader,
                     "SELECT seq, utc_us, kind, asset, alarm, body FROM event INDEXED BY event_utc"
                     " WHERE utc_us >= ?2 AND kind = ?5 AND ?7 IS NULL ORDER BY utc_us, seq LIMIT ?4",
                     kind, from_utc_us, event, context);
}

int64_t history_outbox(struct history_reader *reader, uint64_t after_seq, unsigned limit,
                       history_event_fn *event, void *context)
{
    if (!reader->state)
        return reader->state_error;
    if (after_seq > INT64_MAX)
        return 0;
    struct query query = {
        .sql = "SELECT seq, utc_us, kind, asset, alarm, body FROM outbox JOIN event USING (seq)"
               " WHERE seq > ?1 AND utc_us >= ?2 AND utc_us <= ?3 ORDER BY seq LIMIT ?4",
        .after = after_seq,
        .from = INT64_MIN,
        .to = INT64_MAX,
        .limit = limit,
    };
    return each(reader->state, query, event, context);
}
