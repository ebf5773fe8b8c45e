/*
 * query.h - which part of the history a query wants: from SQL's constraints to a directory, an asset, a point
 * and a range of time.
 *
 * Times are compared by SQL as text, so a time that is compared with must have the form of the column or be
 * its beginning ("2026-11", "2026-11-22T08:00"); anything else ("2026-11-22 08:00") would give wrong rows
 * without a word, and is an error here that says how to write it.
 */
#ifndef CRYOMON_SQLITE_QUERY_H
#define CRYOMON_SQLITE_QUERY_H

#include <stdbool.h>
#include <stdint.h>

#include "host.h"

/* The numbers of the columns that matter to a table; both tables have all of them. */
struct query_columns {
    int point, time, time_ms, asset, dir;
};

/* xBestIndex of a table with these columns. */
int query_choose(const struct query_columns *columns, sqlite3_index_info *info);

struct query {
    char *dir, *asset, *point; /* NULL: not said; to be freed by query_free */
    int64_t from_us, to_us;    /* from <= time < to */
    bool nothing;              /* no row can be wanted */
};
/* Reads what xFilter is given. SQLITE_OK, SQLITE_NOMEM, or SQLITE_ERROR with *ret_error (sqlite3_mprintf). */
int query_read(const char *wishes, int n, sqlite3_value **values, struct query *ret, char **ret_error);
void query_free(struct query *query);

#define QUERY_TIME_MAX_US INT64_C(4000000000000000000) /* beyond all times (frame.h) */

#endif
