/* freezer_run.c - see freezer_run.h. */
#include "freezer_run.h"

#include <errno.h>

#include "freezer_run_internal.h"

#define ZERO        INT64_C(0)
#define MINUS40     (-40 * MICRO_PER_UNIT)
#define STEP_US     INT64_C(500000)      /* of the wall clock: less is its usual drift */
#define ICE_WARMEST (2 * MICRO_PER_UNIT) /* as in freezer_ice.c */

void freezer_run_init(struct freezer_run *run, const struct freezer_setup *setup)
{
    *run = (struct freezer_run){.setup = *setup,
                                .step = -1,
                                .seen_us = FREEZER_NONE,
                                .tick_us = FREEZER_NONE,
                                .rest_us = FREEZER_NONE,
                                .there_us = FREEZER_NONE,
                                .warm_us = FREEZER_NONE};
    freezer_run_inside(run);
    for (unsigned i = 0; i < FREEZER_INPUTS; i++)
        run->inputs[i].us = FREEZER_NONE;
}

void freezer_run_expect(struct freezer_run *run, int64_t due_us)
{
    run->setup.due_us = due_us;
}

enum freezer_input freezer_run_sample_input(unsigned sample)
{
    return sample == 0 ? FREEZER_INPUT_SAMPLE : (enum freezer_input)(FREEZER_INPUT_SAMPLE_2 + sample - 1);
}

int freezer_run_sample_of(enum freezer_input input)
{
    return input == FREEZER_INPUT_SAMPLE     ? 0
           : input >= FREEZER_INPUT_SAMPLE_2 ? (int)(input - FREEZER_INPUT_SAMPLE_2) + 1
                                             : -1;
}

static bool has_conduct(const struct freezer_conduct *c)
{
    return c->n > 0 || c->covered_us > 0 || c->warm != FREEZER_NONE;
}

static bool is_judged(const struct freezer_run *run)
{
    const struct freezer_record *r = &run->record;

    for (unsigned i = 0; i < FREEZER_STEPS_MAX; i++) {
        if (has_conduct(&r->steps[i]))
            return true;
        for (unsigned k = 0; k + 1 < FREEZER_SAMPLES; k++)
            if (has_conduct(&r->others[k][i]))
                return true;
    }
    return false;
}

int freezer_run_follow(struct freezer_run *run, const struct freezer_program *program)
{
    struct freezer_record *r = &run->record;

    if (run->setup.program == program)
        return 0;
    if (run->is_running && is_judged(run))
        return -EBUSY;
    run->setup.program = program;
    if (!run->is_running)
        return 0;
    freezer_record_follow(r, program);
    for (unsigned i = 0; i < FREEZER_STEPS_MAX; i++)
        r->steps[i].entered = r->steps[i].left = false;
    run->step = -1;
    if (r->n_steps > 0 && r->begin_known && (run->setup.has & 1U << FREEZER_INPUT_SEGMENT) == 0)
        freezer_run_enter(run, 0, r->begin.boot_us, run->elapsed_us);
    return 0;
}

void freezer_run_gap(struct freezer_run *run, int64_t gap_us)
{
    run->setup.gap_us = gap_us;
    for (unsigned k = 0; k < FREEZER_SAMPLES; k++)
        run->record.samples[k].ice.gap_us = gap_us;
}

void freezer_run_attend(struct freezer_run *run)
{
    run->waiting = false;
}

bool freezer_run_knows(const struct freezer_run *run, enum freezer_input input, int64_t now_us)
{
    const struct freezer_now *now = &run->inputs[input];

    return now->known && now_us - now->us <= run->setup.gap_us;
}

/* ---------------------------------------------------------------- time passes */

static void count_state(struct freezer_run *run, enum freezer_input input, micro_t counted, int64_t now_us,
                        int64_t past_us, bool *known, int64_t *sum_us)
{
    if (!freezer_run_knows(run, input, now_us))
        *known = false;
    else if (run->inputs[input].value == counted)
        *sum_us += past_us;
}

