/* test_watch.c - signs of life. */
#include "test.h"

#include "clock.h"
#include "watch.h"

static struct watch w;
static struct stamp now;

static void pass(int64_t seconds)
{
    now.boot_us += seconds * SECOND_US;
    now.utc_us += seconds * SECOND_US;
}

static int setup(void **state)
{
    (void)state;
    now = (struct stamp){.boot_us = 100 * SECOND_US, .utc_us = INT64_C(1764000000) * SECOND_US};
    watch_begin(&w, now, 60000, 30000);
    assert_true(watch_add(&w, now, "demo"));
    return 0;
}

static void a_silent_site(void **state)
{
    (void)state;
    watch_up(&w, now);
    watch_heartbeat(&w, now, "demo");
    pass(59);
    assert_int_equal(watch_step(&w, now), -1);
    pass(1);
    assert_int_equal(watch_step(&w, now), 0);
    assert_true(w.sites[0].silent);
    assert_int_equal(watch_step(&w, now), -1);
    watch_status(&w, now, "demo", true, ""); /* a retained status is no sign of life */
    assert_int_equal(watch_step(&w, now), -1);
    watch_heartbeat(&w, now, "demo");
    assert_int_equal(watch_step(&w, now), 0);
    assert_false(w.sites[0].silent);
}

static void a_lost_broker_is_told_and_not_the_sites(void **state)
{
    (void)state;
    watch_up(&w, now);
    watch_heartbeat(&w, now, "demo");
    watch_down(&w, now, "refused");
    pass(29);
    assert_int_equal(watch_step(&w, now), -1);
    pass(100);
    assert_int_equal(watch_step(&w, now), WATCH_BROKER);
    assert_true(w.broker_lost);
    assert_int_equal(watch_step(&w, now), -1);
    watch_up(&w, now);
    assert_int_equal(watch_step(&w, now), -1);
    pass(30); /* it is steady */
    assert_int_equal(watch_step(&w, now), WATCH_BROKER);
    assert_false(w.broker_lost);
    pass(29); /* the site could not be heard meanwhile */
    assert_int_equal(watch_step(&w, now), -1);
    pass(1);
    assert_int_equal(watch_step(&w, now), 0);
}

/* 11 s with a connection, 2 s without, again and again: neither a dead daemon nor the bad line is hidden by
 * it. */
static void a_connection_that_breaks_again_and_again_hides_nothing(void **state)
{
    int64_t silent_s = 0, lost_s = 0;
    (void)state;
    watch_up(&w, now);
    watch_heartbeat(&w, now, "demo");
    for (unsigned s = 1; s <= 400; s++) {
        pass(1);
        if (s % 13 == 11)
            watch_down(&w, now, "it broke");
        else if (s % 13 == 0)
            watch_up(&w, now);
        for (int changed; (changed = watch_step(&w, now)) >= 0;) {
            if (changed == WATCH_BROKER && lost_s == 0)
                lost_s = s;
            else if (changed == 0 && silent_s == 0)
                silent_s = s;
            else
                fail_msg("it changes again after %u s", s);
        }
    }
    assert_in_range(silent_s, 60, 75);
    assert_in_range(lost_s, 30, 210);
    assert_true(w.broker_lost && w.sites[0].silent);
}

static void a_reconnection_ends_no_silence(void **state)
{
    (void)state;
    watch_up(&w, now);
    pass(61);
    assert_int_equal(watch_step(&w, now), 0);
    watch_down(&w, now, "");
    watch_up(&w, now);
    assert_int_equal(watch_step(&w, now), -1);
    assert_true(w.sites[0].silent);
}

static void never_connected(void **state)
{
    (void)state;
    pass(30);
    assert_int_equal(watch_step(&w, now), WATCH_BROKER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_silent_site, setup),
        cmocka_unit_test_setup(a_lost_broker_is_told_and_not_the_sites, setup),
        cmocka_unit_test_setup(a_connection_that_breaks_again_and_again_hides_nothing, setup),
        cmocka_unit_test_setup(a_reconnection_ends_no_silence, setup),
        cmocka_unit_test_setup(never_connected, setup),
    };
    return cmocka_run_group_tests_name("watch", tests, NULL, NULL);
}
