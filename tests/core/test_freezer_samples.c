/* Several probes of samples: each has its ice and is held against the program, the warmest counts. */
#include "freezer_fixture.h"

/* The first sample is the rig's; the second follows it, or does as the test says. */
struct pair {
    struct rig rig;
    double second_off; /* warmer than the first */
    double second;     /* while is_own */
    bool is_own, is_dead;
};

static void read_pair(struct pair *p)
{
    const double value = p->is_own ? p->second : p->rig.sample + p->second_off;

    rig_read(&p->rig);
    rig_give(&p->rig, FREEZER_INPUT_SAMPLE_2, (micro_t)(value * 1e6),
             p->is_dead ? QUALITY_BAD : QUALITY_GOOD);
}

/* As rig_go. */
static void pair_go(struct pair *p, double target, double per_min, double for_s)
{
    struct rig *rig = &p->rig;
    const double step = per_min / 60 * (double)rig->poll_us / 1e6;
    const int64_t end_us = rig->now_us + (int64_t)(for_s * 1e6);

    while (per_min > 0 ? rig->setpoint != target : rig->now_us < end_us) {
        const double left = target - rig->setpoint;
        if (per_min > 0)
            rig->setpoint = left < -step ? rig->setpoint - step : target;
        rig->chamber = rig->setpoint;
        rig_sample(rig);
        if (p->is_own) /* no ice in this one */
            p->second += (rig->chamber - p->second) * 2 / 152;
        rig->now_us += rig->poll_us;
        read_pair(p);
    }
}

static void pair_start(struct pair *p)
{
    pair_go(p, 0, 0, 60);
    p->rig.phase = FREEZER_STATUS_RUNNING;
    p->rig.segment = 1;
    pair_go(p, 0, 0, 60);
    p->rig.segment = 2;
}

static void pair_end(struct pair *p)
{
    p->rig.segment = 3;
    pair_go(p, -90, 10, 0);
    p->rig.phase = FREEZER_STATUS_COMPLETE;
    p->rig.segment = 0;
    pair_go(p, -90, 0, 4);
}

static void pair_whole(struct pair *p)
{
    pair_start(p);
    pair_go(p, -45, 1, 0);
    pair_end(p);
}

static void open_pair(struct pair *p)
{
    *p = (struct pair){.second = 4};
    rig_open(&p->rig, RIG_ALL | HAS(SAMPLE_2));
    p->rig.program.limits.end = -60 * K;
}

static void each_has_its_ice(void **state)
{
    struct pair p;
    struct freezer_verdict v;

    (void)state;
    open_pair(&p);
    p.second_off = 1;
    pair_whole(&p);
    const struct freezer_record *r = &p.rig.run.record;
    assert_int_equal(r->n_samples, 2);
    for (int k = 0; k < 2; k++)
        assert_int_equal(r->samples[k].ice.state, ICE_MELTED);
    assert_true(r->samples[1].ice.onset - r->samples[0].ice.onset == K);
    freezer_record_judge(r, &p.rig.program, &v);
    assert_int_equal(v.kind, FREEZER_WITHIN_LIMITS);
    assert_int_equal(v.n, 0);
}

static void one_without_ice_is_told(void **state)
{
    struct pair p;
    struct freezer_verdict v;

    (void)state;
    open_pair(&p);
    p.is_own = true;
    pair_start(&p);
    pair_go(&p, -19, 1, 0);
    assert_false(rig_has(&p.rig, FREEZER_FINDING_NO_EXOTHERM));
    pair_go(&p, -30, 1, 0);
    assert_true(rig_has(&p.rig, FREEZER_FINDING_NO_EXOTHERM));
    assert_true(freezer_run_lacks_ice(&p.rig.run, 1, p.rig.now_us));
    assert_false(freezer_run_lacks_ice(&p.rig.run, 0, p.rig.now_us));
    pair_go(&p, -45, 1, 0);
    pair_end(&p);
    const struct freezer_reason *why = rig_why(&p.rig, FREEZER_WHY_NO_EXOTHERM, &v);
    assert_non_null(why);
    assert_int_equal(why->sample, 1);
    assert_int_equal(v.kind, FREEZER_OUTSIDE_LIMITS);
    assert_int_equal(v.n, 1);
}

