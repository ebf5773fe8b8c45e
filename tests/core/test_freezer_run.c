/* A freezer's run is recognised, followed, and said to be wrong while it matters. */
#include "freezer_fixture.h"

static void a_whole_run_leaves_a_record(void **state)
{
    struct rig rig;

    (void)state;
    rig_open(&rig, RIG_ALL);
    rig_whole(&rig);
    const struct freezer_record *r = &rig.run.record;
    assert_false(rig.run.is_running);
    assert_int_equal(rig.run.n_ended, 1);
    assert_int_equal(r->how, FREEZER_END_COMPLETE);
    assert_true(r->by_status && r->begin_known);
    assert_true(r->begin.utc_us - r->begin.boot_us == UTC_US);
    assert_int_equal(r->begin.boot_us, 1062 * S);
    for (int i = 0; i < 3; i++)
        assert_true(r->steps[i].entered && r->steps[i].left);
    assert_int_equal(r->n_gaps, 0);
    assert_int_equal(r->samples[0].ice.state, ICE_MELTED);
    assert_in_range(-r->samples[0].ice.onset, 8900000, 9150000);
    assert_int_equal(r->findings, 0);
    assert_true(r->chamber_low == -90 * K && r->chamber_high == 4 * K);
}

static void rates_are_measured_by_step(void **state)
{
    struct rig rig;
    micro_t rate;

    (void)state;
    rig_open(&rig, RIG_ALL);
    rig_whole(&rig);
    assert_true(freezer_record_rate(&rig.run.record, 1, &rate));
    assert_in_range(-rate, 59 * K, 61 * K);
    assert_true(freezer_record_rate(&rig.run.record, 2, &rate));
    assert_in_range(-rate, 590 * K, 610 * K);
    assert_false(freezer_record_rate(&rig.run.record, 3, &rate));
}

static void deviation_is_told_when_it_lasts(void **state)
{
    struct rig rig;
    micro_t off;

    (void)state;
    rig_open(&rig, RIG_ALL);
    rig_start(&rig);
    rig_go(&rig, -5, 1, 0);
    rig.chamber_off = 4; /* the tolerance is 2 */
    rig_wait(&rig, 28);
    assert_true(freezer_run_deviation(&rig.run, rig.now_us, &off));
    assert_true(off == 4 * K);
    assert_false(rig_has(&rig, FREEZER_FINDING_DEVIATION));
    rig_wait(&rig, 10);
    assert_true(rig_has(&rig, FREEZER_FINDING_DEVIATION));
    rig.chamber_off = 0;
    rig_wait(&rig, 2);
    assert_false(rig_has(&rig, FREEZER_FINDING_DEVIATION));
    assert_true(rig.run.record.findings & FREEZER_FINDING_DEVIATION); /* but it was */
    assert_int_equal(rig.run.record.steps[1].outside_us, 38 * S);
    assert_true(rig.run.record.steps[1].warm == 4 * K);
}

static void without_a_setpoint_the_program_is_what_counts(void **state)
{
    struct rig rig;

    (void)state;
    rig_open(&rig, HAS(CHAMBER) | HAS(SAMPLE) | HAS(SEGMENT) | HAS(STATUS));
    rig_start(&rig);
    rig_go(&rig, -10, 1.5, 0); /* half as fast again */
    rig_wait(&rig, 2);
    assert_true(rig_has(&rig, FREEZER_FINDING_DEVIATION));
}

static void what_stands_still_is_told(void **state)
{
    struct rig rig;

    (void)state;
    rig_open(&rig, RIG_ALL);
    rig_start(&rig);
    rig_go(&rig, -5, 1, 0);
    rig_wait(&rig, 118);
    assert_false(rig_has(&rig, FREEZER_FINDING_STALL));
    rig_wait(&rig, 10);
    assert_true(rig_has(&rig, FREEZER_FINDING_STALL));
    rig_go(&rig, -6, 1, 0);
    assert_false(rig_has(&rig, FREEZER_FINDING_STALL));
    rig.phase = FREEZER_STATUS_HELD;
    rig_wait(&rig, 130);
    assert_true(rig_has(&rig, FREEZER_FINDING_STALL));
}

