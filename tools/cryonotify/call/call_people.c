/* call_people.c - who is there: duty, quiet hours, what is off, what has failed. */
#include <errno.h>
#include <string.h>

#include "call_state.h"

#define EVERYBODY(c) ((c)->rules.n_people == 64 ? UINT64_MAX : (UINT64_C(1) << (c)->rules.n_people) - 1)

int call_set_duty(struct call *c, const struct call_span *spans, size_t n)
{
    if (n > CALL_SPANS)
        return -ENOSPC;
    for (size_t i = 0; i < n; i++) {
        c->spans[i] = spans[i];
        c->spans[i].people &= EVERYBODY(c);
    }
    c->n_spans = n;
    return 0;
}

int call_set_quiet(struct call *c, const struct call_quiet *quiet, size_t n)
{
    if (n > CALL_SPANS)
        return -ENOSPC;
    if (n > 0)
        memcpy(c->quiet, quiet, n * sizeof *quiet);
    c->n_quiet = n;
    return 0;
}

/* Who is on duty at the level, as bits. Returns when that changes next. */
static int64_t level_people(const struct call *c, struct stamp now, unsigned level, uint64_t *ret)
{
    int64_t edge = CALL_NEVER;
    *ret = 0;
    for (size_t i = 0; i < c->n_spans; i++) {
        const struct call_span *s = &c->spans[i];
        if (s->level != level)
            continue;
        bool in = s->from_utc_us <= now.utc_us && now.utc_us < s->to_utc_us;
        int64_t next = in ? s->to_utc_us : s->from_utc_us;
        if (in)
            *ret |= s->people;
        if (next > now.utc_us && next < edge)
            edge = next;
    }
    return edge;
}

static bool is_on(const struct call_channel *channel, int64_t now_us)
{
    return channel->off_us <= now_us;
}

/* The first channel that is on and was not tried: one that works goes before one that has not answered for
 * long, and that before one that has failed. */
int call_pick_channel(const struct call *c, unsigned person, unsigned tried, int64_t now_us)
{
    int best = -1;
    unsigned best_rank = 3;
    for (unsigned i = 0; i < c->rules.person[person].n_channels && best_rank > 0; i++) {
        const struct call_channel *channel = &c->channels[person][i];
        if ((tried >> i & 1U) != 0 || !is_on(channel, now_us))
            continue;
        unsigned rank = channel->failed ? 2 : channel->n_overdue > 0 ? 1 : 0;
        if (rank < best_rank) {
            best_rank = rank;
            best = (int)i;
        }
    }
    return best;
}

/* Somebody who can be expected to get a message; proven: who has got one that way. */
static bool is_usable(const struct call *c, unsigned person, bool proven, int64_t now_us)
{
    for (unsigned i = 0; i < c->rules.person[person].n_channels; i++) {
        const struct call_channel *channel = &c->channels[person][i];
        if (is_on(channel, now_us) && !channel->failed && (channel->proven || !proven))
            return true;
    }
    return false;
}

static int64_t quiet_until(const struct call *c, struct stamp now, unsigned person,
                           enum call_priority priority)
{
    for (size_t i = 0; i < c->n_quiet; i++) {
        const struct call_quiet *q = &c->quiet[i];
        if (q->person == person && (q->priorities >> priority & 1U) != 0 && q->from_utc_us <= now.utc_us &&
            now.utc_us < q->to_utc_us)
            return q->to_utc_us;
    }
    return 0;
}

uint64_t call_level_now(const struct call *c, struct stamp now, unsigned level, const struct call_fact *fact,
                        uint64_t *ret_quiet)
{
    uint64_t people, able = 0;
    bool loud = call_is_single(fact);
    *ret_quiet = 0;
    (void)level_people(c, now, level, &people);
    for (unsigned i = 0; i < c->rules.n_people; i++) {
        uint64_t bit = UINT64_C(1) << i;
        if ((people & bit) == 0 || call_pick_channel(c, i, 0, now.boot_us) < 0)
            continue;
        if (!loud && quiet_until(c, now, i, fact->priority) != 0)
            *ret_quiet |= bit;
        else
            able |= bit;
    }
    return able;
}

