/* tank_vacuum.c - boil-off against the vessel's own baseline, and what explains that it is more.
 *
 * Slow: each quiet window adds (index - 1) / spread - SLACK to a sum that never falls below 0 (CUSUM); the
 * sum and the index of the last windows together decide. Fast: the last TANK_RECENT blocks alone, where even
 * the least slope is far beyond the baseline, and the fall goes through all of them: a step is no fall. From
 * fill to fill: where nearly all of two fills in a row has boiled away far too fast. */
#include "tank_parts.h"

#define LEARN_LEAST   8                 /* windows that make a baseline, and */
#define LEARN_US      (4 * TANK_DAY_US) /* how long they must reach */
#define FINAL_LEAST   10 /* the same for one that slow changes are held against: all of a week's use */
#define FINAL_US      (10 * TANK_DAY_US)
#define APART_CM      1.0
#define UPPER_TO_SD   1.07 /* of the 86th hundredth of what lies above */
#define SPREAD_EARLY  0.2
#define SPREAD_MIN    0.06 /* of the baseline: what slope, level and weather do by themselves */
#define MAD_TO_SD     1.4826
#define SLACK         1.0 /* in spreads: what the sum forgives per window */
#define CLIP          4.0 /* in spreads: what one window can add at most */
#define ENOUGH        9.0 /* of the sum, to say that it is so */
#define ROUGH         0.3 /* of the slope: half an interval that is too wide for a window to count */
#define WATCH         4.0
#define CALM_US       (36 * TANK_HOUR_US) /* so long, and NORMAL windows, without anything to watch end it */
#define INDEX_LEAST   1.40                /* and of the last five windows the middle must be at least this, */
#define INDEX_FLOOR   1.30                /* and the least this, for */
#define FLOOR_US      (36 * TANK_HOUR_US)
#define INDEX_HIGH    1.8 /* or the least of the last three this */
#define FAST_TIMES    2.5 /* the baseline, for the fast look */
#define FAST_BLOCKS   8   /* which is at the last blocks, */
#define FAST_IN_A_ROW 4   /* so often in a row; */
#define FAST_ROUGH    0.5 /* as ROUGH */
#define LONG_TIMES    2.0 /* and the same over TANK_RECENT blocks */
#define LONG_IN_A_ROW 6
#define FILLS_TIMES   3.0 /* so many times the baseline from the end of a fill to the next one, */
#define FILLS_IN_ROW  2
#define FILLS_SHARE   0.7  /* of what was filled in must be gone */
#define FROTH_CM      2.0  /* of which so much may be froth */
#define LOST_CM       3.0  /* little ups and downs are no fills that boil away */
#define LID_TIMES     1.6  /* both times this when the lid was open shortly before */
#define HALF_LEAST    0.25 /* of the fall that must come in each half */
#define FORGET        0.01 /* the baseline follows the vessel by so much per normal window */
#define FOLLOW_MAX    1.3  /* and not further than this from what was first learned */
#define SURELY        3.0  /* no ice boils so many times the baseline */
#define ABOVE         0.95 /* excess of the top over excess of the boil-off: beyond it, it comes from above */
#define TOP_LEAST_K   3.0
#define NORMAL        4 /* windows in a row near the baseline that end it */
#define NEAR          1.15
#define STANDS        0.5  /* of the baseline: less is no boil-off, the level or its probe stands still */
#define BESIDE_CM     1.0  /* so far beside the levels that were learned the baseline holds */
#define EDGE_CM       0.3  /* on either side of that it stays as it was */
#define FROTH_TIMES   2    /* so many times the settling time a fall may still be froth */
#define BELOW_TIMES   1.5  /* for the fast look below them */
#define NO_COLD_K     95.0 /* a top so far above LN2: it is out of use */

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

