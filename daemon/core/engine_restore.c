/* engine_restore.c - what outlives an engine: see engine.h. */
#include "engine_state.h"

/* ---------------------------------------------------------------- alarms */

struct alarm_memory engine_memory_of_state(enum alarm_state state)
{
    struct alarm_memory memory = {.base = alarm_state_is_held(state) ? ALARM_UNACKNOWLEDGED : state,
                                  .acked_boot_us = INT64_MAX};

    memory.is_held[HOLD_SHELVED] = state == ALARM_SHELVED;
    memory.is_held[HOLD_SUPPRESSED] = state == ALARM_SUPPRESSED;
    memory.is_held[HOLD_OUT_OF_SERVICE] = state == ALARM_OUT_OF_SERVICE;
    for (unsigned hold = 0; hold < HOLD_COUNT; hold++)
        memory.until_boot_us[hold] = INT64_MAX;
    return memory;
}

struct alarm_memory engine_memory(const struct engine *engine, uint16_t alarm)
{
    struct alarm_memory memory = engine_memory_of_state(ALARM_NORMAL);
    const struct alarm *a;

    if (alarm >= engine->n_alarms)
        return memory;
    a = &engine->alarms[alarm];
    memory.base = a->status.base;
    memory.latched = a->status.latched;
    memory.unseen = a->status.unseen;
    memory.one_shot = a->status.is_held[HOLD_SHELVED] && a->one_shot;
    for (unsigned hold = 0; hold < HOLD_COUNT; hold++) {
        memory.is_held[hold] = a->status.is_held[hold];
        memory.n_holds[hold] = a->n_holds[hold];
        if (!a->status.is_held[hold] && !(hold == HOLD_SUPPRESSED && a->is_plant_so))
            continue;
        memory.until_utc_us[hold] = a->until_utc_us[hold];
        memory.until_boot_us[hold] = a->until_boot_us[hold];
    }
    if (a->status.base == ALARM_ACKNOWLEDGED) {
        memory.acked_utc_us = a->acked.utc_us;
        memory.acked_boot_us = a->acked.boot_us;
        memory.has_acked_measure = a->has_acked_measure;
        memory.acked_measure = a->has_acked_measure ? a->acked_measure : 0;
    }
    return memory;
}

/* The longest that the model allows; 0: not at all. */
static uint32_t longest_ms(const struct alarm_model *model, enum hold hold)
{
    if (hold == HOLD_OUT_OF_SERVICE)
        return model->oos_max_ms;
    if (model->protected)
        return 0;
    if (hold == HOLD_SHELVED)
        return model->shelve_max_ms;
    return model->suppression.when == SUPPRESS_NEVER ? 0 : model->suppression.at_most_ms;
}

/* A hold goes on until its end, but never longer than it may be from now. One that may not be ends at once,
 * with a transition: so it is not begun here as if it were not there. */
static void restore_end(const struct engine *e, struct alarm *alarm, enum hold hold, uint32_t max_ms,
                        const struct alarm_memory *memory)
{
    const int64_t longest = (int64_t)max_ms * 1000;
    int64_t left = condition_minus(memory->until_utc_us[hold], e->now.utc_us);

    if (left > longest)
        left = longest;
    if (left < 0)
        left = 0;
    alarm->until_utc_us[hold] = condition_plus(e->now.utc_us, left);
    alarm->until_boot_us[hold] = condition_plus(e->now.boot_us, left);
    if (memory->until_boot_us[hold] < alarm->until_boot_us[hold])
        alarm->until_boot_us[hold] = memory->until_boot_us[hold];
}

static void restore_holds(struct engine *e, uint16_t index, const struct alarm_memory *memory)
{
    const struct alarm_model *model = &e->alarm_models[index];
    struct alarm *alarm = &e->alarms[index];

    for (unsigned hold = 0; hold < HOLD_COUNT; hold++) {
        const bool is_plant_so = hold == HOLD_SUPPRESSED && memory->until_utc_us[hold] != 0 &&
                                 model->suppression.when != SUPPRESS_NEVER && !model->protected;

        if (!memory->is_held[hold] && !is_plant_so)
            continue;
        alarm->status.is_held[hold] = memory->is_held[hold];
        alarm->is_plant_so |= is_plant_so;
        restore_end(e, alarm, (enum hold)hold, longest_ms(model, (enum hold)hold), memory);
    }
    alarm->one_shot = memory->one_shot;
}

