/* A supply vessel (physics/supply.h) as a device of a scenario: kind `supply`. Its state is a struct supply.
 */
#include "model.h"
#include "supply.h"

#include <stddef.h>

static void supply_init(void *model)
{
    supply_defaults(model);
}

static void supply_model_start(void *model, struct random_source *random)
{
    supply_start(model, random);
}

static void supply_model_step(void *model, double dt_s, struct random_source *random)
{
    supply_step(model, dt_s, random);
}

static void deliver(void *model)
{
    struct supply *supply = model;
    supply_deliver(supply, supply->s.added_l);
}

#define AT(member) offsetof(struct supply, member)
#define NUMBER(text, member, units, low, high)                                                               \
    {                                                                                                        \
        text, PARAM_NUMBER, AT(member), units, low, high, NULL, 0, NULL, NULL                                \
    }
#define CHOICE(text, member, choices)                                                                        \
    {                                                                                                        \
        text, PARAM_CHOICE, AT(member), NULL, 0, 0, NULL, 0, choices, NULL                                   \
    }

static const struct param supply_params[] = {
    NUMBER("capacity", p.capacity_l, unit_volume, 1, 1e6),
    NUMBER("litres", s.litres, unit_volume, 0, 1e6),
    {"delivery", PARAM_NUMBER, AT(s.added_l), unit_volume, 0, 1e6, NULL, 0, NULL, deliver},
    NUMBER("pressure", p.pressure_bar, unit_bar, 0, 20),
    NUMBER("pressure_now", s.pressure_bar, unit_bar, 0, 20),
    NUMBER("relief", p.relief_bar, unit_bar, 0, 25),
    NUMBER("build_tau", p.build_tau_s, unit_time, 1, 1e6),
    NUMBER("rise", p.rise_bar_day, unit_bar_day, 0, 10),
    NUMBER("line", p.line_resistance, NULL, 0, 10),
    NUMBER("low", p.low_l, unit_volume, 0, 1e6),
    CHOICE("builder", p.builder, choice_off_on),
    CHOICE("valve", p.valve, choice_closed_open),
    CHOICE("all_fill", p.all_fill, choice_off_on),
    CHOICE("level_sensor", p.level.mode, choice_sensor),
    NUMBER("level_offset", p.level.offset, unit_volume, -1e6, 1e6),
    NUMBER("level_noise", p.level.noise, unit_volume, 0, 1000),
    CHOICE("pressure_sensor", p.pressure.mode, choice_sensor),
    NUMBER("pressure_offset", p.pressure.offset, unit_bar, -20, 20),
    NUMBER("pressure_noise", p.pressure.noise, unit_bar, 0, 5),
    {NULL, PARAM_ACTION, 0, NULL, 0, 0, NULL, 0, NULL, NULL},
};

const struct model model_supply = {"supply",    sizeof(struct supply), supply_params,
                                   supply_init, supply_model_start,    supply_model_step};
