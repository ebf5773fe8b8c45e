/* What a caller of the control socket is told. */
#include "control_fixture.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#define STATUS      "{\"method\":\"io.cryomon.Monitor.Status\"}"
#define STATUS_ALL  "{\"method\":\"io.cryomon.Monitor.Status\",\"parameters\":{\"all\":true}}"
#define ACKNOWLEDGE "{\"method\":\"io.cryomon.Monitor.Acknowledge\",\"parameters\":%s}"
#define GET_INFO    "{\"method\":\"org.varlink.service.GetInfo\"}"

static void test_info(void **state)
{
    (void)state;
    struct fixture f;
    fixture_open(&f, 1, NULL);
    json_t *reply = caller_call(&f, GET_INFO);
    assert_string_equal(json_string_value(reply_parameter(reply, "product")), "cryomond");
    assert_int_equal(json_array_size(reply_parameter(reply, "interfaces")), 2);
    json_decref(reply);
    reply = caller_call(&f, "{\"method\":\"org.varlink.service.GetInterfaceDescription\","
                            "\"parameters\":{\"interface\":\"io.cryomon.Monitor\"}}");
    const char *description = json_string_value(reply_parameter(reply, "description"));
    assert_non_null(strstr(description, "interface io.cryomon.Monitor\n"));
    assert_non_null(strstr(description, "method Acknowledge("));
    json_decref(reply);
    reply = caller_call(&f, "{\"method\":\"org.varlink.service.GetInterfaceDescription\","
                            "\"parameters\":{\"interface\":\"no.such\"}}");
    assert_string_equal(json_string_value(reply_parameter(reply, "interface")), "no.such");
    reply_assert_error(reply, "org.varlink.service.InterfaceNotFound");
    fixture_close(&f);
}

static void test_status(void **state)
{
    (void)state;
    struct fixture f;
    char text[8192];
    fixture_open(&f, 2, NULL);
    int fd = caller_connect(&f);
    caller_send(fd, STATUS);
    json_t *reply = caller_receive(fd, text, sizeof text);
    close(fd);
    assert_string_equal(reply_error(reply), "");
    assert_string_equal(json_string_value(reply_parameter(reply, "site")), "demo");
    assert_string_equal(reply_text(reply_parameter(reply, "name"), "en"), "Demo \"cell\" bank");
    assert_string_equal(reply_text(reply_parameter(reply, "name"), "zh"), "示范细胞库");
    assert_string_equal(json_string_value(reply_parameter(reply, "run")), "run-1");
    assert_string_equal(json_string_value(reply_parameter(reply, "time")), "2026-09-21T14:13:30.000Z");
    const json_t *points = reply_parameter(reply, "points");
    assert_int_equal(json_array_size(points), 6);

    const json_t *p = json_array_get(points, 0);
    assert_string_equal(reply_text(p, "asset"), "tank-1");
    assert_string_equal(reply_text(p, "point"), "temperature");
    assert_string_equal(reply_text(p, "unit"), "°C");
    assert_string_equal(reply_text(p, "quality"), "good");
    assert_null(json_object_get(p, "reason"));
    assert_int_equal(json_integer_value(json_object_get(p, "age_ms")), 10000);
    assert_string_equal(reply_text(p, "last_data"), "2026-09-21T14:12:30.000Z");
    assert_non_null(strstr(text, "\"value\":-190.1,")); /* not -190.09999999 */

    p = json_array_get(points, 1); /* bad: never a number */
    assert_true(json_is_null(json_object_get(p, "value")));
    assert_string_equal(reply_text(p, "reason"), "timeout");
    assert_null(strstr(text, "12.34"));

    p = json_array_get(points, 2);
    assert_string_equal(reply_text(p, "state"), "open");
    assert_string_equal(reply_text(json_object_get(p, "state_name"), "en"), "open");
    assert_string_equal(reply_text(json_object_get(p, "state_name"), "zh"), "打开");
    p = json_array_get(points, 5); /* never read: no time, no age */
    assert_null(json_object_get(p, "time"));
    assert_null(json_object_get(p, "age_ms"));
    assert_null(json_object_get(p, "last_data"));
    json_decref(reply);
    fixture_close(&f);
}

