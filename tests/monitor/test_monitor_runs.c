/* Runs of a freezer on the core thread: what is told of them, what people may say of them, and when one is
 * late. */
#include "monitor_stage.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* The stage's clock begins at 08:16:40 UTC. */
static const char site[] =
    "site: {id: s}\n"
    "notify: {expected: false}\n"
    "buses: {b: {tcp: {host: h}}}\n"
    "devices: {d: {bus: b, unit: 1, profile: p}}\n"
    "assets:\n"
    "  freezer-1:\n"
    "    kind: freezer\n"
    "    points: {chamber: {device: d, register: t}, program: {device: d, register: p}}\n"
    "    runs:\n"
    "      chamber: chamber\n"
    "      status: {point: program, running: run, complete: complete, idle: reset}\n"
    "      expected: [\"daily 08:30\"]\n"
    "      late_after: 5 min\n"
    "  tank-1:\n"
    "    kind: tank\n"
    "    points: {level: {device: d, register: l}}\n"
    "    vessel: {level: level}\n";

enum { RESET = 1, RUN = 2, COMPLETE = 16 };

static int status, chamber;
static char told[16][BODY_MAX];
static unsigned n_told;

static void take(struct stage *s)
{
    const unsigned before = s->n_events;
    stage_take(s);
    if (s->n_events > before && strstr(s->last_event, "\"kind\":\"run\"") != NULL && n_told < 16)
        memcpy(told[n_told++], s->last_event, BODY_MAX);
}

static void turn(struct stage *s)
{
    stage_take(s);
    stage_sample(s, stage_point(s, "freezer-1", "program"), status * MICRO_PER_UNIT, QUALITY_GOOD,
                 REASON_NONE);
    take(s);
    stage_sample(s, stage_point(s, "freezer-1", "chamber"), chamber * MICRO_PER_UNIT, QUALITY_GOOD,
                 REASON_NONE);
    take(s);
    monitor_watch_derived(s->m);
    take(s);
}

static void open_stage(struct stage *s)
{
    setenv("TZ", "UTC0", 1);
    tzset();
    status = RESET;
    chamber = 4;
    n_told = 0;
    stage_open(s, site, stage_profile);
    monitor_derive_begin(s->m, NULL, 0);
    stage_pass(s, 10, turn);
}

static struct command_result say(struct stage *s, enum command_verb verb, const char *who, const char *run,
                                 const char *note)
{
    struct command_request request = {.verb = verb};
    struct command_result result = {0};
    snprintf(request.who, sizeof request.who, "%s", who);
    snprintf(request.asset, sizeof request.asset, "freezer-1");
    snprintf(request.run, sizeof request.run, "%s", run);
    snprintf(request.note, sizeof request.note, "%s", note);
    stage_take(s);
    monitor_run_command(s->m, &request, &result);
    take(s);
    return result;
}

static void refused(struct command_result result, int error, const char *words)
{
    assert_int_equal(result.error, error);
    assert_non_null(strstr(result.why[LANGUAGE_EN], words));
    assert_string_not_equal(result.why[LANGUAGE_ZH], "");
    assert_int_equal(result.seq, 0);
}

static void a_run(struct stage *s)
{
    status = RUN;
    stage_pass(s, 60, turn);
    status = COMPLETE;
    chamber = -90;
    stage_pass(s, 5, turn);
}

/* ---------------------------------------------------------------- tests */

static void test_told_once(void **state)
{
    (void)state;
    struct stage s;
    open_stage(&s);
    assert_int_equal(n_told, 0);
    a_run(&s);
    stage_pass(&s, 120, turn);
    assert_int_equal(n_told, 2);
    assert_non_null(
        strstr(told[0], "\"transition\":\"began\",\"program\":null,\"begin\":\"2027-01-15T08:16:51.000Z\""));
    assert_non_null(strstr(told[0], "\"freezer_run\":\"freezer-1@1800001011000\""));
    assert_non_null(strstr(told[1], "\"freezer_run\":\"freezer-1@1800001011000\",\"transition\":\"ended\""));
    assert_non_null(strstr(
        told[1], "\"how\":\"complete\",\"verdict\":\"unknown\",\"reasons\":[{\"why\":\"no-program\"}]"));
    stage_close(&s);
}

/* Broken off and started again within seconds: two runs, and what was prepared was for the first. */
static void test_started_again_at_once(void **state)
{
    (void)state;
    struct stage s;
    open_stage(&s);
    struct command_request prepare = {
        .verb = COMMAND_RUN_PREPARE, .asset = "freezer-1", .who = "wang", .operator= "li.na", .lots = "A"};
    struct command_result result = {0};
    monitor_run_command(s.m, &prepare, &result);
    status = RUN;
    stage_pass(&s, 8, turn);
    status = RESET;
    stage_pass(&s, 2, turn);
    n_told = 0;
    a_run(&s);
    assert_int_equal(n_told, 2);
    assert_non_null(strstr(told[0], "\"transition\":\"began\""));
    assert_null(strstr(told[0], "\"lots\""));
    assert_non_null(strstr(told[1], "\"transition\":\"ended\""));
    assert_non_null(strstr(told[1], "\"how\":\"complete\""));
    assert_null(strstr(told[1], "\"lots\""));
    stage_close(&s);
}

