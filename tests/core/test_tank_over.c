/* When a flag is proven to be over, and when it only can't be told any more. */
#include "tank_stage.h"

static void open_stage(struct stage *s)
{
    struct tank_vessel model;
    stage_model(&model);
    model.probe_cm[0] = N(5);
    model.twin[0] = 2;
    model.twin_k = N(5);
    stage_open(s, &model);
    s->top_c = -194;
}

/* As the stage, with a second probe, and without the level or the first probe if told so. */
static void run(struct stage *s, int64_t us, double twin_c, bool no_level, bool no_top)
{
    for (int64_t end_us = s->now_us + us; s->now_us < end_us;) {
        stage_step(s);
        s->input.temps[1] = GOOD(twin_c);
        if (no_level)
            s->input.level = BAD;
        if (no_top)
            s->input.temps[0] = BAD;
        tank_feed(&s->tank, s->now_us, &s->input);
    }
}

static void assert_flag(const struct stage *s, uint32_t flag, bool holds, bool over)
{
    struct tank_view v = stage_view(s);
    assert_int_equal((v.flags & flag) != 0, holds);
    assert_int_equal((v.over & flag) != 0, over);
    assert_int_equal(v.flags & v.over, 0);
}

static void a_fill_that_is_overdue(void **state)
{
    (void)state;
    struct stage s;
    open_stage(&s);
    run(&s, DAY, -194, false, false);
    assert_flag(&s, TANK_FILL_OVERDUE, false, true);
    s.start_cm = 0; /* the controller is off */
    run(&s, 3 * DAY, -194, false, false);
    assert_flag(&s, TANK_FILL_OVERDUE, true, false);
    run(&s, 2 * HOUR, -194, true, false);
    assert_flag(&s, TANK_FILL_OVERDUE, false, false);
    run(&s, 10 * MINUTE, -194, false, false); /* it is read again, and is as low as before */
    assert_flag(&s, TANK_FILL_OVERDUE, false, false);
    s.start_cm = 15;
    run(&s, 5 * MINUTE, -194, false, false); /* a valve that is open is no fill yet */
    assert_flag(&s, TANK_FILL_OVERDUE, false, false);
    run(&s, 20 * MINUTE, -194, false, false);
    assert_flag(&s, TANK_FILL_OVERDUE, false, true);
}

/* As after a restart: fills are remembered, and that nothing comes now has yet to be found. */
static void old_fills_prove_nothing(void **state)
{
    (void)state;
    struct stage s;
    open_stage(&s);
    run(&s, 15 * DAY, -194, false, false);
    s.rise_cm_min = 0;
    while (!s.filling)
        run(&s, MINUTE, -194, false, false);
    run(&s, 5 * MINUTE, -194, false, false);
    assert_flag(&s, TANK_FILL_INEFFECTIVE, false, false);
    run(&s, 35 * MINUTE, -194, true, false);
    run(&s, 5 * MINUTE, -194, false, false);
    assert_flag(&s, TANK_FILL_INEFFECTIVE, false, false);
    assert_flag(&s, TANK_FILL_TOO_LONG, false, false);
    s.rise_cm_min = 0.25;
    run(&s, 5 * MINUTE, -194, false, false);
    assert_flag(&s, TANK_FILL_INEFFECTIVE, false, true);
}

static void a_level_that_is_too_high(void **state)
{
    (void)state;
    struct stage s;
    open_stage(&s);
    run(&s, HOUR, -194, false, false);
    assert_flag(&s, TANK_OVERFILL, false, true);
    run(&s, 10 * MINUTE, -194, true, false);
    assert_flag(&s, TANK_OVERFILL | TANK_FILL_TOO_LONG | TANK_FILL_OVERDUE, false, false);
    s.offset_cm = 6;
    run(&s, 10 * MINUTE, -194, false, false);
    assert_flag(&s, TANK_OVERFILL, true, false);
    run(&s, 2 * HOUR, -194, true, false);
    assert_flag(&s, TANK_OVERFILL, true, false);
    s.offset_cm = 0;
    run(&s, 10 * MINUTE, -194, false, false);
    assert_flag(&s, TANK_OVERFILL, false, true);
}

