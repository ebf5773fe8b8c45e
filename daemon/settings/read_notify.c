/* Who tells when nobody else does, drills, and manual rounds: the sections notify, drill and rounds. */
#include <string.h>

#include "draft.h"
#include "pattern.h"
#include "scalar.h"

static const struct field fallback_fields[] = {
    {"command", FIELD_NODE, NODE_OF(struct draft_notify, command), .flags = FIELD_REQUIRED},
    {"repeat", FIELD_DURATION, FIELD_OF(struct draft_notify, config.fallback.repeat_ms), .min = MINUTE_MS,
     .max = DAY_MS},
    {"timeout", FIELD_DURATION, FIELD_OF(struct draft_notify, config.fallback.timeout_ms), .min = 1000,
     .max = 10 * MINUTE_MS},
    {"priority", FIELD_CHOICE, FIELD_OF(struct draft_notify, config.fallback.priority),
     .choices = draft_priorities},
};

static const struct field relay_fields[] = {
    {"device", FIELD_NODE, NODE_OF(struct draft_notify, relay_device), .flags = FIELD_REQUIRED},
    {"coil", FIELD_NODE, NODE_OF(struct draft_notify, coil)},
    {"register", FIELD_NODE, NODE_OF(struct draft_notify, reg)},
    {"on", FIELD_NODE, NODE_OF(struct draft_notify, on)},
    {"off", FIELD_NODE, NODE_OF(struct draft_notify, off)},
};

struct notify_section {
    bool expected;
    uint32_t silent_after_ms;
    const struct yaml_node *fallback, *relay;
};

static const struct field notify_fields[] = {
    {"expected", FIELD_BOOL, FIELD_OF(struct notify_section, expected)},
    {"silent_after", FIELD_DURATION, FIELD_OF(struct notify_section, silent_after_ms), .min = 20000,
     .max = HOUR_MS},
    {"fallback", FIELD_NODE, NODE_OF(struct notify_section, fallback)},
    {"relay", FIELD_NODE, NODE_OF(struct notify_section, relay)},
};

/* [/usr/bin/logger, -p, daemon.crit]: no shell takes it apart, so it is written in parts. */
static void read_command(struct draft *d, const struct yaml_node *node, struct fallback_config *ret)
{
    if (node->kind != YAML_SEQUENCE || node->n_children == 0 || node->n_children > FALLBACK_ARGUMENTS_MAX) {
        problems_at(d->problems, node,
                    "a list of 1 to %d is wanted here, the program first: [/usr/local/bin/siren, \"on\"]",
                    FALLBACK_ARGUMENTS_MAX);
        return;
    }
    for (const struct yaml_node *child = node->first; child != NULL; child = child->next) {
        char *to = ret->arguments[ret->n_arguments++];
        if (child == node->first)
            (void)scalar_path(d->problems, child, to, sizeof ret->arguments[0]);
        else
            (void)scalar_text(d->problems, child, to, sizeof ret->arguments[0]);
    }
}

static void read_relay_values(struct draft *d, struct draft_notify *notify, bool coil)
{
    struct relay_config *relay = &notify->config.relay;
    const struct yaml_node *nodes[] = {notify->on, notify->off};
    int64_t values[] = {1, 0};
    bool ok = true;

    for (size_t i = 0; i < COUNT_OF(nodes); i++)
        if (nodes[i] != NULL)
            ok = scalar_integer(d->problems, nodes[i], true, 0, coil ? 1 : UINT16_MAX, &values[i]) && ok;
    if (ok && values[0] == values[1])
        problems_at_key(d->problems, notify->on != NULL ? notify->on : notify->off,
                        "'on' and 'off' are the same: the relay would never move");
    relay->on = (uint16_t)values[0];
    relay->off = (uint16_t)values[1];
}

static void read_relay(struct draft *d, const struct yaml_node *node)
{
    struct draft_notify *notify = &d->notify;
    struct relay_config *relay = &notify->config.relay;
    int64_t address = 0;

    if (!fields_walk(d->problems, node, "'relay'", relay_fields, COUNT_OF(relay_fields), notify) &&
        node->kind != YAML_MAPPING)
        return;
    const struct yaml_node *place = notify->coil != NULL ? notify->coil : notify->reg;
    if ((notify->coil != NULL) == (notify->reg != NULL)) {
        problems_at_key(d->problems, place != NULL ? notify->reg : node,
                        "a relay has exactly one of 'coil' and 'register'%s",
                        place == NULL ? "; it is missing" : "");
    } else if (scalar_integer(d->problems, place, true, 0, UINT16_MAX, &address)) {
        relay->enabled = true;
    }
    relay->table = notify->coil != NULL ? TABLE_COIL : TABLE_HOLDING;
    relay->address = (uint16_t)address;
    read_relay_values(d, notify, notify->coil != NULL);
}

