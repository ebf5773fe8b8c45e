#include "bus_fixture.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include "modbus_reply.h"

/* A sanitized program on a busy machine stands still for longer now and then, and a silence that was not
 * meant fails a test. */
#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
#define TIMEOUT_MS 300
#else
#define TIMEOUT_MS 150
#endif
#define QUIET_MS  40
#define MOST_LATE 400 /* samples of polls that did not happen, because the machine was busy: passed over */

/* ---------------------------------------------------------------- the device */

static void note(struct fake_device *d, const struct asked *asked)
{
    pthread_mutex_lock(&d->lock);
    if (d->n_asked < MOST_ASKED)
        d->asked[d->n_asked++] = *asked;
    pthread_mutex_unlock(&d->lock);
}

/* The exception to this request; -1: silence. */
static int exception_to(struct fake_device *d, const struct asked *asked)
{
    int left = atomic_load(&d->exceptions);
    if (atomic_load(&d->silent_unit) == asked->unit)
        return -1;
    if (atomic_load(&d->dead_unit) == asked->unit)
        return 11;
    if (left != 0) {
        if (left > 0)
            atomic_store(&d->exceptions, left - 1);
        return atomic_load(&d->exception);
    }
    unsigned count = asked->function > 4 ? 1 : asked->count;
    for (unsigned i = asked->address; i < asked->address + count; i++) {
        int value = i < REGISTERS ? atomic_load(&d->registers[i]) : MISSING;
        if (value < 0)
            return value == SILENT ? -1 : 2;
    }
    return 0;
}

/* Functions 5 and 6: count is the value; the reply is the request. */
static size_t put_written(struct fake_device *d, const struct asked *asked, uint8_t *pdu)
{
    const uint8_t bytes[] = {asked->unit,
                             asked->function,
                             (uint8_t)(asked->address >> 8),
                             (uint8_t)asked->address,
                             (uint8_t)(asked->count >> 8),
                             (uint8_t)asked->count};
    memcpy(pdu, bytes, sizeof bytes);
    if (!atomic_load(&d->forgets))
        atomic_store(&d->registers[asked->address], asked->function == 5 ? asked->count != 0 : asked->count);
    return sizeof bytes;
}

static size_t put_reply(struct fake_device *d, const struct asked *asked, int exception, uint8_t *pdu)
{
    size_t n = 0;
    if (exception == 0 && asked->function > 4)
        return put_written(d, asked, pdu);
    pdu[n++] = asked->unit;
    pdu[n++] = (uint8_t)(asked->function | (exception > 0 ? 0x80 : 0));
    if (exception > 0) {
        pdu[n++] = (uint8_t)exception;
        return n;
    }
    if (asked->function == 1) { /* one coil */
        pdu[n++] = 1;
        pdu[n++] = (uint8_t)atomic_load(&d->registers[asked->address]);
        return n;
    }
    pdu[n++] = (uint8_t)(2 * asked->count);
    for (unsigned i = asked->address; i < (unsigned)asked->address + asked->count; i++) {
        int value = atomic_load(&d->registers[i]);
        pdu[n++] = (uint8_t)(value >> 8);
        pdu[n++] = (uint8_t)value;
    }
    return n;
}

static bool send_reply(struct fake_device *d, int fd, const uint8_t *request, const struct asked *asked,
                       int exception)
{
    uint8_t frame[600];
    size_t head = d->serial ? 0 : 6;
    memcpy(frame, request, head);
    size_t len = head + put_reply(d, asked, exception, frame + head);
    if (d->serial) {
        uint16_t crc = modbus_crc16(frame, len);
        frame[len++] = (uint8_t)crc;
        frame[len++] = (uint8_t)(crc >> 8);
    } else {
        frame[4] = (uint8_t)((len - 6) >> 8);
        frame[5] = (uint8_t)(len - 6);
    }
    return write(fd, frame, len) == (ssize_t)len;
}

/* One request; false when the connection is over. */
static bool serve(struct fake_device *d, int fd)
{
    uint8_t request[16];
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
    const uint8_t *pdu = request + (d->serial ? 0 : 6);
    struct asked asked = {.unit = pdu[0],
                          .function = pdu[1],
                          .address = (uint16_t)(pdu[2] << 8 | pdu[3]),
                          .count = (uint16_t)(pdu[4] << 8 | pdu[5])};
    note(d, &asked);
    if (!d->serial && atomic_exchange(&d->hang_up, false))
        return false;
    int exception = exception_to(d, &asked);
    bool ok = exception < 0 || send_reply(d, fd, request, &asked, exception);
    return ok && (d->serial || !atomic_exchange(&d->hang_up_after, false));
}

