#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "clock.h"
#include "log.h"
#include "monitor_internal.h"
#include "service.h"
#include "settings.h"

#define STOP_BUSES_US (5 * SECOND_US) /* a bus that the system holds up (a driver) is left behind */

/* ---------------------------------------------------------------- loading */

/* The files are read on a thread of their own: a slow disk must not hold up alarms. */
struct load {
    struct mailbox *core;
    uint32_t generation;
    struct config *running;
    char *baseline; /* the source of the configuration whose limits are explained */
    bool compare;
    char dir[256];
};

static char *problems_text(const struct problems *problems)
{
    char *text = NULL;
    size_t len = 0;
    FILE *stream = open_memstream(&text, &len);
    if (stream == NULL)
        return NULL;
    problems_print(problems, stream);
    return fclose(stream) == 0 ? text : NULL;
}

/* Lists end with a newline; in a message that is one too many. */
static void trim(char *text)
{
    for (size_t n = text != NULL ? strlen(text) : 0; n > 0 && text[n - 1] == '\n'; n--)
        text[n - 1] = '\0';
}

static void *load_config(void *argument)
{
    struct load *load = argument;
    struct problems problems = {0}, warnings = {0};
    struct core_message message = {.kind = CORE_CONFIG};
    struct config *config = NULL;
    if (settings_load(load->dir, load->generation, &problems, &warnings, &config) == 0 &&
        config_keep_programs(config, load->running) < 0) {
        config_unref(config);
        config = NULL;
    }
    if (config != NULL) {
        message.config.config = config;
        message.config.detail = settings_diff(load->running, config);
        if (load->compare)
            message.config.limits = monitor_baseline_compare(
                load->baseline, load->baseline != NULL ? strlen(load->baseline) : 0, config);
    } else {
        message.config.detail = problems.n > 0 ? problems_text(&problems) : NULL; /* none: no memory */
    }
    problems_free(&problems);
    problems_free(&warnings);
    trim(message.config.detail);
    while (mailbox_try(load->core, MAILBOX_RESERVED, &message) < 0)
        usleep(10000);
    config_unref(load->running);
    free(load->baseline);
    free(load);
    return NULL;
}

/* first_seq: see struct answer; 0: it has caused nothing. */
static void tell_client(struct monitor *m, uint32_t ticket, int error, const char *detail, uint64_t first_seq)
{
    struct answer answer = monitor_answer_begin(m, ORIGIN_CONTROL, ticket);
    answer.result.error = error;
    answer.detail = detail;
    if (first_seq != 0)
        answer.first_seq = first_seq;
    monitor_answer(m, &answer);
}

void monitor_reload_ask(struct monitor *m, uint32_t ticket, const char *who, const char *reason)
{
    struct reload *r = &m->reload;
    if (r->phase != RELOAD_NONE) {
        r->again = true; /* the files may have changed since this one began */
        snprintf(r->again_who, sizeof r->again_who, "%s", who);
        snprintf(r->again_reason, sizeof r->again_reason, "%s", reason);
        tell_client(m, ticket, -EBUSY, NULL, 0);
        return;
    }
    struct load *load = calloc(1, sizeof *load);
    int error = load == NULL ? -ENOMEM : 0;
    service_reloading();
    if (error == 0) {
        load->core = m->parts.core;
        load->generation = m->config->generation + 1;
        load->running = config_ref(m->config);
        load->compare = m->baseline.known;
        load->baseline = monitor_baseline_copy(m);
        snprintf(load->dir, sizeof load->dir, "%s", m->parts.config_dir);
        error = -pthread_create(&r->loader, NULL, load_config, load);
        if (error < 0) {
            config_unref(load->running);
            free(load->baseline);
            free(load);
        }
    }
    if (error < 0) {
        log_line(LOG_ERR, MID_CONFIG_ERROR, "cannot reload: %s", strerrordesc_np(-error));
        tell_client(m, ticket, error, NULL, 0);
        service_ready(m->status);
        return;
    }
    r->phase = RELOAD_LOADING;
    r->loader_running = true;
    r->ticket = ticket;
    snprintf(r->who, sizeof r->who, "%s", who);
    snprintf(r->reason, sizeof r->reason, "%s", reason);
}

/* ---------------------------------------------------------------- the switch */

static void finish(struct monitor *m, int error, const char *detail)
{
    struct reload *r = &m->reload;
    bool again = r->again;
    char who[WHO_MAX], reason[NOTE_MAX];
    memcpy(who, r->again_who, sizeof who);
    memcpy(reason, r->again_reason, sizeof reason);
    tell_client(m, r->ticket, error, detail, r->first_seq);
    free(r->difference);
    limit_report_free(r->limits);
    *r = (struct reload){.phase = RELOAD_NONE};
    service_ready(m->status);
    if (again)
        monitor_reload_ask(m, 0, who, reason);
}

