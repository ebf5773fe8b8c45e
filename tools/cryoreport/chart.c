#include "chart.h"

#include <math.h>
#include <string.h>

#include "axis.h"
#include "clock.h"
#include "facts_internal.h"
#include "when.h"

#define LABELS 36.0 /* room for the numbers at the left */

struct panel {
    struct sheet *s;
    const json_t *facts, *point, *columns;
    const char *id, *unit;
    double x, y, width, height, low, high;
    int64_t from_us, to_us;
    double step_us;
};

static double number(const json_t *value)
{
    return json_number_value(value);
}

static double x_of(const struct panel *p, double utc_us)
{
    double part = (utc_us - (double)p->from_us) / (double)(p->to_us - p->from_us);
    return p->x + p->width * (part < 0 ? 0 : part > 1 ? 1 : part);
}

static double y_of(const struct panel *p, double value)
{
    double part = (value - p->low) / (p->high - p->low);
    return p->y + p->height * (1 - (part < 0 ? 0 : part > 1 ? 1 : part));
}

static double column_us(const struct panel *p, const json_t *column)
{
    return (double)p->from_us + (number(json_array_get(column, 0)) + 0.5) * p->step_us;
}

/* ---------------------------------------------------------------- the scale */

static void include(struct panel *p, double value)
{
    p->low = fmin(p->low, value);
    p->high = fmax(p->high, value);
}

static void choose_scale(struct panel *p)
{
    size_t i, k;
    const json_t *column, *period, *alarm, *one;
    p->low = INFINITY;
    p->high = -INFINITY;
    json_array_foreach(p->columns, i, column)
    {
        include(p, number(json_array_get(column, 1)));
        include(p, number(json_array_get(column, 3)));
    }
    double data_low = p->low, data_high = p->high;
    json_array_foreach(json_object_get(p->point, "limits"), i, period)
    {
        json_array_foreach(json_object_get(period, "alarms"), k, alarm)
        {
            include(p, number(json_object_get(alarm, "limit")));
        }
    }
    double reach = fmax(p->high - p->low, 1) * 0.35; /* thresholds far away would press the curve flat */
    json_array_foreach(json_object_get(json_object_get(p->point, "exposure"), "above"), i, one)
    {
        double threshold = number(json_object_get(one, "threshold"));
        if (threshold < data_high + reach && threshold > data_low - reach)
            include(p, threshold);
    }
    if (p->low > p->high) {
        p->low = 0;
        p->high = 1;
    }
    double margin =
        fmax((p->high - p->low) * 0.07, 0.5 * pow(10, -number(json_object_get(p->point, "decimals"))));
    p->low -= margin;
    p->high += margin;
}

/* ---------------------------------------------------------------- behind the curve */

static void span_of(const struct panel *p, const json_t *span, const char *from, const char *to,
                    double *ret_x, double *ret_width)
{
    double x1 = x_of(p, (double)facts_time_of(span, from)), x2 = x_of(p, (double)facts_time_of(span, to));
    *ret_x = x1;
    *ret_width = fmax(x2 - x1, 0.6); /* seconds in a year must be seen */
    if (*ret_x + *ret_width > p->x + p->width)
        *ret_x = p->x + p->width - *ret_width;
}

static bool is_mine(const struct panel *p, const json_t *span)
{
    return strcmp(facts_text_of(span, "point"), p->id) == 0;
}

/* A gap may be that of several points. */
static bool concerns(const struct panel *p, const json_t *gap)
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

