/* Runs that are too rough one by one make a baseline together. */
#include "tank_stage.h"

/* A large vessel: steps of a quarter of a centimetre, 1.3 cm a day, and a lid that is opened thrice a day. */
static void run_coarse(struct stage *s, int64_t us)
{
    for (int64_t end_us = s->now_us + us; s->now_us < end_us;) {
        int64_t minute = s->now_us / MINUTE % 1440;
        s->lid = minute >= 480 && minute < 1080 && minute % 240 < 6; /* at 8, 12 and 16 */
        stage_step(s);
        s->input.level.value = (s->input.level.value + 125000) / 250000 * 250000;
        tank_feed(&s->tank, s->now_us, &s->input);
    }
}

static void open_coarse(struct stage *s)
{
    struct tank_vessel model;
    stage_model(&model);
    model.resolution_cm = N(0.25);
    stage_open(s, &model);
    s->fall_cm_day = 1.3;
    s->noise_cm = 0.02;
}

static void a_coarse_probe_under_a_busy_lid_has_a_baseline(void **state)
{
    (void)state;
    struct stage s;
    open_coarse(&s);
    run_coarse(&s, 25 * DAY);
    struct tank_view v = stage_view(&s);
    assert_int_equal(v.vacuum, TANK_VACUUM_GOOD);
    assert_true(v.vacuum_index.known);
    assert_between(AS_NUM(v.vacuum_index.value), 0.8, 1.2);
    assert_between(s.tank.base, 6 * 1.3 * 0.9, 6 * 1.3 * 1.1); /* litres: not too few by the steps */
}

static void and_is_seen_to_fail(void **state)
{
    (void)state;
    struct stage s;
    open_coarse(&s);
    run_coarse(&s, 30 * DAY);
    s.fall_cm_day = 4.6; /* far more: each run tells by itself */
    s.top_c = -180;
    int h = 0;
    for (; h < 72 && stage_view(&s).vacuum != TANK_VACUUM_FAILING; h++)
        run_coarse(&s, HOUR);
    assert_between(h, 12, 45);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_coarse_probe_under_a_busy_lid_has_a_baseline),
                                       cmocka_unit_test(and_is_seen_to_fail)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
