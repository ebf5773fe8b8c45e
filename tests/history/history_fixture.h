/* history_fixture.h - a directory with state.db and history.db as the daemon would have written them. */
#ifndef CRYOMON_HISTORY_FIXTURE_H
#define CRYOMON_HISTORY_FIXTURE_H

#include <sqlite3.h>

#include "chain.h"
#include "frame.h"
#include "reader.h"
#include "schema.h"

struct fixture {
    char dir[64];
    sqlite3 *state, *history; /* open for writing */
    unsigned char last_hash[CHAIN_HASH_SIZE], last_frame_hash[CHAIN_HASH_SIZE];
};

/* Makes the directory and both files. The files are closed and all removed by fixture_free. */
void fixture_make(struct fixture *fixture);
void fixture_free(struct fixture *fixture);

/* The open connections closed, so that nothing is left in the logs. */
void fixture_close(struct fixture *fixture);
void fixture_path(const struct fixture *fixture, const char *name, char *path, size_t cap);

/* Asserts that it works. */
void fixture_sql(sqlite3 *db, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Appends an event to the chain. */
void fixture_event(struct fixture *fixture, uint64_t seq, int64_t utc_us, const char *asset,
                   const char *body);
void fixture_point(struct fixture *fixture, int id, const char *asset, const char *point, const char *unit,
                   int decimals);
/* Appends a frame to theirs. */
/* Appends a frame to theirs. */
void fixture_frame(struct fixture *fixture, int64_t id, const struct frame_entry *entries, size_t n);

#endif
