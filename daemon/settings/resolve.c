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
    for (size_t i = 0; i < d->n_points; i++)
        resolve_point(d, &d->points[i]);
    for (size_t i = 0; i < d->n_points && !d->no_memory; i++)
        read_calibrations(d, &d->points[i], i);
}

/* ---------------------------------------------------------------- alarms */

/* One state's name: true with *ret set. */
static bool find_state(struct draft *d, const struct draft_point *point, const struct yaml_node *node,
                       micro_t *ret)
{
    const struct reg_format *format = &point->config.format;
    struct suggest s;
    char hint[SUGGEST_TEXT_MAX];

    if (!scalar_is_value(d->problems, node, "the name of a state"))
        return false;
    suggest_begin(&s, node->text);
    for (unsigned i = 0; i < format->n_states; i++) {
        if (strcmp(format->states[i].name, node->text) == 0) {
            *ret = format->states[i].value * MICRO_PER_UNIT;
            return true;
        }
        suggest_try(&s, format->states[i].name);
    }
    problems_at(d->problems, node, "register '%s' has no state '%.40s'%s", point->config.register_name,
                node->text, suggest_text(&s, hint));
    return false;
}

static void add_state(struct draft *d, struct draft_alarm *alarm, const struct yaml_node *node)
{
    micro_t state;

    if (!find_state(d, &d->points[alarm->point], node, &state)) {
        alarm->broken = true;
        return;
    }
    for (unsigned i = 0; i < alarm->model.n_states; i++) {
        if (alarm->model.states[i] == state) {
            problems_at(d->problems, node, "the state '%.40s' stands twice in the list", node->text);
            alarm->broken = true;
            return;
        }
    }
    alarm->model.states[alarm->model.n_states++] = state;
}

static void resolve_states(struct draft *d, struct draft_alarm *alarm, const struct draft_point *point)
{
    const struct yaml_node *node = alarm->state;

    if (point->config.format.n_states == 0) {
        problems_at_key(d->problems, node, "point '%s' is a number; write 'high' or 'low'", point->node->key);
        alarm->broken = true;
        return;
    }
    if (node->kind != YAML_SEQUENCE) {
        add_state(d, alarm, node);
    } else if (node->n_children == 0 || node->n_children > ALARM_STATES_MAX) {
        problems_at(d->problems, node, "the name of a state, or a list of 1 to %d, is wanted here",
                    ALARM_STATES_MAX);
        alarm->broken = true;
    } else {
        for (const struct yaml_node *child = node->first; child != NULL; child = child->next)
            add_state(d, alarm, child);
    }
    if (!alarm->broken && alarm->model.n_states == point->config.format.n_states) {
        problems_at(d->problems, node, "the alarm can never be over: these are all states of register '%s'",
                    point->config.register_name);
        alarm->broken = true;
    }
}

/* A limit or a deadband, in the point's unit and not finer than its resolution. point NULL: not known. */
static bool read_value(struct draft *d, const struct yaml_node *node, const struct draft_point *point,
                       micro_t *ret)
{
    char step[FORMAT_TEXT_MAX];
    micro_t value;
    micro_t resolution = MICRO_PER_UNIT;

    if (!scalar_number(d->problems, node, point != NULL ? point->config.unit : NULL, &value))
        return false;
    if (point != NULL && !format_fits(value, point->config.format.decimals)) {
        for (unsigned i = 0; i < point->config.format.decimals; i++)
            resolution /= 10;
        problems_at(d->problems, node, "'%.40s' is finer than the point's resolution of %s", node->text,
                    format_print(step, resolution, point->config.unit));
        return false;
    }
    *ret = value;
    return true;
}

static void read_limit(struct draft *d, struct draft_alarm *alarm, const struct draft_point *point)
{
    const struct yaml_node *limits[] = {alarm->high, alarm->low};

    for (size_t i = 0; i < COUNT_OF(limits); i++) {
        if (limits[i] != NULL && !read_value(d, limits[i], point, &alarm->model.limit))
            alarm->broken = true;
    }
    if (alarm->deadband == NULL)
        return;
    if (!read_value(d, alarm->deadband, point, &alarm->model.deadband)) {
        alarm->broken = true;
    } else if (alarm->model.deadband < 0) {
        problems_at(d->problems, alarm->deadband, "a deadband is not negative");
        alarm->broken = true;
    }
}

/* The point is not known: what is no number anywhere is a mistake all the same. */
static void check_values(struct draft *d, struct draft_alarm *alarm)
{
    if (alarm->state != NULL && alarm->state->kind != YAML_SEQUENCE)
        (void)scalar_is_value(d->problems, alarm->state, "the name of a state");
    if (alarm->high != NULL || alarm->low != NULL)
        read_limit(d, alarm, NULL);
}

static void resolve_limit(struct draft *d, struct draft_alarm *alarm, const struct draft_point *point)
{
    if (point->config.format.n_states > 0) {
        problems_at_key(d->problems, alarm->high != NULL ? alarm->high : alarm->low,
                        "point '%s' has states, not numbers; write 'state'", point->node->key);
        alarm->broken = true;
        return;
    }
    read_limit(d, alarm, point);
}

static void resolve_alarm(struct draft *d, struct draft_alarm *alarm, size_t asset)
{
    if (alarm->point_node != NULL && !d->assets[asset].no_points)
        alarm->point = draft_find(d, NAMES_POINT, asset, alarm->point_node, "point of this asset");
    if (alarm->point < 0) {
        check_values(d, alarm);
        return;
    }
    struct draft_point *point = &d->points[alarm->point];
    alarm->model.point = (uint16_t)alarm->point;
    if (!point->has_alarm || alarm->model.priority > point->priority)
        point->priority = alarm->model.priority;
    point->has_alarm = true;
    if (point->broken) {
        check_values(d, alarm);
        return;
    }
    if (alarm->state != NULL)
        resolve_states(d, alarm, point);
    if (alarm->high != NULL || alarm->low != NULL)
        resolve_limit(d, alarm, point);
}

void resolve_alarms(struct draft *d)
{
    for (size_t i = 0; i < d->n_assets; i++) {
        const struct draft_asset *asset = &d->assets[i];
        for (size_t k = 0; k < asset->n_alarms; k++) {
            struct draft_alarm *alarm = &d->alarms[asset->first_alarm + k];
            resolve_alarm(d, alarm, i);
            if (alarm->point < 0)
                alarm->broken = true;
        }
    }
}