static void no_exotherm_is_told_where_ice_is_overdue(void **state)
{
    struct rig rig;

    (void)state;
    rig_open(&rig, RIG_ALL);
    rig.nucleates = -100;
    rig_start(&rig);
    rig_go(&rig, -21, 1, 0);
    assert_false(rig_has(&rig, FREEZER_FINDING_NO_EXOTHERM)); /* the sample lags behind */
    rig_go(&rig, -25, 1, 0);
    assert_true(rig_has(&rig, FREEZER_FINDING_NO_EXOTHERM));
}

/* The probe still shows the cold of the run before, or hangs in the cold chamber: only what was seen warmer
 * in this run can have passed the temperature by which ice must show. */
static void no_exotherm_is_not_said_of_a_probe_that_begins_cold(void **state)
{
    struct rig rig;

    (void)state;
    rig_open(&rig, RIG_ALL);
    rig.nucleates = -100;
    rig.sample = -55;
    rig_start(&rig);
    for (int i = 0; rig.sample < -20; i++) {
        assert_true(i < 1000);
        assert_false(rig_has(&rig, FREEZER_FINDING_NO_EXOTHERM));
        rig_wait(&rig, 2);
    }
    rig_wait(&rig, 600);
    assert_true(rig.sample > 0);
    assert_int_equal(rig.run.record.findings & FREEZER_FINDING_NO_EXOTHERM, 0);
    rig_go(&rig, -25, 1, 0);
    assert_true(rig_has(&rig, FREEZER_FINDING_NO_EXOTHERM));
}

static void no_exotherm_is_not_said_of_what_was_not_seen(void **state)
{
    struct rig rig;
    struct freezer_verdict v;

    (void)state;
    rig_open(&rig, RIG_ALL);
    rig_start(&rig);
    rig_go(&rig, -9, 1, 0);
    rig_silence(&rig, 400 * S); /* ice came and went in here */
    rig.ice_us = 1;
    rig.setpoint = -16;
    rig_go(&rig, -45, 1, 0);
    assert_false(rig_has(&rig, FREEZER_FINDING_NO_EXOTHERM));
    rig_fast(&rig);
    rig_complete(&rig);
    assert_null(rig_why(&rig, FREEZER_WHY_NO_EXOTHERM, &v));
    assert_non_null(rig_why(&rig, FREEZER_WHY_ICE_UNKNOWN, &v));
}

static void lid_power_and_nitrogen_are_told_and_counted(void **state)
{
    struct rig rig;

    (void)state;
    rig_open(&rig, RIG_ALL | HAS(LID) | HAS(POWER) | HAS(LN2));
    rig_start(&rig);
    rig.lid = rig.ln2 = 1;
    rig_wait(&rig, 20);
    assert_true(rig_has(&rig, FREEZER_FINDING_LID) && rig_has(&rig, FREEZER_FINDING_LN2));
    rig.lid = 0;
    rig.power = 0;
    rig_wait(&rig, 10);
    assert_true(rig_has(&rig, FREEZER_FINDING_POWER) && !rig_has(&rig, FREEZER_FINDING_LID));
    rig.power = 1;
    rig_wait(&rig, 2);
    assert_int_equal(rig.run.record.lid_us, 20 * S);
    assert_int_equal(rig.run.record.power_us, 10 * S);
    assert_int_equal(rig.run.record.n_lid, 1);
    assert_true(rig.run.record.lid_known && rig.run.record.power_known);
}

static void overshoot_is_seen_in_the_hold_after_the_ramp(void **state)
{
    struct rig rig;

    (void)state;
    rig_open(&rig, RIG_ALL);
    rig.program.limits.overshoot = 3 * K;
    rig.program.steps[2] = (struct freezer_step){.target = -45 * K,
                                                 .for_ms = 600000,
                                                 .tolerance = FREEZER_NONE,
                                                 .rate_tolerance = FREEZER_NONE,
                                                 .segment = 3};
    rig_start(&rig);
    rig_go(&rig, -45, 1, 0);
    rig.segment = 3;
    rig.chamber_off = -5;
    rig_wait(&rig, 2);
    assert_true(rig_has(&rig, FREEZER_FINDING_OVERSHOOT));
    rig.chamber_off = 0;
    rig_wait(&rig, 2);
    assert_false(rig_has(&rig, FREEZER_FINDING_OVERSHOOT));
    assert_true(rig.run.record.steps[1].overshoot == 5 * K);
}

