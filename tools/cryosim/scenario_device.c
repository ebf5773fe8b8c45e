#include "freezer.h"
#include "listener.h"
#include "scenario_read.h"

#include <stdio.h>
#include <string.h>

static const struct model *const models[] = {&model_tank, &model_vessel, &model_supply, &model_freezer,
                                             &model_ups,  &model_oxygen, NULL};

/* `{ramp: 1 °C/min, to: -45 °C}`, `{hold: 4 °C, for: 10 min}`, or `seed` like hold. */
static void read_segment(struct reader *reader, const struct yaml_node *node, struct freezer_segment *ret,
                         bool *ret_seeds)
{
    struct freezer_segment segment = {0};
    if (!read_mapping(reader, node))
        return;
    const struct yaml_node *ramp = yaml_get(node, "ramp"), *hold = yaml_get(node, "hold");
    const struct yaml_node *seed = yaml_get(node, "seed");
    if (hold == NULL)
        hold = seed;
    *ret_seeds = seed != NULL;
    const struct yaml_node *to = yaml_get(node, ramp != NULL ? "to" : "for");
    if ((ramp == NULL) == (hold == NULL) || to == NULL || node->n_children != 2) {
        problems_at(
            &reader->problems, node,
            "expected {ramp: 1 °C/min, to: -45 °C}, {hold: 4 °C, for: 10 min} or {seed: -7 °C, for: 10 min}");
        return;
    }
    bool good = ramp != NULL ? read_number(reader, ramp, unit_rate, -500, 500, &segment.rate_c_min) &&
                                   read_number(reader, to, unit_temperature, -190, 50, &segment.target_c)
                             : read_number(reader, hold, unit_temperature, -190, 50, &segment.target_c) &&
                                   read_number(reader, to, unit_time, 0, 1e6, &segment.hold_s);
    if (segment.rate_c_min < 0) /* its direction follows from where it goes */
        segment.rate_c_min = -segment.rate_c_min;
    if (good && ramp != NULL && segment.rate_c_min < 0.01)
        problems_at(&reader->problems, ramp, "a ramp needs a slope");
    *ret = segment;
}

static void read_program(struct reader *reader, const struct yaml_node *node, struct freezer *freezer)
{
    if (node->kind != YAML_SEQUENCE || node->n_children == 0 || node->n_children > FREEZER_SEGMENTS_MAX) {
        problems_at(&reader->problems, node, "program: expected a list of 1 to %d segments",
                    FREEZER_SEGMENTS_MAX);
        return;
    }
    freezer->n_segments = 0;
    for (const struct yaml_node *item = node->first; item != NULL; item = item->next) {
        unsigned i = freezer->n_segments++;
        read_segment(reader, item, &freezer->segments[i], &freezer->seeds[i]);
    }
}

static void read_max_registers(struct reader *reader, const struct yaml_node *item, struct device *device)
{
    int64_t n;
    if (read_integer(reader, item, 1, 125, &n))
        device->max_registers = (unsigned)n;
}

static void read_device_fault(struct reader *reader, const struct yaml_node *item, struct device *device)
{
    const char *why = NULL;
    if (read_fault(reader, item, &device->fault) && device->listener != NULL)
        why = fault_unfit(&device->fault, device->listener->rtu, false);
    if (why != NULL)
        problems_at(&reader->problems, item, "%s: %s", fault_name(device->fault.kind), why);
}

/* The settings of tables only. Returns false when this is none of them. */
static bool read_table_setting(struct reader *reader, const struct yaml_node *item, struct device *device)
{
    static const char *const names[N_TABLES] = {"coils", "discretes", "holding", "input"};
    for (int i = 0; i < N_TABLES; i++) {
        if (strcmp(item->key, names[i]) == 0) {
            read_cells(reader, item, (enum register_table)i, device);
            return true;
        }
    }
    if (strcmp(item->key, "holes") != 0)
        return false;
    const char *text = read_text(reader, item);
    if (text != NULL && strcmp(text, "zero") != 0 && strcmp(text, "refuse") != 0)
        problems_at(&reader->problems, item, "holes: \"%s\" is not one of zero refuse", text);
    device->holes = text == NULL || strcmp(text, "zero") == 0;
    return true;
}

