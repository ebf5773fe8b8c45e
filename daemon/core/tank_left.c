/* tank_left.c - litres, boil-off, and how long it lasts if nobody does anything.
 *
 * The rate now comes from the present run when its slope is narrow enough, else from the last run of the same
 * kind, else from the baseline. From now to empty it can fall, because less wall is wetted: the more of the
 * heat comes through the wall, the more it falls. And it can rise, when the vacuum goes on failing. Both are
 * in the interval, and half of each is in the value. */
#include "tank_parts.h"

#define RATE_OLD_US (36 * TANK_HOUR_US)
#define WIDE        0.35 /* of the slope: half an interval that is too wide to be used */
#define FALL_LEAST  0.08 /* by so much the rate falls until empty, at an index of 1, and */
#define FALL_MORE   0.05 /* more for each 1 of the index, up to */
#define FALL_MAX    0.28
#define MODEL       0.04 /* what level table, weather and lid add to the interval, at least */
/* Of the rate's interval: to the short side it errs less, for the rate mostly falls; the more the further. */
#define SHORTER       0.75
#define SHORTER_WHOLE 0.4
#define LONGER        0.9
#define DRY_CM        0.1
#define LEAST_SHARE   0.01 /* of the content: what may be left when the reading has stepped by more than it */
#define DRY_RISE_K    3.0  /* so much the top must have warmed where the level shows no liquid, */
#define WET_RISE_K    8.0  /* or tells nothing: lid and sawtooth warm it too; */
#define WARMING_US    (2 * TANK_HOUR_US) /* for so long */
#define FELL_BACK_K   2.0
#define DRY_SHARE     0.7
#define WET_SHARE     0.3     /* while there is liquid it warms more slowly than it will */
#define LATENT_J_L    160.6e3 /* LN2 at 1 atm: 199 kJ/kg, 0.807 kg/L */
#define DAY_S         86400.0
#define WARM_LOW      0.8  /* what warming takes, as a share of capacity x kelvin / leak: */
#define WARM_VALUE    0.95 /* the dry racks warm unevenly, and the top is ahead of them */
#define WARM_HIGH     1.15
#define MARGIN_K      30.0 /* nearer to the limit than this, it may be reached before the liquid is gone */

struct rate {
    double value, low, high; /* content per day: litres, or cm without shape */
};

static enum tank_why no_rate(const struct tank *t)
{
    if (!tank_good(&t->input.level))
        return tank_no_reading(&t->input.level);
    return t->flags & TANK_LEVEL_FLAT ? TANK_NOT_FALLING : t->no_run;
}

static bool from_fit(const struct tank *t, struct rate *ret)
{
    bool now = t->fit_is && t->fit_us >= t->run_us && t->run.n >= SLOPE_LEAST;
    bool same = t->fit_is && t->fit_lid == t->lid_open && t->now_us - t->fit_us < RATE_OLD_US;
    double half = (t->fit.high - t->fit.low) / 2;
    if ((!now && !same) || !(half < -WIDE * t->fit.per_day))
        return false;
    double per_cm = tank_per_cm(t, t->last_cm);
    *ret = (struct rate){-t->fit.per_day * per_cm, -t->fit.high * per_cm, -t->fit.low * per_cm};
    return true;
}

static bool find_rate(const struct tank *t, struct rate *ret)
{
    if (!tank_good(&t->input.level) || t->flags & TANK_LEVEL_FLAT)
        return false;
    if (from_fit(t, ret))
        return true;
    if (!tank_vacuum_knows_here(t) || t->lid_open)
        return false;
    double room = tank_good(&t->input.room) ? tank_room_factor(tank_number(t->input.room.value)) : 1;
    double index = t->n_index > 0 ? tank_vacuum_index(t) : 1, value = t->base * room * index;
    double half = 1.645 * t->spread * value;
    *ret = (struct rate){value, tank_larger(value - half, 0.2 * value), value + half};
    return true;
}

static void say_boil(const struct tank *t, bool is, const struct rate *rate, struct tank_view *ret)
{
    if (!is) {
        ret->boil_cm_day = ret->boil_l_day = tank_unknown(no_rate(t));
    } else {
        double per_cm = tank_per_cm(t, t->last_cm);
        ret->boil_cm_day = tank_says(rate->value / per_cm, rate->low / per_cm, rate->high / per_cm);
        ret->boil_l_day = tank_says(rate->value, rate->low, rate->high);
    }
    if (t->model.n_shape == 0)
        ret->boil_l_day = tank_unknown(TANK_NO_SHAPE);
}

