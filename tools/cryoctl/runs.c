#include "runs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define HOUR_US INT64_C(3600000000)

struct taken {
    int64_t utc_us;
    micro_t value;
    uint32_t order;
    uint8_t input, quality;
};

struct runs {
    struct history_reader *reader;
    const struct point_config *points[FREEZER_INPUTS]; /* for the states; NULL: not configured */
    const char *asset;
    struct freezer_run run;
    struct runs_from from;
    struct taken *taken; /* of an hour */
    size_t n, cap;
    int64_t last_us;
    enum freezer_input collecting;
    bool no_memory;
};

static const struct {
    const char *name;
    enum freezer_input input;
} names[] = {{"chamber", FREEZER_INPUT_CHAMBER},   {"sample", FREEZER_INPUT_SAMPLE},
             {"setpoint", FREEZER_INPUT_SETPOINT}, {"segment", FREEZER_INPUT_SEGMENT},
             {"program", FREEZER_INPUT_STATUS},    {"lid", FREEZER_INPUT_LID},
             {"door", FREEZER_INPUT_LID},          {"power", FREEZER_INPUT_POWER},
             {"mains", FREEZER_INPUT_POWER},       {"ln2-low", FREEZER_INPUT_LN2}};
#define N_NAMES (sizeof names / sizeof *names)

/* What a state's name means, by input. */
static const struct {
    const char *name;
    enum freezer_input input;
    int value;
} states[] = {{"run", FREEZER_INPUT_STATUS, FREEZER_STATUS_RUNNING},
              {"running", FREEZER_INPUT_STATUS, FREEZER_STATUS_RUNNING},
              {"hold", FREEZER_INPUT_STATUS, FREEZER_STATUS_HELD},
              {"held", FREEZER_INPUT_STATUS, FREEZER_STATUS_HELD},
              {"holdback", FREEZER_INPUT_STATUS, FREEZER_STATUS_HELD},
              {"pause", FREEZER_INPUT_STATUS, FREEZER_STATUS_HELD},
              {"complete", FREEZER_INPUT_STATUS, FREEZER_STATUS_COMPLETE},
              {"completed", FREEZER_INPUT_STATUS, FREEZER_STATUS_COMPLETE},
              {"end", FREEZER_INPUT_STATUS, FREEZER_STATUS_COMPLETE},
              {"finished", FREEZER_INPUT_STATUS, FREEZER_STATUS_COMPLETE},
              {"reset", FREEZER_INPUT_STATUS, FREEZER_STATUS_IDLE},
              {"idle", FREEZER_INPUT_STATUS, FREEZER_STATUS_IDLE},
              {"ready", FREEZER_INPUT_STATUS, FREEZER_STATUS_IDLE},
              {"off", FREEZER_INPUT_STATUS, FREEZER_STATUS_IDLE},
              {"open", FREEZER_INPUT_LID, 1},
              {"closed", FREEZER_INPUT_LID, 0},
              {"on", FREEZER_INPUT_POWER, 1},
              {"off", FREEZER_INPUT_POWER, 0},
              {"low", FREEZER_INPUT_LN2, 1},
              {"good", FREEZER_INPUT_LN2, 0},
              {"ok", FREEZER_INPUT_LN2, 0},
              {"normal", FREEZER_INPUT_LN2, 0}};
#define N_STATES (sizeof states / sizeof *states)

static bool is_state(enum freezer_input input)
{
    return input >= FREEZER_INPUT_STATUS;
}

/* False: the state has no name, or one that says nothing here. */
static bool translate(const struct point_config *point, enum freezer_input input, micro_t *value)
{
    const struct reg_format *f = &point->format;

    for (unsigned i = 0; i < f->n_states; i++) {
        if (f->states[i].value * MICRO_PER_UNIT != *value)
            continue;
        for (size_t k = 0; k < N_STATES; k++) {
            if (states[k].input == input && strcmp(states[k].name, f->states[i].name) == 0) {
                *value = states[k].value;
                return true;
            }
        }
    }
    return false;
}

/* ---------------------------------------------------------------- an hour, in order of time */

static bool collect(void *context, const struct history_row *row)
{
    struct runs *r = context;
    const enum freezer_input input = r->collecting;
    enum quality quality = row->reading.quality;
    micro_t value = row->calibrated;

    if (r->n == r->cap) {
        const size_t cap = r->cap > 0 ? 2 * r->cap : 4096;
        struct taken *grown = reallocarray(r->taken, cap, sizeof *grown);
        if (grown == NULL) {
            r->no_memory = true;
            return false;
        }
        r->taken = grown;
        r->cap = cap;
    }
    if (input == FREEZER_INPUT_SEGMENT)
        value /= MICRO_PER_UNIT;
    else if (is_state(input) && quality != QUALITY_BAD && !translate(r->points[input], input, &value))
        quality = QUALITY_BAD;
    r->taken[r->n] =
        (struct taken){row->taken_utc_us, value, (uint32_t)r->n, (uint8_t)input, (uint8_t)quality};
    r->n++;
    return true;
}

