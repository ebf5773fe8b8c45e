#include "payload.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "json_text.h"

char *payload_topic(char *topic, const struct config *config, const char *name)
{
    snprintf(topic, TOPIC_MAX, "cryomon/%s/%s", config->site_id, name);
    return topic;
}

char *payload_topic_readings(char *topic, const struct config *config, uint16_t asset)
{
    snprintf(topic, TOPIC_MAX, "cryomon/%s/%s/readings", config->site_id, config->assets[asset].id);
    return topic;
}

char *payload_topic_alarm(char *topic, const struct config *config, uint16_t alarm)
{
    const struct alarm_config *a = &config->alarms[alarm];
    snprintf(topic, TOPIC_MAX, "cryomon/%s/%s/alarms/%s", config->site_id, config->assets[a->asset].id,
             a->id);
    return topic;
}

char *payload_topic_device(char *topic, const struct config *config, uint16_t device)
{
    snprintf(topic, TOPIC_MAX, "cryomon/%s/devices/%s/diagnostics", config->site_id,
             config->devices[device].id);
    return topic;
}

char *payload_topic_discovery(char *topic, const struct config *config, uint16_t asset)
{
    snprintf(topic, TOPIC_MAX, "homeassistant/device/cryomon_%s_%s/config", config->site_id,
             config->assets[asset].id);
    return topic;
}

int payload_status(char *text, size_t cap, bool online, const char *run, int64_t utc_us, const char *reason)
{
    struct json_text j;
    json_text_begin(&j, text, cap);
    json_text_object(&j, NULL);
    json_text_string(&j, "state", online ? "online" : "offline");
    if (reason != NULL)
        json_text_string(&j, "reason", reason);
    json_text_string(&j, "run", run);
    json_text_time(&j, "time", utc_us);
    json_text_string(&j, "version", CRYOMON_VERSION);
    json_text_end(&j);
    return json_text_finish(&j);
}

static void put_notifier(struct json_text *j, const struct notifier_word *notifier)
{
    static const char *const states[] = {[NOTIFIER_NONE] = "none",
                                         [NOTIFIER_WAITING] = "waiting",
                                         [NOTIFIER_OK] = "ok",
                                         [NOTIFIER_FAILED] = "failing"};
    json_text_string(j, "notifier", states[notifier->state]);
    if (notifier->state != NOTIFIER_FAILED)
        return;
    json_text_time(j, "notifier_since", notifier->since_utc_us);
    json_text_object(j, "notifier_text");
    json_text_string(j, "en", notifier->detail[LANGUAGE_EN]);
    json_text_string(j, "zh", notifier->detail[LANGUAGE_ZH]);
    json_text_end(j);
}

int payload_heartbeat(char *text, size_t cap, const char *run, int64_t utc_us, uint64_t sequence,
                      uint64_t events_waiting, uint64_t last_event, const struct notifier_word *notifier)
{
    struct json_text j;
    json_text_begin(&j, text, cap);
    json_text_object(&j, NULL);
    json_text_string(&j, "run", run);
    json_text_time(&j, "time", utc_us);
    json_text_integer(&j, "sequence", (int64_t)sequence);
    json_text_integer(&j, "events_waiting", (int64_t)events_waiting);
    json_text_integer(&j, "last_event", (int64_t)last_event);
    if (notifier != NULL)
        put_notifier(&j, notifier);
    json_text_end(&j);
    return json_text_finish(&j);
}

static void put_name(struct json_text *j, const struct asset_config *asset)
{
    json_text_object(j, "name");
    json_text_string(j, "en", bilingual_get(&asset->name, LANGUAGE_EN, asset->id));
    json_text_string(j, "zh", bilingual_get(&asset->name, LANGUAGE_ZH, asset->id));
    json_text_end(j);
}

/* The value is a number only when there is one that may be believed; the quality always stands beside it. */
static void put_point(struct json_text *j, const struct config *config, uint16_t index,
                      const struct mirror_point *mirror)
{
    const struct point_config *point = &config->points[index];
    static const struct reading never = {.quality = QUALITY_BAD, .reason = REASON_NEVER_READ};
    const struct reading *reading = mirror->known ? &mirror->reading : &never;
    bool bad = reading->quality == QUALITY_BAD;
    json_text_object(j, point->id);
    if (bad)
        json_text_null(j, "value");
    else
        json_text_micro(j, "value", reading->value, point->format.n_states > 0 ? 0 : point->format.decimals);
    if (!bad && mirror->calibrated.calibration > 0) {
        const struct calibration_config *c = &config->calibrations[mirror->calibrated.calibration - 1];
        json_text_micro(j, "as_read", mirror->calibrated.as_read, point->format.decimals);
        if (c->certificate[0] != '\0')
            json_text_string(j, "certificate", c->certificate);
    }
    if (!bad && point->format.n_states > 0)
        json_text_string(j, "state", decode_state_name(&point->format, reading->value));
    if (point->unit[0] != '\0')
        json_text_string(j, "unit", point->unit);
    if (config_is_derived(config, index))
        json_text_bool(j, "derived", true);
    json_text_string(j, "quality", quality_name(reading->quality));
    if (reading->reason != REASON_NONE)
        json_text_string(j, "reason", reason_name(reading->reason));
    if (mirror->known)
        json_text_time(j, "time", mirror->taken.utc_us);
    json_text_end(j);
}

int payload_readings(char *text, size_t cap, const struct mirror *mirror, uint16_t asset, const char *run,
                     uint64_t sequence, int64_t utc_us)
{
    const struct config *config = mirror->config;
    const struct asset_config *a = &config->assets[asset];
    struct json_text j;
    json_text_begin(&j, text, cap);
    json_text_object(&j, NULL);
    json_text_string(&j, "site", config->site_id);
    json_text_string(&j, "asset", a->id);
    json_text_string(&j, "kind", asset_kind_name(a->kind));
    put_name(&j, a);
    json_text_string(&j, "run", run);
    json_text_integer(&j, "sequence", (int64_t)sequence);
    json_text_time(&j, "time", utc_us);
    json_text_object(&j, "points");
    for (uint32_t i = a->first_point; i < (uint32_t)a->first_point + a->n_points; i++)
        put_point(&j, config, (uint16_t)i, &mirror->points[i]);
    json_text_end(&j);
    json_text_end(&j);
    return json_text_finish(&j);
}

int payload_late(char *text, size_t cap, const char *body)
{
    const char *brace = strrchr(body, '}');
    size_t length = brace != NULL ? (size_t)(brace - body) : strlen(body);
    int n = snprintf(text, cap, "%.*s%s", (int)length, body, brace != NULL ? HISTORICAL : "");
    return n < 0 || (size_t)n >= cap ? -ENOSPC : n;
}

uint32_t payload_expiry(const struct config *config, uint16_t asset)
{
    const struct asset_config *a = &config->assets[asset];
    uint64_t slowest_ms = 0, derived_ms = 0;
    for (uint32_t i = a->first_point; i < (uint32_t)a->first_point + a->n_points; i++) {
        uint64_t *ms = config_is_derived(config, (uint16_t)i) ? &derived_ms : &slowest_ms;
        if (config->point_models[i].stale_after_ms > *ms)
            *ms = config->point_models[i].stale_after_ms;
    }
    if (slowest_ms == 0) /* nothing of it is measured */
        slowest_ms = derived_ms;
    uint64_t seconds = (3 * slowest_ms + 999) / 1000;
    return seconds == 0 ? 1 : (uint32_t)seconds;
}