static void test_decisions(void **state)
{
    (void)state;
    struct stage s;
    open_stage(&s);
    struct command_request prepare = {.verb = COMMAND_RUN_PREPARE,
                                      .asset = "freezer-1",
                                      .who = "wang",
                                      .operator= "li.na",
                                      .lots = "A \"1\"\nB"};
    struct command_result result = {0};
    monitor_run_command(s.m, &prepare, &result);
    assert_int_equal(result.error, 0);
    status = RUN;
    stage_pass(&s, 5, turn);
    refused(say(&s, COMMAND_RUN_ACCEPT, "wang", "last", "a reason of substance"), -EBUSY, "goes on");
    a_run(&s);
    assert_non_null(strstr(told[1], "\"operator\":\"li.na\",\"lots\":[\"A \\\"1\\\"\",\"B\"]"));
    refused(say(&s, COMMAND_RUN_ACCEPT, "wang", "freezer-1@1", ""), -ENOENT, "no such run");
    refused(say(&s, COMMAND_RUN_ACCEPT, "wang", "last", ""), -EINVAL, "not known");
    refused(say(&s, COMMAND_RUN_ACCEPT, "wang", "last", "ok"), -EINVAL, "not known");
    refused(say(&s, COMMAND_RUN_ACCEPT, "wang", "last", "............"), -EINVAL, "not known");
    n_told = 0;
    result = say(&s, COMMAND_RUN_ACCEPT, "li.na", "last", "no program is given on purpose");
    assert_int_equal(result.error, 0);
    assert_true(result.seq > 0);
    assert_non_null(strstr(told[0], "\"transition\":\"accepted\""));
    assert_non_null(strstr(told[0], "\"by_operator\":true"));
    assert_null(strstr(told[0], "\"previous\""));
    refused(say(&s, COMMAND_RUN_ACCEPT, "li.na", "last", "once more, to be sure"), -EALREADY, "already");
    refused(say(&s, COMMAND_RUN_REJECT, "wang", "last", "no"), -EINVAL, "accepted by li.na already");
    assert_int_equal(say(&s, COMMAND_RUN_REJECT, "wang", "last", "a bag had leaked").error, 0);
    assert_non_null(strstr(told[1], "\"previous\":{\"decision\":\"accepted\",\"by\":\"li.na\"}"));
    assert_null(strstr(told[1], "by_operator"));
    stage_close(&s);
}

static void test_late(void **state)
{
    (void)state;
    struct stage s;
    open_stage(&s);
    const uint16_t alarm = stage_alarm(&s, "freezer-1", "run-late");
    refused(say(&s, COMMAND_RUN_NOTE, "wang", "late", "there is none today"), -EALREADY, "no run is late");
    stage_pass(&s, 18 * 60, turn); /* 08:34:50 */
    assert_int_equal(stage_state(&s, alarm), ALARM_NORMAL);
    stage_pass(&s, 30, turn);
    assert_int_equal(stage_state(&s, alarm), ALARM_UNACKNOWLEDGED);
    refused(say(&s, COMMAND_RUN_NOTE, "wang", "late", ""), -EINVAL, "why");
    n_told = 0;
    assert_int_equal(say(&s, COMMAND_RUN_NOTE, "wang", "late", "there is none today").error, 0);
    assert_non_null(strstr(
        told[0], "\"transition\":\"excused\",\"expected\":\"2027-01-15T08:30:00.000Z\",\"by\":\"wang\""));
    stage_pass(&s, 5, turn);
    assert_int_equal(stage_state(&s, alarm), ALARM_RETURNED_UNACKNOWLEDGED);
    stage_close(&s);
}

static void test_a_run_in_time_is_not_late(void **state)
{
    (void)state;
    struct stage s;
    open_stage(&s);
    a_run(&s); /* it ends before the time at which it was expected */
    stage_pass(&s, 30 * 60, turn);
    assert_int_equal(stage_state(&s, stage_alarm(&s, "freezer-1", "run-late")), ALARM_NORMAL);
    stage_close(&s);
}

