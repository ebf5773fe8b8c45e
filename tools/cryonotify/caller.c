/* caller.c - see caller.h: assembles, and turns. */
#include "caller.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "clock.h"
#include "json_text.h"
#include "log.h"
#include "service.h"

#define TURN_US      (1 * SECOND_US)
#define SOON_US      (20 * MS_US)
#define BOOK_US      (30 * SECOND_US)
#define TIDY_US      (3600 * SECOND_US)
#define RESULTS      1024
#define ASKS         64
#define STOP_MS      3000
#define LETTERS_TURN 64

static void make_run_id(char run[CALLER_RUN])
{
    char boot[BOOT_ID_MAX];
    clock_boot_id(boot);
    snprintf(run, CALLER_RUN, "%.8s-%llx", boot, (unsigned long long)clock_now().utc_us);
}

static void add_filter(struct caller *c, const char *site, const char *rest, int qos, bool durable,
                       bool answers)
{
    struct inbox_filter *f = &c->inbox_config.filters[c->inbox_config.n_filters];
    if (c->inbox_config.n_filters >= INBOX_FILTERS)
        return;
    c->inbox_config.n_filters++;
    *f = (struct inbox_filter){.qos = qos, .durable = durable, .answers = answers};
    snprintf(f->topic, sizeof f->topic, "cryomon/%s/%.150s", site, rest);
}

/* A heartbeat is only worth something now: quality 0, so that the broker keeps none for us. */
static void configure_inbox(struct caller *c)
{
    struct inbox_config *ic = &c->inbox_config;
    const struct notify_config *config = c->config;
    char answers[INBOX_TOPIC];
    ic->mqtt = config->mqtt;
    if (c->watch_only) {
        for (unsigned i = 0; i < config->n_sites; i++) {
            add_filter(c, config->sites[i], "status", 1, false, false);
            add_filter(c, config->sites[i], "heartbeat", 0, false, false);
        }
        snprintf(ic->echo, sizeof ic->echo, "cryomon/%s/notify/watch-echo", config->site);
        return;
    }
    snprintf(answers, sizeof answers, "cmd/%.100s/answer",
             config->mqtt.username[0] != '\0' ? config->mqtt.username : "cryonotify");
    add_filter(c, config->site, "events", 1, true, false);
    add_filter(c, config->site, "+/alarms/+", 1, true, false);
    add_filter(c, config->site, "status", 1, false, false);
    add_filter(c, config->site, "heartbeat", 0, false, false);
    add_filter(c, config->site, answers, 1, false, true);
    caller_topic(c, "notify/echo", ic->echo);
    caller_topic(c, "notify/status", ic->will_topic);
    snprintf(ic->will, sizeof ic->will,
             "{\"state\":\"offline\",\"reason\":\"connection lost\",\"run\":\"%s\"}", c->run);
}

static void open_channels(struct caller *c)
{
    for (unsigned i = 0; i < c->config->n_channels; i++) {
        int result = channel_open(&c->config->channels[i], i, c->results, &c->channels[i]);
        if (result < 0)
            log_line(LOG_CRIT, MID_ALARM, "the channel %s can't be opened: %s", c->config->channels[i].name,
                     strerrordesc_np(-result));
    }
}

static void open_link(struct caller *c)
{
    char path[512];
    snprintf(path, sizeof path, "%s/link.key", c->config->state);
    if (!c->config->link.enabled || c->watch_only)
        return;
    int result = link_key_load(path, &c->key, c->link_trouble, sizeof c->link_trouble);
    if (result == 0)
        result =
            link_open(&c->config->link, &c->key, c->asks, &c->link, c->link_trouble, sizeof c->link_trouble);
    if (result < 0)
        log_line(LOG_ERR, MID_CONTROL, "no links in messages: %s", c->link_trouble);
}

/* --- what the book remembers */

