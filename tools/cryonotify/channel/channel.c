#include "channel.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "clock.h"
#include "mail.h"
#include "outcome.h"
#include "program.h"
#include "webhook.h"

#define ROOM_WAIT_US 20000  /* between two looks whether the results' mailbox has room */
#define LAST_WAIT_US 200000 /* for its room, once we are to stop */

struct channel {
    const struct channel_config *config;
    unsigned tag;
    struct mailbox *results;
    pthread_t thread;
    bool has_thread;

    /* shared, under lock */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct notice **ring; /* config->queue slots */
    size_t head, used;
    bool busy, stop;

    struct transfer transfer;
    int stop_fd; /* readable once we are to stop */
};

const char *channel_kind_name(enum channel_kind kind)
{
    switch (kind) {
    case CHANNEL_MAIL:
        return "mail";
    case CHANNEL_WEBHOOK:
        return "webhook";
    case CHANNEL_COMMAND:
        return "command";
    }
    return "?";
}

/* ---------------------------------------------------------------- the worker */

static bool is_stopping(struct channel *c)
{
    pthread_mutex_lock(&c->lock);
    bool stop = c->stop;
    pthread_mutex_unlock(&c->lock);
    return stop;
}

/* The next notice; NULL: the queue is empty and we are to stop. */
static struct notice *next_notice(struct channel *c, bool *ret_stop)
{
    struct notice *notice = NULL;

    pthread_mutex_lock(&c->lock);
    c->busy = false;
    while (c->used == 0 && !c->stop)
        pthread_cond_wait(&c->changed, &c->lock);
    if (c->used > 0) {
        notice = c->ring[c->head];
        c->head = (c->head + 1) % c->config->queue;
        c->used--;
        c->busy = true;
    }
    *ret_stop = c->stop;
    pthread_mutex_unlock(&c->lock);
    return notice;
}

static void send_notice(struct channel *c, const struct notice *notice, struct channel_result *result)
{
    const char *wrong = notice->is_probe ? NULL : channel_check_address(c->config, notice->address);

    if (wrong != NULL) {
        outcome_fail(result, "the address can't be used: %s", wrong);
        result->permanent = true;
        return;
    }
    switch (c->config->kind) {
    case CHANNEL_MAIL:
        mail_send(&c->transfer, c->config, notice, result);
        break;
    case CHANNEL_WEBHOOK:
        if (notice->is_probe)
            break;
        webhook_send(&c->transfer, c->config, notice, result);
        break;
    case CHANNEL_COMMAND:
        if (notice->is_probe)
            break;
        program_send(c->stop_fd, c->config, notice, result);
        break;
    }
}

/* A result is never thrown away while somebody may still take it. */
static void post(struct channel *c, const struct channel_result *result)
{
    int64_t waited_us = 0;

    while (mailbox_try(c->results, MAILBOX_ORDINARY, result) < 0) {
        if (is_stopping(c)) {
            if (waited_us >= LAST_WAIT_US)
                return;
            waited_us += ROOM_WAIT_US;
        }
        (void)usleep(ROOM_WAIT_US);
    }
}

static void *work(void *argument)
{
    struct channel *c = argument;
    struct notice *notice = NULL;
    bool stop = false;

    while ((notice = next_notice(c, &stop)) != NULL) {
        struct channel_result result = {.id = notice->id, .tag = c->tag, .began_utc_us = clock_now().utc_us};
        result.outcome = CHANNEL_FAILED;
        if (stop) {
            result.outcome = CHANNEL_STOPPED;
            (void)snprintf(result.error, sizeof result.error, "cryonotify stops; it was not tried");
        } else {
            send_notice(c, notice, &result);
        }
        result.ended_utc_us = clock_now().utc_us;
        post(c, &result);
        notice_free(notice);
    }
    return NULL;
}

/* ---------------------------------------------------------------- the owner */

static int start_thread(struct channel *c)
{
    sigset_t all, old;
    int error = 0;

    /* Signals are for the main thread. */
    sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &old);
    error = pthread_create(&c->thread, NULL, work, c);
    (void)pthread_sigmask(SIG_SETMASK, &old, NULL);
    c->has_thread = error == 0;
    return -error;
}

int channel_open(const struct channel_config *config, unsigned tag, struct mailbox *results,
                 struct channel **ret)
{
    struct channel *c = calloc(1, sizeof *c);
    int error = 0;

    if (c == NULL)
        return -ENOMEM;
    c->config = config;
    c->tag = tag;
    c->results = results;
    c->stop_fd = -1;
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->changed, NULL);
    c->ring = calloc(config->queue, sizeof(struct notice *));
    error = transfer_open(&c->transfer);
    if (error < 0 || c->ring == NULL) {
        error = -ENOMEM;
        goto fail;
    }
    c->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (c->stop_fd < 0) {
        error = -errno;
        goto fail;
    }
    error = start_thread(c);
    if (error < 0)
        goto fail;
    *ret = c;
    return 0;
fail:
    channel_free(c);
    return error;
}

int channel_send(struct channel *c, const struct notice *notice)
{
    struct notice *copy = NULL;
    int error = notice_copy(notice, &copy);

    if (error < 0)
        return error;
    pthread_mutex_lock(&c->lock);
    if (c->used == c->config->queue || c->stop) {
        error = -EAGAIN;
    } else {
        c->ring[(c->head + c->used) % c->config->queue] = copy;
        c->used++;
        pthread_cond_signal(&c->changed);
    }
    pthread_mutex_unlock(&c->lock);
    if (error < 0)
        notice_free(copy);
    return error;
}

size_t channel_waiting(struct channel *c)
{
    pthread_mutex_lock(&c->lock);
    size_t n = c->used + (c->busy ? 1 : 0);
    pthread_mutex_unlock(&c->lock);
    return n;
}

void channel_stop(struct channel *c)
{
    uint64_t one = 1;

    pthread_mutex_lock(&c->lock);
    c->stop = true;
    pthread_cond_signal(&c->changed);
    pthread_mutex_unlock(&c->lock);
    if (c->transfer.multi != NULL)
        transfer_stop(&c->transfer);
    if (c->stop_fd >= 0 && write(c->stop_fd, &one, sizeof one) < 0)
        return; /* it is readable already */
}

void channel_free(struct channel *c)
{
    if (c == NULL)
        return;
    if (c->has_thread) {
        channel_stop(c);
        (void)pthread_join(c->thread, NULL);
    }
    transfer_close(&c->transfer);
    if (c->stop_fd >= 0)
        close(c->stop_fd);
    pthread_cond_destroy(&c->changed);
    pthread_mutex_destroy(&c->lock);
    free(c->ring);
    free(c);
}
