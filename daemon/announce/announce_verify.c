/* A verification of a point as JSON: see announce.h. */
#include "announce_internal.h"

#include <stdio.h>

#define SIDE_MAX 96

/* One side of the comparison in words: "-190.1 °C", "open". */
static void print_side(char text[SIDE_MAX], const struct point_config *point, enum language language,
                       micro_t value)
{
    char number[MICRO_TEXT_MAX];
    const char *state = language == LANGUAGE_ZH ? decode_state_zh(&point->format, value)
                                                : decode_state_name(&point->format, value);
    if (state != NULL) {
        snprintf(text, SIDE_MAX, "%s", state);
        return;
    }
    (void)micro_print(number, sizeof number, value, point->format.decimals);
    snprintf(text, SIDE_MAX, "%s%s%s", number, point->unit[0] != '\0' ? " " : "", point->unit);
}

static void sentences(struct json_text *j, const struct config *config, const struct verification *v)
{
    const struct point_config *point = &config->points[v->point];
    const struct asset_config *asset = &config->assets[point->asset];
    char display[SIDE_MAX], reg[SIDE_MAX], text[512];
    print_side(display, point, LANGUAGE_EN, v->displayed);
    print_side(reg, point, LANGUAGE_EN, v->reading.value);
    json_text_object(j, "text");
    snprintf(text, sizeof text, "%s: %s: the device shows %s, its register %s: %s",
             bilingual_get(&asset->name, LANGUAGE_EN, asset->id),
             bilingual_get(&point->name, LANGUAGE_EN, point->id), display, reg,
             v->agrees ? "they agree" : "THEY DIFFER");
    json_text_string(j, "en", text);
    print_side(display, point, LANGUAGE_ZH, v->displayed);
    print_side(reg, point, LANGUAGE_ZH, v->reading.value);
    snprintf(text, sizeof text, "%s：%s：设备显示 %s，寄存器 %s：%s",
             bilingual_get(&asset->name, LANGUAGE_ZH, asset->id),
             bilingual_get(&point->name, LANGUAGE_ZH, point->id), display, reg,
             v->agrees ? "一致" : "不一致");
    json_text_string(j, "zh", text);
    json_text_end(j);
}

static void comparison(struct json_text *j, const struct config *config, const struct verification *v)
{
    const struct point_config *point = &config->points[v->point];
    unsigned decimals = point->format.decimals;
    char raw[16];
    json_text_micro(j, "displayed", v->displayed, DECIMALS_MAX);
    json_text_micro(j, "value", v->reading.value, decimals);
    const char *state = decode_state_name(&point->format, v->reading.value);
    if (state != NULL) {
        json_text_string(j, "value_state", state);
    } else {
        json_text_micro(j, "difference", v->difference, DECIMALS_MAX);
        json_text_micro(j, "tolerance", v->tolerance, DECIMALS_MAX);
    }
    if (point->unit[0] != '\0')
        json_text_string(j, "unit", point->unit);
    json_text_string(j, "quality", quality_name(v->reading.quality));
    json_text_bool(j, "agrees", v->agrees);
    snprintf(raw, sizeof raw, "0x%04x", v->reading.raw);
    json_text_string(j, "raw", raw);
}

void announce_verification(const struct config *config, const char *run_id, uint64_t seq, struct stamp at,
                           const struct verification *v, const char *who, const char *note,
                           char body[BODY_MAX])
{
    const struct point_config *point = &config->points[v->point];
    const struct device_config *device = &config->devices[point->device];
    struct json_text j;
    announce_begin(&j, body, config, run_id, seq, at, "verification");
    json_text_string(&j, "asset", config->assets[point->asset].id);
    json_text_string(&j, "point", point->id);
    json_text_string(&j, "device", device->id);
    json_text_string(&j, "bus", config->buses[device->bus].id);
    json_text_integer(&j, "unit_id", device->unit);
    json_text_string(&j, "profile", device->profile);
    json_text_string(&j, "register", point->register_name);
    json_text_string(&j, "by", who);
    comparison(&j, config, v);
    if (note[0] != '\0')
        json_text_string(&j, "note", note);
    sentences(&j, config, v);
    json_text_end(&j);
    (void)json_text_finish(&j);
}
