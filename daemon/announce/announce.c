#include "announce.h"

#include <inttypes.h>
#include <stdio.h>

#include "announce_internal.h"
#include "json_text.h"

static void bilingual_member(struct json_text *j, const char *key, const char *en, const char *zh)
{
    json_text_object(j, key);
    json_text_string(j, "en", en);
    json_text_string(j, "zh", zh);
    json_text_end(j);
}

/* ---------------------------------------------------------------- JSON */

void announce_begin(struct json_text *j, char *body, const struct config *config, const char *run_id,
                    uint64_t seq, struct stamp at, const char *kind)
{
    json_text_begin(j, body, BODY_MAX);
    json_text_object(j, NULL);
    if (seq > 0)
        json_text_integer(j, "seq", (int64_t)seq);
    json_text_time(j, "time", at.utc_us);
    json_text_string(j, "site", config->site_id);
    json_text_string(j, "run", run_id);
    json_text_string(j, "kind", kind);
}

void announce_point_members(struct json_text *j, const struct alarm_news *news)
{
    const struct alarm_model *model = &news->config->alarm_models[news->alarm];
    const struct point_config *point = &news->config->points[model->point];
    json_text_string(j, "point", point->id);
    const struct reading *reading = news->reading;
    if (reading == NULL || reading->quality == QUALITY_BAD) {
        json_text_null(j, "value");
    } else {
        json_text_micro(j, "value", reading->value, point->format.decimals);
        const char *state = decode_state_name(&point->format, reading->value);
        if (state != NULL)
            json_text_string(j, "value_state", state);
    }
    if (point->unit[0] != '\0')
        json_text_string(j, "unit", point->unit);
    json_text_string(j, "quality", quality_name(reading != NULL ? reading->quality : QUALITY_BAD));
    if (reading == NULL || reading->reason != REASON_NONE)
        json_text_string(j, "reason", reason_name(reading != NULL ? reading->reason : REASON_NEVER_READ));
    if (model->kind == CONDITION_HIGH || model->kind == CONDITION_LOW || model->kind == CONDITION_RATE ||
        model->kind == CONDITION_DEVIATION || model->kind == CONDITION_DISAGREE)
        json_text_micro(j, "limit", model->limit, point->format.decimals);
    if (news->has_measure)
        json_text_micro(j, "measure", news->measure, point->format.decimals);
}

void announce_occurrence(char text[OCCURRENCE_MAX], const struct config *config, uint16_t alarm,
                         int64_t raised_utc_us)
{
    const struct alarm_config *a = &config->alarms[alarm];
    const char *asset = config->assets[a->asset].id;
    if (raised_utc_us != 0)
        snprintf(text, OCCURRENCE_MAX, "%s/%s@%" PRId64, asset, a->id, raised_utc_us / 1000);
    else
        snprintf(text, OCCURRENCE_MAX, "%s/%s", asset, a->id);
}

static bool has_text(const struct bilingual *text)
{
    return text->text[LANGUAGE_EN][0] != '\0' || text->text[LANGUAGE_ZH][0] != '\0';
}

/* One of the site's own texts, cut to text_cap bytes. */
static void text_member(struct json_text *j, const char *key, const struct bilingual *text, size_t text_cap)
{
    char en[TEXT_MAX], zh[TEXT_MAX];
    if (!has_text(text))
        return;
    snprintf(en, sizeof en, "%s", bilingual_get(text, LANGUAGE_EN, ""));
    snprintf(zh, sizeof zh, "%s", bilingual_get(text, LANGUAGE_ZH, ""));
    announce_cut(en, text_cap - 1);
    announce_cut(zh, text_cap - 1);
    bilingual_member(j, key, en, zh);
}

/* "by" is who has done what is told, and nobody else: who has acknowledged the alarm, and who holds it, have
 * members of their own, because another one may do something to it. */
static void who_members(struct json_text *j, const struct alarm_news *news)
{
    const struct alarm_record *record = news->record;
    if (record->raised_utc_us != 0)
        json_text_time(j, "raised", record->raised_utc_us);
    if (record->acked_utc_us != 0) {
        json_text_time(j, "acknowledged", record->acked_utc_us);
        json_text_string(j, "acknowledged_by", record->who);
    }
    if (record->state == ALARM_SHELVED)
        json_text_string(j, "held_by", record->shelf.by);
    else if (record->state == ALARM_OUT_OF_SERVICE)
        json_text_string(j, "held_by", record->service.by);
    if (news->who != NULL && news->who[0] != '\0')
        json_text_string(j, "by", news->who);
    if (news->via != NULL && news->via[0] != '\0')
        json_text_string(j, "via", news->via);
}

