#include "tempo.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

struct tempo {
    atomic_uint references;
    atomic_uint changes;
    uint16_t n;
    _Atomic uint32_t intervals_ms[];
};

int tempo_create(const struct config *config, struct tempo **ret)
{
    struct tempo *tempo = calloc(1, sizeof *tempo + config->n_devices * sizeof tempo->intervals_ms[0]);
    if (tempo == NULL)
        return -ENOMEM;
    atomic_init(&tempo->references, 1);
    atomic_init(&tempo->changes, 0);
    for (; tempo->n < config->n_devices; tempo->n++)
        atomic_init(&tempo->intervals_ms[tempo->n], 0);
    *ret = tempo;
    return 0;
}

struct tempo *tempo_ref(struct tempo *tempo)
{
    if (tempo != NULL)
        atomic_fetch_add(&tempo->references, 1);
    return tempo;
}

void tempo_unref(struct tempo *tempo)
{
    if (tempo != NULL && atomic_fetch_sub(&tempo->references, 1) == 1)
        free(tempo);
}

void tempo_set(struct tempo *tempo, uint16_t device, uint32_t interval_ms)
{
    if (tempo == NULL || device >= tempo->n)
        return;
    if (atomic_exchange(&tempo->intervals_ms[device], interval_ms) != interval_ms)
        atomic_fetch_add(&tempo->changes, 1); /* behind the number: who sees it sees the number, too */
}

uint32_t tempo_get(const struct tempo *tempo, uint16_t device)
{
    return tempo != NULL && device < tempo->n ? atomic_load(&tempo->intervals_ms[device]) : 0;
}

uint32_t tempo_changes(const struct tempo *tempo)
{
    return tempo != NULL ? atomic_load(&tempo->changes) : 0;
}
