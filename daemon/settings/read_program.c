/* A freezer program's steps. See cryomon-program.yaml(5). */
#include "read_program.h"

#include <string.h>

#include "fields.h"
#include "scalar.h"

#define MINUTE_MS 60000
#define DAY_MS    86400000
#define COLDEST   (-200)
#define WARMEST   50
#define RATE_MAX  (INT64_C(200) * 60 * MICRO_PER_UNIT) /* per hour: 200 °C/min */

static const struct choice statuses[] = {
    {"example", PROGRAM_EXAMPLE}, {"validated", PROGRAM_VALIDATED}, {NULL, 0}};
static const struct choice followed[] = {{"chamber", false}, {"sample", true}, {NULL, 0}};

struct parts {
    struct bilingual name;
    int status;
    char validated[TEXT_MAX], source[PROGRAM_SOURCE_MAX];
    bool cord_blood;
    uint32_t settle_ms, stall_ms, collect_ms;
    const struct yaml_node *exotherm_by, *steps, *limits;
};

static const struct field program_fields[] = {
    {"name", FIELD_BILINGUAL, FIELD_OF(struct parts, name), .flags = FIELD_REQUIRED, .max = NAME_MAX_BYTES},
    {"status", FIELD_CHOICE, FIELD_OF(struct parts, status), .flags = FIELD_REQUIRED, .choices = statuses},
    {"validated", FIELD_TEXT, FIELD_OF(struct parts, validated)},
    {"source", FIELD_TEXT, FIELD_OF(struct parts, source), .flags = FIELD_REQUIRED},
    {"cord_blood", FIELD_BOOL, FIELD_OF(struct parts, cord_blood)},
    {"settle", FIELD_DURATION, FIELD_OF(struct parts, settle_ms), .min = 0, .max = 60 * MINUTE_MS},
    {"stall", FIELD_DURATION, FIELD_OF(struct parts, stall_ms), .min = 10000, .max = DAY_MS},
    {"collect_within", FIELD_DURATION, FIELD_OF(struct parts, collect_ms), .min = MINUTE_MS, .max = DAY_MS},
    {"exotherm_by", FIELD_NODE, NODE_OF(struct parts, exotherm_by)},
    {"steps", FIELD_NODE, NODE_OF(struct parts, steps), .flags = FIELD_REQUIRED},
    {"limits", FIELD_NODE, NODE_OF(struct parts, limits)},
};

struct step_parts {
    const struct yaml_node *kinds[FREEZER_STEP_KINDS]; /* by enum freezer_step_kind */
    const struct yaml_node *rate, *tolerance, *rate_tolerance, *exotherm, *time;
    int of_sample;
    uint32_t for_ms;
    uint16_t segment;
};

static const struct field step_fields[] = {
    {"hold", FIELD_NODE, NODE_OF(struct step_parts, kinds[FREEZER_STEP_HOLD])},
    {"ramp", FIELD_NODE, NODE_OF(struct step_parts, kinds[FREEZER_STEP_RAMP])},
    {"seed", FIELD_NODE, NODE_OF(struct step_parts, kinds[FREEZER_STEP_SEED])},
    {"plunge", FIELD_NODE, NODE_OF(struct step_parts, kinds[FREEZER_STEP_PLUNGE])},
    {"rate", FIELD_NODE, NODE_OF(struct step_parts, rate)},
    {"for", FIELD_NODE, NODE_OF(struct step_parts, time)},
    {"of", FIELD_CHOICE, FIELD_OF(struct step_parts, of_sample), .choices = followed},
    {"tolerance", FIELD_NODE, NODE_OF(struct step_parts, tolerance)},
    {"rate_tolerance", FIELD_NODE, NODE_OF(struct step_parts, rate_tolerance)},
    {"exotherm", FIELD_NODE, NODE_OF(struct step_parts, exotherm)},
    {"segment", FIELD_UINT, FIELD_OF(struct step_parts, segment), .min = 1, .max = 1000},
};

const char *program_status_name(enum program_status status)
{
    return fields_choice_name(statuses, (int)status);
}

bool read_program_degrees(struct problems *problems, const struct yaml_node *node, int low, int high,
                          micro_t *ret)
{
    micro_t value;

    if (!scalar_number(problems, node, "°C", &value))
        return false;
    if (value < low * MICRO_PER_UNIT || value > high * MICRO_PER_UNIT) {
        problems_at(problems, node, "%.40s is out of range: %d to %d °C", node->text, low, high);
        return false;
    }
    *ret = value;
    return true;
}

