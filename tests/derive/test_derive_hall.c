/* Fills, the supply, probes that are exchanged, and the time that is left. */
#include "hall_stage.h"

#include <stdio.h>

/* All lids, one by one, while nothing is filled. */
static void open_lids(struct stage *s)
{
    for (unsigned i = 0; i < SITE_TANKS; i++) {
        s->level_cm[i] = 16.5 + i;
        s->filling[i] = false;
    }
    stage_run(s, 0.1);
    for (unsigned i = 0; i < SITE_TANKS; i++)
        stage_open_lid(s, i, 5);
}

static void a_lid_on_another_probe(void **state)
{
    (void)state;
    struct stage *s = stage_open();
    char text[200];
    uint16_t alarm = (uint16_t)site_alarm(&s->site, 0, TANK_ALARM_MAPPING);
    s->site.vessels[0].valve.point = -1; /* filled by hand: only its lid can tell */
    derive_free(s->derive);
    assert_int_equal(derive_create(&s->site.config, s->now, &s->derive), 0);
    derive_ready(s->derive);
    open_lids(s);
    assert_int_equal(stage_of_tank(s, 0, TANK_ALARM_MAPPING), 0);
    s->top_of[0] = 1;
    s->top_of[1] = 0;
    open_lids(s);
    assert_int_equal(stage_of_tank(s, 0, TANK_ALARM_MAPPING), 0); /* once may be chance */
    open_lids(s);
    assert_int_equal(stage_of_tank(s, 0, TANK_ALARM_MAPPING), 1);
    assert_int_equal(stage_of_tank(s, 1, TANK_ALARM_MAPPING), 1);
    assert_int_equal(stage_of_tank(s, 2, TANK_ALARM_MAPPING), -1); /* its fills have not been seen */
    derive_words(s->derive, alarm, LANGUAGE_EN, text, sizeof text);
    assert_string_equal(text, "the opening of the lid appeared on the temperature probe of Tank 2");
    derive_words(s->derive, alarm, LANGUAGE_ZH, text, sizeof text);
    assert_string_equal(text, "开盖引起的升温出现在另一温度探头上：罐 2");
    stage_run(s, 10); /* its fills are right, and prove nothing of its temperatures */
    assert_int_equal(stage_of_tank(s, 1, TANK_ALARM_MAPPING), 1);
    s->top_of[0] = 0;
    s->top_of[1] = 1;
    open_lids(s);
    assert_int_equal(stage_of_tank(s, 0, TANK_ALARM_MAPPING), 0);
    assert_int_equal(stage_of_tank(s, 1, TANK_ALARM_MAPPING), 0);
    stage_close(s);
}

static void a_fill_on_another_probe(void **state)
{
    (void)state;
    struct stage *s = stage_open();
    char text[200];
    derive_ready(s->derive);
    stage_run(s, 0.01);
    assert_int_equal(stage_of_tank(s, 2, TANK_ALARM_MAPPING), -1); /* no fill has shown it */
    stage_run(s, 10);
    assert_int_equal(stage_of_tank(s, 0, TANK_ALARM_MAPPING), -1); /* an earlier one may be a lid's */
    open_lids(s);
    assert_int_equal(stage_of_tank(s, 0, TANK_ALARM_MAPPING), 0);
    s->site.probe_of[0] = 1;
    s->site.probe_of[1] = 0;
    stage_run(s, 10);
    assert_int_equal(stage_of_tank(s, 0, TANK_ALARM_MAPPING), 1);
    assert_int_equal(stage_of_tank(s, 1, TANK_ALARM_MAPPING), 1);
    assert_int_equal(stage_of_tank(s, 2, TANK_ALARM_MAPPING), 0);
    uint16_t alarm = (uint16_t)site_alarm(&s->site, 0, TANK_ALARM_MAPPING);
    derive_words(s->derive, alarm, LANGUAGE_EN, text, sizeof text);
    assert_string_equal(text, "the fill appeared in Tank 2");
    derive_words(s->derive, alarm, LANGUAGE_ZH, text, sizeof text);
    assert_string_equal(text, "补液出现在 罐 2");
    derive_words(s->derive, alarm, LANGUAGE_ZH, text, 12); /* cut between characters */
    assert_string_equal(text, "补液出");
    struct hall_view view;
    derive_supply(s->derive, 0, &view);
    assert_int_equal(view.suspect_valve, 0);
    assert_int_equal(view.suspect_probe, 1);
    s->site.no_level[0] = true; /* nothing is proven */
    stage_run(s, 5);
    assert_int_equal(stage_of_tank(s, 0, TANK_ALARM_MAPPING), 1);
    s->site.no_level[0] = false;
    s->site.probe_of[0] = 0;
    s->site.probe_of[1] = 1;
    stage_run(s, 10);
    assert_int_equal(stage_of_tank(s, 0, TANK_ALARM_MAPPING), 0);
    stage_close(s);
}

