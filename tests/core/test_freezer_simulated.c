/* Whole runs of cryosim's freezer, which knows what is true: recognised, held against its program, and the
 * ice found. */
#include "freezer_run.h"

#include "freezer.h"
#include "freezer_simulated.h"
#include "model.h"
#include "test.h"

#include <math.h>

#define K      MICRO_PER_UNIT
#define STEP_S 0.5
#define IDLE_S 600.0

struct sim {
    struct freezer model;
    struct freezer_program program;
    struct freezer_run run;
    struct random_source random;
    double now_s, began_s;
};

static void act(struct sim *sim, const char *name, const char *value)
{
    char error[PARAM_ERROR_MAX];

    assert_int_equal(param_set(model_freezer.params, &sim->model, name, value, true, error), 0);
}

/* 4 °C; -1 °C/min to -45; -10 °C/min to -90; hold. */
static void open_sim(struct sim *sim, uint32_t has)
{
    static const struct freezer_segment segments[] = {{0, 4, 300}, {1, -45, 0}, {10, -90, 0}, {0, -90, 600}};
    struct freezer_program *p = &sim->program;
    const struct freezer_setup setup = {.program = p,
                                        .has = has,
                                        .gap_us = FREEZER_GAP_US,
                                        .lost_us = FREEZER_LOST_US,
                                        .deviation_after_us = FREEZER_AFTER_US,
                                        .due_us = FREEZER_NONE};

    *sim = (struct sim){.now_s = 0};
    random_seed(&sim->random, 7, "test");
    model_freezer.init(&sim->model);
    sim->model.n_segments = 4;
    for (int i = 0; i < 4; i++)
        sim->model.segments[i] = segments[i];
    model_freezer.start(&sim->model, &sim->random);
    freezer_simulated_program(p, segments);
    p->limits.deviation = 8 * K;
    p->limits.outside_us = 60 * K;
    p->limits.gap_us = 60 * K;
    p->limits.end = -80 * K;
    freezer_run_init(&sim->run, &setup);
}

static void give(struct sim *sim, enum freezer_input input, double value)
{
    const struct stamp at = {(int64_t)(sim->now_s * 1e6), (int64_t)(sim->now_s * 1e6)};
    const bool plain =
        input == FREEZER_INPUT_STATUS || input == FREEZER_INPUT_SEGMENT || input == FREEZER_INPUT_LID;

    if (sim->run.setup.has & 1U << input)
        freezer_run_take(&sim->run, input, at, plain ? (micro_t)value : (micro_t)llround(value * 10) * 100000,
                         QUALITY_GOOD);
}

static void go(struct sim *sim, double for_s)
{
    const struct freezer *f = &sim->model;
    const double end_s = sim->now_s + for_s;

    for (long i = 0; sim->now_s < end_s; i++) {
        model_freezer.step(&sim->model, STEP_S, &sim->random);
        sim->now_s += STEP_S;
        if (i % 4 != 3)
            continue;
        give(sim, FREEZER_INPUT_STATUS, freezer_simulated_status(f));
        give(sim, FREEZER_INPUT_SEGMENT, freezer_segment_number(f));
        give(sim, FREEZER_INPUT_SETPOINT, f->setpoint_c);
        give(sim, FREEZER_INPUT_LID, f->door);
        give(sim, FREEZER_INPUT_CHAMBER, f->chamber_sensor.reading);
        give(sim, FREEZER_INPUT_SAMPLE, f->sample_sensor.reading);
    }
}

static void start(struct sim *sim)
{
    go(sim, IDLE_S);
    act(sim, "start", "");
    sim->began_s = sim->now_s;
}

#define ALL 0x3fU /* chamber to lid */

