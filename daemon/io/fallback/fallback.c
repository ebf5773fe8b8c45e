#include "fallback.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "clock.h"
#include "fallback_private.h"

#define STACK_SIZE 262144U
#define CALLS      4
#define RELAYS     8

static int thread_create(struct fallback_thread *thread, size_t message_size, size_t capacity)
{
    thread->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    thread->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (thread->stop_fd < 0 || thread->done_fd < 0)
        return -errno;
    return mailbox_create(message_size, capacity, 0, &thread->box);
}

int fallback_create(struct mailbox *core, struct fallback **ret)
{
    struct fallback *f = calloc(1, sizeof *f);
    if (f == NULL)
        return -ENOMEM;
    f->core = core;
    f->command.stop_fd = f->command.done_fd = f->relay.stop_fd = f->relay.done_fd = -1;
    int result = errand_create(&f->errand);
    if (result == 0)
        result = thread_create(&f->command, sizeof(struct fallback_call *), CALLS);
    if (result == 0)
        result = thread_create(&f->relay, sizeof(struct fallback_relay), RELAYS);
    if (result < 0) {
        fallback_free(f);
        return result;
    }
    *ret = f;
    return 0;
}

static int start(struct fallback *f, struct fallback_thread *thread, void *(*loop)(void *))
{
    pthread_attr_t attr;
    if (thread->started)
        return 0;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, STACK_SIZE);
    int error = pthread_create(&thread->thread, &attr, loop, f);
    pthread_attr_destroy(&attr);
    thread->started = error == 0;
    return -error;
}

int fallback_run(struct fallback *f, struct fallback_call *call)
{
    if (atomic_load(&f->busy)) {
        free(call);
        return -EBUSY;
    }
    int result = start(f, &f->command, fallback_command_loop);
    atomic_store(&f->busy, true);
    if (result == 0)
        result = mailbox_post(f->command.box, MAILBOX_ORDINARY, &call);
    if (result < 0) {
        atomic_store(&f->busy, false);
        free(call);
    }
    return result;
}

int fallback_set_relay(struct fallback *f, const struct fallback_relay *relay)
{
    if (!f->has_relay && !relay->enabled)
        return 0;
    if (f->has_relay && memcmp(&f->told, relay, sizeof f->told) == 0)
        return 0;
    int result = start(f, &f->relay, fallback_relay_loop);
    if (result == 0)
        result = mailbox_try(f->relay.box, MAILBOX_ORDINARY, relay);
    if (result < 0)
        return result; /* the core says it again */
    f->has_relay = true;
    f->told = *relay;
    return 0;
}

struct errand *fallback_errand(const struct fallback *f)
{
    return f->errand;
}

bool fallback_is_ending(const struct fallback_thread *thread)
{
    struct pollfd fd = {.fd = thread->stop_fd, .events = POLLIN};
    return poll(&fd, 1, 0) > 0;
}

void fallback_tell(struct fallback *f, const struct core_message *message)
{
    for (int i = 0; i < 100 && mailbox_try(f->core, MAILBOX_RESERVED, message) < 0; i++)
        usleep(10000);
}

static bool ended(struct fallback_thread *thread, int64_t deadline_us)
{
    if (!thread->started)
        return true;
    for (;;) {
        struct pollfd fd = {.fd = thread->done_fd, .events = POLLIN};
        int64_t left_us = deadline_us - clock_boot_us();
        int ready = poll(&fd, 1, left_us > 0 ? (int)(left_us / MS_US) + 1 : 0);
        if (ready > 0)
            break;
        if (left_us <= 0)
            return false;
    }
    pthread_join(thread->thread, NULL);
    thread->started = false;
    return true;
}

int fallback_stop(struct fallback *f, unsigned timeout_ms)
{
    if (f == NULL)
        return 0;
    int64_t deadline_us = clock_boot_us() + timeout_ms * MS_US;
    (void)eventfd_write(f->command.stop_fd, 1);
    (void)eventfd_write(f->relay.stop_fd, 1);
    bool command = ended(&f->command, deadline_us), relay = ended(&f->relay, deadline_us);
    return command && relay ? 0 : -ETIMEDOUT;
}

static void thread_free(struct fallback_thread *thread)
{
    mailbox_free(thread->box);
    if (thread->stop_fd >= 0)
        close(thread->stop_fd);
    if (thread->done_fd >= 0)
        close(thread->done_fd);
}

void fallback_free(struct fallback *f)
{
    struct fallback_call *call;
    if (f == NULL || f->command.started || f->relay.started)
        return; /* a thread still uses it */
    while (f->command.box != NULL && mailbox_take(f->command.box, &call))
        free(call);
    thread_free(&f->command);
    thread_free(&f->relay);
    errand_unref(f->errand);
    free(f);
}
