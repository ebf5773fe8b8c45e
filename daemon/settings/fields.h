/*
 * fields.h - the schema: a mapping in a file is described by a table, one row per key, and walked.
 *
 *     static const struct field fields[] = {
 *         {"host", FIELD_TEXT, FIELD_OF(struct bus_config, host), .flags = FIELD_REQUIRED},
 *         {"port", FIELD_UINT, FIELD_OF(struct bus_config, port), .min = 1, .max = 65535},
 *     };
 *     ok = fields_walk(problems, node, "tcp", fields, COUNT_OF(fields), &bus);
 *
 * The target holds the defaults before; keys that are absent leave them.
 */
#ifndef CRYOMON_FIELDS_H
#define CRYOMON_FIELDS_H

#include "config.h"
#include "yamldoc.h"

enum field_type {
    FIELD_NODE,      /* const struct yaml_node *: looked at later */
    FIELD_BOOL,      /* bool */
    FIELD_UINT,      /* uint8_t, uint16_t or uint32_t; min to max */
    FIELD_DURATION,  /* uint32_t milliseconds; min to max */
    FIELD_REPEAT,    /* uint32_t milliseconds, or "never", which is 0; min to max */
    FIELD_DAYS,      /* uint32_t days; min to max, and with FIELD_FOREVER that word, which is 0 */
    FIELD_CHOICE,    /* an enum or a character; choices */
    FIELD_TEXT,      /* char[] */
    FIELD_PATH,      /* char[], absolute; a file unless FIELD_DIRECTORY */
    FIELD_ID,        /* char[] */
    FIELD_UNIT,      /* char[] */
    FIELD_BILINGUAL, /* struct bilingual; max: bytes with NUL of each language */
    FIELD_REFUSED,   /* a key that must not be used; hint says why */
};

struct choice {
    const char *name;
    int value;
};

#define FIELD_REQUIRED  1U
#define FIELD_HEX       2U /* UINT: 0x... is allowed */
#define FIELD_DIRECTORY 4U
#define FIELD_FOREVER   8U

struct field {
    const char *key;
    enum field_type type;
    unsigned flags;
    size_t offset, size;
    int64_t min, max;
    const struct choice *choices; /* ended by a NULL name */
    const char *hint;
};

#define FIELD_OF(type, member) .offset = offsetof(type, member), .size = sizeof(((type *)NULL)->member)
#define NODE_OF(type, member)  .offset = offsetof(type, member) /* FIELD_NODE */
#define COUNT_OF(array)        (sizeof(array) / sizeof((array)[0]))

/* Reads the mapping into target. what names it in messages ("a device"). An empty value counts as an empty
 * mapping. Returns false when a problem was added. */
bool fields_walk(struct problems *problems, const struct yaml_node *node, const char *what,
                 const struct field *fields, size_t n, void *target);

/* One text for all languages, or {en: ..., zh: ...}; an absent language repeats the other. */
bool fields_bilingual(struct problems *problems, const struct yaml_node *node, size_t cap,
                      struct bilingual *ret);

bool fields_choice(struct problems *problems, const struct yaml_node *node, const struct choice *choices,
                   int *ret);
const char *fields_choice_name(const struct choice *choices, int value); /* or "?" */

/* True when the node is a mapping or empty (no children then); else a problem. */
bool fields_is_mapping(struct problems *problems, const struct yaml_node *node, const char *what);

#endif
