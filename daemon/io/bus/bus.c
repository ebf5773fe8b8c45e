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
#include "wait.h"

#define STACK_BYTES      ((size_t)256 * 1024)
#define IDLE_US          SECOND_US /* the longest sleep between two heartbeats */
#define RECONNECT_US     SECOND_US
#define RECONNECT_CAP_US (8 * SECOND_US)
#define TURN_LOOK_US     (100 * MS_US) /* a bus that waits for its turn looks at its slots so often */
#define SETTLE_TRIES     2
#define EXCEPTION_PATH   10 /* gateway: no path to the unit */
#define EXCEPTION_TARGET 11 /* gateway: the unit does not answer */

struct bus {
    struct config *config;
    uint16_t index;
    struct mailbox *core;
    struct heartbeats *heartbeats;
    int heartbeat, stop_fd;
    struct link *link;
    struct turns *turns;
    bool reused;     /* no request was made on this connection since the last poll: it may be gone */
    bool told_turn;  /* that it waits longer than it may */
    bool told_shape; /* that a report hides registers */
    struct schedule schedule;
    struct schedule_device *slots;
    struct bus_device *devices;
    size_t n_devices;
    uint32_t link_failures; /* in a row */
    int64_t connect_at_us;  /* not before */
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

/* A new connection on a serial line: somebody may still be talking, and what he says is not for us. Through a
 * gateway without transaction ids, what was asked before may be answered now. */
static void distrust_all(struct bus *bus)
{
    for (size_t i = 0; i < bus->n_devices; i++)
        if (bus->devices[i].unnumbered)
            bus_device_reconnected(&bus->devices[i]);
    if (bus->config->buses[bus->index].kind != BUS_RTU)
        return;
    size_t bytes;
    const uint8_t *waste;
    uint32_t quiet_ms = 0;
    for (size_t i = 0; i < bus->n_devices; i++) {
        uint32_t q = bus->config->devices[bus->devices[i].index].quiet_ms;
        quiet_ms = q > quiet_ms ? q : quiet_ms;
        bus_device_doubt_all(&bus->devices[i]);
    }
    heartbeat_busy(bus->heartbeats, bus->heartbeat, HEARTBEAT_LATE_MS + 4 * quiet_ms);
    (void)link_drain(bus->link, quiet_ms, &bytes);
    (void)link_take_waste(bus->link, &waste); /* of before our time: it may be anything */
}

static bool have_link(struct bus *bus)
{
    if (link_is_open(bus->link))
        return true;
    if (clock_boot_us() < bus->connect_at_us || !turns_take(bus->turns, bus->index))
        return false;
    int result = link_open(bus->link, bus->heartbeats, bus->heartbeat);
    if (result == -ECANCELED) /* the stop */
        return false;
    if (result < 0) {
        bus->link_failures += bus->link_failures == 0; /* a refused connection is no idle drop */
        link_failed(bus);
        post_state(bus, false, -result);
        turns_release(bus->turns, bus->index);
        return false;
    }
    bus->reused = false;
    post_state(bus, true, 0);
    distrust_all(bus);
    return link_is_open(bus->link);
}

static void give_link_up(struct bus *bus)
{
    link_close(bus->link);
    turns_release(bus->turns, bus->index);
}

/* ---------------------------------------------------------------- bytes that nobody asked for */

static struct bus_device *device_of(struct bus *bus, uint8_t unit)
{
    for (size_t i = 0; i < bus->n_devices; i++)
        if (bus->config->devices[bus->devices[i].index].unit == unit)
            return &bus->devices[i];
    return NULL;
}

/* The frames among the bytes that were thrown away: late replies, or else reports, which from now on are
 * never asked for in that shape. A frame of a unit that we don't ask can't be taken for a reply; in the midst
 * of a transaction it is rather a wrong one. */
static void note_reports(struct bus *bus, bool idle)
{
    const uint8_t *bytes;
    size_t len = link_take_waste(bus->link, &bytes), at = 0;
    struct reply_frame frame;
    while (reports_find(bytes, len, &at, &frame)) {
        struct bus_device *device = device_of(bus, frame.unit);
        if (device == NULL ? !idle : bus_device_take_late(device, frame.function, frame.bytes))
            continue;
        if (reports_note(link_reports(bus->link), frame, idle, clock_boot_us()))
            log_line(LOG_NOTICE, MID_BUS,
                     "bus %s: unit %u reports unasked (function %u, %u bytes): that is passed over, and "
                     "nothing is asked for that would look so",
                     bus_id(bus), frame.unit, frame.function, frame.bytes);
    }
}

static bool owes_any(const struct bus *bus)
{
    for (size_t i = 0; i < bus->n_devices; i++)
        if (bus->devices[i].n_unanswered > 0)
            return true;
    return false;
}

/* A reply that came too late, a report, or noise. While something is unanswered, the line must be silent for
 * as long as a device may take; else a report is over when it is over. Noise costs no trust: a device that
 * still owes a reply has none, and the others owe nothing that could be taken for a reply. */
static void clear_unasked(struct bus *bus, struct bus_device *device)
{
    if (!link_has_unasked(bus->link))
        return;
    size_t bytes;
    if (!device->serial) {
        log_line(LOG_NOTICE, MID_BUS, "bus %s: unexpected bytes; connection closed", bus_id(bus));
        link_close(bus->link);
        for (size_t i = 0; i < bus->n_devices; i++) /* whose they are can't be told */
            bus_device_doubt(&bus->devices[i], NULL);
        return;
    }
    bool owed = owes_any(bus);
    uint32_t quiet_ms = bus->config->devices[device->index].quiet_ms;
    heartbeat_busy(bus->heartbeats, bus->heartbeat, HEARTBEAT_LATE_MS + 4 * quiet_ms);
    bool silent = link_drain(bus->link, owed || quiet_ms < LINK_GAP_MS ? quiet_ms : LINK_GAP_MS, &bytes);
    log_line(LOG_DEBUG, MID_BUS, "bus %s: %zu unexpected bytes thrown away", bus_id(bus), bytes);
    if (!silent) /* not a report, which has an end: whoever talks there may talk into our replies */
        for (size_t i = 0; i < bus->n_devices; i++)
            bus_device_doubt(&bus->devices[i], NULL);
    note_reports(bus, true);
}

/* Silence before a request, for as long as its device needs it. */
static void settle(struct bus *bus, struct bus_device *device)
{
    uint32_t pause_ms = bus->config->devices[device->index].pause_ms;
    for (int i = 0; i < SETTLE_TRIES; i++) {
        if (device->serial)
            clear_unasked(bus, device);
        if (link_rest(bus->link, pause_ms))
            return;
    }
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

/* One transaction. A connection that has been idle since the last poll may be gone without our knowing: then
 * it is made anew, once. (Not where that costs the proof that the reply is ours.) */
static void transact(struct bus *bus, const struct bus_device *device, struct modbus_request *request,
                     uint32_t timeout_ms, struct modbus_reply *reply)
{
    bool reused = bus->reused && !device->unnumbered;
    link_transact(bus->link, request, timeout_ms, reply);
    bus->reused = false;
    if (reused && reply->outcome == BUS_LINK_DOWN && !stopping(bus) && have_link(bus))
        link_transact(bus->link, request, timeout_ms, reply);
}

/* The same registers in a shape that no known report has. False when there is none: then nothing that comes
 * could be believed. */
static bool make_distinct(struct bus *bus, const struct device_config *dc, struct modbus_request *request,
                          struct modbus_reply *reply)
{
    *reply = (struct modbus_reply){.outcome = BUS_BAD_REPLY, .fault = "looks like a report"};
    if (bus_device_distinct(dc, link_reports(bus->link), request))
        return true;
    if (!bus->told_shape)
        log_line(LOG_WARNING, MID_BUS,
                 "device %s: reports unasked what a request for %u registers from %u on would be answered "
                 "with; they can't be told apart, and the points stay unproven",
                 dc->id, request->count, request->address);
    bus->told_shape = true;
    return false;
}

/* One transaction with its consequences for link and trust; REASON_NONE when words are there. */
static enum reason ask(struct bus *bus, struct bus_device *device, struct modbus_request *request,
                       struct modbus_reply *reply)
{
    const struct device_config *dc = &bus->config->devices[device->index];
    settle(bus, device);
    heartbeat_busy(bus->heartbeats, bus->heartbeat,
                   HEARTBEAT_LATE_MS + 2 * dc->timeout_ms + 4 * dc->quiet_ms);
    uint16_t count = request->count;
    if (device->serial && !make_distinct(bus, dc, request, reply))
        return REASON_UNPROVEN;
    transact(bus, device, request, dc->timeout_ms, reply);
    enum reason reason = reason_of(reply);
    if (request->count != count && reply->outcome == BUS_REFUSED) /* the registers beyond are not there */
        reason = REASON_UNPROVEN;
    if (reply->outcome == BUS_OK || reply->outcome == BUS_REFUSED)
        bus->link_failures = 0;
    if (reply->outcome == BUS_LINK_DOWN) {
        link_failed(bus);
        if (device->unnumbered)
            bus_device_doubt(device, request);
    }
    if (reply->outcome == BUS_BAD_REPLY)
        log_line(LOG_NOTICE, MID_BUS, "device %s: bad reply: %s", dc->id, reply->fault);
    if (reply->outcome == BUS_NO_REPLY || reply->outcome == BUS_BAD_REPLY) {
        size_t bytes;
        bus_device_doubt(device, request);
        if (!link_drain(bus->link, dc->quiet_ms, &bytes))
            log_line(LOG_WARNING, MID_BUS, "bus %s: the line does not fall silent", bus_id(bus));
        note_reports(bus, false);
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

/* An unnumbered device that has to prove itself: REASON_NONE when it has. */
static enum reason prove(struct bus *bus, struct bus_device *device)
{
    struct modbus_request request;
    struct modbus_reply reply;
    if (!device->unnumbered || device->probed)
        return REASON_NONE;
    bus_device_probe(device, bus->config, link_reports(bus->link), &request);
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
    if (plan_split(device->items, device->blocks, &device->n_blocks, block))
        log_line(LOG_NOTICE, MID_BUS,
                 "device %s: refuses registers from %u on in one request; reads them apart",
                 bus->config->devices[device->index].id, device->blocks[block].address);
}

static bool is_answer(enum reason reason)
{
    return reason == REASON_NONE || reason == REASON_REFUSED || reason == REASON_UNPROVEN;
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
            post_block(bus, device, &block, &reply, believed && bus_device_believed(device), slot);
            continue;
        }
        reason = this;
        if (stopping(bus)) /* broken off by us: that is no fault of the device */
            return this;
        if (!is_answer(this)) { /* it won't answer the rest either: spare the bus */
            post_missing(bus, device, b, device->n_blocks - b, this, slot);
            return this;
        }
        post_missing(bus, device, b, 1, this, slot);
        size_t before = device->n_blocks;
        if (this == REASON_REFUSED)
            split_refused(bus, device, b, reply.exception);
        b += device->n_blocks - before; /* the second half has had its sample too */
    }
    bus_device_clean(device);
    return reason;
}

static void note_outcome(struct bus *bus, struct bus_device *device, enum reason reason)
{
    const char *id = bus->config->devices[device->index].id;
    bool answered = is_answer(reason);
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
    bus->reused = link_is_open(bus->link);
    if (!have_link(bus)) {
        if (!stopping(bus))
            post_missing(bus, device, 0, device->n_blocks, REASON_LINK_DOWN, slot);
        schedule_done(&bus->schedule, i, clock_boot_us(), 0, SCHEDULE_NOT_ASKED);
    } else {
        int64_t begin_us = clock_boot_us();
        enum reason reason = poll_blocks(bus, device, slot);
        int64_t now_us = clock_boot_us();
        enum schedule_result result = is_answer(reason)            ? SCHEDULE_ANSWERED
                                      : reason == REASON_LINK_DOWN ? SCHEDULE_NOT_ASKED
                                                                   : SCHEDULE_SILENT;
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
                         : step->late                                       ? REASON_STALE
                                                                            : device->last_reason;
    if (reason_is_no_data(reason) || reason == REASON_REFUSED) {
        post_missing(bus, device, 0, device->n_blocks, reason, slot_stamp(step->slot_us));
        post_batch_end(bus);
    }
}

/* ---------------------------------------------------------------- taking turns */

/* A slot is due and other buses hold all connections of the host: false. It is due again when there is one,
 * but not for longer than an interval: then it is told as stale. */
static bool has_turn(struct bus *bus, const struct schedule_step *step)
{
    int64_t now_us = clock_boot_us();
    if (link_is_open(bus->link) || now_us < bus->connect_at_us || turns_take(bus->turns, bus->index)) {
        bus->told_turn = bus->told_turn && !link_is_open(bus->link);
        return true;
    }
    if (now_us - step->slot_us < bus->slots[step->device].interval_us) {
        schedule_return(&bus->schedule, step);
        return false;
    }
    if (!bus->told_turn)
        log_line(LOG_NOTICE, MID_BUS,
                 "bus %s: waits longer than an interval for one of the %u connections of %s", bus_id(bus),
                 bus->config->buses[bus->index].max_connections, bus->config->buses[bus->index].host);
    bus->told_turn = true;
    const struct bus_device *device = &bus->devices[step->device];
    post_missing(bus, device, 0, device->n_blocks, REASON_STALE, slot_stamp(step->slot_us));
    post_batch_end(bus);
    return false;
}

/* Between two polls, and not before the first of a turn: others may want the connection. */
static void share_link(struct bus *bus, bool polled)
{
    if ((polled && bus->config->buses[bus->index].close_between_polls) ||
        turns_wanted(bus->turns, bus->index))
        give_link_up(bus);
}

/* ---------------------------------------------------------------- the thread */

/* Until there is something to do: a slot, the turn, somebody who waits for the connection, or the stop. */
static void idle(struct bus *bus, int64_t until_us)
{
    int64_t now_us = clock_boot_us();
    int64_t end_us = until_us < now_us + IDLE_US ? until_us : now_us + IDLE_US;
    (void)wait_for(bus->stop_fd, turns_fd(bus->turns, bus->index), POLLIN, end_us);
    turns_heard(bus->turns, bus->index);
}

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
        if (step.action == SCHEDULE_SKIP) {
            skip_slot(bus, &step);
        } else if (step.action == SCHEDULE_WAIT) {
            idle(bus, step.until_us);
            share_link(bus, false);
        } else if (has_turn(bus, &step)) {
            poll_device(bus, step.device, step.slot_us);
            share_link(bus, true);
        } else {
            idle(bus, now_us + TURN_LOOK_US);
        }
    }
    give_link_up(bus);
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
        if (device->n_items > 0)
            bus->n_devices++;
        else
            bus_device_clear(device);
    }
    return 0;
}

int bus_create(struct config *config, uint16_t index, struct mailbox *core, struct heartbeats *heartbeats,
               struct turns *turns, int stop_fd, struct bus **ret)
{
    struct bus *bus = calloc(1, sizeof *bus);
    if (bus == NULL)
        return -ENOMEM;
    bus->config = config_ref(config);
    bus->index = index;
    bus->core = core;
    bus->heartbeats = heartbeats;
    bus->turns = turns_ref(turns);
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
    turns_unref(bus->turns);
    free(bus->devices);
    free(bus->slots);
    config_unref(bus->config);
    free(bus);
}
