#include "registers.h"

#include "freezer.h"
#include "oxygen.h"
#include "tank.h"
#include "ups.h"
#include "vessel_device.h"

#include <math.h>
#include <string.h>

#define IDENTITY    0xC400
#define MAP_VERSION 1

void registers_put_u32(uint16_t *registers, uint32_t value)
{
    registers[0] = (uint16_t)(value >> 16);
    registers[1] = (uint16_t)value;
}

void registers_put_float(uint16_t *registers, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    registers_put_u32(registers, bits);
}

static uint16_t to_u16(double value)
{
    return (uint16_t)lround(fmin(65535, fmax(0, value)));
}

static uint32_t to_u32(double value)
{
    return (uint32_t)llround(fmin(4294967295.0, fmax(0, value)));
}

static uint16_t tenths(double value)
{
    return (uint16_t)(int16_t)lround(fmin(3276.7, fmax(-3276.7, value)) * 10);
}

static uint16_t sensor_tenths(const struct sensor *sensor)
{
    return sensor->mode == SENSOR_BROKEN ? 0x8000 : tenths(sensor->reading);
}

static float sensor_float(const struct sensor *sensor)
{
    return sensor->mode == SENSOR_BROKEN ? NAN : (float)sensor->reading;
}

static uint16_t bit(unsigned n, bool on)
{
    return (uint16_t)((on ? 1U : 0U) << n);
}

static void publish_tank(const void *state, uint64_t seconds, modbus_mapping_t *map)
{
    const struct tank *t = state;
    uint16_t *in = map->tab_input_registers;
    in[0] = sensor_tenths(&t->temperature_sensor);
    in[1] = t->level_sensor.mode == SENSOR_BROKEN ? 0x8000 : tenths(fmax(0, t->level_sensor.reading));
    in[2] = sensor_tenths(&t->lid_sensor);
    registers_put_float(in + 3, sensor_float(&t->temperature_sensor));
    in[5] = bit(0, t->filling) | bit(1, t->lid) | bit(2, t->fill_alarm) | bit(3, tank_level_low(t)) |
            bit(4, tank_level_high(t)) | bit(5, t->temperature_sensor.mode == SENSOR_BROKEN) |
            bit(6, t->level_sensor.mode == SENSOR_BROKEN) | bit(7, t->mains);
    registers_put_u32(in + 6, to_u32(t->filled_l * 10));
    in[8] = to_u16(t->fills % 65536U);
    in[9] = to_u16(floor(t->since_fill_s / 60));
    in[10] = (uint16_t)seconds;
    uint8_t *discrete = map->tab_input_bits;
    discrete[0] = (uint8_t)t->lid;
    discrete[1] = t->filling;
    discrete[2] = (uint8_t)t->mains;
    discrete[3] = t->fill_alarm;
    discrete[4] = tank_level_low(t);
    map->tab_registers[2] = tenths(t->fill_start_cm);
    map->tab_registers[3] = tenths(t->fill_stop_cm);
}

static uint16_t reading_tenths(double reading)
{
    return isnan(reading) ? 0x8000 : tenths(reading);
}

/* As a tank, and more input registers behind. */
static void publish_vessel(const void *state, uint64_t seconds, modbus_mapping_t *map)
{
    const struct vessel *v = &((const struct vessel_device *)state)->vessel;
    struct vessel_readings r;
    uint16_t *in = map->tab_input_registers;
    vessel_sensors(v, &r);
    in[0] = reading_tenths(r.value[VESSEL_TOP]);
    in[1] = reading_tenths(r.value[VESSEL_LEVEL]);
    in[2] = reading_tenths(r.value[VESSEL_LID]);
    registers_put_float(in + 3, (float)r.value[VESSEL_TOP]);
    in[5] = bit(0, r.filling) | bit(1, r.lid_open) | bit(2, r.fill_alarm) | bit(3, r.level_low) |
            bit(4, r.level_high) | bit(5, isnan(r.value[VESSEL_TOP])) | bit(6, isnan(r.value[VESSEL_LEVEL])) |
            bit(7, r.mains);
    registers_put_u32(in + 6, to_u32(r.filled_l * 10));
    in[8] = to_u16(r.fills % 65536U);
    in[9] = to_u16(floor(r.since_fill_s / 60));
    in[10] = (uint16_t)seconds;
    in[11] = reading_tenths(r.value[VESSEL_MIDDLE]);
    in[12] = reading_tenths(r.value[VESSEL_BOTTOM]);
    in[13] = reading_tenths(r.value[VESSEL_ROOM]);
    uint8_t *discrete = map->tab_input_bits;
    discrete[0] = r.lid_open;
    discrete[1] = r.filling;
    discrete[2] = r.mains;
    discrete[3] = r.fill_alarm;
    discrete[4] = r.level_low;
    map->tab_registers[2] = tenths(v->p.fill_start_cm);
    map->tab_registers[3] = tenths(v->p.fill_stop_cm);
}

