/* report_run.c - a freezer's run on paper: what it was, what is to be thought of it, its curve,
 * its decision. */
#include <string.h>

#include "facts_internal.h"
#include "report_run.h"
#include "run_chart.h"
#include "words.h"

/* ---------------------------------------------------------------- words */

static const char *end_words(const struct report *r, const char *how)
{
    const struct ctl *ctl = r->ctl;
    if (strcmp(how, "complete") == 0)
        return tr(ctl, "complete", "程序完成");
    if (strcmp(how, "stopped") == 0)
        return tr(ctl, "BROKEN OFF before the program's end", "程序结束前中止");
    if (strcmp(how, "lost") == 0)
        return tr(ctl, "LOST: nothing was heard any more, how it ended is not known",
                  "数据中断：如何结束未知");
    return tr(ctl, "not over where the stored readings end", "存储的读数结束时尚未结束");
}

static const char *verdict_words(const struct report *r, const char *kind)
{
    const struct ctl *ctl = r->ctl;
    if (strcmp(kind, "within") == 0)
        return tr(ctl, "Within the program's limits", "符合程序限值");
    if (strcmp(kind, "outside") == 0)
        return tr(ctl, "OUTSIDE THE PROGRAM'S LIMITS", "超出程序限值");
    if (strcmp(kind, "not-yet") == 0)
        return tr(ctl, "NOT YET: the run goes on", "尚未判定：运行仍在进行");
    return tr(ctl, "NOT KNOWN: it can't be judged", "未知：无法判定");
}

static const char *guidance_words(const struct report *r, const char *guidance)
{
    const struct ctl *ctl = r->ctl;
    if (strcmp(guidance, "minus-80") == 0)
        return tr(
            ctl,
            "Broken off warmer than -40 °C: the samples may go into a -80 °C freezer, not into LN2 vapour "
            "(known for cord blood).",
            "中止时高于 -40 °C：样品可转入 -80 °C 冰箱，不可转入气相液氮（适用于脐带血）。");
    if (strcmp(guidance, "minus-80-or-ln2-vapour") == 0)
        return tr(
            ctl,
            "Broken off at -40 °C or colder: the samples may go into a -80 °C freezer or into LN2 vapour "
            "(known for cord blood).",
            "中止时不高于 -40 °C：样品可转入 -80 °C 冰箱或气相液氮（适用于脐带血）。");
    if (strcmp(guidance, "unknown") == 0)
        return tr(
            ctl,
            "Broken off, and the samples' temperature is not known: only a -80 °C freezer is right at any "
            "(known for cord blood).",
            "已中止，且样品温度未知：仅 -80 °C 冰箱在任何温度下适用（适用于脐带血）。");
    return tr(
        ctl,
        "Broken off: no guidance is known for this program's samples. Ask whoever is responsible for them.",
        "已中止：此程序的样品没有已知的处理指引，请咨询负责人。");
}

/* The program: nobody here has validated it. */
static bool is_example(const struct report *r)
{
    return strcmp(facts_text_of(json_object_get(r->facts, "program"), "status"), "example") == 0;
}

void report_run_section(struct report *r, const char *title, double room)
{
    struct sheet *s = r->s;
    if (!r->brief) {
        sheet_section(s, title, room);
        return;
    }
    sheet_need(s, 30);
    s->y += 5 + sheet_text(s, SHEET_BOLD, title, SHEET_LEFT, s->y + 4, 0, SHEET_START);
    sheet_rule(s, SHEET_LEFT, SHEET_RIGHT, s->y, 0.55);
    s->y += 3;
}

/* ---------------------------------------------------------------- the head */