/* What was read at once: the status first, so that a run begins before its first temperature. */
static int by_time(const void *a, const void *b)
{
    const struct taken *x = a, *y = b;

    if (x->utc_us != y->utc_us)
        return x->utc_us < y->utc_us ? -1 : 1;
    if (x->input != y->input)
        return x->input > y->input ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

static int read_hour(struct runs *r, const char *const *points, int64_t from_us, int64_t to_us)
{
    r->n = 0;
    for (int i = 0; i < FREEZER_INPUTS; i++) {
        if (points[i] == NULL)
            continue;
        r->collecting = (enum freezer_input)i;
        const int64_t n = history_each(r->reader, r->asset, points[i], from_us, to_us, collect, r);
        if (n < 0 || r->no_memory)
            return n < 0 ? (int)n : -ENOMEM;
    }
    if (r->n > 0)
        qsort(r->taken, r->n, sizeof *r->taken, by_time);
    return 0;
}

static void give_hour(struct runs *r, runs_fn *fn, void *context)
{
    for (size_t i = 0; i < r->n; i++) {
        const struct taken *t = &r->taken[i];
        const struct stamp at = {t->utc_us, t->utc_us};
        const uint32_t before = r->run.n_ended;
        if (t->utc_us < r->last_us) {
            r->from.left_out++;
            continue;
        }
        r->last_us = t->utc_us;
        freezer_run_look(&r->run, at);
        if (r->run.n_ended != before)
            fn(context, &r->run.record);
        const uint32_t looked = r->run.n_ended;
        freezer_run_take(&r->run, (enum freezer_input)t->input, at, t->value, (enum quality)t->quality);
        if (r->run.n_ended != looked)
            fn(context, &r->run.record);
    }
}

/* ---------------------------------------------------------------- which points, and how often */

static const struct point_config *find_point(const struct config *config, const char *asset,
                                             const char *point)
{
    for (unsigned i = 0; config != NULL && i < config->n_points; i++)
        if (strcmp(config->points[i].id, point) == 0 &&
            strcmp(config->assets[config->points[i].asset].id, asset) == 0)
            return &config->points[i];
    return NULL;
}

static int find_points(struct runs *r, const struct config *config, const char **points)
{
    for (size_t i = 0; i < N_NAMES; i++) {
        const enum freezer_input input = names[i].input;
        const int has = history_has_point(r->reader, r->asset, names[i].name);
        const struct point_config *point = find_point(config, r->asset, names[i].name);
        if (has < 0)
            return has;
        if (has == 0 || points[input] != NULL ||
            (is_state(input) && (point == NULL || point->format.n_states == 0)))
            continue;
        points[input] = names[i].name;
        r->points[input] = point;
        r->from.has |= 1U << input;
    }
    return points[FREEZER_INPUT_CHAMBER] != NULL ? 0 : -ENOENT;
}

struct intervals {
    int64_t last_us, distances[101];
    unsigned n;
};

static bool take_interval(void *context, const struct history_row *row)
{
    struct intervals *i = context;

    if (i->last_us != 0 && row->slot_utc_us > i->last_us)
        i->distances[i->n++] = row->slot_utc_us - i->last_us;
    i->last_us = row->slot_utc_us;
    return i->n < sizeof i->distances / sizeof *i->distances;
}

static int by_size(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

static int64_t gap_of(struct runs *r, const char *point, int64_t from_us, int64_t to_us)
{
    struct intervals i = {.n = 0};

    (void)history_each(r->reader, r->asset, point, from_us, to_us, take_interval, &i);
    if (i.n == 0)
        return FREEZER_GAP_US;
    qsort(i.distances, i.n, sizeof *i.distances, by_size);
    const int64_t gap_us = 3 * i.distances[i.n / 2];
    return gap_us > FREEZER_GAP_US ? gap_us : FREEZER_GAP_US;
}

/* Hours before the first reading and behind the last are not gone through. */
static int clip(struct runs *r, int64_t *from_us, int64_t *to_us)
{
    int64_t first_us = 0, last_us = 0;
    const int has = history_extent(r->reader, &first_us, &last_us);

    if (has <= 0)
        return has;
    if (*from_us < first_us - HOUR_US)
        *from_us = first_us - HOUR_US;
    if (*to_us > last_us + 2 * HOUR_US)
        *to_us = last_us + 2 * HOUR_US;
    return 1;
}

int runs_each(struct history_reader *reader, const struct config *config, const char *asset,
              const struct freezer_program *program, int64_t from_us, int64_t to_us, runs_fn *run,
              void *context, struct runs_from *ret)
{
    struct runs *r = calloc(1, sizeof *r);
    const char *points[FREEZER_INPUTS] = {NULL};
    int error = r == NULL ? -ENOMEM : 0;

    if (error < 0)
        return error;
    r->reader = reader;
    r->asset = asset;
    r->last_us = INT64_MIN;
    if ((error = find_points(r, config, points)) < 0 || (error = clip(r, &from_us, &to_us)) < 0)
        goto done;
    r->from.gap_us = gap_of(r, points[FREEZER_INPUT_CHAMBER], from_us, to_us);
    const struct freezer_setup setup = {.program = program,
                                        .has = r->from.has,
                                        .gap_us = r->from.gap_us,
                                        .lost_us = FREEZER_LOST_US,
                                        .deviation_after_us = FREEZER_AFTER_US,
                                        .due_us = FREEZER_NONE};
    freezer_run_init(&r->run, &setup);
    for (int64_t at_us = from_us; error >= 0 && at_us < to_us; at_us += HOUR_US) {
        error = read_hour(r, points, at_us, to_us - at_us < HOUR_US ? to_us : at_us + HOUR_US);
        if (error >= 0)
            give_hour(r, run, context);
    }
    if (error >= 0 && r->run.is_running) {
        r->run.record.end = (struct stamp){r->last_us, r->last_us};
        run(context, &r->run.record);
    }
    if (error > 0)
        error = 0;
    *ret = r->from;
done:
    free(r->taken);
    free(r);
    return error;
}
