/* role.c - a point in a role: which one it is, and how its value is to be understood. */
#include <string.h>

#include "draft.h"
#include "quantity.h"
#include "scalar.h"

void role_none(struct role *role)
{
    *role = (struct role){.point = ROLE_NONE, .num = 1, .den = 1};
}

micro_t role_convert(const struct role *role, micro_t value)
{
    const role_wide_t product = (role_wide_t)value * role->num;
    const role_wide_t half = product < 0 ? -role->den / 2 : role->den / 2;
    const role_wide_t result = (product + half) / role->den;

    return result > MICRO_MAX ? MICRO_MAX : result < -MICRO_MAX ? -MICRO_MAX : (micro_t)result;
}

int role_state(const struct role *role, micro_t value)
{
    if (role->n_states == 0)
        return value != 0;
    for (unsigned i = 0; i < role->n_states; i++) {
        if (value == role->states[i] * MICRO_PER_UNIT)
            return 1;
    }
    for (unsigned i = 0; i < role->n_off; i++) {
        if (value == role->off[i] * MICRO_PER_UNIT)
            return 0;
    }
    return role->n_off > 0 ? -1 : 0;
}

/* ---------------------------------------------------------------- which point */

/* What is not found may stand in what could not be read. */
static bool may_be_elsewhere(const struct draft *d)
{
    return d->incomplete || d->lost[NAMES_ASSET] || d->full[NAMES_ASSET];
}

/* "ASSET/POINT": the asset, and behind the slash its point. */
static int find_asset(struct draft *d, const struct yaml_node *node, size_t len)
{
    char id[ID_MAX];
    char hint[SUGGEST_TEXT_MAX];
    struct suggest s;

    (void)snprintf(id, sizeof id, "%.*s", (int)(len < ID_MAX ? len : ID_MAX - 1), node->text);
    const int asset = names_find(&d->names, NAMES_ASSET, 0, id);
    if (asset >= 0 || may_be_elsewhere(d))
        return asset;
    suggest_begin(&s, id);
    names_suggest(&d->names, NAMES_ASSET, 0, &s);
    problems_at(d->problems, node, "there is no asset '%.64s'%s", id, suggest_text(&s, hint));
    return -1;
}

static int find_point(struct draft *d, size_t asset, const struct yaml_node *node, const char *id)
{
    char hint[SUGGEST_TEXT_MAX];
    struct suggest s;
    const int index = names_find(&d->names, NAMES_POINT, asset, id);

    if (index >= 0 || d->assets[asset].no_points || d->full[NAMES_POINT])
        return index;
    suggest_begin(&s, id);
    names_suggest(&d->names, NAMES_POINT, asset, &s);
    problems_at(d->problems, node, "asset '%.64s' has no point '%.64s'%s", d->assets[asset].node->key, id,
                suggest_text(&s, hint));
    return -1;
}

int role_point(struct draft *d, size_t asset, const struct yaml_node *node)
{
    if (!scalar_is_value(d->problems, node, "the id of a point, or ASSET/POINT"))
        return -1;
    const char *slash = strchr(node->text, '/');
    const int owner = slash != NULL ? find_asset(d, node, (size_t)(slash - node->text)) : (int)asset;
    if (owner < 0)
        return -1;
    const int index = find_point(d, (size_t)owner, node, slash != NULL ? slash + 1 : node->text);
    if (index >= 0 && d->points[index].derived) {
        problems_at(d->problems, node,
                    "cryomon derives '%.64s' itself: a point that is read from a device is wanted here",
                    node->text);
        return -1;
    }
    return index;
}

/* ---------------------------------------------------------------- numbers */

/* 100 % is `full`: value x full / 100, to a hundredth of the unit. */
static void scale_percent(micro_t full, struct role *ret)
{
    int64_t a = full / (MICRO_PER_UNIT / 100), b = 100 * 100;

    ret->num = a;
    ret->den = b;
    while (b != 0) {
        const int64_t rest = a % b;
        a = b;
        b = rest;
    }
    ret->num /= a;
    ret->den /= a;
}

