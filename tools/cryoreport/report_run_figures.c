/* report_run_figures.c - a run in figures, and the limits of its program. */
#include <math.h>
#include <string.h>

#include "facts_internal.h"
#include "report_run.h"
#include "run_chart.h"
#include "words.h"

#define COLUMNS(columns) (columns), sizeof(columns) / sizeof((columns)[0])

/* "-8.2 °C", or what says that it is not known. */
const char *report_run_amount(const json_t *number, int decimals, const char *unit,
                              char text[REPORT_TEXT_MAX])
{
    if (!json_is_number(number))
        (void)snprintf(text, REPORT_TEXT_MAX, REPORT_RUN_NONE);
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
    double room = f->width * (f->width < 200 ? 0.53 : 0.47);
    PangoLayout *left = sheet_layout(s, SHEET_CELL_BOLD, key, room - 6, SHEET_START);
    PangoLayout *right = sheet_layout(s, SHEET_CELL, value, f->width - room, SHEET_START);
    sheet_draw(s, left, SHEET_CELL_BOLD, f->x, f->y);
    sheet_draw(s, right, SHEET_CELL, f->x + room, f->y);
    f->y += fmax(sheet_height_of(left), sheet_height_of(right)) + (f->r->brief ? 0.5 : 2);
    g_object_unref(left);
    g_object_unref(right);
}

/* Of one of several probes in three lines: they share the page. */
static void sample_figures(struct figures *f, const json_t *sample)
{
    struct ctl *ctl = f->r->ctl;
    const json_t *ice = json_object_get(sample, "ice"), *plateau = json_object_get(ice, "plateau_seconds");
    char text[REPORT_TEXT_MAX * 5], onset[REPORT_TEXT_MAX], depth[REPORT_TEXT_MAX], peak[REPORT_TEXT_MAX],
        long_for[REPORT_TEXT_MAX] = REPORT_RUN_NONE, last[REPORT_TEXT_MAX];
    if (json_is_number(plateau))
        report_duration(f->r, long_for, json_number_value(plateau));
    report_run_amount(json_object_get(sample, "last"), 1, "°C", last);
    if (json_is_true(json_object_get(ice, "seen")))
        (void)snprintf(text, sizeof text,
                       tr(ctl, "ice at %s%s, supercooled %s, peak %s, plateau %s; at the end %s",
                          "结冰 %s%s，过冷 %s，峰值 %s，平台 %s；结束时 %s"),
                       report_run_amount(json_object_get(ice, "onset"), 2, "°C", onset),
                       json_is_true(json_object_get(ice, "uncertain")) ? tr(ctl, " (uncertain)", "（不确定）")
                                                                       : "",
                       report_run_amount(json_object_get(ice, "supercooling"), 2, "K", depth),
                       report_run_amount(json_object_get(ice, "peak"), 2, "°C", peak), long_for, last);
    else
        (void)snprintf(text, sizeof text, tr(ctl, "%s; at the end %s", "%s；结束时 %s"),
                       json_is_true(json_object_get(ice, "may_be_hidden"))
                           ? tr(ctl, "ice not seen, but it may have been hidden", "未见结冰，但可能被掩盖")
                           : tr(ctl, "no ice was seen", "未见结冰"),
                       last);
    (void)snprintf(onset, sizeof onset, "%.0f  %.80s", report_number(sample, "number"),
                   report_bilingual(f->r, sample, "name"));
    figure(f, onset, text);
}

