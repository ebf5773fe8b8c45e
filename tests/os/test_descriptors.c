/* Descriptors for connections, and those that connections never take. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <unistd.h>

#include "descriptors.h"

static void limit(rlim_t soft)
{
    struct rlimit now;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &now), 0);
    now.rlim_cur = soft;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &now), 0);
}

static void test_900_connections_fit_where_the_unit_file_is_followed(void **state)
{
    (void)state;
    struct rlimit now;
    limit(256);
    descriptors_raise();
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &now), 0);
    if (now.rlim_cur < 2048) /* this machine allows no more: nothing to see */
        skip();
    assert_true(descriptors_room() >= 900 + 8);
    assert_true(descriptors_fit(FD_SETSIZE - 1));
    assert_false(descriptors_fit(FD_SETSIZE));
}

static void test_the_last_ones_are_no_connections(void **state)
{
    (void)state;
    limit(128);
    assert_int_equal(descriptors_room(), 128 - 2 * DESCRIPTORS_OWN);
    assert_true(descriptors_fit(127 - DESCRIPTORS_OWN));
    assert_false(descriptors_fit(128 - DESCRIPTORS_OWN));
    assert_false(descriptors_fit(-1));
    limit(20);
    assert_int_equal(descriptors_room(), 0);
    assert_false(descriptors_fit(5));
}

static void test_what_is_no_connection_makes_room(void **state)
{
    (void)state;
    limit(256);
    descriptors_raise();
    int fd = open("/dev/null", O_RDONLY), aside = descriptors_aside(fd);
    if (aside == fd) /* not allowed here */
        skip();
    assert_true(aside >= FD_SETSIZE);
    assert_true(fcntl(aside, F_GETFD) & FD_CLOEXEC);
    assert_int_equal(fcntl(fd, F_GETFD), -1);
    close(aside);
    assert_int_equal(descriptors_aside(-1), -1);
    limit(256); /* no room aside: it stays where it is */
    fd = open("/dev/null", O_RDONLY);
    assert_int_equal(descriptors_aside(fd), fd);
    assert_int_not_equal(fcntl(fd, F_GETFD), -1);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_900_connections_fit_where_the_unit_file_is_followed),
        cmocka_unit_test(test_the_last_ones_are_no_connections),
        cmocka_unit_test(test_what_is_no_connection_makes_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
