/* monitor_restore.c - what an earlier run left: alarms, faults, what is no longer configured; and what was
 * lost.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "log.h"
#include "monitor_internal.h"

/* An alarm that the configuration does not have any more: its end is told when sequence numbers are known. */
static void restored_unknown(struct monitor *m, const struct core_message *message)
{
    if (message->restored.state == ALARM_NORMAL)
        return; /* only that it was held once */
    if (m->n_unknown == UNKNOWN_ALARMS_MAX) {
        log_line(LOG_WARNING, MID_ALARM,
                 "alarm %s/%s is no longer in the configuration; it is ended at the next start",
                 message->restored.asset, message->restored.alarm);
        return;
    }
    struct unknown_alarm *unknown = &m->unknown[m->n_unknown++];
    memcpy(unknown->asset, message->restored.asset, sizeof unknown->asset);
    memcpy(unknown->alarm, message->restored.alarm, sizeof unknown->alarm);
    unknown->state = message->restored.state;
    unknown->raised_utc_us = message->restored.raised_utc_us;
}

void monitor_restored(struct monitor *m, struct core_message *message)
{
    struct restored_alarm *more = message->restored.more;
    struct alarm_memory memory = engine_memory_of_state(message->restored.state);
    struct alarm_record record = {.state = message->restored.state,
                                  .raised_utc_us = message->restored.raised_utc_us,
                                  .acked_utc_us = message->restored.acked_utc_us};
    memcpy(record.who, message->restored.who, sizeof record.who);
    if (more != NULL) {
        memcpy(record.body, more->body, sizeof record.body);
        record.shelf = more->kept.shelf;
        record.service = more->kept.service;
        memory = more->kept.memory;
    }
    free(more);
    int alarm = config_find_alarm(m->config, message->restored.asset, message->restored.alarm);
    if (alarm >= 0)
        monitor_restore_alarm(m, (uint16_t)alarm, &record, &memory);
    else
        restored_unknown(m, message);
}

/* Faults of the last run are over unless this one has found them again. The publisher tells the
 * broker's state itself. */
void monitor_settle_faults(struct monitor *m)
{
    /* Who tells of these tells it later: what they were in an earlier run stands until then. */
    static const bool later[FAULT_COUNT] = {
        [FAULT_BROKER] = true,        [FAULT_NOTIFIER] = true,   [FAULT_NOTIFY_CHANNEL] = true,
        [FAULT_NOTIFY_PEOPLE] = true, [FAULT_DRILL] = true,      [FAULT_DRILL_OVERDUE] = true,
        [FAULT_CONFIG] = true,        [FAULT_NOTIFY_OFF] = true, [FAULT_NOTIFY_CONFIG] = true};
    for (unsigned i = 0; i < FAULT_COUNT; i++) /* system's alarms begin with the faults */
        if (later[i] && i != FAULT_BROKER &&
            engine_hold(m->engine, (uint16_t)(m->config->assets[0].first_alarm + i)).active)
            m->faults[i].sources |= FROM_OWNER;
    monitor_settle_review(m);
    for (unsigned i = 0; i < FAULT_COUNT; i++) {
        bool failed = m->faults[i].sources != 0;
        const struct fault_record record = m->faults[i];
        if (failed || !later[i])
            monitor_fault_words(m, (enum system_fault)i, FROM_OWNER, failed, record.detail[LANGUAGE_EN],
                                record.detail[LANGUAGE_ZH]);
    }
    m->faults[FAULT_RESTART].sources = FROM_OWNER; /* told once: raised, over, and waiting to be seen */
    monitor_fault(m, FAULT_RESTART, FROM_OWNER, false, "");
}

/* Alarms that were in force, and that the configuration no longer has: their end is an event. */
void monitor_remove_unknown(struct monitor *m)
{
    for (unsigned i = 0; i < m->n_unknown; i++)
        monitor_remove_alarm(m, m->unknown[i].asset, m->unknown[i].alarm, m->unknown[i].state,
                             m->unknown[i].raised_utc_us);
    m->n_unknown = 0;
}

void monitor_store_open(struct monitor *m, const struct core_message *message)
{
    if (!message->store_open.ok)
        return;
    if (m->next_seq <= message->store_open.last_seq)
        m->next_seq = message->store_open.last_seq + 1; /* also from 0: not known so far */
    m->store_known = true;
    if (message->store_open.again) { /* it came while we ran, and knows nothing of this run */
        monitor_remove_unknown(m);
        monitor_restate(m);
        return;
    }
    if (!message->store_open.clean)
        m->faults[FAULT_RESTART].sources = FROM_OWNER;
    if (m->started) { /* the disk was late */
        monitor_remove_unknown(m);
        monitor_settle_faults(m);
    }
}

void monitor_lost_records(struct monitor *m, const struct core_message *message)
{
    char from[RFC3339_MAX], to[RFC3339_MAX];
    clock_print_utc(from, message->gap.from_utc_us);
    clock_print_utc(to, message->gap.to_utc_us);
    const struct announce_member members[] = {
        {.key = "count", .number = (int64_t)message->gap.count},
        {.key = "from", .text = from},
        {.key = "to", .text = to},
        {.key = "reason", .text = message->gap.detail},
    };
    monitor_event(m, clock_now(), "gap", members, 4);
    if (message->gap.events || m->events_lost)
        monitor_restate(m);
}
