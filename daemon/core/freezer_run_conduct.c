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

static bool deviation_of(const struct freezer_run *run, enum freezer_input by, int64_t now_us, micro_t *ret)
{
    micro_t should;

    if (!run->is_running || !freezer_run_knows(run, by, now_us) || !wanted(run, now_us, &should))
        return false;
    *ret = run->inputs[by].value - should;
    return true;
}

static micro_t size_of(micro_t value)
{
    return value < 0 ? -value : value;
}

/* What the step is about, in all: one at least. */
static unsigned n_about(const struct freezer_run *run)
{
    const struct freezer_step *s = step_of(run);

    return s != NULL && s->of_sample && run->record.n_samples > 1 ? run->record.n_samples : 1;
}

static enum freezer_input about(const struct freezer_run *run, unsigned i)
{
    const struct freezer_step *s = step_of(run);

    return s != NULL && s->of_sample ? freezer_run_sample_input(i) : FREEZER_INPUT_CHAMBER;
}

bool freezer_run_deviation(const struct freezer_run *run, int64_t now_us, micro_t *ret)
{
    bool any = false;
    micro_t off;

    for (unsigned i = 0; i < n_about(run); i++) {
        if (!deviation_of(run, about(run, i), now_us, &off) || (any && size_of(off) <= size_of(*ret)))
            continue;
        *ret = off;
        any = true;
    }
    return any;
}

bool freezer_run_warmest(const struct freezer_run *run, int64_t now_us, micro_t *ret)
{
    bool all = true;

    *ret = FREEZER_NONE;
    for (unsigned k = 0; k < FREEZER_SAMPLES; k++) {
        const enum freezer_input input = freezer_run_sample_input(k);
        if (k > 0 && (run->setup.has & 1U << input) == 0)
            break;
        if (!freezer_run_knows(run, input, now_us))
            all = false;
        else if (run->inputs[input].value > *ret)
            *ret = run->inputs[input].value;
    }
    return all;
}

void freezer_run_inside(struct freezer_run *run)
{
    for (unsigned k = 0; k < FREEZER_SAMPLES; k++)
        run->outside_since_us[k] = FREEZER_NONE;
}

static bool is_settling(const struct freezer_run *run, int64_t now_us)
{
    return run->setup.program != NULL &&
           now_us - run->record.begin.boot_us < (int64_t)run->setup.program->settle_ms * 1000;
}

static bool all_inside(const struct freezer_run *run)
{
    for (unsigned k = 0; k < FREEZER_SAMPLES; k++)
        if (run->outside_since_us[k] != FREEZER_NONE)
            return false;
    return true;
}

bool freezer_run_sees(const struct freezer_run *run, int64_t since_us, int64_t now_us)
{
    micro_t off;

    for (unsigned i = 0; i < n_about(run); i++)
        if (run->inputs[about(run, i)].us <= since_us || !deviation_of(run, about(run, i), now_us, &off))
            return false;
    return step_of(run) != NULL;
}

static bool is_beyond(const struct freezer_run *run, int64_t now_us)
{
    const micro_t most = run->setup.program != NULL ? run->setup.program->limits.deviation : FREEZER_NONE;
    micro_t off;

    return most != FREEZER_NONE && freezer_run_deviation(run, now_us, &off) && (off > most || off < -most);
}

bool freezer_run_keeps(const struct freezer_run *run, int64_t since_us, int64_t now_us)
{
    return freezer_run_sees(run, since_us, now_us) && !is_settling(run, now_us) && all_inside(run) &&
           !is_beyond(run, now_us);
}

bool freezer_run_saw_step(const struct freezer_run *run)
{
    const struct freezer_record *r = &run->record;

    return r->begin_known || (run->step >= 0 && r->steps[run->step].begin_us > r->begin.boot_us);
}

static struct freezer_conduct *conduct_of(struct freezer_record *r, int step, unsigned probe)
{
    return probe == 0 || !r->of_sample[step] ? &r->steps[step] : &r->others[probe - 1][step];
}

static void overshoot(struct freezer_run *run, unsigned probe, micro_t value)
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
    struct freezer_conduct *c = conduct_of(&run->record, at, probe);
    if (run->record.steps[at].entered && (c->overshoot == FREEZER_NONE || beyond > c->overshoot))
        c->overshoot = beyond > 0 ? beyond : 0;
    if (p->limits.overshoot != FREEZER_NONE)
        run->overshoots[probe] = beyond > p->limits.overshoot;
}

