/* What a person asks for is understood, or the mistake is named. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "request.h"

static struct command_request request;
static char error[REQUEST_ERROR_MAX];
static char key[64];
static size_t limit;

static int read_text(enum command_verb verb, const char *text)
{
    json_t *object = json_loads(text, 0, NULL);
    assert_non_null(object);
    memset(&request, 0, sizeof request);
    request.verb = verb;
    const char *name = NULL;
    int result = request_read(object, &request, &name, &limit, error);
    snprintf(key, sizeof key, "%s", name != NULL ? name : "");
    json_decref(object);
    return result;
}

static void test_durations(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint32_t ms;
    } good[] = {
        {"90 s", 90000}, {"30 min", 1800000}, {"30min", 1800000}, {"2 h", 7200000}, {"3 d", 259200000}};
    static const char *const bad[] = {"",     "0 h",  "2",    "2 hours", "-1 h", "1.5 h",
                                      "2  h", "02 h", "1 h ", "99999 d", "60 d"};
    uint32_t ms;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_int_equal(request_parse_duration(good[i].text, &ms), 0);
        assert_int_equal(ms, good[i].ms);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(request_parse_duration(bad[i], &ms), -EINVAL);
}

static void test_verbs(void **state)
{
    (void)state;
    enum command_verb verb;
    for (unsigned i = 0; i < COMMAND_VERBS; i++) {
        assert_true(request_find_verb(request_verb_name((enum command_verb)i), &verb));
        assert_int_equal(verb, i);
    }
    assert_false(request_find_verb("selfdestruct", &verb));
}

static void test_blanks_say_nothing(void **state)
{
    (void)state;
    assert_int_equal(
        read_text(COMMAND_SHELVE, "{\"asset\":\"a\",\"alarm\":\"b\",\"note\":\"   \",\"for\":\"1 h\"}"),
        -EINVAL);
    assert_string_equal(key, "note");
    assert_int_equal(read_text(COMMAND_OUT_OF_SERVICE, "{\"asset\":\"a\",\"order\":\"\xE3\x80\x80 \xC2\xA0\","
                                                       "\"note\":\"new valve\",\"for\":\"1 h\"}"),
                     -EINVAL);
    assert_string_equal(key, "order");
    assert_int_equal(read_text(COMMAND_READING,
                               "{\"asset\":\"a\",\"point\":\"level\",\"value\":\"18\",\"measured\":"
                               "\"2026-11-24T12:00:00Z\",\"second\":\" \"}"),
                     -EINVAL);
    assert_string_equal(key, "second");
    assert_int_equal(
        read_text(COMMAND_SHELVE,
                  "{\"asset\":\"a\",\"alarm\":\"b\",\"note\":\" \xE4\xB8\x80 \",\"for\":\"1 h\"}"),
        0);
}

static void test_a_shelf(void **state)
{
    (void)state;
    assert_int_equal(
        read_text(COMMAND_SHELVE,
                  "{\"asset\":\"tank-1\",\"alarm\":\"warm\",\"note\":\"已知\",\"for\":\"30 min\","
                  "\"one_shot\":true,\"occurrence\":\"tank-1/warm@5\"}"),
        0);
    assert_string_equal(request.note, "已知");
    assert_int_equal(request.for_ms, 1800000);
    assert_true(request.one_shot);
    assert_string_equal(request.occurrence, "tank-1/warm@5");
    assert_int_equal(
        read_text(COMMAND_SHELVE,
                  "{\"asset\":\"a\",\"alarm\":\"b\",\"note\":\"c\",\"until\":\"2026-11-24T12:00:00Z\"}"),
        0);
    assert_true(request.until_utc_us == INT64_C(1795521600000000));
}

static void expect_mistake(enum command_verb verb, const char *text, int result, const char *wanted)
{
    assert_int_equal(read_text(verb, text), result);
    assert_string_equal(key, wanted);
    assert_non_null(strstr(error, wanted));
}

static void test_mistakes(void **state)
{
    (void)state;
    expect_mistake(COMMAND_SHELVE, "{\"asset\":\"a\",\"alarm\":\"b\",\"for\":\"1 h\"}", -EINVAL, "note");
    expect_mistake(COMMAND_SHELVE, "{\"asset\":\"a\",\"alarm\":\"b\",\"note\":\"\",\"for\":\"1 h\"}", -EINVAL,
                   "note");
    expect_mistake(COMMAND_SHELVE, "{\"asset\":\"a\",\"alarm\":\"b\",\"note\":\"c\"}", -EINVAL, "for");
    expect_mistake(COMMAND_SHELVE, "{\"asset\":\"a\",\"alarm\":\"b\",\"note\":\"c\",\"for\":3600}", -EINVAL,
                   "for");
    expect_mistake(
        COMMAND_SHELVE,
        "{\"asset\":\"a\",\"alarm\":\"b\",\"note\":\"c\",\"for\":\"1 h\",\"until\":\"2026-11-24T12:00:00Z\"}",
        -EINVAL, "until");
    expect_mistake(COMMAND_SHELVE,
                   "{\"asset\":\"a\",\"alarm\":\"b\",\"note\":\"c\",\"for\":\"1 h\",\"one_shot\":1}", -EINVAL,
                   "one_shot");
    expect_mistake(COMMAND_ACKNOWLEDGE, "{\"asset\":\"a\",\"alarm\":\"b\",\"for\":\"1 h\"}", -EINVAL, "for");
    expect_mistake(COMMAND_ACKNOWLEDGE, "{\"asset\":\"a\",\"alarm\":\"b\",\"note\":\"\\u0007\"}", -EINVAL,
                   "note");
    expect_mistake(COMMAND_OUT_OF_SERVICE, "{\"asset\":\"a\",\"note\":\"c\",\"for\":\"1 d\"}", -EINVAL,
                   "order");
    expect_mistake(COMMAND_READING,
                   "{\"asset\":\"a\",\"point\":\"p\",\"value\":\"1\",\"measured\":\"yesterday\"}", -EINVAL,
                   "measured");
    char text[512] = "{\"asset\":\"";
    memset(text + strlen(text), 'x', 100);
    strcat(text, "\",\"alarm\":\"b\"}");
    expect_mistake(COMMAND_ACKNOWLEDGE, text, -E2BIG, "asset");
    assert_int_equal(limit, ID_MAX - 1);
}

static void test_a_run(void **state)
{
    (void)state;
    assert_int_equal(read_text(COMMAND_RUN_PREPARE,
                               "{\"asset\":\"freezer-1\",\"program\":\"cryomed-700\",\"operator\":\"li.na\","
                               "\"lots\":[\"CB-2026-0117\",\"脐血 118\"]}"),
                     0);
    assert_string_equal(request.program, "cryomed-700");
    assert_string_equal(request.operator, "li.na");
    assert_string_equal(request.lots, "CB-2026-0117\n脐血 118");
    assert_int_equal(read_text(COMMAND_RUN_PREPARE, "{\"asset\":\"freezer-1\",\"lots\":\"CB-1\"}"), 0);
    assert_string_equal(request.lots, "CB-1");
    assert_int_equal(read_text(COMMAND_RUN_ACCEPT, "{\"asset\":\"f\",\"run\":\"f@1795510919521\"}"), 0);
    assert_string_equal(request.run, "f@1795510919521");
    expect_mistake(COMMAND_RUN_REJECT, "{\"asset\":\"f\",\"run\":\"f@1\"}", -EINVAL, "note");
    expect_mistake(COMMAND_RUN_ACCEPT, "{\"asset\":\"f\"}", -EINVAL, "run");
    expect_mistake(COMMAND_VESSEL_RELEARN, "{\"asset\":\"f\"}", -EINVAL, "note");
    expect_mistake(COMMAND_RUN_PREPARE, "{\"asset\":\"f\",\"lots\":[\"a\",1]}", -EINVAL, "lots");
    expect_mistake(COMMAND_RUN_PREPARE, "{\"asset\":\"f\",\"lots\":[\"a\\nb\"]}", -EINVAL, "lots");
    expect_mistake(COMMAND_RUN_PREPARE, "{\"asset\":\"f\",\"lots\":[\"a\",\"\"]}", -EINVAL, "lots");
    char text[4096] = "{\"asset\":\"f\",\"lots\":[\"a\"";
    for (int i = 0; i < 300; i++)
        strcat(text, ",\"b\"");
    strcat(text, "]}");
    expect_mistake(COMMAND_RUN_PREPARE, text, -E2BIG, "lots");
    assert_int_equal(limit, LOTS_MAX - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_durations),          cmocka_unit_test(test_verbs),
        cmocka_unit_test(test_blanks_say_nothing), cmocka_unit_test(test_a_shelf),
        cmocka_unit_test(test_mistakes),           cmocka_unit_test(test_a_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
