/* chart_estimate.c - the course of what is estimated. See chart.h. */
#include <math.h>
#include <string.h>

#include "chart.h"
#include "chart_panel.h"
#include "facts_internal.h"

static const json_t *columns_of(const json_t *point)
{
    return json_object_get(json_object_get(point, "chart"), "index_minimum_mean_maximum");
}

static void shade_spans(const struct chart_panel *p, const json_t *spans)
{
    size_t i;
    const json_t *span;
    json_array_foreach(spans, i, span)
    {
        double x, width;
        bool failing = strcmp(facts_text_of(span, "state"), "failing") == 0;
        chart_panel_span(p, span, "from", "to", &x, &width);
        cairo_set_source_rgb(p->s->cr, 1.0, failing ? 0.80 : 0.93, failing ? 0.76 : 0.78);
        cairo_rectangle(p->s->cr, x, p->y, width, p->height);
        cairo_fill(p->s->cr);
    }
}

/* Both ends have the same columns: they are told with the value or not at all. */
static void draw_interval(const struct chart_panel *p, const json_t *least, const json_t *most)
{
    cairo_t *cr = p->s->cr;
    size_t n = json_array_size(least), i = 0;
    struct chart_panel own = *p;
    own.columns = least;
    if (n != json_array_size(most))
        return;
    cairo_set_source_rgb(cr, 0.78, 0.87, 0.96);
    while (i < n) {
        size_t end = chart_panel_line_end(&own, i);
        cairo_new_path(cr); /* where a text was written last is no corner of it */
        for (size_t k = i; k < end; k++)
            cairo_line_to(cr, chart_panel_x(p, chart_panel_column_us(p, json_array_get(most, k))),
                          chart_panel_y(p, json_number_value(json_array_get(json_array_get(most, k), 2))));
        for (size_t k = end; k-- > i;)
            cairo_line_to(cr, chart_panel_x(p, chart_panel_column_us(p, json_array_get(least, k))),
                          chart_panel_y(p, json_number_value(json_array_get(json_array_get(least, k), 2))));
        cairo_close_path(cr);
        cairo_fill(cr);
        i = end;
    }
}

static void include_means(struct chart_panel *p, const json_t *columns)
{
    size_t i;
    const json_t *column;
    json_array_foreach(columns, i, column)
    {
        chart_panel_include(p, json_number_value(json_array_get(column, 2)));
    }
}

static void draw_means(const struct chart_panel *p)
{
    for (size_t i = 0, end, n = json_array_size(p->columns); i < n; i = end) {
        end = chart_panel_line_end(p, i);
        chart_panel_line(p, i, end, false);
    }
}

void chart_estimate(struct sheet *s, const json_t *facts, const json_t *point, const json_t *least,
                    const json_t *most, const json_t *spans, double height)
{
    sheet_need(s, height + CHART_AROUND);
    struct chart_panel p = chart_panel_of(s, facts, point, height);
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
    chart_panel_title(&p);
    shade_spans(&p, spans);
    draw_interval(&p, columns_of(least), columns_of(most));
    chart_panel_numbers(&p);
    chart_panel_times(&p);
    draw_means(&p);
    chart_panel_frame(&p);
    s->y += height + CHART_AROUND;
}
