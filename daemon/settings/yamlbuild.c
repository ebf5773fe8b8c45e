#include "yamlbuild.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#define BLOCK_SIZE 32768U
#define NODES_MAX  400000U /* a 4 MiB file of empty values would otherwise take 150 MB */
#define MERGED_MAX 200U    /* each costs a walk along the first mapping */

/* Finds duplicate keys in one step each: open addressing over (parent, key), at most half full. */
struct key_slot {
    const struct yaml_node *parent;
    struct yaml_node *node;
};

struct builder {
    struct yamldoc *doc;
    struct problems *problems;
    unsigned depth;
    struct yaml_node *open[YAMLDOC_DEPTH_MAX];
    struct yaml_node *last[YAMLDOC_DEPTH_MAX]; /* last child of open[i] */
    bool again[YAMLDOC_DEPTH_MAX];             /* open[i] was there before: a second section goes to it */
    char *key;                                 /* waiting for its value */
    unsigned key_line, key_column;
    size_t n_nodes, n_merged;
    struct key_slot *slots;
    size_t n_slots, n_keys;
};

static void *doc_alloc(struct yamldoc *doc, size_t size)
{
    struct yamlbuild_block *block = doc->blocks;

    size = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
    if (block == NULL || block->size - block->used < size) {
        size_t room = size > BLOCK_SIZE ? size : BLOCK_SIZE;
        block = malloc(sizeof *block + room);
        if (block == NULL)
            return NULL;
        *block = (struct yamlbuild_block){.next = doc->blocks, .used = 0, .size = room};
        doc->blocks = block;
    }
    void *p = block->bytes + block->used;
    block->used += size;
    memset(p, 0, size);
    return p;
}

static char *doc_strndup(struct yamldoc *doc, const char *text, size_t len)
{
    char *copy = doc_alloc(doc, len + 1);

    if (copy != NULL)
        memcpy(copy, text, len);
    return copy;
}

static unsigned mark_line(const yaml_mark_t *mark)
{
    return (unsigned)mark->line + 1;
}

static unsigned mark_column(const yaml_mark_t *mark)
{
    return (unsigned)mark->column + 1;
}

/* ---------------------------------------------------------------- duplicate keys */

static size_t slot_of(const struct key_slot *slots, size_t n_slots, const struct yaml_node *parent,
                      const char *key)
{
    uint64_t hash = UINT64_C(14695981039346656037) ^ (uintptr_t)parent;

    for (const char *p = key; *p != '\0'; p++)
        hash = (hash ^ (unsigned char)*p) * UINT64_C(1099511628211);
    size_t i = (size_t)(hash ^ (hash >> 29)) & (n_slots - 1);
    while (slots[i].node != NULL && (slots[i].parent != parent || strcmp(slots[i].node->key, key) != 0))
        i = (i + 1) & (n_slots - 1);
    return i;
}

static int grow_slots(struct builder *b)
{
    size_t n = b->n_slots == 0 ? 64 : b->n_slots * 2;
    struct key_slot *slots = calloc(n, sizeof *slots);

    if (slots == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < b->n_slots; i++) {
        const struct key_slot *old = &b->slots[i];
        if (old->node != NULL)
            slots[slot_of(slots, n, old->parent, old->node->key)] = *old;
    }
    free(b->slots);
    b->slots = slots;
    b->n_slots = n;
    return 0;
}

/* Gives the earlier child with this key, or NULL after noting that this is the first. */
static int remember_key(struct builder *b, const struct yaml_node *parent, struct yaml_node *node,
                        struct yaml_node **ret_earlier)
{
    if (b->n_keys * 2 >= b->n_slots && grow_slots(b) < 0)
        return -ENOMEM;
    struct key_slot *slot = &b->slots[slot_of(b->slots, b->n_slots, parent, node->key)];
    *ret_earlier = slot->node;
    if (slot->node == NULL) {
        *slot = (struct key_slot){.parent = parent, .node = node};
        b->n_keys++;
    }
    return 0;
}

/* ---------------------------------------------------------------- events to nodes */

/* Links the node behind its siblings. A second value of the same key is reported and left out; but what is in
 * a second section of the file ("assets:" again) goes to the first (*ret_open): others may refer to it, and
 * it may have mistakes of its own. */
