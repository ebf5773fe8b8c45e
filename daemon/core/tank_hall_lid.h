/*
 * tank_hall_lid.h - does a lid that opens warm the temperature probe of its own tank, or that of another?
 *
 * PURE and deterministic, plain data, no allocation, no units but degrees C and us. An opened lid warms the
 * top by some K within minutes. An opening is judged only when it can be: the lid stays open for three
 * minutes, no other lid of the hall is or was open for an hour, no tank is filled, and temperatures stood
 * still before. A top that moves is its own. A top that does not move at all, while that of exactly one other
 * tank warms under a lid that is known to be closed, is a suspicion; two such in a row are told. All else
 * says nothing.
 */
#ifndef CRYOMON_TANK_HALL_LID_H
#define CRYOMON_TANK_HALL_LID_H

#include "tank_hall.h"

struct hall_lid {
    unsigned n;
    int64_t now_us;
    int opened;        /* the tank whose opening is watched; -1: none */
    int64_t opened_us; /* when it was seen open */
    int64_t open_us;   /* and how long it has been */
    struct hall_lid_tank {
        bool lid_known, open, filling;
        int64_t lid_us, closed_us; /* last good reading of the contact; last seen open */
        bool top_good;
        int64_t top_us; /* of the last good look */
        double top_c;
        int64_t kept_us; /* of kept_c[0]; the others are from times before, for what was before an opening */
        double kept_c[3];
        unsigned n_kept;
        bool usable;            /* in this opening */
        double begin_c, most_k; /* before it; how far it has warmed since */
        unsigned warm;          /* looks at which it had clearly warmed */
        bool proven;
        uint8_t suspicion; /* openings in a row that appeared elsewhere, */
        int8_t elsewhere;  /* and on which */
    } tanks[HALL_TANKS];
};

/* n at most HALL_TANKS (else it is cut). */
void hall_lid_init(struct hall_lid *lid, unsigned n);
/* After tank_feed, once a minute or so, every tank. Gaps of ten minutes end what was watched. */
void hall_lid_tank(struct hall_lid *lid, int64_t now_us, unsigned i, const struct tank *tank);
/* The tank whose temperature probe shows the openings of tank i; -1: none that is known. */
int hall_lid_elsewhere(const struct hall_lid *lid, unsigned i);
/* The last opening of tank i that could be judged appeared on its own probe. */
bool hall_lid_is_right(const struct hall_lid *lid, unsigned i);

#endif
