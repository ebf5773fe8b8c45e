#include <string.h>

#include "draft.h"
#include "format.h"
#include "scalar.h"

/* ---------------------------------------------------------------- devices */

/* What a device takes from its profile, and whether they fit. */
static void use_profile(struct draft *d, struct draft_device *device, const struct draft_profile *profile)
{
    const struct yaml_node *node = yaml_get(device->node, "profile");

    if (yaml_get(device->node, "interval") == NULL)
        device->config.interval_ms = profile->interval_ms;
    if (yaml_get(device->node, "timeout") == NULL)
        device->config.timeout_ms = profile->timeout_ms;
    device->config.quiet_ms = profile->quiet_ms;
    device->config.max_registers = profile->max_registers;
    device->config.max_gap = profile->max_gap;
    device->config.pause_ms = profile->pause_ms;
    device->config.n_holes = profile->n_holes;
    memcpy(device->config.holes, profile->holes, sizeof device->config.holes);
    if (profile->status == STATUS_UNVERIFIED && !device->accept_unverified)
        problems_at(d->problems, node,
                    "the profile '%s' was never checked against a device; check it, and write "
                    "'accept_unverified: true' at the device",
                    profile->id);
    if (device->bus < 0)
        return;
    bool tcp = d->buses[device->bus].config.kind == BUS_TCP;
    if (!d->buses[device->bus].broken && !(tcp ? profile->tcp : profile->rtu))
        problems_at(d->problems, node, "the profile '%s' is for %s, and the bus '%s' is %s", profile->id,
                    profile->tcp ? "tcp" : "rtu", d->buses[device->bus].node->key, tcp ? "tcp" : "rtu");
}

static bool shares_gateway(const struct draft *d, const struct draft_device *device)
{
    size_t n = 0;
    if (device->bus < 0 || d->buses[device->bus].config.kind != BUS_TCP)
        return false;
    for (size_t i = 0; i < d->n_devices; i++)
        n += d->devices[i].bus == device->bus;
    return n > 1;
}

/* A poll that may take longer than until the next one is due would never be on time. Behind a gateway it is
 * the gateway that must have the time to say that a unit is silent: there the timeout may be twice as long,
 * as no other device waits longer than that. */
static void check_times(struct draft *d, const struct draft_device *device)
{
    char interval[DURATION_TEXT_MAX];
    char timeout[DURATION_TEXT_MAX];
    const struct yaml_node *node = yaml_get(device->node, "timeout");
    bool gateway = shares_gateway(d, device);
    uint32_t most_ms = device->config.interval_ms * (gateway ? 2 : 1);

    /* 0: not known. */
    if (device->config.interval_ms == 0 || device->config.timeout_ms <= most_ms)
        return;
    if (node == NULL)
        node = yaml_get(device->node, "interval");
    if (node == NULL)
        node = device->node;
    problems_at(d->problems, node, "the timeout (%s) is longer than %s (%s)",
                scalar_print_duration(timeout, device->config.timeout_ms),
                gateway ? "two intervals" : "the interval", scalar_print_duration(interval, most_ms));
}

/* A heartbeat that is not looked at in time would seem to stand still. */
static void check_heartbeats(struct draft *d, const struct draft_device *device,
                             const struct draft_profile *profile)
{
    char interval[DURATION_TEXT_MAX];
    char within[DURATION_TEXT_MAX];
    const struct yaml_node *node = yaml_get(device->node, "interval");

    for (size_t i = 0; i < profile->n_registers; i++) {
        const struct draft_register *reg = &d->registers[profile->first_register + i];
        if (!reg->is_guard || reg->broken || reg->rule.kind != GUARD_HEARTBEAT ||
            device->config.interval_ms < reg->rule.within_ms)
            continue;
        problems_at(d->problems, node != NULL ? node : device->node,
                    "an interval of %s is too long to see the heartbeat '%.64s' change within %s",
                    scalar_print_duration(interval, device->config.interval_ms), reg->node->key,
                    scalar_print_duration(within, reg->rule.within_ms));
    }
}

void resolve_devices(struct draft *d)
{
    for (size_t i = 0; i < d->n_devices; i++) {
        struct draft_device *device = &d->devices[i];
        if (device->bus_node != NULL)
            device->bus = draft_find(d, NAMES_BUS, 0, device->bus_node, "bus");
        if (device->bus >= 0) {
            device->config.bus = (uint16_t)device->bus;
            if (d->buses[device->bus].config.kind == BUS_RTU && !d->buses[device->bus].broken &&
                device->unit != UNIT_UNKNOWN && (device->unit == 0 || device->unit > 247))
                problems_at(d->problems, yaml_get(device->node, "unit"),
                            "%u is out of range: 1 to 247 on RTU", device->config.unit);
        }
        if (device->profile >= 0 && d->profiles[device->profile].root != NULL)
            use_profile(d, device, &d->profiles[device->profile]);
    }
    for (size_t i = 0; i < d->n_devices; i++) { /* when it is known who shares a bus */
        struct draft_device *device = &d->devices[i];
        check_times(d, device);
        if (device->profile >= 0)
            check_heartbeats(d, device, &d->profiles[device->profile]);
    }
}

