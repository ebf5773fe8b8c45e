/* tank_fill.c - fills against what is usual for this tank, and the nitrogen that they bring. */
#include "tank_parts.h"

#define USUAL_LEAST   4 /* fills that tell what is usual */
#define LONG_TIMES    3.0
#define OFTEN_SHARE   0.5
#define SHORT_SHARE   0.5
#define WEAK_SHARE    0.5
#define MOVE_CM       0.2  /* a fill that has not moved the level so far */
#define MOVE_S        900  /* in so long, or twice the usual time, does nothing */
#define STILL_S       1800 /* one that rises no more for so long, or four times what FLOW_CM takes usually */
#define FLOW_CM       0.4
#define LATE_US       (30 * 60 * TANK_SECOND_US)
#define LATE_CM       0.3
#define JOIN_CM       0.5
#define OVER_US       (5 * 60 * TANK_SECOND_US) /* so long, or below for so long */
#define OVER_CM       1.0                       /* above the stop */
#define RISING_CM_DAY 1.0
#define OVERDUE_TIMES 2.0
#define PRESSURE_BAR  0.5

static double seconds(int64_t us)
{
    return (double)us / (double)TANK_SECOND_US;
}

static void flag(struct tank *t, uint32_t bit, bool on)
{
    t->flags = on ? t->flags | bit : t->flags & ~bit;
}

static const struct tank_fill *last_fill(const struct tank *t)
{
    return t->n_fills > 0 ? &t->fills[(t->next_fill + TANK_FILLS - 1) % TANK_FILLS] : NULL;
}

static void learn(struct tank *t)
{
    double takes[TANK_FILLS], every[TANK_FILLS], cm[TANK_FILLS], speed[TANK_FILLS];
    unsigned n = 0, n_every = 0;
    for (unsigned i = 0; i < t->n_fills; i++) {
        if (t->fills[i].cut)
            continue;
        takes[n] = seconds(t->fills[i].end_us - t->fills[i].begin_us);
        cm[n] = t->fills[i].to_cm - t->fills[i].from_cm;
        speed[n] = takes[n] > 0 ? cm[n] / takes[n] : 0;
        if (t->fills[i].every_s > 0)
            every[n_every++] = t->fills[i].every_s;
        n++;
    }
    if (n < USUAL_LEAST)
        return;
    t->usual_s = slope_median(takes, n);
    t->usual_cm = slope_median(cm, n);
    t->usual_cm_s = slope_median(speed, n);
    if (n_every >= USUAL_LEAST - 1)
        t->usual_every_s = slope_median(every, n_every);
}

/* Above its own start it joins another one's fill ("one fill, all fill"). */
static bool joins(const struct tank *t, double from_cm)
{
    return t->model.fill_start_cm != TANK_UNKNOWN && from_cm > tank_number(t->model.fill_start_cm) + JOIN_CM;
}

void tank_fill_begin(struct tank *t)
{
    double every_s = t->filled_us != 0 ? seconds(t->now_us - t->filled_us) : 0;
    if (t->fill_cut)
        return; /* it goes on, perhaps */
    if (last_fill(t) != NULL && !last_fill(t)->cut)
        tank_vacuum_fill(t, last_fill(t));
    flag(t, TANK_FILL_TOO_OFTEN,
         !joins(t, t->phase_cm) && t->usual_every_s > 0 && every_s > 0 &&
             every_s < OFTEN_SHARE * t->usual_every_s);
}

static void keep(struct tank *t, const struct tank_fill *fill)
{
    t->fills[t->next_fill] = *fill;
    t->next_fill = (t->next_fill + 1) % TANK_FILLS;
    if (t->n_fills < TANK_FILLS)
        t->n_fills++;
    t->filled_us = fill->end_us;
    t->today_l += tank_content(t, fill->to_cm) - tank_content(t, fill->from_cm);
}

/* What is known of it, without a judgement. */
void tank_fill_lost(struct tank *t)
{
    struct tank_fill fill = {.begin_us = t->phase_us,
                             .end_us = t->good_us > t->phase_us ? t->good_us : t->phase_us,
                             .from_cm = t->phase_cm,
                             .to_cm = t->most_cm,
                             .cut = true};
    flag(t, TANK_FILL_TOO_LONG | TANK_FILL_INEFFECTIVE | TANK_VALVE_STUCK_CLOSED, false);
    t->day_whole = false;
    if (fill.to_cm - fill.from_cm >= MOVE_CM)
        keep(t, &fill);
}

