#include "schedule.h"

#define CREDIT_CAP_US INT64_C(1000000)
#define PAUSE_WAIT_US INT64_C(1500000) /* a retry that waited so long for a pause may delay others */
#define OVERDUE_US    INT64_C(2500000) /* ... beyond two intervals, but when nobody's slot has come */
#define HOPELESS_US   INT64_C(5000000) /* ... in any case: the bus is overloaded */
#define IN_PAUSE      4                /* parts of what a retry takes, of which one is charged */
#define HARMLESS      3
#define HARMFUL       1
#define CHARGE_CAP_US INT64_C(750000) /* of a retry without harm: funded again before it is due again */
#define OFTEN_LOST    3               /* of eight polls: no accident any more */
#define OUTAGE        3               /* failures in a row: what was before is over with it */

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
                           .funded_us = now_us,
                           .retry_part = HARMFUL,
                           .random = seed != 0 ? seed : 1};
    for (size_t i = 0; i < n; i++) {
        struct schedule_device *d = &devices[i];
        int64_t spread = d->interval_us / 2 < 1000000 ? d->interval_us / 2 : 1000000;
        d->usual_us = d->interval_us;
        d->slot_us = now_us + spread * (int64_t)i / (int64_t)n;
        d->grid_us = d->slot_us;
        d->served_us = now_us;
        d->retry_us = 0;
        d->begun_us = d->slot_us - d->interval_us;
        d->answer_us = 0;
        d->silent_us = 0;
        d->failures = 0;
        d->lost = 0;
    }
}

static bool often_lost(const struct schedule_device *d)
{
    int n = 0;
    for (unsigned lost = d->lost; lost != 0; lost &= lost - 1)
        n++;
    return n >= OFTEN_LOST;
}

/* A device that is polled at its slots whatever it costs. All others are retried: in pauses, and on credit.
 */
static bool dependable(const struct schedule_device *d)
{
    return d->failures == 0 && !often_lost(d);
}

