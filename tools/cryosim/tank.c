#include "tank.h"

#include "model.h"

#include <math.h>

#define LATENT_J_KG   199e3 /* LN2 at 1 atm */
#define DENSITY_KG_L  0.807
#define GAS_CP_J_KG_K 1040.0
#define POOL_FULL_CM  2.0 /* below this depth the pool no longer covers the floor */
#define BAND_CM       2.0 /* level alarms of the controller lie this far outside the fill setpoints */
#define LID_MIX       0.06
#define LID_TAU_S     240.0

static double litres_per_cm(const struct tank *t)
{
    return 3.14159265358979 / 4 * t->diameter_cm * t->diameter_cm / 1000;
}

double tank_litres(const struct tank *t)
{
    return t->level_cm * litres_per_cm(t);
}

double tank_vapour_c(const struct tank *t)
{
    return t->rack_c + t->mixed_k;
}

bool tank_level_low(const struct tank *t)
{
    return t->level_sensor.mode != SENSOR_BROKEN && t->level_sensor.reading < t->fill_start_cm - BAND_CM;
}

bool tank_level_high(const struct tank *t)
{
    return t->level_sensor.mode != SENSOR_BROKEN && t->level_sensor.reading > t->fill_stop_cm + BAND_CM;
}

static double toward(double from, double to, double dt_s, double tau_s)
{
    return to + (from - to) * exp(-dt_s / tau_s);
}

/* Conductances of racks and vapour, W/K. */
struct paths {
    double room, pool;
};

static struct paths tank_paths(const struct tank *t)
{
    double span = t->ambient_c - TANK_LN2_C;
    double pool = fmin(1, t->level_cm / POOL_FULL_CM);
    double ullage = 1 - fmin(1, t->level_cm / t->depth_cm);
    /* Through lid and neck, chosen so that half full gives vapour_rise_k. */
    double neck = t->coupling_w_k * t->vapour_rise_k / (span - t->vapour_rise_k);
    struct paths p;
    /* While there is a pool most of the leak goes into it; without one all of it warms the racks. */
    p.room = neck + t->heat_w * (1 - 0.95 * pool) / span + (t->lid ? t->lid_heat_w / span : 0);
    p.pool = t->coupling_w_k * pool * 0.75 / (0.25 + ullage);
    p.pool += pool * t->heat_w / LATENT_J_KG * GAS_CP_J_KG_K; /* boiled-off gas cools on its way out */
    if (t->filling && t->supply)
        p.pool += t->fill_rate_l_min; /* flash gas of the fill, about 1 W/K for each L/min */
    return p;
}

static void tank_control(struct tank *t, double dt_s)
{
    t->since_fill_s += dt_s;
    bool able = t->autofill && t->mains && t->level_sensor.mode != SENSOR_BROKEN;
    if (!t->filling && able && t->level_sensor.reading <= t->fill_start_cm) {
        t->filling = true;
        t->fill_s = 0;
    } else if (t->filling && (!able || t->level_sensor.reading >= t->fill_stop_cm)) {
        t->filling = false;
        t->fill_alarm = false;
        t->since_fill_s = 0;
        t->fills++;
    }
    if (t->filling) {
        t->fill_s += dt_s;
        t->fill_alarm = t->fill_s > t->fill_limit_s;
    }
}

static void tank_step(void *model, double dt_s, struct random_source *random)
{
    struct tank *t = model;
    if (t->vacuum_w > 0)
        t->heat_w = toward(t->heat_w, t->vacuum_w, dt_s, t->vacuum_tau_s);
    else
        t->heat_w = toward(t->heat_w, t->heat_leak_w, dt_s, t->repair_tau_s);

    struct paths p = tank_paths(t);
    double balance_c = (p.room * t->ambient_c + p.pool * TANK_LN2_C) / (p.room + p.pool);
    double excess_w = fmax(0, p.pool * (t->rack_c - balance_c)); /* stored heat, on top of the leak */
    t->rack_c = toward(t->rack_c, balance_c, dt_s, t->heat_capacity_j_k / (p.room + p.pool));

    double boil_w = t->heat_w + excess_w + (t->lid ? t->lid_heat_w : 0);
    double litres = tank_litres(t) - boil_w * dt_s / (LATENT_J_KG * DENSITY_KG_L);
    if (t->filling && t->supply) {
        double in = t->fill_rate_l_min / 60 * dt_s;
        litres += in;
        t->filled_l += in;
    }
    t->level_cm = fmin(t->depth_cm, fmax(0, litres / litres_per_cm(t)));

    double vapour = tank_vapour_c(t);
    t->mixed_k = toward(t->mixed_k, t->lid ? LID_MIX * (t->ambient_c - t->rack_c) : 0, dt_s, LID_TAU_S);
    double lid_share = t->lid ? 0.8 : 0.25;
    t->lid_c = toward(t->lid_c, vapour + lid_share * (t->ambient_c - vapour), dt_s, LID_TAU_S);
    sensor_measure(&t->temperature_sensor, tank_vapour_c(t), random);
    sensor_measure(&t->level_sensor, t->level_cm, random);
    sensor_measure(&t->lid_sensor, t->lid_c, random);
    tank_control(t, dt_s);
}

