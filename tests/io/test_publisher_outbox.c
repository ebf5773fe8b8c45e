/* The window of events: order, holding, refusals, gaps, overflow. No broker and no disk. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "clock.h"
#include "outbox.h"

#define T0 (100 * SECOND_US)

static int setup(void **state)
{
    struct outbox *o = NULL;
    uint64_t after;
    unsigned limit;
    assert_int_equal(outbox_create(&o), 0);
    /* An empty state.db: nothing is left from earlier runs. */
    assert_true(outbox_wants_page(o, T0, &after, &limit));
    outbox_page_end(o, 0, T0);
    *state = o;
    return 0;
}

static int teardown(void **state)
{
    outbox_free(*state);
    return 0;
}

static void add(struct outbox *o, uint64_t seq, int64_t now_us)
{
    struct event_record event = {.seq = seq, .at.boot_us = now_us};
    snprintf(event.body, sizeof event.body, "{\"seq\":%u}", (unsigned)seq);
    outbox_add(o, &event, now_us);
}

static void add_durable(struct outbox *o, uint64_t first, uint64_t last, int64_t now_us)
{
    for (uint64_t seq = first; seq <= last; seq++)
        add(o, seq, now_us);
    outbox_durable(o, last);
}

/* Sends the next one; 0 when there is none. */
static uint64_t send(struct outbox *o, int64_t now_us)
{
    struct outbox_slot *slot = outbox_next(o, now_us);
    if (slot == NULL)
        return 0;
    outbox_sent(slot);
    return slot->seq;
}

struct told {
    uint64_t seq[64];
    unsigned n, limit;
};

static bool tell(void *context, uint64_t seq)
{
    struct told *told = context;
    if (told->n == told->limit)
        return false;
    told->seq[told->n++ % 64] = seq;
    return true;
}

static void test_order_and_confirmation(void **state)
{
    struct outbox *o = *state;
    struct told told = {.limit = 2};
    add_durable(o, 1, 3, T0);
    for (uint64_t seq = 1; seq <= 3; seq++)
        assert_int_equal(send(o, T0), seq);
    assert_int_equal(send(o, T0), 0);
    for (uint64_t seq = 3; seq >= 1; seq--)
        outbox_answer(o, seq, true, T0);
    outbox_settle(o, tell, &told); /* the store takes two, then its mailbox is full */
    assert_int_equal(told.n, 2);
    assert_false(outbox_is_empty(o));
    told.limit = 3;
    outbox_settle(o, tell, &told);
    assert_int_equal(told.n, 3);
    assert_int_equal(told.seq[0] + told.seq[1] + told.seq[2], 6);
    assert_true(outbox_is_empty(o));
}

static void test_held_until_durable_or_half_a_second(void **state)
{
    struct outbox *o = *state;
    add(o, 1, T0);
    add(o, 2, T0);
    assert_int_equal(send(o, T0), 0);
    assert_int_equal(outbox_deadline(o, T0), T0 + PUBLISHER_HOLD_MS * MS_US);
    outbox_durable(o, 1);
    assert_int_equal(send(o, T0), 1);
    assert_int_equal(send(o, T0), 0);
    assert_int_equal(send(o, T0 + PUBLISHER_HOLD_MS * MS_US), 2);
}

static void test_all_unconfirmed_go_again_oldest_first(void **state)
{
    struct outbox *o = *state;
    add_durable(o, 1, 4, T0);
    for (int i = 0; i < 4; i++)
        (void)send(o, T0);
    outbox_answer(o, 2, true, T0);
    outbox_disconnected(o);
    assert_int_equal(send(o, T0), 1);
    assert_int_equal(send(o, T0), 3);
    assert_int_equal(send(o, T0), 4);
    assert_int_equal(send(o, T0), 0);
}

static void test_the_last_ones_that_never_came_are_read_from_disk(void **state)
{
    struct outbox *o = *state;
    uint64_t after = 0;
    unsigned limit = 0;
    int64_t late = T0 + OUTBOX_MISSING_MS * MS_US;
    add_durable(o, 1, 2, T0);
    outbox_durable(o, 4);
    assert_false(outbox_wants_page(o, T0, &after, &limit)); /* their messages may be under way */
    assert_true(outbox_wants_page(o, late, &after, &limit));
    assert_int_equal(after, 2);
    assert_true(outbox_page_row(o, 3, "{}"));
    assert_true(outbox_page_row(o, 4, "{}"));
    outbox_page_end(o, 2, late);
    add(o, 4, late); /* it comes after all */
    add(o, 5, late);
    outbox_durable(o, 5);
    for (uint64_t seq = 1; seq <= 5; seq++)
        assert_int_equal(send(o, late), seq);
    assert_int_equal(send(o, late), 0);
}

static void test_a_refused_one_comes_again_and_holds_up_nobody(void **state)
{
    struct outbox *o = *state;
    struct told told = {.limit = 64};
    add_durable(o, 1, 3, T0);
    assert_int_equal(send(o, T0), 1);
    outbox_answer(o, 1, false, T0);
    assert_int_equal(send(o, T0), 2);
    assert_int_equal(send(o, T0), 3);
    outbox_answer(o, 2, true, T0);
    outbox_answer(o, 3, true, T0);
    outbox_settle(o, tell, &told);
    assert_int_equal(told.n, 2);
    assert_int_equal(send(o, T0), 0);
    assert_int_equal(outbox_deadline(o, T0), T0 + OUTBOX_RETRY_MS * MS_US);
    assert_int_equal(send(o, T0 + OUTBOX_RETRY_MS * MS_US), 1);
    outbox_answer(o, 1, true, T0);
    outbox_settle(o, tell, &told);
    assert_true(outbox_is_empty(o));
}

