/* What a run means by the program's limits, what may become of its samples, and how far it is
 * from another. */
#include "freezer_fixture.h"

/* With a limit on everything, all of them kept. */
static void limits(struct freezer_limits *l)
{
    *l = (struct freezer_limits){.deviation = 5 * K,
                                 .rms = K,
                                 .overshoot = 2 * K,
                                 .outside_us = 60 * S,
                                 .gap_us = 60 * S,
                                 .onset = {-15 * K, -5 * K},
                                 .supercooling = 9 * K,
                                 .plateau_us = {60 * S, 600 * S},
                                 .zero_to_40_us = {1200 * S, 3600 * S},
                                 .end = -60 * K,
                                 .lid_us = 0,
                                 .power_us = 0};
}

static void open_rig(struct rig *rig)
{
    rig_open(rig, RIG_ALL | HAS(LID) | HAS(POWER));
    limits(&rig->program.limits);
}

static void a_good_run_is_within_its_limits(void **state)
{
    struct rig rig;
    struct freezer_verdict v;
    int64_t way_us, within_us;
    micro_t rms;

    (void)state;
    open_rig(&rig);
    rig_whole(&rig);
    (void)rig_why(&rig, FREEZER_WHY_NONE, &v);
    assert_int_equal(v.n, 0);
    assert_int_equal(v.kind, FREEZER_WITHIN_LIMITS);
    assert_true(freezer_record_zero_to_40(&rig.run.record, &way_us, &within_us));
    assert_in_range(way_us, 1200 * S, 3600 * S);
    assert_int_equal(within_us, 4 * S);
    assert_true(freezer_record_rms(&rig.run.record, -1, &rms));
    assert_true(rms == 0);
}

static void without_limits_or_program_nothing_is_judged(void **state)
{
    struct rig rig;
    struct freezer_verdict v;

    (void)state;
    rig_open(&rig, RIG_ALL);
    rig_whole(&rig);
    freezer_record_judge(&rig.run.record, NULL, &v);
    assert_int_equal(v.kind, FREEZER_VERDICT_UNKNOWN);
    assert_int_equal(v.reasons[0].why, FREEZER_WHY_NO_PROGRAM);
    for (int i = 0; i < 3; i++) {
        rig.program.steps[i].rate_tolerance = FREEZER_NONE;
        rig.program.steps[i].exotherm = false;
    }
    rig.program.exotherm_by = FREEZER_NONE;
    assert_non_null(rig_why(&rig, FREEZER_WHY_NO_LIMITS, &v));
    assert_int_equal(v.kind, FREEZER_VERDICT_UNKNOWN);
}

static void each_limit_is_a_reason(void **state)
{
    struct rig rig;
    struct freezer_verdict v;
    const struct freezer_reason *why;
    struct freezer_limits *l = &rig.program.limits;

    (void)state;
    open_rig(&rig);
    rig_start(&rig);
    rig_go(&rig, -3, 1, 0);
    rig.lid = 1;
    rig.power = 0;
    rig.chamber_off = 8;
    rig_wait(&rig, 70);
    rig.lid = 0;
    rig.power = 1;
    rig.chamber_off = 0;
    rig_go(&rig, -45, 1, 0);
    rig_fast(&rig);
    rig_complete(&rig);
    why = rig_why(&rig, FREEZER_WHY_DEVIATION, &v);
    assert_non_null(why);
    assert_true(why->step == 1 && why->value == 8 * K && why->limit == 5 * K);
    assert_int_equal(v.kind, FREEZER_OUTSIDE_LIMITS);
    why = rig_why(&rig, FREEZER_WHY_OUTSIDE, &v);
    assert_true(why != NULL && why->value == 70 * S);
    why = rig_why(&rig, FREEZER_WHY_RMS, &v);
    assert_non_null(why);
    assert_in_range(why->value, 1100000, 1300000); /* 8 K for 70 of 3440 s */
    assert_true(rig_why(&rig, FREEZER_WHY_LID, &v)->value == 70 * S);
    assert_true(rig_why(&rig, FREEZER_WHY_POWER, &v)->value == 70 * S);
    l->onset.low = -8 * K;
    assert_non_null(rig_why(&rig, FREEZER_WHY_ONSET, &v));
    l->supercooling = 3 * K;
    assert_non_null(rig_why(&rig, FREEZER_WHY_SUPERCOOLING, &v));
    l->plateau_us.high = 120 * S;
    assert_non_null(rig_why(&rig, FREEZER_WHY_PLATEAU, &v));
    l->zero_to_40_us.high = 1500 * S;
    assert_non_null(rig_why(&rig, FREEZER_WHY_ZERO_TO_40, &v));
    assert_null(rig_why(&rig, FREEZER_WHY_END, &v));
    l->end = -85 * K;
    assert_non_null(rig_why(&rig, FREEZER_WHY_END, &v));
}

