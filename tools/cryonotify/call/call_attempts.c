/* call_attempts.c - rounds of calls, the attempts in them, and what comes back. */

#include "call_state.h"

static struct call_batch *find_batch(struct call *c, uint32_t id)
{
    for (unsigned i = 0; i < CALL_BATCHES && id != 0; i++)
        if (c->batches[i].id == id)
            return &c->batches[i];
    return NULL;
}

/* A new round for these people; NULL: no room, try again when one has ended. */
struct call_batch *call_batch_open(struct call *c, enum call_purpose purpose, uint32_t lead, uint64_t people,
                                   unsigned level)
{
    for (unsigned i = 0; i < CALL_BATCHES; i++) {
        struct call_batch *b = &c->batches[i];
        if (b->id != 0)
            continue;
        if (++c->last_batch == 0)
            c->last_batch = 1;
        *b = (struct call_batch){.id = c->last_batch,
                                 .purpose = purpose,
                                 .lead = lead,
                                 .people = people,
                                 .level = (uint8_t)level,
                                 .n_alarms = 1};
        return b;
    }
    return NULL;
}

/* Nobody of this round was reached: the next level at once; at the last one, all again after a while. */
static void round_failed(struct call *c, struct stamp now, uint32_t batch)
{
    for (uint32_t i = 0; i < c->n_slots; i++) {
        struct call_alarm *a = &c->alarms[i];
        if (a->batch != batch || a->folded || (a->phase != PHASE_CALLING && a->phase != PHASE_HELD))
            continue;
        int64_t retry_us = now.boot_us + c->rules.retry_ms * MS;
        if (a->phase == PHASE_CALLING && a->level + 1 < CALL_LEVELS)
            a->level_us = now.boot_us;
        else if (a->repeat_us > retry_us)
            a->repeat_us = retry_us;
        a->dirty = true;
    }
}

static void batch_check(struct call *c, struct stamp now, struct call_batch *b)
{
    if (b->people != 0 || b->under_way != 0)
        return;
    uint32_t id = b->id;
    bool failed = !b->info && !b->reached;
    for (uint32_t i = 0; i < c->n_slots; i++)
        if (c->alarms[i].phase != PHASE_FREE && c->alarms[i].batch == id)
            c->alarms[i].dirty = true; /* no call of it is under way any more */
    b->id = 0;
    if (failed)
        round_failed(c, now, id);
}

/* The attempt goes through this channel now. */
static void begin_attempt(struct call *c, struct stamp now, struct call_attempt *t, unsigned channel)
{
    if (++c->last_attempt == 0)
        c->last_attempt = 1;
    t->id = c->last_attempt;
    t->again = t->overdue = t->passed = false;
    t->channel = (uint8_t)channel;
    t->tried |= (uint8_t)(1U << channel);
    t->until_us = now.boot_us + c->rules.attempt_ms * MS;
    t->overdue_us = t->urgent ? call_after(now.boot_us, c->rules.next_channel_ms) : CALL_NEVER;
}

/* batch NULL: a test message, or a channel is tried. */
static struct call_attempt *attempt_open(struct call *c, struct stamp now, const struct call_batch *batch,
                                         unsigned person, unsigned channel)
{
    for (unsigned i = 0; i < CALL_ATTEMPTS; i++) {
        struct call_attempt *t = &c->attempts[i];
        if (t->id != 0)
            continue;
        *t = (struct call_attempt){.purpose = CALL_TESTED, .person = (uint16_t)person, .lead = NO_SLOT};
        if (batch != NULL) {
            t->batch = batch->id;
            t->purpose = batch->purpose;
            t->level = batch->level;
            t->lead = batch->info ? NO_SLOT : batch->lead;
        }
        t->urgent = t->lead != NO_SLOT && call_is_single(&c->alarms[t->lead].fact);
        begin_attempt(c, now, t, channel);
        return t;
    }
    return NULL;
}

static struct call_order order_of(const struct call *c, const struct call_attempt *t,
                                  const struct call_batch *b)
{
    struct call_order order = {.kind = CALL_SEND,
                               .purpose = t->purpose,
                               .attempt = t->id,
                               .person = t->person,
                               .channel = t->channel,
                               .slot = NO_SLOT};
    if (b != NULL) {
        order.level = b->level;
        order.round = b->round;
        order.slot = b->lead;
        order.batch = b->id;
        order.n_alarms = b->n_alarms;
        if (b->lead != NO_SLOT && !b->info)
            order.nth = c->alarms[b->lead].calls[t->person];
    }
    return order;
}

