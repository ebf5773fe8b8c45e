#include "bus_device.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "messages.h"

#define REPORT_US      (DIAGNOSTICS_INTERVAL_MS * MS_US)
#define MUTE_AFTER     4
#define JOIN_INTERVALS 12 /* a minute at five seconds */
#define JOIN_CAP_US    (3600 * SECOND_US)
#define REPORT_SOON_US SECOND_US /* between two reports, however often the state changes */

/* ---------------------------------------------------------------- what is read */

static uint16_t count_points(const struct config *config, uint16_t index)
{
    uint16_t n = 0;
    for (uint16_t i = 0; i < config->n_points; i++)
        n = (uint16_t)(n + (config->points[i].device == index ? 1 : 0));
    return n;
}

/* Points first, in the order of the configuration: bus_device_entry searches them. */
static void fill_entries(const struct config *config, struct bus_device *device)
{
    const struct device_config *dc = &config->devices[device->index];
    struct bus_entry *entry = device->entries;
    for (uint16_t i = 0; i < config->n_points; i++)
        if (config->points[i].device == device->index)
            (entry++)->point = i;
    for (uint16_t i = 0; i < dc->n_guards; i++)
        (entry++)->guard = &config->guards[dc->first_guard + i];
}

static struct plan_item item_of(const struct config *config, const struct bus_device *device, uint16_t index)
{
    const struct bus_entry *entry = &device->entries[index];
    const struct guard_config *guard = entry->guard;
    const struct point_config *point = guard == NULL ? &config->points[entry->point] : NULL;
    const struct reg_format *format = guard != NULL ? &guard->format : &point->format;
    return (struct plan_item){.function = (uint8_t)(guard != NULL ? guard->table : point->table),
                              .width = (uint8_t)decode_width(format),
                              .address = guard != NULL ? guard->address : point->address,
                              .point = index};
}

static bool is_identity(const struct bus_entry *entry)
{
    return entry->guard != NULL && entry->guard->rule.kind == GUARD_IDENTITY;
}

void bus_device_replan(struct bus_device *device, const struct config *config)
{
    const struct device_config *dc = &config->devices[device->index];
    const struct plan_limits limits = {.max_registers = dc->max_registers,
                                       .max_gap = dc->max_gap,
                                       .holes = dc->holes,
                                       .n_holes = dc->n_holes};
    struct bus_plan *identity = &device->identity;
    device->n_items = identity->n_items = 0;
    for (uint16_t i = 0; i < device->n_entries; i++) {
        if (is_identity(&device->entries[i]))
            identity->items[identity->n_items++] = item_of(config, device, i);
        else
            device->items[device->n_items++] = item_of(config, device, i);
        device->entries[i].refused_us = device->entries[i].mute_us = 0;
        device->entries[i].silences = 0;
    }
    device->n_planned = plan_blocks(device->items, device->n_items, &limits, device->planned);
    device->n_blocks = device->n_planned;
    memcpy(device->blocks, device->planned, device->n_planned * sizeof *device->blocks);
    identity->n_blocks = plan_blocks(identity->items, identity->n_items, &limits, identity->blocks);
}

int bus_device_create(const struct config *config, uint16_t index, struct bus_device *ret)
{
    const struct device_config *dc = &config->devices[index];
    struct bus_device device = {.index = index, .last_reason = REASON_NEVER_READ};
    device.n_points = count_points(config, index);
    device.n_entries = (uint16_t)(device.n_points + dc->n_guards);
    size_t n = device.n_entries > 0 ? device.n_entries : 1U;
    device.entries = calloc(n, sizeof *device.entries);
    device.items = calloc(n, sizeof *device.items);
    device.blocks = calloc(n, sizeof *device.blocks);
    device.planned = calloc(n, sizeof *device.planned);
    device.identity.items = calloc(dc->n_guards + 1U, sizeof *device.items);
    device.identity.blocks = calloc(dc->n_guards + 1U, sizeof *device.blocks);
    if (device.entries == NULL || device.items == NULL || device.blocks == NULL || device.planned == NULL ||
        device.identity.items == NULL || device.identity.blocks == NULL) {
        bus_device_clear(&device);
        return -ENOMEM;
    }
    fill_entries(config, &device);
    bus_device_replan(&device, config);
    device.diagnostics.state = REASON_NEVER_READ;
    device.join_first_us = JOIN_INTERVALS * (int64_t)dc->interval_ms * MS_US;
    device.serial = config->buses[dc->bus].kind == BUS_RTU;
    device.unnumbered = device.serial || config->buses[dc->bus].ignore_transaction_id;
    *ret = device;
    return 0;
}

