/* call_alarms.c - what an event makes of an alarm's slot. */
#include <string.h>

#include "call_state.h"

const struct call_pace *call_pace_of(const struct call *c, const struct call_fact *fact)
{
    return fact->drill ? &c->rules.drill : &c->rules.pace[fact->priority];
}

bool call_is_single(const struct call_fact *fact)
{
    return fact->priority == CALL_CRITICAL || fact->life_safety;
}

static struct call_alarm *find(const struct call *c, const char *key)
{
    for (uint32_t i = 0; i < c->n_slots; i++)
        if (c->alarms[i].phase != PHASE_FREE && strcmp(c->alarms[i].fact.key, key) == 0)
            return &c->alarms[i];
    return NULL;
}

uint32_t call_find(const struct call *c, const char *key)
{
    const struct call_alarm *a = find(c, key);
    return a != NULL ? call_slot_of(c, a) : NO_SLOT;
}

void call_release(struct call *c, struct call_alarm *a)
{
    *a = (struct call_alarm){.phase = PHASE_FREE, .dirty = true, .freed = true};
    if (c->left_out > 0)
        c->resync = true;
}

/* The alarm that says that others had to be left out. Slot 0 is kept for it. */
static void leave_out(struct call *c, struct stamp now, const struct call_fact *fact)
{
    struct call_fact own = {.key = CALL_TOO_MANY,
                            .occurrence = CALL_TOO_MANY,
                            .active = true,
                            .local = true,
                            .state = CALL_STATE_UNACKNOWLEDGED,
                            .by = CALL_NOBODY,
                            .priority = CALL_HIGH};
    c->left_out++;
    if (fact->priority > c->left_out_priority)
        c->left_out_priority = fact->priority;
    if (c->left_out_priority > own.priority)
        own.priority = c->left_out_priority;
    struct call_alarm *a = &c->alarms[0];
    if (a->phase != PHASE_FREE && own.priority <= a->fact.priority)
        return; /* called already, and not less loudly */
    *a = (struct call_alarm){.fact = own};
    call_start(c, now, a);
}

static void unfold(struct call *c, struct stamp now, struct call_alarm *a)
{
    a->folded = false;
    a->phase = PHASE_NEW;
    a->due_us = now.boot_us + c->rules.collect_ms * MS;
    a->dirty = true;
}

/* After a restart: is each alarm's group there that is to speak for it? */
void call_check_folded(struct call *c, struct stamp now)
{
    c->check_folded = false;
    for (uint32_t i = 0; i < c->n_slots; i++)
        if (c->alarms[i].phase == PHASE_CALLING && c->alarms[i].folded &&
            call_group_of(c, &c->alarms[i]) == NULL)
            unfold(c, now, &c->alarms[i]);
}

/* Members for which their group does not speak any more are called: it has ended, or has become less
 * important. */
static void unfold_members(struct call *c, struct stamp now, const char *key)
{
    for (uint32_t i = 0; i < c->n_slots; i++) {
        struct call_alarm *a = &c->alarms[i];
        if (a->phase == PHASE_CALLING && a->folded && strcmp(a->fact.group, key) == 0 &&
            call_group_of(c, a) == NULL)
            unfold(c, now, a);
    }
}

/* A free slot, or that of the least important alarm if it is less important than this one. */
static struct call_alarm *take_slot(struct call *c, struct stamp now, const struct call_fact *fact)
{
    struct call_alarm *least = NULL;
    for (uint32_t i = 1; i < c->n_slots; i++) {
        struct call_alarm *a = &c->alarms[i];
        if (a->phase == PHASE_FREE)
            return a;
        if (!a->fact.life_safety && (least == NULL || a->fact.priority < least->fact.priority))
            least = a;
    }
    if (least == NULL || (least->fact.priority >= fact->priority && !fact->life_safety)) {
        leave_out(c, now, fact);
        return NULL;
    }
    struct call_fact gone = least->fact;
    least->phase = PHASE_FREE;
    unfold_members(c, now, gone.key);
    leave_out(c, now, &gone);
    return least;
}

bool call_is_flood(const struct call *c, int64_t now_us)
{
    unsigned n = c->rules.flood_count;
    if (n == 0 || c->flood_ring_n <= n)
        return false;
    int64_t then = c->flood_ring[(c->flood_ring_n - 1 - n) % CALL_FLOOD];
    return now_us - then < c->rules.flood_window_ms * MS;
}

