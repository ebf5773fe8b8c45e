/*
 * device.h - one simulated device: a model (or a plain table), its registers, and what was overridden in
 * them.
 */
#ifndef CRYOSIM_DEVICE_H
#define CRYOSIM_DEVICE_H

#include "fault.h"
#include "model.h"

#include <modbus.h>
#include <stdbool.h>
#include <stdint.h>

#define ID_MAX 64

enum register_table { TABLE_COIL, TABLE_DISCRETE, TABLE_HOLDING, TABLE_INPUT, N_TABLES };

/* A register with a value of its own: the contents of a table, or an override on a model. */
struct cell {
    enum register_table table;
    uint16_t address;
    uint16_t value;
    bool counter; /* counts up by one at each request that reads it: no two replies are alike */
};

struct listener;

struct device {
    char id[ID_MAX];
    const struct model *model; /* NULL: a plain table */
    void *state;
    struct listener *listener;
    uint8_t unit;
    unsigned max_registers; /* a longer read is refused with exception 3; 0: the protocol's limit */
    bool holes;             /* table: reading an address without contents gives 0, not exception 2 */
    modbus_mapping_t *map;
    struct cell *cells;
    size_t n_cells;
    struct random_source random;
    double speed;    /* 0: the world's */
    double behind_s; /* simulated time not yet stepped */
    double simulated_s;
    uint64_t seconds; /* real time since the start, for the heartbeat */
    struct fault fault;
    int64_t busy_us;           /* RTU: it says nothing before this */
    uint64_t requests, faults; /* served; spoilt */
};

/* model NULL: a table. Returns 0 or -ENOMEM. */
int device_new(const char *id, const struct model *model, struct device **ret);
void device_free(struct device *device);

/* After all settings and cells: brings the state and the registers into being. Returns 0 or -ENOMEM. */
int device_start(struct device *device, uint64_t seed);

/* The model's settings, and `speed`. As param_set. */
int device_set(struct device *device, const char *name, const char *value, bool apply,
               char error[PARAM_ERROR_MAX]);

/* Adds a cell or replaces it. Returns 0 or -ENOMEM. Before device_start a table may get any address;
 * afterwards device_has must be true. */
int device_put(struct device *device, struct cell cell);
/* Gives a register back to the model. */
void device_release(struct device *device, enum register_table table, uint16_t address);
bool device_has(const struct device *device, enum register_table table, uint32_t address, uint32_t count);

/* Moves the device by elapsed_s of real time, in steps of step_s simulated seconds. */
void device_advance(struct device *device, double elapsed_s, double world_speed, double step_s);

/* Brings the map up to date before a request is served from it. */
void device_refresh(struct device *device);
/* Counters in this range move on; called once a read was answered. */
void device_count(struct device *device, enum register_table table, uint16_t address, uint16_t count);
/* A register or bit of the map; device_has must be true. */
uint16_t device_get(const struct device *device, enum register_table table, uint16_t address);

/* "coil", "discrete", "holding" or "input"; -EINVAL when it is none of them. */
int register_table_parse(const char *text, enum register_table *ret);
/* The table that a read function (1..4) reads. */
enum register_table register_table_of(uint8_t function);

const char *device_kind(const struct device *device);

#endif