/* What fails now is told now, whether or not an alarm has come of it. */
static void test_status_faults(void **state)
{
    (void)state;
    struct fixture f;
    fixture_open(&f, 2, NULL);
    for (int i = 0; i < 4; i++) {
        atomic_store(&f.core.broker_failed, (i & 1) != 0);
        atomic_store(&f.core.disk_failed, (i & 2) != 0);
        json_t *reply = caller_call(&f, STATUS);
        assert_string_equal(json_string_value(reply_parameter(reply, "broker")), i & 1 ? "failing" : "ok");
        assert_string_equal(json_string_value(reply_parameter(reply, "disk")), i & 2 ? "failing" : "ok");
        json_decref(reply);
    }
    config_unref(f.core.next);
    f.core.next = fixture_config(f.path, 2, 7);
    atomic_store(&f.core.switch_after, atomic_load(&f.core.requests) + 1);
    json_t *reply = caller_call(&f, STATUS);
    assert_string_equal(json_string_value(reply_parameter(reply, "broker")), "none");
    json_decref(reply);
    fixture_close(&f);
}

static void test_status_alarms(void **state)
{
    (void)state;
    struct fixture f;
    char text[8192];
    fixture_open(&f, 2, NULL);
    int fd = caller_connect(&f);
    caller_send(fd, STATUS);
    json_t *reply = caller_receive(fd, text, sizeof text);
    const json_t *alarms = reply_parameter(reply, "alarms");
    assert_int_equal(json_array_size(alarms), 2); /* the normal ones are left out */

    const json_t *a = json_array_get(alarms, 0); /* its last event, with the state of now */
    assert_int_equal(json_integer_value(json_object_get(a, "seq")), 17);
    assert_string_equal(reply_text(a, "state"), "acknowledged");
    assert_string_equal(reply_text(a, "acknowledged_by"), "li.na");
    assert_string_equal(reply_text(a, "acknowledged"), "2026-09-21T14:14:20.000Z");
    assert_non_null(strstr(text, "\"value\":-149.2,"));

    a = json_array_get(alarms, 1); /* without an event: what the configuration says */
    assert_string_equal(reply_text(a, "asset"), "tank-2");
    assert_string_equal(reply_text(a, "alarm"), "temperature-critical");
    assert_string_equal(reply_text(a, "priority"), "critical");
    assert_string_equal(reply_text(a, "state"), "unacknowledged");
    assert_null(json_object_get(a, "acknowledged_by"));
    assert_non_null(strstr(text, "\"limit\":-149.9"));
    json_decref(reply);

    caller_send(fd, STATUS_ALL);
    reply = caller_receive(fd, NULL, 0);
    assert_int_equal(json_array_size(reply_parameter(reply, "alarms")), 5);
    json_decref(reply);
    close(fd);
    fixture_close(&f);
}

static void test_status_pages(void **state)
{
    (void)state;
    struct fixture f;
    fixture_open(&f, 1000, NULL); /* 94 pages of points, 63 of alarms */
    json_t *reply = caller_call(&f, STATUS_ALL);
    const json_t *points = reply_parameter(reply, "points");
    assert_int_equal(json_array_size(points), 3000);
    assert_int_equal(json_array_size(reply_parameter(reply, "alarms")), 2001);
    for (size_t i = 0; i < 3000; i++) {
        char asset[ID_MAX];
        snprintf(asset, sizeof asset, "tank-%zu", i / 3 + 1);
        assert_string_equal(reply_text(json_array_get(points, i), "asset"), asset);
    }
    json_decref(reply);
    fixture_close(&f);
}

static void test_config_changes_in_between(void **state)
{
    (void)state;
    struct fixture f;
    fixture_open(&f, 40, NULL);
    atomic_store(&f.core.switch_after, 3);
    json_t *reply = caller_call(&f, STATUS);
    assert_string_equal(reply_error(reply), "");
    assert_int_equal(json_array_size(reply_parameter(reply, "points")), 3); /* of the new one only */
    json_decref(reply);
    fixture_close(&f);
}

