#include "vessel_device.h"

#include "model.h"

#include <errno.h>
#include <math.h>
#include <string.h>

static const char *const choice_valve[] = {"ok", "stuck-closed", "stuck-open", "leaking", NULL};

static void vessel_init(void *model)
{
    struct vessel_device *d = model;
    vessel_defaults(&d->vessel, VESSEL_STANDARD);
    d->room.mean_c = 21;
    d->level_cm = d->temperature_c = NAN;
}

int vessel_device_preset(struct vessel_device *d, const char *name)
{
    static const char *const names[VESSEL_N_PRESETS] = {"standard", "small", "large"};
    for (int i = 0; i < VESSEL_N_PRESETS; i++) {
        if (strcmp(names[i], name) == 0) {
            vessel_defaults(&d->vessel, (enum vessel_preset)i);
            return 0;
        }
    }
    return -EINVAL;
}

static void apply_level(void *model)
{
    struct vessel_device *d = model;
    if (d->started) /* before that there is no shape */
        d->vessel.s.litres = shape_litres(&d->vessel.shape, d->level_cm);
}

static void apply_temperature(void *model)
{
    struct vessel_device *d = model;
    for (int i = 0; i < VESSEL_SLICES; i++)
        d->vessel.s.column_c[i] = d->temperature_c;
}

static void apply_vacuum(void *model)
{
    struct vessel_device *d = model;
    if (d->vessel.s.vacuum_pa < 0) /* "good" */
        d->vessel.s.vacuum_pa = d->vessel.p.vacuum_good_pa;
}

static void vessel_model_start(void *model, struct random_source *random)
{
    struct vessel_device *d = model;
    if (!isnan(d->level_cm)) {
        struct shape shape = d->vessel.shape;
        if (d->vessel.p.form.diameter_cm > 0 && shape_build(&shape, &d->vessel.p.form) < 0)
            return; /* the scenario was checked */
        d->vessel.s.litres = shape_litres(&shape, d->level_cm);
    }
    d->started = vessel_start(&d->vessel, climate_step(&d->room, 0, 0, NULL), random) == 0;
}

static void vessel_model_step(void *model, double dt_s, struct random_source *random)
{
    struct vessel_device *d = model;
    if (!d->started)
        return;
    double ambient_c = climate_step(&d->room, d->vessel.s.time_s, dt_s, random);
    vessel_step(&d->vessel, dt_s, ambient_c, d->supply, random);
}

static void act_repair(void *model)
{
    vessel_repair(&((struct vessel_device *)model)->vessel);
}

static void act_fill(void *model)
{
    vessel_fill(&((struct vessel_device *)model)->vessel);
}

static void apply_withdraw(void *model)
{
    struct vessel_device *d = model;
    vessel_withdraw(&d->vessel, d->withdraw_l);
}

static void apply_load(void *model)
{
    struct vessel_device *d = model;
    vessel_load(&d->vessel, d->load_kj * 1000);
}

static void act_reset_fill(void *model)
{
    ((struct vessel_device *)model)->vessel.s.fill_locked = false;
}

static void act_defrost(void *model)
{
    ((struct vessel_device *)model)->vessel.s.ice = 0;
}

#define AT(member) offsetof(struct vessel_device, member)
#define NUMBER(text, member, units, low, high)                                                               \
    {                                                                                                        \
        text, PARAM_NUMBER, AT(member), units, low, high, NULL, 0, NULL, NULL                                \
    }
#define CHOICE(text, member, choices)                                                                        \
    {                                                                                                        \
        text, PARAM_CHOICE, AT(member), NULL, 0, 0, NULL, 0, choices, NULL                                   \
    }
#define ACTION(text, act)                                                                                    \
    {                                                                                                        \
        text, PARAM_ACTION, 0, NULL, 0, 0, NULL, 0, NULL, act                                                \
    }
#define PROBE(text, index, units, drift_units)                                                               \
    CHOICE(text "_sensor", vessel.p.probes[index].mode, choice_sensor),                                      \
        NUMBER(text "_offset", vessel.p.probes[index].offset, units, -200, 200),                             \
        NUMBER(text "_drift", vessel.p.probes[index].drift_per_day, drift_units, -1000, 1000),               \
        NUMBER(text "_noise", vessel.p.probes[index].noise, units, 0, 50),                                   \
        NUMBER(text "_wander", vessel.p.probes[index].wander, units, 0, 50),                                 \
        NUMBER(text "_spike", vessel.p.probes[index].spike, units, 0, 500),                                  \
        NUMBER(text "_spikes", vessel.p.probes[index].spikes_hour, unit_per_hour, 0, 1000),                  \
        NUMBER(text "_quantum", vessel.p.probes[index].quantum, units, 0, 50),                               \
        NUMBER(text "_lag", vessel.p.probes[index].lag_s, unit_time, 0, 1e5)

