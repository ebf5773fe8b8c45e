/* report_tables.c - excursions, alarms, exposure, readings. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "facts_internal.h"
#include "report_internal.h"
#include "words.h"

#define COLUMNS(columns) (columns), sizeof(columns) / sizeof((columns)[0])
#define NAMED_MAX        8 /* alarms named beside one excursion; all of them stand in the table of alarms */

static const char *point_name(const struct report *r, const json_t *object)
{
    const char *id = facts_text_of(object, "point");
    const json_t *point = report_point(r, id);
    return point != NULL ? report_bilingual(r, point, "name") : id;
}

/* ---------------------------------------------------------------- excursions */

/* "li.na 2026-11-22 11:05:00 (temperature-critical): filling", a line for each alarm. */
static void who(const struct report *r, const json_t *excursion, char *text, size_t cap)
{
    size_t i, n = json_array_size(json_object_get(excursion, "alarms"));
    const json_t *alarm;
    char time[REPORT_TEXT_MAX];
    text[0] = '\0';
    json_array_foreach(json_object_get(excursion, "alarms"), i, alarm)
    {
        const char *by = facts_text_of(alarm, "by"), *note = facts_text_of(alarm, "note");
        if (i >= NAMED_MAX) {
            snprintf(time, sizeof time, tr(r->ctl, "\n%zu more, see Alarms", "\n另有 %zu 条，见“报警”"),
                     n - i);
            report_add(text, cap, time);
            break;
        }
        report_add(text, cap, i > 0 ? "\n" : "");
        report_add(text, cap, facts_text_of(alarm, "alarm"));
        report_add(text, cap, ": ");
        if (by[0] == '\0') {
            report_add(text, cap, tr(r->ctl, "not acknowledged", "未确认"));
            continue;
        }
        report_add(text, cap, by);
        report_add(text, cap, " ");
        report_add(text, cap, report_time_of(r, time, alarm, "acknowledged"));
        report_add(text, cap, note[0] != '\0' ? tr(r->ctl, ", \"", "，“") : "");
        report_add(text, cap, note);
        report_add(text, cap, note[0] != '\0' ? tr(r->ctl, "\"", "”") : "");
    }
    if (n == 0)
        report_add(text, cap, tr(r->ctl, "no alarm", "无报警"));
}

/* "-150 °C: 12.5 min, 31.2 K min", a line for each threshold that was passed. */
static void above(const struct report *r, const json_t *object, unsigned decimals, char *text, size_t cap)
{
    size_t i;
    const json_t *one;
    text[0] = '\0';
    json_array_foreach(json_object_get(object, "above"), i, one)
    {
        char line[REPORT_TEXT_MAX], value[REPORT_TEXT_MAX];
        if (report_number(one, "seconds") <= 0)
            continue;
        snprintf(line, sizeof line, tr(r->ctl, "%s%s: %.1f min, %.1f K min", "%s%s：%.1f 分，%.1f K 分"),
                 text[0] != '\0' ? "\n" : "",
                 report_value(value, json_object_get(one, "threshold"), decimals),
                 report_number(one, "seconds") / 60, report_number(one, "degree_minutes"));
        report_add(text, cap, line);
    }
    if (text[0] == '\0')
        report_add(text, cap, "–");
}

/* "start (or earlier)" and below it "end (not over)". */
static void from_to(const struct report *r, const json_t *e, char text[4 * REPORT_TEXT_MAX])
{
    char start[REPORT_TEXT_MAX], end[REPORT_TEXT_MAX];
    bool before = json_is_true(json_object_get(e, "began_before"));
    bool goes_on = json_is_true(json_object_get(e, "goes_on"));
    snprintf(text, 4 * REPORT_TEXT_MAX, "%s%s\n%s%s", report_time_of(r, start, e, "start"),
             before ? tr(r->ctl, "\nor earlier", "\n或更早") : "", report_time_of(r, end, e, "end"),
             goes_on ? tr(r->ctl, "\nnot over", "\n未结束") : "");
}

