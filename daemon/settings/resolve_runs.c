/* What a freezer's runs refer to: points, the words of its controller, programs, and times of the week. */
#include <string.h>

#include "draft.h"
#include "quantity.h"
#include "scalar.h"

/* ---------------------------------------------------------------- the controller's words */

struct status_parts {
    const struct yaml_node *point, *words[4]; /* by enum freezer_phase */
};

static const struct field status_fields[] = {
    {"point", FIELD_NODE, NODE_OF(struct status_parts, point), .flags = FIELD_REQUIRED},
    {"running", FIELD_NODE, NODE_OF(struct status_parts, words[FREEZER_STATUS_RUNNING]),
     .flags = FIELD_REQUIRED},
    {"held", FIELD_NODE, NODE_OF(struct status_parts, words[FREEZER_STATUS_HELD])},
    {"complete", FIELD_NODE, NODE_OF(struct status_parts, words[FREEZER_STATUS_COMPLETE])},
    {"idle", FIELD_NODE, NODE_OF(struct status_parts, words[FREEZER_STATUS_IDLE])},
};

static bool has_phase(const struct freezer_config *f, int64_t value)
{
    for (unsigned i = 0; i < f->n_phases; i++) {
        if (f->phases[i].value == value)
            return true;
    }
    return false;
}

static bool add_word(struct draft *d, struct freezer_config *f, const struct draft_point *point,
                     const struct yaml_node *node, enum freezer_phase phase)
{
    micro_t state;

    if (!resolve_state(d, point, node, &state))
        return false;
    if (has_phase(f, state / MICRO_PER_UNIT)) {
        problems_at(d->problems, node, "the state '%.40s' has a meaning already: a state means one thing",
                    node->text);
        return false;
    }
    f->phases[f->n_phases].value = state / MICRO_PER_UNIT;
    f->phases[f->n_phases++].phase = phase;
    return true;
}

static bool add_words(struct draft *d, struct freezer_config *f, const struct draft_point *point,
                      const struct yaml_node *node, enum freezer_phase phase)
{
    bool ok = true;

    if (node == NULL)
        return true;
    if (node->kind != YAML_SEQUENCE)
        return add_word(d, f, point, node, phase);
    if (node->n_children == 0)
        problems_at(d->problems, node, "the name of a state, or a list of them, is wanted here");
    for (const struct yaml_node *child = node->first; child != NULL; child = child->next)
        ok = add_word(d, f, point, child, phase) && ok;
    return ok && node->n_children > 0;
}

/* A state without a meaning would leave open whether a run goes on. */
static void check_words(struct draft *d, const struct freezer_config *f, const struct draft_point *point,
                        const struct yaml_node *node)
{
    const struct reg_format *format = &point->config.format;

    for (unsigned i = 0; i < format->n_states; i++) {
        if (!has_phase(f, format->states[i].value))
            problems_at_key(d->problems, node,
                            "state '%s' of register '%s' has no meaning here: put it to 'running', 'held', "
                            "'complete' or 'idle'",
                            format->states[i].name, point->config.register_name);
    }
}

static void resolve_status(struct draft *d, struct draft_freezer *f, const struct yaml_node *node)
{
    struct status_parts parts = {.point = NULL};
    struct freezer_config *c = &f->config;
    bool ok = fields_walk(d->problems, node, "'status'", status_fields, COUNT_OF(status_fields), &parts);

    if (parts.point == NULL)
        return;
    const int index = role_point(d, c->asset, parts.point);
    if (index < 0 || d->points[index].broken)
        return;
    const struct draft_point *point = &d->points[index];
    if (point->config.format.n_states == 0) {
        problems_at(d->problems, parts.point, "point '%.64s' is a number: one with states is wanted here",
                    parts.point->text);
        return;
    }
    for (unsigned i = 0; i < COUNT_OF(parts.words); i++)
        ok = add_words(d, c, point, parts.words[i], (enum freezer_phase)i) && ok;
    if (ok)
        check_words(d, c, point, node);
    c->inputs[FREEZER_INPUT_STATUS].point = index;
}

/* ---------------------------------------------------------------- inputs */

static const struct role_scale degrees = {quantity_temperatures, TANK_UNKNOWN, NULL};

/* One probe, or a list of them. */
static void resolve_samples(struct draft *d, struct draft_freezer *f, const struct yaml_node *node)
{
    struct freezer_config *c = &f->config;
    unsigned n = 0;

    if (node->kind != YAML_SEQUENCE) {
        (void)role_number(d, c->asset, node, &degrees, &c->inputs[FREEZER_INPUT_SAMPLE]);
        return;
    }
    if (node->n_children == 0 || node->n_children > FREEZER_SAMPLES) {
        problems_at(d->problems, node,
                    "a point, or a list of 1 to %d points, is wanted here: [sample, sample-b]",
                    FREEZER_SAMPLES);
        return;
    }
    for (const struct yaml_node *child = node->first; child != NULL; child = child->next, n++) {
        struct role *role = &c->inputs[freezer_run_sample_input(n)];
        if (!role_number(d, c->asset, child, &degrees, role))
            continue;
        for (unsigned i = 0; i < n; i++)
            if (c->inputs[freezer_run_sample_input(i)].point == role->point)
                problems_at(d->problems, child, "the point stands twice in the list");
    }
}

