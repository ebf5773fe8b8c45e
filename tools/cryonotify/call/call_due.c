/* call_due.c - opens the rounds that are due: first calls, repeats, the next level, summaries, and what those
 * who were called are still to be told. */

#include "call_state.h"

/* Whom to call, and at which level. */
struct target {
    uint64_t people, quiet;
    unsigned level;
};

/* The people from level `from` to `to`; while nobody is there, one level more. */
static struct target aim(const struct call *c, struct stamp now, const struct call_fact *fact, unsigned from,
                         unsigned to)
{
    struct target t = {.level = to};
    for (unsigned level = from; level < CALL_LEVELS && (level <= to || t.people == 0); level++) {
        uint64_t quiet;
        t.people |= call_level_now(c, now, level, fact, &quiet);
        t.quiet |= quiet;
        t.level = level;
        if (level >= to && t.people == 0 && t.quiet != 0)
            break; /* somebody is there, but is not to be woken for this */
    }
    return t;
}

/* A drill goes to one person of the rota, each time to the next who can be reached. */
static uint64_t drill_person(struct call *c, struct stamp now)
{
    uint64_t all = call_everybody(c, now);
    for (unsigned n = 0; n < c->rules.n_people; n++) {
        unsigned person = (c->drill_turn + n) % c->rules.n_people;
        if ((all >> person & 1U) == 0 || call_pick_channel(c, person, 0, now.boot_us) < 0)
            continue;
        c->drill_turn = (person + 1) % c->rules.n_people;
        return UINT64_C(1) << person;
    }
    return 0;
}

/* The members that the group's message speaks for. */
static unsigned fold_members(struct call *c, const struct call_alarm *group)
{
    unsigned n = 0;
    for (uint32_t i = 0; i < c->n_slots; i++) {
        struct call_alarm *a = &c->alarms[i];
        if ((a->phase != PHASE_NEW && a->phase != PHASE_CALLING) || call_group_of(c, a) != group)
            continue;
        a->phase = PHASE_CALLING;
        a->folded = true;
        a->level_us = a->repeat_us = CALL_NEVER;
        a->batch = group->batch;
        a->dirty = true;
        n++;
    }
    return n;
}

static bool is_open(const struct call_alarm *a)
{
    return a->phase == PHASE_NEW || a->phase == PHASE_CALLING;
}

/* Nobody can be called for it now: in quiet hours later, else again soon (and the health says so). */
static void postpone(struct call *c, struct stamp now, struct call_alarm *a, const struct target *t)
{
    int64_t later = t->quiet != 0 ? call_quiet_end(c, now, t->quiet, a->fact.priority)
                                  : now.boot_us + c->rules.retry_ms * MS;
    if (a->phase == PHASE_NEW)
        a->due_us = later;
    else
        a->repeat_us = later;
    if (a->level_us <= now.boot_us)
        a->level_us = t->quiet != 0 ? later : CALL_NEVER;
    a->dirty = true;
}

/* The alarm is in this round now. */
static void called(struct call *c, struct stamp now, struct call_alarm *a, const struct call_batch *b,
                   unsigned level, bool climbs)
{
    const struct call_pace *pace = call_pace_of(c, &a->fact);
    a->batch = b->id;
    a->rounds++;
    a->dirty = true;
    a->repeat_us = call_after(now.boot_us, a->phase == PHASE_HELD ? pace->unresolved_ms : pace->repeat_ms);
    if (a->phase == PHASE_HELD)
        return;
    if (climbs || level > a->level) {
        a->level = (uint8_t)level;
        a->level_us = level + 1 < CALL_LEVELS ? call_after(now.boot_us, pace->level_ms[level]) : CALL_NEVER;
    }
    a->phase = PHASE_CALLING;
    a->worse = false;
}

static enum call_purpose purpose_of(const struct call_alarm *a, bool climbs)
{
    if (a->phase == PHASE_HELD)
        return CALL_UNRESOLVED;
    if (a->fact.drill)
        return CALL_DRILL;
    if (a->phase == PHASE_NEW)
        return a->worse ? CALL_WORSE : CALL_FIRST;
    return climbs ? CALL_ESCALATED : a->told == 0 ? CALL_FIRST : CALL_AGAIN;
}

