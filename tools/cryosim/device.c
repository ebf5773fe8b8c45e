#include "device.h"

#include "registers.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SPEED_MAX 100000.0

int device_new(const char *id, const struct model *model, struct device **ret)
{
    struct device *device = calloc(1, sizeof *device);
    if (device == NULL)
        return -ENOMEM;
    snprintf(device->id, sizeof device->id, "%s", id);
    device->model = model;
    device->holes = true;
    if (model != NULL) {
        device->state = calloc(1, model->size);
        if (device->state == NULL) {
            device_free(device);
            return -ENOMEM;
        }
        model->init(device->state);
    }
    *ret = device;
    return 0;
}

void device_free(struct device *device)
{
    if (device == NULL)
        return;
    if (device->map != NULL)
        modbus_mapping_free(device->map);
    free(device->cells);
    free(device->state);
    free(device);
}

const char *device_kind(const struct device *device)
{
    return device->model != NULL ? device->model->name : "table";
}

/* The map of a table spans its cells, each kind from its lowest address to its highest. */
static modbus_mapping_t *table_map(const struct device *device)
{
    unsigned start[N_TABLES] = {0}, count[N_TABLES] = {0};
    for (size_t i = 0; i < device->n_cells; i++) {
        const struct cell *cell = &device->cells[i];
        unsigned end = start[cell->table] + count[cell->table];
        if (count[cell->table] == 0) {
            start[cell->table] = cell->address;
            end = cell->address;
        }
        if (cell->address < start[cell->table])
            start[cell->table] = cell->address;
        if (cell->address >= end)
            end = cell->address + 1U;
        count[cell->table] = end - start[cell->table];
    }
    return modbus_mapping_new_start_address(start[TABLE_COIL], count[TABLE_COIL], start[TABLE_DISCRETE],
                                            count[TABLE_DISCRETE], start[TABLE_HOLDING], count[TABLE_HOLDING],
                                            start[TABLE_INPUT], count[TABLE_INPUT]);
}

static void put_cell(struct device *device, const struct cell *cell)
{
    modbus_mapping_t *map = device->map;
    switch (cell->table) {
    case TABLE_COIL:
        map->tab_bits[cell->address - map->start_bits] = cell->value != 0;
        break;
    case TABLE_DISCRETE:
        map->tab_input_bits[cell->address - map->start_input_bits] = cell->value != 0;
        break;
    case TABLE_HOLDING:
        map->tab_registers[cell->address - map->start_registers] = cell->value;
        break;
    case TABLE_INPUT:
    case N_TABLES:
        map->tab_input_registers[cell->address - map->start_input_registers] = cell->value;
        break;
    }
}

int device_start(struct device *device, uint64_t seed)
{
    random_seed(&device->random, seed, device->id);
    device->map = device->model != NULL ? registers_new(device->model) : table_map(device);
    if (device->map == NULL)
        return -ENOMEM;
    if (device->model != NULL)
        device->model->start(device->state, &device->random);
    for (size_t i = 0; i < device->n_cells; i++)
        put_cell(device, &device->cells[i]);
    return 0;
}

int device_set(struct device *device, const char *name, const char *value, bool apply,
               char error[PARAM_ERROR_MAX])
{
    if (strcmp(name, "speed") == 0) {
        double speed;
        if (param_number(value, NULL, &speed) < 0 || speed < 0 || speed > SPEED_MAX) {
            snprintf(error, PARAM_ERROR_MAX, "speed: \"%s\" is not a number in 0 ... %g (0: as the rest)",
                     value, SPEED_MAX);
            return -EINVAL;
        }
        if (apply)
            device->speed = speed;
        return 0;
    }
    if (device->model == NULL) {
        snprintf(error, PARAM_ERROR_MAX, "%s is a table: use `register`", device->id);
        return -EINVAL;
    }
    return param_set(device->model->params, device->state, name, value, apply, error);
}