/* When the first of these people may be called again, on BOOTTIME's scale; a clock that is set moves it, so
 * it is looked at again after a minute. */
int64_t call_quiet_end(const struct call *c, struct stamp now, uint64_t people, enum call_priority priority)
{
    int64_t wait_us = 60000 * MS;
    for (unsigned i = 0; i < c->rules.n_people; i++) {
        int64_t end = (people >> i & 1U) != 0 ? quiet_until(c, now, i, priority) : 0;
        if (end > now.utc_us && end - now.utc_us < wait_us)
            wait_us = end - now.utc_us;
    }
    return now.boot_us + wait_us;
}

void call_channel_result(struct call *c, struct stamp now, unsigned person, unsigned channel, bool ok)
{
    struct call_channel *ch = &c->channels[person][channel];
    ch->proven = ok;
    if (ok) {
        ch->failed = false;
        ch->probes = 0;
        return;
    }
    ch->failed = true;
    int64_t wait = (int64_t)c->rules.probe_ms << ch->probes;
    if (wait > c->rules.probe_max_ms)
        wait = c->rules.probe_max_ms;
    if (ch->probes < PROBES_MAX)
        ch->probes++;
    ch->probe_us = c->rules.probe_ms == 0 ? CALL_NEVER : now.boot_us + wait * MS;
}

/* What is known from elsewhere never makes an attempt, and never says that something works that
 * has failed. */
void call_channel_known(struct call *c, struct stamp now, const struct call_event *event)
{
    if (event->person >= c->rules.n_people || event->channel >= c->rules.person[event->person].n_channels)
        return;
    struct call_channel *ch = &c->channels[event->person][event->channel];
    if (!event->ok && !ch->failed)
        call_channel_result(c, now, event->person, event->channel, false);
    else if (event->ok && !ch->failed)
        ch->proven = true;
}

void call_set_off(struct call *c, struct stamp now, const struct call_event *event)
{
    int64_t length = event->until_utc_us - now.utc_us;
    if (event->person >= c->rules.n_people)
        return;
    if (event->until_utc_us == 0 || length < 0)
        length = 0;
    if (length > CALL_OFF_MAX_US)
        length = CALL_OFF_MAX_US;
    for (unsigned i = 0; i < c->rules.person[event->person].n_channels; i++)
        if (event->channel == CALL_ALL_CHANNELS || event->channel == i) {
            struct call_channel *channel = &c->channels[event->person][i];
            if (length == 0)
                channel->off_us = 0;
            else if (channel->off_us < now.boot_us + length) /* of several the longest counts */
                channel->off_us = now.boot_us + length;
        }
}

/* Whoever is on a rota now, at any level. */
uint64_t call_everybody(const struct call *c, struct stamp now)
{
    uint64_t all = 0, people;
    for (unsigned level = 0; level < CALL_LEVELS; level++) {
        (void)level_people(c, now, level, &people);
        all |= people;
    }
    return all;
}

void call_health(const struct call *c, struct stamp now, struct call_health *ret)
{
    struct call_health h = {.flood = call_is_flood(c, now.boot_us), .uncounted = c->left_out};
    uint64_t all = call_everybody(c, now);
    int64_t edge = level_people(c, now, 0, &h.on_duty);
    h.hole = h.on_duty == 0;
    h.hole_until_utc_us = edge;
    for (unsigned i = 0; i < c->rules.n_people; i++)
        if ((all >> i & 1U) != 0 && is_usable(c, i, false, now.boot_us)) {
            h.reachable++;
            h.proven += is_usable(c, i, true, now.boot_us);
        }
    h.would_be_told = h.reachable > 0;
    for (uint32_t i = 0; i < c->n_slots; i++)
        if (c->alarms[i].phase == PHASE_NEW || c->alarms[i].phase == PHASE_CALLING)
            h.open++;
    *ret = h;
}

enum call_channel_state call_channel_state(const struct call *c, uint16_t person, uint8_t channel)
{
    if (person >= CALL_PEOPLE || channel >= CALL_CHANNELS)
        return CALL_UNTRIED;
    const struct call_channel *ch = &c->channels[person][channel];
    return ch->failed ? CALL_FAILED : ch->proven ? CALL_WORKS : CALL_UNTRIED;
}
