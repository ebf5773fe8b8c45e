/* report_run_brief.c - the one page of a run for a batch record. */
#include <string.h>

#include "facts_internal.h"
#include "report_run.h"

/* Alarms and notes of the one page: how many, and the first ones by name. */
static void events(struct report *r)
{
    const json_t *alarms = json_object_get(r->facts, "alarms"), *notes = json_object_get(r->facts, "notes"),
                 *one;
    struct ctl *ctl = r->ctl;
    char text[300], more[64];
    size_t i, shown = r->squeeze > 1 ? 2 : 5, n = json_array_size(alarms);
    (void)snprintf(text, sizeof text, n == 0 ? "%s" : "%s%zu", n == 0 ? tr(ctl, "none", "无") : "", n);
    json_array_foreach(alarms, i, one)
    {
        if (i >= shown)
            break;
        report_add(text, sizeof text, i == 0 ? tr(ctl, ": ", "：") : tr(ctl, ", ", "、"));
        report_add(text, sizeof text, facts_text_of(one, "alarm"));
    }
    report_add(text, sizeof text, n > shown ? " …" : "");
    r->s->y += 3;
    report_pair(r, tr(ctl, "Alarms", "报警"), text, false);
    n = json_array_size(notes);
    if (n == 0)
        return;
    const size_t room = r->squeeze > 2 ? 130 : sizeof text - sizeof more;
    text[0] = '\0';
    json_array_foreach(notes, i, one)
    {
        if (i >= shown / 2)
            break;
        report_add(text, room, i > 0 ? tr(ctl, "; ", "；") : "");
        report_add(text, room, facts_text_of(one, "note"));
    }
    if (n > shown / 2)
        (void)snprintf(more, sizeof more, " … (%zu)", n);
    else
        (void)snprintf(more, sizeof more, "%s", strlen(text) + 4 >= room ? " …" : "");
    report_add(text, sizeof text, more);
    report_pair(r, tr(ctl, "Notes", "备注"), text, false);
}

/* Its proof in two lines. */
static void proof(struct report *r)
{
    struct ctl *ctl = r->ctl;
    const char *result = facts_text_of(json_object_get(r->facts, "verification"), "result");
    report_pair_in(r, tr(ctl, "Record", "记录"),
                   strcmp(result, "whole") == 0 ? tr(ctl, "verified: whole", "已验证：完整")
                   : strcmp(result, "problems") == 0
                       ? tr(ctl, "NOT WHOLE: see the report of the run", "不完整：见运行报告")
                       : tr(ctl, "NOT VERIFIED", "未经验证"),
                   strcmp(result, "whole") == 0 ? SHEET_BODY : SHEET_WARNING);
    report_pair(r, tr(ctl, "SHA-256 of the facts", "事实数据 SHA-256"), r->identity->sha256, true);
}

void report_run_brief(struct report *r)
{
    report_run_verdict(r);
    report_run_curve(r);
    report_run_figures(r);
    report_run_steps(r);
    events(r);
    report_run_decision(r);
    proof(r);
}