static void a_probe_that_is_too_warm(void **state)
{
    (void)state;
    struct stage s;
    open_stage(&s);
    run(&s, HOUR, -194, false, true);
    assert_flag(&s, TANK_TEMP_TOO_WARM, false, false); /* it has not been seen at all */
    run(&s, HOUR, -194, false, false);
    assert_flag(&s, TANK_TEMP_TOO_WARM, false, true);
    s.top_c = -180;
    run(&s, 10 * MINUTE, -180, false, false); /* not yet for long */
    assert_flag(&s, TANK_TEMP_TOO_WARM, false, false);
    run(&s, HOUR, -180, false, false);
    assert_flag(&s, TANK_TEMP_TOO_WARM, true, false);
    run(&s, HOUR, -180, true, false);
    assert_flag(&s, TANK_TEMP_TOO_WARM, false, false);
    run(&s, HOUR, -180, false, true);
    assert_flag(&s, TANK_TEMP_TOO_WARM, false, false);
    s.top_c = -194;
    run(&s, MINUTE, -194, false, false);
    assert_flag(&s, TANK_TEMP_TOO_WARM, false, true);
}

static void twins_and_cold(void **state)
{
    (void)state;
    struct stage s;
    open_stage(&s);
    run(&s, HOUR, -194, false, false);
    assert_flag(&s, TANK_TEMPS_DIFFER | TANK_TEMP_TOO_COLD, false, true);
    run(&s, HOUR, -205, false, false);
    assert_flag(&s, TANK_TEMPS_DIFFER, true, false);
    assert_flag(&s, TANK_TEMP_TOO_COLD, true, false);
    run(&s, HOUR, -194, false, true);
    assert_flag(&s, TANK_TEMPS_DIFFER, false, false);
    assert_flag(&s, TANK_TEMP_TOO_COLD, false, true); /* the one that was cold is there, and is not */
    run(&s, MINUTE, -194, false, false);
    assert_flag(&s, TANK_TEMPS_DIFFER, false, true);
}

/* A probe that is stuck does not come loose because a valve is open. */
static void a_level_that_stands_still(void **state)
{
    (void)state;
    struct stage s;
    open_stage(&s);
    run(&s, 15 * DAY, -194, false, false);
    assert_flag(&s, TANK_LEVEL_FLAT, false, true);
    while (s.level_cm < 17 || s.filling)
        run(&s, MINUTE, -194, false, false);
    struct reading stuck = s.input.level;
    for (int i = 0; i < 8 * 60 + 20; i++) {
        stage_step(&s);
        s.input.level = stuck;
        s.input.valve = GOOD(i >= 8 * 60);
        if (i == 8 * 60 - 1)
            assert_flag(&s, TANK_LEVEL_FLAT, true, false);
        tank_feed(&s.tank, s.now_us, &s.input);
    }
    s.input.valve = GOOD(0);
    s.now_us += MINUTE;
    tank_feed(&s.tank, s.now_us, &s.input);
    assert_flag(&s, TANK_LEVEL_FLAT, true, false);
    run(&s, 8 * HOUR, -194, false, false);
    assert_flag(&s, TANK_LEVEL_FLAT, false, true);
}

/* Half of a fill was not seen: it was neither short nor slow, and what follows is not too often. */
static void a_fill_that_is_lost_from_sight(void **state)
{
    (void)state;
    struct stage s;
    open_stage(&s);
    run(&s, 15 * DAY, -194, false, false);
    s.tank.model.fill_start_cm = s.tank.model.fill_stop_cm = TANK_UNKNOWN; /* nothing that excuses it */
    unsigned n = s.tank.n_fills;
    while (!s.filling)
        run(&s, MINUTE, -194, false, false);
    run(&s, 4 * MINUTE, -194, false, false);
    s.rise_cm_min = 0.1;
    run(&s, 35 * MINUTE, -194, true, false);
    assert_true(s.filling);
    assert_int_equal(s.tank.n_fills, n + 1);
    struct tank_view v = stage_view(&s);
    assert_int_equal(v.flags, 0);
    assert_int_equal(v.over & TANK_FILL_TOO_LONG, 0);
    s.rise_cm_min = 0.25;
    while (s.filling)
        run(&s, MINUTE, -194, false, false);
    run(&s, HOUR, -194, false, false);
    v = stage_view(&s);
    assert_int_equal(v.flags, 0);
    assert_int_equal(s.tank.n_fills, n + 2);
    assert_between(AS_NUM(v.fill_every_h.value), 60, 65); /* as before */
    assert_flag(&s, TANK_FILL_TOO_LONG, false, true);
}

