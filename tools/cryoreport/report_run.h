/* report_run.h - the parts of a run's report. Not for others than report. */
#ifndef CRYOMON_REPORT_RUN_H
#define CRYOMON_REPORT_RUN_H

#include "report_internal.h"

/* Below the title: which run it was, of which program, whose. */
void report_run_head(struct report *r);
/* All that follows; with r->brief what fits on one page. */
void report_run(struct report *r);

bool report_is_example(const struct report *r); /* the program: nobody here has validated it */

void report_run_figures(struct report *r); /* with the ice, near */
void report_run_steps(struct report *r);
void report_run_limits(struct report *r);
void report_run_earlier(struct report *r);
void report_run_notes(struct report *r);
void report_run_decisions(struct report *r); /* where there were several */
void report_run_events_in_brief(struct report *r);

#endif
