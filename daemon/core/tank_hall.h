/*
 * tank_hall.h - several tanks on one supply: how long the supply lasts, whether any tank is filled at all,
 * and whether a fill appears on the probe of the tank that it was meant for.
 *
 * PURE and deterministic, plain data, no allocation. The caller feeds every tank with the same
 * clock:
 *
 *     hall_init(&h, n_tanks, reserve_l);
 *     hall_tank(&h, now_us, i, &tank);    after tank_feed, once a minute or so
 *     hall_supply(&h, now_us, &litres);          when there is a supply vessel with a level
 *     hall_view(&h, &view);
 */
#ifndef CRYOMON_TANK_HALL_H
#define CRYOMON_TANK_HALL_H

#include "tank.h"

#define HALL_TANKS 64
#define HALL_DAYS  14

struct hall_view {
    struct tank_quantity since_fill_h; /* since any tank was filled ("no tank filled since ...") */
    bool overdue; /* two or more tanks wait for a fill, or no tank was filled for twice the usual time */
    unsigned n_overdue;
    struct tank_quantity supply_l_day; /* what is drawn */
    struct tank_quantity supply_days;  /* until the reserve is reached */
    /* A fill of tank suspect_valve rose the level of suspect_probe instead. -1: no suspicion. */
    int suspect_valve, suspect_probe;
};

struct hall {
    unsigned n;
    double reserve_l;
    int64_t start_us, filled_us, now_us;
    double usual_s; /* between fills of any tank; 0: not learned */
    unsigned n_usual;
    struct hall_tank {
        bool by_valve, overdue;
        int64_t good_us;
        double cm;
        bool level_good, seen;
        int64_t filled_us;
        /* for the mapping (tank_hall_map.c) */
        double begin_cm;    /* when this part began, */
        bool begin_good;    /* if it is known, and was all the time since */
        bool alone;         /* no other valve was open since its own opened */
        bool proven;        /* its own level was seen to rise with its valve */
        uint64_t could;     /* tanks whose level has risen all the time since the valve opened */
        uint64_t rose_then; /* and those that rose just before */
        int64_t opened_us;
        int64_t closed_us;              /* the valve, last */
        int64_t counted_us;             /* when this opening last counted; 0: not yet */
        uint8_t suspicion;              /* how often in a row its fill appeared elsewhere */
        int8_t elsewhere, rival, shows; /* on which; on which else, once; whose fills its own probe shows */
    } tanks[HALL_TANKS];
    /* A part is a time in which no valve was moved. Bit i: tank i. */
    int64_t part_us, moved_us;
    uint64_t open, rose_before;
    /* supply */
    double supply_l, day_drawn_l;
    bool supply_good, day_whole;
    int64_t supply_us, day_us;
    double drawn_l[HALL_DAYS]; /* of the last days; negative: not seen in full */
    unsigned n_days;
};

/* n at most HALL_TANKS (else it is cut). reserve_l: what counts as empty; 0 when it is not configured. */
void hall_init(struct hall *hall, unsigned n, micro_t reserve_l);
void hall_tank(struct hall *hall, int64_t now_us, unsigned i, const struct tank *tank);
void hall_supply(struct hall *hall, int64_t now_us, const struct reading *litres);
void hall_view(const struct hall *hall, struct hall_view *ret);
/* The tank on whose probe the fills of tank i appear; -1: none that is known. */
int hall_elsewhere(const struct hall *hall, unsigned i);
/* The tank whose fills appear on the probe of tank i; -1: none that is known. */
int hall_shows(const struct hall *hall, unsigned i);
/* The last fill of tank i that could be judged appeared on its own probe, and no other's does. */
bool hall_is_right(const struct hall *hall, unsigned i);

#endif