/* Of a tank that is filled by hand nothing tells when; that its level is another tank's, the fills of that
 * one tell. */
static void a_level_that_is_of_another_tank(void **state)
{
    (void)state;
    struct stage *s = stage_open();
    char text[200];
    uint16_t alarm = (uint16_t)site_alarm(&s->site, 1, TANK_ALARM_MAPPING);
    s->site.vessels[1].valve.point = -1;
    derive_free(s->derive);
    assert_int_equal(derive_create(&s->site.config, s->now, &s->derive), 0);
    derive_ready(s->derive);
    stage_run(s, 5);
    assert_int_not_equal(stage_of_tank(s, 1, TANK_ALARM_MAPPING), 1);
    s->site.probe_of[0] = 1;
    s->site.probe_of[1] = 0;
    stage_run(s, 10);
    assert_int_equal(stage_of_tank(s, 0, TANK_ALARM_MAPPING), 1);
    assert_int_equal(stage_of_tank(s, 1, TANK_ALARM_MAPPING), 1);
    derive_words(s->derive, alarm, LANGUAGE_EN, text, sizeof text);
    assert_string_equal(text, "the level shown here rose with the fill of Tank 1");
    derive_words(s->derive, alarm, LANGUAGE_ZH, text, sizeof text);
    assert_string_equal(text, "此处显示的液位随另一储罐补液而上升：罐 1");
    s->site.probe_of[0] = 0;
    s->site.probe_of[1] = 1;
    stage_run(s, 10);
    assert_int_equal(stage_of_tank(s, 0, TANK_ALARM_MAPPING), 0);
    assert_int_equal(stage_of_tank(s, 1, TANK_ALARM_MAPPING), 0);
    stage_close(s);
}

static void no_tank_is_filled(void **state)
{
    (void)state;
    struct stage *s = stage_open();
    char text[200];
    derive_ready(s->derive);
    stage_run(s, 12);
    assert_int_equal(stage_of_supply(s, SUPPLY_ALARM_NO_FILLS), 0);
    s->closed = true;
    stage_run(s, 3);
    assert_int_equal(stage_of_supply(s, SUPPLY_ALARM_NO_FILLS), 1);
    assert_int_equal(stage_of_tank(s, 0, 2), 1); /* the valve is open, and nothing comes */
    derive_words(s->derive, (uint16_t)s->site.supply.alarms[SUPPLY_ALARM_NO_FILLS], LANGUAGE_EN, text,
                 sizeof text);
    assert_non_null(strstr(text, "no tank filled for "));
    assert_non_null(strstr(text, "; 4 tanks wait for a fill: Tank 1, Tank 2, Tank 3, Tank 4"));
    uint16_t none = (uint16_t)s->site.supply.alarms[SUPPLY_ALARM_NO_FILLS];
    derive_words(s->derive, none, LANGUAGE_ZH, text, sizeof text);
    assert_non_null(strstr(text, "；4 个储罐等待补液：罐 1、罐 2、罐 3、罐 4"));
    derive_words(s->derive, none, LANGUAGE_EN, text, 100); /* as many as there is room for */
    assert_non_null(strstr(text, ": Tank 1, Tank 2 and 2 more"));
    derive_words(s->derive, none, LANGUAGE_ZH, text, 100);
    assert_non_null(strstr(text, "：罐 1、罐 2 另有 2 个"));
    for (unsigned i = 0; i < SITE_TANKS; i++)
        s->site.no_level[i] = true;
    stage_run(s, 1);
    assert_int_equal(stage_of_supply(s, SUPPLY_ALARM_NO_FILLS), 1);
    assert_int_equal(stage_of_tank(s, 0, 2), 1);
    for (unsigned i = 0; i < SITE_TANKS; i++)
        s->site.no_level[i] = false;
    for (int i = 0; i < 60; i++) { /* levels are there again, and still nothing comes */
        stage_run(s, 1.0 / 1440);
        assert_int_equal(stage_of_supply(s, SUPPLY_ALARM_NO_FILLS), 1);
    }
    s->closed = false;
    stage_run(s, 1);
    assert_int_equal(stage_of_supply(s, SUPPLY_ALARM_NO_FILLS), 0);
    assert_int_equal(stage_of_tank(s, 0, 2), 0);
    assert_int_equal(stage_of_tank(s, 0, 6), 0);
    stage_close(s);
}

