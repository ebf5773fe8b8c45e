/* tank_sense.c - the lid, and readings that contradict each other. */
#include "tank_parts.h"

#define RECOVER_US    (3 * TANK_HOUR_US) /* after a short opening its heat is in the racks for so long */
#define RECOVER_TIMES 6                  /* after a longer one so many times the opening */
#define RECOVER_MAX   (24 * TANK_HOUR_US)
#define FLAT_FALL     5.0 /* in steps of the reading: it should have moved so far */
#define FLAT_LEAST_CM 0.3
#define FLAT_US       (3 * TANK_HOUR_US)
#define WET_C         (-190.0)
#define WET_CM        2.0 /* so far below the surface a probe is surely wet */
#define COLD_C        (-199.0)
#define COLD_BACK_K   2.0                        /* a probe that was too cold is well at so much more */
#define WARM_BACK_K   2.0                        /* and one that was too warm at so much less */
#define TWIN_BACK     0.75                       /* twins that differed, at this share of what may be */
#define AS_COLD_C     (-193.0)                   /* at the liquid's temperature, */
#define DRY_US        (2 * TANK_HOUR_US)         /* where there has been none for so long */
#define LID_LOST_US   (15 * 60 * TANK_SECOND_US) /* a lid that is not read for so long is not known */
#define DOUBT_US      (30 * 60 * TANK_SECOND_US)
#define HOURS         24

bool tank_sense_quiet(const struct tank *t)
{
    int64_t recover_us = RECOVER_TIMES * t->lid_for_us;
    if (t->lid_open)
        return false;
    if (recover_us < RECOVER_US)
        recover_us = RECOVER_US;
    if (recover_us > RECOVER_MAX)
        recover_us = RECOVER_MAX;
    return t->now_us - t->lid_closed_us >= recover_us;
}

static bool lid_is_lost(const struct tank *t)
{
    return t->lid_ever && t->now_us - t->lid_good_us > LID_LOST_US;
}

bool tank_sense_lid_unsure(const struct tank *t)
{
    return lid_is_lost(t) || t->now_us < t->lid_unsure_us;
}

/* While it was not read it may have been open all the time, and what that left in the racks fades as after an
 * opening. One that was last seen open, and then no more for a day, is not held to be open for ever. */
static void watch_loss(struct tank *t)
{
    int64_t lost_us = t->now_us - t->lid_good_us;
    if (!tank_good(&t->input.lid)) {
        if (t->lid_open && lost_us > RECOVER_MAX) {
            t->lid_open = false;
            t->lid_closed_us = t->now_us;
        }
        return;
    }
    if (lid_is_lost(t)) {
        int64_t for_us = lost_us > RECOVER_MAX / RECOVER_TIMES ? RECOVER_MAX : RECOVER_TIMES * lost_us;
        t->lid_unsure_us = t->now_us < INT64_MAX - for_us ? t->now_us + for_us : INT64_MAX;
    }
    t->lid_good_us = t->now_us;
}

static void count_hours(struct tank *t, int64_t open_us)
{
    if (t->now_us - t->lid_hour_us > 2 * HOURS * TANK_HOUR_US)
        t->lid_hour_us = t->now_us - HOURS * TANK_HOUR_US; /* all that is older goes anyway */
    while (t->now_us - t->lid_hour_us >= TANK_HOUR_US) {
        for (unsigned i = HOURS - 1; i > 0; i--)
            t->lid_hours[i] = t->lid_hours[i - 1];
        t->lid_hours[0] = 0;
        t->lid_hour_us += TANK_HOUR_US;
    }
    t->lid_hours[0] += (uint32_t)(open_us / TANK_SECOND_US);
}

