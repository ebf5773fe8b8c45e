/*
 * source.h - the history behind a table: which directory, opened for reading only, and what of it is damaged.
 */
#ifndef CRYOMON_SQLITE_SOURCE_H
#define CRYOMON_SQLITE_SOURCE_H

#include "host.h"
#include "query.h"
#include "reader.h"

/* What the tables of a connection share; lives as long as it. */
struct source_settings {
    sqlite3 *db;
    bool damage_allowed; /* cryomon_allow_damage(1) */
    uint64_t damaged;    /* left out since the connection was opened */
};

/* An open history and the names of the points that a query wants. Zero it before the first use. */
struct source {
    struct history_reader *reader;
    char *dir;
    int64_t first_us, last_us; /* of all readings; history_extent */
    uint64_t damaged;          /* of the reader's: those that are counted already */
    struct source_point {
        const char *asset, *point; /* the reader's */
    } * points;
    size_t n_points, cap_points;
    bool no_memory;
};

/* Opens what the query says: its directory, else that of the connection's main database when that is one of
 * cryomon's, else CRYOMON_HISTORY of the environment, else /var/lib/cryomon. SQLITE_OK, or another with
 * *ret_error. */
int source_open(struct source *source, const struct source_settings *settings, const struct query *query,
                char **ret_error);
void source_close(struct source *source);

/* After a piece has been read. SQLITE_ERROR when some of it is damaged and that was not allowed. */
int source_check_damage(struct source *source, struct source_settings *settings, char **ret_error);

/* A failure of the reader's, as SQLite's. */
int source_failed(int64_t error, char **ret_error);

#endif
