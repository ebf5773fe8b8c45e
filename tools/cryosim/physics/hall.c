#include "hall.h"

int hall_start(struct hall *hall, struct random_source *random)
{
    hall->time_s = 0;
    hall->ambient_c = climate_step(&hall->room, 0, 0, NULL);
    if (hall->supply != NULL)
        supply_start(hall->supply, random);
    for (size_t i = 0; i < hall->n_vessels; i++) {
        int r = vessel_start(&hall->vessels[i], hall->ambient_c, random);
        if (r < 0)
            return r;
    }
    return 0;
}

void hall_step(struct hall *hall, double dt_s, struct random_source *random)
{
    hall->time_s += dt_s;
    hall->ambient_c = climate_step(&hall->room, hall->time_s, dt_s, random);
    for (size_t i = 0; i < hall->n_vessels; i++)
        vessel_step(&hall->vessels[i], dt_s, hall->ambient_c, hall->supply, random);
    if (hall->supply != NULL)
        supply_step(hall->supply, dt_s, random);
}
