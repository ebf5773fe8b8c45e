/* replay_side.c - the engine with one configuration: what it would have told. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "replay_internal.h"

int side_init(struct side *s, enum side_kind kind)
{
    *s = (struct side){.kind = kind};
    s->point_of = calloc(REPLAY_POINTS_MAX, sizeof *s->point_of);
    s->fed = calloc(REPLAY_POINTS_MAX, sizeof *s->fed);
    s->open = calloc(REPLAY_NAMES_MAX + 1U, sizeof *s->open);
    return s->point_of != NULL && s->fed != NULL && s->open != NULL ? 0 : -ENOMEM;
}

static void forget_config(struct side *s)
{
    side_derive_drop(s);
    engine_free(s->engine);
    config_unref(s->config);
    free(s->point_name);
    free(s->alarm_name);
    s->engine = NULL;
    s->config = NULL;
    s->point_name = NULL;
    s->alarm_name = NULL;
}

void side_free(struct side *s)
{
    forget_config(s);
    free(s->point_of);
    free(s->fed);
    free(s->open);
    free(s->told);
}

/* ---------------------------------------------------------------- what is told */

bool side_has_point(const struct alarm_model *model)
{
    return engine_kind_has_reading(model->kind);
}

static uint8_t speaks_for(const struct alarm_model *model)
{
    switch (model->kind) {
    case CONDITION_HIGH:
        return ABOVE;
    case CONDITION_LOW:
        return BELOW;
    case CONDITION_RATE:
        return model->direction == DIRECTION_RISING ? ABOVE : BELOW;
    case CONDITION_DEVIATION:
        return ABOVE | BELOW;
    default:
        return 0;
    }
}

static bool has_history(const struct side *s, uint16_t alarm)
{
    const struct alarm_model *m = &s->config->alarm_models[alarm];
    bool known = !side_has_point(m) || s->point_name[m->point] > 0;
    for (unsigned i = 0; known && side_has_point(m) && i < m->n_others; i++)
        known = s->point_name[m->others[i]] > 0;
    return known;
}

/* Does the history have all that it is judged by, and its members are? */
static bool is_known(const struct side *s, uint16_t alarm)
{
    const struct alarm_model *m = &s->config->alarm_models[alarm];
    bool members = m->kind == CONDITION_GROUP || m->kind == CONDITION_CHATTER, known = has_history(s, alarm);
    for (uint32_t i = 0; known && members && i < m->n_members; i++)
        known = has_history(s, s->config->members[m->first_member + i]);
    return known;
}

static void begin(struct replay *r, struct side *s, uint16_t alarm, int64_t utc_us)
{
    const struct alarm_model *model = &s->config->alarm_models[alarm];
    uint32_t name = s->alarm_name[alarm];
    if (s->n >= REPLAY_ALARMS_MAX) {
        s->left_out++;
        return;
    }
    if (!replay_grow(r, (void **)&s->told, &s->cap, s->n, sizeof *s->told))
        return;
    bool has_point = side_has_point(model);
    s->told[s->n++] = (struct told){.alarm = name,
                                    .point = has_point ? s->point_name[model->point] : 0,
                                    .from_us = utc_us,
                                    .speaks_for = speaks_for(model),
                                    .not_known = !is_known(s, alarm),
                                    .priority = (uint8_t)model->priority};
    if (model->kind == CONDITION_FED)
        side_derive_about(s, alarm, &s->told[s->n - 1]);
    s->open[name] = (uint32_t)s->n;
}

static void end(struct side *s, uint32_t name, int64_t utc_us, bool removed)
{
    if (s->open[name] == 0)
        return;
    struct told *t = &s->told[s->open[name] - 1];
    t->to_us = utc_us > t->from_us ? utc_us : t->from_us + 1;
    t->removed = removed;
    s->open[name] = 0;
}