static void take_alarm(void *context, const struct book_alarm *alarm)
{
    struct caller *c = context;
    struct stamp now = clock_now();
    json_error_t where;
    json_t *root = json_loads(alarm->body, 0, &where);
    struct call_saved saved = alarm->saved;
    caller_people_map(c, &saved);
    saved.fact.hold = root != NULL ? caller_hold(root) : 0;
    json_decref(root);
    if (call_restore(c->call, now, &saved) < 0) {
        log_line(LOG_ERR, MID_STORE, "%s can't be taken over from notify.db", alarm->saved.fact.key);
        return;
    }
    caller_keep_body(c, alarm->saved.fact.key, alarm->body, alarm->run, alarm->seq, 0);
    uint32_t slot = call_find(c->call, alarm->saved.fact.key);
    snprintf(c->slots[slot].written, CALL_KEY, "%s", alarm->saved.fact.key);
    c->slots[slot].seen = 0;
    c->slots[slot].heard_us = 0;
    if (strcmp(alarm->saved.fact.key, "cryonotify/broker") == 0)
        c->watch.broker_lost = true;
    for (unsigned i = 0; i < c->watch.n_sites; i++) {
        struct watch_site *s = &c->watch.sites[i];
        bool own = strcmp(s->id, c->config->site) == 0;
        const char *key = alarm->saved.fact.key;
        if (own ? strcmp(key, "cryonotify/silent") == 0
                : strncmp(key, "cryonotify/silent-", 18) == 0 && strcmp(key + 18, s->id) == 0)
            s->silent = true;
        if (own ? strcmp(key, "cryonotify/notifier") == 0
                : strncmp(key, "cryonotify/notifier-", 20) == 0 && strcmp(key + 20, s->id) == 0)
            s->nobody = true;
    }
}

static void take_ack(void *context, const struct book_ack *ack)
{
    caller_ack_take(context, clock_now(), ack);
}

/* 0, or -ETIMEDOUT: the disk hangs, and what was read may be a part. */
static int remember(struct caller *c, struct stamp now)
{
    char text[CALLER_RUN + 32] = "";
    if (c->book == NULL)
        return 0;
    caller_people_load(c);
    int result = book_alarm_load(c->book, take_alarm, c);
    if (result >= 0)
        result = book_ack_load(c->book, take_ack, c);
    if (result >= 0)
        result = book_attempt_settle(c->book, now.utc_us, &c->last_id);
    if (result != -ETIMEDOUT)
        result = book_fact_get(c->book, "last", text, sizeof text);
    if (result == 0) {
        char *rest = NULL;
        c->kept.seq = strtoll(text, &rest, 10);
        snprintf(c->kept.run, sizeof c->kept.run, "%s", *rest == ' ' ? rest + 1 : "");
        c->heard = c->kept;
    }
    if (result != -ETIMEDOUT)
        result = book_fact_get(c->book, "drill_turn", text, sizeof text);
    if (result == 0)
        call_set_drill_turn(c->call, (unsigned)strtoul(text, NULL, 10));
    return result == -ETIMEDOUT ? result : 0;
}

/* Who can't read the book begins without it; when the disk answers, everything begins anew with it. */
static void set_aside(struct caller *c)
{
    c->hung_book = c->book;
    c->book = NULL;
    caller_say_book(c, -ETIMEDOUT);
}

/* A damaged file is put aside, and a new one begun: the retained states tell what is open. */
static int put_aside(const struct caller *c, struct stamp now)
{
    static const char *const endings[] = {"", "-wal", "-shm"};
    char from[320], to[400];
    for (unsigned i = 0; i < 3; i++) {
        snprintf(from, sizeof from, "%s/notify.db%s", c->config->state, endings[i]);
        snprintf(to, sizeof to, "%s/notify.db.damaged-%lld%s", c->config->state,
                 (long long)(now.utc_us / SECOND_US), endings[i]);
        if (rename(from, to) < 0 && errno != ENOENT)
            return -errno;
    }
    return 0;
}

