#include "limit_changes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "entries.h"

#define SUMMARY_MAX 512

/* ---------------------------------------------------------------- which paths count */

/* What a path belongs to. THING: to an alarm or a point, whose own path has the length. PLACE: where a device
 * is found, which counts when it is another one than before: if it is gone, so are its points. RIGHT: who may
 * command, which counts also when it is new. KEEP: how long readings are kept, which counts when it is
 * shorter: what is older is destroyed. */
enum scope { SCOPE_NONE, SCOPE_SITE, SCOPE_THING, SCOPE_PLACE, SCOPE_RIGHT, SCOPE_KEEP };

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* Keys that decide nothing. */
static bool is_words(const char *key)
{
    static const char *const words[] = {"text", "response", "consequence", "name", "trend_over", "time_to"};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcmp(key, words[i]) == 0)
            return true;
    return begins(key, "calibration.");
}

/* Of a program, a vessel, a supply, a freezer's runs: all but its names. dot: behind what it is. */
static enum scope scope_of_part(const char *path, const char *dot, size_t *ret_len)
{
    if (dot == NULL || is_words(dot + 1))
        return SCOPE_NONE;
    *ret_len = (size_t)(dot - path);
    return SCOPE_THING;
}

/* Two units, ports or hosts that are exchanged let the points of one tank read another one. */
static bool is_place(const char *path)
{
    static const char *const keys[] = {".bus", ".unit", ".tcp.host", ".tcp.port", ".rtu.device"};
    const bool is_device = begins(path, "devices.");
    const char *key =
        is_device || begins(path, "buses.") ? strchr(strchr(path, '.') + 1, '.') : NULL; /* behind the id */

    for (size_t i = 0; key != NULL && i < sizeof keys / sizeof keys[0]; i++)
        if (strcmp(key, keys[i]) == 0)
            return is_device == (i < 2);
    return false;
}

static enum scope scope_of(const char *path, size_t *ret_len)
{
    static const char *const sections[] = {"alarms.", "rounds.", "notify.", "drill."};
    static const char *const parts[] = {".vessel.", ".supply.", ".runs."};
    const char *p;

    for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++)
        if (begins(path, sections[i]))
            return SCOPE_SITE;
    if (is_place(path))
        return SCOPE_PLACE;
    if (strcmp(path, "mqtt.commands") == 0 || begins(path, "mqtt.agents."))
        return SCOPE_RIGHT;
    if (strcmp(path, "storage.keep") == 0)
        return SCOPE_KEEP;
    if (begins(path, "programs."))
        return scope_of_part(path, strchr(path + strlen("programs."), '.'), ret_len);
    if (!begins(path, "assets."))
        return SCOPE_NONE;
    p = strchr(path + strlen("assets."), '.'); /* ids have no points in them */
    if (p == NULL)
        return SCOPE_NONE;
    if (strcmp(p, ".rounds") == 0)
        return SCOPE_SITE;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (begins(p, parts[i]))
            return scope_of_part(path, strchr(p + 1, '.'), ret_len);
    if (!begins(p, ".alarms.") && !begins(p, ".points."))
        return SCOPE_NONE;
    p = strchr(p + strlen(".alarms."), '.');
    if (p == NULL || is_words(p + 1))
        return SCOPE_NONE;
    *ret_len = (size_t)(p - path);
    return SCOPE_THING;
}

/* Without a broker nobody may command either. */
static bool gives_right(const struct entry *entry)
{
    return strcmp(entry->value, "false") != 0;
}

