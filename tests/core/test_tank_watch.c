/* What is said of the vacuum does not waver with each window, each cm, each fill. */
#include "tank_stage.h"

/* No lid contact, and the lid stands open by day: with fall_cm_day by night. */
static unsigned flips(struct stage *s, int days, double by_day)
{
    unsigned n = 0;
    double by_night = s->fall_cm_day;
    enum tank_vacuum last = stage_view(s).vacuum;
    for (int h = 0; h < days * 24; h++) {
        s->fall_cm_day = h % 24 < 7 ? by_day : by_night;
        for (int m = 0; m < 60; m++) {
            stage_step(s);
            s->input.lid = ABSENT;
            tank_feed(&s->tank, s->now_us, &s->input);
        }
        enum tank_vacuum now = stage_view(s).vacuum;
        assert_int_not_equal(now, TANK_VACUUM_FAILING);
        n += now != last;
        last = now;
    }
    s->fall_cm_day = by_night;
    return n;
}

static void a_lid_that_is_not_seen_does_not_make_the_watch_chatter(void **state)
{
    (void)state;
    struct stage s;
    stage_open_usual(&s);
    flips(&s, 14, 2);
    assert_int_equal(stage_view(&s).vacuum, TANK_VACUUM_GOOD);
    assert_between(flips(&s, 20, 3), 1, 2);
    assert_between(flips(&s, 5, 2), 1, 1); /* and it ends */
    assert_int_equal(stage_view(&s).vacuum, TANK_VACUUM_GOOD);
}

/* No exact shape: above what was learned it is not judged, and a noisy level passes that edge once. */
static void a_level_at_the_edge_of_what_was_learned(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, NULL);
    stage_run(&s, 15 * DAY);
    while (s.filling || s.level_cm > 18)
        stage_run(&s, MINUTE);
    s.noise_cm = 0.3;
    s.start_cm = 0;
    s.level_cm = s.tank.most_base_cm + 1.5;
    unsigned n = 0;
    enum tank_vacuum last = TANK_VACUUM_UNKNOWN;
    for (int m = 0; m < 20 * 60; m++) {
        stage_run(&s, MINUTE);
        n += stage_view(&s).vacuum != last;
        last = stage_view(&s).vacuum;
    }
    assert_int_equal(last, TANK_VACUUM_GOOD);
    assert_between(n, 1, 2);
}

/* After a fill it froths for hours longer than it should. */
static void froth_is_not_the_vacuum(void **state)
{
    (void)state;
    struct stage s;
    stage_open_usual(&s);
    stage_run(&s, 15 * DAY);
    for (int fill = 0; fill < 3; fill++) {
        while (stage_view(&s).phase != TANK_SETTLING)
            stage_run(&s, MINUTE);
        s.fall_cm_day = 6.3;
        for (int m = 0; m < 150; m++) {
            stage_run(&s, MINUTE);
            assert_int_not_equal(stage_view(&s).vacuum, TANK_VACUUM_FAILING);
        }
        s.fall_cm_day = 2;
        stage_run(&s, HOUR);
        assert_int_not_equal(stage_view(&s).vacuum, TANK_VACUUM_FAILING);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lid_that_is_not_seen_does_not_make_the_watch_chatter),
        cmocka_unit_test(a_level_at_the_edge_of_what_was_learned), cmocka_unit_test(froth_is_not_the_vacuum)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
