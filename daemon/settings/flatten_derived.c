/* flatten_derived.c - vessels, supplies and freezers, as the daemon uses them. */
#include <errno.h>
#include <stdlib.h>

#include "flatten.h"

/* assets[0] of the configuration is the system itself; points and supplies keep their order. */
int flatten_derived(const struct draft *d, struct config *config)
{
    config->vessels = calloc(d->n_vessels + 1, sizeof *config->vessels);
    config->supplies = calloc(d->n_supplies + 1, sizeof *config->supplies);
    config->freezers = calloc(d->n_freezers + 1, sizeof *config->freezers);
    if (config->vessels == NULL || config->supplies == NULL || config->freezers == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < d->n_vessels; i++) {
        config->vessels[i] = d->vessels[i].config;
        config->vessels[i].asset++;
    }
    for (size_t i = 0; i < d->n_supplies; i++) {
        config->supplies[i] = d->supplies[i].config;
        config->supplies[i].asset++;
    }
    for (size_t i = 0; i < d->n_freezers; i++) {
        config->freezers[i] = d->freezers[i].config;
        config->freezers[i].asset++;
    }
    config->n_vessels = (uint16_t)d->n_vessels;
    config->n_supplies = (uint16_t)d->n_supplies;
    config->n_freezers = (uint16_t)d->n_freezers;
    config->nitrogen = d->nitrogen;
    return 0;
}
