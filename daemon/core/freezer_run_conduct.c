/* How a run keeps to its program, and what matters now. See freezer_run.h. */
#include "freezer_run_internal.h"

static const struct freezer_step *step_of(const struct freezer_run *run)
{
    return run->setup.program != NULL && run->step >= 0 ? &run->setup.program->steps[run->step] : NULL;
}

/* What the temperature should be now. */
static bool wanted(const struct freezer_run *run, int64_t now_us, micro_t *ret)
{
    const struct freezer_step *s = step_of(run);

    if (s != NULL && s->kind == FREEZER_STEP_PLUNGE)
        return false;
    if ((s == NULL || !s->of_sample) && freezer_run_knows(run, FREEZER_INPUT_SETPOINT, now_us)) {
        *ret = run->inputs[FREEZER_INPUT_SETPOINT].value;
        return true;
    }
    if (s == NULL || (run->setup.has & 1U << FREEZER_INPUT_SETPOINT && !s->of_sample))
        return false; /* there is a setpoint, but it can't be read: not known */
    *ret = freezer_program_planned(run->setup.program, (unsigned)run->step, run->elapsed_us);
    return true;
}

bool freezer_run_deviation(const struct freezer_run *run, int64_t now_us, micro_t *ret)
{
    const struct freezer_step *s = step_of(run);
    const enum freezer_input by = s != NULL && s->of_sample ? FREEZER_INPUT_SAMPLE : FREEZER_INPUT_CHAMBER;
    micro_t should;

    if (!run->is_running || !freezer_run_knows(run, by, now_us) || !wanted(run, now_us, &should))
        return false;
    *ret = run->inputs[by].value - should;
    return true;
}

static bool is_settling(const struct freezer_run *run, int64_t now_us)
{
    return run->setup.program != NULL &&
           now_us - run->record.begin.boot_us < (int64_t)run->setup.program->settle_ms * 1000;
}

bool freezer_run_sees(const struct freezer_run *run, int64_t since_us, int64_t now_us)
{
    const struct freezer_step *s = step_of(run);
    const enum freezer_input by = s != NULL && s->of_sample ? FREEZER_INPUT_SAMPLE : FREEZER_INPUT_CHAMBER;
    micro_t off;

    return s != NULL && run->inputs[by].us > since_us && freezer_run_deviation(run, now_us, &off);
}

static bool is_beyond(const struct freezer_run *run, int64_t now_us)
{
    const micro_t most = run->setup.program != NULL ? run->setup.program->limits.deviation : FREEZER_NONE;
    micro_t off;

    return most != FREEZER_NONE && freezer_run_deviation(run, now_us, &off) && (off > most || off < -most);
}

bool freezer_run_keeps(const struct freezer_run *run, int64_t since_us, int64_t now_us)
{
    return freezer_run_sees(run, since_us, now_us) && !is_settling(run, now_us) &&
           run->outside_since_us == FREEZER_NONE && !is_beyond(run, now_us);
}

bool freezer_run_saw_step(const struct freezer_run *run)
{
    const struct freezer_record *r = &run->record;

    return r->begin_known || (run->step >= 0 && r->steps[run->step].begin_us > r->begin.boot_us);
}

static void overshoot(struct freezer_run *run, micro_t value)
{
    const struct freezer_program *p = run->setup.program;
    int at = run->step;
    micro_t beyond;

    if (p->steps[at].kind == FREEZER_STEP_PLUNGE)
        return;
    if (p->steps[at].kind != FREEZER_STEP_RAMP)
        at--;
    if (at < 0 || p->steps[at].kind != FREEZER_STEP_RAMP)
        return;
    beyond = value - p->steps[at].target;
    if (p->steps[at].target < freezer_program_from(p, (unsigned)at))
        beyond = -beyond;
    struct freezer_conduct *c = &run->record.steps[at];
    if (c->entered && (c->overshoot == FREEZER_NONE || beyond > c->overshoot))
        c->overshoot = beyond > 0 ? beyond : 0;
    if (p->limits.overshoot != FREEZER_NONE) {
        run->findings &= ~(uint32_t)FREEZER_FINDING_OVERSHOOT;
        run->findings |= beyond > p->limits.overshoot ? FREEZER_FINDING_OVERSHOOT : 0U;
    }
}

/* The time since the reading before this one counts as what this one is. */
static void deviate(struct freezer_run *run, struct freezer_conduct *c, micro_t off, int64_t since_us,
                    int64_t now_us)
{
    const struct freezer_step *s = step_of(run);
    const uint64_t mk = (uint64_t)(off < 0 ? -off : off) / 1000;
    uint64_t weighed;

    if (c->warm == FREEZER_NONE)
        c->warm = c->cold = 0;
    c->warm = off > c->warm ? off : c->warm;
    c->cold = off < c->cold ? off : c->cold;
    if (mk < 2000000 && !__builtin_mul_overflow(mk * mk, (uint64_t)since_us / 1000, &weighed) &&
        !__builtin_add_overflow(c->squares, weighed, &weighed)) {
        c->squares = weighed;
        c->square_ms += (uint64_t)since_us / 1000;
    }
    if (s == NULL || s->tolerance == FREEZER_NONE)
        return;
    if ((off < 0 ? -off : off) <= s->tolerance) {
        run->outside_since_us = FREEZER_NONE;
        return;
    }
    c->outside_us += since_us;
    if (run->outside_since_us == FREEZER_NONE)
        run->outside_since_us = now_us;
}