/* Hours for so much content at this rate. whole: what share of all there is that is. */
static struct tank_quantity hours(const struct tank *t, double content, double whole, const struct rate *rate)
{
    double index = tank_larger(1, t->n_index > 0 ? tank_vacuum_index(t) : 1);
    double fall = tank_smaller(FALL_MAX, FALL_LEAST + FALL_MORE * (index - 1)) * whole;
    double value = content / (rate->value * (1 - fall / 2)) * 24;
    double growth = t->failing_us != 0 || t->cusum > 0 ? tank_larger(0, tank_vacuum_growth(t)) : 0;
    double more = tank_smaller(2, growth / index * value / 24 / 2); /* the mean over that time */
    double relative = (rate->high - rate->low) / 2 / rate->value;
    double error = slope_root(relative * relative + MODEL * MODEL);
    value /= 1 + more / 2;
    double low = content / (rate->value * (1 + (SHORTER - SHORTER_WHOLE * whole) * error + more)) * 24;
    double high = content / (rate->value * tank_larger(0.1, 1 - LONGER * error - fall)) * 24;
    return tank_says(value, tank_smaller(low, value), tank_larger(high, value));
}

static void say_low(const struct tank *t, const struct rate *rate, double content, struct tank_view *ret)
{
    if (t->model.low_cm == TANK_UNKNOWN) {
        ret->left_low_h = tank_unknown(TANK_NO_LIMIT);
        return;
    }
    double above = content - tank_content(t, tank_number(t->model.low_cm));
    if (above <= 0)
        ret->left_low_h = tank_says(0, 0, 0);
    else
        ret->left_low_h = hours(t, above, above / content, rate);
}

/* Until the top is as warm as the limit: the liquid first, and then the warming of what is in the vessel. */
static struct tank_quantity warm(const struct tank *t, double limit_c, const struct tank_quantity *empty,
                                 const struct rate *rate)
{
    const struct reading *top = &t->input.temps[t->model.top];
    if (!tank_good(top))
        return tank_unknown(tank_no_reading(top));
    double now_c = tank_number(top->value), margin = limit_c - now_c;
    if (margin <= 0)
        return tank_says(0, 0, 0);
    double dry_low = tank_number(empty->low), near = tank_smaller(1, margin / MARGIN_K);
    struct tank_quantity at_least = tank_unknown(TANK_NO_CAPACITY);
    at_least.at_least = true;
    at_least.low = tank_micro(dry_low * near * near);
    if (t->model.heat_capacity_j_k == TANK_UNKNOWN || t->model.n_shape == 0)
        return at_least;
    double watts = rate->value * LATENT_J_L / DAY_S;
    double warming_h = tank_number(t->model.heat_capacity_j_k) * margin / watts / 3600;
    double dry = tank_number(empty->value), dry_high = tank_number(empty->high);
    return tank_says(dry * slope_root(near) + WARM_VALUE * warming_h,
                     dry_low * near * near + WARM_LOW * warming_h, dry_high + WARM_HIGH * warming_h);
}

static void say_all(struct tank_view *ret, struct tank_quantity quantity)
{
    ret->left_low_h = ret->left_empty_h = ret->left_150_h = ret->left_135_h = quantity;
}

static void say_litres(const struct tank *t, struct tank_view *ret)
{
    double content = tank_content(t, t->last_cm), other = tank_content(t, tank_step_other_cm(t));
    if (!tank_good(&t->input.level))
        ret->litres = tank_unknown(tank_no_reading(&t->input.level));
    else if (t->model.n_shape == 0)
        ret->litres = tank_unknown(TANK_NO_SHAPE);
    else
        ret->litres = tank_says(content, tank_smaller(content, other), tank_larger(content, other));
}

/* From its own slope, when it is clearly one: from the coldest by rise_k at least. share: of the shortest
 * time by the slope, what may be true. */
static struct tank_quantity trend(const struct tank *t, double limit_c, double rise_k, double share,
                                  enum tank_why why)
{
    struct slope_fit fit;
    const struct reading *top = &t->input.temps[t->model.top];
    if (!tank_good(top))
        return tank_unknown(tank_no_reading(top));
    double margin = limit_c - tank_number(top->value);
    if (margin <= 0)
        return tank_says(0, 0, 0);
    bool rises = t->top_most_c - t->top_least_c >= rise_k && t->warming_us - t->top_us >= WARMING_US;
    if (!rises || !slope_fit(&t->warming, 0, &fit) || fit.low <= 0)
        return tank_unknown(why);
    return tank_says(margin / fit.per_day * 24, margin / fit.high * 24 * share, margin / fit.low * 24 * 1.3);
}

