/* The JSON writer: valid output, escaping, bad UTF-8, and that a small buffer is noticed, not overrun. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "json_text.h"

static int write_sample(char *buffer, size_t cap)
{
    struct json_text j;
    json_text_begin(&j, buffer, cap);
    json_text_object(&j, NULL);
    json_text_string(&j, "asset", "tank-1");
    json_text_micro(&j, "value", INT64_C(-195800000), 1);
    json_text_array(&j, "list");
    json_text_integer(&j, NULL, -3);
    json_text_bool(&j, NULL, true);
    json_text_null(&j, NULL);
    json_text_end(&j);
    json_text_object(&j, "empty");
    json_text_end(&j);
    json_text_time(&j, "time", 0);
    json_text_end(&j);
    return json_text_finish(&j);
}

static const char expected[] = "{\"asset\":\"tank-1\",\"value\":-195.8,\"list\":[-3,true,null],\"empty\":{},"
                               "\"time\":\"1970-01-01T00:00:00.000Z\"}";

static void test_document(void **state)
{
    (void)state;
    char buffer[256];
    assert_int_equal(write_sample(buffer, sizeof buffer), (int)strlen(expected));
    assert_string_equal(buffer, expected);
}

static void test_every_small_buffer(void **state)
{
    (void)state;
    for (size_t cap = 0; cap < sizeof expected; cap++) {
        char buffer[sizeof expected + 1];
        memset(buffer, 'x', sizeof buffer);
        assert_int_equal(write_sample(buffer, cap), -ENOSPC);
        assert_int_equal(buffer[cap], 'x');
        if (cap > 0)
            assert_string_equal(buffer, "");
    }
    char buffer[sizeof expected];
    assert_int_equal(write_sample(buffer, sizeof buffer), (int)sizeof expected - 1);
}

static const char *quoted(const char *text, char *buffer, size_t cap)
{
    struct json_text j;
    json_text_begin(&j, buffer, cap);
    json_text_string(&j, NULL, text);
    assert_true(json_text_finish(&j) > 0);
    return buffer;
}

static void test_strings(void **state)
{
    (void)state;
    char b[128];
    assert_string_equal(quoted("a\"b\\c\n\x01", b, sizeof b), "\"a\\\"b\\\\c\\u000a\\u0001\"");
    assert_string_equal(quoted("1号罐 °C", b, sizeof b), "\"1号罐 °C\"");
    assert_string_equal(quoted("\xff", b, sizeof b), "\"\xEF\xBF\xBD\"");
    assert_string_equal(quoted("\xe5\x8f", b, sizeof b),
                        "\"\xEF\xBF\xBD\xEF\xBF\xBD\""); /* cut in the middle */
    assert_string_equal(quoted("\xc0\xaf", b, sizeof b), "\"\xEF\xBF\xBD\xEF\xBF\xBD\""); /* overlong */
    assert_string_equal(quoted("\xed\xa0\x80", b, sizeof b),
                        "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\""); /* surrogate */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_document),
        cmocka_unit_test(test_every_small_buffer),
        cmocka_unit_test(test_strings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
