/*
 * changes.h - what differs between one Status answer and the next, as lines for people.
 */
#ifndef CRYOMON_CRYOCTL_CHANGES_H
#define CRYOMON_CRYOCTL_CHANGES_H

#include "cryoctl.h"
#include "table.h"

typedef void changes_line_fn(void *context, enum table_style style, const char *line);

struct changes {
    json_t *alarms; /* "asset/alarm" -> the alarm as it was; NULL before the first answer */
    json_t *points; /* "asset/point" -> quality and state, as a text */
};

/* Calls line for each alarm that is not as it was (at first: each that is not normal), and with points for
 * each point whose quality or state has changed. Of what cryomon derives only states are told, and without
 * points only those that somebody may be waiting for: a run, the vacuum, a fill. */
void changes_update(const struct ctl *ctl, struct changes *c, const json_t *status, bool points,
                    changes_line_fn *line, void *context);
void changes_free(struct changes *c);

#endif
