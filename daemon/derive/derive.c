/* derive.c - see derive.h: which reading goes where, and what time it is. */
#include "derive_internal.h"

#include <errno.h>
#include <stdlib.h>

#define TICK_US      INT64_C(10000000)
#define LEAST_NOW_US (INT64_C(20) * 365 * 86400 * 1000000) /* a machine without a clock may say 1970 */

static void use(struct derive *d, bool count, const struct role *role, enum derive_use_kind kind,
                unsigned index, unsigned which)
{
    if (role->point < 0 || role->point >= d->config->n_points)
        return;
    if (count) {
        d->first_use[role->point + 1]++;
        return;
    }
    d->uses[d->first_use[role->point]++] =
        (struct derive_use){.kind = (uint8_t)kind, .which = (uint8_t)which, .index = (uint16_t)index};
}

static void use_all(struct derive *d, bool count)
{
    const struct config *config = d->config;
    for (unsigned i = 0; i < config->n_vessels; i++) {
        const struct vessel_config *v = &config->vessels[i];
        use(d, count, &v->level, DERIVE_USE_VESSEL, i, VESSEL_LEVEL);
        for (unsigned k = 0; k < TANK_TEMPS; k++)
            use(d, count, &v->temps[k], DERIVE_USE_VESSEL, i, VESSEL_TEMPS + k);
        use(d, count, &v->lid, DERIVE_USE_VESSEL, i, VESSEL_LID);
        use(d, count, &v->valve, DERIVE_USE_VESSEL, i, VESSEL_VALVE);
        use(d, count, &v->room, DERIVE_USE_VESSEL, i, VESSEL_ROOM);
    }
    for (unsigned i = 0; i < config->n_supplies; i++) {
        use(d, count, &config->supplies[i].stock, DERIVE_USE_STOCK, i, 0);
        use(d, count, &config->supplies[i].pressure, DERIVE_USE_BAR, i, 0);
    }
    for (unsigned i = 0; i < config->n_freezers; i++) {
        for (unsigned k = 0; k < FREEZER_INPUTS; k++)
            use(d, count, &config->freezers[i].inputs[k], DERIVE_USE_FREEZER, i, k);
    }
}

/* For each point the roles that it has. */
static int index_uses(struct derive *d)
{
    unsigned n = d->config->n_points;
    d->first_use = calloc(n + 2u, sizeof *d->first_use);
    if (d->first_use == NULL)
        return -ENOMEM;
    use_all(d, true);
    for (unsigned i = 0; i < n; i++)
        d->first_use[i + 1] += d->first_use[i];
    d->uses = calloc(d->first_use[n] + 1u, sizeof *d->uses);
    if (d->uses == NULL)
        return -ENOMEM;
    use_all(d, false); /* leaves in each place where the next one begins */
    for (unsigned i = n; i > 0; i--)
        d->first_use[i] = d->first_use[i - 1];
    d->first_use[0] = 0;
    return 0;
}

int derive_create(const struct config *config, struct stamp now, struct derive **ret)
{
    struct derive *d = calloc(1, sizeof *d);
    if (d == NULL)
        return -ENOMEM;
    d->config = config;
    d->news_us = INT64_MAX;
    d->tank_us = (now.utc_us > LEAST_NOW_US ? now.utc_us : LEAST_NOW_US) - now.boot_us;
    int r = index_uses(d);
    if (r == 0)
        r = derive_news_create(d);
    if (r == 0)
        r = derive_tank_create(d);
    if (r == 0)
        r = derive_hall_create(d);
    if (r == 0)
        r = derive_freezer_create(d);
    if (r < 0) {
        derive_free(d);
        return r;
    }
    *ret = d;
    return 0;
}

void derive_free(struct derive *d)
{
    if (d == NULL)
        return;
    derive_freezer_free(d);
    derive_news_free(d);
    free(d->first_use);
    free(d->uses);
    free(d->vessels);
    free(d->halls);
    free(d->supplies);
    free(d);
}

bool derive_wants(const struct derive *d, uint16_t point)
{
    return d->first_use[point + 1] > d->first_use[point];
}

int64_t derive_past_us(const struct derive *d, uint16_t point)
{
    int64_t past_us = 0;
    for (uint32_t i = d->first_use[point]; i < d->first_use[point + 1]; i++) {
        if (d->uses[i].kind != DERIVE_USE_FREEZER)
            return DERIVE_TANKS_PAST_US;
        past_us = DERIVE_FREEZERS_PAST_US;
    }
    return past_us;
}

int64_t derive_past_most_us(const struct config *config)
{
    return config->n_vessels > 0 || config->n_supplies > 0 ? DERIVE_TANKS_PAST_US
           : config->n_freezers > 0                        ? DERIVE_FREEZERS_PAST_US
                                                           : 0;
}

static void set_now(struct derive *d, struct stamp now)
{
    if (!d->started || now.boot_us >= d->now.boot_us)
        d->now = now;
    d->started = true;
}

/* What happens by time alone. */
static void tick(struct derive *d)
{
    int64_t now_us = derive_tank_time(d);
    if (now_us < d->tick_us)
        return;
    d->tick_us = now_us + TICK_US;
    derive_tank_tick(d);
    derive_hall_tick(d);
}

void derive_take(struct derive *d, struct stamp at, uint16_t point, const struct reading *reading)
{
    set_now(d, at);
    for (uint32_t i = d->first_use[point]; i < d->first_use[point + 1]; i++) {
        const struct derive_use *u = &d->uses[i];
        if (u->kind == DERIVE_USE_VESSEL)
            derive_tank_take(d, u->index, u->which, reading);
        else if (u->kind == DERIVE_USE_FREEZER)
            derive_freezer_take(d, u->index, (enum freezer_input)u->which, reading);
        else
            derive_hall_take(d, u, reading);
    }
    tick(d);
}

void derive_look(struct derive *d, struct stamp now)
{
    set_now(d, now);
    tick(d);
    derive_freezer_look(d);
    if (!d->ready)
        return;
    derive_tank_look(d);
    derive_hall_look(d);
}

void derive_ready(struct derive *d)
{
    if (d->ready)
        return;
    d->ready = true;
    derive_freezer_ready(d);
}

void derive_news_from(struct derive *d, int64_t boot_us)
{
    d->news_us = boot_us;
}

bool derive_is_ready(const struct derive *d)
{
    return d->ready;
}

const struct freezer_run *derive_run(const struct derive *d, uint16_t freezer)
{
    return derive_freezer_run(d, freezer);
}

int derive_prepare(struct derive *d, uint16_t freezer, int program)
{
    return derive_freezer_prepare(d, freezer, program);
}
