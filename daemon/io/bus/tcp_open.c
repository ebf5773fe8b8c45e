#include "tcp_open.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "descriptors.h"
#include "wait.h"

/* A peer that has gone without a word (power, cable, a router's table) is noticed: within 30 s on a silent
 * connection, within 10 s when a request is not acknowledged. */
static void set_options(int fd)
{
    int on = 1, idle_s = 15, interval_s = 5, count = 3;
    unsigned user_timeout_ms = 10000;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof idle_s);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval_s, sizeof interval_s);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof count);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &user_timeout_ms, sizeof user_timeout_ms);
}

/* Connects to one address; returns the socket or -errno. */
static int connect_to(const struct addrinfo *address, int stop_fd, int64_t deadline_us)
{
    int error = 0;
    int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    if (!descriptors_fit(fd)) {
        close(fd);
        return -EMFILE;
    }
    set_options(fd);
    if (connect(fd, address->ai_addr, address->ai_addrlen) < 0)
        error = errno;
    if (error == EINPROGRESS) {
        socklen_t len = sizeof error;
        switch (wait_for(stop_fd, fd, POLLOUT, deadline_us)) {
        case WAIT_STOP:
            error = ECANCELED;
            break;
        case WAIT_TIMEOUT:
            error = ETIMEDOUT;
            break;
        case WAIT_READY:
            if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
                error = errno;
            break;
        }
    }
    if (error != 0) {
        close(fd);
        return -error;
    }
    return fd;
}

static int connect_any(const struct addrinfo *addresses, int stop_fd, int64_t timeout_us)
{
    int result = -ENOENT, left = 0;
    int64_t end_us = clock_boot_us() + timeout_us;
    for (const struct addrinfo *a = addresses; a != NULL; a = a->ai_next)
        left++;
    for (const struct addrinfo *a = addresses; a != NULL && result < 0 && result != -ECANCELED;
         a = a->ai_next, left--) {
        int64_t now_us = clock_boot_us();
        result = connect_to(a, stop_fd, now_us + (end_us > now_us ? (end_us - now_us) / left : 0));
    }
    return result;
}

/* An address as it stands: no resolver is asked. EAI_NONAME when it is none. */
static int read_address(const struct bus_config *config, struct addrinfo **ret)
{
    char port[8];
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};
    (void)snprintf(port, sizeof port, "%u", config->port);
    return getaddrinfo(config->host, port, &hints, ret);
}

/* Asks the resolver; a look-up that takes longer goes on, for the next call. */
static int resolve(const struct bus_config *config, int stop_fd, struct lookup **lookup, char *error,
                   size_t cap, struct addrinfo **ret)
{
    int result = *lookup == NULL ? lookup_start(config->host, config->port, lookup) : 0;
    if (result < 0) {
        (void)snprintf(error, cap, "cannot resolve \"%.64s\": %s", config->host, strerrordesc_np(-result));
        return result;
    }
    int64_t deadline_us = clock_boot_us() + (int64_t)config->connect_timeout_ms * MS_US;
    switch (wait_for(stop_fd, lookup_fd(*lookup), POLLIN, deadline_us)) {
    case WAIT_STOP:
        return -ECANCELED;
    case WAIT_TIMEOUT:
        (void)snprintf(error, cap, "cannot resolve \"%.64s\": the name server does not answer", config->host);
        return -ETIMEDOUT;
    case WAIT_READY:
        break;
    }
    int code = lookup_take(*lookup, ret);
    lookup_free(*lookup);
    *lookup = NULL;
    if (code != 0) {
        (void)snprintf(error, cap, "cannot resolve \"%.64s\": %s", config->host, gai_strerror(code));
        return -ENOENT;
    }
    return 0;
}

int tcp_open(const struct bus_config *config, int stop_fd, struct lookup **lookup, char *error, size_t cap)
{
    struct addrinfo *addresses;
    int code = read_address(config, &addresses);
    if (code == EAI_NONAME) {
        int result = resolve(config, stop_fd, lookup, error, cap, &addresses);
        if (result < 0)
            return result;
    } else if (code != 0) { /* such as an interface that is not there (now) */
        (void)snprintf(error, cap, "\"%.64s\": %s", config->host, gai_strerror(code));
        return -ENOENT;
    }
    int result = connect_any(addresses, stop_fd, (int64_t)config->connect_timeout_ms * MS_US);
    freeaddrinfo(addresses);
    if (result < 0)
        (void)snprintf(error, cap, "%s", strerrordesc_np(-result));
    return result;
}