/* At most so many bytes, and no part of a character. */
static int length_up_to(const char *text, size_t most)
{
    size_t len = strcspn(text, "\n");
    if (len > most)
        len = most;
    while (len > 0 && ((unsigned char)text[len] & 0xC0) == 0x80)
        len--;
    return (int)len;
}

/* The first mistake, and how many more there are: what fits into an alarm. */
static void tell_refused(struct monitor *m, const char *detail, const char *detail_zh)
{
    char en[2 * NOTE_MAX], zh[2 * NOTE_MAX], more_en[48] = "", more_zh[48] = "";
    size_t more = 0;
    for (const char *p = detail + strcspn(detail, "\n"); *p != '\0'; p++)
        more += p[0] == '\n' && p[1] != '\0' && p[1] != '\n';
    if (more > 0) {
        snprintf(more_en, sizeof more_en, " (and %zu more)", more);
        snprintf(more_zh, sizeof more_zh, "（另有 %zu 处）", more);
    }
    snprintf(en, sizeof en, "a new one was refused, the old one stays in force: %.*s%s",
             length_up_to(detail, 170), detail, more_en);
    snprintf(zh, sizeof zh, "新配置未生效，仍使用旧配置：%.*s%s", length_up_to(detail_zh, 170), detail_zh,
             more_zh);
    monitor_fault(m, FAULT_CONFIG, FROM_MONITOR, false, ""); /* refused once more: that is news again */
    monitor_fault_words(m, FAULT_CONFIG, FROM_MONITOR, true, en, zh);
}

/* detail: what a person must correct, line by line; the Chinese one need not have more than the first. What
 * the settings say of a mistake is English. */
static void refused(struct monitor *m, const char *detail, const char *detail_zh)
{
    log_line(LOG_ERR, MID_CONFIG_ERROR, "configuration refused, the old one stays in force");
    for (const char *line = detail; *line != '\0'; line += strcspn(line, "\n"), line += *line == '\n')
        log_line(LOG_ERR, MID_CONFIG_ERROR, "%.*s", (int)strcspn(line, "\n"), line);
    const struct announce_member members[] = {
        {.key = "by", .text = m->reload.who},
        {.key = "detail", .text = detail},
    };
    monitor_event(m, clock_now(), "configuration-refused", members, 2);
    tell_refused(m, detail, detail_zh);
    finish(m, -EINVAL, detail);
}

/* Settings that a running daemon can't change: their name, or NULL. */
static const char *needs_restart(const struct config *old, const struct config *config)
{
    if (strcmp(old->storage.directory, config->storage.directory) != 0)
        return "storage.directory";
    return strcmp(old->control_socket, config->control_socket) != 0 ? "control.socket" : NULL;
}

/* Limits were changed, and nobody says why. */
static void refuse_without_reason(struct monitor *m, const struct limit_report *limits)
{
    const char *lines = limits->lines != NULL ? limits->lines : "";
    size_t cap = strlen(lines) + 128;
    char *text = malloc(cap);
    if (text == NULL) {
        refused(m, "changes of limits need a reason: cryoctl reload --reason TEXT",
                "限值变更须说明原因：cryoctl reload --reason 原因");
        return;
    }
    char zh[NOTE_MAX];
    snprintf(zh, sizeof zh, "%zu 处限值变更须说明原因：cryoctl reload --reason 原因", limits->n);
    snprintf(text, cap, "%zu change%s of limits need%s a reason: cryoctl reload --reason TEXT\n%s", limits->n,
             limits->n == 1 ? "" : "s", limits->n == 1 ? "s" : "", lines);
    trim(text);
    refused(m, text, zh);
    free(text);
}

void monitor_reload_loaded(struct monitor *m, struct core_message *message)
{
    struct reload *r = &m->reload;
    struct config *config = message->config.config;
    char *detail = message->config.detail;
    pthread_join(r->loader, NULL);
    r->loader_running = false;
    r->first_seq = m->next_seq;
    r->limits = message->config.limits;
    if (config == NULL) {
        refused(m, detail != NULL ? detail : "not enough memory", detail != NULL ? detail : "内存不足");
        free(detail);
        return;
    }
    if (r->limits != NULL && r->limits->n > 0 && r->reason[0] == '\0') {
        config_unref(config);
        free(detail);
        refuse_without_reason(m, r->limits);
        return;
    }
    const char *fixed = needs_restart(m->config, config);
    if (fixed != NULL) {
        char text[NOTE_MAX], zh[NOTE_MAX];
        snprintf(text, sizeof text, "%s has changed: that takes a restart (systemctl restart cryomond)",
                 fixed);
        snprintf(zh, sizeof zh, "%s 已更改：需要重启（systemctl restart cryomond）", fixed);
        config_unref(config);
        free(detail);
        refused(m, text, zh);
        return;
    }
    r->next = config;
    r->difference = detail;
    r->phase = RELOAD_STOPPING_BUSES;
    r->deadline_us = clock_boot_us() + STOP_BUSES_US;
    if (m->stop_fd >= 0)
        (void)eventfd_write(m->stop_fd, 1);
    monitor_reload_tick(m, clock_boot_us()); /* there may be no bus to wait for */
}