static void excursion_row(struct report *r, struct grid *grid, const json_t *e)
{
    char times[4 * REPORT_TEXT_MAX], time[REPORT_TEXT_MAX], duration[REPORT_TEXT_MAX + 64];
    char peak[2 * REPORT_TEXT_MAX], limit[REPORT_TEXT_MAX + 4], value[REPORT_TEXT_MAX];
    char levels[1024], people[GRID_CELL_MAX];
    unsigned decimals = report_decimals(report_point(r, facts_text_of(e, "point")));
    bool high = strcmp(facts_text_of(e, "side"), "high") == 0;
    from_to(r, e, times);
    report_duration(r, duration, report_number(e, "seconds"));
    if (report_number(e, "unknown_seconds") >= 60) {
        report_add(duration, sizeof duration, tr(r->ctl, "\nnot known: ", "\n其中未知："));
        report_add(duration, sizeof duration, report_duration(r, value, report_number(e, "unknown_seconds")));
    }
    snprintf(limit, sizeof limit, "%s %s", high ? ">" : "<",
             report_value(value, json_object_get(e, "limit"), decimals));
    report_value(value, json_object_get(e, "peak"), decimals);
    snprintf(peak, sizeof peak, "%s\n%s", value, report_time_of(r, time, e, "peak_time"));
    above(r, e, decimals, levels, sizeof levels);
    who(r, e, people, sizeof people);
    grid_row(grid, (const char *[]){point_name(r, e), limit, times, duration, peak, levels, people});
}

void report_excursions(struct report *r)
{
    const json_t *excursions = json_object_get(r->facts, "excursions"), *e;
    struct ctl *ctl = r->ctl;
    const struct grid_column columns[] = {
        {tr(ctl, "Point", "测点"), 58, false, false},
        {tr(ctl, "Limit", "限值"), 39, true, false},
        {tr(ctl, "Start, end", "开始、结束"), 85, false, false},
        {tr(ctl, "Duration", "持续时间"), 52, false, false},
        {tr(ctl, "Peak", "峰值"), 85, false, false},
        {tr(ctl, "Above threshold", "高于阈值"), 118, false, false},
        {tr(ctl, "Acknowledged", "确认"), 94, false, false},
    };
    size_t i;
    struct grid grid;
    sheet_section(r->s, tr(ctl, "Excursions", "超限"), 50);
    if (!report_limits_known(r))
        sheet_paragraph(r->s, SHEET_WARNING,
                        tr(ctl, "The alarm limits are not known for all of the range: see Configuration.",
                           "部分时段的报警限未知：见“生效的配置”。"));
    if (json_array_size(excursions) == 0) {
        sheet_paragraph(r->s, SHEET_BODY,
                        report_limits_known(r)
                            ? tr(ctl,
                                 "None: no value was beyond an alarm limit or above an exposure threshold.",
                                 "无：没有任何数值超出报警限或高于暴露阈值。")
                            : tr(ctl, "None that can be told from the limits that are known.",
                                 "按已知限值判断，无超限。"));
        return;
    }
    sheet_paragraph(
        r->s, SHEET_FAINT,
        tr(ctl,
           "From the first value beyond the outermost limit to the first good value back by its "
           "deadband. Minutes and degree-minutes count values strictly above a threshold.",
           "从首个超出最外侧限值的数值起，至首个恢复到回差以内的良好数值止。分钟数和度·分钟只计严格高于阈值的"
           "数值。"));
    grid_begin(&grid, r->s, COLUMNS(columns));
    json_array_foreach(excursions, i, e)
    {
        excursion_row(r, &grid, e);
    }
    grid_end(&grid);
}

/* ---------------------------------------------------------------- alarms */

