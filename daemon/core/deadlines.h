/*
 * deadlines.h - the earliest of many deadlines.
 *
 * PURE. An indexed binary heap: each of n items has one deadline or none. Setting one costs O(log n), reading
 * the earliest O(1). Equal deadlines come in the order of their items, so a replay is exact.
 */
#ifndef CRYOMON_DEADLINES_H
#define CRYOMON_DEADLINES_H

#include <stdbool.h>
#include <stdint.h>

struct deadlines {
    int64_t *at;     /* [n] by item */
    uint32_t *place; /* [n] by item: its index in the heap, DEADLINES_NONE when not in it */
    uint32_t *heap;  /* [n] items */
    uint32_t count;  /* items in the heap */
};
#define DEADLINES_NONE UINT32_MAX

/* Empties it. The three arrays are the caller's, n elements each. */
void deadlines_init(struct deadlines *deadlines, uint32_t n);

/* Sets the deadline of an item; INT64_MAX: none. */
void deadlines_set(struct deadlines *deadlines, uint32_t item, int64_t at);

/* The earliest deadline and its item; false when there is none. */
bool deadlines_first(const struct deadlines *deadlines, uint32_t *ret_item, int64_t *ret_at);

#endif
