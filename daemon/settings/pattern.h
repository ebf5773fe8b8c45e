/*
 * pattern.h - names with '*' in them: which assets and alarms are meant.
 */
#ifndef CRYOMON_PATTERN_H
#define CRYOMON_PATTERN_H

#include "draft.h"

/* Sets draft_asset.rounds of the assets that the node (a scalar) names. One that names none is a problem. */
void pattern_choose_assets(struct draft *d, const struct yaml_node *node);

/* "ASSET/ALARM" patterns, of the members of one group: taken apart. */
#define PATTERNS_MAX 64
struct patterns {
    size_t n;
    struct member_pattern {
        const struct yaml_node *node;
        size_t n_found;
        char asset[2 * ID_MAX], alarm[2 * ID_MAX];
    } items[PATTERNS_MAX];
};

/* Takes the node (a scalar, or a list of them) apart. False: there were problems, which are added (problems
 * NULL: nothing is); ret has what could be read. */
bool patterns_read(struct problems *problems, const struct yaml_node *node, struct patterns *ret);

bool patterns_match_asset(const struct patterns *patterns, const char *asset);
/* Does one of them match? Counts it in n_found of each that does. */
bool patterns_match(struct patterns *patterns, const char *asset, const char *alarm);

/* All of them one after the other, each with its NUL, and a NUL behind the last. malloc'd;
 * NULL: no memory. */
char *patterns_text(const struct patterns *patterns);

/* How many alarms of the draft they match, also those that cryomon makes itself, but no groups and no
 * chattering. A pattern that matches none is a problem (unless what is missing was reported). */
size_t patterns_count(struct draft *d, struct patterns *patterns);

#endif
