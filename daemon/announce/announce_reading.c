/* A manual reading as JSON: see announce.h. */
#include <stdio.h>
#include <string.h>

#include "announce_internal.h"

#define NAMED_STATES_MAX 16

void announce_beyond(const struct config *config, const struct manual_reading *r, enum language language,
                     char *text, size_t cap)
{
    const struct point_config *point = &config->points[r->point];
    char value[STATE_NAME_MAX + MICRO_TEXT_MAX + UNIT_MAX], when[MINUTE_TEXT_MAX];
    announce_minute(when, r->measured_utc_us);
    announce_value(point, language, r->value, value, sizeof value);
    snprintf(text, cap,
             language == LANGUAGE_ZH ? "%s %s，人工读数（%s），超出报警限值：%s"
                                     : "%s %s, read by eye at %s, is beyond the limit of %s",
             bilingual_get(&point->name, language, point->id), value, when, r->beyond);
    announce_cut(text, cap - 1);
}

bool announce_overdue(const struct config *config, uint16_t point, int64_t due_utc_us, enum language language,
                      char *text, size_t cap)
{
    const struct point_config *p = &config->points[point];
    const size_t len = strlen(text);
    const bool zh = language == LANGUAGE_ZH;
    char when[MINUTE_TEXT_MAX];
    announce_minute(when, due_utc_us);
    const int n =
        snprintf(text + len, cap - len, zh ? "%s%s（应于 %s 前读数）" : "%s%s, due since %s",
                 len == 0 ? "" : (zh ? "；" : "; "), bilingual_get(&p->name, language, p->id), when);
    if (n > 0 && (size_t)n < cap - len)
        return true;
    text[len] = '\0';
    return false;
}

static void add_ids(struct json_text *j, const char *key, const char *ids)
{
    char id[ID_MAX];
    json_text_array(j, key);
    while (*ids != '\0') {
        const size_t len = strcspn(ids, " ");
        snprintf(id, sizeof id, "%.*s", (int)len, ids);
        json_text_string(j, NULL, id);
        ids += len + (ids[len] == ' ');
    }
    json_text_end(j);
}

/* So that whoever reads the record can name what the device said. */
static void add_states(struct json_text *j, const struct reg_format *format)
{
    char key[24];
    json_text_object(j, "states");
    for (unsigned i = 0; i < format->n_states && i < NAMED_STATES_MAX; i++) {
        snprintf(key, sizeof key, "%lld", (long long)format->states[i].value);
        json_text_string(j, key, format->states[i].name);
    }
    json_text_end(j);
}

static void sentences(struct json_text *j, const struct config *config, const struct manual_reading *r)
{
    const struct point_config *point = &config->points[r->point];
    const struct asset_config *asset = &config->assets[point->asset];
    char value[STATE_NAME_MAX + MICRO_TEXT_MAX + UNIT_MAX], when[MINUTE_TEXT_MAX], text[1024], more[NOTE_MAX];
    const bool beyond = r->beyond[0] != '\0';
    announce_minute(when, r->measured_utc_us);
    json_text_object(j, "text");
    announce_value(point, LANGUAGE_EN, r->value, value, sizeof value);
    snprintf(more, sizeof more, "%s%s%s", beyond ? ", BEYOND THE LIMIT of " : "", r->beyond,
             r->is_late ? " (entered late)" : "");
    snprintf(text, sizeof text, "%s: %s read by eye at %s: %s%s",
             bilingual_get(&asset->name, LANGUAGE_EN, asset->id),
             bilingual_get(&point->name, LANGUAGE_EN, point->id), when, value, more);
    json_text_string(j, "en", text);
    announce_value(point, LANGUAGE_ZH, r->value, value, sizeof value);
    snprintf(more, sizeof more, "%s%s%s", beyond ? "，超出报警限值：" : "", r->beyond,
             r->is_late ? "（补录）" : "");
    snprintf(text, sizeof text, "%s：%s 人工读数（%s）：%s%s",
             bilingual_get(&asset->name, LANGUAGE_ZH, asset->id),
             bilingual_get(&point->name, LANGUAGE_ZH, point->id), when, value, more);
    json_text_string(j, "zh", text);
    json_text_end(j);
}

void announce_reading(const struct config *config, const char *run_id, uint64_t seq, struct stamp at,
                      const struct manual_reading *r, char body[BODY_MAX])
{
    const struct point_config *point = &config->points[r->point];
    const char *state = decode_state_name(&point->format, r->value);
    struct json_text j;
    announce_begin(&j, body, config, run_id, seq, at, "reading");
    json_text_string(&j, "asset", config->assets[point->asset].id);
    json_text_string(&j, "point", point->id);
    json_text_micro(&j, "value", r->value, DECIMALS_MAX);
    if (state != NULL)
        json_text_string(&j, "value_state", state);
    if (state != NULL)
        add_states(&j, &point->format);
    if (point->unit[0] != '\0')
        json_text_string(&j, "unit", point->unit);
    json_text_time(&j, "measured", r->measured_utc_us);
    if (r->is_late) {
        json_text_bool(&j, "late", true);
        json_text_integer(&j, "entered_after_s", (at.utc_us - r->measured_utc_us) / 1000000);
    }
    if (r->beyond[0] != '\0')
        add_ids(&j, "beyond", r->beyond);
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
