/* monitor_baseline.c - a change of limits needs a reason. What is compared is not the configuration before,
 * but the last one whose limits are explained (the baseline): so nothing is forgotten by restarting twice. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "json_text.h"
#include "limit_changes.h"
#include "log.h"
#include "monitor_internal.h"
#include "settings.h"

#define LISTED_BYTES 1500 /* of the changes in an event; their number stands beside */

void monitor_baseline_restore(struct monitor *m, struct core_message *message)
{
    free(m->baseline.source);
    m->baseline.known = message->baseline.known;
    m->baseline.source = message->baseline.source;
    m->baseline.len = message->baseline.len;
    memcpy(m->baseline.sha256, message->baseline.sha256, sizeof m->baseline.sha256);
}

void limit_report_free(struct limit_report *report)
{
    if (report == NULL)
        return;
    free(report->lines);
    free(report);
}

static void list(const struct limit_changes *changes, char json[LIMITS_JSON_MAX])
{
    size_t n = changes->n;
    for (;; n /= 2) { /* few fit in any case */
        struct json_text j;
        json_text_begin(&j, json, LISTED_BYTES);
        json_text_array(&j, NULL);
        for (size_t i = 0; i < n; i++) {
            json_text_object(&j, NULL);
            json_text_string(&j, "what", changes->items[i].what);
            json_text_string(&j, "before", changes->items[i].before);
            json_text_string(&j, "after", changes->items[i].after);
            json_text_end(&j);
        }
        json_text_end(&j);
        if (json_text_finish(&j) >= 0 || n == 0)
            return;
    }
}

static struct limit_report *lost(void)
{
    struct limit_report *report = calloc(1, sizeof *report);
    if (report == NULL)
        return NULL;
    report->n = 1;
    report->lines = strdup("(the configuration before can't be read any more)");
    snprintf(
        report->json, sizeof report->json,
        "[{\"what\":\"(the configuration before can't be read any more)\",\"before\":null,\"after\":null}]");
    return report;
}

struct limit_report *monitor_baseline_compare(const char *source, size_t len, const struct config *config)
{
    struct problems problems = {0}, warnings = {0};
    struct config *before = NULL;
    struct limit_changes changes = {0};
    if (source == NULL || settings_load_source(source, len, &problems, &warnings, &before) < 0) {
        problems_free(&problems);
        problems_free(&warnings);
        return lost();
    }
    struct limit_report *report = calloc(1, sizeof *report);
    if (report == NULL || limit_changes_compare(before, config, &changes) < 0) {
        limit_report_free(report);
        report = lost();
    } else {
        report->n = changes.n;
        report->lines = limit_changes_print(&changes);
        list(&changes, report->json);
    }
    limit_changes_free(&changes);
    config_unref(before);
    problems_free(&problems);
    problems_free(&warnings);
    return report;
}

char *monitor_baseline_copy(const struct monitor *m)
{
    return m->baseline.source != NULL ? strdup(m->baseline.source) : NULL;
}

static bool differs(const struct monitor *m, const struct config *config)
{
    return m->baseline.known && memcmp(m->baseline.sha256, config->sha256, sizeof config->sha256) != 0;
}

/* The configuration in force becomes what later ones are compared with: with the event that says so. */
void monitor_baseline_set(struct monitor *m, struct event_record *event)
{
    const struct config *config = m->config;
    free(m->baseline.source);
    m->baseline.known = true;
    m->baseline.source = config->source != NULL ? strdup(config->source) : NULL;
    m->baseline.len = m->baseline.source != NULL ? strlen(m->baseline.source) : 0;
    memcpy(m->baseline.sha256, config->sha256, sizeof m->baseline.sha256);
    event->has_baseline = true;
    memcpy(event->baseline, config->sha256, sizeof event->baseline);
}

/* ---------------------------------------------------------------- at the start */

struct job {
    struct mailbox *core;
    struct config *config;
    char *source;
};

static void *compare(void *argument)
{
    struct job *job = argument;
    struct core_message message = {.kind = CORE_LIMITS, .generation = job->config->generation};
    message.limits =
        monitor_baseline_compare(job->source, job->source != NULL ? strlen(job->source) : 0, job->config);
    if (mailbox_post(job->core, MAILBOX_RESERVED, &message) < 0)
        limit_report_free(message.limits);
    config_unref(job->config);
    free(job->source);
    free(job);
    return NULL;
}

void monitor_baseline_start(struct monitor *m)
{
    struct job *job;
    pthread_t thread;
    pthread_attr_t attr;
    if (!differs(m, m->config)) {
        if (m->baseline.known) /* what was refused in an earlier run is not in force, or was explained */
            monitor_fault(m, FAULT_CONFIG, FROM_OWNER, false, "");
        return;
    }
    job = calloc(1, sizeof *job);
    if (job == NULL)
        return;
    *job = (struct job){m->parts.core, config_ref(m->config), monitor_baseline_copy(m)};
    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    int error = pthread_create(&thread, &attr, compare, job);
    pthread_attr_destroy(&attr);
    if (error == 0)
        return;
    log_line(LOG_ERR, MID_CONFIG, "the limits could not be compared: %s", strerrordesc_np(error));
    config_unref(job->config);
    free(job->source);
    free(job);
}

static void hex_of(const unsigned char sha256[32], char hex[65])
{
    for (unsigned i = 0; i < 32; i++)
        snprintf(hex + 2 * (size_t)i, 3, "%02x", sha256[i]);
}

void monitor_baseline_compared(struct monitor *m, uint32_t generation, struct limit_report *report)
{
    char hash[65], detail[NOTE_MAX], zh[NOTE_MAX];
    if (report == NULL || generation != m->config->generation) {
        limit_report_free(report);
        return;
    }
    hex_of(m->config->sha256, hash);
    const struct announce_member members[] = {
        {.key = "by", .text = "start"},
        {.key = "sha256", .text = hash},
        {.key = "reason", .raw = "null"},
        {.key = "limits", .raw = report->json},
        {.key = "n_limits", .number = (int64_t)report->n},
    };
    struct store_message message;
    struct stamp now = clock_now();
    struct event_record *event = monitor_begin_event(m, &message, "configuration", now);
    announce_event(m->config, m->parts.run_id, event->seq, now, "configuration", members,
                   sizeof members / sizeof *members, event->body);
    if (report->n == 0)
        monitor_baseline_set(m, event);
    monitor_send_event(m, &message);
    snprintf(detail, sizeof detail,
             "%zu change%s of limits %s in force without a reason: cryoctl reload --reason TEXT", report->n,
             report->n == 1 ? "" : "s", report->n == 1 ? "is" : "are");
    snprintf(zh, sizeof zh, "%zu 处限值变更已生效但未说明原因：cryoctl reload --reason 原因", report->n);
    if (report->n > 0)
        log_line(LOG_WARNING, MID_CONFIG, "%s\n%s", detail, report->lines != NULL ? report->lines : "");
    monitor_troubles_tell(m, FAULT_CONFIG, FROM_OWNER, report->n > 0, report->n > 0, detail, zh);
    limit_report_free(report);
}
