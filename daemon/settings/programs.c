/* programs.c - the programs of a site's freezers: all of DIR/programs, and what a freezer names beyond them.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "draft.h"
#include "scalar.h"

#define PREFIX "programs/"
#define ENDING ".yaml"

const char *settings_system_programs(void)
{
    const char *dir = secure_getenv("CRYOMON_PROGRAMS");

    return dir != NULL && dir[0] != '\0' ? dir : CRYOMON_PROGRAMS_DIR;
}

/* The freezer that names it, or NULL. */
static const struct draft_freezer *who_names(const struct draft *d, const char *id)
{
    for (size_t i = 0; i < d->n_freezers; i++) {
        const struct yaml_node *node = d->freezers[i].program;
        if (node != NULL && node->kind == YAML_SCALAR && strcmp(node->text, id) == 0)
            return &d->freezers[i];
    }
    return NULL;
}

static const struct draft_program *find(const struct draft *d, const char *id)
{
    for (size_t i = 0; i < d->n_programs; i++) {
        if (strcmp(d->programs[i].id, id) == 0)
            return &d->programs[i];
    }
    return NULL;
}

int programs_find(const struct draft *d, const char *id)
{
    const struct draft_program *found = find(d, id);

    return found != NULL && found->program != NULL ? (int)(found - d->programs) : -1;
}

/* ---------------------------------------------------------------- one file */

/* NAME of NAME.yaml; false: it is none, or too long to be one. */
static bool name_of(const char *file, char ret[ID_MAX])
{
    const size_t len = strlen(file), ending = strlen(ENDING);

    if (len <= ending || len - ending >= ID_MAX || file[0] == '.' || strcmp(file + len - ending, ENDING) != 0)
        return false;
    (void)snprintf(ret, ID_MAX, "%.*s", (int)(len - ending), file);
    return true;
}

/* Takes the document (NULL: it could not be read, which was reported). What is wrong with a program that no
 * freezer names keeps nothing from running: it is left out, and told. That it is an example is told of those
 * that are named. */
static void add(struct draft *d, const char *id, const char *path, struct yamldoc *doc)
{
    const bool named = who_names(d, id) != NULL;
    struct problems hints = {.n = 0};
    struct program *program = NULL;
    struct draft_program *grown = draft_grow(d, d->programs, d->n_programs, sizeof *grown);

    if (grown != NULL)
        d->programs = grown;
    if (grown == NULL || (doc == NULL && !named)) {
        yamldoc_free(doc);
        return;
    }
    if (doc != NULL && program_read(doc, path, named ? d->problems : d->warnings,
                                    named ? d->warnings : &hints, &program) == -ENOMEM)
        d->no_memory = true;
    problems_free(&hints);
    if (program == NULL && !named) {
        yamldoc_free(doc);
        return;
    }
    (void)snprintf(grown[d->n_programs].id, sizeof grown->id, "%s", id);
    grown[d->n_programs].program = program;
    grown[d->n_programs++].doc = doc;
}

static void load_text(struct draft *d, const struct settings_file *file, const char *id)
{
    struct yamldoc *doc = NULL;
    struct problems *problems = who_names(d, id) != NULL ? d->problems : d->warnings;

    if (yamldoc_parse(file->text, file->len, file->path, problems, &doc) == -ENOMEM)
        d->no_memory = true;
    add(d, id, file->path, doc);
}

/* False: there is no such file. */
static bool load_file(struct draft *d, const char *path, const char *id)
{
    struct yamldoc *doc = NULL;
    struct stat st;

    if (lstat(path, &st) < 0 && (errno == ENOENT || errno == ENOTDIR))
        return false;
    if (yamldoc_load(path, path, who_names(d, id) != NULL ? d->problems : d->warnings, &doc) == -ENOMEM)
        d->no_memory = true;
    add(d, id, path, doc);
    return true;
}

/* ---------------------------------------------------------------- all of them */

static int is_program(const struct dirent *entry)
{
    char id[ID_MAX];

    return name_of(entry->d_name, id);
}

