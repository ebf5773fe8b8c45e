/* engine.c - see engine.h. */
#include "engine.h"

#include <errno.h>

#include "engine_state.h"

#define SHOWN_APART_US INT64_C(1000000) /* clocks that are slewed do not make an end move */

const struct point_view ENGINE_NEVER_READ = {
    .reading = {.quality = QUALITY_BAD, .reason = REASON_NEVER_READ},
    .last_data_boot_us = INT64_MIN,
};

/* ---------------------------------------------------------------- one point */

static int64_t stale_deadline(const struct engine *e, uint16_t index)
{
    const struct point *point = &e->points[index];

    return point->is_stale ? INT64_MAX
                           : condition_later(point->seen_us, e->point_models[index].stale_after_ms);
}

static int64_t data_deadline(const struct engine *e, uint16_t index)
{
    const struct point *point = &e->points[index];

    return point->no_data ? INT64_MAX
                          : condition_later(point->data_us, e->point_models[index].stale_after_ms);
}

void engine_set_point_deadline(struct engine *engine, uint16_t point)
{
    const int64_t stale = stale_deadline(engine, point);
    const int64_t data = data_deadline(engine, point);

    deadlines_set(&engine->pending, point, stale < data ? stale : data);
}

/* Before the alarms: what is suppressed is so already when its condition comes, and seen when it is not. */
static void tell_plant(struct engine *e, uint16_t index)
{
    for (uint32_t i = e->suppresses.first[index]; i < e->suppresses.first[index + 1U]; i++)
        engine_hold_plant(e, e->suppresses.items[i], &e->points[index].view.reading);
}

/* The engine's own verdict that nobody brought the point a sample in time. */
static void turn_stale(struct engine *e, uint16_t index, int64_t t)
{
    struct point *point = &e->points[index];

    point->is_stale = true;
    point->view.reading = (struct reading){.quality = QUALITY_BAD, .reason = REASON_STALE};
    point->view.at = e->now;
    if (!point->in_stale_list) {
        e->stale_list[(e->stale_first + e->stale_count) % e->n_points] = index;
        e->stale_count++;
        point->in_stale_list = true;
    }
    tell_plant(e, index);
    /* Silence says nothing of a condition but that its return must wait. */
    for (uint32_t i = e->judges.first[index]; i < e->judges.first[index + 1U]; i++) {
        e->alarms[e->judges.items[i]].is_measure_lost = true;
        engine_alarm_tell(e, e->judges.items[i], VERDICT_UNKNOWN, t);
    }
}

static void lose_data(struct engine *e, uint16_t index, int64_t t)
{
    e->points[index].no_data = true;
    for (uint32_t i = e->judges.first[index]; i < e->judges.first[index + 1U]; i++)
        if (e->alarm_models[e->judges.items[i]].kind == CONDITION_NO_DATA)
            engine_alarm_tell(e, e->judges.items[i], VERDICT_HOLDS, t);
}

static void expire_point(struct engine *e, uint16_t index, int64_t t)
{
    /* Stale first, so that the NO_DATA alarm shows the reading that it is about. */
    if (stale_deadline(e, index) <= t)
        turn_stale(e, index, t);
    if (data_deadline(e, index) <= t)
        lose_data(e, index, t);
    engine_set_point_deadline(e, index);
}

struct reading engine_sober(const struct reading *reading)
{
    struct reading result = *reading;

    if (result.quality != QUALITY_GOOD && result.quality != QUALITY_UNCERTAIN)
        result.quality = QUALITY_BAD;
    if (reason_quality(result.reason) > result.quality)
        result.quality = reason_quality(result.reason);
    if (result.quality == QUALITY_BAD)
        result.value = 0;
    return result;
}

static void tell_all(struct engine *e, uint16_t index)
{
    struct point *point = &e->points[index];
    const struct reading *reading = &point->view.reading;
    const bool good = reading->quality == QUALITY_GOOD;
    const bool moved = good && point->has_flat && point->flat_raw != reading->raw;

    if (good) {
        point->has_flat = true;
        point->flat_raw = reading->raw;
    }
    if (reading->quality != QUALITY_BAD && point->trend != ENGINE_NONE)
        trend_add(&e->trends[point->trend], e->now.boot_us, reading->value, !good);
    tell_plant(e, index);
    for (uint32_t i = e->judges.first[index]; i < e->judges.first[index + 1U]; i++)
        engine_alarm_judge(e, e->judges.items[i], moved);
}