static void pair_of_program(struct report *r)
{
    const json_t *program = json_object_get(r->facts, "program");
    struct ctl *ctl = r->ctl;
    char text[1024];
    const char *from = facts_text_of(r->facts, "program_from");
    if (program == NULL) {
        report_pair_in(r, tr(ctl, "Program", "程序"),
                       strcmp(from, "record-text-gone") == 0
                           ? tr(ctl, "NOT KNOWN: its hash is in the record, its text is not",
                                "未知：记录中有其哈希值，但没有程序文本")
                           : tr(ctl, "NOT KNOWN: nobody said which one, nothing is judged",
                                "未知：未指定程序，不作判定"),
                       SHEET_WARNING);
        if (facts_text_of(json_object_get(r->facts, "run"), "program_sha256")[0] != '\0')
            report_pair(r, "", facts_text_of(json_object_get(r->facts, "run"), "program_sha256"), true);
        return;
    }
    snprintf(text, sizeof text, "%s (%s)", report_bilingual(r, program, "name"),
             facts_text_of(program, "id"));
    report_pair(r, tr(ctl, "Program", "程序"), text, false);
    snprintf(text, sizeof text, "SHA-256 %s", facts_text_of(program, "sha256"));
    report_pair(r, "", text, true);
    if (is_example(r))
        report_pair_in(r, tr(ctl, "Its status", "程序状态"),
                       tr(ctl, "EXAMPLE, not validated by this site: its verdict is none",
                          "示例，未经本单位验证：其判定无效"),
                       SHEET_WARNING);
    else
        report_pair(r, tr(ctl, "Its status", "程序状态"),
                    (snprintf(text, sizeof text, tr(ctl, "validated: %s", "已验证：%s"),
                              facts_text_of(program, "validated")),
                     text),
                    false);
    if (strcmp(from, "configuration") == 0)
        report_pair(r, "",
                    tr(ctl, "as configured; the record has no event of this run that names one",
                       "按配置；记录中没有指明程序的事件"),
                    false);
    if (strcmp(from, "given") == 0)
        report_pair_in(
            r, "", tr(ctl, "GIVEN for this report, not the recorded one", "为本报告指定，不是记录中的程序"),
            SHEET_WARNING);
}

#define BRIEF_LOTS 240 /* bytes; on the one page the others are counted only */

static void join(const struct report *r, const json_t *lots, char *text, size_t cap)
{
    size_t i;
    const json_t *lot;
    char more[32];
    text[0] = '\0';
    json_array_foreach(lots, i, lot)
    {
        if (r->brief && strlen(text) > BRIEF_LOTS) {
            snprintf(more, sizeof more, " … (%zu)", json_array_size(lots));
            report_add(text, cap, more);
            break;
        }
        report_add(text, cap, i > 0 ? tr(r->ctl, ", ", "、") : "");
        report_add(text, cap, json_is_string(lot) ? json_string_value(lot) : "?");
    }
    if (text[0] == '\0')
        report_add(text, cap, tr(r->ctl, "not recorded", "未记录"));
}

static void pair_of_times(struct report *r)
{
    const json_t *run = json_object_get(r->facts, "run");
    struct ctl *ctl = r->ctl;
    char text[1024], begin[REPORT_TEXT_MAX], end[REPORT_TEXT_MAX], took[REPORT_TEXT_MAX],
        zone[REPORT_TEXT_MAX];
    const bool known = json_is_true(json_object_get(run, "begin_known"));
    report_zone(r, zone);
    report_duration(r, took, report_number(run, "seconds"));
    snprintf(text, sizeof text,
             tr(ctl, "%s%s to %s, %s%s (times are %s)", "%s%s 至 %s，历时%s %s（时间为%s）"),
             report_time_of(r, begin, run, "begin"), known ? "" : tr(ctl, " or earlier", " 或更早"),
             report_time_of(r, end, run, "end"), known ? "" : tr(ctl, "at least ", "至少"), took, zone);
    report_pair(r, tr(ctl, "Begin and end", "开始与结束"), text, false);
    if (!known)
        report_pair_in(r, "",
                       tr(ctl, "IT RAN ALREADY WHEN IT WAS FIRST SEEN: what was before is not known",
                          "首次见到时已在运行：此前情况未知"),
                       SHEET_WARNING);
    if (json_is_number(json_object_get(run, "clock_set_seconds"))) {
        snprintf(text, sizeof text,
                 tr(ctl, "set by %+.0f s during the run; times are as it went at the begin",
                    "运行期间被调整 %+.0f 秒；时间按开始时的时钟"),
                 report_number(run, "clock_set_seconds"));
        report_pair_in(r, tr(ctl, "Clock", "时钟"), text, SHEET_WARNING);
    }
    const char *how = facts_text_of(run, "how");
    bool complete = strcmp(how, "complete") == 0;
    snprintf(text, sizeof text, "%s%s", end_words(r, how),
             strcmp(facts_text_of(run, "recognised_by"), "status") == 0
                 ? tr(ctl, " (by the controller's status)", "（依据控制器状态）")
                 : tr(ctl, " (by the chamber's temperature)", "（依据腔体温度）"));
    report_pair_in(r, tr(ctl, "How it ended", "结束方式"), text, complete ? SHEET_BODY : SHEET_WARNING);
}

