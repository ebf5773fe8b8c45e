/* engine_create.c - makes and frees an engine: see engine.h. The only place in core that asks for memory. */
#include <stdlib.h>

#include "engine_state.h"

/* ---------------------------------------------------------------- are the tables sound? */

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

static bool others_are_sound(const struct alarm_model *model, uint16_t n_points)
{
    for (unsigned i = 0; i < model->n_others; i++) {
        if (model->others[i] >= n_points || model->others[i] == model->point)
            return false;
        for (unsigned k = 0; k < i; k++)
            if (model->others[k] == model->others[i])
                return false;
    }
    return true;
}

static bool window_is_sound(uint32_t ms)
{
    return ms > 0 && ms <= ALARM_WINDOW_MAX_MS;
}

static bool is_parent(const struct alarm_model *model)
{
    return model->kind == CONDITION_GROUP || model->kind == CONDITION_CHATTER;
}

static bool members_are_sound(const struct engine_tables *t, const struct alarm_model *model)
{
    if (model->first_member > t->n_members || model->n_members > t->n_members - model->first_member)
        return false;
    for (uint32_t i = 0; i < model->n_members; i++) {
        const uint16_t member = t->members[model->first_member + i];

        if (member >= t->n_alarms || is_parent(&t->alarms[member]))
            return false;
    }
    if (model->at_least == 0)
        return false;
    return model->kind == CONDITION_GROUP
               ? model->at_least <= model->n_members
               : model->at_least <= ALARM_RAISINGS_MAX && window_is_sound(model->window_ms);
}

static bool suppression_is_sound(const struct suppression *s, uint16_t n_points)
{
    return s->when == SUPPRESS_NEVER || ((unsigned)s->when <= SUPPRESS_BELOW && s->point < n_points &&
                                         s->at_most_ms > 0 && s->n_states <= ALARM_STATES_MAX);
}

static bool kind_is_sound(const struct engine_tables *t, const struct alarm_model *model)
{
    switch (model->kind) {
    case CONDITION_FAULT:
        return (unsigned)model->fault < FAULT_COUNT;
    case CONDITION_FLATLINE:
        return model->off_delay_ms == 0; /* one value that differs ends it */
    case CONDITION_DATE:
        return dates_are_sound(model);
    case CONDITION_RATE:
        return window_is_sound(model->window_ms) && (unsigned)model->direction <= DIRECTION_FALLING;
    case CONDITION_DEVIATION:
        return model->n_others <= 1 && others_are_sound(model, t->n_points);
    case CONDITION_DISAGREE:
        return model->n_others >= 1 && model->n_others <= ALARM_OTHERS_MAX &&
               others_are_sound(model, t->n_points);
    case CONDITION_CHATTER:
    case CONDITION_GROUP:
        return members_are_sound(t, model);
    default:
        return (unsigned)model->kind < CONDITION_KINDS;
    }
}

static bool needs_point(const struct alarm_model *model)
{
    return engine_kind_has_reading(model->kind) || model->kind == CONDITION_DATE;
}

static bool tables_are_sound(const struct engine_tables *t)
{
    uint64_t n_members = 0;

    for (uint32_t i = 0; i < t->n_points; i++)
        if (t->points[i].trend_window_ms > ALARM_WINDOW_MAX_MS)
            return false;
    for (uint32_t i = 0; i < t->n_alarms; i++) {
        const struct alarm_model *model = &t->alarms[i];

        if (model->n_states > ALARM_STATES_MAX || (needs_point(model) && model->point >= t->n_points) ||
            !kind_is_sound(t, model) || !suppression_is_sound(&model->suppression, t->n_points))
            return false;
        n_members += is_parent(model) ? model->n_members : 0;
    }
    return n_members <= t->n_members; /* so no two have the same places: the queue counts on it */
}

/* ---------------------------------------------------------------- lists */

/* Each (list, alarm) pair once to put; in the order of the alarms. */
typedef void put_fn(struct lists *lists, uint32_t list, uint16_t alarm);

static void count(struct lists *lists, uint32_t list, uint16_t alarm)
{
    (void)alarm;
    lists->first[list + 2]++;
}

