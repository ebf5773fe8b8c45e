/* announce_more.c - what an alarm says of its holds, its group and of how fast it changes: see announce.h. */
#include <stdio.h>
#include <string.h>

#include "announce_internal.h"
#include "clock.h"
#include "json_text.h"

#define VALUE_WORDS (STATE_NAME_MAX + MICRO_TEXT_MAX + UNIT_MAX)

void announce_minute(char text[MINUTE_TEXT_MAX], int64_t utc_us)
{
    char full[RFC3339_MAX];
    clock_print_utc(full, utc_us);
    snprintf(text, MINUTE_TEXT_MAX, "%.10s %.5s UTC", full, full + 11);
}

static const struct point_config *point_of(const struct alarm_news *news)
{
    return &news->config->points[news->config->alarm_models[news->alarm].point];
}

/* ---------------------------------------------------------------- conditions */

void announce_rate_words(const struct alarm_news *news, enum language language, const char *name, char *text,
                         size_t cap)
{
    const struct alarm_model *model = &news->config->alarm_models[news->alarm];
    bool zh = language == LANGUAGE_ZH, rising = model->direction == DIRECTION_RISING;
    char value[VALUE_WORDS] = "", limit[VALUE_WORDS], rate[VALUE_WORDS];
    announce_value(point_of(news), language, model->limit, limit, sizeof limit);
    announce_value(point_of(news), language, news->measure < 0 ? -news->measure : news->measure, rate,
                   sizeof rate);
    if (news->reading != NULL && news->reading->quality != QUALITY_BAD)
        announce_value(point_of(news), language, news->reading->value, value, sizeof value);
    const char *how = zh ? (rising ? "上升" : "下降") : (rising ? "rises" : "falls");
    if (news->over)
        snprintf(text, cap,
                 zh ? "%s %s：变化速度已恢复（限值每小时 %s）"
                    : "%s %s changes no faster than %s per hour again",
                 name, value, limit);
    else if (news->has_measure)
        snprintf(text, cap, zh ? "%s %s，每小时%s %s（限值 %s）" : "%s %s %s by %s per hour (limit %s)", name,
                 value, how, rate, limit);
    else
        snprintf(text, cap,
                 zh ? "%s %s，%s过快（限值每小时 %s），当前速度未知"
                    : "%s %s: %s faster than %s per hour; not known now",
                 name, value, how, limit);
}

void announce_deviation_words(const struct alarm_news *news, enum language language, const char *name,
                              char *text, size_t cap)
{
    const struct alarm_model *model = &news->config->alarm_models[news->alarm];
    bool zh = language == LANGUAGE_ZH;
    char value[VALUE_WORDS] = "", limit[VALUE_WORDS], measure[VALUE_WORDS], target[VALUE_WORDS];
    announce_value(point_of(news), language, model->limit, limit, sizeof limit);
    announce_value(point_of(news), language, news->measure, measure, sizeof measure);
    if (news->reading != NULL && news->reading->quality != QUALITY_BAD)
        announce_value(point_of(news), language, news->reading->value, value, sizeof value);
    if (model->n_others > 0) {
        const struct point_config *other = &news->config->points[model->others[0]];
        snprintf(target, sizeof target, "%.60s", bilingual_get(&other->name, language, other->id));
    } else {
        announce_value(point_of(news), language, model->setpoint, target, sizeof target);
    }
    if (news->over)
        snprintf(text, cap,
                 zh ? "%s %s，与设定值 %s 的偏差已恢复（限值 %s）"
                    : "%s %s is back at its setpoint %s (within %s)",
                 name, value, target, limit);
    else if (news->has_measure)
        snprintf(text, cap,
                 zh ? "%s %s，偏离设定值 %s 达 %s（限值 %s）"
                    : "%s %s is off its setpoint %s by %s (limit %s)",
                 name, value, target, measure, limit);
    else
        snprintf(text, cap,
                 zh ? "%s 曾偏离设定值 %s 超过 %s，当前偏差未知"
                    : "%s was off its setpoint %s by more than %s; not known now",
                 name, target, limit);
}

