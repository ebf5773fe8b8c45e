/*
 * plan.h - which registers to read in one request.
 *
 * PURE. The points of a device become blocks: runs of registers of one table that one request reads. Reading
 * over a small hole saves a request; some devices refuse that (exception 2), so a block can be split later.
 */
#ifndef CRYOMON_PLAN_H
#define CRYOMON_PLAN_H

#include <stddef.h>
#include <stdint.h>

struct plan_item {
    uint8_t function; /* 1..4 */
    uint8_t width;    /* registers (or bits) that the point occupies */
    uint16_t address;
    uint16_t point; /* the caller's index */
};

struct plan_block {
    uint8_t function;
    uint16_t address, count;
    uint16_t first_item, n_items; /* the items it serves */
};

/* Registers that must not be read, nor read over. */
struct plan_hole {
    uint16_t first, last;
};

/* What a device allows in one request. */
struct plan_limits {
    uint16_t max_registers; /* 16 times as many bits; never over Modbus' own limits */
    uint16_t max_gap;       /* unused registers that may be read over, to save a request */
    const struct plan_hole *holes;
    size_t n_holes;
};

/* Sorts the items and joins them into blocks within the limits. blocks has room for n_items. Returns the
 * number of blocks. An item is never split over two blocks. */
size_t plan_blocks(struct plan_item *items, size_t n_items, const struct plan_limits *limits,
                   struct plan_block *blocks);

/* Splits a block that the device refused: at its widest hole, else in the middle. blocks[index] is replaced
 * by two; *n_blocks grows by one, and must be below the number of items. Returns 1, or 0 when the block's
 * items all start at one address and nothing can be split. */
int plan_split(const struct plan_item *items, struct plan_block *blocks, size_t *n_blocks, size_t index);

/* Into how many blocks a block of plan_blocks has been split: 1 if it is whole. */
size_t plan_pieces(const struct plan_block *blocks, size_t n_blocks, const struct plan_block *whole);

/* Puts the whole block in the place of its pieces. */
void plan_join(struct plan_block *blocks, size_t *n_blocks, const struct plan_block *whole);

#endif
