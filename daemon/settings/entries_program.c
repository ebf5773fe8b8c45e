/* entries_program.c - a freezer program in the words of its file: what is changed in it must be seen. */
#include <stdio.h>
#include <string.h>

#include "entries.h"
#include "format.h"
#include "program.h"
#include "scalar.h"

#define STEP_MAX 256

static void append(char text[STEP_MAX], const char *what, const char *value)
{
    const size_t used = strlen(text);

    (void)snprintf(text + used, STEP_MAX - used, "; %s %s", what, value);
}

static void add_step(struct entries *e, const struct freezer_step *s, unsigned number)
{
    char key[24], text[STEP_MAX], value[FORMAT_TEXT_MAX], duration[DURATION_TEXT_MAX];

    (void)snprintf(key, sizeof key, "steps.%02u", number);
    (void)snprintf(text, sizeof text, "%s %s", freezer_program_kind_name(s->kind),
                   format_print(value, s->target, "°C"));
    if (s->kind == FREEZER_STEP_RAMP)
        append(text, "rate", format_print(value, s->per_hour, "°C/h"));
    if (s->for_ms > 0)
        append(text, "for", scalar_print_duration(duration, s->for_ms));
    if (s->of_sample)
        append(text, "of", "sample");
    if (s->tolerance != FREEZER_NONE)
        append(text, "tolerance", format_print(value, s->tolerance, "°C"));
    if (s->rate_tolerance != FREEZER_NONE)
        append(text, "rate_tolerance", format_print(value, s->rate_tolerance, "°C/h"));
    if (s->exotherm)
        append(text, "exotherm", "true");
    (void)snprintf(value, sizeof value, "%u", s->segment);
    append(text, "segment", value);
    entries_text(e, key, text);
}

/* ---------------------------------------------------------------- limits */

static void add_degrees(struct entries *e, const char *key, micro_t value)
{
    if (value != FREEZER_NONE)
        entries_value(e, key, value, "°C");
}

static void add_time(struct entries *e, const char *key, int64_t us)
{
    if (us != FREEZER_NONE)
        entries_duration(e, key, (uint32_t)(us / 1000));
}

static const char *print_end(char text[FORMAT_TEXT_MAX], int64_t value, bool is_time)
{
    if (value == FREEZER_NONE)
        (void)snprintf(text, FORMAT_TEXT_MAX, "any");
    else if (is_time)
        (void)scalar_print_duration(text, (uint32_t)(value / 1000));
    else
        (void)format_print(text, value, "°C");
    return text;
}

static void add_range(struct entries *e, const char *key, const struct freezer_range *range, bool is_time)
{
    char low[FORMAT_TEXT_MAX], high[FORMAT_TEXT_MAX];

    if (range->low != FREEZER_NONE || range->high != FREEZER_NONE)
        entries_add(e, key, "%s to %s", print_end(low, range->low, is_time),
                    print_end(high, range->high, is_time));
}

static void add_limits(struct entries *e, const struct freezer_limits *l)
{
    add_degrees(e, "limits.deviation", l->deviation);
    add_degrees(e, "limits.rms_deviation", l->rms);
    add_degrees(e, "limits.overshoot", l->overshoot);
    add_time(e, "limits.outside_tolerance", l->outside_us);
    add_time(e, "limits.gap", l->gap_us);
    add_range(e, "limits.onset", &l->onset, false);
    add_degrees(e, "limits.supercooling", l->supercooling);
    add_range(e, "limits.plateau", &l->plateau_us, true);
    add_range(e, "limits.zero_to_minus_40", &l->zero_to_40_us, true);
    add_degrees(e, "limits.end", l->end);
    add_time(e, "limits.lid_open", l->lid_us);
    add_time(e, "limits.power_off", l->power_us);
}

void entries_program(struct entries *e, const struct program *program)
{
    const struct freezer_program *p = &program->steps;

    entries_prefix(e, "programs.%s.", program->id);
    entries_bilingual(e, "name", &program->name);
    entries_text(e, "status", program_status_name(program->status));
    entries_text(e, "validated", program->validated);
    entries_text(e, "source", program->source);
    entries_text(e, "sha256", program->hash);
    if (p->cord_blood)
        entries_bool(e, "cord_blood", true);
    if (p->settle_ms > 0)
        entries_duration(e, "settle", p->settle_ms);
    if (p->stall_ms > 0)
        entries_duration(e, "stall", p->stall_ms);
    if (p->collect_within_ms > 0)
        entries_duration(e, "collect_within", p->collect_within_ms);
    add_degrees(e, "exotherm_by", p->exotherm_by);
    for (unsigned i = 0; i < p->n_steps; i++)
        add_step(e, &p->steps[i], i + 1);
    add_limits(e, &p->limits);
}