static void read_setting(struct reader *reader, const struct yaml_node *item, struct device *device)
{
    char error[PARAM_ERROR_MAX];
    if (strcmp(item->key, "kind") == 0 || strcmp(item->key, "listener") == 0 ||
        strcmp(item->key, "unit") == 0)
        return; /* done */
    if (strcmp(item->key, "max_registers") == 0) {
        read_max_registers(reader, item, device);
    } else if (strcmp(item->key, "fault") == 0) {
        read_device_fault(reader, item, device);
    } else if (device->model == &model_freezer && strcmp(item->key, "program") == 0) {
        read_program(reader, item, device->state);
    } else if (device->model == &model_vessel && read_vessel_setting(reader, item, device)) {
        return;
    } else if (device->model != NULL || strcmp(item->key, "speed") == 0) {
        const char *text = read_text(reader, item);
        if (text != NULL && device_set(device, item->key, text, true, error) < 0)
            problems_at(&reader->problems, item, "%s", error);
    } else if (!read_table_setting(reader, item, device)) {
        problems_at_key(&reader->problems, item,
                        "no setting \"%s\"; a table has holding, input, coils, discretes, holes", item->key);
    }
}

static void read_place(struct reader *reader, const struct yaml_node *node, struct device *device)
{
    const struct yaml_node *where = yaml_get(node, "listener"), *unit_node = yaml_get(node, "unit");
    int64_t unit = 0;
    if (reader->simulate && where == NULL && unit_node == NULL)
        return;
    if (where == NULL || unit_node == NULL) {
        problems_at(&reader->problems, node, "%s: missing", where == NULL ? "listener" : "unit");
        return;
    }
    const char *text = read_text(reader, where);
    device->listener = text != NULL ? world_listener(reader->world, text) : NULL;
    if (text != NULL && device->listener == NULL)
        problems_at(&reader->problems, where, "no listener \"%s\"", text);
    if (device->listener == NULL || !read_integer(reader, unit_node, device->listener->rtu ? 1 : 0,
                                                  device->listener->rtu ? 247 : 255, &unit))
        return;
    device->unit = (uint8_t)unit;
    struct device **place = &device->listener->units[unit];
    if (*place != NULL)
        problems_at(&reader->problems, unit_node, "unit %lld of %s is already %s", (long long)unit,
                    device->listener->id, (*place)->id);
    *place = device;
}

static bool read_kind(struct reader *reader, const struct yaml_node *node, const struct model **ret)
{
    const struct yaml_node *kind = yaml_get(node, "kind");
    const char *text = kind != NULL ? read_text(reader, kind) : NULL;
    if (kind == NULL)
        problems_at(&reader->problems, node, "kind: missing");
    if (text == NULL)
        return false;
    int i = 0;
    while (models[i] != NULL && strcmp(models[i]->name, text) != 0)
        i++;
    *ret = models[i];
    if (models[i] != NULL || strcmp(text, "table") == 0)
        return true;
    problems_at(&reader->problems, kind, "\"%s\" is not one of tank vessel supply freezer ups oxygen table",
                text);
    return false;
}

void read_device(struct reader *reader, const struct yaml_node *node)
{
    const struct model *model;
    struct device *device;
    if (!read_kind(reader, node, &model))
        return;
    if (device_new(node->key, model, &device) < 0 || world_add_device(reader->world, device) < 0) {
        problems_at(&reader->problems, node, "too many devices: at most %d", DEVICES_MAX);
        return;
    }
    read_place(reader, node, device);
    size_t n_problems = reader->problems.n;
    if (model == &model_vessel)
        read_vessel_first(reader, node, device);
    for (const struct yaml_node *item = node->first; item != NULL; item = item->next)
        read_setting(reader, item, device);
    if (model == &model_vessel && reader->problems.n == n_problems)
        read_vessel_last(reader, node, device);
}
