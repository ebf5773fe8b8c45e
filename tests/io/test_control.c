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

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text != NULL ? text : "(none)";
}

static void assert_error(json_t *reply, const char *error)
{
    assert_non_null(reply);
    assert_string_equal(reply_error(reply), error);
    json_decref(reply);
}

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
    assert_error(reply, "org.varlink.service.InterfaceNotFound");
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
    assert_string_equal(text_of(reply_parameter(reply, "name"), "en"), "Demo \"cell\" bank");
    assert_string_equal(text_of(reply_parameter(reply, "name"), "zh"), "示范细胞库");
    assert_string_equal(json_string_value(reply_parameter(reply, "run")), "run-1");
    assert_string_equal(json_string_value(reply_parameter(reply, "time")), "2026-09-21T14:13:30.000Z");
    const json_t *points = reply_parameter(reply, "points");
    assert_int_equal(json_array_size(points), 6);

    const json_t *p = json_array_get(points, 0);
    assert_string_equal(text_of(p, "asset"), "tank-1");
    assert_string_equal(text_of(p, "point"), "temperature");
    assert_string_equal(text_of(p, "unit"), "°C");
    assert_string_equal(text_of(p, "quality"), "good");
    assert_null(json_object_get(p, "reason"));
    assert_int_equal(json_integer_value(json_object_get(p, "age_ms")), 10000);
    assert_string_equal(text_of(p, "last_data"), "2026-09-21T14:12:30.000Z");
    assert_non_null(strstr(text, "\"value\":-190.1,")); /* not -190.09999999 */

    p = json_array_get(points, 1); /* bad: never a number */
    assert_true(json_is_null(json_object_get(p, "value")));
    assert_string_equal(text_of(p, "reason"), "timeout");
    assert_null(strstr(text, "12.34"));

    p = json_array_get(points, 2);
    assert_string_equal(text_of(p, "state"), "open");
    assert_string_equal(text_of(json_object_get(p, "state_name"), "en"), "open");
    assert_string_equal(text_of(json_object_get(p, "state_name"), "zh"), "打开");
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
    assert_string_equal(text_of(a, "state"), "acknowledged");
    assert_string_equal(text_of(a, "acknowledged_by"), "li.na");
    assert_string_equal(text_of(a, "acknowledged"), "2026-09-21T14:14:20.000Z");
    assert_non_null(strstr(text, "\"value\":-149.2,"));

    a = json_array_get(alarms, 1); /* without an event: what the configuration says */
    assert_string_equal(text_of(a, "asset"), "tank-2");
    assert_string_equal(text_of(a, "alarm"), "temperature-critical");
    assert_string_equal(text_of(a, "priority"), "critical");
    assert_string_equal(text_of(a, "state"), "unacknowledged");
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
        assert_string_equal(text_of(json_array_get(points, i), "asset"), asset);
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
    limits.page_ms = limits.reload_ms = 50;
    fixture_open(&f, 1, &limits);
    atomic_store(&f.core.mute, true);
    assert_error(caller_call(&f, STATUS), "io.cryomon.Monitor.Busy");
    char text[256];
    snprintf(text, sizeof text, ACKNOWLEDGE, "{\"asset\":\"a\",\"alarm\":\"b\"}");
    assert_error(caller_call(&f, text), "io.cryomon.Monitor.Busy");
    assert_error(caller_call(&f, "{\"method\":\"io.cryomon.Monitor.Reload\"}"), "io.cryomon.Monitor.Busy");
    atomic_store(&f.core.mute, false);
    assert_error(caller_call(&f, STATUS), ""); /* and it is well again */
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
    assert_error(acknowledge(&f, "{\"asset\":\"tank-1\",\"alarm\":\"lid-open\",\"note\":\"看到了\"}"), "");
    struct core_message last = fixture_last_command(&f);
    assert_int_equal(last.kind, CORE_COMMAND);
    assert_int_equal(f.core.last_order.origin, ORIGIN_CONTROL);
    assert_string_equal(f.core.last_order.asset, "tank-1");
    assert_string_equal(f.core.last_order.alarm, "lid-open");
    assert_string_equal(f.core.last_order.note, "看到了");
    char name[WHO_MAX];
    control_peer_name(geteuid(), name, sizeof name);
    assert_string_equal(f.core.last_order.who, name);
    assert_error(acknowledge(&f, "{\"asset\":\"tank-1\",\"alarm\":\"lid-open\",\"note\":null}"), "");

    atomic_store(&f.core.answer_error, -ENOENT);
    json_t *reply = acknowledge(&f, "{\"asset\":\"tank-9\",\"alarm\":\"lid-open\"}");
    assert_string_equal(json_string_value(reply_parameter(reply, "asset")), "tank-9");
    assert_error(reply, "io.cryomon.Monitor.NoSuchAlarm");
    atomic_store(&f.core.answer_error, -EALREADY);
    assert_error(acknowledge(&f, "{\"asset\":\"tank-1\",\"alarm\":\"lid-open\"}"),
                 "io.cryomon.Monitor.NothingToAcknowledge");
    atomic_store(&f.core.answer_error, -EIO);
    assert_error(acknowledge(&f, "{\"asset\":\"tank-1\",\"alarm\":\"lid-open\"}"),
                 "io.cryomon.Monitor.Failed");
    fixture_close(&f);
}