/* The slope of y against x by Theil-Sen; 0 when the x are too near each other to tell. */
static double line(const double *x, const double *y, unsigned n)
{
    double slopes[TANK_WINDOWS * (TANK_WINDOWS - 1) / 2];
    unsigned pairs = 0;
    for (unsigned i = 0; i < n; i++) {
        for (unsigned j = i + 1; j < n; j++) {
            double apart = x[j] - x[i];
            if (apart > APART_CM || apart < -APART_CM)
                slopes[pairs++] = (y[j] - y[i]) / apart;
        }
    }
    return pairs >= n ? slope_median(slopes, pairs) : 0;
}

/* The level at which the line is read: not beyond what was learned. */
static double at_cm(const struct tank *t, double cm)
{
    return tank_smaller(t->most_base_cm, tank_larger(t->least_base_cm, cm)) - t->base_cm;
}

double tank_vacuum_boil(const struct tank *t, double cm)
{
    return tank_larger(t->base / 2, t->base + t->base_per_cm * at_cm(t, cm));
}

double tank_vacuum_top(const struct tank *t, double cm)
{
    return t->base_top_k > 0 ? t->base_top_k + t->top_per_cm * at_cm(t, cm) : 0;
}

/* Without its exact shape a neck looks like a failing vacuum: what was never learned is not judged. */
bool tank_vacuum_knows(const struct tank *t, double cm)
{
    if (t->base <= 0)
        return false;
    return t->model.n_shape > 2 || (cm <= t->most_base_cm + BESIDE_CM && cm >= t->least_base_cm - BESIDE_CM);
}

bool tank_vacuum_knows_here(const struct tank *t)
{
    return t->base > 0 && !t->beyond;
}

/* A level that wavers at the edge of what was learned must not make all that hangs on it waver. */
void tank_vacuum_feed(struct tank *t)
{
    double edge = t->model.resolution_cm == TANK_UNKNOWN
                      ? EDGE_CM
                      : tank_larger(EDGE_CM, tank_number(t->model.resolution_cm));
    double off = tank_larger(t->last_cm - t->most_base_cm, t->least_base_cm - t->last_cm);
    if (t->base <= 0 || t->model.n_shape > 2 || off < BESIDE_CM - edge)
        t->beyond = false;
    else if (off > BESIDE_CM + edge)
        t->beyond = true;
}

double tank_vacuum_least_fall(const struct tank *t, double cm)
{
    return tank_vacuum_knows(t, cm) ? STANDS * tank_vacuum_boil(t, cm) / tank_per_cm(t, cm) : 0;
}

/* How far the windows lie from the baseline: the middle ones, and those above, which lid use makes. */
static double find_spread(const struct tank *t, double *values)
{
    double above[TANK_WINDOWS], off[TANK_WINDOWS];
    unsigned n = t->n_windows;
    for (unsigned i = 0; i < n; i++) {
        above[i] = values[i] - tank_vacuum_boil(t, t->windows[i].cm);
        off[i] = above[i] < 0 ? -above[i] : above[i];
    }
    double middle = MAD_TO_SD * slope_median(off, n);
    double upper = slope_select(above, n, n - 1 - n / 7) / UPPER_TO_SD;
    double spread = tank_larger(SPREAD_MIN, tank_larger(middle, upper) / t->base);
    return t->base_final ? spread : tank_larger(spread, SPREAD_EARLY);
}

static void learn_top(struct tank *t)
{
    double cm[TANK_WINDOWS], top[TANK_WINDOWS];
    unsigned n = 0;
    for (unsigned i = 0; i < t->n_windows; i++) {
        if (t->windows[i].top_k >= 0) {
            cm[n] = t->windows[i].cm;
            top[n++] = t->windows[i].top_k;
        }
    }
    t->base_top_k = 0;
    if (n < LEARN_LEAST)
        return;
    t->top_per_cm = line(cm, top, n);
    for (unsigned i = 0; i < n; i++)
        top[i] -= t->top_per_cm * at_cm(t, cm[i]);
    t->base_top_k = slope_median(top, n);
}