void tank_fill_end(struct tank *t)
{
    struct tank_fill fill = {.begin_us = t->phase_us,
                             .end_us = t->now_us,
                             .from_cm = t->phase_cm,
                             .to_cm = t->most_cm,
                             .cut = t->fill_cut};
    double cm = fill.to_cm - fill.from_cm, takes_s = seconds(fill.end_us - fill.begin_us);
    bool after_cut = last_fill(t) != NULL && last_fill(t)->cut;
    fill.every_s = t->filled_us != 0 && !fill.cut && !after_cut ? seconds(fill.begin_us - t->filled_us) : 0;
    flag(t, TANK_FILL_TOO_LONG | TANK_FILL_INEFFECTIVE | TANK_VALVE_STUCK_CLOSED, false);
    if (tank_step_is_no_fill(t)) {
        flag(t, TANK_FILL_TOO_OFTEN, false);
        return;
    }
    bool full =
        t->model.fill_stop_cm != TANK_UNKNOWN && fill.to_cm > tank_number(t->model.fill_stop_cm) - JOIN_CM;
    if (!fill.cut && !joins(t, fill.from_cm))
        flag(t, TANK_FILL_TOO_SHORT, !full && t->usual_cm > 0 && cm < SHORT_SHARE * t->usual_cm);
    if (cm < MOVE_CM)
        return;                          /* nothing came: no fill */
    if (cm >= SHORT_SHARE * t->usual_cm) /* of a little that was topped up the time says nothing */
        flag(t, TANK_SUPPLY_WEAK,
             t->usual_cm_s > 0 && takes_s > 0 && cm / takes_s < WEAK_SHARE * t->usual_cm_s);
    keep(t, &fill);
    learn(t);
}

/* s: how long it goes on already. Nothing has come at all, or nothing comes any more though it
 * is not full. */
static bool brings_nothing(const struct tank *t, double s)
{
    bool moved = t->most_cm - t->phase_cm >= MOVE_CM;
    if (!moved)
        return s > tank_larger(MOVE_S, 2 * t->usual_s);
    double full_cm =
        tank_number(t->model.fill_stop_cm != TANK_UNKNOWN ? t->model.fill_stop_cm : t->model.high_cm);
    bool limit = t->model.fill_stop_cm != TANK_UNKNOWN || t->model.high_cm != TANK_UNKNOWN;
    if (!t->by_valve || (limit && t->last_cm > full_cm - JOIN_CM))
        return false;
    double usual_s = t->usual_cm_s > 0 ? 4 * FLOW_CM / t->usual_cm_s : 0;
    return seconds(t->now_us - t->rise_us) > tank_larger(STILL_S, usual_s);
}

bool tank_fill_is_dead(const struct tank *t)
{
    return t->phase == TANK_FILLING && t->flags & TANK_FILL_INEFFECTIVE;
}

bool tank_fill_comes(const struct tank *t)
{
    return t->phase == TANK_FILLING && t->came_us != 0 && t->came_us > t->phase_us &&
           t->now_us - t->came_us < TANK_GAP_US;
}

bool tank_fill_is_well(const struct tank *t)
{
    const struct reading *valve = &t->input.valve;
    bool closed = tank_good(valve) ? valve->value == 0 : tank_absent(valve);
    return closed && t->phase != TANK_NO_PHASE && t->phase != TANK_FILLING && tank_good(&t->input.level) &&
           !tank_fill_is_low(t);
}

static void watch_fill(struct tank *t)
{
    double s = seconds(t->now_us - t->phase_us);
    double longest_s = t->model.fill_max_s > 0 ? t->model.fill_max_s : LONG_TIMES * t->usual_s;
    flag(t, TANK_FILL_TOO_LONG, longest_s > 0 && s > longest_s);
    bool nothing = brings_nothing(t, s);
    if (nothing && !tank_fill_is_dead(t)) /* the level is a run again, from here on */
        tank_level_again(t);
    flag(t, TANK_FILL_INEFFECTIVE, nothing);
    const struct reading *bar = &t->input.supply_bar;
    flag(t, TANK_VALVE_STUCK_CLOSED, nothing && tank_good(bar) && tank_number(bar->value) >= PRESSURE_BAR);
}

bool tank_fill_is_low(const struct tank *t)
{
    return t->model.fill_start_cm != TANK_UNKNOWN &&
           t->last_cm < tank_number(t->model.fill_start_cm) - LATE_CM;
}

bool tank_fill_is_high(const struct tank *t)
{
    if (t->model.high_cm != TANK_UNKNOWN)
        return t->last_cm > tank_number(t->model.high_cm);
    return t->model.fill_stop_cm != TANK_UNKNOWN && t->last_cm > tank_number(t->model.fill_stop_cm) + OVER_CM;
}

/* Below the start with no fill, or none for far longer than usual. */
static void watch_due(struct tank *t)
{
    bool low = tank_good(&t->input.level) && tank_fill_is_low(t);
    bool filling = t->phase == TANK_FILLING;
    enum tank_doubt doubt = low ? TANK_DOUBTFUL : TANK_NO_DOUBT;
    if (!tank_good(&t->input.level))
        doubt = TANK_NOT_JUDGED;
    else if (filling && t->rise_us > t->phase_us && seconds(t->now_us - t->rise_us) < STILL_S)
        doubt = TANK_NO_DOUBT; /* a valve that is open is no fill */
    double since_s = seconds(t->now_us - (t->filled_us != 0 ? t->filled_us : t->seen_us));
    bool late = tank_lasting(&t->due, t->now_us, doubt) >= LATE_US;
    if (t->model.fill_every_s > 0)
        late = late || since_s > t->model.fill_every_s;
    else if (t->usual_every_s > 0 && t->model.fill_start_cm == TANK_UNKNOWN)
        late = late || since_s > OVERDUE_TIMES * t->usual_every_s;
    flag(t, TANK_FILL_OVERDUE, late && (!filling || t->rise_us == t->phase_us || tank_fill_is_dead(t)));
    flag(t, TANK_FILL_BLOCKED, low && t->lid_open && !filling);
}

