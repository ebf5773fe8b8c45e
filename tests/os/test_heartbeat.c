/* Heartbeats: a thread that goes on beating is alive, one that stopped is found by name, one that left is
 * forgotten. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "heartbeat.h"

static void wait_ms(long ms)
{
    struct timespec t = {.tv_sec = 0, .tv_nsec = ms * 1000000};
    nanosleep(&t, NULL);
}

static void test_late_thread_is_named(void **state)
{
    (void)state;
    struct heartbeats *hb;
    char name[HEARTBEAT_NAME];
    bool blocked;
    assert_int_equal(heartbeats_create(&hb), 0);
    int good = heartbeat_join(hb, "good"), slow = heartbeat_join(hb, "slow");
    assert_true(good >= 0 && slow >= 0 && good != slow);
    assert_false(heartbeat_find_late(hb, name, "good", &blocked));
    heartbeat_busy(hb, slow, 1);
    wait_ms(5);
    assert_true(heartbeat_find_late(hb, name, "good", &blocked));
    assert_string_equal(name, "slow");
    assert_false(blocked);
    heartbeat_busy(hb, slow, 60000); /* it said that it may take its time */
    assert_false(heartbeat_find_late(hb, name, "good", &blocked));
    heartbeat_busy(hb, slow, 1);
    wait_ms(5);
    heartbeat_leave(hb, slow);
    assert_false(heartbeat_find_late(hb, name, "good", &blocked));
    assert_int_equal(heartbeat_join(hb, "new"), slow); /* the slot is used again */
    heartbeats_free(hb);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_late_thread_is_named)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
