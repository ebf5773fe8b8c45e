#include "run_words.h"

#include <string.h>

const char *run_words_verdict(const struct ctl *ctl, enum freezer_verdict_kind kind)
{
    switch (kind) {
    case FREEZER_WITHIN_LIMITS:
        return tr(ctl, "within limits", "符合限值");
    case FREEZER_OUTSIDE_LIMITS:
        return tr(ctl, "OUTSIDE LIMITS", "超出限值");
    default:
        return tr(ctl, "not known", "未知");
    }
}

enum table_style run_words_verdict_style(enum freezer_verdict_kind kind)
{
    return kind == FREEZER_OUTSIDE_LIMITS  ? TABLE_URGENT
           : kind == FREEZER_WITHIN_LIMITS ? TABLE_PLAIN
                                           : TABLE_WARNING;
}

const char *run_words_verdict_name(enum freezer_verdict_kind kind)
{
    return kind == FREEZER_WITHIN_LIMITS ? "within" : kind == FREEZER_OUTSIDE_LIMITS ? "outside" : "unknown";
}

const char *run_words_end(const struct ctl *ctl, enum freezer_end how)
{
    switch (how) {
    case FREEZER_END_COMPLETE:
        return tr(ctl, "complete", "完成");
    case FREEZER_END_STOPPED:
        return tr(ctl, "stopped", "中止");
    case FREEZER_END_LOST:
        return tr(ctl, "lost: how it ended is not known", "数据中断：如何结束未知");
    default:
        return tr(ctl, "running", "进行中");
    }
}

const char *run_words_kind(const struct ctl *ctl, enum freezer_step_kind kind)
{
    static const char *const names[FREEZER_STEP_KINDS][2] = {
        {"hold", "保持"}, {"ramp", "变温"}, {"seed", "植冰"}, {"plunge", "投入液氮"}};

    return (unsigned)kind < FREEZER_STEP_KINDS ? tr(ctl, names[kind][0], names[kind][1]) : "?";
}

const char *run_words_guidance(const struct ctl *ctl, enum freezer_guidance guidance)
{
    switch (guidance) {
    case FREEZER_GUIDANCE_MINUS80:
        return tr(ctl,
                  "broken off warmer than -40 °C: into a -80 °C freezer, not into LN2 vapour (cord blood)",
                  "中止时高于 -40 °C：可转入 -80 °C 冰箱，不可转入气相液氮（脐带血）");
    case FREEZER_GUIDANCE_EITHER:
        return tr(ctl, "broken off at -40 °C or colder: into a -80 °C freezer or LN2 vapour (cord blood)",
                  "中止时不高于 -40 °C：可转入 -80 °C 冰箱或气相液氮（脐带血）");
    case FREEZER_GUIDANCE_UNKNOWN:
        return tr(ctl,
                  "broken off, the samples' temperature is not known: only a -80 °C freezer is right at any "
                  "(cord blood)",
                  "中止时样品温度未知：仅 -80 °C 冰箱在任何温度下适用（脐带血）");
    default:
        return NULL;
    }
}

const char *run_words_guidance_name(enum freezer_guidance guidance)
{
    static const char *const all[] = {"none", "minus-80", "unknown", "minus-80-or-ln2-vapour"};

    return all[guidance];
}

const char *run_words_program_from_name(enum run_program_from from)
{
    static const char *const all[] = {"unknown", "record", "record-text-gone", "configuration", "given"};

    return all[from];
}

/* ---------------------------------------------------------------- numbers */

const char *run_words_degrees(char text[WHEN_MAX], int64_t value)
{
    char digits[MICRO_TEXT_MAX];

    if (value == FREEZER_NONE)
        return "--";
    micro_print(digits, sizeof digits, micro_round(value, 2), 2);
    (void)snprintf(text, WHEN_MAX, "%s °C", digits);
    return text;
}

