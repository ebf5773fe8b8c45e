/* call_saved.c - what is written down of an alarm, and how it comes back after a restart. */
#include <errno.h>
#include <string.h>

#include "call_state.h"

static int64_t to_utc(struct stamp now, int64_t boot_us)
{
    return boot_us == CALL_NEVER ? 0 : now.utc_us + (boot_us - now.boot_us);
}

static bool round_is_under_way(const struct call *c, uint32_t id)
{
    for (unsigned i = 0; i < CALL_BATCHES && id != 0; i++)
        if (c->batches[i].id == id)
            return true;
    return false;
}

bool call_take_dirty(struct call *c, struct stamp now, uint32_t *ret_slot, bool *ret_free,
                     struct call_saved *ret)
{
    for (uint32_t n = 0; n < c->n_slots; n++) {
        uint32_t slot = (c->dirty_cursor + n) % c->n_slots;
        struct call_alarm *a = &c->alarms[slot];
        if (!a->dirty)
            continue;
        a->dirty = false;
        c->dirty_cursor = (slot + 1) % c->n_slots;
        *ret_slot = slot;
        *ret_free = a->phase == PHASE_FREE;
        *ret = (struct call_saved){.fact = a->fact,
                                   .phase = (uint8_t)a->phase,
                                   .level = a->level,
                                   .rounds = a->rounds,
                                   .folded = a->folded,
                                   .summarised = a->summarised,
                                   .pending = round_is_under_way(c, a->batch) || (a->tell & TELL_HOLDS) != 0,
                                   .told = a->told,
                                   .repeat_utc_us = to_utc(now, a->repeat_us),
                                   .level_utc_us = to_utc(now, a->level_us)};
        memcpy(ret->calls, a->calls, sizeof ret->calls);
        return true;
    }
    return false;
}

void call_touch(struct call *c, uint32_t slot)
{
    if (slot < c->n_slots)
        c->alarms[slot].dirty = true;
}

/* When it is due again: as it was, at once if that is over, and never later than a whole delay from now: the
 * wall clock may have been set. */
static int64_t to_boot(struct stamp now, int64_t utc_us, uint32_t delay_ms)
{
    if (utc_us == 0)
        return CALL_NEVER;
    int64_t wait = utc_us - now.utc_us;
    if (wait > delay_ms * MS)
        wait = delay_ms * MS;
    return now.boot_us + (wait > 0 ? wait : 0);
}

/* When the occurrence began, by its name; 0: it does not say. */
static int64_t raised_utc_us(const struct call_fact *fact)
{
    const char *at = strchr(fact->occurrence, '@');
    int64_t ms = 0;
    for (at = at != NULL ? at + 1 : ""; *at >= '0' && *at <= '9' && ms < INT64_MAX / 10000 / MS; at++)
        ms = 10 * ms + (*at - '0');
    return ms * MS;
}

/* A flood goes on over a restart: what nobody was told of is new now, as it was before; what was told counts
 * since it was raised. */
static void count_again(struct call *c, struct stamp now, const struct call_alarm *a)
{
    int64_t age_us = now.utc_us - raised_utc_us(&a->fact);
    if (a->phase == PHASE_NEW)
        call_flood_count(c, now.boot_us, a);
    else if (a->phase == PHASE_CALLING && age_us >= 0 && age_us < c->rules.flood_window_ms * MS)
        call_flood_count(c, now.boot_us - age_us, a);
}

int call_restore(struct call *c, struct stamp now, const struct call_saved *saved)
{
    struct call_alarm *a = NULL;
    if (saved->phase == PHASE_FREE || saved->phase > PHASE_GONE || saved->fact.priority >= CALL_PRIORITIES ||
        saved->level >= CALL_LEVELS)
        return -EINVAL;
    for (uint32_t i = strcmp(saved->fact.key, CALL_TOO_MANY) == 0 ? 0 : 1; i < c->n_slots && a == NULL; i++)
        if (c->alarms[i].phase == PHASE_FREE)
            a = &c->alarms[i];
    if (a == NULL)
        return -ENOSPC;
    const struct call_pace *pace = call_pace_of(c, &saved->fact);
    bool held = saved->phase == PHASE_HELD;
    *a = (struct call_alarm){.fact = saved->fact,
                             .phase = (enum call_phase)saved->phase,
                             .level = saved->level,
                             .rounds = saved->rounds,
                             .folded = saved->folded,
                             .summarised = saved->summarised,
                             .told = saved->told,
                             .level_us = CALL_NEVER,
                             .due_us = now.boot_us,
                             .dirty = true};
    a->repeat_us = to_boot(now, saved->repeat_utc_us, held ? pace->unresolved_ms : pace->repeat_ms);
    if (!held && saved->level + 1 < CALL_LEVELS)
        a->level_us = to_boot(now, saved->level_utc_us, pace->level_ms[saved->level]);
    if (a->phase == PHASE_CALLING && !a->folded && (a->told == 0 || saved->pending))
        a->repeat_us = now.boot_us;
    c->check_folded |= a->folded;
    memcpy(a->calls, saved->calls, sizeof a->calls);
    count_again(c, now, a);
    if (a->phase == PHASE_GONE)
        a->tell = TELL_RETURNED;
    if (saved->pending && (a->phase == PHASE_COVERED || (a->phase == PHASE_GONE && a->told == 0))) {
        a->tell = a->phase == PHASE_COVERED ? TELL_HELD : TELL_HOLD_ENDED;
        a->hold = saved->fact.hold;
        a->tell_us = now.boot_us + c->rules.collect_ms * MS;
    }
    return 0;
}