static void missing_data_are_gaps_and_never_filled(void **state)
{
    struct rig rig;

    (void)state;
    rig_open(&rig, RIG_ALL);
    rig_start(&rig);
    rig_go(&rig, -5, 1, 0);
    const int64_t covered_us = rig.run.record.steps[1].covered_us;
    rig_silence(&rig, 100 * S);
    assert_true(rig_has(&rig, FREEZER_FINDING_NO_DATA));
    rig_wait(&rig, 2);
    assert_false(rig_has(&rig, FREEZER_FINDING_NO_DATA));
    assert_int_equal(rig.run.record.n_gaps, 1);
    assert_in_range(rig.run.record.longest_gap_us, 100 * S, 104 * S);
    assert_true(rig.run.record.steps[1].covered_us == covered_us);
}

static void a_run_met_on_its_way_has_no_known_begin(void **state)
{
    struct rig rig;

    (void)state;
    rig_open(&rig, RIG_ALL);
    rig.phase = FREEZER_STATUS_RUNNING;
    rig.segment = 2;
    rig.setpoint = -20;
    rig_wait(&rig, 10);
    assert_true(rig.run.is_running);
    assert_false(rig.run.record.begin_known);
    assert_int_equal(rig.run.step, 1);
}

static void a_run_that_is_reset_was_stopped(void **state)
{
    struct rig rig;

    (void)state;
    rig_open(&rig, RIG_ALL);
    rig_start(&rig);
    rig_go(&rig, -20, 1, 0);
    rig.phase = FREEZER_STATUS_IDLE;
    rig_wait(&rig, 2);
    assert_int_equal(rig.run.record.how, FREEZER_END_STOPPED);
}

/* Some controllers never say "complete". */
static void a_reset_after_the_last_step_is_its_end(void **state)
{
    struct rig rig;

    (void)state;
    rig_open(&rig, RIG_ALL);
    rig_start(&rig);
    rig_go(&rig, -45, 1, 0);
    rig_fast(&rig);
    rig.phase = FREEZER_STATUS_IDLE;
    rig_wait(&rig, 2);
    assert_int_equal(rig.run.record.how, FREEZER_END_COMPLETE);
}

static void silence_ends_a_run_as_lost(void **state)
{
    struct rig rig;

    (void)state;
    rig_open(&rig, RIG_ALL);
    rig_start(&rig);
    rig_go(&rig, -20, 1, 0);
    const int64_t heard_us = rig.now_us;
    rig_silence(&rig, FREEZER_LOST_US + 5 * S);
    assert_false(rig.run.is_running);
    assert_int_equal(rig.run.record.how, FREEZER_END_LOST);
    assert_true(rig.run.record.end.boot_us == heard_us);
}

static void bad_readings_are_no_readings(void **state)
{
    struct rig rig;

    (void)state;
    rig_open(&rig, RIG_ALL);
    rig_start(&rig);
    rig.quality = QUALITY_BAD;
    rig.chamber_off = 30;
    rig_wait(&rig, 40);
    assert_true(rig_has(&rig, FREEZER_FINDING_NO_DATA));
    assert_false(rig_has(&rig, FREEZER_FINDING_DEVIATION));
    assert_true(rig.run.record.chamber_high == 4 * K);
}

static void without_a_status_the_temperature_tells(void **state)
{
    struct rig rig;

    (void)state;
    rig_open(&rig, HAS(CHAMBER) | HAS(SAMPLE));
    rig_wait(&rig, 600);
    assert_false(rig.run.is_running);
    rig_go(&rig, -45, 1, 0);
    assert_true(rig.run.is_running);
    rig_go(&rig, -90, 10, 0);
    assert_int_equal(rig.run.step, 2);
    rig_wait(&rig, 120);
    const struct freezer_record *r = &rig.run.record;
    assert_false(rig.run.is_running);
    assert_int_equal(r->how, FREEZER_END_COMPLETE);
    assert_true(!r->by_status && r->begin_known);
    /* where it left the rest at 1 °C, 3 minutes after it began to cool */
    assert_in_range(r->begin.boot_us, (1000 + 600 + 150) * S, (1000 + 600 + 200) * S);
    assert_int_equal(r->samples[0].ice.state, ICE_MELTED);
}