void notify_defaults(struct draft *d)
{
    d->notify.config = (struct notify_config){
        .silent_after_ms = MINUTE_MS,
        .fallback = {.repeat_ms = 5 * MINUTE_MS, .timeout_ms = 30000, .priority = PRIORITY_HIGH}};
    d->drill = (struct drill_config){.at_minute = 10 * 60, .confirm_within_ms = 30 * MINUTE_MS};
    d->rounds.config = (struct rounds_config){
        .every_ms = 4 * HOUR_MS, .grace_ms = 30 * MINUTE_MS, .unattended_after_ms = 10 * MINUTE_MS};
}

void read_notify(struct draft *d, const struct yaml_node *section)
{
    struct notify_config *config = &d->notify.config;
    struct notify_section parts = {true, config->silent_after_ms, NULL, NULL};

    (void)fields_walk(d->problems, section, "'notify'", notify_fields, COUNT_OF(notify_fields), &parts);
    read_repeated(d, "notify", section, notify_fields, COUNT_OF(notify_fields));
    /* The section in one file must not undo what it says in another. */
    if (yaml_get(section, "expected") != NULL || draft_setting(d, "notify", "expected") == NULL)
        config->expected = parts.expected;
    config->silent_after_ms = parts.silent_after_ms;
    if (parts.fallback != NULL) {
        (void)fields_walk(d->problems, parts.fallback, "'fallback'", fallback_fields,
                          COUNT_OF(fallback_fields), &d->notify);
        if (d->notify.command != NULL && config->fallback.n_arguments == 0)
            read_command(d, d->notify.command, &config->fallback);
    }
    if (parts.relay != NULL && d->notify.relay_device == NULL)
        read_relay(d, parts.relay);
}

/* The relay is the only thing that cryomond ever writes to a device: which one must be beyond doubt. */
void check_notify(struct draft *d)
{
    struct draft_notify *notify = &d->notify;

    if (notify->config.expected && draft_setting(d, "mqtt", NULL) == NULL && !d->incomplete)
        problems_at_key(d->problems, draft_setting(d, "notify", NULL),
                        "'notify' needs the section 'mqtt': cryonotify hears of alarms there");
    if (notify->relay_device == NULL)
        return;
    const int device = draft_find(d, NAMES_DEVICE, 0, notify->relay_device, "device");
    if (device < 0)
        return;
    notify->config.relay.device = (uint16_t)device;
    d->devices[device].used = true;
    for (size_t i = 0; i < d->n_points; i++) {
        const struct draft_point *point = &d->points[i];
        const struct draft_asset *asset = &d->assets[point->config.asset];
        if (point->device != device ||
            (asset->config.kind != ASSET_TANK && asset->config.kind != ASSET_FREEZER))
            continue;
        problems_at(
            d->warnings, notify->relay_device,
            "device '%.64s' also speaks for '%.64s': make sure that the address is a relay of its own",
            notify->relay_device->text, asset->node->key);
        return;
    }
}

/* ---------------------------------------------------------------- drills */

struct drill_section {
    struct drill_config config;
    const struct yaml_node *at;
};

