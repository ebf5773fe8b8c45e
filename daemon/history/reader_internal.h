/* reader_internal.h - what the parts of the reader share. Not for others. */
#ifndef CRYOMON_READER_INTERNAL_H
#define CRYOMON_READER_INTERNAL_H

#include <sqlite3.h>

#include "reader.h"
#include "seal.h"

struct reader_point {
    int64_t id;
    char *asset, *point, *unit; /* one allocation, asset's */
    unsigned decimals;
    bool wanted; /* by the history_each that runs */
};

struct history_reader {
    sqlite3 *state, *history;       /* NULL: could not be opened, and then */
    int state_error, history_error; /* -errno */
    int history_version;            /* of the file: 1 knows frames only */
    struct reader_point *points;    /* sorted by id */
    size_t n_points, cap_points;
    uint64_t damaged;
};

struct reader_wanted {
    const char *asset, *point; /* NULL: all */
};
bool reader_is_wanted(const struct reader_wanted *wanted, const struct reader_point *point);

/* Reads the points that were added since the last look; wanted (may be NULL) marks the new ones. */
int reader_load_points(struct history_reader *reader, const struct reader_wanted *wanted);
const struct reader_point *reader_find_point(const struct history_reader *reader, uint32_t id);

/* An SQLite failure as -errno; 0 for rows and their end. */
int reader_errno(sqlite3 *db, int result);

#endif