bool tank_left_is_dry(const struct tank *t, double cm)
{
    return tank_content(t, cm) <= tank_per_cm(t, 0) * DRY_CM;
}

/* Days in which it did not warm would hide that it warms now: a day without a clear rise begins anew. */
static bool stood_a_day(const struct tank *t)
{
    struct slope_fit fit;
    return t->now_us - t->top_us >= TANK_DAY_US && slope_fit(&t->warming, 0, &fit) && fit.low <= 0;
}

/* What the top does since it was coldest; falling back by FELL_BACK_K it begins anew. */
void tank_left_feed(struct tank *t)
{
    const struct reading *top = &t->input.temps[t->model.top];
    if (!tank_good(top) || (t->warming.n > 0 && t->now_us - t->warming_us < TANK_BLOCK_US))
        return;
    double c = tank_number(top->value);
    bool gap = t->now_us - t->warming_us > TANK_GAP_US;
    if (t->warming.n == 0 || gap || c < t->top_least_c || c < t->top_most_c - FELL_BACK_K || stood_a_day(t)) {
        slope_clear(&t->warming);
        t->top_least_c = t->top_most_c = c;
        t->top_us = t->now_us;
    }
    t->top_most_c = tank_larger(t->top_most_c, c);
    slope_add(&t->warming, t->now_us, c);
    t->warming_us = t->now_us;
}

/* The level does not tell how long it lasts: the top does, when it warms. */
static void say_warming(const struct tank *t, double rise_k, double share, enum tank_why why,
                        struct tank_view *ret)
{
    ret->left_150_h = trend(t, -150, rise_k, share, why);
    ret->left_135_h = trend(t, -135, rise_k, share, why);
    ret->by_warming = ret->left_150_h.known;
}

static void say_level_unusable(const struct tank *t, enum tank_why why, struct tank_view *ret)
{
    bool level = tank_good(&t->input.level);
    say_all(ret, tank_unknown(why));
    say_warming(t, WET_RISE_K, WET_SHARE, why, ret);
    if (level && t->model.low_cm == TANK_UNKNOWN)
        ret->left_low_h = tank_unknown(TANK_NO_LIMIT);
    else if (level && t->last_cm <= tank_number(t->model.low_cm))
        ret->left_low_h = tank_says(0, 0, 0); /* below it is below it, however fast */
}

static void say_left(const struct tank *t, const struct rate *rate, double content, struct tank_view *ret)
{
    ret->left_empty_h = hours(t, content, 1, rate);
    say_low(t, rate, content, ret);
    ret->left_150_h = warm(t, -150, &ret->left_empty_h, rate);
    ret->left_135_h = warm(t, -135, &ret->left_empty_h, rate);
}

/* The reading has stepped: what it would say without that may be so, too. */
static void widen(struct tank_quantity *q, const struct tank_quantity *other)
{
    q->low = other->low < q->low ? other->low : q->low;
    q->high = other->high > q->high ? other->high : q->high;
}

void tank_left_view(const struct tank *t, struct tank_view *ret)
{
    struct rate rate = {0};
    bool is = find_rate(t, &rate);
    say_litres(t, ret);
    say_boil(t, is, &rate, ret);
    if (!tank_good(&t->input.level)) {
        say_level_unusable(t, tank_no_reading(&t->input.level), ret);
        return;
    }
    double content = tank_content(t, t->last_cm);
    if (tank_sense_contradicts(t)) {
        say_all(ret, tank_unknown(TANK_BAD_READING));
        return;
    }
    if (tank_left_is_dry(t, t->last_cm)) {
        ret->left_low_h = ret->left_empty_h = tank_says(0, 0, 0);
        say_warming(t, DRY_RISE_K, DRY_SHARE, TANK_NOT_FALLING, ret);
        return;
    }
    if (!is || rate.low <= 0) {
        say_level_unusable(t, is ? TANK_NOT_FALLING : no_rate(t), ret);
        return;
    }
    say_left(t, &rate, content, ret);
    double other = tank_content(t, tank_step_other_cm(t));
    if (other != content) {
        struct tank_view without = {0};
        say_left(t, &rate, tank_larger(other, LEAST_SHARE * content), &without);
        widen(&ret->left_low_h, &without.left_low_h);
        widen(&ret->left_empty_h, &without.left_empty_h);
        widen(&ret->left_150_h, &without.left_150_h);
        widen(&ret->left_135_h, &without.left_135_h);
    }
}
