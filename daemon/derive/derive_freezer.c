/* derive_freezer.c - freezers and their runs: readings in, derived readings, conditions and runs out. */
#include "derive_freezer_internal.h"

#include <errno.h>
#include <stdlib.h>

static const struct program *program_of(const struct derive *d, int program)
{
    const int n = d->config->n_programs + d->config->n_kept_programs;

    return program >= 0 && program < n ? d->config->programs[program] : NULL;
}

static const struct freezer_program *steps_of(const struct derive *d, int program)
{
    const struct program *found = program_of(d, program);

    return found != NULL ? &found->steps : NULL;
}

int derive_freezer_create(struct derive *d)
{
    const struct config *config = d->config;

    d->freezers = calloc(1, sizeof *d->freezers);
    if (d->freezers == NULL)
        return -ENOMEM;
    d->freezers->list = calloc(config->n_freezers + 1u, sizeof *d->freezers->list);
    if (d->freezers->list == NULL)
        return -ENOMEM;
    for (unsigned i = 0; i < config->n_freezers; i++) {
        struct derive_freezer *f = &d->freezers->list[i];
        struct freezer_setup setup = config->freezers[i].setup;
        f->config = &config->freezers[i];
        f->program = f->next = f->config->program;
        f->ended_program = f->told_step = -1;
        setup.program = steps_of(d, f->program);
        setup.due_us = FREEZER_NONE;
        freezer_run_init(&f->run, &setup);
    }
    return 0;
}

void derive_freezer_free(struct derive *d)
{
    if (d->freezers != NULL)
        free(d->freezers->list);
    free(d->freezers);
}

/* ---------------------------------------------------------------- a reading in its role */

__extension__ typedef __int128 wide_t;

static bool phase_of(const struct freezer_config *config, micro_t value, micro_t *ret)
{
    for (unsigned i = 0; i < config->n_phases; i++) {
        if (value == config->phases[i].value * MICRO_PER_UNIT) {
            *ret = (micro_t)config->phases[i].phase;
            return true;
        }
    }
    return false;
}

/* False: it can't be understood. */
static bool translate(const struct freezer_config *config, enum freezer_input input, micro_t value,
                      micro_t *ret)
{
    const struct role *role = &config->inputs[input];
    wide_t scaled;

    switch (input) {
    case FREEZER_INPUT_STATUS:
        return phase_of(config, value, ret);
    case FREEZER_INPUT_LID:
    case FREEZER_INPUT_LN2:
        *ret = role_state(role, value) > 0;
        return role_state(role, value) >= 0;
    case FREEZER_INPUT_POWER: /* the role says what off is */
        *ret = role_state(role, value) == 0;
        return role_state(role, value) >= 0;
    case FREEZER_INPUT_SEGMENT:
        *ret = value / MICRO_PER_UNIT;
        return true;
    default:
        scaled = (wide_t)value * (role->num != 0 ? role->num : 1) / (role->den != 0 ? role->den : 1);
        *ret = (micro_t)scaled;
        return scaled <= MICRO_MAX && scaled >= -MICRO_MAX;
    }
}

/* ---------------------------------------------------------------- what is derived */

static void tell_step(struct derive *d, const struct derive_freezer *f)
{
    const int point = f->config->points[FREEZER_POINT_STEP][BOUND_VALUE];

    if (!f->run.is_running)
        derive_news_bad(d, point, REASON_NO_RUN);
    else if (f->run.step >= 0)
        derive_news_number(d, point, (f->run.step + 1) * MICRO_PER_UNIT);
    else
        derive_news_bad(d, point, f->run.setup.program == NULL ? REASON_NOT_MEASURED : REASON_INPUT_BAD);
}

/* What was seen last is told as long as it can be seen; that nothing is heard any more, too. */
static void tell_run(struct derive *d, const struct derive_freezer *f)
{
    const int point = f->config->points[FREEZER_POINT_RUN][BOUND_VALUE];
    const struct freezer_run *run = &f->run;

    if (!run->is_running && f->has_ended && f->ended.record.how == FREEZER_END_LOST)
        derive_news_state(d, point, 1 + FREEZER_END_LOST);
    else if (!freezer_run_knows(run, derive_freezer_by(f), d->now.boot_us))
        derive_news_bad(d, point, REASON_INPUT_BAD);
    else if (run->is_running)
        derive_news_state(d, point, 1);
    else
        derive_news_state(d, point, f->has_ended ? 1U + (unsigned)f->ended.record.how : 0);
}

