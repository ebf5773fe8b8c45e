#include "wait.h"

#include <errno.h>
#include <poll.h>
#include <time.h>

#include "clock.h"

enum wait_result wait_for(int stop_fd, int fd, short events, int64_t deadline_us)
{
    for (;;) {
        int64_t left_us = deadline_us - clock_boot_us();
        if (left_us < 0)
            left_us = 0;
        struct timespec timeout = {.tv_sec = left_us / SECOND_US,
                                   .tv_nsec = (long)(left_us % SECOND_US) * 1000};
        struct pollfd fds[2] = {{.fd = stop_fd, .events = POLLIN}, {.fd = fd, .events = events}};
        int n = ppoll(fds, 2, &timeout, NULL);
        if (n < 0 && errno == EINTR)
            continue;
        if (fds[0].revents != 0)
            return WAIT_STOP;
        return n > 0 ? WAIT_READY : WAIT_TIMEOUT;
    }
}
