/* tank_hall.c - see tank_hall.h. */
#include "tank_hall.h"

#include "tank_parts.h"

#include <string.h>

#define APPEARS_CM     1.0                        /* a level that rises so far is filled */
#define MISSING_CM     0.3                        /* and one that has not risen so far is not */
#define LEVEL_OLD_US   (2 * TANK_BLOCK_US)        /* a level that is lost for a moment still counts */
#define SUSPECT_FILLS  2                          /* fills in a row that appeared elsewhere */
#define OPEN_US        (15 * 60 * TANK_SECOND_US) /* a valve that stays open is judged after so long, and again */
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
    for (unsigned i = 0; i < HALL_TANKS; i++)
        h->elsewhere[i] = -1;
}

static void start(struct hall *h, int64_t now_us)
{
    if (h->now_us == INT64_MIN)
        h->start_us = h->filled_us = h->day_us = h->supply_us = now_us;
    if (now_us > h->now_us)
        h->now_us = now_us;
}

static void count_mapping(struct hall *h, unsigned i)
{
    h->tanks[i].judged = true;
    h->tanks[i].judged_us = h->now_us;
}

/* A tank that is filled alone: did its own level rise, or another one's? */
static void judge_mapping(struct hall *h, unsigned i)
{
    const struct hall_tank *own = &h->tanks[i];
    int other = -1;
    unsigned risen = 0;
    if (!own->alone || !own->level_good || !own->by_valve)
        return;
    if (own->cm - own->begin_cm >= MISSING_CM) {
        h->suspicion[i] = 0;
        h->elsewhere[i] = -1;
        h->tanks[i].proven = true;
        count_mapping(h, i);
        return;
    }
    if (own->judged)
        return;
    for (unsigned k = 0; k < h->n; k++) {
        const struct hall_tank *t = &h->tanks[k];
        if (k != i && t->seen && t->level_good && t->cm - t->begin_cm >= APPEARS_CM) {
            other = (int)k;
            risen++;
        }
    }
    if (risen != 1)
        return;
    h->suspicion[i] = h->elsewhere[i] == other || h->suspicion[i] == 0 ? h->suspicion[i] + 1 : 1;
    if (h->suspicion[i] > SUSPECT_FILLS)
        h->suspicion[i] = SUSPECT_FILLS;
    h->elsewhere[i] = (int8_t)other;
    count_mapping(h, i);
}

/* The valve of one opened: from here on the levels of all count. */
static void mark(struct hall *h, unsigned i)
{
    bool alone = true;
    for (unsigned k = 0; k < h->n; k++) {
        if (k != i && h->tanks[k].by_valve) {
            alone = false;
            h->tanks[k].alone = false;
        }
    }
    h->tanks[i].alone = alone;
    h->tanks[i].judged = false;
    h->tanks[i].marked_us = h->now_us;
    for (unsigned k = 0; k < h->n && alone; k++)
        h->tanks[k].begin_cm = h->tanks[k].cm;
}

static bool is_another_open(const struct hall *h, unsigned i)
{
    for (unsigned k = 0; k < h->n; k++) {
        if (k != i && h->tanks[k].by_valve)
            return true;
    }
    return false;
}

/* A valve that is open for long: a controller that sees another tank's level may never close it. What appears
 * elsewhere counts again, when it still does after a pause that outlasts a fill by hand. */
static void judge_open(struct hall *h, unsigned i)
{
    const struct hall_tank *own = &h->tanks[i];
    if (!own->alone ? !is_another_open(h, i)
                    : own->judged && h->elsewhere[i] >= 0 && h->now_us - own->judged_us >= OPEN_US)
        mark(h, i);
    else if (h->now_us - own->marked_us >= OPEN_US)
        judge_mapping(h, i);
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
    if (by_valve && !t->by_valve)
        mark(h, i);
    else if (!by_valve && t->by_valve)
        judge_mapping(h, i);
    else if (by_valve)
        judge_open(h, i);
    t->by_valve = by_valve;
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

int hall_elsewhere(const struct hall *h, unsigned i)
{
    return i < h->n && h->suspicion[i] >= SUSPECT_FILLS ? h->elsewhere[i] : -1;
}

bool hall_is_right(const struct hall *h, unsigned i)
{
    return i < h->n && h->suspicion[i] == 0 && h->tanks[i].proven;
}

void hall_view(const struct hall *h, struct hall_view *ret)
{
    memset(ret, 0, sizeof *ret);
    ret->suspect_valve = ret->suspect_probe = -1;
    for (unsigned i = 0; i < h->n; i++) {
        ret->n_overdue += h->tanks[i].overdue;
        if (h->suspicion[i] >= SUSPECT_FILLS && ret->suspect_valve < 0) {
            ret->suspect_valve = (int)i;
            ret->suspect_probe = h->elsewhere[i];
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
