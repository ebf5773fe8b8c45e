/* Whose answer is it: see bus_device.h. */
#include <string.h>

#include "bus_device.h"

#define WIDER_MAX  8 /* so many shapes are tried beyond a block's own */
#define PROBES_MAX (2 * UNANSWERED_MAX + REPORTS_MAX)

enum { COIL_FUNCTION = 1, DISCRETE_FUNCTION, HOLDING_FUNCTION, INPUT_FUNCTION };

static struct reply_shape shape_of(uint8_t function, uint16_t count)
{
    unsigned bytes = function <= 2 ? (count + 7U) / 8U : 2U * count;
    return (struct reply_shape){.function = function, .bytes = (uint8_t)bytes};
}

static bool same_shape(struct reply_shape a, struct reply_shape b)
{
    return a.function == b.function && a.bytes == b.bytes;
}

/* May its reply still come? */
static bool is_owed(const struct unanswered *unanswered)
{
    return clock_boot_us() - unanswered->asked_us <= UNANSWERED_US;
}

static bool shape_unanswered(const struct bus_device *device, struct reply_shape shape)
{
    for (unsigned i = 0; i < device->n_unanswered; i++)
        if (same_shape(device->unanswered[i].shape, shape) && is_owed(&device->unanswered[i]))
            return true;
    return false;
}

/* One more reply of that shape may come late. */
static void expect_late(struct bus_device *device, struct reply_shape shape)
{
    int64_t now_us = clock_boot_us();
    struct late_replies *place = &device->late[0];
    for (size_t i = 0; i < UNANSWERED_MAX; i++) {
        struct late_replies *late = &device->late[i];
        if (late->n > 0 && now_us - late->asked_us > LATE_US)
            late->n = 0;
        if (late->n > 0 && same_shape(late->shape, shape)) {
            late->n = (uint8_t)(late->n < UINT8_MAX ? late->n + 1 : late->n);
            late->asked_us = now_us;
            return;
        }
        if (late->n == 0 || (place->n > 0 && late->asked_us < place->asked_us))
            place = late;
    }
    *place = (struct late_replies){.shape = shape, .n = 1, .asked_us = now_us};
}

bool bus_device_take_late(struct bus_device *device, uint8_t function, uint8_t bytes)
{
    const struct reply_shape shape = {.function = function, .bytes = bytes};
    bool is_late = shape_unanswered(device, shape);
    for (size_t i = 0; i < UNANSWERED_MAX; i++) {
        struct late_replies *late = &device->late[i];
        if (late->n == 0 || !same_shape(late->shape, shape) || clock_boot_us() - late->asked_us > LATE_US)
            continue;
        late->n--;
        is_late = true;
    }
    if (is_late)
        bus_device_doubt(device, NULL);
    return is_late;
}

/* The newest stand last, one of each shape. */
static void owe(struct bus_device *device, uint8_t function, uint16_t count)
{
    const struct unanswered newest = {.shape = shape_of(function, count), .asked_us = clock_boot_us()};
    unsigned drop = 0; /* the oldest is the least likely to come still */
    while (drop < device->n_unanswered && !same_shape(device->unanswered[drop].shape, newest.shape))
        drop++;
    if (drop == device->n_unanswered && drop < UNANSWERED_MAX) {
        device->unanswered[device->n_unanswered++] = newest;
        return;
    }
    drop %= UNANSWERED_MAX;
    memmove(device->unanswered + drop, device->unanswered + drop + 1,
            (device->n_unanswered - drop - 1U) * sizeof *device->unanswered);
    device->unanswered[device->n_unanswered - 1] = newest;
}

void bus_device_doubt(struct bus_device *device, const struct modbus_request *request)
{
    device->clean_reads = 0;
    device->probed = device->identified = false;
    if (request == NULL)
        return;
    owe(device, request->function, request->count);
    expect_late(device, shape_of(request->function, request->count));
}

void bus_device_reconnected(struct bus_device *device)
{
    device->probed = false;
    for (size_t i = 0; i < device->identity.n_blocks; i++)
        owe(device, device->identity.blocks[i].function, device->identity.blocks[i].count);
    for (size_t i = 0; i < device->n_blocks; i++)
        owe(device, device->blocks[i].function, device->blocks[i].count);
}

void bus_device_doubt_all(struct bus_device *device)
{
    bus_device_doubt(device, NULL);
    bus_device_reconnected(device);
}

/* ---------------------------------------------------------------- requests of a shape of their own */

static bool is_reported(const struct reports *reports, uint8_t unit, struct reply_shape shape)
{
    const struct reply_frame frame = {.unit = unit, .function = shape.function, .bytes = shape.bytes};
    return reports_has(reports, frame, clock_boot_us());
}

static bool may_read(const struct device_config *dc, const struct modbus_request *request)
{
    uint32_t last = (uint32_t)request->address + request->count - 1;
    uint32_t most = request->function <= 2 ? 16U * dc->max_registers : dc->max_registers;
    uint32_t limit = request->function <= 2 ? MODBUS_MAX_READ_BITS : MODBUS_MAX_READ_WORDS;
    if (last > UINT16_MAX || request->count > most || request->count > limit)
        return false;
    for (unsigned i = 0; i < dc->n_holes; i++)
        if (dc->holes[i].first <= last && dc->holes[i].last >= request->address)
            return false;
    return true;
}

