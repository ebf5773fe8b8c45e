/* Fills that are too long, too short, for nothing, too often, or missing; and what they bring. */
#include "tank_stage.h"

static void used_to_it(struct stage *s)
{
    stage_open_usual(s);
    stage_run(s, 15 * DAY);
    struct tank_view v = stage_view(s);
    assert_int_equal(v.flags, 0);
    assert_true(v.fill_every_h.known && v.fill_takes_min.known && v.since_fill_h.known);
    assert_between(AS_NUM(v.fill_every_h.value), 60, 65);
    assert_between(AS_NUM(v.fill_takes_min.value), 19, 22);
    assert_between(AS_NUM(v.used_l_day.value), 9, 16);
    assert_false(v.used_l_month.known);
}

static void run_to_fill(struct stage *s)
{
    while (!s->filling)
        stage_run(s, MINUTE);
}

static void too_long(void **state)
{
    (void)state;
    struct stage s;
    used_to_it(&s);
    s.rise_cm_min = 0.05;
    run_to_fill(&s);
    stage_run(&s, 50 * MINUTE);
    assert_int_equal(stage_view(&s).flags, 0);
    stage_run(&s, 20 * MINUTE);
    assert_int_equal(stage_view(&s).flags, TANK_FILL_TOO_LONG);
    stage_run(&s, HOUR);
    assert_int_equal(stage_view(&s).flags, TANK_SUPPLY_WEAK); /* it ended, and had come slowly */
}

static void for_nothing(void **state)
{
    (void)state;
    struct stage s;
    used_to_it(&s);
    s.rise_cm_min = 0;
    run_to_fill(&s);
    stage_run(&s, 45 * MINUTE);
    uint32_t flags = stage_view(&s).flags;
    assert_true(flags & TANK_FILL_INEFFECTIVE);
    assert_true(flags & TANK_VALVE_STUCK_CLOSED); /* the supply has pressure */
    s.rise_cm_min = 0.25;
    stage_run(&s, 30 * MINUTE);
    assert_false(stage_view(&s).flags & (TANK_FILL_INEFFECTIVE | TANK_VALVE_STUCK_CLOSED));
}

static void too_short_and_too_often(void **state)
{
    (void)state;
    struct stage s;
    used_to_it(&s);
    s.stop_cm = 16.5;
    run_to_fill(&s);
    stage_run(&s, HOUR);
    assert_int_equal(stage_view(&s).flags, TANK_FILL_TOO_SHORT);
    run_to_fill(&s);
    stage_run(&s, 5 * MINUTE);
    assert_true(stage_view(&s).flags & TANK_FILL_TOO_OFTEN);
}

static void joining_another_tanks_fill_is_not_too_often(void **state)
{
    (void)state;
    struct stage s;
    used_to_it(&s);
    run_to_fill(&s);
    stage_run(&s, 20 * HOUR);
    s.start_cm = 30; /* all fill: it is filled from 18.3 */
    run_to_fill(&s);
    s.start_cm = 15;
    stage_run(&s, HOUR);
    assert_int_equal(stage_view(&s).flags, 0);
}

static void overdue_and_blocked(void **state)
{
    (void)state;
    struct stage s;
    used_to_it(&s);
    while (s.level_cm > 15.05)
        stage_run(&s, MINUTE);
    s.lid = true;
    stage_run(&s, 8 * HOUR);
    uint32_t flags = stage_view(&s).flags;
    assert_true(flags & TANK_FILL_BLOCKED);
    assert_true(flags & TANK_FILL_OVERDUE);
    s.lid = false;
    stage_run(&s, 2 * HOUR);
    assert_int_equal(stage_view(&s).flags, 0);
}

static void no_fill_in_time(void **state)
{
    (void)state;
    struct tank_vessel model;
    struct stage s;
    tank_vessel_init(&model);
    model.fill_every_s = 2 * 86400;
    stage_open(&s, &model);
    s.start_cm = 0;
    stage_run(&s, 47 * HOUR);
    assert_false(stage_view(&s).flags & TANK_FILL_OVERDUE);
    assert_false(stage_view(&s).over & TANK_FILL_OVERDUE); /* it may have been due before */
    assert_true(stage_view(&s).since_fill_h.at_least);     /* none was seen; it may be longer */
    assert_between(AS_NUM(stage_view(&s).since_fill_h.low), 46, 48);
    stage_run(&s, 2 * HOUR);
    assert_true(stage_view(&s).flags & TANK_FILL_OVERDUE);
}

