/* Who must look at what, and by when. */
#include "rounds.h"

#include "test.h"

#include <errno.h>

#define MINUTE_US INT64_C(60000000)
#define HOUR_US   (60 * MINUTE_US)
#define UTC_US    INT64_C(1795510000000000)

static const struct rounds_model MODEL = {
    .every_ms = 4 * 3600 * 1000, .grace_ms = 30 * 60 * 1000, .unattended_after_ms = 10 * 60 * 1000};

static struct stamp at(int64_t boot_us)
{
    return (struct stamp){.boot_us = boot_us, .utc_us = UTC_US + boot_us};
}

static void test_a_dead_device_asks_after_a_while(void **state)
{
    (void)state;
    struct rounds *r = rounds_create(&MODEL, 2, at(0));
    rounds_observe(r, 0, at(MINUTE_US), false, MINUTE_US);
    assert_false(rounds_view(r, 0, at(MINUTE_US)).is_unattended);
    rounds_observe(r, 0, at(10 * MINUTE_US), false, MINUTE_US); /* silent for 9 minutes */
    assert_false(rounds_view(r, 0, at(10 * MINUTE_US)).is_unattended);
    rounds_observe(r, 0, at(11 * MINUTE_US), false, MINUTE_US);
    struct rounds_view view = rounds_view(r, 0, at(11 * MINUTE_US));
    assert_true(view.is_unattended);
    assert_true(view.since_utc_us == UTC_US + 11 * MINUTE_US);
    assert_true(view.due_utc_us == view.since_utc_us + 4 * HOUR_US);
    assert_false(rounds_view(r, 0, at(11 * MINUTE_US + 4 * HOUR_US + 30 * MINUTE_US - 1)).is_overdue);
    assert_true(rounds_view(r, 0, at(11 * MINUTE_US + 4 * HOUR_US + 30 * MINUTE_US)).is_overdue);
    assert_false(rounds_view(r, 1, at(20 * HOUR_US)).is_unattended); /* nobody has said so of the other one */
    rounds_observe(r, 0, at(5 * HOUR_US), false, 5 * HOUR_US);       /* it is back */
    assert_false(rounds_view(r, 0, at(6 * HOUR_US)).is_overdue);
    rounds_free(r);
}

static void test_never_read_counts_from_the_start(void **state)
{
    (void)state;
    struct rounds *r = rounds_create(&MODEL, 1, at(HOUR_US));
    rounds_observe(r, 0, at(HOUR_US + 9 * MINUTE_US), false, INT64_MIN);
    assert_false(rounds_view(r, 0, at(HOUR_US + 9 * MINUTE_US)).is_unattended);
    rounds_observe(r, 0, at(HOUR_US + 10 * MINUTE_US), false, INT64_MIN);
    assert_true(rounds_view(r, 0, at(HOUR_US + 10 * MINUTE_US)).is_unattended);
    rounds_free(r);
}

/* Entered while the clock was a year ahead: it is not the newest one for a year. */
static void test_a_reading_of_the_future_is_not_the_newest(void **state)
{
    (void)state;
    const struct stamp wrong = {.boot_us = MINUTE_US, .utc_us = UTC_US + 365 * 24 * HOUR_US};
    struct rounds *r = rounds_create(&MODEL, 1, wrong);
    bool is_late = true;
    rounds_observe(r, 0, wrong, true, MINUTE_US);
    assert_true(rounds_read(r, 0, wrong, wrong.utc_us));
    assert_int_equal(rounds_check(r, 0, at(3 * HOUR_US), 0, at(3 * HOUR_US).utc_us, &is_late), 0);
    assert_false(is_late);
    assert_true(rounds_read(r, 0, at(3 * HOUR_US), at(3 * HOUR_US).utc_us));
    assert_true(rounds_view(r, 0, at(3 * HOUR_US)).due_utc_us == at(7 * HOUR_US).utc_us);
    assert_false(rounds_read(r, 0, at(3 * HOUR_US), at(2 * HOUR_US).utc_us)); /* as ever */
    rounds_free(r);
}

static void test_a_bypass_asks_at_once(void **state)
{
    (void)state;
    struct rounds *r = rounds_create(&MODEL, 1, at(0));
    rounds_observe(r, 0, at(MINUTE_US), true, MINUTE_US);
    assert_true(rounds_view(r, 0, at(MINUTE_US)).is_unattended);
    rounds_free(r);
}

