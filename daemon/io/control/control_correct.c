/* control_correct.c - Correct: what is known of readings that were wrong, as an event beside them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control_private.h"

#define REASON_TEXT_MAX 201

struct correction {
    char asset[ID_MAX], point[ID_MAX], who[WHO_MAX], note[NOTE_MAX], reason[REASON_TEXT_MAX];
    char from[RFC3339_MAX], to[RFC3339_MAX];
    bool has_offset;
    micro_t offset;
};

static bool is_plain(const char *text)
{
    for (const char *at = text; *at != '\0'; at++)
        if ((unsigned char)*at < 0x20 || *at == 0x7F)
            return false;
    return true;
}

/* In one form, whatever form it came in. False: answered. */
static bool take_time(struct control_client *client, const struct control_call *call, const char *key,
                      char text[RFC3339_MAX], int64_t *ret_utc_us)
{
    if (!control_take_text(client, call, key, false, text, RFC3339_MAX))
        return false;
    if (clock_parse_utc(text, ret_utc_us) < 0) {
        control_answer_parameter(client, key);
        return false;
    }
    clock_print_utc(text, *ret_utc_us);
    return true;
}

static bool take_range(struct control_client *client, const struct control_call *call, struct correction *ret)
{
    int64_t from_utc_us;
    int64_t to_utc_us;
    if (!take_time(client, call, "from", ret->from, &from_utc_us) ||
        !take_time(client, call, "to", ret->to, &to_utc_us))
        return false;
    if (from_utc_us < to_utc_us && to_utc_us <= clock_now().utc_us)
        return true;
    control_answer_parameter(client, "to"); /* only the past can be corrected */
    return false;
}

static bool take_texts(struct control_client *client, const struct control_call *call, struct correction *ret)
{
    char offset[MICRO_TEXT_MAX];
    if (!control_take_text(client, call, "asset", false, ret->asset, ID_MAX) ||
        !control_take_text(client, call, "point", false, ret->point, ID_MAX) ||
        !control_take_text(client, call, "offset", true, offset, sizeof offset) ||
        !control_take_text(client, call, "note", true, ret->note, NOTE_MAX) ||
        !control_take_text(client, call, "reason", false, ret->reason, REASON_TEXT_MAX))
        return false;
    const char *wrong = NULL;
    ret->has_offset = offset[0] != '\0';
    if (ret->reason[0] == '\0' || !is_plain(ret->reason))
        wrong = "reason";
    else if ((!ret->has_offset && ret->note[0] == '\0') || !is_plain(ret->note))
        wrong = "note";
    else if (ret->has_offset && !micro_parse(offset, &ret->offset))
        wrong = "offset";
    if (wrong != NULL)
        control_answer_parameter(client, wrong);
    return wrong == NULL;
}

static json_t *sentence(const struct correction *t, const struct config *config,
                        const struct point_config *point, enum language language)
{
    const struct asset_config *asset = &config->assets[point->asset];
    const bool zh = language == LANGUAGE_ZH;
    char offset[MICRO_TEXT_MAX + UNIT_MAX + 16] = "", number[MICRO_TEXT_MAX], text[1024];
    if (t->has_offset) {
        (void)micro_print(number, sizeof number, t->offset, point->format.decimals);
        snprintf(offset, sizeof offset, zh ? "应加 %s %s；" : "%s %s would have to be added; ", number,
                 point->unit);
    }
    snprintf(text, sizeof text, zh ? "%.120s：%.120s：%s 至 %s：%s%s" : "%.120s: %.120s from %s to %s: %s%s",
             bilingual_get(&asset->name, language, asset->id),
             bilingual_get(&point->name, language, point->id), t->from, t->to, offset, t->reason);
    return json_string(text);
}

static json_t *make_members(const struct correction *t, const struct config *config,
                            const struct point_config *point)
{
    json_t *members =
        json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:{s:o, s:o}}", "by", t->who, "asset", t->asset, "point",
                  t->point, "from", t->from, "to", t->to, "reason", t->reason, "text", "en",
                  sentence(t, config, point, LANGUAGE_EN), "zh", sentence(t, config, point, LANGUAGE_ZH));
    if (members != NULL && t->has_offset) {
        json_object_set_new(members, "offset", json_real((double)t->offset / (double)MICRO_PER_UNIT));
        json_object_set_new(members, "unit", json_string(point->unit));
    }
    if (members != NULL && t->note[0] != '\0')
        json_object_set_new(members, "note", json_string(t->note));
    return members;
}

void control_correct(struct control *c, struct control_client *client, const struct control_call *call)
{
    struct correction t = {.asset = ""};
    if (!take_texts(client, call, &t) || !take_range(client, call, &t))
        return;
    const int index = config_find_point(c->config, t.asset, t.point);
    if (index < 0) {
        control_answer(client, "io.cryomon.Monitor.NoSuchPoint",
                       json_pack("{s:s, s:s}", "asset", t.asset, "point", t.point));
        return;
    }
    if (!control_is_measured(c, client, t.asset, t.point))
        return;
    const struct point_config *point = &c->config->points[index];
    if (t.has_offset && point->format.n_states > 0) {
        control_answer_parameter(client, "offset");
        return;
    }
    control_caller_name(c, client, t.who);
    struct record_request *request = calloc(1, sizeof *request);
    json_t *members = make_members(&t, c->config, point);
    if (request != NULL && members != NULL && control_record_put(request, members)) {
        snprintf(request->kind, sizeof request->kind, "correction");
        memcpy(request->who, t.who, sizeof request->who);
        memcpy(request->asset, t.asset, sizeof request->asset);
        control_record_hand_over(c, client, request);
    } else {
        free(request);
        control_answer_parameter(client, "reason"); /* the one that can be shortened */
    }
    json_decref(members);
}