/* A size above zero. */
static bool read_size(struct problems *problems, const struct yaml_node *node, micro_t *ret)
{
    micro_t value;

    if (!read_program_degrees(problems, node, 0, 100, &value))
        return false;
    if (value == 0) {
        problems_at(problems, node, "0 can't be kept to: write how far it may be off");
        return false;
    }
    *ret = value;
    return true;
}

static bool read_rate(struct problems *problems, const struct yaml_node *node, micro_t *ret)
{
    micro_t per_hour;

    if (!scalar_rate(problems, node, "°C", &per_hour))
        return false;
    if (per_hour <= 0 || per_hour > RATE_MAX) {
        problems_at(problems, node,
                    "%.40s is out of range: above 0, to 200 °C/min (whether it cools or warms follows from "
                    "the temperatures)",
                    node->text);
        return false;
    }
    *ret = per_hour;
    return true;
}

/* ---------------------------------------------------------------- one step */

/* Which of the four it is, or NULL with a problem. */
static const struct yaml_node *kind_of(struct problems *problems, const struct yaml_node *node,
                                       const struct step_parts *parts, enum freezer_step_kind *ret)
{
    const struct yaml_node *found = NULL;

    for (unsigned i = 0; i < FREEZER_STEP_KINDS; i++) {
        if (parts->kinds[i] == NULL)
            continue;
        if (found != NULL) {
            problems_at_key(problems, parts->kinds[i],
                            "a step is one of 'hold', 'ramp', 'seed' and 'plunge'");
            return NULL;
        }
        found = parts->kinds[i];
        *ret = (enum freezer_step_kind)i;
    }
    if (found == NULL)
        problems_at(problems, node,
                    "a step is one of 'hold', 'ramp', 'seed' and 'plunge': {hold: 4 °C, for: 5 min}");
    return found;
}

static void refuse(struct problems *problems, const struct yaml_node *node, enum freezer_step_kind kind)
{
    if (node != NULL)
        problems_at_key(problems, node, "'%s' has no meaning for a step '%s'", node->key,
                        freezer_program_kind_name(kind));
}

static void read_times(struct problems *problems, const struct yaml_node *kind,
                       const struct step_parts *parts, struct freezer_step *step)
{
    if (step->kind == FREEZER_STEP_RAMP) {
        refuse(problems, parts->time, step->kind);
        if (parts->rate == NULL)
            problems_at_key(problems, kind, "'rate' is missing: {ramp: -45 °C, rate: 1 °C/min}");
        else
            (void)read_rate(problems, parts->rate, &step->per_hour);
        if (parts->rate_tolerance != NULL)
            (void)read_rate(problems, parts->rate_tolerance, &step->rate_tolerance);
        return;
    }
    refuse(problems, parts->rate, step->kind);
    refuse(problems, parts->rate_tolerance, step->kind);
    if (step->kind == FREEZER_STEP_PLUNGE) {
        refuse(problems, parts->time, step->kind);
        refuse(problems, parts->tolerance, step->kind);
        refuse(problems, parts->exotherm, step->kind);
    } else if (parts->time != NULL) {
        (void)scalar_duration(problems, parts->time, 1000, DAY_MS, &step->for_ms);
    }
}

/* What must fit to the step before. before NULL: it is the first. */
static void check_place(struct problems *problems, const struct yaml_node *kind,
                        const struct freezer_step *step, const struct freezer_step *before, bool is_last)
{
    if (before == NULL) {
        if (step->kind != FREEZER_STEP_HOLD)
            problems_at_key(problems, kind, "the first step is a 'hold': it says where the program begins");
        return;
    }
    if (step->kind == FREEZER_STEP_PLUNGE && !is_last)
        problems_at_key(problems, kind, "'plunge' is the last step: the samples have left the freezer");
    if (before->target == FREEZER_NONE)
        return;
    if (step->kind == FREEZER_STEP_RAMP && step->target == before->target)
        problems_at(problems, kind, "the step before ends at this temperature: there is no way to go");
    if ((step->kind == FREEZER_STEP_HOLD || step->kind == FREEZER_STEP_SEED) &&
        step->target != before->target)
        problems_at(problems, kind, "the step before ends at another temperature: write a ramp to come here");
}