static void a_controller_with_another_program_is_found(void **state)
{
    struct rig rig;
    struct freezer_verdict v;
    const struct freezer_reason *why;

    (void)state;
    open_rig(&rig);
    rig_start(&rig);
    rig_go(&rig, -38, 1.5, 0); /* and not -45 at 1 */
    rig_fast(&rig);
    rig_complete(&rig);
    why = rig_why(&rig, FREEZER_WHY_RATE, &v);
    assert_non_null(why);
    assert_int_equal(why->step, 1);
    assert_true(why->limit == -60 * K);
    assert_in_range(-why->value, 89 * K, 91 * K);
    why = rig_why(&rig, FREEZER_WHY_SETPOINT, &v);
    assert_non_null(why);
    assert_true(why->step == 1 && why->limit == -45 * K);
}

static void no_ice_is_a_reason_when_it_was_looked_for(void **state)
{
    struct rig rig;
    struct freezer_verdict v;

    (void)state;
    open_rig(&rig);
    rig.nucleates = -200;
    rig_whole(&rig);
    assert_non_null(rig_why(&rig, FREEZER_WHY_NO_EXOTHERM, &v));
    assert_null(rig_why(&rig, FREEZER_WHY_ICE_UNKNOWN, &v));
    assert_false(rig.run.record.samples[0].ice.flat);
}

static void a_broken_sample_probe_makes_it_not_known(void **state)
{
    struct rig rig;
    struct freezer_verdict v;

    (void)state;
    open_rig(&rig);
    rig.sample_quality = QUALITY_BAD;
    rig_whole(&rig);
    assert_non_null(rig_why(&rig, FREEZER_WHY_ICE_UNKNOWN, &v));
    const struct freezer_reason *why = rig_why(&rig, FREEZER_WHY_NOT_MEASURED, &v);
    assert_non_null(why);
    assert_int_equal(why->about, FREEZER_WHY_ZERO_TO_40);
    assert_int_equal(v.kind, FREEZER_VERDICT_UNKNOWN);
}

static void a_gap_is_against_it_or_makes_it_not_known(void **state)
{
    struct rig rig;
    struct freezer_verdict v;

    (void)state;
    open_rig(&rig);
    rig_start(&rig);
    rig_go(&rig, 2, 1, 0);
    rig_silence(&rig, 90 * S);
    rig_go(&rig, -45, 1, 0);
    rig_fast(&rig);
    rig_complete(&rig);
    assert_non_null(rig_why(&rig, FREEZER_WHY_GAP, &v));
    assert_int_equal(v.kind, FREEZER_OUTSIDE_LIMITS);
    rig.program.limits.gap_us = FREEZER_NONE;
    assert_null(rig_why(&rig, FREEZER_WHY_GAP, &v));
    assert_int_equal(v.kind, FREEZER_VERDICT_UNKNOWN);
    bool of_gap = false;
    for (unsigned i = 0; i < v.n; i++)
        of_gap |= v.reasons[i].about == FREEZER_WHY_GAP;
    assert_true(of_gap);
}

static void doubted_readings_make_it_not_known(void **state)
{
    struct rig rig;
    struct freezer_verdict v;

    (void)state;
    open_rig(&rig);
    rig_start(&rig);
    rig.quality = QUALITY_UNCERTAIN;
    rig_go(&rig, 2, 1, 0);
    rig.quality = QUALITY_GOOD;
    rig_go(&rig, -45, 1, 0);
    rig_fast(&rig);
    rig_complete(&rig);
    assert_non_null(rig_why(&rig, FREEZER_WHY_UNCERTAIN, &v));
    assert_int_equal(v.kind, FREEZER_VERDICT_UNKNOWN);
}

static void stopped_is_against_it_and_lost_is_not_known(void **state)
{
    struct rig rig;
    struct freezer_verdict v;

    (void)state;
    open_rig(&rig);
    rig_start(&rig);
    rig_go(&rig, -30, 1, 0);
    rig.phase = FREEZER_STATUS_IDLE;
    rig_wait(&rig, 2);
    assert_non_null(rig_why(&rig, FREEZER_WHY_NOT_COMPLETE, &v));
    open_rig(&rig);
    rig_start(&rig);
    rig_go(&rig, -30, 1, 0);
    rig_silence(&rig, FREEZER_LOST_US + 2 * S);
    assert_non_null(rig_why(&rig, FREEZER_WHY_END_UNKNOWN, &v));
    assert_null(rig_why(&rig, FREEZER_WHY_NOT_COMPLETE, &v));
}

