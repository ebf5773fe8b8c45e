/* tank_over.c - which of the flags are proven not to hold.
 *
 * A flag that is not set says only that it was not found. An alarm may end when its end has been seen: with
 * readings that are good now, and of the same probes, and of a fill that brought something. */
#include "tank_parts.h"

#define RISING_CM_DAY 1.0

static void mark(uint8_t *doubtful, uint8_t *seen, bool flagged, unsigned i, enum tank_doubt doubt)
{
    uint8_t bit = (uint8_t)(1u << i);
    if (doubt == TANK_NOT_JUDGED)
        return;
    *seen |= bit;
    if (doubt == TANK_NO_DOUBT)
        *doubtful &= (uint8_t)~bit;
    else if (flagged)
        *doubtful |= bit;
}

void tank_over_feed(struct tank *t)
{
    if (t->flags & (TANK_FILL_INEFFECTIVE | TANK_VALVE_STUCK_CLOSED))
        t->nothing_us = t->now_us;
    for (unsigned i = 0; i < TANK_TEMPS; i++) {
        mark(&t->warm, &t->warm_seen, t->flags & TANK_TEMP_TOO_WARM, i, tank_sense_warm(t, i));
        mark(&t->cold, &t->cold_seen, t->flags & TANK_TEMP_TOO_COLD, i, tank_sense_cold(t, i));
        mark(&t->twins, &t->twins_seen, t->flags & TANK_TEMPS_DIFFER, i, tank_sense_twin(t, i));
    }
}

/* Something that a fill brings has come since. */
static bool has_come(const struct tank *t)
{
    if (t->came_us == 0 || t->came_us <= t->nothing_us)
        return false;
    return t->phase == TANK_FILLING ? tank_fill_comes(t) : tank_fill_is_well(t);
}

/* Of those judged by each fill's begin or end. */
static uint32_t of_last_fill(const struct tank *t)
{
    uint32_t over = 0;
    if (t->usual_cm > 0)
        over |= TANK_FILL_TOO_SHORT;
    if (t->usual_every_s > 0)
        over |= TANK_FILL_TOO_OFTEN;
    if (t->usual_cm_s > 0)
        over |= TANK_SUPPLY_WEAK;
    return t->n_fills > 0 ? over : 0;
}

static uint32_t of_level(const struct tank *t)
{
    uint32_t over = 0;
    bool still = t->phase != TANK_FILLING && t->phase != TANK_NO_PHASE;
    bool limits = t->model.fill_start_cm != TANK_UNKNOWN || t->model.fill_every_s > 0 || t->usual_every_s > 0;
    bool high = t->model.high_cm != TANK_UNKNOWN || t->model.fill_stop_cm != TANK_UNKNOWN;
    if (!tank_good(&t->input.level))
        return 0;
    const struct reading *valve = &t->input.valve;
    if (still && (tank_absent(valve) || (tank_good(valve) && valve->value == 0)))
        over |= TANK_FILL_TOO_LONG;
    /* Where only time tells, a fill must have been seen: none since watching began may be far too long. */
    bool by_time = t->model.fill_every_s > 0 || t->model.fill_start_cm == TANK_UNKNOWN;
    if (limits && !tank_fill_is_low(t) && (!by_time || t->filled_us != 0))
        over |= TANK_FILL_OVERDUE;
    if (!tank_fill_is_low(t))
        over |= TANK_FILL_BLOCKED;
    if (high && !tank_fill_is_high(t))
        over |= TANK_OVERFILL;
    if (still && t->base > 0 && t->fit_is && tank_sense_falls(t, &t->fit))
        over |= TANK_LEVEL_FLAT;
    if (t->fit_is && t->phase != TANK_NO_PHASE)
        over |= TANK_LEVEL_JUMP;
    if (t->phase == TANK_STATIC && tank_good(valve) && valve->value == 0 && t->fit_is &&
        t->fit_us > t->phase_us && t->fit.high <= RISING_CM_DAY)
        over |= TANK_VALVE_STUCK_OPEN;
    return over;
}

static uint32_t of_probes(const struct tank *t)
{
    uint8_t heights = 0, there = 0, pairs = 0;
    bool warm = false, cold = false, differ = false; /* as when it was found, only not yet for so long */
    uint32_t over = 0;
    for (unsigned i = 0; i < TANK_TEMPS; i++) {
        uint8_t bit = (uint8_t)(1u << i);
        if (tank_absent(&t->input.temps[i]))
            continue;
        there |= bit;
        heights |= t->model.probe_cm[i] != TANK_UNKNOWN ? bit : 0;
        pairs |= t->model.twin[i] != 0 ? bit : 0;
        warm = warm || tank_sense_warm(t, i) == TANK_DOUBTFUL;
        cold = cold || tank_sense_cold(t, i) == TANK_DOUBTFUL;
        differ = differ || tank_sense_twin(t, i) == TANK_DOUBTFUL;
    }
    if (!warm && heights != 0 && t->warm_seen != 0 && t->warm == 0)
        over |= TANK_TEMP_TOO_WARM;
    if (!cold && there != 0 && (t->cold_seen & there) == there && t->cold == 0)
        over |= TANK_TEMP_TOO_COLD;
    if (!differ && pairs != 0 && (t->twins_seen & pairs) == pairs && t->twins == 0)
        over |= TANK_TEMPS_DIFFER;
    return over;
}

uint32_t tank_over(const struct tank *t)
{
    uint32_t over = of_last_fill(t) | of_level(t) | of_probes(t);
    if (has_come(t))
        over |= TANK_FILL_INEFFECTIVE | TANK_VALVE_STUCK_CLOSED;
    if (tank_good(&t->input.lid) && t->input.lid.value == 0)
        over |= TANK_FILL_BLOCKED;
    return over & ~t->flags;
}
