/*
 * engine_hold.c - what keeps an alarm quiet, and what makes an acknowledged one call again. See
 * engine_state.h.
 *
 * Each alarm has one item among the deadlines for all of this: the earliest of the ends of its holds, the
 * next look at the wall clock while it is held, and the time by which it should have been resolved.
 */
#include <errno.h>

#include "engine_state.h"

/* ---------------------------------------------------------------- ends */

static bool has_ended(const struct engine *e, const struct alarm *alarm, enum hold hold, int64_t t)
{
    return t >= alarm->until_boot_us[hold] || engine_utc_at(e, t) >= alarm->until_utc_us[hold];
}

/* When to look at a hold next: its end as the wall clock stands now, or in an hour, because it may be set.
 * When its end has been slept through that is a time in the past, at which it has ended. */
static int64_t next_look(const struct engine *e, const struct alarm *alarm, enum hold hold)
{
    const int64_t left = condition_minus(alarm->until_utc_us[hold], e->now.utc_us);
    const int64_t look = condition_plus(e->now.boot_us, left < ENGINE_LOOK_US ? left : ENGINE_LOOK_US);

    return look < alarm->until_boot_us[hold] ? look : alarm->until_boot_us[hold];
}

static bool can_be_unresolved(const struct engine *e, uint16_t index)
{
    const struct alarm_model *model = &e->alarm_models[index];
    const struct alarm *alarm = &e->alarms[index];

    return model->realarm_after_ms > 0 && alarm->status.base == ALARM_ACKNOWLEDGED &&
           !alarm->status.latched && !alarm_is_covered(model, &alarm->status);
}

static int64_t unresolved_at(const struct engine *e, uint16_t index)
{
    return condition_later(e->alarms[index].acked.boot_us, e->alarm_models[index].realarm_after_ms);
}

static int64_t next_time(const struct engine *e, uint16_t index)
{
    const struct alarm *alarm = &e->alarms[index];
    int64_t next = can_be_unresolved(e, index) ? unresolved_at(e, index) : INT64_MAX;

    for (unsigned hold = 0; hold < HOLD_COUNT; hold++)
        if (alarm->status.is_held[hold]) {
            const int64_t look = next_look(e, alarm, (enum hold)hold);

            next = look < next ? look : next;
        }
    return next;
}

void engine_hold_arm(struct engine *engine, uint16_t alarm)
{
    deadlines_set(&engine->pending, engine_hold_item(engine, alarm), next_time(engine, alarm));
}

void engine_hold_expire(struct engine *engine, uint16_t alarm, int64_t t)
{
    static const enum transition_kind ends[HOLD_COUNT] = {
        [HOLD_SHELVED] = TRANSITION_UNSHELVED,
        [HOLD_SUPPRESSED] = TRANSITION_UNSUPPRESSED,
        [HOLD_OUT_OF_SERVICE] = TRANSITION_IN_SERVICE,
    };
    struct alarm *a = &engine->alarms[alarm];
    int64_t next;

    for (unsigned hold = 0; hold < HOLD_COUNT; hold++)
        if (a->status.is_held[hold] && has_ended(engine, a, (enum hold)hold, t))
            (void)engine_alarm_change(engine, alarm, &(struct change){.kind = ends[hold], .why = WHY_TIME});
    if (can_be_unresolved(engine, alarm) && unresolved_at(engine, alarm) <= t)
        (void)engine_alarm_change(engine, alarm,
                                  &(struct change){.kind = TRANSITION_REALARMED, .why = WHY_UNRESOLVED});
    next = next_time(engine, alarm);
    /* Only with times that no clock shows, where differences do not fit: then once more now. */
    deadlines_set(&engine->pending, engine_hold_item(engine, alarm), next > t ? next : engine->now.boot_us);
}

/* ---------------------------------------------------------------- worse, and over */

void engine_hold_worse(struct engine *engine, uint16_t alarm)
{
    const struct alarm *a = &engine->alarms[alarm];

    if (a->status.base != ALARM_ACKNOWLEDGED ||
        !condition_is_worse(&engine->alarm_models[alarm], a->measure,
                            a->has_acked_measure ? &a->acked_measure : NULL))
        return;
    /* Refused while it is covered or latched. */
    (void)engine_alarm_change(engine, alarm,
                              &(struct change){.kind = TRANSITION_REALARMED, .why = WHY_WORSE});
}

