/* report_records.c - calibrations, configuration, reviews, verification, signatures. */
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
        char at[REPORT_TEXT_MAX], from[REPORT_TEXT_MAX], to[REPORT_TEXT_MAX], text[2048];
        const char *what = report_bilingual(r, one, "text");
        if (what[0] == '\0')
            what = facts_text_of(one, "text");
        const char *note = facts_text_of(one, "note"), *correction = facts_text_of(one, "correction");
        snprintf(text, sizeof text, "%s%s%s%s%s", what, what[0] != '\0' && correction[0] != '\0' ? "\n" : "",
                 correction, note[0] != '\0' ? "\n" : "", note);
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
            grid_row(&grid,
                     (const char *[]){facts_text_of(one, "point"), report_time_of(r, from, one, "from"),
                                      facts_text_of(one, "correction"), facts_text_of(one, "certificate"),
                                      facts_text_of(one, "date"), facts_text_of(one, "due"),
                                      facts_text_of(one, "reference")});
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

/* ---------------------------------------------------------------- reviews */

void report_reviews(struct report *r)
{
    const json_t *all = json_object_get(r->facts, "reviews"), *one;
    struct ctl *ctl = r->ctl;
    const struct grid_column columns[] = {
        {tr(ctl, "Signed", "签署时间"), 1.1, false, false},
        {tr(ctl, "Name", "姓名"), 1.2, false, false},
        {tr(ctl, "Meaning", "含义"), 1.0, false, false},
        {tr(ctl, "Period", "时段"), 1.3, false, false},
        {tr(ctl, "Comment", "备注"), 1.8, false, false},
        {tr(ctl, "Bound to", "绑定的哈希"), 1.6, false, false},
    };
    size_t i;
    struct grid grid;
    sheet_section(r->s, tr(ctl, "Reviews and electronic signatures", "审核与电子签名"), 50);
    if (json_array_size(all) == 0) {
        sheet_paragraph(r->s, SHEET_BODY,
                        tr(ctl, "None was recorded in the range.", "该时段内没有审核记录。"));
        return;
    }
    grid_begin(&grid, r->s, COLUMNS(columns));
    json_array_foreach(all, i, one)
    {
        char at[REPORT_TEXT_MAX], from[REPORT_TEXT_MAX], to[REPORT_TEXT_MAX];
        char who[REPORT_TEXT_MAX], period[2 * REPORT_TEXT_MAX + 8];
        const char *name = facts_text_of(one, "name"), *by = facts_text_of(one, "by");
        const char *comment = facts_text_of(one, "comment"), *hash = facts_text_of(one, "sha256");
        snprintf(who, sizeof who, "%s%s%s%s", name, name[0] != '\0' && by[0] != '\0' ? " (" : "", by,
                 name[0] != '\0' && by[0] != '\0' ? ")" : "");
        snprintf(period, sizeof period, "%s\n%s", report_time_of(r, from, one, "from"),
                 report_time_of(r, to, one, "to"));
        grid_row(&grid,
                 (const char *[]){report_time_of(r, at, one, "time"), who, facts_text_of(one, "meaning"),
                                  period, comment[0] != '\0' ? comment : facts_text_of(one, "note"),
                                  hash[0] != '\0' ? hash : facts_text_of(one, "hash")});
    }
    grid_end(&grid);
}

/* ---------------------------------------------------------------- verification */

static void findings(struct report *r, const json_t *all)
{
    struct ctl *ctl = r->ctl;
    const struct grid_column columns[] = {
        {tr(ctl, "Found", "发现"), 2, false, true},
        {tr(ctl, "Number", "编号"), 1, true, false},
        {tr(ctl, "Time of the row", "该行时间"), 1.5, false, false},
    };
    size_t i;
    const json_t *one;
    struct grid grid;
    if (json_array_size(all) == 0)
        return;
    grid_begin(&grid, r->s, COLUMNS(columns));
    json_array_foreach(all, i, one)
    {
        char number[REPORT_TEXT_MAX], time[REPORT_TEXT_MAX];
        snprintf(number, sizeof number, "%.0f", report_number(one, "number"));
        grid_row(&grid, (const char *[]){report_finding(r, facts_text_of(one, "kind")), number,
                                         report_time_of(r, time, one, "time")});
    }
    grid_end(&grid);
}

