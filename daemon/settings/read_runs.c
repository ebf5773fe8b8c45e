/* What stands at a freezer of its runs. See cryomon.yaml(5). */
#include <string.h>

#include "draft.h"

#define INPUT(which) NODE_OF(struct draft_freezer, inputs[FREEZER_INPUT_##which])

static const struct field runs_fields[] = {
    {"chamber", FIELD_NODE, INPUT(CHAMBER), .flags = FIELD_REQUIRED},
    {"sample", FIELD_NODE, INPUT(SAMPLE)},
    {"setpoint", FIELD_NODE, INPUT(SETPOINT)},
    {"segment", FIELD_NODE, INPUT(SEGMENT)},
    {"status", FIELD_NODE, INPUT(STATUS)},
    {"lid", FIELD_NODE, INPUT(LID)},
    {"power", FIELD_NODE, INPUT(POWER)},
    {"ln2", FIELD_NODE, INPUT(LN2)},
    {"program", FIELD_NODE, NODE_OF(struct draft_freezer, program)},
    {"gap", FIELD_DURATION, FIELD_OF(struct draft_freezer, gap_ms), .min = 1000, .max = HOUR_MS},
    {"lost_after", FIELD_DURATION, FIELD_OF(struct draft_freezer, lost_ms), .min = MINUTE_MS, .max = DAY_MS},
    {"deviation_after", FIELD_DURATION, FIELD_OF(struct draft_freezer, deviation_ms), .min = 0,
     .max = HOUR_MS},
    {"sample_lag", FIELD_DURATION, FIELD_OF(struct draft_freezer, lag_ms), .min = 0, .max = 10 * MINUTE_MS},
    {"interval", FIELD_DURATION, FIELD_OF(struct draft_freezer, config.run_interval_ms), .min = 100,
     .max = HOUR_MS},
    {"expected", FIELD_NODE, NODE_OF(struct draft_freezer, expected)},
    {"late_after", FIELD_DURATION, FIELD_OF(struct draft_freezer, config.late_after_ms), .min = MINUTE_MS,
     .max = DAY_MS},
};

void read_runs(struct draft *d, size_t asset, const struct yaml_node *node)
{
    struct draft_freezer *grown;

    if (d->assets[asset].config.kind != ASSET_FREEZER) {
        if (yaml_get(d->assets[asset].node, "kind") != NULL)
            problems_at_key(d->problems, node, "'runs' belongs to an asset of kind freezer; this one is a %s",
                            asset_kind_name(d->assets[asset].config.kind));
        return;
    }
    if (d->n_freezers >= FREEZERS_MAX) {
        problems_at_key(d->problems, node, "too many freezers: at most %d", FREEZERS_MAX);
        return;
    }
    grown = draft_grow(d, d->freezers, d->n_freezers, sizeof *grown);
    if (grown == NULL)
        return;
    d->freezers = grown;
    struct draft_freezer *f = &grown[d->n_freezers];
    f->node = node;
    f->config.asset = (uint16_t)asset;
    f->config.program = -1;
    f->config.setup.due_us = FREEZER_NONE;
    for (unsigned i = 0; i < FREEZER_INPUTS; i++)
        role_none(&f->config.inputs[i]);
    for (unsigned i = 0; i < FREEZER_ALARM_COUNT; i++)
        f->config.alarms[i] = -1;
    f->lost_ms = (uint32_t)(FREEZER_LOST_US / 1000);
    f->deviation_ms = (uint32_t)(FREEZER_AFTER_US / 1000);
    f->config.late_after_ms = 30 * MINUTE_MS;
    (void)fields_walk(d->problems, node, "'runs'", runs_fields, COUNT_OF(runs_fields), f);
    d->assets[asset].freezer = (int)d->n_freezers++;
    derived_add_points(d, asset, node, DERIVED_OF_FREEZER, f->config.points);
}
