/* A manual reading as JSON: see announce.h. */
#include <stdio.h>

#include "announce_internal.h"
#include "json_text.h"

static void sentences(struct json_text *j, const struct config *config, const struct manual_reading *r)
{
    const struct point_config *point = &config->points[r->point];
    const struct asset_config *asset = &config->assets[point->asset];
    char value[STATE_NAME_MAX + MICRO_TEXT_MAX + UNIT_MAX], when[MINUTE_TEXT_MAX], text[512];
    announce_minute(when, r->measured_utc_us);
    json_text_object(j, "text");
    announce_value(point, LANGUAGE_EN, r->value, value, sizeof value);
    snprintf(text, sizeof text, "%s: %s read by eye at %s: %s",
             bilingual_get(&asset->name, LANGUAGE_EN, asset->id),
             bilingual_get(&point->name, LANGUAGE_EN, point->id), when, value);
    json_text_string(j, "en", text);
    announce_value(point, LANGUAGE_ZH, r->value, value, sizeof value);
    snprintf(text, sizeof text, "%s：%s 人工读数（%s）：%s",
             bilingual_get(&asset->name, LANGUAGE_ZH, asset->id),
             bilingual_get(&point->name, LANGUAGE_ZH, point->id), when, value);
    json_text_string(j, "zh", text);
    json_text_end(j);
}

void announce_reading(const struct config *config, const char *run_id, uint64_t seq, struct stamp at,
                      const struct manual_reading *r, char body[BODY_MAX])
{
    const struct point_config *point = &config->points[r->point];
    const char *state = decode_state_name(&point->format, r->value);
    struct json_text j;
    json_text_begin(&j, body, BODY_MAX);
    json_text_object(&j, NULL);
    json_text_integer(&j, "seq", (int64_t)seq);
    json_text_time(&j, "time", at.utc_us);
    json_text_string(&j, "site", config->site_id);
    json_text_string(&j, "run", run_id);
    json_text_string(&j, "kind", "reading");
    json_text_string(&j, "asset", config->assets[point->asset].id);
    json_text_string(&j, "point", point->id);
    json_text_micro(&j, "value", r->value, DECIMALS_MAX);
    if (state != NULL)
        json_text_string(&j, "value_state", state);
    if (point->unit[0] != '\0')
        json_text_string(&j, "unit", point->unit);
    json_text_time(&j, "measured", r->measured_utc_us);
    json_text_string(&j, "by", r->who);
    if (r->via[0] != '\0')
        json_text_string(&j, "via", r->via);
    if (r->second[0] != '\0')
        json_text_string(&j, "second", r->second);
    if (r->note[0] != '\0')
        json_text_string(&j, "note", r->note);
    sentences(&j, config, r);
    json_text_end(&j);
    (void)json_text_finish(&j);
}
