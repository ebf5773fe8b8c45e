#include "run_shelf.h"

#include <stdio.h>
#include <string.h>

#include "in_force.h"

void run_shelf_init(struct run_shelf *shelf, struct history_reader *reader, struct config *fallback)
{
    *shelf = (struct run_shelf){.reader = reader, .fallback = fallback};
}

void run_shelf_free(struct run_shelf *shelf)
{
    for (size_t i = 0; i < shelf->n; i++)
        config_unref(shelf->configs[i].config);
    shelf->n = 0;
}

/* When the shelf is full, further configurations are not kept apart: the record is then read without. */
static struct config *take(struct run_shelf *shelf, const char *sha256)
{
    for (size_t i = 0; i < shelf->n; i++)
        if (strcmp(shelf->configs[i].sha256, sha256) == 0)
            return shelf->configs[i].config;
    if (shelf->n == RUN_SHELF_MAX)
        return NULL;
    struct run_shelf_config *c = &shelf->configs[shelf->n++];
    (void)snprintf(c->sha256, sizeof c->sha256, "%s", sha256);
    c->config = in_force_load(shelf->reader, sha256);
    return c->config;
}

struct config *run_shelf_config(struct run_shelf *shelf, int64_t utc_us, bool *ret_in_force)
{
    struct in_force in_force;
    struct config *config = NULL;

    if (in_force_before(shelf->reader, utc_us + 1, &in_force) > 0)
        config = take(shelf, in_force.sha256);
    if (ret_in_force != NULL)
        *ret_in_force = config != NULL;
    return config != NULL ? config : shelf->fallback;
}

static const struct program *with_hash(const struct config *config, const char *sha256)
{
    for (unsigned i = 0; config != NULL && i < config->n_programs; i++)
        if (strcmp(config->programs[i]->hash, sha256) == 0)
            return config->programs[i];
    return NULL;
}

const struct program *run_shelf_program(struct run_shelf *shelf, int64_t utc_us, const char *sha256)
{
    const struct program *program = with_hash(run_shelf_config(shelf, utc_us, NULL), sha256);

    return program != NULL ? program : with_hash(shelf->fallback, sha256);
}

const struct program *run_shelf_usual(const struct config *config, const char *asset)
{
    for (unsigned i = 0; config != NULL && i < config->n_freezers; i++) {
        const struct freezer_config *f = &config->freezers[i];
        if (strcmp(config->assets[f->asset].id, asset) == 0)
            return f->program >= 0 ? config->programs[f->program] : NULL;
    }
    return NULL;
}
