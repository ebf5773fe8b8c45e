#include "report.h"

#include "freezer.h"
#include "listener.h"
#include "oxygen.h"
#include "tank.h"
#include "ups.h"
#include "vessel_device.h"

#include <jansson.h>
#include <math.h>
#include <unistd.h>

/* Three decimals say all there is; jansson would print seventeen digits. */
static json_t *number(double value)
{
    return json_real(round(value * 1000) / 1000);
}

static json_t *sensor(const struct sensor *s)
{
    return s->mode == SENSOR_BROKEN ? json_null() : number(s->reading);
}

static json_t *tank_state(const void *state)
{
    const struct tank *t = state;
    json_t *o = json_object();
    json_object_set_new(o, "level_cm", number(t->level_cm));
    json_object_set_new(o, "litres", number(tank_litres(t)));
    json_object_set_new(o, "vapour_c", number(tank_vapour_c(t)));
    json_object_set_new(o, "level_reading_cm", sensor(&t->level_sensor));
    json_object_set_new(o, "vapour_reading_c", sensor(&t->temperature_sensor));
    json_object_set_new(o, "lid_reading_c", sensor(&t->lid_sensor));
    json_object_set_new(o, "heat_w", number(t->heat_w));
    json_object_set_new(o, "vacuum", json_string(t->vacuum_w > 0 ? "lost" : "good"));
    json_object_set_new(o, "lid", json_string(t->lid ? "open" : "closed"));
    json_object_set_new(o, "mains", json_boolean(t->mains));
    json_object_set_new(o, "supply", json_boolean(t->supply));
    json_object_set_new(o, "filling", json_boolean(t->filling));
    json_object_set_new(o, "fill_alarm", json_boolean(t->fill_alarm));
    json_object_set_new(o, "fills", json_integer(t->fills));
    return o;
}

/* What a probe shows; null when it is broken. */
static json_t *reading(double value)
{
    return isnan(value) ? json_null() : number(value);
}

static json_t *vessel_state(const void *state)
{
    const struct vessel_device *d = state;
    struct vessel_readings r;
    struct vessel_truth t;
    json_t *o = json_object();
    vessel_sensors(&d->vessel, &r);
    vessel_truth(&d->vessel, d->supply, &t);
    json_object_set_new(o, "level_cm", number(t.level_cm));
    json_object_set_new(o, "litres", number(t.litres));
    json_object_set_new(o, "vapour_c", number(t.vapour_c[VESSEL_TOP]));
    json_object_set_new(o, "warmest_c", number(t.warmest_c));
    json_object_set_new(o, "level_reading_cm", reading(r.value[VESSEL_LEVEL]));
    json_object_set_new(o, "vapour_reading_c", reading(r.value[VESSEL_TOP]));
    json_object_set_new(o, "middle_reading_c", reading(r.value[VESSEL_MIDDLE]));
    json_object_set_new(o, "bottom_reading_c", reading(r.value[VESSEL_BOTTOM]));
    json_object_set_new(o, "lid_reading_c", reading(r.value[VESSEL_LID]));
    json_object_set_new(o, "room_reading_c", reading(r.value[VESSEL_ROOM]));
    json_object_set_new(o, "liquid_w", number(t.liquid_w));
    json_object_set_new(o, "wall_factor", number(t.wall_factor));
    json_object_set_new(o, "vacuum_pa", number(t.vacuum_pa));
    json_object_set_new(o, "vacuum", json_string((t.faults & VESSEL_FAULT_VACUUM) != 0 ? "failing" : "good"));
    json_object_set_new(o, "ice", number(t.ice));
    json_object_set_new(o, "lid", json_string(t.lid_open ? "open" : "closed"));
    json_object_set_new(o, "mains", json_boolean(r.mains));
    json_object_set_new(o, "supply", json_boolean(t.line_bar > 0));
    json_object_set_new(o, "filling", json_boolean(t.filling));
    json_object_set_new(o, "flow_l_min", number(t.flow_l_min));
    json_object_set_new(o, "fill_alarm", json_boolean(r.fill_alarm));
    json_object_set_new(o, "fills", json_integer(r.fills));
    return o;
}

static json_t *supply_state(const void *state)
{
    const struct supply *s = state;
    json_t *o = json_object();
    json_object_set_new(o, "stock_l", number(s->s.litres));
    json_object_set_new(o, "pressure_bar", number(s->s.pressure_bar));
    json_object_set_new(o, "line_bar", number(supply_line_bar(s)));
    json_object_set_new(o, "stock_reading_l", reading(probe_reading(&s->p.level)));
    json_object_set_new(o, "pressure_reading_bar", reading(probe_reading(&s->p.pressure)));
    json_object_set_new(o, "valve", json_string(s->p.valve ? "open" : "closed"));
    json_object_set_new(o, "delivered_l", number(s->s.delivered_l));
    return o;
}

static json_t *freezer_state(const void *state)
{
    const struct freezer *f = state;
    json_t *o = json_object();
    json_object_set_new(o, "status", json_integer(f->status));
    json_object_set_new(o, "segment", json_integer(freezer_segment_number(f)));
    json_object_set_new(o, "remaining_s", number(freezer_remaining_s(f)));
    json_object_set_new(o, "setpoint_c", number(f->setpoint_c));
    json_object_set_new(o, "chamber_c", number(f->chamber_c));
    json_object_set_new(o, "sample_c", number(f->sample_c));
    json_object_set_new(o, "chamber_reading_c", sensor(&f->chamber_sensor));
    json_object_set_new(o, "sample_reading_c", sensor(&f->sample_sensor));
    json_object_set_new(o, "frozen", number(f->frozen));
    json_object_set_new(o, "valve", json_boolean(f->valve));
    json_object_set_new(o, "door", json_string(f->door ? "open" : "closed"));
    json_object_set_new(o, "mains", json_boolean(f->mains));
    return o;
}