static const struct param vessel_params[] = {
    NUMBER("diameter", vessel.p.form.diameter_cm, unit_length, 5, 400),
    NUMBER("depth", vessel.p.form.depth_cm, unit_length, 5, 200),
    NUMBER("dish", vessel.p.form.dish_cm, unit_length, 0, 100),
    NUMBER("neck", vessel.p.form.neck_diameter_cm, unit_length, 0, 300),
    NUMBER("neck_length", vessel.p.form.neck_length_cm, unit_length, 0, 100),
    NUMBER("shoulder", vessel.p.form.shoulder_cm, unit_length, 0, 100),
    NUMBER("level_zero", vessel.p.level_zero_cm, unit_length, 0, 100),
    NUMBER("top_place", vessel.p.place_cm[VESSEL_TOP], unit_length, 0, 200),
    NUMBER("middle_place", vessel.p.place_cm[VESSEL_MIDDLE], unit_length, 0, 200),
    NUMBER("bottom_place", vessel.p.place_cm[VESSEL_BOTTOM], unit_length, 0, 200),
    NUMBER("rack_top", vessel.p.rack_top_cm, unit_length, 0, 200),
    {"level", PARAM_NUMBER, AT(level_cm), unit_length, 0, 200, NULL, 0, NULL, apply_level},
    {"temperature", PARAM_NUMBER, AT(temperature_c), unit_temperature, VESSEL_LN2_C, 50, NULL, 0, NULL,
     apply_temperature},
    {"withdraw", PARAM_NUMBER, AT(withdraw_l), unit_volume, 0, 1e4, NULL, 0, NULL, apply_withdraw},
    {"load", PARAM_NUMBER, AT(load_kj), unit_heat, 0, 1e5, NULL, 0, NULL, apply_load},
    NUMBER("ambient", room.mean_c, unit_temperature, -10, 50),
    NUMBER("ambient_daily", room.daily_k, unit_temperature, 0, 20),
    NUMBER("ambient_yearly", room.yearly_k, unit_temperature, 0, 20),
    NUMBER("ambient_wander", room.wander_k, unit_temperature, 0, 10),
    NUMBER("wall_heat", vessel.p.wall_w, unit_watt, 0.001, 5000),
    NUMBER("base_heat", vessel.p.base_w, unit_watt, 0, 5000),
    NUMBER("lid_heat", vessel.p.lid_w, unit_watt, 0, 5000),
    NUMBER("open_heat", vessel.p.open_w, unit_watt, 0, 5000),
    NUMBER("heat_capacity", vessel.p.heat_capacity_j_k, unit_heat_capacity, 100, 1e8),
    NUMBER("link", vessel.p.link_w_k, unit_conductance, 0, 1000),
    NUMBER("wall_worst", vessel.p.wall_worst, NULL, 1, 10000),
    {"vacuum", PARAM_NUMBER, AT(vessel.s.vacuum_pa), unit_pascal, 0, 2e5, "good", -1, NULL, apply_vacuum},
    NUMBER("vacuum_good", vessel.p.vacuum_good_pa, unit_pascal, 0, 1000),
    NUMBER("vacuum_half", vessel.p.vacuum_half_pa, unit_pascal, 0.001, 1e5),
    NUMBER("vacuum_leak", vessel.p.vacuum_leak_pa_day, unit_pascal_day, 0, 1e9),
    NUMBER("crack", vessel.p.crack_l_min, unit_flow, 0, 1000),
    CHOICE("lid", vessel.p.lid, choice_closed_open),
    NUMBER("ice", vessel.s.ice, NULL, 0, 10),
    NUMBER("ice_growth", vessel.p.ice_per_hour, unit_per_hour, 0, 10),
    ACTION("defrost", act_defrost),
    CHOICE("autofill", vessel.p.autofill, choice_off_on),
    CHOICE("supply", vessel.p.supply, choice_off_on),
    CHOICE("mains", vessel.p.mains, choice_off_on),
    CHOICE("valve", vessel.p.valve, choice_valve),
    CHOICE("lid_blocks", vessel.p.lid_blocks, choice_off_on),
    CHOICE("timeout_stops", vessel.p.timeout_stops, choice_off_on),
    NUMBER("fill_start", vessel.p.fill_start_cm, unit_length, 0, 200),
    NUMBER("fill_stop", vessel.p.fill_stop_cm, unit_length, 0, 200),
    NUMBER("low", vessel.p.low_cm, unit_length, 0, 200),
    NUMBER("high", vessel.p.high_cm, unit_length, 0, 200),
    NUMBER("join", vessel.p.join_cm, unit_length, 0, 200),
    NUMBER("fill_rate", vessel.p.fill_rate_l_min, unit_flow, 0.01, 200),
    NUMBER("fill_limit", vessel.p.fill_limit_s, unit_time, 1, 1e6),
    NUMBER("fill_confirm", vessel.p.confirm_s, unit_time, 0, 1e4),
    NUMBER("line_cool", vessel.p.line_cool_s, unit_time, 0, 1e4),
    NUMBER("settle", vessel.p.settle_cm, unit_length, -20, 20),
    NUMBER("settle_tau", vessel.p.settle_tau_s, unit_time, 1, 1e5),
    ACTION("fill", act_fill),
    ACTION("reset_fill", act_reset_fill),
    ACTION("repair", act_repair),
    PROBE("top", VESSEL_TOP, unit_temperature, unit_kelvin_day),
    PROBE("middle", VESSEL_MIDDLE, unit_temperature, unit_kelvin_day),
    PROBE("bottom", VESSEL_BOTTOM, unit_temperature, unit_kelvin_day),
    PROBE("lid", VESSEL_LID, unit_temperature, unit_kelvin_day),
    PROBE("room", VESSEL_ROOM, unit_temperature, unit_kelvin_day),
    PROBE("level", VESSEL_LEVEL, unit_length, unit_length_day),
    {NULL, PARAM_ACTION, 0, NULL, 0, 0, NULL, 0, NULL, NULL},
};

const struct model model_vessel = {"vessel",    sizeof(struct vessel_device), vessel_params,
                                   vessel_init, vessel_model_start,           vessel_model_step};