void report_run_head(struct report *r)
{
    const json_t *run = json_object_get(r->facts, "run");
    struct ctl *ctl = r->ctl;
    char text[2048];
    const char *by = facts_text_of(run, "operator");
    report_pair(r, tr(ctl, "Run", "运行编号"), facts_text_of(run, "id"), true);
    pair_of_program(r);
    report_pair(r, tr(ctl, "Operator", "操作员"), by[0] != '\0' ? by : tr(ctl, "not recorded", "未记录"),
                false);
    join(r, json_object_get(run, "lots"), text, sizeof text);
    report_pair(r, tr(ctl, "Lots", "批号"), text, false);
    pair_of_times(r);
}

/* ---------------------------------------------------------------- the verdict */

static void reasons(struct report *r, const json_t *verdict)
{
    const json_t *all = json_object_get(verdict, "reasons"), *one;
    size_t i, n = json_array_size(all), shown = r->brief ? (r->squeeze > 3 ? 4 : r->squeeze > 1 ? 6 : 10) : n;
    char text[1024];
    json_array_foreach(all, i, one)
    {
        if (i >= shown)
            break;
        snprintf(text, sizeof text, "%s %s", json_is_true(json_object_get(one, "unknown")) ? "?" : "•",
                 report_bilingual(r, one, "text"));
        sheet_paragraph(r->s, r->brief ? SHEET_CELL : SHEET_BODY, text);
        r->s->y -= 2.5;
    }
    double left = report_number(verdict, "left_out") + (double)(n > shown ? n - shown : 0);
    if (left > 0) {
        snprintf(text, sizeof text, tr(r->ctl, "… and %.0f more%s", "……另有 %.0f 项%s"), left,
                 r->brief ? tr(r->ctl, ": see the report of the run", "：见运行报告") : "");
        sheet_paragraph(r->s, SHEET_BOLD, text);
    }
    r->s->y += n > 0 ? 2 : 0;
}

void report_run_verdict(struct report *r)
{
    const json_t *verdict = json_object_get(r->facts, "verdict"), *run = json_object_get(r->facts, "run");
    struct ctl *ctl = r->ctl;
    const char *kind = facts_text_of(verdict, "kind"), *guidance = facts_text_of(run, "guidance");
    const char *then = facts_text_of(run, "verdict_then");
    const enum sheet_style warning = r->brief ? SHEET_CELL_WARNING : SHEET_WARNING;
    char text[512];
    report_run_section(r, tr(ctl, "Verdict by the program's limits", "按程序限值的判定"), 40);
    sheet_paragraph(r->s, strcmp(kind, "within") == 0 ? SHEET_BOLD : warning, verdict_words(r, kind));
    if (is_example(r) && !r->brief) /* there it stands just above */
        sheet_paragraph(
            r->s, warning,
            tr(ctl,
               "The program is an EXAMPLE that nobody here has validated: this verdict releases nothing.",
               "该程序为未经验证的示例：此判定不能作为放行依据。"));
    if (strcmp(kind, "not-yet") == 0 && json_array_size(json_object_get(verdict, "reasons")) > 0)
        sheet_paragraph(r->s, warning, tr(ctl, "Already outside its limits:", "已超出限值："));
    reasons(r, verdict);
    if (json_is_true(json_object_get(run, "broken_off")))
        sheet_paragraph(r->s, warning, guidance_words(r, guidance));
    bool known = strcmp(then, "within") == 0 || strcmp(then, "outside") == 0 || strcmp(then, "unknown") == 0;
    if (known && strcmp(then, kind) != 0) {
        snprintf(text, sizeof text,
                 tr(ctl, "When the run ended the monitor's verdict was another one: %s.",
                    "运行结束时监控程序的判定不同：%s。"),
                 verdict_words(r, then));
        sheet_paragraph(r->s, warning, text);
    }
    if (!r->brief)
        sheet_paragraph(
            r->s, SHEET_FAINT,
            tr(ctl,
               "The verdict is advice, computed from the stored readings: a named person accepts or rejects.",
               "判定仅供参考，由存储的读数计算得出：由指定人员接受或拒绝。"));
}

/* ---------------------------------------------------------------- the curve */

