/*
 * fuzz_engine.c - any site, any events at any times, and what must hold after each of them.
 *
 * Each input is lived twice by two engines: the same events must give the same transitions.
 */
#include <errno.h>
#include <string.h>

#include "bytes.h"
#include "engine.h"

#define POINTS_MAX 4
#define ALARMS_MAX 8 /* and a GROUP and a CHATTER over them */
#define ALL_MAX    (ALARMS_MAX + 2)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct site {
    unsigned n_points, n_alarms;
    struct point_model points[POINTS_MAX];
    struct alarm_model alarms[ALL_MAX];
    unsigned n_members;
    uint16_t members[2 * ALARMS_MAX];
};

struct watch {
    struct engine *engine;
    struct stamp now;
    int64_t seen_us; /* the latest time that the engine was shown */
    enum alarm_state states[ALL_MAX];
    uint64_t digest; /* of all transitions */
    int64_t created_us;
    bool is_restored; /* points have been given a past */
};

static int64_t some_value(struct bytes *in)
{
    return bytes_u8(in) % 16 == 0 ? bytes_any(in) : (int64_t)bytes_u8(in) - 128;
}

static void some_dates(struct bytes *in, struct alarm_model *model)
{
    int64_t at = some_value(in);

    model->on_delay_ms = model->off_delay_ms = 0;
    for (model->n_dates = 0; model->n_dates < ALARM_DATES_MAX && bytes_u8(in) % 4 != 0; model->n_dates++) {
        if (at > INT64_MAX - 1024)
            break;
        model->dates[model->n_dates].from_utc_us = at + 1;
        model->dates[model->n_dates].to_utc_us = at + 2 + bytes_u8(in);
        at = model->dates[model->n_dates].to_utc_us;
    }
}

static void some_holds(struct bytes *in, const struct site *site, struct alarm_model *model)
{
    const uint8_t bits = bytes_u8(in);

    model->protected = bits % 4 == 0;
    model->latching = bits % 8 >= 4;
    model->shelve_max_ms = bits % 16 >= 8 ? (uint32_t)bytes_any(in) : 0;
    model->oos_max_ms = bits % 32 >= 16 ? (uint32_t)bytes_any(in) : 0;
    model->realarm_after_ms = bits % 64 >= 32 ? (uint32_t)bytes_any(in) : 0;
    model->realarm_step = bits >= 128 ? some_value(in) : 0;
    if (bytes_u8(in) % 2 == 0)
        return;
    model->suppression.when = (enum suppress_when)(bytes_u8(in) % 4);
    model->suppression.point = (uint16_t)(bytes_u8(in) % site->n_points);
    model->suppression.at_most_ms = 1 + (uint32_t)bytes_any(in) % UINT32_MAX;
    model->suppression.limit = some_value(in);
    model->suppression.deadband = bytes_u8(in);
    model->suppression.n_states = 1;
    model->suppression.states[0] = some_value(in);
}

static void some_measure(struct bytes *in, const struct site *site, struct alarm_model *model)
{
    model->setpoint = some_value(in);
    model->direction = (enum direction)(bytes_u8(in) % 2);
    model->window_ms = 1 + (uint32_t)bytes_any(in) % ALARM_WINDOW_MAX_MS;
    model->n_others = (uint8_t)(bytes_u8(in) % (model->kind == CONDITION_DEVIATION ? 2 : site->n_points));
    if (model->n_others >= site->n_points)
        model->n_others = 0;
    for (unsigned i = 0; i < model->n_others; i++)
        model->others[i] = (uint16_t)((model->point + 1U + i) % site->n_points);
    if (model->kind == CONDITION_DISAGREE && model->n_others == 0)
        model->kind = CONDITION_HIGH;
}

