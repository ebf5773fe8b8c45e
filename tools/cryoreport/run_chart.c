#include "run_chart.h"

#include <math.h>
#include <string.h>

#include "chart.h"
#include "facts_internal.h"
#include "run_lanes.h"
#include "run_panel.h"
#include "words.h"

#define LANE    9.0
#define STRIP   11.0 /* above the panel: the steps */
#define TIMES   24.0 /* below everything: clock and date */
#define LEGEND  13.0
#define CAPTION 13.0 /* that whoever draws it may put below */

static double number(const json_t *object, const char *key)
{
    return json_number_value(json_object_get(object, key));
}

static const json_t *curve(const struct run_panel *p, const char *key)
{
    return json_object_get(json_object_get(p->facts, "curve"), key);
}

/* Facts come from a file: no time of a run is years away from its begin. */
static double seconds_of(const json_t *object, const char *key)
{
    return fmax(fmin(number(object, key), 1e8), -1e8);
}

static struct run_panel panel_at(struct sheet *s, const json_t *facts, double y, double height)
{
    const json_t *of = json_object_get(facts, "curve");
    return (struct run_panel){.s = s,
                              .facts = facts,
                              .x = SHEET_LEFT + RUN_PANEL_LABELS,
                              .y = y,
                              .width = SHEET_RIGHT - SHEET_LEFT - RUN_PANEL_LABELS,
                              .height = height,
                              .from_s = seconds_of(of, "from_s"),
                              .to_s = fmax(seconds_of(of, "to_s"), seconds_of(of, "from_s") + 1),
                              .low = INFINITY,
                              .high = -INFINITY};
}

/* A freezer without a sample probe has no gaps of it: there is no curve at all. */
static bool has_values(const json_t *trace)
{
    size_t i;
    const json_t *row;
    json_array_foreach(trace, i, row)
    {
        if (json_is_number(json_array_get(row, 1)))
            return true;
    }
    return false;
}

/* ---------------------------------------------------------------- steps */

static double width_of(struct sheet *s, const char *text)
{
    PangoLayout *layout = sheet_layout(s, SHEET_FAINT, text, 0, SHEET_START);
    int width;
    pango_layout_get_size(layout, &width, NULL);
    g_object_unref(layout);
    return (double)width / PANGO_SCALE;
}

static void name_step(struct sheet *s, const json_t *step, size_t i, double x, double room)
{
    static const char *const kinds[][3] = {{"hold", "hold", "保持"},
                                           {"ramp", "to", "降至"},
                                           {"seed", "seed", "植冰"},
                                           {"plunge", "plunge", "投入"}};
    const char *kind = facts_text_of(step, "kind");
    char number_only[24], whole[96];
    (void)snprintf(number_only, sizeof number_only, "%zu", i + 1);
    (void)snprintf(whole, sizeof whole, "%s", number_only);
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++)
        if (strcmp(kinds[k][0], kind) == 0)
            (void)snprintf(whole, sizeof whole, "%zu  %s %.4g °C", i + 1,
                           k == 1 && number(step, "target") > number(step, "from")
                               ? tr(s->ctl, "up to", "升至")
                               : tr(s->ctl, kinds[k][1], kinds[k][2]),
                           number(step, "target"));
    const char *shown = width_of(s, whole) < room - 3         ? whole
                        : width_of(s, number_only) < room - 1 ? number_only
                                                              : "";
    sheet_text(s, SHEET_FAINT, shown, x + 2, s->y, 0, SHEET_START);
}

/* Where each step began, through all panels; its name above them. */
static void draw_steps(const struct run_panel *p, double bottom)
{
    static const double dash[] = {1.5, 2};
    cairo_t *cr = p->s->cr;
    size_t i;
    const json_t *step;
    json_array_foreach(json_object_get(p->facts, "steps"), i, step)
    {
        if (!json_is_true(json_object_get(step, "reached")))
            continue;
        double x = run_panel_x(p, run_panel_since(p, step, "begin")),
               end = run_panel_x(p, run_panel_since(p, step, "end"));
        cairo_save(cr);
        cairo_set_source_rgb(cr, 0.35, 0.42, 0.50);
        cairo_set_line_width(cr, 0.5);
        cairo_set_dash(cr, dash, 2, 0);
        cairo_move_to(cr, x, p->y - STRIP);
        cairo_line_to(cr, x, bottom);
        cairo_stroke(cr);
        cairo_restore(cr);
        name_step(p->s, step, i, x, end - x);
    }
}

