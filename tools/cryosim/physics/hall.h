/*
 * hall.h - several vessels on one supply in one room, for studies.
 *
 * PURE. The caller owns the vessels and sets what it likes in them between steps.
 */
#ifndef CRYOSIM_HALL_H
#define CRYOSIM_HALL_H

#include "climate.h"
#include "vessel.h"

struct hall {
    struct climate room;
    struct supply *supply; /* NULL: every vessel gets what it wants */
    struct vessel *vessels;
    size_t n_vessels;
    double time_s, ambient_c;
};

/* Starts supply and vessels. Returns 0, or -EINVAL when a vessel has no possible shape. */
int hall_start(struct hall *hall, struct random_source *random);
void hall_step(struct hall *hall, double dt_s, struct random_source *random);

#endif
