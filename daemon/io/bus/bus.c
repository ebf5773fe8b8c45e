#include "bus.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bus_device.h"
#include "clock.h"
#include "link.h"
#include "log.h"
#include "schedule.h"

#define STACK_BYTES      ((size_t)256 * 1024)
#define IDLE_US          SECOND_US /* the longest sleep between two heartbeats */
#define RECONNECT_US     SECOND_US
#define RECONNECT_CAP_US (8 * SECOND_US)

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
    bool link_used;         /* something was answered on this connection */
    uint32_t grace_ms;      /* what the next request may wait longer: see transact */
    bool told_up, told_any;
    pthread_t thread;
    bool started;
};

static const char *bus_id(const struct bus *bus)
{
    return bus->config->buses[bus->index].id;
}

static bool stopping(const struct bus *bus)
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

static void post_sample(struct bus *bus, uint16_t point, const struct reading *reading, struct stamp slot)
{
    struct core_message message = {.kind = CORE_SAMPLE};
    message.sample.point = point;
    message.sample.reading = *reading;
    message.sample.slot = slot;
    message.sample.taken = clock_now();
    post(bus, &message);
}

/* The points of the blocks from first on have no value, and this is why. */
static void post_missing(struct bus *bus, const struct bus_device *device, size_t first, size_t n,
                         enum reason reason, struct stamp slot)
{
    struct reading reading = {.quality = QUALITY_BAD, .reason = reason};
    for (size_t b = first; b < first + n; b++) {
        const struct plan_block *block = &device->blocks[b];
        for (uint16_t i = 0; i < block->n_items; i++)
            post_sample(bus, device->items[block->first_item + i].point, &reading, slot);
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
    bus->link_used = false;
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

/* Some devices hang up after each reply, others when nobody asked for a while. A connection that has served
 * and is gone says nothing about this request: it is made once more, on a new one. And a gateway that still
 * waits for the unit that we have given up answers the next one later: nobody shall be called silent for
 * that. */
static void transact(struct bus *bus, const struct bus_device *device, struct modbus_request *request,
                     struct modbus_reply *reply)
{
    const struct device_config *dc = &bus->config->devices[device->index];
    bool tcp = !device->serial;
    uint32_t timeout_ms = dc->timeout_ms + (device->failures == 0 ? bus->grace_ms : 0);
    uint32_t busy_ms = HEARTBEAT_LATE_MS + timeout_ms + 4 * dc->quiet_ms;
    heartbeat_busy(bus->heartbeats, bus->heartbeat, busy_ms);
    link_transact(bus->link, request, timeout_ms, reply);
    if (tcp && reply->outcome == BUS_LINK_DOWN && bus->link_used && !stopping(bus) && have_link(bus)) {
        heartbeat_busy(bus->heartbeats, bus->heartbeat, busy_ms);
        link_transact(bus->link, request, timeout_ms, reply);
    }
    bus->grace_ms = tcp && bus->n_devices > 1 && reply->outcome == BUS_NO_REPLY ? dc->timeout_ms : 0;
    if (reply->outcome == BUS_OK || reply->outcome == BUS_REFUSED) {
        bus->link_failures = 0;
        bus->link_used = true;
    }
    /* A gateway that hangs up on the request for a dead unit is there for the others: on TCP the device backs
     * off, and the link only when it can't be opened. */
    if (reply->outcome == BUS_LINK_DOWN && !tcp)
        link_failed(bus);
}

/* One transaction with its consequences for link and trust; REASON_NONE when words are there. */
static enum reason ask(struct bus *bus, struct bus_device *device, struct modbus_request *request,
                       struct modbus_reply *reply)
{
    const struct device_config *dc = &bus->config->devices[device->index];
    transact(bus, device, request, reply);
    enum reason reason = bus_device_reason(reply);
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

/* Decodes the block's points and posts them. */
static void post_block(struct bus *bus, const struct bus_device *device, const struct plan_block *block,
                       const struct modbus_reply *reply, bool believed, struct stamp slot)
{
    for (uint16_t i = 0; i < block->n_items; i++) {
        const struct plan_item *item = &device->items[block->first_item + i];
        uint16_t offset = (uint16_t)(item->address - block->address);
        uint16_t words[2];
        if (item->function <= 2) {
            words[0] = (uint16_t)((unsigned)reply->words[offset / 16] >> (offset % 16) & 1U);
        } else {
            words[0] = reply->words[offset];
            if (item->width > 1)
                words[1] = reply->words[offset + 1];
        }
        struct reading reading = decode_words(&bus->config->points[item->point].format, words);
        if (!believed) {
            reading.quality = QUALITY_BAD;
            reading.reason = REASON_UNPROVEN;
            reading.value = 0;
        }
        post_sample(bus, item->point, &reading, slot);
    }
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

/* A refused block is read in smaller ones from the next poll on: one missing register must not hide the
 * others. */
static void split_refused(struct bus *bus, struct bus_device *device, size_t block, uint8_t exception)
{
    if (exception != EXCEPTION_ADDRESS && exception != EXCEPTION_VALUE)
        return;
    if (!plan_split(device->items, device->blocks, &device->n_blocks, block))
        return;
    bus_device_join_later(device, clock_boot_us(), false);
    log_line(LOG_NOTICE, MID_BUS, "device %s: refuses registers from %u on in one request; reads them apart",
             bus->config->devices[device->index].id, device->blocks[block].address);
}

/* The device answers, and some blocks are split: are they still refused as a whole? Nothing is taken from the
 * replies. */
static void join_split(struct bus *bus, struct bus_device *device)
{
    bool refused = false;
    if (device->n_blocks == device->n_planned || clock_boot_us() < device->join_at_us)
        return;
    for (size_t b = 0; b < device->n_planned; b++) {
        const struct plan_block *whole = &device->planned[b];
        struct modbus_request request = {.unit = bus->config->devices[device->index].unit,
                                         .function = whole->function,
                                         .address = whole->address,
                                         .count = whole->count};
        struct modbus_reply reply;
        if (plan_pieces(device->blocks, device->n_blocks, whole) < 2)
            continue;
        enum reason reason = ask(bus, device, &request, &reply);
        if (reason == REASON_NONE)
            plan_join(device->blocks, &device->n_blocks, whole);
        refused |= reason != REASON_NONE;
        if (reason != REASON_NONE && reason != REASON_REFUSED)
            break;
    }
    bus_device_join_later(device, clock_boot_us(), refused);
}

/* Polls all blocks; posts a sample per point. REASON_NONE or REASON_REFUSED: the device answers. */
static enum reason poll_blocks(struct bus *bus, struct bus_device *device, struct stamp slot)
{
    struct modbus_reply reply;
    enum reason reason = prove(bus, device);
    if (reason != REASON_NONE) {
        if (!stopping(bus))
            post_missing(bus, device, 0, device->n_blocks, reason, slot);
        return reason;
    }
    bool believed = bus_device_believed(device);
    for (size_t b = 0; b < device->n_blocks; b++) {
        const struct plan_block block = device->blocks[b];
        struct modbus_request request = {.unit = bus->config->devices[device->index].unit,
                                         .function = block.function,
                                         .address = block.address,
                                         .count = block.count};
        enum reason this = ask(bus, device, &request, &reply);
        if (this == REASON_NONE) {
            post_block(bus, device, &block, &reply, believed, slot);
            continue;
        }
        reason = this;
        if (stopping(bus)) /* broken off by us: that is no fault of the device */
            return this;
        if (this != REASON_REFUSED) { /* it won't answer the rest either: spare the bus */
            post_missing(bus, device, b, device->n_blocks - b, this, slot);
            return this;
        }
        post_missing(bus, device, b, 1, this, slot);
        size_t before = device->n_blocks;
        split_refused(bus, device, b, reply.exception);
        b += device->n_blocks - before; /* the second half has had its sample too */
    }
    bus_device_clean(device);
    join_split(bus, device);
    return reason;
}

static void note_outcome(struct bus *bus, struct bus_device *device, enum reason reason)
{
    const char *id = bus->config->devices[device->index].id;
    bool answered = reason == REASON_NONE || reason == REASON_REFUSED;
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

static void poll_device(struct bus *bus, size_t i, int64_t slot_us)
{
    struct bus_device *device = &bus->devices[i];
    struct stamp slot = slot_stamp(slot_us);
    if (link_is_open(bus->link))
        clear_unasked(bus, device);
    if (!have_link(bus)) {
        post_missing(bus, device, 0, device->n_blocks, REASON_LINK_DOWN, slot);
        schedule_done(&bus->schedule, i, clock_boot_us(), 0, SCHEDULE_NOT_ASKED);
    } else {
        int64_t begin_us = clock_boot_us();
        enum reason reason = poll_blocks(bus, device, slot);
        int64_t now_us = clock_boot_us();
        bool asked = reason != REASON_LINK_DOWN || !device->serial;
        enum schedule_result result = reason == REASON_NONE || reason == REASON_REFUSED ? SCHEDULE_ANSWERED
                                      : asked                                           ? SCHEDULE_SILENT
                                                                                        : SCHEDULE_NOT_ASKED;
        schedule_done(&bus->schedule, i, now_us, now_us - begin_us, result);
        if (!stopping(bus))
            note_outcome(bus, device, reason);
    }
    post_batch_end(bus);
}

static void skip_slot(struct bus *bus, const struct schedule_step *step)
{
    const struct bus_device *device = &bus->devices[step->device];
    enum reason reason = !link_is_open(bus->link) && bus->link_failures > 0 ? REASON_LINK_DOWN
                         : step->late || device->last_reason == REASON_NONE ? REASON_STALE
                                                                            : device->last_reason;
    post_missing(bus, device, 0, device->n_blocks, reason, slot_stamp(step->slot_us));
    post_batch_end(bus);
}

/* ---------------------------------------------------------------- the thread */

static void *run(void *argument)
{
    struct bus *bus = argument;
    char name[HEARTBEAT_NAME];
    snprintf(name, sizeof name, "bus:%.26s", bus_id(bus));
    bus->heartbeat = heartbeat_join(bus->heartbeats, name);
    while (!stopping(bus)) {
        heartbeat_beat(bus->heartbeats, bus->heartbeat);
        int64_t now_us = clock_boot_us();
        struct schedule_step step = schedule_next(&bus->schedule, now_us);
        if (step.action == SCHEDULE_POLL) {
            poll_device(bus, step.device, step.slot_us);
        } else if (step.action == SCHEDULE_SKIP) {
            skip_slot(bus, &step);
        } else {
            int64_t wait_us = step.until_us - now_us < IDLE_US ? step.until_us - now_us : IDLE_US;
            struct timespec timeout = {.tv_sec = wait_us / SECOND_US,
                                       .tv_nsec = (long)(wait_us % SECOND_US) * 1000};
            struct pollfd fd = {.fd = bus->stop_fd, .events = POLLIN};
            (void)ppoll(&fd, 1, &timeout, NULL);
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
        const struct device_config *dc = &bus->config->devices[i];
        bus->slots[bus->n_devices].interval_us = (int64_t)dc->interval_ms * MS_US;
        bus->slots[bus->n_devices].cost_us =
            (int64_t)(dc->timeout_ms + (device->serial ? dc->quiet_ms : 0)) * MS_US;
        if (device->n_items > 0)
            bus->n_devices++;
        else
            bus_device_clear(device);
    }
    return 0;
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
