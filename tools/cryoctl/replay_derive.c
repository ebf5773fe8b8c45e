/* replay_derive.c - what each side understands of tanks, supplies and freezers: derive.h with its
 * configuration, which learns from the time before as the daemon does after a start or a reload. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "reader_ordered.h"
#include "replay_internal.h"

#define LEARN_LOOK_US (INT64_C(60) * SECOND_US) /* as the daemon's recall has it */

static struct stamp stamp_of(int64_t utc_us)
{
    return (struct stamp){.boot_us = utc_us, .utc_us = utc_us};
}

/* ---------------------------------------------------------------- which alarms */

static void try_all(bool *tried, const int *alarms, unsigned n, int but)
{
    for (unsigned i = 0; i < n; i++)
        if (alarms[i] >= 0 && (int)i != but)
            tried[alarms[i]] = true;
}

bool *side_derive_tries(const struct config *c)
{
    bool *tried = calloc(c->n_alarms + 1U, sizeof *tried);
    if (tried == NULL)
        return NULL;
    for (unsigned i = 0; i < c->n_vessels; i++)
        try_all(tried, c->vessels[i].alarms, TANK_ALARM_COUNT, -1);
    for (unsigned i = 0; i < c->n_supplies; i++)
        try_all(tried, c->supplies[i].alarms, SUPPLY_ALARM_COUNT, -1);
    for (unsigned i = 0; i < c->n_freezers; i++) /* by which timetable is the monitor's, not derive's */
        try_all(tried, c->freezers[i].alarms, FREEZER_ALARM_COUNT, REPLAY_LATE);
    return tried;
}

static void speak_for(const struct side *s, struct told *t, uint8_t what, const struct role *role)
{
    if (role->point < 0 || t->n_more == TOLD_MORE || s->point_name[role->point] == 0)
        return;
    t->speaks_for |= what;
    t->more[t->n_more++] = s->point_name[role->point];
}

static void of_vessel(const struct side *s, const struct vessel_config *v, unsigned which, struct told *t)
{
    const bool warm = which == REPLAY_TOO_WARM || which == TANK_ALARM_TIME_CRITICAL;
    for (unsigned k = 0; k < TANK_TEMPS && (warm || which == REPLAY_TOO_COLD); k++)
        speak_for(s, t, warm ? ABOVE : BELOW, &v->temps[k]);
    if (which == REPLAY_OVERFILL)
        speak_for(s, t, ABOVE, &v->level);
}

void side_derive_about(const struct side *s, uint16_t alarm, struct told *t)
{
    const struct config *c = s->config;
    for (unsigned i = 0; i < c->n_vessels; i++)
        for (unsigned k = 0; k < TANK_ALARM_COUNT; k++)
            if (c->vessels[i].alarms[k] == alarm)
                of_vessel(s, &c->vessels[i], k, t);
    for (unsigned i = 0; i < c->n_freezers; i++)
        for (unsigned k = FREEZER_INPUT_CHAMBER; k <= FREEZER_INPUT_SAMPLE; k++)
            if (c->freezers[i].alarms[REPLAY_OFF_PROGRAM] == alarm)
                speak_for(s, t, ABOVE | BELOW, &c->freezers[i].inputs[k]);
}

/* ---------------------------------------------------------------- a derive of a side */

void side_derive_drop(struct side *s)
{
    derive_free(s->derive);
    free(s->holds);
    s->derive = NULL;
    s->holds = NULL;
}

bool side_derive_make(struct side *s, int64_t utc_us)
{
    const struct config *c = s->config;
    if (c->n_vessels == 0 && c->n_supplies == 0 && c->n_freezers == 0)
        return true;
    s->holds = calloc(c->n_alarms + 1U, sizeof *s->holds);
    if (s->holds == NULL || derive_create(c, stamp_of(utc_us), &s->derive) < 0) {
        side_derive_drop(s);
        return false;
    }
    s->look_us = utc_us;
    return true;
}

/* A new engine knows nothing of conditions that were told before. */
void side_derive_restart(struct replay *r, struct side *s, int64_t utc_us)
{
    if (s->derive == NULL)
        return;
    for (uint16_t i = 0; i < s->config->n_alarms; i++) {
        const struct event event = {.kind = EVENT_CONDITION, .condition = {.alarm = i, .holds = true}};
        if (s->holds[i])
            side_feed(r, s, utc_us, &event);
    }
    s->look_us = utc_us;
}