static void what_has_not_ended_has_no_end_to_be_judged(void **state)
{
    struct rig rig;
    struct freezer_verdict v;

    (void)state;
    open_rig(&rig);
    rig_start(&rig);
    rig_go(&rig, -3, 1, 0); /* no ice yet, and far from the last temperature */
    assert_non_null(rig_why(&rig, FREEZER_WHY_END_UNKNOWN, &v));
    assert_int_equal(v.kind, FREEZER_VERDICT_UNKNOWN);
    rig_silence(&rig, FREEZER_LOST_US + 2 * S);
    assert_int_equal(rig.run.record.how, FREEZER_END_LOST);
    assert_null(rig_why(&rig, FREEZER_WHY_END, &v));
    assert_int_equal(v.kind, FREEZER_VERDICT_UNKNOWN);
}

static void crossing_in_a_gap_is_not_known(void **state)
{
    struct rig rig;
    int64_t way_us, within_us;

    (void)state;
    open_rig(&rig);
    rig_start(&rig);
    rig_go(&rig, -1, 1, 0);
    rig_silence(&rig, 400 * S);
    rig_go(&rig, -45, 1, 0);
    rig_fast(&rig);
    rig_complete(&rig);
    const struct freezer_probe *p = &rig.run.record.samples[0];
    assert_true(p->zero_us == FREEZER_NONE && p->minus40_us != FREEZER_NONE);
    assert_false(freezer_record_zero_to_40(&rig.run.record, &way_us, &within_us));
}

static void guidance_follows_the_temperature_reached(void **state)
{
    struct rig rig;
    const int64_t minute_us = 60 * S;

    (void)state;
    open_rig(&rig);
    rig_start(&rig);
    rig_go(&rig, -35, 1, 0);
    assert_int_equal(freezer_record_guidance(&rig.run.record, &rig.program, rig.now_us, minute_us),
                     FREEZER_GUIDANCE_MINUS80);
    rig_go(&rig, -45, 1, 0);
    rig_wait(&rig, 900);
    assert_int_equal(freezer_record_guidance(&rig.run.record, &rig.program, rig.now_us, minute_us),
                     FREEZER_GUIDANCE_EITHER);
    /* and an old reading says nothing of now */
    assert_int_equal(freezer_record_guidance(&rig.run.record, &rig.program, rig.now_us + 61 * S, minute_us),
                     FREEZER_GUIDANCE_UNKNOWN);
    rig.program.cord_blood = false;
    assert_int_equal(freezer_record_guidance(&rig.run.record, &rig.program, rig.now_us, minute_us),
                     FREEZER_GUIDANCE_NONE);
}

static void distance_is_that_of_the_curves(void **state)
{
    static struct rig good, same, late;
    struct freezer_distance d;

    (void)state;
    open_rig(&good);
    rig_whole(&good);
    open_rig(&same);
    same.nucleates = -10;
    rig_whole(&same);
    open_rig(&late);
    rig_start(&late);
    rig_go(&late, -45, 0.5, 0); /* twice as long: the curve's slots have doubled */
    rig_fast(&late);
    rig_complete(&late);
    assert_true(freezer_record_distance(&good.run.record.trace, &good.run.record.trace, &d));
    assert_true(d.rms == 0 && d.most == 0 && d.per_mille == 1000 && d.of_sample);
    assert_true(freezer_record_distance(&good.run.record.trace, &same.run.record.trace, &d));
    assert_in_range(d.rms, 100000, 2 * K);
    assert_true(freezer_record_distance(&good.run.record.trace, &late.run.record.trace, &d));
    assert_true(d.rms > 5 * K);
    assert_in_range(d.per_mille, 500, 700);
    assert_true(late.run.record.trace.slot_us > good.run.record.trace.slot_us);
}

static void names_are_complete(void **state)
{
    (void)state;
    for (int i = 0; i <= FREEZER_WHY_POWER; i++)
        assert_string_not_equal(freezer_record_why_name((enum freezer_why)i), "?");
    for (int i = FREEZER_WHY_NO_PROGRAM; i < FREEZER_WHY_COUNT; i++)
        assert_string_not_equal(freezer_record_why_name((enum freezer_why)i), "?");
    assert_string_equal(freezer_record_why_name((enum freezer_why)FREEZER_WHY_COUNT), "?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_run_is_within_its_limits),
        cmocka_unit_test(without_limits_or_program_nothing_is_judged),
        cmocka_unit_test(each_limit_is_a_reason),
        cmocka_unit_test(a_controller_with_another_program_is_found),
        cmocka_unit_test(no_ice_is_a_reason_when_it_was_looked_for),
        cmocka_unit_test(a_broken_sample_probe_makes_it_not_known),
        cmocka_unit_test(a_gap_is_against_it_or_makes_it_not_known),
        cmocka_unit_test(doubted_readings_make_it_not_known),
        cmocka_unit_test(stopped_is_against_it_and_lost_is_not_known),
        cmocka_unit_test(what_has_not_ended_has_no_end_to_be_judged),
        cmocka_unit_test(crossing_in_a_gap_is_not_known),
        cmocka_unit_test(guidance_follows_the_temperature_reached),
        cmocka_unit_test(distance_is_that_of_the_curves),
        cmocka_unit_test(names_are_complete),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