/* The ring is in the order of time, also after a restart. */
void call_flood_count(struct call *c, int64_t since_us, const struct call_alarm *a)
{
    if (a->fact.drill || a->fact.local)
        return;
    uint64_t at = c->flood_ring_n++, oldest = at >= CALL_FLOOD ? at - CALL_FLOOD + 1 : 0;
    for (; at > oldest && c->flood_ring[(at - 1) % CALL_FLOOD] > since_us; at--)
        c->flood_ring[at % CALL_FLOOD] = c->flood_ring[(at - 1) % CALL_FLOOD];
    c->flood_ring[at % CALL_FLOOD] = since_us;
}

/* The window in which others may join begins. */
void call_start(struct call *c, struct stamp now, struct call_alarm *a)
{
    a->phase = PHASE_NEW;
    a->level = 0;
    a->rounds = 0;
    a->tell = 0;
    a->folded = a->summarised = false;
    a->level_us = a->repeat_us = CALL_NEVER;
    a->due_us = now.boot_us + (a->fact.life_safety && !a->fact.late ? 0 : c->rules.collect_ms * MS);
    a->dirty = true;
    call_flood_count(c, now.boot_us, a);
}

/* A group that was acknowledged speaks only for those that it had then: whoever acknowledged it could not
 * know of the others. */
static bool speaks_for(const struct call_alarm *group, const struct call_alarm *a)
{
    if (group == a || a->fact.life_safety || a->fact.priority > group->fact.priority)
        return false;
    return group->phase == PHASE_NEW || group->phase == PHASE_CALLING ||
           (group->phase == PHASE_HELD && a->folded);
}

/* The group alarm that speaks for this one, or NULL. */
struct call_alarm *call_group_of(const struct call *c, const struct call_alarm *a)
{
    struct call_alarm *group = a->fact.group[0] != '\0' ? find(c, a->fact.group) : NULL;
    return group != NULL && speaks_for(group, a) ? group : NULL;
}

bool call_speaks_for(const struct call *c, uint32_t group, uint32_t slot)
{
    if (group >= c->n_slots || slot >= c->n_slots || c->alarms[slot].phase == PHASE_FREE)
        return false;
    return strcmp(c->alarms[slot].fact.group, c->alarms[group].fact.key) == 0 &&
           speaks_for(&c->alarms[group], &c->alarms[slot]);
}

void call_join(struct call *c, const char *key, const char *group)
{
    struct call_alarm *a = find(c, key);
    size_t len = strlen(group);
    if (a == NULL || a->fact.group[0] != '\0' || len >= sizeof a->fact.group)
        return;
    memcpy(a->fact.group, group, len + 1);
    a->dirty = true;
}

static void unacknowledged(struct call *c, struct stamp now, struct call_alarm *a, bool anew)
{
    if (anew || a->phase == PHASE_HELD || a->phase == PHASE_COVERED || a->phase == PHASE_GONE) {
        a->worse = a->fact.realarmed;
        call_start(c, now, a);
    }
}

/* It was over, and holds again, before anybody has acknowledged it: all who were called are, at once. Whoever
 * has acknowledged its group meanwhile could not know. */
static void holds_again(struct call *c, struct stamp now, struct call_alarm *a)
{
    const struct call_alarm *group = a->folded ? call_group_of(c, a) : NULL;
    if (a->folded && (group == NULL || group->phase == PHASE_HELD)) {
        unfold(c, now, a);
        return;
    }
    if (a->folded)
        return; /* its group is being called */
    a->repeat_us = now.boot_us;
    if (a->level_us != CALL_NEVER) /* the climb stood still meanwhile */
        a->level_us = call_after(now.boot_us, call_pace_of(c, &a->fact)->level_ms[a->level]);
}

/* Of a hold is told when the window has ended, with all that belongs to the same order. */
static void tell_hold(const struct call *c, struct stamp now, struct call_alarm *a, enum call_tell what)
{
    a->tell = (uint8_t)what;
    a->hold = a->fact.hold;
    a->tell_us = now.boot_us + c->rules.collect_ms * MS;
}

static void acknowledged(struct call *c, struct stamp now, struct call_alarm *a)
{
    if (a->phase == PHASE_HELD)
        return;
    bool called = a->phase == PHASE_CALLING && a->told != 0 && !a->folded,
         was_covered = a->phase == PHASE_COVERED;
    a->phase = PHASE_HELD;
    a->level_us = CALL_NEVER;
    a->repeat_us = call_after(now.boot_us, call_pace_of(c, &a->fact)->unresolved_ms);
    a->tell = called ? TELL_ACKNOWLEDGED : 0;
    if (was_covered)
        tell_hold(c, now, a, TELL_HOLD_ENDED);
}