static void assert_bad_parameter(json_t *reply, const char *parameter)
{
    assert_non_null(reply);
    assert_string_equal(json_string_value(reply_parameter(reply, "parameter")), parameter);
    assert_error(reply, "org.varlink.service.InvalidParameter");
}

static void test_bad_parameters(void **state)
{
    (void)state;
    struct fixture f;
    char text[1024], x[300];
    fixture_open(&f, 1, NULL);
    assert_bad_parameter(acknowledge(&f, "{\"alarm\":\"b\"}"), "asset");
    assert_bad_parameter(acknowledge(&f, "{\"asset\":\"\",\"alarm\":\"b\"}"), "asset");
    assert_bad_parameter(acknowledge(&f, "{\"asset\":\"a\",\"alarm\":7}"), "alarm");
    assert_bad_parameter(acknowledge(&f, "{\"asset\":\"a\",\"alarm\":\"b\",\"nota\":\"c\"}"), "nota");
    assert_bad_parameter(acknowledge(&f, "{\"asset\":\"a\",\"alarm\":\"b\",\"note\":\"c\\u001b[2J\"}"),
                         "note");
    assert_bad_parameter(
        caller_call(&f, "{\"method\":\"io.cryomon.Monitor.Status\",\"parameters\":{\"all\":1}}"), "all");
    assert_bad_parameter(caller_call(&f, "{\"method\":\"io.cryomon.Monitor.Status\",\"upgrade\":true}"),
                         "upgrade");

    memset(x, 'x', sizeof x);
    snprintf(text, sizeof text, "{\"asset\":\"a\",\"alarm\":\"b\",\"note\":\"%.255s\"}", x);
    assert_error(acknowledge(&f, text), "");
    snprintf(text, sizeof text, "{\"asset\":\"a\",\"alarm\":\"b\",\"note\":\"%.256s\"}", x);
    json_t *reply = acknowledge(&f, text);
    assert_int_equal(json_integer_value(reply_parameter(reply, "limit")), 255);
    assert_error(reply, "io.cryomon.Monitor.TextTooLong");
    snprintf(text, sizeof text, "{\"asset\":\"%.64s\",\"alarm\":\"b\"}", x);
    assert_error(acknowledge(&f, text), "io.cryomon.Monitor.TextTooLong");
    fixture_close(&f);
}

static void test_reload(void **state)
{
    (void)state;
    struct fixture f;
    fixture_open(&f, 1, NULL);
    assert_error(caller_call(&f, "{\"method\":\"io.cryomon.Monitor.Reload\",\"parameters\":{}}"), "");
    assert_int_equal(fixture_last_command(&f).kind, CORE_RELOAD);
    atomic_store(&f.core.answer_error, -EINVAL);
    assert_error(caller_call(&f, "{\"method\":\"io.cryomon.Monitor.Reload\"}"),
                 "io.cryomon.Monitor.ReloadRefused");
    fixture_close(&f);
}

