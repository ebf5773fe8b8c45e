/*
 * trend.h - how fast a value changes: a line through what was measured within a window.
 *
 * PURE. The window is cut into slots of the boot time; each keeps the mean of its values. The line through
 * the means is that of least squares. So a fast device and a slow one give the same slope, noise weighs
 * little, and memory does not grow. What a slot kept more than a window ago is forgotten.
 *
 * The slope is not known before values lie in 4 slots, over half the window. A value that the device itself
 * calls uncertain is part of the line, and makes the line uncertain.
 */
#ifndef CRYOMON_TREND_H
#define CRYOMON_TREND_H

#include "value.h"

#define TREND_SLOTS     16
#define TREND_SLOTS_MIN 4 /* with values in them, before a slope is known */

struct trend {
    int64_t slot_us; /* how long one is; 0: no trend is kept */
    struct trend_slot {
        int64_t number; /* boot_us / slot_us */
        uint32_t n;     /* values in it; 0: empty */
        bool uncertain; /* one of them is */
        micro_t first;
        int64_t sum;      /* of (value - first) */
        int64_t sum_us;   /* of the time since the slot began */
    } slots[TREND_SLOTS]; /* by number modulo TREND_SLOTS */
};

struct trend_line {
    micro_t per_hour;
    int64_t over_us; /* from the first mean to the last */
    bool uncertain;
};

/* Empties it. window_ms: how far it looks back. */
void trend_init(struct trend *trend, uint32_t window_ms);

/* Takes a usable value (good or uncertain). Times never go backwards. */
void trend_add(struct trend *trend, int64_t boot_us, micro_t value, bool uncertain);

/* The slope of what was measured within the window before now. False: not known. */
bool trend_slope(const struct trend *trend, int64_t now_us, struct trend_line *ret);

/* In how many seconds value reaches limit at that rate; 0 when it is there. rising: the limit is above
 * normal. False: it does not go there, or not within 30 days. */
bool trend_time_left(micro_t per_hour, micro_t value, micro_t limit, bool rising, int64_t *ret_s);

#endif