static void a_valve_that_does_not_close(void **state)
{
    (void)state;
    struct stage s;
    used_to_it(&s);
    while (s.level_cm > 17)
        stage_run(&s, MINUTE);
    s.fall_cm_day = -20; /* it leaks */
    stage_run(&s, 8 * HOUR);
    assert_true(stage_view(&s).flags & TANK_VALVE_STUCK_OPEN);
    stage_run(&s, 4 * HOUR);
    assert_true(stage_view(&s).flags & TANK_OVERFILL);
}

/* After a start little is known of the slope: that does not say that nothing comes. */
static void a_valve_that_leaks_since_before(void **state)
{
    (void)state;
    struct stage s;
    stage_open_usual(&s);
    s.start_cm = 0;
    s.level_cm = 16;
    s.fall_cm_day = -3;
    s.noise_cm = 0.3;
    for (int i = 0; i < 6 * 60; i++) {
        stage_run(&s, MINUTE);
        assert_false(stage_view(&s).over & TANK_VALVE_STUCK_OPEN);
    }
    s.fall_cm_day = 2;
    stage_run(&s, DAY);
    assert_true(stage_view(&s).over & TANK_VALVE_STUCK_OPEN);
}

static void what_a_month_takes(void **state)
{
    (void)state;
    struct stage s;
    stage_open_usual(&s);
    stage_run(&s, 33 * DAY);
    struct tank_view v = stage_view(&s);
    assert_true(v.used_l_month.known);
    /* 12 L a day, in fills of 31.5 L: eleven or twelve of them */
    assert_between(AS_NUM(v.used_l_month.value), 340, 385);
    assert_true(v.used_l_month.low < v.used_l_month.value && v.used_l_month.value < v.used_l_month.high);
    s.silent = true;
    stage_run(&s, DAY);
    s.silent = false;
    stage_run(&s, 2 * DAY);
    v = stage_view(&s);
    assert_false(v.used_l_month.known); /* what came meanwhile nobody saw */
    assert_int_equal(v.used_l_month.why, TANK_GAP);
    assert_true(v.used_l_day.known); /* of the days that were seen */
}

static void sensors_that_contradict_each_other(void **state)
{
    (void)state;
    struct tank_vessel model;
    struct stage s;
    stage_model(&model);
    model.probe_cm[1] = N(10);
    model.twin[1] = 3;
    model.twin_k = N(2);
    stage_open(&s, &model);
    stage_run(&s, 10 * DAY);
    static const struct {
        double one, two;
        uint32_t flags;
    } table[] = {{-195.5, -195, 0},
                 {-195.5, -193, TANK_TEMPS_DIFFER},
                 {-185, -186, TANK_TEMP_TOO_WARM},
                 {-201, -200, TANK_TEMP_TOO_COLD}};
    for (unsigned i = 0; i < sizeof table / sizeof *table; i++) {
        for (int k = 0; k < 45; k++) {
            stage_step(&s);
            s.input.temps[1] = GOOD(table[i].one);
            s.input.temps[2] = GOOD(table[i].two);
            tank_feed(&s.tank, s.now_us, &s.input);
        }
        assert_int_equal(stage_view(&s).flags, table[i].flags);
    }
}

static void a_level_that_stands_still(void **state)
{
    (void)state;
    struct stage s;
    used_to_it(&s);
    while (s.level_cm < 17 || s.filling)
        stage_run(&s, MINUTE);
    stage_step(&s);
    for (int i = 0; i < 8 * 60; i++) {
        s.now_us += MINUTE;
        tank_feed(&s.tank, s.now_us, &s.input);
    }
    assert_int_equal(stage_view(&s).flags, TANK_LEVEL_FLAT);
    stage_run(&s, MINUTE); /* one other reading is no fall */
    assert_int_equal(stage_view(&s).flags, TANK_LEVEL_FLAT);
    stage_run(&s, 8 * HOUR);
    assert_int_equal(stage_view(&s).flags & TANK_LEVEL_FLAT, 0);
}

