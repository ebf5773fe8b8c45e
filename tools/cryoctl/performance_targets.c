/* performance_targets.c - what was measured beside what it should be; and the words for it. */
#include <math.h>
#include <string.h>

#include "performance_internal.h"
#include "when.h"

#define ENOUGH_US     (7 * DAY_US) /* with less, nothing is called well */
#define ENOUGH_ALARMS 100          /* for a distribution */
#define ENOUGH_KINDS  20           /* different alarms, for the share of the ten most frequent */

#define ISA   "ISA-18.2 / IEC 62682, 16"
#define EEMUA "ISA-18.2 / IEC 62682, 16; EEMUA 191"

enum unit { UNIT_NUMBER, UNIT_SHARE, UNIT_COUNT, UNIT_MIX };
enum need { NEED_NOTHING, NEED_TIME, NEED_TIME_TO_BE_WELL, NEED_ALARMS, NEED_KINDS, NEED_ANY };

struct rule {
    const char *id, *en, *zh;
    enum unit unit;
    enum need need;
    bool at_least;             /* else at most */
    double standard, cryobank; /* NAN: none */
    const char *source;
};

static const struct rule rules[] = {
    {"per_day", "alarms per day, average", "每天报警数（平均）", UNIT_NUMBER, NEED_TIME, false, 150, 10,
     EEMUA},
    {"per_10_min", "alarms per 10 minutes, average", "每 10 分钟报警数（平均）", UNIT_NUMBER, NEED_TIME,
     false, 1, 0.1, EEMUA},
    {"peak_10_min", "alarms in the fullest 10 minutes", "最多的 10 分钟内的报警数", UNIT_COUNT,
     NEED_TIME_TO_BE_WELL, false, 10, 5, EEMUA},
    {"crowded_share", "10-minute periods with more than 10 alarms", "超过 10 个报警的 10 分钟时段",
     UNIT_SHARE, NEED_TIME_TO_BE_WELL, false, 0.01, 0, ISA},
    {"flood_share", "time in a flood", "报警泛滥的时间", UNIT_SHARE, NEED_TIME_TO_BE_WELL, false, 0.01, 0,
     ISA},
    {"top_10_share", "part of the ten most frequent alarms", "最频繁的 10 个报警所占比例", UNIT_SHARE,
     NEED_KINDS, false, 0.05, NAN, ISA},
    {"chattering", "alarms that chatter", "抖动报警的个数", UNIT_COUNT, NEED_TIME_TO_BE_WELL, false, 0, 0,
     ISA},
    {"stale", "stale alarms (active > 24 h) at the same time", "同时存在的陈旧报警（持续 > 24 小时）",
     UNIT_COUNT, NEED_TIME_TO_BE_WELL, false, 4, 0, ISA},
    {"priorities", "low / medium / high / critical", "低 / 中 / 高 / 紧急", UNIT_MIX, NEED_ALARMS, false, 1,
     NAN, EEMUA},
    {"unsigned", "disabled without a name or a reason", "没有姓名或原因的停用", UNIT_COUNT, NEED_NOTHING,
     false, 0, 0, ISA},
    {"in_time", "acknowledged in the time that the priority allows", "在优先级允许的时间内确认", UNIT_SHARE,
     NEED_ANY, true, NAN, 0.95, ""},
    {"never_acknowledged", "not acknowledged at the end", "结束时仍未确认", UNIT_COUNT, NEED_NOTHING, false,
     NAN, 0, ""},
    {"call_failures", "calls that failed", "失败的呼叫", UNIT_SHARE, NEED_ANY, false, NAN, 0.02, ""},
    {"drills_missed", "drills missed", "未按时完成的演练", UNIT_COUNT, NEED_ANY, false, NAN, 0, ""},
};
#define N_RULES (sizeof rules / sizeof rules[0])

/* ---------------------------------------------------------------- judging */

static double number_at(const json_t *facts, const char *section, const char *key)
{
    const json_t *value = json_object_get(section[0] != '\0' ? json_object_get(facts, section) : facts, key);
    return json_is_number(value) ? json_number_value(value) : (double)NAN;
}

static double share_of(const json_t *facts, const char *priority)
{
    return json_number_value(
        json_object_get(json_object_get(json_object_get(facts, "priorities"), priority), "share"));
}

