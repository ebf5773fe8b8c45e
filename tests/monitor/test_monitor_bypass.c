/* Bypassed devices whose readings are inputs of tanks, supplies and freezers: what is derived from them is
 * out of service with them, by the same order and until the same time. */
#include "monitor_stage.h"

#include <stdio.h>
#include <string.h>

/* Each input on a device of its own. */
static const char site[] =
    "site: {id: s}\n"
    "notify: {expected: false}\n"
    "buses: {b: {tcp: {host: h}}}\n"
    "devices:\n"
    "  level: {bus: b, unit: 1, profile: p}\n"
    "  valve: {bus: b, unit: 2, profile: p}\n"
    "  stock: {bus: b, unit: 3, profile: p}\n"
    "  crf: {bus: b, unit: 4, profile: p}\n"
    "  probe: {bus: b, unit: 5, profile: p}\n"
    "  top: {bus: b, unit: 6, profile: p}\n"
    "assets:\n"
    "  tank-1:\n"
    "    kind: tank\n"
    "    points: {level: {device: level, register: l}, valve: {device: valve, register: v},\n"
    "      top: {device: top, register: t}}\n"
    "    vessel: {level: level, temperatures: [top], valve: {point: valve, open: open}, supply: supply, "
    "fill_start: 14 cm,\n"
    "      fill_stop: 20 cm, low_level: 8 cm, high_level: 24 cm}\n"
    "  supply:\n"
    "    kind: utility\n"
    "    points: {stock: {device: stock, register: s}}\n"
    "    supply: {stock: stock, at_least: 3 d}\n"
    "    alarms: {empty: {point: stock, low: 50, priority: critical}}\n"
    "  freezer-1:\n"
    "    kind: freezer\n"
    "    points:\n"
    "      chamber: {device: crf, register: t}\n"
    "      program: {device: crf, register: p}\n"
    "      sample: {device: probe, register: t}\n"
    "      low: {device: crf, register: v}\n"
    "    runs:\n"
    "      chamber: chamber\n"
    "      sample: sample\n"
    "      ln2: {point: low, low: open}\n"
    "      status: {point: program, running: run, complete: complete, idle: reset}\n"
    "    alarms: {warm: {point: chamber, high: 40, priority: critical}}\n";

#define MINUTE_S 60

static void turn(struct stage *s)
{
    monitor_watch_bypasses(s->m);
}

static struct command_result order(struct stage *s, const char *device, int64_t minutes)
{
    struct command_request request = {.verb = COMMAND_BYPASS};
    struct command_result result = {0};
    snprintf(request.who, sizeof request.who, "wang");
    snprintf(request.device, sizeof request.device, "%s", device);
    snprintf(request.note, sizeof request.note, "new probe");
    snprintf(request.order, sizeof request.order, "WO-%s", device);
    request.for_ms = (uint32_t)(minutes * MINUTE_S * 1000);
    monitor_bypass(s->m, &request, &result);
    stage_take(s);
    assert_int_equal(result.error, 0);
    return result;
}

static void end(struct stage *s, const char *device)
{
    struct command_request request = {.verb = COMMAND_UNBYPASS};
    struct command_result result = {0};
    snprintf(request.who, sizeof request.who, "wang");
    snprintf(request.device, sizeof request.device, "%s", device);
    monitor_unbypass(s->m, &request, &result);
    stage_take(s);
    assert_int_equal(result.error, 0);
}

/* By which order the alarm is out of service; "": it is not. */
static void held_by(struct stage *s, const char *asset, const char *id, const char *by_order)
{
    const uint16_t alarm = stage_alarm(s, asset, id);
    const bool held = engine_hold(s->m->engine, alarm).is_held[HOLD_OUT_OF_SERVICE];
    if (held != (by_order[0] != '\0') || strcmp(s->m->alarms[alarm].service.order, by_order) != 0)
        fail_msg("%s/%s: by '%s', not '%s'", asset, id, s->m->alarms[alarm].service.order, by_order);
}

static void until(const struct stage *s, const char *asset, const char *id, int64_t minutes_after,
                  int64_t begin_utc_us)
{
    const struct alarm_view view = engine_hold(s->m->engine, stage_alarm(s, asset, id));
    assert_int_equal(view.until_utc_us[HOLD_OUT_OF_SERVICE],
                     begin_utc_us + minutes_after * MINUTE_S * SECOND_US);
}

/* Two devices give inputs to one tank: it is in service again with the last of them. */
static void test_by_time(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, site, stage_profile);
    order(&s, "level", 20);
    order(&s, "valve", 40);
    held_by(&s, "tank-1", "overfill", "WO-level");
    stage_pass(&s, 20 * MINUTE_S + 2, turn);
    assert_false(monitor_is_bypassed(s.m, "level"));
    assert_true(monitor_is_bypassed(s.m, "valve"));
    held_by(&s, "tank-1", "overfill", "WO-valve");
    assert_int_equal(stage_state(&s, stage_alarm(&s, "tank-1", "overfill")), ALARM_OUT_OF_SERVICE);
    held_by(&s, "tank-1", "level-no-data", ""); /* of the point, of its device alone */
    stage_pass(&s, 20 * MINUTE_S + 2, turn);
    held_by(&s, "tank-1", "overfill", "");
    assert_int_equal(stage_state(&s, stage_alarm(&s, "tank-1", "overfill")), ALARM_NORMAL);
    stage_close(&s);
}

/* The same for a freezer; whichever ends first. */
static void test_freezer_by_time(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, site, stage_profile);
    order(&s, "probe", 20);
    order(&s, "crf", 40);
    held_by(&s, "freezer-1", "run-no-data", "WO-probe");
    stage_pass(&s, 20 * MINUTE_S + 2, turn);
    held_by(&s, "freezer-1", "run-no-data", "WO-crf");
    end(&s, "crf");
    held_by(&s, "freezer-1", "run-no-data", "");
    stage_close(&s);
}

