/* report_alarm_system.c - the page of how well the alarm system performs. */
#include <math.h>
#include <string.h>

#include "facts_internal.h"
#include "performance.h"
#include "report_internal.h"
#include "words.h"

#define COLUMNS(columns) (columns), sizeof(columns) / sizeof((columns)[0])
#define CHART_HEIGHT     70.0
#define CHART_LABELS     30.0

static const json_t *at(const struct report *r, const char *section, const char *key)
{
    return json_object_get(json_object_get(r->facts, section), key);
}

static double number(const struct report *r, const char *section, const char *key)
{
    return json_number_value(at(r, section, key));
}

static const char *spent(const struct report *r, char text[REPORT_TEXT_MAX], const json_t *seconds)
{
    if (json_is_number(seconds))
        return report_duration(r, text, json_number_value(seconds));
    snprintf(text, REPORT_TEXT_MAX, "–");
    return text;
}

static const char *whole(char text[REPORT_TEXT_MAX], const json_t *value)
{
    snprintf(text, REPORT_TEXT_MAX, "%.0f", json_number_value(value));
    return text;
}

static void name_of(char *text, size_t cap, const json_t *one)
{
    const char *asset = facts_text_of(one, "asset");
    snprintf(text, cap, "%s%s%s", asset, asset[0] != '\0' ? "/" : "", facts_text_of(one, "alarm"));
}

/* ---------------------------------------------------------------- at a glance */

static void glance(struct report *r)
{
    struct ctl *ctl = r->ctl;
    char text[512], duration[REPORT_TEXT_MAX], from[REPORT_TEXT_MAX];
    const json_t *flood = at(r, "floods", "longest");
    double share = number(r, "observed", "share");
    snprintf(text, sizeof text,
             tr(ctl, "%s, %.2f %% of the range; rates are those of this time",
                "%s，占时段的 %.2f %%；频率按此时间计算"),
             spent(r, duration, at(r, "observed", "seconds")), 100 * share);
    report_pair_in(r, tr(ctl, "Observed", "观察时间"), text, share < 0.99 ? SHEET_WARNING : SHEET_BODY);
    snprintf(text, sizeof text,
             tr(ctl, "%.0f of %.0f kinds; %.0f more while disabled; %.0f called again",
                "%.0f 个，%.0f 种；停用期间另有 %.0f 个；再次呼叫 %.0f 次"),
             number(r, "rates", "alarms"), json_number_value(json_object_get(r->facts, "different_alarms")),
             number(r, "rates", "while_disabled"), number(r, "rates", "called_again"));
    report_pair(r, tr(ctl, "Alarms", "报警"), text, false);
    if (json_is_object(flood))
        snprintf(text, sizeof text,
                 tr(ctl, "%.0f, the longest %s with %.0f alarms, from %s",
                    "%.0f 次，最长 %s，%.0f 个报警，始于 %s"),
                 number(r, "floods", "count"), spent(r, duration, json_object_get(flood, "seconds")),
                 report_number(flood, "alarms"), report_time_of(r, from, flood, "from"));
    else
        snprintf(text, sizeof text, "%s", tr(ctl, "none", "无"));
    report_pair(r, tr(ctl, "Floods", "报警泛滥"), text, false);
    snprintf(text, sizeof text,
             tr(ctl, "%.0f attempts, %.0f failed, %.0f confirmed; %.0f alarms were called",
                "%.0f 次，失败 %.0f 次，确认 %.0f 次；已呼叫 %.0f 个报警"),
             number(r, "calls", "attempts"), number(r, "calls", "failed"), number(r, "calls", "confirmed"),
             number(r, "calls", "alarms_called"));
    report_pair(r, tr(ctl, "Calls", "呼叫"), text, false);
    snprintf(text, sizeof text,
             tr(ctl, "%.0f held, %.0f confirmed, %.0f missed", "%.0f 次，确认 %.0f 次，未完成 %.0f 次"),
             number(r, "drills", "held"), number(r, "drills", "confirmed"), number(r, "drills", "missed"));
    report_pair_in(r, tr(ctl, "Drills", "演练"), text,
                   number(r, "drills", "missed") > 0 ? SHEET_WARNING : SHEET_BODY);
}

/* ---------------------------------------------------------------- the course: a bar for each day */

