#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "program.h"

struct config *config_ref(struct config *config)
{
    (void)atomic_fetch_add_explicit(&config->references, 1, memory_order_relaxed);
    return config;
}

void config_unref(struct config *config)
{
    if (config == NULL || atomic_fetch_sub_explicit(&config->references, 1, memory_order_acq_rel) > 1)
        return;
    free(config->buses);
    free(config->devices);
    free(config->assets);
    free(config->points);
    free(config->guards);
    free(config->guard_targets);
    free(config->alarms);
    free(config->members);
    for (uint32_t i = 0; i < config->n_groups; i++)
        free(config->groups[i].patterns);
    free(config->groups);
    free(config->calibrations);
    free(config->point_models);
    free(config->alarm_models);
    free(config->vessels);
    free(config->supplies);
    free(config->freezers);
    for (uint16_t i = 0; i < config->n_programs + config->n_kept_programs; i++)
        program_free(config->programs[i]);
    free((void *)config->programs);
    free(config->source);
    free(config);
}

int config_find_program(const struct config *config, const char *id, const char *hash)
{
    for (uint16_t i = 0; i < config->n_programs + (hash != NULL ? config->n_kept_programs : 0); i++)
        if (strcmp(config->programs[i]->id, id) == 0 &&
            (hash == NULL || strcmp(config->programs[i]->hash, hash) == 0))
            return i;
    return -1;
}

int config_keep_programs(struct config *config, const struct config *before)
{
    const size_t n = (size_t)before->n_programs + before->n_kept_programs;
    struct program **grown =
        reallocarray((void *)config->programs, config->n_programs + n + 1, sizeof(struct program *));

    if (grown == NULL)
        return -ENOMEM;
    config->programs = grown;
    for (size_t i = 0; i < n && config->n_kept_programs < PROGRAMS_MAX; i++) {
        if (config_find_program(config, before->programs[i]->id, before->programs[i]->hash) >= 0)
            continue;
        struct program *copy = malloc(sizeof *copy);
        if (copy == NULL)
            return -ENOMEM;
        *copy = *before->programs[i];
        grown[config->n_programs + config->n_kept_programs++] = copy;
    }
    return 0;
}

int config_calibration_at(const struct config *config, uint16_t point, int64_t utc_us)
{
    const struct point_config *p = &config->points[point];
    uint32_t after = p->n_calibrations; /* those from here on are not in effect yet */
    uint32_t first = 0;

    while (first < after) {
        const uint32_t middle = first + (after - first) / 2;
        if (config->calibrations[p->first_calibration + middle].from_utc_us <= utc_us)
            first = middle + 1;
        else
            after = middle;
    }
    return first == 0 ? -1 : (int)(p->first_calibration + first - 1);
}

struct calibrated config_calibrate(const struct config *config, uint16_t point, int64_t utc_us,
                                   struct reading *reading)
{
    const int index = reading->quality == QUALITY_BAD ? -1 : config_calibration_at(config, point, utc_us);
    struct calibrated result = {.as_read = reading->value};

    if (index < 0)
        return result;
    result.calibration = (uint32_t)index + 1;
    reading->value = calibration_apply(&config->calibrations[index].calibration, reading->value,
                                       config->points[point].format.decimals);
    return result;
}

int config_find_asset(const struct config *config, const char *asset)
{
    for (int i = 0; i < config->n_assets; i++) {
        if (strcmp(config->assets[i].id, asset) == 0)
            return i;
    }
    return -1;
}

int config_find_point(const struct config *config, const char *asset, const char *point)
{
    int a = config_find_asset(config, asset);

    if (a < 0)
        return -1;
    int first = config->assets[a].first_point;
    for (int i = first; i < first + config->assets[a].n_points; i++) {
        if (strcmp(config->points[i].id, point) == 0)
            return i;
    }
    return -1;
}

int config_find_alarm(const struct config *config, const char *asset, const char *alarm)
{
    int a = config_find_asset(config, asset);

    if (a < 0)
        return -1;
    int first = config->assets[a].first_alarm;
    for (int i = first; i < first + config->assets[a].n_alarms; i++) {
        if (strcmp(config->alarms[i].id, alarm) == 0)
            return i;
    }
    return -1;
}

const char *bilingual_get(const struct bilingual *text, enum language language, const char *fallback)
{
    const char *wanted = text->text[language == LANGUAGE_ZH ? LANGUAGE_ZH : LANGUAGE_EN];

    return wanted[0] != '\0' ? wanted : fallback;
}

const char *asset_kind_name(enum asset_kind kind)
{
    static const char *const names[] = {
        [ASSET_TANK] = "tank",       [ASSET_FREEZER] = "freezer", [ASSET_ROOM] = "room",
        [ASSET_UTILITY] = "utility", [ASSET_SYSTEM] = "system",
    };

    return (size_t)kind < sizeof names / sizeof names[0] ? names[kind] : "?";
}

bool config_is_about_value(const struct config *config, uint16_t alarm)
{
    const enum condition_kind kind = config->alarm_models[alarm].kind;

    return !config->alarms[alarm].automatic && engine_kind_has_reading(kind);
}

bool config_is_judged_by_eye(const struct alarm_model *model)
{
    return model->kind == CONDITION_HIGH || model->kind == CONDITION_LOW || model->kind == CONDITION_STATE;
}
