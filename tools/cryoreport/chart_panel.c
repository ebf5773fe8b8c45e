#include "chart_panel.h"

#include <math.h>
#include <string.h>

#include "axis.h"
#include "clock.h"
#include "facts_internal.h"
#include "when.h"

double chart_panel_x(const struct chart_panel *p, double utc_us)
{
    double part = (utc_us - (double)p->from_us) / (double)(p->to_us - p->from_us);
    return p->x + p->width * (part < 0 ? 0 : part > 1 ? 1 : part);
}

double chart_panel_y(const struct chart_panel *p, double value)
{
    double part = (value - p->low) / (p->high - p->low);
    return p->y + p->height * (1 - (part < 0 ? 0 : part > 1 ? 1 : part));
}

double chart_panel_column_us(const struct chart_panel *p, const json_t *column)
{
    return (double)p->from_us + (json_number_value(json_array_get(column, 0)) + 0.5) * p->step_us;
}

void chart_panel_include(struct chart_panel *p, double value)
{
    p->low = fmin(p->low, value);
    p->high = fmax(p->high, value);
}

void chart_panel_span(const struct chart_panel *p, const json_t *span, const char *from, const char *to,
                      double *ret_x, double *ret_width)
{
    double x1 = chart_panel_x(p, (double)facts_time_of(span, from)),
           x2 = chart_panel_x(p, (double)facts_time_of(span, to));
    *ret_x = x1;
    *ret_width = fmax(x2 - x1, 0.6); /* seconds in a year must be seen */
    if (*ret_x + *ret_width > p->x + p->width)
        *ret_x = p->x + p->width - *ret_width;
}

void chart_panel_numbers(const struct chart_panel *p)
{
    double marks[AXIS_MARKS_MAX];
    unsigned decimals;
    unsigned n = axis_numbers(p->low, p->high, p->height > 100 ? 7 : 4, marks, &decimals);
    for (unsigned i = 0; i < n; i++) {
        char text[48];
        double y = chart_panel_y(p, marks[i]);
        snprintf(text, sizeof text, "%.*f", (int)decimals, marks[i] == 0 ? 0.0 : marks[i]);
        sheet_rule(p->s, p->x, p->x + p->width, y, 0.88);
        sheet_text(p->s, SHEET_FAINT, text, p->x - 4, y - 5.2, 0, SHEET_END);
    }
}

void chart_panel_times(const struct chart_panel *p)
{
    struct axis_time marks[AXIS_MARKS_MAX];
    unsigned n = axis_times(p->from_us, p->to_us, 14, p->s->ctl->utc, marks);
    double free_x = 0, free_date_x = 0; /* up to where there is a label already */
    for (unsigned i = 0; i < n; i++) {
        double x = chart_panel_x(p, (double)marks[i].utc_us), bottom = p->y + p->height;
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

/* Is there a reading missing between two columns that lie so far apart? */
static bool is_broken(const struct chart_panel *p, const json_t *a, const json_t *b)
{
    const json_t *told = json_object_get(p->point, "told");
    const json_t *by = told != NULL ? told : json_object_get(p->point, "readings");
    double interval_us = json_number_value(json_object_get(by, "interval_seconds")) * 1e6;
    return chart_panel_column_us(p, b) - chart_panel_column_us(p, a) >
           2 * p->step_us + EXPOSURE_HOLD * interval_us;
}

/* From column first on, to the end of the line. Returns the one behind it. */
size_t chart_panel_line_end(const struct chart_panel *p, size_t first)
{
    size_t n = json_array_size(p->columns), i = first + 1;
    while (i < n && !is_broken(p, json_array_get(p->columns, i - 1), json_array_get(p->columns, i)))
        i++;
    return i;
}

void chart_panel_line(const struct chart_panel *p, size_t first, size_t end, bool steps)
{
    cairo_t *cr = p->s->cr;
    double last_y = 0;
    for (size_t i = first; i < end; i++) {
        const json_t *c = json_array_get(p->columns, i);
        double x = chart_panel_x(p, chart_panel_column_us(p, c)),
               y = chart_panel_y(p, json_number_value(json_array_get(c, 2)));
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

void chart_panel_title(const struct chart_panel *p)
{
    char text[512];
    const char *name = facts_text_of(json_object_get(p->point, "name"), tr(p->s->ctl, "en", "zh"));
    bool named = strcmp(name, p->id) != 0;
    snprintf(text, sizeof text, "%s%s%s%s%s%s%s", name, named ? " (" : "", named ? p->id : "",
             named ? ")" : "", p->unit[0] != '\0' ? " [" : "", p->unit, p->unit[0] != '\0' ? "]" : "");
    sheet_text(p->s, SHEET_BOLD, text, SHEET_LEFT, p->s->y, 0, SHEET_START);
}

void chart_panel_frame(const struct chart_panel *p)
{
    cairo_set_source_rgb(p->s->cr, 0.4, 0.4, 0.4);
    cairo_set_line_width(p->s->cr, 0.6);
    cairo_rectangle(p->s->cr, p->x, p->y, p->width, p->height);
    cairo_stroke(p->s->cr);
}

struct chart_panel chart_panel_of(struct sheet *s, const json_t *facts, const json_t *point, double height)
{
    const json_t *range = json_object_get(facts, "range"), *chart = json_object_get(point, "chart");
    return (struct chart_panel){
        .s = s,
        .facts = facts,
        .point = point,
        .columns = json_object_get(chart, "index_minimum_mean_maximum"),
        .id = facts_text_of(point, "point"),
        .unit = facts_text_of(point, "unit"),
        .x = SHEET_LEFT + CHART_PANEL_LABELS,
        .y = s->y + 15,
        .width = SHEET_RIGHT - SHEET_LEFT - CHART_PANEL_LABELS,
        .height = height,
        .from_us = facts_time_of(range, "from"),
        .to_us = facts_time_of(range, "to"),
        .step_us = json_number_value(json_object_get(chart, "step_s")) * 1e6,
    };
}
