#include <string.h>

#include "draft.h"
#include "format.h"
#include "scalar.h"

struct register_parts {
    struct bilingual name;
    enum reg_table table;
    uint16_t address;
    enum reg_type type;
    enum word_order order;
    uint8_t bit;
    bool invert;
    char unit[UNIT_MAX];
    const struct yaml_node *scale, *offset, *resolution, *plausible, *sentinels, *states, *mask;
    struct guard_nodes guard;
};

static const struct choice tables[] = {{"holding", TABLE_HOLDING},
                                       {"input", TABLE_INPUT},
                                       {"coil", TABLE_COIL},
                                       {"discrete", TABLE_DISCRETE},
                                       {NULL, 0}};

static const struct choice types[] = {{"u16", REG_U16}, {"s16", REG_S16},     {"u32", REG_U32},
                                      {"s32", REG_S32}, {"float32", REG_F32}, {"bit", REG_BIT},
                                      {NULL, 0}};

static const struct field register_fields[] = {
    {"name", FIELD_BILINGUAL, FIELD_OF(struct register_parts, name), .max = NAME_MAX_BYTES},
    {"table", FIELD_CHOICE, FIELD_OF(struct register_parts, table), .flags = FIELD_REQUIRED,
     .choices = tables},
    {"address", FIELD_UINT, FIELD_OF(struct register_parts, address), .flags = FIELD_REQUIRED | FIELD_HEX,
     .min = 0, .max = 65535},
    {"type", FIELD_CHOICE, FIELD_OF(struct register_parts, type), .flags = FIELD_REQUIRED, .choices = types},
    {"word_order", FIELD_CHOICE, FIELD_OF(struct register_parts, order), .choices = draft_word_orders},
    {"bit", FIELD_UINT, FIELD_OF(struct register_parts, bit), .min = 0, .max = 15},
    {"invert", FIELD_BOOL, FIELD_OF(struct register_parts, invert)},
    {"mask", FIELD_NODE, NODE_OF(struct register_parts, mask)},
    {"scale", FIELD_NODE, NODE_OF(struct register_parts, scale)},
    {"offset", FIELD_NODE, NODE_OF(struct register_parts, offset)},
    {"resolution", FIELD_NODE, NODE_OF(struct register_parts, resolution)},
    {"unit", FIELD_UNIT, FIELD_OF(struct register_parts, unit)},
    {"plausible", FIELD_NODE, NODE_OF(struct register_parts, plausible)},
    {"sentinels", FIELD_NODE, NODE_OF(struct register_parts, sentinels)},
    {"states", FIELD_NODE, NODE_OF(struct register_parts, states)},
    {"identity", FIELD_NODE, NODE_OF(struct register_parts, guard.identity)},
    {"setting", FIELD_NODE, NODE_OF(struct register_parts, guard.setting)},
    {"status", FIELD_NODE, NODE_OF(struct register_parts, guard.status)},
    {"heartbeat", FIELD_NODE, NODE_OF(struct register_parts, guard.heartbeat)},
    {"judges", FIELD_NODE, NODE_OF(struct register_parts, guard.judges)},
};

/* Keys that mean nothing for this register: each is reported. */
static void refuse(struct draft *d, const struct yaml_node *node, const char *const *keys, const char *why)
{
    for (; *keys != NULL; keys++) {
        const struct yaml_node *child = yaml_get(node, *keys);
        if (child != NULL)
            problems_at_key(d->problems, child, "'%s' has no meaning here: %s", *keys, why);
    }
}

/* What table and type are as long as they are not known, and the unit, which no file can hold. */
#define NOT_KNOWN      0xffU
#define UNIT_NOT_KNOWN "\n"

/* Which keys fit which type and table. */
static void check_combination(struct draft *d, const struct yaml_node *node,
                              const struct register_parts *parts)
{
    static const char *const number_keys[] = {"scale", "offset", "resolution", "unit", "plausible", NULL};
    static const char *const bit_keys[] = {"bit", "invert", NULL};
    static const char *const integer_keys[] = {"mask", "states", NULL};
    static const char *const raw_keys[] = {"mask", "sentinels", NULL};
    static const char *const order_keys[] = {"word_order", NULL};
    static const char *const bit_number[] = {"bit", NULL};
    bool one_bit_table = parts->table == TABLE_COIL || parts->table == TABLE_DISCRETE;
    struct reg_format format = {.type = parts->type};

    if (parts->type == NOT_KNOWN)
        return;
    if (parts->type == REG_BIT) {
        refuse(d, node, number_keys, "a bit is not a number");
        refuse(d, node, raw_keys, "a bit is only 0 or 1");
        if (one_bit_table)
            refuse(d, node, bit_number, "coils and discrete inputs are single bits already");
        else if (parts->table != NOT_KNOWN && yaml_get(node, "bit") == NULL)
            problems_at_key(d->problems, node, "'bit' is missing: which bit, 0 (least significant) to 15");
    } else {
        refuse(d, node, bit_keys, "the type is not 'bit'");
        if (one_bit_table)
            problems_at(d->problems, yaml_get(node, "type"), "coils and discrete inputs have type 'bit'");
        if (parts->states != NULL)
            refuse(d, node, number_keys, "a register with states is not a number");
    }
    if (parts->type == REG_F32)
        refuse(d, node, integer_keys, "the type is float32");
    if (decode_width(&format) == 1)
        refuse(d, node, order_keys, "the type has 16 bits");
    if (parts->address + decode_width(&format) - 1 > 65535)
        problems_at(d->problems, yaml_get(node, "address"), "the second register would lie beyond 65535");
}