static void *device_thread(void *argument)
{
    struct fake_device *d = argument;
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

static void open_serial(struct bus_world *w)
{
    struct termios raw;
    w->device.fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(w->device.fd >= 0 && grantpt(w->device.fd) == 0 && unlockpt(w->device.fd) == 0);
    assert_int_equal(tcgetattr(w->device.fd, &raw), 0);
    cfmakeraw(&raw);
    assert_int_equal(tcsetattr(w->device.fd, TCSANOW, &raw), 0);
    w->bus_config.kind = BUS_RTU;
    snprintf(w->bus_config.device, sizeof w->bus_config.device, "%s", ptsname(w->device.fd));
    w->bus_config.baud = 115200;
    w->bus_config.parity = 'N';
    w->bus_config.data_bits = 8;
    w->bus_config.stop_bits = 1;
}

static void open_tcp(struct bus_world *w)
{
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

/* ---------------------------------------------------------------- the world */

void bus_world_open(struct bus_world *w, bool serial)
{
    memset(w, 0, sizeof *w);
    w->device.serial = serial;
    if (serial)
        open_serial(w);
    else
        open_tcp(w);
    snprintf(w->bus_config.id, ID_MAX, "test");
    for (unsigned i = 0; i < 2; i++) {
        w->devices[i] = (struct device_config){.unit = (uint8_t)(i + 1),
                                               .interval_ms = THE_INTERVAL,
                                               .timeout_ms = TIMEOUT_MS,
                                               .quiet_ms = QUIET_MS,
                                               .max_registers = 125,
                                               .max_gap = 8};
        snprintf(w->devices[i].id, ID_MAX, "device-%u", i);
    }
    w->config = (struct config){.generation = 1,
                                .n_buses = 1,
                                .n_devices = 2,
                                .buses = &w->bus_config,
                                .devices = w->devices,
                                .points = w->points,
                                .guards = w->guards,
                                .guard_targets = w->targets};
    atomic_init(&w->config.references, 100); /* it lives on the stack: never freed */
    for (int i = 0; i < REGISTERS; i++)
        atomic_init(&w->device.registers[i], i);
}

static const struct reg_format plain = {.type = REG_U16, .scale_num = 1, .scale_den = 1};

uint16_t bus_world_point(struct bus_world *w, uint16_t device, uint16_t address)
{
    assert_true(w->config.n_points < MOST_POINTS);
    w->points[w->config.n_points] =
        (struct point_config){.device = device, .table = TABLE_HOLDING, .address = address, .format = plain};
    return w->config.n_points++;
}

struct guard_config *bus_world_guard(struct bus_world *w, uint16_t device, uint16_t address,
                                     enum guard_kind kind, int only_point)
{
    assert_true(w->config.n_guards < MOST_GUARDS);
    struct guard_config *guard = &w->guards[w->config.n_guards];
    if (w->devices[device].n_guards++ == 0)
        w->devices[device].first_guard = w->config.n_guards;
    w->config.n_guards++;
    *guard = (struct guard_config){.device = device,
                                   .table = TABLE_HOLDING,
                                   .address = address,
                                   .format = plain,
                                   .rule = {.kind = kind},
                                   .first_target = w->config.n_guard_targets};
    snprintf(guard->register_name, ID_MAX, "guard-%u", address);
    for (uint16_t i = 0; i < w->config.n_points; i++) {
        if (w->points[i].device != device || (only_point >= 0 && only_point != i))
            continue;
        w->targets[w->config.n_guard_targets++] = i;
        guard->n_targets++;
    }
    return guard;
}

micro_t bus_world_number(int value)
{
    return value * MICRO_PER_UNIT;
}

struct guard_config *bus_world_value(struct guard_config *guard, int value, enum reason reason)
{
    guard->rule.n_values = 1;
    guard->rule.values[0] = (struct guard_value){.value = bus_world_number(value), .reason = reason};
    return guard;
}

void bus_world_run(struct bus_world *w)
{
    assert_int_equal(pthread_mutex_init(&w->device.lock, NULL), 0);
    assert_int_equal(pthread_create(&w->device.thread, NULL, device_thread, &w->device), 0);
    assert_int_equal(mailbox_create(sizeof(struct core_message), 4096, 16, &w->core), 0);
    assert_int_equal(heartbeats_create(&w->heartbeats), 0);
    w->stop_fd = eventfd(0, EFD_CLOEXEC);
    assert_int_equal(bus_create(&w->config, 0, w->core, w->heartbeats, &w->shared, w->stop_fd, &w->bus), 0);
}

void bus_world_close(struct bus_world *w)
{
    assert_int_equal(eventfd_write(w->stop_fd, 1), 0);
    bus_free(w->bus);
    atomic_store(&w->device.stop, true);
    pthread_join(w->device.thread, NULL);
    pthread_mutex_destroy(&w->device.lock);
    close(w->device.fd);
    close(w->stop_fd);
    mailbox_free(w->core);
    heartbeats_free(w->heartbeats);
}

void bus_world_set(struct bus_world *w, uint16_t address, int value)
{
    atomic_store(&w->device.registers[address], value);
}

static void next_message(struct bus_world *w, struct core_message *ret)
{
    int64_t deadline_us = clock_boot_us() + 40 * SECOND_US;
    while (!mailbox_take(w->core, ret)) {
        assert_true(clock_boot_us() < deadline_us);
        (void)mailbox_wait(w->core, -1, deadline_us);
    }
    if (ret->kind == CORE_DIAGNOSTICS) {
        w->diagnostics[ret->diagnostics.device] = ret->diagnostics.counts;
        w->reports[ret->diagnostics.device]++;
    }
}

/* A poll that did not happen because the bus was late: true. It must have been: no slot is given up before it
 * is two intervals late, however busy the machine is. */
static bool was_late(struct bus_world *w, const struct core_message *m)
{
    if (m->sample.reading.reason != REASON_STALE)
        return false;
    const struct device_config *dc = &w->config.devices[w->config.points[m->sample.point].device];
    assert_true(m->sample.taken.boot_us - m->sample.slot.boot_us > 2 * (int64_t)dc->interval_ms * MS_US);
    return w->n_late++ < MOST_LATE;
}

struct core_message bus_world_any_sample(struct bus_world *w)
{
    struct core_message m;
    do
        next_message(w, &m);
    while (m.kind != CORE_SAMPLE);
    return m;
}

struct core_message bus_world_sample(struct bus_world *w)
{
    struct core_message m;
    do
        m = bus_world_any_sample(w);
    while (was_late(w, &m));
    return m;
}

struct core_message bus_world_next(struct bus_world *w, uint16_t point)
{
    struct core_message m;
    do
        m = bus_world_sample(w);
    while (m.sample.point != point);
    return m;
}

void bus_world_forget(struct bus_world *w)
{
    struct core_message m;
    while (mailbox_take(w->core, &m))
        ;
    pthread_mutex_lock(&w->device.lock);
    w->device.n_asked = 0;
    pthread_mutex_unlock(&w->device.lock);
}

void bus_world_until(struct bus_world *w, uint16_t point, enum quality quality, enum reason reason)
{
    int64_t deadline_us = clock_boot_us() + 40 * SECOND_US;
    for (;;) {
        struct core_message m = bus_world_next(w, point);
        if (m.sample.reading.quality == quality && m.sample.reading.reason == reason)
            return;
        if (clock_boot_us() > deadline_us)
            fail_msg("point %u: still %s", point, reason_name(m.sample.reading.reason));
    }
}

void bus_world_until_good(struct bus_world *w, uint16_t point)
{
    bus_world_until(w, point, QUALITY_GOOD, REASON_NONE);
}

void bus_world_report(struct bus_world *w, uint16_t device)
{
    struct core_message m;
    do
        next_message(w, &m);
    while (m.kind != CORE_DIAGNOSTICS || m.diagnostics.device != device);
}

size_t bus_world_asked(struct bus_world *w, uint16_t address, uint16_t count)
{
    size_t n = 0;
    pthread_mutex_lock(&w->device.lock);
    for (size_t i = 0; i < w->device.n_asked; i++)
        n += w->device.asked[i].address == address && w->device.asked[i].count == count;
    pthread_mutex_unlock(&w->device.lock);
    return n;
}

size_t bus_world_asked_all(struct bus_world *w)
{
    pthread_mutex_lock(&w->device.lock);
    size_t n = w->device.n_asked;
    pthread_mutex_unlock(&w->device.lock);
    return n;
}
