#include "bus_device.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"

#define JOIN_INTERVALS 12 /* a minute at five seconds */
#define JOIN_CAP_US    (3600 * SECOND_US)

static bool reads(const struct config *config, uint16_t point, uint16_t device)
{
    return config->points[point].device == device;
}

int bus_device_create(const struct config *config, uint16_t index, struct bus_device *ret)
{
    const struct device_config *dc = &config->devices[index];
    struct bus_device device = {.index = index, .last_reason = REASON_NEVER_READ};
    uint16_t n = 0;
    for (uint16_t i = 0; i < config->n_points; i++)
        n = (uint16_t)(n + (reads(config, i, index) ? 1 : 0));
    device.items = calloc(n > 0 ? n : 1U, sizeof *device.items);
    device.blocks = calloc(n > 0 ? n : 1U, sizeof *device.blocks);
    device.planned = calloc(n > 0 ? n : 1U, sizeof *device.planned);
    if (device.items == NULL || device.blocks == NULL || device.planned == NULL) {
        bus_device_clear(&device);
        return -ENOMEM;
    }
    for (uint16_t i = 0; i < config->n_points; i++) {
        if (!reads(config, i, index))
            continue;
        const struct point_config *point = &config->points[i];
        device.items[device.n_items++] = (struct plan_item){.function = (uint8_t)point->table,
                                                            .width = (uint8_t)decode_width(&point->format),
                                                            .address = point->address,
                                                            .point = i};
    }
    const struct plan_limits limits = {.max_registers = dc->max_registers,
                                       .max_gap = dc->max_gap,
                                       .holes = dc->holes,
                                       .n_holes = dc->n_holes};
    device.n_planned = plan_blocks(device.items, device.n_items, &limits, device.planned);
    device.n_blocks = device.n_planned;
    memcpy(device.blocks, device.planned, device.n_planned * sizeof *device.blocks);
    device.join_first_us = JOIN_INTERVALS * (int64_t)dc->interval_ms * MS_US;
    device.serial = config->buses[dc->bus].kind == BUS_RTU;
    *ret = device;
    return 0;
}

void bus_device_clear(struct bus_device *device)
{
    free(device->items);
    free(device->blocks);
    free(device->planned);
    device->items = NULL;
    device->blocks = NULL;
    device->planned = NULL;
}

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

void bus_device_join_later(struct bus_device *device, int64_t now_us, bool refused_again)
{
    int64_t wait_us = refused_again ? 2 * device->join_wait_us : device->join_first_us;
    device->join_wait_us = wait_us < JOIN_CAP_US ? wait_us : JOIN_CAP_US;
    device->join_at_us = now_us + device->join_wait_us;
}

static struct reply_shape shape_of(uint8_t function, uint16_t count)
{
    unsigned bytes = function <= 2 ? (count + 7U) / 8U : 2U * count;
    return (struct reply_shape){.function = function, .bytes = (uint8_t)bytes};
}

static bool shape_unanswered(const struct bus_device *device, struct reply_shape shape)
{
    for (unsigned i = 0; i < device->n_unanswered; i++)
        if (device->unanswered[i].function == shape.function && device->unanswered[i].bytes == shape.bytes)
            return true;
    return false;
}

void bus_device_doubt(struct bus_device *device, const struct modbus_request *request)
{
    device->clean_reads = 0;
    device->probed = false;
    if (request == NULL)
        return;
    struct reply_shape shape = shape_of(request->function, request->count);
    if (shape_unanswered(device, shape))
        return;
    if (device->n_unanswered == UNANSWERED_MAX) { /* the oldest is the least likely to come still */
        memmove(device->unanswered, device->unanswered + 1,
                (UNANSWERED_MAX - 1) * sizeof *device->unanswered);
        device->n_unanswered--;
    }
    device->unanswered[device->n_unanswered++] = shape;
}

void bus_device_doubt_all(struct bus_device *device)
{
    bus_device_doubt(device, NULL);
    for (size_t i = 0; i < device->n_blocks; i++) {
        struct modbus_request request = {.function = device->blocks[i].function,
                                         .count = device->blocks[i].count};
        bus_device_doubt(device, &request);
    }
}

static const struct plan_block *widest_of(const struct plan_block *blocks, size_t n)
{
    const struct plan_block *widest = &blocks[0];
    for (size_t i = 1; i < n; i++)
        if (blocks[i].count > widest->count)
            widest = &blocks[i];
    return widest;
}

void bus_device_probe(const struct bus_device *device, const struct config *config,
                      struct modbus_request *ret)
{
    const struct device_config *dc = &config->devices[device->index];
    *ret = (struct modbus_request){.unit = dc->unit};
    /* Counts below a block's own are not refused for their addresses; above it they may touch a register that
     * is not there, and that refusal is a proof as well. The widest block has most to choose from. */
    const struct plan_block *widest = widest_of(device->blocks, device->n_blocks);
    uint16_t step = widest->function <= 2 ? 8 : 1, limit = 2 * UNANSWERED_MAX;
    ret->function = widest->function;
    ret->address = widest->address;
    /* What is asked anyway, if it can be: some devices take no other count for a 32-bit value. */
    ret->count = widest->count;
    if (!shape_unanswered(device, shape_of(ret->function, ret->count)))
        return;
    for (uint16_t n = 1; n <= limit; n++) {
        uint16_t count = (uint16_t)(n * step);
        if ((uint32_t)ret->address + count > 65536U || (widest->function > 2 && n > dc->max_registers))
            break;
        if (!shape_unanswered(device, shape_of(ret->function, count))) {
            ret->count = count;
            return;
        }
    }
}

bool bus_device_refusal_proves(const struct bus_device *device, const struct modbus_request *probe,
                               uint8_t exception)
{
    return (exception == EXCEPTION_ADDRESS || exception == EXCEPTION_VALUE) &&
           probe->count > widest_of(device->planned, device->n_planned)->count;
}

void bus_device_probed(struct bus_device *device)
{
    device->probed = true;
    device->n_unanswered = 0;
}

void bus_device_clean(struct bus_device *device)
{
    if (device->clean_reads < CLEAN_READS)
        device->clean_reads++;
}

bool bus_device_believed(const struct bus_device *device)
{
    return !device->serial || device->clean_reads + 1 >= CLEAN_READS;
}
