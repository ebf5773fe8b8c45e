/*
 * freezer_fixture.h - a made-up freezer: a chamber exactly at its setpoint, a sample that follows slowly, ice
 * that warms it and holds it for a while. Each test bends it where it wants.
 */
#ifndef CRYOMON_FREEZER_FIXTURE_H
#define CRYOMON_FREEZER_FIXTURE_H

#include "freezer_run.h"

#include "test.h"

#define K      MICRO_PER_UNIT
#define S      INT64_C(1000000) /* a second */
#define HAS(i) (1U << FREEZER_INPUT_##i)
#define UTC_US INT64_C(1795510000000000)

struct rig {
    struct freezer_program program;
    struct freezer_run run;
    int64_t now_us, poll_us;
    double chamber, sample, setpoint;
    double chamber_off; /* what the chamber is off its setpoint */
    double nucleates, melts;
    int64_t plateau_us, ice_us; /* how long, and since when; 0: none yet */
    enum quality quality, sample_quality;
    enum freezer_phase phase;
    unsigned segment;
    int lid, power, ln2;
};

static inline struct stamp rig_at(const struct rig *rig)
{
    return (struct stamp){rig->now_us, UTC_US + rig->now_us};
}

/* 4 °C until started; -1 °C/min to -45; -10 °C/min to -90. */
static inline void rig_program(struct freezer_program *p)
{
    freezer_program_init(p);
    p->n_steps = 3;
    p->steps[0] = (struct freezer_step){
        .target = 4 * K, .tolerance = 3 * K, .rate_tolerance = FREEZER_NONE, .segment = 1};
    p->steps[1] = (struct freezer_step){.kind = FREEZER_STEP_RAMP,
                                        .target = -45 * K,
                                        .per_hour = 60 * K,
                                        .tolerance = 2 * K,
                                        .rate_tolerance = 6 * K,
                                        .exotherm = true,
                                        .segment = 2};
    p->steps[2] = (struct freezer_step){.kind = FREEZER_STEP_RAMP,
                                        .target = -90 * K,
                                        .per_hour = 600 * K,
                                        .tolerance = 2 * K,
                                        .rate_tolerance = 60 * K,
                                        .segment = 3};
    p->exotherm_by = -20 * K;
    p->stall_ms = 120000;
    p->collect_within_ms = 600000;
    p->cord_blood = true;
}

#define RIG_ALL (HAS(CHAMBER) | HAS(SAMPLE) | HAS(SETPOINT) | HAS(SEGMENT) | HAS(STATUS))

static inline void rig_open(struct rig *rig, uint32_t has)
{
    *rig = (struct rig){.now_us = 1000 * S,
                        .poll_us = 2 * S,
                        .chamber = 4,
                        .sample = 4,
                        .setpoint = 4,
                        .nucleates = -9,
                        .melts = -4,
                        .plateau_us = 300 * S,
                        .power = 1};
    rig_program(&rig->program);
    const struct freezer_setup setup = {.program = &rig->program,
                                        .has = has,
                                        .gap_us = FREEZER_GAP_US,
                                        .lost_us = FREEZER_LOST_US,
                                        .deviation_after_us = FREEZER_AFTER_US,
                                        .due_us = FREEZER_NONE};
    freezer_run_init(&rig->run, &setup);
}

static inline void rig_give(struct rig *rig, enum freezer_input input, micro_t value, enum quality quality)
{
    if (rig->run.setup.has & 1U << input)
        freezer_run_take(&rig->run, input, rig_at(rig), value, quality);
}