#define RECORD "{\"method\":\"io.cryomon.Monitor.Record\",\"parameters\":%s}"
#define REVIEW "{\"method\":\"io.cryomon.Monitor.Review\",\"parameters\":%s}"

static json_t *call_with(const struct fixture *f, const char *format, const char *parameters)
{
    char text[4096];
    assert_true(snprintf(text, sizeof text, format, parameters) < (int)sizeof text); /* NOLINT */
    return caller_call(f, text);
}

/* The members as the event's body will have them. */
static json_t *last_members(struct fixture *f)
{
    char text[RECORD_MEMBERS_MAX + 3];
    (void)fixture_last_command(f); /* the lock */
    snprintf(text, sizeof text, "{%s}", f->core.last_request.members);
    json_t *members = json_loads(text, 0, NULL);
    assert_non_null(members);
    return members;
}

static void test_record(void **state)
{
    (void)state;
    struct fixture f;
    char name[WHO_MAX];
    fixture_open(&f, 1, NULL);
    json_t *reply = call_with(
        &f, RECORD,
        "{\"kind\":\"backup\",\"detail\":{\"file\":\"/b/1 \\\"x\\\"\",\"bytes\":12,\"well\":true}}");
    assert_int_equal(json_integer_value(reply_parameter(reply, "seq")), 4711);
    assert_error(reply, "");
    json_t *members = last_members(&f);
    assert_string_equal(f.core.last_request.kind, "backup");
    control_peer_name(geteuid(), name, sizeof name);
    assert_string_equal(text_of(members, "by"), name);
    const json_t *detail = json_object_get(members, "detail");
    assert_string_equal(text_of(detail, "file"), "/b/1 \"x\"");
    assert_int_equal(json_integer_value(json_object_get(detail, "bytes")), 12);
    assert_string_equal(text_of(json_object_get(members, "text"), "en"),
                        "file: /b/1 \"x\", bytes: 12, well: true");
    json_decref(members);
    fixture_close(&f);
}

/* Nothing gets into the chain but what was meant to: kinds, sizes and shapes are bounded. */
static void test_record_refused(void **state)
{
    (void)state;
    struct fixture f;
    char text[2048], x[1100];
    fixture_open(&f, 1, NULL);
    assert_bad_parameter(call_with(&f, RECORD, "{\"kind\":\"alarm\",\"detail\":{}}"), "kind");
    assert_bad_parameter(call_with(&f, RECORD, "{\"kind\":\"review\",\"detail\":{}}"), "kind");
    assert_bad_parameter(call_with(&f, RECORD, "{\"kind\":\"backup\"}"), "detail");
    assert_bad_parameter(call_with(&f, RECORD, "{\"kind\":\"backup\",\"detail\":[]}"), "detail");
    assert_bad_parameter(call_with(&f, RECORD, "{\"kind\":\"backup\",\"detail\":{\"a\":{}}}"), "detail");
    assert_bad_parameter(call_with(&f, RECORD, "{\"kind\":\"backup\",\"detail\":{\"A\":1}}"), "detail");
    assert_bad_parameter(call_with(&f, RECORD, "{\"kind\":\"backup\",\"detail\":{\"a\":\"\\u0007\"}}"),
                         "detail");
    memset(x, 'x', sizeof x);
    snprintf(text, sizeof text, "{\"kind\":\"backup\",\"detail\":{\"a\":\"%.256s\"}}", x);
    assert_bad_parameter(call_with(&f, RECORD, text), "detail");
    snprintf(text, sizeof text,
             "{\"kind\":\"backup\",\"detail\":{\"a\":\"%.255s\",\"b\":\"%.255s\",\"c\":\"%.255s\",\"d\":\"%."
             "255s\"}}",
             x, x, x, x);
    assert_bad_parameter(call_with(&f, RECORD, text), "detail");
    assert_int_equal(f.core.last_request.kind[0], '\0');
    fixture_close(&f);
}

