#include "run_steps.h"

#include <stdint.h>

#include "run_words.h"

enum {
    COLUMN_STEP,
    COLUMN_KIND,
    COLUMN_TARGET,
    COLUMN_PLANNED,
    COLUMN_ACTUAL,
    COLUMN_TOOK,
    COLUMN_OFF,
    COLUMN_RMS,
    COLUMN_OUTSIDE,
    COLUMN_OVERSHOOT,
    COLUMN_RESULT,
    COLUMN_COUNT
};

/* By the reasons of the verdict. */
static void result_cell(const struct ctl *ctl, struct table *t, const struct run_file *run, unsigned step)
{
    bool outside = false, unknown = false;

    for (unsigned i = 0; i < run->verdict.n && i < FREEZER_REASONS_MAX; i++) {
        const struct freezer_reason *r = &run->verdict.reasons[i];
        if (r->step != (int)step)
            continue;
        if (freezer_record_why_is_unknown(r->why))
            unknown = true;
        else
            outside = true;
    }
    unknown |= freezer_record_seen(&run->record, step) == FREEZER_PARTLY_SEEN;
    const bool last = step + 1 == run->record.n_steps || !run->record.steps[step + 1].entered;
    if (freezer_record_seen(&run->record, step) == FREEZER_NOT_SEEN)
        table_cell(t, COLUMN_RESULT, TABLE_WARNING, tr(ctl, "not seen", "未见"));
    else if (!run->record.steps[step].entered)
        table_cell(t, COLUMN_RESULT, TABLE_WARNING, tr(ctl, "not reached", "未到达"));
    else if (outside)
        table_cell(t, COLUMN_RESULT, TABLE_URGENT, tr(ctl, "OUTSIDE", "超限"));
    else if (last && run->record.how != FREEZER_END_COMPLETE)
        table_cell(t, COLUMN_RESULT, TABLE_WARNING,
                   run->is_broken_off ? tr(ctl, "broken off", "中止") : tr(ctl, "goes on", "进行中"));
    else if (unknown)
        table_cell(t, COLUMN_RESULT, TABLE_WARNING, tr(ctl, "not known", "未知"));
    else
        table_cell(t, COLUMN_RESULT, TABLE_PLAIN, tr(ctl, "conforms", "符合"));
}

/* The larger of both sides, with its sign. */
static micro_t most_off(const struct freezer_conduct *c)
{
    if (c->warm == FREEZER_NONE || c->cold == FREEZER_NONE)
        return FREEZER_NONE;
    return c->warm >= -c->cold ? c->warm : c->cold;
}

/* "-1.00/min": that it is degrees, the targets say. */
static const char *rate_text(char text[WHEN_MAX], micro_t per_hour)
{
    char digits[MICRO_TEXT_MAX];

    if (per_hour == FREEZER_NONE)
        return "--";
    micro_print(digits, sizeof digits, micro_round(per_hour / 60, 2), 2);
    (void)snprintf(text, WHEN_MAX, "%s/min", digits);
    return text;
}

/* How it went, by a probe where it is about the sample. */
static void conduct_cells(const struct ctl *ctl, struct table *t, const struct run_file *run, unsigned i,
                          unsigned probe)
{
    const struct freezer_conduct *c = freezer_record_conduct(&run->record, i, probe);
    char text[WHEN_MAX];
    micro_t value = FREEZER_NONE;

    if (run->program->steps.steps[i].kind == FREEZER_STEP_RAMP)
        table_cell(
            t, COLUMN_ACTUAL, TABLE_PLAIN,
            rate_text(text, freezer_record_rate_of(&run->record, i, probe, &value) ? value : FREEZER_NONE));
    table_cell(t, COLUMN_OFF, TABLE_PLAIN, run_words_degrees(text, most_off(c)));
    value = FREEZER_NONE;
    (void)freezer_record_rms_of(&run->record, (int)i, probe, &value);
    table_cell(t, COLUMN_RMS, TABLE_PLAIN, run_words_degrees(text, value));
    table_cell(t, COLUMN_OUTSIDE, c->outside_us > 0 ? TABLE_WARNING : TABLE_PLAIN,
               when_print_duration(ctl, text, c->outside_us));
    if (c->overshoot != FREEZER_NONE)
        table_cell(t, COLUMN_OVERSHOOT, TABLE_PLAIN, run_words_degrees(text, c->overshoot));
}

