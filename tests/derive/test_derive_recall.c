/* What is recalled from the record, and what silence and outages prove: nothing. */
#include "hall_stage.h"

#include <stdlib.h>

#define INEFFECTIVE 2 /* alarms of a tank: bits of its flags */
#define OVERDUE     4

/* The record was read each minute; now twenty times as often, so its readings would be too old at once. */
static void a_record_of_slower_readings_is_recalled(void **state)
{
    (void)state;
    struct stage *s = stage_open();
    for (unsigned i = 0; i < s->site.config.n_points; i++)
        s->site.models[i].stale_after_ms = 6000;
    derive_free(s->derive);
    assert_int_equal(derive_create(&s->site.config, s->now, &s->derive), 0);
    stage_run(s, 12);
    s->closed = true;
    stage_run(s, 4);
    derive_ready(s->derive);
    derive_look(s->derive, s->now);
    site_hear(s->derive, &s->heard);
    assert_int_equal(stage_of_tank(s, 0, 2), 1);
    assert_int_equal(stage_of_supply(s, SUPPLY_ALARM_NO_FILLS), 1);
    stage_close(s);
}

/* The file says that devices are asked more often from now on: what the record has, came less often, and was
 * good all the same. */
static void a_shorter_interval_takes_nothing_from_the_record(void **state)
{
    (void)state;
    struct stage *s = stage_open();
    derive_ready(s->derive);
    for (unsigned i = 0; i < SITE_MEASURED; i++)
        s->site.models[i].stale_after_ms = 6000;
    assert_int_equal(derive_create(&s->site.config, s->now, &s->recalled), 0);
    s->spread = true;
    stage_run(s, 12);
    s->closed = true;
    stage_run(s, 4);
    assert_int_equal(stage_of_tank(s, 0, INEFFECTIVE), 1);
    assert_int_equal(stage_of_tank(s, 0, OVERDUE), 1);
    stage_take_over(s);
    stage_step(s);
    assert_int_equal(stage_of_tank(s, 0, INEFFECTIVE), 1);
    assert_int_equal(stage_of_tank(s, 0, OVERDUE), 1);
    assert_int_equal(stage_of_supply(s, SUPPLY_ALARM_NO_FILLS), 1);
    stage_close(s);
}

/* Nothing was read for longer than anything lasts; the valves are as open as before. */
static void an_outage_ends_no_alarm(void **state)
{
    (void)state;
    struct stage *s = stage_open();
    derive_ready(s->derive);
    stage_run(s, 12);
    s->closed = true;
    s->level_cm[2] = 22;
    s->filling[2] = false;
    stage_run(s, 3);
    assert_int_equal(stage_of_supply(s, SUPPLY_ALARM_NO_FILLS), 1);
    /* of the record there is only the last hour */
    assert_int_equal(derive_create(&s->site.config, s->now, &s->recalled), 0);
    stage_run(s, 1.0 / 24);
    stage_pass(s, 40 * MINUTE);
    stage_take_over(s);
    for (int i = 0; i < 60; i++) {
        stage_step(s);
        assert_int_not_equal(stage_of_supply(s, SUPPLY_ALARM_NO_FILLS), 0);
        for (unsigned k = 0; k < SITE_TANKS; k++) {
            if (s->filling[k])
                assert_int_not_equal(stage_of_tank(s, k, INEFFECTIVE), 0);
        }
    }
    s->closed = false;
    stage_run(s, 1);
    assert_int_equal(stage_of_supply(s, SUPPLY_ALARM_NO_FILLS), 0);
    assert_int_equal(stage_of_tank(s, 0, INEFFECTIVE), 0);
    stage_close(s);
}

/* What is not read any more is not believed for ever, though nobody says that it is bad. */
static void silence(void **state)
{
    (void)state;
    struct stage *s = stage_open();
    int volume = site_point(&s->site, 0, TANK_POINT_VOLUME, BOUND_VALUE);
    derive_ready(s->derive);
    s->silent = true;
    stage_run(s, 0.01);
    assert_int_equal(stage_of_supply(s, SUPPLY_ALARM_SHORT), -1);
    s->silent = false;
    stage_run(s, 1);
    assert_int_equal(s->heard.readings[volume].quality, QUALITY_GOOD);
    s->silent = true;
    stage_run(s, 0.02);
    assert_int_equal(s->heard.readings[volume].quality, QUALITY_BAD);
    assert_int_equal(s->heard.readings[volume].reason, REASON_INPUT_BAD);
    stage_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_of_slower_readings_is_recalled),
        cmocka_unit_test(a_shorter_interval_takes_nothing_from_the_record),
        cmocka_unit_test(an_outage_ends_no_alarm),
        cmocka_unit_test(silence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