/* Is there anything of the thing whose path is the first len bytes? */
static bool has_thing(const struct entries *e, const char *path, size_t len)
{
    size_t low = 0;
    size_t high = e->n;

    while (low < high) { /* the first one that is not before "path." */
        const size_t middle = low + (high - low) / 2;
        if (strncmp(e->items[middle].path, path, len + 1) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < e->n && strncmp(e->items[low].path, path, len + 1) == 0;
}

/* ---------------------------------------------------------------- the list */

struct collector {
    struct limit_changes *changes;
    size_t cap;
    bool no_memory;
    bool keeps_less; /* readings are destroyed that would have been kept */
};

static void add(struct collector *c, const char *what, size_t len, const char *before, const char *after)
{
    struct limit_change change = {.what = strndup(what, len),
                                  .before = before != NULL ? strdup(before) : NULL,
                                  .after = after != NULL ? strdup(after) : NULL};

    if (c->changes->n == c->cap) {
        const size_t cap = c->cap == 0 ? 16 : c->cap * 2;
        struct limit_change *grown = reallocarray(c->changes->items, cap, sizeof *grown);
        if (grown == NULL)
            goto fail;
        c->changes->items = grown;
        c->cap = cap;
    }
    if (change.what == NULL || (before != NULL && change.before == NULL) ||
        (after != NULL && change.after == NULL))
        goto fail;
    c->changes->items[c->changes->n++] = change;
    return;
fail:
    c->no_memory = true;
    free(change.what);
    free(change.before);
    free(change.after);
}

/* A whole alarm or point that is gone, from entry i on: one change that says what it was. Returns the first
 * entry behind it. */
static size_t add_removed(struct collector *c, const struct entries *e, size_t i, size_t len)
{
    char summary[SUMMARY_MAX] = "";
    const char *path = e->items[i].path;
    size_t used = 0;

    for (; i < e->n && strncmp(e->items[i].path, path, len + 1) == 0; i++) {
        const char *key = e->items[i].path + len + 1;
        if (is_words(key) || used >= sizeof summary)
            continue;
        const int n = snprintf(summary + used, sizeof summary - used, "%s%s: %s", used > 0 ? "; " : "", key,
                               e->items[i].value);
        used += n > 0 ? (size_t)n : 0;
    }
    for (size_t end = strlen(summary); used >= sizeof summary && end > 0; end--) {
        if (((unsigned char)summary[end - 1] & 0xC0) == 0x80) /* not inside a character */
            continue;
        summary[end - 1] = '\0';
        break;
    }
    add(c, path, len, summary, NULL);
    return i;
}

/* Returns the next entry of the old ones to look at. */
static size_t tell_old(struct collector *c, const struct entries *a, size_t i, const struct entries *b)
{
    const struct entry *entry = &a->items[i];
    size_t len = 0;
    const enum scope scope = scope_of(entry->path, &len);

    if (scope == SCOPE_THING && !has_thing(b, entry->path, len))
        return add_removed(c, a, i, len);
    if (scope == SCOPE_SITE || scope == SCOPE_THING || (scope == SCOPE_RIGHT && gives_right(entry)))
        add(c, entry->path, strlen(entry->path), entry->value, NULL);
    return i + 1;
}

static void tell_new(struct collector *c, const struct entries *a, const struct entry *entry)
{
    size_t len = 0;

    const enum scope scope = scope_of(entry->path, &len);

    if ((scope == SCOPE_RIGHT && gives_right(entry)) ||
        (scope == SCOPE_THING && has_thing(a, entry->path, len)))
        add(c, entry->path, strlen(entry->path), NULL, entry->value);
}

static void tell_both(struct collector *c, const struct entry *old, const struct entry *entry)
{
    size_t len = 0;

    const enum scope scope = scope_of(entry->path, &len);

    if (scope != SCOPE_NONE && (scope != SCOPE_KEEP || c->keeps_less) &&
        strcmp(old->value, entry->value) != 0)
        add(c, entry->path, strlen(entry->path), old->value, entry->value);
}

static void compare(struct collector *c, const struct entries *a, const struct entries *b)
{
    size_t i = 0;
    size_t k = 0;

    while ((i < a->n || k < b->n) && !c->no_memory) {
        const int order = i == a->n ? 1 : k == b->n ? -1 : strcmp(a->items[i].path, b->items[k].path);
        if (order < 0) {
            i = tell_old(c, a, i, b);
        } else if (order > 0) {
            tell_new(c, a, &b->items[k++]);
        } else {
            tell_both(c, &a->items[i++], &b->items[k++]);
        }
    }
}

/* 0 days: for ever. */
static bool keeps_less(const struct config *before, const struct config *after)
{
    const uint32_t old_days = before->storage.keep_days;
    const uint32_t days = after->storage.keep_days;

    return days != 0 && (old_days == 0 || days < old_days);
}

int limit_changes_compare(const struct config *old_config, const struct config *new_config,
                          struct limit_changes *ret)
{
    struct entries a = {.items = NULL};
    struct entries b = {.items = NULL};
    struct limit_changes changes = {.n = 0};
    struct collector c = {.changes = &changes, .keeps_less = keeps_less(old_config, new_config)};

    entries_list(&a, old_config);
    entries_list(&b, new_config);
    c.no_memory = a.no_memory || b.no_memory;
    if (!c.no_memory)
        compare(&c, &a, &b);
    entries_free(&a);
    entries_free(&b);
    if (c.no_memory) {
        limit_changes_free(&changes);
        return -ENOMEM;
    }
    *ret = changes;
    return 0;
}

void limit_changes_free(struct limit_changes *changes)
{
    for (size_t i = 0; i < changes->n; i++) {
        free(changes->items[i].what);
        free(changes->items[i].before);
        free(changes->items[i].after);
    }
    free(changes->items);
    *changes = (struct limit_changes){.n = 0};
}

char *limit_changes_print(const struct limit_changes *changes)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    if (out == NULL)
        return NULL;
    for (size_t i = 0; i < changes->n; i++) {
        const struct limit_change *change = &changes->items[i];
        (void)fprintf(out, "%s: %s -> %s\n", change->what, change->before != NULL ? change->before : "none",
                      change->after != NULL ? change->after : "none");
    }
    const bool failed = ferror(out) != 0;
    if (fclose(out) != 0 || failed) {
        free(text);
        return NULL;
    }
    return text;
}