static void test_busy(void **state)
{
    (void)state;
    struct fixture f;
    struct control_limits limits = control_limits_default;
    limits.page_ms = limits.command_ms = limits.reload_ms = 50;
    fixture_open(&f, 1, &limits);
    atomic_store(&f.core.mute, true);
    reply_assert_error(caller_call(&f, STATUS), "io.cryomon.Monitor.Busy");
    char text[256];
    snprintf(text, sizeof text, ACKNOWLEDGE, "{\"asset\":\"a\",\"alarm\":\"b\"}");
    reply_assert_error(caller_call(&f, text), "io.cryomon.Monitor.Busy");
    reply_assert_error(caller_call(&f, "{\"method\":\"io.cryomon.Monitor.Reload\"}"),
                       "io.cryomon.Monitor.Busy");
    atomic_store(&f.core.mute, false);
    reply_assert_error(caller_call(&f, STATUS), ""); /* and it is well again */
    fixture_close(&f);
}

static json_t *acknowledge(const struct fixture *f, const char *parameters)
{
    char *text;
    assert_true(asprintf(&text, ACKNOWLEDGE, parameters) > 0);
    json_t *reply = caller_call(f, text);
    free(text);
    return reply;
}

static void test_acknowledge(void **state)
{
    (void)state;
    struct fixture f;
    fixture_open(&f, 1, NULL);
    reply_assert_error(acknowledge(&f, "{\"asset\":\"tank-1\",\"alarm\":\"lid-open\",\"note\":\"看到了\"}"),
                       "");
    struct core_message last = fixture_last_command(&f);
    assert_int_equal(last.kind, CORE_COMMAND);
    assert_int_equal(f.core.last_order.origin, ORIGIN_CONTROL);
    assert_string_equal(f.core.last_order.asset, "tank-1");
    assert_string_equal(f.core.last_order.alarm, "lid-open");
    assert_string_equal(f.core.last_order.note, "看到了");
    char name[WHO_MAX];
    control_peer_name(geteuid(), name, sizeof name);
    assert_string_equal(f.core.last_order.who, name);
    reply_assert_error(acknowledge(&f, "{\"asset\":\"tank-1\",\"alarm\":\"lid-open\",\"note\":null}"), "");

    atomic_store(&f.core.answer_error, -ENOENT);
    json_t *reply = acknowledge(&f, "{\"asset\":\"tank-9\",\"alarm\":\"lid-open\"}");
    assert_string_equal(json_string_value(reply_parameter(reply, "asset")), "tank-9");
    reply_assert_error(reply, "io.cryomon.Monitor.NoSuchAlarm");
    atomic_store(&f.core.answer_error, -EALREADY);
    reply_assert_error(acknowledge(&f, "{\"asset\":\"tank-1\",\"alarm\":\"lid-open\"}"),
                       "io.cryomon.Monitor.NothingToAcknowledge");
    atomic_store(&f.core.answer_error, -EIO);
    reply_assert_error(acknowledge(&f, "{\"asset\":\"tank-1\",\"alarm\":\"lid-open\"}"),
                       "io.cryomon.Monitor.Failed");
    fixture_close(&f);
}

/* Every answer to what was done says whether it is on disk; and is waited for longer than it may be held. */
static void test_recorded(void **state)
{
    (void)state;
    static const char *const calls[] = {
        "{\"method\":\"io.cryomon.Monitor.Acknowledge\",\"parameters\":{\"asset\":\"a\",\"alarm\":\"b\"}}",
        "{\"method\":\"io.cryomon.Monitor.Drill\"}", "{\"method\":\"io.cryomon.Monitor.Reload\"}",
        "{\"method\":\"io.cryomon.Monitor.Bypass\",\"parameters\":{\"device\":\"d\",\"note\":\"n\",\"for\":"
        "\"1 h\"}}",
        "{\"method\":\"io.cryomon.Monitor.Record\",\"parameters\":{\"kind\":\"backup\",\"detail\":{}}}"};
    struct fixture f;
    fixture_open(&f, 1, NULL);
    assert_true(control_limits_default.command_ms > ANSWER_HOLD_MS + 1000);
    assert_true(control_limits_default.reload_ms > ANSWER_HOLD_MS + 1000);
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        f.core.result.record = (struct record_note){.state = RECORD_STORED};
        json_t *reply = caller_call(&f, calls[i]);
        assert_true(json_is_true(reply_parameter(reply, "recorded")));
        assert_null(reply_parameter(reply, "warning"));
        reply_assert_error(reply, "");
        f.core.result.record = (struct record_note){.state = RECORD_NOT_YET, .why = {"not yet", "尚未"}};
        reply = caller_call(&f, calls[i]);
        assert_true(json_is_false(reply_parameter(reply, "recorded")));
        assert_string_equal(reply_text(reply_parameter(reply, "warning"), "en"), "not yet");
        assert_string_equal(reply_text(reply_parameter(reply, "warning"), "zh"), "尚未");
        reply_assert_error(reply, "");
    }
    atomic_store(&f.core.answer_error, -EALREADY); /* somebody has, but it is not on disk */
    json_t *reply = caller_call(&f, calls[0]);
    assert_true(json_is_false(reply_parameter(reply, "recorded")));
    reply_assert_error(reply, "io.cryomon.Monitor.NothingToAcknowledge");
    fixture_close(&f);
}