void announce_disagree_words(const struct alarm_news *news, enum language language, char *text, size_t cap)
{
    const struct alarm_model *model = &news->config->alarm_models[news->alarm];
    bool zh = language == LANGUAGE_ZH;
    char names[TEXT_MAX], limit[VALUE_WORDS], measure[VALUE_WORDS];
    const struct point_config *own = point_of(news);
    size_t len = (size_t)snprintf(names, sizeof names, "%s", bilingual_get(&own->name, language, own->id));
    for (unsigned i = 0; i < model->n_others && len + 4 < sizeof names; i++) {
        const struct point_config *other = &news->config->points[model->others[i]];
        len += (size_t)snprintf(names + len, sizeof names - len, "%s%s", zh ? "、" : ", ",
                                bilingual_get(&other->name, language, other->id));
    }
    announce_cut(names, sizeof names - 1);
    announce_value(own, language, model->limit, limit, sizeof limit);
    announce_value(own, language, news->measure, measure, sizeof measure);
    if (news->over)
        snprintf(text, cap, zh ? "%s：读数又一致（限值 %s）" : "%s agree again (within %s)", names, limit);
    else if (news->has_measure)
        snprintf(text, cap,
                 zh ? "%s：相差 %s（限值 %s），至少一个传感器不可信"
                    : "%s are %s apart (limit %s): one of the sensors is wrong",
                 names, measure, limit);
    else
        snprintf(text, cap, zh ? "%s：曾相差超过 %s，当前未知" : "%s were more than %s apart; not known now",
                 names, limit);
}

/* "3 of 5 at the same time: Tank 1, Tank 2, Tank 3" */
void announce_group_words(const struct alarm_news *news, enum language language, char *text, size_t cap)
{
    const struct config *config = news->config;
    bool zh = language == LANGUAGE_ZH;
    uint16_t last = UINT16_MAX;
    if (news->over &&
        strcmp(news->transition, "returned") != 0) { /* about a hold: it need not have been so */
        snprintf(text, cap, zh ? "目前 %u 个（共 %u 个）" : "now %u of %u", news->n_members,
                 config->alarm_models[news->alarm].n_members);
        return;
    }
    if (news->over) {
        snprintf(text, cap, zh ? "已恢复：仍有 %u 个" : "over: %u are left", news->n_members);
        return;
    }
    size_t len = (size_t)snprintf(
        text, cap, zh ? "%u 个（共 %u 个）同时报警：" : "%u of %u at the same time: ", news->n_members,
        config->alarm_models[news->alarm].n_members);
    for (unsigned i = 0; i < news->n_listed; i++) {
        uint16_t asset = config->alarms[news->members[i]].asset;
        const char *name = bilingual_get(&config->assets[asset].name, language, config->assets[asset].id);
        if (asset == last)
            continue;
        if (len + strlen(name) + 16 >= cap) {
            snprintf(text + len, cap - len, zh ? "…" : " ...");
            return;
        }
        len += (size_t)snprintf(text + len, cap - len, "%s%s",
                                last == UINT16_MAX ? ""
                                : zh               ? "、"
                                                   : ", ",
                                name);
        last = asset;
    }
}

/* ---------------------------------------------------------------- the tail */

static void hold_tail(const struct hold_note *hold, bool shelf, bool mark, int64_t until_utc_us, bool zh,
                      char *text, size_t cap)
{
    char until[MINUTE_TEXT_MAX], who[WHO_MAX + ORDER_MAX + 4];
    announce_minute(until, until_utc_us);
    snprintf(who, sizeof who, "%s%s%s", hold->order, hold->order[0] != '\0' ? (zh ? "，" : ", ") : "",
             hold->by);
    if (shelf)
        snprintf(text, cap, zh ? "已搁置至 %s（%s）：%s" : "Shelved until %s (%s): %s", until, who,
                 hold->note);
    else if (mark)
        snprintf(text, cap,
                 zh ? "维护中至 %s（%s）：%s；报警仍然有效"
                    : "Maintenance until %s (%s): %s; the alarm stays in force",
                 until, who, hold->note);
    else
        snprintf(text, cap, zh ? "停用至 %s（%s）：%s" : "Out of service until %s (%s): %s", until, who,
                 hold->note);
}