/* The time up to now, in the state that was known before what is new now. */
static void tick(struct freezer_run *run, int64_t now_us)
{
    const int64_t past_us = run->is_running ? now_us - run->tick_us : 0;
    struct freezer_record *r = &run->record;

    if (past_us <= 0)
        return;
    run->tick_us = now_us;
    if (!freezer_run_knows(run, FREEZER_INPUT_STATUS, now_us) ||
        run->inputs[FREEZER_INPUT_STATUS].value != FREEZER_STATUS_HELD)
        run->elapsed_us += past_us;
    /* A status that is older than a gap was not read throughout. At the begin it may not have come yet. */
    if (now_us - r->begin.boot_us > run->setup.gap_us || run->inputs[FREEZER_INPUT_LID].known)
        count_state(run, FREEZER_INPUT_LID, 1, now_us, past_us, &r->lid_known, &r->lid_us);
    if (now_us - r->begin.boot_us > run->setup.gap_us || run->inputs[FREEZER_INPUT_POWER].known)
        count_state(run, FREEZER_INPUT_POWER, 0, now_us, past_us, &r->power_known, &r->power_us);
    bool uncertain =
        run->inputs[FREEZER_INPUT_CHAMBER].uncertain || run->inputs[FREEZER_INPUT_STATUS].uncertain;
    for (unsigned k = 0; k < FREEZER_SAMPLES; k++)
        uncertain = uncertain || run->inputs[freezer_run_sample_input(k)].uncertain;
    if (uncertain)
        r->uncertain_us += past_us;
}

/* Times are kept by boot time; that the wall clock was set stays in the record. */
static void take_clock(struct freezer_run *run, struct stamp at)
{
    const int64_t utc_minus_us = at.utc_us - at.boot_us;
    const int64_t step_us = utc_minus_us - run->utc_minus_us;

    if (run->is_running && (step_us > STEP_US || step_us < -STEP_US))
        run->record.clock_us += step_us;
    run->utc_minus_us = utc_minus_us;
}

void freezer_run_look(struct freezer_run *run, struct stamp now)
{
    take_clock(run, now);
    tick(run, now.boot_us);
    if (run->is_running) {
        freezer_run_advance(run, now.boot_us);
        if (now.boot_us - run->seen_us > run->setup.lost_us)
            freezer_run_end(run, run->seen_us, FREEZER_END_LOST);
    }
    freezer_run_find(run, now.boot_us);
}

/* ---------------------------------------------------------------- readings */

static void extremes(micro_t value, micro_t *low, micro_t *high)
{
    if (*low == FREEZER_NONE || value < *low)
        *low = value;
    if (*high == FREEZER_NONE || value > *high)
        *high = value;
}

/* since_us: since the usable reading before, or since the run's begin if that is later. */
static int64_t since_in_run(const struct freezer_run *run, enum freezer_input input, int64_t now_us)
{
    const int64_t before_us = run->inputs[input].us;
    const int64_t begin_us = run->record.begin.boot_us;

    return now_us - (before_us == FREEZER_NONE || before_us < begin_us ? begin_us : before_us);
}

static void take_chamber(struct freezer_run *run, int64_t now_us, micro_t value, int64_t since_us)
{
    struct freezer_record *r = &run->record;

    if (since_us > run->setup.gap_us) {
        r->n_gaps++;
        r->gaps_us += since_us;
        r->longest_gap_us = since_us > r->longest_gap_us ? since_us : r->longest_gap_us;
    }
    extremes(value, &r->chamber_low, &r->chamber_high);
    r->last_chamber = value;
    r->last_chamber_us = now_us;
    freezer_record_trace(r, now_us, false, value);
    freezer_run_conduct(run, -1, now_us, value, since_us);
}

/* The first reading as cold. One behind a gap tells only that it was crossed somewhere in
 * there: not known. */
static void cross(const struct freezer_run *run, const struct freezer_probe *p, int64_t now_us, micro_t value,
                  micro_t threshold, int64_t since_us, int64_t *ret_us, int64_t *ret_within_us)
{
    if (*ret_us != FREEZER_NONE || value > threshold || p->low <= threshold)
        return; /* low: there, or colder, before; FREEZER_NONE too */
    if (since_us > run->setup.gap_us)
        return;
    *ret_us = now_us;
    *ret_within_us = since_us;
}

/* Read in the same millisecond: which of the two came first is chance. */
static bool is_same_ms(const struct freezer_run *run, int64_t a_us, int64_t b_us)
{
    return (a_us + run->utc_minus_us) / 1000 == (b_us + run->utc_minus_us) / 1000;
}

/* The chamber as it was read before now, so that it does not matter which of both is given first where both
 * were read at once; FREEZER_NONE: not known. */
static micro_t chamber_before(const struct freezer_run *run, int64_t now_us)
{
    const struct freezer_now *now = &run->inputs[FREEZER_INPUT_CHAMBER];

    if (now->known && is_same_ms(run, now->us, now_us))
        now = &run->chamber_before;
    return now->known && now_us - now->us <= run->setup.gap_us ? now->value : FREEZER_NONE;
}