/* first[list + 1] is where the next one goes, and ends up where the next list begins. */
static void put(struct lists *lists, uint32_t list, uint16_t alarm)
{
    lists->items[lists->first[list + 1]++] = alarm;
}

static void list_judges(struct engine *e, put_fn *fn)
{
    for (uint32_t i = 0; i < e->n_alarms; i++) {
        const struct alarm_model *model = &e->alarm_models[i];

        if (model->kind == CONDITION_FAULT)
            fn(&e->judges, e->n_points + (uint32_t)model->fault, (uint16_t)i);
        else if (engine_kind_has_reading(model->kind))
            fn(&e->judges, model->point, (uint16_t)i);
        if (model->kind == CONDITION_DEVIATION || model->kind == CONDITION_DISAGREE)
            for (unsigned k = 0; k < model->n_others; k++)
                fn(&e->judges, model->others[k], (uint16_t)i);
    }
}

static void list_suppresses(struct engine *e, put_fn *fn)
{
    for (uint32_t i = 0; i < e->n_alarms; i++)
        if (e->alarm_models[i].suppression.when != SUPPRESS_NEVER && !e->alarm_models[i].protected)
            fn(&e->suppresses, e->alarm_models[i].suppression.point, (uint16_t)i);
}

static void list_parents(struct engine *e, put_fn *fn)
{
    for (uint32_t i = 0; i < e->n_alarms; i++)
        for (uint32_t k = 0; is_parent(&e->alarm_models[i]) && k < e->alarm_models[i].n_members; k++)
            fn(&e->parents, e->members[e->alarm_models[i].first_member + k], (uint16_t)i);
}

/* A table of at least one element, so that NULL always means that memory is short. */
static void *table(size_t n, size_t size)
{
    return calloc(n > 0 ? n : 1, size);
}

/* Counting sort: ascending within each list. */
static bool make_lists(struct engine *e, struct lists *lists, uint32_t n,
                       void (*each)(struct engine *e, put_fn *fn))
{
    lists->first = table((size_t)n + 2, sizeof *lists->first);
    if (lists->first == NULL)
        return false;
    each(e, count);
    for (uint32_t i = 0; i < n; i++)
        lists->first[i + 2] += lists->first[i + 1];
    lists->items = table(lists->first[n + 1], sizeof *lists->items);
    if (lists->items == NULL)
        return false;
    each(e, put);
    return true;
}

/* No alarm is twice in a group, or in two CHATTERs. Gives each its CHATTER. */
static bool parents_are_sound(struct engine *e)
{
    for (uint32_t i = 0; i < e->n_alarms; i++)
        for (uint32_t k = e->parents.first[i]; k < e->parents.first[i + 1]; k++) {
            const uint16_t parent = e->parents.items[k];

            if (k > e->parents.first[i] && e->parents.items[k - 1] == parent)
                return false;
            if (e->alarm_models[parent].kind != CONDITION_CHATTER)
                continue;
            if (e->alarms[i].chatter != ENGINE_NONE)
                return false;
            e->alarms[i].chatter = parent;
        }
    return true;
}

/* ---------------------------------------------------------------- creation */

static bool allocate(struct engine *e)
{
    const size_t items = (size_t)e->n_points + 2 * (size_t)e->n_alarms;

    e->point_models = table(e->n_points, sizeof *e->point_models);
    e->alarm_models = table(e->n_alarms, sizeof *e->alarm_models);
    e->members = table(e->n_members, sizeof *e->members);
    e->points = table(e->n_points, sizeof *e->points);
    e->alarms = table(e->n_alarms, sizeof *e->alarms);
    e->pending.at = table(items, sizeof *e->pending.at);
    e->pending.place = table(items, sizeof *e->pending.place);
    e->pending.heap = table(items, sizeof *e->pending.heap);
    e->queue = table(ENGINE_QUEUE_SIZE(e->n_alarms, e->n_members), sizeof *e->queue);
    e->stale_list = table(e->n_points, sizeof *e->stale_list);
    return e->point_models != NULL && e->alarm_models != NULL && e->members != NULL && e->points != NULL &&
           e->alarms != NULL && e->pending.at != NULL && e->pending.place != NULL &&
           e->pending.heap != NULL && e->queue != NULL && e->stale_list != NULL;
}

