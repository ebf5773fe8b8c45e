/*
 * run_chart.h - the curve of a freezer's run: program, tolerance, chamber and sample, with its steps, its ice
 * and what happened on one axis of time. Times without a reading are hatched, and no line leads over them.
 *
 * All is drawn at the sheet's y, which moves on, from the facts of a run (cryomon-report(1)) alone.
 */
#ifndef CRYOMON_RUN_CHART_H
#define CRYOMON_RUN_CHART_H

#include "sheet.h"

/* height: of the curve's panel; the deviation below it (if wanted) takes a third of that more. Where the page
 * has less, it is lower, but not by more than RUN_CHART_LEAST. */
#define RUN_CHART_LEAST 0.65
void run_chart_course(struct sheet *s, const json_t *facts, double height, bool deviation);

/* The sample around its ice, at x (its left edge with the numbers), so wide and high; y does not move. False:
 * there is nothing to show, and nothing was drawn. */
bool run_chart_ice(struct sheet *s, const json_t *facts, double x, double width, double height);

/* The run over the earlier ones. */
void run_chart_earlier(struct sheet *s, const json_t *facts, double height);

#endif