/* As after a restart: that nothing comes must be found again, and until then it is not known to be over. */
static void valves_that_are_open_are_no_fills(void **state)
{
    (void)state;
    struct stage *s = stage_open();
    derive_ready(s->derive);
    s->closed = true;
    for (unsigned i = 0; i < SITE_TANKS; i++) {
        s->filling[i] = true;
        s->level_cm[i] = 18;
    }
    stage_run(s, 0.008);
    assert_int_equal(stage_of_supply(s, SUPPLY_ALARM_NO_FILLS), -1);
    stage_run(s, 0.04);
    assert_int_equal(stage_of_supply(s, SUPPLY_ALARM_NO_FILLS), 1);
    s->closed = false;
    stage_run(s, 0.02);
    assert_int_equal(stage_of_supply(s, SUPPLY_ALARM_NO_FILLS), 0);
    stage_close(s);
}

/* A controller that gives up closes the valve: nothing has come all the same. */
static void an_empty_fill_is_not_over_with_the_valve(void **state)
{
    (void)state;
    struct stage *s = stage_open();
    derive_ready(s->derive);
    stage_run(s, 10);
    while (s->filling[0] || s->level_cm[0] > 15.01)
        stage_step(s);
    s->closed = true;
    stage_run(s, 0.2);
    assert_int_equal(stage_of_tank(s, 0, 2), 1);
    s->off[0] = true;
    stage_run(s, 0.2);
    assert_int_equal(stage_of_tank(s, 0, 2), 1);
    s->closed = s->off[0] = false;
    stage_run(s, 1);
    assert_int_equal(stage_of_tank(s, 0, 2), 0);
    stage_close(s);
}

/* All are above their starts, and their valves are seen closed: nobody waits, though nothing was filled. */
static void nobody_waits(void **state)
{
    (void)state;
    struct stage *s = stage_open();
    derive_ready(s->derive);
    for (unsigned i = 0; i < SITE_TANKS; i++)
        s->level_cm[i] = 18;
    stage_run(s, 0.05);
    assert_int_equal(stage_of_supply(s, SUPPLY_ALARM_NO_FILLS), 0);
    stage_close(s);
    s = stage_open();
    derive_ready(s->derive);
    for (unsigned i = 0; i < SITE_TANKS; i++)
        s->level_cm[i] = i == 0 ? 14.9 : 18;
    s->closed = true;
    stage_run(s, 0.005); /* one waits, and not yet for long */
    assert_int_equal(stage_of_supply(s, SUPPLY_ALARM_NO_FILLS), -1);
    stage_close(s);
}

