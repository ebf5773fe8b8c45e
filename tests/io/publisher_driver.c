/*
 * publisher_driver.c - runs the publisher as the daemon does, with core and store played by the lines of
 * stdin.
 *
 *   publisher_driver DIR KEY=VALUE...      uri user password_file credential ca cert key ha commands site
 * small
 *
 * What it posts to core and store is printed: "fault 0|1 DETAIL", "sent SEQ", "ack ASSET ALARM WHO TICKET
 * NOTE". DIR/outbox is the outbox on disk: "E SEQ BODY" when an event is stored, "S SEQ" when it was sent.
 */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "log.h"
#include "publisher.h"
#include "publisher_fixture.h"
#include "request.h"

struct driver {
    struct mailbox *core, *store;
    struct publisher *publisher;
    struct config *config;
    FILE *outbox;
    pthread_mutex_t lock; /* of outbox */
    atomic_bool ending;
};

static void post(struct driver *d, enum mailbox_class class, struct publisher_message *message)
{
    message->generation = d->config->generation;
    while (mailbox_post(publisher_mailbox(d->publisher), class, message) < 0)
        usleep(1000);
}

static void print_core(const struct core_message *m)
{
    if (m->kind == CORE_FAULT && m->fault.fault == FAULT_BROKER)
        printf("fault %d %s\n", m->fault.failed, m->fault.detail);
    else if (m->kind == CORE_COMMAND) {
        const struct command_request *r = m->command;
        printf("%s %s %s %s %" PRIu32 " %s\n",
               r->verb == COMMAND_ACKNOWLEDGE ? "ack" : request_verb_name(r->verb), r->asset, r->alarm,
               r->who, r->ticket, r->note);
        free(m->command);
    } else if (m->kind == CORE_NOTIFY) {
        free(m->notify.report);
    } else if (m->kind == CORE_CALLED) {
        free(m->called);
    }
}

static void *listen(void *context)
{
    struct driver *d = context;
    struct core_message core;
    struct store_message store;
    while (!atomic_load(&d->ending)) {
        (void)mailbox_wait(d->core, mailbox_fd(d->store), clock_boot_us() + 50 * MS_US);
        while (mailbox_take(d->core, &core))
            print_core(&core);
        while (mailbox_take(d->store, &store)) {
            if (store.kind != STORE_SENT)
                continue;
            pthread_mutex_lock(&d->lock);
            fprintf(d->outbox, "S %" PRIu64 "\n", store.sent_seq);
            fflush(d->outbox);
            pthread_mutex_unlock(&d->lock);
            printf("sent %" PRIu64 "\n", store.sent_seq);
        }
        fflush(stdout);
    }
    return NULL;
}

static void event(struct driver *d, uint64_t seq, bool durable)
{
    struct publisher_message m = {.kind = PUBLISHER_EVENT};
    m.event.seq = seq;
    m.event.at = clock_now();
    strcpy(m.event.kind, "alarm");
    snprintf(m.event.body, sizeof m.event.body,
             "{\"seq\":%" PRIu64 ",\"posted\":%" PRId64 ",\"text\":{\"en\":\"Tank 1: too warm\"}}", seq,
             m.event.at.utc_us);
    if (durable) {
        pthread_mutex_lock(&d->lock);
        fprintf(d->outbox, "E %" PRIu64 " %s\n", seq, m.event.body);
        fflush(d->outbox);
        pthread_mutex_unlock(&d->lock);
    }
    post(d, MAILBOX_RESERVED, &m);
}

static void durable(struct driver *d, uint64_t seq)
{
    struct publisher_message m = {.kind = PUBLISHER_DURABLE, .durable_seq = seq};
    post(d, MAILBOX_ORDINARY, &m);
}

static void alarm_state(struct driver *d, const char *args)
{
    struct publisher_message m = {.kind = PUBLISHER_ALARM};
    char *rest;
    m.alarm.alarm = (uint16_t)strtoul(args, &rest, 10);
    rest += *rest == ' ';
    snprintf(m.alarm.body, sizeof m.alarm.body, "%s", strcmp(rest, "-") == 0 ? "" : rest);
    post(d, MAILBOX_RESERVED, &m);
}

static void point(struct driver *d, const char *args)
{
    struct publisher_message m = {.kind = PUBLISHER_POINT};
    char *rest;
    m.point.point = (uint16_t)strtoul(args, &rest, 10);
    m.point.reading.value = strtoll(rest, &rest, 10);
    m.point.reading.quality = (enum quality)strtoul(rest, &rest, 10);
    m.point.reading.reason = (enum reason)strtoul(rest, &rest, 10);
    m.point.taken = clock_now();
    post(d, MAILBOX_ORDINARY, &m);
}