static void test_a_reading_moves_what_is_due(void **state)
{
    (void)state;
    struct rounds *r = rounds_create(&MODEL, 2, at(0));
    bool late;
    rounds_observe(r, 0, at(0), true, 0);
    rounds_observe(r, 1, at(0), true, 0);
    assert_int_equal(rounds_check(r, 0, at(4 * HOUR_US), UTC_US, UTC_US + 5 * HOUR_US, &late), -ERANGE);
    assert_int_equal(rounds_check(r, 0, at(4 * HOUR_US), UTC_US, UTC_US - HOUR_US, &late), -ESTALE);
    assert_int_equal(rounds_check(r, 0, at(4 * HOUR_US), UTC_US, UTC_US + 4 * HOUR_US, &late), 0);
    assert_false(late);
    assert_true(rounds_read(r, 0, at(4 * HOUR_US), UTC_US + 3 * HOUR_US)); /* entered an hour later */
    struct rounds_view view = rounds_view(r, 0, at(4 * HOUR_US));
    assert_true(view.last_utc_us == UTC_US + 3 * HOUR_US);
    assert_true(view.due_utc_us == UTC_US + 7 * HOUR_US);
    assert_true(rounds_view(r, 1, at(4 * HOUR_US)).due_utc_us == UTC_US + 4 * HOUR_US); /* each by itself */
    rounds_free(r);
}

/* What was read at night is entered in the morning, and not in order: nothing of it is refused. */
static void test_late_ones_are_taken_and_marked(void **state)
{
    (void)state;
    struct rounds *r = rounds_create(&MODEL, 2, at(0));
    bool late = false;
    rounds_observe(r, 0, at(0), true, 0);
    assert_true(rounds_read(r, 0, at(20 * HOUR_US), UTC_US + 20 * HOUR_US));
    assert_int_equal(rounds_check(r, 0, at(20 * HOUR_US), UTC_US, UTC_US + 2 * HOUR_US, &late), 0);
    assert_true(late);
    assert_false(rounds_read(r, 0, at(20 * HOUR_US), UTC_US + 2 * HOUR_US));
    assert_true(rounds_view(r, 0, at(20 * HOUR_US)).last_utc_us == UTC_US + 20 * HOUR_US);
    late = false; /* a minute ago, but behind a newer one */
    assert_int_equal(rounds_check(r, 0, at(20 * HOUR_US), UTC_US, UTC_US + 20 * HOUR_US - MINUTE_US, &late),
                     0);
    assert_true(late);
    /* of another point it is nothing special */
    assert_int_equal(rounds_check(r, 1, at(20 * HOUR_US), UTC_US, UTC_US + 20 * HOUR_US - MINUTE_US, &late),
                     0);
    assert_false(late);
    rounds_free(r);
}

/* The bypass was there before: its countdown goes on. */
static void test_a_restart_begins_nothing_anew(void **state)
{
    (void)state;
    struct rounds *r = rounds_create(&MODEL, 1, at(5 * HOUR_US));
    rounds_observe(r, 0, at(5 * HOUR_US), true, INT64_MIN);
    rounds_since(r, 0, at(5 * HOUR_US), UTC_US + HOUR_US);
    struct rounds_view view = rounds_view(r, 0, at(5 * HOUR_US));
    assert_true(view.since_utc_us == UTC_US + HOUR_US);
    assert_true(view.due_utc_us == UTC_US + 5 * HOUR_US);
    assert_true(rounds_view(r, 0, at(5 * HOUR_US + 30 * MINUTE_US)).is_overdue);
    rounds_since(r, 0, at(6 * HOUR_US), UTC_US); /* a clock that was set since changes nothing */
    assert_true(rounds_view(r, 0, at(6 * HOUR_US)).since_utc_us == UTC_US + HOUR_US);
    rounds_free(r);
}

/* A clock that is set back makes nothing due later. */
static void test_boottime_decides(void **state)
{
    (void)state;
    struct rounds *r = rounds_create(&MODEL, 1, at(0));
    rounds_observe(r, 0, at(0), true, 0);
    struct stamp now = {.boot_us = 5 * HOUR_US, .utc_us = UTC_US - 24 * HOUR_US};
    assert_true(rounds_view(r, 0, now).is_overdue);
    rounds_free(r);
}

static void test_a_new_configuration_forgets_nothing(void **state)
{
    (void)state;
    struct rounds *old = rounds_create(&MODEL, 2, at(0)), *new = rounds_create(&MODEL, 1, at(5 * HOUR_US));
    rounds_observe(old, 1, at(0), true, 0);
    rounds_inherit(new, 0, old, 1);
    assert_true(rounds_view(new, 0, at(5 * HOUR_US)).is_overdue);
    rounds_free(old);
    rounds_free(new);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_dead_device_asks_after_a_while),
        cmocka_unit_test(test_never_read_counts_from_the_start),
        cmocka_unit_test(test_a_reading_of_the_future_is_not_the_newest),
        cmocka_unit_test(test_a_bypass_asks_at_once),
        cmocka_unit_test(test_a_reading_moves_what_is_due),
        cmocka_unit_test(test_late_ones_are_taken_and_marked),
        cmocka_unit_test(test_a_restart_begins_nothing_anew),
        cmocka_unit_test(test_boottime_decides),
        cmocka_unit_test(test_a_new_configuration_forgets_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