static void draw_bars(struct report *r, const json_t *days, double most)
{
    struct sheet *s = r->s;
    size_t i, n = json_array_size(days);
    const json_t *day;
    double left = SHEET_LEFT + CHART_LABELS, step = (SHEET_RIGHT - left) / (double)n;
    json_array_foreach(days, i, day)
    {
        double height = CHART_HEIGHT * json_number_value(day) / most;
        cairo_set_source_rgb(s->cr, 0.2, 0.38, 0.6);
        cairo_rectangle(s->cr, left + (double)i * step + 0.1 * step, s->y + CHART_HEIGHT - height, 0.8 * step,
                        height);
        cairo_fill(s->cr);
    }
    sheet_rule(s, left, SHEET_RIGHT, s->y + CHART_HEIGHT, 0.4);
}

static void course(struct report *r)
{
    const json_t *days = at(r, "rates", "days"), *day;
    struct sheet *s = r->s;
    char text[REPORT_TEXT_MAX];
    double most = 1;
    size_t i, n = json_array_size(days);
    if (n < 2)
        return;
    json_array_foreach(days, i, day)
    {
        most = fmax(most, json_number_value(day));
    }
    sheet_section(s, tr(r->ctl, "Alarms of each day", "每天的报警数"), CHART_HEIGHT + 30);
    snprintf(text, sizeof text, "%.0f", most);
    sheet_text(s, SHEET_SMALL, text, SHEET_LEFT, s->y - 3, CHART_LABELS - 4, SHEET_END);
    sheet_text(s, SHEET_SMALL, "0", SHEET_LEFT, s->y + CHART_HEIGHT - 7, CHART_LABELS - 4, SHEET_END);
    draw_bars(r, days, most);
    s->y += CHART_HEIGHT + 2;
    report_time_of(r, text, json_object_get(r->facts, "range"), "from");
    sheet_text(s, SHEET_SMALL, text, SHEET_LEFT + CHART_LABELS, s->y, 0, SHEET_START);
    report_time_of(r, text, json_object_get(r->facts, "range"), "to");
    s->y += sheet_text(s, SHEET_SMALL, text, SHEET_RIGHT, s->y, 0, SHEET_END) + 3;
}

/* ---------------------------------------------------------------- targets */

static void targets(struct report *r)
{
    struct ctl *ctl = r->ctl;
    const json_t *target;
    size_t i;
    const struct grid_column columns[] = {{tr(ctl, "Measure", "指标"), 2.5, false, false},
                                          {tr(ctl, "Value", "数值"), 1.25, true, true},
                                          {tr(ctl, "Standard", "标准"), 1.75, true, false},
                                          {"", 0.85, false, true},
                                          {tr(ctl, "Cell bank", "细胞库"), 0.95, true, false},
                                          {"", 0.85, false, true},
                                          {tr(ctl, "Why not known", "未知原因"), 1.6, false, false}};
    struct grid grid;
    sheet_section(r->s, tr(ctl, "Beside the targets", "与目标对照"), 80);
    grid_begin(&grid, r->s, COLUMNS(columns));
    json_array_foreach(json_object_get(r->facts, "targets"), i, target)
    {
        char value[128], standard[128], bank[128];
        const char *id = facts_text_of(target, "id");
        const json_t *s = json_object_get(target, "standard"), *b = json_object_get(target, "cryobank");
        performance_target_value(ctl, id, json_object_get(target, "value"), value, sizeof value);
        performance_target_limit(ctl, id, s, standard, sizeof standard);
        performance_target_limit(ctl, id, b, bank, sizeof bank);
        grid_row(&grid, (const char *[]){performance_target_name(ctl, id), value, standard,
                                         performance_result(ctl, facts_text_of(s, "result")), bank,
                                         performance_result(ctl, facts_text_of(b, "result")),
                                         performance_why(ctl, target)});
    }
    grid_end(&grid);
    sheet_paragraph(
        r->s, SHEET_SMALL,
        tr(ctl,
           "Standard: ISA-18.2 and IEC 62682, clause 16 (monitoring and assessment), and EEMUA 191; they "
           "speak of one "
           "operator's alarms and of at least 30 days. Cell bank: stricter, and what we would ask for. An "
           "alarm counts "
           "each time it is raised. A flood begins with the first of more than 10 alarms in 10 minutes and "
           "is over when "
           "fewer than 5 came in 10 minutes. To resolve: from raised to returned; what came again before "
           "anybody acknowledged it is one alarm until its last return, and is counted apart. With less than "
           "an "
           "hour observed no averages are known. With less than 7 days observed rates, floods, chattering "
           "and "
           "stale alarms are not called met.",
           "标准：ISA-18.2 与 IEC 62682 第 16 章（监测与评估）及 EEMUA "
           "191；标准针对一名操作员的报警，并要求至少 30 天的数据。"
           "细胞库：我们建议的更严格要求。报警每触发一次计一次。10 分钟内超过 10 "
           "个报警即为报警泛滥，自其中第一个起，至 10 分钟内少于 "
           "5 个为止。解除时间从触发算到恢复；确认前再次触发的报警算作一个，"
           "直至最后一次恢复，单独统计。观察不足 1 小时时不计算平均值。观察时间不足 7 "
           "天时，频率、泛滥、抖动和陈旧报警不判定为达标。"));
}