static void learn(struct tank *t)
{
    double values[TANK_WINDOWS], cm[TANK_WINDOWS], copy[TANK_WINDOWS];
    unsigned n = t->n_windows;
    int64_t age_us = t->now_us - t->learn_us;
    if (n < LEARN_LEAST || age_us < LEARN_US)
        return;
    for (unsigned i = 0; i < n; i++) {
        values[i] = t->windows[i].boil;
        copy[i] = cm[i] = t->windows[i].cm;
    }
    t->least_base_cm = slope_select(copy, n, 0);
    t->most_base_cm = slope_select(copy, n, n - 1);
    t->base_cm = slope_median(copy, n);
    t->base_per_cm = line(cm, values, n);
    for (unsigned i = 0; i < n; i++)
        copy[i] = values[i] - t->base_per_cm * at_cm(t, cm[i]);
    t->base = t->base_first = slope_median(copy, n);
    t->base_final = age_us >= FINAL_US && n >= FINAL_LEAST;
    t->spread = find_spread(t, values);
    learn_top(t);
}

/* Heat by the lid warms the top more than it boils, heat through the wall does both alike. */
static enum tank_cause find_cause(const struct tank *t)
{
    double excess = index_of_late(t, t->index) - 1, top = index_of_late(t, t->index_top) - 1;
    if (excess + 1 >= SURELY || t->n_index < 3 || excess <= 0)
        return TANK_CAUSE_VACUUM;
    return top > ABOVE * excess ? TANK_CAUSE_ICE : TANK_CAUSE_VACUUM;
}

void tank_vacuum_fail(struct tank *t)
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
    double base = t->base + FORGET * (w->boil - tank_vacuum_boil(t, w->cm));
    if (index < 1 + 2 * t->spread && t->cusum < WATCH && base < FOLLOW_MAX * t->base_first)
        t->base = base;
    if (w->top_k >= 0 && t->base_top_k > 0 && t->cusum < WATCH)
        t->base_top_k += FORGET * (w->top_k - tank_vacuum_top(t, w->cm));
}

static double least_of_late(const struct tank *t, unsigned n)
{
    double least = t->index[t->n_index - 1];
    for (unsigned i = 2; i <= n; i++)
        least = tank_smaller(least, t->index[t->n_index - i]);
    return least;
}

/* Heat that a long opening left in the racks fades from window to window; a bad vacuum does not. So not the
 * middle but the least of the last windows must be high. */
static bool stays_high(const struct tank *t)
{
    if (t->n_index >= 3 && least_of_late(t, 3) >= INDEX_HIGH)
        return true;
    return t->n_high >= 5 && t->now_us - t->high_us >= FLOOR_US && index_of_late(t, t->index) >= INDEX_LEAST;
}

/* Days of much use and nights of none would flip it at each window: it ends as failing does, and later. */
static void watch(struct tank *t)
{
    bool is = t->cusum >= WATCH && tank_vacuum_index(t) >= NEAR && t->cause == TANK_CAUSE_VACUUM;
    t->calm = is ? 0 : t->calm + 1;
    if (is) {
        t->watching = true;
        t->watch_us = t->now_us;
    } else if (t->calm >= NORMAL && t->now_us - t->watch_us >= CALM_US && t->cusum < WATCH) {
        t->watching = false;
    }
}

/* Near the baseline for some windows: over. A trickle of a fill may hide some of what boils off: that ends
 * nothing. */
static void count_normal(struct tank *t, double index)
{
    t->normal = index < NEAR && t->phase != TANK_FILLING ? t->normal + 1 : 0;
    if (t->normal < NORMAL)
        return;
    t->watching = t->watching && t->failing_us == 0;
    t->failing_us = 0;
    t->cause = TANK_CAUSE_NONE;
}

