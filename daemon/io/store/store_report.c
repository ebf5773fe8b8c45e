/* store_report.c - what the core and the publisher are told. See store_internal.h.
 *
 * Nothing here waits: what does not fit into a mailbox stays, and is posted on a later turn. So a full
 * mailbox loses nothing, and the store can't be held up by those that it serves.
 */
#include "store_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"

#define RETRY_US (50 * MS_US)

void store_report_fault(struct store *store, enum system_fault fault, const char *detail)
{
    struct store_report *report = &store->report;
    bool is_news = !report->faults[fault].failed || strcmp(report->faults[fault].detail, detail) != 0;
    if (!is_news)
        return;
    report->faults[fault].failed = report->faults[fault].dirty = true;
    snprintf(report->faults[fault].detail, STORE_DETAIL_MAX, "%s", detail);
    log_line(LOG_ERR, MID_STORE, "%s", detail);
}

void store_report_well(struct store *store, enum system_fault fault)
{
    struct store_report *report = &store->report;
    if (!report->faults[fault].failed)
        return;
    report->faults[fault].failed = false;
    /* A failure that was never told need not be taken back. */
    report->faults[fault].dirty = report->faults[fault].told_failed;
    report->faults[fault].detail[0] = 0;
    log_line(LOG_NOTICE, MID_STORE, "%s works again", engine_fault_name(fault));
}

void store_report_gap(struct store *store, enum store_gap gap, uint64_t count, int64_t from_utc_us,
                      int64_t to_utc_us)
{
    struct store_report *report = &store->report;
    if (count == 0)
        return;
    bool first = report->gaps[gap].count == 0;
    report->gaps[gap].count += count;
    if (first || from_utc_us < report->gaps[gap].from_utc_us)
        report->gaps[gap].from_utc_us = from_utc_us;
    if (first || to_utc_us > report->gaps[gap].to_utc_us)
        report->gaps[gap].to_utc_us = to_utc_us;
    report->gaps[gap].ready = false;
}

void store_report_gap_over(struct store *store, enum store_gap gap)
{
    store->report.gaps[gap].ready = store->report.gaps[gap].count > 0;
}

void store_report_recorded(struct store *store, uint64_t seq)
{
    store->report.recorded.seq = seq;
    store->report.recorded.dirty = true;
}

void store_report_lost(struct store *store, uint64_t from_seq, uint64_t to_seq)
{
    struct store_report *report = &store->report;
    const bool first = report->recorded.lost_to == 0;
    if (first || from_seq < report->recorded.lost_from)
        report->recorded.lost_from = from_seq;
    if (first || to_seq > report->recorded.lost_to)
        report->recorded.lost_to = to_seq;
    report->recorded.dirty = true;
}

void store_report_custody(struct store *store, const struct core_message *message)
{
    struct store_report *report = &store->report;
    if (report->n_custody < STORE_CUSTODY_MAX)
        report->custody[report->n_custody++] = *message;
}

bool store_report_has_room(const struct store *store)
{
    return store->report.n_custody + 2 <= STORE_CUSTODY_MAX;
}

static const char *gap_text(enum store_gap gap)
{
    switch (gap) {
    case GAP_READINGS:
        return "readings given up: history.db could not be written and memory was full";
    case GAP_EVENTS:
        return "events given up: state.db could not be written and memory was full";
    case GAP_CONFLICT:
        return "events not stored: their number is not above the last one in state.db";
    case GAP_QUEUE:
        return "records refused: the store's queue was full";
    case GAP_STALE:
        return "readings not stored: they belong to another configuration";
    case GAP_CONFIGS:
        return "configuration texts given up: state.db could not be written";
    case GAP_COUNT:
        break;
    }
    return "?";
}

/* ---------------------------------------------------------------- posting */

static bool post(struct store *store, struct core_message *message)
{
    message->generation = store->config->generation;
    return mailbox_try(store->core, MAILBOX_RESERVED, message) == 0;
}

