/* tank_hall.c - see tank_hall.h. */
#include "tank_hall.h"

#include "tank_hall_map.h"
#include "tank_parts.h"

#include <string.h>

#define LEVEL_OLD_US   (2 * TANK_BLOCK_US) /* a level that is lost for a moment still counts */
#define USUAL_LEAST    8
#define OVERDUE_TIMES  2.0
#define OVERDUE_LEAST  2
#define DELIVERY_SHARE 0.02 /* of the content, and at least DELIVERY_L: a rise is a delivery, not noise */
#define DELIVERY_L     30.0
#define NOT_SEEN       (-1.0)

void hall_init(struct hall *h, unsigned n, micro_t reserve_l)
{
    memset(h, 0, sizeof *h);
    h->n = n < HALL_TANKS ? n : HALL_TANKS;
    h->reserve_l = tank_number(reserve_l);
    h->now_us = INT64_MIN;
    hall_map_init(h);
}

static void start(struct hall *h, int64_t now_us)
{
    if (h->now_us == INT64_MIN)
        h->start_us = h->filled_us = h->day_us = h->supply_us = now_us;
    if (now_us > h->now_us)
        h->now_us = now_us;
}

static void count_fill(struct hall *h, int64_t at_us)
{
    double s = (double)(at_us - h->filled_us) / (double)TANK_SECOND_US;
    if (at_us > h->filled_us)
        h->filled_us = at_us;
    if (h->n_usual == 0) /* the first came after we began to look, at some time */
        h->n_usual = 1;
    else if (s > 0) {
        h->usual_s += (s - h->usual_s) / ((h->n_usual < 100 ? h->n_usual : 100));
        h->n_usual++;
    }
}

void hall_tank(struct hall *h, int64_t now_us, unsigned i, const struct tank *tank)
{
    start(h, now_us);
    if (i >= h->n)
        return;
    struct hall_tank *t = &h->tanks[i];
    const struct reading *valve = &tank->input.valve;
    /* A reading that is lost during a fill does not end it. */
    bool by_valve = tank_good(valve) ? valve->value != 0 : t->by_valve;
    if (!t->seen)
        t->filled_us = tank->filled_us;
    t->seen = true;
    if (tank_good(&tank->input.level)) {
        t->cm = tank->last_cm;
        t->good_us = now_us;
        t->level_good = true;
    } else if (now_us - t->good_us > LEVEL_OLD_US) {
        t->level_good = false;
    }
    t->overdue = (tank->flags & (TANK_FILL_OVERDUE | TANK_FILL_INEFFECTIVE)) != 0;
    hall_map_fed(h, i, by_valve);
    if (tank->filled_us > t->filled_us) {
        count_fill(h, tank->filled_us);
        t->filled_us = tank->filled_us;
    }
}

static void end_days(struct hall *h)
{
    if (h->now_us - h->day_us > 2 * HALL_DAYS * TANK_DAY_US) { /* nothing of that is of use any more */
        h->n_days = 0;
        h->day_drawn_l = 0;
        h->day_us = h->now_us;
    }
    while (h->now_us - h->day_us >= TANK_DAY_US) {
        for (unsigned i = HALL_DAYS - 1; i > 0; i--)
            h->drawn_l[i] = h->drawn_l[i - 1];
        h->drawn_l[0] = h->day_whole ? h->day_drawn_l : NOT_SEEN;
        if (h->n_days < HALL_DAYS)
            h->n_days++;
        h->day_drawn_l = 0;
        h->day_whole = h->supply_good;
        h->day_us += TANK_DAY_US;
    }
}

void hall_supply(struct hall *h, int64_t now_us, const struct reading *litres)
{
    start(h, now_us);
    end_days(h);
    if (!tank_good(litres)) {
        if (h->now_us - h->supply_us > TANK_GAP_US)
            h->supply_good = h->day_whole = false;
        return;
    }
    double l = tank_number(litres->value);
    double step = tank_larger(DELIVERY_L, DELIVERY_SHARE * h->supply_l);
    /* What is drawn is how far it falls below the least; a rise beyond noise is a delivery. */
    if (!h->supply_good || l > h->supply_l + step) {
        h->supply_l = l;
    } else if (l < h->supply_l) {
        h->day_drawn_l += h->supply_l - l;
        h->supply_l = l;
    }
    h->supply_good = true;
    h->supply_us = h->now_us;
}

static void say_supply(const struct hall *h, struct hall_view *ret)
{
    double days[HALL_DAYS];
    unsigned n = 0;
    for (unsigned i = 0; i < h->n_days; i++) {
        if (h->drawn_l[i] >= 0)
            days[n++] = h->drawn_l[i];
    }
    if (!h->supply_good || n < 3) {
        ret->supply_l_day = ret->supply_days =
            tank_unknown(h->supply_good ? TANK_LEARNING : TANK_BAD_READING);
        return;
    }
    double sum = 0, squares = 0;
    for (unsigned i = 0; i < n; i++)
        sum += days[i];
    double mean = sum / n;
    for (unsigned i = 0; i < n; i++)
        squares += (days[i] - mean) * (days[i] - mean);
    double deviation = slope_root(squares / (n - 1)), left = tank_larger(0, h->supply_l - h->reserve_l);
    /* 2.0: Student's t for few days */
    double half = 2.0 * deviation * slope_root(1.0 / n);
    ret->supply_l_day = tank_says(mean, tank_larger(0, mean - half), mean + half);
    if (mean - half <= 0) {
        ret->supply_days = tank_unknown(TANK_NOT_FALLING);
        ret->supply_days.at_least = true;
        ret->supply_days.low = mean + half > 0 ? tank_micro(left / (mean + half)) : 0;
        return;
    }
    /* on a horizon of some days the days' own spread counts too */
    double horizon = tank_larger(1, left / mean);
    double more = 1.8 * deviation / slope_root(horizon) + half;
    ret->supply_days =
        tank_says(left / mean, left / (mean + more), left / tank_larger(0.1 * mean, mean - more));
}

void hall_view(const struct hall *h, struct hall_view *ret)
{
    memset(ret, 0, sizeof *ret);
    ret->suspect_valve = ret->suspect_probe = -1;
    for (unsigned i = 0; i < h->n; i++) {
        ret->n_overdue += h->tanks[i].overdue;
        if (ret->suspect_valve < 0 && hall_elsewhere(h, i) >= 0) {
            ret->suspect_valve = (int)i;
            ret->suspect_probe = hall_elsewhere(h, i);
        }
    }
    double s = (double)(h->now_us - h->filled_us) / (double)TANK_SECOND_US;
    if (h->n_usual > 0) {
        ret->since_fill_h = tank_says(s / 3600, s / 3600, s / 3600);
    } else {
        ret->since_fill_h = tank_unknown(TANK_LEARNING);
        ret->since_fill_h.at_least = true;
        ret->since_fill_h.low = tank_micro(s / 3600);
    }
    bool late = h->n_usual >= USUAL_LEAST && s > OVERDUE_TIMES * h->usual_s + 86400;
    ret->overdue = ret->n_overdue >= OVERDUE_LEAST || late;
    say_supply(h, ret);
}
