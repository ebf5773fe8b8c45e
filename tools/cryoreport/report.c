#include "report.h"

#include <math.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "chart.h"
#include "facts_internal.h"
#include "report_internal.h"
#include "report_run.h"
#include "when.h"
#include "words.h"

#define SQUEEZE_MOST REPORT_RUN_SQUEEZE_MOST

/* Of a freezer's run (facts_run.h). */
static bool is_of_run(const json_t *facts)
{
    return strncmp(facts_text_of(facts, "cryomon"), "run-report ", 11) == 0;
}

/* Of the alarm system (performance.h), not of an asset's record. */
static bool is_of_alarms(const json_t *facts)
{
    return strncmp(facts_text_of(facts, "cryomon"), "alarm-report ", 13) == 0;
}

void report_identify(const json_t *facts, const char *text, size_t len, struct report_identity *ret)
{
    unsigned char hash[32];
    char of[80];
    const char *asset = facts_text_of(json_object_get(facts, "asset"), "id");
    const char *made = facts_text_of(json_object_get(facts, "made"), "time");
    if (is_of_alarms(facts)) {
        const char *only = facts_text_of(facts, "asset");
        snprintf(of, sizeof of, "alarms%s%.64s", only[0] != '\0' ? "-" : "", only);
        asset = of;
    }
    if (is_of_run(facts)) {
        snprintf(of, sizeof of, "%.58s-run", asset);
        asset = of;
    }
    crypto_hash_sha256(hash, (const unsigned char *)text, len);
    sodium_bin2hex(ret->sha256, sizeof ret->sha256, hash, sizeof hash);
    snprintf(ret->id, sizeof ret->id, "%.64s-%.4s%.2s%.2s-%.12s", asset, made,
             strlen(made) > 10 ? made + 5 : "", strlen(made) > 10 ? made + 8 : "", ret->sha256);
}

/* ---------------------------------------------------------------- the first page */

void report_zone(const struct report *r, char text[REPORT_TEXT_MAX])
{
    char time[WHEN_MAX];
    const char *from = facts_text_of(json_object_get(r->facts, "range"), "from");
    when_print_text(r->ctl, time, from);
    if (r->ctl->utc)
        snprintf(text, REPORT_TEXT_MAX, "UTC");
    else if (r->zones)
        snprintf(text, REPORT_TEXT_MAX, "%s",
                 tr(r->ctl, "local, each with its offset from UTC", "当地时间，均标注与 UTC 的时差"));
    else
        snprintf(text, REPORT_TEXT_MAX, tr(r->ctl, "local, UTC%s", "当地时间，UTC%s"),
                 strlen(time) > 19 ? time + 19 : "");
}

static void who_and_where(struct report *r)
{
    const json_t *made = json_object_get(r->facts, "made"), *file;
    struct ctl *ctl = r->ctl;
    char text[1024], time[REPORT_TEXT_MAX];
    const char *name = facts_text_of(made, "user_name"), *user = facts_text_of(made, "user");
    size_t i;
    snprintf(text, sizeof text, tr(ctl, "%s by %s%s%s%s on %s, %s", "%s，操作人 %s%s%s%s，主机 %s，%s"),
             report_time_of(r, time, made, "time"), name[0] != '\0' ? name : user,
             name[0] != '\0' ? " (" : "", name[0] != '\0' ? user : "", name[0] != '\0' ? ")" : "",
             facts_text_of(made, "host"), facts_text_of(made, "program"));
    report_pair(r, tr(ctl, "Made", "生成"), text, false);
    if (r->brief)
        return; /* the files stand in the whole report, its name in the foot */
    json_array_foreach(json_object_get(r->facts, "files"), i, file)
    {
        bool log = json_object_get(file, "log_bytes") != NULL;
        snprintf(text, sizeof text, tr(ctl, "%s (%.0f bytes%s)", "%s（%.0f 字节%s）"),
                 facts_text_of(file, "path"), report_number(file, "bytes"),
                 log ? tr(ctl, " with its write-ahead log", "，包括预写日志") : "");
        report_pair(r, i == 0 ? tr(ctl, "From the files", "数据文件") : "", text, false);
    }
    report_pair(r, tr(ctl, "Report", "报告编号"), r->identity->id, true);
}

static const char *title_of(const struct report *r)
{
    if (is_of_run(r->facts))
        return r->brief ? tr(r->ctl, "Freezing run: for the batch record", "程序降温运行：批记录页")
                        : tr(r->ctl, "Report of a freezing run", "程序降温运行报告");
    return is_of_alarms(r->facts) ? tr(r->ctl, "Performance of the alarm system", "报警系统性能报告")
                                  : tr(r->ctl, "Report of the temperature record", "温度记录报告");
}

