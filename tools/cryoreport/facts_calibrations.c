/* facts_calibrations.c - the calibrations that the readings of the range were made with. */
#include <stdlib.h>

#include "facts_internal.h"

void facts_note_calibration(struct gather *g, int64_t id)
{
    for (size_t i = 0; i < g->n_calibrations; i++)
        if (g->calibrations[i] == id)
            return;
    if (g->n_calibrations == g->cap_calibrations) {
        size_t cap = g->cap_calibrations > 0 ? 2 * g->cap_calibrations : 16;
        int64_t *grown = realloc(g->calibrations, cap * sizeof *grown);
        if (grown == NULL) {
            g->failed = true;
            return;
        }
        g->calibrations = grown;
        g->cap_calibrations = cap;
    }
    g->calibrations[g->n_calibrations++] = id;
}

json_t *facts_calibrations(struct gather *g)
{
    json_t *ret = json_array();
    for (size_t i = 0; i < g->n_calibrations; i++) {
        struct history_calibration c = {0};
        json_t *one = json_object();
        facts_set(g, one, "id", json_integer((json_int_t)g->calibrations[i]));
        if (history_calibration(g->reader, g->calibrations[i], &c) == 0) {
            facts_set(g, one, "point", json_string(c.point));
            facts_set(g, one, "from", facts_time(c.from_utc_us));
            facts_set(g, one, "recorded", facts_time(c.utc_us));
            facts_set(g, one, "correction", json_string(c.text));
            facts_set(g, one, "unit", json_string(c.unit));
            facts_set(g, one, "certificate", json_string(c.certificate));
            facts_set(g, one, "date", json_string(c.date));
            facts_set(g, one, "due", json_string(c.due));
            facts_set(g, one, "reference", json_string(c.reference));
        }
        facts_append(g, ret, one);
    }
    return ret;
}
