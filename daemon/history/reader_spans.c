/* reader_spans.c - hours and days of points, from the summaries in their chunks. See reader.h.
 *
 * Points are taken in groups: for each group the segments are listed and their summaries read, then what is
 * not folded yet is read and summed up. Nothing was given before all of a group is there; so when something
 * was folded meanwhile, the group is begun anew.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fold.h"
#include "reader_internal.h"

#define GROUP       32
#define HOUR_US     INT64_C(3600000000)
#define HOUR_MS     INT64_C(3600000)
#define DAY_MS      (24 * HOUR_MS)
#define DECODE_MAX  4096       /* hours in one chunk */
#define ENTRIES_MAX (1U << 16) /* of a point, before they are summed up */
#define TRIES       1000       /* hours are folded once an hour: this many restarts are a damaged file */

struct bucket {
    struct summary summary;
    struct summary_thresholds thresholds;
};

struct series {
    size_t place;           /* in reader->points: only ever appended to */
    struct bucket *buckets; /* by hour */
    size_t n, cap;
    struct frame_entry *entries; /* not folded yet */
    size_t n_entries, cap_entries;
};

struct spans {
    struct history_reader *reader;
    int64_t from_us, to_us; /* whole hours or days */
    int64_t length_ms;      /* of what is given: an hour or a day */
    history_span_fn *span;
    void *context;
    int64_t total;
    bool stopped, no_memory;
    struct series group[GROUP];
    size_t n_group;
    struct summary decoded[DECODE_MAX];
    sqlite3_stmt *stmt;
};

static const struct reader_point *point_of(const struct spans *spans, const struct series *s)
{
    return &spans->reader->points[s->place];
}

/* ---------------------------------------------------------------- collecting */

static bool is_same(const struct summary_thresholds *a, const struct summary_thresholds *b)
{
    return a->n == b->n && memcmp(a->numbers, b->numbers, a->n * sizeof *a->numbers) == 0;
}

/* The later one is of readings that were stored later. */
static void merge(struct bucket *into, const struct summary *summary,
                  const struct summary_thresholds *thresholds)
{
    summary_merge(&into->summary, summary);
    if (!is_same(&into->thresholds, thresholds))
        into->thresholds.n = 0;
}

static int add_bucket(struct series *s, const struct summary *summary,
                      const struct summary_thresholds *thresholds)
{
    size_t i = s->n;
    while (i > 0 && s->buckets[i - 1].summary.hour_ms > summary->hour_ms)
        i--;
    if (i > 0 && s->buckets[i - 1].summary.hour_ms == summary->hour_ms) {
        merge(&s->buckets[i - 1], summary, thresholds);
        return 0;
    }
    if (s->n == s->cap) {
        size_t cap = s->cap ? 2 * s->cap : 64;
        struct bucket *grown = realloc(s->buckets, cap * sizeof *grown);
        if (!grown)
            return -ENOMEM;
        s->buckets = grown;
        s->cap = cap;
    }
    memmove(&s->buckets[i + 1], &s->buckets[i], (s->n - i) * sizeof *s->buckets);
    s->buckets[i] = (struct bucket){*summary, *thresholds};
    s->n++;
    return 0;
}

static bool is_in_range(const struct spans *spans, int64_t hour_ms)
{
    return hour_ms * 1000 >= spans->from_us && hour_ms * 1000 < spans->to_us;
}

/* The summaries of one point in one segment; only the column "hours" is read. *ret_missing: there is no row.
 */
static int add_chunk(struct spans *spans, struct series *s, int64_t seal, bool *ret_missing)
{
    sqlite3_stmt *stmt = spans->stmt;
    struct summary_thresholds thresholds;
    sqlite3_bind_int64(stmt, 1, seal_chunk_id(seal, (uint32_t)point_of(spans, s)->id));
    int result = sqlite3_step(stmt), error = reader_errno(spans->reader->history, result);
    if (result == SQLITE_ROW) {
        int64_t n = summary_decode(sqlite3_column_blob(stmt, 0), (size_t)sqlite3_column_bytes(stmt, 0),
                                   &thresholds, spans->decoded, DECODE_MAX);
        spans->reader->damaged += n < 0;
        for (int64_t i = 0; i < n && error == 0; i++)
            if (is_in_range(spans, spans->decoded[i].hour_ms))
                error = add_bucket(s, &spans->decoded[i], &thresholds);
    } else {
        *ret_missing = true;
    }
    sqlite3_reset(stmt);
    return error;
}