static bool same_device(const struct config *a, const struct device_config *d, const struct config *b,
                        const struct device_config *e)
{
    const struct bus_config *p = &a->buses[d->bus], *q = &b->buses[e->bus];
    return strcmp(d->id, e->id) == 0 && d->unit == e->unit && p->kind == q->kind &&
           strcmp(p->host, q->host) == 0 && p->port == q->port && strcmp(p->device, q->device) == 0;
}

/* Does the point mean the same registers, read in the same way? Otherwise its last reading is not this
 * point's. */
static bool same_source(const struct config *a, uint16_t i, const struct config *b, uint16_t j)
{
    const struct point_config *p = &a->points[i], *q = &b->points[j];
    if (strcmp(p->unit, q->unit) != 0 || !decode_same(&p->format, &q->format) ||
        config_is_derived(a, i) != config_is_derived(b, j))
        return false;
    if (config_is_derived(a, i)) /* by its name: what is derived anew replaces it soon */
        return true;
    return same_device(a, &a->devices[p->device], b, &b->devices[q->device]) && p->table == q->table &&
           p->address == q->address;
}

/* What is known of points and alarms goes over by name. */
static void carry_points(struct monitor *m, const struct config *old, const struct engine *old_engine,
                         const struct calibrated *old_calibrated)
{
    const struct config *config = m->config;
    for (uint16_t i = 0; i < old->n_points; i++) {
        const struct point_config *p = &old->points[i];
        int j = config_find_point(config, old->assets[p->asset].id, p->id);
        struct point_view view = engine_point(old_engine, i);
        if (j < 0 || !same_source(old, i, config, (uint16_t)j))
            continue;
        if (view.reading.quality != QUALITY_BAD) { /* as the new configuration has it */
            view.reading.value =
                old_calibrated[i].calibration > 0 ? old_calibrated[i].as_read : view.reading.value;
            m->calibrated[j] = config_calibrate(config, (uint16_t)j, view.at.utc_us, &view.reading);
        }
        engine_restore_point(m->engine, (uint16_t)j, &view.reading, view.at, view.last_data_boot_us);
        engine_inherit_point(m->engine, (uint16_t)j, old_engine, i);
        if (view.reading.reason != REASON_NEVER_READ)
            monitor_publish_point(m, (uint16_t)j, &view);
    }
}

/* All alarms first, before anything is fed: groups count their members then. */
static void carry_alarms(struct monitor *m, const struct config *old, const struct engine *old_engine,
                         const struct alarm_record *old_alarms)
{
    for (uint16_t i = 0; i < old->n_alarms; i++) {
        int j = config_find_alarm(m->config, old->assets[old->alarms[i].asset].id, old->alarms[i].id);
        const struct alarm_memory memory = engine_memory(old_engine, i);
        if (j < 0)
            continue;
        monitor_restore_alarm(m, (uint16_t)j, &old_alarms[i], &memory);
        engine_inherit_alarm(m->engine, (uint16_t)j, old_engine, i);
        engine_restore_pending(m->engine, (uint16_t)j,
                               engine_pending_since(old_engine, i)); /* goes on running */
    }
    for (uint16_t i = 0; i < old->n_alarms; i++) {
        const char *asset = old->assets[old->alarms[i].asset].id;
        if (old_alarms[i].state != ALARM_NORMAL && config_find_alarm(m->config, asset, old->alarms[i].id) < 0)
            monitor_remove_alarm(m, asset, old->alarms[i].id, old_alarms[i].state,
                                 old_alarms[i].raised_utc_us);
    }
}

static void carry_rounds(struct monitor *m, const struct config *old, const struct rounds *old_rounds,
                         const struct by_eye *old_by_eye)
{
    for (uint16_t i = 0; i < old->n_points; i++) {
        int j = config_find_point(m->config, old->assets[old->points[i].asset].id, old->points[i].id);
        if (j < 0)
            continue;
        rounds_inherit(m->rounds, (uint16_t)j, old_rounds, i);
        m->by_eye[j] = old_by_eye[i];
    }
}

/* A fault that lasts is the engine's business again after the switch. */
static void refeed_faults(struct monitor *m)
{
    for (unsigned i = 0; i < FAULT_COUNT; i++) {
        struct event event = {.kind = EVENT_FAULT};
        event.fault.fault = (enum system_fault)i;
        event.fault.failed = m->faults[i].sources != 0;
        (void)monitor_feed(m, &event, NULL);
    }
}