static void read_mask(struct draft *d, const struct yaml_node *node, struct reg_format *format)
{
    int64_t mask;
    int64_t width = decode_width(format) == 2 ? UINT32_MAX : UINT16_MAX;

    if (!scalar_integer(d->problems, node, true, 1, width, &mask))
        return;
    int64_t ones = mask;
    while ((ones & 1) == 0)
        ones >>= 1;
    if ((ones & (ones + 1)) != 0) {
        problems_at(d->problems, node, "'%.40s': the bits of a mask must stand side by side", node->text);
        return;
    }
    format->mask = (uint32_t)mask;
}

static void add_sentinel(struct draft *d, const struct yaml_node *node, bool key, enum reason reason,
                         struct reg_format *format)
{
    int64_t width = decode_width(format) == 2 ? UINT32_MAX : UINT16_MAX;
    bool is_signed = format->type == REG_S16 || format->type == REG_S32;
    int64_t min = is_signed ? -(width / 2) - 1 : 0;
    int64_t value = 0;

    if (!(key ? scalar_key_integer(d->problems, node, min, width, &value)
              : scalar_integer(d->problems, node, true, min, width, &value)))
        return;
    uint32_t raw = (uint32_t)(value & width);
    for (unsigned i = 0; i < format->n_sentinels; i++) {
        if (format->sentinels[i].raw == raw) {
            problems_at(d->problems, node, "the sentinel %.40s stands twice in the list",
                        key ? node->key : node->text);
            break;
        }
    }
    format->sentinels[format->n_sentinels++] = (struct sentinel){.raw = raw, .reason = reason};
}

/* A list of raw values, or a mapping from raw values to reasons. */
static void read_sentinels(struct draft *d, const struct yaml_node *node, struct reg_format *format)
{
    bool mapping = node->kind == YAML_MAPPING;

    if ((!mapping && node->kind != YAML_SEQUENCE) || node->n_children == 0 ||
        node->n_children > SENTINELS_MAX) {
        problems_at(d->problems, node,
                    "a list of 1 to %d raw values is wanted here, or what each means: [0x8000], {0x8000: "
                    "sensor-fault}",
                    SENTINELS_MAX);
        return;
    }
    for (const struct yaml_node *child = node->first; child != NULL; child = child->next) {
        int reason = REASON_NONE;
        if (mapping && !fields_choice(d->problems, child, draft_reasons, &reason))
            continue;
        if (mapping && reason == REASON_NONE) {
            problems_at(d->problems, child, "a sentinel is never good: leave it out");
            continue;
        }
        add_sentinel(d, child, mapping, (enum reason)reason, format);
    }
}

static void add_state(struct draft *d, const struct yaml_node *node, struct reg_format *format)
{
    struct reg_state state = {.value = 0};
    int64_t min;
    int64_t max;

    format_raw_range(format, &min, &max);
    struct bilingual name;
    bool ok = scalar_key_integer(d->problems, node, min, max, &state.value);
    if (!fields_bilingual(d->problems, node, sizeof state.name, &name) || !ok)
        return;
    (void)snprintf(state.name, sizeof state.name, "%.*s", STATE_NAME_MAX - 1, name.text[LANGUAGE_EN]);
    (void)snprintf(state.zh, sizeof state.zh, "%.*s", STATE_NAME_MAX - 1, name.text[LANGUAGE_ZH]);
    if (format->type != REG_BIT && format_is_sentinel(format, state.value))
        problems_at_key(d->problems, node,
                        "the state '%s' would never be seen: %.40s is one of the 'sentinels'", state.name,
                        node->key);
    for (unsigned i = 0; i < format->n_states; i++) {
        if (format->states[i].value == state.value)
            problems_at_key(d->problems, node, "the state %.40s stands twice in the list", node->key);
        if (strcmp(format->states[i].name, state.name) == 0)
            problems_at(d->problems, node, "two states are called '%s'", state.name);
    }
    format->states[format->n_states++] = state;
}

static void read_states(struct draft *d, const struct yaml_node *node, struct reg_format *format)
{
    static const struct reg_state on_off[] = {{0, "off", "关"}, {1, "on", "开"}};

    if (node == NULL) {
        if (format->type == REG_BIT) {
            memcpy(format->states, on_off, sizeof on_off);
            format->n_states = 2;
        }
        return;
    }
    if (!fields_is_mapping(d->problems, node, "'states'"))
        return;
    if (node->n_children == 0 || node->n_children > STATES_MAX) {
        problems_at(d->problems, node, "1 to %d states are wanted here: {0: closed, 1: open}", STATES_MAX);
        return;
    }
    size_t before = d->problems->n;
    for (const struct yaml_node *child = node->first; child != NULL; child = child->next)
        add_state(d, child, format);
    if (format->type == REG_BIT && format->n_states < 2 && d->problems->n == before)
        problems_at(d->problems, node, "a bit has two states; name both 0 and 1");
}