/* ---------------------------------------------------------------- ice */

static void dot(const struct run_panel *p, double s, double value)
{
    cairo_t *cr = p->s->cr;
    cairo_new_sub_path(cr);
    cairo_arc(cr, run_panel_x(p, s), run_panel_y(p, value), 2.4, 0, 2 * G_PI);
    cairo_set_source_rgb(cr, 1, 1, 1);
    cairo_fill_preserve(cr);
    cairo_set_source_rgb(cr, 0.72, 0.08, 0.30);
    cairo_set_line_width(cr, 0.9);
    cairo_stroke(cr);
}

static const json_t *seen(const json_t *ice)
{
    return json_is_true(json_object_get(ice, "seen")) && json_is_number(json_object_get(ice, "onset")) ? ice
                                                                                                       : NULL;
}

static const json_t *ice_of(const json_t *facts)
{
    return seen(json_object_get(json_object_get(facts, "run"), "ice"));
}

/* Of several probes: the others' ice is marked, too; the figures beside say what it was. */
static void dots(const struct run_panel *p, const json_t *ice)
{
    dot(p, run_panel_since(p, ice, "onset_time"), number(ice, "onset"));
    if (json_is_number(json_object_get(ice, "peak")) && json_object_get(ice, "peak_time") != NULL)
        dot(p, run_panel_since(p, ice, "peak_time"), number(ice, "peak"));
}

static void mark_others(const struct run_panel *p)
{
    size_t i;
    const json_t *one;
    json_array_foreach(json_object_get(json_object_get(p->facts, "run"), "samples"), i, one)
    {
        const json_t *ice = seen(json_object_get(one, "ice"));
        if (i > 0 && ice != NULL)
            dots(p, ice);
    }
}

/* "6 min 20 s" */
static void minutes(const struct sheet *s, double seconds, char *text, size_t cap)
{
    long all = lround(seconds);
    (void)snprintf(text, cap, tr(s->ctl, "%ld min %02ld s", "%ld 分 %02ld 秒"), all / 60, all % 60);
}

static void mark_ice(const struct run_panel *p, bool with_text)
{
    const json_t *ice = ice_of(p->facts);
    char text[256], plateau[64];
    if (ice == NULL)
        return;
    double onset_s = run_panel_since(p, ice, "onset_time"), peak = number(ice, "peak");
    bool has_peak = json_is_number(json_object_get(ice, "peak"));
    dots(p, ice);
    if (!with_text || json_array_size(json_object_get(json_object_get(p->facts, "run"), "samples")) > 1)
        return;
    (void)snprintf(text, sizeof text, tr(p->s->ctl, "ice: onset %.1f °C", "结冰：起始 %.1f °C"),
                   number(ice, "onset"));
    if (has_peak)
        (void)snprintf(text + strlen(text), sizeof text - strlen(text),
                       tr(p->s->ctl, ", peak %.1f °C", "，峰值 %.1f °C"), peak);
    if (json_is_number(json_object_get(ice, "plateau_seconds"))) {
        minutes(p->s, number(ice, "plateau_seconds"), plateau, sizeof plateau);
        (void)snprintf(text + strlen(text), sizeof text - strlen(text),
                       tr(p->s->ctl, ", plateau %s", "，平台 %s"), plateau);
    }
    double y = run_panel_y(p, fmax(number(ice, "onset"), has_peak ? peak : -INFINITY)) - 14;
    double x = run_panel_x(p, onset_s) + 8, width = width_of(p->s, text);
    x = fmin(x, p->x + p->width - width - 3);
    sheet_text(p->s, SHEET_SMALL, text, x, fmax(y, p->y + 2), 0, SHEET_START);
}

/* ---------------------------------------------------------------- the course */

static const char *const sample_keys[] = {"sample", "sample-2", "sample-3", "sample-4"};
#define SAMPLES (sizeof sample_keys / sizeof sample_keys[0])

/* Of several probes, each by its name. */
static const char *sample_name(const struct sheet *s, const json_t *facts, size_t k)
{
    const json_t *samples = json_object_get(json_object_get(facts, "run"), "samples");
    if (json_array_size(samples) < 2)
        return tr(s->ctl, "sample", "样品");
    return facts_text_of(json_object_get(json_array_get(samples, k), "name"),
                         s->ctl->language == LANGUAGE_ZH ? "zh" : "en");
}