static void what_it_is_of(struct report *r)
{
    const json_t *asset = json_object_get(r->facts, "asset"), *site = json_object_get(r->facts, "site");
    struct ctl *ctl = r->ctl;
    char text[2 * REPORT_TEXT_MAX + 64];
    if (is_of_alarms(r->facts)) {
        const char *only = facts_text_of(r->facts, "asset"), *id = facts_text_of(r->facts, "site");
        if (id[0] != '\0')
            report_pair(r, tr(ctl, "Site", "站点"), id, false);
        report_pair(r, tr(ctl, "Asset", "设备"),
                    only[0] != '\0' ? only : tr(ctl, "all, and the system itself", "全部，包括系统自身"),
                    false);
        return;
    }
    snprintf(text, sizeof text, "%s (%s)%s%s", report_bilingual(r, asset, "name"), facts_text_of(asset, "id"),
             facts_text_of(asset, "kind")[0] != '\0' ? tr(ctl, ", ", "，") : "",
             report_kind(r, facts_text_of(asset, "kind")));
    if (r->brief) {
        report_add(text, sizeof text, tr(ctl, ", ", "，"));
        report_add(text, sizeof text, report_bilingual(r, site, "name"));
    }
    report_pair(r, tr(ctl, "Asset", "设备"), text, false);
    const char *site_name = report_bilingual(r, site, "name");
    if (site_name[0] != '\0' && !r->brief) {
        snprintf(text, sizeof text, "%s (%s)", site_name, facts_text_of(site, "id"));
        report_pair(r, tr(ctl, "Site", "站点"), text, false);
    }
}

static void title_block(struct report *r)
{
    const json_t *range = json_object_get(r->facts, "range");
    struct ctl *ctl = r->ctl;
    struct sheet *s = r->s;
    char text[4 * REPORT_TEXT_MAX], from[REPORT_TEXT_MAX], to[REPORT_TEXT_MAX], zone[REPORT_TEXT_MAX];
    s->y += sheet_text(s, SHEET_TITLE, title_of(r), SHEET_LEFT, s->y, 0, SHEET_START) + 4;
    sheet_rule(s, SHEET_LEFT, SHEET_RIGHT, s->y, 0.3);
    s->y += 8;
    what_it_is_of(r);
    if (is_of_run(r->facts)) {
        report_run_head(r);
        who_and_where(r);
        return;
    }
    report_zone(r, zone);
    snprintf(text, sizeof text, tr(ctl, "%s to %s (times are %s)", "%s 至 %s（时间为%s）"),
             report_time_of(r, from, range, "from"), report_time_of(r, to, range, "to"), zone);
    report_pair(r, tr(ctl, "Range", "时段"), text, false);
    who_and_where(r);
}

/* ---------------------------------------------------------------- in a few words */

static void glance_excursions(struct report *r, char *text, size_t cap)
{
    const json_t *excursions = json_object_get(r->facts, "excursions"), *e;
    size_t i, n = json_array_size(excursions);
    double longest = 0;
    char duration[REPORT_TEXT_MAX];
    json_array_foreach(excursions, i, e)
    {
        longest = fmax(longest, report_number(e, "seconds"));
    }
    if (n == 0)
        snprintf(text, cap, "%s",
                 report_limits_known(r)
                     ? tr(r->ctl, "none", "无")
                     : tr(r->ctl, "none told by the limits that are known", "按已知限值，无"));
    else
        snprintf(text, cap, tr(r->ctl, "%zu, the longest %s", "%zu 次，最长 %s"), n,
                 report_duration(r, duration, longest));
}

static void glance_alarms(struct report *r, char *text, size_t cap)
{
    const json_t *alarms = json_object_get(r->facts, "alarms"), *a;
    size_t i, unseen = 0, n = json_array_size(alarms);
    json_array_foreach(alarms, i, a)
    {
        unseen += facts_text_of(a, "by")[0] == '\0';
    }
    if (n == 0)
        snprintf(text, cap, "%s", tr(r->ctl, "none", "无"));
    else if (unseen == 0)
        snprintf(text, cap, tr(r->ctl, "%zu, all acknowledged", "%zu 条，均已确认"), n);
    else
        snprintf(text, cap, tr(r->ctl, "%zu, of which %zu not acknowledged", "%zu 条，其中 %zu 条未确认"), n,
                 unseen);
}