/* 08:30 and 09:30. A run at 09:05 is the first one, late: the second one is still expected. */
static void test_two_a_day_one_missed(void **state)
{
    (void)state;
    struct stage s;
    static char text[sizeof site + sizeof site];
    const char *at = strstr(site, "\"daily 08:30\"");
    assert_non_null(at);
    snprintf(text, sizeof text, "%.*s\"daily 08:30\", \"daily 09:30\"%s", (int)(at - site), site,
             at + strlen("\"daily 08:30\""));
    setenv("TZ", "UTC0", 1);
    tzset();
    status = RESET;
    chamber = 4;
    stage_open(&s, text, stage_profile);
    monitor_derive_begin(s.m, NULL, 0);
    const uint16_t alarm = stage_alarm(&s, "freezer-1", "run-late");
    stage_pass(&s, 48 * 60, turn);
    assert_int_equal(stage_state(&s, alarm), ALARM_UNACKNOWLEDGED);
    a_run(&s);
    status = RESET;
    chamber = 4;
    stage_pass(&s, 28 * 60, turn); /* 09:34 */
    assert_int_equal(stage_state(&s, alarm), ALARM_RETURNED_UNACKNOWLEDGED);
    stage_pass(&s, 3 * 60, turn);
    assert_int_equal(stage_state(&s, alarm), ALARM_UNACKNOWLEDGED);
    stage_close(&s);
}

static void restore(struct stage *s, const char *transition, const char *run, int64_t begin_utc_us)
{
    struct run_row *row = calloc(1, sizeof *row);
    assert_non_null(row);
    snprintf(row->transition, sizeof row->transition, "%s", transition);
    snprintf(row->asset, sizeof row->asset, "freezer-1");
    snprintf(row->run, sizeof row->run, "%s", run);
    snprintf(row->operator, sizeof row->operator, "li.na");
    row->utc_us = row->begin_utc_us = begin_utc_us;
    if (strcmp(transition, "ended") == 0)
        row->end_utc_us = begin_utc_us + SECOND_US;
    s->m->started = false;
    monitor_run_restore(s->m, row);
    s->m->started = true;
}

/* It had begun, and nothing of it is known any more: that is said, once. */
static void test_what_an_earlier_run_of_the_daemon_left(void **state)
{
    (void)state;
    struct stage s;
    n_told = 0;
    status = RESET;
    stage_open(&s, site, stage_profile);
    restore(&s, "began", "freezer-1@1799990000000", INT64_C(1799990000000000));
    restore(&s, "prepared", "", INT64_C(1799990001000000));
    monitor_derive_begin(s.m, NULL, 0);
    take(&s);
    assert_int_equal(n_told, 1);
    assert_non_null(strstr(told[0], "\"freezer_run\":\"freezer-1@1799990000000\",\"transition\":\"ended\""));
    assert_non_null(strstr(told[0], "\"end\":null,\"how\":\"lost\",\"verdict\":\"unknown\""));
    stage_pass(&s, 5, turn);
    assert_int_equal(n_told, 1);
    a_run(&s); /* what was prepared then is for this one */
    assert_non_null(strstr(told[1], "\"operator\":\"li.na\""));
    stage_close(&s);
}

/* Of more runs than are kept, the newest are known, and one that goes on is not forgotten. */
static void test_bounded(void **state)
{
    (void)state;
    struct stage s;
    char run[RUN_ID_MAX];
    stage_open(&s, site, stage_profile);
    restore(&s, "began", "freezer-1@1", 1000);
    for (int i = 10; i < 10 + 3 * RUNS_KEPT; i++) {
        snprintf(run, sizeof run, "freezer-1@%d", i);
        restore(&s, "began", run, i * INT64_C(1000000000));
        restore(&s, "ended", run, i * INT64_C(1000000000));
    }
    assert_int_equal(s.m->runs->n, RUNS_KEPT);
    assert_non_null(monitor_run_find(s.m, "freezer-1", "freezer-1@1"));
    assert_non_null(monitor_run_find(s.m, "freezer-1", run));
    assert_null(monitor_run_find(s.m, "freezer-1", "freezer-1@10"));
    stage_close(&s);
}

static void test_a_tank_is_learned_anew(void **state)
{
    (void)state;
    struct stage s;
    open_stage(&s);
    struct command_request request = {
        .verb = COMMAND_VESSEL_RELEARN, .asset = "tank-1", .who = "wang", .note = "new vacuum"};
    struct command_result result = {0};
    monitor_vessel_relearn(s.m, &request, &result);
    assert_int_equal(result.error, 0);
    stage_take(&s);
    assert_non_null(
        strstr(s.last_event,
               "\"kind\":\"vessel\",\"asset\":\"tank-1\",\"transition\":\"relearned\",\"by\":\"wang\""));
    assert_int_equal(s.m->runs->n_relearned, 1); /* a recall will know it */
    strcpy(request.asset, "freezer-1");
    result = (struct command_result){0};
    monitor_vessel_relearn(s.m, &request, &result);
    assert_int_equal(result.error, -ENOENT);
    stage_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_told_once),
        cmocka_unit_test(test_started_again_at_once),
        cmocka_unit_test(test_decisions),
        cmocka_unit_test(test_late),
        cmocka_unit_test(test_a_run_in_time_is_not_late),
        cmocka_unit_test(test_two_a_day_one_missed),
        cmocka_unit_test(test_what_an_earlier_run_of_the_daemon_left),
        cmocka_unit_test(test_bounded),
        cmocka_unit_test(test_a_tank_is_learned_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
