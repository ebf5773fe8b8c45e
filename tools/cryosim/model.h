/*
 * model.h - what all simulated devices have in common: settings, and a state that moves with simulated time.
 *
 * PURE: no I/O, no clock. The physics here is cryosim's own and shares nothing with cryomond: a mistake in
 * one must not hide the same mistake in the other.
 */
#ifndef CRYOSIM_MODEL_H
#define CRYOSIM_MODEL_H

#include "param.h"
#include "random.h"

#include <stddef.h>

struct model {
    const char *name; /* the scenario's `kind` */
    size_t size;
    const struct param *params;
    /* The defaults, on zeroed memory. */
    void (*init)(void *model);
    /* After the scenario's settings: the state follows them. */
    void (*start)(void *model, struct random_source *random);
    /* Moves the state by dt_s simulated seconds; dt_s is the same at every call. */
    void (*step)(void *model, double dt_s, struct random_source *random);
};

extern const struct model model_tank, model_vessel, model_supply, model_freezer, model_ups, model_oxygen;

#endif