/* All ordinary alarms are members of both. */
static void some_groups(struct bytes *in, struct site *site)
{
    const unsigned n = site->n_alarms;

    for (unsigned i = 0; i < 2; i++) {
        struct alarm_model *model = &site->alarms[site->n_alarms++];

        model->kind = i == 0 ? CONDITION_GROUP : CONDITION_CHATTER;
        model->first_member = site->n_members;
        model->n_members = n;
        model->at_least = (uint16_t)(1 + bytes_u8(in) % (i == 0 ? n : ALARM_RAISINGS_MAX));
        model->window_ms = 1 + (uint32_t)bytes_any(in) % ALARM_WINDOW_MAX_MS;
        model->on_delay_ms = bytes_u8(in) % 2 == 0 ? 0 : (uint32_t)bytes_any(in);
        model->off_delay_ms = bytes_u8(in) % 2 == 0 ? 0 : (uint32_t)bytes_any(in);
        some_holds(in, site, model);
        for (unsigned k = 0; k < n; k++)
            site->members[site->n_members++] = (uint16_t)k;
    }
}

static void some_site(struct bytes *in, struct site *site)
{
    site->n_points = 1 + bytes_u8(in) % POINTS_MAX;
    site->n_alarms = 1 + bytes_u8(in) % ALARMS_MAX;
    for (unsigned i = 0; i < site->n_points; i++) {
        site->points[i].stale_after_ms = 1 + (uint32_t)bytes_any(in) % UINT32_MAX;
        site->points[i].trend_window_ms = (uint32_t)bytes_any(in) % ALARM_WINDOW_MAX_MS;
    }
    for (unsigned i = 0; i < site->n_alarms; i++) {
        struct alarm_model *model = &site->alarms[i];

        model->kind = (enum condition_kind)(bytes_u8(in) % CONDITION_KINDS);
        if (model->kind == CONDITION_GROUP || model->kind == CONDITION_CHATTER)
            model->kind = CONDITION_FED;
        model->point = (uint16_t)(bytes_u8(in) % site->n_points);
        model->fault = (enum system_fault)(bytes_u8(in) % FAULT_COUNT);
        model->limit = some_value(in);
        model->deadband = bytes_u8(in);
        model->n_states = bytes_u8(in) % (ALARM_STATES_MAX + 1);
        for (unsigned s = 0; s < model->n_states; s++)
            model->states[s] = some_value(in);
        model->on_delay_ms = bytes_u8(in) % 2 == 0 ? 0 : (uint32_t)bytes_any(in);
        model->off_delay_ms = bytes_u8(in) % 2 == 0 ? 0 : (uint32_t)bytes_any(in);
        if (model->kind == CONDITION_FLATLINE)
            model->off_delay_ms = 0;
        if (model->kind == CONDITION_DATE)
            some_dates(in, model);
        if (model->kind == CONDITION_RATE || model->kind == CONDITION_DEVIATION ||
            model->kind == CONDITION_DISAGREE)
            some_measure(in, site, model);
        some_holds(in, site, model);
    }
    if (bytes_u8(in) % 2 == 1)
        some_groups(in, site);
}

static void some_event(struct bytes *in, int64_t utc_us, struct event *event)
{
    memset(event, 0, sizeof *event);
    event->kind = (enum event_kind)(bytes_u8(in) % (EVENT_CONDITION + 2));
    switch (event->kind) {
    case EVENT_SAMPLE:
        event->sample.point = bytes_u8(in) % (POINTS_MAX + 1);
        event->sample.reading.value = some_value(in);
        event->sample.reading.quality = (enum quality)(bytes_u8(in) % 4);
        if (event->sample.reading.quality != QUALITY_GOOD || bytes_u8(in) % 16 == 0)
            event->sample.reading.reason = (enum reason)(bytes_u8(in) % (REASON_COUNT + 2));
        break;
    case EVENT_FAULT:
        event->fault.fault = (enum system_fault)(bytes_u8(in) % (FAULT_COUNT + 1));
        event->fault.failed = bytes_u8(in) % 2 == 1;
        break;
    case EVENT_CONDITION:
        event->condition.alarm = bytes_u8(in) % (ALL_MAX + 1);
        event->condition.holds = bytes_u8(in) % 2 == 1;
        break;
    case EVENT_TICK:
        break;
    default:
        event->order.alarm = bytes_u8(in) % (ALL_MAX + 1);
        event->order.command = bytes_u8(in);
        event->order.one_shot = bytes_u8(in) % 2 == 1;
        event->order.until_utc_us = bytes_u8(in) % 8 == 0 || utc_us > INT64_MAX / 2
                                        ? bytes_any(in)
                                        : utc_us + bytes_any(in) % (INT64_C(1) << 40);
        break;
    }
}

