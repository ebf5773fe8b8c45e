/* How many requests an address may make within a minute. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "rate.h"

#define SECOND INT64_C(1000000)

static struct rate *rate;

static int set_up(void **state)
{
    (void)state;
    rate = calloc(1, sizeof *rate);
    return rate != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    free(rate);
    return 0;
}

static bool allow4(uint32_t address, int64_t at_us)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(address)};

    return rate_allow(rate, (const struct sockaddr *)&v4, 3, at_us);
}

static bool allow6(const char *address, int64_t at_us)
{
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};

    assert_int_equal(inet_pton(AF_INET6, address, &v6.sin6_addr), 1);
    return rate_allow(rate, (const struct sockaddr *)&v6, 3, at_us);
}

static void test_each_address_has_its_own_minute(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++)
        assert_true(allow4(1, SECOND));
    assert_false(allow4(1, 2 * SECOND));
    assert_true(allow4(2, 2 * SECOND));
    assert_false(allow4(1, 60 * SECOND));
    assert_true(allow4(1, 61 * SECOND));
}

static void test_a_host_has_all_addresses_of_its_ipv6_network(void **state)
{
    (void)state;
    assert_true(allow6("2001:db8:1:2::1", SECOND));
    assert_true(allow6("2001:db8:1:2:ffff::2", SECOND));
    assert_true(allow6("2001:db8:1:2::3", SECOND));
    assert_false(allow6("2001:db8:1:2::4", SECOND));
    assert_true(allow6("2001:db8:1:3::4", SECOND));
    /* IPv4 in IPv6 is not one network. */
    for (int i = 0; i < 3; i++)
        assert_true(allow6("::ffff:192.0.2.1", SECOND));
    assert_false(allow6("::ffff:192.0.2.1", SECOND));
    assert_true(allow6("::ffff:192.0.2.2", SECOND));
    assert_false(allow4(0xC0000201, SECOND));
}

static void test_many_addresses_push_out_only_the_oldest(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < RATE_SLOTS; i++)
        for (int n = 0; n < 3; n++)
            assert_true(allow4(100 + i, SECOND + (int64_t)i));
    assert_true(allow4(99999, 2 * SECOND));
    assert_false(allow4(100 + RATE_SLOTS - 1, 2 * SECOND));
    assert_false(allow4(101, 2 * SECOND));
    assert_true(allow4(100, 3 * SECOND)); /* forgotten */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_each_address_has_its_own_minute, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_host_has_all_addresses_of_its_ipv6_network, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_many_addresses_push_out_only_the_oldest, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