static bool post_faults(struct store *store)
{
    struct store_report *report = &store->report;
    for (int fault = 0; fault < FAULT_COUNT; fault++) {
        if (!report->faults[fault].dirty)
            continue;
        struct core_message message = {.kind = CORE_FAULT};
        message.fault.fault = (enum system_fault)fault;
        message.fault.failed = report->faults[fault].failed;
        snprintf(message.fault.detail, sizeof message.fault.detail, "%s", report->faults[fault].detail);
        if (!post(store, &message))
            return false;
        report->faults[fault].dirty = false;
        report->faults[fault].told_failed = report->faults[fault].failed;
    }
    return true;
}

void store_report_free_restored(struct core_message *messages, size_t from, size_t n)
{
    for (size_t i = from; messages && i < n; i++) {
        if (messages[i].kind == CORE_RESTORED)
            free(messages[i].restored.more);
        else if (messages[i].kind == CORE_BASELINE)
            free(messages[i].baseline.source);
        else if (messages[i].kind == CORE_NOTIFY_OFFS)
            free(messages[i].notify.report);
        else if (messages[i].kind == CORE_RUN)
            free(messages[i].run);
    }
    free(messages);
}

static bool post_restored(struct store *store)
{
    struct store_report *report = &store->report;
    while (report->next_restored < report->n_restored) {
        if (!post(store, &report->restored[report->next_restored]))
            return false;
        report->next_restored++;
    }
    free(report->restored);
    report->restored = NULL;
    report->n_restored = report->next_restored = 0;
    return true;
}

static bool post_gaps(struct store *store)
{
    struct store_report *report = &store->report;
    for (int gap = 0; gap < GAP_COUNT; gap++) {
        if (!report->gaps[gap].ready)
            continue;
        struct core_message message = {.kind = CORE_GAP};
        message.gap.count = report->gaps[gap].count;
        message.gap.from_utc_us = report->gaps[gap].from_utc_us;
        message.gap.to_utc_us = report->gaps[gap].to_utc_us;
        message.gap.events = gap == GAP_EVENTS || gap == GAP_CONFLICT;
        snprintf(message.gap.detail, sizeof message.gap.detail, "%s", gap_text((enum store_gap)gap));
        if (!post(store, &message))
            return false;
        memset(&report->gaps[gap], 0, sizeof report->gaps[gap]);
    }
    return true;
}

static bool post_custody(struct store *store)
{
    struct store_report *report = &store->report;
    while (report->n_custody > 0) {
        if (!store->state.opened_once)
            return true; /* when it is open, there is a turn */
        if (!post(store, &report->custody[0]))
            return false;
        report->n_custody--;
        memmove(&report->custody[0], &report->custody[1], report->n_custody * sizeof report->custody[0]);
    }
    return true;
}

static bool post_durable(struct store *store)
{
    struct store_report *report = &store->report;
    if (report->durable_seq == report->durable_told)
        return true;
    struct publisher_message message = {.kind = PUBLISHER_DURABLE, .generation = store->config->generation};
    message.durable_seq = report->durable_seq;
    if (mailbox_try(store->publisher, MAILBOX_RESERVED, &message) < 0)
        return false;
    report->durable_told = report->durable_seq;
    return true;
}

/* People wait for this. */
static bool post_recorded(struct store *store)
{
    struct store_report *report = &store->report;
    if (!report->recorded.dirty)
        return true;
    struct core_message message = {.kind = CORE_DURABLE};
    message.durable.seq = report->recorded.seq;
    message.durable.lost_from = report->recorded.lost_from;
    message.durable.lost_to = report->recorded.lost_to;
    if (!post(store, &message))
        return false;
    report->recorded.dirty = false;
    report->recorded.lost_from = report->recorded.lost_to = 0;
    return true;
}

void store_report_step(struct store *store, int64_t now_boot_us)
{
    /* The order matters: restored alarms before the faults, so that the core knows its past first. */
    bool all = post_durable(store);
    all = post_recorded(store) && all;
    all = post_restored(store) && post_faults(store) && post_gaps(store) && post_custody(store) && all;
    store->report.retry_boot_us = all ? STORE_NEVER : now_boot_us + RETRY_US;
}

int64_t store_report_deadline(const struct store *store)
{
    return store->report.retry_boot_us;
}

void store_report_free(struct store_report *report)
{
    store_report_free_restored(report->restored, report->next_restored, report->n_restored);
    report->restored = NULL;
    report->n_restored = report->next_restored = 0;
}