#define CORRECT   "{\"method\":\"io.cryomon.Monitor.Correct\",\"parameters\":%s}"
#define VERIFY    "{\"method\":\"io.cryomon.Monitor.VerifyPoint\",\"parameters\":%s}"
#define OF(point) "\"asset\":\"tank-1\",\"point\":\"" point "\",\"reason\":\"loose\","
#define RANGE     "\"from\":\"2026-11-01\",\"to\":\"2026-11-01T10:00:00+08:00\""

/* What is said of wrong readings becomes an event beside them, with the name of who says it. */
static void test_correct(void **state)
{
    (void)state;
    struct fixture f;
    char name[WHO_MAX], text[1024], x[300];
    fixture_open(&f, 1, NULL);
    json_t *reply = call_with(&f, CORRECT, "{" OF("temperature") RANGE ",\"offset\":\"-0.4\"}");
    assert_int_equal(json_integer_value(reply_parameter(reply, "seq")), 4711);
    assert_error(reply, "");
    json_t *members = last_members(&f);
    assert_string_equal(f.core.last_request.kind, "correction");
    assert_string_equal(f.core.last_request.asset, "tank-1");
    control_peer_name(geteuid(), name, sizeof name);
    assert_string_equal(text_of(members, "by"), name);
    assert_string_equal(text_of(members, "from"), "2026-11-01T00:00:00.000Z");
    assert_string_equal(text_of(members, "to"), "2026-11-01T02:00:00.000Z");
    assert_string_equal(text_of(members, "unit"), "°C");
    assert_true(json_real_value(json_object_get(members, "offset")) == -0.4);
    assert_non_null(
        strstr(text_of(json_object_get(members, "text"), "en"), "-0.4 °C would have to be added; loose"));
    json_decref(members);
    f.core.last_request.kind[0] = '\0';

    assert_error(call_with(&f, CORRECT, "{" OF("colour") RANGE ",\"note\":\"n\"}"),
                 "io.cryomon.Monitor.NoSuchPoint");
    assert_bad_parameter(call_with(&f, CORRECT, "{" OF("temperature") RANGE "}"), "note");
    assert_bad_parameter(call_with(&f, CORRECT, "{" OF("temperature") RANGE ",\"offset\":\"1,5\"}"),
                         "offset");
    assert_bad_parameter(call_with(&f, CORRECT, "{" OF("lid") RANGE ",\"offset\":\"1\"}"), "offset");
    assert_bad_parameter(call_with(&f, CORRECT, "{" OF("lid") RANGE ",\"note\":\"a\\nb\"}"), "note");
    assert_bad_parameter(
        call_with(&f, CORRECT, "{" OF("lid") "\"from\":\"2026-11-02\",\"to\":\"2026-11-01\",\"note\":\"n\"}"),
        "to");
    assert_bad_parameter(/* the future can't be corrected */
                         call_with(
                             &f, CORRECT,
                             "{" OF("lid") "\"from\":\"2026-11-02\",\"to\":\"9026-11-01\",\"note\":\"n\"}"),
                         "to");
    f.first->points[0].device = POINT_DERIVED; /* no device shows it */
    assert_error(call_with(&f, CORRECT, "{" OF("temperature") RANGE ",\"offset\":\"-0.4\"}"),
                 "io.cryomon.Monitor.Refused");
    assert_error(
        call_with(&f, VERIFY, "{\"asset\":\"tank-1\",\"point\":\"temperature\",\"displayed\":\"-190\"}"),
        "io.cryomon.Monitor.Refused");
    f.first->points[0].device = 0;
    memset(x, 'x', sizeof x);
    snprintf(text, sizeof text,
             "{\"asset\":\"tank-1\",\"point\":\"lid\",\"note\":\"n\"," RANGE ",\"reason\":\"%.201s\"}", x);
    assert_error(call_with(&f, CORRECT, text), "io.cryomon.Monitor.TextTooLong");
    assert_int_equal(f.core.last_request.kind[0], '\0');
    fixture_close(&f);
}

#define COVER                                                                                                \
    "{\"events\":{\"count\":2,\"from\":1,\"to\":2,\"head\":9},\"seals\":{\"count\":0,\"from\":0,\"to\":0,"   \
    "\"head\":0},"                                                                                           \
    "\"sha256\":\"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\"}"