static void shade_excursions(const struct panel *p)
{
    size_t i;
    const json_t *excursion;
    cairo_set_source_rgb(p->s->cr, 1.0, 0.84, 0.80);
    json_array_foreach(json_object_get(p->facts, "excursions"), i, excursion)
    {
        double x, width;
        if (!is_mine(p, excursion))
            continue;
        span_of(p, excursion, "start", "end", &x, &width);
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

static void hatch_gaps(const struct panel *p)
{
    size_t i;
    const json_t *gap;
    json_array_foreach(json_object_get(p->facts, "gaps"), i, gap)
    {
        double x, width;
        if (!concerns(p, gap))
            continue;
        span_of(p, gap, "from", "to", &x, &width);
        chart_hatch(p->s->cr, x, p->y, width, p->height);
    }
}

/* ---------------------------------------------------------------- axes */

static void draw_numbers(const struct panel *p)
{
    double marks[AXIS_MARKS_MAX];
    unsigned decimals;
    unsigned n = axis_numbers(p->low, p->high, p->height > 100 ? 7 : 4, marks, &decimals);
    for (unsigned i = 0; i < n; i++) {
        char text[48];
        double y = y_of(p, marks[i]);
        snprintf(text, sizeof text, "%.*f", (int)decimals, marks[i] == 0 ? 0.0 : marks[i]);
        sheet_rule(p->s, p->x, p->x + p->width, y, 0.88);
        sheet_text(p->s, SHEET_FAINT, text, p->x - 4, y - 5.2, 0, SHEET_END);
    }
}

/* Names instead of numbers, where the point has states. */
static void draw_states(const struct panel *p, const json_t *states)
{
    size_t i;
    const json_t *state;
    json_array_foreach(states, i, state)
    {
        double value = number(json_object_get(state, "value"));
        if (value < p->low || value > p->high)
            continue;
        double y = y_of(p, value);
        sheet_rule(p->s, p->x, p->x + p->width, y, 0.88);
        sheet_text(p->s, SHEET_FAINT, facts_text_of(state, tr(p->s->ctl, "en", "zh")), p->x - 4, y - 5.2, 0,
                   SHEET_END);
    }
}

static void draw_times(const struct panel *p)
{
    struct axis_time marks[AXIS_MARKS_MAX];
    unsigned n = axis_times(p->from_us, p->to_us, 14, p->s->ctl->utc, marks);
    double free_x = 0, free_date_x = 0; /* up to where there is a label already */
    for (unsigned i = 0; i < n; i++) {
        double x = x_of(p, (double)marks[i].utc_us), bottom = p->y + p->height;
        cairo_set_source_rgb(p->s->cr, 0.88, 0.88, 0.88);
        cairo_set_line_width(p->s->cr, 0.5);
        cairo_move_to(p->s->cr, x, p->y);
        cairo_line_to(p->s->cr, x, bottom + 3);
        cairo_stroke(p->s->cr);
        double label_x = fmax(fmin(x, SHEET_RIGHT - 13), p->x);
        if (label_x > free_x) {
            sheet_text(p->s, SHEET_FAINT, marks[i].label, label_x, bottom + 3, 0, SHEET_MIDDLE);
            free_x = label_x + 30;
        }
        double date_x = fmax(fmin(x, SHEET_RIGHT - 20), p->x);
        if (marks[i].date[0] != '\0' && date_x > free_date_x) {
            sheet_text(p->s, SHEET_FAINT, marks[i].date, date_x, bottom + 12, 0, SHEET_MIDDLE);
            free_date_x = date_x + 44;
        }
    }
}

/* ---------------------------------------------------------------- limits and the curve */

static void draw_limit(const struct panel *p, double value, double x1, double x2, bool alarm)
{
    static const double dashes[] = {4, 2.5}, dots[] = {1, 2};
    cairo_t *cr = p->s->cr;
    double y = y_of(p, value);
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

static void draw_limits(const struct panel *p)
{
    const json_t *periods = json_object_get(p->point, "limits"), *alarm, *one;
    size_t i, k, n = json_array_size(periods);
    json_array_foreach(json_object_get(json_object_get(p->point, "exposure"), "above"), i, one)
    {
        draw_limit(p, number(json_object_get(one, "threshold")), p->x, p->x + p->width, false);
    }
    for (i = 0; i < n; i++) {
        const json_t *period = json_array_get(periods, i), *next = json_array_get(periods, i + 1);
        double x1 = x_of(p, (double)facts_time_of(period, "from"));
        double x2 = next != NULL ? x_of(p, (double)facts_time_of(next, "from")) : p->x + p->width;
        json_array_foreach(json_object_get(period, "alarms"), k, alarm)
        {
            draw_limit(p, number(json_object_get(alarm, "limit")), x1, x2, true);
        }
    }
}

/* Is there a reading missing between two columns that lie so far apart? */
static bool is_broken(const struct panel *p, const json_t *a, const json_t *b)
{
    const json_t *told = json_object_get(p->point, "told");
    const json_t *by = told != NULL ? told : json_object_get(p->point, "readings");
    double interval_us = number(json_object_get(by, "interval_seconds")) * 1e6;
    return column_us(p, b) - column_us(p, a) > 2 * p->step_us + EXPOSURE_HOLD * interval_us;
}

/* From column first on, to the end of the line. Returns the one behind it. */
static size_t line_end(const struct panel *p, size_t first)
{
    size_t n = json_array_size(p->columns), i = first + 1;
    while (i < n && !is_broken(p, json_array_get(p->columns, i - 1), json_array_get(p->columns, i)))
        i++;
    return i;
}

static void draw_band(const struct panel *p, size_t first, size_t end)
{
    cairo_t *cr = p->s->cr;
    for (size_t i = first; i < end; i++) {
        const json_t *c = json_array_get(p->columns, i);
        cairo_line_to(cr, x_of(p, column_us(p, c)), y_of(p, number(json_array_get(c, 3))));
    }
    for (size_t i = end; i-- > first;) {
        const json_t *c = json_array_get(p->columns, i);
        cairo_line_to(cr, x_of(p, column_us(p, c)), y_of(p, number(json_array_get(c, 1))));
    }
    cairo_close_path(cr);
    cairo_set_source_rgb(cr, 0.62, 0.76, 0.92);
    cairo_fill_preserve(cr);
    cairo_set_line_width(cr, 0.3); /* a peak in one column must be seen */
    cairo_stroke(cr);
}

static void draw_line(const struct panel *p, size_t first, size_t end, bool steps)
{
    cairo_t *cr = p->s->cr;
    double last_y = 0;
    for (size_t i = first; i < end; i++) {
        const json_t *c = json_array_get(p->columns, i);
        double x = x_of(p, column_us(p, c)), y = y_of(p, number(json_array_get(c, 2)));
        if (i == first)
            cairo_move_to(cr, x, y);
        else if (steps)
            cairo_line_to(cr, x, last_y);
        cairo_line_to(cr, i == first && end == first + 1 ? x + 0.5 : x, y);
        last_y = y;
    }
    cairo_set_source_rgb(cr, 0.06, 0.28, 0.56);
    cairo_set_line_width(cr, 0.8);
    cairo_stroke(cr);
}

static void draw_curve(const struct panel *p, bool steps)
{
    size_t n = json_array_size(p->columns);
    cairo_save(p->s->cr);
    cairo_set_line_join(p->s->cr, CAIRO_LINE_JOIN_BEVEL);
    cairo_rectangle(p->s->cr, p->x, p->y, p->width, p->height);
    cairo_clip(p->s->cr);
    for (size_t i = 0; i < n;) {
        size_t end = line_end(p, i);
        draw_band(p, i, end);
        draw_line(p, i, end, steps);
        i = end;
    }
    cairo_restore(p->s->cr);
}

/* ---------------------------------------------------------------- the whole */

static void draw_title(const struct panel *p)
{
    char text[512];
    const char *name = facts_text_of(json_object_get(p->point, "name"), tr(p->s->ctl, "en", "zh"));
    bool named = strcmp(name, p->id) != 0;
    snprintf(text, sizeof text, "%s%s%s%s%s%s%s", name, named ? " (" : "", named ? p->id : "",
             named ? ")" : "", p->unit[0] != '\0' ? " [" : "", p->unit, p->unit[0] != '\0' ? "]" : "");
    sheet_text(p->s, SHEET_BOLD, text, SHEET_LEFT, p->s->y, 0, SHEET_START);
}

static void draw_frame(const struct panel *p)
{
    cairo_set_source_rgb(p->s->cr, 0.4, 0.4, 0.4);
    cairo_set_line_width(p->s->cr, 0.6);
    cairo_rectangle(p->s->cr, p->x, p->y, p->width, p->height);
    cairo_stroke(p->s->cr);
}

static struct panel panel_of(struct sheet *s, const json_t *facts, const json_t *point, double height)
{
    const json_t *range = json_object_get(facts, "range"), *chart = json_object_get(point, "chart");
    return (struct panel){
        .s = s,
        .facts = facts,
        .point = point,
        .columns = json_object_get(chart, "index_minimum_mean_maximum"),
        .id = facts_text_of(point, "point"),
        .unit = facts_text_of(point, "unit"),
        .x = SHEET_LEFT + LABELS,
        .y = s->y + 15,
        .width = SHEET_RIGHT - SHEET_LEFT - LABELS,
        .height = height,
        .from_us = facts_time_of(range, "from"),
        .to_us = facts_time_of(range, "to"),
        .step_us = number(json_object_get(chart, "step_s")) * 1e6,
    };
}

void chart_draw(struct sheet *s, const json_t *facts, const json_t *point, double height)
{
    const json_t *states = json_object_get(point, "states");
    sheet_need(s, height + CHART_AROUND);
    struct panel p = panel_of(s, facts, point, height);
    choose_scale(&p);
    draw_title(&p);
    shade_excursions(&p);
    if (json_array_size(states) > 0)
        draw_states(&p, states);
    else
        draw_numbers(&p);
    draw_times(&p);
    hatch_gaps(&p);
    draw_curve(&p, json_array_size(states) > 0);
    draw_limits(&p);
    draw_frame(&p);
    s->y += height + CHART_AROUND;
}

/* ---------------------------------------------------------------- estimates */

static const json_t *columns_of(const json_t *point)
{
    return json_object_get(json_object_get(point, "chart"), "index_minimum_mean_maximum");
}

static void shade_spans(const struct panel *p, const json_t *spans)
{
    size_t i;
    const json_t *span;
    json_array_foreach(spans, i, span)
    {
        double x, width;
        bool failing = strcmp(facts_text_of(span, "state"), "failing") == 0;
        span_of(p, span, "from", "to", &x, &width);
        cairo_set_source_rgb(p->s->cr, 1.0, failing ? 0.80 : 0.93, failing ? 0.76 : 0.78);
        cairo_rectangle(p->s->cr, x, p->y, width, p->height);
        cairo_fill(p->s->cr);
    }
}

/* Both ends have the same columns: they are told with the value or not at all. */
static void draw_interval(const struct panel *p, const json_t *least, const json_t *most)
{
    cairo_t *cr = p->s->cr;
    size_t n = json_array_size(least), i = 0;
    struct panel own = *p;
    own.columns = least;
    if (n != json_array_size(most))
        return;
    cairo_set_source_rgb(cr, 0.78, 0.87, 0.96);
    while (i < n) {
        size_t end = line_end(&own, i);
        cairo_new_path(cr); /* where a text was written last is no corner of it */
        for (size_t k = i; k < end; k++)
            cairo_line_to(cr, x_of(p, column_us(p, json_array_get(most, k))),
                          y_of(p, number(json_array_get(json_array_get(most, k), 2))));
        for (size_t k = end; k-- > i;)
            cairo_line_to(cr, x_of(p, column_us(p, json_array_get(least, k))),
                          y_of(p, number(json_array_get(json_array_get(least, k), 2))));
        cairo_close_path(cr);
        cairo_fill(cr);
        i = end;
    }
}

static void include_means(struct panel *p, const json_t *columns)
{
    size_t i;
    const json_t *column;
    json_array_foreach(columns, i, column)
    {
        include(p, number(json_array_get(column, 2)));
    }
}

static void draw_means(const struct panel *p)
{
    for (size_t i = 0, end, n = json_array_size(p->columns); i < n; i = end) {
        end = line_end(p, i);
        draw_line(p, i, end, false);
    }
}

void chart_estimate(struct sheet *s, const json_t *facts, const json_t *point, const json_t *least,
                    const json_t *most, const json_t *spans, double height)
{
    sheet_need(s, height + CHART_AROUND);
    struct panel p = panel_of(s, facts, point, height);
    p.low = INFINITY;
    p.high = -INFINITY;
    include_means(&p, p.columns);
    include_means(&p, columns_of(least));
    include_means(&p, columns_of(most));
    if (p.low > p.high)
        p.low = p.high = 0;
    double margin = fmax((p.high - p.low) * 0.07, 0.05);
    p.low = p.low >= 0 ? fmax(p.low - margin, 0) : p.low - margin;
    p.high += margin;
    draw_title(&p);
    shade_spans(&p, spans);
    draw_interval(&p, columns_of(least), columns_of(most));
    draw_numbers(&p);
    draw_times(&p);
    draw_means(&p);
    draw_frame(&p);
    s->y += height + CHART_AROUND;
}

void chart_legend(struct sheet *s)
{
    static const char *const names[][2] = {
        {"mean", "平均值"},        {"minimum to maximum", "最小值至最大值"},
        {"alarm limit", "报警限"}, {"exposure threshold", "暴露阈值"},
        {"excursion", "超限"},     {"no value", "无数据"},
    };
    double x = SHEET_LEFT + LABELS;
    sheet_need(s, 16);
    for (unsigned i = 0; i < 6; i++) {
        cairo_t *cr = s->cr;
        double y = s->y;
        if (i == 2 || i == 3)
            draw_limit(&(struct panel){.s = s, .y = y, .height = 9, .low = 0, .high = 1}, 0.5, x, x + 18,
                       i == 2);
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
