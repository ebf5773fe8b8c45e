#include "sheet.h"

#include "freezer.h"
#include "oxygen.h"
#include "tank.h"
#include "ups.h"
#include "vessel_device.h"

#include <math.h>
#include <string.h>

#define AHEAD_H 2400.0 /* 100 days */

/* The same calls write the header and each row: so they can't differ. */
struct sheet {
    FILE *out;
    const char *id; /* of the device */
    bool header, ahead;
};

static void number(const struct sheet *s, const char *name, int decimals, double value)
{
    if (s->header)
        fprintf(s->out, ",%s.%s", s->id, name);
    else if (isnan(value))
        fputc(',', s->out);
    else if (isinf(value))
        fputs(",inf", s->out);
    else
        fprintf(s->out, ",%.*f", decimals, value);
}

static void count(const struct sheet *s, const char *name, double value)
{
    number(s, name, 0, value);
}

static double sensor(const struct sensor *one)
{
    return one->mode == SENSOR_BROKEN ? NAN : one->reading;
}

static void tank(const struct sheet *s, const void *state)
{
    const struct tank *t = state;
    number(s, "level_reading_cm", 3, sensor(&t->level_sensor));
    number(s, "vapour_reading_c", 3, sensor(&t->temperature_sensor));
    number(s, "lid_reading_c", 3, sensor(&t->lid_sensor));
    count(s, "filling", t->filling);
    count(s, "lid_open", t->lid);
    count(s, "fill_alarm", t->fill_alarm);
    count(s, "fills", t->fills);
    number(s, "level_cm", 3, t->level_cm);
    number(s, "litres", 3, tank_litres(t));
    number(s, "vapour_c", 3, tank_vapour_c(t));
    number(s, "heat_w", 3, t->heat_w);
}

static void vessel_readings(const struct sheet *s, const struct vessel *v)
{
    static const char *const names[VESSEL_N_PROBES] = {"top_reading_c",    "middle_reading_c",
                                                       "bottom_reading_c", "lid_reading_c",
                                                       "room_reading_c",   "level_reading_cm"};
    struct vessel_readings r;
    vessel_sensors(v, &r);
    for (int i = 0; i < VESSEL_N_PROBES; i++)
        number(s, names[i], 3, r.value[i]);
    count(s, "filling", r.filling);
    count(s, "lid_open", r.lid_open);
    count(s, "fill_alarm", r.fill_alarm);
    count(s, "mains", r.mains);
    count(s, "fills", r.fills);
    number(s, "filled_l", 2, r.filled_l);
}

/* "vacuum+lid", or nothing. */
static void fault_words(const struct sheet *s, uint32_t faults)
{
    static const char *const names[] = {"vacuum", "crack",      "lid",   "ice",     "valve",
                                        "supply", "controller", "probe", "swapped", "overfill"};
    if (s->header) {
        fprintf(s->out, ",%s.faults", s->id);
        return;
    }
    const char *before = ",";
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if ((faults & 1U << i) != 0) {
            fprintf(s->out, "%s%s", before, names[i]);
            before = "+";
        }
    }
    if (faults == 0)
        fputc(',', s->out);
}

static void vessel(const struct sheet *s, const void *state)
{
    const struct vessel_device *d = state;
    const struct vessel *v = &d->vessel;
    struct vessel_truth t;
    vessel_readings(s, v);
    vessel_truth(v, d->supply, &t);
    number(s, "level_cm", 3, t.level_cm);
    number(s, "litres", 3, t.litres);
    number(s, "top_c", 3, t.vapour_c[VESSEL_TOP]);
    number(s, "middle_c", 3, t.vapour_c[VESSEL_MIDDLE]);
    number(s, "bottom_c", 3, t.vapour_c[VESSEL_BOTTOM]);
    number(s, "warmest_c", 3, t.warmest_c);
    number(s, "lid_c", 3, t.lid_c);
    number(s, "ambient_c", 3, t.ambient_c);
    number(s, "liquid_w", 3, t.liquid_w);
    number(s, "room_w", 3, t.room_w);
    number(s, "boil_l_day", 3, t.boil_l_day);
    number(s, "wall_factor", 4, t.wall_factor);
    number(s, "vacuum_pa", 4, t.vacuum_pa);
    number(s, "ice", 3, t.ice);
    number(s, "flow_l_min", 3, t.flow_l_min);
    number(s, "line_bar", 3, t.line_bar);
    number(s, "spilled_l", 2, v->s.spilled_l);
    count(s, "fill_blocked", t.fill_blocked);
    fault_words(s, t.faults);
    struct vessel_left left = {NAN, NAN};
    if (s->ahead && !s->header)
        left = vessel_hours_left(v, -150, AHEAD_H);
    number(s, "hours_dry", 2, left.dry_h);
    number(s, "hours_to_minus150", 2, left.warm_h);
}