static void cooling_down_for_a_run_is_no_run(void **state)
{
    struct rig rig;

    (void)state;
    rig_open(&rig, HAS(CHAMBER) | HAS(SAMPLE));
    rig.setpoint = rig.sample = 20;
    rig_go(&rig, 4, 5, 0);
    rig_wait(&rig, 1200);
    assert_false(rig.run.is_running);
}

static void a_freezer_that_warms_up_again_was_stopped(void **state)
{
    struct rig rig;

    (void)state;
    rig_open(&rig, HAS(CHAMBER) | HAS(SAMPLE));
    rig_wait(&rig, 60);
    rig_go(&rig, -20, 1, 0);
    assert_true(rig.run.is_running);
    rig_go(&rig, 10, 5, 0);
    rig_wait(&rig, 120);
    assert_false(rig.run.is_running);
    assert_int_equal(rig.run.record.how, FREEZER_END_STOPPED);
}

static void a_late_start_is_told(void **state)
{
    struct rig rig;

    (void)state;
    rig_open(&rig, RIG_ALL);
    freezer_run_expect(&rig.run, rig.now_us + 100 * S);
    rig_wait(&rig, 98);
    assert_false(rig_has(&rig, FREEZER_FINDING_LATE));
    rig_wait(&rig, 10);
    assert_true(rig_has(&rig, FREEZER_FINDING_LATE));
    rig_start(&rig);
    assert_false(rig_has(&rig, FREEZER_FINDING_LATE));
}

static void nobody_came(void **state)
{
    struct rig rig;

    (void)state;
    rig_open(&rig, RIG_ALL);
    rig_whole(&rig);
    rig_wait(&rig, 590);
    assert_false(rig_has(&rig, FREEZER_FINDING_ABANDONED));
    rig_wait(&rig, 20);
    assert_true(rig_has(&rig, FREEZER_FINDING_ABANDONED));
    rig.phase = FREEZER_STATUS_IDLE;
    rig_wait(&rig, 4);
    assert_false(rig_has(&rig, FREEZER_FINDING_ABANDONED));
}

static void a_second_run_has_a_record_of_its_own(void **state)
{
    struct rig rig;

    (void)state;
    rig_open(&rig, RIG_ALL);
    rig_whole(&rig);
    rig.phase = FREEZER_STATUS_IDLE;
    rig_go(&rig, 4, 50, 0);
    rig.sample = 4;
    rig.ice_us = 0;
    rig_start(&rig);
    assert_int_equal(rig.run.record.how, FREEZER_END_NONE);
    assert_int_equal(rig.run.record.samples[0].ice.state, ICE_NOT_SEEN);
    assert_true(rig.run.record.chamber_low == 4 * K);
}

/* Whatever comes: no overflow, no step that is not there, a verdict that is one. */
/* Status, chamber and sample of one poll: in which order they are given is chance, the daemon and who reads
 * the record have their own. */
static void the_order_within_a_poll_makes_no_difference(void **state)
{
    struct freezer_setup setup = {.has = HAS(CHAMBER) | HAS(SAMPLE) | HAS(STATUS),
                                  .gap_us = FREEZER_GAP_US,
                                  .lost_us = FREEZER_LOST_US,
                                  .deviation_after_us = FREEZER_AFTER_US,
                                  .due_us = FREEZER_NONE};
    static const enum freezer_input orders[2][3] = {
        {FREEZER_INPUT_STATUS, FREEZER_INPUT_SAMPLE, FREEZER_INPUT_CHAMBER},
        {FREEZER_INPUT_CHAMBER, FREEZER_INPUT_SAMPLE, FREEZER_INPUT_STATUS}};
    struct freezer_run run[2];

    (void)state;
    for (int k = 0; k < 2; k++) {
        freezer_run_init(&run[k], &setup);
        for (int i = 0; i < 500; i++) { /* every 0.6 s; the chamber warms, and ice comes at -9 */
            const int64_t us = 1000 * S + i * (S * 6 / 10);
            const micro_t sample = i < 300 ? -i * K * 3 / 100 : i < 320 ? -9 * K + (i - 300) * K / 4 : -4 * K;
            const micro_t values[FREEZER_INPUTS] = {
                [FREEZER_INPUT_CHAMBER] = i < 290 ? -12 * K : -12 * K + (i - 290) * K / 20,
                [FREEZER_INPUT_SAMPLE] = sample,
                [FREEZER_INPUT_STATUS] = i < 5 ? FREEZER_STATUS_IDLE : FREEZER_STATUS_RUNNING};
            for (int o = 0; o < 3; o++)
                freezer_run_take(&run[k], orders[k][o], (struct stamp){us, us + UTC_US}, values[orders[k][o]],
                                 QUALITY_GOOD);
        }
    }
    const struct freezer_record *a = &run[0].record, *b = &run[1].record;
    assert_int_equal(a->samples[0].ice.state, ICE_RISING);
    assert_true(a->samples[0].ice.onset == b->samples[0].ice.onset &&
                a->samples[0].ice.onset_us == b->samples[0].ice.onset_us);
    assert_true(a->samples[0].ice.n == b->samples[0].ice.n &&
                a->samples[0].ice.next == b->samples[0].ice.next);
    for (unsigned i = 0; i < FREEZER_ICE_KEPT; i++)
        assert_true(a->samples[0].ice.kept[i].us == b->samples[0].ice.kept[i].us &&
                    a->samples[0].ice.kept[i].chamber == b->samples[0].ice.kept[i].chamber);
    assert_true(a->samples[0].high == b->samples[0].high && a->chamber_high == b->chamber_high);
}

