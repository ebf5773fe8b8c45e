#include "control.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control_private.h"
#include "log.h"

#define TURN_MS          1000 /* the longest wait of the poll loop: for the heartbeat and the limits */
#define MAILBOX_CAPACITY (CONTROL_COMMANDS_MAX + 8)
#define MAILBOX_KEPT     4 /* for configurations */

enum { POLL_STOP, POLL_BOX, POLL_LISTEN, POLL_CLIENTS };
#define POLL_MAX (POLL_CLIENTS + CONTROL_CLIENTS_MAX)

const struct control_limits control_limits_default = {.page_ms = 2000,
                                                      .command_ms = ANSWER_HOLD_MS + 4000,
                                                      .status_ms = 10000,
                                                      .reload_ms = ANSWER_HOLD_MS + 30000,
                                                      .message_ms = 30000,
                                                      .reply_ms = 30000,
                                                      .idle_ms = 5000};

/* ---------------------------------------------------------------- connections */

/* A free place, if need be that of the client that has had nothing to say for longest. */
static struct control_client *find_place(struct control *c, int64_t now_us)
{
    struct control_client *oldest = NULL;
    for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++) {
        struct control_client *client = &c->clients[i];
        if (client->fd < 0)
            return client;
        if (control_client_idle(client) && (oldest == NULL || client->active_us < oldest->active_us))
            oldest = client;
    }
    if (oldest == NULL || now_us - oldest->active_us < c->limits.idle_ms * MS_US)
        return NULL;
    control_client_close(oldest);
    return oldest;
}

/* Says why, if the socket takes it at once, and hangs up. */
static void turn_away(int fd)
{
    static const char busy[] = "{\"error\":\"" CONTROL_ERROR_BUSY "\",\"parameters\":{}}";
    (void)send(fd, busy, sizeof busy, MSG_NOSIGNAL | MSG_DONTWAIT);
    close(fd);
}

static void accept_clients(struct control *c, int64_t now_us)
{
    for (int i = 0; i < CONTROL_CLIENTS_MAX; i++) {
        int fd = accept4(c->socket.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd < 0) {
            if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
                c->accept_again_us = now_us + SECOND_US; /* out of descriptors: don't spin on it */
            return;
        }
        struct control_client *place = find_place(c, now_us);
        struct control_peer peer;
        heartbeat_busy(c->heartbeats, c->beat, 60000); /* group look-ups may go over the network */
        if (place == NULL || control_peer_identify(fd, &peer) < 0)
            turn_away(fd);
        else
            (void)control_client_open(place, fd, &peer, now_us); /* no memory: it has hung up */
        heartbeat_beat(c->heartbeats, c->beat);
    }
}

/* Begins the calls that have come, as far as they can be begun. */
static void advance(struct control *c, struct control_client *client, int64_t now_us)
{
    while (client->fd >= 0 && client->wait == CONTROL_WAIT_NOTHING && client->out == NULL) {
        size_t len;
        const char *text = control_client_message(client, &len);
        if (text == NULL)
            break;
        if (!control_method_call(c, client, text, len))
            return; /* its turn comes when another's command has ended */
        if (client->fd >= 0)
            control_client_consume(client, now_us);
    }
    if (client->fd < 0 || client->wait != CONTROL_WAIT_NOTHING || client->out != NULL)
        return;
    if (control_client_too_long(client)) {
        client->closing = true;
        client->oneway = false;
        control_answer(client, "org.varlink.service.InvalidParameter",
                       json_pack("{s:s}", "parameter", "message"));
    } else if (client->eof) {
        control_client_close(client);
    }
}

static void expire_client(struct control *c, struct control_client *client, int64_t now_us)
{
    size_t len;
    bool half = client->wait == CONTROL_WAIT_NOTHING && client->out == NULL && client->in_len > 0 &&
                control_client_message(client, &len) == NULL;
    if ((client->out != NULL && now_us - client->out_since_us >= c->limits.reply_ms * MS_US) ||
        (half && now_us - client->in_since_us >= c->limits.message_ms * MS_US))
        control_client_close(client);
}

static void serve_client(struct control_client *client, short events, int64_t now_us)
{
    if ((events & (POLLERR | POLLNVAL)) != 0 ||
        ((events & POLLIN) != 0 && !control_client_read(client, now_us))) {
        control_client_close(client);
        return;
    }
    /* Hung up in both directions: what it asked last is still done, its answer has no reader. */
    if ((events & POLLHUP) != 0 && (events & POLLIN) == 0) {
        control_client_close(client);
        return;
    }
    if ((events & POLLOUT) != 0)
        control_client_flush(client, now_us);
}

/* ---------------------------------------------------------------- the mailbox */

static void take_message(struct control *c)
{
    struct control_message *m = &c->incoming;
    switch (m->kind) {
    case CONTROL_ANSWER:
        control_method_answer(c, m);
        break;
    case CONTROL_PAGE:
        control_status_page(c, m);
        break;
    case CONTROL_CONFIG:
        config_unref(c->config);
        c->config = m->config;
        control_status_restart(c);
        break;
    }
}

/* ---------------------------------------------------------------- the thread */

static short client_events(const struct control_client *client)
{
    if (client->out != NULL)
        return POLLOUT;
    bool room = !client->eof && client->in_len < CONTROL_CALL_MAX;
    return room && client->wait == CONTROL_WAIT_NOTHING ? POLLIN : 0;
}