static void take(struct replay *r, struct side *s)
{
    struct transition t;
    while (engine_take(s->engine, &t)) {
        uint32_t name = s->alarm_name[t.alarm];
        if (name == 0)
            continue;
        if (t.kind == TRANSITION_RETURNED)
            end(s, name, t.at.utc_us, false);
        else if (t.to == ALARM_UNACKNOWLEDGED && s->open[name] == 0)
            begin(r, s, t.alarm, t.at.utc_us);
    }
}

/* ---------------------------------------------------------------- a configuration */

/* What is derived here needs no history; anything else must have one, in its unit. */
static void name_point(struct replay *r, struct side *s, uint16_t i)
{
    const struct config *c = s->config;
    char name[2 * ID_MAX + 2];
    snprintf(name, sizeof name, "%s/%s", c->assets[c->points[i].asset].id, c->points[i].id);
    const json_t *known = json_object_get(r->points.index, name);
    uint32_t point = known != NULL             ? (uint32_t)json_integer_value(known)
                     : config_is_derived(c, i) ? roster_index(&r->points, name)
                                               : 0;
    if (point == 0 || point >= REPLAY_POINTS_MAX ||
        (r->units[point] != NULL && strcmp(r->units[point], c->points[i].unit) != 0))
        return;
    s->point_name[i] = point;
    s->point_of[point] = (uint16_t)(i + 1);
}

static bool make_names(struct replay *r, struct side *s)
{
    const struct config *c = s->config;
    char name[2 * ID_MAX + 2];
    s->point_name = calloc(c->n_points + 1U, sizeof *s->point_name);
    s->alarm_name = calloc(c->n_alarms + 1U, sizeof *s->alarm_name);
    memset(s->point_of, 0, REPLAY_POINTS_MAX * sizeof *s->point_of);
    if (s->point_name == NULL || s->alarm_name == NULL)
        return false;
    for (uint16_t i = 0; i < c->n_points; i++)
        name_point(r, s, i);
    bool *tried = side_derive_tries(c);
    for (uint16_t i = 0; tried != NULL && i < c->n_alarms; i++) {
        const char *asset = c->assets[c->alarms[i].asset].id;
        bool outside = c->alarm_models[i].kind == CONDITION_FAULT ||
                       (c->alarm_models[i].kind == CONDITION_FED && !tried[i]);
        if (outside || (r->asset != NULL && strcmp(asset, r->asset) != 0))
            continue;
        snprintf(name, sizeof name, "%s/%s", asset, c->alarms[i].id);
        s->alarm_name[i] = roster_index(&r->names, name);
    }
    free(tried);
    return tried != NULL;
}

static struct engine *make_engine(const struct config *c, int64_t utc_us)
{
    const struct engine_tables tables = {.points = c->point_models,
                                         .alarms = c->alarm_models,
                                         .members = c->members,
                                         .n_points = c->n_points,
                                         .n_alarms = c->n_alarms,
                                         .n_members = c->n_members};
    return engine_create(&tables, (struct stamp){.boot_us = utc_us, .utc_us = utc_us});
}

/* What is told goes on being told; what the configuration does not have is over. */
static void restore(struct side *s)
{
    const struct alarm_memory told = engine_memory_of_state(ALARM_UNACKNOWLEDGED);
    for (uint16_t i = 0; i < s->config->n_alarms; i++)
        if (s->alarm_name[i] > 0 && s->open[s->alarm_name[i]] > 0)
            engine_restore(s->engine, i, &told);
}

static void end_removed(struct replay *r, struct side *s, int64_t utc_us)
{
    bool *there = calloc(r->names.n + 1U, sizeof *there);
    if (there == NULL) {
        r->failed = true;
        return;
    }
    for (uint32_t i = 0; s->config != NULL && i < s->config->n_alarms; i++)
        there[s->alarm_name[i]] = true;
    for (uint32_t name = 1; name <= r->names.n; name++)
        if (!there[name])
            end(s, name, utc_us, true);
    free(there);
}

