#include "bus.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bus_device.h"
#include "bus_internal.h"
#include "clock.h"
#include "link.h"
#include "log.h"
#include "round.h"
#include "schedule.h"

#define STACK_BYTES      ((size_t)256 * 1024)
#define IDLE_US          SECOND_US /* the longest sleep between two heartbeats */
#define RECONNECT_US     SECOND_US
#define RECONNECT_CAP_US (8 * SECOND_US)
#define BUSY_TRIES       3
#define BUSY_PAUSE_US    (30 * MS_US) /* doubled each time */
#define BUSY_LEAST_US    (150 * MS_US)
#define BUSY_MOST_US     (500 * MS_US)
#define EXCEPTION_PATH   10 /* gateway: no path to the unit */
#define EXCEPTION_TARGET 11 /* gateway: the unit does not answer */

struct bus {
    struct config *config;
    uint16_t index;
    struct mailbox *core;
    struct heartbeats *heartbeats;
    int heartbeat, stop_fd;
    struct link *link;
    struct schedule schedule;
    struct schedule_device *slots;
    struct bus_device *devices;
    size_t n_devices;
    uint32_t link_failures; /* in a row */
    int64_t connect_at_us;  /* not before */
    uint32_t connections;   /* made so far */
    bool told_up, told_any;
    pthread_t thread;
    bool started;
};

static const char *bus_id(const struct bus *bus)
{
    return bus->config->buses[bus->index].id;
}

const struct config *bus_config(const struct bus *bus)
{
    return bus->config;
}

uint32_t bus_connection(const struct bus *bus)
{
    return bus->connections;
}

bool bus_stopping(const struct bus *bus)
{
    struct pollfd fd = {.fd = bus->stop_fd, .events = POLLIN};
    return poll(&fd, 1, 0) > 0;
}

/* ---------------------------------------------------------------- telling the core */

static void post(struct bus *bus, struct core_message *message)
{
    message->generation = bus->config->generation;
    (void)mailbox_post(bus->core, MAILBOX_ORDINARY, message); /* a full mailbox counts what it refuses */
}

void bus_post_sample(struct bus *bus, uint16_t point, const struct reading *reading, struct stamp slot,
                     struct stamp taken)
{
    struct core_message message = {.kind = CORE_SAMPLE};
    message.sample.point = point;
    message.sample.reading = *reading;
    message.sample.slot = slot;
    message.sample.taken = taken;
    post(bus, &message);
}

static void post_diagnostics(struct bus *bus, int64_t now_us)
{
    struct core_message message = {.kind = CORE_DIAGNOSTICS};
    for (size_t i = 0; i < bus->n_devices; i++) {
        if (!bus_device_report_due(&bus->devices[i], now_us))
            continue;
        message.diagnostics.device = bus->devices[i].index;
        message.diagnostics.counts = bus->devices[i].diagnostics;
        post(bus, &message);
    }
}

static void post_batch_end(struct bus *bus)
{
    struct core_message message = {.kind = CORE_BATCH_END};
    post(bus, &message);
}

static void post_state(struct bus *bus, bool up, int error)
{
    if (bus->told_any && bus->told_up == up)
        return;
    bus->told_any = true;
    bus->told_up = up;
    if (up)
        log_line(LOG_INFO, MID_BUS, "bus %s: connected", bus_id(bus));
    else
        log_line(LOG_WARNING, MID_BUS, "bus %s: no connection: %s", bus_id(bus), link_error(bus->link));
    struct core_message message = {.kind = CORE_BUS_STATE};
    message.bus.bus = bus->index;
    message.bus.up = up;
    message.bus.error = error;
    post(bus, &message);
}

/* ---------------------------------------------------------------- the link */

static void link_failed(struct bus *bus)
{
    /* The first loss is often an idle connection that the device closed: try again at once. */
    if (++bus->link_failures > 1)
        bus->connect_at_us =
            clock_boot_us() + schedule_backoff_us(&bus->schedule.random, bus->link_failures - 1, RECONNECT_US,
                                                  RECONNECT_CAP_US);
}

