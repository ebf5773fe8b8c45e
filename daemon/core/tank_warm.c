/* tank_warm.c - the top warms steadily though the lid is closed: the fastest sign that the vacuum is gone.
 *
 * It needs no settled level, so it also sees what goes wrong behind a fill, or with a level probe whose steps
 * hide an hour's fall. Heat from above (a lid that does not quite close) warms the top too: so where the
 * boil-off can be measured it must not be as ever, and after an opening it must be measured to be more.
 *
 * And what a plain limit of temperature sees counts here, too: a top that stays above it, under a closed lid
 * and over a level that says that all is well, is the vacuum or the level, whatever has been learned. */
#include "tank_parts.h"

#define LOOKS        3
#define HALF_LEAST   0.3 /* of it must come in each half: a step is no rise */
#define ABOVE_K      1.0 /* above what is usual at this level */
#define IN_A_ROW     3
#define MORE_TIMES   1.5 /* the baseline: so much boil-off is more than ever */
#define FALL_BLOCKS  8
#define BEHIND_US    TANK_HOUR_US
#define LIQUID_SHARE 0.5 /* of the least level that was learned: below it, it may warm by being dry */
#define LOST_TIMES   2.0 /* the baseline: so fast a level that is not read any more may have fallen */
#define HOT_C        (-160.0)
#define HOT_BLOCKS   3
#define HOT_SEEN     12   /* blocks with liquid that tell whether it warms or cools */
#define HOT_K        10.0 /* above what is usual, or what was seen: else it is a vessel that is so warm */
#define COOLS_K      0.5  /* it was warm before, and was filled */

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

/* How fast the level falls of late: cm per day, and its interval; false: it can't be seen. */
static bool falls(const struct tank *t, struct slope_fit *ret)
{
    struct slope recent;
    double resolution = t->model.resolution_cm == TANK_UNKNOWN ? 0 : tank_number(t->model.resolution_cm);
    slope_clear(&recent);
    for (unsigned i = 0; i < t->n_recent; i++)
        slope_add(&recent, (int64_t)(t->recent_at[i] * (double)TANK_DAY_US), t->recent[i]);
    return t->n_recent >= FALL_BLOCKS && slope_fit(&recent, resolution, ret);
}

/* cm per day: more than ever. */
static double more_cm_day(const struct tank *t)
{
    return MORE_TIMES * tank_vacuum_boil(t, t->last_cm) / tank_per_cm(t, t->last_cm);
}

/* Does the boil-off of late agree? Behind a fill it can't be seen for a while, and the top must do; when only
 * a new run has begun, it is awaited. */
static bool boils_more(const struct tank *t)
{
    struct slope_fit fit;
    if (!falls(t, &fit))
        return tank_sense_quiet(t) && (t->phase != TANK_STATIC || t->now_us - t->phase_us < BEHIND_US);
    return (tank_sense_quiet(t) ? -fit.low : -fit.per_day) > more_cm_day(t);
}

/* Is there liquid? A level that is not read any more is reckoned on from when it was. */
static bool has_liquid(const struct tank *t)
{
    double cm = t->last_cm;
    if (t->base <= 0) {
        double low_cm = t->model.low_cm != TANK_UNKNOWN ? tank_number(t->model.low_cm) : 0;
        return tank_good(&t->input.level) && cm > low_cm && cm > 0 && !tank_fill_is_low(t);
    }
    if (!tank_good(&t->input.level))
        cm -= LOST_TIMES * tank_vacuum_boil(t, cm) / tank_per_cm(t, cm) * (double)(t->now_us - t->good_us) /
              (double)TANK_DAY_US;
    return cm > LIQUID_SHARE * t->least_base_cm;
}

/* Where a window of the last day says how it boils, the run now must surely be more; else it may be. */
static bool may_boil_more(const struct tank *t)
{
    struct slope_fit fit;
    bool seen = t->base > 0 && falls(t, &fit);
    if (t->n_index > 0 && t->now_us - t->index_us[t->n_index - 1] < TANK_DAY_US)
        return seen && -fit.high > more_cm_day(t);
    return !seen || -fit.low > more_cm_day(t);
}

static bool is_hot(const struct tank *t)
{
    if (t->n_tops < HOT_SEEN || !tank_sense_quiet(t))
        return false;
    for (unsigned i = t->n_tops - HOT_BLOCKS; i < t->n_tops; i++) {
        if (t->tops[i] < HOT_C)
            return false;
    }
    double usual_k = tank_vacuum_top(t, t->last_cm);
    double usual_c = usual_k > 0 ? TANK_LN2_C + usual_k : t->top_coldest_c;
    double now_c = t->tops[t->n_tops - 1];
    return now_c >= usual_c + HOT_K && now_c >= t->tops[0] - COOLS_K;
}

static void judge(struct tank *t)
{
    bool warms = false, liquid = has_liquid(t);
    if (!liquid)
        t->n_tops = 0;
    for (unsigned i = 0; i < LOOKS; i++)
        warms = warms || rises(t, looks[i].blocks, looks[i].least_k);
    t->warm_row = warms && liquid && t->base > 0 && t->base_top_k > 0 ? t->warm_row + 1 : 0;
    if (t->warm_row >= IN_A_ROW && boils_more(t))
        tank_vacuum_fail(t);
    if (liquid && is_hot(t) && may_boil_more(t))
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
    t->top_coldest_c = tank_smaller(t->top_coldest_c, top_c);
}

void tank_warm_feed(struct tank *t)
{
    const struct reading *top = &t->input.temps[t->model.top], *lid = &t->input.lid;
    bool gap = t->now_us - t->tops_us > TANK_GAP_US;
    if (!tank_good(top) || !tank_good(lid))
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
