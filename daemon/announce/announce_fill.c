/* announce_fill.c - a fill of a tank as JSON: see announce.h. */
#include <stdio.h>
#include <string.h>

#include "announce_internal.h"

#define DECIMALS 1

static void sentence(const struct config *config, const struct announce_fill *fill, enum language language,
                     char *text, size_t cap)
{
    const struct asset_config *asset = &config->assets[fill->asset];
    const bool zh = language == LANGUAGE_ZH;
    const long long minutes = (long long)((fill->end_utc_us - fill->begin_utc_us + 30000000) / 60000000);
    char from[MICRO_TEXT_MAX], to[MICRO_TEXT_MAX], litres[MICRO_TEXT_MAX], how_much[MICRO_TEXT_MAX + 16] = "";
    micro_print(from, sizeof from, micro_round(fill->from_cm, DECIMALS), DECIMALS);
    micro_print(to, sizeof to, micro_round(fill->to_cm, DECIMALS), DECIMALS);
    micro_print(litres, sizeof litres, micro_round(fill->litres, 0), 0);
    if (fill->knows_litres)
        snprintf(how_much, sizeof how_much, zh ? "，%s L" : ", %s L", litres);
    snprintf(text, cap,
             zh ? "%s：补液 %s → %s cm%s，用时 %lld 分钟" : "%s: filled from %s to %s cm%s, in %lld min",
             bilingual_get(&asset->name, language, asset->id), from, to, how_much, minutes);
}

void announce_fill(const struct config *config, const char *run_id, uint64_t seq, struct stamp at,
                   const struct announce_fill *fill, char body[BODY_MAX])
{
    char text[SENTENCE_MAX];
    struct json_text j;
    announce_begin(&j, body, config, run_id, seq, at, "fill");
    json_text_string(&j, "asset", config->assets[fill->asset].id);
    json_text_time(&j, "begin", fill->begin_utc_us);
    json_text_time(&j, "end", fill->end_utc_us);
    json_text_micro(&j, "from_cm", micro_round(fill->from_cm, DECIMALS), DECIMALS);
    json_text_micro(&j, "to_cm", micro_round(fill->to_cm, DECIMALS), DECIMALS);
    if (fill->knows_litres)
        json_text_micro(&j, "litres", micro_round(fill->litres, DECIMALS), DECIMALS);
    else
        json_text_null(&j, "litres");
    json_text_object(&j, "text");
    sentence(config, fill, LANGUAGE_EN, text, sizeof text);
    json_text_string(&j, "en", text);
    sentence(config, fill, LANGUAGE_ZH, text, sizeof text);
    json_text_string(&j, "zh", text);
    json_text_end(&j);
    json_text_end(&j);
    (void)json_text_finish(&j);
}
