/* reference.c - see reference.h. */
#include "reference.h"

#include <errno.h>
#include <stdlib.h>

#define NEVER INT64_MIN

static struct reference_log *log_of(struct reference *r, unsigned alarm)
{
    const struct alarm_model *model = &r->models[alarm];

    return model->kind == CONDITION_FAULT || model->kind == CONDITION_DATE
               ? &r->logs[r->n_points + (unsigned)model->fault]
               : &r->logs[model->point];
}

static void append(struct reference_log *log, struct entry entry)
{
    if (log->n == REFERENCE_LOG_MAX)
        abort();
    log->entries[log->n++] = entry;
}

static bool nothing_came(const struct entry *entry)
{
    return entry->reading.reason >= 1 && entry->reading.reason < 32;
}

static bool value_is_wrong(const struct alarm_model *m, micro_t value)
{
    if (m->kind == CONDITION_HIGH)
        return value > m->limit;
    if (m->kind == CONDITION_LOW)
        return value < m->limit;
    for (unsigned i = 0; i < m->n_states; i++)
        if (m->states[i] == value)
            return true;
    return false;
}

static bool value_is_fine(const struct alarm_model *m, micro_t value)
{
    if (m->kind == CONDITION_HIGH)
        return value <= m->limit - m->deadband;
    if (m->kind == CONDITION_LOW)
        return value >= m->limit + m->deadband;
    return !value_is_wrong(m, value);
}

/* This entry alone speaks for the condition. */
static bool accuses(const struct alarm_model *m, const struct entry *entry)
{
    switch (m->kind) {
    case CONDITION_FAULT:
        return entry->failed;
    case CONDITION_BAD:
        return entry->reading.quality == QUALITY_BAD && !nothing_came(entry);
    case CONDITION_NO_DATA:
        return false;
    default:
        return entry->reading.quality != QUALITY_BAD && value_is_wrong(m, entry->reading.value);
    }
}

/* This entry alone proves that the condition is over. */
static bool acquits(const struct alarm_model *m, const struct entry *entry)
{
    switch (m->kind) {
    case CONDITION_FAULT:
        return !entry->failed;
    case CONDITION_BAD:
        return entry->reading.quality != QUALITY_BAD;
    case CONDITION_NO_DATA:
        return !nothing_came(entry);
    default:
        return entry->reading.quality == QUALITY_GOOD && value_is_fine(m, entry->reading.value);
    }
}

/* Good and in the deadband: goes on as it was. */
static bool is_between(const struct alarm_model *m, const struct entry *entry)
{
    return (m->kind == CONDITION_HIGH || m->kind == CONDITION_LOW) &&
           entry->reading.quality == QUALITY_GOOD && !accuses(m, entry) && !acquits(m, entry);
}

static int64_t last_measured(const struct reference *r, unsigned point)
{
    const struct reference_log *log = &r->logs[point];

    for (unsigned i = log->n; i > 0; i--)
        if (!nothing_came(&log->entries[i - 1]))
            return log->entries[i - 1].ms;
    return r->created_ms;
}

/* Since when the wall clock is in a span, or in none. */
static int64_t date_since(const struct reference *r, unsigned alarm, bool inside)
{
    const struct alarm_model *m = &r->models[alarm];
    const int64_t utc_us = REFERENCE_UTC_US(r->now_ms * 1000);
    int64_t since_us = REFERENCE_UTC_US(r->created_ms * 1000);
    bool is_inside = false;

    if (r->alarms[alarm].begin_ms > r->created_ms)
        since_us = REFERENCE_UTC_US(r->alarms[alarm].begin_ms * 1000);
    for (unsigned i = 0; i < m->n_dates; i++) {
        const int64_t changes[] = {m->dates[i].from_utc_us, m->dates[i].to_utc_us};

        is_inside |= utc_us >= changes[0] && utc_us < changes[1];
        for (unsigned k = 0; k < 2; k++)
            if (changes[k] <= utc_us && changes[k] > since_us)
                since_us = changes[k];
    }
    return is_inside == inside ? (since_us - REFERENCE_UTC_US(0)) / 1000 : NEVER;
}

/* Since when all that came accuses, or at least nothing acquits. */
static int64_t accused_since(struct reference *r, unsigned alarm)
{
    const struct alarm_model *m = &r->models[alarm];
    const struct reference_log *log = log_of(r, alarm);
    int64_t since = NEVER;

    if (m->kind == CONDITION_DATE)
        return date_since(r, alarm, true);
    if (m->kind == CONDITION_NO_DATA) {
        since = last_measured(r, m->point) + r->points[m->point].stale_after_ms;
        return since <= r->now_ms ? since : NEVER;
    }
    for (unsigned i = r->alarms[alarm].begin; i < log->n; i++) {
        if (acquits(m, &log->entries[i]))
            since = NEVER;
        else if (accuses(m, &log->entries[i]) && since == NEVER)
            since = log->entries[i].ms;
    }
    return since;
}

