/* Topics, JSON, leftovers: what is written, without a broker. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "leftovers.h"
#include "messages.h"
#include "payload.h"
#include "publisher_fixture.h"

#define UTC INT64_C(1795313805402000)

struct fixture {
    struct config *config;
    struct mirror *mirror;
};

static int setup(void **state)
{
    static struct fixture f; /* one test at a time */
    char home_assistant[] = "ha=1", *words[] = {home_assistant};
    f.config = fixture_config(words, 1, "/nowhere", 1);
    assert_int_equal(mirror_create(f.config, &f.mirror), 0);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    mirror_free(f->mirror);
    config_unref(f->config);
    return 0;
}

static void set(struct fixture *f, uint16_t point, micro_t value, enum quality quality, enum reason reason)
{
    struct reading reading = {.value = value, .quality = quality, .reason = reason};
    mirror_set_point(f->mirror, point, &reading, (struct calibrated){0}, (struct stamp){.utc_us = UTC});
}

static json_t *readings(struct fixture *f, uint16_t asset)
{
    static char text[65536];
    int n = payload_readings(text, sizeof text, f->mirror, asset, "run-1", 7, UTC);
    assert_true(n > 0);
    json_t *root = json_loadb(text, (size_t)n, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(root);
    return root;
}

static const char *string_at(const json_t *root, const char *point, const char *key)
{
    return json_string_value(json_object_get(json_object_get(json_object_get(root, "points"), point), key));
}

static void test_a_bad_value_is_never_a_number(void **state)
{
    struct fixture *f = *state;
    for (int reason = REASON_NEVER_READ; reason < REASON_COUNT; reason++) {
        set(f, 0, -3276800000, QUALITY_BAD, (enum reason)reason);
        json_t *root = readings(f, 1);
        json_t *point = json_object_get(json_object_get(root, "points"), "temperature");
        assert_true(json_is_null(json_object_get(point, "value")));
        assert_string_equal(string_at(root, "temperature", "quality"), "bad");
        assert_string_equal(string_at(root, "temperature", "reason"), reason_name((enum reason)reason));
        json_decref(root);
    }
}

static void test_the_heartbeat_says_whether_people_would_be_called(void **state)
{
    char text[HEARTBEAT_MAX];
    struct notifier_word word = {.state = NOTIFIER_FAILED, .since_utc_us = UTC};
    (void)state;
    assert_true(payload_heartbeat(text, sizeof text, "run-1", UTC, 1, 0, 7, NULL) > 0);
    assert_null(strstr(text, "notifier"));                /* not known is not said */
    memset(word.detail[LANGUAGE_EN], '\1', NOTE_MAX - 1); /* as long as it can be */
    memset(word.detail[LANGUAGE_ZH], '\1', NOTE_MAX - 1);
    assert_true(payload_heartbeat(text, sizeof text, "run-1", UTC, 1, 0, 7, &word) > 0);
    word = (struct notifier_word){
        .state = NOTIFIER_FAILED,
        .since_utc_us = UTC,
        .detail = {[LANGUAGE_EN] = "it says that it is offline", [LANGUAGE_ZH] = "其报告已离线"}};
    assert_true(payload_heartbeat(text, sizeof text, "run-1", UTC, 1, 0, 7, &word) > 0);
    assert_non_null(strstr(text, "\"notifier\":\"failing\",\"notifier_since\":\"2026-11-22T02:16:45.402Z\","
                                 "\"notifier_text\":{\"en\":\"it says that it is offline\","
                                 "\"zh\":\"其报告已离线\"}"));
    word.state = NOTIFIER_OK;
    assert_true(payload_heartbeat(text, sizeof text, "run-1", UTC, 1, 0, 7, &word) > 0);
    assert_non_null(strstr(text, "\"notifier\":\"ok\"}"));
}

static void test_good_values_states_and_what_was_never_read(void **state)
{
    struct fixture *f = *state;
    set(f, 0, -190100000, QUALITY_GOOD, REASON_NONE);
    set(f, 2, 1000000, QUALITY_GOOD, REASON_NONE);
    json_t *root = readings(f, 1);
    json_t *points = json_object_get(root, "points");
    assert_true(json_real_value(json_object_get(json_object_get(points, "temperature"), "value")) == -190.1);
    assert_string_equal(string_at(root, "temperature", "unit"), "°C");
    assert_null(string_at(root, "temperature", "reason"));
    assert_string_equal(string_at(root, "temperature", "time"), "2026-11-22T02:16:45.402Z");
    assert_int_equal(json_integer_value(json_object_get(json_object_get(points, "lid"), "value")), 1);
    assert_string_equal(string_at(root, "lid", "state"), "open");
    assert_string_equal(string_at(root, "level", "quality"), "bad");
    assert_string_equal(string_at(root, "level", "reason"), reason_name(REASON_NEVER_READ));
    assert_string_equal(json_string_value(json_object_get(json_object_get(root, "name"), "zh")), "1号罐");
    assert_int_equal(json_integer_value(json_object_get(root, "sequence")), 7);
    json_decref(root);
}

/* A calibrated value has what was read beside it, and whose word that is. */
static void test_a_calibrated_value_shows_what_was_read(void **state)
{
    struct fixture *f = *state;
    struct calibration_config calibration = {.certificate = "DKD-123"};
    const struct reading reading = {.value = -190400000};
    f->config->calibrations = &calibration;
    mirror_set_point(f->mirror, 0, &reading, (struct calibrated){-190100000, 1},
                     (struct stamp){.utc_us = UTC});
    json_t *root = readings(f, 1);
    const json_t *point = json_object_get(json_object_get(root, "points"), "temperature");
    assert_true(json_real_value(json_object_get(point, "value")) == -190.4);
    assert_true(json_real_value(json_object_get(point, "as_read")) == -190.1);
    assert_string_equal(string_at(root, "temperature", "certificate"), "DKD-123");
    json_decref(root);
    set(f, 0, -190100000, QUALITY_GOOD, REASON_NONE);
    root = readings(f, 1);
    assert_null(json_object_get(json_object_get(json_object_get(root, "points"), "temperature"), "as_read"));
    json_decref(root);
    f->config->calibrations = NULL;
}

static void test_too_small_a_buffer_is_said(void **state)
{
    struct fixture *f = *state;
    char text[100];
    assert_true(payload_readings(text, sizeof text, f->mirror, 1, "run-1", 1, UTC) < 0);
    assert_true(payload_discovery(text, sizeof text, f->config, 1) < 0);
}

static void test_expiry_is_three_times_the_slowest_point(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(payload_expiry(f->config, 1), 47); /* 46.5 s */
    f->config->point_models[1].stale_after_ms = 60000;
    assert_int_equal(payload_expiry(f->config, 1), 180);
}

static void test_late_events_keep_their_body(void **state)
{
    (void)state;
    char text[BODY_MAX + 32];
    assert_int_equal(payload_late(text, sizeof text, "{\"seq\":1,\"note\":\"}\"}"), 38);
    assert_string_equal(text, "{\"seq\":1,\"note\":\"}\",\"historical\":true}");
}

static void test_discovery_has_what_home_assistant_requires(void **state)
{
    struct fixture *f = *state;
    static char text[65536];
    assert_true(payload_discovery(text, sizeof text, f->config, 1) > 0);
    json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(root);
    assert_true(json_array_size(json_object_get(json_object_get(root, "device"), "identifiers")) >= 1);
    assert_string_equal(json_string_value(json_object_get(json_object_get(root, "origin"), "name")),
                        "cryomon");
    json_t *components = json_object_get(root, "components"), *component;
    assert_int_equal(json_object_size(components), 3);
    const char *id;
    json_object_foreach(components, id, component)
    {
        const char *keys[] = {
            "platform",         "unique_id", "state_topic", "value_template", "json_attributes_topic",
            "availability_mode"};
        for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
            assert_non_null(json_string_value(json_object_get(component, keys[i])));
        assert_int_equal(json_array_size(json_object_get(component, "availability")), 2);
        assert_int_equal(json_integer_value(json_object_get(component, "expire_after")), 47);
    }
    component = json_object_get(components, "temperature");
    assert_string_equal(json_string_value(json_object_get(component, "device_class")), "temperature");
    assert_string_equal(json_string_value(json_object_get(component, "state_class")), "measurement");
    component = json_object_get(components, "lid");
    assert_string_equal(json_string_value(json_object_get(component, "platform")), "binary_sensor");
    json_decref(root);
}

/* The level is derived, in hours, and comes once a minute. */
static void make_derived(struct fixture *f, const char *id)
{
    struct point_config *point = &f->config->points[1];
    snprintf(point->id, sizeof point->id, "%s", id);
    snprintf(point->unit, sizeof point->unit, "h");
    point->device = POINT_DERIVED;
    f->config->point_models[1].stale_after_ms = 300000;
}

static void test_a_derived_value_says_so(void **state)
{
    struct fixture *f = *state;
    make_derived(f, "time-to-150");
    set(f, 1, 72000000, QUALITY_GOOD, REASON_NONE);
    json_t *root = readings(f, 1);
    const json_t *points = json_object_get(root, "points");
    assert_true(json_is_true(json_object_get(json_object_get(points, "time-to-150"), "derived")));
    assert_null(json_object_get(json_object_get(points, "temperature"), "derived"));
    json_decref(root);
    set(f, 1, 72000000, QUALITY_BAD, REASON_LEARNING);
    root = readings(f, 1);
    points = json_object_get(root, "points");
    assert_true(json_is_null(json_object_get(json_object_get(points, "time-to-150"), "value")));
    assert_string_equal(string_at(root, "time-to-150", "reason"), "learning");
    json_decref(root);
}

/* It comes more seldom, and must not make what was measured seem good for longer. */
static void test_expiry_is_that_of_what_is_measured(void **state)
{
    struct fixture *f = *state;
    make_derived(f, "time-to-150");
    assert_int_equal(payload_expiry(f->config, 1), 47);
    f->config->points[0].device = f->config->points[2].device = POINT_DERIVED;
    assert_int_equal(payload_expiry(f->config, 1), 900);
}

static json_t *discovered(struct fixture *f, const char *id)
{
    static char text[65536];
    make_derived(f, id);
    assert_true(payload_discovery(text, sizeof text, f->config, 1) > 0);
    json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    json_t *component = json_incref(json_object_get(json_object_get(root, "components"), id));
    assert_non_null(component);
    json_decref(root);
    return component;
}

static void test_discovery_of_derived_points(void **state)
{
    struct fixture *f = *state;
    json_t *component = discovered(f, "time-to-150");
    assert_string_equal(json_string_value(json_object_get(component, "device_class")), "duration");
    assert_null(json_object_get(component, "enabled_by_default"));
    json_decref(component);
    component = discovered(f, "time-to-150-least");
    assert_true(json_is_false(json_object_get(component, "enabled_by_default")));
    json_decref(component);
    component = discovered(f, "time-to-150-most");
    assert_true(json_is_false(json_object_get(component, "enabled_by_default")));
    json_decref(component);
}

static bool is_leftover(const struct config *config, const char *topic, const char *payload)
{
    struct arrival arrival = {
        .topic = topic, .payload = payload, .length = strlen(payload), .retained = true};
    return leftovers_is(config, &arrival);
}

static void test_leftovers(void **state)
{
    const struct config *c = ((struct fixture *)*state)->config;
    const char *ours = "{\"x\":\"cryomon/demo/status\"}";
    assert_false(is_leftover(c, "cryomon/demo/tank-1/readings", "{}"));
    assert_false(is_leftover(c, "cryomon/demo/tank-1/alarms/lid-open", "{}"));
    assert_false(is_leftover(c, "cryomon/demo/system/alarms/broker", "{}"));
    assert_false(is_leftover(c, "cryomon/demo/status", "{}"));
    assert_false(is_leftover(c, "cryomon/demo/tank-9/something", "{}"));
    assert_false(is_leftover(c, "cryomon/demo2/tank-9/readings", "{}"));
    assert_true(is_leftover(c, "cryomon/demo/tank-9/readings", "{}"));
    assert_true(is_leftover(c, "cryomon/demo/system/readings", "{}"));
    assert_true(is_leftover(c, "cryomon/demo/tank-1/alarms/gone", "{}"));
    assert_true(is_leftover(c, "cryomon/demo/tank-9/alarms/lid-open", "{}"));
    assert_false(is_leftover(c, "cryomon/demo/tank-9/alarms/lid-open", ""));
    assert_false(is_leftover(c, "homeassistant/device/cryomon_demo_tank-1/config", ours));
    assert_true(is_leftover(c, "homeassistant/device/cryomon_demo_tank-9/config", ours));
    assert_false(
        is_leftover(c, "homeassistant/device/cryomon_demo_x_tank-9/config", "\"cryomon/demo_x/status\""));
    ((struct fixture *)*state)->config->mqtt.home_assistant = false;
    assert_true(is_leftover(c, "homeassistant/device/cryomon_demo_tank-1/config", ours));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_bad_value_is_never_a_number, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_heartbeat_says_whether_people_would_be_called, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_good_values_states_and_what_was_never_read, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_calibrated_value_shows_what_was_read, setup, teardown),
        cmocka_unit_test_setup_teardown(test_too_small_a_buffer_is_said, setup, teardown),
        cmocka_unit_test_setup_teardown(test_expiry_is_three_times_the_slowest_point, setup, teardown),
        cmocka_unit_test_setup_teardown(test_late_events_keep_their_body, setup, teardown),
        cmocka_unit_test_setup_teardown(test_discovery_has_what_home_assistant_requires, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_derived_value_says_so, setup, teardown),
        cmocka_unit_test_setup_teardown(test_expiry_is_that_of_what_is_measured, setup, teardown),
        cmocka_unit_test_setup_teardown(test_discovery_of_derived_points, setup, teardown),
        cmocka_unit_test_setup_teardown(test_leftovers, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
