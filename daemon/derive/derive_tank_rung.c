/* derive_tank_rung.c - the rungs of the time left: one begins by a number, and ends by what has become
 * better.
 *
 * A tank that has lost its vacuum is judged by its level's slope, then by nothing, then by how its top warms;
 * where one way of judging follows another it may say more hours, and nothing is better. So more hours alone
 * do not end a rung. Beside them there must be more liquid than there was, or a level that tells again where
 * it told nothing; or the level must have said so for a day, by a slope that was measured meanwhile. A top
 * that warms ends none. */
#include "derive_internal.h"

#define MARGIN_CM  300000 /* so far below its fill start a tank is not where it usually is */
#define OVER_TENTH 11     /* of ten: so much more time than the limit ends a rung, with */
#define MORE_CM    1.0    /* so much more liquid, or */
#define STEPS      2      /* so many steps of the reading, where that is more, */
#define LONG_US    (24 * 3600 * INT64_C(1000000)) /* or the same slope for so long */
#define MS_PER_H   INT64_C(3600000)

/* Is it where a tank that is filled as usual does not come? A tank on its way to its next fill may have
 * little time left and be well. margin: how far below counts. */
static bool outside_usual(const struct derive_vessel *v, micro_t margin)
{
    const struct tank_vessel *model = &v->config->model;
    micro_t level = v->tank.input.level.value;
    if (v->view.by_warming || v->view.flags & TANK_LEVEL_FLAT) /* where it is the level does not tell */
        return true;
    if (model->fill_start_cm == TANK_UNKNOWN || v->view.vacuum == TANK_VACUUM_FAILING)
        return true;
    if (v->known[DERIVE_ALARM_OVERDUE] == DERIVE_HOLDS)
        return true;
    return level < model->fill_start_cm - margin || (model->low_cm != TANK_UNKNOWN && level < model->low_cm);
}

static bool level_is(const struct derive_vessel *v)
{
    return v->tank.input.level.quality == QUALITY_GOOD &&
           (v->view.flags & (TANK_LEVEL_FLAT | TANK_LEVEL_JUMP)) == 0;
}

/* Its fall is what says how long. */
static bool level_tells(const struct derive_vessel *v)
{
    return level_is(v) && !v->view.by_warming;
}

static double more_cm(const struct derive_vessel *v)
{
    micro_t step = v->config->model.resolution_cm;
    double steps_cm = step == TANK_UNKNOWN ? 0 : STEPS * (double)step / MICRO_PER_UNIT;
    return steps_cm > MORE_CM ? steps_cm : MORE_CM;
}

/* One wild reading is neither a low level nor a fill: two in a row are. */
static void take_level(const struct tank *t, struct derive_rung *rung)
{
    if (t->level_us == rung->level_us)
        return;
    rung->before_cm = rung->level_us == 0 ? t->last_cm : rung->cm;
    rung->cm = t->last_cm;
    rung->level_us = t->level_us;
}

static bool has_risen(const struct derive_vessel *v, const struct derive_rung *rung)
{
    double least_cm = rung->cm < rung->before_cm ? rung->cm : rung->before_cm;
    return least_cm >= rung->least_cm + more_cm(v);
}

/* Is it better than while it held? */
static bool is_better(const struct derive_vessel *v, struct derive_rung *rung)
{
    const struct tank *t = &v->tank;
    if (!level_tells(v)) {
        rung->enough_us = 0;
        return false;
    }
    if (!rung->has_level || has_risen(v, rung))
        return true;
    if (rung->enough_us == 0)
        rung->enough_us = t->now_us;
    return t->now_us - rung->enough_us >= LONG_US && t->fit_is && t->fit_us > rung->enough_us;
}

static void remember_level(const struct derive_vessel *v, struct derive_rung *rung)
{
    double most_cm = rung->cm > rung->before_cm ? rung->cm : rung->before_cm;
    if (!level_is(v))
        return;
    if (!rung->has_level || most_cm < rung->least_cm)
        rung->least_cm = most_cm;
    rung->has_level = true;
}

enum derive_known derive_tank_rung(struct derive_vessel *v, unsigned which)
{
    struct tank_quantity left;
    const struct vessel_config *c = v->config;
    struct derive_rung *rung = &v->rungs[which];
    enum derive_known known = v->known[TANK_ALARM_TIME_MEDIUM + which];
    bool to_empty, held = known == DERIVE_HOLDS;
    take_level(&v->tank, rung);
    rung->has_level = rung->has_level && held;
    if (!derive_tank_left(&v->view, &to_empty, &left)) {
        rung->enough_us = 0;
        return DERIVE_UNKNOWN;
    }
    micro_t limit = (2 * (int64_t)c->travel_ms + c->time_left_ms[which]) * MICRO_PER_UNIT / MS_PER_H;
    bool enough = left.low > (held ? limit / 10 * OVER_TENTH : limit);
    if (!enough && which < 2 && v->tank.input.level.quality == QUALITY_GOOD)
        enough = !outside_usual(v, held ? 0 : MARGIN_CM);
    if (!enough)
        rung->enough_us = 0;
    else if (!held) /* after a start it may hold from before: a top that warms does not end it then, either */
        return known == DERIVE_OVER || level_tells(v) ? DERIVE_OVER : DERIVE_UNKNOWN;
    else if (is_better(v, rung))
        return DERIVE_OVER;
    remember_level(v, rung);
    return DERIVE_HOLDS;
}
