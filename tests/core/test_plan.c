/* Which registers share a request, and how a refused request is split. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "plan.h"

#define LIMITS(registers, gap) (&(struct plan_limits){.max_registers = (registers), .max_gap = (gap)})

static void test_neighbours_share_a_request(void **state)
{
    (void)state;
    struct plan_item items[] = {{3, 1, 20, 0}, {3, 2, 10, 1}, {3, 1, 12, 2}, {4, 1, 13, 3}, {3, 1, 16, 4}};
    struct plan_block blocks[5];
    size_t n = plan_blocks(items, 5, LIMITS(125, 3), blocks);
    assert_int_equal(n, 2);
    assert_int_equal(blocks[0].function, 3);
    assert_int_equal(blocks[0].address, 10);
    assert_int_equal(blocks[0].count, 11); /* 10..20: the holes are 3 wide */
    assert_int_equal(blocks[0].n_items, 4);
    assert_int_equal(blocks[1].function, 4);
    assert_int_equal(plan_blocks(items, 5, LIMITS(125, 2), blocks), 4);
}

static void test_limits(void **state)
{
    (void)state;
    struct plan_item items[] = {{3, 2, 0, 0}, {3, 2, 2, 1}, {3, 2, 4, 2}, {3, 2, 65534, 3}};
    struct plan_block blocks[4];
    size_t n = plan_blocks(items, 4, LIMITS(4, 0), blocks);
    assert_int_equal(n, 3);
    assert_int_equal(blocks[0].count, 4); /* a value of two registers is never split */
    assert_int_equal(blocks[1].count, 2);
    assert_int_equal(blocks[2].address, 65534);
    struct plan_item wide[] = {{3, 1, 0, 0}, {3, 1, 125, 1}};
    assert_int_equal(plan_blocks(wide, 2, LIMITS(65535, 65535), blocks), 2); /* Modbus' own limit holds */
    struct plan_item bits[] = {{2, 1, 0, 0}, {2, 1, 1999, 1}, {2, 1, 2000, 2}};
    assert_int_equal(plan_blocks(bits, 3, LIMITS(125, 65535), blocks), 2);
    assert_int_equal(blocks[0].count, 2000);
    assert_int_equal(plan_blocks(items, 0, LIMITS(125, 0), blocks), 0);
}

static void test_two_points_in_one_register(void **state)
{
    (void)state;
    struct plan_item items[] = {{3, 1, 75, 0}, {3, 1, 75, 1}};
    struct plan_block blocks[2];
    size_t n = plan_blocks(items, 2, LIMITS(125, 0), blocks);
    assert_int_equal(n, 1);
    assert_int_equal(blocks[0].count, 1);
    assert_int_equal(plan_split(items, blocks, &n, 0), 0); /* nothing to split */
}

static void test_split_ends_with_each_register_alone(void **state)
{
    (void)state;
    struct plan_item items[] = {{3, 1, 0, 0}, {3, 1, 1, 1}, {3, 2, 9, 2}, {3, 1, 11, 3}, {3, 1, 11, 4}};
    struct plan_block blocks[5];
    size_t n = plan_blocks(items, 5, LIMITS(125, 20), blocks);
    assert_int_equal(n, 1);
    assert_int_equal(plan_split(items, blocks, &n, 0), 1);
    assert_int_equal(n, 2);
    assert_int_equal(blocks[0].count, 2); /* cut at the hole */
    assert_int_equal(blocks[1].address, 9);
    assert_int_equal(blocks[1].count, 3);
    for (size_t i = 0; i < n;)
        if (!plan_split(items, blocks, &n, i))
            i++;
    assert_int_equal(n, 4);
    uint16_t served = 0;
    for (size_t i = 0; i < n; i++)
        served = (uint16_t)(served + blocks[i].n_items);
    assert_int_equal(served, 5); /* no register is dropped */
}

static void test_pieces_are_joined_again(void **state)
{
    (void)state;
    struct plan_item items[] = {{3, 1, 0, 0},   {3, 1, 1, 1},   {3, 1, 2, 2},
                                {3, 1, 200, 3}, {3, 1, 201, 4}, {4, 1, 0, 5}};
    struct plan_block blocks[6], planned[6];
    size_t n = plan_blocks(items, 6, LIMITS(125, 0), blocks), n_planned = n;
    memcpy(planned, blocks, n * sizeof *blocks);
    assert_int_equal(n, 3);
    for (size_t i = 0; i < n;)
        if (!plan_split(items, blocks, &n, i))
            i++;
    assert_int_equal(n, 6);
    assert_int_equal(plan_pieces(blocks, n, &planned[0]), 3);
    assert_int_equal(plan_pieces(blocks, n, &planned[2]), 1);
    plan_join(blocks, &n, &planned[1]);
    assert_int_equal(n, 5);
    assert_int_equal(plan_pieces(blocks, n, &planned[0]), 3);
    plan_join(blocks, &n, &planned[0]);
    plan_join(blocks, &n, &planned[2]);
    assert_int_equal(n, n_planned);
    assert_memory_equal(blocks, planned, n * sizeof *blocks);
}

