/* call.c - see call.h. */
#include "call.h"

#include "call_state.h"

void call_feed(struct call *c, struct stamp now, const struct call_event *event)
{
    switch (event->kind) {
    case CALL_TICK:
        break;
    case CALL_ALARM:
        call_alarm_feed(c, now, &event->fact);
        break;
    case CALL_RESULT:
        call_result(c, now, event->attempt, event->ok);
        break;
    case CALL_OFF:
        call_set_off(c, now, event);
        break;
    case CALL_TEST:
        for (unsigned i = 0;
             event->person < c->rules.n_people && i < c->rules.person[event->person].n_channels; i++)
            if (event->channel == CALL_ALL_CHANNELS || event->channel == i)
                c->test[i] |= UINT64_C(1) << event->person;
        break;
    case CALL_ACK:
        call_ack_local(c, now, event->fact.key, event->fact.by);
        break;
    case CALL_WENT:
        c->went += event->n;
        break;
    case CALL_KNOWN:
        call_channel_known(c, now, event);
        break;
    }
}

bool call_take(struct call *c, struct stamp now, struct call_order *ret)
{
    call_expire(c, now);
    call_due(c, now);
    return call_batch_step(c, now, ret);
}

static int64_t alarm_next(const struct call *c, const struct call_alarm *a)
{
    int64_t next = CALL_NEVER;
    if (a->phase == PHASE_NEW)
        next = a->due_us;
    else if (a->phase == PHASE_HELD || (a->phase == PHASE_CALLING && !a->folded))
        next = a->repeat_us;
    /* As call_due.c's climbs_now. */
    if (a->phase == PHASE_CALLING && !a->folded && a->level_us < next &&
        (a->fact.state != CALL_STATE_RETURNED || a->told == 0))
        next = a->level_us;
    if (a->summarised && next < c->summary_us)
        next = c->summary_us;
    if ((a->tell & TELL_HOLDS) != 0 && a->tell_us < next)
        next = a->tell_us;
    return next;
}

int64_t call_next(const struct call *c)
{
    int64_t next = CALL_NEVER;
    for (uint32_t i = 0; i < c->n_slots; i++) {
        int64_t due = c->alarms[i].phase != PHASE_FREE ? alarm_next(c, &c->alarms[i]) : CALL_NEVER;
        next = due < next ? due : next;
    }
    int64_t attempts = call_attempts_next(c);
    next = attempts < next ? attempts : next;
    for (unsigned person = 0; person < c->rules.n_people; person++)
        for (unsigned i = 0; i < c->rules.person[person].n_channels; i++) {
            const struct call_channel *ch = &c->channels[person][i];
            if (ch->failed && ch->probe_us < next)
                next = ch->probe_us;
        }
    return next;
}

bool call_view(const struct call *c, uint32_t slot, struct call_view *ret)
{
    if (slot >= c->n_slots || c->alarms[slot].phase == PHASE_FREE)
        return false;
    const struct call_alarm *a = &c->alarms[slot];
    *ret = (struct call_view){.key = a->fact.key,
                              .occurrence = a->fact.occurrence,
                              .group = a->fact.group,
                              .priority = a->fact.priority,
                              .state = a->fact.state,
                              .active = a->fact.active,
                              .local = a->fact.local,
                              .drill = a->fact.drill,
                              .folded = a->folded,
                              .level = a->level,
                              .rounds = a->rounds,
                              .told = a->told};
    return true;
}

bool call_wants_resync(struct call *c)
{
    bool wants = c->resync && c->left_out > 0;
    if (!wants)
        return false;
    c->resync = false;
    c->left_out = 0;
    c->left_out_priority = CALL_LOW;
    if (c->alarms[0].phase != PHASE_FREE) {
        c->alarms[0].fact.state = CALL_STATE_NORMAL;
        c->alarms[0].fact.active = false;
        c->alarms[0].phase = PHASE_GONE;
        c->alarms[0].tell = c->alarms[0].told != 0 ? TELL_RETURNED : 0;
        c->alarms[0].dirty = true;
    }
    return true;
}

unsigned call_drill_turn(const struct call *c)
{
    return c->drill_turn;
}

void call_set_drill_turn(struct call *c, unsigned turn)
{
    c->drill_turn = c->rules.n_people > 0 ? turn % c->rules.n_people : 0;
}