static inline void rig_read(struct rig *rig)
{
    rig_give(rig, FREEZER_INPUT_STATUS, rig->phase, rig->quality);
    rig_give(rig, FREEZER_INPUT_SEGMENT, rig->segment, rig->quality);
    rig_give(rig, FREEZER_INPUT_SETPOINT, (micro_t)(rig->setpoint * 1e6), rig->quality);
    rig_give(rig, FREEZER_INPUT_LID, rig->lid, rig->quality);
    rig_give(rig, FREEZER_INPUT_POWER, rig->power, rig->quality);
    rig_give(rig, FREEZER_INPUT_LN2, rig->ln2, rig->quality);
    rig_give(rig, FREEZER_INPUT_CHAMBER, (micro_t)(rig->chamber * 1e6), rig->quality);
    rig_give(rig, FREEZER_INPUT_SAMPLE, (micro_t)(rig->sample * 1e6),
             rig->quality == QUALITY_GOOD ? rig->sample_quality : rig->quality);
}

/* The sample one poll later: 150 s behind the chamber; with ice it warms within 6 s, and waits. */
static inline void rig_sample(struct rig *rig)
{
    const double s = (double)rig->poll_us / 1e6;
    const int64_t since_us = rig->now_us - rig->ice_us;

    if (rig->ice_us == 0 && rig->sample <= rig->nucleates)
        rig->ice_us = rig->now_us;
    if (rig->ice_us != 0 && since_us < 6 * S)
        rig->sample += (rig->melts - rig->sample) / 2;
    else if (rig->ice_us == 0 || since_us > rig->plateau_us)
        rig->sample += (rig->chamber - rig->sample) * s / (150 + s);
}

/* The setpoint goes there at a rate per minute (0: it stays as long); everything is read at each poll. */
static inline void rig_go(struct rig *rig, double target, double per_min, double for_s)
{
    const double step = per_min / 60 * (double)rig->poll_us / 1e6;
    const int64_t end_us = rig->now_us + (int64_t)(for_s * 1e6);

    for (;;) {
        const double left = target - rig->setpoint;
        if (per_min > 0 ? left == 0 : rig->now_us >= end_us)
            return;
        if (per_min > 0)
            rig->setpoint = left > step ? rig->setpoint + step : left < -step ? rig->setpoint - step : target;
        rig->chamber = rig->setpoint + rig->chamber_off;
        rig_sample(rig);
        rig->now_us += rig->poll_us;
        rig_read(rig);
    }
}

static inline void rig_wait(struct rig *rig, double for_s)
{
    rig_go(rig, rig->setpoint, 0, for_s);
}

/* The time passes, and nothing is read. */
static inline void rig_silence(struct rig *rig, int64_t for_us)
{
    const int64_t end_us = rig->now_us + for_us;

    for (; rig->now_us < end_us; rig->now_us += S) {
        if ((rig->now_us / S) % 2 == 0)
            rig_sample(rig);
        freezer_run_look(&rig->run, rig_at(rig));
    }
}

static inline void rig_start(struct rig *rig)
{
    rig_wait(rig, 60);
    rig->phase = FREEZER_STATUS_RUNNING;
    rig->segment = 1;
    rig_wait(rig, 60);
    rig->segment = 2;
}

static inline void rig_fast(struct rig *rig)
{
    rig->segment = 3;
    rig_go(rig, -90, 10, 0);
}

static inline void rig_complete(struct rig *rig)
{
    rig->phase = FREEZER_STATUS_COMPLETE;
    rig->segment = 0;
    rig_wait(rig, 4);
}

static inline void rig_whole(struct rig *rig)
{
    rig_start(rig);
    rig_go(rig, -45, 1, 0);
    rig_fast(rig);
    rig_complete(rig);
}

static inline bool rig_has(const struct rig *rig, enum freezer_finding finding)
{
    return (rig->run.findings & (uint32_t)finding) != 0;
}

/* Judged by the program; whether it is there for that reason, and the verdict. */
static inline const struct freezer_reason *rig_why(const struct rig *rig, enum freezer_why why,
                                                   struct freezer_verdict *v)
{
    freezer_record_judge(&rig->run.record, &rig->program, v);
    for (unsigned i = 0; i < v->n && i < FREEZER_REASONS_MAX; i++)
        if (v->reasons[i].why == why)
            return &v->reasons[i];
    return NULL;
}

#endif
