/* report_gaps.c - the gaps, in the words of the module that finds them. */
#include "gaps.h"

#include <string.h>

#include "facts_internal.h"
#include "report_internal.h"

#define COLUMNS(columns) (columns), sizeof(columns) / sizeof((columns)[0])

/* The cause as the module of gaps has it, which knows the words for it. */
static struct gap_cause cause_of(const json_t *cause)
{
    struct gap_cause c = {.kind = GAP_UNKNOWN,
                          .count = (uint64_t)report_number(cause, "count"),
                          .begin_us = facts_time_of(cause, "begin"),
                          .end_us = facts_time_of(cause, "end")};
    for (unsigned i = 0; i <= GAP_UNKNOWN; i++)
        if (strcmp(facts_text_of(cause, "kind"), gap_kind_name((enum gap_kind)i)) == 0)
            c.kind = (enum gap_kind)i;
    for (unsigned i = 0; i < REASON_COUNT; i++)
        if (strcmp(facts_text_of(cause, "reason"), reason_name((enum reason)i)) == 0)
            c.reason = (enum reason)i;
    for (unsigned i = QUALITY_GOOD; i <= QUALITY_BAD; i++)
        if (strcmp(facts_text_of(cause, "quality"), quality_name((enum quality)i)) == 0)
            c.quality = (enum quality)i;
    snprintf(c.detail, sizeof c.detail, "%s", facts_text_of(cause, "detail"));
    return c;
}

static void causes(const struct report *r, const json_t *gap, char *text, size_t cap)
{
    size_t i;
    const json_t *cause;
    text[0] = '\0';
    json_array_foreach(json_object_get(gap, "causes"), i, cause)
    {
        char one[512];
        const struct gap_cause c = cause_of(cause);
        report_add(text, cap, i > 0 ? "\n" : "");
        report_add(text, cap, gaps_describe_cause(r->ctl, &c, one, sizeof one));
    }
    if (json_is_true(json_object_get(gap, "more_causes")))
        report_add(text, cap, tr(r->ctl, "\nand other causes", "\n及其他原因"));
}

static void points_of(const struct report *r, const json_t *gap, char *text, size_t cap)
{
    const json_t *points = json_object_get(gap, "points"), *id;
    size_t i, n = json_array_size(points), all = 0, k;
    const json_t *each;
    text[0] = '\0';
    json_array_foreach(json_object_get(r->facts, "points"), k, each)
    {
        all += !report_is_derived(each);
    }
    if (n == all && n > 1) {
        report_add(text, cap, tr(r->ctl, "all points", "全部测点"));
        return;
    }
    json_array_foreach(points, i, id)
    {
        const char *name = json_string_value(id) != NULL ? json_string_value(id) : "";
        const json_t *point = report_point(r, name);
        report_add(text, cap, i > 0 ? tr(r->ctl, ", ", "、") : "");
        report_add(text, cap, point != NULL ? report_bilingual(r, point, "name") : name);
    }
}

static void gap_row(struct report *r, struct grid *grid, const json_t *gap)
{
    char from[REPORT_TEXT_MAX + 64], to[REPORT_TEXT_MAX + 64], time[REPORT_TEXT_MAX],
        duration[REPORT_TEXT_MAX];
    char points[1024], reasons[2048];
    bool open = json_is_true(json_object_get(gap, "open")),
         after = json_is_true(json_object_get(gap, "ends_after"));
    snprintf(from, sizeof from, "%s%s", report_time_of(r, time, gap, "from"),
             json_is_true(json_object_get(gap, "began_before")) ? tr(r->ctl, "\nand before", "\n及以前")
                                                                : "");
    snprintf(to, sizeof to, "%s%s", report_time_of(r, time, gap, "to"),
             open    ? tr(r->ctl, "\nnot over", "\n未结束")
             : after ? tr(r->ctl, "\nand beyond", "\n及以后")
                     : "");
    causes(r, gap, reasons, sizeof reasons);
    points_of(r, gap, points, sizeof points);
    grid_row(grid, (const char *[]){from, to, report_duration(r, duration, report_number(gap, "seconds")),
                                    points, reasons});
}

/* No gap, but it explains times that come twice or not at all. */
static void clock_steps(struct report *r)
{
    size_t i;
    const json_t *step;
    json_array_foreach(json_object_get(r->facts, "clock_steps"), i, step)
    {
        char text[512], time[REPORT_TEXT_MAX];
        snprintf(text, sizeof text,
                 tr(r->ctl, "%s: the clock was set by %+.3f s.", "%s：时钟被调整 %+.3f 秒。"),
                 report_time_of(r, time, step, "time"), report_number(step, "step_us") / 1e6);
        sheet_paragraph(r->s, SHEET_SMALL, text);
    }
}

void report_gaps(struct report *r)
{
    struct ctl *ctl = r->ctl;
    const struct grid_column columns[] = {
        {tr(ctl, "From", "开始"), 1.15, false, false},         {tr(ctl, "To", "结束"), 1.15, false, false},
        {tr(ctl, "Duration", "持续时间"), 0.95, false, false}, {tr(ctl, "Points", "测点"), 1.5, false, false},
        {tr(ctl, "Reason", "原因"), 2.8, false, false},
    };
    size_t i;
    const json_t *gaps = json_object_get(r->facts, "gaps"), *gap;
    struct grid grid;
    sheet_section(r->s, tr(ctl, "Gaps", "数据缺口"), 50);
    clock_steps(r);
    if (json_array_size(gaps) == 0) {
        sheet_paragraph(r->s, SHEET_BODY,
                        tr(ctl, "None: there is a good value for each scheduled poll.",
                           "无：每次计划采样均有良好数值。"));
        return;
    }
    sheet_paragraph(
        r->s, SHEET_FAINT,
        tr(ctl,
           "Times without a good value: bad or uncertain readings, and polls of which nothing is stored.",
           "没有良好数值的时间：无效或可疑读数，以及未存储的采样。"));
    grid_begin(&grid, r->s, COLUMNS(columns));
    json_array_foreach(gaps, i, gap)
    {
        gap_row(r, &grid, gap);
    }
    grid_end(&grid);
}
