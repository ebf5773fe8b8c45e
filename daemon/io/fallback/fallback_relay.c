/* fallback_relay.c - the relay: see fallback.h. */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "fallback_private.h"

#define AGAIN_US     (2 * SECOND_US) /* after a failure */
#define FAILURES_MAX 4
#define REQUEST_SIZE 12

enum { WRITE_COIL = 5, WRITE_REGISTER = 6 };

struct deadline {
    int stop_fd;
    int64_t at_us;
};

/* Waits until fd is ready. Returns 0, -ETIMEDOUT or -ECANCELED. */
static int await(int fd, short events, const struct deadline *deadline)
{
    for (;;) {
        struct pollfd fds[] = {{.fd = fd, .events = events}, {.fd = deadline->stop_fd, .events = POLLIN}};
        int64_t left_us = deadline->at_us - clock_boot_us();
        if (left_us <= 0)
            return -ETIMEDOUT;
        int n = poll(fds, 2, (int)(left_us / MS_US) + 1);
        if (n > 0 && fds[1].revents != 0)
            return -ECANCELED;
        if (n > 0 && fds[0].revents != 0)
            return 0;
    }
}

static int connect_one(const struct addrinfo *address, const struct deadline *deadline, int *ret)
{
    int on = 1, error = 0;
    socklen_t size = sizeof error;
    int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    int result = connect(fd, address->ai_addr, address->ai_addrlen) < 0 ? -errno : 0;
    if (result == -EINPROGRESS) {
        result = await(fd, POLLOUT, deadline);
        if (result == 0 && getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0)
            result = -error;
    }
    if (result < 0) {
        close(fd);
        return result;
    }
    *ret = fd;
    return 0;
}

static int connect_relay(const struct fallback_relay *relay, struct deadline *deadline, int *ret)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV}, *list = NULL;
    char port[8];
    snprintf(port, sizeof port, "%u", relay->port);
    if (getaddrinfo(relay->host, port, &hints, &list) != 0) /* it may take its time: this thread has it */
        return -EHOSTUNREACH;
    deadline->at_us = clock_boot_us() + FALLBACK_RELAY_MS * MS_US;
    int result = -EHOSTUNREACH;
    for (const struct addrinfo *a = list; a != NULL && result < 0 && result != -ECANCELED; a = a->ai_next)
        result = connect_one(a, deadline, ret);
    freeaddrinfo(list);
    return result;
}

static void make_request(const struct fallback_relay *relay, uint16_t transaction,
                         unsigned char ret[REQUEST_SIZE])
{
    const uint16_t value = relay->coil ? (relay->value != 0 ? 0xFF00 : 0) : relay->value;
    const unsigned char bytes[REQUEST_SIZE] = {(unsigned char)(transaction >> 8),
                                               (unsigned char)transaction,
                                               0,
                                               0,
                                               0,
                                               6,
                                               relay->unit,
                                               relay->coil ? WRITE_COIL : WRITE_REGISTER,
                                               (unsigned char)(relay->address >> 8),
                                               (unsigned char)relay->address,
                                               (unsigned char)(value >> 8),
                                               (unsigned char)value};
    memcpy(ret, bytes, REQUEST_SIZE);
}

static int send_all(int fd, const unsigned char *bytes, size_t len, const struct deadline *deadline)
{
    for (size_t done = 0; done < len;) {
        ssize_t n = send(fd, bytes + done, len - done, MSG_NOSIGNAL);
        if (n > 0)
            done += (size_t)n;
        else if (n < 0 && errno != EAGAIN && errno != EINTR)
            return -errno;
        else if (n < 0 && errno == EAGAIN && await(fd, POLLOUT, deadline) < 0)
            return -ETIMEDOUT;
    }
    return 0;
}

/* The reply to a write is the request itself. */
static int read_echo(int fd, const unsigned char request[REQUEST_SIZE], const struct deadline *deadline,
                     char *detail, size_t cap)
{
    unsigned char reply[REQUEST_SIZE];
    size_t len = 0;
    while (len < REQUEST_SIZE) {
        int result = await(fd, POLLIN, deadline);
        if (result < 0)
            return result;
        ssize_t n = recv(fd, reply + len, REQUEST_SIZE - len, 0);
        if (n == 0)
            return -ECONNRESET;
        if (n < 0 && errno != EAGAIN && errno != EINTR)
            return -errno;
        len += n > 0 ? (size_t)n : 0;
        if (len >= 9 && reply[7] == (request[7] | 0x80)) {
            snprintf(detail, cap, "the relay refuses: exception %u", reply[8]);
            return -EPROTO;
        }
    }
    if (memcmp(request, reply, REQUEST_SIZE) == 0)
        return 0;
    snprintf(detail, cap, "the relay's reply is not to this request");
    return -EBADMSG;
}