static void open_book(struct caller *c, struct stamp now)
{
    int result = book_open(c->config->state, NULL, &c->book, c->book_trouble, sizeof c->book_trouble);
    if (result == -EBADMSG && put_aside(c, now) == 0) {
        log_line(LOG_CRIT, MID_STORE, "%s; it is put aside, and a new one is begun", c->book_trouble);
        result = book_open(c->config->state, NULL, &c->book, c->book_trouble, sizeof c->book_trouble);
    }
    c->last_id = now.utc_us; /* without a book; else remember() knows better */
    if (result == -ETIMEDOUT) {
        c->hung_book = c->book;
        c->book = NULL;
    }
    if (result == 0)
        c->book_trouble[0] = '\0';
    else /* whoever can't write must call all the same */
        log_line(LOG_CRIT, MID_STORE, "%s; calling goes on from memory", c->book_trouble);
}

static int allocate(struct caller *c)
{
    c->slots = calloc(c->config->rules.n_alarms, sizeof *c->slots);
    c->missed = calloc(CALLER_MISSED, CALL_OCCURRENCE);
    if (c->slots == NULL || c->missed == NULL)
        return -ENOMEM;
    int result = call_create(&c->config->rules, &c->call);
    if (result == 0)
        result = mailbox_create(sizeof(struct channel_result), RESULTS, 0, &c->results);
    return result == 0 ? mailbox_create(sizeof(struct link_ask), ASKS, 0, &c->asks) : result;
}

int caller_create(const struct notify_config *config, const struct caller_setup *setup, struct caller **ret)
{
    const bool watch_only = setup->watch_only;
    struct caller *c = calloc(1, sizeof *c);
    struct stamp now = clock_now();
    if (c == NULL)
        return -ENOMEM;
    c->config = config;
    c->setup = *setup;
    c->watch_only = watch_only;
    c->signal_fd = setup->signal_fd;
    c->loaded_utc_us = now.utc_us;
    c->socket.fd = -1;
    for (unsigned i = 0; i < CALLER_CLIENTS; i++)
        c->clients[i].fd = -1;
    make_run_id(c->run);
    int result = allocate(c);
    if (result < 0) {
        (void)caller_free(c);
        return result;
    }
    watch_begin(&c->watch, now, config->silent_ms, config->broker_ms, config->nobody_ms);
    for (unsigned i = 0; i < config->n_sites && watch_only; i++)
        (void)watch_add(&c->watch, now, config->sites[i]);
    if (!watch_only)
        (void)watch_add(&c->watch, now, config->site);
    open_book(c, now);
    caller_rota(c, now);
    if (remember(c, now) < 0)
        set_aside(c);
    caller_health_load(c, now);
    caller_offs_load(c, now);
    configure_inbox(c);
    open_channels(c);
    open_link(c);
    result = control_socket_open(config->socket, &c->socket);
    if (result < 0)
        log_line(LOG_ERR, MID_CONTROL, "no control socket at %s: %s", config->socket,
                 strerrordesc_np(-result));
    result = inbox_create(&c->inbox_config, c->book != NULL ? c->book : c->hung_book, &c->inbox);
    if (result < 0) {
        (void)caller_free(c);
        return result;
    }
    *ret = c;
    return 0;
}

/* --- a turn */

static void done_with(struct caller *c, int64_t id)
{
    /* No room, because the book can't be written: the row stays, and is known by its number when it is read
     * again. */
    if (id != 0 && c->n_done < CALLER_DONE)
        c->done[c->n_done++] = id;
    else if (id != 0)
        c->left = true;
    if (id > c->last_letter)
        c->last_letter = id;
}

static void came_up(struct caller *c, struct stamp now, bool known)
{
    watch_up(&c->watch, now);
    c->sync++;
    c->synced = c->status_sent = false;
    c->heartbeat_us = 0;
    for (unsigned i = 0; i < CALLER_ACKS; i++)
        c->acks[i].sent_us = 0;
    log_line(LOG_NOTICE, MID_BROKER, "MQTT: connected to %s%s", c->config->mqtt.uri,
             known ? "" : "; the broker has kept no session, so the states tell what is open");
}