static void judge(struct tank *t, const struct tank_window *w)
{
    double index = w->boil / tank_vacuum_boil(t, w->cm), usual_k = tank_vacuum_top(t, w->cm);
    push_index(t, index, w->top_k >= 0 && usual_k > TOP_LEAST_K ? w->top_k / usual_k : 1);
    if (!t->base_final) {
        count_normal(t, index);
        return;
    }
    double step = tank_smaller(CLIP, (index - 1) / t->spread - SLACK);
    t->cusum = tank_smaller(2 * ENOUGH, tank_larger(0, t->cusum + step));
    t->n_high = index >= INDEX_FLOOR ? t->n_high + 1 : 0;
    if (t->n_high == 1)
        t->high_us = t->now_us;
    if (t->cusum >= WATCH && tank_vacuum_index(t) >= NEAR)
        t->cause = find_cause(t);
    if (t->cusum >= ENOUGH && stays_high(t) && t->cause == TANK_CAUSE_VACUUM)
        tank_vacuum_fail(t);
    watch(t);
    count_normal(t, index);
    if (w->unsure)
        return;
    follow(t, w, index);
    if (t->model.n_shape <= 2 && index < NEAR && index > 1 / NEAR && t->cusum < WATCH && t->failing_us == 0) {
        t->least_base_cm = tank_smaller(t->least_base_cm, w->cm);
        t->most_base_cm = tank_larger(t->most_base_cm, w->cm);
    }
}

/* What fails is no baseline: that it fails would end with it. */
static void learn_window(struct tank *t, const struct tank_window *w)
{
    if (t->base_final || t->failing_us != 0 || w->unsure || w->boil <= 0 || t->phase == TANK_FILLING ||
        w->top_k > NO_COLD_K)
        return;
    t->windows[t->next_window] = *w;
    t->next_window = (t->next_window + 1) % TANK_WINDOWS;
    if (t->n_windows < TANK_WINDOWS)
        t->n_windows++;
    learn(t);
}

/* Is its own interval, or that of what it is put to, narrow enough? half: of its own, content per day. */
static bool tells(struct tank *t, const struct slope_fit *fit, double half, double scale,
                  struct tank_window *w)
{
    if (half < ROUGH * tank_larger(w->boil, t->base))
        return true;
    if (t->phase == TANK_FILLING || !tank_pool_add(t, fit, scale, w))
        return false;
    if (tank_pool_half(t) >= ROUGH * tank_larger(w->boil, t->base))
        return false;
    tank_pool_clear(t);
    return true;
}

void tank_vacuum_window(struct tank *t, const struct slope_fit *fit, double cm)
{
    double room_c = t->n_room > 0 ? t->room_sum / t->n_room : 21;
    struct tank_window w = {.end_us = t->now_us, .cm = cm, .top_k = -1, .unsure = t->run_unsure};
    double scale = tank_per_cm(t, cm) / tank_room_factor(room_c);
    w.boil = -fit->per_day * scale;
    if (t->n_top > 0)
        w.top_k = tank_larger(0, t->top_sum / t->n_top - TANK_LN2_C) / tank_room_factor(room_c);
    if (t->flags & TANK_LEVEL_JUMP)
        return;
    bool known = tank_vacuum_knows(t, fit->end_value) && tank_vacuum_knows(t, 2 * cm - fit->end_value);
    if (t->base_final && !known)
        return;
    if (!tells(t, fit, (fit->high - fit->low) / 2 * scale, scale, &w))
        return;
    if (known && w.boil < STANDS * tank_vacuum_boil(t, w.cm))
        return;
    if (known)
        judge(t, &w);
    learn_window(t, &w);
}

static double mean_of(const struct tank *t, unsigned from)
{
    return (t->recent[from] + t->recent[from + 1]) / 2;
}

bool tank_vacuum_is_high(const struct tank *t, const struct slope_fit *fit)
{
    double cm = fit->end_value;
    return t->base > 0 && -fit->high * tank_per_cm(t, cm) > INDEX_HIGH * tank_vacuum_boil(t, cm);
}

/* Do the last n blocks fall far faster than the baseline? Even the least slope of the interval must say so,
 * and it must fall in both halves: a step is no fall. */
