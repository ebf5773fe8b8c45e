#include "phrase.h"

#include <string.h>
#include <time.h>

#define MINUTE INT64_C(60)
#define HOUR   INT64_C(3600)
#define DAY    INT64_C(86400)

struct word {
    const char *name, *en, *zh;
};

const char *phrase_pick(enum language language, const char *en, const char *zh)
{
    return language == LANGUAGE_ZH ? zh : en;
}

static const char *find(const struct word *words, size_t n, const char *name, enum language language)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(words[i].name, name) == 0)
            return phrase_pick(language, words[i].en, words[i].zh);
    return name;
}

const char *phrase_priority(enum priority priority, enum language language)
{
    switch (priority) {
    case PRIORITY_LOW:
        return phrase_pick(language, "low", "低");
    case PRIORITY_MEDIUM:
        return phrase_pick(language, "medium", "中");
    case PRIORITY_HIGH:
        return phrase_pick(language, "HIGH", "高");
    case PRIORITY_CRITICAL:
        return phrase_pick(language, "CRITICAL", "紧急");
    }
    return "?";
}

const char *phrase_state(const char *name, enum language language)
{
    static const struct word words[] = {
        {"normal", "normal", "正常"},
        {"unacknowledged", "not acknowledged", "未确认"},
        {"acknowledged", "acknowledged", "已确认"},
        {"returned-unacknowledged", "over, not acknowledged", "已恢复，未确认"},
        {"shelved", "shelved", "已搁置"},
        {"suppressed", "suppressed by design", "按设计抑制"},
        {"out-of-service", "out of service", "停用"},
    };
    return find(words, sizeof words / sizeof words[0], name, language);
}

const char *phrase_reason(const char *name, enum language language)
{
    static const struct word words[] = {
        {"never-read", "not read yet", "尚未读取"},
        {"timeout", "the device does not answer", "设备无应答"},
        {"bad-reply", "bad reply", "应答错误"},
        {"refused", "the device refuses", "设备拒绝"},
        {"link-down", "no connection", "连接中断"},
        {"stale", "old data", "数据过期"},
        {"unproven", "not proven after a fault", "故障后尚未确认"},
        {"dropped", "lost inside the monitor", "监控系统内部丢失"},
        {"sentinel", "the device reports no value", "设备报告无有效值"},
        {"not-finite", "not a number", "非数值"},
        {"implausible", "implausible", "不合理"},
        {"unknown-state", "unknown state", "未知状态"},
        {"sensor-fault", "broken sensor", "传感器故障"},
        {"over-range", "over range", "超量程"},
        {"under-range", "under range", "低于量程"},
        {"warm-up", "warming up", "预热中"},
        {"inhibited", "the device's alarms are inhibited", "设备报警已被抑制"},
        {"simulation", "simulated", "模拟值"},
        {"calibration", "being calibrated", "校准中"},
        {"maintenance", "under maintenance", "维护中"},
        {"device-fault", "device fault", "设备故障"},
        {"device-stale", "old in the device", "设备数据过时"},
        {"channel-off", "channel off", "通道关闭"},
        {"wrong-device", "another device answers", "设备不符"},
        {"wrong-setting", "wrong setting", "设置不符"},
        {"frozen", "the device's heartbeat stands still", "设备心跳停止"},
        {"status-unknown", "the device's status is not known", "设备状态未知"},
        {"not-measured", "not measured", "未测量"},
        {"input-bad", "its input is bad", "输入无效"},
        {"learning", "learning", "学习中"},
        {"input-gap", "begins anew after a gap", "中断后重新开始"},
        {"busy", "hidden by a fill", "补液中"},
        {"no-shape", "no shape configured", "未配置形状"},
        {"no-limit", "no limit configured", "未配置限值"},
        {"no-capacity", "no heat capacity configured", "未配置热容"},
        {"not-falling", "the level does not fall", "液位未下降"},
        {"no-run", "no run", "无运行"},
    };
    return find(words, sizeof words / sizeof words[0], name, language);
}