static const char *end_words(const struct alarm_news *news, bool zh)
{
    static const struct {
        const char *transition, *why, *en, *zh;
    } table[] = {
        {"unshelved", "person", "Not shelved any more", "搁置已取消"},
        {"unshelved", "time", "The shelf has ended", "搁置时间已到"},
        {"unshelved", "one-shot", "The shelf has ended: the condition was over", "搁置已结束：条件已恢复"},
        {"unsuppressed", "plant", "Not suppressed any more", "抑制已解除"},
        {"unsuppressed", "time", "The suppression has ended: it may not last longer", "抑制已到最长时间"},
        {"in-service", "person", "In service again", "已恢复使用"},
        {"in-service", "time", "In service again: the time is over", "停用时间已到，已恢复使用"},
        {"realarmed", "worse", "It has become worse since it was acknowledged", "确认后情况恶化"},
        {"realarmed", "unresolved", "It was acknowledged, and is still not resolved", "已确认但仍未解决"},
        {"reset", "", "Reset", "已复位"},
        {"suppressed", "", "Suppressed by the state of the plant", "因设备状态被抑制"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (strcmp(table[i].transition, news->transition) == 0 &&
            (table[i].why[0] == '\0' || (news->why != NULL && strcmp(table[i].why, news->why) == 0)))
            return zh ? table[i].zh : table[i].en;
    if (news->latched)
        return zh ? "已恢复，等待复位" : "It is over, and waits to be reset";
    return "";
}

void announce_tail(const struct alarm_news *news, enum language language, char *text, size_t cap)
{
    const struct alarm_record *record = news->record;
    bool zh = language == LANGUAGE_ZH;
    snprintf(text, cap, "%s", end_words(news, zh));
    size_t len = strlen(text);
    if (len > 0 && len + 4 < cap &&
        (news->view.is_held[HOLD_SHELVED] || news->view.is_held[HOLD_OUT_OF_SERVICE]))
        len += (size_t)snprintf(text + len, cap - len, "%s", zh ? "。" : ". ");
    if (news->view.is_held[HOLD_OUT_OF_SERVICE])
        hold_tail(&record->service, false, record->state != ALARM_OUT_OF_SERVICE,
                  news->view.until_utc_us[HOLD_OUT_OF_SERVICE], zh, text + len, cap - len);
    else if (news->view.is_held[HOLD_SHELVED])
        hold_tail(&record->shelf, true, false, news->view.until_utc_us[HOLD_SHELVED], zh, text + len,
                  cap - len);
}

/* ---------------------------------------------------------------- JSON */

static void hold_members(struct json_text *j, const struct alarm_news *news)
{
    const struct alarm_record *record = news->record;
    const struct alarm_view *view = &news->view;
    const struct hold_note *hold = record->state == ALARM_SHELVED          ? &record->shelf
                                   : record->state == ALARM_OUT_OF_SERVICE ? &record->service
                                                                           : NULL;
    enum hold kind = record->state == ALARM_SHELVED          ? HOLD_SHELVED
                     : record->state == ALARM_OUT_OF_SERVICE ? HOLD_OUT_OF_SERVICE
                                                             : HOLD_SUPPRESSED;
    const char *note = hold != NULL ? hold->note : news->note;
    if (alarm_state_is_held(record->state) && view->until_utc_us[kind] != 0)
        json_text_time(j, "until", view->until_utc_us[kind]);
    if (record->state == ALARM_SHELVED && view->one_shot)
        json_text_bool(j, "one_shot", true);
    if (hold != NULL && hold->order[0] != '\0')
        json_text_string(j, "order", hold->order);
    if (note != NULL && note[0] != '\0')
        json_text_string(j, "note", note);
    if (hold != NULL && news->note != NULL && news->note[0] != '\0' && strcmp(news->note, note) != 0)
        json_text_string(j, "comment", news->note);
    uint32_t count = 0;
    for (unsigned i = 0; i < HOLD_COUNT; i++)
        count += view->n_holds[i];
    if (count > 0)
        json_text_integer(j, "disabled_count", count);
    if (view->is_held[HOLD_OUT_OF_SERVICE] && record->state != ALARM_OUT_OF_SERVICE) {
        json_text_object(j, "maintenance");
        json_text_string(j, "by", record->service.by);
        if (record->service.order[0] != '\0')
            json_text_string(j, "order", record->service.order);
        json_text_string(j, "note", record->service.note);
        json_text_time(j, "until", view->until_utc_us[HOLD_OUT_OF_SERVICE]);
        json_text_end(j);
    }
}

static void group_members(struct json_text *j, const struct alarm_news *news, unsigned members_max)
{
    const struct config *config = news->config;
    char id[OCCURRENCE_MAX];
    if (news->group >= 0) {
        announce_occurrence(id, config, (uint16_t)news->group, 0);
        json_text_string(j, "group", id);
    }
    if (config->alarm_models[news->alarm].kind != CONDITION_GROUP)
        return;
    json_text_array(j, "members");
    for (unsigned i = 0; i < news->n_listed && i < members_max; i++) {
        announce_occurrence(id, config, news->members[i], 0);
        json_text_string(j, NULL, id);
    }
    json_text_end(j);
    json_text_integer(j, "n_members", news->n_members);
}

static void time_left_members(struct json_text *j, const struct alarm_news *news)
{
    if (news->time_left_s < 0) {
        if (news->has_vessel || news->config->alarms[news->alarm].has_consequence_at)
            json_text_null(j, "time_left_s"); /* there is an end to come, and when is not known: so is said */
        return;
    }
    json_text_integer(j, "time_left_s", news->time_left_s);
    json_text_string(j, "time_left_from", news->is_left_of_vessel ? "vessel" : "trend");
    if (!news->is_left_of_vessel)
        return;
    if (news->is_left_at_least)
        json_text_bool(j, "time_left_at_least", true);
    json_text_time(j, "time_left_at", news->at.utc_us);
}

void announce_now_members(struct json_text *j, const struct alarm_news *news, unsigned members_max)
{
    if (news->has_trend) {
        json_text_object(j, "trend");
        json_text_micro(j, "per_hour", news->trend.per_hour,
                        point_of(news)->format.decimals < DECIMALS_MAX ? point_of(news)->format.decimals + 1U
                                                                       : DECIMALS_MAX);
        json_text_integer(j, "over_s", news->trend.over_s);
        json_text_end(j);
    }
    time_left_members(j, news);
    group_members(j, news, members_max);
}

void announce_more_members(struct json_text *j, const struct alarm_news *news, unsigned members_max)
{
    const struct alarm_model *model = &news->config->alarm_models[news->alarm];
    if (news->why != NULL && news->why[0] != '\0')
        json_text_string(j, "why", news->why);
    json_text_bool(j, "active", news->active);
    if (news->latched)
        json_text_bool(j, "latched", true);
    if (model->protected)
        json_text_bool(j, "protected", true);
    if (news->config->alarms[news->alarm].life_safety)
        json_text_bool(j, "life_safety", true);
    if (model->kind == CONDITION_FAULT && model->fault == FAULT_DRILL)
        json_text_bool(j, "drill", true);
    if (news->config->alarming.priorities[model->priority].response_time_ms > 0)
        json_text_integer(j, "response_time_s",
                          news->config->alarming.priorities[model->priority].response_time_ms / 1000);
    hold_members(j, news);
    announce_now_members(j, news, members_max);
}

/* So many times as far ahead as the trend looks back: beyond, the slope of a value that stands still is
 * noise. */
#define TIME_LEFT_WINDOWS 100

int64_t announce_time_left_s(const struct config *config, uint16_t alarm, const struct reading *reading,
                             const struct trend_view *trend)
{
    const struct alarm_config *a = &config->alarms[alarm];
    int64_t distance, seconds;
    const enum condition_kind kind = config->alarm_models[alarm].kind;
    if (a->has_consequence_at && reading != NULL && reading->quality == QUALITY_GOOD &&
        ((kind == CONDITION_HIGH && reading->value >= a->consequence_at) ||
         (kind == CONDITION_LOW && reading->value <= a->consequence_at)))
        return 0; /* it is there already */
    if (!a->has_consequence_at || trend->per_hour == 0 || reading == NULL ||
        reading->quality != QUALITY_GOOD ||
        __builtin_sub_overflow(a->consequence_at, reading->value, &distance) ||
        (distance != 0 && (distance > 0) != (trend->per_hour > 0)) ||
        __builtin_mul_overflow(distance, 3600, &seconds))
        return -1;
    seconds /= trend->per_hour;
    return seconds <= (int64_t)TIME_LEFT_WINDOWS * trend->over_s ? seconds : -1;
}