static void legend(struct sheet *s, const json_t *facts)
{
    static const struct {
        const char *key, *en, *zh;
        enum run_line line;
    } lines[] = {{"chamber", "chamber", "腔体", RUN_LINE_CHAMBER},
                 {"setpoint", "setpoint", "设定值", RUN_LINE_SETPOINT},
                 {"planned", "program", "程序", RUN_LINE_PROGRAM},
                 {"band", "tolerance", "容差带", RUN_LINE_EARLIER}};
    const json_t *curves = json_object_get(facts, "curve");
    double x = SHEET_LEFT + RUN_PANEL_LABELS;
    for (size_t i = 0; i < SAMPLES + 5; i++) {
        const size_t k = i - SAMPLES;
        const char *text = i < SAMPLES ? sample_name(s, facts, i)
                           : k == 4    ? tr(s->ctl, "no value", "无数据")
                                       : tr(s->ctl, lines[k].en, lines[k].zh);
        if (i < SAMPLES + 4 &&
            !has_values(json_object_get(curves, i < SAMPLES ? sample_keys[i] : lines[k].key)))
            continue;
        const double width = 22 + width_of(s, text) + 14;
        if (x + width > SHEET_RIGHT + 14) { /* long names */
            x = SHEET_LEFT + RUN_PANEL_LABELS;
            s->y += LEGEND;
        }
        if (i < SAMPLES) {
            run_panel_sample(s, RUN_LINE_SAMPLE + (enum run_line)i, x, s->y + 4.8);
        } else if (k < 3) {
            run_panel_sample(s, lines[k].line, x, s->y + 4.8);
        } else if (k == 3) {
            cairo_set_source_rgb(s->cr, 0.86, 0.94, 0.84);
            cairo_rectangle(s->cr, x, s->y + 0.8, 18, 8);
            cairo_fill(s->cr);
        } else {
            chart_hatch(s->cr, x, s->y + 0.8, 18, 8);
        }
        sheet_text(s, SHEET_FAINT, text, x + 22, s->y - 0.6, 0, SHEET_START);
        x += width;
    }
    s->y += LEGEND;
}

/* The first one on top. */
static void sample_traces(const struct run_panel *p, const json_t *curves)
{
    for (size_t i = SAMPLES; i-- > 0;)
        run_panel_trace(p, json_object_get(curves, sample_keys[i]), RUN_LINE_SAMPLE + (enum run_line)i);
}

