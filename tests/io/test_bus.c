/*
 * The bus thread against devices that misbehave: TCP on loopback and a serial line on a pty. A scripted
 * device answers each request in the way the test says; what the bus posts is what the daemon would believe.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

#include "bus.h"
#include "clock.h"
#include "modbus_reply.h"

enum behaviour {
    TRUE_REPLY,
    SILENT,
    LATE, /* after the timeout and the quiet time: the worst case on a serial line */
    WRONG_UNIT,
    WRONG_TRANSACTION,
    WRONG_PROTOCOL,
    WRONG_LENGTH,
    WRONG_BYTE_COUNT,
    HALF,
    TRAILING,
    DOUBLED,
    EXCEPTION_11,
    EXCEPTION_2,
    DROP,
    HANG_UP, /* TCP: after each reply */
    COUNTED, /* TCP: a wrong value under the number that follows the last request's */
};

#define TIMEOUT_MS 80
#define QUIET_MS   60
#define CHANGE     1000
#define LATE_MS    (TIMEOUT_MS + QUIET_MS + 40)

/* The device: each register holds its own address plus a counter that the test raises. */
struct device {
    bool serial;
    int fd; /* listening socket, or the pty's master */
    atomic_int behaviour, value, requests;
    uint16_t last_transaction;
    atomic_bool stop;
    pthread_t thread;
};

static size_t true_reply(const struct device *d, const uint8_t *request, uint8_t *reply)
{
    const uint8_t *pdu = request + (d->serial ? 1 : 7);
    unsigned address = (unsigned)(pdu[1] << 8 | pdu[2]), count = (unsigned)(pdu[3] << 8 | pdu[4]);
    size_t n = d->serial ? 0 : 6;
    memcpy(reply, request, n);
    reply[n++] = request[d->serial ? 0 : 6];
    reply[n++] = pdu[0];
    reply[n++] = (uint8_t)(2 * count);
    for (unsigned i = 0; i < count; i++) {
        unsigned value = address + i + (unsigned)atomic_load(&d->value);
        reply[n++] = (uint8_t)(value >> 8);
        reply[n++] = (uint8_t)value;
    }
    return n;
}

static void spoil(const struct device *d, int behaviour, uint8_t *reply, size_t *len)
{
    size_t unit = d->serial ? 0 : 6;
    if (behaviour == WRONG_UNIT)
        reply[unit]++;
    else if (behaviour == WRONG_TRANSACTION && !d->serial)
        reply[1]++;
    else if (behaviour == WRONG_PROTOCOL && !d->serial)
        reply[3] = 9;
    else if (behaviour == WRONG_BYTE_COUNT)
        reply[unit + 2] = (uint8_t)(reply[unit + 2] - 2), *len -= 2;
    if (behaviour == COUNTED && !d->serial) {
        reply[0] = (uint8_t)((d->last_transaction + 1) >> 8);
        reply[1] = (uint8_t)(d->last_transaction + 1);
        reply[unit + 4] ^= 0x55;
    }
    if (behaviour == EXCEPTION_11 || behaviour == EXCEPTION_2) {
        reply[unit + 1] |= 0x80;
        reply[unit + 2] = behaviour == EXCEPTION_11 ? 11 : 2;
        *len = unit + 3;
    }
}

/* Length in the MBAP header, or the CRC; then what is wrong with the framing itself. */
static void finish(const struct device *d, int behaviour, uint8_t *reply, size_t *len)
{
    if (d->serial) {
        uint16_t crc = modbus_crc16(reply, *len);
        reply[(*len)++] = (uint8_t)crc;
        reply[(*len)++] = (uint8_t)(crc >> 8);
        if (behaviour == WRONG_PROTOCOL || behaviour == WRONG_LENGTH || behaviour == WRONG_TRANSACTION)
            reply[*len - 1] ^= 0xFF; /* what a serial frame has instead: a broken CRC */
    } else {
        reply[4] = 0;
        reply[5] = (uint8_t)(*len - 6 + (behaviour == WRONG_LENGTH ? 4 : 0));
    }
    if (behaviour == HALF)
        *len /= 2;
    if (behaviour == TRAILING) {
        memcpy(reply + *len, "\x01\x02\x03", 3);
        *len += 3;
    }
    if (behaviour == DOUBLED) {
        memcpy(reply + *len, reply, *len);
        *len *= 2;
    }
}

