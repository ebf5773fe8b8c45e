#include "draft.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "scalar.h"

const struct choice draft_priorities[] = {{"low", PRIORITY_LOW},
                                          {"medium", PRIORITY_MEDIUM},
                                          {"high", PRIORITY_HIGH},
                                          {"critical", PRIORITY_CRITICAL},
                                          {NULL, 0}};
const struct choice draft_asset_kinds[] = {{"tank", ASSET_TANK},
                                           {"freezer", ASSET_FREEZER},
                                           {"room", ASSET_ROOM},
                                           {"utility", ASSET_UTILITY},
                                           {NULL, 0}};

const struct choice draft_word_orders[] = {
    {"ABCD", ORDER_ABCD}, {"CDAB", ORDER_CDAB}, {"BADC", ORDER_BADC}, {"DCBA", ORDER_DCBA}, {NULL, 0}};

static const char *const kind_names[] = {
    [NAMES_BUS] = "bus",         [NAMES_DEVICE] = "device",     [NAMES_ASSET] = "asset",
    [NAMES_PROFILE] = "profile", [NAMES_REGISTER] = "register", [NAMES_POINT] = "point",
    [NAMES_ALARM] = "alarm",     [NAMES_GROUP] = "group",
};

void *draft_grow(struct draft *d, void *items, size_t n, size_t size)
{
    /* Room is for the next power of two, at least 16: it is full exactly when n is one. */
    if (n == 0 || (n >= 16 && (n & (n - 1)) == 0)) {
        void *grown = reallocarray(items, n == 0 ? 16 : n * 2, size);
        if (grown == NULL) {
            d->no_memory = true;
            return NULL;
        }
        items = grown;
    }
    memset((char *)items + n * size, 0, size);
    return items;
}

static const struct yaml_node *node_of(const struct draft *d, enum names_kind kind, int index)
{
    switch (kind) {
    case NAMES_BUS:
        return d->buses[index].node;
    case NAMES_DEVICE:
        return d->devices[index].node;
    case NAMES_ASSET:
        return d->assets[index].node;
    case NAMES_POINT:
        return d->points[index].node;
    case NAMES_ALARM:
        return d->alarms[index].node;
    case NAMES_GROUP:
        return d->groups[index].node;
    case NAMES_REGISTER:
        return d->registers[index].node;
    case NAMES_PROFILE:
        break;
    }
    return NULL;
}

bool draft_name(struct draft *d, enum names_kind kind, size_t parent, const struct yaml_node *node,
                size_t index, size_t max, char id[ID_MAX])
{
    int earlier = -1;

    id[0] = '\0';
    if (index >= max) {
        if (!d->full[kind])
            problems_at_key(d->problems, node, "too many: at most %zu of kind '%s'", max, kind_names[kind]);
        d->full[kind] = true;
        return false;
    }
    bool ok = scalar_key_id(d->problems, node, id, ID_MAX);
    int r = names_add(&d->names, kind, parent, node->key, (int)index, &earlier);
    if (!ok && r != -ENOMEM)
        return true;
    if (r == -EEXIST) {
        const struct yaml_node *first = node_of(d, kind, earlier);
        problems_at_key(d->problems, node, "%s '%s' is already defined at %s:%u; remove one of them",
                        kind_names[kind], node->key, first->file, first->key_line);
        id[0] = '\0';
        return true;
    }
    if (r < 0)
        d->no_memory = true;
    return r == 0;
}

int draft_find(struct draft *d, enum names_kind kind, size_t parent, const struct yaml_node *node,
               const char *what)
{
    char wanted[40];
    char hint[SUGGEST_TEXT_MAX];
    struct suggest s;

    (void)snprintf(wanted, sizeof wanted, "the id of a %s", what);
    if (!scalar_is_value(d->problems, node, wanted))
        return -1;
    int index = names_find(&d->names, kind, parent, node->text);
    /* Points and registers stand in the file of their asset or profile, which was read. */
    bool elsewhere = d->incomplete && kind != NAMES_REGISTER && kind != NAMES_POINT;
    if (index >= 0 || elsewhere || d->lost[kind] || d->full[kind])
        return index;
    suggest_begin(&s, node->text);
    if (d->problems->n < PROBLEMS_MAX) /* else nobody reads it */
        names_suggest(&d->names, kind, parent, &s);
    problems_at(d->problems, node, "there is no %s '%.64s'%s", what, node->text, suggest_text(&s, hint));
    return -1;
}

const struct yaml_node *draft_setting(const struct draft *d, const char *section, const char *key)
{
    for (size_t i = 0; i < d->n_roots; i++) {
        const struct yaml_node *node = yaml_get(yamldoc_root(d->docs[i]), section);
        if (node != NULL && key != NULL)
            node = yaml_get(node, key);
        if (node != NULL)
            return node;
    }
    return NULL;
}

bool draft_add_doc(struct draft *d, struct yamldoc *doc)
{
    struct yamldoc **grown = draft_grow(d, d->docs, d->n_docs, sizeof(struct yamldoc *));

    if (grown == NULL) {
        yamldoc_free(doc);
        return false;
    }
    d->docs = grown;
    d->docs[d->n_docs++] = doc;
    return true;
}

void draft_free(struct draft *d)
{
    for (size_t i = 0; i < d->n_docs; i++)
        yamldoc_free(d->docs[i]);
    free((void *)d->docs);
    names_free(&d->names);
    free(d->buses);
    free(d->devices);
    free(d->profiles);
    free(d->registers);
    free(d->assets);
    free(d->points);
    free(d->alarms);
    free(d->groups);
    free(d->calibrations);
    free(d->vessels);
    free(d->supplies);
    free(d->freezers);
    programs_free(d);
    for (size_t i = 0; i < d->n_made; i++)
        free(d->made[i]);
    free((void *)d->made);
}