static void the_supply_runs_short(void **state)
{
    (void)state;
    struct stage *s = stage_open();
    char text[200];
    derive_ready(s->derive);
    s->lost_l_day = 100;
    stage_run(s, 6);
    assert_int_equal(stage_of_supply(s, SUPPLY_ALARM_SHORT), 0);
    while (stage_of_supply(s, SUPPLY_ALARM_SHORT) != 1 && s->stock_l > 0)
        stage_step(s);
    assert_in_range((int)s->stock_l, 550, 900);
    derive_words(s->derive, (uint16_t)s->site.supply.alarms[SUPPLY_ALARM_SHORT], LANGUAGE_EN, text,
                 sizeof text);
    assert_non_null(strstr(text, " d ("));
    assert_non_null(strstr(text, "left to the reserve; drawn 1"));
    assert_non_null(strstr(text, " L/d ("));
    assert_non_null(strstr(text, "; stock "));
    assert_string_equal(text + strlen(text) - 2, " L");
    s->silent = true;
    stage_run(s, 1);
    assert_int_equal(stage_of_supply(s, SUPPLY_ALARM_SHORT), 1);
    s->silent = false;
    s->stock_l = 3000;
    stage_run(s, 0.1);
    assert_int_equal(stage_of_supply(s, SUPPLY_ALARM_SHORT), 0);
    stage_close(s);
}

/* A tank that is on its way to its next fill is well; one that was not filled is not. */
static void time_left_is_told_outside_the_sawtooth(void **state)
{
    (void)state;
    struct stage *s = stage_open();
    for (unsigned i = 0; i < SITE_TANKS; i++)
        s->site.vessels[i].time_left_ms[0] = UINT32_C(30) * 24 * 3600 * 1000; /* always less than that */
    derive_ready(s->derive);
    stage_run(s, 12);
    assert_int_equal(stage_of_tank(s, 0, TANK_ALARM_TIME_MEDIUM), 0);
    assert_int_equal(s->heard.raised[site_alarm(&s->site, 0, TANK_ALARM_TIME_MEDIUM)], 0);
    s->closed = true;
    stage_run(s, 3);
    assert_int_equal(stage_of_tank(s, 0, TANK_ALARM_TIME_MEDIUM), 1);
    assert_int_equal(stage_of_tank(s, 0, TANK_ALARM_TIME_HIGH), 0);
    assert_int_equal(stage_of_tank(s, 0, TANK_ALARM_TIME_CRITICAL), 0);
    struct tank_quantity left;
    assert_true(derive_time_left(s->derive, s->site.vessels[0].asset, &left));
    assert_false(derive_time_left(s->derive, s->site.supply.asset, &left));
    stage_run(s, 6);
    assert_int_equal(stage_of_tank(s, 0, TANK_ALARM_TIME_HIGH), 1);
    assert_int_equal(stage_of_tank(s, 0, TANK_ALARM_TIME_CRITICAL), 1);
    s->site.no_level[0] = true;
    stage_run(s, 1);
    assert_int_equal(stage_of_tank(s, 0, TANK_ALARM_TIME_CRITICAL), 1);
    s->site.no_level[0] = false;
    s->closed = false;
    stage_run(s, 1);
    assert_int_equal(stage_of_tank(s, 0, TANK_ALARM_TIME_MEDIUM), 0);
    assert_int_equal(stage_of_tank(s, 0, TANK_ALARM_TIME_CRITICAL), 0);
    stage_close(s);
}

/* Its probe is stuck at a good height, and the vessel warms: that is told before it is too late. */
static void a_stuck_level_hides_no_warming(void **state)
{
    (void)state;
    struct stage *s = stage_open();
    s->site.vessels[0].time_left_ms[1] = UINT32_C(48) * 3600 * 1000;
    derive_ready(s->derive);
    stage_run(s, 12);
    while (s->filling[0] || s->level_cm[0] < 17)
        stage_step(s);
    assert_int_equal(stage_of_tank(s, 0, TANK_ALARM_TIME_HIGH), 0);
    s->stuck[0] = true;
    while (s->top_c[0] < -165) { /* 0.4 K an hour */
        s->top_c[0] += 0.4 / 60;
        stage_step(s);
    }
    assert_int_equal(stage_of_tank(s, 0, TANK_ALARM_TIME_HIGH), 1); /* 38 h */
    assert_int_equal(s->heard.readings[site_point(&s->site, 0, TANK_POINT_BOIL_OFF, BOUND_VALUE)].quality,
                     QUALITY_BAD);
    s->top_c[0] = -100;
    stage_run(s, 0.01);
    assert_int_equal(stage_of_tank(s, 0, TANK_ALARM_TIME_CRITICAL), 1);
    stage_close(s);
}