/* One request; false when the connection is over. */
static bool serve(struct device *d, int fd)
{
    uint8_t request[64], reply[600];
    size_t want = d->serial ? 8 : 12, got = 0;
    while (got < want) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        if (atomic_load(&d->stop))
            return false;
        if (poll(&p, 1, 20) <= 0)
            continue;
        ssize_t n = read(fd, request + got, want - got);
        if (n <= 0)
            return false;
        got += (size_t)n;
    }
    int behaviour = atomic_load(&d->behaviour);
    atomic_fetch_add(&d->requests, 1);
    if (behaviour == SILENT)
        return true;
    if (behaviour == DROP && !d->serial)
        return false;
    size_t len = true_reply(d, request, reply);
    spoil(d, behaviour, reply, &len);
    finish(d, behaviour, reply, &len);
    if (behaviour == LATE)
        usleep(LATE_MS * 1000);
    d->last_transaction = (uint16_t)(request[0] << 8 | request[1]);
    return write(fd, reply, len) == (ssize_t)len && (d->serial || behaviour != HANG_UP);
}

static void *device_thread(void *argument)
{
    struct device *d = argument;
    while (!atomic_load(&d->stop)) {
        if (d->serial) {
            (void)serve(d, d->fd);
            continue;
        }
        struct pollfd p = {.fd = d->fd, .events = POLLIN};
        if (poll(&p, 1, 20) <= 0)
            continue;
        int fd = accept4(d->fd, NULL, NULL, SOCK_CLOEXEC);
        while (fd >= 0 && serve(d, fd))
            ;
        if (fd >= 0)
            close(fd);
    }
    return NULL;
}

/* ---------------------------------------------------------------- the bus under test */

struct world {
    struct device device;
    struct config config;
    struct bus_config bus_config;
    struct device_config device_config;
    struct point_config points[3];
    struct mailbox *core;
    struct heartbeats *heartbeats;
    struct bus_shared shared;
    struct bus *bus;
    int stop_fd;
};

