/* Times as text, both ways; and that the two clocks are what they say. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "clock.h"

static void test_print(void **state)
{
    (void)state;
    char text[RFC3339_MAX];
    clock_print_utc(text, 0);
    assert_string_equal(text, "1970-01-01T00:00:00.000Z");
    clock_print_utc(text, INT64_C(1795309323456789));
    assert_string_equal(text, "2026-11-22T01:02:03.456Z");
    clock_print_utc(text, -1);
    assert_string_equal(text, "1969-12-31T23:59:59.999Z");
    clock_print_utc(text, INT64_MAX);
    assert_int_equal(strlen(text), 24);
}

static void test_parse(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t utc_us;
    } good[] = {
        {"2026-11-22T01:02:03.456Z", INT64_C(1795309323456000)},
        {"2026-11-22T09:02:03.456+08:00", INT64_C(1795309323456000)},
        {"2026-11-22 01:02:03", INT64_C(1795309323000000)},
        {"2026-11-22 01:02", INT64_C(1795309320000000)},
        {"2026-11-22", INT64_C(1795305600000000)},
        {"2024-02-29", INT64_C(1709164800000000)},
    };
    static const char *const bad[] = {"",
                                      "now",
                                      "2026-13-01",
                                      "2026-02-30",
                                      "2026-11-22T",
                                      "2026-11-22T25:00",
                                      "2026-11-22 01:02:03.",
                                      "2026-11-22Zx",
                                      "26-11-22",
                                      "2026-11-22T01:02:03+8"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        int64_t got = -1;
        assert_int_equal(clock_parse_utc(good[i].text, &got), 0);
        assert_int_equal(got, good[i].utc_us);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        int64_t got = 42;
        assert_int_equal(clock_parse_utc(bad[i], &got), -EINVAL);
        assert_int_equal(got, 42); /* untouched on failure */
    }
}

static void test_clocks(void **state)
{
    (void)state;
    struct stamp now = clock_now();
    assert_true(clock_boot_us() >= now.boot_us);
    int64_t difference = now.utc_us - now.boot_us - clock_offset_us();
    assert_true(difference > -SECOND_US && difference < SECOND_US);
    char id[BOOT_ID_MAX];
    clock_boot_id(id);
    assert_int_equal(strlen(id), 32);
    assert_int_equal(strspn(id, "0123456789abcdef"), 32);
}

/* Slots stay on their grid while the clock is slewed, and follow when it is set. */
static void test_slots_keep_their_offset(void **unused)
{
    (void)unused;
    const int64_t offset = 1700000000000000;
    int64_t kept = clock_keep_offset(INT64_MIN, offset);
    assert_true(kept == offset);
    for (int64_t slewed = 0; slewed <= 50000; slewed += 500)
        assert_true((kept = clock_keep_offset(kept, offset - slewed)) == offset);
    kept = clock_keep_offset(kept, offset - 50001);
    assert_true(kept == offset - 50001);
    assert_true(clock_keep_offset(kept, offset) == offset);
    assert_true(clock_keep_offset(kept, kept + 3600000000) == kept + 3600000000);
}

/* Time asleep is the part of BOOTTIME in which nothing ran; while we look, nobody sleeps. */
static void test_asleep(void **state)
{
    (void)state;
    int64_t before_us = clock_running_us(), asleep_us = clock_asleep_us();
    assert_true(asleep_us > -MS_US);
    assert_true(llabs(clock_boot_us() - clock_running_us() - asleep_us) < SECOND_US);
    assert_true(llabs(clock_asleep_us() - asleep_us) < MS_US);
    assert_true(clock_running_us() >= before_us);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_print),
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_clocks),
        cmocka_unit_test(test_asleep),
        cmocka_unit_test(test_slots_keep_their_offset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