/* Who stands before the tank compares with its display. */
static void levels_are_told_as_they_are_shown(void **state)
{
    (void)state;
    struct stage *s = stage_open();
    char text[200];
    struct point_config *point = &s->site.points[SITE_LEVEL];
    (void)snprintf(point->unit, sizeof point->unit, "in");
    s->site.vessels[0].level.num = 254;
    s->site.vessels[0].level.den = 100;
    point = &s->site.points[SITE_INPUTS + SITE_LEVEL];
    (void)snprintf(point->unit, sizeof point->unit, "%%");
    point->format.decimals = 0;
    s->site.vessels[1].level.num = 60; /* 60 cm are full */
    s->site.vessels[1].level.den = 100;
    derive_free(s->derive);
    assert_int_equal(derive_create(&s->site.config, s->now, &s->derive), 0);
    derive_ready(s->derive);
    stage_take(s, SITE_LEVEL, 2.9);
    stage_take(s, SITE_INPUTS + SITE_LEVEL, 13);
    uint16_t alarm = (uint16_t)site_alarm(&s->site, 0, TANK_ALARM_TIME_MEDIUM);
    derive_words(s->derive, alarm, LANGUAGE_EN, text, sizeof text);
    assert_string_equal(text, "level 2.9 in");
    derive_words(s->derive, alarm, LANGUAGE_ZH, text, sizeof text);
    assert_string_equal(text, "液位 2.9 in");
    alarm = (uint16_t)site_alarm(&s->site, 1, TANK_ALARM_TIME_MEDIUM);
    derive_words(s->derive, alarm, LANGUAGE_EN, text, sizeof text);
    assert_string_equal(text, "level 13 %");
    stage_close(s);
}

/* A state is told when it changes, not at the next minute. */
static void a_fill_is_told_at_once(void **state)
{
    (void)state;
    struct stage *s = stage_open();
    int phase = site_point(&s->site, 0, TANK_POINT_PHASE, BOUND_VALUE);
    derive_ready(s->derive);
    stage_run(s, 3);
    while (s->filling[0])
        stage_step(s);
    stage_run(s, 0.1);
    struct stamp at = {s->now.boot_us + SECOND, s->now.utc_us + SECOND};
    site_take(s->derive, at, SITE_VALVE, 1);
    site_hear(s->derive, &s->heard);
    assert_int_equal(s->heard.readings[phase].raw, TANK_FILLING);
    assert_int_equal(s->heard.at_us[phase], at.boot_us);
    at.boot_us += SECOND;
    site_take(s->derive, at, SITE_VALVE, 0);
    site_hear(s->derive, &s->heard);
    assert_int_equal(s->heard.readings[phase].raw, TANK_SETTLING);
    stage_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fill_on_another_probe),
        cmocka_unit_test(a_level_that_is_of_another_tank),
        cmocka_unit_test(a_lid_on_another_probe),
        cmocka_unit_test(no_tank_is_filled),
        cmocka_unit_test(a_stuck_level_hides_no_warming),
        cmocka_unit_test(valves_that_are_open_are_no_fills),
        cmocka_unit_test(an_empty_fill_is_not_over_with_the_valve),
        cmocka_unit_test(nobody_waits),
        cmocka_unit_test(the_supply_runs_short),
        cmocka_unit_test(time_left_is_told_outside_the_sawtooth),
        cmocka_unit_test(levels_are_told_as_they_are_shown),
        cmocka_unit_test(a_fill_is_told_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