static void ice_is_found_where_it_was(void **state)
{
    static struct sim sim;
    struct freezer_verdict v;

    (void)state;
    open_sim(&sim, ALL);
    start(&sim);
    go(&sim, 5000);
    const struct freezer_record *r = &sim.run.record;
    const struct freezer_batch *b = &sim.model.batch;
    assert_int_equal(r->how, FREEZER_END_COMPLETE);
    assert_int_equal(r->samples[0].ice.state, ICE_MELTED);
    assert_true(fabs((double)r->samples[0].ice.onset_us / 1e6 - sim.began_s - b->onset_s) < 4);
    assert_true(fabs((double)r->samples[0].ice.onset / 1e6 - b->onset_c) < 0.2);
    assert_true(fabs((double)r->samples[0].ice.peak / 1e6 - b->peak_c) < 0.2);
    assert_true(fabs((double)r->samples[0].ice.plateau_us / 1e6 - b->plateau_s) < 20);
    assert_true(fabs((double)(r->samples[0].minus40_us - r->samples[0].zero_us) / 1e6 -
                     (b->minus40_s - b->zero_s)) < 15);
    freezer_record_judge(r, &sim.program, &v);
    assert_int_equal(v.kind, FREEZER_WITHIN_LIMITS);
}

static void an_interrupted_supply_is_a_deviation(void **state)
{
    static struct sim sim;
    struct freezer_verdict v;

    (void)state;
    open_sim(&sim, ALL);
    start(&sim);
    go(&sim, 2000);
    act(&sim, "supply", "off");
    go(&sim, 600);
    assert_true(sim.run.findings & FREEZER_FINDING_DEVIATION);
    act(&sim, "supply", "on");
    go(&sim, 3000);
    freezer_record_judge(&sim.run.record, &sim.program, &v);
    assert_int_equal(v.kind, FREEZER_OUTSIDE_LIMITS);
}

static void an_open_door_makes_no_ice(void **state)
{
    static struct sim sim;

    (void)state;
    open_sim(&sim, ALL);
    act(&sim, "nucleation", "-39");
    start(&sim);
    go(&sim, 1500);
    act(&sim, "door", "open");
    go(&sim, 120);
    assert_true(sim.run.findings & FREEZER_FINDING_LID);
    act(&sim, "door", "closed");
    go(&sim, 600);
    assert_int_equal(sim.run.record.samples[0].ice.state, ICE_NOT_SEEN);
    assert_in_range(sim.run.record.lid_us, 116000000, 124000000);
}

static void without_a_status_it_is_the_same_run(void **state)
{
    static struct sim sim;
    struct freezer_verdict v;

    (void)state;
    open_sim(&sim, 1U << FREEZER_INPUT_CHAMBER | 1U << FREEZER_INPUT_SAMPLE);
    start(&sim);
    go(&sim, 2000);
    assert_true(sim.run.is_running);
    go(&sim, 3000);
    const struct freezer_record *r = &sim.run.record;
    assert_int_equal(sim.run.n_ended, 1);
    assert_int_equal(r->how, FREEZER_END_COMPLETE);
    assert_true(fabs((double)r->samples[0].ice.onset_us / 1e6 - sim.began_s - sim.model.batch.onset_s) < 4);
    freezer_record_judge(r, &sim.program, &v);
    for (unsigned i = 0; i < v.n; i++) /* the first hold was not told from waiting: nothing else is wrong */
        assert_true(v.reasons[i].why == FREEZER_WHY_NOT_MEASURED);
}

static void idle_for_days_is_no_run(void **state)
{
    static struct sim sim;

    (void)state;
    open_sim(&sim, 1U << FREEZER_INPUT_CHAMBER | 1U << FREEZER_INPUT_SAMPLE);
    go(&sim, 2 * 86400.0);
    assert_false(sim.run.is_running);
    assert_int_equal(sim.run.n_ended, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ice_is_found_where_it_was), cmocka_unit_test(an_interrupted_supply_is_a_deviation),
        cmocka_unit_test(an_open_door_makes_no_ice), cmocka_unit_test(without_a_status_it_is_the_same_run),
        cmocka_unit_test(idle_for_days_is_no_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