static const char *run_words_rate(char text[WHEN_MAX], int64_t per_hour)
{
    char digits[MICRO_TEXT_MAX];

    if (per_hour == FREEZER_NONE)
        return "--";
    micro_print(digits, sizeof digits, micro_round(per_hour / 60, 2), 2);
    (void)snprintf(text, WHEN_MAX, "%s °C/min", digits);
    return text;
}

/* ---------------------------------------------------------------- reasons */

/* In which form a reason's value and limit are. */
enum form { FORM_NONE, FORM_DEGREES, FORM_PER_HOUR, FORM_TIME };

static const struct {
    enum freezer_why why;
    enum form form;
    const char *en, *zh;
} words[] = {
    {FREEZER_WHY_NOT_COMPLETE, FORM_NONE, "the program did not come to its end", "程序未完成"},
    {FREEZER_WHY_DEVIATION, FORM_DEGREES, "off the program", "偏离程序"},
    {FREEZER_WHY_RMS, FORM_DEGREES, "deviation, root mean square", "均方根偏差"},
    {FREEZER_WHY_OUTSIDE, FORM_TIME, "outside the tolerances", "超出容差的时间"},
    {FREEZER_WHY_RATE, FORM_PER_HOUR, "rate", "降温速率"},
    {FREEZER_WHY_OVERSHOOT, FORM_DEGREES, "overshoot", "过冲"},
    {FREEZER_WHY_SETPOINT, FORM_DEGREES, "the controller's setpoint is not the program's",
     "控制器设定值与程序不符"},
    {FREEZER_WHY_GAP, FORM_TIME, "data missing", "数据缺失"},
    {FREEZER_WHY_NO_EXOTHERM, FORM_NONE, "no exotherm", "无放热峰"},
    {FREEZER_WHY_ONSET, FORM_DEGREES, "onset of ice", "结冰起始温度"},
    {FREEZER_WHY_SUPERCOOLING, FORM_DEGREES, "supercooling", "过冷度"},
    {FREEZER_WHY_PLATEAU, FORM_TIME, "plateau", "平台时间"},
    {FREEZER_WHY_ZERO_TO_40, FORM_TIME, "from 0 to -40 °C", "0 至 -40 °C 用时"},
    {FREEZER_WHY_END, FORM_DEGREES, "temperature at the end", "结束温度"},
    {FREEZER_WHY_LID, FORM_TIME, "lid open", "开盖"},
    {FREEZER_WHY_POWER, FORM_TIME, "power off", "断电"},
    {FREEZER_WHY_NO_PROGRAM, FORM_NONE, "no program is given: nothing to judge by", "未指定程序，无法判定"},
    {FREEZER_WHY_NO_LIMITS, FORM_NONE, "the program has no limits", "程序没有限值"},
    {FREEZER_WHY_BEGIN_UNKNOWN, FORM_NONE, "its begin was not seen", "未见到开始"},
    {FREEZER_WHY_END_UNKNOWN, FORM_NONE, "its end was not seen", "未见到结束"},
    {FREEZER_WHY_NOT_MEASURED, FORM_NONE, "not measured, or not throughout", "未测量或测量不完整"},
    {FREEZER_WHY_UNCERTAIN, FORM_TIME, "the device itself doubted its readings", "装置自身认为读数可疑"},
    {FREEZER_WHY_ICE_UNKNOWN, FORM_NONE, "whether and where ice began is not known", "是否及何时结冰未知"},
};
#define N_WORDS (sizeof words / sizeof *words)

static void number(const struct ctl *ctl, enum form form, int64_t value, char text[WHEN_MAX])
{
    if (form == FORM_TIME)
        when_print_duration(ctl, text, value);
    else if (form == FORM_PER_HOUR)
        run_words_rate(text, value);
    else
        run_words_degrees(text, value);
}

static const char *text_of(const struct ctl *ctl, enum freezer_why why, enum form *ret)
{
    for (size_t i = 0; i < N_WORDS; i++) {
        if (words[i].why == why) {
            *ret = words[i].form;
            return tr(ctl, words[i].en, words[i].zh);
        }
    }
    *ret = FORM_NONE;
    return freezer_record_why_name(why);
}