/* One wild reading, that is still the latest when something else is read, is not two. */
static void an_old_level_is_not_counted_twice(void **state)
{
    (void)state;
    struct stage s;
    open_stage(&s);
    s.start_cm = 0;
    run(&s, DAY, -194, false, false);
    assert_int_equal(stage_view(&s).phase, TANK_STATIC);
    stage_step(&s);
    s.input.valve = ABSENT;
    s.input.level = GOOD(s.level_cm + 3);
    tank_feed(&s.tank, s.now_us, &s.input);
    s.input.level_is_old = true;
    for (int i = 0; i < 5; i++) {
        s.now_us += 10 * INT64_C(1000000);
        tank_feed(&s.tank, s.now_us, &s.input);
    }
    assert_int_equal(stage_view(&s).phase, TANK_STATIC);
    s.input.lid = GOOD(1); /* but the lid is seen */
    tank_feed(&s.tank, s.now_us, &s.input);
    assert_int_equal(stage_view(&s).phase, TANK_LID_OPEN);
}

/* How often the flag has been raised, with the probes at these temperatures for two days. */
static unsigned raised(struct stage *s, double top_c, double twin_c, uint32_t flag, bool *ret_holds)
{
    unsigned n = 0;
    bool was = (stage_view(s).flags & flag) != 0;
    s->top_c = top_c;
    for (int i = 0; i < 48 * 60; i++) {
        run(s, MINUTE, twin_c + stage_noise(s), false, false);
        *ret_holds = (stage_view(s).flags & flag) != 0;
        assert_false(*ret_holds && stage_view(s).over & flag);
        n += *ret_holds && !was;
        was = *ret_holds;
    }
    return n;
}

/* A probe that is wrong by so much that noise carries it over its limit and back: that is told once, and ends
 * once when it is well. */
static void noise_at_the_limit(void **state)
{
    (void)state;
    static const struct {
        uint32_t flag;
        double bad_c, limit_c, well_c; /* of the second probe; the first stays at -195 */
    } table[] = {{TANK_TEMP_TOO_COLD, -203, -199, -194},
                 {TANK_TEMP_TOO_WARM, -180, -190, -195},
                 {TANK_TEMPS_DIFFER, -204, -200, -195}};
    for (unsigned i = 0; i < sizeof table / sizeof *table; i++) {
        struct stage s;
        bool holds;
        open_stage(&s);
        s.tank.model.probe_cm[1] = N(5);
        assert_int_equal(raised(&s, -195, table[i].well_c, table[i].flag, &holds), 0);
        assert_int_equal(raised(&s, -195, table[i].bad_c, table[i].flag, &holds), 1);
        assert_true(holds);
        assert_int_equal(raised(&s, -195, table[i].limit_c, table[i].flag, &holds), 0);
        assert_true(holds);
        assert_int_equal(raised(&s, -195, table[i].well_c, table[i].flag, &holds), 0);
        assert_false(holds);
        assert_flag(&s, table[i].flag, false, true);
    }
}

/* One reading alone is no broken probe. */
static void a_wild_reading_is_not_too_cold(void **state)
{
    (void)state;
    struct stage s;
    open_stage(&s);
    run(&s, HOUR, -194, false, false);
    run(&s, 10 * MINUTE, -205, false, false);
    assert_flag(&s, TANK_TEMP_TOO_COLD, false, false);
    run(&s, 10 * MINUTE, -194, false, false);
    assert_flag(&s, TANK_TEMP_TOO_COLD, false, true);
}

/* A level device in maintenance shows nothing, as doubtful: that says nothing of the probe. */
static void a_doubtful_level_of_nothing(void **state)
{
    (void)state;
    struct stage s;
    open_stage(&s);
    run(&s, DAY, -195, false, false);
    for (int i = 0; i < 2 * 24 * 60; i++) {
        stage_step(&s);
        s.input.temps[1] = GOOD(-195);
        s.input.level = (struct reading){.quality = QUALITY_UNCERTAIN, .reason = REASON_MAINTENANCE};
        tank_feed(&s.tank, s.now_us, &s.input);
        assert_int_equal(stage_view(&s).flags & (TANK_TEMP_TOO_COLD | TANK_TEMP_TOO_WARM), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_fill_that_is_overdue),
                                       cmocka_unit_test(old_fills_prove_nothing),
                                       cmocka_unit_test(a_level_that_is_too_high),
                                       cmocka_unit_test(a_probe_that_is_too_warm),
                                       cmocka_unit_test(twins_and_cold),
                                       cmocka_unit_test(a_level_that_stands_still),
                                       cmocka_unit_test(a_fill_that_is_lost_from_sight),
                                       cmocka_unit_test(an_old_level_is_not_counted_twice),
                                       cmocka_unit_test(noise_at_the_limit),
                                       cmocka_unit_test(a_wild_reading_is_not_too_cold),
                                       cmocka_unit_test(a_doubtful_level_of_nothing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
