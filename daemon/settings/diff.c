#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "entries.h"
#include "settings.h"

static void write_difference(FILE *out, const struct entries *a, const struct entries *b)
{
    size_t i = 0;
    size_t k = 0;

    while (i < a->n || k < b->n) {
        int order = i == a->n ? 1 : k == b->n ? -1 : strcmp(a->items[i].path, b->items[k].path);
        if (order < 0)
            (void)fprintf(out, "- %s: %s\n", a->items[i].path, a->items[i].value);
        else if (order > 0)
            (void)fprintf(out, "+ %s: %s\n", b->items[k].path, b->items[k].value);
        else if (strcmp(a->items[i].value, b->items[k].value) != 0)
            (void)fprintf(out, "%s: %s -> %s\n", a->items[i].path, a->items[i].value, b->items[k].value);
        if (order <= 0)
            i++;
        if (order >= 0)
            k++;
    }
}

char *settings_diff(const struct config *old_config, const struct config *new_config)
{
    struct entries a = {.items = NULL};
    struct entries b = {.items = NULL};
    char *text = NULL;
    size_t size = 0;
    FILE *out = NULL;

    entries_list(&a, old_config);
    entries_list(&b, new_config);
    if (!a.no_memory && !b.no_memory)
        out = open_memstream(&text, &size);
    if (out != NULL) {
        write_difference(out, &a, &b);
        bool failed = ferror(out) != 0;
        if (fclose(out) != 0 || failed) {
            free(text);
            text = NULL;
        }
    }
    entries_free(&a);
    entries_free(&b);
    return text;
}
