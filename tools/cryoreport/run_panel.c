#include "run_panel.h"

#include <math.h>
#include <string.h>

#include "axis.h"
#include "chart.h"
#include "facts_internal.h"

static const struct look {
    double red, green, blue, width, dash[2];
} looks[] = {
    [RUN_LINE_PROGRAM] = {0.45, 0.45, 0.45, 0.6, {1, 1.6}},
    [RUN_LINE_SETPOINT] = {0.15, 0.15, 0.15, 0.7, {4, 2}},
    [RUN_LINE_CHAMBER] = {0.06, 0.28, 0.56, 0.8, {0, 0}},
    [RUN_LINE_SAMPLE] = {0.72, 0.08, 0.30, 1.3, {0, 0}},
    [RUN_LINE_SAMPLE_2] = {0.85, 0.45, 0.05, 1.1, {5, 1.5}},
    [RUN_LINE_SAMPLE_3] = {0.45, 0.10, 0.55, 1.1, {2.5, 1.5}},
    [RUN_LINE_SAMPLE_4] = {0.10, 0.45, 0.20, 1.1, {1.2, 1.2}},
    [RUN_LINE_EARLIER] = {0.62, 0.62, 0.62, 0.5, {0, 0}},
};

double run_panel_x(const struct run_panel *p, double s)
{
    double part = (s - p->from_s) / (p->to_s - p->from_s);
    return p->x + p->width * fmin(fmax(part, 0), 1);
}

double run_panel_y(const struct run_panel *p, double value)
{
    double part = (value - p->low) / (p->high - p->low);
    return p->y + p->height * (1 - fmin(fmax(part, 0), 1));
}

double run_panel_since(const struct run_panel *p, const json_t *object, const char *key)
{
    int64_t begin_us = facts_time_of(json_object_get(p->facts, "run"), "begin");
    return (double)(facts_time_of(object, key) - begin_us) / 1e6;
}

static double at(const json_t *row, size_t i)
{
    return json_number_value(json_array_get(row, i));
}

static bool is_break(const json_t *row)
{
    return !json_is_number(json_array_get(row, 1));
}

/* ---------------------------------------------------------------- the scale */

void run_panel_include(struct run_panel *p, const json_t *trace)
{
    size_t i, k;
    const json_t *row;
    json_array_foreach(trace, i, row)
    {
        if (is_break(row) || at(row, 0) < p->from_s || at(row, 0) > p->to_s)
            continue;
        for (k = 1; k < json_array_size(row); k++) {
            p->low = fmin(p->low, at(row, k));
            p->high = fmax(p->high, at(row, k));
        }
    }
}

void run_panel_settle(struct run_panel *p, double least_margin)
{
    if (p->low > p->high) {
        p->low = 0;
        p->high = 1;
    }
    double margin = fmax((p->high - p->low) * 0.05, least_margin);
    p->low -= margin;
    p->high += margin;
}

/* ---------------------------------------------------------------- axes */

void run_panel_numbers(const struct run_panel *p, unsigned wanted)
{
    double marks[AXIS_MARKS_MAX];
    unsigned decimals, n = axis_numbers(p->low, p->high, wanted, marks, &decimals);
    for (unsigned i = 0; i < n; i++) {
        char text[48];
        double y = run_panel_y(p, marks[i]);
        (void)snprintf(text, sizeof text, "%.*f", (int)decimals, marks[i] == 0 ? 0.0 : marks[i]);
        sheet_rule(p->s, p->x, p->x + p->width, y, 0.88);
        sheet_text(p->s, SHEET_FAINT, text, p->x - 4, y - 5.2, 0, SHEET_END);
    }
}

static void upright(const struct run_panel *p, double x, double bottom)
{
    cairo_set_source_rgb(p->s->cr, 0.88, 0.88, 0.88);
    cairo_set_line_width(p->s->cr, 0.5);
    cairo_move_to(p->s->cr, x, p->y);
    cairo_line_to(p->s->cr, x, bottom);
    cairo_stroke(p->s->cr);
}

void run_panel_minutes(const struct run_panel *p, unsigned wanted)
{
    double marks[AXIS_MARKS_MAX], bottom = p->y + p->height;
    unsigned decimals, n = axis_numbers(p->from_s / 60, p->to_s / 60, wanted, marks, &decimals);
    for (unsigned i = 0; i < n; i++) {
        char text[64];
        double x = run_panel_x(p, marks[i] * 60);
        bool last = i + 1 == n;
        (void)snprintf(text, sizeof text, "%.*f%s", (int)decimals, marks[i] == 0 ? 0.0 : marks[i],
                       last ? tr(p->s->ctl, " min", " 分") : "");
        upright(p, x, bottom + 3);
        sheet_text(p->s, SHEET_FAINT, text, fmin(x, p->x + p->width - (last ? 10 : 0)), bottom + 3, 0,
                   SHEET_MIDDLE);
    }
}

