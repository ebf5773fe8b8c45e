#include "leftovers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *leftovers_filter(char *topic, const struct config *config, unsigned n)
{
    if (n == 0)
        return payload_topic(topic, config, "+/alarms/+");
    if (n == 1)
        return payload_topic(topic, config, "+/readings");
    if (n == 2)
        return payload_topic(topic, config, "devices/+/diagnostics");
    snprintf(topic, TOPIC_MAX, "homeassistant/device/+/config");
    return topic;
}

/* Copies up to the slash (or the end); returns what follows, or NULL when it does not fit. */
static const char *level(const char *at, char id[ID_MAX])
{
    size_t n = strcspn(at, "/");
    if (n >= ID_MAX)
        return NULL;
    memcpy(id, at, n);
    id[n] = '\0';
    return at + n;
}

static bool has_device(const struct config *config, const char *id)
{
    for (uint16_t i = 0; i < config->n_devices; i++)
        if (strcmp(config->devices[i].id, id) == 0)
            return true;
    return false;
}

/* "DEVICE/diagnostics" */
static bool is_leftover_diagnostics(const struct config *config, const char *rest)
{
    char id[ID_MAX];
    const char *tail = level(rest, id);
    return tail == NULL || (strcmp(tail, "/diagnostics") == 0 && !has_device(config, id));
}

static bool is_leftover_state(const struct config *config, const char *rest)
{
    char asset[ID_MAX], alarm[ID_MAX];
    if (strncmp(rest, "devices/", 8) == 0)
        return is_leftover_diagnostics(config, rest + 8);
    const char *tail = level(rest, asset);
    if (tail == NULL)
        return true; /* longer than any id */
    int index = config_find_asset(config, asset);
    if (strcmp(tail, "/readings") == 0)
        return !mirror_has_readings(config, index);
    if (strncmp(tail, "/alarms/", 8) != 0 || strchr(tail + 8, '/') != NULL)
        return false;
    return level(tail + 8, alarm) == NULL || mirror_find_alarm(config, index, alarm) < 0;
}

static char *device_prefix(char prefix[2 * ID_MAX], const struct config *config)
{
    snprintf(prefix, 2 * ID_MAX, "homeassistant/device/cryomon_%s_", config->site_id);
    return prefix;
}

static bool is_leftover_device(const struct config *config, const struct arrival *arrival)
{
    char asset[ID_MAX], prefix[2 * ID_MAX], ours[TOPIC_MAX];
    size_t n = strlen(device_prefix(prefix, config));
    if (strncmp(arrival->topic, prefix, n) != 0)
        return false;
    /* Site "hall" and site "hall_2" share the prefix: the content tells whose it is. */
    snprintf(ours, sizeof ours, "\"cryomon/%s/status\"", config->site_id);
    if (strstr(arrival->payload, ours) == NULL)
        return false;
    if (!config->mqtt.home_assistant || level(arrival->topic + n, asset) == NULL)
        return true;
    return !mirror_has_readings(config, config_find_asset(config, asset));
}

bool leftovers_is(const struct config *config, const struct arrival *arrival)
{
    char prefix[TOPIC_MAX];
    if (!arrival->retained || arrival->length == 0)
        return false;
    payload_topic(prefix, config, "");
    if (strncmp(arrival->topic, prefix, strlen(prefix)) == 0)
        return is_leftover_state(config, arrival->topic + strlen(prefix));
    return is_leftover_device(config, arrival);
}

bool leftovers_is_in_use(const struct config *config, const char *topic)
{
    char prefix[TOPIC_MAX], device[2 * ID_MAX], asset[ID_MAX];
    size_t n = strlen(payload_topic(prefix, config, ""));
    if (strncmp(topic, prefix, n) == 0)
        return !is_leftover_state(config, topic + n);
    n = strlen(device_prefix(device, config));
    return config->mqtt.home_assistant && strncmp(topic, device, n) == 0 && level(topic + n, asset) != NULL &&
           mirror_has_readings(config, config_find_asset(config, asset));
}

void leftovers_add(struct leftovers *l, const char *topic)
{
    char *copy = l->used < LEFTOVERS_MAX ? strdup(topic) : NULL;
    if (copy != NULL)
        l->topics[(l->head + l->used++) % LEFTOVERS_MAX] = copy;
}

const char *leftovers_peek(const struct leftovers *l)
{
    return l->used > 0 ? l->topics[l->head] : NULL;
}

void leftovers_pop(struct leftovers *l)
{
    if (l->used == 0)
        return;
    free(l->topics[l->head]);
    l->head = (l->head + 1) % LEFTOVERS_MAX;
    l->used--;
}

void leftovers_clear(struct leftovers *l)
{
    while (l->used > 0)
        leftovers_pop(l);
}

static void compare_asset(struct leftovers *l, const struct config *old, uint16_t asset,
                          const struct config *new)
{
    char topic[TOPIC_MAX];
    bool same_site = strcmp(old->site_id, new->site_id) == 0;
    const struct asset_config *a = &old->assets[asset];
    int found = same_site ? config_find_asset(new, a->id) : -1;
    bool has = mirror_has_readings(new, found);
    if (a->n_points > 0 && !has)
        leftovers_add(l, payload_topic_readings(topic, old, asset));
    if (a->n_points > 0 && old->mqtt.home_assistant && !(has && new->mqtt.home_assistant))
        leftovers_add(l, payload_topic_discovery(topic, old, asset));
    for (uint32_t i = a->first_alarm; i < (uint32_t)a->first_alarm + a->n_alarms; i++)
        if (mirror_find_alarm(new, found, old->alarms[i].id) < 0)
            leftovers_add(l, payload_topic_alarm(topic, old, (uint16_t)i));
}

void leftovers_compare(struct leftovers *l, const struct config *old_config, const struct config *new_config)
{
    char topic[TOPIC_MAX];
    if (strcmp(old_config->site_id, new_config->site_id) != 0) {
        leftovers_add(l, payload_topic(topic, old_config, "status"));
        leftovers_add(l, payload_topic(topic, old_config, "disabled"));
    }
    for (uint16_t i = 0; i < old_config->n_devices; i++)
        if (strcmp(old_config->site_id, new_config->site_id) != 0 ||
            !has_device(new_config, old_config->devices[i].id))
            leftovers_add(l, payload_topic_device(topic, old_config, i));
    for (uint32_t i = 0; i < old_config->n_assets; i++)
        compare_asset(l, old_config, (uint16_t)i, new_config);
}
