#include "names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct names_slot {
    const char *name; /* NULL: free */
    size_t parent;
    int index;
    enum names_kind kind;
};

/* Open addressing, at most half full, so the search ends. n_slots is a power of two. */
static size_t slot_of(const struct names_slot *slots, size_t n_slots, enum names_kind kind, size_t parent,
                      const char *name)
{
    uint64_t hash = UINT64_C(14695981039346656037) ^ ((uint64_t)parent << 8 | (uint64_t)kind);

    hash *= UINT64_C(1099511628211);
    for (const char *p = name; *p != '\0'; p++)
        hash = (hash ^ (unsigned char)*p) * UINT64_C(1099511628211);
    size_t i = (size_t)(hash ^ (hash >> 29)) & (n_slots - 1);
    while (slots[i].name != NULL &&
           (slots[i].kind != kind || slots[i].parent != parent || strcmp(slots[i].name, name) != 0))
        i = (i + 1) & (n_slots - 1);
    return i;
}

static int grow(struct names *names)
{
    size_t n = names->n_slots == 0 ? 256 : names->n_slots * 2;
    struct names_slot *slots = calloc(n, sizeof *slots);

    if (slots == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < names->n_slots; i++) {
        const struct names_slot *old = &names->slots[i];
        if (old->name != NULL)
            slots[slot_of(slots, n, old->kind, old->parent, old->name)] = *old;
    }
    free(names->slots);
    names->slots = slots;
    names->n_slots = n;
    return 0;
}

int names_add(struct names *names, enum names_kind kind, size_t parent, const char *name, int index,
              int *ret_earlier)
{
    if (names->n_used * 2 >= names->n_slots && grow(names) < 0)
        return -ENOMEM;
    struct names_slot *slot = &names->slots[slot_of(names->slots, names->n_slots, kind, parent, name)];
    if (slot->name != NULL) {
        *ret_earlier = slot->index;
        return -EEXIST;
    }
    *slot = (struct names_slot){.name = name, .parent = parent, .index = index, .kind = kind};
    names->n_used++;
    return 0;
}

int names_find(const struct names *names, enum names_kind kind, size_t parent, const char *name)
{
    if (names->n_slots == 0)
        return -1;
    const struct names_slot *slot = &names->slots[slot_of(names->slots, names->n_slots, kind, parent, name)];
    return slot->name != NULL ? slot->index : -1;
}

void names_suggest(const struct names *names, enum names_kind kind, size_t parent, struct suggest *s)
{
    for (size_t i = 0; i < names->n_slots; i++) {
        const struct names_slot *slot = &names->slots[i];
        if (slot->name != NULL && slot->kind == kind && slot->parent == parent)
            suggest_try(s, slot->name);
    }
}

void names_free(struct names *names)
{
    free(names->slots);
    *names = (struct names){.slots = NULL, .n_slots = 0, .n_used = 0};
}
