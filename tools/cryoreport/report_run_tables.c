/* report_run_tables.c - a run's figures, steps, notes, and the runs before it. */
#include <math.h>
#include <string.h>

#include "facts_internal.h"
#include "report_run.h"
#include "run_chart.h"
#include "words.h"

#define COLUMNS(columns) (columns), sizeof(columns) / sizeof((columns)[0])
#define NONE             "–"

/* "-8.2 °C", or what says that it is not known. */
static const char *amount(const json_t *number, int decimals, const char *unit, char text[REPORT_TEXT_MAX])
{
    if (!json_is_number(number))
        (void)snprintf(text, REPORT_TEXT_MAX, NONE);
    else
        (void)snprintf(text, REPORT_TEXT_MAX, "%.*f%s%s", decimals, json_number_value(number),
                       unit[0] != '\0' ? " " : "", unit);
    return text;
}

/* ---------------------------------------------------------------- figures */

struct figures {
    struct report *r;
    double x, width, y;
};

static void figure(struct figures *f, const char *key, const char *value)
{
    struct sheet *s = f->r->s;
    double room = f->width * 0.47;
    PangoLayout *left = sheet_layout(s, SHEET_CELL_BOLD, key, room - 6, SHEET_START);
    PangoLayout *right = sheet_layout(s, SHEET_CELL, value, f->width - room, SHEET_START);
    sheet_draw(s, left, SHEET_CELL_BOLD, f->x, f->y);
    sheet_draw(s, right, SHEET_CELL, f->x + room, f->y);
    f->y += fmax(sheet_height_of(left), sheet_height_of(right)) + 2;
    g_object_unref(left);
    g_object_unref(right);
}

static void ice_figures(struct figures *f, const json_t *run)
{
    struct ctl *ctl = f->r->ctl;
    const json_t *ice = json_object_get(run, "ice");
    char text[REPORT_TEXT_MAX * 3], one[REPORT_TEXT_MAX], time[REPORT_TEXT_MAX];
    bool uncertain = json_is_true(json_object_get(ice, "uncertain"));
    if (!json_is_true(json_object_get(ice, "seen"))) {
        figure(f, tr(ctl, "Ice", "结冰"),
               !json_is_true(json_object_get(run, "has_sample"))
                   ? tr(ctl, "not known: there is no sample probe", "未知：没有样品探头")
               : json_is_true(json_object_get(ice, "may_be_hidden"))
                   ? tr(ctl, "not seen, but it may have been hidden", "未观察到，但可能被掩盖")
                   : tr(ctl, "none was seen", "未观察到"));
        return;
    }
    (void)snprintf(text, sizeof text, "%s%s%s", amount(json_object_get(ice, "onset"), 2, "°C", one),
                   uncertain ? tr(ctl, " (uncertain)", "（不确定）") : "", "");
    report_add(text, sizeof text, "\n");
    report_add(text, sizeof text, report_time_of(f->r, time, ice, "onset_time"));
    figure(f, tr(ctl, "Onset of ice", "结冰起始"), text);
    figure(f, tr(ctl, "Supercooling", "过冷度"), amount(json_object_get(ice, "supercooling"), 2, "K", one));
    figure(f, tr(ctl, "Peak", "峰值"), amount(json_object_get(ice, "peak"), 2, "°C", one));
    const json_t *plateau = json_object_get(ice, "plateau_seconds");
    figure(f, tr(ctl, "Plateau", "平台"),
           json_is_number(plateau) ? report_duration(f->r, one, json_number_value(plateau)) : NONE);
}

static void time_figure(struct figures *f, const json_t *run)
{
    struct ctl *ctl = f->r->ctl;
    const json_t *way = json_object_get(run, "zero_to_minus_40_seconds");
    char text[2 * REPORT_TEXT_MAX], one[REPORT_TEXT_MAX], within[REPORT_TEXT_MAX];
    (void)snprintf(text, sizeof text, "%s",
                   json_is_number(way) ? report_duration(f->r, one, json_number_value(way)) : NONE);
    if (json_is_number(way) && report_number(run, "zero_to_minus_40_within_seconds") >= 5) {
        (void)snprintf(text, sizeof text, tr(ctl, "%s (to within %s)", "%s（误差 %s 内）"), one,
                       report_duration(f->r, within, report_number(run, "zero_to_minus_40_within_seconds")));
    }
    figure(f, tr(ctl, "Sample 0 to -40 °C", "样品 0 至 -40 °C"), text);
}

