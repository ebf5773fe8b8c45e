/* report_people.c - what people did about the asset: alarms kept quiet, and readings by eye. */
#include <string.h>

#include "facts_internal.h"
#include "report_internal.h"
#include "words.h"

#define COLUMNS(columns) (columns), sizeof(columns) / sizeof((columns)[0])

/* ---------------------------------------------------------------- kept quiet */

static void hold_row(struct report *r, struct grid *grid, const json_t *one)
{
    char at[REPORT_TEXT_MAX], until[REPORT_TEXT_MAX], what[256], by[256], why[1024];
    const char *transition = facts_text_of(one, "transition");
    const json_t *mark = json_object_get(one, "maintenance"); /* of a protected alarm, which goes on */
    const json_t *told = mark != NULL ? mark : one;
    const char *order = facts_text_of(told, "order"), *note = facts_text_of(one, "comment");
    const char *how = facts_text_of(one, "why"), *person = facts_text_of(one, "by");
    if (note[0] == '\0')
        note = facts_text_of(told, "note");
    if (strcmp(how, "person") == 0)
        how = "";
    if (person[0] == '\0' && how[0] == '\0')
        person = facts_text_of(told, "by");
    snprintf(what, sizeof what, "%s%s", words_transition(r->ctl, transition),
             mark != NULL ? tr(r->ctl, "\n(maintenance: the alarm goes on)", "\n（维护：照常报警）") : "");
    snprintf(by, sizeof by, "%s%s", person, person[0] == '\0' ? words_why(r->ctl, how) : "");
    snprintf(why, sizeof why, "%s%s%s", order, order[0] != '\0' && note[0] != '\0' ? ": " : "", note);
    grid_row(grid, (const char *[]){report_time_of(r, at, one, "time"), facts_text_of(one, "alarm"), what, by,
                                    report_time_of(r, until, told, "until"), why});
}

void report_holds(struct report *r)
{
    const json_t *all = json_object_get(r->facts, "kept_quiet"), *one;
    struct ctl *ctl = r->ctl;
    const struct grid_column columns[] = {
        {tr(ctl, "Time", "时间"), 1.3, false, false},  {tr(ctl, "Alarm", "报警"), 1.6, false, false},
        {tr(ctl, "What", "操作"), 1.5, false, false},  {tr(ctl, "By", "操作人"), 1, false, false},
        {tr(ctl, "Until", "截止"), 1.3, false, false}, {tr(ctl, "Why", "原因"), 2, false, false},
    };
    size_t i;
    struct grid grid;
    if (json_array_size(all) == 0)
        return;
    sheet_section(r->s, tr(ctl, "Alarms kept quiet", "报警的搁置、抑制与停用"), 50);
    grid_begin(&grid, r->s, COLUMNS(columns));
    json_array_foreach(all, i, one)
    {
        hold_row(r, &grid, one);
    }
    grid_end(&grid);
}

/* ---------------------------------------------------------------- by eye */

static void eye_row(struct report *r, struct grid *grid, const json_t *one)
{
    char measured[REPORT_TEXT_MAX], entered[REPORT_TEXT_MAX], value[256], by[256], more[1024] = "";
    const char *state = facts_text_of(one, "value_state"), *second = facts_text_of(one, "second");
    const json_t *point = report_point(r, facts_text_of(one, "point"));
    if (state[0] != '\0')
        snprintf(value, sizeof value, "%s", state);
    else
        snprintf(value, sizeof value, "%.10g %s", report_number(one, "value"), facts_text_of(one, "unit"));
    snprintf(by, sizeof by, "%s%s%s", facts_text_of(one, "by"), second[0] != '\0' ? ", " : "", second);
    if (json_array_size(json_object_get(one, "beyond")) > 0)
        report_add(more, sizeof more, tr(r->ctl, "BEYOND THE LIMIT\n", "超出报警限值\n"));
    if (json_is_true(json_object_get(one, "late")))
        report_add(more, sizeof more, tr(r->ctl, "entered late\n", "补录\n"));
    report_add(more, sizeof more, facts_text_of(one, "note"));
    grid_row(grid, (const char *[]){report_time_of(r, measured, one, "measured"),
                                    point != NULL ? report_bilingual(r, point, "name")
                                                  : facts_text_of(one, "point"),
                                    value, by, report_time_of(r, entered, one, "time"), more});
}

void report_by_eye(struct report *r)
{
    const json_t *all = json_object_get(r->facts, "manual_readings"), *one;
    struct ctl *ctl = r->ctl;
    const struct grid_column columns[] = {
        {tr(ctl, "Measured", "测量时间"), 1.3, false, false}, {tr(ctl, "Point", "测点"), 1.4, false, false},
        {tr(ctl, "Value", "数值"), 1, true, false},           {tr(ctl, "By", "操作人"), 1.2, false, false},
        {tr(ctl, "Entered", "录入时间"), 1.3, false, false},  {tr(ctl, "Note", "备注"), 1.8, false, false},
    };
    size_t i;
    struct grid grid;
    if (json_array_size(all) == 0)
        return;
    sheet_section(r->s, tr(ctl, "Read by eye", "人工读数"), 50);
    sheet_paragraph(
        r->s, SHEET_FAINT,
        tr(ctl,
           "Entered by people. They stand beside the readings of the devices, and are in none of the "
           "figures and charts of this report.",
           "由人员录入，与设备读数并列保存，不计入本报告的任何数值和图表。"));
    grid_begin(&grid, r->s, COLUMNS(columns));
    json_array_foreach(all, i, one)
    {
        eye_row(r, &grid, one);
    }
    grid_end(&grid);
}