static void read_segment(struct problems *problems, const struct yaml_node *node,
                         const struct step_parts *parts, struct freezer_program *program)
{
    struct freezer_step *step = &program->steps[program->n_steps];
    const struct yaml_node *written = yaml_get(node, "segment");

    step->segment = parts->segment;
    if (step->segment == 0)
        step->segment = (uint16_t)(program->n_steps > 0 ? step[-1].segment + 1 : 1);
    const int earlier = freezer_program_segment(program, step->segment);
    if (earlier >= 0)
        problems_at(problems, written != NULL ? written : node, "segment %u is already that of step %d",
                    (unsigned)step->segment, earlier + 1);
}

static void read_step(struct problems *problems, const struct yaml_node *node,
                      struct freezer_program *program)
{
    struct freezer_step *step = &program->steps[program->n_steps];
    struct step_parts parts = {.of_sample = false};
    const struct yaml_node *kind;

    *step = (struct freezer_step){
        .target = FREEZER_NONE, .tolerance = FREEZER_NONE, .rate_tolerance = FREEZER_NONE};
    (void)fields_walk(problems, node, "a step", step_fields, COUNT_OF(step_fields), &parts);
    if (node->kind == YAML_MAPPING && (kind = kind_of(problems, node, &parts, &step->kind)) != NULL) {
        const bool seeds = step->kind == FREEZER_STEP_SEED;
        step->of_sample = parts.of_sample;
        step->exotherm = seeds;
        if (read_program_degrees(problems, kind, COLDEST, WARMEST, &step->target) && seeds &&
            step->target > 0)
            problems_at(problems, kind, "nothing freezes above 0 °C: the samples can't be seeded here");
        read_times(problems, kind, &parts, step);
        if (parts.tolerance != NULL && step->kind != FREEZER_STEP_PLUNGE)
            (void)read_size(problems, parts.tolerance, &step->tolerance);
        if (parts.exotherm != NULL && step->kind != FREEZER_STEP_PLUNGE)
            (void)scalar_bool(problems, parts.exotherm, &step->exotherm);
        check_place(problems, kind, step, program->n_steps > 0 ? step - 1 : NULL, node->next == NULL);
    }
    read_segment(problems, node, &parts, program);
    program->n_steps++;
}

static void read_steps(struct problems *problems, const struct yaml_node *node,
                       struct freezer_program *program)
{
    if (node->kind != YAML_SEQUENCE || node->first == NULL) {
        problems_at(problems, node,
                    "a list of steps is wanted here: [{hold: 4 °C}, {ramp: -45 °C, rate: 1 °C/min}]");
        return;
    }
    for (const struct yaml_node *child = node->first; child != NULL; child = child->next) {
        if (program->n_steps == FREEZER_STEPS_MAX) {
            problems_at(problems, child, "too many steps: at most %d", FREEZER_STEPS_MAX);
            return;
        }
        read_step(problems, child, program);
    }
}

/* ---------------------------------------------------------------- the file */

static void check_validation(struct problems *problems, struct problems *warnings,
                             const struct yaml_node *root, const struct program *program)
{
    const struct yaml_node *by = yaml_get(root, "validated");
    const struct yaml_node *status = yaml_get(root, "status");

    if (status == NULL)
        return;
    if (program->status == PROGRAM_VALIDATED && by == NULL)
        problems_at(problems, status,
                    "'validated' is missing: who has validated it, when, and where that is written");
    if (program->status == PROGRAM_EXAMPLE && by != NULL)
        problems_at_key(problems, by, "'validated' has no meaning for an example: write 'status: validated'");
    if (program->status == PROGRAM_EXAMPLE)
        problems_at(warnings, status, "an example, to be validated by the site before it judges a run");
}

void read_program(struct problems *problems, struct problems *warnings, const struct yaml_node *root,
                  struct program *program)
{
    struct parts parts = {.status = PROGRAM_EXAMPLE};
    struct freezer_program *p = &program->steps;

    freezer_program_init(p);
    (void)fields_walk(problems, root, "a freezer program", program_fields, COUNT_OF(program_fields), &parts);
    program->name = parts.name;
    program->status = (enum program_status)parts.status;
    memcpy(program->validated, parts.validated, sizeof program->validated);
    memcpy(program->source, parts.source, sizeof program->source);
    check_validation(problems, warnings, root, program);
    p->cord_blood = parts.cord_blood;
    p->settle_ms = parts.settle_ms;
    p->stall_ms = parts.stall_ms;
    p->collect_within_ms = parts.collect_ms;
    if (parts.exotherm_by != NULL)
        (void)read_program_degrees(problems, parts.exotherm_by, -60, 0, &p->exotherm_by);
    if (parts.steps != NULL)
        read_steps(problems, parts.steps, p);
    if (parts.limits != NULL)
        read_program_limits(problems, parts.limits, p);
}
