/* derive_tank_news.c - what a tank's estimates are as readings of points, and its fills. */
#include "derive_internal.h"

#include <assert.h>
#include <string.h>

static enum reason reason_of(enum tank_why why)
{
    static const enum reason reasons[TANK_WHY_COUNT] = {
        [TANK_KNOWN] = REASON_LEARNING,          [TANK_NOT_MEASURED] = REASON_NOT_MEASURED,
        [TANK_BAD_READING] = REASON_INPUT_BAD,   [TANK_LEARNING] = REASON_LEARNING,
        [TANK_GAP] = REASON_INPUT_GAP,           [TANK_BUSY] = REASON_BUSY,
        [TANK_NO_SHAPE] = REASON_NO_SHAPE,       [TANK_NO_LIMIT] = REASON_NO_LIMIT,
        [TANK_NO_CAPACITY] = REASON_NO_CAPACITY, [TANK_NOT_FALLING] = REASON_NOT_FALLING,
    };
    return (unsigned)why < TANK_WHY_COUNT ? reasons[why] : REASON_LEARNING;
}

void derive_tank_quantity(struct derive *d, const int points[BOUNDS], const struct tank_quantity *q)
{
    enum reason reason = reason_of(q->why);
    if (q->known) {
        derive_news_number(d, points[BOUND_VALUE], q->value);
        derive_news_number(d, points[BOUND_LEAST], q->low);
        derive_news_number(d, points[BOUND_MOST], q->high);
        return;
    }
    derive_news_bad(d, points[BOUND_VALUE], reason);
    derive_news_bad(d, points[BOUND_MOST], reason);
    if (q->at_least)
        derive_news_number(d, points[BOUND_LEAST], q->low);
    else
        derive_news_bad(d, points[BOUND_LEAST], reason);
}

static void say_states(struct derive *d, const struct derive_vessel *v)
{
    const struct tank_view *view = &v->view;
    const int(*points)[BOUNDS] = v->config->points;
    const struct reading *level = &v->tank.input.level;
    enum tank_why why = v->tank.no_run;
    if (level->quality != QUALITY_GOOD)
        why = level->reason == REASON_NEVER_READ ? TANK_NOT_MEASURED : TANK_BAD_READING;
    /* What a valve or a lid shows does not need the level. */
    const bool by_level = view->phase == TANK_STATIC || view->phase == TANK_SETTLING;
    if (view->phase == TANK_NO_PHASE || (by_level && derive_tank_input_lost(d, &v->inputs[VESSEL_LEVEL])))
        derive_news_bad(d, points[TANK_POINT_PHASE][BOUND_VALUE], reason_of(why));
    else
        derive_news_state(d, points[TANK_POINT_PHASE][BOUND_VALUE], view->phase);
    if (view->vacuum == TANK_VACUUM_UNKNOWN) {
        enum reason reason = reason_of(view->vacuum_index.why);
        derive_news_bad(d, points[TANK_POINT_VACUUM][BOUND_VALUE], reason);
        derive_news_bad(d, points[TANK_POINT_CAUSE][BOUND_VALUE], reason);
    } else {
        derive_news_state(d, points[TANK_POINT_VACUUM][BOUND_VALUE], view->vacuum);
        derive_news_state(d, points[TANK_POINT_CAUSE][BOUND_VALUE], view->cause);
    }
}

static void say_numbers(struct derive *d, const struct derive_vessel *v)
{
    const struct tank_view *view = &v->view;
    const struct tank_quantity *const quantities[TANK_POINT_COUNT] = {
        [TANK_POINT_VOLUME] = &view->litres,
        [TANK_POINT_BOIL_OFF_LEVEL] = &view->boil_cm_day,
        [TANK_POINT_BOIL_OFF] = &view->boil_l_day,
        [TANK_POINT_TIME_TO_LOW] = &view->left_low_h,
        [TANK_POINT_TIME_TO_EMPTY] = &view->left_empty_h,
        [TANK_POINT_TIME_TO_150] = &view->left_150_h,
        [TANK_POINT_TIME_TO_135] = &view->left_135_h,
        [TANK_POINT_VACUUM_INDEX] = &view->vacuum_index,
        [TANK_POINT_SINCE_FILL] = &view->since_fill_h,
        [TANK_POINT_FILL_INTERVAL] = &view->fill_every_h,
        [TANK_POINT_FILL_TIME] = &view->fill_takes_min,
        [TANK_POINT_USED_DAY] = &view->used_l_day,
        [TANK_POINT_USED_MONTH] = &view->used_l_month,
        [TANK_POINT_LID_OPEN] = &view->lid_open_min,
        [TANK_POINT_LID_OPEN_DAY] = &view->lid_day_min,
        [TANK_POINT_LID_WARMED] = &view->lid_warmed_k,
    };
    for (unsigned i = 0; i < TANK_POINT_COUNT; i++) {
        if (quantities[i] != NULL)
            derive_tank_quantity(d, v->config->points[i], quantities[i]);
    }
}