/* 1: a segment is gone. */
static int add_segments(struct spans *spans, int64_t *ret_newest)
{
    struct reader_segment *list = NULL;
    int64_t n = reader_list_segments(spans->reader, 0, spans->from_us, spans->to_us, &list, ret_newest);
    int error = n < 0 ? (int)n : 0;
    for (int64_t i = 0; i < n && error == 0; i++) {
        bool missing = false;
        for (size_t k = 0; k < spans->n_group && error == 0; k++)
            error = add_chunk(spans, &spans->group[k], list[i].id, &missing);
        /* It may have no reading of the point; or it was folded further. */
        int live = missing && error == 0 ? reader_is_live(spans->reader, list[i].id) : 1;
        error = live < 0 ? live : error == 0 && live == 0 ? 1 : error;
    }
    free(list);
    return error;
}

/* ---------------------------------------------------------------- what is not folded */

/* The calibrated value in steps, as in the summaries of chunks. */
static int64_t number_of(struct history_reader *reader, const struct reader_point *point,
                         const struct frame_entry *entry)
{
    micro_t step = MICRO_PER_UNIT, value;
    for (unsigned i = 0; i < point->decimals && i < DECIMALS_MAX; i++)
        step /= 10;
    if (entry->calibration == 0 && !entry->micro)
        return entry->number;
    if (entry->micro)
        value = entry->number;
    else if (__builtin_mul_overflow(entry->number, step, &value))
        return entry->number;
    const struct history_calibration *c =
        entry->calibration ? reader_find_calibration(reader, entry->calibration) : NULL;
    if (c && c->sound)
        value = calibration_apply(&c->calibration, value, point->decimals);
    return micro_round(value, point->decimals) / step;
}

static int sum_up(struct spans *spans, struct series *s)
{
    const struct reader_point *p = point_of(spans, s);
    const struct seal_point name = {p->asset, p->point, p->unit, p->decimals};
    struct summary_thresholds thresholds;
    struct summary *made = NULL;
    if (s->n_entries == 0)
        return 0;
    int64_t *numbers = malloc(s->n_entries * sizeof *numbers);
    if (!numbers)
        return -ENOMEM;
    for (size_t i = 0; i < s->n_entries; i++)
        numbers[i] = number_of(spans->reader, point_of(spans, s), &s->entries[i]);
    if (s->n > 0 && s->buckets[s->n - 1].thresholds.n > 0)
        thresholds = s->buckets[s->n - 1].thresholds;
    else
        fold_default_thresholds(NULL, &name, &thresholds);
    int64_t n = summary_make(s->entries, numbers, s->n_entries, &thresholds, &made);
    int error = n < 0 ? (int)n : 0;
    for (int64_t i = 0; i < n && error == 0; i++)
        if (is_in_range(spans, made[i].hour_ms))
            error = add_bucket(s, &made[i], &thresholds);
    s->n_entries = 0;
    free(made);
    free(numbers);
    return error;
}

static int keep_entry(struct spans *spans, struct series *s, const struct frame_entry *entry)
{
    if (s->n_entries == ENTRIES_MAX) {
        int error = sum_up(spans, s);
        if (error < 0)
            return error;
    }
    if (s->n_entries == s->cap_entries) {
        size_t cap = s->cap_entries ? 2 * s->cap_entries : 512;
        struct frame_entry *grown = realloc(s->entries, cap * sizeof *grown);
        if (!grown)
            return -ENOMEM;
        s->entries = grown;
        s->cap_entries = cap;
    }
    s->entries[s->n_entries++] = *entry;
    return 0;
}

static void collect(struct history_reader *reader, struct reader_search *search, struct reader_point *point,
                    const struct frame_entry *entries, size_t n)
{
    struct spans *spans = search->context;
    struct series *s = spans->group, *end = s + spans->n_group;
    while (s < end && &reader->points[s->place] != point)
        s++;
    for (size_t i = 0; s < end && i < n && !search->stopped; i++)
        if (keep_entry(spans, s, &entries[i]) < 0)
            search->stopped = spans->no_memory = true;
}

/* 1: an hour was folded meanwhile. */
static int add_frames(struct spans *spans, struct reader_search *search, int64_t newest)
{
    search->hour = newest;
    int result = reader_each_frame(spans->reader, search);
    if (result == 0 && spans->no_memory)
        result = -ENOMEM;
    for (size_t i = 0; i < spans->n_group && result == 0; i++)
        result = sum_up(spans, &spans->group[i]);
    return result;
}

