/*
 * yamldoc.h - a YAML file as a tree in which each node knows its file, line and column.
 *
 * libyaml does the parsing; this adds positions, refuses what configuration must not have (duplicate keys,
 * anchors and aliases, tags, several documents, keys that are not plain text, nesting over YAMLDOC_DEPTH_MAX,
 * files over YAMLDOC_SIZE_MAX), and collects problems instead of stopping at the first.
 */
#ifndef CRYOMON_YAMLDOC_H
#define CRYOMON_YAMLDOC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define YAMLDOC_DEPTH_MAX 16
#define YAMLDOC_SIZE_MAX  4194304U /* 4 MiB */

enum yaml_kind { YAML_SCALAR, YAML_MAPPING, YAML_SEQUENCE };

struct yaml_node {
    enum yaml_kind kind;
    const char *file;      /* owned by the document */
    unsigned line, column; /* of the value, from 1; column counts characters */
    char *text;            /* YAML_SCALAR: the text, "" for an empty value */
    bool quoted;           /* YAML_SCALAR: was quoted, so it is a string whatever it looks like */
    char *key;             /* when the parent is a mapping */
    unsigned key_line, key_column;
    struct yaml_node *first, *next; /* children in order; siblings */
    size_t n_children;
};

/* Problems, in the order found; each "file:line:column: what". Bounded: after PROBLEMS_MAX they are counted.
 */
#define PROBLEMS_MAX 1000
struct problems {
    char *lines[PROBLEMS_MAX];
    size_t n; /* all of them, also beyond PROBLEMS_MAX */
};
/* line 0: the file as a whole ("file: what"). Control characters become '?'. */
void problems_add(struct problems *problems, const char *file, unsigned line, unsigned column,
                  const char *format, ...) __attribute__((format(printf, 5, 6)));
/* The same, positioned at a node's value or at its key. */
void problems_at(struct problems *problems, const struct yaml_node *node, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void problems_at_key(struct problems *problems, const struct yaml_node *node, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void problems_print(const struct problems *problems, FILE *stream);
void problems_free(struct problems *problems);

struct yamldoc;

/* Parses one file. shown_name is what problems print (usually the path). Returns 0 with a tree (its root is a
 * mapping; an empty file gives an empty mapping), or -EINVAL with problems added, or -errno of open/read
 * (also added as a problem). */
int yamldoc_load(const char *path, const char *shown_name, struct problems *problems, struct yamldoc **ret);
int yamldoc_parse(const char *text, size_t len, const char *shown_name, struct problems *problems,
                  struct yamldoc **ret);

/* The same, but a file whose YAML is sound and only holds what is refused here (duplicate keys, of which the
 * first counts; anchors, aliases, tags) gives 0 and its tree, so that its other mistakes can be reported in
 * the same run. The caller tells by problems->n that it must not be used. */
int yamldoc_load_tolerant(const char *path, const char *shown_name, struct problems *problems,
                          struct yamldoc **ret);
int yamldoc_parse_tolerant(const char *text, size_t len, const char *shown_name, struct problems *problems,
                           struct yamldoc **ret);

/* The same, but a syntax error too can give a tree, beside -EINVAL: the sections before it, and of the one
 * that it is in the things before (else *ret is untouched). What is missing there may stand behind the error.
 */
int yamldoc_load_partial(const char *path, const char *shown_name, struct problems *problems,
                         struct yamldoc **ret);
int yamldoc_parse_partial(const char *text, size_t len, const char *shown_name, struct problems *problems,
                          struct yamldoc **ret);

void yamldoc_free(struct yamldoc *doc); /* NULL is a no-op */

const struct yaml_node *yamldoc_root(const struct yamldoc *doc);
/* The whole text as read, for hashing and the audit trail. */
const char *yamldoc_text(const struct yamldoc *doc, size_t *ret_len);
/* A mapping's child by key, or NULL. */
const struct yaml_node *yaml_get(const struct yaml_node *mapping, const char *key);

#endif
