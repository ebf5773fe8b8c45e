/* Whole runs of cryosim's freezer through derive.h: what becomes of roles, alarms, readings and runs. */
#include "run_stage.h"

#include "run_report.h"

#include <errno.h>
#include <string.h>

static void a_run_is_told_once(void **state)
{
    struct stage *s = *state;
    struct freezer_verdict v;
    derive_ready(s->derive);
    stage_go(s, 600);
    assert_int_equal(s->n_began, 0);
    assert_int_equal(s->readings[FREEZER_POINT_RUN].value, 0);
    assert_int_equal(s->readings[FREEZER_POINT_RUN_TIME].reason, REASON_NO_RUN);
    assert_int_equal(s->readings[FREEZER_POINT_STEP].reason, REASON_NO_RUN);
    stage_act(s, "start", "");
    stage_go(s, 1200);
    assert_int_equal(s->n_began, 1);
    assert_int_equal(s->readings[FREEZER_POINT_RUN].value, 1 * K);
    assert_int_equal(s->readings[FREEZER_POINT_STEP].value, 2 * K);
    assert_in_range(s->readings[FREEZER_POINT_RUN_TIME].value, 19 * K, 20 * K);
    assert_int_equal(s->readings[FREEZER_POINT_DEVIATION].quality, QUALITY_GOOD);
    stage_go(s, 4000);
    assert_int_equal(s->n_began, 1);
    assert_int_equal(s->n_ended, 1);
    assert_int_equal(s->ended.how, FREEZER_END_COMPLETE);
    assert_int_equal(s->readings[FREEZER_POINT_RUN].value, 2 * K);
    freezer_record_judge(&s->ended, &s->programs[0].steps, &v);
    assert_int_equal(v.kind, FREEZER_WITHIN_LIMITS);
    for (int i = 0; i < FREEZER_ALARM_COUNT; i++)
        assert_int_not_equal(s->holds[i], 1);
}

static const char *words(const struct stage *s, unsigned which)
{
    static char text[256];
    derive_words(s->derive, (uint16_t)which, LANGUAGE_EN, text, sizeof text);
    return text;
}

static void a_run_that_is_broken_off_calls_for_somebody(void **state)
{
    struct stage *s = *state;
    stage_start(s);
    stage_go(s, 1500);
    stage_act(s, "door", "open");
    stage_go(s, 10);
    assert_int_equal(s->holds[ALARM_LID], 1);
    stage_act(s, "reset", "");
    stage_go(s, 10);
    assert_int_equal(s->n_ended, 1);
    assert_int_equal(s->ended.how, FREEZER_END_STOPPED);
    assert_int_equal(s->holds[ALARM_LEFT], 1);
    assert_int_equal(s->holds[ALARM_LID], 0); /* that no run goes on was read */
    assert_non_null(strstr(words(s, ALARM_LEFT), "not into LN2"));
    stage_go(s, 600); /* that the controller is reset says nothing of the samples */
    assert_int_equal(s->holds[ALARM_LEFT], 1);
    derive_attend(s->derive, 0);
    stage_go(s, 5);
    assert_int_equal(s->holds[ALARM_LEFT], 0);
}

static void a_late_run_holds_until_it_begins(void **state)
{
    struct stage *s = *state;
    derive_ready(s->derive);
    stage_go(s, 60);
    assert_int_equal(s->holds[ALARM_LATE], -1); /* nobody has said yet when one is expected */
    derive_expect(s->derive, 0, stage_at(s).boot_us + 120 * S);
    stage_go(s, 60);
    assert_int_equal(s->holds[ALARM_LATE], 0);
    stage_go(s, 120);
    assert_int_equal(s->holds[ALARM_LATE], 1);
    stage_act(s, "start", "");
    stage_go(s, 10);
    assert_int_equal(s->holds[ALARM_LATE], 0);
}

