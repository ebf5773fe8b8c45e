/* performance_rates.c - alarms per day and per 10 minutes, floods, chattering. */
#include <string.h>

#include "performance_internal.h"

static void bin_close(struct bin *bin, int64_t from_us)
{
    if (bin->count > bin->most) {
        bin->most = bin->count;
        bin->most_from_us = from_us + bin->current * bin->length_us;
    }
    bin->crowded += bin->count > FLOOD_MORE_THAN;
    bin->count = 0;
}

static void bin_add(struct bin *bin, int64_t from_us, int64_t utc_us)
{
    int64_t at = (utc_us - from_us) / bin->length_us;
    if (at != bin->current)
        bin_close(bin, from_us);
    bin->current = at;
    if (bin->each != NULL && at >= 0 && at < DAYS_MAX)
        bin->each[at]++;
    bin->count++;
}

/* ---------------------------------------------------------------- floods */

static void flood_over(struct flood *f, int64_t end_us)
{
    int64_t length_us = end_us - f->from_us;
    f->now = false;
    f->total_us += length_us;
    if (length_us > f->longest_us) {
        f->longest_us = length_us;
        f->longest_from_us = f->from_us;
        f->longest_raises = f->raises;
    }
}

/* When a flood is over if no alarm comes any more. */
static int64_t flood_end(const struct flood *f)
{
    return f->recent_us[FLOOD_MORE_THAN + 1 - FLOOD_OVER] + PERIOD_US;
}

static void flood_add(struct flood *f, int64_t utc_us)
{
    if (f->now && utc_us > flood_end(f))
        flood_over(f, flood_end(f));
    memmove(f->recent_us, f->recent_us + 1, sizeof f->recent_us - sizeof f->recent_us[0]);
    f->recent_us[FLOOD_MORE_THAN] = utc_us;
    f->n += f->n <= FLOOD_MORE_THAN;
    if (f->now) {
        f->raises++;
    } else if (f->n > FLOOD_MORE_THAN && utc_us - f->recent_us[0] <= PERIOD_US) {
        f->now = true;
        f->from_us = f->recent_us[0];
        f->raises = FLOOD_MORE_THAN + 1;
        f->count++;
        f->n = 0; /* an alarm belongs to one flood */
    }
}

/* ---------------------------------------------------------------- chattering */

static void chatter_add(struct tracked *t, int64_t utc_us)
{
    int64_t first_us = t->recent_us[0];
    t->recent_us[0] = t->recent_us[1];
    t->recent_us[1] = utc_us;
    if (t->raises < CHATTER_RAISES || first_us == 0 || utc_us - first_us > CHATTER_US || utc_us < first_us)
        return;
    if (t->chatters == 0 || utc_us - t->chattered_us > PERIOD_US)
        t->chatters++;
    t->chattered_us = utc_us;
}

void performance_count(struct performance *p, struct tracked *t, int64_t utc_us)
{
    p->raised++;
    t->raises++;
    if (t->priority >= 0)
        p->priorities[t->priority]++;
    if (t->asset > 0)
        p->asset_raises[t->asset]++;
    bin_add(&p->days, p->from_us, utc_us);
    bin_add(&p->periods, p->from_us, utc_us);
    flood_add(&p->flood, utc_us);
    chatter_add(t, utc_us);
}

void performance_count_end(struct performance *p)
{
    bin_close(&p->days, p->from_us);
    bin_close(&p->periods, p->from_us);
    if (p->flood.now)
        flood_over(&p->flood, flood_end(&p->flood) < p->to_us ? flood_end(&p->flood) : p->to_us);
}
