/* tank_level.c - the level as a sawtooth: phases, blocks of five minutes, runs and windows. */
#include "tank_parts.h"

#define RISE_CM         0.4    /* above the least of late: a fill, when the valve says nothing */
#define FLOW_CM         0.4    /* so far above the least since, by two readings: the fill still comes */
#define FOLLOW_US       7200e6 /* how slowly the least of late forgets */
#define TOPPED_US       (4 * 60 * TANK_SECOND_US) /* no new height for so long: that fill is over */
#define SETTLE_US       (45 * 60 * TANK_SECOND_US)
#define FELL_CM         2.0 /* it has fallen so far below the top: that is no froth */
#define WINDOW_US       (4 * TANK_HOUR_US)
#define WINDOW_LEAST_US (90 * 60 * TANK_SECOND_US) /* when it falls far faster than the baseline */
#define WINDOW_MAX_US   (36 * TANK_HOUR_US)
#define NARROW          0.10 /* of the slope: half an interval that ends a window, */
#define NARROW_HIGH     0.25 /* and one in which even the least slope is far above the baseline */
#define FIT_US          (30 * 60 * TANK_SECOND_US)
#define STEP_CM         1.0 /* between two blocks, beyond what the run does: a jump */
#define JUMP_SHARE      10.0

static void run_clear(struct tank *t, enum tank_why why)
{
    slope_clear(&t->run);
    t->n_recent = 0;
    t->n_room = t->n_top = 0;
    t->room_sum = t->top_sum = 0;
    t->run_us = t->block_us = t->now_us;
    t->n_samples = 0;
    t->no_run = why;
    t->run_lid = t->lid_open;
    t->run_quiet = tank_sense_quiet(t);
    t->run_unsure = tank_sense_lid_unsure(t);
}

/* A run ends, or has told enough: what it says becomes a window. */
static void run_close(struct tank *t, enum tank_why why)
{
    struct slope_fit fit;
    double resolution = t->model.resolution_cm == TANK_UNKNOWN ? 0 : tank_number(t->model.resolution_cm);
    if (slope_fit(&t->run, resolution, &fit)) {
        t->fit = fit;
        t->fit_is = true;
        t->fit_lid = t->run_lid;
        t->fit_us = t->good_us; /* after a gap that is long ago */
        if (!t->run_lid && t->run_quiet)
            tank_vacuum_window(t, &fit, fit.end_value - fit.per_day * fit.span_days / 2);
    }
    run_clear(t, why);
}

static void phase_set(struct tank *t, enum tank_phase phase, double cm)
{
    if (phase == t->phase)
        return;
    if (t->phase == TANK_FILLING && phase == TANK_NO_PHASE)
        tank_fill_lost(t);
    else if (t->phase == TANK_FILLING)
        tank_fill_end(t);
    if (phase == TANK_FILLING)
        t->fill_cut = t->phase == TANK_NO_PHASE;
    run_close(t, t->phase == TANK_NO_PHASE ? t->no_run : TANK_BUSY);
    t->phase = phase;
    t->phase_us = t->now_us;
    t->phase_cm = cm;
    if (phase == TANK_FILLING) {
        t->most_cm = cm;
        t->most_us = t->rise_us = t->now_us;
        t->rise_cm = cm;
        tank_fill_begin(t);
    }
}

/* Does the level stand still where it must have fallen, or has it been seen to fall? While it stands, its
 * runs are short, so that a fall is seen soon. */
static bool stands(struct tank *t, const struct slope_fit *fit)
{
    if (tank_sense_falls(t, fit)) {
        t->flags &= ~(uint32_t)TANK_LEVEL_FLAT;
        return false;
    }
    if (!tank_sense_stands(t, fit))
        return false;
    tank_level_stands(t);
    return true;
}