/* Registers that a device refuses even as a part of more: no request touches them, and no other is cut. */
static void test_holes(void **state)
{
    (void)state;
    static const struct plan_hole holes[] = {{5721, 5722}, {5740, 5740}};
    const struct plan_limits limits = {.max_registers = 125, .max_gap = 50, .holes = holes, .n_holes = 2};
    struct plan_item items[] = {{3, 1, 5719, 0}, {3, 1, 5720, 1}, {3, 1, 5723, 2},
                                {3, 1, 5730, 3}, {3, 2, 5738, 4}, {3, 1, 5741, 5}};
    struct plan_block blocks[6];
    size_t n = plan_blocks(items, 6, &limits, blocks);
    assert_int_equal(n, 3);
    assert_int_equal(blocks[0].address, 5719);
    assert_int_equal(blocks[0].count, 2);
    assert_int_equal(blocks[1].address, 5723);
    assert_int_equal(blocks[1].count, 17); /* 5723..5739: the gaps between may be read over */
    assert_int_equal(blocks[2].address, 5741);
    assert_int_equal(blocks[2].count, 1);
    struct plan_item next[] = {{3, 1, 5720, 0}, {3, 1, 5721, 1}}; /* who asks for it, asks for it */
    assert_int_equal(plan_blocks(next, 2, &limits, blocks), 1);
    /* a value of two registers that reaches up to the hole, and one behind it */
    struct plan_item wide[] = {{4, 2, 5719, 0}, {4, 2, 5723, 1}};
    assert_int_equal(plan_blocks(wide, 2, &limits, blocks), 2);
    assert_int_equal(blocks[0].count, 2);
}

/* Random plans: every item lies in exactly one block, within the limits. */
static void test_random_plans(void **state)
{
    (void)state;
    srand(1);
    for (int round = 0; round < 2000; round++) {
        struct plan_item items[40];
        struct plan_block blocks[40];
        size_t n_items = (size_t)(rand() % 40) + 1;
        uint16_t max = (uint16_t)(rand() % 125 + 2), gap = (uint16_t)(rand() % 20);
        for (size_t i = 0; i < n_items; i++)
            items[i] = (struct plan_item){.function = (uint8_t)(rand() % 2 + 3),
                                          .width = (uint8_t)(rand() % 2 + 1),
                                          .address = (uint16_t)(rand() % 400),
                                          .point = (uint16_t)i};
        const struct plan_hole hole = {.first = 200, .last = (uint16_t)(200 + rand() % 9)};
        size_t n = plan_blocks(
            items, n_items,
            &(struct plan_limits){.max_registers = max, .max_gap = gap, .holes = &hole, .n_holes = 1},
            blocks);
        for (int splits = rand() % 5; splits > 0; splits--)
            (void)plan_split(items, blocks, &n, (size_t)rand() % n);
        size_t seen = 0;
        for (size_t b = 0; b < n; b++) {
            assert_true(blocks[b].count >= 1 && blocks[b].count <= max);
            assert_int_equal(blocks[b].first_item, seen);
            for (size_t i = seen; i < seen + blocks[b].n_items; i++) {
                assert_int_equal(items[i].function, blocks[b].function);
                assert_true(items[i].address >= blocks[b].address);
                assert_true(items[i].address + items[i].width <= blocks[b].address + blocks[b].count);
            }
            bool over = blocks[b].address < hole.first && blocks[b].address + blocks[b].count > hole.last + 1;
            for (size_t i = seen; i < seen + blocks[b].n_items; i++) /* unless a point is in it */
                over &= items[i].address + items[i].width <= hole.first || items[i].address > hole.last;
            assert_false(over);
            seen += blocks[b].n_items;
        }
        assert_int_equal(seen, n_items);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_neighbours_share_a_request),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_two_points_in_one_register),
        cmocka_unit_test(test_split_ends_with_each_register_alone),
        cmocka_unit_test(test_pieces_are_joined_again),
        cmocka_unit_test(test_holes),
        cmocka_unit_test(test_random_plans),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
