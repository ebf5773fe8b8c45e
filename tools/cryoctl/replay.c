#include "replay.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "in_force.h"
#include "replay_internal.h"

#define MARKS_MAX   1000000
#define LEAD_US     (INT64_C(3600) * SECOND_US)
#define LEAD_MAX_US (INT64_C(7) * 86400 * SECOND_US)

bool replay_grow(struct replay *r, void **items, size_t *cap, size_t n, size_t size)
{
    if (n < *cap)
        return true;
    size_t more = *cap > 0 ? 2 * *cap : 64;
    void *grown = realloc(*items, more * size);
    if (grown == NULL) {
        r->failed = true;
        return false;
    }
    *items = grown;
    *cap = more;
    return true;
}

/* ---------------------------------------------------------------- the points of the history */

static bool take_point(void *context, const struct history_point *point)
{
    struct replay *r = context;
    char name[2 * ID_MAX + 2];
    snprintf(name, sizeof name, "%s/%s", point->asset, point->point);
    uint32_t index = roster_index(&r->points, name);
    if (index == 0 || index >= REPLAY_POINTS_MAX)
        return true;
    if (point->id > r->index_of_id_max) {
        uint32_t max = 2 * point->id + 64;
        uint32_t *grown = realloc(r->index_of_id, (max + 1U) * sizeof *grown);
        if (grown == NULL) {
            r->failed = true;
            return false;
        }
        memset(grown + (r->index_of_id != NULL ? r->index_of_id_max + 1 : 0), 0,
               (max - (r->index_of_id != NULL ? r->index_of_id_max : 0)) * sizeof *grown);
        r->index_of_id = grown;
        r->index_of_id_max = max;
    }
    r->index_of_id[point->id] = index;
    r->units[index] = (char *)point->unit; /* of those that changed in its life, the last */
    r->decimals[index] = point->decimals;
    r->point_asset[index] = point->asset;
    r->point_id[index] = point->point;
    return true;
}

/* ---------------------------------------------------------------- what ran when */

static bool take_mark(void *context, const struct history_event *event)
{
    struct replay *r = context;
    bool start = strcmp(event->kind, "start") == 0, load = strcmp(event->kind, "configuration") == 0;
    if ((!start && !load && strcmp(event->kind, "stop") != 0) || r->n_marks >= MARKS_MAX)
        return true;
    if (!replay_grow(r, (void **)&r->marks, &r->cap_marks, r->n_marks, sizeof *r->marks))
        return false;
    struct mark *m = &r->marks[r->n_marks++];
    *m = (struct mark){
        .kind = start  ? MARK_START
                : load ? MARK_LOAD
                       : MARK_STOP,
        /* Readings have whole milliseconds: the first of a run may seem to be before its start. */
        .utc_us = start ? event->utc_us - event->utc_us % MS_US : event->utc_us,
        .order = r->n_marks};
    in_force_hash(event, m->sha256);
    return true;
}

static int by_time(const void *a, const void *b)
{
    const struct mark *x = a, *y = b;
    return x->utc_us != y->utc_us ? (x->utc_us < y->utc_us ? -1 : 1)
                                  : (x->order > y->order) - (x->order < y->order);
}

static struct config *come_in_force(struct replay *r, int64_t utc_us, const char *sha256)
{
    struct config *config = sha256[0] != '\0' ? in_force_load(r->reader, sha256) : NULL;
    if (replay_grow(r, (void **)&r->periods, &r->cap_periods, r->n_periods, sizeof *r->periods)) {
        struct period *p = &r->periods[r->n_periods++];
        *p = (struct period){.from_us = utc_us, .readable = config != NULL};
        snprintf(p->sha256, sizeof p->sha256, "%s", sha256);
    }
    return config;
}

static bool is_in_force(const struct replay *r, const char *sha256)
{
    return sha256[0] == '\0' ||
           (r->n_periods > 0 && strcmp(r->periods[r->n_periods - 1].sha256, sha256) == 0);
}