/* What runs in one engine goes on in the next, as a reload of the daemon does it. */
static void carry_over(const struct side *old, struct side *s)
{
    for (uint16_t i = 0; i < s->config->n_points; i++) {
        uint16_t from = s->point_name[i] > 0 ? old->point_of[s->point_name[i]] : 0;
        if (from == 0)
            continue;
        struct point_view view = engine_point(old->engine, (uint16_t)(from - 1));
        engine_restore_point(s->engine, i, &view.reading, view.at, view.last_data_boot_us);
        engine_inherit_point(s->engine, i, old->engine, (uint16_t)(from - 1));
    }
    for (uint16_t i = 0; i < old->config->n_alarms; i++) {
        const char *asset = old->config->assets[old->config->alarms[i].asset].id;
        int to = config_find_alarm(s->config, asset, old->config->alarms[i].id);
        if (to < 0)
            continue;
        engine_restore_pending(s->engine, (uint16_t)to, engine_pending_since(old->engine, i));
        engine_inherit_alarm(s->engine, (uint16_t)to, old->engine, i);
    }
}

void side_start(struct replay *r, struct side *s, int64_t utc_us)
{
    engine_free(s->engine);
    s->engine = NULL;
    if (s->config == NULL)
        return;
    s->engine = make_engine(s->config, utc_us);
    if (s->engine == NULL)
        r->failed = true;
    else {
        restore(s);
        side_derive_restart(r, s, utc_us);
    }
}

void side_load(struct replay *r, struct side *s, struct config *config, int64_t utc_us)
{
    struct side old = *s;
    old.point_of = calloc(REPLAY_POINTS_MAX, sizeof *old.point_of);
    if (old.point_of != NULL)
        memcpy(old.point_of, s->point_of, REPLAY_POINTS_MAX * sizeof *old.point_of);
    s->config = config != NULL ? config_ref(config) : NULL;
    s->engine = NULL;
    s->derive = NULL;
    s->holds = NULL;
    s->point_name = NULL;
    s->alarm_name = NULL;
    if (old.point_of == NULL || (config != NULL && (!make_names(r, s) || !side_derive_make(s, utc_us))))
        r->failed = true;
    if (!r->failed)
        end_removed(r, s, utc_us);
    if (!r->failed && old.engine != NULL)
        side_start(r, s, utc_us);
    if (s->engine != NULL && old.engine != NULL)
        carry_over(&old, s);
    free(old.point_of);
    forget_config(&old);
}

void side_stop(struct side *s)
{
    engine_free(s->engine);
    s->engine = NULL;
}

/* ---------------------------------------------------------------- time and readings */

void side_feed(struct replay *r, struct side *s, int64_t utc_us, const struct event *event)
{
    (void)engine_feed(s->engine, (struct stamp){.boot_us = utc_us, .utc_us = utc_us}, event);
    take(r, s);
}

static void pass_deadlines(struct replay *r, struct side *s, int64_t utc_us)
{
    const struct event tick = {.kind = EVENT_TICK};
    uint16_t stale;
    for (int64_t due_us; (due_us = engine_next_deadline(s->engine)) <= utc_us;) {
        side_feed(r, s, due_us, &tick);
        while (engine_take_stale(s->engine, &stale))
            ;
    }
}

void side_advance(struct replay *r, struct side *s, int64_t utc_us)
{
    if (s->engine == NULL)
        return;
    while (s->derive != NULL && s->look_us <= utc_us) {
        pass_deadlines(r, s, s->look_us);
        side_derive_look(r, s, s->look_us);
    }
    pass_deadlines(r, s, utc_us);
}

void side_sample(struct replay *r, struct side *s, const struct replay_row *row)
{
    uint16_t point = s->point_of[row->point];
    struct event event = {.kind = EVENT_SAMPLE};
    if (s->engine == NULL || point == 0 || config_is_derived(s->config, (uint16_t)(point - 1)))
        return; /* what was derived then is derived anew */
    event.sample.point = (uint16_t)(point - 1);
    event.sample.reading = row->reading;
    (void)config_calibrate(s->config, event.sample.point, row->slot_us, &event.sample.reading);
    s->fed[row->point] = true;
    side_feed(r, s, row->taken_us, &event);
    if (s->derive != NULL)
        side_derive_take(r, s, row->taken_us, event.sample.point, &event.sample.reading);
}
