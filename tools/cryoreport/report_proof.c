/* report_proof.c - reviews, verification, signatures. */
#include <string.h>

#include "facts_internal.h"
#include "report_internal.h"
#include "words.h"

#define COLUMNS(columns) (columns), sizeof(columns) / sizeof((columns)[0])

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
        const char *hash = facts_text_of(json_object_get(one, "covers"), "sha256");
        snprintf(who, sizeof who, "%s%s%s%s", name, name[0] != '\0' && by[0] != '\0' ? " (" : "", by,
                 name[0] != '\0' && by[0] != '\0' ? ")" : "");
        snprintf(period, sizeof period, "%s\n%s", report_time_of(r, from, one, "from"),
                 report_time_of(r, to, one, "to"));
        grid_row(&grid,
                 (const char *[]){report_time_of(r, at, one, "time"), who, facts_text_of(one, "meaning"),
                                  period, facts_text_of(one, "comment"), hash});
    }
    grid_end(&grid);
}

/* ---------------------------------------------------------------- verification */

static void findings(struct report *r, const json_t *v)
{
    struct ctl *ctl = r->ctl;
    const json_t *all = json_object_get(v, "findings"), *one;
    const struct grid_column columns[] = {
        {tr(ctl, "Found", "发现"), 0.7, false, true},
        {tr(ctl, "What", "内容"), 5, false, false},
    };
    size_t i;
    struct grid grid;
    char text[256];
    if (json_array_size(all) == 0)
        return;
    r->s->y += 3;
    grid_begin(&grid, r->s, COLUMNS(columns));
    json_array_foreach(all, i, one)
    {
        bool note = json_is_true(json_object_get(one, "note"));
        grid_row(&grid, (const char *[]){note ? tr(ctl, "note", "说明") : tr(ctl, "PROBLEM", "问题"),
                                         report_bilingual(r, one, "text")});
    }
    grid_end(&grid);
    if (report_number(v, "left_out") > 0) {
        snprintf(text, sizeof text,
                 tr(ctl, "%.0f more: see cryoctl verify.", "另有 %.0f 项：见 cryoctl verify。"),
                 report_number(v, "left_out"));
        sheet_paragraph(r->s, SHEET_WARNING, text);
    }
}

/* "4711: 5d41..." */
static void pair_of_head(struct report *r, const char *key, const json_t *v, const char *number,
                         const char *hash)
{
    char text[128];
    bool there = facts_text_of(v, hash)[0] != '\0';
    if (there)
        snprintf(text, sizeof text, "%.0f  %s", report_number(v, number), facts_text_of(v, hash));
    else
        snprintf(text, sizeof text, "%s", tr(r->ctl, "none yet", "尚无"));
    report_pair(r, key, text, there);
}

static void signed_head(struct report *r, const json_t *head)
{
    struct ctl *ctl = r->ctl;
    char text[512], time[REPORT_TEXT_MAX];
    if (head == NULL)
        return;
    snprintf(
        text, sizeof text,
        tr(ctl, "of %s: event %.0f, seal %.0f, frame %.0f (%s)", "%s：事件 %.0f，封存 %.0f，帧 %.0f（%s）"),
        report_time_of(r, time, head, "time"), report_number(head, "event"), report_number(head, "seal"),
        report_number(head, "frame"),
        json_is_true(json_object_get(head, "witnessed")) ? tr(ctl, "kept outside", "外部见证")
                                                         : tr(ctl, "from the files", "来自文件本身"));
    report_pair(r, tr(ctl, "Signed head", "签名链头"), text, false);
}

static void signing_key(struct report *r, const json_t *v)
{
    struct ctl *ctl = r->ctl;
    const char *source = facts_text_of(v, "key_source");
    if (facts_text_of(v, "public_key")[0] == '\0') {
        report_pair(r, tr(ctl, "Public key", "公钥"), tr(ctl, "none in the record", "记录中没有"), false);
        return;
    }
    report_pair(r, tr(ctl, "Public key", "公钥"), facts_text_of(v, "public_key"), true);
    report_pair(r, tr(ctl, "Fingerprint", "公钥指纹"), facts_text_of(v, "fingerprint"), true);
    if (strcmp(source, "given") != 0 && strcmp(source, "head") != 0)
        sheet_paragraph(
            r->s, SHEET_FAINT,
            tr(ctl,
               "The key comes from beside the record: compare the fingerprint with the one that was noted "
               "elsewhere. That nothing was cut off at the end is shown by a head that somebody outside "
               "kept (cryoctl verify --head).",
               "公钥来自记录所在目录：请与另处保存的指纹核对。末尾是否被截断，须用外部保存的链头验证"
               "（cryoctl verify --head）。"));
}

