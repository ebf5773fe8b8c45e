#include "errand.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "clock.h"
#include "descriptors.h"

enum phase { PHASE_NONE, PHASE_ASKED, PHASE_TAKEN, PHASE_DONE };

struct errand {
    atomic_uint references;
    pthread_mutex_t lock; /* held for moments */
    enum phase phase;
    bool awaited; /* TAKEN: somebody waits for the end */
    struct errand_write write;
    int error;
    char detail[NOTE_MAX];
    int asked_fd, done_fd;
};

int errand_create(struct errand **ret)
{
    struct errand *errand = calloc(1, sizeof *errand);
    if (errand == NULL)
        return -ENOMEM;
    atomic_init(&errand->references, 1);
    pthread_mutex_init(&errand->lock, NULL);
    errand->asked_fd = descriptors_aside(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    errand->done_fd = descriptors_aside(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (errand->asked_fd < 0 || errand->done_fd < 0) {
        int error = errno;
        errand_unref(errand);
        return -error;
    }
    *ret = errand;
    return 0;
}

struct errand *errand_ref(struct errand *errand)
{
    if (errand != NULL)
        atomic_fetch_add(&errand->references, 1);
    return errand;
}

void errand_unref(struct errand *errand)
{
    if (errand == NULL || atomic_fetch_sub(&errand->references, 1) > 1)
        return;
    if (errand->asked_fd >= 0)
        close(errand->asked_fd);
    if (errand->done_fd >= 0)
        close(errand->done_fd);
    pthread_mutex_destroy(&errand->lock);
    free(errand);
}

static void hear(int fd)
{
    eventfd_t n;
    (void)eventfd_read(fd, &n);
}

/* ---------------------------------------------------------------- who asks */

static int put(struct errand *errand, const struct errand_write *write)
{
    pthread_mutex_lock(&errand->lock);
    bool busy = errand->phase == PHASE_TAKEN;
    if (!busy) {
        errand->phase = PHASE_ASKED;
        errand->write = *write;
        hear(errand->done_fd);
        (void)eventfd_write(errand->asked_fd, 1);
    }
    pthread_mutex_unlock(&errand->lock);
    return busy ? -EBUSY : 0;
}

/* 1: it is done; 0: the time is over; -ECANCELED. */
static int await(const struct errand *errand, int stop_fd, int64_t deadline_us)
{
    for (;;) {
        struct pollfd fds[] = {{.fd = errand->done_fd, .events = POLLIN}, {.fd = stop_fd, .events = POLLIN}};
        int64_t left_us = deadline_us - clock_boot_us();
        int n = poll(fds, 2, left_us > 0 ? (int)(left_us / MS_US) + 1 : 0);
        if (n > 0 && fds[0].revents != 0)
            return 1;
        if (n > 0 && fds[1].revents != 0)
            return -ECANCELED;
        if (left_us <= 0)
            return 0;
    }
}

int errand_ask(struct errand *errand, const struct errand_write *write, int stop_fd, int64_t deadline_us,
               char *detail, size_t cap)
{
    int result = put(errand, write);
    snprintf(detail, cap, "%s", result < 0 ? "the last one has not come to an end" : "");
    if (result < 0)
        return result;
    int waited = await(errand, stop_fd, deadline_us);
    pthread_mutex_lock(&errand->lock);
    bool taken = errand->phase == PHASE_TAKEN;
    if (errand->phase == PHASE_DONE) {
        result = errand->error;
        snprintf(detail, cap, "%s", errand->detail);
    } else {
        result = waited < 0 ? waited : -ETIMEDOUT;
        snprintf(detail, cap, "%s", taken ? "its line does not come to an end" : "its line is not served");
    }
    errand->awaited = false;
    if (!taken)
        errand->phase = PHASE_NONE;
    pthread_mutex_unlock(&errand->lock);
    return result;
}

/* ---------------------------------------------------------------- the bus */

int errand_fd(const struct errand *errand)
{
    return errand != NULL ? errand->asked_fd : -1;
}

bool errand_take(struct errand *errand, const char *line, struct errand_write *ret)
{
    if (errand == NULL)
        return false;
    pthread_mutex_lock(&errand->lock);
    bool ours = errand->phase == PHASE_ASKED && strcmp(errand->write.line, line) == 0;
    hear(errand->asked_fd);
    if (ours) {
        errand->phase = PHASE_TAKEN;
        errand->awaited = true;
        *ret = errand->write;
    }
    pthread_mutex_unlock(&errand->lock);
    return ours;
}

void errand_done(struct errand *errand, int error, const char *detail)
{
    pthread_mutex_lock(&errand->lock);
    errand->phase = errand->awaited ? PHASE_DONE : PHASE_NONE;
    errand->error = error;
    snprintf(errand->detail, sizeof errand->detail, "%s", detail);
    (void)eventfd_write(errand->done_fd, 1);
    pthread_mutex_unlock(&errand->lock);
}
