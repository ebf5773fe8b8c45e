/*
 * publisher.c - the thread: waits for messages, notes and time; then connection, then sender.
 */
#include "publisher.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "internal.h"
#include "log.h"

#define NOTES          1024
#define NOTES_RESERVED 512
#define INBOX          2048
#define INBOX_RESERVED 1024
#define BUFFER_START   65536
#define TURN_US        SECOND_US
#define END_SECONDS    3 /* paho's threads take about one to end */

/* A value for each point and asset, twice, on top of what is reserved: so a reload does not overflow it. */
static size_t inbox_capacity(const struct config *config)
{
    size_t wanted = INBOX + 2 * ((size_t)config->n_points + config->n_assets);
    return wanted < 40000 ? wanted : 40000;
}

/* paho takes http_proxy and https_proxy from the environment, for plain MQTT too, and no option stops it. */
static void forget_proxies(void)
{
    if (getenv("http_proxy") != NULL)
        unsetenv("http_proxy");
    if (getenv("https_proxy") != NULL)
        unsetenv("https_proxy");
}

int publisher_create(struct config *config, const char *run_id, struct heartbeats *heartbeats,
                     struct publisher **ret)
{
    struct publisher *p = calloc(1, sizeof *p);
    if (p == NULL)
        return -ENOMEM;
    p->heartbeats = heartbeats;
    p->slot = -1;
    snprintf(p->run, sizeof p->run, "%s", run_id);
    p->buffer_size = BUFFER_START;
    p->buffer = malloc(p->buffer_size);
    int error = p->buffer != NULL ? 0 : -ENOMEM;
    if (error == 0)
        error = mailbox_create(sizeof(struct publisher_message), inbox_capacity(config), INBOX_RESERVED,
                               &p->inbox);
    if (error == 0)
        error = mailbox_create(sizeof(struct note), NOTES, NOTES_RESERVED, &p->notes);
    if (error == 0)
        error = mailbox_create(sizeof(int), 2, 0, &p->goodbye);
    if (error == 0)
        error = mirror_create(config, &p->mirror);
    if (error == 0)
        error = outbox_create(&p->outbox);
    if (error == 0)
        error = session_create(p->notes, &p->session);
    if (error == 0)
        error = backlog_create(p->notes, &p->backlog);
    if (error < 0) {
        publisher_free(p);
        return error;
    }
    forget_proxies();
    *ret = p;
    return 0;
}

struct mailbox *publisher_mailbox(struct publisher *publisher)
{
    return publisher->inbox;
}

static bool tell_store(void *context, uint64_t seq)
{
    struct publisher *p = context;
    struct store_message message = {.kind = STORE_SENT, .generation = p->mirror->config->generation};
    message.sent_seq = seq;
    return mailbox_try(p->store, MAILBOX_ORDINARY, &message) == 0;
}

static void read_backlog(struct publisher *p, int64_t now_us)
{
    uint64_t after = 0;
    unsigned limit = 0;
    if (session_state(p->session) != SESSION_UP || p->phase != PHASE_RUN ||
        !outbox_wants_page(p->outbox, now_us, &after, &limit))
        return;
    int error = backlog_read(p->backlog, p->mirror->config->storage.directory, after, limit);
    if (error < 0)
        outbox_page_end(p->outbox, error, now_us);
}

static void take_page(struct publisher *p, int64_t now_us)
{
    const struct backlog_page *page = backlog_take(p->backlog);
    for (int64_t i = 0; i < page->rows; i++)
        if (!outbox_page_row(p->outbox, page->row[i].seq, page->row[i].body))
            break;
    if (page->rows < 0 && page->rows != -ENOENT && now_us >= p->quiet_until_us) {
        p->quiet_until_us = now_us + 60 * SECOND_US;
        log_line(LOG_WARNING, MID_BROKER, "MQTT: can't read the events that are still to be sent: %s",
                 page->message[0] != '\0' ? page->message : strerrordesc_np((int)-page->rows));
    }
    outbox_page_end(p->outbox, page->rows, now_us);
}

