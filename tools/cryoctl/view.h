/*
 * view.h - a Status answer as the table of assets that status and watch show.
 */
#ifndef CRYOMON_CRYOCTL_VIEW_H
#define CRYOMON_CRYOCTL_VIEW_H

#include "cryoctl.h"
#include "table.h"

struct view {
    struct table table; /* assets with unacknowledged alarms first, then with alarms, then the rest */
    size_t n_alarms, n_unacknowledged, n_assets, n_points, n_bad, n_disabled;
    const char *broker, *disk; /* "ok", "failing", "none"; borrowed from the status */
};

/* Returns false when memory is short. Free with view_free in any case. */
bool view_build(const struct ctl *ctl, const json_t *status, struct view *ret);
void view_free(struct view *view);

/* "Demo cell bank (demo)  2026-11-22 11:02:03+08:00" */
void view_head(const struct ctl *ctl, const json_t *status, char *text, size_t cap);
/* "3 alarms, 1 unacknowledged; 12 assets; broker ok" */
void view_summary(const struct ctl *ctl, const struct view *view, char *text, size_t cap);
enum table_style view_summary_style(const struct view *view);

/* A point's value as a person reads it: "-190.1 °C", "open", "-- timeout"; never a number when it is bad.
 * Returns text. */
const char *view_value(const struct ctl *ctl, const json_t *point, char *text, size_t cap);

bool view_alarm_waits(const json_t *alarm);  /* not acknowledged, be it over or not */
bool view_alarm_active(const json_t *alarm); /* its condition holds */
bool view_alarm_held(const json_t *alarm);   /* shelved, suppressed or out of service */
/* Who has acknowledged it, and who keeps it quiet; "": nobody, or it is not known. */
const char *view_alarm_acknowledged_by(const json_t *alarm);
const char *view_alarm_held_by(const json_t *alarm);
enum table_style view_alarm_style(const json_t *alarm);

#endif
