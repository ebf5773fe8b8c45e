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
#define ALARMS_MAX 8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct site {
    unsigned n_points, n_alarms;
    struct point_model points[POINTS_MAX];
    struct alarm_model alarms[ALARMS_MAX];
};

struct watch {
    struct engine *engine;
    struct stamp now;
    int64_t seen_us; /* the latest time that the engine was shown */
    enum alarm_state states[ALARMS_MAX];
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

static void some_site(struct bytes *in, struct site *site)
{
    site->n_points = 1 + bytes_u8(in) % POINTS_MAX;
    site->n_alarms = 1 + bytes_u8(in) % ALARMS_MAX;
    for (unsigned i = 0; i < site->n_points; i++)
        site->points[i].stale_after_ms = 1 + (uint32_t)bytes_any(in) % UINT32_MAX;
    for (unsigned i = 0; i < site->n_alarms; i++) {
        struct alarm_model *model = &site->alarms[i];

        model->kind = (enum condition_kind)(bytes_u8(in) % (CONDITION_DATE + 1));
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
    }
}

static void some_event(struct bytes *in, struct event *event)
{
    memset(event, 0, sizeof *event);
    event->kind = (enum event_kind)(bytes_u8(in) % 5);
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
    case EVENT_ACKNOWLEDGE:
        event->order.alarm = bytes_u8(in) % (ALARMS_MAX + 1);
        event->order.command = bytes_u8(in);
        break;
    default:
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
    MUST(t->from == watch->states[t->alarm] && t->to != t->from);
    MUST(t->at.boot_us == watch->seen_us && t->at.utc_us == watch->now.utc_us);
    switch (t->kind) {
    case TRANSITION_RAISED:
        MUST(t->to == ALARM_UNACKNOWLEDGED && !alarm_state_is_active(t->from));
        MUST(t->at.boot_us >= later(t->since_boot_us, model->on_delay_ms));
        break;
    case TRANSITION_RETURNED:
        MUST(alarm_state_is_active(t->from) && !alarm_state_is_active(t->to));
        MUST(t->at.boot_us >= later(t->since_boot_us, model->off_delay_ms));
        expect_proof(model, &t->reading);
        break;
    case TRANSITION_ACKNOWLEDGED:
        MUST(t->from == ALARM_UNACKNOWLEDGED || t->from == ALARM_RETURNED_UNACKNOWLEDGED);
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
    MUST(alarm_state_is_active(watch->states[alarm]) || watch->seen_us == INT64_MAX ||
         watch->seen_us < later(data_us, site->points[model->point].stale_after_ms));
}

static void feed(struct watch *watch, const struct site *site, const struct event *event)
{
    struct transition t;
    uint16_t point;
    unsigned n = 0;
    const int rc = engine_feed(watch->engine, watch->now, event);

    MUST(rc == 0 || rc == -EINVAL || rc == -EALREADY);
    if (rc == -EINVAL) {
        MUST(!engine_take(watch->engine, &t));
        return;
    }
    if (watch->now.boot_us > watch->seen_us)
        watch->seen_us = watch->now.boot_us;
    for (; engine_take(watch->engine, &t); n++)
        expect_sound(watch, site, &t);
    MUST(n <= 2 * site->n_alarms + 1);
    MUST(rc != -EALREADY || event->kind == EVENT_ACKNOWLEDGE);
    for (n = 0; engine_take_stale(watch->engine, &point); n++)
        MUST(engine_point(watch->engine, point).reading.reason == REASON_STALE);
    MUST(n <= site->n_points);
    /* Nothing that was due is left behind. */
    MUST(engine_next_deadline(watch->engine) > watch->seen_us || watch->seen_us == INT64_MAX);
    for (unsigned i = 0; i < site->n_alarms; i++) {
        MUST(engine_alarm_state(watch->engine, (uint16_t)i) == watch->states[i]);
        MUST(engine_pending_since(watch->engine, (uint16_t)i) == INT64_MAX ||
             !alarm_state_is_active(watch->states[i]));
        expect_no_silence(watch, site, (uint16_t)i);
    }
    mix(watch, (uint64_t)engine_next_deadline(watch->engine));
}

static void restore(struct watch *watch, const struct site *site, struct bytes *in)
{
    const uint16_t index = bytes_u8(in) % ALARMS_MAX;
    const struct reading reading = {.quality = QUALITY_BAD,
                                    .reason = (enum reason)(bytes_u8(in) % REASON_COUNT)};
    struct alarm_memory memory;

    switch (bytes_u8(in) % 3) {
    case 0:
        memory = engine_memory_of_state((enum alarm_state)(bytes_u8(in) % 5));
        engine_restore(watch->engine, index, &memory);
        if (index < site->n_alarms) {
            MUST(watch->states[index] == ALARM_NORMAL ||
                 engine_alarm_state(watch->engine, index) == watch->states[index]);
            watch->states[index] = engine_alarm_state(watch->engine, index);
        }
        break;
    case 1:
        if (index < site->n_alarms && !alarm_state_is_active(watch->states[index]))
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
                                         .n_alarms = (uint16_t)site.n_alarms};
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
        watch.now.utc_us += how;
        some_event(&in, &event);
        if (how % 16 == 3)
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