/* The further probes of a step that is about the sample. */
static void other_rows(const struct ctl *ctl, struct table *t, const struct run_file *run, unsigned i)
{
    char text[64];

    for (unsigned k = 1; k < run->record.n_samples && run->record.of_sample[i]; k++) {
        table_row(t);
        (void)snprintf(text, sizeof text, tr(ctl, "sample %u", "样品 %u"), k + 1);
        table_cell(t, COLUMN_KIND, TABLE_PLAIN, text);
        if (run->record.steps[i].entered)
            conduct_cells(ctl, t, run, i, k);
    }
}

static void step_row(const struct ctl *ctl, struct table *t, const struct run_file *run, unsigned i)
{
    const struct freezer_step *s = &run->program->steps.steps[i];
    const struct freezer_conduct *c = &run->record.steps[i];
    char text[WHEN_MAX], took[WHEN_MAX + 4], digits[16];

    table_row(t);
    (void)snprintf(digits, sizeof digits, "%u", i + 1);
    table_cell(t, COLUMN_STEP, TABLE_PLAIN, digits);
    table_cell(t, COLUMN_KIND, TABLE_PLAIN, run_words_kind(ctl, s->kind));
    table_cell(t, COLUMN_TARGET, TABLE_PLAIN, run_words_degrees(text, s->target));
    if (s->kind == FREEZER_STEP_RAMP) {
        const bool cools = s->target < freezer_program_from(&run->program->steps, i);
        table_cell(t, COLUMN_PLANNED, TABLE_PLAIN, rate_text(text, cools ? -s->per_hour : s->per_hour));
    } else {
        table_cell(t, COLUMN_PLANNED, TABLE_PLAIN,
                   s->for_ms > 0 ? when_print_duration(ctl, text, (int64_t)s->for_ms * 1000) : "");
    }
    if (c->entered) {
        const bool partly = freezer_record_seen(&run->record, i) == FREEZER_PARTLY_SEEN;
        (void)snprintf(took, sizeof took, "%s%s", partly ? ">= " : "",
                       when_print_duration(ctl, text, c->end_us - c->begin_us));
        table_cell(t, COLUMN_TOOK, partly ? TABLE_WARNING : TABLE_PLAIN, took);
        conduct_cells(ctl, t, run, i, 0);
    }
    result_cell(ctl, t, run, i);
    other_rows(ctl, t, run, i);
}

void run_steps_print(const struct ctl *ctl, const struct run_file *run, int columns_wide)
{
    const struct table_column columns[COLUMN_COUNT] = {
        {tr(ctl, "STEP", "步"), true},           {tr(ctl, "KIND", "类型"), false},
        {tr(ctl, "TARGET", "目标"), true},       {tr(ctl, "PLANNED", "计划"), true},
        {tr(ctl, "ACTUAL", "实际"), true},       {tr(ctl, "TOOK", "用时"), true},
        {tr(ctl, "MOST OFF", "最大偏差"), true}, {tr(ctl, "RMS", "均方根"), true},
        {tr(ctl, "OUTSIDE", "超差"), true},      {tr(ctl, "OVERSHOOT", "过冲"), true},
        {tr(ctl, "RESULT", "结果"), false}};
    static const struct table_cut cuts[] = {
        {COLUMN_OUTSIDE, 0}, {COLUMN_OVERSHOOT, 0}, {COLUMN_TOOK, 0}, {COLUMN_RMS, 0}, {COLUMN_OFF, 0}};
    struct table t;

    if (run->program == NULL)
        return;
    putchar('\n');
    table_init(&t, columns, COLUMN_COUNT);
    t.cuts = cuts;
    t.n_cuts = sizeof cuts / sizeof *cuts;
    for (unsigned i = 0; i < run->record.n_steps; i++)
        step_row(ctl, &t, run, i);
    table_print(&t, stdout, ctl->colour, columns_wide, SIZE_MAX);
    table_free(&t);
    putchar('\n');
}
