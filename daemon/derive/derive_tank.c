/* derive_tank.c - tanks: readings in their roles to the estimator, and what it says to news. */
#include "derive_internal.h"

#include <errno.h>
#include <stdlib.h>

int derive_tank_create(struct derive *d)
{
    const struct config *config = d->config;
    d->vessels = calloc(config->n_vessels + 1u, sizeof *d->vessels);
    if (d->vessels == NULL)
        return -ENOMEM;
    for (unsigned i = 0; i < config->n_vessels; i++) {
        d->vessels[i].config = &config->vessels[i];
        int r = tank_init(&d->vessels[i].tank, &config->vessels[i].model);
        if (r < 0)
            return r;
    }
    return 0;
}

void derive_tank_take(struct derive *d, uint16_t vessel, unsigned which, const struct reading *reading)
{
    (void)d, (void)vessel, (void)which, (void)reading;
}

void derive_tank_tick(struct derive *d)
{
    (void)d;
}

void derive_tank_look(struct derive *d)
{
    (void)d;
}

void derive_tank_ready(struct derive *d)
{
    (void)d;
}

void derive_tank(const struct derive *d, uint16_t vessel, struct tank_view *ret)
{
    tank_view(&d->vessels[vessel].tank, ret);
}

void derive_relearn(struct derive *d, uint16_t vessel)
{
    tank_relearn(&d->vessels[vessel].tank);
}

bool derive_time_left(const struct derive *d, uint16_t asset, struct tank_quantity *ret)
{
    (void)d, (void)asset, (void)ret;
    return false;
}
