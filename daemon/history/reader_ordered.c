/* reader_ordered.c - see reader_ordered.h. A stretch is a UTC day where that fits, because that is what
 * chunks are: a shorter one unpacks them more than once. */
#include "reader_ordered.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "reader_internal.h"

#define SECOND_US   INT64_C(1000000)
#define DAY_US      (86400 * SECOND_US)
#define SHORTER     8 /* the next try after too many */
#define STOP_MASK   0xFFFU
#define TAG_UNASKED UINT32_MAX

struct item {
    int64_t taken_us, at_us, value;
    uint32_t raw, order, tag;
    uint8_t quality, reason;
};

#define ROWS_MAX (((size_t)1 << 24) / sizeof(struct item))

struct walk {
    const struct history_ordered *ordered;
    struct item *items;
    size_t n, max;
    uint32_t *tags;                  /* by id */
    struct record_clock_walk *walks; /* by id: of the stretch */
    size_t n_tags;
    int64_t from_us;        /* where the stretch begins */
    int64_t plain_until_us; /* until then: in order of the wall clock */
    bool no_memory, overflow, stopped;
    int64_t given;
};

static bool is_stopped(struct walk *w)
{
    if (w->ordered->stop != NULL && atomic_load(w->ordered->stop))
        w->stopped = true;
    return w->stopped;
}

static bool choose(void *context, const struct reader_point *point)
{
    struct walk *w = context;
    const size_t id = (size_t)point->id;
    if (id >= w->n_tags) {
        const size_t n = id + 64;
        uint32_t *tags = realloc(w->tags, n * sizeof *tags);
        struct record_clock_walk *walks = realloc(w->walks, n * sizeof *walks);
        w->tags = tags != NULL ? tags : w->tags;
        w->walks = walks != NULL ? walks : w->walks;
        if (tags == NULL || walks == NULL) {
            w->no_memory = true;
            return false;
        }
        memset(tags + w->n_tags, 0xFF, (n - w->n_tags) * sizeof *tags); /* TAG_UNASKED */
        for (size_t i = w->n_tags; i < n; i++)
            record_clock_begin(&walks[i], w->ordered->clock, w->from_us);
        w->n_tags = n;
    }
    if (w->tags[id] == TAG_UNASKED) {
        const struct history_point out = {.id = (uint32_t)point->id,
                                          .asset = point->asset,
                                          .point = point->point,
                                          .unit = point->unit,
                                          .decimals = point->decimals};
        w->tags[id] = w->ordered->tag(w->ordered->context, &out);
    }
    return w->tags[id] != 0;
}

static bool take_row(void *context, const struct history_row *row)
{
    struct walk *w = context;
    if (w->n == w->max) {
        w->overflow = true;
        return false;
    }
    if ((w->n & STOP_MASK) == 0 && is_stopped(w))
        return false;
    struct record_clock_walk *walk = &w->walks[row->id];
    const bool plain = w->from_us < w->plain_until_us;
    const int64_t at_us =
        plain ? row->taken_utc_us - walk->shift_us : record_clock_place(walk, row->taken_utc_us);
    w->items[w->n] = (struct item){.taken_us = row->taken_utc_us,
                                   .at_us = at_us,
                                   .value = row->calibrated,
                                   .raw = row->reading.raw,
                                   .order = (uint32_t)w->n,
                                   .tag = w->tags[row->id],
                                   .quality = (uint8_t)row->reading.quality,
                                   .reason = (uint8_t)row->reading.reason};
    w->n++;
    return true;
}

static int by_time(const void *a, const void *b)
{
    const struct item *x = a, *y = b;
    if (x->at_us != y->at_us)
        return x->at_us < y->at_us ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

static void give(struct walk *w)
{
    qsort(w->items, w->n, sizeof *w->items, by_time);
    for (size_t i = 0; i < w->n && !w->stopped; i++) {
        const struct item *item = &w->items[i];
        const struct history_ordered_row row = {.taken_utc_us = item->taken_us,
                                                .at_us = item->at_us,
                                                .tag = item->tag,
                                                .reading = {.value = item->value,
                                                            .raw = item->raw,
                                                            .quality = (enum quality)item->quality,
                                                            .reason = (enum reason)item->reason}};
        if ((i & STOP_MASK) == 0 && is_stopped(w))
            return;
        w->given++;
        if (!w->ordered->row(w->ordered->context, &row))
            w->stopped = true;
    }
}

static int64_t next_day(int64_t utc_us)
{
    const int64_t into = utc_us % DAY_US;
    return utc_us - into + (into < 0 ? 0 : DAY_US);
}

static int64_t earlier(int64_t a_us, int64_t b_us)
{
    return a_us < b_us ? a_us : b_us;
}

static int read_stretch(struct history_reader *reader, struct walk *w, int64_t from_us, int64_t to_us)
{
    const struct reader_wanted wanted = {.choose = choose, .context = w};
    w->n = 0;
    w->overflow = false;
    w->from_us = from_us;
    for (size_t i = 0; i < w->n_tags; i++)
        record_clock_begin(&w->walks[i], w->ordered->clock, from_us);
    const int64_t result = reader_each(reader, &wanted, from_us, to_us, take_row, w);
    return result < 0 ? (int)result : w->no_memory ? -ENOMEM : 0;
}

static int64_t walk_through(struct history_reader *reader, struct walk *w)
{
    int64_t at_us = w->ordered->from_utc_us, to_us = w->ordered->to_utc_us, stretch_us = DAY_US;
    record_clock_widen(w->ordered->clock, &at_us, &to_us);
    while (at_us < to_us && !is_stopped(w)) {
        const int64_t wanted_us = earlier(earlier(at_us + stretch_us, next_day(at_us)), to_us);
        int64_t end_us = wanted_us;
        if (at_us >= w->plain_until_us)
            record_clock_widen(w->ordered->clock, &at_us, &end_us);
        const int result = read_stretch(reader, w, at_us, end_us);
        if (result < 0)
            return result;
        if (w->overflow && stretch_us <= SECOND_US && end_us == wanted_us)
            return -E2BIG;
        if (w->overflow && stretch_us <= SECOND_US)
            w->plain_until_us = end_us;
        if (w->overflow) {
            stretch_us = stretch_us / SHORTER > SECOND_US ? stretch_us / SHORTER : SECOND_US;
            continue;
        }
        if (!w->stopped)
            give(w);
        if (w->n < w->max / (SHORTER * 2) && stretch_us < DAY_US)
            stretch_us = earlier(stretch_us * SHORTER, DAY_US);
        at_us = end_us;
    }
    return w->given;
}

int64_t history_each_ordered(struct history_reader *reader, const struct history_ordered *ordered)
{
    static const struct record_clock never_set = {.n = 0};
    struct history_ordered with_clock = *ordered;
    struct walk w = {.ordered = &with_clock,
                     .plain_until_us = INT64_MIN,
                     .max = ordered->rows_max > 0 ? ordered->rows_max : ROWS_MAX};
    if (reader->history == NULL)
        return reader->history_error;
    if (with_clock.clock == NULL)
        with_clock.clock = &never_set;
    w.items = malloc(w.max * sizeof *w.items);
    const int64_t result = w.items != NULL ? walk_through(reader, &w) : -ENOMEM;
    free(w.items);
    free(w.tags);
    free(w.walks);
    return result;
}
