/*
 * names.h - finds things by name: (scope, name) -> index. Names are not copied and must outlive the table.
 */
#ifndef CRYOMON_NAMES_H
#define CRYOMON_NAMES_H

#include <stddef.h>
#include <stdint.h>

#include "suggest.h"

enum names_kind {
    NAMES_BUS,
    NAMES_DEVICE,
    NAMES_ASSET,
    NAMES_PROFILE,
    NAMES_REGISTER,
    NAMES_POINT,
    NAMES_ALARM,
    NAMES_GROUP
};

struct names {
    struct names_slot *slots;
    size_t n_slots, n_used;
};

/* parent: the index of what the name is unique in (a profile, an asset), else 0. index must not be negative.
 * Returns 0, -EEXIST (ret_earlier then holds the earlier index), or -ENOMEM. */
int names_add(struct names *names, enum names_kind kind, size_t parent, const char *name, int index,
              int *ret_earlier);
int names_find(const struct names *names, enum names_kind kind, size_t parent, const char *name); /* or -1 */
/* Offers all names of that kind and parent. */
void names_suggest(const struct names *names, enum names_kind kind, size_t parent, struct suggest *s);
void names_free(struct names *names);

#endif
