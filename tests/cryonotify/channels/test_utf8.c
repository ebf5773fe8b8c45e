/* What is UTF-8, what is not, and what a line must not hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "utf8.h"

static void test_every_character_comes_back(void **state)
{
    (void)state;
    for (uint32_t c = 1; c <= 0x10FFFF; c++) {
        char bytes[UTF8_BYTES + 1] = "";
        const char *text = bytes;
        if (c >= 0xD800 && c <= 0xDFFF)
            continue;
        size_t len = utf8_put(bytes, c);
        assert_int_equal(utf8_next(&text), c);
        assert_ptr_equal(text, bytes + len);
        assert_int_equal(utf8_next(&text), 0);
    }
}

static void test_what_is_not_utf8_costs_one_byte(void **state)
{
    static const char *const wrong[] = {"\x80",
                                        "\xC0\x80",
                                        "\xC1\xBF",
                                        "\xE0\x9F\xBF",
                                        "\xED\xA0\x80",
                                        "\xF0\x8F\xBF\xBF",
                                        "\xF4\x90\x80\x80",
                                        "\xF5\x80\x80\x80",
                                        "\xFF",
                                        "\xE6\xB6",
                                        "\xC3"};

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        const char *text = wrong[i];
        assert_int_equal(utf8_next(&text), UTF8_REPLACEMENT);
        assert_ptr_equal(text, wrong[i] + 1);
    }
}

static void test_cleaning(void **state)
{
    static const char *const pairs[][2] = {
        {"plain", "plain"},
        {"two\nlines\r\n", "two lines  "},
        {"tab\there", "tab here"},
        {"\x1B[31mred", " [31mred"},
        {"a\xFF"
         "b",
         "a\xEF\xBF\xBD"
         "b"},
        {"\xE2\x80\xAEturned\xE2\x80\xAC", " turned "},     /* right-to-left override, pop */
        {"\xE2\x81\xA6isolated\xE2\x81\xA9", " isolated "}, /* isolates */
        {"line\xE2\x80\xA8separator", "line separator"},
        {"\xC2\x85next line", " next line"},
        {"\xE6\xB6\xB2\xE6\xB0\xAE \xF0\x9F\x92\xA7", "\xE6\xB6\xB2\xE6\xB0\xAE \xF0\x9F\x92\xA7"},
    };
    char text[100];

    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        size_t len = utf8_clean(text, sizeof text, pairs[i][0]);
        assert_string_equal(text, pairs[i][1]);
        assert_int_equal(len, strlen(text));
    }
}

static void test_cleaning_cuts_between_characters_and_says_so(void **state)
{
    char text[100];

    (void)state;
    for (size_t cap = 1; cap < 40; cap++) {
        memset(text, 'x', sizeof text);
        size_t len = utf8_clean(text, cap, "\xE6\xB6\xB2\xE6\xB0\xAE\xE6\xB6\xB2\xE6\xB0\xAE abcdefghij");
        assert_int_equal(len, strlen(text));
        assert_true(len < cap);
        for (const char *p = text; *p != '\0';)
            assert_int_not_equal(utf8_next(&p), UTF8_REPLACEMENT);
        if (cap >= 4 && cap <= 23)
            assert_string_equal(text + len - 3, "\xE2\x80\xA6");
        if (cap > 23)
            assert_string_equal(text + len - 3, "hij");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_character_comes_back),
        cmocka_unit_test(test_what_is_not_utf8_costs_one_byte),
        cmocka_unit_test(test_cleaning),
        cmocka_unit_test(test_cleaning_cuts_between_characters_and_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
