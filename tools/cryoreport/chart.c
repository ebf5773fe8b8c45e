#include "chart.h"

#include <math.h>
#include <string.h>

#include "chart_panel.h"
#include "clock.h"
#include "facts_internal.h"
#include "when.h"

/* ---------------------------------------------------------------- the scale */

static void choose_scale(struct chart_panel *p)
{
    size_t i, k;
    const json_t *column, *period, *alarm, *one;
    p->low = INFINITY;
    p->high = -INFINITY;
    json_array_foreach(p->columns, i, column)
    {
        chart_panel_include(p, json_number_value(json_array_get(column, 1)));
        chart_panel_include(p, json_number_value(json_array_get(column, 3)));
    }
    double data_low = p->low, data_high = p->high;
    json_array_foreach(json_object_get(p->point, "limits"), i, period)
    {
        json_array_foreach(json_object_get(period, "alarms"), k, alarm)
        {
            chart_panel_include(p, json_number_value(json_object_get(alarm, "limit")));
        }
    }
    double reach = fmax(p->high - p->low, 1) * 0.35; /* thresholds far away would press the curve flat */
    json_array_foreach(json_object_get(json_object_get(p->point, "exposure"), "above"), i, one)
    {
        double threshold = json_number_value(json_object_get(one, "threshold"));
        if (threshold < data_high + reach && threshold > data_low - reach)
            chart_panel_include(p, threshold);
    }
    if (p->low > p->high) {
        p->low = 0;
        p->high = 1;
    }
    double margin = fmax((p->high - p->low) * 0.07,
                         0.5 * pow(10, -json_number_value(json_object_get(p->point, "decimals"))));
    p->low -= margin;
    p->high += margin;
}

/* ---------------------------------------------------------------- behind the curve */

static bool is_mine(const struct chart_panel *p, const json_t *span)
{
    return strcmp(facts_text_of(span, "point"), p->id) == 0;
}

/* A gap may be that of several points. */
static bool concerns(const struct chart_panel *p, const json_t *gap)
{
    size_t i;
    const json_t *point;
    json_array_foreach(json_object_get(gap, "points"), i, point)
    {
        const char *id = json_string_value(point);
        if (id != NULL && strcmp(id, p->id) == 0)
            return true;
    }
    return false;
}

static void shade_excursions(const struct chart_panel *p)
{
    size_t i;
    const json_t *excursion;
    cairo_set_source_rgb(p->s->cr, 1.0, 0.84, 0.80);
    json_array_foreach(json_object_get(p->facts, "excursions"), i, excursion)
    {
        double x, width;
        if (!is_mine(p, excursion))
            continue;
        chart_panel_span(p, excursion, "start", "end", &x, &width);
        cairo_rectangle(p->s->cr, x, p->y, width, p->height);
    }
    cairo_fill(p->s->cr);
}

/* Lines that lean; drawn as lines, so that they stay sharp on paper. */
void chart_hatch(cairo_t *cr, double x, double y, double width, double height)
{
    cairo_save(cr);
    cairo_rectangle(cr, x, y, width, height);
    cairo_set_source_rgb(cr, 0.93, 0.93, 0.93);
    cairo_fill_preserve(cr);
    cairo_clip(cr);
    cairo_set_source_rgb(cr, 0.55, 0.55, 0.55);
    cairo_set_line_width(cr, 0.4);
    double first = floor((x + y) / 4) * 4; /* x + y is the same all along a line: neighbours fit */
    for (double sum = first; sum < x + width + y + height + 4; sum += 4) {
        cairo_move_to(cr, sum - y, y);
        cairo_line_to(cr, sum - y - height, y + height);
    }
    cairo_stroke(cr);
    cairo_restore(cr);
}

static void hatch_gaps(const struct chart_panel *p)
{
    size_t i;
    const json_t *gap;
    json_array_foreach(json_object_get(p->facts, "gaps"), i, gap)
    {
        double x, width;
        if (!concerns(p, gap))
            continue;
        chart_panel_span(p, gap, "from", "to", &x, &width);
        chart_hatch(p->s->cr, x, p->y, width, p->height);
    }
}

/* ---------------------------------------------------------------- axes */

/* Names instead of numbers, where the point has states. */
static void draw_states(const struct chart_panel *p, const json_t *states)
{
    size_t i;
    const json_t *state;
    json_array_foreach(states, i, state)
    {
        double value = json_number_value(json_object_get(state, "value"));
        if (value < p->low || value > p->high)
            continue;
        double y = chart_panel_y(p, value);
        sheet_rule(p->s, p->x, p->x + p->width, y, 0.88);
        sheet_text(p->s, SHEET_FAINT, facts_text_of(state, tr(p->s->ctl, "en", "zh")), p->x - 4, y - 5.2, 0,
                   SHEET_END);
    }
}

/* ---------------------------------------------------------------- limits and the curve */

static void draw_limit(const struct chart_panel *p, double value, double x1, double x2, bool alarm)
{
    static const double dashes[] = {4, 2.5}, dots[] = {1, 2};
    cairo_t *cr = p->s->cr;
    double y = chart_panel_y(p, value);
    if (value < p->low || value > p->high)
        return;
    cairo_save(cr);
    if (alarm)
        cairo_set_source_rgb(cr, 0.78, 0.12, 0.10);
    else
        cairo_set_source_rgb(cr, 0.85, 0.45, 0.05);
    cairo_set_line_width(cr, 0.8);
    cairo_set_dash(cr, alarm ? dashes : dots, 2, 0);
    cairo_move_to(cr, x1, y);
    cairo_line_to(cr, x2, y);
    cairo_stroke(cr);
    cairo_restore(cr);
}

