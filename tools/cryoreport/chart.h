/*
 * chart.h - the course of a point over the range: the mean as a line, minimum to maximum as a band behind it,
 * limits, excursions shaded, gaps hatched.
 */
#ifndef CRYOMON_CHART_H
#define CRYOMON_CHART_H

#include "sheet.h"

/* The height that it takes, with title and axis. */
#define CHART_AROUND 44.0

/* At the sheet's y, which moves on. height: of the panel itself. */
void chart_draw(struct sheet *s, const json_t *facts, const json_t *point, double height);

/* The same of an estimate: the value as a line, and the ends of its interval as a band (NULL: it has none).
 * Where it was not known there is nothing: no sensor was silent. Spans ({"state", "from", "to"}; NULL: none)
 * are shaded, "failing" more. */
void chart_estimate(struct sheet *s, const json_t *facts, const json_t *point, const json_t *least,
                    const json_t *most, const json_t *spans, double height);

/* How a time without a value looks. */
void chart_hatch(cairo_t *cr, double x, double y, double width, double height);

/* What the marks mean; once, above the charts. */
void chart_legend(struct sheet *s);

#endif
