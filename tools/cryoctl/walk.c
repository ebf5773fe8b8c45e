#include "walk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"

#define BUFFER         64 /* readings of a point that are kept to look ahead and back */
#define PROGRESS_EVERY 4096

struct buffer {
    struct walk_reading readings[BUFFER];
    unsigned n, at; /* at: the first that was not given yet */
    int64_t usual_us;
};

struct walk {
    struct history_reader *reader;
    struct walk_point *points;
    size_t n;
    uint32_t *index_of_id; /* + 1; 0: not wanted */
    uint32_t n_ids;
    const char *asset, *point;
    struct buffer **buffers; /* while it runs */
    walk_fn *fn;
    walk_progress_fn *progress;
    void *context;
    uint64_t count;
    bool stopped, no_memory;
};

/* ---------------------------------------------------------------- points */

struct listing {
    struct history_point *points;
    size_t n, cap;
    bool no_memory;
};

static bool list_point(void *context, const struct history_point *point)
{
    struct listing *list = context;
    if (list->n == list->cap) {
        size_t cap = list->cap == 0 ? 64 : 2 * list->cap;
        struct history_point *grown = realloc(list->points, cap * sizeof *grown);
        if (grown == NULL) {
            list->no_memory = true;
            return false;
        }
        list->points = grown;
        list->cap = cap;
    }
    list->points[list->n++] = *point;
    return true;
}

static int by_name(const void *a, const void *b)
{
    const struct history_point *x = a, *y = b;
    int order = strcmp(x->asset, y->asset);
    if (order == 0)
        order = strcmp(x->point, y->point);
    return order != 0 ? order : x->id < y->id ? -1 : 1;
}

static int take_points(struct walk *walk, struct listing *list)
{
    for (size_t i = 0; i < list->n; i++)
        walk->n_ids = list->points[i].id > walk->n_ids ? list->points[i].id : walk->n_ids;
    walk->points = calloc(list->n + 1, sizeof *walk->points);
    walk->index_of_id = calloc((size_t)walk->n_ids + 1, sizeof *walk->index_of_id);
    if (walk->points == NULL || walk->index_of_id == NULL)
        return -ENOMEM;
    if (list->n > 0)
        qsort(list->points, list->n, sizeof *list->points, by_name);
    for (size_t i = 0; i < list->n; i++) {
        const struct history_point *p = &list->points[i];
        if (walk->n == 0 || strcmp(walk->points[walk->n - 1].asset, p->asset) != 0 ||
            strcmp(walk->points[walk->n - 1].point, p->point) != 0)
            walk->n++;
        walk->points[walk->n - 1] = (struct walk_point){p->asset, p->point, p->unit, p->decimals};
        walk->index_of_id[p->id] = (uint32_t)walk->n;
    }
    return 0;
}

int walk_create(struct history_reader *reader, const char *asset, const char *point, struct walk **ret)
{
    struct listing list = {0};
    struct walk *walk = calloc(1, sizeof *walk);
    int error = walk == NULL ? -ENOMEM : 0;
    if (error == 0) {
        walk->reader = reader;
        walk->asset = asset;
        walk->point = point;
        int64_t n = history_points(reader, asset, point, list_point, &list);
        error = n < 0 ? (int)n : list.no_memory ? -ENOMEM : take_points(walk, &list);
    }
    free(list.points);
    if (error < 0)
        walk_free(walk);
    else
        *ret = walk;
    return error;
}

static void free_buffers(struct walk *walk)
{
    for (size_t i = 0; walk->buffers != NULL && i < walk->n; i++)
        free(walk->buffers[i]);
    free((void *)walk->buffers);
    walk->buffers = NULL;
}

void walk_free(struct walk *walk)
{
    if (walk == NULL)
        return;
    free_buffers(walk);
    free(walk->points);
    free(walk->index_of_id);
    free(walk);
}

void walk_leave_out(struct walk *walk, walk_unwanted_fn *unwanted, const void *context)
{
    size_t kept = 0;
    for (size_t i = 0; i < walk->n; i++) {
        const bool keeps = !unwanted(context, &walk->points[i]);
        for (uint32_t id = 0; id <= walk->n_ids; id++)
            if (walk->index_of_id[id] == i + 1)
                walk->index_of_id[id] = keeps ? (uint32_t)(kept + 1) : 0;
        if (keeps)
            walk->points[kept++] = walk->points[i];
    }
    walk->n = kept;
}

size_t walk_count(const struct walk *walk)
{
    return walk->n;
}

const struct walk_point *walk_point(const struct walk *walk, size_t i)
{
    return &walk->points[i];
}

/* ---------------------------------------------------------------- the usual interval */

/* The median of the distances of slots around the reading; those of a clock that was set back don't count. */
static int64_t median_near(const struct buffer *b, unsigned at)
{
    int64_t distances[2 * WALK_NEAR + 1];
    unsigned n = 0, first = at > WALK_NEAR ? at - WALK_NEAR : 0;
    for (unsigned i = first; i <= at + WALK_NEAR && i + 1 < b->n; i++) {
        int64_t distance = b->readings[i + 1].slot_us - b->readings[i].slot_us;
        if (distance <= 0)
            continue;
        unsigned place = n++;
        for (; place > 0 && distances[place - 1] > distance; place--)
            distances[place] = distances[place - 1];
        distances[place] = distance;
    }
    return n > 0 ? distances[(n - 1) / 2] : b->usual_us;
}