static void fit_again(struct tank *t)
{
    struct slope_fit fit;
    double resolution = t->model.resolution_cm == TANK_UNKNOWN ? 0 : tank_number(t->model.resolution_cm);
    bool due = t->now_us - t->fit_us >= FIT_US || t->run.n <= 2 * SLOPE_LEAST;
    if (!due || !slope_fit(&t->run, resolution, &fit))
        return;
    if (stands(t, &fit))
        return;
    t->fit = fit;
    t->fit_is = true;
    t->fit_lid = t->run_lid;
    t->fit_us = t->now_us;
    int64_t age_us = t->now_us - t->run_us;
    double half = (fit.high - fit.low) / 2;
    bool high = tank_vacuum_is_high(t, &fit), narrow = half < -NARROW * fit.per_day;
    if (age_us >= WINDOW_MAX_US || (age_us >= (high ? WINDOW_LEAST_US : WINDOW_US) && narrow) ||
        (age_us >= WINDOW_US && high && half < -NARROW_HIGH * fit.per_day))
        run_close(t, TANK_BUSY);
}

static void remember(struct tank *t, double cm)
{
    if (t->n_recent == TANK_RECENT) {
        for (unsigned i = 1; i < TANK_RECENT; i++) {
            t->recent[i - 1] = t->recent[i];
            t->recent_at[i - 1] = t->recent_at[i];
        }
        t->n_recent--;
    }
    t->recent[t->n_recent] = cm;
    t->recent_at[t->n_recent++] = (double)t->now_us / (double)TANK_DAY_US;
}

/* Between two blocks more than can be: the probe was moved, or it lies. The run begins anew behind it. */
static bool jumped(const struct tank *t, double cm)
{
    if (t->n_recent < 3)
        return false;
    double before = t->recent[t->n_recent - 1];
    unsigned from = t->n_recent > 8 ? t->n_recent - 8 : 0;
    double usual = t->recent[from] - before;
    usual = tank_larger(usual, 0) / (t->n_recent - 1 - from);
    double step = before > cm ? before - cm : cm - before;
    return step > STEP_CM && step > JUMP_SHARE * usual;
}

static void block_done(struct tank *t)
{
    double cm = slope_median(t->samples, t->n_samples);
    t->n_samples = 0;
    t->block_us = t->now_us;
    if (jumped(t, cm)) {
        t->flags |= TANK_LEVEL_JUMP;
        tank_step_begin(t);
        run_clear(t, TANK_GAP);
    }
    slope_add(&t->run, t->now_us, cm);
    remember(t, cm);
    tank_step_block(t);
    if (tank_good(&t->input.room)) {
        t->room_sum += tank_number(t->input.room.value);
        t->n_room++;
    }
    const struct reading *top = &t->input.temps[t->model.top];
    if (tank_good(top)) {
        t->top_sum += tank_number(top->value);
        t->n_top++;
    }
    t->run_unsure = t->run_unsure || tank_sense_lid_unsure(t);
    tank_vacuum_block(t);
    fit_again(t);
    if (!t->run_quiet && tank_sense_quiet(t))
        run_close(t, TANK_BUSY);
    if (t->run.n >= 2 * SLOPE_LEAST)
        t->flags &= ~(uint32_t)TANK_LEVEL_JUMP;
}

int64_t tank_level_settle_us(const struct tank *t)
{
    return t->model.settle_s > 0 ? t->model.settle_s * TANK_SECOND_US : SETTLE_US;
}

static bool settled(const struct tank *t, double cm)
{
    return t->now_us - t->phase_us >= tank_level_settle_us(t) || cm < t->phase_cm - FELL_CM;
}

/* Does the level rise? Two readings must say so. */
static bool rises(struct tank *t, double cm)
{
    if (cm < t->least_cm || t->phase == TANK_NO_PHASE)
        t->least_cm = cm;
    /* a least that is hours old says nothing of a rise now: it follows slowly */
    double dt_us = (double)(t->now_us - t->level_us);
    t->least_cm += (cm - t->least_cm) * dt_us / (dt_us + FOLLOW_US);
    return cm > t->least_cm + RISE_CM && t->last_cm > t->least_cm + RISE_CM && t->phase != TANK_SETTLING &&
           t->phase != TANK_NO_PHASE;
}

