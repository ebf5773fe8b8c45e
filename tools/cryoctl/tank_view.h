/*
 * tank_view.h - what a Status answer says about tanks and supplies: the points that cryomon derives, with
 * their intervals, and the alarms. What is not known keeps its reason.
 */
#ifndef CRYOMON_CRYOCTL_TANK_VIEW_H
#define CRYOMON_CRYOCTL_TANK_VIEW_H

#include "cryoctl.h"

#define TANK_VIEW_MAX 160 /* a value in words */

/* A tank or a supply. Everything is borrowed from the status. */
struct tank_view {
    const char *asset, *name;
    bool is_supply;
    bool is_understood;  /* cryomon derives something of it: it has `vessel` or `supply` */
    json_t *points;      /* id -> point; a reference of its own */
    const json_t *alarm; /* the worst; NULL: none */
    size_t n_alarms;
    json_t *alarms; /* array; a reference of its own */
};

struct tank_views {
    size_t n;
    struct tank_view *views; /* in the order of the status: tanks and supplies mixed */
    bool no_memory;
};

/* Tanks (understood or not), and utilities that are supplies. Free in any case. */
void tank_view_read(const struct ctl *ctl, const json_t *status, struct tank_views *ret);
void tank_view_free(struct tank_views *views);

/* A derived point in words: "3.2 L/d (2.9-3.6)", "at least 3.2 d", "static", "-- learning", "-- not measured"
 * (there is no such point). Hours are told in the unit that says most. Returns text. */
const char *tank_view_value(const struct ctl *ctl, const struct tank_view *view, const char *id,
                            char text[TANK_VIEW_MAX]);
/* Is it known, wholly or "at least"? */
bool tank_view_knows(const struct tank_view *view, const char *id);
/* The state's stable name ("failing"); "" when it is not known. */
const char *tank_view_state(const struct tank_view *view, const char *id);

/* "HIGH vacuum-failing, unacknowledged; ...". Returns text. */
const char *tank_view_alarms(const struct ctl *ctl, const struct tank_view *view, char *text, size_t cap);

/* In no language, for --json. A new reference. */
json_t *tank_view_json(const struct tank_view *view);

#endif
