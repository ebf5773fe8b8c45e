/* The rungs of the time left: what ends one, and what does not. */
#include "test.h"

#include "derive_internal.h"

#include <string.h>

#define N(value) ((micro_t)((value)*1e6))
#define MINUTE   INT64_C(60000000)
#define HOUR     (60 * MINUTE)

enum { MEDIUM, HIGH, CRITICAL };

struct stage {
    struct vessel_config config;
    struct derive_vessel vessel;
    double level_cm;
    bool wild; /* the next level alone */
};

/* Medium at 24 h, high at 12 h, critical at 4 h. It is filled at 14 cm. */
static void open_stage(struct stage *s)
{
    memset(s, 0, sizeof *s);
    tank_vessel_init(&s->config.model);
    s->config.model.fill_start_cm = N(14);
    s->config.time_left_ms[MEDIUM] = 24 * 3600 * 1000;
    s->config.time_left_ms[HIGH] = 12 * 3600 * 1000;
    s->config.time_left_ms[CRITICAL] = 4 * 3600 * 1000;
    s->vessel.config = &s->config;
    assert_int_equal(tank_init(&s->vessel.tank, &s->config.model), 0);
    s->vessel.tank.now_us = HOUR;
    s->vessel.tank.input.level.quality = QUALITY_GOOD;
    s->vessel.view.vacuum = TANK_VACUUM_FAILING;
    s->level_cm = 8;
}

/* A minute later, with at least so many hours left; negative: not known. */
static void step(struct stage *s, double hours)
{
    struct derive_vessel *v = &s->vessel;
    struct tank *t = &v->tank;
    t->now_us += MINUTE;
    if (t->input.level.quality == QUALITY_GOOD) {
        t->level_us = t->now_us;
        t->last_cm = s->level_cm + (s->wild ? 5 : 0);
        t->input.level.value = N(t->last_cm);
    }
    s->wild = false;
    v->view.left_150_h = (struct tank_quantity){
        .known = hours >= 0, .low = N(hours), .value = N(hours * 1.2), .high = N(hours * 1.5)};
    for (unsigned i = MEDIUM; i <= CRITICAL; i++) {
        enum derive_known known = derive_tank_rung(v, i);
        if (known != DERIVE_UNKNOWN)
            v->known[TANK_ALARM_TIME_MEDIUM + i] = (uint8_t)known;
    }
}

static void run(struct stage *s, int minutes, double hours)
{
    for (int i = 0; i < minutes; i++)
        step(s, hours);
}

static bool holds(const struct stage *s, unsigned which)
{
    return s->vessel.known[TANK_ALARM_TIME_MEDIUM + which] == DERIVE_HOLDS;
}

static void assert_rungs(const struct stage *s, bool medium, bool high, bool critical)
{
    assert_int_equal(holds(s, MEDIUM), medium);
    assert_int_equal(holds(s, HIGH), high);
    assert_int_equal(holds(s, CRITICAL), critical);
}

/* Its level tells, then it is dry, and then the top warms: that says more hours, and nothing is better. */
static void another_way_of_judging_ends_none(void **state)
{
    (void)state;
    struct stage s;
    open_stage(&s);
    run(&s, 10, 30);
    assert_rungs(&s, false, false, false);
    run(&s, 10, 3);
    assert_rungs(&s, true, true, true);
    s.level_cm = 0;
    run(&s, 180, -1);
    s.vessel.view.by_warming = true;
    run(&s, 48 * 60, 40);
    assert_rungs(&s, true, true, true);
    s.vessel.view.by_warming = false;
    run(&s, 60, -1);
    assert_rungs(&s, true, true, true);
}

static void a_level_that_was_lost_and_is_no_higher_ends_none(void **state)
{
    (void)state;
    struct stage s;
    open_stage(&s);
    run(&s, 10, 3);
    s.vessel.tank.input.level.quality = QUALITY_BAD;
    run(&s, 120, -1);
    s.vessel.tank.input.level.quality = QUALITY_GOOD;
    run(&s, 10, 40);
    s.wild = true;
    run(&s, 10, 40);
    s.level_cm = 8.6;
    run(&s, 10, 40);
    assert_rungs(&s, true, true, true);
}

static void more_liquid_ends_those_for_which_it_is_enough(void **state)
{
    (void)state;
    struct stage s;
    open_stage(&s);
    run(&s, 10, 3);
    s.level_cm = 10;
    run(&s, 10, 4.2); /* not yet a tenth more */
    assert_rungs(&s, true, true, true);
    run(&s, 10, 15);
    assert_rungs(&s, true, false, false);
    run(&s, 10, 11);
    assert_rungs(&s, true, true, false);
    s.level_cm = 20;
    run(&s, 10, 40);
    assert_rungs(&s, false, false, false);
}

/* The level showed nothing, or stood still, and is repaired. */
static void a_level_that_is_repaired(void **state)
{
    (void)state;
    struct stage s;
    open_stage(&s);
    s.level_cm = 0;
    run(&s, 10, 0);
    s.level_cm = 12;
    s.vessel.view.flags = TANK_LEVEL_JUMP;
    run(&s, 10, 40);
    assert_rungs(&s, true, true, true); /* not while it may be a step of the reading */
    s.vessel.view.flags = 0;
    run(&s, 10, 40);
    assert_rungs(&s, false, false, false);
    open_stage(&s);
    s.vessel.view.flags = TANK_LEVEL_FLAT;
    s.vessel.view.by_warming = true;
    run(&s, 10, 3);
    assert_rungs(&s, true, true, true);
    s.vessel.view.flags = 0;
    s.vessel.view.by_warming = false;
    run(&s, 10, 40);
    assert_rungs(&s, false, false, false);
}

/* For a day, by a slope that is not from before. */
static void much_less_boil_off(void **state)
{
    (void)state;
    struct stage s;
    open_stage(&s);
    run(&s, 10, 3);
    run(&s, 25 * 60, 40);
    assert_rungs(&s, true, true, true); /* by what it boiled earlier */
    s.vessel.tank.fit_is = true;
    s.vessel.tank.fit_us = s.vessel.tank.now_us;
    run(&s, 1, 3);
    run(&s, 23 * 60, 40);
    s.vessel.tank.fit_us = s.vessel.tank.now_us;
    assert_rungs(&s, true, true, true);
    run(&s, 2 * 60, 40);
    assert_rungs(&s, false, false, false);
}

/* What held before is not remembered: only a level tells that it is over. */
static void after_a_start(void **state)
{
    (void)state;
    struct stage s;
    open_stage(&s);
    s.vessel.view.by_warming = true;
    run(&s, 10, 40);
    assert_int_equal(s.vessel.known[TANK_ALARM_TIME_CRITICAL], DERIVE_UNKNOWN);
    run(&s, 10, 3);
    assert_rungs(&s, true, true, true);
    open_stage(&s);
    run(&s, 10, 40);
    assert_int_equal(s.vessel.known[TANK_ALARM_TIME_CRITICAL], DERIVE_OVER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(another_way_of_judging_ends_none),
        cmocka_unit_test(a_level_that_was_lost_and_is_no_higher_ends_none),
        cmocka_unit_test(more_liquid_ends_those_for_which_it_is_enough),
        cmocka_unit_test(a_level_that_is_repaired),
        cmocka_unit_test(much_less_boil_off),
        cmocka_unit_test(after_a_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