static void resolve_inputs(struct draft *d, struct draft_freezer *f)
{
    static const struct role_scale plain = {quantity_numbers, TANK_UNKNOWN, NULL};
    static const char *const words[FREEZER_INPUTS] = {
        [FREEZER_INPUT_LID] = "open", [FREEZER_INPUT_POWER] = "off", [FREEZER_INPUT_LN2] = "low"};
    struct freezer_config *c = &f->config;

    for (unsigned i = 0; i < FREEZER_INPUTS; i++) {
        const struct yaml_node *node = f->inputs[i];
        if (node == NULL)
            continue;
        if (i == FREEZER_INPUT_SAMPLE)
            resolve_samples(d, f, node);
        else if (i == FREEZER_INPUT_STATUS)
            resolve_status(d, f, node);
        else if (words[i] != NULL)
            (void)role_states(d, c->asset, node, words[i], &c->inputs[i]);
        else
            (void)role_number(d, c->asset, node, i == FREEZER_INPUT_SEGMENT ? &plain : &degrees,
                              &c->inputs[i]);
    }
    for (unsigned i = 0; i < FREEZER_INPUTS; i++)
        if (c->inputs[i].point >= 0)
            c->setup.has |= UINT32_C(1) << i;
}

/* Where an input stands in the file: all samples in one place. */
static const struct yaml_node *node_of(const struct draft_freezer *f, enum freezer_input input)
{
    return f->inputs[freezer_run_sample_of(input) >= 0 ? FREEZER_INPUT_SAMPLE : input];
}

/* A chamber that stands in two places never deviates from itself. */
static void check_temperatures(struct draft *d, const struct draft_freezer *f)
{
    static const enum freezer_input inputs[] = {FREEZER_INPUT_CHAMBER,  FREEZER_INPUT_SAMPLE,
                                                FREEZER_INPUT_SAMPLE_2, FREEZER_INPUT_SAMPLE_3,
                                                FREEZER_INPUT_SAMPLE_4, FREEZER_INPUT_SETPOINT};

    for (size_t i = 1; i < COUNT_OF(inputs); i++) {
        const int point = f->config.inputs[inputs[i]].point;
        const struct yaml_node *own = node_of(f, inputs[i]);
        for (size_t j = 0; j < i && point >= 0; j++) {
            const struct yaml_node *other = node_of(f, inputs[j]);
            if (f->config.inputs[inputs[j]].point == point && other != own)
                problems_at(d->problems, own,
                            "'%s' and '%s' are the same point: a run would be judged by itself", other->key,
                            own->key);
        }
    }
}

/* ---------------------------------------------------------------- times */

/* What reads the chamber; NULL: not known. */
static const struct device_config *device_of(const struct draft *d, const struct draft_freezer *f)
{
    const int point = f->config.inputs[FREEZER_INPUT_CHAMBER].point;
    const int device = point >= 0 ? d->points[point].device : -1;

    return device >= 0 ? &d->devices[device].config : NULL;
}

static void check_interval(struct draft *d, const struct draft_freezer *f, const struct device_config *device)
{
    const struct yaml_node *node = yaml_get(f->node, "interval");
    char text[DURATION_TEXT_MAX];

    if (f->config.run_interval_ms == 0 || device == NULL || device->interval_ms == 0)
        return;
    if (f->config.run_interval_ms > device->interval_ms)
        problems_at(d->problems, node,
                    "in a run the chamber is read more often than usual, not less: every %s",
                    scalar_print_duration(text, device->interval_ms));
    else if (f->config.run_interval_ms < device->timeout_ms)
        problems_at(d->problems, node, "it must not be shorter than the timeout of the chamber's device (%s)",
                    scalar_print_duration(text, device->timeout_ms));
}

static void resolve_times(struct draft *d, struct draft_freezer *f)
{
    struct freezer_setup *setup = &f->config.setup;
    const struct device_config *device = device_of(d, f);
    const uint32_t interval_ms = device != NULL ? device->interval_ms : 0;
    const struct yaml_node *lost = yaml_get(f->node, "lost_after");
    char text[DURATION_TEXT_MAX];

    check_interval(d, f, device);
    if (f->gap_ms > 0 && interval_ms > 0 && f->gap_ms / 3 < interval_ms)
        problems_at(
            d->problems, yaml_get(f->node, "gap"),
            "a healthy chamber would have gaps: it is read every %s, and a gap is three times that at "
            "least",
            scalar_print_duration(text, interval_ms));
    setup->gap_us = f->gap_ms > 0 ? f->gap_ms * INT64_C(1000) : FREEZER_GAP_US;
    if (f->gap_ms == 0 && setup->gap_us < 3 * interval_ms * INT64_C(1000))
        setup->gap_us = 3 * interval_ms * INT64_C(1000);
    setup->lost_us = f->lost_ms * INT64_C(1000);
    setup->deviation_after_us = f->deviation_ms * INT64_C(1000);
    setup->sample_lag_us = f->lag_ms * INT64_C(1000);
    if (setup->lost_us <= setup->gap_us)
        problems_at_key(d->problems, lost != NULL ? lost : f->node,
                        "'lost_after' must be longer than a gap ('gap')");
}