static void take_sample(struct engine *e, uint16_t index, const struct reading *reading)
{
    struct point *point = &e->points[index];

    point->view.reading = engine_sober(reading);
    point->view.at = e->now;
    point->seen_us = e->now.boot_us;
    point->is_stale = false;
    if (condition_is_measured(&point->view.reading)) {
        point->view.last_data_boot_us = e->now.boot_us;
        point->data_us = e->now.boot_us;
        point->no_data = false;
    }
    engine_set_point_deadline(e, index);
    tell_all(e, index);
}

/* ---------------------------------------------------------------- events and time */

/* Works off all that is due, in order of time. A point comes at most twice, an alarm a few times (each look
 * and each delay ends later than the one before, or ends something), a group as often as its members change.
 */
static void catch_up(struct engine *e)
{
    uint32_t item;
    int64_t at;

    while (deadlines_first(&e->pending, &item, &at) && at <= e->now.boot_us) {
        if (item < e->n_points)
            expire_point(e, (uint16_t)item, at);
        else if (item < engine_hold_item(e, 0))
            engine_alarm_expire(e, (uint16_t)(item - e->n_points), at);
        else
            engine_hold_expire(e, (uint16_t)(item - engine_hold_item(e, 0)), at);
    }
}

static bool event_is_valid(const struct engine *e, const struct event *event)
{
    switch (event->kind) {
    case EVENT_SAMPLE:
        return event->sample.point < e->n_points;
    case EVENT_FAULT:
    case EVENT_WORSE:
        return (unsigned)event->fault.fault < FAULT_COUNT;
    case EVENT_CONDITION:
        return event->condition.alarm < e->n_alarms &&
               e->alarm_models[event->condition.alarm].kind == CONDITION_FED;
    case EVENT_ACKNOWLEDGE:
    case EVENT_SHELVE:
    case EVENT_UNSHELVE:
    case EVENT_OUT_OF_SERVICE:
    case EVENT_IN_SERVICE:
    case EVENT_RESET:
        return event->order.alarm < e->n_alarms;
    case EVENT_TICK:
        return true;
    }
    return false;
}

static void take_fault(struct engine *e, enum system_fault fault, bool failed)
{
    const uint32_t list = e->n_points + (uint32_t)fault;

    for (uint32_t i = e->judges.first[list]; i < e->judges.first[list + 1]; i++)
        engine_alarm_tell(e, e->judges.items[i], failed ? VERDICT_HOLDS : VERDICT_OVER, e->now.boot_us);
}

/* What is covered, latched or not acknowledged refuses. */
static void take_worse(struct engine *e, enum system_fault fault)
{
    const uint32_t list = e->n_points + (uint32_t)fault;

    for (uint32_t i = e->judges.first[list]; i < e->judges.first[list + 1]; i++)
        (void)engine_alarm_change(e, e->judges.items[i],
                                  &(struct change){.kind = TRANSITION_REALARMED, .why = WHY_WORSE});
}

static int take_event(struct engine *e, const struct event *event)
{
    switch (event->kind) {
    case EVENT_SAMPLE:
        take_sample(e, event->sample.point, &event->sample.reading);
        return 0;
    case EVENT_FAULT:
        take_fault(e, event->fault.fault, event->fault.failed);
        return 0;
    case EVENT_WORSE:
        take_worse(e, event->fault.fault);
        return 0;
    case EVENT_CONDITION:
        engine_alarm_tell(e, event->condition.alarm, event->condition.holds ? VERDICT_HOLDS : VERDICT_OVER,
                          e->now.boot_us);
        return 0;
    case EVENT_TICK:
        return 0;
    default:
        return engine_hold_order(e, event);
    }
}

int engine_feed(struct engine *engine, struct stamp now, const struct event *event)
{
    int rc;

    if (!event_is_valid(engine, event))
        return -EINVAL;
    if (engine->queue_taken != engine->queue_count)
        return -EBUSY;
    engine->queue_taken = engine->queue_count = 0;
    if (now.boot_us < engine->now.boot_us)
        now.boot_us = engine->now.boot_us;
    engine->now = now;
    catch_up(engine);
    rc = take_event(engine, event);
    /* What the event touched may have shown that the wall clock was set beyond the end of a hold. */
    catch_up(engine);
    return rc;
}

bool engine_take(struct engine *engine, struct transition *ret)
{
    if (engine->queue_taken == engine->queue_count)
        return false;
    *ret = engine->queue[engine->queue_taken++];
    return true;
}

int64_t engine_next_deadline(const struct engine *engine)
{
    uint32_t item;
    int64_t at;

    return deadlines_first(&engine->pending, &item, &at) ? at : INT64_MAX;
}