static void any_readings_do_no_harm(void **state)
{
    static const micro_t odd[] = {MICRO_MAX, -MICRO_MAX, 0, 1, -1, -4 * K, -90 * K, 4 * K};
    struct freezer_verdict v;
    uint64_t random = 1;
    struct rig rig;

    (void)state;
    rig_open(&rig, 0xff);
    for (int i = 0; i < 200000; i++) {
        random = random * UINT64_C(6364136223846793005) + 1442695040888963407U;
        const unsigned r = (unsigned)(random >> 33);
        const enum freezer_input input = (enum freezer_input)(r % FREEZER_INPUTS);
        const micro_t value = input >= FREEZER_INPUT_SEGMENT ? (micro_t)(r >> 3 & 3)
                              : r >> 4 & 7                   ? ((micro_t)(r >> 8 & 0xff) - 200) * K / 2
                                                             : odd[r >> 8 & 7];
        rig.now_us += r >> 16 & 0x3f ? (r >> 22) % 4 * S : r >> 22 & 7 ? 100 * S : 3000 * S;
        freezer_run_take(&rig.run, input, rig_at(&rig), value, (enum quality)((r >> 26) % 3));
        if (i % 3 == 0)
            freezer_run_look(&rig.run, rig_at(&rig));
        assert_in_range(rig.run.step + 1, 0, 3);
        if (i % 100 == 0)
            freezer_record_judge(&rig.run.record, &rig.program, &v);
    }
    assert_true(rig.run.n_ended > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_run_leaves_a_record),
        cmocka_unit_test(rates_are_measured_by_step),
        cmocka_unit_test(deviation_is_told_when_it_lasts),
        cmocka_unit_test(without_a_setpoint_the_program_is_what_counts),
        cmocka_unit_test(what_stands_still_is_told),
        cmocka_unit_test(no_exotherm_is_told_where_ice_is_overdue),
        cmocka_unit_test(no_exotherm_is_not_said_of_a_probe_that_begins_cold),
        cmocka_unit_test(no_exotherm_is_not_said_of_what_was_not_seen),
        cmocka_unit_test(lid_power_and_nitrogen_are_told_and_counted),
        cmocka_unit_test(overshoot_is_seen_in_the_hold_after_the_ramp),
        cmocka_unit_test(missing_data_are_gaps_and_never_filled),
        cmocka_unit_test(a_run_met_on_its_way_has_no_known_begin),
        cmocka_unit_test(a_run_that_is_reset_was_stopped),
        cmocka_unit_test(a_reset_after_the_last_step_is_its_end),
        cmocka_unit_test(silence_ends_a_run_as_lost),
        cmocka_unit_test(bad_readings_are_no_readings),
        cmocka_unit_test(without_a_status_the_temperature_tells),
        cmocka_unit_test(cooling_down_for_a_run_is_no_run),
        cmocka_unit_test(a_freezer_that_warms_up_again_was_stopped),
        cmocka_unit_test(a_late_start_is_told),
        cmocka_unit_test(nobody_came),
        cmocka_unit_test(a_second_run_has_a_record_of_its_own),
        cmocka_unit_test(the_order_within_a_poll_makes_no_difference),
        cmocka_unit_test(any_readings_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
