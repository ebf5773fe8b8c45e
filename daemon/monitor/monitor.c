#include "monitor.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "clock.h"
#include "log.h"
#include "monitor_internal.h"
#include "service.h"

#define STORE_WAIT_US     (3 * SECOND_US) /* at start, for the disk; then without it */
#define STOP_BUSES_US     (250 * MS_US)   /* of the two seconds that a stop may take */
#define HOUSEKEEPING_US   SECOND_US
#define QUEUE_CALM_US     (10 * SECOND_US) /* no sample lost for so long: the fault is over */
#define DISK_HANGS        "the disk does not answer", "磁盘没有响应" /* en, zh */
#define MESSAGES_PER_TURN 1024 /* then time, signals and the watchdog get their turn */

/* ---------------------------------------------------------------- making and freeing */

int monitor_make_tables(struct monitor *m, struct config *config)
{
    const struct engine_tables tables = {.points = config->point_models,
                                         .n_points = config->n_points,
                                         .alarms = config->alarm_models,
                                         .n_alarms = config->n_alarms,
                                         .members = config->members,
                                         .n_members = config->n_members};
    const struct rounds_model model = {.every_ms = config->rounds.every_ms,
                                       .grace_ms = config->rounds.grace_ms,
                                       .unattended_after_ms = config->rounds.unattended_after_ms};
    struct rounds *rounds = rounds_create(&model, config->n_points, clock_now());
    struct by_eye *by_eye = calloc(config->n_points + 1U, sizeof *by_eye);
    int64_t *told = calloc(config->n_alarms + 1U, sizeof *told);
    struct engine *engine = engine_create(&tables, clock_now());
    struct alarm_record *alarms = calloc(config->n_alarms + 1U, sizeof *alarms);
    struct device_record *devices = calloc(config->n_devices + 1U, sizeof *devices);
    struct calibrated *calibrated = calloc(config->n_points + 1U, sizeof *calibrated);
    bool *dirty = calloc(config->n_assets + 1U, sizeof *dirty);
    bool *unshown = calloc(config->n_alarms + 1U, sizeof *unshown);
    struct bus **buses = calloc(config->n_buses + 1U, sizeof *buses); /* NOLINT(bugprone-sizeof-expression) */
    struct derive_watch derive = {.derive = NULL};
    const int derived = monitor_derive_make(config, &derive);
    if (derived < 0 || engine == NULL || alarms == NULL || devices == NULL || dirty == NULL ||
        unshown == NULL || buses == NULL || calibrated == NULL || rounds == NULL || by_eye == NULL ||
        told == NULL) {
        rounds_free(rounds);
        free(by_eye);
        free(told);
        engine_free(engine);
        free(alarms);
        free(devices);
        free(calibrated);
        free(dirty);
        free(unshown);
        free(buses);
        monitor_derive_drop(&derive);
        return derived < 0 ? derived : -ENOMEM;
    }
    m->config = config_ref(config);
    m->derive = derive;
    m->engine = engine;
    m->alarms = alarms;
    m->devices = devices;
    m->calibrated = calibrated;
    m->rounds = rounds;
    m->by_eye = by_eye;
    m->fallback_told = told;
    m->disabled_changed = true;
    for (uint16_t i = 0; i < config->n_devices; i++) {
        devices[i].counts.state = REASON_NEVER_READ;
        devices[i].at = clock_now();
    }
    m->dirty_assets = dirty;
    m->any_dirty = m->any_unshown = false;
    m->unshown = unshown;
    m->buses = buses;
    return 0;
}

int monitor_create(const struct monitor_parts *parts, struct monitor **ret)
{
    struct monitor *m = calloc(1, sizeof *m);
    if (m == NULL)
        return -ENOMEM;
    m->parts = *parts;
    m->stop_fd = -1;
    m->watchdog_us = service_watchdog_us();
    m->clock_offset_us = clock_offset_us();
    m->asleep_us = clock_asleep_us();
    m->runs = calloc(1, sizeof *m->runs);
    int result = m->runs != NULL ? monitor_make_tables(m, parts->config) : -ENOMEM;
    if (result < 0) {
        free(m->runs);
        free(m);
        return result;
    }
    *ret = m;
    return 0;
}

void monitor_free_message(struct core_message *message)
{
    switch (message->kind) {
    case CORE_RESTORED:
        free(message->restored.more);
        break;
    case CORE_COMMAND:
        free(message->command);
        break;
    case CORE_NOTIFY:
    case CORE_NOTIFY_OFFS:
        free(message->notify.report);
        break;
    case CORE_CALLED:
        free(message->called);
        break;
    case CORE_RUN:
        free(message->run);
        break;
    case CORE_BASELINE:
        free(message->baseline.source);
        break;
    case CORE_CALIBRATION:
        free(message->calibration);
        break;
    case CORE_RECORD:
        free(message->record.request);
        break;
    case CORE_CONFIG:
        config_unref(message->config.config);
        free(message->config.detail);
        limit_report_free(message->config.limits);
        break;
    case CORE_LIMITS:
        limit_report_free(message->limits);
        break;
    default:
        break;
    }
}