void run_panel_clock(const struct run_panel *p, double bottom_y, bool labels)
{
    struct axis_time marks[AXIS_MARKS_MAX];
    int64_t begin_us = facts_time_of(json_object_get(p->facts, "run"), "begin");
    int64_t from_us = begin_us + (int64_t)(p->from_s * 1e6), to_us = begin_us + (int64_t)(p->to_s * 1e6);
    unsigned n = axis_times(from_us, to_us, 15, p->s->ctl->utc, marks);
    double free_x = 0, free_date_x = 0; /* up to where there is a label already */
    for (unsigned i = 0; i < n; i++) {
        double x = run_panel_x(p, (double)(marks[i].utc_us - begin_us) / 1e6);
        upright(p, x, bottom_y);
        if (!labels)
            continue;
        double label_x = fmax(fmin(x, SHEET_RIGHT - 13), p->x);
        if (label_x > free_x) {
            sheet_text(p->s, SHEET_FAINT, marks[i].label, label_x, bottom_y, 0, SHEET_MIDDLE);
            free_x = label_x + 30;
        }
        double date_x = fmax(fmin(x, SHEET_RIGHT - 20), p->x);
        if (marks[i].date[0] != '\0' && date_x > free_date_x) {
            sheet_text(p->s, SHEET_FAINT, marks[i].date, date_x, bottom_y + 9, 0, SHEET_MIDDLE);
            free_date_x = date_x + 44;
        }
    }
}

void run_panel_frame(const struct run_panel *p)
{
    cairo_set_source_rgb(p->s->cr, 0.4, 0.4, 0.4);
    cairo_set_line_width(p->s->cr, 0.6);
    cairo_rectangle(p->s->cr, p->x, p->y, p->width, p->height);
    cairo_stroke(p->s->cr);
}

/* ---------------------------------------------------------------- lines */

static void look_like(cairo_t *cr, enum run_line line)
{
    const struct look *look = &looks[line];
    cairo_set_source_rgb(cr, look->red, look->green, look->blue);
    cairo_set_line_width(cr, look->width);
    cairo_set_line_join(cr, CAIRO_LINE_JOIN_BEVEL);
    cairo_set_dash(cr, look->dash, look->dash[0] > 0 ? 2 : 0, 0);
}

static void clip(const struct run_panel *p)
{
    cairo_save(p->s->cr);
    cairo_rectangle(p->s->cr, p->x, p->y, p->width, p->height);
    cairo_clip(p->s->cr);
}

/* Not held to the edges, as run_panel_x does: what lies outside is cut off there. */
static double loose_x(const struct run_panel *p, double s)
{
    return p->x + p->width * (s - p->from_s) / (p->to_s - p->from_s);
}

static double loose_y(const struct run_panel *p, double value)
{
    return p->y + p->height * (1 - (value - p->low) / (p->high - p->low));
}

void run_panel_trace(const struct run_panel *p, const json_t *trace, enum run_line line)
{
    cairo_t *cr = p->s->cr;
    bool goes_on = false;
    size_t i, n = json_array_size(trace);
    const json_t *row;
    clip(p);
    json_array_foreach(trace, i, row)
    {
        if (is_break(row)) {
            goes_on = false;
            continue;
        }
        double x = loose_x(p, at(row, 0)), y = loose_y(p, at(row, 1));
        if (goes_on)
            cairo_line_to(cr, x, y);
        else
            cairo_move_to(cr, x, y);
        if (!goes_on && (i + 1 == n || is_break(json_array_get(trace, i + 1))))
            cairo_line_to(cr, x + 0.8, y); /* one reading between two gaps is seen */
        goes_on = true;
    }
    look_like(cr, line);
    cairo_stroke(cr);
    cairo_restore(cr);
}

void run_panel_band(const struct run_panel *p, const json_t *band)
{
    cairo_t *cr = p->s->cr;
    size_t n = json_array_size(band);
    clip(p);
    cairo_set_source_rgb(cr, 0.86, 0.94, 0.84);
    for (size_t i = 0, end; i < n; i = end + 1) {
        for (end = i; end < n && !is_break(json_array_get(band, end)); end++)
            cairo_line_to(cr, loose_x(p, at(json_array_get(band, end), 0)),
                          loose_y(p, at(json_array_get(band, end), 2)));
        for (size_t k = end; k-- > i;)
            cairo_line_to(cr, loose_x(p, at(json_array_get(band, k), 0)),
                          loose_y(p, at(json_array_get(band, k), 1)));
        cairo_close_path(cr);
        cairo_fill(cr);
    }
    cairo_restore(cr);
}

/* Is one of the gap's points that input? */
static bool concerns(const struct run_panel *p, const json_t *gap, const char *input)
{
    const json_t *id, *point;
    size_t i, k;
    json_array_foreach(json_object_get(gap, "points"), i, id)
    {
        json_array_foreach(json_object_get(p->facts, "points"), k, point)
        {
            if (json_is_string(id) && strcmp(facts_text_of(point, "point"), json_string_value(id)) == 0 &&
                strcmp(facts_text_of(point, "input"), input) == 0)
                return true;
        }
    }
    return false;
}

void run_panel_gaps(const struct run_panel *p, const char *input, const char *other)
{
    int64_t begin_us = facts_time_of(json_object_get(p->facts, "run"), "begin");
    size_t i;
    const json_t *gap;
    json_array_foreach(json_object_get(p->facts, "gaps"), i, gap)
    {
        if (!concerns(p, gap, input) && (other == NULL || !concerns(p, gap, other)))
            continue;
        double from_s = (double)(facts_time_of(gap, "from") - begin_us) / 1e6;
        double to_s = (double)(facts_time_of(gap, "to") - begin_us) / 1e6;
        if (to_s <= p->from_s || from_s >= p->to_s)
            continue;
        double x = run_panel_x(p, from_s);
        chart_hatch(p->s->cr, x, p->y, fmax(run_panel_x(p, to_s) - x, 0.6), p->height);
    }
}

void run_panel_sample(struct sheet *s, enum run_line line, double x, double y)
{
    cairo_save(s->cr);
    look_like(s->cr, line);
    cairo_move_to(s->cr, x, y);
    cairo_line_to(s->cr, x + 18, y);
    cairo_stroke(s->cr);
    cairo_restore(s->cr);
}
