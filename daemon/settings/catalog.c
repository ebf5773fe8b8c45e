#include "catalog.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "draft.h"

static int is_profile(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');

    return entry->d_name[0] != '.' && dot != NULL && strcmp(dot, ".yaml") == 0;
}

static struct catalog_entry *find(const struct catalog *catalog, const char *id)
{
    for (size_t i = 0; i < catalog->n; i++)
        if (strcmp(catalog->entries[i].id, id) == 0)
            return &catalog->entries[i];
    return NULL;
}

static int add(struct catalog *catalog, const struct draft *d, const char *id)
{
    const struct draft_profile *profile = &d->profiles[0];
    struct catalog_entry *grown = reallocarray(catalog->entries, catalog->n + 1, sizeof *grown);

    if (grown == NULL)
        return -ENOMEM;
    catalog->entries = grown;
    struct catalog_entry *entry = &grown[catalog->n++];
    *entry = (struct catalog_entry){.tcp = profile->tcp,
                                    .rtu = profile->rtu,
                                    .unverified = profile->status == STATUS_UNVERIFIED,
                                    .timeout_ms = profile->timeout_ms};
    (void)snprintf(entry->id, sizeof entry->id, "%s", id);
    memcpy(entry->vendor, profile->vendor, sizeof entry->vendor);
    memcpy(entry->model, profile->model, sizeof entry->model);
    for (size_t i = 0; i < profile->n_registers && entry->n_identities < CATALOG_IDENTITIES_MAX; i++) {
        const struct draft_register *reg = &d->registers[profile->first_register + i];
        if (reg->is_guard && reg->rule.kind == GUARD_IDENTITY)
            entry->identities[entry->n_identities++] = (struct catalog_identity){
                .table = reg->table, .address = reg->address, .format = reg->format, .rule = reg->rule};
    }
    return 0;
}

/* Reads one file into a draft of its own. */
static int load(struct catalog *catalog, const char *path, const char *id, struct problems *problems)
{
    struct problems warnings = {.n = 0};
    struct draft d = {.dir = "", .main_name = path, .problems = problems, .warnings = &warnings};
    struct yamldoc *doc = NULL;
    size_t before = problems->n;

    int result = yamldoc_load_tolerant(path, path, problems, &doc);
    if (result < 0)
        return result == -ENOMEM ? result : 0;
    if (!draft_add_doc(&d, doc))
        return -ENOMEM;
    d.profiles = draft_grow(&d, NULL, 0, sizeof *d.profiles);
    if (d.profiles != NULL) {
        d.n_profiles = 1;
        d.profiles[0].id = id;
        d.profiles[0].root = yamldoc_root(doc);
        read_profile(&d, 0);
    }
    result = d.no_memory || d.profiles == NULL ? -ENOMEM : 0;
    if (result == 0 && problems->n == before)
        result = add(catalog, &d, id);
    draft_free(&d);
    problems_free(&warnings);
    return result;
}

static int load_directory(struct catalog *catalog, const char *dir, struct problems *problems)
{
    char path[PATH_MAX];
    struct dirent **entries = NULL;
    int n = scandir(dir, &entries, is_profile, alphasort);
    int result = 0;

    for (int i = 0; i < n; i++) {
        char id[NAME_MAX + 1];
        (void)snprintf(path, sizeof path, "%s/%s", dir, entries[i]->d_name);
        (void)snprintf(id, sizeof id, "%.*s", (int)(strlen(entries[i]->d_name) - strlen(".yaml")),
                       entries[i]->d_name);
        if (result == 0 && strlen(id) < ID_MAX && find(catalog, id) == NULL)
            result = load(catalog, path, id, problems);
        free(entries[i]);
    }
    free((void *)entries);
    return result;
}

static int by_id(const void *a, const void *b)
{
    return strcmp(((const struct catalog_entry *)a)->id, ((const struct catalog_entry *)b)->id);
}

int catalog_load(const char *dir, struct problems *problems, struct catalog **ret)
{
    char path[PATH_MAX];
    struct catalog *catalog = calloc(1, sizeof *catalog);
    int result = catalog != NULL ? 0 : -ENOMEM;

    if (result == 0 && dir != NULL) {
        (void)snprintf(path, sizeof path, "%s/devices", dir);
        result = load_directory(catalog, path, problems);
    }
    if (result == 0)
        result = load_directory(catalog, settings_system_profiles(), problems);
    if (result < 0) {
        catalog_free(catalog);
        return result;
    }
    if (catalog->n > 0)
        qsort(catalog->entries, catalog->n, sizeof *catalog->entries, by_id);
    *ret = catalog;
    return 0;
}

void catalog_free(struct catalog *catalog)
{
    if (catalog == NULL)
        return;
    free(catalog->entries);
    free(catalog);
}
