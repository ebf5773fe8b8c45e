/* Groups: one cause, many alarms. */
#include <string.h>

#include "automatic.h"
#include "draft.h"
#include "pattern.h"
#include "scalar.h"

static const struct field group_fields[] = {
    {"asset", FIELD_NODE, NODE_OF(struct draft_group, asset_node)},
    {"members", FIELD_NODE, NODE_OF(struct draft_group, members), .flags = FIELD_REQUIRED},
    {"at_least", FIELD_UINT, FIELD_OF(struct draft_group, at_least), .min = 1, .max = ALARMS_MAX},
    {"on_delay", FIELD_DURATION, FIELD_OF(struct draft_group, on_delay_ms), .min = 0, .max = DAY_MS},
    {"off_delay", FIELD_DURATION, FIELD_OF(struct draft_group, off_delay_ms), .min = 0, .max = DAY_MS},
    {"priority", FIELD_CHOICE, FIELD_OF(struct draft_group, priority), .flags = FIELD_REQUIRED,
     .choices = draft_priorities},
    {"life_safety", FIELD_BOOL, FIELD_OF(struct draft_group, config.life_safety)},
    {"latching", FIELD_BOOL, FIELD_OF(struct draft_group, latching)},
    {"realarm_after", FIELD_REPEAT, FIELD_OF(struct draft_group, realarm_after_ms), .min = MINUTE_MS,
     .max = 7U * DAY_MS},
    {"text", FIELD_BILINGUAL, FIELD_OF(struct draft_group, config.text), .max = TEXT_MAX},
    {"consequence", FIELD_BILINGUAL, FIELD_OF(struct draft_group, config.consequence), .max = TEXT_MAX},
    {"response", FIELD_BILINGUAL, FIELD_OF(struct draft_group, config.response), .max = TEXT_MAX},
};

static void read_group(struct draft *d, const struct yaml_node *node, struct draft_group *group)
{
    group->node = node;
    group->asset = -1;
    group->at_least = 2;
    group->priority = (enum priority)PRIORITIES; /* not known */
    (void)fields_walk(d->problems, node, "a group", group_fields, COUNT_OF(group_fields), group);
    const bool known = (int)group->priority < PRIORITIES;
    const struct yaml_node *after = yaml_get(node, "realarm_after");
    if (!known)
        group->priority = PRIORITY_LOW;
    group->config.own_realarm = after != NULL;
    if (known && group->config.life_safety && group->priority < PRIORITY_HIGH)
        problems_at(d->problems, yaml_get(node, "priority"),
                    "an alarm that protects life has priority high or critical");
    if (after != NULL && after->kind == YAML_SCALAR && strcmp(after->text, "never") == 0 &&
        (group->config.life_safety || group->priority == PRIORITY_CRITICAL))
        problems_at(
            d->problems, after,
            "an alarm that is critical or protects life is told again until it is over: write a time");
}

void read_groups(struct draft *d, const struct yaml_node *node)
{
    if (!fields_is_mapping(d->problems, node, "'groups'"))
        return;
    for (const struct yaml_node *child = node->first; child != NULL; child = child->next) {
        struct draft_group *grown = draft_grow(d, d->groups, d->n_groups, sizeof *grown);
        if (grown == NULL)
            return;
        d->groups = grown;
        struct draft_group *group = &grown[d->n_groups];
        if (!draft_name(d, NAMES_GROUP, 0, child, d->n_groups, GROUPS_MAX, group->config.id))
            return;
        d->n_groups++;
        read_group(d, child, group);
    }
}

/* ---------------------------------------------------------------- what they refer to */

static void find_asset(struct draft *d, struct draft_group *group)
{
    const struct yaml_node *node = group->asset_node;

    if (node == NULL || (node->kind == YAML_SCALAR && strcmp(node->text, "system") == 0))
        return;
    group->asset = draft_find(d, NAMES_ASSET, 0, node, "asset");
}

struct collision {
    const char *id;
    bool found;
};

static void compare(void *context, const char *id)
{
    struct collision *collision = context;

    collision->found = collision->found || strcmp(collision->id, id) == 0;
}

static bool is_bus_alarm(const char *id)
{
    const size_t len = strlen(id);

    return strncmp(id, "bus-", 4) == 0 && len > sizeof "bus--silent" - 1 &&
           strcmp(id + len - strlen("-silent"), "-silent") == 0;
}

/* Its name is an alarm's, of its asset. */
static void check_group_name(struct draft *d, const struct draft_group *group)
{
    struct collision collision = {group->config.id, strcmp(group->config.id, AUTOMATIC_CHATTER) == 0};

    if (group->config.id[0] == '\0')
        return;
    automatic_each_alarm(d, group->asset, compare, &collision);
    if (group->asset < 0 && is_bus_alarm(group->config.id))
        problems_at_key(d->problems, group->node,
                        "'%s' is the name of an alarm that cryomon makes for a bus; choose another",
                        group->config.id);
    else if (collision.found)
        problems_at_key(d->problems, group->node,
                        "asset '%.64s' has an alarm '%s' already; choose another id",
                        group->asset < 0 ? "system" : d->assets[group->asset].node->key, group->config.id);
}

static void find_members(struct draft *d, struct draft_group *group)
{
    struct patterns patterns;
    const struct yaml_node *at_least = yaml_get(group->node, "at_least");
    const size_t before = d->problems->n;

    if (group->members == NULL)
        return;
    bool ok = patterns_read(d->problems, group->members, &patterns);
    group->n_found = patterns_count(d, &patterns);
    if (ok && d->problems->n == before && group->n_found < group->at_least && !d->incomplete)
        problems_at(d->problems, at_least != NULL ? at_least : group->members,
                    "the alarm can never fire: it wants %u of %zu members", group->at_least, group->n_found);
}

void resolve_groups(struct draft *d)
{
    size_t n = 0;

    for (size_t i = 0; i < d->n_groups; i++) {
        struct draft_group *group = &d->groups[i];
        find_asset(d, group);
        check_group_name(d, group);
        find_members(d, group);
        const size_t before = n;
        n += group->n_found;
        if (n > MEMBERS_MAX && before <= MEMBERS_MAX)
            problems_at_key(d->problems, group->node, "too many members: all groups together have at most %d",
                            MEMBERS_MAX);
    }
    for (size_t i = 0; i < d->n_buses; i++) {
        const struct draft_bus *bus = &d->buses[i];
        uint16_t at_least;
        if (strlen(bus->config.id) >= BUS_ID_MAX && automatic_bus(d, i, &at_least))
            problems_at_key(d->problems, bus->node,
                            "'%.64s' is too long: %zu characters, at most %zu for a bus with several devices",
                            bus->node->key, strlen(bus->node->key), BUS_ID_MAX - 1);
    }
}