static const struct field drill_fields[] = {
    {"every", FIELD_DAYS, FIELD_OF(struct drill_section, config.every_days), .min = 1, .max = 366},
    {"at", FIELD_NODE, NODE_OF(struct drill_section, at)},
    {"confirm_within", FIELD_DURATION, FIELD_OF(struct drill_section, config.confirm_within_ms),
     .min = MINUTE_MS, .max = DAY_MS},
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* "10:00" */
static void read_time_of_day(struct draft *d, const struct yaml_node *node, uint16_t *ret_minute)
{
    const char *p = node->text;

    if (!scalar_is_value(d->problems, node, "a time of day"))
        return;
    if (strlen(p) == 5 && is_digit(p[0]) && is_digit(p[1]) && p[2] == ':' && is_digit(p[3]) &&
        is_digit(p[4])) {
        const unsigned hour = (unsigned)((p[0] - '0') * 10 + p[1] - '0');
        const unsigned minute = (unsigned)((p[3] - '0') * 10 + p[4] - '0');
        if (hour < 24 && minute < 60) {
            *ret_minute = (uint16_t)(hour * 60 + minute);
            return;
        }
    }
    problems_at(d->problems, node, "'%.40s' is not a time of day from 00:00 to 23:59", p);
}

void read_drill(struct draft *d, const struct yaml_node *section)
{
    struct drill_section parts = {.config = d->drill};

    (void)fields_walk(d->problems, section, "'drill'", drill_fields, COUNT_OF(drill_fields), &parts);
    read_repeated(d, "drill", section, drill_fields, COUNT_OF(drill_fields));
    d->drill = parts.config;
    if (parts.at != NULL)
        read_time_of_day(d, parts.at, &d->drill.at_minute);
}

/* Its settings may stand in several files: only when all are read something is missing. */
void check_drill(struct draft *d)
{
    const struct yaml_node *section = draft_setting(d, "drill", NULL);

    if (section != NULL && section->kind == YAML_MAPPING && !d->incomplete &&
        draft_setting(d, "drill", "every") == NULL)
        problems_at_key(d->problems, section, "'every' is missing in 'drill'");
}

/* ---------------------------------------------------------------- rounds */

static const struct field rounds_fields[] = {
    {"every", FIELD_DURATION, FIELD_OF(struct draft_rounds, config.every_ms), .min = 10 * MINUTE_MS,
     .max = 7 * DAY_MS},
    {"grace", FIELD_DURATION, FIELD_OF(struct draft_rounds, config.grace_ms), .min = MINUTE_MS,
     .max = DAY_MS},
    {"unattended_after", FIELD_DURATION, FIELD_OF(struct draft_rounds, config.unattended_after_ms),
     .min = MINUTE_MS, .max = DAY_MS},
    {"kinds", FIELD_NODE, NODE_OF(struct draft_rounds, kinds)},
    {"assets", FIELD_NODE, NODE_OF(struct draft_rounds, assets)},
};

void read_rounds(struct draft *d, const struct yaml_node *section)
{
    (void)fields_walk(d->problems, section, "'rounds'", rounds_fields, COUNT_OF(rounds_fields), &d->rounds);
    read_repeated(d, "rounds", section, rounds_fields, COUNT_OF(rounds_fields));
}

static void choose_kinds(struct draft *d, bool of_kind[ASSET_SYSTEM])
{
    const struct yaml_node *node = d->rounds.kinds;

    if (node->kind != YAML_SEQUENCE) {
        problems_at(d->problems, node, "a list of kinds of assets is wanted here: [tank, freezer]");
        return;
    }
    of_kind[ASSET_TANK] = of_kind[ASSET_FREEZER] = false;
    for (const struct yaml_node *child = node->first; child != NULL; child = child->next) {
        int kind = -1;
        if (fields_choice(d->problems, child, draft_asset_kinds, &kind))
            of_kind[kind] = true;
    }
}

static void choose_assets(struct draft *d)
{
    const struct yaml_node *node = d->rounds.assets;

    for (size_t i = 0; i < d->n_assets; i++)
        d->assets[i].rounds = false;
    if (node->kind != YAML_SEQUENCE) {
        problems_at(d->problems, node, "a list of assets is wanted here: [\"tank-*\", freezer-1]");
        return;
    }
    for (const struct yaml_node *child = node->first; child != NULL; child = child->next)
        pattern_choose_assets(d, child);
}

/* Which assets have rounds. */
void check_rounds(struct draft *d)
{
    bool of_kind[ASSET_SYSTEM] = {[ASSET_TANK] = true, [ASSET_FREEZER] = true};

    if (d->rounds.kinds != NULL && d->rounds.assets != NULL)
        problems_at_key(d->problems, d->rounds.assets, "write either 'kinds' or 'assets', not both");
    if (d->rounds.kinds != NULL)
        choose_kinds(d, of_kind);
    for (size_t i = 0; i < d->n_assets; i++)
        d->assets[i].rounds = of_kind[d->assets[i].config.kind];
    if (d->rounds.assets != NULL)
        choose_assets(d);
    if (d->rounds.config.grace_ms >= d->rounds.config.every_ms && !d->incomplete) {
        const struct yaml_node *grace = draft_setting(d, "rounds", "grace");
        const struct yaml_node *every = draft_setting(d, "rounds", "every");
        problems_at(d->problems, grace != NULL ? grace : every,
                    "the grace is as long as the time between two readings, or longer: none would ever be "
                    "overdue before the next one is due");
    }
}
