/* A point's calibrations, and an asset's thresholds of exposure: what needs a point's or an asset's unit. */
#include <string.h>

#include "draft.h"
#include "format.h"
#include "scalar.h"

#define GAIN_ONE INT64_C(1000000000)

/* Automatic alarms are called "<point>-calibration-overdue", the longest. */
#define CALIBRATED_ID_MAX (ID_MAX - (sizeof "-calibration-overdue" - 1))

struct calibration_parts {
    const struct yaml_node *from, *offset, *gain, *table, *date, *due;
    char certificate[ID_MAX], reference[NAME_MAX_BYTES];
};

static const struct field calibration_fields[] = {
    {"from", FIELD_NODE, NODE_OF(struct calibration_parts, from), .flags = FIELD_REQUIRED},
    {"offset", FIELD_NODE, NODE_OF(struct calibration_parts, offset)},
    {"gain", FIELD_NODE, NODE_OF(struct calibration_parts, gain)},
    {"table", FIELD_NODE, NODE_OF(struct calibration_parts, table)},
    {"certificate", FIELD_TEXT, FIELD_OF(struct calibration_parts, certificate)},
    {"date", FIELD_NODE, NODE_OF(struct calibration_parts, date)},
    {"due", FIELD_NODE, NODE_OF(struct calibration_parts, due)},
    {"reference", FIELD_TEXT, FIELD_OF(struct calibration_parts, reference)},
};

/* ---------------------------------------------------------------- the correction */

static void read_gain(struct draft *d, const struct yaml_node *node, struct calibration *c)
{
    micro_t gain;

    if (!scalar_number(d->problems, node, "", &gain))
        return;
    if (gain < MICRO_PER_UNIT / 10 || gain > 10 * MICRO_PER_UNIT)
        problems_at(d->problems, node, "%.40s is out of range: a gain is 0.1 to 10", node->text);
    else
        c->gain_ppb = gain * (GAIN_ONE / MICRO_PER_UNIT);
}

/* One pair; false after reporting. */
static bool read_pair(struct draft *d, const struct yaml_node *node, const char *unit, struct calibration *c)
{
    const unsigned i = c->n;

    if (node->kind != YAML_SEQUENCE || node->n_children != 2) {
        problems_at(d->problems, node, "a pair [read, real] is wanted here");
        return false;
    }
    const bool ok = scalar_number(d->problems, node->first, unit, &c->table[i].read);
    if (!scalar_number(d->problems, node->first->next, unit, &c->table[i].real) || !ok)
        return false;
    if (i > 0 && c->table[i].read <= c->table[i - 1].read) {
        problems_at(d->problems, node->first, "the values read must rise from pair to pair");
        return false;
    }
    if (i > 0 && c->table[i].real <= c->table[i - 1].real) {
        problems_at(d->problems, node->first->next, "the real values must rise with those read");
        return false;
    }
    return true;
}

static void read_table(struct draft *d, const struct yaml_node *node, const char *unit, struct calibration *c)
{
    if (node->kind != YAML_SEQUENCE || node->n_children < 2 || node->n_children > CALIBRATION_TABLE_MAX) {
        problems_at(d->problems, node, "a table has 2 to %d pairs: [[read, real], [read, real]]",
                    CALIBRATION_TABLE_MAX);
        return;
    }
    for (const struct yaml_node *pair = node->first; pair != NULL; pair = pair->next) {
        if (!read_pair(d, pair, unit, c))
            return;
        c->n++;
    }
}