const char *phrase_quality(const char *name, enum language language)
{
    static const struct word words[] = {{"", "quality not known", "质量未知"},
                                        {"good", "good", "良好"},
                                        {"uncertain", "UNCERTAIN", "可疑"},
                                        {"bad", "BAD", "无效"}};
    return find(words, sizeof words / sizeof words[0], name != NULL ? name : "", language);
}

void phrase_duration(FILE *out, int64_t seconds, enum language language)
{
    long long s = seconds > 0 ? seconds : 0;
    bool zh = language == LANGUAGE_ZH;

    if (s < MINUTE)
        fprintf(out, zh ? "%lld 秒" : "%lld s", s);
    else if (s < HOUR)
        fprintf(out, zh ? "%lld 分钟" : "%lld min", s / MINUTE);
    else if (s < DAY && s % HOUR < MINUTE)
        fprintf(out, zh ? "%lld 小时" : "%lld h", s / HOUR);
    else if (s < DAY)
        fprintf(out, zh ? "%lld 小时 %lld 分钟" : "%lld h %lld min", s / HOUR, s % HOUR / MINUTE);
    else if (s % DAY < HOUR)
        fprintf(out, zh ? "%lld 天" : "%lld d", s / DAY);
    else
        fprintf(out, zh ? "%lld 天 %lld 小时" : "%lld d %lld h", s / DAY, s % DAY / HOUR);
}

void phrase_time(FILE *out, int64_t utc_us)
{
    time_t seconds = (time_t)(utc_us / 1000000);
    struct tm tm;
    char text[40], zone[8];

    if (localtime_r(&seconds, &tm) == NULL || strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &tm) == 0 ||
        strftime(zone, sizeof zone, "%z", &tm) != 5) {
        fputs("?", out);
        return;
    }
    fprintf(out, "%s %.3s:%s", text, zone, zone + 3);
}

void phrase_clock(FILE *out, int64_t utc_us, int64_t now_utc_us)
{
    time_t seconds = (time_t)(utc_us / 1000000);
    int64_t apart_s = (now_utc_us - utc_us) / 1000000;
    bool near = apart_s < 12 * HOUR && apart_s > -12 * HOUR;
    struct tm tm;
    char text[40];

    if (localtime_r(&seconds, &tm) == NULL ||
        strftime(text, sizeof text, near ? "%H:%M" : "%Y-%m-%d %H:%M", &tm) == 0)
        fputs("?", out);
    else
        fputs(text, out);
}

void phrase_time_left(FILE *out, int64_t seconds, enum language language)
{
    bool zh = language == LANGUAGE_ZH;
    int64_t rounded = seconds;

    if (seconds < 0) {
        fputs(zh ? "剩余时间未知" : "time left not known", out);
        return;
    }
    if (seconds < MINUTE) {
        fputs(seconds == 0 ? (zh ? "已无剩余时间" : "no time left")
                           : (zh ? "剩余不到 1 分钟" : "less than 1 min left"),
              out);
        return;
    }
    /* It is an estimate: no more digits than it deserves, and never more time than there is. */
    if (seconds >= 3 * HOUR)
        rounded -= seconds % HOUR;
    else if (seconds >= HOUR)
        rounded -= seconds % (10 * MINUTE);
    fputs(zh ? "约剩 " : "about ", out);
    phrase_duration(out, rounded, language);
    if (!zh)
        fputs(" left", out);
}

void phrase_number(FILE *out, micro_t value, const char *unit)
{
    char text[MICRO_TEXT_MAX];
    int len = micro_print(text, sizeof text, value, DECIMALS_MAX);

    while (len > 0 && text[len - 1] == '0')
        len--;
    if (len > 0 && text[len - 1] == '.')
        len--;
    fprintf(out, "%.*s", len, text);
    if (unit != NULL && unit[0] != '\0')
        fprintf(out, " %s", unit);
}