static void tell_readings(struct derive *d, struct derive_freezer *f)
{
    const int time = f->config->points[FREEZER_POINT_RUN_TIME][BOUND_VALUE];
    const int deviation = f->config->points[FREEZER_POINT_DEVIATION][BOUND_VALUE];
    const struct freezer_run *run = &f->run;
    micro_t off;

    f->due_us = d->now.boot_us + (run->is_running ? DERIVE_RUN_US : DERIVE_EVERY_US);
    f->told_step = run->step;
    tell_run(d, f);
    tell_step(d, f);
    if (!run->is_running) {
        derive_news_bad(d, time, REASON_NO_RUN);
        derive_news_bad(d, deviation, REASON_NO_RUN);
        return;
    }
    if (run->record.begin_known)
        derive_news_number(d, time, (d->now.boot_us - run->record.begin.boot_us) / 60);
    else
        derive_news_bad(d, time, REASON_INPUT_GAP); /* it ran already when it was first seen */
    if (freezer_run_deviation(run, d->now.boot_us, &off))
        derive_news_number(d, deviation, off);
    else if (run->setup.program == NULL && (run->setup.has & 1U << FREEZER_INPUT_SETPOINT) == 0)
        derive_news_bad(d, deviation, REASON_NOT_MEASURED);
    else
        derive_news_bad(d, deviation, REASON_INPUT_BAD);
}

static void tell_event(struct derive *d, const struct derive_freezer *f, enum derived_kind kind, bool *untold)
{
    struct derived_news news = {.kind = kind, .freezer = (uint16_t)(f - d->freezers->list)};

    if (*untold && derive_news_event(d, &news))
        *untold = false;
}

/* A run has ended: what it was is kept, whatever comes next. */
static void note_end(struct derive_freezer *f)
{
    f->n_ended = f->run.n_ended;
    f->ended.record = f->run.record;
    f->ended.step = f->run.step;
    f->ended_program = f->program;
    f->has_ended = true;
    f->interrupted = f->run.record.how != FREEZER_END_COMPLETE;
    f->untold_end = true;
}

static void tell(struct derive *d, struct derive_freezer *f)
{
    bool changed = f->run.step != f->told_step || f->run.is_running != f->was_running;

    if (f->run.n_ended != f->n_ended) {
        note_end(f);
        f->was_running = false;
        changed = true;
    }
    if (f->run.is_running && !f->was_running) {
        f->interrupted = f->attended = false;
        f->untold_begin = true;
        f->next = f->config->program; /* what was prepared is used up */
    }
    f->was_running = f->run.is_running;
    if (!d->ready) {
        f->untold_begin = f->untold_end = false; /* the past */
        return;
    }
    tell_event(d, f, DERIVED_RUN_ENDED, &f->untold_end);
    tell_event(d, f, DERIVED_RUN_BEGAN, &f->untold_begin);
    for (unsigned i = 0; i < FREEZER_ALARM_COUNT; i++)
        derive_news_condition(d, f->config->alarms[i], derive_freezer_known(f, i, d->now.boot_us),
                              &f->told[i]);
    if (changed || d->now.boot_us >= f->due_us)
        tell_readings(d, f);
}

static const struct derive_plan *planned(const struct derive *d, const struct derive_freezer *f)
{
    const unsigned n = f->n_plans < DERIVE_PLANS ? f->n_plans : DERIVE_PLANS;

    for (unsigned i = 0; i < n; i++)
        if (d->now.utc_us >= f->plans[i].from_utc_us && d->now.utc_us <= f->plans[i].to_utc_us)
            return &f->plans[i];
    return NULL;
}

/* Before a run can begin: the program that it is to follow. While the last one waits to be collected, its own
 * says how long that may be. */
static void follow_next(const struct derive *d, struct derive_freezer *f, bool begins)
{
    const struct derive_plan *plan = planned(d, f);
    const int told = plan != NULL ? plan->program : -1;
    const int next = told == DERIVE_NO_PROGRAM ? -1 : told >= 0 ? told : f->next;

    if (!d->ready && !f->run.is_running)
        freezer_run_gap(&f->run, plan != NULL && plan->gap_us > 0 ? plan->gap_us : f->config->setup.gap_us);
    if (f->run.is_running || f->program == next || (f->run.waiting && !begins))
        return;
    f->program = next;
    (void)freezer_run_follow(&f->run, steps_of(d, f->program));
}