const char *run_words_reason(const struct ctl *ctl, const struct freezer_reason *r, char *text, size_t cap)
{
    char step[64] = "", value[WHEN_MAX], limit[WHEN_MAX];
    enum form form, ignored;
    const char *what = text_of(ctl, r->why, &form);

    if (r->step >= 0)
        (void)snprintf(step, sizeof step, tr(ctl, "step %d: ", "第 %d 步："), r->step + 1);
    if (r->sample >= 0)
        (void)snprintf(step + strlen(step), sizeof step - strlen(step), tr(ctl, "sample %d: ", "样品 %d："),
                       r->sample + 1);
    if (r->why == FREEZER_WHY_NOT_MEASURED && r->about != FREEZER_WHY_NONE) {
        (void)snprintf(text, cap, tr(ctl, "%s%s: %s", "%s%s：%s"), step, text_of(ctl, r->about, &ignored),
                       what);
        return text;
    }
    if (form == FORM_NONE || r->value == FREEZER_NONE) {
        (void)snprintf(text, cap, "%s%s", step, what);
        return text;
    }
    number(ctl, form, r->value, value);
    if (r->limit == FREEZER_NONE) {
        (void)snprintf(text, cap, "%s%s %s", step, what, value);
        return text;
    }
    number(ctl, form, r->limit, limit);
    if (r->why == FREEZER_WHY_RATE || r->why == FREEZER_WHY_SETPOINT)
        (void)snprintf(text, cap, tr(ctl, "%s%s %s (wanted %s)", "%s%s %s（应为 %s）"), step, what, value,
                       limit);
    else
        (void)snprintf(text, cap, tr(ctl, "%s%s %s (limit %s)", "%s%s %s（限值 %s）"), step, what, value,
                       limit);
    return text;
}

const char *run_words_sample(const struct ctl *ctl, const struct run_file *run, unsigned sample, char *text,
                             size_t cap)
{
    const struct run_trace *trace = &run->traces[freezer_run_sample_input(sample)];
    const int index = run->config != NULL ? config_find_point(run->config, trace->asset, trace->point) : -1;

    (void)snprintf(text, cap, "%s",
                   index >= 0 ? bilingual_get(&run->config->points[index].name, ctl->language, trace->point)
                              : trace->point);
    return text;
}

/* ---------------------------------------------------------------- people */

const char *run_words_lots(const struct run_entry *entry, char *text, size_t cap)
{
    size_t used = 0, i;
    const json_t *lot;

    text[0] = '\0';
    json_array_foreach(entry != NULL ? entry->lots : NULL, i, lot)
    {
        if (used < cap && json_is_string(lot))
            used +=
                (size_t)snprintf(text + used, cap - used, "%s%s", i > 0 ? ", " : "", json_string_value(lot));
    }
    return text;
}

const char *run_words_decision(const struct ctl *ctl, const struct run_entry *entry, char *text, size_t cap)
{
    char time[WHEN_MAX];

    if (entry == NULL || entry->decision == RUN_UNDECIDED) {
        (void)snprintf(text, cap, "%s", tr(ctl, "nobody has decided yet", "尚未决定"));
        return text;
    }
    (void)snprintf(text, cap,
                   entry->decision == RUN_ACCEPTED
                       ? tr(ctl, "accepted by %s%s, %s%s%s", "由 %s%s 接受，%s%s%s")
                       : tr(ctl, "REJECTED by %s%s, %s%s%s", "由 %s%s 拒绝，%s%s%s"),
                   entry->decided_by[0] != '\0' ? entry->decided_by : tr(ctl, "(not named)", "（未署名）"),
                   entry->decided_by_operator ? tr(ctl, " (who conducted it)", "（即操作人）") : "",
                   when_print(ctl, time, entry->decided_us, false),
                   entry->decided_why[0] != '\0' ? tr(ctl, ": ", "：") : "", entry->decided_why);
    return text;
}
