#include "link.h"

#include <errno.h>
#include <modbus/modbus.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"

#define RESOLVE_ALLOWANCE_MS 60000 /* resolv.conf: some servers, tries and timeouts */
#define RTU_LINGER_MS        20    /* over FTDI's latency timer of 16 ms: a second frame shows itself in it */

struct link {
    const struct bus_config *config;
    int stop_fd;
    modbus_t *modbus;
    bool open;
    uint16_t transaction; /* of the last request, never 0 */
    char error[128];
};

int link_create(const struct bus_config *config, int stop_fd, struct link **ret)
{
    struct link *link = calloc(1, sizeof *link);
    if (link == NULL)
        return -ENOMEM;
    link->config = config;
    link->stop_fd = stop_fd;
    if (config->kind == BUS_TCP)
        link->modbus = modbus_new_tcp("127.0.0.1", 502); /* never connects: it is given our socket */
    else
        link->modbus = modbus_new_rtu(config->device, (int)config->baud, config->parity, config->data_bits,
                                      config->stop_bits);
    if (link->modbus == NULL) {
        free(link);
        return -ENOMEM;
    }
    modbus_set_byte_timeout(link->modbus, 0, 0); /* the response timeout bounds the whole reply */
    link->transaction = (uint16_t)((uint64_t)clock_boot_us() | 1U);
    *ret = link;
    return 0;
}

void link_free(struct link *link)
{
    if (link == NULL)
        return;
    link_close(link);
    modbus_free(link->modbus);
    free(link);
}

void link_close(struct link *link)
{
    if (link->open)
        modbus_close(link->modbus);
    modbus_set_socket(link->modbus, -1);
    link->open = false;
}

bool link_is_open(const struct link *link)
{
    return link->open;
}

const char *link_error(const struct link *link)
{
    return link->error;
}

enum wait_result { WAIT_READY, WAIT_TIMEOUT, WAIT_STOP };

static enum wait_result wait_fd(const struct link *link, int fd, short events, int64_t deadline_us)
{
    for (;;) {
        int64_t left_us = deadline_us - clock_boot_us();
        if (left_us < 0)
            left_us = 0;
        struct timespec timeout = {.tv_sec = left_us / SECOND_US,
                                   .tv_nsec = (long)(left_us % SECOND_US) * 1000};
        struct pollfd fds[2] = {{.fd = link->stop_fd, .events = POLLIN}, {.fd = fd, .events = events}};
        int n = ppoll(fds, 2, &timeout, NULL);
        if (n < 0 && errno == EINTR)
            continue;
        if (fds[0].revents != 0)
            return WAIT_STOP;
        if (n > 0)
            return WAIT_READY;
        return WAIT_TIMEOUT;
    }
}

/* ---------------------------------------------------------------- opening */