static void copy_tables(struct engine *e, const struct engine_tables *tables)
{
    for (uint32_t i = 0; i < e->n_points; i++) {
        e->point_models[i] = tables->points[i];
        e->points[i] = (struct point){.view = ENGINE_NEVER_READ,
                                      .seen_us = e->now.boot_us,
                                      .data_us = e->now.boot_us,
                                      .trend = ENGINE_NONE};
    }
    for (uint32_t i = 0; i < e->n_alarms; i++) {
        e->alarm_models[i] = tables->alarms[i];
        e->alarms[i] =
            (struct alarm){.rate = ENGINE_NONE, .chatter = ENGINE_NONE, .chattering_us = INT64_MAX};
    }
    for (uint32_t i = 0; i < e->n_members; i++)
        e->members[i] = tables->members[i];
}

/* Memory for what is looked back at: the windows of trends and rates, and of raisings. */
static bool make_windows(struct engine *e)
{
    uint32_t n_trends = 0, n_raisings = 0;

    for (uint32_t i = 0; i < e->n_points; i++)
        if (e->point_models[i].trend_window_ms > 0)
            e->points[i].trend = n_trends++;
    for (uint32_t i = 0; i < e->n_alarms; i++) {
        if (e->alarm_models[i].kind == CONDITION_RATE)
            e->alarms[i].rate = n_trends++;
        if (e->alarms[i].chatter != ENGINE_NONE) {
            e->alarms[i].raisings = n_raisings;
            n_raisings += e->alarm_models[e->alarms[i].chatter].at_least;
        }
    }
    e->trends = table(n_trends, sizeof *e->trends);
    e->raisings = table(n_raisings, sizeof *e->raisings);
    if (e->trends == NULL || e->raisings == NULL)
        return false;
    for (uint32_t i = 0; i < e->n_points; i++)
        if (e->points[i].trend != ENGINE_NONE)
            trend_init(&e->trends[e->points[i].trend], e->point_models[i].trend_window_ms);
    for (uint32_t i = 0; i < e->n_alarms; i++)
        if (e->alarms[i].rate != ENGINE_NONE)
            trend_init(&e->trends[e->alarms[i].rate], e->alarm_models[i].window_ms);
    return true;
}

struct engine *engine_create(const struct engine_tables *tables, struct stamp now)
{
    struct engine *e = NULL;

    if (!tables_are_sound(tables))
        goto fail;
    e = calloc(1, sizeof *e);
    if (e == NULL)
        goto fail;
    e->now = now;
    e->n_points = tables->n_points;
    e->n_alarms = tables->n_alarms;
    e->n_members = tables->n_members;
    if (!allocate(e))
        goto fail;
    copy_tables(e, tables);
    if (!make_lists(e, &e->judges, (uint32_t)e->n_points + FAULT_COUNT, list_judges) ||
        !make_lists(e, &e->suppresses, e->n_points, list_suppresses) ||
        !make_lists(e, &e->parents, e->n_alarms, list_parents))
        goto fail;
    if (!parents_are_sound(e) || !make_windows(e))
        goto fail;
    deadlines_init(&e->pending, (uint32_t)e->n_points + 2 * (uint32_t)e->n_alarms);
    for (uint32_t i = 0; i < e->n_points; i++)
        engine_set_point_deadline(e, (uint16_t)i);
    for (uint32_t i = 0; i < e->n_alarms; i++)
        if (e->alarm_models[i].kind == CONDITION_DATE)
            deadlines_set(&e->pending, engine_condition_item(e, (uint16_t)i), now.boot_us);
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
    free(engine->members);
    free(engine->points);
    free(engine->alarms);
    free(engine->judges.first);
    free(engine->judges.items);
    free(engine->suppresses.first);
    free(engine->suppresses.items);
    free(engine->parents.first);
    free(engine->parents.items);
    free(engine->pending.at);
    free(engine->pending.place);
    free(engine->pending.heap);
    free(engine->queue);
    free(engine->stale_list);
    free(engine->trends);
    free(engine->raisings);
    free(engine);
}