static void a_late_run_that_is_excused(void **state)
{
    struct stage *s = *state;
    derive_ready(s->derive);
    derive_expect(s->derive, 0, stage_at(s).boot_us + 60 * S);
    stage_go(s, 120);
    assert_int_equal(s->holds[ALARM_LATE], 1);
    derive_expect(s->derive, 0, stage_at(s).boot_us + 86400 * S);
    stage_go(s, 5);
    assert_int_equal(s->holds[ALARM_LATE], 0);
}

static void the_next_run_follows_what_was_prepared(void **state)
{
    struct stage *s = *state;
    struct freezer_verdict v;
    derive_ready(s->derive);
    stage_go(s, 60);
    assert_int_equal(derive_prepare(s->derive, 0, 1), 0);
    stage_act(s, "start", "");
    stage_go(s, 1500);
    assert_ptr_equal(derive_run_program(s->derive, 0, false), &s->programs[1]);
    assert_int_equal(derive_prepare(s->derive, 0, 0), -EBUSY);
    stage_go(s, 4000);
    assert_int_equal(s->n_ended, 1);
    assert_ptr_equal(derive_run_program(s->derive, 0, true), &s->programs[1]);
    freezer_record_judge(&s->ended, &s->programs[1].steps, &v);
    assert_int_equal(v.kind, FREEZER_OUTSIDE_LIMITS); /* it ran at half of the rate */
    stage_act(s, "start", "");
    stage_go(s, 60);
    assert_int_equal(s->n_began, 2);
    assert_ptr_equal(derive_run_program(s->derive, 0, false), &s->programs[0]);
}

static void a_run_of_the_past_follows_its_plan(void **state)
{
    struct stage *s = *state;
    derive_plan(
        s->derive, 0,
        &(struct derive_plan){.from_utc_us = UTC_US + 590 * S, .to_utc_us = UTC_US + 3600 * S, .program = 1});
    stage_go(s, 600);
    stage_act(s, "start", "");
    stage_go(s, 60);
    assert_ptr_equal(derive_run_program(s->derive, 0, false), &s->programs[1]);
}

/* The daemon was killed before a reading of the run was on disk: it is found after derive_ready, and is the
 * one that was told. The next one is another. */
static void a_run_that_the_record_has_not_follows_its_plan(void **state)
{
    struct stage *s = *state;
    derive_plan(s->derive, 0,
                &(struct derive_plan){.from_utc_us = UTC_US + 590 * S,
                                      .late_utc_us = UTC_US + 720 * S,
                                      .to_utc_us = UTC_US + 86400 * S,
                                      .program = 1});
    stage_go(s, 595);
    derive_ready(s->derive);
    stage_go(s, 5);
    stage_act(s, "start", "");
    stage_go(s, 60);
    assert_int_equal(s->n_began, 1);
    assert_ptr_equal(derive_run_program(s->derive, 0, false), &s->programs[1]);
    stage_act(s, "reset", "");
    stage_go(s, 120);
    stage_act(s, "start", "");
    stage_go(s, 60);
    assert_int_equal(s->n_began, 2);
    assert_ptr_equal(derive_run_program(s->derive, 0, false), &s->programs[0]);
}

static void one_ends_and_the_next_begins(void **state)
{
    struct stage *s = *state;
    stage_start(s);
    stage_go(s, 1200);
    s->silent = true;
    stage_go(s, 10);
    stage_act(s, "reset", "");
    stage_act(s, "start", "");
    s->now_s += 3600; /* nobody looked meanwhile: one reading ends the one and begins the other */
    s->silent = false;
    stage_give(s, STATUS, RUN_A + FREEZER_STATUS_RUNNING, false);
    assert_int_equal(s->n_ended, 1);
    assert_int_equal(s->ended.how, FREEZER_END_LOST);
    assert_int_equal(s->n_began, 2);
    assert_false(derive_run(s->derive, 0)->record.begin_known);
}

