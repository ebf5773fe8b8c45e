/* discovery.c - Home Assistant's MQTT device discovery, one message per asset. See payload.h. */
#include <stdio.h>
#include <string.h>

#include "json_text.h"
#include "payload.h"

#define TEMPLATE_MAX 256

struct device {
    const struct config *config;
    const struct asset_config *asset;
    char id[2 * ID_MAX + 16];
    char status[TOPIC_MAX], readings[TOPIC_MAX];
    uint32_t expiry;
};

static void put_availability(struct json_text *j, const struct device *d, const char *point)
{
    char template[TEMPLATE_MAX];
    json_text_array(j, "availability");
    json_text_object(j, NULL);
    json_text_string(j, "topic", d->status);
    json_text_string(j, "value_template", "{{ value_json.state }}");
    json_text_end(j);
    json_text_object(j, NULL);
    json_text_string(j, "topic", d->readings);
    snprintf(template, sizeof template,
             "{{ 'offline' if value_json.points['%s'].quality == 'bad' else 'online' }}", point);
    json_text_string(j, "value_template", template);
    json_text_end(j);
    json_text_end(j);
    json_text_string(j, "availability_mode", "all");
}

/* A bit with two names is on or off; other enumerations are texts of a list. */
static void put_states(struct json_text *j, const struct point_config *point, bool binary)
{
    if (binary) {
        json_text_string(j, "payload_on", "1");
        json_text_string(j, "payload_off", "0");
        const char *on = decode_state_name(&point->format, MICRO_PER_UNIT);
        if (on != NULL && strcmp(on, "open") == 0)
            json_text_string(j, "device_class", "opening");
        return;
    }
    json_text_string(j, "device_class", "enum");
    json_text_array(j, "options");
    for (unsigned i = 0; i < point->format.n_states; i++)
        json_text_string(j, NULL, point->format.states[i].name);
    json_text_end(j);
}

/* How Home Assistant calls what the unit measures; NULL: no class of its own fits. */
static const char *class_of(const struct point_config *point, bool is_derived)
{
    static const char *const durations[] = {"d", "h", "min", "s"};
    if (strcmp(point->unit, "°C") == 0)
        return "temperature";
    for (size_t i = 0; is_derived && i < sizeof durations / sizeof *durations; i++)
        if (strcmp(point->unit, durations[i]) == 0)
            return "duration";
    return is_derived && strcmp(point->id, "volume") == 0 ? "volume_storage" : NULL;
}

/* The ends of intervals are there for whoever switches them on. */
static bool is_end(const char *id)
{
    const size_t len = strlen(id);
    return (len > 6 && strcmp(id + len - 6, "-least") == 0) ||
           (len > 5 && strcmp(id + len - 5, "-most") == 0);
}

static void put_number(struct json_text *j, const struct point_config *point, bool is_derived)
{
    const char *class = class_of(point, is_derived);
    if (class != NULL)
        json_text_string(j, "device_class", class);
    if (is_derived && is_end(point->id))
        json_text_bool(j, "enabled_by_default", false);
    json_text_string(j, "state_class", "measurement");
    if (point->unit[0] != '\0')
        json_text_string(j, "unit_of_measurement", point->unit);
    json_text_integer(j, "suggested_display_precision", point->format.decimals);
}

static void put_component(struct json_text *j, const struct device *d, uint16_t index)
{
    const struct point_config *point = &d->config->points[index];
    char text[TEMPLATE_MAX];
    bool states = point->format.n_states > 0;
    bool binary = point->format.type == REG_BIT && point->format.n_states == 2;
    json_text_object(j, point->id);
    json_text_string(j, "platform", binary ? "binary_sensor" : "sensor");
    snprintf(text, sizeof text, "%s_%s", d->id, point->id);
    json_text_string(j, "unique_id", text);
    json_text_string(j, "name", bilingual_get(&point->name, d->config->language, point->id));
    json_text_string(j, "state_topic", d->readings);
    snprintf(text, sizeof text, "{{ value_json.points['%s'].%s }}", point->id,
             states && !binary ? "state" : "value");
    json_text_string(j, "value_template", text);
    if (states)
        put_states(j, point, binary);
    else
        put_number(j, point, config_is_derived(d->config, index));
    json_text_string(j, "json_attributes_topic", d->readings);
    snprintf(text, sizeof text, "{{ value_json.points['%s'] | tojson }}", point->id);
    json_text_string(j, "json_attributes_template", text);
    json_text_integer(j, "expire_after", d->expiry);
    put_availability(j, d, point->id);
    json_text_end(j);
}

static void put_device(struct json_text *j, const struct device *d)
{
    json_text_object(j, "device");
    json_text_array(j, "identifiers");
    json_text_string(j, NULL, d->id);
    json_text_end(j);
    json_text_string(j, "name", bilingual_get(&d->asset->name, d->config->language, d->asset->id));
    json_text_string(j, "manufacturer", "cryomon");
    json_text_string(j, "model", asset_kind_name(d->asset->kind));
    json_text_string(j, "suggested_area",
                     bilingual_get(&d->config->site_name, d->config->language, d->config->site_id));
    json_text_end(j);
    json_text_object(j, "origin");
    json_text_string(j, "name", "cryomon");
    json_text_string(j, "sw_version", CRYOMON_VERSION);
    json_text_end(j);
}

int payload_discovery(char *text, size_t cap, const struct config *config, uint16_t asset)
{
    struct device d = {
        .config = config, .asset = &config->assets[asset], .expiry = payload_expiry(config, asset)};
    struct json_text j;
    snprintf(d.id, sizeof d.id, "cryomon_%s_%s", config->site_id, d.asset->id);
    payload_topic(d.status, config, "status");
    payload_topic_readings(d.readings, config, asset);
    json_text_begin(&j, text, cap);
    json_text_object(&j, NULL);
    put_device(&j, &d);
    json_text_object(&j, "components");
    for (uint32_t i = d.asset->first_point; i < (uint32_t)d.asset->first_point + d.asset->n_points; i++)
        put_component(&j, &d, (uint16_t)i);
    json_text_end(&j);
    json_text_end(&j);
    return json_text_finish(&j);
}