static void publish_supply(const void *state, uint64_t seconds, modbus_mapping_t *map)
{
    const struct supply *s = state;
    double stock_l = probe_reading(&s->p.level), bar = probe_reading(&s->p.pressure);
    uint16_t *in = map->tab_input_registers;
    in[0] = isnan(stock_l) ? 0xFFFF : to_u16(fmin(65534, stock_l));
    in[1] = isnan(bar) ? 0xFFFF : to_u16(fmin(65534, bar * 1000));
    in[2] = bit(0, s->p.valve) | bit(1, supply_low(s)) | bit(2, isnan(stock_l)) | bit(3, isnan(bar));
    registers_put_u32(in + 3, to_u32(s->s.delivered_l * 10));
    in[5] = (uint16_t)seconds;
    map->tab_input_bits[0] = (uint8_t)s->p.valve;
    map->tab_input_bits[1] = supply_low(s);
    map->tab_registers[2] = to_u16(s->p.capacity_l);
}

static void publish_freezer(const void *state, uint64_t seconds, modbus_mapping_t *map)
{
    const struct freezer *f = state;
    uint16_t *in = map->tab_input_registers;
    in[0] = sensor_tenths(&f->chamber_sensor);
    in[1] = sensor_tenths(&f->sample_sensor);
    in[2] = tenths(f->setpoint_c);
    in[3] = (uint16_t)f->status;
    in[4] = (uint16_t)freezer_segment_number(f);
    registers_put_u32(in + 5, to_u32(freezer_remaining_s(f)));
    registers_put_float(in + 7, sensor_float(&f->sample_sensor));
    in[9] = bit(0, f->valve) | bit(1, f->door) | bit(2, f->chamber_sensor.mode == SENSOR_BROKEN) |
            bit(3, f->sample_sensor.mode == SENSOR_BROKEN);
    in[10] = (uint16_t)seconds;
    map->tab_input_bits[0] = freezer_running(f);
    map->tab_input_bits[1] = f->valve;
    map->tab_input_bits[2] = (uint8_t)f->door;
}

static void publish_ups(const void *state, uint64_t seconds, modbus_mapping_t *map)
{
    const struct ups *u = state;
    uint16_t *in = map->tab_input_registers;
    in[0] = to_u16(u->input_sensor.reading * 10);
    in[1] = to_u16(u->charge_percent * 512);
    registers_put_u32(in + 2, to_u32(ups_runtime_s(u)));
    in[4] = bit(0, u->mains) | bit(1, !u->mains) | bit(2, ups_battery_low(u));
    in[5] = to_u16(u->load_percent * 10);
    in[6] = to_u16(ups_battery_v(u) * 10);
    in[7] = (uint16_t)seconds;
    map->tab_input_bits[0] = (uint8_t)u->mains;
    map->tab_input_bits[1] = !u->mains;
    map->tab_input_bits[2] = ups_battery_low(u);
}

static void publish_oxygen(const void *state, uint64_t seconds, modbus_mapping_t *map)
{
    const struct oxygen *o = state;
    bool readable = oxygen_readable(o), fault = oxygen_status(o) == OXYGEN_FAULT;
    float percent = readable ? (float)o->cell.reading : NAN;
    bool low = readable && percent < 19.5F, very_low = readable && percent < 18.0F;
    uint16_t *in = map->tab_input_registers;
    registers_put_float(in, percent);
    in[2] = (uint16_t)oxygen_status(o);
    in[3] = readable ? to_u16(o->cell.reading * 100) : 0xFFFF;
    in[4] = in[1];
    in[5] = in[0];
    in[6] = bit(0, low) | bit(1, very_low) | bit(2, fault);
    in[7] = (uint16_t)seconds;
    map->tab_input_bits[0] = (uint8_t)(seconds & 1);
    map->tab_input_bits[1] = low;
    map->tab_input_bits[2] = very_low;
    map->tab_input_bits[3] = fault;
}

static const struct layout {
    const struct model *model;
    uint16_t identity;
    int n_discrete, n_holding, n_input;
    void (*publish)(const void *state, uint64_t seconds, modbus_mapping_t *map);
} layouts[] = {
    {&model_tank, IDENTITY + 1, 5, 4, 11, publish_tank},
    {&model_freezer, IDENTITY + 2, 3, 2, 11, publish_freezer},
    {&model_ups, IDENTITY + 3, 3, 2, 8, publish_ups},
    {&model_oxygen, IDENTITY + 4, 4, 2, 8, publish_oxygen},
    {&model_vessel, IDENTITY + 1, 5, 4, 14, publish_vessel},
    {&model_supply, IDENTITY + 5, 2, 3, 6, publish_supply},
};

static const struct layout *layout_of(const struct model *model)
{
    const struct layout *layout = layouts;
    while (layout->model != model)
        layout++;
    return layout;
}

modbus_mapping_t *registers_new(const struct model *model)
{
    const struct layout *layout = layout_of(model);
    modbus_mapping_t *map = modbus_mapping_new(0, layout->n_discrete, layout->n_holding, layout->n_input);
    if (map != NULL) {
        map->tab_registers[0] = layout->identity;
        map->tab_registers[1] = MAP_VERSION;
    }
    return map;
}

void registers_publish(const struct model *model, const void *state, uint64_t seconds, modbus_mapping_t *map)
{
    layout_of(model)->publish(state, seconds, map);
}