static void tank_init(void *model)
{
    struct tank *t = model;
    t->diameter_cm = 90;
    t->depth_cm = 80;
    t->ambient_c = 21;
    t->heat_leak_w = 12;
    t->vacuum_tau_s = 1800;
    t->repair_tau_s = 300;
    t->lid_heat_w = 60;
    t->heat_capacity_j_k = 40e3;
    t->coupling_w_k = 3;
    t->vapour_rise_k = 6;
    t->fill_start_cm = 15;
    t->fill_stop_cm = 20;
    t->fill_rate_l_min = 6;
    t->fill_limit_s = 1800;
    t->autofill = t->supply = t->mains = 1;
    t->temperature_sensor.noise = 0.03;
    t->level_sensor.noise = 0.02;
    t->lid_sensor.noise = 0.05;
    t->level_cm = 18;
    t->rack_c = NAN; /* unless the scenario says: in balance with the level */
}

static void tank_start(void *model, struct random_source *random)
{
    struct tank *t = model;
    t->level_cm = fmin(t->level_cm, t->depth_cm);
    t->heat_w = t->heat_leak_w;
    struct paths p = tank_paths(t);
    if (isnan(t->rack_c))
        t->rack_c = (p.room * t->ambient_c + p.pool * TANK_LN2_C) / (p.room + p.pool);
    t->lid_c = t->rack_c + 0.25 * (t->ambient_c - t->rack_c);
    sensor_measure(&t->temperature_sensor, t->rack_c, random);
    sensor_measure(&t->level_sensor, t->level_cm, random);
    sensor_measure(&t->lid_sensor, t->lid_c, random);
}

static void repair(void *model)
{
    struct tank *t = model;
    t->vacuum_w = 0;
    t->autofill = t->supply = t->mains = 1;
    t->lid = 0;
}

#define NUMBER(text, member, units, low, high)                                                               \
    {                                                                                                        \
        text, PARAM_NUMBER, offsetof(struct tank, member), units, low, high, NULL, 0, NULL, NULL             \
    }
#define CHOICE(text, member, choices)                                                                        \
    {                                                                                                        \
        text, PARAM_CHOICE, offsetof(struct tank, member), NULL, 0, 0, NULL, 0, choices, NULL                \
    }

static const struct param tank_params[] = {
    NUMBER("diameter", diameter_cm, unit_length, 5, 300),
    NUMBER("depth", depth_cm, unit_length, 5, 200),
    NUMBER("ambient", ambient_c, unit_temperature, 0, 50),
    NUMBER("level", level_cm, unit_length, 0, 200),
    NUMBER("heat_leak", heat_leak_w, unit_watt, 0.01, 5000),
    {"vacuum", PARAM_NUMBER, offsetof(struct tank, vacuum_w), unit_watt, 0.01, 20000, "good", 0, NULL, NULL},
    {"vacuum_loss", PARAM_NUMBER, offsetof(struct tank, vacuum_w), unit_watt, 0.01, 20000, NULL, 0, NULL,
     NULL},
    NUMBER("vacuum_tau", vacuum_tau_s, unit_time, 1, 1e6),
    NUMBER("repair_tau", repair_tau_s, unit_time, 1, 1e6),
    {"repair", PARAM_ACTION, 0, NULL, 0, 0, NULL, 0, NULL, repair},
    CHOICE("lid", lid, choice_closed_open),
    NUMBER("lid_heat", lid_heat_w, unit_watt, 0, 5000),
    NUMBER("heat_capacity", heat_capacity_j_k, unit_heat_capacity, 100, 1e7),
    NUMBER("coupling", coupling_w_k, unit_conductance, 0.01, 1000),
    NUMBER("vapour_rise", vapour_rise_k, unit_temperature, 0, 100),
    NUMBER("temperature", rack_c, unit_temperature, -195.8, 50),
    NUMBER("fill_start", fill_start_cm, unit_length, 0, 200),
    NUMBER("fill_stop", fill_stop_cm, unit_length, 0, 200),
    NUMBER("fill_rate", fill_rate_l_min, unit_flow, 0.01, 200),
    NUMBER("fill_limit", fill_limit_s, unit_time, 1, 1e6),
    CHOICE("autofill", autofill, choice_off_on),
    CHOICE("supply", supply, choice_off_on),
    CHOICE("mains", mains, choice_off_on),
    CHOICE("temperature_sensor", temperature_sensor.mode, choice_sensor),
    NUMBER("temperature_offset", temperature_sensor.offset, unit_temperature, -200, 200),
    NUMBER("temperature_noise", temperature_sensor.noise, unit_temperature, 0, 50),
    CHOICE("level_sensor", level_sensor.mode, choice_sensor),
    NUMBER("level_offset", level_sensor.offset, unit_length, -200, 200),
    NUMBER("level_noise", level_sensor.noise, unit_length, 0, 50),
    CHOICE("lid_sensor", lid_sensor.mode, choice_sensor),
    NUMBER("lid_offset", lid_sensor.offset, unit_temperature, -200, 200),
    {NULL, PARAM_ACTION, 0, NULL, 0, 0, NULL, 0, NULL, NULL},
};

const struct model model_tank = {"tank", sizeof(struct tank), tank_params, tank_init, tank_start, tank_step};