/* One alarm, by itself. False: no room for a round. */
static bool call_one(struct call *c, struct stamp now, struct call_alarm *a, bool climbs)
{
    bool first = a->phase == PHASE_NEW;
    unsigned to = climbs ? a->level + 1U : a->phase == PHASE_HELD ? 0 : a->level;
    struct target t = aim(c, now, &a->fact, climbs ? to : 0, to);
    if (a->fact.drill && first && c->rules.drill_turns)
        t = (struct target){.people = drill_person(c, now)};
    if (a->phase == PHASE_HELD && a->fact.by < c->rules.n_people)
        t.people |= UINT64_C(1) << a->fact.by;
    if (t.people == 0) {
        postpone(c, now, a, &t);
        return true;
    }
    struct call_batch *b = call_batch_open(c, purpose_of(a, climbs), call_slot_of(c, a), t.people, t.level);
    if (b == NULL)
        return false;
    b->every_channel = call_pace_of(c, &a->fact)->every_channel;
    called(c, now, a, b, t.level, climbs || first);
    b->round = a->rounds;
    b->n_alarms += fold_members(c, a);
    return true;
}

/* Is the next level due? Not when the condition is over and somebody knows: then only the repeats go on. */
static bool climbs_now(const struct call_alarm *a, int64_t now_us)
{
    return a->phase == PHASE_CALLING && a->level_us <= now_us && a->level + 1 < CALL_LEVELS &&
           (a->fact.state != CALL_STATE_RETURNED || a->told == 0);
}

/* Joins the group's message if that speaks for it; waits for it while it is new. */
static bool joins_group(struct call *c, struct call_alarm *a)
{
    struct call_alarm *group = is_open(a) ? call_group_of(c, a) : NULL;
    if (group == NULL)
        return false;
    if (group->phase == PHASE_NEW) { /* it joins when the group is called */
        if (a->phase == PHASE_NEW && group->due_us > a->due_us)
            a->due_us = group->due_us;
        return a->phase == PHASE_NEW;
    }
    a->phase = PHASE_CALLING;
    a->folded = true;
    a->batch = group->batch;
    a->told |= group->told;
    a->level_us = a->repeat_us = CALL_NEVER;
    a->dirty = true;
    return true;
}

static bool is_due(const struct call_alarm *a, int64_t now_us)
{
    if (a->phase == PHASE_NEW)
        return a->due_us <= now_us;
    if (a->phase == PHASE_CALLING)
        return !a->folded && (a->repeat_us <= now_us || climbs_now(a, now_us));
    return a->phase == PHASE_HELD && a->repeat_us <= now_us;
}

/* --- summaries */

static unsigned summary_level(const struct call_alarm *a, int64_t now_us)
{
    return a->phase == PHASE_NEW ? 0 : climbs_now(a, now_us) ? a->level + 1U : a->level;
}

static bool in_summary(const struct call_alarm *a, unsigned level, int64_t now_us)
{
    return a->summarised && is_open(a) && is_due(a, now_us) && summary_level(a, now_us) == level;
}

/* What is due at one level and belongs into a summary, in one message. False: no room. */
static bool summarise(struct call *c, struct stamp now, unsigned level)
{
    struct call_alarm *lead = NULL;
    unsigned n = 0;
    for (uint32_t i = 0; i < c->n_slots; i++) {
        struct call_alarm *a = &c->alarms[i];
        if (!in_summary(a, level, now.boot_us))
            continue;
        n++;
        if (lead == NULL || a->fact.priority > lead->fact.priority)
            lead = a;
    }
    if (n == 0)
        return true;
    if (n == 1) { /* whoever comes one by one is told in the next summary, too */
        bool room = call_one(c, now, lead, climbs_now(lead, now.boot_us));
        if (room)
            c->summary_us = now.boot_us + c->rules.flood_every_ms * MS;
        return room;
    }
    struct target t = aim(c, now, &lead->fact, 0, level);
    struct call_batch *b =
        t.people == 0 ? NULL : call_batch_open(c, CALL_SUMMARY, call_slot_of(c, lead), t.people, t.level);
    if (t.people != 0 && b == NULL)
        return false;
    for (uint32_t i = 0; i < c->n_slots; i++) {
        struct call_alarm *a = &c->alarms[i];
        if (!in_summary(a, level, now.boot_us))
            continue;
        if (b == NULL)
            postpone(c, now, a, &t);
        else
            called(c, now, a, b, t.level, a->phase == PHASE_NEW || climbs_now(a, now.boot_us));
    }
    if (b != NULL) {
        b->n_alarms = n;
        b->round = lead->rounds;
        c->summary_us = now.boot_us + c->rules.flood_every_ms * MS;
    }
    return true;
}

/* --- what is told once */

static void tell(struct call *c, struct call_alarm *a)
{
    static const struct {
        enum call_tell bit;
        enum call_purpose purpose;
    } kinds[] = {{TELL_ACKNOWLEDGED, CALL_ACKNOWLEDGED}, {TELL_RETURNED, CALL_RETURNED}};
    for (unsigned i = 0; i < 2; i++) {
        if ((a->tell & kinds[i].bit) == 0)
            continue;
        struct call_batch *b = call_batch_open(c, kinds[i].purpose, call_slot_of(c, a), a->told, 0);
        if (b == NULL)
            return;
        b->info = true;
        a->tell &= (uint8_t)~kinds[i].bit;
        a->dirty = true;
    }
}

