/* derive_freezer.c - freezers and their runs. */
#include "derive_internal.h"

#include <errno.h>
#include <stdlib.h>

struct derive_freezers {
    struct freezer_run *runs; /* config->n_freezers */
};

int derive_freezer_create(struct derive *d)
{
    const struct config *config = d->config;
    d->freezers = calloc(1, sizeof *d->freezers);
    if (d->freezers == NULL)
        return -ENOMEM;
    d->freezers->runs = calloc(config->n_freezers + 1u, sizeof *d->freezers->runs);
    if (d->freezers->runs == NULL)
        return -ENOMEM;
    for (unsigned i = 0; i < config->n_freezers; i++)
        freezer_run_init(&d->freezers->runs[i], &config->freezers[i].setup);
    return 0;
}

void derive_freezer_free(struct derive *d)
{
    if (d->freezers != NULL)
        free(d->freezers->runs);
    free(d->freezers);
}

void derive_freezer_take(struct derive *d, uint16_t freezer, enum freezer_input input,
                         const struct reading *reading)
{
    (void)d, (void)freezer, (void)input, (void)reading;
}

void derive_freezer_look(struct derive *d)
{
    (void)d;
}

void derive_freezer_ready(struct derive *d)
{
    (void)d;
}

const struct freezer_run *derive_freezer_run(const struct derive *d, uint16_t freezer)
{
    return &d->freezers->runs[freezer];
}

int derive_freezer_prepare(struct derive *d, uint16_t freezer, int program)
{
    (void)d, (void)freezer, (void)program;
    return 0;
}

void derive_freezer_words(const struct derive *d, uint16_t freezer, unsigned which, enum language language,
                          char *text, size_t cap)
{
    (void)d, (void)freezer, (void)which, (void)language;
    if (cap > 0)
        text[0] = '\0';
}