static void ice_figures(struct figures *f, const json_t *run)
{
    struct ctl *ctl = f->r->ctl;
    const json_t *ice = json_object_get(run, "ice"), *samples = json_object_get(run, "samples"), *sample;
    size_t k;
    if (json_array_size(samples) > 1) {
        json_array_foreach(samples, k, sample)
        {
            sample_figures(f, sample);
        }
        return;
    }
    char text[REPORT_TEXT_MAX * 3], one[REPORT_TEXT_MAX], time[REPORT_TEXT_MAX];
    bool uncertain = json_is_true(json_object_get(ice, "uncertain"));
    if (!json_is_true(json_object_get(ice, "seen"))) {
        figure(f, tr(ctl, "Ice", "结冰"),
               !json_is_true(json_object_get(run, "has_sample"))
                   ? tr(ctl, "not known: there is no sample probe", "未知：没有样品探头")
               : json_is_true(json_object_get(ice, "may_be_hidden")) ||
                       !json_is_true(json_object_get(run, "begin_known"))
                   ? tr(ctl, "not seen, but it may have been hidden", "未观察到，但可能被掩盖")
                   : tr(ctl, "none was seen", "未观察到"));
        return;
    }
    (void)snprintf(text, sizeof text, "%s%s%s",
                   report_run_amount(json_object_get(ice, "onset"), 2, "°C", one),
                   uncertain ? tr(ctl, " (uncertain)", "（不确定）") : "", "");
    report_add(text, sizeof text, "\n");
    report_add(text, sizeof text, report_time_of(f->r, time, ice, "onset_time"));
    figure(f, tr(ctl, "Onset of ice", "结冰起始"), text);
    figure(f, tr(ctl, "Supercooling", "过冷度"),
           report_run_amount(json_object_get(ice, "supercooling"), 2, "K", one));
    figure(f, tr(ctl, "Peak", "峰值"), report_run_amount(json_object_get(ice, "peak"), 2, "°C", one));
    const json_t *plateau = json_object_get(ice, "plateau_seconds");
    figure(f, tr(ctl, "Plateau", "平台"),
           json_is_number(plateau) ? report_duration(f->r, one, json_number_value(plateau))
                                   : REPORT_RUN_NONE);
}

static void time_figure(struct figures *f, const json_t *run)
{
    struct ctl *ctl = f->r->ctl;
    const json_t *way = json_object_get(run, "zero_to_minus_40_seconds");
    char text[2 * REPORT_TEXT_MAX], one[REPORT_TEXT_MAX], within[REPORT_TEXT_MAX];
    (void)snprintf(text, sizeof text, "%s",
                   json_is_number(way) ? report_duration(f->r, one, json_number_value(way))
                                       : REPORT_RUN_NONE);
    if (json_is_number(way) && report_number(run, "zero_to_minus_40_within_seconds") >= 5) {
        (void)snprintf(text, sizeof text, tr(ctl, "%s (to within %s)", "%s（误差 %s 内）"), one,
                       report_duration(f->r, within, report_number(run, "zero_to_minus_40_within_seconds")));
    }
    figure(f, tr(ctl, "Sample 0 to -40 °C", "样品 0 至 -40 °C"), text);
}

static void other_figures(struct figures *f, const json_t *run)
{
    struct ctl *ctl = f->r->ctl;
    char one[REPORT_TEXT_MAX];
    figure(f, tr(ctl, "Overshoot, most", "最大过冲"),
           report_run_amount(json_object_get(run, "overshoot"), 2, "K", one));
    figure(f, tr(ctl, "RMS deviation", "全程均方根偏差"),
           report_run_amount(json_object_get(run, "rms"), 2, "K", one));
    figure(f,
           json_array_size(json_object_get(run, "samples")) > 1
               ? tr(ctl, "Warmest at the end", "结束时最暖样品")
               : tr(ctl, "Sample at the end", "结束时样品温度"),
           report_run_amount(json_object_get(run, "last_sample"), 1, "°C", one));
    figure(f, tr(ctl, "Chamber at the end", "结束时腔体温度"),
           report_run_amount(json_object_get(run, "last_chamber"), 1, "°C", one));
}

/* Of a run that went on already when it was first seen, what was before is not known. */
static bool saw_all(const json_t *run)
{
    return json_is_true(json_object_get(run, "begin_known"));
}

static const char *none_seen(const struct ctl *ctl)
{
    return tr(ctl, "none seen; the begin was not", "未见；开始阶段未见到");
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
                       json_is_true(json_object_get(one, "known")) && saw_all(run)
                           ? ""
                           : tr(ctl, " at least", "（至少）"));
    else if (json_is_true(json_object_get(one, "known")) && !saw_all(run))
        (void)snprintf(text, sizeof text, "%s", none_seen(ctl));
    else
        (void)snprintf(text, sizeof text, "%s",
                       json_is_true(json_object_get(one, "known"))
                           ? tr(ctl, "never", "无")
                           : tr(ctl, "not known: not read throughout", "未知：未全程读取"));
    figure(f, title, text);
}

