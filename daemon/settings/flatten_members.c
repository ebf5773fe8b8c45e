/* Who is a member of whom. Each list is made twice: to count it, and to write it. */
#include "flatten.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "automatic.h"
#include "pattern.h"

static void add(struct config *config, uint16_t alarm)
{
    if (config->members != NULL)
        config->members[config->n_members] = alarm;
    config->n_members++;
}

/* Neither groups nor chattering may be members. */
static bool can_be_member(const struct config *config, uint16_t alarm)
{
    return config->alarm_models[alarm].kind != CONDITION_GROUP &&
           config->alarm_models[alarm].kind != CONDITION_CHATTER;
}

/* The no-data alarms of all points that are read over the bus. */
static void add_of_bus(struct config *config, const struct bus_config *bus)
{
    for (uint16_t i = 0; i < config->n_alarms; i++) {
        const struct alarm_model *model = &config->alarm_models[i];
        if (model->kind == CONDITION_NO_DATA &&
            &config->buses[config->devices[config->points[model->point].device].bus] == bus)
            add(config, i);
    }
}

static bool is_by_people(const struct asset_config *asset, int alarm)
{
    bool found = alarm == asset->rounds_alarm;

    for (unsigned i = 0; i < PRIORITIES; i++)
        found = found || alarm == asset->beyond_alarms[i];
    return found;
}

/* What comes and goes by the clock or by people does not chatter. */
static void add_of_asset(struct config *config, const struct asset_config *asset)
{
    for (uint16_t i = asset->first_alarm; i < asset->first_alarm + asset->n_alarms; i++)
        if (can_be_member(config, i) && config->alarm_models[i].kind != CONDITION_DATE &&
            !is_by_people(asset, i))
            add(config, i);
}

/* An alarm that several patterns match is one member. */
static void add_of_group(struct config *config, const struct draft_group *group)
{
    struct patterns patterns;

    (void)patterns_read(NULL, group->members, &patterns);
    for (uint16_t a = 0; a < config->n_assets; a++) {
        const struct asset_config *asset = &config->assets[a];
        if (!patterns_match_asset(&patterns, asset->id))
            continue;
        for (uint16_t i = asset->first_alarm; i < asset->first_alarm + asset->n_alarms; i++)
            if (can_be_member(config, i) && patterns_match(&patterns, asset->id, config->alarms[i].id))
                add(config, i);
    }
}

/* The group that the alarm was made for: those of an asset stand in the order of the files. */
static const struct draft_group *find_group(const struct draft *d, const struct config *config,
                                            uint16_t alarm)
{
    const int asset = config->alarms[alarm].asset - 1;

    for (size_t i = 0; i < d->n_groups; i++)
        if (d->groups[i].asset == asset && strcmp(d->groups[i].config.id, config->alarms[alarm].id) == 0)
            return &d->groups[i];
    return NULL;
}

static const struct bus_config *find_bus(const struct config *config, uint16_t alarm)
{
    for (uint16_t i = 0; i < config->n_buses; i++)
        if (config->buses[i].silent_alarm == alarm)
            return &config->buses[i];
    return NULL;
}

static void add_members(const struct draft *d, struct config *config, uint16_t alarm)
{
    struct alarm_model *model = &config->alarm_models[alarm];
    const struct bus_config *bus = find_bus(config, alarm);

    model->first_member = config->n_members;
    if (bus != NULL)
        add_of_bus(config, bus);
    else if (model->kind == CONDITION_CHATTER)
        add_of_asset(config, &config->assets[config->alarms[alarm].asset]);
    else if (model->kind == CONDITION_GROUP)
        add_of_group(config, find_group(d, config, alarm));
    model->n_members = config->n_members - model->first_member;
}

/* What the files say of the members, for people and for the next comparison. */
static int keep_patterns(const struct draft *d, struct config *config)
{
    struct patterns patterns;

    config->groups = calloc(d->n_groups + 1, sizeof *config->groups);
    if (config->groups == NULL)
        return -ENOMEM;
    for (uint16_t i = 0; i < config->n_alarms; i++) {
        if (config->alarm_models[i].kind != CONDITION_GROUP || config->alarms[i].automatic)
            continue;
        (void)patterns_read(NULL, find_group(d, config, i)->members, &patterns);
        char *text = patterns_text(&patterns);
        if (text == NULL)
            return -ENOMEM;
        config->groups[config->n_groups++] = (struct group_config){i, text};
    }
    return 0;
}

int flatten_members(const struct draft *d, struct config *config)
{
    for (int pass = 0; pass < 2; pass++) {
        config->n_members = 0;
        for (uint16_t i = 0; i < config->n_alarms; i++)
            add_members(d, config, i);
        if (pass > 0)
            break;
        config->members = calloc((size_t)config->n_members + 1, sizeof *config->members);
        if (config->members == NULL)
            return -ENOMEM;
    }
    return keep_patterns(d, config);
}
