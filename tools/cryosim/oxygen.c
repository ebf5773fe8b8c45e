#include "oxygen.h"

#include "model.h"

#include <math.h>

#define AIR_PERCENT  20.9
#define GAS_M3_PER_L 0.694 /* one litre of LN2 as gas at 20 degrees C */

enum oxygen_status oxygen_status(const struct oxygen *o)
{
    if (o->cell.mode == SENSOR_BROKEN)
        return OXYGEN_FAULT;
    if (o->on_s < o->warm_up_s)
        return OXYGEN_WARM_UP;
    return o->calibration ? OXYGEN_CALIBRATION : OXYGEN_MONITORING;
}

bool oxygen_readable(const struct oxygen *o)
{
    enum oxygen_status status = oxygen_status(o);
    return status == OXYGEN_MONITORING || status == OXYGEN_CALIBRATION;
}

static void oxygen_step(void *model, double dt_s, struct random_source *random)
{
    struct oxygen *o = model;
    o->on_s += dt_s;
    double evaporated = o->puddle_l * (1 - exp(-dt_s / o->evaporation_s));
    o->puddle_l -= evaporated;
    double nitrogen_m3 = (evaporated + o->leak_l_min / 60 * dt_s) * GAS_M3_PER_L;
    /* Well mixed: what comes in pushes room air out. */
    o->room_percent *= exp(-nitrogen_m3 / o->room_m3);
    o->room_percent = AIR_PERCENT + (o->room_percent - AIR_PERCENT) * exp(-dt_s * o->air_changes_h / 3600);
    o->cell_percent += (o->room_percent - o->cell_percent) * (1 - exp(-dt_s / o->response_s));
    sensor_measure(&o->cell, o->cell_percent, random);
}

static void oxygen_init(void *model)
{
    struct oxygen *o = model;
    o->room_m3 = 120;
    o->air_changes_h = 6;
    o->warm_up_s = 30;
    o->response_s = 15;
    o->evaporation_s = 180;
    o->cell.noise = 0.01;
}

static void oxygen_start(void *model, struct random_source *random)
{
    struct oxygen *o = model;
    o->room_percent = o->cell_percent = AIR_PERCENT;
    sensor_measure(&o->cell, o->cell_percent, random);
}

static void pour(void *model)
{
    struct oxygen *o = model;
    o->puddle_l += o->spill_l;
}

static void restart(void *model)
{
    struct oxygen *o = model;
    o->on_s = 0;
}

#define NUMBER(text, member, units, low, high)                                                               \
    {                                                                                                        \
        text, PARAM_NUMBER, offsetof(struct oxygen, member), units, low, high, NULL, 0, NULL, NULL           \
    }

static const struct param oxygen_params[] = {
    {"spill", PARAM_NUMBER, offsetof(struct oxygen, spill_l), unit_volume, 0, 10000, NULL, 0, NULL, pour},
    {"restart", PARAM_ACTION, 0, NULL, 0, 0, NULL, 0, NULL, restart},
    NUMBER("leak", leak_l_min, unit_flow, 0, 1000),
    NUMBER("room", room_m3, unit_cubic_metre, 1, 1e6),
    NUMBER("air_changes", air_changes_h, unit_per_hour, 0, 1000),
    NUMBER("warm_up", warm_up_s, unit_time, 0, 1e5),
    NUMBER("response", response_s, unit_time, 0.1, 1e4),
    NUMBER("evaporation", evaporation_s, unit_time, 1, 1e5),
    {"calibration", PARAM_CHOICE, offsetof(struct oxygen, calibration), NULL, 0, 0, NULL, 0, choice_off_on,
     NULL},
    {"cell", PARAM_CHOICE, offsetof(struct oxygen, cell.mode), NULL, 0, 0, NULL, 0, choice_sensor, NULL},
    NUMBER("offset", cell.offset, unit_percent, -25, 25),
    NUMBER("noise", cell.noise, unit_percent, 0, 5),
    {NULL, PARAM_ACTION, 0, NULL, 0, 0, NULL, 0, NULL, NULL},
};

const struct model model_oxygen = {"oxygen",    sizeof(struct oxygen), oxygen_params,
                                   oxygen_init, oxygen_start,          oxygen_step};
