#include "probe.h"

#include <math.h>

#define DAY_S        86400.0
#define WANDER_TAU_S (6 * 3600.0)

/* What is drawn does not depend on the mode: a stuck probe must not shift the stream. */
static void measure(struct probe *p, double dt_s, double noise_factor, struct random_source *random)
{
    double noise = random_noise(random) * noise_factor * p->noise;
    if (p->wander > 0 && dt_s > 0) { /* Ornstein-Uhlenbeck: its deviation does not depend on dt_s */
        double keep = exp(-dt_s / WANDER_TAU_S);
        p->wandered = p->wandered * keep + p->wander * sqrt(1 - keep * keep) * random_noise(random);
    }
    if (p->spikes_hour > 0 && random_uniform(random) < p->spikes_hour * dt_s / 3600)
        noise += random_uniform(random) < 0.5 ? p->spike : -p->spike;
    if (p->mode == SENSOR_STUCK)
        return;
    p->reading = p->followed + p->offset + p->drifted + p->wandered + noise;
    if (p->quantum > 0)
        p->reading = round(p->reading / p->quantum) * p->quantum;
}

void probe_start(struct probe *p, double truth, struct random_source *random)
{
    p->drifted = p->wandered = 0;
    p->followed = truth;
    measure(p, 0, 1, random);
}

void probe_step(struct probe *p, double truth, double dt_s, double noise_factor, struct random_source *random)
{
    p->drifted += p->drift_per_day * dt_s / DAY_S;
    p->followed += (truth - p->followed) * dt_s / (p->lag_s + dt_s);
    measure(p, dt_s, noise_factor, random);
}

double probe_reading(const struct probe *p)
{
    return p->mode == SENSOR_BROKEN ? NAN : p->reading;
}
