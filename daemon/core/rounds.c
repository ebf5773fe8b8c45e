#include "rounds.h"

#include <stdlib.h>

#define CLOCK_SLACK_US INT64_C(60000000) /* a watch that is a minute fast reads no future */

struct asset {
    bool unattended, since_told;
    int64_t since_boot_us, since_utc_us;
    bool has_reading;
    int64_t read_boot_us, read_utc_us;
};

struct rounds {
    struct rounds_model model;
    int64_t created_boot_us;
    uint16_t n;
    struct asset assets[];
};

struct rounds *rounds_create(const struct rounds_model *model, uint16_t n, struct stamp now)
{
    struct rounds *r = calloc(1, sizeof *r + n * sizeof r->assets[0]);

    if (r == NULL)
        return NULL;
    r->model = *model;
    r->created_boot_us = now.boot_us;
    r->n = n;
    return r;
}

void rounds_free(struct rounds *rounds)
{
    free(rounds);
}

static int64_t us(uint32_t ms)
{
    return (int64_t)ms * 1000;
}

void rounds_observe(struct rounds *r, uint16_t asset, struct stamp now, bool is_bypassed,
                    int64_t last_data_boot_us)
{
    struct asset *a = &r->assets[asset];

    if (asset >= r->n)
        return;
    const int64_t data_us = last_data_boot_us == INT64_MIN ? r->created_boot_us : last_data_boot_us;
    const bool dead = now.boot_us - data_us >= us(r->model.unattended_after_ms);
    if ((is_bypassed || dead) && !a->unattended) {
        a->since_boot_us = now.boot_us;
        a->since_utc_us = now.utc_us;
        a->since_told = false;
    }
    a->unattended = is_bypassed || dead;
}

void rounds_since(struct rounds *r, uint16_t asset, struct stamp now, int64_t since_utc_us)
{
    struct asset *a = &r->assets[asset];

    if (asset >= r->n || !a->unattended || a->since_told)
        return;
    a->since_told = true; /* once: the wall clock may be set later */
    if (since_utc_us >= a->since_utc_us || since_utc_us == 0)
        return;
    a->since_boot_us = now.boot_us - (now.utc_us - since_utc_us);
    a->since_utc_us = since_utc_us;
}

bool rounds_is_future(struct stamp now, int64_t measured_utc_us)
{
    return measured_utc_us > now.utc_us + CLOCK_SLACK_US;
}

void rounds_read(struct rounds *r, uint16_t asset, struct stamp now, int64_t measured_utc_us)
{
    struct asset *a = &r->assets[asset];
    int64_t age_us;

    if (asset >= r->n || (a->has_reading && measured_utc_us < a->read_utc_us))
        return;
    age_us = now.utc_us - measured_utc_us;
    a->has_reading = true;
    a->read_utc_us = measured_utc_us;
    a->read_boot_us = now.boot_us - (age_us > 0 ? age_us : 0);
}

/* When the next one is due, by BOOTTIME. */
static int64_t due_boot_us(const struct rounds *r, const struct asset *a)
{
    const int64_t from =
        a->has_reading && a->read_boot_us > a->since_boot_us ? a->read_boot_us : a->since_boot_us;

    return from + us(r->model.every_ms);
}

struct rounds_view rounds_view(const struct rounds *r, uint16_t asset, struct stamp now)
{
    struct rounds_view view = {0};

    if (asset >= r->n)
        return view;
    const struct asset *a = &r->assets[asset];
    view.last_utc_us = a->has_reading ? a->read_utc_us : 0;
    view.is_unattended = a->unattended;
    if (!a->unattended)
        return view;
    const int64_t due_us = due_boot_us(r, a);
    view.since_utc_us = a->since_utc_us;
    view.due_utc_us = now.utc_us + (due_us - now.boot_us);
    view.is_overdue = now.boot_us >= due_us + us(r->model.grace_ms);
    return view;
}

void rounds_inherit(struct rounds *r, uint16_t asset, const struct rounds *from, uint16_t from_asset)
{
    if (asset >= r->n || from_asset >= from->n)
        return;
    r->assets[asset] = from->assets[from_asset];
    if (from->created_boot_us < r->created_boot_us)
        r->created_boot_us = from->created_boot_us;
}