static void the_warmest_counts_at_the_end(void **state)
{
    struct pair p;
    struct freezer_verdict v;

    (void)state;
    open_pair(&p);
    p.second_off = 30;
    pair_whole(&p);
    const struct freezer_reason *why = rig_why(&p.rig, FREEZER_WHY_END, &v);
    assert_non_null(why);
    assert_int_equal(why->sample, -1);
    assert_true(why->value == p.rig.run.record.samples[1].last);
    assert_true(freezer_record_last_sample(&p.rig.run.record) == why->value);
}

/* The way of the warmest: it gets to 0 and to -40 last. */
static void the_way_down_is_the_last_ones(void **state)
{
    struct pair p;
    int64_t way_us, within_us;

    (void)state;
    open_pair(&p);
    p.second_off = 5;
    pair_whole(&p);
    const struct freezer_record *r = &p.rig.run.record;
    assert_true(freezer_record_zero_to_40(r, &way_us, &within_us));
    assert_true(way_us == r->samples[1].minus40_us - r->samples[1].zero_us);
    assert_true(way_us != r->samples[0].minus40_us - r->samples[0].zero_us);
}

/* What one probe did not say is not known, whatever the other says. */
static void one_that_died_leaves_it_unknown(void **state)
{
    struct pair p;
    struct freezer_verdict v;

    (void)state;
    open_pair(&p);
    pair_start(&p);
    pair_go(&p, -45, 1, 0);
    p.is_dead = true;
    pair_end(&p);
    assert_null(rig_why(&p.rig, FREEZER_WHY_END, &v));
    assert_non_null(rig_why(&p.rig, FREEZER_WHY_NOT_MEASURED, &v));
    assert_int_equal(v.kind, FREEZER_VERDICT_UNKNOWN);
    assert_int_equal(v.reasons[0].about, FREEZER_WHY_END);
}

static void one_that_is_too_warm_is_whatever_the_other_says(void **state)
{
    struct pair p;
    struct freezer_verdict v;

    (void)state;
    open_pair(&p);
    p.second_off = 30;
    pair_start(&p);
    pair_go(&p, -45, 1, 0);
    p.rig.sample_quality = QUALITY_BAD; /* the colder one dies */
    pair_end(&p);
    assert_non_null(rig_why(&p.rig, FREEZER_WHY_END, &v));
    assert_int_equal(v.kind, FREEZER_OUTSIDE_LIMITS);
}

static void guidance_is_by_the_warmest(void **state)
{
    struct pair p;

    (void)state;
    open_pair(&p);
    p.second_off = 8;
    pair_start(&p);
    pair_go(&p, -45, 1, 0);
    pair_go(&p, -45, 0, 600);
    const struct freezer_record *r = &p.rig.run.record;
    assert_true(r->samples[0].last < -40 * K && r->samples[1].last > -40 * K);
    assert_int_equal(freezer_record_guidance(r, &p.rig.program, p.rig.now_us, FREEZER_GAP_US),
                     FREEZER_GUIDANCE_MINUS80);
    p.second_off = 0;
    pair_go(&p, -45, 0, 4);
    assert_int_equal(freezer_record_guidance(r, &p.rig.program, p.rig.now_us, FREEZER_GAP_US),
                     FREEZER_GUIDANCE_EITHER);
    p.is_dead = true; /* it may be warm */
    pair_go(&p, -45, 0, 60);
    assert_int_equal(freezer_record_guidance(r, &p.rig.program, p.rig.now_us, FREEZER_GAP_US),
                     FREEZER_GUIDANCE_UNKNOWN);
    micro_t warmest;
    assert_false(freezer_run_warmest(&p.rig.run, p.rig.now_us, &warmest));
    assert_true(warmest < -40 * K);
}

