#include "plan.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "modbus_reply.h"

static int compare_items(const void *a, const void *b)
{
    const struct plan_item *x = a, *y = b;
    if (x->function != y->function)
        return x->function < y->function ? -1 : 1;
    if (x->address != y->address)
        return x->address < y->address ? -1 : 1;
    return x->point < y->point ? -1 : x->point > y->point;
}

static uint32_t limit_of(uint8_t function, uint16_t max_registers)
{
    if (function <= 2) {
        uint32_t bits = 16U * max_registers;
        return bits < MODBUS_MAX_READ_BITS ? bits : MODBUS_MAX_READ_BITS;
    }
    return max_registers < MODBUS_MAX_READ_WORDS ? max_registers : MODBUS_MAX_READ_WORDS;
}

static uint32_t end_of(const struct plan_item *item)
{
    return (uint32_t)item->address + item->width;
}

/* The block over items[first .. first+n). */
static struct plan_block block_over(const struct plan_item *items, uint16_t first, uint16_t n)
{
    uint32_t end = 0;
    for (uint16_t i = first; i < first + n; i++)
        if (end_of(&items[i]) > end)
            end = end_of(&items[i]);
    return (struct plan_block){.function = items[first].function,
                               .address = items[first].address,
                               .count = (uint16_t)(end - items[first].address),
                               .first_item = first,
                               .n_items = n};
}

/* Is there a hole in [from, to)? */
static bool over_hole(const struct plan_limits *limits, uint32_t from, uint32_t to)
{
    for (size_t i = 0; i < limits->n_holes; i++)
        if (limits->holes[i].first < to && limits->holes[i].last >= from)
            return true;
    return false;
}

/* Takes the item into the block, if the limits allow that. */
static bool join(struct plan_block *block, const struct plan_item *item, const struct plan_limits *limits)
{
    uint32_t end = (uint32_t)block->address + block->count;
    uint32_t joined = end_of(item) > end ? end_of(item) : end;

    if (block->function != item->function || item->address > end + limits->max_gap ||
        joined - block->address > limit_of(block->function, limits->max_registers) ||
        (item->address > end && over_hole(limits, end, item->address)))
        return false;
    block->count = (uint16_t)(joined - block->address);
    block->n_items++;
    return true;
}

size_t plan_blocks(struct plan_item *items, size_t n_items, const struct plan_limits *limits,
                   struct plan_block *blocks)
{
    size_t n = 0;
    if (n_items == 0)
        return 0;
    qsort(items, n_items, sizeof *items, compare_items);
    for (size_t i = 0; i < n_items; i++) {
        if (n == 0 || !join(&blocks[n - 1], &items[i], limits))
            blocks[n++] = block_over(items, (uint16_t)i, 1);
    }
    return n;
}

int plan_split(const struct plan_item *items, struct plan_block *blocks, size_t *n_blocks, size_t index)
{
    struct plan_block block = blocks[index];
    uint16_t cut = 0;
    uint32_t widest = 0, end = end_of(&items[block.first_item]);
    uint16_t middle = (uint16_t)(block.n_items / 2);
    for (uint16_t k = 1; k < block.n_items; k++) {
        const struct plan_item *item = &items[block.first_item + k];
        uint32_t hole = item->address > end ? item->address - end : 0;
        bool starts_later = item->address != items[block.first_item + k - 1].address;
        /* the widest hole; without holes, the first boundary from the middle on, or the last before it */
        if (starts_later && (hole > widest || (widest == 0 && (cut == 0 || cut < middle))))
            cut = k;
        if (hole > widest)
            widest = hole;
        if (end_of(item) > end)
            end = end_of(item);
    }
    if (cut == 0)
        return 0;
    memmove(&blocks[index + 2], &blocks[index + 1], (*n_blocks - index - 1) * sizeof *blocks);
    blocks[index] = block_over(items, block.first_item, cut);
    blocks[index + 1] =
        block_over(items, (uint16_t)(block.first_item + cut), (uint16_t)(block.n_items - cut));
    (*n_blocks)++;
    return 1;
}

static size_t first_piece(const struct plan_block *blocks, size_t n_blocks, const struct plan_block *whole)
{
    size_t first = 0;
    while (first < n_blocks && blocks[first].first_item < whole->first_item)
        first++;
    return first;
}

size_t plan_pieces(const struct plan_block *blocks, size_t n_blocks, const struct plan_block *whole)
{
    size_t first = first_piece(blocks, n_blocks, whole), n = 0;
    while (first + n < n_blocks && blocks[first + n].first_item < whole->first_item + whole->n_items)
        n++;
    return n;
}

void plan_join(struct plan_block *blocks, size_t *n_blocks, const struct plan_block *whole)
{
    size_t first = first_piece(blocks, *n_blocks, whole), n = plan_pieces(blocks, *n_blocks, whole);
    if (n < 2)
        return;
    blocks[first] = *whole;
    memmove(&blocks[first + 1], &blocks[first + n], (*n_blocks - first - n) * sizeof *blocks);
    *n_blocks -= n - 1;
}
