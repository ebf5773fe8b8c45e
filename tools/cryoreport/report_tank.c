/* report_tank.c - what was understood of a tank (or a supply, a freezer): boil-off and the time left with
 * their intervals, the vacuum, fills and nitrogen. Nothing here was read from a sensor, and what was not
 * known is said as such. */
#include <math.h>
#include <string.h>

#include "chart.h"
#include "facts_internal.h"
#include "report_internal.h"
#include "words.h"

#define COLUMNS(columns) (columns), sizeof(columns) / sizeof((columns)[0])

static bool has_values(const json_t *point)
{
    return json_array_size(json_object_get(json_object_get(point, "chart"), "index_minimum_mean_maximum")) >
           0;
}

static const json_t *bound(const struct report *r, const char *of, const char *which)
{
    size_t i;
    const json_t *point;
    json_array_foreach(json_object_get(r->facts, "points"), i, point)
    {
        if (strcmp(facts_text_of(point, "bound_of"), of) == 0 &&
            strcmp(facts_text_of(point, "bound"), which) == 0)
            return point;
    }
    return NULL;
}

/* ---------------------------------------------------------------- charts */

static void estimate(struct report *r, const char *id, const json_t *spans)
{
    const json_t *point = report_point(r, id);
    if (report_is_derived(point) && has_values(point))
        chart_estimate(r->s, r->facts, point, bound(r, id, "least"), bound(r, id, "most"), spans, 72);
}

static void charts(struct report *r)
{
    static const char *const times[] = {"time-to-low", "time-to-empty", "time-to-150",
                                        "drawn-day",   "days-left",     "run-deviation"};
    estimate(r, has_values(report_point(r, "boil-off")) ? "boil-off" : "boil-off-level", NULL);
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++)
        estimate(r, times[i], NULL);
    const json_t *spans = json_object_get(json_object_get(r->facts, "tank"), "vacuum");
    estimate(r, "vacuum-index", spans);
    if (json_array_size(spans) > 0)
        sheet_paragraph(r->s, SHEET_FAINT,
                        tr(r->ctl, "Yellow: the vacuum was to be watched; red: failing.",
                           "黄色：真空需关注；红色：失效中。"));
}

/* ---------------------------------------------------------------- what was known */

static void not_known(const struct report *r, const json_t *point, char *text, size_t cap)
{
    const json_t *count;
    const char *reason;
    char one[REPORT_TEXT_MAX];
    text[0] = '\0';
    json_object_foreach((json_t *)json_object_get(point, "bad_reasons"), reason, count)
    {
        snprintf(one, sizeof one, "%s%s (%lld)", text[0] != '\0' ? tr(r->ctl, ", ", "，") : "",
                 words_reason(r->ctl, reason), (long long)json_integer_value(count));
        report_add(text, cap, one);
    }
}

static void quantity_row(struct report *r, struct grid *grid, const json_t *point)
{
    const json_t *told = json_object_get(point, "told");
    char name[2 * REPORT_TEXT_MAX], low[REPORT_TEXT_MAX], mean[REPORT_TEXT_MAX], high[REPORT_TEXT_MAX],
        known[REPORT_TEXT_MAX], why[1024];
    double unknown = report_number(told, "not_known"), all = report_number(told, "known") + unknown;
    bool states = json_array_size(json_object_get(point, "states")) > 0;
    const char *unit = facts_text_of(point, "unit");
    snprintf(name, sizeof name, "%s%s%s%s", report_bilingual(r, point, "name"), unit[0] != '\0' ? " [" : "",
             unit, unit[0] != '\0' ? "]" : "");
    report_value(low, json_object_get(json_object_get(point, "minimum"), "value"), report_decimals(point));
    report_value(mean, json_object_get(point, "mean"), report_decimals(point));
    report_value(high, json_object_get(json_object_get(point, "maximum"), "value"), report_decimals(point));
    if (all > 0)
        snprintf(known, sizeof known, "%.1f %%",
                 unknown > 0 ? fmin(100 * (all - unknown) / all, 99.9) : 100.0);
    else
        snprintf(known, sizeof known, "–");
    not_known(r, point, why, sizeof why);
    grid_row(grid,
             (const char *[]){name, states ? "" : low, states ? "" : mean, states ? "" : high, known, why});
}

