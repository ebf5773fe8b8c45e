#include "probe.h"

#include <math.h>

#define DAY_S 86400.0

static void measure(struct probe *p, double noise_factor, struct random_source *random)
{
    double noise = random_noise(random); /* drawn always: a stuck probe must not shift the stream */
    if (p->mode == SENSOR_STUCK)
        return;
    p->reading = p->followed + p->offset + p->drifted + noise * noise_factor * p->noise;
    if (p->quantum > 0)
        p->reading = round(p->reading / p->quantum) * p->quantum;
}

void probe_start(struct probe *p, double truth, struct random_source *random)
{
    p->drifted = 0;
    p->followed = truth;
    measure(p, 1, random);
}

void probe_step(struct probe *p, double truth, double dt_s, double noise_factor, struct random_source *random)
{
    p->drifted += p->drift_per_day * dt_s / DAY_S;
    p->followed += (truth - p->followed) * dt_s / (p->lag_s + dt_s);
    measure(p, noise_factor, random);
}

double probe_reading(const struct probe *p)
{
    return p->mode == SENSOR_BROKEN ? NAN : p->reading;
}
