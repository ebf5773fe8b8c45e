#include "run_lanes.h"

#include <math.h>
#include <string.h>

struct lane {
    const char *kind, *en, *zh;
    double red, green, blue;
};
static const struct lane lanes[] = {
    {"held", "held", "保持", 0.55, 0.62, 0.70},    {"lid", "lid", "盖子", 0.90, 0.62, 0.10},
    {"power", "power", "断电", 0.75, 0.12, 0.10},  {"ln2", "LN2 low", "液氮低", 0.20, 0.55, 0.62},
    {"alarm", "alarms", "报警", 0.80, 0.18, 0.14}, {"note", "notes", "备注", 0.30, 0.45, 0.25},
};
#define LANES (sizeof lanes / sizeof lanes[0])

static const json_t *happened(const struct run_panel *p, const struct lane *lane)
{
    const bool alarms = strcmp(lane->kind, "alarm") == 0, notes = strcmp(lane->kind, "note") == 0;
    return json_object_get(p->facts, alarms ? "alarms" : notes ? "notes" : "lapses");
}

/* From when to when; a moment where there is no end. What was not over is drawn to the edge. */
static void span_of(const struct run_panel *p, const struct lane *lane, const json_t *one, double *from,
                    double *to)
{
    if (strcmp(lane->kind, "note") == 0) {
        *from = *to = run_panel_since(p, one, "time");
    } else if (strcmp(lane->kind, "alarm") == 0) {
        *from = json_object_get(one, "raised") != NULL ? run_panel_since(p, one, "raised") : p->from_s;
        *to = json_object_get(one, "returned") != NULL ? run_panel_since(p, one, "returned") : p->to_s;
    } else {
        *from = run_panel_since(p, one, "from");
        *to = run_panel_since(p, one, "to");
    }
}

/* Of this kind, and within what is shown: a note may come much later. */
static bool belongs(const struct run_panel *p, const struct lane *lane, const json_t *one)
{
    const char *kind = json_string_value(json_object_get(one, "lapse"));
    double from, to;
    if (kind != NULL && strcmp(kind, lane->kind) != 0)
        return false;
    span_of(p, lane, one, &from, &to);
    return from <= p->to_s && to >= p->from_s;
}

static bool has_any(const struct run_panel *p, const struct lane *lane)
{
    size_t i;
    const json_t *one;
    json_array_foreach(happened(p, lane), i, one)
    {
        if (belongs(p, lane, one))
            return true;
    }
    return false;
}

unsigned run_lanes_count(const struct run_panel *p)
{
    unsigned n = 0;
    for (size_t i = 0; i < LANES; i++)
        n += has_any(p, &lanes[i]);
    return n;
}

void run_lanes_draw(const struct run_panel *p, double y)
{
    cairo_t *cr = p->s->cr;
    for (size_t k = 0; k < LANES; k++) {
        size_t i;
        const json_t *one;
        if (!has_any(p, &lanes[k]))
            continue;
        sheet_text(p->s, SHEET_FAINT, tr(p->s->ctl, lanes[k].en, lanes[k].zh), p->x - 4, y - 0.6, 0,
                   SHEET_END);
        json_array_foreach(happened(p, &lanes[k]), i, one)
        {
            double from, to;
            if (!belongs(p, &lanes[k], one))
                continue;
            span_of(p, &lanes[k], one, &from, &to);
            double x = run_panel_x(p, from);
            cairo_set_source_rgb(cr, lanes[k].red, lanes[k].green, lanes[k].blue);
            cairo_rectangle(cr, x, y + 2, fmax(run_panel_x(p, to) - x, 1.2), RUN_LANE - 4);
            cairo_fill(cr);
        }
        y += RUN_LANE;
        sheet_rule(p->s, p->x, p->x + p->width, y, 0.88);
    }
}