/* As stage_run, but each n-th poll has no answer. */
static void run_with_timeouts(struct stage *s, int64_t us, unsigned n)
{
    unsigned poll = 0;
    for (int64_t end_us = s->now_us + us; s->now_us < end_us;) {
        stage_step(s);
        s->input.temps[1] = GOOD(-180);
        s->input.temps[2] = GOOD(-188);
        if (++poll % n == 0)
            s->input.level = s->input.temps[1] = BAD;
        tank_feed(&s->tank, s->now_us, &s->input);
    }
}

static void timeouts_now_and_then_hide_nothing(void **state)
{
    (void)state;
    struct tank_vessel model;
    struct stage s;
    stage_model(&model);
    model.probe_cm[1] = N(5);
    model.twin[1] = 3;
    model.twin_k = N(2);
    for (unsigned n = 2; n <= 20; n += 9) {
        stage_open(&s, &model);
        s.start_cm = 0;
        s.level_cm = 14;
        run_with_timeouts(&s, 40 * MINUTE, n);
        assert_int_equal(stage_view(&s).flags, TANK_FILL_OVERDUE | TANK_TEMP_TOO_WARM | TANK_TEMPS_DIFFER);
        for (int i = 0; i < 20; i++) { /* and end nothing */
            run_with_timeouts(&s, MINUTE, n);
            s.input.level = BAD;
            tank_feed(&s.tank, s.now_us, &s.input);
            assert_true(stage_view(&s).flags & TANK_FILL_OVERDUE);
        }
    }
}

/* The supply runs dry after some centimetres, and the valve stays open. */
static void the_supply_runs_dry_in_a_fill(void **state)
{
    (void)state;
    struct stage s;
    used_to_it(&s);
    run_to_fill(&s);
    stage_run(&s, 8 * MINUTE);
    assert_between(s.level_cm, 16.5, 17.5);
    s.rise_cm_min = 0;
    stage_run(&s, 45 * MINUTE);
    assert_true(stage_view(&s).flags & TANK_FILL_INEFFECTIVE);
    assert_false(stage_view(&s).over & TANK_FILL_INEFFECTIVE);
    s.silent = true; /* what was not seen to end has not ended */
    stage_run(&s, 2 * HOUR);
    assert_false(stage_view(&s).over & TANK_FILL_INEFFECTIVE);
    s.silent = false;
    s.fall_cm_day = 5;
    stage_run(&s, DAY); /* down to 11.5 */
    uint32_t flags = stage_view(&s).flags;
    assert_true(flags & TANK_FILL_INEFFECTIVE);
    assert_true(flags & TANK_FILL_OVERDUE);
    struct tank_view v = stage_view(&s);
    assert_int_equal(v.phase, TANK_FILLING);
    assert_true(v.boil_cm_day.known); /* what no fill hides is measured */
    assert_between(AS_NUM(v.boil_cm_day.value), 4.5, 5.5);
    s.filling = false; /* somebody closes the valve: nothing has come */
    s.start_cm = 0;
    stage_run(&s, 10 * MINUTE);
    assert_false(stage_view(&s).over & TANK_FILL_INEFFECTIVE);
    assert_true(stage_view(&s).flags & TANK_FILL_OVERDUE);
    s.rise_cm_min = 0.25;
    s.start_cm = 15;
    stage_run(&s, HOUR);
    assert_int_equal(stage_view(&s).flags & (TANK_FILL_INEFFECTIVE | TANK_FILL_OVERDUE), 0);
    assert_true(stage_view(&s).over & TANK_FILL_INEFFECTIVE);
}

