/* Answers to people: "done" is said when it is on disk; when the disk does not answer, so is that. */
#include "monitor_stage.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char site[] =
    "site: {id: s}\n"
    "notify: {expected: false}\n"
    "buses: {b: {tcp: {host: h}}}\n"
    "devices: {d: {bus: b, unit: 1, profile: p}}\n"
    "assets:\n"
    "  freezer-1:\n"
    "    kind: freezer\n"
    "    points: {chamber: {device: d, register: t}, program: {device: d, register: p}}\n"
    "    alarms: {warm: {point: chamber, high: 10, priority: high}}\n"
    "    runs:\n"
    "      chamber: chamber\n"
    "      status: {point: program, running: run, complete: complete, idle: reset}\n";

static struct stage s; /* it is large */
static uint32_t last_ticket;

static void open_stage(void)
{
    stage_open(&s, site, stage_profile);
    last_ticket = 0;
    stage_sample(&s, stage_point(&s, "freezer-1", "chamber"), 20 * MICRO_PER_UNIT, QUALITY_GOOD, REASON_NONE);
    stage_take(&s);
    assert_int_equal(stage_state(&s, stage_alarm(&s, "freezer-1", "warm")), ALARM_UNACKNOWLEDGED);
}

static struct command_request *request(enum command_origin origin, const char *who)
{
    struct command_request *r = calloc(1, sizeof *r);
    assert_non_null(r);
    r->origin = origin;
    r->ticket = ++last_ticket;
    snprintf(r->who, sizeof r->who, "%s", who);
    snprintf(r->asset, sizeof r->asset, "freezer-1");
    return r;
}

/* Acknowledges the alarm, or (a name that there is not) fails to; gives the ticket. */
static uint32_t acknowledge(enum command_origin origin, const char *who, const char *alarm)
{
    struct command_request *r = request(origin, who);
    r->verb = COMMAND_ACKNOWLEDGE;
    snprintf(r->alarm, sizeof r->alarm, "%s", alarm);
    monitor_command(s.m, r);
    stage_take(&s);
    return last_ticket;
}

/* A command that causes an event each time. */
static uint32_t prepare(enum command_origin origin, const char *who)
{
    struct command_request *r = request(origin, who);
    r->verb = COMMAND_RUN_PREPARE;
    snprintf(r->operator, sizeof r->operator, "li.na");
    const unsigned before = s.n_events;
    monitor_command(s.m, r);
    stage_take(&s);
    assert_int_equal(s.n_events, before + 1);
    return last_ticket;
}

static void durable(uint64_t seq, uint64_t lost_from, uint64_t lost_to)
{
    const struct core_message message = {.kind = CORE_DURABLE,
                                         .durable = {.seq = seq, .lost_from = lost_from, .lost_to = lost_to}};
    monitor_answers_durable(s.m, &message);
    stage_take(&s);
}

static void turn(struct stage *stage)
{
    monitor_answers_tick(stage->m, clock_boot_us());
}

static void assert_answer(unsigned i, uint32_t ticket, int error, enum record_state record)
{
    assert_true(i < s.n_answers);
    assert_int_equal(s.answers[i].ticket, ticket);
    assert_int_equal(s.answers[i].result.error, error);
    assert_int_equal(s.answers[i].result.record.state, record);
}

static const char *why(unsigned i)
{
    assert_string_not_equal(s.answers[i].result.record.why[LANGUAGE_ZH], "");
    return s.answers[i].result.record.why[LANGUAGE_EN];
}

/* ---------------------------------------------------------------- tests */

static void test_held_until_it_is_on_disk(void **state)
{
    (void)state;
    open_stage();
    const uint32_t ticket = acknowledge(ORIGIN_CONTROL, "li.na", "warm");
    assert_non_null(strstr(s.last_event, "\"transition\":\"acknowledged\""));
    assert_int_equal(s.n_answers, 0);
    durable(s.last_seq - 1, 0, 0);
    stage_pass(&s, 1, turn);
    assert_int_equal(s.n_answers, 0);
    durable(s.last_seq, 0, 0);
    assert_int_equal(s.n_answers, 1);
    assert_answer(0, ticket, 0, RECORD_STORED);
    stage_pass(&s, 5, turn); /* once */
    assert_int_equal(s.n_answers, 1);
    assert_int_equal(monitor_answers_deadline(s.m), INT64_MAX);
    stage_close(&s);
}

static void test_a_disk_that_hangs_does_not_hang_people(void **state)
{
    (void)state;
    open_stage();
    const int64_t asked_us = clock_boot_us();
    const uint32_t ticket = acknowledge(ORIGIN_MQTT, "li.na", "warm");
    assert_int_equal(monitor_answers_deadline(s.m), asked_us + ANSWER_HOLD_MS * MS_US);
    stage_pass(&s, 1, turn);
    assert_int_equal(s.n_answers, 0);
    stage_pass(&s, 1, turn);
    assert_answer(0, ticket, 0, RECORD_NOT_YET);
    assert_non_null(strstr(why(0), "done, but not yet on disk: the disk has not answered"));
    durable(s.last_seq, 0, 0);
    assert_int_equal(s.n_answers, 1);
    stage_close(&s);
}

static void test_what_causes_nothing_is_answered_at_once(void **state)
{
    (void)state;
    open_stage();
    const uint32_t none = acknowledge(ORIGIN_CONTROL, "li.na", "no-such-alarm");
    assert_answer(0, none, -ENOENT, RECORD_NONE);
    const uint32_t first = acknowledge(ORIGIN_CONTROL, "li.na", "warm");
    const uint32_t again = acknowledge(ORIGIN_CONTROL, "wang", "warm");
    assert_answer(1, again, -EALREADY, RECORD_NOT_YET); /* the truth about the first one */
    assert_non_null(strstr(why(1), "it is so, but not yet on disk"));
    durable(s.last_seq, 0, 0);
    assert_answer(2, first, 0, RECORD_STORED);
    const uint32_t later = acknowledge(ORIGIN_CONTROL, "wang", "warm");
    assert_answer(3, later, -EALREADY, RECORD_NONE);
    stage_close(&s);
}