#define SIGNED                                                                                                 \
    "\"who\":\"li.na\",\"name\":\"李娜\",\"meaning\":\"review\",\"from\":\"2026-11-01\",\"reviewed_until\":" \
    "\"2026-11-02\""

/* Only root, which is to say the program that has asked for the password, says that a person has signed. */
static void test_review(void **state)
{
    (void)state;
    struct fixture f;
    fixture_open(&f, 1, NULL);
    json_t *reply = call_with(
        &f, REVIEW,
        "{" SIGNED ",\"to\":\"2026-11-02T00:00:00Z\",\"comment\":\"c\",\"asset\":\"tank-1\",\"covers\":" COVER
        "}");
    if (geteuid() != 0) {
        assert_string_equal(json_string_value(reply_parameter(reply, "group")), "root");
        assert_error(reply, "io.cryomon.Monitor.PermissionDenied");
        fixture_close(&f);
        return;
    }
    assert_error(reply, "");
    json_t *members = last_members(&f);
    assert_string_equal(f.core.last_request.kind, "review");
    assert_string_equal(f.core.last_request.asset, "tank-1");
    assert_true(f.core.last_request.reviewed_until_utc_us == INT64_C(1793577600000000));
    assert_string_equal(text_of(members, "by"), "li.na");
    assert_string_equal(text_of(members, "name"), "李娜");
    assert_string_equal(text_of(members, "from"), "2026-11-01T00:00:00.000Z");
    assert_int_equal(json_integer_value(json_object_get(
                         json_object_get(json_object_get(members, "covers"), "events"), "head")),
                     9);
    json_decref(members);
    assert_bad_parameter(call_with(&f, REVIEW, "{" SIGNED ",\"to\":\"2026-11-01\",\"covers\":" COVER "}"),
                         "to");
    assert_bad_parameter(call_with(&f, REVIEW, "{" SIGNED ",\"to\":\"2999-11-02\",\"covers\":" COVER "}"),
                         "to");
    assert_bad_parameter(call_with(&f, REVIEW, "{" SIGNED ",\"to\":\"2026-11-02\",\"covers\":{}}"), "covers");
    fixture_close(&f);
}

static void test_unknown_methods(void **state)
{
    (void)state;
    struct fixture f;
    fixture_open(&f, 1, NULL);
    assert_error(caller_call(&f, "{\"method\":\"io.cryomon.Monitor.Explode\"}"),
                 "org.varlink.service.MethodNotFound");
    json_t *reply = caller_call(&f, "{\"method\":\"io.cryomon.Other.Status\"}");
    assert_string_equal(json_string_value(reply_parameter(reply, "interface")), "io.cryomon.Other");
    assert_error(reply, "org.varlink.service.InterfaceNotFound");
    assert_error(caller_call(&f, "{\"method\":\"nodot\"}"), "org.varlink.service.InterfaceNotFound");
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
    assert_error(caller_receive(fd, NULL, 0), "");
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
    assert_error(caller_call(&f, GET_INFO), "");

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
        cmocka_unit_test(test_info),
        cmocka_unit_test(test_status),
        cmocka_unit_test(test_status_faults),
        cmocka_unit_test(test_status_alarms),
        cmocka_unit_test(test_status_pages),
        cmocka_unit_test(test_config_changes_in_between),
        cmocka_unit_test(test_busy),
        cmocka_unit_test(test_acknowledge),
        cmocka_unit_test(test_bad_parameters),
        cmocka_unit_test(test_reload),
        cmocka_unit_test(test_correct),
        cmocka_unit_test(test_record),
        cmocka_unit_test(test_record_refused),
        cmocka_unit_test(test_review),
        cmocka_unit_test(test_unknown_methods),
        cmocka_unit_test(test_pipeline),
        cmocka_unit_test(test_bytes_one_by_one),
        cmocka_unit_test(test_socket_file),
    };
    return cmocka_run_group_tests_name("control", tests, NULL, NULL);
}