static struct cell *find_cell(const struct device *device, enum register_table table, uint16_t address)
{
    for (size_t i = 0; i < device->n_cells; i++) {
        if (device->cells[i].table == table && device->cells[i].address == address)
            return &device->cells[i];
    }
    return NULL;
}

int device_put(struct device *device, struct cell cell)
{
    struct cell *there = find_cell(device, cell.table, cell.address);
    if (there == NULL) {
        struct cell *more = reallocarray(device->cells, device->n_cells + 1, sizeof *more);
        if (more == NULL)
            return -ENOMEM;
        device->cells = more;
        there = &more[device->n_cells++];
    }
    *there = cell;
    if (device->map != NULL)
        put_cell(device, there);
    return 0;
}

void device_release(struct device *device, enum register_table table, uint16_t address)
{
    struct cell *cell = find_cell(device, table, address);
    if (cell != NULL && device->model != NULL)
        *cell = device->cells[--device->n_cells];
}

bool device_has(const struct device *device, enum register_table table, uint32_t address, uint32_t count)
{
    const modbus_mapping_t *map = device->map;
    const int starts[N_TABLES] = {map->start_bits, map->start_input_bits, map->start_registers,
                                  map->start_input_registers};
    const int counts[N_TABLES] = {map->nb_bits, map->nb_input_bits, map->nb_registers,
                                  map->nb_input_registers};
    uint32_t start = (uint32_t)starts[table];
    if (address < start || address + count > start + (uint32_t)counts[table])
        return false;
    if (device->holes)
        return true;
    for (uint32_t i = 0; i < count; i++) {
        if (find_cell(device, table, (uint16_t)(address + i)) == NULL)
            return false;
    }
    return true;
}

void device_advance(struct device *device, double elapsed_s, double world_speed, double step_s)
{
    if (device->model == NULL)
        return;
    device->behind_s += elapsed_s * (device->speed > 0 ? device->speed : world_speed);
    /* A little slack, so that a step is not put off by the rounding of the sum. */
    while (device->behind_s >= step_s - 1e-9) {
        device->behind_s -= step_s;
        device->simulated_s += step_s;
        device->model->step(device->state, step_s, &device->random);
    }
}

void device_refresh(struct device *device)
{
    if (device->model == NULL)
        return; /* what a master wrote stays */
    registers_publish(device->model, device->state, device->seconds, device->map);
    for (size_t i = 0; i < device->n_cells; i++)
        put_cell(device, &device->cells[i]);
}

void device_count(struct device *device, enum register_table table, uint16_t address, uint16_t count)
{
    for (size_t i = 0; i < device->n_cells; i++) {
        struct cell *cell = &device->cells[i];
        if (cell->counter && cell->table == table && cell->address >= address &&
            cell->address < (uint32_t)address + count) {
            cell->value++;
            put_cell(device, cell);
        }
    }
}

uint16_t device_get(const struct device *device, enum register_table table, uint16_t address)
{
    const modbus_mapping_t *map = device->map;
    switch (table) {
    case TABLE_COIL:
        return map->tab_bits[address - map->start_bits];
    case TABLE_DISCRETE:
        return map->tab_input_bits[address - map->start_input_bits];
    case TABLE_HOLDING:
        return map->tab_registers[address - map->start_registers];
    case TABLE_INPUT:
    case N_TABLES:
        break;
    }
    return map->tab_input_registers[address - map->start_input_registers];
}

int register_table_parse(const char *text, enum register_table *ret)
{
    static const char *const names[N_TABLES] = {"coil", "discrete", "holding", "input"};
    for (int i = 0; i < N_TABLES; i++) {
        if (strcmp(text, names[i]) == 0) {
            *ret = (enum register_table)i;
            return 0;
        }
    }
    return -EINVAL;
}

enum register_table register_table_of(uint8_t function)
{
    static const enum register_table tables[] = {TABLE_COIL, TABLE_DISCRETE, TABLE_HOLDING, TABLE_INPUT};
    return tables[(function - 1) & 3];
}