static void gap_figures(struct figures *f, const json_t *run)
{
    struct ctl *ctl = f->r->ctl;
    char text[3 * REPORT_TEXT_MAX], one[REPORT_TEXT_MAX], two[REPORT_TEXT_MAX];
    (void)snprintf(text, sizeof text, tr(ctl, "%.0f, together %s, the longest %s", "%.0f 处，共 %s，最长 %s"),
                   report_number(run, "gaps"), report_duration(f->r, one, report_number(run, "gap_seconds")),
                   report_duration(f->r, two, report_number(run, "longest_gap_seconds")));
    figure(f, tr(ctl, "Gaps of the chamber", "腔体数据缺口"),
           report_number(run, "gaps") > 0 ? text
           : saw_all(run)                 ? tr(ctl, "none", "无")
                                          : none_seen(ctl));
    if (report_number(run, "uncertain_seconds") > 0)
        figure(f, tr(ctl, "Doubted by the device", "设备自身存疑"),
               report_duration(f->r, one, report_number(run, "uncertain_seconds")));
    switch_figure(f, run, "lid", tr(ctl, "Lid open", "开盖"));
    switch_figure(f, run, "power", tr(ctl, "Power off", "断电"));
}

/* Three columns without a chart, on the one page. */
static double in_columns(struct report *r, const json_t *run)
{
    const double third = (SHEET_RIGHT - SHEET_LEFT) / 3, top = r->s->y;
    struct figures f = {.r = r, .x = SHEET_LEFT, .width = third - 6, .y = top};
    double end;
    ice_figures(&f, run);
    time_figure(&f, run);
    end = f.y;
    f.x += third;
    f.y = top;
    other_figures(&f, run);
    end = fmax(end, f.y);
    f.x += third;
    f.y = top;
    gap_figures(&f, run);
    return fmax(end, f.y);
}

void report_run_figures(struct report *r)
{
    const json_t *run = json_object_get(r->facts, "run");
    struct ctl *ctl = r->ctl;
    struct sheet *s = r->s;
    const double half = (SHEET_RIGHT - SHEET_LEFT) / 2, height = 158;
    report_run_section(
        r, r->brief ? tr(ctl, "Figures", "主要数据") : tr(ctl, "Ice and figures", "结冰与主要数据"),
        height + 4);
    if (r->brief || !run_chart_ice(s, r->facts, SHEET_LEFT, half + 20, height)) {
        s->y = in_columns(r, run) + 2;
        return;
    }
    struct figures f = {.r = r, .x = SHEET_LEFT + half + 34, .width = half - 34, .y = s->y};
    ice_figures(&f, run);
    time_figure(&f, run);
    other_figures(&f, run);
    gap_figures(&f, run);
    s->y = fmax(f.y, s->y + height) + 2;
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
        report_run_amount(value, 2, unit, text);
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
    char name[REPORT_TEXT_MAX];
    (void)snprintf(name, sizeof name, "%s", limit_words(r, facts_text_of(one, "of")));
    if (json_is_integer(json_object_get(one, "sample")))
        (void)snprintf(name, sizeof name, tr(ctl, "%s, sample %.0f", "%s，样品 %.0f"),
                       limit_words(r, facts_text_of(one, "of")), report_number(one, "sample"));
    grid_row(grid, (const char *[]){name, limit, value,
                                    strcmp(judged, "within") == 0    ? tr(ctl, "within", "符合")
                                    : strcmp(judged, "outside") == 0 ? tr(ctl, "OUTSIDE", "超出")
                                    : strcmp(judged, "not-yet") == 0 ? tr(ctl, "not yet", "尚未判定")
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
    report_run_section(r, tr(ctl, "The program's limits", "程序限值"), 50);
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