static void watch_lid(struct tank *t)
{
    const struct reading *lid = &t->input.lid, *top = &t->input.temps[t->model.top];
    watch_loss(t);
    bool open = tank_good(lid) ? lid->value != 0 : t->lid_open;
    int64_t passed_us = t->now_us - t->lid_us;
    count_hours(t, t->lid_open && passed_us < TANK_HOUR_US ? passed_us : 0);
    t->lid_ever = t->lid_ever || tank_good(lid);
    t->lid_us = t->now_us;
    if (open && !t->lid_open) {
        /* what was not yet over when it was opened again counts on */
        int64_t left_us = t->lid_for_us - (t->now_us - t->lid_closed_us) / RECOVER_TIMES;
        t->lid_for_us = left_us > 0 ? left_us : 0;
        t->lid_closed_us = t->now_us;
        t->lid_from_c = t->lid_most_c = tank_good(top) ? tank_number(top->value) : 0;
        t->lid_warmed_k = tank_good(top) ? 0 : -1;
    }
    if (t->lid_open)
        t->lid_for_us = passed_us < RECOVER_MAX - t->lid_for_us ? t->lid_for_us + passed_us : RECOVER_MAX;
    if (t->lid_open && !open)
        t->lid_closed_us = t->now_us;
    t->lid_open = open;
    /* the top is warmest some minutes after the lid is closed */
    if (t->lid_ever && t->lid_warmed_k >= 0 && tank_good(top) &&
        (open || t->now_us - t->lid_closed_us < DOUBT_US))
        t->lid_warmed_k = tank_larger(t->lid_warmed_k, tank_number(top->value) - t->lid_from_c);
}

static void flag(struct tank *t, uint32_t bit, bool on)
{
    t->flags = on ? t->flags | bit : t->flags & ~bit;
}

/* The fall that must be seen, when it is one. */
static double least_cm(const struct tank *t)
{
    double step = t->model.resolution_cm == TANK_UNKNOWN ? 0 : tank_number(t->model.resolution_cm);
    return tank_larger(FLAT_LEAST_CM, FLAT_FALL * step);
}

bool tank_sense_stands(const struct tank *t, const struct slope_fit *fit)
{
    double cm_day = tank_vacuum_least_fall(t, fit->end_value);
    return cm_day > 0 && -fit->low < cm_day && fit->span_days * (double)TANK_DAY_US >= (double)FLAT_US &&
           cm_day * fit->span_days > least_cm(t);
}

bool tank_sense_falls(const struct tank *t, const struct slope_fit *fit)
{
    double cm_day = tank_vacuum_least_fall(t, fit->end_value);
    return fit->high < 0 && -fit->high > cm_day;
}

/* Not a hair's breadth while so much must have boiled off that it should have moved. It is over when it is
 * seen to fall again, or to rise: another reading alone may be noise. */
static void watch_flat(struct tank *t)
{
    if (!tank_good(&t->input.level) || t->base <= 0)
        return;
    double cm = tank_number(t->input.level.value);
    if (cm != t->flat_cm || (t->phase == TANK_FILLING && !tank_fill_is_dead(t))) {
        t->flat_cm = cm;
        t->flat_us = t->now_us;
        return;
    }
    double days = (double)(t->now_us - t->flat_us) / (double)TANK_DAY_US;
    double fall_cm = t->base / tank_per_cm(t, cm) * days;
    if (t->now_us - t->flat_us >= FLAT_US && fall_cm > least_cm(t) && !(t->flags & TANK_LEVEL_FLAT))
        tank_level_stands(t);
}

enum tank_doubt tank_sense_warm(const struct tank *t, unsigned i)
{
    const struct reading *temp = &t->input.temps[i];
    if (!tank_good(&t->input.level) || !tank_good(temp) || t->model.probe_cm[i] == TANK_UNKNOWN ||
        t->input.level.value <= t->model.probe_cm[i] + tank_micro(WET_CM))
        return TANK_NOT_JUDGED;
    double back_k = t->warm >> i & 1 ? WARM_BACK_K : 0;
    return tank_number(temp->value) > WET_C - back_k ? TANK_DOUBTFUL : TANK_NO_DOUBT;
}

static void watch_dry(struct tank *t)
{
    if (!tank_good(&t->input.level))
        return;
    if (!tank_left_is_dry(t, tank_number(t->input.level.value)))
        t->dry_us = 0;
    else if (t->dry_us == 0)
        t->dry_us = t->now_us;
}

static bool is_long_dry(const struct tank *t)
{
    return t->dry_us != 0 && t->now_us - t->dry_us >= DRY_US;
}

bool tank_sense_contradicts(const struct tank *t)
{
    const struct reading *top = &t->input.temps[t->model.top];
    double back_k = t->cold >> t->model.top & 1 ? COLD_BACK_K : 0;
    return is_long_dry(t) && tank_good(top) && tank_number(top->value) <= AS_COLD_C + back_k;
}