void bus_device_clear(struct bus_device *device)
{
    free(device->entries);
    free(device->items);
    free(device->blocks);
    free(device->planned);
    free(device->identity.items);
    free(device->identity.blocks);
    device->entries = NULL;
    device->items = device->identity.items = NULL;
    device->blocks = device->planned = device->identity.blocks = NULL;
}

struct bus_entry *bus_device_entry(const struct bus_device *device, uint16_t point)
{
    size_t low = 0, high = device->n_points;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (device->entries[middle].point < point)
            low = middle + 1;
        else
            high = middle;
    }
    return low < device->n_points && device->entries[low].point == point ? &device->entries[low] : NULL;
}

/* ---------------------------------------------------------------- what is refused */

void bus_device_join_later(struct bus_device *device, int64_t now_us, bool refused_again)
{
    int64_t wait_us = refused_again ? 2 * device->join_wait_us : device->join_first_us;
    device->join_wait_us = wait_us < JOIN_CAP_US ? wait_us : JOIN_CAP_US;
    device->join_at_us = now_us + device->join_wait_us;
}

/* ---------------------------------------------------------------- what is not answered */

struct bus_entry *bus_device_first(const struct bus_device *device, const struct plan_block *block)
{
    return &device->entries[device->items[block->first_item].point];
}

/* When all are suspected it is the device that is silent, and no block is to blame. */
static void acquit_all(struct bus_device *device)
{
    for (size_t i = 0; i < device->n_blocks; i++)
        if (bus_device_first(device, &device->blocks[i])->silences == 0)
            return;
    for (size_t i = 0; i < device->n_blocks; i++) {
        struct bus_entry *entry = bus_device_first(device, &device->blocks[i]);
        entry->silences = entry->mute_us != 0 ? entry->silences : 0;
    }
}

bool bus_device_silent(struct bus_device *device, const struct plan_block *block, bool others, int64_t now_us)
{
    struct bus_entry *entry = bus_device_first(device, block);
    if (entry->mute_us == 0)
        entry->silences = others ? (uint8_t)(entry->silences + 1) : 1;
    if (others && entry->silences >= MUTE_AFTER) {
        entry->mute_us = now_us;
        return true;
    }
    acquit_all(device);
    return false;
}

static const struct plan_block *widest_block(const struct bus_device *device)
{
    const struct plan_block *widest = &device->blocks[0];
    for (size_t i = 1; i < device->n_blocks; i++)
        if (device->blocks[i].count > widest->count)
            widest = &device->blocks[i];
    return widest;
}

const struct plan_block *bus_device_probe_block(const struct bus_device *device)
{
    const struct plan_block *best = NULL;
    for (size_t i = 0; i < device->n_blocks; i++) {
        const struct plan_block *block = &device->blocks[i];
        if (bus_device_first(device, block)->silences == 0 && (best == NULL || block->count > best->count))
            best = block;
    }
    return best != NULL ? best : widest_block(device);
}

void bus_device_probe_silent(struct bus_device *device)
{
    (void)bus_device_silent(device, bus_device_probe_block(device), false, 0);
}

/* ---------------------------------------------------------------- diagnostics */

enum reason bus_device_reason(const struct modbus_reply *reply)
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

bool bus_device_answered(enum reason reason)
{
    return reason == REASON_NONE || reason == REASON_REFUSED || reason == REASON_WRONG_DEVICE ||
           reason == REASON_UNPROVEN;
}

void bus_device_note(struct bus_device *device, enum reason state, uint32_t backoff_ms, int64_t now_us)
{
    struct diagnostics *d = &device->diagnostics;
    if (bus_device_answered(state))
        d->failures = 0;
    else if (d->failures < UINT32_MAX)
        d->failures++;
    d->backoff_ms = backoff_ms;
    if (d->state == state)
        return;
    d->state = state;
    int64_t soon_us = device->reported_us + REPORT_SOON_US;
    soon_us = soon_us > now_us ? soon_us : now_us;
    if (device->report_us > soon_us)
        device->report_us = soon_us;
}

bool bus_device_report_due(struct bus_device *device, int64_t now_us)
{
    if (now_us < device->report_us)
        return false;
    device->reported_us = now_us;
    device->report_us += REPORT_US;
    if (device->report_us <= now_us) /* the machine slept */
        device->report_us = now_us + REPORT_US;
    return true;
}
