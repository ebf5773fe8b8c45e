/* engine.c - see engine.h. */
#include "engine.h"

#include <assert.h>
#include <errno.h>

#include "engine_state.h"

#define DATE_LOOK_US INT64_C(3600000000) /* the wall clock may have been set */

const struct point_view ENGINE_NEVER_READ = {
    .reading = {.quality = QUALITY_BAD, .reason = REASON_NEVER_READ},
    .last_data_boot_us = INT64_MIN,
};

/* ---------------------------------------------------------------- one alarm */

static uint32_t alarm_item(const struct engine *e, uint16_t index)
{
    return (uint32_t)e->n_points + index;
}

/* Moves the alarm's state and queues the transition. */
static int change(struct engine *e, uint16_t index, enum transition_kind kind, int64_t since_us,
                  uint32_t command)
{
    const struct alarm_model *model = &e->alarm_models[index];
    struct alarm *alarm = &e->alarms[index];
    struct transition *transition;
    const enum alarm_state from = alarm_shown(model, &alarm->status);
    const int rc = alarm_step(model, &alarm->status, kind, WHY_NONE);

    if (rc < 0)
        return rc;
    assert(e->queue_count < ENGINE_QUEUE_SIZE(e->n_alarms));
    transition = &e->queue[e->queue_count++];
    *transition = (struct transition){
        .alarm = index,
        .kind = kind,
        .from = from,
        .to = alarm_shown(model, &alarm->status),
        .at = e->now,
        .since_boot_us = since_us,
        .command = command,
    };
    transition->reading = engine_kind_has_reading(model->kind) ? e->points[model->point].view.reading
                                                               : ENGINE_NEVER_READ.reading;
    return 0;
}

/* When time alone ends the alarm's delay: a flat line is only ever proven by a sample. */
static int64_t timer_of(const struct condition *condition, const struct alarm_model *model)
{
    return model->kind == CONDITION_FLATLINE && condition->phase == PHASE_PENDING
               ? INT64_MAX
               : condition_deadline(condition, model);
}

/* Ends the alarm's delay if its deadline has come at t, or else sets its timer. */
static void settle_until(struct engine *e, uint16_t index, int64_t deadline, int64_t t)
{
    struct condition *condition = &e->alarms[index].condition;
    const struct condition before = *condition;

    if (deadline <= t && (before.phase == PHASE_PENDING || before.phase == PHASE_LEAVING)) {
        condition_expire(condition);
        (void)change(e, index, before.phase == PHASE_PENDING ? TRANSITION_RAISED : TRANSITION_RETURNED,
                     before.since, 0);
    }
    deadlines_set(&e->pending, alarm_item(e, index), timer_of(condition, &e->alarm_models[index]));
}

static void settle(struct engine *e, uint16_t index, int64_t t)
{
    settle_until(e, index, timer_of(&e->alarms[index].condition, &e->alarm_models[index]), t);
}

static void tell(struct engine *e, uint16_t index, enum verdict verdict, int64_t t)
{
    condition_tell(&e->alarms[index].condition, verdict, t);
    settle(e, index, t);
}

static int64_t minus(int64_t a, int64_t b)
{
    int64_t result;

    return __builtin_sub_overflow(a, b, &result) ? (b > 0 ? INT64_MIN : INT64_MAX) : result;
}

/* The last change of the model's dates after one time and not after another; INT64_MIN: none. */
static int64_t last_change(const struct alarm_model *model, int64_t after_utc_us, int64_t until_utc_us)
{
    int64_t last = INT64_MIN;
    int64_t change;

    while (condition_in_dates(model, after_utc_us, &change), change <= until_utc_us && change != INT64_MAX)
        last = after_utc_us = change;
    return last;
}

/* Compares the wall clock with the dates at t, a time that has come, and arms the next look. When more than
 * one change was slept through, only the last one counts: so it is looked at twice at most. */