/* About 80 : 15 : 5 : less than 1: 1 when it is so, with a fifth more of the upper ones. */
static double mix(const json_t *facts)
{
    double upper = share_of(facts, "high") + share_of(facts, "critical");
    return upper <= 0.06 * 1.2 && share_of(facts, "critical") <= 0.012 && share_of(facts, "medium") <= 0.18
               ? 1
               : 2;
}

static double measured(const struct performance *p, const json_t *facts, unsigned rule)
{
    const json_t *peak = json_object_get(json_object_get(facts, "rates"), "peak_10_min");
    switch (rule) {
    case 0:
        return number_at(facts, "rates", "per_day");
    case 1:
        return number_at(facts, "rates", "per_10_min");
    case 2:
        return json_is_object(peak) ? json_number_value(json_object_get(peak, "count")) : 0;
    case 3:
        return number_at(facts, "rates", "crowded_share");
    case 4:
        return number_at(facts, "floods", "share");
    case 5:
        return number_at(facts, "", "top_10_share");
    case 6:
        return number_at(facts, "chattering", "alarms");
    case 7:
        return number_at(facts, "stale", "most_at_once");
    case 8:
        return mix(facts);
    case 9:
        return number_at(facts, "disabled", "without_person_or_reason");
    case 10:
        return number_at(facts, "in_time", "share");
    case 11:
        return number_at(facts, "never_acknowledged", "count");
    case 12:
        return number_at(facts, "calls", "failed_share");
    default:
        return p->drills_held + p->drills_missed > 0 ? (double)p->drills_missed : (double)NAN;
    }
}

static const char *why_unknown(const struct performance *p, const json_t *facts, const struct rule *r,
                               double value, bool exceeds)
{
    bool short_time = p->observed_us < ENOUGH_US;
    if (isnan(value))
        return r->need == NEED_ANY || r->need == NEED_ALARMS || r->need == NEED_KINDS ? "none"
                                                                                      : "too-little-time";
    if ((r->need == NEED_TIME || (r->need == NEED_TIME_TO_BE_WELL && !exceeds)) && short_time)
        return "too-little-time";
    if ((r->need == NEED_ALARMS || r->need == NEED_KINDS) && p->raised < ENOUGH_ALARMS)
        return "too-few-alarms";
    if (r->need == NEED_KINDS && number_at(facts, "", "different_alarms") < ENOUGH_KINDS)
        return "too-few-alarms";
    return NULL;
}

static json_t *side(const struct performance *p, const json_t *facts, const struct rule *r, double value,
                    double limit, const char *source, const char **ret_why)
{
    if (isnan(limit))
        return json_null();
    bool exceeds = !isnan(value) && (r->at_least ? value < limit : value > limit);
    const char *why = why_unknown(p, facts, r, value, exceeds);
    *ret_why = why != NULL ? why : *ret_why;
    json_t *ret =
        json_pack("{s:s, s:f, s:s}", "rule", r->at_least ? "at-least" : "at-most", "limit", limit, "result",
                  why != NULL ? "not-known"
                  : exceeds   ? "not-met"
                              : "met");
    if (source[0] != '\0')
        json_object_set_new(ret, "source", json_string(source));
    return ret;
}

static json_t *shown_value(const json_t *facts, const struct rule *r, double value)
{
    if (r->unit == UNIT_MIX)
        return json_pack("[f, f, f, f]", share_of(facts, "low"), share_of(facts, "medium"),
                         share_of(facts, "high"), share_of(facts, "critical"));
    if (isnan(value))
        return json_null();
    return r->unit == UNIT_COUNT ? json_integer((json_int_t)value) : json_real(value);
}

json_t *performance_targets(const struct performance *p, const json_t *facts)
{
    json_t *all = json_array();
    for (unsigned i = 0; i < N_RULES; i++) {
        const struct rule *r = &rules[i];
        const char *why = NULL;
        double value = measured(p, facts, i);
        json_t *standard = side(p, facts, r, value, r->standard, r->source, &why);
        json_t *cryobank = side(p, facts, r, value, r->cryobank, "", &why);
        json_array_append_new(all, json_pack("{s:s, s:o, s:o, s:o, s:o}", "id", r->id, "value",
                                             shown_value(facts, r, value), "standard", standard, "cryobank",
                                             cryobank, "why_not_known",
                                             why != NULL ? json_string(why) : json_null()));
    }
    return all;
}

/* ---------------------------------------------------------------- words */