static void put_in_force(struct replay *r, const struct mark *m)
{
    if (is_in_force(r, m->sha256))
        return;
    struct config *config = come_in_force(r, m->utc_us, m->sha256);
    const struct config *before = r->sides[IN_FORCE].config;
    /* A reload keeps the programs that a run may follow; a start knows only what is written now. */
    if (m->kind == MARK_LOAD && config != NULL && before != NULL && config_keep_programs(config, before) < 0)
        r->failed = true;
    side_load(r, &r->sides[IN_FORCE], config, m->utc_us);
    replay_learn(r, m->utc_us);
    config_unref(config);
    excursions_limits(r);
}

static void start(struct replay *r, int64_t utc_us)
{
    r->running = true;
    for (unsigned i = 0; i < SIDES; i++)
        side_start(r, &r->sides[i], utc_us);
}

static void advance(struct replay *r, int64_t utc_us)
{
    for (unsigned i = 0; i < SIDES; i++)
        side_advance(r, &r->sides[i], utc_us);
}

static void add_stopped(struct replay *r, int64_t since_us, int64_t until_us)
{
    since_us = since_us > r->from_us ? since_us : r->from_us;
    if (since_us != 0 && until_us > since_us)
        r->stopped_us += until_us - since_us;
}

static void obey(struct replay *r, const struct mark *m)
{
    if (m->kind == MARK_STOP) {
        if (r->running)
            advance(r, m->utc_us);
        side_stop(&r->sides[IN_FORCE]);
        side_stop(&r->sides[CANDIDATE]);
        r->running = false;
        r->stopped_since_us = m->utc_us;
    } else if (m->kind == MARK_START) {
        /* Without a stop before, the run ended with its last reading, as far as is known. */
        add_stopped(r, r->running ? r->last_us : r->stopped_since_us, m->utc_us);
        side_stop(&r->sides[IN_FORCE]);
        put_in_force(r, m);
        start(r, m->utc_us);
    } else {
        if (r->running)
            advance(r, m->utc_us);
        put_in_force(r, m);
    }
}

static void take_row(struct replay *r, const struct replay_row *row)
{
    while (r->mark < r->n_marks && r->marks[r->mark].utc_us <= row->taken_us)
        obey(r, &r->marks[r->mark++]);
    if (!r->running)
        start(r, row->taken_us);
    advance(r, row->taken_us);
    excursions_feed(r, row);
    for (unsigned i = 0; i < SIDES; i++)
        side_sample(r, &r->sides[i], row);
    r->readings += row->taken_us >= r->from_us && replay_is_of(r, row->point);
    r->last_us = row->taken_us > r->last_us ? row->taken_us : r->last_us;
}

/* ---------------------------------------------------------------- the whole */

/* So long before the range it begins, so that what goes on at its beginning is known. */
static int64_t lead(const struct config *c)
{
    int64_t longest_us = 0;
    for (uint16_t i = 0; c != NULL && i < c->n_alarms; i++) {
        const struct alarm_model *m = &c->alarm_models[i];
        int64_t us = ((int64_t)m->on_delay_ms + m->off_delay_ms + m->window_ms) * MS_US;
        longest_us = us > longest_us ? us : longest_us;
    }
    for (uint16_t i = 0; c != NULL && i < c->n_points; i++) {
        int64_t us = c->point_models[i].stale_after_ms * MS_US;
        longest_us = us > longest_us ? us : longest_us;
    }
    return longest_us + LEAD_US < LEAD_MAX_US ? longest_us + LEAD_US : LEAD_MAX_US;
}

/* Is anything of the asset derived? Then the points of others may count: a room, a supply, its
 * other tanks. */