static void the_event_says_what_it_was(void **state)
{
    struct stage *s = *state;
    char text[4096];
    struct json_text j;
    stage_start(s);
    stage_go(s, 1500);
    stage_act(s, "reset", "");
    stage_go(s, 10);
    json_text_begin(&j, text, sizeof text);
    json_text_object(&j, NULL);
    run_report_program(&j, &s->programs[0]);
    run_report_begin(&j, &s->ended);
    assert_int_equal(run_report_end(&j, &s->ended, 1, &s->programs[0], 60 * S, 8), FREEZER_OUTSIDE_LIMITS);
    json_text_end(&j);
    assert_true(json_text_finish(&j) > 0);
    assert_non_null(
        strstr(text, "\"program\":\"usual\",\"program_sha256\":\"5e1b\",\"program_status\":\"example\""));
    assert_non_null(strstr(
        text,
        "\"how\":\"stopped\",\"step\":2,\"verdict\":\"outside\",\"reasons\":[{\"why\":\"not-complete\"}"));
    assert_non_null(strstr(text, "\"guidance\":{\"is\":\"minus-80\""));
    assert_non_null(strstr(text, "不得放入液氮气相"));
    assert_null(strstr(text, "\"samples\""));
}

/* A second probe, whose sample does not freeze: it takes the place of the nitrogen switch. */
static void add_probe(struct stage *s)
{
    struct freezer_config *f = &s->freezer;
    f->inputs[FREEZER_INPUT_SAMPLE_2] = (struct role){.point = LN2, .num = 1, .den = 1};
    f->inputs[FREEZER_INPUT_LN2].point = ROLE_NONE;
    f->setup.has = (f->setup.has & ~(1U << FREEZER_INPUT_LN2)) | 1U << FREEZER_INPUT_SAMPLE_2;
    strcpy(s->points[SAMPLE].id, "bag-a");
    strcpy(s->points[LN2].id, "bag-b");
    strcpy(s->points[LN2].name.text[LANGUAGE_EN], "Bag B");
    strcpy(s->points[LN2].name.text[LANGUAGE_ZH], "B袋");
    s->programs[0].steps.exotherm_by = -25 * K;
    s->second_c = 4;
    derive_free(s->derive);
    assert_int_equal(derive_create(&s->config, stage_at(s), &s->derive), 0);
}

static void each_probe_is_named(void **state)
{
    struct stage *s = *state;
    char text[4096];
    struct json_text j;
    add_probe(s);
    stage_start(s);
    stage_go(s, 2400);
    assert_int_equal(s->holds[ALARM_NO_EXOTHERM], 1);
    derive_words(s->derive, ALARM_NO_EXOTHERM, LANGUAGE_EN, text, sizeof text);
    assert_non_null(strstr(text, "Bag B -"));
    assert_null(strstr(text, "bag-a"));
    derive_words(s->derive, ALARM_NO_EXOTHERM, LANGUAGE_ZH, text, sizeof text);
    assert_non_null(strstr(text, "B袋 -"));
    stage_act(s, "reset", "");
    stage_go(s, 10);
    json_text_begin(&j, text, sizeof text);
    json_text_object(&j, NULL);
    (void)run_report_end(&j, &s->ended, 1, &s->programs[0], 60 * S, 8);
    json_text_end(&j);
    assert_true(json_text_finish(&j) > 0);
    assert_non_null(strstr(text, "{\"why\":\"no-exotherm\",\"sample\":2}"));
    assert_non_null(strstr(text, "\"samples\":[-"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, stage_open, stage_close)
    const struct CMUnitTest tests[] = {
        TEST(a_run_is_told_once),
        TEST(a_run_that_is_broken_off_calls_for_somebody),
        TEST(a_late_run_holds_until_it_begins),
        TEST(a_late_run_that_is_excused),
        TEST(the_next_run_follows_what_was_prepared),
        TEST(a_run_of_the_past_follows_its_plan),
        TEST(a_run_that_the_record_has_not_follows_its_plan),
        TEST(one_ends_and_the_next_begins),
        TEST(the_event_says_what_it_was),
        TEST(each_probe_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
