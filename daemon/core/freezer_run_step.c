/* Which step of the program runs. See freezer_run.h. */
#include "freezer_run_internal.h"

#define LEAVES (MICRO_PER_UNIT * 3 / 2) /* off a hold's target by so much: it is over */

void freezer_run_leave(struct freezer_run *run, int64_t now_us)
{
    if (run->step < 0)
        return;
    struct freezer_conduct *c = &run->record.steps[run->step];
    c->end_us = now_us;
    c->left = true;
}

void freezer_run_enter(struct freezer_run *run, int step, int64_t now_us, int64_t elapsed_us)
{
    struct freezer_conduct *c = &run->record.steps[step];

    freezer_run_leave(run, now_us);
    run->step = step;
    run->elapsed_us = elapsed_us;
    run->moved_us = now_us;
    freezer_run_inside(run);
    if (!c->entered) {
        c->entered = true;
        c->begin_us = now_us;
    }
    c->left = false;
    c->end_us = now_us;
}

bool freezer_run_is_last(const struct freezer_run *run)
{
    const struct freezer_program *p = run->setup.program;
    int last;

    if (p == NULL || p->n_steps == 0)
        return false;
    last = (int)p->n_steps - 1;
    if (p->steps[last].kind == FREEZER_STEP_PLUNGE && last > 0)
        last--;
    return run->step >= last;
}

/* A hold without an end: over when setpoint or chamber has left it. */
static bool has_left(const struct freezer_run *run, int64_t now_us)
{
    const micro_t target = run->setup.program->steps[run->step].target;
    enum freezer_input by = FREEZER_INPUT_CHAMBER;
    micro_t off;

    if (freezer_run_knows(run, FREEZER_INPUT_SETPOINT, now_us))
        by = FREEZER_INPUT_SETPOINT;
    else if (!freezer_run_knows(run, FREEZER_INPUT_CHAMBER, now_us) || run->elapsed_us < 60 * MICRO_PER_UNIT)
        return false;
    off = run->inputs[by].value - target;
    return off > LEAVES || off < -LEAVES;
}

static void by_time(struct freezer_run *run, int64_t now_us)
{
    const struct freezer_program *p = run->setup.program;
    int64_t takes_us;

    while (!freezer_run_is_last(run)) {
        const bool timed = freezer_program_takes(p, (unsigned)run->step, &takes_us);
        if (timed && run->elapsed_us >= takes_us)
            freezer_run_enter(run, run->step + 1, now_us, run->elapsed_us - takes_us);
        else if (!timed && has_left(run, now_us))
            freezer_run_enter(run, run->step + 1, now_us, 0);
        else
            return;
    }
}

void freezer_run_advance(struct freezer_run *run, int64_t now_us)
{
    const struct freezer_program *p = run->setup.program;

    if (p == NULL || p->n_steps == 0)
        return;
    if (freezer_run_knows(run, FREEZER_INPUT_SEGMENT, now_us)) {
        const micro_t segment = run->inputs[FREEZER_INPUT_SEGMENT].value;
        const int step =
            segment > 0 && segment <= UINT16_MAX ? freezer_program_segment(p, (unsigned)segment) : -1;
        if (step >= 0 && step != run->step)
            freezer_run_enter(run, step, now_us, 0);
    } else if ((run->setup.has & 1U << FREEZER_INPUT_SEGMENT) == 0 && run->step >= 0) {
        by_time(run, now_us);
    }
    if (run->step >= 0)
        run->record.steps[run->step].end_us = now_us;
}