static void alarm_row(struct report *r, struct grid *grid, const json_t *a)
{
    char raised[REPORT_TEXT_MAX], seen[REPORT_TEXT_MAX], over[REPORT_TEXT_MAX], time[REPORT_TEXT_MAX];
    char people[1024] = "", what[1024];
    const char *by = facts_text_of(a, "by"), *note = facts_text_of(a, "note");
    bool removed = json_object_get(a, "removed") != NULL;
    report_time_of(r, raised, a, "raised");
    report_time_of(r, seen, a, "acknowledged");
    snprintf(over, sizeof over, "%s", report_time_of(r, time, a, removed ? "removed" : "returned"));
    if (over[0] == '\0')
        snprintf(over, sizeof over, "%s", tr(r->ctl, "not over", "未结束"));
    if (by[0] == '\0') {
        report_add(people, sizeof people, tr(r->ctl, "not acknowledged", "未确认"));
    } else {
        report_add(people, sizeof people, by);
        report_add(people, sizeof people, "\n");
        report_add(people, sizeof people, seen);
    }
    snprintf(what, sizeof what, "%s\n%s", facts_text_of(a, "alarm"), report_bilingual(r, a, "text"));
    grid_row(grid, (const char *[]){raised, what, words_priority(r->ctl, facts_text_of(a, "priority")),
                                    people, note, over});
}

void report_alarms(struct report *r)
{
    const json_t *alarms = json_object_get(r->facts, "alarms"), *a;
    struct ctl *ctl = r->ctl;
    const struct grid_column columns[] = {
        {tr(ctl, "Raised", "报警时间"), 1.32, false, false},
        {tr(ctl, "Alarm", "报警"), 2.6, false, false},
        {tr(ctl, "Priority", "优先级"), 0.75, false, false},
        {tr(ctl, "Acknowledged by", "确认人"), 1.3, false, false},
        {tr(ctl, "Comment", "备注"), 1.5, false, false},
        {tr(ctl, "Over", "结束"), 1.32, false, false},
    };
    size_t i;
    struct grid grid;
    sheet_section(r->s, tr(ctl, "Alarms", "报警"), 50);
    if (json_array_size(alarms) == 0) {
        sheet_paragraph(r->s, SHEET_BODY,
                        tr(ctl, "None of this asset in the range.", "该时段内此设备没有报警。"));
        return;
    }
    grid_begin(&grid, r->s, COLUMNS(columns));
    json_array_foreach(alarms, i, a)
    {
        alarm_row(r, &grid, a);
    }
    grid_end(&grid);
}

/* ---------------------------------------------------------------- exposure */

static void exposure_rows(struct report *r, struct grid *grid, const json_t *point)
{
    const json_t *exposure = json_object_get(point, "exposure"), *one;
    size_t k;
    json_array_foreach(json_object_get(exposure, "above"), k, one)
    {
        char threshold[2 * REPORT_TEXT_MAX], value[REPORT_TEXT_MAX], minutes[REPORT_TEXT_MAX];
        char degrees[REPORT_TEXT_MAX], longest[2 * REPORT_TEXT_MAX], time[REPORT_TEXT_MAX];
        char known[REPORT_TEXT_MAX] = "", unknown[REPORT_TEXT_MAX] = "";
        report_value(value, json_object_get(one, "threshold"), report_decimals(point));
        snprintf(threshold, sizeof threshold, "%s %s", value, facts_text_of(point, "unit"));
        snprintf(degrees, sizeof degrees, "%.1f", report_number(one, "degree_minutes"));
        report_duration(r, value, report_number(one, "longest_seconds"));
        snprintf(longest, sizeof longest, "%s\n%s", value, report_time_of(r, time, one, "longest_from"));
        if (k == 0) {
            report_minutes(known, report_number(exposure, "known_seconds"));
            report_minutes(unknown, report_number(exposure, "unknown_seconds"));
        }
        grid_row(grid, (const char *[]){k == 0 ? report_bilingual(r, point, "name") : "", threshold,
                                        report_minutes(minutes, report_number(one, "seconds")), degrees,
                                        report_number(one, "seconds") > 0 ? longest : "–", known, unknown});
    }
}

