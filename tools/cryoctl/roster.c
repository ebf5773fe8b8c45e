#include "roster.h"

#include <stdlib.h>
#include <string.h>

void roster_free(struct roster *roster)
{
    for (uint32_t i = 0; i < roster->n; i++)
        free(roster->items[i]);
    free((void *)roster->items);
    json_decref(roster->index);
}

uint32_t roster_index(struct roster *roster, const char *name)
{
    if (roster->index == NULL)
        roster->index = json_object();
    const json_t *known = json_object_get(roster->index, name);
    if (known != NULL)
        return (uint32_t)json_integer_value(known);
    if (name[0] == '\0' || roster->index == NULL || roster->n >= roster->max)
        return 0;
    if (roster->n == roster->cap) {
        uint32_t cap = roster->cap > 0 ? 2 * roster->cap : 64;
        char **grown = (char **)realloc((void *)roster->items, cap * sizeof *grown); /* NOLINT */
        if (grown == NULL)
            return 0;
        roster->items = grown;
        roster->cap = cap;
    }
    char *copy = strdup(name);
    if (copy == NULL || json_object_set_new(roster->index, name, json_integer(roster->n + 1)) < 0) {
        free(copy);
        return 0;
    }
    roster->items[roster->n++] = copy;
    return roster->n;
}
