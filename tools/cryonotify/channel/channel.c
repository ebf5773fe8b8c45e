#include "channel.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "mail.h"
#include "outcome.h"
#include "program.h"
#include "waiting.h"
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
    struct waiting *waiting;
    size_t busy; /* notices that are being sent */
    bool stop;

    struct notice **taken; /* of the worker: those that it sends */
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

/* Until something new comes, or delay_us has passed (negative: for ever). */
static void wait_for_change(struct channel *c, int64_t delay_us)
{
    struct timespec until;

    if (delay_us < 0) {
        pthread_cond_wait(&c->changed, &c->lock);
        return;
    }
    clock_gettime(CLOCK_MONOTONIC, &until);
    int64_t end_us = until.tv_sec * SECOND_US + until.tv_nsec / 1000 + delay_us;
    until = (struct timespec){.tv_sec = end_us / SECOND_US, .tv_nsec = end_us % SECOND_US * 1000};
    (void)pthread_cond_timedwait(&c->changed, &c->lock, &until);
}

/* The next notices, which go as one message; 0: none waits and we are to stop. */
static size_t next_notices(struct channel *c, struct notice **notices, bool *ret_stop)
{
    size_t n = 0;

    pthread_mutex_lock(&c->lock);
    c->busy = 0;
    while ((n = waiting_take(c->waiting, clock_boot_us(), c->stop, notices)) == 0 && !c->stop)
        wait_for_change(c, waiting_delay_us(c->waiting, clock_boot_us()));
    c->busy = n;
    *ret_stop = c->stop;
    pthread_mutex_unlock(&c->lock);
    return n;
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

/* Several as one message. */
static void send_together(struct channel *c, struct notice **notices, size_t n, struct channel_result *result)
{
    struct notice *summary = NULL;
    char detail[CHANNEL_DETAIL_MAX];
    int error = waiting_together(notices, n, &summary);

    if (error < 0) {
        outcome_fail(result, "the summary could not be made: %s", strerrordesc_np(-error));
        return;
    }
    send_notice(c, summary, result);
    notice_free(summary);
    (void)snprintf(detail, sizeof detail, "in a summary of %zu messages%s%.200s", n,
                   result->detail[0] != '\0' ? ": " : "", result->detail);
    outcome_detail(result, detail);
}

static void count_messages(struct channel *c, const struct notice *notice,
                           const struct channel_result *result)
{
    if (notice->is_probe)
        return;
    pthread_mutex_lock(&c->lock);
    waiting_sent(c->waiting, clock_boot_us(), result->n_messages > 0 ? result->n_messages : 1);
    pthread_mutex_unlock(&c->lock);
}

static void *work(void *argument)
{
    struct channel *c = argument;
    size_t n = 0;
    bool stop = false;

    while ((n = next_notices(c, c->taken, &stop)) > 0) {
        struct channel_result result = {.tag = c->tag, .began_utc_us = clock_now().utc_us};
        result.outcome = CHANNEL_FAILED;
        if (stop) {
            result.outcome = CHANNEL_STOPPED;
            (void)snprintf(result.error, sizeof result.error, "cryonotify stops; it was not tried");
        } else if (n == 1) {
            send_notice(c, c->taken[0], &result);
            count_messages(c, c->taken[0], &result);
        } else {
            send_together(c, c->taken, n, &result);
            count_messages(c, c->taken[0], &result);
        }
        result.ended_utc_us = clock_now().utc_us;
        for (size_t i = 0; i < n; i++) {
            result.id = c->taken[i]->id;
            post(c, &result);
            notice_free(c->taken[i]);
        }
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
    pthread_condattr_t attributes;
    int error = 0;

    if (c == NULL)
        return -ENOMEM;
    c->config = config;
    c->tag = tag;
    c->results = results;
    c->stop_fd = -1;
    pthread_mutex_init(&c->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&c->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    c->taken = calloc(2 * (size_t)config->queue, sizeof(struct notice *));
    error = transfer_open(&c->transfer);
    if (error == 0)
        error = waiting_create(config, &c->waiting);
    if (error < 0 || c->taken == NULL) {
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
    error = c->stop ? -EAGAIN : waiting_put(c->waiting, copy, clock_boot_us());
    if (error == 0)
        pthread_cond_signal(&c->changed);
    pthread_mutex_unlock(&c->lock);
    if (error < 0)
        notice_free(copy);
    return error;
}

size_t channel_waiting(struct channel *c)
{
    pthread_mutex_lock(&c->lock);
    size_t n = waiting_count(c->waiting) + c->busy;
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
    waiting_free(c->waiting);
    free(c->taken);
    free(c);
}