static void kinetic(struct report *r, const json_t *point)
{
    const json_t *mean = json_object_get(json_object_get(point, "exposure"), "mean_kinetic_temperature");
    char text[512];
    if (!json_is_number(mean))
        return;
    snprintf(text, sizeof text,
             tr(r->ctl,
                "%s: mean kinetic temperature (USP) %.2f °C; across a glass transition it means little.",
                "%s：平均动力学温度（USP）%.2f °C；跨越玻璃化转变时参考意义有限。"),
             report_bilingual(r, point, "name"), json_number_value(mean));
    sheet_paragraph(r->s, SHEET_SMALL, text);
}

void report_exposure(struct report *r)
{
    struct ctl *ctl = r->ctl;
    const struct grid_column columns[] = {
        {tr(ctl, "Point", "测点"), 1.5, false, false},
        {tr(ctl, "Above", "高于"), 1.0, true, true},
        {tr(ctl, "Minutes", "分钟"), 1.0, true, false},
        {tr(ctl, "Degree-minutes", "度·分钟"), 1.2, true, false},
        {tr(ctl, "Longest stay", "最长一次"), 1.5, true, false},
        {tr(ctl, "Minutes known", "已知分钟数"), 1.1, true, false},
        {tr(ctl, "Minutes not known", "未知分钟数"), 1.2, true, false},
    };
    size_t i, n = 0;
    const json_t *point;
    struct grid grid;
    json_array_foreach(json_object_get(r->facts, "points"), i, point)
    {
        n += json_array_size(json_object_get(json_object_get(point, "exposure"), "above"));
    }
    if (n == 0)
        return;
    sheet_section(r->s, tr(ctl, "Exposure", "暴露"), 60);
    grid_begin(&grid, r->s, COLUMNS(columns));
    json_array_foreach(json_object_get(r->facts, "points"), i, point)
    {
        exposure_rows(r, &grid, point);
    }
    grid_end(&grid);
    json_array_foreach(json_object_get(r->facts, "points"), i, point)
    {
        kinetic(r, point);
    }
}

/* ---------------------------------------------------------------- readings */

static void share_of(char text[REPORT_TEXT_MAX], double part, double whole)
{
    /* never "100.00" while something is missing */
    double percent = whole > 0 ? part / whole * 100 : 0;
    snprintf(text, REPORT_TEXT_MAX, "%.2f %%", part < whole ? fmin(percent, 99.99) : fmin(percent, 100));
}

static void extreme(const struct report *r, const json_t *point, const char *key,
                    char text[2 * REPORT_TEXT_MAX])
{
    char value[REPORT_TEXT_MAX], time[REPORT_TEXT_MAX];
    const json_t *extreme = json_object_get(point, key);
    report_value(value, json_object_get(extreme, "value"), report_decimals(point));
    snprintf(text, 2 * REPORT_TEXT_MAX, "%s%s%s", value, value[0] != '\0' ? "\n" : "–",
             report_time_of(r, time, extreme, "time"));
}

static void readings_row(struct report *r, struct grid *grid, const json_t *point)
{
    const json_t *readings = json_object_get(point, "readings");
    static const char *const keys[] = {"expected", "stored", "good", "uncertain", "bad"};
    char numbers[5][REPORT_TEXT_MAX], stored[REPORT_TEXT_MAX], good[REPORT_TEXT_MAX], mean[REPORT_TEXT_MAX];
    char low[2 * REPORT_TEXT_MAX], high[2 * REPORT_TEXT_MAX], name[2 * REPORT_TEXT_MAX];
    double values[5];
    for (unsigned i = 0; i < 5; i++) {
        values[i] = report_number(readings, keys[i]);
        snprintf(numbers[i], sizeof numbers[i], "%.0f", values[i]);
    }
    share_of(stored, values[1], values[0]);
    share_of(good, values[2], values[0]);
    snprintf(name, sizeof name, "%s%s%s", report_bilingual(r, point, "name"),
             facts_text_of(point, "unit")[0] != '\0' ? "\n" : "", facts_text_of(point, "unit"));
    extreme(r, point, "minimum", low);
    extreme(r, point, "maximum", high);
    report_value(mean, json_object_get(point, "mean"), report_decimals(point));
    report_add(numbers[1], sizeof numbers[1], "\n");
    report_add(numbers[1], sizeof numbers[1], stored);
    report_add(numbers[2], sizeof numbers[2], "\n");
    report_add(numbers[2], sizeof numbers[2], good);
    bool states = json_array_size(json_object_get(point, "states")) > 0;
    grid_row(grid, (const char *[]){name, numbers[0], numbers[1], numbers[2], numbers[3], numbers[4],
                                    states ? "" : low, states ? "" : mean, states ? "" : high});
}

