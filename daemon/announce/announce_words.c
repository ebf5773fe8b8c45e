/* announce_words.c - what an alarm says, in words: see announce.h. */
#include <stdio.h>
#include <string.h>

#include "announce_internal.h"
#include "clock.h"

#define VALUE_WORDS (STATE_NAME_MAX + MICRO_TEXT_MAX + UNIT_MAX)

static const char *reason_words(enum reason reason, enum language language)
{
    static const struct {
        enum reason reason;
        const char *words[LANGUAGES];
    } table[] = {
        {REASON_NEVER_READ, {"never read", "从未读到"}},
        {REASON_TIMEOUT, {"the device does not answer", "设备无应答"}},
        {REASON_BAD_REPLY, {"replies that do not fit the request", "应答与请求不符"}},
        {REASON_REFUSED, {"the device refuses the register", "设备拒绝读取该寄存器"}},
        {REASON_LINK_DOWN, {"no connection", "连接中断"}},
        {REASON_STALE, {"not polled in time", "未按时轮询"}},
        {REASON_UNPROVEN, {"not yet proven after a fault", "故障后尚未确认"}},
        {REASON_DROPPED, {"lost inside the monitor", "监控系统内部丢失"}},
        {REASON_SENTINEL, {"the device reports no value", "设备报告无有效值"}},
        {REASON_NOT_FINITE, {"not a number", "非数值"}},
        {REASON_IMPLAUSIBLE, {"outside the plausible range", "超出合理范围"}},
        {REASON_UNKNOWN_STATE, {"unknown state", "未知状态"}},
        {REASON_SENSOR_FAULT, {"the device reports a broken sensor", "设备报告传感器故障"}},
        {REASON_OVER_RANGE, {"above what the device can measure", "超出设备量程上限"}},
        {REASON_UNDER_RANGE, {"below what the device can measure", "低于设备量程下限"}},
        {REASON_WARM_UP, {"the device is warming up", "设备预热中"}},
        {REASON_INHIBITED, {"the device's own alarms are inhibited", "设备自身报警已被抑制"}},
        {REASON_SIMULATION, {"the device simulates the value", "设备处于模拟状态"}},
        {REASON_CALIBRATION, {"the sensor is being calibrated", "传感器校准中"}},
        {REASON_MAINTENANCE, {"the device is under or needs maintenance", "设备维护中或需要维护"}},
        {REASON_DEVICE_FAULT, {"the device reports a fault", "设备报告自身故障"}},
        {REASON_DEVICE_STALE, {"the device says that its value is old", "设备报告数值已过时"}},
        {REASON_CHANNEL_OFF, {"the channel is off", "通道已关闭"}},
        {REASON_WRONG_DEVICE, {"another device answers at this address", "该地址上是另一台设备"}},
        {REASON_WRONG_SETTING,
         {"unit, decimals or format of the device are set otherwise", "设备的单位、小数位或格式设置不符"}},
        {REASON_FROZEN, {"the device's heartbeat stands still", "设备心跳停止"}},
        {REASON_STATUS_UNKNOWN, {"the device's status can't be read", "无法读取设备状态"}},
        {REASON_NOT_MEASURED, {"a reading that it needs is not configured", "所需读数未配置"}},
        {REASON_INPUT_BAD, {"a reading that it needs is not good", "所需读数当前无效"}},
        {REASON_LEARNING, {"too few readings yet", "数据尚不足，学习中"}},
        {REASON_INPUT_GAP, {"readings were missing, it begins anew", "读数曾中断，重新开始"}},
        {REASON_BUSY, {"a fill hides it", "补液期间无法判断"}},
        {REASON_NO_SHAPE, {"the vessel's shape is not configured", "未配置容器形状"}},
        {REASON_NO_LIMIT, {"the limit is not configured", "未配置限值"}},
        {REASON_NO_CAPACITY, {"the vessel's heat capacity is not configured", "未配置热容"}},
        {REASON_NOT_FALLING, {"the level does not fall", "液位未下降"}},
        {REASON_NO_RUN, {"no run goes on", "无运行"}},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (table[i].reason == reason)
            return table[i].words[language];
    return reason_name(reason);
}

static const char *fault_words(enum system_fault fault, enum language language)
{
    static const char *const words[FAULT_COUNT][LANGUAGES] = {
        [FAULT_STATE_DB] = {"events can't be written to disk", "事件无法写入磁盘"},
        [FAULT_HISTORY_DB] = {"readings can't be written to disk", "读数无法写入磁盘"},
        [FAULT_BROKER] = {"the MQTT broker does not take messages: nobody is told",
                          "MQTT 服务器不可用：报警无法送达"},
        [FAULT_CONFIG] = {"the configuration needs attention", "配置需要处理"},
        [FAULT_CLOCK] = {"the clock was set", "系统时钟被调整"},
        [FAULT_QUEUE] = {"readings were lost inside the monitor", "监控系统内部丢失读数"},
        [FAULT_RESTART] = {"the monitor was not stopped cleanly before this start", "监控程序上次未正常停止"},
        [FAULT_REVIEW] = {"the record waits to be reviewed (cryoctl review)", "记录待审核（cryoctl review）"},
        [FAULT_RECORD] = {"the proof of the record needs a person (readings are stored)",
                          "记录的签名或完整性需要处理（读数仍在存储）"},
        [FAULT_NOTIFIER] = {"the service that calls people is away: nobody would be told",
                            "通知服务不可用：无人会收到报警"},
        [FAULT_NOTIFY_CHANNEL] = {"a way to call people has failed", "某个通知渠道发生故障"},
        [FAULT_NOTIFY_PEOPLE] = {"too few people can be reached", "可联系到的人员不足"},
        [FAULT_DRILL] = {"drill: please confirm that you have received this", "演练：请确认已收到"},
        [FAULT_DRILL_OVERDUE] = {"a drill was not confirmed, or is overdue", "演练未确认或已逾期"},
        [FAULT_NOTIFY_OFF] = {"somebody, or a way to somebody, is switched off: not called", "通知已停用"},
        [FAULT_NOTIFY_CONFIG] = {"a changed notify.yaml is refused", "修改后的 notify.yaml 未生效"},
    };
    return words[fault][language];
}

void announce_value(const struct point_config *point, enum language language, micro_t value, char *text,
                    size_t cap)
{
    const char *state = language == LANGUAGE_ZH ? decode_state_zh(&point->format, value)
                                                : decode_state_name(&point->format, value);
    if (state != NULL) {
        snprintf(text, cap, "%s", state);
        return;
    }
    char number[MICRO_TEXT_MAX];
    micro_print(number, sizeof number, value, point->format.decimals);
    snprintf(text, cap, "%s%s%s", number, point->unit[0] != '\0' ? " " : "", point->unit);
}

/* Is this about a hold on an alarm whose condition need never have been true? Then nothing is "back". */
static bool is_about_hold(const struct alarm_news *news)
{
    static const char *const transitions[] = {"unshelved", "unsuppressed", "in-service"};
    if (!news->over || strcmp(news->transition, "returned") == 0)
        return false;
    for (size_t i = 0; i < sizeof transitions / sizeof *transitions; i++)
        if (strcmp(transitions[i], news->transition) == 0)
            return true;
    return news->view.is_held[HOLD_SHELVED] || news->view.is_held[HOLD_SUPPRESSED] ||
           news->view.is_held[HOLD_OUT_OF_SERVICE];
}

/* What the point shows, and nothing of whether that is well: the condition may be pending, or not known. */
static void held_words(const struct alarm_news *news, enum language language, const char *name, char *text,
                       size_t cap)
{
    const struct alarm_model *model = &news->config->alarm_models[news->alarm];
    const struct point_config *point = &news->config->points[model->point];
    const bool zh = language == LANGUAGE_ZH;
    char value[VALUE_WORDS] = "", limit[VALUE_WORDS], shown[VALUE_WORDS + 128];
    announce_value(point, language, model->limit, limit, sizeof limit);
    if (news->reading != NULL && news->reading->quality != QUALITY_BAD) {
        announce_value(point, language, news->reading->value, value, sizeof value);
        snprintf(shown, sizeof shown, "%s", value);
    } else {
        snprintf(shown, sizeof shown, zh ? "无可用数据（%s）" : "no usable data (%s)",
                 reason_words(news->reading != NULL ? news->reading->reason : REASON_NEVER_READ, language));
    }
    switch (model->kind) {
    case CONDITION_HIGH:
    case CONDITION_LOW:
        snprintf(text, cap, zh ? "%s %s（限值 %s）" : "%s %s (limit %s)", name, shown, limit);
        break;
    case CONDITION_RATE:
        snprintf(text, cap, zh ? "%s %s（限值每小时 %s）" : "%s %s (limit %s per hour)", name, shown, limit);
        break;
    case CONDITION_DEVIATION:
        snprintf(text, cap, zh ? "%s %s（偏差限值 %s）" : "%s %s (limit of its deviation %s)", name, shown,
                 limit);
        break;
    case CONDITION_DISAGREE:
        snprintf(text, cap, zh ? "%s %s（差异限值 %s）" : "%s %s (limit of the difference %s)", name, shown,
                 limit);
        break;
    default:
        snprintf(text, cap, "%s %s", name, shown);
    }
}

/* What is true of a limit now: it may be exceeded still, or only until a moment ago, or that is not known. */
static void limit_words(const struct alarm_news *news, enum language language, const char *name, char *text,
                        size_t cap)
{
    const struct alarm_model *model = &news->config->alarm_models[news->alarm];
    const struct point_config *point = &news->config->points[model->point];
    bool high = model->kind == CONDITION_HIGH, zh = language == LANGUAGE_ZH;
    bool known = news->reading != NULL && news->reading->quality != QUALITY_BAD;
    char value[VALUE_WORDS] = "", limit[VALUE_WORDS];
    announce_value(point, language, model->limit, limit, sizeof limit);
    if (known)
        announce_value(point, language, news->reading->value, value, sizeof value);
    bool beyond = known && (high ? news->reading->value > model->limit : news->reading->value < model->limit);
    const char *side = zh ? (high ? "高于" : "低于") : (high ? "above" : "below");
    if (news->over && known)
        snprintf(text, cap, zh ? "%s %s，已恢复（限值 %s）" : "%s %s is back within its limit %s", name,
                 value, limit);
    else if (news->over)
        snprintf(text, cap,
                 zh ? "%s 已恢复（限值 %s），当前无数据" : "%s was back within its limit %s; no data now",
                 name, limit);
    else if (beyond)
        snprintf(text, cap, zh ? "%s %s，%s限值 %s" : "%s %s is %s %s", name, value, side, limit);
    else if (known)
        snprintf(text, cap,
                 zh ? "%s %s，曾%s限值 %s，尚未恢复" : "%s %s, was %s %s and is not yet back to normal", name,
                 value, side, limit);
    else
        snprintf(text, cap, zh ? "%s 曾%s限值 %s，当前无数据" : "%s was %s %s; no data now", name, side,
                 limit);
}

static void state_words(const struct alarm_news *news, enum language language, const char *name, char *text,
                        size_t cap)
{
    const struct alarm_model *model = &news->config->alarm_models[news->alarm];
    const struct point_config *point = &news->config->points[model->point];
    bool known = news->reading != NULL && news->reading->quality != QUALITY_BAD, zh = language == LANGUAGE_ZH;
    char value[VALUE_WORDS];
    announce_value(point, language, known ? news->reading->value : model->states[0], value, sizeof value);
    if (known)
        snprintf(text, cap, zh ? "%s：%s" : "%s is %s", name, value);
    else
        snprintf(text, cap, zh ? "%s 曾为 %s，当前无数据" : "%s was %s; no data now", name, value);
}

static void flat_words(const struct alarm_news *news, enum language language, const char *name, char *text,
                       size_t cap)
{
    const struct alarm_model *model = &news->config->alarm_models[news->alarm];
    bool known = news->reading != NULL && news->reading->quality != QUALITY_BAD, zh = language == LANGUAGE_ZH;
    unsigned minutes = model->on_delay_ms / 60000;
    char value[VALUE_WORDS] = "";
    if (news->over) {
        snprintf(text, cap, zh ? "%s：数值又有变化" : "%s moves again", name);
        return;
    }
    if (known)
        announce_value(&news->config->points[model->point], language, news->reading->value, value,
                       sizeof value);
    snprintf(text, cap,
             zh ? "%s：数值 %s 至少 %u 分钟没有任何变化，传感器可能失效"
                : "%s: the value %s has not changed for at least %u min; is the sensor alive?",
             name, value, minutes);
}

static void condition_words(const struct alarm_news *news, enum language language, char *text, size_t cap)
{
    const struct alarm_model *model = &news->config->alarm_models[news->alarm];
    const struct point_config *point = &news->config->points[model->point];
    const char *name = bilingual_get(&point->name, language, point->id);
    bool zh = language == LANGUAGE_ZH, no_data = model->kind == CONDITION_NO_DATA;
    if (is_about_hold(news) && model->kind != CONDITION_DATE) {
        held_words(news, language, name, text, cap);
        return;
    }
    if (model->kind == CONDITION_HIGH || model->kind == CONDITION_LOW) {
        limit_words(news, language, name, text, cap);
        return;
    }
    if (model->kind == CONDITION_DATE) {
        announce_due_words(news, language, name, text, cap);
        return;
    }
    if (model->kind == CONDITION_FLATLINE) {
        flat_words(news, language, name, text, cap);
        return;
    }
    if (model->kind == CONDITION_RATE) {
        announce_rate_words(news, language, name, text, cap);
        return;
    }
    if (model->kind == CONDITION_DEVIATION) {
        announce_deviation_words(news, language, name, text, cap);
        return;
    }
    if (model->kind == CONDITION_DISAGREE) {
        announce_disagree_words(news, language, text, cap);
        return;
    }
    if (model->kind == CONDITION_STATE) {
        state_words(news, language, name, text, cap);
        return;
    }
    if (news->over) {
        snprintf(text, cap, "%s%s", name,
                 no_data ? (zh ? "：数据已恢复" : ": data are back")
                         : (zh ? "：读数已恢复" : ": the value can be used again"));
        return;
    }
    enum reason reason = news->reading != NULL ? news->reading->reason : REASON_NEVER_READ;
    if (reason == REASON_NONE) /* not over yet: the off-delay is running */
        snprintf(text, cap, zh ? "%s：读数正在恢复" : "%s: values are coming again", name);
    else
        snprintf(text, cap, zh ? "%s：%s（%s）" : "%s: %s (%s)", name,
                 no_data ? (zh ? "无数据" : "no data") : (zh ? "读数不可用" : "the value can't be used"),
                 reason_words(reason, language));
}

static bool has_own_text(const struct alarm_news *news)
{
    const struct bilingual *text = &news->config->alarms[news->alarm].text;
    return text->text[LANGUAGE_EN][0] != '\0' || text->text[LANGUAGE_ZH][0] != '\0';
}

/* What the alarm's own text says already is not said again. */
static void fault_sentence(const struct alarm_news *news, enum language language, char *text, size_t cap)
{
    bool zh = language == LANGUAGE_ZH, over = news->over, own = has_own_text(news);
    const char *detail = news->detail[language];
    bool more = detail != NULL && detail[0] != '\0' && !over;
    const char *words = own ? "" : fault_words(news->config->alarm_models[news->alarm].fault, language);
    if (is_about_hold(news)) {
        snprintf(text, cap, "%s", words);
        return;
    }
    const char *is_over = own ? (zh ? "已恢复" : "over") : (zh ? "（已恢复）" : " (over)");
    snprintf(text, cap, "%s%s%s%s", words, over ? is_over : "", more && !own ? (zh ? "：" : ": ") : "",
             more ? detail : "");
}

/* CHATTER and FED: their text says what is the matter. */
static void outside_sentence(const struct alarm_news *news, enum language language, char *text, size_t cap)
{
    if (is_about_hold(news))
        text[0] = '\0';
    else
        snprintf(text, cap, "%s",
                 news->over ? (language == LANGUAGE_ZH ? "已恢复" : "over") : news->words[language]);
}

static void condition_sentence(const struct alarm_news *news, enum language language, char *text, size_t cap)
{
    switch (news->config->alarm_models[news->alarm].kind) {
    case CONDITION_FAULT:
        fault_sentence(news, language, text, cap);
        break;
    case CONDITION_CHATTER:
    case CONDITION_FED:
        outside_sentence(news, language, text, cap);
        break;
    case CONDITION_GROUP:
        announce_group_words(news, language, text, cap);
        break;
    default:
        condition_words(news, language, text, cap);
    }
}

void announce_cut(char *text, size_t len)
{
    if (strlen(text) <= len)
        return;
    while (len > 0 && ((unsigned char)text[len] & 0xC0) == 0x80)
        len--;
    text[len] = '\0';
}

void announce_sentence(const struct alarm_news *news, enum language language, char *text, size_t cap)
{
    const struct alarm_config *alarm = &news->config->alarms[news->alarm];
    const struct asset_config *asset = &news->config->assets[alarm->asset];
    bool zh = language == LANGUAGE_ZH;
    char condition[TEXT_MAX + 2 * NOTE_MAX], own[TEXT_MAX], tail[2 * NOTE_MAX], whole[SENTENCE_MAX];
    condition_sentence(news, language, condition, sizeof condition);
    announce_tail(news, language, tail, sizeof tail);
    /* When room is short the site's own words give way, not the facts. */
    const char *name = bilingual_get(&asset->name, language, asset->id);
    size_t facts = strlen(name) + strlen(condition) + 8;
    snprintf(own, sizeof own, "%s", bilingual_get(&alarm->text, language, ""));
    announce_cut(own, facts < cap ? cap - facts : 0);
    const char *stop = zh ? "。" : ". ";
    snprintf(whole, sizeof whole, "%s%s%s%s%s%s%s", name, zh ? "：" : ": ", own,
             own[0] != '\0' && condition[0] != '\0' ? stop : "", condition, tail[0] != '\0' ? stop : "",
             tail);
    announce_cut(whole, cap - 1);
    snprintf(text, cap, "%s", whole);
}
