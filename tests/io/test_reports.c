/* What a module says unasked, among what else is on the line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "modbus_reply.h"
#include "reports.h"

#define HOUR INT64_C(3600000000)

/* The report of a R4DCB08 as its manual prints it: 30.3 and 81.9. */
static const uint8_t REPORT[] = {0x01, 0x03, 0x04, 0x01, 0x2F, 0x03, 0x33, 0x8A, 0xE3};
static const struct reply_frame SHAPE = {.unit = 1, .function = 3, .bytes = 4};

static void test_found_between_noise(void **state)
{
    (void)state;
    uint8_t line[64] = {0x00, 0xFF, 0x01, 0x03}; /* and the first bytes of a frame that was cut off */
    memcpy(line + 4, REPORT, sizeof REPORT);
    memcpy(line + 4 + sizeof REPORT, REPORT, sizeof REPORT - 1);
    struct reply_frame frame;
    size_t at = 0, len = 4 + 2 * sizeof REPORT - 1;
    assert_true(reports_find(line, len, &at, &frame));
    assert_memory_equal(&frame, &SHAPE, sizeof frame);
    assert_int_equal(at, 4 + sizeof REPORT);
    assert_false(reports_find(line, len, &at, &frame)); /* the second lacks a byte */
}

static void test_broken_crc_is_no_frame(void **state)
{
    (void)state;
    struct reply_frame frame;
    for (size_t bit = 0; bit < 8 * sizeof REPORT; bit++) {
        uint8_t line[sizeof REPORT];
        size_t at = 0;
        memcpy(line, REPORT, sizeof REPORT);
        line[bit / 8] = (uint8_t)(line[bit / 8] ^ 1U << bit % 8);
        assert_false(reports_find(line, sizeof line, &at, &frame));
    }
}

static void test_one_on_a_silent_line_is_enough(void **state)
{
    (void)state;
    struct reports reports = {0};
    assert_false(reports_has(&reports, SHAPE, 0));
    assert_true(reports_note(&reports, SHAPE, true, 0));
    assert_true(reports_has(&reports, SHAPE, 0));
    assert_false(reports_note(&reports, SHAPE, true, 1)); /* no news */
}

static void test_within_a_transaction_it_takes_two(void **state)
{
    (void)state;
    struct reports reports = {0};
    assert_false(reports_note(&reports, SHAPE, false, 0));
    assert_false(reports_has(&reports, SHAPE, 0));
    assert_true(reports_note(&reports, SHAPE, false, 1));
    assert_true(reports_has(&reports, SHAPE, 1));
}

static void test_forgotten_after_a_while(void **state)
{
    (void)state;
    struct reports reports = {0};
    (void)reports_note(&reports, SHAPE, true, 0);
    assert_true(reports_has(&reports, SHAPE, HOUR / 6));
    assert_false(reports_has(&reports, SHAPE, HOUR / 6 + 1)); /* it was an accident */
    (void)reports_note(&reports, SHAPE, true, HOUR);
    (void)reports_note(&reports, SHAPE, true, HOUR + HOUR / 10);
    assert_true(reports_has(&reports, SHAPE, 2 * HOUR));
    assert_false(reports_has(&reports, SHAPE, 2 * HOUR + HOUR / 10 + 1));
    assert_false(reports_note(&reports, SHAPE, false, 4 * HOUR)); /* it begins anew */
}

static void test_only_reports(void **state)
{
    (void)state;
    struct reports reports = {0};
    uint8_t line[2 * sizeof REPORT];
    memcpy(line, REPORT, sizeof REPORT);
    memcpy(line + sizeof REPORT, REPORT, sizeof REPORT);
    assert_false(reports_only(&reports, line, sizeof line, 0));
    (void)reports_note(&reports, SHAPE, true, 0);
    assert_true(reports_only(&reports, line, sizeof line, 0));
    assert_false(reports_only(&reports, line, sizeof line - 1, 0));
    assert_false(reports_only(&reports, line, 0, 0));
}

static void test_more_shapes_than_places(void **state)
{
    (void)state;
    struct reports reports = {0};
    for (unsigned i = 0; i <= REPORTS_MAX; i++) {
        struct reply_frame frame = {.unit = 1, .function = 3, .bytes = (uint8_t)(2 + 2 * i)};
        (void)reports_note(&reports, frame, true, i);
    }
    assert_int_equal(reports.n, REPORTS_MAX);
    const struct reply_frame oldest = {.unit = 1, .function = 3, .bytes = 2};
    const struct reply_frame newest = {.unit = 1, .function = 3, .bytes = 2 + 2 * REPORTS_MAX};
    assert_false(reports_has(&reports, oldest, REPORTS_MAX));
    assert_true(reports_has(&reports, newest, REPORTS_MAX));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_found_between_noise),
        cmocka_unit_test(test_broken_crc_is_no_frame),
        cmocka_unit_test(test_one_on_a_silent_line_is_enough),
        cmocka_unit_test(test_within_a_transaction_it_takes_two),
        cmocka_unit_test(test_forgotten_after_a_while),
        cmocka_unit_test(test_only_reports),
        cmocka_unit_test(test_more_shapes_than_places),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
