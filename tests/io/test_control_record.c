/* What tools and people put into the record by the control socket: records, corrections, reviews. */
#include "control_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

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
    reply_assert_error(reply, "");
    json_t *members = last_members(&f);
    assert_string_equal(f.core.last_request.kind, "backup");
    control_peer_name(geteuid(), name, sizeof name);
    assert_string_equal(reply_text(members, "by"), name);
    const json_t *detail = json_object_get(members, "detail");
    assert_string_equal(reply_text(detail, "file"), "/b/1 \"x\"");
    assert_int_equal(json_integer_value(json_object_get(detail, "bytes")), 12);
    assert_string_equal(reply_text(json_object_get(members, "text"), "en"),
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
    reply_assert_bad_parameter(call_with(&f, RECORD, "{\"kind\":\"alarm\",\"detail\":{}}"), "kind");
    reply_assert_bad_parameter(call_with(&f, RECORD, "{\"kind\":\"review\",\"detail\":{}}"), "kind");
    reply_assert_bad_parameter(call_with(&f, RECORD, "{\"kind\":\"backup\"}"), "detail");
    reply_assert_bad_parameter(call_with(&f, RECORD, "{\"kind\":\"backup\",\"detail\":[]}"), "detail");
    reply_assert_bad_parameter(call_with(&f, RECORD, "{\"kind\":\"backup\",\"detail\":{\"a\":{}}}"),
                               "detail");
    reply_assert_bad_parameter(call_with(&f, RECORD, "{\"kind\":\"backup\",\"detail\":{\"A\":1}}"), "detail");
    reply_assert_bad_parameter(call_with(&f, RECORD, "{\"kind\":\"backup\",\"detail\":{\"a\":\"\\u0007\"}}"),
                               "detail");
    memset(x, 'x', sizeof x);
    snprintf(text, sizeof text, "{\"kind\":\"backup\",\"detail\":{\"a\":\"%.256s\"}}", x);
    reply_assert_bad_parameter(call_with(&f, RECORD, text), "detail");
    snprintf(text, sizeof text,
             "{\"kind\":\"backup\",\"detail\":{\"a\":\"%.255s\",\"b\":\"%.255s\",\"c\":\"%.255s\",\"d\":\"%."
             "255s\"}}",
             x, x, x, x);
    reply_assert_bad_parameter(call_with(&f, RECORD, text), "detail");
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
    reply_assert_error(reply, "");
    json_t *members = last_members(&f);
    assert_string_equal(f.core.last_request.kind, "correction");
    assert_string_equal(f.core.last_request.asset, "tank-1");
    control_peer_name(geteuid(), name, sizeof name);
    assert_string_equal(reply_text(members, "by"), name);
    assert_string_equal(reply_text(members, "from"), "2026-11-01T00:00:00.000Z");
    assert_string_equal(reply_text(members, "to"), "2026-11-01T02:00:00.000Z");
    assert_string_equal(reply_text(members, "unit"), "°C");
    assert_true(json_real_value(json_object_get(members, "offset")) == -0.4);
    assert_non_null(
        strstr(reply_text(json_object_get(members, "text"), "en"), "-0.4 °C would have to be added; loose"));
    json_decref(members);
    f.core.last_request.kind[0] = '\0';

    reply_assert_error(call_with(&f, CORRECT, "{" OF("colour") RANGE ",\"note\":\"n\"}"),
                       "io.cryomon.Monitor.NoSuchPoint");
    reply_assert_bad_parameter(call_with(&f, CORRECT, "{" OF("temperature") RANGE "}"), "note");
    reply_assert_bad_parameter(call_with(&f, CORRECT, "{" OF("temperature") RANGE ",\"offset\":\"1,5\"}"),
                               "offset");
    reply_assert_bad_parameter(call_with(&f, CORRECT, "{" OF("lid") RANGE ",\"offset\":\"1\"}"), "offset");
    reply_assert_bad_parameter(call_with(&f, CORRECT, "{" OF("lid") RANGE ",\"note\":\"a\\nb\"}"), "note");
    reply_assert_bad_parameter(
        call_with(&f, CORRECT, "{" OF("lid") "\"from\":\"2026-11-02\",\"to\":\"2026-11-01\",\"note\":\"n\"}"),
        "to");
    reply_assert_bad_parameter(/* the future can't be corrected */
                               call_with(&f, CORRECT,
                                         "{" OF("lid") "\"from\":\"2026-11-02\",\"to\":\"9026-11-01\","
                                                       "\"note\":\"n\"}"),
                               "to");
    f.first->points[0].device = POINT_DERIVED; /* no device shows it */
    reply_assert_error(call_with(&f, CORRECT, "{" OF("temperature") RANGE ",\"offset\":\"-0.4\"}"),
                       "io.cryomon.Monitor.Refused");
    reply_assert_error(
        call_with(&f, VERIFY, "{\"asset\":\"tank-1\",\"point\":\"temperature\",\"displayed\":\"-190\"}"),
        "io.cryomon.Monitor.Refused");
    f.first->points[0].device = 0;
    memset(x, 'x', sizeof x);
    snprintf(text, sizeof text,
             "{\"asset\":\"tank-1\",\"point\":\"lid\",\"note\":\"n\"," RANGE ",\"reason\":\"%.201s\"}", x);
    reply_assert_error(call_with(&f, CORRECT, text), "io.cryomon.Monitor.TextTooLong");
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
        reply_assert_error(reply, "io.cryomon.Monitor.PermissionDenied");
        fixture_close(&f);
        return;
    }
    reply_assert_error(reply, "");
    json_t *members = last_members(&f);
    assert_string_equal(f.core.last_request.kind, "review");
    assert_string_equal(f.core.last_request.asset, "tank-1");
    assert_true(f.core.last_request.reviewed_until_utc_us == INT64_C(1793577600000000));
    assert_string_equal(reply_text(members, "by"), "li.na");
    assert_string_equal(reply_text(members, "name"), "李娜");
    assert_string_equal(reply_text(members, "from"), "2026-11-01T00:00:00.000Z");
    assert_int_equal(json_integer_value(json_object_get(
                         json_object_get(json_object_get(members, "covers"), "events"), "head")),
                     9);
    json_decref(members);
    reply_assert_bad_parameter(
        call_with(&f, REVIEW, "{" SIGNED ",\"to\":\"2026-11-01\",\"covers\":" COVER "}"), "to");
    reply_assert_bad_parameter(
        call_with(&f, REVIEW, "{" SIGNED ",\"to\":\"2999-11-02\",\"covers\":" COVER "}"), "to");
    reply_assert_bad_parameter(call_with(&f, REVIEW, "{" SIGNED ",\"to\":\"2026-11-02\",\"covers\":{}}"),
                               "covers");
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_record),
        cmocka_unit_test(test_record_refused),
        cmocka_unit_test(test_correct),
        cmocka_unit_test(test_review),
    };
    return cmocka_run_group_tests_name("control: record", tests, NULL, NULL);
}