bool bus_device_distinct(const struct device_config *config, const struct reports *reports,
                         struct modbus_request *request)
{
    struct modbus_request wider = *request;
    if (!is_reported(reports, request->unit, shape_of(request->function, request->count)))
        return true;
    for (unsigned n = 0; n < WIDER_MAX; n++) {
        wider.count = (uint16_t)(wider.count + (wider.function <= 2 ? 8 : 1));
        if (!may_read(config, &wider))
            return false;
        if (!is_reported(reports, wider.unit, shape_of(wider.function, wider.count))) {
            *request = wider;
            return true;
        }
    }
    return false;
}

/* The most that is ever asked for by that function in one request, split or not; 0: never. */
static uint16_t reach_of(const struct bus_device *device, uint8_t function)
{
    uint16_t reach = 0;
    for (size_t i = 0; i < device->n_planned; i++)
        if (device->planned[i].function == function && device->planned[i].count > reach)
            reach = device->planned[i].count;
    for (size_t i = 0; i < device->identity.n_blocks; i++)
        if (device->identity.blocks[i].function == function && device->identity.blocks[i].count > reach)
            reach = device->identity.blocks[i].count;
    return reach;
}

static bool shape_taken(const struct bus_device *device, const struct reports *reports, uint8_t unit,
                        struct reply_shape shape)
{
    return shape_unanswered(device, shape) || is_reported(reports, unit, shape);
}

/* A refusal says which function was refused, and nothing else. Here no request grows too old: a device that
 * stays one reply behind gives the refusal of the last one whenever it is asked again. */
static bool owes_function(const struct bus_device *device, uint8_t function)
{
    for (unsigned i = 0; i < device->n_unanswered; i++)
        if (device->unanswered[i].shape.function == function)
            return true;
    return false;
}

/* Is a request unanswered that reached beyond what is asked for by its function, and so may have been
 * refused? */
static bool owes_wider(const struct bus_device *device, uint8_t function)
{
    struct reply_shape own = shape_of(function, reach_of(device, function));
    for (unsigned i = 0; i < device->n_unanswered; i++) {
        const struct unanswered *u = &device->unanswered[i];
        if (u->shape.function == function && u->shape.bytes > own.bytes)
            return true;
    }
    return false;
}

static unsigned units_of(uint8_t function, uint16_t count) /* reply bytes or registers */
{
    return function <= 2 ? (count + 7U) / 8U : count;
}

/* Finds a count from first to last (in steps of one reply byte or register) whose shape is not taken. */
static bool find_count(const struct bus_device *device, const struct device_config *dc,
                       const struct reports *reports, struct modbus_request *request, unsigned first,
                       unsigned last)
{
    unsigned step = request->function <= 2 ? 8 : 1;
    for (unsigned n = first; n <= last; n++) {
        struct modbus_request candidate = *request;
        candidate.count = (uint16_t)(n * step);
        if (!may_read(dc, &candidate))
            return false;
        if (!shape_taken(device, reports, dc->unit, shape_of(candidate.function, candidate.count))) {
            *request = candidate;
            return true;
        }
    }
    return false;
}

void bus_device_probe(const struct bus_device *device, const struct config *config,
                      const struct reports *reports, struct modbus_request *ret)
{
    const struct device_config *dc = &config->devices[device->index];
    const struct plan_block *widest = bus_device_probe_block(device);
    unsigned units = units_of(widest->function, widest->count);
    unsigned reach = units_of(widest->function, reach_of(device, widest->function));
    *ret = (struct modbus_request){
        .unit = dc->unit, .function = widest->function, .address = widest->address, .count = widest->count};
    /* What is asked anyway, if it can be: some devices take no other count for a 32-bit value. Counts below a
     * block's own are not refused for their addresses. */
    if (!shape_taken(device, reports, dc->unit, shape_of(ret->function, ret->count)) ||
        find_count(device, dc, reports, ret, 1, units - 1))
        return;
    /* Beyond what is ever asked for they may touch a register that is not there. That refusal is a proof as
     * well, once. */
    bool wider = find_count(device, dc, reports, ret, reach + 1, reach + PROBES_MAX);
    if (wider && !owes_wider(device, widest->function))
        return;
    /* A refusal of another function than was asked for before is one, too; and so is a reply. */
    static const uint8_t others[] = {INPUT_FUNCTION, HOLDING_FUNCTION, DISCRETE_FUNCTION, COIL_FUNCTION};
    for (size_t i = 0; i < sizeof others; i++) {
        struct reply_shape shape = shape_of(others[i], widest->count);
        if (owes_function(device, others[i]) || shape_taken(device, reports, dc->unit, shape))
            continue;
        ret->function = others[i];
        ret->count = others[i] > 2 && widest->count > dc->max_registers ? 1 : widest->count;
        return;
    }
}

bool bus_device_refusal_proves(const struct bus_device *device, const struct modbus_request *probe,
                               uint8_t exception)
{
    if (!owes_function(device, probe->function)) /* from 5 on: the answer may still come */
        return exception >= 1 && exception <= 4;
    uint16_t reach = reach_of(device, probe->function);
    return (exception == EXCEPTION_ADDRESS || exception == EXCEPTION_VALUE) && reach > 0 &&
           probe->count > reach && !owes_wider(device, probe->function);
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
    return !device->unnumbered || device->clean_reads + 1 >= CLEAN_READS;
}