/* The change, with its reason; from here on limits are compared with this configuration. */
static void tell_configuration(struct monitor *m)
{
    const struct reload *r = &m->reload;
    char hash[65];
    for (unsigned i = 0; i < 32; i++)
        snprintf(hash + 2 * (size_t)i, 3, "%02x", m->config->sha256[i]);
    const struct announce_member members[] = {
        {.key = "by", .text = r->who},
        {.key = "sha256", .text = hash},
        {.key = "reason",
         .text = r->reason[0] != '\0' ? r->reason : NULL,
         .raw = r->reason[0] != '\0' ? NULL : "null"},
        {.key = "limits", .raw = r->limits != NULL ? r->limits->json : "[]"},
        {.key = "n_limits", .number = r->limits != NULL ? (int64_t)r->limits->n : 0},
        {.key = "difference", .text = r->difference != NULL ? r->difference : ""},
    };
    struct store_message message;
    struct stamp now = clock_now();
    struct event_record *event = monitor_begin_event(m, &message, "configuration", now);
    announce_event(m->config, m->parts.run_id, event->seq, now, "configuration", members,
                   sizeof members / sizeof *members, event->body);
    monitor_baseline_set(m, event);
    monitor_send_event(m, &message);
}

static void switch_over(struct monitor *m)
{
    struct reload *r = &m->reload;
    struct config *old = m->config;
    struct engine *old_engine = m->engine;
    struct alarm_record *old_alarms = m->alarms;
    struct device_record *old_devices = m->devices;
    struct calibrated *old_calibrated = m->calibrated;
    bool *old_dirty = m->dirty_assets, *old_unshown = m->unshown;
    struct bus **old_buses = m->buses;
    struct rounds *old_rounds = m->rounds;
    struct by_eye *old_by_eye = m->by_eye;
    int64_t *old_told = m->fallback_told;
    struct derive_watch old_derive = m->derive;
    monitor_release_buses(m);
    int result = monitor_make_tables(m, r->next);
    if (result < 0) { /* nothing was changed: the old one goes on */
        config_unref(r->next);
        r->next = NULL;
        (void)monitor_start_buses(m);
        refused(m, strerrordesc_np(-result), strerrordesc_np(-result));
        return;
    }
    if (old_derive.recall != NULL) {
        m->derive.recall = old_derive.recall;
        monitor_recall_cancel(m);
    }
    config_unref(r->next); /* the tables hold one of their own */
    r->next = NULL;
    m->config_untold = READER_STORE | READER_PUBLISHER | READER_CONTROL;
    monitor_tell_config(m);
    carry_alarms(m, old, old_engine, old_alarms);
    carry_points(m, old, old_engine, old_calibrated);
    carry_rounds(m, old, old_rounds, old_by_eye);
    monitor_carry_tempo(m, old);
    engine_free(old_engine);
    free(old_alarms);
    free(old_calibrated);
    free(old_devices); /* counting begins anew with the buses */
    free(old_dirty);
    free(old_unshown);
    free(old_buses);
    rounds_free(old_rounds);
    free(old_by_eye);
    monitor_derive_drop(&old_derive);
    free(old_told); /* the command is told once more: better twice than not at all */
    config_unref(old);
    refeed_faults(m);
    monitor_carry_bypasses(m);
    tell_configuration(m);
    monitor_fault(m, FAULT_CONFIG, FROM_MONITOR, false, "");
    monitor_fault(m, FAULT_CONFIG, FROM_OWNER, false, "");
    log_line(LOG_NOTICE, MID_CONFIG, "configuration reloaded: %u assets, %u points, %u alarms",
             m->config->n_assets - 1U, m->config->n_points, m->config->n_alarms);
    result = monitor_start_buses(m);
    if (result < 0)
        log_line(LOG_CRIT, MID_BUS, "cannot start the buses: %s", strerrordesc_np(-result));
    monitor_recall_start(m);
    finish(m, 0, NULL);
}

void monitor_reload_bus_exited(struct monitor *m)
{
    if (m->buses_running > 0)
        m->buses_running--;
    monitor_reload_tick(m, clock_boot_us());
}

int64_t monitor_reload_deadline(const struct monitor *m)
{
    return m->reload.phase == RELOAD_STOPPING_BUSES ? m->reload.deadline_us : INT64_MAX;
}

void monitor_reload_tick(struct monitor *m, int64_t now_us)
{
    if (m->reload.phase == RELOAD_STOPPING_BUSES &&
        (m->buses_running == 0 || now_us >= m->reload.deadline_us))
        switch_over(m);
}
