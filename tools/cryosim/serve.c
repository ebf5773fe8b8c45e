#include "serve.h"

#include "listener.h"
#include "spoil.h"
#include "truth.h"
#include "world.h"

#define BITS_MAX 2000

/* The exception that this device answers with before libmodbus is asked; 0: none. */
static uint8_t refusal(const struct device *device, const struct request *request)
{
    size_t pdu_len = request->frame.len - wire_header(request->rtu) - (request->rtu ? 2 : 0);
    if (request->function >= 1 && request->function <= 6 && pdu_len != 5)
        return MODBUS_EXCEPTION_ILLEGAL_DATA_VALUE;
    if (!request->is_read)
        return device->model != NULL ? MODBUS_EXCEPTION_ILLEGAL_FUNCTION : 0;
    unsigned limit = request->function <= 2 ? BITS_MAX : MODBUS_MAX_READ_REGISTERS;
    if (device->max_registers > 0 && device->max_registers < limit)
        limit = device->max_registers;
    if (request->count == 0 || request->count > limit)
        return MODBUS_EXCEPTION_ILLEGAL_DATA_VALUE;
    if (!device_has(device, register_table_of(request->function), request->address, request->count))
        return MODBUS_EXCEPTION_ILLEGAL_DATA_ADDRESS;
    return 0;
}

static int answer(struct world *world, struct device *device, const struct request *request,
                  struct frame *ret)
{
    uint8_t code = refusal(device, request);
    if (code != 0)
        return wire_exception(world->wire, request, code, ret);
    device_refresh(device);
    return wire_reply(world->wire, request, device->map, ret);
}

static bool is_data(const struct request *request, const struct frame *reply)
{
    return request->is_read && reply->bytes[wire_header(request->rtu)] == request->function;
}

/* The answer of another unit on this line to the same request; without one, of a unit that is not there. */
static void foreign_answer(const struct link *link, const struct request *request, const struct frame *reply,
                           struct frame *ret)
{
    struct request other = *request;
    const size_t unit_at = wire_header(request->rtu) - 1;
    for (unsigned i = 1; i < 256; i++) {
        uint8_t unit = (uint8_t)(request->unit + i);
        struct device *device = link->listener->units[unit];
        if (device == NULL)
            continue;
        other.unit = unit;
        other.frame.bytes[unit_at] = unit;
        if (answer(link->listener->world, device, &other, ret) == 0 && is_data(&other, ret))
            return;
    }
    *ret = *reply;
    ret->bytes[unit_at] = (uint8_t)(request->unit == 247 ? 1 : request->unit + 1);
    if (ret->len > wire_header(request->rtu) + 2)
        ret->bytes[wire_header(request->rtu) + 2] ^= 0x11; /* and its values are others */
    wire_refit(request->rtu, ret);
}

void serve_request(struct link *link, const struct request *request)
{
    struct listener *listener = link->listener;
    struct world *world = listener->world;
    int64_t now_us = world_now_us();
    world_follow(world, now_us);

    struct spoil spoil = {.link = link, .request = request, .at_us = now_us + listener->delay_us};
    struct device *device = listener->units[request->unit];
    if (device == NULL) { /* a gateway says so; on a serial line nobody speaks */
        if (!request->rtu &&
            wire_exception(world->wire, request, MODBUS_EXCEPTION_GATEWAY_TARGET, &spoil.reply) == 0)
            link_send(link, spoil.reply.bytes, spoil.reply.len, spoil.at_us);
        return;
    }
    device->requests++;
    if (answer(world, device, request, &spoil.reply) < 0)
        return;
    bool hit = fault_take(&device->fault, request->rtu, now_us, &world->random, &spoil.fault) ||
               fault_take(&listener->fault, request->rtu, now_us, &world->random, &spoil.fault);
    if (hit)
        device->faults++;
    if (is_data(request, &spoil.reply)) {
        truth_write(world->truth, device, request, now_us, spoil.fault.kind);
        device_count(device, register_table_of(request->function), request->address, request->count);
    }
    if (spoil.fault.kind == FAULT_FOREIGN)
        foreign_answer(link, request, &spoil.reply, &spoil.foreign);
    else if (spoil.fault.kind == FAULT_EXCEPTION)
        wire_exception(world->wire, request, spoil.fault.code, &spoil.reply);

    /* A device says one thing after the other; behind TCP so does the whole gateway. */
    spoil.busy_us = request->rtu ? &device->busy_us : &link->busy_us;
    if (*spoil.busy_us > spoil.at_us)
        spoil.at_us = *spoil.busy_us;
    spoil_send(&spoil, &world->random);
}
