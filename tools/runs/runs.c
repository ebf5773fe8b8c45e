#include "runs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOUR_US INT64_C(3600000000)

struct taken {
    int64_t at_us, utc_us, value; /* at_us: by the clock that runs on */
    uint32_t order;
    uint8_t input, quality;
};

struct runs {
    struct history_reader *reader;
    const struct runs_inputs *inputs;
    runs_program_fn *program;
    runs_fn *fn;
    void *context;
    struct freezer_run run;
    struct freezer_record scratch;
    const struct program *chosen; /* that the run follows, or the next one would */
    struct runs_from from;
    struct taken *taken; /* of an hour */
    size_t n, cap;
    struct stamp last;
    struct record_clock_walk walk;
    struct record_bypass *bypasses;
    size_t n_bypasses;
    enum freezer_input collecting;
    bool no_memory, enough;
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
    return input >= FREEZER_INPUT_STATUS && freezer_run_sample_of(input) < 0;
}

/* False: the state has no name, or one that says nothing here. */
static bool translate(const struct point_config *point, enum freezer_input input, int64_t *value)
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

/* The same by the roles of the configuration. */
static bool translate_role(const struct freezer_config *freezer, enum freezer_input input, int64_t *value)
{
    const struct role *role = &freezer->inputs[input];
    const int64_t state = *value / MICRO_PER_UNIT;

    if (input == FREEZER_INPUT_STATUS) {
        for (unsigned i = 0; i < freezer->n_phases; i++) {
            if (freezer->phases[i].value == state) {
                *value = (int64_t)freezer->phases[i].phase;
                return true;
            }
        }
        return false;
    }
    const int on = role_state(role, *value);
    *value = (on > 0) != (input == FREEZER_INPUT_POWER); /* on: lost */
    return on >= 0;
}

int64_t runs_value(const struct runs_inputs *inputs, enum freezer_input input, const struct history_row *row,
                   enum quality *ret_quality)
{
    int64_t value = row->calibrated;

    *ret_quality = row->reading.quality;
    if (*ret_quality == QUALITY_BAD)
        return FREEZER_NONE;
    if (input == FREEZER_INPUT_SEGMENT)
        return value / MICRO_PER_UNIT;
    if (!is_state(input)) {
        const struct role *role = inputs->freezer != NULL ? &inputs->freezer->inputs[input] : NULL;
        return role == NULL || role->num == role->den || role->den == 0
                   ? value
                   : (int64_t)((freezer_wide_t)value * role->num / role->den);
    }
    if (inputs->freezer != NULL ? translate_role(inputs->freezer, input, &value)
                                : translate(inputs->inputs[input].config, input, &value))
        return value;
    *ret_quality = QUALITY_BAD;
    return FREEZER_NONE;
}

/* ---------------------------------------------------------------- an hour, in order of time */

static bool collect(void *context, const struct history_row *row)
{
    struct runs *r = context;
    enum quality quality;
    const int64_t value = runs_value(r->inputs, r->collecting, row, &quality);

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
    const int64_t at_us = record_clock_place(&r->walk, row->taken_utc_us);
    if (quality == QUALITY_GOOD &&
        record_bypass_covers(r->bypasses, r->n_bypasses, r->inputs->inputs[r->collecting].device, at_us))
        quality = QUALITY_UNCERTAIN;
    r->taken[r->n] =
        (struct taken){at_us,          row->taken_utc_us,      quality != QUALITY_BAD ? value : 0,
                       (uint32_t)r->n, (uint8_t)r->collecting, (uint8_t)quality};
    r->n++;
    return true;
}

static enum freezer_input rank(const struct taken *t)
{
    const enum freezer_input input = (enum freezer_input)t->input;

    return freezer_run_sample_of(input) >= 0 ? FREEZER_INPUT_SAMPLE : input;
}