static void coverage(struct report *r, const json_t *v)
{
    struct ctl *ctl = r->ctl;
    const json_t *range = json_object_get(r->facts, "range");
    char text[1024], from[REPORT_TEXT_MAX], to[REPORT_TEXT_MAX];
    snprintf(text, sizeof text,
             tr(ctl,
                "all %.0f events; all seals (%.0f hours, %.0f days, %.0f removals); readings from %s to %s: "
                "%.0f sealed "
                "(%.0f hours proven), %.0f not sealed yet",
                "全部 %.0f 个事件；全部封存（%.0f 小时，%.0f 天，%.0f 次清除）；%s 至 %s 的读数：已封存 "
                "%.0f（已证明 "
                "%.0f 小时），未封存 %.0f"),
             report_number(v, "events"), report_number(v, "hours"), report_number(v, "days"),
             report_number(v, "tombstones"), report_time_of(r, from, range, "from"),
             report_time_of(r, to, range, "to"), report_number(v, "readings_sealed"),
             report_number(v, "hours_proven"), report_number(v, "readings_not_sealed"));
    report_pair(r, tr(ctl, "Covered", "覆盖范围"), text, false);
}

void report_verification(struct report *r)
{
    const json_t *v = json_object_get(r->facts, "verification");
    struct ctl *ctl = r->ctl;
    const char *result = facts_text_of(v, "result");
    sheet_section(r->s, tr(ctl, "Verification of the record", "记录验证"), 90);
    if (strcmp(result, "whole") == 0)
        sheet_paragraph(r->s, SHEET_BOLD,
                        tr(ctl, "The record is whole: nothing in it was altered, removed, put in or moved.",
                           "记录完整：没有任何内容被更改、删除、插入或移动。"));
    else if (strcmp(result, "problems") == 0)
        sheet_paragraph(
            r->s, SHEET_WARNING,
            tr(ctl, "THE RECORD IS NOT WHOLE. What was found stands below.", "记录不完整。发现的问题如下。"));
    else
        sheet_paragraph(r->s, SHEET_WARNING,
                        tr(ctl, "The record could not be read to its end: it is not verified.",
                           "记录无法完整读取：未经验证。"));
    if (facts_text_of(v, "message")[0] != '\0')
        sheet_paragraph(r->s, SHEET_SMALL, facts_text_of(v, "message"));
    if (report_number(r->facts, "damaged") > 0) {
        char text[256];
        snprintf(text, sizeof text,
                 tr(ctl, "%.0f damaged pieces of the history were left out of this report.",
                    "本报告略去了 %.0f 段已损坏的历史数据。"),
                 report_number(r->facts, "damaged"));
        sheet_paragraph(r->s, SHEET_WARNING, text);
    }
    if (json_object_get(v, "events") != NULL) {
        coverage(r, v);
        pair_of_head(r, tr(ctl, "Last event", "最后事件"), v, "last_event", "event_hash");
        pair_of_head(r, tr(ctl, "Last seal", "最后封存"), v, "last_seal", "seal_hash");
        pair_of_head(r, tr(ctl, "Last frame", "最后一帧"), v, "last_frame", "frame_hash");
        signed_head(r, json_object_get(v, "head"));
        signing_key(r, v);
    }
    findings(r, v);
}

/* ---------------------------------------------------------------- signatures */

void report_signature_line(struct report *r, const char *role)
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
    report_signature_line(r, tr(ctl, "Prepared by", "编制"));
    report_signature_line(r, tr(ctl, "Reviewed by", "审核"));
    report_signature_line(r, tr(ctl, "Approved by", "批准"));
}
