/* Is a text as wide as the terminal makes it? The C library's own table is the judge. */
#include "width.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include <cmocka.h>

static void test_against_libc(void **state)
{
    (void)state;
    if (setlocale(LC_CTYPE, "C.UTF-8") == NULL)
        skip();
    /* What a name may be written in: Latin, Greek, Cyrillic, CJK, kana, hangul, punctuation and symbols. */
    static const struct {
        uint32_t first, last;
    } blocks[] = {{0x20, 0x7E},     {0xA0, 0x2FF},    {0x300, 0x36F},   {0x370, 0x482},    {0x1100, 0x115F},
                  {0x2010, 0x2027}, {0x2030, 0x205E}, {0x20A0, 0x20BF}, {0x2100, 0x22FF},  {0x2E80, 0x2E99},
                  {0x3000, 0x303E}, {0x3041, 0x3096}, {0x3099, 0x30FF}, {0x3131, 0x318E},  {0x3200, 0x32FF},
                  {0x3300, 0x33FF}, {0x3400, 0x4DBF}, {0x4E00, 0x9FFC}, {0xAC00, 0xD7A3},  {0xF900, 0xFA6D},
                  {0xFE30, 0xFE52}, {0xFF01, 0xFF60}, {0xFFE0, 0xFFE6}, {0x20000, 0x2A6DD}};
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) {
        for (uint32_t c = blocks[i].first; c <= blocks[i].last; c++) {
            int width = wcwidth((wchar_t)c);
            if (c == 0xAD || width < 0) /* the soft hyphen is a matter of taste; unassigned ones of nothing */
                continue;
            if (width_of(c) != (unsigned)width)
                fail_msg("U+%04X: %u columns, the C library says %d", c, width_of(c), width);
        }
    }
}

static void test_texts(void **state)
{
    (void)state;
    assert_int_equal(width_text(""), 0);
    assert_int_equal(width_text("Tank 1"), 6);
    assert_int_equal(width_text("1号罐"), 5);
    assert_int_equal(width_text("-190.1 °C"), 9);
    assert_int_equal(width_text("e\u0301"), 1);
    assert_int_equal(width_text("\xff\xfe"), 2); /* two replacement characters */
}

static void assert_clean(const char *text, unsigned columns, const char *expected)
{
    char *clean = width_clean(text, columns);
    assert_string_equal(clean, expected);
    assert_true(width_text(clean) <= columns);
    free(clean);
}

static void test_clean(void **state)
{
    (void)state;
    assert_clean("Tank 1", 10, "Tank 1");
    assert_clean("Tank 1", 6, "Tank 1");
    assert_clean("Tank 12", 6, "Tank …");
    assert_clean("示范细胞库", 10, "示范细胞库");
    assert_clean("示范细胞库", 9, "示范细胞…");
    assert_clean("示范细胞库", 8, "示范细…"); /* half a character is none */
    assert_clean("示范", 0, "");
    assert_clean("a\033[2Jb", 20, "a\uFFFD[2Jb"); /* a name can't clear the screen */
    assert_clean("a\nb\x7f", 20, "a\uFFFDb\uFFFD");
    assert_clean("a\xc2\x9b"
                 "b\u202ec",
                 20, "a\uFFFDb\uFFFDc");
    assert_clean("\xe5\x8f", 20, "\uFFFD\uFFFD");
    assert_clean("\xc0\x80\xed\xa0\x80", 20, "\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_libc),
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_clean),
    };
    return cmocka_run_group_tests_name("width", tests, NULL, NULL);
}