static void test_bad_parameters(void **state)
{
    (void)state;
    struct fixture f;
    char text[1024], x[300];
    fixture_open(&f, 1, NULL);
    reply_assert_bad_parameter(acknowledge(&f, "{\"alarm\":\"b\"}"), "asset");
    reply_assert_bad_parameter(acknowledge(&f, "{\"asset\":\"\",\"alarm\":\"b\"}"), "asset");
    reply_assert_bad_parameter(acknowledge(&f, "{\"asset\":\"a\",\"alarm\":7}"), "alarm");
    reply_assert_bad_parameter(acknowledge(&f, "{\"asset\":\"a\",\"alarm\":\"b\",\"nota\":\"c\"}"), "nota");
    reply_assert_bad_parameter(acknowledge(&f, "{\"asset\":\"a\",\"alarm\":\"b\",\"note\":\"c\\u001b[2J\"}"),
                               "note");
    reply_assert_bad_parameter(
        caller_call(&f, "{\"method\":\"io.cryomon.Monitor.Status\",\"parameters\":{\"all\":1}}"), "all");
    reply_assert_bad_parameter(caller_call(&f, "{\"method\":\"io.cryomon.Monitor.Status\",\"upgrade\":true}"),
                               "upgrade");

    memset(x, 'x', sizeof x);
    snprintf(text, sizeof text, "{\"asset\":\"a\",\"alarm\":\"b\",\"note\":\"%.255s\"}", x);
    reply_assert_error(acknowledge(&f, text), "");
    snprintf(text, sizeof text, "{\"asset\":\"a\",\"alarm\":\"b\",\"note\":\"%.256s\"}", x);
    json_t *reply = acknowledge(&f, text);
    assert_int_equal(json_integer_value(reply_parameter(reply, "limit")), 255);
    reply_assert_error(reply, "io.cryomon.Monitor.TextTooLong");
    snprintf(text, sizeof text, "{\"asset\":\"%.64s\",\"alarm\":\"b\"}", x);
    reply_assert_error(acknowledge(&f, text), "io.cryomon.Monitor.TextTooLong");
    fixture_close(&f);
}

static void test_reload(void **state)
{
    (void)state;
    struct fixture f;
    fixture_open(&f, 1, NULL);
    reply_assert_error(caller_call(&f, "{\"method\":\"io.cryomon.Monitor.Reload\",\"parameters\":{}}"), "");
    assert_int_equal(fixture_last_command(&f).kind, CORE_RELOAD);
    atomic_store(&f.core.answer_error, -EINVAL);
    reply_assert_error(caller_call(&f, "{\"method\":\"io.cryomon.Monitor.Reload\"}"),
                       "io.cryomon.Monitor.ReloadRefused");
    fixture_close(&f);
}

static void test_unknown_methods(void **state)
{
    (void)state;
    struct fixture f;
    fixture_open(&f, 1, NULL);
    reply_assert_error(caller_call(&f, "{\"method\":\"io.cryomon.Monitor.Explode\"}"),
                       "org.varlink.service.MethodNotFound");
    json_t *reply = caller_call(&f, "{\"method\":\"io.cryomon.Other.Status\"}");
    assert_string_equal(json_string_value(reply_parameter(reply, "interface")), "io.cryomon.Other");
    reply_assert_error(reply, "org.varlink.service.InterfaceNotFound");
    reply_assert_error(caller_call(&f, "{\"method\":\"nodot\"}"), "org.varlink.service.InterfaceNotFound");
    fixture_close(&f);
}