static void quantities(struct report *r)
{
    struct ctl *ctl = r->ctl;
    const struct grid_column columns[] = {
        {tr(ctl, "Quantity", "推算量"), 2.2, false, false},
        {tr(ctl, "Minimum", "最小值"), 0.8, true, false},
        {tr(ctl, "Mean", "平均值"), 0.8, true, false},
        {tr(ctl, "Maximum", "最大值"), 0.8, true, false},
        {tr(ctl, "Known", "已知"), 0.8, true, true},
        {tr(ctl, "Not known, because", "未知原因（次数）"), 2.6, false, false},
    };
    size_t i;
    const json_t *point;
    struct grid grid;
    grid_begin(&grid, r->s, COLUMNS(columns));
    json_array_foreach(json_object_get(r->facts, "points"), i, point)
    {
        if (report_is_derived(point) && facts_text_of(point, "bound")[0] == '\0')
            quantity_row(r, &grid, point);
    }
    grid_end(&grid);
}

/* ---------------------------------------------------------------- vacuum and fills */

static void vacuum(struct report *r, const json_t *spans)
{
    struct ctl *ctl = r->ctl;
    const struct grid_column columns[] = {
        {tr(ctl, "Vacuum", "真空"), 1, false, true},
        {tr(ctl, "From", "开始"), 1.4, false, false},
        {tr(ctl, "To", "结束"), 1.4, false, false},
        {tr(ctl, "Duration", "持续时间"), 2, false, false},
    };
    size_t i;
    const json_t *one;
    struct grid grid;
    if (json_array_size(spans) == 0)
        return;
    grid_begin(&grid, r->s, COLUMNS(columns));
    json_array_foreach(spans, i, one)
    {
        char from[REPORT_TEXT_MAX], to[REPORT_TEXT_MAX], duration[REPORT_TEXT_MAX];
        bool failing = strcmp(facts_text_of(one, "state"), "failing") == 0;
        grid_row(&grid,
                 (const char *[]){failing ? tr(ctl, "FAILING", "失效中") : tr(ctl, "watch", "需关注"),
                                  report_time_of(r, from, one, "from"), report_time_of(r, to, one, "to"),
                                  report_duration(r, duration, report_number(one, "seconds"))});
    }
    grid_end(&grid);
}

/* Somebody has repaired or moved it: from then on it is compared with itself anew. */
static void relearned(struct report *r, const json_t *events)
{
    size_t i;
    const json_t *one;
    json_array_foreach(events, i, one)
    {
        char text[1600], time[REPORT_TEXT_MAX];
        snprintf(
            text, sizeof text,
            tr(r->ctl, "%s: the vessel is learned anew, by %s: %s", "%s：重新学习储罐特性，操作人 %s：%s"),
            report_time_of(r, time, one, "time"), facts_text_of(one, "by"), facts_text_of(one, "note"));
        sheet_paragraph(r->s, SHEET_SMALL, text);
    }
}

static void fill_row(struct report *r, struct grid *grid, const json_t *fill)
{
    char begin[REPORT_TEXT_MAX], took[REPORT_TEXT_MAX], from[REPORT_TEXT_MAX], to[REPORT_TEXT_MAX],
        litres[REPORT_TEXT_MAX];
    double us = (double)(facts_time_of(fill, "end") - facts_time_of(fill, "begin"));
    report_value(litres, json_object_get(fill, "litres"), 1);
    grid_row(grid,
             (const char *[]){report_time_of(r, begin, fill, "begin"), report_duration(r, took, us / 1e6),
                              report_value(from, json_object_get(fill, "from_cm"), 1),
                              report_value(to, json_object_get(fill, "to_cm"), 1),
                              litres[0] != '\0' ? litres : tr(r->ctl, "not known", "未知")});
}

