/* derive_hall.c - supplies, and what is seen only when the tanks of one supply are seen together. */
#include "derive_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int derive_hall_create(struct derive *d)
{
    (void)d;
    return 0;
}

void derive_hall_take(struct derive *d, const struct derive_use *use, const struct reading *reading)
{
    (void)d, (void)use, (void)reading;
}

void derive_hall_tick(struct derive *d)
{
    (void)d;
}

void derive_hall_look(struct derive *d)
{
    (void)d;
}

void derive_hall_ready(struct derive *d)
{
    (void)d;
}

void derive_supply(const struct derive *d, uint16_t supply, struct hall_view *ret)
{
    (void)d, (void)supply;
    memset(ret, 0, sizeof *ret);
}