/* Since when all that came acquits, but for good values in the deadband. */
static int64_t acquitted_since(struct reference *r, unsigned alarm)
{
    const struct alarm_model *m = &r->models[alarm];
    const struct reference_log *log = log_of(r, alarm);
    int64_t since = NEVER;

    if (m->kind == CONDITION_DATE)
        return date_since(r, alarm, false);
    for (unsigned i = r->alarms[alarm].begin; i < log->n; i++) {
        if (!acquits(m, &log->entries[i]) && !is_between(m, &log->entries[i]))
            since = NEVER;
        else if (acquits(m, &log->entries[i]) && since == NEVER)
            since = log->entries[i].ms;
    }
    return since;
}

static void emit(struct reference *r, unsigned alarm, enum transition_kind kind, enum alarm_state to,
                 int64_t since_ms, uint32_t command)
{
    const struct reference_log *log = log_of(r, alarm);
    struct transition *t = &r->out[r->n_out];

    if (r->n_out++ == REFERENCE_OUT_MAX)
        abort();
    *t = (struct transition){.alarm = (uint16_t)alarm,
                             .kind = kind,
                             .from = r->alarms[alarm].state,
                             .to = to,
                             .at = {.boot_us = r->now_ms * 1000},
                             .since_boot_us = since_ms * 1000,
                             .command = command};
    t->reading = (struct reading){.quality = QUALITY_BAD, .reason = REASON_NEVER_READ};
    if (r->models[alarm].kind != CONDITION_FAULT && r->models[alarm].kind != CONDITION_DATE && log->n > 0)
        t->reading = log->entries[log->n - 1].reading;
    r->alarms[alarm].state = to;
    if (kind != TRANSITION_ACKNOWLEDGED)
        r->alarms[alarm].begin = log->n;
}

static void look_at(struct reference *r, unsigned alarm)
{
    const enum alarm_state state = r->alarms[alarm].state;
    int64_t since;

    if (state == ALARM_NORMAL || state == ALARM_RETURNED_UNACKNOWLEDGED) {
        since = accused_since(r, alarm);
        if (since != NEVER && r->now_ms >= since + r->models[alarm].on_delay_ms)
            emit(r, alarm, TRANSITION_RAISED, ALARM_UNACKNOWLEDGED, since, 0);
    } else {
        since = acquitted_since(r, alarm);
        if (since != NEVER && r->now_ms >= since + r->models[alarm].off_delay_ms)
            emit(r, alarm, TRANSITION_RETURNED,
                 state == ALARM_ACKNOWLEDGED ? ALARM_NORMAL : ALARM_RETURNED_UNACKNOWLEDGED, since, 0);
    }
}

static void look_at_all(struct reference *r)
{
    for (unsigned i = 0; i < r->n_alarms; i++)
        look_at(r, i);
}

static void notice_silence(struct reference *r)
{
    for (unsigned p = 0; p < r->n_points; p++) {
        struct reference_log *log = &r->logs[p];
        const struct entry *last = log->n > 0 ? &log->entries[log->n - 1] : NULL;

        if (last != NULL && last->reading.reason == REASON_STALE)
            continue;
        if (r->now_ms >= (last != NULL ? last->ms : r->created_ms) + r->points[p].stale_after_ms)
            append(log, (struct entry){r->now_ms, {.quality = QUALITY_BAD, .reason = REASON_STALE}, false});
    }
}

void reference_start(struct reference *r, int64_t ms)
{
    r->created_ms = r->now_ms = ms;
}

void reference_pass(struct reference *r, int64_t ms)
{
    for (unsigned i = 0; i < r->n_alarms; i++) /* one that was just restored is looked at again at once */
        if (r->models[i].kind == CONDITION_DATE)
            look_at(r, i);
    while (r->now_ms < ms) {
        r->now_ms++;
        notice_silence(r);
        look_at_all(r);
    }
}

static int acknowledge(struct reference *r, unsigned alarm, uint32_t command)
{
    switch (r->alarms[alarm].state) {
    case ALARM_UNACKNOWLEDGED:
        emit(r, alarm, TRANSITION_ACKNOWLEDGED, ALARM_ACKNOWLEDGED, 0, command);
        return 0;
    case ALARM_RETURNED_UNACKNOWLEDGED:
        emit(r, alarm, TRANSITION_ACKNOWLEDGED, ALARM_NORMAL, 0, command);
        return 0;
    default:
        return -EALREADY;
    }
}

int reference_event(struct reference *r, const struct event *event)
{
    int rc = 0;

    if (event->kind == EVENT_SAMPLE)
        append(&r->logs[event->sample.point], (struct entry){r->now_ms, event->sample.reading, false});
    else if (event->kind == EVENT_FAULT)
        append(&r->logs[r->n_points + (unsigned)event->fault.fault],
               (struct entry){.ms = r->now_ms, .failed = event->fault.failed});
    else if (event->kind == EVENT_ACKNOWLEDGE)
        rc = acknowledge(r, event->order.alarm, event->order.command);
    look_at_all(r);
    return rc;
}

void reference_restore(struct reference *r, unsigned alarm, enum alarm_state state)
{
    if (r->alarms[alarm].state != ALARM_NORMAL)
        return;
    r->alarms[alarm].state = state;
    if (state == ALARM_UNACKNOWLEDGED || state == ALARM_ACKNOWLEDGED)
        r->alarms[alarm].begin = log_of(r, alarm)->n;
    r->alarms[alarm].begin_ms = r->now_ms;
}