static void give_credit(struct schedule *s, int64_t now_us)
{
    if (now_us <= s->credited_us)
        return;
    if (s->credit_us < 0)
        s->funded_us = now_us;
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

/* The last slot of the grid that is not after the moment. */
static int64_t grid_before(const struct schedule_device *d, int64_t moment_us)
{
    int64_t since_us = moment_us - d->grid_us;
    int64_t slots = since_us / d->interval_us - (since_us % d->interval_us < 0);
    return d->grid_us + slots * d->interval_us;
}

void schedule_set_interval(struct schedule *s, size_t device, int64_t interval_us, int64_t now_us)
{
    struct schedule_device *d = &s->devices[device];
    if (interval_us <= 0 || interval_us > d->usual_us || interval_us == d->interval_us)
        return;
    d->interval_us = interval_us;
    if (d->slot_us <= now_us)
        return;
    int64_t passed_us = grid_before(d, now_us);
    bool asked = passed_us <= d->served_us || passed_us <= d->begun_us;
    d->slot_us = asked ? passed_us + interval_us : passed_us;
    if (d->failures <= 1 && d->retry_us > d->slot_us) /* it waits for its slot, not for its back-off */
        d->retry_us = d->slot_us;
}

static struct schedule_step take_slot(struct schedule *s, size_t device, enum schedule_action action,
                                      int64_t now_us, bool late)
{
    struct schedule_device *d = &s->devices[device];
    struct schedule_step step = {.action = action, .device = device, .slot_us = d->slot_us, .late = late};
    d->served_us = d->slot_us;
    d->slot_us = grid_before(d, d->slot_us) + d->interval_us;
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

/* When the next poll must have begun. */
static int64_t deadline_us(const struct schedule_device *d)
{
    return d->begun_us + 2 * d->interval_us;
}

/* Who goes first when slots have come: with the usual interval, so that nobody who is asked faster than
 * usual pushes the others aside. */
static int64_t turn_us(const struct schedule_device *d)
{
    return d->begun_us + 2 * d->usual_us;
}

static int64_t retry_takes_us(const struct schedule_device *d)
{
    return d->silent_us > 0 ? d->silent_us : d->cost_us;
}

/* What schedule_next sees in one look at all devices; an index is n when there is none. */
struct survey {
    size_t due;          /* of the dependable devices whose slot has come, the one whose turn it is */
    size_t retry;        /* of the others, the one whose retry has been due for longest */
    size_t passing;      /* one in back-off whose slot passes without a poll */
    bool any_dependable; /* somebody can be delayed */
    int64_t next_due_us; /* the next slot of a dependable device */
    int64_t until_us;    /* the next moment that may change anything */
};

static void survey_device(const struct schedule *s, size_t i, int64_t now_us, struct survey *v)
{
    const struct schedule_device *d = &s->devices[i];
    bool keeps_slots = dependable(d);
    v->any_dependable |= keeps_slots;
    if (d->slot_us > now_us) {
        if (keeps_slots && d->slot_us < v->next_due_us)
            v->next_due_us = d->slot_us;
        if (d->slot_us < v->until_us)
            v->until_us = d->slot_us;
    } else if (!keeps_slots && d->retry_us > now_us) {
        v->passing = v->passing == s->n ? i : v->passing;
    } else if (keeps_slots && (v->due == s->n || turn_us(d) < turn_us(&s->devices[v->due]))) {
        v->due = i;
    }
    if (keeps_slots)
        return;
    if (d->retry_us <= now_us && (v->retry == s->n || d->retry_us < s->devices[v->retry].retry_us))
        v->retry = i;
    else if (d->retry_us > now_us && d->retry_us < v->until_us)
        v->until_us = d->retry_us;
}

/* The longest due of the retries that are over before the next slot. The quick ones go before the slow, but
 * not for ever: in the end the credit is kept for the one that is due for longest. */
static size_t retry_that_fits(const struct schedule *s, size_t longest, int64_t now_us, int64_t pause_us)
{
    size_t found = s->n;
    bool only = now_us - s->devices[longest].retry_us > SCHEDULE_RETURN_US;
    for (size_t i = only ? longest : 0; i < (only ? longest + 1 : s->n); i++) {
        const struct schedule_device *d = &s->devices[i];
        if (!dependable(d) && d->retry_us <= now_us && retry_takes_us(d) <= pause_us &&
            (found == s->n || d->retry_us < s->devices[found].retry_us))
            found = i;
    }
    return found;
}

/* When the bus is free again at free_us: does everybody's next poll begin before its deadline? Those whose
 * slot comes meanwhile go one by one, in their order. A little is kept back for what can't be
 * foreseen. */
static bool all_in_time(const struct schedule *s, int64_t free_us)
{
    int64_t done_us = free_us;
    for (size_t i = 0; i < s->n; i++)
        done_us += dependable(&s->devices[i]) ? s->devices[i].answer_us : 0;
    for (size_t i = 0; i < s->n; i++) {
        const struct schedule_device *d = &s->devices[i];
        int64_t begin_us = free_us;
        if (!dependable(d) || d->slot_us > done_us)
            continue;
        for (size_t j = 0; j < s->n; j++) {
            const struct schedule_device *before = &s->devices[j];
            if (j != i && dependable(before) && before->slot_us <= done_us &&
                (turn_us(before) < turn_us(d) || (turn_us(before) == turn_us(d) && j < i)))
                begin_us += before->answer_us;
        }
        if (begin_us > deadline_us(d) - d->interval_us / 16)
            return false;
    }
    return true;
}

static bool earlier(int64_t *until_us, int64_t moment_us)
{
    if (moment_us < *until_us)
        *until_us = moment_us;
    return false;
}

/* May the retry that is due for longest go ahead, although it does not fit into the pause? If not,
 * v->until_us is not after the moment when it may. */
static bool retry_may_delay(struct schedule *s, int64_t now_us, struct survey *v)
{
    const struct schedule_device *d = &s->devices[v->retry];
    /* Who was asked not long ago delays nobody. */
    int64_t since_us = d->begun_us + SCHEDULE_RETRY_CAP_US;
    since_us = since_us < d->retry_us ? d->retry_us : since_us;
    since_us = since_us < s->funded_us ? s->funded_us : since_us;
    int64_t waited_us = now_us - since_us;
    bool idle = v->due == s->n;
    s->retry_part = HARMFUL;
    /* One lost reply is no outage: the slot after it is kept if nobody else's has come. */
    if (waited_us >= HOPELESS_US || (idle && d->failures == 1 && !often_lost(d)))
        return true;
    if (idle && waited_us >= PAUSE_WAIT_US && all_in_time(s, now_us + retry_takes_us(d))) {
        s->retry_part = HARMLESS;
        return true;
    }
    if (idle && waited_us >= OVERDUE_US)
        return true;
    return earlier(&v->until_us, since_us + (waited_us < PAUSE_WAIT_US ? PAUSE_WAIT_US
                                             : waited_us < OVERDUE_US  ? OVERDUE_US
                                                                       : HOPELESS_US));
}

/* The retry that goes ahead now; n: none does. */
static size_t choose_retry(struct schedule *s, int64_t now_us, struct survey *v)
{
    if (v->retry == s->n || !v->any_dependable)
        return v->retry;
    if (s->credit_us < 0) {
        earlier(&v->until_us, now_us - s->credit_us * SCHEDULE_RETRY_SHARE + 1);
        return s->n;
    }
    size_t fits = v->due == s->n ? retry_that_fits(s, v->retry, now_us, v->next_due_us - now_us) : s->n;
    if (fits < s->n) {
        s->retry_part = IN_PAUSE;
        return fits;
    }
    return retry_may_delay(s, now_us, v) ? v->retry : s->n;
}

struct schedule_step schedule_next(struct schedule *s, int64_t now_us)
{
    struct survey v = {
        .due = s->n, .retry = s->n, .passing = s->n, .next_due_us = INT64_MAX, .until_us = INT64_MAX};
    give_credit(s, now_us);
    for (size_t i = 0; i < s->n; i++) {
        struct schedule_device *d = &s->devices[i];
        if (d->slot_us <= now_us && slot_lost(d, now_us))
            return take_slot(s, i, SCHEDULE_SKIP, now_us, d->failures == 0);
        survey_device(s, i, now_us, &v);
    }
    size_t retry = choose_retry(s, now_us, &v);
    if (retry < s->n)
        return retry_now(s, retry, now_us);
    if (v.due < s->n)
        return take_slot(s, v.due, SCHEDULE_POLL, now_us, false);
    if (v.passing < s->n)
        return take_slot(s, v.passing, SCHEDULE_SKIP, now_us, false);
    return (struct schedule_step){.action = SCHEDULE_WAIT, .until_us = v.until_us};
}

static void charge(struct schedule *s, int64_t cost_us)
{
    /* The debt is bounded: nobody waits for credit for much longer than for his back-off. */
    int64_t most = cost_us > CREDIT_CAP_US ? cost_us : CREDIT_CAP_US;
    int64_t charged_us = cost_us / s->retry_part;
    if (s->retry_part != HARMFUL && charged_us > CHARGE_CAP_US)
        charged_us = CHARGE_CAP_US;
    s->credit_us -= charged_us;
    if (s->credit_us < -most)
        s->credit_us = -most;
}

/* The most of the last ones: an outlier is forgotten by halves. */
static int64_t most_of_last(int64_t most_us, int64_t last_us)
{
    return last_us >= most_us ? last_us : most_us - (most_us - last_us) / 2;
}

static bool any_dependable(const struct schedule *s)
{
    for (size_t i = 0; i < s->n; i++)
        if (dependable(&s->devices[i]))
            return true;
    return false;
}

void schedule_return(struct schedule *s, const struct schedule_step *step)
{
    struct schedule_device *d = &s->devices[step->device];
    if (step->slot_us < d->slot_us && step->slot_us == d->served_us) /* a slot was consumed */
        d->slot_us = step->slot_us;
}

void schedule_done(struct schedule *s, size_t device, int64_t now_us, int64_t cost_us,
                   enum schedule_result result)
{
    struct schedule_device *d = &s->devices[device];
    d->begun_us = now_us - cost_us;
    if (result != SCHEDULE_ANSWERED && !dependable(d))
        charge(s, cost_us);
    if (result != SCHEDULE_NOT_ASKED)
        d->lost = (uint8_t)(d->lost << 1 | (result == SCHEDULE_SILENT));
    if (result == SCHEDULE_ANSWERED) {
        d->answer_us = most_of_last(d->answer_us, cost_us);
        if (!any_dependable(s)) /* the bus is back: what its silence cost is nobody's debt */
            s->credit_us = CREDIT_CAP_US;
        if (d->failures >= OUTAGE)
            d->lost = 0;
        d->failures = 0;
        d->retry_us = d->slot_us;
        return;
    }
    if (result == SCHEDULE_NOT_ASKED) {
        d->retry_us = d->slot_us;
        return;
    }
    if (d->failures < UINT32_MAX)
        d->failures++;
    d->silent_us = most_of_last(d->silent_us, cost_us);
    /* One lost reply is no outage: the first retry comes with the next slot. The back-off counts from the
     * start of the poll, as a person would: "asked each eight seconds". */
    int64_t base = d->interval_us < SCHEDULE_RETRY_CAP_US ? d->interval_us : SCHEDULE_RETRY_CAP_US;
    d->retry_us = d->failures == 1 ? d->slot_us
                                   : d->begun_us + schedule_backoff_us(&s->random, d->failures, base,
                                                                       SCHEDULE_RETRY_CAP_US);
}