static bool is_of_order(const struct call_alarm *a, const struct call_alarm *first, uint8_t bit)
{
    return a == first || ((a->tell & bit) != 0 && a->hold != 0 && a->hold == first->hold);
}

/* One message for all that the same order holds (or held): a tank in maintenance has a dozen alarms. */
static void tell_order(struct call *c, struct stamp now, struct call_alarm *first)
{
    uint8_t bit = first->tell & TELL_HOLDS;
    struct call_alarm *lead = first;
    uint64_t people = 0;
    for (uint32_t i = 0; i < c->n_slots; i++) {
        struct call_alarm *a = &c->alarms[i];
        if (a->phase == PHASE_FREE || !is_of_order(a, first, bit))
            continue;
        people |= a->told;
        if (a->fact.priority > lead->fact.priority)
            lead = a;
    }
    struct target t = aim(c, now, &lead->fact, 0, 0);
    people |= t.people;
    if (people == 0 && t.quiet != 0) {
        first->tell_us = call_quiet_end(c, now, t.quiet, lead->fact.priority);
        return;
    }
    struct call_batch *b = call_batch_open(c, (bit & TELL_HELD) != 0 ? CALL_HELD : CALL_HOLD_ENDED,
                                           call_slot_of(c, lead), people, 0);
    if (b == NULL)
        return;
    b->info = true;
    b->n_alarms = 0;
    for (uint32_t i = 0; i < c->n_slots; i++) {
        struct call_alarm *a = &c->alarms[i];
        if (a->phase == PHASE_FREE || !is_of_order(a, first, bit))
            continue;
        a->info_batch = b->id;
        a->dirty = true;
        b->n_alarms++;
        if (a != first)
            a->tell &= (uint8_t)~bit;
    }
    first->tell &= (uint8_t)~bit;
}

/* Is there a round, not yet made into orders, that names this alarm? */
static bool is_in_a_round(const struct call *c, uint32_t slot)
{
    for (unsigned i = 0; i < CALL_BATCHES; i++)
        if (c->batches[i].id != 0 && c->batches[i].people != 0 &&
            (c->batches[i].lead == slot || c->batches[i].id == c->alarms[slot].info_batch))
            return true;
    return false;
}

static void tell_went(struct call *c, struct stamp now)
{
    struct call_fact low = {.priority = CALL_LOW};
    struct target t = aim(c, now, &low, 0, 0);
    struct call_batch *b = t.people != 0 ? call_batch_open(c, CALL_MISSED, NO_SLOT, t.people, t.level) : NULL;
    if (b == NULL)
        return;
    b->info = true;
    b->n_alarms = c->went;
    c->went = 0;
}

/* What is due of one alarm. False: no room for a round. */
static bool alarm_due(struct call *c, struct stamp now, struct call_alarm *a, bool flood)
{
    if (a->phase == PHASE_FREE || !is_due(a, now.boot_us) || joins_group(c, a))
        return true;
    if (flood && a->phase == PHASE_NEW && !call_is_single(&a->fact) && !a->fact.drill && !a->fact.local)
        a->summarised = true;
    if (a->phase == PHASE_HELD || call_is_single(&a->fact))
        a->summarised = false;
    if (a->summarised)
        return true; /* summarise() takes it */
    return call_one(c, now, a, climbs_now(a, now.boot_us));
}

void call_due(struct call *c, struct stamp now)
{
    bool flood = call_is_flood(c, now.boot_us), room = true;
    if (c->check_folded)
        call_check_folded(c, now);
    for (uint32_t i = 0; i < c->n_slots; i++) {
        struct call_alarm *a = &c->alarms[i];
        if ((a->tell & ~(unsigned)TELL_HOLDS) != 0)
            tell(c, a);
        if ((a->tell & TELL_HOLDS) != 0 && a->tell_us <= now.boot_us)
            tell_order(c, now, a);
        if (a->phase == PHASE_GONE && a->tell == 0 && !is_in_a_round(c, i))
            call_release(c, a);
    }
    /* What is new goes before repeats, in case that there is not room for all. */
    for (unsigned pass = 0; pass < 2; pass++)
        for (uint32_t i = 0; i < c->n_slots && room; i++)
            if ((c->alarms[i].phase == PHASE_NEW) == (pass == 0))
                room = alarm_due(c, now, &c->alarms[i], flood);
    for (unsigned level = 0; level < CALL_LEVELS && room && now.boot_us >= c->summary_us; level++)
        room = summarise(c, now, level);
    if (c->went != 0)
        tell_went(c, now);
}