/* A new connection on a serial line: somebody may still be talking, and what he says is not for us. */
static void distrust_all(struct bus *bus)
{
    if (bus->config->buses[bus->index].kind != BUS_RTU)
        return;
    size_t bytes;
    uint32_t quiet_ms = 0;
    for (size_t i = 0; i < bus->n_devices; i++) {
        uint32_t q = bus->config->devices[bus->devices[i].index].quiet_ms;
        quiet_ms = q > quiet_ms ? q : quiet_ms;
        bus_device_doubt_all(&bus->devices[i]);
    }
    heartbeat_busy(bus->heartbeats, bus->heartbeat, HEARTBEAT_LATE_MS + 4 * quiet_ms);
    (void)link_drain(bus->link, quiet_ms, &bytes);
}

static bool have_link(struct bus *bus)
{
    if (link_is_open(bus->link))
        return true;
    if (clock_boot_us() < bus->connect_at_us)
        return false;
    int result = link_open(bus->link, bus->heartbeats, bus->heartbeat);
    if (result < 0) {
        bus->link_failures += bus->link_failures == 0; /* a refused connection is no idle drop */
        link_failed(bus);
        post_state(bus, false, -result);
        return false;
    }
    bus->connections++;
    post_state(bus, true, 0);
    distrust_all(bus);
    return link_is_open(bus->link);
}

/* Bytes that nobody asked for are somebody else's, or a reply that came too late. */
static void clear_unasked(struct bus *bus, struct bus_device *device)
{
    if (!link_has_unasked(bus->link))
        return;
    size_t bytes;
    device->diagnostics.unasked++;
    if (!device->serial) {
        log_line(LOG_NOTICE, MID_BUS, "bus %s: unexpected bytes; connection closed", bus_id(bus));
        link_close(bus->link);
        return;
    }
    (void)link_drain(bus->link, bus->config->devices[device->index].quiet_ms, &bytes);
    log_line(LOG_NOTICE, MID_BUS, "bus %s: %zu unexpected bytes thrown away", bus_id(bus), bytes);
    for (size_t i = 0; i < bus->n_devices; i++) /* whose they are can't be told */
        bus_device_doubt(&bus->devices[i], NULL);
}

/* ---------------------------------------------------------------- polling */

static enum reason reason_of(const struct modbus_reply *reply)
{
    switch (reply->outcome) {
    case BUS_OK:
        return REASON_NONE;
    case BUS_NO_REPLY:
        return REASON_TIMEOUT;
    case BUS_BAD_REPLY:
        return REASON_BAD_REPLY;
    case BUS_REFUSED: /* a gateway speaks for a unit that is silent */
        return reply->exception == EXCEPTION_PATH || reply->exception == EXCEPTION_TARGET ? REASON_TIMEOUT
                                                                                          : REASON_REFUSED;
    case BUS_LINK_DOWN:
        break;
    }
    return REASON_LINK_DOWN;
}

static void count(const struct bus *bus, struct bus_device *device, const struct modbus_reply *reply,
                  struct stamp sent)
{
    struct stamp now = clock_now();
    if (!bus_stopping(bus)) /* broken off by us: that is no fault */
        diagnostics_count(&device->diagnostics, reply, now.boot_us - sent.boot_us, now.utc_us);
}