/* What was read at once: the status first, so that a run begins before its first temperature. */
static int by_time(const void *a, const void *b)
{
    const struct taken *x = a, *y = b;

    if (x->at_us != y->at_us)
        return x->at_us < y->at_us ? -1 : 1;
    if (rank(x) != rank(y))
        return rank(x) > rank(y) ? -1 : 1;
    if (x->input != y->input)
        return x->input < y->input ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

static int read_hour(struct runs *r, int64_t from_us, int64_t to_us)
{
    r->n = 0;
    for (int i = 0; i < FREEZER_INPUTS; i++) {
        const struct runs_input *input = &r->inputs->inputs[i];
        if (input->point[0] == '\0')
            continue;
        r->collecting = (enum freezer_input)i;
        record_clock_begin(&r->walk, &r->from.clock, from_us);
        const int64_t n = history_each(r->reader, input->asset, input->point, from_us, to_us, collect, r);
        if (n < 0 || r->no_memory)
            return n < 0 ? (int)n : -ENOMEM;
    }
    if (r->n > 0)
        qsort(r->taken, r->n, sizeof *r->taken, by_time);
    return 0;
}

static void give(struct runs *r)
{
    if (r->enough)
        return;
    r->scratch = r->run.record;
    /* Times of a run are by the clock as it went when it began. */
    r->from.utc_minus_us = r->scratch.begin.utc_us - r->scratch.begin.boot_us;
    freezer_record_shift(&r->scratch, r->from.utc_minus_us);
    if (!r->fn(r->context, &r->scratch, r->chosen))
        r->enough = true;
}

static void give_hour(struct runs *r)
{
    for (size_t i = 0; i < r->n && !r->enough; i++) {
        const struct taken *t = &r->taken[i];
        const struct stamp at = {.boot_us = t->at_us, .utc_us = t->utc_us};
        const uint32_t before = r->run.n_ended;
        if (t->at_us < r->last.boot_us) {
            r->from.left_out++;
            continue;
        }
        r->last = at;
        freezer_run_look(&r->run, at);
        if (r->run.n_ended != before)
            give(r);
        if (!r->run.is_running) {
            r->chosen = r->program(r->context, t->utc_us);
            r->run.setup.program = r->chosen != NULL ? &r->chosen->steps : NULL;
        }
        const uint32_t looked = r->run.n_ended;
        freezer_run_take(&r->run, (enum freezer_input)t->input, at, t->value, (enum quality)t->quality);
        if (r->run.n_ended != looked)
            give(r);
    }
}

/* ---------------------------------------------------------------- which points, and how often */

static void name_input(struct runs_input *input, const struct config *all, const char *asset,
                       const char *point, const struct point_config *config)
{
    if (config != NULL && config->device < all->n_devices)
        (void)snprintf(input->device, sizeof input->device, "%s", all->devices[config->device].id);
    (void)snprintf(input->asset, sizeof input->asset, "%s", asset);
    (void)snprintf(input->point, sizeof input->point, "%s", point);
    input->config = config;
}

static int find_by_names(struct history_reader *reader, const struct config *config, const char *asset,
                         struct runs_inputs *ret)
{
    for (size_t i = 0; i < N_NAMES; i++) {
        const enum freezer_input input = names[i].input;
        const int has = history_has_point(reader, asset, names[i].name);
        const int index = config != NULL ? config_find_point(config, asset, names[i].name) : -1;
        const struct point_config *point = index >= 0 ? &config->points[index] : NULL;
        if (has < 0)
            return has;
        if (has == 0 || ret->inputs[input].point[0] != '\0' ||
            (is_state(input) && (point == NULL || point->format.n_states == 0)))
            continue;
        name_input(&ret->inputs[input], config, asset, names[i].name, point);
    }
    return ret->inputs[FREEZER_INPUT_CHAMBER].point[0] != '\0' ? 0 : -ENOENT;
}

int runs_find_inputs(struct history_reader *reader, const struct config *config, const char *asset,
                     struct runs_inputs *ret)
{
    *ret = (struct runs_inputs){.freezer = NULL};
    for (unsigned i = 0; config != NULL && i < config->n_freezers; i++)
        if (strcmp(config->assets[config->freezers[i].asset].id, asset) == 0)
            ret->freezer = &config->freezers[i];
    if (config == NULL || ret->freezer == NULL)
        return find_by_names(reader, config, asset, ret);
    for (int i = 0; i < FREEZER_INPUTS; i++) {
        const int index = ret->freezer->inputs[i].point;
        if (index < 0)
            continue;
        const struct point_config *point = &config->points[index];
        name_input(&ret->inputs[i], config, config->assets[point->asset].id, point->id, point);
    }
    const struct runs_input *chamber = &ret->inputs[FREEZER_INPUT_CHAMBER];
    const int has = chamber->point[0] != '\0' ? history_has_point(reader, chamber->asset, chamber->point) : 0;
    return has > 0 ? 0 : has < 0 ? has : -ENOENT;
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

static int64_t gap_of(struct runs *r, int64_t from_us, int64_t to_us)
{
    const struct runs_input *chamber = &r->inputs->inputs[FREEZER_INPUT_CHAMBER];
    struct intervals i = {.n = 0};

    if (r->inputs->freezer != NULL && r->inputs->freezer->setup.gap_us > 0)
        return r->inputs->freezer->setup.gap_us;
    (void)history_each(r->reader, chamber->asset, chamber->point, from_us, to_us, take_interval, &i);
    if (i.n == 0)
        return FREEZER_GAP_US;
    qsort(i.distances, i.n, sizeof *i.distances, by_size);
    const int64_t gap_us = 3 * i.distances[i.n / 2];
    return gap_us > FREEZER_GAP_US ? gap_us : FREEZER_GAP_US;
}

static struct freezer_setup setup_of(const struct runs *r)
{
    const struct freezer_config *freezer = r->inputs->freezer;
    struct freezer_setup setup = {.lost_us = FREEZER_LOST_US, .deviation_after_us = FREEZER_AFTER_US};

    if (freezer != NULL)
        setup = freezer->setup;
    setup.program = NULL;
    setup.has = r->from.has;
    setup.gap_us = r->from.gap_us;
    setup.due_us = FREEZER_NONE;
    return setup;
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

int runs_each(struct history_reader *reader, const struct runs_inputs *inputs, runs_program_fn *program,
              int64_t from_us, int64_t to_us, runs_fn *run, void *context, struct runs_from *ret)
{
    struct runs *r = calloc(1, sizeof *r);

    if (r == NULL)
        return -ENOMEM;
    r->reader = reader;
    r->inputs = inputs;
    r->program = program;
    r->fn = run;
    r->context = context;
    r->last.boot_us = INT64_MIN;
    int error = clip(r, &from_us, &to_us);
    if (error < 0)
        goto done;
    for (int i = 0; i < FREEZER_INPUTS; i++)
        if (inputs->inputs[i].point[0] != '\0')
            r->from.has |= 1U << i;
    if (error >= 0)
        error = record_clock_read(reader, from_us, to_us, &r->from.clock);
    if (error >= 0)
        error = record_bypass_read(reader, &r->from.clock, from_us, to_us, &r->bypasses, &r->n_bypasses);
    if (error < 0)
        goto done;
    r->from.gap_us = gap_of(r, from_us, to_us);
    const struct freezer_setup setup = setup_of(r);
    freezer_run_init(&r->run, &setup);
    record_clock_widen(&r->from.clock, &from_us, &to_us);
    for (int64_t at_us = from_us, until_us; error >= 0 && at_us < to_us && !r->enough; at_us = until_us) {
        until_us = to_us - at_us < HOUR_US ? to_us : at_us + HOUR_US;
        record_clock_widen(&r->from.clock, &at_us, &until_us);
        error = read_hour(r, at_us, until_us);
        if (error >= 0)
            give_hour(r);
    }
    if (error >= 0 && r->run.is_running) {
        r->run.record.end = (struct stamp){.boot_us = r->last.boot_us,
                                           .utc_us = r->run.record.begin.utc_us + r->last.boot_us -
                                                     r->run.record.begin.boot_us};
        give(r);
    }
    if (error > 0)
        error = 0;
    *ret = r->from;
done:
    free(r->bypasses);
    free(r->taken);
    free(r);
    return error;
}
