/*
 * tank_vessel.h - what is known of a tank beforehand: its shape, its limits, its controller's set points.
 *
 * PURE. All comes from the configuration; nothing is assumed. What is not configured is TANK_UNKNOWN (0 for
 * durations), and what needs it is then "not known".
 */
#ifndef CRYOMON_TANK_VESSEL_H
#define CRYOMON_TANK_VESSEL_H

#include "value.h"

#define TANK_UNKNOWN      INT64_MIN
#define TANK_SHAPE_MAX    32
#define TANK_FULL_PERCENT 105 /* of the last height: a reading above that is no level */
#define TANK_TEMPS        4

/* Heights are those of the level reading (its zero is the probe's zero). */
struct tank_vessel {
    unsigned n_shape; /* 0: the shape is not known; else 2 or more */
    struct tank_height {
        micro_t cm, litres; /* both rising strictly */
    } shape[TANK_SHAPE_MAX];
    micro_t low_cm;                      /* the low-level limit, to which time is left */
    micro_t high_cm;                     /* above it the tank is overfilled */
    micro_t fill_start_cm, fill_stop_cm; /* the controller's set points */
    micro_t resolution_cm;               /* the smallest step of the level reading */
    micro_t heat_capacity_j_k;           /* racks, samples and inner wall: how fast it warms when it is dry */
    micro_t probe_cm[TANK_TEMPS];        /* heights of the temperature probes */
    int8_t twin[TANK_TEMPS];             /* 1 + the probe that should show the same; 0: none */
    micro_t twin_k;                      /* how far twins may differ */
    uint8_t top;           /* the probe that stands for the warmest samples, an index into the temperatures */
    uint32_t fill_max_s;   /* a fill that lasts longer is too long */
    uint32_t fill_every_s; /* at least one fill in so long */
    uint32_t settle_s;     /* after a fill the level froths for so long; 0: 45 min */
};

/* Everything unknown. */
void tank_vessel_init(struct tank_vessel *model);
/* 0, or -EINVAL: the shape does not rise, or an index or number is out of range. */
int tank_vessel_check(const struct tank_vessel *model);

/* Litres below a height, by interpolation; beyond the ends of the table by its last step (never below 0).
 * False: the shape is not known. */
bool tank_vessel_litres(const struct tank_vessel *model, micro_t cm, micro_t *ret_litres);

#endif
