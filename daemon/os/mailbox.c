#include "mailbox.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"

#define KEPT_BYTES ((size_t)1 << 20) /* of a ring */

struct mailbox {
    pthread_mutex_t lock;
    int fd;
    size_t message_size, capacity, reserved;
    size_t head, used; /* oldest message, number of messages */
    size_t deepest;    /* slots in use since it was last empty, from the first of the ring on */
    uint64_t dropped;
    unsigned char *ring;
};

int mailbox_create(size_t message_size, size_t capacity, size_t reserved, struct mailbox **ret)
{
    if (message_size == 0 || capacity == 0 || reserved >= capacity)
        return -EINVAL;
    struct mailbox *mb = calloc(1, sizeof *mb);
    if (mb == NULL)
        return -ENOMEM;
    mb->message_size = message_size;
    mb->capacity = capacity;
    mb->reserved = reserved;
    mb->fd = -1;
    pthread_mutex_init(&mb->lock, NULL);
    mb->ring = calloc(capacity, message_size);
    mb->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (mb->ring == NULL || mb->fd < 0) {
        int error = mb->ring == NULL ? -ENOMEM : -errno;
        mailbox_free(mb);
        return error;
    }
    *ret = mb;
    return 0;
}

void mailbox_free(struct mailbox *mb)
{
    if (mb == NULL)
        return;
    if (mb->fd >= 0)
        close(mb->fd);
    pthread_mutex_destroy(&mb->lock);
    free(mb->ring);
    free(mb);
}

/* What a burst has touched is given back when it is over: a disk that hung for a minute must not cost its
 * memory for ever. */
static void give_back(struct mailbox *mb)
{
    if (mb->deepest * mb->message_size <= KEPT_BYTES) {
        mb->deepest = 0;
        return;
    }
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), begin = (uintptr_t)mb->ring + KEPT_BYTES;
    uintptr_t end = (uintptr_t)mb->ring + mb->deepest * mb->message_size;
    begin = (begin + page - 1) / page * page;
    end = end / page * page; /* whole pages of ours only */
    if (begin < end)
        (void)madvise((void *)begin, end - begin, MADV_DONTNEED);
    mb->deepest = 0;
}

static int put(struct mailbox *mb, enum mailbox_class class, const void *message, bool count)
{
    int result = 0;
    pthread_mutex_lock(&mb->lock);
    size_t room = mb->capacity - (class == MAILBOX_RESERVED ? 0 : mb->reserved);
    if (mb->used >= room) {
        mb->dropped += count;
        result = -ENOSPC;
    } else {
        size_t slot = (mb->head + mb->used) % mb->capacity;
        memcpy(mb->ring + slot * mb->message_size, message, mb->message_size);
        mb->deepest = slot >= mb->deepest ? slot + 1 : mb->deepest;
        if (mb->used++ == 0)
            (void)eventfd_write(mb->fd, 1); /* inside the lock, so that it agrees with the ring */
    }
    pthread_mutex_unlock(&mb->lock);
    return result;
}

int mailbox_post(struct mailbox *mb, enum mailbox_class class, const void *message)
{
    return put(mb, class, message, true);
}

int mailbox_try(struct mailbox *mb, enum mailbox_class class, const void *message)
{
    return put(mb, class, message, false);
}

bool mailbox_take(struct mailbox *mb, void *ret_message)
{
    bool taken = false;
    pthread_mutex_lock(&mb->lock);
    if (mb->used > 0) {
        memcpy(ret_message, mb->ring + mb->head * mb->message_size, mb->message_size);
        mb->head = (mb->head + 1) % mb->capacity;
        taken = true;
        if (--mb->used == 0) {
            eventfd_t count;
            mb->head = 0; /* a queue that is kept short touches only the first of its pages */
            give_back(mb);
            (void)eventfd_read(mb->fd, &count);
        }
    }
    pthread_mutex_unlock(&mb->lock);
    return taken;
}

int mailbox_fd(const struct mailbox *mb)
{
    return mb->fd;
}

uint64_t mailbox_take_dropped(struct mailbox *mb)
{
    pthread_mutex_lock(&mb->lock);
    uint64_t dropped = mb->dropped;
    mb->dropped = 0;
    pthread_mutex_unlock(&mb->lock);
    return dropped;
}

bool mailbox_wait(struct mailbox *mb, int extra_fd, int64_t deadline_boot_us)
{
    int64_t wait_us = deadline_boot_us - clock_boot_us();
    if (wait_us < 0)
        wait_us = 0;
    struct timespec timeout = {.tv_sec = wait_us / SECOND_US, .tv_nsec = (long)(wait_us % SECOND_US) * 1000};
    struct pollfd fds[2] = {{.fd = mb->fd, .events = POLLIN}, {.fd = extra_fd, .events = POLLIN}};
    (void)ppoll(fds, extra_fd >= 0 ? 2 : 1, &timeout, NULL);
    return (fds[0].revents & POLLIN) != 0;
}
