/* tank_step.c - the level reading has stepped: it is off by so much now, or it was before.
 *
 * Which of them is not known. Until it steps back, or the vessel is learned anew, how much there is and how
 * long it lasts lies between what the reading says and what it would say without its steps. Downwards a step
 * is seen between two blocks of a run. Upwards it looks like a fill that nobody made: all of it came between
 * two readings, with valve and lid closed, or far faster than this vessel is filled. */
#include "tank_parts.h"

#define STEP_CM      1.0 /* less may be froth, a rack, or noise */
#define BACK_CM      0.5 /* so near to none it has stepped back */
#define KEEP_US      (28 * TANK_DAY_US)
#define LATER_SHARE  0.25 /* of a fill: so much comes after it was noticed, or it is a step */
#define FASTER_TIMES 4.0  /* than usual */

static void stepped(struct tank *t, double cm)
{
    t->step_cm = t->now_us - t->step_us < KEEP_US ? t->step_cm + cm : cm;
    t->step_us = t->now_us;
    if (t->step_cm < BACK_CM && t->step_cm > -BACK_CM)
        t->step_cm = 0;
}

/* The level by the last blocks; false: there are none, or they are old. */
static bool level_before(const struct tank *t, double *ret_cm)
{
    double copy[TANK_STEP_BLOCKS];
    unsigned n = t->n_recent < TANK_STEP_BLOCKS ? t->n_recent : TANK_STEP_BLOCKS;
    if (n == 0 || t->now_us - (int64_t)(t->recent_at[t->n_recent - 1] * (double)TANK_DAY_US) > TANK_GAP_US)
        return false;
    for (unsigned i = 0; i < n; i++)
        copy[i] = t->recent[t->n_recent - 1 - i];
    *ret_cm = slope_median(copy, n);
    return true;
}

void tank_step_begin(struct tank *t)
{
    if (!t->step_open)
        t->step_open = level_before(t, &t->step_from_cm);
}

void tank_step_block(struct tank *t)
{
    double copy[TANK_STEP_BLOCKS];
    if (!t->step_open || t->n_recent < TANK_STEP_BLOCKS)
        return;
    for (unsigned i = 0; i < TANK_STEP_BLOCKS; i++)
        copy[i] = t->recent[i];
    double cm = slope_median(copy, TANK_STEP_BLOCKS) - t->step_from_cm;
    t->step_open = false;
    if (cm > STEP_CM || cm < -STEP_CM)
        stepped(t, cm);
}

void tank_step_noticed(struct tank *t, double cm)
{
    t->noticed_cm = tank_larger(cm, t->last_cm);
    t->noticed_us = t->now_us - t->noted_us;
    t->noticed_before = level_before(t, &t->step_from_cm);
    t->step_open = false; /* a fill hides it */
}

/* Nobody can have poured so much in, and the controller can't have filled so fast. */
static bool is_step(const struct tank *t, double cm)
{
    const struct reading *valve = &t->input.valve, *lid = &t->input.lid;
    double seconds = (double)t->noticed_us / (double)TANK_SECOND_US;
    bool lid_closed = tank_good(lid) && lid->value == 0 && t->lid_closed_us < t->phase_us - TANK_GAP_US;
    if (tank_good(lid) && !lid_closed)
        return false;
    if (lid_closed && tank_good(valve) && valve->value == 0)
        return true;
    return t->usual_cm_s > 0 && seconds > 0 && cm / seconds > FASTER_TIMES * t->usual_cm_s;
}

bool tank_step_is_no_fill(struct tank *t)
{
    double cm = t->most_cm - t->step_from_cm;
    if (t->by_valve || t->fill_cut || !t->noticed_before)
        return false;
    if (t->most_cm - t->noticed_cm > LATER_SHARE * (t->most_cm - t->phase_cm))
        return false;
    if (cm > BACK_CM && (cm <= STEP_CM || !is_step(t, cm)))
        return false;
    if (cm > STEP_CM) {
        t->flags |= TANK_LEVEL_JUMP;
        stepped(t, cm);
    }
    return true; /* a wild reading below, and it is where it was; or a step */
}

double tank_step_other_cm(const struct tank *t)
{
    bool is = t->step_cm != 0 && t->now_us - t->step_us < KEEP_US;
    return tank_larger(0, t->last_cm - (is ? t->step_cm : 0));
}