static void draw_limits(const struct chart_panel *p)
{
    const json_t *periods = json_object_get(p->point, "limits"), *alarm, *one;
    size_t i, k, n = json_array_size(periods);
    json_array_foreach(json_object_get(json_object_get(p->point, "exposure"), "above"), i, one)
    {
        draw_limit(p, json_number_value(json_object_get(one, "threshold")), p->x, p->x + p->width, false);
    }
    for (i = 0; i < n; i++) {
        const json_t *period = json_array_get(periods, i), *next = json_array_get(periods, i + 1);
        double x1 = chart_panel_x(p, (double)facts_time_of(period, "from"));
        double x2 = next != NULL ? chart_panel_x(p, (double)facts_time_of(next, "from")) : p->x + p->width;
        json_array_foreach(json_object_get(period, "alarms"), k, alarm)
        {
            draw_limit(p, json_number_value(json_object_get(alarm, "limit")), x1, x2, true);
        }
    }
}

static void draw_band(const struct chart_panel *p, size_t first, size_t end)
{
    cairo_t *cr = p->s->cr;
    for (size_t i = first; i < end; i++) {
        const json_t *c = json_array_get(p->columns, i);
        cairo_line_to(cr, chart_panel_x(p, chart_panel_column_us(p, c)),
                      chart_panel_y(p, json_number_value(json_array_get(c, 3))));
    }
    for (size_t i = end; i-- > first;) {
        const json_t *c = json_array_get(p->columns, i);
        cairo_line_to(cr, chart_panel_x(p, chart_panel_column_us(p, c)),
                      chart_panel_y(p, json_number_value(json_array_get(c, 1))));
    }
    cairo_close_path(cr);
    cairo_set_source_rgb(cr, 0.62, 0.76, 0.92);
    cairo_fill_preserve(cr);
    cairo_set_line_width(cr, 0.3); /* a peak in one column must be seen */
    cairo_stroke(cr);
}

static void draw_curve(const struct chart_panel *p, bool steps)
{
    size_t n = json_array_size(p->columns);
    cairo_save(p->s->cr);
    cairo_set_line_join(p->s->cr, CAIRO_LINE_JOIN_BEVEL);
    cairo_rectangle(p->s->cr, p->x, p->y, p->width, p->height);
    cairo_clip(p->s->cr);
    for (size_t i = 0; i < n;) {
        size_t end = chart_panel_line_end(p, i);
        draw_band(p, i, end);
        chart_panel_line(p, i, end, steps);
        i = end;
    }
    cairo_restore(p->s->cr);
}

/* ---------------------------------------------------------------- the whole */

void chart_draw(struct sheet *s, const json_t *facts, const json_t *point, double height)
{
    const json_t *states = json_object_get(point, "states");
    sheet_need(s, height + CHART_AROUND);
    struct chart_panel p = chart_panel_of(s, facts, point, height);
    choose_scale(&p);
    chart_panel_title(&p);
    shade_excursions(&p);
    if (json_array_size(states) > 0)
        draw_states(&p, states);
    else
        chart_panel_numbers(&p);
    chart_panel_times(&p);
    hatch_gaps(&p);
    draw_curve(&p, json_array_size(states) > 0);
    draw_limits(&p);
    chart_panel_frame(&p);
    s->y += height + CHART_AROUND;
}

void chart_legend(struct sheet *s)
{
    static const char *const names[][2] = {
        {"mean", "平均值"},        {"minimum to maximum", "最小值至最大值"},
        {"alarm limit", "报警限"}, {"exposure threshold", "暴露阈值"},
        {"excursion", "超限"},     {"no value", "无数据"},
    };
    double x = SHEET_LEFT + CHART_PANEL_LABELS;
    sheet_need(s, 16);
    for (unsigned i = 0; i < 6; i++) {
        cairo_t *cr = s->cr;
        double y = s->y;
        if (i == 2 || i == 3)
            draw_limit(&(struct chart_panel){.s = s, .y = y, .height = 9, .low = 0, .high = 1}, 0.5, x,
                       x + 18, i == 2);
        else if (i == 5)
            chart_hatch(cr, x, y + 0.5, 18, 8);
        else {
            static const double colours[][3] = {
                {0.06, 0.28, 0.56}, {0.62, 0.76, 0.92}, {0, 0, 0}, {0, 0, 0}, {1.0, 0.84, 0.80}};
            cairo_set_source_rgb(cr, colours[i][0], colours[i][1], colours[i][2]);
            cairo_rectangle(cr, x, i == 0 ? y + 4 : y + 0.5, 18, i == 0 ? 0.9 : 8);
            cairo_fill(cr);
        }
        PangoLayout *layout =
            sheet_layout(s, SHEET_FAINT, tr(s->ctl, names[i][0], names[i][1]), 0, SHEET_START);
        int width;
        pango_layout_get_size(layout, &width, NULL);
        sheet_draw(s, layout, SHEET_FAINT, x + 22, y - 0.8);
        g_object_unref(layout);
        x += 22 + (double)width / PANGO_SCALE + 12;
    }
    s->y += 14;
}
