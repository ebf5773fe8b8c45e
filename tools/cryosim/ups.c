#include "ups.h"

#include "model.h"

#include <math.h>

double ups_runtime_s(const struct ups *u)
{
    return u->runtime_s * u->charge_percent / 100;
}

bool ups_battery_low(const struct ups *u)
{
    return u->charge_percent < 20;
}

double ups_battery_v(const struct ups *u)
{
    return 21 + 6.3 * u->charge_percent / 100 - (u->mains ? 0 : 0.6);
}

static void ups_step(void *model, double dt_s, struct random_source *random)
{
    struct ups *u = model;
    double change = u->mains ? 100 * dt_s / u->recharge_s : -100 * dt_s / u->runtime_s;
    u->charge_percent = fmin(100, fmax(0, u->charge_percent + change));
    sensor_measure(&u->input_sensor, u->mains ? u->voltage_v : 0, random);
    if (!u->mains)
        u->input_sensor.reading = 0;
}

static void ups_init(void *model)
{
    struct ups *u = model;
    u->mains = 1;
    u->voltage_v = 230;
    u->runtime_s = 45 * 60;
    u->recharge_s = 6 * 3600;
    u->load_percent = 35;
    u->charge_percent = 100;
    u->input_sensor.noise = 0.4;
}

static void ups_start(void *model, struct random_source *random)
{
    struct ups *u = model;
    sensor_measure(&u->input_sensor, u->mains ? u->voltage_v : 0, random);
}

#define NUMBER(text, member, units, low, high)                                                               \
    {                                                                                                        \
        text, PARAM_NUMBER, offsetof(struct ups, member), units, low, high, NULL, 0, NULL, NULL              \
    }

static const struct param ups_params[] = {
    {"mains", PARAM_CHOICE, offsetof(struct ups, mains), NULL, 0, 0, NULL, 0, choice_off_on, NULL},
    NUMBER("voltage", voltage_v, unit_volt, 0, 480),
    NUMBER("charge", charge_percent, unit_percent, 0, 100),
    NUMBER("load", load_percent, unit_percent, 0, 150),
    NUMBER("runtime", runtime_s, unit_time, 1, 1e6),
    NUMBER("recharge", recharge_s, unit_time, 1, 1e7),
    {NULL, PARAM_ACTION, 0, NULL, 0, 0, NULL, 0, NULL, NULL},
};

const struct model model_ups = {"ups", sizeof(struct ups), ups_params, ups_init, ups_start, ups_step};