/* The moment of tank time as people know it, by the clock as it is set now. */
static struct stamp stamp_of(const struct derive *d, int64_t tank_us)
{
    int64_t boot_us = tank_us - d->tank_us;
    return (struct stamp){.boot_us = boot_us, .utc_us = d->now.utc_us - (d->now.boot_us - boot_us)};
}

static bool tell_fill(struct derive *d, uint16_t vessel, const struct tank_fill *fill)
{
    const struct vessel_config *c = d->vessels[vessel].config;
    micro_t from = 0, to = 0;
    struct derived_news news = {.kind = DERIVED_FILLED};
    news.filled.vessel = vessel;
    news.filled.begin = stamp_of(d, fill->begin_us);
    news.filled.end = stamp_of(d, fill->end_us);
    news.filled.from_cm = (micro_t)(fill->from_cm * 1e6);
    news.filled.to_cm = (micro_t)(fill->to_cm * 1e6);
    news.filled.knows_litres = tank_vessel_litres(&c->model, news.filled.from_cm, &from) &&
                               tank_vessel_litres(&c->model, news.filled.to_cm, &to);
    news.filled.litres = news.filled.knows_litres ? to - from : 0;
    return derive_news_event(d, &news);
}

/* Each once, the oldest first. */
static void tell_fills(struct derive *d, uint16_t vessel)
{
    struct derive_vessel *v = &d->vessels[vessel];
    const struct tank *t = &v->tank;
    for (unsigned i = t->n_fills; i > 0 && t->filled_us > v->filled_us; i--) {
        const struct tank_fill *fill = &t->fills[(t->next_fill + TANK_FILLS - i) % TANK_FILLS];
        if (fill->end_us <= v->filled_us)
            continue;
        if (!tell_fill(d, vessel, fill))
            return;
        v->filled_us = fill->end_us;
    }
}

static uint64_t bits_of(double number)
{
    uint64_t bits;
    memcpy(&bits, &number, sizeof bits);
    return bits;
}

/* What can change at once. */
static bool has_changed(struct derive_vessel *v)
{
    const struct tank *t = &v->tank;
    const uint64_t now[] = {(uint64_t)t->phase << 32 | (uint64_t)t->cause << 40 | t->flags,
                            (uint64_t)t->failing_us, bits_of(t->cusum), bits_of(t->base)};
    static_assert(sizeof now == sizeof v->seen, "");
    if (memcmp(now, v->seen, sizeof now) == 0)
        return false;
    memcpy(v->seen, now, sizeof now);
    return true;
}

/* The lid's and the room's part in the cause changes with time alone. */
void derive_tank_news(struct derive *d, uint16_t vessel, bool due)
{
    struct derive_vessel *v = &d->vessels[vessel];
    v->was_failing = v->was_failing || v->tank.failing_us != 0;
    if (!d->ready) {
        if (d->now.boot_us < d->news_us)
            v->filled_us = v->tank.filled_us; /* it was told, or was before all that is */
        return;
    }
    tell_fills(d, vessel);
    /* A number of a level that is gone does not stand there until its turn comes. One that comes back waits.
     */
    const bool lost = derive_tank_input_lost(d, &v->inputs[VESSEL_LEVEL]);
    if (!has_changed(v) && !due && (!lost || v->lost))
        return;
    v->lost = lost;
    tank_view(&v->tank, &v->view);
    say_states(d, v);
    say_numbers(d, v);
    derive_tank_alarms(d, vessel);
}

/* After the first look, which says all, the tanks take turns. */
void derive_tank_look(struct derive *d)
{
    int64_t now_us = derive_tank_time(d);
    unsigned n = d->config->n_vessels;
    for (unsigned i = 0; i < n; i++) {
        struct derive_vessel *v = &d->vessels[i];
        if (v->due_us > now_us)
            continue;
        bool first = v->due_us == 0;
        derive_tank_news(d, (uint16_t)i, true);
        v->due_us = first ? now_us + DERIVE_EVERY_US * (i + 1) / n : v->due_us + DERIVE_EVERY_US;
        if (v->due_us <= now_us)
            v->due_us = now_us + DERIVE_EVERY_US;
    }
}
