/* report_records.c - calibrations and configuration. */
#include <string.h>

#include "facts_internal.h"
#include "report_internal.h"
#include "words.h"

#define COLUMNS(columns) (columns), sizeof(columns) / sizeof((columns)[0])

/* ---------------------------------------------------------------- calibrations */

static void corrections(struct report *r)
{
    const json_t *all = json_object_get(r->facts, "corrections"), *one;
    struct ctl *ctl = r->ctl;
    const struct grid_column columns[] = {
        {tr(ctl, "Recorded", "记录时间"), 1.1, false, false},
        {tr(ctl, "By", "操作人"), 0.8, false, false},
        {tr(ctl, "Point", "测点"), 1, false, false},
        {tr(ctl, "From", "开始"), 1.1, false, false},
        {tr(ctl, "To", "结束"), 1.1, false, false},
        {tr(ctl, "Correction", "更正"), 2.5, false, false},
    };
    size_t i;
    struct grid grid;
    if (json_array_size(all) == 0)
        return;
    sheet_paragraph(r->s, SHEET_BOLD,
                    tr(ctl, "Corrections of the past (readings stay as they were)",
                       "对过去数据的更正（原读数保持不变）"));
    grid_begin(&grid, r->s, COLUMNS(columns));
    json_array_foreach(all, i, one)
    {
        char at[REPORT_TEXT_MAX], from[REPORT_TEXT_MAX], to[REPORT_TEXT_MAX], text[2048], offset[128] = "";
        const char *note = facts_text_of(one, "note");
        if (json_is_number(json_object_get(one, "offset")))
            snprintf(offset, sizeof offset, "%+.6g %s\n", report_number(one, "offset"),
                     facts_text_of(one, "unit"));
        snprintf(text, sizeof text, "%s%s%s%s", offset, facts_text_of(one, "reason"),
                 note[0] != '\0' ? "\n" : "", note);
        grid_row(&grid, (const char *[]){report_time_of(r, at, one, "time"), facts_text_of(one, "by"),
                                         facts_text_of(one, "point"), report_time_of(r, from, one, "from"),
                                         report_time_of(r, to, one, "to"), text});
    }
    grid_end(&grid);
}

void report_calibrations(struct report *r)
{
    const json_t *all = json_object_get(r->facts, "calibrations"), *one;
    struct ctl *ctl = r->ctl;
    const struct grid_column columns[] = {
        {tr(ctl, "Point", "测点"), 1, false, false},
        {tr(ctl, "In effect from", "生效时间"), 1.1, false, false},
        {tr(ctl, "Correction", "校准值"), 1.8, false, false},
        {tr(ctl, "Certificate", "证书"), 1.2, false, false},
        {tr(ctl, "Calibrated", "校准日期"), 0.9, false, false},
        {tr(ctl, "Due", "到期日"), 0.9, false, false},
        {tr(ctl, "Reference", "参考标准"), 1.3, false, false},
    };
    size_t i;
    struct grid grid;
    sheet_section(r->s, tr(ctl, "Calibration", "校准"), 50);
    if (json_array_size(all) == 0) {
        sheet_paragraph(r->s, SHEET_BODY,
                        tr(ctl, "No calibration was in effect for these readings: values are as read.",
                           "这些读数没有应用校准：数值为原始读数。"));
    } else {
        grid_begin(&grid, r->s, COLUMNS(columns));
        json_array_foreach(all, i, one)
        {
            char from[REPORT_TEXT_MAX];
            const json_t *point = report_point(r, facts_text_of(one, "point"));
            const char *name =
                point != NULL ? report_bilingual(r, point, "name") : facts_text_of(one, "point");
            grid_row(&grid, (const char *[]){name, report_time_of(r, from, one, "from"),
                                             facts_text_of(one, "correction"),
                                             facts_text_of(one, "certificate"), facts_text_of(one, "date"),
                                             facts_text_of(one, "due"), facts_text_of(one, "reference")});
        }
        grid_end(&grid);
    }
    corrections(r);
}

/* ---------------------------------------------------------------- configuration */

static size_t count_limits(const struct report *r)
{
    size_t i, k, n = 0;
    const json_t *point, *period;
    json_array_foreach(json_object_get(r->facts, "points"), i, point)
    {
        json_array_foreach(json_object_get(point, "limits"), k, period)
        {
            n += json_array_size(json_object_get(period, "alarms"));
        }
    }
    return n;
}

static bool holds(const json_t *alarms, const json_t *alarm)
{
    size_t i;
    const json_t *one;
    json_array_foreach(alarms, i, one)
    {
        if (json_equal(one, alarm))
            return true;
    }
    return false;
}

