/* fold_fixture.h - reads back all readings of a history.db, whether they are in frames, hours or days. */
#ifndef CRYOMON_FOLD_FIXTURE_H
#define CRYOMON_FOLD_FIXTURE_H

#include <sqlite3.h>

#include "fold.h"
#include "frame.h"

struct fold_readings {
    struct frame_entry *entries; /* of all points asked for, of one after the other in order of storing */
    size_t n, cap;
};

/* Of one point (0: all), in order of storing. Checks what it reads: that each live seal has the chunks that
 * it lists, and no others, that hashes, counts and contents fit, and that seals are chained and signed.
 * Asserts. */
void fold_fixture_read(sqlite3 *db, uint32_t point, struct fold_readings *ret);
void fold_fixture_free(struct fold_readings *readings);

/* Asserts that both are the same, entry by entry. */
void fold_fixture_same(const struct fold_readings *a, const struct frame_entry *b, size_t n);

int64_t fold_fixture_number(sqlite3 *db, const char *sql); /* the first column of the first row */

#endif
