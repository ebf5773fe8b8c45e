/*
 * derive_site.h - a hall of simulated tanks (tests/bench/tank_world), its configuration made by hand, and
 * what derive says of it.
 */
#ifndef CRYOMON_TEST_DERIVE_SITE_H
#define CRYOMON_TEST_DERIVE_SITE_H

#include "test.h"

#include "config.h"
#include "derive.h"
#include "tank_world.h"

#include <string.h>

#define SITE_TANKS WORLD_TANKS
#define N(value)   ((micro_t)((value)*1e6))
#define SECOND     INT64_C(1000000)
#define MINUTE     (60 * SECOND)
#define HOUR       (60 * MINUTE)
#define DAY        (24 * HOUR)

enum site_input { SITE_LEVEL, SITE_TOP, SITE_MIDDLE, SITE_BOTTOM, SITE_LID, SITE_VALVE, SITE_INPUTS };
enum { SITE_ROOM = SITE_TANKS * SITE_INPUTS, SITE_STOCK, SITE_BAR, SITE_MEASURED };
#define SITE_POINTS 400
#define SITE_ALARMS 128

/* What derive has said. */
struct heard {
    struct reading readings[SITE_POINTS];
    int64_t at_us[SITE_POINTS]; /* boot; 0: never */
    unsigned n_readings[SITE_POINTS];
    int8_t conditions[SITE_ALARMS]; /* -1 not told, 0 over, 1 holds */
    unsigned raised[SITE_ALARMS], told[SITE_ALARMS];
    unsigned n_fills[SITE_TANKS];
    struct derived_news last_fill[SITE_TANKS];
};

struct site {
    struct config config;
    struct point_config points[SITE_POINTS];
    struct point_model models[SITE_POINTS];
    struct asset_config assets[SITE_TANKS + 2];
    struct alarm_config alarms[SITE_ALARMS];
    struct vessel_config vessels[SITE_TANKS];
    struct supply_config supply;
    struct world *world;
    int64_t start_us; /* boot time at which the world began */
    int64_t utc_less_boot_us;
    int probe_of[SITE_TANKS]; /* whose level each tank's point shows */
    bool no_level[SITE_TANKS];
};

void site_open(struct site *site, uint64_t world);
void site_close(struct site *site);
/* The moment of the world. */
struct stamp site_now(const struct site *site);
/* One step of the world, told to n derives; those that are ready also look. What they say goes to heard[]. */
void site_step(struct site *site, struct derive *const *derives, struct heard *heard, unsigned n);
/* Until the world is so old. */
void site_run(struct site *site, double until_days, struct derive *const *derives, struct heard *heard,
              unsigned n);
void site_hear(struct derive *derive, struct heard *heard);
void heard_clear(struct heard *heard);
/* Feeds one point with a number, or with a reading that could not be had. */
void site_take(struct derive *derive, struct stamp at, int point, double value);
void site_take_bad(struct derive *derive, struct stamp at, int point);

int site_point(const struct site *site, unsigned tank, enum tank_point point, int bound);
int site_alarm(const struct site *site, unsigned tank, unsigned alarm);

#endif
