/* replay_rows.c - the readings of all points in order of time. The history gives them point by point; a
 * stretch of time is held, as long as fits, and merged. */
#include <errno.h>
#include <stdlib.h>

#include "replay_internal.h"

#define ROWS_MAX    2000000
#define FEW_ROWS    300000
#define DAY_US      (INT64_C(86400) * SECOND_US)
#define FIRST_US    (INT64_C(600) * SECOND_US)
#define SHORTEST_US SECOND_US

struct run { /* rows of ascending time */
    size_t at, end;
};

struct rows {
    struct replay *replay;
    struct replay_row *items;
    struct run *runs;
    size_t *heap;
    size_t n, n_runs, cap_runs, n_heap;
    bool overflow, no_memory;
};

static bool new_run(struct rows *rows)
{
    if (rows->n_runs == rows->cap_runs) {
        size_t cap = rows->cap_runs > 0 ? 2 * rows->cap_runs : 64;
        struct run *grown = realloc(rows->runs, cap * sizeof *grown);
        size_t *heap = grown != NULL ? realloc(rows->heap, cap * sizeof *heap) : NULL;
        rows->runs = grown != NULL ? grown : rows->runs;
        rows->heap = heap != NULL ? heap : rows->heap;
        rows->no_memory = grown == NULL || heap == NULL;
        if (rows->no_memory)
            return false;
        rows->cap_runs = cap;
    }
    rows->runs[rows->n_runs++] = (struct run){.at = rows->n, .end = rows->n};
    return true;
}

static bool take_row(void *context, const struct history_row *row)
{
    struct rows *rows = context;
    const struct replay *r = rows->replay;
    uint32_t point = row->id <= r->index_of_id_max ? r->index_of_id[row->id] : 0;
    if (point == 0)
        return true; /* made since the list was read */
    if (rows->n == ROWS_MAX) {
        rows->overflow = true;
        return false;
    }
    bool goes_on = rows->n > 0 && rows->items[rows->n - 1].taken_us <= row->taken_utc_us;
    if (!goes_on && !new_run(rows))
        return false;
    rows->items[rows->n++] = (struct replay_row){
        .taken_us = row->taken_utc_us, .slot_us = row->slot_utc_us, .reading = row->reading, .point = point};
    rows->runs[rows->n_runs - 1].end = rows->n;
    return true;
}

/* ---------------------------------------------------------------- merging */

static bool before(const struct rows *rows, size_t a, size_t b)
{
    int64_t x = rows->items[rows->runs[a].at].taken_us, y = rows->items[rows->runs[b].at].taken_us;
    return x != y ? x < y : a < b;
}

static void sink(struct rows *rows, size_t i)
{
    size_t item = rows->heap[i];
    for (;;) {
        size_t child = 2 * i + 1;
        if (child >= rows->n_heap)
            break;
        if (child + 1 < rows->n_heap && before(rows, rows->heap[child + 1], rows->heap[child]))
            child++;
        if (!before(rows, rows->heap[child], item))
            break;
        rows->heap[i] = rows->heap[child];
        i = child;
    }
    rows->heap[i] = item;
}

static void merge(struct rows *rows, rows_fn *row)
{
    rows->n_heap = rows->n_runs;
    for (size_t i = 0; i < rows->n_runs; i++)
        rows->heap[i] = i;
    for (size_t i = rows->n_heap / 2; i-- > 0;)
        sink(rows, i);
    while (rows->n_heap > 0 && !rows->replay->failed) {
        struct run *run = &rows->runs[rows->heap[0]];
        row(rows->replay, &rows->items[run->at++]);
        if (run->at == run->end)
            rows->heap[0] = rows->heap[--rows->n_heap];
        if (rows->n_heap > 0)
            sink(rows, 0);
    }
}

/* ---------------------------------------------------------------- stretches of time */

static int64_t next_day(int64_t utc_us)
{
    int64_t into = utc_us % DAY_US;
    return utc_us - into + (into < 0 ? 0 : DAY_US);
}

int rows_each(struct replay *r, rows_fn *row)
{
    struct rows rows = {.replay = r, .items = malloc(ROWS_MAX * sizeof *rows.items)};
    int64_t stretch_us = FIRST_US, result = rows.items != NULL ? 0 : -ENOMEM;
    for (int64_t at_us = r->begin_us; at_us < r->to_us && result >= 0 && !r->failed;) {
        int64_t end_us = at_us + stretch_us < next_day(at_us) ? at_us + stretch_us : next_day(at_us);
        end_us = end_us < r->to_us ? end_us : r->to_us;
        rows.n = rows.n_runs = 0;
        rows.overflow = false;
        result = history_each(r->reader, r->wide ? NULL : r->asset, NULL, at_us, end_us, take_row, &rows);
        if (rows.no_memory || (rows.overflow && stretch_us <= SHORTEST_US))
            result = rows.no_memory ? -ENOMEM : -E2BIG;
        if (rows.overflow) {
            stretch_us = stretch_us / 8 > SHORTEST_US ? stretch_us / 8 : SHORTEST_US;
            continue;
        }
        if (result >= 0)
            merge(&rows, row);
        if (r->progress != NULL)
            r->progress(r->context, end_us);
        stretch_us = rows.n < FEW_ROWS && stretch_us < DAY_US ? 2 * stretch_us : stretch_us;
        at_us = end_us;
    }
    free(rows.items);
    free(rows.runs);
    free(rows.heap);
    return result < 0 ? (int)result : r->failed ? (r->error < 0 ? r->error : -ENOMEM) : 0;
}