static void draw_curve(struct run_panel *p)
{
    static const char *const keys[] = {"chamber", "setpoint", "planned", "band"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        run_panel_include(p, curve(p, keys[i]));
    for (size_t i = 0; i < SAMPLES; i++)
        run_panel_include(p, curve(p, sample_keys[i]));
    run_panel_settle(p, 0.5);
    run_panel_band(p, curve(p, "band"));
    run_panel_numbers(p, p->height > 140 ? 9 : 5);
    run_panel_gaps(p, "chamber", has_values(curve(p, "sample")) ? "sample" : NULL);
    run_panel_trace(p, curve(p, "planned"), RUN_LINE_PROGRAM);
    run_panel_trace(p, curve(p, "setpoint"), RUN_LINE_SETPOINT);
    run_panel_trace(p, curve(p, "chamber"), RUN_LINE_CHAMBER);
    sample_traces(p, json_object_get(p->facts, "curve"));
    mark_ice(p, true);
    mark_others(p);
    run_panel_frame(p);
}

/* ---------------------------------------------------------------- deviations */

static void tolerances(const struct run_panel *p)
{
    size_t i;
    const json_t *step;
    cairo_set_source_rgb(p->s->cr, 0.86, 0.94, 0.84);
    json_array_foreach(json_object_get(p->facts, "steps"), i, step)
    {
        const json_t *tolerance = json_object_get(step, "tolerance");
        if (!json_is_number(tolerance) || !json_is_true(json_object_get(step, "reached")))
            continue;
        double x = run_panel_x(p, run_panel_since(p, step, "begin")),
               y = run_panel_y(p, json_number_value(tolerance));
        cairo_rectangle(p->s->cr, x, y, run_panel_x(p, run_panel_since(p, step, "end")) - x,
                        run_panel_y(p, -json_number_value(tolerance)) - y);
    }
    cairo_fill(p->s->cr);
}

/* What is not judged yet: the chamber was open when the run began. */
static void settling(const struct run_panel *p)
{
    double settle_s = number(json_object_get(p->facts, "program"), "settle_seconds");
    if (settle_s <= 0)
        return;
    cairo_set_source_rgb(p->s->cr, 0.94, 0.94, 0.94);
    cairo_rectangle(p->s->cr, p->x, p->y, run_panel_x(p, settle_s) - p->x, p->height);
    cairo_fill(p->s->cr);
}

static void draw_deviation(struct run_panel *p)
{
    size_t i;
    const json_t *step;
    run_panel_include(p, curve(p, "deviation"));
    double most = fmax(p->low <= p->high ? fmax(fabs(p->low), fabs(p->high)) : 0, 0.5);
    double reach = most;
    json_array_foreach(json_object_get(p->facts, "steps"), i, step)
    {
        double tolerance = number(step, "tolerance");
        if (tolerance < 4 * most) /* a wide one would press the curve flat */
            reach = fmax(reach, tolerance);
    }
    p->low = -reach * 1.08;
    p->high = reach * 1.08;
    tolerances(p);
    settling(p);
    run_panel_numbers(p, 5);
    run_panel_gaps(p, "chamber", NULL);
    sheet_rule(p->s, p->x, p->x + p->width, run_panel_y(p, 0), 0.5);
    run_panel_trace(p, curve(p, "deviation"), RUN_LINE_CHAMBER);
    sheet_text(p->s, SHEET_FAINT, tr(p->s->ctl, "deviation, K", "偏差，K"), p->x + 4, p->y + 1, 0,
               SHEET_START);
    run_panel_frame(p);
}

/* Rather lower than on another page, where nothing but the title would stay. */
static double fitting(const struct sheet *s, double height, double around, double times)
{
    double room = (SHEET_BOTTOM - s->y - around) / times - 0.5;
    return room >= RUN_CHART_LEAST * height ? fmin(height, room) : height;
}

void run_chart_course(struct sheet *s, const json_t *facts, double height, bool deviation)
{
    struct run_panel p = panel_at(s, facts, 0, height);
    deviation = deviation && has_values(curve(&p, "deviation"));
    double lane_height = RUN_LANE * run_lanes_count(&p);
    p.height = height =
        fitting(s, height, LEGEND + STRIP + 3 + lane_height + TIMES + (deviation ? 8 + CAPTION : 0),
                deviation ? 4.0 / 3 : 1);
    double below = deviation ? height / 3 + 8 : 0;
    sheet_need(s, LEGEND + STRIP + height + 3 + lane_height + below + TIMES);
    legend(s, facts);
    p.y = s->y + STRIP;
    double bottom = p.y + height + 3 + lane_height + below;
    run_panel_clock(&p, deviation ? p.y + height : bottom + 2, !deviation);
    draw_curve(&p);
    run_lanes_draw(&p, p.y + height + 2);
    if (deviation) {
        struct run_panel d = panel_at(s, facts, p.y + height + 3 + lane_height + 5, below - 8);
        run_panel_clock(&d, d.y + d.height + 2, true);
        draw_deviation(&d);
    }
    draw_steps(&p, bottom);
    s->y = bottom + TIMES;
}

/* ---------------------------------------------------------------- ice, near */

static void label(const struct run_panel *p, double s, double value, const char *text, double dx, double dy)
{
    double width = width_of(p->s, text), x = run_panel_x(p, s) + dx;
    x = fmax(fmin(x, p->x + p->width - width - 2), p->x + 2);
    cairo_set_source_rgba(p->s->cr, 1, 1, 1, 0.85);
    cairo_rectangle(p->s->cr, x - 1, run_panel_y(p, value) + dy + 1, width + 2, 8);
    cairo_fill(p->s->cr);
    sheet_text(p->s, SHEET_SMALL, text, x, run_panel_y(p, value) + dy, 0, SHEET_START);
}

/* From the onset until the sample was as cold again. */
static void plateau(const struct run_panel *p, const json_t *ice)
{
    cairo_t *cr = p->s->cr;
    char duration[64], text[128];
    double onset_s = run_panel_since(p, ice, "onset_time"), seconds = number(ice, "plateau_seconds");
    if (!json_is_number(json_object_get(ice, "plateau_seconds")))
        return;
    double x1 = run_panel_x(p, onset_s), x2 = run_panel_x(p, onset_s + seconds),
           y = run_panel_y(p, number(ice, "onset"));
    cairo_set_source_rgb(cr, 0.72, 0.08, 0.30);
    cairo_set_line_width(cr, 0.6);
    cairo_move_to(cr, x1, y);
    cairo_line_to(cr, x2, y);
    cairo_move_to(cr, x2, y - 3);
    cairo_line_to(cr, x2, y + 3);
    cairo_stroke(cr);
    minutes(p->s, seconds, duration, sizeof duration);
    (void)snprintf(text, sizeof text, tr(p->s->ctl, "plateau %s", "平台 %s"), duration);
    sheet_text(p->s, SHEET_SMALL, text, fmax((x1 + x2) / 2, p->x + 32), y + 1, 0, SHEET_MIDDLE);
}

bool run_chart_ice(struct sheet *s, const json_t *facts, double x, double width, double height)
{
    const json_t *near = json_object_get(facts, "ice_curve"), *ice = ice_of(facts);
    char text[96];
    if (ice == NULL || json_array_size(json_object_get(near, "sample")) == 0)
        return false;
    struct run_panel p = {.s = s,
                          .facts = facts,
                          .x = x + RUN_PANEL_LABELS,
                          .y = s->y,
                          .width = width - RUN_PANEL_LABELS,
                          .height = height - 14,
                          .from_s = seconds_of(near, "from_s"),
                          .to_s = fmax(seconds_of(near, "to_s"), seconds_of(near, "from_s") + 1),
                          .low = INFINITY,
                          .high = -INFINITY};
    for (size_t i = 0; i < SAMPLES; i++)
        run_panel_include(&p, json_object_get(near, sample_keys[i]));
    run_panel_settle(&p, 0.5);
    p.low -= (p.high - p.low) * 0.08; /* for the words below */
    p.high += (p.high - p.low) * 0.08;
    run_panel_minutes(&p, 6);
    run_panel_numbers(&p, 6);
    run_panel_gaps(&p, "sample", NULL);
    run_panel_trace(&p, json_object_get(near, "chamber"), RUN_LINE_CHAMBER);
    sample_traces(&p, near);
    plateau(&p, ice);
    mark_ice(&p, false);
    mark_others(&p);
    (void)snprintf(text, sizeof text, tr(s->ctl, "onset %.2f °C", "起始 %.2f °C"), number(ice, "onset"));
    label(&p, run_panel_since(&p, ice, "onset_time"), number(ice, "onset"), text, -width_of(s, text) - 5, -4);
    if (json_is_number(json_object_get(ice, "peak")) && json_object_get(ice, "peak_time") != NULL) {
        (void)snprintf(text, sizeof text, tr(s->ctl, "peak %.2f °C", "峰值 %.2f °C"), number(ice, "peak"));
        label(&p, run_panel_since(&p, ice, "peak_time"), number(ice, "peak"), text, 0, -12);
    }
    run_panel_frame(&p);
    return true;
}

/* ---------------------------------------------------------------- earlier runs */

void run_chart_earlier(struct sheet *s, const json_t *facts, double height)
{
    const json_t *earlier = json_object_get(facts, "earlier"), *one;
    size_t i;
    sheet_need(s, height + 20);
    struct run_panel p = panel_at(s, facts, s->y, height);
    const bool of_sample = has_values(curve(&p, "sample"));
    const json_t *own = curve(&p, of_sample ? "sample" : "chamber");
    json_array_foreach(earlier, i, one)
    {
        p.to_s = fmax(p.to_s, seconds_of(one, "seconds"));
    }
    run_panel_include(&p, own);
    json_array_foreach(earlier, i, one)
    {
        run_panel_include(&p, json_object_get(one, of_sample ? "sample" : "chamber"));
    }
    run_panel_settle(&p, 0.5);
    run_panel_numbers(&p, 6);
    run_panel_minutes(&p, 12);
    json_array_foreach(earlier, i, one)
    {
        run_panel_trace(&p, json_object_get(one, of_sample ? "sample" : "chamber"), RUN_LINE_EARLIER);
    }
    run_panel_trace(&p, own, of_sample ? RUN_LINE_SAMPLE : RUN_LINE_CHAMBER);
    sheet_text(s, SHEET_FAINT,
               of_sample ? tr(s->ctl, "sample, °C", "样品，°C") : tr(s->ctl, "chamber, °C", "腔体，°C"),
               p.x + p.width - 4, p.y + 1, 0, SHEET_END);
    run_panel_frame(&p);
    s->y += height + 18;
}