static void load_directory(struct draft *d)
{
    char path[PATH_MAX];
    char id[ID_MAX];
    struct dirent **entries = NULL;

    (void)snprintf(path, sizeof path, "%s/programs", d->dir);
    const int n = scandir(path, &entries, is_program, alphasort);
    if (n > PROGRAMS_MAX)
        problems_add(d->problems, path, 0, 0, "too many programs: %d, at most %d", n, PROGRAMS_MAX);
    for (int i = 0; i < n; i++) {
        (void)snprintf(path, sizeof path, "%s/programs/%s", d->dir, entries[i]->d_name);
        if (i < PROGRAMS_MAX && name_of(entries[i]->d_name, id))
            (void)load_file(d, path, id);
        free(entries[i]);
    }
    free((void *)entries);
}

static void load_memory(struct draft *d)
{
    char id[ID_MAX];

    for (size_t i = 0; i < d->n_memory && d->n_programs < PROGRAMS_MAX; i++) {
        const struct settings_file *file = &d->memory[i];
        if (strncmp(file->path, PREFIX, strlen(PREFIX)) == 0 && name_of(file->path + strlen(PREFIX), id))
            load_text(d, file, id);
    }
}

static void suggest_names(const char *dir, struct suggest *s)
{
    char id[ID_MAX];
    struct dirent **entries = NULL;
    const int n = scandir(dir, &entries, is_program, alphasort);

    for (int i = 0; i < n; i++) {
        if (name_of(entries[i]->d_name, id))
            suggest_try(s, id);
        free(entries[i]);
    }
    free((void *)entries);
}

static void report_missing(struct draft *d, const struct yaml_node *node)
{
    char dir[PATH_MAX];
    char hint[SUGGEST_TEXT_MAX];
    struct suggest s;

    suggest_begin(&s, node->text);
    (void)snprintf(dir, sizeof dir, "%s%sprograms", d->dir, d->memory == NULL ? "/" : "");
    for (size_t i = 0; i < d->n_programs; i++)
        suggest_try(&s, d->programs[i].id);
    if (d->memory == NULL)
        suggest_names(settings_system_programs(), &s);
    problems_at(d->problems, node,
                "there is no program '%.64s': %.64s.yaml is neither in %.160s nor in %.160s%s", node->text,
                node->text, dir, settings_system_programs(), suggest_text(&s, hint));
}

/* What a freezer names: the site's own goes before the system's. */
static void load_named(struct draft *d, const struct yaml_node *node)
{
    char path[PATH_MAX];
    char id[ID_MAX];

    if (!scalar_id(d->problems, node, id, sizeof id) || find(d, id) != NULL)
        return;
    if (d->n_programs >= PROGRAMS_MAX) {
        problems_at(d->problems, node, "too many programs: at most %d", PROGRAMS_MAX);
        return;
    }
    (void)snprintf(path, sizeof path, "%.3800s/%s" ENDING, settings_system_programs(), id);
    if (d->memory != NULL || !load_file(d, path, id))
        report_missing(d, node);
}

static int by_id(const void *a, const void *b)
{
    return strcmp(((const struct draft_program *)a)->id, ((const struct draft_program *)b)->id);
}

void programs_load(struct draft *d)
{
    if (d->n_freezers == 0)
        return; /* nothing runs them */
    if (d->memory != NULL)
        load_memory(d);
    else
        load_directory(d);
    for (size_t i = 0; i < d->n_freezers && !d->no_memory; i++) {
        if (d->freezers[i].program != NULL)
            load_named(d, d->freezers[i].program);
    }
    if (d->n_programs > 0)
        qsort(d->programs, d->n_programs, sizeof *d->programs, by_id);
}

int programs_give(struct draft *d, struct config *config)
{
    config->programs = calloc(d->n_programs + 1, sizeof(struct program *));
    if (config->programs == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < d->n_programs; i++) {
        config->programs[config->n_programs++] = d->programs[i].program;
        d->programs[i].program = NULL;
    }
    return 0;
}

void programs_free(struct draft *d)
{
    for (size_t i = 0; i < d->n_programs; i++) {
        program_free(d->programs[i].program);
        yamldoc_free(d->programs[i].doc);
    }
    free(d->programs);
}