static void take_news(struct caller *c, struct stamp now, const struct inbox_news *news)
{
    switch (news->kind) {
    case INBOX_UP:
        came_up(c, now, news->known);
        break;
    case INBOX_DOWN:
        if (c->watch.connected || strcmp(c->watch.why, news->text) != 0)
            log_line(LOG_WARNING, MID_BROKER, "MQTT: %s", news->text);
        watch_down(&c->watch, now, news->text);
        c->synced = false;
        break;
    case INBOX_LETTER:
        caller_letter(c, now, news->letter);
        done_with(c, news->letter->id);
        free(news->letter);
        break;
    case INBOX_SYNCED:
        caller_synced(c, now);
        c->calls_due = true;
        break;
    case INBOX_SENT:
        if (news->tag == 'c')
            caller_call_sent(c, news->key, news->ok);
        break;
    }
}

static void take_left(void *context, const struct book_letter *left)
{
    struct caller *c = context;
    struct inbox_letter letter = {.id = left->id,
                                  .utc_us = left->utc_us,
                                  .topic = left->topic,
                                  .body = left->body,
                                  .length = left->length,
                                  .retained = left->retained};
    caller_letter(c, clock_now(), &letter);
    done_with(c, left->id);
}

/* What is in the book only; when all that was worked through is filed, so that it is not read again. */
static void read_left(struct caller *c)
{
    c->left |= inbox_take_left(c->inbox);
    if (!c->left || c->n_done > 0 || c->book == NULL || book_is_late(c->book))
        return;
    int n = book_inbox_load(c->book, 0, LETTERS_TURN, take_left, c);
    c->left = n < 0 || n == LETTERS_TURN;
}

static bool take_all(struct caller *c, struct stamp now)
{
    struct inbox_news news;
    struct channel_result result;
    struct link_ask ask;
    unsigned n = 0;
    while (n < LETTERS_TURN && mailbox_take(inbox_news(c->inbox), &news)) {
        take_news(c, now, &news);
        n++;
    }
    while (mailbox_take(c->results, &result))
        caller_result(c, now, &result);
    while (mailbox_take(c->asks, &ask))
        caller_ask(c, now, &ask);
    if (n == 0)
        read_left(c);
    if (inbox_take_lost(c->inbox) > 0 || call_wants_resync(c->call)) {
        c->sync++;
        c->synced = false;
        inbox_resync(c->inbox);
    }
    return n == LETTERS_TURN;
}

static bool has_to_send(const struct caller *c)
{
    for (unsigned i = 0; i < CALLER_DELIVERIES; i++)
        if (c->deliveries[i].id != 0 && c->deliveries[i].to_send)
            return true;
    return false;
}

static bool turn(struct caller *c)
{
    struct stamp now = clock_now();
    bool more = take_all(c, now);
    caller_watch(c, now);
    caller_offs_expire(c, now);
    caller_rota(c, now);
    caller_settle(c, now);
    caller_probe(c, now);
    if (!caller_is_draining(c, now))
        caller_orders(c, now);
    caller_write(c, now);
    for (unsigned rounds = 0; has_to_send(c) && rounds < 2 * CALL_CHANNELS; rounds++) {
        caller_send(c, now);
        caller_write(c, now);
    }
    caller_publish_calls(c);
    caller_acks(c, now);
    caller_status(c, now);
    caller_heartbeat(c, now);
    caller_clients_expire(c, now);
    if (now.boot_us >= c->tidy_us) {
        c->tidy_us = now.boot_us + TIDY_US;
        if (c->book != NULL)
            (void)book_tidy(c->book, now.utc_us);
    }
    if (c->book == NULL && now.boot_us >= c->book_us) {
        c->book_us = now.boot_us + (c->hung_book != NULL ? TURN_US : BOOK_US);
        caller_try_book(c);
    }
    caller_hand_over(c, now);
    service_watchdog();
    return more;
}

