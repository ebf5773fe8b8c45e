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
        int64_t begin_us, good_us;
        double begin_cm, cm;
        bool level_good, alone, seen;
        bool judged;                  /* since begin_cm was taken: that counted */
        int64_t marked_us, judged_us; /* when begin_cm was taken; when it counted */
        bool proven;                  /* its own level was seen to rise with its valve */
        int64_t filled_us;
    } tanks[HALL_TANKS];
    uint8_t suspicion[HALL_TANKS]; /* fills, or parts of a long one, in a row that appeared elsewhere */
    int8_t elsewhere[HALL_TANKS];  /* on which */
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
/* The last fill of tank i that could be judged appeared on its own probe. */
bool hall_is_right(const struct hall *hall, unsigned i);

#endif
