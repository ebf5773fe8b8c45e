/* The retained states of alarms carry the value of now, about once a minute, and that is no event. */
#include "monitor_stage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AGAIN      60
#define PER_TURN   32
#define TANKS      50
#define DEGREES(x) ((micro_t)((x)*MICRO_PER_UNIT))

static char *make_site(unsigned tanks)
{
    char *text = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&text, &len);
    assert_non_null(f);
    fprintf(f, "site: {id: s}\nnotify: {expected: false}\nbuses: {b: {tcp: {host: h}}}\n"
               "devices: {d: {bus: b, unit: 1, profile: p}}\nassets:\n");
    for (unsigned i = 1; i <= tanks; i++)
        fprintf(f,
                "  tank-%u:\n    name: Tank %u\n    kind: tank\n    points:\n"
                "      t: {device: d, register: t, no_data_after: 1 h}\n    alarms:\n"
                "      warm: {point: t, high: -165, deadband: 2, priority: high, text: Warm}\n",
                i, i);
    assert_int_equal(fclose(f), 0);
    return text;
}

static uint16_t point, alarm;

static void open_tanks(struct stage *s, unsigned tanks)
{
    char *text = make_site(tanks);
    stage_open(s, text, stage_profile);
    free(text);
    point = stage_point(s, "tank-1", "t");
    alarm = stage_alarm(s, "tank-1", "warm");
}

static void turn(struct stage *s)
{
    monitor_watch_refresh(s->m, clock_boot_us());
}

static void warm(struct stage *s, micro_t value)
{
    stage_sample(s, point, value, QUALITY_GOOD, REASON_NONE);
    stage_take(s);
}

static const char *shown(const struct stage *s, uint16_t which)
{
    return s->shown + (size_t)which * BODY_MAX;
}

static void test_value_of_now_once_a_minute(void **state)
{
    (void)state;
    struct stage s;
    open_tanks(&s, 1);
    warm(&s, DEGREES(-150));
    assert_int_equal(s.n_shown[alarm], 1);
    assert_non_null(strstr(shown(&s, alarm), "-150"));
    unsigned events = s.n_events;
    warm(&s, DEGREES(-140)); /* no transition: nobody is told of it yet */
    stage_pass(&s, AGAIN - 1, turn);
    assert_int_equal(s.n_shown[alarm], 1);
    stage_pass(&s, 1, turn);
    assert_int_equal(s.n_shown[alarm], 2);
    assert_non_null(strstr(shown(&s, alarm), "-140"));
    assert_null(strstr(shown(&s, alarm), "-150"));
    warm(&s, DEGREES(-130));
    stage_pass(&s, AGAIN - 1, turn);
    assert_int_equal(s.n_shown[alarm], 2);
    stage_pass(&s, 1, turn);
    assert_int_equal(s.n_shown[alarm], 3);
    assert_non_null(strstr(shown(&s, alarm), "-130"));
    assert_int_equal(s.n_events, events); /* not stored, nobody called */
    stage_close(&s);
}

/* What an acknowledged alarm says is refreshed too; when it is over, it is cleared and stays so. */
static void test_until_it_is_normal(void **state)
{
    (void)state;
    struct stage s;
    open_tanks(&s, 1);
    warm(&s, DEGREES(-150));
    struct event ack = {.kind = EVENT_ACKNOWLEDGE};
    ack.order.alarm = alarm;
    ack.order.command = 1;
    assert_int_equal(monitor_feed(s.m, &ack, &(struct command){.who = "li"}), 0);
    warm(&s, DEGREES(-155));
    stage_pass(&s, AGAIN, turn);
    assert_non_null(strstr(shown(&s, alarm), "-155"));
    assert_non_null(strstr(shown(&s, alarm), "\"li\""));
    warm(&s, DEGREES(-190));
    assert_string_equal(shown(&s, alarm), "");
    unsigned told = s.n_shown[alarm];
    warm(&s, DEGREES(-189));
    stage_pass(&s, 3 * AGAIN, turn);
    assert_int_equal(s.n_shown[alarm], told);
    stage_close(&s);
}

/* A value that can't be read any more does not stand there as if it were of now. */
static void test_lost_value_is_not_shown_as_of_now(void **state)
{
    (void)state;
    struct stage s;
    open_tanks(&s, 1);
    warm(&s, DEGREES(-150));
    stage_sample(&s, point, 0, QUALITY_BAD, REASON_TIMEOUT);
    stage_pass(&s, AGAIN, turn);
    assert_non_null(strstr(shown(&s, alarm), "timeout"));
    stage_close(&s);
}

/* A site that is in alarm as a whole: all are refreshed, but not all in one second. */
static void test_no_flood(void **state)
{
    (void)state;
    struct stage s;
    open_tanks(&s, TANKS);
    for (unsigned i = 0; i < TANKS; i++) {
        char id[ID_MAX];
        snprintf(id, sizeof id, "tank-%u", i + 1);
        point = stage_point(&s, id, "t");
        warm(&s, DEGREES(-150));
        warm(&s, DEGREES(-140));
    }
    stage_pass(&s, AGAIN - 1, turn);
    unsigned total = 0, most = 0;
    for (int second = 0; second < 3; second++) {
        unsigned before = total;
        stage_pass(&s, 1, turn);
        total = 0;
        for (unsigned i = 0; i < TANKS; i++) {
            char id[ID_MAX];
            snprintf(id, sizeof id, "tank-%u", i + 1);
            total += s.n_shown[stage_alarm(&s, id, "warm")] - 1;
        }
        most = total - before > most ? total - before : most;
    }
    assert_int_equal(total, TANKS);
    assert_true(most <= PER_TURN);
    stage_close(&s);
}

/* No room: it is told when there is. */
static void test_publisher_has_no_room(void **state)
{
    (void)state;
    struct stage s;
    open_tanks(&s, 1);
    warm(&s, DEGREES(-150));
    warm(&s, DEGREES(-140));
    stage_pass(&s, AGAIN - 1, turn);
    stage_fill_publisher(&s, true);
    stage_pass(&s, 1, turn); /* takes what waits, behind the turn */
    assert_int_equal(s.n_shown[alarm], 1);
    stage_pass(&s, 1, turn);
    assert_int_equal(s.n_shown[alarm], 2);
    assert_non_null(strstr(shown(&s, alarm), "-140"));
    stage_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_value_of_now_once_a_minute),
        cmocka_unit_test(test_until_it_is_normal),
        cmocka_unit_test(test_lost_value_is_not_shown_as_of_now),
        cmocka_unit_test(test_no_flood),
        cmocka_unit_test(test_publisher_has_no_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
