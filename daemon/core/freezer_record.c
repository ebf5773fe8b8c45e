/* What a run was. The verdict: freezer_judge.c; its curve: freezer_trace.c. */
#include "freezer_record.h"

#define HOUR_US INT64_C(3600000000)

static void init_conduct(struct freezer_conduct *c)
{
    c->warm = c->cold = c->overshoot = c->setpoint = FREEZER_NONE;
}

void freezer_record_follow(struct freezer_record *record, const struct freezer_program *program)
{
    record->n_steps = program != NULL ? program->n_steps : 0;
    for (unsigned i = 0; i < FREEZER_STEPS_MAX; i++)
        record->of_sample[i] = i < record->n_steps && program->steps[i].of_sample;
}

void freezer_record_init(struct freezer_record *record, const struct freezer_program *program,
                         struct stamp begin)
{
    *record = (struct freezer_record){.begin = begin,
                                      .end = begin,
                                      .chamber_low = FREEZER_NONE,
                                      .chamber_high = FREEZER_NONE,
                                      .last_chamber = FREEZER_NONE,
                                      .trace = {.slot_us = FREEZER_TRACE_FINEST_US}};
    freezer_record_follow(record, program);
    for (unsigned i = 0; i < FREEZER_STEPS_MAX; i++) {
        init_conduct(&record->steps[i]);
        for (unsigned k = 0; k + 1 < FREEZER_SAMPLES; k++)
            init_conduct(&record->others[k][i]);
    }
    for (unsigned k = 0; k < FREEZER_SAMPLES; k++) {
        struct freezer_probe *p = &record->samples[k];
        p->low = p->high = p->last = p->zero_us = p->minus40_us = FREEZER_NONE;
    }
}

static void shift(int64_t *us, int64_t by_us)
{
    if (*us != FREEZER_NONE)
        *us += by_us;
}

static void shift_conduct(struct freezer_conduct *c, int64_t by_us)
{
    shift(&c->begin_us, by_us);
    shift(&c->end_us, by_us);
    shift(&c->setpoint_us, by_us);
    shift(&c->base_us, by_us);
}

static void shift_probe(struct freezer_probe *p, int64_t by_us)
{
    shift(&p->ice.onset_us, by_us);
    shift(&p->ice.peak_us, by_us);
    shift(&p->ice.cold_us, by_us);
    for (unsigned i = 0; i < FREEZER_ICE_KEPT; i++)
        shift(&p->ice.kept[i].us, by_us);
    shift(&p->last_us, by_us);
    shift(&p->zero_us, by_us);
    shift(&p->minus40_us, by_us);
}

void freezer_record_shift(struct freezer_record *record, int64_t by_us)
{
    record->begin.boot_us += by_us;
    record->end.boot_us += by_us;
    for (unsigned i = 0; i < FREEZER_STEPS_MAX; i++) {
        shift_conduct(&record->steps[i], by_us);
        for (unsigned k = 0; k + 1 < FREEZER_SAMPLES; k++)
            shift_conduct(&record->others[k][i], by_us);
    }
    for (unsigned k = 0; k < FREEZER_SAMPLES; k++)
        shift_probe(&record->samples[k], by_us);
    shift(&record->last_chamber_us, by_us);
}

/* A probe has a conduct of its own where it was held against the program. */
const struct freezer_conduct *freezer_record_conduct(const struct freezer_record *record, unsigned step,
                                                     unsigned sample)
{
    const struct freezer_conduct *first = &record->steps[step];

    return sample == 0 || !record->of_sample[step] ? first : &record->others[sample - 1][step];
}

enum freezer_seen freezer_record_seen(const struct freezer_record *r, unsigned step)
{
    bool is_first = !r->begin_known;

    for (unsigned i = 0; i < step && is_first; i++)
        is_first = !r->steps[i].entered;
    if (r->steps[step].entered)
        return is_first ? FREEZER_PARTLY_SEEN : FREEZER_SEEN;
    return is_first ? FREEZER_NOT_SEEN : FREEZER_NOT_REACHED;
}

bool freezer_record_rate(const struct freezer_record *record, unsigned step, micro_t *ret_per_hour)
{
    return freezer_record_rate_of(record, step, 0, ret_per_hour);
}

bool freezer_record_rate_of(const struct freezer_record *record, unsigned step, unsigned sample,
                            micro_t *ret_per_hour)
{
    const struct freezer_conduct *c = freezer_record_conduct(record, step, sample);
    const int64_t took_us = record->steps[step].end_us - record->steps[step].begin_us;
    freezer_wide_t along, rate;

    if (step >= record->n_steps || c->n < 5 || c->covered_us * 2 < took_us)
        return false;
    along = c->n * c->tt - c->t * c->t;
    if (along <= 0)
        return false;
    rate = (c->n * c->tv - c->t * c->v) * (HOUR_US / 1000) / along;
    if (rate > MICRO_MAX || rate < -MICRO_MAX)
        return false;
    *ret_per_hour = (micro_t)rate;
    return true;
}

static uint64_t root(uint64_t n)
{
    uint64_t low = 0, high = UINT32_MAX;

    while (low < high) {
        const uint64_t middle = low + (high - low + 1) / 2;
        if (middle <= n / middle)
            low = middle;
        else
            high = middle - 1;
    }
    return low;
}

bool freezer_record_rms(const struct freezer_record *record, int step, micro_t *ret)
{
    bool any = false;
    micro_t rms;

    for (unsigned k = 0; k < (record->n_samples > 1 ? record->n_samples : 1); k++) {
        if (!freezer_record_rms_of(record, step, k, &rms) || (any && rms <= *ret))
            continue;
        *ret = rms;
        any = true;
    }
    return any;
}

