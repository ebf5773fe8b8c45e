#include "details.h"

#include <inttypes.h>
#include <string.h>

#include "phrase.h"

#define SECOND_OF_US 1000000

static bool has(const char *text)
{
    return text != NULL && text[0] != '\0';
}

/* "Since: " or "开始：". */
static void label(FILE *out, const struct notice *n, const char *en, const char *zh)
{
    fprintf(out, n->language == LANGUAGE_ZH ? "%s：" : "%s: ", phrase_pick(n->language, en, zh));
}

/* "2026-11-24 03:12:05 +08:00 (20 min ago)". */
static void moment(FILE *out, const struct notice *n, int64_t utc_us)
{
    phrase_time(out, utc_us);
    if (n->sent_utc_us < utc_us)
        return;
    fputs(n->language == LANGUAGE_ZH ? "（" : " (", out);
    phrase_duration(out, (n->sent_utc_us - utc_us) / SECOND_OF_US, n->language);
    fputs(n->language == LANGUAGE_ZH ? "前）" : " ago)", out);
}

static void until(FILE *out, const struct notice *n, int64_t utc_us)
{
    if (utc_us == 0)
        return;
    fputs(phrase_pick(n->language, " until ", "，至 "), out);
    phrase_time(out, utc_us);
}

static void line(FILE *out, const struct notice *n, const char *en, const char *zh, const char *text)
{
    if (!has(text))
        return;
    label(out, n, en, zh);
    fprintf(out, "%s\n", text);
}

static void value_line(FILE *out, const struct notice *n)
{
    const struct notice_value *v = &n->value;
    bool zh = n->language == LANGUAGE_ZH;

    if (!v->known && !has(v->quality) && !has(v->reason))
        return; /* an alarm that has no value */
    label(out, n, "Value", "数值");
    if (!v->known)
        fputs(zh ? "无" : "none", out);
    else if (has(v->state))
        fputs(v->state, out);
    else
        phrase_number(out, v->value, v->unit);
    fprintf(out, zh ? "（%s" : " (%s", phrase_quality(v->quality, n->language));
    if (has(v->reason) && strcmp(v->reason, "none") != 0)
        fprintf(out, zh ? "：%s" : ": %s", phrase_reason(v->reason, n->language));
    fputs(zh ? "）" : ")", out);
    if (v->utc_us != 0) {
        fputs(zh ? "，时间 " : ", at ", out);
        moment(out, n, v->utc_us);
    }
    fputc('\n', out);
    if (n->has_limit) {
        label(out, n, "Limit", "限值");
        phrase_number(out, n->limit, v->unit);
        fputc('\n', out);
    }
}

static void trend_line(FILE *out, const struct notice *n)
{
    bool zh = n->language == LANGUAGE_ZH;
    micro_t size = n->trend_per_hour < 0 ? -n->trend_per_hour : n->trend_per_hour;

    if (!n->has_trend)
        return;
    label(out, n, "Trend", "趋势");
    if (size == 0) {
        fputs(zh ? "无变化" : "steady", out);
    } else {
        fputs(n->trend_per_hour < 0 ? phrase_pick(n->language, "falling ", "下降 ")
                                    : phrase_pick(n->language, "rising ", "上升 "),
              out);
        phrase_number(out, size, n->value.unit);
        fputs(zh ? "/小时" : " per hour", out);
    }
    if (n->trend_over_s > 0) {
        fputs(zh ? "（依据过去 " : " (over the last ", out);
        phrase_duration(out, n->trend_over_s, n->language);
        fputs(zh ? "）" : ")", out);
    }
    fputc('\n', out);
}

static void when_lines(FILE *out, const struct notice *n)
{
    if (n->raised_utc_us != 0) {
        label(out, n, "Since", "开始");
        moment(out, n, n->raised_utc_us);
        fputc('\n', out);
    }
    if (n->historical && n->event_utc_us != 0) {
        label(out, n, "LATE: this was so at", "迟到的消息：以上为该时间的情况");
        moment(out, n, n->event_utc_us);
        fputc('\n', out);
    }
    if (n->has_time_left_kind && n->active) {
        label(out, n, "Time left", "剩余时间");
        if (notice_time_left(n) < 0)
            fputs(phrase_pick(n->language, "not known", "未知"), out);
        else
            phrase_time_left(out, notice_time_left(n), n->language);
        fputc('\n', out);
    }
    if (n->response_time_s > 0 && n->active) {
        label(out, n, "To be answered within", "要求响应时间");
        phrase_duration(out, n->response_time_s, n->language);
        fputc('\n', out);
    }
}

static void who_lines(FILE *out, const struct notice *n)
{
    bool zh = n->language == LANGUAGE_ZH;

    if (has(n->state)) {
        label(out, n, "State", "状态");
        fputs(phrase_state(n->state, n->language), out);
        if (n->latched)
            fputs(zh ? "，已锁存（需复位）" : ", latched (needs a reset)", out);
        if (n->purpose == NOTICE_HELD)
            until(out, n, n->until_utc_us);
        fputc('\n', out);
    }
    if (n->acked_utc_us != 0) {
        label(out, n, "Acknowledged", "确认");
        fprintf(out, "%s, ", has(n->by) ? n->by : (zh ? "姓名未知" : "by whom is not known"));
        moment(out, n, n->acked_utc_us);
        fputc('\n', out);
    } else {
        line(out, n, "By", "操作人", n->by);
    }
    line(out, n, "Note", "备注", n->note);
    line(out, n, "Work order", "工单", n->order);
    if (n->maintenance) {
        label(out, n, "MAINTENANCE is going on, the alarm counts all the same", "正在维护，但报警照常有效");
        fputs(has(n->maintenance_by) ? n->maintenance_by : (zh ? "姓名未知" : "by whom is not known"), out);
        if (has(n->maintenance_order))
            fprintf(out, zh ? "，工单 %s" : ", work order %s", n->maintenance_order);
        until(out, n, n->maintenance_until_utc_us);
        fputc('\n', out);
    }
}