static void mix(struct watch *watch, uint64_t value)
{
    watch->digest = (watch->digest ^ value) * UINT64_C(0x100000001b3);
}

static int64_t later(int64_t boot_us, uint32_t ms)
{
    return boot_us > INT64_MAX - (int64_t)ms * 1000 ? INT64_MAX : boot_us + (int64_t)ms * 1000;
}

/* What each kind of condition needs before it may return. */
static void expect_proof(const struct alarm_model *model, const struct reading *reading)
{
    if (model->kind == CONDITION_HIGH)
        MUST(reading->quality == QUALITY_GOOD && reading->value <= model->limit);
    else if (model->kind == CONDITION_LOW)
        MUST(reading->quality == QUALITY_GOOD && reading->value >= model->limit);
    else if (model->kind == CONDITION_STATE || model->kind == CONDITION_FLATLINE)
        MUST(reading->quality == QUALITY_GOOD);
    else if (model->kind == CONDITION_BAD)
        MUST(reading->quality != QUALITY_BAD);
    else if (model->kind == CONDITION_NO_DATA)
        MUST(!reason_is_no_data(reading->reason));
}

static void expect_sound(struct watch *watch, const struct site *site, const struct transition *t)
{
    const struct alarm_model *model = &site->alarms[t->alarm];

    MUST(t->alarm < site->n_alarms);
    MUST(t->from == watch->states[t->alarm]);
    MUST(!model->protected || (!alarm_state_is_held(t->from) && !alarm_state_is_held(t->to)));
    MUST(!t->latched || (model->latching && !t->active));
    MUST(t->at.boot_us == watch->seen_us && t->at.utc_us == watch->now.utc_us);
    switch (t->kind) {
    case TRANSITION_RAISED:
        MUST(t->active &&
             (t->to == ALARM_UNACKNOWLEDGED || (t->to == t->from && alarm_state_is_held(t->to))));
        MUST(t->at.boot_us >= later(t->since_boot_us, model->on_delay_ms));
        break;
    case TRANSITION_RETURNED:
        MUST(!t->active);
        MUST(alarm_state_is_held(t->from) ? t->to == t->from
             : model->latching            ? t->latched && t->to == t->from
                                          : alarm_state_is_active(t->from) && !alarm_state_is_active(t->to));
        MUST(t->at.boot_us >= later(t->since_boot_us, model->off_delay_ms));
        expect_proof(model, &t->reading);
        break;
    case TRANSITION_ACKNOWLEDGED:
        MUST(t->from == ALARM_UNACKNOWLEDGED || t->from == ALARM_RETURNED_UNACKNOWLEDGED);
        break;
    case TRANSITION_REALARMED:
        MUST(t->active && t->from == ALARM_ACKNOWLEDGED && t->to == ALARM_UNACKNOWLEDGED);
        break;
    case TRANSITION_RESET:
        MUST(model->latching && t->from == ALARM_ACKNOWLEDGED && t->to == ALARM_NORMAL);
        break;
    case TRANSITION_UNSHELVED: /* nothing that is over is lost, and nothing that holds is normal */
    case TRANSITION_UNSUPPRESSED:
    case TRANSITION_IN_SERVICE:
        MUST(!t->active || t->to != ALARM_NORMAL);
        MUST(t->why == WHY_PERSON || t->to != ALARM_ACKNOWLEDGED || model->protected);
        break;
    default:
        break;
    }
    watch->states[t->alarm] = t->to;
    mix(watch, (uint64_t)t->alarm << 32 | (uint64_t)t->kind << 8 | (uint64_t)t->to);
    mix(watch, (uint64_t)t->since_boot_us);
    mix(watch, t->command);
}