static void read_correction(struct draft *d, const struct draft_point *point, const struct yaml_node *node,
                            const struct calibration_parts *parts, struct calibration *c)
{
    const char *unit = point->broken ? NULL : point->config.unit;

    c->gain_ppb = GAIN_ONE;
    if (parts->table != NULL && (parts->offset != NULL || parts->gain != NULL)) {
        problems_at_key(d->problems, parts->offset != NULL ? parts->offset : parts->gain,
                        "'%s' has no meaning beside 'table'", parts->offset != NULL ? "offset" : "gain");
        return;
    }
    if (parts->table == NULL && parts->offset == NULL && parts->gain == NULL) {
        problems_at(
            d->problems, node,
            "'offset', 'gain' or 'table' is missing; write 'offset: 0' if nothing is to be corrected");
        return;
    }
    if (parts->table != NULL)
        read_table(d, parts->table, unit, c);
    if (parts->gain != NULL)
        read_gain(d, parts->gain, c);
    if (parts->offset != NULL)
        (void)scalar_number(d->problems, parts->offset, unit, &c->offset);
}

/* ---------------------------------------------------------------- its papers */

static void warn_missing(struct draft *d, const struct yaml_node *node, const struct calibration_parts *parts)
{
    char missing[64];

    (void)snprintf(missing, sizeof missing, "%s%s%s", parts->certificate[0] == '\0' ? ", 'certificate'" : "",
                   parts->date == NULL ? ", 'date'" : "", parts->due == NULL ? ", 'due'" : "");
    if (missing[0] != '\0')
        problems_at(d->warnings, node, "a calibration without papers: it has no %s", missing + 2);
}

static void read_papers(struct draft *d, const struct yaml_node *node, const struct calibration_parts *parts,
                        struct calibration_config *c)
{
    int64_t date_us = 0;
    bool has_date = false;

    memcpy(c->certificate, parts->certificate, sizeof c->certificate);
    memcpy(c->reference, parts->reference, sizeof c->reference);
    if (parts->date != NULL)
        has_date = scalar_date(d->problems, parts->date, c->date, &date_us);
    if (parts->due != NULL && scalar_date(d->problems, parts->due, c->due, &c->due_utc_us) && has_date &&
        c->due_utc_us <= date_us)
        problems_at(d->problems, parts->due, "due (%s) is not after the calibration's date (%s)", c->due,
                    c->date);
    warn_missing(d, node, parts);
}

/* ---------------------------------------------------------------- the list */

/* Takes a place in d->calibrations, or returns NULL. */
static struct calibration_config *next_calibration(struct draft *d, struct draft_point *point,
                                                   const struct yaml_node *node)
{
    if (d->n_calibrations >= CALIBRATIONS_MAX || point->config.n_calibrations >= POINT_CALIBRATIONS_MAX) {
        problems_at(d->problems, node, "too many calibrations: at most %d of one point and %d in all",
                    POINT_CALIBRATIONS_MAX, CALIBRATIONS_MAX);
        return NULL;
    }
    struct calibration_config *grown =
        draft_grow(d, d->calibrations, d->n_calibrations, sizeof *d->calibrations);
    if (grown == NULL)
        return NULL;
    d->calibrations = grown;
    if (point->config.n_calibrations == 0)
        point->config.first_calibration = (uint32_t)d->n_calibrations;
    point->config.n_calibrations++;
    return &grown[d->n_calibrations++];
}

/* False: no more. */
static bool read_calibration(struct draft *d, struct draft_point *point, size_t index,
                             const struct yaml_node *node)
{
    struct calibration_parts parts = {.from = NULL};
    const size_t before = d->problems->n;
    struct calibration_config *c = next_calibration(d, point, node);

    if (c == NULL)
        return false;
    c->point = (uint16_t)index;
    (void)fields_walk(d->problems, node, "a calibration", calibration_fields, COUNT_OF(calibration_fields),
                      &parts);
    if (node->kind != YAML_MAPPING)
        return true;
    read_correction(d, point, node, &parts, &c->calibration);
    read_papers(d, node, &parts, c);
    if (parts.from == NULL || !scalar_moment(d->problems, parts.from, &c->from_utc_us))
        return true;
    if (point->config.n_calibrations > 1 && c->from_utc_us <= c[-1].from_utc_us)
        problems_at(d->problems, parts.from,
                    "'from' must be later than that of the calibration before it: the oldest stands first");
    if (c->due_utc_us != 0)
        point->has_due = true;
    if (!point->broken && d->problems->n == before &&
        !format_fits(c->calibration.offset, point->config.format.decimals))
        problems_at(
            d->warnings, parts.offset,
            "the offset is finer than the resolution, so values are rounded; write a finer 'resolution'");
    return true;
}