static void limit_rows(struct report *r, struct grid *grid, const json_t *point)
{
    size_t k, m;
    const json_t *period, *alarm;
    unsigned decimals = report_decimals(point);
    json_array_foreach(json_object_get(point, "limits"), k, period)
    {
        json_array_foreach(json_object_get(period, "alarms"), m, alarm)
        {
            if (k > 0 &&
                holds(json_object_get(json_array_get(json_object_get(point, "limits"), k - 1), "alarms"),
                      alarm))
                continue; /* as it was before */
            char from[REPORT_TEXT_MAX], limit[2 * REPORT_TEXT_MAX], value[REPORT_TEXT_MAX];
            char deadband[REPORT_TEXT_MAX], delay[REPORT_TEXT_MAX];
            bool high = strcmp(facts_text_of(alarm, "side"), "high") == 0;
            snprintf(limit, sizeof limit, "%s %s %s", high ? ">" : "<",
                     report_value(value, json_object_get(alarm, "limit"), decimals),
                     facts_text_of(point, "unit"));
            grid_row(grid, (const char *[]){
                               report_bilingual(r, point, "name"), facts_text_of(alarm, "alarm"), limit,
                               report_value(deadband, json_object_get(alarm, "deadband"), decimals),
                               report_duration(r, delay, report_number(alarm, "on_delay_s")),
                               words_priority(r->ctl, facts_text_of(alarm, "priority")),
                               report_time_of(r, from, period, "from")});
        }
    }
}

static void limits(struct report *r)
{
    struct ctl *ctl = r->ctl;
    const struct grid_column columns[] = {
        {tr(ctl, "Point", "测点"), 1.2, false, false},
        {tr(ctl, "Alarm", "报警"), 1.6, false, false},
        {tr(ctl, "Limit", "限值"), 1.1, true, true},
        {tr(ctl, "Deadband", "回差"), 0.8, true, false},
        {tr(ctl, "Delay", "延时"), 1.0, true, false},
        {tr(ctl, "Priority", "优先级"), 0.9, false, false},
        {tr(ctl, "In force from", "生效自"), 1.4, false, false},
    };
    size_t i;
    const json_t *point;
    struct grid grid;
    if (count_limits(r) == 0)
        return;
    sheet_need(r->s, 60);
    sheet_paragraph(r->s, SHEET_BOLD, tr(ctl, "Alarm limits in force in the range", "该时段内生效的报警限"));
    grid_begin(&grid, r->s, COLUMNS(columns));
    json_array_foreach(json_object_get(r->facts, "points"), i, point)
    {
        limit_rows(r, &grid, point);
    }
    grid_end(&grid);
}

static void changes(struct report *r)
{
    const json_t *all = json_object_get(json_object_get(r->facts, "configuration"), "changes"), *one;
    struct ctl *ctl = r->ctl;
    const struct grid_column columns[] = {
        {tr(ctl, "Changed", "变更时间"), 1.1, false, false},
        {tr(ctl, "By", "操作人"), 0.9, false, false},
        {tr(ctl, "SHA-256 (beginning)", "SHA-256（开头）"), 1.1, false, false},
        {tr(ctl, "Difference", "差异"), 4, false, false},
    };
    size_t i;
    struct grid grid;
    if (json_array_size(all) == 0) {
        sheet_paragraph(r->s, SHEET_BODY,
                        tr(ctl, "It was not changed in the range.", "该时段内配置没有变更。"));
        return;
    }
    grid_begin(&grid, r->s, COLUMNS(columns));
    json_array_foreach(all, i, one)
    {
        char at[REPORT_TEXT_MAX], hash[17];
        const char *difference = facts_text_of(one, "difference"), *by = facts_text_of(one, "by");
        bool start = strcmp(facts_text_of(one, "event"), "start") == 0;
        snprintf(hash, sizeof hash, "%.16s", facts_text_of(one, "sha256"));
        if (difference[0] == '\0' && start)
            difference = tr(ctl, "read at the start of the monitor", "监控程序启动时读取");
        grid_row(&grid, (const char *[]){report_time_of(r, at, one, "time"), by[0] != '\0' ? by : "–", hash,
                                         difference});
    }
    grid_end(&grid);
}

void report_configuration(struct report *r)
{
    const json_t *c = json_object_get(r->facts, "configuration");
    struct ctl *ctl = r->ctl;
    char since[REPORT_TEXT_MAX], loaded[2 * REPORT_TEXT_MAX + 64];
    const char *by = facts_text_of(c, "by");
    sheet_section(r->s, tr(ctl, "Configuration in force", "生效的配置"), 50);
    if (!json_is_true(json_object_get(c, "known"))) {
        sheet_paragraph(r->s, SHEET_WARNING,
                        tr(ctl,
                           "The record does not tell which configuration was in force: no limits are shown.",
                           "记录中没有说明生效的配置：不显示限值。"));
        return;
    }
    report_pair(r, "SHA-256", facts_text_of(c, "sha256"), true);
    report_time_of(r, since, c, "since");
    if (by[0] != '\0')
        snprintf(loaded, sizeof loaded, tr(ctl, "%s by %s", "%s，操作人 %s"), since, by);
    else
        snprintf(loaded, sizeof loaded, tr(ctl, "%s, at the start of the monitor", "%s，监控程序启动时"),
                 since);
    report_pair(r, tr(ctl, "Loaded", "加载时间"), loaded, false);
    if (!json_is_true(json_object_get(c, "readable")))
        sheet_paragraph(
            r->s, SHEET_WARNING,
            tr(ctl, "Its text is not in the record, or this version can't read it: no limits are shown.",
               "记录中没有其文本，或此版本无法读取：不显示限值。"));
    changes(r);
    limits(r);
}