/* A point without data for too long has its alarm, unless the alarm itself is delayed. */
static void expect_no_silence(const struct watch *watch, const struct site *site, uint16_t alarm)
{
    const struct alarm_model *model = &site->alarms[alarm];
    const struct point_view view = engine_point(watch->engine, model->point);
    const int64_t data_us = view.last_data_boot_us == INT64_MIN ? watch->created_us : view.last_data_boot_us;

    if (model->kind != CONDITION_NO_DATA || model->on_delay_ms != 0 || watch->is_restored)
        return;
    MUST(engine_hold(watch->engine, alarm).active || watch->seen_us == INT64_MAX ||
         watch->seen_us < later(data_us, site->points[model->point].stale_after_ms));
}

/* Whatever keeps an alarm quiet has an end that is not over, and the groups count what is. */
static void expect_ends(const struct watch *watch, const struct site *site, uint16_t alarm)
{
    const struct alarm_view view = engine_hold(watch->engine, alarm);
    const struct alarm_memory memory = engine_memory(watch->engine, alarm);
    uint16_t active[ALARMS_MAX];

    for (unsigned hold = 0; hold < HOLD_COUNT; hold++)
        MUST(!view.is_held[hold] || memory.until_boot_us[hold] > watch->seen_us ||
             watch->seen_us == INT64_MAX);
    if (site->alarms[alarm].kind == CONDITION_GROUP)
        MUST(engine_active_members(watch->engine, alarm, active, ALARMS_MAX) == view.n_active_members);
}

static void feed(struct watch *watch, const struct site *site, const struct event *event)
{
    struct transition t;
    uint16_t point;
    unsigned n = 0;
    const int rc = engine_feed(watch->engine, watch->now, event);

    MUST(rc == 0 || rc == -EINVAL || rc == -EALREADY || rc == -EPERM || rc == -ERANGE);
    if (rc == -EINVAL) {
        MUST(!engine_take(watch->engine, &t));
        return;
    }
    if (watch->now.boot_us > watch->seen_us)
        watch->seen_us = watch->now.boot_us;
    for (; engine_take(watch->engine, &t); n++)
        expect_sound(watch, site, &t);
    MUST(n <= 7 * site->n_alarms + 2 * site->n_members + 1);
    MUST(rc == 0 || event->kind >= EVENT_SHELVE || event->kind == EVENT_ACKNOWLEDGE);
    for (n = 0; engine_take_stale(watch->engine, &point); n++)
        MUST(engine_point(watch->engine, point).reading.reason == REASON_STALE);
    MUST(n <= site->n_points);
    /* Nothing that was due is left behind. */
    MUST(engine_next_deadline(watch->engine) > watch->seen_us || watch->seen_us == INT64_MAX);
    for (unsigned i = 0; i < site->n_alarms; i++) {
        MUST(engine_alarm_state(watch->engine, (uint16_t)i) == watch->states[i]);
        MUST(engine_pending_since(watch->engine, (uint16_t)i) == INT64_MAX ||
             !engine_hold(watch->engine, (uint16_t)i).active);
        expect_ends(watch, site, (uint16_t)i);
        expect_no_silence(watch, site, (uint16_t)i);
    }
    mix(watch, (uint64_t)engine_next_deadline(watch->engine));
}

static void some_memory(struct bytes *in, struct alarm_memory *memory)
{
    *memory = engine_memory_of_state((enum alarm_state)(bytes_u8(in) % 8));
    memory->latched = bytes_u8(in) % 2 == 1;
    memory->one_shot = bytes_u8(in) % 2 == 1;
    memory->acked_utc_us = bytes_any(in);
    memory->has_acked_measure = bytes_u8(in) % 2 == 1;
    memory->acked_measure = some_value(in);
    for (unsigned hold = 0; hold < HOLD_COUNT; hold++) {
        memory->is_held[hold] |= bytes_u8(in) % 4 == 1;
        memory->until_utc_us[hold] = bytes_any(in);
        memory->until_boot_us[hold] = bytes_u8(in) % 2 == 0 ? INT64_MAX : bytes_any(in);
    }
    memory->acked_boot_us = bytes_u8(in) % 2 == 0 ? INT64_MAX : bytes_any(in);
}

