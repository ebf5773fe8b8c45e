#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "automatic.h"
#include "draft.h"
#include "flatten.h"

static int allocate(struct config *config, const struct draft *d)
{
    config->n_buses = (uint16_t)d->n_buses;
    config->n_devices = (uint16_t)d->n_devices;
    config->n_assets = (uint16_t)(d->n_assets + 1);
    config->n_points = (uint16_t)d->n_points;
    config->n_alarms = (uint16_t)(d->n_alarms + automatic_count(d));
    config->n_calibrations = (uint32_t)d->n_calibrations;
    /* One more than needed: calloc(0) may give NULL. */
    config->buses = calloc((size_t)config->n_buses + 1, sizeof *config->buses);
    config->devices = calloc((size_t)config->n_devices + 1, sizeof *config->devices);
    config->assets = calloc(config->n_assets, sizeof *config->assets);
    config->points = calloc((size_t)config->n_points + 1, sizeof *config->points);
    config->alarms = calloc(config->n_alarms, sizeof *config->alarms);
    config->calibrations = calloc(d->n_calibrations + 1, sizeof *config->calibrations);
    config->point_models = calloc((size_t)config->n_points + 1, sizeof *config->point_models);
    config->alarm_models = calloc(config->n_alarms, sizeof *config->alarm_models);
    if (config->buses == NULL || config->devices == NULL || config->assets == NULL ||
        config->points == NULL || config->alarms == NULL || config->point_models == NULL ||
        config->alarm_models == NULL || config->calibrations == NULL)
        return -ENOMEM;
    if (d->n_calibrations > 0)
        memcpy(config->calibrations, d->calibrations, d->n_calibrations * sizeof *config->calibrations);
    return 0;
}

static void flatten_asset(const struct draft *d, struct config *config, size_t index, uint16_t *n_points,
                          uint16_t *n_alarms)
{
    const struct draft_asset *from = &d->assets[index];
    uint16_t a = (uint16_t)(index + 1);
    struct asset_config *asset = &config->assets[a];

    *asset = from->config;
    asset->first_point = *n_points;
    asset->n_points = (uint16_t)from->n_points;
    asset->first_alarm = *n_alarms;
    for (size_t i = 0; i < from->n_points; i++) {
        const struct draft_point *point = &d->points[from->first_point + i];
        config->points[*n_points] = point->config;
        config->points[*n_points].asset = a;
        config->point_models[*n_points].stale_after_ms = point->no_data_after_ms;
        if (point->config.format.n_states == 0 && !point->derived)
            config->point_models[*n_points].trend_window_ms =
                point->trend_over_ms != 0 ? point->trend_over_ms : TREND_OVER_MS;
        (*n_points)++;
    }
    flatten_asset_alarms(d, config, index, n_alarms);
}

/* ---------------------------------------------------------------- guards */

/* Appends the points of the device that the guard judges; how many. */
static uint16_t flatten_targets(const struct draft *d, struct config *config, uint16_t device,
                                const struct draft_register *guard)
{
    uint16_t n = 0;
    for (uint16_t i = 0; i < config->n_points; i++) {
        const struct draft_point *point = &d->points[i];
        if (point->device != device || !draft_judges(guard, &d->registers[point->reg]))
            continue;
        if (config->guard_targets != NULL)
            config->guard_targets[config->n_guard_targets] = i;
        config->n_guard_targets++;
        n++;
    }
    return n;
}

/* The guards of a device's profile that judge a point of it. The first pass, without memory, counts. */
static void flatten_device_guards(const struct draft *d, struct config *config, uint16_t index)
{
    const struct draft_profile *profile = &d->profiles[d->devices[index].profile];
    struct device_config *device = &config->devices[index];

    device->first_guard = config->n_guards;
    device->n_guards = 0;
    for (size_t i = 0; i < profile->n_registers; i++) {
        const struct draft_register *reg = &d->registers[profile->first_register + i];
        uint32_t first = config->n_guard_targets;
        uint16_t n = reg->is_guard ? flatten_targets(d, config, index, reg) : 0;
        if (n == 0)
            continue;
        if (config->guards != NULL) {
            struct guard_config *guard = &config->guards[config->n_guards];
            *guard = (struct guard_config){.device = index,
                                           .table = reg->table,
                                           .address = reg->address,
                                           .format = reg->format,
                                           .rule = reg->rule,
                                           .first_target = first,
                                           .n_targets = n};
            (void)snprintf(guard->register_name, sizeof guard->register_name, "%s", reg->node->key);
        }
        config->n_guards++;
        device->n_guards++;
    }
}

static int flatten_guards(const struct draft *d, struct config *config)
{
    for (int pass = 0; pass < 2; pass++) {
        config->n_guards = config->n_guard_targets = 0;
        for (uint16_t i = 0; i < config->n_devices; i++)
            flatten_device_guards(d, config, i);
        if (pass > 0)
            break;
        config->guards = calloc((size_t)config->n_guards + 1, sizeof *config->guards);
        config->guard_targets = calloc((size_t)config->n_guard_targets + 1, sizeof *config->guard_targets);
        if (config->guards == NULL || config->guard_targets == NULL)
            return -ENOMEM;
    }
    return 0;
}

/* A name that was not written is the id. */
static void fill_name(struct bilingual *name, const char *id)
{
    for (int i = 0; i < LANGUAGES; i++) {
        if (name->text[i][0] == '\0')
            (void)snprintf(name->text[i], sizeof name->text[i], "%s", id);
    }
}

int flatten_draft(const struct draft *d, uint32_t generation, struct config **ret)
{
    uint16_t n_points = 0;
    uint16_t n_alarms = 0;
    struct config *config = calloc(1, sizeof *config);

    if (config == NULL)
        return -ENOMEM;
    atomic_init(&config->references, 1);
    if (allocate(config, d) < 0) {
        config_unref(config);
        return -ENOMEM;
    }
    config->generation = generation;
    memcpy(config->site_id, d->site.id, sizeof config->site_id);
    config->site_name = d->site.name;
    fill_name(&config->site_name, config->site_id);
    config->language = d->site.language;
    config->storage = d->storage;
    config->review = d->review;
    config->alarming = d->alarming;
    config->notify = d->notify.config;
    config->drill = d->drill;
    config->rounds = d->rounds.config;
    config->mqtt = d->mqtt.config;
    memcpy(config->control_socket, d->control.socket, sizeof config->control_socket);
    for (size_t i = 0; i < d->n_buses; i++)
        config->buses[i] = d->buses[i].config;
    for (size_t i = 0; i < d->n_devices; i++)
        config->devices[i] = d->devices[i].config;
    if (flatten_guards(d, config) < 0 || flatten_derived(d, config) < 0) {
        config_unref(config);
        return -ENOMEM;
    }
    flatten_system(d, config, &n_alarms);
    for (size_t i = 0; i < d->n_assets; i++) {
        flatten_asset(d, config, i, &n_points, &n_alarms);
        fill_name(&config->assets[i + 1].name, config->assets[i + 1].id);
    }
    for (size_t i = 0; i < config->n_points; i++)
        fill_name(&config->points[i].name, config->points[i].id);
    if (flatten_members(d, config) < 0) {
        config_unref(config);
        return -ENOMEM;
    }
    *ret = config;
    return 0;
}
