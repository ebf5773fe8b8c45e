/* report_run.h - the parts of a run's report. Not for others than report. */
#ifndef CRYOMON_REPORT_RUN_H
#define CRYOMON_REPORT_RUN_H

#include "report_internal.h"

/* Below the title: which run it was, of which program, whose. */
void report_run_head(struct report *r);
/* All that follows; with r->brief what fits on one page. */
void report_run(struct report *r);

/* The one page gives way in so many steps: lower curve, fewer reasons and steps; at the last no curve. */
#define REPORT_RUN_SQUEEZE_MOST 5

/* "-8.2 °C"; a dash for what is no number. Returns text. */
const char *report_run_amount(const json_t *number, int decimals, const char *unit,
                              char text[REPORT_TEXT_MAX]);
#define REPORT_RUN_NONE "–"

/* A title; on the one page a low one. */
void report_run_section(struct report *r, const char *title, double room);

void report_run_figures(struct report *r); /* with the ice, near */
void report_run_steps(struct report *r);
void report_run_limits(struct report *r);
void report_run_earlier(struct report *r);
void report_run_notes(struct report *r);
void report_run_decisions(struct report *r); /* where there were several */
void report_run_curve(struct report *r);
void report_run_verdict(struct report *r);
void report_run_decision(struct report *r);
void report_run_brief(struct report *r); /* all of the one page below its head */

#endif
