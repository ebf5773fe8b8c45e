#include <string.h>

#include "draft.h"
#include "scalar.h"

struct profile_parts {
    char vendor[NAME_MAX_BYTES], model[NAME_MAX_BYTES], source[TEXT_MAX];
    enum profile_status status;
    enum word_order order;
    uint16_t max_registers, max_gap;
    uint32_t interval_ms, timeout_ms, quiet_ms, pause_ms;
    uint16_t address_base;
    const struct yaml_node *transports, *registers, *holes;
};

static const struct choice statuses[] = {{"documented", STATUS_DOCUMENTED},
                                         {"field-reported", STATUS_FIELD_REPORTED},
                                         {"unverified", STATUS_UNVERIFIED},
                                         {NULL, 0}};

static const struct field profile_fields[] = {
    {"vendor", FIELD_TEXT, FIELD_OF(struct profile_parts, vendor)},
    {"model", FIELD_TEXT, FIELD_OF(struct profile_parts, model)},
    {"source", FIELD_TEXT, FIELD_OF(struct profile_parts, source)},
    {"status", FIELD_CHOICE, FIELD_OF(struct profile_parts, status), .flags = FIELD_REQUIRED,
     .choices = statuses},
    {"transports", FIELD_NODE, NODE_OF(struct profile_parts, transports), .flags = FIELD_REQUIRED},
    {"word_order", FIELD_CHOICE, FIELD_OF(struct profile_parts, order), .choices = draft_word_orders},
    {"max_registers", FIELD_UINT, FIELD_OF(struct profile_parts, max_registers), .min = 1, .max = 125},
    {"max_gap", FIELD_UINT, FIELD_OF(struct profile_parts, max_gap), .min = 0, .max = 123},
    {"interval", FIELD_DURATION, FIELD_OF(struct profile_parts, interval_ms), .min = 100, .max = HOUR_MS},
    {"timeout", FIELD_DURATION, FIELD_OF(struct profile_parts, timeout_ms), .min = 20, .max = 30000},
    {"quiet", FIELD_DURATION, FIELD_OF(struct profile_parts, quiet_ms), .min = 1, .max = 10000},
    {"pause", FIELD_DURATION, FIELD_OF(struct profile_parts, pause_ms), .min = 0, .max = 1000},
    {"address_base", FIELD_UINT, FIELD_OF(struct profile_parts, address_base), .min = 0, .max = 1},
    {"holes", FIELD_NODE, NODE_OF(struct profile_parts, holes)},
    {"registers", FIELD_NODE, NODE_OF(struct profile_parts, registers), .flags = FIELD_REQUIRED},
};

static void read_transports(struct draft *d, struct draft_profile *profile, const struct yaml_node *node)
{
    static const struct choice transports[] = {{"tcp", BUS_TCP}, {"rtu", BUS_RTU}, {NULL, 0}};

    if (node->kind != YAML_SEQUENCE || node->first == NULL) {
        problems_at(d->problems, node, "a list is wanted here: [tcp], [rtu] or [tcp, rtu]");
        profile->tcp = profile->rtu = true; /* not known: no complaint at the devices */
        return;
    }
    for (const struct yaml_node *child = node->first; child != NULL; child = child->next) {
        int kind;
        if (!fields_choice(d->problems, child, transports, &kind)) {
            profile->tcp = profile->rtu = true;
            continue;
        }
        bool *has = kind == BUS_TCP ? &profile->tcp : &profile->rtu;
        if (*has)
            problems_at(d->problems, child, "'%s' stands twice in the list", child->text);
        *has = true;
    }
}