static int attach(struct builder *b, struct yaml_node *node, struct yaml_node **ret_open)
{
    *ret_open = node;
    if (b->depth == 0) {
        b->doc->root = node;
        return 0;
    }
    struct yaml_node *parent = b->open[b->depth - 1];
    struct yaml_node *last = b->last[b->depth - 1];
    if (parent->kind == YAML_MAPPING) {
        struct yaml_node *earlier;
        node->key = b->key;
        node->key_line = b->key_line;
        node->key_column = b->key_column;
        b->key = NULL;
        if (remember_key(b, parent, node, &earlier) < 0)
            return -ENOMEM;
        if (earlier != NULL && b->again[b->depth - 1] && node->kind == YAML_SCALAR)
            return 0; /* it stands twice because its section does */
        if (earlier != NULL) {
            problems_at_key(b->problems, node, "'%.64s' is already set at line %u; remove one of them",
                            node->key, earlier->key_line);
            if (b->depth == 1 && node->kind == YAML_MAPPING && earlier->kind == YAML_MAPPING &&
                b->n_merged++ < MERGED_MAX)
                *ret_open = earlier;
            return 0;
        }
    }
    if (last != NULL)
        last->next = node;
    else
        parent->first = node;
    b->last[b->depth - 1] = node;
    parent->n_children++;
    return 0;
}

static int add_node(struct builder *b, enum yaml_kind kind, const yaml_mark_t *mark, const char *text,
                    size_t len, bool quoted)
{
    struct yaml_node *node;

    if (++b->n_nodes > NODES_MAX) {
        problems_add(b->problems, b->doc->file, mark_line(mark), mark_column(mark),
                     "the file holds more than %u values", NODES_MAX);
        return -EINVAL;
    }
    node = doc_alloc(b->doc, sizeof *node);
    if (node == NULL)
        return -ENOMEM;
    *node = (struct yaml_node){.kind = kind,
                               .file = b->doc->file,
                               .line = mark_line(mark),
                               .column = mark_column(mark),
                               .quoted = quoted};
    if (kind == YAML_SCALAR) {
        node->text = doc_strndup(b->doc, text, len);
        if (node->text == NULL)
            return -ENOMEM;
    }
    struct yaml_node *open;
    int r = attach(b, node, &open);
    if (r < 0 || kind == YAML_SCALAR)
        return r;
    if (b->depth == YAMLDOC_DEPTH_MAX) {
        problems_at(b->problems, node, "nested more than %d levels deep", YAMLDOC_DEPTH_MAX);
        return -EINVAL;
    }
    b->open[b->depth] = open;
    b->again[b->depth] = open != node;
    b->last[b->depth] = open->first;
    while (b->last[b->depth] != NULL && b->last[b->depth]->next != NULL)
        b->last[b->depth] = b->last[b->depth]->next;
    b->depth++;
    return 0;
}

static bool key_is_next(const struct builder *b)
{
    const struct yaml_node *parent = b->depth > 0 ? b->open[b->depth - 1] : NULL;

    return parent != NULL && parent->kind == YAML_MAPPING && b->key == NULL;
}

static int on_scalar(struct builder *b, const yaml_event_t *event)
{
    const char *text = (const char *)event->data.scalar.value;
    size_t len = event->data.scalar.length;
    bool quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;

    if (memchr(text, '\0', len) != NULL) {
        problems_add(b->problems, b->doc->file, mark_line(&event->start_mark),
                     mark_column(&event->start_mark), "a text with a NUL character in it");
        len = strlen(text);
    }
    if (!key_is_next(b))
        return add_node(b, YAML_SCALAR, &event->start_mark, text, len, quoted);
    b->key = doc_strndup(b->doc, text, len);
    b->key_line = mark_line(&event->start_mark);
    b->key_column = mark_column(&event->start_mark);
    return b->key == NULL ? -ENOMEM : 0;
}

/* What YAML has and configuration files must not: each makes a value come from somewhere else than its line.
 */
static void refuse_extras(struct builder *b, const yaml_event_t *event)
{
    const yaml_char_t *anchor = NULL;
    const yaml_char_t *tag = NULL;

    switch (event->type) {
    case YAML_SCALAR_EVENT:
        anchor = event->data.scalar.anchor;
        tag = event->data.scalar.tag;
        break;
    case YAML_MAPPING_START_EVENT:
        anchor = event->data.mapping_start.anchor;
        tag = event->data.mapping_start.tag;
        break;
    case YAML_SEQUENCE_START_EVENT:
        anchor = event->data.sequence_start.anchor;
        tag = event->data.sequence_start.tag;
        break;
    case YAML_ALIAS_EVENT:
        problems_add(
            b->problems, b->doc->file, mark_line(&event->start_mark), mark_column(&event->start_mark),
            "aliases (*%.64s) are not used here; write the value out, or quote a text that begins with *",
            (const char *)event->data.alias.anchor);
        break;
    default:
        break;
    }
    if (anchor != NULL)
        problems_add(
            b->problems, b->doc->file, mark_line(&event->start_mark), mark_column(&event->start_mark),
            "anchors (&%.64s) are not used here; quote a text that begins with &", (const char *)anchor);
    if (tag != NULL)
        problems_add(b->problems, b->doc->file, mark_line(&event->start_mark),
                     mark_column(&event->start_mark),
                     "tags (%.64s) are not used here; quote a text that begins with !", (const char *)tag);
}