static json_t *ups_state(const void *state)
{
    const struct ups *u = state;
    json_t *o = json_object();
    json_object_set_new(o, "mains", json_boolean(u->mains));
    json_object_set_new(o, "charge_percent", number(u->charge_percent));
    json_object_set_new(o, "runtime_s", number(ups_runtime_s(u)));
    json_object_set_new(o, "input_v", number(u->input_sensor.reading));
    return o;
}

static json_t *oxygen_state(const void *state)
{
    const struct oxygen *x = state;
    json_t *o = json_object();
    json_object_set_new(o, "status", json_integer(oxygen_status(x)));
    json_object_set_new(o, "room_percent", number(x->room_percent));
    json_object_set_new(o, "reading_percent", oxygen_readable(x) ? number(x->cell.reading) : json_null());
    json_object_set_new(o, "puddle_l", number(x->puddle_l));
    return o;
}

static json_t *device_state(const struct device *device)
{
    if (device->model == &model_tank)
        return tank_state(device->state);
    if (device->model == &model_vessel)
        return vessel_state(device->state);
    if (device->model == &model_supply)
        return supply_state(device->state);
    if (device->model == &model_freezer)
        return freezer_state(device->state);
    if (device->model == &model_ups)
        return ups_state(device->state);
    if (device->model == &model_oxygen)
        return oxygen_state(device->state);
    return json_object();
}

static json_t *fault_state(const struct fault *fault)
{
    char text[FAULT_TEXT_MAX];
    fault_print(fault, text);
    return json_string(text);
}

static json_t *device_report(const struct world *world, const struct device *device)
{
    json_t *o = json_object();
    json_object_set_new(o, "id", json_string(device->id));
    json_object_set_new(o, "kind", json_string(device_kind(device)));
    json_object_set_new(o, "listener", json_string(device->listener->id));
    json_object_set_new(o, "unit", json_integer(device->unit));
    json_object_set_new(o, "speed", number(device->speed > 0 ? device->speed : world->speed));
    json_object_set_new(o, "simulated_s", number(device->simulated_s));
    json_object_set_new(o, "requests", json_integer((json_int_t)device->requests));
    json_object_set_new(o, "faults", json_integer((json_int_t)device->faults));
    json_object_set_new(o, "fault", fault_state(&device->fault));
    json_object_set_new(o, "state", device_state(device));
    return o;
}

static json_t *listener_report(const struct listener *listener)
{
    json_t *o = json_object(), *where = json_object();
    if (!listener->rtu) {
        json_object_set_new(where, "address", json_string(listener->address));
        json_object_set_new(where, "port", json_integer(listener->port));
        json_object_set_new(o, "tcp", where);
    } else {
        bool pty = listener->device[0] == '\0';
        json_object_set_new(where, "device", json_string(pty ? listener->pty : listener->device));
        if (listener->symlink[0] != '\0')
            json_object_set_new(where, "link", json_string(listener->symlink));
        json_object_set_new(where, "baud", json_integer(listener->serial.baud));
        json_object_set_new(o, "rtu", where);
    }
    json_object_set_new(o, "open", json_boolean(listener->open));
    json_object_set_new(o, "connections", json_integer((json_int_t)listener->n_links));
    json_object_set_new(o, "fault", fault_state(&listener->fault));
    return o;
}

static json_t *listeners_report(const struct world *world)
{
    json_t *o = json_object();
    for (size_t i = 0; i < world->n_listeners; i++)
        json_object_set_new(o, world->listeners[i]->id, listener_report(world->listeners[i]));
    return o;
}

static char *dump(json_t *o)
{
    char *text = json_dumps(o, JSON_COMPACT);
    json_decref(o);
    return text;
}

char *report_list(const struct world *world)
{
    json_t *o = json_object(), *devices = json_array();
    json_object_set_new(o, "version", json_string(CRYOMON_VERSION));
    json_object_set_new(o, "elapsed_s", number(world->elapsed_s));
    json_object_set_new(o, "slipped_s", number(world->slipped_s));
    json_object_set_new(o, "speed", number(world->speed));
    json_object_set_new(o, "seed", json_integer((json_int_t)world->seed));
    json_object_set_new(o, "manual_clock", json_boolean(world->manual));
    json_object_set_new(o, "listeners", listeners_report(world));
    for (size_t i = 0; i < world->n_devices; i++)
        json_array_append_new(devices, device_report(world, world->devices[i]));
    json_object_set_new(o, "devices", devices);
    return dump(o);
}

char *report_ready(const struct world *world, const char *control)
{
    json_t *o = json_object();
    json_object_set_new(o, "ready", json_true());
    json_object_set_new(o, "pid", json_integer(getpid()));
    json_object_set_new(o, "devices", json_integer((json_int_t)world->n_devices));
    json_object_set_new(o, "listeners", listeners_report(world));
    if (control != NULL)
        json_object_set_new(o, "control", json_string(control));
    return dump(o);
}
