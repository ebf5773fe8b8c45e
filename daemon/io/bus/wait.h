/*
 * wait.h - waiting for a descriptor, and giving up at a time or when the bus is to stop.
 */
#ifndef CRYOMON_WAIT_H
#define CRYOMON_WAIT_H

#include <stdint.h>

enum wait_result { WAIT_READY, WAIT_TIMEOUT, WAIT_STOP };

/* Until fd has one of the events (or an error, or its end), deadline_us (BOOTTIME) has come, or stop_fd is
 * readable, which comes first. fd -1: only the other two. */
enum wait_result wait_for(int stop_fd, int fd, short events, int64_t deadline_us);

#endif
