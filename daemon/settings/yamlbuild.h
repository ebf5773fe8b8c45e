/*
 * yamlbuild.h - libyaml's events to the tree of a struct yamldoc. Only yamldoc.c uses it.
 */
#ifndef CRYOMON_YAMLBUILD_H
#define CRYOMON_YAMLBUILD_H

#include <stdalign.h>

#include "yamldoc.h"

/* Nodes and texts live in blocks that are freed together: no walk over the tree, so no recursion. */
struct yamlbuild_block {
    struct yamlbuild_block *next;
    size_t used, size;
    alignas(max_align_t) char bytes[];
};

struct yamldoc {
    struct yamlbuild_block *blocks;
    char *file;
    char *text;
    size_t len;
    struct yaml_node *root;
    bool cut; /* a syntax error: root holds what stands before it */
};

/* Parses doc->text and sets doc->root. Returns 0, or -EINVAL with problems added (and perhaps doc->cut), or
 * -ENOMEM. */
int yamlbuild_run(struct yamldoc *doc, struct problems *problems);

#endif