/* "10:00" behind the day. */
static bool read_minute(const char *text, uint16_t *ret)
{
    const char *digits = "0123456789";

    if (strlen(text) != 5 || strspn(text, digits) != 2 || text[2] != ':' || strspn(text + 3, digits) != 2)
        return false;
    const int hour = (text[0] - '0') * 10 + text[1] - '0', minute = (text[3] - '0') * 10 + text[4] - '0';
    *ret = (uint16_t)(hour * 60 + minute);
    return hour < 24 && minute < 60;
}

static bool add_expected(struct draft *d, struct freezer_config *f, const struct yaml_node *node, uint8_t day,
                         uint16_t minute)
{
    for (unsigned i = 0; i < f->n_expected; i++) {
        if (f->expected[i].day == day && f->expected[i].minute == minute) {
            problems_at(d->problems, node, "'%.40s' stands twice in the list", node->text);
            return false;
        }
    }
    if (f->n_expected == EXPECTED_RUNS_MAX) {
        problems_at(d->problems, node, "too many: at most %d runs a week ('daily' counts seven)",
                    EXPECTED_RUNS_MAX);
        return false;
    }
    f->expected[f->n_expected++] = (struct expected_run){.day = day, .minute = minute};
    return true;
}

static bool read_expected(struct draft *d, struct freezer_config *f, const struct yaml_node *node)
{
    static const char *const days[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat", "daily"};
    uint16_t minute;
    size_t day = 0;

    if (!scalar_is_value(d->problems, node, "a time of the week"))
        return false;
    const char *space = strchr(node->text, ' ');
    const size_t len = space != NULL ? (size_t)(space - node->text) : 0;
    while (day < COUNT_OF(days) && (strlen(days[day]) != len || strncmp(days[day], node->text, len) != 0))
        day++;
    if (space == NULL || day == COUNT_OF(days) || !read_minute(space + 1, &minute)) {
        problems_at(
            d->problems, node,
            "'%.40s' is not a time such as \"mon 10:00\" or \"daily 10:00\" (sun, mon, tue, wed, thu, "
            "fri, sat)",
            node->text);
        return false;
    }
    if (day < 7)
        return add_expected(d, f, node, (uint8_t)day, minute);
    for (uint8_t i = 0; i < 7; i++) {
        if (!add_expected(d, f, node, i, minute))
            return false;
    }
    return true;
}

static void resolve_expected(struct draft *d, struct draft_freezer *f)
{
    const struct yaml_node *node = f->expected;
    const struct yaml_node *late = yaml_get(f->node, "late_after");

    if (node == NULL && late != NULL)
        problems_at_key(d->problems, late, "'late_after' belongs to 'expected', which is missing");
    if (node == NULL)
        return;
    if (node->kind != YAML_SEQUENCE || node->first == NULL) {
        problems_at(d->problems, node, "a list of times is wanted here: [\"mon 10:00\", \"thu 10:00\"]");
        return;
    }
    for (const struct yaml_node *child = node->first; child != NULL; child = child->next) {
        if (!read_expected(d, &f->config, child))
            return;
    }
}

/* ---------------------------------------------------------------- the whole */

static void resolve_freezer(struct draft *d, struct draft_freezer *f)
{
    resolve_inputs(d, f);
    check_temperatures(d, f);
    resolve_times(d, f);
    resolve_expected(d, f);
    if (f->program != NULL && f->program->kind == YAML_SCALAR)
        f->config.program = programs_find(d, f->program->text);
}

/* A freezer that is only measured has no runs to look at. */
static void hint_runs(struct draft *d)
{
    for (size_t i = 0; i < d->n_assets; i++) {
        const struct draft_asset *asset = &d->assets[i];
        if (asset->config.kind == ASSET_FREEZER && asset->freezer < 0 && asset->n_points > 0 &&
            yaml_get(asset->node, "runs") == NULL)
            problems_at_key(d->warnings, asset->node,
                            "freezer '%.64s' has no 'runs': its runs are not recognised and not judged",
                            asset->node->key);
    }
}

void resolve_freezers(struct draft *d)
{
    for (size_t i = 0; i < d->n_freezers; i++)
        resolve_freezer(d, &d->freezers[i]);
    hint_runs(d);
}