static void other_figures(struct figures *f, const json_t *run)
{
    struct ctl *ctl = f->r->ctl;
    char text[2 * REPORT_TEXT_MAX], one[REPORT_TEXT_MAX], two[REPORT_TEXT_MAX];
    figure(f, tr(ctl, "Overshoot, most", "最大过冲"), amount(json_object_get(run, "overshoot"), 2, "K", one));
    figure(f, tr(ctl, "Deviation, RMS of the run", "全程均方根偏差"),
           amount(json_object_get(run, "rms"), 2, "K", one));
    figure(f, tr(ctl, "At the end: sample", "结束时样品温度"),
           amount(json_object_get(run, "last_sample"), 1, "°C", one));
    figure(f, tr(ctl, "At the end: chamber", "结束时腔体温度"),
           amount(json_object_get(run, "last_chamber"), 1, "°C", one));
    (void)snprintf(text, sizeof text, tr(ctl, "%.0f, together %s, the longest %s", "%.0f 处，共 %s，最长 %s"),
                   report_number(run, "gaps"), report_duration(f->r, one, report_number(run, "gap_seconds")),
                   report_duration(f->r, two, report_number(run, "longest_gap_seconds")));
    figure(f, tr(ctl, "Gaps of the chamber", "腔体数据缺口"),
           report_number(run, "gaps") > 0 ? text : tr(ctl, "none", "无"));
    if (report_number(run, "uncertain_seconds") > 0)
        figure(f, tr(ctl, "Doubted by the device", "设备自身存疑"),
               report_duration(f->r, one, report_number(run, "uncertain_seconds")));
}

/* "2 times, together 1 min 10 s" */
static void switch_figure(struct figures *f, const json_t *run, const char *which, const char *title)
{
    struct ctl *ctl = f->r->ctl;
    const json_t *one = json_object_get(run, which);
    char text[2 * REPORT_TEXT_MAX], time[REPORT_TEXT_MAX];
    double n = report_number(one, "times");
    if (n > 0)
        (void)snprintf(text, sizeof text,
                       n > 1 ? tr(ctl, "%.0f times, together %s%s", "%.0f 次，共 %s%s")
                             : tr(ctl, "%.0f time, %s%s", "%.0f 次，%s%s"),
                       n, report_duration(f->r, time, report_number(one, "seconds")),
                       json_is_true(json_object_get(one, "known")) ? "" : tr(ctl, " at least", "（至少）"));
    else
        (void)snprintf(text, sizeof text, "%s",
                       json_is_true(json_object_get(one, "known"))
                           ? tr(ctl, "never", "无")
                           : tr(ctl, "not known: not read throughout", "未知：未全程读取"));
    figure(f, title, text);
}

void report_run_figures(struct report *r)
{
    const json_t *run = json_object_get(r->facts, "run");
    struct ctl *ctl = r->ctl;
    struct sheet *s = r->s;
    const double half = (SHEET_RIGHT - SHEET_LEFT) / 2, height = 158;
    sheet_section(s, r->brief ? tr(ctl, "Figures", "主要数据") : tr(ctl, "Ice and figures", "结冰与主要数据"),
                  r->brief ? 90 : height + 4);
    const bool chart = !r->brief && run_chart_ice(s, r->facts, SHEET_LEFT, half + 20, height);
    struct figures f = {.r = r,
                        .x = chart ? SHEET_LEFT + half + 34 : SHEET_LEFT,
                        .width = chart ? half - 34 : half - 10,
                        .y = s->y};
    double end;
    ice_figures(&f, run);
    time_figure(&f, run);
    end = f.y;
    if (!chart) /* the other half beside it */
        f = (struct figures){.r = r, .x = SHEET_LEFT + half + 10, .width = half - 10, .y = s->y};
    other_figures(&f, run);
    switch_figure(&f, run, "lid", tr(ctl, "Lid open", "开盖"));
    switch_figure(&f, run, "power", tr(ctl, "Power off", "断电"));
    s->y = fmax(fmax(end, f.y), chart ? s->y + height : 0) + 2;
}

/* ---------------------------------------------------------------- steps */

/* Is one of the reasons about that, of that step? */
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
    amount(json_object_get(step, "per_minute"), 2, "", planned);
    if (json_is_number(json_object_get(step, "rate_tolerance"))) {
        (void)snprintf(one, sizeof one, " ± %.4g", report_number(step, "rate_tolerance"));
        report_add(planned, REPORT_TEXT_MAX, one);
    }
    amount(json_object_get(step, "rate"), 2, "", actual);
    report_add(actual, REPORT_TEXT_MAX, is_blamed(r, "rate", n) ? " *" : "");
}