static void others_line(FILE *out, const struct notice *n)
{
    if (n->n_others > 0)
        fprintf(out, phrase_pick(n->language, "Other alarms that are open: %u\n", "其他未结束的报警：%u\n"),
                n->n_others);
}

static void group_lines(FILE *out, const struct notice *n)
{
    bool zh = n->language == LANGUAGE_ZH;

    line(out, n, "Part of", "属于", n->group);
    if (n->n_group_total > 0) {
        fprintf(out, zh ? "涉及的报警（%zu）：" : "Members (%zu): ", n->n_group_total);
        for (size_t i = 0; i < n->n_group_members; i++)
            fprintf(out, "%s%s", i > 0 ? ", " : "", n->group_members[i]);
        if (n->n_group_total > n->n_group_members)
            fprintf(out, zh ? "，另有 %zu 个" : ", and %zu more", n->n_group_total - n->n_group_members);
        fputc('\n', out);
    }
    others_line(out, n);
}

void details_write(FILE *out, const struct notice *n)
{
    line(out, n, "What to do", "处理", notice_words(&n->response, n->language, ""));
    line(out, n, "If nobody does", "若不处理", notice_words(&n->consequence, n->language, ""));
    value_line(out, n);
    trend_line(out, n);
    when_lines(out, n);
    who_lines(out, n);
    group_lines(out, n);
    if (has(n->alarm)) {
        label(out, n, "Alarm", "报警编号");
        fprintf(out, "%s/%s\n", has(n->asset) ? n->asset : "system", n->alarm);
    }
    if (n->attempt > 1)
        fprintf(out, phrase_pick(n->language, "This is call %u to you.\n", "这是第 %u 次通知您。\n"),
                n->attempt);
}

/* What is only told: the alarm by its name and its id, and not its sentence. */
static void news_of_member(FILE *out, const struct notice *n, const struct notice_member *m)
{
    const char *name = notice_words(&m->alarm_name, n->language, "");

    if (name[0] == '\0')
        fputs(has(m->alarm) ? m->alarm : "?", out);
    else
        fprintf(out, phrase_pick(n->language, "\"%s\" (%s)", "“%s”（%s）"), name,
                has(m->alarm) ? m->alarm : "?");
}

static void state_of_member(FILE *out, const struct notice *n, const struct notice_member *m)
{
    if (!has(m->state) || strcmp(m->state, "unacknowledged") == 0)
        return;
    fprintf(out, " · %s", phrase_state(m->state, n->language));
    if (m->until_utc_us != 0)
        until(out, n, m->until_utc_us);
}

void details_hold(FILE *out, const struct notice *n)
{
    line(out, n, "By", "操作人", n->by);
    line(out, n, "Note", "备注", n->note);
    line(out, n, "Work order", "工单", n->order);
    others_line(out, n);
}

void details_members(FILE *out, const struct notice *n)
{
    for (size_t i = 0; i < n->n_members; i++) {
        const struct notice_member *m = &n->members[i];
        const char *asset = notice_words(&m->asset_name, n->language, m->asset);
        const char *text = m->is_news ? "" : notice_words(&m->text, n->language, m->alarm);
        const char *response = m->is_news ? "" : notice_words(&m->response, n->language, "");
        if (m->is_news)
            fprintf(out, "%zu. ", i + 1);
        else
            fprintf(out, "%zu. [%s] ", i + 1, phrase_priority(m->priority, n->language));
        if (asset[0] != '\0' && strncmp(text, asset, strlen(asset)) != 0)
            fprintf(out, n->language == LANGUAGE_ZH ? "%s：" : "%s: ", asset);
        if (m->is_news)
            news_of_member(out, n, m);
        else
            fputs(text, out);
        state_of_member(out, n, m);
        if (!m->is_news && has(m->quality) && strcmp(m->quality, "good") != 0)
            fprintf(out, phrase_pick(n->language, " · value %s", " · 数值%s"),
                    phrase_quality(m->quality, n->language));
        if (!m->is_news && m->value_utc_us != 0 && n->sent_utc_us - m->value_utc_us >= NOTICE_OLD_US) {
            fputs(phrase_pick(n->language, " · as it was at ", " · 以上为此时的数值："), out);
            phrase_clock(out, m->value_utc_us, n->sent_utc_us);
        }
        if (!m->is_news && notice_time_left_of(n, m) >= 0) {
            fputs(" · ", out);
            phrase_time_left(out, notice_time_left_of(n, m), n->language);
        }
        if (!m->is_news && m->raised_utc_us != 0) {
            fputs(phrase_pick(n->language, " · since ", " · 开始 "), out);
            phrase_time(out, m->raised_utc_us);
        }
        if (response[0] != '\0')
            fprintf(out, " · %s", response);
        if (has(m->link))
            fprintf(out, " · %s", m->link);
        fputc('\n', out);
    }
}

void details_answer(FILE *out, const struct notice *n)
{
    bool drill = n->purpose == NOTICE_DRILL;

    if (has(n->link))
        fprintf(out, "%s%s\n",
                drill ? phrase_pick(n->language, "Confirm that this arrived: ", "请确认已收到：")
                      : phrase_pick(n->language, "Acknowledge: ", "确认报警："),
                n->link);
    if (has(n->hint))
        fprintf(out, "%s\n", n->hint);
}
