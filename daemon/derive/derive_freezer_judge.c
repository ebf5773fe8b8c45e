/* derive_freezer_judge.c - when an alarm about a run holds, when it is over, and when neither is known.
 *
 * A finding that is set holds. One that is not set is over only if it would be seen now: what can't be read
 * ends nothing. When no run goes on, and that is seen, nothing of a run holds any more. */
#include "derive_freezer_internal.h"

static bool has(const struct derive_freezer *f, enum freezer_input input)
{
    return (f->run.setup.has & 1U << input) != 0;
}

enum freezer_input derive_freezer_by(const struct derive_freezer *f)
{
    return has(f, FREEZER_INPUT_STATUS) ? FREEZER_INPUT_STATUS : FREEZER_INPUT_CHAMBER;
}

static bool knows_if_there(const struct derive_freezer *f, enum freezer_input input, int64_t now_us)
{
    return !has(f, input) || freezer_run_knows(&f->run, input, now_us);
}

/* Of each probe its ice was seen, or would be if it came. */
static bool would_see_ice(const struct derive_freezer *f, int64_t now_us)
{
    const struct freezer_run *run = &f->run;

    for (unsigned k = 0; k < FREEZER_SAMPLES; k++) {
        const enum freezer_input input = freezer_run_sample_input(k);
        const struct freezer_probe *p = &run->record.samples[k];
        if (k > 0 && !has(f, input))
            break;
        if (p->ice.state == ICE_NOT_SEEN &&
            (p->ice_hidden || !run->record.begin_known || !freezer_run_knows(run, input, now_us)))
            return false;
    }
    return true;
}

/* Would it be seen now, if it were so? */
static bool would_be_seen(const struct derive_freezer *f, enum freezer_finding finding, int64_t now_us)
{
    const struct freezer_run *run = &f->run;

    switch (finding) {
    case FREEZER_FINDING_DEVIATION:
        return freezer_run_keeps(run, f->ready_us, now_us);
    case FREEZER_FINDING_OVERSHOOT:
        return freezer_run_sees(run, f->ready_us, now_us);
    case FREEZER_FINDING_STALL:
        return freezer_run_saw_step(run) && knows_if_there(f, FREEZER_INPUT_STATUS, now_us) &&
               knows_if_there(f, FREEZER_INPUT_SEGMENT, now_us) &&
               knows_if_there(f, FREEZER_INPUT_SETPOINT, now_us);
    case FREEZER_FINDING_NO_EXOTHERM:
        return would_see_ice(f, now_us);
    case FREEZER_FINDING_LID:
        return freezer_run_knows(run, FREEZER_INPUT_LID, now_us);
    case FREEZER_FINDING_POWER:
        return freezer_run_knows(run, FREEZER_INPUT_POWER, now_us);
    case FREEZER_FINDING_LN2:
        return freezer_run_knows(run, FREEZER_INPUT_LN2, now_us);
    default: /* NO_DATA: it is itself what is not seen */
        return true;
    }
}

static enum derive_known in_run(const struct derive_freezer *f, enum freezer_finding finding, int64_t now_us)
{
    const bool seen = f->run.is_running ? would_be_seen(f, finding, now_us)
                                        : freezer_run_knows(&f->run, derive_freezer_by(f), now_us);

    return seen ? DERIVE_OVER : DERIVE_UNKNOWN;
}

/* Also a run that did not come to its end, at once: its samples wait for somebody. */
static enum derive_known abandoned(const struct derive_freezer *f)
{
    if (f->run.is_running)
        return DERIVE_OVER;
    if (f->interrupted)
        return DERIVE_HOLDS;
    return f->has_ended ? DERIVE_OVER : DERIVE_UNKNOWN; /* what an earlier time has left is not known */
}

/* The record that was recalled may lack the last readings before the start: it alone ends no alarm. */
static enum derive_known by_new_readings(const struct derive_freezer *f, enum derive_known known)
{
    const bool is_new = f->run.inputs[derive_freezer_by(f)].us > f->ready_us;

    return known == DERIVE_OVER && !is_new ? DERIVE_UNKNOWN : known;
}

enum derive_known derive_freezer_known(const struct derive_freezer *f, unsigned which, int64_t now_us)
{
    const enum freezer_finding finding = (enum freezer_finding)(1U << which);

    if ((f->run.findings & 1U << which) != 0)
        return DERIVE_HOLDS;
    if (finding == FREEZER_FINDING_LATE && (f->config->n_expected == 0 || f->expects))
        return DERIVE_OVER;
    if (finding == FREEZER_FINDING_ABANDONED && f->attended)
        return DERIVE_OVER;
    if (finding == FREEZER_FINDING_LATE)
        return by_new_readings(f, f->run.is_running ? DERIVE_OVER : DERIVE_UNKNOWN);
    return by_new_readings(f,
                           finding == FREEZER_FINDING_ABANDONED ? abandoned(f) : in_run(f, finding, now_us));
}