void monitor_free(struct monitor *m)
{
    struct core_message message;
    if (m == NULL)
        return;
    while (mailbox_take(m->parts.core, &message)) /* what came too late */
        monitor_free_message(&message);
    monitor_derive_drop(&m->derive);
    free(m->runs);
    engine_free(m->engine);
    config_unref(m->config);
    config_unref(m->reload.next);
    free(m->reload.difference);
    limit_report_free(m->reload.limits);
    free(m->alarms);
    free(m->devices);
    free(m->calibrated);
    free(m->dirty_assets);
    free(m->unshown);
    free(m->buses);
    rounds_free(m->rounds);
    free(m->by_eye);
    free(m->fallback_told);
    free(m->notify.report);
    free(m->notify.restored);
    free(m->baseline.source);
    free(m);
}

/* ---------------------------------------------------------------- messages */

/* What has to do with people, and what is kept of it. */
static void handle_people(struct monitor *m, struct core_message *message)
{
    switch (message->kind) {
    case CORE_BYPASSED:
        monitor_restore_bypass(m, message);
        break;
    case CORE_RUN:
        monitor_run_restore(m, message->run);
        break;
    case CORE_BASELINE:
        monitor_baseline_restore(m, message);
        break;
    case CORE_LIMITS:
        monitor_baseline_compared(m, message->generation, message->limits);
        break;
    case CORE_DRILLED:
        monitor_drill_restore(m, message);
        break;
    case CORE_ROUND:
        monitor_restore_round(m, message);
        break;
    case CORE_NOTIFY:
        monitor_notify(m, message);
        break;
    case CORE_NOTIFY_OFFS:
        monitor_restore_offs(m, message);
        break;
    case CORE_CALLED:
        monitor_called(m, message->called);
        break;
    case CORE_FALLBACK:
        monitor_fallback_result(m, message);
        break;
    case CORE_RECALLED:
        monitor_recalled(m, message->recalled);
        break;
    default:
        break;
    }
}

static void handle(struct monitor *m, struct core_message *message)
{
    switch (message->kind) {
    case CORE_SAMPLE:
        monitor_sample(m, message);
        break;
    case CORE_BATCH_END:
        monitor_publish_dirty(m);
        break;
    case CORE_BUS_EXITED:
        if (message->generation == m->config->generation)
            monitor_reload_bus_exited(m);
        break;
    case CORE_DIAGNOSTICS:
        monitor_diagnostics(m, message);
        break;
    case CORE_BUS_STATE:
        break; /* the bus has logged it, its points tell it */
    case CORE_COMMAND:
        monitor_command(m, message->command);
        break;
    case CORE_VERIFY:
        monitor_verify(m, message);
        break;
    case CORE_RECORD:
        monitor_record(m, message);
        break;
    case CORE_SNAPSHOT:
        monitor_send_page(m, message);
        break;
    case CORE_RELOAD:
        monitor_reload_ask(m, message->reload.ticket, message->reload.who, message->reload.reason);
        break;
    case CORE_CONFIG:
        monitor_reload_loaded(m, message);
        break;
    case CORE_FAULT:
        monitor_fault(m, message->fault.fault, FROM_OWNER, message->fault.failed, message->fault.detail);
        break;
    case CORE_DURABLE:
        monitor_answers_durable(m, message);
        break;
    case CORE_GAP:
        monitor_lost_records(m, message);
        break;
    case CORE_CUSTODY:
        monitor_custody(m, message);
        break;
    case CORE_STORE_OPEN:
        monitor_store_open(m, message);
        break;
    case CORE_RESTORED:
        monitor_restored(m, message);
        break;
    case CORE_CALIBRATION:
        monitor_calibration(m, message->calibration);
        break;
    case CORE_REVIEWED:
        if (message->reviewed.until_utc_us != 0)
            m->reviewed_until_us = message->reviewed.until_utc_us;
        break;
    default:
        handle_people(m, message);
    }
}

/* ---------------------------------------------------------------- housekeeping */