/* A step that is about the sample: each probe is held against it. */
static void each_is_held_against_the_program(void **state)
{
    struct pair p;
    struct freezer_verdict v;
    micro_t off;

    (void)state;
    open_pair(&p);
    for (int i = 0; i < 3; i++) {
        p.rig.program.steps[i].of_sample = true;
        p.rig.program.steps[i].tolerance = 60 * K;
        p.rig.program.steps[i].rate_tolerance = FREEZER_NONE;
    }
    p.rig.program.limits.deviation = 60 * K;
    p.rig.program.limits.end = FREEZER_NONE;
    pair_start(&p);
    pair_go(&p, -20, 1, 0);
    assert_false(rig_has(&p.rig, FREEZER_FINDING_DEVIATION));
    p.second_off = 70;
    pair_go(&p, -21, 1, 0);
    assert_true(rig_has(&p.rig, FREEZER_FINDING_DEVIATION));
    assert_true(freezer_run_deviation(&p.rig.run, p.rig.now_us, &off));
    assert_true(off > 60 * K);
    p.is_dead = true; /* that it is over is not seen */
    pair_go(&p, -22, 1, 0);
    assert_true(freezer_run_deviation(&p.rig.run, p.rig.now_us, &off));
    assert_true(off < 60 * K);
    assert_false(freezer_run_sees(&p.rig.run, 0, p.rig.now_us));
    p.is_dead = false;
    p.second_off = 0;
    pair_go(&p, -45, 1, 0);
    assert_true(freezer_run_sees(&p.rig.run, 0, p.rig.now_us));
    assert_false(rig_has(&p.rig, FREEZER_FINDING_DEVIATION));
    pair_end(&p);
    const struct freezer_reason *why = rig_why(&p.rig, FREEZER_WHY_DEVIATION, &v);
    assert_non_null(why);
    assert_int_equal(why->sample, 1);
    assert_int_equal(why->step, 1);
    assert_true(freezer_record_conduct(&p.rig.run.record, 1, 1)->warm > 60 * K);
    assert_true(freezer_record_conduct(&p.rig.run.record, 1, 0)->warm < 60 * K);
}

/* A probe that was never read, where another was, is not taken to have kept to the program. */
static void one_that_was_never_read_is_not_known(void **state)
{
    struct pair p;
    struct freezer_verdict v;

    (void)state;
    open_pair(&p);
    p.rig.program.steps[1].of_sample = true;
    p.rig.program.steps[1].tolerance = 60 * K;
    p.rig.program.steps[1].rate_tolerance = FREEZER_NONE;
    p.rig.program.limits.deviation = 60 * K;
    p.is_dead = true;
    pair_whole(&p);
    const struct freezer_reason *why = rig_why(&p.rig, FREEZER_WHY_NOT_MEASURED, &v);
    assert_non_null(why);
    assert_int_equal(why->about, FREEZER_WHY_DEVIATION);
    assert_int_equal(why->sample, 1);
    assert_non_null(rig_why(&p.rig, FREEZER_WHY_ICE_UNKNOWN, &v));
    assert_int_equal(v.kind, FREEZER_VERDICT_UNKNOWN);
}

/* One probe alone is judged as ever, and no reason names it. */
static void one_probe_has_no_number(void **state)
{
    struct rig rig;
    struct freezer_verdict v;

    (void)state;
    rig_open(&rig, RIG_ALL);
    rig.nucleates = -300;
    rig.program.limits.end = -95 * K;
    rig_whole(&rig);
    freezer_record_judge(&rig.run.record, &rig.program, &v);
    assert_int_equal(v.n, 2);
    for (unsigned i = 0; i < v.n; i++)
        assert_int_equal(v.reasons[i].sample, -1);
    assert_int_equal(rig.run.record.n_samples, 1);
}

/* The record's times go by the wall clock: also those of the further probes. */
static void all_times_are_shifted(void **state)
{
    struct pair p;
    static struct freezer_record shifted;

    (void)state;
    open_pair(&p);
    p.second_off = 1;
    pair_whole(&p);
    shifted = p.rig.run.record;
    freezer_record_shift(&shifted, UTC_US);
    for (int k = 0; k < 2; k++) {
        assert_true(shifted.samples[k].ice.onset_us - p.rig.run.record.samples[k].ice.onset_us == UTC_US);
        assert_true(shifted.samples[k].last_us - p.rig.run.record.samples[k].last_us == UTC_US);
        assert_true(shifted.samples[k].minus40_us - p.rig.run.record.samples[k].minus40_us == UTC_US);
    }
    assert_true(shifted.samples[2].zero_us == FREEZER_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_has_its_ice),
        cmocka_unit_test(one_without_ice_is_told),
        cmocka_unit_test(the_warmest_counts_at_the_end),
        cmocka_unit_test(the_way_down_is_the_last_ones),
        cmocka_unit_test(one_that_died_leaves_it_unknown),
        cmocka_unit_test(one_that_is_too_warm_is_whatever_the_other_says),
        cmocka_unit_test(guidance_is_by_the_warmest),
        cmocka_unit_test(each_is_held_against_the_program),
        cmocka_unit_test(one_that_was_never_read_is_not_known),
        cmocka_unit_test(one_probe_has_no_number),
        cmocka_unit_test(all_times_are_shifted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
