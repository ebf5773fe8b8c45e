/*
 * engine_group.c - alarms about other alarms. See engine_state.h.
 *
 * A GROUP counts the members whose conditions hold, whatever is shown of them: a shelf hides an alarm from
 * people, not a fact from the group. A CHATTER holds until a member's at_least latest raisings do not lie
 * within its window any more; each raising can only make that later.
 */
#include "engine_state.h"

/* ---------------------------------------------------------------- CHATTER */

/* Keeps the raising of a member, and says until when that makes it chatter; INT64_MIN: it does not. */
static int64_t note_raising(struct engine *e, uint16_t index, int64_t t)
{
    struct alarm *alarm = &e->alarms[index];
    const struct alarm_model *chatter = &e->alarm_models[alarm->chatter];
    int64_t *ring = &e->raisings[alarm->raisings];
    int64_t oldest;

    ring[alarm->next_raising] = t;
    alarm->next_raising = (uint16_t)((alarm->next_raising + 1U) % chatter->at_least);
    if (alarm->n_raisings < chatter->at_least)
        alarm->n_raisings++;
    if (alarm->n_raisings < chatter->at_least)
        return INT64_MIN;
    oldest = ring[alarm->next_raising];
    return condition_later(oldest, chatter->window_ms) > t ? condition_later(oldest, chatter->window_ms)
                                                           : INT64_MIN;
}

static void tell_chatter(struct engine *e, uint16_t member, int64_t t)
{
    const uint16_t index = (uint16_t)e->alarms[member].chatter;
    struct alarm *chatter = &e->alarms[index];
    const int64_t until = note_raising(e, member, t);

    if (until == INT64_MIN)
        return;
    if (chatter->chattering_us == INT64_MAX || chatter->chattering_us < until)
        chatter->chattering_us = until;
    engine_alarm_tell_alone(e, index, VERDICT_HOLDS, t);
}

/* ---------------------------------------------------------------- GROUP */

static enum verdict judge_group(const struct engine *e, uint16_t group)
{
    return e->alarms[group].n_active >= e->alarm_models[group].at_least ? VERDICT_HOLDS : VERDICT_OVER;
}

static void tell_group(struct engine *e, uint16_t group, bool is_active, int64_t t)
{
    if (is_active)
        e->alarms[group].n_active++;
    else
        e->alarms[group].n_active--;
    engine_alarm_tell_alone(e, group, judge_group(e, group), t);
}

void engine_group_expire(struct engine *engine, uint16_t alarm, int64_t t)
{
    struct alarm *a = &engine->alarms[alarm];
    enum verdict verdict;

    if (engine->alarm_models[alarm].kind == CONDITION_GROUP) {
        verdict = judge_group(engine, alarm);
    } else {
        if (a->chattering_us <= t)
            a->chattering_us = INT64_MAX;
        verdict = a->chattering_us == INT64_MAX ? VERDICT_OVER : VERDICT_HOLDS;
    }
    engine_alarm_tell_alone(engine, alarm, verdict, t);
}

void engine_group_spread(struct engine *engine, uint16_t alarm, bool was_active, int64_t t)
{
    const bool is_active = alarm_is_active(&engine->alarms[alarm].status);

    if (is_active == was_active)
        return;
    for (uint32_t i = engine->parents.first[alarm]; i < engine->parents.first[alarm + 1U]; i++)
        if (engine->alarm_models[engine->parents.items[i]].kind == CONDITION_GROUP)
            tell_group(engine, engine->parents.items[i], is_active, t);
    if (is_active && engine->alarms[alarm].chatter != ENGINE_NONE)
        tell_chatter(engine, alarm, t);
}

void engine_group_restored(struct engine *engine, uint16_t alarm)
{
    for (uint32_t i = engine->parents.first[alarm]; i < engine->parents.first[alarm + 1U]; i++) {
        const uint16_t parent = engine->parents.items[i];

        if (engine->alarm_models[parent].kind != CONDITION_GROUP)
            continue;
        engine->alarms[parent].n_active++;
        deadlines_set(&engine->pending, engine_condition_item(engine, parent), engine->now.boot_us);
    }
}

/* ---------------------------------------------------------------- what is known */

uint32_t engine_active_members(const struct engine *engine, uint16_t group, uint16_t *ret, uint32_t cap)
{
    const struct alarm_model *model;
    uint32_t n = 0;

    if (group >= engine->n_alarms || engine->alarm_models[group].kind != CONDITION_GROUP)
        return 0;
    model = &engine->alarm_models[group];
    for (uint32_t i = 0; i < model->n_members; i++) {
        const uint16_t member = engine->members[model->first_member + i];

        if (!alarm_is_active(&engine->alarms[member].status))
            continue;
        if (n < cap)
            ret[n] = member;
        n++;
    }
    return n;
}

static bool chatters(const struct engine *e, const struct alarm *member, const struct alarm_model *model)
{
    return member->n_raisings >= model->at_least &&
           condition_later(e->raisings[member->raisings + member->next_raising], model->window_ms) >
               e->now.boot_us;
}

uint32_t engine_chattering_members(const struct engine *engine, uint16_t chatter, uint16_t *ret, uint32_t cap)
{
    const struct alarm_model *model;
    uint32_t n = 0;

    if (chatter >= engine->n_alarms || engine->alarm_models[chatter].kind != CONDITION_CHATTER)
        return 0;
    model = &engine->alarm_models[chatter];
    for (uint32_t i = 0; i < model->n_members; i++) {
        const uint16_t member = engine->members[model->first_member + i];

        if (!chatters(engine, &engine->alarms[member], model))
            continue;
        if (n < cap)
            ret[n] = member;
        n++;
    }
    return n;
}

int engine_active_group(const struct engine *engine, uint16_t alarm)
{
    if (alarm >= engine->n_alarms)
        return -1;
    for (uint32_t i = engine->parents.first[alarm]; i < engine->parents.first[alarm + 1U]; i++) {
        const uint16_t parent = engine->parents.items[i];

        if (engine->alarm_models[parent].kind == CONDITION_GROUP &&
            alarm_is_active(&engine->alarms[parent].status))
            return parent;
    }
    return -1;
}
