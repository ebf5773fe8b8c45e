#include "sensor.h"

void sensor_measure(struct sensor *sensor, double truth, struct random_source *random)
{
    double noise = random_noise(random); /* drawn always: a stuck sensor must not shift the stream */
    if (sensor->mode == SENSOR_OK)
        sensor->reading = truth + sensor->offset + noise * sensor->noise;
}
