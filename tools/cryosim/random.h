/*
 * random.h - a small seeded generator, so that a scenario gives the same noise and the same faults each time.
 */
#ifndef CRYOSIM_RANDOM_H
#define CRYOSIM_RANDOM_H

#include <stdint.h>

struct random_source {
    uint64_t state;
};

/* Starts a stream of its own for this name: adding a device does not change the noise of the others. */
void random_seed(struct random_source *source, uint64_t seed, const char *name);

uint64_t random_next(struct random_source *source);
/* 0 <= result < bound; bound > 0. */
uint32_t random_below(struct random_source *source, uint32_t bound);
/* 0 <= result < 1. */
double random_uniform(struct random_source *source);
/* About normal, mean 0, deviation 1, never beyond +-3. */
double random_noise(struct random_source *source);

#endif