static void test_refusals_in_a_row_pause_everything(void **state)
{
    struct outbox *o = *state;
    add_durable(o, 1, 10, T0);
    for (int i = 0; i < OUTBOX_REFUSALS_PAUSE; i++)
        outbox_answer(o, send(o, T0), false, T0);
    assert_int_equal(send(o, T0), 0);
    assert_int_equal(send(o, T0 + OUTBOX_RETRY_MS * MS_US), 1);
}

static void test_a_gap_is_read_from_disk_before_what_follows(void **state)
{
    struct outbox *o = *state;
    uint64_t after = 0;
    unsigned limit = 0;
    add_durable(o, 1, 2, T0);
    add_durable(o, 5, 6, T0); /* the messages of 3 and 4 never came */
    assert_int_equal(send(o, T0), 1);
    assert_int_equal(send(o, T0), 2);
    assert_int_equal(send(o, T0), 0);
    assert_true(outbox_wants_page(o, T0, &after, &limit));
    assert_int_equal(after, 2);
    assert_true(outbox_page_row(o, 3, "{}"));
    assert_true(outbox_page_row(o, 4, "{}"));
    assert_false(outbox_page_row(o, 5, "{}")); /* that one is in the ring */
    outbox_page_end(o, 3, T0);
    assert_int_equal(send(o, T0), 3);
    assert_int_equal(send(o, T0), 4);
    assert_int_equal(send(o, T0), 5);
    assert_int_equal(send(o, T0), 6);
}

static void test_a_disk_that_hangs_holds_the_ring_for_a_second(void **state)
{
    struct outbox *o = *state;
    uint64_t after = 0;
    unsigned limit = 0;
    add_durable(o, 1, 1, T0);
    add_durable(o, 3, 3, T0);
    assert_true(outbox_wants_page(o, T0, &after, &limit));
    assert_int_equal(send(o, T0), 1);
    assert_int_equal(send(o, T0), 0);
    int64_t later = outbox_deadline(o, T0);
    assert_int_equal(later, T0 + OUTBOX_PAGE_WAIT_MS * MS_US);
    assert_int_equal(send(o, later), 3);
    outbox_page_end(o, -EIO, later); /* and a disk that fails does not hold it at all */
    add_durable(o, 4, 4, later);
    assert_int_equal(send(o, later), 4);
    assert_false(outbox_wants_page(o, later, &after, &limit));
    assert_true(outbox_wants_page(o, later + OUTBOX_RETRY_MS * MS_US, &after, &limit));
}

static void test_overflow_brings_the_oldest_back_from_disk(void **state)
{
    struct outbox *o = *state;
    uint64_t after = 99;
    unsigned limit = 0;
    add_durable(o, 1, OUTBOX_RING + 3, T0);
    assert_true(outbox_wants_page(o, T0, &after, &limit));
    assert_int_equal(after, 0);
    for (uint64_t seq = 1; seq <= 3; seq++)
        assert_true(outbox_page_row(o, seq, "{}"));
    assert_false(outbox_page_row(o, 4, "{}"));
    outbox_page_end(o, 4, T0);
    for (uint64_t seq = 1; seq <= OUTBOX_RING + 3; seq++)
        assert_int_equal(send(o, T0), seq);
}

static void test_a_row_read_before_its_message_is_sent_once(void **state)
{
    struct outbox *o = *state;
    uint64_t after = 0;
    unsigned limit = 0;
    outbox_look_back(o);
    assert_true(outbox_wants_page(o, T0, &after, &limit));
    (void)after;
    outbox_page_end(o, 0, T0);
    outbox_free(o);
    assert_int_equal(outbox_create(&o), 0);
    *state = o;
    assert_true(outbox_wants_page(o, T0, &after, &limit));
    assert_true(outbox_page_row(o, 7, "{}"));
    assert_true(outbox_page_row(o, 8, "{}"));
    outbox_page_end(o, 2, T0);
    add_durable(o, 8, 9, T0); /* 8 of this run, already seen on disk */
    assert_int_equal(send(o, T0), 7);
    assert_int_equal(send(o, T0), 8);
    assert_int_equal(send(o, T0), 9);
    assert_int_equal(send(o, T0), 0);
}

static void test_without_a_broker_it_empties(void **state)
{
    struct outbox *o = *state;
    struct told told = {.limit = 64};
    add(o, 1, T0);
    outbox_give_away(o, T0);
    outbox_settle(o, tell, &told);
    assert_int_equal(told.n, 0); /* the store may not have it yet */
    outbox_durable(o, 1);
    outbox_give_away(o, T0);
    outbox_settle(o, tell, &told);
    assert_int_equal(told.n, 1);
    assert_true(outbox_is_empty(o));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_order_and_confirmation, setup, teardown),
        cmocka_unit_test_setup_teardown(test_held_until_durable_or_half_a_second, setup, teardown),
        cmocka_unit_test_setup_teardown(test_all_unconfirmed_go_again_oldest_first, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_refused_one_comes_again_and_holds_up_nobody, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refusals_in_a_row_pause_everything, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_gap_is_read_from_disk_before_what_follows, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_disk_that_hangs_holds_the_ring_for_a_second, setup, teardown),
        cmocka_unit_test_setup_teardown(test_overflow_brings_the_oldest_back_from_disk, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_last_ones_that_never_came_are_read_from_disk, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_a_row_read_before_its_message_is_sent_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_without_a_broker_it_empties, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