static void covered(const struct call *c, struct stamp now, struct call_alarm *a, bool is_new)
{
    if (a->phase == PHASE_COVERED && !is_new)
        return;
    a->phase = PHASE_COVERED;
    a->folded = false;
    a->level_us = a->repeat_us = CALL_NEVER;
    tell_hold(c, now, a, TELL_HELD);
}

static void normal(struct call *c, struct stamp now, struct call_alarm *a)
{
    bool was_covered = a->phase == PHASE_COVERED, tell = was_covered || (a->told != 0 && !a->folded);
    if (!tell) {
        call_release(c, a);
        return;
    }
    a->phase = PHASE_GONE;
    a->level_us = a->repeat_us = CALL_NEVER;
    a->tell = TELL_RETURNED;
    if (was_covered)
        tell_hold(c, now, a, TELL_HOLD_ENDED);
}

/* An alarm that is not known yet. */
static void appear(struct call *c, struct stamp now, const struct call_fact *fact)
{
    /* What is late may be over: the retained state will say what is true now. */
    if (fact->late || fact->state == CALL_STATE_NORMAL)
        return;
    struct call_alarm *a = take_slot(c, now, fact);
    if (a == NULL)
        return;
    *a = (struct call_alarm){.fact = *fact, .dirty = true, .level_us = CALL_NEVER, .repeat_us = CALL_NEVER};
    if (fact->state == CALL_STATE_UNACKNOWLEDGED || fact->state == CALL_STATE_RETURNED) {
        a->worse = fact->realarmed;
        call_start(c, now, a);
    } else if (fact->state == CALL_STATE_ACKNOWLEDGED) {
        acknowledged(c, now, a);
    } else {
        covered(c, now, a, true);
    }
}

void call_alarm_feed(struct call *c, struct stamp now, const struct call_fact *fact)
{
    struct call_alarm *a = find(c, fact->key);
    if (a == NULL) {
        appear(c, now, fact);
        return;
    }
    bool other = fact->state != CALL_STATE_NORMAL && strcmp(fact->occurrence, a->fact.occurrence) != 0 &&
                 strchr(fact->occurrence, '@') != NULL;
    bool was_active = a->fact.active, was_other_hold = fact->state != a->fact.state;
    char group[CALL_KEY];
    memcpy(group, a->fact.group, sizeof group);
    a->fact = *fact;
    if (!other && fact->group[0] == '\0') /* what it said before its group was there */
        memcpy(a->fact.group, group, sizeof group);
    a->dirty = true;
    if (other) {
        a->told = 0;
        memset(a->calls, 0, sizeof a->calls);
    }
    switch (fact->state) {
    case CALL_STATE_UNACKNOWLEDGED:
        unacknowledged(c, now, a, other || fact->realarmed);
        if (!was_active && fact->active && a->phase == PHASE_CALLING)
            holds_again(c, now, a);
        break;
    case CALL_STATE_RETURNED:
        unacknowledged(c, now, a, other);
        if (a->phase == PHASE_CALLING && was_active && a->told != 0 && !a->folded) {
            a->tell |= TELL_RETURNED;
        }
        break;
    case CALL_STATE_ACKNOWLEDGED:
        acknowledged(c, now, a);
        break;
    case CALL_STATE_NORMAL:
        normal(c, now, a);
        break;
    case CALL_STATE_SHELVED:
    case CALL_STATE_SUPPRESSED:
    case CALL_STATE_OUT_OF_SERVICE:
        covered(c, now, a, was_other_hold);
        break;
    }
    if (a->phase == PHASE_CALLING && a->folded && call_group_of(c, a) == NULL)
        unfold(c, now, a);
    unfold_members(c, now, fact->key);
}

void call_ack_local(struct call *c, struct stamp now, const char *key, uint16_t by)
{
    struct call_alarm *a = find(c, key);
    if (a == NULL || !a->fact.local || (a->phase != PHASE_NEW && a->phase != PHASE_CALLING))
        return;
    a->fact.state = CALL_STATE_ACKNOWLEDGED;
    a->fact.by = by;
    a->dirty = true;
    acknowledged(c, now, a);
}
