/* tank_vacuum.c - boil-off against the vessel's own baseline, and what explains that it is more.
 *
 * Slow: each quiet window adds (index - 1) / spread - SLACK to a sum that never falls below 0 (CUSUM); the
 * sum and the index of the last windows together decide. Fast: the last TANK_RECENT blocks alone, where even
 * the least slope is far beyond the baseline, and the fall goes through all of them: a step is no fall. */
#include "tank_parts.h"

#define LEARN_LEAST 8                 /* windows that make a baseline, and */
#define LEARN_US    (4 * TANK_DAY_US) /* how long they must reach */
#define SPREAD_MIN  0.06              /* of the baseline: what slope, level and weather do by themselves */
#define MAD_TO_SD   1.4826
#define SLACK       1.0 /* in spreads: what the sum forgives per window */
#define CLIP        4.0 /* in spreads: what one window can add at most */
#define ENOUGH      9.0 /* of the sum, to say that it is so */
#define WATCH       4.0
#define INDEX_LEAST 1.25 /* and the index of late must be at least this */
#define FAST_TIMES  2.5  /* the baseline, for the fast look */
#define FAST_LID    6.0  /* the same when the lid was open shortly before */
#define FAST_BLOCKS 3
#define FALLS_LEAST (TANK_RECENT - 2) /* of the differences between the recent blocks, that must fall */
#define FORGET      0.01              /* the baseline follows the vessel by so much per normal window */
#define FOLLOW_MAX  1.3               /* and not further than this from what was first learned */
#define SURELY      3.0               /* no ice boils so many times the baseline */
#define ABOVE       1.25 /* excess of the top over excess of the boil-off: beyond it, it comes from above */
#define TOP_LEAST_K 3.0
#define NORMAL      4 /* windows in a row near the baseline that end it */
#define NEAR        1.15

static double index_of_late(const struct tank *t, const double *values)
{
    double copy[5];
    for (unsigned i = 0; i < t->n_index; i++)
        copy[i] = values[i];
    return slope_median(copy, t->n_index);
}

double tank_vacuum_index(const struct tank *t)
{
    unsigned n = t->n_index < 3 ? t->n_index : 3;
    double copy[3];
    for (unsigned i = 0; i < n; i++)
        copy[i] = t->index[t->n_index - n + i];
    return n > 0 ? slope_median(copy, n) : 1;
}

double tank_vacuum_growth(const struct tank *t)
{
    if (t->n_index < 3)
        return 0;
    double days = (double)(t->index_us[t->n_index - 1] - t->index_us[0]) / (double)TANK_DAY_US;
    return days > 0.2 ? (t->index[t->n_index - 1] - t->index[0]) / days : 0;
}

static void learn(struct tank *t)
{
    double values[TANK_WINDOWS], tops[TANK_WINDOWS];
    unsigned n = t->n_windows, n_tops = 0;
    if (n < LEARN_LEAST || t->now_us - t->learn_us < LEARN_US)
        return;
    for (unsigned i = 0; i < n; i++) {
        values[i] = t->windows[i].boil;
        if (t->windows[i].top_k > 0)
            tops[n_tops++] = t->windows[i].top_k;
    }
    double base = slope_median(values, n);
    if (base <= 0)
        return;
    for (unsigned i = 0; i < n; i++)
        values[i] = t->windows[i].boil > base ? t->windows[i].boil - base : base - t->windows[i].boil;
    t->spread = tank_larger(SPREAD_MIN, MAD_TO_SD * slope_median(values, n) / base);
    t->base = t->base_first = base;
    t->base_top_k = n_tops > 0 ? slope_median(tops, n_tops) : 0;
}

/* Heat by the lid warms the top more than it boils, heat through the wall does both alike. */
static enum tank_cause find_cause(const struct tank *t)
{
    double excess = index_of_late(t, t->index) - 1, top = index_of_late(t, t->index_top) - 1;
    if (excess + 1 >= SURELY || t->base_top_k < TOP_LEAST_K || excess <= 0)
        return TANK_CAUSE_VACUUM;
    return top > ABOVE * excess ? TANK_CAUSE_ICE : TANK_CAUSE_VACUUM;
}

static void fail(struct tank *t)
{
    if (t->failing_us == 0)
        t->failing_us = t->now_us;
    t->normal = 0;
    t->cause = TANK_CAUSE_VACUUM;
}

static void push_index(struct tank *t, double index, double top)
{
    if (t->n_index == 5) {
        for (int i = 1; i < 5; i++) {
            t->index[i - 1] = t->index[i];
            t->index_top[i - 1] = t->index_top[i];
            t->index_us[i - 1] = t->index_us[i];
        }
        t->n_index--;
    }
    t->index[t->n_index] = index;
    t->index_top[t->n_index] = top;
    t->index_us[t->n_index++] = t->now_us;
}

