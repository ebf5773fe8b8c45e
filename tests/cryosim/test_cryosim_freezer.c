#include "stage.h"

#include "freezer.h"

#include <math.h>
#include <string.h>

/* 4 degrees for 5 min, then one degree a minute to -45, then ten a minute to -90. */
static void program_of(struct freezer *freezer)
{
    freezer->segments[0] = (struct freezer_segment){0, 4, 300};
    freezer->segments[1] = (struct freezer_segment){1, -45, 0};
    freezer->segments[2] = (struct freezer_segment){10, -90, 0};
    freezer->n_segments = 3;
}

static void open_freezer(struct stage *stage, struct freezer *freezer, const char *const *settings)
{
    memset(freezer, 0, sizeof *freezer);
    stage_open(stage, &model_freezer, freezer, 1, settings);
    program_of(freezer);
}

static void chamber_follows_the_program(void **state)
{
    (void)state;
    struct freezer f;
    struct stage stage;
    open_freezer(&stage, &f, (const char *[]){NULL});
    assert_int_equal(f.status, FREEZER_RESET);
    assert_int_equal(freezer_segment_number(&f), 0);
    stage_set(&stage, "start", "");
    stage_run(&stage, 60);
    assert_int_equal(f.status, FREEZER_RUN);
    assert_int_equal(freezer_segment_number(&f), 1);
    assert_true(fabs(freezer_remaining_s(&f) - (240 + 49 * 60 + 4.5 * 60)) < 2);
    stage_run(&stage, 240 + 20 * 60);
    assert_int_equal(freezer_segment_number(&f), 2);
    assert_true(fabs(f.setpoint_c - (4 - 20)) < 0.1);
    assert_true(fabs(f.chamber_c - f.setpoint_c) < 1);
    stage_run(&stage, 29 * 60 + 4.5 * 60 + 10);
    assert_int_equal(f.status, FREEZER_COMPLETE);
    assert_true(freezer_remaining_s(&f) == 0);
    stage_run(&stage, 600);
    assert_true(fabs(f.sample_c - -90) < 1);
}

static void exotherm_shows_at_nucleation(void **state)
{
    (void)state;
    struct freezer f;
    struct stage stage;
    open_freezer(&stage, &f, (const char *[]){"nucleation", "-9 °C", "freezing", "-4 °C", NULL});
    stage_set(&stage, "start", "");
    double t = 0, lowest = 100;
    while (!f.freezing && t < 7200) {
        lowest = fmin(lowest, f.sample_c);
        stage_run(&stage, STEP_S);
        t += STEP_S;
    }
    assert_true(fabs(lowest - -9) < 0.1); /* supercooled to where ice appears */
    double chamber = f.chamber_c;
    stage_run(&stage, 30);
    assert_true(f.sample_c > -5 && f.sample_c < -4); /* jumped up, not beyond the freezing point */
    assert_true(f.chamber_c < chamber);              /* while the chamber cooled on */
    double plateau_s = 0;
    while (f.sample_c > -8 && plateau_s < 7200) {
        stage_run(&stage, 1);
        plateau_s++;
    }
    assert_in_range((long)plateau_s, 4 * 60, 30 * 60);
    stage_run(&stage, 40 * 60);
    assert_true(f.frozen > 0.99);
    assert_true(f.sample_c < -40);
}

static void seeding_starts_ice_earlier(void **state)
{
    (void)state;
    struct freezer f;
    struct stage stage;
    open_freezer(&stage, &f, (const char *[]){NULL});
    stage_set(&stage, "start", "");
    while (f.sample_c > -6)
        stage_run(&stage, 1);
    assert_false(f.freezing);
    stage_set(&stage, "seed", "");
    stage_run(&stage, 30);
    assert_true(f.freezing && f.sample_c > -4.6);
}

static void hold_resume_and_holdback(void **state)
{
    (void)state;
    struct freezer f;
    struct stage stage;
    open_freezer(&stage, &f, (const char *[]){"holdback", "3 K", NULL});
    stage_set(&stage, "start", "");
    stage_run(&stage, 900);
    stage_set(&stage, "hold", "");
    double setpoint = f.setpoint_c;
    stage_run(&stage, 900);
    assert_int_equal(f.status, FREEZER_HOLD);
    assert_true(f.setpoint_c == setpoint);
    stage_set(&stage, "resume", "");
    stage_run(&stage, 60);
    assert_int_equal(f.status, FREEZER_RUN);
    stage_set(&stage, "supply", "off"); /* no LN2: the chamber warms away from its setpoint */
    stage_run(&stage, 900);
    assert_int_equal(f.status, FREEZER_HOLDBACK);
    assert_true(f.chamber_c > f.setpoint_c + 3);
    stage_set(&stage, "supply", "on");
    stage_run(&stage, 300);
    assert_int_equal(f.status, FREEZER_RUN);
}

static void fresh_batch_is_thawed(void **state)
{
    (void)state;
    struct freezer f;
    struct stage stage;
    open_freezer(&stage, &f, (const char *[]){NULL});
    stage_set(&stage, "start", "");
    stage_run(&stage, 2 * 3600);
    assert_true(f.sample_c < -80);
    stage_set(&stage, "load", "");
    assert_true(f.sample_c == 4 && !f.freezing);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chamber_follows_the_program), cmocka_unit_test(exotherm_shows_at_nucleation),
        cmocka_unit_test(seeding_starts_ice_earlier),  cmocka_unit_test(hold_resume_and_holdback),
        cmocka_unit_test(fresh_batch_is_thawed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
