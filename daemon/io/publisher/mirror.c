#include "mirror.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void mirror_free(struct mirror *m)
{
    if (m == NULL)
        return;
    for (uint32_t i = 0; m->alarms != NULL && i < m->config->n_alarms; i++)
        free(m->alarms[i].body);
    for (uint32_t i = 0; m->devices != NULL && i < m->config->n_devices; i++)
        free(m->devices[i]);
    free((void *)m->devices);
    free(m->alarms);
    free(m->points);
    dirty_free(&m->devices_due);
    dirty_free(&m->alarms_due);
    dirty_free(&m->alarms_refused);
    dirty_free(&m->readings_due);
    dirty_free(&m->discovery_due);
    config_unref(m->config);
    free(m);
}

int mirror_create(struct config *config, struct mirror **ret)
{
    struct mirror *m = calloc(1, sizeof *m);
    if (m == NULL)
        return -ENOMEM;
    m->config = config_ref(config);
    m->sweep = config->n_alarms;
    m->points = calloc((size_t)config->n_points + 1, sizeof *m->points);
    m->alarms = calloc((size_t)config->n_alarms + 1, sizeof *m->alarms);
    m->devices =
        calloc((size_t)config->n_devices + 1, sizeof *m->devices); /* NOLINT(bugprone-sizeof-expression) */
    if (m->points == NULL || m->alarms == NULL || m->devices == NULL ||
        dirty_create(&m->devices_due, config->n_devices) < 0 ||
        dirty_create(&m->alarms_due, config->n_alarms) < 0 ||
        dirty_create(&m->alarms_refused, config->n_alarms) < 0 ||
        dirty_create(&m->readings_due, config->n_assets) < 0 ||
        dirty_create(&m->discovery_due, config->n_assets) < 0) {
        mirror_free(m);
        return -ENOMEM;
    }
    *ret = m;
    return 0;
}

int mirror_find_alarm(const struct config *config, int asset, const char *alarm)
{
    if (asset < 0 || asset >= config->n_assets)
        return -1;
    const struct asset_config *a = &config->assets[asset];
    for (uint32_t i = a->first_alarm; i < (uint32_t)a->first_alarm + a->n_alarms; i++)
        if (strcmp(config->alarms[i].id, alarm) == 0)
            return (int)i;
    return -1;
}

bool mirror_has_readings(const struct config *config, int asset)
{
    return asset >= 0 && asset < config->n_assets && config->assets[asset].n_points > 0;
}

/* An alarm that is normal now, and of which the broker may not know that yet. */
static bool is_clear_due(const struct mirror *m, uint32_t alarm)
{
    return m->alarms[alarm].body == NULL && (m->alarms_due.queued[alarm] || m->alarms_refused.queued[alarm]);
}

int mirror_reload(struct mirror *old, struct config *config, struct mirror **ret)
{
    struct mirror *m = NULL;
    int error = mirror_create(config, &m);
    if (error < 0)
        return error;
    if (old->sweep < old->config->n_alarms)
        m->sweep = 0;
    for (uint32_t i = 0; i < old->config->n_alarms; i++) {
        if (old->alarms[i].body == NULL && !is_clear_due(old, i))
            continue;
        const struct alarm_config *alarm = &old->config->alarms[i];
        int asset = config_find_asset(config, old->config->assets[alarm->asset].id);
        int found = mirror_find_alarm(config, asset, alarm->id);
        if (found < 0)
            continue;
        m->alarms[found] =
            (struct mirror_alarm){.body = old->alarms[i].body, .carried = old->alarms[i].body != NULL};
        old->alarms[i].body = NULL;
        dirty_add(&m->alarms_due, (uint16_t)found);
    }
    *ret = m;
    return 0;
}

static void clear(struct mirror *m, uint16_t alarm)
{
    free(m->alarms[alarm].body);
    m->alarms[alarm] = (struct mirror_alarm){0};
    dirty_add(&m->alarms_due, alarm);
}

void mirror_drop_carried(struct mirror *m)
{
    for (uint32_t i = 0; i < m->config->n_alarms; i++)
        if (m->alarms[i].carried)
            clear(m, (uint16_t)i);
}

void mirror_set_point(struct mirror *m, uint16_t point, const struct reading *reading,
                      struct calibrated calibrated, struct stamp taken)
{
    if (point < m->config->n_points)
        m->points[point] = (struct mirror_point){
            .known = true, .reading = *reading, .calibrated = calibrated, .taken = taken};
}

int mirror_set_alarm(struct mirror *m, uint16_t alarm, const char *body)
{
    if (alarm >= m->config->n_alarms)
        return 0;
    if (body[0] == '\0') {
        clear(m, alarm);
        return 0;
    }
    char *copy = strdup(body);
    if (copy == NULL)
        return -ENOMEM;
    free(m->alarms[alarm].body);
    m->alarms[alarm] = (struct mirror_alarm){.body = copy};
    dirty_add(&m->alarms_due, alarm);
    return 0;
}

int mirror_set_device(struct mirror *m, uint16_t device, const char *body)
{
    char *copy = device < m->config->n_devices ? strdup(body) : NULL;
    if (copy == NULL)
        return device < m->config->n_devices ? -ENOMEM : 0;
    free(m->devices[device]);
    m->devices[device] = copy;
    dirty_add(&m->devices_due, device);
    return 0;
}

void mirror_all_due(struct mirror *m)
{
    for (uint32_t i = 0; i < m->config->n_alarms; i++)
        if (m->alarms[i].body != NULL)
            dirty_add(&m->alarms_due, (uint16_t)i);
    for (uint32_t i = 0; i < m->config->n_points; i++)
        if (m->points[i].known)
            dirty_add(&m->readings_due, m->config->points[i].asset);
    for (int i = 0; i < m->config->n_assets; i++)
        if (m->config->mqtt.home_assistant && mirror_has_readings(m->config, i))
            dirty_add(&m->discovery_due, (uint16_t)i);
    for (uint32_t i = 0; i < m->config->n_devices; i++)
        if (m->devices[i] != NULL)
            dirty_add(&m->devices_due, (uint16_t)i);
    m->sweep = 0;
}

void mirror_retry_refused(struct mirror *m)
{
    uint16_t alarm;
    while (dirty_take(&m->alarms_refused, &alarm))
        dirty_add(&m->alarms_due, alarm);
}

bool mirror_sweep(struct mirror *m, uint16_t *ret_alarm)
{
    for (; m->sweep < m->config->n_alarms; m->sweep++)
        if (m->alarms[m->sweep].body == NULL) {
            *ret_alarm = (uint16_t)m->sweep++;
            return true;
        }
    return false;
}