static void supply(const struct sheet *s, const void *state)
{
    const struct supply *u = state;
    number(s, "stock_reading_l", 1, probe_reading(&u->p.level));
    number(s, "pressure_reading_bar", 3, probe_reading(&u->p.pressure));
    count(s, "low", supply_low(u));
    number(s, "stock_l", 2, u->s.litres);
    number(s, "pressure_bar", 4, u->s.pressure_bar);
    number(s, "line_bar", 4, supply_line_bar(u));
    number(s, "delivered_l", 2, u->s.delivered_l);
    count(s, "valve", u->p.valve);
}

static void freezer(const struct sheet *s, const void *state)
{
    const struct freezer *f = state;
    const struct freezer_batch *b = &f->batch;
    double ice = b->nucleated ? 0 : NAN; /* what is empty before there is ice */
    number(s, "chamber_reading_c", 3, sensor(&f->chamber_sensor));
    number(s, "sample_reading_c", 3, sensor(&f->sample_sensor));
    number(s, "setpoint_c", 3, f->setpoint_c);
    count(s, "status", f->status);
    count(s, "segment", freezer_segment_number(f));
    count(s, "valve", f->valve);
    count(s, "door", f->door);
    count(s, "mains", f->mains);
    number(s, "chamber_c", 3, f->chamber_c);
    number(s, "sample_c", 3, f->sample_c);
    number(s, "frozen", 4, f->frozen);
    number(s, "onset_s", 1, b->onset_s + ice);
    number(s, "onset_c", 3, b->onset_c + ice);
    count(s, "seeded", b->seeded + ice);
    number(s, "supercooling_k", 3, b->supercooling_k + ice);
    number(s, "peak_s", 1, b->peak_s + ice);
    number(s, "peak_c", 3, b->peak_c + ice);
    number(s, "plateau_s", 1, b->plateau_s > 0 ? b->plateau_s : NAN);
    number(s, "zero_to_minus40_s", 1, b->minus40_s > 0 ? b->minus40_s - b->zero_s : NAN);
    number(s, "worst_k", 3, b->worst_k);
    number(s, "open_s", 1, b->open_s);
    number(s, "dry_s", 1, b->dry_s);
    number(s, "dark_s", 1, b->dark_s);
}

static void ups(const struct sheet *s, const void *state)
{
    const struct ups *u = state;
    count(s, "mains", u->mains);
    number(s, "charge_percent", 2, u->charge_percent);
}

static void oxygen(const struct sheet *s, const void *state)
{
    const struct oxygen *o = state;
    number(s, "reading_percent", 3, oxygen_readable(o) ? o->cell.reading : NAN);
    number(s, "room_percent", 3, o->room_percent);
    number(s, "puddle_l", 2, o->puddle_l);
}

static const struct {
    const struct model *model;
    void (*write)(const struct sheet *sheet, const void *state);
} writers[] = {
    {&model_tank, tank},       {&model_vessel, vessel}, {&model_supply, supply},
    {&model_freezer, freezer}, {&model_ups, ups},       {&model_oxygen, oxygen},
};

static void write_all(const struct world *world, struct sheet *sheet)
{
    for (size_t i = 0; i < world->n_devices; i++) {
        const struct device *device = world->devices[i];
        sheet->id = device->id;
        for (size_t k = 0; k < sizeof writers / sizeof writers[0]; k++) {
            if (writers[k].model == device->model)
                writers[k].write(sheet, device->state);
        }
    }
    fputc('\n', sheet->out);
}

void sheet_header(const struct world *world, FILE *out)
{
    fputs("time_s", out);
    write_all(world, &(struct sheet){.out = out, .header = true});
}

void sheet_row(const struct world *world, double time_s, bool ahead, FILE *out)
{
    fprintf(out, "%.10g", time_s);
    write_all(world, &(struct sheet){.out = out, .ahead = ahead});
}