static int write_line(struct fallback *f, const struct fallback_relay *relay, char *detail, size_t cap)
{
    struct errand_write write = {
        .unit = relay->unit, .coil = relay->coil, .address = relay->address, .value = relay->value};
    snprintf(write.line, sizeof write.line, "%s", relay->host);
    return errand_ask(f->errand, &write, f->relay.stop_fd, clock_boot_us() + FALLBACK_LINE_MS * MS_US, detail,
                      cap);
}

static int write_tcp(const struct fallback_relay *relay, int stop_fd, char *detail, size_t cap)
{
    unsigned char request[REQUEST_SIZE];
    struct deadline deadline = {.stop_fd = stop_fd};
    int fd = -1;
    detail[0] = '\0';
    int result = connect_relay(relay, &deadline, &fd);
    make_request(relay, (uint16_t)clock_boot_us(), request);
    if (result == 0)
        result = send_all(fd, request, sizeof request, &deadline);
    if (result == 0)
        result = read_echo(fd, request, &deadline, detail, cap);
    if (fd >= 0)
        close(fd);
    if (result < 0 && detail[0] == '\0')
        snprintf(detail, cap, "%.128s:%u: %s", relay->host, relay->port, strerrordesc_np(-result));
    return result;
}

/* Writes the relay once. Returns 0, or -errno with detail. The stop: gives up (-ECANCELED). */
static int write_relay(struct fallback *f, const struct fallback_relay *relay, char *detail, size_t cap)
{
    return relay->serial ? write_line(f, relay, detail, cap)
                         : write_tcp(relay, f->relay.stop_fd, detail, cap);
}

/* The next attempt. On a serial line a relay that does not answer costs the devices there their time. */
static int64_t pause_us(const struct fallback_relay *relay, int error, unsigned failures)
{
    const int64_t most_us = FALLBACK_REFRESH_MS * MS_US;
    if (error == 0)
        return most_us;
    int64_t again_us = AGAIN_US << (relay->serial && failures > 0 ? failures - 1 : 0);
    return again_us < most_us ? again_us : most_us;
}

/* What was told last: a repetition is no news. */
struct told {
    bool known, on;
    int error;
};

static void tell(struct fallback *f, const struct fallback_relay *relay, int error, const char *detail,
                 struct told *told)
{
    struct core_message message = {.kind = CORE_FALLBACK};
    if (told->known && told->on == relay->on && told->error == error)
        return;
    *told = (struct told){true, relay->on, error};
    message.fallback.part = FALLBACK_RELAY;
    message.fallback.error = error;
    message.fallback.on = relay->on;
    snprintf(message.fallback.detail, sizeof message.fallback.detail, "%s", detail);
    fallback_tell(f, &message);
}

void *fallback_relay_loop(void *context)
{
    struct fallback *f = context;
    struct fallback_relay relay = {0};
    struct told told = {0};
    char detail[NOTE_MAX];
    int64_t due_us = INT64_MAX;
    unsigned failures = 0;
    pthread_setname_np(pthread_self(), "relay");
    while (!fallback_is_ending(&f->relay)) {
        (void)mailbox_wait(f->relay.box, f->relay.stop_fd, due_us);
        while (mailbox_take(f->relay.box, &relay))
            due_us = 0, failures = 0;
        if (!relay.enabled)
            due_us = INT64_MAX;
        if (clock_boot_us() < due_us || fallback_is_ending(&f->relay))
            continue;
        int error = write_relay(f, &relay, detail, sizeof detail);
        if (error != -ECANCELED)
            failures = error == 0 ? 0 : failures < FAILURES_MAX ? failures + 1 : failures;
        due_us = clock_boot_us() + pause_us(&relay, error, failures);
        if (error != -ECANCELED)
            tell(f, &relay, error, detail, &told);
    }
    (void)eventfd_write(f->relay.done_fd, 1);
    return NULL;
}
