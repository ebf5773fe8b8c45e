/* Where a run begins and ends. See freezer_run.h. */
#include <string.h>

#include "freezer_run_internal.h"

#define AT_REST_ABOVE   (INT64_C(0))         /* without a program: a chamber as warm waits */
#define FALLEN          (3 * MICRO_PER_UNIT) /* under where it rested: it has begun */
#define FALLS_WITHIN_US INT64_C(1800000000)  /* or it only drifts */
#define SLACK           (2 * MICRO_PER_UNIT) /* of a step without a tolerance */
#define THERE_US        INT64_C(60000000)    /* at the last target for so long: complete */
#define WARM_US         INT64_C(60000000)

static struct stamp at(const struct freezer_run *run, int64_t boot_us)
{
    return (struct stamp){.boot_us = boot_us, .utc_us = boot_us + run->utc_minus_us};
}

static void begin(struct freezer_run *run, int64_t begin_us, bool by_status, bool known)
{
    const uint32_t has = run->setup.has;

    freezer_record_init(&run->record, run->setup.program, at(run, begin_us));
    for (unsigned k = 0; k < FREEZER_SAMPLES; k++) {
        freezer_ice_init(&run->record.samples[k].ice, run->setup.sample_lag_us, run->setup.gap_us);
        if ((has & 1U << freezer_run_sample_input(k)) != 0)
            run->record.n_samples = k + 1;
    }
    run->record.by_status = by_status;
    run->record.begin_known = known;
    run->record.lid_known = (has & 1U << FREEZER_INPUT_LID) != 0;
    run->record.power_known = (has & 1U << FREEZER_INPUT_POWER) != 0;
    memset(run->overshoots, 0, sizeof run->overshoots);
    run->is_running = true;
    run->waiting = false;
    run->step = -1;
    run->tick_us = run->moved_us = begin_us;
    freezer_run_inside(run);
    run->there_us = run->warm_us = FREEZER_NONE;
    run->setup.due_us = FREEZER_NONE;
    /* Where a run that was met on its way stands, only the segment tells. */
    if (run->setup.program != NULL && run->setup.program->n_steps > 0 && known &&
        (has & 1U << FREEZER_INPUT_SEGMENT) == 0)
        freezer_run_enter(run, 0, begin_us, 0);
}

void freezer_run_end(struct freezer_run *run, int64_t now_us, enum freezer_end how)
{
    struct freezer_record *r = &run->record;
    const int64_t unseen_us =
        now_us - (r->last_chamber != FREEZER_NONE ? r->last_chamber_us : r->begin.boot_us);

    freezer_run_leave(run, now_us);
    if (unseen_us > run->setup.gap_us) { /* no reading has closed it */
        r->n_gaps++;
        r->gaps_us += unseen_us;
        r->longest_gap_us = unseen_us > r->longest_gap_us ? unseen_us : r->longest_gap_us;
    }
    r->end = (struct stamp){.boot_us = now_us, .utc_us = r->begin.utc_us + now_us - r->begin.boot_us};
    r->how = how;
    run->is_running = false;
    run->waiting = how != FREEZER_END_LOST;
    run->rest_us = FREEZER_NONE;
    run->n_ended++;
}

/* Reset at once after the last step counts as its end: some controllers never say "complete". */
static bool is_done(const struct freezer_run *run)
{
    int64_t takes_us;

    return freezer_run_is_last(run) &&
           (!freezer_program_takes(run->setup.program, (unsigned)run->step, &takes_us) ||
            run->elapsed_us + run->setup.gap_us >= takes_us);
}

void freezer_run_by_status(struct freezer_run *run, int64_t now_us, enum freezer_phase status, bool after_gap)
{
    const bool runs = status == FREEZER_STATUS_RUNNING || status == FREEZER_STATUS_HELD;

    if (runs && !run->is_running)
        begin(run, now_us, true, run->was_idle && !after_gap);
    else if (!runs && run->is_running)
        freezer_run_end(run, now_us,
                        status == FREEZER_STATUS_COMPLETE || is_done(run) ? FREEZER_END_COMPLETE
                                                                          : FREEZER_END_STOPPED);
    else if (!runs && status == FREEZER_STATUS_IDLE)
        run->waiting = false; /* somebody has put it back */
    run->was_idle = !runs;
}

/* The chamber as warm as this, or warmer, waits for a run. */
static micro_t rest(const struct freezer_run *run)
{
    const struct freezer_program *p = run->setup.program;

    if (p == NULL || p->n_steps == 0)
        return AT_REST_ABOVE;
    return p->steps[0].target - (p->steps[0].tolerance != FREEZER_NONE ? p->steps[0].tolerance : SLACK);
}

static void may_begin(struct freezer_run *run, int64_t now_us, micro_t value)
{
    const struct freezer_program *p = run->setup.program;
    const micro_t warm = rest(run);

    if (value >= warm) {
        run->rest_us = now_us;
        run->waiting = false;
        return;
    }
    if (run->rest_us == FREEZER_NONE || value > warm - FALLEN)
        return;
    if (now_us - run->rest_us <= FALLS_WITHIN_US) {
        /* The hold before was not told from waiting: the run is known from the first ramp on. */
        const bool known = now_us - run->inputs[FREEZER_INPUT_CHAMBER].us <= run->setup.gap_us;
        const int64_t left_us = run->rest_us;
        begin(run, left_us, false, known);
        if (run->step == 0 && p->steps[0].kind != FREEZER_STEP_RAMP && p->n_steps > 1)
            freezer_run_enter(run, 1, left_us, 0);
        /* The program's clock by the way that is behind it: when the ramp began was not told. */
        if (run->step >= 0 && p->steps[run->step].per_hour > 0)
            run->elapsed_us =
                (int64_t)((freezer_wide_t)(freezer_program_from(p, (unsigned)run->step) - value) *
                          INT64_C(3600000000) / p->steps[run->step].per_hour);
        run->tick_us = now_us;
    }
    run->rest_us = FREEZER_NONE;
}

static void may_end(struct freezer_run *run, int64_t now_us, micro_t value)
{
    const struct freezer_program *p = run->setup.program;

    if (value >= rest(run)) {
        if (run->warm_us == FREEZER_NONE)
            run->warm_us = now_us;
        if (now_us - run->warm_us >= WARM_US)
            freezer_run_end(run, run->warm_us, p == NULL ? FREEZER_END_LOST : FREEZER_END_STOPPED);
        return;
    }
    run->warm_us = FREEZER_NONE;
    if (!freezer_run_is_last(run))
        return;
    const struct freezer_step *s = &p->steps[run->step];
    const micro_t slack = s->tolerance != FREEZER_NONE ? s->tolerance : SLACK;
    int64_t takes_us = 0;
    if (value > s->target + slack ||
        (freezer_program_takes(p, (unsigned)run->step, &takes_us) && run->elapsed_us < takes_us)) {
        run->there_us = FREEZER_NONE;
        return;
    }
    if (run->there_us == FREEZER_NONE)
        run->there_us = now_us;
    if (now_us - run->there_us >= THERE_US)
        freezer_run_end(run, now_us, FREEZER_END_COMPLETE);
}

void freezer_run_by_chamber(struct freezer_run *run, int64_t now_us, micro_t value)
{
    if (run->is_running)
        may_end(run, now_us, value);
    else
        may_begin(run, now_us, value);
}