static void read_number(struct draft *d, const struct yaml_node *node, const struct register_parts *parts,
                        struct reg_format *format)
{
    const char *unit = strcmp(parts->unit, UNIT_NOT_KNOWN) == 0 ? NULL : parts->unit;
    size_t before = d->problems->n;
    int decimals = format->type == REG_F32 ? 2 : 0;

    if (parts->scale != NULL) {
        int from_scale = decimals;
        if (!scalar_scale(d->problems, parts->scale, &format->scale_num, &format->scale_den, &from_scale))
            from_scale = 0;
        if (format->type != REG_F32)
            decimals = from_scale;
    }
    format->decimals = (uint8_t)(decimals > 0 ? decimals : 0);
    if (parts->resolution != NULL)
        (void)format_resolution(d->problems, parts->resolution, unit, &format->decimals);
    else if (decimals < 0)
        problems_at(d->problems, parts->scale,
                    "the values of scale %.40s have no natural number of decimals; write 'resolution: 0.1' "
                    "or another",
                    parts->scale->text);
    /* A scale such as 1/1800 (degF to °C) is rounded whatever the offset, so the offset may be as fine as it
     * is. */
    if (parts->offset != NULL && scalar_number(d->problems, parts->offset, unit, &format->offset) &&
        decimals >= 0 && !format_fits(format->offset, format->decimals))
        problems_at(
            d->warnings, parts->offset,
            "the offset is finer than the resolution, so values are rounded; write a finer 'resolution'");
    if (parts->plausible != NULL &&
        format_plausible(d->problems, parts->plausible, unit, &format->plausible_min,
                         &format->plausible_max) &&
        parts->type != NOT_KNOWN && d->problems->n == before) {
        micro_t low;
        micro_t high;
        format->has_range = true;
        format_reach(format, &low, &high);
        if (low > high)
            problems_at(d->problems, parts->plausible, "no value of register '%.64s' lies in this range",
                        node->key);
    }
}

/* The protocol address; the profile may count from 1, as its manual does. */
static uint16_t address_on_wire(struct draft *d, const struct yaml_node *node,
                                const struct draft_profile *profile, uint16_t address)
{
    if (address >= profile->address_base)
        return (uint16_t)(address - profile->address_base);
    const struct yaml_node *written = yaml_get(node, "address");
    if (written != NULL) /* else its absence was reported */
        problems_at(d->problems, written, "the profile counts addresses from %u", profile->address_base);
    return 0;
}

void read_register(struct draft *d, const struct draft_profile *profile, const struct yaml_node *node,
                   struct draft_register *ret)
{
    struct register_parts parts = {
        .order = profile->order, .table = NOT_KNOWN, .type = NOT_KNOWN, .unit = UNIT_NOT_KNOWN};
    size_t before = d->problems->n;

    ret->node = node;
    ret->broken = true;
    (void)fields_walk(d->problems, node, "a register", register_fields, COUNT_OF(register_fields), &parts);
    if (yaml_get(node, "unit") == NULL)
        parts.unit[0] = '\0';
    ret->name = parts.name;
    ret->table = parts.table;
    ret->address = address_on_wire(d, node, profile, parts.address);
    memcpy(ret->unit, parts.unit, sizeof ret->unit);
    /* As long as the type is not known, what fits into the widest one is no mistake. */
    ret->format = (struct reg_format){.type = parts.type == NOT_KNOWN ? REG_S32 : parts.type,
                                      .order = parts.order,
                                      .bit = parts.bit,
                                      .invert = parts.invert,
                                      .scale_num = 1,
                                      .scale_den = 1};
    check_combination(d, node, &parts);
    if (parts.type != NOT_KNOWN && decode_width(&ret->format) > profile->max_registers)
        problems_at(d->problems, yaml_get(node, "type"),
                    "the value lies in two registers, and 'max_registers' of the profile is 1");
    /* What has no meaning here was reported, and is not looked into. */
    if (parts.mask != NULL && parts.type != REG_BIT && parts.type != REG_F32)
        read_mask(d, parts.mask, &ret->format);
    if (parts.sentinels != NULL && parts.type != REG_BIT)
        read_sentinels(d, parts.sentinels, &ret->format);
    if (parts.type != REG_F32)
        read_states(d, parts.states, &ret->format);
    if (parts.type != REG_BIT && (parts.states == NULL || parts.type == REG_F32))
        read_number(d, node, &parts, &ret->format);
    if (d->problems->n == before)
        read_guard(d, &parts.guard, ret);
    ret->broken = d->problems->n > before;
}