/* ---------------------------------------------------------------- points */

/* Takes what the point sets instead of the profile. unit NULL: not known. */
static void read_overrides(struct draft *d, struct draft_point *point, const char *unit)
{
    struct reg_format *format = &point->config.format;

    if (point->resolution != NULL)
        (void)format_resolution(d->problems, point->resolution, unit, &format->decimals);
    if (point->offset != NULL && scalar_number(d->problems, point->offset, unit, &format->offset) &&
        unit != NULL && !format_fits(format->offset, format->decimals))
        problems_at(
            d->warnings, point->offset,
            "the offset is finer than the resolution, so values are rounded; write a finer 'resolution'");
    if (point->plausible != NULL)
        format->has_range = format_plausible(d->problems, point->plausible, unit, &format->plausible_min,
                                             &format->plausible_max) ||
                            format->has_range;
}

static void override_format(struct draft *d, struct draft_point *point)
{
    struct reg_format *format = &point->config.format;
    const struct yaml_node *overrides[] = {point->resolution, point->plausible, point->offset,
                                           point->two_point, point->calibration};
    size_t before = d->problems->n;

    for (size_t i = 0; i < COUNT_OF(overrides) && format->n_states > 0; i++) {
        if (overrides[i] != NULL)
            problems_at_key(d->problems, overrides[i],
                            "'%s' has no meaning here: the register '%s' has states", overrides[i]->key,
                            point->config.register_name);
    }
    if (format->n_states > 0) {
        point->broken = false;
        return;
    }
    if (point->two_point != NULL && point->offset != NULL)
        problems_at_key(d->problems, point->offset, "'offset' has no meaning beside 'two_point'");
    if (point->two_point != NULL)
        (void)two_point_apply(d, point->two_point, point);
    read_overrides(d, point, point->config.unit);
    point->broken = d->problems->n > before;
    if (point->broken)
        return;
    format_reach(format, &point->low, &point->high);
    if (point->low > point->high) {
        problems_at_key(d->problems, point->plausible != NULL ? point->plausible : point->node,
                        "no value of register '%s' lies in the point's plausible range",
                        point->config.register_name);
        point->broken = true;
    }
}

static void check_no_data(struct draft *d, struct draft_point *point, const struct draft_device *device)
{
    uint32_t poll_ms = device->config.interval_ms + device->config.timeout_ms;
    uint32_t usual_ms = 3 * device->config.interval_ms + device->config.timeout_ms;
    char text[DURATION_TEXT_MAX];

    if (device->config.interval_ms == 0 || device->config.timeout_ms == 0)
        return; /* not known */
    if (point->no_data_after_ms == 0)
        point->no_data_after_ms = usual_ms > 10000 ? usual_ms : 10000;
    else if (point->no_data_after_ms <= poll_ms)
        problems_at(d->problems, yaml_get(point->node, "no_data_after"),
                    "a healthy device would have no data; it must be longer than interval and timeout (%s)",
                    scalar_print_duration(text, poll_ms));
}

/* The register that the point names, or NULL when it is not known. */
static const struct draft_register *find_register(struct draft *d, struct draft_point *point)
{
    if (point->device_node != NULL)
        point->device = draft_find(d, NAMES_DEVICE, 0, point->device_node, "device");
    if (point->device < 0)
        return NULL;
    struct draft_device *device = &d->devices[point->device];
    device->used = true;
    device->n_points++;
    point->config.device = (uint16_t)point->device;
    check_no_data(d, point, device);
    if (device->profile < 0 || d->profiles[device->profile].n_registers == 0 || point->register_node == NULL)
        return NULL;
    const struct draft_profile *profile = &d->profiles[device->profile];
    char what[ID_MAX + 32];
    (void)snprintf(what, sizeof what, "register of profile '%s'", profile->id);
    int index = draft_find(d, NAMES_REGISTER, (size_t)device->profile, point->register_node, what);
    if (index < 0 || d->registers[index].broken)
        return NULL;
    point->reg = index;
    return &d->registers[index];
}

static void resolve_point(struct draft *d, struct draft_point *point)
{
    const struct draft_register *reg = find_register(d, point);

    if (reg == NULL) {
        point->broken = true;
        read_overrides(d, point, NULL);
        return;
    }
    point->config.table = reg->table;
    point->config.address = reg->address;
    point->config.format = reg->format;
    memcpy(point->config.unit, reg->unit, sizeof point->config.unit);
    (void)snprintf(point->config.register_name, sizeof point->config.register_name, "%s", reg->node->key);
    if (point->config.name.text[LANGUAGE_EN][0] == '\0')
        point->config.name = reg->name;
    override_format(d, point);
}

void resolve_points(struct draft *d)
{
    for (size_t i = 0; i < d->n_points; i++) {
        if (!d->points[i].derived)
            resolve_point(d, &d->points[i]);
    }
    for (size_t i = 0; i < d->n_points && !d->no_memory; i++)
        read_calibrations(d, &d->points[i], i);
}