static void tell(struct replay *r, struct side *s)
{
    struct derived_news news;
    while (derive_next(s->derive, &news)) {
        struct event event = {.kind = EVENT_SAMPLE};
        if (news.kind == DERIVED_READING) {
            event.sample.point = news.reading.point;
            event.sample.reading = news.reading.reading;
            s->fed[s->point_name[news.reading.point]] = true;
        } else if (news.kind == DERIVED_CONDITION) {
            event.kind = EVENT_CONDITION;
            event.condition.alarm = news.condition.alarm;
            event.condition.holds = news.condition.holds;
            s->holds[news.condition.alarm] = news.condition.holds;
        } else {
            continue;
        }
        side_feed(r, s, news.at.utc_us, &event);
    }
}

void side_derive_look(struct replay *r, struct side *s, int64_t utc_us)
{
    said_pass(r, s, utc_us);
    derive_look(s->derive, stamp_of(utc_us));
    tell(r, s);
    /* At the same moments for both, and for any range. */
    s->look_us = utc_us - utc_us % REPLAY_LOOK_US + REPLAY_LOOK_US;
}

void side_derive_take(struct replay *r, struct side *s, int64_t utc_us, uint16_t point,
                      const struct reading *reading)
{
    if (!derive_wants(s->derive, point))
        return;
    said_pass(r, s, utc_us);
    derive_take(s->derive, stamp_of(utc_us), point, reading);
    tell(r, s);
}

/* ---------------------------------------------------------------- learning */

struct learning {
    struct replay *r;
    int64_t until_us, looked_us[SIDES];
    bool meter;
};

/* 1 + the index of the point in a side that learns; 0: it does not want it, or had it in another unit. */
static uint32_t wants(const struct side *s, uint32_t name)
{
    const uint16_t point = s->derive != NULL && !derive_is_ready(s->derive) ? s->point_of[name] : 0;
    return point > 0 && derive_wants(s->derive, (uint16_t)(point - 1)) ? point : 0;
}

static uint32_t tag_of(void *context, const struct history_point *point)
{
    const struct learning *l = context;
    const struct replay *r = l->r;
    const uint32_t name = point->id <= r->index_of_id_max ? r->index_of_id[point->id] : 0;
    if (name == 0 || strcmp(point->unit, r->units[name]) != 0)
        return 0;
    return wants(&r->sides[IN_FORCE], name) > 0 || wants(&r->sides[CANDIDATE], name) > 0 ? name : 0;
}

static void learn_one(struct learning *l, struct side *s, const struct history_ordered_row *row)
{
    const uint32_t point = wants(s, row->tag);
    int64_t *looked_us = &l->looked_us[s->kind];
    if (point == 0 || row->taken_utc_us < l->until_us - derive_past_us(s->derive, (uint16_t)(point - 1)))
        return;
    said_pass(l->r, s, row->taken_utc_us);
    derive_take(s->derive, stamp_of(row->taken_utc_us), (uint16_t)(point - 1), &row->reading);
    *looked_us = *looked_us != 0 ? *looked_us : row->taken_utc_us;
    if (row->taken_utc_us - *looked_us < LEARN_LOOK_US)
        return;
    derive_look(s->derive, stamp_of(row->taken_utc_us));
    *looked_us = row->taken_utc_us;
}

static bool learn_row(void *context, const struct history_ordered_row *row)
{
    struct learning *l = context;
    struct replay *r = l->r;
    r->learned_from_us = r->learned_from_us != 0 ? r->learned_from_us : row->taken_utc_us;
    for (unsigned i = 0; i < SIDES; i++)
        learn_one(l, &r->sides[i], row);
    if (l->meter && r->progress != NULL)
        r->progress(r->context, row->taken_utc_us);
    return true;
}

void replay_learn(struct replay *r, int64_t utc_us)
{
    struct learning l = {.r = r, .until_us = utc_us, .meter = utc_us == r->begin_us};
    int64_t past_us = 0;
    for (unsigned i = 0; i < SIDES; i++) {
        struct side *s = &r->sides[i];
        if (s->derive == NULL || derive_is_ready(s->derive))
            continue;
        const int64_t own_us = derive_past_most_us(s->config);
        past_us = own_us > past_us ? own_us : past_us;
        said_rewind(r, s, utc_us - own_us);
    }
    if (past_us == 0 || r->failed)
        return;
    r->learns_from_us = r->learnings == 0 ? utc_us - past_us : r->learns_from_us;
    const struct history_ordered ordered = {
        .from_utc_us = utc_us - past_us, .to_utc_us = utc_us, .tag = tag_of, .row = learn_row, .context = &l};
    const int64_t n = history_each_ordered(r->reader, &ordered);
    if (n < 0) {
        r->failed = true;
        r->error = (int)n;
        return;
    }
    r->learnings++;
    for (unsigned i = 0; i < SIDES; i++)
        if (r->sides[i].derive != NULL)
            derive_ready(r->sides[i].derive);
}