static void take_sample(struct freezer_run *run, unsigned sample, int64_t now_us, micro_t value,
                        int64_t since_us, bool uncertain)
{
    struct freezer_record *r = &run->record;
    struct freezer_probe *p = &r->samples[sample];

    r->n_samples = sample >= r->n_samples ? sample + 1 : r->n_samples;
    p->ice_hidden |= since_us > run->setup.gap_us && value <= ICE_WARMEST && p->ice.state == ICE_NOT_SEEN;
    p->is_read = true;
    cross(run, p, now_us, value, ZERO, since_us, &p->zero_us, &p->zero_within_us);
    cross(run, p, now_us, value, MINUS40, since_us, &p->minus40_us, &p->minus40_within_us);
    extremes(value, &p->low, &p->high);
    p->last = value;
    p->last_us = now_us;
    if (sample == 0)
        freezer_record_trace(r, now_us, true, value);
    freezer_ice_take(&p->ice, (struct stamp){now_us, now_us + run->utc_minus_us}, value,
                     chamber_before(run, now_us), uncertain);
    freezer_run_conduct(run, (int)sample, now_us, value, since_us);
}

static void take_other(struct freezer_run *run, enum freezer_input input, int64_t now_us, micro_t value,
                       const struct freezer_now *before)
{
    struct freezer_record *r = &run->record;

    if (!run->is_running)
        return;
    if (input == FREEZER_INPUT_SETPOINT) {
        if (!before->known || before->value != value)
            run->moved_us = now_us;
        if (run->step >= 0) {
            r->steps[run->step].setpoint = value;
            r->steps[run->step].setpoint_us = now_us;
        }
    } else if (input == FREEZER_INPUT_LID && value == 1 && !(before->known && before->value == 1)) {
        r->n_lid++;
    } else if (input == FREEZER_INPUT_POWER && value == 0 && !(before->known && before->value == 0)) {
        r->n_power++;
    } else if (input == FREEZER_INPUT_STATUS && before->known && before->value != value) {
        run->moved_us = now_us;
    }
}

/* A run has begun with a status: what was read with it belongs to it, whichever was given first. */
static void take_with_begin(struct freezer_run *run, int64_t now_us)
{
    const struct freezer_now *chamber = &run->inputs[FREEZER_INPUT_CHAMBER];

    if (chamber->known && is_same_ms(run, chamber->us, now_us))
        take_chamber(run, now_us, chamber->value, 0);
    for (unsigned k = 0; k < FREEZER_SAMPLES; k++) {
        const struct freezer_now *sample = &run->inputs[freezer_run_sample_input(k)];
        if (sample->known && is_same_ms(run, sample->us, now_us))
            take_sample(run, k, now_us, sample->value, 0, sample->uncertain);
    }
}

static void take_usable(struct freezer_run *run, enum freezer_input input, int64_t now_us, micro_t value,
                        bool uncertain)
{
    const struct freezer_now before = run->inputs[input];
    const bool after_gap = before.us == FREEZER_NONE || now_us - before.us > run->setup.gap_us;

    const bool ran = run->is_running;
    const int sample = freezer_run_sample_of(input);

    if (input == FREEZER_INPUT_CHAMBER && before.us != FREEZER_NONE && !is_same_ms(run, before.us, now_us))
        run->chamber_before = before;
    if (input == FREEZER_INPUT_STATUS)
        freezer_run_by_status(run, now_us, (enum freezer_phase)value, after_gap);
    else if (input == FREEZER_INPUT_CHAMBER && !freezer_run_knows(run, FREEZER_INPUT_STATUS, now_us))
        freezer_run_by_chamber(run, now_us, value);
    const int64_t since_us = run->is_running ? since_in_run(run, input, now_us) : 0;
    run->inputs[input] = (struct freezer_now){true, uncertain, value, now_us};
    if (input == FREEZER_INPUT_CHAMBER || sample >= 0 || input == FREEZER_INPUT_STATUS)
        run->seen_us = now_us;
    if (run->is_running)
        freezer_run_advance(run, now_us);
    if (run->is_running && input == FREEZER_INPUT_CHAMBER)
        take_chamber(run, now_us, value, since_us);
    else if (run->is_running && sample >= 0)
        take_sample(run, (unsigned)sample, now_us, value, since_us, uncertain);
    else
        take_other(run, input, now_us, value, &before);
    if (input == FREEZER_INPUT_STATUS && run->is_running && !ran)
        take_with_begin(run, now_us);
}

void freezer_run_take(struct freezer_run *run, enum freezer_input input, struct stamp at, micro_t value,
                      enum quality quality)
{
    take_clock(run, at);
    tick(run, at.boot_us);
    if (run->is_running && at.boot_us - run->seen_us > run->setup.lost_us)
        freezer_run_end(run, run->seen_us, FREEZER_END_LOST);
    if (quality == QUALITY_BAD)
        run->inputs[input].known = run->inputs[input].uncertain = false;
    else
        take_usable(run, input, at.boot_us, value, quality == QUALITY_UNCERTAIN);
    freezer_run_find(run, at.boot_us);
}