/* Does this fill still bring something? Noise and froth do not count. */
static void follow_rise(struct tank *t, double cm)
{
    double least = tank_smaller(cm, t->last_cm);
    if (cm > t->most_cm) {
        t->most_cm = cm;
        t->most_us = t->now_us;
    }
    if (least > t->rise_cm + FLOW_CM) {
        if (tank_fill_is_dead(t))
            run_clear(t, TANK_BUSY);
        t->rise_cm = least;
        t->rise_us = t->came_us = t->now_us;
        t->flags &= ~(uint32_t)TANK_LEVEL_FLAT;
    }
    t->rise_cm = tank_smaller(t->rise_cm, cm);
}

/* A fill by valve ends with the valve. While its reading is lost for a moment the fill goes on; lost for
 * longer, the level tells, and the end was not seen. */
static bool fill_ends(struct tank *t, bool told, bool open)
{
    bool topped = t->now_us - t->most_us >= TOPPED_US;
    if (!t->by_valve)
        return topped && !open;
    if (told)
        return !open;
    if (t->now_us - t->valve_us <= TANK_GAP_US || !topped)
        return false;
    t->fill_cut = true;
    return true;
}

static void find_phase(struct tank *t, double cm)
{
    const struct reading *valve = &t->input.valve;
    bool told = tank_good(valve);
    bool open = told && valve->value != 0;
    if (told)
        t->valve_us = t->now_us;
    if (t->phase == TANK_FILLING) {
        if (!t->input.level_is_old)
            follow_rise(t, cm);
        if (fill_ends(t, told, open)) {
            phase_set(t, TANK_SETTLING, t->most_cm);
            t->least_cm = cm;
        }
        return;
    }
    if ((!t->input.level_is_old && rises(t, cm)) || open) {
        t->by_valve = open;
        tank_step_noticed(t, cm);
        phase_set(t, TANK_FILLING, cm < t->least_cm ? cm : t->least_cm);
        return;
    }
    if (t->phase == TANK_SETTLING && !settled(t, cm))
        return;
    phase_set(t, t->lid_open ? TANK_LID_OPEN : TANK_STATIC, cm);
}

void tank_level_stands(struct tank *t)
{
    t->flags |= TANK_LEVEL_FLAT;
    t->fit_is = false;
    run_clear(t, TANK_NOT_FALLING);
}

void tank_level_again(struct tank *t)
{
    run_clear(t, TANK_BUSY);
}

void tank_level_feed(struct tank *t)
{
    const struct reading *level = &t->input.level;
    if (!tank_good(level)) {
        if (t->now_us - t->good_us > TANK_GAP_US && t->phase != TANK_NO_PHASE) {
            phase_set(t, TANK_NO_PHASE, 0);
            t->no_run = TANK_GAP;
        }
        return;
    }
    if (t->now_us - t->good_us > TANK_GAP_US) {
        phase_set(t, TANK_NO_PHASE, 0);
        run_clear(t, TANK_GAP);
    }
    double cm = tank_number(level->value);
    if (t->input.level_is_old) { /* valve and lid may tell of a new phase */
        if (t->phase != TANK_NO_PHASE)
            find_phase(t, cm);
        return;
    }
    t->good_us = t->now_us;
    find_phase(t, cm);
    t->last_cm = cm;
    t->noted_us = t->level_us;
    t->level_us = t->now_us;
    if (t->phase != TANK_STATIC && t->phase != TANK_LID_OPEN && !tank_fill_is_dead(t))
        return;
    if (t->n_samples == 0 || t->now_us - t->kept_us >= TANK_BLOCK_US / TANK_SAMPLES) {
        if (t->n_samples < TANK_SAMPLES)
            t->samples[t->n_samples++] = cm;
        t->kept_us = t->now_us;
    }
    if (t->now_us - t->block_us >= TANK_BLOCK_US)
        block_done(t);
}
