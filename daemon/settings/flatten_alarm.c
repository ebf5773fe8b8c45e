#include "flatten.h"

#include <string.h>

#include "automatic.h"

#define BAD_ON_DELAY_MS    10000
#define BROKER_ON_DELAY_MS 30000

/* Takes the next places in alarms[] and alarm_models[], which run in step. */
static struct alarm_config *next_alarm(struct config *config, uint16_t asset, uint16_t *n,
                                       struct alarm_model **ret_model)
{
    struct alarm_config *alarm = &config->alarms[*n];

    *ret_model = &config->alarm_models[*n];
    (*n)++;
    alarm->asset = asset;
    config->assets[asset].n_alarms++;
    return alarm;
}

/* That people are told, or look where nothing else does, is what all else rests upon while it
 * is kept quiet. */
static bool is_last_resort(const struct alarm_config *alarm, const struct alarm_model *model)
{
    if (model->kind == CONDITION_FAULT)
        return model->fault == FAULT_DRILL_OVERDUE ||
               (strncmp(alarm->id, "notif", 5) == 0 && /* notifier, notify-channel, ... */
                model->fault != FAULT_NOTIFY_CONFIG);  /* people are called all the same */
    return model->kind == CONDITION_FED && strcmp(alarm->id, AUTOMATIC_ROUNDS) == 0;
}

/* A drill that is kept quiet reaches nobody, and one that is not seen by anybody would go on for ever. */
static bool is_drill(const struct alarm_model *model)
{
    return model->kind == CONDITION_FAULT && model->fault == FAULT_DRILL;
}

/* What the priority and the protection allow. */
static void manage(const struct config *config, const struct alarm_config *alarm, struct alarm_model *model)
{
    const struct priority_config *priority = &config->alarming.priorities[model->priority];

    model->protected =
        alarm->life_safety || model->priority == PRIORITY_CRITICAL || is_last_resort(alarm, model);
    model->shelve_max_ms = model->protected || is_drill(model) ? 0 : priority->shelve_at_most_ms;
    model->oos_max_ms = is_drill(model) ? 0 : config->alarming.out_of_service_at_most_days * (uint32_t)DAY_MS;
    if (!alarm->own_realarm)
        model->realarm_after_ms = priority->realarm_after_ms;
}

/* ---------------------------------------------------------------- the system */

static void flatten_fault(struct config *config, enum system_fault fault, uint16_t *n_alarms)
{
    struct alarm_model *model;
    struct alarm_config *alarm = next_alarm(config, 0, n_alarms, &model);

    (void)snprintf(alarm->id, sizeof alarm->id, "%s", engine_fault_name(fault));
    automatic_fault_texts(alarm, fault);
    model->kind = CONDITION_FAULT;
    model->fault = fault;
    model->priority = automatic_fault_priority(fault);
    model->on_delay_ms = fault == FAULT_BROKER ? BROKER_ON_DELAY_MS : 0;
    manage(config, alarm, model);
}

/* One cause, many points: as urgent as the most urgent of its members, which it may explain. */
static enum priority bus_priority(const struct draft *d, size_t bus)
{
    enum priority highest = PRIORITY_MEDIUM;

    for (size_t i = 0; i < d->n_points; i++) {
        const struct draft_point *point = &d->points[i];
        if (point->device >= 0 && d->devices[point->device].bus == (int)bus && point->priority > highest)
            highest = point->priority;
    }
    return highest;
}

static void flatten_bus(const struct draft *d, struct config *config, size_t bus, uint16_t *n_alarms)
{
    struct alarm_model *model;
    uint16_t at_least;

    config->buses[bus].silent_alarm = -1;
    if (!automatic_bus(d, bus, &at_least))
        return;
    config->buses[bus].silent_alarm = *n_alarms;
    struct alarm_config *alarm = next_alarm(config, 0, n_alarms, &model);
    (void)snprintf(alarm->id, sizeof alarm->id, "bus-%.*s-silent", (int)BUS_ID_MAX - 1,
                   config->buses[bus].id);
    automatic_texts(alarm, AUTOMATIC_IS_BUS, config->buses[bus].id);
    model->kind = CONDITION_GROUP;
    model->priority = bus_priority(d, bus);
    model->at_least = at_least;
    manage(config, alarm, model);
}

/* The configured groups of an asset of the draft; -1: of the system. */
static void flatten_groups(const struct draft *d, struct config *config, int asset, uint16_t *n_alarms)
{
    for (size_t i = 0; i < d->n_groups; i++) {
        const struct draft_group *group = &d->groups[i];
        struct alarm_model *model;
        if (group->asset != asset)
            continue;
        struct alarm_config *alarm = next_alarm(config, (uint16_t)(asset + 1), n_alarms, &model);
        const uint16_t a = alarm->asset;
        *alarm = group->config;
        alarm->asset = a;
        model->kind = CONDITION_GROUP;
        model->priority = group->priority;
        model->at_least = group->at_least;
        model->on_delay_ms = group->on_delay_ms;
        model->off_delay_ms = group->off_delay_ms;
        model->latching = group->latching;
        model->realarm_after_ms = group->realarm_after_ms;
        manage(config, alarm, model);
    }
}

