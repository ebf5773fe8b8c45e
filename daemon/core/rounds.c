#include "rounds.h"

#include <errno.h>
#include <stdlib.h>

#define CLOCK_SLACK_US INT64_C(60000000) /* a watch that is a minute fast reads no future */
#define LATE_US        INT64_C(3600000000)

struct point {
    bool unattended, since_told;
    int64_t since_boot_us, since_utc_us;
    bool has_reading;
    int64_t read_boot_us, read_utc_us;
};

struct rounds {
    struct rounds_model model;
    int64_t created_boot_us;
    uint16_t n;
    struct point points[];
};

struct rounds *rounds_create(const struct rounds_model *model, uint16_t n, struct stamp now)
{
    struct rounds *r = calloc(1, sizeof *r + n * sizeof r->points[0]);

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

/* Newer than what is measured now can be: the clock was ahead when it was entered, and has been set back.
 * When it was read is not known then, and it is not the newest one for ever. */
static bool is_of_the_future(const struct point *p, struct stamp now)
{
    return p->has_reading && p->read_utc_us > now.utc_us + CLOCK_SLACK_US;
}

static int64_t us(uint32_t ms)
{
    return (int64_t)ms * 1000;
}

void rounds_observe(struct rounds *r, uint16_t point, struct stamp now, bool is_left,
                    int64_t last_data_boot_us)
{
    struct point *p = &r->points[point];

    if (point >= r->n)
        return;
    const int64_t data_us = last_data_boot_us == INT64_MIN ? r->created_boot_us : last_data_boot_us;
    const bool dead = now.boot_us - data_us >= us(r->model.unattended_after_ms);
    if ((is_left || dead) && !p->unattended) {
        p->since_boot_us = now.boot_us;
        p->since_utc_us = now.utc_us;
        p->since_told = false;
    }
    p->unattended = is_left || dead;
}

void rounds_since(struct rounds *r, uint16_t point, struct stamp now, int64_t since_utc_us)
{
    struct point *p = &r->points[point];

    if (point >= r->n || !p->unattended || p->since_told)
        return;
    p->since_told = true; /* once: the wall clock may be set later */
    if (since_utc_us >= p->since_utc_us || since_utc_us == 0)
        return;
    p->since_boot_us = now.boot_us - (now.utc_us - since_utc_us);
    p->since_utc_us = since_utc_us;
}

int rounds_check(const struct rounds *r, uint16_t point, struct stamp now, int64_t begins_utc_us,
                 int64_t measured_utc_us, bool *ret_late)
{
    const int64_t round_us = us(r->model.every_ms), late_us = round_us < LATE_US ? round_us : LATE_US;

    if (point >= r->n || measured_utc_us > now.utc_us + CLOCK_SLACK_US)
        return -ERANGE;
    if (begins_utc_us != 0 && measured_utc_us < begins_utc_us - CLOCK_SLACK_US)
        return -ESTALE;
    *ret_late = measured_utc_us < now.utc_us - late_us ||
                (r->points[point].has_reading && measured_utc_us < r->points[point].read_utc_us &&
                 !is_of_the_future(&r->points[point], now));
    return 0;
}

bool rounds_read(struct rounds *r, uint16_t point, struct stamp now, int64_t measured_utc_us)
{
    struct point *p = &r->points[point];
    int64_t age_us;

    if (point >= r->n || (p->has_reading && measured_utc_us < p->read_utc_us && !is_of_the_future(p, now)))
        return false;
    age_us = now.utc_us - measured_utc_us;
    p->has_reading = true;
    p->read_utc_us = measured_utc_us;
    p->read_boot_us = now.boot_us - (age_us > 0 ? age_us : 0);
    return true;
}

/* When the next one is due, by BOOTTIME. */
static int64_t due_boot_us(const struct rounds *r, const struct point *p)
{
    const int64_t from =
        p->has_reading && p->read_boot_us > p->since_boot_us ? p->read_boot_us : p->since_boot_us;

    return from + us(r->model.every_ms);
}

struct rounds_view rounds_view(const struct rounds *r, uint16_t point, struct stamp now)
{
    struct rounds_view view = {0};

    if (point >= r->n)
        return view;
    const struct point *p = &r->points[point];
    view.last_utc_us = p->has_reading ? p->read_utc_us : 0;
    view.is_unattended = p->unattended;
    if (!p->unattended)
        return view;
    const int64_t due_us = due_boot_us(r, p);
    view.since_utc_us = p->since_utc_us;
    view.due_utc_us = now.utc_us + (due_us - now.boot_us);
    view.is_overdue = now.boot_us >= due_us + us(r->model.grace_ms);
    return view;
}

void rounds_inherit(struct rounds *r, uint16_t point, const struct rounds *from, uint16_t from_point)
{
    if (point >= r->n || from_point >= from->n)
        return;
    r->points[point] = from->points[from_point];
    if (from->created_boot_us < r->created_boot_us)
        r->created_boot_us = from->created_boot_us;
}
