/*
 * loop.h - waits for whatever is ready, and calls its owner.
 */
#ifndef CRYOSIM_LOOP_H
#define CRYOSIM_LOOP_H

#include <stdint.h>

struct source {
    int fd; /* -1: not watched */
    void (*ready)(struct source *source, uint32_t events);
};

struct loop {
    int epoll_fd;
};

int loop_open(struct loop *loop); /* 0 or -errno */
void loop_close(struct loop *loop);

/* events: EPOLLIN and so on. Return 0 or -errno. */
int loop_watch(struct loop *loop, struct source *source, uint32_t events);
int loop_change(struct loop *loop, struct source *source, uint32_t events);
/* Stops watching, closes the descriptor, sets it to -1. The source must live until loop_wait has returned. */
void loop_drop(struct loop *loop, struct source *source);

/* Waits at most timeout_ms and calls each source that is ready. */
void loop_wait(struct loop *loop, int timeout_ms);

#endif