static void wait_for_work(struct caller *c, bool more)
{
    struct pollfd fds[5 + CALLER_CLIENTS] = {{.fd = c->signal_fd, .events = POLLIN},
                                             {.fd = mailbox_fd(inbox_news(c->inbox)), .events = POLLIN},
                                             {.fd = mailbox_fd(c->results), .events = POLLIN},
                                             {.fd = mailbox_fd(c->asks), .events = POLLIN},
                                             {.fd = c->socket.fd, .events = POLLIN}};
    int64_t wait_us = call_next(c->call);
    wait_us = wait_us == CALL_NEVER ? TURN_US : wait_us - clock_boot_us();
    wait_us = wait_us > TURN_US ? TURN_US : wait_us < SOON_US ? SOON_US : wait_us;
    for (unsigned i = 0; i < CALLER_CLIENTS; i++)
        fds[5 + i] = (struct pollfd){.fd = c->clients[i].fd,
                                     .events = c->clients[i].answer != NULL ? POLLOUT : POLLIN};
    int n = poll(fds, 5 + CALLER_CLIENTS, more ? 0 : (int)(wait_us / 1000));
    struct signalfd_siginfo signal;
    if (n <= 0)
        return;
    if ((fds[0].revents & POLLIN) != 0 &&
        read(c->signal_fd, &signal, sizeof signal) == (ssize_t)sizeof signal) {
        if (signal.ssi_signo == SIGHUP)
            caller_reload(c, clock_now(), signal.ssi_uid);
        else
            c->stopping = c->ended = true;
    }
    for (unsigned i = 0; i < CALLER_CLIENTS; i++)
        if (c->clients[i].fd >= 0 && fds[5 + i].revents != 0)
            caller_client_turn(c, clock_now(), &c->clients[i]);
    if ((fds[4].revents & POLLIN) != 0)
        caller_accept(c, clock_now());
}

int caller_run(struct caller *c)
{
    if (c->book != NULL) { /* what a run before this one has got and not worked through */
        while (book_inbox_load(c->book, c->last_letter, LETTERS_TURN, take_left, c) == LETTERS_TURN)
            caller_write(c, clock_now());
        service_ready("calling people");
    } else {
        service_status(c->book_trouble);
    }
    log_line(LOG_NOTICE, MID_START, "cryonotify " CRYOMON_VERSION " calls for the site %s by %s, SHA-256 %s",
             c->config->site, c->setup.path, c->config->sha256);
    while (!c->stopping)
        wait_for_work(c, turn(c));
    caller_acks_leave(c, clock_now());
    if (c->next != NULL && !c->ended && !c->failed)
        return 0;
    service_stopping();
    log_line(LOG_NOTICE, MID_STOP, "cryonotify stops");
    caller_offline(c);
    return c->failed ? -EAGAIN : 0;
}

bool caller_free(struct caller *c)
{
    if (c == NULL)
        return true;
    if (!inbox_free(c->inbox, STOP_MS)) /* first: its thread uses the book */
        return false;
    link_free(c->link);
    for (unsigned i = 0; i < NOTIFY_CHANNELS; i++)
        if (c->channels[i] != NULL)
            channel_stop(c->channels[i]);
    for (unsigned i = 0; i < NOTIFY_CHANNELS; i++)
        channel_free(c->channels[i]);
    caller_clients_close(c);
    caller_reload_free(c);
    control_socket_close(&c->socket);
    for (unsigned i = 0; i < CALLER_DELIVERIES; i++)
        notice_free(c->deliveries[i].notice);
    for (unsigned i = 0; c->slots != NULL && i < c->config->rules.n_alarms; i++)
        free(c->slots[i].body);
    mailbox_free(c->results);
    mailbox_free(c->asks);
    if (book_close(c->book) < 0)
        log_line(LOG_CRIT, MID_STORE, "the disk does not answer: what was not written to notify.db is lost");
    (void)book_close(c->hung_book);
    call_free(c->call);
    free(c->slots);
    free(c->missed);
    free(c);
    return true;
}
