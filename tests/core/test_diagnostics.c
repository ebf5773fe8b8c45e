/* Each reply is counted once, in the right place; percentiles are true to a bucket. */
#include "test.h"

#include "diagnostics.h"

#define MS INT64_C(1000)

static void count(struct diagnostics *d, enum bus_outcome outcome, uint8_t exception, const char *fault,
                  int64_t utc_us)
{
    const struct modbus_reply reply = {.outcome = outcome, .exception = exception, .fault = fault};
    diagnostics_count(d, &reply, 5 * MS, utc_us);
}

static void test_counts(void **state)
{
    (void)state;
    struct diagnostics d = {.requests = 0};
    count(&d, BUS_OK, 0, NULL, 1000);
    assert_int_equal(d.last_good_utc_us, 1000);
    assert_int_equal(d.last_fault_utc_us, 0);
    assert_string_equal(d.fault, "");
    count(&d, BUS_REFUSED, 2, NULL, 2000);
    assert_string_equal(d.fault, "exception 2");
    count(&d, BUS_REFUSED, 5, NULL, 3000);
    count(&d, BUS_REFUSED, 6, NULL, 4000);
    count(&d, BUS_REFUSED, 10, NULL, 5000);
    count(&d, BUS_REFUSED, 11, NULL, 6000);
    assert_string_equal(d.fault, "exception 11");
    count(&d, BUS_NO_REPLY, 0, "no reply", 7000);
    count(&d, BUS_BAD_REPLY, 0, "unit id", 8000);
    assert_string_equal(d.fault, "unit id");
    count(&d, BUS_LINK_DOWN, 0, "connection lost", 9000);
    assert_string_equal(d.fault, "connection lost");
    assert_int_equal(d.requests, 9);
    assert_int_equal(d.replies, 6);
    assert_int_equal(d.refused, 1);
    assert_int_equal(d.busy, 2);
    assert_int_equal(d.timeouts, 3); /* two of them by the gateway's word */
    assert_int_equal(d.bad_replies, 1);
    assert_int_equal(d.link_faults, 1);
    assert_int_equal(d.last_good_utc_us, 1000);
    assert_int_equal(d.last_fault_utc_us, 9000);
}

static void reply_in(struct diagnostics *d, int64_t latency_us)
{
    const struct modbus_reply reply = {.outcome = BUS_OK};
    diagnostics_count(d, &reply, latency_us, 1);
}

static void test_only_replies_have_a_latency(void **state)
{
    (void)state;
    struct diagnostics d = {.requests = 0};
    assert_int_equal(diagnostics_percentile_us(&d, 99), 0);
    count(&d, BUS_NO_REPLY, 0, "no reply", 1);
    count(&d, BUS_BAD_REPLY, 0, "CRC", 1);
    assert_int_equal(diagnostics_percentile_us(&d, 99), 0);
    reply_in(&d, 20 * MS);
    assert_in_range(diagnostics_percentile_us(&d, 50), 20 * MS, 24 * MS);
}

/* A thousand replies of 1, 2, 3 ... ms: no percentile is below the true one, none 19 % above it. */
static void test_percentiles(void **state)
{
    (void)state;
    struct diagnostics d = {.requests = 0};
    for (int ms = 1; ms <= 1000; ms++)
        reply_in(&d, ms * MS);
    for (unsigned percent = 1; percent <= 100; percent++) {
        int64_t true_us = percent * 10 * MS;
        assert_in_range(diagnostics_percentile_us(&d, percent), true_us, true_us * 119 / 100 + 1);
    }
}

static void test_the_ends_of_the_scale(void **state)
{
    (void)state;
    struct diagnostics d = {.requests = 0};
    reply_in(&d, 0);
    assert_in_range(diagnostics_percentile_us(&d, 100), 1, MS);
    reply_in(&d, INT64_MAX);
    assert_true(diagnostics_percentile_us(&d, 100) > 25000 * MS);
    assert_int_equal(d.replies, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_only_replies_have_a_latency),
        cmocka_unit_test(test_percentiles),
        cmocka_unit_test(test_the_ends_of_the_scale),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