static void set_tcp_options(int fd)
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
static int connect_to(struct link *link, const struct addrinfo *address, int64_t deadline_us)
{
    int error = 0;
    int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    if (fd >= FD_SETSIZE) { /* libmodbus selects */
        close(fd);
        return -EMFILE;
    }
    set_tcp_options(fd);
    if (connect(fd, address->ai_addr, address->ai_addrlen) < 0)
        error = errno;
    if (error == EINPROGRESS) {
        socklen_t len = sizeof error;
        switch (wait_fd(link, fd, POLLOUT, deadline_us)) {
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

static int resolve(struct link *link, struct heartbeats *heartbeats, int slot, struct addrinfo **ret)
{
    char port[8];
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};
    snprintf(port, sizeof port, "%u", link->config->port);
    int error = getaddrinfo(link->config->host, port, &hints, ret);
    if (error == EAI_NONAME) { /* not an address: ask the resolver, who may take his time */
        heartbeat_busy(heartbeats, slot, RESOLVE_ALLOWANCE_MS);
        hints.ai_flags = AI_NUMERICSERV | AI_ADDRCONFIG;
        error = getaddrinfo(link->config->host, port, &hints, ret);
        heartbeat_beat(heartbeats, slot);
    }
    if (error != 0) {
        snprintf(link->error, sizeof link->error, "cannot resolve \"%.64s\": %s", link->config->host,
                 gai_strerror(error));
        return -ENOENT;
    }
    return 0;
}

static int open_tcp(struct link *link, struct heartbeats *heartbeats, int slot)
{
    struct addrinfo *addresses;
    int result = resolve(link, heartbeats, slot, &addresses);
    if (result < 0)
        return result;
    result = -ENOENT;
    int64_t deadline_us = clock_boot_us() + (int64_t)link->config->connect_timeout_ms * MS_US;
    heartbeat_busy(heartbeats, slot, HEARTBEAT_LATE_MS + link->config->connect_timeout_ms);
    for (const struct addrinfo *a = addresses; a != NULL && result < 0 && result != -ECANCELED;
         a = a->ai_next)
        result = connect_to(link, a, deadline_us);
    freeaddrinfo(addresses);
    if (result < 0) {
        snprintf(link->error, sizeof link->error, "%s", strerrordesc_np(-result));
        return result;
    }
    modbus_set_socket(link->modbus, result);
    return 0;
}

static int open_rtu(struct link *link)
{
    if (modbus_connect(link->modbus) < 0) {
        int error = errno != 0 ? errno : EIO;
        snprintf(link->error, sizeof link->error, "%s", strerrordesc_np(error));
        return -error;
    }
    int fd = modbus_get_socket(link->modbus);
    if (fd >= FD_SETSIZE) {
        modbus_close(link->modbus);
        snprintf(link->error, sizeof link->error, "too many open files");
        return -EMFILE;
    }
    /* Nobody else may talk on our line. TIOCEXCL does not stop root, the lock stops whoever asks for it:
     * cryoctl. */
    if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        modbus_close(link->modbus);
        snprintf(link->error, sizeof link->error, "in use by another program");
        return -EBUSY;
    }
    (void)ioctl(fd, TIOCEXCL);
    return 0;
}

int link_open(struct link *link, struct heartbeats *heartbeats, int slot)
{
    link_close(link);
    int result = link->config->kind == BUS_TCP ? open_tcp(link, heartbeats, slot) : open_rtu(link);
    link->open = result == 0;
    return result;
}

/* ---------------------------------------------------------------- bytes that nobody asked for */

static int waiting_bytes(const struct link *link)
{
    int n = 0;
    return ioctl(modbus_get_socket(link->modbus), FIONREAD, &n) < 0 ? -1 : n;
}

bool link_has_unasked(struct link *link)
{
    if (!link->open)
        return false;
    if (link->config->kind == BUS_RTU)
        return waiting_bytes(link) > 0;
    char byte;
    ssize_t n = recv(modbus_get_socket(link->modbus), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
        return false;
    if (n <= 0) /* closed by the device while idle: usual, and no fault */
        link_close(link);
    return n > 0;
}

bool link_drain(struct link *link, uint32_t quiet_ms, size_t *ret_bytes)
{
    *ret_bytes = 0;
    if (!link->open || link->config->kind == BUS_TCP)
        return true;
    int fd = modbus_get_socket(link->modbus);
    int64_t end_us = clock_boot_us() + 4 * (int64_t)quiet_ms * MS_US;
    for (;;) {
        int64_t silent_us = clock_boot_us() + (int64_t)quiet_ms * MS_US;
        if (wait_fd(link, fd, POLLIN, silent_us) != WAIT_READY)
            return true;
        unsigned char waste[256];
        ssize_t n = read(fd, waste, sizeof waste);
        if (n <= 0 && errno != EAGAIN && errno != EINTR) {
            link_close(link); /* unplugged */
            return true;
        }
        *ret_bytes += n > 0 ? (size_t)n : 0;
        if (clock_boot_us() > end_us)
            return false;
    }
}

/* ---------------------------------------------------------------- a transaction */

static void fail(struct modbus_reply *ret, enum bus_outcome outcome, const char *fault)
{
    ret->outcome = outcome;
    ret->fault = fault;
}

/* No number comes twice in 65535 requests (xorshift), and none follows from the one before by counting: a
 * device that numbers its frames itself and sends one too many must not hit the next request. */
static uint16_t next_transaction(uint16_t x)
{
    x ^= (uint16_t)(x << 7);
    x ^= (uint16_t)(x >> 9);
    x ^= (uint16_t)(x << 8);
    return x;
}

static bool send_request(struct link *link, struct modbus_request *request)
{
    uint8_t frame[MODBUS_REQUEST_MAX];
    if (link->config->kind == BUS_RTU) {
        size_t len = modbus_request_rtu(request, frame);
        modbus_set_slave(link->modbus, request->unit);
        return modbus_send_raw_request(link->modbus, frame, (int)len) > 0;
    }
    /* libmodbus' raw request always has transaction id 0, so that a late or doubled reply could not be told
     * from the true one: these twelve bytes are ours. */
    request->transaction = link->transaction = next_transaction(link->transaction);
    size_t len = modbus_request_tcp(request, frame);
    return send(modbus_get_socket(link->modbus), frame, len, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)len;
}

/* Receives a frame that has begun to arrive; its length, or 0 with ret set. */
static size_t receive_frame(struct link *link, int64_t deadline_us, uint8_t *frame, struct modbus_reply *ret)
{
    int64_t left_us = deadline_us - clock_boot_us();
    if (left_us < MS_US)
        left_us = MS_US;
    modbus_set_response_timeout(link->modbus, (uint32_t)(left_us / SECOND_US),
                                (uint32_t)(left_us % SECOND_US));
    errno = 0;
    int len = modbus_receive_confirmation(link->modbus, frame);
    if (len > 0)
        return (size_t)len;
    if (errno == ETIMEDOUT)
        fail(ret, BUS_BAD_REPLY, "incomplete frame");
    else if (len == 0 || errno >= MODBUS_ENOBASE)
        fail(ret, BUS_BAD_REPLY, "not a frame of this request");
    else
        fail(ret, BUS_LINK_DOWN, "connection lost");
    return 0;
}

/* Anything behind the reply makes the reply doubtful: which of the two was meant? */
static bool followed_by_more(const struct link *link)
{
    int fd = modbus_get_socket(link->modbus);
    if (link->config->kind == BUS_RTU)
        return wait_fd(link, fd, POLLIN, clock_boot_us() + RTU_LINGER_MS * MS_US) == WAIT_READY;
    return waiting_bytes(link) > 0;
}

static void transact(struct link *link, struct modbus_request *request, uint32_t timeout_ms,
                     struct modbus_reply *ret)
{
    uint8_t frame[MODBUS_TCP_MAX_ADU_LENGTH];
    if (!send_request(link, request)) {
        fail(ret, BUS_LINK_DOWN, "cannot send");
        return;
    }
    int64_t deadline_us = clock_boot_us() + (int64_t)timeout_ms * MS_US;
    switch (wait_fd(link, modbus_get_socket(link->modbus), POLLIN, deadline_us)) {
    case WAIT_STOP:
        fail(ret, BUS_LINK_DOWN, "stopping");
        return;
    case WAIT_TIMEOUT:
        fail(ret, BUS_NO_REPLY, "no reply");
        return;
    case WAIT_READY:
        break;
    }
    size_t len = receive_frame(link, deadline_us, frame, ret);
    if (len == 0)
        return;
    if (link->config->kind == BUS_TCP)
        modbus_reply_tcp(request, frame, len, ret);
    else
        modbus_reply_rtu(request, frame, len, ret);
    if (ret->outcome != BUS_BAD_REPLY && followed_by_more(link))
        fail(ret, BUS_BAD_REPLY, "more bytes than the reply");
}

void link_transact(struct link *link, struct modbus_request *request, uint32_t timeout_ms,
                   struct modbus_reply *ret)
{
    transact(link, request, timeout_ms, ret);
    bool keep = ret->outcome == BUS_OK || ret->outcome == BUS_REFUSED ||
                (link->config->kind == BUS_RTU && ret->outcome != BUS_LINK_DOWN);
    if (!keep)
        link_close(link);
}
