#include "link_internal.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include "clock.h"
#include "descriptors.h"
#include "lookup.h"
#include "tcp_open.h"
#include "wait.h"

#define LATE_US    SECOND_US /* a reply that lay there for so long was read too late to be of now */
#define TCP_PREFIX 6         /* transaction, protocol, length */
#define TCP_LEAST  9         /* with unit, function, and one byte more: the shortest is an exception */

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
    lookup_free(link->lookup);
    modbus_free(link->modbus);
    free(link);
}

int link_descriptor(const struct link *link)
{
    return modbus_get_socket(link->modbus);
}

void link_close(struct link *link)
{
    if (link->open && link->config->kind == BUS_RTU) {
        (void)ioctl(link_descriptor(link),
                    TIOCNXCL); /* else, while somebody else has it open, it stays ours */
        (void)tcflush(link_descriptor(link), TCIOFLUSH); /* what can't be sent must not hold the close up */
    }
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

struct reports *link_reports(struct link *link)
{
    return &link->reports;
}

/* ---------------------------------------------------------------- opening */

static int open_tcp(struct link *link, struct heartbeats *heartbeats, int slot)
{
    heartbeat_busy(heartbeats, slot, HEARTBEAT_LATE_MS + 2 * link->config->connect_timeout_ms);
    int fd = tcp_open(link->config, link->stop_fd, &link->lookup, link->error, sizeof link->error);
    if (fd < 0)
        return fd;
    modbus_set_socket(link->modbus, fd);
    return 0;
}

/* The path is followed anew each time: /dev/serial/by-id leads to the adapter wherever it is plugged in. */
static int open_rtu(struct link *link)
{
    if (modbus_connect(link->modbus) < 0) {
        int error = errno != 0 ? errno : EIO;
        snprintf(link->error, sizeof link->error, "%s", strerrordesc_np(error));
        return -error;
    }
    int fd = link_descriptor(link);
    if (!descriptors_fit(fd)) {
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
    link->quiet_since_us = clock_boot_us();
    return result;
}

/* ---------------------------------------------------------------- silence */

int64_t link_halves_us(const struct bus_config *config, unsigned n)
{
    unsigned bits = 1U + config->data_bits + (config->parity != 'N' ? 1U : 0U) + config->stop_bits;
    return (int64_t)n * bits * SECOND_US / (2 * (int64_t)config->baud) + 1;
}

/* MODBUS over serial line V1.02, 2.5.1.1: 3.5 characters, and a fixed 1.75 ms above 19200 baud. */
static int64_t least_silence_us(const struct bus_config *config)
{
    if (config->kind != BUS_RTU)
        return 0;
    return config->baud > 19200 ? LINK_SILENCE_US : link_halves_us(config, 7);
}

bool link_rest(struct link *link, uint32_t pause_ms)
{
    int64_t pause_us = (int64_t)pause_ms * MS_US, least_us = least_silence_us(link->config);
    int64_t until_us = link->quiet_since_us + (pause_us > least_us ? pause_us : least_us);
    if (!link->open)
        return true;
    if (link->config->kind == BUS_RTU)
        return wait_for(link->stop_fd, link_descriptor(link), POLLIN, until_us) != WAIT_READY;
    (void)wait_for(link->stop_fd, -1, 0, until_us);
    return true;
}

/* ---------------------------------------------------------------- bytes that nobody asked for */

static int waiting_bytes(const struct link *link)
{
    int n = 0;
    return ioctl(link_descriptor(link), FIONREAD, &n) < 0 ? -1 : n;
}

bool link_has_unasked(struct link *link)
{
    if (!link->open)
        return false;
    if (link->config->kind == BUS_RTU)
        return waiting_bytes(link) > 0;
    char byte;
    ssize_t n = recv(link_descriptor(link), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
        return false;
    if (n <= 0) /* closed by the device while idle: usual, and no fault */
        link_close(link);
    return n > 0;
}

void link_keep_waste(struct link *link, const uint8_t *bytes, size_t n)
{
    size_t room = sizeof link->waste - link->n_waste;
    memcpy(link->waste + link->n_waste, bytes, n < room ? n : room);
    link->n_waste += n < room ? n : room;
}

size_t link_take_waste(struct link *link, const uint8_t **ret)
{
    size_t n = link->n_waste;
    link->n_waste = 0;
    *ret = link->waste;
    return n;
}

bool link_drain(struct link *link, uint32_t quiet_ms, size_t *ret_bytes)
{
    *ret_bytes = 0;
    if (!link->open || link->config->kind == BUS_TCP)
        return true;
    int fd = link_descriptor(link);
    int64_t end_us = clock_boot_us() + 4 * (int64_t)quiet_ms * MS_US;
    for (;;) {
        int64_t silent_us = clock_boot_us() + (int64_t)quiet_ms * MS_US;
        if (wait_for(link->stop_fd, fd, POLLIN, silent_us) != WAIT_READY)
            return true;
        uint8_t bytes[256];
        ssize_t n = read(fd, bytes, sizeof bytes);
        if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
            link_close(link); /* unplugged */
            return true;
        }
        link->quiet_since_us = clock_boot_us();
        link_keep_waste(link, bytes, n > 0 ? (size_t)n : 0);
        *ret_bytes += n > 0 ? (size_t)n : 0;
        if (clock_boot_us() > end_us)
            return false;
    }
}

/* ---------------------------------------------------------------- receiving */

void link_fail(struct modbus_reply *ret, enum bus_outcome outcome, const char *fault)
{
    ret->outcome = outcome;
    ret->fault = fault;
}

size_t link_read_to(struct link *link, int64_t deadline_us, uint8_t *frame, size_t n, size_t want,
                    const char *what, struct modbus_reply *ret)
{
    while (n < want) {
        switch (wait_for(link->stop_fd, link_descriptor(link), POLLIN, deadline_us)) {
        case WAIT_STOP:
            link_fail(ret, BUS_LINK_DOWN, "stopping");
            return n;
        case WAIT_TIMEOUT:
            link_fail(ret, n > 0 ? BUS_BAD_REPLY : BUS_NO_REPLY, n > 0 ? what : "no reply");
            return n;
        case WAIT_READY:
            break;
        }
        ssize_t got = read(link_descriptor(link), frame + n, want - n);
        if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
            link_fail(ret, BUS_LINK_DOWN, "connection lost");
            return n;
        }
        n += got > 0 ? (size_t)got : 0;
        link->quiet_since_us = clock_boot_us();
    }
    return n;
}

size_t link_frame_length(const uint8_t *frame)
{
    if ((frame[1] & 0x80) != 0)
        return 5;
    return frame[1] >= 1 && frame[1] <= 4 ? 5 + (size_t)frame[2] : 0;
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

/* ---------------------------------------------------------------- receiving on TCP */

static bool send_tcp(struct link *link, struct modbus_request *request)
{
    /* libmodbus' raw request always has transaction id 0, so that a late or doubled reply could not be told
     * from the true one: these twelve bytes are ours. */
    uint8_t frame[MODBUS_REQUEST_MAX];
    request->transaction = link->transaction = next_transaction(link->transaction);
    size_t len = modbus_request_tcp(request, frame);
    return send(link_descriptor(link), frame, len, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)len;
}

/* One frame, or as much as it says of itself behind the length field, which modbus_reply_tcp checks; its
 * length, or 0 with ret set. Not libmodbus': that would hear of the stop only at the deadline. */
static size_t receive_tcp(struct link *link, int64_t deadline_us, uint8_t *frame, struct modbus_reply *ret)
{
    size_t n = link_read_to(link, deadline_us, frame, 0, TCP_LEAST, "incomplete frame", ret);
    if (n < TCP_LEAST)
        return 0;
    size_t want = link_frame_length(frame + TCP_PREFIX);
    if (want == 0) {
        link_fail(ret, BUS_BAD_REPLY, "function");
        return 0;
    }
    want += TCP_PREFIX - 2; /* no CRC */
    n = link_read_to(link, deadline_us, frame, n, want, "incomplete frame", ret);
    return n == want ? n : 0;
}

static void transact_tcp(struct link *link, struct modbus_request *request, uint32_t timeout_ms,
                         struct modbus_reply *ret)
{
    uint8_t frame[TCP_LEAST + UINT8_MAX];
    if (!send_tcp(link, request)) {
        link_fail(ret, BUS_LINK_DOWN, "cannot send");
        return;
    }
    int64_t deadline_us = clock_boot_us() + (int64_t)timeout_ms * MS_US;
    link->quiet_since_us = clock_boot_us();
    size_t len = receive_tcp(link, deadline_us, frame, ret);
    if (len == 0)
        return;
    bool unnumbered = link->config->ignore_transaction_id;
    if (unnumbered) /* whatever the gateway writes there is right */
        request->transaction = (uint16_t)(frame[0] << 8 | frame[1]);
    modbus_reply_tcp(request, frame, len, ret);
    if (ret->outcome == BUS_BAD_REPLY) {
        if (strcmp(ret->fault, "transaction id") == 0)
            ret->fault = "transaction id (see ignore_transaction_id)";
        return;
    }
    if (unnumbered) /* a second reply would pass for the next one's: it must show itself now */
        (void)wait_for(link->stop_fd, link_descriptor(link), POLLIN, clock_boot_us() + LINK_GAP_MS * MS_US);
    if (waiting_bytes(link) > 0)
        link_fail(ret, BUS_BAD_REPLY, "more bytes than the reply");
}

/* ---------------------------------------------------------------- a transaction */

void link_transact(struct link *link, struct modbus_request *request, uint32_t timeout_ms,
                   struct modbus_reply *ret)
{
    memset(ret, 0, sizeof *ret);
    link->n_waste = 0;
    if (!link->open) {
        link_fail(ret, BUS_LINK_DOWN, "no connection");
        return;
    }
    int64_t due_us = clock_boot_us() + (int64_t)timeout_ms * MS_US;
    if (link->config->kind == BUS_TCP)
        transact_tcp(link, request, timeout_ms, ret);
    else if (request->function > 4)
        link_rtu_write(link, request, timeout_ms, ret);
    else
        link_rtu_transact(link, request, timeout_ms, ret);
    /* What came in time is read in time, unless the machine was suspended: who knows when it came? */
    if ((ret->outcome == BUS_OK || ret->outcome == BUS_REFUSED) && clock_boot_us() > due_us + LATE_US)
        link_fail(ret, BUS_NO_REPLY, "read too late");
    bool keep = ret->outcome == BUS_OK || ret->outcome == BUS_REFUSED ||
                (link->config->kind == BUS_RTU && ret->outcome != BUS_LINK_DOWN);
    if (!keep)
        link_close(link);
}