static void glance_data(struct report *r, char *text, size_t cap)
{
    double expected = 0, stored = 0, good = 0;
    size_t i;
    const json_t *point;
    json_array_foreach(json_object_get(r->facts, "points"), i, point)
    {
        const json_t *readings = json_object_get(point, "readings");
        if (report_is_derived(point))
            continue;
        expected += report_number(readings, "expected");
        stored += fmin(report_number(readings, "stored"), report_number(readings, "expected"));
        good += fmin(report_number(readings, "good"), report_number(readings, "expected"));
    }
    double whole = expected > 0 ? expected : 1;
    double stored_percent = stored < whole ? fmin(100 * stored / whole, 99.99) : 100;
    double good_percent = good < whole ? fmin(100 * good / whole, 99.99) : 100;
    snprintf(text, cap,
             tr(r->ctl, "%.2f %% of the expected readings are stored, %.2f %% are good",
                "应有读数已存储 %.2f %%，良好 %.2f %%"),
             stored_percent, good_percent);
}

static void glance(struct report *r)
{
    struct ctl *ctl = r->ctl;
    char text[512];
    size_t gaps = json_array_size(json_object_get(r->facts, "gaps"));
    const char *result = facts_text_of(json_object_get(r->facts, "verification"), "result");
    sheet_section(r->s, tr(ctl, "At a glance", "概要"), 60);
    glance_excursions(r, text, sizeof text);
    report_pair(r, tr(ctl, "Excursions", "超限"), text, false);
    glance_alarms(r, text, sizeof text);
    report_pair(r, tr(ctl, "Alarms", "报警"), text, false);
    glance_data(r, text, sizeof text);
    report_pair(r, tr(ctl, "Completeness", "数据完整率"), text, false);
    snprintf(text, sizeof text, gaps > 0 ? "%zu" : tr(ctl, "none", "无"), gaps);
    report_pair(r, tr(ctl, "Gaps", "数据缺口"), text, false);
    report_pair_in(r, tr(ctl, "Verification", "验证"),
                   strcmp(result, "whole") == 0 ? tr(ctl, "the record is whole", "记录完整")
                   : strcmp(result, "problems") == 0
                       ? tr(ctl, "THE RECORD IS NOT WHOLE: see below", "记录不完整：见下文")
                       : tr(ctl, "NOT VERIFIED: see below", "未经验证：见下文"),
                   strcmp(result, "whole") == 0 ? SHEET_BODY : SHEET_WARNING);
}

/* ---------------------------------------------------------------- charts */

static void charts(struct report *r)
{
    const json_t *points = json_object_get(r->facts, "points"), *point;
    size_t i, numbers = 0;
    json_array_foreach(points, i, point)
    {
        numbers += json_array_size(json_object_get(point, "states")) == 0 && !report_is_derived(point);
    }
    double height = numbers <= 1 ? 190 : numbers == 2 ? 138 : 105;
    sheet_section(r->s, tr(r->ctl, "Course", "变化曲线"), 125 + CHART_AROUND);
    chart_legend(r->s);
    json_array_foreach(points, i, point)
    {
        bool states = json_array_size(json_object_get(point, "states")) > 0;
        if (report_is_derived(point))
            continue; /* see report_tank */
        chart_draw(r->s, r->facts, point, states ? 34 : height);
    }
}

static void left_out(struct report *r)
{
    size_t i;
    const json_t *point;
    json_array_foreach(json_object_get(r->facts, "points"), i, point)
    {
        double n = report_number(point, "left_out");
        char text[512];
        if (n <= 0)
            continue;
        snprintf(text, sizeof text,
                 tr(r->ctl,
                    "%s: %.0f more excursions or gaps are not listed here; make reports of shorter ranges.",
                    "%s：另有 %.0f 个超限或缺口未列出；请生成更短时段的报告。"),
                 report_bilingual(r, point, "name"), n);
        sheet_paragraph(r->s, SHEET_WARNING, text);
    }
}

/* ---------------------------------------------------------------- the whole */

static void draw(struct report *r)
{
    title_block(r);
    if (is_of_alarms(r->facts)) {
        report_alarm_system(r);
        return;
    }
    if (is_of_run(r->facts)) {
        report_run(r);
        return;
    }
    glance(r);
    left_out(r);
    charts(r);
    report_tank(r);
    report_excursions(r);
    report_exposure(r);
    report_alarms(r);
    report_holds(r);
    report_by_eye(r);
    report_readings(r);
    report_gaps(r);
    report_calibrations(r);
    report_configuration(r);
    report_reviews(r);
    report_verification(r);
    report_signatures(r);
}

