/* bus_line.c - the line of a bus: see bus_internal.h. */
#include <errno.h>

#include "bus_internal.h"
#include "clock.h"
#include "log.h"

#define RECONNECT_US     SECOND_US
#define RECONNECT_CAP_US (8 * SECOND_US)
#define SETTLE_TRIES     2
#define BUSY_TRIES       3
#define BUSY_PAUSE_US    (30 * MS_US) /* doubled each time */

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

bool bus_line_open(struct bus *bus)
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
        bus_post_state(bus, false, -result);
        turns_release(bus->turns, bus->index);
        return false;
    }
    bus->link_used = false;
    bus->connections++;
    bus_post_state(bus, true, 0);
    distrust_all(bus);
    return link_is_open(bus->link);
}

void bus_line_give_up(struct bus *bus)
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
    if (bus->relay != NULL && bus->config->devices[bus->relay->index].unit == unit)
        return bus->relay;
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
void bus_line_clear(struct bus *bus, struct bus_device *device)
{
    if (!link_has_unasked(bus->link))
        return;
    size_t bytes;
    device->diagnostics.unasked++;
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
    for (size_t i = 0; i < bus->n_devices;
         i++) /* somebody talks who was not asked: is everybody who he was? */
        bus->devices[i].identified = false;
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
            bus_line_clear(bus, device);
        if (link_rest(bus->link, pause_ms))
            return;
    }
}

/* ---------------------------------------------------------------- a transaction */

static void count(const struct bus *bus, struct bus_device *device, const struct modbus_reply *reply,
                  struct stamp sent)
{
    struct stamp now = clock_now();
    if (reply->outcome == BUS_OK || !bus_stopping(bus)) /* broken off by us: that is no fault */
        diagnostics_count(&device->diagnostics, reply, now.boot_us - sent.boot_us, now.utc_us);
}

static void transact_once(struct bus *bus, struct bus_device *device, struct modbus_request *request,
                          uint32_t timeout_ms, struct modbus_reply *reply)
{
    uint32_t quiet_ms = bus->config->devices[device->index].quiet_ms;
    heartbeat_busy(bus->heartbeats, bus->heartbeat, HEARTBEAT_LATE_MS + timeout_ms + 4 * quiet_ms);
    struct stamp sent = clock_now();
    link_transact(bus->link, request, timeout_ms, reply);
    count(bus, device, reply, sent);
}

/* Some devices hang up after each reply, others when nobody asked for a while. A connection that has served
 * and is gone says nothing about this request: it is made once more, on a new one (but not where that costs
 * the proof that the reply is ours). And a gateway that still waits for the unit that we have given up
 * answers the next one later: nobody shall be called silent for that. */
static void transact(struct bus *bus, struct bus_device *device, struct modbus_request *request,
                     struct modbus_reply *reply)
{
    const struct device_config *dc = &bus->config->devices[device->index];
    bool tcp = !device->serial;
    uint32_t timeout_ms = dc->timeout_ms + (device->failures == 0 ? bus->grace_ms : 0);
    transact_once(bus, device, request, timeout_ms, reply);
    if (reply->outcome == BUS_LINK_DOWN && !device->unnumbered && bus->link_used && !bus_stopping(bus) &&
        bus_line_open(bus))
        transact_once(bus, device, request, timeout_ms, reply);
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

/* What a transaction means for link and trust. request: one whose reply may still come, or NULL. */
static enum reason conclude(struct bus *bus, struct bus_device *device, const struct modbus_request *request,
                            const struct modbus_reply *reply)
{
    const struct device_config *dc = &bus->config->devices[device->index];
    enum reason reason = bus_device_reason(reply);
    if (reason != REASON_NONE && reason != REASON_REFUSED) /* when it answers again, it may be another */
        device->identified = false;
    if (reply->outcome == BUS_LINK_DOWN && device->unnumbered)
        bus_device_doubt(device, request);
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

/* One transaction with its consequences for link and trust. */
static enum reason ask(struct bus *bus, struct bus_device *device, struct modbus_request *request,
                       struct modbus_reply *reply)
{
    const struct device_config *dc = &bus->config->devices[device->index];
    settle(bus, device);
    uint16_t wanted = request->count;
    if (device->serial && !make_distinct(bus, dc, request, reply))
        return REASON_UNPROVEN;
    transact(bus, device, request, reply);
    enum reason reason = conclude(bus, device, request, reply);
    /* The registers beyond are not there. */
    return request->count != wanted && reply->outcome == BUS_REFUSED ? REASON_UNPROVEN : reason;
}

enum reason bus_line_write(struct bus *bus, struct bus_device *device, struct modbus_request *request,
                           struct modbus_reply *reply)
{
    settle(bus, device);
    transact(bus, device, request, reply);
    return conclude(bus, device, NULL, reply); /* what answers a write can't be taken for a reading */
}

enum reason bus_line_ask(struct bus *bus, struct bus_device *device, struct modbus_request *request,
                         struct modbus_reply *reply)
{
    enum reason reason = ask(bus, device, request, reply);
    for (unsigned n = 0; n < BUSY_TRIES && reason == REASON_REFUSED; n++) {
        int64_t pause_us = BUSY_PAUSE_US << n;
        bool busy = reply->exception == EXCEPTION_ACKNOWLEDGE || reply->exception == EXCEPTION_BUSY;
        if (!busy || clock_boot_us() + pause_us > device->busy_until_us)
            break;
        bus_pause(bus, pause_us);
        if (bus_stopping(bus))
            break;
        reason = ask(bus, device, request, reply);
    }
    return reason;
}

enum reason bus_line_prove(struct bus *bus, struct bus_device *device)
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