static bool falls_fast(const struct tank *t, unsigned n, double times)
{
    struct slope recent;
    struct slope_fit fit;
    double resolution = t->model.resolution_cm == TANK_UNKNOWN ? 0 : tank_number(t->model.resolution_cm);
    if (t->n_recent < n)
        return false;
    unsigned first = t->n_recent - n;
    if (!tank_vacuum_knows(t, t->recent[first])) {
        if (t->recent[first] > t->most_base_cm)
            return false;
        times *= BELOW_TIMES;
    }
    double froth_us = (double)(FROTH_TIMES * tank_level_settle_us(t));
    if (t->filled_us != 0 && t->recent_at[first] * (double)TANK_DAY_US < (double)t->filled_us + froth_us)
        times *= LID_TIMES;
    double begin = mean_of(t, first), middle = mean_of(t, first + n / 2 - 1),
           end = mean_of(t, t->n_recent - 2);
    double least = HALF_LEAST * (begin - end);
    if (begin - middle < least || middle - end < least)
        return false;
    slope_clear(&recent);
    for (unsigned i = first; i < t->n_recent; i++)
        slope_add(&recent, (int64_t)(t->recent_at[i] * (double)TANK_DAY_US), t->recent[i]);
    double cm = t->recent[t->n_recent - 1];
    if (!slope_fit(&recent, resolution, &fit) || fit.high - fit.low > -2 * FAST_ROUGH * fit.per_day)
        return false;
    return -fit.high * tank_per_cm(t, cm) > times * tank_vacuum_boil(t, cm);
}

void tank_vacuum_block(struct tank *t)
{
    double more = t->run_quiet ? 1 : LID_TIMES;
    if (t->base <= 0 || t->run_lid) {
        t->fast = t->fast_long = 0;
        return;
    }
    t->fast = falls_fast(t, FAST_BLOCKS, FAST_TIMES * more) ? t->fast + 1 : 0;
    t->fast_long = falls_fast(t, TANK_RECENT, LONG_TIMES * more) ? t->fast_long + 1 : 0;
    if (t->fast >= FAST_IN_A_ROW || t->fast_long >= LONG_IN_A_ROW)
        tank_vacuum_fail(t);
}

/* A vessel that boils its fill away within hours spends them settling: what it lost from fill
 * to fill tells. */
void tank_vacuum_fill(struct tank *t, const struct tank_fill *last)
{
    double days = (double)(t->now_us - last->end_us) / (double)TANK_DAY_US;
    double lost_cm = last->to_cm - t->phase_cm, cm = lost_cm - FROTH_CM;
    bool all = lost_cm > LOST_CM &&
               lost_cm > FILLS_SHARE * (last->to_cm - last->from_cm); /* else it joins another one's fill */
    bool closed = !t->lid_open && t->lid_closed_us < last->begin_us;
    bool known = tank_vacuum_knows(t, last->to_cm) || last->to_cm < t->most_base_cm;
    bool fast = t->base > 0 && known && all && closed && days > 0 && cm > 0 &&
                cm / days * tank_per_cm(t, t->phase_cm) > FILLS_TIMES * tank_vacuum_boil(t, t->phase_cm);
    t->fast_fills = fast ? t->fast_fills + 1 : 0;
    if (t->fast_fills >= FILLS_IN_ROW)
        tank_vacuum_fail(t);
}

static void say_index(const struct tank *t, struct tank_view *ret)
{
    if (t->flags & TANK_LEVEL_FLAT) {
        ret->vacuum_index = tank_unknown(TANK_NOT_FALLING);
        return;
    }
    if (t->base > 0 && !tank_vacuum_knows_here(t)) {
        ret->vacuum_index = tank_unknown(TANK_LEARNING);
        return;
    }
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
    ret->vacuum = t->watching ? TANK_VACUUM_WATCH : TANK_VACUUM_GOOD;
    if (t->watching && ret->cause == TANK_CAUSE_NONE)
        ret->cause = TANK_CAUSE_VACUUM;
    if (ret->cause == TANK_CAUSE_NONE && !tank_sense_quiet(t))
        ret->cause = TANK_CAUSE_LID;
    const struct reading *room = &t->input.room;
    if (ret->cause == TANK_CAUSE_NONE && tank_good(room) && tank_room_factor(tank_number(room->value)) > 1.03)
        ret->cause = TANK_CAUSE_ROOM;
}
