/*
 * pieces.h - cuts what a query wants into pieces, a stretch of one point's time each, that are read at once.
 *
 * As long as gives a fair number of rows: so neither memory nor the number of searches grows without bound.
 * Points come in the order of source.points, time ascends. Pieces end at full UTC days where they can.
 */
#ifndef CRYOMON_SQLITE_PIECES_H
#define CRYOMON_SQLITE_PIECES_H

#include "source.h"

struct pieces {
    size_t n_points;
    int64_t from_us, to_us;
    int64_t first_us, last_us; /* of all that is stored: nothing to look for outside */
    size_t point;
    int64_t next_us, length_us;
};
struct piece {
    size_t point; /* of source.points */
    int64_t from_us, to_us;
};

void pieces_begin(struct pieces *pieces, const struct source *source, const struct query *query);
/* False: that was all. */
bool pieces_next(struct pieces *pieces, struct piece *ret);

/* How many rows the last piece had: the next one may be longer. */
void pieces_had(struct pieces *pieces, size_t rows);
/* The last piece has too many rows: it comes again, shorter. False: it comes again, but can't be shorter. */
bool pieces_shorten(struct pieces *pieces, const struct piece *last);

#endif