static void read_hole(struct draft *d, struct draft_profile *profile, const struct yaml_node *node)
{
    int64_t first;
    int64_t last;
    int64_t base = profile->address_base;

    if (node->kind != YAML_SEQUENCE || node->n_children != 2) {
        problems_at(d->problems, node, "the first and the last address of a hole are wanted here: [10, 12]");
        return;
    }
    if (!scalar_integer(d->problems, node->first, true, base, 65535, &first) ||
        !scalar_integer(d->problems, node->first->next, true, base, 65535, &last))
        return;
    if (last < first) {
        problems_at(d->problems, node, "the last address of a hole is below the first");
        return;
    }
    profile->holes[profile->n_holes++] =
        (struct plan_hole){.first = (uint16_t)(first - base), .last = (uint16_t)(last - base)};
}

static void read_holes(struct draft *d, struct draft_profile *profile, const struct yaml_node *node)
{
    if (node->kind != YAML_SEQUENCE || node->n_children == 0 || node->n_children > HOLES_MAX) {
        problems_at(d->problems, node, "a list of 1 to %d holes is wanted here: [[5721, 5722]]", HOLES_MAX);
        return;
    }
    for (const struct yaml_node *child = node->first; child != NULL; child = child->next)
        read_hole(d, profile, child);
}

static void read_registers(struct draft *d, struct draft_profile *profile, size_t index,
                           const struct yaml_node *node)
{
    char id[ID_MAX];

    profile->first_register = d->n_registers;
    if (!fields_is_mapping(d->problems, node, "'registers'"))
        return;
    if (node->first == NULL)
        problems_at_key(d->problems, node, "a profile has at least one register");
    for (const struct yaml_node *child = node->first; child != NULL; child = child->next) {
        if (profile->n_registers == REGISTERS_MAX) {
            problems_at_key(d->problems, child, "too many registers: at most %d", REGISTERS_MAX);
            return;
        }
        struct draft_register *grown = draft_grow(d, d->registers, d->n_registers, sizeof *grown);
        if (grown == NULL)
            return;
        d->registers = grown;
        if (!draft_name(d, NAMES_REGISTER, index, child, d->n_registers, SIZE_MAX, id))
            return;
        read_register(d, profile, child, &d->registers[d->n_registers++]);
        profile->n_registers++;
    }
    for (size_t i = 0; i < profile->n_registers; i++)
        read_judges(d, index, &d->registers[profile->first_register + i]);
}

void read_profile(struct draft *d, size_t index)
{
    struct draft_profile *profile = &d->profiles[index];
    const struct yaml_node *root = profile->root;
    struct profile_parts parts = {.status = STATUS_DOCUMENTED,
                                  .order = ORDER_ABCD,
                                  .max_registers = 125,
                                  .max_gap = 8,
                                  .quiet_ms = 500};

    (void)fields_walk(d->problems, root, "a device profile", profile_fields, COUNT_OF(profile_fields),
                      &parts);
    if (parts.status != STATUS_UNVERIFIED && parts.source[0] == '\0')
        problems_at(d->problems, root,
                    "'source' is missing: a profile that is '%s' says where its register map comes from "
                    "(manual, issue, page)",
                    fields_choice_name(statuses, (int)parts.status));
    memcpy(profile->vendor, parts.vendor, sizeof profile->vendor);
    memcpy(profile->model, parts.model, sizeof profile->model);
    profile->status = parts.status;
    profile->order = parts.order;
    profile->max_registers = parts.max_registers;
    profile->max_gap = parts.max_gap;
    profile->interval_ms = yaml_get(root, "interval") != NULL ? parts.interval_ms : 5000;
    profile->timeout_ms = yaml_get(root, "timeout") != NULL ? parts.timeout_ms : 500;
    profile->quiet_ms = parts.quiet_ms;
    profile->pause_ms = parts.pause_ms;
    profile->address_base = parts.address_base;
    if (parts.holes != NULL)
        read_holes(d, profile, parts.holes);
    if (parts.transports != NULL)
        read_transports(d, profile, parts.transports);
    else
        profile->tcp = profile->rtu = true;
    if (parts.registers != NULL)
        read_registers(d, profile, index, parts.registers);
}