/* Calls sent in one go are answered in order, one by one; oneway ones not at all; "more" as plain ones. */
static void test_pipeline(void **state)
{
    (void)state;
    struct fixture f;
    fixture_open(&f, 1, NULL);
    int fd = caller_connect(&f);
    static const char calls[] = STATUS "\0"
                                       "{\"method\":\"io.cryomon.Monitor.Reload\",\"oneway\":true}\0"
                                       "{\"method\":\"io.cryomon.Monitor.Explode\",\"oneway\":true}\0"
                                       "{\"method\":\"io.cryomon.Monitor.Status\",\"oneway\":true}\0"
                                       "{\"method\":\"io.cryomon.Monitor.Status\",\"more\":true}\0" GET_INFO;
    caller_send_bytes(fd, calls, sizeof calls);
    shutdown(fd, SHUT_WR); /* and still it is answered */
    for (int i = 0; i < 2; i++) {
        json_t *reply = caller_receive(fd, NULL, 0);
        assert_non_null(reply_parameter(reply, "points"));
        assert_null(json_object_get(reply, "continues"));
        json_decref(reply);
    }
    json_t *reply = caller_receive(fd, NULL, 0);
    assert_non_null(reply_parameter(reply, "vendor"));
    json_decref(reply);
    assert_true(caller_sees_end(fd));
    assert_int_equal(fixture_last_command(&f).kind, CORE_RELOAD);
    close(fd);
    fixture_close(&f);
}

static void test_bytes_one_by_one(void **state)
{
    (void)state;
    struct fixture f;
    fixture_open(&f, 1, NULL);
    static const char call[] = GET_INFO;
    int fd = caller_connect(&f);
    for (size_t i = 0; i < sizeof call; i++)
        caller_send_bytes(fd, &call[i], 1);
    reply_assert_error(caller_receive(fd, NULL, 0), "");
    close(fd);
    fixture_close(&f);
}

static void test_socket_file(void **state)
{
    (void)state;
    struct fixture f;
    struct control *second;
    struct stat st;
    fixture_open(&f, 1, NULL);
    assert_int_equal(lstat(f.path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0660);
    /* A living daemon keeps its name. */
    assert_int_equal(control_create(f.first, "run-2", f.core.box, f.heartbeats, &second), -EADDRINUSE);
    reply_assert_error(caller_call(&f, GET_INFO), "");

    /* A dead one's is taken over; a file that is no socket is left alone; a missing directory is said so. */
    struct config *config = fixture_config("", 1, 1);
    snprintf(config->control_socket, sizeof config->control_socket, "%s/dead", f.directory);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, config->control_socket, sizeof address.sun_path);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    close(fd);
    assert_int_equal(control_create(config, "run-2", f.core.box, f.heartbeats, &second), 0);
    control_free(second);
    FILE *file = fopen(config->control_socket, "w");
    assert_non_null(file);
    fclose(file);
    assert_int_equal(control_create(config, "run-2", f.core.box, f.heartbeats, &second), -EEXIST);
    unlink(config->control_socket);
    snprintf(config->control_socket, sizeof config->control_socket, "%s/no/where", f.directory);
    assert_int_equal(control_create(config, "run-2", f.core.box, f.heartbeats, &second), -ENOENT);
    config_unref(config);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_info),          cmocka_unit_test(test_status),
        cmocka_unit_test(test_status_faults), cmocka_unit_test(test_status_alarms),
        cmocka_unit_test(test_status_pages),  cmocka_unit_test(test_config_changes_in_between),
        cmocka_unit_test(test_busy),          cmocka_unit_test(test_acknowledge),
        cmocka_unit_test(test_recorded),      cmocka_unit_test(test_bad_parameters),
        cmocka_unit_test(test_reload),        cmocka_unit_test(test_unknown_methods),
        cmocka_unit_test(test_pipeline),      cmocka_unit_test(test_bytes_one_by_one),
        cmocka_unit_test(test_socket_file),
    };
    return cmocka_run_group_tests_name("control", tests, NULL, NULL);
}
