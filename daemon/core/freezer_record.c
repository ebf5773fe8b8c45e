/* What a run was. The verdict: freezer_judge.c; its curve: freezer_trace.c. */
#include "freezer_record.h"

#define HOUR_US INT64_C(3600000000)

void freezer_record_init(struct freezer_record *record, const struct freezer_program *program,
                         struct stamp begin)
{
    *record = (struct freezer_record){.begin = begin,
                                      .end = begin,
                                      .n_steps = program != NULL ? program->n_steps : 0,
                                      .chamber_low = FREEZER_NONE,
                                      .chamber_high = FREEZER_NONE,
                                      .sample_low = FREEZER_NONE,
                                      .sample_high = FREEZER_NONE,
                                      .last_chamber = FREEZER_NONE,
                                      .last_sample = FREEZER_NONE,
                                      .zero_us = FREEZER_NONE,
                                      .minus40_us = FREEZER_NONE,
                                      .trace = {.slot_us = FREEZER_TRACE_FINEST_US}};
    for (unsigned i = 0; i < FREEZER_STEPS_MAX; i++) {
        struct freezer_conduct *c = &record->steps[i];
        c->warm = c->cold = c->overshoot = c->setpoint = FREEZER_NONE;
    }
}

static void shift(int64_t *us, int64_t by_us)
{
    if (*us != FREEZER_NONE)
        *us += by_us;
}

void freezer_record_shift(struct freezer_record *record, int64_t by_us)
{
    struct freezer_ice *ice = &record->ice;

    record->begin.boot_us += by_us;
    record->end.boot_us += by_us;
    for (unsigned i = 0; i < FREEZER_STEPS_MAX; i++) {
        struct freezer_conduct *c = &record->steps[i];
        shift(&c->begin_us, by_us);
        shift(&c->end_us, by_us);
        shift(&c->setpoint_us, by_us);
        shift(&c->base_us, by_us);
    }
    shift(&ice->onset_us, by_us);
    shift(&ice->peak_us, by_us);
    shift(&ice->cold_us, by_us);
    for (unsigned i = 0; i < FREEZER_ICE_KEPT; i++)
        shift(&ice->kept[i].us, by_us);
    shift(&record->last_chamber_us, by_us);
    shift(&record->last_sample_us, by_us);
    shift(&record->zero_us, by_us);
    shift(&record->minus40_us, by_us);
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
    const struct freezer_conduct *c = &record->steps[step];
    freezer_wide_t along, rate;

    if (step >= record->n_steps || c->n < 5 || c->covered_us * 2 < c->end_us - c->begin_us)
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
    freezer_wide_t squares = 0, ms = 0;

    for (unsigned i = 0; i < FREEZER_STEPS_MAX; i++) {
        if (step >= 0 && i != (unsigned)step)
            continue;
        squares += record->steps[i].squares;
        ms += record->steps[i].square_ms;
    }
    if (ms == 0)
        return false;
    *ret = (micro_t)root((uint64_t)(squares / ms)) * (MICRO_PER_UNIT / 1000);
    return true;
}

bool freezer_record_zero_to_40(const struct freezer_record *record, int64_t *ret_us, int64_t *ret_within_us)
{
    if (record->zero_us == FREEZER_NONE || record->minus40_us == FREEZER_NONE)
        return false;
    *ret_us = record->minus40_us - record->zero_us;
    *ret_within_us = record->zero_within_us + record->minus40_within_us;
    return true;
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
    const bool fresh = record->last_sample != FREEZER_NONE && now_us - record->last_sample_us <= max_age_us;

    return freezer_record_guidance_at(program, fresh ? record->last_sample : FREEZER_NONE);
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