/* 1: to be done anew. */
static int fill_group(struct spans *spans)
{
    struct reader_search search = {
        .from = spans->from_us - HOUR_US, .to = spans->to_us + HOUR_US, .give = collect, .context = spans};
    int64_t newest = 0;
    for (size_t i = 0; i < spans->n_group; i++)
        spans->group[i].n = spans->group[i].n_entries = 0;
    int result = reader_search_begin(spans->reader, &search);
    for (size_t i = 0; i < spans->reader->n_points; i++)
        spans->reader->points[i].wanted = false;
    for (size_t i = 0; i < spans->n_group; i++)
        spans->reader->points[spans->group[i].place].wanted = true;
    if (result == 0 && spans->reader->history_version >= 2)
        result = add_segments(spans, &newest);
    if (result == 0)
        result = add_frames(spans, &search, newest);
    reader_search_end(&search);
    return result;
}

/* ---------------------------------------------------------------- giving */

static int64_t floor_to(int64_t value, int64_t by)
{
    return (value / by - (value % by < 0)) * by;
}

static void give_series(struct spans *spans, const struct series *s)
{
    for (size_t i = 0; i < s->n && !spans->stopped;) {
        struct bucket all = s->buckets[i];
        int64_t begin = floor_to(all.summary.hour_ms, spans->length_ms);
        for (i++; i < s->n && floor_to(s->buckets[i].summary.hour_ms, spans->length_ms) == begin; i++)
            merge(&all, &s->buckets[i].summary, &s->buckets[i].thresholds);
        all.summary.hour_ms = begin;
        const struct reader_point *p = point_of(spans, s);
        struct history_span out = {p->asset, p->point, p->unit, p->decimals, all.summary, all.thresholds};
        spans->total++;
        spans->stopped = !spans->span(spans->context, &out);
    }
}

static int do_group(struct spans *spans)
{
    int result = 1;
    for (int i = 0; result == 1 && i < TRIES; i++)
        result = fill_group(spans);
    for (size_t i = 0; i < spans->n_group && result == 0; i++)
        give_series(spans, &spans->group[i]);
    return result == 1 ? -EUCLEAN : result;
}

static int do_points(struct spans *spans, const struct reader_wanted *wanted)
{
    int error = 0;
    for (size_t i = 0; error == 0 && !spans->stopped && i < spans->reader->n_points;) {
        spans->n_group = 0;
        for (; i < spans->reader->n_points && spans->n_group < GROUP; i++)
            if (reader_is_wanted(wanted, &spans->reader->points[i]))
                spans->group[spans->n_group++].place = i;
        if (spans->n_group > 0)
            error = do_group(spans);
    }
    return error;
}

static int prepare(struct spans *spans)
{
    struct history_reader *reader = spans->reader;
    int error = reader_load_points(reader, NULL);
    if (error < 0 || reader->history_version < 2)
        return error;
    return reader_errno(
        reader->history,
        sqlite3_prepare_v2(reader->history, "SELECT hours FROM chunk WHERE id = ?1", -1, &spans->stmt, NULL));
}

static int64_t each_span(struct history_reader *reader, const struct reader_wanted *wanted, int64_t from_us,
                         int64_t to_us, int64_t length_ms, history_span_fn *span, void *context)
{
    const int64_t most_us = FRAME_TIME_MAX_MS * 1000 - 48 * HOUR_US;
    if (!reader->history)
        return reader->history_error;
    if (from_us >= to_us)
        return 0;
    struct spans *spans = calloc(1, sizeof *spans);
    if (!spans)
        return -ENOMEM;
    from_us = from_us < -most_us ? -most_us : from_us;
    to_us = to_us > most_us ? most_us : to_us;
    spans->reader = reader;
    spans->from_us = floor_to(from_us, length_ms * 1000);
    spans->to_us = floor_to(to_us - 1, length_ms * 1000) + length_ms * 1000;
    spans->length_ms = length_ms;
    spans->span = span;
    spans->context = context;
    int error = prepare(spans);
    if (error == 0)
        error = do_points(spans, wanted);
    int64_t total = spans->total;
    sqlite3_finalize(spans->stmt);
    for (size_t i = 0; i < GROUP; i++) {
        free(spans->group[i].buckets);
        free(spans->group[i].entries);
    }
    free(spans);
    return error < 0 ? error : total;
}

int64_t history_hours(struct history_reader *reader, const char *asset, const char *point,
                      int64_t from_utc_us, int64_t to_utc_us, history_span_fn *span, void *context)
{
    return each_span(reader, &(struct reader_wanted){.asset = asset, .point = point}, from_utc_us, to_utc_us,
                     HOUR_MS, span, context);
}

int64_t history_days(struct history_reader *reader, const char *asset, const char *point, int64_t from_utc_us,
                     int64_t to_utc_us, history_span_fn *span, void *context)
{
    return each_span(reader, &(struct reader_wanted){.asset = asset, .point = point}, from_utc_us, to_utc_us,
                     DAY_MS, span, context);
}