static void follow(struct tank *t, const struct tank_window *w, double index)
{
    double base = t->base + FORGET * (w->boil - t->base);
    if (index < 1 + 2 * t->spread && t->cusum < WATCH && base < FOLLOW_MAX * t->base_first)
        t->base = base;
    if (w->top_k > 0 && t->base_top_k > 0 && t->cusum < WATCH)
        t->base_top_k += FORGET * (w->top_k - t->base_top_k);
}

static void judge(struct tank *t, const struct tank_window *w)
{
    double index = w->boil / t->base;
    double top = w->top_k > 0 && t->base_top_k > 0 ? w->top_k / t->base_top_k : 1;
    push_index(t, index, top);
    double step = tank_smaller(CLIP, (index - 1) / t->spread - SLACK);
    t->cusum = tank_smaller(2 * ENOUGH, tank_larger(0, t->cusum + step));
    t->normal = index < NEAR ? t->normal + 1 : 0;
    double late = tank_vacuum_index(t);
    if (t->cusum >= WATCH && late >= NEAR)
        t->cause = find_cause(t);
    if (t->cusum >= ENOUGH && late >= INDEX_LEAST && t->cause == TANK_CAUSE_VACUUM)
        fail(t);
    if (t->normal >= NORMAL) {
        t->failing_us = 0;
        t->cause = TANK_CAUSE_NONE;
    }
    follow(t, w, index);
}

void tank_vacuum_window(struct tank *t, const struct slope_fit *fit, double cm)
{
    double room_c = t->n_room > 0 ? t->room_sum / t->n_room : 21;
    struct tank_window w = {.end_us = t->now_us, .top_k = -1};
    w.boil = -fit->per_day * tank_per_cm(t, cm) / tank_room_factor(room_c);
    if (t->n_top > 0)
        w.top_k = (t->top_sum / t->n_top - TANK_LN2_C) / tank_room_factor(room_c);
    double half = (fit->high - fit->low) / 2;
    if (t->flags & TANK_LEVEL_JUMP)
        return;
    if (t->base > 0) {
        if (half < 0.5 * tank_larger(-fit->per_day, t->base / tank_per_cm(t, cm)))
            judge(t, &w);
        return;
    }
    if (w.boil <= 0 || half > -0.3 * fit->per_day)
        return;
    t->windows[t->next_window] = w;
    t->next_window = (t->next_window + 1) % TANK_WINDOWS;
    if (t->n_windows < TANK_WINDOWS)
        t->n_windows++;
    learn(t);
}

/* Does it fall far faster than the baseline, now? Even the least of the slopes over half the time must say
 * so. */
static bool falls_fast(const struct tank *t, double times)
{
    double least = 1e300;
    unsigned falls = 0, half = TANK_RECENT / 2;
    for (unsigned i = 1; i < TANK_RECENT; i++)
        falls += t->recent[i] < t->recent[i - 1];
    for (unsigned i = 0; i + half < TANK_RECENT; i++) {
        double slope = (t->recent[i] - t->recent[i + half]) / (t->recent_at[i + half] - t->recent_at[i]);
        least = tank_smaller(least, slope);
    }
    double cm = t->recent[TANK_RECENT - 1];
    return falls >= FALLS_LEAST && least * tank_per_cm(t, cm) > times * t->base;
}

void tank_vacuum_block(struct tank *t)
{
    if (t->base <= 0 || t->run_lid || t->n_recent < TANK_RECENT) {
        t->fast = 0;
        return;
    }
    t->fast = falls_fast(t, t->run_quiet ? FAST_TIMES : FAST_LID) ? t->fast + 1 : 0;
    if (t->fast >= FAST_BLOCKS)
        fail(t);
}

static void say_index(const struct tank *t, struct tank_view *ret)
{
    if (t->base <= 0 || t->n_index == 0) {
        ret->vacuum_index = tank_unknown(tank_absent(&t->input.level) ? TANK_NOT_MEASURED : TANK_LEARNING);
        return;
    }
    double index = tank_vacuum_index(t), half = 1.645 * t->spread * index;
    ret->vacuum_index = tank_says(index, tank_larger(0, index - half), index + half);
}

void tank_vacuum_view(const struct tank *t, struct tank_view *ret)
{
    say_index(t, ret);
    ret->vacuum_since_us = t->failing_us;
    ret->cause = t->cause;
    if (t->failing_us != 0) {
        ret->vacuum = TANK_VACUUM_FAILING;
        return;
    }
    if (!ret->vacuum_index.known)
        return;
    ret->vacuum = t->cusum >= WATCH && tank_vacuum_index(t) >= NEAR && t->cause == TANK_CAUSE_VACUUM
                      ? TANK_VACUUM_WATCH
                      : TANK_VACUUM_GOOD;
    if (ret->cause == TANK_CAUSE_NONE && !tank_sense_quiet(t))
        ret->cause = TANK_CAUSE_LID;
    const struct reading *room = &t->input.room;
    if (ret->cause == TANK_CAUSE_NONE && tank_good(room) && tank_room_factor(tank_number(room->value)) > 1.03)
        ret->cause = TANK_CAUSE_ROOM;
}
