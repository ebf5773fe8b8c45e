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
    watch_begin(&w, now, 60000, 30000, 40000);
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

static const char *const why[LANGUAGES] = {"no heartbeat for 63 s", "已 63 秒没有心跳"};

/* A heartbeat each 10 s for so long, each of which says this. Returns after how many seconds it is told. */
static int64_t beats(int64_t seconds, enum watch_calls calls)
{
    int64_t told_s = -1;
    for (int64_t s = 0; s <= seconds; s += 10) {
        if (s > 0)
            pass(10);
        watch_heartbeat(&w, now, "demo");
        watch_calls(&w, now, "demo", calls, now.utc_us, why);
        for (int changed; (changed = watch_step(&w, now)) >= 0;) {
            assert_int_equal(changed, WATCH_NOBODY);
            assert_int_equal(told_s, -1);
            told_s = s;
        }
    }
    return told_s;
}

static void nobody_would_be_called(void **state)
{
    (void)state;
    watch_up(&w, now);
    assert_int_equal(beats(300, WATCH_CALLS_OK), -1);
    assert_int_equal(beats(30, WATCH_CALLS_NOBODY), -1);
    assert_int_equal(beats(0, WATCH_CALLS_OK), -1); /* it was not for long enough */
    assert_int_equal(beats(300, WATCH_CALLS_NOBODY), 40);
    assert_true(w.sites[0].nobody);
    assert_string_equal(w.sites[0].why[LANGUAGE_ZH], why[LANGUAGE_ZH]);
    assert_int_equal(beats(300, WATCH_CALLS_NOT_SAID), -1); /* nothing is concluded */
    assert_true(w.sites[0].nobody);
    assert_int_equal(beats(30, WATCH_CALLS_OK), 0);
    assert_false(w.sites[0].nobody);
    assert_int_equal(beats(300, WATCH_CALLS_NOBODY), 40);
    assert_int_equal(beats(0, WATCH_CALLS_UNWANTED), 0);
}

/* A daemon that is started again says for a while that it does not know: that is no proof of anything. */
static void what_is_not_said_begins_and_ends_nothing(void **state)
{
    (void)state;
    watch_up(&w, now);
    assert_int_equal(beats(600, WATCH_CALLS_NOT_SAID), -1);
    assert_int_equal(beats(20, WATCH_CALLS_NOBODY), -1);
    assert_int_equal(beats(50, WATCH_CALLS_NOT_SAID), -1);
    pass(10);
    assert_int_equal(beats(0, WATCH_CALLS_NOBODY), 0);
}

/* What is not heard is not counted: the last word may be old. */
static void a_word_of_before_the_connection_was_lost_is_none(void **state)
{
    (void)state;
    watch_up(&w, now);
    assert_int_equal(beats(20, WATCH_CALLS_NOBODY), -1);
    watch_down(&w, now, "");
    pass(25);
    watch_up(&w, now);
    assert_int_equal(watch_step(&w, now), -1);
    assert_int_equal(beats(60, WATCH_CALLS_OK), -1);
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
        cmocka_unit_test_setup(nobody_would_be_called, setup),
        cmocka_unit_test_setup(what_is_not_said_begins_and_ends_nothing, setup),
        cmocka_unit_test_setup(a_word_of_before_the_connection_was_lost_is_none, setup),
        cmocka_unit_test_setup(never_connected, setup),
    };
    return cmocka_run_group_tests_name("watch", tests, NULL, NULL);
}