/* The channels that have a message about this alarm to this person under way: bits. */
static unsigned busy_channels(const struct call *c, uint32_t lead, unsigned person)
{
    unsigned busy = 0;
    for (unsigned i = 0; i < CALL_ATTEMPTS && lead != NO_SLOT; i++) {
        const struct call_attempt *t = &c->attempts[i];
        if (t->id != 0 && !t->again && t->person == person && t->lead == lead)
            busy |= 1U << t->channel;
    }
    return busy;
}

/* The channel for the person whose turn it is in the round; -1: this person has no (more) channels. A repeat
 * does not wait behind what it repeats, if there is another way. */
static int next_channel(const struct call *c, const struct call_batch *b, unsigned person, int64_t now_us)
{
    if (!b->every_channel) {
        unsigned busy = busy_channels(c, b->info ? NO_SLOT : b->lead, person);
        int channel = busy != 0 ? call_pick_channel(c, person, busy, now_us) : -1;
        return channel >= 0 ? channel : call_pick_channel(c, person, 0, now_us);
    }
    for (unsigned i = b->next_channel; i < c->rules.person[person].n_channels; i++)
        if (c->channels[person][i].off_us <= now_us)
            return (int)i;
    return -1;
}

/* One call more of this person about each of the round's alarms. */
static void count_call(struct call *c, const struct call_batch *b, unsigned person)
{
    for (uint32_t i = 0; i < c->n_slots; i++) {
        struct call_alarm *a = &c->alarms[i];
        if (a->phase != PHASE_FREE && a->batch == b->id && a->calls[person] < UINT8_MAX) {
            a->calls[person]++;
            a->dirty = true;
        }
    }
}

static bool round_step(struct call *c, struct stamp now, struct call_batch *b, struct call_order *ret)
{
    while (b->people != 0) {
        unsigned person = (unsigned)__builtin_ctzll(b->people);
        int channel = next_channel(c, b, person, now.boot_us);
        if (channel < 0) {
            b->people &= b->people - 1;
            b->next_channel = 0;
            continue;
        }
        struct call_attempt *t = attempt_open(c, now, b, person, (unsigned)channel);
        if (t == NULL)
            return false;                     /* goes on when an attempt has ended */
        if (!b->info && b->next_channel == 0) /* not for each of several channels */
            count_call(c, b, person);
        if (b->every_channel) {
            t->tried = UINT8_MAX;
            b->next_channel = (uint8_t)(channel + 1);
        } else {
            b->people &= b->people - 1;
        }
        b->under_way++;
        *ret = order_of(c, t, b);
        return true;
    }
    batch_check(c, now, b);
    return false;
}

/* A message that was refused goes through the person's next channel. */
static bool fall_step(struct call *c, struct stamp now, struct call_order *ret)
{
    for (unsigned i = 0; i < CALL_ATTEMPTS; i++) {
        struct call_attempt *t = &c->attempts[i];
        if (t->id == 0 || !t->again)
            continue;
        int channel = call_pick_channel(c, t->person, t->tried, now.boot_us);
        struct call_batch *b = find_batch(c, t->batch);
        if (channel < 0 || b == NULL) { /* it was switched off in between */
            t->id = 0;
            if (b != NULL) {
                b->under_way--;
                batch_check(c, now, b);
            }
            continue;
        }
        uint32_t of = t->id;
        begin_attempt(c, now, t, (unsigned)channel);
        *ret = order_of(c, t, b);
        ret->kind = CALL_AGAIN_BY;
        ret->of = of;
        return true;
    }
    return false;
}

/* Does the message still say what is so? Not when the alarm was acknowledged or is over, or has been called
 * anew since. */
static bool is_valid(const struct call *c, const struct call_batch *b)
{
    const struct call_alarm *lead = b->lead != NO_SLOT ? &c->alarms[b->lead] : NULL;
    return lead != NULL && lead->batch == b->id &&
           (lead->phase == PHASE_CALLING || (lead->phase == PHASE_HELD && b->purpose == CALL_UNRESOLVED));
}

/* A critical call that has no answer for too long goes through the next channel as well; the attempt that has
 * none is waited for all the same. */
static bool pass_step(struct call *c, struct stamp now, struct call_order *ret)
{
    for (unsigned i = 0; i < CALL_ATTEMPTS; i++) {
        struct call_attempt *t = &c->attempts[i];
        if (t->id == 0 || t->again || t->overdue_us > now.boot_us)
            continue;
        struct call_batch *b = find_batch(c, t->batch);
        int channel =
            b != NULL && is_valid(c, b) ? call_pick_channel(c, t->person, t->tried, now.boot_us) : -1;
        struct call_attempt *next =
            channel >= 0 ? attempt_open(c, now, b, t->person, (unsigned)channel) : NULL;
        if (channel >= 0 && next == NULL)
            return false; /* goes on when an attempt has ended */
        t->overdue = true;
        t->overdue_us = CALL_NEVER;
        c->channels[t->person][t->channel].n_overdue++;
        if (next == NULL)
            continue;
        t->passed = true;
        next->tried |= t->tried;
        b->under_way++;
        *ret = order_of(c, next, b);
        ret->kind = CALL_AGAIN_BY;
        ret->of = t->id;
        return true;
    }
    return false;
}

