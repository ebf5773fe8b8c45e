/* A level probe that is off from one reading to the next: how long it lasts is known less well, and not
 * wrongly. */
#include "tank_stage.h"

static void open_learned(struct stage *s)
{
    stage_open_usual(s);
    stage_run(s, 12 * DAY);
    while (s->level_cm > 18 || stage_view(s).phase != TANK_STATIC)
        stage_run(s, MINUTE);
    stage_run(s, 3 * HOUR);
}

/* The interval is one at 90 %: it may miss by a little. */
static void assert_holds(const struct stage *s, double level_cm)
{
    struct tank_view v = stage_view(s);
    assert_true(v.left_empty_h.known && v.left_low_h.known && v.litres.known);
    assert_between(level_cm / 2 * 24, 0.94 * AS_NUM(v.left_empty_h.low), AS_NUM(v.left_empty_h.high));
    assert_between((level_cm - 13) / 2 * 24, 0.94 * AS_NUM(v.left_low_h.low), AS_NUM(v.left_low_h.high));
    assert_between(level_cm * 6, AS_NUM(v.litres.low) - 0.7, AS_NUM(v.litres.high) + 0.7);
}

/* The steps' share of the interval in litres. */
static double width(const struct stage *s)
{
    struct tank_view v = stage_view(s);
    return AS_NUM(v.litres.high) - AS_NUM(v.litres.low);
}

static void off_by(double off_cm)
{
    struct stage s;
    open_learned(&s);
    assert_between(width(&s), 0, 0.001);
    s.start_cm = 0; /* else it is filled by what it shows */
    s.offset_cm = off_cm;
    stage_run(&s, 20 * MINUTE);
    assert_true(stage_view(&s).flags & TANK_LEVEL_JUMP);
    stage_run(&s, 3 * HOUR);
    for (int h = 0; h < 10; h++) {
        assert_holds(&s, s.level_cm);          /* the reading lies, */
        assert_holds(&s, s.level_cm + off_cm); /* or it lied before */
        stage_run(&s, HOUR);
    }
    s.start_cm = 15;
    stage_run(&s, 4 * DAY); /* no fill ends it */
    double most = off_cm > 0 ? off_cm : -off_cm;
    assert_between(width(&s), 6 * (most - 0.4), 6 * (most + 0.4));
    while (stage_view(&s).phase != TANK_STATIC || s.level_cm > 18 || s.level_cm < 16)
        stage_run(&s, MINUTE);
    stage_run(&s, 2 * HOUR);
    s.start_cm = 0;
    s.offset_cm = 0; /* it has stepped back */
    stage_run(&s, 4 * HOUR);
    assert_between(width(&s), 0, 0.001);
}

static void it_steps_down(void **state)
{
    (void)state;
    off_by(-2);
}

static void it_steps_up(void **state)
{
    (void)state;
    off_by(2);
}

static void a_step_up_is_no_fill(void **state)
{
    (void)state;
    struct stage s;
    open_learned(&s);
    unsigned fills = s.tank.n_fills;
    s.start_cm = 0;
    s.offset_cm = 2.2;
    stage_run(&s, 2 * HOUR);
    assert_int_equal(s.tank.n_fills, fills);
}

/* By hand, at once, with the lid open: a fill, and no step. */
static void what_is_poured_in_is_a_fill(void **state)
{
    (void)state;
    struct stage s;
    open_learned(&s);
    unsigned fills = s.tank.n_fills;
    s.start_cm = 0;
    s.lid = true;
    stage_run(&s, 12 * MINUTE);
    s.level_cm += 2.4;
    stage_run(&s, 10 * MINUTE);
    s.lid = false;
    stage_run(&s, 2 * HOUR);
    assert_int_equal(s.tank.n_fills, fills + 1);
    assert_between(width(&s), 0, 0.001);
}

static void a_wild_reading_is_no_step(void **state)
{
    (void)state;
    struct stage s;
    open_learned(&s);
    for (int i = 0; i < 20; i++) {
        s.offset_cm = i % 2 ? 6 : -6;
        stage_run(&s, MINUTE);
        s.offset_cm = 0;
        stage_run(&s, 13 * MINUTE);
        assert_between(width(&s), 0, 0.001);
    }
}

static void learned_anew_it_is_believed(void **state)
{
    (void)state;
    struct stage s;
    open_learned(&s);
    s.offset_cm = -2;
    stage_run(&s, 3 * HOUR);
    assert_between(width(&s), 10, 14);
    tank_relearn(&s.tank);
    assert_between(width(&s), 0, 0.001);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(it_steps_down),
                                       cmocka_unit_test(it_steps_up),
                                       cmocka_unit_test(a_step_up_is_no_fill),
                                       cmocka_unit_test(what_is_poured_in_is_a_fill),
                                       cmocka_unit_test(a_wild_reading_is_no_step),
                                       cmocka_unit_test(learned_anew_it_is_believed)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