static int fill_poll(const struct control *c, struct pollfd fds[POLL_MAX], int64_t now_us)
{
    fds[POLL_STOP] = (struct pollfd){.fd = c->stop_fd, .events = POLLIN};
    fds[POLL_BOX] = (struct pollfd){.fd = mailbox_fd(c->box), .events = POLLIN};
    fds[POLL_LISTEN] =
        (struct pollfd){.fd = now_us < c->accept_again_us ? -1 : c->socket.fd, .events = POLLIN};
    int64_t until_us = now_us + TURN_MS * MS_US;
    if (c->status.running && c->status.page_deadline_us < until_us)
        until_us = c->status.page_deadline_us;
    for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++) {
        const struct control_client *client = &c->clients[i];
        fds[POLL_CLIENTS + i] = (struct pollfd){.fd = client->fd, .events = client_events(client)};
        if (client->fd >= 0 && client->wait >= CONTROL_WAIT_COMMAND && client->deadline_us < until_us)
            until_us = client->deadline_us;
    }
    return until_us <= now_us ? 0 : (int)((until_us - now_us + MS_US - 1) / MS_US);
}

static void turn(struct control *c, const struct pollfd fds[POLL_MAX])
{
    int64_t now_us = clock_boot_us();
    for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++)
        if (c->clients[i].fd >= 0 && fds[POLL_CLIENTS + i].revents != 0)
            serve_client(&c->clients[i], fds[POLL_CLIENTS + i].revents, now_us);
    for (int i = 0; i < MAILBOX_CAPACITY && mailbox_take(c->box, &c->incoming); i++)
        take_message(c);
    control_method_expire(c, now_us);
    control_status_expire(c, now_us);
    for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++) {
        if (c->clients[i].fd < 0)
            continue;
        advance(c, &c->clients[i], now_us);
        if (c->clients[i].fd >= 0)
            expire_client(c, &c->clients[i], now_us);
    }
    control_status_start(c, now_us);
    if (fds[POLL_LISTEN].revents != 0) /* last: those who have gone have made room */
        accept_clients(c, now_us);
}

static void *run(void *argument)
{
    struct control *c = argument;
    struct pollfd fds[POLL_MAX];
    c->beat = heartbeat_join(c->heartbeats, "control");
    for (;;) {
        heartbeat_beat(c->heartbeats, c->beat);
        int timeout_ms = fill_poll(c, fds, clock_boot_us());
        if (poll(fds, POLL_MAX, timeout_ms) < 0)
            memset(fds, 0, sizeof fds); /* EINTR, ENOMEM: look at the time and try again */
        if ((fds[POLL_STOP].revents & POLLIN) != 0)
            break;
        turn(c, fds);
    }
    control_socket_close(&c->socket);
    for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++)
        control_client_close(&c->clients[i]);
    heartbeat_leave(c->heartbeats, c->beat);
    (void)eventfd_write(c->done_fd, 1);
    return NULL;
}

static int start_thread(struct control *c)
{
    sigset_t all, before;
    sigfillset(&all); /* signals are main's */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int result = -pthread_create(&c->thread, NULL, run, c);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    c->started = result == 0;
    return result;
}

int control_create_limited(struct config *config, const char *run_id, struct mailbox *core,
                           struct heartbeats *heartbeats, const struct control_limits *limits,
                           struct control **ret)
{
    struct control *c = calloc(1, sizeof *c);
    if (c == NULL)
        return -ENOMEM;
    c->config = config_ref(config);
    snprintf(c->run, sizeof c->run, "%s", run_id);
    c->started_utc_us = clock_now().utc_us;
    c->limits = *limits;
    c->core = core;
    c->heartbeats = heartbeats;
    c->beat = c->socket.fd = c->stop_fd = c->done_fd = -1;
    for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++)
        c->clients[i].fd = -1;

    int result = mailbox_create(sizeof(struct control_message), MAILBOX_CAPACITY, MAILBOX_KEPT, &c->box);
    if (result < 0)
        goto fail;
    c->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    c->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (c->stop_fd < 0 || c->done_fd < 0) {
        result = -errno;
        goto fail;
    }
    if ((result = control_socket_open(config->control_socket, &c->socket)) < 0)
        goto fail;
    if ((result = start_thread(c)) < 0)
        goto fail;
    *ret = c;
    return 0;
fail:
    control_free(c);
    return result;
}

int control_create(struct config *config, const char *run_id, struct mailbox *core,
                   struct heartbeats *heartbeats, struct control **ret)
{
    return control_create_limited(config, run_id, core, heartbeats, &control_limits_default, ret);
}

struct mailbox *control_mailbox(struct control *c)
{
    return c->box;
}

int control_stop(struct control *c, unsigned timeout_ms)
{
    if (!c->started || c->joined)
        return 0;
    (void)eventfd_write(c->stop_fd, 1);
    int64_t deadline_us = clock_boot_us() + timeout_ms * MS_US;
    struct pollfd done = {.fd = c->done_fd, .events = POLLIN};
    for (;;) {
        int64_t left_us = deadline_us - clock_boot_us();
        if (poll(&done, 1, left_us > 0 ? (int)(left_us / MS_US) : 0) > 0)
            break;
        if (left_us <= 0)
            return -ETIMEDOUT;
    }
    pthread_join(c->thread, NULL);
    c->joined = true;
    return 0;
}

void control_free(struct control *c)
{
    if (c == NULL)
        return;
    if (c->started && control_stop(c, 1000) < 0)
        return; /* the thread still uses it: better lost than freed under it */
    control_socket_close(&c->socket);
    if (c->box != NULL) {
        while (mailbox_take(c->box, &c->incoming))
            if (c->incoming.kind == CONTROL_CONFIG)
                config_unref(c->incoming.config);
    }
    mailbox_free(c->box);
    control_status_free(&c->status);
    if (c->stop_fd >= 0)
        close(c->stop_fd);
    if (c->done_fd >= 0)
        close(c->done_fd);
    config_unref(c->config);
    free(c);
}
