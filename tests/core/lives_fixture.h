/* lives_fixture.h - what tests of random lives share: dice, delays, and when the engine is told the time. */
#ifndef CRYOMON_TESTS_LIVES_FIXTURE_H
#define CRYOMON_TESTS_LIVES_FIXTURE_H

#include <stdint.h>
#include <stdlib.h>

/* Two lives of the same seed that differ in this only have the same outcome. */
enum lives_ticking { TICK_AT_DEADLINES, TICK_EACH_MS, TICK_NEVER };

static inline unsigned lives_below(unsigned *seed, unsigned n)
{
    return (unsigned)rand_r(seed) % n;
}

/* Often none. */
static inline uint32_t lives_delay_ms(unsigned *seed)
{
    static const uint32_t delays[] = {0, 0, 0, 1, 5, 20, 60};

    return delays[lives_below(seed, sizeof delays / sizeof *delays)];
}

#endif
