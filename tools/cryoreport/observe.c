#include "observe.h"

#include <stdlib.h>

#define MINUTE_US INT64_C(60000000)

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t greatest(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* ---------------------------------------------------------------- excursions */

static void end_excursion(struct observe *o, int64_t at_us)
{
    o->within = false;
    o->now.end_us = greatest(at_us, o->now.start_us);
    o->now.unknown_us = greatest(o->now.end_us - o->now.start_us - o->now_known_us, 0);
    if (o->n_excursions >= OBSERVE_EXCURSIONS_MAX) {
        o->left_out++;
        return;
    }
    if (o->n_excursions == o->cap_excursions) {
        size_t cap = o->cap_excursions > 0 ? 2 * o->cap_excursions : 32;
        struct observe_excursion *grown = realloc(o->excursions, cap * sizeof *grown);
        if (grown == NULL) {
            o->failed = true;
            return;
        }
        o->excursions = grown;
        o->cap_excursions = cap;
    }
    o->excursions[o->n_excursions++] = o->now;
}

static const struct observe_limits *limits_at(struct observe *o, int64_t at_us)
{
    while (o->limit + 1 < o->n_limits && o->limits[o->limit + 1].from_us <= at_us)
        o->limit++;
    return o->n_limits > 0 ? &o->limits[o->limit] : NULL;
}

static bool is_over(const struct observe_excursion *now, const struct observe_limits *limits,
                    const struct walk_reading *r)
{
    if (now->high ? !limits->has_high : !limits->has_low)
        return true; /* there is no such limit any more */
    if (r->quality != QUALITY_GOOD)
        return false;
    return now->high ? r->value <= limits->high_back : r->value >= limits->low_back;
}

static void judge(struct observe *o, const struct walk_reading *r)
{
    const struct observe_limits *limits = limits_at(o, r->slot_us);
    if (limits == NULL)
        return;
    if (o->within && is_over(&o->now, limits, r))
        end_excursion(o, r->slot_us);
    bool above = limits->has_high && r->value > limits->high;
    bool below = limits->has_low && r->value < limits->low;
    if (!o->within && (above || below)) {
        o->now = (struct observe_excursion){.high = above,
                                            .open_start = o->n == 0,
                                            .limit = above ? limits->high : limits->low,
                                            .peak = r->value,
                                            .start_us = r->slot_us,
                                            .peak_us = r->slot_us};
        o->now_known_us = 0;
        o->within = true;
    }
    if (o->within && (o->now.high ? r->value > o->now.peak : r->value < o->now.peak)) {
        o->now.peak = r->value;
        o->now.peak_us = r->slot_us;
    }
}

/* (value - threshold) x time in 10^-6 degree-minutes, without loss: what is less than one is carried on. The
 * value's distance is at most 10^4 degrees in all that is plausible, the time three intervals. */
static void add_area(struct observe *o, unsigned i, micro_t distance, int64_t us)
{
    int64_t ms = us / 1000, product;
    if (__builtin_mul_overflow(distance, ms, &product) ||
        __builtin_add_overflow(product, o->now.rest[i], &product))
        return;
    o->now.degree_minutes[i] += product / (MINUTE_US / 1000);
    o->now.rest[i] = product % (MINUTE_US / 1000);
}

/* How long the value stands, within the range. */
static int64_t stand_us(const struct observe *o, const struct walk_reading *r)
{
    int64_t us = r->usual_us;
    if (r->next_us != INT64_MAX && r->next_us > r->slot_us)
        us = least(r->next_us - r->slot_us, EXPOSURE_HOLD * r->usual_us);
    return greatest(least(r->slot_us + us, o->to_us) - r->slot_us, 0);
}

static void stand(struct observe *o, const struct walk_reading *r)
{
    int64_t us = stand_us(o, r);
    if (!o->within)
        return;
    o->now_known_us += us;
    for (unsigned i = 0; i < o->n_thresholds; i++) {
        if (r->value <= o->thresholds[i])
            continue;
        o->now.above_us[i] += us;
        add_area(o, i, r->value - o->thresholds[i], us);
    }
}

/* ---------------------------------------------------------------- the rest */

static void add_to_column(struct observe *o, const struct walk_reading *r)
{
    int64_t span = o->to_us - o->from_us, width = (span + OBSERVE_COLUMNS - 1) / OBSERVE_COLUMNS;
    struct observe_column *c = &o->columns[(r->slot_us - o->from_us) / width];
    if (c->n == 0 || r->value < c->minimum)
        c->minimum = r->value;
    if (c->n == 0 || r->value > c->maximum)
        c->maximum = r->value;
    c->sum += r->value / 1000;
    c->n++;
}

static void add_extremes(struct observe *o, const struct walk_reading *r)
{
    if (o->n == 0 || r->value < o->minimum) {
        o->minimum = r->value;
        o->minimum_us = r->slot_us;
    }
    if (o->n == 0 || r->value > o->maximum) {
        o->maximum = r->value;
        o->maximum_us = r->slot_us;
    }
    o->sum += r->value / 1000;
}

bool observe_feed(struct observe *o, const struct walk_reading *r)
{
    if (r->slot_us < o->from_us || r->slot_us >= o->to_us)
        return true;
    o->usual_us = r->usual_us;
    if (r->quality == QUALITY_BAD) {
        o->reasons[r->reason < REASON_COUNT ? r->reason : REASON_NONE]++;
        return true;
    }
    judge(o, r);
    stand(o, r);
    add_to_column(o, r);
    add_extremes(o, r);
    o->n++;
    return !o->failed;
}

bool observe_finish(struct observe *o)
{
    if (o->within) {
        o->now.open_end = true;
        end_excursion(o, o->to_us);
    }
    return !o->failed;
}

void observe_free(struct observe *o)
{
    if (o != NULL)
        free(o->excursions);
}