static void nitrogen(struct report *r, const json_t *tank)
{
    struct ctl *ctl = r->ctl;
    char text[REPORT_TEXT_MAX * 2], more[REPORT_TEXT_MAX] = "";
    size_t n = json_array_size(json_object_get(tank, "fills"));
    double unknown = report_number(tank, "fills_of_unknown_litres");
    if (unknown > 0)
        snprintf(more, sizeof more, tr(ctl, "; not known of %.0f", "；其中 %.0f 次补液量未知"), unknown);
    if (json_is_number(json_object_get(tank, "filled_litres")))
        snprintf(text, sizeof text, tr(ctl, "fills: %zu, %.1f L%s", "补液 %zu 次，%.1f L%s"), n,
                 report_number(tank, "filled_litres"), more);
    else
        snprintf(text, sizeof text, tr(ctl, "fills: %zu, litres not known", "补液 %zu 次，用量未知"), n);
    report_pair(r, tr(ctl, "Nitrogen filled in", "补入液氮"),
                n == 0 ? tr(ctl, "no fill seen in the range", "该时段内未见补液") : text, false);
    if (!json_is_number(json_object_get(tank, "cost")))
        return;
    snprintf(text, sizeof text, tr(ctl, "%.2f %s, at %.4g %s/L%s", "%.2f %s，单价 %.4g %s/L%s"),
             report_number(tank, "cost"), facts_text_of(tank, "currency"),
             report_number(tank, "price_per_litre"), facts_text_of(tank, "currency"),
             unknown > 0 ? tr(ctl, ", without those", "，不含上述补液") : "");
    report_pair(r, tr(ctl, "It cost", "费用"), text, false);
}

static void fills(struct report *r, const json_t *tank)
{
    struct ctl *ctl = r->ctl;
    const json_t *all = json_object_get(tank, "fills"), *fill;
    const struct grid_column columns[] = {
        {tr(ctl, "Fill", "补液"), 1.6, false, false},      {tr(ctl, "Took", "用时"), 1, true, false},
        {tr(ctl, "From, cm", "起始，cm"), 1, true, false}, {tr(ctl, "To, cm", "结束，cm"), 1, true, false},
        {tr(ctl, "Litres", "升"), 1, true, false},
    };
    size_t i;
    struct grid grid;
    sheet_need(r->s, 60);
    nitrogen(r, tank);
    if (json_array_size(all) == 0)
        return;
    r->s->y += 3;
    grid_begin(&grid, r->s, COLUMNS(columns));
    json_array_foreach(all, i, fill)
    {
        fill_row(r, &grid, fill);
    }
    grid_end(&grid);
}

static bool has_derived(const struct report *r)
{
    size_t i;
    const json_t *point;
    json_array_foreach(json_object_get(r->facts, "points"), i, point)
    {
        if (report_is_derived(point))
            return true;
    }
    return false;
}

void report_tank(struct report *r)
{
    struct ctl *ctl = r->ctl;
    const json_t *tank = json_object_get(r->facts, "tank");
    if (tank == NULL && !has_derived(r))
        return;
    sheet_section(r->s,
                  tank != NULL ? tr(ctl, "Boil-off, time left and vacuum", "蒸发、剩余时间与真空")
                               : tr(ctl, "Derived quantities", "推算量"),
                  72 + CHART_AROUND);
    sheet_paragraph(
        r->s, SHEET_FAINT,
        tr(ctl,
           "Estimates of the monitor, not readings of a sensor; a band is the interval at 90 %. Where "
           "nothing is drawn, the quantity was not known.",
           "监控程序的推算值，不是传感器读数；色带为 90 % 区间。空白处为未知。"));
    charts(r);
    vacuum(r, json_object_get(tank, "vacuum"));
    relearned(r, json_object_get(tank, "relearned"));
    if (has_derived(r))
        quantities(r);
    if (tank != NULL)
        fills(r, tank);
}
