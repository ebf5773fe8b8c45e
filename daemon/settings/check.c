#include <stdlib.h>
#include <string.h>

#include "address.h"
#include "automatic.h"
#include "draft.h"

/* ---------------------------------------------------------------- where things are */

static void check_storage(struct draft *d, const char *directory)
{
    const struct yaml_node *node = draft_setting(d, "storage", "directory");

    if (node != NULL && strcmp(directory, "/") == 0)
        problems_at(d->problems, node, "the databases need a directory of their own: '/' is not one");
}

/* The socket's name can be neither a directory's nor a part of the way to the databases. */
static void check_socket(struct draft *d, const char *socket, const char *directory)
{
    const struct yaml_node *node = draft_setting(d, "control", "socket");
    size_t len = strlen(socket);

    if (node == NULL)
        node = draft_setting(d, "storage", "directory");
    if (node == NULL)
        return; /* both are where they are by default */
    if (strncmp(directory, socket, len) == 0 && (directory[len] == '\0' || directory[len] == '/'))
        problems_at(d->problems, node,
                    "'control.socket' (%.100s) and 'storage.directory' (%.100s) can't be the same, nor the "
                    "directory below the socket",
                    d->control.socket, d->storage.directory);
    else if (address_is_directory(socket))
        problems_at(d->problems, node, "'%.100s' is a directory; the name of a socket is wanted here",
                    d->control.socket);
}

void check_places(struct draft *d)
{
    char directory[sizeof d->storage.directory];
    char socket[sizeof d->control.socket];

    address_plain_path(d->storage.directory, directory, sizeof directory);
    address_plain_path(d->control.socket, socket, sizeof socket);
    check_storage(d, directory);
    check_socket(d, socket, directory);
}

/* ---------------------------------------------------------------- two of what there is one of */

static bool same_line(const struct draft_bus *a, const struct draft_bus *b)
{
    if (a->config.kind != b->config.kind)
        return false;
    if (a->config.kind == BUS_TCP)
        return a->config.port == b->config.port && address_same_host(a->line, b->line);
    return strcmp(a->line, b->line) == 0;
}

/* Two names that lead to one device today. That depends on what is plugged in, and a daemon that has run must
 * start again whatever is: a warning. (The second bus finds the line in use, which is an alarm.) */
static void check_links(struct draft *d, const struct draft_bus *bus, const struct draft_bus *other)
{
    if (bus->config.kind == BUS_RTU && other->config.kind == BUS_RTU && strcmp(bus->real, other->real) == 0)
        problems_at_key(d->warnings, bus->node, "leads to the same device as bus '%s' at %s:%u: %.100s",
                        other->node->key, other->node->file, other->node->key_line, bus->real);
}

/* Its id was there before, which was reported: what else is the same follows from that. */
static bool is_second(const struct draft *d, enum names_kind kind, size_t index, const struct yaml_node *node)
{
    return names_find(&d->names, kind, 0, node->key) != (int)index;
}

/* max_connections belongs to the host: one bus may say it for all, and two can't say different things. */
static void check_connections(struct draft *d)
{
    for (size_t i = 0; i < d->n_buses; i++) {
        struct draft_bus *bus = &d->buses[i];
        if (bus->broken || bus->config.kind != BUS_TCP || bus->config.max_connections == 0)
            continue;
        for (size_t k = 0; k < d->n_buses; k++) {
            struct draft_bus *other = &d->buses[k];
            if (k == i || other->broken || other->config.kind != BUS_TCP ||
                !address_same_host(bus->line, other->line))
                continue;
            if (other->config.max_connections == 0)
                other->config.max_connections = bus->config.max_connections;
            if (k > i || other->config.max_connections == bus->config.max_connections)
                continue;
            problems_at(
                d->problems, yaml_get(yaml_get(bus->node, "tcp"), "max_connections"),
                "bus '%s' at %s:%u says %u for the same host; all buses of a host share its connections",
                other->node->key, other->node->file, other->node->key_line, other->config.max_connections);
            break;
        }
    }
}

void check_buses(struct draft *d)
{
    check_connections(d);
    for (size_t i = 0; i < d->n_buses; i++) {
        struct draft_bus *bus = &d->buses[i];
        bus->broken = bus->broken || is_second(d, NAMES_BUS, i, bus->node);
        if (bus->config.kind == BUS_RTU)
            address_real_path(bus->config.device, bus->real, sizeof bus->real);
        for (size_t k = 0; k < i && !bus->broken; k++) {
            const struct draft_bus *other = &d->buses[k];
            if (other->broken)
                continue;
            if (!same_line(bus, other)) {
                check_links(d, bus, other);
                continue;
            }
            problems_at_key(d->problems, bus->node,
                            "the same line as bus '%s' at %s:%u; a line is one bus, and its devices share it",
                            other->node->key, other->node->file, other->node->key_line);
            break;
        }
    }
}

static void check_addresses(struct draft *d)
{
    /* Device index + 1 by bus and unit. */
    uint16_t(*taken)[256] = calloc(d->n_buses > 0 ? d->n_buses : 1, sizeof *taken);

    if (taken == NULL) {
        d->no_memory = true;
        return;
    }
    for (size_t i = 0; i < d->n_devices; i++) {
        const struct draft_device *device = &d->devices[i];
        if (device->unit == UNIT_UNKNOWN || device->bus < 0 || is_second(d, NAMES_DEVICE, i, device->node))
            continue;
        uint16_t *slot = &taken[device->bus][device->config.unit];
        if (*slot == 0) {
            *slot = (uint16_t)(i + 1);
            continue;
        }
        const struct draft_device *other = &d->devices[*slot - 1];
        problems_at(d->problems, yaml_get(device->node, "unit"),
                    "unit %u on bus '%s' is already device '%s' at %s:%u", device->config.unit,
                    d->buses[device->bus].node->key, other->node->key, other->node->file,
                    other->node->key_line);
    }
    free(taken);
}

void check_devices(struct draft *d)
{
    check_addresses(d);
    for (size_t i = 0; i < d->n_devices; i++) {
        const struct draft_device *device = &d->devices[i];
        if (!device->used && !d->incomplete)
            problems_at_key(d->warnings, device->node, "no point uses device '%.64s': it will not be read",
                            device->node->key);
    }
}

/* ---------------------------------------------------------------- what is missing */

void check_assets(struct draft *d)
{
    size_t n_alarms = d->n_alarms + automatic_count(d);

    if (n_alarms > ALARMS_MAX)
        problems_add(d->problems, d->main_name, 1, 1,
                     "too many alarms: %zu with those that cryomon makes for each point, at most %d",
                     n_alarms, ALARMS_MAX);
    if (d->n_assets == 0 && !d->incomplete && !d->lost[NAMES_ASSET])
        problems_add(d->problems, d->main_name, 1, 1, "there are no assets: nothing would be watched");
    for (size_t i = 0; i < d->n_assets; i++) {
        const struct draft_asset *asset = &d->assets[i];
        if (asset->n_alarms == 0 && asset->vessel < 0 && asset->supply < 0 && asset->freezer < 0)
            problems_at_key(d->warnings, asset->node, "asset '%.64s' has no alarms", asset->node->key);
        for (size_t k = 0; k < asset->n_points && asset->config.kind == ASSET_TANK; k++) {
            const struct draft_point *point = &d->points[asset->first_point + k];
            if (!point->has_alarm && !point->broken && strcmp(point->config.unit, "°C") == 0)
                problems_at_key(d->warnings, point->node, "the temperature '%.64s' of a tank has no alarm",
                                point->node->key);
        }
    }
}