void report_run_curve(struct report *r)
{
    static const double brief_heights[] = {190, 150, 120, 95, 70};
    double height = r->brief ? brief_heights[r->squeeze < 4 ? r->squeeze : 4] : 235;
    if (r->brief && r->squeeze == REPORT_RUN_SQUEEZE_MOST)
        return;
    report_run_section(r, tr(r->ctl, "Curve, °C", "降温曲线，°C"),
                       height * RUN_CHART_LEAST * (r->brief ? 1 : 4.0 / 3) + 105);
    run_chart_course(r->s, r->facts, height, !r->brief);
    if (r->brief)
        return;
    const json_t *program = json_object_get(r->facts, "program");
    char text[512];
    if (report_number(program, "settle_seconds") > 0) {
        char settle[REPORT_TEXT_MAX];
        snprintf(text, sizeof text,
                 tr(r->ctl, "Grey: the first %s are not judged, says the program.",
                    "灰色：按程序，最初 %s 不作判定。"),
                 report_duration(r, settle, report_number(program, "settle_seconds")));
        sheet_paragraph(r->s, SHEET_FAINT, text);
    }
}

/* ---------------------------------------------------------------- the decision */

static void to_be_signed(struct report *r)
{
    struct sheet *s = r->s;
    struct ctl *ctl = r->ctl;
    const char *const choices[] = {tr(ctl, "accepted", "接受"), tr(ctl, "rejected", "拒绝")};
    sheet_need(s, 86);
    sheet_paragraph(s, r->brief ? SHEET_CELL_WARNING : SHEET_WARNING,
                    tr(ctl, "Not decided: nobody has accepted or rejected this run in the record.",
                       "未决定：记录中尚无人接受或拒绝此次运行。"));
    for (unsigned i = 0; i < 2; i++) {
        double x = SHEET_LEFT + 74 * i;
        cairo_set_source_rgb(s->cr, 0.2, 0.2, 0.2);
        cairo_set_line_width(s->cr, 0.7);
        cairo_rectangle(s->cr, x, s->y + 3, 8, 8);
        cairo_stroke(s->cr);
        sheet_text(s, SHEET_BODY, choices[i], x + 13, s->y + 1, 0, SHEET_START);
    }
    sheet_text(s, SHEET_FAINT, tr(ctl, "Reason", "理由"), SHEET_LEFT + 160, s->y + 2, 0, SHEET_START);
    sheet_rule(s, SHEET_LEFT + 190, SHEET_RIGHT, s->y + 12, 0.3);
    s->y += 14;
    report_signature_line(r, tr(ctl, "Decided by", "决定人"));
}

static void decided(struct report *r, const json_t *decision)
{
    struct ctl *ctl = r->ctl;
    char text[2048], time[REPORT_TEXT_MAX];
    bool accepted = strcmp(facts_text_of(decision, "decision"), "accepted") == 0;
    report_pair_in(r, tr(ctl, "Decision", "决定"),
                   accepted ? tr(ctl, "ACCEPTED", "接受") : tr(ctl, "REJECTED", "拒绝"),
                   accepted ? SHEET_BOLD : SHEET_WARNING);
    snprintf(text, sizeof text, tr(ctl, "%s, %s (event %.0f)", "%s，%s（事件 %.0f）"),
             facts_text_of(decision, "by"), report_time_of(r, time, decision, "time"),
             report_number(decision, "event"));
    report_pair(r, tr(ctl, "By", "决定人"), text, false);
    if (json_is_true(json_object_get(decision, "by_operator")))
        report_pair_in(
            r, "",
            tr(ctl, "who also ran it: nobody else has looked at it", "与操作员为同一人：没有其他人复核"),
            SHEET_WARNING);
    report_pair(r, tr(ctl, "Reason", "理由"), facts_text_of(decision, "reason"), false);
}

void report_run_decision(struct report *r)
{
    const json_t *decision = json_object_get(r->facts, "decision");
    report_run_section(r, tr(r->ctl, "Decision", "决定"), decision != NULL ? 70 : 100);
    if (decision != NULL)
        decided(r, decision);
    else
        to_be_signed(r);
    if (!r->brief)
        report_run_decisions(r);
}

/* ---------------------------------------------------------------- the whole */

void report_run(struct report *r)
{
    if (r->brief) {
        report_run_brief(r);
        return;
    }
    report_run_verdict(r);
    report_run_curve(r);
    report_run_figures(r);
    report_run_steps(r);
    report_run_limits(r);
    report_run_earlier(r);
    report_alarms(r);
    report_run_notes(r);
    report_gaps(r);
    report_calibrations(r);
    report_run_decision(r);
    report_verification(r);
    report_signatures(r);
}