/* The time since the reading before this one counts as what this one is. */
static void deviate(struct freezer_run *run, struct freezer_conduct *c, unsigned probe, micro_t off,
                    int64_t since_us, int64_t now_us)
{
    const struct freezer_step *s = step_of(run);
    const uint64_t mk = (uint64_t)size_of(off) / 1000;
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
    if (size_of(off) <= s->tolerance) {
        run->outside_since_us[probe] = FREEZER_NONE;
        return;
    }
    c->outside_us += since_us;
    if (run->outside_since_us[probe] == FREEZER_NONE)
        run->outside_since_us[probe] = now_us;
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

void freezer_run_conduct(struct freezer_run *run, int sample, int64_t now_us, micro_t value, int64_t since_us)
{
    const struct freezer_step *s = step_of(run);
    const bool is_about = s == NULL ? sample < 0 : s->of_sample == (sample >= 0);
    const bool gap = since_us > run->setup.gap_us;
    const int step = run->step >= 0 ? run->step : 0;
    const unsigned probe = sample > 0 ? (unsigned)sample : 0;
    struct freezer_conduct *c = conduct_of(&run->record, step, probe);
    micro_t off;

    if (!is_about || (s == NULL && run->setup.program != NULL))
        return; /* a program whose step is not known: nothing is held against it */
    if (s != NULL) {
        overshoot(run, probe, value);
        add_to_rate(c, now_us, value);
    }
    /* What was before the step began is the other step's. */
    const int64_t in_step_us = now_us - run->record.steps[step].begin_us;
    if (s != NULL && since_us > in_step_us)
        since_us = in_step_us;
    if (gap)
        since_us = 0;
    c->covered_us += since_us;
    const enum freezer_input by =
        sample < 0 ? FREEZER_INPUT_CHAMBER : freezer_run_sample_input((unsigned)sample);
    if (!is_settling(run, now_us) && deviation_of(run, by, now_us, &off))
        deviate(run, c, probe, off, since_us, now_us);
}

/* ---------------------------------------------------------------- what matters now */

static bool is_on(const struct freezer_run *run, enum freezer_input input, int64_t now_us, micro_t value)
{
    return freezer_run_knows(run, input, now_us) && run->inputs[input].value == value;
}

static bool deviates(const struct freezer_run *run, int64_t now_us)
{
    for (unsigned k = 0; k < FREEZER_SAMPLES; k++)
        if (run->outside_since_us[k] != FREEZER_NONE &&
            now_us - run->outside_since_us[k] >= run->setup.deviation_after_us)
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
bool freezer_run_lacks_ice(const struct freezer_run *run, unsigned sample, int64_t now_us)
{
    const struct freezer_program *p = run->setup.program;
    const struct freezer_probe *probe = &run->record.samples[sample];
    const enum freezer_input input = freezer_run_sample_input(sample);

    if (p == NULL || probe->ice.state != ICE_NOT_SEEN || probe->ice_hidden || !run->record.begin_known ||
        !freezer_run_knows(run, input, now_us))
        return false;
    /* A probe that was cold all along (of the run before, or not placed yet) has not passed it. */
    if (p->exotherm_by != FREEZER_NONE && (probe->high == FREEZER_NONE || probe->high < p->exotherm_by))
        return false;
    if (p->exotherm_by != FREEZER_NONE)
        return run->inputs[input].value < p->exotherm_by;
    for (int i = 0; i < run->step; i++)
        if (p->steps[i].exotherm)
            return true;
    return false;
}

static bool has_no_exotherm(const struct freezer_run *run, int64_t now_us)
{
    for (unsigned k = 0; k < FREEZER_SAMPLES; k++)
        if (freezer_run_lacks_ice(run, k, now_us))
            return true;
    return false;
}

static bool overshoots(const struct freezer_run *run)
{
    for (unsigned k = 0; k < FREEZER_SAMPLES; k++)
        if (run->overshoots[k])
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
        found = when(overshoots(run), FREEZER_FINDING_OVERSHOOT);
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