static void open_device(struct world *w, bool serial)
{
    w->device.serial = serial;
    snprintf(w->bus_config.id, ID_MAX, "test");
    if (serial) {
        w->device.fd = posix_openpt(O_RDWR | O_NOCTTY);
        assert_true(w->device.fd >= 0 && grantpt(w->device.fd) == 0 && unlockpt(w->device.fd) == 0);
        w->bus_config.kind = BUS_RTU;
        snprintf(w->bus_config.device, sizeof w->bus_config.device, "%s", ptsname(w->device.fd));
        w->bus_config.baud = 115200;
        w->bus_config.parity = 'N';
        w->bus_config.data_bits = 8;
        w->bus_config.stop_bits = 1;
        struct termios raw;
        assert_int_equal(tcgetattr(w->device.fd, &raw), 0);
        cfmakeraw(&raw);
        assert_int_equal(tcsetattr(w->device.fd, TCSANOW, &raw), 0);
        return;
    }
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    w->device.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(w->device.fd, (struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(w->device.fd, 8), 0);
    assert_int_equal(getsockname(w->device.fd, (struct sockaddr *)&address, &len), 0);
    w->bus_config.kind = BUS_TCP;
    snprintf(w->bus_config.host, sizeof w->bus_config.host, "127.0.0.1");
    w->bus_config.port = ntohs(address.sin_port);
    w->bus_config.connect_timeout_ms = 500;
}

/* Three points in two requests of the same shape: 10 and 11 in one, 90 and its neighbour's place in the
 * other. */
static void open_patient_world(struct world *w, bool serial, uint32_t timeout_ms)
{
    static const uint16_t addresses[] = {10, 11, 90};
    memset(w, 0, sizeof *w);
    open_device(w, serial);
    w->device_config = (struct device_config){
        .unit = 5, .interval_ms = 40, .timeout_ms = timeout_ms, .quiet_ms = QUIET_MS, .max_registers = 125};
    snprintf(w->device_config.id, ID_MAX, "device");
    for (size_t i = 0; i < 3; i++) {
        w->points[i].table = TABLE_HOLDING;
        w->points[i].address = addresses[i];
        w->points[i].format = (struct reg_format){.type = REG_U16, .scale_num = 1, .scale_den = 1};
    }
    w->config = (struct config){.generation = 1,
                                .n_buses = 1,
                                .n_devices = 1,
                                .n_points = 3,
                                .buses = &w->bus_config,
                                .devices = &w->device_config,
                                .points = w->points};
    atomic_init(&w->config.references, 100); /* it lives on this stack: never freed */
    assert_int_equal(pthread_create(&w->device.thread, NULL, device_thread, &w->device), 0);
    assert_int_equal(mailbox_create(sizeof(struct core_message), 4096, 16, &w->core), 0);
    assert_int_equal(heartbeats_create(&w->heartbeats), 0);
    w->stop_fd = eventfd(0, EFD_CLOEXEC);
    assert_int_equal(bus_create(&w->config, 0, w->core, w->heartbeats, &w->shared, w->stop_fd, &w->bus), 0);
}

static void open_world(struct world *w, bool serial)
{
    open_patient_world(w, serial, TIMEOUT_MS);
}

static void close_world(struct world *w)
{
    assert_int_equal(eventfd_write(w->stop_fd, 1), 0);
    bus_free(w->bus);
    atomic_store(&w->device.stop, true);
    pthread_join(w->device.thread, NULL);
    close(w->device.fd);
    close(w->stop_fd);
    mailbox_free(w->core);
    heartbeats_free(w->heartbeats);
}

static void next_sample(struct world *w, struct core_message *ret)
{
    int64_t deadline_us = clock_boot_us() + 20 * SECOND_US;
    do {
        while (!mailbox_take(w->core, ret)) {
            assert_true(clock_boot_us() < deadline_us);
            (void)mailbox_wait(w->core, -1, deadline_us);
        }
    } while (ret->kind != CORE_SAMPLE);
}

/* No value that is believed may be anything but the register's own, now or one change ago. */
static bool check_sample(const struct world *w, const struct core_message *m)
{
    if (m->sample.reading.quality == QUALITY_BAD) {
        assert_int_not_equal(m->sample.reading.reason, REASON_NONE);
        return false;
    }
    int64_t address = w->points[m->sample.point].address;
    int64_t value = m->sample.reading.value / MICRO_PER_UNIT - address;
    int now = atomic_load(&w->device.value);
    assert_true(value == now || value == now - CHANGE);
    return true;
}

static void wait_good(struct world *w, int n)
{
    struct core_message m;
    for (int good = 0, tries = 0; good < n; tries++) {
        assert_true(tries < 5000);
        next_sample(w, &m);
        good = check_sample(w, &m) ? good + 1 : 0;
    }
}

static void wait_bad(struct world *w, enum reason reason)
{
    struct core_message m;
    for (int tries = 0;; tries++) {
        assert_true(tries < 5000);
        next_sample(w, &m);
        if (!check_sample(w, &m) && m.sample.reading.reason == reason)
            return;
    }
}

/* Each misbehaviour: noticed, never believed, and over when the device is well again. */
static void misbehave(bool serial)
{
    static const struct {
        enum behaviour behaviour;
        enum reason tcp, rtu;
    } cases[] = {
        {SILENT, REASON_TIMEOUT, REASON_TIMEOUT},
        {LATE, REASON_TIMEOUT, REASON_TIMEOUT},
        {WRONG_UNIT, REASON_BAD_REPLY, REASON_BAD_REPLY},
        {WRONG_TRANSACTION, REASON_BAD_REPLY, REASON_BAD_REPLY},
        {WRONG_PROTOCOL, REASON_BAD_REPLY, REASON_BAD_REPLY},
        {WRONG_LENGTH, REASON_BAD_REPLY, REASON_BAD_REPLY},
        {WRONG_BYTE_COUNT, REASON_BAD_REPLY, REASON_BAD_REPLY},
        {HALF, REASON_BAD_REPLY, REASON_BAD_REPLY},
        {TRAILING, REASON_BAD_REPLY, REASON_BAD_REPLY},
        {DOUBLED, REASON_BAD_REPLY, REASON_BAD_REPLY},
        {EXCEPTION_11, REASON_TIMEOUT, REASON_TIMEOUT},
        {DROP, REASON_LINK_DOWN, REASON_NONE},
        {COUNTED, REASON_BAD_REPLY, REASON_NONE},
    };
    struct world w;
    open_world(&w, serial);
    wait_good(&w, 6);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        enum reason reason = serial ? cases[i].rtu : cases[i].tcp;
        if (reason == REASON_NONE)
            continue;
        atomic_store(&w.device.behaviour, cases[i].behaviour);
        wait_bad(&w, reason);
        atomic_fetch_add(&w.device.value, CHANGE);
        atomic_store(&w.device.behaviour, TRUE_REPLY);
        struct core_message m; /* what was under way may still be the old value, but no older */
        while (mailbox_take(w.core, &m))
            ;
        wait_good(&w, 6);
    }
    close_world(&w);
}