static void a_level_that_sticks_while_the_valve_is_open(void **state)
{
    (void)state;
    struct stage s;
    used_to_it(&s);
    run_to_fill(&s);
    stage_run(&s, 8 * MINUTE);
    s.rise_cm_min = 0;
    s.fall_cm_day = s.noise_cm = 0;
    stage_run(&s, 12 * HOUR);
    assert_true(stage_view(&s).flags & TANK_FILL_INEFFECTIVE);
    assert_true(stage_view(&s).flags & TANK_LEVEL_FLAT);
    assert_false(stage_view(&s).over & TANK_LEVEL_FLAT);
}

/* What was well before its readings were lost is not found to be doubtful by the silence. */
static void silence_is_no_doubt(void **state)
{
    (void)state;
    struct tank_vessel model;
    struct stage s;
    stage_model(&model);
    model.probe_cm[0] = N(5);
    stage_open(&s, &model);
    s.top_c = -194;
    for (int i = 0; i < 3; i++) {
        for (int k = 0; k < 40; k++) {
            s.silent = k > 0;
            stage_run(&s, MINUTE);
            assert_int_equal(stage_view(&s).flags, 0);
        }
    }
}

/* The valve's reading is lost now and then while nothing comes: that is one fill, and not several. */
static void a_fill_whose_valve_is_lost_for_a_moment(void **state)
{
    (void)state;
    struct stage s;
    used_to_it(&s);
    unsigned n = s.tank.n_fills;
    run_to_fill(&s);
    stage_run(&s, 5 * MINUTE);
    int64_t since_us = stage_view(&s).phase_since_us;
    s.rise_cm_min = 0;
    for (int i = 0; i < 40; i++) {
        stage_step(&s);
        if (i % 20 >= 10)
            s.input.valve = BAD;
        tank_feed(&s.tank, s.now_us, &s.input);
        assert_int_equal(stage_view(&s).phase, TANK_FILLING);
        assert_int_equal(stage_view(&s).phase_since_us, since_us);
    }
    s.rise_cm_min = 0.25;
    stage_run(&s, HOUR);
    assert_int_equal(s.tank.n_fills, n + 1);
    run_to_fill(&s);
    for (int i = 0; i < 90; i++) { /* it is lost for good: the level tells when it ended */
        stage_step(&s);
        s.input.valve = BAD;
        tank_feed(&s.tank, s.now_us, &s.input);
    }
    assert_int_not_equal(stage_view(&s).phase, TANK_FILLING);
    assert_int_equal(s.tank.n_fills, n + 2);
}

static void the_lid_and_what_it_does(void **state)
{
    (void)state;
    struct stage s;
    used_to_it(&s);
    s.lid = true;
    stage_run(&s, 20 * MINUTE);
    s.top_c = -170;
    stage_run(&s, 10 * MINUTE);
    s.lid = false;
    stage_run(&s, 3 * HOUR);
    struct tank_view v = stage_view(&s);
    assert_int_equal(v.lid_open_min.value, 0);
    assert_between(AS_NUM(v.lid_day_min.value), 28, 31);
    assert_between(AS_NUM(v.lid_warmed_k.value), 15.8, 16.4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(too_long),
                                       cmocka_unit_test(for_nothing),
                                       cmocka_unit_test(too_short_and_too_often),
                                       cmocka_unit_test(joining_another_tanks_fill_is_not_too_often),
                                       cmocka_unit_test(overdue_and_blocked),
                                       cmocka_unit_test(no_fill_in_time),
                                       cmocka_unit_test(a_valve_that_does_not_close),
                                       cmocka_unit_test(a_valve_that_leaks_since_before),
                                       cmocka_unit_test(what_a_month_takes),
                                       cmocka_unit_test(sensors_that_contradict_each_other),
                                       cmocka_unit_test(a_level_that_stands_still),
                                       cmocka_unit_test(a_fill_whose_valve_is_lost_for_a_moment),
                                       cmocka_unit_test(silence_is_no_doubt),
                                       cmocka_unit_test(the_supply_runs_dry_in_a_fill),
                                       cmocka_unit_test(a_level_that_sticks_while_the_valve_is_open),
                                       cmocka_unit_test(timeouts_now_and_then_hide_nothing),
                                       cmocka_unit_test(the_lid_and_what_it_does)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
