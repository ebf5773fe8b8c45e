/*
 * roster.h - names that come up, numbered from 1 in the order in which they came.
 */
#ifndef CRYOMON_CRYOCTL_ROSTER_H
#define CRYOMON_CRYOCTL_ROSTER_H

#include <jansson.h>
#include <stdint.h>

/* All zero but max: empty. items[i - 1] is the name with number i. */
struct roster {
    json_t *index; /* name -> 1, 2, ... */
    char **items;
    uint32_t n, cap, max;
};

/* The number of a name, which is added if it is new. 0: "", no memory, or already max of them. */
uint32_t roster_index(struct roster *roster, const char *name);
void roster_free(struct roster *roster);

#endif
