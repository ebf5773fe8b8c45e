#include "schedule.h"

#define CREDIT_CAP_US INT64_C(1000000)
#define OVERDUE_US    INT64_C(4000000) /* a retry that waited so long for an idle moment goes ahead */

/* xorshift32: jitter needs no better. */
static uint32_t next_random(uint32_t *state)
{
    uint32_t x = *state != 0 ? *state : 1;
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    return *state = x;
}

int64_t schedule_backoff_us(uint32_t *random, uint32_t failures, int64_t base_us, int64_t cap_us)
{
    int64_t delay = base_us;
    for (uint32_t i = 1; i < failures && delay < cap_us; i++)
        delay *= 2;
    if (delay > cap_us)
        delay = cap_us;
    /* 75 % .. 125 %, then capped again: many devices of one dead gateway must not retry together */
    delay = delay * (int64_t)(750 + next_random(random) % 501) / 1000;
    return delay < cap_us ? delay : cap_us;
}

void schedule_init(struct schedule *s, struct schedule_device *devices, size_t n, int64_t now_us,
                   uint32_t seed)
{
    *s = (struct schedule){.devices = devices,
                           .n = n,
                           .credit_us = CREDIT_CAP_US,
                           .credited_us = now_us,
                           .random = seed != 0 ? seed : 1};
    for (size_t i = 0; i < n; i++) {
        struct schedule_device *d = &devices[i];
        int64_t spread = d->interval_us < 1000000 ? d->interval_us : 1000000;
        d->slot_us = now_us + spread * (int64_t)i / (int64_t)n;
        d->retry_us = 0;
        d->asked_us = now_us - (int64_t)(n - i);
        d->failures = 0;
    }
}

static void give_credit(struct schedule *s, int64_t now_us)
{
    if (now_us <= s->credited_us)
        return;
    s->credit_us += (now_us - s->credited_us) / SCHEDULE_RETRY_SHARE;
    if (s->credit_us > CREDIT_CAP_US)
        s->credit_us = CREDIT_CAP_US;
    s->credited_us = now_us;
}

/* A slot whose successor has come too, and that is more than an interval late, can't be served any more. */
static bool slot_lost(const struct schedule_device *d, int64_t now_us)
{
    return now_us - d->slot_us > 2 * d->interval_us;
}

static struct schedule_step take_slot(struct schedule *s, size_t device, enum schedule_action action,
                                      int64_t now_us, bool late)
{
    struct schedule_device *d = &s->devices[device];
    struct schedule_step step = {.action = action, .device = device, .slot_us = d->slot_us, .late = late};
    d->slot_us += d->interval_us;
    int64_t behind = now_us - d->slot_us;
    if (behind > SCHEDULE_SKIPS_MAX * d->interval_us) /* the machine slept: one jump, not a thousand skips */
        d->slot_us += behind / d->interval_us * d->interval_us;
    return step;
}

/* A retry serves the slot that is due; between two slots it is a poll of its own. */
static struct schedule_step retry_now(struct schedule *s, size_t device, int64_t now_us)
{
    if (s->devices[device].slot_us <= now_us)
        return take_slot(s, device, SCHEDULE_POLL, now_us, false);
    return (struct schedule_step){.action = SCHEDULE_POLL, .device = device, .slot_us = now_us};
}

struct schedule_step schedule_next(struct schedule *s, int64_t now_us)
{
    struct schedule_step wait = {.action = SCHEDULE_WAIT, .until_us = INT64_MAX};
    size_t due = s->n, retry = s->n;
    give_credit(s, now_us);
    for (size_t i = 0; i < s->n; i++) {
        struct schedule_device *d = &s->devices[i];
        bool answering = d->failures == 0;
        if (d->slot_us <= now_us) {
            if (slot_lost(d, now_us))
                return take_slot(s, i, SCHEDULE_SKIP, now_us, answering);
            if (answering && (due == s->n || d->asked_us < s->devices[due].asked_us))
                due = i;
        } else if (d->slot_us < wait.until_us) {
            wait.until_us = d->slot_us;
        }
        if (answering)
            continue;
        if (d->retry_us <= now_us && (retry == s->n || d->retry_us < s->devices[retry].retry_us))
            retry = i;
        else if (d->retry_us > now_us && d->retry_us < wait.until_us)
            wait.until_us = d->retry_us;
    }
    if (retry < s->n) {
        bool may = s->credit_us >= 0;
        if (may && (due == s->n || now_us - s->devices[retry].retry_us > OVERDUE_US))
            return retry_now(s, retry, now_us);
        if (!may) {
            int64_t funded = now_us - s->credit_us * SCHEDULE_RETRY_SHARE + 1;
            if (funded < wait.until_us)
                wait.until_us = funded;
        }
    }
    if (due < s->n)
        return take_slot(s, due, SCHEDULE_POLL, now_us, false);
    for (size_t i = 0; i < s->n; i++) /* slots that pass while their device is in back-off */
        if (s->devices[i].slot_us <= now_us)
            return take_slot(s, i, SCHEDULE_SKIP, now_us, false);
    return wait;
}

void schedule_return(struct schedule *s, const struct schedule_step *step)
{
    struct schedule_device *d = &s->devices[step->device];
    if (step->slot_us < d->slot_us && d->slot_us - step->slot_us >= d->interval_us) /* a slot was consumed */
        d->slot_us = step->slot_us;
}

void schedule_done(struct schedule *s, size_t device, int64_t now_us, int64_t cost_us,
                   enum schedule_result result)
{
    struct schedule_device *d = &s->devices[device];
    d->asked_us = now_us;
    if (d->failures > 0)
        s->credit_us -= cost_us;
    if (result == SCHEDULE_ANSWERED) {
        d->failures = 0;
        return;
    }
    if (result == SCHEDULE_NOT_ASKED) {
        d->retry_us = d->slot_us;
        return;
    }
    if (d->failures < UINT32_MAX)
        d->failures++;
    /* One lost reply is no outage: the first retry comes with the next slot. */
    int64_t base = d->interval_us < SCHEDULE_RETRY_CAP_US ? d->interval_us : SCHEDULE_RETRY_CAP_US;
    d->retry_us = d->failures == 1
                      ? d->slot_us
                      : now_us + schedule_backoff_us(&s->random, d->failures, base, SCHEDULE_RETRY_CAP_US);
}
