/* deadlines.c - see deadlines.h. */
#include "deadlines.h"

static bool is_before(const struct deadlines *d, uint32_t a, uint32_t b)
{
    return d->at[a] < d->at[b] || (d->at[a] == d->at[b] && a < b);
}

static void put(struct deadlines *d, uint32_t place, uint32_t item)
{
    d->heap[place] = item;
    d->place[item] = place;
}

static void sift_up(struct deadlines *d, uint32_t place)
{
    const uint32_t item = d->heap[place];

    while (place > 0 && is_before(d, item, d->heap[(place - 1) / 2])) {
        put(d, place, d->heap[(place - 1) / 2]);
        place = (place - 1) / 2;
    }
    put(d, place, item);
}

static void sift_down(struct deadlines *d, uint32_t place)
{
    const uint32_t item = d->heap[place];
    uint32_t child;

    while ((child = 2 * place + 1) < d->count) {
        if (child + 1 < d->count && is_before(d, d->heap[child + 1], d->heap[child]))
            child++;
        if (!is_before(d, d->heap[child], item))
            break;
        put(d, place, d->heap[child]);
        place = child;
    }
    put(d, place, item);
}

static void take_out(struct deadlines *d, uint32_t item)
{
    const uint32_t hole = d->place[item];
    const uint32_t last = d->heap[d->count - 1];

    d->count--;
    d->place[item] = DEADLINES_NONE;
    if (last == item)
        return;
    put(d, hole, last);
    sift_up(d, hole);
    sift_down(d, d->place[last]);
}

void deadlines_init(struct deadlines *deadlines, uint32_t n)
{
    deadlines->count = 0;
    for (uint32_t i = 0; i < n; i++)
        deadlines->place[i] = DEADLINES_NONE;
}

void deadlines_set(struct deadlines *deadlines, uint32_t item, int64_t at)
{
    const bool is_in = deadlines->place[item] != DEADLINES_NONE;

    if (at == INT64_MAX) {
        if (is_in)
            take_out(deadlines, item);
        return;
    }
    if (is_in && deadlines->at[item] == at)
        return;
    deadlines->at[item] = at;
    if (!is_in)
        put(deadlines, deadlines->count++, item);
    sift_up(deadlines, deadlines->place[item]);
    sift_down(deadlines, deadlines->place[item]);
}

bool deadlines_first(const struct deadlines *deadlines, uint32_t *ret_item, int64_t *ret_at)
{
    if (deadlines->count == 0)
        return false;
    *ret_item = deadlines->heap[0];
    *ret_at = deadlines->at[deadlines->heap[0]];
    return true;
}
