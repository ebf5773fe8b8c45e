/* fallback_private.h - shared by the files of this folder. */
#ifndef CRYOMON_FALLBACK_PRIVATE_H
#define CRYOMON_FALLBACK_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "fallback.h"

/* A thread with its mailbox, and an eventfd that ends it. */
struct fallback_thread {
    struct mailbox *box;
    pthread_t thread;
    int stop_fd, done_fd; /* eventfds */
    bool started;
};

struct fallback {
    struct mailbox *core;
    struct fallback_thread command, relay;
    struct errand *errand;
    atomic_bool busy; /* a command is under way */
    bool has_relay;   /* of the core thread: the relay was told something */
    struct fallback_relay told;
};

/* fallback_run.c, fallback_relay.c: what the threads do. */
void *fallback_command_loop(void *fallback);
void *fallback_relay_loop(void *fallback);

/* Posts to the core; tries for a second, for an answer that is lost would leave it waiting. */
void fallback_tell(struct fallback *fallback, const struct core_message *message);

/* Has the thread been told to end? */
bool fallback_is_ending(const struct fallback_thread *thread);

#endif