/* One transaction with its consequences for link and trust; REASON_NONE when words are there. */
static enum reason ask(struct bus *bus, struct bus_device *device, struct modbus_request *request,
                       struct modbus_reply *reply)
{
    const struct device_config *dc = &bus->config->devices[device->index];
    heartbeat_busy(bus->heartbeats, bus->heartbeat, HEARTBEAT_LATE_MS + dc->timeout_ms + 4 * dc->quiet_ms);
    struct stamp sent = clock_now();
    link_transact(bus->link, request, dc->timeout_ms, reply);
    count(bus, device, reply, sent);
    enum reason reason = reason_of(reply);
    if (reason != REASON_NONE && reason != REASON_REFUSED) /* when it answers again, it may be another */
        device->identified = false;
    if (reply->outcome == BUS_OK || reply->outcome == BUS_REFUSED)
        bus->link_failures = 0;
    if (reply->outcome == BUS_LINK_DOWN)
        link_failed(bus);
    if (reply->outcome == BUS_BAD_REPLY)
        log_line(LOG_NOTICE, MID_BUS, "device %s: bad reply: %s", dc->id, reply->fault);
    if (reply->outcome == BUS_NO_REPLY || reply->outcome == BUS_BAD_REPLY) {
        size_t bytes;
        bus_device_doubt(device, request);
        if (!link_drain(bus->link, dc->quiet_ms, &bytes))
            log_line(LOG_WARNING, MID_BUS, "bus %s: the line does not fall silent", bus_id(bus));
    }
    return reason;
}

/* A pause that a stop ends. */
static void pause_for(const struct bus *bus, int64_t pause_us)
{
    struct timespec timeout = {.tv_sec = pause_us / SECOND_US,
                               .tv_nsec = (long)(pause_us % SECOND_US) * 1000};
    struct pollfd fd = {.fd = bus->stop_fd, .events = POLLIN};
    (void)ppoll(&fd, 1, &timeout, NULL);
}

enum reason bus_ask(struct bus *bus, struct bus_device *device, struct modbus_request *request,
                    struct modbus_reply *reply)
{
    enum reason reason = ask(bus, device, request, reply);
    for (unsigned n = 0; n < BUSY_TRIES && reason == REASON_REFUSED; n++) {
        int64_t pause_us = BUSY_PAUSE_US << n;
        bool busy = reply->exception == EXCEPTION_ACKNOWLEDGE || reply->exception == EXCEPTION_BUSY;
        if (!busy || clock_boot_us() + pause_us > device->busy_until_us)
            break;
        pause_for(bus, pause_us);
        if (bus_stopping(bus))
            break;
        reason = ask(bus, device, request, reply);
    }
    return reason;
}

/* A serial device that has to prove itself: REASON_NONE when it has. */
static enum reason prove(struct bus *bus, struct bus_device *device)
{
    struct modbus_request request;
    struct modbus_reply reply;
    if (!device->serial || device->probed)
        return REASON_NONE;
    bus_device_probe(device, bus->config, &request);
    enum reason reason = ask(bus, device, &request, &reply);
    if (reason == REASON_NONE ||
        (reply.outcome == BUS_REFUSED && bus_device_refusal_proves(device, &request, reply.exception))) {
        bus_device_probed(device);
        return REASON_NONE;
    }
    if (reply.outcome == BUS_REFUSED) /* perhaps of an earlier request: then this one is unanswered */
        bus_device_doubt(device, &request);
    return reason;
}

/* A busy device may have a quarter of its interval to come to itself: the others wait meanwhile. */
static int64_t busy_budget_us(const struct bus *bus, const struct bus_device *device)
{
    int64_t budget_us = (int64_t)bus->config->devices[device->index].interval_ms * MS_US / 4;
    return budget_us < BUSY_LEAST_US ? BUSY_LEAST_US : budget_us > BUSY_MOST_US ? BUSY_MOST_US : budget_us;
}

/* Polls all registers; posts a sample per point. */
static enum reason poll_registers(struct bus *bus, struct bus_device *device, struct stamp slot)
{
    device->busy_until_us = clock_boot_us() + busy_budget_us(bus, device);
    enum reason reason = prove(bus, device);
    if (reason == REASON_NONE)
        return round_run(bus, device, slot);
    if (reason == REASON_TIMEOUT)
        bus_device_probe_silent(device);
    if (!bus_stopping(bus))
        round_missing(bus, device, reason, slot);
    return reason;
}

