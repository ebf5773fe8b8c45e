/* monitor_record.c - what tools did and people signed becomes an event; and is a review overdue? */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "log.h"
#include "monitor_internal.h"

#define DAY_US (INT64_C(86400) * SECOND_US)

void monitor_record(struct monitor *m, const struct core_message *message)
{
    struct record_request *request = message->record.request;
    struct answer answer = monitor_answer_begin(m, ORIGIN_CONTROL, message->record.ticket);
    struct stamp now = clock_now();
    struct store_message out;
    struct event_record *event = monitor_begin_event(m, &out, request->kind, now);
    memcpy(event->asset, request->asset, sizeof event->asset);
    announce_members(m->config, m->parts.run_id, event->seq, now, request->kind, request->members,
                     event->body);
    monitor_send_event(m, &out);
    log_line(LOG_NOTICE, MID_CONTROL, "%s has recorded: %s", request->who, request->kind);
    if (request->reviewed_until_utc_us > m->reviewed_until_us)
        m->reviewed_until_us = request->reviewed_until_utc_us;
    answer.seq = event->seq;
    free(request);
    monitor_answer(m, &answer);
    monitor_watch_review(m);
}

/* Is it overdue? detail says since when nobody has looked. */
static bool is_overdue(const struct monitor *m, char detail[NOTE_MAX])
{
    int64_t every_us = m->config->review.every_days * DAY_US;
    char until[RFC3339_MAX];
    if (every_us == 0 || clock_now().utc_us - m->reviewed_until_us <= every_us)
        return false;
    clock_print_utc(until, m->reviewed_until_us);
    snprintf(detail, NOTE_MAX, "%.10s", until);
    return true;
}

void monitor_settle_review(struct monitor *m)
{
    struct fault_record *fault = &m->faults[FAULT_REVIEW];
    if (m->reviewed_until_us == 0) /* there is no record yet: it begins now */
        m->reviewed_until_us = clock_now().utc_us;
    char detail[NOTE_MAX] = "";
    fault->sources = is_overdue(m, detail) ? FROM_OWNER : 0;
    monitor_fault_detail(fault, detail, detail); /* a date */
}

void monitor_watch_review(struct monitor *m)
{
    char detail[NOTE_MAX] = "";
    bool overdue = is_overdue(m, detail);
    if (overdue != (m->faults[FAULT_REVIEW].sources != 0))
        monitor_fault(m, FAULT_REVIEW, FROM_OWNER, overdue, detail);
}
