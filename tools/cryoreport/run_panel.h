/* run_panel.h - one panel of a run's charts: its scale, its axes, and lines that break where nothing is
 * known. Not for others than run_chart. */
#ifndef CRYOMON_RUN_PANEL_H
#define CRYOMON_RUN_PANEL_H

#include "sheet.h"

#define RUN_PANEL_LABELS 36.0 /* room for the numbers at the left */

/* How a line looks: apart also where it is printed in black. */
enum run_line {
    RUN_LINE_PROGRAM,
    RUN_LINE_SETPOINT,
    RUN_LINE_CHAMBER,
    RUN_LINE_EARLIER,
    RUN_LINE_SAMPLE, /* and further probes after it */
    RUN_LINE_SAMPLE_2,
    RUN_LINE_SAMPLE_3,
    RUN_LINE_SAMPLE_4,
};

struct run_panel {
    struct sheet *s;
    const json_t *facts;
    double x, y, width, height; /* of the panel itself */
    double from_s, to_s;        /* after the run's begin */
    double low, high;
};

/* A time of the facts, in seconds after the run's begin. */
double run_panel_since(const struct run_panel *p, const json_t *object, const char *key);
double run_panel_x(const struct run_panel *p, double s);
double run_panel_y(const struct run_panel *p, double value);

/* Widens low and high (INFINITY and -INFINITY at first) to what a trace shows between from_s and to_s. A
 * trace is rows of seconds and one value, or two; null: a break. */
void run_panel_include(struct run_panel *p, const json_t *trace);
/* Adds a margin; a panel without any value gets a scale all the same. */
void run_panel_settle(struct run_panel *p, double least_margin);

void run_panel_numbers(const struct run_panel *p, unsigned wanted);
void run_panel_minutes(const struct run_panel *p, unsigned wanted); /* after the begin */
/* The reader's time: lines down to bottom_y, and what they stand for below it. */
void run_panel_clock(const struct run_panel *p, double bottom_y, bool labels);
void run_panel_frame(const struct run_panel *p);

void run_panel_trace(const struct run_panel *p, const json_t *trace, enum run_line line);
void run_panel_band(const struct run_panel *p, const json_t *band);
/* Hatches the gaps of the points that stand for one of these inputs (NULL: of one). */
void run_panel_gaps(const struct run_panel *p, const char *input, const char *other);

/* A sample of a line, as in legends: 18 wide. */
void run_panel_sample(struct sheet *s, enum run_line line, double x, double y);

#endif