static void settle_date(struct engine *e, uint16_t index, int64_t t)
{
    const struct alarm_model *model = &e->alarm_models[index];
    const int64_t utc_us = minus(e->now.utc_us, minus(e->now.boot_us, t));
    const int64_t late = last_change(model, utc_us, e->now.utc_us);
    int64_t change;

    tell(e, index, condition_in_dates(model, utc_us, &change) ? VERDICT_HOLDS : VERDICT_OVER, t);
    if (late != INT64_MIN) {
        deadlines_set(&e->pending, alarm_item(e, index), minus(e->now.boot_us, minus(e->now.utc_us, late)));
        return;
    }
    change = minus(change, e->now.utc_us);
    change = change < DATE_LOOK_US ? change : DATE_LOOK_US;
    deadlines_set(&e->pending, alarm_item(e, index), minus(e->now.boot_us, -change));
}

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
    for (uint32_t i = e->group_first[index]; i < e->group_first[index + 1U]; i++)
        tell(e, e->members[i], condition_judge(&e->alarm_models[e->members[i]], &point->view.reading), t);
}

static void lose_data(struct engine *e, uint16_t index, int64_t t)
{
    e->points[index].no_data = true;
    for (uint32_t i = e->group_first[index]; i < e->group_first[index + 1U]; i++)
        if (e->alarm_models[e->members[i]].kind == CONDITION_NO_DATA)
            tell(e, e->members[i], VERDICT_HOLDS, t);
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

/* Of a contradiction, the worse: nothing that has a reason to be bad passes as a value. */
static struct reading sober(const struct reading *reading)
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

/* A good value that differs from the one before ends a flat line, and may be the first of the next. */
static void tell_flat(struct engine *e, uint16_t index, bool moved, int64_t t)
{
    if (moved)
        tell(e, index, VERDICT_OVER, t);
    condition_tell(&e->alarms[index].condition, VERDICT_HOLDS, t);
    settle_until(e, index, condition_deadline(&e->alarms[index].condition, &e->alarm_models[index]), t);
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
    for (uint32_t i = e->group_first[index]; i < e->group_first[index + 1U]; i++) {
        const uint16_t alarm = e->members[i];
        if (e->alarm_models[alarm].kind == CONDITION_FLATLINE && good)
            tell_flat(e, alarm, moved, e->now.boot_us);
        else
            tell(e, alarm, condition_judge(&e->alarm_models[alarm], reading), e->now.boot_us);
    }
}

static void take_sample(struct engine *e, uint16_t index, const struct reading *reading)
{
    struct point *point = &e->points[index];

    point->view.reading = sober(reading);
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

/* Works off all that is due, in order of time. Each point and each alarm comes at most twice. */
static void catch_up(struct engine *e)
{
    uint32_t item;
    int64_t at;

    while (deadlines_first(&e->pending, &item, &at) && at <= e->now.boot_us) {
        if (item < e->n_points)
            expire_point(e, (uint16_t)item, at);
        else if (e->alarm_models[item - e->n_points].kind == CONDITION_DATE)
            settle_date(e, (uint16_t)(item - e->n_points), at);
        else
            settle(e, (uint16_t)(item - e->n_points), at);
    }
}

static bool event_is_valid(const struct engine *e, const struct event *event)
{
    switch (event->kind) {
    case EVENT_SAMPLE:
        return event->sample.point < e->n_points;
    case EVENT_FAULT:
        return (unsigned)event->fault.fault < FAULT_COUNT;
    case EVENT_ACKNOWLEDGE:
        return event->order.alarm < e->n_alarms;
    case EVENT_TICK:
        return true;
    default:
        break;
    }
    return false;
}

static void take_fault(struct engine *e, enum system_fault fault, bool failed)
{
    const uint32_t group = e->n_points + (uint32_t)fault;

    for (uint32_t i = e->group_first[group]; i < e->group_first[group + 1]; i++)
        tell(e, e->members[i], failed ? VERDICT_HOLDS : VERDICT_OVER, e->now.boot_us);
}

int engine_feed(struct engine *engine, struct stamp now, const struct event *event)
{
    if (!event_is_valid(engine, event))
        return -EINVAL;
    if (engine->queue_taken != engine->queue_count)
        return -EBUSY;
    engine->queue_taken = engine->queue_count = 0;
    if (now.boot_us < engine->now.boot_us)
        now.boot_us = engine->now.boot_us;
    engine->now = now;
    catch_up(engine);
    switch (event->kind) {
    case EVENT_SAMPLE:
        take_sample(engine, event->sample.point, &event->sample.reading);
        break;
    case EVENT_FAULT:
        take_fault(engine, event->fault.fault, event->fault.failed);
        break;
    case EVENT_ACKNOWLEDGE:
        return change(engine, event->order.alarm, TRANSITION_ACKNOWLEDGED, 0, event->order.command);
    case EVENT_TICK:
        break;
    default:
        return -ENOSYS;
    }
    return 0;
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

/* ---------------------------------------------------------------- restoring */

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
    return engine_memory_of_state(engine_alarm_state(engine, alarm));
}

void engine_restore(struct engine *engine, uint16_t alarm, const struct alarm_memory *memory)
{
    if (alarm >= engine->n_alarms || (unsigned)memory->base > ALARM_RETURNED_UNACKNOWLEDGED ||
        engine_alarm_state(engine, alarm) != ALARM_NORMAL)
        return;
    engine->alarms[alarm].status.base = memory->base;
    if (alarm_state_is_active(memory->base)) {
        engine->alarms[alarm].condition = (struct condition){.phase = PHASE_ACTIVE};
        /* A date is looked at once more. */
        deadlines_set(&engine->pending, alarm_item(engine, alarm),
                      engine->alarm_models[alarm].kind == CONDITION_DATE ? engine->now.boot_us : INT64_MAX);
    }
}

int64_t engine_pending_since(const struct engine *engine, uint16_t alarm)
{
    if (alarm >= engine->n_alarms || engine->alarms[alarm].condition.phase != PHASE_PENDING)
        return INT64_MAX;
    return engine->alarms[alarm].condition.since;
}

void engine_restore_pending(struct engine *engine, uint16_t alarm, int64_t since_boot_us)
{
    struct condition *condition;

    if (alarm >= engine->n_alarms || engine->alarms[alarm].condition.phase != PHASE_QUIET ||
        since_boot_us == INT64_MAX || engine->alarm_models[alarm].kind == CONDITION_DATE)
        return;
    condition = &engine->alarms[alarm].condition;
    if (since_boot_us > engine->now.boot_us)
        since_boot_us = engine->now.boot_us;
    *condition = (struct condition){PHASE_PENDING, since_boot_us};
    deadlines_set(&engine->pending, alarm_item(engine, alarm),
                  timer_of(condition, &engine->alarm_models[alarm]));
}

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
        p->view.reading = sober(reading);
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
    };

    return (unsigned)fault < FAULT_COUNT ? NAMES[fault] : "?";
}

/* ---------------------------------------------------------------- to come */

struct alarm_view engine_hold(const struct engine *engine, uint16_t alarm)
{
    return (struct alarm_view){.state = engine_alarm_state(engine, alarm),
                               .active = alarm_state_is_active(engine_alarm_state(engine, alarm))};
}

void engine_inherit_point(struct engine *engine, uint16_t point, const struct engine *from,
                          uint16_t from_point)
{
    (void)engine, (void)point, (void)from, (void)from_point;
}

void engine_inherit_alarm(struct engine *engine, uint16_t alarm, const struct engine *from,
                          uint16_t from_alarm)
{
    (void)engine, (void)alarm, (void)from, (void)from_alarm;
}

uint32_t engine_active_members(const struct engine *engine, uint16_t group, uint16_t *ret, uint32_t cap)
{
    (void)engine, (void)group, (void)ret, (void)cap;
    return 0;
}

int engine_active_group(const struct engine *engine, uint16_t alarm)
{
    (void)engine, (void)alarm;
    return -1;
}

bool engine_trend(const struct engine *engine, uint16_t point, struct trend_view *ret)
{
    (void)engine, (void)point, (void)ret;
    return false;
}
