/*
 * tank.h - a liquid-nitrogen storage tank with an autofill controller.
 *
 * A vertical vessel: heat that leaks in boils the pool, 0.54 L/day for each watt. Racks and vapour above the
 * pool are one heat capacity between the room (through lid and walls) and the pool (through cold gas and
 * racks), so their temperature depends on the level, rises with the lid open, and runs away once the pool is
 * gone. The controller opens its valve at fill_start and closes it at fill_stop, by what its own level sensor
 * says.
 */
#ifndef CRYOSIM_TANK_H
#define CRYOSIM_TANK_H

#include "sensor.h"

#include <stdbool.h>

#define TANK_LN2_C (-195.8) /* boils at 1 atm */

struct tank {
    /* settings */
    double diameter_cm, depth_cm;
    double ambient_c;
    double heat_leak_w;       /* with a good vacuum */
    double vacuum_w;          /* heat leak that a lost vacuum leads to; 0: vacuum good */
    double vacuum_tau_s;      /* how fast the heat leak follows a loss */
    double repair_tau_s;      /* and a repair */
    double lid_heat_w;        /* more heat while the lid is open */
    double heat_capacity_j_k; /* racks, samples and vapour */
    double coupling_w_k;      /* between them and the pool, half full */
    double vapour_rise_k;     /* how much warmer than LN2 they are, half full */
    double fill_start_cm, fill_stop_cm, fill_rate_l_min;
    double fill_limit_s;         /* a longer fill is an alarm */
    int autofill, supply, mains; /* 0 off, 1 on */
    int lid;                     /* 0 closed, 1 open */
    struct sensor temperature_sensor, level_sensor, lid_sensor;
    /* state */
    double level_cm;
    double heat_w;  /* the heat leak now, lid aside */
    double rack_c;  /* racks and vapour */
    double mixed_k; /* room air stirred in while the lid is open */
    double lid_c;
    bool filling, fill_alarm;
    double fill_s, since_fill_s;
    double filled_l;
    unsigned fills;
};

double tank_litres(const struct tank *tank);
/* What the top of the vapour truly has, before any sensor. */
double tank_vapour_c(const struct tank *tank);
bool tank_level_low(const struct tank *tank);
bool tank_level_high(const struct tank *tank);

#endif