static void stop(struct publisher *p, int64_t until_us, int64_t now_us)
{
    p->stopping = true;
    p->stop_us = until_us;
    p->phase_until_us = now_us + (until_us - now_us) / 2;
    if (p->phase != PHASE_FAREWELL)
        p->phase = PHASE_FLUSH;
}

static void take_notes(struct publisher *p, int64_t now_us)
{
    struct note note;
    while (mailbox_take(p->notes, &note)) {
        if (note.kind == NOTE_STOP)
            stop(p, note.until_us, now_us);
        else if (note.kind == NOTE_PAGE)
            take_page(p, now_us);
        else
            connection_note(p, &note, now_us);
        free(note.arrival);
    }
}

static int64_t next_turn(const struct publisher *p)
{
    int64_t now_us = clock_boot_us(), deadline = now_us + TURN_US, other = connection_deadline(p);
    if (other < deadline)
        deadline = other;
    if (session_state(p->session) == SESSION_UP || !p->mirror->config->mqtt.enabled)
        other = outbox_deadline(p->outbox, now_us);
    return other < deadline ? other : deadline;
}

static void *run(void *context)
{
    struct publisher *p = context;
    p->slot = heartbeat_join(p->heartbeats, "publisher");
    while (p->phase != PHASE_END) {
        heartbeat_beat(p->heartbeats, p->slot);
        (void)mailbox_wait(p->inbox, mailbox_fd(p->notes), next_turn(p));
        int64_t now_us = clock_boot_us();
        take_notes(p, now_us);
        inbox_take(p, now_us);
        if (!p->mirror->config->mqtt.enabled)
            outbox_give_away(p->outbox, now_us);
        outbox_settle(p->outbox, tell_store, p);
        connection_step(p, now_us);
        read_backlog(p, now_us);
        sender_run(p, now_us);
    }
    (void)mailbox_post(p->goodbye, MAILBOX_ORDINARY, &(int){0});
    heartbeat_busy(p->heartbeats, p->slot, 60000);
    session_free(p->session);
    p->session = NULL;
    heartbeat_leave(p->heartbeats, p->slot);
    return NULL;
}

int publisher_start(struct publisher *publisher, struct mailbox *core, struct mailbox *store)
{
    publisher->core = core;
    publisher->store = store;
    int error = pthread_create(&publisher->thread, NULL, run, publisher);
    publisher->started = error == 0;
    return -error;
}

int publisher_stop(struct publisher *publisher, unsigned timeout_ms)
{
    struct note note = {.kind = NOTE_STOP, .until_us = clock_boot_us() + timeout_ms * MS_US};
    if (publisher == NULL || !publisher->started)
        return 0;
    (void)mailbox_post(publisher->notes, MAILBOX_RESERVED, &note);
    while (clock_boot_us() < note.until_us) /* a signal may wake it early */
        if (mailbox_wait(publisher->goodbye, -1, note.until_us))
            return 0;
    return -ETIMEDOUT;
}

static void drain(struct publisher *p)
{
    struct publisher_message message;
    struct note note;
    while (p->inbox != NULL && mailbox_take(p->inbox, &message))
        if (message.kind == PUBLISHER_CONFIG)
            config_unref(message.config);
        else if (message.kind == PUBLISHER_DISABLED)
            free(message.disabled);
    while (p->notes != NULL && mailbox_take(p->notes, &note))
        free(note.arrival);
}

void publisher_free(struct publisher *p)
{
    struct timespec until;
    if (p == NULL)
        return;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += END_SECONDS;
    if (p->started && pthread_timedjoin_np(p->thread, NULL, &until) != 0)
        return; /* it still uses all of this */
    session_free(p->session);
    if (backlog_free(p->backlog, &until) < 0)
        return;
    drain(p);
    outbox_free(p->outbox);
    mirror_free(p->mirror);
    leftovers_clear(&p->leftovers);
    mailbox_free(p->goodbye);
    mailbox_free(p->notes);
    mailbox_free(p->inbox);
    free(p->disabled);
    free(p->buffer);
    free(p);
}