static void bad_reasons(struct report *r)
{
    size_t i;
    const json_t *point, *count;
    const char *reason;
    json_array_foreach(json_object_get(r->facts, "points"), i, point)
    {
        char text[2048] = "", one[REPORT_TEXT_MAX];
        if (report_is_derived(point))
            continue;
        json_object_foreach((json_t *)json_object_get(point, "bad_reasons"), reason, count)
        {
            snprintf(one, sizeof one, "%s%s %lld", text[0] != '\0' ? tr(r->ctl, ", ", "，") : "",
                     words_reason(r->ctl, reason), (long long)json_integer_value(count));
            report_add(text, sizeof text, one);
        }
        if (text[0] != '\0') {
            char line[2400];
            snprintf(line, sizeof line, tr(r->ctl, "%s, bad readings: %s.", "%s，无效读数：%s。"),
                     report_bilingual(r, point, "name"), text);
            sheet_paragraph(r->s, SHEET_SMALL, line);
        }
    }
}

/* A point that is younger than the range: before its first reading nothing was expected of it. */
static void begins(struct report *r)
{
    int64_t from_us = facts_time_of(json_object_get(r->facts, "range"), "from");
    size_t i;
    const json_t *point;
    json_array_foreach(json_object_get(r->facts, "points"), i, point)
    {
        const json_t *readings = json_object_get(point, "readings");
        char text[1024], time[REPORT_TEXT_MAX];
        int64_t first_us = facts_time_of(readings, "first");
        double lead_us = (double)(first_us - from_us);
        if (report_is_derived(point))
            continue;
        if (first_us != 0 && lead_us <= 3e6 * report_number(readings, "interval_seconds"))
            continue;
        if (first_us == 0)
            snprintf(text, sizeof text, tr(r->ctl, "%s: no readings in the range.", "%s：该时段内没有读数。"),
                     report_bilingual(r, point, "name"));
        else
            snprintf(
                text, sizeof text,
                tr(r->ctl, "%s: the first reading in the range is of %s.", "%s：该时段内首个读数为 %s。"),
                report_bilingual(r, point, "name"), report_time_of(r, time, readings, "first"));
        sheet_paragraph(r->s, SHEET_SMALL, text);
    }
}

void report_readings(struct report *r)
{
    struct ctl *ctl = r->ctl;
    const struct grid_column columns[] = {
        {tr(ctl, "Point", "测点"), 1.35, false, false},    {tr(ctl, "Expected", "应有"), 0.8, true, false},
        {tr(ctl, "Stored", "已存"), 0.95, true, false},    {tr(ctl, "Good", "良好"), 0.95, true, false},
        {tr(ctl, "Uncertain", "可疑"), 0.85, true, false}, {tr(ctl, "Bad", "无效"), 0.6, true, false},
        {tr(ctl, "Minimum", "最小值"), 1.52, true, false}, {tr(ctl, "Mean", "平均值"), 0.85, true, false},
        {tr(ctl, "Maximum", "最大值"), 1.52, true, false},
    };
    size_t i;
    const json_t *point;
    struct grid grid;
    sheet_section(r->s, tr(ctl, "Readings and completeness", "读数与数据完整率"), 60);
    grid_begin(&grid, r->s, COLUMNS(columns));
    json_array_foreach(json_object_get(r->facts, "points"), i, point)
    {
        if (!report_is_derived(point))
            readings_row(r, &grid, point);
    }
    grid_end(&grid);
    begins(r);
    bad_reasons(r);
}
