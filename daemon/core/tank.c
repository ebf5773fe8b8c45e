/* tank.c - see tank.h. */
#include "tank_parts.h"

#include <string.h>

#define REFERENCE_C  21.0
#define ROOM_LEAST_C (-20.0)
#define ROOM_MOST_C  60.0
#define MICRO_TOP    9e15

static const char *const PHASES[] = {"unknown", "static", "filling", "settling", "lid-open"};
static const char *const WHYS[TANK_WHY_COUNT] = {
    "known", "not-measured", "bad-reading", "learning",         "gap",
    "busy",  "no-shape",     "no-limit",    "no-heat-capacity", "not-falling",
};
static const char *const VACUUMS[] = {"unknown", "good", "watch", "failing"};
static const char *const CAUSES[] = {"none", "vacuum", "lid", "ice", "room"};

#define NAME(table, i) ((unsigned)(i) < sizeof(table) / sizeof *(table) ? (table)[i] : "?")

const char *tank_phase_name(enum tank_phase phase)
{
    return NAME(PHASES, phase);
}

const char *tank_why_name(enum tank_why why)
{
    return NAME(WHYS, why);
}

const char *tank_vacuum_name(enum tank_vacuum vacuum)
{
    return NAME(VACUUMS, vacuum);
}

const char *tank_cause_name(enum tank_cause cause)
{
    return NAME(CAUSES, cause);
}

double tank_content(const struct tank *t, double cm)
{
    micro_t litres = 0;
    return tank_vessel_litres(&t->model, tank_micro(cm), &litres) ? tank_number(litres) : cm;
}

double tank_per_cm(const struct tank *t, double cm)
{
    double from = cm > 0.5 ? cm - 0.5 : 0;
    return tank_content(t, from + 1) - tank_content(t, from);
}

double tank_room_factor(double room_c)
{
    if (room_c < ROOM_LEAST_C || room_c > ROOM_MOST_C)
        return 1; /* no room where people keep cells */
    return (room_c - TANK_LN2_C) / (REFERENCE_C - TANK_LN2_C);
}

micro_t tank_micro(double number)
{
    double micro = number * (double)MICRO_PER_UNIT;
    if (micro >= MICRO_TOP)
        return MICRO_MAX;
    if (micro <= -MICRO_TOP)
        return -MICRO_MAX;
    return (micro_t)(micro + (micro < 0 ? -0.5 : 0.5));
}

struct tank_quantity tank_says(double value, double low, double high)
{
    return (struct tank_quantity){
        .known = true, .value = tank_micro(value), .low = tank_micro(low), .high = tank_micro(high)};
}

struct tank_quantity tank_unknown(enum tank_why why)
{
    return (struct tank_quantity){.why = why};
}

enum tank_why tank_no_reading(const struct reading *reading)
{
    return tank_absent(reading) ? TANK_NOT_MEASURED : TANK_BAD_READING;
}

int tank_init(struct tank *t, const struct tank_vessel *model)
{
    memset(t, 0, sizeof *t);
    if (model != NULL) {
        int r = tank_vessel_check(model);
        if (r < 0)
            return r;
        t->model = *model;
    } else {
        tank_vessel_init(&t->model);
    }
    t->now_us = INT64_MIN;
    t->no_run = TANK_LEARNING;
    slope_clear(&t->run);
    slope_clear(&t->warming);
    return 0;
}

void tank_feed(struct tank *t, int64_t now_us, const struct tank_input *input)
{
    if (t->now_us == INT64_MIN) {
        t->seen_us = t->day_us = t->lid_hour_us = t->lid_us = now_us;
        t->tops_us = t->valve_us = t->block_us = t->kept_us = t->good_us = t->level_us = now_us;
        t->over_us = t->under_us = t->flat_us = now_us;
        t->due = (struct tank_lasting){.since_us = now_us, .judged_us = now_us};
        for (unsigned i = 0; i < TANK_TEMPS; i++)
            t->warm_probes[i] = t->twin_probes[i] = t->due;
        t->lid_closed_us = now_us; /* what was before is not known */
        t->lid_for_us = TANK_HOUR_US;
        t->lid_good_us = t->lid_unsure_us = t->learn_us = now_us;
    }
    if (now_us > t->now_us)
        t->now_us = now_us;
    t->input = *input;
    tank_sense_feed(t);
    tank_level_feed(t);
    tank_vacuum_feed(t);
    tank_warm_feed(t);
    tank_fill_feed(t);
    tank_left_feed(t);
    tank_over_feed(t);
}

void tank_view(const struct tank *t, struct tank_view *ret)
{
    memset(ret, 0, sizeof *ret);
    ret->phase = t->phase;
    ret->phase_since_us = t->phase_us;
    ret->flags = t->flags;
    ret->over = tank_over(t);
    tank_vacuum_view(t, ret);
    tank_fill_view(t, ret);
    tank_sense_view(t, ret);
    tank_left_view(t, ret);
}

void tank_relearn(struct tank *t)
{
    t->n_windows = t->next_window = t->n_index = 0;
    t->base = t->base_first = t->spread = t->base_top_k = t->cusum = 0;
    t->failing_us = t->high_us = 0;
    t->n_high = 0;
    t->base_final = false;
    t->fast = t->fast_long = t->fast_fills = t->warm_row = t->normal = 0;
    t->learn_us = t->now_us;
    t->watching = t->beyond = false;
    t->calm = 0;
    t->top_coldest_c = 0;
    t->step_cm = 0;
    t->step_open = false;
    tank_pool_clear(t);
    t->cause = TANK_CAUSE_NONE;
}