/* ---------------------------------------------------------------- times */

static void spread_row(struct report *r, struct grid *grid, const char *name, const json_t *spread)
{
    char count[REPORT_TEXT_MAX], median[REPORT_TEXT_MAX], most[REPORT_TEXT_MAX], worst[REPORT_TEXT_MAX],
        of[256];
    name_of(of, sizeof of, json_object_get(spread, "worst"));
    grid_row(grid, (const char *[]){name, whole(count, json_object_get(spread, "count")),
                                    spent(r, median, json_object_get(spread, "median_s")),
                                    spent(r, most, json_object_get(spread, "p90_s")),
                                    spent(r, worst, json_object_get(spread, "worst_s")), of});
}

static void times(struct report *r)
{
    struct ctl *ctl = r->ctl;
    const struct grid_column columns[] = {
        {tr(ctl, "Time", "时间"), 2.4, false, false},  {tr(ctl, "Count", "次数"), 0.7, true, false},
        {tr(ctl, "Median", "中位"), 1.2, true, false}, {tr(ctl, "90 %", "90 %"), 1.2, true, false},
        {tr(ctl, "Worst", "最长"), 1.2, true, true},   {tr(ctl, "Worst of", "最长的报警"), 2, false, false}};
    struct grid grid;
    const json_t *one;
    size_t i;
    char name[256];
    sheet_section(r->s, tr(ctl, "Times to acknowledge and to resolve", "确认与解除的时间"), 60);
    grid_begin(&grid, r->s, COLUMNS(columns));
    spread_row(r, &grid, tr(ctl, "to acknowledge", "确认"), json_object_get(r->facts, "acknowledge"));
    spread_row(r, &grid, tr(ctl, "to resolve", "解除"), json_object_get(r->facts, "resolve"));
    spread_row(r, &grid, tr(ctl, "to resolve, came again", "解除（确认前反复）"),
               json_object_get(r->facts, "resolve_came_again"));
    spread_row(r, &grid, tr(ctl, "from raised to the first call", "从报警到首次呼叫"),
               at(r, "calls", "to_first_call"));
    spread_row(r, &grid, tr(ctl, "from that call to the acknowledgement", "从该呼叫到确认"),
               at(r, "calls", "from_call_to_acknowledgement"));
    spread_row(r, &grid, tr(ctl, "drills: to confirm", "演练：确认"), at(r, "drills", "to_confirmation"));
    json_array_foreach(json_object_get(r->facts, "people"), i, one)
    {
        snprintf(name, sizeof name, tr(ctl, "acknowledged by %s", "确认人 %s"), facts_text_of(one, "person"));
        spread_row(r, &grid, name, one);
    }
    grid_end(&grid);
}