/* ---------------------------------------------------------------- what is known */

enum alarm_state engine_alarm_state(const struct engine *engine, uint16_t alarm)
{
    return alarm < engine->n_alarms ? alarm_shown(&engine->alarm_models[alarm], &engine->alarms[alarm].status)
                                    : ALARM_NORMAL;
}

struct point_view engine_point(const struct engine *engine, uint16_t point)
{
    return point < engine->n_points ? engine->points[point].view : ENGINE_NEVER_READ;
}

bool engine_take_stale(struct engine *engine, uint16_t *ret_point)
{
    while (engine->stale_count > 0) {
        const uint16_t index = engine->stale_list[engine->stale_first];

        engine->stale_first = (engine->stale_first + 1) % engine->n_points;
        engine->stale_count--;
        engine->points[index].in_stale_list = false;
        if (engine->points[index].is_stale) {
            *ret_point = index;
            return true;
        }
    }
    return false;
}

/* After the wall clock was set back a hold still ends by BOOTTIME: that comes first, and is what clocks will
 * show then. */
static int64_t shown_end(const struct engine *e, const struct alarm *a, enum hold hold)
{
    const int64_t by_boot_us =
        condition_plus(e->now.utc_us, condition_minus(a->until_boot_us[hold], e->now.boot_us));

    return a->until_boot_us[hold] != INT64_MAX && by_boot_us < a->until_utc_us[hold] - SHOWN_APART_US
               ? by_boot_us
               : a->until_utc_us[hold];
}

struct alarm_view engine_hold(const struct engine *engine, uint16_t alarm)
{
    struct alarm_view view = {0};
    const struct alarm *a;

    if (alarm >= engine->n_alarms)
        return view;
    a = &engine->alarms[alarm];
    view.state = alarm_shown(&engine->alarm_models[alarm], &a->status);
    view.active = alarm_is_active(&a->status);
    view.latched = a->status.latched;
    view.one_shot = a->status.is_held[HOLD_SHELVED] && a->one_shot;
    for (unsigned hold = 0; hold < HOLD_COUNT; hold++) {
        view.is_held[hold] = a->status.is_held[hold];
        view.until_utc_us[hold] = view.is_held[hold] ? shown_end(engine, a, (enum hold)hold) : 0;
        view.n_holds[hold] = a->n_holds[hold];
    }
    view.has_measure =
        engine_alarm_is_measured(&engine->alarm_models[alarm]) && a->has_measure && !a->is_measure_lost;
    view.measure = view.has_measure ? a->measure : 0;
    view.n_active_members = a->n_active;
    return view;
}

bool engine_trend(const struct engine *engine, uint16_t point, struct trend_view *ret)
{
    struct trend_line slope;

    if (point >= engine->n_points || engine->points[point].trend == ENGINE_NONE ||
        !trend_slope(&engine->trends[engine->points[point].trend], engine->now.boot_us, &slope) ||
        slope.uncertain)
        return false;
    ret->per_hour = slope.per_hour;
    ret->over_s = (uint32_t)(slope.over_us / 1000000);
    return true;
}

/* ---------------------------------------------------------------- names */

bool engine_kind_has_reading(enum condition_kind kind)
{
    switch (kind) {
    case CONDITION_FAULT:
    case CONDITION_DATE:
    case CONDITION_CHATTER:
    case CONDITION_GROUP:
    case CONDITION_FED:
        return false;
    default:
        return true;
    }
}

const char *engine_fault_name(enum system_fault fault)
{
    static const char *const NAMES[FAULT_COUNT] = {
        [FAULT_STATE_DB] = "state-database",
        [FAULT_HISTORY_DB] = "history-database",
        [FAULT_BROKER] = "broker",
        [FAULT_CONFIG] = "configuration",
        [FAULT_CLOCK] = "clock",
        [FAULT_QUEUE] = "queue",
        [FAULT_RESTART] = "restart",
        [FAULT_REVIEW] = "review-overdue",
        [FAULT_RECORD] = "record",
        [FAULT_NOTIFIER] = "notifier",
        [FAULT_NOTIFY_CHANNEL] = "notify-channel",
        [FAULT_NOTIFY_PEOPLE] = "notify-people",
        [FAULT_DRILL] = "drill",
        [FAULT_DRILL_OVERDUE] = "drill-overdue",
        [FAULT_NOTIFY_OFF] = "notify-off",
        [FAULT_NOTIFY_CONFIG] = "notify-configuration",
    };

    return (unsigned)fault < FAULT_COUNT ? NAMES[fault] : "?";
}
