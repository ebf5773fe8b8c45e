/* derive_hall.c - supplies, and what is seen only when the tanks of one supply are seen together.
 *
 * The tanks of a supply are one hall, those without a supply another. More than HALL_TANKS of them are split:
 * then a fill that appears on a probe of the other part is not found, and all else is the same. */
#include "derive_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define HALL_US    INT64_C(60000000)
#define OVERDUE    DERIVE_ALARM_OVERDUE
#define WAIT_LEAST 2  /* tanks that wait for a fill: then it is the supply */
#define OVER_TENTH 11 /* of ten: so many more days than the limit end it */

static unsigned count_halls(const struct config *config, int supply)
{
    unsigned n = 0;
    for (unsigned i = 0; i < config->n_vessels; i++)
        n += config->vessels[i].supply == supply;
    return n == 0 ? supply >= 0 : (n + HALL_TANKS - 1) / HALL_TANKS;
}

static void open_halls(struct derive *d, int supply)
{
    const struct config *config = d->config;
    unsigned n = count_halls(config, supply), first = d->n_halls;
    micro_t reserve = supply >= 0 ? config->supplies[supply].reserve_l : 0;
    unsigned seat = 0;
    for (unsigned i = 0; i < config->n_vessels; i++) {
        if (config->vessels[i].supply != supply)
            continue;
        struct derive_hall *h = &d->halls[first + seat / HALL_TANKS];
        d->vessels[i].hall = first + seat / HALL_TANKS;
        d->vessels[i].seat = seat % HALL_TANKS;
        h->vessels[h->n++] = (uint16_t)i;
        seat++;
    }
    for (unsigned i = 0; i < n; i++) {
        d->halls[first + i].supply = supply;
        hall_init(&d->halls[first + i].hall, d->halls[first + i].n, reserve);
        hall_lid_init(&d->halls[first + i].lid, d->halls[first + i].n);
    }
    d->n_halls += n;
}

int derive_hall_create(struct derive *d)
{
    const struct config *config = d->config;
    unsigned n = 0;
    for (int i = -1; i < config->n_supplies; i++)
        n += count_halls(config, i);
    d->halls = calloc(n + 1u, sizeof *d->halls);
    d->supplies = calloc(config->n_supplies + 1u, sizeof *d->supplies);
    if (d->halls == NULL || d->supplies == NULL)
        return -ENOMEM;
    for (int i = -1; i < config->n_supplies; i++)
        open_halls(d, i);
    for (unsigned i = 0; i < config->n_supplies; i++) {
        struct derive_supply *s = &d->supplies[i];
        s->config = &config->supplies[i];
        derive_tank_input(&s->stock, config, &s->config->stock);
        derive_tank_input(&s->bar, config, &s->config->pressure);
    }
    return 0;
}

void derive_hall_take(struct derive *d, const struct derive_use *use, const struct reading *reading)
{
    struct derive_supply *s = &d->supplies[use->index];
    derive_tank_input_take(d, use->kind == DERIVE_USE_STOCK ? &s->stock : &s->bar, false, reading);
}

static void feed(struct derive *d, struct derive_hall *h, unsigned seat)
{
    struct derive_vessel *v = &d->vessels[h->vessels[seat]];
    hall_tank(&h->hall, derive_tank_time(d), seat, &v->tank);
    hall_lid_tank(&h->lid, derive_tank_time(d), seat, &v->tank);
    if (hall_elsewhere(&h->hall, seat) >= 0 || hall_shows(&h->hall, seat) >= 0)
        v->suspected |= 1 << DERIVE_BY_FILL;
    if (hall_lid_elsewhere(&h->lid, seat) >= 0)
        v->suspected |= 1 << DERIVE_BY_LID;
}

void derive_hall_fed(struct derive *d, uint16_t vessel)
{
    const struct derive_vessel *v = &d->vessels[vessel];
    feed(d, &d->halls[v->hall], v->seat);
}

void derive_hall_tick(struct derive *d)
{
    int64_t now_us = derive_tank_time(d);
    if (now_us < d->hall_us)
        return;
    d->hall_us = now_us + HALL_US;
    for (unsigned i = 0; i < d->n_halls; i++) {
        struct derive_hall *h = &d->halls[i];
        for (unsigned k = 0; k < h->n; k++)
            feed(d, h, k);
        if (h->supply < 0 || d->supplies[h->supply].stock.role->point < 0)
            continue;
        struct reading litres = derive_tank_input_now(d, &d->supplies[h->supply].stock);
        hall_supply(&h->hall, now_us, &litres);
    }
}