static void assets(struct report *r)
{
    struct ctl *ctl = r->ctl;
    const struct grid_column columns[] = {{tr(ctl, "Asset", "设备"), 1.6, false, false},
                                          {tr(ctl, "Alarms", "报警"), 0.7, true, true},
                                          {tr(ctl, "Ack.: median", "确认：中位"), 1.1, true, false},
                                          {tr(ctl, "worst", "最长"), 1.1, true, false},
                                          {tr(ctl, "Resolved: median", "解除：中位"), 1.3, true, false},
                                          {tr(ctl, "worst", "最长"), 1.1, true, false},
                                          {tr(ctl, "Not ack.", "未确认"), 0.7, true, true}};
    struct grid grid;
    const json_t *one;
    size_t i;
    if (json_array_size(json_object_get(r->facts, "assets")) == 0)
        return;
    sheet_section(r->s, tr(ctl, "Assets", "设备"), 60);
    grid_begin(&grid, r->s, COLUMNS(columns));
    json_array_foreach(json_object_get(r->facts, "assets"), i, one)
    {
        char text[6][REPORT_TEXT_MAX];
        const json_t *seen = json_object_get(one, "acknowledge"), *over = json_object_get(one, "resolve");
        grid_row(&grid,
                 (const char *[]){facts_text_of(one, "asset"), whole(text[0], json_object_get(one, "alarms")),
                                  spent(r, text[1], json_object_get(seen, "median_s")),
                                  spent(r, text[2], json_object_get(seen, "worst_s")),
                                  spent(r, text[3], json_object_get(over, "median_s")),
                                  spent(r, text[4], json_object_get(over, "worst_s")),
                                  whole(text[5], json_object_get(one, "never_acknowledged"))});
    }
    grid_end(&grid);
    double more = json_number_value(json_object_get(r->facts, "different_assets")) -
                  (double)json_array_size(json_object_get(r->facts, "assets"));
    if (more > 0) {
        char text[128];
        snprintf(text, sizeof text,
                 tr(ctl, "... and %.0f more with fewer alarms.", "……另有 %.0f 台报警较少。"), more);
        sheet_paragraph(r->s, SHEET_SMALL, text);
    }
}

/* ---------------------------------------------------------------- lists */

static void list(struct report *r, const char *title, const json_t *items, const char *counted,
                 const char *key)
{
    struct ctl *ctl = r->ctl;
    const struct grid_column columns[] = {{tr(ctl, "Alarm", "报警"), 3, false, false},
                                          {counted, 1.2, true, true},
                                          {tr(ctl, "Since", "自"), 1.6, false, false}};
    struct grid grid;
    const json_t *one;
    size_t i;
    if (json_array_size(items) == 0)
        return;
    sheet_section(r->s, title, 50);
    grid_begin(&grid, r->s, COLUMNS(columns));
    json_array_foreach(items, i, one)
    {
        char name[256], value[REPORT_TEXT_MAX], since[REPORT_TEXT_MAX];
        static const char *const keys[] = {"raised", "from", "last"};
        const char *from = "";
        for (size_t k = 0; k < 3 && from[0] == '\0'; k++)
            from = facts_text_of(one, keys[k]);
        name_of(name, sizeof name, one);
        bool time = strcmp(key, "seconds") == 0;
        grid_row(&grid, (const char *[]){name,
                                         time ? spent(r, value, json_object_get(one, key))
                                              : whole(value, json_object_get(one, key)),
                                         report_time(r, since, from)});
    }
    grid_end(&grid);
}

static void lists(struct report *r)
{
    struct ctl *ctl = r->ctl;
    const char *lasted = tr(ctl, "Lasted", "持续"), *count = tr(ctl, "Times", "次数");
    list(r, tr(ctl, "Not acknowledged", "未确认"), at(r, "never_acknowledged", "list"), lasted, "seconds");
    list(r, tr(ctl, "Acknowledged, and not resolved", "已确认但未解除"), at(r, "unresolved", "list"), lasted,
         "seconds");
    list(r, tr(ctl, "Stale: active for more than 24 h", "陈旧：持续超过 24 小时"), at(r, "stale", "list"),
         lasted, "seconds");
    list(r, tr(ctl, "Chattering: 3 times within a minute", "抖动：一分钟内 3 次"),
         at(r, "chattering", "list"), count, "episodes");
    list(r, tr(ctl, "The most frequent alarms", "最频繁的报警"), json_object_get(r->facts, "repeaters"),
         count, "count");
}

/* ---------------------------------------------------------------- disabled, called */