void flatten_system(const struct draft *d, struct config *config, uint16_t *n_alarms)
{
    struct asset_config *asset = &config->assets[0];

    memcpy(asset->id, "system", sizeof "system");
    memcpy(asset->name.text[LANGUAGE_EN], "Monitoring system", sizeof "Monitoring system");
    memcpy(asset->name.text[LANGUAGE_ZH], "监测系统", sizeof "监测系统");
    asset->kind = ASSET_SYSTEM;
    asset->chatter_alarm = asset->rounds_alarm = -1;
    for (unsigned i = 0; i < PRIORITIES; i++)
        asset->beyond_alarms[i] = -1;
    for (int fault = 0; fault < FAULT_COUNT; fault++)
        flatten_fault(config, (enum system_fault)fault, n_alarms);
    for (size_t i = 0; i < d->n_buses; i++)
        flatten_bus(d, config, i, n_alarms);
    flatten_groups(d, config, -1, n_alarms);
}

/* ---------------------------------------------------------------- points */

/* A point without data may hide any of its alarms: it is as urgent as the most urgent of them, and protects
 * life if one of them does. */
static void flatten_point(struct config *config, uint16_t asset, uint16_t index,
                          const struct draft_point *point, uint16_t *n_alarms)
{
    static const struct {
        const char *suffix;
        enum condition_kind kind;
        enum automatic_kind texts;
        uint32_t on_delay_ms;
    } automatic[] = {{"no-data", CONDITION_NO_DATA, AUTOMATIC_IS_NO_DATA, 0},
                     {"bad", CONDITION_BAD, AUTOMATIC_IS_BAD, BAD_ON_DELAY_MS}};

    for (size_t i = 0; i < COUNT_OF(automatic); i++) {
        struct alarm_model *model;
        struct alarm_config *alarm = next_alarm(config, asset, n_alarms, &model);
        (void)snprintf(alarm->id, sizeof alarm->id, "%.54s-%s", point->config.id, automatic[i].suffix);
        automatic_texts(alarm, automatic[i].texts, "");
        alarm->life_safety = point->life_safety;
        model->kind = automatic[i].kind;
        model->priority = point->priority > PRIORITY_MEDIUM ? point->priority : PRIORITY_MEDIUM;
        model->point = index;
        model->on_delay_ms = automatic[i].on_delay_ms;
        manage(config, alarm, model);
    }
}

static void flatten_due(struct config *config, uint16_t asset, uint16_t index, uint16_t *n_alarms)
{
    for (size_t i = 0; i < DUE_STEPS; i++) {
        struct alarm_model *model;
        struct alarm_config *alarm = next_alarm(config, asset, n_alarms, &model);
        const bool overdue = draft_due_steps[i].before_days == 0;
        (void)snprintf(alarm->id, sizeof alarm->id, "%.43s-%s", config->points[index].id,
                       draft_due_steps[i].suffix);
        automatic_texts(alarm, overdue ? AUTOMATIC_IS_OVERDUE : AUTOMATIC_IS_DUE, config->points[index].id);
        model->kind = CONDITION_DATE;
        model->priority = draft_due_steps[i].priority;
        model->point = index;
        flatten_due_dates(config, index, &draft_due_steps[i], model);
        manage(config, alarm, model);
    }
}

/* ---------------------------------------------------------------- assets */

static void flatten_chatter(struct config *config, uint16_t asset, uint16_t *n_alarms)
{
    struct alarm_model *model;

    config->assets[asset].chatter_alarm = *n_alarms;
    struct alarm_config *alarm = next_alarm(config, asset, n_alarms, &model);
    (void)snprintf(alarm->id, sizeof alarm->id, "%s", AUTOMATIC_CHATTER);
    automatic_texts(alarm, AUTOMATIC_IS_CHATTER, "");
    model->kind = CONDITION_CHATTER;
    model->priority = PRIORITY_MEDIUM;
    model->at_least = config->alarming.chatter_count;
    model->window_ms = config->alarming.chatter_within_ms;
    manage(config, alarm, model);
}

static void flatten_rounds(struct config *config, uint16_t asset, uint16_t *n_alarms)
{
    struct alarm_model *model;

    config->assets[asset].rounds_alarm = *n_alarms;
    struct alarm_config *alarm = next_alarm(config, asset, n_alarms, &model);
    (void)snprintf(alarm->id, sizeof alarm->id, "%s", AUTOMATIC_ROUNDS);
    automatic_texts(alarm, AUTOMATIC_IS_ROUNDS, "");
    model->kind = CONDITION_FED;
    model->priority = PRIORITY_HIGH;
    manage(config, alarm, model);
}

