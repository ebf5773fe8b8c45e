/* tank_warm.c - the top warms steadily though the lid is closed: the fastest sign that the vacuum is gone.
 *
 * It needs no settled level, so it also sees what goes wrong behind a fill, or with a level probe whose steps
 * hide an hour's fall. Heat from above (a lid that does not quite close) warms the top too: so where the
 * boil-off can be measured it must not be as ever, and after an opening it must be measured to be more. */
#include "tank_parts.h"

#define LOOKS        3
#define HALF_LEAST   0.3 /* of it must come in each half: a step is no rise */
#define ABOVE_K      1.0 /* above what is usual at this level */
#define IN_A_ROW     3
#define MORE_TIMES   1.5 /* the baseline: so much boil-off is more than ever */
#define FALL_BLOCKS  8
#define BEHIND_US    TANK_HOUR_US
#define LIQUID_SHARE 0.5 /* of the least level that was learned: below it, it may warm by being dry */

/* So much between the first and the last quarter of so many blocks. */
static const struct {
    unsigned blocks;
    double least_k;
} looks[LOOKS] = {{8, 2.5}, {12, 1.5}, {TANK_RECENT, 2.0}};

static double middle(const double *from, unsigned n)
{
    double copy[TANK_RECENT];
    for (unsigned i = 0; i < n; i++)
        copy[i] = from[i];
    return slope_median(copy, n);
}

static bool rises(const struct tank *t, unsigned n, double least_k)
{
    if (t->n_tops < n)
        return false;
    const double *from = &t->tops[t->n_tops - n];
    unsigned part = n / 4;
    double begin = middle(from, part), half = middle(from + (n - part) / 2, part),
           end = middle(from + n - part, part);
    double rise = end - begin;
    return rise >= least_k && half - begin >= HALF_LEAST * rise && end - half >= HALF_LEAST * rise &&
           end - TANK_LN2_C >= tank_vacuum_top(t, t->last_cm) + ABOVE_K;
}

/* Does the boil-off of late agree? Behind a fill it can't be seen for a while, and the top must do; when only
 * a new run has begun, it is awaited. */
static bool boils_more(const struct tank *t)
{
    struct slope recent;
    struct slope_fit fit;
    double resolution = t->model.resolution_cm == TANK_UNKNOWN ? 0 : tank_number(t->model.resolution_cm);
    double more = MORE_TIMES * tank_vacuum_boil(t, t->last_cm) / tank_per_cm(t, t->last_cm);
    slope_clear(&recent);
    for (unsigned i = 0; i < t->n_recent; i++)
        slope_add(&recent, (int64_t)(t->recent_at[i] * (double)TANK_DAY_US), t->recent[i]);
    if (t->n_recent < FALL_BLOCKS || !slope_fit(&recent, resolution, &fit))
        return tank_sense_quiet(t) && (t->phase != TANK_STATIC || t->now_us - t->phase_us < BEHIND_US);
    return tank_sense_quiet(t) ? -fit.low > more : -fit.per_day > more;
}

static void judge(struct tank *t)
{
    bool warms = false;
    for (unsigned i = 0; i < LOOKS; i++)
        warms = warms || rises(t, looks[i].blocks, looks[i].least_k);
    bool liquid = t->last_cm > LIQUID_SHARE * t->least_base_cm;
    t->warm_row = warms && liquid && t->base > 0 && t->base_top_k > 0 ? t->warm_row + 1 : 0;
    if (t->warm_row >= IN_A_ROW && boils_more(t))
        tank_vacuum_fail(t);
}

static void keep(struct tank *t, double top_c)
{
    if (t->n_tops == TANK_RECENT) {
        for (unsigned i = 1; i < TANK_RECENT; i++)
            t->tops[i - 1] = t->tops[i];
        t->n_tops--;
    }
    t->tops[t->n_tops++] = top_c;
}

void tank_warm_feed(struct tank *t)
{
    const struct reading *top = &t->input.temps[t->model.top], *lid = &t->input.lid;
    bool gap = t->now_us - t->tops_us > TANK_GAP_US;
    if (!tank_good(top) || !tank_good(&t->input.level) || !tank_good(lid))
        return;
    if (lid->value != 0 || gap)
        t->n_tops = t->warm_row = 0;
    if (lid->value != 0 || gap || t->phase == TANK_FILLING) {
        t->n_top_sum = 0;
        t->top_sum_c = 0;
        t->tops_us = t->now_us;
        return;
    }
    t->top_sum_c += tank_number(top->value);
    t->n_top_sum++;
    if (t->now_us - t->tops_us < TANK_BLOCK_US)
        return;
    keep(t, t->top_sum_c / t->n_top_sum);
    t->top_sum_c = 0;
    t->n_top_sum = 0;
    t->tops_us = t->now_us;
    judge(t);
}
