/* What is allowed, and has cost samples elsewhere: each incident that this program knows how to prevent must
 * be prevented, or somebody has been told that it is not. Warnings only. */
#include <string.h>
#include <unistd.h>

#include "draft.h"

/* A limit that somebody gets up for, and that no other alarm of the point replaces. */
static bool is_critical_limit(const struct draft *d, const struct draft_alarm *alarm)
{
    if (alarm->broken || alarm->point < 0 || d->points[alarm->point].broken)
        return false;
    return alarm->model.priority == PRIORITY_CRITICAL &&
           (alarm->model.kind == CONDITION_HIGH || alarm->model.kind == CONDITION_LOW);
}

static bool is_temperature(const struct draft_point *point)
{
    return strcmp(point->config.unit, "°C") == 0;
}

/* ---------------------------------------------------------------- a probe that nobody doubts */

/* Does the alarm show that the point's values can't be true, or that they do not move? */
static bool is_doubting(const struct draft_alarm *alarm, int point)
{
    if (alarm->model.kind == CONDITION_FLATLINE)
        return alarm->point == point;
    if (alarm->model.kind != CONDITION_DISAGREE)
        return false;
    bool found = alarm->point == point;
    for (unsigned i = 0; i < alarm->model.n_others; i++)
        found = found || alarm->model.others[i] == point;
    return found;
}

/* One of the vessel's redundant probes? */
static bool is_twin(const struct draft *d, const struct draft_asset *asset, int point)
{
    if (asset->vessel < 0)
        return false;
    const struct vessel_config *vessel = &d->vessels[asset->vessel].config;
    for (int i = 0; i < TANK_TEMPS; i++) {
        const int other = vessel->model.twin[i] - 1; /* -1: none */
        if (other >= 0 && other < TANK_TEMPS &&
            (vessel->temps[i].point == point || vessel->temps[other].point == point))
            return true;
    }
    return false;
}

static bool is_doubted(const struct draft *d, const struct draft_asset *asset, int point)
{
    for (size_t i = 0; i < asset->n_alarms; i++)
        if (is_doubting(&d->alarms[asset->first_alarm + i], point))
            return true;
    return is_twin(d, asset, point);
}

/* Once for each point: its first critical alarm. */
static bool is_first_of_point(const struct draft *d, const struct draft_asset *asset, size_t which)
{
    const struct draft_alarm *alarm = &d->alarms[asset->first_alarm + which];
    for (size_t i = 0; i < which; i++) {
        const struct draft_alarm *before = &d->alarms[asset->first_alarm + i];
        if (before->point == alarm->point && is_critical_limit(d, before))
            return false;
    }
    return true;
}

static void check_probe(struct draft *d, const struct draft_asset *asset, size_t which)
{
    const struct draft_alarm *alarm = &d->alarms[asset->first_alarm + which];
    const struct draft_point *point = &d->points[alarm->point];

    if (point->derived || is_doubted(d, asset, alarm->point) || !is_first_of_point(d, asset, which))
        return;
    problems_at_key(d->warnings, alarm->node,
                    "a critical alarm that rests on one probe: that '%.64s' is stuck, or wrong, would not be "
                    "noticed. Add an alarm with 'flatline' for it, or hold a second probe against it: "
                    "'disagrees_with', or 'redundant' in 'vessel'",
                    point->node->key);
}

/* ---------------------------------------------------------------- the level, which falls first */

/* Something of the tank whose alarm can tell that the nitrogen goes. */
static bool is_level(const struct draft_point *point)
{
    static const char *const units[] = {"cm", "mm", "m", "in", "%", "L", "m³", "kg"};

    if (!point->has_alarm || point->broken)
        return false;
    for (size_t i = 0; i < COUNT_OF(units); i++)
        if (strcmp(point->config.unit, units[i]) == 0)
            return true;
    return strstr(point->node->key, "level") != NULL || strstr(point->node->key, "ln2") != NULL;
}

static bool has_level(const struct draft *d, const struct draft_asset *asset)
{
    for (size_t i = 0; i < asset->n_points; i++)
        if (is_level(&d->points[asset->first_point + i]))
            return true;
    return asset->vessel >= 0;
}

/* A freezer whose runs are followed is told by those that a probe does not go with its program. */
static void check_asset(struct draft *d, const struct draft_asset *asset)
{
    bool is_critical = false;

    for (size_t i = 0; i < asset->n_alarms && asset->freezer < 0; i++) {
        const struct draft_alarm *alarm = &d->alarms[asset->first_alarm + i];
        if (!is_critical_limit(d, alarm) || !is_temperature(&d->points[alarm->point]))
            continue;
        is_critical = true;
        check_probe(d, asset, i);
    }
    if (is_critical && asset->config.kind == ASSET_TANK && !has_level(d, asset))
        problems_at_key(
            d->warnings, asset->node,
            "only the temperature of '%.64s' is watched, which rises when the nitrogen is gone: add "
            "an alarm about its level, or 'vessel', which says how long the samples have",
            asset->node->key);
}

/* ---------------------------------------------------------------- people */

/* Is there an alarm for which somebody must come at any hour? */
static bool is_anything_critical(const struct draft *d)
{
    for (size_t i = 0; i < d->n_alarms; i++)
        if (!d->alarms[i].broken &&
            (d->alarms[i].model.priority == PRIORITY_CRITICAL || d->alarms[i].config.life_safety))
            return true;
    return d->n_vessels > 0;
}

/* The program is run when nobody else tells: that it is missing must not be found out then. */
static void check_command(struct draft *d)
{
    const struct fallback_config *fallback = &d->notify.config.fallback;

    if (fallback->n_arguments > 0 && d->memory == NULL && access(fallback->arguments[0], X_OK) != 0)
        problems_at(d->warnings, d->notify.command, "the program %s is not there, or can't be run",
                    fallback->arguments[0]);
}

/* What is said with 'expected: false' is meant. Without 'mqtt' nobody is told at all, which was said. */
static void check_people(struct draft *d)
{
    const struct yaml_node *mqtt = draft_setting(d, "mqtt", NULL);
    const struct yaml_node *notify = draft_setting(d, "notify", NULL);

    if (mqtt == NULL || !is_anything_critical(d))
        return;
    if (notify == NULL)
        problems_at_key(
            d->warnings, mqtt,
            "there is no section 'notify': that nobody calls people, or that they can't be reached, "
            "would be no alarm. Write notify: {expected: true}, and start cryonotify");
    if (notify == NULL || !d->notify.config.expected)
        return;
    if (d->notify.config.fallback.n_arguments == 0 && d->notify.relay_device == NULL)
        problems_at_key(
            d->warnings, notify,
            "while cryonotify or the broker is away, nobody is told: give 'fallback' a command (a "
            "siren, a modem), or 'relay' an output");
    if (draft_setting(d, "drill", NULL) == NULL)
        problems_at_key(
            d->warnings, notify,
            "there is no section 'drill': that an alarm still comes to a person is never tried out. "
            "Write drill: {every: 7 d}");
}

void check_incidents(struct draft *d)
{
    if (d->incomplete)
        return; /* what is missing may stand in what could not be read */
    check_command(d);
    check_people(d);
    for (size_t i = 0; i < d->n_assets; i++)
        check_asset(d, &d->assets[i]);
}