static bool scale_unit(struct draft *d, const struct yaml_node *node, const struct draft_point *point,
                       const struct role_scale *scale, struct role *ret)
{
    const struct quantity_unit *unit = quantity_find(scale->units, point->config.unit);
    char list[QUANTITY_LIST_MAX];

    if (unit != NULL) {
        ret->num = unit->num;
        ret->den = unit->den;
        return true;
    }
    if (scale->full_key != NULL && strcmp(point->config.unit, "%") == 0) {
        if (scale->full != TANK_UNKNOWN) {
            scale_percent(scale->full, ret);
            return true;
        }
        problems_at(d->problems, node, "point '%.64s' is in %%: write '%s', what 100 %% is", node->text,
                    scale->full_key);
        return false;
    }
    problems_at(d->problems, node, "point '%.64s' is in '%s': wanted here is %s%s%s", node->text,
                point->config.unit, scale->units[0].name[0] == '\0' ? "a number without unit" : "",
                quantity_list(list, scale->units), scale->full_key != NULL ? " (or %)" : "");
    return false;
}

bool role_number(struct draft *d, size_t asset, const struct yaml_node *node, const struct role_scale *scale,
                 struct role *ret)
{
    const int index = role_point(d, asset, node);

    if (index < 0 || d->points[index].broken)
        return false;
    const struct draft_point *point = &d->points[index];
    if (point->config.format.n_states > 0) {
        problems_at(d->problems, node, "point '%.64s' has states, not numbers", node->text);
        return false;
    }
    struct role role = {.point = index, .num = 1, .den = 1};
    if (!scale_unit(d, node, point, scale, &role))
        return false;
    *ret = role;
    return true;
}

/* ---------------------------------------------------------------- states */

/* The states of a point on their way to their places. */
struct state_parts {
    const struct yaml_node *point, *on, *off, *unknown;
    const char *word, *opposite;
};
struct state_places {
    struct role role;
    int64_t unknown[PHASES_MAX];
    unsigned n_unknown;
};

static bool has_state(const int64_t *states, unsigned n, int64_t value)
{
    for (unsigned i = 0; i < n; i++) {
        if (states[i] == value)
            return true;
    }
    return false;
}

static bool has_place(const struct state_places *p, int64_t value)
{
    return has_state(p->role.states, p->role.n_states, value) ||
           has_state(p->role.off, p->role.n_off, value) || has_state(p->unknown, p->n_unknown, value);
}

static bool add_state(struct draft *d, const struct draft_point *point, const struct yaml_node *node,
                      struct state_places *p, int64_t *states, unsigned *n)
{
    micro_t state;

    if (!resolve_state(d, point, node, &state))
        return false;
    const int64_t value = state / MICRO_PER_UNIT;
    if (has_state(states, *n, value)) {
        problems_at(d->problems, node, "the state '%.40s' stands twice in the list", node->text);
        return false;
    }
    if (has_place(p, value)) {
        problems_at(d->problems, node, "the state '%.40s' stands at two places", node->text);
        return false;
    }
    states[(*n)++] = value;
    return true;
}

/* One state or a list. node NULL: nothing stands there. */
static bool read_states(struct draft *d, const struct draft_point *point, const struct yaml_node *node,
                        struct state_places *p, int64_t *states, unsigned *n, unsigned max)
{
    bool ok = true;

    if (node == NULL)
        return true;
    if (node->kind != YAML_SEQUENCE)
        return add_state(d, point, node, p, states, n);
    if (node->n_children == 0 || node->n_children > max) {
        problems_at(d->problems, node, "the name of a state, or a list of 1 to %u, is wanted here", max);
        return false;
    }
    for (const struct yaml_node *child = node->first; child != NULL; child = child->next)
        ok = add_state(d, point, child, p, states, n) && ok;
    return ok;
}

/* Without a list: the state that is called like the word. */
static bool find_word(struct draft *d, const struct draft_point *point, const struct state_parts *parts,
                      struct state_places *p)
{
    const struct reg_format *format = &point->config.format;

