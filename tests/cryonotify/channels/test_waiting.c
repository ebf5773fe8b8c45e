/* test_waiting.c - who waits for whom, and what goes together when a service takes only so much. */
#include "test.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "waiting.h"

#define SECOND INT64_C(1000000)
#define NOW    (1000 * SECOND)

static struct channel_config config;
static struct waiting *w;
static struct notice *taken[256];

static int setup(void **state)
{
    (void)state;
    config = (struct channel_config){.queue = 100, .at_most = {.count = 20, .within_ms = 60000}};
    return waiting_create(&config, &w);
}

static int teardown(void **state)
{
    (void)state;
    waiting_free(w);
    w = NULL;
    return 0;
}

static int put(enum notice_purpose purpose, enum priority priority, const char *person, uint64_t id)
{
    char alarm[16];
    struct notice *copy = NULL;
    struct notice n = {.id = id,
                       .purpose = purpose,
                       .priority = priority,
                       .person = person,
                       .asset = "tank-3",
                       .alarm = alarm,
                       .link = "https://cryo.example/a/x",
                       .value = {.known = true, .quality = id == 7 ? "bad" : "good"},
                       .sent_utc_us = NOW};
    snprintf(alarm, sizeof alarm, "a%u", (unsigned)id);
    assert_int_equal(notice_copy(&n, &copy), 0);
    int result = waiting_put(w, copy, NOW);
    if (result < 0)
        notice_free(copy);
    return result;
}

/* Takes, and returns the number of the first; those behind it are in taken. */
static size_t take(int64_t now_us)
{
    size_t n = waiting_take(w, now_us, false, taken);
    if (n > 0)
        waiting_sent(w, now_us, 1);
    return n;
}

static void drop(size_t n)
{
    for (size_t i = 0; i < n; i++)
        notice_free(taken[i]);
}

static void expect_one(int64_t now_us, uint64_t id)
{
    assert_int_equal(take(now_us), 1);
    assert_int_equal(taken[0]->id, id);
    drop(1);
}

static void critical_calls_go_first(void **state)
{
    (void)state;
    put(NOTICE_HELD, PRIORITY_CRITICAL, "li.na", 1);
    put(NOTICE_CALL, PRIORITY_LOW, "li.na", 2);
    put(NOTICE_CALL, PRIORITY_CRITICAL, "li.na", 3);
    put(NOTICE_AGAIN, PRIORITY_CRITICAL, "li.na", 4);
    expect_one(NOW, 3);
    expect_one(NOW, 4);
    expect_one(NOW, 2);
    expect_one(NOW, 1);
    assert_int_equal(waiting_delay_us(w, NOW), -1);
}

/* 17 announcements at once leave room for alarms, and none of them is lost. */
static void announcements_leave_room_for_alarms(void **state)
{
    struct notice *summary = NULL;
    (void)state;
    for (unsigned i = 0; i < 17; i++)
        put(NOTICE_HELD, PRIORITY_HIGH, "li.na", 10 + i);
    put(NOTICE_HELD, PRIORITY_HIGH, "wang", 99);
    assert_int_equal(take(NOW), 17);
    assert_int_equal(waiting_together(taken, 17, &summary), 0);
    assert_int_equal(summary->n_members, 17);
    assert_string_equal(summary->person, "li.na");
    assert_string_equal(summary->members[16].alarm, "a26");
    assert_string_equal(summary->members[16].link, "https://cryo.example/a/x");
    assert_true(summary->members[16].is_news);
    notice_free(summary);
    drop(17);
    expect_one(NOW, 99);
    for (unsigned i = 0; i < 13; i++) { /* with the two above, three quarters of 20 */
        put(NOTICE_RETURNED, PRIORITY_HIGH, "li.na", i + 1);
        expect_one(NOW + SECOND, i + 1);
    }
    put(NOTICE_RETURNED, PRIORITY_HIGH, "li.na", 50);
    assert_int_equal(take(NOW + SECOND), 0);
    assert_int_equal(waiting_delay_us(w, NOW + SECOND), 59 * SECOND);
    for (unsigned i = 0; i < 5; i++) { /* the rest is for what is critical */
        put(NOTICE_CALL, PRIORITY_CRITICAL, "li.na", 60 + i);
        expect_one(NOW + 2 * SECOND, 60 + i);
    }
    put(NOTICE_CALL, PRIORITY_CRITICAL, "li.na", 70);
    assert_int_equal(waiting_delay_us(w, NOW + 2 * SECOND), 58 * SECOND);
    assert_int_equal(take(NOW + 2 * SECOND), 0);
    assert_int_equal(take(NOW + 60 * SECOND),
                     1); /* two are out of the time: the critical one may go singly */
    assert_int_equal(taken[0]->id, 70);
    assert_int_equal(taken[0]->sent_utc_us, NOW + 60 * SECOND); /* it is as old as it is */
    drop(1);
}