static bool has(const struct derive_vessel *v, enum vessel_input which)
{
    return v->inputs[which].role->point >= 0;
}

/* Over only when what raised it is proven right; when that is not known (a start), all that can show it. */
static bool is_right(const struct derive *d, const struct derive_vessel *v)
{
    const struct derive_hall *h = &d->halls[v->hall];
    bool by_fill = v->suspected >> DERIVE_BY_FILL & 1, by_lid = v->suspected >> DERIVE_BY_LID & 1;
    if (v->suspected == 0) {
        by_fill = has(v, VESSEL_VALVE) && has(v, VESSEL_LEVEL);
        by_lid = has(v, VESSEL_LID) && has(v, VESSEL_TEMPS + v->tank.model.top);
    }
    return (by_fill || by_lid) && (!by_fill || hall_is_right(&h->hall, v->seat)) &&
           (!by_lid || hall_lid_is_right(&h->lid, v->seat));
}

enum derive_known derive_hall_mapping(const struct derive *d, const struct derive_vessel *v, int *ret_other,
                                      enum derive_by *ret_by)
{
    const struct derive_hall *h = &d->halls[v->hall];
    int other = hall_elsewhere(&h->hall, v->seat);
    *ret_by = DERIVE_BY_FILL;
    if (other < 0 && (other = hall_shows(&h->hall, v->seat)) >= 0)
        *ret_by = DERIVE_BY_OTHER_FILL;
    if (other < 0 && (other = hall_lid_elsewhere(&h->lid, v->seat)) >= 0)
        *ret_by = DERIVE_BY_LID;
    *ret_other = other >= 0 ? h->vessels[other] : -1;
    if (other >= 0)
        return DERIVE_HOLDS;
    return is_right(d, v) ? DERIVE_OVER : DERIVE_UNKNOWN;
}

/* --- supplies */

/* A further part of the same supply. */
static void merge(struct hall_view *ret, const struct hall_view *view)
{
    ret->n_overdue += view->n_overdue;
    ret->overdue = ret->overdue || view->overdue;
    if (view->since_fill_h.known &&
        (!ret->since_fill_h.known || view->since_fill_h.value < ret->since_fill_h.value))
        ret->since_fill_h = view->since_fill_h;
    if (ret->suspect_valve < 0) {
        ret->suspect_valve = view->suspect_valve;
        ret->suspect_probe = view->suspect_probe;
    }
}

/* ret_late: no tank was filled for far longer than usual, and a level would show it. */
static void view_of(const struct derive *d, int supply, struct hall_view *ret, bool *ret_late)
{
    bool first = true, late = true, sees = false;
    memset(ret, 0, sizeof *ret);
    ret->suspect_valve = ret->suspect_probe = -1;
    for (unsigned i = 0; i < d->n_halls; i++) {
        const struct derive_hall *h = &d->halls[i];
        struct hall_view view;
        if (h->supply != supply || h->hall.now_us == INT64_MIN)
            continue;
        hall_view(&h->hall, &view);
        late = late && view.overdue && view.n_overdue < WAIT_LEAST;
        for (unsigned k = 0; k < h->n; k++)
            sees = sees || d->vessels[h->vessels[k]].tank.input.level.quality == QUALITY_GOOD;
        if (view.suspect_valve >= 0) { /* of the supply's tanks: indices of vessels */
            view.suspect_valve = h->vessels[view.suspect_valve];
            view.suspect_probe = h->vessels[view.suspect_probe];
        }
        if (first)
            *ret = view;
        else
            merge(ret, &view);
        first = false;
    }
    *ret_late = late && sees && !first;
}

static void view_with(const struct derive *d, uint16_t supply, struct hall_view *ret, bool *ret_late)
{
    view_of(d, supply, ret, ret_late);
    if (d->supplies[supply].stock.role->point < 0) {
        ret->supply_l_day = (struct tank_quantity){.why = TANK_NOT_MEASURED};
        ret->supply_days = ret->supply_l_day;
    }
}

void derive_supply(const struct derive *d, uint16_t supply, struct hall_view *ret)
{
    bool late;
    view_with(d, supply, ret, &late);
}

bool derive_hall_waits(const struct derive_vessel *v)
{
    return v->known[OVERDUE] == DERIVE_HOLDS || v->known[DERIVE_ALARM_INEFFECTIVE] == DERIVE_HOLDS;
}