static void test_tcp(void **state)
{
    (void)state;
    misbehave(false);
}

static void test_serial(void **state)
{
    (void)state;
    misbehave(true);
}

/* A serial device that answers each request after the timeout and the quiet time: each reply arrives in the
 * time of the next request. Nothing of it may be believed, however long it goes on. */
static void test_serial_always_late(void **state)
{
    (void)state;
    struct world w;
    struct core_message m;
    open_world(&w, true);
    wait_good(&w, 3);
    atomic_store(&w.device.behaviour, LATE);
    atomic_fetch_add(&w.device.value, CHANGE);
    wait_bad(&w, REASON_TIMEOUT);
    for (int i = 0; i < 60; i++) {
        next_sample(&w, &m);
        assert_int_equal(m.sample.reading.quality, QUALITY_BAD);
    }
    atomic_store(&w.device.behaviour, TRUE_REPLY);
    wait_good(&w, 6);
    close_world(&w);
}

/* How many requests the next ten polls take. */
static int requests_of_ten_polls(struct world *w)
{
    struct core_message m;
    int before = atomic_load(&w->device.requests);
    for (int polls = 0; polls < 10;) {
        next_sample(w, &m);
        polls += m.sample.point == 0;
    }
    return atomic_load(&w->device.requests) - before;
}

/* A device that starts refuses everything: what was split for that is read together again. */
static void test_refusals_are_forgotten(void **state)
{
    (void)state;
    struct world w;
    open_world(&w, false);
    wait_good(&w, 6);
    atomic_store(&w.device.behaviour, EXCEPTION_2);
    wait_bad(&w, REASON_REFUSED);
    for (int polls = 0; polls < 30; polls++)
        wait_bad(&w, REASON_REFUSED);
    atomic_store(&w.device.behaviour, TRUE_REPLY);
    wait_good(&w, 6);
    int64_t deadline_us = clock_boot_us() + 20 * SECOND_US;
    while (requests_of_ten_polls(&w) > 24) /* two for each poll, and what is under way */
        assert_true(clock_boot_us() < deadline_us);
    close_world(&w);
}

/* A device that hangs up after each reply is read all the same, every block of it. */
static void test_one_reply_for_each_connection(void **state)
{
    (void)state;
    struct world w;
    struct core_message m;
    open_world(&w, false);
    wait_good(&w, 3);
    atomic_store(&w.device.behaviour, HANG_UP);
    for (int i = 0; i < 30; i++) {
        next_sample(&w, &m);
        assert_true(check_sample(&w, &m));
    }
    close_world(&w);
}

static void test_every_slot_leaves_a_trace(void **state)
{
    (void)state;
    struct world w;
    struct core_message m;
    int64_t last_slot_us = 0;
    open_world(&w, false);
    wait_good(&w, 3);
    atomic_store(&w.device.behaviour, SILENT); /* back-off: most slots pass without a request */
    for (int i = 0; i < 90; i++) {
        next_sample(&w, &m);
        if (m.sample.point != 0)
            continue;
        if (last_slot_us != 0)
            assert_true(m.sample.slot.boot_us - last_slot_us <= 40 * MS_US);
        last_slot_us = m.sample.slot.boot_us;
    }
    close_world(&w);
}

/* Whatever the bus is waiting for, it ends at once when it must. */
static void stop_within(bool serial, int behaviour)
{
    struct world w;
    open_patient_world(&w, serial, 30000);
    wait_good(&w, 3);
    atomic_store(&w.device.behaviour, behaviour);
    int before = atomic_load(&w.device.requests);
    while (atomic_load(&w.device.requests) < before + 1)
        usleep(1000);
    int64_t begin_us = clock_boot_us();
    close_world(&w);
    assert_true(clock_boot_us() - begin_us < 10 * SECOND_US);
}

static void test_stop_in_silence(void **state)
{
    (void)state;
    stop_within(false, SILENT);
    stop_within(true, SILENT);
}

static void test_stop_in_half_a_reply(void **state)
{
    (void)state;
    stop_within(false, HALF);
    stop_within(true, HALF);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tcp),
        cmocka_unit_test(test_serial),
        cmocka_unit_test(test_serial_always_late),
        cmocka_unit_test(test_refusals_are_forgotten),
        cmocka_unit_test(test_one_reply_for_each_connection),
        cmocka_unit_test(test_every_slot_leaves_a_trace),
        cmocka_unit_test(test_stop_in_silence),
        cmocka_unit_test(test_stop_in_half_a_reply),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