/* Acknowledged when? After another boot the wall clock must tell. */
static void restore_acknowledgement(const struct engine *e, struct alarm *alarm,
                                    const struct alarm_memory *memory)
{
    int64_t ago = 0;

    if (memory->acked_boot_us != INT64_MAX)
        ago = condition_minus(e->now.boot_us, memory->acked_boot_us);
    else if (memory->acked_utc_us != 0)
        ago = condition_minus(e->now.utc_us, memory->acked_utc_us);
    if (ago < 0)
        ago = 0;
    alarm->acked.boot_us = condition_minus(e->now.boot_us, ago);
    alarm->acked.utc_us = memory->acked_utc_us != 0 ? memory->acked_utc_us : e->now.utc_us;
    alarm->has_acked_measure = memory->has_acked_measure;
    alarm->acked_measure = memory->acked_measure;
}

static void restore_active(struct engine *e, uint16_t index)
{
    const struct alarm_model *model = &e->alarm_models[index];
    struct alarm *alarm = &e->alarms[index];

    alarm->condition = (struct condition){.phase = PHASE_ACTIVE};
    if (model->kind == CONDITION_CHATTER) /* as if a member had been raised just now */
        alarm->chattering_us = condition_later(e->now.boot_us, model->window_ms);
    engine_alarm_arm(e, index);
    /* These look at themselves once more. */
    if (model->kind == CONDITION_DATE || model->kind == CONDITION_GROUP)
        deadlines_set(&e->pending, engine_condition_item(e, index), e->now.boot_us);
    engine_group_restored(e, index);
}

void engine_restore(struct engine *engine, uint16_t alarm, const struct alarm_memory *memory)
{
    const struct alarm_model *model;
    struct alarm *a;

    if (alarm >= engine->n_alarms || (unsigned)memory->base > ALARM_RETURNED_UNACKNOWLEDGED)
        return;
    model = &engine->alarm_models[alarm];
    a = &engine->alarms[alarm];
    for (unsigned hold = 0; hold < HOLD_COUNT; hold++)
        if (memory->n_holds[hold] > a->n_holds[hold])
            a->n_holds[hold] = memory->n_holds[hold];
    if (a->status.base != ALARM_NORMAL || a->status.is_held[HOLD_SHELVED] ||
        a->status.is_held[HOLD_SUPPRESSED] || a->status.is_held[HOLD_OUT_OF_SERVICE])
        return;
    a->status.base = memory->base;
    /* Of an alarm that does not latch any more, only good data can say that it is over. */
    a->status.latched = memory->latched && model->latching && alarm_state_is_active(memory->base);
    restore_holds(engine, alarm, memory);
    a->status.unseen = memory->unseen && memory->base != ALARM_NORMAL && memory->base != ALARM_ACKNOWLEDGED &&
                       alarm_is_covered(model, &a->status);
    restore_acknowledgement(engine, a, memory);
    if (alarm_is_active(&a->status))
        restore_active(engine, alarm);
    engine_hold_arm(engine, alarm);
}

int64_t engine_pending_since(const struct engine *engine, uint16_t alarm)
{
    if (alarm >= engine->n_alarms || engine->alarms[alarm].condition.phase != PHASE_PENDING)
        return INT64_MAX;
    return engine->alarms[alarm].condition.since;
}

void engine_restore_pending(struct engine *engine, uint16_t alarm, int64_t since_boot_us)
{
    enum condition_kind kind;

    if (alarm >= engine->n_alarms || engine->alarms[alarm].condition.phase != PHASE_QUIET ||
        since_boot_us == INT64_MAX)
        return;
    kind = engine->alarm_models[alarm].kind;
    if (kind == CONDITION_DATE || kind == CONDITION_CHATTER)
        return;
    if (since_boot_us > engine->now.boot_us)
        since_boot_us = engine->now.boot_us;
    engine->alarms[alarm].condition = (struct condition){PHASE_PENDING, since_boot_us};
    engine_alarm_arm(engine, alarm);
    if (kind == CONDITION_GROUP)
        deadlines_set(&engine->pending, engine_condition_item(engine, alarm), engine->now.boot_us);
}

