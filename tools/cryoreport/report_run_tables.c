/* report_run_tables.c - a run's steps, notes, and the runs before it. */
#include <string.h>

#include "facts_internal.h"
#include "report_run.h"
#include "run_chart.h"
#include "words.h"

#define COLUMNS(columns) (columns), sizeof(columns) / sizeof((columns)[0])

/* ---------------------------------------------------------------- steps */

/* Is one of the reasons about that, of that step? */
/* Is one of the verdict's reasons about that, of that step (from 1)? */
static bool is_blamed(const struct report *r, const char *why, size_t step)
{
    size_t i;
    const json_t *reason;
    json_array_foreach(json_object_get(json_object_get(r->facts, "verdict"), "reasons"), i, reason)
    {
        if (strcmp(facts_text_of(reason, "why"), why) == 0 && report_number(reason, "step") == (double)step)
            return true;
    }
    return false;
}

static void step_name(const struct report *r, const json_t *step, char *text, size_t cap)
{
    struct ctl *ctl = r->ctl;
    const char *kind = facts_text_of(step, "kind");
    const char *of = json_is_true(json_object_get(step, "of_sample")) ? tr(ctl, " (sample)", "（样品）") : "";
    double target = report_number(step, "target");
    (void)snprintf(text, cap,
                   strcmp(kind, "ramp") == 0     ? tr(ctl, "ramp to %.4g °C%s", "变温至 %.4g °C%s")
                   : strcmp(kind, "seed") == 0   ? tr(ctl, "seed at %.4g °C%s", "植冰 %.4g °C%s")
                   : strcmp(kind, "plunge") == 0 ? tr(ctl, "plunge, %.4g °C%s", "投入液氮，%.4g °C%s")
                                                 : tr(ctl, "hold %.4g °C%s", "保持 %.4g °C%s"),
                   target, of);
}

static void rates(const struct report *r, const json_t *step, size_t n, char planned[REPORT_TEXT_MAX],
                  char actual[REPORT_TEXT_MAX])
{
    char one[REPORT_TEXT_MAX];
    report_run_amount(json_object_get(step, "per_minute"), 2, "", planned);
    if (json_is_number(json_object_get(step, "rate_tolerance"))) {
        (void)snprintf(one, sizeof one, " ± %.4g", report_number(step, "rate_tolerance"));
        report_add(planned, REPORT_TEXT_MAX, one);
    }
    report_run_amount(json_object_get(step, "rate"), 2, "", actual);
    report_add(actual, REPORT_TEXT_MAX, is_blamed(r, "rate", n) ? " *" : "");
}

static void durations(const struct report *r, const json_t *step, char planned[REPORT_TEXT_MAX],
                      char actual[REPORT_TEXT_MAX])
{
    const json_t *plan = json_object_get(step, "planned_seconds");
    char one[REPORT_TEXT_MAX];
    if (json_is_number(plan))
        report_duration(r, planned, json_number_value(plan));
    else
        (void)snprintf(planned, REPORT_TEXT_MAX, REPORT_RUN_NONE);
    if (json_is_true(json_object_get(step, "not_seen")))
        (void)snprintf(actual, REPORT_TEXT_MAX, "%s", tr(r->ctl, "not seen", "未见"));
    else if (!json_is_true(json_object_get(step, "reached")))
        (void)snprintf(actual, REPORT_TEXT_MAX, "%s", tr(r->ctl, "not reached", "未到达"));
    else if (json_is_true(json_object_get(step, "partly_seen")))
        (void)snprintf(actual, REPORT_TEXT_MAX, "≥ %.200s",
                       report_duration(r, one, report_number(step, "seconds")));
    else
        report_duration(r, actual, report_number(step, "seconds"));
}