/* Gives the reading at b->at, whose next one is known or does not exist. */
static void give(struct walk *walk, size_t i, struct buffer *b)
{
    struct walk_reading *r = &b->readings[b->at];
    bool has_next = b->at + 1 < b->n;
    int64_t distance = has_next ? b->readings[b->at + 1].slot_us - r->slot_us : 0;
    /* Looked for only where the distance is not what it was. */
    if (b->usual_us == 0 ||
        (distance > 0 && (2 * distance > 3 * b->usual_us || 3 * distance < 2 * b->usual_us)))
        b->usual_us = median_near(b, b->at);
    r->next_us = has_next ? r->slot_us + distance : INT64_MAX;
    r->usual_us = b->usual_us;
    b->at++;
    if (!walk->stopped)
        walk->stopped = !walk->fn(walk->context, i, r);
}

static void make_room(struct walk *walk, size_t i, struct buffer *b)
{
    while (b->at + WALK_NEAR + 1 < b->n)
        give(walk, i, b);
    unsigned drop = b->at > WALK_NEAR ? b->at - WALK_NEAR : 0;
    memmove(b->readings, b->readings + drop, (b->n - drop) * sizeof *b->readings);
    b->n -= drop;
    b->at -= drop;
}

static bool take_row(void *context, const struct history_row *row)
{
    struct walk *walk = context;
    if (row->id > walk->n_ids || walk->index_of_id[row->id] == 0)
        return true; /* a point that was made since the list was read */
    size_t i = walk->index_of_id[row->id] - 1;
    struct buffer *b = walk->buffers[i];
    if (b == NULL)
        b = walk->buffers[i] = calloc(1, sizeof *b);
    if (b == NULL) {
        walk->no_memory = true;
        return false;
    }
    if (b->n == BUFFER)
        make_room(walk, i, b);
    b->readings[b->n++] = (struct walk_reading){.unit = row->unit,
                                                .slot_us = row->slot_utc_us,
                                                .calibration = row->calibration,
                                                .value = row->calibrated,
                                                .quality = row->reading.quality,
                                                .reason = row->reading.reason};
    if (walk->progress != NULL && walk->count++ % PROGRESS_EVERY == 0)
        walk->progress(walk->context, row->taken_utc_us);
    return !walk->stopped;
}

static int64_t add_bounded(int64_t a, int64_t b)
{
    int64_t sum;
    return !__builtin_add_overflow(a, b, &sum) ? sum : b < 0 ? INT64_MIN : INT64_MAX;
}

int walk_run(struct walk *walk, int64_t from_us, int64_t to_us, walk_fn *reading, walk_progress_fn *progress,
             void *context)
{
    walk->fn = reading;
    walk->progress = progress;
    walk->context = context;
    walk->count = 0;
    walk->stopped = walk->no_memory = false;
    walk->buffers = (struct buffer **)calloc(walk->n + 1, sizeof *walk->buffers); /* NOLINT */
    if (walk->buffers == NULL)
        return -ENOMEM;
    int64_t n = history_each(walk->reader, walk->asset, walk->point, add_bounded(from_us, -WALK_LEAD_US),
                             add_bounded(to_us, WALK_LEAD_US), take_row, walk);
    for (size_t i = 0; n >= 0 && !walk->no_memory && i < walk->n; i++)
        while (walk->buffers[i] != NULL && walk->buffers[i]->at < walk->buffers[i]->n)
            give(walk, i, walk->buffers[i]);
    free_buffers(walk);
    return n < 0 ? (int)n : walk->no_memory ? -ENOMEM : 0;
}

/* ---------------------------------------------------------------- beyond a range */

struct one {
    int64_t slot_us;
    bool first, found;
};

static bool take_one(void *context, const struct history_row *row)
{
    struct one *one = context;
    one->slot_us = row->slot_utc_us;
    one->found = true;
    return !one->first;
}

int walk_last_before(struct walk *walk, size_t i, int64_t before_us, int64_t *ret_slot_us)
{
    static const int64_t reach_us[] = {86400 * SECOND_US, 32 * 86400 * SECOND_US, INT64_MAX};
    const struct walk_point *p = &walk->points[i];
    struct one one = {0};
    int64_t to_us = before_us;
    /* Mostly it is near; and only the first step is in vain when it is not. */
    for (size_t k = 0; k < sizeof reach_us / sizeof *reach_us && !one.found; k++) {
        int64_t from_us =
            k + 1 < sizeof reach_us / sizeof *reach_us ? add_bounded(before_us, -reach_us[k]) : INT64_MIN;
        int64_t n = history_each(walk->reader, p->asset, p->point, from_us, to_us, take_one, &one);
        if (n < 0)
            return (int)n;
        to_us = from_us;
    }
    if (one.found)
        *ret_slot_us = one.slot_us;
    return one.found;
}

int walk_first_after(struct walk *walk, size_t i, int64_t from_us, int64_t *ret_slot_us)
{
    const struct walk_point *p = &walk->points[i];
    struct one one = {.first = true};
    int64_t n = history_each(walk->reader, p->asset, p->point, from_us, INT64_MAX, take_one, &one);
    if (n < 0)
        return (int)n;
    if (one.found)
        *ret_slot_us = one.slot_us;
    return one.found;
}
