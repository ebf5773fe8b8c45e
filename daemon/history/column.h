/*
 * column.h - one column of a section: integers, as runs of equal ones or as a stream of small differences.
 *
 * PURE but for the memory of struct bytes. In the section's head:
 *
 *     varint    number of runs, or 0: a stream
 *     run...    zigzag value, varint length (not of the last: it reaches to the end)
 *   a stream:
 *     byte      bits 0-3 predictor, 4 packing
 *     zigzag    what the predictor starts from
 *     varint    bytes of the stream beyond the least that so many numbers can take
 *
 * and a stream's numbers, in the values: each is the difference from what the predictor expects, zigzag.
 * Packing 0: a varint each. Packing 1: half a byte each (the first in the low half; 15: more than 14), then
 * varints, in order, of those that are more, minus 15.
 *
 * All arithmetic wraps at 64 bits, so that any integers come back.
 */
#ifndef CRYOMON_COLUMN_H
#define CRYOMON_COLUMN_H

#include "bytes.h"

#define COLUMN_BLOCK 256 /* as many numbers at most are read at a time */

enum column_kind { COLUMN_RUNS, COLUMN_ANY };

/* Appends n numbers (> 0), by whatever takes least. scratch: n numbers, in any state after. */
void column_write(const int64_t *numbers, size_t n, enum column_kind kind, int64_t *scratch,
                  struct bytes *head, struct bytes *values);

struct column {
    size_t left; /* numbers still to come */
    bool stream;
    /* runs */
    const unsigned char *run, *run_end;
    size_t run_left;
    int64_t value;
    /* a stream */
    unsigned predictor, packing;
    const unsigned char *at, *end, *more, *more_end;
    bool half; /* the low half of *at has been taken */
    uint64_t state, slope;
};

/* Opens a column of n numbers; head and values move on behind it. False: damaged. n 0: nothing is read. */
bool column_open(struct column *column, size_t n, enum column_kind kind, const unsigned char **head,
                 const unsigned char *head_end, const unsigned char **values,
                 const unsigned char *values_end);

/* How many of the next k have one value for certain: all of a run (column->value), or k of a stream. */
static inline size_t column_equal(const struct column *column, size_t k)
{
    return column->stream || k <= column->run_left ? k : column->run_left;
}

/* Reads k (1..COLUMN_BLOCK, and of runs not more than column_equal). False: damaged, or it has not so many.
 */
bool column_read(struct column *column, int64_t *out, size_t k);
/* The same of runs, without writing them: they all are column->value of before. */
bool column_skip(struct column *column, size_t k);
/* Everything has been read, and nothing is left over. */
bool column_is_done(const struct column *column);

#endif