unsigned derive_hall_waiting(const struct derive *d, int supply, unsigned *ret_judged)
{
    unsigned waiting = 0, judged = 0;
    for (unsigned i = 0; i < d->config->n_vessels; i++) {
        const struct derive_vessel *v = &d->vessels[i];
        if (v->config->supply != supply)
            continue;
        waiting += derive_hall_waits(v);
        judged += v->known[OVERDUE] != DERIVE_UNKNOWN;
    }
    *ret_judged = judged;
    return waiting;
}

/* That nobody was found to wait proves nothing after a start or a gap: one of its tanks must have risen in a
 * fill since, or none needs one. */
static bool is_filled(const struct derive *d, int supply, int64_t since_us)
{
    bool content = true, any = false;
    for (unsigned i = 0; i < d->config->n_vessels; i++) {
        const struct derive_vessel *v = &d->vessels[i];
        if (v->config->supply != supply)
            continue;
        if (v->tank.came_us > since_us)
            return true;
        struct tank_view view;
        derive_tank(d, (uint16_t)i, &view);
        content = content && view.no_fill_due;
        any = true;
    }
    return content && any;
}

static enum derive_known no_fills(const struct derive *d, struct derive_supply *s, int supply, bool late)
{
    unsigned judged, waiting = derive_hall_waiting(d, supply, &judged);
    bool lacks = waiting >= WAIT_LEAST || late;
    if (lacks || s->lacked_us == 0)
        s->lacked_us = derive_tank_time(d);
    if (lacks)
        return DERIVE_HOLDS;
    return is_filled(d, supply, s->lacked_us) ? DERIVE_OVER : DERIVE_UNKNOWN;
}

static enum derive_known is_short(const struct derive *d, const struct derive_supply *s,
                                  const struct hall_view *view)
{
    const struct tank_quantity *left = &view->supply_days;
    struct reading stock = derive_tank_input_now(d, &s->stock);
    micro_t limit = (micro_t)s->config->days_at_least * MICRO_PER_UNIT;
    if (limit == 0 || stock.quality != QUALITY_GOOD)
        return DERIVE_UNKNOWN;
    if (s->config->reserve_l > 0 && stock.value <= s->config->reserve_l)
        return DERIVE_HOLDS;
    if (!left->known && !left->at_least)
        return DERIVE_UNKNOWN;
    bool held = s->told[SUPPLY_ALARM_SHORT] == DERIVE_HOLDS;
    return left->low < (held ? limit / 10 * OVER_TENTH : limit) ? DERIVE_HOLDS : DERIVE_OVER;
}

static void look(struct derive *d, uint16_t supply)
{
    struct derive_supply *s = &d->supplies[supply];
    const int(*points)[BOUNDS] = s->config->points;
    struct hall_view view;
    bool late = false;
    view_with(d, supply, &view, &late);
    derive_tank_quantity(d, points[SUPPLY_POINT_DRAWN], &view.supply_l_day);
    /* The estimator bridges some minutes: what is left now is not known meanwhile. */
    if (s->stock.role->point >= 0 && derive_tank_input_now(d, &s->stock).quality == QUALITY_BAD)
        view.supply_days = (struct tank_quantity){.why = TANK_BAD_READING};
    derive_tank_quantity(d, points[SUPPLY_POINT_DAYS_LEFT], &view.supply_days);
    derive_tank_quantity(d, points[SUPPLY_POINT_SINCE_ANY_FILL], &view.since_fill_h);
    derive_news_condition(d, s->config->alarms[SUPPLY_ALARM_NO_FILLS], no_fills(d, s, supply, late),
                          &s->told[SUPPLY_ALARM_NO_FILLS]);
    derive_news_condition(d, s->config->alarms[SUPPLY_ALARM_SHORT], is_short(d, s, &view),
                          &s->told[SUPPLY_ALARM_SHORT]);
}

void derive_hall_look(struct derive *d)
{
    int64_t now_us = derive_tank_time(d);
    for (unsigned i = 0; i < d->config->n_supplies; i++) {
        struct derive_supply *s = &d->supplies[i];
        const bool lost = derive_tank_input_lost(d, &s->stock);
        if (s->due_us > now_us && (!lost || s->lost))
            continue;
        s->lost = lost;
        s->due_us = now_us + DERIVE_EVERY_US;
        look(d, (uint16_t)i);
    }
}
