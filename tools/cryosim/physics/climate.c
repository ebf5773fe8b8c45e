#include "climate.h"

#include <math.h>
#include <stddef.h>

#define TWO_PI       6.28318530717958647693
#define DAY_S        86400.0
#define WARMEST_S    (15 * 3600.0)
#define WANDER_TAU_S (12 * 3600.0)

double climate_step(struct climate *c, double time_s, double dt_s, struct random_source *random)
{
    double c_now = c->mean_c;
    if (c->wander_k > 0 && random != NULL) { /* Ornstein-Uhlenbeck: its deviation does not depend on dt_s */
        double keep = exp(-dt_s / WANDER_TAU_S);
        c->wandered_k = c->wandered_k * keep + c->wander_k * sqrt(1 - keep * keep) * random_noise(random);
    }
    if (c->daily_k != 0)
        c_now += c->daily_k * cos(TWO_PI * (time_s - WARMEST_S) / DAY_S);
    if (c->yearly_k != 0)
        c_now -= c->yearly_k * cos(TWO_PI * time_s / (365.25 * DAY_S));
    return c_now + c->wandered_k;
}
