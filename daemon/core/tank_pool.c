/* tank_pool.c - runs of which each is too short, or its level too coarse, for a window of its own.
 *
 * A lid that is opened some times a day and a probe with steps of a quarter of a centimetre leave runs in
 * which the level moves by two steps or three: none of them tells the boil-off, and a vessel that has no
 * others would never have a baseline. Together they tell it: each counts by the inverse square of its
 * interval, until the interval of their mean is narrow enough. The slope of each is by least squares: the
 * median of the slopes between steps is too small, and what is too small in each run does not go away in the
 * mean. */
#include "tank_parts.h"

#include <string.h>

#define POOL_US    (4 * TANK_DAY_US) /* what is older says nothing of now */
#define SPAN_LEAST (1.0 / 24)        /* days: a shorter run is only noise */
#define STEP_SHARE 0.67              /* of a step over the span: what a step at either end does, at 90 % */

/* Content per day that the present run loses, per cm of level: the slope of its points, by least squares. */
static double fall_cm_day(const struct slope *run)
{
    double at = 0, value = 0, square = 0, product = 0;
    for (unsigned i = 0; i < run->n; i++) {
        at += run->at[i] / run->n;
        value += run->value[i] / run->n;
    }
    for (unsigned i = 0; i < run->n; i++) {
        square += (run->at[i] - at) * (run->at[i] - at);
        product += (run->at[i] - at) * (run->value[i] - value);
    }
    return square > 0 ? -product / square : 0;
}

void tank_pool_clear(struct tank *t)
{
    memset(&t->pool, 0, sizeof t->pool);
}

bool tank_pool_add(struct tank *t, const struct slope_fit *fit, double scale, struct tank_window *w)
{
    struct tank_pool *p = &t->pool;
    double step = t->model.resolution_cm == TANK_UNKNOWN ? 0 : tank_number(t->model.resolution_cm);
    step = fit->span_days > 0 ? step / fit->span_days : 0;
    double half = tank_larger((fit->high - fit->low) / 2 - step, STEP_SHARE * step) * scale;
    if (p->weight > 0 && t->now_us - p->begin_us > POOL_US)
        tank_pool_clear(t);
    if (fit->span_days < SPAN_LEAST || half <= 0)
        return false;
    if (p->weight <= 0)
        p->begin_us = t->now_us;
    double weight = 1 / (half * half);
    w->unsure = p->unsure = p->unsure || w->unsure;
    p->weight += weight;
    p->boil += weight * fall_cm_day(&t->run) * scale;
    p->cm += weight * w->cm;
    if (w->top_k >= 0) {
        p->top_weight += weight;
        p->top_k += weight * w->top_k;
    }
    w->boil = p->boil / p->weight;
    w->cm = p->cm / p->weight;
    w->top_k = p->top_weight > 0 ? p->top_k / p->top_weight : -1;
    return true;
}

double tank_pool_half(const struct tank *t)
{
    return t->pool.weight > 0 ? 1 / slope_root(t->pool.weight) : 0;
}