/* What an alarm is to reach, it must reach under each of them, and before the first. */
static void narrow_reach(const struct draft *d, struct draft_point *point)
{
    const unsigned decimals = point->config.format.decimals;
    const micro_t low = point->low;
    const micro_t high = point->high;

    for (unsigned i = 0; i < point->config.n_calibrations; i++) {
        const struct calibration *c = &d->calibrations[point->config.first_calibration + i].calibration;
        const micro_t lowest = calibration_apply(c, low, decimals);
        const micro_t highest = calibration_apply(c, high, decimals);
        point->low = lowest > point->low ? lowest : point->low;
        point->high = highest < point->high ? highest : point->high;
    }
}

void read_calibrations(struct draft *d, struct draft_point *point, size_t index)
{
    const struct yaml_node *node = point->calibration;
    const size_t before = d->problems->n;

    if (node == NULL || (!point->broken && point->config.format.n_states > 0))
        return; /* states: reported with what else has no meaning for them */
    if (node->kind != YAML_SEQUENCE || node->n_children == 0) {
        problems_at(d->problems, node,
                    "a list of calibrations is wanted here: [{from: 2026-01-15, offset: "
                    "-0.3, certificate: ...}]");
        return;
    }
    if (strlen(point->config.id) >= CALIBRATED_ID_MAX)
        problems_at_key(d->problems, point->node,
                        "'%.64s' is too long: %zu characters, at most %zu for a point with a calibration",
                        point->node->key, strlen(point->node->key), CALIBRATED_ID_MAX - 1);
    for (const struct yaml_node *child = node->first; child != NULL && !d->no_memory; child = child->next)
        if (!read_calibration(d, point, index, child))
            return;
    if (!point->broken && d->problems->n == before)
        narrow_reach(d, point);
}

/* ---------------------------------------------------------------- exposure */

/* What stands behind the number; "" when nothing does. */
static const char *unit_behind(const struct yaml_node *node)
{
    const char *p = node->kind == YAML_SCALAR ? node->text : "";

    p += strspn(p, "-0123456789.");
    return scalar_plain_unit(p + strspn(p, " "));
}

void read_exposure(struct draft *d, const struct yaml_node *node, struct asset_config *asset)
{
    static const micro_t usual[] = {-150 * MICRO_PER_UNIT, -135 * MICRO_PER_UNIT, -120 * MICRO_PER_UNIT};

    (void)snprintf(asset->exposure_unit, sizeof asset->exposure_unit, "°C");
    if (node == NULL) {
        memcpy(asset->exposures, usual, sizeof usual);
        asset->n_exposures = COUNT_OF(usual);
        return;
    }
    if (node->kind != YAML_SEQUENCE || node->n_children > EXPOSURES_MAX) {
        problems_at(d->problems, node, "a list of at most %d thresholds is wanted here: [-150 °C, -135 °C]",
                    EXPOSURES_MAX);
        return;
    }
    if (node->first != NULL && unit_behind(node->first)[0] != '\0')
        (void)snprintf(asset->exposure_unit, sizeof asset->exposure_unit, "%.*s", UNIT_MAX - 1,
                       unit_behind(node->first));
    for (const struct yaml_node *child = node->first; child != NULL; child = child->next) {
        const unsigned n = asset->n_exposures;
        if (!scalar_number(d->problems, child, asset->exposure_unit, &asset->exposures[n]))
            return;
        if (n > 0 && asset->exposures[n] <= asset->exposures[n - 1]) {
            problems_at(d->problems, child, "the thresholds must rise: the coldest stands first");
            return;
        }
        asset->n_exposures++;
    }
}