static void flatten_beyond(const struct draft *d, const struct draft_asset *from, struct config *config,
                           uint16_t asset, uint16_t *n_alarms)
{
    for (unsigned priority = 0; priority < PRIORITIES; priority++) {
        struct alarm_model *model;
        bool life_safety;
        if (!automatic_beyond(d, from, (enum priority)priority, &life_safety))
            continue;
        config->assets[asset].beyond_alarms[priority] = *n_alarms;
        struct alarm_config *alarm = next_alarm(config, asset, n_alarms, &model);
        (void)snprintf(alarm->id, sizeof alarm->id, AUTOMATIC_BEYOND "%s",
                       priority_name((enum priority)priority));
        automatic_texts(alarm, AUTOMATIC_IS_BEYOND, "");
        alarm->life_safety = life_safety;
        model->kind = CONDITION_FED;
        model->priority = (enum priority)priority;
        manage(config, alarm, model);
    }
}

/* ---------------------------------------------------------------- derived */

struct derived_place {
    struct config *config;
    const struct draft_asset *from;
    uint16_t asset;
    uint16_t *n_alarms;
};

static int *place_of(const struct derived_place *place, enum derived_of of, unsigned which)
{
    struct config *config = place->config;

    switch (of) {
    case DERIVED_OF_TANK:
        return &config->vessels[place->from->vessel].alarms[which];
    case DERIVED_OF_SUPPLY:
        return &config->supplies[place->from->supply].alarms[which];
    case DERIVED_OF_FREEZER:
        break;
    }
    return &config->freezers[place->from->freezer].alarms[which];
}

static void add_derived(void *context, enum derived_of of, unsigned which)
{
    const struct derived_place *place = context;
    const struct derived_alarm *from = derived_alarm(of, which);
    struct alarm_model *model;

    *place_of(place, of, which) = *place->n_alarms;
    struct alarm_config *alarm = next_alarm(place->config, place->asset, place->n_alarms, &model);
    (void)snprintf(alarm->id, sizeof alarm->id, "%s", from->id);
    automatic_derived_texts(alarm, from);
    model->kind = CONDITION_FED;
    model->priority = from->priority;
    manage(place->config, alarm, model);
}

/* What people must read while nothing else does: the numbers that an alarm is about; without such an alarm
 * all numbers; without numbers all there is. */
static void flatten_by_eye(struct config *config, const struct asset_config *asset)
{
    bool has_alarm = false, has_number = false;
    struct point_config *points = &config->points[asset->first_point];

    for (uint16_t i = asset->first_alarm; i < asset->first_alarm + asset->n_alarms; i++) {
        struct point_config *point = &config->points[config->alarm_models[i].point];
        if (!config_is_about_value(config, i) || point->format.n_states > 0 || point->device == POINT_DERIVED)
            continue;
        point->is_read_by_eye = has_alarm = true;
    }
    for (uint16_t i = 0; i < asset->n_points; i++)
        has_number |= points[i].format.n_states == 0 && points[i].device != POINT_DERIVED;
    for (uint16_t i = 0; i < asset->n_points && !has_alarm; i++)
        points[i].is_read_by_eye =
            points[i].device != POINT_DERIVED && (points[i].format.n_states == 0 || !has_number);
}

void flatten_asset_alarms(const struct draft *d, struct config *config, size_t index, uint16_t *n_alarms)
{
    const struct draft_asset *from = &d->assets[index];
    const uint16_t a = (uint16_t)(index + 1);
    struct asset_config *asset = &config->assets[a];

    asset->chatter_alarm = asset->rounds_alarm = -1;
    for (unsigned i = 0; i < PRIORITIES; i++)
        asset->beyond_alarms[i] = -1;
    for (size_t i = 0; i < from->n_alarms; i++) {
        const struct draft_alarm *alarm = &d->alarms[from->first_alarm + i];
        struct alarm_model *model;
        struct alarm_config *to = next_alarm(config, a, n_alarms, &model);
        *to = alarm->config;
        to->asset = a;
        *model = alarm->model; /* its point: points keep their order, so the index is the same */
        manage(config, to, model);
    }
    for (uint16_t i = 0; i < asset->n_points; i++) {
        const struct draft_point *point = &d->points[from->first_point + i];
        if (point->derived)
            continue;
        flatten_point(config, a, (uint16_t)(asset->first_point + i), point, n_alarms);
        if (point->has_due)
            flatten_due(config, a, (uint16_t)(asset->first_point + i), n_alarms);
    }
    flatten_chatter(config, a, n_alarms);
    if (from->rounds)
        flatten_rounds(config, a, n_alarms);
    flatten_beyond(d, from, config, a, n_alarms);
    derived_each_alarm(d, index, add_derived, &(struct derived_place){config, from, a, n_alarms});
    flatten_by_eye(config, asset);
    flatten_groups(d, config, (int)index, n_alarms);
}