/* ---------------------------------------------------------------- points */

void engine_restore_point(struct engine *engine, uint16_t point, const struct reading *reading,
                          struct stamp at, int64_t last_data_boot_us)
{
    struct point *p;

    if (point >= engine->n_points)
        return;
    p = &engine->points[point];
    /* What this engine has heard itself, its alarms have heard too: nothing may be put behind their back. */
    if (p->view.reading.reason != REASON_NEVER_READ)
        return;
    if (reading->reason != REASON_NEVER_READ) {
        p->view.reading = engine_sober(reading);
        p->view.at = at;
        p->has_flat = p->view.reading.quality == QUALITY_GOOD;
        p->flat_raw = p->view.reading.raw;
        p->seen_us = at.boot_us < engine->now.boot_us ? at.boot_us : engine->now.boot_us;
        p->is_stale = reading->reason == REASON_STALE;
    }
    if (last_data_boot_us != INT64_MIN) {
        p->view.last_data_boot_us = last_data_boot_us;
        p->data_us = last_data_boot_us < engine->now.boot_us ? last_data_boot_us : engine->now.boot_us;
    }
    engine_set_point_deadline(engine, point);
}

/* ---------------------------------------------------------------- windows */

static bool is_empty(const struct trend *trend)
{
    for (unsigned i = 0; i < TREND_SLOTS; i++)
        if (trend->slots[i].n > 0)
            return false;
    return true;
}

static void inherit_trend(struct engine *engine, uint32_t to, const struct engine *from, uint32_t old)
{
    if (to == ENGINE_NONE || old == ENGINE_NONE || !is_empty(&engine->trends[to]) ||
        engine->trends[to].slot_us != from->trends[old].slot_us)
        return;
    engine->trends[to] = from->trends[old];
}

void engine_inherit_point(struct engine *engine, uint16_t point, const struct engine *from,
                          uint16_t from_point)
{
    if (point < engine->n_points && from_point < from->n_points)
        inherit_trend(engine, engine->points[point].trend, from, from->points[from_point].trend);
}

static bool is_same_chatter(const struct alarm_model *a, const struct alarm_model *b)
{
    return a->kind == CONDITION_CHATTER && b->kind == CONDITION_CHATTER && a->window_ms == b->window_ms &&
           a->at_least == b->at_least;
}

static void inherit_raisings(struct engine *engine, struct alarm *alarm, const struct engine *from,
                             const struct alarm *old)
{
    if (alarm->chatter == ENGINE_NONE || old->chatter == ENGINE_NONE || alarm->n_raisings > 0 ||
        !is_same_chatter(&engine->alarm_models[alarm->chatter], &from->alarm_models[old->chatter]))
        return;
    for (uint32_t i = 0; i < engine->alarm_models[alarm->chatter].at_least; i++)
        engine->raisings[alarm->raisings + i] = from->raisings[old->raisings + i];
    alarm->n_raisings = old->n_raisings;
    alarm->next_raising = old->next_raising;
}

void engine_inherit_alarm(struct engine *engine, uint16_t alarm, const struct engine *from,
                          uint16_t from_alarm)
{
    struct alarm *to;
    const struct alarm *old;

    if (alarm >= engine->n_alarms || from_alarm >= from->n_alarms)
        return;
    to = &engine->alarms[alarm];
    old = &from->alarms[from_alarm];
    inherit_trend(engine, to->rate, from, old->rate);
    inherit_raisings(engine, to, from, old);
    /* Restored as active it would hold for a whole window from now. */
    if (is_same_chatter(&engine->alarm_models[alarm], &from->alarm_models[from_alarm]) &&
        alarm_is_active(&to->status) && old->chattering_us != INT64_MAX) {
        to->chattering_us = old->chattering_us;
        engine_alarm_arm(engine, alarm);
    }
}