static void more_alarms_than_may_go_are_one_summary(void **state)
{
    struct notice *summary = NULL;
    (void)state;
    config.at_most = (struct rate_limit){.count = 4, .within_ms = 60000};
    for (unsigned i = 0; i < 9; i++)
        put(i == 8 ? NOTICE_HELD : NOTICE_CALL, PRIORITY_CRITICAL, "li.na", 1 + i);
    put(NOTICE_DRILL, PRIORITY_LOW, "li.na", 30);
    assert_int_equal(take(NOW), 9); /* 8 calls do not fit into 4, and the announcement joins them */
    assert_int_equal(waiting_together(taken, 9, &summary), 0);
    assert_int_equal(summary->purpose, NOTICE_SUMMARY);
    assert_int_equal(summary->priority, PRIORITY_CRITICAL);
    assert_int_equal(summary->n_members, 9);
    assert_string_equal(summary->members[6].quality, "bad");
    assert_null(summary->members[5].quality);
    assert_false(summary->members[0].is_news);
    assert_true(summary->members[8].is_news);
    notice_free(summary);
    drop(9);
    expect_one(NOW, 30); /* a drill is never put among others */
}

static void a_crowded_queue_is_put_together(void **state)
{
    (void)state;
    config.at_most = (struct rate_limit){0};
    config.queue = 10;
    for (unsigned i = 0; i < 10; i++)
        assert_int_equal(put(NOTICE_RETURNED, PRIORITY_HIGH, i < 8 ? "li.na" : "wang", 1 + i), 0);
    assert_int_equal(put(NOTICE_RETURNED, PRIORITY_HIGH, "wang", 11), -EAGAIN);
    assert_int_equal(put(NOTICE_CALL, PRIORITY_CRITICAL, "chen", 12), 0); /* has room of its own */
    expect_one(NOW, 12);
    assert_int_equal(take(NOW), 8);
    drop(8);
    expect_one(NOW, 9);
    expect_one(NOW, 10);
}

static void a_stop_gives_all_one_by_one(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 30; i++)
        put(NOTICE_HELD, PRIORITY_LOW, "li.na", i + 1);
    for (unsigned i = 0; i < 30; i++) {
        assert_int_equal(waiting_take(w, NOW, true, taken), 1);
        drop(1);
    }
    assert_int_equal(waiting_count(w), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(critical_calls_go_first, setup, teardown),
        cmocka_unit_test_setup_teardown(announcements_leave_room_for_alarms, setup, teardown),
        cmocka_unit_test_setup_teardown(more_alarms_than_may_go_are_one_summary, setup, teardown),
        cmocka_unit_test_setup_teardown(a_crowded_queue_is_put_together, setup, teardown),
        cmocka_unit_test_setup_teardown(a_stop_gives_all_one_by_one, setup, teardown),
    };
    return cmocka_run_group_tests_name("waiting", tests, NULL, NULL);
}
