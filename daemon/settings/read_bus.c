#include <string.h>

#include "address.h"
#include "draft.h"
#include "scalar.h"

/* ---------------------------------------------------------------- buses */

struct bus_kinds {
    const struct yaml_node *tcp, *rtu;
};

static const struct field bus_fields[] = {
    {"tcp", FIELD_NODE, NODE_OF(struct bus_kinds, tcp)},
    {"rtu", FIELD_NODE, NODE_OF(struct bus_kinds, rtu)},
};

static const struct field tcp_fields[] = {
    {"host", FIELD_TEXT, FIELD_OF(struct bus_config, host), .flags = FIELD_REQUIRED},
    {"port", FIELD_UINT, FIELD_OF(struct bus_config, port), .min = 1, .max = 65535},
    {"connect_timeout", FIELD_DURATION, FIELD_OF(struct bus_config, connect_timeout_ms), .min = 100,
     .max = 30000},
    {"ignore_transaction_id", FIELD_BOOL, FIELD_OF(struct bus_config, ignore_transaction_id)},
    {"close_between_polls", FIELD_BOOL, FIELD_OF(struct bus_config, close_between_polls)},
    {"max_connections", FIELD_UINT, FIELD_OF(struct bus_config, max_connections), .min = 1, .max = 1000},
};

static const struct choice parities[] = {{"none", 'N'}, {"even", 'E'}, {"odd", 'O'}, {NULL, 0}};

/* The rates of POSIX and Linux that Modbus devices have. */
static const struct choice bauds[] = {
    {"1200", 1200},   {"2400", 2400},   {"4800", 4800},     {"9600", 9600},     {"19200", 19200},
    {"38400", 38400}, {"57600", 57600}, {"115200", 115200}, {"230400", 230400}, {NULL, 0}};

static const struct field rtu_fields[] = {
    {"device", FIELD_PATH, FIELD_OF(struct bus_config, device), .flags = FIELD_REQUIRED},
    {"baud", FIELD_CHOICE, FIELD_OF(struct bus_config, baud), .choices = bauds},
    {"parity", FIELD_CHOICE, FIELD_OF(struct bus_config, parity), .choices = parities},
    /* RTU frames are bytes: 7 data bits would cut them. */
    {"data_bits", FIELD_UINT, FIELD_OF(struct bus_config, data_bits), .min = 8, .max = 8},
    {"stop_bits", FIELD_UINT, FIELD_OF(struct bus_config, stop_bits), .min = 1, .max = 2},
    {"echo", FIELD_BOOL, FIELD_OF(struct bus_config, echo)},
};

static void check_host(struct draft *d, const struct yaml_node *tcp, const struct bus_config *bus)
{
    const struct yaml_node *node = yaml_get(tcp, "host");

    if (bus->host[0] == '\0')
        return; /* reported */
    for (const char *p = bus->host; *p != '\0'; p++) {
        bool ok = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') ||
                  strchr("-._:%", *p) != NULL;
        if (!ok) {
            problems_at(d->problems, node,
                        "'%.64s' is not a host: write a name or an address, without brackets, port or path",
                        bus->host);
            return;
        }
    }
    const char *colon = strchr(bus->host, ':');
    const char *why = address_check_host(bus->host);
    if (colon != NULL && strchr(colon + 1, ':') == NULL)
        problems_at(d->problems, node, "'%.64s': write the port as 'port: %.8s'", bus->host, colon + 1);
    else if (why != NULL)
        problems_at(d->problems, node, "'%.64s' is not a host: %s", bus->host, why);
}

static void check_tty(struct draft *d, const struct yaml_node *rtu, const struct bus_config *bus)
{
    const struct yaml_node *node = yaml_get(rtu, "device");

    if (address_is_directory(bus->device))
        problems_at(d->problems, node, "'%.80s' is a directory, not a serial line", bus->device);
    if (strncmp(bus->device, "/dev/ttyUSB", 11) == 0 || strncmp(bus->device, "/dev/ttyACM", 11) == 0)
        problems_at(d->warnings, node,
                    "%.64s may be another line after a restart; use a name in /dev/serial/by-id",
                    bus->device);
}