static bool derives(const struct config *c, const char *asset)
{
    const int index = c != NULL ? config_find_asset(c, asset) : -1;
    bool any = false;
    for (unsigned i = 0; index >= 0 && i < c->n_vessels; i++)
        any = any || c->vessels[i].asset == index;
    for (unsigned i = 0; index >= 0 && i < c->n_supplies; i++)
        any = any || c->supplies[i].asset == index;
    for (unsigned i = 0; index >= 0 && i < c->n_freezers; i++)
        any = any || c->freezers[i].asset == index;
    return any;
}

int64_t replay_reach_us(const struct config *candidate)
{
    return derive_past_most_us(candidate) + lead(candidate);
}

static int prepare(struct replay *r, struct config *candidate)
{
    struct in_force first = {0};
    r->points.max = REPLAY_POINTS_MAX - 1;
    r->names.max = REPLAY_NAMES_MAX;
    r->detectors = calloc(REPLAY_POINTS_MAX, sizeof *r->detectors);
    int result = r->detectors == NULL ? -ENOMEM : side_init(&r->sides[IN_FORCE], IN_FORCE);
    result = result < 0 ? result : side_init(&r->sides[CANDIDATE], CANDIDATE);
    if (result < 0)
        return result;
    r->begin_us = r->from_us - lead(candidate);
    result = in_force_before(r->reader, r->begin_us, &first);
    if (result < 0)
        return result;
    struct config *config = result > 0 ? come_in_force(r, first.since_us, first.sha256) : NULL;
    r->wide = r->asset != NULL && (derives(candidate, r->asset) || derives(config, r->asset));
    int64_t n = history_points(r->reader, r->wide ? NULL : r->asset, NULL, take_point, r);
    result = said_read(r, r->begin_us - DERIVE_TANKS_PAST_US);
    if (n < 0 || r->failed || result < 0) {
        config_unref(config);
        return n < 0 ? (int)n : result < 0 ? result : -ENOMEM;
    }
    if (r->from_us - lead(config) < r->begin_us)
        r->begin_us = r->from_us - lead(config);
    side_load(r, &r->sides[IN_FORCE], config, r->begin_us);
    side_load(r, &r->sides[CANDIDATE], candidate, r->begin_us);
    replay_learn(r, r->begin_us);
    config_unref(config);
    excursions_limits(r);
    n = history_events(r->reader, 0, r->begin_us, r->to_us, take_mark, r);
    if (r->n_marks > 0)
        qsort(r->marks, r->n_marks, sizeof *r->marks, by_time);
    return n < 0 ? (int)n : r->failed ? (r->error < 0 ? r->error : -ENOMEM) : 0;
}

static void forget(struct replay *r)
{
    for (unsigned i = 0; i < SIDES; i++)
        side_free(&r->sides[i]);
    roster_free(&r->names);
    roster_free(&r->points);
    roster_free(&r->assets);
    free(r->detectors);
    free(r->index_of_id);
    free(r->marks);
    free(r->periods);
    free(r->excursions);
    free(r->said);
    free(r);
}

int replay_run(struct history_reader *reader, struct config *candidate, const char *asset, int64_t from_us,
               int64_t to_us, walk_progress_fn *progress, void *context, json_t **ret)
{
    struct replay *r = calloc(1, sizeof *r);
    if (r == NULL)
        return -ENOMEM;
    r->reader = reader;
    r->asset = asset;
    r->from_us = from_us;
    r->to_us = to_us;
    r->progress = progress;
    r->context = context;
    int result = prepare(r, candidate);
    if (result == 0)
        result = rows_each(r, take_row);
    while (result == 0 && r->mark < r->n_marks)
        obey(r, &r->marks[r->mark++]);
    if (result == 0) {
        excursions_end(r);
        json_t *facts = replay_facts(r);
        result = r->failed || facts == NULL ? -ENOMEM : 0;
        if (result == 0)
            *ret = facts;
        else
            json_decref(facts);
    }
    forget(r);
    return result;
}