static int on_collection(struct builder *b, const yaml_event_t *event)
{
    if (key_is_next(b)) {
        problems_add(
            b->problems, b->doc->file, mark_line(&event->start_mark), mark_column(&event->start_mark),
            "a key must be plain text, not a list or a mapping; quote a text that begins with { or [");
        return -EINVAL;
    }
    return add_node(b, event->type == YAML_MAPPING_START_EVENT ? YAML_MAPPING : YAML_SEQUENCE,
                    &event->start_mark, NULL, 0, false);
}

/* Returns 0 to go on, 1 at the end, or -errno. */
static int on_event(struct builder *b, const yaml_event_t *event)
{
    refuse_extras(b, event);
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        if (b->doc->root != NULL) {
            problems_add(b->problems, b->doc->file, mark_line(&event->start_mark),
                         mark_column(&event->start_mark), "a second document ('---') in one file");
            return 1;
        }
        return 0;
    case YAML_SCALAR_EVENT:
        return on_scalar(b, event);
    case YAML_ALIAS_EVENT:
        if (!key_is_next(b))
            return add_node(b, YAML_SCALAR, &event->start_mark, "", 0, false);
        b->key = doc_strndup(b->doc, "*", 1);
        b->key_line = mark_line(&event->start_mark);
        b->key_column = mark_column(&event->start_mark);
        return b->key == NULL ? -ENOMEM : 0;
    case YAML_MAPPING_START_EVENT:
    case YAML_SEQUENCE_START_EVENT:
        return on_collection(b, event);
    case YAML_MAPPING_END_EVENT:
    case YAML_SEQUENCE_END_EVENT:
        b->depth--;
        return 0;
    case YAML_STREAM_END_EVENT:
        return 1;
    default:
        return 0;
    }
}

/* ---------------------------------------------------------------- syntax errors */

/* libyaml gives only the byte offset of what is no UTF-8. */
static void report_bytes(struct builder *b, const yaml_parser_t *parser)
{
    const char *text = b->doc->text;
    unsigned line = 1;
    unsigned column = 1;

    for (size_t i = 0; i < b->doc->len && i < parser->problem_offset; i++) {
        if (text[i] == '\n') {
            line++;
            column = 1;
        } else if (((unsigned char)text[i] & 0xc0U) != 0x80U) {
            column++;
        }
    }
    problems_add(b->problems, b->doc->file, line, column,
                 "not UTF-8 text (%s, byte 0x%02X); save the file as UTF-8",
                 parser->problem != NULL ? parser->problem : "unreadable",
                 parser->problem_value >= 0 ? (unsigned)parser->problem_value : 0U);
}

/* The byte that the mark, which counts characters, points at, or NULL at the end. */
static const char *byte_at(const struct yamldoc *doc, const yaml_mark_t *mark)
{
    const char *end = doc->text + doc->len;
    size_t n = 0;

    for (const char *p = doc->text; p < end; p++) {
        if (((unsigned char)*p & 0xc0U) != 0x80U && n++ == mark->index)
            return p;
    }
    return NULL;
}

/* Does a ':' or ',' of a Chinese keyboard stand in the line of p or the one before? */
static bool has_wide_punctuation(const struct yamldoc *doc, const char *p)
{
    const char *begin = p;
    const char *end = doc->text + doc->len;

    for (unsigned lines = 0; begin > doc->text && (begin[-1] != '\n' || lines++ == 0);)
        begin--;
    for (; begin + 3 <= end && (begin < p || *begin != '\n'); begin++) {
        if (memcmp(begin, "\xef\xbc\x9a", 3) == 0 || memcmp(begin, "\xef\xbc\x8c", 3) == 0)
            return true;
    }
    return false;
}

static const char *wide_advice(const struct yamldoc *doc, const yaml_mark_t *mark)
{
    const char *p = byte_at(doc, mark);

    return has_wide_punctuation(doc, p != NULL ? p : doc->text + doc->len)
               ? "; '：' and '，' are no ':' and ','"
               : "";
}