/* It was out of service on its own order, which ends first. */
static void test_after_its_own_order(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, site, stage_profile);
    const struct command command = {.who = "li.na", .note = "float sticks", .order = "WO-own"};
    struct event own = {.kind = EVENT_OUT_OF_SERVICE};
    own.order.alarm = stage_alarm(&s, "tank-1", "overfill");
    own.order.command = 1;
    own.order.until_utc_us = clock_now().utc_us + 10 * MINUTE_S * SECOND_US;
    assert_int_equal(monitor_feed(s.m, &own, &command), 0);
    order(&s, "level", 20);
    held_by(&s, "tank-1", "overfill", "WO-own");
    stage_pass(&s, 10 * MINUTE_S + 2, turn);
    held_by(&s, "tank-1", "overfill", "WO-level");
    stage_pass(&s, 10 * MINUTE_S + 2, turn);
    held_by(&s, "tank-1", "overfill", "");
    stage_close(&s);
}

/* A level of nothing under a cold top raises it as well as a top that is too cold. */
static void test_too_cold(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, site, stage_profile);
    order(&s, "level", 20);
    held_by(&s, "tank-1", "temperature-too-cold", "WO-level");
    end(&s, "level");
    order(&s, "top", 20);
    held_by(&s, "tank-1", "temperature-too-cold", "WO-top");
    held_by(&s, "tank-1", "overfill", "");
    end(&s, "top");
    order(&s, "valve", 20);
    held_by(&s, "tank-1", "temperature-too-cold", "");
    stage_close(&s);
}

static void test_supply(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, site, stage_profile);
    const int64_t begin_us = clock_now().utc_us;
    const struct command_result result = order(&s, "stock", 60);
    held_by(&s, "supply", "supply-short", "WO-stock");
    until(&s, "supply", "supply-short", 60, begin_us);
    assert_int_equal(stage_state(&s, stage_alarm(&s, "supply", "supply-short")), ALARM_OUT_OF_SERVICE);
    held_by(&s, "supply", "no-tank-filled", ""); /* that is judged by the tanks */
    held_by(&s, "tank-1", "overfill", "");
    /* what is critical is marked, and stays */
    held_by(&s, "supply", "empty", "WO-stock");
    assert_int_equal(stage_state(&s, stage_alarm(&s, "supply", "empty")), ALARM_NORMAL);
    assert_true(result.n_marked >= 1 && result.n_marked < result.n);
    stage_sample(&s, stage_point(&s, "supply", "stock"), 10 * MICRO_PER_UNIT, QUALITY_GOOD, REASON_NONE);
    assert_int_equal(stage_state(&s, stage_alarm(&s, "supply", "empty")), ALARM_UNACKNOWLEDGED);
    stage_pass(&s, 60 * MINUTE_S + 2, turn);
    held_by(&s, "supply", "supply-short", "");
    stage_close(&s);
}

static void test_freezer(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, site, stage_profile);
    const int64_t begin_us = clock_now().utc_us;
    order(&s, "crf", 60);
    static const char *const alarms[] = {"run-no-data", "run-ln2-low"};
    for (size_t i = 0; i < sizeof alarms / sizeof *alarms; i++) {
        held_by(&s, "freezer-1", alarms[i], "WO-crf");
        until(&s, "freezer-1", alarms[i], 60, begin_us);
        assert_int_equal(stage_state(&s, stage_alarm(&s, "freezer-1", alarms[i])), ALARM_OUT_OF_SERVICE);
    }
    held_by(&s, "freezer-1", "warm", "WO-crf");
    stage_sample(&s, stage_point(&s, "freezer-1", "chamber"), 50 * MICRO_PER_UNIT, QUALITY_GOOD, REASON_NONE);
    assert_int_equal(stage_state(&s, stage_alarm(&s, "freezer-1", "warm")), ALARM_UNACKNOWLEDGED);
    held_by(&s, "tank-1", "overfill", "");
    end(&s, "crf");
    for (size_t i = 0; i < sizeof alarms / sizeof *alarms; i++)
        held_by(&s, "freezer-1", alarms[i], "");
    stage_close(&s);
}

/* It ends in time, and people are told when that is by the clock that they have now. */
static void test_the_clock_is_set_back(void **state)
{
    (void)state;
    struct stage s;
    char until[RFC3339_MAX], texts[1][DEVICE_BODY_MAX], expected[64];
    stage_open(&s, site, stage_profile);
    order(&s, "crf", 60);
    stage_set_clock(-10 * INT64_C(86400) * SECOND_US);
    clock_print_utc(until, clock_now().utc_us + 60 * MINUTE_S * SECOND_US);
    snprintf(expected, sizeof expected, "\"until\":\"%s\"", until);
    bool found = false;
    for (uint16_t i = 0; monitor_disabled_page(s.m, i, 1, texts) == 1; i++)
        if (strstr(texts[0], "\"bypassed\"") != NULL) {
            found = true;
            if (strstr(texts[0], expected) == NULL)
                fail_msg("not %s: %s", expected, texts[0]);
        }
    assert_true(found);
    stage_pass(&s, 60 * MINUTE_S + 2, turn);
    assert_false(monitor_is_bypassed(s.m, "crf"));
    stage_set_clock(10 * INT64_C(86400) * SECOND_US);
    stage_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_by_time),
        cmocka_unit_test(test_freezer_by_time),
        cmocka_unit_test(test_after_its_own_order),
        cmocka_unit_test(test_too_cold),
        cmocka_unit_test(test_supply),
        cmocka_unit_test(test_freezer),
        cmocka_unit_test(test_the_clock_is_set_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