    for (unsigned i = 0; i < format->n_states; i++) {
        if (strcmp(format->states[i].name, parts->word) == 0) {
            p->role.states[p->role.n_states++] = format->states[i].value;
            return true;
        }
    }
    problems_at(d->problems, parts->point,
                "register '%s' has no state '%s': say which it is: {point: %.64s, %s: STATE}",
                point->config.register_name, parts->word, parts->point->text, parts->word);
    return false;
}

/* Of two states the other one is the opposite. Of more, a fault would be taken for it: each needs a place. */
static bool place_others(struct draft *d, const struct draft_point *point, const struct yaml_node *node,
                         const struct state_parts *parts, struct state_places *p)
{
    const struct reg_format *format = &point->config.format;
    bool ok = true;

    for (unsigned i = 0; i < format->n_states; i++) {
        if (has_place(p, format->states[i].value))
            continue;
        if (format->n_states <= 2 && parts->off == NULL && parts->unknown == NULL) {
            p->role.off[p->role.n_off++] = format->states[i].value;
            continue;
        }
        problems_at(d->problems, node,
                    "state '%s' of register '%s' has no place here: put it to '%s', '%s' or 'unknown'",
                    format->states[i].name, point->config.register_name, parts->word, parts->opposite);
        ok = false;
    }
    if (ok && p->role.n_off == 0) {
        problems_at(d->problems, parts->on != NULL ? parts->on : node,
                    "it could never be otherwise: no state of register '%s' is '%s'",
                    point->config.register_name, parts->opposite);
        ok = false;
    }
    return ok;
}

static bool read_places(struct draft *d, const struct draft_point *point, const struct yaml_node *node,
                        const struct state_parts *parts, struct state_places *p)
{
    unsigned n_on = 0, n_off = 0;
    bool ok = true;

    if (parts->on == NULL)
        ok = find_word(d, point, parts, p);
    else
        ok = read_states(d, point, parts->on, p, p->role.states, &n_on, ROLE_STATES_MAX);
    p->role.n_states = (uint8_t)(p->role.n_states + n_on);
    ok = read_states(d, point, parts->off, p, p->role.off, &n_off, PHASES_MAX) && ok;
    p->role.n_off = (uint8_t)n_off;
    ok = read_states(d, point, parts->unknown, p, p->unknown, &p->n_unknown, PHASES_MAX) && ok;
    return ok && place_others(d, point, node, parts, p);
}

static const char *opposite_of(const char *word)
{
    static const char *const words[][2] = {{"open", "closed"}, {"off", "on"}, {"low", "normal"}};

    for (size_t i = 0; i < COUNT_OF(words); i++) {
        if (strcmp(words[i][0], word) == 0)
            return words[i][1];
    }
    return "otherwise";
}

bool role_states(struct draft *d, size_t asset, const struct yaml_node *node, const char *word,
                 struct role *ret)
{
    struct state_parts parts = {.point = node, .word = word, .opposite = opposite_of(word)};
    const struct field fields[] = {
        {"point", FIELD_NODE, NODE_OF(struct state_parts, point), .flags = FIELD_REQUIRED},
        {word, FIELD_NODE, NODE_OF(struct state_parts, on)},
        {parts.opposite, FIELD_NODE, NODE_OF(struct state_parts, off)},
        {"unknown", FIELD_NODE, NODE_OF(struct state_parts, unknown)},
    };

    if (node->kind == YAML_MAPPING) {
        parts.point = NULL;
        if (!fields_walk(d->problems, node, "a role", fields, COUNT_OF(fields), &parts) &&
            parts.point == NULL)
            return false;
    }
    const int index = role_point(d, asset, parts.point);
    if (index < 0 || d->points[index].broken)
        return false;
    const struct draft_point *point = &d->points[index];
    struct state_places places = {.role = {.point = index, .num = 1, .den = 1}};
    if (point->config.format.n_states == 0) {
        problems_at(d->problems, parts.point, "point '%.64s' is a number: one with states is wanted here",
                    parts.point->text);
        return false;
    }
    if (!read_places(d, point, node, &parts, &places))
        return false;
    *ret = places.role;
    return true;
}