static void pair_of(struct report *r, const char *key, const json_t *object, const char *name)
{
    const char *text = facts_text_of(object, name);
    report_pair(r, key, text[0] != '\0' ? text : tr(r->ctl, "none in the record", "记录中没有"),
                text[0] != '\0');
}

void report_verification(struct report *r)
{
    const json_t *v = json_object_get(r->facts, "verification");
    struct ctl *ctl = r->ctl;
    const char *result = facts_text_of(v, "result");
    char text[512];
    sheet_section(r->s, tr(ctl, "Verification of the record", "记录验证"), 80);
    if (strcmp(result, "whole") == 0)
        sheet_paragraph(r->s, SHEET_BOLD,
                        tr(ctl, "The record is whole: no row was altered, removed, put in or moved.",
                           "记录完整：没有任何行被更改、删除、插入或移动。"));
    else if (strcmp(result, "problems") == 0)
        sheet_paragraph(
            r->s, SHEET_WARNING,
            tr(ctl, "THE RECORD IS NOT WHOLE. What was found stands below.", "记录不完整。发现的问题如下。"));
    else
        sheet_paragraph(r->s, SHEET_WARNING,
                        tr(ctl, "The record could not be read to its end: it is not verified.",
                           "记录无法完整读取：未经验证。"));
    snprintf(text, sizeof text,
             tr(ctl,
                "the whole event chain (%.0f events) and all readings that are not sealed yet (%.0f frames)",
                "整个事件链（%.0f 个事件）及所有尚未封存的读数（%.0f 帧）"),
             report_number(v, "events"), report_number(v, "frames"));
    report_pair(r, tr(ctl, "Covered", "覆盖范围"), text, false);
    snprintf(text, sizeof text, "%.0f", report_number(v, "last_event"));
    report_pair(r, tr(ctl, "Last event", "最后事件"), text, false);
    pair_of(r, tr(ctl, "Chain head", "链头"), v, "event_head");
    pair_of(r, tr(ctl, "Public key", "公钥"), v, "public_key");
    pair_of(r, tr(ctl, "Key's SHA-256", "公钥 SHA-256"), v, "public_key_sha256");
    findings(r, json_object_get(v, "findings"));
}

/* ---------------------------------------------------------------- signatures */

static void signature_line(struct report *r, const char *role)
{
    struct sheet *s = r->s;
    struct ctl *ctl = r->ctl;
    const char *const names[] = {tr(ctl, "Name", "姓名"), tr(ctl, "Date", "日期"),
                                 tr(ctl, "Signature", "签名")};
    static const double lefts[] = {100, 255, 350}, rights[] = {245, 340, 511};
    double base = s->y + 22;
    sheet_text(s, SHEET_BOLD, role, SHEET_LEFT, base - 11, 0, SHEET_START);
    for (unsigned i = 0; i < 3; i++) {
        sheet_rule(s, SHEET_LEFT + lefts[i], SHEET_LEFT + rights[i], base, 0.3);
        sheet_text(s, SHEET_FAINT, names[i], SHEET_LEFT + lefts[i], base + 1, 0, SHEET_START);
    }
    s->y += 40;
}

void report_signatures(struct report *r)
{
    struct ctl *ctl = r->ctl;
    sheet_need(r->s, 210); /* with what it is that is signed: on one page */
    sheet_section(r->s, tr(ctl, "What this paper is bound to", "本报告的数据绑定"), 60);
    report_pair(r, tr(ctl, "SHA-256 of the facts", "事实数据 SHA-256"), r->identity->sha256, true);
    sheet_paragraph(r->s, SHEET_FAINT,
                    tr(ctl,
                       "All that is printed here comes from the facts: the JSON file beside this report. Its "
                       "SHA-256 (sha256sum) is the number above.",
                       "本报告的全部内容来自事实数据，即与本报告一同生成的 JSON 文件；其 "
                       "SHA-256（sha256sum）即为上述数值。"));
    sheet_section(r->s, tr(ctl, "Signatures", "签名"), 125);
    signature_line(r, tr(ctl, "Prepared by", "编制"));
    signature_line(r, tr(ctl, "Reviewed by", "审核"));
    signature_line(r, tr(ctl, "Approved by", "批准"));
}