static const struct rule *find(const char *id)
{
    for (unsigned i = 0; i < N_RULES; i++)
        if (strcmp(rules[i].id, id) == 0)
            return &rules[i];
    return NULL;
}

const char *performance_target_name(const struct ctl *ctl, const char *id)
{
    const struct rule *r = find(id);
    return r != NULL ? tr(ctl, r->en, r->zh) : id;
}

/* Two digits that mean something, without an exponent. */
static void print_number(char *text, size_t cap, double value, enum unit unit)
{
    if (unit == UNIT_COUNT)
        snprintf(text, cap, "%.0f", value);
    else if (unit == UNIT_SHARE)
        snprintf(text, cap, "%.*f %%", value > 0 && value < 0.1 ? 2 : 0, 100 * value);
    else
        snprintf(text, cap, "%.*f", value < 0.1 && value > 0 ? 3 : value < 10 ? 1 : 0, value);
}

void performance_target_value(const struct ctl *ctl, const char *id, const json_t *value, char *text,
                              size_t cap)
{
    const struct rule *r = find(id);
    if (json_is_array(value) && json_array_size(value) == 4)
        snprintf(text, cap, "%.0f / %.0f / %.0f / %.0f %%", 100 * json_number_value(json_array_get(value, 0)),
                 100 * json_number_value(json_array_get(value, 1)),
                 100 * json_number_value(json_array_get(value, 2)),
                 100 * json_number_value(json_array_get(value, 3)));
    else if (json_is_number(value) && r != NULL)
        print_number(text, cap, json_number_value(value), r->unit);
    else
        snprintf(text, cap, "%s", tr(ctl, "not known", "未知"));
}

void performance_target_limit(const struct ctl *ctl, const char *id, const json_t *side, char *text,
                              size_t cap)
{
    const struct rule *r = find(id);
    const json_t *limit = json_object_get(side, "limit");
    char number[64];
    text[0] = '\0';
    if (r == NULL || !json_is_number(limit))
        return;
    if (r->unit == UNIT_MIX) {
        snprintf(text, cap, "%s", tr(ctl, "about 80 / 15 / 5 / <1 %", "约 80 / 15 / 5 / <1 %"));
        return;
    }
    print_number(number, sizeof number, json_number_value(limit), r->unit);
    snprintf(text, cap, "%s%s", json_number_value(limit) > 0 ? (r->at_least ? "≥ " : "≤ ") : "", number);
}

const char *performance_result(const struct ctl *ctl, const char *result)
{
    return strcmp(result, "met") == 0       ? tr(ctl, "met", "达标")
           : strcmp(result, "not-met") == 0 ? tr(ctl, "NOT MET", "未达标")
           : result[0] == '\0'              ? ""
                                            : tr(ctl, "not known", "未知");
}

const char *performance_why(const struct ctl *ctl, const json_t *target)
{
    const char *why = performance_text(target, "why_not_known");
    return strcmp(why, "too-little-time") == 0 ? tr(ctl, "observed for less than 7 days", "观察时间不足 7 天")
           : strcmp(why, "too-few-alarms") == 0 ? tr(ctl, "too few alarms to tell", "报警太少，无法判断")
           : strcmp(why, "none") == 0           ? tr(ctl, "there were none", "没有发生")
                                                : why;
}

const char *performance_disabled_kind(const struct ctl *ctl, const char *kind)
{
    return strcmp(kind, "shelved") == 0            ? tr(ctl, "shelved", "搁置")
           : strcmp(kind, "suppressed") == 0       ? tr(ctl, "suppressed by design", "设计抑制")
           : strcmp(kind, "out-of-service") == 0   ? tr(ctl, "out of service", "停用")
           : strcmp(kind, "bypassed") == 0         ? tr(ctl, "device bypassed", "装置旁路")
           : strcmp(kind, "notification-off") == 0 ? tr(ctl, "notification off", "通知关闭")
           : strcmp(kind, "maintenance") == 0 ? tr(ctl, "maintenance (alarm goes on)", "维护中（照常报警）")
                                              : kind;
}

const char *performance_seconds(const struct ctl *ctl, const json_t *seconds, char *text, size_t cap)
{
    char duration[WHEN_MAX];
    snprintf(
        text, cap, "%s",
        json_is_number(seconds)
            ? when_print_duration(ctl, duration, (int64_t)(json_number_value(seconds) * (double)SECOND_US))
            : "–");
    return text;
}