static void read_bus(struct draft *d, const struct yaml_node *node, struct draft_bus *bus)
{
    struct bus_kinds kinds = {NULL, NULL};

    bus->node = node;
    bus->config.kind = BUS_TCP;
    bus->config.connect_timeout_ms = 2000;
    bus->config.baud = 9600;
    bus->config.parity = 'N';
    bus->config.data_bits = 8;
    bus->config.stop_bits = 1;
    bool ok = fields_walk(d->problems, node, "a bus", bus_fields, COUNT_OF(bus_fields), &kinds);
    if (kinds.tcp != NULL && kinds.rtu != NULL)
        problems_at_key(d->problems, kinds.rtu, "a bus is either 'tcp' or 'rtu', not both");
    if (kinds.tcp != NULL) {
        (void)fields_walk(d->problems, kinds.tcp, "'tcp'", tcp_fields, COUNT_OF(tcp_fields), &bus->config);
        check_host(d, kinds.tcp, &bus->config);
        if (yaml_get(kinds.tcp, "port") == NULL)
            bus->config.port = 502;
    }
    if (kinds.rtu != NULL) {
        bus->config.kind = BUS_RTU;
        (void)fields_walk(d->problems, kinds.rtu, "'rtu'", rtu_fields, COUNT_OF(rtu_fields), &bus->config);
        if (bus->config.device[0] != '\0')
            check_tty(d, kinds.rtu, &bus->config);
    }
    if (ok && kinds.tcp == NULL && kinds.rtu == NULL)
        problems_at_key(d->problems, node, "'tcp' or 'rtu' is missing in a bus");
    bus->broken = (kinds.tcp == NULL) == (kinds.rtu == NULL) ||
                  (kinds.tcp != NULL ? bus->config.host[0] == '\0' || bus->config.port == 0
                                     : bus->config.device[0] == '\0');
    if (bus->config.kind == BUS_TCP)
        address_plain_host(bus->config.host, bus->line, sizeof bus->line);
    else
        address_plain_path(bus->config.device, bus->line, sizeof bus->line);
}

void read_buses(struct draft *d, const struct yaml_node *node)
{
    if (!fields_is_mapping(d->problems, node, "'buses'")) {
        d->lost[NAMES_BUS] = true;
        return;
    }
    for (const struct yaml_node *child = node->first; child != NULL; child = child->next) {
        struct draft_bus *grown = draft_grow(d, d->buses, d->n_buses, sizeof *grown);
        if (grown == NULL)
            return;
        d->buses = grown;
        struct draft_bus *bus = &grown[d->n_buses];
        if (!draft_name(d, NAMES_BUS, 0, child, d->n_buses, BUSES_MAX, bus->config.id))
            return;
        d->n_buses++;
        read_bus(d, child, bus);
    }
}

/* ---------------------------------------------------------------- devices */

static const struct field device_fields[] = {
    {"bus", FIELD_NODE, NODE_OF(struct draft_device, bus_node), .flags = FIELD_REQUIRED},
    {"unit", FIELD_UINT, FIELD_OF(struct draft_device, unit), .flags = FIELD_REQUIRED, .min = 0, .max = 255},
    {"profile", FIELD_ID, FIELD_OF(struct draft_device, config.profile), .flags = FIELD_REQUIRED},
    {"interval", FIELD_DURATION, FIELD_OF(struct draft_device, config.interval_ms), .min = 100,
     .max = HOUR_MS},
    {"timeout", FIELD_DURATION, FIELD_OF(struct draft_device, config.timeout_ms), .min = 20, .max = 30000},
    {"accept_unverified", FIELD_BOOL, FIELD_OF(struct draft_device, accept_unverified)},
};

static void read_device(struct draft *d, const struct yaml_node *node, struct draft_device *device)
{
    device->node = node;
    device->bus = device->profile = -1;
    device->unit = UNIT_UNKNOWN;
    (void)fields_walk(d->problems, node, "a device", device_fields, COUNT_OF(device_fields), device);
    device->config.unit = (uint8_t)device->unit;
}

void read_devices(struct draft *d, const struct yaml_node *node)
{
    if (!fields_is_mapping(d->problems, node, "'devices'")) {
        d->lost[NAMES_DEVICE] = true;
        return;
    }
    for (const struct yaml_node *child = node->first; child != NULL; child = child->next) {
        struct draft_device *grown = draft_grow(d, d->devices, d->n_devices, sizeof *grown);
        if (grown == NULL)
            return;
        d->devices = grown;
        struct draft_device *device = &grown[d->n_devices];
        if (!draft_name(d, NAMES_DEVICE, 0, child, d->n_devices, DEVICES_MAX, device->config.id))
            return;
        d->n_devices++;
        read_device(d, child, device);
    }
}