static void disabled(struct report *r)
{
    struct ctl *ctl = r->ctl;
    const struct grid_column columns[] = {{tr(ctl, "Disabled", "停用"), 1.1, false, true},
                                          {tr(ctl, "What", "对象"), 1.5, false, false},
                                          {tr(ctl, "From", "开始"), 1.25, false, false},
                                          {tr(ctl, "For", "时长"), 1, true, false},
                                          {tr(ctl, "By", "操作人"), 0.9, false, false},
                                          {tr(ctl, "Work order, reason", "工单号、原因"), 2, false, false}};
    struct grid grid;
    const json_t *one;
    size_t i;
    sheet_section(r->s, tr(ctl, "What was disabled", "停用记录"), 50);
    if (number(r, "disabled", "count") == 0) {
        sheet_paragraph(r->s, SHEET_BODY,
                        tr(ctl, "Nothing was disabled in the range.", "该时段内没有停用。"));
        return;
    }
    grid_begin(&grid, r->s, COLUMNS(columns));
    json_array_foreach(at(r, "disabled", "list"), i, one)
    {
        char what[512], name[256], from[REPORT_TEXT_MAX], spell[REPORT_TEXT_MAX], why[1024],
            length[REPORT_TEXT_MAX + 32];
        const char *order = facts_text_of(one, "order"), *own = facts_text_of(one, "what");
        bool still = json_is_null(json_object_get(one, "to"));
        name_of(name, sizeof name, one);
        snprintf(what, sizeof what, "%s%s%s", own, own[0] != '\0' && name[0] != '\0' ? " " : "", name);
        snprintf(why, sizeof why, "%s%s%s", order, order[0] != '\0' ? ": " : "", facts_text_of(one, "why"));
        snprintf(length, sizeof length, "%s%s", spent(r, spell, json_object_get(one, "seconds")),
                 still ? tr(ctl, ", still", "，仍在") : "");
        grid_row(&grid, (const char *[]){performance_disabled_kind(ctl, facts_text_of(one, "kind")), what,
                                         report_time_of(r, from, one, "from"), length,
                                         facts_text_of(one, "by"), why});
    }
    grid_end(&grid);
}

static void called(struct report *r, const char *title, const char *key, const char *member)
{
    struct ctl *ctl = r->ctl;
    const struct grid_column columns[] = {{title, 2.4, false, false},
                                          {tr(ctl, "Attempts", "次数"), 1, true, false},
                                          {tr(ctl, "Sent", "已发出"), 1, true, false},
                                          {tr(ctl, "Failed", "失败"), 1, true, true},
                                          {tr(ctl, "Confirmed", "已确认"), 1, true, false}};
    const json_t *items = at(r, "calls", key), *one;
    struct grid grid;
    size_t i;
    if (json_array_size(items) == 0)
        return;
    grid_begin(&grid, r->s, COLUMNS(columns));
    json_array_foreach(items, i, one)
    {
        char text[4][REPORT_TEXT_MAX];
        grid_row(&grid, (const char *[]){facts_text_of(one, member),
                                         whole(text[0], json_object_get(one, "attempts")),
                                         whole(text[1], json_object_get(one, "sent")),
                                         whole(text[2], json_object_get(one, "failed")),
                                         whole(text[3], json_object_get(one, "confirmed"))});
    }
    grid_end(&grid);
}

static void calls(struct report *r)
{
    if (number(r, "calls", "attempts") == 0)
        return;
    sheet_section(r->s, tr(r->ctl, "Calls", "呼叫"), 50);
    called(r, tr(r->ctl, "Channel", "渠道"), "channels", "channel");
    called(r, tr(r->ctl, "Person", "人员"), "people", "person");
}

void report_alarm_system(struct report *r)
{
    char text[256];
    double left_out = json_number_value(json_object_get(r->facts, "left_out"));
    sheet_section(r->s, tr(r->ctl, "At a glance", "概要"), 60);
    glance(r);
    if (left_out > 0) {
        snprintf(text, sizeof text,
                 tr(r->ctl, "%.0f entries were more than can be held and are left out of the times.",
                    "有 %.0f 条超出容量，未计入时间统计。"),
                 left_out);
        sheet_paragraph(r->s, SHEET_WARNING, text);
    }
    targets(r);
    course(r);
    times(r);
    assets(r);
    lists(r);
    disabled(r);
    calls(r);
    report_signatures(r);
}