static void note_outcome(struct bus *bus, struct bus_device *device, enum reason reason)
{
    const char *id = bus->config->devices[device->index].id;
    bool answered = bus_device_answered(reason);
    device->last_reason = reason;
    if (answered && device->failures > 1)
        log_line(LOG_NOTICE, MID_BUS, "device %s: answers again after %lld s", id,
                 (long long)((clock_boot_us() - device->failed_since_us) / SECOND_US));
    if (answered) {
        device->failures = 0;
        return;
    }
    if (device->failures++ == 0)
        device->failed_since_us = clock_boot_us();
    if (device->failures == 2) /* one lost reply is not worth a line */
        log_line(LOG_WARNING, MID_BUS, "device %s: does not answer: %s", id, reason_name(reason));
}

static struct stamp slot_stamp(int64_t slot_boot_us)
{
    struct stamp now = clock_now();
    return (struct stamp){.boot_us = slot_boot_us, .utc_us = now.utc_us - (now.boot_us - slot_boot_us)};
}

static uint32_t backoff_ms(const struct bus *bus, size_t i, enum reason reason, int64_t now_us)
{
    int64_t at_us = 0;
    if (bus->slots[i].failures > 0)
        at_us = bus->slots[i].retry_us;
    else if (reason == REASON_LINK_DOWN)
        at_us = bus->connect_at_us;
    return at_us > now_us ? (uint32_t)((at_us - now_us) / MS_US) : 0;
}

static void poll_device(struct bus *bus, size_t i, int64_t slot_us)
{
    struct bus_device *device = &bus->devices[i];
    struct stamp slot = slot_stamp(slot_us);
    enum reason reason = REASON_LINK_DOWN;
    if (link_is_open(bus->link))
        clear_unasked(bus, device);
    if (!have_link(bus)) {
        round_missing(bus, device, reason, slot);
        schedule_done(&bus->schedule, i, clock_boot_us(), 0, SCHEDULE_NOT_ASKED);
    } else {
        int64_t begin_us = clock_boot_us();
        reason = poll_registers(bus, device, slot);
        int64_t now_us = clock_boot_us();
        enum schedule_result result = bus_device_answered(reason)  ? SCHEDULE_ANSWERED
                                      : reason == REASON_LINK_DOWN ? SCHEDULE_NOT_ASKED
                                                                   : SCHEDULE_SILENT;
        schedule_done(&bus->schedule, i, now_us, now_us - begin_us, result);
        if (!bus_stopping(bus))
            note_outcome(bus, device, reason);
    }
    int64_t now_us = clock_boot_us();
    if (!bus_stopping(bus))
        bus_device_note(device, reason, backoff_ms(bus, i, reason, now_us), now_us);
    post_batch_end(bus);
}

static void skip_slot(struct bus *bus, const struct schedule_step *step)
{
    const struct bus_device *device = &bus->devices[step->device];
    enum reason reason = !link_is_open(bus->link) && bus->link_failures > 0 ? REASON_LINK_DOWN
                         : step->late                                       ? REASON_STALE
                                                                            : device->last_reason;
    if (reason_is_no_data(reason) || reason == REASON_REFUSED) {
        round_missing(bus, device, reason, slot_stamp(step->slot_us));
        post_batch_end(bus);
    }
}

/* ---------------------------------------------------------------- the thread */

