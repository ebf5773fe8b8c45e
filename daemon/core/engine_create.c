/* engine_create.c - makes and frees an engine: see engine.h. The only place in core that asks for memory. */
#include <stdlib.h>

#include "engine_state.h"

/* ---------------------------------------------------------------- groups */

static uint32_t group_count(const struct engine *e)
{
    return (uint32_t)e->n_points + FAULT_COUNT + 1;
}

static uint32_t group_of(const struct engine *e, const struct alarm_model *model)
{
    if (model->kind == CONDITION_DATE) /* none that a reading or a fault reaches */
        return (uint32_t)e->n_points + FAULT_COUNT;
    return model->kind == CONDITION_FAULT ? e->n_points + (uint32_t)model->fault : model->point;
}

/* Counting sort of the alarms by group. */
static void make_groups(struct engine *e)
{
    for (uint32_t i = 0; i < e->n_alarms; i++)
        e->group_first[group_of(e, &e->alarm_models[i]) + 1]++;
    for (uint32_t g = 0; g < group_count(e); g++)
        e->group_first[g + 1] += e->group_first[g];
    /* Backwards: each group's end moves down to its beginning. */
    for (uint32_t i = e->n_alarms; i-- > 0;) {
        const uint32_t group = group_of(e, &e->alarm_models[i]);

        e->members[--e->group_first[group + 1]] = (uint16_t)i;
    }
    for (uint32_t g = 0; g < group_count(e); g++)
        e->group_first[g] = e->group_first[g + 1];
    e->group_first[group_count(e)] = e->n_alarms;
}

/* ---------------------------------------------------------------- creation */

static bool dates_are_sound(const struct alarm_model *model)
{
    if (model->n_dates > ALARM_DATES_MAX || model->on_delay_ms != 0 || model->off_delay_ms != 0)
        return false;
    for (unsigned i = 0; i < model->n_dates; i++)
        if (model->dates[i].from_utc_us >= model->dates[i].to_utc_us ||
            (i > 0 && model->dates[i].from_utc_us <= model->dates[i - 1].to_utc_us))
            return false;
    return true;
}

static bool tables_are_sound(uint16_t n_points, const struct alarm_model *alarms, uint16_t n_alarms)
{
    for (uint32_t i = 0; i < n_alarms; i++) {
        const struct alarm_model *model = &alarms[i];

        if (model->kind == CONDITION_FAULT ? (unsigned)model->fault >= FAULT_COUNT : model->point >= n_points)
            return false;
        if (model->n_states > ALARM_STATES_MAX)
            return false;
        if (model->kind == CONDITION_FLATLINE &&
            model->off_delay_ms != 0) /* one value that differs ends it */
            return false;
        if (model->kind == CONDITION_DATE && !dates_are_sound(model))
            return false;
    }
    return true;
}

/* A table of at least one element, so that NULL always means that memory is short. */
static void *table(size_t n, size_t size)
{
    return calloc(n > 0 ? n : 1, size);
}

static bool allocate(struct engine *e)
{
    const size_t items = (size_t)e->n_points + e->n_alarms;

    e->point_models = table(e->n_points, sizeof *e->point_models);
    e->alarm_models = table(e->n_alarms, sizeof *e->alarm_models);
    e->points = table(e->n_points, sizeof *e->points);
    e->alarms = table(e->n_alarms, sizeof *e->alarms);
    e->group_first = table(group_count(e) + 1, sizeof *e->group_first);
    e->members = table(e->n_alarms, sizeof *e->members);
    e->pending.at = table(items, sizeof *e->pending.at);
    e->pending.place = table(items, sizeof *e->pending.place);
    e->pending.heap = table(items, sizeof *e->pending.heap);
    e->queue = table(ENGINE_QUEUE_SIZE(e->n_alarms), sizeof *e->queue);
    e->stale_list = table(e->n_points, sizeof *e->stale_list);
    return e->point_models != NULL && e->alarm_models != NULL && e->points != NULL && e->alarms != NULL &&
           e->group_first != NULL && e->members != NULL && e->pending.at != NULL &&
           e->pending.place != NULL && e->pending.heap != NULL && e->queue != NULL && e->stale_list != NULL;
}

struct engine *engine_create(const struct engine_tables *tables, struct stamp now)
{
    const struct point_model *points = tables->points;
    const struct alarm_model *alarms = tables->alarms;
    const uint16_t n_points = tables->n_points, n_alarms = tables->n_alarms;
    struct engine *e = NULL;

    if (!tables_are_sound(n_points, alarms, n_alarms))
        goto fail;
    e = calloc(1, sizeof *e);
    if (e == NULL)
        goto fail;
    e->now = now;
    e->n_points = n_points;
    e->n_alarms = n_alarms;
    if (!allocate(e))
        goto fail;
    for (uint32_t i = 0; i < n_alarms; i++)
        e->alarm_models[i] = alarms[i];
    make_groups(e);
    deadlines_init(&e->pending, (uint32_t)n_points + n_alarms);
    for (uint32_t i = 0; i < n_points; i++) {
        e->point_models[i] = points[i];
        e->points[i] =
            (struct point){.view = ENGINE_NEVER_READ, .seen_us = now.boot_us, .data_us = now.boot_us};
        engine_set_point_deadline(e, (uint16_t)i);
    }
    for (uint32_t i = 0; i < n_alarms; i++)
        if (alarms[i].kind == CONDITION_DATE)
            deadlines_set(&e->pending, n_points + i, now.boot_us);
    return e;

fail:
    engine_free(e);
    return NULL;
}

void engine_free(struct engine *engine)
{
    if (engine == NULL)
        return;
    free(engine->point_models);
    free(engine->alarm_models);
    free(engine->points);
    free(engine->alarms);
    free(engine->group_first);
    free(engine->members);
    free(engine->pending.at);
    free(engine->pending.place);
    free(engine->pending.heap);
    free(engine->queue);
    free(engine->stale_list);
    free(engine);
}