/* Of itself: that the level contradicted it does not make it colder. */
static enum tank_doubt colder(const struct tank *t, unsigned i)
{
    const struct reading *temp = &t->input.temps[i];
    const struct tank_lasting *lasting = &t->cold_probes[i];
    bool found = lasting->is && lasting->judged_us - lasting->since_us >= DOUBT_US;
    if (!tank_good(temp))
        return TANK_NOT_JUDGED;
    double back_k = found ? COLD_BACK_K : 0;
    return tank_number(temp->value) < COLD_C + back_k ? TANK_DOUBTFUL : TANK_NO_DOUBT;
}

enum tank_doubt tank_sense_cold(const struct tank *t, unsigned i)
{
    enum tank_doubt doubt = colder(t, i);
    if (doubt != TANK_NO_DOUBT || i != t->model.top || !tank_sense_contradicts(t))
        return doubt;
    return tank_good(&t->input.level) ? TANK_DOUBTFUL : TANK_NOT_JUDGED;
}

enum tank_doubt tank_sense_twin(const struct tank *t, unsigned i)
{
    if (t->model.twin_k == TANK_UNKNOWN || t->model.twin[i] == 0)
        return TANK_NOT_JUDGED;
    const struct reading *a = &t->input.temps[i], *b = &t->input.temps[t->model.twin[i] - 1];
    if (!tank_good(a) || !tank_good(b))
        return TANK_NOT_JUDGED;
    double off_k = tank_number(a->value - b->value), most_k = tank_number(t->model.twin_k);
    most_k *= t->twins >> i & 1 ? TWIN_BACK : 1;
    return off_k > most_k || -off_k > most_k ? TANK_DOUBTFUL : TANK_NO_DOUBT;
}

int64_t tank_lasting(struct tank_lasting *lasting, int64_t now_us, enum tank_doubt doubt)
{
    if (doubt != TANK_NOT_JUDGED || now_us - lasting->judged_us > TANK_GAP_US) {
        bool is = doubt == TANK_DOUBTFUL, was = lasting->is && now_us - lasting->judged_us <= TANK_GAP_US;
        if (!is || !was)
            lasting->since_us = now_us;
        lasting->is = is;
        lasting->judged_us = now_us;
    }
    return lasting->is ? now_us - lasting->since_us : 0;
}

/* True when one of the probes has been so for DOUBT_US. */
static bool lasts(const struct tank *t, struct tank_lasting *lasting,
                  enum tank_doubt judge(const struct tank *, unsigned))
{
    bool any = false;
    for (unsigned i = 0; i < TANK_TEMPS; i++)
        any = tank_lasting(&lasting[i], t->now_us, judge(t, i)) >= DOUBT_US || any;
    return any;
}

/* Where the level contradicts, it has done so for long enough. */
static bool is_cold(struct tank *t)
{
    bool cold = lasts(t, t->cold_probes, colder);
    return cold || (tank_sense_contradicts(t) && tank_good(&t->input.level));
}

void tank_sense_feed(struct tank *t)
{
    watch_lid(t);
    watch_flat(t);
    watch_dry(t);
    flag(t, TANK_TEMP_TOO_COLD, is_cold(t));
    flag(t, TANK_TEMP_TOO_WARM, lasts(t, t->warm_probes, tank_sense_warm));
    flag(t, TANK_TEMPS_DIFFER, lasts(t, t->twin_probes, tank_sense_twin));
}

void tank_sense_view(const struct tank *t, struct tank_view *ret)
{
    const struct reading *lid = &t->input.lid;
    if (!tank_good(lid)) {
        ret->lid_open_min = tank_unknown(tank_no_reading(lid));
        ret->lid_day_min = ret->lid_open_min;
    } else {
        double min = t->lid_open ? (double)(t->now_us - t->lid_closed_us) / 60e6 : 0, day = 0;
        for (unsigned i = 0; i < HOURS; i++)
            day += t->lid_hours[i] / 60.0;
        ret->lid_open_min = tank_says(min, min, min);
        ret->lid_day_min = tank_says(day, day, day);
        if (t->now_us - t->seen_us < TANK_DAY_US)
            ret->lid_day_min = tank_unknown(TANK_LEARNING);
    }
    if (!t->lid_ever)
        ret->lid_warmed_k = tank_unknown(tank_no_reading(lid));
    else if (t->lid_warmed_k < 0)
        ret->lid_warmed_k = tank_unknown(tank_no_reading(&t->input.temps[t->model.top]));
    else
        ret->lid_warmed_k = tank_says(t->lid_warmed_k, t->lid_warmed_k, t->lid_warmed_k);
}