static void watch_queue(struct monitor *m, int64_t now_us)
{
    uint64_t dropped = mailbox_take_dropped(m->parts.core);
    if (dropped > 0) {
        char detail[NOTE_MAX], zh[NOTE_MAX];
        snprintf(detail, sizeof detail, "%llu messages", (unsigned long long)dropped);
        snprintf(zh, sizeof zh, "%llu 条消息", (unsigned long long)dropped);
        const struct announce_member members[] = {{.key = "count", .number = (int64_t)dropped},
                                                  {.key = "reason", .text = "the core's mailbox was full"}};
        monitor_event(m, clock_now(), "gap", members, 2);
        monitor_fault_words(m, FAULT_QUEUE, FROM_MONITOR, true, detail, zh);
        m->queue_lost_us = now_us;
    } else if (m->faults[FAULT_QUEUE].sources != 0 && now_us - m->queue_lost_us > QUEUE_CALM_US) {
        monitor_fault(m, FAULT_QUEUE, FROM_MONITOR, false, "");
    }
}

static void watch_disk(struct monitor *m, bool blocked)
{
    static const enum system_fault faults[] = {FAULT_STATE_DB, FAULT_HISTORY_DB};
    for (unsigned i = 0; i < 2; i++) {
        bool was = (m->faults[faults[i]].sources & FROM_MONITOR) != 0;
        if (was != blocked)
            monitor_fault_words(m, faults[i], FROM_MONITOR, blocked, DISK_HANGS);
    }
}

static void feed_watchdog(struct monitor *m, int64_t now_us)
{
    char late[HEARTBEAT_NAME];
    bool blocked = false;
    bool hung = heartbeat_find_late(m->parts.heartbeats, late, "store", &blocked);
    watch_disk(m, blocked);
    if (hung) {
        if (!m->watchdog_silent)
            log_line(LOG_CRIT, MID_WATCHDOG, "thread %s is hung: the watchdog is not fed any more", late);
        m->watchdog_silent = true;
        return;
    }
    m->watchdog_silent = false;
    if (m->watchdog_us > 0 && now_us >= m->next_watchdog_us) {
        service_watchdog();
        m->next_watchdog_us = now_us + (int64_t)m->watchdog_us / 4;
    }
}

static void tell_status(struct monitor *m)
{
    unsigned active = 0, unacknowledged = 0, held = 0;
    for (uint16_t i = 0; i < m->config->n_alarms; i++) {
        active += m->alarms[i].state == ALARM_UNACKNOWLEDGED || m->alarms[i].state == ALARM_ACKNOWLEDGED;
        held += alarm_state_is_held(m->alarms[i].state);
        unacknowledged +=
            m->alarms[i].state == ALARM_UNACKNOWLEDGED || m->alarms[i].state == ALARM_RETURNED_UNACKNOWLEDGED;
    }
    char status[sizeof m->status];
    snprintf(status, sizeof status,
             "%u assets, %u points; %u alarms, %u not acknowledged, %u kept quiet; broker %s; disk %s",
             m->config->n_assets - 1U, m->config->n_points, active, unacknowledged, held,
             !m->config->mqtt.enabled   ? "none"
             : monitor_broker_failed(m) ? "UNREACHABLE"
                                        : "ok",
             monitor_disk_failed(m) ? "FAILING" : "ok");
    if (strcmp(status, m->status) != 0) {
        memcpy(m->status, status, sizeof status);
        service_status(status);
    }
}

/* What has to do with people: is there somebody, do they confirm, do they look. */
static void watch_people(struct monitor *m, int64_t now_us)
{
    monitor_watch_bypasses(m);
    monitor_watch_beyond(m);
    monitor_watch_rounds(m);
    monitor_watch_drill(m);
    monitor_watch_notify(m, now_us);
    monitor_watch_fallback(m, now_us);
    monitor_tell_disabled(m);
}

static void housekeeping(struct monitor *m)
{
    int64_t now_us = clock_boot_us();
    if (now_us < m->next_housekeeping_us)
        return;
    m->next_housekeeping_us = now_us + HOUSEKEEPING_US;
    monitor_watch_clock(m);
    watch_queue(m, now_us);
    monitor_watch_review(m);
    feed_watchdog(m, now_us);
    watch_people(m, now_us);
    tell_status(m);
    monitor_retry(m);
    monitor_watch_derived(m);
    monitor_watch_refresh(m, now_us);
    monitor_reload_tick(m, now_us);
}

static void take_signals(struct monitor *m)
{
    struct signalfd_siginfo info;
    while (read(m->parts.signal_fd, &info, sizeof info) == (ssize_t)sizeof info) {
        if (info.ssi_signo == SIGHUP)
            monitor_reload_ask(m, 0, "SIGHUP", "");
        else
            m->stop = true;
    }
}

/* ---------------------------------------------------------------- running */

