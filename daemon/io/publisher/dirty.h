/* dirty.h - a queue of indices in which each stands at most once: what must be sent, in the order it changed.
 */
#ifndef CRYOMON_DIRTY_H
#define CRYOMON_DIRTY_H

#include <stdbool.h>
#include <stdint.h>

struct dirty {
    uint16_t *queue;
    bool *queued;
    uint32_t head, used, size;
};

int dirty_create(struct dirty *dirty, uint32_t size); /* indices 0..size-1; 0 or -ENOMEM */
void dirty_free(struct dirty *dirty);
void dirty_add(struct dirty *dirty, uint16_t index);
bool dirty_take(struct dirty *dirty, uint16_t *ret_index);

#endif