static void durations(const struct report *r, const json_t *step, char planned[REPORT_TEXT_MAX],
                      char actual[REPORT_TEXT_MAX])
{
    const json_t *plan = json_object_get(step, "planned_seconds");
    if (json_is_number(plan))
        report_duration(r, planned, json_number_value(plan));
    else
        (void)snprintf(planned, REPORT_TEXT_MAX, NONE);
    if (!json_is_true(json_object_get(step, "reached")))
        (void)snprintf(actual, REPORT_TEXT_MAX, "%s", tr(r->ctl, "not reached", "未到达"));
    else
        report_duration(r, actual, report_number(step, "seconds"));
}

/* "+0.8 / -1.2" */
static void extremes(const struct report *r, const json_t *step, size_t n, char text[REPORT_TEXT_MAX])
{
    if (!json_is_number(json_object_get(step, "warmer"))) {
        (void)snprintf(text, REPORT_TEXT_MAX, NONE);
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
        (void)snprintf(text, REPORT_TEXT_MAX, NONE);
    else
        (void)snprintf(text, REPORT_TEXT_MAX, tr(r->ctl, "%s (±%.4g)", "%s（±%.4g）"),
                       report_duration(r, one, report_number(step, "outside_seconds")),
                       report_number(step, "tolerance"));
}

static void step_row(struct report *r, struct grid *grid, const json_t *step, size_t n)
{
    char number[16], name[REPORT_TEXT_MAX], rate[REPORT_TEXT_MAX], measured[REPORT_TEXT_MAX],
        planned[REPORT_TEXT_MAX], took[REPORT_TEXT_MAX], most[REPORT_TEXT_MAX], rms[REPORT_TEXT_MAX],
        out[REPORT_TEXT_MAX], setpoint[REPORT_TEXT_MAX];
    (void)snprintf(number, sizeof number, "%zu", n);
    step_name(r, step, name, sizeof name);
    rates(r, step, n, rate, measured);
    durations(r, step, planned, took);
    extremes(r, step, n, most);
    outside(r, step, out);
    amount(json_object_get(step, "setpoint"), 1, "", setpoint);
    report_add(setpoint, sizeof setpoint, is_blamed(r, "setpoint", n) ? " *" : "");
    amount(json_object_get(step, "rms"), 2, "", rms);
    grid_row(grid, (const char *[]){number, name, rate, measured, planned, took, most, rms, out, setpoint});
}

void report_run_steps(struct report *r)
{
    const json_t *steps = json_object_get(r->facts, "steps"), *step;
    struct ctl *ctl = r->ctl;
    const struct grid_column columns[] = {
        {"", 0.28, true, false},
        {tr(ctl, "Step", "步骤"), 1.35, false, true},
        {tr(ctl, "Planned, K/min", "计划速率，K/分"), 0.95, true, false},
        {tr(ctl, "Measured", "实际速率"), 0.78, true, false},
        {tr(ctl, "Time planned", "计划用时"), 0.95, true, false},
        {tr(ctl, "Time taken", "实际用时"), 0.95, true, false},
        {tr(ctl, "Most off, K", "最大偏差，K"), 0.95, true, false},
        {tr(ctl, "RMS, K", "均方根，K"), 0.6, true, false},
        {tr(ctl, "Outside tolerance", "超容差时间"), 0.95, true, false},
        {tr(ctl, "Setpoint at end", "结束设定值"), 0.8, true, false},
    };
    size_t i;
    struct grid grid;
    if (json_array_size(steps) == 0)
        return;
    sheet_section(r->s, tr(ctl, "Steps", "步骤"), 50);
    grid_begin(&grid, r->s, COLUMNS(columns));
    json_array_foreach(steps, i, step)
    {
        step_row(r, &grid, step, i + 1);
    }
    grid_end(&grid);
    if (!r->brief)
        sheet_paragraph(
            r->s, SHEET_FAINT,
            tr(ctl,
               "Most off: warmer / colder than it should have been. * outside its limit, see the verdict. "
               "Rates are lines of least squares through the readings of the step.",
               "最大偏差：偏暖／偏冷。* 超出限值，见判定。速率为该步骤读数的最小二乘直线。"));
}

/* ---------------------------------------------------------------- limits */

static const char *limit_words(const struct report *r, const char *of)
{
    static const struct {
        const char *of, *en, *zh;
    } words[] = {{"deviation", "Deviation at any moment, either way", "任意时刻偏差（两侧）"},
                 {"rms-deviation", "Deviation of the run, root mean square", "全程均方根偏差"},
                 {"overshoot", "Overshoot beyond a ramp's target", "超过目标温度的过冲"},
                 {"outside-tolerance", "Time outside the steps' tolerances", "超出步骤容差的时间"},
                 {"gap", "Longest time without a reading", "最长数据缺口"},
                 {"onset", "Onset of ice", "结冰起始"},
                 {"supercooling", "Supercooling", "过冷度"},
                 {"plateau", "Plateau", "平台时间"},
                 {"zero-to-minus-40", "Sample from 0 to -40 °C", "样品 0 至 -40 °C"},
                 {"end-temperature", "Temperature at the end", "结束温度"},
                 {"lid-open", "Lid open", "开盖时间"},
                 {"power-off", "Without power", "断电时间"}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcmp(words[i].of, of) == 0)
            return tr(r->ctl, words[i].en, words[i].zh);
    return of;
}

static void limit_value(const struct report *r, const json_t *value, const char *unit,
                        char text[REPORT_TEXT_MAX])
{
    if (json_is_number(value) && strcmp(unit, "s") == 0)
        report_duration(r, text, json_number_value(value));
    else
        amount(value, 2, unit, text);
}

static void limit_row(struct report *r, struct grid *grid, const json_t *one)
{
    struct ctl *ctl = r->ctl;
    const char *unit = facts_text_of(one, "unit"), *judged = facts_text_of(one, "judged");
    char low[REPORT_TEXT_MAX], high[REPORT_TEXT_MAX], value[REPORT_TEXT_MAX], limit[2 * REPORT_TEXT_MAX + 32];
    bool has_low = json_is_number(json_object_get(one, "low")),
         has_high = json_is_number(json_object_get(one, "high"));
    limit_value(r, json_object_get(one, "low"), unit, low);
    limit_value(r, json_object_get(one, "high"), unit, high);
    limit_value(r, json_object_get(one, "value"), unit, value);
    if (has_low && has_high)
        (void)snprintf(limit, sizeof limit, tr(ctl, "%s to %s", "%s 至 %s"), low, high);
    else
        (void)snprintf(limit, sizeof limit,
                       has_low ? tr(ctl, "at least %s", "至少 %s") : tr(ctl, "at most %s", "至多 %s"),
                       has_low ? low : high);
    grid_row(grid, (const char *[]){limit_words(r, facts_text_of(one, "of")), limit, value,
                                    strcmp(judged, "within") == 0    ? tr(ctl, "within", "符合")
                                    : strcmp(judged, "outside") == 0 ? tr(ctl, "OUTSIDE", "超出")
                                                                     : tr(ctl, "not known", "未知")});
}

void report_run_limits(struct report *r)
{
    const json_t *limits = json_object_get(r->facts, "limits"), *one;
    struct ctl *ctl = r->ctl;
    const struct grid_column columns[] = {
        {tr(ctl, "Limit of", "限值项目"), 2.4, false, false},
        {tr(ctl, "Limit", "限值"), 1.8, true, false},
        {tr(ctl, "Measured", "实测"), 1.2, true, true},
        {tr(ctl, "Judged", "判定"), 0.8, false, true},
    };
    size_t i;
    struct grid grid;
    if (json_object_get(r->facts, "program") == NULL)
        return;
    sheet_section(r->s, tr(ctl, "The program's limits", "程序限值"), 50);
    if (json_array_size(limits) == 0) {
        sheet_paragraph(r->s, SHEET_WARNING,
                        tr(ctl, "The program has none of the run: only its steps' tolerances.",
                           "该程序没有全程限值，仅有步骤容差。"));
        return;
    }
    grid_begin(&grid, r->s, COLUMNS(columns));
    json_array_foreach(limits, i, one)
    {
        limit_row(r, &grid, one);
    }
    grid_end(&grid);
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
                                        : NONE,
                                    distance != NULL ? rms : NONE,
                                    distance != NULL ? most : tr(r->ctl, "not known", "未知"),
                                    distance != NULL ? seen : NONE});
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
        sheet_section(r->s, tr(ctl, "Beside earlier runs", "与以往运行比较"), 20);
        sheet_paragraph(r->s, SHEET_BODY,
                        tr(ctl, "The record has no earlier accepted run of this program in this freezer.",
                           "记录中没有此设备以往已接受的同一程序运行。"));
        return;
    }
    sheet_section(
        r->s, tr(ctl, "Beside earlier accepted runs of the same program", "与以往已接受的同一程序运行比较"),
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
    sheet_section(r->s, tr(ctl, "Notes", "备注"), 40);
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

/* Alarms and notes of the one page: how many, and the first ones by name. */
void report_run_events_in_brief(struct report *r)
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
    text[0] = '\0';
    json_array_foreach(notes, i, one)
    {
        if (i >= shown / 2)
            break;
        report_add(text, sizeof text - sizeof more, i > 0 ? tr(ctl, "; ", "；") : "");
        report_add(text, sizeof text - sizeof more, facts_text_of(one, "note"));
    }
    (void)snprintf(more, sizeof more, " … (%zu)", n);
    report_add(text, sizeof text, n > shown / 2 ? more : "");
    report_pair(r, tr(ctl, "Notes", "备注"), text, false);
}
