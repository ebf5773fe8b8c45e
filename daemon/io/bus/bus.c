#include "bus.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "bus_internal.h"
#include "clock.h"
#include "log.h"
#include "round.h"
#include "wait.h"

#define STACK_BYTES   ((size_t)256 * 1024)
#define IDLE_US       SECOND_US     /* the longest sleep between two heartbeats */
#define TURN_LOOK_US  (100 * MS_US) /* a bus that waits for its turn looks at its slots so often */
#define BUSY_LEAST_US (150 * MS_US)
#define BUSY_MOST_US  (500 * MS_US)

const char *bus_id(const struct bus *bus)
{
    return bus->config->buses[bus->index].id;
}

bool bus_stopping(const struct bus *bus)
{
    struct pollfd fd = {.fd = bus->stop_fd, .events = POLLIN};
    return poll(&fd, 1, 0) > 0;
}

void bus_pause(const struct bus *bus, int64_t pause_us)
{
    (void)wait_for(bus->stop_fd, -1, POLLIN, clock_boot_us() + pause_us);
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

void bus_post_state(struct bus *bus, bool up, int error)
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

/* ---------------------------------------------------------------- polling */

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
    enum reason reason = bus_line_prove(bus, device);
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

static struct stamp slot_stamp(struct bus *bus, int64_t slot_boot_us)
{
    bus->slot_offset_us = clock_keep_offset(bus->slot_offset_us, clock_offset_us());
    return (struct stamp){.boot_us = slot_boot_us, .utc_us = slot_boot_us + bus->slot_offset_us};
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
    struct stamp slot = slot_stamp(bus, slot_us);
    enum reason reason = REASON_LINK_DOWN;
    if (link_is_open(bus->link))
        bus_line_clear(bus, device);
    if (!bus_line_open(bus)) {
        if (!bus_stopping(bus))
            round_missing(bus, device, reason, slot);
        schedule_done(&bus->schedule, i, clock_boot_us(), 0, SCHEDULE_NOT_ASKED);
    } else {
        /* What the bus was kept busy for: if the machine slept meanwhile, that is nobody's debt. */
        int64_t begin_us = clock_running_us();
        reason = poll_registers(bus, device, slot);
        int64_t cost_us = clock_running_us() - begin_us;
        bool asked = reason != REASON_LINK_DOWN || !device->serial;
        enum schedule_result result = bus_device_answered(reason) ? SCHEDULE_ANSWERED
                                      : asked                     ? SCHEDULE_SILENT
                                                                  : SCHEDULE_NOT_ASKED;
        schedule_done(&bus->schedule, i, clock_boot_us(), cost_us, result);
        if (bus_device_answered(reason) || !bus_stopping(bus))
            note_outcome(bus, device, reason);
    }
    int64_t now_us = clock_boot_us();
    if (bus_device_answered(reason) || !bus_stopping(bus))
        bus_device_note(device, reason, backoff_ms(bus, i, reason, now_us), now_us);
    post_batch_end(bus);
}

static void skip_slot(struct bus *bus, const struct schedule_step *step)
{
    const struct bus_device *device = &bus->devices[step->device];
    enum reason reason = !link_is_open(bus->link) && bus->link_failures > 0 ? REASON_LINK_DOWN
                         : step->late || device->last_reason == REASON_NONE ? REASON_STALE
                                                                            : device->last_reason;
    round_missing(bus, device, reason, slot_stamp(bus, step->slot_us));
    post_batch_end(bus);
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
    round_missing(bus, device, REASON_STALE, slot_stamp(bus, step->slot_us));
    post_batch_end(bus);
    return false;
}

/* Between two polls, and not before the first of a turn: others may want the connection. */
static void share_link(struct bus *bus, bool polled)
{
    if ((polled && bus->config->buses[bus->index].close_between_polls) ||
        turns_wanted(bus->turns, bus->index))
        bus_line_give_up(bus);
}

/* ---------------------------------------------------------------- the thread */

/* Devices that are to be asked at another interval than before. */
static void keep_tempo(struct bus *bus, int64_t now_us)
{
    uint32_t changes = tempo_changes(bus->tempo);
    if (changes == bus->tempo_changes)
        return;
    bus->tempo_changes = changes;
    for (size_t i = 0; i < bus->n_devices; i++) {
        uint32_t usual_ms = bus->config->devices[bus->devices[i].index].interval_ms;
        uint32_t ms = tempo_get(bus->tempo, bus->devices[i].index);
        schedule_set_interval(&bus->schedule, i, (int64_t)(ms == 0 || ms > usual_ms ? usual_ms : ms) * MS_US,
                              now_us);
    }
}

/* Until there is something to do: a slot, the turn, somebody who waits for the connection, an errand, or the
 * stop. */
static void idle(struct bus *bus, int64_t until_us)
{
    int64_t now_us = clock_boot_us();
    int64_t end_us = until_us < now_us + IDLE_US ? until_us : now_us + IDLE_US;
    /* A bus with a limit is on TCP, one with an errand is not. */
    int fd = bus->errand != NULL ? errand_fd(bus->errand) : turns_fd(bus->turns, bus->index);
    (void)wait_for(bus->stop_fd, fd, POLLIN, end_us);
    turns_heard(bus->turns, bus->index);
}

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
        keep_tempo(bus, now_us);
        bus_errand_run(bus);
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
    bus_line_give_up(bus);
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
               const struct bus_shared *shared, int stop_fd, struct bus **ret)
{
    struct bus *bus = calloc(1, sizeof *bus);
    if (bus == NULL)
        return -ENOMEM;
    bus->config = config_ref(config);
    bus->index = index;
    bus->slot_offset_us = INT64_MIN;
    bus->core = core;
    bus->heartbeats = heartbeats;
    bus->turns = turns_ref(shared->turns);
    bus->tempo = tempo_ref(shared->tempo);
    bus->stop_fd = stop_fd;
    int result = make_devices(bus);
    if (result == 0)
        result = bus_errand_open(bus, shared->errand);
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
    bus_errand_close(bus);
    link_free(bus->link);
    turns_unref(bus->turns);
    tempo_unref(bus->tempo);
    free(bus->devices);
    free(bus->slots);
    config_unref(bus->config);
    free(bus);
}
