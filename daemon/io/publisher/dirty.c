#include "dirty.h"

#include <errno.h>
#include <stdlib.h>

int dirty_create(struct dirty *dirty, uint32_t size)
{
    *dirty = (struct dirty){.size = size};
    dirty->queue = calloc(size + 1, sizeof *dirty->queue);
    dirty->queued = calloc(size + 1, sizeof *dirty->queued);
    if (dirty->queue == NULL || dirty->queued == NULL) {
        dirty_free(dirty);
        return -ENOMEM;
    }
    return 0;
}

void dirty_free(struct dirty *dirty)
{
    free(dirty->queue);
    free(dirty->queued);
    *dirty = (struct dirty){0};
}

void dirty_add(struct dirty *dirty, uint16_t index)
{
    if (index >= dirty->size || dirty->queued[index])
        return;
    dirty->queued[index] = true;
    dirty->queue[(dirty->head + dirty->used++) % dirty->size] = index;
}

bool dirty_take(struct dirty *dirty, uint16_t *ret_index)
{
    if (dirty->used == 0)
        return false;
    *ret_index = dirty->queue[dirty->head];
    dirty->head = (dirty->head + 1) % dirty->size;
    dirty->used--;
    dirty->queued[*ret_index] = false;
    return true;
}