static void watch_rise(struct tank *t)
{
    bool above = tank_fill_is_high(t);
    if (tank_good(&t->input.level)) {
        t->over_us = above ? t->over_us : t->now_us;
        t->under_us = above ? t->now_us : t->under_us;
        if (t->now_us - t->over_us >= OVER_US)
            flag(t, TANK_OVERFILL, true);
        else if (t->now_us - t->under_us >= OVER_US)
            flag(t, TANK_OVERFILL, false);
    }
    const struct reading *valve = &t->input.valve;
    bool closed = tank_good(valve) && valve->value == 0;
    bool by_level =
        t->phase == TANK_FILLING && !t->by_valve && closed && t->most_cm - t->phase_cm > 2 * OVER_CM;
    bool by_slope = closed && t->phase == TANK_STATIC && t->fit_is && t->fit_us > t->phase_us &&
                    t->fit.low > RISING_CM_DAY;
    flag(t, TANK_VALVE_STUCK_OPEN, by_level || by_slope);
}

static void count_days(struct tank *t)
{
    if (!tank_good(&t->input.level) && t->now_us - t->good_us > 4 * TANK_HOUR_US)
        t->day_whole = false;
    if (t->now_us - t->day_us > 2 * TANK_DAYS * TANK_DAY_US) { /* nothing of that is of use any more */
        t->n_days = 0;
        t->today_l = 0;
        t->day_us = t->now_us;
    }
    while (t->now_us - t->day_us >= TANK_DAY_US) {
        for (unsigned i = TANK_DAYS - 1; i > 0; i--)
            t->day_l[i] = t->day_l[i - 1];
        t->day_l[0] = t->day_whole ? t->today_l : -1; /* -1: a part of it was not seen */
        if (t->n_days < TANK_DAYS)
            t->n_days++;
        t->today_l = 0;
        t->day_whole = tank_good(&t->input.level);
        t->day_us += TANK_DAY_US;
    }
}

void tank_fill_feed(struct tank *t)
{
    if (t->phase == TANK_FILLING)
        watch_fill(t);
    watch_due(t);
    watch_rise(t);
    count_days(t);
}

/* days: how many; mean: per day, else in all. Days that were not seen in full are left out of a mean, and
 * make a sum unknown. */
static struct tank_quantity used(const struct tank *t, unsigned days, bool mean)
{
    double sum = 0;
    unsigned n = 0, seen = t->n_days < days ? t->n_days : days;
    if (t->model.n_shape == 0)
        return tank_unknown(TANK_NO_SHAPE);
    for (unsigned i = 0; i < seen; i++) {
        if (t->day_l[i] >= 0) {
            sum += t->day_l[i];
            n++;
        }
    }
    if (mean ? n == 0 : n < days)
        return tank_unknown(t->n_days < days ? TANK_LEARNING : TANK_GAP);
    double value = mean ? sum / n : sum;
    /* each fill's ends are known to about MOVE_CM */
    double error =
        MOVE_CM * tank_per_cm(t, t->last_cm) * (mean ? 1.0 / n : 1) * slope_root(2 * t->n_fills + 1);
    return tank_says(value, tank_larger(0, value - error), value + error);
}

static struct tank_quantity usual(const struct tank *t, double value, double unit, bool takes)
{
    double values[TANK_FILLS];
    unsigned n = 0;
    for (unsigned i = 0; i < t->n_fills; i++) {
        if (t->fills[i].cut)
            continue;
        double v = takes ? seconds(t->fills[i].end_us - t->fills[i].begin_us) : t->fills[i].every_s;
        if (v > 0)
            values[n++] = v;
    }
    if (value <= 0 || n == 0)
        return tank_unknown(TANK_LEARNING);
    double low = slope_select(values, n, n / 20), high = slope_select(values, n, n - 1 - n / 20);
    /* what was learned may be older than the fills that are kept */
    return tank_says(value / unit, tank_smaller(low, value) / unit, tank_larger(high, value) / unit);
}

void tank_fill_view(const struct tank *t, struct tank_view *ret)
{
    const struct tank_fill *last = last_fill(t);
    ret->no_fill_due = tank_fill_is_well(t);
    ret->fill_every_h = usual(t, t->usual_every_s, 3600, false);
    ret->fill_takes_min = usual(t, t->usual_s, 60, true);
    ret->used_l_day = used(t, 7, true);
    ret->used_l_month = used(t, 30, false);
    if (last == NULL) {
        ret->since_fill_h = tank_unknown(TANK_LEARNING);
        double h = seconds(t->now_us - t->seen_us) / 3600;
        ret->since_fill_h.at_least = true;
        ret->since_fill_h.low = tank_micro(h);
        return;
    }
    double h = seconds(t->now_us - last->end_us) / 3600;
    ret->since_fill_h = tank_says(h, h, h);
}