/* "+0.8 / -1.2" */
static void extremes(const struct report *r, const json_t *step, size_t n, char text[REPORT_TEXT_MAX])
{
    if (!json_is_number(json_object_get(step, "warmer"))) {
        (void)snprintf(text, REPORT_TEXT_MAX, REPORT_RUN_NONE);
        return;
    }
    (void)snprintf(text, REPORT_TEXT_MAX, "%+.1f / %+.1f%s", report_number(step, "warmer"),
                   report_number(step, "colder"), is_blamed(r, "deviation", n) ? " *" : "");
}

static void outside(const struct report *r, const json_t *step, char text[REPORT_TEXT_MAX])
{
    char one[REPORT_TEXT_MAX];
    if (!json_is_number(json_object_get(step, "tolerance")) ||
        !json_is_true(json_object_get(step, "reached")))
        (void)snprintf(text, REPORT_TEXT_MAX, REPORT_RUN_NONE);
    else
        (void)snprintf(text, REPORT_TEXT_MAX, tr(r->ctl, "%s (±%.4g)", "%s（±%.4g）"),
                       report_duration(r, one, report_number(step, "outside_seconds")),
                       report_number(step, "tolerance"));
}

/* Of a step about the sample, the further probes. */
static void other_samples(struct report *r, struct grid *grid, const json_t *step)
{
    size_t i;
    const json_t *one;
    json_array_foreach(json_object_get(step, "samples"), i, one)
    {
        char name[REPORT_TEXT_MAX], rate[REPORT_TEXT_MAX], most[REPORT_TEXT_MAX], rms[REPORT_TEXT_MAX],
            out[REPORT_TEXT_MAX];
        (void)snprintf(name, sizeof name, tr(r->ctl, "sample %.0f", "样品 %.0f"),
                       report_number(one, "sample"));
        report_run_amount(json_object_get(one, "rate"), 2, "", rate);
        report_run_amount(json_object_get(one, "rms"), 2, "", rms);
        report_duration(r, out, report_number(one, "outside_seconds"));
        extremes(r, one, 0, most);
        grid_row(grid, (const char *[]){"", name, "", rate, "", "", most, rms, out, ""});
    }
}

static void step_row(struct report *r, struct grid *grid, const json_t *step, size_t n)
{
    char number[24], name[REPORT_TEXT_MAX], rate[REPORT_TEXT_MAX], measured[REPORT_TEXT_MAX],
        planned[REPORT_TEXT_MAX], took[REPORT_TEXT_MAX], most[REPORT_TEXT_MAX], rms[REPORT_TEXT_MAX],
        out[REPORT_TEXT_MAX], setpoint[REPORT_TEXT_MAX];
    (void)snprintf(number, sizeof number, "%zu", n);
    step_name(r, step, name, sizeof name);
    rates(r, step, n, rate, measured);
    durations(r, step, planned, took);
    extremes(r, step, n, most);
    outside(r, step, out);
    report_run_amount(json_object_get(step, "setpoint"), 1, "", setpoint);
    report_add(setpoint, sizeof setpoint, is_blamed(r, "setpoint", n) ? " *" : "");
    report_run_amount(json_object_get(step, "rms"), 2, "", rms);
    grid_row(grid, (const char *[]){number, name, rate, measured, planned, took, most, rms, out, setpoint});
    other_samples(r, grid, step);
}

/* On the one page those that nothing was wrong with give way first. */
static bool is_left_out(const struct report *r, size_t i, size_t n)
{
    static const size_t most[] = {32, 20, 14, 9, 6, 4};
    bool blamed = is_blamed(r, "rate", i + 1) || is_blamed(r, "deviation", i + 1) ||
                  is_blamed(r, "setpoint", i + 1) || is_blamed(r, "overshoot", i + 1);
    size_t room =
        r->brief ? most[r->squeeze <= REPORT_RUN_SQUEEZE_MOST ? r->squeeze : REPORT_RUN_SQUEEZE_MOST] : n;
    return n > room && (i >= 2 * room || (!blamed && i >= room / 2));
}