static void reload(struct driver *d, char *args)
{
    char *words[32] = {NULL};
    int n = 0;
    for (char *word = strtok(args, " "); word != NULL && n < 32; word = strtok(NULL, " "))
        words[n++] = word;
    struct config *config = fixture_config(words, n, d->config->storage.directory, d->config->generation + 1);
    struct publisher_message m = {.kind = PUBLISHER_CONFIG, .config = config_ref(config)};
    config_unref(d->config);
    d->config = config;
    post(d, MAILBOX_RESERVED, &m);
}

static void obey(struct driver *d, char *line)
{
    char *args = strchr(line, ' ');
    args = args != NULL ? args + 1 : line + strlen(line);
    uint64_t seq = strtoull(args, NULL, 10);
    struct publisher_message m = {0};
    if (strncmp(line, "event ", 6) == 0) {
        event(d, seq, true);
        durable(d, seq);
    } else if (strncmp(line, "hold ", 5) == 0) {
        event(d, seq, false);
    } else if (strncmp(line, "store ", 6) == 0) {
        event(d, seq, true);
    } else if (strncmp(line, "durable ", 8) == 0) {
        durable(d, seq);
    } else if (strncmp(line, "alarm ", 6) == 0) {
        alarm_state(d, args);
    } else if (strncmp(line, "point ", 6) == 0) {
        point(d, args);
    } else if (strncmp(line, "head ", 5) == 0) {
        m.kind = PUBLISHER_HEAD;
        snprintf(m.head, sizeof m.head, "%.*s", HEAD_BODY_MAX - 1, args);
        post(d, MAILBOX_RESERVED, &m);
    } else if (strncmp(line, "config ", 7) == 0) {
        reload(d, args);
    } else if (strncmp(line, "asset ", 6) == 0) {
        m.kind = PUBLISHER_ASSET;
        m.asset = (uint16_t)seq;
        post(d, MAILBOX_ORDINARY, &m);
    } else if (strncmp(line, "answer ", 7) == 0) {
        m.kind = PUBLISHER_ANSWER;
        m.answer.ticket = (uint32_t)seq;
        m.answer.result.error = (int)strtol(strchr(args, ' '), NULL, 10);
        post(d, MAILBOX_RESERVED, &m);
    } else {
        printf("what? %s\n", line);
    }
}

int main(int argc, char **argv)
{
    struct driver d = {.lock = PTHREAD_MUTEX_INITIALIZER};
    struct heartbeats *heartbeats = NULL;
    char path[512], line[4096], run[32];
    pthread_t listener;
    unsigned timeout_ms = 5000;
    if (argc < 3)
        return 2;
    log_open(LOG_DEBUG);
    snprintf(path, sizeof path, "%s/outbox", argv[1]);
    snprintf(run, sizeof run, "run-%d", (int)getpid());
    d.outbox = fopen(path, "a");
    d.config = fixture_config(argv + 2, argc - 2, argv[1], 1);
    if (d.outbox == NULL || heartbeats_create(&heartbeats) < 0 ||
        mailbox_create(sizeof(struct core_message), 4096, 64, &d.core) < 0 ||
        mailbox_create(sizeof(struct store_message), 4096, 64, &d.store) < 0 ||
        publisher_create(d.config, run, heartbeats, &d.publisher) < 0 ||
        publisher_start(d.publisher, d.core, d.store) < 0 || pthread_create(&listener, NULL, listen, &d) != 0)
        return 1;
    while (fgets(line, sizeof line, stdin) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (strncmp(line, "stop", 4) == 0) {
            timeout_ms = line[4] == ' ' ? (unsigned)strtoul(line + 5, NULL, 10) : timeout_ms;
            break;
        }
        obey(&d, line);
    }
    struct publisher_message settled = {.kind = PUBLISHER_SETTLED};
    post(&d, MAILBOX_RESERVED, &settled);
    int64_t start = clock_boot_us();
    int result = publisher_stop(d.publisher, timeout_ms);
    int64_t took_ms = (clock_boot_us() - start) / MS_US;
    if (result == 0)
        usleep(100000); /* the listener prints what is left */
    atomic_store(&d.ending, true);
    pthread_join(listener, NULL);
    printf("stopped %d %" PRId64 "\n", result, took_ms);
    fflush(stdout);
    if (result < 0)
        _exit(3); /* its thread is still there: nothing may be freed */
    publisher_free(d.publisher);
    mailbox_free(d.core);
    mailbox_free(d.store);
    heartbeats_free(heartbeats);
    config_unref(d.config);
    fclose(d.outbox);
    return 0;
}