/* ---------------------------------------------------------------- in */

void derive_freezer_take(struct derive *d, uint16_t freezer, enum freezer_input input,
                         const struct reading *reading)
{
    struct derive_freezer *f = &d->freezers->list[freezer];
    enum quality quality = reading->quality;
    micro_t value = 0;

    if (quality != QUALITY_BAD && !translate(f->config, input, reading->value, &value))
        quality = QUALITY_BAD;
    freezer_run_look(&f->run, d->now); /* first: one run may end here, and another begin */
    tell(d, f);
    follow_next(d, f,
                input == FREEZER_INPUT_STATUS && quality != QUALITY_BAD &&
                    (value == FREEZER_STATUS_RUNNING || value == FREEZER_STATUS_HELD));
    freezer_run_take(&f->run, input, d->now, value, quality);
    tell(d, f);
}

void derive_freezer_look(struct derive *d)
{
    for (unsigned i = 0; i < d->config->n_freezers; i++) {
        struct derive_freezer *f = &d->freezers->list[i];
        freezer_run_look(&f->run, d->now);
        follow_next(d, f, false);
        tell(d, f);
    }
}

/* Plans were for what is recalled, and the next run has its own program; but one that was told may be found
 * only now. */
static void keep_late(const struct derive *d, struct derive_freezer *f)
{
    const unsigned n = f->n_plans < DERIVE_PLANS ? f->n_plans : DERIVE_PLANS;

    f->n_plans = 0;
    for (unsigned i = 0; i < n && !f->run.is_running; i++) {
        struct derive_plan plan = f->plans[i];
        if (plan.late_utc_us < plan.to_utc_us)
            plan.to_utc_us = plan.late_utc_us;
        if (plan.to_utc_us >= d->now.utc_us)
            f->plans[f->n_plans++] = plan;
    }
}

void derive_freezer_ready(struct derive *d)
{
    for (unsigned i = 0; i < d->config->n_freezers; i++) {
        struct derive_freezer *f = &d->freezers->list[i];
        f->due_us = INT64_MIN;
        f->ready_us = d->now.boot_us;
        keep_late(d, f);
        freezer_run_gap(&f->run, f->config->setup.gap_us);
    }
}

/* ---------------------------------------------------------------- asked for */

const struct freezer_run *derive_freezer_run(const struct derive *d, uint16_t freezer)
{
    return &d->freezers->list[freezer].run;
}

const struct derive_ended *derive_last_run(const struct derive *d, uint16_t freezer)
{
    const struct derive_freezer *f = &d->freezers->list[freezer];
    return f->has_ended ? &f->ended : NULL;
}

const struct program *derive_run_program(const struct derive *d, uint16_t freezer, bool last)
{
    const struct derive_freezer *f = &d->freezers->list[freezer];
    const int program = last ? f->ended_program : f->program;
    return program_of(d, program);
}

int derive_freezer_prepare(struct derive *d, uint16_t freezer, int program)
{
    struct derive_freezer *f = &d->freezers->list[freezer];
    const int wanted = program >= 0 ? program : f->config->program;

    if (f->run.is_running) {
        const int result = freezer_run_follow(&f->run, steps_of(d, wanted));
        if (result == 0)
            f->program = wanted;
        return result;
    }
    f->next = wanted;
    follow_next(d, f, false);
    return 0;
}

void derive_plan(struct derive *d, uint16_t freezer, const struct derive_plan *plan)
{
    struct derive_freezer *f = &d->freezers->list[freezer];
    f->plans[f->n_plans++ % DERIVE_PLANS] = *plan;
}

void derive_expect(struct derive *d, uint16_t freezer, int64_t due_boot_us)
{
    struct derive_freezer *f = &d->freezers->list[freezer];
    f->expects = true;
    freezer_run_expect(&f->run, f->run.is_running ? FREEZER_NONE : due_boot_us);
}

void derive_attend(struct derive *d, uint16_t freezer)
{
    struct derive_freezer *f = &d->freezers->list[freezer];
    f->interrupted = false;
    f->attended = true;
    freezer_run_attend(&f->run);
}