void report_run_steps(struct report *r)
{
    const json_t *steps = json_object_get(r->facts, "steps"), *step;
    struct ctl *ctl = r->ctl;
    const struct grid_column columns[] = {
        {"", 0.28, true, false},
        {tr(ctl, "Step", "步骤"), 1.35, false, true},
        {tr(ctl, "Planned\nK/min", "计划速率\nK/分"), 0.95, true, false},
        {tr(ctl, "Measured\nK/min", "实际速率\nK/分"), 0.78, true, false},
        {tr(ctl, "Time\nplanned", "计划\n用时"), 0.95, true, false},
        {tr(ctl, "Time\ntaken", "实际\n用时"), 0.95, true, false},
        {tr(ctl, "Most off\nK", "最大偏差\nK"), 0.95, true, false},
        {tr(ctl, "RMS\nK", "均方根\nK"), 0.6, true, false},
        {tr(ctl, "Outside tolerance", "超容差时间"), 0.95, true, false},
        {tr(ctl, "Setpoint at end", "结束设定值"), 0.8, true, false},
    };
    size_t i, left_out = 0;
    char text[128];
    struct grid grid;
    if (json_array_size(steps) == 0)
        return;
    report_run_section(r, tr(ctl, "Steps", "步骤"), 50);
    grid_begin(&grid, r->s, COLUMNS(columns));
    json_array_foreach(steps, i, step)
    {
        if (is_left_out(r, i, json_array_size(steps)))
            left_out++;
        else
            step_row(r, &grid, step, i + 1);
    }
    grid_end(&grid);
    if (left_out > 0) {
        (void)snprintf(
            text, sizeof text,
            tr(ctl, "%zu more steps stand in the report of the run.", "另有 %zu 个步骤，见运行报告。"),
            left_out);
        sheet_paragraph(r->s, SHEET_BOLD, text);
    }
    if (!r->brief)
        sheet_paragraph(
            r->s, SHEET_FAINT,
            tr(ctl,
               "Most off: warmer / colder than it should have been. * outside its limit, see the verdict. "
               "Rates are lines of least squares through the readings of the step.",
               "最大偏差：偏暖／偏冷。* 超出限值，见判定。速率为该步骤读数的最小二乘直线。"));
}

/* ---------------------------------------------------------------- earlier runs */

static void earlier_row(struct report *r, struct grid *grid, const json_t *one)
{
    char begin[REPORT_TEXT_MAX], took[REPORT_TEXT_MAX], rms[REPORT_TEXT_MAX] = "", most[REPORT_TEXT_MAX] = "",
                                                        at[REPORT_TEXT_MAX], seen[REPORT_TEXT_MAX] = "";
    const json_t *distance = json_object_get(one, "distance");
    if (distance != NULL) {
        (void)snprintf(rms, sizeof rms, "%.2f", report_number(distance, "rms"));
        (void)snprintf(most, sizeof most, tr(r->ctl, "%.2f, after %s", "%.2f，开始后 %s"),
                       report_number(distance, "most"),
                       report_duration(r, at, report_number(distance, "most_at_seconds")));
        (void)snprintf(seen, sizeof seen, "%.1f %%", report_number(distance, "percent"));
    }
    grid_row(grid, (const char *[]){facts_text_of(one, "run"), report_time_of(r, begin, one, "begin"),
                                    json_is_number(json_object_get(one, "seconds"))
                                        ? report_duration(r, took, report_number(one, "seconds"))
                                        : REPORT_RUN_NONE,
                                    distance != NULL ? rms : REPORT_RUN_NONE,
                                    distance != NULL ? most : tr(r->ctl, "not known", "未知"),
                                    distance != NULL ? seen : REPORT_RUN_NONE});
}