static void test_order_of_one_caller(void **state)
{
    (void)state;
    open_stage();
    const uint32_t done = acknowledge(ORIGIN_MQTT, "li.na", "warm");
    const uint32_t nonsense = acknowledge(ORIGIN_MQTT, "li.na", "no-such-alarm");
    const uint32_t other = acknowledge(ORIGIN_MQTT, "wang", "no-such-alarm");
    assert_int_equal(s.n_answers, 1);
    assert_answer(0, other, -ENOENT, RECORD_NONE);
    const uint32_t more = prepare(ORIGIN_MQTT, "li.na");
    durable(s.last_seq, 0, 0);
    assert_int_equal(s.n_answers, 4);
    assert_answer(1, done, 0, RECORD_STORED);
    assert_answer(2, nonsense, -ENOENT, RECORD_NONE);
    assert_answer(3, more, 0, RECORD_STORED);
    stage_close(&s);
}

static void test_the_list_is_full(void **state)
{
    (void)state;
    open_stage();
    for (unsigned i = 0; i < ANSWERS_BY_MQTT; i++)
        (void)prepare(ORIGIN_MQTT, i % 2 == 0 ? "li.na" : "wang");
    assert_int_equal(s.n_answers, 0);
    const uint32_t one_more = prepare(ORIGIN_MQTT, "zhao");
    assert_answer(0, one_more, 0, RECORD_NOT_YET);
    assert_non_null(strstr(why(0), "too many"));
    for (unsigned i = ANSWERS_BY_MQTT; i < ANSWERS_HELD_MAX; i++)
        (void)prepare(ORIGIN_CONTROL, "li.na"); /* who is here finds a place all the same */
    assert_int_equal(s.n_answers, 1);
    const uint32_t last = prepare(ORIGIN_CONTROL, "li.na");
    assert_answer(1, last, 0, RECORD_NOT_YET);
    durable(s.last_seq, 0, 0);
    assert_int_equal(s.n_answers, 2 + ANSWERS_HELD_MAX);
    for (unsigned i = 2; i < s.n_answers; i++)
        assert_int_equal(s.answers[i].result.record.state, RECORD_STORED);
    stage_close(&s);
}

static void test_a_disk_that_is_known_to_fail(void **state)
{
    (void)state;
    open_stage();
    const uint32_t before = prepare(ORIGIN_CONTROL, "li.na");
    /* A path of any length, in any script, ends with a whole character. */
    char detail[NOTE_MAX];
    for (unsigned cut = 0; cut < 4; cut++) {
        snprintf(detail, sizeof detail, "/srv/%.*s%s: no room", (int)cut, "xxxx",
                 "液氮罐监控系统的状态数据库液氮罐监控系统的状态数据库液氮罐监控系统的状态数据库液氮罐监控系"
                 "统的状态数据库液氮罐");
        monitor_fault(s.m, FAULT_STATE_DB, FROM_OWNER, true, detail);
        turn(&s);
        stage_take(&s);
        if (cut == 0)
            assert_answer(0, before, 0, RECORD_NOT_YET);
        const unsigned i = s.n_answers;
        const uint32_t ticket = prepare(ORIGIN_CONTROL, "li.na");
        assert_answer(i, ticket, 0, RECORD_NOT_YET);
        assert_non_null(strstr(why(i), "not yet on disk: /srv/"));
        const char *zh = s.answers[i].result.record.why[LANGUAGE_ZH];
        const size_t len = strlen(zh);
        assert_true(len >= WHY_MAX - 4 && (unsigned char)zh[len - 1] >= 0x80);
        assert_true(((unsigned char)zh[len - 3] & 0xF0) == 0xE0); /* a character of three bytes, all there */
    }
    stage_close(&s);
}

static void test_what_was_given_up_is_not_recorded(void **state)
{
    (void)state;
    open_stage();
    const uint32_t first = prepare(ORIGIN_CONTROL, "li.na");
    const uint32_t lost = prepare(ORIGIN_CONTROL, "li.na");
    const uint64_t lost_seq = s.last_seq;
    const uint32_t third = prepare(ORIGIN_CONTROL, "li.na");
    durable(s.last_seq, lost_seq, lost_seq);
    assert_int_equal(s.n_answers, 3);
    assert_answer(0, first, 0, RECORD_STORED);
    assert_answer(1, lost, 0, RECORD_NOT_YET);
    assert_non_null(strstr(why(1), "NOT on record"));
    assert_answer(2, third, 0, RECORD_STORED);
    stage_close(&s);
}

static void test_the_end(void **state)
{
    (void)state;
    open_stage();
    const uint32_t ticket = prepare(ORIGIN_CONTROL, "li.na");
    monitor_answers_finish(s.m);
    stage_take(&s);
    assert_answer(0, ticket, 0, RECORD_NOT_YET);
    stage_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_held_until_it_is_on_disk),
        cmocka_unit_test(test_a_disk_that_hangs_does_not_hang_people),
        cmocka_unit_test(test_what_causes_nothing_is_answered_at_once),
        cmocka_unit_test(test_order_of_one_caller),
        cmocka_unit_test(test_the_list_is_full),
        cmocka_unit_test(test_a_disk_that_is_known_to_fail),
        cmocka_unit_test(test_what_was_given_up_is_not_recorded),
        cmocka_unit_test(test_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