void engine_hold_returned(struct engine *engine, uint16_t alarm)
{
    const struct alarm *a = &engine->alarms[alarm];

    if (a->status.is_held[HOLD_SHELVED] && a->one_shot)
        (void)engine_alarm_change(engine, alarm,
                                  &(struct change){.kind = TRANSITION_UNSHELVED, .why = WHY_ONE_SHOT});
}

/* ---------------------------------------------------------------- suppression by design */

static void suppress(struct engine *e, uint16_t index)
{
    struct alarm *alarm = &e->alarms[index];
    const uint32_t at_most_ms = e->alarm_models[index].suppression.at_most_ms;

    if (!alarm->is_plant_so) {
        alarm->is_plant_so = true;
        alarm->until_boot_us[HOLD_SUPPRESSED] = condition_later(e->now.boot_us, at_most_ms);
        alarm->until_utc_us[HOLD_SUPPRESSED] = condition_later(e->now.utc_us, at_most_ms);
    }
    if (!alarm->status.is_held[HOLD_SUPPRESSED] && !has_ended(e, alarm, HOLD_SUPPRESSED, e->now.boot_us))
        (void)engine_alarm_change(e, index, &(struct change){.kind = TRANSITION_SUPPRESSED});
}

void engine_hold_plant(struct engine *engine, uint16_t alarm, const struct reading *reading)
{
    struct alarm *a = &engine->alarms[alarm];
    const enum verdict verdict = condition_judge_plant(&engine->alarm_models[alarm].suppression, reading);

    if (verdict == VERDICT_HOLDS)
        suppress(engine, alarm);
    if (verdict == VERDICT_OVER)
        a->is_plant_so = false;
    if ((verdict == VERDICT_OVER || verdict == VERDICT_UNKNOWN) && a->status.is_held[HOLD_SUPPRESSED])
        (void)engine_alarm_change(engine, alarm,
                                  &(struct change){.kind = TRANSITION_UNSUPPRESSED, .why = WHY_PLANT});
}

/* ---------------------------------------------------------------- orders */

static int begin(struct engine *e, const struct event *event, enum transition_kind kind, enum hold hold,
                 uint32_t max_ms)
{
    const uint16_t index = event->order.alarm;
    struct alarm *alarm = &e->alarms[index];
    const int64_t left = condition_minus(event->order.until_utc_us, e->now.utc_us);

    if (max_ms == 0 || (e->alarm_models[index].protected && hold != HOLD_OUT_OF_SERVICE))
        return -EPERM;
    if (alarm->status.is_held[hold])
        return -EALREADY;
    if (left <= 0 || left > (int64_t)max_ms * 1000)
        return -ERANGE;
    alarm->until_utc_us[hold] = event->order.until_utc_us;
    alarm->until_boot_us[hold] = condition_plus(e->now.boot_us, left);
    if (hold == HOLD_SHELVED)
        alarm->one_shot = event->order.one_shot;
    return engine_alarm_change(e, index, &(struct change){.kind = kind, .command = event->order.command});
}

int engine_hold_order(struct engine *engine, const struct event *event)
{
    const struct alarm_model *model = &engine->alarm_models[event->order.alarm];
    struct change change = {.command = event->order.command};

    switch (event->kind) {
    case EVENT_SHELVE:
        return begin(engine, event, TRANSITION_SHELVED, HOLD_SHELVED, model->shelve_max_ms);
    case EVENT_OUT_OF_SERVICE:
        return begin(engine, event, TRANSITION_OUT_OF_SERVICE, HOLD_OUT_OF_SERVICE, model->oos_max_ms);
    case EVENT_UNSHELVE:
        change.kind = TRANSITION_UNSHELVED;
        change.why = WHY_PERSON;
        break;
    case EVENT_IN_SERVICE:
        change.kind = TRANSITION_IN_SERVICE;
        change.why = WHY_PERSON;
        break;
    case EVENT_RESET:
        change.kind = TRANSITION_RESET;
        break;
    case EVENT_ACKNOWLEDGE:
        change.kind = TRANSITION_ACKNOWLEDGED;
        break;
    default:
        return -EINVAL;
    }
    return engine_alarm_change(engine, event->order.alarm, &change);
}
