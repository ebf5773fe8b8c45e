/* tank_hall_lid.c - see tank_hall_lid.h. */
#include "tank_hall_lid.h"

#include "tank_parts.h"

#include <string.h>

#define MINUTE_US     (60 * TANK_SECOND_US)
#define KEEP_US       (5 * MINUTE_US)  /* between the temperatures that are kept */
#define BEFORE_US     (2 * MINUTE_US)  /* an opening is seen late by up to so much */
#define WATCH_US      (15 * MINUTE_US) /* the top is warmest within this */
#define OPEN_LEAST_US (3 * MINUTE_US)  /* what is open for seconds warms nothing that can be told */
#define CALM_US       TANK_HOUR_US     /* so long after an opening the tops of a hall move */
#define LOST_US       (3 * MINUTE_US)
#define GAP_US        (10 * MINUTE_US)
#define KEPT          3
#define APPEARS_K     2.0
#define MISSING_K     0.5
#define STILL_K       0.5 /* what a top wanders in KEEP_US when nothing is done to it */
#define WARM_LOOKS    3   /* one look may be a spike */
#define SUSPECT_TIMES 2

void hall_lid_init(struct hall_lid *h, unsigned n)
{
    memset(h, 0, sizeof *h);
    h->n = n < HALL_TANKS ? n : HALL_TANKS;
    h->now_us = INT64_MIN;
    h->opened = -1;
    for (unsigned i = 0; i < HALL_TANKS; i++)
        h->tanks[i].elsewhere = -1;
}

static void read_top(struct hall_lid_tank *t, int64_t now_us, const struct tank *tank)
{
    const struct reading *top = &tank->input.temps[tank->model.top];
    if (!tank_good(top)) {
        t->top_good = t->top_good && now_us - t->top_us <= LOST_US;
        if (!t->top_good)
            t->n_kept = 0;
        return;
    }
    t->top_c = tank_number(top->value);
    t->top_us = now_us;
    t->top_good = true;
    if (t->n_kept > 0 && now_us - t->kept_us < KEEP_US)
        return;
    t->kept_c[2] = t->kept_c[1];
    t->kept_c[1] = t->kept_c[0];
    t->kept_c[0] = t->top_c;
    t->kept_us = now_us;
    t->n_kept += t->n_kept < KEPT;
}

static void read_lid(struct hall_lid_tank *t, int64_t now_us, const struct tank *tank)
{
    const struct reading *lid = &tank->input.lid;
    bool was_known = t->lid_known;
    if (tank_good(lid)) {
        t->lid_us = now_us;
        t->lid_known = true;
        t->open = lid->value != 0;
    } else if (now_us - t->lid_us > LOST_US) {
        t->lid_known = false; /* it may have been opened and closed */
    }
    if (t->open || !t->lid_known || !was_known)
        t->closed_us = now_us;
    const struct reading *valve = &tank->input.valve;
    t->filling = tank->phase == TANK_FILLING || (tank_good(valve) && valve->value != 0);
}

/* The lid of one opened: what all show before is kept. Where something is done already nothing
 * can be told. */
static void begin(struct hall_lid *h, unsigned i, int64_t since_us)
{
    h->opened = -1;
    for (unsigned k = 0; k < h->n; k++) {
        struct hall_lid_tank *t = &h->tanks[k];
        if (t->filling || (k != i && t->lid_known && h->now_us - t->closed_us < CALM_US))
            return;
        bool fresh = h->now_us - t->kept_us < BEFORE_US; /* it may be of after the opening */
        const double *before_c = t->kept_c + fresh;
        double moved_k = before_c[0] - before_c[1];
        t->begin_c = before_c[0];
        t->usable = t->top_good && t->n_kept == KEPT && moved_k < STILL_K && moved_k > -STILL_K;
        t->most_k = 0;
        t->warm = 0;
    }
    if (!h->tanks[i].usable || h->now_us - since_us < CALM_US)
        return;
    h->opened = (int)i;
    h->opened_us = h->now_us;
    h->open_us = 0;
}

static void judge(struct hall_lid *h)
{
    struct hall_lid_tank *own = &h->tanks[h->opened];
    int other = -1;
    unsigned warmed = 0;
    if (own->warm >= WARM_LOOKS) {
        own->suspicion = 0;
        own->elsewhere = -1;
        own->proven = true;
        return;
    }
    if (!own->usable || h->open_us < OPEN_LEAST_US || own->most_k >= MISSING_K)
        return;
    for (unsigned k = 0; k < h->n; k++) {
        const struct hall_lid_tank *t = &h->tanks[k];
        if ((int)k == h->opened || !t->usable || t->most_k < MISSING_K)
            continue;
        if (t->warm < WARM_LOOKS || !t->lid_known) /* it moved, but not so; or its lid may be open */
            return;
        other = (int)k;
        warmed++;
    }
    if (warmed != 1)
        return;
    own->suspicion = own->elsewhere == other && own->suspicion > 0 ? SUSPECT_TIMES : 1;
    own->elsewhere = (int8_t)other;
}

static void watch(struct hall_lid *h, unsigned i, int64_t passed_us)
{
    struct hall_lid_tank *t = &h->tanks[i];
    if (h->opened < 0)
        return;
    if (t->filling || ((int)i != h->opened && t->open)) {
        h->opened = -1;
        return;
    }
    if (!t->top_good)
        t->usable = false;
    double k = t->top_c - t->begin_c;
    t->most_k = tank_larger(t->most_k, k > 0 ? k : -k);
    t->warm += t->top_us == h->now_us && k >= APPEARS_K;
    if ((int)i != h->opened)
        return;
    if (!t->lid_known) {
        h->opened = -1;
        return;
    }
    h->open_us += t->open ? passed_us : 0;
    if (h->now_us - h->opened_us >= WATCH_US) {
        judge(h);
        h->opened = -1;
    }
}

void hall_lid_tank(struct hall_lid *h, int64_t now_us, unsigned i, const struct tank *tank)
{
    if (i >= h->n)
        return;
    if (h->now_us != INT64_MIN && now_us - h->now_us > GAP_US)
        h->opened = -1;
    if (now_us > h->now_us)
        h->now_us = now_us;
    struct hall_lid_tank *t = &h->tanks[i];
    bool was_known = t->lid_known, was_open = t->open;
    int64_t since_us = t->closed_us, passed_us = h->now_us - t->lid_us;
    read_top(t, h->now_us, tank);
    read_lid(t, h->now_us, tank);
    if (was_known && t->lid_known && t->open && !was_open)
        begin(h, i, since_us);
    else
        watch(h, i, passed_us);
}

int hall_lid_elsewhere(const struct hall_lid *h, unsigned i)
{
    return i < h->n && h->tanks[i].suspicion >= SUSPECT_TIMES ? h->tanks[i].elsewhere : -1;
}

bool hall_lid_is_right(const struct hall_lid *h, unsigned i)
{
    return i < h->n && h->tanks[i].suspicion == 0 && h->tanks[i].proven;
}