static void add_to_rate(struct freezer_conduct *c, int64_t now_us, micro_t value)
{
    if (c->n == UINT32_MAX)
        return;
    if (c->n == 0) {
        c->base_us = now_us;
        c->base = value;
    }
    const int64_t ms = (now_us - c->base_us) / 1000;
    const micro_t v = value - c->base;
    c->n++;
    c->t += ms;
    c->v += v;
    c->tt += (freezer_wide_t)ms * ms;
    c->tv += (freezer_wide_t)ms * v;
}

void freezer_run_conduct(struct freezer_run *run, bool sample, int64_t now_us, micro_t value,
                         int64_t since_us)
{
    const struct freezer_step *s = step_of(run);
    const bool about = s == NULL ? !sample : s->of_sample == sample;
    const bool gap = since_us > run->setup.gap_us;
    struct freezer_conduct *c = &run->record.steps[run->step >= 0 ? run->step : 0];
    micro_t off;

    if (!about || (s == NULL && run->setup.program != NULL))
        return; /* a program whose step is not known: nothing is held against it */
    if (s != NULL) {
        overshoot(run, value);
        add_to_rate(c, now_us, value);
    }
    /* What was before the step began is the other step's. */
    const int64_t in_step_us = now_us - c->begin_us;
    if (s != NULL && since_us > in_step_us)
        since_us = in_step_us;
    if (gap)
        since_us = 0;
    c->covered_us += since_us;
    if (!is_settling(run, now_us) && freezer_run_deviation(run, now_us, &off))
        deviate(run, c, off, since_us, now_us);
}

/* ---------------------------------------------------------------- what matters now */

static bool is_on(const struct freezer_run *run, enum freezer_input input, int64_t now_us, micro_t value)
{
    return freezer_run_knows(run, input, now_us) && run->inputs[input].value == value;
}

static bool deviates(const struct freezer_run *run, int64_t now_us)
{
    if (run->outside_since_us != FREEZER_NONE &&
        now_us - run->outside_since_us >= run->setup.deviation_after_us)
        return true;
    return !is_settling(run, now_us) && is_beyond(run, now_us);
}

static bool stalls(const struct freezer_run *run, int64_t now_us)
{
    const struct freezer_program *p = run->setup.program;
    const struct freezer_step *s = step_of(run);
    int64_t takes_us;

    if (p == NULL || s == NULL || p->stall_ms == 0)
        return false;
    const int64_t stall_us = (int64_t)p->stall_ms * 1000;
    const bool watched =
        is_on(run, FREEZER_INPUT_STATUS, now_us, FREEZER_STATUS_HELD) ||
        (s->kind == FREEZER_STEP_RAMP && freezer_run_knows(run, FREEZER_INPUT_SETPOINT, now_us));
    if (watched && now_us - run->moved_us > stall_us)
        return true;
    return freezer_run_knows(run, FREEZER_INPUT_SEGMENT, now_us) &&
           freezer_program_takes(p, (unsigned)run->step, &takes_us) && run->elapsed_us > takes_us + stall_us;
}

/* Colder than where ice must have shown, or past the step in which it was expected; and it would have been
 * seen. */
static bool has_no_exotherm(const struct freezer_run *run, int64_t now_us)
{
    const struct freezer_program *p = run->setup.program;

    if (p == NULL || run->record.ice.state != ICE_NOT_SEEN || run->record.ice_hidden ||
        !run->record.begin_known || !freezer_run_knows(run, FREEZER_INPUT_SAMPLE, now_us))
        return false;
    /* A probe that was cold all along (of the run before, or not placed yet) has not passed it. */
    if (p->exotherm_by != FREEZER_NONE &&
        (run->record.sample_high == FREEZER_NONE || run->record.sample_high < p->exotherm_by))
        return false;
    if (p->exotherm_by != FREEZER_NONE)
        return run->inputs[FREEZER_INPUT_SAMPLE].value < p->exotherm_by;
    for (int i = 0; i < run->step; i++)
        if (p->steps[i].exotherm)
            return true;
    return false;
}

static uint32_t when(bool holds, enum freezer_finding finding)
{
    return holds ? (uint32_t)finding : 0U;
}

void freezer_run_find(struct freezer_run *run, int64_t now_us)
{
    const struct freezer_setup *setup = &run->setup;
    uint32_t found = 0;

    if (run->is_running) {
        const enum freezer_input by =
            setup->has & 1U << FREEZER_INPUT_STATUS ? FREEZER_INPUT_STATUS : FREEZER_INPUT_CHAMBER;
        found = run->findings & (uint32_t)FREEZER_FINDING_OVERSHOOT;
        found |= when(deviates(run, now_us), FREEZER_FINDING_DEVIATION);
        found |= when(stalls(run, now_us), FREEZER_FINDING_STALL);
        found |= when(has_no_exotherm(run, now_us), FREEZER_FINDING_NO_EXOTHERM);
        found |= when(is_on(run, FREEZER_INPUT_LID, now_us, 1), FREEZER_FINDING_LID);
        found |= when(is_on(run, FREEZER_INPUT_POWER, now_us, 0), FREEZER_FINDING_POWER);
        found |= when(is_on(run, FREEZER_INPUT_LN2, now_us, 1), FREEZER_FINDING_LN2);
        found |= when(!freezer_run_knows(run, by, now_us) ||
                          !freezer_run_knows(run, FREEZER_INPUT_CHAMBER, now_us),
                      FREEZER_FINDING_NO_DATA);
        run->record.findings |= found;
    } else {
        const int64_t within_us =
            setup->program != NULL ? (int64_t)setup->program->collect_within_ms * 1000 : 0;
        found |= when(setup->due_us != FREEZER_NONE && now_us > setup->due_us, FREEZER_FINDING_LATE);
        found |= when(run->waiting && within_us > 0 && now_us - run->record.end.boot_us > within_us,
                      FREEZER_FINDING_ABANDONED);
    }
    run->findings = found;
}