/* Another engine takes over what this one knows. */
static void renew(struct watch *watch, const struct site *site, const struct engine_tables *tables)
{
    struct engine *next = engine_create(tables, watch->now);

    MUST(next != NULL);
    for (uint16_t i = 0; i < site->n_alarms; i++) {
        const struct alarm_memory memory = engine_memory(watch->engine, i);

        engine_restore(next, i, &memory);
        engine_inherit_alarm(next, i, watch->engine, i);
        watch->states[i] = engine_alarm_state(next, i);
        MUST(watch->states[i] == engine_alarm_state(watch->engine, i));
    }
    for (uint16_t i = 0; i < site->n_points; i++)
        engine_inherit_point(next, i, watch->engine, i);
    engine_free(watch->engine);
    watch->engine = next;
    watch->is_restored = true;
    watch->seen_us = watch->now.boot_us;
}

static void restore(struct watch *watch, const struct site *site, struct bytes *in)
{
    const uint16_t index = bytes_u8(in) % ALL_MAX;
    const struct reading reading = {.quality = QUALITY_BAD,
                                    .reason = (enum reason)(bytes_u8(in) % REASON_COUNT)};
    struct alarm_memory memory;

    switch (bytes_u8(in) % 3) {
    case 0:
        some_memory(in, &memory);
        engine_restore(watch->engine, index, &memory);
        if (index < site->n_alarms) {
            MUST(watch->states[index] == ALARM_NORMAL ||
                 engine_alarm_state(watch->engine, index) == watch->states[index]);
            watch->states[index] = engine_alarm_state(watch->engine, index);
        }
        break;
    case 1:
        if (index < site->n_alarms && !engine_hold(watch->engine, index).active)
            engine_restore_pending(watch->engine, index, bytes_any(in));
        break;
    default:
        watch->is_restored = true;
        engine_restore_point(watch->engine, index, &reading, (struct stamp){bytes_any(in), 0}, bytes_any(in));
        break;
    }
}

static uint64_t live(struct bytes in)
{
    struct site site = {0};
    struct watch watch = {0};
    struct event event;

    some_site(&in, &site);
    watch.now.boot_us = watch.seen_us = watch.created_us = bytes_u8(&in) % 8 == 0 ? bytes_any(&in) : 0;
    const struct engine_tables tables = {.points = site.points,
                                         .n_points = (uint16_t)site.n_points,
                                         .alarms = site.alarms,
                                         .n_alarms = (uint16_t)site.n_alarms,
                                         .members = site.members,
                                         .n_members = site.n_members};
    watch.engine = engine_create(&tables, watch.now);
    MUST(watch.engine != NULL);
    while (in.left > 0) {
        const uint8_t how = bytes_u8(&in);
        const int64_t deadline = engine_next_deadline(watch.engine);

        /* A small step, the next deadline, or anywhere. */
        if (how % 4 == 0 && deadline != INT64_MAX)
            watch.now.boot_us = deadline;
        else if (how % 32 == 1)
            watch.now.boot_us = bytes_any(&in);
        else if (watch.now.boot_us < INT64_MAX / 2)
            watch.now.boot_us += (int64_t)bytes_u8(&in) * 1000;
        watch.now.utc_us = how % 64 == 2 ? bytes_any(&in) : later(watch.now.utc_us, how);
        some_event(&in, watch.now.utc_us, &event);
        if (how == 255 && watch.now.boot_us >= watch.seen_us)
            renew(&watch, &site, &tables);
        else if (how % 16 == 3)
            restore(&watch, &site, &in);
        else
            feed(&watch, &site, &event);
    }
    engine_free(watch.engine);
    return watch.digest;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct bytes in = {data, size};
    const uint64_t first = live(in);

    MUST(first == live(in));
    return 0;
}
