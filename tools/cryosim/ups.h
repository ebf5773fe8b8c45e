/*
 * ups.h - an uninterruptible power supply: mains, or a battery that runs down.
 */
#ifndef CRYOSIM_UPS_H
#define CRYOSIM_UPS_H

#include "sensor.h"

#include <stdbool.h>

struct ups {
    /* settings */
    int mains;
    double voltage_v;  /* of the mains */
    double runtime_s;  /* full battery, at load_percent */
    double recharge_s; /* empty to full */
    double load_percent;
    double charge_percent; /* also state */
    struct sensor input_sensor;
};

double ups_runtime_s(const struct ups *ups);
bool ups_battery_low(const struct ups *ups);
double ups_battery_v(const struct ups *ups);

#endif