/* What comes before the sequence numbers are known: it is noted, and made into events afterwards. */
static void note_early(struct monitor *m, struct core_message *message)
{
    struct fault_record *record = &m->faults[message->kind == CORE_FAULT ? message->fault.fault : 0];
    if (message->kind != CORE_FAULT) {
        handle(m, message);
        return;
    }
    record->sources = message->fault.failed ? FROM_OWNER : 0;
    monitor_fault_detail(record, message->fault.detail, message->fault.detail);
}

/* Waits for what the store knows of earlier runs: until it has opened state.db, or has said that it can't. */
static void take_up(struct monitor *m)
{
    struct core_message message;
    struct fault_record *fault = &m->faults[FAULT_STATE_DB];
    int64_t deadline_us = clock_boot_us() + STORE_WAIT_US;
    while (!m->store_known && fault->sources == 0 && !m->stop && clock_boot_us() < deadline_us) {
        (void)mailbox_wait(m->parts.core, m->parts.signal_fd, deadline_us);
        take_signals(m);
        while (!m->store_known && mailbox_take(m->parts.core, &message))
            note_early(m, &message);
    }
    if (m->store_known)
        return;
    if (fault->sources == 0) { /* slower than we can wait */
        fault->sources = FROM_OWNER;
        monitor_fault_detail(fault, DISK_HANGS);
    }
    log_line(LOG_CRIT, MID_STORE, "starting without the state database: %s", fault->detail[LANGUAGE_EN]);
}

static void begin(struct monitor *m)
{
    char hash[65];
    take_up(m);
    for (unsigned i = 0; i < 32; i++)
        snprintf(hash + 2 * (size_t)i, 3, "%02x", m->config->sha256[i]);
    const struct announce_member members[] = {{.key = "version", .text = CRYOMON_VERSION},
                                              {.key = "configuration", .text = hash}};
    struct store_message message;
    struct stamp now = clock_now();
    struct event_record *event = monitor_begin_event(m, &message, "start", now);
    announce_event(m->config, m->parts.run_id, event->seq, now, "start", members, 2, event->body);
    if (m->store_known && !m->baseline.known)
        monitor_baseline_set(m, event); /* the first start ever: from here on limits are compared */
    monitor_send_event(m, &message);
    monitor_remove_unknown(m);
    int result = publisher_start(m->parts.publisher, m->parts.core, store_mailbox(m->parts.store));
    if (result < 0)
        monitor_fault_words(m, FAULT_BROKER, FROM_MONITOR, true, "the publisher thread cannot start",
                            "发布线程无法启动");
    monitor_settle_faults(m);
    monitor_carry_bypasses(m);
    result = monitor_start_buses(m);
    if (result < 0)
        log_line(LOG_CRIT, MID_BUS, "cannot start the buses: %s", strerrordesc_np(-result));
    m->started = true;
    monitor_baseline_start(m);
    monitor_recall_start(m);
    tell_status(m);
    service_ready(m->status);
    log_line(LOG_NOTICE, MID_START, "cryomond %s: site %s, %u assets, %u points, %u alarms", CRYOMON_VERSION,
             m->config->site_id, m->config->n_assets - 1U, m->config->n_points, m->config->n_alarms);
}

static int64_t next_deadline(const struct monitor *m)
{
    int64_t deadline_us = engine_next_deadline(m->engine);
    if (m->next_housekeeping_us < deadline_us)
        deadline_us = m->next_housekeeping_us;
    const int64_t others_us[] = {monitor_reload_deadline(m), monitor_answers_deadline(m)};
    for (unsigned i = 0; i < 2; i++)
        deadline_us = others_us[i] < deadline_us ? others_us[i] : deadline_us;
    return deadline_us;
}

bool monitor_run(struct monitor *m)
{
    struct core_message message;
    begin(m);
    while (!m->stop) {
        (void)mailbox_wait(m->parts.core, m->parts.signal_fd, next_deadline(m));
        for (int i = 0; i < MESSAGES_PER_TURN && mailbox_take(m->parts.core, &message); i++)
            handle(m, &message);
        struct event tick = {.kind = EVENT_TICK};
        (void)monitor_feed(m, &tick, NULL);
        if (m->service_ended)
            monitor_watch_bypasses(m);
        monitor_stale_points(m);
        monitor_publish_dirty(m);
        monitor_answers_tick(m, clock_boot_us());
        housekeeping(m);
        take_signals(m);
    }
    service_stopping();
    log_line(LOG_NOTICE, MID_STOP, "stopping");
    monitor_answers_finish(m);
    monitor_stop_buses(m, clock_boot_us() + STOP_BUSES_US);
    monitor_event(m, clock_now(), "stop", NULL, 0);
    const bool recalls_ended = monitor_recall_stop(m);
    return recalls_ended && !m->stragglers && !m->reload.loader_running;
}