/* One try, with texts cut to text_cap bytes and so many members listed; false when it does not fit. */
static bool write_alarm(const struct alarm_news *news, char *body, size_t text_cap, unsigned members_max)
{
    const struct alarm_config *alarm = &news->config->alarms[news->alarm];
    const struct alarm_model *model = &news->config->alarm_models[news->alarm];
    const struct asset_config *asset = &news->config->assets[alarm->asset];
    struct json_text j;
    char en[SENTENCE_MAX], zh[SENTENCE_MAX], id[OCCURRENCE_MAX];
    announce_sentence(news, LANGUAGE_EN, en, text_cap);
    announce_sentence(news, LANGUAGE_ZH, zh, text_cap);
    announce_occurrence(id, news->config, news->alarm, news->record->raised_utc_us);
    announce_begin(&j, body, news->config, news->run_id, news->seq, news->at, "alarm");
    json_text_string(&j, "transition", news->transition);
    json_text_string(&j, "id", id);
    json_text_string(&j, "asset", asset->id);
    bilingual_member(&j, "asset_name", bilingual_get(&asset->name, LANGUAGE_EN, asset->id),
                     bilingual_get(&asset->name, LANGUAGE_ZH, asset->id));
    json_text_string(&j, "alarm", alarm->id);
    text_member(&j, "alarm_name", &alarm->text, text_cap < TEXT_MAX ? text_cap : TEXT_MAX);
    json_text_string(&j, "priority", priority_name(model->priority));
    json_text_string(&j, "state", alarm_state_name(news->record->state));
    if (model->kind == CONDITION_DATE)
        announce_due_members(&j, news);
    else if (engine_kind_has_reading(model->kind))
        announce_point_members(&j, news);
    who_members(&j, news);
    announce_more_members(&j, news, members_max);
    bilingual_member(&j, "text", en, zh);
    text_member(&j, "response", &alarm->response, text_cap < TEXT_MAX ? text_cap : TEXT_MAX);
    text_member(&j, "consequence", &alarm->consequence, text_cap < TEXT_MAX ? text_cap : TEXT_MAX);
    json_text_end(&j);
    return json_text_finish(&j) >= 0;
}

void announce_alarm(const struct alarm_news *news, char body[BODY_MAX])
{
    /* Texts and lists are the only parts without a bound of their own: an alarm is shortened, never lost. */
    static const struct {
        size_t cap;
        unsigned members;
    } tries[] = {
        {SENTENCE_MAX, ANNOUNCE_MEMBERS_MAX},
        {TEXT_MAX + TEXT_MAX / 2, ANNOUNCE_MEMBERS_MAX},
        {SENTENCE_MAX, 16},
        {TEXT_MAX + TEXT_MAX / 2, 12},
        {TEXT_MAX, 8},
        {TEXT_MAX / 2, 4},
        {32, 1},
    };
    for (size_t i = 0; i < sizeof tries / sizeof *tries; i++)
        if (write_alarm(news, body, tries[i].cap, tries[i].members))
            return;
}

void announce_members(const struct config *config, const char *run_id, uint64_t seq, struct stamp at,
                      const char *kind, const char *members, char body[BODY_MAX])
{
    struct json_text j;
    announce_begin(&j, body, config, run_id, seq, at, kind);
    json_text_raw(&j, NULL, members);
    json_text_end(&j);
    (void)json_text_finish(&j);
}

void announce_event(const struct config *config, const char *run_id, uint64_t seq, struct stamp at,
                    const char *kind, const struct announce_member *members, size_t n, char body[BODY_MAX])
{
    for (size_t text_cap = BODY_MAX / 2;; text_cap /= 2) {
        struct json_text j;
        announce_begin(&j, body, config, run_id, seq, at, kind);
        for (size_t i = 0; i < n; i++) {
            char text[BODY_MAX];
            if (members[i].raw != NULL) {
                json_text_raw(&j, members[i].key, members[i].raw);
                continue;
            }
            if (members[i].text == NULL) {
                json_text_integer(&j, members[i].key, members[i].number);
                continue;
            }
            snprintf(text, sizeof text, "%s", members[i].text);
            announce_cut(text, text_cap - 1);
            json_text_string(&j, members[i].key, text);
        }
        json_text_end(&j);
        if (json_text_finish(&j) >= 0 || text_cap < 16)
            return;
    }
}