static bool test_step(struct call *c, struct stamp now, struct call_order *ret)
{
    for (unsigned channel = 0; channel < CALL_CHANNELS; channel++)
        while (c->test[channel] != 0) {
            unsigned person = (unsigned)__builtin_ctzll(c->test[channel]);
            struct call_attempt *t = attempt_open(c, now, NULL, person, channel);
            if (t == NULL)
                return false;
            c->test[channel] &= c->test[channel] - 1;
            *ret = order_of(c, t, NULL);
            return true;
        }
    for (unsigned person = 0; person < c->rules.n_people; person++)
        for (unsigned i = 0; i < c->rules.person[person].n_channels; i++) {
            struct call_channel *ch = &c->channels[person][i];
            if (!ch->failed || ch->probe_us > now.boot_us || ch->off_us > now.boot_us)
                continue;
            struct call_attempt *t = attempt_open(c, now, NULL, person, i);
            if (t == NULL)
                return false;
            ch->probe_us = t->until_us; /* its result sets the next one */
            *ret = order_of(c, t, NULL);
            return true;
        }
    return false;
}

bool call_batch_step(struct call *c, struct stamp now, struct call_order *ret)
{
    if (fall_step(c, now, ret) || pass_step(c, now, ret))
        return true;
    for (unsigned i = 0; i < CALL_BATCHES; i++)
        if (c->batches[i].id != 0 && round_step(c, now, &c->batches[i], ret))
            return true;
    return test_step(c, now, ret);
}

static void reached(struct call *c, const struct call_attempt *t, struct call_batch *b)
{
    b->reached = true;
    if (b->info)
        return;
    for (uint32_t i = 0; i < c->n_slots; i++)
        if (c->alarms[i].phase != PHASE_FREE && c->alarms[i].batch == b->id) {
            c->alarms[i].told |= UINT64_C(1) << t->person;
            c->alarms[i].dirty = true;
        }
}

static void attempt_ended(struct call *c, struct stamp now, struct call_attempt *t, bool ok)
{
    struct call_batch *b = find_batch(c, t->batch);
    if (t->overdue)
        c->channels[t->person][t->channel].n_overdue--;
    t->overdue = false;
    t->overdue_us = CALL_NEVER;
    call_channel_result(c, now, t->person, t->channel, ok);
    if (b == NULL) {
        t->id = 0;
        return;
    }
    if (!ok && !t->passed && call_pick_channel(c, t->person, t->tried, now.boot_us) >= 0) {
        t->again = true;
        return;
    }
    if (ok)
        reached(c, t, b);
    t->id = 0;
    b->under_way--;
    batch_check(c, now, b);
}

void call_result(struct call *c, struct stamp now, uint32_t attempt, bool ok)
{
    for (unsigned i = 0; i < CALL_ATTEMPTS && attempt != 0; i++)
        if (c->attempts[i].id == attempt && !c->attempts[i].again) {
            attempt_ended(c, now, &c->attempts[i], ok);
            return;
        }
}

/* No result for so long: a channel that hangs has failed. */
void call_expire(struct call *c, struct stamp now)
{
    for (unsigned i = 0; i < CALL_ATTEMPTS; i++)
        if (c->attempts[i].id != 0 && !c->attempts[i].again && c->attempts[i].until_us <= now.boot_us)
            attempt_ended(c, now, &c->attempts[i], false);
}

int64_t call_attempts_next(const struct call *c)
{
    int64_t next = CALL_NEVER;
    for (unsigned i = 0; i < CALL_ATTEMPTS; i++) {
        const struct call_attempt *t = &c->attempts[i];
        if (t->id == 0)
            continue;
        next = t->until_us < next ? t->until_us : next;
        next = t->overdue_us < next ? t->overdue_us : next;
    }
    return next;
}

bool call_batch_next(const struct call *c, const struct call_order *order, uint32_t *cursor,
                     uint32_t *ret_slot)
{
    if (*cursor == 0) {
        *cursor = 1;
        if (order->slot != NO_SLOT) {
            *ret_slot = order->slot;
            return true;
        }
    }
    for (; *cursor <= c->n_slots; ++*cursor) {
        uint32_t slot = *cursor - 1;
        const struct call_alarm *a = &c->alarms[slot];
        if (slot == order->slot || order->batch == 0 || a->phase == PHASE_FREE ||
            (a->batch != order->batch && a->info_batch != order->batch))
            continue;
        ++*cursor;
        *ret_slot = slot;
        return true;
    }
    return false;
}