bool freezer_record_rms_of(const struct freezer_record *record, int step, unsigned sample, micro_t *ret)
{
    freezer_wide_t squares = 0, ms = 0;

    for (unsigned i = 0; i < FREEZER_STEPS_MAX; i++) {
        if (step >= 0 && i != (unsigned)step)
            continue;
        const struct freezer_conduct *c = freezer_record_conduct(record, i, sample);
        squares += c->squares;
        ms += c->square_ms;
    }
    if (ms == 0)
        return false;
    *ret = (micro_t)root((uint64_t)(squares / ms)) * (MICRO_PER_UNIT / 1000);
    return true;
}

bool freezer_record_zero_to_40(const struct freezer_record *record, int64_t *ret_us, int64_t *ret_within_us)
{
    const struct freezer_probe *zero = &record->samples[0], *minus40 = zero;

    for (unsigned k = 0; k < (record->n_samples > 1 ? record->n_samples : 1); k++) {
        const struct freezer_probe *p = &record->samples[k];
        if (p->zero_us == FREEZER_NONE || p->minus40_us == FREEZER_NONE)
            return false;
        zero = p->zero_us > zero->zero_us ? p : zero;
        minus40 = p->minus40_us > minus40->minus40_us ? p : minus40;
    }
    *ret_us = minus40->minus40_us - zero->zero_us;
    *ret_within_us = zero->zero_within_us + minus40->minus40_within_us;
    return true;
}

bool freezer_record_has_sample(const struct freezer_record *record)
{
    for (unsigned k = 0; k < FREEZER_SAMPLES; k++)
        if (record->samples[k].is_read)
            return true;
    return false;
}

micro_t freezer_record_last_sample(const struct freezer_record *record)
{
    micro_t warmest = FREEZER_NONE;

    for (unsigned k = 0; k < FREEZER_SAMPLES; k++)
        if (record->samples[k].last > warmest) /* FREEZER_NONE is less than any */
            warmest = record->samples[k].last;
    return warmest;
}

bool freezer_record_sample_at(const struct freezer_record *record, int64_t now_us, int64_t max_age_us,
                              micro_t *ret)
{
    bool all = true;

    *ret = FREEZER_NONE;
    for (unsigned k = 0; k < (record->n_samples > 1 ? record->n_samples : 1); k++) {
        const struct freezer_probe *p = &record->samples[k];
        if (p->last == FREEZER_NONE || now_us - p->last_us > max_age_us)
            all = false;
        else if (p->last > *ret)
            *ret = p->last;
    }
    return all;
}

enum freezer_guidance freezer_record_guidance_at(const struct freezer_program *program, micro_t sample)
{
    if (program == NULL || !program->cord_blood)
        return FREEZER_GUIDANCE_NONE;
    if (sample == FREEZER_NONE)
        return FREEZER_GUIDANCE_UNKNOWN;
    return sample <= -40 * MICRO_PER_UNIT ? FREEZER_GUIDANCE_EITHER : FREEZER_GUIDANCE_MINUS80;
}

enum freezer_guidance freezer_record_guidance(const struct freezer_record *record,
                                              const struct freezer_program *program, int64_t now_us,
                                              int64_t max_age_us)
{
    micro_t warmest;
    const bool all = freezer_record_sample_at(record, now_us, max_age_us, &warmest);

    /* A probe that is not known may be the warmest, and then be warm. */
    if (!all && warmest <= -40 * MICRO_PER_UNIT)
        warmest = FREEZER_NONE;
    return freezer_record_guidance_at(program, warmest);
}

bool freezer_record_why_is_unknown(enum freezer_why why)
{
    return why >= FREEZER_WHY_NO_PROGRAM;
}

const char *freezer_record_why_name(enum freezer_why why)
{
    static const char *const names[FREEZER_WHY_COUNT] = {
        [FREEZER_WHY_NONE] = "none",
        [FREEZER_WHY_NOT_COMPLETE] = "not-complete",
        [FREEZER_WHY_DEVIATION] = "deviation",
        [FREEZER_WHY_RMS] = "rms-deviation",
        [FREEZER_WHY_OUTSIDE] = "outside-tolerance",
        [FREEZER_WHY_RATE] = "rate",
        [FREEZER_WHY_OVERSHOOT] = "overshoot",
        [FREEZER_WHY_SETPOINT] = "setpoint",
        [FREEZER_WHY_GAP] = "gap",
        [FREEZER_WHY_NO_EXOTHERM] = "no-exotherm",
        [FREEZER_WHY_ONSET] = "onset",
        [FREEZER_WHY_SUPERCOOLING] = "supercooling",
        [FREEZER_WHY_PLATEAU] = "plateau",
        [FREEZER_WHY_ZERO_TO_40] = "zero-to-minus-40",
        [FREEZER_WHY_END] = "end-temperature",
        [FREEZER_WHY_LID] = "lid-open",
        [FREEZER_WHY_POWER] = "power-off",
        [FREEZER_WHY_NO_PROGRAM] = "no-program",
        [FREEZER_WHY_NO_LIMITS] = "no-limits",
        [FREEZER_WHY_BEGIN_UNKNOWN] = "begin-unknown",
        [FREEZER_WHY_END_UNKNOWN] = "end-unknown",
        [FREEZER_WHY_NOT_MEASURED] = "not-measured",
        [FREEZER_WHY_UNCERTAIN] = "uncertain",
        [FREEZER_WHY_ICE_UNKNOWN] = "ice-unknown",
    };

    return (unsigned)why < FREEZER_WHY_COUNT && names[why] != NULL ? names[why] : "?";
}

const char *freezer_record_end_name(enum freezer_end end)
{
    static const char *const names[FREEZER_ENDS] = {"running", "complete", "stopped", "lost"};

    return (unsigned)end < FREEZER_ENDS ? names[end] : "?";
}