/* What may have been meant, where libyaml says only what it found. */
static const char *advice(const struct yamldoc *doc, const yaml_parser_t *parser)
{
    static const struct {
        const char *problem, *advice;
    } table[] = {
        {"mapping values are not allowed",
         "; write 'key: value' with a space behind the ':', begin keys that belong together in one column, "
         "and quote a text with ': ' in it"},
        {"could not find expected ':'", "; write 'key: value'"},
        {"did not find expected key", "; keys that belong together begin in one column"},
        {"did not find expected '-' indicator", "; a list has '-' before each of its lines"},
        {"did not find expected ',' or", "; a comma is missing, or the bracket is not closed"},
        {"did not find expected node content", "; quote a text that begins so"},
        {"block sequence entries are not allowed", "; a negative number has no space behind its '-'"},
        {"found unexpected end of stream", "; the quote is not closed"},
    };
    const char *p = byte_at(doc, &parser->problem_mark);

    if (parser->problem == NULL)
        return "";
    if (p == NULL && strcmp(parser->problem, "did not find expected node content") == 0)
        return "; a bracket is not closed";
    if (p != NULL && *p == '\t')
        return "; indent with spaces, not with tabs";
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        if (strncmp(parser->problem, table[i].problem, strlen(table[i].problem)) == 0)
            return table[i].advice;
    }
    if (p != NULL && (*p == '%' || *p == '@' || *p == '`'))
        return "; quote a text that begins so: \"%\"";
    return "";
}

static int report_syntax(struct builder *b, const yaml_parser_t *parser)
{
    const char *problem = parser->problem != NULL ? parser->problem : "unreadable";
    const yaml_mark_t *mark = &parser->problem_mark;

    if (parser->error == YAML_MEMORY_ERROR)
        return -ENOMEM;
    if (parser->error == YAML_READER_ERROR) {
        report_bytes(b, parser);
    } else if (parser->context != NULL) {
        problems_add(b->problems, b->doc->file, mark_line(mark), mark_column(mark),
                     "not YAML: %s (%s that begins at line %u)%s%s", problem, parser->context,
                     mark_line(&parser->context_mark), advice(b->doc, parser), wide_advice(b->doc, mark));
    } else {
        problems_add(b->problems, b->doc->file, mark_line(mark), mark_column(mark), "not YAML: %s%s%s",
                     problem, advice(b->doc, parser), wide_advice(b->doc, mark));
    }
    return -EINVAL;
}

/* ---------------------------------------------------------------- the document */

static int run_parser(struct builder *b)
{
    yaml_parser_t parser;
    int r = 0;

    if (!yaml_parser_initialize(&parser))
        return -ENOMEM;
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)b->doc->text, b->doc->len);
    while (r == 0) {
        yaml_event_t event;
        if (!yaml_parser_parse(&parser, &event)) {
            r = report_syntax(b, &parser);
            break;
        }
        r = on_event(b, &event);
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
    return r < 0 ? r : 0;
}

/* Behind an error nothing is known. What stands before it is kept but for the thing that it is in (a
 * bus, an asset), or a last text that may belong to it. */
static void cut_off(struct builder *b)
{
    struct yaml_node *parent = b->depth > 0 ? b->open[b->depth > 1] : NULL;
    struct yaml_node *last = b->depth > 0 ? b->last[b->depth > 1] : NULL;

    b->doc->cut = b->doc->root != NULL && b->doc->root->kind == YAML_MAPPING;
    if (last == NULL || (b->depth == 1 && last->kind != YAML_SCALAR))
        return;
    struct yaml_node **link = &parent->first;
    while (*link != last)
        link = &(*link)->next;
    *link = NULL;
    parent->n_children--;
}

/* An empty file, or one with comments only, is an empty mapping. */
static int settle_root(struct builder *b)
{
    struct yaml_node *root = b->doc->root;

    if (root == NULL) {
        yaml_mark_t start = {0, 0, 0};
        return add_node(b, YAML_MAPPING, &start, NULL, 0, false);
    }
    if (root->kind == YAML_SCALAR && root->text[0] == '\0' && !root->quoted) {
        root->kind = YAML_MAPPING;
        root->text = NULL;
    }
    if (root->kind != YAML_MAPPING) {
        problems_at(b->problems, root, "the file must hold settings ('key: value'), not a %s",
                    root->kind == YAML_SEQUENCE ? "list" : "single text");
        return -EINVAL;
    }
    return 0;
}

int yamlbuild_run(struct yamldoc *doc, struct problems *problems)
{
    struct builder b = {.doc = doc, .problems = problems};
    int r = run_parser(&b);

    if (r == -EINVAL)
        cut_off(&b);
    else if (r == 0)
        r = settle_root(&b);
    free(b.slots);
    return r;
}
