#include <string.h>

#include "draft.h"
#include "scalar.h"

struct asset_parts {
    struct bilingual name;
    enum asset_kind kind;
    const struct yaml_node *points, *alarms, *exposure, *vessel, *supply, *runs;
};

static const struct field asset_fields[] = {
    {"name", FIELD_BILINGUAL, FIELD_OF(struct asset_parts, name), .max = NAME_MAX_BYTES},
    {"kind", FIELD_CHOICE, FIELD_OF(struct asset_parts, kind), .flags = FIELD_REQUIRED,
     .choices = draft_asset_kinds},
    {"points", FIELD_NODE, NODE_OF(struct asset_parts, points), .flags = FIELD_REQUIRED},
    {"alarms", FIELD_NODE, NODE_OF(struct asset_parts, alarms)},
    {"exposure", FIELD_NODE, NODE_OF(struct asset_parts, exposure)},
    {"vessel", FIELD_NODE, NODE_OF(struct asset_parts, vessel)},
    {"supply", FIELD_NODE, NODE_OF(struct asset_parts, supply)},
    {"runs", FIELD_NODE, NODE_OF(struct asset_parts, runs)},
};

static const struct field point_fields[] = {
    {"device", FIELD_NODE, NODE_OF(struct draft_point, device_node), .flags = FIELD_REQUIRED},
    {"register", FIELD_NODE, NODE_OF(struct draft_point, register_node), .flags = FIELD_REQUIRED},
    {"name", FIELD_BILINGUAL, FIELD_OF(struct draft_point, config.name), .max = NAME_MAX_BYTES},
    {"no_data_after", FIELD_DURATION, FIELD_OF(struct draft_point, no_data_after_ms), .min = 1000,
     .max = DAY_MS},
    {"trend_over", FIELD_DURATION, FIELD_OF(struct draft_point, trend_over_ms), .min = MINUTE_MS,
     .max = ALARM_WINDOW_MAX_MS},
    {"resolution", FIELD_NODE, NODE_OF(struct draft_point, resolution)},
    {"plausible", FIELD_NODE, NODE_OF(struct draft_point, plausible)},
    {"offset", FIELD_NODE, NODE_OF(struct draft_point, offset)},
    {"two_point", FIELD_NODE, NODE_OF(struct draft_point, two_point)},
    {"calibration", FIELD_NODE, NODE_OF(struct draft_point, calibration)},
};

/* Topics stand beside these names, and cryomon's own alarms belong to "system". */
static const char *const reserved_ids[] = {"system", "status", "heartbeat", "events", "cmd", "devices"};

/* A point's automatic alarms are called "<point>-no-data" and "<point>-bad". */
#define POINT_ID_MAX (ID_MAX - (sizeof "-no-data" - 1))

static void read_point(struct draft *d, size_t asset, const struct yaml_node *node)
{
    struct draft_point *grown = draft_grow(d, d->points, d->n_points, sizeof *grown);

    if (grown == NULL)
        return;
    d->points = grown;
    struct draft_point *point = &grown[d->n_points];
    if (!draft_name(d, NAMES_POINT, asset, node, d->n_points, POINTS_MAX, point->config.id))
        return;
    d->n_points++;
    d->assets[asset].n_points++;
    point->node = node;
    point->config.asset = (uint16_t)asset;
    point->device = point->reg = point->lowest_high = point->highest_low = -1;
    (void)fields_walk(d->problems, node, "a point", point_fields, COUNT_OF(point_fields), point);
    if (strlen(point->config.id) >= POINT_ID_MAX)
        problems_at_key(d->problems, node, "'%.64s' is too long: %zu characters, at most %zu for a point",
                        node->key, strlen(node->key), POINT_ID_MAX - 1);
}

/* False: there is no such mapping. */
static bool read_children(struct draft *d, size_t asset, const struct yaml_node *node, const char *what,
                          void (*read)(struct draft *, size_t, const struct yaml_node *))
{
    if (node == NULL || !fields_is_mapping(d->problems, node, what))
        return false;
    for (const struct yaml_node *child = node->first; child != NULL && !d->no_memory; child = child->next)
        read(d, asset, child);
    return true;
}

static void read_asset(struct draft *d, const struct yaml_node *node, size_t index)
{
    struct asset_parts parts = {.kind = ASSET_TANK};
    struct draft_asset *asset = &d->assets[index];

    asset->node = node;
    asset->first_point = d->n_points;
    asset->first_alarm = d->n_alarms;
    asset->vessel = asset->supply = asset->freezer = -1;
    (void)fields_walk(d->problems, node, "an asset", asset_fields, COUNT_OF(asset_fields), &parts);
    asset->config.name = parts.name;
    asset->config.kind = parts.kind;
    read_exposure(d, parts.exposure, &asset->config);
    bool has_points = read_children(d, index, parts.points, "'points'", read_point);
    d->assets[index].no_points = !has_points || parts.points->first == NULL;
    if (has_points && parts.points->first == NULL)
        problems_at_key(d->problems, parts.points, "an asset has at least one point");
    (void)read_children(d, index, parts.alarms, "'alarms'", read_alarm);
    /* What is derived stands behind the points that are read. */
    if (parts.vessel != NULL)
        read_vessel(d, index, parts.vessel);
    if (parts.supply != NULL)
        read_supply(d, index, parts.supply);
    if (parts.runs != NULL)
        read_runs(d, index, parts.runs);
}

void read_assets(struct draft *d, const struct yaml_node *node)
{
    if (!fields_is_mapping(d->problems, node, "'assets'")) {
        d->lost[NAMES_ASSET] = true;
        return;
    }
    for (const struct yaml_node *child = node->first; child != NULL && !d->no_memory; child = child->next) {
        struct draft_asset *grown = draft_grow(d, d->assets, d->n_assets, sizeof *grown);
        if (grown == NULL)
            return;
        d->assets = grown;
        /* assets[0] of the configuration is the system itself. */
        if (!draft_name(d, NAMES_ASSET, 0, child, d->n_assets, ASSETS_MAX - 1, grown[d->n_assets].config.id))
            return;
        for (size_t i = 0; i < COUNT_OF(reserved_ids); i++) {
            if (strcmp(child->key, reserved_ids[i]) == 0)
                problems_at_key(d->problems, child, "'%s' is reserved for cryomon itself; choose another id",
                                child->key);
        }
        read_asset(d, child, d->n_assets++);
    }
}