static void *run(void *argument)
{
    struct bus *bus = argument;
    char name[HEARTBEAT_NAME];
    snprintf(name, sizeof name, "bus:%.26s", bus_id(bus));
    bus->heartbeat = heartbeat_join(bus->heartbeats, name);
    while (!bus_stopping(bus)) {
        heartbeat_beat(bus->heartbeats, bus->heartbeat);
        int64_t now_us = clock_boot_us();
        post_diagnostics(bus, now_us);
        struct schedule_step step = schedule_next(&bus->schedule, now_us);
        if (step.action == SCHEDULE_POLL) {
            poll_device(bus, step.device, step.slot_us);
        } else if (step.action == SCHEDULE_SKIP) {
            skip_slot(bus, &step);
        } else {
            int64_t wait_us = step.until_us - now_us < IDLE_US ? step.until_us - now_us : IDLE_US;
            pause_for(bus, wait_us);
        }
    }
    link_close(bus->link);
    heartbeat_leave(bus->heartbeats, bus->heartbeat);
    struct core_message message = {.kind = CORE_BUS_EXITED, .generation = bus->config->generation};
    message.bus.bus = bus->index;
    (void)mailbox_post(bus->core, MAILBOX_RESERVED, &message);
    return NULL;
}

/* The devices of this bus that some point reads. */
static int make_devices(struct bus *bus)
{
    size_t n = 0;
    for (uint16_t i = 0; i < bus->config->n_devices; i++)
        n += bus->config->devices[i].bus == bus->index;
    bus->devices = calloc(n > 0 ? n : 1, sizeof *bus->devices);
    bus->slots = calloc(n > 0 ? n : 1, sizeof *bus->slots);
    if (bus->devices == NULL || bus->slots == NULL)
        return -ENOMEM;
    for (uint16_t i = 0; i < bus->config->n_devices; i++) {
        if (bus->config->devices[i].bus != bus->index)
            continue;
        struct bus_device *device = &bus->devices[bus->n_devices];
        int result = bus_device_create(bus->config, i, device);
        if (result < 0)
            return result;
        bus->slots[bus->n_devices].interval_us = (int64_t)bus->config->devices[i].interval_ms * MS_US;
        if (device->n_points > 0)
            bus->n_devices++;
        else
            bus_device_clear(device);
    }
    return 0;
}

/* Not all devices of all buses report at the same time. */
static void spread_reports(struct bus *bus, int64_t now_us)
{
    uint32_t spread = bus->index * 2654435761U;
    for (size_t i = 0; i < bus->n_devices; i++, spread += 1640531527U)
        bus->devices[i].report_us = now_us + (int64_t)(spread >> 8) % DIAGNOSTICS_INTERVAL_MS * MS_US;
}

int bus_create(struct config *config, uint16_t index, struct mailbox *core, struct heartbeats *heartbeats,
               int stop_fd, struct bus **ret)
{
    struct bus *bus = calloc(1, sizeof *bus);
    if (bus == NULL)
        return -ENOMEM;
    bus->config = config_ref(config);
    bus->index = index;
    bus->core = core;
    bus->heartbeats = heartbeats;
    bus->stop_fd = stop_fd;
    int result = make_devices(bus);
    if (result == 0)
        result = link_create(&config->buses[index], stop_fd, &bus->link);
    if (result == 0) {
        int64_t now_us = clock_boot_us();
        schedule_init(&bus->schedule, bus->slots, bus->n_devices, now_us,
                      (uint32_t)now_us + index * 2654435761U);
        spread_reports(bus, now_us);
        pthread_attr_t attributes;
        pthread_attr_init(&attributes);
        pthread_attr_setstacksize(&attributes, STACK_BYTES);
        result = -pthread_create(&bus->thread, &attributes, run, bus);
        pthread_attr_destroy(&attributes);
    }
    if (result < 0) {
        bus_free(bus);
        return result;
    }
    bus->started = true;
    *ret = bus;
    return 0;
}

void bus_free(struct bus *bus)
{
    if (bus == NULL)
        return;
    if (bus->started)
        pthread_join(bus->thread, NULL);
    for (size_t i = 0; bus->devices != NULL && i < bus->n_devices; i++)
        bus_device_clear(&bus->devices[i]);
    link_free(bus->link);
    free(bus->devices);
    free(bus->slots);
    config_unref(bus->config);
    free(bus);
}