void report_run_earlier(struct report *r)
{
    const json_t *earlier = json_object_get(r->facts, "earlier"), *one;
    struct ctl *ctl = r->ctl;
    const struct grid_column columns[] = {
        {tr(ctl, "Earlier run", "以往运行"), 1.7, false, false},
        {tr(ctl, "Begin", "开始"), 1.4, false, false},
        {tr(ctl, "Took", "用时"), 0.9, true, false},
        {tr(ctl, "RMS, K", "均方根距离，K"), 0.9, true, true},
        {tr(ctl, "Most, K", "最大，K"), 1.6, true, false},
        {tr(ctl, "Compared", "可比部分"), 0.8, true, false},
    };
    size_t i;
    struct grid grid;
    if (json_array_size(earlier) == 0) {
        report_run_section(r, tr(ctl, "Beside earlier runs", "与以往运行比较"), 20);
        sheet_paragraph(r->s, SHEET_BODY,
                        tr(ctl, "The record has no earlier accepted run of this program in this freezer.",
                           "记录中没有此设备以往已接受的同一程序运行。"));
        return;
    }
    report_run_section(
        r, tr(ctl, "Beside earlier accepted runs of the same program", "与以往已接受的同一程序运行比较"),
        190);
    run_chart_earlier(r->s, r->facts, 120);
    grid_begin(&grid, r->s, COLUMNS(columns));
    json_array_foreach(earlier, i, one)
    {
        earlier_row(r, &grid, one);
    }
    grid_end(&grid);
    sheet_paragraph(
        r->s, SHEET_FAINT,
        tr(ctl,
           "Grey: the earlier runs, from their begin, as means of some seconds. Distance: between the "
           "samples' curves (the chambers', where there is no sample).",
           "灰色：以往运行，自其开始起，为数秒均值。距离：样品曲线之间（无样品探头时为腔体曲线）。"));
}

/* ---------------------------------------------------------------- notes and decisions */

void report_run_notes(struct report *r)
{
    const json_t *notes = json_object_get(r->facts, "notes"), *one;
    struct ctl *ctl = r->ctl;
    const struct grid_column columns[] = {
        {tr(ctl, "Noted", "记录时间"), 1.2, false, false},
        {tr(ctl, "By", "记录人"), 1, false, false},
        {tr(ctl, "Note", "备注"), 4, false, false},
    };
    size_t i;
    struct grid grid;
    report_run_section(r, tr(ctl, "Notes", "备注"), json_array_size(notes) > 0 ? 60 : 20);
    if (json_array_size(notes) == 0) {
        sheet_paragraph(r->s, SHEET_BODY, tr(ctl, "None.", "无。"));
        return;
    }
    grid_begin(&grid, r->s, COLUMNS(columns));
    json_array_foreach(notes, i, one)
    {
        char at[REPORT_TEXT_MAX];
        grid_row(&grid, (const char *[]){report_time_of(r, at, one, "time"), facts_text_of(one, "who"),
                                         facts_text_of(one, "note")});
    }
    grid_end(&grid);
}

void report_run_decisions(struct report *r)
{
    const json_t *all = json_object_get(r->facts, "decisions"), *one;
    struct ctl *ctl = r->ctl;
    const struct grid_column columns[] = {
        {tr(ctl, "Decided", "决定时间"), 1.2, false, false},
        {tr(ctl, "By", "决定人"), 1, false, false},
        {tr(ctl, "Decision", "决定"), 0.8, false, true},
        {tr(ctl, "Reason", "理由"), 3.2, false, false},
    };
    size_t i;
    struct grid grid;
    if (json_array_size(all) < 2)
        return;
    sheet_paragraph(r->s, SHEET_BOLD,
                    tr(ctl, "All decisions; the last one counts", "全部决定；以最后一次为准"));
    grid_begin(&grid, r->s, COLUMNS(columns));
    json_array_foreach(all, i, one)
    {
        char at[REPORT_TEXT_MAX];
        bool accepted = strcmp(facts_text_of(one, "decision"), "accepted") == 0;
        grid_row(&grid, (const char *[]){report_time_of(r, at, one, "time"), facts_text_of(one, "by"),
                                         accepted ? tr(ctl, "accepted", "接受") : tr(ctl, "rejected", "拒绝"),
                                         facts_text_of(one, "reason")});
    }
    grid_end(&grid);
}
