/*
 * chart_panel.h - one panel of a point's chart: its scale, its axes, and lines that break where nothing is
 * known. Not for others than chart and chart_estimate.
 */
#ifndef CRYOMON_CHART_PANEL_H
#define CRYOMON_CHART_PANEL_H

#include "sheet.h"

#define CHART_PANEL_LABELS 36.0 /* room for the numbers at the left */

struct chart_panel {
    struct sheet *s;
    const json_t *facts, *point, *columns;
    const char *id, *unit;
    double x, y, width, height, low, high;
    int64_t from_us, to_us;
    double step_us;
};

/* Held to the panel's edges. */
double chart_panel_x(const struct chart_panel *p, double utc_us);
double chart_panel_y(const struct chart_panel *p, double value);

/* The middle of a column's time. */
double chart_panel_column_us(const struct chart_panel *p, const json_t *column);

/* Widens low and high. */
void chart_panel_include(struct chart_panel *p, double value);

/* Where a span with these members lies; what has no end lasts to the edge. */
void chart_panel_span(const struct chart_panel *p, const json_t *span, const char *from, const char *to,
                      double *ret_x, double *ret_width);

/* The scale at the left, and the reader's time below, each with its lines. */
void chart_panel_numbers(const struct chart_panel *p);
void chart_panel_times(const struct chart_panel *p);

/* Behind the last column that the line from this one leads to without a break. */
size_t chart_panel_line_end(const struct chart_panel *p, size_t first);

/* The means of the columns from first to before end; steps: each value lasts until the next. */
void chart_panel_line(const struct chart_panel *p, size_t first, size_t end, bool steps);

void chart_panel_title(const struct chart_panel *p);
void chart_panel_frame(const struct chart_panel *p);

/* At the sheet's y; low and high are the caller's. */
struct chart_panel chart_panel_of(struct sheet *s, const json_t *facts, const json_t *point, double height);

#endif