/* Does the zone's offset change in the range? Looked at each day. */
static bool offset_changes(const struct report *r)
{
    const json_t *range = json_object_get(r->facts, "range");
    int64_t from_us = facts_time_of(range, "from"), to_us = facts_time_of(range, "to");
    char first[WHEN_MAX], other[WHEN_MAX];
    when_print(r->ctl, first, from_us, false);
    for (int64_t at_us = from_us; at_us < to_us; at_us += INT64_C(86400) * SECOND_US)
        if (strcmp(first + 19, when_print(r->ctl, other, at_us, false) + 19) != 0)
            return true;
    return strcmp(first + 19, when_print(r->ctl, other, to_us, false) + 19) != 0;
}

static int draw_once(struct report *r, const char *path, const struct sheet_about *about)
{
    int result = sheet_begin(r->s, path, about);
    if (result < 0)
        return result;
    draw(r);
    return sheet_end(r->s);
}

/* First to count the pages; and once more should the count have been wrong. The one page of a run gives way
 * until it is one. */
static int draw_both(struct report *r, const char *path, const struct sheet_about *about)
{
    unsigned counted;
    int result = draw_once(r, NULL, about);
    while (result == 0 && r->brief && r->s->pages > 1 && r->squeeze < SQUEEZE_MOST) {
        r->squeeze++;
        result = draw_once(r, NULL, about);
    }
    for (unsigned i = 0; i < 3 && result == 0; i++) {
        counted = r->s->pages;
        result = draw_once(r, path, about);
        if (counted == r->s->pages)
            break;
    }
    return result;
}

static bool has_chinese_font(struct report *r)
{
    struct sheet_about about = {"", "", "", "", "2000-01-01T00:00:00"};
    struct sheet probe = {.ctl = r->ctl, .head = "", .foot = ""};
    if (sheet_begin(&probe, NULL, &about) < 0)
        return true; /* said when the report is drawn */
    bool can = sheet_can_draw(&probe, "温度记录报告，液氮罐超限");
    (void)sheet_end(&probe);
    return can;
}

static void author_of(const json_t *facts, char *text, size_t cap)
{
    const json_t *made = json_object_get(facts, "made");
    const char *name = facts_text_of(made, "user_name");
    snprintf(text, cap, "%s", name[0] != '\0' ? name : facts_text_of(made, "user"));
}

int report_write(struct ctl *ctl, const json_t *facts, const struct report_identity *identity, bool brief,
                 const char *path)
{
    struct sheet sheet = {.ctl = ctl};
    struct report r = {.s = &sheet, .ctl = ctl, .facts = facts, .identity = identity, .brief = brief};
    char title[512], head[1024], foot[512], author[256], created[32], from[REPORT_TEXT_MAX],
        to[REPORT_TEXT_MAX];
    const json_t *range = json_object_get(facts, "range");
    if (ctl->language == LANGUAGE_ZH && !has_chinese_font(&r)) {
        ctl_complain("没有可用的中文字体，报告无法生成：请安装 fonts-noto-cjk（no Chinese font: install "
                     "fonts-noto-cjk）");
        return CTL_NEGATIVE;
    }
    r.zones = offset_changes(&r);
    bool alarms = is_of_alarms(facts);
    snprintf(title, sizeof title, "%s%s%s", title_of(&r), tr(ctl, ": ", "："),
             alarms ? facts_text_of(facts, "site")
                    : report_bilingual(&r, json_object_get(facts, "asset"), "name"));
    snprintf(head, sizeof head, "%s   %s – %s", title, report_time_of(&r, from, range, "from"),
             report_time_of(&r, to, range, "to"));
    snprintf(foot, sizeof foot, tr(ctl, "Report %s", "报告 %s"), identity->id);
    author_of(facts, author, sizeof author);
    sheet.head = head;
    sheet.foot = foot;
    snprintf(created, sizeof created, "%.19sZ", facts_text_of(json_object_get(facts, "made"), "time"));
    const struct sheet_about about = {.title = title,
                                      .author = author,
                                      .subject = identity->id,
                                      .keywords = identity->sha256,
                                      .created = created};
    int result = draw_both(&r, path, &about);
    if (result < 0) {
        (void)unlink(path);
        ctl_complain(tr(ctl, "%s can't be written: %s", "无法写入 %s：%s"), path, words_error(ctl, -result));
        return CTL_NEGATIVE;
    }
    if (sheet.replaced > 0)
        ctl_complain(tr(ctl,
                        "%u characters are in no font that is installed and are printed as [U+....]: install "
                        "fonts-noto-cjk",
                        "已安装的字体缺少 %u 个字符，以 [U+....] 形式打印：请安装 fonts-noto-cjk"),
                     sheet.replaced);
    return CTL_OK;
}
